// Package fit learns from a log how hosts behave: how long each of their stages takes and how
// likely each turn for the worse is, in the terms of scenarios, and how the refs of channels come.
// What it learned is a file that scenarios include.
//
// A stage that the log does not see the end of, because it ends itself or the host turns to a newer
// rollout, has taken at least as long as it was seen. Passing it over would make hosts faster than
// they are: it counts as one of those that took longer (the estimator of Kaplan and Meier, and for
// stages that end in several ways that of Aalen and Johansen).
package fit

import (
	"errors"
	"io"
	"slices"
	"strings"

	"rollsim/reducer"
	"rollsim/trace"
)

// Read learns from a log: of some channels, or where none are given of all. The error is the
// source's.
func Read(in trace.Source, only ...reducer.ChannelID) (*Behaviour, error) {
	l := NewLearner(only...)
	for {
		e, err := in.Read()
		if errors.Is(err, io.EOF) {
			return l.Finish(), nil
		}
		if err != nil {
			return nil, err
		}
		_ = l.Write(e)
	}
}

// Learner learns from the entries of a log. What it keeps grows with the hosts and channels of the
// log, not with its length.
type Learner struct {
	only     []reducer.ChannelID // to learn from; empty for all
	hosts    map[reducer.HostID]*host
	order    []*host // as they came
	channels map[reducer.ChannelID]*channel
	named    []*channel // as they came

	stages  [stageEnd]stage
	entries uint64
	first   reducer.Time
	last    reducer.Time
}

// host is what goes on on a host: the rollout that it works for, and a newer one whose dispatch it
// has not acked.
type host struct {
	working, waiting attempt
}

// attempt is one host's way through one rollout. The zero value is none.
type attempt struct {
	rollout reducer.RolloutID
	channel uint32 // index into Learner.named
	seq     uint64 // of the last message

	dispatched reducer.Opt[reducer.Time]
	resent     bool
	soakDue    reducer.Time // where it was dispatched

	now       stageKind // what goes on; 0 for nothing that is known
	since     instant
	starts    int          // of the switch
	switched  reducer.Time // when the switch came to its end, or was deferred
	completed reducer.Opt[instant]
	probed    reducer.Opt[reducer.Time]
}

// instant is one moment by two clocks. What an agent does is measured by its own, so that neither a
// wrong clock nor a message that comes late counts; what the control plane waits for is measured by
// that of the log.
type instant struct{ log, agent reducer.Time }

type channel struct {
	id        reducer.ChannelID
	number    uint32 // index into Learner.named
	rollsBack bool
	polled    arrivals
	opened    arrivals
}

// arrivals are the new refs of a channel.
type arrivals struct {
	count    uint64
	current  reducer.ChannelRef
	last     reducer.Time         // when a new one came
	recent   []reducer.ChannelRef // the last few, the newest first
	returned uint64               // how often the ref went back to one of them
	gaps     stage
}

// NewLearner makes a learner that has seen nothing. It learns of some channels, or where none are
// given of all.
func NewLearner(only ...reducer.ChannelID) *Learner {
	l := &Learner{
		only:     only,
		hosts:    make(map[reducer.HostID]*host),
		channels: make(map[reducer.ChannelID]*channel),
	}
	for k := range l.stages {
		l.stages[k].seed(uint64(k))
	}
	return l
}

// Write implements trace.Sink. It never fails.
func (l *Learner) Write(e *trace.Entry) error {
	if e.Header != nil {
		for i := range e.Header.Channels {
			c := &e.Header.Channels[i]
			l.channel(c.Channel).rollsBack = c.Policy.OnHealthFailure == reducer.RollbackAndHalt
		}
		return nil
	}
	if e.End != nil {
		return nil
	}
	l.entries++
	if l.entries == 1 {
		l.first = e.At
	}
	l.last = max(l.last, e.At)
	switch {
	case e.Plan != nil && e.Plan.Action == trace.QueueDispatch:
		if l.wants(channelOf(e.Plan.Rollout)) {
			l.dispatch(e)
		}
	case e.Agent != nil && e.Host != "":
		if l.wants(channelOf(e.Rollout)) {
			l.message(e)
		}
	case e.Poll != nil && e.Poll.Ref != "":
		l.channel(e.Poll.Channel).polled.take(e.Poll.Ref, e.At)
	case e.Event != nil && e.Event.Kind == reducer.RolloutOpened:
		l.channel(e.Event.Channel).opened.take(e.Event.TargetRef, e.At)
	}
	return nil
}

