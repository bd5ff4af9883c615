package replay

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"rollsim/reducer"
	"rollsim/trace"
)

const (
	start  = reducer.Time(1_778_893_200_000_000_000) // 2026-05-16T01:00:00Z
	second = reducer.Time(1_000_000_000)
)

// recorder writes a trace as the simulator does.
type recorder struct {
	t     testing.TB
	fleet *reducer.Fleet
	sink  trace.Sink
	seq   uint64
	now   reducer.Time
}

func (r *recorder) log(e trace.Entry) {
	r.t.Helper()
	if e.Kind != trace.KindHeader {
		r.seq++
	}
	e.Seq, e.At = r.seq, r.now
	if err := r.sink.Write(&e); err != nil {
		r.t.Fatal(err)
	}
}

func (r *recorder) reject(err error) {
	rejection := trace.NewRejection(err)
	r.log(trace.Entry{Kind: trace.KindRejection, Rollout: rejection.Rollout, Rejection: &rejection})
}

func (r *recorder) event(ev *reducer.Event, effects []reducer.Effect, err error) {
	r.log(trace.Entry{Kind: trace.KindRolloutEvent, Rollout: ev.Rollout, Event: ev})
	if err != nil {
		r.reject(err)
		return
	}
	for _, e := range effects {
		r.log(trace.Entry{Kind: trace.KindEffect, Rollout: e.Rollout, Effect: &e})
	}
}

func (r *recorder) apply(ev reducer.Event) {
	r.now += second
	ev.At = r.now
	var out reducer.Outcome
	err := r.fleet.Apply(&ev, r.now, &out)
	for _, late := range out.Late {
		r.reject(late)
	}
	r.event(&ev, out.Effects.All(), err)
	if out.Derived {
		r.event(&out.DerivedEvent, out.DerivedEffects.All(), out.DerivedErr)
	}
}

