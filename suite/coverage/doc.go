// Package coverage records which cells of a machine's transition table some runs have exercised. A
// cell is one outcome of one class of events in one state. That is finer than a cell of the table,
// which may have several rules.
package coverage
