package controlplane

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// shippedConfig returns two channels: s with waves of a, of b and c, and host o outside of them;
// and t without waves, which waits for s.
func shippedConfig(mended ...Defect) *Config {
	return &Config{
		Channels: []Channel{
			{
				ID: "s", Policy: reducer.Policy{OnHealthFailure: reducer.RollbackAndHalt},
				Waves: []Wave{
					{Hosts: []reducer.HostID{"a"}, Soak: time.Minute},
					{Hosts: []reducer.HostID{"b", "c"}, Soak: time.Minute},
				},
				Outside:   []reducer.HostID{"o"},
				HostEdges: []HostEdge{{Host: "c", After: "b"}},
			},
			{ID: "t", Outside: []reducer.HostID{"x"}, After: []reducer.ChannelID{"s"}},
		},
		Mended: mended,
	}
}

// shippedRun drives a shipped control plane with v0.2.
type shippedRun struct {
	*shippedPlane
	t   *testing.T
	log Log
	now reducer.Time
}

func newShippedRun(t *testing.T, conf *Config) *shippedRun {
	t.Helper()
	p := newShipped(inventory(t, conf), reducer.V02()).(*shippedPlane)
	return &shippedRun{shippedPlane: p, t: t}
}

// polls makes a poll find refs, one for each channel; empty is no manifest.
func (r *shippedRun) polls(refs ...reducer.ChannelRef) {
	r.t.Helper()
	var answers []Answer
	for i, ref := range refs {
		answers = append(answers, Answer{Channel: uint32(i), Ref: ref, Readable: ref != ""})
	}
	r.now += second
	if err := r.Refresh(Tick{Now: r.now}, answers, &r.log); err != nil {
		r.t.Fatal(err)
	}
}

// runs makes a run by the ticker, and returns what it decides about each host.
func (r *shippedRun) runs() string {
	r.t.Helper()
	r.now += second
	before := len(r.log.Entries)
	if err := r.Plan(Tick{Now: r.now}, &r.log); err != nil {
		r.t.Fatal(err)
	}
	var all []string
	for _, e := range r.log.Entries[before:] {
		switch {
		case e.Gate != nil:
			all = append(all, fmt.Sprintf("%s %s", e.Host, e.Gate.Gate))
		case e.Plan != nil && e.Plan.Action == trace.QueueDispatch:
			all = append(all, string(e.Host))
		}
	}
	return strings.Join(all, ", ")
}

// says passes messages of a host to the control plane, and reports whether the last is acked.
func (r *shippedRun) says(host reducer.HostID, id reducer.RolloutID, all ...trace.AgentEvent) bool {
	r.t.Helper()
	n, _ := r.inv.Host(host)
	acked := false
	for i := range all {
		m := all[i]
		o := r.byID[id]
		if m.Seq == 0 {
			m.Seq = o.records[o.slot(r.inv, n)].seq + 1
		}
		if m.At == 0 {
			m.At = r.now + 3600*second
		}
		if m.Closure == "" {
			m.Closure = reducer.ClosureHash(o.fold.Record.TargetRef)
		}
		r.now += second
		var err error
		if acked, err = r.Receive(r.now, Message{Host: n, Rollout: id, Event: &m}, &r.log); err != nil {
			r.t.Fatal(err)
		}
	}
	return acked
}

var (
	acks      = trace.AgentEvent{Kind: reducer.DispatchAck}
	completes = trace.AgentEvent{Kind: reducer.ActivationCompleted}
	fails     = trace.AgentEvent{Kind: reducer.ActivationFailed}
	reverts   = trace.AgentEvent{Kind: reducer.RollbackComplete}
	passes    = trace.AgentEvent{Kind: reducer.ProbeResult, Probe: "p", Passed: true}
	misses    = trace.AgentEvent{Kind: reducer.ProbeResult, Probe: "p"}
	converges = trace.AgentEvent{Kind: reducer.ProbesPassed}
)

