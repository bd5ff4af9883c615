package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"rollsim/internal/ordered"
	"rollsim/internal/osfs"
	"rollsim/internal/shard"
	"rollsim/internal/shell"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/story"
	"rollsim/suite/coverage"
	"rollsim/trace"
)

// Status is the outcome of a case. The zero value is invalid.
type Status uint8

// The statuses.
const (
	Passed   Status = 1 + iota
	Failed          // the result is not the expected one
	Unusable        // the file could not be read
	Updated         // the golden was rewritten
	Skipped         // not run, because the run ended before it
	Omitted         // not run, because of its tags
	Defect          // a known defect, which still exists

	statusEnd
)

var statusNames = [statusEnd]string{
	"", "ok", "FAIL", "ERROR", "updated", "skipped", "omitted", "defect",
}

// String returns the status as reports print it.
func (s Status) String() string { return statusNames[s] }

// Result is the result of one case: a scenario file, or a scenario of a feature file.
type Result struct {
	Status  Status
	Path    string // of the file, with the line for a scenario of a feature
	Name    string // of the case
	Message string // the difference or the problem; lines without a trailing newline
	Rerun   string // the command that runs only this case
	Elapsed time.Duration

	// Departs is why the golden does not apply to Options.Machine: the first answer that differs by
	// table. The violations alone are then judged. It is empty if the golden applies.
	Departs string

	// Warnings are about what is vacuous, with Suite.Vacuous.
	Warnings []string

	// Measured has a line for each distribution that a scenario measures.
	Measured []string

	// Artefacts are files that help to find the cause of a failure.
	Artefacts []Artefact

	dead bool // the machine does not answer, so that the run ends
}

// Artefact is a file about a failed case.
type Artefact struct {
	Name string
	Data []byte
}

// Options configure a run.
type Options struct {
	Jobs     int         // how many units run at once; at least 1
	Shard    shard.Shard // of the units, in the order of the suite
	FailFast bool        // begin no unit after the first failure

	// Update, if not nil, writes the goldens that differ or are missing.
	Update func(path string, data []byte) error

	// Keep adds artefacts to the results of failed cases; KeepAll adds the traces of the others. A
	// Suite whose Traces are set has those of features.
	Keep, KeepAll bool

	// Machine, if not nil, replaces the machine of each scenario. It runs under the name of the
	// machine that it replaces, so that only its answers can differ from a golden. A golden does not
	// apply if Machine is a table and the run reaches a cell in which that differs from the table of
	// the scenario's machine. Features keep their machine. The run ends if Machine does not answer.
	Machine reducer.Machine

	through func(reducer.Machine) reducer.Machine // if not nil, wraps the machine of every unit
}

// machine returns the machine of a scenario. If it is the table of another machine than the
// scenario's, the comparison with that of the scenario is not nil.
func (o *Options) machine(file *scenario.File) (reducer.Machine, *coverage.Comparison, error) {
	name := file.Scenario.Machine
	own, err := machine.ByName(name)
	if o.Machine == nil && err != nil {
		return nil, nil, err
	}
	var m reducer.Machine = own
	var compared *coverage.Comparison
	if o.Machine != nil {
		m = o.Machine
		if table, ok := m.(*reducer.Table); ok && err == nil && !table.SameCells(own) {
			compared = coverage.Compare(m, own)
			m = compared
		}
		m = reducer.Named(m, name)
	}
	if o.through != nil {
		m = o.through(m)
	}
	return m, compared, nil
}

// interrupted returns the result of a unit, or a skipped one if it fails after the end of the
// context, which may be the reason.
func interrupted(ctx context.Context, r *Result) *Result {
	if ctx.Err() == nil || r.Status != Failed && r.Status != Unusable {
		return r
	}
	return &Result{Status: Skipped, Path: r.Path, Name: r.Name}
}

// Summary counts the results of a run.
type Summary struct {
	Scenarios, Features int // without skipped ones
	Departing           int // scenarios with Result.Departs
	Counts              [statusEnd]int
	Elapsed             time.Duration
}

// OK reports whether every unit ran and passed, apart from omitted ones and known defects.
func (s *Summary) OK() bool { return s.Counts[Failed]+s.Counts[Unusable]+s.Counts[Skipped] == 0 }

