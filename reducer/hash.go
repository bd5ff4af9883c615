package reducer

import (
	"slices"

	"rollsim/internal/hash64"
)

// Hash adds the state of the fleet to a hash. Fleets that have equal hashes continue alike: they
// accept the same events with the same effects. The machine and the policies are not part of it,
// nor what can decide nothing any more.
func (f *Fleet) Hash(h *hash64.State) {
	h.Int(f.opened)
	h.Int(len(f.order))
	for _, r := range f.order {
		r.hash(h)
	}
	h.Int(len(f.unsettled))
	for _, c := range f.unsettled {
		c.hash(&h.Sum)
	}
}

func (c *channelFold) hash(h *hash64.Sum) {
	h.Text(string(c.id))
	h.Word(uint64(c.at))
	h.Int(len(c.opened))
	for _, r := range c.opened {
		h.Int(r.number)
	}
	h.Int(len(c.awaiting))
	for _, s := range c.awaiting {
		h.Text(string(s.predecessor))
		h.Text(string(s.successor))
	}
}

func (r *Rollout) hash(h *hash64.State) {
	ended := h.Ended(r.number)
	r.Record.hash(&h.Sum, ended)
	h.Pair(uint64(r.number)<<2|hash64.Bit(r.forgotten, 0)|hash64.Bit(r.stands, 1),
		uint64(len(r.hosts)))
	for i := range r.hosts {
		host, sum := &r.hosts[i], h.At(r.number, i)
		n, known := h.Slot(r.number, i)
		switch {
		case !known:
			sum.Named(string(host.ID), uint64(host.Wave)<<8|uint64(host.State))
		case ended && h.Done(r.number, n):
			sum.Word(uint64(r.number))
		default:
			sum.Pair(uint64(r.number), uint64(host.Wave)<<8|uint64(host.State))
		}
	}
	if r.forgotten {
		for _, n := range r.counts {
			h.Int(int(n))
		}
	}
	if r.derived != nil {
		all := r.derived.All()
		h.Int(len(all))
		for i := range all {
			all[i].hash(&h.Sum)
		}
	}
}

// same reports whether two rollouts are alike.
func (r *Rollout) same(o *Rollout) bool {
	return r.Record == o.Record && r.number == o.number && r.forgotten == o.forgotten &&
		r.stands == o.stands && slices.Equal(r.hosts, o.hosts) && r.counts == o.counts &&
		(r.derived == nil) == (o.derived == nil) && (r.derived == nil || *r.derived == *o.derived)
}

// Same reports whether two fleets are in the same state, except where two are alike and it says
// that they are not: in the middle of a lockstep, which is short.
func (f *Fleet) Same(o *Fleet) bool {
	return f.opened == o.opened && len(f.unsettled) == 0 && len(o.unsettled) == 0 &&
		slices.EqualFunc(f.order, o.order, (*Rollout).same)
}

func (r *Record) hash(h *hash64.Sum, ended bool) {
	if ended { // the cursor decides nothing, and of the times only whether they are set does
		r = &Record{
			RolloutID: r.RolloutID, Channel: r.Channel, TargetRef: r.TargetRef, State: r.State,
			TerminalAt:   Opt[Time]{Set: r.TerminalAt.Set},
			SupersededAt: Opt[Time]{Set: r.SupersededAt.Set},
		}
	}
	h.Named(string(r.RolloutID), uint64(r.CurrentWave)<<8|uint64(r.State))
	h.Text(string(r.Channel))
	h.Text(string(r.TargetRef))
	h.Pair(uint64(r.OpenedAt), hash64.Bit(r.TerminalAt.Set, 0)|hash64.Bit(r.SupersededAt.Set, 1)|
		hash64.Bit(r.OpenedEventLogSeq.Set, 2)|hash64.Bit(r.LastTransitionEventLogSeq.Set, 3))
	h.Pair(uint64(r.TerminalAt.Value), uint64(r.SupersededAt.Value))
	h.Pair(uint64(r.OpenedEventLogSeq.Value), uint64(r.LastTransitionEventLogSeq.Value))
}

// HashOpt adds a value that may be absent to a hash.
func HashOpt[T ~int64](h *hash64.Sum, v Opt[T]) {
	h.Pair(hash64.Bit(v.Set, 0), uint64(v.Value))
}

func (e *Effect) hash(h *hash64.Sum) {
	h.Word(uint64(e.Wave)<<24 | uint64(e.Kind)<<16 | uint64(e.From)<<8 | uint64(e.To))
	h.Text(string(e.Rollout))
	h.Word(uint64(e.At))
	h.Text(string(e.Channel))
	h.Text(string(e.Closure))
	h.Word(uint64(e.DelaySeconds))
}

// Hash adds an event to a hash.
func (e *Event) Hash(h *hash64.Sum) {
	h.Named(string(e.Rollout), uint64(e.Kind)<<16|uint64(e.From)<<8|uint64(e.To))
	h.Named(string(e.Channel), uint64(e.At))
	h.Named(string(e.TargetRef), uint64(e.FromWave)<<32|uint64(e.ToWave))
	h.Named(string(e.Host), uint64(e.Wave))
	h.Text(string(e.Successor))
	h.Text(e.Operator)
	h.Text(e.Reason)
}
