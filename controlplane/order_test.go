package controlplane

import (
	"strings"
	"testing"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// TestOpen checks when maintenance windows are open, at their boundaries. 1970-01-01 is a Thursday.
func TestOpen(t *testing.T) {
	const hour = reducer.Time(time.Hour)
	night := Window{From: 22 * time.Hour, For: 4 * time.Hour}
	weekend := Window{
		From: 22 * time.Hour, For: 4 * time.Hour, Days: []time.Weekday{time.Friday, time.Saturday},
	}
	always := Window{For: day}
	for _, test := range []struct {
		name    string
		windows []Window
		at      reducer.Time
		open    bool
	}{
		{"before", []Window{night}, 22*hour - 1, false},
		{"as it opens", []Window{night}, 22 * hour, true},
		{"after midnight", []Window{night}, 25 * hour, true},
		{"before it shuts", []Window{night}, 26*hour - 1, true},
		{"as it shuts", []Window{night}, 26 * hour, false},
		{"on the first day, from the day before", []Window{night}, hour, true},
		{"another day", []Window{weekend}, 23 * hour, false},
		{"Friday", []Window{weekend}, 47 * hour, true},
		{"Saturday after midnight", []Window{weekend}, 49 * hour, true},
		{"Friday after midnight", []Window{weekend}, 25 * hour, false},
		{"Sunday after midnight", []Window{weekend}, 73 * hour, true},
		{"Monday after midnight", []Window{weekend}, 97 * hour, false},
		{"all day", []Window{always}, 24*hour - 1, true},
		{"before 1970", []Window{night}, -1 * hour, true},
		{"the second of two", []Window{night, {From: 0, For: time.Hour}}, 48 * hour, true},
		{"none", nil, 0, false},
	} {
		if got := Open(test.windows, test.at); got != test.open {
			t.Errorf("%s: open is %v", test.name, got)
		}
	}
}

// TestOrders checks which orders change something and have an entry, and that a control plane
// restored from the log is the same.
func TestOrders(t *testing.T) {
	release := QuarantineEntry{Channel: "late", Closure: "z1"}
	for _, test := range []struct {
		name   string
		orders []Order
		want   string // the effects in the log
	}{
		{"pause", []Order{{Kind: PauseDispatch, Channel: "late"}}, "RemotePauseDispatch"},
		{"pause twice", []Order{
			{Kind: PauseDispatch, Channel: "late"}, {Kind: PauseDispatch, Channel: "late"},
		}, "RemotePauseDispatch"},
		{"pause all twice", []Order{{Kind: PauseDispatch}, {Kind: PauseDispatch}}, "RemotePauseDispatch"},
		{"resume without a pause", []Order{
			{Kind: ResumeDispatch}, {Kind: ResumeDispatch, Channel: "late"},
		}, ""},
		{"resume all after one", []Order{
			{Kind: PauseDispatch, Channel: "late"}, {Kind: ResumeDispatch},
		}, "RemotePauseDispatch RemoteResumeDispatch"},
		{"pause an unknown channel", []Order{{Kind: PauseDispatch, Channel: "nobody"}}, ""},
		{"quarantine", []Order{{Kind: QuarantineByHand, Entry: release}}, "RemoteInsertQuarantine"},
		{"quarantine twice", []Order{
			{Kind: QuarantineByHand, Entry: release}, {Kind: QuarantineByHand, Entry: release},
		}, "RemoteInsertQuarantine"},
		{"abort", []Order{{Kind: AbortRollout, Rollout: "late@z1"}}, "RemoteAbortRollout"},
		{"abort twice", []Order{
			{Kind: AbortRollout, Rollout: "late@z1"}, {Kind: AbortRollout, Rollout: "late@z1"},
		}, "RemoteAbortRollout"},
		{"abort an unknown rollout", []Order{{Kind: AbortRollout, Rollout: "late@z9"}}, ""},
		{"leave", []Order{{Kind: RemoveHost, Host: "x"}}, "RemoteRemoveHost"},
		{"leave twice", []Order{
			{Kind: RemoveHost, Host: "x"}, {Kind: RemoveHost, Host: "x"},
		}, "RemoteRemoveHost"},
		{"join from the fleet", []Order{{Kind: AddHost, Host: "x"}}, ""},
		{"come back", []Order{
			{Kind: RemoveHost, Host: "x"}, {Kind: AddHost, Host: "x"},
		}, "RemoteRemoveHost"},
		{"unknown hosts", []Order{
			{Kind: AddHost, Host: "nobody"}, {Kind: RemoveHost, Host: "nobody"},
		}, ""},
		{"no order", []Order{{}}, ""},
	} {
		c, _ := gated(t)
		var log Log
		for _, o := range test.orders {
			if err := c.Operate(second, o, &log); err != nil {
				t.Fatal(err)
			}
		}
		var effects []string
		for i := range log.Entries {
			effects = append(effects, log.Entries[i].HostEffect.Effect)
		}
		if got := strings.Join(effects, " "); got != test.want {
			t.Errorf("%s: effects %q, want %q", test.name, got, test.want)
		}
		before, _ := gated(t)
		for i := range log.Entries {
			if err := before.replay(&log.Entries[i]); err != nil {
				t.Fatal(err)
			}
		}
		before.rules, before.inv = c.rules, c.inv
		for _, d := range c.Diff(before) {
			t.Errorf("%s: lost by a restart: %s: %s", test.name, d.Subject, d.Detail)
		}
		changed := test.want != "" && !strings.HasSuffix(test.want, trace.RemoteResumeDispatch)
		if other, _ := gated(t); changed {
			other.inv = c.inv
			if len(c.Diff(other)) == 0 {
				t.Errorf("%s: the difference to a control plane without the orders is not found", test.name)
			}
		}
		if d := c.Clone().Diff(c); d != nil {
			t.Errorf("%s: a clone differs: %v", test.name, d)
		}
	}
}

// TestAbort checks that an aborted rollout dispatches nothing, also not again, and that its hosts
// count towards no budget for a dispatch that nobody acks.
func TestAbort(t *testing.T) {
	c, r := gated(t)
	var log Log
	if err := c.Plan(Tick{Now: second}, &log); err != nil {
		t.Fatal(err)
	}
	if len(log.Dispatches) == 0 || c.counted[0] == 0 {
		t.Fatalf("%d dispatches, %d counted", len(log.Dispatches), c.counted[0])
	}
	if err := c.Operate(second, Order{Kind: AbortRollout, Rollout: r.id}, &log); err != nil {
		t.Fatal(err)
	}
	log = Log{}
	for now := reducer.Time(0); now < 10; now++ {
		if err := c.Plan(Tick{Now: second + 60*now*second}, &log); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range log.Dispatches {
		if d.Rollout == r.id {
			t.Errorf("it is dispatched: %+v", d)
		}
	}
	if c.counted[0] != 0 {
		t.Errorf("the budget counts %d hosts", c.counted[0])
	}
	if got := c.Obstacle(r.id, "x"); got != "an operator has aborted the rollout" {
		t.Errorf("the obstacle is %q", got)
	}
}

// TestOrderNames checks that each order has a name, and that the shipped control plane refuses it.
func TestOrderNames(t *testing.T) {
	for k := PauseDispatch; k < orderEnd; k++ {
		err := new(shippedPlane).Operate(0, Order{Kind: k}, nil)
		if name := k.String(); name == "" || err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("order %d: %q, %v", k, name, err)
		}
	}
	if got := OrderKind(0).String() + OrderKind(99).String(); got != "OrderKind(0)OrderKind(99)" {
		t.Errorf("unknown orders are named %q", got)
	}
	if trace.Gates()[0] != trace.GateDispatchPause {
		t.Error("the pause is not the first gate")
	}
}
