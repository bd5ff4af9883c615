package controlplane

import (
	"cmp"
	"slices"

	"rollsim/reducer"
	"rollsim/trace"
)

// shippedPlane is the production control plane. Its tables are the truth: it rebuilds nothing from
// the log. It plans on its ticker and after polls, and never because of an event.
type shippedPlane struct {
	inv    *Inventory
	mended DefectSet

	// The tables. They survive a crash.
	fleet       *reducer.Fleet
	rows        []*row // by the number of the rollout, with those that were deleted
	byID        map[reducer.RolloutID]*row
	quarantined quarantine
	queue       [][]queued // by host; the oldest first

	// What only memory has.
	manifests  []manifest // by channel
	polled     bool       // there are manifests
	heartbeats []reducer.ClosureHash
	dirty      bool // something has changed since the last run
	pending    bool // the last run has seen a Pending host
	torn       bool
	failure    Failure

	stamps int // entries of the present input that have a time of their own
	ranAt  reducer.Time
	ran    int // the stamps of the runs at ranAt

	shippedScratch
}

// row is a rollout in the tables, with its hosts.
type row struct {
	fold    *reducer.Rollout
	id      reducer.RolloutID
	channel *channel
	number  uint32 // of the channel
	deleted bool

	records  []record // parallel to fold.Hosts()
	failures probesOf
	foreign  bool    // a raw event has let a host join that is not of the channel
	hints    []int32 // derived: by host of the channel: its slot plus 1, or any other number
}

// record is a host under a rollout in the tables.
type record struct {
	host    uint32
	target  reducer.ClosureHash
	current reducer.ClosureHash // what the host last reported
	soakDue reducer.Time
	seq     uint64
	queued  reducer.Opt[reducer.Time] // when it was first queued
	probed  bool                      // it has reported a probe
	failing []string                  // probes whose latest result is a failure
	// a heartbeat reported the target before the host was first queued
	unchanged bool
	deferred  bool // it failed in Deferred
}

// queued is a dispatch that waits for its agent.
type queued struct {
	host    uint32
	rollout *row
	slot    int
	at      reducer.Time
	closure reducer.ClosureHash
	soakDue reducer.Time
}

// manifest is what the last poll has found of a channel.
type manifest struct {
	id       reducer.RolloutID // of the ref
	ref      reducer.ChannelRef
	readable bool
	closures []reducer.ClosureHash
}

func newShipped(inv *Inventory, m reducer.Machine) ControlPlane {
	p := &shippedPlane{
		inv: inv, mended: inv.mended, fleet: reducer.NewFleet(m, inv.Policy),
		byID:       make(map[reducer.RolloutID]*row),
		manifests:  make([]manifest, len(inv.channels)),
		heartbeats: make([]reducer.ClosureHash, len(inv.hosts)),
		queue:      make([][]queued, len(inv.hosts)),
	}
	for _, e := range inv.preset {
		p.quarantined.add(e)
	}
	return p
}

// shippedStep is the context of the work on one input.
type shippedStep struct {
	*shippedPlane
	now reducer.Time
	out Output
}

func (p *shippedPlane) step(now reducer.Time, out Output) shippedStep {
	p.stamps = 0
	return shippedStep{p, now, out}
}

// maxStamps limits how far the time of an entry lies after that of its input.
const (
	maxStamps = 900
	stampStep = reducer.Time(1000) // a microsecond
)

// fresh returns the time of the next statement: the process reads its clock once more.
func (s shippedStep) fresh() reducer.Time {
	p := s.shippedPlane
	p.stamps = min(p.stamps+1, maxStamps)
	return s.now + reducer.Time(p.stamps)*stampStep
}

// apply logs a rollout event of the present input, steps its rollout, and logs the transition.
func (s shippedStep) apply(ev *reducer.Event) error { return s.applyTo(ev.Rollout, ev, ev.At) }

