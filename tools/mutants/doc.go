// Mutants tests the tests: it changes Go source in one small place, such as a < that becomes <=,
// and reports the changes that no test notices.
//
// It draws -n such mutants of the -packages by -seed. Each is compiled with the -overlay of the go
// command, so no file of the tree changes. Then the tests of the mutated package run; if they pass,
// "rollsim check" runs. A mutant that neither notices has survived. One that does not compile is
// replaced by another.
//
//	go run -C tools ./mutants -n 20 -seed 7 -packages ./reducer,./logs/...
//
// The exit code is 0 if no mutant survived, 1 if one did, and 2 if nothing could be tested.
package main
