package lint

import (
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"rollsim/internal/osfs"
	"rollsim/scenario"
	"rollsim/story/gherkin"
	"rollsim/suite/check"
)

// files returns a file system with the files of an example, and the names of those to check. A
// scenario gets a golden, unless the example lists its files itself.
func files(r *Rule, example string) (fstest.MapFS, []string) {
	fsys := make(fstest.MapFS)
	var names []string
	if archive := txtar.Parse([]byte(example)); len(archive.Files) > 0 {
		for _, f := range archive.Files {
			fsys[f.Name] = &fstest.MapFile{Data: f.Data}
			if path.Ext(f.Name) != ".golden" {
				names = append(names, f.Name)
			}
		}
		return fsys, names
	}
	name := "example.feature"
	if r.Scenarios() {
		name = "example.yaml"
		fsys["example.golden"] = &fstest.MapFile{}
	}
	fsys[name] = &fstest.MapFile{Data: []byte(example)}
	return fsys, []string{name}
}

var codeForm = regexp.MustCompile(`^RS[01]\d\d$`)

// TestRules checks that Rules has the rules of features and scenarios, in the order of their codes.
func TestRules(t *testing.T) {
	all := Rules()
	if len(all) != len(featureRules)+len(scenarioRules) {
		t.Errorf("%d rules, want %d and %d", len(all), len(featureRules), len(scenarioRules))
	}
	for i, r := range all {
		if want := i >= len(featureRules); r.Scenarios() != want || i > 0 && all[i-1].Code >= r.Code {
			t.Errorf("rule %d is %s, after %s", i, r.Code, all[max(i-1, 0)].Code)
		}
	}
}

// TestPositions checks the first line and column of findings about whole files.
func TestPositions(t *testing.T) {
	fsys := fstest.MapFS{
		"scenarios/a.yaml": {Data: []byte("# A.\nchannels: [{name: stable, waves: [{hosts: 1}]}]\n")},
		"golden/a.golden":  {},
		"golden/b.golden":  {},
	}
	found, err := Check(fsys, []string{"scenarios/a.yaml"})
	i := slices.IndexFunc(found, func(f Finding) bool { return f.Rule == orphanGolden })
	if err != nil || i < 0 || found[i].Line != 1 || found[i].Column != 1 ||
		found[i].File != "golden/b.golden" {
		t.Errorf("%+v, %v", found, err)
	}
	f := findings{file: "a", lines: 3}
	for _, line := range []int{-1, 0, 1, 3, 4} {
		f.add(orphanGolden, line, line, "x")
	}
	var places []string
	for _, x := range f.list {
		places = append(places, fmt.Sprintf("%d:%d", x.Line, x.Column))
	}
	if got := strings.Join(places, " "); got != "1:1 3:3 3:4" {
		t.Errorf("the findings are at %s", got)
	}
}

// TestTexts checks the code, the name and the texts of every rule.
func TestTexts(t *testing.T) {
	seen := make(map[string]bool)
	for _, r := range Rules() {
		if seen[r.Code] || seen[r.Name] {
			t.Errorf("%s %s: duplicate code or name", r.Code, r.Name)
		}
		seen[r.Code], seen[r.Name] = true, true
		if !codeForm.MatchString(r.Code) || r.Severity.String() == "" {
			t.Errorf("%s %s: malformed code, or no severity", r.Code, r.Name)
		}
		if !strings.HasSuffix(r.Summary, ".") || !strings.HasSuffix(r.Why, ".") {
			t.Errorf("%s %s: a text is missing, or ends without a full stop", r.Code, r.Name)
		}
		for line := range strings.Lines(r.Why) {
			if len(line) > 100 {
				t.Errorf("%s: a line of %d bytes: %s", r.Code, len(line), line)
			}
		}
	}
}

// TestExamples checks the examples of every rule: the bad one breaks that rule and no other one,
// the good one breaks no rule and is formatted.
func TestExamples(t *testing.T) {
	for _, r := range Rules() {
		t.Run(r.Code, func(t *testing.T) {
			fsys, names := files(r, r.Bad)
			found, err := Check(fsys, names)
			if err != nil || len(found) == 0 {
				t.Errorf("the bad example: %v %v", found, err)
			}
			for _, f := range found {
				if f.Rule != r {
					t.Errorf("the bad example breaks %s: %d:%d: %s", f.Rule.Code, f.Line, f.Column, f.Message)
				}
			}
			fsys, names = files(r, r.Good)
			if found, err = Check(fsys, names); err != nil || len(found) > 0 {
				t.Errorf("the good example: %v %v", found, err)
			}
			for name, file := range fsys {
				checkFormatted(t, name, file.Data)
			}
		})
	}
}

