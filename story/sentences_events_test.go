package story

import (
	"testing"

	"rollsim/story/gherkin"
)

// TestReadEvent reads rows that lack what every event has.
func TestReadEvent(t *testing.T) {
	for _, c := range []struct {
		row  gherkin.Row
		want string
	}{
		{gherkin.Row{"event": "RolloutTerminal", "rollout": "stable@a1"}, ""},
		{gherkin.Row{"event": "RolloutTerminal"}, "the row needs an event and a rollout"},
		{gherkin.Row{"rollout": "stable@a1"}, "the row needs an event and a rollout"},
		{gherkin.Row{}, "the row needs an event and a rollout"},
	} {
		ev, err := readEvent(c.row)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.want || (ev == nil) != (c.want != "") {
			t.Errorf("%v: %v, %q; want %q", c.row, ev, got, c.want)
		}
	}
}
