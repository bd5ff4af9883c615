package sim

import (
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

// TestFirstStrike compares the first instant at which one of several faults happens with draws at
// one instant after the other, in and around windows that begin and end between two of them.
func TestFirstStrike(t *testing.T) {
	const start, first, every = 100, 130, 15
	struck, never := 0, 0
	for seed := range uint64(200) {
		c := chance{clock: &clock{start: start}, seed: seed}
		until := reducer.Time(400 + seed)
		if got := c.firstStrike(PollStale, 3, 1, first, every, until); got != until {
			t.Fatalf("without faults it is %d, want %d", got, until)
		}
		for _, f := range []*Fault{
			{Kind: PollStale, Probability: chanceOf(t, 0.1), From: time.Duration(seed), Until: 150},
			{Kind: PollStale, Probability: chanceOf(t, 0.05), From: 20, Until: time.Duration(seed)},
			{Kind: PollStale, Probability: chanceOf(t, 0.02)},
		} {
			if err := c.add(f, threeHosts(t)); err != nil {
				t.Fatal(err)
			}
		}
		want, n := until, uint64(8)
		for at := reducer.Time(first); at < until; at += every {
			if c.clock.now = at; c.strikes(PollStale, noHost, 3, n) != nil {
				want = at
				break
			}
			n++
		}
		if got := c.firstStrike(PollStale, 3, 8, first, every, until); got != want {
			t.Errorf("seed %d: it is %d, want %d", seed, got, want)
		}
		if want < until {
			struck++
		} else {
			never++
		}
	}
	if struck < 50 || never < 50 {
		t.Errorf("a fault happens in %d of 200 cases, want 50 to 150", struck)
	}
}
