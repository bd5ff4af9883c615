package replay

import (
	"cmp"
	"slices"

	"rollsim/reducer"
	"rollsim/trace"
)

// maxFindings is how many findings of one title are kept; the others are only counted.
const maxFindings = 500

// title is what findings are counted by.
type title struct {
	class Class
	kind  FindingKind
	what  string
}

func (f *Finding) title() title { return title{f.Class, f.Kind, f.What} }

// group holds the findings of one title.
type group struct {
	Group
	title    title
	kept     []*Finding
	accepted []*Finding
}

// unfinished is a finding that is shown with entries that were not read yet.
type unfinished struct {
	finding *Finding
	n       uint64 // the number of the entry that it is about
}

// collector collects the findings of a replay: it places them in the log, leaves out those that
// were not asked for, counts them by title, and adds the entries around them.
type collector struct {
	cursor   *cursor
	evidence *evidence
	rollouts *registry
	context  *contextKeeper

	only     Filter
	until    uint64 // as Options.Until
	accepted acceptance

	causes causes

	groups    map[title]*group
	titles    []*group // in the order of their first findings
	found     uint64   // how many findings were made
	open      []unfinished
	simulated bool
	atEnd     bool // the end of the log was reached
}

// add adds a finding about the entry at a place, or with after > 0 about what should follow it by
// that many entries. It returns the finding, which may change until the replay ends, or nil for one
// that was not asked for.
func (c *collector) add(f Finding, at place, after int) *Finding {
	f.Seq, f.Line, f.At = at.seq, at.line, at.at
	if at.source < len(c.cursor.sources) {
		f.File, f.Unit = c.cursor.sources[at.source].name, c.cursor.sources[at.source].unit
	}
	c.found++
	f.position, f.order = at.n+uint64(after), c.found
	f.Until = c.needed(&f, at, after > 0)
	if f.channel == "" {
		f.channel = c.rollouts.channelOf(f.Rollout)
	}
	reason, accepted := c.accepted.reason(&f)
	if !c.wanted(&f) {
		return nil
	}
	if r := c.rollouts.byID[f.Rollout]; r != nil && c.evidence.supports(f.title()) {
		r.found = true
	}
	g := c.group(&f)
	list := &g.kept
	if accepted {
		f.Accepted = reason
		g.Accepted++
		list = &g.accepted
	} else {
		g.Count++
	}
	if len(*list) < maxFindings {
		f.key = f.Key()
		*list = append(*list, &f)
		c.addContext(&f, at, after > 0)
	}
	return &f
}

// group returns the group of a finding's title.
func (c *collector) group(f *Finding) *group {
	t := f.title()
	g := c.groups[t]
	if g == nil {
		if c.groups == nil {
			c.groups = make(map[title]*group)
		}
		g = &group{title: t, Group: Group{Class: f.Class, Title: f.Title()}}
		c.groups[t] = g
		c.titles = append(c.titles, g)
	}
	return g
}

// addContext adds the entries around a finding. Those that were not read yet are added later.
func (c *collector) addContext(f *Finding, at place, after bool) {
	if f.Class == Derived {
		return // a row of a table has no place in the log
	}
	if kept, ok := c.context.kept[at.n]; ok {
		f.Before, f.Later = kept.before, kept.later
		return
	}
	ring := &c.cursor.recent
	before := at.ring
	if after && f.After == "" {
		before++ // nothing else shows the entry that it should follow
	}
	f.Before = ring.before(&c.cursor.lines, before, f.Rollout)
	f.Later = ring.later(&c.cursor.lines, at.ring, f.Rollout)
	if len(f.Later) < shownLater && at.n+ringSize > c.cursor.n {
		c.open = append(c.open, unfinished{finding: f, n: at.n})
	}
}

// needed returns the Options.Until with which a replay makes a finding again, or 0 for the whole
// log. For a missing entry, the entry that it should follow is enough: a replay reads on after
// Options.Until for pending entries.
func (c *collector) needed(f *Finding, at place, after bool) uint64 {
	switch ofTheEnd := f.Class == Derived || f.Class == Invariant; {
	case !c.evidence.supports(f.title()):
		return 0
	case after && !ofTheEnd:
		return max(at.highest, f.Seq)
	case c.atEnd:
		return 0
	}
	return max(c.cursor.highest, f.Seq)
}

// wanted reports whether a finding was asked for. With Options.Only.Host, so are findings about the
// rollouts that the host has joined.
func (c *collector) wanted(f *Finding) bool {
	if c.until > 0 && f.Seq > c.until || !c.only.matches(f) {
		return false
	}
	if c.only.Host != "" && f.Host == "" && f.Class != Log {
		r := c.rollouts.byID[f.Rollout]
		return r != nil && r.asked
	}
	return true
}

// withdraw removes a finding that a later entry has explained. It ignores nil, which add returns
// for a finding that was not asked for.
func (c *collector) withdraw(f *Finding) {
	if f == nil {
		return
	}
	g := c.groups[f.title()]
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

// showLater adds an entry to the findings before it that are shown with more entries.
func (c *collector) showLater(e *trace.Entry) {
	if e.Kind == trace.KindGateDecision {
		return
	}
	c.open = slices.DeleteFunc(c.open, func(u unfinished) bool {
		if f := u.finding; u.n < c.cursor.n && isAbout(e, f.Rollout) {
			f.Later = append(f.Later, c.cursor.show(e))
		}
		return len(u.finding.Later) >= shownLater || u.n+ringSize < c.cursor.n
	})
}

// results adds the findings that count to a result, and notes why the others do not.
func (c *collector) results(res *Result, notes *notes) {
	var kept, accepted []*Finding
	for _, g := range c.titles {
		if g.Count+g.Accepted == 0 {
			continue
		}
		if !c.evidence.supports(g.title) {
			if text := c.evidence.note(g.title, g.Title, g.Count+g.Accepted); text != "" {
				notes.add(text)
			}
			continue
		}
		res.Groups = append(res.Groups, g.Group)
		kept = append(kept, g.kept...)
		accepted = append(accepted, g.accepted...)
	}
	slices.SortStableFunc(res.Groups, func(a, b Group) int { return cmp.Compare(a.Class, b.Class) })
	res.Findings, res.Accepted = inLogOrder(kept), inLogOrder(accepted)
}

// inLogOrder returns findings in the order of the log. A changed line is found as soon as it is
// read, so its finding comes before those that it causes.
func inLogOrder(found []*Finding) []Finding {
	slices.SortStableFunc(found, func(a, b *Finding) int {
		return cmp.Or(cmp.Compare(a.position, b.position), cmp.Compare(a.order, b.order))
	})
	var all []Finding
	for _, f := range found {
		all = append(all, *f)
	}
	return all
}

// missing returns a finding that something about a host or rollout is not recorded.
func missing(class Class, what string, id reducer.RolloutID, expected string) Finding {
	return Finding{
		Class: class, Kind: Missing, What: what, Rollout: id, Recorded: nothing, Expected: expected,
	}
}

// extra returns a finding that something about a rollout is recorded and should not be.
func extra(class Class, what string, id reducer.RolloutID, recorded string) Finding {
	return Finding{
		Class: class, Kind: Extra, What: what, Rollout: id, Recorded: recorded, Expected: nothing,
	}
}

// different returns a finding that what is recorded about a rollout should be something else.
func different(class Class, what string, id reducer.RolloutID, recorded, expected string) Finding {
	return Finding{
		Class: class, Kind: Different, What: what, Rollout: id, Recorded: recorded, Expected: expected,
	}
}
