package scenario

import (
	"sync"
	"time"

	"rollsim/controlplane"
	"rollsim/sim"
)

// DefaultBehaviour returns the behaviour of hosts where a scenario does not set one: they are
// healthy and have the delays of ordinary machines.
func DefaultBehaviour() sim.Behaviour {
	b, never := defaultDelays(), sim.Probability(0)
	b.ActivationFailure, b.Deferral, b.ProbeFailure = &never, &never, &never
	b.RollbackFailure, b.NoAnswer = &never, &never
	return b
}

// defaultDelays are computed once, because their tables are large. They never change.
var defaultDelays = sync.OnceValue(func() sim.Behaviour {
	return sim.Behaviour{
		Ack:        must(sim.Uniform(1*time.Second, 5*time.Second)),
		Activation: must(sim.LogNormalP99(40*time.Second, 3*time.Minute)),
		Reboot:     must(sim.Exponential(10 * time.Minute)),
		Probe:      must(sim.Constant(20 * time.Second)),
		Converge:   must(sim.Constant(1 * time.Second)),
		Rollback:   must(sim.LogNormalP99(30*time.Second, 2*time.Minute)),
	}
})

// must returns a distribution whose parameters are valid.
func must(d *sim.Distribution, err error) *sim.Distribution {
	if err != nil {
		panic("scenario: " + err.Error())
	}
	return d
}

// overlay sets the fields of a behaviour that are in a file.
func overlay(to *sim.Behaviour, from *behaviour) {
	delays := []struct {
		to   **sim.Distribution
		from *delay
	}{
		{&to.Ack, from.Ack},
		{&to.Activation, from.Activation},
		{&to.Reboot, from.Reboot},
		{&to.Probe, from.Probe},
		{&to.Converge, from.Converge},
		{&to.Rollback, from.Rollback},
	}
	for _, d := range delays {
		if d.from != nil {
			*d.to = d.from.distribution
		}
	}
	chances := []struct {
		to   **sim.Probability
		from *probability
	}{
		{&to.ActivationFailure, from.ActivationFailure},
		{&to.Deferral, from.Deferral},
		{&to.ProbeFailure, from.ProbeFailure},
		{&to.RollbackFailure, from.RollbackFailure},
		{&to.NoAnswer, from.NoAnswer},
	}
	for _, c := range chances {
		if c.from != nil {
			*c.to = (*sim.Probability)(c.from)
		}
	}
}

func (b *builder) buildGroups() []sim.Group {
	var made []sim.Group
	for i := range b.doc.Groups {
		if b.tooMany("groups", i) {
			return made
		}
		g := &b.doc.Groups[i]
		b.checkPatterns(g.Hosts, "groups", i)
		group := sim.Group{Hosts: g.Hosts}
		overlay(&group.Behaviour, &g.Behaviour)
		made = append(made, group)
	}
	return made
}

func (b *builder) buildDelays() []sim.Delay {
	var made []sim.Delay
	for i := range b.doc.Delays {
		if b.enough() {
			break
		}
		d := &b.doc.Delays[i]
		channel, ok := b.channelOf[d.Host]
		if !ok {
			b.reject(at("delays", i, "host"), "%v", unknownName{"host", string(d.Host), b.hosts})
			continue
		}
		one := sim.Delay{Host: d.Host, Stage: d.Stage, Takes: d.Takes.distribution}
		if d.Ref != nil {
			b.checkRef(channel, string(*d.Ref), at("delays", i, "ref"))
			one.Ref = *d.Ref
		}
		made = append(made, one)
	}
	return made
}

// fateKinds returns the fates of every control plane, also of the shipped one alone.
func fateKinds() []sim.FateKind { return append(sim.FateKinds(), sim.FailsControl) }

func (b *builder) buildFates() []sim.Fate {
	var made []sim.Fate
	for i := range b.doc.Fates {
		if b.enough() {
			break
		}
		f := &b.doc.Fates[i]
		fate := sim.Fate{Host: f.Host, Kind: f.Fate, Once: f.Once}
		channel, ok := b.channelOf[f.Host]
		if !ok {
			b.reject(at("fates", i, "host"), "%v", unknownName{"host", string(f.Host), b.hosts})
			continue
		}
		if f.Ref != nil {
			b.checkRef(channel, string(*f.Ref), at("fates", i, "ref"))
			fate.Ref = *f.Ref
		}
		if f.RebootAfter != nil {
			if f.Fate != sim.Defers {
				b.reject(at("fates", i, "reboot_after"), "reboot_after: needs the fate defers")
			}
			fate.RebootAfter = f.RebootAfter.option()
		}
		if f.Fate == sim.FailsControl && b.doc.ControlPlane.name != controlplane.Shipped {
			b.reject(at("fates", i, "fate"), "fate: %v needs control_plane: shipped", f.Fate)
		}
		if f.PassesAfter != nil {
			if f.Fate != sim.FailsControl {
				b.reject(at("fates", i, "passes_after"), "passes_after: needs the fate fails-control")
			}
			fate.PassesAfter = f.PassesAfter.option()
		}
		made = append(made, fate)
	}
	return made
}
