// Package replay replays a recorded log through a rollout machine. It reports where the log
// disagrees with the machine, with the tables derived from it, with what must hold of every run,
// and with itself. It needs no seed, because it starts from the recorded events. It also answers
// the operator's question: why is this host not on the new ref yet?
//
// # One log, from end to end
//
// Channel "edge" has one host, e1. The log of its control plane begins with a poll that shows ref
// a1. A RolloutOpened for edge@a1 follows, and a HostJoined for e1. [Run] folds both through the
// machine, which moves the rollout from Opening to Active and returns a RecordRolloutTransition for
// it. So that effect is expected, and the next entry of the log records it: the machine has
// reproduced a transition.
//
// The planner dispatches closure c1 to e1. An agent event says that e1 acknowledges it. By the host
// machine that moves e1 from Pending to Activating, so two entries are expected: a RecordTransition
// of the host, and a HostStateChanged that the fold accepts. The log has both. Then the agent says
// that the activation failed, and the log has both entries for the move to Failed. The fold answers
// the HostStateChanged with the rollout's transition from Active to Failed.
//
// Suppose that the next entry is another poll, without a RecordRolloutTransition before it. The
// effect is missing. (If the log ended there, it might be cut.) The replay makes a [Finding] of
// class [Effect] about entry 11, missing effect: the log records nothing, while the machine makes a
// transition from Active to Failed. The finding holds the entries around that place. The rollout
// itself is Failed, and needs no finding: that is how it ended. One that is still under way at the
// end, and that continues only if an operator, a reboot or another ref comes, is a finding too: it
// is stuck.
//
// [Why] with host e1 answers from the same log: e1 is in wave 0 of edge@a1, which is Failed, so
// nothing more is dispatched. It stays so until an operator clears the rollout or the channel gets
// another ref.
//
// # Two kinds of logs
//
// A simulated trace has a header, records all four effects and every rejection, and is sealed. Its
// effects and rejections are compared with the machine's, and the seal shows any other change.
//
// The log of a control plane records RecordRolloutTransition only, has no rejections, and may be a
// part of a longer log. There the transitions are compared, and an event that the fold refuses is a
// finding. Agent events, moves of hosts and effects of the host machine are compared with the host
// machine and with each other, and columns with payloads. What such a log lacks throughout is not
// missed: without any agent event, no move has to follow from one. A note says so.
//
// # How it works
//
// A replay reads one entry at a time and passes it to small checks, each with its own state: the
// order of the entries, their payloads, plans, effects, rejections, hosts, quarantines, invariants.
// They add their findings to one collector. Memory grows with the rollouts and hosts at work, not
// with the log: a rollout that has ended is reduced to its summary, and in time to its record.
package replay
