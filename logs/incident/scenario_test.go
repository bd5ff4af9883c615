package incident

import (
	"slices"
	"strings"
	"testing"

	"rollsim/internal/memlog"
	"rollsim/machine"
	"rollsim/scenario"
)

// TestCompare compares histories of more, fewer and other events than the simulation has.
func TestCompare(t *testing.T) {
	all := sample(t, "sample-4")
	const id = "edge@0c917b8"
	h, err := Read(&memlog.Log{All: all}, id, Options{})
	if err != nil {
		t.Fatal(err)
	}
	test, err := h.Test("scenarios/it.yaml", "the test")
	if err != nil {
		t.Fatal(err)
	}
	file, err := scenario.Parse("scenarios/it.yaml", test.Scenario)
	if err != nil {
		t.Fatal(err)
	}
	last := -1 // of the rollout's own events
	for i := range h.Events {
		if h.Events[i].Role == Own {
			last = i
		}
	}
	whole := h.Events
	for name, c := range map[string]struct {
		events []Recorded
		want   string
	}{
		"equal": {whole, ""},
		"more":  {append(slices.Clone(whole), whole[last]), "recorded {"},
		"fewer": {slices.Delete(slices.Clone(whole), last, last+1), "recorded nothing, simulated {"},
	} {
		h.Events = c.events
		var got Test
		if err := h.compare(file, machine.Shipped(), &got); err != nil {
			t.Fatal(err)
		}
		notes := strings.Join(got.Notes, "\n")
		if c.want == "" && notes != "" || !strings.Contains(notes, c.want) {
			t.Errorf("%s: %q, want %q", name, notes, c.want)
		}
		if name == "more" && !strings.HasSuffix(notes, ", simulated nothing") {
			t.Errorf("%s: %q", name, notes)
		}
	}
}

// TestExtent counts a rollout's own events apart from those of other rollouts.
func TestExtent(t *testing.T) {
	for _, c := range []struct {
		own, others int
		want        string
	}{
		{0, 0, "0 events"}, {1, 0, "1 event"}, {2, 0, "2 events"},
		{1, 1, "1 event, and 1 of the rollouts before and after it"},
		{2, 3, "2 events, and 3 of the rollouts before and after it"},
	} {
		var h History
		for range c.own {
			h.Events = append(h.Events, Recorded{Role: Own})
		}
		for range c.others {
			h.Events = append(h.Events, Recorded{Role: Own + 1})
		}
		if got := h.Extent(); got != c.want {
			t.Errorf("%d and %d: %q, want %q", c.own, c.others, got, c.want)
		}
	}
}
