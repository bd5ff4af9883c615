package conform_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/suite/conform"
)

// vectors returns the decompressed content of a file of test data.
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
			"walks.ndjson.gz", string(packed(t, "walks.ndjson.gz")),
			conform.Result{Walks: 500, Steps: 6544},
		},
		{"cells, unpacked", cells, conform.Result{Cells: 960, Steps: 960}},
		{"both in one file", cells + "\n\n" + walks, conform.Result{Cells: 960, Walks: 500, Steps: 7504}},
		{"no final line end", strings.TrimRight(cells, "\n"), conform.Result{Cells: 960, Steps: 960}},
		{
			"Windows line ends", strings.ReplaceAll(cells, "\n", "\r\n"),
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

// TestRFC0008FailsSomeVectors checks that a machine with other answers fails. The vectors are
// those of the shipped implementation, from which the specification differs.
func TestRFC0008FailsSomeVectors(t *testing.T) {
	tests := []struct {
		name   string
		failed int
		first  string
	}{
		{"cells.ndjson.gz", 106, `MISMATCH cells.ndjson.gz:72: cell 71: different effect 2
  event   {"SuccessorOpened":{"superseded_rollout_id":"stable@ref-1",` +
			`"successor_rollout_id":"stable@ref-2","at":"2026-05-16T02:00:00Z"}} in Opening
  want    nothing
  got     {"SchedulePruning":{"rollout_id":"stable@ref-1","delay_seconds":604800}}
`},
		{"walks.ndjson.gz", 446, `MISMATCH walks.ndjson.gz:1: walk 0, step 1 of 6: different effect 2
  event   {"SuccessorOpened":{"superseded_rollout_id":"stable@ref-1",` +
			`"successor_rollout_id":"stable@ref-554","at":"2026-05-16T00:59:55Z"}} in Opening
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

// The vectors of the tests are a cell and a walk. In both, a SuccessorOpened supersedes a rollout.

// record returns a record as JSON. superseded is the value of superseded_at.
func record(state, superseded string) string {
	return `{"rollout_id":"r1","channel":"stable","target_ref":"a","state":"` + state + `",` +
		`"current_wave":0,"opened_event_log_seq":1,"last_transition_event_log_seq":null,` +
		`"opened_at":"2026-05-16T03:00:00+02:00",` +
		`"terminal_at":null,"superseded_at":` + superseded + `}`
}

const (
	effect = `{"RecordRolloutTransition":{"rollout_id":"r1","from":"Active","to":"Superseded",` +
		`"at":"2026-05-16T02:00:00.500Z"}}`
	event = `{"SuccessorOpened":{"superseded_rollout_id":"r1","successor_rollout_id":"r2",` +
		`"at":"2026-05-16T02:00:00.5Z"}}`
)

func cell() string {
	superseded := strings.Replace(
		record("Superseded", `"2026-05-16T02:00:00.500Z"`), "03:00:00+02:00", "01:00:00Z", 1)
	return `{"id":7,"record":` + record("Active", "null") + `,"event":` + event +
		`,"now":"2026-05-16T02:00:05Z","want":{"record":` + superseded +
		`,"effects":[` + effect + `]}}`
}

func walk() string {
	c := cell()
	start := record("Active", "null")
	step := c[strings.Index(c, `"event"`) : len(c)-1]
	refused := `"event":{"RolloutOpened":{"rollout_id":"r1","channel":"stable","target_ref":"a",` +
		`"at":"2026-05-16T02:00:00Z"}},` +
		`"now":"2026-05-16T02:00:05Z","want":{"error":{"kind":"IllegalForState","from":"Superseded",` +
		`"event":"RolloutOpened","message":"no"}}`
	return `{"id":8,"start":` + start + `,"steps":[{` + step + `},{` + refused + `}]}`
}

// TestCellAndWalk checks that the vectors of the tests have no mismatch.
func TestCellAndWalk(t *testing.T) {
	got, err := conform.Run(strings.NewReader(cell()+"\n"+walk()), "v", reducer.V02())
	if want := (conform.Result{Cells: 1, Walks: 1, Steps: 3}); err != nil || got != want {
		t.Errorf("%+v, %v; %v", got, err, got.First)
	}
}
