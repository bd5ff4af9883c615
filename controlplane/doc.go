// Package controlplane decides around the reducer: it opens rollouts for the refs that polls find,
// plans which hosts are dispatched and which gate blocks the others, moves the wave cursor, repeats
// dispatches that nobody acks, arms retention timers and keeps the quarantine.
//
// A [ControlPlane] is a plain value. It reads no clock, draws nothing, starts nothing and knows no
// agent: a driver calls it with one input at a time and receives through an [Output] what follows.
//
// # One rollout, from end to end
//
// Channel "stable" has two hosts, web-1 in wave 0 and web-2 in wave 1. An [Inventory] numbers them
// 0 and 1. The driver polls the channel, finds that it points at ref a1, and calls Poll. The
// control plane has not seen the ref: it writes the poll, opens rollout stable@a1 and lets both
// hosts join, each with an entry of the trace, and the effects of each with further entries.
// PlanNeeded is true now.
//
// The driver calls Plan. The cursor stands at wave 0, so that web-1 is dispatched: an entry says
// so, and Dispatch hands the driver what must reach the agent. For web-2 a gate decision is
// written: wave-promotion blocks it. The next plan decides the same and writes nothing, because a
// decision is written once per change of its reason.
//
// The agent of web-1 acks, switches and converges. The driver calls Receive with each of its
// messages; what moves the host becomes a HostStateChanged. Each ends with a plan: once web-1
// soaks, it writes a WaveAdvanced from 0 to 0, once web-1 is Converged one from 0 to 1, and
// dispatches web-2. Had web-1 not acked within a minute, a plan would have dispatched it again.
//
// When web-2 is Converged too, the fleet derives the RolloutTerminal, which schedules the pruning:
// Arm asks the driver to call Expire a week later.
//
// # Crashes
//
// A control plane that crashes is thrown away. [ControlPlane.Durable] returns what the crash
// leaves, and [Restart] makes the next one of it. Diff compares the two: what it names, the crash
// has lost.
//
// # Two control planes
//
// [Specified] is what the RFCs ask for, [Shipped] what runs in production. They are found by name
// with [ByName], as machines are, and any of them runs under any machine.
package controlplane
