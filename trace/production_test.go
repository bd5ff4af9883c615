package trace

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"rollsim/reducer"
)

// TestProductionSpelling compares rows with the spelling of production logs.
func TestProductionSpelling(t *testing.T) {
	at := start + 310_123_456
	for _, tt := range []struct {
		entry Entry
		want  string
	}{
		{
			Entry{Kind: KindRolloutEvent, Rollout: "s@a1", Event: &reducer.Event{
				Kind: reducer.HostJoined, Rollout: "s@a1", Host: "h", At: at,
			}},
			`{"at":T,"hostId":"h","kind":"HostJoined","rolloutId":"s@a1","wave":0}`,
		},
		{
			Entry{Kind: KindEffect, Rollout: "s@a1", Host: "h", HostEffect: &HostEffect{
				Effect: RecordTransition, Host: "h", Rollout: "s@a1", From: reducer.HostPending,
				To: reducer.HostActivating, At: at,
			}},
			`{"at":T,"effect":"RecordTransition","from":"Pending","host":"h","rollout_id":"s@a1",` +
				`"to":"Activating"}`,
		},
		{
			Entry{Kind: KindPlanAction, Rollout: "s@a1", Plan: &PlanAction{
				Action: OpenRollout, Rollout: "s@a1", Channel: "s", TargetRef: "a1",
				Hosts: []reducer.HostID{"b", "a"},
			}},
			`{"action":"OpenRollout","channel":"s","hosts":["b","a"],"rollout_id":"s@a1",` +
				`"target_ref":"a1"}`,
		},
		{
			Entry{Kind: KindPlanAction, Rollout: "s@a1", Host: "h", Plan: &PlanAction{
				Action: QueueDispatch, Rollout: "s@a1", Host: "h", Closure: "c", SoakDueAt: at, Attempt: 1,
			}},
			`{"action":"QueueDispatch","host":"h","rollout":"s@a1","soak_due_at":T,"target_closure":"c"}`,
		},
		{
			Entry{Kind: KindAgentEvent, Rollout: "s@a1", Host: "h", Agent: &AgentEvent{
				Kind: reducer.DispatchAck, Seq: 1, At: at,
			}},
			`{"currentClosureAtDispatch":"","kind":"DispatchAck","receivedAt":T,"seq":1}`,
		},
		{
			Entry{Kind: KindAgentEvent, Rollout: "s@a1", Host: "h", Agent: &AgentEvent{
				Kind: reducer.ProbeTopologyDeclared, Seq: 4, At: at, Probe: "p,\"{}[]:\\",
			}},
			`{"declaredAt":T,"kind":"ProbeTopologyDeclared","probes":[{"kind":"http","mode":"enforce",` +
				`"probeName":"p,\"{}[]:\\"}],"seq":4}`,
		},
		{
			Entry{Kind: KindGateDecision, Rollout: "s@a1", Host: "h", Gate: &GateDecision{
				Gate: "g", Reason: "2026-05-16", Host: "h", Rollout: "s@a1",
			}},
			`{"gate":"g","host":"h","reason":"2026-05-16","rollout":"s@a1"}`,
		},
		{
			Entry{Kind: KindAgentEvent, Rollout: "s@a1", Host: "h", Raw: []byte(`{"b":1,"a":"Z"}`)},
			`{"b":1,"a":"Z"}`,
		},
	} {
		tt.entry.Seq, tt.entry.At = 7, at
		const ts = `"2026-05-16T01:00:00.310123456+00:00"`
		line := string(appendProduction(nil, &tt.entry))
		if !strings.Contains(line, `"ts":`+ts) {
			t.Errorf("the time of the row: %s", line)
		}
		want := strings.ReplaceAll(tt.want, ":T", ":"+ts)
		if _, got, _ := strings.Cut(line, `"payload":`); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	fault := Entry{Seq: 7, At: at, Kind: KindFault, Fault: &Fault{Fault: "host-lost"}}
	if got := appendProduction(nil, &fault); !bytes.Equal(got, appendEntry(nil, &fault)) {
		t.Errorf("a row that production does not have: %s", got)
	}
}

// TestProductionTrace checks that a sealed trace of the shipped control plane can be read again,
// has the same digest, and that a change in it is found.
func TestProductionTrace(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out)
	for _, e := range zoo() {
		if e.Header != nil {
			e.Header.ControlPlane = ShippedControlPlane
		}
		if err := w.Write(&e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	read := func(text string) (string, []Breach) {
		r, err := NewReader("x", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		var d Digest
		for {
			e, err := r.Read()
			if err == io.EOF {
				return d.Sum(), r.Breaches()
			}
			if err != nil {
				t.Fatal(err)
			}
			if e.Kind != KindEnd {
				_ = d.Write(e)
			}
		}
	}
	digest, breaches := read(out.String())
	if digest != w.Digest() || len(breaches) > 0 {
		t.Errorf("digest %s, want %s; %v", digest, w.Digest(), breaches)
	}
	changed := strings.Replace(out.String(), `"wave":`, `"more":1,"wave":`, 1)
	if _, breaches := read(changed); breaches == nil {
		t.Error("one more member is not found")
	}
}
