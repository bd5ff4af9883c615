package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"rollsim/report"
	"rollsim/story"
)

// sample has a scenario for everything that can become of one.
const sample = `Feature: Sample

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

  @known-defect
  Scenario: Known
    Then "stable@a1" is Failed

  @known-defect
  Scenario: Gone
    Then "stable@a1" is Terminal

  @machine:v9
  Scenario: A tag
    Then "stable@a1" is Terminal

  Scenario: It holds
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
				s.Message, _, _ = strings.Cut(s.Message, "\nthe nearest") // they change with the vocabulary
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

// TestFeatureFormats holds each format against a golden. UPDATE_GOLDENS=1 rewrites them.
func TestFeatureFormats(t *testing.T) {
	for _, format := range report.FeatureFormats() {
		var summary bytes.Buffer
		got := write(t, format, report.FeatureOptions{Summary: &summary, Root: "sub/folder"}, sample)
		if strings.Contains(got, "\x1b") {
			t.Errorf("%s has colours", format)
		}
		goldens := map[string]string{"testdata/features." + format: got}
		if format == "github" {
			goldens["testdata/features.github.md"] = summary.String()
		}
		for name, got := range goldens {
			if os.Getenv("UPDATE_GOLDENS") != "" {
				if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs: got\n%s", name, got)
			}
		}
	}
	paint := func(colour, text string) string { return "\x1b[" + colour + "m" + text + "\x1b[0m" }
	if got := write(t, "pretty", report.FeatureOptions{Paint: paint}, sample); !strings.Contains(
		got, "\x1b[31m✗\x1b[0m It does not hold",
	) {
		t.Errorf("no colours:\n%s", got)
	}
}

// TestFeatureJUnit reads the XML back: CI systems count, and take two cases of one name for one.
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
	if err := xml.Unmarshal([]byte(write(t, "junit", report.FeatureOptions{}, sample)), &suites); err != nil {
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
			t.Errorf("%s stands at %s:%d", c.Name, c.File, c.Line)
		}
	}
}

// TestFeatureCucumber reads the JSON back as tools do, to whom a scenario has failed when one of
// its steps has.
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
	if err := json.Unmarshal([]byte(write(t, "cucumber", report.FeatureOptions{}, sample)), &read); err != nil ||
		len(read) != 1 {
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
	if want := "passed failed undefined skipped skipped failed skipped passed"; strings.Join(
		got, " ",
	) != want {
		t.Errorf("got %q, want %s", got, want)
	}
}

// TestFeatureAnnotations annotates no more than GitHub shows, and still tells of everything.
func TestFeatureAnnotations(t *testing.T) {
	text := "Feature: Many\n" + strings.Repeat("  Scenario: No\n    Given the moon is full\n", 12)
	got := write(t, "github", report.FeatureOptions{}, text)
	if n := strings.Count(got, "::error "); n != 10 {
		t.Errorf("%d annotations", n)
	}
	if n := strings.Count(got, "rollsim features s/sample.feature:"); n != 12 {
		t.Errorf("%d of 12 are told", n)
	}
}
