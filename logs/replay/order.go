package replay

import (
	"fmt"
	"slices"

	"rollsim/trace"
)

// order keeps whether the entries of a control plane's log come in the order of their seq, each
// once.
type order struct {
	started bool
	first   uint64 // the seq of the first entry
	last    uint64 // the highest seq so far
	gaps    []gap  // the last ones that nothing has filled
	again   *Finding
	againTo uint64 // the last seq of the entries that again is about
	step    int64  // from one of them to the next: 1 or -1; 0 while there is one
	where   string // they stand
}

// gap is some entries that are missing.
type gap struct {
	from, to uint64 // the first and the last of them
	finding  *Finding
}

// mostGaps is how many gaps are watched for entries that come late.
const mostGaps = 64

// inOrder takes note of an entry's seq; false when the entry stood in the log before, or belongs
// before its beginning.
func (p *replay) inOrder(e *trace.Entry) bool {
	o := &p.order
	seq := e.Seq
	if !o.started {
		o.started, o.first, o.last = true, seq, seq
		if seq > 1 {
			p.seen.trimmed = true
		}
		return true
	}
	switch {
	case seq == o.last+1:
		o.last = seq
		return true
	case seq > o.last:
		from, to := o.last+1, seq-1
		f := p.find(
			Finding{Class: Log, Kind: Missing, What: "entry", Reason: missingEntries(from, to, seq)},
			p.missingPlace(e, from), 1,
		)
		if len(o.gaps) == mostGaps {
			o.gaps = append(o.gaps[:0], o.gaps[1:]...)
		}
		o.gaps = append(o.gaps, gap{from: from, to: to, finding: f})
		o.last = seq
		return true
	}
	kind, where, late := Repeated, "there a second time", p.fill(seq)
	switch {
	case late:
		kind, where = Misplaced, fmt.Sprintf("after entry %d", p.end.seq)
	case seq < o.first:
		kind, where = Misplaced, fmt.Sprintf(
			"after entry %d, and the log begins with entry %d", p.end.seq, o.first,
		)
	}
	step := int64(seq - o.againTo)
	if o.again != nil && o.again.Kind == kind && (step == 1 || step == -1) &&
		(o.step == 0 || o.step == step) {
		o.step = step
		o.again.Reason = fmt.Sprintf("entries %d to %d stand %s", o.again.Seq, seq, o.where)
	} else {
		o.step, o.where = 0, where
		o.again = p.find(Finding{
			Class: Log, Kind: kind, What: "entry", Rollout: e.Rollout, Host: e.Host, Recorded: string(p.lines.Append(nil, e)),
			Reason: fmt.Sprintf("entry %d stands %s", seq, where),
		}, p.here(e), 0)
	}
	o.againTo = seq
	return late
}

func missingEntries(from, to, found uint64) string {
	if from == to {
		return fmt.Sprintf("entry %d is missing: entry %d stands there", from, found)
	}
	return fmt.Sprintf("entries %d to %d are missing: entry %d stands there", from, to, found)
}

// missingPlace is that of the entry that is missing before e: after the last one, on the line of e.
func (p *replay) missingPlace(e *trace.Entry, seq uint64) place {
	at := p.here(e)
	at.n, at.ring, at.seq = at.n-1, at.ring-1, seq
	return at
}

// fill takes note that an entry of a gap has come late; false when it is of none.
func (p *replay) fill(seq uint64) bool {
	o := &p.order
	i := slices.IndexFunc(o.gaps, func(g gap) bool { return seq >= g.from && seq <= g.to })
	if i < 0 {
		return false
	}
	g := o.gaps[i]
	rest := make([]gap, 0, 2)
	if g.from < seq {
		rest = append(rest, gap{from: g.from, to: seq - 1, finding: g.finding})
	}
	if g.to > seq {
		rest = append(rest, gap{from: seq + 1, to: g.to, finding: g.finding})
	}
	o.gaps = slices.Replace(o.gaps, i, i+1, rest...)
	if !slices.ContainsFunc(o.gaps, func(left gap) bool { return left.finding == g.finding }) {
		p.withdraw(g.finding)
	}
	return true
}
