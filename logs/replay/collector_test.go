package replay

import (
	"fmt"
	"slices"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// TestCollectorOrder: findings are in the order of the log, whenever they were made; one about what
// should follow an entry comes after one about the entry.
func TestCollectorOrder(t *testing.T) {
	f := newFixture(t)
	add := func(reason string, n uint64, after int) {
		f.findings.add(
			Finding{Class: Log, Kind: Altered, What: "entry", Reason: reason}, place{n: n, seq: n}, after,
		)
	}
	add("c", 5, 1)
	add("b", 5, 0)
	add("d", 9, 0)
	add("a", 2, 0)
	f.want(
		"log 2 altered entry (a)", "log 5 altered entry (b)", "log 5 altered entry (c)",
		"log 9 altered entry (d)",
	)
}

// TestCollectorFilters: findings that were not asked for are neither kept nor counted.
func TestCollectorFilters(t *testing.T) {
	for _, c := range []struct {
		name  string
		only  Filter
		until uint64
		want  string // the seqs of those about edge@a1 with e1, edge@a1, edge@b2, and the log
	}{
		{"all", Filter{}, 0, "1234"},
		{"rollout", Filter{Rollout: "edge@a1"}, 0, "124"},
		{"channel", Filter{Channel: "stable"}, 0, "4"},
		{"host", Filter{Host: "e1"}, 0, "124"}, // with findings about the rollout that it joined
		{"another host", Filter{Host: "e2"}, 0, "4"},
		{"since", Filter{Since: reducer.Some(start + 3)}, 0, "34"},
		{"until", Filter{}, 2, "12"},
	} {
		f := newFixture(t)
		f.open("edge@a1", "e1").asked = c.only.Host == "e1"
		f.findings.only, f.findings.until = c.only, c.until
		for i, finding := range []Finding{
			{Class: Host, Rollout: "edge@a1", Host: "e1"},
			{Class: Illegal, Rollout: "edge@a1"},
			{Class: Illegal, Rollout: "edge@b2", channel: "edge"},
			{Class: Log},
		} {
			finding.Kind, finding.What = Extra, "thing"
			n := uint64(i + 1)
			f.findings.add(finding, place{seq: n, n: n, at: start + reducer.Time(n)}, 0)
		}
		var res Result
		f.findings.results(&res, &f.notes)
		count, kept := 0, ""
		for _, g := range res.Groups {
			count += int(g.Count)
		}
		for _, finding := range res.Findings {
			kept += fmt.Sprint(finding.Seq)
		}
		if kept != c.want || count != len(c.want) {
			t.Errorf("%s: %d counted, %s kept, want %s", c.name, count, kept, c.want)
		}
	}
}

// TestCollectorWithdraws: a finding that was withdrawn is neither kept nor counted, an accepted one
// likewise.
func TestCollectorWithdraws(t *testing.T) {
	first := Finding{Class: Log, Kind: Altered, What: "entry", Reason: "a"}
	second := Finding{Class: Log, Kind: Altered, What: "entry", Reason: "b"}
	f := newFixture(t)
	f.findings.accepted = newAcceptance(accepted(t, first.Key()+" known"))
	a, b := f.findings.add(first, place{}, 0), f.findings.add(second, place{}, 0)
	var res Result
	f.findings.results(&res, &f.notes)
	want := []Group{{Class: Log, Title: "altered entry", Count: 1, Accepted: 1}}
	if !slices.Equal(res.Groups, want) || len(res.Accepted) != 1 || !res.Failing() {
		t.Errorf("%+v", res)
	}
	f.findings.withdraw(a)
	f.findings.withdraw(b)
	f.findings.withdraw(nil)
	res = Result{}
	f.findings.results(&res, &f.notes)
	if len(res.Groups)+len(res.Findings)+len(res.Accepted) > 0 || res.Failing() {
		t.Errorf("after all were withdrawn: %+v", res)
	}
}

// TestCollectorEvidence: findings without the evidence for them are left out, with a note.
func TestCollectorEvidence(t *testing.T) {
	f := newFixture(t)
	r := f.open("edge@a1", "e1")
	f.findings.add(extra(Host, "host move", r.id, "x"), place{}, 0)
	f.findings.add(extra(Host, "other thing", r.id, "x"), place{}, 0)
	var res Result
	f.findings.results(&res, &f.notes)
	if len(res.Findings) != 1 || res.Findings[0].What != "other thing" || len(f.notes.list) != 1 {
		t.Errorf("%v, notes %q", res.Findings, f.notes.list)
	}
}

// TestCollectorContext: a finding shows the entries around it, also those that come later, and no
// others.
func TestCollectorContext(t *testing.T) {
	f := newFixture(t)
	var found *Finding
	for i := range 8 {
		e := f.read(*poll(fmt.Sprint("r", i), ""))
		if i == 5 {
			found = f.findings.add(extra(Log, "entry", "", "x"), f.cursor.place(e), 0)
		}
		f.findings.showLater(e)
		f.cursor.finish(e)
	}
	f.findings.showLater(&trace.Entry{Kind: trace.KindGateDecision})
	if polls(found.Before) != "r1 r2 r3 r4" || polls(found.Later) != "r6 r7" {
		t.Errorf("before %s, later %s", polls(found.Before), polls(found.Later))
	}
	table := f.findings.add(extra(Derived, "row", "", "x"), f.cursor.end, 0)
	if len(table.Before)+len(table.Later) > 0 {
		t.Errorf("a table's row has entries around it: %v", table.Before)
	}
}

// TestCollectorUntil: a finding about what follows an entry needs the log up to that entry, others
// up to where they are made, and those of the end all of it.
func TestCollectorUntil(t *testing.T) {
	f := newFixture(t)
	f.cursor.highest = 40
	at := place{seq: 7, highest: 9}
	got := []uint64{
		f.findings.add(missing(Effect, "effect", "", "x"), at, 1).Until,
		f.findings.add(extra(Effect, "effect", "", "x"), at, 0).Until,
		f.findings.add(missing(Derived, "row", "", "x"), at, 1).Until,
		f.findings.add(missing(Log, "entry", "", "x"), at, 1).Until, // without the evidence
	}
	f.findings.atEnd = true
	got = append(got, f.findings.add(extra(Effect, "effect", "", "y"), at, 0).Until)
	if !slices.Equal(got, []uint64{9, 40, 40, 0, 0}) {
		t.Error(got)
	}
}

// TestNotes: there are at most so many notes.
func TestNotes(t *testing.T) {
	var n notes
	for range maxNotes + 1 {
		n.add("x")
	}
	if len(n.list) != maxNotes {
		t.Errorf("%d notes", len(n.list))
	}
}
