package replay

import (
	"slices"

	"rollsim/reducer"
	"rollsim/trace"
)

// place is the position of an entry in the log.
type place struct {
	n       uint64 // the entry's number among all that were read, from 1
	ring    uint64 // how many entries were added to the ring before it
	seq     uint64
	highest uint64 // the highest seq up to this entry; not set in cursor.end
	source  int    // the index of the entry's source in cursor.sources
	line    int
	at      reducer.Time
}

// source is a file that entries were read from.
type source struct {
	name string
	unit string // as Finding.Unit
}

// cursor is the position of a replay in its log. It holds the last entries too, for the context of
// findings. The zero value is before the first entry.
type cursor struct {
	lines   trace.Lines // how entries are shown
	recent  ring
	sources []source
	source  int    // the index of the current entry's source
	line    int    // of the current entry in it
	n       uint64 // how many entries were read
	highest uint64 // the highest seq so far
	step    uint64 // the number of the entry that began the last step of the control plane
	end     place  // of the last entry that was processed
}

// advance moves the cursor to the entry that the reader has just returned.
func (c *cursor) advance(r *trace.Reader) {
	c.n++
	c.line = r.Line()
	name := r.File()
	if c.source < len(c.sources) && name == c.sources[c.source].name {
		return
	}
	c.source = slices.IndexFunc(c.sources, func(s source) bool { return s.name == name })
	if c.source < 0 {
		c.source = len(c.sources)
		c.sources = append(c.sources, source{name: name, unit: r.Unit()})
	}
}

// begins records that an entry begins a step of the control plane, if it does: an input, or a
// decision of the planner. What follows from it are effects, events of hosts and rollouts.
func (c *cursor) begins(e *trace.Entry) {
	switch {
	case e.Agent != nil, e.Gate != nil, e.Poll != nil,
		e.Plan != nil && e.Plan.Action == trace.QueueDispatch,
		e.Event != nil && e.Event.Kind == reducer.RolloutOpened:
		c.step = c.n
	}
}

// place returns the position of the current entry.
func (c *cursor) place(e *trace.Entry) place {
	return place{
		n: c.n, ring: c.recent.n, seq: e.Seq, highest: c.highest,
		source: c.source, line: c.line, at: e.At,
	}
}

// finish records that the current entry was processed.
func (c *cursor) finish(e *trace.Entry) {
	c.recent.add(e)
	c.end = place{
		n: c.n, ring: c.recent.n, seq: e.Seq, source: c.source, line: c.line, at: e.At,
	}
}

// last returns the entry that was processed last.
func (c *cursor) last() Where { return Where{Seq: c.end.seq, At: c.end.at} }

// show returns an entry as a line of text.
func (c *cursor) show(e *trace.Entry) string { return string(c.lines.Append(nil, e)) }
