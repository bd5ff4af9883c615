package replay

import (
	"fmt"
	"strings"
	"testing"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// archivable returns the id of a rollout that the archive accepts.
func archivable(n int) reducer.RolloutID {
	return reducer.NewRolloutID("edge", reducer.ChannelRef(fmt.Sprintf("%040x", n)))
}

// supersedeAll opens rollouts. Each supersedes the one before it, whose hosts are freed.
func supersedeAll(f *fixture, ids ...reducer.RolloutID) []*rollout {
	var all []*rollout
	for i, id := range ids {
		if i > 0 {
			f.apply(reducer.Event{Kind: reducer.SuccessorOpened, Rollout: ids[i-1], Successor: id})
			all[i-1].free()
			f.rollouts.ended = append(f.rollouts.ended, all[i-1])
		}
		f.cursor.n++
		all = append(all, f.open(id, "e1"))
	}
	return all
}

// TestRegistry: a rollout that was evicted is looked up by its record and restored with it, from
// the archive or, if that cannot hold it, from the fleet.
func TestRegistry(t *testing.T) {
	for name, id := range map[string]reducer.RolloutID{"archive": archivable(1), "fleet": "edge@a1"} {
		f := newFixture(t)
		f.rollouts.checker = invariant.NewChecker(f.rollouts.fleet, &trace.Header{})
		r := supersedeAll(f, id, "edge@z9")[0]
		g := &f.rollouts
		if g.surplus() != nil {
			t.Errorf("%s: fewer rollouts than are kept are surplus", name)
		}
		g.keep = 0
		if g.surplus() != r {
			t.Fatalf("%s: it is not surplus", name)
		}
		number, rec := r.fold.Number(), r.fold.Record
		g.evict(r)
		if g.byID[id] != nil || g.evicted != 1 || len(g.opened) != 1 {
			t.Errorf("%s: it was not evicted", name)
		}
		if inFleet := g.fleet.Rollout(id) != nil; inFleet != (name == "fleet") {
			t.Errorf("%s: in the fleet: %v", name, inFleet)
		}
		if got := g.lookup(id); got == nil || got.fold.Record != rec || g.byID[id] != nil {
			t.Errorf("%s: looked up as %v", name, got)
		}
		if got := g.channelOf(id); got != "edge" {
			t.Errorf("%s: channel %q", name, got)
		}
		got := g.get(id)
		if got.fold.Number() != number || got.fold.Record != rec || g.openings[number] != 1 ||
			g.fleet.Rollout(id) != got.fold || len(g.ended) != 1 || g.get(id) != got {
			t.Errorf("%s: restored as %+v", name, got)
		}
	}
}

// TestRegistryNever: an id that the log does not open is added, and moves when it is opened.
func TestRegistryNever(t *testing.T) {
	f := newFixture(t)
	g := &f.rollouts
	if g.lookup("edge@a1") != nil || g.knows(&Filter{Rollout: "edge@a1"}) {
		t.Error("a rollout is known that no entry names")
	}
	r := g.get("edge@a1")
	if len(g.never) != 1 || f.evidence.rollouts != 1 || !g.knows(&Filter{Rollout: "edge@a1"}) {
		t.Errorf("%d never opened, %d ids", len(g.never), f.evidence.rollouts)
	}
	if f.open("edge@a1") != r || len(g.never) > 0 || len(g.opened) != 1 {
		t.Errorf("%d never opened, %d opened", len(g.never), len(g.opened))
	}
}

// TestSurplus: a rollout with a finding is kept although it has ended, unless it was not asked for.
func TestSurplus(t *testing.T) {
	for _, c := range []struct {
		only Filter
		want reducer.RolloutID
	}{
		{Filter{}, "edge@b2"},
		{Filter{Channel: "stable"}, "edge@a1"},
		{Filter{Rollout: "edge@b2"}, "edge@a1"},
	} {
		f := newFixture(t)
		f.rollouts.only = &c.only
		supersedeAll(f, "edge@a1", "edge@b2", "edge@c3", "edge@d4")[0].found = true
		f.rollouts.keep = 1
		if got := f.rollouts.surplus(); got == nil || got.id != c.want {
			t.Errorf("%+v: surplus is %v, want %s", c.only, got, c.want)
		}
	}
}

func TestSelects(t *testing.T) {
	f := newFixture(t)
	r := supersedeAll(f, "edge@a1", "edge@b2")[0]
	r.asked = true
	for _, c := range []struct {
		only Filter
		want bool
	}{
		{Filter{}, true},
		{Filter{Rollout: "edge@a1", Channel: "edge", Host: "e1"}, true},
		{Filter{Rollout: "edge@b2"}, false},
		{Filter{Channel: "stable"}, false},
		{Filter{Since: reducer.Some(start)}, true},
		{Filter{Since: reducer.Some(start + 1)}, false},
	} {
		f.rollouts.only = &c.only
		if got := f.rollouts.selects(r); got != c.want {
			t.Errorf("%+v selects it: %v", c.only, got)
		}
	}
	r.asked = false
	f.rollouts.only = &Filter{Host: "e1"}
	if f.rollouts.selects(r) {
		t.Error("the host has not joined it")
	}
}

// TestArchiveFind: the archive returns the records that it was given, and no others.
func TestArchiveFind(t *testing.T) {
	var a archive
	if a.find(archivable(1)) != nil {
		t.Error("the empty archive has a record")
	}
	const many = 2000
	record := func(n int) reducer.Record {
		id := archivable(n)
		rec := reducer.Record{
			RolloutID: id, Channel: "edge", TargetRef: reducer.ChannelRef(id[len("edge@"):]),
			State: reducer.Superseded, OpenedAt: reducer.Time(n), CurrentWave: uint32(n),
		}
		if n%2 == 0 {
			rec.TerminalAt = reducer.Some(reducer.Time(n))
		} else {
			rec.SupersededAt = reducer.Some(reducer.Time(0))
		}
		return rec
	}
	for n := range many {
		rec := record(n)
		if !a.put(&rec, many-n, uint64(n)) {
			t.Fatalf("record %d is refused", n)
		}
	}
	for n := range many {
		k := a.find(archivable(n))
		if k == nil || a.record(k) != record(n) || k.seq != uint64(n) {
			t.Fatalf("record %d is %v", n, k)
		}
	}
	if a.find(archivable(many)) != nil || a.find("other@"+archivable(1)[len("edge@"):]) != nil {
		t.Error("a record is found that was never added")
	}
	changed := record(3)
	changed.State = reducer.Pruned
	if !a.put(&changed, 1, 9) || a.n != many || a.record(a.find(archivable(3))) != changed {
		t.Error("a record is not replaced")
	}
	a.find(archivable(0)).flags |= isListed
	a.find(archivable(1)).flags |= isRestored
	unlisted := a.unlisted()
	if len(unlisted) != many-2 || unlisted[0].number != 1 || unlisted[1].number != 1 ||
		unlisted[len(unlisted)-1].number != many-2 {
		t.Errorf("%d unlisted", len(unlisted))
	}
}

// TestArchiveRefuses: the archive takes no record that it could not return as it was.
func TestArchiveRefuses(t *testing.T) {
	id := archivable(1)
	good := reducer.Record{
		RolloutID: id, Channel: "edge", TargetRef: reducer.ChannelRef(id[len("edge@"):]),
		State: reducer.Pruned,
	}
	for name, change := range map[string]func(*reducer.Record){
		"a short ref": func(r *reducer.Record) { r.RolloutID = "edge@a1" },
		"capital digits": func(r *reducer.Record) {
			r.RolloutID = "edge@" + reducer.RolloutID(strings.Repeat("A", 40))
		},
		"no digits": func(r *reducer.Record) {
			r.RolloutID = "edge@" + reducer.RolloutID(strings.Repeat("z", 40))
		},
		"another channel":    func(r *reducer.Record) { r.Channel = "stable" },
		"another ref":        func(r *reducer.Record) { r.TargetRef = "a1" },
		"a log sequence too": func(r *reducer.Record) { r.OpenedEventLogSeq = reducer.Some(int64(1)) },
	} {
		var a archive
		rec := good
		change(&rec)
		if a.put(&rec, 0, 0) || a.n > 0 {
			t.Errorf("%s is taken", name)
		}
	}
	var a archive
	if !a.put(&good, 0, 0) || a.put(&good, 1<<32, 0) {
		t.Error("a number that does not fit is taken, or a good record is not")
	}
}
