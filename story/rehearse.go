package story

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"

	messages "github.com/cucumber/messages/go/v34"

	"rollsim/internal/nearest"
	"rollsim/reducer"
	"rollsim/sim"
)

// Document is a feature file as it was parsed, for those who look at features without running them.
type Document struct {
	Name    string
	Content []byte // without a byte order mark
	Feature *messages.Feature
	Pickles []*messages.Pickle

	parsed *document
}

// Parse parses the text of a feature file. name is the path to show in messages. The error joins an
// *Error for each thing that Gherkin refuses.
func Parse(name string, content []byte) (*Document, error) {
	d, pickles, err := parseDocument(name, content)
	if err != nil {
		return nil, err
	}
	for _, c := range d.feature.Children {
		d.noteBackground(c.Background)
		if c.Rule != nil {
			for _, r := range c.Rule.Children {
				d.noteBackground(r.Background)
			}
		}
	}
	return &Document{
		Name:    name,
		Content: d.content,
		Feature: d.feature,
		Pickles: pickles,
		parsed:  d,
	}, nil
}

// CheckDescription finds a step in the description of what stands at a place, where it would be
// passed over in silence because its keyword is mistyped; nil when there is none.
func (d *Document) CheckDescription(description string, under *messages.Location) *Error {
	var stray *Error
	_ = errors.As(d.parsed.checkDescription(description, under), &stray)
	return stray
}

// Flaw is the kind of a Mistake. The zero value is invalid.
type Flaw uint8

// The flaws.
const (
	FlawUndefined     Flaw = 1 + iota // a sentence is worded like no step
	FlawAmbiguous                     // a sentence is worded like several steps
	FlawValue                         // a value in a sentence is none of those that there are
	FlawTable                         // the table after a sentence is not the one that belongs there
	FlawName                          // a channel, host, ref or rollout is not in the story
	FlawStory                         // what a sentence tells cannot be, or not at this place
	FlawTag                           // a tag chooses a machine or a seed that there is not
	FlawNoExpectation                 // nothing is expected
)

// Mistake is what is wrong with a scenario, as far as that can be told without simulating it.
type Mistake struct {
	Flaw Flaw
	Step *messages.PickleStep // nil when it is about a tag, or the whole scenario
	Tag  *messages.PickleTag  // nil when it is about no tag
	// of the step's table, the first below the heading being 1; 0 when it is about none of them
	Row     int
	Message string
}

// Rehearse goes through the sentences of a scenario without simulating anything: each is read, what
// describes and happens is taken note of, and what is expected is held only against the names in
// the story. One that is under way has no mistakes yet.
func (d *Document) Rehearse(p *messages.Pickle) []Mistake {
	if slices.ContainsFunc(p.Tags, func(t *messages.PickleTag) bool { return t.Name == tagWip }) {
		return nil
	}
	w := newWorld(p.Name)
	w.dir = path.Dir(d.Name)
	w.telling = newTelling(nil, &sim.Result{}) // nothing came of anything so far
	var found []Mistake
	for _, tag := range p.Tags {
		if err := w.applyTag(tag.Name); err != nil {
			found = append(found, Mistake{Flaw: FlawTag, Tag: tag, Message: err.Error()})
		}
	}
	doubtful := false // a sentence before was not understood, and may have named what seems unknown
	for _, step := range p.Steps {
		w.shared = d.parsed.shared[step.AstNodeIds[0]]
		flaw, err := w.rehearse(step)
		if err == nil || doubtful && (flaw == FlawName || flaw == FlawStory) {
			continue
		}
		doubtful = true
		found = append(found, Mistake{Flaw: flaw, Step: step, Row: rowAmiss(err), Message: err.Error()})
	}
	switch {
	case doubtful:
	case !w.looked:
		found = append(found, Mistake{Flaw: FlawNoExpectation, Message: "nothing is expected here: a " +
			"scenario needs a Then"})
	default:
		if err := w.checkPromises(); err != nil {
			found = append(found, Mistake{Flaw: FlawName, Message: err.Error()})
		}
	}
	return found
}

// rehearse takes note of one sentence.
func (w *world) rehearse(step *messages.PickleStep) (Flaw, error) {
	s, values, t, flaw, err := understand(step.Text, step.Argument)
	if err != nil {
		return flaw, err
	}
	if s.phase == asks {
		w.looked = true
		_, err := readQuestions(values[0].(reducer.State), t)
		return FlawTable, err
	}
	if s.phase == expects {
		w.looked = true
		if err := w.checkNames(values); err != nil {
			return FlawName, err
		}
		return w.checkCells(t)
	}
	err = w.do(s, step.Text, values, t)
	var unknown *unknownNameError
	if errors.As(err, &unknown) {
		return FlawName, err
	}
	return FlawStory, err
}

// checkNames holds the channels, hosts and rollouts that an expectation names against the story so
// far.
func (w *world) checkNames(values []any) error {
	for _, v := range values {
		var err error
		switch v := v.(type) {
		case reducer.ChannelID:
			if _, told := w.latest[v]; !told {
				_, err = w.channel(v)
			}
		case []reducer.HostID:
			_, err = w.hostsUnder(v, "")
		case reducer.RolloutID:
			if !slices.ContainsFunc(w.story, func(h happening) bool { return h.do != nil && h.do.Event != nil && h.do.Event.Rollout == v }) {
				err = w.checkRollout(v) // events may come of a rollout that nobody opened
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// cells are the values in the columns of tables that tell what is expected.
var cells = map[string]string{
	"event": "event", "effect": "effect", "effects": "effects", "error": "error", "from": "state", "to": "state", "state": "state",
	"delay": "duration", "later": "duration",
}

// checkCells holds such a table against what there is, as far as that can be told without a run.
func (w *world) checkCells(t table) (flaw Flaw, err error) {
	err = t.each(func(r row) error {
		for _, column := range slices.Sorted(maps.Keys(r)) {
			flaw = FlawValue
			if column == "rollout" {
				flaw = FlawName
				if err := w.checkRollout(reducer.RolloutID(r[column])); err != nil {
					return err
				}
			} else if value := cells[column]; value != "" {
				if _, err := cell(r, column, parameters[value].parse); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return flaw, err
}

// checkPromises refuses what is in store for hosts under refs that never come.
func (w *world) checkPromises() error {
	if len(w.busy) > 0 {
		return nil // only the run knows which refs come
	}
	told := slices.Clone(w.timeline) // of a scenario file
	for _, h := range w.story {
		if h.do != nil {
			told = append(told, *h.do)
		}
	}
	var known []string
	for _, a := range told {
		if a.SetRef != nil {
			known = append(known, string(a.SetRef.Ref))
		} else if a.Event != nil && a.Event.Kind == reducer.RolloutOpened {
			known = append(known, string(a.Event.TargetRef))
		}
	}
	for _, f := range w.promises {
		if !slices.Contains(known, string(f.Ref)) {
			return fmt.Errorf("something is in store for host %s under ref %q, and no channel ever moves "+
				"to that ref%s",
				f.Host, f.Ref, nearest.Hint(string(f.Ref), known))
		}
	}
	return nil
}