// Run checks a suite. It calls report for each result, in the order of the suite, as soon as the
// result and those before it are known. If the context ends, it reports the remaining units as
// Skipped.
func Run(ctx context.Context, suite *Suite, opt Options, report func(*Result)) Summary {
	began := time.Now()
	opt.through = func(m reducer.Machine) reducer.Machine { return machine.Until(ctx, m) }
	var units []unit
	for i, u := range suite.units() {
		if opt.Shard.Has(i) {
			units = append(units, u)
		}
	}
	work := ordered.Work[*Result]{
		Jobs: opt.Jobs, Order: groups(units, opt.Jobs),
		Do: func(group []int, done func(*Result) bool) {
			switch u := &units[group[0]]; {
			case u.err != nil:
				done(&Result{
					Status: Unusable, Path: u.path, Name: u.path, Message: u.err.Error(),
					Rerun: "rollsim features " + shell.Join(u.path),
				})
			case u.feature != nil:
				var cases []*story.Case
				for _, i := range group {
					cases = append(cases, units[i].feature)
				}
				story.RunSuite(ctx, cases, func(s story.Scenario) bool {
					return done(interrupted(ctx, featureOutcome(&s, &opt)))
				})
			default:
				done(interrupted(ctx, checkScenario(suite.FS, u.path, &opt)))
			}
		},
		Stops: func(r *Result) bool {
			return r.dead || opt.FailFast && (r.Status == Failed || r.Status == Unusable)
		},
	}
	var sum Summary
	work.Deliver = func(i int, r *Result, done bool) {
		u := &units[i]
		switch {
		case !done:
			r = &Result{Status: Skipped, Path: u.path, Name: u.path}
		case r.Status == Skipped: // it was interrupted
		case u.feature != nil || u.err != nil:
			sum.Features++
		default:
			sum.Scenarios++
			if r.Departs != "" {
				sum.Departing++
			}
		}
		sum.Counts[r.Status]++
		report(r)
	}
	work.Run(ctx)
	sum.Elapsed = time.Since(began)
	return sum
}

// checkScenario runs a scenario and compares its trace with the golden, and its violations with
// those that it expects.
func checkScenario(fsys fs.FS, name string, opt *Options) *Result {
	began := time.Now()
	r := &Result{Path: name, Name: name, Rerun: "rollsim check " + shell.Join(name)}
	if opt.Machine != nil {
		r.Rerun += " --machine " + shell.Join(opt.Machine.Name())
	}
	defer func() { r.Elapsed = time.Since(began) }()

	file, err := scenario.LoadFS(fsys, name)
	if err != nil {
		r.Status, r.Message = Unusable, err.Error()
		return r
	}
	machine, compared, err := opt.machine(file)
	if err != nil {
		r.Status, r.Message = Unusable, fmt.Sprintf("%s: %v", name, err)
		return r
	}
	rec, err := file.RecordWith(machine)
	if err != nil {
		r.Status, r.Message = Unusable, fmt.Sprintf("%s: %v", name, err)
		r.dead = reducer.IsMachineFailure(err)
		return r
	}
	if compared != nil {
		if all := compared.Departures(); len(all) > 0 {
			r.Departs = fmt.Sprintf("in %v, %v: %s", all[0].State, all[0].Class, all[0].Answers)
		}
	}
	golden := GoldenPath(name)
	want, err := readGolden(fsys, golden)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		r.Status, r.Message = Unusable, err.Error()
	case rec.Verdict != "":
		// A golden must not hide an unexpected violation.
		r.Status, r.Message = Failed, rec.Verdict
	case r.Departs != "":
		r.Status = Passed
	case err == nil && bytes.Equal(want, rec.Text):
		r.Status = Passed
	case opt.Update != nil:
		r.Status = Updated
		if err := opt.Update(golden, rec.Text); err != nil {
			r.Status, r.Message = Unusable, err.Error()
		}
	case err != nil:
		r.Status = Failed
		r.Message = fmt.Sprintf(
			"there is no golden %s; record it with: rollsim check --update %s", golden, shell.Join(name),
		)
	default:
		r.Status = Failed
		r.Message = fmt.Sprintf(
			"DIVERGED %s seed %d machine %s: the trace differs from %s\n%s", file.Scenario.Name,
			file.Scenario.Seed, file.Scenario.Machine, golden,
			strings.TrimSuffix(trace.Diff(string(want), string(rec.Text)), "\n"),
		)
	}
	r.keep(file, machine, rec.Text, opt)
	return r
}

