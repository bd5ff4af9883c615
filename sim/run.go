package sim

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// Options is what one run is given beside its scenario.
type Options struct {
	Machine reducer.Machine // decides every transition
	Seed    uint64
	Sink    trace.Sink // takes the entries, the header first; nil for none
	// fold what the trace says a second time, and hold the live state against it at the end
	Refold bool

	// The run ends early, once the instant is over in which entry UntilSeq was written or the virtual
	// time Until was reached. Zero is neither. A run that ends early is not judged for liveness.
	UntilSeq uint64
	Until    time.Duration
}

// Result is what a run ended with.
type Result struct {
	Start, End reducer.Time
	Entries    uint64 // written after the header
	Early      bool   // ended by UntilSeq or Until
	Fleet      *reducer.Fleet
	Violations []Violation
	NeverCame  []int // timeline lines, from 0, that waited for a moment which did not come
	Never      []int // of Scenario.Sometimes, from 0, those that did not come
}

// ErrRunaway says that one instant went on for too long: delays of nothing that lead back to
// themselves.
var ErrRunaway = errors.New("the simulation does not leave an instant: some work leads back to " +
	"itself without any delay")

// maxPerInstant bounds the work of one instant, so that a loop without delay is an error and not a
// hang.
const maxPerInstant = 50_000_000

// planInterval is how often the planner looks, whether or not something changed.
const planInterval = 15 * time.Second

// resendAfter is how long the control plane waits for an ack before it sends a dispatch again.
const resendAfter = 60 * time.Second

// Run simulates a scenario to its horizon. The error is the Sink's, ErrRunaway, or what is wrong
// with the scenario.
func Run(sc *Scenario, opt Options) (*Result, error) {
	w, err := newWorld(sc, opt)
	if err != nil {
		return nil, err
	}
	return w.run()
}

func (w *world) run() (*Result, error) {
	sc, opt := w.sc, w.opt
	w.log(&trace.Entry{Kind: trace.KindHeader, Header: w.header()})
	w.seedQueue()

	end := sc.Start + reducer.Time(sc.Horizon)
	early := false
	if opt.Until > 0 && opt.Until < sc.Horizon {
		end, early = sc.Start+reducer.Time(opt.Until), true
	}
	for w.err == nil {
		at, ok := w.queue.next()
		if !ok || at > end {
			break
		}
		w.now = at
		w.instant()
		if opt.UntilSeq > 0 && w.seq >= opt.UntilSeq {
			end, early = w.now, true
			break
		}
	}
	w.now = end
	for _, late := range w.fleet.Finish() {
		w.reject(late)
	}
	if w.err != nil {
		return nil, w.err
	}
	for i := range w.channels {
		w.check.Standing(w.channels[i].conf.ID)
	}
	if w.refold != nil {
		for _, v := range invariant.Compare(w.fleet, w.refold, w.seq, w.now) {
			w.check.Report(v)
		}
	}
	result := &Result{
		Start:      sc.Start,
		End:        end,
		Entries:    w.seq,
		Early:      early,
		Fleet:      w.fleet,
		Violations: w.check.Found(),
	}
	if !early {
		result.Violations = append(result.Violations, w.judge()...)
		for _, i := range w.moments {
			result.NeverCame = append(result.NeverCame, int(i))
		}
		for _, i := range w.sometimes {
			result.Never = append(result.Never, int(i))
		}
	}
	return result, nil
}

