package replay

import (
	"slices"

	"rollsim/reducer"
	"rollsim/trace"
)

// rollout is what is known of one rollout, and what is expected next of it.
type rollout struct {
	id       reducer.RolloutID
	fold     *reducer.Rollout // nil until it is opened
	skipped  uint64           // how many of its entries were skipped because it was never opened
	live     int              // how many of its hosts may still move
	latest   int              // how many of its hosts have joined no later rollout
	members  []member         // its hosts, by their slot in fold
	expected int              // how many hosts it probably has
	work     *work            // nil once it has ended and its hosts were freed
	summary  Summary
	found    bool // there is a finding about it
	asked    bool // the host of Options.Only has joined it

	openedN, supersededN uint64              // the numbers of its RolloutOpened and SuccessorOpened
	lastMove             reducer.Time        // when one of its hosts moved last
	incarnation          int                 // how often its id was opened before
	replaced             bool                // its id was opened again
	good                 uint64              // the number of its last entry that was right
	defects              map[string]*Finding // the defects that were found of it; a value may be nil
	planned              uint64              // the number of the last entry in which it was planned
	isStuck              bool
	idle                 bool // it counts as idle

	// The wave cursor, as far as decisions of gates and the states of hosts show it.
	reached    uint32         // the highest wave at which it can be
	cursorSeen uint32         // the highest wave at which it was
	soaks      []reducer.Time // when the soaks of its waves are due
	stalled    reducer.Time   // when it was first seen to stand still without a cause; else 0
	early      bool           // a host was dispatched above the cursor
	earlyFound *Finding
	isStalled  bool
}

// work is what a rollout leaves open until it has ended.
type work struct {
	last     reducer.Event // its last event
	event    place         // of the last event
	expected []reducer.Effect
	shown    int       // how many effects of the last event the log has shown
	opened   milestone // its RolloutOpened
	followed milestone // its SuccessorOpened

	terminal      *place   // the event that implies a RolloutTerminal which the log has yet to show
	terminalShown bool     // the log has shown the transition to Terminal of that RolloutTerminal
	extraTerminal *Finding // that this transition is extra; withdrawn if the event is missing

	plan    *trace.PlanAction // its OpenRollout, until it is compared with the hosts that joined
	planned place
	whole   bool // it has or had an OpenRollout, or a finding says that it has none
}

// milestone is an event that a later one may prove wrong.
type milestone struct {
	place place
	event reducer.Event
}

// member is what is known of one host under one rollout.
type member struct {
	seq   uint64            // of its last agent event
	state reducer.HostState // that its agent events lead to
	since reducer.Time      // when it entered the state that the log has recorded
	live  bool              // it has work under this rollout, and none under a later one

	// The move that its last agent event makes, and which entries of it the log has yet to record.
	from, to   reducer.HostState
	needEffect bool
	needMove   bool
	moved      place

	good  uint64       // the number of the last entry that was right about it
	gapAt uint64       // the number of the last message before which others are missing
	at    reducer.Time // by the agent, of the last event that moves it

	// The last agent event that its state does not allow, until what follows shows why.
	doubtful  reducer.AgentEventKind
	doubt     error
	doubtText string

	// The last effect or move that no agent event explains, and the finding about it.
	extraMove hostMove
	extraAt   uint64
	found     *Finding
	judged    uint64 // the number of the entry that it is about

	heard     reducer.Time        // when its agent was last heard of
	started   reducer.Time        // when its activation started, by its agent
	running   reducer.ClosureHash // what it runs after its activation
	guessed   bool                // the control plane may have made its last event by itself
	synthetic bool                // the control plane makes its moves by itself
	lacking   bool                // entries are missing before its Converged
	oddProbes bool                // it has declared other probes than before
	inferred  bool                // the log lacks its HostJoined
	unstaged  bool                // it is in none of the waves that its channel declares
	refuses   bool                // its agent was found to refuse its manifest
	probes    []probe

	acked   reducer.ClosureHash // that its acknowledgement names
	ackedAt place
	before  reducer.ClosureHash // what it ran when it acknowledged, if the log shows it
	sent    place               // its last dispatch
	row     place               // the last row of the planner about it
	repeats int                 // how often its probes were declared again after its soak was due

	closure    reducer.ClosureHash // of its last dispatch
	firstAt    reducer.Time        // of its first dispatch
	firstSeq   uint64
	lastAt     reducer.Time // of its last dispatch
	lastSeq    uint64
	dispatched reducer.Time // the first dispatch since a gate last blocked it
	soakDue    reducer.Time // as planned at its last dispatch
	dispatches int
	gate       gate
	message    string // from its agent: why it failed, why its probes fail, or what it waits for
}

