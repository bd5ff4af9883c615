package sim

import (
	"slices"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// Explicit runs a scenario, and returns one in which nothing of it is drawn: the length of each
// stage, what goes wrong on a host, each fault and each ref has a line of its own. The random order
// in which the shipped control plane visits hosts, its phases and the rows that its crashes lose
// still depend on the seed. A crash of the control plane that is drawn between the poll and the
// plan
// of an instant precedes both, so that a run of the returned scenario may differ.
//
// Faults of the kinds in drawn stay as they are. The result is that of the given scenario.
func Explicit(sc *Scenario, opt Options, drawn ...FaultKind) (*Scenario, *Result, error) {
	w, err := newWorld(sc, opt)
	if err != nil {
		return nil, nil, err
	}
	d := &notes{start: sc.Start, delays: make(map[delayKey]bool), fates: make(map[fateKey]bool)}
	w.agents.drawn, w.record.drawn, w.upstream.drawn = d, d, d
	result, err := w.run()
	if err != nil {
		return nil, nil, err
	}
	return d.explicit(w, drawn), result, nil
}

// notes records what a run draws.
type notes struct {
	start reducer.Time
	joins int // how many hosts join before the torn opening that is under way

	said  []Delay
	made  []Fate
	refs  []Action // of traffic
	hits  []Action // faults
	fates map[fateKey]bool

	delays map[delayKey]bool
}

type delayKey struct {
	host  uint32
	ref   reducer.ChannelRef
	stage Stage
}

type fateKey struct {
	host uint32
	ref  reducer.ChannelRef
	kind FateKind
}

// delay records how long a stage takes.
func (d *notes) delay(as *agents, a *agent, rollout uint32, stage Stage, takes time.Duration) {
	key := delayKey{a.host, as.rollouts.list[rollout].ref, stage}
	if d.delays[key] || takes == 0 {
		return
	}
	d.delays[key] = true
	d.said = append(d.said, Delay{
		Host: as.inv.HostID(a.host), Ref: key.ref, Stage: stage,
		Takes: &Distribution{quantiles: []int64{int64(takes / tick)}},
	})
}

// fate records that something goes wrong on a host by chance.
func (d *notes) fate(as *agents, a *agent, rollout uint32, kind FateKind) {
	key := fateKey{a.host, as.rollouts.list[rollout].ref, kind}
	if d.fates[key] {
		return
	}
	d.fates[key] = true
	d.made = append(d.made, Fate{Host: as.inv.HostID(a.host), Ref: key.ref, Kind: kind})
}

// move records that traffic moves a channel to a ref.
func (d *notes) move(elapsed time.Duration, channel reducer.ChannelID, ref reducer.ChannelRef) {
	d.refs = append(d.refs, Action{At: elapsed, SetRef: &RefChange{channel, ref}})
}

// fault records a fault. Clocks are read from the links in the end.
func (d *notes) fault(f *trace.Fault, at reducer.Time) {
	kinds := append(FaultKinds(), ShippedFaultKinds()...)
	i := slices.IndexFunc(kinds, func(k FaultKind) bool { return k.String() == f.Fault })
	if i < 0 || kinds[i] == ClockSkew {
		return
	}
	now := &FaultNow{
		Kind: kinds[i], Host: f.Host, Channel: f.Channel,
		For: time.Duration(f.Millis) * time.Millisecond,
	}
	if now.Kind.ofMessages() {
		now.Rollout, now.Seq = f.Rollout, f.Seq
	}
	if now.Kind == TornOpeningCrash {
		now.Joined = d.joins
	}
	d.hits = append(d.hits, Action{At: time.Duration(at - d.start), Fault: now})
}

// explicit returns the scenario of a finished run with what was recorded, except faults of the
// kinds
// in kept.
func (d *notes) explicit(w *world, kept []FaultKind) *Scenario {
	sc := *w.sc
	sc.Behaviour, sc.Groups, sc.Traffic = Behaviour{}, nil, nil
	sc.Delays = d.said
	sc.Fates = append(slices.Clone(sc.Fates), d.made...)
	sc.Timeline = append(slices.Clone(sc.Timeline), d.refs...)
	if len(sc.Faults) == 0 {
		return &sc // those of the timeline are not drawn
	}
	stays := func(k FaultKind) bool { return slices.Contains(kept, k) }
	sc.Timeline = slices.DeleteFunc(sc.Timeline, func(a Action) bool {
		return a.Fault != nil && a.Fault.Kind != ClockSkew && !stays(a.Fault.Kind)
	})
	for _, a := range append(d.hits, w.skews()...) {
		if !stays(a.Fault.Kind) {
			sc.Timeline = append(sc.Timeline, a)
		}
	}
	sc.Faults = slices.DeleteFunc(slices.Clone(sc.Faults), func(f Fault) bool {
		return !stays(f.Kind)
	})
	return &sc
}

// skews returns the clocks that are wrong by chance, as lines of the timeline.
func (w *world) skews() []Action {
	var all []Action
	for i := range w.network.links {
		l, host := &w.network.links[i], w.inv.HostID(uint32(i))
		f := l.skewedBy
		if f == nil || !l.skewLogged {
			continue
		}
		all = append(all, Action{
			At: f.From, Fault: &FaultNow{Kind: ClockSkew, Host: host, For: l.skew},
		})
		if f.Until > 0 && f.Until < w.sc.Horizon {
			all = append(all, Action{At: f.Until, Fault: &FaultNow{Kind: ClockSkew, Host: host}})
		}
	}
	return all
}
