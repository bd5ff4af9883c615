// Package controlplane makes the decisions around the reducer. It opens rollouts for the refs that
// polls find, dispatches hosts or names the gate that blocks them, moves the wave cursor, repeats
// dispatches without an ack, arms retention timers and holds the quarantine.
//
// A [ControlPlane] reads no clock, draws no random numbers, starts no goroutines and calls no
// agent. A driver passes it one input at a time and receives the consequences through an [Output].
//
// # One rollout, from end to end
//
// Channel "stable" has two hosts, web-1 in wave 0 and web-2 in wave 1. An [Inventory] numbers them
// 0 and 1. The driver polls the channel, finds that it points at ref a1, and calls Poll. The ref is
// new to the control plane, so it writes the poll, opens rollout stable@a1 and adds both hosts to
// it. Each event has an entry in the trace, as has each effect. PlanNeeded is now true.
//
// The driver calls Plan. The cursor is at wave 0, so the plan dispatches web-1: it writes an entry
// and passes the dispatch to the driver. For web-2 it writes a gate decision: wave-promotion blocks
// the host. The next plan reaches the same decision and writes nothing, because a decision is
// written only when its reason changes.
//
// The agent of web-1 acks, switches and converges. The driver calls Receive with each message, and
// then Plan. A message that moves the host becomes a HostStateChanged. Once web-1 soaks, the plan
// writes a WaveAdvanced from 0 to 0. Once web-1 is Converged, it writes one from 0 to 1 and
// dispatches web-2. Without an ack of web-1 within a minute, a plan would have repeated the
// dispatch.
//
// When web-2 is Converged too, the fleet derives a RolloutTerminal, which schedules the pruning:
// Arm asks the driver to call Expire a week later.
//
// # Crashes
//
// A driver discards a control plane that crashes. [ControlPlane.Durable] returns what survives the
// crash, and [Restart] returns the next control plane, restored from it. Diff compares the two and
// so finds the state that the crash has lost.
//
// # The control planes
//
// [Specified] is what the RFCs ask for, [Shipped] what runs in production. [None] plans nothing and
// serves tests of raw events. [ByName] returns each by its name, and each runs with any machine.
//
// # The shipped control plane
//
// It implements [Production]: it polls all channels at once, plans only on its ticker and after a
// successful poll, and logs a row for each Pending host in each run. Agents fetch their dispatches
// from a queue, the oldest first. Heartbeats synthesise events of hosts that run their target. Its
// tables are the truth: a crash loses the manifests in memory and the rows of the log that are
// still in a queue, and Restore reads no log. Rows of rollouts are deleted 90 days after their end.
//
// It has the known [Defects]. Config.Mended names those that are fixed. Where the public sources
// do not decide, a fix does the least: a refused manifest is signed again, the queue of a rollout
// is deleted with its supersession, and a channel that is set back is planned as specified.
package controlplane
