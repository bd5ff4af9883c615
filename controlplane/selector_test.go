package controlplane

import (
	"slices"
	"strings"
	"testing"

	"rollsim/reducer"
)

// tagged returns a configuration of two channels whose hosts have tags, with one budget.
func tagged(b Budget) *Config {
	return &Config{
		Channels: []Channel{
			{ID: "s", Waves: []Wave{{Hosts: []reducer.HostID{"a1", "a2"}}}, Outside: []reducer.HostID{"o"}},
			{ID: "e", Waves: []Wave{{Hosts: []reducer.HostID{"b1", "b2"}}}},
		},
		Tags: []HostTags{
			{Hosts: []string{"?1"}, Tags: []string{"one"}}, {Hosts: []string{"a*"}, Tags: []string{"web"}},
		},
		Budgets: []Budget{b},
	}
}

// TestSelectors checks which hosts each selector selects.
func TestSelectors(t *testing.T) {
	for text, want := range map[string]string{
		"all": "a1 a2 o b1 b2", "channel:s": "a1 a2 o", "hosts:a2,b1": "a2 b1", "tags:one": "a1 b1",
		"tags:one,web": "a1", "tags_any:one,web": "a1 a2 b1",
	} {
		inv, err := NewInventory(tagged(Budget{Name: "x", Selector: text, MaxInFlight: 1}))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(inv.Budget(0).Hosts, " "); got != want {
			t.Errorf("%s selects %s, want %s", text, got, want)
		}
	}
}

// TestPercent checks that a percentage is rounded down, and is at least one host.
func TestPercent(t *testing.T) {
	for percent, want := range map[int]int{1: 1, 39: 1, 40: 2, 99: 4, 100: 5} {
		inv, err := NewInventory(tagged(Budget{Name: "x", Selector: "all", Percent: percent}))
		if err != nil {
			t.Fatal(err)
		}
		if got := inv.Budget(0).MaxInFlight; got != want {
			t.Errorf("%d%% of 5 hosts: %d, want %d", percent, got, want)
		}
	}
}

// TestBadBudgets checks what NewInventory refuses.
func TestBadBudgets(t *testing.T) {
	for want, b := range map[string]Budget{
		"not above 0":               {Selector: "all"},
		"both max_in_flight":        {Selector: "all", MaxInFlight: 1, Percent: 1},
		"101 percent":               {Selector: "all", Percent: 101},
		"-1 percent":                {Selector: "all", Percent: -1},
		"both hosts":                {Selector: "all", Hosts: []string{"a1"}, MaxInFlight: 1},
		"expected all":              {Selector: "host:a1", MaxInFlight: 1},
		"nothing is expected after": {Selector: "all:a1", MaxInFlight: 1},
		"empty name":                {Selector: "tags:one,", MaxInFlight: 1},
		"no host has tag two":       {Selector: "tags:two", MaxInFlight: 1},
		"host c1 does not exist":    {Selector: "hosts:c1", MaxInFlight: 1},
		"channel x is not declared": {Selector: "channel:x", MaxInFlight: 1},
	} {
		if _, err := NewInventory(tagged(b)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got error %v, want one with %q", b, err, want)
		}
	}
}

// TestDefectSet checks the set of defects that are fixed.
func TestDefectSet(t *testing.T) {
	all, err := NewDefectSet(Defects())
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range Defects() {
		if one, _ := NewDefectSet([]Defect{d}); !all.Has(d) || !one.Has(d) || DefectSet(0).Has(d) ||
			one.Has(Defects()[(i+1)%len(Defects())]) {
			t.Errorf("%s: the set with all has it %v, its own %v", d, all.Has(d), one.Has(d))
		}
		if slices.Index(Defects(), d) != i {
			t.Errorf("%s is listed twice", d)
		}
	}
	for _, list := range [][]Defect{{"no-such"}, {""}, {NoHalt, SetBack, NoHalt}} {
		if _, err := NewDefectSet(list); err == nil {
			t.Errorf("%q is accepted", list)
		}
	}
	if all.Has("no-such") {
		t.Error("a set has a defect that does not exist")
	}
	last := Defects()[len(Defects())-1]
	if n := testing.AllocsPerRun(100, func() { all.Has(last) }); n != 0 {
		t.Errorf("Has allocates %v times, which each step of the control plane pays for", n)
	}
}
