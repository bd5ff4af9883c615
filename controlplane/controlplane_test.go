package controlplane

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

const second = reducer.Time(time.Second)

// twoChannels returns the configuration of two channels. The second waits for the first.
func twoChannels() *Config {
	policy := reducer.Policy{OnHealthFailure: reducer.RollbackAndHalt, RetentionSeconds: 3600}
	return &Config{
		Channels: []Channel{
			{
				ID: "stable", Policy: policy,
				Waves: []Wave{
					{Hosts: []reducer.HostID{"a"}, Soak: 10 * time.Minute},
					{Hosts: []reducer.HostID{"b", "c", "d"}},
				},
				HostEdges: []HostEdge{{Host: "c", After: "b"}},
			},
			{
				ID: "late", Policy: policy, After: []reducer.ChannelID{"stable"},
				Waves: []Wave{{Hosts: []reducer.HostID{"x", "y"}}},
			},
		},
		Budgets: []Budget{{Name: "few", Hosts: []string{"b", "d"}, MaxInFlight: 1}},
	}
}

// input is one input of a control plane.
type input func(c ControlPlane, out Output) error

func poll(now reducer.Time, channel uint32, ref reducer.ChannelRef) input {
	return func(c ControlPlane, out Output) error { return c.Poll(now, channel, ref, out) }
}

func plan(now reducer.Time) input {
	return func(c ControlPlane, out Output) error { return c.Plan(Tick{Now: now}, out) }
}

func expire(now reducer.Time, id reducer.RolloutID) input {
	return func(c ControlPlane, out Output) error { return c.Expire(now, id, out) }
}

func lift(now reducer.Time, e QuarantineEntry) input {
	return func(c ControlPlane, out Output) error { return c.Lift(now, e, out) }
}

func event(now reducer.Time, ev reducer.Event) input {
	ev.At = now
	return func(c ControlPlane, out Output) error { return c.Apply(now, &ev, out) }
}

func misroute(now reducer.Time, reached reducer.RolloutID, ev reducer.Event) input {
	ev.At = now
	return func(c ControlPlane, out Output) error { return c.Misroute(now, reached, &ev, out) }
}

func message(
	now reducer.Time, host uint32, id reducer.RolloutID, seq uint64, kind reducer.AgentEventKind,
) input {
	return func(c ControlPlane, out Output) error {
		m := &trace.AgentEvent{Kind: kind, Seq: seq}
		_, err := c.Receive(now, Message{Host: host, Rollout: id, Event: m}, out)
		return err
	}
}

// converge returns the messages by which the agent of a host reports a complete switch.
func converge(now reducer.Time, host uint32, id reducer.RolloutID) []input {
	return []input{
		message(now, host, id, 1, reducer.DispatchAck),
		message(now+second, host, id, 2, reducer.ActivationCompleted),
		message(now+2*second, host, id, 3, reducer.ProbesPassed),
	}
}

// story returns inputs that together change all of the state: a rollout of the first channel that
// rolls back and is pruned, a quarantine that is lifted, a second rollout, and one of the second
// channel.
func story() []input {
	list := []input{poll(0, 0, "r1"), poll(0, 1, "z1"), plan(0)}
	list = append(list, converge(10*second, 0, "stable@r1")...)
	list = append(
		list, plan(13*second), message(20*second, 1, "stable@r1", 1, reducer.DispatchAck),
		plan(21*second), message(22*second, 1, "stable@r1", 2, reducer.ActivationFailed), plan(23*second),
		message(24*second, 1, "stable@r1", 3, reducer.RollbackComplete), plan(25*second),
		lift(30*second, QuarantineEntry{Channel: "stable", Closure: "r1"}),
		poll(40*second, 0, "r2"), plan(40*second), plan(55*second), plan(101*second),
	)
	list = append(list, converge(110*second, 0, "stable@r2")...)
	list = append(list, plan(113*second))
	for i, host := range []uint32{1, 2, 3} {
		at := reducer.Time(120+10*i) * second
		list = append(append(list, converge(at, host, "stable@r2")...), plan(at+3*second))
	}
	list = append(list, plan(160*second))
	list = append(list, converge(170*second, 4, "late@z1")...)
	return append(
		list, plan(180*second), expire(3664*second, "stable@r1"), plan(3664*second),
		event(3700*second, reducer.Event{Kind: reducer.HostJoined, Rollout: "late@z1", Host: "new"}),
		misroute(3700*second, "late@z1", reducer.Event{
			Kind: reducer.HostJoined, Rollout: "stable@r2", Host: "new", Wave: 1,
		}),
	)
}

