package replay

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"rollsim/invariant"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/trace"
)

// Run replays a trace. It closes the reader, which must not have been read from.
//
// The error is a *trace.ReadError, the *reducer.MachineFailure of a machine that returns no answer,
// or a *NoAnswer if the log does not know what Options names. The result is never nil: with an
// error it holds what was found before it.
func Run(r *trace.Reader, opts Options) (*Result, error) {
	p := newReplay(r, opts)
	if !opts.Strict {
		r.Lenient()
	}
	r.Ahead()
	err := p.readAll()
	if err == nil {
		err = cmp.Or(p.unknown(&p.opts.Only), p.unknownPolicy())
	}
	return p.finalResult(), errors.Join(err, r.Close())
}

// replay is a replay in progress. It passes each entry of the log to the checks that the entry
// concerns.
type replay struct {
	opts    Options
	inquiry *inquiry // nil for Run
	reader  *trace.Reader

	// Known with the first entry.
	sealed    bool           // the log is the trace of a simulation
	simulated bool           // likewise, of another control plane than the shipped one
	fleet     *reducer.Fleet // nil before

	cursor   cursor
	evidence evidence
	notes    notes
	findings collector
	context  contextKeeper

	rollouts registry
	channels channels
	policies policies
	roster   roster
	waits    waitFinder

	order       orderChecker
	payloads    payloadChecker
	plans       planChecker
	effects     effectMatcher
	rejections  rejectionMatcher
	hosts       hostAuditor
	defects     defectFinder
	gates       gateChecker
	clock       clock
	quarantines quarantineLedger
	invariants  invariantAuditor

	cut        map[reducer.RolloutID]bool // those whose documents are cut
	idle       []*rollout                 // superseded rollouts whose hosts are kept
	idleHosts  int
	maxIdle    int
	currentRef reducer.ChannelRef // that the planner follows, as far as the log shows it
	currentAt  reducer.Time       // when its rows showed that last; 0 after an opening
	result     Result
	out        reducer.Outcome // of the last event
	kinds      [trace.KindCount]uint64
	otherKinds map[string]uint64 // entries of unknown kinds
	breaches   int               // how many breaches of the seal were reported
	late       uint64            // entries about hosts that were freed
	stopped    []Summary         // the rollouts after Options.Until; nil before
}

func newReplay(r *trace.Reader, opts Options) *replay {
	p := &replay{
		opts: opts, reader: r, maxIdle: maxIdle, channels: make(channels),
		otherKinds: make(map[string]uint64),
	}
	if opts.Watch != nil {
		opts.Watch.replay = p
	}
	p.findings = collector{
		cursor: &p.cursor, evidence: &p.evidence, rollouts: &p.rollouts, context: &p.context,
		only: opts.Only, until: opts.Until, accepted: newAcceptance(opts.Accepted),
	}
	p.rollouts = registry{
		only: &p.opts.Only, evidence: &p.evidence, keep: maxEnded,
		byID: make(map[reducer.RolloutID]*rollout), openings: make(map[int]uint64),
	}
	p.policies = newPolicies(&p.notes)
	p.roster = roster{hosts: make(map[reducer.HostID]*host), left: p.release}
	p.waits = waitFinder{
		cursor: &p.cursor, rollouts: &p.rollouts, channels: p.channels, policies: &p.policies,
		clock: opts.Clock, clockAlways: opts.ClockAlways,
	}
	p.order = orderChecker{cursor: &p.cursor, evidence: &p.evidence, findings: &p.findings}
	p.payloads = payloadChecker{cursor: &p.cursor, evidence: &p.evidence, findings: &p.findings}
	p.plans = planChecker{findings: &p.findings, evidence: &p.evidence, channels: p.channels}
	p.defects = defectFinder{
		cursor: &p.cursor, evidence: &p.evidence, findings: &p.findings, rollouts: &p.rollouts,
		quarantines: &p.quarantines, roster: &p.roster,
	}
	p.gates = gateChecker{
		cursor: &p.cursor, evidence: &p.evidence, findings: &p.findings, rollouts: &p.rollouts,
		channels: p.channels, defects: &p.defects, payloads: &p.payloads,
	}
	p.clock = clock{cursor: &p.cursor, findings: &p.findings}
	p.effects = effectMatcher{cursor: &p.cursor, findings: &p.findings, context: &p.context}
	p.rejections = rejectionMatcher{cursor: &p.cursor, findings: &p.findings}
	p.quarantines = quarantineLedger{findings: &p.findings}
	p.hosts = hostAuditor{
		cursor: &p.cursor, evidence: &p.evidence, findings: &p.findings, context: &p.context,
		policies: &p.policies, roster: &p.roster, quarantines: &p.quarantines, recorded: p.release,
		defects: &p.defects,
	}
	p.invariants = invariantAuditor{
		cursor: &p.cursor, evidence: &p.evidence, findings: &p.findings, rollouts: &p.rollouts,
		channels: p.channels,
	}
	return p
}

