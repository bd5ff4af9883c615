package reducer_test

import (
	"fmt"
	"testing"

	"rollsim/reducer"
)

// lifecycle returns the events of one whole rollout of two waves: the opening, and 22 steps from
// the first host that joins to the pruning.
func lifecycle(channel reducer.ChannelID, ref reducer.ChannelRef) []reducer.Event {
	const second = reducer.Time(1_000_000_000)
	id := reducer.NewRolloutID(channel, ref)
	at := second
	var events []reducer.Event
	add := func(ev reducer.Event) {
		at += second
		ev.Rollout, ev.At = id, at
		events = append(events, ev)
	}
	add(reducer.Event{Kind: reducer.RolloutOpened, Channel: channel, TargetRef: ref})
	hosts := []reducer.HostID{"web-1", "web-2", "web-3", "web-4"}
	for i, h := range hosts {
		add(reducer.Event{Kind: reducer.HostJoined, Host: h, Wave: uint32(i / 2)})
	}
	move := func(hosts []reducer.HostID, from, to reducer.HostState) {
		for _, h := range hosts {
			add(reducer.Event{Kind: reducer.HostStateChanged, Host: h, From: from, To: to})
		}
	}
	wave := func(from, to uint32) {
		add(reducer.Event{Kind: reducer.WaveAdvanced, FromWave: from, ToWave: to})
	}
	move(hosts[:2], reducer.HostPending, reducer.HostActivating)
	move(hosts[:2], reducer.HostActivating, reducer.HostSoaking)
	wave(0, 0)
	move(hosts[:2], reducer.HostSoaking, reducer.HostConverged)
	wave(0, 1)
	move(hosts[2:], reducer.HostPending, reducer.HostActivating)
	move(hosts[2:], reducer.HostActivating, reducer.HostSoaking)
	wave(1, 1)
	move(hosts[2:], reducer.HostSoaking, reducer.HostConverged)
	add(reducer.Event{Kind: reducer.RolloutTerminal})
	add(reducer.Event{Kind: reducer.SuccessorOpened, Successor: "stable@next"})
	add(reducer.Event{Kind: reducer.RetentionExpired})
	return events
}

// runLifecycle sets rec to the record of the opening and steps it through the events after that. It
// calls the machine through its interface, as the fleet does.
func runLifecycle(
	m reducer.Machine, rec *reducer.Record, events []reducer.Event, policy reducer.Policy,
	out *reducer.Effects,
) error {
	open := &events[0]
	*rec = reducer.Record{
		RolloutID: open.Rollout,
		Channel:   open.Channel,
		TargetRef: open.TargetRef,
		State:     reducer.Opening,
		OpenedAt:  open.At,
	}
	for i := 1; i < len(events); i++ {
		if err := m.Step(rec, &events[i], events[i].At, policy, out); err != nil {
			return err
		}
	}
	return nil
}

func BenchmarkLifecycle(b *testing.B) {
	for _, m := range machines() {
		b.Run(m.Name(), func(b *testing.B) {
			events, policy := lifecycle("stable", "a1"), reducer.DefaultPolicy()
			steps := 0
			var rec reducer.Record
			var out reducer.Effects
			for b.Loop() {
				if err := runLifecycle(m, &rec, events, policy, &out); err != nil ||
					rec.State != reducer.Pruned {
					b.Fatal(rec, err)
				}
				steps += len(events) - 1
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(steps), "ns/step")
		})
	}
}

// BenchmarkFleet folds whole lifecycles into one fleet, with their openings and the derived
// RolloutTerminal events.
func BenchmarkFleet(b *testing.B) {
	for _, m := range machines() {
		b.Run(m.Name(), func(b *testing.B) {
			const rollouts = 100
			var events []reducer.Event
			for i := range rollouts {
				channel := reducer.ChannelID(fmt.Sprintf("channel-%d", i))
				events = append(events, lifecycle(channel, "a1")...)
			}
			applied := 0
			for b.Loop() {
				fleet := reducer.NewFleet(m, nil)
				var out reducer.Outcome
				for i := range events {
					if err := fleet.Apply(&events[i], events[i].At, &out); err != nil {
						b.Fatal(err)
					}
				}
				applied += len(events)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(applied), "ns/event")
		})
	}
}

func TestALifecycleHas22Steps(t *testing.T) {
	events := lifecycle("stable", "a1")
	if got := len(events) - 1; got != 22 {
		t.Errorf("%d steps", got)
	}
	for _, m := range machines() {
		fleet := reducer.NewFleet(m, nil)
		var out reducer.Outcome
		for i := range events {
			if err := fleet.Apply(&events[i], events[i].At, &out); err != nil {
				t.Errorf("%s: step %d: %v", m.Name(), i, err)
			}
		}
		var rec reducer.Record
		if err := runLifecycle(m, &rec, events, reducer.DefaultPolicy(), &out.Effects); err != nil {
			t.Errorf("%s: %v", m.Name(), err)
		}
		if got := fleet.Rollout("stable@a1").Record; got != rec || rec.State != reducer.Pruned ||
			rec.CurrentWave != 1 {
			t.Errorf("%s: the fleet ends with\n%+v, the steps with\n%+v", m.Name(), got, rec)
		}
	}
}

// TestAcceptedStepsAllocateNothing checks the accepted steps of every cell, not only those of a
// lifecycle.
func TestAcceptedStepsAllocateNothing(t *testing.T) {
	for _, s := range specs(t) {
		var accepted []probe
		for _, p := range probes() {
			if s.answer(t, p.record, p.event, p.policy).err == "" {
				accepted = append(accepted, p)
			}
		}
		if len(accepted) == 0 {
			t.Fatal("no step is accepted")
		}
		var machine reducer.Machine = s.machine
		var out reducer.Effects
		allocs := testing.AllocsPerRun(10, func() {
			for i := range accepted {
				p := &accepted[i]
				rec := p.record
				if err := machine.Step(&rec, &p.event, p.event.At, p.policy, &out); err != nil {
					t.Fatal(err)
				}
			}
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations in %d accepted steps", s.machine.Name(), allocs, len(accepted))
		}
	}
}
