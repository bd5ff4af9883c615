package shrink

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/sim"
)

// names are the things that the lines of a scenario may refer to.
type names struct {
	hosts    map[reducer.HostID]reducer.ChannelID
	channels map[reducer.ChannelID]bool
	refs     map[reducer.RolloutID]bool // that a channel points at, or that a raw event opens
}

func namesOf(sc *sim.Scenario) *names {
	n := &names{
		hosts:    make(map[reducer.HostID]reducer.ChannelID),
		channels: make(map[reducer.ChannelID]bool),
		refs:     make(map[reducer.RolloutID]bool),
	}
	for i := range sc.Channels {
		ch := &sc.Channels[i]
		n.channels[ch.ID] = true
		for _, h := range hostsOf(ch) {
			n.hosts[h] = ch.ID
		}
	}
	point := func(ch reducer.ChannelID, ref reducer.ChannelRef) {
		if n.channels[ch] {
			n.refs[reducer.NewRolloutID(ch, ref)] = true
		}
	}
	for i := range sc.Timeline {
		switch a := &sc.Timeline[i]; {
		case a.SetRef != nil:
			point(a.SetRef.Channel, a.SetRef.Ref)
		case a.Release != nil:
			for ch := range n.channels {
				point(ch, a.Release.Ref)
			}
		case a.Event != nil && a.Event.Kind == reducer.RolloutOpened:
			n.refs[a.Event.Rollout] = true
		}
	}
	for i := range sc.Traffic {
		for _, ref := range sc.Traffic[i].Between {
			point(sc.Traffic[i].Channel, ref)
		}
	}
	return n
}

// hostsOf returns the hosts of a channel, wave by wave, and then those outside its waves.
func hostsOf(ch *sim.Channel) []reducer.HostID {
	var all []reducer.HostID
	for i := range ch.Waves {
		all = append(all, ch.Waves[i].Hosts...)
	}
	return append(all, ch.Outside...)
}

// matches reports whether one of the names or globs is that of a host.
func (n *names) matches(patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		if _, known := n.hosts[reducer.HostID(p)]; known || !strings.ContainsAny(p, "*?[") {
			return known
		}
		for h := range n.hosts {
			if hit, _ := path.Match(p, string(h)); hit {
				return true
			}
		}
		return false
	})
}

// opens reports whether a rollout may be opened. Refs of traffic have numbers.
func (n *names) opens(sc *sim.Scenario, id reducer.RolloutID) bool {
	if n.refs[id] {
		return true
	}
	ch, ref, _ := strings.Cut(string(id), "@")
	return slices.ContainsFunc(sc.Traffic, func(t sim.Traffic) bool {
		return string(t.Channel) == ch && t.Prefix != "" && strings.HasPrefix(ref, t.Prefix)
	})
}

