package controlplane

import "slices"

// unused is memory that a control plane may use for the rollouts that it opens.
type unused struct {
	rollouts []*rollout
}

// Reuse lets a new control plane use the memory of another one, if both are of one kind. It reports
// whether it has taken that memory: then old and its fleet can no longer be used.
func Reuse(fresh, old ControlPlane) bool {
	p, ok := fresh.(*plane)
	o, also := old.(*plane)
	if ok && also {
		p.reuse(o)
	}
	return ok && also
}

func (p *plane) reuse(old *plane) {
	p.fleet.Reuse(old.fleet)
	p.unused.rollouts = append(old.unused.rollouts, old.rollouts...)
	clear(old.byID)
	p.byID, p.rollouts, p.underway = old.byID, old.rollouts[:0], old.underway[:0]
	p.unacked = old.unacked[:0]
	*old = plane{}
}

// newRollout returns a rollout without hosts for a channel with so many.
func (p *plane) newRollout(hosts uint32) *rollout {
	last := len(p.unused.rollouts) - 1
	if last < 0 {
		return &rollout{members: make([]member, 0, hosts)}
	}
	r := p.unused.rollouts[last]
	p.unused.rollouts = p.unused.rollouts[:last]
	*r = rollout{members: slices.Grow(r.members[:0], int(hosts)), waves: r.waves[:0]}
	return r
}
