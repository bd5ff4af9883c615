//go:build !rollsim_leak

package sim

// leak returns 0. Built with rollsim_leak it returns a value that differs between processes, so
// that the determinism gate can prove that it detects the difference.
func leak() uint64 { return 0 }