// small records a trace with everything that a replay judges: all four effects, a derived
// RolloutTerminal, a rejection of an event, late ones in the middle and at the end, events of an
// unknown rollout, and entries that decide nothing.
func small(t testing.TB) []byte {
	var b bytes.Buffer
	w := trace.NewWriter(&b)
	policies := map[reducer.ChannelID]reducer.Policy{
		"edge":   {OnHealthFailure: reducer.RollbackAndHalt, RetentionSeconds: 60},
		"stable": reducer.DefaultPolicy(),
	}
	r := &recorder{
		t:    t,
		sink: w,
		now:  start,
		fleet: reducer.NewFleet(reducer.RFC0008(), func(c reducer.ChannelID) reducer.Policy {
			return policies[c]
		}),
	}
	r.log(trace.Entry{Kind: trace.KindHeader, Header: &trace.Header{
		Format: trace.FormatVersion, Scenario: "small", Seed: 42, Machine: "rfc0008",
		Channels: []trace.ChannelConfig{
			{Channel: "edge", Policy: policies["edge"]},
			{Channel: "stable", Policy: policies["stable"], After: []reducer.ChannelID{"edge"}},
		},
	}})
	opened := func(c reducer.ChannelID, ref reducer.ChannelRef) reducer.Event {
		return reducer.Event{
			Kind:      reducer.RolloutOpened,
			Rollout:   reducer.NewRolloutID(c, ref),
			Channel:   c,
			TargetRef: ref,
		}
	}
	moved := func(id reducer.RolloutID, h reducer.HostID, states ...reducer.HostState) {
		for i := 1; i < len(states); i++ {
			r.apply(
				reducer.Event{
					Kind:    reducer.HostStateChanged,
					Rollout: id,
					Host:    h,
					From:    states[i-1],
					To:      states[i],
				},
			)
		}
	}
	r.log(
		trace.Entry{
			Kind: trace.KindManifestPoll,
			Poll: &trace.ManifestPoll{Channel: "edge", Outcome: "200", Ref: "a1"},
		},
	)
	r.apply(opened("edge", "a1"))
	r.apply(reducer.Event{Kind: reducer.HostJoined, Rollout: "edge@a1", Host: "e1"})
	r.apply(reducer.Event{Kind: reducer.HostJoined, Rollout: "edge@a1", Host: "e2", Wave: 1})
	r.log(trace.Entry{Kind: trace.KindPlanAction, Rollout: "edge@a1", Plan: &trace.PlanAction{
		Action: trace.OpenRollout, Rollout: "edge@a1", Channel: "edge", TargetRef: "a1",
		Hosts: []reducer.HostID{"e1", "e2"},
	}})
	r.log(
		trace.Entry{Kind: trace.KindPlanAction, Host: "e1", Rollout: "edge@a1", Plan: &trace.PlanAction{
			Action: trace.QueueDispatch, Host: "e1", Rollout: "edge@a1", Closure: "a1",
			SoakDueAt: r.now + 60*second, Attempt: 2,
		}},
	)
	r.log(
		trace.Entry{
			Kind:    trace.KindGateDecision,
			Host:    "e2",
			Rollout: "edge@a1",
			Gate: &trace.GateDecision{
				Gate: trace.GateWavePromotion, Reason: "wave-promotion: host_wave=1 > current_wave=0",
				Host: "e2", Rollout: "edge@a1",
			},
		},
	)
	r.log(
		trace.Entry{Kind: trace.KindAgentEvent, Host: "e1", Rollout: "edge@a1", Agent: &trace.AgentEvent{
			Kind: reducer.ProbeTopologyDeclared, Seq: 3, At: r.now, Probe: "http",
		}},
	)
	moved("edge@a1", "e1", reducer.HostPending, reducer.HostActivating, reducer.HostSoaking)
	r.log(
		trace.Entry{Kind: trace.KindEffect, Host: "e1", Rollout: "edge@a1", HostEffect: &trace.HostEffect{
			Effect: trace.RecordTransition, Host: "e1", Rollout: "edge@a1",
			From: reducer.HostActivating, To: reducer.HostSoaking, At: r.now,
		}},
	)
	r.apply(reducer.Event{Kind: reducer.WaveAdvanced, Rollout: "edge@a1"})
	r.apply(reducer.Event{Kind: reducer.WaveAdvanced, Rollout: "edge@a1", FromWave: 1}) // refused
	r.apply(reducer.Event{Kind: reducer.RolloutTerminal, Rollout: "nowhere@x"})         // unknown
	r.apply(reducer.Event{Kind: reducer.WaveAdvanced, Rollout: "edge@a1", ToWave: 1})
	moved("edge@a1", "e1", reducer.HostSoaking, reducer.HostConverged)
	r.apply(opened("stable", "a1"))
	r.apply(reducer.Event{Kind: reducer.HostJoined, Rollout: "stable@a1", Host: "s1"})
	// all
	moved(
		"edge@a1", "e2", reducer.HostPending, reducer.HostActivating, reducer.HostSoaking,
		reducer.HostConverged,
	)
	moved("stable@a1", "s1", reducer.HostPending, reducer.HostActivating, reducer.HostFailed)
	r.apply(
		reducer.Event{
			Kind:     reducer.OperatorClearance,
			Rollout:  "stable@a1",
			Operator: "alice",
			Reason:   "known",
		},
	)
	r.apply(opened("stable", "b2")) // without SuccessorOpened
	r.apply(reducer.Event{Kind: reducer.HostJoined, Rollout: "stable@b2", Host: "s1"})
	r.apply(reducer.Event{Kind: reducer.SuccessorOpened, Rollout: "edge@a1", Successor: "edge@b2"})
	r.now -= second // in lockstep
	r.apply(opened("edge", "b2"))
	r.apply(reducer.Event{Kind: reducer.HostJoined, Rollout: "edge@b2", Host: "e1"})
	moved(
		"edge@b2", "e1", reducer.HostPending, reducer.HostActivating, reducer.HostSoaking,
		reducer.HostFailed, reducer.HostReverted,
	)
	r.apply(reducer.Event{Kind: reducer.RetentionExpired, Rollout: "edge@a1"})
	r.apply(opened("stable", "c3")) // without SuccessorOpened, and nothing follows
	for _, late := range r.fleet.Finish() {
		r.reject(late)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func run(data []byte, opts Options) (*Result, error) {
	r, err := trace.NewReader("t.ndjson", bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return Run(r, opts)
}

// show returns findings as text, with the entries around them.
func show(findings []Finding) string {
	var b strings.Builder
	for i := range findings {
		f := &findings[i]
		fmt.Fprintf(&b, "entry %d (line %d), %s\n%s", f.Seq, f.Line, f.Title(), f.Body())
	}
	return b.String()
}

func cut(data []byte) []string {
	return strings.SplitAfter(strings.TrimSuffix(string(data), "\n"), "\n")
}

func TestReplayOfItself(t *testing.T) {
	data := small(t)
	got, err := run(data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Findings) > 0 || len(got.Notes) > 0 {
		t.Errorf("%s%v", show(got.Findings), got.Notes)
	}
	if got.Machine != "rfc0008" || got.Header == nil || got.Entries != uint64(len(cut(data))-2) ||
		got.Events != got.Kinds["rollout_event"] ||
		got.Transitions != 12 ||
		got.Reproduced != 12 {
		t.Errorf("%+v", got)
	}
	if r := got.Fleet.Rollout("edge@a1"); r == nil || r.Record.State != reducer.Pruned {
		t.Errorf("edge@a1 is %+v", r)
	}
	// Each of these is part of what a replay judges.
	for _, must := range []string{
		"UpdateCurrentWave", "InsertQuarantineFromRollout", "SchedulePruning", `"RolloutTerminal"`,
		"wave regression", "UnknownRollout", "SupersessionExpected", "OperatorClearance",
	} {
		if !bytes.Contains(data, []byte(must)) {
			t.Errorf("the trace has no %s", must)
		}
	}
}

// judge replays a trace that was changed. It returns "" if the first finding is about one of the
// given entries, or if the trace is no longer readable, with the error on one of the given lines.
func judge(data string, seqs, lines []int) string {
	got, err := run([]byte(data), Options{})
	var readError *trace.ReadError
	switch {
	case errors.As(err, &readError):
		for _, n := range lines {
			if readError.Line == n {
				return ""
			}
		}
		return "the error is " + err.Error()
	case err != nil:
		return "the error is of another kind: " + err.Error()
	case len(got.Findings) == 0:
		return "no findings"
	}
	for _, n := range seqs {
		if got.Findings[0].Seq == uint64(n) {
			return ""
		}
	}
	return "first " + show(got.Findings[:1])
}

func TestEveryChangeIsFound(t *testing.T) {
	lines := cut(small(t))
	changes := 0
	for i := 1; i < len(lines)-1; i++ { // the entry with seq i stands on line i+1
		removed := strings.Join(lines[:i], "") + strings.Join(lines[i+1:], "")
		if what := judge(removed, []int{i}, nil); what != "" {
			t.Errorf("entry %d removed: %s", i, what)
		}
		repeated := strings.Join(lines[:i+1], "") + strings.Join(lines[i:], "")
		if what := judge(repeated, []int{i}, nil); what != "" {
			t.Errorf("entry %d repeated: %s", i, what)
		}
		if i+1 < len(lines)-1 {
			swapped := strings.Join(lines[:i], "") + lines[i+1] + lines[i] + strings.Join(lines[i+2:], "")
			if what := judge(swapped, []int{i, i + 1}, nil); what != "" {
				t.Errorf("entries %d and %d swapped: %s", i, i+1, what)
			}
		}
		for _, changed := range changedScalars(t, lines[i]) {
			changes++
			data := strings.Join(lines[:i], "") + changed + strings.Join(lines[i+1:], "")
			if what := judge(data, []int{i}, []int{i + 1}); what != "" {
				t.Errorf("entry %d changed to %s%s", i, changed, what)
			}
		}
	}
	if changes < 1000 {
		t.Errorf("only %d changes were tried", changes)
	}
}

// changedScalars returns variants of a line. Each has another value for one string, number, true,
// false or null; null becomes a string.
func changedScalars(t *testing.T, line string) []string {
	t.Helper()
	var all []string
	dec := jsontext.NewDecoder(strings.NewReader(line))
	for {
		before := dec.InputOffset()
		token, err := dec.ReadToken()
		if err != nil {
			return all
		}
		end := int(dec.InputOffset())
		begin := int(before) + strings.IndexAny(line[before:end], `"tfn-0123456789`)
		kind, n := dec.StackIndex(dec.StackDepth())
		if kind == '{' && n%2 == 1 {
			continue // a name
		}
		var values []string
		switch byte(token.Kind()) {
		case '"':
			s := line[begin+1 : end-1]
			values = []string{
				`""`,
				`"x` + s + `"`,
				`"` + s + `x"`,
				`"` + flip(s) + `"`,
				`"Failed"`,
				`"v0.2"`,
				`"2026-05-16T01:00:09Z"`,
			}
		case '0':
			values = []string{"0", "1", "7", "9" + line[begin:end], "4294967295"}
		case 't', 'f':
			values = []string{"true", "false"}
		case 'n':
			values = []string{`"x"`, `""`}
		default:
			continue
		}
		for _, v := range values {
			if v != line[begin:end] {
				all = append(all, line[:begin]+v+line[end:])
			}
		}
	}
}

// flip changes the last character that is a digit or a letter.
func flip(s string) string {
	b := []byte(s)
	for i := len(b) - 1; i >= 0; i-- {
		switch c := b[i]; {
		case c >= '0' && c <= '8', c >= 'a' && c <= 'y', c >= 'A' && c <= 'Y':
			b[i]++
			return string(b)
		}
	}
	return s + "0"
}

// TestLastMoveFrees: the last move of a superseded rollout's last host, which frees the rollout, is
// replayed like any other.
func TestLastMoveFrees(t *testing.T) {
	var b bytes.Buffer
	w := trace.NewWriter(&b)
	r := &recorder{t: t, sink: w, now: start, fleet: reducer.NewFleet(reducer.RFC0008(), nil)}
	r.log(trace.Entry{Kind: trace.KindHeader, Header: &trace.Header{
		Format: trace.FormatVersion, Scenario: "last move", Machine: "rfc0008",
		Channels: []trace.ChannelConfig{{Channel: "edge", Policy: reducer.DefaultPolicy()}},
	}})
	open := func(ref reducer.ChannelRef) {
		id := reducer.NewRolloutID("edge", ref)
		r.apply(reducer.Event{
			Kind: reducer.RolloutOpened, Rollout: id, Channel: "edge", TargetRef: ref,
		})
	}
	move := func(from, to reducer.HostState) {
		r.apply(reducer.Event{
			Kind: reducer.HostStateChanged, Rollout: "edge@a1", Host: "e1", From: from, To: to,
		})
	}
	open("a1")
	r.apply(reducer.Event{Kind: reducer.HostJoined, Rollout: "edge@a1", Host: "e1"})
	move(reducer.HostPending, reducer.HostActivating)
	move(reducer.HostActivating, reducer.HostSoaking)
	r.apply(reducer.Event{
		Kind: reducer.SuccessorOpened, Rollout: "edge@a1", Successor: "edge@b2",
	})
	r.now -= second // in lockstep
	open("b2")
	r.apply(reducer.Event{Kind: reducer.HostJoined, Rollout: "edge@b2", Host: "e1"})
	move(reducer.HostSoaking, reducer.HostConverged)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := run(b.Bytes(), Options{})
	if err != nil || len(got.Findings) > 0 || !got.Fleet.Rollout("edge@a1").Forgotten() {
		t.Errorf("%v\n%s", err, show(got.Findings))
	}
}
