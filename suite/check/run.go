package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"rollsim/internal/ordered"
	"rollsim/internal/shard"
	"rollsim/internal/shell"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/story"
	"rollsim/trace"
)

// Status is how a case went. The zero value is invalid.
type Status uint8

// The statuses.
const (
	Passed   Status = 1 + iota
	Failed          // something differs
	Unusable        // it could not be read
	Updated         // its golden was rewritten
	Skipped         // not run, because something failed before it
	Omitted         // not run, because its tags say so
	Defect          // a known defect, which is still there

	statusEnd
)

var statusNames = [statusEnd]string{
	"",
	"ok",
	"FAIL",
	"ERROR",
	"updated",
	"skipped",
	"omitted",
	"defect",
}

// String is the status as it is printed.
func (s Status) String() string { return statusNames[s] }

// Result is what became of one case: a scenario file, or one scenario of a feature file.
type Result struct {
	Status  Status
	Path    string // of the file, with the line for a scenario of a feature
	Name    string // what the case is called
	Message string // what differs or is wrong; lines without a trailing newline
	Rerun   string // the command that runs only this case
	Elapsed time.Duration

	// Artefacts are what looking closer needs, by file name; only of what failed.
	Artefacts []Artefact

	dead bool // the machine gives no answer, so that going on is of no use
}

// Artefact is a file to keep of a failed case.
type Artefact struct {
	Name string
	Data []byte
}

// Options say how a suite is run.
type Options struct {
	Jobs     int         // how many scenarios at once; at least 1
	Shard    shard.Shard // of the units, in the order of the suite
	FailFast bool        // start nothing more after the first failure

	// Update writes goldens that differ or are missing instead of comparing, by this function.
	Update func(path string, data []byte) error

	// Keep makes failed results carry artefacts.
	Keep bool

	// Machine decides transitions in the place of each scenario's own, under that one's name: so the
	// goldens say where it differs. Features choose their machine themselves. What keeps it from
	// answering ends the run.
	Machine reducer.Machine

	through func(reducer.Machine) reducer.Machine // of a Case
}

// machine gives the machine that a scenario runs with.
func (o *Options) machine(file *scenario.File) (reducer.Machine, error) {
	name := file.Scenario.Machine
	if o.Machine != nil {
		return reducer.Named(o.Machine, name), nil
	}
	m, err := machine.ByName(name)
	if err == nil && o.through != nil {
		return o.through(m), nil
	}
	return m, err
}

// Summary counts how a suite went.
type Summary struct {
	Scenarios, Features int // cases of each, without skipped ones
	Counts              [statusEnd]int
	Elapsed             time.Duration
}

// OK tells whether everything that was asked for was run and holds.
func (s *Summary) OK() bool { return s.Counts[Failed]+s.Counts[Unusable]+s.Counts[Skipped] == 0 }

