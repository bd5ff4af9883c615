package controlplane

import (
	"slices"
	"time"

	"rollsim/reducer"
)

// Idler is a ControlPlane that knows how long it has nothing to do, so that a driver may skip plans
// and polls without effect.
type Idler interface {
	ControlPlane

	// IdleUntil returns an instant. Before it, neither a Plan has an effect nor a poll that finds the
	// ref of its channel in refs, unless there is another input. The instant is not after that of the
	// last Plan if the next Plan or poll may have an effect.
	IdleUntil(refs []reducer.ChannelRef) reducer.Time
}

// forever is after every instant of a run.
const forever = reducer.Time(1<<63 - 1)

// IdleUntil implements Idler. Dispatches that the last plan has held back stay so until there is
// another input.
func (p *plane) IdleUntil(refs []reducer.ChannelRef) reducer.Time {
	switch {
	case p.changed, !slices.Equal(p.seen, refs):
		return p.planned
	case !p.rules.plans():
		return forever
	case !p.settled:
		return p.planned
	}
	until := forever
	for i := range p.unacked {
		if due := p.unacked[i].sent + reducer.Time(resendAfter); due > p.planned {
			until = due
			break
		}
	}
	for i := range p.inv.channels {
		windows := p.inv.channels[i].Windows
		for j := range windows {
			until = min(until, windows[j].next(p.planned))
		}
	}
	return until
}

// next returns the first instant after another one at which a window may open or shut on some day.
func (w *Window) next(after reducer.Time) reducer.Time {
	at := time.Unix(0, int64(after)).UTC()
	since := at.Sub(at.Truncate(day))
	opens, shuts := untilDaily(since, w.From), untilDaily(since, w.From+w.For)
	return after + reducer.Time(min(opens, shuts))
}

// untilDaily returns how long it takes until the time of day is the given one, at most a day.
func untilDaily(since, daily time.Duration) time.Duration {
	left := (daily - since) % day
	if left <= 0 {
		left += day
	}
	return left
}
