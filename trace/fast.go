package trace

import (
	"bytes"
	"math"

	"rollsim/reducer"
)

// The fast path reads lines in the form in which the control plane and Writer write them: columns
// in
// order, members of payloads in any order, none missing and none added, no spaces, no escapes. (The
// control plane in production sorts the members of payloads by name.) It leaves any other form to
// the strict decoder. Both return the same entry for every line that the fast path reads; a fuzz
// test compares them.

// fast reads a line into e. It reports whether the line has the usual form.
func (d *decoder) fast(line []byte, e *Entry) bool {
	*e = Entry{}
	d.sum = nil
	s := scanner{b: line, d: d}
	if !s.lit(`{"seq":`) {
		return false
	}
	e.Seq = s.uint(math.MaxUint64)
	if !s.lit(`,"ts":"`) {
		return false
	}
	e.At = s.time()
	if !s.lit(`,"kind":"`) {
		return false
	}
	e.Kind = parseKind(s.bytes())
	if !s.lit(`,"host":`) {
		return false
	}
	e.Host = reducer.HostID(s.stringOrNull())
	e.Rollout = d.document
	if s.lit(`,"rollout":`) {
		if id := s.rolloutOrNull(); id != "" {
			e.Rollout = id
		}
	}
	s.host = e.Host
	if e.Rollout != d.document {
		s.rollout = e.Rollout // the rollout of a document may need escapes
	}
	if !s.lit(`,"payload":`) || s.bad || !s.payload(e) {
		return false
	}
	if s.lit(`,"sum":`) {
		from := s.i
		if !s.lit(`"`) {
			return false
		}
		s.bytes()
		d.sum = line[from:s.i]
	}
	return s.lit(`}`) && s.i == len(line) && !s.bad
}

// fastRow reads the payload of a row into e, whose other fields are set. It reports whether the
// payload has the usual form.
func (d *decoder) fastRow(r *Row, e *Entry) bool {
	if !plain(r.Host) || !plain(r.Rollout) {
		return false
	}
	s := scanner{b: r.Payload, d: d, host: e.Host, rollout: e.Rollout, at: e.At, clock: r.TS}
	return s.payload(e) && s.i == len(r.Payload) && !s.bad
}

