package sim

import (
	"fmt"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/trace"
)

// shippedAgent is the agent of one host as production has it. It keeps a state for each rollout
// that it was dispatched for, and continues with those that were superseded.
type shippedAgent struct {
	*agent  // its behaviour and random streams
	channel uint32

	running     reducer.ClosureHash
	generations []reducer.ClosureHash // of the system profile; the last one boots
	local       []localRollout        // in its memory
	switches    []switchOver          // that wait, the one that runs first
	busy        bool                  // a switch runs
	away        bool                  // the agent itself restarts
	tickPhase   reducer.Time

	probing   uint32 // the rollout whose probes run, or noRollout
	probes    uint32 // generation of the probes; work of earlier ones is ignored
	observed  bool   // this generation has a result
	wasFailed bool   // that result was a failure

	fetches   bool         // it is about to fetch a dispatch
	beatAt    reducer.Time // its next heartbeat that is scheduled, or 0
	beatPhase reducer.Time
	failing   []FaultKind // faults of the timeline that wait for its next message
	loss      loss        // the last one that was new
}

// localRollout is what an agent knows of a rollout.
type localRollout struct {
	rollout   uint32
	state     reducer.HostState
	seq       uint64
	target    reducer.ClosureHash
	soakDue   reducer.Time
	failed    reducer.Opt[reducer.Time] // when a probe failed first; a pass does not reset it
	reported  bool                      // a probe has a result
	passing   bool                      // the latest result
	switched  reducer.Time              // when its switch completed
	probeFrom reducer.Time              // no probe has a result before
}

// switchOver is work of the one worker that changes what a host runs.
type switchOver struct {
	rollout  uint32
	target   reducer.ClosureHash
	rollback bool
	started  reducer.Time // by the host's clock
}

// What agents do by themselves.
const (
	probeInterval = 30 * time.Second
	agentTick     = 5 * reducer.Time(time.Second)
	failureWindow = 120 * reducer.Time(time.Second)
	bootDelay     = time.Second
)

// addAgents adds the shipped agent of every host.
func (p *production) addAgents() error {
	p.agents = make([]shippedAgent, len(p.world.agents.list))
	p.initial = make([]reducer.ClosureHash, len(p.agents))
	for n := range p.agents {
		a := &p.agents[n]
		a.agent, a.probing = &p.world.agents.list[n], noRollout
		word := draw(p.opt.Seed, a.key, 0, drawPhase)
		a.tickPhase = reducer.Time(tick) * reducer.Time(word%uint64(agentTick/reducer.Time(tick)))
		a.beatPhase = p.phase(p.sc.Phases.Heartbeat, string(p.inv.HostID(a.host))+" heartbeat",
			time.Duration(controlplane.HeartbeatInterval))
		p.initial[n] = initialClosure
	}
	for i := range p.sc.Channels {
		for n := range p.agents {
			if _, ok := p.inv.Member(p.sc.Channels[i].ID, p.inv.HostID(uint32(n))); ok {
				p.agents[n].channel = uint32(i)
			}
		}
	}
	for n := range p.agents {
		for _, r := range p.sc.Running {
			hit, err := matchesAny(r.Hosts, p.inv.HostID(uint32(n)))
			if err != nil {
				return err
			}
			if hit {
				p.initial[n] = p.closure(uint32(n), r.Ref)
			}
		}
		a := &p.agents[n]
		a.running = p.initial[n]
		a.generations = []reducer.ClosureHash{"before " + a.running, a.running}
	}
	return nil
}

// find returns what an agent knows of a rollout, or nil.
func (a *shippedAgent) find(rollout uint32) *localRollout {
	for i := range a.local {
		if a.local[i].rollout == rollout {
			return &a.local[i]
		}
	}
	return nil
}

// reachable reports whether an agent can talk to the control plane.
func (p *production) reachable(a *shippedAgent) bool {
	l := p.network.link(a.host)
	return !l.lost && !l.offline && !a.away && !p.driver.down
}

// kick makes an agent fetch a dispatch after the time that the long poll needs.
func (p *production) kick(host, rollout uint32) {
	a := &p.agents[host]
	if a.fetches || !p.reachable(a) {
		return
	}
	a.fetches = true
	delay := p.world.agents.delay(a.agent, rollout, a.profile.Ack, drawAck)
	p.clock.schedule(delay, workDispatched, host, 0)
}

