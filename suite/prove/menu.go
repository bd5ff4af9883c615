package prove

import (
	"slices"
	"time"

	"rollsim/controlplane"
	"rollsim/internal/deviation"
	"rollsim/internal/hash64"
	"rollsim/reducer"
	"rollsim/sim"
)

// Lengths are how long a fault lasts that a scenario does not describe.
const (
	shortFault = 5 * time.Second
	longFault  = 5 * time.Minute
	// longer than an agent waits for an acknowledgement, so that the message is sent again before
	lateMessage = 45 * time.Second
	// how long after a state an operator acts, and for how long a channel is paused
	operatorWaits = time.Minute
	pauseLasts    = 10 * time.Minute
)

// moment is the shortest time after an instant.
const moment = time.Millisecond

// ofMessages are the kinds that are about one message.
var ofMessages = armed | deviation.Of(DatabaseError, LogRowLost)

// armed are the kinds that wait for one message.
var armed = deviation.Of(MessageDelayed, MessageDuplicated, MessageReordered, MessageDropped)

// early are the kinds that happen at the start of an instant, and that a choice in it offers.
var early = deviation.Of(HostOffline, HostLost, ClockSkew)

// disturbing are the kinds that may keep a message from arriving.
var disturbing = deviation.Of(
	MessageDelayed, MessageReordered, MessageDropped, HostOffline, HostLost, HostLeaves,
	ControlPlaneCrash, DatabaseError, LogRowLost, TornOpening,
)

// menu collects the deviations that a run meets.
type menu struct {
	p      *Prover
	n      *node
	open   Kinds     // those that the run may have one more deviation of
	behind *sim.Walk // the run before the instant; nil where runs cannot be copied
	made   []*Deviation
	alike  []*Deviation // after the instant, of hosts that others stand for
}

// offer adds a deviation, unless it may not happen, or the run up to it is another one.
func (m *menu) offer(d *Deviation) {
	switch {
	case d.At >= m.p.plain.Horizon || !m.p.may(m.n, d):
	case d.host == "" || m.stands(d.host):
		m.made = append(m.made, d)
	case d.Kind == AgentRestart:
		d.alike = true
		m.alike = append(m.alike, d)
	}
}

// place is where a deviation of the instant is among the choices.
type place struct {
	at   int
	of   *Deviation
	last bool // it is the last deviation of the run
}

// places returns where those deviations of a run are that are the other side of a choice. It
// returns none if one of the others happens earlier than the choice that offers it: once a choice
// between the two is taken otherwise, that one may not come up.
func (n *node) places(all []sim.Choice) []place {
	var found []place
	for last := true; n.last != nil && len(all) > 0 && n.last.At == all[0].At; n = n.parent {
		if early.Has(n.last.Kind) {
			return nil
		}
		i := slices.IndexFunc(all, func(c sim.Choice) bool { return n.last.is(&c) })
		if i >= 0 {
			found = append(found, place{i, n.last, last})
		}
		last = false
	}
	return found
}

// decided reports whether a choice comes before a deviation of its instant: the two are tried in
// the other order, or the choice puts the deviation off. Of hosts that stand for each other, the
// other order may not be tried, nor that of a fault, which may happen after the instant.
func (m *menu) decided(c *sim.Choice, i int, places []place) bool {
	if c.Given || c.Fault != 0 || m.p.redundant {
		return c.Given
	}
	if c.Back == 0 && m.crashed(c) {
		return true
	}
	return slices.ContainsFunc(places, func(p place) bool {
		return i < p.at && (c.Host == p.of.host || p.last && !m.p.alike(c.Host, p.of.host))
	})
}

// crashed reports whether the control plane crashes at the instant of a choice. A crash that waits
// for a host does not count if the choice may be offered only because of it: with the crash, that
// host stands for itself, as the first one of its class always does.
func (m *menu) crashed(c *sim.Choice) bool {
	crashed := false
	for n := m.n; n.last != nil && n.last.At == c.At; n = n.parent {
		if n.last.Kind != ControlPlaneCrash {
			continue
		}
		when := n.last.lines[0].When
		if when != nil && m.p.alike(when.Host, c.Host) && m.p.rank(c.Host) > 0 {
			return false
		}
		crashed = true
	}
	return crashed
}

