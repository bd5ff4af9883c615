package story

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"rollsim/internal/deviation"
	"rollsim/internal/nearest"
	"rollsim/reducer"
	"rollsim/sim"
)

const topicWrong = "Everything that may go wrong"

// inSomeRun is the value that distinguishes the step of expectSome from others that wrap a
// sentence.
type inSomeRun string

var wrongSteps = []step{
	{
		topic: topicWrong, phase: sets,
		words: `up to {number} thing(s) go(es) wrong`,
		doc: "The scenario is about every run in which so many things go wrong at once, whichever and " +
			"whenever: hosts that fail, delays at the ends of their distributions, lost messages, " +
			"crashes, operators that act and more, as rollsim prove tries them. Every expectation must " +
			"hold in each of these runs, in which nothing is drawn. The first failure has the fewest " +
			"things that go wrong.",
		example: `up to 1 thing goes wrong`,
		do: func(w *world, n uint64) error {
			if n == 0 || n > maxWrong {
				return fmt.Errorf("expected from 1 to %d things that go wrong", maxWrong)
			}
			counts, err := w.giveNearest("how many things go wrong", w.sentence, fmt.Sprint(n), false)
			if counts {
				w.wrong.bound = int(n)
			}
			return err
		},
	},
	{
		topic: topicWrong, phase: sets,
		words: `up to {number} {goes_wrong}( of host(s) {hosts}) happen(s) at any moment`,
		doc: "Only what such sentences name goes wrong, and so often at most: control-plane crashes, " +
			"agent restarts, host outages, lost hosts, wrong clocks, departures, early arrivals, " +
			"lost messages, late messages, doubled messages, " +
			"overtaken messages, failed polls, stale polls, activation failures, probe failures, " +
			"deferrals, missing answers, unfinished rollbacks, short delays, long delays, operator " +
			"clearances, operator aborts, operator pauses, stray events and, under the " +
			"shipped control plane, database errors, lost log rows and torn openings.",
		example: `up to 1 control-plane crash happens at any moment`,
		do: func(w *world, n uint64, kind deviation.Kind, hosts []reducer.HostID) error {
			if n == 0 || n > maxWrong {
				return fmt.Errorf("expected from 1 to %d things that go wrong", maxWrong)
			}
			if len(hosts) > 0 && !deviation.OfHosts().Has(kind) {
				return fmt.Errorf("this concerns no host: leave out the hosts")
			}
			return w.allowWrong(sim.Allowance{Kinds: deviation.Of(kind), AtMost: int(n)}, hosts)
		},
	},
	{
		topic: topicWrong, phase: sets,
		words: `host(s) {hosts} may {may}`,
		doc: "Only what such sentences name goes wrong: hosts may fail their probes, fail their " +
			"activation, defer their activation, never answer, never complete their rollback, restart, " +
			"go offline, be lost, be quick, be slow, have a wrong clock, leave the fleet or join " +
			"the fleet early. Another sentence says how many things go wrong at " +
			"once.",
		example: `hosts "stable-*" may fail their probes`,
		do: func(w *world, hosts []reducer.HostID, kind deviation.Kind) error {
			return w.allowWrong(sim.Allowance{Kinds: deviation.Of(kind)}, hosts)
		},
	},
	{
		topic: topicWrong, phase: expects,
		words: `in {some_run}(,) {sentence}`,
		doc: "The sentence after it holds in at least one of the runs of a scenario about everything " +
			"that may go wrong.",
		example: `in some run, "stable@a1" is Failed`,
		solid:   "the sentence must hold in a run",
		do:      func(*world, inSomeRun, string) error { return errCarriedOut },
		wraps:   true,
	},
}

// maxWrong is how many things go wrong at once, at most.
const maxWrong = 9

var (
	errOnlyOfRun   = errors.New("only an expectation of a run can hold in some of the runs")
	errOnePlainRun = errors.New("the scenario has one run: say for example Given up to 1 thing goes " +
		"wrong")
)