// resume continues what an agent does regularly, after it or the control plane was unreachable.
func (p *production) resume(a *shippedAgent) {
	if p.plane().Queued(a.host) && !a.fetches && p.reachable(a) {
		a.fetches = true
		p.clock.schedule(time.Second, workDispatched, a.host, 0)
	}
	p.awaitBeat(a)
}

// dequeue fetches a dispatch from the queue of the control plane, and acks it.
func (p *production) dequeue(a *shippedAgent) {
	a.fetches = false
	if !p.reachable(a) {
		return
	}
	l := p.network.link(a.host)
	l.attempts++
	p.world.agents.chooseFault(a.agent, HostOffline)
	if p.chance.strikes(HostLost, a.host, a.key, l.attempts) != nil {
		p.lose(a)
		return
	}
	if f := p.chance.strikes(HostOffline, a.host, a.key, l.attempts); f != nil {
		p.world.agents.disconnect(a.agent, p.chance.length(f, a.key, l.attempts))
		return
	}
	d, ok := p.plane().Dequeue(a.host)
	if !ok {
		return
	}
	defer p.resume(a)
	rollout := p.rollouts.find(d.Rollout)
	p.record.check.Dequeued(d.Rollout, p.inv.HostID(a.host), d.QueuedAt)
	age := p.clock.now - p.signedAt(a.channel, p.rollouts.list[rollout].ref)
	switch {
	case p.world.agents.neverAcks(a.agent, rollout):
		return
	case p.mended.Has(controlplane.StaleSnapshot) && p.unsent(a, d.Rollout):
		return // an ack of before a restart is still on its way
	case age > controlplane.ManifestWindow && !p.mended.Has(controlplane.StaleManifest):
		p.lost(a, rollout, controlplane.StaleManifest)
		return
	}
	if p.dispatched(a, rollout, &d) {
		p.next(a)
	}
}

// dispatched acks a dispatch, unless the agent works on its rollout already.
func (p *production) dispatched(a *shippedAgent, rollout uint32, d *controlplane.Dispatch) bool {
	r := a.find(rollout)
	if r == nil {
		a.local = append(a.local, localRollout{rollout: rollout, state: reducer.HostPending})
		r = &a.local[len(a.local)-1]
	}
	if r.state != reducer.HostPending {
		return false
	}
	r.state, r.target, r.soakDue = reducer.HostActivating, d.Closure, d.SoakDueAt
	ran := a.running
	if a.generations[len(a.generations)-1] != ran || d.Closure == ran {
		ran = "" // a rollback goes to another generation
	}
	p.record.check.Ran(d.Rollout, p.inv.HostID(a.host), ran)
	a.working = rollout
	p.send(a, r, trace.AgentEvent{Kind: reducer.DispatchAck, Closure: d.Closure, At: d.QueuedAt}, nil)
	a.switches = append(a.switches, switchOver{rollout: rollout, target: d.Closure})
	return true
}

// next starts the next switch, unless one runs.
func (p *production) next(a *shippedAgent) {
	if a.busy || len(a.switches) == 0 {
		return
	}
	w := &a.switches[0]
	a.busy, w.started = true, p.network.time(a.host)
	a.epoch++
	if w.rollback {
		d := p.world.agents.delay(a.agent, w.rollout, a.profile.Rollback, drawRollback)
		p.clock.schedule(d, workRolledBack, a.host, a.epoch)
		return
	}
	if r := a.find(w.rollout); r != nil && r.state == reducer.HostActivating {
		m := trace.AgentEvent{Kind: reducer.ActivationStarted, At: w.started}
		p.send(a, r, m, fmt.Appendf(nil,
			`{"kind":"ActivationStarted","seq":%d,"startedAt":"%s",`+
				`"switchMethod":"switch-to-configuration"}`, r.seq+1, trace.AppendProductionTime(nil, m.At)))
	}
	if top := a.generations[len(a.generations)-1]; top != w.target {
		a.generations = append(a.generations, w.target)
	}
	takes := p.world.agents.delay(a.agent, w.rollout, a.profile.Activation, drawActivation)
	l := p.network.link(a.host)
	l.attempts++
	p.world.agents.chooseFault(a.agent, AgentRestart)
	if f := p.chance.strikes(AgentRestart, a.host, a.key, l.attempts); f != nil {
		l.interrupter = f
		word := draw(p.opt.Seed, a.key, l.attempts, drawRestart)
		p.clock.schedule(
			time.Duration(word%uint64(takes/tick+1))*tick, workBroken, a.host, a.epoch,
		)
	}
	p.clock.schedule(takes, workSwitched, a.host, a.epoch)
}

