package replay

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// applied takes note of what an accepted event has changed.
func (p *replay) applied(e *trace.Entry, r *rollout) {
	ev, rec := e.Event, &r.fold.Record
	switch ev.Kind {
	case reducer.HostJoined:
		switch {
		case r.fold.Forgotten():
		case len(r.fold.Hosts()) > len(r.members):
			p.join(r, ev.Host, ev.Wave, ev.At)
		default:
			if p.seen.rejoined++; p.seen.rejoined == 1 {
				p.seen.firstRejoin = e.Seq
			}
		}
	case reducer.HostStateChanged:
		if ev.Host == p.opts.Only.Host {
			r.summary.Moves = append(r.summary.Moves, Move{From: ev.From, To: ev.To, At: ev.At, Seq: e.Seq})
		}
	case reducer.SuccessorOpened:
		r.summary.Successor = ev.Successor
	case reducer.RolloutOpened,
		reducer.WaveAdvanced,
		reducer.RolloutTerminal,
		reducer.RetentionExpired,
		reducer.OperatorClearance:
	}
	r.summary.follow(rec, ev.At, p.out.Confirmed)
	if p.checker != nil {
		p.checkInvariants(e, r)
	}
	if !rec.State.Standing() {
		p.forgetIfOver(r)
	}
}

// checkInvariants shows an accepted event to the checker.
func (p *replay) checkInvariants(e *trace.Entry, r *rollout) {
	if !p.out.Confirmed { // what was derived was shown when it was
		p.checker.Applied(e.Seq, e.At, r.fold, e.Event, &p.out.Effects)
	}
	if p.out.Derived && p.out.DerivedErr == nil {
		p.checker.Applied(e.Seq, e.At, r.fold, &p.out.DerivedEvent, &p.out.DerivedEffects)
	}
	p.checker.Step(r.fold)
	p.takeViolations(r, e.Host, p.here(e))
}

// takeViolations makes findings of what the checker has found at a place.
func (p *replay) takeViolations(r *rollout, host reducer.HostID, at place) {
	for _, v := range p.checker.Take() {
		f := Finding{
			Class:   Invariant,
			Kind:    Violated,
			What:    string(v.Invariant),
			Rollout: r.id,
			Host:    host,
			After:   p.after(r),
			Reason:  v.Detail,
		}
		if v.Invariant == invariant.RetentionKept {
			continue // nothing tells for how long a channel keeps its rollouts
		}
		if v.Invariant == invariant.OneStanding {
			p.findStanding(&f)
			continue
		}
		p.find(f, at, 0)
	}
}

// findStanding finds that a rollout was opened while another one of its channel stands, which the
// events after it have shown.
func (p *replay) findStanding(f *Finding) {
	last := p.channel(p.channelOf(f.Rollout)).rollout
	w := last.working()
	f.Rollout, f.Host, f.After = last.id, "", describeEvent(&w.openedAs, &p.lines)
	p.find(*f, w.opened, 0)
}

// title is what findings are counted by.
type title struct {
	class Class
	kind  FindingKind
	what  string
}

func (f *Finding) of() title { return title{f.Class, f.Kind, f.What} }

// group is the findings of one title.
type group struct {
	Group
	title    title
	kept     []*Finding
	accepted []*Finding
}

// unfinished is a finding that waits for the entries after it.
type unfinished struct {
	finding *Finding
	n       uint64 // the entry that it is about, among those read
}

