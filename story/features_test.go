package story

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// shipped holds the features as users name them: features/….
var shipped = os.DirFS("..")

func run(t *testing.T, opt Options) Report {
	t.Helper()
	report, err := Run(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// TestFeatures runs everything that ships, and the stories that say what sentences mean.
func TestFeatures(t *testing.T) {
	report := run(t, Options{FS: shipped, Paths: []string{"features", "story/testdata/stories"}})
	for _, s := range report.Scenarios {
		if s.Status != Passed {
			t.Errorf("%s:%d %s: %v\n%s (line "+
				"%d)\n%s", s.File, s.Line, s.Name, s.Status, s.Step, s.StepLine, s.Message)
		}
	}
}

// TestSubjects sees to it that no subject is lost from what ships: scenarios as they are written,
// an outline being one.
func TestSubjects(t *testing.T) {
	scenario := regexp.MustCompile(`(?m)^  Scenario( Outline)?: `)
	least := map[string]int{"supersession": 45, "failure": 28, "retention": 28}
	total := 0
	for _, folder := range []string{
		"supersession", "failure", "retention", "waves", "gates", "faults", "clearance", "cascade", "recovery", "reducer",
	} {
		files, err := filepath.Glob("../features/" + folder + "/*.feature")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			n += len(scenario.FindAll(text, -1))
		}
		if n < max(least[folder], 1) {
			t.Errorf("%s has only %d scenarios", folder, n)
		}
		total += n
	}
	if total < 240 {
		t.Errorf("there are only %d scenarios", total)
	}
}

// TestMessages holds what is said of scenarios that fail against goldens. UPDATE_GOLDENS=1 rewrites
// them.
func TestMessages(t *testing.T) {
	files, err := filepath.Glob("testdata/broken/*.feature")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		var b strings.Builder
		for _, s := range run(t, Options{Paths: []string{filepath.ToSlash(file)}}).Scenarios {
			if s.Status == Passed {
				t.Errorf("%s:%d %s passes", s.File, s.Line, s.Name)
			}
			fmt.Fprintf(&b, "=== %d %s: %v at line %d: "+
				"%s\n%s\n\n", s.Line, s.Name, s.Status, s.StepLine, s.Step, s.Details())
		}
		golden := strings.TrimSuffix(file, ".feature") + ".golden"
		if os.Getenv("UPDATE_GOLDENS") != "" {
			if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		g, w := strings.SplitAfter(b.String(), "\n\n"), strings.SplitAfter(string(want), "\n\n")
		for i := range max(len(g), len(w)) {
			if i >= len(g) || i >= len(w) || g[i] != w[i] {
				t.Errorf("%s differs\ngot\n%s\nwant\n%s", golden, at(g, i), at(w, i))
			}
		}
	}
}

func at(parts []string, i int) string {
	if i >= len(parts) {
		return "nothing"
	}
	return parts[i]
}

// TestErrors holds what is said of files and options with which nothing can run.
func TestErrors(t *testing.T) {
	const scenario = "\n  Scenario: x\n    Given seed 1\n"
	const step = `expected a row of a table, """, a step (Given, When, Then, And or But), a tag, Examples:, Scenario:, Rule:, `
	files := fstest.MapFS{
		"good.feature":     {Data: []byte("@a\nFeature: x\n" + scenario)},
		"wip.feature":      {Data: []byte("@wip\nFeature: x\n" + scenario)},
		"empty.feature":    {Data: nil},
		"comments.feature": {Data: []byte("# nothing\n\n")},
		"bare.feature":     {Data: []byte("\n\nFeature: x\n")},
		"prose.feature":    {Data: []byte("Once upon a time\n")},
		"binary.feature":   {Data: []byte("Feature: x\n\x00\x01\n")},
		"bell.feature":     {Data: []byte("Feature: x\n  Scenario: a\x1b[31m red\a bell\n")},
		"latin1.feature":   {Data: []byte("Feature: caf\xe9\n")},
		"long.feature":     {Data: []byte("Feature: x\n" + strings.Repeat("x", 70_000) + scenario)},
		"large.feature":    {Data: []byte("Feature: x\n" + strings.Repeat(scenario, 300_000))},
		"keyword.feature": {Data: []byte("Feature: x\n  Scenario: x\n    Given seed 1\n    " +
			"Whenn 8 days pass\n")},
		"first-keyword.feature": {Data: []byte("Feature: x\n  Scenario: x\n    Gven seed 1\n    " +
			"When 8 days pass\n")},
		"background.feature": {Data: []byte("Feature: x\n  Background:\n    The usual.\n    " +
			"Gven seed 1\n" + scenario)},
		"ragged.feature": {Data: []byte("Feature: x\n  Scenario: x\n    Given these:\n    " +
			"  | a | b |\n      | c |\n")},
		"open.feature": {Data: []byte("Feature: x\n  Scenario: x\n    Given this:\n    " +
			"\"\"\"\n")},
		"language.feature": {Data: []byte("# language: xx\nFeature: x\n")},
		"german.feature": {Data: []byte("# by hand\n# language: de\nFunktionalität: x\n  " +
			"Szenario: x\n    Angenommen seed 1\n    When \"stable\" moves to ref \"a1\"\n")},
		"given.feature": {Data: []byte("# language: de\nFunktionalität: x\n  Szenario: " +
			"x\n    Given seed 1\n")},
		"utf16.feature": {Data: []byte("\xff\xfeF\x00e\x00a\x00")},
		"two.feature":   {Data: []byte("Feature: x\n" + scenario + "Feature: y\n" + scenario)},
		"outline.feature": {Data: []byte("Feature: x\n  Scenario Outline: x\n    Given " +
			"seed <n>\n    Examples:\n      | n |\n")},
		"some.feature": {Data: []byte("Feature: x\n  Scenario Outline: x\n    Given " +
			"seed <n>\n    Examples:\n      | n |\n      | 1 |\n    Examples:\n")},
		"early.feature": {Data: []byte("Scenario: x\n  Given seed 1\n")},
		"colon.feature": {Data: []byte("Feature x\n" + scenario)},
		"colons.feature": {Data: []byte("Feature: x\n  Scenario: x\n    Given seed 1\n    " +
			"And: 8 days pass\n")},
		"small.feature": {Data: []byte("Feature: x\n  Scenario: x\n    Given seed 1\n    " +
			"when 8 days pass\n    then x\n")},
		"late.feature":     {Data: []byte("Feature: x\n" + scenario + "  Background:\n")},
		"foreign.feature":  {Data: []byte("Funktionalität: x\n")},
		"english.feature":  {Data: []byte("# language: de\nFeature: x\n")},
		"headless.feature": {Data: []byte("Feature: x\n  Scenario x\n    Given seed 1\n" + scenario)},
		"rule.feature":     {Data: []byte("Feature: x\n  Rule: y\n    Given seed 1\n" + scenario)},
		"tags.feature": {Data: []byte("@seed:1 @a\nFeature: x\n  @machine:v0.2 " +
			"@machine:v0.2\n  @machine:rfc0008" + scenario)},
		"folder/deep/x.feature":      {Data: []byte("Feature: x\n" + scenario)},
		"nothing/here.txt":           {Data: nil},
		"nothing/testdata/x.feature": {Data: []byte("broken")},
	}
	tests := []struct {
		opt  Options
		want string
	}{
		{
			Options{Paths: []string{"empty.feature"}},
			`empty.feature:1: nothing is in this file: expected "Feature: " and its name`,
		},
		{
			Options{Paths: []string{"comments.feature"}},
			`comments.feature:1: nothing is in this file: expected "Feature: " and its name`,
		},
		{Options{Paths: []string{"bare.feature"}}, "bare.feature:3: this feature has no scenario"},
		{Options{Paths: []string{"prose.feature"}}, "prose.feature:1: expected a tag, Feature:, found " +
			"\"Once upon a time\""},
		{Options{Paths: []string{"binary.feature"}}, "binary.feature:2: this is no text in UTF-8: if " +
			"it is text, save it as UTF-8"},
		{Options{Paths: []string{"bell.feature"}}, "bell.feature:2: a control character stands in " +
			"this line: a feature is a text file"},
		{Options{Paths: []string{"latin1.feature"}}, "latin1.feature:1: this is no text in UTF-8: if " +
			"it is text, save it as UTF-8"},
		{Options{Paths: []string{"long.feature"}}, "long.feature:2: this line is longer than 60000 " +
			"bytes"},
		{Options{Paths: []string{"large.feature"}}, "large.feature: larger than 8 MiB"},
		{
			Options{Paths: []string{"keyword.feature"}},
			`keyword.feature:4: ` + step + `found "Whenn 8 days pass": did you mean "When"?`,
		},
		{
			Options{Paths: []string{"first-keyword.feature"}},
			`first-keyword.feature:3: "Gven" begins no step, so that this line would only be read as a description: expected Given, When, Then, And or But`,
		},
		{
			Options{Paths: []string{"background.feature"}},
			`background.feature:4: "Gven" begins no step, so that this line would only be read as a description: expected Given, When, Then, And or But`,
		},
		{Options{Paths: []string{"ragged.feature"}}, "ragged.feature:5: this row has not as many " +
			"cells as the heading: each stands between two |"},
		{
			Options{Paths: []string{"open.feature"}},
			`open.feature:5: expected """, found the end of the file`,
		},
		{
			Options{Paths: []string{"language.feature"}},
			`language.feature:1: no language is named "xx": expected a code such as en, de or zh-CN`,
		},
		{
			Options{Paths: []string{"german.feature"}},
			`german.feature:6: expected a row of a table, """, a step (Angenommen, Wenn, Dann, Und or Aber), a tag, Beispiele:, Szenario:, Regel:, found "When \"stable\" moves to ref \"a1\"": keywords are German where a file says "# language: de"`,
		},
		{
			Options{Paths: []string{"given.feature"}},
			`given.feature:4: "Given" begins no step, so that this line would only be read as a description: expected Angenommen, Wenn, Dann, Und or Aber`,
		},
		{Options{Paths: []string{"utf16.feature"}}, "utf16.feature:1: this is no text in UTF-8: if it " +
			"is text, save it as UTF-8"},
		{
			Options{Paths: []string{"two.feature"}},
			`two.feature:5: ` + step + `found "Feature: y": a file holds one feature`,
		},
		{
			Options{Paths: []string{"early.feature"}},
			`early.feature:1: expected a tag, Feature:, found "Scenario: x": a file begins with "Feature: " and its name`,
		},
		{
			Options{Paths: []string{"colon.feature"}},
			`colon.feature:1: expected a tag, Feature:, found "Feature x": did you mean "Feature:"?`,
		},
		{
			Options{Paths: []string{"colons.feature"}},
			`colons.feature:4: ` + step + `found "And: 8 days pass": did you mean "And"?`,
		},
		{
			Options{Paths: []string{"small.feature"}},
			`small.feature:4: ` + step + `found "when 8 days pass": did you mean "When"?` + "\n" +
				`small.feature:5: ` + step + `found "then x": did you mean "Then"?`,
		},
		{
			Options{Paths: []string{"late.feature"}},
			`late.feature:5: ` + step + `found "Background:": it stands before the first scenario`,
		},
		{
			Options{Paths: []string{"foreign.feature"}},
			`foreign.feature:1: expected a tag, Feature:, found "Funktionalität: x": keywords are English unless a first line says otherwise, such as "# language: de"`,
		},
		{
			Options{Paths: []string{"english.feature"}},
			`english.feature:2: expected a tag, Funktionalität:, found "Feature: x": keywords are German where a file says "# language: de"`,
		},
		{
			Options{Paths: []string{"headless.feature"}},
			`headless.feature:3: this step belongs to no scenario: expected "Scenario: " and a name above it`,
		},
		{
			Options{Paths: []string{"rule.feature"}},
			`rule.feature:3: this step belongs to no scenario: expected "Scenario: " and a name above it`,
		},
		{Options{Paths: []string{"tags.feature"}}, "tags.feature:4: @machine:v0.2 and " +
			"@machine:rfc0008 contradict each other: take one away"},
		{Options{Paths: []string{"outline.feature"}}, "outline.feature:4: these examples have no row, " +
			"so that nothing of them would run"},
		{Options{Paths: []string{"some.feature"}}, "some.feature:7: these examples have no row, so " +
			"that nothing of them would run"},
		{
			Options{Paths: []string{"prose.feature", "good.feature", "empty.feature"}},
			"prose.feature:1: expected a tag, Feature:, found \"Once upon a time\"\n" +
				`empty.feature:1: nothing is in this file: expected "Feature: " and its name`,
		},

		{Options{Paths: []string{"gone.feature"}}, "gone.feature: file does not exist"},
		{Options{Paths: []string{""}}, "a path is empty"},
		{Options{Paths: []string{"gone.feature:3"}}, "gone.feature: file does not exist"},
		{Options{Paths: []string{"nothing/here.txt"}}, "nothing/here.txt: expected a .feature file or " +
			"a folder"},
		{Options{Paths: []string{"nothing"}}, "nothing: no .feature file in this folder"},
		{Options{Paths: []string{"folder:3"}}, "folder:3: a folder has no lines"},
		{Options{Paths: []string{"good.feature:0"}}, "good.feature:0: lines count from 1"},
		{Options{Paths: []string{"good.feature:99"}}, "good.feature:99: there are only 6 lines"},
		{
			Options{Paths: []string{"good.feature"}, Tags: "@b"},
			`no scenario is selected by the tags "@b" in good.feature`,
		},
		{
			Options{Paths: []string{"good.feature"}, Tags: "@a and"},
			`tag expression "@a and": expected a tag such as @slow, found its end; an example: (@slow or @wip) and not @machine:v0.2`,
		},
		{
			Options{Paths: []string{"good.feature"}, Tags: "@ab"},
			`no scenario is selected by the tags "@ab" in good.feature: no scenario is tagged @ab; did you mean @a?`,
		},
		{
			Options{Paths: []string{"good.feature"}, Tags: "@a", Name: "y"},
			`no scenario is selected by the tags "@a" and the name "y" in good.feature`,
		},
		{Options{Paths: []string{"wip.feature"}}, "nothing is run: it is tagged @wip; naming its line " +
			"runs it"},
		{Options{Paths: []string{"good.feature"}, Shard: 3, Shards: 2}, "there is no shard 3 of 2: " +
			"shards count from 1"},
		{Options{Paths: []string{"good.feature"}, Shards: 2}, "there is no shard 0 of 2: shards count " +
			"from 1"},
		{Options{Paths: []string{"good.feature"}, Shard: 1}, "there is no shard 1 of 0: shards count " +
			"from 1"},
	}
	for _, tt := range tests {
		tt.opt.FS = files
		report, err := Run(context.Background(), tt.opt)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%v\ngot  %v\nwant %s", tt.opt.Paths, err, tt.want)
		}
		if len(report.Scenarios) > 0 {
			t.Errorf("%v: %d scenarios ran", tt.opt.Paths, len(report.Scenarios))
		}
	}
	if _, err := Run(context.Background(), Options{FS: files, Paths: []string{"gone.feature"}}); !errors.Is(
		err, fs.ErrNotExist,
	) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
}

