package story

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
)

// An Explorer returns what may go wrong in a run. With one, a scenario can be a claim about every
// run in which up to so many things go wrong. Package suite/prove has one.
type Explorer interface {
	// Plain returns a scenario in which nothing is drawn.
	Plain(*sim.Scenario) *sim.Scenario

	// Next returns what may go wrong in addition to what goes wrong in a run.
	Next(*WrongRun) ([]Deviation, error)
}

// A Deviation is one thing that goes wrong in a run.
type Deviation interface {
	fmt.Stringer
	Instant() time.Duration // the first one at which the run differs, since the start
	Apply(*sim.Scenario)    // edits a scenario whose slices may be appended to
	Identity() uint64       // another one for each deviation
	AllowedBy(*sim.Allowance) bool
}

// A WrongRun is a run in which something goes wrong, or nothing.
type WrongRun struct {
	Given      *sim.Scenario // with what is drawn, and what may go wrong
	Simulated  *sim.Scenario // as it ran
	Machine    reducer.Machine
	Deviations []Deviation // in the order of their instants
}

// wrongs are what may go wrong in the story, and what does in the current run.
type wrongs struct {
	explorer Explorer
	bound    int // how many things at once; 0 if no sentence says so
	allowed  []allowance
	mishaps  []Deviation // of the current run, in the order of their instants
	ignored  int         // how many of the last ones are left out, because everything settles before
}

// An allowance is a sentence that allows something to go wrong.
type allowance struct {
	sim.Allowance
	sentence string
	step     int
}

// claims reports whether the scenario is about all runs in which something goes wrong.
func (g *wrongs) claims() bool { return g.bound > 0 || len(g.allowed) > 0 }

// most returns how many things go wrong at once; 0 if that is not limited.
func (g *wrongs) most() int {
	if g.bound > 0 {
		return g.bound
	}
	most := 0
	for i := range g.allowed {
		if g.allowed[i].AtMost == 0 {
			return 0
		}
		most += g.allowed[i].AtMost
	}
	return most
}

// deviates reports whether something goes wrong in the current run.
func (g *wrongs) deviates() bool { return len(g.mishaps) > 0 }

var errNoExplorer = errors.New("this program does not try what may go wrong: run the scenario " +
	"with rollsim features")

// checkWrongs refuses a claim that cannot be tried.
func (w *world) checkWrongs() error {
	g := &w.wrong
	switch {
	case !g.claims():
		return nil
	case g.most() == 0:
		return fmt.Errorf("how many of these go wrong at once is not limited: %s\n    say for example: "+
			"Given up to 2 things go wrong", g.allowed[0].sentence)
	case w.seed.many:
		return errors.New("nothing is drawn where everything that may go wrong is tried: leave out the " +
			"seeds, or say nothing about what may go wrong")
	case len(w.others) > 0:
		return fmt.Errorf("the runs of a scenario about everything that may go wrong have no other run "+
			"next to them: leave out one of the two: When %s", w.others[0].sentence)
	case drawn(&w.fleet.Scenario):
		return errors.New("nothing is drawn where everything that may go wrong is tried: leave out " +
			"what happens by chance, or say nothing about what may go wrong")
	case g.explorer == nil && !w.rehearsing:
		return errNoExplorer
	}
	return nil
}

// drawn reports whether something of a scenario goes wrong, or arrives, by chance.
func drawn(sc *sim.Scenario) bool {
	chances := func(b *sim.Behaviour) bool {
		return slices.ContainsFunc([]*sim.Probability{
			b.ActivationFailure, b.Deferral, b.ProbeFailure, b.RollbackFailure, b.NoAnswer,
		}, func(p *sim.Probability) bool { return p != nil && *p > 0 })
	}
	return len(sc.Faults)+len(sc.Traffic) > 0 || chances(&sc.Behaviour) ||
		slices.ContainsFunc(sc.Groups, func(g sim.Group) bool { return chances(&g.Behaviour) })
}

// given returns a scenario with what may go wrong.
func (g *wrongs) given(sc sim.Scenario) *sim.Scenario {
	if len(g.allowed) > 0 {
		sc.Deviations = nil
		for i := range g.allowed {
			sc.Deviations = append(sc.Deviations, g.allowed[i].Allowance)
		}
	}
	return &sc
}

// apply returns a scenario with what goes wrong in the current run. Without a claim that is the
// scenario itself.
func (g *wrongs) apply(sc sim.Scenario) sim.Scenario {
	if !g.claims() || g.explorer == nil {
		return sc
	}
	sc = *g.explorer.Plain(&sc)
	sc.Fates, sc.Delays = slices.Clip(sc.Fates), slices.Clip(sc.Delays)
	sc.Timeline = slices.Clip(sc.Timeline)
	for _, d := range g.mishaps[:len(g.mishaps)-g.ignored] {
		d.Apply(&sc)
	}
	return sc
}

// nextMishaps returns what may go wrong in addition to what goes wrong in the current run.
func (w *world) nextMishaps() ([]Deviation, error) {
	g := &w.wrong
	sc := w.unspoilt(w.timeline.actions)
	run := WrongRun{
		Given: g.given(sc), Simulated: w.history.scenario, Machine: w.simulator.driver(),
		Deviations: g.mishaps,
	}
	run.Given.Horizon = run.Simulated.Horizon
	return g.explorer.Next(&run)
}

// forecastSettled returns a run in which everything settles, and reports whether it is a run of the
// story so far. It is not if something goes wrong only after everything has settled.
func (w *world) forecastSettled() (h *history, whole bool, err error) {
	g := &w.wrong
	defer func() { g.ignored = 0 }()
	for g.ignored = len(g.mishaps); ; g.ignored-- {
		if h, err = w.forecast(w.timeline.actions); err != nil || g.ignored == 0 {
			return h, true, err
		}
		next := g.mishaps[len(g.mishaps)-g.ignored]
		if next.Instant() >= max(w.timeline.now, h.settled()) {
			return h, false, nil
		}
	}
}

// An impossibleError says that something cannot happen in a run. If something goes wrong in it, it
// does not happen then.
type impossibleError struct{ error }

func (e impossibleError) Unwrap() error { return e.error }

// prevented reports whether a happening cannot happen because something goes wrong.
func (w *world) prevented(err error) bool {
	return w.wrong.deviates() && errors.As(err, new(impossibleError))
}