// readAll reads every entry, or those up to Options.Until and what they leave pending.
func (p *replay) readAll() error {
	for {
		e, err := p.reader.Read()
		p.reportBreaches(e)
		if errors.Is(err, io.EOF) {
			return p.finish()
		}
		if err != nil {
			return err
		}
		if err := p.endAt(e); err != nil {
			return err
		}
		if until := p.opts.Until; until > 0 && e.Seq > until && e.Kind != trace.KindHeader {
			if p.fleet == nil {
				return &NoAnswer{
					What: fmt.Sprintf("the log has no entry up to %d: it begins at entry %d", until, e.Seq),
				}
			}
			if p.stopped == nil {
				p.stop()
			}
			if p.pending() == 0 {
				return nil
			}
		}
		if err := p.entry(e); err != nil {
			return err
		}
	}
}

// endAt sets Options.Until when an entry is later than Options.UntilAt.
func (p *replay) endAt(e *trace.Entry) error {
	at := p.opts.UntilAt
	if !at.Set || p.opts.Until > 0 || e.At <= at.Value || e.Kind == trace.KindHeader {
		return nil
	}
	if p.fleet == nil || p.cursor.highest == 0 {
		return &NoAnswer{
			What: "the log has no entry up to that time: it begins at " +
				string(trace.AppendTime(nil, e.At)),
		}
	}
	p.opts.Until = p.cursor.highest
	p.findings.until = p.opts.Until
	return nil
}

// pending returns how many entries the log has yet to show.
func (p *replay) pending() int {
	return p.effects.pending + p.hosts.pending + p.quarantines.pending() + p.rejections.pending()
}

// reportBreaches adds a finding for each breach of a simulated trace's seal that the reader has
// found since the last call. e is the entry that it has read, or nil at the end.
func (p *replay) reportBreaches(e *trace.Entry) {
	all := p.reader.Breaches()
	at := p.cursor.end.at
	if e != nil {
		at = e.At
	}
	for _, b := range all[p.breaches:] {
		p.findings.add(
			Finding{Class: Log, Kind: Altered, What: "entry", Reason: b.String()},
			place{
				n: p.cursor.n + 1, ring: p.cursor.recent.n, seq: b.Seq, source: p.cursor.source, line: b.Line,
				at: at,
			}, 0,
		)
	}
	p.breaches = len(all)
}

// progressEvery is how many entries are read between two calls of Options.Progress.
const progressEvery = 1 << 16

// entry replays one entry. The error is one of start, or that of a machine that returns no answer.
func (p *replay) entry(e *trace.Entry) error {
	p.cursor.advance(p.reader)
	if p.cursor.n%progressEvery == 0 && p.opts.Progress != nil {
		p.opts.Progress(p.cursor.n)
	}
	if p.fleet == nil {
		if err := p.start(e); err != nil {
			return err
		}
	}
	if e.Kind == trace.KindHeader || e.Kind == trace.KindEnd {
		return nil
	}
	p.cursor.highest = max(p.cursor.highest, e.Seq)
	p.count(e)
	bad := p.reader.Bad()
	if bad != nil {
		p.unreadable(e, bad)
	}
	if !p.sealed && !p.order.check(e) {
		return p.order.refused
	}
	if bad != nil {
		p.cursor.finish(e)
		return nil
	}
	p.cursor.begins(e)
	if !p.simulated {
		p.clock.check(e)
		if p.gates.holds() {
			p.gates.decide(e.At)
		}
	}
	err := p.dispatch(e)
	p.findings.causes.within = nil
	p.evict()
	if len(p.context.watched) > 0 {
		p.keepContext()
	}
	if len(p.findings.open) > 0 {
		p.findings.showLater(e)
	}
	p.cursor.finish(e)
	return err
}

// dispatch passes an entry to the method for its payload. Other entries change nothing.
func (p *replay) dispatch(e *trace.Entry) error {
	switch {
	case e.Gate != nil:
		p.gateDecision(e)
	case e.Event != nil:
		return p.event(e)
	case e.Agent != nil:
		p.agentEvent(e)
	case e.HostEffect != nil:
		p.hostEffect(e)
	case e.Effect != nil:
		p.effect(e)
	case e.Plan != nil:
		p.plan(e)
	case e.Poll != nil:
		p.poll(e)
	case e.Rejection != nil && p.simulated:
		p.rejections.match(e)
	}
	return nil
}

// count counts an entry. It ignores entries after Options.Until.
func (p *replay) count(e *trace.Entry) {
	if p.stopped != nil {
		return
	}
	p.result.Entries++
	if e.Kind == trace.KindOther {
		p.otherKinds[e.Other]++
	} else {
		p.kinds[e.Kind]++
	}
}

