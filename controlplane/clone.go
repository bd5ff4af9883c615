package controlplane

import (
	"fmt"
	"slices"

	"rollsim/internal/refill"
	"rollsim/reducer"
	"rollsim/trace"
)

func (p *plane) Clone() ControlPlane { return p.copyInto(new(plane)) }

// copyInto copies the state into a control plane that can no longer be used otherwise, and uses its
// memory. It returns that control plane.
func (p *plane) copyInto(c *plane) *plane {
	old := c.planeState
	c.planeState, c.recent = p.planeState, nil
	if c.fleet = old.fleet; c.fleet == nil {
		c.fleet, c.byID = new(reducer.Fleet), make(map[reducer.RolloutID]*rollout, len(p.rollouts))
	} else {
		c.byID = old.byID
	}
	p.fleet.CloneInto(c.fleet)
	c.seen = refill.Slice(old.seen, p.seen)
	c.quarantine = refill.Slice(old.quarantine, p.quarantine)
	c.paused = refill.Slice(old.paused, p.paused)
	c.shut = refill.Slice(old.shut, p.shut)
	c.hosts = refill.Slice(old.hosts, p.hosts)
	c.counted = refill.Slice(old.counted, p.counted)
	c.unacked = refill.Slice(old.unacked, p.unacked)
	c.copyRollouts(old.rollouts, p)
	c.underway = old.underway[:0]
	for _, r := range p.underway {
		c.underway = append(c.underway, c.rollouts[r.number])
	}
	return c
}

// copyRollouts copies the rollouts of another control plane into old ones.
func (p *plane) copyRollouts(old []*rollout, from *plane) {
	for _, r := range old[min(len(old), len(from.rollouts)):] {
		delete(p.byID, r.id)
		p.unused.rollouts = append(p.unused.rollouts, r)
	}
	p.rollouts = old[:min(len(old), len(from.rollouts))]
	for i, r := range from.rollouts {
		if i == len(p.rollouts) {
			p.rollouts = append(p.rollouts, p.newRollout(uint32(len(r.members))))
		}
		c := p.rollouts[i]
		if c.id != r.id {
			if p.byID[c.id] == c {
				delete(p.byID, c.id)
			}
			p.byID[r.id] = c
		}
		r.copyInto(c, p.fleet.Rollouts()[i])
	}
}

func (p *plane) Diff(other ControlPlane) []Difference {
	o, ok := other.(*plane)
	if !ok || o.rules != p.rules || o.inv != p.inv {
		return []Difference{{Detail: "the two differ in kind or inventory"}}
	}
	d := differences(diffFleets(p.fleet, o.fleet))
	for i := range p.seen {
		if p.seen[i] != o.seen[i] {
			d.add(
				string(p.inv.channels[i].ID), "the last poll saw ref %q, and %q in the other",
				p.seen[i], o.seen[i],
			)
		}
	}
	p.diffOrders(o, &d)
	for n := range p.hosts {
		if a, b := p.LastDispatch(uint32(n)), o.LastDispatch(uint32(n)); a != b {
			d.add(
				string(p.inv.hosts[n].id), "its last dispatch was for rollout %q, and for %q in the other",
				a, b,
			)
		}
	}
	for i, r := range p.rollouts {
		if p.quarantine.has(r.release) != o.quarantine.has(r.release) {
			d.add(string(r.id), "closure %s is quarantined in one of them only", r.release.Closure)
		}
		if i >= len(o.rollouts) {
			continue
		}
		b := o.rollouts[i]
		if r.timer != b.timer {
			d.add(
				string(r.id), "its retention expires %s, and %s in the other",
				instant(r.timer), instant(b.timer),
			)
		}
		if !slices.Equal(r.members, b.members) {
			d.add(string(r.id), "the dispatches to its hosts, or the messages from them, differ")
		}
	}
	d.addPresets(p, o)
	return d
}

func instant(t reducer.Opt[reducer.Time]) string {
	if !t.Set {
		return "never"
	}
	return "at " + string(trace.AppendTime(nil, t.Value))
}

type differences []Difference

func (d *differences) add(subject, format string, args ...any) {
	*d = append(*d, Difference{Subject: subject, Detail: fmt.Sprintf(format, args...)})
}

// addPresets adds the quarantine entries that belong to no rollout and are in only one of the two
// control planes.
func (d *differences) addPresets(p, o *plane) {
	opened := func(e QuarantineEntry) bool {
		return slices.ContainsFunc(p.rollouts, func(r *rollout) bool { return r.release == e })
	}
	for _, pair := range [][2]quarantine{{p.quarantine, o.quarantine}, {o.quarantine, p.quarantine}} {
		for _, e := range pair[0] {
			if !pair[1].has(e) && !opened(e) {
				d.add(
					fmt.Sprintf("%s %s", e.Channel, e.Closure), "it is quarantined in one of them only",
				)
			}
		}
	}
}

// diffFleets compares the records and hosts of two fleets.
func diffFleets(a, b *reducer.Fleet) []Difference {
	var found []Difference
	add := func(r *reducer.Rollout, detail string) {
		found = append(found, Difference{
			Subject: string(r.Record.RolloutID), Detail: detail, State: r.Record.State,
		})
	}
	for _, r := range a.Rollouts() {
		switch o := b.Rollout(r.Record.RolloutID); {
		case o == nil:
			add(r, "the other does not have the rollout")
		case o.Record != r.Record:
			add(r, fmt.Sprintf(
				"the record is %v at wave %d, and %v at wave %d in the other", r.Record.State,
				r.Record.CurrentWave, o.Record.State, o.Record.CurrentWave,
			))
		case !slices.Equal(o.Hosts(), r.Hosts()):
			add(r, "its hosts are in other states in the other")
		}
	}
	for _, r := range b.Rollouts() {
		if a.Rollout(r.Record.RolloutID) == nil {
			add(r, "only the other has the rollout")
		}
	}
	return found
}
