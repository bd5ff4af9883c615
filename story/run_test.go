package story

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"rollsim/reducer"
)

// shipped is the root of the repository, so that paths are as users write them: features/….
var shipped = os.DirFS("..")

func run(t *testing.T, opt Options) Report {
	t.Helper()
	opt.Explorer = stubExplorer{}
	report, err := Run(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// TestFeatures runs all features that ship, and the stories that define what sentences mean.
func TestFeatures(t *testing.T) {
	report := run(t, Options{FS: shipped, Paths: []string{"features", "story/testdata/stories"}})
	for _, s := range report.Scenarios {
		if s.Status != Passed && (s.Status != Defect || s.Name != "A known defect") {
			t.Errorf("%s %s: %v\n%s (line %d)\n%s",
				s.Place(), s.Name, s.Status, s.Step, s.StepLine, s.Message)
		}
	}
}

// TestSame runs scenarios that fail and some that pass with several numbers of jobs and in several
// orders. The report is the same, and so is the order in which results are delivered.
func TestSame(t *testing.T) {
	opt := Options{FS: shipped, Paths: []string{"story/testdata/broken", "features/failure"}}
	for _, failFast := range []bool{false, true} {
		want := ""
		runs := 10
		if testing.Short() || failFast {
			runs = 3
		}
		for n := range runs {
			opt.Jobs, opt.Shuffle, opt.FailFast = 1+n%4, uint64(n), failFast
			if failFast {
				opt.Shuffle = 0 // in another order another scenario fails first
			}
			var reported []string
			opt.Each = func(s *Scenario) {
				reported = append(reported,
					fmt.Sprintf("%s %v %s %s", s.Place(), s.Status, s.Step, s.Details()))
			}
			report := run(t, opt)
			got := strings.Join(reported, "\n")
			if want == "" {
				want = got
			}
			if got != want || len(reported) != len(report.Scenarios) {
				t.Errorf("fail-fast %v, %d jobs, shuffled by %d\ngot  %s\nwant %s",
					failFast, opt.Jobs, opt.Shuffle, got, want)
			}
			if failFast != (report.Count(Unrun) > 0) || failFast && report.Count(Failed) != 1 {
				t.Errorf("fail-fast %v: %d failed and %d were not run",
					failFast, report.Count(Failed), report.Count(Unrun))
			}
		}
	}
}

// TestNeverPassesUnrun checks that a scenario in which nothing ran has not passed.
func TestNeverPassesUnrun(t *testing.T) {
	tests := []struct {
		name, scenario string
		want           Status
	}{
		{"undefined", "Then the moon is full", Undefined},
		{"undefined at the end", "Given seed 1\n    Then the moon is full", Undefined},
		{"no step", "", Undefined},
		{"no expectation", "Given channel \"x\" with 1 host", Failed},
		{
			"no expectation after happenings",
			"Given channel \"x\" with 1 host\n    When \"x\" moves to ref \"a1\"", Failed,
		},
		{"ambiguous", "Given ambiguous a", Ambiguous},
	}
	both := newVocabulary([]step{made(`ambiguous a`), made(`ambiguous {channel}`)})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := fstest.MapFS{
				"x.feature": {Data: []byte("Feature: x\n  Scenario: x\n    " + tt.scenario + "\n")},
			}
			s := runWith(t, files, append(slices.Clone(steps()), both...))[0]
			if s.Status != tt.want || s.Message == "" {
				t.Errorf("got %v, want %v: %s", s.Status, tt.want, s.Message)
			}
		})
	}
}

// TestPanic checks that a step that panics fails its scenario and no other.
func TestPanic(t *testing.T) {
	bad := made(`panic`)
	bad.do = func(*world) error { panic("a mistake of ours") }
	files := fstest.MapFS{"x.feature": {Data: []byte("Feature: x\n" +
		"  Scenario: x\n    Given panic\n\n" +
		"  Scenario: y\n    Given channel \"x\" with 1 host\n" +
		"    When \"x\" moves to ref \"a1\"\n    Then \"x@a1\" is Terminal\n")}}
	results := runWith(t, files, append(slices.Clone(steps()), newVocabulary([]step{bad})...))
	if a, b := results[0], results[1]; a.Status != Failed ||
		!strings.Contains(a.Message, "a mistake of ours") || b.Status != Passed {
		t.Errorf("%+v", results)
	}
}

// made returns a step that does nothing.
func made(words string) step {
	return step{words: words, phase: sets, do: func(*world, ...any) error { return nil }}
}

// runWith runs the scenarios of some files with a vocabulary of the test.
func runWith(t *testing.T, files fs.FS, v vocabulary) []Scenario {
	t.Helper()
	cases, err := Cases(Options{FS: files})
	if err != nil {
		t.Fatal(err)
	}
	var results []Scenario
	for _, c := range cases {
		c.steps = v
		results = append(results, c.Run(nil))
	}
	return results
}

