package story

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"
)

// tellStory runs a body as the only scenario of a feature.
func tellStory(t *testing.T, tags, body string) Scenario {
	t.Helper()
	fsys := fstest.MapFS{"x.feature": {Data: []byte("Feature: x\n" + tags + "\nScenario: x\n" + body)}}
	report, err := Run(context.Background(), Options{FS: fsys})
	if err != nil {
		t.Fatal(err)
	}
	return report.Scenarios[0]
}

func TestTwoRuns(t *testing.T) {
	const fleet = "Given channel \"web\" with waves of 1 and 3 hosts soaking 10 minutes\n"
	const move = fleet + "When \"web\" moves to ref \"a1\"\n"
	const failing = fleet + "And channel \"web\" has policy rollback-and-halt\n" +
		"And host \"web-01\" fails its probes\nWhen \"web\" moves to ref \"a1\"\n"
	const old = "When the same story runs under machine v0.2 as \"old\"\n"
	for _, test := range []struct {
		name, tags, body string
		status           Status
		want             string // in the message
	}{
		{"machine", "", failing + old + "Then \"web@a1\" is Reverted\nAnd \"old\": \"web@a1\" is Failed",
			Failed, `in the run "old"` + "\n"},
		{"machine, with all that it does", "", failing + old + "Then \"web@a1\" is Reverted\n" +
			"And \"old\": \"web@a1\" is Failed\nAnd \"old\": \"web@a1\" is never pruned", Passed, ""},
		{"false there", "", failing + old + "Then \"web@a1\" is Reverted\n" +
			"And \"old\": \"web@a1\" is Reverted",
			Failed, "in the run \"old\"\nexpected  \"web@a1\" is Reverted\nfound     Failed since"},
		{"a fate that matters in the other run alone", "", fleet +
			"And host \"web-01\" fails its probes\nAnd host \"web-01\" never completes its " +
			"rollback\nWhen \"web\" moves to ref \"a1\"\n" +
			"When the same story runs with policy rollback-and-halt for channel \"web\" as \"careful\"\n" +
			"Then \"web@a1\" is Failed\nAnd \"careful\": \"web@a1\" is stuck", Passed, ""},
		{"a fate that matters in no run", "", fleet +
			"And host \"web-01\" fails its probes\nAnd host \"web-01\" never completes its " +
			"rollback\nWhen \"web\" moves to ref \"a1\"\n" +
			"When the same story runs with a soak of 1 hour for channel \"web\" as \"slow\"\n" +
			"Then \"web@a1\" is Failed\nAnd \"slow\": \"web@a1\" is Failed", Failed,
			"the run is the same without it"},
		{"the same machine", "", move + "When the same story runs under machine rfc0008 as \"old\"\n" +
			"Then \"web@a1\" is Terminal", Failed, "the story runs under machine rfc0008 already"},
		{"soak", "", move +
			"When the same story runs with a soak of 1 hour for channel \"web\" as \"slow\"\n" +
			"Then \"web@a1\" converges at least 90 minutes sooner than in \"slow\"\n" +
			"And \"slow\": \"web@a1\" converges at least 90 minutes later than in \"slow\"", Failed,
			"the story has one run alone, and none is named \"slow\""},
		{"not so much sooner", "", move +
			"When the same story runs with a soak of 1 hour for channel \"web\" as \"slow\"\n" +
			"Then \"web@a1\" converges at least 2 hours sooner than in \"slow\"", Failed,
			"it takes 0d 00:"},
		{"a soak longer than the other run", "", move +
			"When the same story runs with a soak of 10 days for channel \"web\" as \"slow\"\n" +
			"Then \"slow\": \"web@a1\" is Terminal\n" +
			"And \"web@a1\" goes through the same states as in \"slow\"", Passed, ""},
		{"the same soak", "", move +
			"When the same story runs with a soak of 10 minutes for channel \"web\" as \"slow\"\n" +
			"Then \"web@a1\" is Terminal", Failed, "soak for 10 minutes already"},
		{"waves", "", failing +
			"When the same story runs with waves of 4 hosts for channel \"web\" as \"at once\"\n" +
			"Then fewer hosts of \"web@a1\" have been Activating than in \"at once\"\n" +
			"And \"web@a1\" is Reverted\nAnd \"at once\": \"web@a1\" has ended", Passed, ""},
		{"too few hosts", "", move +
			"When the same story runs with waves of 2 hosts for channel \"web\" as \"at once\"\n" +
			"Then \"web@a1\" is Terminal", Failed, "have 4 hosts: expected waves of 1 host or more"},
		{"policy", "", failing +
			"When the same story runs with policy halt for channel \"web\" as \"halted\"\n" +
			"Then \"halted\": \"web@a1\" is Failed\nAnd \"web@a1\" is Reverted", Passed, ""},
		{"control plane", "", "Given the machine is v0.2\n" + move +
			"When the same story runs under the shipped control plane as \"shipped\"\n" +
			"Then \"shipped\": \"web@a1\" has been Active\nAnd \"web@a1\" is never pruned", Failed,
			"in the run \"shipped\"\nevery sentence holds, but no sentence expects this\n" +
				"expected  the invariant evidence-kept to hold"},
		{"never there", "", failing + "And \"web\" moves to ref \"b2\" once \"web@a1\" is Reverted\n" +
			"And the same story runs with policy halt for channel \"web\" as \"halted\"\n" +
			"Then \"web@b2\" is Terminal", Failed,
			"in the run \"halted\", which has the same happenings: \"web\" moves to ref \"b2\" once"},
		{"the same", "", move +
			"When the same story runs with policy rollback-and-halt for channel \"web\" " +
			"as \"careful\"\nThen \"web@a1\" goes through the same states as in \"careful\"", Failed,
			"vacuous: the run \"careful\" is the same as the story's own"},
		{"the same, on purpose", "@vacuous:a-healthy-fleet-never-needs-its-policy", move +
			"When the same story runs with policy rollback-and-halt for channel \"web\" " +
			"as \"careful\"\nThen \"web@a1\" goes through the same states as in \"careful\"", Passed, ""},
		{"what no sentence expects there", "", fleet + "And host \"web-01\" never answers\n" +
			"When \"web\" moves to ref \"a1\"\n" + old + "Then \"web@a1\" is stuck", Failed,
			`in the run "old"`},
		{"unknown run", "", move + old + "Then \"odl\": \"web@a1\" is Terminal", Failed,
			`no run is named "odl": did you mean "old"?`},
		{"twice", "", move + old + old + "Then \"web@a1\" is Terminal", Failed,
			`another run is named "old"`},
		{"afterwards", "", move + old + "When \"web\" moves to ref \"b2\"\nThen \"web@a1\" is Terminal",
			Failed, "say it before: When the same story runs"},
		{"after a Then", "", move + "Then \"web@a1\" is Terminal\n" +
			"When \"web\" moves to ref \"b2\"\n" + old +
			"Then \"web@b2\" is Terminal", Failed, "say this before the first Then"},
		{"first", "", old + "Then \"web@a1\" is Terminal", Failed, "there is no story yet"},
		{"no expectation there", "", move + old + "Then \"old\": \"web\" moves to ref \"b2\"", Failed,
			"only an expectation of a run"},
		{"seeds", "", "Given each of the seeds 1 to 5\n" + move +
			"When the same story runs with a soak of 1 hour for channel \"web\" as \"slow\"\n" +
			"Then in at least 90% of the seeds, \"web@a1\" converges sooner than in \"slow\"", Passed, ""},
	} {
		s := tellStory(t, test.tags, test.body)
		if s.Status != test.status || !strings.Contains(s.Message, test.want) {
			t.Errorf("%s: %v\n%s: %s\nwant %v and %q", test.name, s.Status, s.Step, s.Message, test.status,
				test.want)
		}
	}
}
