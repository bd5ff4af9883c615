package shrink

import (
	"fmt"
	"strings"

	"rollsim/reducer"
	"rollsim/sim"
)

// renaming says which names replace those of a scenario. A name that it does not have stays.
type renaming struct {
	channels map[reducer.ChannelID]reducer.ChannelID
	refs     map[reducer.ChannelRef]reducer.ChannelRef
	hosts    map[reducer.HostID]reducer.HostID
}

// plainNames are the names of channels, the first one first.
var plainNames = []reducer.ChannelID{"stable", "edge", "beta", "early", "late"}

// renamingOf returns the plain names of everything in a scenario: channels stable and edge, refs a1
// and b2 in the order of the file, hosts stable-01 and stable-02, and late-1 for one that only an
// event has.
func renamingOf(sc *sim.Scenario) *renaming {
	r := &renaming{
		channels: make(map[reducer.ChannelID]reducer.ChannelID),
		refs:     make(map[reducer.ChannelRef]reducer.ChannelRef),
		hosts:    make(map[reducer.HostID]reducer.HostID),
	}
	for i := range sc.Channels {
		ch := &sc.Channels[i]
		name := reducer.ChannelID(fmt.Sprintf("channel-%d", i+1))
		if i < len(plainNames) {
			name = plainNames[i]
		}
		r.channels[ch.ID] = name
		hosts := hostsOf(ch)
		for n, h := range hosts {
			width := max(2, len(fmt.Sprint(len(hosts))))
			r.hosts[h] = reducer.HostID(fmt.Sprintf("%s-%0*d", name, width, n+1))
		}
	}
	for _, ref := range refsOf(sc) {
		if _, known := r.refs[ref]; !known && ref != "" {
			n := len(r.refs)
			r.refs[ref] = reducer.ChannelRef(fmt.Sprintf("%c%d", 'a'+rune(n%26), n+1))
		}
	}
	late := 0
	for i := range sc.Timeline {
		if ev := sc.Timeline[i].Event; ev != nil && ev.Host != "" && r.hosts[ev.Host] == "" {
			late++
			r.hosts[ev.Host] = reducer.HostID(fmt.Sprintf("late-%d", late))
		}
	}
	return r
}

// refsOf returns the refs of a scenario in the order of its timeline, and then those that only
// other
// lists have.
func refsOf(sc *sim.Scenario) []reducer.ChannelRef {
	var all []reducer.ChannelRef
	for i := range sc.Timeline {
		switch a := &sc.Timeline[i]; {
		case a.SetRef != nil:
			all = append(all, a.SetRef.Ref)
		case a.Release != nil:
			all = append(all, a.Release.Ref)
		case a.Event != nil && a.Event.Kind == reducer.RolloutOpened:
			all = append(all, a.Event.TargetRef)
		}
	}
	for i := range sc.Running {
		all = append(all, sc.Running[i].Ref)
	}
	for i := range sc.Traffic {
		all = append(all, sc.Traffic[i].Between...)
	}
	for i := range sc.Timeline {
		if ev := sc.Timeline[i].Event; ev != nil {
			for _, id := range []reducer.RolloutID{ev.Rollout, ev.Successor} {
				if _, ref, ok := strings.Cut(string(id), "@"); ok {
					all = append(all, reducer.ChannelRef(ref))
				}
			}
		}
	}
	return all
}

// oddNames counts the names that are not plain.
func oddNames(sc *sim.Scenario) int {
	r, n := renamingOf(sc), 0
	for from, to := range r.channels {
		if from != to {
			n++
		}
	}
	for from, to := range r.refs {
		if from != to {
			n++
		}
	}
	for from, to := range r.hosts {
		if from != to {
			n++
		}
	}
	return n
}

func replaced[T ~string](m map[T]T, name T) T {
	if to, ok := m[name]; ok {
		return to
	}
	return name
}

func (r *renaming) rollout(id reducer.RolloutID) reducer.RolloutID {
	ch, ref := cutRollout(id)
	if ref == "" {
		return id
	}
	return reducer.NewRolloutID(replaced(r.channels, ch), replaced(r.refs, ref))
}

// cutRollout returns the channel and the ref of a rollout.
func cutRollout(id reducer.RolloutID) (reducer.ChannelID, reducer.ChannelRef) {
	ch, ref, _ := strings.Cut(string(id), "@")
	return reducer.ChannelID(ch), reducer.ChannelRef(ref)
}

