package trace

import (
	"encoding/binary"
	"math"
	"math/bits"

	"rollsim/reducer"
)

// The fast path reads the lines that the control plane and Writer write: members in their order, no
// spaces, no escapes, no member more or less. Whatever is spelt otherwise it leaves to the strict
// decoder, which gives the same for what both read; a fuzz test holds the two against each other.

// fast reads a line into e; false when it is not spelt as it is usually.
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
		s.rollout = e.Rollout // a document's may be anything
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

// fastRow reads a row's payload into e, whose other fields are set; false when it is not spelt as
// it is usually.
func (d *decoder) fastRow(r *Row, e *Entry) bool {
	if !plain(r.Host) || !plain(r.Rollout) {
		return false
	}
	s := scanner{b: r.Payload, d: d, host: e.Host, rollout: e.Rollout, at: e.At, clock: r.TS}
	return s.payload(e) && s.i == len(r.Payload) && !s.bad
}

// plain tells whether a text stands in JSON as it is: printable ASCII without quotes and
// backslashes.
func plain(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c >= 0x80 || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// scanner goes through a line. What it reads after bad was set means nothing.
type scanner struct {
	b   []byte
	i   int
	bad bool
	d   *decoder

	// What the entry says before its payload, which mostly says it again.
	host    reducer.HostID
	rollout reducer.RolloutID
	at      reducer.Time
	clock   []byte // the text of at
}

// lit passes over a text; false when it is not what comes next.
func (s *scanner) lit(text string) bool {
	end := s.i + len(text)
	if end > len(s.b) || string(s.b[s.i:end]) != text {
		return false
	}
	s.i = end
	return true
}

// must passes over a text that has to come next.
func (s *scanner) must(text string) {
	if !s.lit(text) {
		s.bad = true
	}
}

const (
	eachByte = 0x0101010101010101
	highBits = 0x8080808080808080
)

// bytes reads the rest of a string whose opening quote was passed over. Only strings that say what
// they are without any unquoting are taken: printable ASCII.
func (s *scanner) bytes() []byte {
	from := s.i
	for i := s.i; i+8 <= len(s.b); i += 8 {
		w := binary.LittleEndian.Uint64(s.b[i:])
		quote, escape := w^('"'*eachByte), w^('\\'*eachByte)
		// The lowest byte that is marked is one of: '"', '\', below ' ', above '~'.
		stop := (quote-eachByte)&^quote | (escape-eachByte)&^escape | (w-' '*eachByte)&^w | w
		if stop &= highBits; stop != 0 {
			i += bits.TrailingZeros64(stop) / 8
			s.i = i + 1
			if s.b[i] != '"' {
				s.bad = true
			}
			return s.b[from:i]
		}
		s.i = i + 8
	}
	for ; s.i < len(s.b); s.i++ {
		switch c := s.b[s.i]; {
		case c == '"':
			s.i++
			return s.b[from : s.i-1]
		case c == '\\' || c < ' ' || c >= 0x80:
			s.bad = true
			return nil
		}
	}
	s.bad = true
	return nil
}

// string reads the rest of a string.
func (s *scanner) string() string { return s.d.recent(s.bytes()) }

func (s *scanner) stringOrNull() string {
	if s.lit("null") {
		return ""
	}
	s.must(`"`)
	return s.string()
}

// same passes over the rest of a string that is likely known.
func same[S ~string | ~[]byte](s *scanner, known S) bool {
	end := s.i + len(known)
	if end >= len(s.b) || s.b[end] != '"' || string(s.b[s.i:end]) != string(known) {
		return false
	}
	s.i = end + 1
	return true
}

// hostID reads the rest of a host's name.
func (s *scanner) hostID() reducer.HostID {
	if s.host != "" && same(s, s.host) {
		return s.host
	}
	return reducer.HostID(s.string())
}

// rolloutID reads the rest of a rollout's id.
func (s *scanner) rolloutID() reducer.RolloutID {
	if s.rollout != "" && same(s, s.rollout) {
		return s.rollout
	}
	return reducer.RolloutID(s.string())
}

func (s *scanner) rolloutOrNull() reducer.RolloutID {
	if s.lit("null") {
		return ""
	}
	s.must(`"`)
	return reducer.RolloutID(s.again(&s.d.lastRollout))
}

// again reads the rest of a string that is likely the same as the last time.
func (s *scanner) again(last *string) string {
	if *last == "" || !same(s, *last) {
		*last = s.string()
	}
	return *last
}

func (s *scanner) uint(most uint64) uint64 {
	from := s.i
	var n uint64
	for s.i < len(s.b) && s.b[s.i]-'0' <= 9 {
		n = n*10 + uint64(s.b[s.i]-'0')
		s.i++
	}
	digits := s.i - from
	if digits == 0 || digits > 18 || digits > 1 && s.b[from] == '0' || n > most {
		s.bad = true
	}
	return n
}

func (s *scanner) int() int64 {
	if s.lit("-") {
		n := int64(s.uint(math.MaxInt64))
		s.bad = s.bad || n == 0 // -0 is left to the strict decoder
		return -n
	}
	return int64(s.uint(math.MaxInt64))
}

// hourText is as much of a time as names its hour.
const hourText = len("2026-05-16T01:")

// time reads the rest of a time.
func (s *scanner) time() reducer.Time {
	if s.clock != nil && same(s, s.clock) {
		return s.at
	}
	from := s.i
	t, ok := s.usualTime()
	if ok = ok && s.lit(`"`); !ok {
		s.i = from
		text := s.bytes()
		if s.bad {
			return 0
		}
		parsed, err := ParseTime(text)
		if err != nil {
			s.bad = true
			return 0
		}
		s.d.rememberHour(text, parsed)
		t = parsed
	}
	if s.clock == nil {
		s.at, s.clock = t, s.b[from:s.i-1]
	}
	return t
}

// column reads a column that holds a time and nothing else; false when it is none of the usual
// ones.
func (s *scanner) column() (reducer.Time, bool) {
	t, ok := s.usualTime()
	return t, ok && s.i == len(s.b)
}

// usualTime reads a time in UTC within the hour of the last one.
func (s *scanner) usualTime() (reducer.Time, bool) {
	b := s.b[s.i:]
	if len(b) < len(`2026-05-16T01:00:00Z`) || string(b[:hourText]) != string(s.d.hour[:]) ||
		b[16] != ':' {
		return 0, false
	}
	m1, m2, s1, s2 := b[14]-'0', b[15]-'0', b[17]-'0', b[18]-'0'
	if m1 > 5 || m2 > 9 || s1 > 5 || s2 > 9 {
		return 0, false
	}
	nanos := int64((int(m1)*10+int(m2))*60+int(s1)*10+int(s2)) * nanosPerSecond
	i := 19
	if b[i] == '.' {
		i++
		digits, fraction := 0, int64(0)
		for digits < 9 && i < len(b) && b[i]-'0' <= 9 {
			fraction = fraction*10 + int64(b[i]-'0')
			digits++
			i++
		}
		if digits == 0 {
			return 0, false
		}
		nanos += fraction * tenTo[9-digits]
	}
	switch rest := b[i:]; {
	case len(rest) > 0 && rest[0] == 'Z':
		i++
	case len(rest) >= 6 && string(rest[:6]) == "+00:00":
		i += 6
	default:
		return 0, false
	}
	s.i += i
	return s.d.hourStart + reducer.Time(nanos), true
}

var tenTo = [...]int64{1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000}

// rememberHour keeps the hour of a time, if the times of that hour can be put together without
// looking at their range.
func (d *decoder) rememberHour(text []byte, t reducer.Time) {
	const hour = 3600 * nanosPerSecond
	utc := text[len(text)-1] == 'Z' || string(text[len(text)-6:]) == "+00:00"
	if utc && t >= 0 && t < math.MaxInt64-hour && string(text[17:19]) != "60" {
		d.hourStart = t - t%hour
		copy(d.hour[:], text)
	}
}

// recent makes a string of b. Strings of a log come again and again: most are found where the last
// one like it was.
func (d *decoder) recent(b []byte) string {
	if len(b) > internLongest {
		return string(b)
	}
	h := uint64(len(b)) * 0x9e3779b97f4a7c15
	if len(b) >= 8 {
		h ^= binary.LittleEndian.Uint64(
			b,
		) ^ bits.RotateLeft64(
			binary.LittleEndian.Uint64(b[len(b)-8:]), 29,
		)
	} else {
		for _, c := range b {
			h = h<<8 ^ uint64(c)
		}
	}
	h *= 0x9e3779b97f4a7c15
	if d.latest == nil {
		d.latest = new([1 << latestBits]string)
	}
	slot := &d.latest[h>>(64-latestBits)]
	if *slot != string(b) {
		*slot = d.p.intern(b)
	}
	return *slot
}

const latestBits = 11

// payload reads a payload; false when it is not spelt as usual.
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

// timeOf reads a time after what stands before it.
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
