package excerpt_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"rollsim/internal/longlog"
	"rollsim/logs/excerpt"
	"rollsim/logs/replay"
	"rollsim/trace"
	"rollsim/trace/statedb"
)

// fewer keeps the last gate decision of each host and rollout, as sample does.
const fewer = `
	CREATE TABLE kept AS SELECT row_number() OVER (ORDER BY seq) AS n, ts, kind, host_id, rollout_id,
		payload FROM event_log WHERE kind != 'gate_decision' OR seq IN (SELECT max(seq) FROM event_log
		WHERE kind = 'gate_decision' GROUP BY host_id, rollout_id);
	DELETE FROM event_log;
	INSERT INTO event_log(seq, ts, kind, host_id, rollout_id, payload) SELECT * FROM kept;`

// database writes the state.db of a sample, changed by SQL.
func database(t *testing.T, sample, sql string) string {
	t.Helper()
	content, err := longlog.Read("../../trace/testdata/" + sample + ".state.db.gz")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "state.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	change(t, path, sql)
	return path
}

func change(t *testing.T, path, sql string) {
	t.Helper()
	conn, err := sqlite3.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(conn.Exec(sql), conn.Close()); err != nil {
		t.Fatal(err)
	}
}

// nameless returns the log of a database with pseudonyms and its derived tables.
func nameless(t *testing.T, path string) *excerpt.Log { return moved(t, path, 0) }

// moved is nameless with all times moved.
func moved(t *testing.T, path string, shift time.Duration) *excerpt.Log {
	t.Helper()
	db, err := statedb.Open("state.db", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	text, err := excerpt.Lines("state.db", db)
	if err != nil {
		t.Fatal(err)
	}
	log, r := pseudonyms(t, string(text), shift)
	if err := log.AddTables(r.Tables(db)); err != nil {
		t.Fatal(err)
	}
	return log
}

// derived returns the findings of a database about its derived tables, and how many others it has.
func derived(t *testing.T, path string) (all []replay.Finding, others uint64) {
	t.Helper()
	db, err := statedb.Open("state.db", path)
	if err != nil {
		t.Fatal(err)
	}
	result, err := replay.Run(trace.NewRowReader("state.db", db, db), replay.Options{})
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	for _, g := range result.Groups {
		if g.Class != replay.Derived {
			others += g.Count
		}
	}
	for _, f := range result.Findings {
		if f.Class == replay.Derived {
			all = append(all, f)
		}
	}
	return all, others
}

// written writes an excerpt as a database.
func written(t *testing.T, x *excerpt.Excerpt) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "small.db")
	if err := statedb.Write(path, x.Database.Rows(), x.Database); err != nil {
		t.Fatal(err)
	}
	return path
}

// slowTables are the differences that are like others, and are tried with -whole only.
var slowTables = []string{
	"terminal_at", "superseded_at", "opened_at", "channel and target_ref", "current_wave",
}

