package prove

import (
	"time"

	"rollsim/sim"
	"rollsim/story"
)

// Stories returns what may go wrong in a run of a scenario of a feature.
func Stories() story.Explorer { return stories{} }

type stories struct{}

// Plain implements story.Explorer.
func (stories) Plain(sc *sim.Scenario) *sim.Scenario { return Plain(sc) }

// Next implements story.Explorer. A ref does not move earlier: the sentences say when it moves.
func (stories) Next(run *story.WrongRun) ([]story.Deviation, error) {
	p, err := New(Options{Scenario: run.Given, Machine: run.Machine, Asymmetric: true})
	if err != nil {
		return nil, err
	}
	p.moves = nil
	n := &node{}
	for _, d := range run.Deviations {
		n = n.with(d.(*Deviation))
	}
	_, _, next, err := p.simulate(run.Simulated, n, true)
	var all []story.Deviation
	for _, d := range next {
		all = append(all, d)
	}
	return all, err
}

// Instant returns the first instant at which the run differs, since the start.
func (d *Deviation) Instant() time.Duration { return d.At }

// Apply edits a scenario whose slices may be appended to.
func (d *Deviation) Apply(sc *sim.Scenario) { d.apply(sc) }

// Identity returns a number that is another one for each deviation.
func (d *Deviation) Identity() uint64 { return d.hash }

// AllowedBy reports whether an allowance is about the deviation.
func (d *Deviation) AllowedBy(a *sim.Allowance) bool { return a.Allows(d.Kind, d.host) }