// applyTo does the same for an event that reaches the record of a rollout, at the time of its
// entry.
func (s shippedStep) applyTo(
	reached reducer.RolloutID, ev *reducer.Event, at reducer.Time,
) error {
	s.shippedPlane.dirty = true
	err := s.fleet.ApplyTo(reached, ev, at, &s.shippedPlane.outcome)
	if reducer.IsMachineFailure(err) {
		return err
	}
	out := &s.shippedPlane.outcome
	for _, late := range out.Late {
		s.reject(late)
	}
	s.write(at, trace.Entry{Kind: trace.KindRolloutEvent, Rollout: reached, Event: ev})
	if err != nil {
		s.reject(err)
		return nil
	}
	r := s.fleet.Rollout(reached)
	if ev.Kind == reducer.RolloutOpened && reached == ev.Rollout {
		s.begin(r, ev)
	}
	s.out.Applied(r, ev, &out.Effects)
	s.perform(at, &out.Effects)
	if out.Derived {
		if err := s.conclude(r); err != nil {
			return err
		}
	}
	s.out.Settled(r, ev)
	return nil
}

// conclude logs the RolloutTerminal that the fleet has derived, and its transition.
func (s shippedStep) conclude(r *reducer.Rollout) error {
	derived := &s.shippedPlane.derived
	*derived = s.shippedPlane.outcome.DerivedEvent
	s.write(derived.At, trace.Entry{
		Kind: trace.KindRolloutEvent, Rollout: derived.Rollout, Event: derived,
	})
	if s.shippedPlane.outcome.DerivedErr != nil {
		s.reject(s.shippedPlane.outcome.DerivedErr)
		return nil
	}
	effects := &s.shippedPlane.outcome.DerivedEffects
	s.out.Applied(r, derived, effects)
	s.perform(derived.At, effects)
	s.out.Settled(r, derived)
	if err := s.fleet.Apply(derived, derived.At, &s.shippedPlane.outcome); err != nil {
		if reducer.IsMachineFailure(err) {
			return err
		}
		s.reject(err)
	}
	return nil
}

// perform logs the transitions among the effects of an event, and carries out the other effects
// that the shipped handlers do not ignore.
func (s shippedStep) perform(at reducer.Time, effects *reducer.Effects) {
	all := effects.All()
	for i := range all {
		e := &all[i]
		switch e.Kind {
		case reducer.RecordRolloutTransition:
		case reducer.UpdateCurrentWave:
			if !s.mended.Has(SilentCursor) {
				continue
			}
		case reducer.InsertQuarantineFromRollout:
			if !s.mended.Has(QuarantineInert) {
				continue
			}
			s.quarantined.add(QuarantineEntry{Channel: e.Channel, Closure: e.Closure})
		case reducer.SchedulePruning: // the hourly deletion prunes instead
			continue
		}
		s.write(at, trace.Entry{Kind: trace.KindEffect, Rollout: e.Rollout, Effect: e})
	}
}

func (s shippedStep) reject(err error) {
	r := trace.NewRejection(err)
	s.write(s.now, trace.Entry{Kind: trace.KindRejection, Rollout: r.Rollout, Rejection: &r})
}

// begin adds the row of a rollout that was opened.
func (p *shippedPlane) begin(r *reducer.Rollout, ev *reducer.Event) {
	for len(p.rows) < r.Number() {
		p.rows = append(p.rows, nil)
	}
	n, _ := p.inv.Channel(ev.Channel)
	o := &row{
		fold: r, id: ev.Rollout, channel: p.inv.channel(ev.Channel), number: n,
		failures: make(probesOf),
	}
	p.rows = append(p.rows, o)
	p.byID[o.id] = o
}

func (p *shippedPlane) Poll(
	now reducer.Time, channel uint32, ref reducer.ChannelRef, out Output,
) error {
	return p.Refresh(Tick{Now: now}, []Answer{{Channel: channel, Ref: ref, Readable: true}}, out)
}

