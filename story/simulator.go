package story

import (
	"fmt"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

const (
	// maxEntries bounds the trace of one run. A fleet that never rests within one instant then results
	// in an error instead of a hang.
	maxEntries = 1_000_000

	// maxStoryEntries bounds the entries of all runs of a story. A story that is simulated thousands
	// of times then results in an error instead of a hang.
	maxStoryEntries = 2_000_000

	// maxUnsettled bounds for how long a fleet may stay active.
	maxUnsettled = 14 * 24 * time.Hour
)

// A simulator runs a scenario as often as its story needs it.
type simulator struct {
	machine *reducer.Table
	wrap    func(reducer.Machine) reducer.Machine // around the machine; nil for nothing
	limit   time.Duration                         // of every run; 0 if the story decides
	entries int                                   // of all runs so far
}

// A span describes how far a run must extend: to a time and for a quiet period after it, and for a
// tail after everything has settled. settled is a guess of when that is.
type span struct{ until, quiet, settled, tail time.Duration }

// driver returns the machine that decides the transitions.
func (s *simulator) driver() reducer.Machine {
	if s.wrap == nil {
		return s.machine
	}
	return s.wrap(s.machine)
}

// covers reports whether a run extends far enough. A run with a limit ends there, and not later.
func (s *simulator) covers(h *history, to span) bool {
	if s.limit > 0 {
		return to.until <= s.limit
	}
	return h.covers(to.until+to.quiet, to.tail)
}

// run runs a scenario from its start.
func (s *simulator) run(sc sim.Scenario, to span) (*history, error) {
	if s.limit > 0 && to.until > s.limit {
		return nil, fmt.Errorf(
			"this is at %s, and the run lasts %s", elapsed(to.until), elapsed(s.limit),
		)
	}
	sc.Machine = s.machine.Name()
	least := to.until + to.quiet
	for settled := to.settled; ; {
		sc.Horizon = max(least, settled+to.tail)
		if s.limit > 0 {
			sc.Horizon = s.limit
		}
		var log boundedCollector
		result, err := sim.Run(&sc, sim.Options{Machine: s.driver(), Seed: sc.Seed, Sink: &log})
		if err != nil {
			return nil, err
		}
		if s.entries += len(log.Entries); s.entries > maxStoryEntries {
			return nil, fmt.Errorf(
				"this story is too long: each time that it waits for everything to settle it is simulated "+
					"from its start, which has made more than %d entries; split it into several scenarios, "+
					"or say when things happen", maxStoryEntries,
			)
		}
		h := newHistory(log.Entries, result)
		simulated := sc
		h.scenario = &simulated
		if s.covers(h, to) {
			return h, nil
		}
		settled = max(h.settled(), 2*settled)
		if settled > least+maxUnsettled {
			return nil, fmt.Errorf(
				"the fleet does not settle: it is still active at %s; say until when chance or new refs "+
					"may disturb it, or how long the run lasts", elapsed(h.settled()),
			)
		}
	}
}

// A boundedCollector keeps the entries of a run, and refuses more than maxEntries.
type boundedCollector struct{ trace.Collector }

func (c *boundedCollector) Write(e *trace.Entry) error {
	if len(c.Entries) >= maxEntries {
		return fmt.Errorf(
			"more than %d entries: the fleet is too large, or never rests", maxEntries,
		)
	}
	return c.Collector.Write(e)
}

// elapsed writes a time since the start as traces do.
func elapsed(d time.Duration) string {
	return string(trace.AppendElapsed(nil, reducer.Time(d), 0))
}
