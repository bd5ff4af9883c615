package replay

import (
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
	"rollsim/trace/input"
)

// whySample answers a question from the log of an evening.
func whySample(t *testing.T, q Question) string {
	t.Helper()
	r, err := input.Open(nil, "testdata/shipped-11.ndjson.gz")
	if err != nil {
		t.Fatal(err)
	}
	a, err := Why(r, q)
	if err != nil {
		t.Fatal(err)
	}
	return inLines(a)
}

// TestWhySampleNight: a channel that was set back, one that waits for another one, and a rollout
// that was superseded.
func TestWhySampleNight(t *testing.T) {
	until := func(text string) reducer.Opt[reducer.Time] {
		at, err := trace.ParseTime(text)
		if err != nil {
			t.Fatal(err)
		}
		return reducer.Some(at)
	}
	for _, c := range []struct {
		name string
		ask  Question
		want []string
		not  []string
	}{
		{"at the end", Question{Channel: "stable"}, []string{
			"not yet: stable@242bdc0653f07cf27b03e264610fcb34837e55f9 is Failed, since 03:12:48",
			"host ci-09 turned Failed: exit status 3, since 03:12:48 (4234)",
			"it stays Failed until channel stable gets another ref\n",
			"  hosts build-02, ci-08 and mail-04, in wave 1:\n    Pending: the ref of channel stable was " +
				"set back to that of stable@e9b95c3f8434783541b48439893efbe90ac27651, so the planner has " +
				"left this one, since 03:10:30 (4174)\n",
			"the planner works on stable@e9b95c3f8434783541b48439893efbe90ac27651",
			"  hosts ci-08 and mail-04, in wave 1:\n    Pending: blocked by compliance-wave, since " +
				"03:12:00 (4220)\n",
			"only another ref of channel stable releases it\n",
		}, []string{"operator", "points at"}},
		{"at 2", Question{Channel: "stable", At: until("2026-05-16T02:00:00Z")}, []string{
			"not yet: stable@e0ad98d833892ea529e3c31e2166f8b3ac195d5b is Active",
			"hosts build-02, ci-09 and mail-04, in waves 0 and 1:\n    Pending: blocked by channel-edges",
			"host gw-lis-01 turned Failed: switch failed at phase fire, since 01:01:25 (48)",
			"it stays Failed until channel edge gets another ref\n",
		}, []string{"operator", "set back", "supersede"}},
		{"a rollout that was superseded", Question{Rollout: "stable@e0ad98d", Host: "ci-09"}, []string{
			"Pending\nnot yet: Pending, since 01:01:00",
			"blocked by channel-edges, since 01:01:15 (30)",
			"stable@b5629217dc30240d694854150a1d6b7e575c527c has superseded it, since 02:35:30 (2905)",
		}, []string{"nothing more is dispatched"}},
		{"an agent that is silent", Question{Host: "gw-lis-01", At: until("2026-05-16T03:08:00Z")},
			[]string{
				"Activating: the switch has not completed, since 03:04:15\n",
				"the last sign of life of gw-lis-01, since 03:04:15 (3951)\n",
			}, nil},
		{"a channel that has converged", Question{Channel: "kiosk"}, []string{
			"it is: every host is Converged under kiosk@242bdc0653f07cf27b03e264610fcb34837e55f9, which " +
				"is Terminal, since 03:05:48\n",
		}, []string{"not yet"}},
	} {
		got := whySample(t, c.ask)
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in\n%s", c.name, want, got)
			}
		}
		for _, not := range c.not {
			if strings.Contains(got, not) {
				t.Errorf("%s: %q in\n%s", c.name, not, got)
			}
		}
	}
}

