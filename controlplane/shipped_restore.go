package controlplane

import (
	"slices"

	"rollsim/reducer"
	"rollsim/trace"
)

// Durable returns the tables. The log is not read again.
func (p *shippedPlane) Durable([]trace.Entry) Durable { return Durable{tables: p} }

// Restore continues with the tables of the control plane that has crashed. Manifests and heartbeats
// were in its memory.
func (p *shippedPlane) Restore(_ reducer.Time, from Durable, _ Output) error {
	old := from.tables
	if old == nil {
		return nil
	}
	p.fleet, p.rows, p.byID = old.fleet, old.rows, old.byID
	p.quarantined, p.queue = old.quarantined, old.queue
	return nil
}

func (p *shippedPlane) Clone() ControlPlane {
	c := *p
	c.shippedScratch = shippedScratch{}
	c.fleet = p.fleet.Clone()
	c.quarantined = slices.Clone(p.quarantined)
	c.heartbeats = slices.Clone(p.heartbeats)
	c.manifests = slices.Clone(p.manifests)
	c.rows = make([]*row, len(p.rows))
	c.byID = make(map[reducer.RolloutID]*row, len(p.byID))
	for i, o := range p.rows {
		if o != nil {
			c.rows[i] = o.clone(c.fleet)
		}
		if o != nil && !o.deleted {
			c.byID[o.id] = c.rows[i]
		}
	}
	c.queue = make([][]queued, len(p.queue))
	for n := range p.queue {
		c.queue[n] = slices.Clone(p.queue[n])
		for i := range c.queue[n] {
			c.queue[n][i].rollout = c.rows[slices.Index(p.rows, c.queue[n][i].rollout)]
		}
	}
	return &c
}

// clone returns a copy whose fold is that of another fleet.
func (o *row) clone(fleet *reducer.Fleet) *row {
	c := *o
	if r := fleet.Rollout(o.id); r != nil && !o.deleted {
		c.fold = r
	}
	c.records, c.hints = slices.Clone(o.records), nil
	for i := range c.records {
		c.records[i].failing = slices.Clone(c.records[i].failing)
	}
	c.failures = make(probesOf, len(o.failures))
	for slot := range o.records {
		if list := o.failures[slot]; list != nil {
			c.failures[slot] = slices.Clone(list)
		}
	}
	return &c
}

// Diff compares the fleets, the quarantines, and what is queued.
func (p *shippedPlane) Diff(other ControlPlane) []Difference {
	o, ok := other.(*shippedPlane)
	if !ok || o.inv != p.inv || o.mended != p.mended {
		return []Difference{{Detail: "the two differ in kind or inventory"}}
	}
	d := differences(diffFleets(p.fleet, o.fleet))
	for _, pair := range [][2]quarantine{
		{p.quarantined, o.quarantined}, {o.quarantined, p.quarantined},
	} {
		for _, e := range pair[0] {
			if !pair[1].has(e) {
				d.add(string(e.Channel)+" "+string(e.Closure), "it is quarantined in one of them only")
			}
		}
	}
	for n := range p.inv.hosts {
		if a, b := p.Queued(uint32(n)), o.Queued(uint32(n)); a != b {
			d.add(string(p.inv.hosts[n].id), "it is queued in one of them only")
		}
	}
	return d
}
