package sim

import (
	"maps"
	"slices"
	"testing"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
)

// unhashedShipped lists the fields of a run of the shipped control plane that may change without
// another hash, with the reason.
var unhashedShipped = map[string]string{
	"controlplane.manifest.id":         "of its ref",
	"controlplane.queued.host":         "its place",
	"controlplane.record.current":      "for a reader",
	"controlplane.row.number":          "of its rollout",
	"controlplane.shippedPlane.mended": "of the scenario",
	"controlplane.shippedPlane.ran":    "of the present instant",
	"controlplane.shippedPlane.ranAt":  "of the present instant",
	"controlplane.shippedPlane.stamps": "of the present instant",
	"invariant.Violation.At":           "that of the first one counts",
	"invariant.Violation.Detail":       "that of the first one counts",
	"invariant.Violation.Event":        "that of the first one counts",
	"invariant.Violation.Seq":          "that of the first one counts",
	"invariant.logged.at":              "compared with messages under way",
	"invariant.shipped.heartbeat":      "during one input",
	"reducer.Rollout.counts":           "counts the hosts",
	"sim.FaultNow.Channel":             "of faults of other kinds",
	"sim.FaultNow.Host":                "of faults of other kinds",
	"sim.FaultNow.Kind":                "of a crash that waits for an opening",
	"sim.FaultNow.Message":             "of faults of other kinds",
	"sim.FaultNow.Rollout":             "of faults of other kinds",
	"sim.FaultNow.Seq":                 "of faults of other kinds",
	"sim.agent.before":                 "of other agents",
	"sim.agent.offered":                "of other agents",
	"sim.agent.phase":                  "of other agents",
	"sim.agent.running":                "of other agents",
	"sim.agent.seq":                    "of other agents",
	"sim.agent.soakDue":                "of other agents",
	"sim.agent.waiting":                "of other agents",
	"sim.ledger.safe":                  "of the scenario",
	"sim.ledger.synth":                 "during one input",
	"sim.pending.step":                 "for a debugger",
	"sim.production.current":           "during one input",
	"sim.production.initial":           "of the scenario",
	"sim.production.letters":           "a counter",
	"sim.production.mended":            "of the scenario",
	"sim.production.noted":             "in losses",
	"sim.production.poll":              "of the seed",
	"sim.production.prune":             "of the seed",
	"sim.production.synth":             "during one input",
	"sim.production.ticker":            "of the seed",
	"sim.rollout.timer":                "of other control planes",
	"sim.shippedAgent.beatPhase":       "of the seed",
	"sim.shippedAgent.channel":         "of the host",
	"sim.shippedAgent.tickPhase":       "of the seed",
}

// TestHashOfShippedIsComplete changes each field of each part of a run of the shipped control
// plane, as TestHashIsComplete does for others.
func TestHashOfShippedIsComplete(t *testing.T) {
	without := slices.DeleteFunc(slices.Clone(noState), func(part string) bool {
		return slices.Contains([]string{"sim.ledger", "sim.production", "invariant.shipped"}, part)
	})
	without = append(without, "controlplane.shippedScratch", "controlplane.Answer")
	sc := chancy(t)
	sc.Faults = nil
	sc = shippedOf(sc)
	var walks []*Walk
	for seed := range uint64(2) {
		k, err := NewWalk(sc, Options{Machine: reducer.RFC0008(), Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; k.Next(); i++ {
			if i%7 == 0 {
				walks = append(walks, k.Fork(false))
			}
		}
	}
	found := hashedFields(t, walks, without)
	for _, name := range slices.Sorted(maps.Keys(found)) {
		_, listed := unhashedShipped[name]
		_, alike := unhashed[name] // and what is empty between instants, except under raw events
		if alike || slices.Contains(onlyRaw, name) {
			continue
		}
		switch {
		case !found[name] && !listed:
			t.Errorf("%s can change, and the hash is the same", name)
		case found[name] && listed:
			t.Errorf("%s changes the hash, and is listed", name)
		}
	}
	for name := range unhashedShipped {
		if _, exists := found[name]; !exists {
			t.Errorf("%s is listed, and does not exist", name)
		}
	}
}

// TestHashHasTheFirstLoss checks that the order matters in which a host has lost its rollouts: the
// first one names the defect by which the host holds a budget. The order among hosts does not.
func TestHashHasTheFirstLoss(t *testing.T) {
	lost := []loss{
		{0, "s@a1", controlplane.LostActivation}, {0, "s@a2", controlplane.StaleManifest},
		{1, "s@a1", controlplane.LostActivation},
	}
	hash := func(order ...int) uint64 {
		sc := produced(t, wave(time.Minute, "a", "b"))
		k, err := NewWalk(sc, Options{Machine: reducer.RFC0008()})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range order {
			k.w.driver.production.losses = append(k.w.driver.production.losses, lost[i])
		}
		return k.Hash()
	}
	want := hash(0, 1, 2)
	if hash(1, 0, 2) == want {
		t.Error("the order in which a host has lost its rollouts makes no difference")
	}
	if hash(2, 0, 1) != want || hash(0, 2, 1) != want {
		t.Error("the order of hosts makes a difference")
	}
}
