package shrink

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"rollsim/controlplane"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/suite/coverage"
	"rollsim/trace"
)

// lab runs scenarios and counts what that costs.
type lab struct {
	ctx     context.Context
	key     Key
	machine reducer.Machine
	pair    [2]reducer.Machine // of a key of two machines
	plane   controlplane.New   // of Options.ControlPlane

	spent, limit uint64 // simulated entries
	longest      uint64 // entries above which a run is given up
	runs         int

	// guard means that the specification does not show the key with the first case. A smaller case
	// must not let it show there either.
	guard bool

	verdicts map[uint64]verdict // by hash of the scenario file
}

// verdict is what the runs of a scenario show.
type verdict struct {
	holds bool // the key
	clean bool // the specification violates nothing
	fair  bool // what the specification violates is excused
}

// errSpent ends a search whose effort is used up.
var errSpent = errors.New("the effort is used up")

// judge runs a scenario. The error is that of the context, of a machine that does not answer, or
// errSpent.
func (l *lab) judge(sc *sim.Scenario, file string) (verdict, error) {
	hash := xxhash.Sum64String(file)
	if v, known := l.verdicts[hash]; known {
		return v, nil
	}
	v, err := l.examine(sc, file)
	if err == nil {
		l.verdicts[hash] = v
	}
	return v, err
}

// examine is judge without a memory. It runs the scenario that the file says, so that nothing is
// shown that a file cannot say.
func (l *lab) examine(sc *sim.Scenario, file string) (verdict, error) {
	switch {
	case l.ctx.Err() != nil:
		return verdict{}, l.ctx.Err()
	case l.spent >= l.limit:
		return verdict{}, errSpent
	}
	read, err := scenario.Parse("case.yaml", []byte(file))
	if err != nil {
		return verdict{}, nil //nolint:nilerr // an edit may leave something that is no scenario
	}
	read.Scenario.Name = sc.Name
	shown, err := l.shows(&read.Scenario)
	if err != nil || !shown {
		return verdict{}, err
	}
	if ofLiveness(l.key.Invariant) {
		longest := longestOf(&read.Scenario, l.key.Invariant == invariant.Unpruned)
		limit := l.longest
		l.longest *= 8
		shown, err = l.shows(extended(&read.Scenario, longest))
		l.longest = limit
		if err != nil || !shown {
			return verdict{}, err
		}
	}
	if !l.guard {
		return verdict{holds: true}, nil
	}
	found, err := l.specification(&read.Scenario)
	if err != nil {
		return verdict{}, err
	}
	fair := true
	for i := range found {
		if l.key.fits(&found[i]) {
			return verdict{}, nil
		}
		fair = fair && found[i].Excused != ""
	}
	return verdict{holds: true, clean: len(found) == 0, fair: fair}, nil
}

// asSpecified returns a scenario under the specified control plane.
func asSpecified(sc *sim.Scenario) *sim.Scenario {
	c := *sc
	c.ControlPlane, c.Mended = controlplane.Specified, nil
	return &c
}

// specification runs a scenario as specified.
func (l *lab) specification(sc *sim.Scenario) ([]invariant.Violation, error) {
	return l.runUnder(asSpecified(sc), reducer.RFC0008(), nil, nil)
}

// longestOf returns the longest length of time in a scenario, except the horizon: what is under way
// at its end ends within that. A retention counts only if it is asked for.
func longestOf(sc *sim.Scenario, retention bool) (longest time.Duration) {
	for _, v := range values(sc)[1:] {
		if retention || !v.retention {
			longest = max(longest, v.get(sc))
		}
	}
	return longest
}

// shows reports whether a run of a scenario shows the key.
func (l *lab) shows(sc *sim.Scenario) (bool, error) {
	if l.pair[0] != nil {
		return l.differ(sc)
	}
	if l.key.Departs != 0 {
		return l.departs(sc)
	}
	found, err := l.run(sc, l.machine, nil)
	for i := range found {
		if l.key.fits(&found[i]) {
			return true, err
		}
	}
	return false, err
}

// differ reports whether two machines answer a scenario differently.
func (l *lab) differ(sc *sim.Scenario) (bool, error) {
	var digests [2]trace.Digest
	for i, m := range l.pair {
		if _, err := l.run(sc, m, &digests[i]); err != nil {
			return false, err
		}
	}
	return digests[0].Sum() != digests[1].Sum(), nil
}

// departs reports whether the machine answers the event of the key otherwise than the
// specification.
func (l *lab) departs(sc *sim.Scenario) (bool, error) {
	compared := coverage.Compare(l.machine, reducer.RFC0008())
	_, err := l.run(sc, compared, nil)
	return slices.ContainsFunc(compared.Departures(), func(d coverage.Departure) bool {
		return d.State == l.key.State && d.Class == l.key.Departs
	}), err
}

// run runs a scenario and returns its violations. A panic, and an error of the simulator, is the
// violation ErrorInvariant.
func (l *lab) run(
	sc *sim.Scenario, m reducer.Machine, sink trace.Sink,
) ([]invariant.Violation, error) {
	return l.runUnder(sc, m, l.plane, sink)
}

// runUnder is run with another control plane: nil is the scenario's.
func (l *lab) runUnder(
	sc *sim.Scenario, m reducer.Machine, plane controlplane.New, sink trace.Sink,
) (found []invariant.Violation, err error) {
	if l.ctx.Err() != nil {
		return nil, l.ctx.Err()
	}
	out := &bounded{ctx: l.ctx, limit: l.longest, next: sink}
	defer func() {
		l.spent += max(1, out.written)
		l.runs++
	}()
	result, err := simulate(sc, sim.Options{
		Machine: m, Seed: sc.Seed, Sink: out, ControlPlane: plane,
		Refold: l.key.Invariant == invariant.FoldIsLive,
	})
	switch {
	case err == nil:
		return result.Violations, nil
	case errors.Is(err, errTooLong):
		return nil, nil
	case reducer.IsMachineFailure(err) || l.ctx.Err() != nil:
		return nil, err
	}
	return []invariant.Violation{
		{Invariant: ErrorInvariant, Subject: sc.Name, Detail: err.Error()},
	}, nil
}

// simulate runs a scenario and returns a panic as an error.
func simulate(sc *sim.Scenario, opt sim.Options) (result *sim.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return sim.Run(sc, opt)
}

// bounded is a sink that counts entries and refuses more than a limit. It passes those of the
// control plane on, without the header, which names the machine.
type bounded struct {
	ctx            context.Context
	written, limit uint64
	next           trace.Sink // nil for none
}

var errTooLong = errors.New("the run has too many entries")

func (b *bounded) Write(e *trace.Entry) error {
	b.written++
	switch {
	case b.written > b.limit:
		return errTooLong
	case b.written%4096 == 0 && b.ctx.Err() != nil:
		return b.ctx.Err()
	case b.next == nil || e.Header != nil:
		return nil
	}
	return b.next.Write(e)
}
