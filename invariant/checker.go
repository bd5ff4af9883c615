package invariant

import (
	"fmt"
	"slices"
	"time"

	"rollsim/internal/plural"
	"rollsim/reducer"
	"rollsim/trace"
)

// Checker checks the safety invariants (1) to (13) while a run goes on. What each step costs does
// not grow with the fleet.
type Checker struct {
	// Each has every dispatch reported that breaks something (above the wave cursor only once one has
	// moved), and every time that a channel comes to have two standing rollouts; else an invariant is
	// reported of a subject once.
	Each bool

	fleet    *reducer.Fleet
	books    map[int]*book // of each rollout, by Rollout.Number
	recent   *book         // the one that was looked for last
	number   int           // of its rollout
	channels map[reducer.ChannelID]*channel

	quarantine map[quarantined]bool
	budgets    []budget
	hosts      map[reducer.HostID]*host // only where there are budgets

	found    []Violation
	reported map[kind]bool // the first of its kind tells all
	moved    bool          // a wave cursor has moved, so that the trace tells where they stand
	last     reducer.EventKind
	seq      uint64
	at       reducer.Time
}

// kind is what makes one violation the same as another.
type kind struct {
	invariant Name
	subject   string
}

// book is what the trace says of one rollout.
type book struct {
	state       reducer.State
	wave        uint32
	terminalSet reducer.Time // when it last moved into a member of the terminal set
}

type channel struct {
	policy reducer.Policy
	after  []reducer.ChannelID
	ref    reducer.ChannelRef // what the last poll saw
}

type quarantined struct {
	channel reducer.ChannelID
	closure reducer.ClosureHash
}

type budget struct {
	conf trace.BudgetConfig
	used int
}

// host is what the budgets need to know of one host.
type host struct {
	budgets []int
	// number of the rollout of its last dispatch: what becomes of it under another one counts towards
	// nothing
	current int
	counted bool
}

// NewChecker watches a fleet that is run under a configuration: that of the trace's header.
func NewChecker(fleet *reducer.Fleet, config *trace.Header) *Checker {
	c := &Checker{
		fleet:      fleet,
		channels:   make(map[reducer.ChannelID]*channel),
		books:      make(map[int]*book),
		quarantine: make(map[quarantined]bool),
		hosts:      make(map[reducer.HostID]*host),
		reported:   make(map[kind]bool),
	}
	for i := range config.Channels {
		conf := &config.Channels[i]
		c.channels[conf.Channel] = &channel{policy: conf.Policy, after: conf.After}
	}
	for _, q := range config.Quarantine {
		c.quarantine[quarantined{q.Channel, q.Closure}] = true
	}
	for _, b := range config.Budgets {
		c.budgets = append(c.budgets, budget{conf: b})
	}
	return c
}

// Found gives the violations so far, in the order in which they were found, each invariant of a
// subject once.
func (c *Checker) Found() []Violation { return c.found }

// Take gives the violations that were found since the last Take, as Found does, and lets go of
// them.
func (c *Checker) Take() []Violation {
	found := c.found
	c.found = nil
	return found
}

// Forget lets go of what is known of a rollout that is over: what is found of it again is given
// again.
func (c *Checker) Forget(r *reducer.Rollout) {
	for _, name := range Names() {
		delete(c.reported, kind{name, string(r.Record.RolloutID)})
	}
	delete(c.books, r.Number())
	c.recent = nil
}

// Resume goes on with a rollout that was let go of, from where it stands; for how long it was over
// is not known any more.
func (c *Checker) Resume(r *reducer.Rollout) {
	c.books[r.Number()] = &book{state: r.Record.State, wave: r.Record.CurrentWave}
}

// book finds what is kept of a rollout.
func (c *Checker) book(r *reducer.Rollout) *book {
	if n := r.Number(); c.recent == nil || c.number != n {
		c.number, c.recent = n, c.books[n]
		if c.recent == nil {
			c.recent = &book{state: reducer.Opening}
			c.books[n] = c.recent
		}
	}
	return c.recent
}