func inventory(t *testing.T, conf *Config) *Inventory {
	t.Helper()
	inv, err := NewInventory(conf)
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

func builder(t *testing.T, name Name) New {
	t.Helper()
	build, err := ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return build
}

func drive(t *testing.T, c ControlPlane, out Output, inputs []input) {
	t.Helper()
	for _, do := range inputs {
		if err := do(c, out); err != nil {
			t.Fatal(err)
		}
	}
}

// text renders what a control plane has done, without numbers.
func text(l *Log) string {
	var b strings.Builder
	var lines trace.Lines
	for i := range l.Entries {
		b.Write(lines.Append(nil, &l.Entries[i]))
		b.WriteByte('\n')
	}
	fmt.Fprintln(&b, l.Dispatches, l.Timers)
	return b.String()
}

// TestStory checks that story reaches the states, gates and attempts on which the other tests rely.
func TestStory(t *testing.T) {
	var log Log
	c := builder(t, Specified)(inventory(t, twoChannels()), reducer.RFC0008())
	drive(t, c, &log, story())
	for id, want := range map[reducer.RolloutID]reducer.State{
		"stable@r1": reducer.Pruned, "stable@r2": reducer.Terminal, "late@z1": reducer.Active,
	} {
		if r := c.Fleet().Rollout(id); r == nil || r.Record.State != want {
			t.Errorf("%s is not %v: %+v", id, want, r)
		}
	}
	gates := make(map[string]bool)
	attempts := 0
	for _, e := range log.Entries {
		if e.Gate != nil {
			gates[e.Gate.Gate] = true
		}
	}
	for _, d := range log.Dispatches {
		attempts = max(attempts, d.Attempt)
	}
	for _, gate := range []string{
		trace.GateChannelEdges, trace.GateWavePromotion, trace.GateHostEdge,
		trace.GateDisruptionBudget,
	} {
		if !gates[gate] {
			t.Errorf("gate %s never blocks", gate)
		}
	}
	if attempts != 2 {
		t.Errorf("%d attempts at most, want 2", attempts)
	}
}

// TestCloneIsIndependent clones a control plane before each input of a story. Clone and original
// must each continue like a control plane that was never cloned.
func TestCloneIsIndependent(t *testing.T) {
	for _, name := range Names() {
		inv, inputs := inventory(t, twoChannels()), story()
		var whole Log
		drive(t, builder(t, name)(inv, reducer.RFC0008()), &whole, inputs)
		for k := range inputs {
			original := builder(t, name)(inv, reducer.RFC0008())
			var log Log
			drive(t, original, &log, inputs[:k])
			copied := Log{
				slices.Clone(log.Entries), slices.Clone(log.Dispatches), slices.Clone(log.Timers),
			}
			clone := original.Clone()
			if diff := original.Diff(clone); diff != nil {
				t.Fatalf("%s, input %d: a clone differs: %v", name, k, diff)
			}
			drive(t, clone, &copied, inputs[k:])
			drive(t, original, &log, inputs[k:])
			if got, want := text(&copied), text(&whole); got != want {
				t.Fatalf("%s, input %d: the clone did\n%s\nwant\n%s", name, k, got, want)
			}
			if got, want := text(&log), text(&whole); got != want {
				t.Fatalf("%s, input %d: the original did\n%s\nwant\n%s", name, k, got, want)
			}
		}
	}
}

// TestRestartFindsEverything crashes a control plane before each input of a story. The restarted
// one must not differ, and must continue in the same way.
func TestRestartFindsEverything(t *testing.T) {
	for _, name := range []Name{Specified} {
		inv, inputs := inventory(t, twoChannels()), story()
		var whole Log
		drive(t, builder(t, name)(inv, reducer.RFC0008()), &whole, inputs)
		for k := range inputs {
			c := builder(t, name)(inv, reducer.RFC0008())
			var log Log
			drive(t, c, &log, inputs[:k])
			written := len(log.Entries)
			next, err := Restart(
				builder(t, name), inv, reducer.RFC0008(), 0, c.Durable(log.Entries), &log,
			)
			if err != nil {
				t.Fatal(err)
			}
			if len(log.Entries) > written {
				t.Fatalf("%s, input %d: the restart wrote entries", name, k)
			}
			if diff := c.Diff(next); diff != nil {
				t.Fatalf("%s, input %d: the restart lost %v", name, k, diff)
			}
			drive(t, next, &log, inputs[k:])
			if got, want := text(&log), text(&whole); got != want {
				t.Fatalf("%s, input %d: after the restart it did\n%s\nwant\n%s", name, k, got, want)
			}
		}
	}
}

// TestRestartReportsLostEntries removes entries from the log before a restart. Diff must name what
// is lost.
func TestRestartReportsLostEntries(t *testing.T) {
	inv := inventory(t, twoChannels())
	tests := map[string]struct {
		lost func(*trace.Entry) bool
		want string // subject of a difference
	}{
		"a poll":       {func(e *trace.Entry) bool { return e.Poll != nil }, "stable"},
		"a dispatch":   {func(e *trace.Entry) bool { return e.Plan != nil && e.Host == "x" }, "x"},
		"a message":    {func(e *trace.Entry) bool { return e.Agent != nil && e.Host == "x" }, "late@z1"},
		"a schedule":   {func(e *trace.Entry) bool { return e.Effect != nil }, "stable@r2"},
		"an event":     {func(e *trace.Entry) bool { return e.Event != nil && e.Host == "" }, "late@z1"},
		"a quarantine": {func(e *trace.Entry) bool { return e.HostEffect != nil }, "stable@r1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := builder(t, Specified)(inv, reducer.V02With("test", reducer.Differences()[3:4]))
			var log Log
			inputs := story()
			if name == "a quarantine" {
				inputs = inputs[:13] // before it is lifted
			}
			drive(t, c, &log, inputs)
			kept := slices.DeleteFunc(
				slices.Clone(log.Entries), func(e trace.Entry) bool { return tt.lost(&e) },
			)
			next, err := Restart(
				builder(t, Specified), inv, reducer.V02With("test", reducer.Differences()[3:4]), 0,
				c.Durable(kept), &log,
			)
			if err != nil {
				t.Fatal(err)
			}
			diff := c.Diff(next)
			if !slices.ContainsFunc(diff, func(d Difference) bool { return d.Subject == tt.want }) {
				t.Errorf("no difference names %s: %v", tt.want, diff)
			}
		})
	}
}

