package sim

import (
	"slices"

	"rollsim/controlplane"
	"rollsim/reducer"
)

// Calm says that no Edit to come keeps a message from arriving: none takes the control plane or a
// host down, and none concerns a message except to double it. Hash then leaves out more.
func (k *Walk) Calm() {
	k.changes()
	k.w.network.calm = !k.whole
}

// late reports whether a message that is on its way changes nothing when it arrives: the control
// plane is down then, the message has been acknowledged, or it will have been, because its agent
// sends it again before.
func (w *world) late(x item) bool {
	d, m, l := &w.driver, &w.network.flights[x.b], &w.network.links[x.a()]
	switch {
	case d.down && x.at < d.back:
		return true
	case l.lost:
		return false
	case !l.sends(m.rollout, m.event.Seq):
		return true
	case !w.network.calm || l.offline || w.disturbed():
		return false
	}
	again, due := w.resendOf(x.a())
	for d.down && again <= d.back {
		again += reducer.Time(resendInterval)
	}
	return due && x.at > again
}

// resendOf returns when the agent of a host sends again what is not acknowledged.
func (w *world) resendOf(host uint32) (at reducer.Time, due bool) {
	var few [16]item
	for _, x := range w.clock.queue.appendAll(few[:0]) {
		if x.work() == workResend && x.a() == host {
			return x.at, true
		}
	}
	return 0, false
}

// disturbed reports whether a line of the timeline that is still to come may keep a message from
// arriving.
func (w *world) disturbed() bool {
	disturbs := func(a *Action) bool {
		return a.Fault != nil || a.Order != nil && a.Order.Kind == controlplane.RemoveHost
	}
	var few [16]item
	for _, x := range w.clock.queue.appendAll(few[:0]) {
		if x.work() == workTimeline && disturbs(w.timeline[x.a()]) {
			return true
		}
	}
	for n := range w.network.links {
		if len(w.network.links[n].armed) > 0 {
			return true
		}
	}
	return slices.ContainsFunc(w.driver.postponed, disturbs) ||
		slices.ContainsFunc(w.moments.waiting, func(n uint32) bool { return disturbs(w.timeline[n]) })
}
