package trace

import (
	"slices"
	"testing"
)

// TestGateName checks that only the earlier name of a gate is replaced.
func TestGateName(t *testing.T) {
	if got := GateName("host-edges"); got != GateHostEdge {
		t.Errorf("host-edges is %s", got)
	}
	for _, name := range append(ShippedGates(), "", "host", "host-edge-s") {
		if got := GateName(name); got != name {
			t.Errorf("%s is %s", name, got)
		}
	}
}

// TestGatesInOrder checks that both planners check the gates that they share in one order, and that
// the gates of an operator alone come before them.
func TestGatesInOrder(t *testing.T) {
	shared := slices.DeleteFunc(ShippedGates(), func(name string) bool {
		return !slices.Contains(Gates(), name)
	})
	want := append([]string{GateDispatchPause, GateMaintenanceWindow}, shared...)
	if !slices.Equal(want, Gates()) || len(shared) == len(ShippedGates()) {
		t.Errorf("specified %v, shipped %v", Gates(), ShippedGates())
	}
}
