// Package prove tries everything that can go wrong in a small fleet, up to a number of things at
// once.
//
// # One proof, from end to end
//
// [Plain] takes what is drawn out of a scenario: every stage takes the median of its distribution,
// and nothing goes wrong. The plain run shows its choices (sim.Walk): host web-1 could fail its
// activation here, this message could be lost, the control plane could crash now. Each alternative
// is a [Deviation], an edit of the scenario: a fate, a delay, or a line of the timeline. A run with
// the edit is the same as the one without it up to the instant of the deviation, and shows the
// choices that may follow.
//
// [Prover.Run] runs all combinations, those with the fewest deviations first. So the first
// violation of an invariant has the fewest deviations, and without one the [Result] says how
// many combinations hold.
//
// A run is copied at each deviation, and cut off in a state in which the search has been before
// with as many deviations left: what follows is known. The tests compare that with runs from the
// start.
//
// # Why a counterexample is no lie
//
// What runs is the simulator, the control plane and the machine that everything else runs; there is
// no model of them. A [Counterexample] is a scenario, which is written as a file, read and run as
// any other one before it is reported.
//
// # What is not tried
//
// A delay has three values, a fault two lengths, and a crash of the control plane its place before
// or after an instant, or after the first time that a rollout or a host reaches a state. The rest
// is listed in docs/prove.md.
package prove
