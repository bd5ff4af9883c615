package statedb

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"rollsim/reducer"
	"rollsim/trace"
)

// TestOnlyTables opens databases in which a view or a virtual table has the name of a table. The
// query of each view never ends.
func TestOnlyTables(t *testing.T) {
	const (
		forever = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT "
		log     = "CREATE TABLE event_log (seq INTEGER PRIMARY KEY, ts TEXT, kind TEXT, " +
			"host_id TEXT, rollout_id TEXT, payload TEXT)"
	)
	view := func(name string, columns []string) string {
		return "CREATE VIEW " + name + " AS " + forever + "i AS " + strings.Join(
			columns,
			", i AS ",
		) +
			" FROM n"
	}
	for what, c := range map[string]struct{ schema, want string }{
		"a log":        {view("event_log", logColumns), "event_log: expected a table, found a view"},
		"another case": {view("Event_LOG", logColumns), "event_log: expected a table, found a view"},
		"rollouts": {
			log + ";" + view("rollouts", rolloutColumns),
			"rollouts: expected a table, found a view",
		},
		"quarantine": {
			log + ";" + view("quarantined_closures", quarantineColumns),
			"quarantined_closures: expected a table, found a view",
		},
		"a virtual table": {"PRAGMA writable_schema = 1; INSERT INTO sqlite_schema " +
			"VALUES ('table', 'event_log', 'event_log', 0, 'CREATE VIRTUAL TABLE event_log USING absent')",
			"event_log: expected a table, found a virtual table"},
		"a pragma":    {log + ";" + view("pragma_table_info", []string{"name"}), ""},
		"other names": {log + ";" + view("other", []string{"a"}), ""},
	} {
		t.Run(what, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state.db")
			conn, err := sqlite3.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(conn.Exec(c.schema), conn.Close()); err != nil {
				t.Fatal(err)
			}
			db, err := Open("state.db", path)
			if err == nil {
				_, err = db.Rollouts(func(*reducer.Record) error { return nil })
				_, err2 := db.Quarantines(func(*trace.QuarantineRow) error { return nil })
				err = errors.Join(err, err2, db.Close())
			}
			if c.want == "" && err != nil || c.want != "" && (err == nil ||
				err.Error() != "state.db: "+c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// TestLongColumn reads a payload that is above the limit for a line.
func TestLongColumn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	conn, err := sqlite3.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	err = conn.Exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; " +
		"CREATE TABLE event_log (seq, ts, kind, host_id, rollout_id, payload BLOB); " +
		"INSERT INTO event_log VALUES (1, 'a', 'b', NULL, NULL, zeroblob(67108865))")
	if err := errors.Join(err, conn.Close()); err != nil {
		t.Fatal(err)
	}
	db, err := Open("state.db", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var row trace.Row
	if err := db.Next(&row); err == nil || !strings.Contains(err.Error(), "too big") {
		t.Errorf("%v", err)
	}
}
