package trace

import (
	"math"

	"rollsim/reducer"
)

// The fast path reads lines in the exact form in which the control plane and Writer write them:
// members in order, none missing and none added, no spaces, no escapes. It leaves any other form to
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
		g := place(&st.gates)
		s.must(`{"gate":"`)
		g.Gate = s.again(&s.d.lastGate)
		s.must(`,"reason":"`)
		g.Reason = s.again(&s.d.lastReason)
		s.must(`,"host":"`)
		g.Host = s.hostID()
		s.must(`,"rollout":"`)
		g.Rollout = s.rolloutID()
		e.Gate = g
	case KindRolloutEvent:
		e.Event = place(&st.events)
		s.event(e.Event)
	case KindEffect:
		s.must(`{"effect":"`)
		s.effect(e, s.bytes())
	case KindAgentEvent:
		e.Agent = place(&st.agents)
		s.agent(e.Agent)
	case KindPlanAction:
		e.Plan = place(&st.plans)
		s.plan(e.Plan)
	case KindManifestPoll:
		e.Poll = place(&st.polls)
		s.must(`{"channel":"`)
		e.Poll.Channel = reducer.ChannelID(s.string())
		s.must(`,"outcome":"`)
		e.Poll.Outcome = s.string()
		s.must(`,"channel_ref":`)
		e.Poll.Ref = reducer.ChannelRef(s.stringOrNull())
	case KindVerifyOutcome, KindFault, KindRejection, KindHeader, KindEnd, KindOther, kindEnd:
		return false
	}
	s.must(`}`)
	return !s.bad
}

func (s *scanner) event(ev *reducer.Event) {
	s.must(`{"kind":"`)
	kind, known := reducer.ParseEventKind(string(s.bytes()))
	if !known {
		s.bad = true
		return
	}
	ev.Kind = kind
	if kind == reducer.SuccessorOpened {
		s.must(`,"supersededRolloutId":"`)
	} else {
		s.must(`,"rolloutId":"`)
	}
	ev.Rollout = s.rolloutID()
	switch kind {
	case reducer.RolloutOpened:
		s.must(`,"channel":"`)
		ev.Channel = reducer.ChannelID(s.string())
		s.must(`,"targetRef":"`)
		ev.TargetRef = reducer.ChannelRef(s.string())
	case reducer.HostJoined:
		s.must(`,"hostId":"`)
		ev.Host = reducer.HostID(s.string())
		s.must(`,"wave":`)
		ev.Wave = uint32(s.uint(math.MaxUint32))
	case reducer.HostStateChanged:
		s.must(`,"hostId":"`)
		ev.Host = reducer.HostID(s.string())
		ev.From, ev.To = s.hostMove()
	case reducer.WaveAdvanced:
		s.must(`,"fromWave":`)
		ev.FromWave = uint32(s.uint(math.MaxUint32))
		s.must(`,"toWave":`)
		ev.ToWave = uint32(s.uint(math.MaxUint32))
	case reducer.SuccessorOpened:
		s.must(`,"successorRolloutId":"`)
		ev.Successor = reducer.RolloutID(s.string())
	case reducer.OperatorClearance:
		s.must(`,"operator":"`)
		ev.Operator = s.string()
		s.must(`,"reason":"`)
		ev.Reason = s.string()
	case reducer.RolloutTerminal, reducer.RetentionExpired:
	}
	ev.At = s.timeOf(`,"at":"`)
}

// timeOf reads a time that follows the given text.
func (s *scanner) timeOf(before string) reducer.Time {
	s.must(before)
	return s.time()
}

// hostMove reads the states that a host moves from and to.
func (s *scanner) hostMove() (from, to reducer.HostState) {
	s.must(`,"from":"`)
	from, known := reducer.ParseHostState(string(s.bytes()))
	s.must(`,"to":"`)
	to, also := reducer.ParseHostState(string(s.bytes()))
	s.bad = s.bad || !known || !also
	return from, to
}

