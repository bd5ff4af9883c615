package excerpt_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rollsim/internal/longlog"
	"rollsim/logs/excerpt"
	"rollsim/logs/redact"
	"rollsim/logs/replay"
	"rollsim/trace"
)

// whole makes the tests read whole samples.
var whole = flag.Bool("whole", false, "read whole samples")

// sample returns the lines of a sample. Of the gate decisions of a host, which are nine in ten
// of the lines, it keeps the last one of each rollout, unless -whole is given.
func sample(t *testing.T, name string) []string {
	t.Helper()
	data, err := longlog.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Collect(strings.Lines(string(data)))
	if *whole {
		return all
	}
	shown := make(map[string]bool)
	slices.Reverse(all)
	all = slices.DeleteFunc(all, func(line string) bool {
		_, columns, _ := strings.Cut(line, `"kind":"gate_decision"`)
		columns, _, _ = strings.Cut(columns, `"payload"`)
		again := columns != "" && shown[columns]
		shown[columns] = true
		return again
	})
	slices.Reverse(all)
	return renumbered(all)
}

const (
	first   = "../../trace/testdata/sample-4.ndjson.gz"
	second  = "../../trace/testdata/sample-6.ndjson.gz"
	shipped = "../replay/testdata/shipped-11.ndjson.gz"
)

// redacted returns the log of some lines, with pseudonyms.
func redacted(t *testing.T, lines []string) *excerpt.Log {
	t.Helper()
	log, _ := pseudonyms(t, strings.Join(lines, ""), 0)
	return log
}

