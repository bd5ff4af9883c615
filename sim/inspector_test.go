package sim

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/trace"
)

// TestInspectorAnnounces checks that the state after each entry says that something happens at the
// time of the next one, if that is the message of an agent: in runs with every fault and under both
// control planes.
func TestInspectorAnnounces(t *testing.T) {
	seen := 0
	for seed := uint64(1); seed <= 4; seed++ {
		var faults []Fault
		for _, kind := range FaultKinds() {
			faults = append(faults, Fault{
				Kind: kind, Probability: chanceOf(t, 0.05), For: constant(t, 100*time.Second),
			})
		}
		seen += announced(t, fmt.Sprintf("faults, seed %d", seed), faulty(t, faults...), seed)
		seen += announced(t, fmt.Sprintf("shipped, seed %d", seed), drawn(t, seed), seed)
	}
	if seen < 100 {
		t.Errorf("only %d messages of agents", seen)
	}
}

// announced checks one run, and returns how many messages it has looked for.
func announced(t *testing.T, name string, sc *Scenario, seed uint64) (seen int) {
	t.Helper()
	_, entries, _ := played(t, sc, seed)
	entries = entries[1:] // without the header
	in, err := NewInspector(sc, Options{Machine: reducer.RFC0008(), Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	for i := range entries[:len(entries)-1] {
		now, next := entries[i].At, entries[i+1].At
		s, err := in.State(entries[i].Seq)
		if err != nil {
			t.Fatal(err)
		}
		// A row of the shipped control plane may be a little later than the input that it is about.
		if entries[i+1].Agent == nil || next-now < reducer.Time(time.Millisecond) || next <= s.At {
			continue
		}
		seen++
		all := slices.Concat(s.ControlPlane, s.Agents, s.Messages, s.Due)
		if !slices.ContainsFunc(all, func(f controlplane.Fact) bool {
			return f.At.Set && f.At.Value <= next && next-f.At.Value < reducer.Time(time.Millisecond)
		}) {
			t.Fatalf("%s: after entry %d nothing is said to happen at entry %d:\n%+v\n%+v\n%+v", name,
				entries[i].Seq, entries[i+1].Seq, entries[i], entries[i+1], s)
		}
	}
	return seen
}

// has reports whether one of some facts about a subject begins with a text. The time is that since
// the start, or -1.
func has(sc *Scenario, all []controlplane.Fact, subject, text string, at time.Duration) bool {
	return slices.ContainsFunc(all, func(f controlplane.Fact) bool {
		when := time.Duration(-1)
		if f.At.Set {
			when = time.Duration(f.At.Value - sc.Start)
		}
		return f.Subject == subject && strings.HasPrefix(f.Detail, text) && when == at
	})
}

// TestInspector looks at some moments of a run, there and back.
func TestInspector(t *testing.T) {
	sc := faulty(t)
	sc.Timeline = append(sc.Timeline, fault(20*time.Minute, ControlPlaneCrash, "", time.Minute))
	_, entries, _ := played(t, sc, 1)
	entries = entries[1:]
	in, err := NewInspector(sc, Options{Machine: reducer.RFC0008(), Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	find := func(is func(e *trace.Entry) bool) *trace.Entry {
		t.Helper()
		i := slices.IndexFunc(entries, func(e trace.Entry) bool { return is(&e) })
		if i < 0 {
			t.Fatal("the run has no such entry")
		}
		return &entries[i]
	}
	state := func(e *trace.Entry) *State {
		t.Helper()
		s, err := in.State(e.Seq)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	elapsed := func(e *trace.Entry) time.Duration { return time.Duration(e.At - sc.Start) }

	sent := find(func(e *trace.Entry) bool { return e.Plan != nil && e.Host == "l1" })
	acked := find(func(e *trace.Entry) bool { return e.Agent != nil && e.Host == "l1" })
	s := state(sent)
	for _, want := range []struct {
		all           []controlplane.Fact
		subject, text string
		at            time.Duration
	}{
		{s.ControlPlane, "late", "the last poll saw ref z1", -1},
		{s.ControlPlane, "budget few", "counts 1 of at most 1: l1", -1},
		{s.ControlPlane, "l1", "dispatch 1 for late@z1 has no ack", elapsed(sent) + time.Minute},
		{s.ControlPlane, "late@z1", "wave 0: 1 Pending", -1},
		{s.Agents, "l1", "runs initial", -1},
		{s.Messages, "l1", "the dispatch for late@z1 arrives", elapsed(acked)},
	} {
		if !has(sc, want.all, want.subject, want.text, want.at) {
			t.Errorf("after the dispatch to l1 the state lacks %s: %s\n%+v", want.subject, want.text, s)
		}
	}
	after := state(acked)
	if has(sc, after.Messages, "l1", "the dispatch", elapsed(acked)) ||
		has(sc, after.ControlPlane, "l1", "dispatch 1", elapsed(sent)+time.Minute) {
		t.Errorf("after the ack the dispatch to l1 is still under way: %+v", after)
	}
	down := state(find(func(e *trace.Entry) bool { return e.Fault != nil }))
	if !has(sc, down.ControlPlane, "control plane", "it is down", -1) ||
		!has(sc, down.Due, "control plane", "it is back", 21*time.Minute) {
		t.Errorf("during the crash: %+v", down)
	}
	if again := state(sent); !reflect.DeepEqual(again, s) {
		t.Errorf("on the way back:\n%+v\nbefore:\n%+v", again, s)
	}
	sc.ControlPlane = controlplane.Shipped
	shipped, err := NewInspector(sc, Options{Machine: reducer.RFC0008(), Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := shipped.State(uint64(len(shipped.steps)))
	if err != nil {
		t.Fatal(err)
	}
	if !has(sc, rows.ControlPlane, "h00", "row under stable@b2: Converged, last message", -1) ||
		!has(sc, rows.Agents, "h00", "knows stable@b2: Converged", -1) {
		t.Errorf("at the end of the shipped run: %+v", rows)
	}
	for _, seq := range []uint64{0, uint64(len(entries)) + 1} {
		if s, err := in.State(seq); err == nil {
			t.Errorf("entry %d has state %+v", seq, s)
		}
	}
}
