package replay

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"rollsim/internal/longlog"
	"rollsim/reducer"
	"rollsim/trace"
	"rollsim/trace/input"
)

// plain unpacks a sample's file.
func plain(t testing.TB, name string) []byte {
	t.Helper()
	data, err := longlog.Read("../../trace/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// replayFile replays a file that is somewhere in testdata.
func replayFile(t testing.TB, name string, opts Options) *Result {
	t.Helper()
	path := "../../trace/testdata/" + name
	if strings.HasSuffix(name, ".state.db") {
		path = filepath.Join(t.TempDir(), "state.db")
		if err := os.WriteFile(path, plain(t, name+".gz"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, err := input.Open(nil, path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Run(r, opts)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// countedTitles returns the number of findings of each title.
func countedTitles(r *Result) map[string]uint64 {
	counts := make(map[string]uint64)
	for _, g := range r.Groups {
		counts[g.Class.String()+": "+g.Title] = g.Count
	}
	return counts
}

func TestSamplesReplay(t *testing.T) {
	stuck := map[string]uint64{"invariant: stuck": 1}
	none := map[string]uint64{}
	withStuck := map[string]uint64{
		"effect: missing effect":   3,
		"effect: extra effect":     3,
		"effect: different effect": 2,
		"invariant: stuck":         1,
	}
	for _, c := range []struct {
		name                    string
		machine                 reducer.Machine
		entries                 uint64
		transitions, reproduced uint64
		want                    map[string]uint64
		tables                  *Tables
	}{
		{name: "sample-4.ndjson.gz", entries: 4041, transitions: 19, reproduced: 19, want: stuck},
		{name: "sample-4.state.db", entries: 4041, transitions: 19, reproduced: 19, want: stuck,
			tables: &Tables{Rollouts: 8, Differ: 5, WaveDiffer: 5, Quarantines: 5}},
		{name: "sample-4.events-edge.json.gz", entries: 150, transitions: 3, reproduced: 3, want: none},
		{name: "sample-6.ndjson.gz", entries: 3221, transitions: 20, reproduced: 20, want: none},
		{name: "sample-6.state.db", entries: 3221, transitions: 20, reproduced: 20, want: none,
			tables: &Tables{Rollouts: 8, Differ: 6, WaveDiffer: 6, Quarantines: 2}},
		{name: "sample-6.events-edge.json.gz", entries: 154, transitions: 3, reproduced: 3, want: none},
		{name: "sample-4.ndjson.gz", machine: reducer.RFC0008(), entries: 4041,
			transitions: 19, reproduced: 14, want: withStuck},
		{name: "sample-6.ndjson.gz", machine: reducer.RFC0008(), entries: 3221,
			transitions: 20, reproduced: 16, want: map[string]uint64{
				"effect: missing effect": 2, "effect: extra effect": 2, "effect: different effect": 2,
			}},
	} {
		got := replayFile(t, c.name, Options{Machine: c.machine})
		if got.Entries != c.entries || got.Transitions != c.transitions ||
			got.Reproduced != c.reproduced {
			t.Errorf("%s under %s: %d entries, %d of %d "+
				"transitions", c.name, got.Machine, got.Entries, got.Reproduced, got.Transitions)
		}
		if counts := countedTitles(got); !reflect.DeepEqual(counts, c.want) {
			t.Errorf("%s under %s: %v, want %v\n%s", c.name, got.Machine, counts, c.want, show(got.Findings))
		}
		if !reflect.DeepEqual(got.Tables, c.tables) {
			t.Errorf("%s: tables %+v, want %+v", c.name, got.Tables, c.tables)
		}
	}
}

func TestSampleNotes(t *testing.T) {
	const halt = "entry 722: channel stable: no entry states the policy, the replay applies " +
		"halt"
	const waves = "the log has no WaveAdvanced, so it does not show the wave cursor: dispatches " +
		"are judged by the states of the hosts of earlier waves"
	const wal = "there is no -wal file next to the database: if it was copied while the control " +
		"plane ran, its latest entries are missing"
	for name, want := range map[string][]string{
		"sample-4.ndjson.gz": {halt, waves},
		"sample-4.state.db": {halt, wal, waves + "; rollouts.current_wave differs in 5 of 8 rows " +
			"(silent-cursor)"},
		"sample-6.state.db": {wal, waves + "; rollouts.current_wave differs in 6 of 8 rows " +
			"(silent-cursor)"},
		"sample-4.events-edge.json.gz": {"this is the log of single rollouts: checks that need " +
			"other rollouts are left out", waves},
	} {
		got := replayFile(t, name, Options{})
		if !reflect.DeepEqual(got.Notes, want) {
			t.Errorf("%s: %q, want %q", name, got.Notes, want)
		}
	}
}

func TestWhereSample4IsStuck(t *testing.T) {
	got := replayFile(t, "sample-4.ndjson.gz", Options{})
	f := got.Findings[0]
	if f.Rollout != "stable@355f235f79c7f79b7aecca9ed085ebcc042eb928" ||
		f.Reason != "cache-0007, db-0003, db-0009 and 5 more Pending: blocked by channel-edges: rollout "+
			"edge@7d9b7501ae9eec48ba4d2459b6b22c5aba59002b is Failed" {
		t.Error(show(got.Findings))
	}
	last := got.Rollouts[len(got.Rollouts)-1]
	if last.Record.State != reducer.Failed || !strings.HasPrefix(last.End, "host edge-0010 failed "+
		"(switch failed ✗ \"unit\\x2d\"); waits for") {
		t.Errorf("%+v", last)
	}
	first := got.Rollouts[0]
	var states []string
	for _, s := range first.States {
		states = append(states, s.State.String())
	}
	if strings.Join(states, " ") != "Opening Active Terminal Superseded" || first.Waves != 2 ||
		!reflect.DeepEqual(
			first.Hosts, []HostCount{{reducer.HostConverged, 8}},
		) || !strings.HasPrefix(first.End, "superseded by edge@296e948c5a") {
		t.Errorf("%+v", first)
	}
}

// TestPartOfALog: a log that was trimmed, or cut down to one rollout, has no other findings.
func TestPartOfALog(t *testing.T) {
	lines := bytes.SplitAfter(plain(t, "sample-4.ndjson.gz"), []byte("\n"))
	lines = lines[:len(lines)-1]
	replayLines := func(keep func(i int, line []byte) bool) *Result {
		var b bytes.Buffer
		for i, line := range lines {
			if keep(i, line) {
				b.Write(line)
			}
		}
		got, err := run(b.Bytes(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for from := 1; from < len(lines); from += 37 {
		got := replayLines(func(i int, _ []byte) bool { return i >= from })
		for _, f := range got.Findings {
			if f.What != "stuck" {
				t.Fatalf("without the first %d: %s", from, show(got.Findings))
			}
		}
		if from < 4000 && len(got.Notes) == 0 {
			t.Errorf("without the first %d: no note", from)
		}
	}
	for i, line := range lines {
		if !bytes.Contains(line, []byte(`"kind":"RolloutOpened"`)) {
			continue
		}
		var e trace.Entry
		r, err := trace.NewReader("t", bytes.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		p, err := r.Read()
		if err != nil {
			t.Fatal(err)
		}
		e = p.Clone()
		id := []byte(`"rollout":"` + string(e.Rollout) + `"`)
		got := replayLines(func(_ int, line []byte) bool { return bytes.Contains(line, id) })
		for _, f := range got.Findings {
			if f.What != "stuck" {
				t.Errorf("%s (entry %d) alone: %s", e.Rollout, i+1, show(got.Findings))
				break
			}
		}
	}
}