// Report adds a violation that was found elsewhere.
func (c *Checker) Report(v Violation) {
	if c.first(v.Invariant, v.Subject) {
		c.found = append(c.found, v)
	}
}

func (c *Checker) report(name Name, r *reducer.Rollout, format string, args ...any) {
	if c.first(name, string(r.Record.RolloutID)) { // before it is put into words
		c.add(name, r, format, args...)
	}
}

// first tells whether an invariant has not been reported of a subject, and takes note that it is
// now.
func (c *Checker) first(name Name, subject string) bool {
	k := kind{name, subject}
	if c.reported[k] {
		return false
	}
	c.reported[k] = true
	return true
}

func (c *Checker) add(name Name, r *reducer.Rollout, format string, args ...any) {
	c.found = append(c.found, Violation{
		Invariant: name, Subject: string(r.Record.RolloutID), Detail: fmt.Sprintf(format, args...),
		Seq: c.seq, At: c.at, State: r.Record.State, Event: c.last,
	})
}

// forbidden reports what forbids a dispatch.
func (c *Checker) forbidden(name Name, r *reducer.Rollout, format string, args ...any) {
	if c.Each && (name != WaveKept || c.moved) {
		c.add(name, r, format, args...)
	} else {
		c.report(name, r, format, args...)
	}
}

// Entry sees an entry of the trace that is no rollout event and no effect of the rollout machine.
func (c *Checker) Entry(e *trace.Entry) {
	c.seq, c.at = e.Seq, e.At
	switch {
	case e.Poll != nil:
		if ch := c.channels[e.Poll.Channel]; ch != nil {
			ch.ref = e.Poll.Ref
		}
	case e.HostEffect != nil && e.HostEffect.Effect == trace.RemoteInsertQuarantine:
		c.quarantine[quarantined{e.HostEffect.Channel, e.HostEffect.Closure}] = true
	case e.HostEffect != nil && e.HostEffect.Effect == trace.RemoteRemoveQuarantine:
		delete(c.quarantine, quarantined{e.HostEffect.Channel, e.HostEffect.Closure})
	case e.Plan != nil && e.Plan.Action == trace.QueueDispatch:
		if r := c.fleet.Rollout(e.Plan.Rollout); r != nil {
			c.dispatch(r, e.Plan)
		}
	}
}

// Watch goes on with another fleet that holds the same: that of a control plane which was
// restarted.
func (c *Checker) Watch(fleet *reducer.Fleet) { c.fleet = fleet }

// Applied sees an event that the fleet has accepted, at the entry that holds it, with its effects.
func (c *Checker) Applied(
	seq uint64, at reducer.Time, r *reducer.Rollout, ev *reducer.Event, effects *reducer.Effects,
) {
	c.seq, c.at, c.last = seq, at, ev.Kind
	c.moved = c.moved || ev.Kind == reducer.WaveAdvanced
	b := c.book(r)
	all := effects.All()
	for i := range all {
		switch e := &all[i]; e.Kind {
		case reducer.RecordRolloutTransition:
			c.transition(r, b, ev, e)
		case reducer.InsertQuarantineFromRollout:
			c.quarantine[quarantined{e.Channel, e.Closure}] = true
		case reducer.UpdateCurrentWave, reducer.SchedulePruning:
		}
	}
	if len(c.budgets) == 0 {
		return
	}
	if ev.Kind == reducer.HostStateChanged {
		c.recount(r, ev.Host, ev.To)
	}
	if len(all) > 0 && !r.Record.State.Underway() {
		for _, h := range r.Hosts() {
			c.recount(r, h.ID, h.State)
		}
	}
}

