package reducer

import (
	"fmt"
	"slices"
)

// Fleet folds the stream of rollout events of all channels over their records: what one record's
// step cannot know of other records and of hosts (supersession in lockstep, legality of host moves,
// the derived RolloutTerminal). Like a step it reads no clock and draws nothing: the same events
// give the same fleet.
type Fleet struct {
	machine   Machine
	policy    func(ChannelID) Policy
	rollouts  map[RolloutID]*Rollout
	order     []*Rollout // as opened, but for those that were dropped
	opened    int        // how many ever were
	channels  map[ChannelID]*channelFold
	unsettled []*channelFold // those whose lockstep is open; almost always empty
	// what an event makes of its rollout's record, until it is known to stand; a local one would be
	// allocated
	next Record
}

// Rollout is one rollout of a fleet: its record and the hosts that joined it.
type Rollout struct {
	Record Record

	number int
	slots  slotIndex // into hosts
	hosts  []Host
	counts [HostStateCount]int32

	forgotten bool // hosts is empty, whoever joined

	// derived holds the effects of the derived RolloutTerminal until a recorded one confirms it.
	derived *Effects
}

// Host is one host of a rollout.
type Host struct {
	ID    HostID
	Wave  uint32
	State HostState
}

// Forget lets go of the hosts of a rollout that is Superseded or Pruned, which decide nothing any
// more: a long log then takes what its rollouts at work take, not what all that ever were take. Its
// record and its counts stay. What comes of its hosts later is taken as it is, as there is nothing
// left to hold it against. In any other state it does nothing.
func (r *Rollout) Forget() {
	if !r.Record.State.Standing() {
		r.forgotten, r.hosts, r.slots, r.derived = true, nil, slotIndex{}, nil
	}
}

// Forgotten tells whether the rollout's hosts were let go of.
func (r *Rollout) Forgotten() bool { return r.forgotten }

// Number counts rollouts in the order of opening, from 0: the rollout's index in Fleet.Rollouts, if
// none was dropped.
func (r *Rollout) Number() int { return r.number }

// Hosts gives the joined hosts in join order. The slice belongs to the fleet.
func (r *Rollout) Hosts() []Host { return r.hosts }

// Slot tells where in Hosts a host stands; false when it has not joined.
func (r *Rollout) Slot(id HostID) (int, bool) {
	return r.slots.find(id, r.hosts)
}

// Host finds a joined host.
func (r *Rollout) Host(id HostID) (Host, bool) {
	i, ok := r.Slot(id)
	if !ok {
		return Host{}, false
	}
	return r.hosts[i], true
}

// Count tells how many joined hosts are in state s.
func (r *Rollout) Count(s HostState) int { return int(r.counts[s]) }

// AllConverged tells whether every joined host is Converged; true when none joined.
func (r *Rollout) AllConverged() bool { return r.Count(HostConverged) == len(r.hosts) }

// DerivedUnconfirmed tells whether the reducer derived a RolloutTerminal that no recorded one has
// confirmed. In a recorded log that stays so, it is a finding.
func (r *Rollout) DerivedUnconfirmed() bool { return r.derived != nil }

// channelFold is what the fleet knows of one channel.
type channelFold struct {
	id       ChannelID
	standing []*Rollout // more than one only within a lockstep, or after a SupersessionExpected

	// The lockstep: every RolloutOpened and SuccessorOpened of one instant, in either order, until
	// another kind of event of the channel or a later time settles whether they belong together.
	open     bool
	at       Time
	opened   []*Rollout
	awaiting []succession // those whose successor has not been opened yet
}

type succession struct{ predecessor, successor RolloutID }

