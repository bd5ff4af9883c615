package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// Violation says that an invariant does not hold of a subject.
type Violation = invariant.Violation

// judge tells what liveness demands and the run has not done by its end. Rollouts come in the order
// of opening, channels as declared.
func (w *world) judge() []Violation {
	var found []Violation
	for _, r := range w.rollouts {
		if r.state().Underway() && len(r.members) > 0 {
			v := w.violation(invariant.Stuck, r, w.waitsFor(r))
			v.Excused = w.excuse(r)
			found = append(found, v)
		}
	}
	for _, r := range w.rollouts {
		if !r.state().InTerminalSet() || !r.terminalSetAt.Set {
			continue
		}
		due := r.terminalSetAt.Value + reducer.Time(w.retention(r.channel))
		if due <= w.now {
			found = append(found, w.violation(invariant.Unpruned, r, fmt.Sprintf(
				"%v since %s; its "+
					"retention ended at %s",
				r.state(),
				trace.AppendElapsed(nil, r.terminalSetAt.Value, w.sc.Start),
				trace.AppendElapsed(nil, due, w.sc.Start),
			)))
		}
	}
	for i := range w.channels {
		ch := &w.channels[i]
		r := w.fleet.Rollout(reducer.NewRolloutID(ch.conf.ID, ch.seen))
		if ch.seen != "" && r != nil && (r.Record.SupersededAt.Set || w.latest(ch.conf.ID) != r) {
			found = append(found, Violation{
				Invariant: invariant.Stranded, Subject: string(ch.conf.ID), State: r.Record.State, Event: reducer.SuccessorOpened,
				Detail: fmt.Sprintf("its ref is %s, but rollout %s is %v and will not be opened "+
					"again", ch.seen, r.Record.RolloutID,
					r.Record.State),
			})
		}
	}
	return found
}

// latest finds the rollout of a channel that was opened last; nil for none.
func (w *world) latest(id reducer.ChannelID) *reducer.Rollout {
	for _, r := range slices.Backward(w.rollouts) {
		if r.channel == id {
			return r.fold
		}
	}
	return nil
}

func (w *world) violation(name invariant.Name, r *rollout, detail string) Violation {
	return Violation{
		Invariant: name,
		Subject:   string(r.id),
		Detail:    detail,
		State:     r.state(),
		Event:     r.last,
	}
}

func (w *world) elapsed(at reducer.Time) time.Duration { return time.Duration(at - w.sc.Start) }

func (w *world) retention(id reducer.ChannelID) time.Duration {
	seconds := int64(reducer.DefaultRetentionSeconds)
	if n, ok := w.channelN[id]; ok {
		seconds = w.channels[n].conf.Policy.RetentionSeconds
	}
	return time.Duration(seconds) * time.Second
}

// waitsFor says which hosts a rollout waits for, a few of each kind.
func (w *world) waitsFor(r *rollout) string {
	var waits invariant.Waits
	for slot, h := range r.fold.Hosts() {
		if reason := w.hostWaitsFor(r, slot, h.State); reason != "" {
			waits.Add(h.ID, reason)
		}
	}
	return fmt.Sprintf("%v, current_wave %d; %s", r.state(), r.fold.Record.CurrentWave, waits.String())
}

// excuse tells why a stuck rollout could not be otherwise, whatever the control plane does:
// somebody must do something first. It is empty when there is no such reason.
func (w *world) excuse(r *rollout) string {
	for slot := range r.fold.Hosts() {
		if why := w.helpless(r, slot); why != "" {
			return why
		}
	}
	n, ok := w.channelN[r.channel]
	if !ok {
		return ""
	}
	for _, id := range w.sc.Channels[n].After {
		awaited := &w.channels[w.channelN[id]]
		f := w.fleet.Rollout(reducer.NewRolloutID(id, awaited.seen))
		switch {
		case f == nil:
			return fmt.Sprintf("it waits for channel %s, which has no rollout", id)
		case f.Record.TerminalAt.Set || f.Record.SupersededAt.Set:
		case !f.Record.State.Underway():
			return fmt.Sprintf("it waits for channel %s, whose rollout is %v and waits for an "+
				"operator", id, f.Record.State)
		default:
			if why := w.excuse(w.rollouts[f.Number()]); why != "" {
				return fmt.Sprintf("it waits for channel %s: %s", id, why)
			}
		}
	}
	for i := range w.budgets {
		b := &w.budgets[i]
		if b.used < b.conf.MaxInFlight {
			continue
		}
		for n := range w.hosts {
			if h := &w.hosts[n]; h.counted && slices.Contains(w.limits[h.limits], uint32(i)) {
				if why := w.helpless(w.rollouts[h.current], int(h.slot)); why != "" {
					return fmt.Sprintf("budget %s is used up: %s", b.conf.Name, why)
				}
			}
		}
	}
	return ""
}

