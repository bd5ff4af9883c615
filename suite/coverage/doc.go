// Package coverage tells which cells of a machine's transition table some runs have exercised. A
// cell is one outcome of one class of events in one state: finer than the table's, which may have
// several rules.
package coverage