func (r *renaming) entry(q *sim.QuarantineEntry) {
	q.Channel = replaced(r.channels, q.Channel)
	q.Closure = reducer.ClosureHash(replaced(r.refs, reducer.ChannelRef(q.Closure)))
}

func (r *renaming) list(hosts []string) {
	for i := range hosts {
		hosts[i] = string(replaced(r.hosts, reducer.HostID(hosts[i])))
	}
}

// apply renames everything in a scenario.
func (r *renaming) apply(sc *sim.Scenario) {
	for i := range sc.Channels {
		r.channel(&sc.Channels[i])
	}
	for i := range sc.Fates {
		f := &sc.Fates[i]
		f.Host, f.Ref = replaced(r.hosts, f.Host), replaced(r.refs, f.Ref)
	}
	for i := range sc.Delays {
		d := &sc.Delays[i]
		d.Host, d.Ref = replaced(r.hosts, d.Host), replaced(r.refs, d.Ref)
	}
	for i := range sc.Groups {
		r.list(sc.Groups[i].Hosts)
	}
	for i := range sc.Budgets {
		r.list(sc.Budgets[i].Hosts)
		sc.Budgets[i].Name = fmt.Sprintf("budget-%d", i+1)
	}
	for i := range sc.Quarantine {
		r.entry(&sc.Quarantine[i])
	}
	for i := range sc.Tags {
		r.list(sc.Tags[i].Hosts)
	}
	for i := range sc.Running {
		r.list(sc.Running[i].Hosts)
		sc.Running[i].Ref = replaced(r.refs, sc.Running[i].Ref)
	}
	for i := range sc.Releases {
		rel := &sc.Releases[i]
		rel.Channel, rel.Ref = replaced(r.channels, rel.Channel), replaced(r.refs, rel.Ref)
		r.list(rel.Unchanged)
	}
	for i := range sc.Faults {
		r.list(sc.Faults[i].Hosts)
	}
	for i := range sc.Traffic {
		t := &sc.Traffic[i]
		t.Channel = replaced(r.channels, t.Channel)
		for j := range t.Between {
			t.Between[j] = replaced(r.refs, t.Between[j])
		}
	}
	for i := range sc.Timeline {
		r.action(&sc.Timeline[i])
	}
}

func (r *renaming) channel(ch *sim.Channel) {
	ch.ID = replaced(r.channels, ch.ID)
	for w := range ch.Waves {
		for h := range ch.Waves[w].Hosts {
			ch.Waves[w].Hosts[h] = replaced(r.hosts, ch.Waves[w].Hosts[h])
		}
	}
	for h := range ch.Outside {
		ch.Outside[h] = replaced(r.hosts, ch.Outside[h])
	}
	for i := range ch.After {
		ch.After[i] = replaced(r.channels, ch.After[i])
	}
	for i := range ch.HostEdges {
		e := &ch.HostEdges[i]
		e.Host, e.After = replaced(r.hosts, e.Host), replaced(r.hosts, e.After)
	}
}

func (r *renaming) action(a *sim.Action) {
	if w := a.When; w != nil {
		w.Rollout, w.Host = r.rollout(w.Rollout), replaced(r.hosts, w.Host)
	}
	a.Reaches = r.rollout(a.Reaches)
	switch {
	case a.SetRef != nil:
		a.SetRef.Channel = replaced(r.channels, a.SetRef.Channel)
		a.SetRef.Ref = replaced(r.refs, a.SetRef.Ref)
	case a.Release != nil:
		a.Release.Ref = replaced(r.refs, a.Release.Ref)
	case a.Lift != nil:
		r.entry(a.Lift)
	case a.Order != nil:
		a.Order.Channel = replaced(r.channels, a.Order.Channel)
		r.entry(&a.Order.Entry)
		a.Order.Rollout = r.rollout(a.Order.Rollout)
	case a.Fault != nil:
		f := a.Fault
		f.Host, f.Channel = replaced(r.hosts, f.Host), replaced(r.channels, f.Channel)
		f.Rollout = r.rollout(f.Rollout)
	case a.Event != nil:
		ev := a.Event
		ev.Rollout, ev.Successor = r.rollout(ev.Rollout), r.rollout(ev.Successor)
		ev.Channel, ev.TargetRef = replaced(r.channels, ev.Channel), replaced(r.refs, ev.TargetRef)
		ev.Host = replaced(r.hosts, ev.Host)
		if ev.Operator != "" {
			ev.Operator, ev.Reason = "operator", ""
		}
	}
}
