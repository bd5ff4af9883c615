package replay

import (
	"fmt"
	"slices"

	"rollsim/trace"
)

// orderChecker checks that the entries of a control plane's log come in the order of their seq,
// each once, with none missing.
type orderChecker struct {
	cursor   *cursor
	evidence *evidence
	findings *collector

	started bool
	first   uint64 // the seq of the first entry
	last    uint64 // the highest seq so far
	gaps    []gap  // the last ones that are not filled
	stray   stray

	rows    [maxRows]row // the last entries, by their seq
	refused error        // why the entries cannot be one log
}

// gap is a run of missing entries.
type gap struct {
	from, to uint64 // the seq of the first and the last of them
	finding  *Finding
}

// stray is a run of entries that are misplaced or repeated, which is one finding.
type stray struct {
	finding *Finding
	last    uint64 // the seq of the last one
	step    int64  // from one of them to the next: 1 or -1; 0 while there is only one
	where   string // their position in the log, such as "in the log twice"
}

// maxRows is how many of the last entries are kept to compare one of the same seq with.
const maxRows = 4096

// row is what is kept of an entry.
type row struct {
	seq    uint64
	sum    uint64
	source int
}

// sumOf returns a number for what an entry says, without its seq.
func sumOf(e *trace.Entry) uint64 {
	sum := uint64(e.At)*31 + uint64(e.Kind)
	mix := func(s string) {
		sum = sum*1099511628211 + uint64(len(s))
		if n := len(s); n > 0 {
			sum = sum*31 + uint64(s[n-1]) + uint64(s[n/2])<<8 + uint64(s[0])<<16
		}
	}
	mix(string(e.Host))
	mix(string(e.Rollout))
	switch {
	case e.Gate != nil:
		mix(e.Gate.Reason)
	case e.Event != nil:
		sum = sum*31 + uint64(e.Event.Kind)<<16 + uint64(e.Event.From)<<8 + uint64(e.Event.To)
		mix(string(e.Event.Host))
	case e.Agent != nil:
		sum = sum*31 + uint64(e.Agent.Kind)<<32 + e.Agent.Seq
		mix(string(e.Agent.Closure))
	case e.HostEffect != nil:
		sum = sum*31 + uint64(e.HostEffect.From)<<8 + uint64(e.HostEffect.To)
	case e.Effect != nil:
		sum = sum*31 + uint64(e.Effect.From)<<8 + uint64(e.Effect.To)
	case e.Plan != nil:
		sum = sum*31 + uint64(e.Plan.SoakDueAt)
		mix(string(e.Plan.Closure))
	}
	return sum
}

// maxGaps is how many gaps are watched for entries that come late.
const maxGaps = 64

// check checks the seq of an entry. It reports whether the entry is to be replayed; one that was
// in the log already, or that belongs before its first entry, is not.
func (o *orderChecker) check(e *trace.Entry) bool {
	seq := e.Seq
	switch {
	case !o.started:
		o.started, o.first, o.last = true, seq, seq
		o.evidence.trimmed = seq > 1
		o.keep(e)
		return true
	case seq == o.last+1:
		o.last = seq
		o.keep(e)
		return true
	case seq > o.last:
		o.skipped(e)
		o.last = seq
		o.keep(e)
		return true
	}
	if known := &o.rows[seq%maxRows]; known.seq == seq && known.sum != sumOf(e) {
		return o.contradicts(e, known)
	}
	late := o.fill(seq)
	o.unordered(e, late)
	return late
}

func (o *orderChecker) keep(e *trace.Entry) {
	o.rows[e.Seq%maxRows] = row{seq: e.Seq, sum: sumOf(e), source: o.cursor.source}
}

// contradicts handles an entry that says something else than the one of the same seq. If that is in
// another file, the two are not one log. Else both are replayed.
func (o *orderChecker) contradicts(e *trace.Entry, known *row) bool {
	if known.source != o.cursor.source {
		o.refused = &trace.ReadError{
			File: o.cursor.sources[o.cursor.source].name, Line: o.cursor.line, Seq: e.Seq,
			What: fmt.Sprintf("%s has another entry of this seq: the two are not one log, so name each "+
				"alone", o.cursor.sources[known.source].name),
		}
		return false
	}
	f := different(Log, "entry", e.Rollout, o.cursor.show(e), "")
	f.Host = e.Host
	f.Reason = fmt.Sprintf("entry %d is in the log before and says something else", e.Seq)
	o.findings.causes.within = o.findings.add(f, o.cursor.place(e), 0)
	return true
}

// skipped adds a finding about the missing entries between the last one and e.
func (o *orderChecker) skipped(e *trace.Entry) {
	from, to := o.last+1, e.Seq-1
	reason := fmt.Sprintf("entries %d to %d are missing before entry %d", from, to, e.Seq)
	if from == to {
		reason = fmt.Sprintf("entry %d is missing before entry %d", from, e.Seq)
	}
	at := o.cursor.place(e) // after the last entry, on the line of e
	at.n, at.ring, at.seq = at.n-1, at.ring-1, from
	f := o.findings.add(Finding{Class: Log, Kind: Missing, What: "entry", Reason: reason}, at, 1)
	if len(o.gaps) == maxGaps {
		o.gaps = slices.Delete(o.gaps, 0, 1)
	}
	o.gaps = append(o.gaps, gap{from: from, to: to, finding: f})
	if !o.evidence.document { // a document lacks the entries of others, which explains nothing
		o.findings.causes.gap(cause{n: o.cursor.n, from: from, to: to, finding: f})
	}
}

// unordered adds a finding about an entry that is out of order. It is misplaced if it fills a gap
// or belongs before the first entry, and repeated otherwise.
func (o *orderChecker) unordered(e *trace.Entry, late bool) {
	seq := e.Seq
	kind, where := Repeated, "in the log twice"
	switch {
	case late:
		kind, where = Misplaced, fmt.Sprintf("after entry %d", o.cursor.end.seq)
	case seq < o.first:
		kind, where = Misplaced, fmt.Sprintf(
			"after entry %d, and the log begins with entry %d", o.cursor.end.seq, o.first,
		)
	}
	if s := &o.stray; s.continues(kind, seq) {
		s.step = int64(seq - s.last)
		s.finding.Reason = fmt.Sprintf("entries %d to %d stand %s", s.finding.Seq, seq, s.where)
		s.last = seq
		return
	}
	f := o.findings.add(Finding{
		Class: Log, Kind: kind, What: "entry", Rollout: e.Rollout, Host: e.Host,
		Recorded: o.cursor.show(e), Reason: fmt.Sprintf("entry %d stands %s", seq, where),
	}, o.cursor.place(e), 0)
	o.stray = stray{finding: f, last: seq, where: where}
	if late {
		o.findings.causes.within = f
	}
}

// continues reports whether an entry belongs to the run.
func (s *stray) continues(kind FindingKind, seq uint64) bool {
	step := int64(seq - s.last)
	return s.finding != nil && s.finding.Kind == kind && (step == 1 || step == -1) &&
		(s.step == 0 || s.step == step)
}

// fill removes an entry from the gap that it belongs to. It reports false if there is no such gap.
func (o *orderChecker) fill(seq uint64) bool {
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
		o.findings.withdraw(g.finding)
	}
	return true
}
