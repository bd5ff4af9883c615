package replay

import (
	"cmp"
	"fmt"
	"maps"

	"rollsim/reducer"
	"rollsim/trace"
)

// finish adds the findings of the end of the log: pending entries, rollouts that do not continue,
// and differences of the derived tables.
func (p *replay) finish() error {
	if p.fleet == nil {
		p.notes.add("the log has no entries")
		return p.start(&trace.Entry{}) // the result names the machine nevertheless
	}
	p.findings.atEnd = true
	p.noteCut()
	p.rejections.missing()
	for _, list := range [][]*rollout{p.rollouts.opened, p.rollouts.never, p.rollouts.ended} {
		for _, r := range list {
			p.effects.close(r)
		}
	}
	p.lateRefusals(nil, p.fleet.Finish())
	p.policies.finish(&p.findings)
	if p.simulated {
		return nil
	}
	for _, r := range p.rollouts.opened {
		p.plans.compare(r)
		p.hosts.close(r)
	}
	p.clock.finish()
	p.gates.finish()
	p.missingOpenings()
	p.quarantines.missing(nil)
	if p.stopped != nil {
		return nil // the log continues after what is judged
	}
	p.invariants.end()
	for _, r := range p.rollouts.opened {
		if !p.cut[r.id] && r.fold.Record.State.Underway() {
			p.defects.lostActivations(r)
		}
	}
	p.findStuck()
	p.findStranded()
	return p.checkTables()
}

// stop keeps the rollouts as they are after Options.Until. The entries after it are read for what
// is pending.
func (p *replay) stop() {
	p.stopped = p.summaries()
	if p.stopped == nil {
		p.stopped = []Summary{}
	}
	p.result.MoreEnded = p.rollouts.evicted
	p.result.Last = p.cursor.last()
	p.result.Tail = p.cursor.recent.tail(&p.cursor.lines, func(e *trace.Entry) bool {
		return e.Rollout == "" || p.opts.Only.matchesRollout(e.Rollout)
	})
}

// missingOpenings finds the rollouts that were planned and never opened. A log that was trimmed may
// begin between a plan and its opening.
func (p *replay) missingOpenings() {
	for _, r := range p.rollouts.never {
		if r.work == nil || r.work.plan == nil ||
			p.evidence.trimmed && r.work.planned.at == p.result.First.At {
			continue
		}
		p.plans.missing(r)
	}
}

// findStuck finds the rollouts that do not continue by themselves.
func (p *replay) findStuck() {
	for _, r := range p.rollouts.opened {
		if !r.fold.Record.State.Underway() || r.members == nil || p.cut[r.id] {
			continue
		}
		what, stuck := p.waits.rollout(r)
		if p.evidence.shipped() {
			stuck = p.isStuck(r)
		}
		if stuck {
			r.isStuck = true
			p.findings.add(Finding{
				Class: Invariant, Kind: Violated, What: "stuck", Rollout: r.id,
				Recorded: fmt.Sprintf("%v at the end of the log", r.fold.Record.State), Reason: what,
			}, r.working().event, 1)
		}
	}
}

// documentLimit is how many entries GET /v1/rollouts/{id}/events returns unless asked for others.
const documentLimit = 1000

// noteCut notes which documents end where their limit has cut them.
func (p *replay) noteCut() {
	limit := cmp.Or(p.opts.Limit, documentLimit)
	for _, id := range p.reader.Cut(limit) {
		if p.cut == nil {
			p.cut = make(map[reducer.RolloutID]bool)
		}
		p.cut[id] = true
		p.notes.add(fmt.Sprintf("rollout %s: the document has %d entries, the limit of the route that "+
			"returns it: it is cut after entry %d, and its end is not judged", id, limit,
			p.cursor.end.seq))
	}
}

// isStuck reports whether a rollout that is under way is the current one of its channel, and no
// host has moved for hours at the end of the log.
func (p *replay) isStuck(r *rollout) bool {
	return p.isCurrent(r) && !r.fold.AllConverged() && p.cursor.end.at-r.lastMove >= quiet
}

// isCurrent reports whether the planner considers a rollout at the end of the log: it is that of
// the ref that the planner was last seen to follow, or else the last one that was opened on its
// channel. A release has the same ref on all channels, unless the log shows otherwise. A rollout
// whose successor the log lacks is current only if the planner has considered it since.
func (p *replay) isCurrent(r *rollout) bool {
	if r.replaced {
		return false
	}
	if r.supersededN > r.planned {
		if next := p.rollouts.lookup(r.summary.Successor); next == nil || next.fold == nil {
			return false
		}
	}
	c := p.channels.get(r.fold.Record.Channel)
	if !p.evidence.shipped() {
		return c.rollout == r
	}
	if p.evidence.refsDiffer() {
		if back := c.setBack(); back != nil {
			return back == r
		}
		return c.rollout == r
	}
	id := reducer.NewRolloutID(c.id, p.currentRef)
	if current := p.rollouts.lookup(id); current != nil && current.fold != nil {
		return id == r.id
	}
	return c.rollout == r
}