// Outcome is what a fleet answers to one event. Reuse one value for many events.
type Outcome struct {
	// Late holds what the event proved of earlier ones: *SupersessionExpected for a RolloutOpened that
	// no SuccessorOpened accompanied, *Invariant for a SuccessorOpened whose successor was not opened
	// in lockstep.
	Late []error

	// Effects are those of the event itself.
	Effects Effects

	// Rollout is the Rollout.Number of the one that accepted the event.
	Rollout int

	// Slot is where in Rollout.Hosts the host of an accepted HostStateChanged stands. What it is
	// before is taken for a guess of that, which saves the search when it is right.
	Slot int

	// Derived is set when the event turned the last joined host Converged: then the reducer itself
	// derives DerivedEvent, a RolloutTerminal, and has applied it too, with DerivedEffects or
	// DerivedErr. Whoever writes DerivedEvent into a log must apply it as well, so that this fleet,
	// too, has seen it confirmed: the log then folds to the same fleet.
	Derived        bool
	DerivedEvent   Event
	DerivedEffects Effects
	DerivedErr     error

	// Confirmed is set when the event is the recorded twin of a derived RolloutTerminal. Effects are
	// then those of the derivation, at the recorded time; none when the rollout has left Terminal in
	// the meantime.
	Confirmed bool
}

// NewFleet makes an empty fleet that steps records through a machine. policy gives each channel's
// policy and must always give the same for the same channel; nil is DefaultPolicy for all.
func NewFleet(machine Machine, policy func(ChannelID) Policy) *Fleet {
	if policy == nil {
		policy = func(ChannelID) Policy { return DefaultPolicy() }
	}
	return &Fleet{
		machine:  machine,
		policy:   policy,
		rollouts: make(map[RolloutID]*Rollout),
		channels: make(map[ChannelID]*channelFold),
	}
}

// Rollout finds a rollout; nil when it was never opened.
func (f *Fleet) Rollout(id RolloutID) *Rollout { return f.rollouts[id] }

// Rollouts gives every rollout in the order of opening, but for those that were dropped. The slice
// belongs to the fleet.
func (f *Fleet) Rollouts() []*Rollout { return f.order }

// Drop takes a rollout out of the fleet whose hosts were let go of; of others it keeps it. Until it
// is restored the fleet does not know it: whoever drops rollouts has to restore one before an event
// of it is applied.
func (f *Fleet) Drop(r *Rollout) {
	if i, found := f.find(r.number); found && r.forgotten {
		f.order = slices.Delete(f.order, i, i+1)
		delete(f.rollouts, r.Record.RolloutID)
	}
}

// Restore brings a rollout back that was dropped, with its record and its number of then, but
// without its counts.
func (f *Fleet) Restore(record Record, number int) *Rollout {
	r := &Rollout{Record: record, number: number, forgotten: true}
	if i, found := f.find(number); !found {
		f.order = slices.Insert(f.order, i, r)
		f.rollouts[record.RolloutID] = r
	}
	return r
}

// find tells where in the order a rollout of that number stands, or belongs.
func (f *Fleet) find(number int) (int, bool) {
	return slices.BinarySearchFunc(
		f.order, number, func(r *Rollout, n int) int { return r.number - n },
	)
}

// Standing gives the standing rollouts of a channel in the order of opening. The slice belongs to
// the fleet.
func (f *Fleet) Standing(ch ChannelID) []*Rollout {
	if c := f.channels[ch]; c != nil {
		return c.standing
	}
	return nil
}

