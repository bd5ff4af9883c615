package story

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
)

// TestLimits sets values at the limits of what sentences may say, and beyond.
func TestLimits(t *testing.T) {
	w := newWorld("")
	w.fleet = *fleetOf(t)
	budget := func(name string, most limit) error { return addBudget(w, sim.Budget{Name: name}, most) }
	for name, tt := range map[string]struct {
		err     error
		refused bool
	}{
		"no budget":                 {budget("a", limit{}), true},
		"the smallest budget":       {budget("b", limit{hosts: 1}), false},
		"the largest budget":        {budget("c", limit{hosts: maxHosts}), false},
		"too large a budget":        {budget("d", limit{hosts: maxHosts + 1}), true},
		"a share":                   {budget("e", limit{percent: 1}), false},
		"a second budget":           {budget("e", limit{hosts: 1}), true},
		"polls each second":         {setPoll(w, "edge", time.Second), false},
		"polls more often":          {setPoll(w, "edge", time.Second-1), true},
		"one seed":                  {checkSeeds(7, 7), false},
		"the largest range":         {checkSeeds(1, maxSeeds), false},
		"one seed more":             {checkSeeds(0, maxSeeds), true},
		"a larger seed comes first": {checkSeeds(8, 7), true},
	} {
		if (tt.err != nil) != tt.refused {
			t.Errorf("%s: %v", name, tt.err)
		}
	}
}

func TestDivide(t *testing.T) {
	for _, tt := range []struct {
		hosts  uint64
		shares string
		want   string
	}{
		{40, "5%, 25% and 70%", "[2 10 28]"},
		{7, "10% and 90%", "[1 6]"},
		{3, "10%, 10%, 10% and 70%", "[1 0 0 2]"},
		{0, "50% and 50%", "[0 0]"},
		{1000, "0.1%, 0.125 percent and 99.775%", "[1 2 997]"},
		{10, "100%", "[10]"},
		{10, "30% and 60%", "the waves are 90% of the hosts together: expected 100%"},
		{10, "60% and 60%", "the waves are 120% of the hosts together: expected 100%"},
		{20_000, "100%", "a channel has at most 10000 hosts"},
		{
			10, "0.0001% and 99.9999%",
			"0.0001% is not a share: expected a percentage with three decimals at most",
		},
	} {
		shares, err := parsePercents(tt.shares)
		got := ""
		if err == nil {
			var counts []uint64
			if counts, err = divide(tt.hosts, shares.([]uint64)); err == nil {
				got = fmt.Sprint(counts)
			}
		}
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%d hosts in waves of %s: got %s, want %s", tt.hosts, tt.shares, got, tt.want)
		}
	}
}

// TestChannelTables refuses rows of a table of channels.
func TestChannelTables(t *testing.T) {
	for _, tt := range []struct{ channel, waves, want string }{
		{"edge", "1, 5 and 20", ""},
		{"edge", "1", ""},
		{"edge", "few", `"few": expected the number of hosts in each wave, such as 1, 5 and 20`},
		{"edge", "1 5", `"1 5": expected the number of hosts in each wave, such as 1, 5 and 20`},
		{"edge", "-1", `"-1": expected the number of hosts in each wave, such as 1, 5 and 20`},
		{"edge", "", "the row needs a channel and its waves"},
		{"", "1", "the row needs a channel and its waves"},
	} {
		err := newWorld("").carryOut(
			nil, "these channels:", tableOf([][]string{{"channel", "waves"}, {tt.channel, tt.waves}}),
		)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil ||
			!strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%q, %q: %v, want %s", tt.channel, tt.waves, err, tt.want)
		}
	}
}

// TestChannelTableCells sets a channel up by each column of a table, and another one by none.
func TestChannelTableCells(t *testing.T) {
	w := newWorld("")
	err := w.carryOut(nil, "these channels:", tableOf([][]string{
		{"channel", "waves", "soak", "policy", "retention", "poll", "after"},
		{"edge", "1 and 2", "10 minutes", "rollback-and-halt", "2 hours", "30 seconds", ""},
		{"stable", "3", "", "", "", "", "edge"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	edge, stable := &w.fleet.Channels[0], &w.fleet.Channels[1]
	want := reducer.Policy{OnHealthFailure: reducer.RollbackAndHalt, RetentionSeconds: 7200}
	if edge.Policy != want || edge.PollInterval != 30*time.Second || len(edge.Waves) != 2 ||
		edge.Waves[0].Soak != 10*time.Minute || len(edge.After) > 0 {
		t.Errorf("edge: %+v", edge)
	}
	if stable.Policy != reducer.DefaultPolicy() || stable.PollInterval == edge.PollInterval ||
		len(stable.Waves) != 1 || !slices.Equal(stable.After, []reducer.ChannelID{"edge"}) {
		t.Errorf("stable: %+v", stable)
	}
}
