// Package fit learns the behaviour of hosts from a log: how long each of their stages takes, how
// likely each failure is, and how often a channel gets a new ref. Read returns a Behaviour in the
// terms of scenarios, and Behaviour.YAML a file that scenarios include.
//
// A stage is censored if the log does not have its end, because the log ends first or the host
// turns to a newer rollout. It took at least as long as it was observed. Ignoring it would make
// hosts faster than they are, so it counts as one of the stages that took longer: by the estimator
// of Kaplan and Meier, and for stages that end in several ways by that of Aalen and Johansen.
package fit

import (
	"errors"
	"io"
	"slices"
	"strings"

	"rollsim/reducer"
	"rollsim/trace"
)

// Read learns from a log: from the channels in only, or from all if none exist. The error is
// that of the source.
func Read(in trace.Source, only ...reducer.ChannelID) (*Behaviour, error) {
	l := newLearner(only...)
	for {
		e, err := in.Read()
		if errors.Is(err, io.EOF) {
			return l.finish(), nil
		}
		if err != nil {
			return nil, err
		}
		_ = l.Write(e) // never fails
	}
}

// learner learns from the entries of a log. Its size grows with the hosts and channels of the log,
// not with its length.
type learner struct {
	only     []reducer.ChannelID // to learn from; empty for all
	hosts    map[reducer.HostID]*host
	order    []*host // in the order of their first entries
	channels map[reducer.ChannelID]*channel
	named    []*channel // in the order of their first entries

	plane      plane // whose log it is
	acksTarget bool  // the last ack of a dispatch names its closure

	stages  [stageEnd]stage
	entries uint64
	first   reducer.Time
	last    reducer.Time
}

// host has the rollout that a host works for, and a newer one whose dispatch it has not
// acknowledged.
type host struct {
	working, waiting attempt
}

// attempt is the progress of one host in one rollout. The zero value stands for no rollout.
type attempt struct {
	rollout reducer.RolloutID
	channel uint32 // index into learner.named
	seq     uint64 // of the last message

	dispatched reducer.Opt[reducer.Time]
	target     reducer.ClosureHash // of the dispatch
	resent     bool
	shipped    bool         // its times are those of a shipped agent
	made       bool         // the control plane has made its messages itself
	soakDue    reducer.Time // valid if dispatched is set

	now       stageKind // the current stage; 0 if it is unknown
	since     instant
	starts    int          // of the switch
	switched  reducer.Time // when the switch ended or was deferred
	completed reducer.Opt[instant]
	probed    reducer.Opt[reducer.Time]
}

// instant is a time by two clocks. The work of an agent is measured by its own clock, so that
// neither a wrong clock nor a late message matters. Waiting of the control plane is measured by the
// clock of the log.
type instant struct{ log, agent reducer.Time }

type channel struct {
	id        reducer.ChannelID
	number    uint32 // index into learner.named
	rollsBack bool
	polled    arrivals
	opened    arrivals
}

// arrivals are the new refs of a channel.
type arrivals struct {
	count    uint64
	current  reducer.ChannelRef
	last     reducer.Time         // the time of the last new ref
	recent   []reducer.ChannelRef // the last few, the newest first
	returned uint64               // the number of changes back to one of them
	gaps     stage
}

