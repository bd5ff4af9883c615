package reducer_test

import (
	"errors"
	"slices"
	"testing"

	"rollsim/reducer"
)

// twoRollouts returns a fleet with rollout a@1, which is Active with one host, and rollout b@1,
// which is Active with two.
func twoRollouts(t *testing.T, m reducer.Machine) *reducer.Fleet {
	t.Helper()
	f := reducer.NewFleet(m, nil)
	var out reducer.Outcome
	for _, ev := range []reducer.Event{
		{Kind: reducer.RolloutOpened, Rollout: "a@1", Channel: "a", TargetRef: "1"},
		{Kind: reducer.HostJoined, Rollout: "a@1", Host: "h"},
		{Kind: reducer.RolloutOpened, Rollout: "b@1", Channel: "b", TargetRef: "1"},
		{Kind: reducer.HostJoined, Rollout: "b@1", Host: "h"},
		{Kind: reducer.HostJoined, Rollout: "b@1", Host: "i"},
	} {
		if err := f.Apply(&ev, ev.At, &out); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// TestMisroutedEvent passes events of one rollout to the record of another one. A machine that
// applies them changes that record and nothing else.
func TestMisroutedEvent(t *testing.T) {
	for _, test := range []struct {
		ev   reducer.Event
		want reducer.State // of a@1 under v0.2
	}{
		{reducer.Event{Kind: reducer.RolloutTerminal}, reducer.Terminal},
		{reducer.Event{Kind: reducer.HostJoined, Host: "i", Wave: 3}, reducer.Active},
		{reducer.Event{
			Kind: reducer.HostStateChanged, Host: "h", From: reducer.HostSoaking, To: reducer.HostFailed,
		}, reducer.Failed},
		{reducer.Event{Kind: reducer.WaveAdvanced, ToWave: 0}, reducer.Converging},
		{reducer.Event{Kind: reducer.SuccessorOpened, Successor: "b@2"}, reducer.Superseded},
	} {
		ev := test.ev
		ev.Rollout, ev.At = "b@1", 7
		var out reducer.Outcome
		f := twoRollouts(t, reducer.V02())
		before := *f.Rollout("b@1")
		if err := f.ApplyTo("a@1", &ev, 7, &out); err != nil {
			t.Fatal(err)
		}
		a, b := f.Rollout("a@1"), f.Rollout("b@1")
		if a.Record.State != test.want || out.Rollout != a.Number() || out.Derived {
			t.Errorf("%v: the record is %v, the outcome %+v", ev.Kind, a.Record.State, out)
		}
		if len(a.Hosts()) != 1 || a.Hosts()[0].State != reducer.HostPending ||
			b.Record != before.Record || !slices.Equal(b.Hosts(), before.Hosts()) {
			t.Errorf("%v moved a host or its own record: %+v, %+v", ev.Kind, a.Hosts(), b)
		}
		if got := len(f.Standing("a")); got != 1 && test.want.Standing() ||
			got != 0 && !test.want.Standing() {
			t.Errorf("%v: %d rollouts of the channel stand", ev.Kind, got)
		}
		if late := f.Finish(); late != nil {
			t.Errorf("%v opened a lockstep: %v", ev.Kind, late)
		}

		f = twoRollouts(t, reducer.RFC0008())
		was := f.Rollout("a@1").Record
		err := f.ApplyTo("a@1", &ev, 7, &out)
		refused := (*reducer.Invariant)(nil)
		if !errors.As(err, &refused) || refused.What != reducer.AnotherRollout ||
			refused.Rollout != "a@1" || f.Rollout("a@1").Record != was || len(out.Effects.All()) > 0 {
			t.Errorf("%v: rfc0008 answers %v, %+v", ev.Kind, err, f.Rollout("a@1").Record)
		}
	}
}

// TestApplyToOwnRecord checks that an event that reaches its own record is folded as by Apply, and
// that one for an unknown record is refused.
func TestApplyToOwnRecord(t *testing.T) {
	f := twoRollouts(t, reducer.V02())
	var out reducer.Outcome
	ev := reducer.Event{Kind: reducer.HostJoined, Rollout: "b@1", Host: "j"}
	if err := f.ApplyTo("b@1", &ev, 0, &out); err != nil || len(f.Rollout("b@1").Hosts()) != 3 {
		t.Errorf("%v, hosts %v", err, f.Rollout("b@1").Hosts())
	}
	unknown := (*reducer.UnknownRollout)(nil)
	if err := f.ApplyTo("c@1", &ev, 0, &out); !errors.As(err, &unknown) || unknown.Rollout != "c@1" {
		t.Errorf("an unknown record: %v", err)
	}
}

// TestMisroutedEventSettles checks that a misrouted event ends the lockstep of the channel whose
// record it reaches, as any other event does.
func TestMisroutedEventSettles(t *testing.T) {
	f := twoRollouts(t, reducer.V02())
	var out reducer.Outcome
	opened := reducer.Event{Kind: reducer.RolloutOpened, Rollout: "a@2", Channel: "a", TargetRef: "2"}
	if err := f.Apply(&opened, 0, &out); err != nil {
		t.Fatal(err)
	}
	ev := reducer.Event{Kind: reducer.HostJoined, Rollout: "b@1", Host: "j"}
	if err := f.ApplyTo("a@2", &ev, 0, &out); err != nil || len(out.Late) != 1 ||
		!errors.As(out.Late[0], new(*reducer.SupersessionExpected)) {
		t.Errorf("%v, late %v", err, out.Late)
	}
}
