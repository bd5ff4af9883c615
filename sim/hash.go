package sim

import (
	"slices"

	"rollsim/controlplane"
	"rollsim/internal/hash64"
	"rollsim/reducer"
)

// Hash returns a hash of the whole state of a Walk that is Forkable: of all that decides what
// comes. Two Walks of one scenario with equal hashes go on alike, except that hosts which stand for
// each other may be exchanged, and do what falls into one instant in another order. What follows
// from the rest, what nobody reads any more and the numbers of entries are not part of it.
func (k *Walk) Hash() uint64 {
	if k.known {
		return k.hash
	}
	h := k.hashHosts()
	for _, class := range k.classes {
		h.Exchange(class)
	}
	k.hashed = false // for the exchange
	k.hash, k.known = h.Total(), true
	return k.hash
}

// changes says that the state is about to change, so that its hash is not known.
func (k *Walk) changes() { k.hashed, k.known = false, false }

// hashHosts returns a hash of the state in which no hosts are exchanged.
func (k *Walk) hashHosts() *hash64.State {
	w, h := k.w, &k.sums
	live, can := w.driver.plane.(controlplane.Value)
	rollouts := len(w.rollouts.list)
	if w.driver.production != nil { // it may open one again, which has another number then
		rollouts = w.driver.plane.Fleet().Opened()
	}
	h.Reset(rollouts, len(w.agents.list), k.whole)
	if can {
		live.Await(h)
	}
	if w.record.follower != nil {
		w.record.follower.Await(h)
	}
	k.collectDue()
	k.await()
	for n := range w.agents.list {
		h.RollsBack[n] = w.agents.list[n].profile.policy == reducer.RollbackAndHalt
	}
	h.Word(uint64(w.clock.now))
	k.hashQueue()
	for n := range w.upstream.refs {
		h.Named(string(w.upstream.refs[n]), w.upstream.had[n].hash<<1|hash64.Bit(w.upstream.back[n], 0))
	}
	for i := range w.rollouts.list {
		w.rollouts.list[i].hash(&h.Sum, h.Ended(i))
	}
	for n := range w.agents.list {
		a := &w.agents.list[n]
		if w.driver.production == nil {
			a.hash(&h.Hosts[n], k.doing[n])
			a.hashGiven(&h.Hosts[n], func(ref reducer.ChannelRef, last work) bool {
				return w.agents.comes(a, ref, k.doing[n].work, last)
			})
		}
		w.hashLink(&h.Hosts[n], &w.network.links[n], a)
	}
	if p := w.driver.production; p != nil {
		p.hash(k)
	}
	h.Int(len(w.moments.waiting))
	for _, line := range w.moments.waiting {
		if host, one := w.about(line); one {
			h.Hosts[host] += hash64.Sum(hash64.Of(w.lineIDs[line]))
		} else {
			h.Word(w.lineIDs[line])
		}
	}
	h.Int(len(w.moments.missing))
	for _, i := range w.moments.missing {
		h.Word(uint64(i))
	}
	k.choices.hash(h)
	w.hashDriver(h)
	if can {
		live.Hash(h, nil)
	}
	if w.record.follower != nil {
		w.record.follower.Hash(h, w.driver.plane)
	}
	w.record.check.Hash(h)
	k.hashOrder()
	k.hashed = true
	return h
}

// Stands reports whether a host stands for the others of its class that are in the same state: no
// earlier one is.
func (k *Walk) Stands(id reducer.HostID) bool {
	n, _ := k.w.inv.Host(id)
	i := slices.IndexFunc(k.classes, func(class []uint32) bool { return slices.Contains(class, n) })
	if i < 0 {
		return true
	}
	if !k.hashed {
		k.hashHosts()
	}
	first := slices.IndexFunc(k.classes[i], func(other uint32) bool {
		return k.sums.Hosts[other] == k.sums.Hosts[n]
	})
	return k.classes[i][first] == n
}

// doing is what an agent does: the work that ends it, or 0 for nothing.
type doing struct {
	work    work
	offered bool // a dispatch is on its way to it
}

