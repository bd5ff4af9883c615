package timeline_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/timeline"
	"rollsim/trace"
)

// lines returns the entries of a log of a control plane.
func lines(t *testing.T, text string) []trace.Entry {
	t.Helper()
	r, err := trace.NewReader("t", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	all, err := trace.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// entry returns a line of a log; at is in seconds.
func entry(seq, at int, kind, host, rollout, payload string) string {
	null := func(s string) string {
		if s == "" {
			return "null"
		}
		return fmt.Sprintf("%q", s)
	}
	ts := instant(at)
	return fmt.Sprintf(`{"seq":%d,"ts":%q,"kind":%q,"host":%s,"rollout":%s,"payload":%s}`+"\n",
		seq, ts, kind, null(host), null(rollout), strings.ReplaceAll(payload, "AT", `"at":"`+ts+`"`))
}

func instant(at int) string {
	return string(trace.AppendTime(nil, start+reducer.Time(at)*1_000_000_000))
}

const start = reducer.Time(1_778_893_200_000_000_000)

func opened(seq, at int, ref string) string {
	return entry(seq, at, "rollout_event", "", "s@"+ref,
		`{"kind":"RolloutOpened","rolloutId":"s@`+ref+`","channel":"s","targetRef":"`+ref+`",AT}`)
}

func joined(seq, at int, ref, host string) string {
	return entry(seq, at, "rollout_event", "", "s@"+ref,
		`{"kind":"HostJoined","rolloutId":"s@`+ref+`","hostId":"`+host+`","wave":1,AT}`)
}

func moved(seq, at int, ref, host, from, to string) string {
	return entry(seq, at, "rollout_event", "", "s@"+ref,
		`{"kind":"HostStateChanged","rolloutId":"s@`+ref+`","hostId":"`+host+`","from":"`+from+
			`","to":"`+to+`",AT}`)
}

// TestConditions compares every search with a search through the entries themselves.
func TestConditions(t *testing.T) {
	entries := simulate(t, "faults-all-at-once", 2)
	x := index(t, entries, timeline.Options{})
	x.AddMarks([]timeline.Mark{
		{Kind: timeline.Violation, Seq: 40}, {Kind: timeline.Finding, Seq: 90},
		{Kind: timeline.Finding, Seq: 40}, {Kind: timeline.Finding, Seq: uint64(x.Len()) + 9},
	})
	entries = entries[1:]
	host, rollout := x.Hosts()[1], entries[len(entries)/2].Rollout
	states := make(map[int]bool)
	fleet := reducer.NewFleet(x.Machine(), nil)
	for i := range entries {
		if ev := entries[i].Event; ev != nil {
			var out reducer.Outcome
			before := stateOf(fleet, ev.Rollout)
			err := fleet.Apply(ev, entries[i].At, &out)
			states[i] = err == nil && (stateOf(fleet, ev.Rollout) != before ||
				ev.Kind == reducer.HostStateChanged)
		}
	}
	for name, test := range map[string]struct {
		cond timeline.Condition
		want func(i int, e *trace.Entry) bool
	}{
		"all":  {timeline.Condition{}, func(int, *trace.Entry) bool { return true }},
		"host": {timeline.Condition{Host: host}, func(_ int, e *trace.Entry) bool { return of(e, host) }},
		"rollout": {timeline.Condition{Rollout: rollout}, func(_ int, e *trace.Entry) bool {
			return e.Rollout == rollout
		}},
		"kind": {timeline.Condition{Kind: trace.KindFault}, func(_ int, e *trace.Entry) bool {
			return e.Fault != nil
		}},
		"host and kind": {timeline.Condition{Host: host, Kind: trace.KindAgentEvent},
			func(_ int, e *trace.Entry) bool { return of(e, host) && e.Agent != nil }},
		"state": {timeline.Condition{StateChange: true}, func(i int, _ *trace.Entry) bool {
			return states[i]
		}},
		"violation": {timeline.Condition{Violation: true}, func(_ int, e *trace.Entry) bool {
			return e.Seq == 40
		}},
		"finding": {timeline.Condition{Finding: true}, func(_ int, e *trace.Entry) bool {
			return e.Seq == 40 || e.Seq == 90
		}},
		"no host": {timeline.Condition{Host: "nobody"}, func(int, *trace.Entry) bool { return false }},
		"no rollout": {
			timeline.Condition{Rollout: "none@1"}, func(int, *trace.Entry) bool { return false },
		},
	} {
		t.Run(name, func(t *testing.T) {
			var want, forwards, backwards []int
			for i := range entries {
				if test.want(i, &entries[i]) {
					want = append(want, i+1)
				}
			}
			c := x.Cursor()
			for c.Next(test.cond) {
				forwards = append(forwards, c.N())
			}
			last := c.N()
			if c.Next(test.cond) || c.N() != last {
				t.Error("the cursor moves although nothing follows")
			}
			c.Go(x.Len())
			if len(want) > 0 && want[len(want)-1] == x.Len() {
				backwards = append(backwards, x.Len()) // Previous searches before the current entry
			}
			for c.Previous(test.cond) {
				backwards = append(backwards, c.N())
			}
			slices.Reverse(backwards)
			if !slices.Equal(forwards, want) || !slices.Equal(backwards, want) {
				t.Errorf("forwards %v, backwards %v, want %v", forwards, backwards, want)
			}
		})
	}
}

func of(e *trace.Entry, host reducer.HostID) bool {
	return e.Host == host || e.Event != nil && e.Event.Host == host
}

func stateOf(f *reducer.Fleet, id reducer.RolloutID) reducer.State {
	if r := f.Rollout(id); r != nil {
		return r.Record.State
	}
	return 0
}

// TestGo finds entries by seq and by time, also where times step back and numbers are missing.
func TestGo(t *testing.T) {
	x := index(t, lines(t, opened(5, 0, "a1")+joined(6, 9, "a1", "h")+joined(8, 4, "a1", "i")+
		joined(9, 9, "a1", "j")), timeline.Options{})
	c := x.Cursor()
	for _, test := range []struct {
		seq   uint64
		found bool
		n     int
	}{{6, true, 2}, {7, false, 2}, {9, true, 4}, {5, true, 1}, {4, false, 1}, {10, false, 1}} {
		if found := c.GoSeq(test.seq); found != test.found || c.N() != test.n {
			t.Errorf("seq %d: %v at %d", test.seq, found, c.N())
		}
	}
	for at, n := range map[int]int{-1: 0, 0: 1, 3: 1, 4: 3, 8: 3, 9: 4, 99: 4} {
		if c.GoTime(start + reducer.Time(at)*1_000_000_000); c.N() != n {
			t.Errorf("time %d: at %d, want %d", at, c.N(), n)
		}
	}
	unordered := index(t, lines(t, opened(5, 0, "a1")+joined(9, 9, "a1", "h")+joined(8, 9, "a1", "i")),
		timeline.Options{})
	if c = unordered.Cursor(); !c.GoSeq(8) || c.N() != 3 {
		t.Errorf("seq 8 is at %d", c.N())
	}
	if c.Go(99); c.N() != 3 {
		t.Errorf("after the end is at %d", c.N())
	}
	if c.Go(-1); c.N() != 0 {
		t.Errorf("before the start is at %d", c.N())
	}
}

// TestReopened reads a log in which a rollout is opened a second time after it was deleted: the
// hosts of the second one begin again, and the first one stays as it was. While the first one is
// under way, a second opening is refused.
func TestReopened(t *testing.T) {
	first := opened(1, 0, "a1") + joined(2, 0, "a1", "h") +
		moved(3, 1, "a1", "h", "Pending", "Activating") +
		moved(4, 2, "a1", "h", "Activating", "Soaking")
	x := index(t, lines(t, first+moved(5, 3, "a1", "h", "Soaking", "Converged")+
		opened(6, 99, "a1")+joined(7, 99, "a1", "h")+
		moved(8, 100, "a1", "h", "Pending", "Activating")), timeline.Options{})
	c := x.Cursor()
	c.Go(x.Len())
	s := c.Snapshot()
	if len(s.Rollouts) != 2 {
		t.Fatalf("%d rollouts", len(s.Rollouts))
	}
	one, two := s.Rollouts[0], s.Rollouts[1]
	if one.Record.State != reducer.Terminal || one.Hosts[0].State != reducer.HostConverged ||
		one.Incarnation != 1 {
		t.Errorf("first: %+v", one)
	}
	if two.Record.State != reducer.Active || two.Hosts[0].State != reducer.HostActivating ||
		two.Incarnation != 2 || two.Record.RolloutID != "s@a1" || s.Find("s@a1") != two {
		t.Errorf("second: %+v", two)
	}
	x = index(t, lines(t, first+opened(5, 99, "a1")), timeline.Options{})
	c = x.Cursor()
	if !c.Next(timeline.Condition{Refused: true}) || c.N() != 5 || len(c.Snapshot().Rollouts) != 1 {
		t.Errorf("a rollout under way is opened again: %d, %+v", c.N(), c.Snapshot())
	}
}

// TestTrimmed reads a log that begins in the middle of a rollout. What entries prove is known, and
// nothing else.
func TestTrimmed(t *testing.T) {
	transition := entry(8, 2, "effect", "", "s@a1",
		`{"effect":"RecordRolloutTransition","rolloutId":"s@a1","from":"Active","to":"Failed",AT}`)
	x := index(t, lines(t, moved(7, 1, "a1", "h", "Soaking", "Failed")+transition), timeline.Options{})
	c := x.Cursor()
	c.Go(1)
	r := c.Snapshot().Rollouts[0]
	if r.Record.State != 0 || r.Record.Channel != "" || r.Hosts[0].State != reducer.HostFailed ||
		r.Hosts[0].Joined {
		t.Errorf("after the move: %+v", r)
	}
	c.Go(2)
	if r = c.Snapshot().Rollouts[0]; r.Record.State != reducer.Failed {
		t.Errorf("after the transition: %+v", r)
	}
	if x.CursorKnown() || len(x.Unknown()) != 3 {
		t.Errorf("known: %v, unknown: %v", x.CursorKnown(), x.Unknown())
	}
}

// TestHeld follows a host from the gate that holds it to its dispatch and its last message.
func TestHeld(t *testing.T) {
	gate := func(seq, at int, name, why string) string {
		return entry(seq, at, "gate_decision", "h", "s@a1",
			`{"gate":"`+name+`","reason":"`+why+`","host":"h","rollout":"s@a1"}`)
	}
	x := index(t, lines(t, opened(1, 0, "a1")+joined(2, 0, "a1", "h")+
		gate(3, 10, "wave-promotion", "one")+gate(4, 25, "wave-promotion", "two")+
		gate(5, 40, "wave-promotion", "two")+gate(6, 55, "host-edge", "three")+
		entry(7, 70, "plan_action", "h", "s@a1", `{"action":"QueueDispatch","host":"h","rollout":"s@a1",`+
			`"target_closure":"c1","soak_due_at":"`+instant(600)+`"}`)+
		entry(8, 71, "agent_event", "h", "s@a1", `{"kind":"DispatchAck","currentClosureAtDispatch":"c0",`+
			`"receivedAt":"`+instant(71)+`","seq":1}`)), timeline.Options{})
	c := x.Cursor()
	second := reducer.Time(1_000_000_000)
	for n, want := range map[int]timeline.Host{
		2: {},
		3: {Gate: "wave-promotion", Reason: "one", HeldAt: start + 10*second},
		4: {Gate: "wave-promotion", Reason: "two", HeldAt: start + 10*second},
		5: {Gate: "wave-promotion", Reason: "two", HeldAt: start + 10*second},
		6: {Gate: "host-edge", Reason: "three", HeldAt: start + 55*second},
		7: {
			Dispatches: 1, DispatchedAt: start + 70*second, SoakDue: start + 600*second, Closure: "c1",
		},
		8: {
			Dispatches: 1, DispatchedAt: start + 70*second, SoakDue: start + 600*second, Closure: "c1",
			LastSeq: 1, LastAt: start + 71*second,
		},
	} {
		c.Go(n)
		want.ID, want.Joined, want.Wave, want.State, want.Since = "h", true, 1, reducer.HostPending, start
		if got := c.Snapshot().Rollouts[0].Hosts[0]; got != want {
			t.Errorf("after %d:\n%+v\nwant\n%+v", n, got, want)
		}
	}
	if changes := len(x.Changes()); changes != len(index(t, lines(t, opened(1, 0, "a1")+
		joined(2, 0, "a1", "h")+gate(3, 10, "wave-promotion", "one")+
		gate(4, 25, "wave-promotion", "two")), timeline.Options{}).Changes())+4 {
		t.Errorf("%d changes: a repeated gate row counts as one", changes)
	}
	if x.CursorKnown() {
		t.Error("a host of wave 1 is dispatched while the cursor is 0, and the cursor counts as known")
	}
	budget := trace.BudgetConfig{Hosts: []string{"h*"}}
	if c.Go(6); c.Snapshot().InFlight(&budget) != 0 {
		t.Error("a host that was not dispatched is in flight")
	}
	if c.Go(7); c.Snapshot().InFlight(&budget) != 1 {
		t.Error("a host that has not answered is not in flight")
	}
	if budget.Hosts[0] = "x"; c.Snapshot().InFlight(&budget) != 0 {
		t.Error("a host that the budget does not cover is in flight")
	}
}

// TestAnswer compares the answers of the machine with the effects that follow the events in a
// simulated trace.
func TestAnswer(t *testing.T) {
	entries := simulate(t, "operator-clears-a-failed-rollout", 1)[1:]
	x := index(t, simulate(t, "operator-clears-a-failed-rollout", 1), timeline.Options{})
	c := x.Cursor()
	answers, transitions := 0, 0
	for c.Next(timeline.Condition{Kind: trace.KindRolloutEvent}) {
		a, err := c.Answer()
		if err != nil {
			t.Fatal(err)
		}
		n := c.N()
		if entries[n-1].Event.Kind == reducer.RolloutOpened {
			if a != nil {
				t.Errorf("entry %d: an opening has the answer %+v", n, a)
			}
			continue
		}
		answers++
		if !a.Rule.Set || a.Err != nil {
			t.Fatalf("entry %d: %+v", n, a)
		}
		if a.Rule.Value.Do == reducer.Go {
			transitions++
			if a.After.State != a.Rule.Value.To || len(a.Effects) == 0 {
				t.Errorf("entry %d: %+v", n, a)
			}
		}
		for i, effect := range a.Effects {
			if e := entries[n+i].Effect; e == nil || *e != effect {
				t.Errorf("entry %d: effect %+v, the trace has %+v", n, effect, entries[n+i])
			}
		}
	}
	if answers < 9 || transitions < 4 {
		t.Errorf("%d answers, %d transitions", answers, transitions)
	}
	c.Go(0)
	if a, err := c.Answer(); a != nil || err != nil {
		t.Errorf("at the start: %v, %v", a, err)
	}
}

// TestMarks checks where marks are placed, and their order.
func TestMarks(t *testing.T) {
	x := index(t, lines(t, opened(1, 0, "a1")+joined(2, 0, "a1", "h")+joined(3, 0, "a1", "i")),
		timeline.Options{})
	x.AddMarks([]timeline.Mark{{Seq: 3, Title: "c"}, {Seq: 2, Title: "b"}, {Title: "end"}})
	x.AddMarks([]timeline.Mark{{Seq: 1, Title: "a"}, {Seq: 2, Title: "d"}})
	var got []string
	for _, m := range x.Marks() {
		got = append(got, fmt.Sprintf("%d%s", m.N, m.Title))
	}
	if want := []string{"0a", "1b", "1d", "2c", "3end"}; !slices.Equal(got, want) {
		t.Errorf("marks %v, want %v", got, want)
	}
	for n, want := range [][]string{{"a"}, {"b", "d"}, {"c", "end"}} {
		var got []string
		for _, m := range x.MarksAt(n) {
			got = append(got, m.Title)
		}
		if !slices.Equal(got, want) {
			t.Errorf("marks at %d: %v, want %v", n, got, want)
		}
	}
}

// TestBuildErrors checks what is refused.
func TestBuildErrors(t *testing.T) {
	if _, err := timeline.NewBuilder(timeline.Options{}).Index(); err == nil {
		t.Error("a trace without entries is accepted")
	}
	b := timeline.NewBuilder(timeline.Options{})
	header := trace.Entry{Kind: trace.KindHeader, Header: &trace.Header{Machine: "v9"}}
	if err := b.Write(&header); err == nil || !strings.Contains(err.Error(), "--machine") {
		t.Errorf("an unknown machine: %v", err)
	}
	broken := errors.New("broken")
	if _, err := timeline.Build(source{broken}, timeline.Options{}); !errors.Is(err, broken) {
		t.Errorf("a broken source: %v", err)
	}
}

type source struct{ err error }

func (s source) Read() (*trace.Entry, error) { return nil, s.err }

// TestRead checks that Read returns every entry in order, and stops at an error.
func TestRead(t *testing.T) {
	entries := recorded(t, "sample-4")
	x := index(t, entries, timeline.Options{})
	i := 0
	err := x.Read(func(n int, e *trace.Entry) error {
		if n != i || !reflect.DeepEqual(*e, entries[i]) {
			t.Fatalf("entry %d: %+v", n, e)
		}
		i++
		return nil
	})
	if err != nil || i != len(entries) {
		t.Errorf("%d entries, %v", i, err)
	}
	stop := errors.New("stop")
	if err := x.Read(func(n int, _ *trace.Entry) error {
		if n == 3 {
			return stop
		}
		return nil
	}); !errors.Is(err, stop) {
		t.Error(err)
	}
}
