package story

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rollsim/internal/deviation"
	"rollsim/reducer"
	"rollsim/sim"
)

// stubExplorer is an Explorer for tests: under each ref each host may fail its probes, and the
// control plane may crash at two times.
type stubExplorer struct{}

func (stubExplorer) Plain(sc *sim.Scenario) *sim.Scenario {
	plain := *sc
	return &plain
}

func (stubExplorer) Next(run *WrongRun) ([]Deviation, error) {
	var all []Deviation
	offer := func(d *stubDeviation) {
		n := len(run.Deviations)
		allowed := run.Given.Deviations == nil
		for i := range run.Given.Deviations {
			a := &run.Given.Deviations[i]
			used := 0
			for _, other := range run.Deviations {
				if other.AllowedBy(a) {
					used++
				}
			}
			allowed = allowed || d.AllowedBy(a) && (a.AtMost == 0 || used < a.AtMost)
		}
		if allowed && (n == 0 || d.at >= run.Deviations[n-1].Instant()) &&
			!slices.ContainsFunc(run.Deviations, func(other Deviation) bool {
				return other.Identity() == d.Identity()
			}) {
			all = append(all, d)
		}
	}
	for _, line := range run.Simulated.Timeline {
		if line.SetRef == nil {
			continue
		}
		for i, h := range []reducer.HostID{"stable-01", "stable-02"} {
			offer(&stubDeviation{
				at: line.At + time.Duration(i+1), kind: deviation.FailsProbes, host: h, ref: line.SetRef.Ref,
			})
		}
	}
	for _, at := range []time.Duration{time.Minute, 30 * time.Minute} {
		offer(&stubDeviation{at: at, kind: deviation.ControlPlaneCrash})
	}
	return all, nil
}

type stubDeviation struct {
	at   time.Duration
	kind deviation.Kind
	host reducer.HostID
	ref  reducer.ChannelRef
}

func (d *stubDeviation) String() string {
	if d.host != "" {
		return fmt.Sprintf("host %s fails its probes under ref %s", d.host, d.ref)
	}
	return "crash at " + elapsed(d.at)
}

func (d *stubDeviation) Instant() time.Duration { return d.at }

func (d *stubDeviation) Identity() uint64 {
	sum := uint64(d.at)
	for _, c := range d.String() {
		sum = sum*31 + uint64(c)
	}
	return sum
}

func (d *stubDeviation) AllowedBy(a *sim.Allowance) bool { return a.Allows(d.kind, d.host) }

func (d *stubDeviation) Apply(sc *sim.Scenario) {
	if d.host != "" {
		sc.Fates = append(sc.Fates, sim.Fate{Host: d.host, Ref: d.ref, Kind: sim.FailsProbes})
		return
	}
	sc.Timeline = append(sc.Timeline, sim.Action{
		At: d.at, Fault: &sim.FaultNow{Kind: sim.ControlPlaneCrash, For: 5 * time.Minute},
	})
}

// wrongStory runs a scenario of two hosts, one in each wave.
func wrongStory(t *testing.T, body string) *Scenario {
	t.Helper()
	return verdictOf(t, `channel "stable" with waves of 1 and 1 hosts soaking 2 minutes`, "", body)
}

