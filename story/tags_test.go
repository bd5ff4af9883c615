package story

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// TestTags checks the effect of the well-known tags.
func TestTags(t *testing.T) {
	const story = "\n    Given channel \"stable\" with 1 host\n" +
		"    When \"stable\" moves to ref \"a1\"\n    Then \"stable@a1\" is "
	files := fstest.MapFS{"x.feature": {Data: []byte("Feature: x\n" +
		"\n  @slow\n  Scenario: Slow" + story + "Terminal\n" +
		"\n  @wip\n  Scenario: Wip" + story + "Failed\n" +
		"\n  @known-defect:unpruned @machine:v0.2\n  Scenario: Defect" + story + "Terminal\n" +
		"\n  @known-defect:unpruned\n  Scenario: Fixed" + story + "Terminal\n" +
		"\n  @known-defect:unpruned\n  Scenario: Mistaken" + story + "Filed\n" +
		"\n  @machine:v0.3\n  Scenario: Machine" + story + "Terminal\n" +
		"\n  @seed:x\n  Scenario: Seed" + story + "Terminal\n" +
		"\n  @knwon-defect @WIP @mine\n  Scenario: Misspelt" + story + "Terminal\n")}}
	tests := []struct {
		opt  Options
		want string
	}{
		{Options{}, "Slow passed, Wip skipped, Defect known defect, Fixed failed, Mistaken failed, " +
			"Machine failed, Seed failed, Misspelt failed"},
		{Options{Fast: true, Name: "slow|defect"}, "Slow skipped, Defect known defect"},
		{Options{Name: "WIP|Slow"}, "Slow passed, Wip skipped"},
		{Options{Tags: "@wip or @slow"}, "Slow passed, Wip failed"},
		{Options{Paths: []string{"x.feature:11"}}, "Wip failed"},
		{Options{Name: "(fix"}, ""},
	}
	for _, tt := range tests {
		tt.opt.FS = files
		report, err := Run(context.Background(), tt.opt)
		var got []string
		for _, s := range report.Scenarios {
			got = append(got, fmt.Sprintf("%s %v", s.Name, s.Status))
		}
		if strings.Join(got, ", ") != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%+v: %v\ngot  %s\nwant %s", tt.opt, err, strings.Join(got, ", "), tt.want)
		}
	}
	report := run(t, Options{FS: files})
	for i, want := range []string{
		3: "unpruned does not occur, and the scenario is tagged @known-defect:unpruned: if the " +
			"defect is fixed, delete the tag",
		4: `no state of a rollout is named "Filed": did you mean "Failed"?`,
		5: `tag @machine:v0.3: no machine is named "v0.3": there are rfc0008, v0.2 and v0.1`,
		6: "tag @seed:x: expected a number, as in @seed:7",
	} {
		if want != "" && report.Scenarios[i].Message != want {
			t.Errorf("%s: %s\nwant %s", report.Scenarios[i].Name, report.Scenarios[i].Message, want)
		}
	}
	if s := report.Scenarios[5]; s.Step != "@machine:v0.3" || s.StepLine != s.Line-1 {
		t.Errorf("%s at line %d of a scenario at %d", s.Step, s.StepLine, s.Line)
	}
	s := report.Scenarios[7]
	if want := "the tag @knwon-defect has no meaning: did you mean @known-defect:stuck?"; s.
		Message != want || s.Step != "@knwon-defect" || s.StepLine != s.Line-1 {
		t.Errorf("%s at %s, line %d; want %s", s.Message, s.Step, s.StepLine, want)
	}
}

// TestMisspelt checks which tags count as mistyped, and which as well-known or as the user's own.
func TestMisspelt(t *testing.T) {
	for tag, want := range map[string]string{
		"@wip":          "",
		"@slow":         "",
		"@known-defect": "",
		"@machine:v0.2": "",
		"@seed:7":       "",
		"@mine":         "",
		"@issue:12":     "",
		"@fast":         "",
		"@know-defect":  "@known-defect:stuck",
		"@knowndefect":  "@known-defect:stuck",
		"@Slow":         "@slow",
		"@slow:5":       "@slow",
		"@seeds:7":      "@seed:7",
		"@machnie:v0.2": "@machine:v0.2",
		"@machine":      "",
	} {
		if got, _ := MisspeltTag(tag); got != want {
			t.Errorf("%s was meant to be %q, want %q", tag, got, want)
		}
	}
}
