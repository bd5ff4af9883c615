package invariant

import (
	"slices"

	"rollsim/internal/refill"
	"rollsim/reducer"
)

// CloneInto returns a copy of the Checker that watches a copy of its fleet. The two share nothing
// that changes. The copy uses the memory of k, which can no longer be used otherwise; nil for new
// memory. The Checker must not be one of the shipped control plane.
func (c *Checker) CloneInto(k *Checker, fleet *reducer.Fleet) *Checker {
	if k == nil {
		k = &Checker{reports: new(reports)}
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
	k.reports = old.reports
	c.reports.copyInto(k.reports)
	k.accounts = accounts{all: refill.Pointers(old.accounts.all, c.accounts.all, fillAccount)}
	k.records.reports, k.evidence.reports = k.reports, k.reports
	k.dispatches.copy(&old.dispatches, k.reports)
	k.budgets.copy(&old.budgets, k.reports)
	k.history.reports = k.reports
	k.history.hosts = refill.Map(old.history.hosts, c.history.hosts)
	k.history.stale = refill.Map(old.history.stale, c.history.stale)
	k.history.openings = refill.Slice(old.history.openings, c.history.openings)
	for i := range k.history.openings {
		o := &k.history.openings[i]
		number := o.rollout.Number()
		o.account = k.accounts.all[number]
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

func fillAccount(c, from *account) {
	old := *c
	*c = *from
	c.hosts = refill.Slice(old.hosts, from.hosts)
	c.waves.list = refill.Slice(old.waves.list, from.waves.list)
	c.waves.order = slices.Clip(from.waves.order)
}

// copy makes a copied struct share nothing that changes. It uses the memory of an old one.
func (c *dispatches) copy(old *dispatches, out *reports) {
	c.reports = out
	c.channels = refill.Pointers(old.channels, c.channels, func(ch, from *channel) { *ch = *from })
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