// world is one run: everything in it starts fresh.
type world struct {
	sc    *Scenario
	opt   Options
	fleet *reducer.Fleet
	queue queue
	now   reducer.Time

	seq        uint64 // of the last entry written
	err        error  // the first failure; ends the run
	perInstant int    // maxPerInstant, but for tests

	channels []channel
	hosts    []host
	channelN map[reducer.ChannelID]uint32
	byName   []uint32 // the numbers of all hosts, by name
	fates    [][]Fate // by host.fates; the first is empty

	rollouts   []*rollout // in the order of opening
	rolloutN   map[reducer.RolloutID]uint32
	underway   []*rollout // those that the planner works on, in the order of opening
	changed    bool       // something happened in this instant that the planner must look at
	unacked    []dispatch // by time of sending
	quarantine map[QuarantineEntry]bool
	budgets    []budget
	limits     [][]uint32         // by host.limits, indices into budgets; the first is empty
	waits      [][]reducer.HostID // by host.waits; the first is empty
	moments    []uint32           // indices of timeline actions that wait for their moment
	sometimes  []uint32           // indices of Scenario.Sometimes that have not come yet
	timers     uint32             // generations of retention timers given out

	unreliable bool                  // some fault may come
	faults     [faultEnd][]faultRule // by kind
	flights    []message             // on their way; entries in landed are free
	landed     []uint32
	remembers  bool          // the control plane may crash, so the trace is kept
	history    []trace.Entry // what a restart rebuilds from
	down       bool
	postponed  []*Action // what an operator wanted while the control plane was down
	ticks      uint64
	ignores    string                  // for tests: a gate that the planner does not ask, or gateHalt
	forgets    func(*trace.Entry) bool // for tests: what a restart does not find in the trace
	// invariant (14): folds what the trace says; nil when that is not asked for
	refold *reducer.Fleet

	check   *invariant.Checker
	outcome reducer.Outcome // reused
	entry   trace.Entry     // reused
	agent   trace.AgentEvent
}

type channel struct {
	conf  *Channel
	polls uint64
	ref   reducer.ChannelRef // what the channel points at
	seen  reducer.ChannelRef // what the last poll saw
	first uint32             // its hosts: a run of world.hosts
	count uint32
	waves []uint32 // of each of its hosts
}

// noRollout stands where a host has no rollout.
const noRollout = math.MaxUint32

func newWorld(sc *Scenario, opt Options) (*world, error) {
	w := &world{
		sc:         sc,
		opt:        opt,
		now:        sc.Start,
		perInstant: maxPerInstant,
		channelN:   make(map[reducer.ChannelID]uint32),
		rolloutN:   make(map[reducer.RolloutID]uint32),
		quarantine: make(map[QuarantineEntry]bool),
		fates:      make([][]Fate, 1),
	}
	if sc.Horizon <= 0 || int64(sc.Start) > math.MaxInt64-int64(sc.Horizon)-int64(maxDelay) {
		return nil, fmt.Errorf("the horizon %v is not above 0 or ends after the year 2252", sc.Horizon)
	}
	for _, q := range sc.Quarantine {
		w.quarantine[q] = true
	}
	total := 0
	for i := range sc.Channels {
		for j := range sc.Channels[i].Waves {
			total += len(sc.Channels[i].Waves[j].Hosts)
		}
	}
	w.hosts = make([]host, 0, total)
	behaviours := newBehaviours(sc)
	for i := range sc.Channels {
		conf := &sc.Channels[i]
		if _, twice := w.channelN[conf.ID]; twice {
			return nil, fmt.Errorf("channel %s is declared twice", conf.ID)
		}
		if conf.PollInterval <= 0 {
			return nil, fmt.Errorf(
				"channel %s: the poll interval %v is not above 0", conf.ID, conf.PollInterval,
			)
		}
		w.channelN[conf.ID] = uint32(i)
		ch := channel{conf: conf, first: uint32(len(w.hosts))}
		for wave := range conf.Waves {
			for _, id := range conf.Waves[wave].Hosts {
				b, err := behaviours.of(id)
				if err != nil {
					return nil, err
				}
				w.hosts = append(w.hosts, host{
					id: id, number: uint32(len(w.hosts)), channel: uint32(i), behaviour: b,
					current: noRollout, working: noRollout, waiting: noRollout, running: noRollout,
				})
				ch.waves = append(ch.waves, uint32(wave))
				ch.count++
			}
		}
		w.channels = append(w.channels, ch)
	}
	if err := w.sortHosts(); err != nil {
		return nil, err
	}
	for _, f := range sc.Fates {
		n, ok := w.find(f.Host)
		if !ok {
			return nil, fmt.Errorf("a fate names host %s, which no wave has", f.Host)
		}
		h := &w.hosts[n]
		if h.fates == 0 {
			h.fates = uint32(len(w.fates))
			w.fates = append(w.fates, nil)
		}
		w.fates[h.fates] = append(w.fates[h.fates], f)
	}
	if err := w.setUpGates(); err != nil {
		return nil, err
	}
	if err := w.setUpFaults(); err != nil {
		return nil, err
	}
	w.fleet = reducer.NewFleet(opt.Machine, w.policyOf)
	if opt.Refold {
		w.refold = reducer.NewFleet(opt.Machine, w.policyOf)
	}
	w.check = invariant.NewChecker(w.fleet, w.header())
	return w, nil
}

