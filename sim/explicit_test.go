package sim

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/trace"
)

// played runs a scenario and returns the finished world, the entries and the result.
func played(t *testing.T, sc *Scenario, seed uint64) (*world, []trace.Entry, *Result) {
	t.Helper()
	var kept trace.Collector
	w, err := newWorld(sc, Options{Machine: reducer.RFC0008(), Seed: seed, Sink: &kept})
	if err != nil {
		t.Fatal(err)
	}
	r, err := w.run()
	if err != nil {
		t.Fatal(err)
	}
	return w, kept.Entries, r
}

// facts returns the entries of a run without those of faults, which need not be at the same place.
func facts(entries []trace.Entry) []trace.Entry {
	var kept []trace.Entry
	for _, e := range entries {
		if e.Fault == nil && e.Header == nil && e.End == nil {
			e.Seq = 0
			kept = append(kept, e)
		}
	}
	return kept
}

// TestEverythingDrawnCanBeSaid runs scenarios in which everything is left to chance, and then the
// same stories with every delay, failure and fault given, under another seed. A crash of the
// control plane is drawn between the polls and the plan of an instant, where a timeline cannot put
// it.
func TestEverythingDrawnCanBeSaid(t *testing.T) {
	seen := make(map[string]int)
	for seed := uint64(1); seed <= 25; seed++ {
		var faults []Fault
		for _, kind := range FaultKinds() {
			if kind != ControlPlaneCrash {
				faults = append(faults, Fault{
					Kind: kind, Probability: chanceOf(t, 0.08), For: constant(t, 100*time.Second),
				})
			}
		}
		sc := faulty(t, faults...)
		sc.Behaviour = random(t)
		_, entries, _ := played(t, sc, seed)
		said, _, err := Explicit(sc, Options{Machine: reducer.RFC0008(), Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		_, again, result := played(t, said, seed+1000)
		want, got := facts(entries), facts(again)
		for i := range max(len(want), len(got)) {
			if i >= len(want) || i >= len(got) || !reflect.DeepEqual(want[i], got[i]) {
				t.Fatalf("seed %d: entry %d of %d and %d differs", seed, i, len(want), len(got))
			}
		}
		for _, i := range result.Idle {
			t.Errorf("seed %d: line %d of the timeline met nothing: %+v", seed, i, *said.Timeline[i].Fault)
		}
		for i := range entries {
			if f := entries[i].Fault; f != nil {
				seen[f.Fault]++
			}
		}
	}
	for _, kind := range FaultKinds() {
		if kind != ControlPlaneCrash && seen[kind.String()] == 0 {
			t.Errorf("no seed drew %v", kind)
		}
	}
}

// TestOwnDelays checks which delay of a host counts.
func TestOwnDelays(t *testing.T) {
	long, short := constant(t, time.Hour), constant(t, time.Minute)
	for name, test := range map[string]struct {
		delays []Delay
		want   time.Duration
	}{
		"none":          {nil, time.Second},
		"every ref":     {[]Delay{{"h00", "", ActivationStage, long}}, time.Hour},
		"this ref":      {[]Delay{{"h00", "a1", ActivationStage, long}}, time.Hour},
		"another ref":   {[]Delay{{"h00", "b2", ActivationStage, long}}, time.Second},
		"another host":  {[]Delay{{"h01", "", ActivationStage, long}}, time.Second},
		"another stage": {[]Delay{{"h00", "", ProbeStage, long}}, time.Second},
		"the last one": {
			[]Delay{{"h00", "a1", ActivationStage, long}, {"h00", "", ActivationStage, short}}, time.Minute,
		},
	} {
		sc := scenario(t, "h00", "h01")
		sc.Behaviour = Behaviour{Activation: constant(t, time.Second)}
		sc.Delays = test.delays
		_, entries, _ := played(t, sc, 1)
		var started, done reducer.Time
		for _, e := range entries {
			switch {
			case e.Host != "h00" || e.Agent == nil:
			case e.Agent.Kind == reducer.DispatchAck:
				started = e.At
			case e.Agent.Kind == reducer.ActivationCompleted:
				done = e.At
			}
		}
		if got := time.Duration(done - started); got != test.want {
			t.Errorf("%s: the switch takes %v, want %v", name, got, test.want)
		}
	}
	sc := scenario(t, "h00")
	sc.Delays = []Delay{{"nobody", "", AckStage, long}}
	if _, err := newWorld(sc, Options{Machine: reducer.RFC0008()}); err == nil {
		t.Error("a delay of an unknown host is accepted")
	}
}

// TestStageNames checks that each stage has a name.
func TestStageNames(t *testing.T) {
	for _, s := range Stages() {
		if name := s.String(); name == "" || strings.Contains(name, "(") {
			t.Errorf("a stage is named %q", name)
		}
	}
	if got := Stage(0).String() + Stage(200).String(); got != "Stage(0)Stage(200)" {
		t.Errorf("unknown stages are named %q", got)
	}
}

// TestFaultOfOneMessage checks to which message a fault of the timeline happens.
func TestFaultOfOneMessage(t *testing.T) {
	for name, test := range map[string]struct {
		fault FaultNow
		want  uint64 // the seq of the lost message; 0 for none
	}{
		"the next":        {FaultNow{}, 1},
		"of a kind":       {FaultNow{Message: reducer.ActivationCompleted}, 3},
		"with a seq":      {FaultNow{Seq: 2}, 2},
		"of the rollout":  {FaultNow{Rollout: "stable@a1", Seq: 4}, 4},
		"another rollout": {FaultNow{Rollout: "stable@b2"}, 0},
		"another host":    {FaultNow{Host: "nobody"}, 0},
		"no such seq":     {FaultNow{Seq: 40}, 0},
		"contradictory":   {FaultNow{Message: reducer.DispatchAck, Seq: 3}, 0},
	} {
		sc := scenario(t, "h00", "h01")
		sc.Behaviour = certain(t)
		f := test.fault
		f.Kind = MessageDropped
		if f.Host == "" {
			f.Host = "h00"
		}
		sc.Timeline = append(sc.Timeline, Action{Fault: &f})
		_, entries, r := played(t, sc, 1)
		var lost []uint64
		for _, e := range entries {
			if e.Fault != nil {
				lost = append(lost, e.Fault.Seq)
			}
		}
		if test.want == 0 {
			if len(lost) > 0 || !slices.Equal(r.Idle, []int{1}) ||
				!strings.Contains(sc.Verdict(r), "NEVER HAPPENED message-dropped: line 2") {
				t.Errorf("%s: lost %v, idle %v: %s", name, lost, r.Idle, sc.Verdict(r))
			}
			continue
		}
		if !slices.Equal(lost, []uint64{test.want}) || r.Idle != nil || sc.Verdict(r) != "" {
			t.Errorf("%s: lost %v, want %d; idle %v: %s", name, lost, test.want, r.Idle, sc.Verdict(r))
		}
	}
}

// TestFaultOfOnePoll checks to which poll a fault of the timeline happens, under both control
// planes.
func TestFaultOfOnePoll(t *testing.T) {
	for name, test := range map[string]struct {
		channel reducer.ChannelID
		plane   controlplane.Name
		want    int
	}{
		"one channel":     {"late", controlplane.Specified, 1},
		"every channel":   {"", controlplane.Specified, 2},
		"shipped":         {"", controlplane.Shipped, 1},
		"unknown channel": {"nobody", controlplane.Specified, 0},
	} {
		sc := faulty(t)
		sc.ControlPlane = test.plane
		sc.Timeline = append(sc.Timeline, Action{
			At: 90 * time.Second, Fault: &FaultNow{Kind: PollFailed, Channel: test.channel},
		})
		_, entries, r := played(t, sc, 1)
		failed := 0
		for _, e := range entries {
			if e.Fault != nil {
				failed++
			}
		}
		if failed != test.want || (len(r.Idle) > 0) != (test.want == 0) {
			t.Errorf("%s: %d polls failed, want %d; idle %v", name, failed, test.want, r.Idle)
		}
		if test.want == 0 && !strings.Contains(sc.Verdict(r), "no such poll of channel nobody follows") {
			t.Errorf("%s: %s", name, sc.Verdict(r))
		}
	}
}

// TestOnce checks under which rollouts a fate happens that happens once.
func TestOnce(t *testing.T) {
	for name, test := range map[string]struct {
		fates []Fate
		want  []bool // under the rollouts 0, 1 and 2 of refs a1, b2 and a1, asked twice each
	}{
		"always": {[]Fate{{Kind: FailsProbes}}, []bool{true, true, true}},
		"once":   {[]Fate{{Kind: FailsProbes, Once: true}}, []bool{true, false, false}},
		"once under a ref": {
			[]Fate{{Kind: FailsProbes, Once: true, Ref: "b2"}}, []bool{false, true, false},
		},
		"once, and always under a ref": {
			[]Fate{{Kind: FailsProbes, Ref: "b2"}, {Kind: FailsProbes, Once: true}},
			[]bool{true, true, false},
		},
		"another kind": {[]Fate{{Kind: Defers, Once: true}}, []bool{false, false, false}},
	} {
		p := new(profile)
		for _, f := range test.fates {
			p = p.withFate(f)
		}
		for i, want := range test.want {
			for range 2 {
				ref := []reducer.ChannelRef{"a1", "b2", "a1"}[i]
				if got := p.fate(uint32(i), ref, FailsProbes) != nil; got != want {
					t.Errorf("%s: under rollout %d it happens %v", name, i, got)
				}
			}
		}
	}
}