// order reads an action of an operator, and reports whether the effect is one.
func (s *scanner) order(e *Entry, name []byte) bool {
	switch string(name) {
	case RemotePauseDispatch, RemoteResumeDispatch:
		h := place(&s.d.store.hostEffects)
		h.Effect = s.d.recent(name)
		s.must(`,"channel":"`)
		h.Channel = reducer.ChannelID(s.string())
		e.HostEffect = h
		return true
	case RemoteAbortRollout:
		h := place(&s.d.store.hostEffects)
		h.Effect = RemoteAbortRollout
		s.must(`,"rollout_id":"`)
		h.Rollout = s.rolloutID()
		e.HostEffect = h
		return true
	}
	return false
}

func (s *scanner) effect(e *Entry, name []byte) {
	switch string(name) {
	case RecordTransition:
		h := place(&s.d.store.hostEffects)
		h.Effect = RecordTransition
		s.must(`,"host":"`)
		h.Host = s.hostID()
		s.must(`,"rollout_id":"`)
		h.Rollout = s.rolloutID()
		h.From, h.To = s.hostMove()
		h.At = s.timeOf(`,"at":"`)
		e.HostEffect = h
		return
	case RemoteInsertQuarantine, RemoteRemoveQuarantine:
		h := place(&s.d.store.hostEffects)
		h.Effect = s.d.recent(name)
		s.must(`,"channel":"`)
		h.Channel = reducer.ChannelID(s.string())
		s.must(`,"closure":"`)
		h.Closure = reducer.ClosureHash(s.string())
		e.HostEffect = h
		return
	}
	if s.order(e, name) {
		return
	}
	f := place(&s.d.store.effects)
	e.Effect = f
	kind, known := reducer.ParseEffectKind(string(name))
	if !known {
		s.bad = true
		return
	}
	f.Kind = kind
	if kind == reducer.InsertQuarantineFromRollout {
		s.must(`,"channel":"`)
		f.Channel = reducer.ChannelID(s.string())
		s.must(`,"closureHash":"`)
		f.Closure = reducer.ClosureHash(s.string())
		return
	}
	s.must(`,"rolloutId":"`)
	f.Rollout = s.rolloutID()
	switch kind {
	case reducer.RecordRolloutTransition:
		s.must(`,"from":"`)
		from, known := reducer.ParseState(string(s.bytes()))
		s.must(`,"to":"`)
		to, also := reducer.ParseState(string(s.bytes()))
		s.bad = s.bad || !known || !also
		f.From, f.To = from, to
		f.At = s.timeOf(`,"at":"`)
	case reducer.UpdateCurrentWave:
		s.must(`,"wave":`)
		f.Wave = uint32(s.uint(math.MaxUint32))
	case reducer.SchedulePruning:
		s.must(`,"delaySeconds":`)
		f.DelaySeconds = int64(s.uint(math.MaxInt64))
	case reducer.InsertQuarantineFromRollout:
	}
}

