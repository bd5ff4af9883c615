package prove

import (
	"time"

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

// shipped adds what only the shipped control plane meets apart from messages: a crash in the middle
// of the next opening after a ref moves, and draws from another seed.
func (m *menu) shipped(at time.Duration) {
	if m.open&deviation.ShippedOnly() == 0 {
		return
	}
	for _, i := range m.p.moves {
		line := &m.p.plain.Timeline[i]
		for joined := range 2 {
			if line.At >= at {
				subject := hash64.Of(about("torn", uint64(line.At)), uint64(joined))
				m.line(TornOpening, subject, line.At, &sim.FaultNow{
					Kind: sim.TornOpeningCrash, Joined: joined, For: shortFault,
				})
			}
		}
	}
	for i := range uint64(otherSeeds) {
		if m.open.Has(OtherDraws) {
			d := &Deviation{Kind: OtherDraws, seed: m.p.plain.Seed + 1 + i}
			m.offer(d.identify(about("seed", 0), d.seed))
		}
	}
}
