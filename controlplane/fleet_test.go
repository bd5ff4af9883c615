package controlplane

import (
	"slices"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// partFleet returns a control plane with rollout late@z1 under way, of hosts v and, in wave 1, x
// and y; z is absent.
func partFleet(t *testing.T) *plane {
	t.Helper()
	conf := twoChannels()
	conf.Channels[1].After = nil
	conf.Channels[1].Waves = []Wave{
		{Hosts: []reducer.HostID{"v"}}, {Hosts: []reducer.HostID{"x", "y"}},
	}
	conf.Channels[1].Outside = []reducer.HostID{"z"}
	conf.Channels[1].Absent = []reducer.HostID{"z"}
	c := newPlane(specified{}, inventory(t, conf), reducer.RFC0008())
	drive(t, c, &Log{}, []input{poll(0, 0, "r1"), poll(0, 1, "z1")})
	return c
}

func joined(c *plane, id reducer.RolloutID) []reducer.HostID {
	var hosts []reducer.HostID
	for _, h := range c.fleet.Rollout(id).Hosts() {
		hosts = append(hosts, h.ID)
	}
	return hosts
}

// TestFleetChanges checks who joins which rollout when hosts join the fleet and leave it.
func TestFleetChanges(t *testing.T) {
	c := partFleet(t)
	var log Log
	operate := func(kind OrderKind, host reducer.HostID) {
		if err := c.Operate(second, Order{Kind: kind, Host: host}, &log); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(id reducer.RolloutID, want ...reducer.HostID) {
		t.Helper()
		if got := joined(c, id); !slices.Equal(got, want) {
			t.Errorf("%s: hosts %v, want %v", id, got, want)
		}
	}
	expect("late@z1", "v", "x", "y")
	operate(AddHost, "z")
	operate(RemoveHost, "x")
	expect("late@z1", "v", "x", "y", "z")
	if err := c.Poll(second, 1, "z2", &log); err != nil {
		t.Fatal(err)
	}
	expect("late@z2", "v", "y", "z")
	operate(RemoveHost, "z")
	operate(AddHost, "z") // it has left for good
	if err := c.Poll(second, 1, "z3", &log); err != nil {
		t.Fatal(err)
	}
	expect("late@z3", "v", "y")
	if got := c.Obstacle("late@z2", "z"); got != "the host has left the fleet" {
		t.Errorf("the obstacle is %q", got)
	}
}

// TestJoinsWhatIsUnderWay checks that a host joins no rollout that has ended or was aborted.
func TestJoinsWhatIsUnderWay(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*plane, Output) error
		joins  bool
	}{
		{"under way", func(*plane, Output) error { return nil }, true},
		{"aborted", func(c *plane, out Output) error {
			return c.Operate(second, Order{Kind: AbortRollout, Rollout: "late@z1"}, out)
		}, false},
		{"superseded", func(c *plane, out Output) error {
			return c.Apply(second, &reducer.Event{
				Kind: reducer.SuccessorOpened, Rollout: "late@z1", Successor: "late@z2", At: second,
			}, out)
		}, false},
	} {
		c := partFleet(t)
		if err := test.change(c, &Log{}); err != nil {
			t.Fatal(err)
		}
		if err := c.Operate(second, Order{Kind: AddHost, Host: "z"}, &Log{}); err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(joined(c, "late@z1"), "z"); got != test.joins {
			t.Errorf("%s: joins is %v", test.name, got)
		}
	}
}

// TestAbsentHostOfARawEvent checks that a host that a raw event lets join is dispatched once it is
// in the fleet, and not before.
func TestAbsentHostOfARawEvent(t *testing.T) {
	c := partFleet(t)
	var log Log
	dispatched := func() bool {
		if err := c.Plan(Tick{Now: second}, &log); err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(log.Entries, func(e trace.Entry) bool {
			return e.Plan != nil && e.Plan.Host == "z"
		})
	}
	err := c.Apply(second, &reducer.Event{
		Kind: reducer.HostJoined, Rollout: "late@z1", Host: "z", At: second,
	}, &log)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Obstacle("late@z1", "z"); dispatched() || got != "the host has not joined the fleet" {
		t.Errorf("the absent host is dispatched, or its obstacle is %q", got)
	}
	if err := c.Operate(second, Order{Kind: AddHost, Host: "z"}, &log); err != nil {
		t.Fatal(err)
	}
	if !dispatched() {
		t.Error("it is not dispatched after it has joined the fleet")
	}
}

// TestAbsentHostsExist checks that an absent host is one of its channel.
func TestAbsentHostsExist(t *testing.T) {
	conf := twoChannels()
	conf.Channels[1].Absent = []reducer.HostID{conf.Channels[0].Waves[0].Hosts[0]}
	if _, err := NewInventory(conf); err == nil {
		t.Error("an absent host of another channel is accepted")
	}
}