// await finds out what each agent does, and says which hosts something of a rollout may still
// reach, or be sent by.
func (k *Walk) await() {
	w, h := k.w, &k.sums
	k.doing = append(k.doing[:0], make([]doing, len(w.agents.list))...)
	for n := range w.network.links {
		l := &w.network.links[n]
		for i := range l.outbox {
			h.Await(int(l.outbox[i].rollout), n)
		}
		if l.held != nil {
			h.Await(int(l.held.rollout), n)
		}
	}
	if p := w.driver.production; p != nil {
		p.await(h)
	}
	for _, x := range k.due {
		switch {
		case x.work() == workArrive:
			h.Await(int(w.network.flights[x.b].rollout), int(x.a()))
		case w.driver.production == nil:
			k.awaitWork(x)
		}
	}
}

// awaitWork does so for work that is due.
func (k *Walk) awaitWork(x item) {
	h := &k.sums
	switch what := x.work(); what {
	case workDispatched:
		k.doing[x.a()].offered = true
		h.Await(int(x.b), int(x.a()))
	case workSwitched, workRebooted, workProbed, workSustained, workConverged, workRolledBack,
		workBroken, workRestarted:
		a := &k.w.agents.list[x.a()]
		if what == workBroken || what == workRestarted {
			what = workSwitched // the switch has not ended
		}
		k.doing[x.a()].work = what
		h.Await(int(a.working), int(x.a()))
		if a.waiting != noRollout {
			h.Await(int(a.waiting), int(x.a()))
		}
	case workTimeline, workPoll, workTick, workRetention, workArrive, workResend, workOnline,
		workRestart, workTraffic, workBeat, workPrune:
	}
}

// collectDue sets the work that is due and has an effect.
func (k *Walk) collectDue() {
	k.due = slices.DeleteFunc(k.w.clock.queue.appendAll(k.due[:0]), k.w.ignored)
}

// hashQueue adds the work that is due, without the order of what is due at one instant.
func (k *Walk) hashQueue() {
	w, h := k.w, &k.sums
	var sum uint64 // the buckets have no order
	for _, x := range k.due {
		host, one := x.a(), x.ofHost()
		line := x.work() == workTimeline // the operand identifies it
		if line {
			host, one = w.about(x.a())
		}
		what := uint64(x.what)
		if one || line {
			what = uint64(x.work())
		}
		var hash hash64.Sum
		hash.Pair(uint64(x.at), what)
		if operand := w.operand(x); operand != 0 {
			hash.Word(operand)
		}
		if one {
			h.Hosts[host] += hash
		} else {
			sum += uint64(hash)
		}
	}
	h.Word(sum)
}

// about returns the number of the host that a line of the timeline is about, if it is about one.
func (w *world) about(line uint32) (host uint32, known bool) {
	switch a := w.timeline[line]; {
	case a.Fault != nil && a.Fault.Host != "":
		return w.inv.Host(a.Fault.Host)
	case a.Order != nil && a.Order.Host != "":
		return w.inv.Host(a.Order.Host)
	case a.When != nil && a.When.Host != "":
		return w.inv.Host(a.When.Host)
	}
	return 0, false
}

// hashOrder adds in which order the work of each instant is due. Hosts that stand for each other
// have none.
func (k *Walk) hashOrder() {
	var sum uint64
	name := func(x item) uint64 {
		switch {
		case k.exchanged(x):
			return hash64.Of(uint64(x.work()), uint64(k.sums.Hosts[x.a()]))
		case x.work() == workTimeline:
			return k.w.lineIDs[x.a()]
		}
		return uint64(x.what)
	}
	q := &k.w.clock.queue
	for i, x := range k.due {
		bucket := bucketOf(x.at, q.now)
		for j := i - 1; j >= 0 && bucketOf(k.due[j].at, q.now) == bucket; j-- {
			y := k.due[j]
			if y.at == x.at && (!k.exchanged(x) || !k.exchanged(y)) {
				sum += hash64.Of(uint64(x.at), name(y), name(x))
			}
		}
	}
	k.sums.Word(sum)
}

// exchanged reports whether work is that of a host that others may be exchanged with.
func (k *Walk) exchanged(x item) bool {
	return x.ofHost() && slices.ContainsFunc(k.classes, func(class []uint32) bool {
		return slices.Contains(class, x.a())
	})
}

