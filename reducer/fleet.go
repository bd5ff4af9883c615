package reducer

import (
	"fmt"
	"slices"
)

// Fleet folds the rollout events of all channels into records. It knows what the step of one record
// cannot know of other records and of hosts: supersession in lockstep, the legal moves of hosts,
// and the derived RolloutTerminal. Like a step it reads no clock and draws nothing: equal events
// make equal fleets.
type Fleet struct {
	machine   Machine
	policy    func(ChannelID) Policy
	rollouts  map[RolloutID]*Rollout
	order     []*Rollout // by Number, without those that were dropped
	opened    int        // rollouts so far, with those that were dropped
	channels  map[ChannelID]*channelFold
	folds     []*channelFold // those of channels, in the order of their first rollouts
	unsettled []*channelFold // those whose lockstep is open; almost always empty

	// next is the record of the current event's rollout until the event is accepted. A local
	// variable would be allocated.
	next Record

	recent   *Rollout // derived: the one that was looked up last
	recentID RolloutID
	unused   unused // derived: memory alone
}

// Rollout is one rollout of a fleet: its record and the hosts that joined it.
type Rollout struct {
	Record Record

	number int
	slots  slotIndex // into hosts
	hosts  []Host
	counts [HostStateCount]int32

	forgotten bool // Forget has freed the hosts
	stands    bool // it is among the standing ones of its channel

	// derived holds the effects of the derived RolloutTerminal until a recorded one confirms it.
	derived *Effects
}

// Host is one host of a rollout.
type Host struct {
	ID    HostID
	Wave  uint32
	State HostState
}

// Forget frees the hosts of a rollout that is Superseded or Pruned. They no longer decide anything,
// so that a long log needs memory only for the hosts of rollouts that stand. The record and the
// counts stay. The fleet accepts later events of the hosts unchecked and only counts them. In any
// other state Forget does nothing.
func (r *Rollout) Forget() {
	if !r.Record.State.Standing() {
		r.forgotten, r.hosts, r.slots, r.derived = true, nil, slotIndex{}, nil
	}
}

// Forgotten reports whether Forget has freed the rollout's hosts.
func (r *Rollout) Forgotten() bool { return r.forgotten }

// Number returns the rollout's position in the order of opening, from 0. It is the rollout's index
// in Fleet.Rollouts as long as none is dropped.
func (r *Rollout) Number() int { return r.number }

// Hosts returns the joined hosts in join order. The slice belongs to the fleet.
func (r *Rollout) Hosts() []Host { return r.hosts }

// Slot returns the index of a host in Hosts; false when it has not joined.
func (r *Rollout) Slot(id HostID) (int, bool) {
	return r.slots.find(id, r.hosts)
}

// Host returns a joined host; false when it has not joined.
func (r *Rollout) Host(id HostID) (Host, bool) {
	i, ok := r.Slot(id)
	if !ok {
		return Host{}, false
	}
	return r.hosts[i], true
}

// Count returns the number of joined hosts in state s.
func (r *Rollout) Count(s HostState) int { return int(r.counts[s]) }

// AllConverged reports whether every joined host is Converged; true when none joined.
func (r *Rollout) AllConverged() bool { return r.Count(HostConverged) == len(r.hosts) }

// DerivedUnconfirmed reports whether the fleet derived a RolloutTerminal that no recorded one has
// confirmed. At the end of a recorded log that is a finding.
func (r *Rollout) DerivedUnconfirmed() bool { return r.derived != nil }

// Outcome is the result of one event. Reuse one value for many events.
type Outcome struct {
	// Late holds the errors of earlier events that this one revealed: *SupersessionExpected for a
	// RolloutOpened without a SuccessorOpened, *Invariant for a SuccessorOpened whose successor was
	// not opened in lockstep.
	Late []error

	// Effects are those of the event itself.
	Effects Effects

	// Rollout is the Rollout.Number of the rollout that accepted the event.
	Rollout int

	// Slot is the index in Rollout.Hosts of the host of an accepted HostStateChanged. Its value before
	// the call is a hint: if it is right, Apply does not search for the host.
	Slot int

	// Derived is set when the event turned the last joined host Converged. The fleet then derives
	// DerivedEvent, a RolloutTerminal, and applies it too, with DerivedEffects or DerivedErr. A caller
	// that writes DerivedEvent into a log must also apply it, so that this fleet has seen it confirmed
	// and the log folds to the same fleet.
	Derived        bool
	DerivedEvent   Event
	DerivedEffects Effects
	DerivedErr     error

	// Confirmed is set when the event is the recorded twin of a derived RolloutTerminal. Effects are
	// then those of the derivation, at the recorded time; they are empty when the rollout has left
	// Terminal in the meantime.
	Confirmed bool
}

