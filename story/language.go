package story

import (
	"io/fs"
	"slices"
	"strings"

	"rollsim/story/gherkin"
)

// A Language is the sentences that the features of a folder may use: the built-in ones and the
// phrases of a team.
type Language struct {
	// File is the file of the phrases; empty if none exists.
	File string

	steps vocabulary
}

// LanguageOf returns the language of the features in a folder. fsys may be nil, which is the file
// system of the operating system. The error is about the file of phrases.
func LanguageOf(fsys fs.FS, dir string) (*Language, error) {
	v, file, err := languageFor(fsys, dir)
	if err != nil {
		return nil, err
	}
	return &Language{file, v}, nil
}

// CheckPhrases returns the mistakes in the text of a file of phrases: the error joins a
// *scenario.Error for each of them, and is nil if none exists. name is the path for messages.
func CheckPhrases(name string, text []byte) error {
	_, err := parsePhrases(name, text)
	return err
}

// PhrasesError returns the mistakes in the file of phrases of a feature, as CheckPhrases does.
func PhrasesError(d *gherkin.Document) error {
	_, err := languageOf(d)
	return err
}

// Sentences returns every kind of sentence of the language, topic by topic. A search returns those
// that Vocabulary describes.
func (l *Language) Sentences(search string) []Sentence { return l.steps.sentences(search) }

// EditorTypes returns the types of the expressions of all sentences of the language, by name.
func (l *Language) EditorTypes() []EditorType { return l.steps.editorTypes() }

// Vocabulary returns every kind of built-in sentence, topic by topic. A search returns those that
// have each of its words, or a synonym of it, in their topic, words, meaning, example or values,
// ignoring case.
func Vocabulary(search string) []Sentence { return steps().sentences(search) }

// EditorTypes returns the types of the expressions of all built-in sentences, by name. They are the
// values, and the optional parts of sentences that are more than plain text: Cucumber Expressions
// have no other form for those.
func EditorTypes() []EditorType { return steps().editorTypes() }

func (v vocabulary) editorTypes() []EditorType {
	var all []EditorType
	for _, s := range v {
		_, types := editorExpression(s.words)
		all = append(all, types...)
	}
	slices.SortFunc(
		all, func(a, b EditorType) int { return strings.Compare(a.Name+a.Regexp, b.Name+b.Regexp) },
	)
	return slices.Compact(all)
}
