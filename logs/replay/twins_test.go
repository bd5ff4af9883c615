package replay

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"rollsim/trace/input"
)

// TestTwins has a log for every class and every kind of findings: one that is sound, and one with a
// defect that must be found. Each defect differs from its sound log in one place.
func TestTwins(t *testing.T) {
	words := func(text string) func() (*Result, error) {
		return func() (*Result, error) { return run(inWords(t, text), Options{}) }
	}
	database := func(sql string) func() (*Result, error) {
		return func() (*Result, error) { return runDatabase(t, sql) }
	}
	trace := func(change ...string) func() (*Result, error) {
		changed := strings.NewReplacer(change...).Replace(string(small(t)))
		return func() (*Result, error) { return run([]byte(changed), Options{}) }
	}
	const record = "to edge@a1 Opening Active"
	var classes [ClassCount]bool
	var kinds [FindingKindCount]bool
	for _, test := range []struct {
		class         Class
		kind          FindingKind
		sound, defect func() (*Result, error)
	}{
		{Effect, Missing, words(opening), words(strings.Replace(opening, record, "", 1))},
		{Effect, Extra, words(opening), words(opening + "to edge@a1 Active Converging")},
		{Effect, Different, words(opening),
			words(strings.Replace(opening, record, "to edge@a1 Opening Converging", 1))},
		{Illegal, Refused, words(opening + "open stable@a1"), words(opening + "open edge@a1")},
		{Host, Refused, words(opening + "join edge@a1 e3 1"), words(opening + "join edge@a1 e2 2")},
		{Derived, Missing, database(""), database("DELETE FROM rollouts WHERE channel = 'edge'")},
		{Derived, Extra, database(""), database("INSERT INTO quarantined_closures VALUES " +
			"('stable', 'x', '2026-05-16T00:00:00Z', NULL)")},
		{Derived, Different, database(""), database("UPDATE rollouts SET state = 'Opening'")},
		{Invariant, Violated, words(opening + "open stable@a1\njoin stable@a1 s1 0\n" +
			"to stable@a1 Opening Active"), words(opening + "open edge@b2\njoin edge@b2 e1 0\n" +
			"to edge@b2 Opening Active")},
		{Defect, Violated, words(opening + "e1 says edge@a1 ProbeResult [seq 3]"),
			words(opening + "e1 says edge@a1 ProbeResult [seq 5]")},
		{Log, Missing, words(opening + "poll edge a1 [entry 14]"),
			words(opening + "poll edge a1 [entry 15]")},
		{Log, Repeated, words(opening + "poll edge a1 [entry 14]"),
			words(opening + "poll edge a1 [entry 14]\npoll edge a1 [entry 14]")},
		{Log, Misplaced, words(opening + "poll edge a1 [entry 14]\npoll edge a1 [entry 15]"),
			words(opening + "poll edge a1 [entry 15]\npoll edge a1 [entry 14]")},
		{Log, Unreadable, words(opening), func() (*Result, error) {
			log := bytes.Replace(inWords(t, opening), []byte(`"to":"Active"`), []byte(`"to":"Zombie"`), 1)
			return run(log, Options{})
		}},
		{Log, Altered, trace(), trace(`"probeName":"http"`, `"probeName":"tcp"`)},
	} {
		is := func(r *Result) bool {
			for _, f := range r.Findings {
				if f.Class == test.class && f.Kind == test.kind {
					return true
				}
			}
			return false
		}
		sound, err := test.sound()
		defect, also := test.defect()
		if err := errors.Join(err, also); err != nil {
			t.Fatalf("%v %v: %v", test.kind, test.class, err)
		}
		if is(sound) {
			t.Errorf("%v %v: found in the sound log:\n%s", test.kind, test.class, show(sound.Findings))
		}
		if !is(defect) {
			t.Errorf("%v %v: not found:\n%s", test.kind, test.class, show(defect.Findings))
		}
		classes[test.class], kinds[test.kind] = true, true
	}
	for c := Effect; c < classEnd; c++ {
		if !classes[c] {
			t.Errorf("class %v has no log with such a finding", c)
		}
	}
	for k := Missing; k < findingEnd; k++ {
		if !kinds[k] {
			t.Errorf("no log has a finding of the kind %v", k)
		}
	}
}

// runDatabase replays the database of sample 4 after a change.
func runDatabase(t *testing.T, sql string) (*Result, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state.db")
	if err := os.WriteFile(path, plain(t, "sample-4.state.db.gz"), 0o600); err != nil {
		return nil, err
	}
	conn, err := sqlite3.Open(path)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(conn.Exec(sql), conn.Close()); err != nil {
		return nil, err
	}
	r, err := input.Open(nil, path)
	if err != nil {
		return nil, err
	}
	return Run(r, Options{})
}