func (p *shippedPlane) Refresh(tick Tick, answers []Answer, out Output) error {
	p.polled = true
	for _, a := range answers {
		old := &p.manifests[a.Channel]
		if old.ref != a.Ref || old.readable != a.Readable {
			p.dirty = true
		}
		if old.ref != a.Ref {
			old.id = reducer.NewRolloutID(p.inv.channels[a.Channel].ID, a.Ref)
		}
		*old = manifest{old.id, a.Ref, a.Readable, a.Closures}
	}
	return p.Plan(tick, out)
}

func (p *shippedPlane) Expire(reducer.Time, reducer.RolloutID, Output) error { return nil }

// Lift deletes an entry from the table of the quarantine.
func (p *shippedPlane) Lift(now reducer.Time, e QuarantineEntry, out Output) error {
	p.quarantined.remove(e)
	p.dirty = true
	s := p.step(now, out)
	s.writeEffect(now, trace.HostEffect{
		Effect: trace.RemoteRemoveQuarantine, Channel: e.Channel, Closure: e.Closure,
	})
	return nil
}

// Apply logs an event that an operator or a scenario passes, and steps its rollout.
func (p *shippedPlane) Apply(now reducer.Time, ev *reducer.Event, out Output) error {
	return p.Misroute(now, ev.Rollout, ev, out)
}

func (p *shippedPlane) Misroute(
	now reducer.Time, reached reducer.RolloutID, ev *reducer.Event, out Output,
) error {
	if err := p.step(now, out).applyTo(reached, ev, now); err != nil {
		return err
	}
	// A host that joins through a raw event has a record.
	o := p.byID[reached]
	if o == nil || len(o.records) >= len(o.fold.Hosts()) {
		return nil
	}
	n, ok := p.inv.Host(ev.Host)
	if !ok {
		n = noHost
	}
	o.foreign = o.foreign || !o.channel.has(n)
	o.records = append(o.records, record{
		host: n, target: reducer.ClosureHash(o.fold.Record.TargetRef), soakDue: now,
	})
	return nil
}

func (p *shippedPlane) PlanNeeded() bool { return false }

func (p *shippedPlane) Fleet() *reducer.Fleet { return p.fleet }

func (p *shippedPlane) Seen(channel uint32) reducer.ChannelRef {
	if !p.manifests[channel].readable {
		return ""
	}
	return p.manifests[channel].ref
}

// LastDispatch returns the rollout under which a host was queued last.
func (p *shippedPlane) LastDispatch(host uint32) reducer.RolloutID {
	var last reducer.RolloutID
	var at reducer.Time
	for _, o := range p.rows {
		if o == nil || o.deleted {
			continue
		}
		if slot := o.slot(p.inv, host); slot >= 0 {
			if q := o.records[slot].queued; q.Set && (last == "" || q.Value >= at) {
				last, at = o.id, q.Value
			}
		}
	}
	return last
}

// slot returns the slot of a host, or a negative number.
func (o *row) slot(inv *Inventory, host uint32) int {
	own := o.channel.has(host)
	if !own && !o.foreign {
		return -1
	}
	if own && o.hints != nil {
		slot := int(o.hints[host-o.channel.first]) - 1
		if slot >= 0 && slot < len(o.records) && o.records[slot].host == host {
			return slot
		}
	}
	slot, joined := o.fold.Slot(inv.hosts[host].id)
	if !joined || slot >= len(o.records) {
		return -1
	}
	if own {
		if o.hints == nil {
			o.hints = make([]int32, o.channel.end-o.channel.first)
		}
		o.hints[host-o.channel.first] = int32(slot) + 1
	}
	return slot
}

// has reports whether a channel has a host. One that is not declared, and nil, has none.
func (ch *channel) has(host uint32) bool {
	return ch != nil && host >= ch.first && host < ch.end
}

// state returns the state of the host at a slot.
func (o *row) state(slot int) reducer.HostState { return o.fold.Hosts()[slot].State }

// current returns the row of the ref in the manifest of a channel, or nil.
func (p *shippedPlane) current(channel uint32) *row {
	m := &p.manifests[channel]
	if !m.readable || m.ref == "" {
		return nil
	}
	return p.byID[m.id]
}

