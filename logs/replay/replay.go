// Package replay folds a recorded trace through a machine and tells where the record disagrees with
// the machine, with the tables that were derived from it, with what must hold of every run, and
// with itself. It needs no seed: it enters at the reducer, with the recorded events.
//
// In a simulated trace everything that follows from the rollout events is held against the machine:
// all four effects, and the rejections; its seal shows what else was changed. A control plane's log
// records no other effect of the rollout machine than RecordRolloutTransition, knows no rejections,
// and may be partial. There the transitions are compared; an event that the fold refuses is a
// finding, and one of a rollout that was never opened is a note; agent events, moves of hosts and
// effects of the host machine are held against the host machine and against each other.
//
// What is kept does not grow with the log, but with the rollouts and hosts at work in it: a rollout
// that is over is let go of up to its summary, and in time up to its record.
package replay

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"rollsim/invariant"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/trace"
)

// Options say how to replay. The zero value takes everything from the trace, and judges all of it.
type Options struct {
	// Machine steps the records. Nil is the machine that the trace's header names, and v0.2 for a log
	// of a control plane.
	Machine reducer.Machine

	// Through gives what the machine is driven through, under its name. Nil is the machine itself.
	Through func(reducer.Machine) reducer.Machine

	// Policies give channels a policy, instead of what the trace says: its header, or in a log of a
	// control plane the policyApplied of its agents' Failed events as they come, else halt, with a
	// note.
	Policies map[reducer.ChannelID]reducer.Policy

	// Until is the seq of the last entry that is judged; 0 is the whole log. What only the log's end
	// shows is then not judged.
	Until uint64

	// Only bounds what is reported, not what is folded.
	Only Filter

	// Accepted are findings that were reviewed; they are counted apart. Nil are none.
	Accepted *Accepted

	// Progress takes how many entries were read, now and then; nil for nothing.
	Progress func(entries uint64)
}

// Filter says which findings and rollouts are of interest. The zero value is all. Findings about
// the log itself always are.
type Filter struct {
	Rollout reducer.RolloutID
	Channel reducer.ChannelID
	Host    reducer.HostID
	Since   reducer.Opt[reducer.Time]
}

// names tells whether the filter names a rollout, by its id or, where that has a long ref, by the
// beginning of it.
func (o *Filter) names(id reducer.RolloutID) bool {
	return o.Rollout == "" || o.Rollout == id || o.Rollout.Abbreviates(id)
}

func (o *Filter) takes(f *Finding) bool {
	switch {
	case f.Class == Log:
		return true
	case !o.names(f.Rollout),
		o.Channel != "" && f.channel != o.Channel,
		o.Host != "" && f.Host != "" && f.Host != o.Host:
		return false
	}
	return !o.Since.Set || f.At >= o.Since.Value
}

// Result is what a replay found.
type Result struct {
	Header  *trace.Header // nil for a log of a control plane
	Machine string

	Entries uint64            // without header and end line
	Kinds   map[string]uint64 // entries by kind, as it is spelt
	Events  uint64            // rollout events
	// recorded RecordRolloutTransition effects, but for rollouts that were never opened
	Transitions uint64
	Reproduced  uint64       // those of them that the machine gives
	Passed      trace.Passed // what this version does not know

	First, Last Where // the first and the last entry that were judged
	// with Options.Until, the last entries up to it, of Options.Only.Rollout if that is one
	Tail        []string
	CursorKnown bool // the log tells where the wave cursors of its rollouts stood
	// those that were opened, in that order; of those that are over the last MostOver, and some with
	// findings
	Rollouts []Summary
	MoreOver uint64  // of those that were asked for, how many more are over
	Tables   *Tables // of a state.db: how its derived tables compare; nil where there are none

	Fleet *reducer.Fleet // after the last event; without what was let go of
	// in log order, of each group the first MostFindings; empty when the log is what the machine makes
	// of it
	Findings []Finding
	Accepted []Finding // those that were accepted, likewise
	Groups   []Group   // all of them, counted
	Stale    []Stale   // lines of Options.Accepted that accept nothing
	Notes    []string  // what was assumed, passed over, or cannot be told
}

