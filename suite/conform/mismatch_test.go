package conform_test

import (
	"errors"
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/suite/conform"
)

func TestMismatches(t *testing.T) {
	const inCell = "MISMATCH v:2: cell 7: different "
	tests := []struct {
		name     string
		vector   string
		old, new string
		want     string
	}{
		{
			"another state", cell(), `"state":"Superseded"`, `"state":"Failed"`,
			inCell + "state\n  event   " + event + " in Active\n  want    \"Failed\"\n  got     " +
				"\"Superseded\"\n",
		},
		{
			"another instant", cell(), `"superseded_at":"2026-05-16T02:00:00.500Z"`,
			`"superseded_at":"2026-05-16T02:00:00.501Z"`,
			inCell + "superseded_at\n  event   " + event + " in Active\n  want    " +
				"\"2026-05-16T02:00:00.501Z\"\n  got     \"2026-05-16T02:00:00.500Z\"\n",
		},
		{
			"another log sequence number", cell(),
			`"Superseded","current_wave":0,"opened_event_log_seq":1`,
			`"Superseded","current_wave":0,"opened_event_log_seq":2`,
			inCell + "opened_event_log_seq\n  event   " + event + " in Active\n  want    2\n  got     1\n",
		},
		{
			"the same instant in another canonical spelling", cell(),
			`"superseded_at":"2026-05-16T02:00:00.500Z"`, `"superseded_at":"2026-05-16T01:59:60.500Z"`,
			inCell + "spelling of superseded_at\n  event   " + event + " in Active\n  want    " +
				"\"2026-05-16T01:59:60.500Z\"\n  got     \"2026-05-16T02:00:00.500Z\"\n",
		},
		{
			"an effect's time in another canonical spelling", cell(), `"at":"2026-05-16T02:00:00.500Z"`,
			`"at":"2026-05-16T01:59:60.500Z"`,
			inCell + "spelling of RecordRolloutTransition.at\n  event   " + event + " in Active\n" +
				"  want    \"2026-05-16T01:59:60.500Z\"\n  got     \"2026-05-16T02:00:00.500Z\"\n",
		},
		{
			"a missing effect", cell(), `"effects":[`,
			`"effects":[{"UpdateCurrentWave":{"rollout_id":"r1","wave":4294967295}},`,
			inCell + "effect 1\n  event   " + event + " in Active\n" +
				"  want    {\"UpdateCurrentWave\":{\"rollout_id\":\"r1\",\"wave\":4294967295}}\n" +
				"  got     " + effect + "\n",
		},
		{
			"an extra effect", cell(), `"effects":[` + effect + `]`, `"effects":[]`,
			inCell + "effect 1\n  event   " + event + " in Active\n" +
				"  want    nothing\n  got     " + effect + "\n",
		},
		{
			"another error", walk(), `"kind":"IllegalForState"`, `"kind":"Unimplemented"`,
			"MISMATCH v:2: walk 8, step 2 of 2: different answer\n" +
				`  event   {"RolloutOpened":{"rollout_id":"r1","channel":"stable","target_ref":"a",` +
				`"at":"2026-05-16T02:00:00Z"}} in Superseded` + "\n" +
				"  want    error Unimplemented from Superseded on RolloutOpened\n  got     error " +
				"IllegalForState from Superseded on RolloutOpened\n",
		},
		{
			"an error from another state", walk(), `"from":"Superseded"`, `"from":"Active"`,
			"MISMATCH v:2: walk 8, step 2 of 2: different answer\n" +
				`  event   {"RolloutOpened":{"rollout_id":"r1","channel":"stable","target_ref":"a",` +
				`"at":"2026-05-16T02:00:00Z"}} in Superseded` + "\n" +
				"  want    error IllegalForState from Active on RolloutOpened\n  got     error " +
				"IllegalForState from Superseded on RolloutOpened\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			broken := strings.Replace(test.vector, test.old, test.new, 1)
			if broken == test.vector {
				t.Fatalf("%s is not in the vector", test.old)
			}
			got, err := conform.Run(strings.NewReader(cell()+"\n"+broken+"\n"+cell()), "v", reducer.V02())
			if err != nil {
				t.Fatal(err)
			}
			if got.Failed != 1 || got.Cells+got.Walks != 3 || got.First == nil ||
				got.First.String() != test.want {
				t.Errorf("%+v, the mismatch is\n%vwant\n%s", got, got.First, test.want)
			}
		})
	}
}