// checkFormatted checks that a feature or a scenario is formatted.
func checkFormatted(t *testing.T, name string, text []byte) {
	t.Helper()
	formats := map[string]func(string, []byte) ([]byte, error){
		".feature": gherkin.Format, ".yaml": scenario.Format,
	}
	format := formats[path.Ext(name)]
	if format == nil {
		return
	}
	if formatted, err := format(name, text); err != nil || string(formatted) != string(text) {
		t.Errorf("%s is not formatted (%v)", name, err)
	}
}

// TestFind looks rules up by code and by name.
func TestFind(t *testing.T) {
	for _, name := range []string{"RS004", "rs004", "unknown-name", "Unknown-Name"} {
		if r, err := Find(name); err != nil || r.Code != "RS004" {
			t.Errorf("Find(%q) = %v, %v", name, r, err)
		}
	}
	for name, want := range map[string]string{
		"unknown-nam": `unknown rule "unknown-nam": did you mean "unknown-name"?`,
		"colour":      `unknown rule "colour": rollsim lint --rules lists all rules`,
	} {
		if r, err := Find(name); err == nil || err.Error() != want {
			t.Errorf("Find(%q) = %v, %v; want %s", name, r, err, want)
		}
	}
}

// TestShipped checks that the features and scenarios that ship have no findings.
func TestShipped(t *testing.T) {
	suite, err := check.Find(
		osfs.FS{}, []string{"../../features", "../../story/testdata/stories", "../../scenarios"},
	)
	if err != nil {
		t.Fatal(err)
	}
	found, err := Check(suite.FS, append(suite.Features, suite.Scenarios...))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Errorf("%s:%d:%d: %s %s: %s", f.File, f.Line, f.Column, f.Rule.Code, f.Rule.Name, f.Message)
	}
}

// TestIncluded checks that a problem of an included file is found in that file.
func TestIncluded(t *testing.T) {
	found, err := Check(fstest.MapFS{
		"a.yaml": {Data: []byte("# It includes a mistake.\n" +
			"channels: [{name: stable}]\ninclude: included/b.yaml\n")},
		"included/b.yaml": {Data: []byte("behaviour:\n  ack: soon\n")},
	}, []string{"a.yaml"})
	if err != nil || len(found) != 1 || found[0].File != "included/b.yaml" || found[0].Line != 2 ||
		found[0].Rule.Code != "RS101" {
		t.Errorf("%+v, %v", found, err)
	}
}

