package conform

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"rollsim/internal/visible"
	"rollsim/reducer"
	"rollsim/trace"
)

// line is a line of a file: a cell (record, event, now, want) or a walk (start, steps).
type line struct {
	ID     jsontext.Value `json:"id"`
	Policy *policyLine    `json:"policy"`

	Record jsontext.Value `json:"record"`
	stepLine

	Start jsontext.Value `json:"start"`
	Steps []stepLine     `json:"steps"`
}

type stepLine struct {
	Event jsontext.Value `json:"event"`
	Now   jsontext.Value `json:"now"`
	Want  *wantLine      `json:"want"`
}

type wantLine struct {
	Record  jsontext.Value   `json:"record"`
	Effects []jsontext.Value `json:"effects"`
	Error   *errorLine       `json:"error"`
}

type errorLine struct {
	Kind    string `json:"kind"`
	From    string `json:"from"`
	Event   string `json:"event"`
	Message string `json:"message"`
}

type policyLine struct {
	OnHealthFailure  string `json:"on_health_failure"`
	RetentionSeconds *int64 `json:"retention_seconds"`
}

// vector is a decoded line.
type vector struct {
	id     string
	walk   bool
	policy reducer.Policy
	start  reducer.Record
	steps  []step
}

type step struct {
	event     reducer.Event
	eventText jsontext.Value
	now       reducer.Time
	want      answer
}

// answer is the answer that a vector wants: an error, or a record and effects.
type answer struct {
	refused bool
	err     refusal // if refused
	record  reducer.Record
	effects []reducer.Effect
	texts   []jsontext.Value // the record and the effects as the vector spells them
}

// refusal is an error without its message. from and event are zero for an error without them.
type refusal struct {
	kind  string
	from  reducer.State
	event reducer.EventKind
}

// maxValues is the limit for the values in a vector: a decoded value is larger than its text.
const maxValues = 1 << 20

// parse decodes one line. The error says which field is wrong and what was expected.
func parse(text []byte) (vector, error) {
	if bytes.Count(text, []byte(",")) > maxValues {
		return vector{}, fmt.Errorf("expected at most %d values in a vector, found more", maxValues)
	}
	var l line
	if err := json.Unmarshal(text, &l, json.RejectUnknownMembers(true)); err != nil {
		return vector{}, describeError(err)
	}
	if l.ID == nil {
		return vector{}, errors.New("id: expected a number, found nothing")
	}
	v := vector{
		id:     string(l.ID),
		policy: reducer.DefaultPolicy(),
		walk:   l.Start != nil || l.Steps != nil,
	}
	if err := v.parsePolicy(l.Policy); err != nil {
		return v, err
	}
	record, where, lines := l.Record, "record", []stepLine{l.stepLine}
	if v.walk {
		if l.Record != nil || l.Event != nil || l.Now != nil || l.Want != nil {
			return v, errors.New("expected a cell (record, event, now, want) or a walk (start, steps), " +
				"found members of both")
		}
		if len(l.Steps) == 0 {
			return v, errors.New("steps: expected at least one, found none")
		}
		record, where, lines = l.Start, "start", l.Steps
	}
	var err error
	if v.start, err = parseRecord(record); err != nil {
		return v, fmt.Errorf("%s: %w", where, err)
	}
	for i, sl := range lines {
		s, err := parseStep(sl)
		if err != nil {
			if v.walk {
				err = fmt.Errorf("steps[%d].%w", i, err)
			}
			return v, err
		}
		v.steps = append(v.steps, s)
	}
	return v, nil
}

func (v *vector) parsePolicy(l *policyLine) error {
	if l == nil {
		return nil
	}
	if l.OnHealthFailure != "" {
		h, ok := reducer.ParseHealthPolicy(l.OnHealthFailure)
		if !ok {
			return fmt.Errorf(
				"policy.on_health_failure: expected halt or rollback-and-halt, found %q", l.OnHealthFailure,
			)
		}
		v.policy.OnHealthFailure = h
	}
	if l.RetentionSeconds != nil {
		if v.policy.RetentionSeconds = *l.RetentionSeconds; v.policy.RetentionSeconds < 0 {
			return fmt.Errorf(
				"policy.retention_seconds: expected 0 or more, found %d", v.policy.RetentionSeconds,
			)
		}
	}
	return nil
}

func parseStep(l stepLine) (step, error) {
	s := step{eventText: l.Event}
	var err error
	if s.event, err = parseEvent(l.Event); err != nil {
		return s, fmt.Errorf("event: %w", err)
	}
	if s.now, err = parseTime(l.Now); err != nil {
		return s, fmt.Errorf("now: %w", err)
	}
	if l.Want == nil {
		return s, errors.New("want: expected a record and effects, or an error, found nothing")
	}
	if s.want, err = parseAnswer(l.Want); err != nil {
		return s, fmt.Errorf("want.%w", err)
	}
	return s, nil
}

func parseAnswer(l *wantLine) (answer, error) {
	var a answer
	var err error
	if l.Error != nil {
		if l.Record != nil || l.Effects != nil {
			return a, errors.New("error: expected it alone, found also a record or effects")
		}
		a.refused = true
		if a.err, err = parseRefusal(l.Error); err != nil {
			return a, fmt.Errorf("error.%w", err)
		}
		return a, nil
	}
	if a.record, err = parseRecord(l.Record); err != nil {
		return a, fmt.Errorf("record: %w", err)
	}
	if l.Effects == nil {
		return a, errors.New("effects: expected a list, found nothing")
	}
	a.texts = []jsontext.Value{l.Record}
	for i, text := range l.Effects {
		e, err := parseEffect(text)
		if err != nil {
			return a, fmt.Errorf("effects[%d]: %w", i, err)
		}
		a.effects = append(a.effects, e)
		a.texts = append(a.texts, text)
	}
	return a, nil
}

