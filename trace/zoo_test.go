package trace

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"reflect"
	"testing"

	"rollsim/reducer"
)

const (
	start  = reducer.Time(1_778_893_200_000_000_000) // 2026-05-16T01:00:00Z
	second = reducer.Time(nanosPerSecond)
)

// zoo returns a header and entries with every kind of payload that the simulator writes, in the
// order of a sealed trace.
func zoo() []Entry {
	const (
		r1 = reducer.RolloutID("stable@a1")
		r2 = reducer.RolloutID("stable@b2")
		h1 = reducer.HostID("web-01")
	)
	all := []Entry{{Kind: KindHeader, Header: &Header{
		Format: FormatVersion, Scenario: "zoo", Seed: math.MaxUint64, Machine: "rfc0008", Until: "1h0m0s",
		Channels: []ChannelConfig{
			{
				Channel: "edge",
				Policy:  reducer.Policy{OnHealthFailure: reducer.RollbackAndHalt, RetentionSeconds: 60},
			},
			{
				Channel: "stable",
				Policy:  reducer.DefaultPolicy(),
				After:   []reducer.ChannelID{"edge"},
				HostEdges: []HostEdge{
					{Host: "web-02", After: "web-01"},
				},
			},
		},
		Budgets:    []BudgetConfig{{Name: "web", Hosts: []string{"web-*", "db-01"}, MaxInFlight: 2}},
		Quarantine: []QuarantineConfig{{Channel: "stable", Closure: "bad"}},
	}}}
	add := func(e Entry) { all = append(all, e) }
	for _, ev := range []reducer.Event{
		{Kind: reducer.RolloutOpened, Rollout: r1, Channel: "stable", TargetRef: "a1"},
		{Kind: reducer.HostJoined, Rollout: r1, Host: h1, Wave: math.MaxUint32},
		{Kind: reducer.HostStateChanged, Rollout: r1, Host: h1, From: reducer.HostSoaking,
			To: reducer.HostFailed},
		{Kind: reducer.WaveAdvanced, Rollout: r1, FromWave: 1, ToWave: 2},
		{Kind: reducer.RolloutTerminal, Rollout: r1},
		{Kind: reducer.SuccessorOpened, Rollout: r1, Successor: r2},
		{Kind: reducer.RetentionExpired, Rollout: r1},
		{Kind: reducer.OperatorClearance, Rollout: r1, Operator: "alice",
			Reason: "looked at it,\n\"fine\" \\ \x01 ✗"},
	} {
		ev.At = start - second // as a raw event of a scenario may have it
		add(Entry{Kind: KindRolloutEvent, Rollout: ev.Rollout, Event: &ev})
	}
	for _, e := range []reducer.Effect{
		{Kind: reducer.RecordRolloutTransition, Rollout: r1, From: reducer.Active, To: reducer.Failed,
			At: start + 1},
		{Kind: reducer.UpdateCurrentWave, Rollout: r1, Wave: 2},
		{Kind: reducer.InsertQuarantineFromRollout, Channel: "stable", Closure: "a1"},
		{Kind: reducer.SchedulePruning, Rollout: r1, DelaySeconds: reducer.DefaultRetentionSeconds},
	} {
		add(Entry{Kind: KindEffect, Rollout: e.Rollout, Effect: &e})
	}
	add(Entry{Kind: KindEffect, Host: h1, Rollout: r1, HostEffect: &HostEffect{
		Effect: RecordTransition, Host: h1, Rollout: r1, From: reducer.HostPending,
		To: reducer.HostActivating, At: start,
	}})
	add(Entry{Kind: KindEffect, HostEffect: &HostEffect{
		Effect: RemoteInsertQuarantine, Channel: "stable", Closure: "a1",
	}})
	for i, a := range []AgentEvent{
		{Kind: reducer.DispatchAck, Closure: "a0"},
		{Kind: reducer.DispatchAck}, // a host that runs nothing yet
		{Kind: reducer.ActivationStarted},
		{Kind: reducer.ActivationCompleted, Closure: "a1"},
		{Kind: reducer.ActivationDeferred, Component: "kernel"},
		{Kind: reducer.ActivationFailed, ExitCode: -1, Message: "switch failed"},
		{Kind: reducer.ProbeTopologyDeclared, Probe: "http"},
		{Kind: reducer.ProbeObservedFirst, Probe: "http"},
		{Kind: reducer.ProbeResult, Probe: "http", Passed: true},
		{Kind: reducer.ProbeResult, Probe: "http", Message: "503"},
		{Kind: reducer.ProbeFailureFirst, Probe: "http"},
		{Kind: reducer.ProbesFailed, Probe: "http", Policy: reducer.RollbackAndHalt},
		{Kind: reducer.RollbackComplete, Closure: "a0", ExitCode: 0},
		{Kind: reducer.ProbesPassed, Closure: "a1"},
	} {
		a.Seq, a.At = uint64(i+1), start+1_000_000
		add(Entry{Kind: KindAgentEvent, Host: h1, Rollout: r1, Agent: &a})
	}
	for _, p := range []PlanAction{
		{Action: OpenRollout, Rollout: r1, Channel: "stable", TargetRef: "a1",
			Hosts: []reducer.HostID{"web-01", "web-02"}},
		{Action: QueueDispatch, Host: h1, Rollout: r1, Closure: "a1", SoakDueAt: start + 60*second,
			Attempt: 1},
		{Action: QueueDispatch, Host: h1, Rollout: r1, Closure: "a1", SoakDueAt: start + 60*second,
			Attempt: 2},
		{Action: QueueDispatch, Host: h1, Rollout: r1, Closure: "a1", SoakDueAt: start + 60*second,
			Attempt: 3},
	} {
		add(Entry{Kind: KindPlanAction, Host: p.Host, Rollout: r1, Plan: &p})
	}
	add(Entry{Kind: KindGateDecision, Host: h1, Rollout: r1, Gate: &GateDecision{
		Gate: GateWavePromotion, Reason: "wave-promotion: host_wave=1 > current_wave=0",
		Host: h1, Rollout: r1,
	}})
	add(Entry{Kind: KindManifestPoll, Poll: &ManifestPoll{
		Channel: "stable", Outcome: "200", Ref: "a1",
	}})
	add(Entry{Kind: KindManifestPoll, Poll: &ManifestPoll{Channel: "stable", Outcome: "failed"}})
	add(Entry{Kind: KindEffect, HostEffect: &HostEffect{
		Effect: RemoteRemoveQuarantine, Channel: "stable", Closure: "a1",
	}})
	for _, f := range []Fault{
		{Fault: "message-delayed", Host: h1, Rollout: r1, Seq: 3, Millis: 1500},
		{Fault: "poll-failed", Channel: "stable"},
		{Fault: "control-plane-crash"},
	} {
		add(Entry{Kind: KindFault, Host: f.Host, Rollout: f.Rollout, Fault: &f})
	}
	for _, err := range []error{
		&reducer.IllegalForState{From: reducer.Pruned, Event: reducer.HostJoined, Rollout: r1},
		&reducer.Unimplemented{From: reducer.Failed, Event: reducer.OperatorClearance, Rollout: r1},
		&reducer.Invariant{What: "wave regression", State: reducer.Active, Event: reducer.WaveAdvanced,
			Rollout: r1},
		&reducer.SupersessionExpected{Rollout: r2, Channel: "stable", Standing: r1, At: start},
		&reducer.UnknownRollout{Event: reducer.RolloutTerminal, Rollout: "nowhere@x"},
	} {
		r := NewRejection(err)
		add(Entry{Kind: KindRejection, Rollout: r.Rollout, Rejection: &r})
	}
	add(Entry{Kind: KindEffect, HostEffect: &HostEffect{
		Effect: RemotePauseDispatch, Channel: "stable",
	}})
	add(Entry{Kind: KindEffect, HostEffect: &HostEffect{Effect: RemoteResumeDispatch}})
	add(Entry{Kind: KindEffect, Rollout: r1, HostEffect: &HostEffect{
		Effect: RemoteAbortRollout, Rollout: r1,
	}})
	for _, effect := range []string{RemoteAddHost, RemoteRemoveHost} {
		add(Entry{Kind: KindEffect, Host: h1, HostEffect: &HostEffect{
			Effect: effect, Host: h1, Channel: "stable",
		}})
	}
	for i := range all {
		all[i].Seq, all[i].At = uint64(i), start+reducer.Time(i)*843*second
	}
	return all
}

