// Package lint checks feature and scenario files without running them. It finds
// mistakes that keep a file from running or passing, and mistakes that make it test less than it
// seems to.
//
// # One finding, from end to end
//
// A feature names host "stable-7", but its fleet ends with stable-06. [Check] parses the file and
// collects its scenarios, tags, tables and descriptions once. It then rehearses each scenario:
// package story matches every sentence with its step and checks the names and values in it, without
// simulating anything. It returns a mistake of the kind FlawName. Rule RS004, unknown-name, reports
// mistakes of that kind, so Check returns a [Finding] with file, line, column, rule and message.
//
// A scenario file is loaded by package scenario. Each of its errors is a finding of rule RS101. If
// the file loads, the rules look at the scenario itself, for example for a budget that covers no
// more hosts than it allows at once.
//
// # Rules
//
// A [Rule] is a row of a table: code, name, severity, texts, an example that breaks it, an example
// that does not, and the function that finds it. "rollsim lint --explain" prints a row,
// docs/lint.md is generated from all of them, and the tests check both examples.
package lint