// passing is a feature with two scenarios that pass.
const passing = `Feature: Passing

  Background:
    Given channel "stable" with 1 host
    When "stable" moves to ref "a1"

  Scenario: One
    Then "stable@a1" is Terminal

  Scenario: Two
    Then "stable@a1" has been Active
`

// TestTrace checks that the result of a scenario has a trace if it has failed, and none if it has
// passed.
func TestTrace(t *testing.T) {
	const failing = "\n  Scenario: Three\n    Then \"stable@a1\" is Failed\n"
	report := run(t, Options{FS: fstest.MapFS{"x.feature": {Data: []byte(passing + failing)}}})
	if report.Count(Passed) != 2 || report.Count(Failed) != 1 {
		t.Errorf("%d passed and %d failed", report.Count(Passed), report.Count(Failed))
	}
	for _, s := range report.Scenarios {
		if (s.Status == Failed) != (len(s.Trace) > 10 && s.Trace[0].Header != nil) {
			t.Errorf("%s: %v with %d entries", s.Name, s.Status, len(s.Trace))
		}
	}
}

// TestMany runs files that are far longer than any that people write. They end soon, with a message
// if they fail.
func TestMany(t *testing.T) {
	const n = 2_500
	const background = "Feature: x\n  Background:\n    Given channel \"stable\" with 1 host\n" +
		"    When \"stable\" moves to ref \"a1\"\n  Scenario: x\n"
	many := func(line string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(line, "#", fmt.Sprint(i)))
		}
		return b.String()
	}
	for _, tt := range []struct{ name, text, want string }{
		{"expectations", background + many("    Then \"stable@a1\" is Terminal\n"), "passed "},
		{
			"unknown", background + many("    Then the moon is #\n"),
			"undefined no step fits this sentence: the moon is 0",
		},
		{
			"turns",
			background + many("    When \"stable\" moves to ref \"b#\"\n"+
				"    Then \"stable@b#\" is Terminal\n"),
			"failed this story is too long: each time that it waits for everything to settle it is " +
				"simulated from its start, which has made more than",
		},
		{
			"rows",
			strings.Replace(background, "Scenario:", "Scenario Outline:", 1) +
				"    Then \"stable@a1\" is <state>\n    Examples:\n      | state |\n" +
				many("      | Filed |\n"),
			`failed no state of a rollout is named "Filed": did you mean "Failed"?`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			report := run(t, Options{FS: fstest.MapFS{"x.feature": {Data: []byte(tt.text)}}})
			s := report.Scenarios[len(report.Scenarios)-1]
			if got := fmt.Sprintf("%v %s", s.Status, s.Message); !strings.HasPrefix(got, tt.want) ||
				tt.want == "passed " && got != tt.want {
				t.Errorf("%.300s", got)
			}
		})
	}
}

// TestOutside runs a file of the operating system, by an absolute path.
func TestOutside(t *testing.T) {
	file := filepath.ToSlash(filepath.Join(t.TempDir(), "mine.feature"))
	if err := os.WriteFile(filepath.FromSlash(file), []byte(passing), 0o644); err != nil {
		t.Fatal(err)
	}
	for p, want := range map[string]int{
		file: 2, file + ":10": 1, filepath.ToSlash(filepath.Dir(file)): 2,
	} {
		report := run(t, Options{Paths: []string{p}})
		if s := report.Scenarios[0]; s.File != file || report.Count(Passed) != want {
			t.Errorf("%s: %d passed, want %d: %+v", p, report.Count(Passed), want, s)
		}
	}
}

// TestEnds runs no further scenario once the context has ended, and returns its error.
func TestEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	opt := Options{
		FS:    shipped,
		Paths: []string{"features/failure"},
		Each:  func(*Scenario) { cancel() },
	}
	report, err := Run(ctx, opt)
	if !errors.Is(err, context.Canceled) || report.Count(Passed) == 0 || report.Count(Unrun) < 10 ||
		report.Passed() {
		t.Errorf("%v: %d passed and %d were not run", err, report.Count(Passed), report.Count(Unrun))
	}
}

// TestEndsAmidSeeds runs a scenario for no further seed once the context has ended. It has then
// neither passed nor failed.
func TestEndsAmidSeeds(t *testing.T) {
	const story = "\n    And channel \"stable\" with 1 host\n" +
		"    When \"stable\" moves to ref \"a1\"\n    Then \"stable@a1\" is Terminal\n"
	ctx, cancel := context.WithCancel(context.Background())
	opt := Options{
		Jobs: 2,
		Each: func(*Scenario) { cancel() },
		FS: fstest.MapFS{"x.feature": {Data: []byte("Feature: x\n" +
			"\n  Scenario: one\n    Given seed 1" + story +
			"\n  @known-defect:stuck\n  Scenario: many\n    Given each of the seeds 1 to 10000" + story)}},
	}
	report, err := Run(ctx, opt)
	if !errors.Is(err, context.Canceled) || report.Count(Passed) != 1 || report.Count(Unrun) != 1 {
		t.Errorf("%v: %d passed and %d were not run", err, report.Count(Passed), report.Count(Unrun))
	}
}