// plain reports whether a text needs no escapes in JSON: it is printable ASCII without quotes and
// backslashes.
func plain(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c >= 0x80 || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// payload reads a payload. It reports whether the payload has the usual form.
func (s *scanner) payload(e *Entry) bool {
	st := s.d.store
	switch e.Kind {
	case KindGateDecision:
		e.Gate = place(&st.gates)
		s.gateAgain(e.Host, e.Gate)
	case KindRolloutEvent:
		e.Event = place(&st.events)
		s.event(e.Event)
	case KindEffect:
		s.effect(e)
	case KindAgentEvent:
		e.Agent = place(&st.agents)
		s.agent(e.Agent)
	case KindPlanAction:
		e.Plan = place(&st.plans)
		s.plan(e.Plan)
	case KindManifestPoll:
		e.Poll = place(&st.polls)
		s.poll(e.Poll)
	case KindVerifyOutcome, KindFault, KindRejection, KindHeader, KindEnd, KindOther, kindEnd:
		return false
	}
	return !s.bad
}

// members is a set of members of an object.
type members uint32

// object reads an object. It calls read with the name of each member, in the order of the text, to
// read the value; read returns the member, or 0 if the name is not known. object returns the
// members
// that it has read. It accepts none twice.
func (s *scanner) object(read func(name []byte) members) (seen members) {
	s.must(`{`)
	for !s.bad {
		s.must(`"`)
		name := s.bytes()
		s.must(`:`)
		m := read(name)
		s.bad = s.bad || m == 0 || seen&m != 0
		seen |= m
		if s.lit(`}`) {
			break
		}
		s.must(`,`)
	}
	return seen
}

// text reads a string.
func (s *scanner) text() string {
	s.must(`"`)
	return s.string()
}

// word reads the name of a value of an enumeration.
func word[T any](s *scanner, parse func(string) (T, bool)) T { return valued(s, parse, s.text()) }

// valued returns the value of an enumeration that has a name.
func valued[T any](s *scanner, parse func(string) (T, bool), name string) T {
	v, known := parse(name)
	s.bad = s.bad || !known
	return v
}

// moment reads a time.
func (s *scanner) moment() reducer.Time {
	s.must(`"`)
	return s.time()
}

// lastGate is the last decision of a gate about some host.
type lastGate struct {
	payload  []byte
	decision GateDecision
}

// mostRepeated limits the length of a payload that is kept in a lastGate.
const mostRepeated = 1 << 10

// gateAgain reads a decision about a host, which usually is the same as the last one about it.
func (s *scanner) gateAgain(host reducer.HostID, g *GateDecision) {
	if s.d.gates == nil {
		s.d.gates = new([1 << latestBits]lastGate)
	}
	last := &s.d.gates[slot(host)]
	rest := s.b[s.i:]
	if len(last.payload) > 0 && bytes.HasPrefix(rest, last.payload) {
		*g = last.decision
		s.i += len(last.payload)
		return
	}
	from := s.i
	if s.gate(g); !s.bad && s.i-from <= mostRepeated {
		last.payload, last.decision = append(last.payload[:0], s.b[from:s.i]...), *g
	}
}

func (s *scanner) gate(g *GateDecision) {
	const (
		gate members = 1 << iota
		reason
		host
		rollout
	)
	all := s.object(func(name []byte) members {
		switch string(name) {
		case "gate":
			s.must(`"`)
			g.Gate = s.again(&s.d.lastGate)
			return gate
		case "reason":
			s.must(`"`)
			g.Reason = s.again(&s.d.lastReason)
			return reason
		case "host":
			s.must(`"`)
			g.Host = s.hostID()
			return host
		case "rollout":
			s.must(`"`)
			g.Rollout = s.rolloutID()
			return rollout
		}
		return 0
	})
	s.bad = s.bad || all != gate|reason|host|rollout
}

func (s *scanner) poll(p *ManifestPoll) {
	const (
		channel members = 1 << iota
		outcome
		channelRef
	)
	all := s.object(func(name []byte) members {
		switch string(name) {
		case "channel":
			p.Channel = reducer.ChannelID(s.text())
			return channel
		case "outcome":
			p.Outcome = s.text()
			return outcome
		case "channel_ref":
			p.Ref = reducer.ChannelRef(s.stringOrNull())
			return channelRef
		}
		return 0
	})
	s.bad = s.bad || all != channel|outcome|channelRef
}

// The members of rollout events.
const (
	eventKind members = 1 << iota
	eventRolloutID
	eventChannel
	eventTargetRef
	eventHostID
	eventWave
	eventFrom
	eventTo
	eventFromWave
	eventToWave
	eventSuperseded
	eventSuccessor
	eventOperator
	eventReason
	eventAt
)

// eventMembers are the members of each rollout event.
var eventMembers = [reducer.EventKindCount]members{
	reducer.RolloutOpened: eventKind | eventRolloutID | eventChannel | eventTargetRef | eventAt,
	reducer.HostJoined:    eventKind | eventRolloutID | eventHostID | eventWave | eventAt,
	reducer.HostStateChanged: eventKind | eventRolloutID | eventHostID | eventFrom | eventTo |
		eventAt,
	reducer.WaveAdvanced:      eventKind | eventRolloutID | eventFromWave | eventToWave | eventAt,
	reducer.RolloutTerminal:   eventKind | eventRolloutID | eventAt,
	reducer.SuccessorOpened:   eventKind | eventSuperseded | eventSuccessor | eventAt,
	reducer.RetentionExpired:  eventKind | eventRolloutID | eventAt,
	reducer.OperatorClearance: eventKind | eventRolloutID | eventOperator | eventReason | eventAt,
}

func (s *scanner) event(ev *reducer.Event) {
	all := s.object(func(name []byte) members {
		switch string(name) {
		case "kind":
			ev.Kind = word(s, reducer.ParseEventKind)
			return eventKind
		case "rolloutId":
			s.must(`"`)
			ev.Rollout = s.rolloutID()
			return eventRolloutID
		case "hostId":
			ev.Host = reducer.HostID(s.text())
			return eventHostID
		case "from":
			ev.From = word(s, reducer.ParseHostState)
			return eventFrom
		case "to":
			ev.To = word(s, reducer.ParseHostState)
			return eventTo
		case "at":
			ev.At = s.moment()
			return eventAt
		case "wave":
			ev.Wave = uint32(s.uint(math.MaxUint32))
			return eventWave
		}
		return s.rareEvent(ev, name)
	})
	s.bad = s.bad || all != eventMembers[ev.Kind]
}

// rareEvent reads a member that few rollout events have.
func (s *scanner) rareEvent(ev *reducer.Event, name []byte) members {
	switch string(name) {
	case "channel":
		ev.Channel = reducer.ChannelID(s.text())
		return eventChannel
	case "targetRef":
		ev.TargetRef = reducer.ChannelRef(s.text())
		return eventTargetRef
	case "fromWave":
		ev.FromWave = uint32(s.uint(math.MaxUint32))
		return eventFromWave
	case "toWave":
		ev.ToWave = uint32(s.uint(math.MaxUint32))
		return eventToWave
	case "supersededRolloutId":
		s.must(`"`)
		ev.Rollout = s.rolloutID()
		return eventSuperseded
	case "successorRolloutId":
		ev.Successor = reducer.RolloutID(s.text())
		return eventSuccessor
	case "operator":
		ev.Operator = s.text()
		return eventOperator
	case "reason":
		ev.Reason = s.text()
		return eventReason
	}
	return 0
}

// The members of plan actions.
const (
	planAction members = 1 << iota
	planHost
	planRollout
	planClosure
	planSoakDueAt
	planAttempt
	planRolloutID
	planChannel
	planTargetRef
	planHosts
)

// planMembers are the members of each plan action. Only a dispatch that is sent again has an
// attempt.
var planMembers = [ActionCount]members{
	OpenRollout:   planAction | planRolloutID | planChannel | planTargetRef | planHosts,
	QueueDispatch: planAction | planHost | planRollout | planClosure | planSoakDueAt,
}

func (s *scanner) plan(p *PlanAction) {
	all := s.object(func(name []byte) members {
		switch string(name) {
		case "action":
			p.Action = word(s, parseAction)
			return planAction
		case "host":
			s.must(`"`)
			p.Host = s.hostID()
			return planHost
		case "rollout":
			s.must(`"`)
			p.Rollout = s.rolloutID()
			return planRollout
		case "target_closure":
			p.Closure = reducer.ClosureHash(s.text())
			return planClosure
		case "soak_due_at":
			p.SoakDueAt = s.moment()
			return planSoakDueAt
		case "attempt":
			p.Attempt = int(s.uint(math.MaxInt32))
			s.bad = s.bad || p.Attempt <= 1
			return planAttempt
		case "rollout_id":
			s.must(`"`)
			p.Rollout = s.rolloutID()
			return planRolloutID
		case "channel":
			p.Channel = reducer.ChannelID(s.text())
			return planChannel
		case "target_ref":
			p.TargetRef = reducer.ChannelRef(s.text())
			return planTargetRef
		case "hosts":
			p.Hosts = s.hosts()
			return planHosts
		}
		return 0
	})
	if p.Action == QueueDispatch {
		all &^= planAttempt
		p.Attempt = max(p.Attempt, 1)
	}
	s.bad = s.bad || all != planMembers[p.Action]
}

// hosts reads a list of hosts.
func (s *scanner) hosts() []reducer.HostID {
	var all []reducer.HostID
	s.must(`[`)
	for n := 0; !s.bad && !s.lit(`]`); n++ {
		if n > 0 {
			s.must(`,`)
		}
		all = append(all, reducer.HostID(s.text()))
	}
	return all
}
