package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// TestShrinkRows checks that replay prints a key for a row of a derived table, whether it can be
// read or not, by which shrink keeps it, and that shrink refuses the key of another finding.
func TestShrinkRows(t *testing.T) {
	for sql, c := range map[string]struct{ finding, key, other string }{
		"UPDATE rollouts SET opened_at = 'then' WHERE rowid = 2": {
			"unreadable rollouts row", "unreadable-rollouts-row", "missing-rollouts-row",
		},
		"DELETE FROM rollouts WHERE rowid = 2": {
			"missing rollouts row", "missing-rollouts-row", "unreadable-rollouts-row",
		},
	} {
		file := unpacked(t, t.TempDir(), "sample-6.state.db")
		conn, err := sqlite3.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(conn.Exec(sql), conn.Close()); err != nil {
			t.Fatal(err)
		}
		_, out, _ := inProcess(t, "replay", file)
		if !strings.Contains(out, c.finding) || !strings.Contains(out, "--keep finding:derived/"+c.key) {
			t.Errorf("%s: replay prints\n%s", sql, out)
		}
		code, out, errs := inProcess(t, "shrink", file, "--keep", "finding:derived/"+c.key)
		if !strings.Contains(out, "the rows of its tables:\n") || code != exitDiffers {
			t.Errorf("%s: shrink ends with %d\n%s%s", sql, code, out, errs)
		}
		code, out, _ = inProcess(t, "shrink", file, "--keep", "finding:derived/"+c.other)
		refusal := "no finding has the key finding:derived/" + c.other
		if !strings.Contains(out, refusal) || code != exitHolds {
			t.Errorf("%s: shrink ends with %d\n%s", sql, code, out)
		}
	}
}