// work carries out a stage of an agent's work, unless it is of an earlier epoch.
func (p *production) work(a *shippedAgent, what work, epoch uint32) {
	if p.network.lost(a.host) {
		return
	}
	if what == workProbed {
		if a.probes == epoch && !a.away {
			p.probed(a)
		}
		return
	}
	if a.epoch != epoch {
		return
	}
	switch what {
	case workSwitched:
		p.switched(a)
	case workRolledBack:
		p.rolledBack(a)
	case workBroken:
		l := p.network.link(a.host)
		p.broken(a, p.chance.length(l.interrupter, a.key, l.attempts))
	case workRebooted:
		p.reboot(a)
	case workRestarted:
		a.away = false
		p.network.resend(a.host)
		p.beat(a)
	case workTimeline, workPoll, workTick, workDispatched, workProbed, workSustained, workConverged,
		workRetention, workArrive, workResend, workOnline, workRestart, workTraffic, workBeat,
		workPrune:
	}
}

// done removes the switch that ran, and returns it.
func (a *shippedAgent) done() switchOver {
	w := a.switches[0]
	a.switches, a.busy = a.switches[1:], false
	return w
}

// switched ends a switch: it completed, failed or waits for a reboot.
func (p *production) switched(a *shippedAgent) {
	w := a.done()
	r, agents := a.find(w.rollout), &p.world.agents
	legal := r != nil && r.state == reducer.HostActivating
	switch {
	case w.target != a.running &&
		agents.suffers(a.agent, w.rollout, Defers, a.profile.Deferral, drawDeferral):
		if legal {
			r.state = reducer.HostDeferred
			p.send(a, r, trace.AgentEvent{
				Kind: reducer.ActivationDeferred, Component: "kernel", At: w.started,
			}, nil)
		}
		p.awaitReboot(a, w.rollout)
	case agents.suffers(a.agent, w.rollout, FailsActivation, a.profile.ActivationFailure,
		drawActivationFailure):
		if legal {
			r.state = reducer.HostFailed
			p.send(a, r, trace.AgentEvent{
				Kind: reducer.ActivationFailed, ExitCode: 4, Message: "switch failed at phase fire",
				At: w.started,
			}, nil)
			p.fail(a, w.rollout)
		}
	default:
		a.running = w.target
		if legal {
			r.state = reducer.HostSoaking
			p.send(a, r, trace.AgentEvent{
				Kind: reducer.ActivationCompleted, Closure: w.target, At: w.started,
			}, nil)
			p.soak(a, r)
		}
	}
	p.next(a)
}

// awaitReboot schedules the reboot that completes a deferred switch, if there is one.
func (p *production) awaitReboot(a *shippedAgent, rollout uint32) {
	if delay := p.world.agents.reboots(a.agent, rollout); delay >= 0 {
		p.clock.schedule(delay, workRebooted, a.host, a.epoch)
	}
}

// reboot boots the latest generation. A heartbeat then shows the control plane what runs.
func (p *production) reboot(a *shippedAgent) {
	a.running = a.generations[len(a.generations)-1]
	p.forget(a)
	p.away(a, bootDelay)
}

// broken restarts an agent. The switch that runs is lost, and so are those that wait for it, unless
// the agent starts them again.
func (p *production) broken(a *shippedAgent, d time.Duration) {
	if !a.busy {
		return
	}
	w := a.switches[0]
	a.working = w.rollout
	p.world.agents.fault(AgentRestart, a.agent, d)
	for _, w := range a.switches {
		if !w.rollback && !p.mended.Has(controlplane.LostActivation) {
			p.lost(a, w.rollout, controlplane.LostActivation)
		}
	}
	p.forget(a)
	p.away(a, d)
}

// forget drops what only the memory of an agent has.
func (p *production) forget(a *shippedAgent) {
	a.local, a.switches, a.busy = nil, nil, false
	a.probing = noRollout
	a.probes++
	a.epoch++
}

// away makes an agent unreachable while it starts.
func (p *production) away(a *shippedAgent, d time.Duration) {
	a.away = true
	p.clock.schedule(d, workRestarted, a.host, a.epoch)
}

// fail rolls a host back if the policy says so.
func (p *production) fail(a *shippedAgent, rollout uint32) {
	if a.profile.policy == reducer.RollbackAndHalt {
		a.switches = append(a.switches, switchOver{rollout: rollout, rollback: true})
		p.next(a)
	}
}

