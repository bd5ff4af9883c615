package conform

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"rollsim/internal/limited"
	"rollsim/reducer"
	"rollsim/trace"
)

// Result counts the vectors that were run.
type Result struct {
	Cells  int
	Walks  int
	Steps  int       // of both; a walk ends at its first mismatch
	Failed int       // cells and walks with a mismatch
	First  *Mismatch // nil if none failed
}

// Mismatch is the first difference between the answers of a machine and those that a vector wants.
type Mismatch struct {
	File  string
	Line  int
	ID    string // of the vector, as the file spells it
	Walk  bool
	Step  int // from 1
	Steps int
	State reducer.State // before the step
	Event string        // JSON, as the vector spells it
	What  string        // the part of the answer that differs
	Want  string
	Got   string
}

// String describes the mismatch in four lines.
func (m *Mismatch) String() string {
	where := fmt.Sprintf("%s:%d: cell %s", m.File, m.Line, m.ID)
	if m.Walk {
		where = fmt.Sprintf("%s:%d: walk %s, step %d of %d", m.File, m.Line, m.ID, m.Step, m.Steps)
	}
	return fmt.Sprintf("MISMATCH %s: different %s\n  event   %s in %v\n  want    %s\n  got     %s\n",
		where, m.What, m.Event, m.State, m.Want, m.Got)
}

// Run runs the vectors of a file, plain or compressed with gzip or zstd, through a machine. file
// is the name of the file for errors and mismatches. Run returns an error with file and line if
// the file cannot be read, has a line that is not a vector, or if the machine does not answer.
// The result then counts the vectors before that line.
func Run(r io.Reader, file string, m reducer.Machine) (Result, error) {
	var result Result
	in, err := trace.Decompress(r)
	if err != nil {
		return result, trace.Unreadable(file, 0, err)
	}
	lines := limited.NewLines(in, trace.MaxLine)
	for number := 1; ; number++ {
		text, err := lines.Read()
		if err != nil && !errors.Is(err, io.EOF) {
			return result, trace.Unreadable(file, number, err)
		}
		if len(bytes.TrimSpace(text)) > 0 {
			v, err := parse(text)
			if err != nil {
				return result, fmt.Errorf("%s:%d: %w", file, number, err)
			}
			mismatch, err := v.run(m, &result)
			if err != nil {
				return result, fmt.Errorf("%s:%d: %w", file, number, err)
			}
			if mismatch != nil {
				result.Failed++
				if result.First == nil {
					mismatch.File, mismatch.Line = file, number
					result.First = mismatch
				}
			}
		}
		if err != nil {
			break
		}
	}
	if result.Cells+result.Walks == 0 {
		return result, fmt.Errorf("%s: expected conformance vectors, found none", file)
	}
	return result, nil
}

// run runs the steps of the vector up to the first mismatch, and counts them. It returns an
// error if the machine does not answer.
func (v *vector) run(m reducer.Machine, result *Result) (*Mismatch, error) {
	if v.walk {
		result.Walks++
	} else {
		result.Cells++
	}
	record := v.start
	var out reducer.Effects
	for i := range v.steps {
		s := &v.steps[i]
		result.Steps++
		before := record
		err := m.Step(&record, &s.event, s.now, v.policy, &out)
		if reducer.IsMachineFailure(err) {
			return nil, err
		}
		what, want, got := s.want.compare(before, record, out.All(), err)
		if what != "" {
			return &Mismatch{
				ID: v.id, Walk: v.walk, Step: i + 1, Steps: len(v.steps),
				State: before.State, Event: string(s.eventText), What: what, Want: want, Got: got,
			}, nil
		}
	}
	return nil, nil
}