// Run checks a suite and reports each result in the suite's order as soon as it is known, whatever
// Jobs is. It stops early, reporting the rest as Skipped, when the context ends.
func Run(ctx context.Context, suite *Suite, opt Options, report func(*Result)) Summary {
	began := time.Now()
	var units []unit
	for i, u := range suite.units() {
		if opt.Shard.Has(i) {
			units = append(units, u)
		}
	}
	work := ordered.Work[*Result]{
		Jobs: opt.Jobs, Order: ordered.Natural(len(units)),
		Do: func(i int) *Result {
			switch u := &units[i]; {
			case u.err != nil:
				return &Result{
					Status:  Unusable,
					Path:    u.path,
					Name:    u.path,
					Message: u.err.Error(),
					Rerun:   "rollsim features " + shell.Join(u.path),
				}
			case u.feature != nil:
				return checkFeature(u.feature, nil, opt.Keep)
			default:
				return checkScenario(suite.FS, u.path, &opt)
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
		case u.feature != nil || u.err != nil:
			sum.Features++
		default:
			sum.Scenarios++
		}
		sum.Counts[r.Status]++
		report(r)
	}
	work.Run(ctx)
	sum.Elapsed = time.Since(began)
	return sum
}

// checkScenario runs one scenario and holds its trace against its golden, and its violations
// against those expected.
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
	machine, err := opt.machine(file)
	if err != nil {
		r.Status, r.Message = Unusable, fmt.Sprintf("%s: %v", name, err)
		return r
	}
	rec, err := file.RecordWith(machine)
	if err != nil {
		r.Status, r.Message = Unusable, fmt.Sprintf("%s: %v", name, err)
		r.dead = errors.As(err, new(*reducer.MachineFailure))
		return r
	}
	golden := GoldenPath(name)
	want, err := fs.ReadFile(fsys, golden)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		r.Status, r.Message = Unusable, err.Error()
	case rec.Verdict != "":
		// A golden must not make a broken invariant look right.
		r.Status, r.Message = Failed, rec.Verdict
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
			"DIVERGED %s seed %d machine %s: the trace is not that of "+
				"%s\n%s",
			file.Scenario.Name,
			file.Scenario.Seed,
			file.Scenario.Machine,
			golden,
			strings.TrimSuffix(trace.Diff(string(want), string(rec.Text)), "\n"),
		)
	}
	if r.Status == Failed && opt.Keep {
		r.Artefacts = append(r.Artefacts,
			Artefact{file.Scenario.Name + ".golden", rec.Text},
			Artefact{file.Scenario.Name + ".diff.txt", []byte(r.Message + "\n")},
			Artefact{file.Scenario.Name + ".ndjson", ndjson(file, machine)})
	}
	return r
}

// checkFeature runs one scenario of a feature file.
func checkFeature(c *story.Case, through func(reducer.Machine) reducer.Machine, keep bool) *Result {
	s := c.Run(through)
	r := FeatureResult(&s)
	if r.Status == Failed && keep {
		r.Artefacts = featureArtefacts(&s)
	}
	return r
}

// FeatureResult tells what became of a scenario of a feature file.
func FeatureResult(s *story.Scenario) *Result {
	r := &Result{
		Status: Passed, Path: s.Place(), Name: s.Feature + ": " + s.Name, Rerun: s.Again(), Message: s.Details(), Elapsed: s.Elapsed,
	}
	switch {
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

// featureArtefacts keeps what a failed scenario of a feature said, and what it simulated last.
func featureArtefacts(s *story.Scenario) []Artefact {
	name := s.FileName()
	kept := []Artefact{{name + ".txt", []byte(s.Details() + "\n")}}
	var b bytes.Buffer
	if len(s.Trace) > 0 && s.WriteTrace(&b) == nil {
		kept = append(kept, Artefact{name + ".ndjson", b.Bytes()})
	}
	return kept
}

// ndjson records the scenario once more, as the trace that replay reads. That it can be run is
// known by then.
func ndjson(file *scenario.File, machine reducer.Machine) []byte {
	var b bytes.Buffer
	if _, err := file.WriteNDJSON(&b, sim.Options{Machine: machine, Seed: file.Scenario.Seed}); err != nil {
		return []byte(err.Error())
	}
	return b.Bytes()
}

// Title is the case in one line.
func (r *Result) Title() string {
	if r.Name == r.Path {
		return r.Path
	}
	return r.Path + "  " + r.Name
}

// Line counts the results by status.
func (s *Summary) Line() string {
	line := fmt.Sprintf("%d passed, %d failed", s.Counts[Passed], s.Counts[Failed])
	for _, other := range []struct {
		status Status
		word   string
	}{{Unusable, "unreadable"}, {Updated, "updated"}, {Skipped, "skipped"}, {Omitted, "omitted"}, {Defect, "known defect"}} {
		if n := s.Counts[other.status]; n > 0 {
			line += fmt.Sprintf(", %d %s", n, other.word)
			if other.status == Defect && n > 1 {
				line += "s"
			}
		}
	}
	return line
}
