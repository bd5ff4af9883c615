package invariant

import (
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// production returns a fleet with rollout s@a1 of host h, and a Checker of the shipped control
// plane that watches it. The host ran runs before.
func production(t *testing.T, runs reducer.ClosureHash) (*Checker, *reducer.Fleet) {
	t.Helper()
	f := reducer.NewFleet(reducer.V02(), nil)
	c := NewChecker(f, &trace.Header{Channels: []trace.ChannelConfig{{Channel: "s"}}})
	c.Shipped(World{
		Target:   func(reducer.RolloutID, reducer.HostID) reducer.ClosureHash { return "a1" },
		Runs:     func(reducer.HostID) reducer.ClosureHash { return runs },
		Unstaged: func(reducer.HostID) bool { return false },
	})
	c.Declare("s", 1, nil)
	for _, ev := range []reducer.Event{
		{Kind: reducer.RolloutOpened, Rollout: "s@a1", Channel: "s", TargetRef: "a1"},
		{Kind: reducer.HostJoined, Rollout: "s@a1", Host: "h"},
	} {
		happens(t, c, f, ev)
	}
	return c, f
}

func happens(t *testing.T, c *Checker, f *reducer.Fleet, ev reducer.Event) {
	t.Helper()
	var out reducer.Outcome
	ev.At += start
	if err := f.Apply(&ev, ev.At, &out); err != nil {
		t.Fatal(err)
	}
	c.Applied(1, ev.At, f.Rollout(ev.Rollout), &ev, &out.Effects)
}

const start = reducer.Time(1_000_000_000_000)

// found returns the violations, each with its defect.
func found(c *Checker) string {
	var all []string
	for _, v := range c.Found() {
		all = append(all, string(v.Invariant)+" "+string(v.Defect))
	}
	return strings.Join(all, ", ")
}

func logs(c *Checker, kind reducer.AgentEventKind, seq uint64, at reducer.Time) {
	c.Entry(&trace.Entry{
		At: start + at, Kind: trace.KindAgentEvent, Host: "h", Rollout: "s@a1",
		Agent: &trace.AgentEvent{Kind: kind, Seq: seq, At: at, Closure: "a1"},
	})
}

// TestDropped checks why a message that was acknowledged is not in the log.
func TestDropped(t *testing.T) {
	for _, tt := range []struct {
		name      string
		heartbeat bool // the message with seq 1 in the log is synthesised
		message   trace.AgentEvent
		want      trace.Defect
	}{
		{"the same message", false, trace.AgentEvent{Kind: reducer.DispatchAck, Seq: 1}, ""},
		{
			"another message with its seq", false,
			trace.AgentEvent{Kind: reducer.ActivationStarted, Seq: 1}, trace.DefectStaleSnapshot,
		},
		{
			"a later message of its kind with its seq", false,
			trace.AgentEvent{Kind: reducer.DispatchAck, Seq: 1, At: 1}, trace.DefectStaleSnapshot,
		},
		{
			"one that a heartbeat has synthesised", true,
			trace.AgentEvent{Kind: reducer.DispatchAck, Seq: 1, At: 1}, "",
		},
		{
			"one whose seq a heartbeat has used", true,
			trace.AgentEvent{Kind: reducer.ActivationStarted, Seq: 1}, trace.DefectAcknowledgedLost,
		},
		{
			"one with a seq of its own", false,
			trace.AgentEvent{Kind: reducer.ActivationStarted, Seq: 2}, trace.DefectAcknowledgedLost,
		},
	} {
		c, _ := production(t, "a0")
		c.Heartbeat(tt.heartbeat)
		logs(c, reducer.DispatchAck, 1, 0)
		c.Heartbeat(false)
		if got := c.Dropped("s@a1", "h", &tt.message); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		want := ""
		if tt.want != "" {
			want = "acknowledged-kept " + string(tt.want)
		}
		if got := found(c); got != want {
			t.Errorf("%s: found %q, want %q", tt.name, got, want)
		}
	}
	c, _ := production(t, "a0")
	c.Lost("s@a1", "h", &trace.AgentEvent{Kind: reducer.DispatchAck, Seq: 1})
	if got := found(c); got != "acknowledged-kept lossy-log" {
		t.Errorf("a row that the log has lost: %q", got)
	}
}

// TestShippedEvidence checks which hosts may converge without evidence: those whose closure a
// heartbeat shows and a rollout did not change.
func TestShippedEvidence(t *testing.T) {
	for _, tt := range []struct {
		name                  string
		runs                  reducer.ClosureHash
		dispatched, heartbeat bool
		want                  string
	}{
		{"a heartbeat of an unchanged host", "a1", false, true, ""},
		{"the same after a dispatch", "a1", true, true, ""},
		{"a heartbeat of a host that was not dispatched", "a0", false, true, ""},
		{"a heartbeat of a dispatched host", "a0", true, true, "evidence-kept lost-ack"},
		{"without a dispatch", "a1", false, false, "evidence-kept "},
	} {
		c, f := production(t, tt.runs)
		if tt.dispatched {
			c.Entry(&trace.Entry{
				At: start, Kind: trace.KindPlanAction, Host: "h", Rollout: "s@a1", Plan: &trace.PlanAction{
					Action: trace.QueueDispatch, Rollout: "s@a1", Host: "h", Closure: "a1", Attempt: 1,
				},
			})
		}
		c.Heartbeat(tt.heartbeat)
		states := []reducer.HostState{
			reducer.HostPending, reducer.HostActivating, reducer.HostSoaking, reducer.HostConverged,
		}
		for i := range states[1:] {
			happens(t, c, f, reducer.Event{
				Kind: reducer.HostStateChanged, Rollout: "s@a1", Host: "h", From: states[i],
				To: states[i+1], At: 1,
			})
		}
		if got := found(c); got != tt.want {
			t.Errorf("%s: found %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestCompareTables checks how a difference between tables and log is explained.
func TestCompareTables(t *testing.T) {
	for _, tt := range []struct {
		name   string
		lossy  bool
		change func(r *reducer.Rollout)
		want   trace.Defect
		none   bool
	}{
		{"equal", false, func(*reducer.Rollout) {}, "", true},
		{"a cursor", true, func(r *reducer.Rollout) { r.Record.CurrentWave = 1 },
			trace.DefectSilentCursor, false},
		{"a state", false, func(r *reducer.Rollout) { r.Record.State = reducer.Failed }, "", false},
		{"a state, and rows were lost", true,
			func(r *reducer.Rollout) { r.Record.State = reducer.Failed }, trace.DefectLossyLog, false},
		{"a host, and rows were lost", true,
			func(r *reducer.Rollout) { r.Hosts()[0].State = reducer.HostFailed },
			trace.DefectLossyLog, false},
	} {
		_, tables := production(t, "a0")
		_, folded := production(t, "a0")
		tt.change(tables.Rollout("s@a1"))
		got := CompareTables(tables, folded, tt.lossy, 1, start)
		if tt.none != (len(got) == 0) || len(got) > 0 && got[0].Defect != tt.want {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
	_, tables := production(t, "a0")
	empty := reducer.NewFleet(reducer.V02(), nil)
	if got := CompareTables(tables, empty, true, 1, start); len(got) != 1 ||
		got[0].Defect != trace.DefectLossyLog {
		t.Errorf("an opening that the log has lost: %+v", got)
	}
}
