package controlplane

import (
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
