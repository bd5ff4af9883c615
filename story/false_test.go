package story

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// verdict runs a scenario of a fleet and returns its status and its message.
func verdict(t *testing.T, tags, body string) *Scenario {
	t.Helper()
	return verdictOf(t, `channel "web" with 2 hosts soaking 10 minutes`, tags, body)
}

// verdictOf is verdict for a fleet.
func verdictOf(t *testing.T, fleet, tags, body string) *Scenario {
	t.Helper()
	report := run(t, Options{FS: oneFile("Feature: x\n  " + tags + "\n  Scenario: y\n    Given " +
		fleet + "\n    And activation takes 1 minute\n    " +
		strings.ReplaceAll(strings.TrimSpace(body), "\n", "\n    ") + "\n")})
	return &report.Scenarios[0]
}

// oneFile returns a file system with one feature.
func oneFile(text string) fs.FS { return fstest.MapFS{"x.feature": {Data: []byte(text)}} }

// A verdictTest is a scenario and what its message must contain; "" if it passes.
type verdictTest struct{ name, body, want string }

func checkVerdicts(t *testing.T, tests []verdictTest) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := verdict(t, "", test.body)
			if (s.Status == Passed) != (test.want == "") || !strings.Contains(s.Message, test.want) {
				t.Errorf("%v at %q: %s\nwant %q", s.Status, s.Step, s.Message, test.want)
			}
		})
	}
}

const failsThenRecovers = `
Given host "web-01" fails its probes under ref "a1"
When "web" moves to ref "a1"
And "web" moves to ref "b2"
`

// TestEveryRollout checks that a sentence about a host that names no rollout is about all that the
// host joins.
func TestEveryRollout(t *testing.T) {
	checkVerdicts(t, []verdictTest{
		{"has been", failsThenRecovers + `Then host "web-01" has been Failed`, ""},
		{"has been under", failsThenRecovers + `Then host "web-01" has been Failed under "web@b2"`,
			"it is never Failed"},
		{"never", failsThenRecovers + `Then host "web-01" is never Failed`,
			"host web-01 under web@a1: Failed at"},
		{"never under", failsThenRecovers + `Then host "web-01" is never Failed under "web@b2"`, ""},
		{"never of another host", failsThenRecovers + `Then host "web-02" is never Failed
			And host "web-01" has been Failed`, ""},
		{"dispatched", failsThenRecovers + `Then host "web-01" is dispatched twice`, ""},
		{"dispatched under", failsThenRecovers + `Then host "web-01" is dispatched once under "web@b2"`,
			""},
		{"dispatched once", failsThenRecovers + `Then host "web-01" is dispatched once`, "2 times"},
		{"before", failsThenRecovers +
			`Then host "web-01" is dispatched before host "web-01" is Failed`,
			`host web-01 is dispatched under web@a1 and under web@b2: write under which of them, as in ` +
				`host "web-01" under "web@a1" is dispatched`},
		{"before under", failsThenRecovers +
			`Then host "web-01" under "web@a1" is dispatched before host "web-01" is Failed`, ""},
		{"while", failsThenRecovers + `Then "web@a1" is Failed once host "web-01" is soaking`,
			"host web-01 is Soaking under web@a1 and under web@b2"},
		{"once failed", failsThenRecovers + `Then "web@a1" is Failed once host "web-01" is failed`, ""},
		{"no member", `Given channel "edge" with 1 host
			When "web" moves to ref "a1"
			Then host "edge-01" is never dispatched under "web@a1"`,
			`host "edge-01" never joins rollout "web@a1"`},
	})
}

