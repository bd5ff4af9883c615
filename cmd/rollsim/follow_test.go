package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"rollsim/trace"
)

// followed reads a log that the function write grows: whenever all of it was read, write is called
// with the number of the call, and the context ends after the last one. It returns the seqs with
// the lines at which they were read.
func followed(t *testing.T, name string, database bool, last int, write func(int)) (string, error) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	calls := 0
	f := &follower{ctx: ctx, name: name, database: database, idle: func() {
		if calls++; calls <= last {
			write(calls)
		} else {
			stop()
		}
	}}
	r := trace.Follow(f.next)
	defer r.Close()
	var got strings.Builder
	for {
		e, err := r.Read()
		if errors.Is(err, io.EOF) {
			return got.String(), nil
		}
		if err != nil {
			return got.String(), err
		}
		fmt.Fprintf(&got, "%d at %s %d, ", e.Seq, r.Unit(), r.Line())
	}
}

const oddEntry = `{"seq":%d,"ts":"2026-05-16T01:00:00Z","kind":"odd","host":null,"rollout":null,` +
	`"payload":{}}`

func appendTo(t *testing.T, name, text string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// TestFollowLines: lines are read once they are complete, and the last one also without a newline
// at the end.
func TestFollowLines(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log.ndjson")
	line := func(seq int) string { return fmt.Sprintf(oddEntry, seq) }
	appendTo(t, name, "")
	got, err := followed(t, name, false, 4, func(call int) {
		switch call {
		case 1:
			appendTo(t, name, line(1)+"\n\n"+line(2)+"\n"+line(3)[:20])
		case 2: // nothing is new
		case 3:
			appendTo(t, name, line(3)[20:]+"\n")
		case 4:
			appendTo(t, name, line(4))
		}
	})
	const want = "1 at line 1, 2 at line 3, 3 at line 4, 4 at line 5, "
	if got != want || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	got, err = followed(t, name, false, 1, func(int) {
		if err := os.WriteFile(name, []byte(line(1)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	const shorter = "the file has become shorter: it is another log now"
	if err == nil || !strings.HasSuffix(err.Error(), shorter) {
		t.Errorf("a shorter file: %s, %v", got, err)
	}
	bad := filepath.Join(t.TempDir(), "bad.ndjson")
	appendTo(t, bad, line(1)+"\n")
	_, err = followed(t, bad, false, 1, func(int) { appendTo(t, bad, line(2)+"\n[]\n") })
	if err == nil || !strings.Contains(err.Error(), "bad.ndjson:3: ") {
		t.Errorf("a bad line: %v", err)
	}
}

// TestFollowDatabase: rows that another connection adds are read once, and nothing next to the
// database is changed by that.
func TestFollowDatabase(t *testing.T) {
	name := filepath.Join(t.TempDir(), "state.db")
	db, err := sqlite3.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	add := func(seqs ...int) {
		for _, seq := range seqs {
			err := db.Exec(fmt.Sprintf("INSERT INTO event_log VALUES (%d, '2026-05-16T01:00:00Z', "+
				"'odd', NULL, NULL, '{}')", seq))
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	err = db.Exec("PRAGMA journal_mode=WAL; CREATE TABLE event_log (seq INTEGER PRIMARY KEY, " +
		"ts TEXT, kind TEXT, host_id TEXT, rollout_id TEXT, payload TEXT)")
	if err != nil {
		t.Fatal(err)
	}
	add(1, 2)
	before, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	got, err := followed(t, name, true, 3, func(call int) {
		switch call {
		case 1:
			add(3)
		case 3:
			add(5, 6)
		}
	})
	const want = "1 at row 1, 2 at row 2, 3 at row 3, 5 at row 5, 6 at row 6, "
	if got != want || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	after, err := os.ReadFile(name)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the database was changed: %v", err)
	}
}