// TestTypography reads quotes, spaces and stops as people and their editors write them.
func TestTypography(t *testing.T) {
	opt := Options{FS: fstest.MapFS{"x.feature": {Data: []byte(`Feature: x
  Scenario: y
    Given each  of the seeds 5 to 9.
    And the	channel “stable” with  2 hosts soaking 10 minutes.
    And channel „edge“ with 1 host
    And these hosts misbehave:
      | hosts       | does          | ref    |
      | “stable-02” | never answers | "a1"   |
      | 'edge-01'   | never answers | « a1 » |
    And on hosts ‚stable-01‘ and ’stable-02’ activations take 1 minute
    When « stable » moves to b2.
    Then "stable@b2" is Terminal.
    When edge moves to a1
    Then edge@a1 is stuck waiting for host «edge-01», which is never acked
    When "stable" moves to «c3»
    Then “stable@c3” is Terminal exactly 1 hour later, give or take 1 hour
`)}}}
	documents, err := selectScenarios(&opt)
	if err != nil {
		t.Fatal(err)
	}
	if first, last, many := documents[0].cases[0].seeds(); !many || first != 5 || last != 9 {
		t.Errorf("told for the seeds %d to %d", first, last)
	}
	report := run(t, opt)
	for _, s := range report.Scenarios {
		if s.Status != Passed {
			t.Errorf("%s\n%s", s.Step, s.Message)
		}
	}
}

