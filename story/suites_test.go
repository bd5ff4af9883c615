package story

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// manyCases returns the cases of files with so many scenarios. Each third scenario of a file fails,
// and each fifth is skipped.
func manyCases(t *testing.T, sizes ...int) []*Case {
	t.Helper()
	files := make(fstest.MapFS)
	for f, size := range sizes {
		var b strings.Builder
		fmt.Fprintf(&b, "Feature: %d\n", f)
		for n := range size {
			state := "Terminal"
			if n%3 == 2 {
				state = "Failed"
			}
			if n%5 == 4 {
				b.WriteString("\n  @wip")
			}
			fmt.Fprintf(&b, "\n  Scenario: the same\n%s%s    Then \"stable@a1\" is %s\n",
				fleetOfOne, moves, state)
		}
		files[fmt.Sprintf("%d.feature", f)] = &fstest.MapFile{Data: []byte(b.String())}
	}
	cases, err := Cases(Options{FS: files})
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// TestSuites checks into which suites the files are cut: one for each file, unless that is too
// large or too few for the jobs.
func TestSuites(t *testing.T) {
	for _, tt := range []struct {
		files []int
		jobs  int
		want  []int // sizes of the suites
	}{
		{[]int{3, 1, 40}, 1, []int{3, 1, 11, 11, 11, 7}},
		{[]int{9, 9, 9, 9}, 1, []int{9, 9, 9, 9}},
		{[]int{9, 9, 9, 9}, 0, []int{9, 9, 9, 9}},
		{[]int{9, 9, 9, 9}, 2, []int{4, 4, 1, 4, 4, 1, 4, 4, 1, 4, 4, 1}},
		{[]int{5}, 8, []int{1, 1, 1, 1, 1}},
		{
			[]int{maxSuite + 1, 4 * maxSuite}, 1,
			[]int{maxSuite, 1, maxSuite, maxSuite, maxSuite, maxSuite},
		},
	} {
		cases := manyCases(t, tt.files...)
		groups := Suites(cases, tt.jobs)
		var sizes []int
		for _, g := range groups {
			sizes = append(sizes, len(g))
		}
		all := slices.Concat(groups...)
		if !slices.Equal(sizes, tt.want) || len(all) != len(cases) || !slices.IsSorted(all) {
			t.Errorf("%v, %d jobs: got %v, want %v", tt.files, tt.jobs, groups, tt.want)
		}
	}
	if got := Suites(nil, 2); len(got) != 0 {
		t.Errorf("without cases: got %v", got)
	}
}

// TestSuiteIsLikeScenariosAlone compares the results of a suite of many scenarios with those of
// each one alone, which share nothing.
func TestSuiteIsLikeScenariosAlone(t *testing.T) {
	cases := manyCases(t, 12)
	var got []Scenario
	RunSuite(t.Context(), cases, func(s Scenario) bool {
		got = append(got, s)
		return true
	})
	if len(got) != len(cases) {
		t.Fatalf("got %d results, want %d", len(got), len(cases))
	}
	for i, c := range cases {
		want := c.Run(nil)
		if g := &got[i]; g.Status != want.Status || g.Line != want.Line || g.Step != want.Step {
			t.Errorf("%s: got %v, %d, %q; want %v, %d, %q", c.Place(), g.Status, g.Line, g.Step,
				want.Status, want.Line, want.Step)
		}
	}
}

// TestSuiteEnds ends a suite after each of its scenarios. Those after it do not run.
func TestSuiteEnds(t *testing.T) {
	cases := manyCases(t, 6)
	for last := range cases {
		n := 0
		RunSuite(t.Context(), cases, func(Scenario) bool {
			n++
			return n <= last
		})
		if n != last+1 {
			t.Errorf("%d results after the end at %d", n, last+1)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	RunSuite(ended, cases, func(s Scenario) bool {
		if s.Status != Unrun && s.Status != Skipped {
			t.Errorf("line %d: %v after the end of the context", s.Line, s.Status)
		}
		return true
	})
}

// TestSuiteOfScenariosThatDoNotRun has only those.
func TestSuiteOfScenariosThatDoNotRun(t *testing.T) {
	text := "Feature: x\n  @wip\n  Scenario: one\n    Given seed 1\n\n  Scenario: two\n"
	cases, err := Cases(Options{FS: fstest.MapFS{"x.feature": {Data: []byte(text)}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, all := range []int{1, 2} {
		var got []Status
		RunSuite(t.Context(), cases, func(s Scenario) bool {
			got = append(got, s.Status)
			return len(got) < all
		})
		if want := []Status{Skipped, Undefined}[:all]; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}
