package shrink

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"rollsim/controlplane"
	"rollsim/invariant"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

// DefaultEffort is how many entries a search simulates at most.
const DefaultEffort = 20_000_000

// Options are the inputs of a search.
type Options struct {
	Scenario *sim.Scenario
	Machine  reducer.Machine
	// Key is what the case must show. Nil is the first violation of the scenario that is not
	// excused or expected; Exact keeps the last event before it, too.
	Key   *Key
	Exact bool

	// ControlPlane makes the control plane, as that of sim.Options; nil is the scenario's.
	ControlPlane controlplane.New

	// Movable means that a drawn control plane may be replaced with the specified one.
	Movable bool

	Effort uint64 // simulated entries; 0 is DefaultEffort

	// Progress, if not nil, receives each case that is accepted.
	Progress func(*Progress)
}

// Progress describes how far a search is.
type Progress struct {
	Pass         string
	Hosts, Lines int // of the case so far
	Spent        uint64
}

// Case is the result of a search.
type Case struct {
	Key     Key
	Machine string
	// Scenario shows the key, and nothing of it is drawn, except where Drawn says so.
	Scenario  *sim.Scenario
	Violation invariant.Violation // that has the key; zero for a key of two machines
	// Violations are all of the run, excused ones too.
	Violations []invariant.Violation

	// Specification reports whether the specification shows the key, too.
	Specification bool
	// Unfinished says why the case may be larger than it need be; empty if it need not.
	Unfinished string
	Spent      bool   // it is unfinished because the effort is used up
	Entries    uint64 // simulated
	Runs       int

	Before, After Extent

	longest uint64 // entries above which a run was given up
}

// Extent is how large a scenario is.
type Extent struct {
	Hosts int `json:"hosts"`
	Lines int `json:"lines"` // of its timeline, its fates and its faults
}

func extentOf(sc *sim.Scenario) Extent {
	return Extent{
		Hosts: len(allHosts(sc)),
		Lines: len(sc.Timeline) + len(sc.Fates) + len(sc.Faults) + len(sc.Traffic),
	}
}

// ErrHolds reports that the scenario does not show the key.
var ErrHolds = errors.New("nothing to shrink")

// Shrink searches for the smallest case that shows what a scenario shows. The error is ErrHolds,
// one of the scenario, or one of a machine that does not answer; a case that is not nil then is the
// smallest so far. If the context ends, the case is unfinished.
func Shrink(ctx context.Context, opt Options) (*Case, error) {
	s := &shrinker{
		lab: lab{
			ctx: ctx, machine: opt.Machine, plane: opt.ControlPlane, limit: opt.Effort,
			verdicts: make(map[uint64]verdict),
		},
		opt: &opt, movable: opt.Movable,
	}
	if s.limit == 0 {
		s.limit = DefaultEffort
	}
	before := extentOf(opt.Scenario)
	err := s.begin()
	failed := s.best != nil && reducer.IsMachineFailure(err) || errors.Is(err, errUnsteady)
	if err != nil && !failed {
		return nil, err
	}
	if err == nil {
		err = s.toFixpoint()
	}
	c := &Case{
		Key: s.key, Machine: opt.Machine.Name(), Scenario: s.best, Specification: !s.guard,
		Entries: s.spent, Runs: s.runs, Before: before, After: extentOf(s.best),
		longest: s.longest,
	}
	switch {
	case err == nil:
	case errors.Is(err, errSpent):
		c.Unfinished, err = fmt.Sprintf("it was stopped after %d simulated entries", s.spent), nil
		c.Spent = true
	case errors.Is(err, errUnsteady):
		c.Unfinished, err = err.Error(), nil
	case ctx.Err() != nil:
		c.Unfinished, err = "it was interrupted", nil
	default:
		c.Unfinished, _, _ = strings.Cut(err.Error(), "\n")
		return c, err
	}
	s.ctx, s.limit = context.WithoutCancel(ctx), s.spent+s.longest*4
	c.Violation, c.Violations = s.violations()
	return c, err
}

func specified(sc *sim.Scenario) bool {
	return sc.ControlPlane == "" || sc.ControlPlane == controlplane.Specified
}

// shrinker is a search.
type shrinker struct {
	lab
	opt     *Options
	movable bool

	best  *sim.Scenario // the smallest case so far
	size  size
	clean bool
	fast  bool // long runs come later

	sketched *sim.Scenario // the case for which trySketches has found nothing
	pass     string
	err      error // ends the search
}

// begin finds the first case: everything that the scenario draws is a line of its own, if that
// still shows the key.
func (s *shrinker) begin() error {
	sc := clone(s.opt.Scenario)
	sc.Sometimes, sc.ExpectViolations, sc.Deviations, sc.Name = nil, nil, nil, "case"
	s.longest = 1 << 40
	if err := s.chooseKey(); err != nil {
		return err
	}
	s.best = sc
	shown, err := s.shows(sc)
	if err != nil {
		return err
	}
	if err := s.steady(sc); err != nil {
		return err
	}
	if !shown {
		return fmt.Errorf("%w: it does not show %v", ErrHolds, s.key)
	}
	s.longest = 4*s.spent + 100_000
	if s.plane != nil || !isDefault(s.opt.Machine, sc) {
		found, err := s.specification(sc)
		if err != nil {
			return err
		}
		s.guard = true
		for i := range found {
			s.guard = s.guard && !s.key.fits(&found[i])
		}
	}
	for _, first := range s.explicit(sc) {
		tidy(first)
		file := text(first, s.opt.Machine.Name())
		v, err := s.judge(first, file)
		if err != nil {
			return err
		}
		if v.holds {
			s.best, s.size, s.clean = first, sizeOf(first, s.opt.Machine.Name()), v.clean
			return nil
		}
	}
	if err := s.steady(sc); err != nil {
		return err
	}
	return fmt.Errorf("the scenario shows %v, and not when it is written as a file", s.key)
}

