package shrink

import (
	"context"

	"rollsim/reducer"
)

// Accepts returns the name of a pass that makes a case smaller, or "" if none does.
func Accepts(c *Case, m reducer.Machine) string {
	return AcceptsIn(c, m, "")
}

// AcceptsIn is Accepts for one pass, or for every one.
func AcceptsIn(c *Case, m reducer.Machine, name string) string {
	s := &shrinker{
		lab: lab{
			ctx: context.Background(), key: c.Key, machine: m, limit: 1 << 62,
			longest:  max(c.longest, 100_000),
			verdicts: make(map[uint64]verdict), guard: !c.Specification,
		},
		opt: &Options{Machine: m, Key: &c.Key}, best: c.Scenario, size: sizeOf(c.Scenario, m.Name()),
	}
	if v, err := s.judge(s.best, s.size.text); err != nil || !v.holds {
		return "none, because the case does not show its key"
	} else {
		s.clean = v.clean
	}
	for _, p := range passes() {
		if (name == "" || p.name == name) && p.run(s) || s.err != nil {
			return p.name
		}
	}
	return ""
}

// PassNames returns the names of all passes.
func PassNames() []string {
	var all []string
	for _, p := range passes() {
		all = append(all, p.name)
	}
	return all
}
