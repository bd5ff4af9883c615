package sim

import (
	"slices"
	"testing"

	"rollsim/controlplane"
)

// TestLossesAreRecordedOnce checks that what an agent loses again and again under a rollout is
// recorded once, and that another host, rollout or defect is another loss.
func TestLossesAreRecordedOnce(t *testing.T) {
	w := new(world)
	w.rollouts.list = []rollout{{id: "s@1"}, {id: "s@2"}}
	p := &production{world: w, noted: make(map[loss]bool)}
	a, b := &shippedAgent{agent: &agent{host: 1}}, &shippedAgent{agent: &agent{host: 2}}
	for range 3 {
		p.lost(a, 0, controlplane.StaleManifest)
		p.lost(a, 1, controlplane.StaleManifest)
		p.lost(b, 0, controlplane.StaleManifest)
		p.lost(a, 0, controlplane.LostActivation)
	}
	want := []loss{
		{1, "s@1", controlplane.StaleManifest}, {1, "s@2", controlplane.StaleManifest},
		{2, "s@1", controlplane.StaleManifest}, {1, "s@1", controlplane.LostActivation},
	}
	if !slices.Equal(p.losses, want) {
		t.Errorf("got %v, want %v", p.losses, want)
	}
}
