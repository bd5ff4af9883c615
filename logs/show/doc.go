// Package show writes the log of a control plane, or a simulated trace, as a timeline for people:
// one row for each entry, with what happened in a few words and the wave and the state of the host
// next to it. It judges nothing; package replay does.
//
// [Reader] reads a log and returns a [Row] for each entry that a [Filter] selects. It knows the
// hosts of each rollout from the entries before, also from those that the filter leaves out, so a
// row of a stretch at the end shows the right wave and state. It recognizes entries that only
// repeat what an earlier one said, such as the decision of a gate that the planner repeats every 15
// seconds, and marks what is missing between two rows: seqs, and long silence.
//
// People write times as they read them on a clock. [ParseMoment] reads them in all forms that the
// commands accept, and a [Zone] says which clock that is.
package show