// TestWrong runs scenarios about everything that may go wrong, and checks what the messages of
// those say that do not hold.
func TestWrong(t *testing.T) {
	const moves = "\nWhen \"stable\" moves to ref \"a1\"\n"
	const again = "And \"stable\" moves to ref \"b2\"\n"
	const probes = "Given hosts \"stable-*\" may fail their probes\n"
	for _, c := range []struct{ name, body, want string }{
		{"holds", "Given up to 1 thing goes wrong" + moves +
			`Then "stable@a1" is Terminal or Failed`, ""},
		{"fails", "Given up to 1 thing goes wrong" + moves + `Then "stable@a1" is Terminal`,
			"wrong     host stable-01 fails its probes under ref a1\n" +
				"holds     in every run in which less goes wrong"},
		{"fails alone", "Given up to 1 control-plane crash happens at any moment" + moves +
			`Then "stable@a1" is Failed`, "wrong     nothing: it does not hold even if nothing goes wrong"},
		{"narrowed", "Given up to 1 control-plane crash happens at any moment" + moves +
			`Then "stable@a1" is Terminal`, ""},
		{"a happening waits until everything has settled", "Given up to 1 control-plane crash happens " +
			"at any moment" + moves + again + "Then \"stable@a1\" is Superseded\n" +
			"And \"stable@a1\" is Terminal while \"stable@a1\" is Terminal\n" +
			"And \"stable@b2\" is Terminal", ""},
		{"with one of two", probes + "And up to 1 thing goes wrong" + moves + again +
			"Then \"stable@b2\" is Terminal or Failed\n" +
			"And in some run, \"stable@a1\" is never Terminal\n" +
			"And in some run, \"stable@b2\" is Failed", ""},
		{"never both", probes + "And up to 1 thing goes wrong" + moves +
			"Then in some run, host \"stable-01\" has been Failed\n" +
			`And in some run, host "stable-02" is never Failed`, ""},
		{"in no run", probes + "And up to 1 thing goes wrong" + moves +
			`Then in some run, "stable@a1" is Reverted`,
			"it holds in no combination of up to 1 of 2 possible deviations (3 runs)\nin the run in which " +
				"nothing goes wrong:"},
		{"so many at most", "Given up to 1 probe failure happens at any moment\n" +
			"And up to 2 control-plane crashes happen at any moment" + moves +
			"Then \"stable@a1\" is Terminal or Failed\nAnd in some run, \"stable@a1\" is Failed", ""},
		{"other hosts", "Given host \"stable-02\" may fail its probes\n" +
			"And up to 2 things go wrong" + moves + `Then host "stable-01" is Converged`, ""},
		{"a moment that does not come", "Given host \"stable-01\" may fail its probes\n" +
			"And up to 1 thing goes wrong" + moves +
			"And \"stable\" moves to ref \"b2\" once \"stable@a1\" is Terminal\n" +
			`Then "stable@a1" is Failed or Superseded`, ""},
		{"no such thing", "Given up to 1 lost message happens at any moment" + moves +
			`Then "stable@a1" is Terminal`, "this cannot happen in any of the runs"},

		{"none", "Given up to 0 things go wrong" + moves + `Then "stable@a1" is Terminal`,
			"expected from 1 to 9 things"},
		{"too many", "Given up to 10 things go wrong" + moves + `Then "stable@a1" is Terminal`,
			"expected from 1 to 9 things"},
		{"no limit", probes + moves + `Then "stable@a1" is Terminal`,
			"how many of these go wrong at once is not limited"},
		{"twice", "Given up to 1 thing goes wrong\nAnd up to 2 things go wrong" + moves +
			`Then "stable@a1" is Terminal`, "how many things go wrong is given twice"},
		{"the same twice", probes + "And host \"stable-01\" to \"stable-02\" may fail its probes" +
			moves + `Then "stable@a1" is Terminal`, "another sentence says the same: hosts"},
		{"mistyped", "Given up to 1 control-plane crush happens at any moment" + moves +
			`Then "stable@a1" is Terminal`, `did you mean "control-plane crash"?`},
		{"mistyped verb", "Given host \"stable-01\" may fail their prods" + moves +
			`Then "stable@a1" is Terminal`, `did you mean "fail their probes"?`},
		{"unknown host", "Given host \"stable-09\" may restart" + moves +
			`Then "stable@a1" is Terminal`, `no host is named "stable-09"`},
		{"crash of a host", "Given up to 1 control-plane crash of host \"stable-01\" happens at any " +
			"moment" + moves + `Then "stable@a1" is Terminal`, "this concerns no host"},
		{"chance", "Given up to 1 thing goes wrong\nAnd 5% of activations fail" + moves +
			`Then "stable@a1" is Terminal`, "leave out what happens by chance"},
		{"seeds", "Given up to 1 thing goes wrong\nAnd each of the seeds 1 to 3" + moves +
			`Then "stable@a1" is Terminal`, "leave out the seeds"},
		{"another run", "Given up to 1 thing goes wrong" + moves +
			"And the same story runs under machine v0.2 as \"old\"\nThen \"stable@a1\" is Terminal",
			"leave out one of the two"},
		{"one run", "Given seed 1" + moves + `Then in some run, "stable@a1" is Terminal`,
			"the scenario has one run: say for example Given up to 1 thing goes wrong"},
		{"no expectation of a run", "Given up to 1 thing goes wrong" + moves +
			"Then in some run, seed 7", "only an expectation of a run"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := wrongStory(t, c.body)
			if (s.Status == Passed) != (c.want == "") || !strings.Contains(s.Message, c.want) {
				t.Errorf("%v at %q: %s\nwant %q", s.Status, s.Step, s.Message, c.want)
			}
			if (s.Combinations != "") != (s.Status == Passed) {
				t.Errorf("it says %q", s.Combinations)
			}
		})
	}
}

// TestWrongRuns checks how many runs a scenario has, and what the result keeps of the failing one.
func TestWrongRuns(t *testing.T) {
	const moves = "\nWhen \"stable\" moves to ref \"a1\"\n"
	for things, want := range map[string]string{
		"1 thing goes": "up to 1 of 4 possible deviations (5 runs)",
		"2 things go":  "up to 2 of 4 possible deviations (11 runs)",
		"9 things go":  "up to 9 of 4 possible deviations (16 runs)",
	} {
		s := wrongStory(t, "Given up to "+things+" wrong"+moves+`Then "stable@a1" is Terminal or Failed`)
		if s.Combinations != "holds for every combination of "+want {
			t.Errorf("%s: %s, want %s", things, s.Combinations, want)
		}
	}
	s := wrongStory(t, "Given up to 2 things go wrong"+moves+`Then host "stable-02" is Converged`)
	if len(s.Wrong) != 1 || len(s.Simulated.Fates) != 1 || len(s.Trace) == 0 {
		t.Errorf("it keeps %q, %+v", s.Wrong, s.Simulated)
	}
	opt := Options{FS: oneFile("Feature: x\n  Scenario: y\n" +
		"    Given channel \"stable\" with 2 hosts\n    And up to 1 thing goes wrong\n" +
		"    When \"stable\" moves to ref \"a1\"\n" +
		"    Then \"stable@a1\" is Terminal or Failed\n")}
	report, err := Run(t.Context(), opt)
	if err != nil || report.Scenarios[0].Message != errNoExplorer.Error() {
		t.Errorf("without an explorer: %v, %s", err, report.Scenarios[0].Message)
	}
}
