package replay

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// TestFilter: a filter limits what is shown, not what is folded.
func TestFilter(t *testing.T) {
	at := func(text string) reducer.Opt[reducer.Time] {
		when, err := trace.ParseTime(text)
		if err != nil {
			t.Fatal(err)
		}
		return reducer.Some(when)
	}
	all := replayFile(t, "sample-4.ndjson.gz", Options{Machine: reducer.RFC0008()})
	for _, c := range []struct {
		name     string
		opts     Options
		findings int
		rollouts string // by what their refs begin with
	}{
		{"all", Options{}, 9, "0c91 9812 296e 7edf 2861 9b22 355f 7d9b"},
		{"rollout", Options{Only: Filter{Rollout: "edge@296e948c5a0b1e5bb93e6d63111541f7a139d6f6"}}, 3,
			"296e"},
		{"rollout by seven digits", Options{Only: Filter{Rollout: "edge@296e948"}}, 3, "296e"},
		{"channel", Options{Only: Filter{Channel: "edge"}}, 8, "0c91 296e 2861 7d9b"},
		{"another channel", Options{Only: Filter{Channel: "stable"}}, 1, "9812 7edf 9b22 355f"},
		{"host", Options{Only: Filter{Host: "edge-0008"}}, 8, "0c91 296e 2861 7d9b"},
		{"host of another channel", Options{Only: Filter{Host: "web-0005"}}, 1, "9812 7edf 9b22 355f"},
		{"since", Options{Only: Filter{Since: at("2026-05-16T11:00:00Z")}}, 4, "2861 9b22 355f 7d9b"},
		{"until", Options{Until: 869}, 1, "0c91 9812 296e"},
		{"until, with an effect pending", Options{Until: 870}, 1, "0c91 9812 296e"},
		{"until the first", Options{Until: 1}, 0, ""},
		{"until after the end", Options{Until: 9999}, 9, "0c91 9812 296e 7edf 2861 9b22 355f 7d9b"},
	} {
		c.opts.Machine = reducer.RFC0008()
		got := replayFile(t, "sample-4.ndjson.gz", c.opts)
		var rollouts []string
		for _, r := range got.Rollouts {
			rollouts = append(rollouts, string(r.Record.TargetRef[:4]))
			if h := c.opts.Only.Host; (h == "") != (r.Moves == nil) && r.Record.Channel == "edge" {
				t.Errorf("%s: moves of %s %v", c.name, h, r.Moves)
			}
		}
		if len(got.Findings) != c.findings || strings.Join(rollouts, " ") != c.rollouts {
			t.Errorf("%s: %d findings, %v", c.name, len(got.Findings), rollouts)
		}
		for i := range got.Findings {
			same := func(f Finding) bool { return f.Key() == got.Findings[i].Key() }
			if !slices.ContainsFunc(all.Findings, same) {
				t.Errorf("%s: another finding %s", c.name, got.Findings[i].Key())
			}
		}
		if last := got.Last.Seq; c.opts.Until > 0 && c.opts.Until < 9999 &&
			(last != c.opts.Until || got.Entries != last || len(got.Tail) == 0) {
			t.Errorf("%s: until %d, %v", c.name, last, got.Tail)
		}
	}
}

// TestFilterOfNothing: a name that the log does not have is an error with the names that it has.
func TestFilterOfNothing(t *testing.T) {
	for _, c := range []struct {
		only  Filter
		want  string
		known int
	}{
		{Filter{Rollout: "edge@a9"}, "there is no rollout edge@a9 in this log", 1},
		{Filter{Channel: "egde"}, "there is no channel egde in this log", 1},
		{Filter{Host: "e9"}, "no host e9 joins a rollout in this log", 2},
	} {
		_, err := run(inWords(t, opening), Options{Only: c.only})
		var none *NoAnswer
		if !errors.As(err, &none) || err.Error() != c.want || len(none.Known) != c.known ||
			!strings.HasSuffix(c.want, none.Asked+" in this log") && none.Asked != "e9" {
			t.Errorf("%v: %v", c.only, err)
		}
	}
	trimmed := inWords(t, "poll edge a1 [entry 50]\n"+opening)
	for want, opts := range map[string]Options{
		"no host e9 joins a rollout in this log, which begins at entry 50": {Only: Filter{Host: "e9"}},
		"the log has no entry up to 7: it begins at entry 50":              {Until: 7},
	} {
		if _, err := run(trimmed, opts); !errors.As(err, new(*NoAnswer)) || err.Error() != want {
			t.Errorf("%v", err)
		}
	}
	never := Options{Only: Filter{Rollout: "edge@z9"}}
	if _, err := run(inWords(t, opening+"join edge@z9 e1 0"), never); err != nil {
		t.Errorf("a rollout that was never opened: %v", err)
	}
}

