package story

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rollsim/reducer"
)

var recordExpectations = []step{
	{
		topic: "Records and answers", phase: expects,
		words: `(the )record of (rollout ){rollout} is:`,
		doc: "What the reducer holds of the rollout at the present, in one row, field by field. " +
			"Times count from the start, as in 10 minutes, or are told as an instant; none stands for " +
			"what is not there. What is left out may be anything.",
		example: `the record of "stable@a1" is:`,
		table: []string{
			"state?",
			"channel?",
			"target_ref?",
			"current_wave?",
			"opened_at?",
			"terminal_at?",
			"superseded_at?",
		},
		sample: [][]string{
			{"state", "channel", "target_ref", "current_wave", "opened_at", "superseded_at"},
			{"Terminal", "stable", "a1", "1", "0 seconds", "none"},
		},
		do: (*world).expectRecord,
	},
	{
		topic: "Records and answers", phase: expects,
		words: `these effects are emitted:`,
		doc: "The effects until the present that answer the events of all rollouts that the table " +
			"names: all of them, in order, with what they hold; delay is that of SchedulePruning. The " +
			"column later holds how long a row comes after the row above it.",
		example: `these effects are emitted:`,
		table: []string{
			"effect",
			"rollout",
			"from?",
			"to?",
			"wave?",
			"channel?",
			"ref?",
			"delay?",
			"later?",
		},
		sample: [][]string{
			{"effect", "rollout", "from", "to", "delay"},
			{"RecordRolloutTransition", "stable@a1", "Opening", "Active", ""},
			{"RecordRolloutTransition", "stable@a1", "Active", "Superseded", ""},
			{"SchedulePruning", "stable@a1", "", "", "7 days"},
		},
		do: (*world).expectEffectTable,
	},
	{
		topic: "Records and answers", phase: expects,
		words: `these answers are given:`,
		doc: "What the reducer answers until the present to the events of all rollouts that the " +
			"table names: to all of them, in order. A row tells the state of the rollout after the " +
			"event, the effects, and the error; a column that is there and empty means that there is none.",
		example: `these answers are given:`,
		table:   []string{"event", "rollout", "host?", "state?", "effects?", "error?"},
		sample: [][]string{
			{"event", "rollout", "state", "effects", "error"},
			{"RolloutOpened", "stable@a1", "Opening", "", ""},
			{"HostJoined", "stable@a1", "Active", "RecordRolloutTransition", ""},
			{"RetentionExpired", "stable@a1", "Active", "", "IllegalForState"},
		},
		do: (*world).expectAnswers,
	},
}

// expectRecord holds the record of a rollout at the present against a row.
func (w *world) expectRecord(id reducer.RolloutID, t table) error {
	if len(t) != 1 {
		return fmt.Errorf("a rollout has one record: the table has one row below its heading")
	}
	fleet := reducer.NewFleet(
		w.driven(), func(c reducer.ChannelID) reducer.Policy { return w.policyOf(c) },
	)
	var out reducer.Outcome
	last := noEntry
	for i, e := range w.telling.entries[:w.telling.until(w.now)] {
		if e.Event != nil {
			_ = fleet.Apply(e.Event, e.At, &out) // what is refused changes nothing
		}
		if e.Rollout == id {
			last = i
		}
	}
	r := fleet.Rollout(id)
	if r == nil {
		_, err := w.telling.rollout(id)
		if err == nil {
			err = w.fail(noEntry, w.current, "not opened yet")
		}
		return err
	}
	rec := &r.Record
	var expected, found []string
	for _, field := range []struct {
		name, is string
		read     func(string) (string, error)
	}{
		{"state", rec.State.String(), func(s string) (string, error) { return named(parseState(s)) }},
		{"channel", string(rec.Channel), plain},
		{"target_ref", string(rec.TargetRef), plain},
		{"current_wave", fmt.Sprint(rec.CurrentWave), func(s string) (string, error) { return named(parseWave(s)) }},
		{"opened_at", w.instant(reducer.Some(rec.OpenedAt)), w.readInstant},
		{"terminal_at", w.instant(rec.TerminalAt), w.readInstant},
		{"superseded_at", w.instant(rec.SupersededAt), w.readInstant},
	} {
		if t[0][field.name] == "" {
			continue
		}
		want, err := cell(t[0], field.name, field.read)
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
	return w.matched(w.now, last)
}

func plain(s string) (string, error) { return s, nil }

func named[T any](v T, err error) (string, error) { return fmt.Sprint(v), err }

const absent = "none"

// instant writes a time of a record, as time since the start.
func (w *world) instant(t reducer.Opt[reducer.Time]) string {
	if !t.Set {
		return absent
	}
	return w.time(w.telling.since(t.Value))
}

func (w *world) readInstant(s string) (string, error) {
	if s == absent {
		return s, nil
	}
	if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return w.time(w.telling.since(reducer.Time(at.UnixNano()))), nil
	}
	d, err := parseDuration(s)
	if err != nil {
		return "", fmt.Errorf("%q is not a time since the start such as 10 minutes, not an instant "+
			"such as 2026-01-01T00:10:00Z, and not %s", s, absent)
	}
	return w.time(d), nil
}

