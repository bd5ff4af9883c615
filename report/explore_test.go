package report

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"rollsim/internal/shard"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/suite/coverage"
	"rollsim/suite/explore"
)

// canary is the machine with a planted defect.
var canary = machine.Canary().Name()

func exploreText(t *testing.T, s *explore.Sweep) (string, *explore.Result) {
	t.Helper()
	r, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Explore(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String(), r
}

func swarm(machine string) *explore.Source {
	return &explore.Source{
		Swarm:          explore.NewSwarm(),
		Machine:        machine,
		Faults:         explore.SwarmFaults,
		FaultsArgument: "swarm",
	}
}

func wantLines(t *testing.T, text string, patterns ...string) {
	t.Helper()
	for _, p := range patterns {
		if !regexp.MustCompile("(?m)" + p).MatchString(text) {
			t.Errorf("no line is like %q in\n%s", p, text)
		}
	}
}

func TestExploreFailures(t *testing.T) {
	text, r := exploreText(t, &explore.Sweep{
		Source: swarm(canary), Seeds: explore.Range{From: 1, To: 40}, Jobs: 2,
	})
	wantLines(t, text,
		`^drawn fleets, machine canary, faults swarm$`,
		`^40 seeds of seeds 1:40, [0-9,]+ entries, [0-9]+ d [0-9]+ h of virtual time, `+
			`digest [0-9a-f]{16}$`,
		`^FAILED unpruned in Superseded after SuccessorOpened: [0-9]+ runs?, first in seed [0-9]+$`,
		`^    channel   `,
		`^FAILED: [0-9] kinds? of failures$`,
	)
	for _, g := range r.Failures() {
		wantLines(t, text, fmt.Sprintf("^  rerun: rollsim explore --seeds %d:%d --faults swarm "+
			"--machine canary$", g.First.Seed, g.First.Seed))
	}
	if strings.Contains(text, "PARTIAL") {
		t.Error("a complete sweep is called partial")
	}
	strict := swarm("canary")
	strict.Strict = true
	text, _ = exploreText(t, &explore.Sweep{Source: strict, Seeds: explore.Range{From: 1, To: 60}})
	wantLines(t, text, `^FAILED: answered otherwise than the specification:$`,
		`^FAILED: [23] kinds of failures$`)
	text, _ = exploreText(t, &explore.Sweep{
		Source: swarm("rfc0008"), Seeds: explore.Range{From: 1, To: 60},
	})
	if strings.Contains(text, "answered otherwise") {
		t.Error("the specification is said to answer otherwise")
	}
}

// TestExploreCoverage compares the table with the counts.
func TestExploreCoverage(t *testing.T) {
	text, r := exploreText(t, &explore.Sweep{
		Source: swarm("v0.2"), Seeds: explore.Range{From: 1, To: 60}, Jobs: 2,
	})
	v := r.Coverage("v0.2")
	joined := v.Count(reducer.Opening, coverage.Joined, coverage.Answer(reducer.Active))
	cleared := v.Count(reducer.Failed, coverage.Cleared, coverage.RefusedUnimplemented)
	misrouted := v.Count(reducer.Failed, coverage.Misrouted, coverage.AsOwn)
	wantLines(t, text,
		`^coverage of v0.2: [0-9]+ of [0-9]+ answers of its table occurred$`,
		`^ +RolloutOpened +HostJoined +HostStateChanged +WaveAdvanced `+
			`+RolloutTerminal +SuccessorOpened +RetentionExpired +OperatorClearance +`+
			`of another rollout$`,
		`^states never reached: Reverted Pruned$`,
		`^  Terminal    RetentionExpired →Pruned$`,
		`^answered otherwise than the specification:$`,
		`^  Failed      OperatorClearance: Unimplemented; rfc0008 answers →Terminal, SchedulePruning$`,
		`^              [0-9]+ runs?, first in seed [0-9]+: .*, OperatorClearance of 20`,
		`^              rerun: rollsim explore --seeds [0-9:]+ --faults swarm --machine v0.2$`,
		`^time to converge +[0-9,]+ +`,
		fmt.Sprintf(`^Opening .*→Active %s `, thousands(joined)),
		fmt.Sprintf(`^Failed .*U %s +as its own %s$`, thousands(cleared), thousands(misrouted)),
	)
	never, _ := v.NeverHit(reducer.V02())
	_, list, _ := strings.Cut(text, "never occurred:\n")
	list, _, _ = strings.Cut(list, "\n\n")
	if n := strings.Count(list+"\n", "\n"); n != len(never) {
		t.Errorf("%d lines of answers that never occurred, want %d", n, len(never))
	}
}

func TestExplorePartial(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	sweep := &explore.Sweep{Source: swarm("rfc0008"), Seeds: explore.Range{From: 1, To: 40}}
	r, err := sweep.Run(ended)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Explore(&b, r); err != nil {
		t.Fatal(err)
	}
	wantLines(t, b.String(), `^PARTIAL: seeds 1:40 were requested, none are done$`,
		`^no failures so far$`)

	text, _ := exploreText(t, &explore.Sweep{
		Source: swarm("rfc0008"), Seeds: explore.Range{From: 1, To: 40}, Shard: shard.Shard{I: 2, N: 4},
	})
	wantLines(t, text, `^PARTIAL: seeds 11:20 were requested, 11:20 are done$`)
}

func TestExploreNeverHappened(t *testing.T) {
	s := swarm("rfc0008")
	sc := s.Swarm.Draw(7, "rfc0008", false)
	sc.Sometimes = []sim.Moment{{Rollout: "nothing@r1", State: reducer.Converging}}
	s.Given = []explore.Given{{Argument: "my fleet.yaml", Scenario: sc}}
	s.Faults, s.FaultsArgument = explore.NoFaults, "none"
	text, _ := exploreText(t, &explore.Sweep{Source: s, Seeds: explore.Range{From: 1, To: 3}})
	wantLines(t, text,
		`^NEVER HAPPENED my fleet.yaml: nothing@r1 is Converging$`,
		`^FAILED: 1 kind of failures$`,
	)
}

func TestRerunQuotesArguments(t *testing.T) {
	s := swarm(canary)
	s.Given = []explore.Given{
		{Argument: "it's mine/my fleet.yaml", Scenario: s.Swarm.Draw(7, canary, true)},
	}
	s.Faults, s.FaultsArgument = explore.NoFaults, "none"
	text, _ := exploreText(t, &explore.Sweep{Source: s, Seeds: explore.Range{From: 7, To: 7}})
	const rerun = `  rerun: rollsim explore 'it'\''s mine/my fleet.yaml' ` +
		`--seeds 7:7 --faults none --machine canary`
	wantLines(t, text, regexp.QuoteMeta(rerun)+"$")
}

func TestNumbers(t *testing.T) {
	numbers := map[uint64]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 1234567: "1,234,567"}
	for n, want := range numbers {
		if got := thousands(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
	const hour = 3600 * 1000
	if got := days(23 * hour); got != "23 h" {
		t.Errorf("days: got %s, want 23 h", got)
	}
	if got := days((1049*24 + 1) * hour); got != "1,049 d 1 h" {
		t.Errorf("days: got %s, want 1,049 d 1 h", got)
	}
}

// TestExploreEndsWithFailures checks that the small case of the last failure ends the report, and
// that failures with the same case are one kind, unless their cases are unfinished.
func TestExploreEndsWithFailures(t *testing.T) {
	_, r := exploreText(t, &explore.Sweep{Source: swarm(canary), Seeds: explore.Range{From: 1, To: 8}})
	groups := r.Failures()
	if len(groups) != 2 {
		t.Fatalf("%d failures, want 2", len(groups))
	}
	texts := func() string {
		var b bytes.Buffer
		if err := Explore(&b, r); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	const feature = "Feature: small\n\n  Scenario: it fails\n    Then it holds\n"
	for _, g := range groups {
		g.First.Small = &explore.Small{Key: "unpruned", Scenario: "the case", Feature: feature}
	}
	text := texts()
	if !strings.HasSuffix(text, "\n      Scenario: it fails\n        Then it holds\n") {
		t.Errorf("the report does not end with the feature:\n%s", text)
	}
	wantLines(t, text, `^FAILED: 1 kind of failures$`,
		`^  the same small case: unpruned in Superseded after SuccessorOpened: [0-9] runs?, first in `)
	if strings.Count(text, "Feature: small") != 1 {
		t.Error("equal cases are shown twice")
	}
	page := sweepPageOf(t, r, SweepView{})
	if strings.Count(page, "Feature: small") != 1 || !strings.Contains(page, "the same small case: ") {
		t.Error("the page shows equal cases twice")
	}
	for _, g := range groups {
		g.First.Small.Unfinished = "it was stopped"
	}
	groups[1].First.Small = &explore.Small{Unfinished: "it was interrupted"}
	groups[1].First.Drawn = "what the seed drew\n"
	text = texts()
	wantLines(t, text, `^FAILED: 2 kinds of failures$`, `^  unfinished: it was stopped; `,
		`^    Feature: small$`, `^  unfinished: it was interrupted; `, `^    what the seed drew$`)
	if strings.Contains(text, "the same small case") || strings.Count(text, "Feature: small") != 1 {
		t.Errorf("unfinished cases are of one kind:\n%s", text)
	}
}
