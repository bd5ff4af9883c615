package shrink

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/suite/coverage"
	"rollsim/trace"
)

// rule is what an invariant asks for, as a title and as a subject.
type rule struct{ subject, title string }

// rules are the titles of features, by the invariant that a case violates. {state} is the state of
// the rollout.
var rules = map[invariant.Name]rule{
	invariant.TerminalStamped: {
		"The end of a rollout", "A rollout that ends has a time of its end",
	},
	invariant.TerminalConverged: {
		"Terminal", "A rollout is Terminal only when every host has converged",
	},
	invariant.PrunedAbsorbing: {
		"Pruned", "Nothing leaves Pruned",
	},
	invariant.WaveMonotonic: {
		"The wave cursor", "The wave cursor never moves backward",
	},
	invariant.TransitionRecorded: {
		"Transitions", "A transition is recorded as it happens",
	},
	invariant.OneStanding: {
		"Standing rollouts", "A channel has one standing rollout",
	},
	invariant.RevertedHost: {
		"Reverted", "A Reverted rollout has a Reverted host",
	},
	invariant.RetentionKept: {
		"Retention", "No rollout is pruned before its retention has ended",
	},
	invariant.HaltKept: {
		"Halt", "A rollout that has failed dispatches no further host",
	},
	invariant.QuarantineKept: {
		"Quarantine", "A quarantined closure is not dispatched",
	},
	invariant.WaveKept: {
		"Waves", "A wave begins when the one before it is done",
	},
	invariant.ChannelEdgesKept: {
		"Channels that wait", "A channel waits for another one",
	},
	invariant.BudgetKept: {
		"Budgets", "No more hosts are in flight than the budget allows",
	},
	invariant.FoldIsLive: {
		"The log", "The log says what the control plane knows",
	},
	invariant.Stuck: {
		"Progress", "A rollout ends",
	},
	invariant.Unpruned: {
		"Retention", "A {state} rollout is pruned when its retention has ended",
	},
	invariant.Stranded: {
		"Progress", "A channel rolls out the ref that it points at",
	},
	invariant.EvidenceKept: {
		"Evidence", "A host converges only after its soak and its probes",
	},
	invariant.RollbackKept: {
		"Rollback", "A rollback returns to what the host ran before",
	},
	invariant.TimeKept: {
		"Time", "The times of events do not go backward",
	},
	invariant.SupersessionKept: {
		"Supersession", "No dispatch of a superseded rollout reaches a host",
	},
	invariant.OpeningWhole: {
		"Openings", "Every host joins a rollout in the instant of its opening",
	},
	invariant.AcknowledgedKept: {
		"Messages", "What was acknowledged is in the log",
	},
	invariant.NotReopened: {
		"Openings", "A rollout is opened once",
	},
	invariant.PauseKept: {
		"Pause", "Nothing is dispatched while dispatching is paused",
	},
	invariant.AbortKept: {
		"Abort", "Nothing is dispatched for an aborted rollout",
	},
	invariant.WindowKept: {
		"Windows", "Nothing is dispatched outside the maintenance windows",
	},
	invariant.FleetKept: {
		"Fleet", "Nothing is dispatched to a host that is not in the fleet",
	},
	ErrorInvariant: {
		"Errors", "The run ends without an error",
	},
}

func subjectOf(c *Case) string {
	if c.Key.Departs != 0 {
		return "Answers"
	}
	if r, ok := rules[c.Key.Invariant]; ok {
		return r.subject
	}
	return string(c.Key.Invariant)
}

// titleOf returns what a case shows to be broken.
func titleOf(c *Case) string {
	if c.Key.Departs != 0 {
		return fmt.Sprintf("In %v the answer to %v is that of the specification", c.Key.State,
			c.Key.Departs)
	}
	if pair := c.Key.Machines; pair[0] != "" {
		return fmt.Sprintf("Machines %s and %s write the same trace", pair[0], pair[1])
	}
	r, ok := rules[c.Key.Invariant]
	if !ok {
		return "The invariant " + string(c.Key.Invariant) + " holds"
	}
	state := ""
	if c.Violation.State != 0 {
		state = c.Violation.State.String() + " "
	}
	title := strings.Replace(r.title, "{state} ", state, 1)
	if how := happened(c.Scenario); how != "" {
		title += ", also when " + how
	}
	return title
}