// finding is one thing in the trace that a row of a table may tell of.
type finding struct {
	entry int
	text  string
}

// expectRows holds what was found against a table, row by row: what tells how a row reads in a
// message, and whether it is what was found.
func (w *world) expectRows(
	t table, found []finding, noun string, what func(row, int) (want string, same bool, err error),
) error {
	list := func() string {
		var lines []string
		for _, f := range found {
			lines = append(lines, fmt.Sprintf("%s  %s", w.time(w.at(f.entry)), f.text))
		}
		return strings.Join(append(lines, fmt.Sprintf("%d %s", len(found), noun)), "\n")
	}
	for i, r := range t {
		entry := noEntry
		if i < len(found) {
			entry = found[i].entry
		}
		want, same, err := what(r, entry)
		if err != nil {
			return &rowError{i + 1, err}
		}
		expected := fmt.Sprintf("row %d: %s", i+1, want)
		if !same {
			return w.fail(entry, expected, list())
		}
		pause, err := cell(r, "later", parseDuration)
		if err != nil {
			return &rowError{i + 1, err}
		}
		if i > 0 && r["later"] != "" {
			if d := w.at(entry) - w.at(found[i-1].entry); d != pause {
				return w.fail(entry, expected+", "+r["later"]+" later", w.apart(d))
			}
		}
	}
	if len(found) > len(t) {
		return w.fail(found[len(t)].entry, fmt.Sprintf("no more than %d %s", len(t), noun), list())
	}
	last := found[len(found)-1].entry
	return w.matched(w.at(last), last)
}

// at is the time of an entry.
func (w *world) at(entry int) time.Duration { return w.telling.since(w.telling.entries[entry].At) }

