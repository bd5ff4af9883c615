package debugger

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rollsim/logs/show"
	"rollsim/reducer"
	"rollsim/timeline"
	"rollsim/trace"
)

// conditionForms are the forms of a condition, for the help.
const conditionForms = "host H, rollout R, gate G, state S, cell STATE EVENT"

// condition says which entries are searched for.
type condition struct {
	text    string
	matches func(m *Model, n int) bool
}

// isRolloutEvent is satisfied by rollout events.
var isRolloutEvent = &condition{"rollout event", func(m *Model, n int) bool {
	return m.x.Kind(n) == trace.KindRolloutEvent
}}

// isMarked is satisfied by entries with a finding or a violation.
var isMarked = &condition{"finding or violation", func(m *Model, n int) bool {
	return len(m.x.MarksAt(n)) > 0
}}

// parseCondition returns the condition of a text.
func (m *Model) parseCondition(text string) (*condition, error) {
	word, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	var matches func(m *Model, n int) bool
	var err error
	switch word {
	case "host":
		matches, err = m.ofHost(rest)
	case "rollout":
		matches, err = m.ofRollout(rest)
	case "gate":
		matches, err = m.changed("gate", rest, m.gates())
	case "state":
		matches, err = m.changed("state", rest, m.states())
	case "cell":
		matches, err = m.ofCell(rest)
	default:
		return nil, fmt.Errorf("%q: expected %s", text, conditionForms)
	}
	if err != nil {
		return nil, err
	}
	return &condition{text, matches}, nil
}

func (m *Model) ofHost(name string) (func(*Model, int) bool, error) {
	number := slices.Index(m.x.Hosts(), reducer.HostID(name))
	if number < 0 {
		return nil, fmt.Errorf("host %q is not in this trace", name)
	}
	return func(m *Model, n int) bool {
		host, _ := m.x.Subject(n)
		return host == uint32(number)
	}, nil
}

func (m *Model) ofRollout(name string) (func(*Model, int) bool, error) {
	end := m.x.Cursor()
	end.Go(m.x.Len())
	numbers := make(map[uint32]bool)
	for _, r := range end.Snapshot().Rollouts {
		if name != "" && strings.HasPrefix(string(r.Record.RolloutID), name) {
			numbers[uint32(r.Number)] = true
		}
	}
	if len(numbers) == 0 {
		return nil, fmt.Errorf("rollout %q is not in this trace", name)
	}
	return func(m *Model, n int) bool {
		_, rollout := m.x.Subject(n)
		return numbers[rollout]
	}, nil
}

// gates returns the entries that set a gate, by its name in small letters.
func (m *Model) gates() map[string][]uint32 {
	all := make(map[string][]uint32)
	for _, c := range m.x.Changes() {
		if c.What != timeline.Held {
			continue
		}
		if gate, _ := m.x.Gate(c.Value); gate != "" {
			gate = strings.ToLower(gate)
			all[gate] = append(all[gate], c.N)
		}
	}
	return all
}

// states returns the entries that set the state of a rollout or of a host, by its name in small
// letters.
func (m *Model) states() map[string][]uint32 {
	all := make(map[string][]uint32)
	for _, c := range m.x.Changes() {
		var name string
		switch c.What {
		case timeline.State:
			name = reducer.State(c.Value).String()
		case timeline.HostState:
			name = reducer.HostState(c.Value).String()
		case timeline.Mentioned, timeline.Opened, timeline.Wave, timeline.TerminalAt,
			timeline.SupersededAt, timeline.Timer, timeline.Joined, timeline.Dispatched,
			timeline.Closure, timeline.Held, timeline.Heard, timeline.Quarantined, timeline.Faulted,
			timeline.Refused, timeline.Polled, timeline.Planned:
			continue
		}
		name = strings.ToLower(name)
		all[name] = append(all[name], c.N)
	}
	return all
}

// changed returns the condition that an entry is in the list of a name.
func (m *Model) changed(
	what, name string, all map[string][]uint32,
) (func(*Model, int) bool, error) {
	in := all[strings.ToLower(name)]
	if len(in) == 0 {
		return nil, fmt.Errorf("%s %q is not in this trace", what, name)
	}
	return func(_ *Model, n int) bool {
		_, found := slices.BinarySearch(in, uint32(n))
		return found
	}, nil
}

