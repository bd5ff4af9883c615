//go:build rollsim_leak

package sim

import "os"

// leak returns a value that changes from process to process, so that every draw depends on it. It
// is planted for the determinism gate, which must catch it.
func leak() uint64 { return uint64(os.Getpid()) }
