package story

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
)

var quantileSteps = []step{
	{
		topic: "Many seeds", phase: expects,
		words: `(the )time to converge( of (rollout ){rollout}) is under {duration} in (at least ` +
			`){percent} of (the )seeds`,
		doc: "The time from the opening of a rollout until it is Terminal, by default of the latest " +
			"one, is shorter than a length of time under so many of the seeds. Under a seed where it is " +
			"never Terminal it is not. The report shows the distribution.",
		example: `the time to converge is under 2 hours in 95% of the seeds`,
		solid:   "the time may be longer under more of the seeds",
		do: func(w *world, id reducer.RolloutID, most time.Duration, least sim.Probability) error {
			return w.expectQuantile(w.toConverge(id), most, least, false)
		},
	},
	{
		topic: "Many seeds", phase: expects,
		words: `(the )time to converge( of (rollout ){rollout}) is above {duration} in (at least ` +
			`){percent} of (the )seeds`,
		doc: "The time from the opening of a rollout until it is Terminal, by default of the latest " +
			"one, is longer than a length of time under so many of the seeds, or it is never Terminal.",
		example: `the time to converge of "stable@a1" is above 20 minutes in 50% of the seeds`,
		solid:   "the time may be shorter under more of the seeds",
		do: func(w *world, id reducer.RolloutID, most time.Duration, least sim.Probability) error {
			return w.expectQuantile(w.toConverge(id), most, least, true)
		},
	},
	{
		topic: "Many seeds", phase: expects,
		words: `(the )time from when {fact} until {fact} is under {duration} in (at least ){percent} ` +
			`of (the )seeds`,
		doc: "The time from one moment to a later one is shorter than a length of time under so many " +
			"of the seeds. Under a seed under which the later moment never comes it is not.",
		example: `the time from when wave 1 is soaking until "stable@a1" is Terminal is under 1 hour ` +
			`in 90% of the seeds`,
		solid: "the time may be longer under more of the seeds",
		do: func(w *world, from, to moment, most time.Duration, least sim.Probability) error {
			return w.expectQuantile(w.between(from, to), most, least, false)
		},
	},
}

// A measured is a time that a sentence measures under every seed.
type measured struct {
	what  string
	took  time.Duration
	ever  bool // it ends
	entry int
	err   error
}

// toConverge measures how long a rollout takes to converge.
func (w *world) toConverge(id reducer.RolloutID) measured {
	if id == "" {
		id = w.names.last
	}
	m := measured{what: fmt.Sprintf("time to converge of %q", id)}
	r, err := w.history.rollout(id)
	if err != nil {
		m.err = err
		return m
	}
	o, ever := convergence(r)
	m.took, m.ever, m.entry = o.at, ever, o.entry
	return m
}

// between measures the time between two moments. The first one must come.
func (w *world) between(from, to moment) measured {
	m := measured{entry: noEntry}
	first, err := w.firstTime(&from)
	if err != nil {
		m.err = err
		return m
	}
	last, err := w.firstTime(&to)
	m.what = fmt.Sprintf("time from when %v until %v", &from, &to) // with their rollouts
	if errors.As(err, new(*unmetError)) {
		return m
	}
	m.took, m.ever, m.entry, m.err = last.at-first.at, true, last.entry, err
	if err == nil && m.took < 0 {
		m.err = fmt.Errorf("%v comes %s before %v", &to, elapsed(-m.took), &from)
	}
	return m
}

// expectQuantile records what was measured under this seed. Once all seeds have run, the shares of
// the scenario decide.
func (w *world) expectQuantile(
	m measured, most time.Duration, least sim.Probability, above bool,
) error {
	if m.err != nil {
		return m.err
	}
	switch {
	case !w.seed.many:
		return errOneSeed
	case least == 0:
		return errNoShare
	}
	holds := m.ever && m.took < most
	if above {
		holds = !m.ever || m.took > most
	}
	share := seedShare{
		step: w.step, seeds: 1, least: 100 * float64(least) / float64(sim.Certain),
		spread: &Distribution{Step: w.step, What: m.what},
	}
	found := m.what + ": it never ends"
	if m.ever {
		share.spread.Times = []time.Duration{m.took}
		found = m.what + ": " + elapsed(m.took)
	} else {
		share.spread.Never = 1
	}
	if !holds {
		share.failing = []uint64{w.fleet.Seed}
		var unmet *unmetError
		if errors.As(w.fail(m.entry, w.sentence, found), &unmet) {
			share.found = unmet.text
		}
	}
	w.shares = append(w.shares, share)
	return nil
}

// A Distribution is what a sentence measures under the seeds of a scenario.
type Distribution struct {
	Step  int // the index of the sentence
	What  string
	Times []time.Duration // the shortest first
	Never int             // the number of seeds under which it does not end
}

// add adds what another run measured.
func (d *Distribution) add(more *Distribution) {
	d.Times = append(d.Times, more.Times...)
	slices.Sort(d.Times)
	d.Never += more.Never
}

// String returns the quantiles in one line.
func (d *Distribution) String() string {
	seeds := len(d.Times) + d.Never
	var parts []string
	for _, q := range []struct {
		name    string
		percent int
	}{{"least", 0}, {"50%", 50}, {"90%", 90}, {"95%", 95}, {"99%", 99}, {"most", 100}} {
		// The smallest time that as many of all seeds do not exceed.
		i := max(0, (q.percent*seeds+99)/100-1)
		text := "never"
		if i < len(d.Times) {
			text = elapsed(d.Times[i])
		}
		parts = append(parts, q.name+" "+text)
	}
	text := fmt.Sprintf("%s under %d seeds: %s", d.What, seeds, strings.Join(parts, ", "))
	if d.Never > 0 {
		text += fmt.Sprintf("; it never ends under %d of them", d.Never)
	}
	return text
}

// describe records the distributions of what the sentences measure.
func (s *Scenario) describe(shares []seedShare) {
	for i := range shares {
		if d := shares[i].spread; d != nil {
			s.Distributions = append(s.Distributions, *d)
		}
	}
}
