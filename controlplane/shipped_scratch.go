package controlplane

import (
	"rollsim/reducer"
	"rollsim/trace"
)

// shippedScratch is memory that every input reuses. It is not part of the state.
type shippedScratch struct {
	outcome  reducer.Outcome
	entry    trace.Entry
	decision trace.GateDecision
	plan     trace.PlanAction
	effect   trace.HostEffect
	next     reducer.Event // the one that is applied
	derived  reducer.Event // the one that the fleet derives from it

	activeRows  []*row
	activeSlots []int
	snapshots   []Snapshot
	actions     []action
	rank        []uint32
	pendings    []int
	waves       map[awaitedWave]string // reasons of waveGate
}

// awaitedWave is what the reason of a wave gate names.
type awaitedWave struct{ wave, cursor uint32 }

// newEvent returns a copy of an event that is valid until the next call.
func (s *shippedScratch) newEvent(ev reducer.Event) *reducer.Event {
	s.next = ev
	return &s.next
}

// write passes an entry with its time to the output.
func (s shippedStep) write(at reducer.Time, e trace.Entry) {
	s.entry = e
	s.entry.At = at
	s.out.Entry(&s.entry)
}

// writeEffect writes what is done to a host, with the host and the rollout that the effect names.
func (s shippedStep) writeEffect(at reducer.Time, e trace.HostEffect) {
	s.effect = e
	s.write(at, trace.Entry{
		Kind: trace.KindEffect, Host: e.Host, Rollout: e.Rollout, HostEffect: &s.effect,
	})
}