// TestShrinkTables plants a difference of each kind into the derived tables of a sample. The
// excerpt
// is a small database with the same finding and no other one, and without it once its row is
// mended.
func TestShrinkTables(t *testing.T) {
	const (
		first  = "edge@0c917b853860886599b2ac757f8290996dd9de57"
		its    = " WHERE rollout_id = '" + first + "'"
		c1     = "2071684739bef016b1e93525a9973d61-nixos-system-edge-0008"
		at     = "2026-05-16T00:00:00+00:00"
		of1    = " WHERE closure_hash = '" + c1 + "'"
		update = "UPDATE rollouts SET "
	)
	for _, test := range []struct {
		name, sql, title string
		recorded, mend   string
	}{
		{
			"state", update + "state = 'Terminal'" + its, "different rollouts row",
			"state Terminal", update + "state = 'Superseded'",
		},
		{
			"terminal_at", update + "terminal_at = NULL" + its, "different rollouts row",
			"terminal_at null", update + "terminal_at = '2026-05-16T03:09:00.066495719+00:00'",
		},
		{
			"superseded_at", update + "superseded_at = '" + at + "'" + its, "different rollouts row",
			"superseded_at 2026-05-16T00:00:00Z",
			update + "superseded_at = '2026-05-16T04:55:30+00:00'",
		},
		{
			"opened_at", update + "opened_at = '" + at + "'" + its, "different rollouts row",
			"opened_at 2026-05-16T00:00:00Z", update + "opened_at = '2026-05-16T01:01:00Z'",
		},
		{
			"channel and target_ref", update + "channel = 'stable', target_ref = 'x'" + its,
			"different rollouts row", "channel edge, target_ref c3",
			update + "channel = 'stable', target_ref = 'a1'",
		},
		{
			"opened_event_log_seq", update + "opened_event_log_seq = 3" + its,
			"different rollouts row", "opened_event_log_seq 2", update + "opened_event_log_seq = 1",
		},
		{
			"current_wave", update + "current_wave = 7 WHERE current_wave = 0",
			"different rollouts row", "current_wave 7", update + "current_wave = 0",
		},
		{
			"a row less", "DELETE FROM rollouts" + its, "missing rollouts row", "",
			"INSERT INTO rollouts VALUES ('stable@a1', 'stable', 'a1', 'Superseded', 0, NULL, NULL, " +
				"'2026-05-16T01:01:00Z', NULL, '2026-05-16T04:55:30Z')",
		},
		{
			"a row more", "INSERT INTO rollouts SELECT 'edge@x', channel, target_ref, state, " +
				"3, NULL, NULL, opened_at, NULL, NULL FROM rollouts" + its, "extra rollouts row",
			"Superseded, current_wave 3", "DELETE FROM rollouts WHERE current_wave = 3",
		},
		{
			"a quarantine less", "DELETE FROM quarantined_closures" + of1,
			"missing quarantined_closures row", "",
			"INSERT INTO quarantined_closures VALUES ('stable', " +
				"'closure-1-nixos-system-closure-2', '2026-05-16T05:10:59.670617379Z', NULL)",
		},
		{
			"a quarantine more", "INSERT INTO quarantined_closures VALUES ('stable', 'x', '" + at +
				"', NULL)", "extra quarantined_closures row", "on stable",
			"DELETE FROM quarantined_closures",
		},
		{
			"another time", "UPDATE quarantined_closures SET quarantined_at = '" + at + "'" + of1,
			"different quarantined_closures row", "quarantined_at 2026-05-16T00:00:00Z",
			"UPDATE quarantined_closures SET quarantined_at = '2026-05-16T05:10:59.670617379Z'",
		},
	} {
		if slices.Contains(slowTables, test.name) && !*whole {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			key := excerpt.Key{Class: replay.Derived}
			x, err := excerpt.Shrink(
				t.Context(), nameless(t, database(t, "sample-4", fewer+test.sql)), excerpt.Options{Key: &key},
			)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%v became %v in %d runs of %d entries\n%s%s\n%s", x.Before, x.After, x.Runs,
				x.Replayed, x.Finding.Body(), strings.Join(x.Shown, "\n"), strings.Join(x.Rows, "\n"))
			if x.After.Rollouts > 2 || x.After.Hosts > 3 || x.Unfinished != "" {
				t.Errorf("%v %s", x.After, x.Unfinished)
			}
			path := written(t, x)
			all, others := derived(t, path)
			if len(all) != 1 || others != 0 || all[0].Title() != test.title ||
				!strings.Contains(all[0].Recorded, test.recorded) || all[0].Key() != x.Finding.Key() {
				t.Errorf("%d others and %+v", others, all)
			}
			change(t, path, test.mend)
			if all, others := derived(t, path); len(all) != 0 || others != 0 {
				t.Errorf("mended, it has %d others and %+v", others, all)
			}
		})
	}
}