// helpless tells why a host of a rollout will never do what is waited for; empty when it may.
func (w *world) helpless(r *rollout, slot int) string {
	if r.members[slot].host == noHost {
		return ""
	}
	h := &w.hosts[r.members[slot].host]
	state := r.fold.Hosts()[slot].State
	switch {
	case state == reducer.HostConverged || state == reducer.HostReverted:
	case h.link != nil && h.link.lost:
		return fmt.Sprintf("host %s is lost", h.id)
	case h.current != r.number:
	case state == reducer.HostPending && w.turns(h, r.number, NeverAnswers, h.behaviour.NoAnswer, drawNoAnswer):
		return fmt.Sprintf("host %s never answers", h.id)
	case h.working != r.number:
	case state == reducer.HostFailed && w.turns(h, r.number, NeverRollsBack, h.behaviour.RollbackFailure, drawRollbackFailure):
		return fmt.Sprintf("the rollback of host %s never completes", h.id)
	case state == reducer.HostDeferred:
		if f := w.fate(h, r.number, Defers); f != nil && f.RebootAfter.Set && f.RebootAfter.Value < 0 {
			return fmt.Sprintf("host %s is never rebooted", h.id)
		}
	}
	return ""
}

func (w *world) hostWaitsFor(r *rollout, slot int, state reducer.HostState) string {
	m := &r.members[slot]
	if m.host != noHost && state != reducer.HostConverged && state != reducer.HostReverted {
		if link := w.hosts[m.host].link; link != nil && link.lost {
			return fmt.Sprintf("%v: the host is lost", state)
		}
	}
	switch state {
	case reducer.HostPending:
		switch {
		case m.host == noHost:
			return "Pending: not a host of this scenario"
		case w.hosts[m.host].current == r.number:
			return "Pending: dispatched, never acked"
		case w.halted(r):
			return "Pending: not dispatched while a host is Failed"
		}
		for _, q := range r.wave(r.fold.Hosts()[slot].Wave).queues {
			if slices.Contains(q.slots, int32(slot)) && q.blocked != "" {
				return "Pending: blocked by " + q.blocked
			}
		}
		return "Pending: not dispatched"
	case reducer.HostActivating:
		return "Activating: the switch has not completed"
	case reducer.HostDeferred:
		return "Deferred: waits for a reboot"
	case reducer.HostSoaking:
		return "Soaking: the soak is not due, or the probes have not passed"
	case reducer.HostFailed:
		return "Failed: the rollback has not completed"
	case reducer.HostConverged, reducer.HostReverted:
	}
	return ""
}

// Verdict holds the violations of a run against those that the scenario expects: a line for each
// that broke unexpectedly, for each that was expected and held, and for each line of the timeline
// whose moment never came, so that it tested nothing. It is empty when all is as expected, and for
// a run that ended early.
func (sc *Scenario) Verdict(r *Result) string {
	if r.Early {
		return ""
	}
	var lines []string
	for _, v := range r.Violations {
		if !has(sc.ExpectViolations, v) {
			lines = append(lines, fmt.Sprintf("VIOLATED %v: %s", v, v.Detail))
		}
	}
	for _, v := range sc.ExpectViolations {
		if !has(r.Violations, v) {
			lines = append(lines, fmt.Sprintf("EXPECTED %v: it did not happen", v))
		}
	}
	for _, i := range r.Never {
		lines = append(lines, fmt.Sprintf("NEVER CAME number %d of what must sometimes be so", i+1))
	}
	for _, i := range r.NeverCame {
		lines = append(
			lines, fmt.Sprintf("NEVER CAME the moment that line %d of the timeline waits for", i+1),
		)
	}
	return strings.Join(lines, "\n")
}

func has(list []Violation, v Violation) bool {
	return slices.ContainsFunc(list, v.Is)
}
