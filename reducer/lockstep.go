package reducer

import (
	"fmt"
	"slices"
)

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

// Standing returns the standing rollouts of a channel in the order of opening. The slice belongs to
// the fleet.
func (f *Fleet) Standing(ch ChannelID) []*Rollout {
	if c := f.channels[ch]; c != nil {
		return c.standing
	}
	return nil
}

// Finish ends the log. It returns the errors of the last events that this reveals, as in
// Outcome.Late.
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
		ended := ev.At > c.at
		if c.id == channel {
			ended = ev.At != c.at || ev.Kind != RolloutOpened && ev.Kind != SuccessorOpened
		}
		if ended {
			out.Late = c.settle(out.Late)
		} else {
			keep = append(keep, c)
		}
	}
	f.unsettled = keep
}

// settle closes the channel's lockstep and appends its errors to late.
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
				Rollout:  r.Record.RolloutID,
				Channel:  c.id,
				Standing: c.standing[0].Record.RolloutID,
				At:       r.Record.OpenedAt,
			})
		}
	}
	c.open, c.opened, c.awaiting = false, c.opened[:0], c.awaiting[:0]
	return late
}

// lockstep returns the channel with its lockstep open at an instant.
func (f *Fleet) lockstep(id ChannelID, at Time) *channelFold {
	c := f.channels[id]
	if c == nil {
		c = f.newChannel(id)
	}
	if !c.open {
		c.open, c.at = true, at
		f.unsettled = append(f.unsettled, c)
	}
	return c
}

// open adds the rollout of a RolloutOpened.
func (f *Fleet) open(ev *Event) {
	ref := ev.TargetRef
	if n := len(ev.Rollout) - len(ref); n >= 0 && string(ev.Rollout[n:]) == string(ref) {
		ref = ChannelRef(ev.Rollout[n:]) // shares the text of the id
	}
	r := f.newRollout(Record{
		RolloutID: ev.Rollout,
		Channel:   ev.Channel,
		TargetRef: ref,
		State:     Opening,
		OpenedAt:  ev.At,
	})
	f.opened++
	f.rollouts[ev.Rollout] = r
	f.order = append(f.order, r)

	c := f.lockstep(ev.Channel, ev.At)
	c.opened = append(c.opened, r)
	c.standing, r.stands = append(c.standing, r), true
	c.awaiting = slices.DeleteFunc(
		c.awaiting, func(s succession) bool { return s.successor == ev.Rollout },
	)
}

// succeed records the successor of r, which may be opened later in the same lockstep.
func (f *Fleet) succeed(r *Rollout, ev *Event) {
	c := f.lockstep(r.Record.Channel, ev.At)
	for _, o := range c.opened {
		if o.Record.RolloutID == ev.Successor {
			return
		}
	}
	c.awaiting = append(c.awaiting, succession{predecessor: ev.Rollout, successor: ev.Successor})
}