// planned returns the row that runs plan for a channel, or nil. It is that of the current manifest.
// If SetBack is fixed, it is the one that stands, while the ref of the manifest was superseded.
func (p *shippedPlane) planned(channel uint32) *row {
	o := p.current(channel)
	if o == nil || !p.mended.Has(SetBack) || !o.fold.Record.SupersededAt.Set {
		return o
	}
	for _, r := range p.fleet.Standing(o.channel.ID) {
		if standing := p.byID[r.Record.RolloutID]; standing != nil {
			return standing
		}
	}
	return o
}

// rowsOf iterates over the rows that have a host and are not deleted, with the slot of the host, in
// the order of opening.
func (p *shippedPlane) rowsOf(host uint32) func(yield func(*row, int) bool) {
	return func(yield func(*row, int) bool) {
		for _, o := range p.rows {
			if o == nil || o.deleted {
				continue
			}
			if slot := o.slot(p.inv, host); slot >= 0 && !yield(o, slot) {
				return
			}
		}
	}
}

// active returns the rows in which a host is not finished, in the order of their ids. They are
// valid until the next call.
func (p *shippedPlane) active(host uint32) (rows []*row, slots []int) {
	rows, slots = p.activeRows[:0], p.activeSlots[:0]
	for _, o := range p.rows {
		if o.busy(p.inv, host) {
			rows = append(rows, o)
		}
	}
	slices.SortFunc(rows, func(a, b *row) int { return cmp.Compare(a.id, b.id) })
	for _, o := range rows {
		slots = append(slots, o.slot(p.inv, host))
	}
	p.activeRows, p.activeSlots = rows, slots
	return rows, slots
}

// busy reports whether a host is not finished under a rollout. The row may be nil.
func (o *row) busy(inv *Inventory, host uint32) bool {
	if o == nil || o.deleted {
		return false
	}
	slot := o.slot(inv, host)
	if slot < 0 {
		return false
	}
	return !o.state(slot).Finished()
}

func (p *shippedPlane) Active(host uint32) bool {
	return slices.ContainsFunc(p.rows, func(o *row) bool { return o.busy(p.inv, host) })
}

func (p *shippedPlane) Idle() bool { return p.polled && !p.dirty && !p.pending }

func (p *shippedPlane) Inject(f Failure) { p.failure = f }

func (p *shippedPlane) Torn() bool {
	torn := p.torn
	p.torn = false
	return torn
}

// Pruning returns when the row that ends first is old enough to be deleted.
func (p *shippedPlane) Pruning() (first reducer.Opt[reducer.Time]) {
	for _, o := range p.rows {
		if o == nil || o.deleted || p.kept(o) {
			continue
		}
		if at := o.ended(); at.Set && (!first.Set || at.Value+RowRetention < first.Value) {
			first = reducer.Some(at.Value + RowRetention)
		}
	}
	return first
}

// kept reports whether the row of the current rollout is kept, because Reopened is fixed.
func (p *shippedPlane) kept(o *row) bool {
	return p.mended.Has(Reopened) &&
		(!p.polled || p.manifests[o.number].ref == o.fold.Record.TargetRef)
}

// ended returns when the retention of a rollout has begun. It is unset for one that is kept.
func (o *row) ended() (at reducer.Opt[reducer.Time]) {
	rec := &o.fold.Record
	if !rec.State.InTerminalSet() {
		return at
	}
	at = rec.TerminalAt
	if rec.SupersededAt.Set && (!at.Set || rec.SupersededAt.Value < at.Value) {
		at = rec.SupersededAt
	}
	return at
}

func (p *shippedPlane) Prune(now reducer.Time) []reducer.RolloutID {
	var deleted []reducer.RolloutID
	for _, o := range p.rows {
		if o == nil || o.deleted || p.kept(o) {
			continue
		}
		if at := o.ended(); at.Set && at.Value+RowRetention < now {
			o.deleted = true
			delete(p.byID, o.id)
			p.fleet.Retire(o.fold)
			p.dirty = true
			deleted = append(deleted, o.id)
		}
	}
	return deleted
}
