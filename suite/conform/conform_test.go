package conform_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/suite/conform"
)

// vectors reads a file of this package's test data, unpacked.
func vectors(t *testing.T, name string) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(packed(t, name)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func packed(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestV02AnswersEveryVector(t *testing.T) {
	cells, walks := vectors(t, "cells.ndjson.gz"), vectors(t, "walks.ndjson.gz")
	tests := []struct {
		name string
		in   string
		want conform.Result
	}{
		{"cells.ndjson.gz", string(packed(t, "cells.ndjson.gz")), conform.Result{Cells: 960, Steps: 960}},
		{
			"walks.ndjson.gz",
			string(packed(t, "walks.ndjson.gz")),
			conform.Result{Walks: 500, Steps: 6544},
		},
		{"cells, unpacked", cells, conform.Result{Cells: 960, Steps: 960}},
		{"both in one file", cells + "\n\n" + walks, conform.Result{Cells: 960, Walks: 500, Steps: 7504}},
		{
			"no end of line at the end",
			strings.TrimRight(cells, "\n"),
			conform.Result{Cells: 960, Steps: 960},
		},
		{
			"lines of Windows",
			strings.ReplaceAll(cells, "\n", "\r\n"),
			conform.Result{Cells: 960, Steps: 960},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := conform.Run(strings.NewReader(test.in), test.name, reducer.V02())
			if err != nil {
				t.Fatal(err)
			}
			if got.First != nil {
				t.Fatalf("%d failed\n%v", got.Failed, got.First)
			}
			if got != test.want {
				t.Errorf("ran %+v, want %+v", got, test.want)
			}
		})
	}
}

// The vectors were taken from the shipped implementation, so the specification fails where it
// differs.
func TestRFC0008FailsSomeVectors(t *testing.T) {
	tests := []struct {
		name   string
		failed int
		first  string
	}{
		{"cells.ndjson.gz", 106, `MISMATCH cells.ndjson.gz:72: cell 71: different effect 2
  event   {"SuccessorOpened":{"superseded_rollout_id":"stable@ref-1","successor_rollout_id":"stable@ref-2","at":"2026-05-16T02:00:00Z"}} in Opening
  want    nothing
  got     {"SchedulePruning":{"rollout_id":"stable@ref-1","delay_seconds":604800}}
`},
		{"walks.ndjson.gz", 446, `MISMATCH walks.ndjson.gz:1: walk 0, step 1 of 6: different effect 2
  event   {"SuccessorOpened":{"superseded_rollout_id":"stable@ref-1","successor_rollout_id":"stable@ref-554","at":"2026-05-16T00:59:55Z"}} in Opening
  want    nothing
  got     {"SchedulePruning":{"rollout_id":"stable@ref-1","delay_seconds":604800}}
`},
	}
	for _, test := range tests {
		got, err := conform.Run(bytes.NewReader(packed(t, test.name)), test.name, reducer.RFC0008())
		if err != nil {
			t.Fatal(err)
		}
		if got.Failed != test.failed {
			t.Errorf("%s: %d failed, want %d", test.name, got.Failed, test.failed)
		}
		if got.First == nil || got.First.String() != test.first {
			t.Errorf("%s: the first mismatch is\n%vwant\n%s", test.name, got.First, test.first)
		}
	}
}

// record, effect and cell write vectors for the tests below: a rollout that a SuccessorOpened
// supersedes.
func record(state, more string) string {
	return `{"rollout_id":"r1","channel":"stable","target_ref":"a","state":"` + state + `","current_wave":0,` +
		`"opened_event_log_seq":1,"last_transition_event_log_seq":null,"opened_at":"2026-05-16T03:00:00+02:00",` +
		`"terminal_at":null,"superseded_at":` + more + `}`
}

const (
	effect = `{"RecordRolloutTransition":{"rollout_id":"r1","from":"Active","to":"Superseded","at":"2026-05-16T02:00:00.500Z"}}`
	event  = `{"SuccessorOpened":{"superseded_rollout_id":"r1","successor_rollout_id":"r2","at":"2026-05-16T02:00:00.5Z"}}`
)

func cell() string {
	return `{"id":7,"record":` + record(
		"Active", "null",
	) + `,"event":` + event + `,"now":"2026-05-16T02:00:05Z",` +
		`"want":{"record":` + strings.Replace(
		record("Superseded", `"2026-05-16T02:00:00.500Z"`),
		"03:00:00+02:00",
		"01:00:00Z",
		1,
	) +
		`,"effects":[` + effect + `]}}`
}

func walk() string {
	c := cell()
	start := record("Active", "null")
	step := c[strings.Index(c, `"event"`) : len(c)-1]
	refused := `"event":{"RolloutOpened":{"rollout_id":"r1","channel":"stable","target_ref":"a","at":"2026-05-16T02:00:00Z"}},` +
		`"now":"2026-05-16T02:00:05Z","want":{"error":{"kind":"IllegalForState","from":"Superseded","event":"RolloutOpened","message":"no"}}`
	return `{"id":8,"start":` + start + `,"steps":[{` + step + `},{` + refused + `}]}`
}

func TestVectorsAreWell(t *testing.T) {
	got, err := conform.Run(strings.NewReader(cell()+"\n"+walk()), "v", reducer.V02())
	if want := (conform.Result{Cells: 1, Walks: 1, Steps: 3}); err != nil || got != want {
		t.Errorf("%+v, %v; %v", got, err, got.First)
	}
}

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
			"another instant", cell(), `"superseded_at":"2026-05-16T02:00:00.500Z"`, `"superseded_at":"2026-05-16T02:00:00.501Z"`,
			inCell + "superseded_at\n  event   " + event + " in Active\n  want    " +
				"\"2026-05-16T02:00:00.501Z\"\n  got     \"2026-05-16T02:00:00.500Z\"\n",
		},
		{
			"a log sequence number that does not pass through", cell(), `"Superseded","current_wave":0,"opened_event_log_seq":1`,
			`"Superseded","current_wave":0,"opened_event_log_seq":2`,
			inCell + "opened_event_log_seq\n  event   " + event + " in Active\n  want    2\n  got     1\n",
		},
		{
			"the same instant, spelt as an answer is but otherwise", cell(),
			`"superseded_at":"2026-05-16T02:00:00.500Z"`, `"superseded_at":"2026-05-16T01:59:60.500Z"`,
			inCell + "spelling of superseded_at\n  event   " + event + " in Active\n  want    " +
				"\"2026-05-16T01:59:60.500Z\"\n  got     \"2026-05-16T02:00:00.500Z\"\n",
		},
		{
			"an effect's time, likewise", cell(), `"at":"2026-05-16T02:00:00.500Z"`, `"at":"2026-05-16T01:59:60.500Z"`,
			inCell + "spelling of RecordRolloutTransition.at\n  event   " + event + " in Active\n  want  " +
				"  \"2026-05-16T01:59:60.500Z\"\n  got     \"2026-05-16T02:00:00.500Z\"\n",
		},
		{
			"an effect that is missing", cell(), `"effects":[`, `"effects":[{"UpdateCurrentWave":{"rollout_id":"r1","wave":4294967295}},`,
			inCell + "effect 1\n  event   " + event + " in Active\n" +
				"  want    {\"UpdateCurrentWave\":{\"rollout_id\":\"r1\",\"wave\":4294967295}}\n  got     " + effect + "\n",
		},
		{
			"an effect too many", cell(), `"effects":[` + effect + `]`, `"effects":[]`,
			inCell + "effect 1\n  event   " + event + " in Active\n  want    nothing\n  got     " + effect + "\n",
		},
		{
			"another error", walk(), `"kind":"IllegalForState"`, `"kind":"Unimplemented"`,
			"MISMATCH v:2: walk 8, step 2 of 2: different answer\n" +
				`  event   {"RolloutOpened":{"rollout_id":"r1","channel":"stable","target_ref":"a","at":"2026-05-16T02:00:00Z"}} in Superseded` + "\n" +
				"  want    error Unimplemented from Superseded on RolloutOpened\n  got     error " +
				"IllegalForState from Superseded on RolloutOpened\n",
		},
		{
			"an error from another state", walk(), `"from":"Superseded"`, `"from":"Active"`,
			"MISMATCH v:2: walk 8, step 2 of 2: different answer\n" +
				`  event   {"RolloutOpened":{"rollout_id":"r1","channel":"stable","target_ref":"a","at":"2026-05-16T02:00:00Z"}} in Superseded` + "\n" +
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
	for _, same := range []string{"2026-05-16T02:00:00.5Z", "2026-05-16T04:00:00.500+02:00", "2026-05-16T02:00:00.500000Z"} {
		v := strings.Replace(
			cell(),
			`"superseded_at":"2026-05-16T02:00:00.500Z"`,
			`"superseded_at":"`+same+`"`,
			1,
		)
		if got, err := conform.Run(strings.NewReader(v), "v", reducer.V02()); err != nil ||
			got.Failed != 0 {
			t.Errorf("%s: %v\n%v", same, err, got.First)
		}
	}
}

