package prove

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"rollsim/controlplane"
	"rollsim/internal/deviation"
	"rollsim/internal/shard"
	"rollsim/invariant"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/suite/shrink"
)

// Options are the inputs of a proof.
type Options struct {
	Scenario *sim.Scenario
	Machine  reducer.Machine
	// ControlPlane makes the control plane; nil for the scenario's.
	ControlPlane controlplane.New

	Kinds Kinds // 0 is what the scenario allows: all, if it does not say
	Jobs  int   // how many runs at once; below 1 is 1

	// Uncut tries what follows a state as often as runs reach it, and Repeat also makes each run begin
	// at the start. That is slower, and finds the same.
	Uncut, Repeat bool

	// Asymmetric tries every host, also those that nothing distinguishes from another one.
	Asymmetric bool

	// Other, if not nil, is another machine, and OtherPlane another control plane. A failure then
	// is a run that differs with them, and no violation of an invariant.
	Other      reducer.Machine
	OtherPlane controlplane.Name
	// OtherControlPlane makes the other control plane; nil for that of OtherPlane.
	OtherControlPlane controlplane.New

	Continue bool // after a counterexample, to find failures that need more deviations
	Shard    shard.Shard

	// Save, if not nil, receives the result from time to time, and at the end.
	Save func(*Result) error
}

// Prover runs a scenario with deviations.
type Prover struct {
	opt      Options
	kinds    Kinds           // those that are tried
	allowed  []sim.Allowance // which of their deviations are
	plain    *sim.Scenario
	moves    []int              // the lines of the plain timeline, from 0, that move a ref
	classes  [][]reducer.HostID // hosts that stand for each other
	drawn    map[stageOf]*sim.Distribution
	expected []invariant.Violation
	all      bool // any number of deviations is tried

	// For tests: redundant tries also what is known to make no difference. reached receives the states
	// after all instants, without what is used.
	redundant bool
	reached   func(state uint64, active bool)

	// Progress, if not nil, receives the number of runs so far, and how many deviations they have.
	Progress func(runs uint64, deviations int)
}

// mostMoments is how many moments of Sometimes have a bit each.
const mostMoments = 64

// stageOf is a stage of a host under a ref.
type stageOf struct {
	host  reducer.HostID
	ref   reducer.ChannelRef
	stage sim.Stage
}

// New returns a Prover. The error says what is wrong with the scenario.
func New(opt Options) (*Prover, error) {
	p := &Prover{
		opt: opt, allowed: allowances(&opt), plain: Plain(opt.Scenario),
		expected: opt.Scenario.ExpectViolations,
	}
	for i := range p.allowed {
		p.kinds |= p.allowed[i].Kinds
	}
	p.kinds &^= p.impossible()
	if n := len(p.plain.Sometimes); n > mostMoments {
		return nil, fmt.Errorf("%s: %d moments under sometimes, expected at most %d",
			opt.Scenario.Name, n, mostMoments)
	}
	for i := range p.plain.Timeline {
		if line := &p.plain.Timeline[i]; line.SetRef != nil && line.When == nil {
			p.moves = append(p.moves, i)
		}
	}
	slices.SortStableFunc(p.moves, func(a, b int) int {
		return int(p.plain.Timeline[a].At - p.plain.Timeline[b].At)
	})
	var err error
	if p.drawn, err = p.distributions(); err != nil || opt.Asymmetric {
		return p, err
	}
	if p.differs() {
		// Hosts that are in the same state in one of the two runs may not be in the other one.
		if k, err := p.newWalk(p.plain); k != nil || err != nil {
			return p, err
		}
	}
	if p.plain.ControlPlane != controlplane.Shipped && opt.OtherPlane != controlplane.Shipped {
		p.classes = classesOf(p.plain, p.allowed) // what the shipped one draws distinguishes hosts
	}
	return p, nil
}