// errUnsteady ends a search with a machine that is not pure.
var errUnsteady = errors.New("the machine answers differently the second time")

// steady returns errUnsteady if two runs of a scenario differ. The machines of this process are
// pure.
func (s *shrinker) steady(sc *sim.Scenario) error {
	if _, ok := s.machineOf().(*reducer.Table); ok {
		return nil
	}
	var digests [2]trace.Digest
	for i := range digests {
		if _, err := s.run(sc, s.machineOf(), &digests[i]); err != nil {
			return err
		}
	}
	if digests[0].Sum() != digests[1].Sum() {
		return errUnsteady
	}
	return nil
}

// chooseKey sets the key: that of the options, or the first violation that is a failure.
func (s *shrinker) chooseKey() error {
	if s.opt.Key != nil {
		s.key = *s.opt.Key
		for i, name := range s.key.Machines {
			if name == "" {
				break
			}
			e, err := machine.ForSweep(name)
			if err != nil {
				return err
			}
			s.pair[i] = e.Table
		}
		return nil
	}
	found, err := s.run(s.opt.Scenario, s.machine, nil)
	if err != nil {
		return err
	}
	for i := range found {
		v := &found[i]
		expected := false
		for _, e := range s.opt.Scenario.ExpectViolations {
			expected = expected || e.Is(*v)
		}
		if v.Excused == "" && !expected {
			s.key = KeyOf(v, s.opt.Exact)
			return nil
		}
	}
	return fmt.Errorf("%w: no invariant is violated", ErrHolds)
}

// explicit returns the scenarios to begin with, the most explicit one first: a crash of the control
// plane may need its place between a poll and a plan, where a line of the timeline cannot put it.
func (s *shrinker) explicit(sc *sim.Scenario) []*sim.Scenario {
	var all []*sim.Scenario
	kinds := append(sim.FaultKinds(), sim.ShippedFaultKinds()...)
	crashes := []sim.FaultKind{sim.ControlPlaneCrash, sim.TornOpeningCrash}
	for _, drawn := range [][]sim.FaultKind{nil, crashes, kinds} {
		said, err := explicit(sc, s.options(sc), drawn)
		if err != nil {
			continue
		}
		all = append(all, clone(said))
		if drawn == nil {
			later := clone(said)
			for i := range later.Timeline {
				if f := later.Timeline[i].Fault; f != nil && f.Kind == sim.ControlPlaneCrash {
					later.Timeline[i].At += time.Millisecond
				}
			}
			all = append(all, later)
		}
	}
	return append(all, sc)
}

// options returns those of a run.
func (s *shrinker) options(sc *sim.Scenario) sim.Options {
	return sim.Options{Machine: s.machineOf(), Seed: sc.Seed, ControlPlane: s.plane}
}

// explicit returns what sim.Explicit does, and a panic as an error.
func explicit(
	sc *sim.Scenario, opt sim.Options, drawn []sim.FaultKind,
) (said *sim.Scenario, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	said, _, err = sim.Explicit(sc, opt, drawn...)
	return said, err
}

// machineOf returns the machine that runs, or the first of two.
func (s *shrinker) machineOf() reducer.Machine {
	if s.pair[0] != nil {
		return s.pair[0]
	}
	return s.machine
}

// toFixpoint runs the passes until none of them accepts anything: first without long runs, then
// with them.
func (s *shrinker) toFixpoint() error {
	for _, s.fast = range []bool{true, false} {
		for again := true; again; {
			again = false
			for _, p := range passes() {
				s.pass = p.name
				accepted := p.run(s)
				if s.err != nil {
					return s.err
				}
				again = again || accepted
			}
		}
	}
	return nil
}

// try edits a copy of the best case, and reports whether that is accepted: it is smaller, shows the
// key, and the specification violates nothing more that is not excused.
func (s *shrinker) try(edit func(*sim.Scenario)) bool {
	if s.err != nil {
		return false
	}
	c := clone(s.best)
	edit(c)
	tidy(c)
	size := sizeOf(c, s.opt.Machine.Name())
	if size.compare(s.size) >= 0 {
		return false
	}
	v, err := s.judge(c, size.text)
	if err != nil {
		s.err = err
		return false
	}
	if !v.holds || s.clean && !v.fair {
		return false
	}
	if s.err = s.steady(c); s.err != nil {
		return false
	}
	s.best, s.size, s.clean = c, size, s.clean || v.clean
	if s.opt.Progress != nil {
		s.opt.Progress(&Progress{
			Pass: s.pass, Hosts: len(allHosts(c)), Lines: extentOf(c).Lines, Spent: s.spent,
		})
	}
	return true
}

// violations returns the violation of the best case that has the key, and all of them.
func (s *shrinker) violations() (v invariant.Violation, all []invariant.Violation) {
	all, err := s.run(s.best, s.machineOf(), nil)
	if err != nil {
		return v, nil
	}
	for i := range all {
		if s.pair[0] == nil && s.key.fits(&all[i]) {
			return all[i], all
		}
	}
	return v, all
}
