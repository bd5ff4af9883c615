package sim

import (
	"math"
	"testing"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
)

// threeHosts is the inventory of one channel of three hosts.
func threeHosts(t *testing.T) *controlplane.Inventory {
	t.Helper()
	inv, err := controlplane.NewInventory(&controlplane.Config{Channels: []controlplane.Channel{{
		ID: "stable", Waves: []Wave{{Hosts: []reducer.HostID{"a", "b", "c"}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

func TestChance(t *testing.T) {
	c := chance{clock: &clock{}, seed: 1}
	inv := threeHosts(t)
	for _, f := range []*Fault{
		{Kind: HostOffline, Probability: Certain, Hosts: []string{"b"}, For: constant(t, time.Minute)},
		{Kind: HostLost, Probability: Certain, From: time.Second, Until: 2 * time.Second},
		{Kind: PollStale},
	} {
		if err := c.add(f, inv); err != nil {
			t.Fatal(err)
		}
	}
	strikes := func(kind FaultKind, host uint32) bool { return c.strikes(kind, host, 0, 0) != nil }
	if strikes(HostOffline, 0) || !strikes(HostOffline, 1) {
		t.Error("a fault of host b must strike b and no other")
	}
	if f := c.strikes(HostOffline, 1, 0, 0); c.length(f, 0, 0) != time.Minute {
		t.Errorf("it lasts %v", c.length(f, 0, 0))
	}
	if strikes(PollStale, noHost) || strikes(PollFailed, noHost) {
		t.Error("a fault without probability, or one that was not added, strikes")
	}
	for at, want := range map[time.Duration]bool{
		time.Second - 1: false, time.Second: true, 2*time.Second - 1: true, 2 * time.Second: false,
	} {
		c.clock.now = reducer.Time(at)
		if got := strikes(HostLost, 0); got != want {
			t.Errorf("at %v it strikes: %v", at, got)
		}
	}
	if err := c.add(&Fault{Kind: HostLost, Hosts: []string{"["}}, inv); err == nil {
		t.Error("a malformed pattern was accepted")
	}
}

// TestSpan checks that the span of a kind of faults is the union of the windows of its rules, and
// that a kind without rules has none.
func TestSpan(t *testing.T) {
	c := chance{clock: &clock{start: 100}}
	check := func(kind FaultKind, from, end reducer.Time) {
		t.Helper()
		if f, e := c.span(kind); f != from || e != end {
			t.Errorf("%v: from %d to %d, want %d to %d", kind, f, e, from, end)
		}
	}
	check(PollStale, math.MaxInt64, 0)
	for _, f := range []*Fault{
		{Kind: PollStale, From: 7, Until: 9}, {Kind: PollStale, From: 2, Until: 3},
		{Kind: PollFailed, Until: 5}, {Kind: PollFailed, From: 3},
	} {
		if err := c.add(f, threeHosts(t)); err != nil {
			t.Fatal(err)
		}
	}
	check(PollStale, 102, 109)
	check(PollFailed, 100, math.MaxInt64)
}