// answers is a machine whose answer the tests make up.
type answers func(rec *reducer.Record, out *reducer.Effects) error

func (answers) Name() string { return "made up" }

func (a answers) Step(
	rec *reducer.Record, _ *reducer.Event, _ reducer.Time, _ reducer.Policy, out *reducer.Effects,
) error {
	out.Reset()
	return a(rec, out)
}

func TestMachinesThatMisbehave(t *testing.T) {
	refused := strings.Replace(
		cell(),
		cell()[strings.Index(cell(), `"want"`):],
		`"want":{"error":{"kind":"Invariant","from":"Active","event":"SuccessorOpened","message":"no"}}}`,
		1,
	)
	before := strings.Replace(record("Active", "null"), "03:00:00+02:00", "01:00:00Z", 1)
	no := &reducer.Invariant{
		What:    "no",
		State:   reducer.Active,
		Event:   reducer.SuccessorOpened,
		Rollout: "r1",
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
			"refuses as wanted",
			refused,
			func(*reducer.Record, *reducer.Effects) error { return no },
			"",
			"",
			"",
		},
		{
			"accepts what is to be " +
				"refused", refused, func(*reducer.Record, *reducer.Effects) error { return nil },
			"answer", "error Invariant from Active on SuccessorOpened", "accepted, state Active, effects none",
		},
		{
			"refuses what is to be " +
				"accepted", cell(), func(*reducer.Record, *reducer.Effects) error { return no },
			"answer", "accepted, state Superseded, effects " + effect, "error Invariant from Active on " +
				"SuccessorOpened",
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
			"gives no answer", refused, func(*reducer.Record, *reducer.Effects) error { return errors.New("it crashed") },
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
				t.Errorf(
					"mismatch %q\nwant %s\ngot  %s\nbut is %q\nwant %s\ngot  %s", test.what, test.want, test.got,
					m.What, m.Want, m.Got,
				)
			}
		})
	}
}

