package story

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rollsim/reducer"
	"rollsim/story/gherkin"
)

var recordExpectations = []step{
	{
		topic: "Records and answers", phase: expects,
		words: `(the )record of (rollout ){rollout} is:`,
		doc: "The reducer's record of the rollout at the present, in one row, field by field. " +
			"Times count from the start, as in 10 minutes, or are instants; none stands for a field that " +
			"is not set. A field that is left out may have any value.",
		example: `the record of "stable@a1" is:`,
		table: []string{
			"state?", "channel?", "target_ref?", "current_wave?", "opened_at?", "terminal_at?",
			"superseded_at?",
		},
		sample: [][]string{
			{"state", "channel", "target_ref", "current_wave", "opened_at", "superseded_at"},
			{"Terminal", "stable", "a1", "1", "0 seconds", "none"},
		},
		solid: "the record must exist",
		do:    expectRecord,
	},
	{
		topic: "Records and answers", phase: expects,
		words: `these effects are emitted:`,
		doc: "All effects up to the present that answer the events of the rollouts in the table, " +
			"in order, with their fields; delay is that of SchedulePruning. The column later is how long " +
			"a row comes after the row above it.",
		example: `these effects are emitted:`,
		table: []string{
			"effect", "rollout", "from?", "to?", "wave?", "channel?", "ref?", "delay?", "later?",
		},
		sample: [][]string{
			{"effect", "rollout", "from", "to", "delay"},
			{"RecordRolloutTransition", "stable@a1", "Opening", "Active", ""},
			{"RecordRolloutTransition", "stable@a1", "Active", "Superseded", ""},
			{"SchedulePruning", "stable@a1", "", "", "7 days"},
		},
		solid: "the effects must have been emitted",
		do:    expectEffectTable,
	},
	{
		topic: "Records and answers", phase: expects,
		words: `these answers are given:`,
		doc: "The reducer's answers to all events up to the present of the rollouts in the table, " +
			"in order. A row has the state of the rollout after the event, the effects, and the error; " +
			"an empty cell in a column means none.",
		example: `these answers are given:`,
		table:   []string{"event", "rollout", "host?", "state?", "effects?", "error?"},
		sample: [][]string{
			{"event", "rollout", "state", "effects", "error"},
			{"RolloutOpened", "stable@a1", "Opening", "", ""},
			{"HostJoined", "stable@a1", "Active", "RecordRolloutTransition", ""},
			{"RetentionExpired", "stable@a1", "Active", "", "IllegalForState"},
		},
		solid: "the events must have happened",
		do:    expectAnswers,
	},
}

// expectRecord compares the record of a rollout at the present with a row.
func expectRecord(w *world, id reducer.RolloutID, t gherkin.Table) error {
	if len(t) != 1 {
		return fmt.Errorf("a rollout has one record: expected one row below the heading")
	}
	fleet := reducer.NewFleet(
		w.simulator.driver(), func(c reducer.ChannelID) reducer.Policy { return w.fleet.policy(c) },
	)
	var out reducer.Outcome
	last := noEntry
	for i, e := range w.history.until(w.timeline.now) {
		if e.Event != nil {
			_ = fleet.ApplyTo(e.Rollout, e.Event, e.At, &out) // a refused event changes nothing
		}
		if e.Rollout == id {
			last = i
		}
	}
	r := fleet.Rollout(id)
	if r == nil {
		_, err := w.history.rollout(id)
		if err == nil {
			err = w.fail(noEntry, w.sentence, "not opened yet")
		}
		return err
	}
	rec := &r.Record
	start := w.history.start
	readTime := func(s string) (string, error) { return parseInstant(start, s) }
	var expected, found []string
	for _, field := range []struct {
		name, is string
		read     func(string) (string, error)
	}{
		{"state", rec.State.String(), func(s string) (string, error) { return named(parseState(s)) }},
		{"channel", string(rec.Channel), plain},
		{"target_ref", string(rec.TargetRef), plain},
		{
			"current_wave", fmt.Sprint(rec.CurrentWave),
			func(s string) (string, error) { return named(parseWave(s)) },
		},
		{"opened_at", instant(start, reducer.Some(rec.OpenedAt)), readTime},
		{"terminal_at", instant(start, rec.TerminalAt), readTime},
		{"superseded_at", instant(start, rec.SupersededAt), readTime},
	} {
		if t[0][field.name] == "" {
			continue
		}
		want, err := gherkin.Cell(t[0], field.name, field.read)
		if err != nil {
			return err
		}
		if want != field.is {
			expected = append(expected, field.name+" "+want)
			found = append(found, field.name+" "+field.is)
		}
	}
	if expected != nil {
		return w.fail(last, strings.Join(expected, "\n"), strings.Join(found, "\n"))
	}
	return w.matched(w.timeline.now, last)
}

