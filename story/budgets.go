package story

import (
	"fmt"
	"slices"
	"strings"

	"rollsim/controlplane"
	"rollsim/internal/nearest"
	"rollsim/reducer"
	"rollsim/sim"
)

// addBudget adds a budget with a limit.
func addBudget(w *world, b sim.Budget, most limit) error {
	if most.percent == 0 && (most.hosts < 1 || most.hosts > maxHosts) {
		return fmt.Errorf("a budget is from 1 to %d hosts, or from 1%% to 100%%", maxHosts)
	}
	if slices.ContainsFunc(w.fleet.Budgets, func(o sim.Budget) bool { return o.Name == b.Name }) {
		return fmt.Errorf("%s has a budget already", b.Name)
	}
	b.MaxInFlight, b.Percent = int(most.hosts), most.percent
	w.fleet.Budgets = append(w.fleet.Budgets, b)
	return nil
}

// addChannelBudget adds a budget for all hosts of some channels.
func addChannelBudget(w *world, most limit, channels []reducer.ChannelID) error {
	b := sim.Budget{Name: strings.Join(as[string](channels), "+")}
	for _, id := range channels {
		c, err := w.fleet.channel(id)
		if err != nil {
			return err
		}
		b.Hosts = append(b.Hosts, as[string](hostsOf(c))...)
	}
	if len(channels) == 1 {
		b.Hosts, b.Selector = nil, "channel:"+string(channels[0])
	}
	return addBudget(w, b, most)
}

func addTags(w *world, hosts []reducer.HostID, tags []tag) error {
	hosts, err := w.fleet.match(hosts)
	if err != nil {
		return err
	}
	for _, t := range tags {
		if strings.ContainsAny(string(t), ",:") {
			return fmt.Errorf("the tag %q contains a comma or a colon", t)
		}
	}
	w.fleet.Tags = append(
		w.fleet.Tags, controlplane.HostTags{Hosts: as[string](hosts), Tags: as[string](tags)},
	)
	return nil
}

// A tag is a tag of a host.
type tag string

// addTagBudget adds a budget for the hosts that a selector of tags selects.
func addTagBudget(w *world, kind string, most limit, tags []tag) error {
	var known []string
	for _, t := range w.fleet.Tags {
		known = append(known, t.Tags...)
	}
	for _, t := range tags {
		if !slices.Contains(known, string(t)) {
			return fmt.Errorf("no host has the tag %q%s", t, nearest.Hint(string(t), known))
		}
	}
	selector := kind + ":" + strings.Join(as[string](tags), ",")
	return addBudget(w, sim.Budget{Name: selector, Selector: selector}, most)
}

// A limit is the limit of a budget: a number of hosts, or a percentage of them.
type limit struct {
	hosts   uint64
	percent int
}

func (l limit) String() string {
	if l.percent > 0 {
		return fmt.Sprintf("%d%%", l.percent)
	}
	return fmt.Sprint(l.hosts)
}

func parseLimit(s string) (any, error) {
	if s == "half" {
		return limit{percent: 50}, nil
	}
	digits := strings.TrimSpace(strings.TrimSuffix(strings.TrimSuffix(s, "%"), "percent"))
	if digits == s {
		n, err := parseNumber(s)
		return limit{hosts: n}, err
	}
	n, err := parseNumber(digits)
	if strings.Contains(digits, ".") || err != nil || n < 1 || n > 100 {
		return nil, fmt.Errorf("%s is not a whole percentage from 1%% to 100%%", s)
	}
	return limit{percent: int(n)}, nil
}
