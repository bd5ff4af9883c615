package replay

import (
	"fmt"

	"rollsim/reducer"
	"rollsim/trace"
)

// tolerance is how far the times of a control plane may be from each other and from the order of
// its entries. Its effects take a clock of their own, so that they differ by less than this.
const tolerance = reducer.Time(1e9)

// ahead is how far an agent's clock may be ahead of the control plane's.
const ahead = 60 * reducer.Time(1e9)

// maxHistory is how many times of earlier entries a clock keeps.
const maxHistory = 4096

// clock checks that the times of a control plane's entries follow the order of the entries. A time
// that steps back has two explanations: the entries from there on are set back, or some before it
// are set ahead. It accepts the one that changes fewer entries.
type clock struct {
	cursor   *cursor
	findings *collector

	now   reducer.Time // the latest time that is right
	times []moment     // the last entries whose times are right, as a ring
	n     int          // how many entries were added to it

	// The entries that are behind now.
	first  moment
	last   reducer.Time // the latest of their times
	behind int          // how many they are
}

// moment is the time of an entry.
type moment struct {
	at    reducer.Time
	place place
	about about
}

// about is what an entry is about.
type about struct {
	rollout reducer.RolloutID
	host    reducer.HostID
}

// check checks the time of the next entry.
func (c *clock) check(e *trace.Entry) {
	at := e.At
	switch {
	case c.n == 0 && c.behind == 0:
		c.now = at
	case at >= c.now-tolerance:
		if c.behind > 0 {
			c.setBack()
		}
		c.now = max(c.now, at)
	default:
		c.late(e)
		return
	}
	c.add(moment{at, c.cursor.place(e), about{e.Rollout, e.Host}})
}

func (c *clock) add(m moment) {
	if len(c.times) < maxHistory {
		c.times = append(c.times, m)
	} else {
		c.times[c.n%maxHistory] = m
	}
	c.n++
}

// get returns the i-th entry that was added.
func (c *clock) get(i int) *moment { return &c.times[i%maxHistory] }

// late handles an entry that is behind.
func (c *clock) late(e *trace.Entry) {
	if c.behind == 0 {
		c.first, c.last = moment{e.At, c.cursor.place(e), about{e.Rollout, e.Host}}, e.At
	}
	c.last = max(c.last, e.At)
	c.behind++
	if n := c.setAhead(); n > 0 && n < c.behind {
		c.report(c.get(c.n-n), n, fmt.Sprintf("the times of the entries after it are up to %v earlier",
			round(c.get(c.n-n).at-c.first.at)))
		c.n -= n
		c.times = c.times[:min(len(c.times), maxHistory)]
		c.now, c.behind = c.last, 0
	}
}

// setAhead returns how many entries before those that are behind would have to be set ahead, or 0
// if they are too many to know.
func (c *clock) setAhead() int {
	for n := 1; n <= min(c.n, maxHistory) && n <= c.behind; n++ {
		if n == c.n || n < maxHistory && c.get(c.n-n-1).at <= c.first.at+tolerance {
			return n
		}
	}
	return 0
}

// setBack reports the entries that are behind.
func (c *clock) setBack() {
	c.report(&c.first, c.behind, fmt.Sprintf("the entry before it is %v later",
		round(c.now-c.first.at)))
	c.behind = 0
}

// finish reports what the end of the log leaves behind.
func (c *clock) finish() {
	if c.behind > 0 {
		c.setBack()
	}
}

// report adds a finding about n entries whose times are wrong, beginning with m.
func (c *clock) report(m *moment, n int, reason string) {
	f := Finding{
		Class: Log, Kind: Misplaced, What: "time", Rollout: m.about.rollout, Host: m.about.host,
		Recorded: string(trace.AppendTime(nil, m.at)), Reason: reason,
	}
	if n > 1 {
		f.Reason += fmt.Sprintf("; so are those of the %d entries that follow", n-1)
	}
	c.findings.add(f, m.place, 0)
}

// agent checks the time of an agent's message, whose clock is its own: it may only not be in the
// future.
func (c *clock) agent(e *trace.Entry, r *rollout) {
	if e.Agent.At <= e.At+ahead {
		return
	}
	f := different(Log, "time", r.id, string(trace.AppendTime(nil, e.At)),
		string(trace.AppendTime(nil, e.Agent.At)))
	f.Host, f.Columns = e.Host, true
	f.Reason = "the agent's time is in the future"
	c.findings.add(f, c.cursor.place(e), 0)
}
