package replay

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"rollsim/reducer"
	"rollsim/trace"
	"rollsim/trace/input"
)

// truth is what a log of the shipped control plane shows, by an independent model of it.
type truth struct {
	Rows     uint64
	Channels map[string]struct{ Policy string }
	Rollouts map[string][]truthRollout
	Stuck    []string
	Synth    []struct {
		Rollout, Host, From, To string
		Seqs                    []uint64
	} `json:"synthesised"`
	Halted []struct {
		Seq                  uint64
		Rollout, Host, State string
	} `json:"dispatches_on_failed_or_superseded"`
	Quarantined []struct{ Channel, Closure, At string } `json:"quarantined_closures"`
	Inert       []struct{ Seq uint64 }                  `json:"quarantined_dispatches"`
	Reopened    []struct{ Seq uint64 }                  `json:"reopened"`
}

type truthRollout struct {
	Incarnation int
	Channel     string
	State       string
	Current     bool    `json:"current_at_end"`
	OpenedAt    string  `json:"opened_at"`
	TerminalAt  *string `json:"terminal_at"`
	Superseded  *string `json:"superseded_at"`
	Transitions []struct {
		Seq          uint64
		From, To, At string
	}
	Hosts map[string]struct {
		State      string
		Wave       uint32
		Target     string
		SoakDue    string `json:"soak_due"`
		AgentSeq   uint64 `json:"agent_seq"`
		Dispatches struct {
			Count int
			First uint64 `json:"first_seq"`
			Last  uint64 `json:"last_seq"`
		}
	}
	After []struct{ Host, From, To, At string } `json:"moved_after_supersession"`
	Never []string                              `json:"never_joined"`
	Unfinished,
	Stuck bool
	Waits map[string]string `json:"waits_for"`
}

