package trace

import "rollsim/reducer"

// Arena holds copies of entries in few pieces of memory. The zero value is ready to use.
type Arena struct {
	events     slab[reducer.Event]
	effects    slab[reducer.Effect]
	hosts      slab[HostEffect]
	agents     slab[AgentEvent]
	plans      slab[PlanAction]
	gates      slab[GateDecision]
	rejections slab[Rejection]
}

// Copy makes c a deep copy of e, which is valid until Reset.
func (a *Arena) Copy(c, e *Entry) {
	*c = *e
	switch {
	case e.Event != nil:
		c.Event = a.events.clone(e.Event)
	case e.Effect != nil:
		c.Effect = a.effects.clone(e.Effect)
	case e.HostEffect != nil:
		c.HostEffect = a.hosts.clone(e.HostEffect)
	case e.Agent != nil && e.Raw == nil:
		c.Agent = a.agents.clone(e.Agent)
	case e.Plan != nil && len(e.Plan.Hosts) == 0:
		c.Plan = a.plans.clone(e.Plan)
	case e.Gate != nil:
		c.Gate = a.gates.clone(e.Gate)
	case e.Rejection != nil:
		c.Rejection = a.rejections.clone(e.Rejection)
	default:
		*c = e.Clone()
	}
}

// Reset makes the memory of all copies available again.
func (a *Arena) Reset() {
	a.events.used, a.effects.used, a.hosts.used, a.agents.used = 0, 0, 0, 0
	a.plans.used, a.gates.used, a.rejections.used = 0, 0, 0
}

// slabSize is how many values a piece of memory holds.
const slabSize = 64

// slab holds values that do not move.
type slab[T any] struct {
	pieces []*[slabSize]T
	used   int
}

func (s *slab[T]) clone(v *T) *T {
	if s.used == len(s.pieces)*slabSize {
		s.pieces = append(s.pieces, new([slabSize]T))
	}
	place := &s.pieces[s.used/slabSize][s.used%slabSize]
	s.used++
	*place = *v
	return place
}
