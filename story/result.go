package story

import (
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
	"time"

	"rollsim/internal/shell"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

// A Status is the result of a scenario or of a step. The zero value is invalid.
type Status uint8

// The statuses. Failed, Undefined and Ambiguous are failures.
const (
	Passed    Status = 1 + iota
	Failed           // an expectation does not hold, or a sentence says something impossible
	Undefined        // a sentence fits no step, or the scenario has no step
	Ambiguous        // a sentence fits several steps
	Skipped          // because of a tag; of a step, it was not carried out
	Defect           // what the scenario calls a known defect does not hold
	Unrun            // a scenario failed before it, or the context ended; never of a step

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

// String returns the name of the status.
func (s Status) String() string {
	if s == 0 || s >= statusEnd {
		return fmt.Sprintf("Status(%d)", uint8(s))
	}
	return statusNames[s]
}

// Statuses returns every status.
func Statuses() []Status {
	return []Status{Passed, Failed, Undefined, Ambiguous, Skipped, Defect, Unrun}
}

// Fails reports whether the status is a failure.
func (s Status) Fails() bool { return s == Failed || s == Undefined || s == Ambiguous }

// A Scenario is the result of one scenario. Each row of examples of a scenario outline is one.
type Scenario struct {
	File   string // as the paths name it
	Line   int    // of the scenario, or of its row of examples
	Name   string
	Tags   []Tag // inherited ones too
	Status Status
	Steps  []Step

	Description string // the text below its heading

	Rule string // that it belongs to; empty for none

	Feature            string
	FeatureLine        int
	FeatureDescription string
	FeatureTags        []Tag

	// Message says why the scenario has not passed. If it failed, Step is the sentence that did,
	// with
	// its keyword, and StepLine is the line of the sentence, or of the row of its table that is
	// wrong.
	Message  string
	Step     string
	StepLine int

	// Run names the machine and the seed of a scenario that has not passed, as in "machine rfc0008,
	// seed 1". Trace is the trace of its latest run, Violations has the violations in it, and
	// Simulated is what it simulates, with its seed. All are empty if nothing ran. Saved is the
	// name
	// of the file with the trace, for a caller that writes one to set. With Options.Traces a
	// scenario
	// that has passed has them too.
	Run        string
	Trace      []trace.Entry
	Violations []invariant.Violation
	Simulated  *sim.Scenario
	Saved      string

	// Warnings are about what is vacuous, with Options.Vacuous.
	Warnings []string

	// Distributions are what sentences measure under several seeds.
	Distributions []Distribution

	// Seed is the smallest seed for which a scenario for several seeds fails.
	Seed reducer.Opt[uint64]

	// Combinations says, of a scenario about everything that may go wrong, in which runs it holds.
	// Wrong
	// is what goes wrong in the run that fails, and Repeats the name of the file with the scenario
	// of
	// that run, for a caller that writes one to set.
	Combinations string
	Wrong        []string
	Repeats      string

	// Machine is the name of Options.Machine, or empty.
	Machine string

	Elapsed time.Duration
}

// A Tag is a tag of a feature file.
type Tag struct {
	Name string
	Line int
}

// A Step is the result of one step of a scenario.
type Step struct {
	Keyword string // as it is written, such as "Given"
	Text    string
	Line    int
	Table   [][]string // that follows it; nil if none exists
	Status  Status
	Elapsed time.Duration
}

// Place returns the place of the scenario, as FILE:LINE.
func (s *Scenario) Place() string { return fmt.Sprintf("%s:%d", s.File, s.Line) }

// Again returns the command that runs only this scenario.
func (s *Scenario) Again() string {
	again := "rollsim features " + shell.Join(s.Place())
	if s.Seed.Set {
		again += fmt.Sprintf(" --seed %d", s.Seed.Value)
	}
	if s.Machine != "" {
		again += " --machine " + shell.Join(s.Machine)
	}
	return again
}

// FileName returns a name for files about the scenario, without folder and extension. It is made
// from the place of the scenario.
func (s *Scenario) FileName() string {
	name := strings.TrimSuffix(strings.TrimLeft(path.Clean(s.File), "./"), ".feature")
	return fmt.Sprintf("%s-%d", notInNames.ReplaceAllString(name, "-"), s.Line)
}

var notInNames = regexp.MustCompile(`[^\p{L}\p{N}._]+`)

// Details returns the message, with the machine, the seed and the file of the trace.
func (s *Scenario) Details() string {
	text := s.Message
	if s.Run != "" {
		text += "\nrun       " + s.Run
	}
	if s.Saved != "" {
		text += "\nsaved     " + s.Saved
	}
	if s.Repeats != "" {
		text += "\nrepeats   " + s.Repeats
	}
	return text
}

// WriteTrace writes the trace as lines that end with their digest.
func (s *Scenario) WriteTrace(w io.Writer) error {
	out := trace.NewWriter(w)
	for i := range s.Trace {
		if err := out.Write(&s.Trace[i]); err != nil {
			return err
		}
	}
	return out.Close()
}

// A Report has the results of all selected scenarios, in the order of the paths and of the lines in
// each file.
type Report struct {
	Scenarios []Scenario

	// Warnings are about what is vacuous, with Options.Vacuous.
	Warnings []string
}

// Count returns the number of scenarios with a status.
func (r *Report) Count(s Status) int {
	n := 0
	for i := range r.Scenarios {
		if r.Scenarios[i].Status == s {
			n++
		}
	}
	return n
}

// Passed reports whether no scenario has failed or is Unrun.
func (r *Report) Passed() bool {
	for i := range r.Scenarios {
		if s := r.Scenarios[i].Status; s.Fails() || s == Unrun {
			return false
		}
	}
	return true
}