const selectable = `@all
Feature: Selectable

  Background:
    Given channel "stable" with 1 host
    When "stable" moves to ref "a1"

  Scenario: One
    Then "stable@a1" is Terminal

  @two
  Scenario: Two
    Then "stable@a1" is Terminal

  @three
  Scenario Outline: Three <n>
    Then "stable@a1" is <state>

    @numbers
    Examples:
      | n | state    |
      | 1 | Terminal |
      | 2 | Terminal |

    @letters
    Examples:
      | n | state    |
      | a | Terminal |

  Rule: Four

    Background:
      Given seed 7

    Scenario: Four
      Then "stable@a1" is Terminal

    @two
    Scenario: Two
      Then "stable@a1" is Terminal`

// TestSelection checks what is run, in what order, and that everything keeps its line.
func TestSelection(t *testing.T) {
	const all = "8 One, 12 Two, 22 Three 1, 23 Three 2, 28 Three a, 35 Four, 39 Two"
	files := fstest.MapFS{
		"a.feature": {Data: []byte(selectable)},
		"b/b.feature": {Data: []byte("Feature: B\n  Scenario: B\n    Given channel \"x\" with 1 " +
			"host\n    Then the moon is full\n")},
		"b/c:3.feature": {Data: []byte("Feature: C\n  Scenario: C\n    Then the moon is full\n")},
		"b/crlf.feature": {Data: []byte("\ufeffFeature: CRLF\r\n\r\n  Scenario: CRLF\r\n    Then " +
			"the moon is full\r\n")},
		"b/de.feature": {Data: []byte("# language: de\nFunktionalität: D\n\n  Szenario: D\n    " +
			"Dann the moon is full\n")},
		"b/x/testdata/y":   {Data: nil},
		"b/.git/z.feature": {Data: []byte("broken")},
	}
	tests := []struct {
		paths, tags   string
		shard, shards int
		want          string
	}{
		{"a.feature", "", 0, 0, all},
		{"./a.feature", "", 0, 0, all},
		{"a.feature:8", "", 0, 0, "8 One"},
		{"a.feature:9", "", 0, 0, "8 One"},
		{"a.feature:11", "", 0, 0, "12 Two"},
		{"a.feature:22", "", 0, 0, "22 Three 1"},
		{"a.feature:20", "", 0, 0, "22 Three 1, 23 Three 2"},
		{"a.feature:16", "", 0, 0, "22 Three 1, 23 Three 2, 28 Three a"},
		{"a.feature:30", "", 0, 0, "35 Four, 39 Two"},
		{"a.feature:33", "", 0, 0, "35 Four, 39 Two"},
		{"a.feature:40", "", 0, 0, "39 Two"},
		{"a.feature:1", "", 0, 0, all},
		{"a.feature:5", "", 0, 0, all},
		{"a.feature:40 a.feature:8 a.feature:8", "", 0, 0, "8 One, 39 Two"},
		{"a.feature:40 a.feature", "", 0, 0, all},
		{"a.feature a.feature:40", "", 0, 0, all},
		{"a.feature a.feature", "", 0, 0, all},
		{"a.feature", "@two", 0, 0, "12 Two, 39 Two"},
		{"a.feature", "@three and not @numbers", 0, 0, "28 Three a"},
		{"a.feature", "@all and not (@two or @three)", 0, 0, "8 One, 35 Four"},
		{"a.feature:30", "@two", 0, 0, "39 Two"},
		{"a.feature", "", 1, 3, "8 One, 23 Three 2, 39 Two"},
		{"a.feature", "", 2, 3, "12 Two, 28 Three a"},
		{"a.feature", "", 3, 3, "22 Three 1, 35 Four"},
		{"a.feature", "@two", 3, 3, ""},
		{"b", "", 0, 0, "2 B, 2 C, 3 CRLF, 4 D"},
		{"b/b.feature b/c:3.feature", "", 0, 0, "2 B, 2 C"},
		{"", "", 0, 0, all + ", 2 B, 2 C, 3 CRLF, 4 D"},
	}
	for _, tt := range tests {
		report := run(
			t,
			Options{
				FS:     files,
				Paths:  strings.Fields(tt.paths),
				Tags:   tt.tags,
				Shard:  tt.shard,
				Shards: tt.shards,
			},
		)
		var got []string
		for _, s := range report.Scenarios {
			got = append(got, fmt.Sprintf("%d %s", s.Line, s.Name))
			if passes := s.File == "a.feature"; passes != (s.Status == Passed) {
				t.Errorf("%s:%d: %v: %s", s.File, s.Line, s.Status, s.Message)
			}
		}
		if strings.Join(got, ", ") != tt.want {
			t.Errorf(
				"%q %q %d/%d\ngot  %s\nwant %s", tt.paths, tt.tags, tt.shard, tt.shards,
				strings.Join(got, ", "), tt.want,
			)
		}
	}
}