// write writes entries as NDJSON.
func write(t testing.TB, entries []Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b)
	for i := range entries {
		if err := w.Write(&entries[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// read reads a trace up to its end or the first error.
func read(data []byte) ([]Entry, *Reader, error) {
	r, err := NewReader("t.ndjson", bytes.NewReader(data))
	if err != nil {
		return nil, nil, err
	}
	var c Collector
	for {
		e, err := r.Read()
		if errors.Is(err, io.EOF) {
			return c.Entries, r, nil
		}
		if err != nil {
			return c.Entries, r, err
		}
		_ = c.Write(e)
	}
}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name + ".ndjson.gz")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestZooIsComplete(t *testing.T) {
	events, effects, agents := map[reducer.EventKind]bool{}, map[reducer.EffectKind]bool{},
		map[reducer.AgentEventKind]bool{}
	kinds, actions := map[Kind]bool{}, map[ActionKind]bool{}
	for _, e := range zoo() {
		kinds[e.Kind] = true
		switch {
		case e.Event != nil:
			events[e.Event.Kind] = true
		case e.Effect != nil:
			effects[e.Effect.Kind] = true
		case e.Agent != nil:
			agents[e.Agent.Kind] = true
		case e.Plan != nil:
			actions[e.Plan.Action] = true
		}
	}
	// The simulator writes neither verify_outcome nor other kinds, and the Writer adds the end line.
	if len(events) != len(reducer.EventKinds()) || len(effects) != len(reducer.EffectKinds()) ||
		len(agents) != len(reducer.AgentEventKinds()) ||
		len(actions) != ActionCount-1 || len(kinds) != KindCount-1-3 {
		t.Errorf("the zoo has %d events, %d effects, %d agent events, %d actions and %d kinds",
			len(events), len(effects), len(agents), len(actions), len(kinds))
	}
}

func TestEveryEntryIsReadAsWritten(t *testing.T) {
	all := zoo()
	got, r, err := read(write(t, all))
	if err != nil {
		t.Fatal(err)
	}
	if b := r.Breaches(); len(b) > 0 {
		t.Errorf("breaches in a fresh trace: %v", b)
	}
	if p := r.Passed(); p != (Passed{}) {
		t.Errorf("unknown in a fresh trace: %+v", p)
	}
	if len(got) != len(all)+1 || got[len(all)].Kind != KindEnd {
		t.Fatalf("%d entries, want %d and an end line", len(got), len(all))
	}
	for i := range all {
		if !reflect.DeepEqual(got[i], all[i]) {
			t.Errorf("entry %d\n got %s\nwant %s", i, appendEntry(nil, &got[i]), appendEntry(nil, &all[i]))
		}
	}
}
