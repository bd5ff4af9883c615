package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// unpacked decompresses a sample into a folder and returns its name.
func unpacked(t *testing.T, dir, name string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(unzipped(t, name+".gz")), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// rows returns the rows of a state.db as lines of JSON.
func rows(t *testing.T, file string) string {
	t.Helper()
	c, err := sqlite3.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var b strings.Builder
	for _, query := range []string{
		"SELECT json_array(seq, ts, kind, host_id, rollout_id, json(payload)) FROM event_log " +
			"ORDER BY seq",
		"SELECT json_array(rollout_id, channel, target_ref, state, current_wave, " +
			"opened_event_log_seq, last_transition_event_log_seq, " +
			"opened_at, terminal_at, superseded_at) FROM rollouts ORDER BY opened_at",
		"SELECT json_array(channel, closure_hash, quarantined_at, triggering_event_log_seq) FROM " +
			"quarantined_closures ORDER BY quarantined_at",
	} {
		s, _, err := c.Prepare(query)
		if err != nil {
			t.Fatal(err)
		}
		for s.Step() {
			b.WriteString(s.ColumnText(0) + "\n")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// content returns a log as lines of JSON.
func content(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.HasPrefix(data, []byte("SQLite format 3\x00")) {
		return rows(t, file)
	}
	return string(data)
}

// pair records for each text of a log its replacement in the redacted log. Both must have the same
// structure.
func pair(t *testing.T, a, b any, names map[string]string) {
	t.Helper()
	switch a := a.(type) {
	case map[string]any:
		m, _ := b.(map[string]any)
		if !slices.Equal(slices.Sorted(maps.Keys(a)), slices.Sorted(maps.Keys(m))) {
			t.Fatalf("%v became %v", a, b)
		}
		for k := range a {
			pair(t, a[k], m[k], names)
		}
	case []any:
		l, _ := b.([]any)
		if len(l) != len(a) {
			t.Fatalf("%v became %v", a, b)
		}
		for i := range a {
			pair(t, a[i], l[i], names)
		}
	case string:
		s, _ := b.(string)
		if before, ok := names[a]; ok && before != s {
			t.Fatalf("%q became %q and %q", a, before, s)
		}
		names[a] = s
	default:
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("%v became %v", a, b)
		}
	}
}

// pseudonyms returns the replacement of each text of a redacted log.
func pseudonyms(t *testing.T, log, redacted string) map[string]string {
	t.Helper()
	names := make(map[string]string)
	a, b := json.NewDecoder(strings.NewReader(log)), json.NewDecoder(strings.NewReader(redacted))
	for {
		var x, y any
		errA, errB := a.Decode(&x), b.Decode(&y)
		if errA == io.EOF && errB == io.EOF {
			return names
		}
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		pair(t, x, y, names)
	}
}

// translated returns a function that replaces the names in a text by their pseudonyms. It also
// replaces runs of spaces by one, because the width of columns depends on the names.
func translated(names map[string]string) func(string) string {
	number, ref := regexp.MustCompile(`^\d*$`), regexp.MustCompile(`^[0-9a-f]{40}$`)
	// The longest first: a Replacer uses the first match.
	pairs := []string{
		"channel-edges", "channel-edges", "acknowledged", "acknowledged",
		"superseded-edge", "superseded-edge",
	}
	for _, from := range slices.SortedFunc(maps.Keys(names), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	}) {
		switch to := names[from]; {
		case from == to:
		case number.MatchString(from): // an error code: elsewhere the same digits are a number
			pairs = append(pairs, "("+from+")", "("+to+")", "fail: "+from, "fail: "+to)
		case ref.MatchString(from):
			pairs = append(pairs, from, to, from[:12], to[:12])
		default:
			pairs = append(pairs, from, to)
		}
	}
	r := strings.NewReplacer(pairs...)
	return func(s string) string {
		if to, ok := names[s]; ok {
			return to
		}
		return strings.Join(strings.Fields(r.Replace(s)), " ")
	}
}

// sameReplay compares the replay of a log, with pseudonyms, with that of the redacted log. It
// returns the classes of the findings.
func sameReplay(
	t *testing.T, log, redacted string, names map[string]string, args ...string,
) (classes []string) {
	t.Helper()
	document := func(file string) (any, int) {
		code, out, errs := inProcess(t, append([]string{"replay", file, "--json"}, args...)...)
		var v any
		if err := json.Unmarshal([]byte(out), &v); err != nil {
			t.Fatalf("%v\n%s%s", err, out, errs)
		}
		return v, code
	}
	before, codeBefore := document(log)
	after, codeAfter := document(redacted)
	if codeBefore != codeAfter {
		t.Errorf("exit %d before and %d after", codeBefore, codeAfter)
	}
	translate := translated(names)
	var same func(where string, a, b any)
	same = func(where string, a, b any) {
		switch a := a.(type) {
		case map[string]any:
			m, _ := b.(map[string]any)
			for k := range a {
				if k != "input" && k != "file" && k != "key" { // the key of a finding depends on names
					same(where+"."+k, a[k], m[k])
				}
			}
			if class, ok := a["class"].(string); ok {
				classes = append(classes, class)
			}
		case []any:
			l, _ := b.([]any)
			if where == ".notes" { // the redacted database is not in WAL mode
				a = slices.DeleteFunc(slices.Clone(a), func(note any) bool {
					return strings.Contains(fmt.Sprint(note), "no -wal file")
				})
			}
			if len(a) != len(l) {
				t.Errorf("%s: %d before and %d after", where, len(a), len(l))
				return
			}
			for i := range a {
				same(fmt.Sprintf("%s[%d]", where, i), a[i], l[i])
			}
		case string:
			s, _ := b.(string)
			if want := translate(a); want != strings.Join(strings.Fields(s), " ") {
				t.Errorf("%s: %s: got\n%s\nwant\n%s", where, a, s, want)
			}
		default:
			if !reflect.DeepEqual(a, b) {
				t.Errorf("%s: %v before and %v after", where, a, b)
			}
		}
	}
	same("", before, after)
	return classes
}

// wrong changes the content of lines.
var wrong = strings.NewReplacer(
	`"to":"Active"`, `"to":"Converging"`,
	`"to":"Soaking"`, `"to":"Converged"`,
	`"seq":1}`, `"seq":9}`,
	`"from":"Activating"`, `"from":"Pending"`,
	"edge@", "edge@0",
	"RecordRolloutTransition", "UpdateCurrentWave",
)

// planted returns a log with lines that are lost, repeated, moved and changed.
func planted(log string) string {
	all := strings.SplitAfter(log, "\n")
	var out []string
	for i, line := range all {
		switch i % 97 {
		case 13:
			continue
		case 29:
			out = append(out, line)
		case 41:
			line = wrong.Replace(line)
		case 59:
			if i+1 < len(all) && all[i+1] != "" {
				all[i+1], line = line, all[i+1]
			}
		case 71:
			line = strings.ReplaceAll(line, `"hostId":"`, `"hostId":"other-`)
		}
		out = append(out, line)
	}
	return strings.Join(out, "")
}

// plantedDatabase changes a state.db like planted: rows of all tables are lost or wrong.
func plantedDatabase(t *testing.T, file string) {
	t.Helper()
	c, err := sqlite3.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	err = c.Exec(`UPDATE rollouts SET state = 'Active', terminal_at = NULL WHERE state = 'Terminal';
		UPDATE rollouts SET current_wave = 7 WHERE channel = 'stable';
		DELETE FROM quarantined_closures WHERE rowid = 1;
		INSERT INTO quarantined_closures VALUES ('edge',
			'ffffffffffffffffffffffffffffffff-nixos-system-nobody-knows',
			'2026-05-16T02:00:00+00:00', 9);
		DELETE FROM event_log WHERE seq % 211 = 5`)
	if err = errors.Join(err, c.Close()); err != nil {
		t.Fatal(err)
	}
}

// redactableLogs writes the samples in every shape, and logs with mistakes, into a folder. It
// returns their names by title.
func redactableLogs(t *testing.T, dir string) map[string]string {
	t.Helper()
	logs := make(map[string]string)
	for _, sample := range []string{"sample-4", "sample-6"} {
		for _, shape := range []string{"ndjson", "events-edge.json", "state.db"} {
			logs[sample+"."+shape] = unpacked(t, dir, sample+"."+shape)
		}
	}
	write := func(name, text string) {
		logs[name] = filepath.Join(dir, name)
		if err := os.WriteFile(logs[name], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("planted.ndjson", planted(content(t, logs["sample-4.ndjson"])))
	data, err := os.ReadFile(logs["sample-6.state.db"])
	if err != nil {
		t.Fatal(err)
	}
	write("planted.state.db", string(data))
	plantedDatabase(t, logs["planted.state.db"])
	return logs
}

// originalNames are names, and parts of names, of the logs.
var originalNames = []string{
	"edge-00", "stable", "cache-00", "db-00", "web-00", "edge@", "@98121e8", "switch failed",
	"nixos-system-edge", "nobody-knows",
}

// redactTo redacts a log with a key.
func redactTo(t *testing.T, file, out, key string, args ...string) {
	t.Helper()
	args = append([]string{"redact", file, "-o", out, "--key", key}, args...)
	if code, _, errs := inProcess(t, args...); code != exitHolds {
		t.Fatal(errs)
	}
}

// TestRedactedReplay compares the replay of redacted logs with that of the originals: in every
// shape, under both machines, for sound logs and for logs with findings of every class. The
// redacted logs have none of the names.
func TestRedactedReplay(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "the.key")
	if err := os.WriteFile(key, []byte("always the same names"), 0o600); err != nil {
		t.Fatal(err)
	}
	logs := redactableLogs(t, dir)
	classes := make(map[string]bool)
	all := make(map[string]string) // the pseudonyms of all logs so far
	for _, name := range slices.Sorted(maps.Keys(logs)) {
		t.Run(name, func(t *testing.T) {
			file, out := logs[name], filepath.Join(dir, "redacted."+name)
			redactTo(t, file, out, key)
			redacted := content(t, out)
			names := pseudonyms(t, content(t, file), redacted)
			for _, machine := range []string{"v0.2", "rfc0008"} {
				for _, class := range sameReplay(t, file, out, names, "--machine", machine) {
					classes[class] = true
				}
			}
			raw, err := os.ReadFile(out) // all of a database, not only its rows
			if err != nil {
				t.Fatal(err)
			}
			for _, original := range originalNames {
				if bytes.Contains(raw, []byte(original)) {
					t.Errorf("the redacted log has %s", original)
				}
			}
			for original, pseudonym := range names {
				if before, ok := all[original]; ok && before != pseudonym {
					t.Errorf("%s is %s, but %s in another log", original, pseudonym, before)
				}
				all[original] = pseudonym
			}
			redactTo(t, file, out, key, "--shift", "-3d")
			shifted := content(t, out)
			if strings.Contains(shifted, "2026-05-16T") || !strings.Contains(shifted, "2026-05-13T") {
				t.Error("some times are not shifted")
			}
			if back := strings.ReplaceAll(shifted, "2026-05-13T", "2026-05-16T"); back != redacted {
				t.Error("the shift changed more than times")
			}
		})
	}
	for _, class := range []string{"effect", "host", "derived", "invariant", "log", "defect"} {
		if !classes[class] {
			t.Errorf("no log has a finding of class %s", class)
		}
	}
}