// may reports whether a run may have one more deviation.
func (p *Prover) may(n *node, d *Deviation) bool {
	return d.At >= n.at() && !n.has(d.subject) && p.allows(n, d)
}

// choices adds the deviations of the choices of an instant.
func (m *menu) choices(all []sim.Choice) {
	places := m.n.places(all)
	for i := range all {
		c := &all[i]
		switch {
		case m.decided(c, i, places):
		case c.Fate != 0:
			m.fate(c)
		case c.Stage != 0:
			m.delay(c)
			m.skew(c)
		case c.Fault != 0:
			m.fault(c)
		case c.Message != 0:
			m.message(c)
		}
	}
}

// kindOfFate returns the kind of a fate that is a choice.
func kindOfFate(k sim.FateKind) Kind {
	switch k {
	case sim.FailsActivation:
		return FailsActivation
	case sim.FailsProbes:
		return FailsProbes
	case sim.Defers:
		return Defers
	case sim.NeverAnswers:
		return NeverAnswers
	case sim.NeverRollsBack:
		return NeverRollsBack
	case sim.ConvergesAnyway, sim.FailsControl: // they do not go wrong by chance
	}
	return 0
}

func (m *menu) fate(c *sim.Choice) {
	kind := kindOfFate(c.Fate)
	if !m.open.Has(kind) {
		return
	}
	subject := about("fate", uint64(kind), string(c.Host), string(c.Ref))
	add := func(variant uint64, f sim.Fate) {
		f.Host, f.Ref, f.Kind = c.Host, c.Ref, c.Fate
		d := &Deviation{Kind: kind, At: c.At, fate: &f, host: c.Host}
		m.offer(d.identify(subject, variant))
	}
	add(0, sim.Fate{})
	if kind == Defers {
		add(1, sim.Fate{RebootAfter: reducer.Some(-time.Second)})
	}
}

func (m *menu) delay(c *sim.Choice) {
	subject := about("delay", uint64(c.Stage), string(c.Host), string(c.Ref))
	add := func(kind Kind, takes time.Duration) {
		if takes == c.Takes || !m.open.Has(kind) {
			return
		}
		d := &Deviation{Kind: kind, At: c.At, host: c.Host, delay: &sim.Delay{
			Host: c.Host, Ref: c.Ref, Stage: c.Stage, Takes: constant(takes),
		}}
		m.offer(d.identify(subject, uint64(takes)))
	}
	drawn := m.p.distribution(c.Host, c.Ref, c.Stage)
	if drawn == nil {
		return
	}
	if _, fixed := drawn.Fixed(); fixed {
		return
	}
	add(ShortDelay, 0)
	add(LongDelay, high(drawn))
}

func (m *menu) fault(c *sim.Choice) {
	switch c.Fault {
	case sim.HostOffline:
		subject := about("host", uint64(c.At), string(c.Host))
		for _, length := range m.p.lengths(sim.HostOffline) {
			m.line(HostOffline, subject, c.At, &sim.FaultNow{
				Kind: sim.HostOffline, Host: c.Host, For: length,
			})
		}
		m.line(HostLost, subject, c.At, &sim.FaultNow{Kind: sim.HostLost, Host: c.Host})
	case sim.AgentRestart:
		subject := about("restart", uint64(c.At), string(c.Host))
		for _, length := range m.p.lengths(sim.AgentRestart) {
			m.line(AgentRestart, subject, c.At+moment, &sim.FaultNow{
				Kind: sim.AgentRestart, Host: c.Host, For: length,
			})
		}
	case sim.PollFailed:
		subject := about("poll", uint64(c.At), string(c.Channel))
		m.line(PollFailed, subject, c.At, &sim.FaultNow{Kind: sim.PollFailed, Channel: c.Channel})
		m.line(PollStale, subject, c.At, &sim.FaultNow{Kind: sim.PollStale, Channel: c.Channel})
		m.tear(c)
	case sim.TornOpeningCrash:
		m.tear(c)
	case sim.MessageDelayed, sim.MessageDuplicated, sim.MessageReordered, sim.MessageDropped,
		sim.HostLost, sim.ControlPlaneCrash, sim.PollStale, sim.ClockSkew, sim.DatabaseError,
		sim.LogInsertFailed:
	}
}

