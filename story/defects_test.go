package story

import (
	"strings"
	"testing"

	"rollsim/reducer"
)

// TestKnownDefects checks what a declared defect accepts: the named one and no other, as long as it
// exists.
func TestKnownDefects(t *testing.T) {
	const move = "When \"web\" moves to ref \"a1\"\n"
	const stuck = "Given host \"web-01\" never answers\n" + move
	const seeds = "Given each of the seeds 1 to 10\nAnd 30% of dispatches are never acked\n" + move
	for _, test := range []struct {
		name, tags, body string
		status           Status
		want             string // in the message
		step             string // that decides
	}{
		{"tag", "@known-defect:stuck", stuck + `Then host "web-02" is Converged`, Defect,
			"stuck web@a1: ", "@known-defect:stuck"},
		{"another breaks", "@known-defect:stranded", stuck + `Then host "web-02" is Converged`, Failed,
			"stuck: Active", ""},
		{"mended", "@known-defect:stuck", move + `Then host "web-02" is Converged`, Failed,
			"stuck does not occur, and the scenario is tagged @known-defect:stuck",
			"@known-defect:stuck"},
		{"a false sentence", "@known-defect:stuck", stuck + `Then host "web-02" is Failed`, Failed,
			"host web-02 under web@a1: Converged since", `Then host "web-02" is Failed`},
		{"two tags", "@known-defect:stuck @known-defect:unpruned", stuck + `Then 1 rollout is opened`,
			Failed, "unpruned does not occur", "@known-defect:unpruned"},
		{"no name", "@known-defect", stuck + `Then "web@a1" is stuck`, Failed,
			"tag @known-defect accepts anything: name the invariant that is known not to hold, as in " +
				"@known-defect:stuck, or begin a sentence with it, as in Then known defect: ",
			"@known-defect"},
		{"a defect of the shipped control plane", "@known-defect:no-halt", move +
			`Then "web@a1" is Terminal`, Failed, "no-halt does not occur, and the scenario is tagged " +
			"@known-defect:no-halt", "@known-defect:no-halt"},
		{"a defect of it that shows", "@known-defect:no-halt @known-defect:late-wave-soak", "Given the " +
			"control plane is shipped\nAnd the machine is v0.2\nAnd a budget of one for channel \"web\"\n" +
			"And host \"web-01\" fails its activation\n" + move + "Then \"web@a1\" is Failed\n" +
			"And nothing is ever pruned", Defect, "no-halt", "@known-defect:no-halt"},
		{"unknown name", "@known-defect:stuk", stuck + `Then "web@a1" is stuck`, Failed,
			`no invariant and no defect is named "stuk": did you mean "stuck"?`, "@known-defect:stuk"},
		{"sentence", "", move + `Then known defect: "web@a1" is Failed`, Defect,
			"expected  \"web@a1\" is Failed", `Then known defect: "web@a1" is Failed`},
		{"sentence that holds", "", move + `Then known defect: "web@a1" is Terminal`, Failed,
			`delete "known defect:"`, `Then known defect: "web@a1" is Terminal`},
		{"one of two holds", "", move + `Then known defect: "web@a1" is Failed
			And known defect: "web@a1" has been Active`, Failed,
			`delete "known defect:"`, `And known defect: "web@a1" has been Active`},
		{"another sentence fails", "", move + `Then known defect: "web@a1" is Failed
			And "web@a1" is Superseded`, Failed, "Terminal since", `And "web@a1" is Superseded`},
		{"mistake", "", move + `Then known defect: "web@a1" is Filed`, Failed,
			`no state of a rollout is named "Filed"`, `Then known defect: "web@a1" is Filed`},
		{"unknown sentence", "", move + `Then known defect: the moon is full`, Undefined,
			"no step fits this sentence: the moon is full", `Then known defect: the moon is full`},
		{"no expectation", "", `Given known defect: seed 7`, Failed,
			"only an expectation can be a known defect, and this is a Given",
			`Given known defect: seed 7`},
		{"twice", "", move + `Then known defect: known defect: "web@a1" is Failed`, Failed,
			"a sentence has one such beginning, and not two",
			`Then known defect: known defect: "web@a1" is Failed`},
		{"with a table", "", move + `Then known defect: these transitions happen:
			| rollout | from | to |
			| web@a1 | Opening | Failed |`, Defect, "row 1", "Then known defect: these transitions happen:"},
		{"of the machine", "", `Then known defect: in Active the machine answers like this:
			| event | error |
			| HostJoined | Invariant |`, Defect, "row 1", ""},
		{"what it moves is undone", "", move + `Then "web@a1" is Active 1 second after the start
			And known defect: "web@a1" is Failed in the end
			And "web@a1" is Terminal`, Defect, "", ""},
		{"under some seeds", "", seeds + `Then known defect: host "web-01" is Converged
			And known defect: host "web-02" is Converged`, Failed, "but no sentence expects", ""},
		{"under some seeds, by a tag", "@known-defect:stuck", seeds + `Then 1 rollout is opened`, Defect,
			"stuck web@a1", "@known-defect:stuck"},
		{"a share of the seeds", "", seeds + "Then in at least 50% of the seeds, host \"web-01\" is " +
			"Converged", Failed, "but no sentence expects", ""},
		{"a share that is large enough", "@known-defect:stuck", seeds + "Then in at least 50% of the " +
			"seeds host \"web-01\" is Converged", Defect, "stuck web@a1", ""},
		{"a share that is too large", "@known-defect:stuck", seeds + "Then in at least 95% of the " +
			"seeds, host \"web-01\" is Converged", Failed, "of 10 seeds, ",
			"Then in at least 95% of the seeds, host \"web-01\" is Converged"},
		{"a share of one seed", "", move + "Then in at least 95% of the seeds, \"web@a1\" is Terminal",
			Failed, "the scenario has one seed: say for example Given each of the seeds 1 to 100", ""},
		{"a share of no seed", "", seeds + "Then in at least 0% of the seeds, host \"web-01\" is Failed",
			Failed, "under 0% of the seeds in any case", ""},
		{"a time under no seed", "", seeds + "Then the time to converge is under 1 hour in 0% of the " +
			"seeds", Failed, "under 0% of the seeds in any case", ""},
		{"a share of a happening", "", "Given each of the seeds 1 to 2\nThen in at least 95% of the " +
			"seeds, \"web\" moves to ref \"a1\"", Failed, "only an expectation of a run can hold", ""},
		{"under no seed", "@known-defect:stranded", seeds + `Then 1 rollout is opened`, Failed, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := verdict(t, test.tags, test.body)
			if s.Status != test.status || !strings.Contains(s.Message, test.want) ||
				test.step != "" && s.Step != test.step {
				t.Errorf("%v at %q: %s\nwant %v at %q: %s",
					s.Status, s.Step, s.Message, test.status, test.step, test.want)
			}
		})
	}
}

// TestTraceOfShare expects the trace of the seed whose failure the message quotes, and not that of
// the last seed.
func TestTraceOfShare(t *testing.T) {
	s := tellStory(t, "", "Given channel \"web\" with 2 hosts\nAnd each of the seeds 1 to 20\n"+
		"And 10% of activations fail\nWhen \"web\" moves to ref \"a1\"\n"+
		"Then in at least 99% of the seeds, \"web@a1\" is Terminal")
	_, after, _ := strings.Cut(s.Message, "under seed ")
	quoted, _, _ := strings.Cut(after, ":")
	if quoted == "" || quoted == "20" || !strings.HasSuffix(s.Run, ", seed "+quoted) {
		t.Errorf("the message quotes seed %q, and the run is %q:\n%s", quoted, s.Run, s.Message)
	}
	for i := range s.Trace {
		if e := s.Trace[i].Effect; e != nil && e.To == reducer.Terminal {
			t.Errorf("the rollout is Terminal in the trace of seed %s", quoted)
		}
	}
}
