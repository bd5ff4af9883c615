package invariant

import (
	"rollsim/reducer"
	"rollsim/trace"
)

// budgets checks that no budget is exceeded: invariant (13).
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
}

// dispatched counts a host that is dispatched under a rollout.
func (c *budgets) dispatched(r *reducer.Rollout, id reducer.HostID) {
	if len(c.all) == 0 {
		return
	}
	h := c.host(id)
	h.rollout = r.Number()
	c.count(h, true)
	for _, n := range h.budgets {
		if b := &c.all[n]; b.used > b.MaxInFlight {
			c.about(BudgetKept, b.Name, r.Record.State, "host %s is in flight as number %d of at most %d",
				id, b.used, b.MaxInFlight)
		}
	}
}

// applied counts hosts again after an event that may have changed the state of one of them, or of
// their rollout.
func (c *budgets) applied(r *reducer.Rollout, ev *reducer.Event, effects []reducer.Effect) {
	if len(c.all) == 0 {
		return
	}
	if ev.Kind == reducer.HostStateChanged {
		c.recount(r, ev.Host, ev.To)
	}
	if len(effects) > 0 && !r.Record.State.Underway() {
		for _, h := range r.Hosts() {
			c.recount(r, h.ID, h.State)
		}
	}
}

// recount counts a host that is in a state under a rollout. Nobody waits for a missing ack once the
// rollout has ended, because the dispatch is not sent again then.
func (c *budgets) recount(r *reducer.Rollout, id reducer.HostID, state reducer.HostState) {
	h := c.host(id)
	if h.rollout != r.Number() {
		return
	}
	rollout := r.Record.State
	c.count(h, state == reducer.HostPending && rollout.Underway() ||
		state.InFlight() && rollout != reducer.Pruned)
}

func (c *budgets) count(h *host, inFlight bool) {
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