// NewFleet returns an empty fleet that steps records through a machine. policy returns each
// channel's policy and must always return the same for the same channel; nil is DefaultPolicy for
// all.
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

// Rollout returns a rollout; nil when it was never opened, or was dropped.
func (f *Fleet) Rollout(id RolloutID) *Rollout { return f.rollouts[id] }

// find is Rollout for one that is often the same as the last one.
func (f *Fleet) find(id RolloutID) *Rollout {
	if f.recent == nil || f.recentID != id {
		f.recentID, f.recent = id, f.rollouts[id]
	}
	return f.recent
}

// Rollouts returns every rollout that was not dropped, in the order of opening. The slice belongs
// to the fleet.
func (f *Fleet) Rollouts() []*Rollout { return f.order }

// Drop removes a rollout from the fleet if it is forgotten. The caller must Restore it before
// applying an event of it.
func (f *Fleet) Drop(r *Rollout) {
	if i, found := f.search(r.number); found && r.forgotten {
		f.order, f.recent = slices.Delete(f.order, i, i+1), nil
		delete(f.rollouts, r.Record.RolloutID)
	}
}

// Restore adds a dropped rollout again, with its record and number, but without its counts.
func (f *Fleet) Restore(record Record, number int) *Rollout {
	r := &Rollout{Record: record, number: number, forgotten: true}
	if i, found := f.search(number); !found {
		f.order = slices.Insert(f.order, i, r)
		f.rollouts[record.RolloutID] = r
	}
	return r
}

// Opened returns how many rollouts were opened so far, with those that were dropped.
func (f *Fleet) Opened() int { return f.opened }

// Retire removes a rollout from the fleet, whatever its state: its row was deleted. It no longer
// stands, and its id can be opened again.
func (f *Fleet) Retire(r *Rollout) {
	if f.rollouts[r.Record.RolloutID] != r {
		return
	}
	delete(f.rollouts, r.Record.RolloutID)
	f.recent = nil
	if i, found := f.search(r.number); found {
		f.order = slices.Delete(f.order, i, i+1)
	}
	if c := f.channels[r.Record.Channel]; c != nil {
		same := func(s *Rollout) bool { return s == r }
		c.standing, r.stands = slices.DeleteFunc(c.standing, same), false
		c.opened = slices.DeleteFunc(c.opened, same)
	}
}

// search returns the index in order at which the rollout of that number is, or belongs.
func (f *Fleet) search(number int) (int, bool) {
	return slices.BinarySearchFunc(
		f.order, number, func(r *Rollout, n int) int { return r.number - n },
	)
}

// Apply folds one event. After an error the fleet is as before, except that locksteps of earlier
// events may have settled. The error is one that Machine.Step returns, *UnknownRollout, or
// *Invariant for an event that contradicts the fleet. The machine decides first: Apply returns its
// refusal even where the fleet would refuse the event too. After a *MachineFailure the fleet can no
// longer be used.
func (f *Fleet) Apply(ev *Event, now Time, out *Outcome) error {
	out.Late = out.Late[:0]
	out.Effects.Reset()
	out.Derived, out.Confirmed = false, false

	r := f.find(ev.Rollout)
	if len(f.unsettled) > 0 {
		f.settle(ev, r, out)
	}
	if r == nil {
		if ev.Kind != RolloutOpened {
			return &UnknownRollout{Event: ev.Kind, Rollout: ev.Rollout}
		}
		out.Rollout = f.opened
		f.open(ev)
		return nil
	}
	out.Rollout = r.number
	if ev.Kind == RolloutTerminal && r.derived != nil && r.Record.State == Terminal {
		out.Effects = *r.derived
		out.Effects.stamp(ev.At)
		f.confirm(r, ev, out)
		return nil
	}
	f.next = r.Record
	if err := f.machine.Step(&f.next, ev, now, f.policy(r.Record.Channel), &out.Effects); err != nil {
		return err
	}
	slot, joined := r.locate(ev, out.Slot)
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
		if !r.forgotten {
			out.Slot = slot
			return f.move(r, ev, now, out)
		}
		if r.counts[ev.From] > 0 {
			r.counts[ev.From]--
			r.counts[ev.To]++
		}
	case RolloutTerminal:
		if r.derived != nil {
			f.confirm(r, ev, out)
		}
	case SuccessorOpened:
		f.succeed(r, ev)
	case RolloutOpened, WaveAdvanced, RetentionExpired, OperatorClearance, eventEnd:
	}
	return nil
}