// transition holds a recorded transition against what came before it.
func (c *Checker) transition(r *reducer.Rollout, b *book, ev *reducer.Event, e *reducer.Effect) {
	if e.From != b.state {
		c.report(TransitionRecorded, r, "a transition from %v is recorded in state %v", e.From, b.state)
	}
	switch {
	case b.state == reducer.Pruned:
		c.report(PrunedAbsorbing, r, "it left Pruned for %v", e.To)
	case e.To == reducer.Terminal && ev.Kind != reducer.OperatorClearance && !r.AllConverged():
		c.report(TerminalConverged, r, "Terminal with %d of %d hosts "+
			"Converged", r.Count(reducer.HostConverged), len(r.Hosts()))
	case e.To == reducer.Reverted && r.Count(reducer.HostReverted) == 0:
		c.report(RevertedHost, r, "Reverted without a Reverted host")
	case e.To == reducer.Pruned:
		kept := c.at - b.terminalSet
		if want := c.retention(r.Record.Channel); time.Duration(kept) < want {
			c.report(
				RetentionKept, r, "pruned %v after it reached %v; its retention is %v", time.Duration(kept),
				b.state, want,
			)
		}
	}
	b.state = e.To
	if e.To.InTerminalSet() {
		b.terminalSet = c.at
	}
}

func (c *Checker) retention(id reducer.ChannelID) time.Duration {
	policy := reducer.DefaultPolicy()
	if ch := c.channels[id]; ch != nil {
		policy = ch.policy
	}
	return time.Duration(policy.RetentionSeconds) * time.Second
}

// Step sees the end of a step: an event and what was derived of it have been applied to a rollout.
func (c *Checker) Step(r *reducer.Rollout) {
	rec := &r.Record
	b := c.book(r)
	switch {
	case rec.State != b.state && b.state == reducer.Pruned:
		c.report(PrunedAbsorbing, r, "it is %v after Pruned", rec.State)
	case rec.State != b.state:
		c.report(
			TransitionRecorded, r, "the record is %v, the recorded transitions lead to %v", rec.State,
			b.state,
		)
	case rec.State == reducer.Terminal && !rec.TerminalAt.Set:
		c.report(TerminalStamped, r, "Terminal without terminal_at")
	case rec.State == reducer.Superseded && !rec.SupersededAt.Set:
		c.report(TerminalStamped, r, "Superseded without superseded_at")
	}
	if rec.CurrentWave < b.wave {
		c.report(WaveMonotonic, r, "current_wave fell from %d to %d", b.wave, rec.CurrentWave)
	}
	b.state, b.wave = rec.State, rec.CurrentWave
	if c.last != reducer.RolloutOpened && c.last != reducer.SuccessorOpened {
		c.Standing(rec.Channel)
	}
}

// Standing checks that a channel has at most one standing rollout; to be called where no lockstep
// can be open.
func (c *Checker) Standing(id reducer.ChannelID) {
	standing := c.fleet.Standing(id)
	switch {
	case len(standing) > 1:
		c.Report(Violation{
			Invariant: OneStanding, Subject: string(id), Seq: c.seq, At: c.at, Event: c.last, State: standing[0].Record.State,
			Detail: fmt.Sprintf(
				"%d rollouts stand, %s and %s among them", len(standing), standing[0].Record.RolloutID,
				standing[1].Record.RolloutID,
			),
		})
	case c.Each && len(c.reported) > 0:
		delete(c.reported, kind{OneStanding, string(id)})
	}
}

