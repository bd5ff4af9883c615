package sim

import (
	"fmt"
	"slices"
	"time"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// crash takes the control plane down. Polls, plans and timers stop, what agents send is lost and
// sent again, and what an operator wants waits.
func (w *world) crash(d time.Duration) {
	if w.down {
		return
	}
	w.fault(ControlPlaneCrash, nil, noRollout, "", 0, d)
	w.down = true
	w.queue.push(w.after(d), workRestart, 0, 0)
}

// restart brings the control plane back with nothing but the trace to remember by.
func (w *world) restart() {
	before := w.memory()
	w.down = false
	w.rebuild()
	for _, v := range w.compare(&before) {
		w.check.Report(v)
	}
	w.check.Watch(w.fleet)
	waiting := w.postponed
	w.postponed = nil
	for _, a := range waiting {
		w.act(a)
	}
	w.changed = true
}

// memory is what the control plane keeps in memory, and what a restart must find again.
type memory struct {
	fleet      *reducer.Fleet
	quarantine map[QuarantineEntry]bool
	rollouts   []*rollout
	seen       []reducer.ChannelRef
	current    []uint32
}

func (w *world) memory() memory {
	m := memory{fleet: w.fleet, quarantine: w.quarantine, rollouts: w.rollouts}
	for i := range w.channels {
		m.seen = append(m.seen, w.channels[i].seen)
	}
	for i := range w.hosts {
		m.current = append(m.current, w.hosts[i].current)
	}
	return m
}

// compare tells what of the memory before a crash the restart did not find again.
func (w *world) compare(before *memory) []Violation {
	found := invariant.Compare(before.fleet, w.fleet, w.seq, w.now)
	report := func(subject, format string, args ...any) {
		found = append(found, Violation{
			Invariant: invariant.FoldIsLive, Subject: subject, Detail: fmt.Sprintf(format, args...), Seq: w.seq, At: w.now,
		})
	}
	for i := range w.channels {
		ch := &w.channels[i]
		if ch.seen != before.seen[i] {
			report(string(ch.conf.ID), "its ref was %q, and is %q after a restart", before.seen[i], ch.seen)
		}
	}
	for i := range w.hosts {
		if w.hosts[i].current != before.current[i] {
			report(string(w.hosts[i].id), "the rollout of its last dispatch is another after a restart")
		}
	}
	for _, r := range w.rollouts {
		closure := QuarantineEntry{Channel: r.channel, Closure: r.closure}
		if w.quarantine[closure] != before.quarantine[closure] {
			report(string(r.id), "closure %s is quarantined before or after a restart, not both", r.closure)
		}
		if int(r.number) < len(before.rollouts) {
			old := before.rollouts[r.number]
			if old.timerDue != r.timerDue {
				report(string(r.id), "its retention timer was due %v, and is %v after a "+
					"restart", old.timerDue, r.timerDue)
			}
			if !slices.Equal(old.members, r.members) {
				report(string(r.id), "what was dispatched and received of its hosts is not the same after a "+
					"restart")
			}
		}
	}
	return found
}

// rebuild makes the control plane's memory anew, of the trace alone.
func (w *world) rebuild() {
	w.fleet = reducer.NewFleet(w.opt.Machine, w.policyOf)
	w.rollouts, w.underway, w.unacked = nil, nil, nil
	w.rolloutN = make(map[reducer.RolloutID]uint32)
	w.quarantine = make(map[QuarantineEntry]bool)
	for _, q := range w.sc.Quarantine {
		w.quarantine[q] = true
	}
	for i := range w.budgets {
		w.budgets[i].used = 0
	}
	for i := range w.hosts {
		w.hosts[i].current, w.hosts[i].counted = noRollout, false
	}
	for i := range w.channels {
		w.channels[i].seen = ""
	}
	for i := range w.history {
		w.remember(&w.history[i])
	}
	for _, r := range w.rollouts {
		for i := range r.waves {
			for j := range r.waves[i].queues {
				q := &r.waves[i].queues[j]
				q.slots = slices.DeleteFunc(
					slices.Clone(q.slots), func(slot int32) bool { return r.members[slot].dispatched },
				)
			}
		}
		if r.timerDue.Set {
			w.armTimer(r, r.timerDue.Value)
		}
	}
}

// remember takes one entry of the trace into memory.
func (w *world) remember(e *trace.Entry) {
	switch {
	case e.Event != nil:
		if err := w.fleet.Apply(e.Event, e.At, &w.outcome); err == nil {
			w.follow(e.Event)
		} else if w.failed(err) {
			return
		}
		if n, known := w.rolloutN[e.Rollout]; known && e.Event.Kind == reducer.RetentionExpired {
			if r := w.rollouts[n]; r.timerDue.Set && e.At >= r.timerDue.Value {
				r.timerDue = reducer.Opt[reducer.Time]{}
			}
		}
	case e.Effect != nil:
		w.rememberEffect(e)
	case e.HostEffect != nil:
		entry := QuarantineEntry{Channel: e.HostEffect.Channel, Closure: e.HostEffect.Closure}
		w.quarantine[entry] = e.HostEffect.Effect == trace.RemoteInsertQuarantine
	case e.Poll != nil:
		w.channels[w.channelN[e.Poll.Channel]].seen = e.Poll.Ref
	case e.Agent != nil:
		r := w.rollouts[w.rolloutN[e.Rollout]]
		if slot, joined := r.fold.Slot(e.Host); joined {
			r.members[slot].seq = uint32(e.Agent.Seq)
		}
	case e.Gate != nil:
		w.rememberGate(e)
	case e.Plan != nil && e.Plan.Action == trace.QueueDispatch:
		r := w.rollouts[w.rolloutN[e.Rollout]]
		slot, _ := r.fold.Slot(e.Host)
		r.members[slot].dispatched = true
		w.unacked = slices.DeleteFunc(
			w.unacked, func(d dispatch) bool { return d.rollout == r.number && d.slot == int32(slot) },
		)
		w.unacked = append(
			w.unacked, dispatch{sent: e.At, rollout: r.number, slot: int32(slot), attempt: e.Plan.Attempt},
		)
		n, _ := w.find(e.Host)
		h := &w.hosts[n]
		h.current, h.slot, h.dispatchedSoak = r.number, int32(slot), e.Plan.SoakDueAt
		w.recount(h)
	}
}

// rememberGate keeps a decision from being logged again before its reason changes.
func (w *world) rememberGate(e *trace.Entry) {
	r := w.rollouts[w.rolloutN[e.Rollout]]
	slot, _ := r.fold.Slot(e.Host)
	v := r.wave(r.fold.Hosts()[slot].Wave)
	for i := range v.queues {
		if _, found := slices.BinarySearch(v.queues[i].slots, int32(slot)); found {
			v.queues[i].blocked = e.Gate.Reason
		}
	}
}

func (w *world) rememberEffect(e *trace.Entry) {
	if e.Effect.Kind == reducer.InsertQuarantineFromRollout {
		w.quarantine[QuarantineEntry{Channel: e.Effect.Channel, Closure: e.Effect.Closure}] = true
		return
	}
	r := w.rollouts[w.rolloutN[e.Rollout]]
	switch {
	case e.Effect.Kind == reducer.RecordRolloutTransition && e.Effect.To.InTerminalSet():
		r.terminalSetAt = reducer.Some(e.At)
	case e.Effect.Kind == reducer.SchedulePruning:
		r.timerDue = reducer.Some(e.At + reducer.Time(time.Duration(e.Effect.DelaySeconds)*time.Second))
	}
}