// newLearner returns a learner for the channels in only, or for all if none exist.
func newLearner(only ...reducer.ChannelID) *learner {
	l := &learner{
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
func (l *learner) Write(e *trace.Entry) error {
	if e.Header != nil {
		l.plane = planeOf(e.Header)
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
		l.channel(e.Poll.Channel).polled.add(e.Poll.Ref, e.At)
	case e.Event != nil && e.Event.Kind == reducer.RolloutOpened:
		l.channel(e.Event.Channel).opened.add(e.Event.TargetRef, e.At)
	}
	return nil
}

func (l *learner) host(id reducer.HostID) *host {
	h := l.hosts[id]
	if h == nil {
		h = new(host)
		l.hosts[id] = h
		l.order = append(l.order, h)
	}
	return h
}

func (l *learner) channel(id reducer.ChannelID) *channel {
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

// attempt returns the start of an attempt. The name of a rollout has its channel.
func (l *learner) attempt(id reducer.RolloutID) attempt {
	return attempt{rollout: id, channel: l.channel(channelOf(id)).number}
}

func channelOf(id reducer.RolloutID) reducer.ChannelID {
	name, _, _ := strings.Cut(string(id), "@")
	return reducer.ChannelID(name)
}

func (l *learner) wants(id reducer.ChannelID) bool {
	return len(l.only) == 0 || slices.Contains(l.only, id)
}

func (l *learner) dispatch(e *trace.Entry) {
	h := l.host(e.Plan.Host)
	switch e.Plan.Rollout {
	case h.working.rollout:
		return // already acknowledged
	case h.waiting.rollout:
		h.waiting.resent = true
		return
	}
	l.cutWaiting(h, e.At)
	h.waiting = l.attempt(e.Plan.Rollout)
	h.waiting.dispatched = reducer.Some(e.At)
	h.waiting.soakDue = e.Plan.SoakDueAt
	h.waiting.target = e.Plan.Closure
}

// message applies a message of an agent.
func (l *learner) message(e *trace.Entry) {
	h, m := l.host(e.Host), e.Agent
	at := instant{log: e.At, agent: m.At}
	if e.Rollout != h.working.rollout {
		isNew := e.Rollout == h.waiting.rollout || m.Kind == reducer.DispatchAck ||
			h.working.rollout == ""
		if !isNew {
			return // a late message of a rollout that the host has left
		}
		l.begin(h, e.Rollout, at, m)
	}
	a := &h.working
	if a.made {
		return
	}
	if m.Seq <= a.seq {
		return // a duplicate
	}
	if m.Seq != a.seq+1 {
		// a lost message may have started another stage
		a.now, a.completed, a.probed = 0, reducer.Opt[instant]{}, reducer.Opt[reducer.Time]{}
	}
	a.seq = m.Seq
	l.follow(a, m, at)
}

// begin makes a host work for another rollout, whose first message is m.
func (l *learner) begin(h *host, id reducer.RolloutID, at instant, m *trace.AgentEvent) {
	next := l.attempt(id)
	if id == h.waiting.rollout {
		next, h.waiting = h.waiting, attempt{}
		before := &h.working
		l.judge(&next, m)
		switch {
		case m.Kind != reducer.DispatchAck:
		case next.made:
			l.stages[ack].made++
		case !next.shipped && before.rollout != "" && before.switched >= next.dispatched.Value:
			l.stages[ack].busy++ // it waited for another switch
		default:
			l.observe(ack, &next, at.log-next.dispatched.Value, completed)
			if next.resent && !next.shipped {
				l.stages[ack].resent++
			}
		}
	} else {
		l.judge(&next, m)
	}
	l.cut(&h.working, at.log)
	h.working = next
}

// follow applies the next message of an attempt.
func (l *learner) follow(a *attempt, m *trace.AgentEvent, at instant) {
	took := a.took(at)
	enter := func(k stageKind) { a.now, a.since = k, at }
	switch m.Kind {
	case reducer.DispatchAck:
		enter(activation)
	case reducer.ActivationStarted:
		a.starts++
		a.started(at)
	case reducer.ActivationCompleted:
		if a.synthesised(at) {
			l.stages[a.now].made++
			a.switched = at.log
			enter(0)
			return
		}
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
		l.health(a, at, failed)
		if m.Policy == reducer.RollbackAndHalt {
			l.named[a.channel].rollsBack = true
		}
		enter(rollback)
	case reducer.ProbesPassed:
		l.health(a, at, completed)
		if start, ok := a.convergesFrom(); ok {
			l.observe(converge, a, a.withoutTick(at.log-start), completed)
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

// switched records the end of a switch, or of the reboot to which it was deferred.
func (l *learner) switched(a *attempt, took reducer.Time, how outcome, at instant) {
	a.switched = at.log
	switch {
	case a.now == activation && (a.starts > 1 || a.late()):
		l.stages[activation].busy++ // the agent restarted meanwhile, or could not report its start
	case a.now == activation, a.now == reboot:
		l.observe(a.now, a, took, how)
	}
}

// health records the outcome of the probes after a completed switch.
func (l *learner) health(a *attempt, at instant, how outcome) {
	if a.completed.Set {
		l.observe(health, a, a.between(a.completed.Value, at), how)
	}
}

// convergesFrom returns the time from which soak and probes allow the host to converge, and reports
// whether it is known.
func (a *attempt) convergesFrom() (reducer.Time, bool) {
	known := a.now == converge && a.probed.Set && a.dispatched.Set
	return max(a.soakDue, a.probed.Value), known && (!a.shipped || a.probed.Value <= a.soakDue)
}

// cut records the current stage of an attempt as censored.
func (l *learner) cut(a *attempt, at reducer.Time) {
	switch {
	case a.rollout == "" || a.made:
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

// cutWaiting records the dispatch that a host has not acknowledged as censored. It ignores one that
// waits for another switch, because the delay is not that of an ack.
func (l *learner) cutWaiting(h *host, at reducer.Time) {
	if h.working.now != activation {
		l.cut(&h.waiting, at)
	}
}

func (l *learner) observe(k stageKind, a *attempt, took reducer.Time, how outcome) {
	l.stages[k].add(observation{took: took, how: how, channel: a.channel})
}

// maxRecent is the number of refs that are remembered, to recognize a change back to one of them.
const maxRecent = 16

// add records the ref that a channel has at a time.
func (a *arrivals) add(ref reducer.ChannelRef, at reducer.Time) {
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
	a.recent = append([]reducer.ChannelRef{ref}, a.recent[:min(len(a.recent), maxRecent-1)]...)
}
