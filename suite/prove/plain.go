package prove

import (
	"fmt"
	"slices"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
)

// Plain returns the plain run of a scenario: nothing is drawn, every stage takes the median of its
// distribution, and nothing goes wrong except what the scenario says itself.
func Plain(sc *sim.Scenario) *sim.Scenario {
	p := *sc
	p.Behaviour = plainBehaviour(&sc.Behaviour)
	p.Groups = slices.Clone(sc.Groups)
	for i := range p.Groups {
		p.Groups[i].Behaviour = plainBehaviour(&p.Groups[i].Behaviour)
	}
	p.Delays = slices.Clone(sc.Delays)
	for i := range p.Delays {
		p.Delays[i].Takes = constant(median(p.Delays[i].Takes))
	}
	p.Timeline = slices.Clone(sc.Timeline)
	for i := range sc.Traffic {
		p.Timeline = append(p.Timeline, traffic(&sc.Traffic[i], sc.Horizon)...)
	}
	p.Traffic, p.Faults, p.Deviations = nil, nil, nil
	return &p
}

func plainBehaviour(b *sim.Behaviour) sim.Behaviour {
	p := *b
	for _, d := range p.Delays() {
		if *d != nil {
			*d = constant(median(*d))
		}
	}
	p.ActivationFailure, p.Deferral, p.ProbeFailure = nil, nil, nil
	p.RollbackFailure, p.NoAnswer = nil, nil
	return p
}

// median returns the median of a distribution.
func median(d *sim.Distribution) time.Duration { return d.Quantiles(1)[0] }

// high returns the 99th percentile of a distribution.
func high(d *sim.Distribution) time.Duration {
	const parts = 50 // the middle of the last part is at 99 %
	return d.Quantiles(parts)[parts-1]
}

func constant(d time.Duration) *sim.Distribution {
	c, err := sim.Constant(d)
	if err != nil {
		panic(err) // it is a delay of another distribution
	}
	return c
}

// traffic returns the changes of drawn traffic as lines of a timeline.
func traffic(t *sim.Traffic, horizon time.Duration) []sim.Action {
	until := horizon
	if t.Until > 0 {
		until = min(until, t.Until)
	}
	var all []sim.Action
	for at := t.From; at < until; at += max(time.Millisecond, median(t.Every)) {
		var ref reducer.ChannelRef
		switch n := len(all); t.Kind {
		case sim.Arrivals:
			ref = reducer.ChannelRef(fmt.Sprintf("%s%d", t.Prefix, n+1))
		case sim.Flapping:
			ref = t.Between[n%len(t.Between)]
		}
		all = append(all, sim.Action{At: at, SetRef: &sim.RefChange{Channel: t.Channel, Ref: ref}})
	}
	return all
}
