package reducer_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"rollsim/reducer"
)

// A case is a log in an operator's words, one event a line, with the fleet's answer to it behind a
// bar. The test folds the events, writes the answers, and compares the whole text. An answer holds,
// in this order: what the event proved of earlier ones ("late:"), why it was refused ("refused:"),
// its effects ("confirms" before those of a confirmed derivation), and what the fleet derived from
// it. "end" is the end of the log, and is answered with the records.
var fleetCases = []struct {
	name     string
	machines string // those that must answer so
	policy   reducer.HealthPolicy
	log      string
}{
	{
		name: "one rollout from end to end, as specified", machines: "rfc0008",
		log: `
01:00 stable@a opened              |
01:00 web-1 joins stable@a wave 0  | Opening → Active
01:00 web-2 joins stable@a wave 1  |
01:01 web-1 of stable@a Pending → Activating     |
01:02 web-1 of stable@a Activating → Soaking     |
01:02 stable@a wave 0 → 0          | Active → Converging
01:32 web-1 of stable@a Soaking → Converged      |
01:32 stable@a wave 0 → 1          | Converging → Active, cursor 1
01:33 web-2 of stable@a Pending → Activating     |
01:34 web-2 of stable@a Activating → Deferred    |
02:34 web-2 of stable@a Deferred → Soaking       |
03:04 web-2 of stable@a Soaking → Converged      | derived at 03:04: Active → Terminal, prune in 600 s
04:00 stable@b opened              |
04:00 stable@b supersedes stable@a | Terminal → Superseded, prune in 600 s
05:00 stable@a expires             | Superseded → Pruned
end                                | stable@a Pruned, cursor 1, terminal 03:04 unconfirmed, superseded 04:00; stable@b Opening`,
	},
	{
		name: "one rollout from end to end, as shipped", machines: "v0.2",
		log: `
01:00 stable@a opened              |
01:00 web-1 joins stable@a wave 0  | Opening → Active
01:01 web-1 of stable@a Pending → Activating     |
01:02 web-1 of stable@a Activating → Soaking     |
01:32 web-1 of stable@a Soaking → Converged      | derived at 01:32: Active → Terminal
04:00 stable@b opened              |
04:00 stable@b supersedes stable@a | Terminal → Superseded
05:00 stable@a expires             | Superseded → Pruned
end                                | stable@a Pruned, terminal 01:32 unconfirmed, superseded 04:00; stable@b Opening`,
	},
	{
		name: "a failing host fails its rollout under halt; a rollback comes late all the same", machines: "rfc0008",
		log: `
01:00 stable@a opened              |
01:00 web-1 joins stable@a wave 0  | Opening → Active
01:01 web-1 of stable@a Pending → Activating     |
01:02 web-1 of stable@a Activating → Failed      | Active → Failed, prune in 600 s
01:03 web-1 of stable@a Failed → Reverted        | Failed → Reverted, quarantine a on stable, prune in 600 s
01:04 ada clears stable@a          | Reverted → Terminal, prune in 600 s
end                                | stable@a Terminal, terminal 01:04`,
	},
	{
		name: "under rollback-and-halt the rollback decides", machines: "rfc0008", policy: reducer.RollbackAndHalt,
		log: `
01:00 stable@a opened              |
01:00 web-1 joins stable@a wave 0  | Opening → Active
01:01 web-1 of stable@a Pending → Activating     |
01:02 web-1 of stable@a Activating → Failed      |
01:03 web-1 of stable@a Failed → Reverted        | Active → Reverted, quarantine a on stable, prune in 600 s
end                                | stable@a Reverted`,
	},
	{
		name: "as shipped a rollout of legal moves never reaches Reverted, and nobody can clear it", machines: "v0.2",
		policy: reducer.RollbackAndHalt,
		log: `
01:00 stable@a opened              |
01:00 web-1 joins stable@a wave 0  | Opening → Active
01:01 web-1 of stable@a Pending → Activating     |
01:02 web-1 of stable@a Activating → Failed      | Active → Failed
01:03 web-1 of stable@a Failed → Reverted        |
01:04 ada clears stable@a          | refused: event OperatorClearance is not implemented in state Failed (rollout stable@a)
end                                | stable@a Failed`,
	},
	{
		name: "the tools write the supersession before the opening", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
02:00 stable@b supersedes stable@a | Opening → Superseded*
02:00 stable@b opened              |
02:00 web-1 joins stable@b wave 0  | Opening → Active
end                                | stable@a Superseded, superseded 02:00; stable@b Active`,
	},
	{
		name: "the control plane writes the opening before the supersession", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
02:00 stable@b opened              |
02:00 stable@b supersedes stable@a | Opening → Superseded*
02:00 web-1 joins stable@b wave 0  | Opening → Active
end                                | stable@a Superseded, superseded 02:00; stable@b Active`,
	},
	{
		name: "two channels in lockstep at one instant, interleaved", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
01:00 edge@a opened                |
02:00 stable@b opened              |
02:00 edge@b supersedes edge@a     | Opening → Superseded*
02:00 stable@b supersedes stable@a | Opening → Superseded*
02:00 edge@b opened                |
02:00 web-1 joins edge@b wave 0    | Opening → Active
end                                | stable@a Superseded, superseded 02:00; edge@a Superseded, superseded 02:00; stable@b Opening; edge@b Active`,
	},
	{
		name: "no supersession comes: the channel's next event of another kind tells", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
02:00 stable@b opened              |
02:00 web-1 joins stable@b wave 0  | late: rollout stable@b was opened while stable@a stands for channel stable: a SuccessorOpened in lockstep was expected; Opening → Active
end                                | stable@a Opening; stable@b Active`,
	},
	{
		name: "no supersession comes: an event of the same kind at a later time tells", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
02:00 stable@b opened              |
02:01 stable@b supersedes stable@a | late: rollout stable@b was opened while stable@a stands for channel stable: a SuccessorOpened in lockstep was expected; Opening → Superseded*
end                                | late: successor stable@b was not opened in lockstep: event SuccessorOpened in state Superseded (rollout stable@a); stable@a Superseded, superseded 02:01; stable@b Opening`,
	},
	{
		name: "no supersession comes: a later time of another channel tells, its events at the " +
			"same time do not",
		machines: "v0.2 rfc0008",
		log: `
00:30 edge@a opened                |
01:00 stable@a opened              |
02:00 stable@b opened              |
02:00 web-1 joins edge@a wave 0    | Opening → Active
02:01 web-2 joins edge@a wave 0    | late: rollout stable@b was opened while stable@a stands for channel stable: a SuccessorOpened in lockstep was expected
end                                | edge@a Active; stable@a Opening; stable@b Opening`,
	},
	{
		name: "no supersession comes: the end of the log tells", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
02:00 stable@b opened              |
end                                | late: rollout stable@b was opened while stable@a stands for channel stable: a SuccessorOpened in lockstep was expected; stable@a Opening; stable@b Opening`,
	},
	{
		name: "it is told once, and what follows can be read", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
02:00 stable@b opened              |
02:01 web-1 joins stable@b wave 0  | late: rollout stable@b was opened while stable@a stands for channel stable: a SuccessorOpened in lockstep was expected; Opening → Active
02:02 web-1 joins stable@a wave 0  | Opening → Active
end                                | stable@a Active; stable@b Active`,
	},
	{
		name: "each standing predecessor needs its own supersession", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
02:00 stable@b opened              |
03:00 stable@c opened              | late: rollout stable@b was opened while stable@a stands for channel stable: a SuccessorOpened in lockstep was expected
03:00 stable@c supersedes stable@b | Opening → Superseded*
03:01 web-1 joins stable@c wave 0  | late: rollout stable@c was opened while stable@a stands for channel stable: a SuccessorOpened in lockstep was expected; Opening → Active
04:00 stable@d supersedes stable@a | Opening → Superseded*
04:00 stable@d supersedes stable@c | Active → Superseded*
04:00 stable@d opened              |
end                                | stable@a Superseded, superseded 04:00; stable@b Superseded, superseded 03:00; stable@c Superseded, superseded 04:00; stable@d Opening`,
	},
	{
		name: "another one than the successor opens: each supersession is named", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
02:00 stable@b opened              |
03:00 stable@x supersedes stable@a | late: rollout stable@b was opened while stable@a stands for channel stable: a SuccessorOpened in lockstep was expected; Opening → Superseded*
03:00 stable@x supersedes stable@b | Opening → Superseded*
03:00 stable@c opened              |
end                                | late: successor stable@x was not opened in lockstep: event SuccessorOpened in state Superseded (rollout stable@a); late: successor stable@x was not opened in lockstep: event SuccessorOpened in state Superseded (rollout stable@b); stable@a Superseded, superseded 03:00; stable@b Superseded, superseded 03:00; stable@c Opening`,
	},
	{
		name: "three opened in one instant: each of the later ones is named", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
01:00 stable@b opened              |
01:00 stable@c opened              |
end                                | late: rollout stable@b was opened while stable@a stands for channel stable: a SuccessorOpened in lockstep was expected; late: rollout stable@c was opened while stable@a stands for channel stable: a SuccessorOpened in lockstep was expected; stable@a Opening; stable@b Opening; stable@c Opening`,
	},
	{
		name: "two opened in one instant, and each superseded in it", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
02:00 stable@b opened              |
02:00 stable@c opened              |
02:00 stable@b supersedes stable@a | Opening → Superseded*
02:00 stable@c supersedes stable@b | Opening → Superseded*
end                                | stable@a Superseded, superseded 02:00; stable@b Superseded, superseded 02:00; stable@c Opening`,
	},
	{
		name: "the successor is never opened", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
02:00 stable@b supersedes stable@a | Opening → Superseded*
02:00 web-1 joins stable@a wave 0  | late: successor stable@b was not opened in lockstep: event SuccessorOpened in state Superseded (rollout stable@a)
end                                | stable@a Superseded, superseded 02:00`,
	},
	{
		name: "the successor is opened too late", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
02:00 stable@b supersedes stable@a | Opening → Superseded*
02:01 stable@b opened              | late: successor stable@b was not opened in lockstep: event SuccessorOpened in state Superseded (rollout stable@a)
end                                | stable@a Superseded, superseded 02:00; stable@b Opening`,
	},
	{
		name: "the successor is opened on another channel", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
02:00 edge@b opened                |
02:00 edge@b supersedes stable@a   | Opening → Superseded*
end                                | late: successor edge@b was not opened in lockstep: event SuccessorOpened in state Superseded (rollout stable@a); stable@a Superseded, superseded 02:00; edge@b Opening`,
	},
	{
		name: "another than the successor is opened", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
02:00 stable@c opened              |
02:00 stable@b supersedes stable@a | Opening → Superseded*
end                                | late: successor stable@b was not opened in lockstep: event SuccessorOpened in state Superseded (rollout stable@a); stable@a Superseded, superseded 02:00; stable@c Opening`,
	},
	{
		name: "a new rollout needs no supersession of what no longer stands", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
01:00 web-1 joins stable@a wave 0  | Opening → Active
02:00 stable@b opened              |
02:00 stable@b supersedes stable@a | Active → Superseded*
03:00 stable@a expires             | Superseded → Pruned
04:00 stable@c supersedes stable@b | Opening → Superseded*
04:00 stable@c opened              |
end                                | stable@a Pruned, superseded 02:00; stable@b Superseded, superseded 04:00; stable@c Opening`,
	},
	{
		name: "what was pruned stands no longer, though nothing superseded it", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
01:00 web-1 joins stable@a wave 0  | Opening → Active
01:01 web-1 of stable@a Pending → Activating     |
01:02 web-1 of stable@a Activating → Failed      | Active → Failed*
03:00 stable@a expires             | Failed → Pruned
04:00 stable@b opened              |
end                                | stable@a Pruned; stable@b Opening`,
	},
	{
		name: "a known rollout is opened again", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
01:00 stable@a opened              | refused: event RolloutOpened is not legal in state Opening (rollout stable@a)
01:01 web-1 joins stable@a wave 0  | Opening → Active
02:00 stable@a opened              | refused: event RolloutOpened is not legal in state Active (rollout stable@a)
end                                | stable@a Active`,
	},
	{
		name: "a host joins again", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
01:00 web-1 joins stable@a wave 3  | Opening → Active
01:01 web-1 of stable@a Pending → Activating     |
01:02 web-1 joins stable@a wave 3  |
01:03 web-1 joins stable@a wave 2  | refused: host web-1 joined in wave 3 and again in wave 2: event HostJoined in state Active (rollout stable@a)
01:03 web-1 joins stable@a wave 4  | refused: host web-1 joined in wave 3 and again in wave 4: event HostJoined in state Active (rollout stable@a)
01:04 web-1 of stable@a Activating → Soaking     |
end                                | stable@a Active`,
	},
	{
		name: "a host of a high wave joins: the cursor stays", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
01:00 web-1 joins stable@a wave 4294967295  | Opening → Active
01:00 stable@a wave 0 → 2          | cursor 2
01:00 stable@a wave 0 → 1          |
end                                | stable@a Active, cursor 2`,
	},
	{
		name: "hosts make moves that they cannot make", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
01:00 web-1 of stable@a Pending → Activating     | refused: event HostStateChanged is not legal in state Opening (rollout stable@a)
01:00 web-1 joins stable@a wave 0  | Opening → Active
01:01 web-2 of stable@a Pending → Activating     | refused: host web-2 has not joined: event HostStateChanged in state Active (rollout stable@a)
01:01 web-1 of stable@a Activating → Soaking     | refused: host web-1 is Pending, not Activating: event HostStateChanged in state Active (rollout stable@a)
01:01 web-1 of stable@a Pending → Soaking        | refused: host web-1 may not move from Pending to Soaking: event HostStateChanged in state Active (rollout stable@a)
01:01 web-1 of stable@a Pending → Pending        | refused: host web-1 may not move from Pending to Pending: event HostStateChanged in state Active (rollout stable@a)
01:02 web-1 of stable@a Pending → Activating     |
01:03 web-1 of stable@a Activating → Reverted    | refused: host web-1 may not move from Activating to Reverted: event HostStateChanged in state Active (rollout stable@a)
01:03 web-1 of stable@a Activating → Converged   | refused: host web-1 may not move from Activating to Converged: event HostStateChanged in state Active (rollout stable@a)
end                                | stable@a Active`,
	},
	{
		name: "the hosts of a rollout that is over are still held to the rules", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
01:00 web-1 joins stable@a wave 0  | Opening → Active
02:00 stable@b supersedes stable@a | Active → Superseded*
02:00 stable@b opened              |
02:01 web-1 of stable@a Pending → Activating     |
02:01 web-1 of stable@a Pending → Activating     | refused: host web-1 is Activating, not Pending: event HostStateChanged in state Superseded (rollout stable@a)
02:02 web-1 of stable@a Activating → Soaking     |
02:03 web-1 of stable@a Soaking → Converged      |
end                                | stable@a Superseded, superseded 02:00; stable@b Opening`,
	},
	{
		name: "a pruned rollout accepts nothing", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
01:00 stable@b supersedes stable@a | Opening → Superseded*
01:00 stable@b opened              |
02:00 stable@a expires             | Superseded → Pruned
03:00 stable@a opened              | refused: event RolloutOpened is not legal in state Pruned (rollout stable@a)
03:00 web-1 joins stable@a wave 0  | refused: event HostJoined is not legal in state Pruned (rollout stable@a)
03:00 stable@c supersedes stable@a | refused: event SuccessorOpened is not legal in state Pruned (rollout stable@a)
03:00 stable@a expires             | refused: event RetentionExpired is not legal in state Pruned (rollout stable@a)
end                                | stable@a Pruned, superseded 01:00; stable@b Opening`,
	},
	{
		name: "the recorded RolloutTerminal confirms the derived one, at its own time", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
01:00 web-1 joins stable@a wave 0  | Opening → Active
01:01 web-1 of stable@a Pending → Activating     |
01:02 web-1 of stable@a Activating → Soaking     |
01:03 stable@a wave 0 → 0          | Active → Converging
01:32 web-1 of stable@a Soaking → Converged      | derived at 01:32: Converging → Terminal*
01:40 stable@a terminal            | confirms Converging → Terminal at 01:40*
01:50 stable@a terminal            |
end                                | stable@a Terminal, terminal 01:40`,
	},
	{
		name: "the recorded RolloutTerminal comes when the rollout has left Terminal", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
01:00 web-1 joins stable@a wave 0  | Opening → Active
01:01 web-1 of stable@a Pending → Activating     |
01:02 web-1 of stable@a Activating → Soaking     |
01:32 web-1 of stable@a Soaking → Converged      | derived at 01:32: Active → Terminal*
01:33 stable@b supersedes stable@a | Terminal → Superseded*
01:33 stable@b opened              |
01:40 stable@a terminal            | confirms
end                                | stable@a Superseded, terminal 01:40, superseded 01:33; stable@b Opening`,
	},
	{
		name: "a RolloutTerminal that nothing was derived of", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
01:00 stable@a terminal            | refused: event RolloutTerminal is not legal in state Opening (rollout stable@a)
01:00 web-1 joins stable@a wave 0  | Opening → Active
01:00 web-2 joins stable@a wave 0  |
01:01 web-1 of stable@a Pending → Activating     |
01:02 web-1 of stable@a Activating → Soaking     |
01:03 web-1 of stable@a Soaking → Converged      |
01:04 stable@a terminal            | refused: host web-2 is Pending, not Converged: event RolloutTerminal in state Active (rollout stable@a)
01:05 stable@a wave 0 → 0          | Active → Converging
01:06 stable@a terminal            | refused: host web-2 is Pending, not Converged: event RolloutTerminal in state Converging (rollout stable@a)
01:07 web-2 of stable@a Pending → Activating     |
01:08 web-2 of stable@a Activating → Failed      | Converging → Failed*
01:09 stable@a terminal            |
end                                | stable@a Failed`,
	},
	{
		name: "a host that converges where another failed concludes nothing", machines: "rfc0008", policy: reducer.RollbackAndHalt,
		log: `
01:00 stable@a opened              |
01:00 web-1 joins stable@a wave 0  | Opening → Active
01:00 web-2 joins stable@a wave 0  |
01:01 web-1 of stable@a Pending → Activating     |
01:01 web-2 of stable@a Pending → Activating     |
01:02 web-1 of stable@a Activating → Failed      |
01:02 web-2 of stable@a Activating → Soaking     |
01:03 web-2 of stable@a Soaking → Converged      |
01:04 web-1 of stable@a Failed → Reverted        | Active → Reverted, quarantine a on stable, prune in 600 s
end                                | stable@a Reverted`,
	},
	{
		name: "a host joins what is Terminal", machines: "v0.2 rfc0008",
		log: `
01:00 stable@a opened              |
01:00 web-1 joins stable@a wave 0  | Opening → Active
01:01 web-1 of stable@a Pending → Activating     |
01:02 web-1 of stable@a Activating → Soaking     |
01:03 web-1 of stable@a Soaking → Converged      | derived at 01:03: Active → Terminal*
01:03 stable@a terminal            | confirms Active → Terminal at 01:03*
01:04 web-2 joins stable@a wave 0  |
01:05 web-2 of stable@a Pending → Activating     |
01:06 stable@a terminal            |
end                                | stable@a Terminal, terminal 01:03`,
	},
	{
		name: "a wave goes back: shipped takes it for one that completed", machines: "v0.2",
		log: `
01:00 stable@a opened              |
01:00 web-1 joins stable@a wave 0  | Opening → Active
01:01 stable@a wave 2 → 1          | Active → Converging
end                                | stable@a Converging`,
	},
	{
		name: "a wave goes back: refused", machines: "rfc0008",
		log: `
01:00 stable@a opened              |
01:00 web-1 joins stable@a wave 0  | Opening → Active
01:01 stable@a wave 2 → 1          | refused: wave regression: event WaveAdvanced in state Active (rollout stable@a)
end                                | stable@a Active`,
	},
	{
		name: "events of a rollout that was never opened are reported and passed over", machines: "v0.2 rfc0008",
		log: `
01:00 web-1 joins stable@a wave 0  | refused: event HostJoined of a rollout that was never opened (rollout stable@a)
01:00 stable@a terminal            | refused: event RolloutTerminal of a rollout that was never opened (rollout stable@a)
01:00 stable@b supersedes stable@a | refused: event SuccessorOpened of a rollout that was never opened (rollout stable@a)
01:00 stable@b opened              |
01:01 web-1 joins stable@b wave 0  | Opening → Active
end                                | stable@b Active`,
	},
}