// TestMany runs files that are far longer than any that people write: they come to an end soon, and
// say why they fail.
func TestMany(t *testing.T) {
	const n = 10_000
	const background = "Feature: x\n  Background:\n    Given channel \"stable\" with 1 host\n    " +
		"When \"stable\" moves to ref \"a1\"\n  Scenario: x\n"
	many := func(line string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(line, "#", fmt.Sprint(i)))
		}
		return b.String()
	}
	for _, tt := range []struct{ name, text, want string }{
		{"expectations", background + many("    Then \"stable@a1\" is Terminal\n"), "passed "},
		{"unknown", background + many("    Then the moon is #\n"), "undefined no step is worded like " +
			"this: the moon is 0"},
		{"turns", background + many("    When \"stable\" moves to ref \"b#\"\n    Then \"stable@b#\" "+
			"is Terminal\n"),
			"failed this story is too long: whenever it waits for everything to settle it is simulated " +
				"from its start, and that has come to more than"},
		{"rows", strings.Replace(background, "Scenario:", "Scenario Outline:", 1) +
			"    Then \"stable@a1\" is <state>\n    Examples:\n      | state |\n" + many("      | Filed |\n"),
			`failed no state of a rollout is named "Filed": did you mean "Failed"?`},
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
	if err := os.WriteFile(filepath.FromSlash(file), []byte(selectable), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{file, file + ":12", filepath.ToSlash(filepath.Dir(file))} {
		report := run(t, Options{Paths: []string{p}})
		if s := report.Scenarios[0]; s.File != file || !report.Passed() {
			t.Errorf("%s: %+v", p, s)
		}
	}
}

// TestNeverPassesUnrun sees to it that what has run nothing has not passed.
func TestNeverPassesUnrun(t *testing.T) {
	tests := []struct {
		name, scenario string
		want           Status
	}{
		{"undefined", "Then the moon is full", Undefined},
		{"undefined at the end", "Given seed 1\n    Then the moon is full", Undefined},
		{"no step", "", Undefined},
		{"no expectation", "Given channel \"x\" with 1 host", Failed},
		{"no expectation after happenings", "Given channel \"x\" with 1 host\n    When \"x\" moves to " +
			"ref \"a1\"", Failed},
		{"ambiguous", "Given ambiguous a", Ambiguous},
	}
	defer func(all func() []*step) { steps = all }(steps)
	both := append(slices.Clone(steps()), made(t, `ambiguous a`), made(t, `ambiguous {channel}`))
	steps = func() []*step { return both }
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := fstest.MapFS{
				"x.feature": {Data: []byte("Feature: x\n  Scenario: x\n    " + tt.scenario + "\n")},
			}
			report := run(t, Options{FS: files})
			if s := report.Scenarios[0]; report.Passed() || s.Status != tt.want || s.Message == "" {
				t.Errorf("got %v, want %v: %s", s.Status, tt.want, s.Message)
			}
		})
	}
}

