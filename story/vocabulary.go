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

	// Goals says in everyday words what authors state with it; see Questions.
	Goals []string `json:"goals,omitempty"`

	// Sample is a table that may follow the example, its heading first.
	Sample [][]string `json:"sample,omitempty"`
}

// sentences returns the steps that a search finds. An empty search finds all. If no step has all of
// its words, those are found that have them among the values that they accept.
func (v vocabulary) sentences(search string) []Sentence {
	found := v.search(search, (*step).about)
	if len(found) == 0 {
		found = v.search(search, func(s *step) string { return s.about() + "\n" + s.accepted() })
	}
	return found
}

// search returns the steps that have each word of a search in a text about them.
func (v vocabulary) search(search string, text func(*step) string) []Sentence {
	var found []Sentence
	search = strings.ToLower(search)
	for _, s := range v {
		about := text(s)
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
			Expression: s.expr().String(),
			Cucumber:   cucumber,
			Goals:      goals()[s.words],
			Sample:     s.sample,
		})
	}
	return found
}

// about returns what a search looks at, in lower case: with what authors state with the step, the
// kinds of its values, the cells of the sample table, and what other cells may have.
func (s *step) about() string {
	all := []string{s.topic, s.words, s.doc, s.example}
	all = append(all, goals()[s.words]...)
	for _, value := range valuesOf(s.words) {
		all = append(all, kindOf(value))
	}
	for _, row := range s.sample {
		all = append(all, row...)
	}
	for _, column := range s.table {
		all = append(all, valueNames(column)...)
	}
	return strings.ToLower(strings.Join(all, "\n"))
}

// accepted returns the values that a step accepts, in lower case.
func (s *step) accepted() string {
	var all []string
	for _, value := range valuesOf(s.words) {
		all = append(all, valueNames(value)...)
	}
	return strings.ToLower(strings.Join(all, "\n"))
}
