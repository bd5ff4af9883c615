package story

import (
	"fmt"
	"slices"
	"strings"

	"rollsim/reducer"
	"rollsim/story/gherkin"
	"rollsim/trace"
)

var machineExpectations = []step{
	{
		topic: "The reducer itself", phase: asks,
		words: `in {state}(,) the machine answers like this:`,
		doc: "Puts events to the machine alone, each to a record of rollout r1 in that state: " +
			"there is no fleet and no story. A row has the event, with its from and to; the wave cursor " +
			"(0 if left out), the policy (halt), and the rollout if it is not r1. The other columns are " +
			"the answer: the state that the record turns to, the effects in addition to " +
			"RecordRolloutTransition, or the error. An answer that is left out must not occur, and the " +
			"record and the fields of each effect must be as the answer implies.",
		example: `in Active the machine answers like this:`,
		table: []string{
			"event", "from?", "to?", "cursor?", "policy?", "rollout?", "becomes?", "effects?", "error?",
		},
		sample: [][]string{
			{"event", "from", "to", "policy", "becomes", "effects", "error"},
			{"HostJoined", "", "", "", "", "", ""},
			{"HostStateChanged", "Soaking", "Failed", "halt", "Failed", "SchedulePruning", ""},
			{"HostStateChanged", "Soaking", "Failed", "rollback-and-halt", "", "", ""},
			{"RetentionExpired", "", "", "", "", "", "IllegalForState"},
		},
		solid: "each row is a question to the machine",
		do: func(w *world, state reducer.State, t gherkin.Table) error {
			questions, err := readQuestions(state, t)
			if err != nil {
				return err
			}
			for i, q := range questions {
				if found := q.put(w.simulator.driver()); found != q.want {
					text := fmt.Sprintf("expected  row %d, %v: %v\nfound     %v", i+1, q, q.want, found)
					return &unmetError{text}
				}
			}
			return nil
		},
	},
}

// A question is one event that is put to a machine with a record, and the reply that is expected.
type question struct {
	record reducer.Record
	event  reducer.Event
	policy reducer.Policy
	want   reply
}

// A reply is the answer of a machine to a question, in the words of a table.
type reply struct {
	becomes  reducer.State // 0 if there is no transition
	effects  string        // in addition to RecordRolloutTransition
	err      refusal
	mismatch string // what is not as the rest implies; empty if everything is
}

func (r reply) String() string {
	var words []string
	if r.err != "" {
		words = append(words, "refused with "+string(r.err))
	}
	if r.becomes != 0 {
		words = append(words, "becomes "+r.becomes.String())
	}
	if r.effects != "" {
		words = append(words, r.effects)
	}
	if r.mismatch != "" {
		words = append(words, r.mismatch)
	}
	if words == nil {
		return "accepted without effect"
	}
	return strings.Join(words, ", ")
}

// ownRollout is the rollout of the record in a question.
const ownRollout = "r1"

func readQuestions(state reducer.State, t gherkin.Table) ([]*question, error) {
	var all []*question
	for i, r := range t {
		q, err := readQuestion(state, r)
		if err != nil {
			return nil, &gherkin.RowError{Row: i + 1, Err: err}
		}
		all = append(all, q)
	}
	return all, nil
}

