package sim

import (
	"slices"
	"testing"
	"time"

	"rollsim/controlplane"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// plane is a control plane that records its inputs.
type plane struct {
	controlplane.ControlPlane
	inputs []string
	needed bool
	lost   []controlplane.Difference // what Diff returns
}

func (p *plane) input(name string) { p.inputs = append(p.inputs, name) }

func (p *plane) Poll(
	reducer.Time, uint32, reducer.ChannelRef, controlplane.Output,
) error {
	p.input("poll")
	return nil
}

func (p *plane) Plan(controlplane.Tick, controlplane.Output) error {
	p.input("plan")
	return nil
}

func (p *plane) Receive(
	reducer.Time, controlplane.Message, controlplane.Output,
) (bool, error) {
	p.input("receive")
	return true, nil
}

func (p *plane) Expire(reducer.Time, reducer.RolloutID, controlplane.Output) error {
	p.input("expire")
	return nil
}

func (p *plane) Lift(reducer.Time, QuarantineEntry, controlplane.Output) error {
	p.input("lift")
	return nil
}

func (p *plane) Restore(reducer.Time, controlplane.Durable, controlplane.Output) error {
	p.input("restore")
	return nil
}

func (p *plane) Durable([]trace.Entry) controlplane.Durable { return controlplane.Durable{} }

func (p *plane) Diff(controlplane.ControlPlane) []controlplane.Difference { return p.lost }

func (p *plane) Fleet() *reducer.Fleet { return nil }

func (p *plane) PlanNeeded() bool { return p.needed }

// newDriver returns a driver of first, whose restart returns next.
func newDriver(t *testing.T, first, next *plane) *driver {
	t.Helper()
	c := &clock{}
	d := &driver{
		polled: make([]reducer.ChannelRef, 1),
		plane:  first, inv: threeHosts(t), clock: c, chance: &chance{clock: c}, rollouts: &rollouts{},
		build: func(*controlplane.Inventory, reducer.Machine) controlplane.ControlPlane { return next },
		record: &recorder{
			clock: c, check: invariant.NewChecker(nil, &trace.Header{}),
		},
	}
	d.agents = &agents{network: &network{
		record: d.record, inv: d.inv, rollouts: d.rollouts, links: make([]link, d.inv.Hosts()),
	}}
	d.rollouts.open("stable@r1", "r1")
	return d
}

func (p *plane) expect(t *testing.T, what string, want ...string) {
	t.Helper()
	if !slices.Equal(p.inputs, want) {
		t.Errorf("%s: inputs %v, want %v", what, p.inputs, want)
	}
	p.inputs = nil
}

func TestDriverPlans(t *testing.T) {
	p := &plane{}
	d := newDriver(t, p, nil)
	if d.plan() {
		t.Error("a plan is due before the first tick")
	}
	d.tick()
	if !d.plan() || d.plan() {
		t.Error("a tick must make one plan due")
	}
	p.needed = true
	if !d.plan() {
		t.Error("no plan although one is needed")
	}
	p.expect(t, "plans", "plan", "plan")
}

func TestDriverCrash(t *testing.T) {
	first, next := &plane{needed: true}, &plane{}
	d := newDriver(t, first, next)
	inputs := func() (acked bool) {
		d.poll(0, &Channel{ID: "stable"}, "r1")
		acked = d.receive(0, 0, &trace.AgentEvent{})
		d.operate(&Action{Lift: &QuarantineEntry{}})
		d.plan()
		return acked
	}
	if !inputs() {
		t.Error("a message before the crash is not acknowledged")
	}
	first.expect(t, "before the crash", "poll", "receive", "lift", "plan")
	d.crash(time.Minute)
	if inputs() {
		t.Error("a message during the crash is acknowledged")
	}
	first.expect(t, "during the crash")
	if !d.clock.advance(reducer.Time(time.Minute)) || d.clock.elapsed() != time.Minute {
		t.Error("no restart is scheduled after a minute")
	}
	d.restart()
	d.plan()
	next.expect(t, "after the restart", "restore", "lift", "plan")
	if found := d.record.check.Found(); len(found) > 0 {
		t.Errorf("a restart without loss reports %v", found)
	}

	next.lost = []controlplane.Difference{{Subject: "stable@r1"}}
	d.crash(time.Minute)
	d.restart()
	found := d.record.check.Found()
	if len(found) != 1 || found[0].Invariant != invariant.FoldIsLive ||
		found[0].Subject != "stable@r1" {
		t.Errorf("a restart with a loss reports %v", found)
	}
}

func TestDriverTimers(t *testing.T) {
	p := &plane{}
	d := newDriver(t, p, p)
	d.Arm("stable@r1", 5)
	d.Arm("stable@r1", 7)
	for d.clock.advance(10) {
		x, _ := d.clock.pop()
		d.expire(x.a(), x.b)
	}
	p.expect(t, "a timer that was replaced", "expire")
	d.Arm("stable@r1", 20)
	d.crash(time.Hour)
	d.expire(0, d.rollouts.list[0].timer)
	p.expect(t, "during the crash")
}
