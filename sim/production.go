package sim

import (
	"slices"
	"time"

	"rollsim/controlplane"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// production drives the shipped control plane and its agents. Work that repeats, such as runs of
// the planner, polls and heartbeats, is scheduled only while it can change something, so that quiet
// days cost nothing.
type production struct {
	*world
	mended controlplane.DefectSet
	agents []shippedAgent // by host number

	ticker, poll, prune     reducer.Time // phases: the first instant of each
	tickAt, pollAt, pruneAt reducer.Time // the next instant that is scheduled; 0 for none
	moved                   bool         // a ref has moved since the last successful poll
	began                   bool         // the first poll since the start or a restart has succeeded

	previous []map[reducer.ChannelRef]reducer.ChannelRef // by channel: the ref before the first move
	signed   []map[reducer.ChannelRef]reducer.Time       // by channel: when the ref moved last
	initial  []reducer.ClosureHash                       // by host: what it runs at the start
	known    []controlplane.Answer                       // by channel: closures of the last ref

	letters uint64        // messages so far
	logged  []bool        // by message, from 1: it is in the log
	current uint64        // the message that the control plane works on, or 0
	tear    *FaultNow     // a crash that waits for the next opening
	crashes *Fault        // a crash that waits for the next message that is accepted
	synth   bool          // a heartbeat is being handled
	losses  []loss        // facts about hosts that will not continue
	noted   map[loss]bool // those in losses
	deleted map[reducer.RolloutID]bool
	results map[result]bool // by host and rollout of probes that have failed: the latest result
	undone  map[result]bool // by host and rollout: another rollback has replaced its closure

	// Memory that is used again.
	hostOrder, channelOrder []uint32
	found                   []controlplane.Answer // of answers
}

// loss is a fact that explains why a host does not continue under a rollout.
type loss struct {
	host    uint32
	rollout reducer.RolloutID
	defect  controlplane.Defect
}

// newProduction returns the driver of the shipped control plane, or nil if another one runs.
func newProduction(w *world) (*production, error) {
	if _, ok := w.driver.plane.(controlplane.Production); !ok {
		return nil, nil
	}
	mended, err := controlplane.NewDefectSet(w.sc.Mended)
	if err != nil {
		return nil, err
	}
	p := &production{
		world: w, mended: mended, noted: make(map[loss]bool),
		deleted: make(map[reducer.RolloutID]bool), results: make(map[result]bool),
		undone: make(map[result]bool),
	}
	p.known = make([]controlplane.Answer, len(w.sc.Channels))
	for range w.sc.Channels {
		p.previous = append(p.previous, make(map[reducer.ChannelRef]reducer.ChannelRef))
		p.signed = append(p.signed, make(map[reducer.ChannelRef]reducer.Time))
	}
	p.ticker = p.phase(w.sc.Phases.Ticker, "ticker", controlplane.PlanInterval)
	p.poll = p.phase(w.sc.Phases.Poll, "poll", time.Duration(controlplane.RefreshInterval))
	p.prune = p.phase(w.sc.Phases.Prune, "prune", time.Duration(controlplane.PruneInterval))
	w.network.post = p.post
	w.upstream.moves = p.point
	if w.network.links == nil {
		w.network.connect()
	}
	w.record.ledger = &ledger{synth: &p.synth, safe: mended.Has(controlplane.LossyLog)}
	w.record.refold = reducer.NewFleet(w.opt.Machine, w.inv.Policy)
	w.record.check.Shipped(p.asked())
	return p, p.addAgents()
}

// asked returns what answers the invariants.
func (p *production) asked() invariant.World {
	return invariant.World{
		Target: func(id reducer.RolloutID, host reducer.HostID) reducer.ClosureHash {
			ref := p.rollouts.at(id).ref
			if n, ok := p.inv.Host(host); ok {
				return p.closure(n, ref)
			}
			return reducer.ClosureHash(ref)
		},
		Runs: func(host reducer.HostID) reducer.ClosureHash {
			if n, ok := p.inv.Host(host); ok {
				return p.agents[n].running
			}
			return "" // a raw event let it join
		},
		Unstaged: func(host reducer.HostID) bool {
			n, ok := p.inv.Host(host)
			return ok && p.inv.Unstaged(n)
		},
	}
}

// phase returns the first instant of something that repeats. It is drawn unless it is given.
func (p *production) phase(
	given reducer.Opt[time.Duration], name string, interval time.Duration,
) reducer.Time {
	if given.Set {
		return p.clock.start + reducer.Time(given.Value)
	}
	word := draw(p.opt.Seed, streamKey(name), 0, drawPhase)
	return p.clock.start + reducer.Time(word%uint64(interval/tick))*reducer.Time(tick)
}

// next returns the first instant after now at which something with a phase and interval happens. It
// may be now itself if inclusive.
func next(phase, interval, now reducer.Time, inclusive bool) reducer.Time {
	if now < phase || now == phase && inclusive {
		return phase
	}
	past := (now - phase) % interval
	if past == 0 && inclusive {
		return now
	}
	return now + interval - past
}

func (p *production) plane() controlplane.Production {
	return p.driver.plane.(controlplane.Production)
}

// wake schedules the next run, poll and deletion if they can change something.
func (p *production) wake() {
	if p.driver.down {
		return
	}
	busy := !p.plane().Idle()
	if busy && p.tickAt == 0 {
		p.tickAt = next(p.ticker, reducer.Time(controlplane.PlanInterval), p.clock.now, false)
		p.clock.queue.push(p.tickAt, workTick, 0, 0)
	}
	if (busy || p.moved || !p.began) && p.pollAt == 0 {
		p.pollAt = next(p.poll, controlplane.RefreshInterval, p.clock.now, false)
		p.clock.queue.push(p.pollAt, workPoll, 0, 0)
	}
	if due := p.plane().Pruning(); due.Set && p.pruneAt == 0 {
		p.pruneAt = next(p.prune, controlplane.PruneInterval, max(p.clock.now, due.Value), false)
		p.clock.queue.push(p.pruneAt, workPrune, 0, 0)
	}
}

// start schedules what happens first.
func (p *production) start() {
	p.tickAt = next(p.ticker, reducer.Time(controlplane.PlanInterval), p.clock.now, true)
	p.pollAt = next(p.poll, controlplane.RefreshInterval, p.clock.now, true)
	p.clock.queue.push(p.pollAt, workPoll, 0, 0)
	p.clock.queue.push(p.tickAt, workTick, 0, 0)
}

// do carries out an item of work, and reports whether it belongs to this control plane alone.
func (p *production) do(x item) bool {
	host := x.a()
	switch x.work() {
	case workPoll:
		p.pollAt = 0
		p.refresh()
	case workTick:
		p.tickAt = 0
		p.run()
	case workPrune:
		p.pruneAt = 0
		p.deleteRows()
	case workBeat:
		p.beat(&p.agents[host])
	case workDispatched:
		p.dequeue(&p.agents[host])
	case workSwitched, workBroken, workRebooted, workRestarted, workRolledBack, workProbed:
		p.work(&p.agents[host], x.work(), x.b)
	case workConverged:
		p.advance(&p.agents[host])
	case workOnline:
		p.network.reconnect(host)
		p.resume(&p.agents[host])
	case workTimeline:
		if a := p.timeline[host]; a.Fault == nil {
			return false
		} else {
			p.inject(a)
		}
	case workRestart:
		p.restart()
	case workSustained, workRetention, workArrive, workResend, workTraffic:
		return false
	}
	return true
}

// run is a run by the ticker. Chance may crash the control plane before it, after it, or after the
// next message.
func (p *production) run() {
	if p.driver.down {
		return
	}
	occasion := uint64((p.clock.now - p.ticker) / reducer.Time(controlplane.PlanInterval))
	f := p.chance.strikes(ControlPlaneCrash, noHost, 0, occasion)
	when := draw(p.opt.Seed, 0, occasion, drawCrash) % 3
	if f != nil && when == 0 {
		p.crash(p.chance.length(f, 0, occasion), 0)
		return
	}
	p.chooseTear()
	p.mayTear(occasion)
	p.record.fail(p.plane().Plan(p.order(occasion), &p.driver))
	switch {
	case p.plane().Torn():
		p.torn()
	case f != nil && when == 1:
		p.crash(p.chance.length(f, 0, occasion), occasion)
	case f != nil:
		p.crashes = f
	}
}

// order returns the input of a run, with the random order of the process.
func (p *production) order(occasion uint64) controlplane.Tick {
	t := controlplane.Tick{Now: p.clock.now}
	if p.plane().Idle() {
		return t
	}
	p.shuffleAll(&t, occasion)
	return t
}

// shuffleAll sets the random order of a run, which is valid until the next call.
func (p *production) shuffleAll(t *controlplane.Tick, occasion uint64) {
	p.hostOrder = p.shuffle(p.hostOrder, p.inv.Hosts(), occasion, drawHostOrder)
	p.channelOrder = p.shuffle(p.channelOrder, len(p.sc.Channels), occasion, drawChannelOrder)
	t.Order, t.Channels = p.hostOrder, p.channelOrder
}

// shuffle returns a random permutation of n numbers, in the memory of another list.
func (p *production) shuffle(
	all []uint32, n int, occasion uint64, purpose purpose,
) []uint32 {
	all = slices.Grow(all[:0], n)[:n]
	word := draw(p.opt.Seed, uint64(p.clock.now), occasion, purpose)
	for i := range all {
		word = mix(word)
		j := int(word % uint64(i+1))
		all[i] = all[j]
		all[j] = uint32(i)
	}
	return all
}

// refresh polls the manifests of all channels.
func (p *production) refresh() {
	if p.driver.down {
		return
	}
	occasion := uint64((p.clock.now - p.poll) / controlplane.RefreshInterval)
	if p.moved || !p.began { // a process that has just started knows no ref
		p.driver.choosePoll("")
	} else {
		p.chooseTear()
	}
	for _, kind := range pollFaults {
		if !p.driver.pollStrikes(0, kind) && p.chance.strikes(kind, noHost, 0, occasion) == nil {
			continue
		}
		p.record.fault(trace.Fault{Fault: kind.String()}, 0)
		if kind == PollStale && p.began {
			p.record.fail(p.plane().Plan(p.order(occasion), &p.driver))
		}
		return
	}
	answers, readable := p.answers()
	if !readable {
		p.moved = false // it can be read only after another move
		return
	}
	for _, a := range answers {
		id := p.sc.Channels[a.Channel].ID
		ref := a.Ref
		if !a.Readable {
			ref = ""
		}
		if p.driver.polled[a.Channel] != ref || !p.began {
			p.driver.polled[a.Channel] = ref
			p.record.check.Polled(id, ref)
		}
	}
	p.mayTearAnswers(answers, occasion)
	changed := p.moved
	p.moved, p.began = false, true
	tick := controlplane.Tick{Now: p.clock.now}
	if changed || !p.plane().Idle() {
		p.shuffleAll(&tick, occasion)
	}
	p.record.fail(p.plane().Refresh(tick, answers, &p.driver))
	if p.plane().Torn() {
		p.torn()
	}
}

// answers returns what a poll finds of each channel, and false if it cannot be read at all.
func (p *production) answers() ([]controlplane.Answer, bool) {
	answers := slices.Grow(p.found[:0], len(p.sc.Channels))[:len(p.sc.Channels)]
	p.found = answers
	for n := range answers {
		ref := p.upstream.refs[n]
		a := controlplane.Answer{Channel: uint32(n), Ref: ref, Readable: ref != ""}
		if r := p.release(uint32(n), ref); r != nil {
			if r.Channel == "" && (r.Manifest == controlplane.Stale || r.Manifest == controlplane.Invalid) {
				return nil, false
			}
			a.Readable = a.Readable && r.Manifest == controlplane.Fresh
		}
		if a.Readable {
			if known := &p.known[n]; known.Ref != ref {
				known.Ref, known.Closures = ref, p.closures(uint32(n), ref)
			}
			a.Closures = p.known[n].Closures
		}
		answers[n] = a
	}
	return answers, true
}

// release returns the last release of a ref that concerns a channel, or nil.
func (p *production) release(channel uint32, ref reducer.ChannelRef) *controlplane.Release {
	id := p.sc.Channels[channel].ID
	for i := len(p.sc.Releases) - 1; i >= 0; i-- {
		if r := &p.sc.Releases[i]; r.Ref == ref && (r.Channel == "" || r.Channel == id) {
			return r
		}
	}
	return nil
}

// closures returns the closures of a channel's hosts under a ref.
func (p *production) closures(channel uint32, ref reducer.ChannelRef) []reducer.ClosureHash {
	var all []reducer.ClosureHash
	for n := range p.agents {
		if p.agents[n].channel == channel {
			all = append(all, p.closure(uint32(n), ref))
		}
	}
	return all
}

// closure returns the closure of a host under a ref. A release that does not change the host keeps
// the closure of the ref before.
func (p *production) closure(host uint32, ref reducer.ChannelRef) reducer.ClosureHash {
	channel := p.agents[host].channel
	for ref != "" {
		r := p.release(channel, ref)
		if r == nil {
			return reducer.ClosureHash(ref)
		}
		if kept, _ := matchesAny(r.Unchanged, p.inv.HostID(host)); !kept {
			return reducer.ClosureHash(ref)
		}
		ref = p.previous[channel][ref]
	}
	return p.initial[host]
}

// point records that a channel moves to a ref.
func (p *production) point(channel uint32, ref reducer.ChannelRef) {
	old := p.upstream.refs[channel]
	if old == ref {
		return
	}
	if _, known := p.previous[channel][ref]; !known {
		p.previous[channel][ref] = old
	}
	p.signed[channel][ref] = p.clock.now
	p.moved = true
}

// signedAt returns when the manifest of a rollout was signed.
func (p *production) signedAt(channel uint32, ref reducer.ChannelRef) reducer.Time {
	if r := p.release(channel, ref); r != nil && r.Signed.Set {
		return p.clock.start + reducer.Time(r.Signed.Value)
	}
	return p.signed[channel][ref]
}

// deleteRows deletes the rows of rollouts that ended long ago.
func (p *production) deleteRows() {
	if p.driver.down {
		return
	}
	for _, id := range p.plane().Prune(p.clock.now) {
		p.deleted[id] = true
		p.record.retire(id)
	}
}

// tears reports whether an opening may be cut short.
func (p *production) tears() bool {
	return p.tear != nil || len(p.chance.rules[TornOpeningCrash]) > 0
}

// mayTear draws whether the opening of the next run is cut short.
func (p *production) mayTear(occasion uint64) {
	if !p.tears() {
		return
	}
	if n, opens := p.opens(); opens {
		p.drawTear(n, occasion)
	}
}

// opens returns the first channel for whose ref a run opens a rollout, and whether there is one.
func (p *production) opens() (channel uint32, opens bool) {
	for n := range p.sc.Channels {
		ref := p.plane().Seen(uint32(n))
		if ref != "" && p.plane().Fleet().Rollout(reducer.NewRolloutID(p.sc.Channels[n].ID, ref)) == nil {
			return uint32(n), true
		}
	}
	return 0, false
}

// mayTearAnswers does the same for a run that follows a poll.
func (p *production) mayTearAnswers(answers []controlplane.Answer, occasion uint64) {
	if !p.tears() {
		return
	}
	for _, a := range answers {
		id := reducer.NewRolloutID(p.sc.Channels[a.Channel].ID, a.Ref)
		if a.Readable && p.plane().Fleet().Rollout(id) == nil {
			p.drawTear(a.Channel, occasion)
			return
		}
	}
}

func (p *production) drawTear(channel uint32, occasion uint64) {
	if p.tear == nil {
		key := streamKey(string(p.sc.Channels[channel].ID))
		f := p.chance.strikes(TornOpeningCrash, noHost, key, occasion)
		if f == nil {
			return
		}
		word := draw(p.opt.Seed, key, occasion, drawTear)
		p.tear = &FaultNow{
			Kind: TornOpeningCrash, For: p.chance.length(f, key, occasion),
			Joined: int(word % uint64(max(1, p.inv.Hosts()))),
		}
	}
	p.plane().Inject(controlplane.Failure{Tear: true, Joined: p.tear.Joined})
}

// torn crashes the control plane in the middle of an opening.
func (p *production) torn() {
	f := p.tear
	p.tear = nil
	p.record.flush(true)
	if p.record.drawn != nil {
		p.record.drawn.joins = f.Joined
	}
	p.record.fault(trace.Fault{Fault: TornOpeningCrash.String()}, f.For)
	p.down(f.For)
}

// crash takes the control plane down. With losing, log rows of the present instant are lost: the
// number is drawn.
func (p *production) crash(length time.Duration, occasion uint64) {
	if p.driver.down {
		return
	}
	p.record.lose(draw(p.opt.Seed, uint64(p.clock.now), occasion, drawLoss))
	p.record.fault(trace.Fault{Fault: ControlPlaneCrash.String()}, length)
	p.down(length)
}

func (p *production) down(length time.Duration) {
	p.driver.down, p.began = true, false
	p.driver.back = p.clock.after(length)
	p.clock.schedule(length, workRestart, 0, 0)
}

// restart replaces the control plane with one that has its tables.
func (p *production) restart() {
	d := &p.driver
	d.down = false
	p.record.compareTables(d.plane.Fleet())
	next, err := controlplane.Restart(
		d.build, d.inv, d.machine, d.clock.now, d.plane.Durable(nil), d,
	)
	if err != nil {
		d.record.fail(err)
		return
	}
	d.plane = next
	d.record.check.Watch(next.Fleet())
	waiting := d.postponed
	d.postponed = nil
	for _, a := range waiting {
		d.operate(a)
	}
	p.pollAt = p.clock.now // both timers fire at the start of the process
	p.clock.queue.push(p.clock.now, workPoll, 0, 0)
	for n := range p.agents {
		p.resume(&p.agents[n])
	}
}

// inject carries out a fault of the timeline.
func (p *production) inject(action *Action) {
	f := action.Fault
	switch f.Kind {
	case ControlPlaneCrash:
		p.crash(f.For, 0)
		return
	case TornOpeningCrash:
		p.tear = f
		return
	case PollFailed, PollStale:
		p.driver.armPoll(action)
		return
	case HostOffline, HostLost, AgentRestart, ClockSkew, MessageDelayed, MessageDuplicated,
		MessageReordered, MessageDropped, DatabaseError, LogInsertFailed, faultEnd:
	}
	n, ok := p.inv.Host(f.Host)
	if !ok || p.network.lost(n) {
		return
	}
	a := &p.agents[n]
	switch f.Kind {
	case HostLost:
		p.lose(a)
	case AgentRestart:
		p.broken(a, f.For)
	case DatabaseError, LogInsertFailed:
		a.failing = append(a.failing, f.Kind)
	case HostOffline, ClockSkew, MessageDelayed, MessageDuplicated, MessageReordered, MessageDropped:
		p.world.agents.inject(action)
	case ControlPlaneCrash, TornOpeningCrash, PollFailed, PollStale, faultEnd:
	}
}

// joined schedules the heartbeat of a host that has joined a rollout.
func (p *production) joined(host reducer.HostID) {
	if n, ok := p.inv.Host(host); ok {
		p.awaitBeat(&p.agents[n])
	}
}
