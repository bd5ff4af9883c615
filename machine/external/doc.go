// Package external runs machines in other processes, such as the reducer of a production control
// plane.
//
// The other process reads one request a line from its standard input and answers each with one line
// on its standard output, in the encodings of the conformance vectors:
//
//	{"record":{…},"event":{"HostJoined":{…}},"now":"…","policy":{…},"id":1}
//	{"id":1,"record":{…},"effects":[{"RecordRolloutTransition":{…}}]}
//	{"error":{"kind":"IllegalForState","from":"Opening","event":"RolloutOpened"},"id":2}
//
// Requests are numbered from 1 in each process. An answer may repeat the id of its request: then an
// answer to another request is a [Failure], and otherwise each line that the process writes without
// a request is one.
//
// The last lines that it writes to standard error become part of a [Failure]; without one they are
// discarded. The process should end when its standard input does, or it is killed.
package external
