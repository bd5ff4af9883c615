// Package trace defines the one trace format: the ordered log of a simulated run or of a production
// control plane. It has the entries, writers and readers for every form of input, the digest, and
// the first difference between two texts. It makes no decisions.
//
// # One trace, from end to end
//
// A simulation of scenario "night" opens a rollout. It makes a [Writer] and writes two values of
// type [Entry] to it. The first has a [Header], which says what reproduces the run; the second has
// seq 1 and a [reducer.Event], RolloutOpened. After Close the file has three lines:
//
//	{"seq":0,"ts":"…","kind":"header","host":null,"rollout":null,"payload":{…},"sum":"…"}
//	{"seq":1,"ts":"…","kind":"rollout_event","host":null,"rollout":"stable@a1","payload":
//	   {"kind":"RolloutOpened","rolloutId":"stable@a1","channel":"stable",…},"sum":"…"}
//	{"seq":2,"ts":"…","kind":"end",…,"payload":{"entries":1,"digest":"…"},"sum":"…"}
//
// Because it begins with a header, the trace is sealed: each line has a sum of its fields, seq
// counts the lines, and the end line has the number of entries and their digest. A [Reader] returns
// the same entries and the end line. If somebody had changed the channel's name in the file, the
// Reader would return the changed entry, and [Reader.Breaches] would name entry 1 on line 2. Sums
// and digest cover the fields and not their JSON, so that a tool may reformat the file.
//
// The log of a control plane has the second of these lines only, without the sum. A Reader reads it
// too, and other forms of the same log: a rollout document, a table of a database ([NewRowReader]),
// several files ([Concatenate], [Merge]). It keeps unknown payloads in Raw and counts them in
// [Passed]; a Writer writes them unchanged.
//
// The same two entries, written to a [Text], are the golden of the scenario. [Diff] returns how the
// golden of another run differs from it.
//
// # Sinks
//
// A program that makes a trace writes its entries to a [Sink]: a Writer for NDJSON, a Text for
// aligned lines, a [Digest] for the digest alone, a [Collector] to keep them.
//
// # Fields
//
// One table has the fields of every payload ([Fields]). The encoder and the strict decoder use it.
// A test compares it with the fast path, the digest and the text form.
package trace
