package replay

// maxGapsKept is how many of the last gaps are kept as causes of what is found after them.
const maxGapsKept = 8

// nearGap is how many entries around a gap show what it lacks: those of one step of the control
// plane.
const nearGap = 12

// cause is something wrong in the log that leads to more findings: a run of missing entries, or an
// entry that is in the wrong place.
type cause struct {
	n        uint64 // the number of the first entry after it
	from, to uint64 // the seq of the missing entries
	finding  *Finding
}

// causes are the causes that a log has shown last.
type causes struct {
	gaps []cause

	// within is the cause of all that the current entry shows, or nil.
	within *Finding
}

// gap records that entries are missing.
func (c *causes) gap(g cause) {
	if len(c.gaps) == maxGapsKept {
		copy(c.gaps, c.gaps[1:])
		c.gaps = c.gaps[:maxGapsKept-1]
	}
	c.gaps = append(c.gaps, g)
}

// since returns the gap that explains what is wrong with something that the log has shown correctly
// up to the n-th entry.
func (c *causes) since(n uint64) (*Finding, bool) {
	if c.within != nil {
		return c.within, true
	}
	for i := range c.gaps {
		if g := &c.gaps[i]; g.n > n {
			return g.finding, true
		}
	}
	return nil, false
}

// after returns the gap that explains why something does not follow the entry at a place.
func (c *causes) after(at place) (*Finding, bool) {
	if c.within != nil {
		return c.within, true
	}
	for i := range c.gaps {
		if g := &c.gaps[i]; g.from > at.seq && g.from <= at.seq+nearGap {
			return g.finding, true
		}
	}
	return nil, false
}

// fold adds what a finding says to its cause, which may be nil for one that was not asked for.
func (c *collector) fold(under *Finding, f *Finding, at place) {
	if under == nil {
		return
	}
	if len(under.Folded) == maxFolded {
		under.More++
		return
	}
	text := f.Title()
	switch {
	case f.Reason != "" && f.Recorded == "":
		text += ": " + f.Reason
	case f.Recorded == nothing:
		text += ": " + f.Expected
	case f.Recorded != "":
		text += ": " + f.Recorded
	}
	under.Folded = append(under.Folded, Folded{Seq: at.seq, At: at.at, Host: f.Host, Text: text})
}

// again adds an entry that shows the same as a finding.
func (f *Finding) again(w Folded) {
	if f == nil {
		return
	}
	if len(f.Folded) == maxFolded {
		f.More++
		return
	}
	f.Folded = append(f.Folded, w)
}

// consequence adds a finding about something that the log has shown correctly up to the n-th entry.
// If entries are missing since, it is folded under that.
func (c *collector) consequence(f Finding, at place, after int, n uint64) *Finding {
	if under, ok := c.causes.since(n); ok {
		c.fold(under, &f, at)
		return under
	}
	return c.add(f, at, after)
}

// isCut reports whether the log ends within the step of the control plane that contains the entry
// at a place, so that it may have been cut before what follows from it.
func (c *collector) isCut(at place) bool {
	return c.atEnd && !c.simulated && at.n >= c.cursor.step
}

// near adds a finding about the entry at a place. If entries are missing around it, it is folded
// under that.
func (c *collector) near(f Finding, at place) *Finding {
	if c.isCut(at) {
		return nil
	}
	if under, ok := c.causes.after(at); ok {
		c.fold(under, &f, at)
		return under
	}
	for i := range c.causes.gaps {
		if g := &c.causes.gaps[i]; g.to < at.seq && g.to+nearGap >= at.seq {
			c.fold(g.finding, &f, at)
			return g.finding
		}
	}
	return c.add(f, at, 0)
}

// absence adds a finding that something does not follow the entry at a place. If entries are
// missing there, it is folded under that.
func (c *collector) absence(f Finding, at place, after int) *Finding {
	if c.isCut(at) {
		return nil
	}
	if under, ok := c.causes.after(at); ok {
		c.fold(under, &f, at)
		return under
	}
	return c.add(f, at, after)
}
