package replay

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"rollsim/trace/input"
)

// TestDerived plants a difference in each column of the derived tables of sample 4, and whole rows.
func TestDerived(t *testing.T) {
	const (
		first  = "edge@0c917b853860886599b2ac757f8290996dd9de57"
		last   = "edge@7d9b7501ae9eec48ba4d2459b6b22c5aba59002b"
		second = "stable@98121e8fa462d6e85bda6a317873a59e01b29a0a"
		its    = " WHERE rollout_id = '" + first + "'"
		c1     = "2071684739bef016b1e93525a9973d61-nixos-system-edge-0008"
	)
	sample := plain(t, "sample-4.state.db.gz")
	for _, c := range []struct {
		name, sql, want, notes string
		tables                 Tables
	}{
		{name: "nothing", tables: Tables{Rollouts: 8, Differ: 5, WaveDiffer: 5, Quarantines: 5}},
		{name: "state", sql: "UPDATE rollouts SET state = 'Terminal'" + its,
			want:   "derived 2 different rollouts row " + first + ": state Terminal / state Superseded",
			tables: Tables{Rollouts: 8, Differ: 5, WaveDiffer: 4, Quarantines: 5}},
		{name: "terminal_at", sql: "UPDATE rollouts SET terminal_at = NULL" + its,
			want: "derived 2 different rollouts row " + first + ": terminal_at null / terminal_at " +
				"2026-05-16T03:09:00.066495719Z",
			tables: Tables{Rollouts: 8, Differ: 5, WaveDiffer: 4, Quarantines: 5}},
		{name: "superseded_at, by a nanosecond", sql: "UPDATE rollouts SET superseded_at = " +
			"'2026-05-16T04:55:30.000000001Z'" + its,
			want: "derived 2 different rollouts row " + first + ": superseded_at " +
				"2026-05-16T04:55:30.000000001Z / superseded_at 2026-05-16T04:55:30Z",
			tables: Tables{Rollouts: 8, Differ: 5, WaveDiffer: 4, Quarantines: 5}},
		{name: "the same instant elsewhere", sql: "UPDATE rollouts SET superseded_at = " +
			"'2026-05-16T06:55:30.000+02:00'" + its,
			tables: Tables{Rollouts: 8, Differ: 5, WaveDiffer: 5, Quarantines: 5}},
		{name: "opened_at", sql: "UPDATE rollouts SET opened_at = '2026-05-16T00:00:00Z'" + its,
			want: "derived 2 different rollouts row " + first + ": opened_at 2026-05-16T00:00:00Z / " +
				"opened_at 2026-05-16T01:01:00Z",
			tables: Tables{Rollouts: 8, Differ: 5, WaveDiffer: 4, Quarantines: 5}},
		{name: "channel and target_ref",
			sql: "UPDATE rollouts SET channel = 'stable', target_ref = 'x'" + its,
			want: "derived 2 different rollouts row " + first + ": channel stable, target_ref x / " +
				"channel edge, target_ref " +
				strings.TrimPrefix(first, "edge@"),
			tables: Tables{Rollouts: 8, Differ: 5, WaveDiffer: 4, Quarantines: 5}},
		{name: "opened_event_log_seq", sql: "UPDATE rollouts SET opened_event_log_seq = 3" + its,
			want: "derived 2 different rollouts row " + first + ": opened_event_log_seq 3 / " +
				"opened_event_log_seq 2",
			tables: Tables{Rollouts: 8, Differ: 5, WaveDiffer: 4, Quarantines: 5}},
		{name: "opened_event_log_seq as it is", sql: "UPDATE rollouts SET opened_event_log_seq = 2, " +
			"last_transition_event_log_seq = 736" + its,
			tables: Tables{Rollouts: 8, Differ: 5, WaveDiffer: 5, Quarantines: 5}},
		{name: "current_wave", sql: "UPDATE rollouts SET current_wave = 7 WHERE current_wave = 0",
			want: "derived 875 different rollouts row stable@7edf17de7d6f61188767d84a1a3c1fc2d65a9fad: " +
				"current_wave 7 / current_wave 0 to 0\n" +
				"derived 1559 different rollouts row stable@9b22ec69c7fc323bdde269fd35b554afa8050933: " +
				"current_wave 7 / current_wave 0 to 0\n" +
				"derived 2544 different rollouts row stable@355f235f79c7f79b7aecca9ed085ebcc042eb928: " +
				"current_wave 7 / current_wave 0 to 0",
			notes:  "rollouts.current_wave differs in 8 of 8 rows",
			tables: Tables{Rollouts: 8, Differ: 8, WaveDiffer: 8, Quarantines: 5}},
		{name: "current_wave below a wave that was dispatched",
			sql:    "UPDATE rollouts SET current_wave = 0" + its,
			want:   "derived 2 different rollouts row " + first + ": current_wave 0 / current_wave 1 to 1",
			tables: Tables{Rollouts: 8, Differ: 5, WaveDiffer: 4, Quarantines: 5}},
		{name: "a row less", sql: "DELETE FROM rollouts" + its,
			want: "derived 2 missing rollouts row " + first + ": nothing / " + first + "  Superseded, " +
				"current_wave 0",
			tables: Tables{Rollouts: 7, Differ: 4, WaveDiffer: 4, Quarantines: 5}},
		{name: "a row more", sql: "INSERT INTO rollouts SELECT 'edge@x', channel, target_ref, state, " +
			"3, NULL, NULL, opened_at, NULL, NULL FROM rollouts" + its,
			want: "derived 4041 extra rollouts row edge@x: edge@x  Superseded, current_wave 3 / " +
				"nothing (the log does not open this rollout)",
			tables: Tables{Rollouts: 9, Differ: 6, WaveDiffer: 5, Quarantines: 5}},
		{name: "no table", sql: "DROP TABLE rollouts; DROP TABLE quarantined_closures",
			notes: "there is no table rollouts to compare with the log\nthere is no table " +
				"quarantined_closures to compare with the log"},
		{name: "a quarantine less",
			sql:    "DELETE FROM quarantined_closures WHERE closure_hash = '" + c1 + "'",
			want:   "derived 871 missing quarantined_closures row: nothing / " + c1 + " on edge",
			tables: Tables{Rollouts: 8, Differ: 5, WaveDiffer: 5, Quarantines: 4}},
		{name: "a quarantine more", sql: "INSERT INTO quarantined_closures VALUES ('stable', 'x', " +
			"'2026-05-16T00:00:00Z', NULL)",
			want: "derived 4041 extra quarantined_closures row: x on stable / nothing (no entry of the " +
				"log quarantines it)",
			tables: Tables{Rollouts: 8, Differ: 5, WaveDiffer: 5, Quarantines: 6}},
		{name: "another channel and time", sql: "UPDATE quarantined_closures SET channel = 'stable', " +
			"quarantined_at = '2026-05-16T00:00:00Z' WHERE closure_hash = '" + c1 + "'",
			want: "derived 871 missing quarantined_closures row: nothing / " + c1 + " on edge\n" +
				"derived 4041 extra quarantined_closures row: " + c1 + " on stable / nothing (no entry of " +
				"the log quarantines it)",
			tables: Tables{Rollouts: 8, Differ: 5, WaveDiffer: 5, Quarantines: 5}},
		{name: "another time", sql: "UPDATE quarantined_closures SET quarantined_at = " +
			"'2026-05-16T00:00:00Z' WHERE closure_hash = '" + c1 + "'",
			want: "derived 871 different quarantined_closures row: " + c1 + " on edge, quarantined_at " +
				"2026-05-16T00:00:00Z / " +
				c1 + " on edge, quarantined_at 2026-05-16T05:10:59.670617379Z",
			tables: Tables{Rollouts: 8, Differ: 5, WaveDiffer: 5, Quarantines: 5}},
		{name: "a log that was trimmed", sql: "DELETE FROM event_log WHERE seq < 1000",
			notes: "4 of 8 rows of rollouts are not judged: their rollouts were opened before the log " +
				"begins",
			tables: Tables{Rollouts: 8, Differ: 2, WaveDiffer: 2, Unknown: 4, Quarantines: 5}},
	} {
		path := filepath.Join(t.TempDir(), "state.db")
		if err := os.WriteFile(path, sample, 0o600); err != nil {
			t.Fatal(err)
		}
		conn, err := sqlite3.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Exec(c.sql); err != nil {
			t.Fatal(c.name, err)
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		replay := func(opts Options) *Result {
			r, err := input.Open(nil, path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Run(r, opts)
			if err != nil {
				t.Errorf("%s: %+v: %v", c.name, opts, err)
			}
			return got
		}
		got := replay(Options{})
		var derived []Finding
		for _, f := range got.Findings {
			if f.Class == Derived {
				derived = append(derived, f)
				closer := replay(Options{Until: f.Until, Only: Filter{Rollout: f.Rollout}})
				if !slices.ContainsFunc(
					closer.Findings, func(again Finding) bool { return again.Key() == f.Key() },
				) {
					t.Errorf("%s: %s is not found again", c.name, f.Key())
				}
			}
		}
		if shown := strings.TrimSuffix(briefly(derived), "\n"); shown != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.name, shown, c.want)
		}
		if !reflect.DeepEqual(*got.Tables, c.tables) {
			t.Errorf("%s: tables %+v", c.name, *got.Tables)
		}
		if notes := strings.Join(got.Notes, "\n"); !strings.Contains(notes, c.notes) {
			t.Errorf("%s: notes %s", c.name, notes)
		}
	}
}