func (s *scanner) agent(a *AgentEvent) {
	s.must(`{"kind":"`)
	kind, known := reducer.ParseAgentEventKind(string(s.bytes()))
	if !known {
		s.bad = true
		return
	}
	a.Kind = kind
	probe := func() {
		s.must(`,"probeName":"`)
		a.Probe = s.string()
		s.must(`,"mode":"` + probeMode + `"`)
	}
	switch kind {
	case reducer.DispatchAck:
		s.must(`,"currentClosureAtDispatch":`)
		a.Closure = reducer.ClosureHash(s.stringOrNull())
		a.At = s.timeOf(`,"receivedAt":"`)
	case reducer.ActivationStarted:
		a.At = s.timeOf(`,"startedAt":"`)
		s.must(`,"switchMethod":"` + switchMethod + `"`)
	case reducer.ActivationCompleted:
		s.must(`,"observedCurrentClosure":"`)
		a.Closure = reducer.ClosureHash(s.string())
		s.must(`,"exitCode":`)
		a.ExitCode = s.int()
		a.At = s.timeOf(`,"completedAt":"`)
	case reducer.ActivationDeferred:
		s.must(`,"component":"`)
		a.Component = s.string()
		a.At = s.timeOf(`,"deferredAt":"`)
	case reducer.ActivationFailed:
		s.must(`,"exitCode":`)
		a.ExitCode = s.int()
		s.must(`,"stderrTail":"`)
		a.Message = s.string()
		a.At = s.timeOf(`,"failedAt":"`)
	case reducer.ProbeTopologyDeclared:
		s.must(`,"probes":[{"probeName":"`)
		a.Probe = s.string()
		s.must(`,"kind":"` + probeKind + `","mode":"` + probeMode + `"}]`)
		a.At = s.timeOf(`,"declaredAt":"`)
	case reducer.ProbeObservedFirst:
		probe()
		a.At = s.timeOf(`,"observedAt":"`)
	case reducer.ProbeResult:
		probe()
		a.Passed = s.lit(`,"status":"` + statusPass + `"`)
		if !a.Passed {
			s.must(`,"status":"` + statusFail + `"`)
		}
		a.At = s.timeOf(`,"observedAt":"`)
		s.must(`,"failureReason":`)
		a.Message = s.stringOrNull()
		s.must(`,"subResults":null`)
	case reducer.ProbeFailureFirst:
		probe()
		a.At = s.timeOf(`,"firstFailedAt":"`)
	case reducer.ProbesFailed:
		a.At = s.timeOf(`,"failedAt":"`)
		s.must(`,"sustainedDurationSecs":60,"failingProbes":["`)
		a.Probe = s.string()
		s.must(`],"policyApplied":"`)
		policy, known := reducer.ParseHealthPolicy(string(s.bytes()))
		s.bad = s.bad || !known
		a.Policy = policy
	case reducer.RollbackComplete:
		s.must(`,"revertedToClosure":"`)
		a.Closure = reducer.ClosureHash(s.string())
		s.must(`,"exitCode":`)
		a.ExitCode = s.int()
		a.At = s.timeOf(`,"completedAt":"`)
	case reducer.ProbesPassed:
		a.At = s.timeOf(`,"convergedAt":"`)
		s.must(`,"currentClosure":"`)
		a.Closure = reducer.ClosureHash(s.string())
	}
	s.must(`,"seq":`)
	a.Seq = s.uint(math.MaxUint64)
}

func (s *scanner) plan(p *PlanAction) {
	switch {
	case s.lit(`{"action":"QueueDispatch","host":"`):
		p.Action, p.Attempt = QueueDispatch, 1
		p.Host = s.hostID()
		s.must(`,"rollout":"`)
		p.Rollout = s.rolloutID()
		s.must(`,"target_closure":"`)
		p.Closure = reducer.ClosureHash(s.string())
		p.SoakDueAt = s.timeOf(`,"soak_due_at":"`)
		if s.lit(`,"attempt":`) {
			p.Attempt = int(s.uint(math.MaxInt32))
			s.bad = s.bad || p.Attempt <= 1
		}
	case s.lit(`{"action":"OpenRollout","rollout_id":"`):
		p.Action = OpenRollout
		p.Rollout = s.rolloutID()
		s.must(`,"channel":"`)
		p.Channel = reducer.ChannelID(s.string())
		s.must(`,"target_ref":"`)
		p.TargetRef = reducer.ChannelRef(s.string())
		s.must(`,"hosts":[`)
		for n := 0; !s.bad && !s.lit(`]`); n++ {
			if n > 0 {
				s.must(`,`)
			}
			s.must(`"`)
			p.Hosts = append(p.Hosts, reducer.HostID(s.string()))
		}
	default:
		s.bad = true
	}
}
