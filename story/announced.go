package story

import (
	"fmt"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
)

// An announcedFault is a fault that must happen in a span of time, because a sentence says so.
type announcedFault struct {
	kind     sim.FaultKind
	host     reducer.HostID    // empty for a fault of no host
	channel  reducer.ChannelID // empty for any
	rollout  reducer.RolloutID // empty for any
	from, to time.Duration
	sentence string
}

// announcedFaults are the faults that the sentences of a story announce.
type announcedFaults []announcedFault

func (a *announcedFaults) add(f announcedFault) { *a = append(*a, f) }

// check returns an error for the first fault that did not happen: the story did not test it.
func (a announcedFaults) check(h *history) error {
	for i := range a {
		if f := &a[i]; !f.happened(h) {
			return fmt.Errorf("this had no effect: %s\n    %s", f.sentence, f.whyNot())
		}
	}
	return nil
}

// meetsLater reports whether a fault of the timeline waits for a message, a poll or an opening.
func meetsLater(kind sim.FaultKind) bool {
	switch kind {
	case sim.MessageDelayed, sim.MessageDropped, sim.MessageDuplicated, sim.MessageReordered,
		sim.PollFailed, sim.PollStale, sim.TornOpeningCrash:
		return true
	case sim.HostOffline, sim.HostLost, sim.AgentRestart, sim.ClockSkew, sim.ControlPlaneCrash,
		sim.DatabaseError, sim.LogInsertFailed:
	}
	return false
}

func (f *announcedFault) happened(h *history) bool {
	for i := range h.entries {
		e, at := &h.entries[i], h.at(i)
		if e.Fault != nil && e.Fault.Fault == f.kind.String() && e.Host == f.host && at >= f.from &&
			at <= f.to && (f.channel == "" || f.channel == e.Fault.Channel) &&
			(f.rollout == "" || f.rollout == e.Fault.Rollout) {
			return true
		}
	}
	return false
}

// whyNot returns why the fault did not happen.
func (f *announcedFault) whyNot() string {
	switch f.kind {
	case sim.AgentRestart:
		return fmt.Sprintf(
			"an agent restarts only in the middle of a switch: say for example \"while host %s is "+
				"activating\"", f.host,
		)
	case sim.HostOffline, sim.HostLost, sim.ClockSkew:
		return fmt.Sprintf("at %s host %s was already silent or lost", elapsed(f.from), f.host)
	case sim.ControlPlaneCrash:
		return fmt.Sprintf("at %s the control plane was already down", elapsed(f.from))
	case sim.PollFailed, sim.PollStale:
		if f.to == endless {
			return fmt.Sprintf("channel %s is not polled after %s", f.channel, elapsed(f.from))
		}
		return fmt.Sprintf("no channel is polled from %s to %s", elapsed(f.from), elapsed(f.to))
	case sim.TornOpeningCrash:
		return fmt.Sprintf("no rollout with that many hosts opens after %s", elapsed(f.from))
	case sim.MessageDelayed, sim.MessageDropped, sim.MessageDuplicated, sim.MessageReordered,
		sim.DatabaseError, sim.LogInsertFailed:
	}
	if f.to == endless {
		return fmt.Sprintf(
			"host %s sends no such message after %s; a sentence that does not say when waits until "+
				"everything has settled: say \"at once\", or while what", f.host, elapsed(f.from),
		)
	}
	return fmt.Sprintf(
		"host %s sends nothing from %s to %s", f.host, elapsed(f.from), elapsed(f.to),
	)
}