func (l *Learner) host(id reducer.HostID) *host {
	h := l.hosts[id]
	if h == nil {
		h = new(host)
		l.hosts[id] = h
		l.order = append(l.order, h)
	}
	return h
}

func (l *Learner) channel(id reducer.ChannelID) *channel {
	c := l.channels[id]
	if c == nil {
		c = &channel{id: id, number: uint32(len(l.named))}
		c.polled.gaps.seed(uint64(c.number))
		c.opened.gaps.seed(uint64(c.number))
		l.channels[id] = c
		l.named = append(l.named, c)
	}
	return c
}

// attempt begins to follow a host under a rollout, whose channel is in its name.
func (l *Learner) attempt(id reducer.RolloutID) attempt {
	return attempt{rollout: id, channel: l.channel(channelOf(id)).number}
}

func channelOf(id reducer.RolloutID) reducer.ChannelID {
	name, _, _ := strings.Cut(string(id), "@")
	return reducer.ChannelID(name)
}

func (l *Learner) wants(id reducer.ChannelID) bool {
	return len(l.only) == 0 || slices.Contains(l.only, id)
}

func (l *Learner) dispatch(e *trace.Entry) {
	h := l.host(e.Plan.Host)
	switch e.Plan.Rollout {
	case h.working.rollout:
		return // acked already
	case h.waiting.rollout:
		h.waiting.resent = true
		return
	}
	l.cutWaiting(h, e.At)
	h.waiting = l.attempt(e.Plan.Rollout)
	h.waiting.dispatched = reducer.Some(e.At)
	h.waiting.soakDue = e.Plan.SoakDueAt
}

// message takes what an agent says of its way through a rollout.
func (l *Learner) message(e *trace.Entry) {
	h, m := l.host(e.Host), e.Agent
	at := instant{log: e.At, agent: m.At}
	if e.Rollout != h.working.rollout {
		isNew := e.Rollout == h.waiting.rollout || m.Kind == reducer.DispatchAck ||
			h.working.rollout == ""
		if !isNew {
			return // late, of a rollout that the host has left
		}
		l.begin(h, e.Rollout, at, m.Kind == reducer.DispatchAck)
	}
	a := &h.working
	if m.Seq <= a.seq {
		return // it came twice
	}
	if m.Seq != a.seq+1 {
		// what was lost may have begun a stage
		a.now, a.completed, a.probed = 0, reducer.Opt[instant]{}, reducer.Opt[reducer.Time]{}
	}
	a.seq = m.Seq
	l.follow(a, m, at)
}

// begin has a host turn to another rollout.
func (l *Learner) begin(h *host, id reducer.RolloutID, at instant, acked bool) {
	next := l.attempt(id)
	if id == h.waiting.rollout {
		next, h.waiting = h.waiting, attempt{}
		before := &h.working
		switch {
		case !acked:
		case before.rollout != "" && before.switched >= next.dispatched.Value:
			l.stages[ack].busy++ // it waited for another switch
		default:
			l.observe(ack, &next, at.log-next.dispatched.Value, completed)
			if next.resent {
				l.stages[ack].resent++
			}
		}
	}
	l.cut(&h.working, at.log)
	h.working = next
}

