// Package sim is the seeded world around a control plane: virtual time, a network with faults, and
// agents that switch, soak, converge, fail and roll back. It drives a
// [rollsim/controlplane.ControlPlane] and writes what happens to a trace. What decides a transition
// is the reducer's, what decides a dispatch the control plane's.
//
// # One run, from end to end
//
// A [Scenario] declares channel "stable" with two hosts, web-1 in wave 0 and web-2 in wave 1,
// polled each minute, and a timeline by which the channel points at ref a1 after half a minute.
// [Run] fills the queue: the line of the timeline, a first poll and a first plan tick at the start.
//
// The first poll finds nothing. Half a minute later the channel points at a1, and another half
// minute later the next poll finds that: the control plane opens rollout stable@a1, and the plan
// that ends the instant dispatches web-1. The dispatch reaches the agent after a delay drawn from
// the scenario's [Behaviour]. The agent acks and switches; each stage takes a drawn delay, and each
// may go wrong with a drawn chance, or because a [Fate] says so. Each message goes through the
// network, where a [Fault] may drop, delay, reorder or duplicate it, and reaches the control plane,
// which writes it and moves the host. An instant in which something changed ends with a plan, so
// that web-2 is dispatched as soon as web-1 lets it.
//
// When both have converged the rollout is Terminal. The control plane arms a timer, the queue holds
// it, and a week later the rollout is pruned. At the horizon the run is judged: what did not happen
// though it should have becomes a [Violation], as does each invariant that broke on the way.
//
// # Determinism
//
// Work that is due comes in the order of (virtual time, insertion number). Every random word comes
// from a stream that is keyed by its purpose, host and rollout, so that one more draw, host or
// rollout moves no other. Nothing else is read: the same scenario, seed and machine give the same
// bytes.
package sim
