// Package check runs the regression suite: every scenario file against its golden, and every
// scenario of a feature file.
//
// # One run, from end to end
//
// [Find] collects the files below the folders scenarios and features. Each scenario file, and each
// scenario of a feature file, is a unit. [Run] takes the units of its shard and runs up to Jobs of
// them at once. For scenarios/small.yaml it simulates the scenario and compares the violations of
// the run with those that the file expects. It then compares the text of the trace with
// golden/small.golden. The two differ, so the [Result] is Failed: its message has the first
// difference with a few lines around it, and its rerun line is the command that runs only this
// file. With Keep it also has artefacts: the new text, the difference and the trace.
//
// Results are reported in the order of the suite, whatever Jobs is. [Summary] counts them.
//
// [Case] is a unit that other packages run, for example to measure what it covers or to see which
// mutants it detects.
package check
