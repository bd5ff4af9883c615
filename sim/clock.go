package sim

import (
	"time"

	"rollsim/reducer"
)

// clock holds virtual time and the scheduled work.
type clock struct {
	start, now reducer.Time
	queue      queue
}

// after returns the instant that lies d after the present one.
func (c *clock) after(d time.Duration) reducer.Time { return c.now + reducer.Time(d) }

// elapsed returns the time since the start.
func (c *clock) elapsed() time.Duration { return time.Duration(c.now - c.start) }

// schedule adds work that is due after a delay.
func (c *clock) schedule(d time.Duration, w work, a, b uint32) { c.queue.push(c.after(d), w, a, b) }

// advance moves to the instant of the next work, or returns false if none is due until end.
func (c *clock) advance(end reducer.Time) bool {
	if !c.queue.advance(end) {
		return false
	}
	c.now = c.queue.now
	return true
}

// pop removes the next work of the present instant, or returns false if no more is due.
func (c *clock) pop() (item, bool) { return c.queue.pop() }
