package story

import (
	"errors"
	"fmt"
	"strings"

	"rollsim/reducer"
	"rollsim/sim"
)

// A seedShare counts the seeds under which a sentence holds that need not hold under all of them.
type seedShare struct {
	step    int
	least   float64 // percent
	seeds   int
	failing []uint64
	found   string // under the first seed that fails

	spread *Distribution // of what the sentence measures; nil if it measures nothing
}

var shareSteps = []step{
	{
		topic: "Many seeds", phase: expects,
		words: `in at least {percent} of (the )seeds(,) {sentence}`,
		doc: "The sentence after it holds under so many of the seeds of the scenario, and not " +
			"necessarily under each. A failure names the seeds under which it does not hold.",
		example: `in at least 90% of the seeds, "stable@a1" is Terminal within 22 minutes`,
		solid:   "the sentence must hold under some seeds",
		do:      func(*world, sim.Probability, string) error { return errCarriedOut },
		wraps:   true,
	},
}

var errOneSeed = errors.New(
	"the scenario has one seed: say for example Given each of the seeds 1 to 100",
)

var errNoShare = errors.New("this holds under 0% of the seeds in any case: say a larger share")

// errCarriedOut is the error of the function of a step that wraps a sentence, which is not called.
var errCarriedOut = errors.New("the sentence is carried out instead")

// expectShare carries out a sentence that must hold under a share of the seeds. If it does not
// hold, what it changes in the story is undone.
func (w *world) expectShare(least sim.Probability, inner reading, sentence string) error {
	switch {
	case inner.step.phase != expects:
		return errors.New("only an expectation of a run can hold under a share of the seeds")
	case !w.seed.many:
		return errOneSeed
	case least == 0:
		return errNoShare
	}
	held, found, err := w.attempt(inner, sentence)
	share := seedShare{
		step: w.step, seeds: 1, least: 100 * float64(least) / float64(sim.Certain), found: found,
	}
	if !held {
		share.failing = []uint64{w.fleet.Seed}
	}
	w.shares = append(w.shares, share)
	return err
}

// attempt carries out a sentence that need not hold. It reports whether it does, or else what was
// found; what it changes in the story is then undone.
func (w *world) attempt(inner reading, sentence string) (held bool, found string, err error) {
	that, claims, before, now, outer := w.that, w.claims, w.allowed, w.timeline, w.sentence
	err = w.do(inner, sentence)
	w.claims, w.sentence = claims, outer // it may be false at the end of the story
	var unmet *unmetError
	if errors.As(err, &unmet) {
		w.that, w.allowed, w.timeline = that, before, now
		return false, unmet.text, nil
	}
	return true, "", err
}

// mergeShares adds up the shares of several runs of a scenario.
func mergeShares(all, more []seedShare) []seedShare {
	if all == nil {
		return more
	}
	for i := range all {
		if i >= len(more) {
			break
		}
		all[i].seeds += more[i].seeds
		all[i].failing = append(all[i].failing, more[i].failing...)
		if all[i].found == "" {
			all[i].found = more[i].found
		}
		if all[i].spread != nil && more[i].spread != nil {
			all[i].spread.add(more[i].spread)
		}
	}
	return all
}

// settleShares fails a scenario in which a sentence holds under too few seeds. It returns the seed
// of the failure that the message quotes; it is not set if enough hold.
func (s *Scenario) settleShares(shares []seedShare) (quoted reducer.Opt[uint64]) {
	for i := range shares {
		share := &shares[i]
		held := share.seeds - len(share.failing)
		if 100*float64(held) >= share.least*float64(share.seeds) {
			continue
		}
		const most = 10
		var seeds []string
		for _, seed := range share.failing[:min(most, len(share.failing))] {
			seeds = append(seeds, fmt.Sprint(seed))
		}
		if len(share.failing) > most {
			seeds = append(seeds, "…")
		}
		step := &s.Steps[share.step]
		step.Status = Failed
		s.Status, s.Step, s.StepLine = Failed, step.Keyword+" "+step.Text, step.Line
		s.Message = fmt.Sprintf(
			"it holds under %d of %d seeds, %.3g%%; it does not under %s\nunder seed %d:\n%s", held,
			share.seeds, 100*float64(held)/float64(share.seeds), strings.Join(seeds, ", "),
			share.failing[0], share.found,
		)
		if share.spread != nil {
			s.Message += "\n" + share.spread.String()
		}
		return reducer.Some(share.failing[0])
	}
	return quoted
}
