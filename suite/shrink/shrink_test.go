package shrink_test

import (
	"context"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"rollsim/controlplane"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/suite/explore"
	"rollsim/suite/shrink"
)

// found is a failure of a sweep.
type found struct {
	machine string
	plane   string
	seed    uint64
	key     string
}

func (f *found) options(t *testing.T) shrink.Options {
	t.Helper()
	e, err := machine.ForSweep(f.machine)
	if err != nil {
		t.Fatal(err)
	}
	s := &explore.Source{
		Swarm: explore.NewSwarm(), Machine: f.machine, Faults: explore.SwarmFaults,
		ControlPlane: controlplane.Name(f.plane),
	}
	sc, _, err := s.Scenario(f.seed, 0)
	if err != nil {
		t.Fatal(err)
	}
	key, err := shrink.ParseKey(f.key)
	if err != nil {
		t.Fatal(err)
	}
	return shrink.Options{Scenario: sc, Machine: e.Table, Key: &key}
}

func (f *found) shrunk(t *testing.T) *shrink.Case {
	t.Helper()
	c, err := shrink.Shrink(context.Background(), f.options(t))
	if err != nil {
		t.Fatalf("%+v: %v", f, err)
	}
	return c
}

// TestShrink makes failures of sweeps smaller. Each is small in the end, shows its key when its
// file is read again, and cannot be made smaller by any pass.
func TestShrink(t *testing.T) {
	for _, test := range []struct {
		found
		hosts, lines int
		sentences    []string // of the feature; nil if it has none
	}{
		{found{"canary", "", 7, "unpruned/Superseded"}, 1, 2, []string{
			`Given channel "stable" with 1 host soaking 1 hour`,
			`When "stable" moves to ref "a1"`,
			`And "stable" moves to ref "b2" while host "stable-01" is soaking`,
			`Then "stable@a1" is Pruned in the end`,
		}},
		{found{"v0.2", "specified", 1, "unpruned/Terminal"}, 1, 1, []string{
			`Given channel "stable" with 1 host`, `When "stable" moves to ref "a1"`,
			`Then "stable@a1" is Pruned in the end`,
		}},
		{found{"v0.2", "specified", 27, "terminal-converged/Terminal"}, 1, 2, []string{
			`And RolloutTerminal of "stable@b2" reaches the record of "stable@a1" once ` +
				`"stable@a1" is Active`,
			`Then every host of "stable@a1" is Converged`,
			`And RolloutTerminal of "stable@a1" is refused with Invariant`,
		}},
		{found{"v0.1", "specified", 4, "wave-kept/Active"}, 2, 1, []string{
			`Given channel "stable" with waves of 1 and 1 hosts`,
			`When "stable" moves to ref "a1"`,
			`Then host "stable-02" is dispatched after host "stable-01" is Converged`,
		}},
		{found{"rfc0008", "shipped", 41, "stuck/lost-activation"}, 1, 2, []string{
			`Given channel "stable" with 1 host soaking 1 hour`, `And activation takes 1 hour`,
			`When "stable" moves to ref "a1"`,
			`And the agent of host "stable-01" restarts while host "stable-01" is activating`,
			`Then "stable@a1" is Terminal`,
		}},
		{found{"rfc0008", "shipped", 7, "halt-kept/no-halt"}, 3, 2, []string{}},
	} {
		c := test.shrunk(t)
		if c.Unfinished != "" || c.After.Hosts > test.hosts || c.After.Lines > test.lines {
			t.Errorf("%+v: %+v, %s\n%s", test.found, c.After, c.Unfinished, shrink.File(c))
		}
		again, err := scenario.Parse("case.yaml", []byte(shrink.File(c)))
		if err != nil {
			t.Fatalf("%+v: %v", test.found, err)
		}
		m := test.options(t).Machine
		r, err := sim.Run(&again.Scenario, sim.Options{Machine: m, Seed: again.Scenario.Seed})
		if err != nil {
			t.Fatal(err)
		}
		shown := false
		for _, v := range r.Violations {
			shown = shown || v.Invariant == c.Key.Invariant && v.Excused == ""
		}
		if !shown {
			t.Errorf("%+v: its file does not show it\n%s", test.found, shrink.File(c))
		}
		if pass := shrink.Accepts(c, m); pass != "" {
			t.Errorf("%+v: pass %s makes it smaller\n%s", test.found, pass, shrink.File(c))
		}
		f := shrink.WriteFeature(context.Background(), c, m)
		if (f.Text == "") != (test.sentences == nil) || f.Steps > 8 || f.Text != "" && !f.Passes {
			t.Errorf("%+v: %d steps, %s\n%s", test.found, f.Steps, f.Why, f.Text)
		}
		for _, s := range test.sentences {
			if !strings.Contains(f.Text, s+"\n") {
				t.Errorf("%+v: no sentence %q\n%s", test.found, s, f.Text)
			}
		}
	}
}