// A vector's own policy counts, and in a walk that of the whole walk.
func TestVectorsMayNameThePolicy(t *testing.T) {
	pruned := strings.Replace(
		cell(),
		"]}}",
		`,{"SchedulePruning":{"rollout_id":"r1","delay_seconds":60}}]}}`,
		1,
	)
	named := strings.Replace(
		pruned,
		`"id":7`,
		`"id":7,"policy":{"on_health_failure":"rollback-and-halt","retention_seconds":60}`,
		1,
	)
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

func TestBrokenVectors(t *testing.T) {
	tests := []struct {
		name     string
		vector   string
		old, new string
		want     string
	}{
		{"no JSON", cell(), `{"id":7`, `id 7`, "v:2: expected a JSON object: invalid character 'i' at " +
			"start of value"},
		{"cut off", cell(), `]}}`, ``, "v:2: expected a JSON object: unexpected EOF within " +
			"\"/want/effects\" after offset 790"},
		{"more after it", cell(), `]}}`, `]}} {}`, "v:2: expected a JSON object: invalid character " +
			"'{' after top-level value after offset 793"},
		{"a list", cell(), cell(), `[]`, "v:2: expected an object, found a list"},
		{"an unknown field", cell(), `"id":7`, `"id":7,"idd":8`, "v:2: unknown field idd"},
		{
			"an unknown field of the answer",
			cell(),
			`"effects"`,
			`"note":"","effects"`,
			"v:2: unknown field want.note",
		},
		{
			"an unknown field of the event",
			cell(),
			`"successor_rollout_id"`,
			`"succ":"","successor_rollout_id"`,
			"v:2: event: unknown field SuccessorOpened.succ",
		},
		{
			"an unknown field of the record",
			cell(),
			`"target_ref"`,
			`"ref":"a","target_ref"`,
			"v:2: record: unknown field ref",
		},
		{
			"an unknown field of an effect",
			cell(),
			`"from":"Active"`,
			`"from":"Active","why":{"a":1}`,
			"v:2: want.effects[0]: unknown field RecordRolloutTransition.why.a",
		},
		{
			"the log's spelling",
			cell(),
			event,
			`{"kind":"RolloutTerminal","rolloutId":"r1","at":"2026-05-16T02:00:00Z"}`,
			"v:2: event: unknown field kind",
		},
		{
			"a field twice",
			cell(),
			`"id":7`,
			`"id":7,"id":8`,
			`v:2: expected a JSON object: duplicate object member name "id"`,
		},
		{"no id", cell(), `"id":7,`, ``, "v:2: id: expected a number, found nothing"},
		{
			"no record",
			cell(),
			`"record":` + record("Active", "null") + `,`,
			``,
			"v:2: record: expected a record, found nothing",
		},
		{"no event", cell(), `"event":` + event + `,`, ``, "v:2: event: expected a rollout event, " +
			"found nothing"},
		{"no now", cell(), `"now":"2026-05-16T02:00:05Z",`, ``, "v:2: now: expected a time, found " +
			"nothing"},
		{"no want", cell(), cell()[strings.Index(cell(), `,"want"`):], `}`, "v:2: want: expected a " +
			"record and effects, or an error, found nothing"},
		{"no effects", cell(), `,"effects":[` + effect + `]`, ``, "v:2: want.effects: expected a " +
			"list, found nothing"},
		{
			"effects that are none",
			cell(),
			`"effects":[` + effect + `]`,
			`"effects":{}`,
			"v:2: want.effects: expected a list, found an object",
		},
		{
			"a negative wave",
			cell(),
			`"current_wave":0`,
			`"current_wave":-1`,
			"v:2: record: current_wave: expected an integer from 0 to 4294967295, found -1",
		},
		{
			"a wave too high",
			cell(),
			`"current_wave":0`,
			`"current_wave":4294967296`,
			"v:2: record: current_wave: expected an integer from 0 to 4294967295, found 4294967296",
		},
		{
			"a wave of a broken number",
			cell(),
			`"current_wave":0`,
			`"current_wave":0.5`,
			"v:2: record: current_wave: expected an integer from 0 to 4294967295, found 0.5",
		},
		{
			"a wave that is text",
			cell(),
			`"current_wave":0`,
			`"current_wave":"0"`,
			`v:2: record: current_wave: expected an integer from 0 to 4294967295, found "0"`,
		},
		{
			"no state",
			cell(),
			`"state":"Active"`,
			`"state":"active"`,
			`v:2: record: state: expected a rollout state (Opening, Active, Converging, Terminal, Reverted, Failed, Superseded, Pruned), found "active"`,
		},
		{
			"no time",
			cell(),
			`"now":"2026-05-16T02:00:05Z"`,
			`"now":"2026-05-16 02:00"`,
			`v:2: now: expected an RFC 3339 time such as "2026-05-16T01:00:00.5Z", found "2026-05-16 02:00"`,
		},
		{
			"a time that is a number",
			cell(),
			`"now":"2026-05-16T02:00:05Z"`,
			`"now":5`,
			"v:2: now: expected a time, found 5",
		},
		{
			"no event that is known",
			cell(),
			`SuccessorOpened`,
			`SuccessorClosed`,
			`v:2: event: expected a known rollout event, found {"SuccessorClosed":{"superseded_rollout_id":"r1","successor_…`,
		},
		{
			"no policy",
			cell(),
			`"id":7`,
			`"id":7,"policy":{"on_health_failure":"hope"}`,
			`v:2: policy.on_health_failure: expected halt or rollback-and-halt, found "hope"`,
		},
		{
			"a negative retention",
			cell(),
			`"id":7`,
			`"id":7,"policy":{"retention_seconds":-1}`,
			"v:2: policy.retention_seconds: expected 0 or more, found -1",
		},
		{"a policy that is text", cell(), `"id":7`, `"id":7,"policy":"halt"`, "v:2: policy: expected " +
			"an object, found a string"},
		{
			"a retention that is a fraction",
			cell(),
			`"id":7`,
			`"id":7,"policy":{"retention_seconds":1.5}`,
			"v:2: policy.retention_seconds: expected an integer, found 1.5",
		},
		{"cell and walk", walk(), `"id":8`, `"id":8,"event":` + event, "v:2: expected a cell (record, " +
			"event, now, want) or a walk (start, steps), found members of both"},
		{
			"no steps",
			walk(),
			walk()[strings.Index(walk(), `"steps"`):],
			`"steps":[]}`,
			"v:2: steps: expected at least one, found none",
		},
		{
			"an event in a later step",
			walk(),
			`RolloutOpened":{"rollout_id":"r1"`,
			`RolloutOpened":{"rollout_id":1`,
			"v:2: steps[1].event: RolloutOpened.rollout_id: expected a string, found 1",
		},
		{
			"no error that is known",
			walk(),
			`IllegalForState`,
			`Illegal`,
			`v:2: steps[1].want.error.kind: expected IllegalForState, Unimplemented, Invariant or SupersessionExpected, found "Illegal"`,
		},
		{
			"an error without its state",
			walk(),
			`"from":"Superseded",`,
			``,
			`v:2: steps[1].want.error.from: expected a rollout state, found ""`,
		},
		{
			"an error of no event",
			walk(),
			`"event":"RolloutOpened"`,
			`"event":"Opened"`,
			`v:2: steps[1].want.error.event: expected a rollout event, found "Opened"`,
		},
		{
			"an error and an answer",
			walk(),
			`"want":{"error"`,
			`"want":{"effects":[],"error"`,
			"v:2: steps[1].want.error: expected it alone, found a record or effects beside it",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			broken := strings.Replace(test.vector, test.old, test.new, 1)
			if broken == test.vector {
				t.Fatalf("%s is not in the vector", test.old)
			}
			got, err := conform.Run(strings.NewReader(cell()+"\n"+broken+"\n"+cell()), "v", reducer.V02())
			if err == nil || err.Error() != test.want {
				t.Errorf("the error is\n%v\nwant\n%s", err, test.want)
			}
			if got.Cells != 1 || got.Walks != 0 {
				t.Errorf("ran %+v before the broken line", got)
			}
		})
	}
}

