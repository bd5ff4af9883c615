package sim

import (
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/trace"
)

// phase is the current activity of an agent. The zero value is idle.
type phase uint8

const (
	idle phase = iota
	switching
	rebooting
	soaking
	failed
)

// agent is the agent of one host. There may be a million, so each fits into a cache line.
type agent struct {
	profile *profile
	key     uint64 // of its random streams
	host    uint32 // its number
	phase   phase

	offered reducer.Time // when the soak of the last dispatch sent to it is due
	soakDue reducer.Time // when the soak of the rollout that it works for is due

	working uint32 // the rollout that it works for
	waiting uint32 // a newer one, which was dispatched while a switch ran
	running uint32 // the one whose closure it runs; noRollout for the initial closure
	before  uint32 // the one to roll back to
	epoch   uint32 // of its work in the queue; work of earlier epochs is ignored
	seq     uint32 // of its last message for the rollout that it works for
}

// initialClosure is what every host runs before its first rollout.
const initialClosure = "initial"

// probeName is the one probe that simulated hosts declare.
const probeName = "health"

// agents are the agents of all hosts, by number.
type agents struct {
	list     []agent
	inv      *controlplane.Inventory
	clock    *clock
	chance   *chance
	network  *network
	record   *recorder
	rollouts *rollouts
	drawn    *notes   // records what is drawn; nil for nothing
	choices  *choices // nil for none
}

// add adds the agent of the next host.
func (as *agents) add(id reducer.HostID, p *profile) {
	as.list = append(as.list, agent{
		profile: p, key: streamKey(string(id)), host: uint32(len(as.list)),
		working: noRollout, waiting: noRollout, running: noRollout,
	})
}

// closure returns the closure of a rollout, or the initial one for noRollout.
func (as *agents) closure(rollout uint32) reducer.ClosureHash {
	if rollout == noRollout {
		return initialClosure
	}
	return as.rollouts.list[rollout].closure()
}

// suffers reports whether something goes wrong for an agent under a rollout. A fate decides, and
// otherwise chance.
func (as *agents) suffers(
	a *agent, rollout uint32, kind FateKind, p *Probability, purpose purpose,
) bool {
	if as.fate(a, rollout, kind) != nil {
		as.giveFate(a, rollout, kind)
		return true
	}
	as.chooseFate(a, rollout, kind)
	if p == nil || as.fate(a, rollout, ConvergesAnyway) != nil {
		return false
	}
	happens := p.comesTrue(draw(as.chance.seed, a.key, as.rollouts.list[rollout].key, purpose))
	if happens && as.drawn != nil {
		as.drawn.fate(as, a, rollout, kind)
	}
	return happens
}

// neverAcks reports whether an agent ignores the dispatches of a rollout.
func (as *agents) neverAcks(a *agent, rollout uint32) bool {
	return as.suffers(a, rollout, NeverAnswers, a.profile.NoAnswer, drawNoAnswer)
}

// neverRollsBack reports whether the rollback of a rollout never completes.
func (as *agents) neverRollsBack(a *agent, rollout uint32) bool {
	return as.suffers(a, rollout, NeverRollsBack, a.profile.RollbackFailure, drawRollbackFailure)
}

// fate returns the last fate of a kind of a host under a rollout, or nil if none exists.
func (as *agents) fate(a *agent, rollout uint32, kind FateKind) *Fate {
	if len(a.profile.fates) == 0 {
		return nil
	}
	return a.profile.fate(rollout, as.rollouts.list[rollout].ref, kind)
}

// dispatch schedules the arrival of a dispatch, unless its agent never acks it.
func (as *agents) dispatch(host, rollout uint32, soakDue reducer.Time) {
	a := &as.list[host]
	a.offered = soakDue
	if !as.neverAcks(a, rollout) {
		as.clock.schedule(
			as.delay(a, rollout, a.profile.Ack, drawAck), workDispatched, host, rollout,
		)
	}
}

// receive handles a dispatch that reaches its agent. The agent completes a switch in progress, and
// abandons any other work.
func (as *agents) receive(host, rollout uint32) {
	a := &as.list[host]
	if a.working != noRollout && rollout <= a.working {
		return // a repetition, or a newer dispatch came first
	}
	if as.strike(a) {
		return
	}
	if l := as.network.link(host); l != nil && l.offline {
		return
	}
	if a.phase == switching {
		a.waiting = rollout
		return
	}
	as.begin(a, rollout)
}

