package sim

import (
	"fmt"
	"strings"

	"rollsim/controlplane"
	"rollsim/reducer"
)

// fact describes an agent, and its next work among that which is due.
func (as *agents) fact(a *agent, due []item) controlplane.Fact {
	f := controlplane.Fact{Subject: string(as.inv.HostID(a.host))}
	text := []string{"runs " + string(as.closure(a.running))}
	if a.working != noRollout {
		id := as.rollouts.list[a.working].id
		switch a.phase {
		case idle:
			text = append(text, fmt.Sprintf("has no more work for %s", id))
		case switching:
			text = append(text, fmt.Sprintf("switches for %s", id))
		case rebooting:
			text = append(text, fmt.Sprintf("waits for a reboot that ends the switch for %s", id))
		case soaking:
			text = append(text, fmt.Sprintf("soaks for %s", id))
		case failed:
			text = append(text, fmt.Sprintf("has failed under %s", id))
		}
		text = append(text, fmt.Sprintf("has sent message %d", a.seq))
	}
	if a.waiting != noRollout {
		text = append(text, fmt.Sprintf("then works for %s", as.rollouts.list[a.waiting].id))
	}
	text = append(text, linkFacts(as.network.link(a.host))...)
	for _, x := range due {
		if next := stage(x.work()); next != "" && x.a() == a.host && x.b == a.epoch {
			text, f.At = append(text, next), reducer.Some(x.at)
			break
		}
	}
	f.Detail = strings.Join(text, ", ")
	return f
}

// stage describes the work of an agent; empty for other work.
func stage(w work) string {
	switch w {
	case workSwitched:
		return "the switch ends"
	case workRebooted:
		return "it reboots"
	case workProbed:
		return "a probe has a result"
	case workSustained:
		return "its probes have failed for long enough"
	case workConverged:
		return "its soak may end"
	case workRolledBack:
		return "it has rolled back"
	case workBroken:
		return "the agent restarts"
	case workRestarted:
		return "the agent is back"
	case workTimeline, workPoll, workTick, workDispatched, workRetention, workArrive, workResend,
		workOnline, workRestart, workTraffic, workBeat, workPrune:
	}
	return ""
}

// linkFacts describes the connection of a host, which only a run with faults has.
func linkFacts(l *link) []string {
	var text []string
	switch {
	case l == nil:
		return nil
	case l.lost:
		text = append(text, "is lost")
	case l.offline:
		text = append(text, "is offline")
	}
	if l.skew != 0 {
		text = append(text, fmt.Sprintf("has a clock that is wrong by %v", l.skew))
	}
	if n := len(l.armed); n > 0 {
		text = append(text, fmt.Sprintf("a fault waits for its next message (%d)", n))
	}
	return text
}

// facts describes a shipped agent: the host, with its next work among that which is due, then what
// it knows of each rollout.
func (p *production) facts(a *shippedAgent, due []item) []controlplane.Fact {
	host := string(p.inv.HostID(a.host))
	text := []string{"runs " + string(a.running)}
	if next := a.generations[len(a.generations)-1]; next != a.running {
		text = append(text, "boots "+string(next))
	}
	if a.away {
		text = append(text, "its agent restarts")
	}
	for i := range a.switches {
		w := &a.switches[i]
		what := "switches"
		if w.rollback {
			what = "rolls back"
		}
		if i > 0 || !a.busy {
			what = "then " + what
		}
		text = append(text, fmt.Sprintf("%s for %s", what, p.rollouts.list[w.rollout].id))
	}
	text = append(text, linkFacts(p.network.link(a.host))...)
	f := controlplane.Fact{Subject: host}
	for _, x := range due {
		next := stage(x.work())
		if next == "" || x.a() != a.host || x.work() != workConverged && x.b != a.epochOf(x.work()) {
			continue
		}
		text, f.At = append(text, next), reducer.Some(x.at)
		break
	}
	f.Detail = strings.Join(text, ", ")
	all := []controlplane.Fact{f}
	for i := range a.local {
		r := &a.local[i]
		id := p.rollouts.list[r.rollout].id
		text := fmt.Sprintf("knows %s: %v, last message %d", id, r.state, r.seq)
		if a.probing == r.rollout {
			text += ", probes it"
		}
		f := controlplane.Fact{Subject: host, Detail: text}
		if r.state == reducer.HostSoaking {
			f.Detail += "; the soak is due"
			f.At = reducer.Some(r.soakDue)
		}
		all = append(all, f)
	}
	return all
}

// epochOf returns the epoch of the work of a kind that is not ignored.
func (a *shippedAgent) epochOf(w work) uint32 {
	if w == workProbed {
		return a.probes
	}
	return a.epoch
}
