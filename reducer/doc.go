// Package reducer holds the rules by which a release rolls out over a fleet of hosts: the
// vocabulary, the rollout machines, the host machine, and the fleet that folds a stream of events
// over many rollouts. It decides and does nothing else: no clock, no file, no randomness, no
// goroutine. Equal events give equal answers.
//
// # One rollout, from end to end
//
// Channel "stable" has two hosts, web-1 in wave 0 and web-2 in wave 1. At one o'clock a poll finds
// that the channel points at ref a1 now. The control plane says so with a RolloutOpened, and the
// [Fleet] makes a [Record] of it: rollout stable@a1, in state Opening, its wave cursor at 0. It
// stands: it is what the channel is doing. A HostJoined follows for each host, with its wave. The
// first moves the record to Active, and the step that did it says so with an effect,
// RecordRolloutTransition; the second changes nothing about the record. The fleet remembers both
// hosts as Pending.
//
// An event is a fact and goes in; an effect is a request and comes out. The planner, which is not
// here, may dispatch hosts up to the cursor, so it dispatches web-1. The agent there acks the
// dispatch and completes the switch. Each message takes the host one step through the host machine,
// [StepHost], and the control plane reports each step as a HostStateChanged: Pending to Activating,
// Activating to Soaking. The fleet holds each against what it knows of the host: a move that the
// host machine does not have, or one from a state that the host is not in, is refused, and a
// refusal leaves everything as it was.
//
// Every host of wave 0 soaks now: WaveAdvanced from 0 to 0 moves the rollout to Converging. When
// web-1 has soaked long enough and its probes pass, it turns Converged, and WaveAdvanced from 0 to
// 1 moves the rollout back to Active and, with an UpdateCurrentWave, the cursor to 1. The cursor
// never falls. Now web-2 goes the same way. When it too is Converged, no joined host is left, and
// the fleet itself draws the conclusion: it derives a RolloutTerminal, which moves the record to
// Terminal and stamps its terminal_at. A production log holds that event as well; it is then taken
// for the same fact, and its time wins.
//
// Had the probes of web-2 failed, its HostStateChanged to Failed would have decided by the
// channel's [Policy]. Under halt the rollout is Failed, and an operator may clear it to Terminal.
// Under rollback-and-halt the failure decides nothing yet: the host rolls back and turns Reverted,
// and with it the rollout; an InsertQuarantineFromRollout asks that a1 be never dispatched on
// stable again.
//
// The next day stable points at b2. A RolloutOpened makes stable@b2, and a SuccessorOpened at the
// same instant, in lockstep, moves stable@a1 to Superseded and stamps its superseded_at. Either may
// come first. Were it missing, two rollouts would stand for one channel, and the fleet would name
// the newcomer in a [SupersessionExpected].
//
// Terminal, Superseded, Failed and Reverted are the terminal set: all that is left to such a
// rollout is to be forgotten. Every transition into it asks, with SchedulePruning, for a
// RetentionExpired after the channel's retention, seven days unless it says otherwise; being
// superseded started that time anew. A week later the event comes, and stable@a1 is Pruned, which
// accepts nothing any more.
//
// # Two machines
//
// A [Machine] is one implementation of the rollout transition function. The two that come with this
// package are a [Table], data that can be looked up, printed and compared: [V02] is what the
// control plane ships today, [RFC0008] the specification, which is V02 with its [Differences] laid
// over it. The story above is RFC0008's. Under V02 the rollout of a failing host is Failed whatever
// the policy and stays so, nothing is ever quarantined or pruned, and nobody can clear it.
//
// A step finds the cell of the record's state and the event's kind, takes the first rule of it
// whose condition holds, and does what that says: refuse, ignore, or go to a state. Its effects
// come in one order: RecordRolloutTransition, UpdateCurrentWave, InsertQuarantineFromRollout,
// SchedulePruning. An accepted step allocates nothing.
package reducer
