package prove

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"

	"rollsim/controlplane"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

// differs reports whether two machines or control planes are compared.
func (p *Prover) differs() bool { return p.opt.Other != nil || p.opt.OtherPlane != "" }

// names returns the names of what is compared.
func (p *Prover) names() [2]string {
	if p.opt.Other != nil {
		return [2]string{p.opt.Machine.Name(), p.opt.Other.Name()}
	}
	plane := cmp.Or(p.opt.Scenario.ControlPlane, controlplane.Specified)
	return [2]string{string(plane), string(p.opt.OtherPlane)}
}

// compare adds a failure to an outcome if the two differ.
func (p *Prover) compare(n *node, sc *sim.Scenario, o *outcome) {
	detail, differ, err := p.pair(sc)
	o.err = err
	if differ {
		o.found = []finding{{node: n, violation: violation{
			Violation: invariant.Violation{Subject: sc.Name, Detail: detail}, pair: p.names(),
		}}}
	}
}

// pair runs a scenario with both machines or control planes. It reports whether the runs differ,
// and describes the first entry that does.
func (p *Prover) pair(sc *sim.Scenario) (detail string, differ bool, err error) {
	var sums [2]trace.Digest
	var ends [2]string
	for i := range sums {
		if ends[i], err = p.side(sc, i, body{&sums[i]}); err != nil {
			return "", false, err
		}
	}
	if sums[0].Sum() == sums[1].Sum() && ends[0] == ends[1] {
		return "", false, nil
	}
	var texts [2]bytes.Buffer
	for i := range texts {
		out := trace.NewText(&texts[i], trace.Full)
		if _, err := p.side(sc, i, out); err != nil {
			return "", false, err
		}
		if err := out.Close(); err != nil {
			return "", false, err
		}
	}
	return p.describe(texts[0].String(), texts[1].String(), ends), true, nil
}

// side runs one of the two. It returns the error with which the simulation ends as text; the error
// is that of a machine that does not answer.
func (p *Prover) side(sc *sim.Scenario, i int, to trace.Sink) (string, error) {
	opt := sim.Options{Machine: p.opt.Machine, ControlPlane: p.opt.ControlPlane, Seed: sc.Seed}
	if i == 1 {
		sc, opt = p.otherSide(sc)
	}
	opt.Sink, opt.Digest, opt.Refold = to, false, false
	_, err := sim.Run(sc, opt)
	switch {
	case reducer.IsMachineFailure(err):
		return "", err
	case err != nil:
		return err.Error(), nil
	}
	return "", nil
}

// otherSide returns the inputs of a run under the other machine or control plane.
func (p *Prover) otherSide(sc *sim.Scenario) (*sim.Scenario, sim.Options) {
	opt := p.options(sc)
	opt.ControlPlane = p.opt.OtherControlPlane
	if p.opt.Other != nil {
		opt.Machine = p.opt.Other
	}
	run := *sc
	run.ControlPlane = cmp.Or(p.opt.OtherPlane, sc.ControlPlane)
	return &run, opt
}

// describe describes the first line in which two traces differ.
func (p *Prover) describe(first, second string, ends [2]string) string {
	names := p.names()
	a, b := linesOf(first), linesOf(second)
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("under %s: %s; under %s: %s", names[0], strings.Join(strings.Fields(a[i]),
				" "), names[1], strings.Join(strings.Fields(b[i]), " "))
		}
	}
	return fmt.Sprintf("one run is longer than the other; they end with %q and %q", ends[0], ends[1])
}

// linesOf returns the lines of a trace, without those of its header, which name the machine.
func linesOf(text string) []string {
	if i := strings.Index(text, "\n0d "); i >= 0 {
		text = text[i+1:]
	}
	return strings.Split(text, "\n")
}

// body is a sink without the header, which names the machine and the control plane.
type body struct{ trace.Sink }

func (b body) Write(e *trace.Entry) error {
	if e.Header != nil {
		return nil
	}
	return b.Sink.Write(e)
}