// rolloutsOf gives the rollouts that a table names.
func (w *world) rolloutsOf(t table) ([]reducer.RolloutID, error) {
	var ids []reducer.RolloutID
	for i, r := range t {
		id := reducer.RolloutID(r["rollout"])
		if _, err := w.telling.rollout(id); err != nil {
			return nil, &rowError{i + 1, err}
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// expectEffectTable holds the effects that answer the events of some rollouts against a table.
func (w *world) expectEffectTable(t table) error {
	ids, err := w.rolloutsOf(t)
	if err != nil {
		return err
	}
	var found []finding
	of := make(map[int]reducer.RolloutID) // by entry
	var rollout reducer.RolloutID         // of the event before
	for i, e := range w.telling.entries[:w.telling.until(w.now)] {
		if e.Event != nil {
			rollout = e.Rollout
		}
		if e.Effect != nil && slices.Contains(ids, rollout) {
			of[i] = rollout
			found = append(found, finding{i, effectText(e.Effect, rollout)})
		}
	}
	return w.expectRows(t, found, "effects", func(r row, entry int) (string, bool, error) {
		want, err := readEffect(r)
		if err != nil {
			return "", false, err
		}
		id := reducer.RolloutID(r["rollout"])
		if entry == noEntry {
			return effectText(want, id), false, nil
		}
		got := *w.telling.entries[entry].Effect
		got.At, got.Rollout = 0, ""
		return effectText(want, id), got == *want && of[entry] == id, nil
	})
}

// readEffect reads a row of a table of effects: it says all that an effect of its kind holds.
func readEffect(r row) (*reducer.Effect, error) {
	e := &reducer.Effect{
		Channel: reducer.ChannelID(r["channel"]),
		Closure: reducer.ClosureHash(r["ref"]),
	}
	var err error
	if e.Kind, err = cell(r, "effect", parseEffect); err != nil {
		return nil, err
	}
	if e.From, err = cell(r, "from", parseState); err != nil {
		return nil, err
	}
	if e.To, err = cell(r, "to", parseState); err != nil {
		return nil, err
	}
	if e.Wave, err = cell(r, "wave", parseWave); err != nil {
		return nil, err
	}
	delay, err := cell(r, "delay", parseDuration)
	if err != nil {
		return nil, err
	}
	e.DelaySeconds = int64(delay / time.Second)
	columns := map[reducer.EffectKind][]string{
		reducer.RecordRolloutTransition: {"from", "to"}, reducer.UpdateCurrentWave: {"wave"},
		reducer.InsertQuarantineFromRollout: {"channel", "ref"}, reducer.SchedulePruning: {"delay"},
	}[e.Kind]
	return e, r.needs(e.Kind, columns, "from", "to", "wave", "channel", "ref", "delay")
}

// effectText writes an effect as a table tells it.
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

// answer is what the reducer makes of an event.
type answer struct {
	event   *reducer.Event
	state   reducer.State // after it; invalid before the rollout is opened
	effects []reducer.EffectKind
	err     string
}

// expectAnswers holds the answers to the events of some rollouts against a table.
func (w *world) expectAnswers(t table) error {
	ids, err := w.rolloutsOf(t)
	if err != nil {
		return err
	}
	var found []finding
	answers := make(map[int]*answer) // by entry
	for i, e := range w.telling.entries[:w.telling.until(w.now)] {
		if e.Event != nil && slices.Contains(ids, e.Rollout) {
			a := w.answerTo(i)
			answers[i] = a
			found = append(found, finding{i, a.text(e.Event.Host)})
		}
	}
	return w.expectRows(t, found, "answers", func(r row, entry int) (string, bool, error) {
		kind, err := cell(r, "event", parseEvent)
		if err != nil {
			return "", false, err
		}
		want := answer{event: &reducer.Event{Kind: kind, Rollout: reducer.RolloutID(r["rollout"])}}
		if want.state, err = cell(r, "state", parseState); err != nil {
			return "", false, err
		}
		if want.effects, err = cell(r, "effects", parseEffects); err != nil {
			return "", false, err
		}
		with, err := cell(r, "error", parseError)
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
		_, toldEffects := r["effects"]
		_, toldError := r["error"]
		same := got.event.Kind == kind && got.event.Rollout == want.event.Rollout &&
			(host == "" || got.event.Host == host) &&
			(want.state == 0 || got.state == want.state) &&
			(!toldEffects || slices.Equal(got.effects, want.effects)) &&
			(!toldError || got.err == want.err)
		return text, same, nil
	})
}

// answerTo is the answer to the event of an entry.
func (w *world) answerTo(i int) *answer {
	a := &answer{event: w.telling.entries[i].Event}
	if w.telling.refused(i) {
		a.err = w.telling.entries[i+1].Rejection.Error
	}
	last := i
	for last+1 < len(w.telling.entries) && w.telling.entries[last+1].Effect != nil {
		last++
		a.effects = append(a.effects, w.telling.entries[last].Effect.Kind)
	}
	if r := w.telling.rollouts[a.event.Rollout]; r != nil {
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
