// Package explore runs many simulations and finds what nobody wrote a scenario for. A sweep takes a
// range of seeds. Each seed draws a scenario of its own (swarm testing: Groce, Zhang, Eide, Chen
// and Regehr, ISSTA 2012), or runs given ones, and what comes of it is added up: violations by
// signature, the cells of the transition table that were hit, and how long things took.
//
// All that is added up is made of integers and does not depend on the order in which seeds finish,
// so that a sweep gives the same bytes at any number of workers, cut into shards and merged, or
// stopped and resumed.
package explore