// ofCell returns the condition that an event reaches a cell of the machine's table.
func (m *Model) ofCell(text string) (func(*Model, int) bool, error) {
	words := strings.Fields(strings.ReplaceAll(text, "+", " "))
	if len(words) != 2 {
		return nil, fmt.Errorf("cell %q: expected a state and an event, as in Active HostStateChanged",
			text)
	}
	var state reducer.State
	for i := range reducer.StateCount {
		if s := reducer.State(i); i > 0 && strings.EqualFold(s.String(), words[0]) {
			state = s
		}
	}
	var kind reducer.EventKind
	for i := range reducer.EventKindCount {
		if k := reducer.EventKind(i); i > 0 && strings.EqualFold(k.String(), words[1]) {
			kind = k
		}
	}
	switch {
	case state == 0:
		return nil, fmt.Errorf("cell %q: %q is no state of a rollout", text, words[0])
	case kind == 0:
		return nil, fmt.Errorf("cell %q: %q is no rollout event", text, words[1])
	}
	return func(m *Model, n int) bool {
		if m.x.Kind(n) != trace.KindRolloutEvent {
			return false
		}
		m.before.Go(n)
		e, err := m.x.Entry(n)
		if err != nil || e.Event == nil || e.Event.Kind != kind {
			return false
		}
		a := m.before.AnswerTo(e)
		return a != nil && a.Before.State == state
	}, nil
}

// ofText returns the condition that the line of an entry contains a text, in any case.
func ofText(text string) *condition {
	want := strings.ToLower(text)
	return &condition{text, func(m *Model, n int) bool {
		e, err := m.x.Entry(n)
		if err != nil {
			return false
		}
		lines := m.x.Lines()
		return strings.Contains(strings.ToLower(string(lines.Append(nil, e))), want)
	}}
}

// find moves after the next entry in a direction that satisfies a condition.
func (m *Model) find(c *condition, by int) {
	if !m.move(by, func(n int) bool { return c.matches(m, n) }) {
		m.status = "no " + map[int]string{1: "later", -1: "earlier"}[by] + " " + c.text
	}
}

// move moves after the next entry in a direction that satisfies a condition. It reports whether
// there is one; if not, the cursor stays.
func (m *Model) move(by int, matches func(n int) bool) bool {
	for n := m.cursor.N() - 1 + by; n >= 0 && n < m.x.Len(); n += by {
		if matches(n) {
			m.goTo(n + 1)
			return true
		}
	}
	return false
}

// goTo moves after the first n entries, at least after the first one.
func (m *Model) goTo(n int) {
	m.cursor.Go(max(1, n))
	m.follow()
}

// step moves by some entries.
func (m *Model) step(by int) {
	n := m.cursor.N() + by
	if n < 1 || n > m.x.Len() {
		m.status = map[int]string{1: "this is the last entry", -1: "this is the first entry"}[by]
		return
	}
	m.goTo(n)
}

// instant moves to the last entry of the next instant in a direction.
func (m *Model) instant(by int) {
	now := m.at()
	if !m.move(by, func(n int) bool { return m.x.At(n) != now }) {
		m.status = map[int]string{1: "this is the last instant", -1: "this is the first instant"}[by]
		return
	}
	n, at := m.cursor.N(), m.at()
	for n < m.x.Len() && m.x.At(n) == at {
		n++
	}
	m.goTo(n)
}

// doSearch searches for a condition or a text.
func (m *Model) doSearch(text string) {
	c, err := m.parseCondition(text)
	if err != nil {
		c = ofText(text)
	}
	m.search = c
	m.find(c, 1)
}

// again searches for the same again.
func (m *Model) again(by int) {
	if m.search == nil {
		m.status = "search for something first: /"
		return
	}
	m.find(m.search, by)
}

// doBreak adds a break.
func (m *Model) doBreak(text string) {
	c, err := m.parseCondition(text)
	if err != nil {
		m.status = err.Error()
		return
	}
	m.breaks = append(m.breaks, *c)
	m.status = fmt.Sprintf("break on %s: g runs to it, G back", text)
}

// runTo moves to the next break in a direction.
func (m *Model) runTo(by int) {
	if len(m.breaks) == 0 {
		m.status = "there is no break: b adds one"
		return
	}
	hit := ""
	found := m.move(by, func(n int) bool {
		for i := range m.breaks {
			if m.breaks[i].matches(m, n) {
				hit = m.breaks[i].text
				return true
			}
		}
		return false
	})
	m.status = "break on " + hit
	if !found {
		m.status = "no " + map[int]string{1: "later", -1: "earlier"}[by] + " break"
	}
}

// doGo goes to a seq or a time.
func (m *Model) doGo(text string) {
	var seq uint64
	if _, err := fmt.Sscanf(text+"\n", "%d\n", &seq); err == nil {
		if !m.cursor.GoSeq(seq) {
			m.status = fmt.Sprintf("there is no entry %d", seq)
			return
		}
		m.follow()
		return
	}
	if after, err := time.ParseDuration(text); err == nil {
		m.cursor.GoTime(m.x.Start() + reducer.Time(after))
		m.goTo(m.cursor.N())
		return
	}
	at, err := show.ParseMoment(text, m.opt.Zone)
	if err != nil {
		m.status = fmt.Sprintf("%s: %v", text, err)
		return
	}
	first, last := m.x.Start(), m.x.Start()
	if n := m.x.Len(); n > 0 {
		first, last = m.x.At(0), m.x.At(n-1)
	}
	m.cursor.GoTime(at.In(first, last))
	m.goTo(m.cursor.N())
}