func plain(s string) (string, error) { return s, nil }

func named[T any](v T, err error) (string, error) { return fmt.Sprint(v), err }

// absent is how a table writes a time that is not set.
const absent = "none"

// instant returns in words how long after the start a time of a record is.
func instant(start reducer.Time, t reducer.Opt[reducer.Time]) string {
	if !t.Set {
		return absent
	}
	return elapsed(time.Duration(t.Value - start))
}

// parseInstant parses a time since the start, or an instant. It returns the words of instant for
// it.
func parseInstant(start reducer.Time, s string) (string, error) {
	if s == absent {
		return s, nil
	}
	if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return elapsed(time.Duration(reducer.Time(at.UnixNano()) - start)), nil
	}
	d, err := parseDuration(s)
	if err != nil {
		return "", fmt.Errorf(
			"%q: expected a time since the start such as 10 minutes, an instant such as "+
				"2026-01-01T00:10:00Z, or %s", s, absent,
		)
	}
	return elapsed(d), nil
}

// A finding is one thing in the trace that a row of a table may expect.
type finding struct {
	entry int
	text  string
}

// expectRows compares what was found with a table, row by row. compare returns the text of a row
// for messages, and reports whether the row describes an entry.
func expectRows(
	w *world, t gherkin.Table, found []finding, noun string,
	compare func(r gherkin.Row, entry int) (want string, same bool, err error),
) error {
	list := func() string {
		var lines []string
		for _, f := range found {
			lines = append(lines, fmt.Sprintf("%s  %s", elapsed(w.history.at(f.entry)), f.text))
		}
		return strings.Join(append(lines, fmt.Sprintf("%d %s", len(found), noun)), "\n")
	}
	for i, r := range t {
		entry := noEntry
		if i < len(found) {
			entry = found[i].entry
		}
		want, same, err := compare(r, entry)
		if err != nil {
			return &gherkin.RowError{Row: i + 1, Err: err}
		}
		expected := fmt.Sprintf("row %d: %s", i+1, want)
		if !same {
			return w.fail(entry, expected, list())
		}
		pause, err := gherkin.Cell(r, "later", parseDuration)
		if err != nil {
			return &gherkin.RowError{Row: i + 1, Err: err}
		}
		if i > 0 && r["later"] != "" {
			if d := w.history.at(entry) - w.history.at(found[i-1].entry); d != pause {
				return w.fail(entry, expected+", "+r["later"]+" later", fromThat(d))
			}
		}
	}
	if len(found) > len(t) {
		return w.fail(found[len(t)].entry, fmt.Sprintf("no more than %d %s", len(t), noun), list())
	}
	return w.matchedEntry(found[len(found)-1].entry)
}

