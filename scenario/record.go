package scenario

import (
	"bytes"
	"fmt"
	"io"

	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

// Recording is the result of one run of a scenario.
type Recording struct {
	Text []byte // the trace as goldens hold it
	// Verdict says how the violations differ from those that the scenario expects. It is empty if they
	// do not.
	Verdict string
	Result  *sim.Result
}

// Record simulates the scenario with its own seed and machine, and renders the golden text.
func (f *File) Record() (*Recording, error) {
	m, err := machine.ByName(f.Scenario.Machine)
	if err != nil {
		return nil, err
	}
	return f.RecordWith(m)
}

// RecordWith is Record with a machine that replaces the one of the scenario.
func (f *File) RecordWith(machine reducer.Machine) (*Recording, error) {
	rec := &Recording{}
	var text bytes.Buffer
	var err error
	rec.Result, err = f.WriteText(&text, sim.Options{Machine: machine, Seed: f.Scenario.Seed})
	if err != nil {
		return nil, err
	}
	rec.Text = text.Bytes()
	rec.Verdict = f.Scenario.Verdict(rec.Result)
	return rec, nil
}

// WriteText simulates the scenario and writes the trace as text, in the detail of its golden. It
// replaces the sink of the options.
func (f *File) WriteText(w io.Writer, opt sim.Options) (*sim.Result, error) {
	detail := trace.Full
	if f.Golden == GoldenTransitions {
		detail = trace.TransitionsOnly
	}
	text := trace.NewText(w, detail)
	opt.Sink = text
	result, err := sim.Run(&f.Scenario, opt)
	if err != nil {
		return nil, err
	}
	for _, v := range result.Violations {
		text.Remark(fmt.Sprintf("%v: %s", v, v.Detail))
	}
	return result, text.Close()
}

// WriteNDJSON simulates the scenario and writes the trace as NDJSON. It replaces the sink of the
// options.
func (f *File) WriteNDJSON(w io.Writer, opt sim.Options) (*sim.Result, error) {
	out := trace.NewWriter(w)
	opt.Sink = out
	result, err := sim.Run(&f.Scenario, opt)
	if err != nil {
		return nil, err
	}
	return result, out.Close()
}

// WriteSummary simulates the scenario and writes how it ended: a line for each rollout with its
// state and the counts of its hosts by state, then the violations. It replaces the sink of the
// options.
func (f *File) WriteSummary(w io.Writer, opt sim.Options) (*sim.Result, error) {
	var digest trace.Digest
	opt.Sink = &digest
	result, err := sim.Run(&f.Scenario, opt)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(
		&b, "%s  seed %d  machine %s  %d entries  digest %s\n", f.Scenario.Name, opt.Seed,
		opt.Machine.Name(), result.Entries, digest.Sum(),
	)
	width := 0
	for _, r := range result.Fleet.Rollouts() {
		width = max(width, len(r.Record.RolloutID))
	}
	for _, r := range result.Fleet.Rollouts() {
		fmt.Fprintf(&b, "%-*s  %-10v  wave %d  hosts:",
			width, r.Record.RolloutID, r.Record.State, r.Record.CurrentWave)
		for _, s := range reducer.HostStates() {
			if n := r.Count(s); n > 0 {
				fmt.Fprintf(&b, " %d %v", n, s)
			}
		}
		if len(r.Hosts()) == 0 {
			b.WriteString(" none")
		}
		b.WriteByte('\n')
	}
	for _, v := range result.Violations {
		fmt.Fprintf(&b, "%v: %s\n", v, v.Detail)
	}
	_, err = w.Write(b.Bytes())
	return result, err
}