// expectations returns the sentences that a case may break, the plainest first. The last one names
// the invariant.
func expectations(c *Case) [][]string {
	subject := c.Violation.Subject
	var all [][]string
	add := func(format string, args ...any) {
		all = append(all, []string{fmt.Sprintf(format, args...)})
	}
	if c.Key.Departs != 0 {
		for _, sentence := range answers(c) {
			add("%s", sentence)
		}
		return all
	}
	switch c.Key.Invariant {
	case invariant.Unpruned:
		add("%q is Pruned in the end", subject)
	case invariant.Stuck:
		add("%q is Terminal", subject)
		add("%q has ended", subject)
	case invariant.TerminalConverged:
		add("every host of %q is Converged", subject)
	case invariant.QuarantineKept:
		add("no host of %q is dispatched", subject)
	case invariant.NotReopened:
		add("RolloutOpened happens once to %q", subject)
	case invariant.Stranded:
		for i := range c.Scenario.Channels {
			if ch := &c.Scenario.Channels[i]; string(ch.ID) == subject {
				for _, ref := range refsOf(c.Scenario) {
					add("only %q stands for channel %q", string(ch.ID)+"@"+string(ref), ch.ID)
				}
			}
		}
	case invariant.WaveKept, invariant.HaltKept, invariant.SupersessionKept:
		all = append(all, orderExpectations(c.Scenario, subject)...)
	case invariant.BudgetKept:
		for i := range c.Scenario.Budgets {
			if b := &c.Scenario.Budgets[i]; b.Name == subject && b.MaxInFlight == 1 {
				for _, id := range rolloutsOf(c.Scenario) {
					add("at most 1 host of %q is ever in flight", id)
				}
			}
		}
	case invariant.TerminalStamped, invariant.PrunedAbsorbing, invariant.WaveMonotonic,
		invariant.TransitionRecorded, invariant.OneStanding, invariant.RevertedHost,
		invariant.RetentionKept, invariant.ChannelEdgesKept, invariant.FoldIsLive,
		invariant.SameBytes, invariant.EvidenceKept, invariant.RollbackKept, invariant.TimeKept,
		invariant.OpeningWhole, invariant.AcknowledgedKept, invariant.PauseKept,
		invariant.AbortKept, invariant.WindowKept, invariant.FleetKept:
	}
	add("the invariant %s holds", c.Key.Invariant)
	return all
}

// violatedSentences are the sentences about the violations that have one of their own.
var violatedSentences = map[invariant.Name]string{
	invariant.Stuck: "%q is stuck", invariant.Stranded: "channel %q is stranded",
}

// underSpecification collects the sentences about what the specification does with a scenario: the
// events that it refuses, and what it violates. It passes only with these.
func (w *author) underSpecification(sc *sim.Scenario) {
	var log trace.Collector
	result, err := simulate(asSpecified(sc), sim.Options{
		Machine: reducer.RFC0008(), Seed: sc.Seed, Sink: &log,
	})
	if err != nil {
		return
	}
	for i := range log.Entries {
		if r := log.Entries[i].Rejection; r != nil {
			text := fmt.Sprintf("%v of %q is refused with %s", r.Event, r.Rollout, r.Error)
			if !slices.Contains(w.refused, text) {
				w.refused = append(w.refused, text)
			}
		}
	}
	w.violations = result.Violations
	for i := range w.violations {
		v := &w.violations[i]
		text, own := violatedSentences[v.Invariant]
		if !own {
			text = "the invariant " + string(v.Invariant) + " does not hold of %q"
		}
		text = fmt.Sprintf(text, v.Subject)
		if !slices.Contains(w.violated, text) {
			w.violated = append(w.violated, text)
		}
	}
}

// answers returns the sentences about the answers of the specification to the events of the key.
func answers(c *Case) (all []string) {
	var log trace.Collector
	if _, err := simulate(asSpecified(c.Scenario), sim.Options{
		Machine: reducer.RFC0008(), Seed: c.Scenario.Seed, Sink: &log,
	}); err != nil {
		return nil
	}
	states := make(map[reducer.RolloutID]reducer.State)
	for i := range log.Entries {
		e := &log.Entries[i]
		if e.Effect != nil && e.Effect.Kind == reducer.RecordRolloutTransition {
			states[e.Rollout] = e.Effect.To
		}
		if e.Event == nil || cmp.Or(states[e.Rollout], reducer.Opening) != c.Key.State ||
			classOf(e) != c.Key.Departs {
			continue
		}
		var effects []string
		text := ""
		for _, next := range log.Entries[i+1:] {
			if r := next.Rejection; r != nil {
				text = fmt.Sprintf("is refused with %s", r.Error)
			}
			if next.Effect == nil || next.Rollout != e.Rollout {
				break
			}
			effects = append(effects, next.Effect.Kind.String())
		}
		switch {
		case text != "":
		case len(effects) == 0:
			text = "has no effect"
		default:
			text = "has the effects " + conjoined(effects)
		}
		text = fmt.Sprintf("%v of %q %s", e.Event.Kind, e.Rollout, text)
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// classOf returns the class of the event of an entry.
func classOf(e *trace.Entry) coverage.Class {
	if e.Event.Rollout != e.Rollout {
		return coverage.Misrouted
	}
	return coverage.ClassOf(e.Event)
}

// orderExpectations returns sentences about which host is dispatched when, or never.
func orderExpectations(sc *sim.Scenario, subject string) (all [][]string) {
	id, _, _ := strings.Cut(subject, "@")
	for i := range sc.Channels {
		ch := &sc.Channels[i]
		if string(ch.ID) != id {
			continue
		}
		for w := range ch.Waves {
			for _, h := range ch.Waves[w].Hosts {
				if w > 0 && len(ch.Waves[w-1].Hosts) > 0 {
					all = append(all, []string{fmt.Sprintf("host %q is dispatched after host %q is Converged",
						h, ch.Waves[w-1].Hosts[0])})
				}
			}
		}
		hosts := hostsOf(ch)
		for n := range len(hosts) {
			is := "are"
			if n == 1 {
				is = "is"
			}
			all = append(all, []string{
				fmt.Sprintf("%s of %q %s dispatched", counted(n, "host"), subject, is),
			})
		}
	}
	return all
}

// rolloutsOf returns the rollouts that the timeline opens.
func rolloutsOf(sc *sim.Scenario) (all []string) {
	for i := range sc.Channels {
		for _, ref := range refsOf(sc) {
			all = append(all, string(sc.Channels[i].ID)+"@"+string(ref))
		}
	}
	return all
}
