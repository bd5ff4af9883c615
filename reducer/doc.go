// Package reducer holds the rules by which a release rolls out over a fleet of hosts: the
// vocabulary, the rollout machines, the host machine, and the fleet that folds a stream of events
// over many rollouts. It only decides: it has no clock, no file, no randomness and no goroutine.
// Equal events have equal results.
//
// # One rollout, from end to end
//
// Channel "stable" has two hosts, web-1 in wave 0 and web-2 in wave 1. At one o'clock a poll finds
// that the channel now points at ref a1. The control plane logs a RolloutOpened, and the [Fleet]
// makes a [Record] of it: rollout stable@a1, in state Opening, with its wave cursor at 0. The
// rollout stands: it is what the channel is doing. A HostJoined follows for each host, with its
// wave. The first one moves the record to Active, and the step emits an effect,
// RecordRolloutTransition. The second one changes nothing in the record. The fleet records both
// hosts as Pending.
//
// An event is a fact and goes in; an effect is a request and comes out. The planner, which is not
// part of this package, may dispatch the hosts of waves up to the cursor, so it dispatches web-1.
// The agent there acks the dispatch and completes the switch. Each message moves the host one step
// through the host machine, [StepHost], and the control plane logs each step as a HostStateChanged:
// Pending to Activating, Activating to Soaking. The fleet compares each with the host's state. It
// refuses a move that the host machine does not have, and one from a state that the host is not in.
// A refusal changes nothing.
//
// Now every host of wave 0 soaks: WaveAdvanced from 0 to 0 moves the rollout to Converging. When
// web-1 has soaked long enough and its probes pass, it turns Converged. WaveAdvanced from 0 to 1
// then moves the rollout back to Active and, with an UpdateCurrentWave, the cursor to 1. The cursor
// never decreases. Next, web-2 goes the same way. When it is Converged too, every joined host is,
// and the fleet itself derives a RolloutTerminal. That moves the record to Terminal and sets its
// terminal_at. A production log holds that event as well; the fleet treats it as the same fact, and
// its time replaces the derived one.
//
// If the probes of web-2 had failed, the channel's [Policy] would have decided the result of its
// HostStateChanged to Failed. Under halt the rollout is Failed, and an operator may clear it to
// Terminal. Under rollback-and-halt the failure decides nothing yet: the host rolls back and turns
// Reverted, and the rollout with it. An InsertQuarantineFromRollout then asks that a1 is never
// dispatched on stable again.
//
// The next day stable points at b2. A RolloutOpened makes stable@b2, and a SuccessorOpened at the
// same instant, in lockstep, moves stable@a1 to Superseded and sets its superseded_at. The two may
// come in either order. Without the SuccessorOpened, two rollouts would stand for one channel, and
// the fleet would report the newer one in a [SupersessionExpected].
//
// Terminal, Superseded, Failed and Reverted are the terminal set: such a rollout waits only for its
// retention to end. Every transition into the set asks, with SchedulePruning, for a
// RetentionExpired after the channel's retention, seven days by default. So the supersession
// restarts that time. A week later the event comes, and stable@a1 is Pruned. From then on it
// refuses every event.
//
// # Two machines
//
// A [Machine] is one implementation of the rollout transition function. The two of this package are
// a [Table]: data that can be looked up, printed and compared. [V02] is what the control plane
// ships today. [RFC0008] is the specification: V02 with its [Differences] applied. The story above
// is RFC0008's. Under V02 the rollout of a failing host is Failed whatever the policy, and stays
// Failed; nothing is ever quarantined, no pruning is ever scheduled, and there is no clearance.
// Methods such as [Table.Prunes] derive from the table what a machine can do. Its name does not
// matter.
//
// A step finds the cell of the record's state and the event's kind, and the first rule of the cell
// whose condition holds. The rule refuses or ignores the event, or moves the record to a state. The
// effects have one order: RecordRolloutTransition, UpdateCurrentWave, InsertQuarantineFromRollout,
// SchedulePruning. An accepted step allocates nothing.
package reducer