// ApplyTo folds an event that reaches the record of a rollout. If the event is of another rollout,
// it is misrouted: the machine alone decides how it changes the record. The hosts of both rollouts
// stay as they are, and no lockstep opens. The errors are those of Apply.
func (f *Fleet) ApplyTo(reached RolloutID, ev *Event, now Time, out *Outcome) error {
	if reached == ev.Rollout {
		return f.Apply(ev, now, out)
	}
	out.Late = out.Late[:0]
	out.Effects.Reset()
	out.Derived, out.Confirmed = false, false
	r := f.find(reached)
	if len(f.unsettled) > 0 {
		f.settle(ev, r, out)
	}
	if r == nil {
		return &UnknownRollout{Event: ev.Kind, Rollout: reached}
	}
	out.Rollout = r.number
	f.next = r.Record
	if err := f.machine.Step(&f.next, ev, now, f.policy(r.Record.Channel), &out.Effects); err != nil {
		return err
	}
	f.commit(r)
	return nil
}

// commit replaces the rollout's record with next.
func (f *Fleet) commit(r *Rollout) {
	if r.Record.State.Standing() && !f.next.State.Standing() {
		c := f.channels[r.Record.Channel]
		c.standing = slices.DeleteFunc(c.standing, func(s *Rollout) bool { return s == r })
		r.stands = false
	}
	r.Record = f.next
}

// move changes the state of the host at out.Slot, and derives the RolloutTerminal when it was the
// last to converge. The error is a *MachineFailure.
func (f *Fleet) move(r *Rollout, ev *Event, now Time, out *Outcome) error {
	r.counts[ev.From]--
	r.counts[ev.To]++
	r.hosts[out.Slot].State = ev.To
	if ev.To != HostConverged || !r.AllConverged() ||
		r.Record.State != Active && r.Record.State != Converging {
		return nil
	}
	f.derive(r, ev.At, now, out)
	if IsMachineFailure(out.DerivedErr) {
		return out.DerivedErr
	}
	return nil
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
	r.derived, f.unused.effects = f.unused.effects, nil
	if r.derived == nil {
		r.derived = new(Effects)
	}
	*r.derived = out.DerivedEffects
}

// confirm treats a recorded RolloutTerminal as the derived one: the same fact, at the recorded
// time.
func (f *Fleet) confirm(r *Rollout, ev *Event, out *Outcome) {
	out.Confirmed = true
	r.Record.TerminalAt = Some(ev.At)
	f.unused.effects, r.derived = r.derived, nil
}

// contradiction returns how an event contradicts the rollout's hosts; "" if it does not.
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
			return "host " + string(ev.Host) + " has not joined"
		case r.hosts[slot].State != ev.From:
			return "host " + string(ev.Host) + " is " + r.hosts[slot].State.String() + ", not " +
				ev.From.String()
		case !LegalHostMove(ev.From, ev.To):
			return "host " + string(ev.Host) + " may not move from " + ev.From.String() + " to " +
				ev.To.String()
		}
	case RolloutTerminal:
		if s := r.Record.State; s != Active && s != Converging {
			return ""
		}
		for i := range r.hosts {
			if h := &r.hosts[i]; h.State != HostConverged {
				return "host " + string(h.ID) + " is " + h.State.String() + ", not Converged"
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

// locate returns the slot of an event's host. It looks at the slot hint first.
func (r *Rollout) locate(ev *Event, hint int) (slot int, joined bool) {
	switch ev.Kind {
	case HostJoined, HostStateChanged:
		if ev.Kind == HostStateChanged && hint >= 0 && hint < len(r.hosts) &&
			r.hosts[hint].ID == ev.Host {
			return hint, true
		}
		return r.slots.find(ev.Host, r.hosts)
	case RolloutOpened, WaveAdvanced, RolloutTerminal, SuccessorOpened, RetentionExpired,
		OperatorClearance, eventEnd:
	}
	return 0, false
}