func TestFleet(t *testing.T) {
	for _, test := range fleetCases {
		for _, name := range strings.Fields(test.machines) {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				machine := map[string]*reducer.Table{"v0.2": reducer.V02(), "rfc0008": reducer.RFC0008()}[name]
				policy := reducer.Policy{OnHealthFailure: reducer.Halt, RetentionSeconds: 600}
				if test.policy != 0 {
					policy.OnHealthFailure = test.policy
				}
				fleet := reducer.NewFleet(machine, func(reducer.ChannelID) reducer.Policy { return policy })
				// In what both machines are told alike, a star stands for the pruning that one of them
				// schedules.
				prune := map[string]string{"v0.2": "", "rfc0008": ", prune in 600 s"}[name]
				for _, line := range strings.Split(strings.TrimSpace(test.log), "\n") {
					words, want, _ := strings.Cut(line, "|")
					want = strings.ReplaceAll(strings.TrimSpace(want), "*", prune)
					if got := tell(t, fleet, strings.Fields(words)); got != want {
						t.Errorf("%s\nwant %s\ngot  %s", words, want, got)
					}
				}
			})
		}
	}
}

// tell gives the fleet one line of a log, and its answer in words.
func tell(t *testing.T, fleet *reducer.Fleet, words []string) string {
	t.Helper()
	if words[0] == "end" {
		var answers []string
		for _, err := range fleet.Finish() {
			answers = append(answers, "late: "+err.Error())
		}
		for _, r := range fleet.Rollouts() {
			answers = append(answers, describe(r))
		}
		return strings.Join(answers, "; ")
	}
	ev := parseEvent(t, words)
	before := snapshot(fleet)
	// An outcome in which much of an earlier event is left: Apply must clear it.
	out := reducer.Outcome{Derived: true, Confirmed: true, Late: []error{fmt.Errorf("junk")}}
	out.Effects.Add(reducer.Effect{Kind: reducer.UpdateCurrentWave, Wave: 99})
	err := fleet.Apply(&ev, ev.At+1, &out)

	var answers []string
	for _, late := range out.Late {
		answers = append(answers, "late: "+late.Error())
	}
	if err != nil {
		answers = append(answers, "refused: "+err.Error())
		if len(out.Effects.All()) != 0 || out.Derived || out.Confirmed {
			t.Errorf("%v: a refused event has effects %+v", words, out)
		}
		if after := snapshot(fleet); !slices.Equal(before, after) {
			t.Errorf("%v: a refused event changed the fleet:\nbefore %v\nafter  %v", words, before, after)
		}
	}
	if err == nil && ev.Kind == reducer.HostStateChanged {
		if h := fleet.Rollout(ev.Rollout).Hosts()[out.Slot]; h.ID != ev.Host || h.State != ev.To {
			t.Errorf("%v: the slot is that of %+v", words, h)
		}
	}
	effects := inWords(t, out.Effects.All(), ev.At, out.Confirmed)
	if out.Confirmed {
		effects = strings.TrimSpace("confirms " + effects)
	}
	if effects != "" {
		answers = append(answers, effects)
	}
	if out.Derived {
		d := out.DerivedEvent
		if out.DerivedErr != nil || d.Kind != reducer.RolloutTerminal || d.Rollout != ev.Rollout {
			t.Errorf("%v: derived %+v, %v", words, d, out.DerivedErr)
		}
		answers = append(
			answers, "derived at "+clock(d.At)+": "+inWords(t, out.DerivedEffects.All(), d.At, false),
		)
	}
	return strings.Join(answers, "; ")
}