// start chooses the machine, once the first entry has shown what kind of trace this is.
func (p *replay) start(first *trace.Entry) error {
	header := p.reader.Header()
	p.sealed = header != nil
	p.evidence.named = p.sealed && header.ControlPlane == trace.ShippedControlPlane
	p.simulated = p.sealed && !p.evidence.named
	p.result.First = Where{Seq: first.Seq, At: first.At}
	m, err := p.machine(header)
	if err != nil {
		return err
	}
	p.policies.set(header, p.opts.Policies)
	config := new(trace.Header)
	if p.sealed {
		config.Budgets, config.Quarantine = header.Budgets, header.Quarantine
		for _, c := range header.Channels {
			p.channels.get(c.Channel)
		}
	}
	// What a finding asks the machine is no step of the log, so Through must not see it.
	p.waits.machine = m
	p.waits.shipped = !p.simulated || header.ControlPlane == trace.ShippedControlPlane
	if p.opts.Through != nil {
		m = p.opts.Through(m)
	}
	p.fleet = reducer.NewFleet(m, p.policies.of)
	if !p.simulated {
		for _, q := range config.Quarantine {
			p.quarantines.add(quarantine{q.Channel, q.Closure}, p.cursor.place(first))
		}
		p.invariants.checker = invariant.NewChecker(p.fleet, config)
		p.invariants.checker.ReportEach()
	}
	p.cursor.lines = trace.Lines{Start: first.At, Absolute: !p.sealed}
	p.evidence.document = p.reader.IsDocument()
	p.payloads.sealed, p.effects.all = p.sealed, p.simulated
	p.rollouts.fleet, p.rollouts.checker = p.fleet, p.invariants.checker
	p.hosts.fleet, p.effects.fleet = p.fleet, p.fleet
	p.hosts.checker, p.effects.checker = p.invariants.checker, p.invariants.checker
	p.findings.simulated = p.simulated
	p.result.Header, p.result.Machine, p.result.Fleet = header, m.Name(), p.fleet
	return nil
}

// machine returns the machine that steps the records.
func (p *replay) machine(header *trace.Header) (reducer.Machine, error) {
	m := p.opts.Machine
	switch {
	case m != nil:
	case header != nil:
		named, err := machine.ByName(header.Machine)
		if err != nil {
			return nil, &trace.ReadError{
				File: p.reader.File(),
				Line: p.reader.Line(),
				What: "payload.machine: " + err.Error() + "; choose another one by --machine",
			}
		}
		m = named
	default:
		m = machine.Shipped()
	}
	return m, nil
}

// evict evicts rollouts that have ended, so that memory does not grow with the log.
func (p *replay) evict() {
	for len(p.rollouts.ended)+p.rollouts.idle > p.rollouts.keep {
		r := p.rollouts.surplus()
		if r == nil {
			return
		}
		p.effects.close(r)
		p.quarantines.missing(r)
		p.rollouts.evict(r)
	}
}

// keepContext keeps the surroundings of the watched entries that the ring is about to lose and that
// the log has not answered yet.
func (p *replay) keepContext() {
	due := p.context.due(&p.cursor.recent)
	if p.pending() > 0 {
		for i := range due {
			w := &due[i]
			if n := w.at.n; w.rollout.awaits(n) || w.rollout.awaitsMove(w.slot, n) ||
				p.quarantines.awaits(n) {
				p.context.keep(w, &p.cursor)
			}
		}
	}
	p.context.drop(len(due))
}

// release frees the hosts of a rollout if no further entries about them are expected. None are
// after a rollout is pruned, or once the hosts of a superseded one have moved on and have no work
// left under it.
func (p *replay) release(r *rollout) {
	if r.fold == nil || r.fold.Forgotten() {
		return
	}
	switch s := r.fold.Record.State; {
	case p.retains(r):
		return
	case s == reducer.Pruned:
		p.roster.clear(r)
	case s != reducer.Superseded || !r.isDone():
		return
	case !p.simulated:
		p.retire(r)
		return
	}
	p.free(r)
}

// maxIdle limits the hosts of superseded rollouts that are kept, because some may still move.
const maxIdle = 1 << 13

// retire keeps the hosts of a superseded rollout, and frees those of the first ones that were
// superseded if there are too many.
func (p *replay) retire(r *rollout) {
	if r.idle {
		return
	}
	r.idle = true
	p.idle = append(p.idle, r)
	p.idleHosts += len(r.members)
	for (p.idleHosts > p.maxIdle || len(p.idle) > p.rollouts.keep) && len(p.idle) > 0 {
		first := p.idle[0]
		p.idle = slices.Delete(p.idle, 0, 1)
		p.idleHosts -= len(first.members)
		p.free(first)
	}
	p.rollouts.idle = len(p.idle)
}

// free frees the hosts of a rollout.
func (p *replay) free(r *rollout) {
	if r.fold.Forgotten() {
		return
	}
	p.plans.compare(r)
	p.hosts.close(r)
	r.free()
	if p.rollouts.checker != nil {
		p.rollouts.checker.Release(r.fold)
	}
	p.rollouts.ended = append(p.rollouts.ended, r)
}
