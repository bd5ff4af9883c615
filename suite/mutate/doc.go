// Package mutate tests the tests: it changes every cell of a machine's transition table in turn to
// other outcomes, and finds out whether some case notices.
package mutate