func readTruth(t *testing.T, name string) *truth {
	t.Helper()
	f, err := os.Open("testdata/" + name + ".truth.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in, err := trace.Decompress(f)
	if err != nil {
		t.Fatal(err)
	}
	tr := new(truth)
	if err := json.NewDecoder(in).Decode(tr); err != nil {
		t.Fatal(err)
	}
	return tr
}

func instant(t *testing.T, s string) reducer.Time {
	t.Helper()
	at, err := trace.ParseTime(s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// shippedDatabase makes a state.db of a sample's rows and tables.
func shippedDatabase(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state.db")
	db, err := sqlite3.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	exec := func(query string, args ...any) {
		t.Helper()
		s, _, err := db.Prepare(query)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for i, arg := range args {
			switch v := arg.(type) {
			case nil:
				err = s.BindNull(i + 1)
			case string:
				err = s.BindText(i+1, v)
			case int64:
				err = s.BindInt64(i+1, v)
			case float64:
				err = s.BindInt64(i+1, int64(v))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Exec(); err != nil {
			t.Fatal(err)
		}
	}
	exec("PRAGMA journal_mode = WAL")
	exec("CREATE TABLE event_log (seq INTEGER PRIMARY KEY AUTOINCREMENT, ts TEXT NOT NULL, " +
		"host_id TEXT, rollout_id TEXT, kind TEXT NOT NULL, payload TEXT NOT NULL)")
	exec("BEGIN")
	for _, line := range strings.Split(strings.TrimSpace(string(shippedLog(t, name))), "\n") {
		var row struct {
			Seq           int64
			TS, Kind      string
			Host, Rollout *string
			Payload       json.RawMessage
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		null := func(s *string) any {
			if s == nil {
				return nil
			}
			return *s
		}
		exec("INSERT INTO event_log VALUES (?, ?, ?, ?, ?, ?)", row.Seq, row.TS, null(row.Host),
			null(row.Rollout), row.Kind, string(row.Payload))
	}
	exec("COMMIT")
	text, err := os.ReadFile("testdata/" + name + ".tables.json")
	if err != nil {
		t.Fatal(err)
	}
	var tables map[string][]map[string]any
	if err := json.Unmarshal(text, &tables); err != nil {
		t.Fatal(err)
	}
	for table, columns := range map[string]string{
		"rollouts": "rollout_id, channel, target_ref, state, current_wave, opened_event_log_seq, " +
			"last_transition_event_log_seq, opened_at, terminal_at, superseded_at",
		"quarantined_closures": "channel, closure_hash, quarantined_at, triggering_event_log_seq",
	} {
		exec("CREATE TABLE " + table + " (" + columns + ")")
		names := strings.Split(columns, ", ")
		for _, row := range tables[table] {
			var values []any
			for _, c := range names {
				values = append(values, row[c])
			}
			exec("INSERT INTO "+table+" VALUES (?"+strings.Repeat(", ?", len(names)-1)+")", values...)
		}
	}
	return path
}

func shippedLog(t testing.TB, name string) []byte {
	t.Helper()
	return plain(t, "../../logs/replay/testdata/"+name+".ndjson.gz")
}

// TestTruth compares what the replay concludes from a log of the shipped control plane, and from
// its database, with the truth.
func TestTruth(t *testing.T) {
	for _, name := range []string{"shipped-11", "shipped-12"} {
		want := readTruth(t, name)
		for _, path := range []string{"testdata/" + name + ".ndjson.gz", shippedDatabase(t, name)} {
			r, err := input.Open(nil, path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Run(r, Options{Hosts: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Run(name+"/"+filepath.Base(path), func(t *testing.T) { compareTruth(t, got, want) })
		}
	}
}

func compareTruth(t *testing.T, got *Result, want *truth) {
	if got.Entries != want.Rows || got.Reproduced != got.Transitions {
		t.Errorf("%d entries, %d of %d transitions", got.Entries, got.Reproduced, got.Transitions)
	}
	n := 0
	for id, all := range want.Rollouts {
		for i := range all {
			n++
			compareTruthRollout(t, got, id, &all[i])
		}
	}
	if len(got.Rollouts) != n {
		t.Errorf("%d rollouts, want %d", len(got.Rollouts), n)
	}
	compareTruthLog(t, got, want)
	for c, w := range want.Channels {
		i := slices.IndexFunc(got.Policies, func(p ChannelPolicy) bool { return string(p.Channel) == c })
		if i < 0 {
			t.Errorf("no policy of channel %s", c)
		} else if p := got.Policies[i]; p.Seq > 0 && p.Policy.String() != w.Policy {
			t.Errorf("channel %s: policy %v, want %s", c, p.Policy, w.Policy)
		}
	}
}

func compareTruthRollout(t *testing.T, got *Result, id string, w *truthRollout) {
	i := slices.IndexFunc(got.Rollouts, func(s Summary) bool {
		return string(s.Record.RolloutID) == id && s.Incarnation == w.Incarnation
	})
	if i < 0 {
		t.Errorf("no rollout %s, incarnation %d", id, w.Incarnation)
		return
	}
	s := &got.Rollouts[i]
	id = fmt.Sprintf("%s#%d", id, w.Incarnation)
	optional := func(at *string) reducer.Opt[reducer.Time] {
		if at == nil {
			return reducer.Opt[reducer.Time]{}
		}
		return reducer.Some(instant(t, *at))
	}
	if s.Record.State.String() != w.State || s.Record.OpenedAt != instant(t, w.OpenedAt) ||
		s.Record.TerminalAt != optional(w.TerminalAt) ||
		s.Record.SupersededAt != optional(w.Superseded) {
		t.Errorf("%s: %+v, want %+v", id, s.Record, w)
	}
	if s.Current != w.Current || s.Unfinished != w.Unfinished || s.Stuck != w.Stuck {
		t.Errorf("%s: current %v, unfinished %v, stuck %v, want %v, %v, %v", id,
			s.Current, s.Unfinished, s.Stuck, w.Current, w.Unfinished, w.Stuck)
	}
	compareTruthMoves(t, id, s, w)
	compareTruthHosts(t, id, s, w)
}

// compareTruthMoves compares the states that a rollout entered, the moves of its hosts after its
// supersession, and the hosts that never joined.
func compareTruthMoves(t *testing.T, id string, s *Summary, w *truthRollout) {
	if len(s.States) != len(w.Transitions)+1 {
		t.Fatalf("%s: states %v, want %v", id, s.States, w.Transitions)
	}
	for i, tr := range w.Transitions {
		if g := s.States[i+1]; g.State.String() != tr.To || g.Seq != tr.Seq ||
			g.At != instant(t, tr.At) || s.States[i].State.String() != tr.From {
			t.Errorf("%s: transition %+v, want %+v", id, g, tr)
		}
	}
	if len(s.After) != len(w.After) {
		t.Errorf("%s: moves after supersession %v, want %v", id, s.After, w.After)
	} else {
		for i, a := range w.After {
			if g := s.After[i]; string(g.Host) != a.Host || g.From.String() != a.From ||
				g.To.String() != a.To || g.At != instant(t, a.At) {
				t.Errorf("%s: move after supersession %v, want %v", id, g, a)
			}
		}
	}
	never := make([]string, 0)
	for _, h := range s.NeverJoined {
		never = append(never, string(h))
	}
	if !slices.Equal(never, w.Never) {
		t.Errorf("%s: never joined %v, want %v", id, never, w.Never)
	}
}

func compareTruthHosts(t *testing.T, id string, s *Summary, w *truthRollout) {
	if len(s.Members) != len(w.Hosts) {
		t.Errorf("%s: hosts %v, want %v", id, s.Members, w.Hosts)
	}
	for i := range s.Members {
		m := &s.Members[i]
		h, ok := w.Hosts[string(m.Host)]
		if !ok || m.State.String() != h.State || m.Wave != h.Wave || m.Seq != h.AgentSeq ||
			m.Dispatches != h.Dispatches.Count || m.First != h.Dispatches.First ||
			m.Last != h.Dispatches.Last {
			t.Errorf("%s: host %+v, want %+v", id, m, h)
		}
		if m.Closure != "" && string(m.Closure) != h.Target {
			t.Errorf("%s: host %s: closure %s, want %s", id, m.Host, m.Closure, h.Target)
		}
		if m.Dispatches > 0 && m.SoakDue != instant(t, h.SoakDue) {
			t.Errorf("%s: host %s: soak due at %v, want %s", id, m.Host, m.SoakDue, h.SoakDue)
		}
		reason, waits := w.Waits[string(m.Host)]
		if _, gate, ok := strings.Cut(reason, "blocked: "); ok {
			gate, _, _ = strings.Cut(gate, ":")
			if !strings.Contains(m.Waits, "blocked by "+gate) {
				t.Errorf("%s: host %s waits %q, want %q", id, m.Host, m.Waits, reason)
			}
		} else if waits && m.Waits == "" {
			t.Errorf("%s: host %s waits for nothing, want %q", id, m.Host, reason)
		}
	}
}

// compareTruthLog compares what the log as a whole shows.
func compareTruthLog(t *testing.T, got *Result, want *truth) {
	var stuck []string
	for _, s := range got.Rollouts {
		if s.Stuck {
			stuck = append(stuck, fmt.Sprintf("%s#%d", s.Record.RolloutID, s.Incarnation))
		}
	}
	sort.Strings(stuck)
	if strings.Join(stuck, " ") != strings.Join(want.Stuck, " ") {
		t.Errorf("stuck: %v, want %v", stuck, want.Stuck)
	}
	if len(got.Synthesised) != len(want.Synth) {
		t.Errorf("%d synthesised moves, want %d", len(got.Synthesised), len(want.Synth))
	}
	for i := range min(len(got.Synthesised), len(want.Synth)) {
		g, w := &got.Synthesised[i], &want.Synth[i]
		if string(g.Rollout) != w.Rollout || string(g.Host) != w.Host || g.From.String() != w.From ||
			g.To.String() != w.To || !slices.Equal(g.Seqs, w.Seqs) {
			t.Errorf("synthesised: %+v, want %+v", g, w)
		}
	}
	if len(got.Quarantined) != len(want.Quarantined) {
		t.Errorf("quarantined: %v, want %v", got.Quarantined, want.Quarantined)
	}
	for i := range min(len(got.Quarantined), len(want.Quarantined)) {
		g, w := got.Quarantined[i], want.Quarantined[i]
		if string(g.Channel) != w.Channel || string(g.Closure) != w.Closure ||
			g.At-instant(t, w.At) > tolerance || instant(t, w.At)-g.At > tolerance {
			t.Errorf("quarantined: %v, want %v", g, w)
		}
	}
	compareTruthDefects(t, got, want)
}

// compareTruthDefects compares the entries that show defects.
func compareTruthDefects(t *testing.T, got *Result, want *truth) {
	var halted, inert, again []uint64
	for i := range got.Findings {
		f := &got.Findings[i]
		seqs := []uint64{f.Seq}
		for _, w := range f.Folded {
			seqs = append(seqs, w.Seq)
		}
		switch f.What {
		case noHalt, setBack:
			halted = append(halted, seqs...)
		case quarantineInert:
			inert = append(inert, seqs...)
		case reopened:
			again = append(again, f.Seq)
		}
	}
	var wantHalted, wantInert, wantAgain []uint64
	for _, h := range want.Halted {
		wantHalted = append(wantHalted, h.Seq)
	}
	for _, h := range want.Inert {
		wantInert = append(wantInert, h.Seq)
	}
	for _, h := range want.Reopened {
		wantAgain = append(wantAgain, h.Seq)
	}
	slices.Sort(halted)
	if !slices.Equal(halted, wantHalted) || !slices.Equal(inert, wantInert) ||
		!slices.Equal(again, wantAgain) {
		t.Errorf("halted %v, want %v; inert %v, want %v; reopened %v, want %v", halted, wantHalted,
			inert, wantInert, again, wantAgain)
	}
}