// distributions returns what each stage of each host draws in the given scenario, under each ref.
func (p *Prover) distributions() (map[stageOf]*sim.Distribution, error) {
	all := make(map[stageOf]*sim.Distribution)
	refs := make(map[reducer.ChannelRef]bool)
	for i := range p.plain.Timeline {
		switch line := &p.plain.Timeline[i]; {
		case line.SetRef != nil:
			refs[line.SetRef.Ref] = true
		case line.Release != nil:
			refs[line.Release.Ref] = true
		case line.Event != nil && line.Event.TargetRef != "":
			refs[line.Event.TargetRef] = true
		}
	}
	for ref := range refs {
		for _, host := range hostsOf(p.opt.Scenario) {
			b, err := sim.BehaviourOf(p.opt.Scenario, host, ref)
			if err != nil {
				return nil, err
			}
			for i, d := range b.Delays() {
				all[stageOf{host, ref, sim.Stages()[i]}] = *d
			}
		}
	}
	return all, nil
}

func (p *Prover) distribution(
	host reducer.HostID, ref reducer.ChannelRef, stage sim.Stage,
) *sim.Distribution {
	return p.drawn[stageOf{host, ref, stage}]
}

// lengths returns how long a fault of a kind lasts: what the scenario draws, its shortest and its
// 99th percentile, or a short and a long time.
func (p *Prover) lengths(kind sim.FaultKind) []time.Duration {
	for i := range p.opt.Scenario.Faults {
		f := &p.opt.Scenario.Faults[i]
		if f.Kind != kind || f.For == nil {
			continue
		}
		if only, fixed := f.For.Fixed(); fixed {
			return []time.Duration{only}
		}
		return []time.Duration{f.For.Table()[0], high(f.For)}
	}
	if kind == sim.MessageDelayed || kind == sim.MessageDuplicated {
		return []time.Duration{shortFault, lateMessage}
	}
	return []time.Duration{shortFault, longFault}
}

// outcome is the outcome of a run.
type outcome struct {
	void     bool // a deviation keeps another one of its instant from happening: this is no run
	found    []finding
	met      uint64 // bit i is set if moment i of Sometimes has happened
	children []*Deviation
	err      error
}

// run runs the scenario with the deviations of a node, from the start. With expand it also returns
// the deviations that may come next.
func (p *Prover) run(n *node, expand bool) *outcome {
	k, result, next, err := p.simulate(n.scenario(p.plain), n, expand)
	o := p.judge(n, k, result, err)
	if p.differs() && o.err == nil && !o.void && len(o.found) == 0 {
		p.compare(n, n.scenario(p.plain), o)
	}
	o.children = next
	return o
}

// judge returns the outcome of a run that has ended.
func (p *Prover) judge(n *node, k *sim.Walk, result *sim.Result, err error) *outcome {
	o := new(outcome)
	switch {
	case reducer.IsMachineFailure(err):
		o.err = err
		return o
	case err != nil:
		o.found = []finding{{node: n, violation: violation{Violation: invariant.Violation{
			Invariant: shrink.ErrorInvariant, Subject: p.plain.Name, Detail: err.Error(),
		}}}}
		return o
	}
	o.met = p.metMoments(k)
	if o.void, o.err = n.ineffective(p.plain, result); o.void || o.err != nil {
		return o
	}
	if p.differs() { // what matters is that the other run is the same
		return o
	}
	for _, v := range result.Violations {
		if v.Excused == "" && !slices.ContainsFunc(p.expected, v.Is) && !n.prunes(&v) {
			o.found = append(o.found, finding{node: n, violation: violation{Violation: v}})
		}
	}
	if len(o.found) > 0 {
		o.found, o.err = p.lasting(n.scenario(p.plain), o.found)
	}
	return o
}

// options returns the options of a run.
func (p *Prover) options(sc *sim.Scenario) sim.Options {
	return sim.Options{
		Machine: p.opt.Machine, ControlPlane: p.opt.ControlPlane, Seed: sc.Seed, Refold: true,
		Classes: p.classes, Strays: p.kinds.Has(StrayEvent), Digest: p.differs(),
	}
}

// simulate runs a scenario, and returns a panic as an error.
func (p *Prover) simulate(
	sc *sim.Scenario, n *node, expand bool,
) (k *sim.Walk, result *sim.Result, next []*Deviation, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	k, err = sim.NewWalk(sc, p.options(sc))
	if err != nil {
		return nil, nil, nil, err
	}
	var behind *sim.Walk // the run before the instant, where runs can be copied
	if expand && k.Forkable() == nil {
		behind = k.Fork(true)
	}
	for k.Next() {
		if expand {
			next = append(next, p.menu(n, behind, k)...)
		}
		if behind != nil {
			behind.Next()
		}
	}
	if err := k.Err(); err != nil {
		return nil, nil, nil, err
	}
	result, err = k.Finish()
	return k, result, distinct(next), err
}