// TestClears: an operator is advised only where the machine accepts a clearance.
func TestClears(t *testing.T) {
	const operator = "until an operator clears it, or channel edge gets another ref"
	for _, c := range []struct {
		machine reducer.Machine
		want    bool
	}{{reducer.V02(), false}, {reducer.RFC0008(), true}} {
		halt := map[reducer.ChannelID]reducer.Policy{"edge": reducer.DefaultPolicy()}
		a, err := ask(t, inWords(t, failing), Question{
			Host: "e2", Options: Options{Machine: c.machine, Policies: halt},
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(inLines(a), operator); got != c.want {
			t.Errorf("%s: %v\n%s", c.machine.(*reducer.Table).Name(), got, inLines(a))
		}
	}
}

// TestReleaseOfUnacked: an agent that has not acknowledged a dispatch for an hour refuses the
// manifest.
func TestReleaseOfUnacked(t *testing.T) {
	const refuse = "agents refuse a manifest older than 3600 s"
	for after, want := range map[string]bool{"+3600": false, "+3601": true} {
		a, err := ask(t, inWords(t, "open edge@a1\njoin edge@a1 e1 0\nto edge@a1 Opening Active\n"+
			"dispatch edge@a1 e1 c1\n"+after+"\npoll edge a1"), Question{Channel: "edge"})
		if err != nil {
			t.Fatal(err)
		}
		if got := inLines(a); strings.Contains(got, refuse) != want {
			t.Errorf("%s: %s", after, got)
		}
	}
}

// TestReleaseOfActivating: a switch that takes more than two hours may be lost.
func TestReleaseOfActivating(t *testing.T) {
	const lost = "only another ref of channel edge does"
	opened, _, _ := strings.Cut(opening, "e1 does edge@a1 ActivationCompleted")
	for after, want := range map[string]bool{"+7199": false, "+7200": true} {
		a, err := ask(t, inWords(t, opened+after+"\npoll edge a1"), Question{Host: "e1"})
		if err != nil {
			t.Fatal(err)
		}
		if got := inLines(a); strings.Contains(got, lost) != want {
			t.Errorf("%s: %s", after, got)
		}
	}
}

// TestGroupsOfWaves: hosts that wait for the same host of an earlier wave are explained together,
// whatever their own wave is.
func TestGroupsOfWaves(t *testing.T) {
	a, err := ask(t, inWords(t, strings.Replace(opening, "join edge@a1 e2 1\n",
		"join edge@a1 e2 1\njoin edge@a1 e3 2\n", 1)+"gate edge@a1 e2 wave-promotion host_wave=1 > "+
		"current_wave=0\ngate edge@a1 e3 wave-promotion host_wave=2 > current_wave=0"),
		Question{Channel: "edge"})
	if err != nil {
		t.Fatal(err)
	}
	if got := inLines(a); !strings.Contains(got, "  hosts e2 and e3, in waves 1 and 2:\n") ||
		strings.Count(got, "host e1, in wave 0:") != 1 ||
		!strings.Contains(got, "host e1, in wave 0, is Soaking: see above\n") {
		t.Error(got)
	}
}

// TestSetBack: a channel was set back if the planner works on an earlier rollout than the last one
// that was opened, and has not done so before that.
func TestSetBack(t *testing.T) {
	f := newFixture(t)
	c := &channel{id: "edge"}
	first, second := f.open("edge@a1", "e1"), f.open("edge@b2", "e1")
	c.open(first)
	c.opened = 1
	c.plan(first, 2, start)
	if c.setBack() != nil {
		t.Error("set back to the only rollout")
	}
	c.open(second)
	c.opened = 3
	if c.setBack() != nil {
		t.Error("set back by decisions before the opening")
	}
	c.plan(second, 4, start)
	c.plan(first, 5, start)
	if c.setBack() != first || c.plannedSince.Seq != 5 {
		t.Errorf("not set back: %v", c.plannedSince)
	}
	c.plan(first, 6, start)
	if c.plannedSince.Seq != 5 || c.plannedLast.Seq != 6 {
		t.Errorf("since %v, last %v", c.plannedSince, c.plannedLast)
	}
	c.plan(second, 7, start)
	if c.setBack() != nil {
		t.Error("still set back")
	}
}
