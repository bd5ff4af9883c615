package invariant

import (
	"fmt"

	"rollsim/reducer"
	"rollsim/trace"
)

// reports collects violations. Its position is that of the step being checked.
type reports struct {
	found []Violation
	seen  map[key]bool // what was reported once

	seq   uint64
	at    reducer.Time
	event reducer.EventKind // the last rollout event

	defect  trace.Defect // that explains what is found now
	explain func(Name, *reducer.Rollout) trace.Defect
}

// key identifies a violation.
type key struct {
	invariant Name
	subject   string
	defect    trace.Defect
}

// first reports whether a violation is the first with its invariant and subject, and records it.
func (r *reports) first(name Name, subject string) bool {
	k := key{name, subject, r.defect}
	if r.seen[k] {
		return false
	}
	if r.seen == nil {
		r.seen = make(map[key]bool)
	}
	r.seen[k] = true
	return true
}

// forget lets a violation be reported once more.
func (r *reports) forget(name Name, subject string) {
	if len(r.seen) > 0 {
		delete(r.seen, key{name, subject, ""})
	}
}

// add adds a violation of an invariant by a rollout.
func (r *reports) add(name Name, rollout *reducer.Rollout, format string, args ...any) {
	r.found = append(r.found, r.named(Violation{
		Invariant: name,
		Subject:   string(rollout.Record.RolloutID),
		Detail:    fmt.Sprintf(format, args...),
		Seq:       r.seq,
		At:        r.at,
		State:     rollout.Record.State,
		Event:     r.event,
	}, rollout))
}

// once adds a violation by a rollout unless one was reported before.
func (r *reports) once(name Name, rollout *reducer.Rollout, format string, args ...any) {
	if r.first(name, string(rollout.Record.RolloutID)) {
		r.add(name, rollout, format, args...)
	}
}

// about adds a violation by something other than a rollout, unless one was reported before. state
// is that of the rollout during whose step it was found.
func (r *reports) about(
	name Name, subject string, state reducer.State, format string, args ...any,
) {
	if r.first(name, subject) {
		r.found = append(r.found, r.named(Violation{
			Invariant: name,
			Subject:   subject,
			Detail:    fmt.Sprintf(format, args...),
			Seq:       r.seq,
			At:        r.at,
			State:     state,
			Event:     r.event,
		}, nil))
	}
}
