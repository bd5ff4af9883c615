package scenario

import (
	"fmt"
	"strings"

	"rollsim/internal/deviation"
	"rollsim/sim"
)

// kindName is the name of a kind of deviation, or of a group of kinds.
type kindName string

// deviationNames returns every kindName.
func deviationNames() []kindName {
	var all []kindName
	for _, name := range deviation.Names() {
		all = append(all, kindName(name))
	}
	return all
}

func (b *builder) buildDeviations() []sim.Allowance {
	if b.doc.Deviations != nil && len(b.doc.Deviations) == 0 {
		b.reject(at("deviations"), "deviations: at least one is needed")
	}
	var made []sim.Allowance
	for i := range b.doc.Deviations {
		if b.tooMany("deviations", i) {
			return made
		}
		d := &b.doc.Deviations[i]
		one := sim.Allowance{Hosts: d.Hosts}
		if len(d.Kinds) == 0 {
			b.reject(at("deviations", i, "kinds"), "kinds: at least one is needed")
		}
		for k, name := range d.Kinds {
			kinds, err := deviation.Parse(string(name))
			if err != nil {
				continue // the decoder has reported it
			}
			one.Kinds |= kinds
			if alone := kinds &^ deviation.OfHosts(); d.Hosts != nil && alone != 0 {
				b.reject(at("deviations", i, "kinds", k), "kinds: %v concerns no host, so hosts cannot limit "+
					"it: give it an entry of its own", alone.List()[0])
			}
		}
		if d.Hosts != nil {
			b.checkPatterns(d.Hosts, "deviations", i)
		}
		if d.AtMost != nil {
			if one.AtMost = int(*d.AtMost); one.AtMost == 0 {
				b.reject(at("deviations", i, "at_most"), "at_most: expected at least 1")
			}
		}
		made = append(made, one)
	}
	return made
}

func (e *exporter) allowance(a *sim.Allowance) {
	text := "kinds: [" + strings.Join(a.Kinds.Names(), ", ") + "]"
	if a.Hosts != nil {
		text += ", hosts: " + names(a.Hosts)
	}
	if a.AtMost > 0 {
		text += fmt.Sprintf(", at_most: %d", a.AtMost)
	}
	e.line("  - {%s}", text)
}