// TestDiffNamesEachDifference changes one thing at a time.
func TestDiffNamesEachDifference(t *testing.T) {
	tests := []struct {
		name   string
		change func(p *plane)
		want   []string // subject and detail
	}{
		{"nothing", func(*plane) {}, nil},
		{
			"a record", func(p *plane) { p.rollouts[0].fold.Record.CurrentWave = 7 },
			[]string{"stable@r1: the record is Superseded at wave 1, and Superseded at wave 7 in the other"},
		},
		{
			"a host's state",
			func(p *plane) { p.rollouts[2].fold.Hosts()[0].State = reducer.HostSoaking },
			[]string{"stable@r2: its hosts are in other states in the other"},
		},
		{
			"a rollout more",
			func(p *plane) {
				ev := reducer.Event{Kind: reducer.RolloutOpened, Rollout: "late@z2", Channel: "late"}
				if err := p.fleet.Apply(&ev, 0, &p.outcome); err != nil {
					t.Fatal(err)
				}
			},
			[]string{"late@z2: only the other has the rollout"},
		},
		{
			"a ref seen", func(p *plane) { p.seen[1] = "z9" },
			[]string{`late: the last poll saw ref "z1", and "z9" in the other`},
		},
		{
			"a last dispatch", func(p *plane) { p.hosts[0].current = noRollout },
			[]string{`a: its last dispatch was for rollout "stable@r2", and for "" in the other`},
		},
		{
			"a quarantined closure of a rollout",
			func(p *plane) { p.quarantine.add(QuarantineEntry{Channel: "stable", Closure: "r2"}) },
			[]string{"stable@r2: closure r2 is quarantined in one of them only"},
		},
		{
			"a quarantined closure of no rollout",
			func(p *plane) { p.quarantine.add(QuarantineEntry{Channel: "stable", Closure: "r9"}) },
			[]string{"stable r9: it is quarantined in one of them only"},
		},
		{
			"a timer", func(p *plane) { p.rollouts[2].timer = reducer.Some(5 * second) },
			[]string{"stable@r2: its retention expires never, and at 1970-01-01T00:00:05Z in the other"},
		},
		{
			"a dispatched member", func(p *plane) { p.rollouts[1].members[0].dispatched = true },
			[]string{"late@z1: the dispatches to its hosts, or the messages from them, differ"},
		},
		{
			"the last message of a member", func(p *plane) { p.rollouts[2].members[0].seq++ },
			[]string{"stable@r2: the dispatches to its hosts, or the messages from them, differ"},
		},
	}
	c := builder(t, Specified)(inventory(t, twoChannels()), reducer.RFC0008())
	drive(t, c, &Log{}, story()[:18])
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			other := c.Clone().(*plane)
			tt.change(other)
			var got []string
			for _, d := range c.Diff(other) {
				got = append(got, d.Subject+": "+d.Detail)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if back := other.Diff(c); len(back) != len(tt.want) {
				t.Errorf("the other way round: %v", back)
			}
		})
	}
}

