// Package story runs Gherkin feature files: stories about a fleet in an operator's words. They are
// simulated by the same simulator and reducer as everything else.
//
// # One scenario from end to end
//
//	Scenario: A failing host fails the rollout
//	  Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
//	  And host "stable-02" fails its probes
//	  When "stable" moves to ref "a1"
//	  Then "stable@a1" is Failed
//	  And host "stable-03" is Soaking under "stable@a1" while wave 1 is soaking
//
// The two Given sentences describe a fleet of three hosts and decide the fate of one of them. The
// When sentence adds a happening to the timeline. Nothing runs until the first Then: that simulates
// the story so far until everything has settled, indexes the trace by rollout and host, and looks
// up the state of the rollout at the present. The second Then looks at an earlier instant of the
// same run. After the last sentence the whole run is checked against the invariants.
//
// If the When came again with another ref, the next Then would simulate the story again from its
// start. The same beginning has the same trace, so what an earlier Then saw does not change.
//
// [Run] runs the scenarios of feature files, several at once, and returns a [Report]. [Cases]
// returns them one by one, to be run with another machine or any number of times. Those of a file
// run in one suite of godog, or in several if it is large; hooks record the results.
// [InitializeScenario] adds the sentences to a suite of somebody else. [Rehearse] finds mistakes
// without simulating anything. [Vocabulary] lists the sentences.
//
// # How it is built
//
// Package gherkin reads and selects the files. A vocabulary is a table of steps: the words of a
// sentence, what they mean, an example, and a function. Each noun has a file of its own,
// sentences_NOUN.go. All other files are the engine: godog finds the step of each sentence of a
// Case, and a pass calls its function with a world, which has these parts:
//
//	fleet       the scenario under construction: channels, hosts, behaviour, chances
//	fateList    what is decided in advance for hosts
//	names       the rollouts, hosts and channels that sentences have introduced
//	timeline    the happenings, their places in virtual time, and the present
//	simulator   runs the story as often as needed
//	history     the trace of a run, by rollout, host and channel
//	allowed     violations and refusals that sentences expect
//	explainer   why something never happens
//	wrongs      what goes wrong, of what may
//
// # Time
//
// A story stands at some point of virtual time, its present.
//
// A happening that does not say when happens once everything before it has settled: when no host
// has anything left to do, and only retention still runs. So "stable" moves to ref "b2", after
// "stable" moves to ref "a1", finds a1 rolled out. Otherwise it happens when it says: while wave 1
// is soaking, 10 minutes later, 5 minutes after "stable@a1" is Failed, at once. "While", "once" and
// "when" all mean the first instant at which something is true; "later" counts from the present,
// which is the time of the previous happening; "at once" is the same instant.
//
// A sentence that lets time pass moves the present exactly there. The next sentence happens or
// looks exactly then, settled or not.
//
// An expectation looks at the present, after everything has settled unless a sentence let time
// pass. So "stable@a1" is Terminal means that it is Terminal after everything has settled, and not
// yet Pruned: a retention of seven days has not ended by then. An expectation that says "while wave
// 1 is soaking" or "10 minutes after" something looks at that time and leaves the present alone;
// one that says "7 days later" or "within 2 minutes" moves the present. "Has been" looks at all
// times up to the present. "Never", "in the end", the counts of events and effects, and dispatches
// are about the whole run, from the start until every retention has ended.
//
// In an expectation, "later" and "after that" count from what the previous sentence was about: the
// time of the happening, or the entry of the trace that made the last expectation true.
//
// # What every scenario expects
//
// These fail a scenario unless a sentence expects them: a violation of an invariant, such as a
// rollout that is stuck, and an event that the reducer refuses. These always do: a fate under a ref
// that was never opened, a fault that a sentence announces and that did not happen, and a scenario
// without an expectation.
//
// # Faults
//
// Some happenings are not actions of the simulator's timeline: messages that are lost for a time, a
// host that returns. They change the scenario from the present on, so that what happened before
// stays the same.
//
// # Everything that may go wrong
//
// A scenario can be about every run in which something goes wrong. Its plain run comes first. What
// may go wrong in a run is known once it has ended: an [Explorer] returns it. The scenario then
// runs
// again with each of these deviations, then with each pair, and so on. What goes wrong after
// everything has settled does not delay that, so what precedes a deviation keeps its place.
//
// # Many seeds
//
// A scenario for several seeds runs in full for one seed after the other, from the smallest on,
// until one fails.
//
// # Results and errors
//
// A scenario that fails is a result and not an error: see [Status]. Errors report why scenarios
// could not run: a file that cannot be read, an empty selection, the end of the context.
package story