// sortHosts makes hosts findable by name. A sorted list takes a tenth of the memory of a map.
func (w *world) sortHosts() error {
	w.byName = make([]uint32, len(w.hosts))
	for i := range w.byName {
		w.byName[i] = uint32(i)
	}
	slices.SortFunc(
		w.byName, func(a, b uint32) int { return cmp.Compare(w.hosts[a].id, w.hosts[b].id) },
	)
	for i := 1; i < len(w.byName); i++ {
		if id := w.hosts[w.byName[i]].id; id == w.hosts[w.byName[i-1]].id {
			return fmt.Errorf("host %s is declared twice: a host belongs to one channel and one wave", id)
		}
	}
	return nil
}

// find gives the number of a host of the scenario.
func (w *world) find(id reducer.HostID) (uint32, bool) {
	i, found := slices.BinarySearchFunc(
		w.byName, id, func(n uint32, id reducer.HostID) int { return cmp.Compare(w.hosts[n].id, id) },
	)
	if !found {
		return 0, false
	}
	return w.byName[i], true
}

func (w *world) policyOf(id reducer.ChannelID) reducer.Policy {
	if n, ok := w.channelN[id]; ok {
		return w.sc.Channels[n].Policy
	}
	return reducer.DefaultPolicy()
}

// seedQueue enters what is known from the start, in the order that decides ties.
func (w *world) seedQueue() {
	for i := range w.sc.Timeline {
		if w.sc.Timeline[i].When != nil {
			w.moments = append(w.moments, uint32(i))
			continue
		}
		w.queue.push(w.after(w.sc.Timeline[i].At), workTimeline, uint32(i), 0)
	}
	for i := range w.channels {
		w.queue.push(w.now, workPoll, uint32(i), 0)
	}
	w.queue.push(w.now, workTick, 0, 0)
	for i := range w.sc.Traffic {
		w.queue.push(w.after(w.sc.Traffic[i].From), workTraffic, uint32(i), 0)
	}
	for i := range w.sc.Sometimes {
		w.sometimes = append(w.sometimes, uint32(i))
	}
}

func (w *world) after(d time.Duration) reducer.Time { return w.now + reducer.Time(d) }

// instant does all the work of the present instant: what is due, then the plan, which may make more
// of it due at once.
func (w *world) instant() {
	for range w.perInstant {
		if at, ok := w.queue.next(); ok && at == w.now {
			w.do(w.queue.pop())
		} else if w.changed && !w.down {
			w.changed = false
			w.plan()
		} else {
			return
		}
		if w.err != nil {
			return
		}
	}
	w.err = fmt.Errorf("%w (at %v after the start)", ErrRunaway, time.Duration(w.now-w.sc.Start))
}