// TestTooShort checks sentences about a run that ends before they are decided, and before and after
// the length that the message names.
func TestTooShort(t *testing.T) {
	const moves = "\nWhen \"web\" moves to ref \"a1\"\n"
	const short = "the run is too short to decide this: "
	checkVerdicts(t, []verdictTest{
		{"stuck", "Given the run lasts 1 second" + moves + `Then "web@a1" is stuck`,
			short + "\"web@a1\" is stuck\n    it lasts 1 second, and in a longer one this does not hold: " +
				"say, for example, Given the run lasts "},
		{"not stuck", "Given the run lasts 1 second" + moves + `Then "web@a1" has been Active`,
			short + `whether rollout "web@a1" is stuck`},
		{"really stuck", "Given the run lasts 5 hours\nAnd host \"web-01\" never answers" + moves +
			`Then "web@a1" is stuck`, ""},
		{"never pruned", "Given the run lasts 6 days" + moves + `Then "web@a1" is never pruned`,
			short + "\"web@a1\" is never pruned"},
		{"nothing pruned", "Given the run lasts 7 days" + moves + `Then nothing is ever pruned`, short},
		{"every rollout", "Given the run lasts 8 days" + moves +
			`Then every rollout is pruned in the end`, ""},
		{"never pruned under v0.2", "Given the machine is v0.2\nAnd the run lasts 6 days" + moves +
			"Then \"web@a1\" is never pruned\nAnd SchedulePruning is never emitted for \"web@a1\"", ""},
		{"in the end", "Given the run lasts 6 days" + moves + `Then "web@a1" is Terminal in the end`,
			short + "\"web@a1\" is Terminal in the end"},
		{"count", "Given the run lasts 6 days" + moves +
			`Then RetentionExpired never happens to "web@a1"`, short},
		{"long enough", "Given the run lasts 8 days" + moves +
			"Then \"web@a1\" is never Failed\nAnd RetentionExpired happens once to \"web@a1\"", ""},
	})
	s := verdict(t, "", "Given the run lasts 1 hour"+moves+`Then every invariant holds
		And "web@a1" is never Pruned`)
	_, length, _ := strings.Cut(s.Message, "Given the run lasts ")
	s = verdict(t, "", "Given the run lasts "+length+moves+`Then "web@a1" is Pruned in the end`)
	if s.Status != Passed {
		t.Errorf("%q is no length that is enough: %s", length, s.Message)
	}
}

// TestFalsified checks that a sentence about the whole run stays true to the end of the story.
func TestFalsified(t *testing.T) {
	const later = "this held at its place in the story, and what follows makes it false: it is " +
		"about the whole run\n"
	const begin = "When \"web\" moves to ref \"a1\"\n"
	const then = "\nWhen \"web\" moves to ref \"b2\"\nThen \"web@b2\" is Terminal\n"
	checkVerdicts(t, []verdictTest{
		{"never", begin + `Then "web@a1" is never Superseded` + then, later},
		{"count", begin + `Then 1 rollout is opened` + then, later + "expected  1 rollout is opened"},
		{"dispatched", begin + `Then host "web-01" is dispatched once` + then, later},
		{"true of both", begin + `Then "web@a1" is never Failed` + then, ""},
		{"has been", begin + `Then "web@a1" is Terminal` + then, ""},
		{"stuck for a time", "Given host \"web-01\" never answers under ref \"a1\"\n" + begin +
			`Then "web@a1" is stuck` + then, ""},
	})
}

// TestUnnamedFailure checks that a rollout that fails must be named, by its id or by a host of it.
func TestUnnamedFailure(t *testing.T) {
	const say = "no sentence names the rollout or one of its hosts\n" +
		"          if it is right, say: Then "
	checkVerdicts(t, []verdictTest{
		{"failed", "Given 100% of probes fail\nWhen \"web\" moves to ref \"a1\"\n" +
			"Then every invariant holds", say + `"web@a1" is Failed`},
		{"reverted", "Given channel \"web\" has policy rollback-and-halt\nAnd 100% of probes fail\n" +
			"When \"web\" moves to ref \"a1\"\nThen 1 rollout is opened",
			say + `"web@a1" is Reverted`},
		{"superseded later", "Given 100% of probes fail\nWhen \"web\" moves to ref \"a1\"\n" +
			"And \"web\" moves to ref \"b2\"\nThen \"web@b2\" is Failed", say + `"web@a1" has been Failed`},
		{"named", "Given 100% of probes fail\nWhen \"web\" moves to ref \"a1\"\n" +
			"Then \"web@a1\" is Failed", ""},
		{"a host is named", "Given 100% of probes fail\nWhen \"web\" moves to ref \"a1\"\n" +
			"Then host \"web-02\" has been Failed", ""},
		{"a pattern", "Given hosts \"web-*\" fail their probes\nWhen \"web\" moves to ref \"a1\"\n" +
			"Then every invariant holds", ""},
		{"another host", "Given channel \"edge\" with 1 host\nAnd 100% of probes fail\n" +
			"When \"web\" moves to ref \"a1\"\nAnd \"edge\" moves to ref \"e1\"\n" +
			"Then host \"edge-01\" has been Failed", say + `"web@a1" is Failed`},
		{"a table", "Given these hosts misbehave:\n  | hosts | does |\n  | web-01, web-02 | fails its " +
			"probes |\nWhen \"web\" moves to ref \"a1\"\nThen every invariant holds", ""},
	})
}
