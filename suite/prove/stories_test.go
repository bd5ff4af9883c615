package prove_test

import (
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/story"
	"rollsim/suite/prove"
	"rollsim/trace"
)

// storyOf runs a scenario of a feature about two hosts, one in each wave.
func storyOf(t *testing.T, body string, e story.Explorer) story.Scenario {
	t.Helper()
	text := "Feature: x\n  Scenario: y\n" +
		"    Given channel \"stable\" with waves of 1 and 1 hosts soaking 2 minutes\n" +
		"    And activation takes between 10 and 30 seconds\n" +
		"    And channel \"stable\" keeps ended rollouts for 1 hour\n    " +
		strings.ReplaceAll(body, "\n", "\n    ") + "\n"
	report, err := story.Run(t.Context(), story.Options{
		FS: fstest.MapFS{"x.feature": {Data: []byte(text)}}, Explorer: e, Jobs: 1,
		Traces: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return report.Scenarios[0]
}

const twoRefs = "\nWhen \"stable\" moves to ref \"a1\"\nAnd \"stable\" moves to ref \"b2\"\n"

// TestStories checks claims about everything that may go wrong, and that a failure needs as many
// deviations as it should.
func TestStories(t *testing.T) {
	for _, c := range []struct{ name, body, wrong string }{
		{"crashes", "Given up to 1 control-plane crash happens at any moment" + twoRefs +
			"Then \"stable@a1\" is Superseded\nAnd \"stable@b2\" is Terminal", ""},
		{"one failure", "Given up to 1 probe failure happens at any moment" + twoRefs +
			"Then \"stable@b2\" is Terminal", "host stable-01 fails-probes under ref b2"},
		{"one failure of two", "Given up to 2 probe failures happen at any moment" + twoRefs +
			"Then at least 1 host of \"stable@b2\" is Converged",
			"host stable-01 fails-probes under ref b2"},
		{"lost messages", "Given up to 1 lost message of host \"stable-01\" happens at any moment" +
			twoRefs + "Then \"stable@b2\" is Terminal", ""},
		{"a restart", "Given host \"stable-02\" may restart\nAnd up to 1 thing goes wrong" + twoRefs +
			"Then \"stable@b2\" is Terminal", ""},
		{"a slow host", "Given hosts \"stable-*\" may be slow\nAnd up to 1 thing goes wrong" + twoRefs +
			"Then \"stable@b2\" is Terminal", ""},
		{"a host that is gone", "Given up to 1 lost host happens at any moment" + twoRefs +
			"Then \"stable@b2\" is Terminal", "host-lost of host stable-01 at 2s999ms"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := storyOf(t, c.body, prove.Stories())
			got := strings.Join(s.Wrong, "; ")
			if got != c.wrong || (s.Status == story.Passed) != (got == "") {
				t.Errorf("%v with %q, want %q: %s", s.Status, got, c.wrong, s.Message)
			}
			if s.Status == story.Failed {
				checkRepeats(t, &s)
			}
		})
	}
}

// checkRepeats checks that the scenario of a result has the trace of the result.
func checkRepeats(t *testing.T, s *story.Scenario) {
	t.Helper()
	var c trace.Collector
	if _, err := sim.Run(s.Simulated, sim.Options{
		Machine: reducer.RFC0008(), Seed: s.Simulated.Seed, Sink: &c,
	}); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(c.Entries, s.Trace) {
		t.Error("the scenario has another trace")
	}
}

// TestStoriesKeepTheirPrefix checks that a run with a deviation has the entries of the plain run up
// to its instant, although the sentences are carried out again and the second ref moves later.
func TestStoriesKeepTheirPrefix(t *testing.T) {
	var plain []trace.Entry
	runs, later := 0, 0
	e := recorder{Explorer: prove.Stories(), each: func(run *story.WrongRun) {
		var c trace.Collector
		if _, err := sim.Run(run.Simulated, sim.Options{
			Machine: run.Machine, Seed: run.Simulated.Seed, Sink: &c,
		}); err != nil {
			t.Fatal(err)
		}
		if len(run.Deviations) == 0 {
			plain = c.Entries
			return
		}
		runs++
		until := run.Simulated.Start + reducer.Time(run.Deviations[0].Instant())
		for i := 1; i < len(plain) && plain[i].At < until; i++ {
			if !reflect.DeepEqual(plain[i], c.Entries[i]) {
				t.Fatalf("%v: entry %d differs: %+v", run.Deviations, i, c.Entries[i])
			}
		}
		if run.Simulated.Timeline[1].At > 5*time.Minute {
			later++
		}
	}}
	s := storyOf(t, "Given up to 2 things go wrong\n"+
		"And up to 1 host outage of host \"stable-01\" happens at any moment\n"+
		"And up to 1 failed poll happens at any moment"+twoRefs+"Then \"stable@b2\" is Terminal", e)
	if s.Status != story.Passed || runs < 15 || later == 0 || later == runs {
		t.Errorf("%v: %d runs, %d of them later: %s", s.Status, runs, later, s.Message)
	}
}

// recorder is an Explorer that reports each run.
type recorder struct {
	story.Explorer
	each func(*story.WrongRun)
}

func (r recorder) Next(run *story.WrongRun) ([]story.Deviation, error) {
	r.each(run)
	return r.Explorer.Next(run)
}
