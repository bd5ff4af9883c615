package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
	"testing/fstest"

	"rollsim/report"
	"rollsim/story"
)

// sample has a scenario for every status, and every reason to fail.
const sample = `@mine
Feature: Sample

  What it is about.

  Background:
    Given channel "stable" with 1 host
    When "stable" moves to ref "a1"

  Scenario: It holds
    Then "stable@a1" is Terminal

  Scenario: It does not hold: 100 %, or so
    Then "stable@a1" is Failed
    And "stable@a1" is Pruned

  Scenario: Nobody knows
    Then these things <> "so":
      | a | b |
      | 1 | 2 |

  @wip
  Scenario: Under way
    Then "stable@a1" is Failed

  Scenario: Known
    Then known defect: "stable@a1" is Failed

  Scenario: Gone
    Then known defect: "stable@a1" is Terminal

  @machine:v9
  Scenario: A tag
    Then "stable@a1" is Terminal

  Rule: In a rule

    Scenario: It holds
      Once more.

      Then "stable@a1" is Terminal
`

func write(t *testing.T, format string, opt report.FeatureOptions, text string) string {
	t.Helper()
	var out bytes.Buffer
	w, err := report.NewFeatureWriter(&out, format, opt)
	if err != nil {
		t.Fatal(err)
	}
	result, err := story.Run(context.Background(), story.Options{
		FS: fstest.MapFS{"s/sample.feature": {Data: []byte(text)}},
		Each: func(s *story.Scenario) {
			s.Elapsed = 0
			for i := range s.Steps {
				s.Steps[i].Elapsed = 0
			}
			switch s.Name {
			case "It does not hold: 100 %, or so":
				s.Saved = "kept/sample-10.ndjson"
			case "Nobody knows":
				s.Message, _, _ = strings.Cut(s.Message, "\nthe nearest") // depends on all sentences
			}
			w.Scenario(s)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.End(&result); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestFeatureFormats compares each format with a golden.
func TestFeatureFormats(t *testing.T) {
	for _, format := range report.FeatureFormats() {
		var summary bytes.Buffer
		got := write(t, format, report.FeatureOptions{Summary: &summary, Root: "sub/folder"}, sample)
		if strings.Contains(got, "\x1b") {
			t.Errorf("%s has colours", format)
		}
		if format == "html" {
			got = bare(got)
		}
		sameAsFile(t, "features."+format, []byte(got))
		if format == "github" {
			sameAsFile(t, "features.github.md", summary.Bytes())
		}
	}
	paint := func(colour, text string) string { return "\x1b[" + colour + "m" + text + "\x1b[0m" }
	got := write(t, "pretty", report.FeatureOptions{Paint: paint}, sample)
	if !strings.Contains(got, "\x1b[31m✗\x1b[0m It does not hold") {
		t.Errorf("no colours:\n%s", got)
	}
}

// TestFeatureJUnit decodes the XML: the counts are right, and no two cases have the same name.
func TestFeatureJUnit(t *testing.T) {
	var suites struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Skipped  int `xml:"skipped,attr"`
		Suites   []struct {
			Cases []struct {
				Name  string `xml:"name,attr"`
				Class string `xml:"classname,attr"`
				File  string `xml:"file,attr"`
				Line  int    `xml:"line,attr"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	text := write(t, "junit", report.FeatureOptions{}, sample)
	if err := xml.Unmarshal([]byte(text), &suites); err != nil {
		t.Fatal(err)
	}
	if suites.Tests != 8 || suites.Failures != 4 || suites.Skipped != 2 {
		t.Errorf("%d tests, %d failures, %d skipped", suites.Tests, suites.Failures, suites.Skipped)
	}
	names := make(map[string]bool)
	for _, c := range suites.Suites[0].Cases {
		if names[c.Class+c.Name] {
			t.Errorf("two cases are named %q", c.Name)
		}
		names[c.Class+c.Name] = true
		if c.File != "s/sample.feature" || c.Line == 0 {
			t.Errorf("%s is at %s:%d, want a line of s/sample.feature", c.Name, c.File, c.Line)
		}
	}
}

// TestFeatureDistributions checks that the formats for tools have what a scenario measures under
// its seeds, and that others have none.
func TestFeatureDistributions(t *testing.T) {
	const text = `Feature: F

  Scenario: Many
    Given each of the seeds 1 to 3
    And channel "web" with 1 host
    When "web" moves to ref "a1"
    Then the time to converge is under 2 hours in 95% of the seeds

  Scenario: One
    Given channel "web" with 1 host
    When "web" moves to ref "a1"
    Then "web@a1" is Terminal
`
	for format, want := range map[string]string{
		"junit":    `<system-out>time to converge of &#34;web@a1&#34; under 3 seeds: least `,
		"cucumber": `"time to converge of \"web@a1\" under 3 seeds: least `,
	} {
		got := write(t, format, report.FeatureOptions{}, text)
		if strings.Count(got, want) != 1 || strings.Count(got, "under 3 seeds") != 1 {
			t.Errorf("%s: has no distribution, or several\n%s", format, got)
		}
	}
}

// TestFeatureCucumber decodes the JSON as tools do, which compute the status of a scenario from
// those of its steps.
func TestFeatureCucumber(t *testing.T) {
	var read []struct {
		Elements []struct {
			Name  string
			Steps []struct {
				Keyword string
				Result  struct{ Status string }
			}
		}
	}
	text := write(t, "cucumber", report.FeatureOptions{}, sample)
	if err := json.Unmarshal([]byte(text), &read); err != nil || len(read) != 1 {
		t.Fatal(len(read), err)
	}
	var got []string
	for _, e := range read[0].Elements {
		status := "passed"
		for _, s := range e.Steps {
			if s.Result.Status != "passed" && status == "passed" {
				status = s.Result.Status
			}
			if !strings.HasSuffix(s.Keyword, " ") {
				t.Errorf("keyword %q", s.Keyword)
			}
		}
		got = append(got, status)
	}
	want := "passed failed undefined skipped skipped failed skipped passed"
	if strings.Join(got, " ") != want {
		t.Errorf("got %q, want %s", got, want)
	}
}

// TestFeatureAnnotations has more failures than GitHub shows annotations: the others are text.
func TestFeatureAnnotations(t *testing.T) {
	text := "Feature: Many\n" + strings.Repeat("  Scenario: No\n    Given the moon is full\n", 12)
	got := write(t, "github", report.FeatureOptions{}, text)
	if n := strings.Count(got, "::error "); n != 10 {
		t.Errorf("%d annotations, want 10", n)
	}
	if n := strings.Count(got, "rollsim features s/sample.feature:"); n != 12 {
		t.Errorf("%d failures have a command to run them again, want 12", n)
	}
}