func (w *world) do(x item) {
	switch x.work() {
	case workTimeline:
		w.act(&w.sc.Timeline[x.a])
	case workPoll:
		if !w.down {
			w.poll(&w.channels[x.a])
		}
		w.queue.push(w.after(w.channels[x.a].conf.PollInterval), workPoll, x.a, 0)
	case workTick:
		w.changed = true
		w.ticks++
		if f := w.chance(ControlPlaneCrash, noHostNumber, 0, w.ticks); f != nil {
			w.crash(w.lasts(f, 0, w.ticks))
		}
		w.queue.push(w.after(planInterval), workTick, 0, 0)
	case workDispatched:
		w.dispatched(&w.hosts[x.a], x.b)
	case workRetention:
		// A timer that runs out while the control plane is down is found again when it is back.
		if r := w.rollouts[x.a]; r.timer == x.b && !w.down {
			r.timerDue = reducer.Opt[reducer.Time]{}
			w.apply(&reducer.Event{Kind: reducer.RetentionExpired, Rollout: r.id, At: w.now})
		}
	case workSwitched,
		workRebooted,
		workProbed,
		workSustained,
		workConverged,
		workRolledBack,
		workRestarted,
		workBroken:
		if h := &w.hosts[x.a]; h.epoch == x.b && !w.strike(h) {
			w.agentStep(h, x.work())
		}
	case workArrive:
		m := w.flights[x.b]
		w.landed = append(w.landed, x.b)
		w.arrive(&w.hosts[x.a], m)
	case workResend:
		w.resendAll(&w.hosts[x.a])
	case workOnline:
		h := &w.hosts[x.a]
		h.link.offline = false
		w.resendAll(h)
	case workRestart:
		w.restart()
	case workTraffic:
		w.traffic(&w.sc.Traffic[x.a], x.a, x.b)
	}
}

// act carries out one line of the timeline.
func (w *world) act(a *Action) {
	switch {
	case a.SetRef != nil:
		if n, ok := w.channelN[a.SetRef.Channel]; ok {
			w.channels[n].ref = a.SetRef.Ref
		}
	case a.Fault != nil:
		w.bring(a.Fault)
	case w.down:
		w.postponed = append(w.postponed, a)
	case a.Lift != nil:
		delete(w.quarantine, *a.Lift)
		w.log(&trace.Entry{Kind: trace.KindEffect, HostEffect: &trace.HostEffect{
			Effect: trace.RemoteRemoveQuarantine, Channel: a.Lift.Channel, Closure: a.Lift.Closure,
		}})
		w.changed = true
	case a.Event != nil:
		ev := *a.Event
		if !a.KeepAt {
			ev.At = w.now
		}
		w.apply(&ev)
	}
}

// poll reads the channel's ref. A ref whose rollout is already known opens nothing, as in the real
// planner.
func (w *world) poll(ch *channel) {
	if w.unreliable {
		key := streamKey(string(ch.conf.ID))
		ch.polls++
		for _, kind := range []FaultKind{PollFailed, PollStale} {
			if w.chance(kind, noHostNumber, key, ch.polls) != nil {
				w.fault(kind, nil, noRollout, ch.conf.ID, 0, 0)
				return
			}
		}
	}
	if ch.ref == ch.seen {
		return
	}
	ch.seen = ch.ref
	id := reducer.NewRolloutID(ch.conf.ID, ch.ref)
	w.log(
		&trace.Entry{
			Kind: trace.KindManifestPoll,
			Poll: &trace.ManifestPoll{Channel: ch.conf.ID, Outcome: "200", Ref: ch.ref},
		},
	)
	if w.fleet.Rollout(id) != nil {
		return
	}
	standing := append([]*reducer.Rollout(nil), w.fleet.Standing(ch.conf.ID)...)
	for _, r := range standing {
		w.apply(
			&reducer.Event{
				Kind:      reducer.SuccessorOpened,
				Rollout:   r.Record.RolloutID,
				Successor: id,
				At:        w.now,
			},
		)
	}
	w.apply(
		&reducer.Event{
			Kind:      reducer.RolloutOpened,
			Rollout:   id,
			Channel:   ch.conf.ID,
			TargetRef: ch.ref,
			At:        w.now,
		},
	)
	ids := make([]reducer.HostID, 0, ch.count)
	for i := range ch.count {
		h := &w.hosts[ch.first+i]
		ids = append(ids, h.id)
		w.apply(
			&reducer.Event{Kind: reducer.HostJoined, Rollout: id, Host: h.id, Wave: ch.waves[i], At: w.now},
		)
	}
	w.log(&trace.Entry{Kind: trace.KindPlanAction, Rollout: id, Plan: &trace.PlanAction{
		Action: trace.OpenRollout, Rollout: id, Channel: ch.conf.ID, TargetRef: ch.ref, Hosts: ids,
	}})
}