// cancelling is a machine that ends a context with its first step.
type cancelling struct {
	reducer.Machine
	cancel context.CancelFunc
}

func (c *cancelling) Step(
	rec *reducer.Record, ev *reducer.Event, now reducer.Time, policy reducer.Policy,
	out *reducer.Effects,
) error {
	c.cancel()
	return c.Machine.Step(rec, ev, now, policy, out)
}

// TestEndsAmidRun ends the context while a scenario is simulated: it has neither passed nor failed.
func TestEndsAmidRun(t *testing.T) {
	cases, err := Cases(Options{FS: fstest.MapFS{"x.feature": {Data: []byte("Feature: x\n\n" +
		"  Scenario: one\n    Given channel \"stable\" with 1 host\n" +
		"    When \"stable\" moves to ref \"a1\"\n    Then \"stable@a1\" is Terminal\n")}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := cases[0].run(ctx, func(m reducer.Machine) reducer.Machine { return &cancelling{m, cancel} })
	if s.Status != Unrun || s.Message != "" || len(s.Trace) > 0 {
		t.Errorf("got %v, %q; want it not run", s.Status, s.Message)
	}
}

// TestErrors runs files and options with which nothing can run.
func TestErrors(t *testing.T) {
	const scenario = "\n  Scenario: x\n    Given seed 1\n"
	const notAStep = `begins no step, so this line would be read as a description: expected `
	files := fstest.MapFS{
		"good.feature":   {Data: []byte("@a\nFeature: x\n" + scenario)},
		"wip.feature":    {Data: []byte("@wip\nFeature: x\n" + scenario)},
		"broken.feature": {Data: []byte("Feature x\n" + scenario)},
		"first.feature": {Data: []byte("Feature: x\n  Scenario: x\n    Gven seed 1\n" +
			"    When 8 days pass\n")},
		"background.feature": {Data: []byte("Feature: x\n  Background:\n    The usual.\n" +
			"    Gven seed 1\n" + scenario)},
		"given.feature": {Data: []byte("# language: de\nFunktionalität: x\n" +
			"  Szenario: x\n    Given seed 1\n")},
		"headless.feature": {Data: []byte("Feature: x\n  Scenario x\n    Given seed 1\n" + scenario)},
		"rule.feature":     {Data: []byte("Feature: x\n  Rule: y\n    Given seed 1\n" + scenario)},
		"tags.feature": {Data: []byte("@seed:1 @a\nFeature: x\n" +
			"  @machine:v0.2 @machine:v0.2\n  @machine:rfc0008" + scenario)},
	}
	tests := []struct {
		paths string
		want  string
	}{
		{"first.feature", `first.feature:3: "Gven" ` + notAStep + "Given, When, Then, And or But"},
		{
			"background.feature",
			`background.feature:4: "Gven" ` + notAStep + "Given, When, Then, And or But",
		},
		{
			"given.feature",
			`given.feature:4: "Given" ` + notAStep + "Angenommen, Wenn, Dann, Und or Aber",
		},
		{
			"headless.feature",
			"headless.feature:3: this step belongs to no scenario: " +
				`expected "Scenario: " and a name above it`,
		},
		{
			"rule.feature",
			`rule.feature:3: this step belongs to no scenario: expected "Scenario: " and a name above it`,
		},
		{
			"tags.feature",
			"tags.feature:4: @machine:v0.2 and @machine:rfc0008 contradict each other: delete one",
		},
		{"wip.feature", "nothing runs: tagged @wip: name its line to run it"},
		{
			"tags.feature good.feature gone.feature broken.feature",
			"gone.feature: file does not exist\n" +
				"tags.feature:4: @machine:v0.2 and @machine:rfc0008 contradict each other: delete one\n" +
				`broken.feature:1: expected a tag, Feature:, found "Feature x": did you mean "Feature:"?`,
		},
	}
	for _, tt := range tests {
		opt := Options{FS: files, Paths: strings.Fields(tt.paths)}
		report, err := Run(context.Background(), opt)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%v\ngot  %v\nwant %s", tt.paths, err, tt.want)
		}
		if len(report.Scenarios) > 0 {
			t.Errorf("%v: %d scenarios ran", tt.paths, len(report.Scenarios))
		}
	}
	_, err := Run(context.Background(), Options{FS: files, Paths: []string{"gone.feature"}})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
}