// allowWrong lets something go wrong, on some hosts or on all.
func (w *world) allowWrong(a sim.Allowance, hosts []reducer.HostID) error {
	if len(hosts) > 0 {
		matched, err := w.fleet.match(hosts)
		if err != nil {
			return err
		}
		for _, h := range matched {
			a.Hosts = append(a.Hosts, string(h))
		}
	}
	same := func(other allowance) bool {
		return other.Kinds == a.Kinds && slices.Equal(other.Hosts, a.Hosts)
	}
	if i := slices.IndexFunc(w.wrong.allowed, same); i >= 0 {
		return fmt.Errorf("another sentence says the same: %s", w.wrong.allowed[i].sentence)
	}
	w.wrong.allowed = append(w.wrong.allowed, allowance{a, w.sentence, w.step})
	return nil
}

// wrongNouns are the kinds of what may go wrong, as sentences count them. A last word has a plural.
var wrongNouns = []struct {
	noun string
	kind deviation.Kind
}{
	{"control-plane crash", deviation.ControlPlaneCrash},
	{"agent restart", deviation.AgentRestart},
	{"host outage", deviation.HostOffline},
	{"lost host", deviation.HostLost},
	{"wrong clock", deviation.ClockSkew},
	{"departure", deviation.HostLeaves},
	{"early arrival", deviation.HostJoins},
	{"lost message", deviation.MessageDropped},
	{"late message", deviation.MessageDelayed},
	{"doubled message", deviation.MessageDuplicated},
	{"overtaken message", deviation.MessageReordered},
	{"failed poll", deviation.PollFailed},
	{"stale poll", deviation.PollStale},
	{"activation failure", deviation.FailsActivation},
	{"probe failure", deviation.FailsProbes},
	{"deferral", deviation.Defers},
	{"missing answer", deviation.NeverAnswers},
	{"unfinished rollback", deviation.NeverRollsBack},
	{"short delay", deviation.ShortDelay},
	{"long delay", deviation.LongDelay},
	{"operator clearance", deviation.OperatorClears},
	{"operator abort", deviation.OperatorAborts},
	{"operator pause", deviation.OperatorPauses},
	{"stray event", deviation.StrayEvent},
	{"database error", deviation.DatabaseError},
	{"lost log row", deviation.LogRowLost},
	{"torn opening", deviation.TornOpening},
}

func parseWrongNoun(text string) (any, error) {
	var known []string
	for _, n := range wrongNouns {
		many := n.noun + "s"
		if strings.HasSuffix(n.noun, "sh") {
			many = n.noun + "es"
		}
		if text == n.noun || text == many {
			return n.kind, nil
		}
		known = append(known, n.noun)
	}
	return nil, fmt.Errorf("%q cannot go wrong%s", text, nearest.Hint(text, known))
}

// mayVerbs are the kinds of what may go wrong on hosts, as what they do.
var mayVerbs = []struct {
	verb string
	kind deviation.Kind
}{
	{"fail their probes", deviation.FailsProbes},
	{"fail their activation", deviation.FailsActivation},
	{"defer their activation", deviation.Defers},
	{"never answer", deviation.NeverAnswers},
	{"never complete their rollback", deviation.NeverRollsBack},
	{"restart", deviation.AgentRestart},
	{"go offline", deviation.HostOffline},
	{"be lost", deviation.HostLost},
	{"be quick", deviation.ShortDelay},
	{"be slow", deviation.LongDelay},
	{"have a wrong clock", deviation.ClockSkew},
	{"leave the fleet", deviation.HostLeaves},
	{"join the fleet early", deviation.HostJoins},
}

func parseMay(text string) (any, error) {
	var known []string
	for _, v := range mayVerbs {
		if text == v.verb || text == strings.Replace(v.verb, " their ", " its ", 1) {
			return v.kind, nil
		}
		known = append(known, v.verb)
	}
	return nil, fmt.Errorf("a host may not %q here%s", text, nearest.Hint(text, known))
}
