package invariant

import (
	"rollsim/reducer"
	"rollsim/trace"
)

// budgets checks invariant (13): no host is dispatched while a budget that covers it is used up.
// Budgets count a host from its dispatch until it neither waits for its ack nor is in flight, under
// that rollout.
type budgets struct {
	*reports
	all   []budget
	hosts map[reducer.HostID]*host
}

type budget struct {
	trace.BudgetConfig
	used int
}

// host is what the budgets depend on of a host.
type host struct {
	budgets []int
	// The number of the rollout of its last dispatch. Its states under another one count towards no
	// budget.
	rollout int
	counted bool
	left    bool // the fleet, so that nobody waits for it
}

// dispatched counts a host that is dispatched under a rollout.
func (c *budgets) dispatched(r *reducer.Rollout, id reducer.HostID) {
	if len(c.all) == 0 {
		return
	}
	h := c.host(id)
	for _, n := range h.budgets {
		if b := &c.all[n]; b.used >= b.MaxInFlight {
			c.about(BudgetKept, b.Name, r.Record.State, "host %s was dispatched with %d of at most %d "+
				"in flight", id, b.used, b.MaxInFlight)
		}
	}
	h.rollout = r.Number()
	c.count(h, true)
}

// recountAll counts every host of a rollout again.
func (c *budgets) recountAll(a *account, r *reducer.Rollout) {
	if len(c.all) == 0 {
		return
	}
	for slot := range min(len(a.hosts), len(r.Hosts())) {
		c.recount(a, r, slot)
	}
}

// recount counts the host at a slot again. Nobody waits for a missing ack once the rollout has
// halted, because the dispatch is not sent again then.
func (c *budgets) recount(a *account, r *reducer.Rollout, slot int) {
	if len(c.all) == 0 {
		return
	}
	h, state := c.host(r.Hosts()[slot].ID), a.hosts[slot].state
	if h.rollout == r.Number() {
		c.count(h, state == reducer.HostPending && !a.halted() || state.InFlight() && !a.pruned)
	}
}

// depart stops counting a host that leaves the fleet.
func (c *budgets) depart(id reducer.HostID) {
	if len(c.all) > 0 {
		h := c.host(id)
		h.left = true
		c.count(h, false)
	}
}

func (c *budgets) count(h *host, inFlight bool) {
	inFlight = inFlight && !h.left
	if inFlight == h.counted {
		return
	}
	h.counted = inFlight
	for _, n := range h.budgets {
		if inFlight {
			c.all[n].used++
		} else {
			c.all[n].used--
		}
	}
}

func (c *budgets) host(id reducer.HostID) *host {
	h := c.hosts[id]
	if h == nil {
		h = &host{rollout: -1}
		for i := range c.all {
			if c.all[i].Covers(id) {
				h.budgets = append(h.budgets, i)
			}
		}
		if c.hosts == nil {
			c.hosts = make(map[reducer.HostID]*host)
		}
		c.hosts[id] = h
	}
	return h
}
