//go:build rollsim_leak

package sim

import "os"

// leak makes every draw depend on the process: what must never happen, planted for the determinism
// gate to catch.
func leak() uint64 { return uint64(os.Getpid()) }
