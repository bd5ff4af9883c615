// Package story runs Gherkin feature files: stories about a fleet in an operator's words, told by
// the same simulator and reducer as everything else. The steps, the sentences that a feature may
// use, are data in a registry of our own, one file for each noun. A loop of our own runs them, many
// scenarios at once; go test runs them all through godog as well, which must come to the same.
//
// # A story
//
// Given sentences describe a fleet and what is in store for its hosts. When sentences tell what
// happens. Nothing runs until the first Then: that simulates the story as it has been told so far,
// and looks at the trace. A later When goes on with the story, which is then simulated again from
// its start; the same beginning gives the same trace, so that nothing that was seen changes.
//
// # Time
//
// A story stands at some point of virtual time, its present. Three rules say where, and one what
// "that" is.
//
// A happening that does not say when comes once everything before it has settled: when no host has
// anything left to do, and only retention still runs. So "stable" moves to ref "b2", said after
// "stable" moves to ref "a1", finds a1 rolled out. One that says when comes then: while wave 1 is
// soaking, 10 minutes later, 5 minutes after "stable@a1" is Failed, at once. "While", "once" and
// "when" all mean the first instant at which it is true; "later" counts from the present, which is
// that of the happening told before; "at once" is the same instant.
//
// Where a sentence lets time pass, the story stands exactly there, and what comes next happens or
// is looked at exactly then, settled or not.
//
// An expectation looks at the present, after letting everything settle unless time was let pass. So
// "stable@a1" is Terminal means that it is so when the dust has settled, and not yet pruned: a
// retention of seven days has not ended by then. One that says "while wave 1 is soaking" or "10
// minutes after" something looks at that time and leaves the present where it is; one that says "7
// days later" or "within 2 minutes" carries it along. "Has been" asks whether it ever was so up to
// the present; "never", "in the end", the counts of events and effects, and what is dispatched are
// about the whole run, from the start until every retention has ended.
//
// In an expectation, "later" and "after that" count from what the sentence before was about: the
// time of the happening, or the entry of the trace that made the last expectation true.
//
// # What no sentence says
//
// When the last sentence has held, the whole run is held against what must be true of every run: a
// violation of an invariant, such as a rollout that is stuck, and a refusal of the reducer fail the
// scenario unless a sentence expects them. So does a fate under a ref that never came, a fault that
// was told and did not come, and a scenario that expects nothing.
//
// # Faults
//
// Some happenings are no action of the timeline: messages that are lost for a time, a host that
// returns. They change the scenario that is simulated, from the present on, so that here too the
// same beginning gives the same trace.
//
// # Many seeds
//
// A scenario that is told for each of several seeds is told whole, seed by seed, until one fails:
// so that is the smallest.
package story
