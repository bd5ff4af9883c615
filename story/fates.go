package story

import (
	"fmt"
	"slices"

	"rollsim/reducer"
	"rollsim/sim"
)

// A fateList has the fates of hosts.
type fateList struct {
	all []sim.Fate

	// required are those under a ref that must be opened. A fate in a Background is not required: some
	// of its scenarios may not have the ref.
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
	"fails a control":              sim.FailsControl,
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

// untested returns the first required fate whose ref is not among some refs: nothing tests it. It
// reports whether there is one.
func (l *fateList) untested(refs []string) (sim.Fate, bool) {
	i := slices.IndexFunc(l.required, func(f sim.Fate) bool {
		return !slices.Contains(refs, string(f.Ref))
	})
	if i < 0 {
		return sim.Fate{}, false
	}
	return l.required[i], true
}