// begin acks a dispatch and starts the switch.
func (as *agents) begin(a *agent, rollout uint32) {
	a.epoch++
	a.working, a.waiting = rollout, noRollout
	a.seq = 0
	a.before = a.running
	a.soakDue = a.offered
	as.send(a, trace.AgentEvent{Kind: reducer.DispatchAck, Closure: as.closure(a.running)})
	as.send(a, trace.AgentEvent{Kind: reducer.ActivationStarted})
	as.switchOver(a)
}

// switchOver starts the switch, which a restart of the agent may interrupt.
func (as *agents) switchOver(a *agent) {
	a.phase = switching
	takes := as.delay(a, a.working, a.profile.Activation, drawActivation)
	if l := as.network.link(a.host); l != nil {
		l.attempts++
		key := a.key
		as.chooseFault(a, AgentRestart)
		if f := as.chance.strikes(AgentRestart, a.host, key, l.attempts); f != nil {
			l.interrupter = f
			word := draw(as.chance.seed, key, l.attempts, drawRestart)
			as.then(a, workBroken, time.Duration(word%uint64(takes/tick+1))*tick)
			return
		}
	}
	as.then(a, workSwitched, takes)
}

// then schedules work of the agent's current epoch.
func (as *agents) then(a *agent, what work, delay time.Duration) {
	as.clock.schedule(delay, what, a.host, a.epoch)
}

// step carries out a stage of an agent's work, unless it is of an earlier epoch.
func (as *agents) step(host, epoch uint32, what work) {
	a := &as.list[host]
	if a.epoch != epoch || as.strike(a) {
		return
	}
	switch what {
	case workSwitched:
		as.switched(a)
	case workBroken:
		l := as.network.link(host)
		as.restart(a, as.chance.length(l.interrupter, a.key, l.attempts))
	case workRestarted:
		as.send(a, trace.AgentEvent{Kind: reducer.ActivationStarted})
		as.switchOver(a)
	case workRebooted:
		as.finishSwitch(a)
	case workProbed:
		as.probed(a)
	case workSustained:
		as.send(a, trace.AgentEvent{
			Kind: reducer.ProbesFailed, Probe: probeName, Policy: a.profile.policy,
		})
		as.fail(a)
	case workConverged:
		a.phase = idle
		as.send(a, trace.AgentEvent{Kind: reducer.ProbesPassed, Closure: as.closure(a.running)})
	case workRolledBack:
		a.phase = idle
		a.running = a.before
		as.send(a, trace.AgentEvent{Kind: reducer.RollbackComplete, Closure: as.closure(a.running)})
	case workTimeline,
		workPoll,
		workTick,
		workDispatched,
		workRetention,
		workArrive,
		workResend,
		workOnline,
		workRestart,
		workTraffic,
		workBeat,
		workPrune:
	}
}

// switched ends the switch, and starts a newer rollout that waits for this.
func (as *agents) switched(a *agent) {
	if as.suffers(a, a.working, Defers, a.profile.Deferral, drawDeferral) {
		as.deferSwitch(a)
	} else {
		as.finishSwitch(a)
	}
	if a.waiting != noRollout {
		as.begin(a, a.waiting)
	}
}

// deferSwitch postpones the end of the switch to the next reboot, if there is one.
func (as *agents) deferSwitch(a *agent) {
	a.phase = rebooting
	as.send(a, trace.AgentEvent{Kind: reducer.ActivationDeferred, Component: "kernel"})
	if delay := as.reboots(a, a.working); delay >= 0 {
		as.then(a, workRebooted, delay)
	}
}

// reboots returns when a host reboots after a switch was deferred: as its fate says, or as drawn.
// It is negative for never.
func (as *agents) reboots(a *agent, rollout uint32) time.Duration {
	if f := as.fate(a, rollout, Defers); f != nil && f.RebootAfter.Set {
		return f.RebootAfter.Value
	}
	return as.delay(a, rollout, a.profile.Reboot, drawReboot)
}

// finishSwitch completes the switch, or fails it.
func (as *agents) finishSwitch(a *agent) {
	p := a.profile
	if as.suffers(a, a.working, FailsActivation, p.ActivationFailure, drawActivationFailure) {
		as.send(a, trace.AgentEvent{
			Kind: reducer.ActivationFailed, ExitCode: 1, Message: "switch failed",
		})
		as.fail(a)
		return
	}
	a.phase = soaking
	a.running = a.working
	as.send(a, trace.AgentEvent{Kind: reducer.ActivationCompleted, Closure: as.closure(a.running)})
	as.send(a, trace.AgentEvent{Kind: reducer.ProbeTopologyDeclared, Probe: probeName})
	as.then(a, workProbed, as.delay(a, a.working, p.Probe, drawProbe))
}