// rolloutsOf returns the rollouts that a table names.
func rolloutsOf(w *world, t gherkin.Table) ([]reducer.RolloutID, error) {
	var ids []reducer.RolloutID
	for i, r := range t {
		id := reducer.RolloutID(r["rollout"])
		if _, err := w.history.rollout(id); err != nil {
			return nil, &gherkin.RowError{Row: i + 1, Err: err}
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// expectEffectTable compares the effects that answer the events of some rollouts with a table.
func expectEffectTable(w *world, t gherkin.Table) error {
	ids, err := rolloutsOf(w, t)
	if err != nil {
		return err
	}
	var found []finding
	of := make(map[int]reducer.RolloutID) // by entry
	var rollout reducer.RolloutID         // of the latest event
	for i, e := range w.history.until(w.timeline.now) {
		if e.Event != nil {
			rollout = e.Rollout
		}
		if e.Effect != nil && slices.Contains(ids, rollout) {
			of[i] = rollout
			found = append(found, finding{i, effectText(e.Effect, rollout)})
		}
	}
	return expectRows(w, t, found, "effects", func(r gherkin.Row, entry int) (string, bool, error) {
		want, err := readEffect(r)
		if err != nil {
			return "", false, err
		}
		id := reducer.RolloutID(r["rollout"])
		if entry == noEntry {
			return effectText(want, id), false, nil
		}
		got := *w.history.entries[entry].Effect
		got.At, got.Rollout = 0, ""
		return effectText(want, id), got == *want && of[entry] == id, nil
	})
}

// readEffect parses a row of a table of effects. The row must have every field that effects of its
// kind have, and no other.
func readEffect(r gherkin.Row) (*reducer.Effect, error) {
	e := &reducer.Effect{
		Channel: reducer.ChannelID(r["channel"]),
		Closure: reducer.ClosureHash(r["ref"]),
	}
	var err error
	if e.Kind, err = gherkin.Cell(r, "effect", parseEffect); err != nil {
		return nil, err
	}
	if e.From, err = gherkin.Cell(r, "from", parseState); err != nil {
		return nil, err
	}
	if e.To, err = gherkin.Cell(r, "to", parseState); err != nil {
		return nil, err
	}
	if e.Wave, err = gherkin.Cell(r, "wave", parseWave); err != nil {
		return nil, err
	}
	delay, err := gherkin.Cell(r, "delay", parseDuration)
	if err != nil {
		return nil, err
	}
	e.DelaySeconds = int64(delay / time.Second)
	columns := map[reducer.EffectKind][]string{
		reducer.RecordRolloutTransition:     {"from", "to"},
		reducer.UpdateCurrentWave:           {"wave"},
		reducer.InsertQuarantineFromRollout: {"channel", "ref"},
		reducer.SchedulePruning:             {"delay"},
	}[e.Kind]
	return e, r.Require(e.Kind, columns, "from", "to", "wave", "channel", "ref", "delay")
}

// effectText returns an effect as a message shows it.
func effectText(e *reducer.Effect, rollout reducer.RolloutID) string {
	text := fmt.Sprintf("%v  %s", e.Kind, rollout)
	switch e.Kind {
	case reducer.RecordRolloutTransition:
		return fmt.Sprintf("%s  %v → %v", text, e.From, e.To)
	case reducer.UpdateCurrentWave:
		return fmt.Sprintf("%s  wave %d", text, e.Wave)
	case reducer.InsertQuarantineFromRollout:
		return fmt.Sprintf("%s  ref %s on %s", text, e.Closure, e.Channel)
	case reducer.SchedulePruning:
		return fmt.Sprintf("%s  after %d s", text, e.DelaySeconds)
	}
	return text
}

// An answer is the reducer's answer to an event.
type answer struct {
	event   *reducer.Event
	state   reducer.State // after it; 0 before the rollout is opened
	effects []reducer.EffectKind
	err     string
}

// expectAnswers compares the answers to the events of some rollouts with a table.
func expectAnswers(w *world, t gherkin.Table) error {
	ids, err := rolloutsOf(w, t)
	if err != nil {
		return err
	}
	var found []finding
	answers := make(map[int]*answer) // by entry
	for i, e := range w.history.until(w.timeline.now) {
		if e.Event != nil && slices.Contains(ids, e.Rollout) {
			a := answerTo(w, i)
			answers[i] = a
			found = append(found, finding{i, a.text(e.Event.Host)})
		}
	}
	return expectRows(w, t, found, "answers", func(r gherkin.Row, entry int) (string, bool, error) {
		kind, err := gherkin.Cell(r, "event", parseEvent)
		if err != nil {
			return "", false, err
		}
		want := answer{event: &reducer.Event{Kind: kind, Rollout: reducer.RolloutID(r["rollout"])}}
		if want.state, err = gherkin.Cell(r, "state", parseState); err != nil {
			return "", false, err
		}
		if want.effects, err = gherkin.Cell(r, "effects", parseEffects); err != nil {
			return "", false, err
		}
		with, err := gherkin.Cell(r, "error", parseError)
		if err != nil {
			return "", false, err
		}
		want.err = string(with)
		host := reducer.HostID(r["host"])
		text := want.text(host)
		got := answers[entry]
		if got == nil {
			return text, false, nil
		}
		_, expectsEffects := r["effects"]
		_, expectsError := r["error"]
		same := got.event.Kind == kind && got.event.Rollout == want.event.Rollout &&
			(host == "" || got.event.Host == host) &&
			(want.state == 0 || got.state == want.state) &&
			(!expectsEffects || slices.Equal(got.effects, want.effects)) &&
			(!expectsError || got.err == want.err)
		return text, same, nil
	})
}

// answerTo returns the answer to the event of an entry.
func answerTo(w *world, i int) *answer {
	a := &answer{event: w.history.entries[i].Event}
	if w.history.refused(i) {
		a.err = w.history.entries[i+1].Rejection.Error
	}
	last := i
	for last+1 < len(w.history.entries) && w.history.entries[last+1].Effect != nil {
		last++
		a.effects = append(a.effects, w.history.entries[last].Effect.Kind)
	}
	if r := w.history.rollouts[a.event.Rollout]; r != nil {
		for _, c := range r.states {
			if c.entry <= last {
				a.state = c.to
			}
		}
	}
	return a
}

func (a *answer) text(host reducer.HostID) string {
	words := []string{fmt.Sprintf("%v  %s", a.event.Kind, a.event.Rollout)}
	if host != "" {
		words[0] += "  " + string(host)
	}
	if a.state != 0 {
		words = append(words, a.state.String())
	}
	if a.effects != nil {
		words = append(words, listed(a.effects))
	}
	if a.err != "" {
		words = append(words, a.err)
	}
	return strings.Join(words, "  ")
}
