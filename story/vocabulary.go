package story

import (
	"slices"
	"strings"
)

// Sentence is one step of the vocabulary, for people to read.
type Sentence struct {
	Topic   string `json:"topic"`
	Keyword string `json:"keyword"` // Given, When or Then: where it belongs in a story
	Words   string `json:"words"`   // {…} is a value, (…) may be left out, a/b is one or the other
	Doc     string `json:"doc"`
	Example string `json:"example"`
	// the columns of the table that follows it; those with ? may be left out
	Table []string `json:"table,omitempty"`

	// Expression is the regular expression of the words, for Go and for JavaScript, with a group for
	// each value in them.
	Expression string `json:"expression"`
	// the words as a Cucumber Expression, with the types of EditorTypes
	Cucumber string `json:"cucumber"`
	// a table that may follow the example, its heading first
	Sample [][]string `json:"sample,omitempty"`
}

// Vocabulary lists every sentence that features may use, topic by topic; of some words, those that
// have each of them in their topic, words, meaning or example, whatever its case.
func Vocabulary(search string) []Sentence {
	var found []Sentence
	search = strings.ToLower(search)
	for _, s := range steps() {
		about := strings.ToLower(strings.Join([]string{s.topic, s.words, s.doc, s.example}, "\n"))
		if !slices.ContainsFunc(
			strings.Fields(search), func(word string) bool { return !strings.Contains(about, word) },
		) {
			cucumber, _ := editorExpression(s.words)
			found = append(found, Sentence{
				Topic: s.topic, Keyword: s.phase.keyword(), Words: s.words, Doc: s.doc, Example: s.example, Table: s.table,
				Expression: s.expr.String(), Cucumber: cucumber, Sample: s.sample,
			})
		}
	}
	return found
}

func (p phase) keyword() string {
	switch p {
	case sets, fates:
		return "Given"
	case happens:
		return "When"
	case expects, asks:
		return "Then"
	}
	return ""
}