// tidy removes what refers to a host, channel or ref that the scenario no longer has, so that
// removing one of those is one edit. Repeating it changes nothing.
func tidy(sc *sim.Scenario) {
	n := namesOf(sc)
	for lines := -1; lines != len(sc.Timeline); n = namesOf(sc) { // a line may open what others need
		lines = len(sc.Timeline)
		sc.Timeline = slices.DeleteFunc(sc.Timeline, func(a sim.Action) bool { return n.dangles(sc, &a) })
	}
	known := func(h reducer.HostID) bool { return n.hosts[h] != "" }
	under := func(h reducer.HostID, ref reducer.ChannelRef) bool {
		return known(h) && (ref == "" || n.opens(sc, reducer.NewRolloutID(n.hosts[h], ref)))
	}
	sc.Fates = slices.DeleteFunc(sc.Fates, func(f sim.Fate) bool { return !under(f.Host, f.Ref) })
	sc.Delays = slices.DeleteFunc(sc.Delays, func(d sim.Delay) bool { return !under(d.Host, d.Ref) })
	for i := range sc.Channels {
		ch := &sc.Channels[i]
		ch.After = slices.DeleteFunc(ch.After, func(c reducer.ChannelID) bool { return !n.channels[c] })
		ch.HostEdges = slices.DeleteFunc(ch.HostEdges, func(e sim.HostEdge) bool {
			return n.hosts[e.Host] != ch.ID || n.hosts[e.After] != ch.ID
		})
	}
	sc.Groups = slices.DeleteFunc(sc.Groups, func(g sim.Group) bool { return !n.matches(g.Hosts) })
	one := func(p string) bool { return !n.matches([]string{p}) }
	for i := range sc.Budgets {
		sc.Budgets[i].Hosts = slices.DeleteFunc(sc.Budgets[i].Hosts, one)
	}
	sc.Budgets = slices.DeleteFunc(sc.Budgets, func(b sim.Budget) bool {
		return b.Selector == "" && len(b.Hosts) == 0
	})
	for i := range sc.Faults {
		if f := &sc.Faults[i]; len(f.Hosts) > 0 && n.matches(f.Hosts) {
			f.Hosts = slices.DeleteFunc(f.Hosts, one)
		}
	}
	sc.Faults = slices.DeleteFunc(sc.Faults, func(f sim.Fault) bool {
		return len(f.Hosts) > 0 && !n.matches(f.Hosts)
	})
	sc.Quarantine = slices.DeleteFunc(sc.Quarantine, func(q sim.QuarantineEntry) bool {
		return !n.channels[q.Channel]
	})
	sc.Traffic = slices.DeleteFunc(sc.Traffic, func(t sim.Traffic) bool {
		return !n.channels[t.Channel]
	})
	for i := range sc.Tags {
		sc.Tags[i].Hosts = slices.DeleteFunc(sc.Tags[i].Hosts, one)
	}
	for i := range sc.Running {
		sc.Running[i].Hosts = slices.DeleteFunc(sc.Running[i].Hosts, one)
	}
	for i := range sc.Releases {
		sc.Releases[i].Unchanged = slices.DeleteFunc(sc.Releases[i].Unchanged, one)
	}
	tidyReleases(sc, n)
}

// tidyReleases removes releases without an effect, and lists without a host.
func tidyReleases(sc *sim.Scenario, n *names) {
	sc.Tags = slices.DeleteFunc(sc.Tags, func(t controlplane.HostTags) bool {
		return len(t.Hosts) == 0
	})
	sc.Running = slices.DeleteFunc(sc.Running, func(r sim.Running) bool { return len(r.Hosts) == 0 })
	sc.Releases = slices.DeleteFunc(sc.Releases, func(r controlplane.Release) bool {
		used := false
		for ch := range n.channels {
			used = used || (r.Channel == "" || r.Channel == ch) &&
				n.opens(sc, reducer.NewRolloutID(ch, r.Ref))
		}
		return !used || len(r.Unchanged) == 0 && r.Manifest == controlplane.Fresh && !r.Signed.Set
	})
}

// dangles reports whether a line of the timeline refers to something that is gone.
func (n *names) dangles(sc *sim.Scenario, a *sim.Action) bool {
	ofChannel := func(id reducer.RolloutID) bool {
		ch, _, _ := strings.Cut(string(id), "@")
		return n.channels[reducer.ChannelID(ch)] || n.refs[id]
	}
	if w := a.When; w != nil && !n.opens(sc, w.Rollout) {
		return true
	}
	switch {
	case a.SetRef != nil:
		return !n.channels[a.SetRef.Channel]
	case a.Lift != nil:
		return !n.channels[a.Lift.Channel]
	case a.Event != nil:
		return !ofChannel(cmp.Or(a.Reaches, a.Event.Rollout)) // a misrouted event may name any rollout
	case a.Order != nil:
		return n.orderDangles(sc, a.Order)
	case a.Fault != nil:
		f := a.Fault
		return f.Host != "" && n.hosts[f.Host] == "" || f.Channel != "" && !n.channels[f.Channel] ||
			f.Rollout != "" && !n.opens(sc, f.Rollout)
	}
	return false
}

func (n *names) orderDangles(sc *sim.Scenario, o *sim.Order) bool {
	return o.Channel != "" && !n.channels[o.Channel] ||
		o.Entry.Channel != "" && !n.channels[o.Entry.Channel] ||
		o.Rollout != "" && !n.opens(sc, o.Rollout)
}