// find makes a finding about what is at a place, or belongs some lines after it. It gives the
// finding, which may change until the end; nil for one that was not asked for.
func (p *replay) find(f Finding, at place, after int) *Finding {
	f.Seq, f.Line, f.At = at.seq, at.line, at.at
	if at.file < len(p.files) {
		f.File, f.Unit = p.files[at.file].name, p.files[at.file].unit
	}
	p.found++
	f.key, f.order = at.n+uint64(after), p.found
	f.Until = p.until(&f, at, after > 0)
	if f.channel == "" {
		f.channel = p.channelOf(f.Rollout)
	}
	reason, accepted := p.accepts(&f)
	if !p.wanted(&f) {
		return nil
	}
	if r := p.rollouts[f.Rollout]; r != nil && p.isOne(&f) {
		r.found = true
	}
	t := f.of()
	g := p.groups[t]
	if g == nil {
		g = &group{title: t, Group: Group{Class: f.Class, Title: f.Title()}}
		p.groups[t] = g
		p.titles = append(p.titles, g)
	}
	list := &g.kept
	f.id = f.Key()
	if accepted {
		f.Accepted = reason
		g.Accepted++
		list = &g.accepted
	} else {
		g.Count++
	}
	if len(*list) == MostFindings {
		return &f
	}
	*list = append(*list, &f)
	if f.Class == Derived {
		return &f // what stands around an entry is not where a table differs
	}
	if kept, long := p.around[at.n]; long {
		f.Before, f.Later = kept.before, kept.later
		return &f
	}
	before := at.ring
	if after > 0 && f.After == "" {
		before++ // what it should follow is not told otherwise
	}
	f.Before = p.ring.before(&p.lines, before, f.Rollout)
	f.Later = p.ring.later(&p.lines, at.ring, f.Rollout)
	if len(f.Later) < shownLater && at.n+uint64(len(p.ring.slots)) > p.n {
		p.waiting = append(p.waiting, unfinished{finding: &f, n: at.n})
	}
	return &f
}

// until gives how much of the log has to be judged for a finding that is made now to be made again.
// What an entry leaves open is looked for beyond it.
func (p *replay) until(f *Finding, at place, left bool) uint64 {
	switch ofTheEnd := f.Class == Derived || f.Class == Invariant; {
	case !p.isOne(f):
		return 0
	case left && !ofTheEnd:
		return max(at.top, f.Seq)
	case p.ended:
		return 0
	}
	return max(p.highest, f.Seq)
}

// isOne tells whether a finding is one for all that the log has shown so far; more of it may have
// to tell.
func (p *replay) isOne(f *Finding) bool {
	return !slices.ContainsFunc(conditional[f.of()], func(c condition) bool {
		ok, _ := p.holds(c, "", 0)
		return !ok
	})
}

// wanted tells whether a finding is one that was asked for.
func (p *replay) wanted(f *Finding) bool {
	only := &p.opts.Only
	if until := p.opts.Until; until > 0 && f.Seq > until || !only.takes(f) {
		return false
	}
	if only.Host != "" && f.Host == "" && f.Class != Log {
		r := p.rollouts[f.Rollout] // what is found of its rollout is of interest with the host
		return r != nil && r.asked
	}
	return true
}

// withdraw takes back a finding that later entries have shown to be none; nil is one that was not
// asked for.
func (p *replay) withdraw(f *Finding) {
	if f == nil {
		return
	}
	g := p.groups[f.of()]
	for _, list := range []*[]*Finding{&g.kept, &g.accepted} {
		if i := slices.Index(*list, f); i >= 0 {
			*list = slices.Delete(*list, i, i+1)
		}
	}
	if f.Accepted != "" {
		g.Accepted--
	} else {
		g.Count--
	}
}

// showLater shows an entry with the findings before it that still wait for one.
func (p *replay) showLater(e *trace.Entry) {
	if e.Kind == trace.KindGateDecision {
		return
	}
	p.waiting = slices.DeleteFunc(p.waiting, func(u unfinished) bool {
		if f := u.finding; u.n < p.n && about(e, f.Rollout) {
			f.Later = append(f.Later, string(p.lines.Append(nil, e)))
		}
		return len(u.finding.Later) >= shownLater || u.n+uint64(len(p.ring.slots)) < p.n
	})
}

// channelOf gives the channel of a rollout; empty where it is not known.
func (p *replay) channelOf(id reducer.RolloutID) reducer.ChannelID {
	if r := p.known(id); r != nil && r.fold != nil {
		return r.fold.Record.Channel
	}
	return ""
}