// keep adds the artefacts that are wanted.
func (r *Result) keep(file *scenario.File, m reducer.Machine, text []byte, opt *Options) {
	name := file.Scenario.Name
	switch {
	case r.Status != Failed && opt.KeepAll:
		r.Artefacts = []Artefact{{name + ".ndjson", ndjson(file, m)}}
	case r.Status == Failed && opt.Keep:
		r.Artefacts = append(r.Artefacts, Artefact{name + ".golden", text},
			Artefact{name + ".diff.txt", []byte(r.Message + "\n")},
			Artefact{name + ".ndjson", ndjson(file, m)})
	}
}

// readGolden reads a golden. A report quotes it, so it must not be a link out of its folder.
func readGolden(fsys fs.FS, name string) ([]byte, error) {
	f, err := osfs.OpenIn(fsys, path.Dir(name), path.Base(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// checkFeature runs one scenario of a feature file.
func checkFeature(c *story.Case, through func(reducer.Machine) reducer.Machine) *Result {
	s := c.Run(through)
	return featureOutcome(&s, new(Options))
}

// featureOutcome is FeatureResult with artefacts, if they are wanted.
func featureOutcome(s *story.Scenario, opt *Options) *Result {
	r := FeatureResult(s)
	switch {
	case r.Status == Failed && opt.Keep:
		r.Artefacts = featureArtefacts(s)
	case r.Status != Failed && opt.KeepAll && len(s.Trace) > 0:
		r.Artefacts = featureArtefacts(s)[1:] // there is no message
	}
	return r
}

// FeatureResult returns the result of a scenario of a feature file.
func FeatureResult(s *story.Scenario) *Result {
	r := &Result{
		Status: Passed, Path: s.Place(), Name: s.Feature + ": " + s.Name, Rerun: s.Again(),
		Message: s.Details(), Elapsed: s.Elapsed, Warnings: s.Warnings,
	}
	for i := range s.Distributions {
		r.Measured = append(r.Measured, s.Distributions[i].String())
	}
	if s.Rule != "" {
		r.Name = s.Feature + ": " + s.Rule + ": " + s.Name
	}
	switch {
	case s.Status == story.Passed:
		r.Message = ""
	case s.Status.Fails():
		r.Status = Failed
		if s.Step != "" {
			r.Message = s.Step + "\n" + r.Message
		}
	case s.Status == story.Skipped:
		r.Status = Omitted
	case s.Status == story.Defect:
		r.Status, r.Message = Defect, s.Step
	case s.Status == story.Unrun:
		r.Status = Skipped
	}
	return r
}

// featureArtefacts returns the messages of a failed scenario of a feature, and its last trace.
func featureArtefacts(s *story.Scenario) []Artefact {
	name := s.FileName()
	kept := []Artefact{{name + ".txt", []byte(s.Details() + "\n")}}
	var b bytes.Buffer
	if len(s.Trace) > 0 && s.WriteTrace(&b) == nil {
		kept = append(kept, Artefact{name + ".ndjson", b.Bytes()})
	}
	return kept
}

// ndjson runs the scenario again and returns its trace as NDJSON, which replay reads.
func ndjson(file *scenario.File, machine reducer.Machine) []byte {
	var b bytes.Buffer
	opt := sim.Options{Machine: machine, Seed: file.Scenario.Seed}
	if _, err := file.WriteNDJSON(&b, opt); err != nil {
		return []byte(err.Error())
	}
	return b.Bytes()
}

// Title returns the case in one line.
func (r *Result) Title() string {
	if r.Name == r.Path {
		return r.Path
	}
	return r.Path + "  " + r.Name
}

// Line returns the counts by status in one line.
func (s *Summary) Line() string {
	line := fmt.Sprintf("%d passed, %d failed", s.Counts[Passed], s.Counts[Failed])
	for _, other := range []struct {
		status Status
		word   string
	}{
		{Unusable, "unreadable"}, {Updated, "updated"}, {Skipped, "skipped"}, {Omitted, "omitted"},
		{Defect, "known defect"},
	} {
		if n := s.Counts[other.status]; n > 0 {
			line += fmt.Sprintf(", %d %s", n, other.word)
			if other.status == Defect && n > 1 {
				line += "s"
			}
		}
	}
	return line
}
