package sim

import (
	"fmt"
	"slices"
	"time"

	"rollsim/controlplane"
	"rollsim/internal/hash64"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// Walk is a run that goes from instant to instant, and shows what could have happened otherwise. It
// writes the same entries as Run.
type Walk struct {
	w       *world
	choices choices
	end     reducer.Time
	before  uint64 // entries before the last instant
	begun   bool   // there was an instant

	classes [][]uint32 // hosts that stand for each other, by number
	whole   bool       // raw events may come, so that nothing is left out of a hash
	sums    hash64.State
	folds   hash64.State // of the fold of the log, where the tables are the truth
	hashed  bool         // sums are those of the present state
	hash    uint64       // of the present state, if known is set
	known   bool
	doing   []doing // by host; reused
	due     []item  // with an effect; reused

	digests bool         // Options.Digest
	wrote   trace.Digest // of the entries of the last instant
}

// NewWalk begins a run.
func NewWalk(sc *Scenario, opt Options) (*Walk, error) {
	opt.choices = true
	w, err := newWorld(sc, opt)
	if err != nil {
		return nil, err
	}
	k := &Walk{
		w: w, end: sc.Start + reducer.Time(sc.Horizon), digests: opt.Digest,
		whole: opt.Strays || !ends(sc, opt.Machine) || w.reopens(),
	}
	if k.digests {
		w.record.sink = &k.wrote
	}
	for _, hosts := range opt.Classes {
		var class []uint32
		for _, id := range hosts {
			if n, known := w.inv.Host(id); known {
				class = append(class, n)
			}
		}
		k.classes = append(k.classes, class)
	}
	k.choices.driver, k.choices.width = &w.driver, w.inv.Hosts()+1
	w.agents.choices, w.network.choices, w.driver.choices = &k.choices, &k.choices, &k.choices
	for i := range w.timeline {
		w.lineIDs = append(w.lineIDs, uint64(i))
	}
	w.follow()
	w.begin()
	return k, nil
}

// ends reports whether the hosts of a rollout that has ended decide nothing: the machine does not
// ask, no raw event moves them, and no moment is about them.
func ends(sc *Scenario, m reducer.Machine) bool {
	table, can := m.(interface{ Ends() bool })
	ofHosts := func(m *Moment) bool { return m != nil && (m.Host != "" || m.HostState != 0) }
	return can && table.Ends() && !slices.ContainsFunc(sc.Timeline, func(a Action) bool {
		return a.Event != nil && a.Event.Kind != reducer.OperatorClearance || ofHosts(a.When)
	}) && !slices.ContainsFunc(sc.Sometimes, func(m Moment) bool { return ofHosts(&m) })
}

// reopens reports whether the shipped control plane may delete a rollout and open it again: what
// its agents remember of it then counts once more.
func (w *world) reopens() bool {
	return w.driver.production != nil && reducer.Time(w.sc.Horizon) > controlplane.RowRetention
}

// Next does the work of the next instant, and reports whether there was any before the horizon.
func (k *Walk) Next() bool { return k.next(k.end) }

// NextUntil is Next for an instant that is not after a time since the start.
func (k *Walk) NextUntil(at time.Duration) bool {
	return k.next(min(k.end, k.w.clock.start+reducer.Time(at)))
}

func (k *Walk) next(end reducer.Time) bool {
	k.choices.clear()
	if k.digests {
		k.wrote.Reset()
	}
	k.changes()
	k.begun = true
	k.before = k.w.record.written()
	if k.w.record.err != nil || !k.w.next(end) {
		return false
	}
	k.w.instant()
	return true
}

// Elapsed returns the time of the last instant, since the start.
func (k *Walk) Elapsed() time.Duration { return k.w.clock.elapsed() }

// Horizon returns the time at which the run ends, since the start.
func (k *Walk) Horizon() time.Duration { return time.Duration(k.end - k.w.clock.start) }

// Active reports whether the last instant has written entries.
func (k *Walk) Active() bool { return k.w.record.written() > k.before }

// Wrote returns a digest of the entries of the last instant, or of those of Finish.
func (k *Walk) Wrote() string { return k.wrote.Sum() }

// Choices returns the choices of the last instant, in order: of fates and delays those that come up
// for the first time. They are valid until Next.
func (k *Walk) Choices() []Choice { return k.choices.made }

// Moments returns the states that rollouts and hosts have reached for the first time in the last
// instant, in order. They are valid until Next.
func (k *Walk) Moments() []Moment { return k.choices.moments }

// Down reports whether the control plane has crashed and is not back.
func (k *Walk) Down() bool { return k.w.driver.down }

// Fleet returns the fleet as the control plane knows it. The caller must not change it.
func (k *Walk) Fleet() *reducer.Fleet { return k.w.driver.plane.Fleet() }

// Found returns the violations of safety so far. They are valid until Next.
func (k *Walk) Found() []invariant.Violation { return k.w.record.check.Found() }

// Missing returns the indices of the moments of Scenario.Sometimes that have not happened.
func (k *Walk) Missing() []uint32 { return k.w.moments.missing }

// Finish ends the run at the horizon, and returns its result.
func (k *Walk) Finish() (*Result, error) {
	if k.digests {
		k.wrote.Reset()
	}
	k.changes()
	k.w.clock.now = k.end
	return k.w.finish(false)
}

// Err returns the error that has ended the run, or nil.
func (k *Walk) Err() error { return k.w.record.err }

// BehaviourOf returns the behaviour of a host: that of the scenario, with what its groups and its
// own delays under a ref change.
func BehaviourOf(sc *Scenario, host reducer.HostID, ref reducer.ChannelRef) (Behaviour, error) {
	for i := range sc.Channels {
		ch := &sc.Channels[i]
		if !ch.follows(host) {
			continue
		}
		p, err := newProfiles(sc, ch).of(host)
		if err != nil {
			return Behaviour{}, err
		}
		b := p.Behaviour
		for _, d := range sc.Delays {
			if d.Host == host && (d.Ref == "" || d.Ref == ref) {
				*b.stage(d.Stage) = d.Takes
			}
		}
		return b, nil
	}
	return Behaviour{}, fmt.Errorf("no channel has host %s", host)
}

// follows reports whether a host is one of the channel.
func (ch *Channel) follows(host reducer.HostID) bool {
	return slices.Contains(ch.Outside, host) || slices.ContainsFunc(ch.Waves,
		func(w controlplane.Wave) bool { return slices.Contains(w.Hosts, host) })
}

// Delays returns where the behaviour holds the delay of each stage, in the order of Stages.
func (b *Behaviour) Delays() []**Distribution {
	return []**Distribution{
		&b.Ack, &b.Activation, &b.Reboot, &b.Probe, &b.Converge, &b.Rollback,
	}
}

// stage returns where the behaviour holds the delay of a stage.
func (b *Behaviour) stage(s Stage) **Distribution {
	return b.Delays()[slices.Index(Stages(), s)]
}
