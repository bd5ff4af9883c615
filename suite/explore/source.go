package explore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"rollsim/invariant"
	"rollsim/machine"
	"rollsim/machine/external"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

// FaultChoice says what goes wrong in a sweep. The zero value is invalid.
type FaultChoice uint8

// The choices.
const (
	NoFaults      FaultChoice = 1 + iota // none but those of given scenarios
	SwarmFaults                          // each seed draws its own
	FaultsOfAFile                        // the same for every seed
)

// Source says what a sweep runs under each seed.
type Source struct {
	Swarm   *Swarm
	Machine string          // by name; empty lets each given scenario have its own
	Outside reducer.Machine // the one of that name where it is not of machine.List, else nil
	Faults  FaultChoice
	Listed  []sim.Fault // for FaultsOfAFile

	Given []Given // scenarios to run under each seed; without any, each seed draws one

	// FaultsArgument is how the command line spells Faults.
	FaultsArgument string
}

// Given is a scenario that was not drawn.
type Given struct {
	Argument string // how the command line names it
	Scenario *sim.Scenario
}

// ErrorInvariant names the failure of a run that broke off: by a panic, or by an error of the
// simulator.
const ErrorInvariant invariant.Name = "no-error"

// CoverageTable gives the table that what a machine answers is held against: its own, or the
// specification's where it has none that is known here. The error says that no machine has that
// name.
func CoverageTable(name string) (*reducer.Table, error) {
	if strings.HasPrefix(name, external.Prefix) {
		return reducer.RFC0008(), nil
	}
	e, err := machine.ForSweep(name)
	return e.Table, err
}

// cases tells how many scenarios run under each seed.
func (s *Source) cases() int { return max(1, len(s.Given)) }

// scenario gives the n-th scenario of a seed and the name of its machine.
func (s *Source) scenario(seed uint64, n int) (*sim.Scenario, string) {
	var sc *sim.Scenario
	var until time.Duration
	if len(s.Given) == 0 {
		sc, until = s.Swarm.draw(seed, s.Machine, s.Faults == SwarmFaults)
	} else {
		given := *s.Given[n].Scenario
		given.Seed = seed
		sc, until = &given, given.Horizon/2
		if s.Faults == SwarmFaults {
			sc = s.Swarm.Lay(seed, sc)
		}
	}
	if s.Faults == FaultsOfAFile {
		sc.Faults = slices.Clone(sc.Faults)
		for _, f := range s.Listed {
			if f.Until == 0 {
				f.Until = until // or else nothing would ever settle
			}
			sc.Faults = append(sc.Faults, f)
		}
	}
	return sc, cmp.Or(s.Machine, sc.Machine)
}

// argument is how the command line names the n-th scenario; empty for a drawn one.
func (s *Source) argument(n int) string {
	if len(s.Given) == 0 {
		return ""
	}
	return s.Given[n].Argument
}

// claims says what the n-th scenario claims to come true sometimes.
func (s *Source) claims(n int) []string {
	if len(s.Given) == 0 {
		return nil
	}
	var all []string
	for _, m := range s.Given[n].Scenario.Sometimes {
		all = append(all, momentWords(&m))
	}
	return all
}

// outcome is what one run came to.
type outcome struct {
	machine    string
	entries    uint64
	simulated  time.Duration
	digest     string
	violations []invariant.Violation
	expected   []invariant.Violation
	ended      bool  // it went to its horizon
	never      []int // of the scenario's Sometimes
	measured   *collector
}

// run runs the n-th scenario of a seed. The error is the context's, or that of a machine that gives
// no answer: whatever else goes wrong in the run is a violation.
func (s *Source) run(ctx context.Context, seed uint64, n int) (*outcome, error) {
	sc, name := s.scenario(seed, n)
	o := &outcome{machine: name, expected: sc.ExpectViolations, measured: newCollector(ctx)}
	result, err := s.simulate(sc, name, seed, o.measured)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, new(*reducer.MachineFailure)):
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
	return o, nil
}

// simulate runs one scenario; a panic is an error, so that the other seeds go on.
func (s *Source) simulate(
	sc *sim.Scenario, name string, seed uint64, sink trace.Sink,
) (result *sim.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	m := s.Outside
	if m == nil {
		e, err := machine.ForSweep(name)
		if err != nil {
			return nil, err
		}
		m = e.Table
	}
	return sim.Run(sc, sim.Options{Machine: m, Seed: seed, Sink: sink, Refold: true})
}

// failures gives the violations that neither the simulator excuses nor the scenario expects.
func (o *outcome) failures() []invariant.Violation {
	return slices.DeleteFunc(
		slices.Clone(o.violations), func(v invariant.Violation) bool { return o.excuse(&v) != "" },
	)
}

// excuse tells why a violation is no failure; empty when it is one.
func (o *outcome) excuse(v *invariant.Violation) string {
	if slices.ContainsFunc(o.expected, v.Is) {
		return "the scenario expects it"
	}
	return v.Excused
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

// Fingerprint runs a seed and gives what must be the same whenever it is run: 16 hexadecimal
// digits.
func (s *Source) Fingerprint(ctx context.Context, seed uint64) (string, error) {
	all, err := s.runAll(ctx, seed)
	if err != nil {
		return "", err
	}
	return fingerprint(all), nil
}

// WriteTrace runs a seed's n-th scenario once more and writes its trace, up to where it breaks off
// if it does.
func (s *Source) WriteTrace(w io.Writer, seed uint64, n int) error {
	sc, name := s.scenario(seed, n)
	out := trace.NewWriter(w)
	// what broke is what the trace is written for; the writer keeps its own error
	_, _ = s.simulate(sc, name, seed, out)
	return out.Close()
}