// sorted gives the result with its findings in log order. What shows that a line was changed was
// found as soon as that line was read, so it stays before what follows from it.
func (p *replay) sorted() Result {
	res := &p.result
	res.Kinds = maps.Clone(p.other)
	for k, n := range p.kinds {
		if n > 0 {
			res.Kinds[trace.Kind(k).String()] = n
		}
	}
	res.Passed = p.reader.Passed()
	res.CursorKnown = p.simulated || p.seen.waves > 0
	res.Rollouts = p.stopped
	if p.stopped == nil {
		res.Last = Where{Seq: p.end.seq, At: p.end.at}
		res.Rollouts, res.MoreOver = p.summaries(), p.gone
	}
	var kept, accepted []*Finding
	for _, g := range p.titles {
		if g.Count+g.Accepted == 0 {
			continue
		}
		if p.isNone(g) {
			continue
		}
		res.Groups = append(res.Groups, g.Group)
		kept = append(kept, g.kept...)
		accepted = append(accepted, g.accepted...)
	}
	slices.SortStableFunc(res.Groups, func(a, b Group) int { return cmp.Compare(a.Class, b.Class) })
	res.Findings, res.Accepted = inLogOrder(kept), inLogOrder(accepted)
	res.Stale = p.stale()
	p.noteRest()
	return *res
}

// isNone tells whether the findings of a title are none in this log.
func (p *replay) isNone(g *group) bool {
	for _, c := range conditional[g.title] {
		if ok, note := p.holds(c, g.Title, g.Count+g.Accepted); !ok {
			if note != "" {
				p.note("%s", note)
			}
			return true
		}
	}
	return false
}

func inLogOrder(found []*Finding) []Finding {
	slices.SortStableFunc(found, func(a, b *Finding) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.order, b.order))
	})
	var all []Finding
	for _, f := range found {
		all = append(all, *f)
	}
	return all
}

// mostStrange is how many rollouts that were never opened are named.
const mostStrange = 5

// noteRest notes what was passed over.
func (p *replay) noteRest() {
	switch {
	case p.simulated || p.result.Entries == 0:
	case p.single():
		p.note("this is the log of single rollouts: it is not judged by what belongs to others")
	case p.seen.trimmed:
		p.note("the log begins at entry %d: what was before it is not judged", p.result.First.Seq)
	}
	if !p.simulated {
		named, more := 0, 0
		for _, r := range p.strange {
			switch {
			case r.passed == 0:
			case named < mostStrange:
				named++
				p.note(
					"rollout %s is never opened in this log: its entries are passed over (%d)", r.id, r.passed,
				)
			default:
				more++
			}
		}
		if more > 0 {
			p.note("rollouts that are never opened in this log, beside these: %d", more)
		}
	}
	p.noteWaves()
	if n := p.seen.rejoined; n > 0 && !p.simulated {
		p.note("HostJoined of hosts that had joined before changes nothing: it is passed over (%d, "+
			"the first is entry %d)", n, p.seen.firstRejoin)
	}
	if p.late > 0 {
		p.note("entries about hosts of rollouts that were over long before are not held against "+
			"anything: %d", p.late)
	}
	if names := sortedKeys(p.other); len(names) > 0 {
		p.note("entries of kinds that are not known are passed over: %s", counted(names, p.other))
	}
	if n := p.result.Passed.Payloads; n > 0 {
		p.note("payloads of kinds that are not known are passed over: %d", n)
	}
	if n := p.result.Passed.Fields; n > 0 {
		p.note("fields that are not known are passed over: %d", n)
	}
}

// noteWaves notes that the log does not tell where its rollouts' wave cursors stood.
func (p *replay) noteWaves() {
	if p.simulated || p.seen.waves > 0 || !p.seen.manyWaves {
		return
	}
	text := "the log holds no WaveAdvanced, so nothing tells the wave cursor: dispatches above it " +
		"are not judged"
	if t := p.result.Tables; t != nil && t.WaveDiffer > 0 {
		text += fmt.Sprintf(", nor is rollouts.current_wave (another one in %d of %d "+
			"rows)", t.WaveDiffer, t.Rollouts)
	}
	p.note("%s", text)
}

func sortedKeys[K ~string, V any](m map[K]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, string(name))
	}
	slices.Sort(names)
	return names
}

const mostNamed = 5

func counted(names []string, counts map[string]uint64) string {
	text := ""
	for i, name := range names {
		if i == mostNamed {
			return text + fmt.Sprintf(" and %d more", len(names)-i)
		}
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%s (%d)", plainLine(name), counts[name])
	}
	return text
}
