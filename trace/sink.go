package trace

import "slices"

// Clone returns a deep copy of e.
func (e *Entry) Clone() Entry {
	c := *e
	c.Event = cloneOf(e.Event)
	c.Effect = cloneOf(e.Effect)
	c.HostEffect = cloneOf(e.HostEffect)
	c.Agent = cloneOf(e.Agent)
	c.Plan = cloneOf(e.Plan)
	c.Gate = cloneOf(e.Gate)
	c.Poll = cloneOf(e.Poll)
	c.Fault = cloneOf(e.Fault)
	c.Rejection = cloneOf(e.Rejection)
	c.Header = cloneOf(e.Header)
	c.End = cloneOf(e.End)
	c.Raw = slices.Clone(e.Raw)
	if c.Plan != nil {
		c.Plan.Hosts = slices.Clone(c.Plan.Hosts)
	}
	if c.Header != nil {
		c.Header.Channels = slices.Clone(c.Header.Channels)
		for i := range c.Header.Channels {
			c.Header.Channels[i].After = slices.Clone(c.Header.Channels[i].After)
			c.Header.Channels[i].HostEdges = slices.Clone(c.Header.Channels[i].HostEdges)
		}
		c.Header.Budgets = slices.Clone(c.Header.Budgets)
		for i := range c.Header.Budgets {
			c.Header.Budgets[i].Hosts = slices.Clone(c.Header.Budgets[i].Hosts)
		}
		c.Header.Quarantine = slices.Clone(c.Header.Quarantine)
	}
	return c
}

func cloneOf[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// Collector is a Sink that keeps every entry. The zero value is ready to use.
type Collector struct{ Entries []Entry }

// Write appends a clone of e. It never fails.
func (c *Collector) Write(e *Entry) error {
	c.Entries = append(c.Entries, e.Clone())
	return nil
}