// ofHost reports whether the work is that of a host, whose number is x.a.
func (x item) ofHost() bool {
	switch x.work() {
	case workDispatched, workSwitched, workRebooted, workProbed, workSustained, workConverged,
		workRolledBack, workBroken, workRestarted, workArrive, workResend, workOnline, workBeat:
		return true
	case workTimeline, workPoll, workTick, workRetention, workRestart, workTraffic, workPrune:
	}
	return false
}

// ignored reports whether work has no effect when it is due.
func (w *world) ignored(x item) bool {
	if p := w.driver.production; p != nil {
		return p.ignored(x)
	}
	switch x.work() {
	case workDispatched:
		a := &w.agents.list[x.a()]
		return a.working != noRollout && x.b <= a.working
	case workSwitched, workRebooted, workProbed, workSustained, workConverged, workRolledBack,
		workBroken, workRestarted:
		return w.agents.list[x.a()].epoch != x.b
	case workRetention:
		return w.rollouts.list[x.a()].timer != x.b
	case workArrive:
		return w.late(x)
	case workTimeline, workPoll, workTick, workResend, workOnline, workRestart, workTraffic, workBeat,
		workPrune:
	}
	return false
}

// operand returns a hash of what x.a does not say of work.
func (w *world) operand(x item) uint64 {
	switch x.work() {
	case workTimeline:
		return w.lineIDs[x.a()]
	case workArrive:
		var h hash64.Sum
		w.hashMessage(&h, &w.network.flights[x.b], &w.agents.list[x.a()])
		return uint64(h)
	case workDispatched, workTraffic:
		return uint64(x.b)
	case workSwitched, workRebooted, workProbed, workSustained, workConverged, workRolledBack,
		workBroken, workRestarted, workRetention, workPoll, workTick, workResend, workOnline,
		workRestart, workBeat, workPrune:
	}
	return 0
}

// hash adds what matters of a rollout. The last event of one that has ended only names a failure.
func (r *rollout) hash(h *hash64.Sum, ended bool) {
	last, logged := r.last, r.logged
	if ended {
		last, logged = 0, 0
	}
	h.Named(string(r.id), uint64(last)<<16|uint64(logged)<<8|hash64.Bit(r.aborted, 0))
	h.Text(string(r.ref))
	reducer.HashOpt(h, r.terminalSetAt)
}

// hash adds what matters of an agent. One that does nothing takes all but what it runs from its
// next dispatch, and what it runs matters where hosts roll back.
func (a *agent) hash(h *hash64.Sum, now doing) {
	h.Pair(uint64(a.working)<<32|uint64(a.waiting), uint64(now.work))
	if a.profile.policy == reducer.RollbackAndHalt {
		h.Pair(uint64(a.running), uint64(a.before))
	}
	if now.offered || a.waiting != noRollout {
		h.Word(uint64(a.offered))
	}
	if now.work != 0 {
		h.Pair(uint64(a.soakDue), uint64(a.phase)<<32|uint64(a.seq))
	}
}

// hashGiven adds the fates and delays that a host was given and that may still decide something:
// comes reports whether they do until some work under a ref. They are of different stages, so that
// their order does not matter.
func (a *agent) hashGiven(h *hash64.Sum, comes func(reducer.ChannelRef, work) bool) {
	for i := range a.profile.fates {
		f := &a.profile.fates[i]
		if f.Once {
			h.Word(uint64(a.profile.met[i]))
		}
		if comes(f.Ref, lastOfFate(f.Kind)) {
			var s hash64.Sum
			s.Named(string(f.Ref), uint64(f.Kind))
			reducer.HashOpt(&s, f.RebootAfter)
			*h += s
		}
	}
	for i := range a.profile.delays {
		if d := &a.profile.delays[i]; comes(d.Ref, lastOfStage(d.Stage)) {
			var s hash64.Sum
			s.Named(string(d.Ref), uint64(d.Stage)<<8)
			s.Word(uint64(d.Takes.Longest()))
			*h += s
		}
	}
}

// comes reports whether something that a host was given under a ref may still decide something:
// the host has not begun that rollout, or last is not before the work that the host does now.
func (as *agents) comes(a *agent, ref reducer.ChannelRef, now, last work) bool {
	if ref == "" || a.working == noRollout {
		return true
	}
	if as.rollouts.list[a.working].ref == ref {
		return now != 0 && now <= last
	}
	channel := as.inv.ChannelOf(a.host)
	for n := range as.rollouts.list[:a.working] {
		if r := &as.rollouts.list[n]; r.ref == ref && r.isOf(channel) {
			return false
		}
	}
	return true
}

