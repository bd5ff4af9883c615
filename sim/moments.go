package sim

import (
	"slices"

	"rollsim/reducer"
)

// moments detects the moments of a scenario: those that lines of the timeline wait for, and those
// that must happen at least once.
type moments struct {
	clock     *clock
	timeline  []*Action
	sometimes []Moment
	waiting   []uint32 // lines of the timeline whose moment has not happened
	missing   []uint32 // indices of sometimes that have not happened
	censuses  []census
}

// census counts the hosts of a rollout by wave and state.
type census struct {
	rollout reducer.RolloutID
	joined  int
	waves   []waveCensus
}

type waveCensus struct {
	number uint32
	counts [reducer.HostStateCount]int
}

func newMoments(c *clock, timeline []*Action, sometimes []Moment) moments {
	m := moments{clock: c, timeline: timeline, sometimes: sometimes}
	for i := range timeline {
		m.await(i)
	}
	for i := range sometimes {
		m.missing = append(m.missing, uint32(i))
		m.watch(&sometimes[i])
	}
	return m
}

// await makes a line of the timeline wait for its moment, if it has one.
func (m *moments) await(line int) {
	if when := m.timeline[line].When; when != nil {
		m.waiting = append(m.waiting, uint32(line))
		m.watch(when)
	}
}

// watch starts a census of the rollout of a moment that names a wave.
func (m *moments) watch(when *Moment) {
	if when.Wave.Set && m.census(when.Rollout) == nil {
		m.censuses = append(m.censuses, census{rollout: when.Rollout})
	}
}

// census returns the census of a rollout, or nil.
func (m *moments) census(id reducer.RolloutID) *census {
	for i := range m.censuses {
		if m.censuses[i].rollout == id {
			return &m.censuses[i]
		}
	}
	return nil
}

// count counts the host of an event that the fleet has accepted.
func (m *moments) count(r *reducer.Rollout, ev *reducer.Event) {
	if ev.Kind != reducer.HostJoined && ev.Kind != reducer.HostStateChanged || len(m.censuses) == 0 {
		return
	}
	if c := m.census(r.Record.RolloutID); c != nil {
		c.count(r, ev)
	}
}

func (c *census) count(r *reducer.Rollout, ev *reducer.Event) {
	h, joined := r.Host(ev.Host)
	if !joined {
		return
	}
	counts := c.wave(h.Wave)
	if counts == nil {
		c.waves = append(c.waves, waveCensus{number: h.Wave})
		counts = &c.waves[len(c.waves)-1].counts
	}
	switch {
	case ev.Kind == reducer.HostStateChanged:
		counts[ev.From]--
		counts[ev.To]++
	case c.joined < len(r.Hosts()): // else it had joined before
		c.joined++
		counts[reducer.HostPending]++
	}
}

// wave returns the counts of a wave; nil if no host has joined it.
func (c *census) wave(number uint32) *[reducer.HostStateCount]int {
	for i := range c.waves {
		if c.waves[i].number == number {
			return &c.waves[i].counts
		}
	}
	return nil
}

// holds reports whether a host of the wave is in a state, and no host of the wave is behind it.
func (c *census) holds(wave uint32, state reducer.HostState) bool {
	counts := c.wave(wave)
	if counts == nil || counts[state] == 0 {
		return false
	}
	for _, s := range reducer.HostStates() {
		if counts[s] > 0 && Progress(s) < Progress(state) {
			return false
		}
	}
	return true
}

// check schedules the lines of the timeline whose moment has happened with the last event of a
// rollout, and records which of sometimes have.
func (m *moments) check(r *reducer.Rollout) {
	if len(m.missing) > 0 {
		m.missing = slices.DeleteFunc(
			m.missing, func(i uint32) bool { return m.holds(&m.sometimes[i], r) },
		)
	}
	if len(m.waiting) > 0 {
		m.waiting = slices.DeleteFunc(m.waiting, func(i uint32) bool {
			a := m.timeline[i]
			if !m.holds(a.When, r) {
				return false
			}
			m.clock.schedule(a.At, workTimeline, i, 0)
			return true
		})
	}
}

// holds reports whether a moment belongs to the rollout and happens now.
func (m *moments) holds(when *Moment, r *reducer.Rollout) bool {
	switch {
	case when.Rollout != r.Record.RolloutID, when.State != 0 && r.Record.State != when.State:
		return false
	case when.Host != "":
		h, joined := r.Host(when.Host)
		return joined && h.State == when.HostState
	case when.Wave.Set:
		return m.census(when.Rollout).holds(when.Wave.Value, when.HostState)
	}
	return true
}

// Progress ranks host states by how far the host has come. A deferred host has the rank of a
// soaking one, because its wave may continue.
func Progress(s reducer.HostState) int {
	switch s {
	case reducer.HostPending:
		return 0
	case reducer.HostActivating:
		return 1
	case reducer.HostDeferred, reducer.HostSoaking:
		return 2
	case reducer.HostConverged, reducer.HostFailed, reducer.HostReverted:
	}
	return 3
}
