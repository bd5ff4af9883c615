package scenario

import (
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/sim"
)

// weekdays returns the days of the week from Sunday.
func weekdays() []time.Weekday {
	var all []time.Weekday
	for d := time.Sunday; d <= time.Saturday; d++ {
		all = append(all, d)
	}
	return all
}

// buildOrder builds the order of an operator on a line of the timeline, or returns nil if the line
// has none. A second order on the line is a problem.
func (b *builder) buildOrder(i int) *sim.Order {
	a := &b.doc.Timeline[i]
	var orders []sim.Order
	add := func(o sim.Order) { orders = append(orders, o) }
	where := func(k controlplane.OrderKind) []any { return at("timeline", i, k.String()) }
	if a.Quarantine != nil {
		k := controlplane.QuarantineByHand
		add(sim.Order{Kind: k, Entry: *b.buildClosure(a.Quarantine, where(k))})
	}
	pause := func(k controlplane.OrderKind, given *someChannels) {
		if given == nil {
			return
		}
		o := sim.Order{Kind: k}
		if id := given.Channel; id != nil {
			o.Channel = *id
			if b.channelNamed(*id) < 0 {
				b.reject(append(where(k), "channel"), "%v",
					unknownName{"channel", string(*id), b.channels})
			}
		}
		add(o)
	}
	pause(controlplane.PauseDispatch, a.Pause)
	pause(controlplane.ResumeDispatch, a.Resume)
	if a.Abort != nil {
		k := controlplane.AbortRollout
		b.checkRollout(*a.Abort, where(k))
		add(sim.Order{Kind: k, Rollout: *a.Abort})
	}
	change := func(k controlplane.OrderKind, host *reducer.HostID) {
		if host != nil {
			b.checkFleetHost(k, *host, where(k))
			add(sim.Order{Kind: k, Host: *host})
		}
	}
	change(controlplane.AddHost, a.Join)
	change(controlplane.RemoveHost, a.Leave)
	if b.doc.ControlPlane.name == controlplane.Shipped {
		for _, o := range orders {
			b.reject(where(o.Kind),
				"%v: the shipped control plane has no such order of an operator", o.Kind)
		}
	}
	switch len(orders) {
	case 0:
		return nil
	case 1:
		return &orders[0]
	}
	b.reject(at("timeline", i), "a line has one order of an operator, found %d", len(orders))
	return &orders[0]
}

// checkFleetHost checks the host that joins or leaves the fleet.
func (b *builder) checkFleetHost(k controlplane.OrderKind, id reducer.HostID, path []any) {
	if _, known := b.channelOf[id]; !known {
		b.reject(path, "%v", unknownName{"host", string(id), b.hosts})
		return
	}
	if k == controlplane.AddHost && !b.absent[id] {
		b.reject(path, "host %s is in the fleet from the start: list it as absent in its channel",
			quote(string(id)))
	}
}

// buildWindows builds the maintenance windows of a channel.
func (b *builder) buildWindows(i int) []sim.Window {
	const day = 24 * time.Hour
	ch := &b.doc.Channels[i]
	var made []sim.Window
	for j, w := range ch.Windows {
		where := func(field string) []any { return at("channels", i, "windows", j, field) }
		if j == 0 && b.doc.ControlPlane.name == controlplane.Shipped {
			b.reject(at("channels", i, "windows"),
				"windows: the shipped control plane has no maintenance windows")
		}
		if time.Duration(w.From) >= day {
			b.reject(where("from"), "from: a window opens less than 24h after midnight")
		}
		if w.For == 0 || time.Duration(w.For) > day {
			b.reject(where("for"), "for: a window is open for more than 0s and at most 24h")
		}
		made = append(made, sim.Window{
			From: time.Duration(w.From), For: time.Duration(w.For), Days: w.Days,
		})
	}
	return made
}
