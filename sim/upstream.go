package sim

import (
	"fmt"
	"slices"

	"rollsim/controlplane"
	"rollsim/reducer"
)

// upstream holds the ref that each channel points at. The timeline and the scenario's traffic
// change it, and polls of the control plane find it.
type upstream struct {
	refs    []reducer.ChannelRef // by channel
	had     []refSet             // by channel: its refs so far
	back    []bool               // by channel: its ref is one that it had before
	inv     *controlplane.Inventory
	clock   *clock
	seed    uint64
	traffic []Traffic

	drawn *notes // records what is drawn; nil for nothing

	moves func(channel uint32, ref reducer.ChannelRef) // before a channel moves; nil for nobody
}

// refSet is a set of refs. The zero value is empty.
type refSet struct {
	all  []reducer.ChannelRef
	hash uint64 // does not depend on the order in which they were added
}

// add adds a ref, and reports whether it was not in the set.
func (s *refSet) add(ref reducer.ChannelRef) bool {
	if slices.Contains(s.all, ref) {
		return false
	}
	s.all = append(s.all, ref)
	s.hash += streamKey(string(ref))
	return true
}

// point points a channel at a ref. It ignores a channel that is not declared.
func (u *upstream) point(channel reducer.ChannelID, ref reducer.ChannelRef) {
	n, ok := u.inv.Channel(channel)
	if !ok || u.refs[n] == ref {
		return
	}
	if u.moves != nil {
		u.moves(n, ref)
	}
	u.refs[n] = ref
	u.back[n] = !u.had[n].add(ref)
}

// returned reports whether the present ref of a channel is one that it had before another one.
func (u *upstream) returned(channel uint32) bool { return u.back[channel] }

// move makes one change of traffic and schedules the next. before is the number of earlier changes.
func (u *upstream) move(index, before uint32) {
	t := &u.traffic[index]
	if t.Until > 0 && u.clock.elapsed() >= t.Until {
		return
	}
	var ref reducer.ChannelRef
	switch t.Kind {
	case Arrivals:
		ref = reducer.ChannelRef(fmt.Sprintf("%s%d", t.Prefix, before+1))
	case Flapping:
		ref = t.Between[int(before)%len(t.Between)]
	}
	if u.drawn != nil {
		u.drawn.move(u.clock.elapsed(), t.Channel, ref)
	}
	u.point(t.Channel, ref)
	word := draw(
		u.seed, streamKey(string(t.Channel)), uint64(before), drawTraffic+purpose(index)<<32,
	)
	u.clock.schedule(max(tick, t.Every.draw(word)), workTraffic, index, before+1)
}