func parseRefusal(l *errorLine) (refusal, error) {
	r := refusal{kind: l.Kind}
	hasState := false
	switch l.Kind {
	case trace.ErrorIllegalForState, trace.ErrorUnimplemented:
		hasState = true
	case trace.ErrorInvariant, trace.ErrorSupersessionExpected:
	default:
		return r, fmt.Errorf("kind: expected IllegalForState, Unimplemented, Invariant or "+
			"SupersessionExpected, found %q", l.Kind)
	}
	var ok bool
	if r.from, ok = reducer.ParseState(l.From); !ok && (hasState || l.From != "") {
		return r, fmt.Errorf("from: expected a rollout state, found %q", l.From)
	}
	if r.event, ok = reducer.ParseEventKind(l.Event); !ok && (hasState || l.Event != "") {
		return r, fmt.Errorf("event: expected a rollout event, found %q", l.Event)
	}
	return r, nil
}

func parseRecord(text jsontext.Value) (reducer.Record, error) {
	return decode(text, "record", trace.DecodeRecord, trace.AppendRecord)
}

func parseEvent(text jsontext.Value) (reducer.Event, error) {
	return decode(text, "rollout event", trace.DecodeEvent, trace.AppendTaggedEvent)
}

func parseEffect(text jsontext.Value) (reducer.Effect, error) {
	return decode(text, "effect", trace.DecodeEffect, trace.AppendTaggedEffect)
}

// decode decodes a value and rejects every member that encode does not write. The trace format
// ignores unknown members, but a vector with a member that is not compared would pass untested.
func decode[T any](
	text jsontext.Value, what string, decode func([]byte) (T, error), encode func([]byte, *T) []byte,
) (v T, err error) {
	if text == nil {
		return v, fmt.Errorf("expected a %s, found nothing", what)
	}
	if v, err = decode(text); err != nil {
		// the caller adds the path, which already names the value
		return v, errors.New(strings.TrimPrefix(err.Error(), what+": "))
	}
	known := map[string]bool{}
	for m := range flatten(encode(nil, &v)) {
		known[m.path] = true
	}
	for m := range flatten(text) {
		if !known[m.path] {
			return v, fmt.Errorf("unknown field %s", visible.Name(m.path))
		}
	}
	return v, nil
}

func parseTime(text jsontext.Value) (reducer.Time, error) {
	var s string
	if text.Kind() != '"' || json.Unmarshal(text, &s) != nil {
		return 0, fmt.Errorf("expected a time, found %s", orNothing(text))
	}
	return trace.ParseTime(s)
}

// member is a value within a JSON object, with its path.
type member struct {
	path string
	text jsontext.Value
}

// flatten returns the members of a JSON object in order. It replaces a nested object by the members
// of that object. The text must be valid.
func flatten(text jsontext.Value) iter.Seq[member] {
	return func(yield func(member) bool) {
		d := jsontext.NewDecoder(bytes.NewReader(text))
		var path []string
		for {
			token, err := d.ReadToken()
			if err != nil {
				return
			}
			if token.Kind() == '{' {
				continue
			}
			if token.Kind() == '}' {
				if len(path) == 0 {
					return
				}
				path = path[:len(path)-1]
				continue
			}
			path = append(path, token.String())
			if d.PeekKind() == '{' {
				continue
			}
			value, err := d.ReadValue()
			if err != nil || !yield(member{path: strings.Join(path, "."), text: value.Clone()}) {
				return
			}
			path = path[:len(path)-1]
		}
	}
}

// canonicalTime matches times in UTC with Z and 0, 3, 6 or 9 decimals. longerThanNeeded matches the
// times among them that have more decimals than they need. Package trace does not write those.
var (
	canonicalTime = regexp.MustCompile(
		`^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.(\d{3}|\d{6}|\d{9}))?Z"$`)
	longerThanNeeded = regexp.MustCompile(`\.(\d{3}|\d{6})?000Z"$`)
)

// describeError describes an error of the JSON decoder without the names of Go types.
func describeError(err error) error {
	var s *json.SemanticError
	if !errors.As(err, &s) {
		return fmt.Errorf("expected a JSON object: %s", strings.TrimPrefix(err.Error(), "jsontext: "))
	}
	path := strings.ReplaceAll(strings.TrimPrefix(string(s.JSONPointer), "/"), "/", ".")
	if errors.Is(err, json.ErrUnknownName) {
		return fmt.Errorf("unknown field %s", visible.Name(path))
	}
	expected := "something else"
	if s.GoType != nil {
		expected = map[reflect.Kind]string{
			reflect.Slice: "a list", reflect.Struct: "an object", reflect.String: "a string",
			reflect.Int64: "an integer",
		}[s.GoType.Kind()]
	}
	found := map[jsontext.Kind]string{
		'{': "an object", '[': "a list", '"': "a string", '0': "a number",
		't': "true", 'f': "false", 'n': "null",
	}[s.JSONKind]
	if len(s.JSONValue) > 0 {
		found = string(s.JSONValue)
	}
	if path != "" {
		path += ": "
	}
	return fmt.Errorf("%sexpected %s, found %s", path, expected, found)
}

// orNothing returns a value, or "nothing" if it is missing.
func orNothing(text jsontext.Value) string {
	if text == nil {
		return "nothing"
	}
	return string(text)
}
