// Package timeline folds any trace, simulated or recorded, into states over time. It has a cursor
// that goes to any entry, both ways.
//
// # One log, from end to end
//
// A log of a control plane has a thousand entries. [Build] reads it once. It passes every rollout
// event to a [reducer.Fleet] and records the result as a list of changes: at entry 12 rollout
// stable@a1 is Active, at entry 31 host web-07 is Activating under it. The text of the entries is
// kept in compressed blocks. The result is an [Index].
//
// A [Cursor] stands before the first entry. Go moves it to the state after entry 700: it copies the
// nearest checkpoint before that entry and applies the changes since. NextMatch and PreviousMatch
// search for an entry that satisfies a [Condition], such as the next finding about a host. At each
// position, Snapshot returns the records of the rollouts and what the entries so far prove about
// each host: its state and since when, the gate that holds it, its dispatches, its last message.
//
// # What is known
//
// Everything in a snapshot follows from entries. What no entry proves is absent, and [Unknown]
// names it: the log of a shipped control plane does not say where the wave cursor stands, and no
// trace has the messages that are on their way. A rollout that was opened before the log begins has
// the state zero until an entry names its state.
//
// # The answer of the machine
//
// [Cursor.Answer] steps the record before a rollout event through the machine again. It returns the
// effects or the refusal, and the rule of the machine's table that decided.
package timeline
