package story

import (
	"slices"
	"strings"
)

// A Sentence is one kind of sentence that features may use.
type Sentence struct {
	Topic   string `json:"topic"`
	Keyword string `json:"keyword"` // Given, When or Then
	Words   string `json:"words"`   // {…} is a value, (…) is optional, a/b is a choice
	Doc     string `json:"doc"`
	Example string `json:"example"`

	// Table has the columns of the table that follows the sentence. Those with ? are optional.
	Table []string `json:"table,omitempty"`

	// Expression is the regular expression of the words, for Go and JavaScript, with a group for each
	// value.
	Expression string `json:"expression"`

	// Cucumber has the words as a Cucumber Expression, with the types of EditorTypes.
	Cucumber string `json:"cucumber"`

	// Sample is a table that may follow the example, its heading first.
	Sample [][]string `json:"sample,omitempty"`
}

// sentences returns the steps that a search finds. An empty search finds all.
func (v vocabulary) sentences(search string) []Sentence {
	var found []Sentence
	search = strings.ToLower(search)
	for _, s := range v {
		about := s.about()
		lacks := func(word string) bool {
			synonym := synonyms[word]
			return !strings.Contains(about, word) &&
				(synonym == "" || !strings.Contains(about, synonym))
		}
		if slices.ContainsFunc(strings.Fields(search), lacks) {
			continue
		}
		cucumber, _ := editorExpression(s.words)
		found = append(found, Sentence{
			Topic:      s.topic,
			Keyword:    s.phase.keyword(),
			Words:      s.words,
			Doc:        s.doc,
			Example:    s.example,
			Table:      s.table,
			Expression: s.expr.String(),
			Cucumber:   cucumber,
			Sample:     s.sample,
		})
	}
	return found
}

// about returns what a search looks at, in lower case: with the kinds of the values, and the cells
// of the sample table.
func (s *step) about() string {
	all := []string{s.topic, s.words, s.doc, s.example}
	for _, value := range valuesOf(s.words) {
		all = append(all, kindOf(value))
	}
	for _, row := range s.sample {
		all = append(all, row...)
	}
	return strings.ToLower(strings.Join(all, "\n"))
}