// dispatch holds a dispatch against everything that may forbid it.
func (c *Checker) dispatch(r *reducer.Rollout, p *trace.PlanAction) {
	switch s := r.Record.State; {
	case !s.Underway() && s != reducer.Terminal:
		c.forbidden(HaltKept, r, "host %s was dispatched in state %v", p.Host, s)
	case r.Count(reducer.HostFailed) > 0:
		c.forbidden(
			HaltKept, r, "host %s was dispatched with %s Failed", p.Host,
			plural.Count(r.Count(reducer.HostFailed), "host"),
		)
	}
	if c.quarantine[quarantined{r.Record.Channel, p.Closure}] {
		c.forbidden(QuarantineKept, r, "host %s was dispatched to closure %s, which is "+
			"quarantined", p.Host, p.Closure)
	}
	if p.Attempt > 1 {
		// it was sent when it might be; that it is sent again, for want of an ack, is no new dispatch
		return
	}
	if h, joined := r.Host(p.Host); joined && h.Wave > r.Record.CurrentWave {
		c.forbidden(
			WaveKept, r, "host %s of wave %d was dispatched at current_wave %d", p.Host, h.Wave,
			r.Record.CurrentWave,
		)
	}
	if ch := c.channels[r.Record.Channel]; ch != nil {
		for _, after := range ch.after {
			if !c.letsGo(after) {
				c.forbidden(
					ChannelEdgesKept, r, "host %s was dispatched before channel %s let it go", p.Host, after,
				)
			}
		}
	}
	if len(c.budgets) > 0 {
		h := c.host(p.Host)
		h.current = r.Number()
		c.count(h, true)
		for _, n := range h.budgets {
			if b := &c.budgets[n]; b.used > b.conf.MaxInFlight {
				c.Report(Violation{
					Invariant: BudgetKept, Subject: b.conf.Name, Seq: c.seq, At: c.at, State: r.Record.State, Event: c.last,
					Detail: fmt.Sprintf(
						"host %s is the %dth in flight of at most %d", p.Host, b.used, b.conf.MaxInFlight,
					),
				})
			}
		}
	}
}

// letsGo tells whether channels that wait for this one may go: the rollout of its ref was Terminal
// or is Superseded.
func (c *Checker) letsGo(id reducer.ChannelID) bool {
	ch := c.channels[id]
	if ch == nil {
		return false
	}
	r := c.fleet.Rollout(reducer.NewRolloutID(id, ch.ref))
	return r != nil && (r.Record.TerminalAt.Set || r.Record.SupersededAt.Set)
}

func (c *Checker) host(id reducer.HostID) *host {
	h := c.hosts[id]
	if h == nil {
		h = &host{current: -1}
		for i := range c.budgets {
			if c.budgets[i].conf.Covers(id) {
				h.budgets = append(h.budgets, i)
			}
		}
		c.hosts[id] = h
	}
	return h
}

// recount keeps the budgets of a host that is in a state under a rollout. An ack that is missing
// when the rollout has ended is not waited for, because no dispatch is sent again then.
func (c *Checker) recount(r *reducer.Rollout, id reducer.HostID, state reducer.HostState) {
	if h := c.host(id); h.current == r.Number() {
		rollout := r.Record.State
		c.count(
			h,
			state == reducer.HostPending && rollout.Underway() ||
				state.InFlight() && rollout != reducer.Pruned,
		)
	}
}

func (c *Checker) count(h *host, uses bool) {
	if uses == h.counted {
		return
	}
	h.counted = uses
	for _, n := range h.budgets {
		if uses {
			c.budgets[n].used++
		} else {
			c.budgets[n].used--
		}
	}
}

// Compare is invariant (14): what differs between the live fleet and one that was folded from the
// trace. at and seq are where the comparison is made.
func Compare(live, folded *reducer.Fleet, seq uint64, at reducer.Time) []Violation {
	var found []Violation
	report := func(id reducer.RolloutID, state reducer.State, format string, args ...any) {
		found = append(found, Violation{
			Invariant: FoldIsLive, Subject: string(id), Detail: fmt.Sprintf(format, args...), Seq: seq, At: at, State: state,
		})
	}
	for _, r := range live.Rollouts() {
		id := r.Record.RolloutID
		f := folded.Rollout(id)
		switch {
		case f == nil:
			report(id, r.Record.State, "live, and not in the fold")
		case f.Record != r.Record:
			report(
				id, r.Record.State, "the record is live %v at wave %d, folded %v at wave %d", r.Record.State,
				r.Record.CurrentWave, f.Record.State, f.Record.CurrentWave,
			)
		case !slices.Equal(f.Hosts(), r.Hosts()):
			report(id, r.Record.State, "its hosts are in other states live than folded")
		}
	}
	for _, f := range folded.Rollouts() {
		if live.Rollout(f.Record.RolloutID) == nil {
			report(f.Record.RolloutID, f.Record.State, "in the fold, and not live")
		}
	}
	return found
}
