// Package conform runs conformance vectors through a machine: answers that were taken from an
// implementation, to be given again exactly.
//
// A file holds one vector a line, in JSON, of two shapes that may be mixed. A cell is one step: a
// record, an event, now, and the answer that is wanted. A walk is a record to start from and
// several steps, each from the record that the last accepted one gave. A vector may name the
// channel's policy (on_health_failure, retention_seconds); without, it is the default one.
package conform

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"rollsim/reducer"
	"rollsim/trace"
)

// Result counts what was run.
type Result struct {
	Cells  int
	Walks  int
	Steps  int // of both; a walk ends at its first mismatch
	Failed int // cells and walks that have a mismatch
	First  *Mismatch
}

// Mismatch says where a machine's answer is not the one that a vector wants.
type Mismatch struct {
	File  string
	Line  int
	ID    string // the vector's, as it is spelt
	Walk  bool
	Step  int // from 1
	Steps int
	State reducer.State // before the step
	Event string        // JSON, as the vector spells it
	What  string        // that differs
	Want  string
	Got   string
}

// String is the mismatch in a few lines.
func (m *Mismatch) String() string {
	where := fmt.Sprintf("%s:%d: cell %s", m.File, m.Line, m.ID)
	if m.Walk {
		where = fmt.Sprintf("%s:%d: walk %s, step %d of %d", m.File, m.Line, m.ID, m.Step, m.Steps)
	}
	return fmt.Sprintf("MISMATCH %s: different %s\n  event   %s in %v\n  want    %s\n  got     %s\n",
		where, m.What, m.Event, m.State, m.Want, m.Got)
}

// Run runs the vectors of a file, plain or in gzip, through a machine; file names it in errors and
// in the mismatch. The error is of the file, not of the machine: it cannot be read, or it is no
// conformance vectors; it names file and line. The result then counts what came before.
func Run(r io.Reader, file string, m reducer.Machine) (Result, error) {
	var result Result
	in := bufio.NewReader(r)
	if magic, _ := in.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(in)
		if err != nil {
			return result, broken(file, 0, err)
		}
		in = bufio.NewReader(z)
	}
	for number := 1; ; number++ {
		text, err := in.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return result, broken(file, number, err)
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
		if err == io.EOF {
			break
		}
	}
	if result.Cells+result.Walks == 0 {
		return result, fmt.Errorf("%s: expected conformance vectors, found none", file)
	}
	return result, nil
}

// broken says why a file cannot be read, at the line where that came out.
func broken(file string, line int, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the gzip data ends early")
	}
	if line == 0 {
		return fmt.Errorf("%s: %w", file, err)
	}
	return fmt.Errorf("%s:%d: %w", file, line, err)
}

// run takes the vector's steps up to the first mismatch, and counts them. The error is the
// machine's that gives no answer.
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
		if errors.As(err, new(*reducer.MachineFailure)) {
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

// compare holds a machine's answer against the one that is wanted. It names the first thing that
// differs; nothing when none does.
func (a *answer) compare(
	before, record reducer.Record, effects []reducer.Effect, err error,
) (what, want, got string) {
	if a.refused || err != nil {
		want, got = a.inWords(), outcome(record, effects, err)
		if !a.refused || err == nil || !a.err.matches(err) {
			return "answer", want, got
		}
		if record != before {
			return "record after an " +
				"error", string(trace.AppendRecord(nil, &before)), string(trace.AppendRecord(nil, &record))
		}
		if len(effects) != 0 {
			return "effects of an error", "none", list(effects)
		}
		return "", "", ""
	}
	if a.record != record {
		wanted, given := flatten(
			trace.AppendRecord(nil, &a.record),
		), flatten(
			trace.AppendRecord(nil, &record),
		)
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

// compareSpelling holds the spelling of the times in an answer that is right otherwise against the
// vector's, where that is the one that answers have.
func (a *answer) compareSpelling(
	record reducer.Record, effects []reducer.Effect,
) (what, want, got string) {
	for i, text := range a.texts {
		ours := jsontext.Value(trace.AppendRecord(nil, &record))
		if i > 0 {
			ours = trace.AppendTaggedEffect(nil, &effects[i-1])
		}
		spelt := map[string]string{}
		for _, m := range flatten(ours) {
			spelt[m.path] = string(m.text)
		}
		for _, m := range flatten(text) {
			if canonicalTime.Match(m.text) && !longerThanNeeded.Match(m.text) &&
				spelt[m.path] != string(m.text) {
				return "spelling of " + m.path, string(m.text), spelt[m.path]
			}
		}
	}
	return "", "", ""
}

// matches tells whether an error is the one that is wanted. What the vector does not say of it is
// not compared.
func (r refusal) matches(err error) bool {
	got, ok := refusalOf(err)
	return ok && got.kind == r.kind && (r.from == 0 || got.from == r.from) &&
		(r.event == 0 || got.event == r.event)
}

// refusalOf takes an error apart; false when it is none that a machine may give.
func refusalOf(err error) (refusal, bool) {
	var illegal *reducer.IllegalForState
	var unimplemented *reducer.Unimplemented
	var invariant *reducer.Invariant
	var supersession *reducer.SupersessionExpected
	switch {
	case errors.As(err, &illegal):
		return refusal{kind: trace.ErrorIllegalForState, from: illegal.From, event: illegal.Event}, true
	case errors.As(err, &unimplemented):
		return refusal{
			kind:  trace.ErrorUnimplemented,
			from:  unimplemented.From,
			event: unimplemented.Event,
		}, true
	case errors.As(err, &invariant):
		return refusal{kind: trace.ErrorInvariant, from: invariant.State, event: invariant.Event}, true
	case errors.As(err, &supersession):
		return refusal{kind: trace.ErrorSupersessionExpected}, true
	}
	return refusal{}, false
}

func (r refusal) inWords() string {
	words := "error " + r.kind
	if r.from != 0 {
		words += fmt.Sprintf(" from %v", r.from)
	}
	if r.event != 0 {
		words += fmt.Sprintf(" on %v", r.event)
	}
	return words
}

func (a *answer) inWords() string {
	if a.refused {
		return a.err.inWords()
	}
	return outcome(a.record, a.effects, nil)
}

// outcome is a whole answer in words.
func outcome(record reducer.Record, effects []reducer.Effect, err error) string {
	if err == nil {
		return fmt.Sprintf("accepted, state %v, effects %s", record.State, list(effects))
	}
	if r, ok := refusalOf(err); ok {
		return r.inWords()
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
