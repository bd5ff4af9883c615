package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"rollsim"
	"rollsim/internal/shard"
	"rollsim/machine"
	"rollsim/reducer"
)

const (
	small = `# One host converges.
channels:
  - name: stable
    waves: [{hosts: 1, soak: 1m}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
horizon: 1h
`
	stuck   = small + "fates:\n  - {host: stable-01, fate: never-answers}\n"
	passing = "Feature: F\n  Scenario: It holds\n    Given channel \"stable\" with a wave of 1 " +
		"host\n    When \"stable\" moves to ref \"a1\"\n    Then rollout \"stable@a1\" is Terminal\n"
	failing = "Feature: G\n  Scenario: It does not hold\n    Given channel \"stable\" with a wave " +
		"of 1 host\n    When \"stable\" moves to ref \"a1\"\n    Then rollout \"stable@a1\" is Failed\n"
	undefined = "Feature: H\n  Scenario: Nobody knows\n    Given the moon is full\n"
)

func files(contents map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range contents {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func run(t *testing.T, fsys fs.FS, roots []string, opt Options) ([]*Result, Summary) {
	t.Helper()
	suite, err := Find(fsys, roots)
	if err != nil {
		t.Fatal(err)
	}
	var results []*Result
	sum := Run(context.Background(), suite, opt, func(r *Result) { results = append(results, r) })
	return results, sum
}

// recorded returns the goldens that Update writes.
func recorded(t *testing.T, fsys fs.FS, roots ...string) map[string][]byte {
	t.Helper()
	written := make(map[string][]byte)
	run(t, fsys, roots, Options{Update: func(name string, data []byte) error {
		written[name] = data
		return nil
	}})
	return written
}

func TestOutcomes(t *testing.T) {
	fsys := files(map[string]string{
		"scenarios/changed.yaml":  small,
		"scenarios/new.yaml":      small,
		"scenarios/same.yaml":     small,
		"scenarios/stuck.yaml":    stuck,
		"scenarios/unclear.yaml":  "chanels: []\n",
		"features/f/f.feature":    passing,
		"features/g/g.feature":    failing,
		"features/h/h.feature":    undefined,
		"features/h/bad.feature":  "Not Gherkin",
		"features/.git/x.feature": "hidden",
	})
	goldens := recorded(t, fsys, "scenarios")
	if goldens["golden/same.golden"] == nil || goldens["golden/stuck.golden"] != nil {
		t.Fatalf("wrote %d goldens: want one for each scenario without violations", len(goldens))
	}
	fsys["golden/same.golden"] = &fstest.MapFile{Data: goldens["golden/same.golden"]}
	changed := bytes.Replace(
		goldens["golden/changed.golden"], []byte("Opening → Active"), []byte("Opening → Failed"), 1)
	fsys["golden/changed.golden"] = &fstest.MapFile{Data: changed}
	fsys["golden/stuck.golden"] = fsys["golden/same.golden"]

	results, sum := run(t, fsys, []string{"scenarios", "features"}, Options{Jobs: 2, Keep: true})
	var got []string
	byPath := make(map[string]*Result)
	for _, r := range results {
		got = append(got, fmt.Sprintf("%v %s", r.Status, r.Path))
		byPath[r.Path] = r
	}
	want := []string{
		"FAIL scenarios/changed.yaml", "FAIL scenarios/new.yaml", "ok scenarios/same.yaml",
		"FAIL scenarios/stuck.yaml", "ERROR scenarios/unclear.yaml", "ok features/f/f.feature:2",
		"FAIL features/g/g.feature:2", "ERROR features/h/bad.feature", "FAIL features/h/h.feature:2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for path, says := range map[string]string{
		"scenarios/changed.yaml": "Opening → Failed",
		"scenarios/new.yaml": "there is no golden golden/new.golden; record it with: rollsim " +
			"check --update scenarios/new.yaml",
		"scenarios/stuck.yaml": "VIOLATED stuck stable@a1: Active, current_wave 0; stable-01 " +
			"Pending: dispatched, never acked",
		"scenarios/unclear.yaml": `scenarios/unclear.yaml:1:1: unknown field "chanels": did you ` +
			`mean "channels"?`,
		"features/h/bad.feature": "features/h/bad.feature",
	} {
		if !strings.Contains(byPath[path].Message, says) {
			t.Errorf("%s: message does not say %q:\n%s", path, says, byPath[path].Message)
		}
	}
	names := func(r *Result) (names []string) {
		for _, a := range r.Artefacts {
			if len(a.Data) == 0 {
				t.Errorf("%s: artefact %s is empty", r.Path, a.Name)
			}
			names = append(names, a.Name)
		}
		return names
	}
	for path, want := range map[string][]string{
		"scenarios/changed.yaml": {"changed.golden", "changed.diff.txt", "changed.ndjson"},
		"features/g/g.feature:2": {"features-g-g-2.txt", "features-g-g-2.ndjson"},
	} {
		if got := names(byPath[path]); !slices.Equal(got, want) {
			t.Errorf("artefacts of %s: got %q, want %q", path, got, want)
		}
	}
	if sum.OK() || sum.Scenarios != 5 || sum.Features != 4 ||
		sum.Line() != "2 passed, 5 failed, 2 unreadable" {
		t.Errorf("summary %+v: %s", sum, sum.Line())
	}
}

// TestGoldenApplies checks which machines a golden is compared under. A table that differs in a
// cell that the run reaches is judged by its violations alone. Any other machine has to match.
func TestGoldenApplies(t *testing.T) {
	fsys := files(map[string]string{"scenarios/small.yaml": small, "scenarios/stuck.yaml": stuck})
	for name, data := range recorded(t, fsys, "scenarios/small.yaml") {
		fsys[name] = &fstest.MapFile{Data: data}
	}
	with := func(s reducer.State, k reducer.EventKind, c reducer.Cell) *reducer.Table {
		cells := reducer.RFC0008().Cells()
		cells[s][k] = c
		return reducer.NewTable("other", cells, true)
	}
	ignore := reducer.Cell{{Do: reducer.Ignore}}
	elsewhere := with(reducer.Reverted, reducer.OperatorClearance, ignore)
	reached := with(reducer.Active, reducer.WaveAdvanced, ignore)
	for _, test := range []struct {
		name    string
		machine reducer.Machine
		want    Status
		departs string
	}{
		{"the same", reducer.RFC0008(), Passed, ""},
		{"another cell", elsewhere, Passed, ""},
		{"a cell of the run", reached, Passed,
			"in Active, WaveAdvanced to=from: accepted; rfc0008 answers →Converging"},
		{"not a table", struct{ reducer.Machine }{reached}, Failed, ""},
	} {
		results, sum := run(t, fsys, []string{"scenarios/small.yaml"}, Options{Machine: test.machine})
		if r := results[0]; r.Status != test.want || r.Departs != test.departs {
			t.Errorf("%s: %v, departs %q\n%s", test.name, r.Status, r.Departs, r.Message)
		}
		if sum.Departing != min(1, len(test.departs)) {
			t.Errorf("%s: %d scenarios depart", test.name, sum.Departing)
		}
	}
	results, _ := run(t, fsys, []string{"scenarios/stuck.yaml"}, Options{Machine: reducer.V02()})
	if results[0].Status != Failed || !strings.Contains(results[0].Message, "VIOLATED stuck") {
		t.Errorf("a violation passes: %+v", results[0])
	}
}

func TestFailFast(t *testing.T) {
	fsys := files(map[string]string{"a.yaml": "broken: [", "b.yaml": small, "c.yaml": small})
	results, sum := run(t, fsys, []string{"."}, Options{Jobs: 1, FailFast: true})
	if results[0].Status != Unusable || sum.Counts[Skipped] != 2 || sum.OK() {
		t.Errorf("got %+v", sum)
	}
}

// TestShards checks that each case runs in exactly one shard.
func TestShards(t *testing.T) {
	roots := []string{"scenarios", "features/reducer"}
	whole, _ := run(t, rollsim.Library, roots, Options{Jobs: 2})
	seen := make(map[string]int)
	for i := 1; i <= 3; i++ {
		results, sum := run(t, rollsim.Library, roots, Options{Jobs: i, Shard: shard.Shard{I: i, N: 3}})
		if !sum.OK() {
			t.Errorf("shard %d: %s", i, sum.Line())
		}
		for _, r := range results {
			seen[r.Path]++
		}
	}
	for _, r := range whole {
		if seen[r.Path] != 1 {
			t.Errorf("%s ran in %d shards", r.Path, seen[r.Path])
		}
	}
	if len(seen) != len(whole) {
		t.Errorf("%d cases in shards, %d in all", len(seen), len(whole))
	}
}

func TestFindErrors(t *testing.T) {
	readme := files(map[string]string{"readme.md": "x"})
	if _, err := Find(readme, []string{"."}); !errors.Is(err, errNothing) {
		t.Errorf("got %v", err)
	}
	if _, err := Find(readme, []string{"readme.md"}); err == nil ||
		!strings.Contains(err.Error(), "expected a scenario") {
		t.Errorf("got %v", err)
	}
	misnamed := files(map[string]string{"mine/.tool.yml": "x", "mine/a.yaml": "x", "mine/b.yml": "x"})
	if _, err := Find(misnamed, []string{"mine"}); err == nil ||
		!strings.HasPrefix(err.Error(), "mine/b.yml: ") {
		t.Errorf("got %v", err)
	}
	if _, err := Find(files(nil), []string{"gone.yaml"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestGoldenPath(t *testing.T) {
	for scenario, want := range map[string]string{
		"scenarios/a.yaml":      "golden/a.golden",
		"/x/scenarios/a.yaml":   "/x/golden/a.golden",
		"../y/scenarios/a.yaml": "../y/golden/a.golden",
		"mine/a.yaml":           "mine/a.golden",
		"a.yaml":                "a.golden",
	} {
		if got := GoldenPath(scenario); got != want {
			t.Errorf("%s: got %s, want %s", scenario, got, want)
		}
	}
}

// TestKindOfCase distinguishes the scenarios of features from scenario files.
func TestKindOfCase(t *testing.T) {
	fsys := fstest.MapFS{
		"a.feature": {Data: []byte("Feature: a\n  Scenario: a\n    Given seed 1\n")},
		"b.yaml":    {Data: []byte("channels: [{name: stable, waves: [{hosts: 1}]}]\n")},
	}
	suite, err := Find(fsys, []string{"a.feature", "b.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	cases, err := suite.Cases()
	if err != nil || len(cases) != 2 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, c := range cases {
		if want := c.Path() == "a.feature:2"; c.Feature() != want {
			t.Errorf("%s is a scenario of a feature: %v", c.Path(), c.Feature())
		}
	}
}

// cancelling is a machine that ends a context with its first step.
type cancelling struct {
	reducer.Machine
	cancel context.CancelFunc
}

func (c *cancelling) Step(
	rec *reducer.Record, ev *reducer.Event, now reducer.Time, policy reducer.Policy,
	out *reducer.Effects,
) error {
	c.cancel()
	return c.Machine.Step(rec, ev, now, policy, out)
}

// TestInterruptedRun checks that the end of the context ends the case that runs, and that no case
// fails because of it.
func TestInterruptedRun(t *testing.T) {
	fsys := files(map[string]string{"a.yaml": small, "b.yaml": small})
	suite, err := Find(fsys, []string{"."})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	opt := Options{Jobs: 1, Keep: true, Machine: &cancelling{machine.Default(), cancel}}
	var statuses []Status
	sum := Run(ctx, suite, opt, func(r *Result) {
		statuses = append(statuses, r.Status)
		if r.Message != "" || len(r.Artefacts) > 0 {
			t.Errorf("%s has a message or artefacts: %s", r.Path, r.Message)
		}
	})
	if !slices.Equal(statuses, []Status{Skipped, Skipped}) || sum.OK() || sum.Scenarios != 0 {
		t.Errorf("got %v, %d scenarios; want two skipped", statuses, sum.Scenarios)
	}
}