// pseudonyms returns a log with pseudonyms, and what knows them.
func pseudonyms(
	t *testing.T, text string, shift time.Duration,
) (*excerpt.Log, *redact.Redactor) {
	t.Helper()
	r, err := redact.New([]byte("a key of enough bytes"), shift)
	if err != nil {
		t.Fatal(err)
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
	var out bytes.Buffer
	if err := r.Stream("the log", strings.NewReader(text), open, &out); err != nil {
		t.Fatal(err)
	}
	log, err := excerpt.Read("the log", &out)
	if err != nil {
		t.Fatal(err)
	}
	return log, r
}

func short(t *testing.T, lines []string, key string) *excerpt.Excerpt {
	t.Helper()
	opt := excerpt.Options{}
	if key != "" {
		k, err := excerpt.ParseKey(key)
		if err != nil {
			t.Fatal(err)
		}
		opt.Key = &k
	}
	x, err := excerpt.Shrink(t.Context(), redacted(t, lines), opt)
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	return x
}

var seqOfLine = regexp.MustCompile(`^\{"seq":\d+`)

// renumbered returns lines with the seqs 1, 2, 3 and so on.
func renumbered(lines []string) []string {
	all := slices.Clone(lines)
	for i := range all {
		all[i] = seqOfLine.ReplaceAllString(all[i], `{"seq":`+strconv.Itoa(i+1))
	}
	return all
}

// nth returns the index of the n-th line, from 0, that has all texts.
func nth(t *testing.T, lines []string, n int, texts ...string) int {
	t.Helper()
	for i, line := range lines {
		all := true
		for _, text := range texts {
			all = all && strings.Contains(line, text)
		}
		if all {
			if n--; n < 0 {
				return i
			}
		}
	}
	t.Fatalf("no line has %q", texts)
	return 0
}

// slow are the corruptions that take long, and are tried with -whole only.
var slow = []string{
	"a transition is missing", "a move into another state", "a host move is missing",
}

// TestShrink plants a corruption of each class into samples. Each excerpt is small, has the finding
// and no other one, and no name of the sample.
func TestShrink(t *testing.T) {
	without := func(n int, texts ...string) func([]string) []string {
		return func(lines []string) []string {
			i := nth(t, lines, n, texts...)
			return renumbered(slices.Delete(slices.Clone(lines), i, i+1))
		}
	}
	changed := func(n int, from, to string, texts ...string) func([]string) []string {
		return func(lines []string) []string {
			all := slices.Clone(lines)
			i := nth(t, lines, n, texts...)
			if all[i] = strings.Replace(all[i], from, to, 1); all[i] == lines[i] {
				t.Fatalf("%s has no %s", all[i], from)
			}
			return all
		}
	}
	for _, test := range []struct {
		name, sample string
		corrupt      func([]string) []string
		key          string
	}{
		{
			"a transition is missing", first,
			without(4, "RecordRolloutTransition"), "finding:effect/missing-effect",
		},
		{
			"a transition into another state", first,
			changed(0, `"to":"Failed"`, `"to":"Terminal"`, "RecordRolloutTransition", `"to":"Failed"`),
			"finding:effect/different-effect",
		},
		{
			"an event that is not legal", first,
			changed(0, "RolloutTerminal", "RetentionExpired", `"kind":"RolloutTerminal"`),
			"finding:illegal/refused-event",
		},
		{
			"a move into another state", shipped,
			changed(10, `"to":"Soaking"`, `"to":"Failed"`, "HostStateChanged", `"to":"Soaking"`),
			"finding:host",
		},
		{
			"a host move is missing", first,
			without(40, "HostStateChanged"), "finding:host/missing-host-move",
		},
		{
			"a host move is missing in the beginning", first, func(lines []string) []string {
				return without(3, "HostStateChanged")(lines[:400])
			}, "finding:host/missing-host-move",
		},
		{
			"a rollout is stuck", first, func(lines []string) []string { return lines },
			"finding:invariant/stuck",
		},
		{
			"an entry is missing", second, func(lines []string) []string {
				return slices.Delete(slices.Clone(lines), 700, 701)
			}, "finding:log/missing-entry",
		},
		{
			"an entry twice", first, func(lines []string) []string {
				return slices.Insert(slices.Clone(lines), 500, lines[499])
			}, "finding:log/repeated-entry",
		},
		{
			"an event for another host", shipped, changed(20, `"host":null`, `"host":"someone"`,
				"HostStateChanged"), "finding:log/different-host",
		},
		{
			"a message of an agent is lost", shipped,
			without(12, `"kind":"ProbeObservedFirst"`), "finding:defect/acknowledged-lost",
		},
	} {
		if slices.Contains(slow, test.name) && !*whole {
			continue
		}
		lines := test.corrupt(sample(t, test.sample))
		x := short(t, lines, test.key)
		t.Logf("%s: %v became %v in %d runs of %d entries\n%s%s", test.name, x.Before, x.After, x.Runs,
			x.Replayed, x.Finding.Body(), strings.Join(x.Shown, "\n"))
		if x.After.Rollouts > 2 || x.After.Hosts > 3 || x.Unfinished != "" {
			t.Errorf("%s: %v %s", test.name, x.After, x.Unfinished)
		}
		check(t, test.name, x, lines)
	}
}

var names = regexp.MustCompile(`"(?:hostId|host|channel|rollout)":"([^"]+)"`)

// check replays an excerpt and compares its findings with those of the log. No name of the log is
// in it, except those that are plain.
func check(t *testing.T, name string, x *excerpt.Excerpt, lines []string) {
	t.Helper()
	before, after := findings(t, strings.Join(lines, "")), findings(t, string(x.Log))
	for title, n := range after {
		if n > before[title] {
			t.Errorf("%s: %s has come in", name, title)
		}
	}
	if after[x.Finding.Keep()] == 0 {
		t.Errorf("%s: the finding is gone: %v", name, after)
	}
	text := string(x.Log)
	for _, line := range lines {
		for _, m := range names.FindAllStringSubmatch(line, -1) {
			if m[1] != "stable" && m[1] != "edge" && m[1] != "beta" && strings.Contains(text, m[1]) {
				t.Fatalf("%s: the name %s is still there\n%s", name, m[1], text)
			}
		}
	}
}

// findings counts the findings of a log by what keeps them.
func findings(t *testing.T, text string) map[string]uint64 {
	t.Helper()
	r, err := trace.NewReader("log", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	result, err := replay.Run(r, replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	counts := make(map[string]uint64)
	for i := range result.Groups {
		g := &result.Groups[i]
		counts[replay.KeepPrefix+g.Class.String()+"/"+replay.Hyphenated(g.Title)] += g.Count
	}
	return counts
}

// TestNone checks logs without the finding.
func TestNone(t *testing.T) {
	key := excerpt.Key{Class: replay.Effect}
	log := redacted(t, sample(t, second))
	for _, opt := range []excerpt.Options{{Key: &key}, {}} {
		if x, err := excerpt.Shrink(t.Context(), log, opt); !errors.Is(err, excerpt.ErrNone) {
			t.Errorf("%+v: %+v, %v", opt, x, err)
		}
	}
}

// TestUnfinished checks that what ends early is marked, and is an excerpt nevertheless.
func TestUnfinished(t *testing.T) {
	log := redacted(t, sample(t, first))
	x, err := excerpt.Shrink(t.Context(), log, excerpt.Options{Effort: 5_000})
	if err != nil || !strings.Contains(x.Unfinished, "replayed entries") ||
		x.After.Entries >= x.Before.Entries || x.Finding == nil {
		t.Errorf("with little effort: %+v, %v", x, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	x, err = excerpt.Shrink(ctx, log, excerpt.Options{})
	if err != nil || x.Unfinished != "it was interrupted" || x.After != x.Before {
		t.Errorf("interrupted: %+v, %v", x, err)
	}
}

// TestParseKey reads keys and writes them.
func TestParseKey(t *testing.T) {
	for _, text := range []string{"finding:effect", "finding:defect/no-halt"} {
		if k, err := excerpt.ParseKey(text); err != nil || k.String() != text {
			t.Errorf("%s is read as %v: %v", text, k, err)
		}
	}
	for text, want := range map[string]string{
		"finding:": "expected finding:CLASS", "effect": "expected finding:CLASS",
		"finding:efect": `did you mean "effect"`,
	} {
		if k, err := excerpt.ParseKey(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is read as %v: %v", text, k, err)
		}
	}
}