// probed sends the first result of the probe. It then waits for the end of the soak, or for the
// threshold of sustained failure.
func (as *agents) probed(a *agent) {
	p := a.profile
	if as.suffers(a, a.working, FailsProbes, p.ProbeFailure, drawProbeFailure) {
		as.send(a, trace.AgentEvent{Kind: reducer.ProbeFailureFirst, Probe: probeName})
		as.then(a, workSustained, reducer.SustainedFailureSeconds*time.Second)
		return
	}
	as.send(a, trace.AgentEvent{Kind: reducer.ProbeResult, Probe: probeName, Passed: true})
	soak := max(0, time.Duration(a.soakDue-as.clock.now))
	as.then(a, workConverged, soak+as.delay(a, a.working, p.Converge, drawConverge))
}

// fail leaves the host as it is or rolls it back, as the policy says. A fate or chance decides
// whether the rollback completes.
func (as *agents) fail(a *agent) {
	a.phase = failed
	if a.profile.policy == reducer.RollbackAndHalt && !as.neverRollsBack(a, a.working) {
		as.then(a, workRolledBack, as.delay(a, a.working, a.profile.Rollback, drawRollback))
	}
}

// send numbers a message for the rollout that the agent works for, and sends it.
func (as *agents) send(a *agent, m trace.AgentEvent) {
	a.seq++
	m.Seq = uint64(a.seq)
	m.At = as.network.time(a.host)
	as.network.send(a.host, a.working, m)
}

// strike draws whether the host is lost or goes offline before its agent starts a new stage. It
// reports whether the host is lost.
func (as *agents) strike(a *agent) bool {
	l := as.network.link(a.host)
	if l == nil {
		return false
	}
	if l.lost {
		return true
	}
	l.attempts++
	key, occasion := a.key, l.attempts
	as.chooseFault(a, HostOffline)
	if as.chance.strikes(HostLost, a.host, key, occasion) != nil {
		as.lose(a)
		return true
	}
	if f := as.chance.strikes(HostOffline, a.host, key, occasion); f != nil && !l.offline {
		as.disconnect(a, as.chance.length(f, key, occasion))
	}
	return false
}

// lose makes a host unreachable for good, and ends its work.
func (as *agents) lose(a *agent) {
	a.epoch++
	a.phase = idle
	as.network.cut(a.host)
	as.fault(HostLost, a, 0)
}

// leave ends the work of a host that leaves the fleet.
func (as *agents) leave(host uint32) {
	a := &as.list[host]
	a.epoch++
	a.phase = idle
	as.network.cut(host)
	as.network.links[host].left = true
}

// disconnect makes a host unreachable for some time. Its agent continues its work.
func (as *agents) disconnect(a *agent, d time.Duration) {
	as.fault(HostOffline, a, d)
	as.network.disconnect(a.host, d)
}

// restart interrupts a switch in progress, which starts again after d. The agent keeps its rollout
// and seq.
func (as *agents) restart(a *agent, d time.Duration) {
	if a.phase != switching {
		return
	}
	a.epoch++
	as.fault(AgentRestart, a, d)
	as.then(a, workRestarted, d)
}

// fault logs a fault of a host, with the rollout that its agent works for.
func (as *agents) fault(kind FaultKind, a *agent, d time.Duration) {
	f := trace.Fault{Fault: kind.String(), Host: as.inv.HostID(a.host)}
	if a.working != noRollout {
		f.Rollout = as.rollouts.list[a.working].id
	}
	as.record.fault(f, d)
}

// inject carries out a fault of a host or a message of the timeline. It ignores a fault of a host
// that is unknown or lost.
func (as *agents) inject(action *Action) {
	f := action.Fault
	n, ok := as.inv.Host(f.Host)
	if !ok || as.network.lost(n) {
		return
	}
	a, l := &as.list[n], as.network.link(n)
	switch f.Kind {
	case HostOffline:
		if !l.offline {
			as.disconnect(a, f.For)
		}
	case HostLost:
		as.lose(a)
	case AgentRestart:
		as.restart(a, f.For)
	case ClockSkew:
		l.skew = f.For
		as.record.fault(trace.Fault{Fault: f.Kind.String(), Host: f.Host}, f.For)
	case MessageDelayed, MessageDuplicated, MessageReordered, MessageDropped:
		as.network.arm(n, action)
	case ControlPlaneCrash,
		PollFailed,
		PollStale,
		DatabaseError,
		LogInsertFailed,
		TornOpeningCrash,
		faultEnd:
	}
}
