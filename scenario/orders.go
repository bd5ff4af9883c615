package scenario

import (
	"time"

	"rollsim/controlplane"
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
	add := func(field string, o sim.Order) {
		orders = append(orders, o)
		if b.doc.ControlPlane.name == controlplane.Shipped {
			b.reject(at("timeline", i, field),
				"%s: the shipped control plane has no such order of an operator", field)
		}
	}
	if a.Quarantine != nil {
		where := at("timeline", i, "quarantine")
		entry := b.buildClosure(a.Quarantine, where)
		if entry != nil {
			add("quarantine", sim.Order{Kind: controlplane.QuarantineByHand, Entry: *entry})
		}
	}
	for field, given := range a.pauses() {
		if given == nil {
			continue
		}
		o := sim.Order{Kind: controlplane.PauseDispatch}
		if field == 1 {
			o.Kind = controlplane.ResumeDispatch
		}
		name := []string{"pause", "resume"}[field]
		if id := given.Channel; id != nil {
			o.Channel = *id
			if b.channelNamed(*id) < 0 {
				b.reject(at("timeline", i, name, "channel"), "%v",
					unknownName{"channel", string(*id), b.channels})
			}
		}
		add(name, o)
	}
	if a.Abort != nil {
		b.checkRollout(*a.Abort, at("timeline", i, "abort"))
		add("abort", sim.Order{Kind: controlplane.AbortRollout, Rollout: *a.Abort})
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

// pauses returns the values of pause and resume.
func (a *action) pauses() [2]*someChannels { return [2]*someChannels{a.Pause, a.Resume} }

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
