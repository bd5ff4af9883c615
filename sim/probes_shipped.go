package sim

import (
	"fmt"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/trace"
)

// soak starts the probes of a rollout whose switch has completed.
func (p *production) soak(a *shippedAgent, r *localRollout) {
	r.switched = p.clock.now
	r.probeFrom = p.clock.after(
		p.world.agents.delay(a.agent, r.rollout, a.profile.Probe, drawProbe),
	)
	r.reported = false
	p.startProbes(a, r)
}

// startProbes replaces the probes that run by those of a rollout.
func (p *production) startProbes(a *shippedAgent, r *localRollout) {
	a.probing, a.observed, a.wasFailed = r.rollout, false, false
	a.probes++
	p.send(a, r, trace.AgentEvent{
		Kind: reducer.ProbeTopologyDeclared, Probe: probeName, At: p.network.time(a.host),
	}, nil)
	delay := max(0, time.Duration(r.probeFrom-p.clock.now))
	p.clock.schedule(delay, workProbed, a.host, a.probes)
	p.awaitAdvance(a, r)
}

// probed runs the probe once.
func (p *production) probed(a *shippedAgent) {
	r := a.find(a.probing)
	if r == nil || r.state != reducer.HostSoaking {
		return
	}
	at := p.network.time(a.host)
	if !a.observed {
		a.observed = true
		p.send(a, r, trace.AgentEvent{Kind: reducer.ProbeObservedFirst, Probe: probeName, At: at}, nil)
	}
	passes, raw := p.probe(a, r, at)
	if !passes && !a.wasFailed {
		if !r.failed.Set {
			r.failed = reducer.Some(at)
		}
		p.send(a, r, trace.AgentEvent{Kind: reducer.ProbeFailureFirst, Probe: probeName, At: at}, nil)
		if raw != nil {
			_, raw = p.probe(a, r, at) // with the next seq
		}
	}
	a.wasFailed = !passes
	r.reported, r.passing = true, passes
	p.send(a, r, trace.AgentEvent{
		Kind: reducer.ProbeResult, Probe: probeName, Passed: passes, At: at,
	}, raw)
	p.clock.schedule(probeInterval, workProbed, a.host, a.probes)
	p.awaitAdvance(a, r)
}

// defaultPassesAfter is how long a failing control fails unless a fate says otherwise.
const defaultPassesAfter = time.Minute

// probe returns whether the probe passes, and the payload of a result that names a control.
func (p *production) probe(a *shippedAgent, r *localRollout, at reducer.Time) (bool, []byte) {
	agents := &p.world.agents
	passes := !agents.suffers(
		a.agent, r.rollout, FailsProbes, a.profile.ProbeFailure, drawProbeFailure,
	)
	f := agents.fate(a.agent, r.rollout, FailsControl)
	if f == nil {
		return passes, nil
	}
	after := defaultPassesAfter
	if f.PassesAfter.Set {
		after = f.PassesAfter.Value
	}
	if after < 0 || p.clock.now < r.switched+reducer.Time(after) {
		passes = false
	}
	status := "pass"
	if !passes {
		status = "fail"
	}
	return passes, fmt.Appendf(nil, `{"failureReason":null,"kind":"ProbeResult","mode":"enforce",`+
		`"observedAt":"%s","probeName":"%s","seq":%d,"status":"%s","subResults":[{"article":null,`+
		`"controlId":"control-1","framework":"baseline","status":"%s"}]}`,
		trace.AppendProductionTime(nil, at), probeName, r.seq+1, status, status)
}

// awaitAdvance schedules the tick of an agent at which a soaking rollout may end.
func (p *production) awaitAdvance(a *shippedAgent, r *localRollout) {
	due := r.soakDue + reducer.Time(
		p.world.agents.delay(a.agent, r.rollout, a.profile.Converge, drawConverge),
	)
	if r.reported && !r.passing {
		due = r.failed.Value + failureWindow
	}
	due += max(0, p.clock.now-p.network.time(a.host)) // a clock that is behind
	at := next(p.clock.start+a.tickPhase, agentTick, max(due, p.clock.now), false)
	p.clock.queue.push(at, workConverged, a.host, 0)
}

// advance is the tick of an agent: it ends the soak of each rollout that has failed for long enough
// or may converge.
func (p *production) advance(a *shippedAgent) {
	if a.away || p.network.lost(a.host) {
		return
	}
	own := p.network.time(a.host)
	early := min(own, p.clock.now)
	for i := range a.local {
		r := &a.local[i]
		switch {
		case r.state != reducer.HostSoaking:
		case r.reported && !r.passing:
			if r.failed.Set && own-r.failed.Value >= failureWindow {
				p.fails(a, r, own)
				p.fail(a, r.rollout)
			}
		case early >= r.soakDue && a.running == r.target && p.mayConverge(r):
			r.state = reducer.HostConverged
			p.send(a, r, trace.AgentEvent{
				Kind: reducer.ProbesPassed, Closure: a.running, At: own,
			}, nil)
		}
	}
}

// mayConverge reports whether the results of the probes suffice. In production none are needed.
func (p *production) mayConverge(r *localRollout) bool {
	return r.reported || !p.mended.Has(controlplane.LateWaveSoak)
}

// fails reports that the probes of a rollout have failed for long enough.
func (p *production) fails(a *shippedAgent, r *localRollout, at reducer.Time) {
	r.state = reducer.HostFailed
	p.send(a, r, trace.AgentEvent{
		Kind: reducer.ProbesFailed, Probe: probeName, Policy: a.profile.policy, At: at,
	}, fmt.Appendf(nil, `{"failedAt":"%s","failingProbes":["%s"],"kind":"Failed",`+
		`"policyApplied":"%s","seq":%d,"sustainedDurationSecs":%d}`,
		trace.AppendProductionTime(nil, at), probeName, a.profile.policy, r.seq+1,
		(at-r.failed.Value)/reducer.Time(time.Second)))
}
