package conform_test

import (
	"bytes"
	"io"
	"math"
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/suite/conform"
	"rollsim/trace"
)

func TestBrokenVectors(t *testing.T) {
	tests := []struct {
		name     string
		vector   string
		old, new string
		want     string
	}{
		{
			"not JSON", cell(), `{"id":7`, `id 7`,
			"v:2: expected a JSON object: invalid character 'i' at start of value",
		},
		{
			"cut off", cell(), `]}}`, ``,
			"v:2: expected a JSON object: unexpected EOF within \"/want/effects\" after offset 790",
		},
		{
			"text after the object", cell(), `]}}`, `]}} {}`,
			"v:2: expected a JSON object: invalid character '{' after top-level value after offset 793",
		},
		{"a list", cell(), cell(), `[]`, "v:2: expected an object, found a list"},
		{"an unknown field", cell(), `"id":7`, `"id":7,"idd":8`, "v:2: unknown field idd"},
		{
			"an unknown field of want", cell(), `"effects"`, `"note":"","effects"`,
			"v:2: unknown field want.note",
		},
		{
			"an unknown field of the event", cell(), `"successor_rollout_id"`,
			`"succ":"","successor_rollout_id"`, "v:2: event: unknown field SuccessorOpened.succ",
		},
		{
			"an unknown field of the record", cell(), `"target_ref"`, `"ref":"a","target_ref"`,
			"v:2: record: unknown field ref",
		},
		{
			"an unknown field of an effect", cell(), `"from":"Active"`, `"from":"Active","why":{"a":1}`,
			"v:2: want.effects[0]: unknown field RecordRolloutTransition.why.a",
		},
		{
			"the log's spelling", cell(), event,
			`{"kind":"RolloutTerminal","rolloutId":"r1","at":"2026-05-16T02:00:00Z"}`,
			"v:2: event: unknown field kind",
		},
		{
			"a field twice", cell(), `"id":7`, `"id":7,"id":8`,
			`v:2: expected a JSON object: duplicate object member name "id"`,
		},
		{"no id", cell(), `"id":7,`, ``, "v:2: id: expected a number, found nothing"},
		{
			"no record", cell(), `"record":` + record("Active", "null") + `,`, ``,
			"v:2: record: expected a record, found nothing",
		},
		{
			"no event", cell(), `"event":` + event + `,`, ``,
			"v:2: event: expected a rollout event, found nothing",
		},
		{
			"no now", cell(), `"now":"2026-05-16T02:00:05Z",`, ``,
			"v:2: now: expected a time, found nothing",
		},
		{
			"no want", cell(), cell()[strings.Index(cell(), `,"want"`):], `}`,
			"v:2: want: expected a record and effects, or an error, found nothing",
		},
		{
			"no effects", cell(), `,"effects":[` + effect + `]`, ``,
			"v:2: want.effects: expected a list, found nothing",
		},
		{
			"effects that are not a list", cell(), `"effects":[` + effect + `]`, `"effects":{}`,
			"v:2: want.effects: expected a list, found an object",
		},
		{
			"a negative wave", cell(), `"current_wave":0`, `"current_wave":-1`,
			"v:2: record: current_wave: expected an integer from 0 to 4294967295, found -1",
		},
		{
			"a wave too high", cell(), `"current_wave":0`, `"current_wave":4294967296`,
			"v:2: record: current_wave: expected an integer from 0 to 4294967295, found 4294967296",
		},
		{
			"a wave that is not a whole number", cell(), `"current_wave":0`, `"current_wave":0.5`,
			"v:2: record: current_wave: expected an integer from 0 to 4294967295, found 0.5",
		},
		{
			"a wave that is text", cell(), `"current_wave":0`, `"current_wave":"0"`,
			`v:2: record: current_wave: expected an integer from 0 to 4294967295, found "0"`,
		},
		{
			"an unknown state", cell(), `"state":"Active"`, `"state":"active"`,
			`v:2: record: state: expected a rollout state (Opening, Active, Converging, Terminal, ` +
				`Reverted, Failed, Superseded, Pruned), found "active"`,
		},
		{
			"a malformed time", cell(), `"now":"2026-05-16T02:00:05Z"`, `"now":"2026-05-16 02:00"`,
			`v:2: now: expected an RFC 3339 time such as "2026-05-16T01:00:00.5Z", found "2026-05-16 02:00"`,
		},
		{
			"a time that is a number", cell(), `"now":"2026-05-16T02:00:05Z"`, `"now":5`,
			"v:2: now: expected a time, found 5",
		},
		{
			"an unknown event", cell(), `SuccessorOpened`, `SuccessorClosed`,
			`v:2: event: expected a known rollout event, found ` +
				`{"SuccessorClosed":{"superseded_rollout_id":"r1","successor_…`,
		},
		{
			"an unknown policy", cell(), `"id":7`, `"id":7,"policy":{"on_health_failure":"hope"}`,
			`v:2: policy.on_health_failure: expected halt or rollback-and-halt, found "hope"`,
		},
		{
			"a negative retention", cell(), `"id":7`, `"id":7,"policy":{"retention_seconds":-1}`,
			"v:2: policy.retention_seconds: expected 0 or more, found -1",
		},
		{
			"a policy that is text", cell(), `"id":7`, `"id":7,"policy":"halt"`,
			"v:2: policy: expected an object, found a string",
		},
		{
			"a retention that is a fraction", cell(), `"id":7`, `"id":7,"policy":{"retention_seconds":1.5}`,
			"v:2: policy.retention_seconds: expected an integer, found 1.5",
		},
		{
			"cell and walk", walk(), `"id":8`, `"id":8,"event":` + event,
			"v:2: expected a cell (record, event, now, want) or a walk (start, steps), " +
				"found members of both",
		},
		{
			"no steps", walk(), walk()[strings.Index(walk(), `"steps"`):], `"steps":[]}`,
			"v:2: steps: expected at least one, found none",
		},
		{
			"an event in a later step", walk(), `RolloutOpened":{"rollout_id":"r1"`,
			`RolloutOpened":{"rollout_id":1`,
			"v:2: steps[1].event: RolloutOpened.rollout_id: expected a string, found 1",
		},
		{
			"an unknown kind of error", walk(), `IllegalForState`, `Illegal`,
			`v:2: steps[1].want.error.kind: expected IllegalForState, Unimplemented, Invariant or ` +
				`SupersessionExpected, found "Illegal"`,
		},
		{
			"an error without a state", walk(), `"from":"Superseded",`, ``,
			`v:2: steps[1].want.error.from: expected a rollout state, found ""`,
		},
		{
			"an error with an unknown event", walk(), `"event":"RolloutOpened"`, `"event":"Opened"`,
			`v:2: steps[1].want.error.event: expected a rollout event, found "Opened"`,
		},
		{
			"an error and an answer", walk(), `"want":{"error"`, `"want":{"effects":[],"error"`,
			"v:2: steps[1].want.error: expected it alone, found also a record or effects",
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
		{"an empty file", nil, "v: expected conformance vectors, found none"},
		{"blank lines", []byte("\n \n"), "v: expected conformance vectors, found none"},
		{"gzip that ends early", whole[:len(whole)/2], "v:444: the compressed data ends early"},
		{"gzip without its end", whole[:len(whole)-4], "v:961: the compressed data ends early"},
		{
			"gzip with another checksum", damaged,
			"v:961: the gzip data is damaged: gzip: invalid checksum",
		},
		{"gzip with only a part of its header", whole[:5], "v: the compressed data ends early"},
		{
			"not gzip except for its first bytes", []byte("\x1f\x8bxxxxxxxxxxxx"),
			"v: the gzip data is damaged: gzip: invalid header",
		},
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

// TestLongLines runs lines at the limits and above them.
func TestLongLines(t *testing.T) {
	const most = trace.MaxLine
	spaces := func(n int) io.Reader { return io.LimitReader(endlessSpaces{}, int64(n)) }
	for what, c := range map[string]struct {
		in   io.Reader
		want string
	}{
		"at the limit": {
			io.MultiReader(spaces(most), strings.NewReader("\n"+cell())), "",
		},
		"above the limit": {
			io.MultiReader(strings.NewReader(cell()+"\n"), spaces(most+1), strings.NewReader("\n"+cell())),
			"v:2: the line is longer than 64 MiB",
		},
		"endless": {spaces(math.MaxInt32), "v:1: the line is longer than 64 MiB"},
		"many values": {
			strings.NewReader(`{"id":7,"steps":[{}` + strings.Repeat(",{}", 1<<20) + `]}`),
			"v:1: expected at most 1048576 values in a vector, found more",
		},
	} {
		result, err := conform.Run(c.in, "v", reducer.V02())
		if c.want == "" && (err != nil || result.Cells != 1) ||
			c.want != "" && (err == nil || err.Error() != c.want) {
			t.Errorf("%s: %+v, %v", what, result, err)
		}
	}
}

type endlessSpaces struct{}

func (endlessSpaces) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}

// FuzzRun runs files with any content: Run must count their vectors or return an error with the
// name.
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
