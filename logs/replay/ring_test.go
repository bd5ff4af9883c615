package replay

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// polls are the refs of polls that a ring shows.
func polls(lines []string) string {
	var refs []string
	for _, l := range lines {
		refs = append(refs, l[strings.LastIndexByte(l, ' ')+1:])
	}
	return strings.Join(refs, " ")
}

func poll(ref string, id reducer.RolloutID) *trace.Entry {
	return &trace.Entry{
		Kind: trace.KindManifestPoll, At: start, Rollout: id,
		Poll: &trace.ManifestPoll{Channel: "edge", Outcome: "200", Ref: reducer.ChannelRef(ref)},
	}
}

// TestRing: a ring shows the entries before and after one, of its rollout or of none, and keeps
// copies of them. It leaves out gate decisions, and what it has lost.
func TestRing(t *testing.T) {
	var r ring
	lines := &trace.Lines{Absolute: true}
	for i := range 6 {
		e := poll(fmt.Sprint("r", i), []reducer.RolloutID{"", "edge@a1", "edge@b2"}[i%3])
		r.add(e)
		e.Poll.Ref = "changed"
		r.add(&trace.Entry{Kind: trace.KindGateDecision, Gate: new(trace.GateDecision)})
	}
	all := func(*trace.Entry) bool { return true }
	for _, c := range []struct {
		name string
		got  []string
		want string
	}{
		{"tail", r.tail(lines, all), "r0 r1 r2 r3 r4 r5"},
		{"tail of none", r.tail(lines, func(*trace.Entry) bool { return false }), ""},
		{"before", r.before(lines, 5, "edge@a1"), "r0 r1 r3 r4"},
		{"before the first", r.before(lines, 0, "edge@a1"), ""},
		{"before, of no rollout", r.before(lines, 5, ""), "r1 r2 r3 r4"},
		{"later", r.later(lines, 1, "edge@b2"), "r2 r3"},
		{"later than the last", r.later(lines, 5, ""), ""},
	} {
		if got := polls(c.got); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	for range ringSize {
		r.add(poll("x", ""))
	}
	if got := r.later(lines, 5, ""); got != nil {
		t.Errorf("later than a lost entry: %v", got)
	}
	if got := r.before(lines, 6, ""); got != nil {
		t.Errorf("before a lost entry: %v", got)
	}
}

// TestContext: the surroundings of a watched entry are due before the ring loses them.
func TestContext(t *testing.T) {
	var k contextKeeper
	var c cursor
	id := &rollout{id: "edge@a1"}
	c.recent.add(poll("before", ""))
	k.watch(place{n: 2, ring: 1}, id, -1)
	k.watch(place{n: 3, ring: 20}, id, 0)
	for i := range contextReach {
		if n := len(k.due(&c.recent)); n > 0 {
			t.Fatalf("%d due after %d entries", n, i)
		}
		c.recent.add(poll(fmt.Sprint("later", i), ""))
	}
	c.recent.add(poll("last", ""))
	due := k.due(&c.recent)
	if len(due) != 1 || due[0].at.n != 2 {
		t.Fatalf("due %v", due)
	}
	k.keep(&due[0], &c)
	k.drop(1)
	if got := k.kept[2]; polls(got.before) != "before" || polls(got.later) != "later1 later2" {
		t.Errorf("kept %v", got)
	}
	if len(k.watched) != 1 || len(k.due(&c.recent)) > 0 {
		t.Errorf("still watched %v", k.watched)
	}
	for n := range uint64(maxFindings) {
		k.kept[1000+n] = surroundings{}
	}
	k.keep(&watched{at: place{n: 9}, rollout: id}, &c)
	if _, kept := k.kept[9]; kept {
		t.Error("more than the limit is kept")
	}
}

func TestIsAbout(t *testing.T) {
	of := func(id reducer.RolloutID) *trace.Entry { return &trace.Entry{Rollout: id} }
	got := []bool{
		isAbout(of("a"), "a"),
		isAbout(of(""), "a"),
		isAbout(of("a"), ""),
		isAbout(of("b"), "a"),
	}
	if !slices.Equal(got, []bool{true, true, true, false}) {
		t.Error(got)
	}
}