// failed tells whether an error is the machine's that gives no answer, and then ends the run.
func (w *world) failed(err error) bool {
	if err == nil || !errors.As(err, new(*reducer.MachineFailure)) {
		return false
	}
	w.err = cmp.Or(w.err, err)
	return true
}

// apply gives one event to the reducer, logs what came of it, and carries out the effects.
func (w *world) apply(ev *reducer.Event) {
	err := w.fleet.Apply(ev, w.now, &w.outcome)
	if w.failed(err) {
		return
	}
	for _, late := range w.outcome.Late {
		w.reject(late)
	}
	w.logEvent(ev)
	if err != nil {
		w.reject(err)
		return
	}
	w.follow(ev)
	r := w.rollouts[w.outcome.Rollout]
	w.check.Applied(w.seq, w.now, r.fold, ev, &w.outcome.Effects)
	w.perform(r, &w.outcome.Effects)
	if w.outcome.Derived {
		derived := w.outcome.DerivedEvent
		w.logEvent(&derived)
		if w.outcome.DerivedErr != nil {
			w.reject(w.outcome.DerivedErr)
		} else {
			w.check.Applied(w.seq, w.now, r.fold, &derived, &w.outcome.DerivedEffects)
			w.perform(r, &w.outcome.DerivedEffects)
			w.check.Step(r.fold)
			// It stands in the trace, so this fleet must see it too, as whoever folds the trace will.
			if err := w.fleet.Apply(&derived, w.now, &w.outcome); err != nil {
				w.reject(err)
			}
		}
	}
	w.check.Step(r.fold)
	w.checkMoments()
}

// perform logs and carries out the effects of one event.
func (w *world) perform(r *rollout, effects *reducer.Effects) {
	all := effects.All()
	for i := range all {
		e := &all[i]
		w.entry = trace.Entry{Kind: trace.KindEffect, Rollout: e.Rollout, Effect: e}
		w.log(&w.entry)
		switch e.Kind {
		case reducer.RecordRolloutTransition:
			w.changed = true
			if e.To.InTerminalSet() {
				r.terminalSetAt = reducer.Some(w.now)
			}
		case reducer.UpdateCurrentWave:
			w.changed = true
		case reducer.SchedulePruning:
			if w.sc.ControlPlane != NoPlanner {
				w.armTimer(r, w.after(time.Duration(e.DelaySeconds)*time.Second))
			}
		case reducer.InsertQuarantineFromRollout:
			w.quarantine[QuarantineEntry{Channel: e.Channel, Closure: e.Closure}] = true
		}
	}
}

// armTimer makes the rollout's retention expire at an instant, instead of when it would have.
func (w *world) armTimer(r *rollout, due reducer.Time) {
	w.timers++
	r.timer, r.timerDue = w.timers, reducer.Some(due)
	w.queue.push(max(w.now, due), workRetention, r.number, r.timer) // overdue after a restart: at once
}

// traffic points a channel at its next ref, and makes the one after that due.
func (w *world) traffic(t *Traffic, index, before uint32) {
	if t.Until > 0 && w.elapsed(w.now) >= t.Until {
		return
	}
	ch := &w.channels[w.channelN[t.Channel]]
	switch t.Kind {
	case Arrivals:
		ch.ref = reducer.ChannelRef(fmt.Sprintf("%s%d", t.Prefix, before+1))
	case Flapping:
		ch.ref = t.Between[int(before)%len(t.Between)]
	}
	pause := t.Every.draw(
		draw(w.opt.Seed, streamKey(string(t.Channel)), uint64(before), drawTraffic+purpose(index)<<32),
	)
	w.queue.push(w.after(max(tick, pause)), workTraffic, index, before+1)
}