// Apply folds one event. On an error the fleet is as before, but for the lockstep of earlier
// events; the error is one of those that Machine.Step gives, *UnknownRollout, or *Invariant for
// what contradicts the fleet. The machine answers first: what it refuses is reported as that, even
// where the fleet would refuse it too. After a *MachineFailure the fleet is of no further use.
func (f *Fleet) Apply(ev *Event, now Time, out *Outcome) error {
	out.Late = out.Late[:0]
	out.Effects.Reset()
	out.Derived, out.Confirmed = false, false

	r := f.rollouts[ev.Rollout]
	if len(f.unsettled) > 0 {
		f.settle(ev, r, out)
	}
	if r == nil && ev.Kind == RolloutOpened {
		out.Rollout = f.opened
		f.open(ev)
		return nil
	}
	if r == nil {
		return &UnknownRollout{Event: ev.Kind, Rollout: ev.Rollout}
	}
	out.Rollout = r.number
	if ev.Kind == RolloutTerminal && r.derived != nil && r.Record.State == Terminal {
		out.Effects = *r.derived
		for i := range out.Effects.All() {
			if e := &out.Effects.list[i]; e.Kind == RecordRolloutTransition {
				e.At = ev.At
			}
		}
		r.confirm(ev, out)
		return nil
	}
	f.next = r.Record
	if err := f.machine.Step(&f.next, ev, now, f.policy(r.Record.Channel), &out.Effects); err != nil {
		return err
	}
	slot, joined := r.find(ev, out.Slot)
	if what := r.contradiction(ev, slot, joined); what != "" {
		out.Effects.Reset()
		return &Invariant{What: what, State: r.Record.State, Event: ev.Kind, Rollout: ev.Rollout}
	}
	f.commit(r)

	switch ev.Kind {
	case HostJoined:
		if !joined && !r.forgotten {
			r.join(ev)
		}
	case HostStateChanged:
		if r.forgotten {
			break
		}
		r.counts[ev.From]--
		r.counts[ev.To]++
		r.hosts[slot].State = ev.To
		out.Slot = slot
		if ev.To == HostConverged && r.AllConverged() &&
			(r.Record.State == Active || r.Record.State == Converging) {
			f.derive(r, ev.At, now, out)
			if gaveNoAnswer(out.DerivedErr) {
				return out.DerivedErr
			}
		}
	case RolloutTerminal:
		if r.derived != nil {
			r.confirm(ev, out)
		}
	case SuccessorOpened:
		f.succeed(r, ev)
	case RolloutOpened, WaveAdvanced, RetentionExpired, OperatorClearance, eventEnd:
	}
	return nil
}

// Finish tells the fleet that the log has ended. It gives what that proves of the last events, as
// in Outcome.Late.
func (f *Fleet) Finish() []error {
	var late []error
	for _, c := range f.unsettled {
		late = c.settle(late)
	}
	f.unsettled = f.unsettled[:0]
	return late
}

// settle closes every lockstep that ev does not belong to. r is ev's rollout, if known.
func (f *Fleet) settle(ev *Event, r *Rollout, out *Outcome) {
	channel := ev.Channel
	if r != nil {
		channel = r.Record.Channel
	}
	keep := f.unsettled[:0]
	for _, c := range f.unsettled {
		over := ev.At > c.at
		if c.id == channel {
			over = ev.At != c.at || ev.Kind != RolloutOpened && ev.Kind != SuccessorOpened
		}
		if over {
			out.Late = c.settle(out.Late)
		} else {
			keep = append(keep, c)
		}
	}
	f.unsettled = keep
}

// settle judges the channel's lockstep, closes it, and appends what is wrong with it to late.
func (c *channelFold) settle(late []error) []error {
	for _, s := range c.awaiting {
		late = append(late, &Invariant{
			What:    fmt.Sprintf("successor %s was not opened in lockstep", s.successor),
			State:   Superseded,
			Event:   SuccessorOpened,
			Rollout: s.predecessor,
		})
	}
	for _, r := range c.opened {
		if r.Record.State.Standing() && c.standing[0] != r {
			late = append(late, &SupersessionExpected{
				Rollout: r.Record.RolloutID, Channel: c.id, Standing: c.standing[0].Record.RolloutID, At: r.Record.OpenedAt,
			})
		}
	}
	c.open, c.opened, c.awaiting = false, c.opened[:0], c.awaiting[:0]
	return late
}

// lockstep gives the channel with its lockstep open at an instant.
func (f *Fleet) lockstep(id ChannelID, at Time) *channelFold {
	c := f.channels[id]
	if c == nil {
		c = &channelFold{id: id}
		f.channels[id] = c
	}
	if !c.open {
		c.open, c.at = true, at
		f.unsettled = append(f.unsettled, c)
	}
	return c
}

func (f *Fleet) open(ev *Event) {
	ref := ev.TargetRef
	if n := len(ev.Rollout) - len(ref); n >= 0 && string(ev.Rollout[n:]) == string(ref) {
		ref = ChannelRef(ev.Rollout[n:]) // the same text, kept once
	}
	r := &Rollout{
		Record: Record{
			RolloutID: ev.Rollout,
			Channel:   ev.Channel,
			TargetRef: ref,
			State:     Opening,
			OpenedAt:  ev.At,
		},
		number: f.opened,
	}
	f.opened++
	f.rollouts[ev.Rollout] = r
	f.order = append(f.order, r)

	c := f.lockstep(ev.Channel, ev.At)
	c.opened = append(c.opened, r)
	c.standing = append(c.standing, r)
	c.awaiting = slices.DeleteFunc(
		c.awaiting, func(s succession) bool { return s.successor == ev.Rollout },
	)
}

