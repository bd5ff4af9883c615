package explore

import (
	"math"
	"testing"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

// asleep claims to be idle for ever.
type asleep struct{ controlplane.ControlPlane }

func (asleep) IdleUntil([]reducer.ChannelRef) reducer.Time { return math.MaxInt64 }

// restless hides that a control plane knows how long it is idle, so that nothing is skipped, and
// makes every plan a full one: it lifts an entry before that the quarantine does not have.
type restless struct{ controlplane.ControlPlane }

func (r restless) Plan(tick controlplane.Tick, out controlplane.Output) error {
	var nowhere controlplane.Log
	if err := r.Lift(tick.Now, controlplane.QuarantineEntry{}, &nowhere); err != nil {
		return err
	}
	return r.ControlPlane.Plan(tick, out)
}

// digestUnder returns the digest of a drawn fleet, some of whose channels have maintenance windows,
// under a control plane.
func digestUnder(t *testing.T, seed uint64, build controlplane.New) string {
	t.Helper()
	sc, m, err := drawn("rfc0008").Scenario(seed, 0)
	if err != nil {
		t.Fatal(err)
	}
	if n := int(seed) % (2 * len(sc.Channels)); n < len(sc.Channels) {
		sc.Channels[n].Windows = []controlplane.Window{
			{From: time.Duration(seed%24) * time.Hour, For: time.Hour + 7*time.Second},
			{From: time.Duration(seed%7) * time.Hour, For: 20 * time.Hour, Days: []time.Weekday{3}},
		}
	}
	var digest trace.Digest
	_, err = sim.Run(sc, sim.Options{
		Machine: m, Seed: seed, ControlPlane: build, Sink: &digest, Refold: true,
	})
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	return digest.Sum()
}

// TestSkippedPlansHaveNoEffect compares runs that skip plans and polls without effect with runs
// that skip none and whose plans skip no rollout, and checks that a control plane that is idle too
// long is noticed.
func TestSkippedPlansHaveNoEffect(t *testing.T) {
	specified, err := controlplane.ByName(controlplane.Specified)
	if err != nil {
		t.Fatal(err)
	}
	missed := 0
	for seed := range uint64(60) {
		want := digestUnder(t, seed, func(
			inv *controlplane.Inventory, m reducer.Machine,
		) controlplane.ControlPlane {
			return restless{specified(inv, m)}
		})
		if got := digestUnder(t, seed, specified); got != want {
			t.Errorf("seed %d: the digest is %s, and %s if nothing is skipped", seed, got, want)
		}
		got := digestUnder(t, seed, func(
			inv *controlplane.Inventory, m reducer.Machine,
		) controlplane.ControlPlane {
			return asleep{specified(inv, m)}
		})
		if got != want {
			missed++
		}
	}
	if missed < 20 {
		t.Errorf("a control plane that is always idle changes %d of 60 runs, want 20 or more", missed)
	}
}
