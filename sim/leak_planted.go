//go:build rollsim_leak

package sim

import "os"

// leak returns a value that differs between processes, and that every draw depends on. It is a
// planted defect, which the determinism gate must detect.
func leak() uint64 { return uint64(os.Getpid()) }