func TestTimesCompareAsInstants(t *testing.T) {
	for _, same := range []string{
		"2026-05-16T02:00:00.5Z", "2026-05-16T04:00:00.500+02:00", "2026-05-16T02:00:00.500000Z",
	} {
		v := strings.Replace(
			cell(), `"superseded_at":"2026-05-16T02:00:00.500Z"`, `"superseded_at":"`+same+`"`, 1)
		if got, err := conform.Run(strings.NewReader(v), "v", reducer.V02()); err != nil ||
			got.Failed != 0 {
			t.Errorf("%s: %v\n%v", same, err, got.First)
		}
	}
}

// answers is a machine whose answer is computed by a function of the test.
type answers func(rec *reducer.Record, out *reducer.Effects) error

func (answers) Name() string { return "made up" }

func (a answers) Step(
	rec *reducer.Record, _ *reducer.Event, _ reducer.Time, _ reducer.Policy, out *reducer.Effects,
) error {
	out.Reset()
	return a(rec, out)
}

func TestWrongAnswers(t *testing.T) {
	question, _, _ := strings.Cut(cell(), `"want"`)
	refused := question +
		`"want":{"error":{"kind":"Invariant","from":"Active","event":"SuccessorOpened","message":"no"}}}`
	before := strings.Replace(record("Active", "null"), "03:00:00+02:00", "01:00:00Z", 1)
	no := &reducer.Invariant{
		What: "no", State: reducer.Active, Event: reducer.SuccessorOpened, Rollout: "r1",
	}
	tests := []struct {
		name    string
		vector  string
		machine answers
		what    string
		want    string
		got     string
	}{
		{
			"refuses as wanted", refused,
			func(*reducer.Record, *reducer.Effects) error { return no },
			"", "", "",
		},
		{
			"accepts an event that it must refuse", refused,
			func(*reducer.Record, *reducer.Effects) error { return nil },
			"answer", "error Invariant from Active on SuccessorOpened",
			"accepted, state Active, effects none",
		},
		{
			"refuses an event that it must accept", cell(),
			func(*reducer.Record, *reducer.Effects) error { return no },
			"answer", "accepted, state Superseded, effects " + effect,
			"error Invariant from Active on SuccessorOpened",
		},
		{
			"changes the record and refuses", refused,
			func(rec *reducer.Record, _ *reducer.Effects) error { rec.State = reducer.Failed; return no },
			"record after an error", before, strings.Replace(before, `"Active"`, `"Failed"`, 1),
		},
		{
			"has effects and refuses", refused,
			func(_ *reducer.Record, out *reducer.Effects) error {
				out.Add(reducer.Effect{Kind: reducer.UpdateCurrentWave, Rollout: "r1", Wave: 1})
				return no
			},
			"effects of an error", "none", `{"UpdateCurrentWave":{"rollout_id":"r1","wave":1}}`,
		},
		{
			"returns an error of an unknown type", refused,
			func(*reducer.Record, *reducer.Effects) error { return errors.New("it crashed") },
			"answer", "error Invariant from Active on SuccessorOpened", "no answer: it crashed",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := conform.Run(strings.NewReader(test.vector), "v", test.machine)
			if err != nil {
				t.Fatal(err)
			}
			m := conform.Mismatch{}
			if got.First != nil {
				m = *got.First
			}
			if m.What != test.what || m.Want != test.want || m.Got != test.got {
				t.Errorf("mismatch %q, want %s, got %s\nexpected %q, want %s, got %s",
					m.What, m.Want, m.Got, test.what, test.want, test.got)
			}
		})
	}
}

// TestPolicyOfAVector runs the same vector with and without a policy of its own.
func TestPolicyOfAVector(t *testing.T) {
	pruned := strings.Replace(
		cell(), "]}}", `,{"SchedulePruning":{"rollout_id":"r1","delay_seconds":60}}]}}`, 1)
	named := strings.Replace(pruned, `"id":7`,
		`"id":7,"policy":{"on_health_failure":"rollback-and-halt","retention_seconds":60}`, 1)
	for _, test := range []struct {
		vector string
		failed int
	}{{named, 0}, {pruned, 1}} {
		if got, err := conform.Run(strings.NewReader(test.vector), "v", reducer.RFC0008()); err != nil ||
			got.Failed != test.failed {
			t.Errorf("%+v, %v, want %d failed\n%v", got, err, test.failed, got.First)
		}
	}
}

// TestMachineFailure checks that a machine that does not answer ends the run, at the line of the
// vector.
func TestMachineFailure(t *testing.T) {
	silent := answers(func(*reducer.Record, *reducer.Effects) error {
		return &reducer.MachineFailure{Machine: "made up", Err: errors.New("silent")}
	})
	_, err := conform.Run(strings.NewReader("\n"+cell()+"\n"+cell()), "v.ndjson", silent)
	if err == nil || err.Error() != "v.ndjson:2: machine made up: silent" {
		t.Errorf("got %v", err)
	}
}