func accepted(t *testing.T, text string) *Accepted {
	t.Helper()
	a, err := ReadAccepted("reviewed.txt", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestAccept: accepted findings are counted apart and do not fail, new ones do, and lines that
// accept nothing are stale.
func TestAccept(t *testing.T) {
	opts := Options{Machine: reducer.RFC0008()}
	before := replayFile(t, "sample-4.ndjson.gz", opts)
	file := "\ufeff# reviewed in May\r\n\r\n"
	for i := range before.Findings[1:] {
		file += before.Findings[i+1].Key() + "  known, since a host was replaced\n"
	}
	opts.Accepted = accepted(t, file+"effect 1 00000000 gone\n")
	got := replayFile(t, "sample-4.ndjson.gz", opts)
	if len(got.Findings) != 1 || got.Findings[0].Key() != before.Findings[0].Key() ||
		len(got.Accepted) != 8 ||
		!got.Failing() ||
		got.Accepted[3].Accepted != "known, since a host was replaced" {
		t.Errorf("%d findings, %d accepted", len(got.Findings), len(got.Accepted))
	}
	if want := []Stale{{Line: 11, Key: "effect 1 00000000", Reason: "gone"}}; !slices.Equal(
		got.Stale, want,
	) {
		t.Errorf("stale %v", got.Stale)
	}
	opts.Accepted = accepted(t, file+before.Findings[0].Key()+" too")
	if got = replayFile(t, "sample-4.ndjson.gz", opts); got.Failing() || len(got.Accepted) != 9 ||
		len(got.Stale) > 0 {
		t.Errorf("all accepted: %d findings, stale %v", len(got.Findings), got.Stale)
	}
	// A line for a finding that was not asked for is not stale.
	for _, o := range []Options{
		{Until: 1000}, {Only: Filter{Channel: "edge"}}, {Only: Filter{Host: "edge-0008"}},
	} {
		opts.Until, opts.Only = o.Until, o.Only
		if got = replayFile(t, "sample-4.ndjson.gz", opts); got.Failing() || len(got.Accepted) == 0 ||
			len(got.Accepted) == 9 ||
			len(got.Stale) > 0 {
			t.Errorf(
				"%+v: %d findings, %d accepted, stale %v", o, len(got.Findings), len(got.Accepted), got.Stale,
			)
		}
	}
	opts.Until, opts.Only = 0, Filter{}
	// The same entry with something else wrong is another finding.
	opts.Machine, opts.Policies = reducer.V02(), nil
	if got = replayFile(t, "sample-4.ndjson.gz", opts); len(got.Accepted) != 0 || len(got.Stale) != 9 {
		t.Errorf("under another machine %d are accepted, %d stale", len(got.Accepted), len(got.Stale))
	}
}

func TestAcceptedLines(t *testing.T) {
	const (
		expected = "expected a class, a seq, eight digits and a reason, such as " +
			`"effect 869 1f00ab34 rolled back by hand"`
		digits = "reviewed.txt:1: expected the eight digits that a report shows with the finding, found "
	)
	for _, c := range []struct{ text, want string }{
		{"effect 869", "reviewed.txt:1: " + expected},
		{"# fine\n\neffect 869 1f00ab34", "reviewed.txt:3: expected a reason after the finding"},
		{"effect 869 1f00ab34  REASON", "reviewed.txt:1: expected a reason after the finding"},
		{"effects 869 1f00ab34 known", "reviewed.txt:1: expected a class of findings (effect, " +
			`illegal, host, derived, invariant, log, defect), found "effects"`},
		{"effect -1 1f00ab34 known", `reviewed.txt:1: expected the seq of an entry, found "-1"`},
		{"effect 869 1f00ab3 known", digits + `"1f00ab3"`},
		{"effect 869 1f00ab3g known", digits + `"1f00ab3g"`},
		{"effect 869 1f00ab34 known\neffect 869 1f00ab34 known too", "reviewed.txt:2: the finding is " +
			"accepted on line 1 already"},
		{"#" + strings.Repeat("x", maxAcceptedLine), "reviewed.txt:1: the line is longer than 64 KiB"},
		{"\n\neffect 869 1f00ab34 " + strings.Repeat("x", maxAcceptedLine) + "\n",
			"reviewed.txt:3: the line is longer than 64 KiB"},
		{strings.Repeat("#"+strings.Repeat("x", maxAcceptedLine-1)+"\n", 1024),
			"reviewed.txt:1024: the file is larger than 64 MiB"},
	} {
		_, err := ReadAccepted("reviewed.txt", strings.NewReader(c.text))
		if !errors.As(err, new(*trace.ReadError)) || err.Error() != c.want {
			t.Errorf("%.40q: %v", c.text, err)
		}
	}
}

// TestLongAcceptedLine reads a line of the length of the limit.
func TestLongAcceptedLine(t *testing.T) {
	line := "effect 869 1f00ab34 "
	line += strings.Repeat("x", maxAcceptedLine-len(line))
	for _, end := range []string{"", "\n"} {
		a, err := ReadAccepted("reviewed.txt", strings.NewReader(line+end))
		if err != nil || len(a.lines) != 1 {
			t.Errorf("%d lines, %v", len(a.lines), err)
		}
	}
}

// TestManyFindings: all findings of a title are counted, and the first ones kept.
func TestManyFindings(t *testing.T) {
	var log strings.Builder
	log.WriteString(opening)
	const more = 10
	for range maxFindings + more {
		fmt.Fprintln(&log, "effect edge@a1 e1 Soaking Converged")
	}
	got, err := run(inWords(t, log.String()), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Group{{Class: Host, Title: "extra host effect", Count: maxFindings + more}}
	if len(got.Findings) != maxFindings || !slices.Equal(got.Groups, want) ||
		slices.ContainsFunc(got.Findings, func(f Finding) bool { return f.Kind != Extra }) {
		t.Errorf("%d findings, %v", len(got.Findings), got.Groups)
	}
}

// FuzzAccepted: a file of accepted findings is read, or it is an error that names it.
func FuzzAccepted(f *testing.F) {
	f.Add("# reviewed\neffect 869 1f00ab34 rolled back by hand\n")
	f.Add("log 18446744073709551615 ffffffff \xff\n\xff")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ReadAccepted("reviewed.txt", strings.NewReader(text))
		if err != nil {
			if !errors.As(err, new(*trace.ReadError)) || !strings.HasPrefix(err.Error(), "reviewed.txt") {
				t.Fatal(err)
			}
			return
		}
		for _, l := range a.lines {
			if i, ok := a.byKey[l.key]; !ok || a.lines[i].number != l.number || l.reason == "" {
				t.Errorf("%+v", l)
			}
		}
	})
}
