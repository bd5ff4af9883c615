package story

import (
	"fmt"
	"slices"

	"rollsim/reducer"
	"rollsim/sim"
)

// A fateList has what is decided in advance for hosts.
type fateList struct {
	all []sim.Fate

	// required are those under a ref, which must come. A Background may decide on refs that some of
	// its scenarios do not have.
	required []sim.Fate
}

// fateNames are the fates as the tables of features spell them.
var fateNames = map[string]sim.FateKind{
	"fails its probes":             sim.FailsProbes,
	"fails its activation":         sim.FailsActivation,
	"defers its activation":        sim.Defers,
	"never answers":                sim.NeverAnswers,
	"never completes its rollback": sim.NeverRollsBack,
	"always converges":             sim.ConvergesAnyway,
}

// fateName returns how the tables of features spell a fate.
func fateName(kind sim.FateKind) string {
	for name, k := range fateNames {
		if k == kind {
			return name
		}
	}
	return ""
}

// add decides the fate of some hosts. It refuses a fate that contradicts an earlier one.
func (l *fateList) add(hosts []reducer.HostID, fate sim.Fate, inBackground bool) error {
	decided := make(map[reducer.HostID]sim.FateKind)
	for _, f := range l.all {
		if f.Ref == fate.Ref && f.Kind.Settles() {
			decided[f.Host] = f.Kind
		}
	}
	for _, h := range hosts {
		if before, ok := decided[h]; ok && before != fate.Kind && fate.Kind.Settles() {
			return fmt.Errorf("host %s already %s, and only one of both can happen", h, fateName(before))
		}
		fate.Host = h
		if fate.Ref != "" && !inBackground {
			l.required = append(l.required, fate)
		}
		l.all = append(l.all, fate)
	}
	return nil
}

// untested returns the first fate under a ref other than some refs: nothing tests it.
func (l *fateList) untested(refs []string) (sim.Fate, bool) {
	i := slices.IndexFunc(l.required, func(f sim.Fate) bool {
		return !slices.Contains(refs, string(f.Ref))
	})
	if i < 0 {
		return sim.Fate{}, false
	}
	return l.required[i], true
}
