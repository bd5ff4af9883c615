package controlplane

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// oneWave returns the configuration of a channel with four hosts in one wave.
func oneWave() *Config {
	return &Config{Channels: []Channel{{
		ID: "stable", Policy: reducer.DefaultPolicy(),
		Waves: []Wave{{Hosts: []reducer.HostID{"a", "b", "c", "d"}, Soak: time.Minute}},
	}}}
}

// start opens stable@r1 and returns the control plane before its first plan.
func start(t *testing.T, name Name, conf *Config) (ControlPlane, *Log) {
	t.Helper()
	c, log := builder(t, name)(inventory(t, conf), reducer.RFC0008()), &Log{}
	drive(t, c, log, []input{poll(0, 0, "r1")})
	return c, log
}

// sent returns the hosts that were dispatched since the last call.
func sent(l *Log) []uint32 {
	var hosts []uint32
	for _, d := range l.Dispatches {
		hosts = append(hosts, d.Host)
	}
	l.Dispatches = nil
	return hosts
}

// gates returns the host and gate of each gate decision since the last call.
func gates(l *Log) []string {
	var found []string
	for _, e := range l.Entries {
		if e.Gate != nil {
			found = append(found, string(e.Gate.Host)+" "+e.Gate.Gate)
		}
	}
	l.Entries = nil
	return found
}