func TestBrokenFiles(t *testing.T) {
	whole := packed(t, "cells.ndjson.gz")
	damaged := bytes.Clone(whole)
	damaged[len(damaged)-6]++
	tests := []struct {
		name string
		in   []byte
		want string
	}{
		{"nothing", nil, "v: expected conformance vectors, found none"},
		{"blank lines", []byte("\n \n"), "v: expected conformance vectors, found none"},
		{"gzip that ends early", whole[:len(whole)/2], "v:444: the gzip data ends early"},
		{"gzip without its end", whole[:len(whole)-4], "v:961: the gzip data ends early"},
		{"gzip with another checksum", damaged, "v:961: gzip: invalid checksum"},
		{"gzip of nothing but its start", whole[:5], "v: the gzip data ends early"},
		{"no gzip after all", []byte("\x1f\x8bxxxxxxxxxxxx"), "v: gzip: invalid header"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := conform.Run(bytes.NewReader(test.in), "v", reducer.V02())
			if err == nil || err.Error() != test.want {
				t.Errorf("the error is\n%v\nwant\n%s", err, test.want)
			}
		})
	}
}

// Whatever a file holds, it is run or refused with its name.
func FuzzRun(f *testing.F) {
	f.Add([]byte(cell()))
	f.Add([]byte(walk() + "\n" + cell()))
	f.Add([]byte(`{"id":1,"start":{},"steps":[{"want":{"error":{}}}]}`))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := conform.Run(bytes.NewReader(in), "v", reducer.RFC0008())
		if err != nil && !strings.HasPrefix(err.Error(), "v:") {
			t.Errorf("the error does not name the file: %v", err)
		}
		if (got.Failed > 0) != (got.First != nil) || got.Failed > got.Cells+got.Walks {
			t.Errorf("the result is %+v", got)
		}
	})
}
