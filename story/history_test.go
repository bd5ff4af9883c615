package story

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

// historyOf returns the history of some entries, one each minute.
func historyOf(entries ...trace.Entry) *history {
	for i := range entries {
		entries[i].Seq = uint64(i + 1)
		entries[i].At = startTime + reducer.Time(time.Duration(i)*time.Minute)
	}
	end := startTime + reducer.Time(time.Duration(len(entries))*time.Minute)
	return newHistory(entries, &sim.Result{Start: startTime, End: end})
}

func event(ev reducer.Event) trace.Entry {
	return trace.Entry{Kind: trace.KindRolloutEvent, Rollout: ev.Rollout, Event: &ev}
}

func transition(id reducer.RolloutID, from, to reducer.State) trace.Entry {
	return trace.Entry{Kind: trace.KindEffect, Rollout: id, Effect: &reducer.Effect{
		Kind: reducer.RecordRolloutTransition, Rollout: id, From: from, To: to,
	}}
}

func rejection(ev reducer.EventKind, id reducer.RolloutID, err string) trace.Entry {
	return trace.Entry{Rollout: id, Rejection: &trace.Rejection{Event: ev, Rollout: id, Error: err}}
}

// opened returns the entries of a rollout of two hosts, in waves 0 and 1. The second joins twice
// and a third is refused.
func opened() []trace.Entry {
	join := func(host reducer.HostID, wave uint32) trace.Entry {
		return event(reducer.Event{Kind: reducer.HostJoined, Rollout: "r1", Host: host, Wave: wave})
	}
	return []trace.Entry{
		event(
			reducer.Event{Kind: reducer.RolloutOpened, Rollout: "r1", Channel: "stable", TargetRef: "a1"},
		),
		join("a", 0), transition("r1", reducer.Opening, reducer.Active),
		join("b", 1), join("b", 1),
		join("c", 2), rejection(reducer.HostJoined, "r1", trace.ErrorIllegalForState),
		event(reducer.Event{
			Kind: reducer.HostStateChanged, Rollout: "r1", Host: "a",
			From: reducer.HostPending, To: reducer.HostActivating,
		}),
	}
}

func TestHistory(t *testing.T) {
	h := historyOf(opened()...)
	r, err := h.rollout("r1")
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%s %s %v %v %d", r.channel, r.ref, r.states, r.waves, len(r.hosts))
	if got != "stable a1 Opening, Active 0 2" {
		t.Error(got)
	}
	if got := r.lastState(); got != "r1 is Active since 0d 00:02:00.000" {
		t.Error(got)
	}
	if r.host("c") != nil {
		t.Error("c joined although the reducer refused it")
	}
	if got := r.census(7 * time.Minute); got != "1 Pending, 1 Activating" {
		t.Error(got)
	}
	if got := r.census(0); got != "no host has joined" {
		t.Error(got)
	}
	if n := r.count(reducer.HostPending, 6*time.Minute); n != 2 {
		t.Errorf("%d hosts are Pending before the first activates", n)
	}
	if !h.refused(5) || h.refused(4) || h.refused(6) {
		t.Error("only entry 5 is refused")
	}
	const want = `rollout "r2" was never opened: did you mean "r1"?`
	if _, err := h.rollout("r2"); fmt.Sprint(err) != want {
		t.Error(err)
	}
	_, err = historyOf().rollout("r2")
	if err == nil || !strings.HasPrefix(err.Error(), `rollout "r2" was never opened, nor any other`) {
		t.Error(err)
	}
}

func TestChanges(t *testing.T) {
	h := historyOf(opened()...)
	states := h.rollouts["r1"].states
	for at, want := range map[time.Duration]string{
		-1: "none", 0: "Opening", 2*time.Minute - 1: "Opening", 2 * time.Minute: "Active",
		time.Hour: "Active",
	} {
		got := "none"
		if c, ok := states.at(at); ok {
			got = c.to.String()
		} else if c.entry != noEntry {
			t.Errorf("entry %d at %v", c.entry, at)
		}
		if got != want {
			t.Errorf("%s at %v, want %s", got, at, want)
		}
	}
	if states.first(reducer.Active) != 2 || states.first(reducer.Failed) != noEntry {
		t.Error("Active comes with entry 2, and Failed never")
	}
}

