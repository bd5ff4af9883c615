package replay

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rollsim/trace/input"
)

// files writes parts of a log as files, and replays them in that order.
func files(t *testing.T, opts Options, parts ...string) (*Result, error) {
	t.Helper()
	dir := t.TempDir()
	var names []string
	for i, part := range parts {
		name := filepath.Join(dir, fmt.Sprintf("part-%d", i+1))
		if err := os.WriteFile(name, []byte(part), 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	r, err := input.Open(nil, names...)
	if err != nil {
		return nil, err
	}
	return Run(r, opts)
}

// keysOf returns what identifies findings.
func keysOf(found []Finding) []string {
	var all []string
	for i := range found {
		all = append(all, found[i].Key())
	}
	return all
}

// TestFilesOfOneLog: files are read in the order of their first seq, whatever the order of their
// names. A part that is missing is found, and nothing else.
func TestFilesOfOneLog(t *testing.T) {
	lines := shippedLines(t, "shipped-11")
	a, b, c := strings.Join(lines[:800], ""), strings.Join(lines[800:1500], ""),
		strings.Join(lines[1500:], "")
	whole, err := files(t, Options{}, a+b+c)
	if err != nil {
		t.Fatal(err)
	}
	for _, parts := range [][]string{{a, b, c}, {c, a, b}, {b, c, a}, {c, b, a}} {
		got, err := files(t, Options{}, parts...)
		if err != nil {
			t.Fatal(err)
		}
		if got.Entries != whole.Entries || !slices.Equal(keysOf(got.Findings), keysOf(whole.Findings)) {
			t.Errorf("%d entries:\n%s", got.Entries, briefly(got.Findings))
		}
	}
	got, err := files(t, Options{}, c, a)
	if err != nil {
		t.Fatal(err)
	}
	if n := countedTitles(got)["log: missing entry"]; n != 1 {
		t.Errorf("without the second part: %d gaps\n%s", n, briefly(got.Findings))
	}
}

// TestTwoClusters: logs that have different entries of one seq are refused, wherever that is. A
// part that is given twice is not.
func TestTwoClusters(t *testing.T) {
	first, second := shippedLines(t, "shipped-11"), shippedLines(t, "shipped-12")
	for _, c := range []struct {
		name  string
		parts []string
		want  string
	}{
		{"from the start",
			[]string{strings.Join(first[:50], ""), strings.Join(second[:50], "")},
			"the two are not one log"},
		{"later", []string{strings.Join(first[:50], ""), strings.Join(second[40:90], "")},
			"the two are not one log"},
		{"the same entries", []string{strings.Join(first[:50], ""), strings.Join(first[40:90], "")}, ""},
	} {
		_, err := files(t, Options{}, c.parts...)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestForgedWave adds a WaveAdvanced to a log whose cursors move without one. That is one finding:
// it disarms no rule, and accuses no other entry.
func TestForgedWave(t *testing.T) {
	lines := shippedLines(t, "shipped-11")
	base, err := files(t, Options{}, strings.Join(lines, ""))
	if err != nil {
		t.Fatal(err)
	}
	const at = 1000
	id := `kiosk@242bdc0653f07cf27b03e264610fcb34837e55f9`
	ts, _, _ := strings.Cut(strings.SplitN(lines[at-1], `"ts":"`, 2)[1], `"`)
	forged := fmt.Sprintf(`{"seq":%d,"ts":"%s","kind":"rollout_event","host":null,"rollout":"%s",`+
		`"payload":{"at":"%[2]s","fromWave":0,"kind":"WaveAdvanced","rolloutId":"%[3]s",`+
		`"toWave":1}}`+"\n", at+1, ts, id)
	changed := append(slices.Clone(lines[:at]), forged)
	for i, line := range lines[at:] {
		_, rest, _ := strings.Cut(line, ",")
		changed = append(changed, fmt.Sprintf(`{"seq":%d,%s`, at+2+i, rest))
	}
	got, err := files(t, Options{}, strings.Join(changed, ""))
	if err != nil {
		t.Fatal(err)
	}
	want := countedTitles(base)
	want["illegal: extra WaveAdvanced"]++
	for title, n := range countedTitles(got) {
		if want[title] != n {
			t.Errorf("%s: %d, want %d", title, n, want[title])
		}
		delete(want, title)
	}
	if len(want) > 0 {
		t.Errorf("no longer found: %v", want)
	}
}

// TestForeignEffects adds effects that the shipped control plane never records. Each is a finding;
// the one that it does record is not.
func TestForeignEffects(t *testing.T) {
	lines := shippedLines(t, "shipped-11")[:130]
	base, err := files(t, Options{}, strings.Join(lines, ""))
	if err != nil {
		t.Fatal(err)
	}
	id := `edge@e0ad98d833892ea529e3c31e2166f8b3ac195d5b`
	for _, payload := range []string{
		`{"channel":"edge","closure":"c","effect":"InsertQuarantineFromRollout"}`,
		`{"at":"2026-05-16T01:10:00+00:00","effect":"SchedulePruning","rolloutId":"` + id + `"}`,
		`{"effect":"UpdateCurrentWave","rolloutId":"` + id + `","wave":1}`,
	} {
		ts, _, _ := strings.Cut(strings.SplitN(lines[129], `"ts":"`, 2)[1], `"`)
		row := fmt.Sprintf(`{"seq":131,"ts":"%s","kind":"effect","host":null,"rollout":"%s",`+
			`"payload":%s}`+"\n", ts, id, payload)
		got, err := files(t, Options{}, strings.Join(lines, "")+row)
		if err != nil {
			t.Fatal(err)
		}
		var fresh []string
		for i := range got.Findings {
			if f := &got.Findings[i]; !slices.Contains(keysOf(base.Findings), f.Key()) {
				fresh = append(fresh, brief(f))
			}
		}
		if len(fresh) != 1 || !strings.HasPrefix(fresh[0], "effect 131 extra effect") &&
			!strings.HasPrefix(fresh[0], "log 131 unreadable entry") {
			t.Errorf("%s: %q", payload, fresh)
		}
	}
}

// documentOf returns the answer of the route that returns a rollout's events, at most limit of
// them.
func documentOf(lines []string, id string, limit int) string {
	var events []string
	for _, line := range lines {
		if strings.Contains(line, `,"rollout":"`+id+`",`) && len(events) < limit {
			events = append(events, strings.Replace(strings.TrimSpace(line), `"rollout":"`+id+`",`, "", 1))
		}
	}
	return `{"rollout_id":"` + id + `","events":[` + strings.Join(events, ",") + `]}`
}

// TestLimit: a document that has as many entries as its limit is cut, and what only its end shows
// is not judged. One that has fewer is whole.
func TestLimit(t *testing.T) {
	lines := shippedLines(t, "shipped-11")
	id := `stable@e0ad98d833892ea529e3c31e2166f8b3ac195d5b`
	for _, c := range []struct {
		entries int
		limit   uint64
		cut     bool
	}{{100, 100, true}, {100, 101, false}, {99, 100, false}, {100, 0, false}, {1000, 0, true}} {
		doc := documentOf(lines, id, c.entries)
		got, err := files(t, Options{Limit: c.limit}, doc)
		if err != nil {
			t.Fatal(err)
		}
		cut := slices.ContainsFunc(got.Notes, func(n string) bool {
			return strings.Contains(n, "it is cut after entry")
		})
		stuck := slices.ContainsFunc(got.Findings, func(f Finding) bool { return f.What == "stuck" })
		if got.Entries != uint64(c.entries) || cut != c.cut || cut && stuck {
			t.Errorf("%d entries, limit %d: %d, cut %v, stuck %v", c.entries, c.limit, got.Entries, cut,
				stuck)
		}
	}
}

// TestDocuments: a document leads to what the whole log says of its rollout, as far as it holds the
// facts: states, hosts, waves and defects. TestTruth compares the log and its database.
func TestDocuments(t *testing.T) {
	for _, name := range []string{"shipped-11", "shipped-12"} {
		lines := shippedLines(t, name)
		whole, err := files(t, Options{Hosts: true}, strings.Join(lines, ""))
		if err != nil {
			t.Fatal(err)
		}
		times := make(map[string]int)
		for i := range whole.Rollouts {
			times[string(whole.Rollouts[i].Record.RolloutID)]++
		}
		compared := 0
		for i := range whole.Rollouts {
			id := string(whole.Rollouts[i].Record.RolloutID)
			if times[id] > 1 {
				continue // one document has all of them
			}
			const all = 1 << 20
			got, err := files(t, Options{Hosts: true, Limit: all}, documentOf(lines, id, all))
			if err != nil || len(got.Rollouts) != 1 {
				t.Fatalf("%s: %v, %v", id, got, err)
			}
			compared++
			compareDocument(t, &got.Rollouts[0], &whole.Rollouts[i])
			compareDefects(t, id, defectsOf(got, id), defectsOf(whole, id))
		}
		if compared < 8 {
			t.Errorf("%s: %d documents were compared", name, compared)
		}
	}
}

// compareDocument compares what a document and the whole log say of a rollout.
func compareDocument(t *testing.T, got, want *Summary) {
	id := want.Record.RolloutID
	if got.Record != want.Record || got.Waves != want.Waves ||
		!slices.Equal(got.States, want.States) || !slices.Equal(got.Hosts, want.Hosts) ||
		!slices.Equal(got.After, want.After) || len(got.Members) != len(want.Members) {
		t.Errorf("%s: %+v\nwant %+v", id, got, want)
		return
	}
	for n := range got.Members {
		g, w := got.Members[n], want.Members[n]
		g.Waits, w.Waits = "", "" // a wait may be for another rollout
		if g != w {
			t.Errorf("%s: host %+v, want %+v", id, g, w)
		}
	}
}

// compareDefects compares the defects that a document and the whole log show of a rollout.
func compareDefects(t *testing.T, id string, got, want []string) {
	for _, d := range want {
		if !slices.Contains(got, d) && !needsOthers[d] {
			t.Errorf("%s: the document does not show %s: %v", id, d, got)
		}
	}
	for _, d := range got {
		if !slices.Contains(want, d) {
			t.Errorf("%s: the document shows %s", id, d)
		}
	}
}

// needsOthers are the defects that other rollouts show: what a host ran before or says under them,
// and which hosts the channel has.
var needsOthers = map[string]bool{
	lostAck: true, quarantineInert: true, supersededEdge: true, tornOpening: true,
	lostActivation: true, staleManifest: true,
}

// defectsOf returns the defects that are found of a rollout.
func defectsOf(r *Result, id string) []string {
	var all []string
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Class == Defect && string(f.Rollout) == id && !slices.Contains(all, f.What) {
			all = append(all, f.What)
		}
	}
	return all
}