// made makes a step that does nothing.
func made(t *testing.T, words string) *step {
	t.Helper()
	s := &step{words: words, phase: sets, do: func(*world, ...any) error { return nil }}
	s.expr, s.values = pattern(words)
	return s
}

// TestPanic sees to it that a step which panics fails its scenario and nothing else.
func TestPanic(t *testing.T) {
	defer func(all func() []*step) { steps = all }(steps)
	bad := made(t, `panic`)
	bad.do = func(*world) error { panic("a mistake of ours") }
	with := append(slices.Clone(steps()), bad)
	steps = func() []*step { return with }
	files := fstest.MapFS{"x.feature": {Data: []byte("Feature: x\n  Scenario: x\n    Given " +
		"panic\n\n  Scenario: y\n    Given channel \"x\" with 1 host\n" +
		"    When \"x\" moves to ref \"a1\"\n    Then \"x@a1\" is Terminal\n")}}
	report := run(t, Options{FS: files})
	if a, b := report.Scenarios[0], report.Scenarios[1]; a.Status != Failed ||
		!strings.Contains(a.Message, "a mistake of ours") ||
		b.Status != Passed {
		t.Errorf("%+v", report.Scenarios)
	}
}

// TestTrace checks that a scenario which has failed comes with its trace, and one that has passed
// without.
func TestTrace(t *testing.T) {
	files := fstest.MapFS{"x.feature": {Data: []byte(selectable + "\n\n  Scenario: Five\n    Then " +
		"\"stable@a1\" is Failed\n")}}
	for _, s := range run(t, Options{FS: files}).Scenarios {
		if (s.Status == Failed) != (len(s.Trace) > 10 && s.Trace[0].Header != nil) {
			t.Errorf("%s: %v with %d entries", s.Name, s.Status, len(s.Trace))
		}
	}
}