func (m *menu) message(c *sim.Choice) {
	if m.open&ofMessages == 0 {
		return
	}
	subject := hash64.Of(about("message", c.Seq, string(c.Host), string(c.Rollout)), uint64(c.At))
	fault := func(kind sim.FaultKind, length time.Duration) *sim.FaultNow {
		return &sim.FaultNow{
			Kind: kind, Host: c.Host, Rollout: c.Rollout, Message: c.Message, Seq: c.Seq, For: length,
		}
	}
	received := func(after time.Duration) bool { // or it makes no difference
		return c.At+after >= c.Back || m.p.redundant
	}
	for _, length := range m.p.lengths(sim.MessageDelayed) {
		if received(length) {
			m.line(MessageDelayed, subject, c.At, fault(sim.MessageDelayed, length))
		}
	}
	for _, length := range m.p.lengths(sim.MessageDuplicated) {
		if received(length) {
			before := len(m.made)
			m.line(MessageDuplicated, subject, c.At, fault(sim.MessageDuplicated, length))
			for _, d := range m.made[before:] {
				d.idle = c.Acked
			}
		}
	}
	m.line(MessageReordered, subject, c.At, fault(sim.MessageReordered, 0))
	if received(0) {
		m.line(MessageDropped, subject, c.At, fault(sim.MessageDropped, 0))
	}
	m.line(DatabaseError, subject, c.At, &sim.FaultNow{Kind: sim.DatabaseError, Host: c.Host})
	m.line(LogRowLost, subject, c.At, &sim.FaultNow{Kind: sim.LogInsertFailed, Host: c.Host})
}

// line adds a fault that happens at a time.
func (m *menu) line(kind Kind, subject uint64, at time.Duration, f *sim.FaultNow) {
	m.lineWhen(kind, subject, at, sim.Action{At: at, Fault: f})
}

func (m *menu) lineWhen(kind Kind, subject uint64, at time.Duration, line sim.Action) {
	if !m.open.Has(kind) {
		return
	}
	d := &Deviation{Kind: kind, At: at, lines: []sim.Action{line}}
	var length time.Duration
	if line.Fault != nil {
		d.host, length = line.Fault.Host, line.Fault.For
	}
	m.offer(d.identify(subject, uint64(length)))
}

// instant adds the deviations that are possible at an instant in which something has happened: the
// control plane crashes before it, within it or after it; a ref moves, or an operator acts, after
// it.
func (m *menu) instant(k *sim.Walk) {
	at := k.Elapsed()
	if k.Down() {
		return
	}
	after := at + moment
	m.crashes(k.Moments(), at)
	m.members(k.Moments(), at)
	m.seeds()
	m.stray(k.Moments(), at)
	m.revert(k, at)
	m.crash(sim.Action{At: after}, after, m.p.lengths(sim.ControlPlaneCrash)[:1])
	m.refs(after)
	m.operators(k, at)
}

// crashes adds that the control plane crashes before an instant, or within it.
func (m *menu) crashes(moments []sim.Moment, at time.Duration) {
	lengths := m.p.lengths(sim.ControlPlaneCrash)
	m.crash(sim.Action{At: at}, at, lengths)
	for _, when := range moments {
		m.crash(sim.Action{When: &when}, at, lengths)
	}
}

// crash adds a line with which the control plane crashes, for each length.
func (m *menu) crash(line sim.Action, at time.Duration, lengths []time.Duration) {
	if !m.open.Has(ControlPlaneCrash) {
		return
	}
	subject := about("crash", uint64(at))
	if line.When != nil {
		subject = aboutMoment("crash when", line.When)
	}
	for _, length := range lengths {
		line.Fault = &sim.FaultNow{Kind: sim.ControlPlaneCrash, For: length}
		m.lineWhen(ControlPlaneCrash, subject, at, line)
	}
}

