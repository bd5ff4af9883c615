// Package shrink makes a failing scenario small enough to read.
//
// # One failure, from end to end
//
// Seed 7 of a sweep draws three channels, fourteen hosts and six kinds of faults, and one rollout
// is
// never pruned. [Shrink] first writes everything that the seed drew as lines of their own: how long
// each stage of each host takes, which host fails, when each fault happens. Nothing depends on the
// seed then. The passes follow: they remove channels, hosts, lines, fates and delays, first all of
// them, then halves, then each alone; they move hosts into one wave, and make each length of time
// as
// simple as it can be. Each edit is judged by a run. It is accepted if the case is simpler in one
// total order, and still has the [Key]: the invariant, and the state of the rollout.
//
// The passes run until none of them accepts anything. No single edit of any pass makes the [Case]
// simpler then.
//
// # What a case must not become
//
// A shorter run leaves a healthy rollout stuck. So a case of liveness must fail in a longer run,
// too, and a case that the specification passes must stay one. If the specification violates
// nothing at some point, it never does later.
//
// Effort is counted in simulated entries and never in seconds, so that the same failure has the
// same
// case on every computer.
package shrink
