package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ncruces/go-sqlite3"

	"rollsim/internal/longlog"
	"rollsim/trace"
)

// The lines of a sample that TestForms reads: the first rollout of each channel, its supersession,
// and of the decisions of the planner in between only some.
const (
	formFirst  = 150
	formLast   = 2880
	formEnding = 2950
)

// ofLogs are the commands that read a log, as NAME, and what they print at least.
var ofLogs = []struct {
	command string
	code    int
	want    string
}{
	{"replay NAME --tz Europe/Berlin", 0, "Superseded 04:35:30"},
	{"replay NAME --all --since 02:00", 0, "2 Pending, 1 Reverted"},
	{"replay NAME --json", 0, `"unfinished": true`},
	{"show NAME --tz Europe/Berlin", 0, "times in Europe/Berlin (+02:00)"},
	{"show NAME --channel kiosk --json", 0, `"kind":"rollout_event"`},
	{"why NAME --channel stable --tz +05:00", 0, "+05:00"},
	{"why NAME --channel kiosk --json", 0, `"format": "rollsim-why"`},
	{"why NAME --host gw-lis-01 --at 01:10", 0, "rolled back"},
	{"diff NAME --machine v0.2 --machine rfc0008", 1, "with 10 hosts"},
	{"incident NAME --since 02:30 --tz Europe/Berlin", 0, "Superseded since 04:35:30"},
	{"import NAME --rollout edge@e0ad98d --force -o incident.yaml", 0, "policy rollback-and-halt"},
	{"fit NAME", 0, "activation_failure"},
	{"view NAME -o page.html", 0, ""},
	{"redact NAME --key names.key -o redacted", 0, ""},
	{"replay redacted", 0, "2 Pending, 1 Reverted"},
}

// otherwise matches what differs from one form to another: the name of the log, its lines, notes
// about tables, which only a database has, and how fit breaks its first line.
var otherwise = regexp.MustCompile(`(?m)^  where .*\n|"(line|file)": .*|^(# |note: ).*\n|` +
	`.*there is no table .*\n|"tables": (null|\{[^}]*\}),| +`)

// TestForms runs each command that reads logs on a log in each form, and compares what they print.
func TestForms(t *testing.T) {
	log, dir := sampleLines(t), t.TempDir()
	t.Chdir(dir)
	names := writeForms(t, dir, log)
	first := make(map[string]string)
	for _, name := range names {
		for _, c := range ofLogs {
			if strings.HasPrefix(c.command, "redact") && (name == "folder" || name == "part-1 part-2") {
				continue // it writes the form that it reads
			}
			args := strings.Fields(strings.Replace(c.command, "NAME", name, 1))
			code, out, errs := inProcess(t, args...)
			if code != c.code || !strings.Contains(out, c.want) {
				t.Errorf("%s of %s: exit code %d, no %q\n%s%s", c.command, name, code, c.want, out, errs)
				continue
			}
			for _, own := range []string{"folder/only.ndjson", name, `part-1","part-2`} {
				out = strings.ReplaceAll(out, own, "NAME")
			}
			out = otherwise.ReplaceAllString(out, "")
			if known, ok := first[c.command]; !ok {
				first[c.command] = out
			} else if out != known {
				t.Errorf("%s of %s: other than of %s\n%s", c.command, name, names[0],
					trace.Diff(known, out))
			}
		}
	}
}

// writeForms writes a log in each form, and returns their names.
func writeForms(t *testing.T, dir string, log []byte) []string {
	t.Helper()
	var small bytes.Buffer
	z, err := zstd.NewWriter(&small)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	g := gzip.NewWriter(&packed)
	for _, w := range []interface {
		Write([]byte) (int, error)
		Close() error
	}{z, g} {
		if _, err := w.Write(log); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	half := bytes.LastIndexByte(log[:len(log)/2], '\n') + 1
	for name, data := range map[string][]byte{
		"log.ndjson": log, "log.ndjson.gz": packed.Bytes(), "log.ndjson.zst": small.Bytes(),
		"folder/only.ndjson": log, "part-1": log[:half], "part-2": log[half:],
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	storeLog(t, "state.db", log)
	return []string{
		"log.ndjson", "log.ndjson.gz", "log.ndjson.zst", "state.db", "folder", "part-1 part-2",
	}
}

// sampleLines returns lines of a sample of a control plane's log, renumbered.
func sampleLines(t *testing.T) []byte {
	t.Helper()
	log, err := longlog.Read("../../logs/replay/testdata/shipped-11.ndjson.gz")
	if err != nil {
		t.Fatal(err)
	}
	var lines []byte
	seq, n := 0, 0
	for line := range bytes.Lines(log) {
		if n++; n <= formFirst || n > formLast && n <= formEnding {
			seq++
			_, rest, _ := bytes.Cut(line, []byte(","))
			lines = append(fmt.Appendf(lines, `{"seq":%d,`, seq), rest...)
		}
	}
	return lines
}

// storeLog stores the lines of a log in a database.
func storeLog(t *testing.T, path string, log []byte) {
	t.Helper()
	db, err := sqlite3.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Exec(`BEGIN; CREATE TABLE event_log(
		seq INTEGER PRIMARY KEY, ts TEXT, kind TEXT, host_id TEXT, rollout_id TEXT, payload TEXT
	)`)
	if err != nil {
		t.Fatal(err)
	}
	insert, _, err := db.Prepare(`INSERT INTO event_log
		SELECT ?1->>'seq', ?1->>'ts', ?1->>'kind', ?1->>'host', ?1->>'rollout', ?1->'payload'`)
	if err != nil {
		t.Fatal(err)
	}
	defer insert.Close()
	for line := range bytes.Lines(log) {
		if err := insert.BindText(1, string(line)); err != nil {
			t.Fatal(err)
		}
		insert.Step()
		if err := insert.Reset(); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Exec("COMMIT"); err != nil {
		t.Fatal(err)
	}
}
