package mutate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"rollsim"
	"rollsim/reducer"
	"rollsim/suite/check"
	"rollsim/suite/coverage"
)

func tables() []*reducer.Table { return []*reducer.Table{reducer.RFC0008(), reducer.V02()} }

// shippedFeatures returns the cases of the built-in features.
func shippedFeatures(t *testing.T) []*check.Case {
	t.Helper()
	suite, err := check.Find(rollsim.Library, []string{"features"})
	if err != nil {
		t.Fatal(err)
	}
	return casesOf(t, suite)
}

func casesOf(t *testing.T, suite *check.Suite) []*check.Case {
	t.Helper()
	cases, err := suite.Cases()
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// written returns the cases of some feature files.
func written(t *testing.T, features map[string]string) []*check.Case {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range features {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	suite, err := check.Find(fsys, []string{"."})
	if err != nil {
		t.Fatal(err)
	}
	return casesOf(t, suite)
}

func run(t *testing.T, cases []*check.Case, opt Options) *Result {
	t.Helper()
	result, err := Run(context.Background(), cases, opt)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// TestFeaturesNoticeEveryMutant checks that the built-in features fail when any one cell of either
// table has another outcome, and that the documentation has the number of mutants.
func TestFeaturesNoticeEveryMutant(t *testing.T) {
	result := run(t, shippedFeatures(t), Options{Machines: tables(), Jobs: 2})
	for _, s := range result.Survivors() {
		t.Errorf("%v survives; %d cases reach its cell", s.Mutant, len(s.Reached))
	}
	page, err := os.ReadFile("../../docs/coverage.md")
	if err != nil {
		t.Fatal(err)
	}
	n := len(result.Tried)
	if want := fmt.Sprintf("%d,%03d mutants", n/1000, n%1000); !strings.Contains(string(page), want) {
		t.Errorf("docs/coverage.md does not mention %s", want)
	}
}

// TestEveryCellHasMutants checks that each part of each cell is changed to at least two other
// outcomes, and that each mutant differs from its machine.
func TestEveryCellHasMutants(t *testing.T) {
	for _, m := range tables() {
		becomes := make(map[Place]map[coverage.Outcome]bool)
		for _, mutant := range Mutants(m) {
			if becomes[mutant.Place] == nil {
				becomes[mutant.Place] = make(map[coverage.Outcome]bool)
			}
			becomes[mutant.Place][mutant.Becomes] = true
			if mutant.Becomes == mutant.Was {
				t.Errorf("%v changes nothing", mutant)
			}
		}
		for _, c := range coverage.Cells(m) {
			n := len(becomes[Place{c.State, c.Class, 0}])
			if policies := policies(c.State, c.Class); len(policies) > 1 {
				n = min(
					len(becomes[Place{c.State, c.Class, reducer.Halt}]),
					len(becomes[Place{c.State, c.Class, reducer.RollbackAndHalt}]),
				)
			}
			if n < 2 {
				t.Errorf("%s %v is changed to %d outcomes", m.Name(), c, n)
			}
		}
	}
}

// TestRowsNoticeTheirMutants checks that no mutant survives features that consist of the rows shown
// for survivors. If one row is missing, only its mutants survive.
func TestRowsNoticeTheirMutants(t *testing.T) {
	features := make(map[string]string)
	var without Place
	for _, m := range tables() {
		places := make(map[Place]bool)
		for _, mutant := range Mutants(m) {
			if places[mutant.Place] {
				continue
			}
			places[mutant.Place] = true
			columns, cells := mutant.Row()
			features[fmt.Sprintf("%s-%d.feature", m.Name(), len(places))] = fmt.Sprintf(
				"Feature: %v\n  Scenario: %v\n    Given the machine is %s\n    Then in %v the machine "+
					"answers like this:\n      | %s |\n      | %s |\n",
				mutant.Place, mutant.Place, m.Name(), mutant.State,
				strings.Join(columns, " | "), strings.Join(cells, " | "),
			)
			without = mutant.Place
		}
	}
	survivors := run(t, written(t, features), Options{Machines: tables(), Jobs: 2}).Survivors()
	if len(survivors) > 0 {
		t.Errorf("%d survive, the first is %v", len(survivors), survivors[0].Mutant)
	}
	for name, text := range features {
		if strings.Contains(text, "Feature: "+without.String()) && strings.HasPrefix(name, "v0.2") {
			delete(features, name)
		}
	}
	survivors = run(t, written(t, features), Options{Machines: tables(), Jobs: 2}).Survivors()
	if len(survivors) == 0 ||
		slices.ContainsFunc(
			survivors, func(s *Tried) bool { return s.Machine != "v0.2" || s.Place != without },
		) {
		t.Errorf("without the row for %v, %d survive", without, len(survivors))
	}
}

// TestSurvivors checks that mutants survive a scenario that reaches their cell but has no
// expectation for the change. The result must not depend on Jobs.
func TestSurvivors(t *testing.T) {
	cases := written(t, map[string]string{"weak.feature": `Feature: Weak
  Background:
    Given channel "stable" with 2 hosts
  Scenario: It opens
    When "stable" moves to ref "a1"
    Then "stable@a1" has been Opening
  Scenario: It ends
    When "stable" moves to ref "a1"
    Then "stable@a1" goes through Opening, Active, Converging and Terminal
    And SchedulePruning is emitted once for "stable@a1"
`})
	only := Options{Machines: tables()[:1], State: reducer.Converging, Event: reducer.RolloutTerminal}
	if s := run(t, cases, only).Survivors(); len(s) != 1 || s[0].Becomes.String() != "→Terminal Q P" ||
		!slices.Equal(s[0].Reached, []string{"weak.feature:4", "weak.feature:7"}) {
		t.Errorf("%d survive", len(s))
	}
	weaker := cases[:1]
	var first *Result
	for _, jobs := range []int{1, 2, 3} {
		only.Jobs = jobs
		result := run(t, weaker, only)
		if first == nil {
			first = result
		}
		for i := range result.Tried {
			if got, want := result.Tried[i], first.Tried[i]; got.KilledBy != want.KilledBy ||
				!reflect.DeepEqual(got.Reached, want.Reached) {
				t.Errorf(
					"%v with %d jobs: %s, %v; with one: %s, %v", got.Mutant, jobs, got.KilledBy, got.Reached,
					want.KilledBy, want.Reached,
				)
			}
		}
	}
	if n := len(first.Survivors()); n == 0 || n == len(first.Tried) {
		t.Errorf("%d of %d survive a weak expectation", n, len(first.Tried))
	}
}

// TestGoldensNotice checks that a golden notices mutants that no feature notices.
func TestGoldensNotice(t *testing.T) {
	suite, err := check.Find(
		rollsim.Library,
		[]string{"scenarios/one-wave-converges.yaml", "features/retention/shipped.feature"},
	)
	if err != nil {
		t.Fatal(err)
	}
	result := run(
		t, casesOf(t, suite),
		Options{Machines: tables()[:1], State: reducer.Opening, Event: reducer.HostJoined, Jobs: 2},
	)
	if len(result.Tried) == 0 {
		t.Error("no mutant was tried")
	}
	for _, tried := range result.Tried {
		if tried.KilledBy != "scenarios/one-wave-converges.yaml" {
			t.Errorf("%v is noticed by %q", tried.Mutant, tried.KilledBy)
		}
	}
}

// TestFailingCase checks that Run refuses a case that fails without a mutant.
func TestFailingCase(t *testing.T) {
	cases := written(t, map[string]string{"failing.feature": `Feature: Failing
  Scenario: It does not hold
    Then in Active the machine answers like this:
      | event      | becomes |
      | HostJoined | Failed  |
`})
	_, err := Run(context.Background(), cases, Options{Machines: tables()})
	var failing *FailingError
	if !errors.As(err, &failing) || failing.Result.Path != "failing.feature:2" {
		t.Errorf("got %v", err)
	}
	ended, end := context.WithCancel(context.Background())
	end()
	_, err = Run(ended, shippedFeatures(t), Options{Machines: tables()})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
