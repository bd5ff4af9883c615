// Package conform runs conformance vectors through a machine. A vector is an input together with
// the answer that another implementation returned for it. The machine must return the same answer.
//
// # One vector, from end to end
//
// A file holds one JSON object a line. This cell, shortened, has one step:
//
//	{"id":7,"record":{"rollout_id":"r1","state":"Active",…},
//	 "event":{"SuccessorOpened":{"superseded_rollout_id":"r1",…}},"now":"2026-05-16T02:00:05Z",
//	 "want":{"record":{"rollout_id":"r1","state":"Superseded",…},"effects":[…]}}
//
// [Run] decodes the line strictly: an unknown member is an error, because it would not be compared.
// It then calls the machine with the record, the event and now, under the default policy or that of
// the vector, and compares the answer. Errors must agree in kind, state and event. Records and
// effects must agree in every field. Times compare as instants, and in spelling where the vector
// uses the canonical one. The first difference becomes a [Mismatch], with the line, the field and
// both values.
//
// The other kind of vector is a walk: a record to start from, and several steps. Each step starts
// from the record of the last accepted one. A file may hold both kinds.
package conform
