package timeline

import (
	"fmt"
	"sort"

	"rollsim/reducer"
	"rollsim/trace"
)

// Cursor is a position in a trace: before its first entry, or after one of its entries. It may be
// moved to any other position. One goroutine uses it at a time.
type Cursor struct {
	x       *Index
	state   *Snapshot
	changes int // how many changes the state includes

	block   int           // whose entries were read last
	entries []trace.Entry // nil if none were
}

// Cursor returns a new cursor before the first entry.
func (x *Index) Cursor() *Cursor {
	c := &Cursor{x: x}
	c.restore(0)
	return c
}

// restore copies a checkpoint.
func (c *Cursor) restore(i int) {
	from := &c.x.checkpoints[i]
	c.state, c.changes = from.at.copy(), from.changes
}

// N returns how many entries are before the cursor.
func (c *Cursor) N() int { return c.state.N }

// Go moves the cursor after the first n entries; at most to the end.
func (c *Cursor) Go(n int) {
	n = min(max(n, 0), c.x.count)
	points := c.x.checkpoints
	i := sort.Search(len(points), func(i int) bool { return points[i].at.N > n }) - 1
	if n < c.state.N || points[i].at.N > c.state.N {
		c.restore(i)
	}
	all := c.x.changes
	for c.changes < len(all) && int(all[c.changes].N) < n {
		change := &all[c.changes]
		c.state.apply(c.x, change, c.x.row(int(change.N)).at)
		c.changes++
	}
	c.state.N = n
}

// GoSeq moves the cursor after the first entry with a seq. It reports whether there is one; if not,
// the cursor stays.
func (c *Cursor) GoSeq(seq uint64) bool {
	n, found := c.x.search(seq)
	if found {
		c.Go(n + 1)
	}
	return found
}

// GoTime moves the cursor after the last entry that is not later than a time.
func (c *Cursor) GoTime(at reducer.Time) { c.Go(c.x.after(at)) }

// Next moves the cursor after the next entry that satisfies a condition. It reports whether there
// is one; if not, the cursor stays.
func (c *Cursor) Next(cond Condition) bool {
	m := cond.compile(c.x)
	for n := c.state.N; n < c.x.count; n++ {
		if m.matches(n) {
			c.Go(n + 1)
			return true
		}
	}
	return false
}

// Previous moves the cursor after the last entry before the current one that satisfies a condition.
// It reports whether there is one; if not, the cursor stays.
func (c *Cursor) Previous(cond Condition) bool {
	m := cond.compile(c.x)
	for n := c.state.N - 2; n >= 0; n-- {
		if m.matches(n) {
			c.Go(n + 1)
			return true
		}
	}
	return false
}

// Snapshot returns the state at the cursor, which is valid until the cursor moves. It must not be
// changed.
func (c *Cursor) Snapshot() *Snapshot { return c.state }

// Entry returns the entry before the cursor, or nil at the start. It must not be changed.
func (c *Cursor) Entry() (*trace.Entry, error) {
	if c.state.N == 0 {
		return nil, nil
	}
	n := c.state.N - 1
	if i := n / blockRows; c.entries == nil || c.block != i {
		entries, err := c.x.blocks[i].read()
		if err != nil {
			return nil, err
		}
		c.block, c.entries = i, entries
	}
	return &c.entries[n%blockRows], nil
}

// Condition says which entries are searched for: those that satisfy every field that is set. The
// zero value is satisfied by all.
type Condition struct {
	Host    reducer.HostID
	Rollout reducer.RolloutID // the whole id, or one with the beginning of a long ref
	Kind    trace.Kind

	StateChange bool // a rollout or a host changes its state
	Failure     bool // a host or a rollout fails or is reverted
	Refused     bool // the machine refuses the event
	Violation   bool
	Finding     bool
}

// matcher is a condition with the numbers of an index.
type matcher struct {
	Condition
	x        *Index
	host     uint32
	rollouts map[uint32]bool
	flags    flag
}

