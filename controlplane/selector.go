package controlplane

import (
	"fmt"
	"slices"
	"strings"

	"rollsim/reducer"
	"rollsim/trace"
)

// budget is a Budget whose hosts are known.
type budget struct {
	*Budget
	most int // how many hosts may be in flight; for a percentage that of the selected hosts
}

// addBudgets resolves the budgets, and numbers the sets of budgets that count a host.
func (inv *Inventory) addBudgets(conf *Config) error {
	var counting [][]uint32 // by host
	if len(conf.Budgets) > 0 {
		counting = make([][]uint32, len(inv.hosts))
	}
	for i := range conf.Budgets {
		b := &conf.Budgets[i]
		covers, err := inv.selects(b, conf)
		if err != nil {
			return err
		}
		selected := 0
		for n := range inv.hosts {
			if covers(uint32(n)) {
				selected++
				counting[n] = append(counting[n], uint32(i))
			}
		}
		most := b.MaxInFlight
		if b.Percent > 0 {
			most = max(1, selected*b.Percent/100)
		}
		inv.budgets = append(inv.budgets, budget{b, most})
	}
	indexOf := make(map[string]uint32)
	for n := range counting {
		if counting[n] == nil {
			continue
		}
		key := fmt.Sprint(counting[n])
		index, ok := indexOf[key]
		if !ok {
			index = uint32(len(inv.budgetsOf))
			indexOf[key] = index
			inv.budgetsOf = append(inv.budgetsOf, counting[n])
		}
		inv.hosts[n].budgets = index
	}
	return nil
}

// selects returns whether a budget counts the host with a number. The error says what is wrong with
// the budget.
func (inv *Inventory) selects(b *Budget, conf *Config) (func(n uint32) bool, error) {
	switch {
	case b.Percent == 0 && b.MaxInFlight < 1:
		return nil, fmt.Errorf("budget %s: max_in_flight %d is not above 0", b.Name, b.MaxInFlight)
	case b.Percent != 0 && b.MaxInFlight != 0:
		return nil, fmt.Errorf("budget %s has both max_in_flight and a percentage", b.Name)
	case b.Percent < 0 || b.Percent > 100:
		return nil, fmt.Errorf("budget %s: %d percent is not between 1 and 100", b.Name, b.Percent)
	case b.Selector != "" && len(b.Hosts) > 0:
		return nil, fmt.Errorf("budget %s has both hosts and a selector", b.Name)
	case b.Selector == "":
		return func(n uint32) bool { return matches(b.Hosts, inv.hosts[n].id) }, nil
	}
	covers, err := inv.selector(b.Selector, conf)
	if err != nil {
		return nil, fmt.Errorf("budget %s: %w", b.Name, err)
	}
	return covers, nil
}

// selector returns whether the selector of a budget selects the host with a number.
func (inv *Inventory) selector(text string, conf *Config) (func(n uint32) bool, error) {
	kind, list, _ := strings.Cut(text, ":")
	names := strings.Split(list, ",")
	if kind != "all" && slices.Contains(names, "") {
		return nil, fmt.Errorf("selector %q has an empty name", text)
	}
	switch kind {
	case "all":
		if text != kind {
			return nil, fmt.Errorf("selector %q: nothing is expected after \"all\"", text)
		}
		return func(uint32) bool { return true }, nil
	case "channel":
		ch := inv.channel(reducer.ChannelID(list))
		if ch == nil {
			return nil, fmt.Errorf("selector %q: channel %s is not declared", text, list)
		}
		return func(n uint32) bool { return n >= ch.first && n < ch.end }, nil
	case "hosts":
		for _, name := range names {
			if _, known := inv.Host(reducer.HostID(name)); !known {
				return nil, fmt.Errorf("selector %q: host %s does not exist", text, name)
			}
		}
		return func(n uint32) bool { return slices.Contains(names, string(inv.hosts[n].id)) }, nil
	case "tags", "tags_any":
		for _, name := range names {
			if !slices.ContainsFunc(conf.Tags, func(t HostTags) bool {
				return slices.Contains(t.Tags, name)
			}) {
				return nil, fmt.Errorf("selector %q: no host has tag %s", text, name)
			}
		}
		return func(n uint32) bool {
			tagged := 0
			for _, name := range names {
				if hasTag(conf.Tags, inv.hosts[n].id, name) {
					tagged++
				}
			}
			return tagged == len(names) || kind == "tags_any" && tagged > 0
		}, nil
	}
	return nil, fmt.Errorf("selector %q: expected all, channel:NAME, tags:A,B, tags_any:A,B or "+
		"hosts:A,B", text)
}

// hasTag reports whether a host has a tag.
func hasTag(tags []HostTags, id reducer.HostID, name string) bool {
	return slices.ContainsFunc(tags, func(t HostTags) bool {
		return slices.Contains(t.Tags, name) && matches(t.Hosts, id)
	})
}

// matches reports whether a host matches one of the names or globs. An invalid glob matches none;
// those of a scenario are checked when it is loaded.
func matches(patterns []string, id reducer.HostID) bool {
	conf := trace.BudgetConfig{Hosts: patterns}
	return conf.Covers(id)
}

// Budget returns a budget as the header of a trace has it: with the names of the hosts that a
// selector selects, and a number of hosts instead of a percentage.
func (inv *Inventory) Budget(i int) trace.BudgetConfig {
	b := &inv.budgets[i]
	conf := trace.BudgetConfig{Name: b.Name, Hosts: b.Hosts, MaxInFlight: b.most}
	if b.Selector == "" {
		return conf
	}
	for n := range inv.hosts {
		if slices.Contains(inv.budgetsOf[inv.hosts[n].budgets], uint32(i)) {
			conf.Hosts = append(conf.Hosts, string(inv.hosts[n].id))
		}
	}
	return conf
}