// beats passes on a heartbeat of a host that runs a closure.
func (r *shippedRun) beats(host reducer.HostID, closure reducer.ClosureHash) []Snapshot {
	r.t.Helper()
	n, _ := r.inv.Host(host)
	r.now += second
	answer, err := r.Heartbeat(r.now, Heartbeat{
		Host: n, Closure: closure, At: r.now,
		Unsent: func(reducer.RolloutID) bool { return host == "c" },
	}, &r.log)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer
}

func (r *shippedRun) want(what, got, want string) {
	r.t.Helper()
	if got != want {
		r.t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// state returns the state of a host under a rollout.
func (r *shippedRun) state(id reducer.RolloutID, host reducer.HostID) reducer.HostState {
	h, _ := r.byID[id].fold.Host(host)
	return h.State
}

// TestShippedGates checks each gate in the state in which it blocks, and in one in which it does
// not.
func TestShippedGates(t *testing.T) {
	r := newShippedRun(t, shippedConfig())
	r.polls("r1", "r1")
	r.want("at first", r.runs(), "a, b wave-promotion, c wave-promotion, "+
		"o wave-promotion-host-unstaged, x channel-edges")
	r.want("again", r.runs(), "a, b wave-promotion, c wave-promotion, "+
		"o wave-promotion-host-unstaged, x channel-edges")
	reasons := make(map[string]string)
	for _, e := range r.log.Entries {
		if e.Gate != nil {
			reasons[e.Gate.Gate] = e.Gate.Reason
		}
	}
	r.want("reason", reasons[trace.GateWavePromotion], "wave-promotion: host_wave=1 > current_wave=0")
	r.want("reason", reasons[trace.GateChannelEdges],
		"channelEdges predecessor channel 's' not converged")
	if !strings.HasPrefix(reasons[trace.GateHostUnstaged], "wave-promotion: channel 's' declares "+
		"waves but this host is not assigned to any of them") {
		t.Error(reasons[trace.GateHostUnstaged])
	}
	r.says("a", "s@r1", acks, completes, converges)
	r.want("once wave 0 has converged", r.runs(), "b, c host-edge, o wave-promotion-host-unstaged, "+
		"x channel-edges")
	last := r.log.Entries[len(r.log.Entries)-3]
	r.want("reason", last.Gate.Reason, "host-edge: gating host 'b' not yet Converged")

	// Without a manifest of s nobody waits for it, and its hosts are not planned.
	r.polls("", "r1")
	r.want("without a manifest of s", r.runs(), "x")
}

// TestShippedBudgets checks what a budget counts: hosts in flight under current rollouts, and those
// that the same run has queued.
func TestShippedBudgets(t *testing.T) {
	for _, tt := range []struct {
		budget Budget
		mended []Defect
		first  string // of two runs before an ack
		second string
	}{
		{
			Budget{MaxInFlight: 1, Selector: "hosts:b,c"}, nil,
			"b, c disruption-budget", "b, c disruption-budget",
		},
		{Budget{MaxInFlight: 2, Selector: "hosts:b,c"}, nil, "b, c", "b, c"},
		{Budget{Percent: 1, Selector: "hosts:b,c"}, nil, "b, c", "b, c"},
		{
			Budget{MaxInFlight: 1, Selector: "all"}, []Defect{BudgetOvershoot},
			"b, c disruption-budget", "b, c disruption-budget",
		},
	} {
		conf := shippedConfig(tt.mended...)
		conf.Channels = conf.Channels[:1]
		conf.Channels[0].Waves, conf.Channels[0].HostEdges = conf.Channels[0].Waves[1:], nil
		conf.Channels[0].Outside = nil
		conf.Budgets = []Budget{tt.budget}
		r := newShippedRun(t, conf)
		r.polls("r1")
		r.want(tt.budget.Selector, r.runs(), tt.first)
		r.want(tt.budget.Selector, r.runs(), tt.second)
	}

	// A dispatch of an earlier run that is not acked is counted only if BudgetOvershoot is fixed.
	for want, mended := range map[string][]Defect{
		"c, b": nil, "c disruption-budget, b": {BudgetOvershoot},
	} {
		conf := shippedConfig(mended...)
		conf.Channels = conf.Channels[:1]
		conf.Channels[0].Waves, conf.Channels[0].HostEdges = conf.Channels[0].Waves[1:], nil
		conf.Channels[0].Outside = nil
		conf.Budgets = []Budget{{Selector: "all", MaxInFlight: 1}}
		r := newShippedRun(t, conf)
		r.polls("r1")
		r.want("first", r.runs(), "b, c disruption-budget")
		c, _ := r.inv.Host("c")
		b, _ := r.inv.Host("b")
		before := len(r.log.Entries)
		if err := r.Plan(Tick{Now: r.now + second, Order: []uint32{c, b}}, &r.log); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range r.log.Entries[before:] {
			text := string(e.Host)
			if e.Gate != nil {
				text += " " + e.Gate.Gate
			}
			got = append(got, text)
		}
		if want == "c, b" {
			want = "c, b disruption-budget" // the run counts what it has queued itself
		}
		r.want("the other order", strings.Join(got, ", "), want)
	}
}

// TestShippedBudgetOfSuperseded: with BudgetOvershoot fixed, a superseded rollout counts a host
// until the host has acked a dispatch of a later one.
func TestShippedBudgetOfSuperseded(t *testing.T) {
	conf := shippedConfig(BudgetOvershoot)
	conf.Channels = conf.Channels[:1]
	conf.Channels[0].Waves, conf.Channels[0].HostEdges = conf.Channels[0].Waves[1:], nil
	conf.Channels[0].Outside = nil
	conf.Budgets = []Budget{{Selector: "all", MaxInFlight: 2}}
	r := newShippedRun(t, conf)
	r.polls("r1")
	r.want("r1", r.runs(), "b, c")
	r.says("b", "s@r1", acks, completes)
	r.says("c", "s@r1", acks, completes, passes, converges)
	r.polls("r2")
	r.want("r2, while b soaks under r1", r.runs(), "b, c disruption-budget")
	r.says("b", "s@r2", acks, completes, passes, converges)
	r.polls("r3")
	r.want("r3, after b has switched to r2", r.runs(), "b, c")
}

// TestShippedCompliance checks that a failed probe of an earlier wave blocks later ones, for good
// unless ComplianceSticky is fixed.
func TestShippedCompliance(t *testing.T) {
	for want, mended := range map[string][]Defect{
		"b compliance-wave, c host-edge": nil, "b, c host-edge": {ComplianceSticky},
	} {
		conf := shippedConfig(mended...)
		conf.Channels, conf.Channels[0].Outside = conf.Channels[:1], nil
		r := newShippedRun(t, conf)
		r.polls("r1")
		r.runs()
		r.says("a", "s@r1", acks, completes, misses, misses, passes, converges)
		r.want(fmt.Sprint(mended), r.runs(), want)
	}
}

// TestShippedHalts checks which rollouts go on being dispatched.
func TestShippedHalts(t *testing.T) {
	for _, tt := range []struct {
		mended []Defect
		failed string // with a host that has failed
		back   string // set back to a superseded rollout
	}{
		{nil, "b, c host-edge", "b, c host-edge"},
		{[]Defect{NoHalt}, "", ""},
		{[]Defect{SetBack}, "b, c host-edge", "a, b wave-promotion, c wave-promotion"},
		{[]Defect{QuarantineInert}, "b quarantine, c quarantine", "b quarantine, c quarantine"},
	} {
		conf := shippedConfig(tt.mended...)
		conf.Channels, conf.Channels[0].Outside = conf.Channels[:1], nil
		r := newShippedRun(t, conf)
		r.polls("r1")
		r.runs()
		r.says("a", "s@r1", acks, completes, converges)
		r.runs()
		r.says("c", "s@r1", acks, fails, reverts)
		r.byID["s@r1"].fold.Hosts()[2].State = reducer.HostPending // c waits again, so that all do
		r.want(fmt.Sprint(tt.mended, " failed"), r.runs(), tt.failed)
		r.polls("r2")
		r.polls("r1")
		r.want(fmt.Sprint(tt.mended, " set back"), r.runs(), tt.back)
	}
}

// TestShippedCursor checks that the cursor moves one wave a run, in the table or with an entry, and
// stops at an empty wave.
func TestShippedCursor(t *testing.T) {
	for _, tt := range []struct {
		mended  []Defect
		empty   bool
		cursors string // after each of three runs
		moves   int    // WaveAdvanced that are logged
	}{
		{nil, false, "1 2 2", 0},
		{nil, true, "1 1 1", 0},
		{[]Defect{EmptyWave}, true, "1 2 2", 0},
		{[]Defect{SilentCursor}, false, "1 2 2", 2},
	} {
		conf := shippedConfig(tt.mended...)
		conf.Channels, conf.Channels[0].Outside = conf.Channels[:1], nil
		ch := &conf.Channels[0]
		ch.HostEdges = nil
		ch.Waves = []Wave{
			{Hosts: []reducer.HostID{"a"}}, {Hosts: []reducer.HostID{"b"}}, {Hosts: []reducer.HostID{"c"}},
		}
		if tt.empty {
			ch.Waves[1].Hosts = nil
		}
		r := newShippedRun(t, conf)
		r.polls("r1")
		for _, id := range []reducer.HostID{"a", "b"} {
			if id == "a" || !tt.empty {
				r.says(id, "s@r1", acks, completes, converges)
			}
		}
		var cursors []string
		for range 3 {
			r.runs()
			cursors = append(cursors, fmt.Sprint(r.byID["s@r1"].fold.Record.CurrentWave))
		}
		r.want(fmt.Sprint(tt), strings.Join(cursors, " "), tt.cursors)
		moves := 0
		for _, e := range r.log.Entries {
			if e.Event != nil && e.Event.Kind == reducer.WaveAdvanced {
				moves++
			}
		}
		if moves != tt.moves {
			t.Errorf("%v: %d moves are logged", tt, moves)
		}
	}
}

// TestShippedReceive checks which messages are acknowledged and which are logged.
func TestShippedReceive(t *testing.T) {
	for _, mended := range [][]Defect{nil, {AcknowledgedLost}} {
		r := newShippedRun(t, shippedConfig(mended...))
		r.polls("r1", "r1")
		r.runs()
		check := func(what string, m trace.AgentEvent, logged, kept bool) {
			t.Helper()
			before := len(r.log.Entries)
			acked := r.says("a", "s@r1", m)
			if got := len(r.log.Entries) > before; got != logged {
				t.Errorf("%s: logged %v", what, got)
			}
			if want := !kept || mended == nil; acked != want {
				t.Errorf("%s, %v: acked %v", what, mended, acked)
			}
		}
		started := trace.AgentEvent{Kind: reducer.ActivationStarted}
		check("a refused one", completes, false, true)
		r.Inject(Failure{Database: true})
		check("one that meets a failure of the database", acks, false, true)
		check("an ack", acks, true, false)
		check("the ack again", trace.AgentEvent{Kind: reducer.DispatchAck, Seq: 1}, false, false)
		check("the start", started, true, false)
		check("a probe before the switch", passes, false, true)
		check("the end", completes, true, false)
		check("a start after it", started, false, true)
		early := trace.AgentEvent{Kind: reducer.ProbesPassed, At: r.now}
		check("Converged before the soak is due", early, false, true)
		check("Converged with another closure",
			trace.AgentEvent{Kind: reducer.ProbesPassed, Closure: "r0"}, false, true)
		check("a failed probe", misses, true, false)
		check("Converged with a failed probe", converges, false, true)
		check("a probe that passes", passes, true, false)
		check("Converged", converges, true, false)
		r.polled = false
		check("one without manifests", passes, false, true)
	}
}

// TestShippedDeferredFailure checks that a host that fails after a deferral is never rolled back.
func TestShippedDeferredFailure(t *testing.T) {
	r := newShippedRun(t, shippedConfig())
	r.polls("r1", "r1")
	r.says("a", "s@r1", acks, trace.AgentEvent{Kind: reducer.ActivationDeferred}, fails, reverts)
	r.says("b", "s@r1", acks, fails, reverts)
	for host, want := range map[reducer.HostID]reducer.HostState{
		"a": reducer.HostFailed, "b": reducer.HostReverted,
	} {
		if got := r.state("s@r1", host); got != want {
			t.Errorf("host %s is %v, want %v", host, got, want)
		}
	}
}

// TestShippedHeartbeats checks what a heartbeat synthesises, and what its answer contains.
func TestShippedHeartbeats(t *testing.T) {
	r := newShippedRun(t, shippedConfig())
	r.polls("r1", "r1")
	r.runs()
	if got := r.beats("a", "r0"); len(got) != 1 || got[0].State != reducer.HostPending {
		t.Errorf("with another closure: %+v", got)
	}
	if got := r.beats("a", "r1"); len(got) != 0 || r.state("s@r1", "a") != reducer.HostConverged {
		t.Errorf("a dispatched host: %+v, %v", got, r.state("s@r1", "a"))
	}
	r.says("b", "s@r1", acks)
	got := r.beats("b", "r1")
	if len(got) != 1 || got[0].State != reducer.HostSoaking || got[0].Seq != 2 {
		t.Errorf("an activating host: %+v", got)
	}

	fixed := newShippedRun(t, shippedConfig(LostAck, StaleSnapshot))
	fixed.polls("r1", "r1")
	fixed.runs()
	fixed.beats("a", "r1")
	if got := fixed.state("s@r1", "a"); got != reducer.HostPending {
		t.Errorf("a dispatched host, LostAck is fixed: %v", got)
	}
	fixed.beats("b", "r1")
	if got := fixed.state("s@r1", "b"); got != reducer.HostConverged {
		t.Errorf("a host whose closure did not change: %v", got)
	}
	got = fixed.beats("c", "r1")
	if len(got) != 0 || fixed.state("s@r1", "c") != reducer.HostPending {
		t.Errorf("a host with unsent messages: %+v", got)
	}
}

// TestShippedQueue checks that the oldest dispatch goes first, and that one of a superseded rollout
// stays unless StaleQueue is fixed.
func TestShippedQueue(t *testing.T) {
	for _, mended := range [][]Defect{nil, {StaleQueue}} {
		r := newShippedRun(t, shippedConfig(mended...))
		r.polls("r1", "r1")
		r.runs()
		r.polls("r2", "r2")
		r.runs()
		a, _ := r.inv.Host("a")
		var got []string
		for d, ok := r.Dequeue(a); ok; d, ok = r.Dequeue(a) {
			got = append(got, string(d.Rollout))
		}
		want := "s@r1 s@r2"
		if mended != nil {
			want = "s@r2"
		}
		r.want(fmt.Sprint(mended), strings.Join(got, " "), want)
		if r.Queued(a) {
			t.Error("the queue is not empty")
		}
	}
}

// TestShippedOpening checks the rows of an opening, and one that a crash cuts short.
func TestShippedOpening(t *testing.T) {
	for _, tt := range []struct {
		tear   bool
		mended []Defect
		joined int
	}{
		{false, nil, 4}, {true, nil, 2}, {true, []Defect{TornOpening}, 0},
	} {
		conf := shippedConfig(tt.mended...)
		conf.Channels = conf.Channels[:1]
		r := newShippedRun(t, conf)
		if tt.tear {
			r.Inject(Failure{Tear: true, Joined: 2})
		}
		r.polls("r1")
		var kinds []string
		joined := 0
		for _, e := range r.log.Entries {
			switch {
			case e.Event != nil && e.Event.Kind == reducer.HostJoined:
				joined++
			case e.Event != nil:
				kinds = append(kinds, e.Event.Kind.String())
			case e.Plan != nil:
				kinds = append(kinds, e.Plan.Action.String())
			}
		}
		if r.Torn() != tt.tear || r.Torn() || joined != tt.joined {
			t.Errorf("%+v: %d hosts have joined", tt, joined)
		}
		if whole := slices.Contains(kinds, "OpenRollout"); whole == tt.tear {
			t.Errorf("%+v: %v", tt, kinds)
		}
	}
}

// TestShippedPrune checks that rows are deleted 90 days after the end, that the current rollout is
// opened again, and that it is kept if Reopened is fixed.
func TestShippedPrune(t *testing.T) {
	for _, mended := range [][]Defect{nil, {Reopened}} {
		conf := shippedConfig(mended...)
		conf.Channels = conf.Channels[1:]
		conf.Channels[0].After = nil
		r := newShippedRun(t, conf)
		r.polls("r1")
		r.says("x", "t@r1", acks, completes, converges)
		ended := r.byID["t@r1"].fold.Record.TerminalAt.Value
		if got := r.Prune(ended + RowRetention); len(got) > 0 {
			t.Errorf("after 90 days: %v", got)
		}
		got := r.Prune(ended + RowRetention + 1)
		if want := mended == nil; (len(got) == 1) != want || r.Pruning().Set {
			t.Errorf("%v: %v is deleted", mended, got)
		}
		r.now = ended + RowRetention + second
		r.runs()
		if opened := r.byID["t@r1"].fold.Record.OpenedAt > ended; opened != (mended == nil) {
			t.Errorf("%v: opened again: %v", mended, opened)
		}
	}
}

// TestShippedIdle checks that a run without a Pending host does nothing once nothing changes.
func TestShippedIdle(t *testing.T) {
	conf := shippedConfig()
	conf.Channels = conf.Channels[1:]
	conf.Channels[0].After = nil
	r := newShippedRun(t, conf)
	if r.Idle() {
		t.Error("it is idle before the first poll")
	}
	r.polls("r1")
	if r.runs(); r.Idle() {
		t.Error("it is idle with a Pending host")
	}
	r.says("x", "t@r1", acks, completes, converges)
	if r.runs(); !r.Idle() {
		t.Error("it is not idle once all have converged")
	}
	before := len(r.log.Entries)
	if r.runs(); len(r.log.Entries) > before {
		t.Error("an idle run writes entries")
	}
	if r.polls("r2"); r.Idle() {
		t.Error("it is idle after a new ref")
	}
}

// TestShippedRestart checks that the tables survive a crash, and manifests do not; and that a clone
// is equal and independent.
func TestShippedRestart(t *testing.T) {
	r := newShippedRun(t, shippedConfig())
	r.polls("r1", "r1")
	r.runs()
	r.says("a", "s@r1", acks)
	clone := r.Clone()
	if diff := r.Diff(clone); len(diff) > 0 {
		t.Errorf("the clone: %v", diff)
	}
	r.says("a", "s@r1", completes)
	if diff := r.Diff(clone); len(diff) == 0 {
		t.Error("the clone has changed too")
	}
	next, err := Restart(newShipped, r.inv, reducer.V02(), r.now, r.Durable(nil), &r.log)
	if err != nil {
		t.Fatal(err)
	}
	if diff := r.Diff(next); len(diff) > 0 {
		t.Errorf("after a restart: %v", diff)
	}
	if next.(Production).Idle() || next.Seen(0) != "" {
		t.Error("manifests have survived")
	}
}
