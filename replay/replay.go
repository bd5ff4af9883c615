// Package replay folds a recorded trace through a machine and tells where the recorded effects are not those that the
// machine gives. It needs no seed: it enters at the reducer, with the recorded events.
//
// In a simulated trace everything that follows from the rollout events is held against the machine: all four effects, and
// the rejections. A control plane's log records no other effect of the rollout machine than RecordRolloutTransition, knows
// no rejections, and may be partial: there the transitions are compared, an event that the fold refuses is a finding, and
// an event of a rollout that was never opened is a note.
package replay

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"rollsim/reducer"
	"rollsim/trace"
)

// Options say how to replay. The zero value takes everything from the trace.
type Options struct {
	// Machine steps the records. Nil is the machine that the trace's header names, and v0.2 for a log of a control plane.
	Machine reducer.Machine

	// Policies give channels a policy, instead of what the trace says: its header, or in a log of a control plane the
	// policyApplied of its agents' Failed events as they come, else halt, with a note.
	Policies map[reducer.ChannelID]reducer.Policy
}

// Result is what a replay found.
type Result struct {
	Header  *trace.Header // nil for a log of a control plane
	Machine string

	Entries     uint64            // without header and end line
	Kinds       map[string]uint64 // entries by kind, as it is spelt
	Events      uint64            // rollout events
	Transitions uint64            // recorded RecordRolloutTransition effects
	Reproduced  uint64            // those of them that the machine gives

	Fleet    *reducer.Fleet // after the last event; nil when there was no entry
	Findings []Finding      // in log order; empty when the log is what the machine makes of its events
	Notes    []string       // what was assumed or passed over
}

// Count counts the findings of a kind.
func (r *Result) Count(k FindingKind) int {
	n := 0
	for i := range r.Findings {
		if r.Findings[i].Kind == k {
			n++
		}
	}
	return n
}

// Run replays a trace. The error is a *trace.ReadError, or the *reducer.MachineFailure of a machine that gives no answer;
// the result is then what was found before it.
func Run(r *trace.Reader, opts Options) (Result, error) {
	p := &replay{
		opts:     opts,
		reader:   r,
		result:   Result{Kinds: make(map[string]uint64)},
		rollouts: make(map[reducer.RolloutID]*rollout),
		policies: make(map[reducer.ChannelID]reducer.Policy),
		assumed:  make(map[reducer.ChannelID]bool),
	}
	for {
		e, err := r.Read()
		p.takeBreaches()
		if errors.Is(err, io.EOF) {
			p.finish()
			return p.sorted(), nil
		}
		if err == nil {
			err = p.take(e)
		}
		if err != nil {
			return p.sorted(), err
		}
	}
}

// replay is a run in progress.
type replay struct {
	opts      Options
	reader    *trace.Reader
	simulated bool
	fleet     *reducer.Fleet
	out       reducer.Outcome
	result    Result
	lines     trace.Lines
	ring      ring
	end       place // the last entry
	breaches  int   // of the reader's, those that are findings already

	rollouts map[reducer.RolloutID]*rollout
	order    []*rollout        // as they came
	last     reducer.RolloutID // that of the last event
	policies map[reducer.ChannelID]reducer.Policy
	assumed  map[reducer.ChannelID]bool // channels for which halt was taken

	// Of a simulated trace: the rejection that the last rollout event must be followed by, and the rejections recorded
	// since then. Those that come before an event are what it proved of earlier ones.
	due   *dueRejection
	early []recordedRejection
}

// rollout is what is expected next of one rollout.
type rollout struct {
	id       reducer.RolloutID
	last     reducer.Event    // its last event
	event    place            // where that stands, if it gave effects
	expected []reducer.Effect // what it gave and the log has yet to show
	shown    int              // how many of its effects the log has shown
	terminal *place           // the last event, if a RolloutTerminal was derived from it that the log has yet to show

	opened, succeeded place  // where its RolloutOpened and SuccessorOpened stand
	passed            uint64 // its entries that were passed over because it was never opened
}

// place is where in the log something is.
type place struct {
	seq    uint64
	line   int
	at     reducer.Time
	before []string
	text   string // of a RolloutOpened or SuccessorOpened: the event
}

type dueRejection struct {
	rejection trace.Rejection
	rollout   *rollout // of the event
	place     place
}

type recordedRejection struct {
	rejection trace.Rejection
	place     place
}

