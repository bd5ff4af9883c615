package prove

import (
	"slices"
	"strings"
	"testing"

	"rollsim/internal/deviation"
	"rollsim/reducer"
)

// TestAllowed checks that only those deviations happen that the scenario allows, that Options.Kinds
// overrides it, and that one entry which allows a deviation is enough.
func TestAllowed(t *testing.T) {
	two := strings.Replace(one, "hosts: 1,", "hosts: [web-1, db-1],", 1)
	offered := func(p *Prover, n *node) string {
		var all []string
		for _, d := range p.run(n, true).children {
			text := strings.TrimSpace(d.Kind.String() + " " + string(d.host))
			if !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
		return strings.Join(all, ", ")
	}
	for _, c := range []struct{ deviations, first, second string }{
		{"[{kinds: [fails-probes], hosts: [\"web-*\"]}]", "fails-probes web-1", ""},
		{"[{kinds: [fails-probes], at_most: 1}]", "fails-probes web-1, fails-probes db-1", ""},
		{
			"[{kinds: [fails-probes], at_most: 2}]", "fails-probes web-1, fails-probes db-1",
			"fails-probes db-1",
		},
		{
			"[{kinds: [fails-probes], at_most: 1}, {kinds: [fails-probes], hosts: [db-1]}]",
			"fails-probes web-1, fails-probes db-1", "fails-probes db-1",
		},
		{
			"[{kinds: [fates], at_most: 1}, {kinds: [poll-failed]}]",
			"poll-failed, never-answers web-1, never-answers db-1, defers web-1, fails-activation web-1, " +
				"defers db-1, fails-activation db-1, fails-probes web-1, fails-probes db-1", "",
		},
	} {
		sc := parse(t, two+"deviations: "+c.deviations+"\n")
		p := prover(t, sc, reducer.RFC0008(), func(o *Options) { o.Asymmetric = true })
		first := p.run(&node{}, true).children
		if got := offered(p, &node{}); got != c.first {
			t.Errorf("%s: first %q, want %q", c.deviations, got, c.first)
		}
		i := slices.IndexFunc(first, func(d *Deviation) bool { return d.Kind == FailsProbes })
		if got := offered(p, (&node{}).with(first[i])); got != c.second {
			t.Errorf("%s: second %q, want %q", c.deviations, got, c.second)
		}
		p = prover(t, sc, reducer.RFC0008(), func(o *Options) { o.Kinds = deviation.Of(PollFailed) })
		if got := offered(p, &node{}); got != "poll-failed" {
			t.Errorf("%s: with kinds %q", c.deviations, got)
		}
	}
}

// TestAllowedSearch checks that the search keeps to what the scenario allows, and says so.
func TestAllowedSearch(t *testing.T) {
	for _, c := range []struct {
		kinds string
		holds bool
	}{{"fails-activation", false}, {"message-dropped", true}} {
		sc := fleet(t, "two-waves")
		sc.Deviations = parse(t, one+"deviations: [{kinds: ["+c.kinds+"], at_most: 1}]\n").Deviations
		r := result(t, prover(t, sc, failingForever(), nil), 2)
		if r.Holds() != c.holds || r.Kinds != c.kinds+", at most 1" {
			t.Errorf("%s: %s with kinds %q", c.kinds, r.Verdict(), r.Kinds)
		}
		if c.holds && (len(r.Levels) != 3 || r.Levels[2].Runs != 0) {
			t.Errorf("%s: more than one happens: %+v", c.kinds, r.Levels)
		}
	}
}