// TestSame runs everything that fails and some that passes at every width and in several orders:
// the report is the same, and so is the order in which it comes.
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
				opt.Shuffle = 0 // in another order another one fails first
			}
			var told []string
			opt.Each = func(s *Scenario) {
				told = append(told, fmt.Sprintf("%s %v %s %s", s.Place(), s.Status, s.Step, s.Details()))
			}
			report := run(t, opt)
			got := strings.Join(told, "\n")
			if want == "" {
				want = got
			}
			if got != want || len(told) != len(report.Scenarios) {
				t.Errorf(
					"fail-fast %v, %d jobs, shuffled by %d\ngot  %s\nwant %s", failFast, opt.Jobs, opt.Shuffle,
					got, want,
				)
			}
			if failFast != (report.Count(Unrun) > 0) || failFast && report.Count(Failed) != 1 {
				t.Errorf(
					"fail-fast %v: %d failed and %d were not run", failFast, report.Count(Failed),
					report.Count(Unrun),
				)
			}
		}
	}
}

// TestEnds runs nothing more once the context has ended, and says so.
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

// TestEndsAmidSeeds tells a scenario for no further seed once the context has ended; it has neither
// passed nor failed then.
func TestEndsAmidSeeds(t *testing.T) {
	const story = "\n    And channel \"stable\" with 1 host\n    When \"stable\" moves to ref " +
		"\"a1\"\n    Then \"stable@a1\" is Terminal\n"
	ctx, cancel := context.WithCancel(context.Background())
	opt := Options{
		Jobs: 2,
		Each: func(*Scenario) { cancel() },
		FS: fstest.MapFS{"x.feature": {Data: []byte("Feature: x\n" +
			"\n  Scenario: one\n    Given seed 1" + story +
			"\n  @known-defect\n  Scenario: many\n    Given each of the seeds 1 to 10000" + story)}},
	}
	report, err := Run(ctx, opt)
	if !errors.Is(err, context.Canceled) || report.Count(Passed) != 1 || report.Count(Unrun) != 1 {
		t.Errorf("%v: %d passed and %d were not run", err, report.Count(Passed), report.Count(Unrun))
	}
}