func (p *replay) take(e *trace.Entry) error {
	if p.fleet == nil {
		if err := p.start(e); err != nil {
			return err
		}
	}
	if e.Kind == trace.KindHeader || e.Kind == trace.KindEnd {
		return nil
	}
	p.result.Entries++
	p.result.Kinds[e.KindName()]++
	switch {
	case e.Event != nil:
		if err := p.takeEvent(e); err != nil {
			return err
		}
	case e.Effect != nil:
		p.takeEffect(e)
	case e.Rejection != nil && p.simulated:
		p.takeRejection(e)
	case e.Agent != nil && !p.simulated:
		p.learnPolicy(e)
	}
	p.ring.add(&p.lines, e)
	p.end = place{seq: e.Seq, line: p.reader.Line(), at: e.At}
	return nil
}

// start chooses the machine, once the first entry has told what kind of trace this is.
func (p *replay) start(first *trace.Entry) error {
	header := p.reader.Header()
	p.simulated = header != nil
	p.lines = trace.Lines{Start: first.At, Absolute: !p.simulated}
	machine := p.opts.Machine
	switch {
	case machine != nil:
	case p.simulated:
		named, err := reducer.MachineByName(header.Machine)
		if err != nil {
			return &trace.ReadError{File: p.reader.File(), Line: p.reader.Line(), What: "payload.machine: " + err.Error()}
		}
		machine = named
	default:
		machine = reducer.V02()
	}
	if p.simulated {
		for _, c := range header.Channels {
			p.policies[c.Channel] = c.Policy
		}
	}
	maps.Copy(p.policies, p.opts.Policies)
	p.fleet = reducer.NewFleet(machine, p.policy)
	p.result.Header, p.result.Machine, p.result.Fleet = header, machine.Name(), p.fleet
	return nil
}

func (p *replay) policy(c reducer.ChannelID) reducer.Policy {
	if policy, ok := p.policies[c]; ok {
		return policy
	}
	return reducer.DefaultPolicy()
}

// learnPolicy takes a channel's policy from an agent's Failed event.
func (p *replay) learnPolicy(e *trace.Entry) {
	if e.Agent.Policy == 0 {
		return
	}
	r := p.fleet.Rollout(e.Rollout)
	if r == nil {
		return
	}
	c := r.Record.Channel
	if known, ok := p.policies[c]; !ok {
		p.policies[c] = reducer.Policy{
			OnHealthFailure: e.Agent.Policy, RetentionSeconds: reducer.DefaultRetentionSeconds,
		}
	} else if known.OnHealthFailure != e.Agent.Policy {
		p.note("entry %d: channel %s: an agent applied policy %v, %v is taken", e.Seq, c, e.Agent.Policy, known.OnHealthFailure)
	}
}

// assumePolicy notes that a failure is judged under a policy that nothing in the log tells.
func (p *replay) assumePolicy(e *trace.Entry) {
	r := p.fleet.Rollout(e.Event.Rollout)
	if p.simulated || r == nil || e.Event.Kind != reducer.HostStateChanged || e.Event.To != reducer.HostFailed {
		return
	}
	c := r.Record.Channel
	if _, known := p.policies[c]; known || p.assumed[c] {
		return
	}
	p.assumed[c] = true
	p.note("entry %d: channel %s: nothing before it tells the policy, %v is taken", e.Seq, c, reducer.DefaultPolicy().OnHealthFailure)
}

func (p *replay) note(format string, args ...any) {
	p.result.Notes = append(p.result.Notes, fmt.Sprintf(format, args...))
}

func (p *replay) rollout(id reducer.RolloutID) *rollout {
	r := p.rollouts[id]
	if r == nil {
		r = &rollout{id: id}
		p.rollouts[id] = r
		p.order = append(p.order, r)
	}
	return r
}

// here is the place of an entry that is being taken.
func (p *replay) here(e *trace.Entry) place {
	return place{seq: e.Seq, line: p.reader.Line(), at: e.At, before: p.ring.last()}
}

// after describes a rollout's last event; empty when there was none.
func (p *replay) after(r *rollout) string {
	if r.last.Kind == 0 {
		return ""
	}
	return describeEvent(&r.last, &p.lines)
}

