package controlplane

import (
	"testing"

	"rollsim/reducer"
)

// TestReusedMemory drives a control plane with the memory of one that has worked on another
// configuration, twice. It must do what one with memory of its own does.
func TestReusedMemory(t *testing.T) {
	other := twoChannels()
	first, _ := start(t, Specified, other)
	drive(t, first, new(Log), append([]input{plan(0)}, converge(second, 0, "stable@r1")...))
	shipped := builder(t, Shipped)(inventory(t, other), reducer.V02())
	old := first

	conf := oneWave()
	conf.Budgets = []Budget{{Name: "two", Hosts: []string{"[abc]"}, MaxInFlight: 2}}
	inv := inventory(t, conf)
	inputs := append([]input{poll(0, 0, "r1"), plan(0)}, converge(second, 0, "stable@r1")...)
	inputs = append(inputs, plan(60*second), poll(61*second, 0, "r2"), plan(61*second))
	var log Log
	want := builder(t, Specified)(inv, reducer.RFC0008())
	drive(t, want, &log, inputs)

	for range 2 {
		c := builder(t, Specified)(inv, reducer.RFC0008())
		if Reuse(c, shipped) || !Reuse(c, old) {
			t.Fatal("only the memory of a control plane of the same kind can be used")
		}
		var again Log
		drive(t, c, &again, inputs)
		if got, want := text(&again), text(&log); got != want {
			t.Errorf("with reused memory:\n%s\nwant\n%s", got, want)
		}
		if diffs := want.Diff(c); len(diffs) > 0 {
			t.Errorf("with reused memory: %v", diffs)
		}
		old = c
	}
	if Reuse(builder(t, Shipped)(inv, reducer.V02()), old) {
		t.Error("a control plane of another kind was taken")
	}
}