func (w *world) logEvent(ev *reducer.Event) {
	w.entry = trace.Entry{Kind: trace.KindRolloutEvent, Rollout: ev.Rollout, Event: ev}
	w.log(&w.entry)
}

func (w *world) reject(err error) {
	r := trace.NewRejection(err)
	w.log(&trace.Entry{Kind: trace.KindRejection, Rollout: r.Rollout, Rejection: &r})
}

// log numbers an entry, stamps it with the present instant and writes it.
func (w *world) log(e *trace.Entry) {
	if w.err != nil {
		return
	}
	if e.Kind != trace.KindHeader {
		w.seq++
	}
	e.Seq, e.At = w.seq, w.now
	w.check.Entry(e)
	if w.remembers && e.Kind != trace.KindHeader && (w.forgets == nil || !w.forgets(e)) {
		w.history = append(w.history, e.Clone())
	}
	if w.refold != nil && e.Event != nil {
		var out reducer.Outcome
		// what it refuses the live fleet refuses too, or they come to differ
		w.failed(w.refold.Apply(e.Event, e.At, &out))
	}
	if w.opt.Sink != nil {
		w.err = w.opt.Sink.Write(e)
	}
}

func (w *world) header() *trace.Header {
	h := &trace.Header{
		Format: trace.FormatVersion, Scenario: w.sc.Name, Seed: w.opt.Seed, Machine: w.opt.Machine.Name(),
	}
	switch {
	case w.opt.UntilSeq > 0:
		h.Until = fmt.Sprint(w.opt.UntilSeq)
	case w.opt.Until > 0:
		h.Until = w.opt.Until.String()
	}
	for i := range w.sc.Channels {
		ch := &w.sc.Channels[i]
		h.Channels = append(
			h.Channels,
			trace.ChannelConfig{Channel: ch.ID, Policy: ch.Policy, After: ch.After, HostEdges: ch.HostEdges},
		)
	}
	h.Budgets, h.Quarantine = w.sc.Budgets, w.sc.Quarantine
	return h
}

// behaviours resolves what each host's behaviour is, making one value for all the hosts that share
// it.
type behaviours struct {
	sc   *Scenario
	made map[string]*Behaviour // by the groups that matched
}

func newBehaviours(sc *Scenario) *behaviours {
	return &behaviours{sc: sc, made: make(map[string]*Behaviour)}
}

func (b *behaviours) of(id reducer.HostID) (*Behaviour, error) {
	var matched []byte
	for g := range b.sc.Groups {
		hit, err := matchesAny(b.sc.Groups[g].Hosts, id)
		if err != nil {
			return nil, err
		}
		matched = append(matched, "-+"[btoi(hit)])
	}
	if made := b.made[string(matched)]; made != nil {
		return made, nil
	}
	merged := b.sc.Behaviour
	for g, hit := range matched {
		if hit == '+' {
			merged.lay(&b.sc.Groups[g].Behaviour)
		}
	}
	b.made[string(matched)] = &merged
	return &merged, nil
}

// lay overrides b with what over says.
func (b *Behaviour) lay(over *Behaviour) {
	override(&b.Ack, over.Ack)
	override(&b.Activation, over.Activation)
	override(&b.Reboot, over.Reboot)
	override(&b.Probe, over.Probe)
	override(&b.Converge, over.Converge)
	override(&b.Rollback, over.Rollback)
	override(&b.ActivationFailure, over.ActivationFailure)
	override(&b.Deferral, over.Deferral)
	override(&b.ProbeFailure, over.ProbeFailure)
	override(&b.RollbackFailure, over.RollbackFailure)
	override(&b.NoAnswer, over.NoAnswer)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func override[T any](value **T, over *T) {
	if over != nil {
		*value = over
	}
}