// refs adds that the next line of the timeline that moves a ref does so earlier.
func (m *menu) refs(at time.Duration) {
	if !m.open.Has(RefMoves) {
		return
	}
	next := make(map[reducer.ChannelID]bool)
	for _, i := range m.p.moves {
		line := &m.p.plain.Timeline[i]
		if line.At <= at || next[line.SetRef.Channel] {
			continue
		}
		next[line.SetRef.Channel] = true
		d := &Deviation{Kind: RefMoves, At: at, moved: i + 1}
		m.offer(d.identify(about("line", uint64(i)), 0))
	}
}

// operators adds what an operator may do with the rollouts that have just reached a state: a moment
// after it, so that the control plane has acted, or when he has seen it.
func (m *menu) operators(k *sim.Walk, at time.Duration) {
	for _, when := range k.Moments() {
		if when.State == 0 {
			continue
		}
		subject := aboutMoment("operator", &when)
		switch when.State {
		case reducer.Failed, reducer.Reverted:
			m.lineWhen(OperatorClears, subject, at, sim.Action{
				When: &when, At: operatorWaits,
				Event: &reducer.Event{Kind: reducer.OperatorClearance, Rollout: when.Rollout},
			})
		case reducer.Active, reducer.Converging:
			m.lineWhen(OperatorAborts, subject, at, sim.Action{
				When: &when, At: moment,
				Order: &sim.Order{Kind: controlplane.AbortRollout, Rollout: when.Rollout},
			})
			r := k.Fleet().Rollout(when.Rollout)
			if m.open.Has(OperatorPauses) && r != nil {
				m.pause(subject, at, &when, r.Record.Channel)
			}
		case reducer.Opening, reducer.Terminal, reducer.Superseded, reducer.Pruned:
		}
	}
}

func (m *menu) pause(
	subject uint64, at time.Duration, when *sim.Moment, channel reducer.ChannelID,
) {
	order := func(kind controlplane.OrderKind, after time.Duration) sim.Action {
		return sim.Action{
			When: when, At: after, Order: &sim.Order{Kind: kind, Channel: channel},
		}
	}
	d := &Deviation{Kind: OperatorPauses, At: at, lines: []sim.Action{
		order(controlplane.PauseDispatch, moment),
		order(controlplane.ResumeDispatch, moment+pauseLasts),
	}}
	m.offer(d.identify(subject, 0))
}

// skew adds that the clock of a host is wrong from its dispatch on.
func (m *menu) skew(c *sim.Choice) {
	if c.Stage != sim.AckStage {
		return
	}
	for _, skew := range []time.Duration{longFault, -longFault} {
		m.line(ClockSkew, about("skew", 0, string(c.Host)), c.At, &sim.FaultNow{
			Kind: sim.ClockSkew, Host: c.Host, For: skew,
		})
	}
}

// members adds that a host which is not in the fleet joins it after an instant at which something
// happens, and that a host leaves the fleet when it has just reached a state.
func (m *menu) members(moments []sim.Moment, at time.Duration) {
	after := at + moment
	for i := range m.p.plain.Channels {
		for _, host := range m.p.plain.Channels[i].Absent {
			m.member(HostJoins, about("joins", 0, string(host)), after, 0, sim.Action{
				At: after, Order: &sim.Order{Kind: controlplane.AddHost, Host: host},
			})
		}
	}
	for _, when := range moments {
		if when.Host != "" {
			subject, variant := about("leaves", 0, string(when.Host)), aboutMoment("when", &when)
			m.member(HostLeaves, subject, at, variant, sim.Action{
				When: &when, Order: &sim.Order{Kind: controlplane.RemoveHost, Host: when.Host},
			})
		}
	}
}

func (m *menu) member(
	kind Kind, subject uint64, at time.Duration, variant uint64, line sim.Action,
) {
	if m.open.Has(kind) {
		d := &Deviation{Kind: kind, At: at, lines: []sim.Action{line}, host: line.Order.Host}
		m.offer(d.identify(subject, variant))
	}
}