// lastOfFate returns the last work of an agent that asks for a fate.
func lastOfFate(k FateKind) work {
	switch k {
	case NeverAnswers:
		return workDispatched
	case Defers:
		return workSwitched
	case FailsActivation:
		return workRebooted
	case FailsProbes:
		return workProbed
	case NeverRollsBack, ConvergesAnyway, FailsControl, fateEnd:
	}
	return workSustained
}

// lastOfStage returns the last work of an agent at whose end, or after whose interruption, a stage
// begins.
func lastOfStage(s Stage) work {
	switch s {
	case AckStage:
		return workDispatched
	case ActivationStage, RebootStage:
		return workSwitched
	case ProbeStage:
		return workRebooted
	case ConvergeStage:
		return workProbed
	case RollbackStage:
	}
	return workSustained
}

func (w *world) hashLink(h *hash64.Sum, l *link, a *agent) {
	h.Pair(uint64(l.skew), uint64(len(l.outbox))<<5|hash64.Bit(l.offline, 0)|hash64.Bit(l.lost, 1)|
		hash64.Bit(l.left, 2)|hash64.Bit(l.resendDue, 3)|hash64.Bit(l.held != nil, 4))
	for i := range l.outbox {
		w.hashMessage(h, &l.outbox[i], a)
	}
	if l.held != nil {
		w.hashMessage(h, l.held, a)
	}
	w.hashLines(h, l.armed)
}

// hashMessage adds what matters of a message. What a host runs when it acks a dispatch matters
// where hosts roll back.
func (w *world) hashMessage(h *hash64.Sum, m *message, a *agent) {
	if w.driver.production != nil {
		w.driver.production.hashMessage(h, w.inv.HostID(a.host), m)
	}
	e := &m.event
	h.Word(uint64(m.rollout))
	h.Pair(e.Seq, uint64(e.At))
	h.Pair(uint64(e.Kind)<<16|uint64(e.Policy)<<8|hash64.Bit(e.Passed, 0), uint64(e.ExitCode))
	if e.Kind != reducer.DispatchAck || a.profile.policy == reducer.RollbackAndHalt || m.id > 0 {
		h.Text(string(e.Closure))
	}
	h.Text(e.Component)
	h.Text(e.Message)
	h.Text(e.Probe)
}

// hashLines adds some lines of the timeline.
func (w *world) hashLines(h *hash64.Sum, lines []*Action) {
	if len(lines) == 0 {
		return
	}
	h.Int(len(lines))
	for _, a := range lines {
		for n, line := range w.timeline {
			if line == a {
				h.Word(w.lineIDs[n])
			}
		}
	}
}

// hash adds what was met, unless it cannot be met any more.
func (c *choices) hash(h *hash64.State) {
	var sum uint64 // what a rollout has not met yet may have no place
	for i, set := range c.met {
		rollout, place := i/c.width, i%c.width
		switch {
		case set == 0:
		case place == c.width-1:
			if h.Ended(rollout) {
				set &= 1 << reducer.Pruned
			}
			sum += hash64.Of(uint64(rollout), uint64(set))
		case !h.Done(rollout, place):
			h.Hosts[place] += hash64.Sum(hash64.Of(uint64(rollout), uint64(set)))
		}
	}
	h.Word(sum)
}

// hashPostponed adds the lines that wait for the restart of the control plane, with their places.
func (w *world) hashPostponed(h *hash64.State) {
	h.Int(len(w.driver.postponed))
	for i, a := range w.driver.postponed {
		n := uint32(slices.Index(w.timeline, a))
		sum := &h.Sum
		if host, one := w.about(n); one {
			sum = &h.Hosts[host]
		}
		sum.Pair(w.lineIDs[n], uint64(i))
	}
}

func (w *world) hashDriver(h *hash64.State) {
	d := &w.driver
	h.Word(hash64.Bit(d.planDue, 0) | hash64.Bit(d.down, 1))
	w.hashPostponed(h)
	for n := range d.polled {
		h.Named(string(d.polled[n]), uint64(n))
		if d.armed != nil {
			w.hashLines(&h.Sum, d.armed[n])
		}
	}
}
