package input

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rollsim/trace"
)

// line returns a line of a control plane's log with the given seq.
func line(seq int) string {
	return fmt.Sprintf(`{"seq":%d,"ts":"2026-05-16T01:00:00Z","kind":"note","payload":{}}`, seq)
}

// document returns a rollout document with entries of the given seqs.
func document(seqs ...int) string {
	var lines []string
	for _, seq := range seqs {
		lines = append(lines, line(seq))
	}
	return `{"rollout_id":"stable@a1","events":[` + strings.Join(lines, ",") + `]}`
}

// file writes a file and returns its name.
func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// seqs opens inputs and returns the seqs of their entries.
func seqs(stdin string, names ...string) (string, error) {
	r, err := Open(strings.NewReader(stdin), names...)
	if err != nil {
		return "", err
	}
	var all []string
	for {
		e, err := r.Read()
		if errors.Is(err, io.EOF) {
			return strings.Join(all, " "), r.Close()
		}
		if err != nil {
			return "", errors.Join(err, r.Close())
		}
		all = append(all, fmt.Sprint(e.Seq))
	}
}

func TestOpen(t *testing.T) {
	first := file(t, "first", line(1)+"\n"+line(4)+"\n")
	second := file(t, "second", line(2))
	odd, even := file(t, "odd", document(1, 3, 5)), file(t, "even", document(2, 4))
	for _, c := range []struct {
		what  string
		names []string
		want  string
	}{
		{"one file", []string{first}, "1 4"},
		{"files in the order given", []string{first, second}, "1 4 2"},
		{"standard input", []string{Stdin}, "7"},
		{"standard input after a file", []string{second, Stdin}, "2 7"},
		{"documents by seq", []string{odd, even}, "1 2 3 4 5"},
		{"a document and a log", []string{odd, second}, "1 3 5 2"},
	} {
		if got, err := seqs(line(7), c.names...); err != nil || got != c.want {
			t.Errorf("%s: got %q, %v, want %q", c.what, got, err, c.want)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	good, empty := file(t, "good", line(1)), file(t, "empty", "")
	for _, c := range []struct {
		names []string
		want  string
	}{
		{nil, "expected the name of a log, found none"},
		{[]string{Stdin, good, Stdin}, "-: standard input can be read only once"},
		{[]string{t.TempDir()}, "expected a log, found a folder"},
		{[]string{empty}, empty + ": expected a trace, found nothing"},
		{[]string{good, empty}, empty + ": expected a trace, found nothing"},
	} {
		if _, err := seqs(line(7), c.names...); err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %s", c.names, err, c.want)
		}
	}
	missing := filepath.Join(t.TempDir(), "missing")
	if _, err := seqs("", good, missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestIsStream(t *testing.T) {
	good := file(t, "good", line(1))
	for name, want := range map[string]bool{
		Stdin: true, os.DevNull: true, good: false, t.TempDir(): false, good + "-missing": false,
	} {
		if got := IsStream(name); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// TestDatabase checks a file that is not a database, and a damaged database.
func TestDatabase(t *testing.T) {
	if db, err := Database("good", file(t, "good", line(1))); db != nil || err != nil {
		t.Errorf("NDJSON opens as %v, %v", db, err)
	}
	damaged := file(t, "damaged", trace.SQLiteMagic+"\x10")
	if _, err := Database("damaged", damaged); err == nil ||
		!strings.Contains(err.Error(), "damaged: the database is damaged") {
		t.Errorf("a damaged database: %v", err)
	}
}
