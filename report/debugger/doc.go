// Package debugger is a terminal program that shows a trace entry by entry, forwards and backwards.
//
// # A step back, from key to screen
//
// A reader of a log stands at entry 57, the failure of a host. The left arrow reaches Model.Update
// as a message. The model moves its timeline.Cursor after entry 56, and selects the rollout and
// the host that this entry is about. Model.View then draws five panes from the cursor's snapshot:
// the rollouts, the hosts of the selected rollout by wave, the log around the entry, the entry with
// the rule of the machine's table that decided, and gates and timers. The model computes no state
// of its own.
package debugger
