package story

import (
	"fmt"
	"slices"

	"rollsim/reducer"
	"rollsim/story/gherkin"
)

// givens are the things that sentences and tags have set, such as the policy of a channel. A
// Background may override a scenario file, the Background of a rule that of its feature, and a
// scenario its Backgrounds. Setting a thing twice at one place is a contradiction.
type givens []given

// A given is one thing that was set.
type given struct {
	thing string
	hosts []reducer.HostID // to which it is limited; nil for all
	level gherkin.Level
	by    string // the sentence or the tag
	tag   bool
	value string // of a tag, and of a sentence that sets what tags can set
}

// give records that the current sentence sets a thing. It refuses a thing that another sentence of
// the same place sets.
func (w *world) give(thing string) error { return w.giveHosts(thing, nil) }

// giveHosts is give for a thing of some hosts. An exception for fewer hosts than an earlier
// sentence named is no contradiction.
func (w *world) giveHosts(thing string, hosts []reducer.HostID) error {
	for _, g := range w.givens {
		if g.thing == thing && g.level == w.level && contradict(g.hosts, hosts) {
			return fmt.Errorf(
				"%s is given twice in one place: another sentence says: %s\n"+
					"    delete one of them; a scenario may override its Background", thing, g.by,
			)
		}
	}
	w.givens = append(w.givens, given{thing: thing, hosts: hosts, level: w.level, by: w.sentence})
	return nil
}

// contradict reports whether two sentences about some hosts set the same thing for one of them, and
// the later one is not an exception to the earlier one. No hosts stand for all: a sentence about
// some of them is an exception.
func contradict(earlier, later []reducer.HostID) bool {
	if earlier == nil || later == nil {
		return earlier == nil && later == nil
	}
	in := func(h reducer.HostID) bool { return slices.Contains(earlier, h) }
	narrower := len(later) < len(earlier) && !slices.ContainsFunc(
		later, func(h reducer.HostID) bool { return !in(h) },
	)
	return slices.ContainsFunc(later, in) && !narrower
}

// giveNearest records that a tag or the current sentence sets a thing that both can set. It reports
// whether this one counts: the nearest one does. It refuses one that contradicts another of the
// same place.
func (w *world) giveNearest(thing, by, value string, tag bool) (counts bool, err error) {
	counts = true
	for _, g := range w.givens {
		switch {
		case g.thing != thing || g.level < w.level:
		case g.level > w.level:
			counts = false
		case g.tag && tag && g.value == value, g.tag != tag && g.value == value:
		case tag && g.tag:
			// Tables of examples have tags of their own, which override those of their outline. A document
			// with contradictory tags at one place is refused.
		default:
			return false, fmt.Errorf(
				"%s is given twice in one place: %s, and %s\n    delete one of them", thing, g.by, by,
			)
		}
	}
	w.givens = append(w.givens, given{thing: thing, level: w.level, by: by, tag: tag, value: value})
	return counts, nil
}
