package story

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"rollsim/internal/ordered"
	"rollsim/internal/shell"
	"rollsim/reducer"
	"rollsim/trace"
)

// Options is what one run of feature files is given.
type Options struct {
	// FS holds the feature files; nil are those of the operating system.
	FS fs.FS

	// Paths are feature files in FS, FILE:LINE for one scenario of a file, or folders; with forward
	// slashes. None is the same as ".".
	Paths []string

	// Tags selects scenarios by a tag expression such as "@slow and not (@wip or @machine:v0.2)".
	// Empty selects all.
	Tags string

	// Name selects scenarios whose name a regular expression is found in, whatever its case. Empty
	// selects all.
	Name string

	// Fast skips scenarios that are tagged @slow.
	Fast bool

	// Shard of Shards runs only every so many-th of the selected scenarios. Shards count from 1; 0 of
	// 0 runs all.
	Shard, Shards int

	// Jobs is how many scenarios run at once; less than 1 is 1. Nothing that is reported depends on it
	// but durations.
	Jobs int

	// Shuffle is the seed of the order in which scenarios are run; 0 is the order of the files. They
	// are reported in the order of the files all the same.
	Shuffle uint64

	// Seed is what every scenario draws from, instead of what it says; absent leaves that as it is.
	Seed reducer.Opt[uint64]

	// FailFast runs no more scenarios after the first one that fails; they are reported as Unrun.
	FailFast bool

	// Each is called with every scenario in the order of the report, as soon as what became of it is
	// known.
	Each func(*Scenario)
}

// Status is what became of a scenario or of a step. The zero value is invalid.
type Status uint8

// The statuses. Failed, Undefined and Ambiguous are failures.
const (
	Passed    Status = 1 + iota
	Failed           // an expectation does not hold, or a sentence says what cannot be
	Undefined        // a sentence is worded like no step, or the scenario has no step
	Ambiguous        // a sentence is worded like several steps
	Skipped          // not run because its tags say so, or of a step because an earlier one failed
	Defect           // it is tagged @known-defect, and an expectation does not hold; never of a step
	// not run because something failed before it, or because the context ended; never of a step
	Unrun

	statusEnd
)

var statusNames = [statusEnd]string{
	"",
	"passed",
	"failed",
	"undefined",
	"ambiguous",
	"skipped",
	"known defect",
	"not run",
}

// String names the status.
func (s Status) String() string {
	if s == 0 || s >= statusEnd {
		return fmt.Sprintf("Status(%d)", uint8(s))
	}
	return statusNames[s]
}

// Statuses lists every status.
func Statuses() []Status {
	return []Status{Passed, Failed, Undefined, Ambiguous, Skipped, Defect, Unrun}
}

// Fails tells whether the status is a failure.
func (s Status) Fails() bool { return s == Failed || s == Undefined || s == Ambiguous }

// Scenario is what became of one scenario. Of a scenario outline each row of examples is one.
type Scenario struct {
	File   string // as the paths name it
	Line   int    // of the scenario, or of its row of examples
	Name   string
	Tags   []string // inherited ones too
	Status Status
	Steps  []Step

	Feature     string
	FeatureLine int

	// Message says what is wrong with one that has not passed, or why it was skipped. Of one that has
	// failed Step is the sentence that did, with its keyword, and StepLine where it stands, or the row
	// of its table that is amiss.
	Message  string
	Step     string
	StepLine int

	// Run tells what one that has not passed was run with, such as "machine rfc0008, seed 1", and
	// Trace what it simulated last; both are empty when it did not come so far. Saved is for whoever
	// writes the trace to a file: its name.
	Run   string
	Trace []trace.Entry
	Saved string

	// Seed is the smallest one that fails, of a scenario that is told for many.
	Seed reducer.Opt[uint64]

	Elapsed time.Duration
}