// rolledBack ends a rollback, to the generation before. If the switch of the profile fails, nothing
// is sent.
func (p *production) rolledBack(a *shippedAgent) {
	w := a.done()
	if !p.world.agents.neverRollsBack(a.agent, w.rollout) {
		before := a.running
		if n := len(a.generations); n > 1 {
			a.generations = a.generations[:n-1]
		}
		a.running = a.generations[len(a.generations)-1]
		p.undo(a, w.rollout, before)
		if r := a.find(w.rollout); r != nil && r.state == reducer.HostFailed {
			r.state = reducer.HostReverted
			p.send(a, r, trace.AgentEvent{
				Kind: reducer.RollbackComplete, Closure: a.running, At: w.started,
			}, nil)
		}
	}
	p.next(a)
}

// undo records the other rollouts whose closure ran before a rollback. The host never converges
// under them.
func (p *production) undo(a *shippedAgent, rollout uint32, before reducer.ClosureHash) {
	for i := range a.local {
		if r := &a.local[i]; r.rollout != rollout && r.target == before && before != a.running {
			p.undone[result{p.inv.HostID(a.host), p.rollouts.list[r.rollout].id}] = true
		}
	}
}

// lose makes a host unreachable for good.
func (p *production) lose(a *shippedAgent) {
	p.forget(a)
	p.network.cut(a.host)
	p.world.agents.fault(HostLost, a.agent, 0)
}

// lost records why a host does not continue under a rollout.
func (p *production) lost(a *shippedAgent, rollout uint32, defect controlplane.Defect) {
	x := loss{a.host, p.rollouts.list[rollout].id, defect}
	if a.loss == x || p.noted[x] { // an agent may refuse a stale manifest in every run
		return
	}
	a.loss, p.noted[x] = x, true
	p.losses = append(p.losses, x)
}

// send numbers a message, and sends it. Observations and results of probes are not kept for later.
func (p *production) send(
	a *shippedAgent, r *localRollout, m trace.AgentEvent, raw []byte,
) {
	r.seq++
	m.Seq = r.seq
	p.letters++
	p.logged = append(p.logged, false)
	volatile := !p.mended.Has(controlplane.AcknowledgedLost) &&
		(m.Kind == reducer.ProbeObservedFirst || m.Kind == reducer.ProbeResult)
	p.network.mail(a.host, message{
		rollout: r.rollout, event: m, raw: raw, id: p.letters, volatile: volatile,
	})
}

// post delivers a message to the control plane, and reports whether it is acknowledged.
func (p *production) post(host uint32, m *message) bool {
	if p.driver.down || p.agents[host].away {
		return false
	}
	id := p.rollouts.list[m.rollout].id
	p.failures(host, m)
	p.current = m.id
	p.network.arrival = m.event
	p.record.check.Host(int(host))
	acked, err := p.plane().Receive(p.clock.now, controlplane.Message{
		Host: host, Rollout: id, Event: &p.network.arrival, Raw: m.raw,
	}, &p.driver)
	p.current = 0
	p.record.fail(err)
	p.record.drop = 0
	if acked && !p.logged[m.id-1] && !p.deleted[id] {
		if d := p.record.check.Dropped(id, p.inv.HostID(host), &m.event); d != "" {
			p.lost(&p.agents[host], m.rollout, d)
		}
	}
	p.awaitBeat(&p.agents[host])
	if f := p.crashes; f != nil && p.logged[m.id-1] {
		p.crashes = nil
		p.crash(p.chance.length(f, m.id, 0), m.id)
		return acked && draw(p.opt.Seed, m.id, 0, drawLoss)&1 == 0 // the answer may be lost too
	}
	return acked
}

// failures draws what goes wrong within the control plane while it works on a message.
func (p *production) failures(host uint32, m *message) {
	a := &p.agents[host]
	kinds := a.failing
	a.failing = nil
	occasion := p.network.links[host].attempts
	for _, kind := range []FaultKind{DatabaseError, LogInsertFailed} {
		if p.chance.strikes(kind, host, a.key, occasion) != nil {
			kinds = append(kinds, kind)
		}
	}
	for _, kind := range kinds {
		p.network.logFault(kind, host, m, 0)
		switch {
		case kind == DatabaseError, p.mended.Has(controlplane.LossyLog):
			p.plane().Inject(controlplane.Failure{Database: true})
		default:
			occasion := uint64(p.clock.now) + m.event.Seq // whatever was sent before
			p.record.drop = 1 + int(draw(p.opt.Seed, a.key, occasion, drawLoss)%3)
		}
	}
}