// TestTags checks what the tags that mean something do.
func TestTags(t *testing.T) {
	const story = "\n    Given channel \"stable\" with 1 host\n    When \"stable\" moves to ref " +
		"\"a1\"\n    Then \"stable@a1\" is "
	files := fstest.MapFS{"x.feature": {Data: []byte("Feature: x\n" +
		"\n  @slow\n  Scenario: Slow" + story + "Terminal\n" +
		"\n  @wip\n  Scenario: Wip" + story + "Failed\n" +
		"\n  @known-defect\n  Scenario: Defect" + story + "Failed\n" +
		"\n  @known-defect\n  Scenario: Mended" + story + "Terminal\n" +
		"\n  @known-defect\n  Scenario: Mistaken" + story + "Filed\n" +
		"\n  @machine:v0.3\n  Scenario: Machine" + story + "Terminal\n" +
		"\n  @seed:x\n  Scenario: Seed" + story + "Terminal\n" +
		"\n  @knwon-defect @WIP @mine\n  Scenario: Misspelt" + story + "Terminal\n")}}
	tests := []struct {
		opt  Options
		want string
	}{
		{Options{}, "Slow passed, Wip skipped, Defect known defect, Mended failed, Mistaken failed, " +
			"Machine failed, Seed failed, Misspelt passed"},
		{Options{Fast: true, Name: "slow|defect"}, "Slow skipped, Defect known defect"},
		{Options{Name: "WIP|Slow"}, "Slow passed, Wip skipped"},
		{Options{Tags: "@wip or @slow"}, "Slow passed, Wip failed"},
		{Options{Paths: []string{"x.feature:11"}}, "Wip failed"},
		{Options{Name: "(mend"}, ""},
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
		3: "all of this holds, and the scenario is tagged @known-defect: if the defect is gone, take " +
			"the tag away",
		4: `no state of a rollout is named "Filed": did you mean "Failed"?`,
		5: `tag @machine:v0.3: no machine is named "v0.3": there are rfc0008 and v0.2`,
		6: "tag @seed:x: expected a number, as in @seed:7",
	} {
		if want != "" && report.Scenarios[i].Message != want {
			t.Errorf("%s: %s\nwant %s", report.Scenarios[i].Name, report.Scenarios[i].Message, want)
		}
	}
	if s := report.Scenarios[5]; s.Step != "@machine:v0.3" || s.StepLine != s.Line-1 {
		t.Errorf("%s at line %d of a scenario at %d", s.Step, s.StepLine, s.Line)
	}
	want := []string{
		"x.feature:45: the tag @knwon-defect means nothing here: did you mean @known-defect?",
		"x.feature:45: the tag @WIP means nothing here: did you mean @wip?",
	}
	if !slices.Equal(report.Warnings, want) {
		t.Errorf("warned %q", report.Warnings)
	}
}

// TestMisspelt tells tags that were meant to be others from those that people think of.
func TestMisspelt(t *testing.T) {
	for tag, want := range map[string]string{
		"@wip": "", "@slow": "", "@known-defect": "", "@machine:v0.2": "", "@seed:7": "", "@mine": "", "@issue:12": "", "@fast": "",
		"@know-defect": "@known-defect", "@knowndefect": "@known-defect", "@Slow": "@slow", "@slow:5": "@slow", "@seeds:7": "@seed:7",
		"@machnie:v0.2": "@machine:v0.2", "@machine": "",
	} {
		if got, _ := MisspeltTag(tag); got != want {
			t.Errorf("%s is taken for %q, want %q", tag, got, want)
		}
	}
}