// takeEvent folds an event. The error is the machine's that gives no answer.
func (p *replay) takeEvent(e *trace.Entry) error {
	p.result.Events++
	ev := e.Event
	r := p.rollout(ev.Rollout)
	p.overdue(r)
	p.overdueRejection()
	if r.terminal != nil && ev.Kind != reducer.RolloutTerminal {
		p.unrecordedTerminal(r)
	}
	r.terminal = nil
	r.last = *ev
	p.last = r.id

	p.assumePolicy(e)
	err := p.fleet.Apply(ev, e.At, &p.out)
	if err != nil && errors.As(err, new(*reducer.MachineFailure)) {
		return err
	}
	p.takeLate(e, p.out.Late)
	if ev.Kind == reducer.RolloutOpened && err == nil {
		r.opened = p.here(e)
		r.opened.text = p.after(r)
	}
	if ev.Kind == reducer.SuccessorOpened {
		r.succeeded = p.here(e)
		r.succeeded.text = p.after(r)
	}
	if err != nil {
		p.refused(e, r, err)
		return nil
	}
	if p.out.Derived {
		at := p.here(e)
		r.terminal = &at
	}
	r.expected, r.shown = r.expected[:0], 0
	for _, effect := range p.out.Effects.All() {
		if p.simulated || effect.Kind == reducer.RecordRolloutTransition {
			r.expected = append(r.expected, effect)
		}
	}
	if len(r.expected) > 0 {
		r.event = p.here(e)
	}
	return nil
}

// refused notes that the fold does not take an event.
func (p *replay) refused(e *trace.Entry, r *rollout, err error) {
	if p.simulated {
		p.due = &dueRejection{rejection: trace.NewRejection(err), rollout: r, place: p.here(e)}
		return
	}
	if errors.As(err, new(*reducer.UnknownRollout)) {
		r.passed++
		return
	}
	p.find(Finding{Kind: Refused, What: "event", Rollout: r.id, After: p.after(r), Reason: err.Error()}, p.here(e), 0)
}

// takeLate judges what an event, or the end of the log where e is nil, proved of earlier events.
func (p *replay) takeLate(e *trace.Entry, late []error) {
	if !p.simulated {
		for _, err := range late {
			rejection := trace.NewRejection(err)
			r := p.rollout(rejection.Rollout)
			at := r.opened
			if rejection.Event == reducer.SuccessorOpened {
				at = r.succeeded
			}
			p.find(Finding{Kind: Refused, What: "event", Rollout: r.id, After: at.text, Reason: err.Error()}, at, 0)
		}
		return
	}
	for i, err := range late {
		given := trace.NewRejection(err)
		if i < len(p.early) {
			p.compareRejection(&p.early[i], given, "")
			continue
		}
		f := Finding{Kind: Missing, What: "rejection", Rollout: given.Rollout, Recorded: Nothing, Given: describeRejection(&given)}
		if e != nil {
			p.find(f, p.here(e), 0)
		} else {
			p.find(f, p.end, 1)
		}
	}
	for i := len(late); i < len(p.early); i++ {
		p.missingRejection(&p.early[i])
	}
	p.early = p.early[:0]
}

func (p *replay) compareRejection(recorded *recordedRejection, given trace.Rejection, after string) {
	if recorded.rejection != given {
		p.find(Finding{
			Kind: Different, What: "rejection", Rollout: recorded.rejection.Rollout, After: after,
			Recorded: describeRejection(&recorded.rejection), Given: describeRejection(&given),
		}, recorded.place, 0)
	}
}

func (p *replay) missingRejection(recorded *recordedRejection) {
	p.find(Finding{
		Kind: Extra, What: "rejection", Rollout: recorded.rejection.Rollout,
		Recorded: describeRejection(&recorded.rejection), Given: Nothing,
	}, recorded.place, 0)
}

func (p *replay) takeRejection(e *trace.Entry) {
	recorded := recordedRejection{rejection: *e.Rejection, place: p.here(e)}
	if p.due != nil {
		p.compareRejection(&recorded, p.due.rejection, p.after(p.due.rollout))
		p.due = nil
		return
	}
	p.early = append(p.early, recorded)
}

// overdueRejection finds that the last event's rejection is not recorded.
func (p *replay) overdueRejection() {
	if p.due == nil {
		return
	}
	p.find(Finding{
		Kind: Missing, What: "rejection", Rollout: p.due.rejection.Rollout, After: p.after(p.due.rollout),
		Recorded: Nothing, Given: describeRejection(&p.due.rejection),
	}, p.due.place, 1)
	p.due = nil
}

