// Package external drives machines that live in another process, such as the reducer of a
// production control plane.
//
// The other process reads one request a line from its standard input and answers each with one line
// on its standard output, in the encodings of the conformance vectors:
//
//	{"record":{…},"event":{"HostJoined":{…}},"now":"…","policy":{"on_health_failure":"halt","retention_seconds":604800}}
//	{"record":{…},"effects":[{"RecordRolloutTransition":{…}}]}
//	{"error":{"kind":"IllegalForState","from":"Opening","event":"RolloutOpened","message":"…"}}
//
// What it writes to standard error is kept for when something goes wrong, else thrown away. It
// should end when its standard input does; it is killed when it does not.
package external
