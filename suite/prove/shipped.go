package prove

import (
	"rollsim/controlplane"
	"rollsim/internal/deviation"
	"rollsim/internal/hash64"
	"rollsim/sim"
)

// otherSeeds is how many other seeds are tried for what the shipped control plane draws.
const otherSeeds = 3

// impossible returns the kinds that the control plane of the scenario does not have: the shipped
// one knows no orders of operators, and no other one has tables or draws anything.
func (p *Prover) impossible() Kinds {
	var none Kinds
	if p.plain.ControlPlane != controlplane.Shipped {
		none = deviation.ShippedOnly()
	}
	if p.plain.ControlPlane == controlplane.Shipped || p.opt.OtherPlane == controlplane.Shipped {
		none |= deviation.Of(OperatorAborts, OperatorPauses, HostJoins, HostLeaves)
	}
	return none
}

// tear adds that the control plane crashes in the middle of the opening that follows a poll.
func (m *menu) tear(c *sim.Choice) {
	for joined := range 2 {
		subject := hash64.Of(about("torn", uint64(c.At)), uint64(joined))
		m.line(TornOpening, subject, c.At, &sim.FaultNow{
			Kind: sim.TornOpeningCrash, Joined: joined, For: shortFault,
		})
	}
}

// seeds adds draws from another seed. They begin with the run.
func (m *menu) seeds() {
	for i := range uint64(otherSeeds) {
		if m.open.Has(OtherDraws) && m.n.last == nil {
			d := &Deviation{Kind: OtherDraws, seed: m.p.plain.Seed + 1 + i}
			m.offer(d.identify(about("seed", 0), d.seed))
		}
	}
}
