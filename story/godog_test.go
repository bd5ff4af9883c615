package story

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cucumber/godog"
	messages "github.com/cucumber/messages/go/v34"
)

const (
	fleetOfOne = "    Given channel \"stable\" with 1 host\n"
	moves      = "    When \"stable\" moves to ref \"a1\"\n"
	converges  = "    Then \"stable@a1\" is Terminal\n"
	ticket     = "    Given the change has a ticket\n"
)

// suiteRun is what a suite of another project reports of its scenarios: their errors by name, empty
// for those that passed.
type suiteRun struct {
	exit   int
	errors map[string]string
}

// runForeign runs features in a suite with sentences of its own.
func runForeign(t *testing.T, fsys fs.FS, path string) suiteRun {
	t.Helper()
	run := suiteRun{errors: make(map[string]string)}
	own := Initializer(fsys, stubExplorer{})
	if fsys == nil {
		own = InitializeScenario
	}
	suite := godog.TestSuite{
		ScenarioInitializer: func(sc *godog.ScenarioContext) {
			own(sc)
			sc.Step(`^the change has a ticket$`, func() error { return nil })
			sc.Step(`^the ticket is closed$`, func() error { return errors.New("the ticket is open") })
			sc.Step(`^the usual release$`, func() godog.Steps {
				return godog.Steps{`"stable" moves to ref "a1"`}
			})
			sc.After(func(
				ctx context.Context, p *messages.Pickle, err error,
			) (context.Context, error) {
				run.errors[p.Name] = ""
				if err != nil {
					run.errors[p.Name] = err.Error()
				}
				return ctx, nil
			})
		},
		Options: &godog.Options{
			FS: fsys, Paths: []string{path}, Format: "progress", Output: io.Discard, Strict: true,
		},
	}
	run.exit = suite.Run()
	return run
}

// TestSuiteOfAnotherProject runs scenarios in a suite of godog that also has sentences of its own.
// Everything is checked that Run checks.
func TestSuiteOfAnotherProject(t *testing.T) {
	tests := []struct {
		name, steps string
		want        string // in the error; empty if it passes
	}{
		{"passes", fleetOfOne + moves + converges, ""},
		{"own sentences", ticket + fleetOfOne + moves + converges + ticket, ""},
		{"own steps of steps", fleetOfOne + "    When the usual release\n" + converges, ""},
		{"only own sentences", ticket, ""},
		{
			"a sentence that does not hold", fleetOfOne + moves + "    Then \"stable@a1\" is Failed\n",
			"expected  \"stable@a1\" is Failed",
		},
		{
			"an own sentence that does not hold", fleetOfOne + moves + converges +
				"    Then the ticket is closed\n", "the ticket is open",
		},
		{
			"nothing is expected", fleetOfOne + moves + ticket,
			"nothing is expected here: a scenario needs a Then",
		},
		{
			"a violation that nothing expects", fleetOfOne + "    Given host \"stable-01\" never answers\n" +
				moves + "    Then \"stable@a1\" has been Active\n" + ticket,
			"every sentence holds, but no sentence expects this",
		},
		{
			"vacuous", fleetOfOne + moves + "    When the control plane crashes 30 days later\n" +
				"    Then \"stable@a1\" is Pruned in the end\n", "vacuous",
		},
		{
			"undefined", fleetOfOne + moves + "    Then \"stable@a1\" is Terminall\n",
			"Terminal",
		},
		{
			"given twice", "    Given seed 1\n    Given seed 2\n" + fleetOfOne + moves + converges,
			"seed",
		},
		{
			"one seed of several fails", "    Given each of the seeds 1 to 3\n" + fleetOfOne + moves +
				"    Then \"stable@a1\" is Terminal within 82 seconds\n",
			"seed      2 is the smallest of the seeds 1 to 3",
		},
		{"each of several seeds", "    Given each of the seeds 1 to 3\n" + fleetOfOne + moves +
			converges + ticket, ""},
		{"only nested", "    When the usual release\n", "say one of them in the scenario itself"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := "Feature: x\n\n  Scenario: one\n" + tt.steps
			run := runForeign(t, fstest.MapFS{"x.feature": {Data: []byte(text)}}, "x.feature")
			err, ran := run.errors["one"]
			switch {
			case !ran:
				t.Error("it has not run")
			case tt.want == "" && (err != "" || run.exit != 0):
				t.Errorf("exit code %d: %s", run.exit, err)
			case tt.want != "" && (!strings.Contains(err, tt.want) || run.exit != 1):
				t.Errorf("exit code %d, %q; want %q", run.exit, err, tt.want)
			}
		})
	}
}

// TestSuiteReadsFiles checks that a suite knows of each sentence where it stands in the file, and
// that it fails if it cannot read the file.
func TestSuiteReadsFiles(t *testing.T) {
	text := "Feature: x\n  Background:\n    Given seed 1\n" + fleetOfOne + moves +
		"\n  Scenario: overrides\n    Given seed 2\n" + converges +
		"\n  @wip\n  Scenario: some day\n    Then \"stable@a1\" is Failed\n" +
		"\n  @seed:x\n  Scenario: bad tag\n" + converges +
		"\n  Scenario Outline: row <n>\n" + converges + "    Examples:\n      | n |\n      | 1 |\n"
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("x.feature", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	run := runForeign(t, nil, "x.feature")
	for name, want := range map[string]string{
		"overrides": "", "row 1": "", "some day": "", "bad tag": "expected a number",
	} {
		if got, ran := run.errors[name]; !ran || !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: ran %v, got %q, want %q", name, ran, got, want)
		}
	}
	run = runForeign(t, nil, "x.feature:7")
	if len(run.errors) != 1 || run.errors["overrides"] != "" {
		t.Errorf("one line: %v", run.errors)
	}

	// Initializer has no file of this name, and a file that has changed.
	other := fstest.MapFS{"x.feature": {Data: []byte("Feature: x\n  Scenario: y\n" + converges)}}
	for want, fsys := range map[string]fs.FS{
		"file does not exist": fstest.MapFS{}, "it has changed since": other,
	} {
		p := &messages.Pickle{Uri: filepath.ToSlash("x.feature"), Steps: []*messages.PickleStep{
			{Text: `"stable@a1" is Terminal`},
		}}
		if _, err := openPass(fsys, nil, p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestPassRefuses checks that a scenario fails that godog has not run, or whose sentences it does
// not find although the vocabulary has them.
func TestPassRefuses(t *testing.T) {
	files := fstest.MapFS{"x.feature": {Data: []byte("Feature: x\n  Scenario: none\n\n" +
		"  Scenario: one\n" + fleetOfOne + moves + converges)}}
	cases, err := Cases(Options{FS: files})
	if err != nil {
		t.Fatal(err)
	}
	none := &pass{c: cases[0], ctx: t.Context()}
	runAlone(none)
	if none.result.Status != Failed || !strings.Contains(none.result.Message, "has not run") {
		t.Errorf("got %v: %s", none.result.Status, none.result.Message)
	}
	for _, lost := range []error{godog.ErrUndefined, godog.ErrAmbiguous} {
		p := &pass{c: cases[1], ctx: t.Context()}
		if err := p.begin(); err != nil {
			t.Fatal(err)
		}
		p.beginStep(0, cases[1].scenario.Pickle.Steps[0])
		_ = p.endStep(0, lost) // the result has it
		if p.result.Status != Failed || !strings.Contains(p.result.Message, lost.Error()) {
			t.Errorf("%v: got %v: %s", lost, p.result.Status, p.result.Message)
		}
	}
}
