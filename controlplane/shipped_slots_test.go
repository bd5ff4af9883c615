package controlplane

import (
	"testing"

	"rollsim/reducer"
)

// TestShippedSlots compares the slot of each host in each row, twice, with a search of the fleet:
// also that of a host of another channel, which a raw event lets join, and in a clone.
func TestShippedSlots(t *testing.T) {
	r := newShippedRun(t, shippedConfig())
	check := func(when string, p *shippedPlane) {
		t.Helper()
		for _, o := range p.rows {
			for n := range p.inv.hosts {
				want, joined := o.fold.Slot(p.inv.hosts[n].id)
				if !joined {
					want = -1
				}
				for range 2 {
					if got := o.slot(p.inv, uint32(n)); got != want {
						t.Errorf("%s: host %s of %s is at %d, want %d", when, p.inv.hosts[n].id, o.id, got, want)
					}
				}
			}
		}
	}
	r.polls("r1", "q1")
	check("opened", r.shippedPlane)
	clone := r.shippedPlane.Clone().(*shippedPlane)
	for _, host := range []reducer.HostID{"x", "nobody"} {
		drive(t, r.shippedPlane, &r.log, []input{event(r.now, reducer.Event{
			Kind: reducer.HostJoined, Rollout: "s@r1", Host: host, Wave: 1,
		})})
	}
	if n, _ := r.inv.Host("x"); r.byID["s@r1"].slot(r.inv, n) < 0 {
		t.Error("the host of another channel has not joined")
	}
	check("after raw events", r.shippedPlane)
	check("the clone", clone)
	r.polls("r2", "q1")
	check("superseded", r.shippedPlane)
}
