package external

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"rollsim/reducer"
	"rollsim/trace"
)

// answer is a parsed answer: a record and effects, or a refusal of the event.
type answer struct {
	id      reducer.Opt[uint64] // the id of the request, if the machine repeats it
	record  reducer.Record
	effects []reducer.Effect
	refused *errorLine

	// of a refusal; zero if it has none
	from  reducer.State
	event reducer.EventKind
}

type answerLine struct {
	ID      *uint64          `json:"id"`
	Record  jsontext.Value   `json:"record"`
	Effects []jsontext.Value `json:"effects"`
	Error   *errorLine       `json:"error"`
}

type errorLine struct {
	Kind      string            `json:"kind"`
	From      string            `json:"from"`
	Event     string            `json:"event"`
	RolloutID reducer.RolloutID `json:"rollout_id"`
	What      string            `json:"what"` // Invariant
	Message   string            `json:"message"`
}

// parseAnswer parses the line of an answer. The error says what was expected.
func parseAnswer(line []byte) (*answer, error) {
	var l answerLine
	if err := json.Unmarshal(line, &l); err != nil {
		return nil, fmt.Errorf(`expected a JSON object with "record" and "effects", or with "error": %s`,
			jsonProblem(err))
	}
	a, err := l.answer()
	if err == nil && l.ID != nil {
		a.id = reducer.Some(*l.ID)
	}
	return a, err
}

func (l *answerLine) answer() (*answer, error) {
	switch {
	case l.Error != nil && l.Record == nil && l.Effects == nil:
		return parseRefusal(l.Error)
	case l.Error != nil:
		return nil, errors.New(`expected "record" and "effects", or "error" alone; found both`)
	case l.Record == nil:
		return nil, errors.New(`expected "record" and "effects", or "error"; found neither`)
	case l.Effects == nil:
		return nil, errors.New(`expected a list "effects" next to "record", found none`)
	}
	var a answer
	var err error
	if a.record, err = trace.DecodeRecord(l.Record); err != nil {
		return nil, err
	}
	if most := reducer.EffectKindCount - 1; len(l.Effects) > most {
		return nil, fmt.Errorf(
			"effects: expected at most %d, one of each kind, found %d", most, len(l.Effects),
		)
	}
	for i, text := range l.Effects {
		e, err := trace.DecodeEffect(text)
		if err != nil {
			return nil, fmt.Errorf("effects[%d]: %w", i, err)
		}
		a.effects = append(a.effects, e)
	}
	return &a, nil
}

// jsonProblem describes an error of the JSON library in the words of this package.
func jsonProblem(err error) string {
	var s *json.SemanticError
	if errors.As(err, &s) && s.JSONPointer != "" {
		path := strings.TrimPrefix(string(s.JSONPointer), "/")
		return strings.ReplaceAll(path, "/", ".") + " has another type"
	}
	if errors.As(err, &s) {
		return "found another value"
	}
	return strings.TrimPrefix(err.Error(), "jsontext: ")
}

func parseRefusal(l *errorLine) (*answer, error) {
	a := answer{refused: l}
	switch l.Kind {
	case trace.ErrorIllegalForState, trace.ErrorUnimplemented, trace.ErrorInvariant,
		trace.ErrorSupersessionExpected:
	default:
		return nil, fmt.Errorf("error.kind: expected IllegalForState, Unimplemented, Invariant or "+
			"SupersessionExpected, found %q", l.Kind)
	}
	var ok bool
	if a.from, ok = reducer.ParseState(l.From); !ok && l.From != "" {
		return nil, fmt.Errorf("error.from: expected a rollout state, found %q", l.From)
	}
	if a.event, ok = reducer.ParseEventKind(l.Event); !ok && l.Event != "" {
		return nil, fmt.Errorf("error.event: expected a rollout event, found %q", l.Event)
	}
	return &a, nil
}

// mismatch returns why this cannot be the answer to a request, or nil. An answer repeats the parts
// of the record that no step changes. A refusal may repeat parts of the request.
func (a *answer) mismatch(rec *reducer.Record, ev *reducer.Event) error {
	if e := a.refused; e != nil {
		switch {
		case e.RolloutID != "" && e.RolloutID != rec.RolloutID:
			return fmt.Errorf("error.rollout_id is %s, the request is about %s", e.RolloutID, rec.RolloutID)
		case a.from != 0 && a.from != rec.State:
			return fmt.Errorf("error.from is %v, the record of the request is in %v", a.from, rec.State)
		case a.event != 0 && a.event != ev.Kind:
			return fmt.Errorf("error.event is %v, the request has %v", a.event, ev.Kind)
		}
		return nil
	}
	switch {
	case a.record.RolloutID != rec.RolloutID:
		return fmt.Errorf(
			"record.rollout_id is %s, the request is about %s", a.record.RolloutID, rec.RolloutID,
		)
	case a.record.Channel != rec.Channel:
		return fmt.Errorf("record.channel is %s, in the request it is %s", a.record.Channel, rec.Channel)
	case a.record.TargetRef != rec.TargetRef:
		return fmt.Errorf(
			"record.target_ref is %s, in the request it is %s", a.record.TargetRef, rec.TargetRef,
		)
	case a.record.OpenedAt != rec.OpenedAt:
		return fmt.Errorf("record.opened_at is %s, in the request it is %s",
			trace.AppendTime(nil, a.record.OpenedAt), trace.AppendTime(nil, rec.OpenedAt))
	}
	return nil
}

// refusal returns the reducer's error for a refusing answer.
func (a *answer) refusal(rec *reducer.Record, ev *reducer.Event) error {
	switch a.refused.Kind {
	case trace.ErrorIllegalForState:
		return &reducer.IllegalForState{From: rec.State, Event: ev.Kind, Rollout: rec.RolloutID}
	case trace.ErrorUnimplemented:
		return &reducer.Unimplemented{From: rec.State, Event: ev.Kind, Rollout: rec.RolloutID}
	case trace.ErrorSupersessionExpected:
		return &reducer.SupersessionExpected{Rollout: rec.RolloutID, Channel: rec.Channel, At: ev.At}
	}
	what := cmp.Or(a.refused.What, a.refused.Message, "the machine gave no reason")
	return &reducer.Invariant{What: what, State: rec.State, Event: ev.Kind, Rollout: rec.RolloutID}
}