// Where is a place in the log.
type Where struct {
	Seq uint64
	At  reducer.Time
}

// Group counts the findings of one title.
type Group struct {
	Class    Class
	Title    string
	Count    uint64 // without those that were accepted
	Accepted uint64
}

// MostFindings is how many findings of one title are kept; the others are only counted.
const MostFindings = 500

// Failing tells whether there is a finding that nobody has accepted.
func (r *Result) Failing() bool {
	return slices.ContainsFunc(r.Groups, func(g Group) bool { return g.Count > 0 })
}

// Run replays a trace. The error is a *trace.ReadError, or the *reducer.MachineFailure of a machine
// that gives no answer; the result is then what was found before it. Or it is a *NoAnswer: the log
// does not know what Options.Only asks for. The reader must not have been read from; it is closed.
func Run(r *trace.Reader, opts Options) (Result, error) {
	p := newReplay(r, opts)
	r.Ahead()
	err := p.readAll()
	if err == nil {
		err = cmp.Or(p.unknown(&p.opts.Only), p.unknownPolicy())
	}
	return p.sorted(), errors.Join(err, r.Close())
}

func newReplay(r *trace.Reader, opts Options) *replay {
	return &replay{
		opts:     opts,
		keep:     MostOver,
		openings: make(map[int]uint64),
		reader:   r,
		other:    make(map[string]uint64),
		rollouts: make(map[reducer.RolloutID]*rollout),
		channels: make(map[reducer.ChannelID]*channel),
		hosts:    make(map[reducer.HostID]*host),
		groups:   make(map[title]*group),
		policies: make(map[reducer.ChannelID]reducer.Policy),
		assumed:  make(map[reducer.ChannelID]bool),
		differed: make(map[reducer.ChannelID]bool),
		used:     make(map[int]bool),
	}
}

// progressEvery is how many entries are read between two calls of Options.Progress.
const progressEvery = 1 << 16

// readAll takes every entry, or those up to Options.Until and what they leave open.
func (p *replay) readAll() error {
	for {
		e, err := p.reader.Read()
		p.takeBreaches(e)
		if errors.Is(err, io.EOF) {
			return p.finish()
		}
		if err == nil {
			if until := p.opts.Until; until > 0 && e.Seq > until && e.Kind != trace.KindHeader {
				if p.fleet == nil {
					return &NoAnswer{What: fmt.Sprintf("the log holds nothing up to entry %d: it begins at "+
						"entry %d", until, e.Seq)}
				}
				if p.stopped == nil {
					p.stop()
				}
				if p.open == 0 {
					return nil
				}
			}
			err = p.take(e)
		}
		if err != nil {
			return err
		}
	}
}