func describe(r *reducer.Rollout) string {
	rec := r.Record
	s := fmt.Sprintf("%s %v", rec.RolloutID, rec.State)
	if rec.CurrentWave != 0 {
		s += fmt.Sprintf(", cursor %d", rec.CurrentWave)
	}
	if rec.TerminalAt.Set {
		s += ", terminal " + clock(rec.TerminalAt.Value)
		if r.DerivedUnconfirmed() {
			s += " unconfirmed"
		}
	}
	if rec.SupersededAt.Set {
		s += ", superseded " + clock(rec.SupersededAt.Value)
	}
	return s
}

func inWords(t *testing.T, effects []reducer.Effect, at reducer.Time, sayTime bool) string {
	t.Helper()
	var words []string
	for _, e := range effects {
		switch e.Kind {
		case reducer.RecordRolloutTransition:
			w := fmt.Sprintf("%v → %v", e.From, e.To)
			if sayTime {
				w += " at " + clock(e.At)
			} else if e.At != at {
				t.Errorf("%s at %s, but the event was at %s", w, clock(e.At), clock(at))
			}
			words = append(words, w)
		case reducer.UpdateCurrentWave:
			words = append(words, fmt.Sprintf("cursor %d", e.Wave))
		case reducer.InsertQuarantineFromRollout:
			words = append(words, fmt.Sprintf("quarantine %s on %s", e.Closure, e.Channel))
		case reducer.SchedulePruning:
			words = append(words, fmt.Sprintf("prune in %d s", e.DelaySeconds))
		}
	}
	return strings.Join(words, ", ")
}

