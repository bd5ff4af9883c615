package coverage

import (
	"errors"
	"fmt"
	"strings"

	"rollsim/reducer"
)

// Comparison is a machine that compares each of its answers with that of a table to the same
// record, event and policy: the error, or the record and the effects.
type Comparison struct {
	reducer.Machine
	table   *reducer.Table
	effects reducer.Effects
	found   []Departure
	seen    map[departure]bool
}

// Departure is an answer that differs from that of the table.
type Departure struct {
	State   reducer.State // of the record before
	Class   Class         // of the event
	Answers string        // both answers

	// The first event with these answers.
	Event  reducer.Event
	Policy reducer.Policy
}

// departure is what makes a Departure another one.
type departure struct {
	state   reducer.State
	class   Class
	answers string
}

// Compare returns a Comparison of a machine with a table.
func Compare(m reducer.Machine, with *reducer.Table) *Comparison {
	return &Comparison{Machine: m, table: with, seen: make(map[departure]bool)}
}

// Departures returns the answers that differed, by the first time that they did.
func (c *Comparison) Departures() []Departure { return c.found }

// Step implements reducer.Machine.
func (c *Comparison) Step(
	rec *reducer.Record, ev *reducer.Event, now reducer.Time, policy reducer.Policy,
	out *reducer.Effects,
) error {
	before := *rec
	err := c.Machine.Step(rec, ev, now, policy, out)
	if reducer.IsMachineFailure(err) {
		return err
	}
	other := before
	otherErr := c.table.Step(&other, ev, now, policy, &c.effects)
	got, want := answer{rec, out.All(), err}, answer{&other, c.effects.All(), otherErr}
	if difference := got.compare(c.table.Name(), &want, before.State); difference != "" {
		c.record(&before, ev, policy, difference)
	}
	return err
}

// record records a departure, unless the same was recorded before.
func (c *Comparison) record(
	before *reducer.Record, ev *reducer.Event, policy reducer.Policy, answers string,
) {
	class := ClassOf(ev)
	if ev.Rollout != before.RolloutID {
		class = Misrouted
	}
	if d := (departure{before.State, class, answers}); !c.seen[d] {
		c.seen[d] = true
		c.found = append(c.found, Departure{before.State, class, answers, *ev, policy})
	}
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
		return kindOf(a.err)
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

// compare returns an answer to an event in a state and that of the machine with a name, or "" if
// they are equal.
func (a *answer) compare(name string, want *answer, state reducer.State) string {
	got, other := a.String(state), want.String(state)
	if got != other {
		return got + "; " + name + " answers " + other
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
	rec, wanted := a.rec, want.rec
	differ("current_wave", rec.CurrentWave != wanted.CurrentWave)
	differ("opened_at", rec.OpenedAt != wanted.OpenedAt)
	differ("terminal_at", rec.TerminalAt != wanted.TerminalAt)
	differ("superseded_at", rec.SupersededAt != wanted.SupersededAt)
	differ("rollout_id", rec.RolloutID != wanted.RolloutID)
	differ("channel", rec.Channel != wanted.Channel)
	differ("target_ref", rec.TargetRef != wanted.TargetRef)
	differ("opened_event_log_seq", rec.OpenedEventLogSeq != wanted.OpenedEventLogSeq)
	differ("last_transition_event_log_seq",
		rec.LastTransitionEventLogSeq != wanted.LastTransitionEventLogSeq)
	for i := range a.effects {
		differ(want.effects[i].Kind.String(), a.effects[i] != want.effects[i])
	}
	if len(fields) == 0 {
		return ""
	}
	return got + "; " + name + " answers the same with another " + strings.Join(fields, " and ")
}

// kindOf returns the name of the kind of an error.
func kindOf(err error) string {
	switch {
	case errors.As(err, new(*reducer.IllegalForState)):
		return "IllegalForState"
	case errors.As(err, new(*reducer.Unimplemented)):
		return "Unimplemented"
	case errors.As(err, new(*reducer.Invariant)):
		return "Invariant"
	}
	return fmt.Sprintf("error %q", err)
}