// findStranded finds the channels that point at a ref whose rollout is not opened again.
func (p *replay) findStranded() {
	for _, c := range p.channels.sorted() {
		r := p.rollouts.lookup(reducer.NewRolloutID(c.id, c.ref))
		if c.ref == "" || !c.isStranded(r) {
			continue
		}
		since := trace.AppendTime(nil, c.polled.at)
		p.findings.add(Finding{
			Class: Invariant, Kind: Violated, What: "stranded", Rollout: r.id, channel: c.id,
			Recorded: fmt.Sprintf("channel %s points at %s since %s", c.id, c.ref, since),
			Reason: fmt.Sprintf("rollout %s is %v and will not be opened again", r.id,
				r.fold.Record.State),
		}, c.polled, 1)
	}
}

// checkTables compares the derived tables of a state.db with the log.
func (p *replay) checkTables() error {
	tables := p.reader.Tables()
	if tables == nil {
		return nil
	}
	c := tableChecker{
		cursor: &p.cursor, evidence: &p.evidence, findings: &p.findings, rollouts: &p.rollouts,
		quarantines: &p.quarantines, notes: &p.notes, strict: p.opts.Strict,
	}
	if err := c.check(tables); err != nil {
		return err
	}
	p.result.Tables = &c.tables
	return nil
}

// finalResult returns the result of what was read.
func (p *replay) finalResult() *Result {
	res := &p.result
	res.Kinds = maps.Clone(p.otherKinds)
	for k, n := range p.kinds {
		if n > 0 {
			res.Kinds[trace.Kind(k).String()] = n
		}
	}
	res.Passed = p.reader.Passed()
	res.Transitions, res.Reproduced = p.effects.recorded, p.effects.reproduced
	res.CursorKnown = p.simulated || p.evidence.showsCursor()
	res.Policies = p.policies.list(p.channels)
	res.Synthesised, res.MoreSynthesised = p.defects.moves, p.defects.more
	res.Quarantined = p.quarantines.list()
	res.Rollouts = p.stopped
	if p.stopped == nil {
		res.Last = p.cursor.last()
		res.Rollouts, res.MoreEnded = p.summaries(), p.rollouts.evicted
	}
	p.findings.results(res, &p.notes)
	if p.findings.atEnd && p.stopped == nil {
		res.Stale = p.findings.accepted.stale()
	}
	p.noteSkipped()
	res.Notes = p.notes.list
	return res
}

// maxNever is how many rollouts that were never opened a note names.
const maxNever = 5

// noteSkipped notes what was skipped or not judged.
func (p *replay) noteSkipped() {
	for _, note := range p.reader.Notes() {
		p.notes.add(note)
	}
	if !p.simulated {
		p.noteLog()
	}
	if p.late > 0 {
		p.notes.add(fmt.Sprintf("entries about hosts of rollouts that had ended long before are "+
			"not judged: %d", p.late))
	}
	if names := sortedKeys(p.otherKinds); len(names) > 0 {
		p.notes.add("entries of unknown kinds are skipped: " + listCounts(names, p.otherKinds))
	}
	if n := p.result.Passed.Payloads; n > 0 {
		p.notes.add(fmt.Sprintf("payloads of unknown kinds are skipped: %d", n))
	}
	if n := p.result.Passed.Fields; n > 0 {
		p.notes.add(fmt.Sprintf("unknown fields are skipped: %d", n))
	}
}

// noteLog notes what was skipped or not judged in the log of a control plane.
func (p *replay) noteLog() {
	switch {
	case p.result.Entries == 0:
	case p.evidence.single():
		p.notes.add("this is the log of single rollouts: checks that need other rollouts are left out")
	case p.evidence.trimmed:
		p.notes.add(fmt.Sprintf(
			"the log begins at entry %d: what was before it is not judged", p.result.First.Seq,
		))
	}
	named, more := 0, 0
	for _, r := range p.rollouts.never {
		switch {
		case r.skipped == 0:
		case named < maxNever:
			named++
			p.notes.add(fmt.Sprintf(
				"rollout %s is never opened in this log: its entries are skipped (%d)", r.id, r.skipped,
			))
		default:
			more++
		}
	}
	if more > 0 {
		p.notes.add(fmt.Sprintf("further rollouts that are never opened in this log: %d", more))
	}
	p.noteWaves()
	if n := p.evidence.rejoined; n > 0 {
		p.notes.add(fmt.Sprintf("HostJoined of hosts that had joined before changes nothing and is "+
			"skipped (%d, the first is entry %d)", n, p.evidence.firstRejoin))
	}
}

// noteWaves notes that the log does not show where the wave cursors of its rollouts stood.
func (p *replay) noteWaves() {
	if p.evidence.showsCursor() || !p.evidence.manyWaves {
		return
	}
	text := "the log has no WaveAdvanced, so it does not show the wave cursor: dispatches are " +
		"judged by the states of the hosts of earlier waves"
	if t := p.result.Tables; t != nil && t.WaveDiffer > 0 {
		text += fmt.Sprintf("; rollouts.current_wave differs in %d of %d rows (silent-cursor)",
			t.WaveDiffer, t.Rollouts)
	}
	p.notes.add(text)
}
