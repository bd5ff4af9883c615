package shrink

import (
	"slices"
	"time"

	"rollsim/invariant"
	"rollsim/scenario"
	"rollsim/sim"
)

// ofLiveness reports whether a run that ends too early violates an invariant, too.
func ofLiveness(name invariant.Name) bool {
	return name == invariant.Stuck || name == invariant.Unpruned || name == invariant.Stranded
}

// NeedsLonger reports whether a run violates an invariant of liveness, so that [Lasting] must
// compare it with a longer one.
func NeedsLonger(found []invariant.Violation) bool {
	return slices.ContainsFunc(found, func(v invariant.Violation) bool {
		return v.Excused == "" && ofLiveness(v.Invariant)
	})
}

// Longer returns a scenario that repeats sc and lasts so long that what is under way at the end of
// sc ends. What sc draws until its end, such as faults, it draws until then.
func Longer(sc *sim.Scenario, found []invariant.Violation) *sim.Scenario {
	longest := longestOf(sc, slices.ContainsFunc(found, func(v invariant.Violation) bool {
		return v.Invariant == invariant.Unpruned
	}))
	consider := func(d *sim.Distribution) {
		if d != nil {
			longest = max(longest, d.Longest())
		}
	}
	behaviours := []*sim.Behaviour{&sc.Behaviour}
	for i := range sc.Groups {
		behaviours = append(behaviours, &sc.Groups[i].Behaviour)
	}
	for _, b := range behaviours {
		for _, d := range scenario.Delays(b) {
			consider(d.Takes)
		}
	}
	for i := range sc.Delays {
		consider(sc.Delays[i].Takes)
	}
	for i := range sc.Faults {
		consider(sc.Faults[i].For)
	}
	return extended(sc, longest)
}

// extended returns a scenario that lasts twice as long, and longer by some time. What it draws by
// chance ends at the first horizon.
func extended(sc *sim.Scenario, longer time.Duration) *sim.Scenario {
	c := *sc
	c.Faults, c.Traffic = slices.Clone(sc.Faults), slices.Clone(sc.Traffic)
	until := func(t *time.Duration) {
		if *t == 0 || *t > sc.Horizon {
			*t = sc.Horizon + 1 // the horizon itself belongs to the run
		}
	}
	for i := range c.Faults {
		until(&c.Faults[i].Until)
	}
	for i := range c.Traffic {
		until(&c.Traffic[i].Until)
	}
	c.Horizon = 2*sc.Horizon + longer
	return &c
}

// Lasting returns the violations of a run without those of liveness that a longer run does not
// have. One that the longer run excuses is excused.
func Lasting(found, longer []invariant.Violation) []invariant.Violation {
	var lasting []invariant.Violation
	for _, v := range found {
		if v.Excused == "" && ofLiveness(v.Invariant) {
			i := slices.IndexFunc(longer, v.Is)
			if i < 0 {
				continue
			}
			v.Excused = longer[i].Excused
		}
		lasting = append(lasting, v)
	}
	return lasting
}
