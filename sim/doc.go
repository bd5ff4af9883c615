// Package sim is the seeded fleet: a control plane that polls, plans and prunes, and agents that
// switch, soak, converge, fail and roll back, in virtual time. It drives the reducer and writes
// what happens to a trace; what decides a transition is the reducer's.
//
// A run goes like this. The scenario's timeline points a channel at a ref. The channel's next poll
// sees it and opens a rollout: SuccessorOpened for what stands, RolloutOpened, HostJoined for each
// host. The plan that ends the instant dispatches the hosts of wave 0. Each dispatch reaches its
// agent after a delay, and the agent acks, switches, probes and converges after delays of its own;
// each message that moves the host becomes a HostStateChanged. Each instant in which something
// changed ends with a plan, which advances the wave cursor and dispatches what no gate blocks.
// Effects come back as work: SchedulePruning arms the timer that makes RetentionExpired.
//
// Everything happens in the order of (virtual time, insertion number), every random word comes from
// a stream keyed by what it is for, and nothing else is read: the same scenario, seed and machine
// give the same bytes.
package sim