func (c Condition) compile(x *Index) *matcher {
	m := &matcher{Condition: c, x: x, host: None}
	for n, id := range x.hosts {
		if id == c.Host {
			m.host = uint32(n)
		}
	}
	if c.Rollout != "" {
		m.rollouts = make(map[uint32]bool)
		for n := range x.rollouts {
			if id := x.rollouts[n].id; id == c.Rollout || c.Rollout.Abbreviates(id) {
				m.rollouts[uint32(n)] = true
			}
		}
	}
	for _, f := range []struct {
		set  bool
		flag flag
	}{
		{c.StateChange, changesState}, {c.Failure, failure}, {c.Refused, refused},
		{c.Violation || c.Finding, marked},
	} {
		if f.set {
			m.flags |= f.flag
		}
	}
	return m
}

// matches reports whether entry n satisfies the condition.
func (m *matcher) matches(n int) bool {
	r := m.x.row(n)
	switch {
	case r.flags&m.flags != m.flags,
		m.Host != "" && (m.host == None || r.host != m.host),
		m.Kind != 0 && r.kind != m.Kind,
		m.Rollout != "" && !m.rollouts[r.rollout]:
		return false
	}
	return (!m.Violation || m.x.hasMark(n, Violation)) && (!m.Finding || m.x.hasMark(n, Finding))
}

// hasMark reports whether an entry has a mark of a kind.
func (x *Index) hasMark(n int, kind MarkKind) bool {
	for _, m := range x.MarksAt(n) {
		if m.Kind == kind {
			return true
		}
	}
	return false
}

// Answer is what the machine answers to an event.
type Answer struct {
	Before, After reducer.Record
	Effects       []reducer.Effect
	Err           error // the refusal; nil if it accepts the event

	// Rule is the rule of the machine's table that decides. It is absent for a machine without a
	// table, and if no rule applies.
	Rule reducer.Opt[reducer.Rule]
}

// Text describes the answer to an event: the cell, the condition of the rule, and what follows.
func (a *Answer) Text(ev *reducer.Event) string {
	text := fmt.Sprintf("%v + %v", a.Before.State, ev.Kind)
	if a.Rule.Set && a.Rule.Value.If != reducer.Always {
		text += " " + a.Rule.Value.If.String()
	}
	switch {
	case a.Err != nil:
		return text + ": refused: " + a.Err.Error()
	case a.After.State != a.Before.State:
		text += fmt.Sprintf(": goes to %v", a.After.State)
	default:
		text += ": no transition"
	}
	for _, effect := range a.Effects {
		if effect.Kind != reducer.RecordRolloutTransition {
			text += fmt.Sprintf(", %v %s", effect.Kind, trace.AppendEffectDetails(nil, &effect))
		}
	}
	return text
}

// Answer returns what the machine answers to the rollout event before the cursor. It returns nil if
// that entry is not a rollout event, or is about a rollout whose state the trace does not show. The
// answer is that of the record alone: the fleet may refuse an event that the record accepts.
func (c *Cursor) Answer() (*Answer, error) {
	e, err := c.Entry()
	if err != nil || e == nil || e.Event == nil {
		return nil, err
	}
	n := c.state.N
	defer c.Go(n)
	c.Go(n - 1)
	return c.AnswerTo(e), nil
}

// AnswerTo returns what the machine answers to an entry that follows the cursor, as Answer does.
func (c *Cursor) AnswerTo(e *trace.Entry) *Answer {
	if e.Event == nil {
		return nil
	}
	r := c.state.Find(e.Event.Rollout)
	if r == nil || r.Record.State == 0 {
		return nil
	}
	a := &Answer{Before: r.Record, After: r.Record}
	policy := c.x.policy(r.Record.Channel)
	var out reducer.Effects
	a.Err = c.x.machine.Step(&a.After, e.Event, e.At, policy, &out)
	a.Effects = append(a.Effects, out.All()...)
	if table, ok := c.x.machine.(*reducer.Table); ok {
		a.Rule.Value, a.Rule.Set = table.Rule(a.Before.State, e.Event, policy)
	}
	return a
}
