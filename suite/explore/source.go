package explore

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"

	"rollsim/controlplane"
	"rollsim/invariant"
	"rollsim/machine"
	"rollsim/machine/external"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/suite/coverage"
	"rollsim/suite/shrink"
	"rollsim/trace"
)

// FaultChoice selects the faults of a sweep. The zero value is invalid.
type FaultChoice uint8

// The choices.
const (
	NoFaults      FaultChoice = 1 + iota // only those of given scenarios
	SwarmFaults                          // each seed draws its own
	FaultsOfAFile                        // the same for every seed
)

// Source returns and runs the scenarios of each seed.
type Source struct {
	Swarm   *Swarm
	Machine string          // by name; empty for the machine of each given scenario
	Outside reducer.Machine // the machine of that name if machine.List does not have it, else nil
	// ControlPlane is the name of a control plane or DrawnControlPlane. If it is empty, given
	// scenarios run under their own, and drawn fleets under the specified one, or a drawn one for
	// machines that ship.
	ControlPlane controlplane.Name

	Faults FaultChoice
	Listed []sim.Fault // for FaultsOfAFile

	Given []Given // the scenarios to run under each seed; if empty, each seed draws one

	// Strict makes every answer that differs from the specification's a failure.
	Strict bool

	// FaultsArgument is the text of Faults on the command line.
	FaultsArgument string
}

// Given is a scenario of the command line.
type Given struct {
	Argument string // the text on the command line
	Scenario *sim.Scenario
}

// Specified is the name of the groups of answers that differ from the specification's.
const Specified invariant.Name = "as-specified"

// ErrorInvariant is the name of the failure of a run that ended with a panic or an error of the
// simulator.
const ErrorInvariant = shrink.ErrorInvariant

// CoverageTable returns the table with which the answers of a machine are compared: its own, or
// that of the specification for a machine in another process. It returns an error if no machine has
// that name.
func CoverageTable(name string) (*reducer.Table, error) {
	if strings.HasPrefix(name, external.Prefix) {
		return reducer.RFC0008(), nil
	}
	e, err := machine.ForSweep(name)
	return e.Table, err
}

// specification is the machine with which all others are compared.
var specification = reducer.RFC0008()

// cases returns how many scenarios run under each seed.
func (s *Source) cases() int { return max(1, len(s.Given)) }

// scenario returns the n-th scenario of a seed and the name of its machine.
func (s *Source) scenario(seed uint64, n int) (*sim.Scenario, string) {
	var sc *sim.Scenario
	var until time.Duration
	if len(s.Given) == 0 {
		choice := cmp.Or(s.ControlPlane, controlPlaneFor(s.Machine))
		sc, until = s.Swarm.draw(seed, s.Machine, choice, s.Faults == SwarmFaults)
	} else {
		given := *s.Given[n].Scenario
		given.Seed = seed
		if s.ControlPlane != "" {
			given.ControlPlane = drawControlPlane(seed, s.ControlPlane)
		}
		sc, until = &given, given.Horizon/2
		if s.Faults == SwarmFaults {
			sc = s.Swarm.withFaults(seed, sc)
		}
	}
	if s.Faults == FaultsOfAFile {
		sc.Faults = slices.Clone(sc.Faults)
		for _, f := range s.Listed {
			if f.Until == 0 {
				f.Until = until // so that the rollouts can end before the horizon
			}
			sc.Faults = append(sc.Faults, f)
		}
	}
	return sc, cmp.Or(s.Machine, sc.Machine)
}

// Scenario returns the n-th scenario of a seed, and its machine.
func (s *Source) Scenario(seed uint64, n int) (*sim.Scenario, reducer.Machine, error) {
	sc, name := s.scenario(seed, n)
	m, err := s.machine(name)
	return sc, m, err
}

// argument returns the text of the n-th scenario on the command line, or "" for a drawn scenario.
func (s *Source) argument(n int) string {
	if len(s.Given) == 0 {
		return ""
	}
	return s.Given[n].Argument
}

// claims returns the moments that must occur in some run of the n-th scenario.
func (s *Source) claims(n int) []string {
	if len(s.Given) == 0 {
		return nil
	}
	var all []string
	for _, m := range s.Given[n].Scenario.Sometimes {
		all = append(all, m.String())
	}
	return all
}

// outcome is the result of one run.
type outcome struct {
	machine    string
	entries    uint64
	simulated  time.Duration
	digest     string
	violations []invariant.Violation
	expected   []invariant.Violation
	departures []coverage.Departure
	ended      bool  // the run reached its horizon
	never      []int // the indices of the scenario's Sometimes that never occurred
	measured   *collector
}

// run runs the n-th scenario of a seed. It returns the error of the context, and an error if the
// machine does not answer. Any other failure of the run is a violation.
func (s *Source) run(ctx context.Context, seed uint64, n int) (*outcome, error) {
	sc, name := s.scenario(seed, n)
	o := &outcome{machine: name, expected: sc.ExpectViolations, measured: newCollector(ctx)}
	m, err := s.machine(name)
	if err != nil {
		return nil, err
	}
	compared, asked := coverage.Compare(m, specification), m
	if !isSpecification(m) {
		asked = compared
	}
	result, err := simulate(sc, asked, seed, o.measured)
	o.departures = compared.Departures()
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case reducer.IsMachineFailure(err):
		return nil, err
	}
	o.measured.settle()
	o.digest = o.measured.digest.Sum()
	o.entries = o.measured.digest.Entries()
	if err != nil {
		o.violations = []invariant.Violation{
			{Invariant: ErrorInvariant, Subject: sc.Name, Detail: err.Error()},
		}
		return o, nil
	}
	o.simulated = time.Duration(result.End - result.Start)
	o.violations = result.Violations
	o.ended, o.never = true, result.Never
	return o, s.keepLasting(ctx, o, sc, m, seed)
}

