package story

import (
	"slices"
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/story/gherkin"
	"rollsim/trace"
)

// TestQuestions checks that each question has one sentence, whose values exist, and that each step
// answers a question.
func TestQuestions(t *testing.T) {
	answered := make(map[*step]bool)
	seen := make(map[string]bool)
	for _, q := range Questions() {
		sentence := gherkin.Plain(q.Sentence)
		found := steps().find(sentence)
		if len(found) != 1 {
			t.Errorf("%s: %d steps fit %q", q.Goal, len(found), q.Sentence)
			continue
		}
		if _, _, err := found[0].read(sentence); err != nil {
			t.Errorf("%s: %q: %v", q.Goal, q.Sentence, err)
		}
		answered[found[0]] = true
		if place := q.Topic + ": " + q.Goal; seen[place] || q.Topic == "" {
			t.Errorf("%s: it is there twice, or above the first topic", place)
		} else {
			seen[place] = true
		}
	}
	for _, s := range steps() {
		if !answered[s] {
			t.Errorf("no question in questions.txt has this answer: %s", s.words)
		}
	}
	for n, line := range strings.Split(strings.TrimSpace(questionsText+traceNames), "\n") {
		if line != "" && !strings.HasPrefix(line, "# ") && strings.Count(line, " | ") != 1 {
			t.Errorf("line %d: expected a goal, | and a sentence: %s", n+1, line)
		}
	}
}

// TestTraceNames compares the names of traces with the enumerations of the code, and checks that
// each sentence is one.
func TestTraceNames(t *testing.T) {
	named := make(map[string][]string)
	for _, q := range TraceNames() {
		named[q.Topic] = append(named[q.Topic], q.Goal)
		sentence := gherkin.Plain(q.Sentence)
		found := steps().find(sentence)
		if q.Goal == "ProbeObservedFirst" {
			if len(found) != 0 {
				t.Errorf("%s has a sentence: %s", q.Goal, q.Sentence)
			}
			continue
		}
		if len(found) != 1 {
			t.Errorf("%s: %d steps fit %q", q.Goal, len(found), q.Sentence)
		} else if _, _, err := found[0].read(sentence); err != nil {
			t.Errorf("%s: %q: %v", q.Goal, q.Sentence, err)
		} else if q.Step.Words != found[0].words || q.Keyword != found[0].phase.keyword() {
			t.Errorf("%s: has the step %s", q.Goal, q.Step.Words)
		}
	}
	var actions []string
	for a := trace.ActionKind(1); int(a) < trace.ActionCount; a++ {
		actions = append(actions, a.String())
	}
	var fates []string
	for kind := sim.FateKind(1); int(kind) < sim.FateKindCount; kind++ {
		fates = append(fates, kind.String())
	}
	for topic, want := range map[string][]string{
		"Events of the reducer":      textsOf(reducer.EventKinds()),
		"Effects of the reducer":     textsOf(reducer.EffectKinds()),
		"Effects around the reducer": trace.HostEffects(),
		"Actions of the planner":     actions,
		"Messages of agents":         textsOf(reducer.AgentEventKinds()),
		"Fates in scenario files":    fates,
		"Gates":                      trace.Gates(),
		"Faults":                     textsOf(append(sim.FaultKinds(), sim.ShippedFaultKinds()...)),
	} {
		if !slices.Equal(named[topic], want) {
			t.Errorf("%s: has %q, want %q", topic, named[topic], want)
		}
	}
}

// TestSearchByGoal checks that a search finds sentences by words that no sentence has.
func TestSearchByGoal(t *testing.T) {
	for search, want := range map[string]string{
		"offline":                `host "stable-02" goes silent while wave 1 is activating`,
		"unreachable":            `host "stable-02" returns 2 hours later`,
		"pause":                  `the operator pauses dispatching`,
		"freeze":                 `the operator pauses dispatching`,
		"percent":                `2 hosts of "stable@a1" are Soaking while`,
		"at least":               `in at least 90% of the seeds`,
		"canary":                 `channel "stable" with 40 hosts in waves of 5%, `,
		"weekday":                `channel "stable" has a maintenance window`,
		"never-answers":          `host "stable-02" never answers`,
		"unhealthy":              `host "stable-02" fails its probes under ref "b2"`,
		"host-lost":              `host "stable-02" is lost for good while wave 1 is activating`,
		"RemoteInsertQuarantine": `ref "b2" is quarantined on channel "stable"`,
		"deployment":             `2 rollouts are opened for channel "stable"`,
		"ProbeResult":            `the next ActivationCompleted of host "stable-01" is lost `,
		"pruned-absorbing":       `the invariant budget-kept holds`,
		"fails a control":        `these hosts misbehave:`,
		"OpenRollout":            `2 rollouts are opened for channel "stable"`,
	} {
		found := false
		for _, s := range Vocabulary(search) {
			found = found || strings.HasPrefix(s.Example, want)
		}
		if !found {
			t.Errorf("%q does not find %s", search, want)
		}
	}
	if found := Vocabulary("moonlight"); len(found) > 0 {
		t.Errorf("moonlight finds %v", found)
	}
}
