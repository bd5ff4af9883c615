package shrink

import (
	"slices"
	"strings"
	"testing"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/trace"
)

// TestMovesBecomeTable writes moves as a table only if the feature would have more than eight
// sentences, and begins another table after another sentence.
func TestMovesBecomeTable(t *testing.T) {
	move := func(ref string) happens {
		said := `"edge" moves to ref "` + ref + `"`
		return happens{channel: "edge", ref: "a1", ways: []way{{said, ""}, {said, " 1 hour later"}}}
	}
	crash := happens{ways: []way{{"the control plane crashes for 1 hour", " at once"}}}
	w := &author{
		givens:  []string{"one", "two"},
		happens: []happens{move("a1"), move("b2"), crash, move("c3")},
		expects: [][]string{{"it holds"}},
	}
	d := draft{when: []int{0, 1, 0, 0}}
	for _, test := range []struct {
		givens, steps int
		tables        int
	}{{3, 8, 0}, {4, 8, 2}} {
		w.givens = slices.Repeat([]string{"one"}, test.givens)
		_, lines := w.lines(&d)
		text := strings.Join(lines, "\n")
		if n := strings.Count(text, "the channels move like this:"); n != test.tables ||
			w.steps(&d) != test.steps {
			t.Errorf("%d sentences, %d tables, want %d and %d\n%s", w.steps(&d), n, test.steps,
				test.tables, text)
		}
		rows := "\n| edge | a1 | 1 hour later |\nAnd the control plane "
		if strings.Contains(text, rows) != (test.tables > 0) {
			t.Errorf("the rows are\n%s", text)
		}
	}
}

// TestDelaysOfDraft checks that a draft has the delays whose bits are set.
func TestDelaysOfDraft(t *testing.T) {
	w := &author{delays: []string{"an ack", "activation", "a probe"}, expects: [][]string{{"x"}}}
	for bits, want := range map[uint]string{
		0: "", 1: "Given an ack", 5: "Given an ack|And a probe",
		7: "Given an ack|And activation|And a probe",
	} {
		background, _ := w.lines(&draft{delays: bits})
		if got := strings.Join(background, "|"); got != want {
			t.Errorf("%b: %q, want %q", bits, got, want)
		}
		background, _ = w.lines(&draft{delays: bits, every: true})
		if got := strings.Join(background, "|"); got != "Given every stage takes 0 seconds" {
			t.Errorf("%b: %q, want one sentence", bits, got)
		}
	}
}

// oneHost returns a scenario of one host and one ref.
func oneHost(t *testing.T) *scenario.File {
	t.Helper()
	const text = `
channels: [{name: stable, waves: [{hosts: 1}]}]
timeline: [{at: 0s, channel: stable, ref: a1}]
`
	file, err := scenario.Parse("case.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestNoFeature checks that a case which no sentences show has no feature, whatever its key.
func TestNoFeature(t *testing.T) {
	file := oneHost(t)
	for _, key := range []string{
		"unpruned/Terminal", "departs:Active/RolloutTerminal", "departs:Pruned/HostJoined",
	} {
		k, err := ParseKey(key)
		if err != nil {
			t.Fatal(err)
		}
		c := &Case{Key: k, Machine: "rfc0008", Scenario: &file.Scenario}
		c.Violation.Subject = "stable@a1"
		f := WriteFeature(t.Context(), c, reducer.RFC0008()) // which does not fail
		if f.Text != "" || f.Why == "" || f.Passes {
			t.Errorf("%s: %+v", key, f)
		}
	}
}

// TestMessagesAreShown checks that the trace of a case about messages has those of agents, and that
// of any other case has none.
func TestMessagesAreShown(t *testing.T) {
	header := &trace.Entry{Kind: trace.KindHeader, Header: &trace.Header{}}
	probe := trace.Entry{
		Kind: trace.KindAgentEvent, Host: "stable-01", Rollout: "stable@a1",
		Agent: &trace.AgentEvent{Kind: reducer.ProbeResult, Seq: 247},
	}
	for name, want := range map[invariant.Name]bool{
		invariant.AcknowledgedKept: true, invariant.EvidenceKept: true, invariant.Unpruned: false,
	} {
		got := lineOf(header, &probe, aboutMessages(name))
		if (got != "") != want || want && !strings.Contains(got, "seq 247") {
			t.Errorf("%s: %q", name, got)
		}
	}
	lines := around([]trace.Entry{*header, probe, probe, probe}, 2, func(e *trace.Entry) string {
		return lineOf(header, e, true)
	})
	if len(lines) != 3 || lines[0].Decides || !lines[1].Decides || lines[2].Decides {
		t.Errorf("%+v", lines)
	}
}

// TestFileListsViolationsOnce checks that the file of a case with two violations of one subject can
// be read.
func TestFileListsViolationsOnce(t *testing.T) {
	file := oneHost(t)
	lost := invariant.Violation{Invariant: invariant.AcknowledgedKept, Subject: "stable@a1"}
	again, other := lost, lost
	again.Detail, other.Invariant = "another message", invariant.Stuck
	c := &Case{
		Machine: "rfc0008", Scenario: &file.Scenario,
		Violations: []invariant.Violation{lost, again, other},
	}
	read, err := scenario.Parse("case.yaml", []byte(File(c)))
	if err != nil || len(read.Scenario.ExpectViolations) != 2 {
		t.Errorf("%v\n%s", err, File(c))
	}
}