// TestSettled adds to a history entries that show that the fleet is active, and others that do not.
func TestSettled(t *testing.T) {
	fault := func(kind sim.FaultKind) trace.Entry {
		return trace.Entry{Fault: &trace.Fault{Fault: kind.String()}}
	}
	plan := func(attempt int) trace.Entry {
		return trace.Entry{Plan: &trace.PlanAction{Action: trace.QueueDispatch, Attempt: attempt}}
	}
	for _, tt := range []struct {
		name   string
		entry  trace.Entry
		active bool
	}{
		{"an event", event(reducer.Event{Kind: reducer.WaveAdvanced, Rollout: "r1"}), true},
		{"retention", event(reducer.Event{Kind: reducer.RetentionExpired, Rollout: "r1"}), false},
		{"a transition", transition("r1", reducer.Active, reducer.Failed), true},
		{"a pruning", transition("r1", reducer.Failed, reducer.Pruned), false},
		{"a refusal", rejection(reducer.HostJoined, "r1", trace.ErrorInvariant), false},
		{"a dispatch", plan(1), true},
		{"a dispatch again", plan(2), false},
		{"a host that goes silent", fault(sim.HostOffline), true},
		{"a poll that fails", fault(sim.PollFailed), false},
		{"a stale poll", fault(sim.PollStale), false},
		{"the end", trace.Entry{End: new(trace.End)}, false},
	} {
		h := historyOf(append(opened(), tt.entry)...)
		last := 7 * time.Minute
		if tt.active {
			last = 8 * time.Minute
		}
		if got := h.settled(); got != last+settleDelay {
			t.Errorf("%s: settled at %v", tt.name, got)
		}
		end := 9 * time.Minute
		if h.covers(end+1, 0) || !h.covers(end, 0) || !h.covers(0, end-h.settled()) ||
			h.covers(0, end-h.settled()+1) {
			t.Errorf("%s: a run that ends at %v covers the wrong span", tt.name, h.end())
		}
	}
	if got := historyOf().settled(); got != 0 {
		t.Errorf("an empty run settles at %v", got)
	}
}

func TestHistoryPositions(t *testing.T) {
	h := historyOf(opened()...)
	if n := len(h.until(2 * time.Minute)); n != 3 {
		t.Errorf("%d entries until 2 minutes", n)
	}
	for _, tt := range []struct {
		after occurrence
		want  int
	}{
		{occurrence{0, 1}, 2},
		{occurrence{2 * time.Minute, noEntry}, 2},
		{occurrence{time.Hour, noEntry}, 8},
	} {
		if got := h.after(tt.after); got != tt.want {
			t.Errorf("entry %d is after %+v, want %d", got, tt.after, tt.want)
		}
	}
	if h.lastAbout("r1") != 7 || h.lastAbout("stable") != noEntry {
		t.Errorf("entries %d and %d", h.lastAbout("r1"), h.lastAbout("stable"))
	}
	marked := h.around(2, 0)
	if len(marked) != 8 || !strings.HasPrefix(marked[2], "> ") || !strings.HasPrefix(marked[3], "  ") {
		t.Errorf("%q", marked)
	}
	if last := h.around(noEntry, time.Minute); len(last) != 2 || strings.HasPrefix(last[1], "> ") {
		t.Errorf("%q", last)
	}
}

func TestAllowedRefusals(t *testing.T) {
	h := historyOf(append(opened(), rejection(reducer.WaveAdvanced, "r1", trace.ErrorInvariant))...)
	var a allowed
	if i := a.unexpectedRefusal(h); i != 6 {
		t.Errorf("the first refusal is entry %d", i)
	}
	a.refusals = []refusedEvent{{reducer.HostJoined, "r1"}, {reducer.WaveAdvanced, "r2"}}
	if i := a.unexpectedRefusal(h); i != 8 {
		t.Errorf("the first refusal that is not allowed is entry %d", i)
	}
	a.refusals[1].rollout = "r1"
	if i := a.unexpectedRefusal(h); i != noEntry {
		t.Errorf("entry %d is allowed", i)
	}
}