// replay is a run in progress.
type replay struct {
	opts     Options
	question *Question // that Why asks; nil for Run

	// What was decided for the host that is asked for under a rollout that the log does not open, and
	// which that is.
	stray      gate
	strayUnder reducer.RolloutID

	reader    *trace.Reader
	simulated bool
	fleet     *reducer.Fleet
	out       reducer.Outcome
	checker   *invariant.Checker // of a log of a control plane
	result    Result
	lines     trace.Lines
	ring      ring
	files     []file // the inputs that were read from
	file      int    // which of them the last entry is from
	n         uint64 // entries read
	end       place  // the last entry
	highest   uint64 // the highest seq of an entry, of this one as well
	breaches  int    // of the reader's, those that are findings already
	kinds     [trace.KindCount]uint64
	other     map[string]uint64 // of entries of kinds that are not known

	order    order
	rollouts map[reducer.RolloutID]*rollout
	recent   *rollout   // the one that was looked for last
	opened   []*rollout // in that order, but for those that were let go of
	// the last ones of which nothing more is to be expected, in the order in which that was so
	over     []*rollout
	overLong int    // of those before them, how many were kept because of a finding
	gone     uint64 // how many that were asked for were not
	keep     int    // how many of over
	// of those that were let go of, what became of them; those that it does not take stay in the fleet
	archive  archive
	openings map[int]uint64    // where the others were opened, by Rollout.Number: the seq
	strange  []*rollout        // those that were never opened, as they came
	last     reducer.RolloutID // that of the last event
	channels map[reducer.ChannelID]*channel
	hosts    map[reducer.HostID]*host
	owed     []owedQuarantine
	late     uint64 // entries of rollouts whose hosts were let go of

	// unexplained are rollbacks of hosts of which nothing else is known: each may quarantine
	// something.
	unexplained int

	ended bool

	quarantines map[quarantine]quarantined // what the log has quarantined
	policies    map[reducer.ChannelID]reducer.Policy
	assumed     map[reducer.ChannelID]bool // channels for which halt was taken
	differed    map[reducer.ChannelID]bool // channels whose agents apply another policy

	used    map[int]bool // lines of Options.Accepted, by their index
	groups  map[title]*group
	found   uint64   // findings, so far
	titles  []*group // in the order in which they were first found
	waiting []unfinished
	watched []watched // places that leave something open, the first ones first
	// what stands around those of them that left it open for long, by the number of the entry
	around  map[uint64]around
	open    int       // what entries up to Options.Until have left open
	stopped []Summary // the rollouts as they were then
	seen    sight

	// Of a simulated trace: the rejection that the last rollout event must be followed by, and the
	// rejections recorded since then. Those that come before an event are what it proved of earlier
	// ones.
	due   *dueRejection
	early []recordedRejection
}

// rollout is what is known of one rollout, and what is expected next of it.
type rollout struct {
	id      reducer.RolloutID
	fold    *reducer.Rollout // nil while it was not opened
	passed  uint64           // its entries that were passed over because it was never opened
	live    int              // of its hosts, those that may still move
	latest  int              // of its hosts, those that have joined no later one
	members []member         // what is known of its hosts, by their slot
	work    *work            // nil once it is over and its hosts were let go of
	summary Summary
	found   bool // there is a finding about it
	asked   bool // Options.Only.Host has joined
}

// work is what a rollout that is not over leaves open.
type work struct {
	last     reducer.Event    // its last event
	event    place            // where that stands
	expected []reducer.Effect // what it gave and the log has yet to show
	shown    int              // how many of its effects the log has shown
	// the last event, if a RolloutTerminal was derived from it that the log has yet to show
	terminal *place
	shownEnd bool     // the log has shown the transition of that,
	early    *Finding // which is one too many unless the event was left out

	opened, succeeded place // where its RolloutOpened and SuccessorOpened stand
	openedAs          reducer.Event
	succeededAs       reducer.Event

	plan    *trace.PlanAction // its OpenRollout, until it was compared with who joined
	planned place
}

// file is an input.
type file struct {
	name string
	unit string // as Finding.Unit
}

// place is where in the log something is.
type place struct {
	n    uint64 // of the entries read, from 1
	ring uint64 // which of those in the ring it is
	seq  uint64
	top  uint64 // the highest seq up to there
	file int    // which of the inputs
	line int
	at   reducer.Time
}

type dueRejection struct {
	rejection trace.Rejection
	after     string
	place     place
}

type recordedRejection struct {
	rejection trace.Rejection
	place     place
}

