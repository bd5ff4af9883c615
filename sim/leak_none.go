//go:build !rollsim_leak

package sim

// leak is nothing. Built with rollsim_leak it is not, so that the determinism gate can prove that
// it would be caught.
func leak() uint64 { return 0 }