func readQuestion(state reducer.State, r gherkin.Row) (*question, error) {
	// A machine reads no field of an event except these, so the table has no others.
	given := gherkin.Row{
		"event":   r["event"],
		"rollout": r["rollout"],
		"from":    r["from"],
		"to":      r["to"],
	}
	if given["rollout"] == "" {
		given["rollout"] = ownRollout
	}
	kind, err := gherkin.Cell(r, "event", parseEvent)
	if err != nil {
		return nil, err
	}
	arbitrary := gherkin.Row{
		"channel":   "stable",
		"ref":       "a1",
		"host":      "web-01",
		"wave":      "7",
		"successor": "r3",
	}
	for _, column := range eventColumns[kind] {
		if value := arbitrary[column]; value != "" {
			given[column] = value
		}
	}
	ev, err := readEvent(given)
	if err != nil {
		return nil, err
	}
	ev.At = startTime + 3
	q := &question{event: *ev, policy: reducer.DefaultPolicy(), record: reducer.Record{
		RolloutID: ownRollout, Channel: "stable", TargetRef: "a1", State: state, OpenedAt: startTime,
		OpenedEventLogSeq: reducer.Some(int64(1)), LastTransitionEventLogSeq: reducer.Some(int64(2)),
	}}
	if state == reducer.Terminal {
		q.record.TerminalAt = reducer.Some(startTime + 1)
	}
	if state == reducer.Superseded {
		q.record.SupersededAt = reducer.Some(startTime + 2)
	}
	if q.record.CurrentWave, err = gherkin.Cell(r, "cursor", parseWave); err != nil {
		return nil, err
	}
	if policy, err := gherkin.Cell(r, "policy", parsePolicy); err != nil {
		return nil, err
	} else if policy != 0 {
		q.policy.OnHealthFailure = policy
	}
	if q.want.becomes, err = gherkin.Cell(r, "becomes", parseState); err != nil {
		return nil, err
	}
	effects, err := gherkin.Cell(r, "effects", parseEffects)
	if err != nil {
		return nil, err
	}
	q.want.effects = listed(effects)
	q.want.err, err = gherkin.Cell(r, "error", parseError)
	return q, err
}

func (q *question) String() string {
	words := fmt.Sprintf("%v + %v", q.record.State, q.event.Kind)
	if q.event.Kind == reducer.HostStateChanged {
		words += fmt.Sprintf(" %v → %v under %v", q.event.From, q.event.To, q.policy.OnHealthFailure)
	}
	if q.event.Kind == reducer.WaveAdvanced {
		words += fmt.Sprintf(
			" %d → %d, cursor at %d", q.event.FromWave, q.event.ToWave, q.record.CurrentWave,
		)
	}
	if q.event.Rollout != ownRollout {
		words += " of " + string(q.event.Rollout)
	}
	return words
}

// put puts the question to a machine and returns its reply.
func (q *question) put(m reducer.Machine) reply {
	rec := q.record
	var effects reducer.Effects
	err := m.Step(&rec, &q.event, q.event.At, q.policy, &effects)

	var r reply
	implied := q.record // the record that the effects imply
	var others []reducer.EffectKind
	var expected []reducer.Effect
	for _, e := range effects.All() {
		should := reducer.Effect{Kind: e.Kind, Rollout: ownRollout}
		switch e.Kind {
		case reducer.RecordRolloutTransition:
			r.becomes = e.To
			implied.State = e.To
			if e.To == reducer.Terminal {
				implied.TerminalAt = reducer.Some(q.event.At)
			}
			if e.To == reducer.Superseded {
				implied.SupersededAt = reducer.Some(q.event.At)
			}
			should.From, should.To, should.At = q.record.State, e.To, q.event.At
		case reducer.UpdateCurrentWave:
			should.Wave = q.event.ToWave
			if q.event.Kind == reducer.HostJoined {
				should.Wave = q.event.Wave
			}
			implied.CurrentWave = should.Wave
		case reducer.InsertQuarantineFromRollout:
			closure := reducer.ClosureHash(q.record.TargetRef)
			should = reducer.Effect{Kind: e.Kind, Channel: q.record.Channel, Closure: closure}
		case reducer.SchedulePruning:
			should.DelaySeconds = q.policy.RetentionSeconds
		}
		expected = append(expected, should)
		if e.Kind != reducer.RecordRolloutTransition {
			others = append(others, e.Kind)
		}
	}
	r.effects = listed(others)
	if err != nil {
		given := trace.NewRejection(err)
		r.err = refusal(given.Error)
		if given.Event != q.event.Kind || given.From != q.record.State || given.Rollout != ownRollout {
			r.mismatch = fmt.Sprintf("and the error is %s", given.Message)
		}
	}
	switch {
	case rec != implied:
		r.mismatch = fmt.Sprintf("and the record is %+v", rec)
	case !slices.Equal(effects.All(), expected):
		r.mismatch = fmt.Sprintf("and the effects are %+v", effects.All())
	}
	return r
}

// listed returns effects as a sentence spells them.
func listed(effects []reducer.EffectKind) string {
	var names []string
	for _, e := range effects {
		names = append(names, e.String())
	}
	return strings.Join(names, " and ")
}