func (p *replay) take(e *trace.Entry) error {
	if p.n++; p.n%progressEvery == 0 && p.opts.Progress != nil {
		p.opts.Progress(p.n)
	}
	if name := p.reader.File(); p.file == len(p.files) || name != p.files[p.file].name {
		p.file = slices.IndexFunc(p.files, func(f file) bool { return f.name == name })
		if p.file < 0 {
			p.file = len(p.files)
			p.files = append(p.files, file{name: name, unit: p.reader.Unit()})
		}
	}
	if p.fleet == nil {
		if err := p.start(e); err != nil {
			return err
		}
	}
	if e.Kind == trace.KindHeader || e.Kind == trace.KindEnd {
		return nil
	}
	p.highest = max(p.highest, e.Seq)
	switch {
	case p.stopped != nil: // it is read for what entries before it left open
	case e.Kind == trace.KindOther:
		p.result.Entries++
		p.other[e.Other]++
	default:
		p.result.Entries++
		p.kinds[e.Kind]++
	}
	if !p.simulated && !p.inOrder(e) {
		return nil // it stood there before, and was taken then
	}
	var err error
	switch {
	case e.Gate != nil:
		p.takeGate(e)
	case e.Event != nil:
		err = p.takeEvent(e)
	case e.Agent != nil:
		p.takeAgent(e)
	case e.HostEffect != nil:
		p.takeHostEffect(e)
	case e.Effect != nil:
		p.takeEffect(e)
	case e.Plan != nil:
		p.takePlan(e)
	case e.Poll != nil:
		p.takePoll(e)
	case e.Rejection != nil && p.simulated:
		p.takeRejection(e)
	}
	p.letGo()
	if len(p.watched) > 0 {
		p.keepAround()
	}
	if len(p.waiting) > 0 {
		p.showLater(e)
	}
	p.ring.add(e)
	p.end = place{n: p.n, ring: p.ring.n, seq: e.Seq, file: p.file, line: p.reader.Line(), at: e.At}
	return err
}

// start chooses the machine, once the first entry has told what kind of trace this is.
func (p *replay) start(first *trace.Entry) error {
	header := p.reader.Header()
	p.simulated = header != nil
	p.lines = trace.Lines{Start: first.At, Absolute: !p.simulated}
	p.result.First = Where{Seq: first.Seq, At: first.At}
	m := p.opts.Machine
	switch {
	case m != nil:
	case p.simulated:
		named, err := machine.ByName(header.Machine)
		if err != nil {
			return &trace.ReadError{
				File: p.reader.File(),
				Line: p.reader.Line(),
				What: "payload.machine: " + err.Error() + "; --machine takes its place",
			}
		}
		m = named
	default:
		m = machine.Shipped()
	}
	if p.opts.Through != nil {
		m = p.opts.Through(m)
	}
	if p.simulated {
		for _, c := range header.Channels {
			p.policies[c.Channel] = c.Policy
			p.channel(c.Channel)
		}
	}
	maps.Copy(p.policies, p.opts.Policies)
	p.fleet = reducer.NewFleet(m, p.policy)
	if !p.simulated {
		p.checker = invariant.NewChecker(p.fleet, &trace.Header{})
		p.checker.ReportEach()
	}
	p.result.Header, p.result.Machine, p.result.Fleet = header, m.Name(), p.fleet
	return nil
}

func (p *replay) policy(c reducer.ChannelID) reducer.Policy {
	if policy, ok := p.policies[c]; ok {
		return policy
	}
	return reducer.DefaultPolicy()
}

// learnPolicy takes a channel's policy from an agent's Failed event.
func (p *replay) learnPolicy(e *trace.Entry, r *rollout) {
	if e.Agent.Policy == 0 || p.simulated {
		return
	}
	c := r.fold.Record.Channel
	if known, ok := p.policies[c]; !ok {
		p.policies[c] = reducer.Policy{
			OnHealthFailure: e.Agent.Policy, RetentionSeconds: reducer.DefaultRetentionSeconds,
		}
	} else if known.OnHealthFailure != e.Agent.Policy && !p.differed[c] {
		p.differed[c] = true
		p.note("entry %d: channel %s: an agent applied policy %v, %v is "+
			"taken", e.Seq, c, e.Agent.Policy, known.OnHealthFailure)
	}
}

// assumePolicy notes that a failure is judged under a policy that nothing in the log tells.
func (p *replay) assumePolicy(e *trace.Entry, r *rollout) {
	if p.simulated || r.fold == nil || e.Event.Kind != reducer.HostStateChanged ||
		e.Event.To != reducer.HostFailed {
		return
	}
	c := r.fold.Record.Channel
	if _, known := p.policies[c]; known || p.assumed[c] {
		return
	}
	p.assumed[c] = true
	p.note("entry %d: channel %s: nothing before it tells the policy, %v is "+
		"taken", e.Seq, c, reducer.DefaultPolicy().OnHealthFailure)
}

// mostNotes bounds the notes: a log of which each entry gives one would be all notes.
const mostNotes = 200

