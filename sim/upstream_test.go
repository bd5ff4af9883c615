package sim

import (
	"testing"
	"time"

	"rollsim/reducer"
)

func TestUpstream(t *testing.T) {
	u := upstream{
		refs: make([]reducer.ChannelRef, 1), back: make([]bool, 1),
		had: make([]refSet, 1), inv: threeHosts(t), clock: &clock{}, seed: 1,
		traffic: []Traffic{
			{
				Channel: "stable", Kind: Arrivals, Every: constant(t, time.Minute), Prefix: "r",
				Until: 2 * time.Minute,
			},
			{
				Channel: "stable", Kind: Flapping, Every: constant(t, 0),
				Between: []reducer.ChannelRef{"a", "b"},
			},
		},
	}
	u.point("nowhere", "x")
	u.point("stable", "s")
	if u.refs[0] != "s" {
		t.Errorf("the channel points at %s", u.refs[0])
	}
	for i, want := range []reducer.ChannelRef{"a", "b", "a", "b"} {
		u.move(1, uint32(i))
		if u.refs[0] != want {
			t.Errorf("change %d points at %s, want %s", i, u.refs[0], want)
		}
		if got := u.returned(0); got != (i > 1) {
			t.Errorf("change %d goes back: %v", i, got)
		}
		u.point("stable", want)
		if got := u.returned(0); got != (i > 1) {
			t.Errorf("the same ref after change %d goes back: %v", i, got)
		}
	}
	if u.clock.advance(reducer.Time(tick) - 1) {
		t.Error("a change without a pause takes less than a tick")
	}
	if !u.clock.advance(reducer.Time(tick)) {
		t.Error("a change without a pause takes more than a tick")
	}
	u.clock.now = reducer.Time(2*time.Minute - 1)
	u.move(0, 4)
	u.clock.now++
	u.move(0, 5)
	if u.refs[0] != "r5" {
		t.Errorf("the channel points at %s, want r5: a change at Until is too late", u.refs[0])
	}
}