// keepLasting removes violations of liveness that a longer run of a given scenario does not have:
// what a seed draws, such as a host that is offline, may last beyond its horizon. The horizon of a
// drawn scenario leaves enough time.
func (s *Source) keepLasting(
	ctx context.Context, o *outcome, sc *sim.Scenario, m reducer.Machine, seed uint64,
) error {
	failing := slices.DeleteFunc(slices.Clone(o.violations), func(v invariant.Violation) bool {
		return o.excuse(&v) != ""
	})
	if len(s.Given) == 0 || !shrink.NeedsLonger(failing) {
		return nil
	}
	sink := newCollector(ctx)
	defer sink.release()
	result, err := simulate(shrink.Longer(sc, failing), m, seed, sink)
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case reducer.IsMachineFailure(err):
		return err
	case err == nil: // a failure after the horizon does not count
		o.violations = shrink.Lasting(o.violations, result.Violations)
	}
	return nil
}

// machine returns the machine with a name.
func (s *Source) machine(name string) (reducer.Machine, error) {
	if s.Outside != nil {
		return s.Outside, nil
	}
	e, err := machine.ForSweep(name)
	return e.Table, err
}

// isSpecification reports whether a machine answers as the specification by definition.
func isSpecification(m reducer.Machine) bool {
	t, ok := m.(*reducer.Table)
	return ok && t.SameCells(specification)
}

// simulate runs a scenario. It returns a panic as an error, so that the other seeds can run.
func simulate(
	sc *sim.Scenario, m reducer.Machine, seed uint64, sink trace.Sink,
) (result *sim.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	memory, ok := memories.Get().(*sim.Memory)
	if !ok {
		memory = new(sim.Memory)
	}
	result, err = sim.Run(
		sc, sim.Options{Machine: m, Seed: seed, Sink: sink, Refold: true, Memory: memory},
	)
	memories.Put(memory) // after a panic it is not used again
	return result, err
}

// memories are those of runs that have ended.
var memories sync.Pool

// excuse returns why a violation is not a failure, or "" if it is one.
func (o *outcome) excuse(v *invariant.Violation) string {
	if slices.ContainsFunc(o.expected, v.Is) {
		return "the scenario expects it"
	}
	return v.Excused
}

// signature returns the signature of a violation.
func (o *outcome) signature(v *invariant.Violation) signature {
	sig := signature{invariant: v.Invariant, state: v.State, event: v.Event}
	if v.Defect != "" { // the cause is known, wherever it shows
		sig = signature{invariant: v.Invariant, defect: v.Defect}
	}
	if o.excuse(v) != "" {
		sig.class = excused
	}
	return sig
}

// fingerprint returns a hash of the traces of a seed's runs and of their violations: 16 hexadecimal
// digits. The text of a violation is left out, so that its wording can change.
func fingerprint(outcomes []*outcome) string {
	sum := xxhash.New()
	for _, o := range outcomes {
		fmt.Fprintf(sum, "%s %d %d\n", o.digest, o.entries, len(o.violations))
		for _, v := range o.violations {
			fmt.Fprintf(sum, "%q %q %d %d %v %v %t\n",
				v.Invariant, v.Subject, v.Seq, v.At, v.State, v.Event, v.Excused != "")
			if v.Defect != "" {
				fmt.Fprintf(sum, "%q\n", v.Defect)
			}
		}
	}
	return fmt.Sprintf("%016x", sum.Sum64())
}

// runAll runs every scenario of a seed.
func (s *Source) runAll(ctx context.Context, seed uint64) ([]*outcome, error) {
	var all []*outcome
	for n := range s.cases() {
		o, err := s.run(ctx, seed, n)
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// release makes the memory of outcomes available for other seeds. They must not be used afterwards.
func release(outcomes []*outcome) {
	for _, o := range outcomes {
		o.measured.release()
		o.measured = nil
	}
}

// Fingerprint runs a seed and returns a hash of the runs, which must be the same each time: 16
// hexadecimal digits.
func (s *Source) Fingerprint(ctx context.Context, seed uint64) (string, error) {
	all, err := s.runAll(ctx, seed)
	if err != nil {
		return "", err
	}
	sum := fingerprint(all)
	release(all)
	return sum, nil
}

// WriteTrace runs the n-th scenario of a seed again and writes its trace. If the run fails, the
// trace ends there.
func (s *Source) WriteTrace(w io.Writer, seed uint64, n int) error {
	sc, name := s.scenario(seed, n)
	m, err := s.machine(name)
	if err != nil {
		return err
	}
	out := trace.NewWriter(w)
	// A failed run has a trace, too, and the writer keeps its own error.
	_, _ = simulate(sc, m, seed, out)
	return out.Close()
}

// WriteScenario writes the scenario that a seed draws as a scenario file, so that a failure can
// become a regression test.
func (s *Source) WriteScenario(w io.Writer, seed uint64) error {
	sc, name := s.scenario(seed, 0)
	return scenario.Write(w, sc, scenario.Writing{
		Comment: []string{fmt.Sprintf("Drawn by rollsim explore from seed %d.", seed)},
		Machine: name, Distributions: s.Swarm.yaml,
	})
}
