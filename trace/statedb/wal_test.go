package statedb

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestNotes: a database whose write-ahead log is missing or ends within a transaction says so, and
// one that is complete does not.
func TestNotes(t *testing.T) {
	path := sample(t, "sample-4")
	p := start(t, path)
	p.do(addRow)
	p.do(addRow)
	copied := func() string {
		to := filepath.Join(t.TempDir(), "state.db")
		if err := copyAll(path, to); err != nil {
			t.Fatal(err)
		}
		return to
	}
	truncated := func(by int64) string {
		to := copied()
		if err := os.Truncate(to+walSuffix, size(to+walSuffix)-by); err != nil {
			t.Fatal(err)
		}
		return to
	}
	without := copied()
	lost := copied()
	for _, name := range []string{without + walSuffix, lost + walSuffix} {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(lost+shmSuffix, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	short := copied()
	if err := os.Truncate(short+walSuffix, walHeader/2); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path string
		more       int
		want       []string
	}{
		{"complete", path, 2, nil},
		{"a copy with its log", copied(), 2, nil},
		{"a copy without its log", without, 0, []string{noteNoWAL}},
		{"a log that is gone", lost, 0, []string{noteLostWAL}},
		{"cut within a page", truncated(100), 1, []string{noteCutWAL}},
		{"cut within a frame header", truncated(size(path+walSuffix) - walHeader - 20), 0,
			[]string{noteCutWAL}},
		{"cut within the header", short, 0, []string{noteCutWAL}},
	} {
		db, err := Open("state.db", c.path)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if !slices.Equal(db.Notes(), c.want) {
			t.Errorf("%s: notes %q, want %q", c.name, db.Notes(), c.want)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if rows, _, _, err := count(c.path); err != nil || rows != sampleRows+c.more {
			t.Errorf("%s: %d rows, %v", c.name, rows, err)
		}
	}
}

// TestEverythingInALogThatIsCut: a database without a table, because its write-ahead log is cut, is
// an error and not a database without entries.
func TestEverythingInALogThatIsCut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	p := start(t, path)
	p.do("PRAGMA journal_mode = wal")
	p.do("PRAGMA wal_autocheckpoint = 0")
	p.do("CREATE TABLE event_log (seq INTEGER PRIMARY KEY, ts TEXT, kind TEXT, host_id TEXT, " +
		"rollout_id TEXT, payload TEXT)")
	to := filepath.Join(t.TempDir(), "state.db")
	if err := copyAll(path, to); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(to+walSuffix, size(to+walSuffix)-100); err != nil {
		t.Fatal(err)
	}
	if _, err := Open("state.db", to); err == nil || !strings.Contains(err.Error(), "no tables") ||
		!strings.Contains(err.Error(), noteCutWAL) {
		t.Errorf("opened with %v", err)
	}
}
