package prove

import (
	"cmp"
	"strings"

	"rollsim/internal/deviation"
	"rollsim/sim"
)

// allowances returns what may go wrong in a proof.
func allowances(opt *Options) []sim.Allowance {
	if opt.Kinds == 0 && opt.Scenario.Deviations != nil {
		return opt.Scenario.Deviations
	}
	return []sim.Allowance{{Kinds: cmp.Or(opt.Kinds, deviation.All())}}
}

// allows reports whether a run may have one more deviation.
func (p *Prover) allows(n *node, d *Deviation) bool {
	for i := range p.allowed {
		a := &p.allowed[i]
		if a.Allows(d.Kind, d.host) && (a.AtMost == 0 || used(n, a) < a.AtMost) {
			return true
		}
	}
	return false
}

// open returns the kinds that a run may have one more deviation of, on some host at least.
func (p *Prover) open(n *node) Kinds {
	var open Kinds
	for i := range p.allowed {
		if a := &p.allowed[i]; a.AtMost == 0 || used(n, a) < a.AtMost {
			open |= a.Kinds
		}
	}
	return open & p.kinds
}

// used returns how many deviations of a run an allowance is about.
func used(n *node, a *sim.Allowance) int {
	used := 0
	for ; n.last != nil; n = n.parent {
		if a.Allows(n.last.Kind, n.last.host) {
			used++
		}
	}
	return used
}

// describe returns what may go wrong as text.
func describe(all []sim.Allowance) string {
	var texts []string
	for i := range all {
		texts = append(texts, all[i].String())
	}
	return strings.Join(texts, "; ")
}