// TestSameCase checks that two searches for the same failure have the same result, and that other
// seeds of the same failure end in the same case.
func TestSameCase(t *testing.T) {
	first := (&found{"canary", "", 7, "unpruned/Superseded"}).shrunk(t)
	second := (&found{"canary", "", 7, "unpruned/Superseded"}).shrunk(t)
	if !reflect.DeepEqual(first, second) {
		t.Errorf("two searches differ:\n%+v\n%+v", first, second)
	}
	f := shrink.WriteFeature(t.Context(), first, machine.Canary())
	for name, text := range map[string]string{ // which the README shows
		"testdata/canary-7.yaml": shrink.File(first), "testdata/canary-7.feature": f.Text,
	} {
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(name); err != nil || string(want) != text {
			t.Errorf("%s is not current (%v): UPDATE=1 rewrites it\n%s", name, err, text)
		}
	}
	other := (&found{"canary", "", 1, "unpruned/Superseded"}).shrunk(t)
	if shrink.File(other) != shrink.File(first) {
		t.Errorf("seed 1 has another case\n%s\n%s", shrink.File(other), shrink.File(first))
	}
}

// TestUnfinished checks that a search that is cut short returns a case that is marked, and that it
// is one that fails.
func TestUnfinished(t *testing.T) {
	f := found{"canary", "", 7, "unpruned/Superseded"}
	opt := f.options(t)
	opt.Effort = 60_000
	c, err := shrink.Shrink(context.Background(), opt)
	if err != nil || !strings.Contains(c.Unfinished, "simulated entries") {
		t.Fatalf("%v, %+v", err, c)
	}
	if whole := f.shrunk(t); c.After.Lines <= whole.After.Lines {
		t.Errorf("cut short, it has %d lines, and otherwise %d", c.After.Lines, whole.After.Lines)
	}
	if c.Violation.Invariant != "unpruned" {
		t.Errorf("the unfinished case shows %v", c.Violation)
	}
	ctx, cancel := context.WithCancel(context.Background())
	accepted := 0
	opt = f.options(t)
	opt.Progress = func(*shrink.Progress) {
		if accepted++; accepted == 2 {
			cancel()
		}
	}
	c, err = shrink.Shrink(ctx, opt)
	if err != nil || c.Unfinished != "it was interrupted" || c.Violation.Invariant != "unpruned" {
		t.Errorf("interrupted: %v, %+v", err, c)
	}
}

// TestNothingToShrink checks scenarios that do not show a key.
func TestNothingToShrink(t *testing.T) {
	f := found{"rfc0008", "specified", 7, "unpruned/Superseded"}
	if _, err := shrink.Shrink(context.Background(), f.options(t)); !errors.Is(err, shrink.ErrHolds) {
		t.Errorf("a key that is not shown: %v", err)
	}
	opt := f.options(t)
	opt.Key = nil
	if _, err := shrink.Shrink(context.Background(), opt); !errors.Is(err, shrink.ErrHolds) {
		t.Errorf("no violation at all: %v", err)
	}
	f = found{"v0.2", "specified", 1, "unpruned/Reverted"}
	if _, err := shrink.Shrink(context.Background(), f.options(t)); !errors.Is(err, shrink.ErrHolds) {
		t.Errorf("the invariant in another state: %v", err)
	}
}

