//go:build !rollsim_leak

package sim

// leak returns 0. Built with rollsim_leak it returns something that changes from process to
// process, so that the determinism gate can prove that it catches that.
func leak() uint64 { return 0 }