const minute = reducer.Time(60_000_000_000)

func clock(at reducer.Time) string { return fmt.Sprintf("%02d:%02d", at/minute/60, at/minute%60) }

func parseEvent(t *testing.T, w []string) reducer.Event {
	t.Helper()
	var hours, minutes reducer.Time
	if _, err := fmt.Sscanf(w[0], "%d:%d", &hours, &minutes); err != nil {
		t.Fatalf("%v: %v", w, err)
	}
	ev := reducer.Event{At: (hours*60 + minutes) * minute}
	number := func(word string) (n uint32) {
		if _, err := fmt.Sscan(word, &n); err != nil {
			t.Fatalf("%v: %v", w, err)
		}
		return n
	}
	switch w[2] {
	case "opened":
		ev.Kind, ev.Rollout = reducer.RolloutOpened, reducer.RolloutID(w[1])
		channel, ref, _ := strings.Cut(w[1], "@")
		ev.Channel, ev.TargetRef = reducer.ChannelID(channel), reducer.ChannelRef(ref)
	case "joins":
		ev.Kind, ev.Host, ev.Rollout, ev.Wave = reducer.HostJoined, reducer.HostID(
			w[1],
		), reducer.RolloutID(
			w[3],
		), number(
			w[5],
		)
	case "of":
		from, ok1 := reducer.ParseHostState(w[4])
		to, ok2 := reducer.ParseHostState(w[6])
		if !ok1 || !ok2 {
			t.Fatalf("no host state: %v", w)
		}
		ev.Kind, ev.Host, ev.Rollout = reducer.HostStateChanged, reducer.HostID(
			w[1],
		), reducer.RolloutID(
			w[3],
		)
		ev.From, ev.To = from, to
	case "wave":
		ev.Kind, ev.Rollout = reducer.WaveAdvanced, reducer.RolloutID(w[1])
		ev.FromWave, ev.ToWave = number(w[3]), number(w[5])
	case "terminal":
		ev.Kind, ev.Rollout = reducer.RolloutTerminal, reducer.RolloutID(w[1])
	case "supersedes":
		ev.Kind, ev.Rollout, ev.Successor = reducer.SuccessorOpened, reducer.RolloutID(
			w[3],
		), reducer.RolloutID(
			w[1],
		)
	case "expires":
		ev.Kind, ev.Rollout = reducer.RetentionExpired, reducer.RolloutID(w[1])
	case "clears":
		ev.Kind, ev.Rollout = reducer.OperatorClearance, reducer.RolloutID(w[3])
		ev.Operator, ev.Reason = w[1], "seen to it"
	default:
		t.Fatalf("no event: %v", w)
	}
	return ev
}

