package invariant

import (
	"slices"

	"rollsim/internal/refill"
	"rollsim/reducer"
)

// CloneInto returns a copy of the Checker that watches a copy of its fleet. The two share nothing
// that changes. The copy uses the memory of k, a copy of a Checker of the same kind that can no
// longer be used otherwise; nil for new memory. A new copy of one of the shipped control plane
// needs a World of its own.
func (c *Checker) CloneInto(k *Checker, fleet *reducer.Fleet) *Checker {
	if k == nil {
		k = &Checker{reports: new(reports), channels: new(channels)}
	}
	old := *k
	*k = *c
	k.fleet, k.last, k.lastID = fleet, nil, ""
	if c.asked != nil { // its place is used again
		if k.asked = old.asked; k.asked == nil {
			k.asked = new(reducer.Event)
		}
		*k.asked = *c.asked
	}
	k.reports, k.channels = old.reports, old.channels
	explain := k.reports.explain
	c.reports.copyInto(k.reports)
	c.channels.copyInto(k.channels)
	if c.shipped != nil {
		if k.reports.explain = explain; explain == nil {
			k.reports.explain = k.explain
		}
		k.shipped = c.shipped.copyInto(old.shipped)
	}
	k.accounts = accounts{all: old.accounts.all[:0]}
	for _, a := range c.accounts.all {
		next := refill.Next(&k.accounts.all)
		if *next == nil {
			*next = new(account)
		}
		fillAccount(*next, a)
	}
	k.records.reports, k.evidence.reports = k.reports, k.reports
	k.dispatches.copy(&old.dispatches, k.reports, k.channels)
	k.budgets.copy(&old.budgets, k.reports)
	k.history.reports, k.history.channels = k.reports, k.channels
	k.history.stale = refill.Map(old.history.stale, c.history.stale)
	k.history.openings = refill.Slice(old.history.openings, c.history.openings)
	for i := range k.history.openings {
		o := &k.history.openings[i]
		o.account = k.accounts.find(o.rollout.Number())
		o.rollout = fleet.Rollout(o.rollout.Record.RolloutID)
	}
	k.evidence.closures = slices.Clip(k.evidence.closures)
	k.evidence.probes = slices.Clip(k.evidence.probes)
	return k
}

func (r *reports) copyInto(c *reports) {
	seen := c.seen
	*c = *r
	c.found = slices.Clip(r.found)
	c.seen = refill.Map(seen, r.seen)
}

// copyInto copies what is known into the memory of another one, which keeps its World.
func (s *shipped) copyInto(c *shipped) *shipped {
	if c == nil {
		c = new(shipped)
	}
	old := *c
	*c = *s
	c.World = old.World
	c.superseded = refill.Map(old.superseded, s.superseded)
	c.opened = refill.Map(old.opened, s.opened)
	c.acked = refill.Map(old.acked, s.acked)
	return c
}

func fillAccount(c, from *account) {
	old := *c
	*c = *from
	c.hosts = refill.Slice(old.hosts, from.hosts)
	c.logged = old.logged[:0]
	for _, all := range from.logged {
		place := refill.Next(&c.logged)
		*place = append((*place)[:0], all...)
	}
	c.waves.list = refill.Slice(old.waves.list, from.waves.list)
	c.waves.order = slices.Clip(from.waves.order)
}

// copy makes a copied struct share nothing that changes. It uses the memory of an old one.
func (c *dispatches) copy(old *dispatches, out *reports, channels *channels) {
	c.reports, c.channels = out, channels
	c.quarantine = refill.Map(old.quarantine, c.quarantine)
	c.paused = refill.Map(old.paused, c.paused)
	c.outside = refill.Map(old.outside, c.outside)
}

// copy makes a copied struct share nothing that changes. It uses the memory of an old one.
func (c *budgets) copy(old *budgets, out *reports) {
	c.reports = out
	c.all = refill.Slice(old.all, c.all)
	c.hosts = refill.Pointers(old.hosts, c.hosts, func(h, from *host) { *h = *from })
}