// takeEffect holds a recorded effect against what its rollout's last event gave.
func (p *replay) takeEffect(e *trace.Entry) {
	recorded := e.Effect
	transition := recorded.Kind == reducer.RecordRolloutTransition
	if transition {
		p.result.Transitions++
	} else if !p.simulated {
		return
	}
	id := recorded.Rollout
	if id == "" {
		id = cmp.Or(e.Rollout, p.last) // an effect on a channel names no rollout itself
	}
	r := p.rollout(id)
	if !p.simulated && p.fleet.Rollout(id) == nil {
		r.passed++
		return
	}
	if i := slices.Index(r.expected, *recorded); i >= 0 {
		p.unrecorded(r, i)
		r.expected = slices.Delete(r.expected, 0, 1)
		r.shown++
		if transition {
			p.result.Reproduced++
		}
		return
	}
	f := Finding{
		Kind: Extra, What: "effect", Rollout: id, After: p.after(r),
		Recorded: describeEffect(recorded, &p.lines, false), Given: Nothing,
	}
	if len(r.expected) > 0 && r.expected[0].Kind == recorded.Kind {
		f.Kind = Different
		f.Given = describeEffect(&r.expected[0], &p.lines, false)
		if f.Given == f.Recorded {
			f.Recorded = describeEffect(recorded, &p.lines, true)
			f.Given = describeEffect(&r.expected[0], &p.lines, true)
		}
		r.expected = slices.Delete(r.expected, 0, 1)
		r.shown++
	}
	p.find(f, p.here(e), 0)
}

// overdue finds that what is left of a rollout's expected effects is not recorded.
func (p *replay) overdue(r *rollout) { p.unrecorded(r, len(r.expected)) }

// unrecorded finds that the first n of a rollout's expected effects are not recorded.
func (p *replay) unrecorded(r *rollout, n int) {
	for i := range r.expected[:n] {
		p.find(Finding{
			Kind: Missing, What: "effect", Rollout: r.id, After: p.after(r),
			Recorded: Nothing, Given: describeEffect(&r.expected[i], &p.lines, false),
		}, r.event, 1+r.shown)
	}
	r.expected = slices.Delete(r.expected, 0, n)
}

// unrecordedTerminal finds that the log does not show a RolloutTerminal that the last host's Converged implies.
func (p *replay) unrecordedTerminal(r *rollout) {
	p.find(Finding{
		Kind: Missing, What: "event", Rollout: r.id, After: p.after(r),
		Recorded: Nothing, Given: reducer.RolloutTerminal.String() + "  " + string(r.id),
	}, *r.terminal, 1)
	r.terminal = nil
}

// takeBreaches makes findings of what the reader found to break the trace's seal.
func (p *replay) takeBreaches() {
	all := p.reader.Breaches()
	for _, b := range all[p.breaches:] {
		p.result.Findings = append(p.result.Findings, Finding{
			Kind: Altered, What: "entry", Seq: b.Seq, Line: b.Line, Before: p.ring.last(), Reason: b.String(), key: b.Line,
		})
	}
	p.breaches = len(all)
}

// find adds a finding about what is at a place, or belongs some lines after it.
func (p *replay) find(f Finding, at place, after int) {
	f.Seq, f.Line, f.At, f.Before, f.key = at.seq, at.line, at.at, at.before, at.line+after
	p.result.Findings = append(p.result.Findings, f)
}

// finish judges what the log's end leaves open.
func (p *replay) finish() {
	p.end.before = p.ring.last()
	p.overdueRejection()
	for _, r := range p.order {
		p.overdue(r)
		if r.terminal != nil {
			p.unrecordedTerminal(r)
		}
	}
	p.takeLate(nil, p.fleet.Finish())
	for _, r := range p.order {
		if r.passed > 0 {
			p.note("rollout %s is never opened in this log: its events and transitions are passed over (%d)", r.id, r.passed)
		}
	}
}

// sorted gives the result with its findings in log order. What shows that a line was changed was found as soon as that line
// was read, so it stays before what follows from it.
func (p *replay) sorted() Result {
	slices.SortStableFunc(p.result.Findings, func(a, b Finding) int { return cmp.Compare(a.key, b.key) })
	return p.result
}

// ring keeps the last few entries as lines.
type ring struct {
	lines [4][]byte
	n     int
}

// add adds an entry; gate decisions, which repeat on every tick of the planner, are left out.
func (r *ring) add(lines *trace.Lines, e *trace.Entry) {
	if e.Kind == trace.KindGateDecision {
		return
	}
	slot := &r.lines[r.n%len(r.lines)]
	*slot = lines.Append((*slot)[:0], e)
	r.n++
}

// last gives what is kept, the oldest first.
func (r *ring) last() []string {
	var all []string
	for i := max(0, r.n-len(r.lines)); i < r.n; i++ {
		all = append(all, string(r.lines[i%len(r.lines)]))
	}
	return all
}