func TestDiffOfTwoKinds(t *testing.T) {
	inv := inventory(t, twoChannels())
	a, b := builder(t, Specified)(inv, reducer.RFC0008()), builder(t, Shipped)(inv, reducer.RFC0008())
	if diff := a.Diff(b); len(diff) != 1 {
		t.Errorf("two kinds: %v", diff)
	}
	c := builder(t, Specified)(inventory(t, twoChannels()), reducer.RFC0008())
	if diff := a.Diff(c); len(diff) != 1 {
		t.Errorf("two inventories: %v", diff)
	}
}

func TestByName(t *testing.T) {
	inv := inventory(t, twoChannels())
	for _, name := range Names() {
		_, tables := builder(t, name)(inv, reducer.RFC0008()).(Production)
		if tables != (name == Shipped) {
			t.Errorf("%s is production: %v", name, tables)
		}
	}
	if p := builder(t, "")(inv, reducer.RFC0008()).(*plane); p.rules != (specified{}) {
		t.Errorf("the empty name stands for %T", p.rules)
	}
	_, err := ByName("shippd")
	if err == nil || !strings.Contains(err.Error(), `"specified" "shipped" "none"`) {
		t.Errorf("a mistyped name: %v", err)
	}
}

// TestFailureOfTheMachine checks that each input, and a restart, returns a failure of the machine
// at once.
func TestFailureOfTheMachine(t *testing.T) {
	inv := inventory(t, twoChannels())
	for k, do := range story() {
		m := &failing{Machine: reducer.RFC0008()}
		c := builder(t, Specified)(inv, m)
		var log Log
		drive(t, c, &log, story()[:k])
		m.fails, m.asked = true, 0
		err := do(c, &log)
		if m.asked > 1 {
			t.Errorf("input %d: the machine was asked %d times", k, m.asked)
		}
		if asked := m.asked > 0; errors.As(err, new(*reducer.MachineFailure)) != asked {
			t.Errorf("input %d: machine asked: %v, error %v", k, asked, err)
		}
	}
	var log Log
	drive(t, builder(t, Specified)(inv, reducer.RFC0008()), &log, story())
	_, err := Restart(
		builder(t, Specified), inv, &failing{Machine: reducer.RFC0008(), fails: true}, 0,
		Durable{Log: log.Entries}, &log,
	)
	if !errors.As(err, new(*reducer.MachineFailure)) {
		t.Errorf("a restart: %v", err)
	}
}

// failing is a machine that stops answering.
type failing struct {
	reducer.Machine
	fails bool
	asked int
}

func (f *failing) Step(
	rec *reducer.Record, ev *reducer.Event, now reducer.Time, p reducer.Policy, out *reducer.Effects,
) error {
	f.asked++
	if f.fails {
		return &reducer.MachineFailure{Machine: f.Name(), Err: errors.New("no answer")}
	}
	return f.Machine.Step(rec, ev, now, p, out)
}
