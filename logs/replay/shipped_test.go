package replay

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"rollsim/trace"
)

// shippedLines returns the lines of a sample, which has no entry that is missing.
func shippedLines(t *testing.T, name string) []string {
	return strings.SplitAfter(strings.TrimSuffix(string(shippedLog(t, name)), "\n"), "\n")
}

// newFindings replays lines and returns the findings that the sample does not have, as "title seq".
func newFindings(t *testing.T, known []Finding, lines []string, opts Options) []string {
	t.Helper()
	r, err := trace.NewReader("log", strings.NewReader(strings.Join(lines, "")))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Run(r, opts)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for i := range got.Findings {
		f := &got.Findings[i]
		if !slices.ContainsFunc(known, func(k Finding) bool { return k.Key() == f.Key() }) {
			all = append(all, brief(f))
		}
	}
	return all
}

func brief(f *Finding) string {
	text, _, _ := strings.Cut(briefly([]Finding{*f}), "\n")
	words := strings.Fields(strings.ReplaceAll(text, ":", " "))
	return strings.Join(words[:min(4, len(words))], " ")
}

// TestPlanted changes single entries of a sample. Each change is one finding, which is named after
// it; the sample as it is has none of them.
func TestPlanted(t *testing.T) {
	lines := shippedLines(t, "shipped-11")[:130]
	r, err := trace.NewReader("log", strings.NewReader(strings.Join(lines, "")))
	if err != nil {
		t.Fatal(err)
	}
	base, err := Run(r, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what     string
		seq      int
		from, to string
		want     string
	}{
		{"an unknown gate", 30, `"gate":"channel-edges"`, `"gate":"moon-phase"`, "log 30 refused gate"},
		{"a gate's host", 30, `"host":"ci-09","rollout"`, `"host":"ci-08","rollout"`,
			"log 30 different host"},
		{"a gate's reason", 33, `current_wave=0`, `current_wave=1`, "log 33 refused gate"},
		{"a host edge", 36, `'kiosk-gate-03'`, `'kiosk-gate-05'`, "log 36 refused gate"},
		{"a state", 40, `"to":"Activating"`, `"to":"Zombie"`, "log 40 unreadable entry"},
		{"an exit code", 71, `"exitCode":0`, `"exitCode":1`, "host 71 refused agent"},
		{"a foreign closure", 77, `"currentClosure":"3i22`, `"currentClosure":"zzzz`,
			"invariant 77 evidence-kept"},
		{"a failing probe", 76, `"status":"pass"`, `"status":"fail"`, "invariant 77 evidence-kept"},
		{"an acknowledgement's closure", 38, `"currentClosureAtDispatch":"3i22`,
			`"currentClosureAtDispatch":"zzzz`, "host 38 different agent"},
		{"a dispatch's closure", 37, `"target_closure":"3i22`, `"target_closure":"zzzz`,
			"host 37 different dispatch"},
		{"a quarantine's closure", 83, `"closure":"6c52`, `"closure":"zzzz`,
			"host 83 different quarantine"},
		{"a move", 44, `"to":"Activating"`, `"to":"Soaking"`, "host 44 different host"},
		{"an effect", 43, `"to":"Activating"`, `"to":"Soaking"`, "host 43 different host"},
		{"a transition", 49, `"to":"Failed"`, `"to":"Terminal"`, "effect 49 different effect"},
		{"a time", 38, `"ts":"2026-05-16T01:01:15`, `"ts":"2026-05-16T02:01:15`,
			"log 38 misplaced time"},
		{"an event's time", 48, `"at":"2026-05-16T01:01:25`, `"at":"2026-05-16T01:01:35`,
			"log 48 different time"},
		{"the hosts of a plan", 7, `,"mail-04"]`, `]`, "log 7 extra HostJoined"},
	} {
		changed := slices.Clone(lines)
		old := changed[c.seq-1]
		all := strings.ReplaceAll(old, c.from, c.to)
		if c.from == `"host":"ci-09","rollout"` {
			at := strings.LastIndex(old, c.from)
			all = old[:at] + c.to + old[at+len(c.from):]
		}
		if changed[c.seq-1] = all; all == old {
			t.Errorf("%s: nothing changed in %s", c.what, old)
		}
		got := newFindings(t, base.Findings, changed, Options{})
		found := false
		for _, g := range got {
			found = found || strings.HasPrefix(g, c.want)
		}
		if !found {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

// TestDropped drops single entries. What follows is folded under the gap.
func TestDropped(t *testing.T) {
	lines := shippedLines(t, "shipped-11")[:130]
	r, err := trace.NewReader("log", strings.NewReader(strings.Join(lines, "")))
	if err != nil {
		t.Fatal(err)
	}
	base, err := Run(r, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for seq := 2; seq < 120; seq++ {
		got := newFindings(t, base.Findings, slices.Delete(slices.Clone(lines), seq-1, seq), Options{})
		if len(got) != 1 || !strings.HasPrefix(got[0], "log "+strconv.Itoa(seq)+" missing entry") {
			t.Errorf("entry %d dropped: %q", seq, got)
		}
	}
}
