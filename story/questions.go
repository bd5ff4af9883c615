package story

import (
	_ "embed"
	"strings"
	"sync"

	"rollsim/story/gherkin"
)

// questionsText has what authors want to state, in everyday words, each with a sentence that states
// it. A line that begins with # is a topic.
//
//go:embed questions.txt
var questionsText string

// traceNames has the names of traces in the same form, each with a sentence about the same thing.
//
//go:embed trace_names.txt
var traceNames string

// A Question is something that an author wants to state, and a sentence that states it.
type Question struct {
	Topic    string
	Goal     string // in everyday words
	Keyword  string // of the sentence
	Sentence string
	Step     Sentence // the sentence is an example of it
}

// Questions returns what authors want to state, topic by topic. Every built-in sentence answers one
// of them.
func Questions() []Question { return withSteps(questionsText) }

// TraceNames returns the names that traces have for things, topic by topic. The goal is the name.
// If no sentence is about it, the step is the zero value, and the sentence says why.
func TraceNames() []Question { return withSteps(traceNames) }

// withSteps returns the questions of a text with their steps.
func withSteps(text string) []Question {
	byWords := make(map[string]Sentence)
	for _, s := range Vocabulary("") {
		byWords[s.Words] = s
	}
	all := parseQuestions(text)
	for i := range all {
		q := &all[i]
		for _, s := range steps().find(gherkin.Plain(q.Sentence)) {
			q.Keyword, q.Step = s.phase.keyword(), byWords[s.words]
		}
	}
	return all
}

// parseQuestions returns the questions of a text, without their steps.
func parseQuestions(text string) []Question {
	var all []Question
	topic := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if heading, is := strings.CutPrefix(line, "# "); is {
			topic = heading
		} else if goal, sentence, is := strings.Cut(line, " | "); is {
			all = append(all, Question{Topic: topic, Goal: goal, Sentence: sentence})
		}
	}
	return all
}

// goals returns the goals of the questions that a step answers, and the names of traces for what it
// is about, by its words.
var goals = sync.OnceValue(func() map[string][]string {
	all := make(map[string][]string)
	for _, q := range parseQuestions(questionsText + traceNames) {
		for _, s := range steps().find(gherkin.Plain(q.Sentence)) {
			all[s.words] = append(all[s.words], q.Goal)
		}
	}
	return all
})
