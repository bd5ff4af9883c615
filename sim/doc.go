// Package sim simulates the world around a control plane: virtual time, a network with faults, and
// agents that switch, soak, converge, fail and roll back. It drives a
// [rollsim/controlplane.ControlPlane] and writes what happens to a trace. The reducer decides every
// transition, and the control plane every dispatch.
//
// # One run, from end to end
//
// A [Scenario] declares channel "stable" with two hosts, web-1 in wave 0 and web-2 in wave 1,
// polled each minute, and a timeline by which the channel points at ref a1 after half a minute.
// [Run] fills the queue with the line of the timeline, and with a poll and a plan tick at the
// start.
//
// The first poll finds nothing. After half a minute the channel points at a1, and the poll after a
// minute finds this ref. The control plane opens rollout stable@a1, and the plan at the end of the
// instant dispatches web-1. The dispatch reaches the agent after a delay drawn from the scenario's
// [Behaviour]. The agent acks and switches; each stage takes a drawn delay, and each may go wrong
// by chance or by a [Fate]. Each message goes through the network, where a [Fault] may drop, delay,
// reorder or duplicate it, and reaches the control plane, which writes it and moves the host. An
// instant in which something changed ends with a plan, so that web-2 is dispatched as soon as its
// wave may start.
//
// When both have converged the rollout is Terminal. The control plane arms a timer in the queue,
// and a week later the rollout is pruned. The run ends at the horizon. Its [Result] has a
// [Violation] for each invariant that was violated on the way, and for each rollout that should
// have ended or been pruned by then.
//
// # Determinism
//
// Work is done in the order of (virtual time, insertion number). Every random word comes from a
// stream that is keyed by its purpose, host and rollout, so that one more draw, host or rollout
// changes no other. A run has no other input: the same scenario, seed and machine produce the same
// bytes.
package sim
