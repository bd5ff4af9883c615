package explore

import (
	"errors"
	"fmt"
	"strings"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/suite/coverage"
	"rollsim/trace"
)

// Specified is the name of the group of an answer that differs from the specification's.
const Specified invariant.Name = "as-specified"

// comparing is a machine that compares each of its answers with that of the specification: the
// error or the record and the effects.
type comparing struct {
	reducer.Machine
	specified *reducer.Table
	effects   reducer.Effects
	found     []departure // the first of each class
	seen      map[departureClass]bool
}

// departure is an answer that the specification does not have.
type departure struct {
	departureClass
	rollout reducer.RolloutID
	detail  string
}

// departureClass groups departures.
type departureClass struct {
	state reducer.State // of the record before
	event reducer.EventKind
	what  string // the class of the event and both answers
}

func newComparing(m reducer.Machine) *comparing {
	return &comparing{
		Machine: m, specified: reducer.RFC0008(), seen: make(map[departureClass]bool),
	}
}

func (c *comparing) Step(
	rec *reducer.Record, ev *reducer.Event, now reducer.Time, policy reducer.Policy,
	out *reducer.Effects,
) error {
	before := *rec
	err := c.Machine.Step(rec, ev, now, policy, out)
	if errors.As(err, new(*reducer.MachineFailure)) {
		return err
	}
	want := before
	wantErr := c.specified.Step(&want, ev, now, policy, &c.effects)
	got := answer{rec, out.All(), err}
	specified := answer{&want, c.effects.All(), wantErr}
	if difference := got.compare(&specified, before.State); difference != "" {
		c.record(&before, ev, policy, difference)
	}
	return err
}

// record records a departure, unless one of the same class was recorded before.
func (c *comparing) record(
	before *reducer.Record, ev *reducer.Event, policy reducer.Policy, answers string,
) {
	class := coverage.ClassOf(ev)
	if ev.Rollout != before.RolloutID {
		class = coverage.Misrouted
	}
	d := departureClass{before.State, ev.Kind, fmt.Sprintf("%v: %s", class, answers)}
	if c.seen[d] {
		return
	}
	c.seen[d] = true
	c.found = append(c.found, departure{d, before.RolloutID, fmt.Sprintf(
		"%v of %s, under policy %v with retention %d s", ev.Kind, trace.AppendTime(nil, ev.At),
		policy.OnHealthFailure, policy.RetentionSeconds)})
}

// answer is the answer of a machine to an event.
type answer struct {
	rec     *reducer.Record
	effects []reducer.Effect
	err     error
}

// String returns the answer to an event in a state: the error, or the transition and the effects.
// The effect of a transition goes without saying.
func (a *answer) String(state reducer.State) string {
	if a.err != nil {
		return trace.NewRejection(a.err).Error
	}
	first, recorded := "accepted", a.rec.State == state
	if !recorded {
		first = "→" + a.rec.State.String()
	}
	words := []string{first}
	for i := range a.effects {
		if a.effects[i].Kind == reducer.RecordRolloutTransition && !recorded {
			recorded = true
			continue
		}
		words = append(words, a.effects[i].Kind.String())
	}
	if !recorded {
		words = append(words, "without "+reducer.RecordRolloutTransition.String())
	}
	return strings.Join(words, ", ")
}

// compare returns the difference between an answer to an event in a state and the specified answer,
// or "" if they are equal.
func (a *answer) compare(want *answer, state reducer.State) string {
	got, specified := a.String(state), want.String(state)
	if got != specified {
		return got + "; specified " + specified
	}
	if a.err != nil {
		return ""
	}
	var fields []string
	differ := func(name string, differs bool) {
		if differs {
			fields = append(fields, name)
		}
	}
	rec, other := a.rec, want.rec
	differ("current_wave", rec.CurrentWave != other.CurrentWave)
	differ("opened_at", rec.OpenedAt != other.OpenedAt)
	differ("terminal_at", rec.TerminalAt != other.TerminalAt)
	differ("superseded_at", rec.SupersededAt != other.SupersededAt)
	differ("rollout_id", rec.RolloutID != other.RolloutID)
	differ("channel", rec.Channel != other.Channel)
	differ("target_ref", rec.TargetRef != other.TargetRef)
	differ("opened_event_log_seq", rec.OpenedEventLogSeq != other.OpenedEventLogSeq)
	differ("last_transition_event_log_seq",
		rec.LastTransitionEventLogSeq != other.LastTransitionEventLogSeq)
	for i := range a.effects {
		differ(want.effects[i].Kind.String(), a.effects[i] != want.effects[i])
	}
	if len(fields) == 0 {
		return ""
	}
	return got + "; specified the same with another " + strings.Join(fields, " and ")
}