func (p *replay) note(format string, args ...any) {
	if len(p.result.Notes) < mostNotes {
		p.result.Notes = append(p.result.Notes, fmt.Sprintf(format, args...))
	}
}

// rollout finds what is known of a rollout, be it that there is one.
func (p *replay) rollout(id reducer.RolloutID) *rollout {
	if p.recent != nil && p.recent.id == id {
		return p.recent
	}
	r := p.rollouts[id]
	if r == nil {
		r = p.again(id)
	}
	if r == nil {
		r = &rollout{id: id}
		p.rollouts[id] = r
		p.strange = append(p.strange, r)
		p.seen.rollouts++
	}
	p.recent = r
	return r
}

// working gives the rollout's work, as new if it was let go of.
func (r *rollout) working() *work {
	if r.work == nil {
		r.work = new(work)
	}
	return r.work
}

// here is the place of an entry that is being taken.
func (p *replay) here(e *trace.Entry) place {
	return place{
		n:    p.n,
		ring: p.ring.n,
		seq:  e.Seq,
		top:  p.highest,
		file: p.file,
		line: p.reader.Line(),
		at:   e.At,
	}
}

// after describes a rollout's last event; empty when there was none.
func (p *replay) after(r *rollout) string {
	if r.work == nil || r.work.last.Kind == 0 {
		return ""
	}
	return describeEvent(&r.work.last, &p.lines)
}

// takeEvent folds an event. The error is the machine's that gives no answer.
func (p *replay) takeEvent(e *trace.Entry) error {
	if p.stopped == nil {
		p.result.Events++
	}
	ev := e.Event
	r := p.rollout(ev.Rollout)
	w := r.working()
	p.overdue(r)
	p.overdueRejection()
	if w.terminal != nil && ev.Kind != reducer.RolloutTerminal {
		p.unrecordedTerminal(r)
	}
	p.settle(&w.terminal)
	w.shownEnd, w.early = false, nil
	w.last, w.event = *ev, p.here(e)
	p.last = r.id
	p.readEvent(e, r)

	p.assumePolicy(e, r)
	err := p.fleet.Apply(ev, e.At, &p.out)
	if err != nil && errors.As(err, new(*reducer.MachineFailure)) {
		return err
	}
	p.takeLate(e, p.out.Late)
	if ev.Kind == reducer.RolloutOpened && err == nil {
		p.openRollout(e, r)
	}
	if ev.Kind == reducer.SuccessorOpened {
		w.succeeded, w.succeededAs = p.here(e), *ev
	}
	if ev.Kind == reducer.HostStateChanged {
		p.takeHostMove(e, r, err)
	}
	if err != nil {
		p.refused(e, r, err)
		return nil
	}
	if p.out.Derived {
		at := p.here(e)
		w.terminal = &at
		p.open++
	}
	w.expected, w.shown = w.expected[:0], 0
	for _, effect := range p.out.Effects.All() {
		if p.simulated || effect.Kind == reducer.RecordRolloutTransition {
			w.expected = append(w.expected, effect)
		}
	}
	p.open += len(w.expected)
	if len(w.expected) > 0 || w.terminal != nil {
		p.watch(e, r, -1)
	}
	p.applied(e, r)
	return nil
}

// settle takes note that what a place left open is no longer so.
func (p *replay) settle(at **place) {
	if *at != nil {
		*at = nil
		p.open--
	}
}

// openRollout begins to keep what a rollout needs.
func (p *replay) openRollout(e *trace.Entry, r *rollout) {
	if r.fold == nil {
		p.strange = slices.DeleteFunc(p.strange, func(s *rollout) bool { return s == r })
	}
	r.fold = p.fleet.Rollout(r.id)
	w := r.work
	w.opened, w.openedAs = p.here(e), *e.Event
	p.opened = append(p.opened, r)
	p.openings[r.fold.Number()] = e.Seq
	r.summary.States = []StateChange{{State: reducer.Opening, At: e.Event.At}}
	c := p.channel(e.Event.Channel)
	if b := c.before; b != nil {
		b.latest = 0 // hosts that have joined none of the two after it have left the channel
		if b.live == 0 {
			p.closeHosts(b)
		}
		p.forgetIfOver(b)
	}
	c.before, c.rollout = c.rollout, r
	if c.ref != e.Event.TargetRef {
		c.ref, c.polled = e.Event.TargetRef, p.here(e) // it was polled, be it that the log does not tell
	}
}