// gate is the gate that blocks a host, with its decisions. The zero value blocks nothing.
type gate struct {
	name, reason string
	first, last  Where  // the first and the last decision since the reason changed
	count        uint64 // of these decisions
}

// member returns a host of a rollout, and its slot. It returns nil for a host that has not joined,
// or that was freed.
func (r *rollout) member(id reducer.HostID) (*member, int) {
	if r.fold == nil {
		return nil, 0
	}
	slot, joined := r.fold.Slot(id)
	if !joined || slot >= len(r.members) {
		return nil, 0
	}
	return &r.members[slot], slot
}

// join adds a host. The fold has just added it too.
func (r *rollout) join(wave uint32, at reducer.Time) {
	if r.members == nil {
		r.members = make([]member, 0, r.expected)
	}
	r.members = append(r.members, member{state: reducer.HostPending, since: at})
	r.summary.Waves = max(r.summary.Waves, wave+1)
	r.latest++
}

// hasActed reports whether a host has acknowledged a dispatch of the rollout.
func (r *rollout) hasActed(id reducer.HostID) bool {
	m, slot := r.member(id)
	return m != nil && r.fold.Hosts()[slot].State != reducer.HostPending
}

// isInFlight reports whether a host counts towards a disruption budget.
func (r *rollout) isInFlight(slot int) bool {
	m, state := &r.members[slot], r.fold.Hosts()[slot].State
	return m.live && (state.InFlight() || state == reducer.HostPending && m.isUnacked())
}

// isDone reports whether nothing more is expected of the hosts of a superseded rollout.
func (r *rollout) isDone() bool {
	return r.live == 0 && r.latest == 0 &&
		!slices.ContainsFunc(r.members, func(m member) bool { return m.needEffect || m.needMove })
}

// free frees the rollout's hosts.
func (r *rollout) free() {
	r.fold.Forget()
	r.members, r.live = nil, 0
	if r.work != nil && len(r.work.expected) == 0 && r.work.terminal == nil {
		r.work = nil
	}
}

// working returns the rollout's work, a new one if it was freed.
func (r *rollout) working() *work {
	if r.work == nil {
		r.work = new(work)
	}
	return r.work
}

// lastState returns the last change of the rollout's state.
func (r *rollout) lastState() StateChange { return r.summary.States[len(r.summary.States)-1] }

// after describes the rollout's last event. It is empty without one.
func (r *rollout) after(lines *trace.Lines) string {
	if r.work == nil || r.work.last.Kind == 0 {
		return ""
	}
	return describeEvent(&r.work.last, lines)
}

// isUnacked reports whether a Pending host was dispatched and no gate has blocked it since.
func (m *member) isUnacked() bool { return m.dispatches > 0 && m.gate.count == 0 }

// dispatch records a dispatch at a time.
func (m *member) dispatch(plan *trace.PlanAction, at reducer.Time, seq uint64) {
	if !m.isUnacked() {
		m.dispatched = at
	}
	if m.dispatches == 0 {
		m.firstAt, m.firstSeq = at, seq
	}
	m.lastAt, m.lastSeq = at, seq
	m.closure, m.soakDue = plan.Closure, plan.SoakDueAt
	m.dispatches++
	m.gate = gate{}
}

// hear records the message of an agent event.
func (m *member) hear(a *trace.AgentEvent) {
	switch {
	case a.Message != "" || a.Component != "":
		m.message = a.Message + a.Component
	case a.Kind == reducer.ProbeResult && a.Passed, a.Kind == reducer.ActivationCompleted:
		m.message = ""
	}
}

// record records a decision of a gate.
func (g *gate) record(e *trace.Entry) {
	at := Where{Seq: e.Seq, At: e.At}
	if d := e.Gate; g.reason != d.Reason || g.name != trace.GateName(d.Gate) || g.count == 0 {
		*g = gate{name: trace.GateName(d.Gate), reason: d.Reason, first: at}
	}
	g.last = at
	g.count++
}