// TestFirstFinding checks what is kept without a key: the tables are left out if the first finding
// is not about them.
func TestFirstFinding(t *testing.T) {
	const row = "UPDATE rollouts SET opened_at = '2026-05-16T00:00:00+00:00' WHERE state = 'Terminal';"
	for name, c := range map[string]struct {
		sql, key string
		rows     int
	}{
		"about a table": {row, "finding:derived/different-rollouts-row", 1},
		"about the log": {row + "DELETE FROM event_log WHERE seq = 400", "finding:log/missing-entry", 0},
	} {
		log := nameless(t, database(t, "sample-6", fewer+c.sql))
		x, err := excerpt.Shrink(t.Context(), log, excerpt.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if x.Key.String() != c.key || (x.Database != nil) != (c.rows > 0) || x.After.Rows != c.rows {
			t.Errorf("%s: %v, %v, with tables: %v", name, x.Key, x.After, x.Database != nil)
		}
	}
}

// TestShrinkUnreadable plants a value that cannot be read into a derived table. The excerpt has
// that row, an entry and nothing else, and the finding is gone once the row is mended. What the
// value says does not stay.
func TestShrinkUnreadable(t *testing.T) {
	const secret = "db7-of-customer"
	slow := []string{"a wave", "a wave in words", "an end", "a seq"} // tried with -whole only
	for _, c := range []struct{ name, table, set, what, mend string }{
		{"a state", "rollouts", "state = '" + secret + "'", "state: expected a rollout state",
			"state = 'Active'"},
		{"a wave", "rollouts", "current_wave = -1", "current_wave: expected an integer from 0",
			"current_wave = 0"},
		{"a wave in words", "rollouts", "current_wave = '" + secret + "'",
			"current_wave: expected an integer, found text", "current_wave = 0"},
		{"a blob", "rollouts", "channel = CAST('" + secret + "' AS BLOB)",
			"channel: expected text, found a blob", "channel = 'stable'"},
		{"a time", "rollouts", "opened_at = 'after " + secret + "'", "opened_at: ",
			"opened_at = '2026-01-01T00:00:00Z'"},
		{"an end", "rollouts", "terminal_at = '" + secret + "'", "terminal_at: ", "terminal_at = NULL"},
		{"no target", "rollouts", "target_ref = NULL", "target_ref: expected text, found NULL",
			"target_ref = 'a1'"},
		{"a seq", "rollouts", "opened_event_log_seq = 0.25", "opened_event_log_seq: expected an integer",
			"opened_event_log_seq = NULL"},
		{"a quarantine", "quarantined_closures", "quarantined_at = '" + secret + "'",
			"quarantined_at: ", "quarantined_at = '2026-01-01T00:00:00Z'"},
	} {
		if slices.Contains(slow, c.name) && !*whole {
			continue
		}
		path := database(t, "sample-4", fewer+"CREATE TABLE copy AS SELECT * FROM "+c.table+
			"; DROP TABLE "+c.table+"; ALTER TABLE copy RENAME TO "+c.table+ // without its constraints
			"; UPDATE "+c.table+" SET "+c.set+" WHERE rowid = 1")
		x, err := excerpt.Shrink(t.Context(), moved(t, path, 10_000*time.Hour), excerpt.Options{
			Key: &excerpt.Key{Class: replay.Derived, Title: "unreadable-" + c.table + "-row"},
		})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if x.After.Rows != 1 || x.After.Entries != 1 || !strings.Contains(x.Finding.Reason, c.what) {
			t.Errorf("%s: %v: %s", c.name, x.After, x.Finding.Reason)
		}
		small := written(t, x)
		all, others := derived(t, small)
		if len(all) != 1 || others != 0 || all[0].Title() != x.Finding.Title() ||
			all[0].Reason != x.Finding.Reason {
			t.Errorf("%s: %d others and %+v, want %s", c.name, others, all, x.Finding.Reason)
		}
		content, err := os.ReadFile(small)
		if err != nil {
			t.Fatal(err)
		}
		for _, private := range []string{secret, "customer", "2026-05-", "0c917b85"} {
			if bytes.Contains(content, []byte(private)) ||
				strings.Contains(strings.Join(x.Rows, " "), private) {
				t.Errorf("%s: %s stays in %q", c.name, private, x.Rows)
			}
		}
		change(t, small, "UPDATE "+c.table+" SET "+c.mend)
		all, _ = derived(t, small)
		for _, f := range all {
			if f.Kind == replay.Unreadable {
				t.Errorf("%s: once it is mended: %+v", c.name, f)
			}
		}
	}
}

// TestShrinkReadable checks that the key of a row that cannot be read keeps no other finding, and
// that another finding of the same database is kept without that row.
func TestShrinkReadable(t *testing.T) {
	unreadable := excerpt.Key{Class: replay.Derived, Title: "unreadable-rollouts-row"}
	const quarantine = "DELETE FROM quarantined_closures WHERE rowid = 1;"
	log := nameless(t, database(t, "sample-4", fewer+quarantine))
	if x, err := excerpt.Shrink(t.Context(), log, excerpt.Options{Key: &unreadable}); !errors.Is(
		err, excerpt.ErrNone) {
		t.Errorf("%+v, %v", x, err)
	}
	missing := excerpt.Key{Class: replay.Derived, Title: "missing-quarantined_closures-row"}
	bad := "UPDATE rollouts SET opened_at = 'then' WHERE rowid = 2;"
	log = nameless(t, database(t, "sample-4", fewer+bad+quarantine))
	x, err := excerpt.Shrink(t.Context(), log, excerpt.Options{Key: &missing})
	if err != nil || x.Finding.Title() != "missing quarantined_closures row" || x.After.Rows != 0 {
		t.Fatalf("%+v, %v", x, err)
	}
	if all, others := derived(t, written(t, x)); len(all) != 1 || others != 0 {
		t.Errorf("%d others and %+v", others, all)
	}
}
