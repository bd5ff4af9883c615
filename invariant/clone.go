package invariant

import (
	"maps"
	"slices"

	"rollsim/reducer"
)

// Clone returns a copy of the Checker that watches a copy of its fleet. The two share nothing that
// changes. The Checker must not be one of the shipped control plane.
func (c *Checker) Clone(fleet *reducer.Fleet) *Checker {
	k := *c
	k.fleet, k.last, k.lastID = fleet, nil, ""
	if c.asked != nil { // its place is used again
		ev := *c.asked
		k.asked = &ev
	}
	k.reports = c.reports.clone()
	k.accounts = c.accounts.clone()
	k.records.reports = k.reports
	k.dispatches = c.dispatches.clone(k.reports)
	k.budgets = c.budgets.clone(k.reports)
	k.history = c.history.clone(k.reports)
	for i := range k.history.openings {
		o := &k.history.openings[i]
		number := o.rollout.Number()
		o.account = k.accounts.all[number]
		o.rollout = fleet.Rollout(o.rollout.Record.RolloutID)
	}
	k.evidence.reports = k.reports
	k.evidence.closures = slices.Clip(k.evidence.closures)
	k.evidence.probes = slices.Clip(k.evidence.probes)
	return &k
}

func (r *reports) clone() *reports {
	c := *r
	c.found = slices.Clip(r.found)
	c.seen = maps.Clone(r.seen)
	return &c
}

func (c *accounts) clone() accounts {
	all := make(map[int]*account, len(c.all))
	for n, a := range c.all {
		all[n] = a.clone()
	}
	return accounts{all: all}
}

func (a *account) clone() *account {
	c := *a
	c.hosts = slices.Clone(a.hosts)
	c.waves.list = slices.Clone(a.waves.list)
	c.waves.order = slices.Clip(a.waves.order)
	return &c
}

func (c *dispatches) clone(out *reports) dispatches {
	k := *c
	k.reports = out
	k.channels = make(map[reducer.ChannelID]*channel, len(c.channels))
	for id, ch := range c.channels {
		own := *ch
		k.channels[id] = &own
	}
	k.quarantine = maps.Clone(c.quarantine)
	k.paused = maps.Clone(c.paused)
	k.outside = maps.Clone(c.outside)
	return k
}

func (c *budgets) clone(out *reports) budgets {
	k := *c
	k.reports = out
	k.all = slices.Clone(c.all)
	k.hosts = make(map[reducer.HostID]*host, len(c.hosts))
	for id, h := range c.hosts {
		own := *h
		k.hosts[id] = &own
	}
	return k
}

func (c *history) clone(out *reports) history {
	k := *c
	k.reports = out
	k.hosts = maps.Clone(c.hosts)
	k.openings = slices.Clone(c.openings)
	k.stale = maps.Clone(c.stale)
	return k
}