// snapshot is everything that can be read of a fleet, a line per fact, so that two fleets can be
// compared.
func snapshot(fleet *reducer.Fleet) []string {
	var lines []string
	for _, r := range fleet.Rollouts() {
		lines = append(lines, fmt.Sprintf("%+v unconfirmed %v", r.Record, r.DerivedUnconfirmed()))
		for _, h := range r.Hosts() {
			lines = append(lines, fmt.Sprintf("%s %+v", r.Record.RolloutID, h))
		}
		for _, s := range reducer.HostStates() {
			lines = append(lines, fmt.Sprintf("%s %v %d", r.Record.RolloutID, s, r.Count(s)))
		}
		var standing []reducer.RolloutID
		for _, s := range fleet.Standing(r.Record.Channel) {
			standing = append(standing, s.Record.RolloutID)
		}
		lines = append(lines, fmt.Sprintf("%s standing %v", r.Record.Channel, standing))
	}
	return lines
}

func TestFleetIsReadByName(t *testing.T) {
	fleet := reducer.NewFleet(reducer.RFC0008(), nil)
	if fleet.Rollout("stable@a") != nil || fleet.Standing("stable") != nil ||
		len(fleet.Rollouts()) != 0 {
		t.Error("an empty fleet knows a rollout")
	}
	for _, line := range []string{
		"01:00 stable@a opened", "01:00 h1 joins stable@a wave 0", "01:00 h2 joins stable@a wave 1",
		"01:01 h2 of stable@a Pending → Activating",
	} {
		tell(t, fleet, strings.Fields(line))
	}
	r := fleet.Rollout("stable@a")
	if h, ok := r.Host("h2"); !ok ||
		h != (reducer.Host{ID: "h2", Wave: 1, State: reducer.HostActivating}) {
		t.Errorf("h2 is %+v, %v", h, ok)
	}
	if h, ok := r.Host("h3"); ok {
		t.Errorf("h3 is %+v though it never joined", h)
	}
	if r.Count(reducer.HostPending) != 1 || r.Count(reducer.HostActivating) != 1 || r.AllConverged() {
		t.Errorf("counts are wrong: %+v", r.Hosts())
	}
	// Without a policy function every channel has the default one.
	tell(t, fleet, strings.Fields("02:00 stable@b opened"))
	ev := parseEvent(t, strings.Fields("02:00 stable@b supersedes stable@a"))
	var out reducer.Outcome
	if err := fleet.Apply(&ev, ev.At, &out); err != nil {
		t.Fatal(err)
	}
	effects := out.Effects.All()
	if last := effects[len(effects)-1]; last.Kind != reducer.SchedulePruning ||
		last.DelaySeconds != reducer.DefaultRetentionSeconds {
		t.Errorf("the default policy schedules %+v", last)
	}
}

