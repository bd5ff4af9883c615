package story

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/cucumber/godog"
	messages "github.com/cucumber/messages/go/v34"

	"rollsim/reducer"
)

// TestGodog runs all features that ship, and those that are broken on purpose, with godog: it reads
// the files, matches the sentences with the expressions of the registry and carries them out one
// after the other. The result of each scenario must be that of Case.Run.
func TestGodog(t *testing.T) {
	opt := Options{FS: shipped, Paths: []string{"features", "story/testdata"}}
	cases, err := Cases(opt)
	if err != nil {
		t.Fatal(err)
	}
	// godog does not report scenarios without steps.
	cases = slices.DeleteFunc(cases, func(c *Case) bool { return len(c.scenario.Pickle.Steps) == 0 })
	byFile := make(map[string][]*Case)
	var files []string
	for _, c := range cases {
		file := c.scenario.Document.Name
		if byFile[file] == nil {
			files = append(files, file)
		}
		byFile[file] = append(byFile[file], c)
	}
	got := make(map[*Case]error)
	suite := godog.TestSuite{
		Name: "rollsim",
		ScenarioInitializer: func(sc *godog.ScenarioContext) {
			var c *Case
			var w *world
			next := 0
			sc.Before(func(ctx context.Context, p *messages.Pickle) (context.Context, error) {
				c = byFile[p.Uri][0]
				byFile[p.Uri] = byFile[p.Uri][1:]
				w = c.newWorld()
				for _, tag := range p.Tags {
					if err := w.applyTag(tag.Name, 0); err != nil {
						return ctx, err
					}
				}
				return ctx, nil
			})
			for _, s := range steps() {
				sc.Step(s.expr, func(context.Context) error {
					step := c.scenario.Pickle.Steps[next]
					next++
					if found := steps().find(step.Text); len(found) != 1 || found[0] != s {
						return fmt.Errorf("godog matches %q with %q", step.Text, s.words)
					}
					return c.carryOutStep(w, next-1)
				})
			}
			sc.After(func(ctx context.Context, _ *messages.Pickle, err error) (context.Context, error) {
				got[c] = err
				return ctx, nil
			})
		},
		Options: &godog.Options{
			FS:          shipped,
			Paths:       files,
			Format:      "progress",
			Output:      io.Discard,
			Strict:      true,
			Concurrency: 1,
		},
	}
	suite.Run() // the exit code is ignored: it is that of success even for scenarios that did not run

	for _, c := range cases {
		err, ran := got[c]
		status := Passed
		switch {
		case !ran:
			t.Errorf("%s: godog has not run it", c.Place())
		case errors.Is(err, godog.ErrUndefined):
			status = Undefined
		case errors.Is(err, godog.ErrAmbiguous):
			status = Ambiguous
		case err != nil:
			status = Failed
		}
		c.scenario.Skipped = "" // godog ignores tags
		if first, _, many := c.seeds(); many {
			c.seed = reducer.Some(first) // godog runs a scenario once
		}
		// A scenario is vacuous or not after its steps. Through a machine it is not judged.
		want := c.Run(func(m reducer.Machine) reducer.Machine { return m })
		if strings.Contains(want.Step, "known defect: ") {
			want.Status = Passed // the defects of a scenario are judged after its steps
		}
		if want.Status != status || status == Failed && !strings.HasSuffix(err.Error(), want.Message) {
			t.Errorf("%s\ngodog    %v: %v\nCase.Run %v: %s",
				c.Place(), status, err, want.Status, want.Message)
		}
	}
}
