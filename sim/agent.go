package sim

import (
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// phase is what an agent is busy with. The zero value is nothing.
type phase uint8

const (
	idle phase = iota
	switching
	rebooting
	soaking
	failed
)

// host is one machine: its agent, and what the control plane knows of it beyond the records.
type host struct {
	id        reducer.HostID
	number    uint32 // its index in world.hosts
	channel   uint32
	behaviour *Behaviour
	link      *link  // nil where nothing goes wrong
	fates     uint32 // index into world.fates
	limits    uint32 // index into world.limits: the budgets that count it
	waits     uint32 // index into world.waits: the hosts that its edges name

	// The control plane's side.
	counted bool // by its budgets, as in flight or about to be
	// the rollout of the last dispatch: messages for another one are late, and only logged
	current        uint32
	slot           int32        // where it stands among that rollout's hosts
	dispatchedSoak reducer.Time // when the soak of the last dispatch is due

	// The agent's side.
	phase   phase
	working uint32 // the rollout that it works for
	waiting uint32 // a newer one, dispatched while a switch ran
	epoch   uint32 // raised by whatever makes work in the queue obsolete
	seq     uint32 // of its last message for the rollout that it works for
	soakDue reducer.Time
	running uint32 // the rollout whose closure it runs; noRollout is what it ran at first
	before  uint32 // what to roll back to
}

// key is what the host contributes to the keys of its random streams.
func (h *host) key() uint64 { return streamKey(string(h.id)) }

// initialClosure is what every host runs before its first rollout.
const initialClosure = "initial"

// probeName is the one probe that simulated hosts declare.
const probeName = "health"

// closure gives what the simulator builds for a rollout: one closure a ref.
func (w *world) closure(rollout uint32) reducer.ClosureHash {
	if rollout == noRollout {
		return initialClosure
	}
	return w.rollouts[rollout].closure
}

// delay draws how long a stage takes. A behaviour that does not say is at once.
func (w *world) delay(h *host, rollout uint32, d *Distribution, p purpose) time.Duration {
	if d == nil {
		return 0
	}
	return d.draw(draw(w.opt.Seed, h.key(), w.rollouts[rollout].key, p))
}

// turns decides whether a turn for the worse comes: as the script says, else by chance.
func (w *world) turns(h *host, rollout uint32, fate FateKind, chance *Probability, p purpose) bool {
	if f := w.fate(h, rollout, fate); f != nil {
		return true
	}
	if w.fate(h, rollout, ConvergesAnyway) != nil || chance == nil {
		return false
	}
	return chance.comesTrue(draw(w.opt.Seed, h.key(), w.rollouts[rollout].key, p))
}

// fate finds the last fate of a kind that the script has for a host under a rollout; nil for none.
func (w *world) fate(h *host, rollout uint32, kind FateKind) *Fate {
	fates := w.fates[h.fates]
	for i := len(fates) - 1; i >= 0; i-- {
		if f := &fates[i]; f.Kind == kind && (f.Ref == "" || f.Ref == w.rollouts[rollout].ref) {
			return f
		}
	}
	return nil
}

// dispatched is when a dispatch reaches the agent. It finishes a switch that runs, and drops
// anything else.
func (w *world) dispatched(h *host, rollout uint32) {
	if h.working != noRollout && rollout <= h.working {
		return // it came again, or was overtaken
	}
	if w.strike(h) || h.link != nil && h.link.offline {
		return // it did not get there
	}
	if h.phase == switching {
		h.waiting = rollout
		return
	}
	w.start(h, rollout)
}

// start makes the agent ack a dispatch and switch.
func (w *world) start(h *host, rollout uint32) {
	h.epoch++
	h.working, h.waiting = rollout, noRollout
	h.seq = 0
	h.before = h.running
	h.soakDue = h.dispatchedSoak
	w.send(h, trace.AgentEvent{Kind: reducer.DispatchAck, Closure: w.closure(h.running)})
	w.send(h, trace.AgentEvent{Kind: reducer.ActivationStarted})
	w.switchOver(h)
}

// switchOver starts the switch, which an agent restart may break off.
func (w *world) switchOver(h *host) {
	h.phase = switching
	takes := w.delay(h, h.working, h.behaviour.Activation, drawActivation)
	if h.link != nil {
		h.link.attempts++
		if f := w.chance(AgentRestart, h.number, h.key(), h.link.attempts); f != nil {
			h.link.breaking = f
			breaks := time.Duration(
				draw(w.opt.Seed, h.key(), h.link.attempts, drawRestart)%uint64(takes/tick+1),
			) * tick
			w.then(h, workBroken, breaks)
			return
		}
	}
	w.then(h, workSwitched, takes)
}

// then makes work of the agent's present epoch due after a delay.
func (w *world) then(h *host, what work, delay time.Duration) {
	w.queue.push(w.after(delay), what, h.number, h.epoch)
}

// agentStep is the agent's next stage.
func (w *world) agentStep(h *host, what work) {
	r := h.working
	b := h.behaviour
	switch what {
	case workSwitched:
		if w.turns(h, r, Defers, b.Deferral, drawDeferral) {
			w.deferSwitch(h)
		} else {
			w.finishSwitch(h)
		}
		if h.waiting != noRollout {
			w.start(h, h.waiting)
		}
	case workBroken:
		w.restartAgent(h, w.lasts(h.link.breaking, h.key(), h.link.attempts))
	case workRestarted:
		w.send(h, trace.AgentEvent{Kind: reducer.ActivationStarted})
		w.switchOver(h)
	case workRebooted:
		w.finishSwitch(h)
	case workProbed:
		if w.turns(h, r, FailsProbes, b.ProbeFailure, drawProbeFailure) {
			w.send(h, trace.AgentEvent{Kind: reducer.ProbeFailureFirst, Probe: probeName})
			w.then(h, workSustained, reducer.SustainedFailureSeconds*time.Second)
			return
		}
		w.send(h, trace.AgentEvent{Kind: reducer.ProbeResult, Probe: probeName, Passed: true})
		soak := max(0, time.Duration(h.soakDue-w.now))
		w.then(h, workConverged, soak+w.delay(h, r, b.Converge, drawConverge))
	case workSustained:
		w.send(
			h,
			trace.AgentEvent{
				Kind:   reducer.ProbesFailed,
				Probe:  probeName,
				Policy: w.policy(h).OnHealthFailure,
			},
		)
		w.fail(h)
	case workConverged:
		h.phase = idle
		w.send(h, trace.AgentEvent{Kind: reducer.ProbesPassed, Closure: w.closure(h.running)})
	case workRolledBack:
		h.phase = idle
		h.running = h.before
		w.send(h, trace.AgentEvent{Kind: reducer.RollbackComplete, Closure: w.closure(h.running)})
	case workTimeline,
		workPoll,
		workTick,
		workDispatched,
		workRetention,
		workArrive,
		workResend,
		workOnline,
		workRestart,
		workTraffic:
	}
}

// deferSwitch leaves the switch to the next reboot, if one comes.
func (w *world) deferSwitch(h *host) {
	h.phase = rebooting
	w.send(h, trace.AgentEvent{Kind: reducer.ActivationDeferred, Component: "kernel"})
	delay := w.delay(h, h.working, h.behaviour.Reboot, drawReboot)
	if f := w.fate(h, h.working, Defers); f != nil && f.RebootAfter.Set {
		delay = f.RebootAfter.Value
	}
	if delay >= 0 {
		w.then(h, workRebooted, delay)
	}
}

// finishSwitch completes the switch, or fails it.
func (w *world) finishSwitch(h *host) {
	if w.turns(h, h.working, FailsActivation, h.behaviour.ActivationFailure, drawActivationFailure) {
		w.send(h, trace.AgentEvent{Kind: reducer.ActivationFailed, ExitCode: 1, Message: "switch failed"})
		w.fail(h)
		return
	}
	h.phase = soaking
	h.running = h.working
	w.send(h, trace.AgentEvent{Kind: reducer.ActivationCompleted, Closure: w.closure(h.running)})
	w.send(h, trace.AgentEvent{Kind: reducer.ProbeTopologyDeclared, Probe: probeName})
	w.then(h, workProbed, w.delay(h, h.working, h.behaviour.Probe, drawProbe))
}

// fail leaves the host as it is, or has the agent roll it back: the policy decides, and then the
// script or chance whether the rollback ever completes.
func (w *world) fail(h *host) {
	h.phase = failed
	if w.policy(h).OnHealthFailure != reducer.RollbackAndHalt {
		return
	}
	if !w.turns(h, h.working, NeverRollsBack, h.behaviour.RollbackFailure, drawRollbackFailure) {
		w.then(h, workRolledBack, w.delay(h, h.working, h.behaviour.Rollback, drawRollback))
	}
}

func (w *world) policy(h *host) reducer.Policy { return w.channels[h.channel].conf.Policy }

// send numbers a message for the rollout that the agent works for, and gives it to the control
// plane.
func (w *world) send(h *host, m trace.AgentEvent) {
	h.seq++
	w.agent = m
	w.agent.Seq = uint64(h.seq)
	w.agent.At = w.hostTime(h)
	if h.link == nil {
		w.receive(h, h.working, &w.agent)
		return
	}
	sent := w.agent
	w.transmit(h, &sent)
}

// receive is the control plane's side of a message: it is logged, and when it is not late the host
// machine decides whether it moves the host.
func (w *world) receive(h *host, rollout uint32, m *trace.AgentEvent) {
	r := w.rollouts[rollout]
	w.entry = trace.Entry{Kind: trace.KindAgentEvent, Host: h.id, Rollout: r.id, Agent: m}
	w.log(&w.entry)
	if h.current != rollout {
		return
	}
	// what it holds of its hosts stays as it is, but a rollback is one
	if r.state() == reducer.Pruned {
		if m.Kind == reducer.RollbackComplete {
			w.quarantineHost(r)
		}
		return
	}
	from := r.fold.Hosts()[h.slot].State
	to, err := reducer.StepHost(from, m.Kind, w.policy(h).OnHealthFailure)
	if err != nil || to == from {
		return
	}
	if m.Kind == reducer.RollbackComplete {
		w.quarantineHost(r)
	}
	w.outcome.Slot = int(h.slot) // saves the fleet from looking for it
	w.apply(
		&reducer.Event{
			Kind:    reducer.HostStateChanged,
			Rollout: r.id,
			Host:    h.id,
			From:    from,
			To:      to,
			At:      w.now,
		},
	)
}

// quarantineHost keeps the closure that a host rolled back from its channel, whatever state the
// rollout is in by now.
func (w *world) quarantineHost(r *rollout) {
	key := QuarantineEntry{Channel: r.channel, Closure: r.closure}
	if w.quarantine[key] {
		return
	}
	w.quarantine[key] = true
	w.log(&trace.Entry{Kind: trace.KindEffect, HostEffect: &trace.HostEffect{
		Effect: trace.RemoteInsertQuarantine, Channel: r.channel, Closure: r.closure,
	}})
}