// refused notes that the fold does not take an event.
func (p *replay) refused(e *trace.Entry, r *rollout, err error) {
	if p.simulated {
		p.due = &dueRejection{rejection: trace.NewRejection(err), after: p.after(r), place: p.here(e)}
		p.open++
		return
	}
	if errors.As(err, new(*reducer.UnknownRollout)) {
		r.passed++
		return
	}
	f := Finding{
		Class: Illegal, Kind: Refused, What: "event", Rollout: r.id, Host: e.Event.Host, After: p.after(r), Reason: err.Error(),
	}
	if errors.As(err, new(*reducer.Invariant)) &&
		(e.Event.Kind == reducer.HostStateChanged || e.Event.Kind == reducer.HostJoined) {
		f.Class = Host
		f.What = "host event"
	}
	p.find(f, p.here(e), 0)
}

// takeLate judges what an event, or the end of the log where e is nil, proved of earlier events.
func (p *replay) takeLate(e *trace.Entry, late []error) {
	if !p.simulated {
		for _, err := range late {
			p.takeLateError(err)
		}
		return
	}
	for i, err := range late {
		given := trace.NewRejection(err)
		if i < len(p.early) {
			p.compareRejection(&p.early[i], given, "")
			continue
		}
		f := Finding{
			Class: Illegal, Kind: Missing, What: "rejection", Rollout: given.Rollout, Recorded: Nothing, Given: describeRejection(&given),
		}
		if e != nil {
			p.find(f, p.here(e), 0)
		} else {
			p.find(f, p.end, 1)
		}
	}
	for i := len(late); i < len(p.early); i++ {
		p.extraRejection(&p.early[i])
	}
	p.early = p.early[:0]
}

// takeLateError finds that a lockstep was none.
func (p *replay) takeLateError(err error) {
	rejection := trace.NewRejection(err)
	w := p.rollout(rejection.Rollout).working()
	f := Finding{
		Class:   Illegal,
		Kind:    Refused,
		What:    "event",
		Rollout: rejection.Rollout,
		Reason:  err.Error(),
	}
	at, ev := w.opened, &w.openedAs
	if rejection.Event == reducer.SuccessorOpened {
		f.What = "successor" // which the log of one rollout does not hold
		at, ev = w.succeeded, &w.succeededAs
	}
	if at.n == 0 {
		at = p.end // it was let go of
	} else {
		f.After = describeEvent(ev, &p.lines)
	}
	p.find(f, at, 0)
}

func (p *replay) compareRejection(
	recorded *recordedRejection, given trace.Rejection, after string,
) {
	if recorded.rejection != given {
		p.find(Finding{
			Class: Illegal, Kind: Different, What: "rejection", Rollout: recorded.rejection.Rollout, After: after,
			Recorded: describeRejection(&recorded.rejection), Given: describeRejection(&given),
		}, recorded.place, 0)
	}
}

func (p *replay) extraRejection(recorded *recordedRejection) {
	p.find(Finding{
		Class: Illegal, Kind: Extra, What: "rejection", Rollout: recorded.rejection.Rollout,
		Recorded: describeRejection(&recorded.rejection), Given: Nothing,
	}, recorded.place, 0)
}

func (p *replay) takeRejection(e *trace.Entry) {
	recorded := recordedRejection{rejection: *e.Rejection, place: p.here(e)}
	if p.due != nil {
		p.compareRejection(&recorded, p.due.rejection, p.due.after)
		p.due = nil
		p.open--
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
		Class: Illegal, Kind: Missing, What: "rejection", Rollout: p.due.rejection.Rollout, After: p.due.after,
		Recorded: Nothing, Given: describeRejection(&p.due.rejection),
	}, p.due.place, 1)
	p.due = nil
	p.open--
}

