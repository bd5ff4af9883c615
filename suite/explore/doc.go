// Package explore runs many simulations and finds failures for which nobody wrote a scenario.
//
// # One seed, from end to end
//
// A [Sweep] runs a range of seeds. Under seed 7 its [Source] draws a scenario: a fleet with
// channels, waves and hosts, how the hosts behave, which refs arrive, and which faults occur. Each
// kind of fault is possible in some seeds only, so that its absence is tested, too (swarm testing:
// Groce, Zhang, Eide, Chen and Regehr, ISSTA 2012). All faults end early enough for everything to
// settle before the horizon. With given scenarios the source draws only the faults.
//
// The run writes its trace into a collector, which counts which cells of the transition table
// answered, how long each rollout and wave took, and how many hosts were dispatched. The simulator
// checks the invariants. Suppose that a rollout was never pruned. The [Result] then gets a [Group]
// with the signature of that violation: the invariant, the state of the rollout and the last event
// before. Its [Example] has the smallest seed, what that seed drew, and the command that runs it
// again. The sweep also runs that seed in another process, which has run other seeds: another trace
// there would be a failure of its own. Of the later seeds of the group only a sample does so.
// [Source.WriteScenario] writes the drawn scenario as a file
// for the regression suite.
//
// # Results add up
//
// A result holds only integers, and adding seeds does not depend on their order. A sweep has the
// same result, byte for byte, with any number of workers, cut into shards and merged, or stopped
// and resumed.
package explore
