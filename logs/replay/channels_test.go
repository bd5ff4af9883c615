package replay

import (
	"testing"

	"rollsim/reducer"
)

// TestChannelNamed: a gate's reason names another channel as a word.
func TestChannelNamed(t *testing.T) {
	s := make(channels)
	for _, id := range []reducer.ChannelID{"stable", "edge", "edge-2"} {
		s.get(id)
	}
	for reason, want := range map[string]reducer.ChannelID{
		"predecessor channel 'edge' not converged": "edge",
		"waits for edge-2":                         "edge-2",
		"waits for stable":                         "", // its own
		"waits for ledger":                         "",
	} {
		got := reducer.ChannelID("")
		if c := s.named(reason, "stable"); c != nil {
			got = c.id
		}
		if got != want {
			t.Errorf("%q names %q, want %q", reason, got, want)
		}
	}
}

// TestChannelPoints: the place is where a ref was shown first.
func TestChannelPoints(t *testing.T) {
	c := make(channels).get("edge")
	c.point("a1", place{n: 1})
	c.point("a1", place{n: 2})
	if c.ref != "a1" || c.polled.n != 1 {
		t.Errorf("%+v", c)
	}
	c.point("b2", place{n: 3})
	if c.ref != "b2" || c.polled.n != 3 {
		t.Errorf("%+v", c)
	}
}

// TestStranded: a channel is stranded at a rollout that another one followed, not at its last one
// unless that is superseded.
func TestStranded(t *testing.T) {
	f := newFixture(t)
	c := make(channels).get("edge")
	a, b := f.open("edge@a1"), f.open("stable@b2")
	c.open(a)
	if c.isStranded(a) || c.isStranded(nil) || c.isStranded(&rollout{id: "edge@x"}) {
		t.Error("stranded at its last rollout, or at one that is not opened")
	}
	c.open(b)
	if !c.isStranded(a) || c.isStranded(b) || c.before != a {
		t.Errorf("at a %v, at b %v", c.isStranded(a), c.isStranded(b))
	}
	b.fold.Record.SupersededAt = reducer.Some(start)
	if !c.isStranded(b) {
		t.Error("not at a rollout that was superseded")
	}
}
