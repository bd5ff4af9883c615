// Package mutate tests the tests: it changes every cell of a machine's transition table in turn to
// other outcomes, and reports which changes no case notices.
package mutate