// succeed notes who supersedes r.
func (f *Fleet) succeed(r *Rollout, ev *Event) {
	c := f.lockstep(r.Record.Channel, ev.At)
	for _, o := range c.opened {
		if o.Record.RolloutID == ev.Successor {
			return
		}
	}
	c.awaiting = append(c.awaiting, succession{predecessor: ev.Rollout, successor: ev.Successor})
}

// commit makes next the rollout's record.
func (f *Fleet) commit(r *Rollout) {
	if r.Record.State.Standing() && !f.next.State.Standing() {
		c := f.channels[r.Record.Channel]
		c.standing = slices.DeleteFunc(c.standing, func(s *Rollout) bool { return s == r })
	}
	r.Record = f.next
}

// derive applies the RolloutTerminal that follows from the last host's Converged.
func (f *Fleet) derive(r *Rollout, at, now Time, out *Outcome) {
	out.Derived = true
	out.DerivedEvent = Event{Kind: RolloutTerminal, Rollout: r.Record.RolloutID, At: at}
	f.next = r.Record
	out.DerivedErr = f.machine.Step(
		&f.next, &out.DerivedEvent, now, f.policy(r.Record.Channel), &out.DerivedEffects,
	)
	if out.DerivedErr != nil {
		return
	}
	f.commit(r)
	effects := out.DerivedEffects
	r.derived = &effects
}

// confirm takes a recorded RolloutTerminal for the one that was derived: the same fact, at the
// recorded time.
func (r *Rollout) confirm(ev *Event, out *Outcome) {
	out.Confirmed = true
	r.Record.TerminalAt = Some(ev.At)
	r.derived = nil
}

// contradiction says what in the event cannot be true of the rollout's hosts; empty when nothing.
func (r *Rollout) contradiction(ev *Event, slot int, joined bool) string {
	if r.forgotten {
		return ""
	}
	switch ev.Kind {
	case HostJoined:
		if joined && r.hosts[slot].Wave != ev.Wave {
			return fmt.Sprintf(
				"host %s joined in wave %d and again in wave %d", ev.Host, r.hosts[slot].Wave, ev.Wave,
			)
		}
	case HostStateChanged:
		switch {
		case !joined:
			return fmt.Sprintf("host %s has not joined", ev.Host)
		case r.hosts[slot].State != ev.From:
			return fmt.Sprintf("host %s is %v, not %v", ev.Host, r.hosts[slot].State, ev.From)
		case !LegalHostMove(ev.From, ev.To):
			return fmt.Sprintf("host %s may not move from %v to %v", ev.Host, ev.From, ev.To)
		}
	case RolloutTerminal:
		if s := r.Record.State; s != Active && s != Converging {
			return ""
		}
		for i := range r.hosts {
			if h := &r.hosts[i]; h.State != HostConverged {
				return fmt.Sprintf("host %s is %v, not Converged", h.ID, h.State)
			}
		}
	case RolloutOpened, WaveAdvanced, SuccessorOpened, RetentionExpired, OperatorClearance, eventEnd:
	}
	return ""
}

func (r *Rollout) join(ev *Event) {
	r.hosts = append(r.hosts, Host{ID: ev.Host, Wave: ev.Wave, State: HostPending})
	r.counts[HostPending]++
	r.slots.add(r.hosts)
}

// find tells where the host of an event stands, looking at a guess first.
func (r *Rollout) find(ev *Event, guess int) (slot int, joined bool) {
	switch ev.Kind {
	case HostJoined, HostStateChanged:
		if ev.Kind == HostStateChanged && guess >= 0 && guess < len(r.hosts) &&
			r.hosts[guess].ID == ev.Host {
			return guess, true
		}
		return r.slots.find(ev.Host, r.hosts)
	case RolloutOpened,
		WaveAdvanced,
		RolloutTerminal,
		SuccessorOpened,
		RetentionExpired,
		OperatorClearance,
		eventEnd:
	}
	return 0, false
}