// compare compares the answer of a machine with the wanted one. It returns the name of the first
// part that differs, and both values; what is empty if the answers are equal.
func (a *answer) compare(
	before, record reducer.Record, effects []reducer.Effect, err error,
) (what, want, got string) {
	if a.refused || err != nil {
		want, got = a.String(), describeAnswer(record, effects, err)
		if !a.refused || err == nil || !a.err.matches(err) {
			return "answer", want, got
		}
		if record != before {
			want = string(trace.AppendRecord(nil, &before))
			got = string(trace.AppendRecord(nil, &record))
			return "record after an error", want, got
		}
		if len(effects) != 0 {
			return "effects of an error", "none", list(effects)
		}
		return "", "", ""
	}
	if a.record != record {
		wanted := slices.Collect(flatten(trace.AppendRecord(nil, &a.record)))
		given := slices.Collect(flatten(trace.AppendRecord(nil, &record)))
		for i := range wanted {
			if !bytes.Equal(wanted[i].text, given[i].text) {
				return wanted[i].path, string(wanted[i].text), string(given[i].text)
			}
		}
	}
	for i := range max(len(a.effects), len(effects)) {
		want, got = "nothing", "nothing"
		if i < len(a.effects) {
			want = string(trace.AppendTaggedEffect(nil, &a.effects[i]))
		}
		if i < len(effects) {
			got = string(trace.AppendTaggedEffect(nil, &effects[i]))
		}
		if want != got {
			return fmt.Sprintf("effect %d", i+1), want, got
		}
	}
	return a.compareSpelling(record, effects)
}

// compareSpelling compares the spelling of the times in two answers that are otherwise equal. It
// ignores times that the vector does not spell in the canonical form.
func (a *answer) compareSpelling(
	record reducer.Record, effects []reducer.Effect,
) (what, want, got string) {
	for i, text := range a.texts {
		ours := jsontext.Value(trace.AppendRecord(nil, &record))
		if i > 0 {
			ours = trace.AppendTaggedEffect(nil, &effects[i-1])
		}
		spelling := map[string]string{}
		for m := range flatten(ours) {
			spelling[m.path] = string(m.text)
		}
		for m := range flatten(text) {
			if canonicalTime.Match(m.text) && !longerThanNeeded.Match(m.text) &&
				spelling[m.path] != string(m.text) {
				return "spelling of " + m.path, string(m.text), spelling[m.path]
			}
		}
	}
	return "", "", ""
}

// matches reports whether an error is the wanted one. It ignores fields that the vector leaves out.
func (r refusal) matches(err error) bool {
	got, ok := refusalOf(err)
	return ok && got.kind == r.kind && (r.from == 0 || got.from == r.from) &&
		(r.event == 0 || got.event == r.event)
}

// refusalOf returns the parts of an error. It reports false for an error that a machine must not
// return.
func refusalOf(err error) (refusal, bool) {
	var illegal *reducer.IllegalForState
	var unimplemented *reducer.Unimplemented
	var invariant *reducer.Invariant
	var supersession *reducer.SupersessionExpected
	switch {
	case errors.As(err, &illegal):
		return refusal{kind: trace.ErrorIllegalForState, from: illegal.From, event: illegal.Event}, true
	case errors.As(err, &unimplemented):
		from, event := unimplemented.From, unimplemented.Event
		return refusal{kind: trace.ErrorUnimplemented, from: from, event: event}, true
	case errors.As(err, &invariant):
		return refusal{kind: trace.ErrorInvariant, from: invariant.State, event: invariant.Event}, true
	case errors.As(err, &supersession):
		return refusal{kind: trace.ErrorSupersessionExpected}, true
	}
	return refusal{}, false
}

func (r refusal) String() string {
	words := "error " + r.kind
	if r.from != 0 {
		words += fmt.Sprintf(" from %v", r.from)
	}
	if r.event != 0 {
		words += fmt.Sprintf(" on %v", r.event)
	}
	return words
}

func (a *answer) String() string {
	if a.refused {
		return a.err.String()
	}
	return describeAnswer(a.record, a.effects, nil)
}

// describeAnswer describes a whole answer in one line.
func describeAnswer(record reducer.Record, effects []reducer.Effect, err error) string {
	if err == nil {
		return fmt.Sprintf("accepted, state %v, effects %s", record.State, list(effects))
	}
	if r, ok := refusalOf(err); ok {
		return r.String()
	}
	return "no answer: " + err.Error()
}

func list(effects []reducer.Effect) string {
	if len(effects) == 0 {
		return "none"
	}
	texts := make([]string, len(effects))
	for i := range effects {
		texts[i] = string(trace.AppendTaggedEffect(nil, &effects[i]))
	}
	return strings.Join(texts, " ")
}
