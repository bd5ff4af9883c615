package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rollsim/reducer"
)

// Invariant names one of the things that must hold of every run.
type Invariant string

// The invariants of liveness, judged at the end of a run.
const (
	Stuck    Invariant = "stuck"    // (16) a rollout with hosts has not reached the terminal set
	Unpruned Invariant = "unpruned" // (17) a rollout in the terminal set outlived its retention
	Stranded Invariant = "stranded" // (18) a channel's ref is not the one of its standing rollout, and no poll will change that
)

// Invariants lists every invariant by number.
func Invariants() []Invariant { return []Invariant{Stuck, Unpruned, Stranded} }

// Violation says that an invariant does not hold of a subject.
type Violation struct {
	Invariant Invariant
	Subject   string // a rollout or channel id
	Detail    string // what was found; not part of the violation's identity
}

// String is the form in which scenarios name a violation: the invariant and the subject.
func (v Violation) String() string { return string(v.Invariant) + " " + v.Subject }

// ParseViolation reads the form of String. The error says what was expected.
func ParseViolation(s string) (Violation, error) {
	name, subject, ok := strings.Cut(s, " ")
	for _, known := range Invariants() {
		if string(known) == name && ok && subject != "" {
			return Violation{Invariant: known, Subject: subject}, nil
		}
	}
	return Violation{}, fmt.Errorf("%q is not an invariant and a subject, such as \"stuck stable@r1\"; the invariants are %v",
		s, Invariants())
}

// judge tells what liveness demands and the run has not done by its end. Rollouts come in the order of opening, channels
// as declared.
func (w *world) judge() []Violation {
	var found []Violation
	for _, r := range w.rollouts {
		if r.state().Underway() && len(r.members) > 0 {
			found = append(found, Violation{Stuck, string(r.id), w.waitsFor(r)})
		}
	}
	for _, r := range w.rollouts {
		if !r.state().InTerminalSet() || !r.terminalSetAt.Set {
			continue
		}
		due := r.terminalSetAt.Value + reducer.Time(w.retention(r.channel))
		if due <= w.now {
			found = append(found, Violation{Unpruned, string(r.id), fmt.Sprintf(
				"%v since %v after the start; its retention ended at %v", r.state(), w.elapsed(r.terminalSetAt.Value), w.elapsed(due))})
		}
	}
	for i := range w.channels {
		ch := &w.channels[i]
		id := reducer.NewRolloutID(ch.conf.ID, ch.seen)
		r := w.fleet.Rollout(id)
		if ch.seen != "" && r != nil && r.Record.SupersededAt.Set {
			found = append(found, Violation{Stranded, string(ch.conf.ID), fmt.Sprintf(
				"its ref is %s, but rollout %s is %v and will not be opened again", ch.seen, id, r.Record.State)})
		}
	}
	return found
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
	var reasons []string
	hosts := make(map[string][]string)
	for slot, h := range r.fold.Hosts() {
		reason := w.hostWaitsFor(r, slot, h.State)
		if reason == "" {
			continue
		}
		if hosts[reason] == nil {
			reasons = append(reasons, reason)
		}
		hosts[reason] = append(hosts[reason], string(h.ID))
	}
	const most = 3
	for i, reason := range reasons {
		names := hosts[reason]
		list := strings.Join(names[:min(most, len(names))], ", ")
		if more := len(names) - most; more > 0 {
			list += fmt.Sprintf(" and %d more", more)
		}
		reasons[i] = list + " " + reason
	}
	return fmt.Sprintf("%v, current_wave %d; %s", r.state(), r.fold.Record.CurrentWave, strings.Join(reasons, "; "))
}

func (w *world) hostWaitsFor(r *rollout, slot int, state reducer.HostState) string {
	m := &r.members[slot]
	switch state {
	case reducer.HostPending:
		switch {
		case m.host == noHost:
			return "Pending: not a host of this scenario"
		case w.hosts[m.host].current == r.number:
			return "Pending: dispatched, never acked"
		case r.halted():
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

// Verdict holds the violations of a run against those that the scenario expects: a line for each that broke unexpectedly,
// for each that was expected and held, and for each line of the timeline whose moment never came, so that it tested nothing.
// It is empty when all is as expected, and for a run that ended early.
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
	for _, i := range r.NeverCame {
		lines = append(lines, fmt.Sprintf("NEVER CAME the moment that line %d of the timeline waits for", i+1))
	}
	return strings.Join(lines, "\n")
}

func has(list []Violation, v Violation) bool {
	return slices.ContainsFunc(list, func(x Violation) bool { return x.Invariant == v.Invariant && x.Subject == v.Subject })
}
