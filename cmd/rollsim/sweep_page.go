package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/report"
	"rollsim/report/picture"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/suite/explore"
	"rollsim/timeline"
	"rollsim/trace/input"
)

// sweepPageFile is the page of a result in the folder of a sweep.
const sweepPageFile = "index.html"

// writeSweepPage writes the page of a result into the folder that has the traces of its failures.
// Once the context has ended, it draws no more of them, so that the command ends soon.
func (env *environment) writeSweepPage(
	ctx context.Context, dir string, r *explore.Result,
) error {
	var opt timeline.Options
	known := true
	if name := r.Parameters.Machine; name != "" {
		entry, err := machine.ForSweep(name)
		known = err == nil // a machine in another process may have ended
		opt.Machine = entry.Table
	}
	view := report.SweepView{Picture: func(e *explore.Example) (string, error) {
		if !known || ctx.Err() != nil {
			return "", nil
		}
		if e.Small != nil && e.Small.Scenario != "" {
			return packedSmall(e.Small, opt)
		}
		return env.packedTrace(filepath.Join(dir, r.FileName(e)+".ndjson"), e, opt)
	}}
	return env.rewrite(newFile{filepath.Join(dir, sweepPageFile), func(w io.Writer) error {
		return report.ExploreHTML(w, r, view)
	}})
}

// packedSmall returns the picture of a small case for a page.
func packedSmall(small *explore.Small, opt timeline.Options) (string, error) {
	file, err := scenario.Parse(small.Key, []byte(small.Scenario))
	if err != nil {
		return "", err
	}
	run := sim.Options{Machine: opt.Machine, Seed: file.Scenario.Seed}
	if opt.Machine == nil {
		table, err := machine.ByName(file.Scenario.Machine)
		if err != nil {
			return "", err
		}
		run.Machine = table
	}
	x, _, err := simulated(&file.Scenario, run)
	if err != nil {
		return "", nil //nolint:nilerr // a case whose run ends with an error has no picture
	}
	return picture.Packed(x, picture.Options{Name: small.Key})
}

// packedTrace returns the picture of a trace for a page, with a mark where an example was found. It
// is empty if the trace does not exist.
func (env *environment) packedTrace(
	name string, e *explore.Example, opt timeline.Options,
) (string, error) {
	log, err := input.Open(env.stdin, name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	x, err := timeline.Build(log, opt)
	if err = errors.Join(err, log.Close()); err != nil {
		return "", err
	}
	x.AddMarks([]timeline.Mark{{
		Kind: timeline.Violation, Seq: e.Seq, Title: e.Subject, Detail: e.Detail,
		Rollout: reducer.RolloutID(e.Subject),
	}})
	base := filepath.Base(strings.TrimSuffix(name, ".ndjson"))
	return picture.Packed(x, picture.Options{Name: base})
}