// takeEffect holds a recorded effect against what its rollout's last event gave.
func (p *replay) takeEffect(e *trace.Entry) {
	recorded := e.Effect
	transition := recorded.Kind == reducer.RecordRolloutTransition
	if transition {
		p.readTimes(e, recorded.At, recorded.Rollout)
	} else if !p.simulated {
		if recorded.Kind == reducer.InsertQuarantineFromRollout {
			p.noteQuarantined(recorded.Channel, recorded.Closure, p.here(e))
		}
		return
	}
	id := recorded.Rollout
	if id == "" {
		id = cmp.Or(e.Rollout, p.last) // an effect on a channel names no rollout itself
	}
	p.readRollout(e, id)
	p.readHost(e, "", id)
	r := p.rollout(id)
	if !p.simulated && r.fold == nil {
		r.passed++
		return
	}
	if transition {
		p.result.Transitions++
	}
	w := r.working()
	if i := slices.Index(w.expected, *recorded); i >= 0 {
		p.unrecorded(r, i)
		p.fulfilled(w)
		if transition {
			p.result.Reproduced++
		}
		return
	}
	f := Finding{
		Class: Effect, Kind: Extra, What: "effect", Rollout: id, After: p.after(r),
		Recorded: describeEffect(recorded, &p.lines, false), Given: Nothing,
	}
	if len(w.expected) > 0 && w.expected[0].Kind == recorded.Kind {
		f.Kind = Different
		f.Given = describeEffect(&w.expected[0], &p.lines, false)
		if f.Given == f.Recorded {
			f.Recorded = describeEffect(recorded, &p.lines, true)
			f.Given = describeEffect(&w.expected[0], &p.lines, true)
		}
		p.fulfilled(w)
	}
	found := p.find(f, p.here(e), 0)
	if w.terminal != nil && !w.shownEnd && f.Kind == Extra && recorded.To == reducer.Terminal {
		w.shownEnd, w.early = true, found
	}
}

// fulfilled takes note that the log has shown the first of the expected effects, be it as another
// one.
func (p *replay) fulfilled(w *work) {
	w.expected = slices.Delete(w.expected, 0, 1)
	w.shown++
	p.open--
}

// overdue finds that what is left of a rollout's expected effects is not recorded.
func (p *replay) overdue(r *rollout) {
	if r.work != nil {
		p.unrecorded(r, len(r.work.expected))
	}
}

// unrecorded finds that the first n of a rollout's expected effects are not recorded.
func (p *replay) unrecorded(r *rollout, n int) {
	if n == 0 {
		return
	}
	w := r.work
	for i := range w.expected[:n] {
		p.find(Finding{
			Class: Effect, Kind: Missing, What: "effect", Rollout: r.id, After: p.after(r),
			Recorded: Nothing, Given: describeEffect(&w.expected[i], &p.lines, false),
		}, w.event, 1+w.shown)
	}
	p.open -= n
	w.expected = slices.Delete(w.expected, 0, n)
}

// unrecordedTerminal finds that the log does not show a RolloutTerminal that the last host's
// Converged implies.
func (p *replay) unrecordedTerminal(r *rollout) {
	if r.work.shownEnd {
		p.withdraw(r.work.early)
		p.result.Reproduced++
	}
	p.find(Finding{
		Class: Effect, Kind: Missing, What: "event", Rollout: r.id, After: p.after(r),
		Recorded: Nothing, Given: reducer.RolloutTerminal.String() + "  " + string(r.id),
	}, *r.work.terminal, 1)
}

// takeBreaches makes findings of what the reader found to break the trace's seal when it read an
// entry, or none where e is nil.
func (p *replay) takeBreaches(e *trace.Entry) {
	all := p.reader.Breaches()
	at := p.end.at
	if e != nil {
		at = e.At
	}
	for _, b := range all[p.breaches:] {
		p.find(Finding{Class: Log, Kind: Altered, What: "entry", Reason: b.String()},
			place{n: p.n + 1, ring: p.ring.n, seq: b.Seq, file: p.file, line: b.Line, at: at}, 0)
	}
	p.breaches = len(all)
}