// Step is what became of one step of a scenario.
type Step struct {
	Keyword string // as it is written, such as "Given"
	Text    string
	Line    int
	Table   [][]string // what follows it; nil for nothing
	Status  Status
	Elapsed time.Duration
}

// Place is where the scenario stands, as FILE:LINE.
func (s *Scenario) Place() string { return fmt.Sprintf("%s:%d", s.File, s.Line) }

// Again is the command that runs only this scenario.
func (s *Scenario) Again() string {
	again := "rollsim features " + shell.Join(s.Place())
	if s.Seed.Set {
		again += fmt.Sprintf(" --seed %d", s.Seed.Value)
	}
	return again
}

// FileName is a name for files about the scenario, made of where it stands, without folder and
// extension.
func (s *Scenario) FileName() string {
	name := strings.TrimSuffix(strings.TrimLeft(path.Clean(s.File), "./"), ".feature")
	return fmt.Sprintf("%s-%d", notInNames.ReplaceAllString(name, "-"), s.Line)
}

var notInNames = regexp.MustCompile(`[^\p{L}\p{N}._]+`)

// Details is the message, with what was run and where its trace was saved.
func (s *Scenario) Details() string {
	text := s.Message
	if s.Run != "" {
		text += "\nrun       " + s.Run
	}
	if s.Saved != "" {
		text += "\nsaved     " + s.Saved
	}
	return text
}

// WriteTrace writes the trace, sealed, as lines that replay reads.
func (s *Scenario) WriteTrace(w io.Writer) error {
	out := trace.NewWriter(w)
	for i := range s.Trace {
		if err := out.Write(&s.Trace[i]); err != nil {
			return err
		}
	}
	return out.Close()
}

// Report is what became of all selected scenarios, in the order of the paths and of the lines in
// each file.
type Report struct {
	Scenarios []Scenario

	// Warnings are about what is probably a mistake and changes no result, such as the tag
	// @knwon-defect.
	Warnings []string
}

// Count tells how many scenarios have a status.
func (r *Report) Count(s Status) int {
	n := 0
	for i := range r.Scenarios {
		if r.Scenarios[i].Status == s {
			n++
		}
	}
	return n
}

// Passed tells whether no scenario has failed, and none was left out because of that.
func (r *Report) Passed() bool {
	for i := range r.Scenarios {
		if s := r.Scenarios[i].Status; s.Fails() || s == Unrun {
			return false
		}
	}
	return true
}

// Run runs feature files. Whether scenarios failed stands in the report; the error says what kept
// them from being run: no such file, a file that cannot be read, options that make no sense, a
// selection of nothing, or the end of the context.
func Run(ctx context.Context, opt Options) (Report, error) {
	cases, err := Cases(opt)
	if err != nil {
		return Report{}, err
	}
	if len(cases) > 0 &&
		!slices.ContainsFunc(cases, func(c *Case) bool { return c.scenario.skipped == "" }) {
		return Report{}, fmt.Errorf("nothing is run: %s", cases[0].scenario.skipped)
	}
	report := Report{Warnings: warnings(cases)}
	work := ordered.Work[Scenario]{
		Jobs: opt.Jobs, Order: ordered.Natural(len(cases)),
		Do: func(i int) Scenario { return cases[i].run(ctx, nil) },
		Deliver: func(i int, s Scenario, done bool) {
			if !done {
				s = cases[i].scenario.begun()
				s.Status = Unrun
			}
			report.Scenarios = append(report.Scenarios, s)
			if opt.Each != nil {
				opt.Each(&report.Scenarios[i])
			}
		},
	}
	if opt.Shuffle != 0 {
		rand.New(rand.NewPCG(opt.Shuffle, 0)).Shuffle(len(cases), func(i, j int) {
			work.Order[i], work.Order[j] = work.Order[j], work.Order[i]
		})
	}
	if opt.FailFast {
		work.Stops = func(s Scenario) bool { return s.Status.Fails() }
	}
	work.Run(ctx)
	return report, ctx.Err()
}
