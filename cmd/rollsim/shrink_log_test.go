package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// TestShrinkUnreadableRow: a row of a derived table that cannot be read has no key, and shrink says
// that its table is left out. A row that can be read has one.
func TestShrinkUnreadableRow(t *testing.T) {
	for sql, c := range map[string]struct {
		finding, answer string
		key             bool
	}{
		"UPDATE rollouts SET opened_at = 'then' WHERE rowid = 2": {
			"unreadable rollouts row", "no finding has the key finding:derived; it is without the rows of " +
				"rollouts, some of which cannot be read: rollsim replay ", false,
		},
		"DELETE FROM rollouts WHERE rowid = 2": {
			"missing rollouts row", "the rows of its tables:\n", true,
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
		if !strings.Contains(out, c.finding) || strings.Contains(out, "--keep finding:") != c.key {
			t.Errorf("%s: replay prints\n%s", sql, out)
		}
		code, out, errs := inProcess(t, "shrink", file, "--keep", "finding:derived")
		if !strings.Contains(out, c.answer) || (code == exitDiffers) != c.key {
			t.Errorf("%s: shrink ends with %d\n%s%s", sql, code, out, errs)
		}
	}
}
