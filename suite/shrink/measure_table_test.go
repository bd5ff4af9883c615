package shrink_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"rollsim/sim"
	"rollsim/suite/shrink"
	"rollsim/trace"
)

// run is what one run of a case costs.
type run struct {
	entries uint64
	used    time.Duration // of one processor
}

// counter is a sink that counts entries.
type counter uint64

func (c *counter) Write(*trace.Entry) error {
	*c++
	return nil
}

// runOf runs a case once. A panic is the end of it.
func runOf(opt *shrink.Options, sc *sim.Scenario) (r run) {
	var entries counter
	begin := processorTime()
	defer func() {
		_ = recover()
		r = run{uint64(entries), processorTime() - begin}
	}()
	_, _ = sim.Run(sc, sim.Options{
		Machine: opt.Machine, ControlPlane: opt.ControlPlane, Seed: sc.Seed, Sink: &entries,
	})
	return r
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// tableOf returns the table of docs/shrink.md, with a column for each sweep.
func tableOf(seeds uint64, columns []*summary) string {
	heads, line := "| seeds 1:"+fmt.Sprint(seeds)+" |", "|---|"
	for _, s := range columns {
		heads += " " + s.sweep + " |"
		line += "---|"
	}
	var b strings.Builder
	b.WriteString(heads + "\n" + line + "\n")
	for _, m := range measures {
		b.WriteString("| " + m.name + " |")
		for _, s := range columns {
			b.WriteString(" " + m.of(s) + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// measures are the rows of the table.
var measures = []struct {
	name string
	of   func(*summary) string
}{
	{"failures", func(s *summary) string { return fmt.Sprint(len(s.rows)) }},
	{"hosts before", spread(func(r *row) float64 { return float64(r.c.Before.Hosts) })},
	{"hosts after", spread(func(r *row) float64 { return float64(r.c.After.Hosts) })},
	{"timeline entries before", spread(func(r *row) float64 { return float64(r.c.Before.Lines) })},
	{"timeline entries after", spread(func(r *row) float64 { return float64(r.c.After.Lines) })},
	{"sentences of the feature", spread(func(r *row) float64 { return float64(r.steps) })},
	{"entries of a run before", spread(func(r *row) float64 { return float64(r.runs[0].entries) })},
	{"entries of a run after", spread(func(r *row) float64 { return float64(r.runs[1].entries) })},
	{"seconds of a run before", spread(func(r *row) float64 { return r.runs[0].used.Seconds() })},
	{"seconds of a run after", spread(func(r *row) float64 { return r.runs[1].used.Seconds() })},
	{"entries of the search", spread(func(r *row) float64 { return float64(r.c.Entries) })},
	{
		"seconds of the search, the explanation and the feature",
		spread(func(r *row) float64 { return r.used.Seconds() }),
	},
	{"features", share(func(r *row) (int, int) { return count(r.steps > 0), 1 })},
	{"pass as specified", share(func(r *row) (int, int) { return count(r.passes), 1 })},
	{"unfinished", share(func(r *row) (int, int) { return count(r.c.Unfinished != ""), 1 })},
	{
		"key and bytes the same in a fresh process",
		share(func(r *row) (int, int) { return count(r.alike), 1 }),
	},
	{"other seeds with the same case", share(func(r *row) (int, int) { return r.same, r.other })},
}

// spread returns the median, the 95th percentile and the maximum of a number of each row.
func spread(of func(*row) float64) func(*summary) string {
	return func(s *summary) string {
		var all []float64
		for i := range s.rows {
			all = append(all, of(&s.rows[i]))
		}
		if slices.Sort(all); len(all) == 0 {
			return ""
		}
		at := func(percent int) string {
			v := all[min(len(all)-1, len(all)*percent/100)]
			if v != float64(int(v)) {
				return fmt.Sprintf("%.3g", v)
			}
			return fmt.Sprint(int(v))
		}
		return fmt.Sprintf("%s (%s, %s)", at(50), at(95), at(100))
	}
}

// share returns how many of all rows something holds for.
func share(of func(*row) (n, all int)) func(*summary) string {
	return func(s *summary) string {
		n, all := 0, 0
		for i := range s.rows {
			more, of := of(&s.rows[i])
			n, all = n+more, all+of
		}
		return fmt.Sprintf("%d of %d", n, all)
	}
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

// TestTableOf checks the table for rows that are known.
func TestTableOf(t *testing.T) {
	s := &summary{sweep: "canary"}
	for i := range 20 {
		c := &shrink.Case{}
		c.Before.Hosts, c.After.Hosts, c.Entries = 10+i, 1, uint64(100*i)
		s.rows = append(s.rows, row{
			c: c, steps: 4, alike: i > 0, same: 3, other: 4, used: time.Duration(i) * time.Second / 8,
		})
	}
	text := tableOf(7, []*summary{s, {sweep: "v0.1"}})
	for _, want := range []string{
		"| seeds 1:7 | canary | v0.1 |\n|---|---|---|\n| failures | 20 | 0 |\n",
		"\n| hosts before | 20 (29, 29) |  |\n", "\n| hosts after | 1 (1, 1) |  |\n",
		"\n| seconds of the search, the explanation and the feature | 1.25 (2.38, 2.38) |  |\n",
		"\n| key and bytes the same in a fresh process | 19 of 20 | 0 of 0 |\n",
		"\n| other seeds with the same case | 60 of 80 | 0 of 0 |\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
