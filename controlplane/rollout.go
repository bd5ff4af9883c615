package controlplane

import (
	"cmp"
	"slices"

	"rollsim/internal/refill"
	"rollsim/reducer"
)

// rollout is what the control plane knows of a rollout in addition to its record and hosts.
type rollout struct {
	fold    *reducer.Rollout
	id      reducer.RolloutID
	number  uint32          // index into plane.rollouts
	channel *channel        // nil when it is not declared
	release QuarantineEntry // its channel and closure; the hash of the closure is the ref

	members []member // parallel to fold.Hosts()
	waves   []wave   // by number

	aborted   bool                      // an operator has aborted it
	countedIn reducer.State             // the state in which budgets last counted its hosts
	timer     reducer.Opt[reducer.Time] // when its retention expires
}

// member is a host that joined a rollout.
type member struct {
	host       uint32 // noHost if the channel does not have it, so that it cannot be dispatched
	dispatched bool
	seq        uint32 // of its last accepted message
}

func (r *rollout) state() reducer.State { return r.fold.Record.State }

// wave returns the wave with a number, or nil if no host has joined it.
func (r *rollout) wave(number uint32) *wave {
	if i, found := r.searchWave(number); found {
		return &r.waves[i]
	}
	return nil
}

// searchWave looks where the wave usually is first: all waves before have hosts.
func (r *rollout) searchWave(number uint32) (int, bool) {
	if uint64(number) < uint64(len(r.waves)) && r.waves[number].number == number {
		return int(number), true
	}
	return slices.BinarySearchFunc(
		r.waves, number, func(v wave, n uint32) int { return cmp.Compare(v.number, n) },
	)
}

// later returns the first wave after number that has hosts, and false if no such wave exists.
func (r *rollout) later(number uint32) (uint32, bool) {
	for i := range r.waves {
		if r.waves[i].number > number {
			return r.waves[i].number, true
		}
	}
	return 0, false
}

// join adds a host that has joined the fold, and returns its wave.
func (r *rollout) join(host, number uint32) *wave {
	r.members = append(r.members, member{host: host})
	i, found := r.searchWave(number)
	if !found {
		v := wave{number: number}
		if n := len(r.waves); n < cap(r.waves) {
			v.queues = r.waves[:n+1][n].queues[:0] // memory alone
		}
		r.waves = slices.Insert(r.waves, i, v)
	}
	v := &r.waves[i]
	v.total++
	v.counts[reducer.HostPending]++
	return v
}

// copyInto copies a rollout into another one, whose memory it uses. fold is that of the copy.
func (r *rollout) copyInto(c *rollout, fold *reducer.Rollout) {
	members, waves := c.members, c.waves[:0]
	*c = *r
	c.fold, c.members = fold, refill.Slice(members, r.members)
	for i := range r.waves {
		v := refill.Next(&waves)
		queues := v.queues[:0]
		*v = r.waves[i]
		for j := range r.waves[i].queues {
			q := refill.Next(&queues)
			slots := q.slots
			*q = r.waves[i].queues[j]
			q.slots = refill.Slice(slots, q.slots)
		}
		v.queues = queues
	}
	c.waves = waves
}

// wave counts the hosts of one wave of a rollout, and queues those that were not dispatched yet.
type wave struct {
	number uint32
	total  int
	counts [reducer.HostStateCount]int // by host state
	queues []queue
}

// queue holds pending hosts for which every gate decides alike, in join order. They are hosts that
// the same budgets count, or a single host with edges. If a gate blocks the first host, it blocks
// all.
type queue struct {
	single  bool // for a host with edges
	budgets uint32
	slots   []int32
	blocked reason // the one last logged for each host
	logged  uint64 // a hash of the text of that reason
	stopped bool   // by a gate, in the current plan
}

// ready reports whether every host is soaking or ordering-eligible.
func (v *wave) ready() bool { return v.counts[reducer.HostSoaking]+v.eligible() == v.total }

// settled reports whether every host is ordering-eligible.
func (v *wave) settled() bool { return v.eligible() == v.total }

func (v *wave) eligible() int {
	return v.counts[reducer.HostConverged] + v.counts[reducer.HostDeferred]
}

// enqueue adds a pending host to a queue, where the wave has about so many hosts. A blocked queue
// accepts no further hosts, because its reason was not logged for them.
func (v *wave) enqueue(h *inventoryHost, slot int32, hosts int) {
	single := h.waits != 0
	for i := range v.queues {
		q := &v.queues[i]
		if !single && !q.single && q.budgets == h.budgets && !q.blocked.blocks() {
			q.slots = append(q.slots, slot)
			return
		}
	}
	most := 1
	if len(v.queues) == 0 {
		most = hosts // usually one queue has them all
	}
	slots := append(make([]int32, 0, most), slot)
	v.queues = append(v.queues, queue{single: single, budgets: h.budgets, slots: slots})
}

// next returns the queue whose first host comes first, or nil if all queues are empty or stopped.
func (v *wave) next() *queue {
	var first *queue
	for i := range v.queues {
		q := &v.queues[i]
		if !q.stopped && len(q.slots) > 0 && (first == nil || q.slots[0] < first.slots[0]) {
			first = q
		}
	}
	return first
}

// dropEmpty removes the queues without hosts.
func (v *wave) dropEmpty() {
	v.queues = slices.DeleteFunc(v.queues, func(q queue) bool { return len(q.slots) == 0 })
}
