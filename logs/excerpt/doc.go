// Package excerpt makes a recorded log small: it finds the few entries that still show a finding.
//
// # One log, from end to end
//
// The log of a night has 8 rollouts, 40 hosts and 5,000 entries, and rollsim replay finds that a
// transition is missing. [Read] takes the log after its names were replaced with pseudonyms.
// [Shrink] removes kinds of entries, channels, rollouts, hosts and stretches of time, first many at
// once, then fewer, and in the end every few lines. Each attempt is judged by a replay. It is
// accepted if the finding is still there, about the same entry, and no other finding has come in.
// In the end channels are called stable, refs a1 and hosts web-01, so that the log can be shown to
// anybody.
//
// # Numbers
//
// Entries and the messages of an agent have numbers without gaps. What is removed takes its numbers
// with it: the entries after it move down. A gap of the log itself stays, and so does a number that
// the log has twice.
//
// # Derived tables
//
// A finding may be that a row of a derived table of a state.db differs from the log. The method
// [Log.AddTables] adds the tables to the log. Their rows are removed by the same passes, and a
// [Database] is what remains of both. If the finding is about something else, the tables are left
// out.
//
// # Effort
//
// Effort is counted in replayed entries and never in seconds, so that a log has the same excerpt on
// every computer.
package excerpt
