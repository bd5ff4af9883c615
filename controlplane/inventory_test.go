package controlplane

import (
	"slices"
	"strings"
	"testing"

	"rollsim/reducer"
)

func TestInventory(t *testing.T) {
	inv := inventory(t, twoChannels())
	if inv.Hosts() != 6 {
		t.Errorf("%d hosts, want 6", inv.Hosts())
	}
	for n, id := range []reducer.HostID{"a", "b", "c", "d", "x", "y"} {
		if got, ok := inv.Host(id); !ok || got != uint32(n) || inv.HostID(got) != id {
			t.Errorf("host %s has number %d, %v", id, got, ok)
		}
	}
	if n, ok := inv.Host("aa"); ok {
		t.Errorf("host aa, which does not exist, has number %d", n)
	}
	if n, ok := inv.Channel("late"); !ok || n != 1 {
		t.Errorf("channel late has number %d, %v", n, ok)
	}
	if _, ok := inv.Channel("edge"); ok {
		t.Error("channel edge, which does not exist, has a number")
	}
	if n, ok := inv.Member("late", "x"); !ok || n != 4 {
		t.Errorf("x is member %d of late, %v", n, ok)
	}
	for _, other := range []reducer.ChannelID{"stable", "edge"} {
		if _, ok := inv.Member(other, "x"); ok {
			t.Errorf("x is a member of %s", other)
		}
	}
	if got := inv.Policy("late").RetentionSeconds; got != 3600 {
		t.Errorf("late keeps rollouts for %d s", got)
	}
	if got := inv.Policy("edge"); got != reducer.DefaultPolicy() {
		t.Errorf("the policy of a channel that is not declared is %v", got)
	}
}

func TestInventoryRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"a channel twice": {
			func(c *Config) { c.Channels[1].ID = "stable" }, "channel stable is declared twice",
		},
		"a host twice": {
			func(c *Config) { c.Channels[1].Waves[0].Hosts[0] = "b" }, "host b is declared twice",
		},
		"an awaited channel that is not declared": {
			func(c *Config) { c.Channels[1].After[0] = "edge" }, "waits for channel edge",
		},
		"an edge to a host of another channel": {
			func(c *Config) { c.Channels[0].HostEdges[0].After = "x" },
			"channel stable: a host edge names host x",
		},
		"an edge of a host that is not declared": {
			func(c *Config) { c.Channels[0].HostEdges[0].Host = "e" },
			"channel stable: a host edge names host e",
		},
		"a budget of 0": {
			func(c *Config) { c.Budgets[0].MaxInFlight = 0 },
			"budget few: max_in_flight 0 is not above 0",
		},
	} {
		conf := twoChannels()
		tt.change(conf)
		if _, err := NewInventory(conf); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
	}
}

func TestQuarantine(t *testing.T) {
	var q quarantine
	entry := func(channel reducer.ChannelID, closure reducer.ClosureHash) QuarantineEntry {
		return QuarantineEntry{Channel: channel, Closure: closure}
	}
	a1, a2, b1 := entry("a", "1"), entry("a", "2"), entry("b", "1")
	for _, e := range []QuarantineEntry{b1, a2, b1} {
		q.add(e)
	}
	if !slices.Equal(q, quarantine{a2, b1}) {
		t.Errorf("the set is %v", q)
	}
	if !q.has(a2) || !q.has(b1) || q.has(a1) {
		t.Error("the set has an entry that was not added, or lacks one that was")
	}
	q.remove(a1)
	q.remove(a2)
	if !slices.Equal(q, quarantine{b1}) {
		t.Errorf("the set is %v", q)
	}
}