// distinct removes deviations that are there twice.
func distinct(all []*Deviation) []*Deviation {
	seen := make(map[uint64]bool, len(all))
	return slices.DeleteFunc(all, func(d *Deviation) bool {
		twice := seen[d.hash]
		seen[d.hash] = true
		return twice
	})
}

// metMoments returns which moments of Sometimes have happened in a run.
func (p *Prover) metMoments(k *sim.Walk) uint64 {
	met := uint64(1)<<len(p.plain.Sometimes) - 1
	for _, i := range k.Missing() {
		met &^= 1 << i
	}
	return met
}

// ineffective reports whether a deviation of a run did not happen, because another one at the same
// instant has prevented it. The error says that it did not happen for another reason: the run up to
// it was another one than that which has met it.
func (n *node) ineffective(plain *sim.Scenario, result *sim.Result) (bool, error) {
	all := n.all()
	line := len(plain.Timeline)
	for _, d := range all {
		line += len(d.lines)
	}
	for i, d := range slices.Backward(all) {
		line -= len(d.lines)
		for k := range d.lines {
			if !slices.Contains(result.NeverCame, line+k) && !slices.Contains(result.Idle, line+k) {
				continue
			}
			if deviation.ShippedOnly().Has(d.Kind) {
				return true, nil // the message was not accepted, or nothing was opened
			}
			tied := slices.ContainsFunc(all, func(other *Deviation) bool {
				return other != all[i] && other.At == d.At
			})
			if !tied {
				return false, fmt.Errorf("the run %q does not reach line %d of its timeline", n.text(),
					line+k+1)
			}
			return true, nil
		}
	}
	return false, nil
}

// lasting removes violations of liveness that a longer run does not have.
func (p *Prover) lasting(sc *sim.Scenario, found []finding) ([]finding, error) {
	all := make([]invariant.Violation, len(found))
	for i := range found {
		all[i] = found[i].violation.Violation
	}
	if !shrink.NeedsLonger(all) {
		return found, nil
	}
	result, err := sim.Run(shrink.Longer(sc, all), p.options(sc))
	if err != nil {
		return nil, err
	}
	lasting := shrink.Lasting(all, result.Violations)
	return slices.DeleteFunc(found, func(f finding) bool {
		return !slices.ContainsFunc(lasting, func(v invariant.Violation) bool {
			return v.Is(f.violation.Violation) && v.Excused == ""
		})
	}), nil
}

// repeat writes a scenario as a file and runs that as any other scenario. It returns the file, and
// an error unless the run shows the violation.
func (p *Prover) repeat(sc *sim.Scenario, v *violation) (string, error) {
	var text bytes.Buffer
	name := p.opt.Machine.Name()
	if _, err := machine.ByName(name); err != nil {
		name = machine.Default().Name() // a file cannot name the machine
	}
	if err := scenario.Write(&text, sc, scenario.Writing{Machine: name}); err != nil {
		return "", err
	}
	file, err := scenario.Parse(sc.Name+".yaml", text.Bytes())
	if err != nil {
		return "", fmt.Errorf("%w: %w", errUnconfirmed, err)
	}
	read := &file.Scenario
	read.Name = sc.Name
	if p.differs() {
		_, differ, err := p.pair(read)
		if err == nil && !differ {
			err = fmt.Errorf("%w: the runs of its scenario do not differ", errUnconfirmed)
		}
		return text.String(), err
	}
	result, err := sim.Run(read, p.options(sc))
	switch {
	case err != nil && v.Invariant == shrink.ErrorInvariant:
		return text.String(), nil
	case err != nil:
		return "", err
	case !slices.ContainsFunc(result.Violations, v.Is):
		return "", fmt.Errorf("%w: its scenario does not show %v", errUnconfirmed, v)
	}
	return text.String(), nil
}

var errUnconfirmed = errors.New("the counterexample is not confirmed")
