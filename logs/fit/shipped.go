package fit

import (
	"rollsim/reducer"
	"rollsim/trace"
)

// The shipped control plane and its agents stamp other times than the specified ones. The ack has
// the time at which the dispatch was queued, and the end of a switch or of a rollback has the time
// of its start. So stages are measured by the clock of the log. Moves that the control plane makes
// itself, because a heartbeat shows what the host runs, measure nothing.

// plane is the kind of control plane that has written a log. The zero value stands for one that
// each attempt shows.
type plane uint8

const (
	planeUnknown plane = iota
	planeSpecified
	planeShipped
)

// planeOf returns the kind of control plane that the header of a simulated trace names.
func planeOf(h *trace.Header) plane {
	if h.ControlPlane == trace.ShippedControlPlane {
		return planeShipped
	}
	return planeSpecified
}

// judge records whose times an attempt has. A shipped agent acknowledges the closure that it was
// dispatched, where a specified one names the closure that it ran. An ack without a closure is one
// that the control plane has made itself.
func (l *learner) judge(a *attempt, m *trace.AgentEvent) {
	switch l.plane {
	case planeShipped:
		a.shipped = true
	case planeUnknown:
		if m.Kind == reducer.DispatchAck && a.target != "" && m.Closure != "" {
			l.acksTarget = m.Closure == a.target
		}
		a.shipped = l.acksTarget
	case planeSpecified:
	}
	a.made = l.plane != planeSpecified && m.Kind == reducer.DispatchAck && m.Closure == "" &&
		(a.target != "" || !a.dispatched.Set)
}

// took returns how long the current stage has taken at a time.
func (a *attempt) took(at instant) reducer.Time { return a.between(a.since, at) }

// between returns the time between two messages of an agent.
func (a *attempt) between(start, end instant) reducer.Time {
	if a.shipped {
		return end.log - start.log
	}
	return end.agent - start.agent
}

// started applies the start of a switch. A shipped agent acknowledges a dispatch while another
// switch runs.
func (a *attempt) started(at instant) {
	if a.shipped && a.now == activation {
		a.since = at
	}
}

// lateness is how much later than its own time an entry may be before its message counts as late.
const lateness = reducer.Time(5_000_000_000)

// late reports whether the start of the current stage was reported late, so that the clock of the
// log does not show it.
func (a *attempt) late() bool {
	return a.shipped && a.starts > 0 && a.since.log-a.since.agent > lateness
}

// synthesised reports whether the control plane has made the end of a switch itself. It stamps the
// present time, where an agent stamps the start of the switch.
func (a *attempt) synthesised(at instant) bool {
	const second = reducer.Time(1_000_000_000)
	present := at.log-at.agent < lateness && at.agent-at.log < lateness
	switch {
	case !a.shipped || !present:
		return false
	case a.now == reboot:
		return true
	}
	return a.now == activation && (a.starts == 0 || at.agent-a.since.agent > second)
}

// agentTick is how often a shipped agent checks whether its soak has ended.
const agentTick = reducer.Time(5_000_000_000)

// withoutTick returns how long a host took to converge, without what it may have waited for a tick.
func (a *attempt) withoutTick(took reducer.Time) reducer.Time {
	if a.shipped {
		return max(0, took-agentTick)
	}
	return took
}