// TestDiffers finds the smallest run in which two machines part.
func TestDiffers(t *testing.T) {
	f := found{"rfc0008", "specified", 7, "differs:rfc0008,canary"}
	c := f.shrunk(t)
	if c.After.Hosts > 1 || c.After.Lines > 2 || c.Unfinished != "" {
		t.Errorf("%+v %s\n%s", c.After, c.Unfinished, shrink.File(c))
	}
	f.key = "differs:rfc0008,rfc0008"
	if _, err := shrink.ParseKey(f.key); err == nil {
		t.Error("a machine that differs from itself is accepted")
	}
}

// TestDeparts finds the smallest run in which a machine answers an event in one state otherwise
// than the specification. Its feature says what the specification answers.
func TestDeparts(t *testing.T) {
	for key, sentence := range map[string]string{
		"departs:Converging/SuccessorOpened": `SuccessorOpened of "stable@a1" has the effects ` +
			`RecordRolloutTransition and SchedulePruning`,
		"departs:Active/any event of another rollout": "",
		"departs:Nowhere/SuccessorOpened":             "",
		"departs:Converging":                          "",
		"departs:Converging/HostLost":                 "",
	} {
		if _, err := shrink.ParseKey(key); err != nil {
			if !strings.Contains(err.Error(), "such as departs:Converging/SuccessorOpened") {
				t.Errorf("%s: %v", key, err)
			}
			continue
		}
		f := found{"canary", "specified", 7, key}
		c, err := shrink.Shrink(context.Background(), f.options(t))
		if sentence == "" {
			if !errors.Is(err, shrink.ErrHolds) {
				t.Errorf("%s: %v", key, err)
			}
			continue
		}
		if err != nil || c.After.Hosts != 1 || c.After.Lines != 2 || c.Key.String() != key {
			t.Fatalf("%s: %v %+v", key, err, c)
		}
		feature := shrink.WriteFeature(context.Background(), c, machine.Canary())
		if !feature.Passes || !strings.Contains(feature.Text, "Then "+sentence+"\n") {
			t.Errorf("%s: %s\n%s", key, feature.Why, feature.Text)
		}
	}
}

// unreliable is a machine like canary that crashes, or answers differently than the first time,
// after some steps.
type unreliable struct {
	*reducer.Table
	asked, good int
	crashes     bool
}

func (m *unreliable) Step(
	r *reducer.Record, ev *reducer.Event, now reducer.Time, p reducer.Policy, out *reducer.Effects,
) error {
	if m.asked++; m.asked > m.good {
		if m.crashes {
			return &reducer.MachineFailure{Machine: "exec:broken", Err: errors.New("it has ended")}
		}
		m.asked = 0
		return &reducer.IllegalForState{Rollout: r.RolloutID, From: r.State, Event: ev.Kind}
	}
	return m.Table.Step(r, ev, now, p, out)
}

// TestUnreliable shrinks with a machine that crashes, and with one that is not pure.
func TestUnreliable(t *testing.T) {
	f := found{"canary", "", 7, "unpruned/Superseded"}
	opt := f.options(t)
	opt.Machine = &unreliable{Table: machine.Canary(), good: 2_000, crashes: true}
	c, err := shrink.Shrink(context.Background(), opt)
	if !reducer.IsMachineFailure(err) || c == nil || c.Unfinished == "" || c.Scenario == nil {
		t.Errorf("a machine that crashes: %v, %+v", err, c)
	}
	opt = f.options(t)
	opt.Machine = &unreliable{Table: machine.Canary(), good: 301}
	c, err = shrink.Shrink(context.Background(), opt)
	if err != nil || !strings.Contains(c.Unfinished, "differently the second time") {
		t.Errorf("a machine that is not pure: %v, %+v", err, c)
	}
}