func same[T comparable](t *testing.T, what string, got []T, want ...T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestBudget(t *testing.T) {
	conf := oneWave()
	conf.Budgets = []Budget{{Name: "two", Hosts: []string{"[abc]"}, MaxInFlight: 2}}
	c, log := start(t, Specified, conf)
	drive(t, c, log, []input{plan(0)})
	same(t, "dispatched at once", sent(log), 0, 1, 3)
	same(t, "blocked at once", gates(log), "c disruption-budget")
	same(t, "counted", c.Counted(0), 0, 1)

	drive(t, c, log, []input{plan(second)})
	same(t, "blocked again for the same reason", gates(log))

	drive(t, c, log, converge(2*second, 0, "stable@r1")[:2])
	drive(t, c, log, []input{plan(3 * second)})
	same(t, "dispatched while a soaks", sent(log))
	drive(t, c, log, converge(2*second, 0, "stable@r1")[2:])
	drive(t, c, log, []input{plan(4 * second)})
	same(t, "dispatched once a is Converged", sent(log), 2)
	same(t, "counted then", c.Counted(0), 1, 2)
}

func TestHostEdges(t *testing.T) {
	conf := oneWave()
	conf.Channels[0].HostEdges = []HostEdge{{Host: "a", After: "b"}, {Host: "a", After: "c"}}
	c, log := start(t, Specified, conf)
	drive(t, c, log, []input{plan(0)})
	same(t, "dispatched", sent(log), 1, 2, 3)
	same(t, "blocked", gates(log), "a host-edge")
	drive(t, c, log, converge(second, 1, "stable@r1"))
	drive(t, c, log, []input{plan(4 * second)})
	same(t, "dispatched after b", sent(log))
	same(t, "blocked for another reason", gates(log), "a host-edge")
	drive(t, c, log, converge(5*second, 2, "stable@r1"))
	drive(t, c, log, []input{plan(8 * second)})
	same(t, "dispatched after b and c", sent(log), 0)
}

// TestGatesInOrder blocks a host by every gate and opens one after the other. The first closed gate
// must be the one reported.
func TestGatesInOrder(t *testing.T) {
	conf := twoChannels()
	conf.Channels[1].Waves = []Wave{{}, {Hosts: []reducer.HostID{"x", "y"}}}
	conf.Channels[1].HostEdges = []HostEdge{{Host: "x", After: "y"}}
	conf.Budgets = []Budget{{Name: "one", Hosts: []string{"x", "y"}, MaxInFlight: 1}}
	inv := inventory(t, conf)
	c := newPlane(specified{}, inv, reducer.RFC0008())
	log := &Log{}
	drive(t, c, log, []input{poll(0, 1, "z1")})
	r := c.rollouts[0]
	c.quarantine.add(r.release)
	step := step{c, 0, log}
	for _, pass := range []struct {
		want string
		open func() // opens the gate
	}{
		{trace.GateQuarantine, func() { c.quarantine.remove(r.release) }},
		{trace.GateChannelEdges, func() { r.channel.After = nil }},
		{trace.GateWavePromotion, func() { r.fold.Record.CurrentWave = 1 }},
	} {
		if why := step.waveGate(r, r.wave(1)); why.gate() != pass.want || why.String() == "" {
			t.Fatalf("got gate %q: %q, want %s", why.gate(), &why, pass.want)
		}
		pass.open()
	}
	if why := step.waveGate(r, r.wave(1)); why.blocks() {
		t.Errorf("gate %s blocks the wave although all are open", why.gate())
	}
	c.counted[0] = 1
	for _, pass := range []struct {
		want string
		open func()
	}{
		{trace.GateHostEdge, func() { r.fold.Hosts()[1].State = reducer.HostDeferred }},
		{trace.GateDisruptionBudget, func() { c.counted[0] = 0 }},
		{"", func() {}},
	} {
		if why := step.hostGate(r, r.members[0].host); why.gate() != pass.want {
			t.Fatalf("got gate %q, want %q", why.gate(), pass.want)
		}
		pass.open()
	}
}

// TestHalt checks that a Failed host halts its rollout.
func TestHalt(t *testing.T) {
	for _, fails := range []bool{true, false} {
		conf := oneWave()
		conf.Channels[0].HostEdges = []HostEdge{{Host: "c", After: "b"}}
		c, log := start(t, Specified, conf)
		drive(t, c, log, []input{plan(0)})
		drive(t, c, log, converge(second, 1, "stable@r1"))
		drive(t, c, log, []input{message(2*second, 0, "stable@r1", 1, reducer.DispatchAck)})
		want := []uint32{2}
		if fails {
			drive(t, c, log, []input{message(3*second, 0, "stable@r1", 2, reducer.ActivationFailed)})
			want = nil
		}
		sent(log)
		drive(t, c, log, []input{plan(4 * second)})
		same(t, fmt.Sprintf("a host fails: %v", fails), sent(log), want...)
	}
}

func TestResend(t *testing.T) {
	attempts := func(l *Log) (all []int) {
		for _, d := range l.Dispatches {
			all = append(all, d.Attempt)
		}
		l.Dispatches = nil
		return all
	}
	conf := oneWave()
	conf.Channels[0].Waves[0].Hosts = []reducer.HostID{"a"}
	c, log := start(t, Specified, conf)
	drive(t, c, log, []input{plan(0)})
	same(t, "at first", attempts(log), 1)
	drive(t, c, log, []input{plan(60*second - 1)})
	same(t, "just before a minute", attempts(log))
	drive(t, c, log, []input{plan(60 * second)})
	same(t, "after a minute", attempts(log), 2)

	closure := QuarantineEntry{Channel: "stable", Closure: "r1"}
	c.(*plane).quarantine.add(closure)
	drive(t, c, log, []input{plan(120 * second), plan(135 * second)})
	same(t, "while it is quarantined", attempts(log))
	next, err := Restart(builder(t, Specified), inventory(t, conf), reducer.RFC0008(), 136*second,
		c.Durable(log.Entries), log)
	if err != nil {
		t.Fatal(err)
	}
	next.(*plane).quarantine.add(closure) // no entry says so in this test
	drive(t, next, log, []input{plan(136 * second)})
	same(t, "while it is quarantined, after a restart", attempts(log))
	for _, pass := range []struct {
		plane ControlPlane
		what  string
	}{{c, "once it is lifted"}, {next, "once it is lifted, after a restart"}} {
		restarted := Log{}
		drive(t, pass.plane, &restarted, []input{lift(137*second, closure), plan(137 * second)})
		same(t, pass.what, attempts(&restarted), 3)
		drive(t, pass.plane, &restarted, []input{plan(197*second - 1)})
		same(t, pass.what+", within the next minute", attempts(&restarted))
		drive(t, pass.plane, &restarted, []input{plan(197 * second)})
		same(t, pass.what+", after the next minute", attempts(&restarted), 4)
	}

	drive(t, c, log, []input{
		message(181*second, 0, "stable@r1", 1, reducer.DispatchAck), plan(300 * second),
	})
	same(t, "after the ack", attempts(log))
}

// TestOrder checks that the specified control plane ignores the order of the tick.
func TestOrder(t *testing.T) {
	conf := oneWave()
	conf.Budgets = []Budget{{Name: "two", Hosts: []string{"[abd]"}, MaxInFlight: 2}}
	c, log := start(t, Specified, conf)
	if err := c.Plan(Tick{Order: []uint32{3, 1, 0, 2}}, log); err != nil {
		t.Fatal(err)
	}
	same(t, "dispatched", sent(log), 0, 1, 2)
}

// TestNone checks that a control plane that plans nothing still opens rollouts.
func TestNone(t *testing.T) {
	c, log := start(t, None, oneWave())
	drive(t, c, log, []input{
		plan(0), plan(60 * second), poll(61*second, 0, "r2"), plan(61 * second),
	})
	if r := c.Fleet().Rollout("stable@r1"); r == nil || r.Record.State != reducer.Superseded {
		t.Errorf("the first rollout: %+v", r)
	}
	if len(log.Dispatches) > 0 || len(log.Timers) > 0 {
		t.Errorf("dispatches %v, timers %v", log.Dispatches, log.Timers)
	}
}

func TestReceive(t *testing.T) {
	c, log := start(t, Specified, oneWave())
	drive(t, c, log, []input{plan(0)})
	tests := []struct {
		name   string
		host   uint32
		id     reducer.RolloutID
		seq    uint64
		acked  bool
		logged bool
	}{
		{"one that comes too early", 0, "stable@r1", 2, false, false},
		{"the first", 0, "stable@r1", 1, true, true},
		{"the first again", 0, "stable@r1", 1, true, false},
		{"the second", 0, "stable@r1", 2, true, true},
		{"another host's", 1, "stable@r1", 1, true, true},
		{"one of an unknown rollout", 0, "stable@r9", 1, true, true},
	}
	for _, tt := range tests {
		log.Entries = nil
		acked, err := c.Receive(0, Message{
			Host: tt.host, Rollout: tt.id,
			Event: &trace.AgentEvent{Kind: reducer.DispatchAck, Seq: tt.seq},
		}, log)
		if err != nil {
			t.Fatal(err)
		}
		logged := len(log.Entries) > 0 && log.Entries[0].Agent != nil
		if acked != tt.acked || logged != tt.logged {
			t.Errorf("%s: acked %v, logged %v", tt.name, acked, logged)
		}
	}
	if h, _ := c.Fleet().Rollout("stable@r1").Host("a"); h.State != reducer.HostActivating {
		t.Errorf("host a is %v", h.State)
	}
}

// TestLateMessages checks that a message for an older rollout moves no host, and that a rollback
// under a pruned rollout quarantines its closure.
func TestLateMessages(t *testing.T) {
	c, log := start(t, Specified, oneWave())
	drive(t, c, log, []input{
		plan(0), poll(second, 0, "r2"), plan(second),
		message(2*second, 0, "stable@r1", 1, reducer.DispatchAck),
	})
	if h, _ := c.Fleet().Rollout("stable@r1").Host("a"); h.State != reducer.HostPending {
		t.Errorf("a late ack moves the host to %v", h.State)
	}
	closure := QuarantineEntry{Channel: "stable", Closure: "r2"}
	drive(t, c, log, []input{
		message(3*second, 0, "stable@r2", 1, reducer.DispatchAck),
		poll(4*second, 0, "r3"), expire(5*second, "stable@r2"),
		message(6*second, 0, "stable@r2", 2, reducer.ActivationFailed),
	})
	if c.(*plane).quarantine.has(closure) {
		t.Error("a failure quarantines")
	}
	drive(t, c, log, []input{message(7*second, 0, "stable@r2", 3, reducer.RollbackComplete)})
	if !c.(*plane).quarantine.has(closure) {
		t.Error("a rollback under a pruned rollout does not quarantine")
	}
}

func TestObstacle(t *testing.T) {
	conf := oneWave()
	conf.Channels[0].Waves = append(conf.Channels[0].Waves, Wave{Hosts: []reducer.HostID{"e"}})
	c, log := start(t, Specified, conf)
	check := func(id reducer.RolloutID, host reducer.HostID, want string) {
		t.Helper()
		if got := c.Obstacle(id, host); got != want {
			t.Errorf("host %s of %s: got %q, want %q", host, id, got, want)
		}
	}
	check("stable@r1", "a", "not dispatched")
	drive(t, c, log, []input{
		event(0, reducer.Event{Kind: reducer.HostJoined, Rollout: "stable@r1", Host: "stranger"}),
		plan(0),
	})
	check("stable@r1", "a", "dispatched, never acked")
	check("stable@r1", "e", "blocked by wave-promotion: host_wave=1 > current_wave=0")
	check("stable@r1", "stranger", "not a host of this scenario")
	check("stable@r1", "nobody", "the host has not joined")
	check("stable@r9", "a", "the rollout is not known")
	drive(t, c, log, []input{
		message(second, 0, "stable@r1", 1, reducer.DispatchAck),
		message(second, 0, "stable@r1", 2, reducer.ActivationFailed),
	})
	check("stable@r1", "e", "not dispatched while a host is Failed")
}

// TestCursorStops runs the planner with a machine that ignores WaveAdvanced, and with one that
// cycles between two states.
func TestCursorStops(t *testing.T) {
	conf := twoChannels()
	cells := reducer.RFC0008().Cells()
	cells[reducer.Active][reducer.WaveAdvanced] = reducer.Cell{{Do: reducer.Ignore}}
	run := func(name string) (ControlPlane, error) {
		c := builder(t, Specified)(inventory(t, conf), reducer.NewTable(name, cells, true))
		var log Log
		drive(t, c, &log, append([]input{poll(0, 0, "r1"), plan(0)}, converge(0, 0, "stable@r1")...))
		return c, c.Plan(Tick{Now: 3 * second}, &log)
	}
	c, err := run("deaf")
	if err != nil || c.PlanNeeded() {
		t.Errorf("a machine that ignores WaveAdvanced: %v, plan needed %v", err, c.PlanNeeded())
	}
	var log Log
	drive(t, c, &log, []input{plan(4 * second)})
	if len(log.Entries) != 1 || log.Entries[0].Event == nil {
		t.Errorf("the next plan writes %d entries, want the ignored event once more", len(log.Entries))
	}
	cells[reducer.Active][reducer.WaveAdvanced] = reducer.Cell{
		{Do: reducer.Go, To: reducer.Converging},
	}
	cells[reducer.Converging][reducer.WaveAdvanced] = reducer.Cell{
		{Do: reducer.Go, To: reducer.Active},
	}
	if _, err := run("round"); !errors.Is(err, ErrRunaway) {
		t.Errorf("a machine that cycles between states: %v, want ErrRunaway", err)
	}
}
