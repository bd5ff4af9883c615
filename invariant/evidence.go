package invariant

import (
	"slices"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// evidence checks why hosts converge, and what they return to when they roll back: invariants (19)
// and (20). It judges only channels whose soaks are declared.
type evidence struct {
	*reports
	soaks    map[reducer.ChannelID][]time.Duration // by wave
	closures []reducer.ClosureHash                 // that hosts ran when they acked, by first mention
	probes   []string                              // that hosts declared, by first mention
}

// maxProbes is the number of probe names that a Checker distinguishes. It ignores further ones.
const maxProbes = 8

// dispatched records the first dispatch of a host of some wave.
func (c *evidence) dispatched(a *account, slot int, wave uint32) {
	p := &a.hosts[slot]
	if p.soakDue != 0 {
		return
	}
	p.soakDue = c.at
	if soaks := c.soaks[a.channel]; uint64(wave) < uint64(len(soaks)) {
		p.soakDue += reducer.Time(soaks[wave])
	}
}

// agentEvent records what the host at a slot reports, and checks the end of a rollback.
func (c *evidence) agentEvent(
	a *account, r *reducer.Rollout, slot int, e *trace.Entry, s *shipped,
) {
	p := &a.hosts[slot]
	switch m := e.Agent; m.Kind {
	case reducer.DispatchAck:
		if p.before == 0 && s == nil {
			p.before = c.closure(m.Closure) + 1
		}
	case reducer.ActivationCompleted:
		p.declared, p.passed = 0, 0
		p.mark(claimed, false)
	case reducer.ProbeTopologyDeclared:
		p.declared |= c.probe(m.Probe)
	case reducer.ProbeResult:
		p.passed &^= c.probe(m.Probe)
		if m.Passed {
			p.passed |= c.probe(m.Probe)
		}
	case reducer.ProbeFailureFirst:
		p.passed &^= c.probe(m.Probe)
	case reducer.ProbesPassed:
		p.mark(claimed, true)
		target := a.closure
		if s != nil {
			target = s.Target(e.Rollout, e.Host)
		}
		p.mark(otherClosure, m.Closure != target)
	case reducer.RollbackComplete:
		if s != nil && s.acked[e.Host] != e.Rollout {
			return // a later switch has changed which generation comes before
		}
		if p.before > 0 && m.Closure != c.closures[p.before-1] && c.soaks[a.channel] != nil {
			c.once(RollbackKept, r, "host %s returned to closure %s; when it acked it ran %s",
				e.Host, m.Closure, c.closures[p.before-1])
		}
	case reducer.ActivationStarted, reducer.ActivationDeferred, reducer.ActivationFailed,
		reducer.ProbeObservedFirst, reducer.ProbesFailed:
	}
}

// converged checks that the host at a slot has a reason to be Converged.
func (c *evidence) converged(a *account, r *reducer.Rollout, slot int) {
	if c.soaks[a.channel] == nil {
		return
	}
	id, p := r.Hosts()[slot].ID, &a.hosts[slot]
	switch {
	case p.soakDue == 0:
		c.once(EvidenceKept, r, "host %s is Converged and was never dispatched", id)
	case c.at < p.soakDue:
		c.once(EvidenceKept, r, "host %s is Converged %v before its soak was due", id,
			time.Duration(p.soakDue-c.at))
	case p.marks&claimed == 0:
		c.once(EvidenceKept, r, "host %s is Converged without its agent's message", id)
	case p.marks&otherClosure != 0:
		c.once(EvidenceKept, r, "host %s is Converged on another closure than %s", id, a.closure)
	case p.declared&^p.passed != 0:
		c.once(EvidenceKept, r, "host %s is Converged, and its last activation was not followed by a "+
			"pass of every probe", id)
	}
}

// closure returns the index of a closure in closures.
func (c *evidence) closure(hash reducer.ClosureHash) uint32 {
	for i, known := range slices.Backward(c.closures) { // the latest are the most frequent
		if known == hash {
			return uint32(i)
		}
	}
	c.closures = append(c.closures, hash)
	return uint32(len(c.closures) - 1)
}

// probe returns the bit of a probe, or 0 if there are too many.
func (c *evidence) probe(name string) uint8 {
	i := slices.Index(c.probes, name)
	if i < 0 && len(c.probes) < maxProbes {
		i = len(c.probes)
		c.probes = append(c.probes, name)
	}
	if i < 0 {
		return 0
	}
	return 1 << i
}