func (l *Learner) follow(a *attempt, m *trace.AgentEvent, at instant) {
	took := at.agent - a.since.agent
	enter := func(k stageKind) { a.now, a.since = k, at }
	switch m.Kind {
	case reducer.DispatchAck:
		enter(activation)
	case reducer.ActivationStarted:
		a.starts++
	case reducer.ActivationCompleted:
		l.switched(a, took, completed, at)
		a.completed = reducer.Some(at)
		enter(probe)
	case reducer.ActivationDeferred:
		l.switched(a, took, deferred, at)
		enter(reboot)
	case reducer.ActivationFailed:
		l.switched(a, took, failed, at)
		enter(rollback)
	case reducer.ProbeObservedFirst, reducer.ProbeResult, reducer.ProbeFailureFirst:
		if a.now == probe {
			l.observe(probe, a, took, completed)
			a.probed = reducer.Some(at.log)
			enter(converge)
		}
	case reducer.ProbesFailed:
		l.health(a, at.agent, failed)
		if m.Policy == reducer.RollbackAndHalt {
			l.named[a.channel].rollsBack = true
		}
		enter(rollback)
	case reducer.ProbesPassed:
		l.health(a, at.agent, completed)
		if start, ok := a.convergesFrom(); ok {
			l.observe(converge, a, at.log-start, completed)
		}
		enter(0)
	case reducer.RollbackComplete:
		l.named[a.channel].rollsBack = true
		if a.now == rollback {
			l.observe(rollback, a, took, completed)
		}
		enter(0)
	case reducer.ProbeTopologyDeclared:
	}
}

// switched takes the end of a switch, or of the reboot that it was deferred to.
func (l *Learner) switched(a *attempt, took reducer.Time, how outcome, at instant) {
	a.switched = at.log
	switch {
	case a.now == activation && a.starts > 1:
		l.stages[activation].busy++ // the agent restarted meanwhile
	case a.now == activation, a.now == reboot:
		l.observe(a.now, a, took, how)
	}
}

// health takes how a completed switch turned out.
func (l *Learner) health(a *attempt, at reducer.Time, how outcome) {
	if a.completed.Set {
		l.observe(health, a, at-a.completed.Value.agent, how)
	}
}

// convergesFrom tells from when on soak and probes allow the host to converge, where that is known.
func (a *attempt) convergesFrom() (reducer.Time, bool) {
	return max(a.soakDue, a.probed.Value), a.now == converge && a.probed.Set && a.dispatched.Set
}

// cut takes note that an attempt is not seen any further.
func (l *Learner) cut(a *attempt, at reducer.Time) {
	switch {
	case a.rollout == "":
		return
	case a.now == 0 && a.seq == 0 && a.dispatched.Set:
		l.observe(ack, a, at-a.dispatched.Value, cutOff)
	case a.now == activation, a.now == reboot, a.now == probe, a.now == rollback:
		l.observe(a.now, a, at-a.since.log, cutOff)
	}
	if a.now == probe || a.now == converge {
		if a.completed.Set {
			l.observe(health, a, at-a.completed.Value.log, cutOff)
		}
		if start, ok := a.convergesFrom(); ok && at > start {
			l.observe(converge, a, at-start, cutOff)
		}
	}
}

// cutWaiting takes note that a dispatch is not seen any further. One that waits for another switch
// was not kept by its ack.
func (l *Learner) cutWaiting(h *host, at reducer.Time) {
	if h.working.now != activation {
		l.cut(&h.waiting, at)
	}
}

func (l *Learner) observe(k stageKind, a *attempt, took reducer.Time, how outcome) {
	l.stages[k].add(observation{took: took, how: how, channel: a.channel})
}

// mostRecent is how many refs back a ref is known again.
const mostRecent = 16

func (a *arrivals) take(ref reducer.ChannelRef, at reducer.Time) {
	if ref == a.current {
		return
	}
	a.current = ref
	if slices.Contains(a.recent, ref) {
		a.returned++
		return
	}
	if a.count > 0 {
		a.gaps.add(observation{took: at - a.last, how: completed})
	}
	a.count++
	a.last = at
	a.recent = append([]reducer.ChannelRef{ref}, a.recent[:min(len(a.recent), mostRecent-1)]...)
}
