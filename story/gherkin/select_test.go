package gherkin

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// TestSelection selects by paths, lines and tags.
func TestSelection(t *testing.T) {
	const all = "8 One, 12 Two, 22 Three 1, 23 Three 2, 28 Three a, 35 Four, 39 Two"
	files := fstest.MapFS{
		"a.feature": {Data: []byte(selectable)},
		"b/b.feature": {Data: []byte("Feature: B\n  Scenario: B\n" +
			"    Given channel \"x\" with 1 host\n    Then the moon is full\n")},
		"b/c:3.feature": {Data: []byte("Feature: C\n  Scenario: C\n    Then the moon is full\n")},
		"b/crlf.feature": {Data: []byte("\ufeffFeature: CRLF\r\n\r\n  Scenario: CRLF\r\n" +
			"    Then the moon is full\r\n")},
		"b/de.feature": {Data: []byte("# language: de\nFunktionalität: D\n\n  Szenario: D\n" +
			"    Dann the moon is full\n")},
		"b/x/testdata/y":   {Data: nil},
		"b/.git/z.feature": {Data: []byte("broken")},
	}
	tests := []struct {
		paths, tags string
		want        string
	}{
		{"a.feature", "", all},
		{"./a.feature", "", all},
		{"a.feature:8", "", "8 One"},
		{"a.feature:9", "", "8 One"},
		{"a.feature:11", "", "12 Two"},
		{"a.feature:22", "", "22 Three 1"},
		{"a.feature:20", "", "22 Three 1, 23 Three 2"},
		{"a.feature:16", "", "22 Three 1, 23 Three 2, 28 Three a"},
		{"a.feature:30", "", "35 Four, 39 Two"},
		{"a.feature:33", "", "35 Four, 39 Two"},
		{"a.feature:40", "", "39 Two"},
		{"a.feature:1", "", all},
		{"a.feature:5", "", all},
		{"a.feature:40 a.feature:8 a.feature:8", "", "8 One, 39 Two"},
		{"a.feature:40 a.feature", "", all},
		{"a.feature a.feature:40", "", all},
		{"a.feature a.feature", "", all},
		{"a.feature", "@two", "12 Two, 39 Two"},
		{"a.feature", "@three and not @numbers", "28 Three a"},
		{"a.feature", "@all and not (@two or @three)", "8 One, 35 Four"},
		{"a.feature:30", "@two", "39 Two"},
		{"b", "", "2 B, 2 C, 3 CRLF, 4 D"},
		{"b/b.feature b/c:3.feature", "", "2 B, 2 C"},
		{"", "", all + ", 2 B, 2 C, 3 CRLF, 4 D"},
	}
	for _, tt := range tests {
		selected, err := Select(Selection{FS: files, Paths: strings.Fields(tt.paths), Tags: tt.tags})
		if err != nil {
			t.Errorf("%q %q: %v", tt.paths, tt.tags, err)
		}
		var got []string
		for _, s := range selected {
			got = append(got, fmt.Sprintf("%d %s", s.Line, s.Pickle.Name))
		}
		if strings.Join(got, ", ") != tt.want {
			t.Errorf("%q %q\ngot  %s\nwant %s", tt.paths, tt.tags, strings.Join(got, ", "), tt.want)
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

// TestSelectErrors selects no scenario, and reads files that are broken or do not exist.
func TestSelectErrors(t *testing.T) {
	files := fstest.MapFS{
		"good.feature":               {Data: []byte("@a\nFeature: x\n" + simple)},
		"prose.feature":              {Data: []byte("Once upon a time\n")},
		"empty.feature":              {Data: nil},
		"folder/deep/x.feature":      {Data: []byte("Feature: x\n" + simple)},
		"nothing/here.txt":           {Data: nil},
		"nothing/testdata/x.feature": {Data: []byte("broken")},
	}
	refuse := func(d *Document) error { return errors.New(d.Name + ": refused") }
	paths := func(all ...string) []string { return all }
	for _, tt := range []struct {
		sel  Selection
		want string
	}{
		{
			Selection{Paths: paths("prose.feature", "good.feature", "empty.feature")},
			"prose.feature:1: expected a tag, Feature:, found \"Once upon a time\"\n" +
				`empty.feature:1: this file is empty: expected "Feature: " and its name`,
		},
		{Selection{Paths: paths("gone.feature")}, "gone.feature: file does not exist"},
		{Selection{Paths: paths("")}, "a path is empty: name a .feature file or a folder"},
		{Selection{Paths: paths("gone.feature:3")}, "gone.feature: file does not exist"},
		{
			Selection{Paths: paths("nothing/here.txt")},
			"nothing/here.txt: expected a .feature file or a folder",
		},
		{Selection{Paths: paths("nothing")}, "nothing: no .feature file in this folder"},
		{Selection{Paths: paths("folder:3")}, "folder:3: a folder has no lines: name a file"},
		{Selection{Paths: paths("good.feature:0")}, "good.feature:0: lines count from 1"},
		{Selection{Paths: paths("good.feature:99")}, "good.feature:99: the file has only 6 lines"},
		{
			Selection{Paths: paths("good.feature"), Tags: "@b"},
			`no scenario is selected by the tags "@b" in good.feature`,
		},
		{
			Selection{Paths: paths("good.feature"), Tags: "@a and"},
			`tag expression "@a and": expected a tag such as @slow, found its end; an example: ` +
				`(@slow or @wip) and not @machine:v0.2`,
		},
		{
			Selection{Paths: paths("good.feature"), Tags: "@ab"},
			`no scenario is selected by the tags "@ab" in good.feature: no scenario is tagged @ab; ` +
				`did you mean @a?`,
		},
		{
			Selection{Paths: paths("good.feature"), Tags: "@a", Name: "y"},
			`no scenario is selected by the tags "@a" and the name "y" in good.feature`,
		},
		{Selection{Paths: paths("good.feature"), Check: refuse}, "good.feature: refused"},
	} {
		tt.sel.FS = files
		selected, err := Select(tt.sel)
		if err == nil || err.Error() != tt.want || selected != nil {
			t.Errorf("%v: %d scenarios\ngot  %v\nwant %s", tt.sel.Paths, len(selected), err, tt.want)
		}
	}
}

// TestSkipped selects scenarios that are skipped because of a tag, and in the ways in which they
// run nevertheless.
func TestSkipped(t *testing.T) {
	files := fstest.MapFS{"x.feature": {Data: []byte("Feature: x\n\n  @slow\n  Scenario: Slow\n" +
		"    Given a\n\n  @wip\n  Scenario: Begun (half)\n    Given b\n")}}
	const wip, slow = "tagged @wip: name its line to run it",
		"tagged @slow, and only fast scenarios were asked for"
	for _, tt := range []struct {
		sel  Selection
		want string
	}{
		{Selection{}, "Slow, Begun (half) " + wip},
		{Selection{Fast: true}, "Slow " + slow + ", Begun (half) " + wip},
		{Selection{Tags: "@wip or @slow"}, "Slow, Begun (half)"},
		{Selection{Paths: []string{"x.feature:8"}}, "Begun (half)"},
		{Selection{Name: "BEG|x"}, "Begun (half) " + wip},
		{Selection{Name: "(Half"}, "Begun (half) " + wip}, // not a regular expression
		{Selection{Name: "slo"}, "Slow"},
	} {
		tt.sel.FS = files
		selected, err := Select(tt.sel)
		var got []string
		for _, s := range selected {
			got = append(got, strings.TrimSpace(s.Pickle.Name+" "+s.Skipped))
		}
		if err != nil || strings.Join(got, ", ") != tt.want {
			t.Errorf("%+v: %v\ngot  %s\nwant %s", tt.sel, err, strings.Join(got, ", "), tt.want)
		}
	}
}