// TestAll checks that all findings of a file are reported at once, each at its position.
func TestAll(t *testing.T) {
	fsys := fstest.MapFS{
		"x.feature": {Data: []byte(`@sed:7
Feature: x
  Gven seed 1

  Background:
    Given channel "stable" with 2 hosts
    And host "stable-09" never answers

  Rule: r
    @seed:1 @seed:2
    Scenario: one
      When "stable" moves to ref "a1"
      And the moon is full
      Then "stable@a1" is Terminatd

    @seed:lucky @seed
    Scenario: one
      When the channels move like this:
        | channel | rf | # what
        | stable  | a1 |
    Scenario Outline: <a> two
      When "stable" moves to ref "a<a>"
      Then "stable@a<b>" is Terminal
      Examples:
        | a | c |
        | 1 | 2 |
      Examples:
    Scenario: three
      When "stable" moves to ref "<a>"
      Then "stable@a1" is Terminal
    Scenario: four
    Scenario Outline: <state>
      When "stable" moves too ref "a1"
      Then "stable@a1" is <state>
      Examples:
        | state    |
        | Terminal |
        | Terminat |
    @wip
    Scenario: five
      Then the moon is full
    Scenario Outline: six
      When "stable" moves to ref "<ref>"
      Then these transitions happen:
        | rollout   | from    | to    |
        | stable@a1 | Opening | <too> |
      Examples:
        | ref |
        | a1  |
`)},
		"torn.feature": {Data: []byte(
			"Feature: x\n  Scenario: x\n    Given seed 1\n    Whenn\n    Thenn\n")},
		"x.yaml": {Data: []byte(`channels:
  - name: stable
    waves: [{hosts: 2}]
  - name: idle
budgets: [{name: b, hosts: ["*"], max_in_flight: 2}]
fates:
  - {host: stable-01, fate: never-answers}
  - {host: stable-01, fate: never-answers}
timeline:
  - {at: 2h, channel: stable, ref: b2}
  - {at: 1h, channel: stable, ref: c3}
  - {at: 2h, channel: stable, ref: a1}
  - {at: 3h, channel: stable, ref: a1}
`)},
		"wrong.yaml": {Data: []byte("chanels: []\nseed: -1\n")},
	}
	found, err := Check(
		fsys, []string{"wrong.yaml", "x.feature", "torn.feature", "x.yaml", "nowhere.yaml"},
	)
	if err == nil || !strings.Contains(err.Error(), "nowhere.yaml") {
		t.Error(err)
	}
	var got strings.Builder
	for _, f := range found {
		fmt.Fprintf(&got, "%s:%d:%d %s\n", f.File, f.Line, f.Column, f.Rule.Code)
	}
	const want = `wrong.yaml:1:1 RS101
wrong.yaml:2:7 RS101
x.feature:1:1 RS014
x.feature:3:3 RS016
x.feature:7:5 RS004
x.feature:10:13 RS015
x.feature:13:7 RS002
x.feature:14:7 RS003
x.feature:16:5 RS014
x.feature:16:17 RS014
x.feature:16:17 RS015
x.feature:17:5 RS012
x.feature:18:7 RS005
x.feature:19:9 RS017
x.feature:23:7 RS010
x.feature:25:15 RS011
x.feature:27:7 RS009
x.feature:28:5 RS009
x.feature:31:5 RS007
x.feature:33:7 RS002
x.feature:38:9 RS003
x.feature:46:33 RS010
torn.feature:4:5 RS001
torn.feature:5:5 RS001
x.yaml:1:1 RS102
x.yaml:1:1 RS103
x.yaml:4:5 RS104
x.yaml:5:50 RS107
x.yaml:8:5 RS108
x.yaml:10:36 RS106
x.yaml:13:36 RS105
`
	if got.String() != want {
		t.Errorf("got\n%swant\n%s", got.String(), want)
		for _, f := range found {
			t.Log(f.Line, f.Column, f.Message)
		}
	}
}

// FuzzCheck checks files with any content: Check must not panic, and every finding must have a
// position in the file.
func FuzzCheck(f *testing.F) {
	for _, r := range Rules() {
		f.Add(r.Bad, r.Scenarios())
		f.Add(r.Good, r.Scenarios())
	}
	suite, err := check.Find(
		osfs.FS{}, []string{
			"../../features", "../../story/testdata/broken", "../../story/testdata/stories",
			"../../scenarios",
		},
	)
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range append(suite.Features, suite.Scenarios...) {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), path.Ext(name) == ".yaml")
	}
	f.Fuzz(func(t *testing.T, text string, isScenario bool) {
		name := "x.feature"
		if isScenario {
			name = "x.yaml"
		}
		found, err := Check(fstest.MapFS{name: {Data: []byte(text)}}, []string{name})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			if f.File != name || f.Line < 1 || f.Column < 1 || f.Line > 1+strings.Count(text, "\n") ||
				f.Message == "" {
				t.Errorf("%+v", f)
			}
		}
	})
}

// TestNoExamples finds an outline without examples, and names the column that it needs.
func TestNoExamples(t *testing.T) {
	const text = "Feature: x\n  Scenario Outline: one\n    When \"stable\" moves to ref \"<ref>\"\n"
	found, err := Check(fstest.MapFS{"x.feature": {Data: []byte(text)}}, []string{"x.feature"})
	const want = "this outline has no Examples: add a table with column <ref>"
	if err != nil || !slices.ContainsFunc(found, func(f Finding) bool {
		return f.Message == want && f.Line == 2
	}) {
		t.Errorf("%v, %+v, want %s", err, found, want)
	}
}