func TestEachChannelHasItsPolicy(t *testing.T) {
	fleet := reducer.NewFleet(reducer.RFC0008(), func(ch reducer.ChannelID) reducer.Policy {
		if ch == "edge" {
			return reducer.Policy{OnHealthFailure: reducer.RollbackAndHalt, RetentionSeconds: 1}
		}
		return reducer.Policy{OnHealthFailure: reducer.Halt, RetentionSeconds: 2}
	})
	for _, test := range []struct{ line, want string }{
		{"01:00 stable@a opened", ""},
		{"01:00 edge@a opened", ""},
		{"01:00 web-1 joins stable@a wave 0", "Opening → Active"},
		{"01:00 web-2 joins edge@a wave 0", "Opening → Active"},
		{"01:01 web-1 of stable@a Pending → Activating", ""},
		{"01:01 web-2 of edge@a Pending → Activating", ""},
		{"01:02 web-1 of stable@a Activating → Failed", "Active → Failed, prune in 2 s"},
		{"01:02 web-2 of edge@a Activating → Failed", ""},
		{"01:03 web-2 of edge@a Failed → Reverted", "Active → Reverted, quarantine a on edge, prune " +
			"in 1 s"},
	} {
		if got := tell(t, fleet, strings.Fields(test.line)); got != test.want {
			t.Errorf("%s: %s, want %s", test.line, got, test.want)
		}
	}
}

// TestTheMachineAnswersFirst gives a fleet a machine that has no answer of either shipped one, and
// every event of a known rollout.
func TestTheMachineAnswersFirst(t *testing.T) {
	var cells reducer.Cells
	for _, k := range reducer.EventKinds() {
		cells[reducer.Opening][k] = reducer.Cell{{Do: reducer.Refuse}}
	}
	fleet := reducer.NewFleet(reducer.NewTable("contrary", cells, false), nil)
	if got := tell(t, fleet, strings.Fields("01:00 stable@a opened")); got != "" {
		t.Fatal(got)
	}
	for _, k := range reducer.EventKinds() {
		var invariant *reducer.Invariant
		ev := reducer.Event{Kind: k, Rollout: "stable@a"}
		if err := fleet.Apply(&ev, 0, new(reducer.Outcome)); !errors.As(err, &invariant) ||
			invariant.Event != k {
			t.Errorf("%v is answered with %v", k, err)
		}
	}
}
