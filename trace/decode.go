package trace

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"rollsim/reducer"
)

// DecodeEvent reads a rollout event in either spelling: flat camelCase with kind, or externally
// tagged snake_case. The error says what was expected. Unknown fields are passed over.
func DecodeEvent(payload []byte) (reducer.Event, error) {
	return decodeOne(payload, "rollout event", (*decoder).event)
}

// DecodeEffect reads an effect of the rollout machine in either spelling. The error says what was
// expected.
func DecodeEffect(payload []byte) (reducer.Effect, error) {
	return decodeOne(payload, "effect", (*decoder).effect)
}

// DecodeRecord reads a record as AppendRecord writes it. The error says what was expected.
func DecodeRecord(data []byte) (reducer.Record, error) {
	return decodeOne(data, "record", (*decoder).record)
}

func decodeOne[T any](data []byte, what string, decode func(*decoder, *T) bool) (T, error) {
	var v T
	d := newDecoder()
	if err := d.p.parse(data, &d.payload, nil); err != nil {
		return v, err
	}
	known := decode(d, &v)
	if d.payload.problem != "" {
		return v, fmt.Errorf("%s: %s", what, d.payload.problem)
	}
	if !known {
		return v, fmt.Errorf("expected a known %s, found %s", what, clip(data))
	}
	return v, nil
}

// store is where what entries point to lives. A pointer into it is good until the store is reset.
type store struct {
	events      []reducer.Event
	effects     []reducer.Effect
	hostEffects []HostEffect
	agents      []AgentEvent
	plans       []PlanAction
	gates       []GateDecision
	polls       []ManifestPoll
	faults      []Fault
	rejections  []Rejection
	ends        []End
}

func (s *store) reset() {
	s.events, s.effects, s.hostEffects = s.events[:0], s.effects[:0], s.hostEffects[:0]
	s.agents, s.plans, s.gates, s.polls = s.agents[:0], s.plans[:0], s.gates[:0], s.polls[:0]
	s.faults, s.rejections, s.ends = s.faults[:0], s.rejections[:0], s.ends[:0]
}

// place appends a zero value and gives it to be filled in.
func place[T any](list *[]T) *T {
	var zero T
	*list = append(*list, zero)
	return &(*list)[len(*list)-1]
}

// decoder turns lines, rows and members of documents into entries. What an entry points to lives in
// the store.
type decoder struct {
	store        *store
	p            parser
	top, payload object
	inner        object // the object within a tagged payload

	document reducer.RolloutID // of entries that do not name a rollout themselves
	current  Row               // the one that is being read
	sum      []byte            // of the last line, as it stands; nil when it has none
	passed   Passed

	// What the fast path expects to meet again.
	latest      *[1 << latestBits]string
	lastRollout string
	lastGate    string
	lastReason  string
	hour        [hourText]byte
	hourStart   reducer.Time
}

func newDecoder() *decoder { return &decoder{store: new(store)} }

// Passed counts what a Reader did not know, kept and passed over.
type Passed struct {
	Kinds    uint64 // entries of unknown kinds
	Payloads uint64 // payloads of unknown kinds in entries of known ones
	Fields   uint64
}

func (p *Passed) add(q Passed) {
	p.Kinds += q.Kinds
	p.Payloads += q.Payloads
	p.Fields += q.Fields
}

// entry reads one line, or one entry of a rollout document, into e. The error says what was
// expected; e.Seq is set where that much could be read.
func (d *decoder) entry(line []byte, e *Entry) error {
	*e = Entry{}
	if err := d.p.parse(line, &d.top, &d.payload); err != nil {
		return err
	}
	o := &d.top
	e.Seq = o.uint("seq", math.MaxUint64)
	e.At = o.time("ts")
	kind := o.bytes("kind", "a string")
	e.Kind = parseKind(kind)
	e.Host = reducer.HostID(o.stringOrNull("host"))
	e.Rollout = reducer.RolloutID(o.stringOrNull("rollout"))
	if e.Rollout == "" {
		e.Rollout = d.document
	}
	payload := o.get("payload")
	d.sum = o.get("sum")
	if o.problem == "" {
		d.typed(e, kind, payload)
	}
	if o.problem != "" {
		return errors.New(o.problem)
	}
	d.passed.Fields += o.unused()
	return nil
}

// row reads a row of an event_log into e. The error says what was expected.
func (d *decoder) row(r *Row, e *Entry) error {
	*e = Entry{}
	d.sum = nil
	if r.Seq < 0 {
		return fmt.Errorf("seq: expected an integer from 0, found %d", r.Seq)
	}
	e.Seq = uint64(r.Seq)
	for _, c := range []struct {
		name string
		text []byte
	}{{"ts", r.TS}, {"kind", r.Kind}, {"payload", r.Payload}} {
		if c.text == nil {
			return fmt.Errorf("%s: expected text, found NULL", c.name)
		}
	}
	s := scanner{b: r.TS, d: d}
	if t, ok := s.column(); ok {
		e.At = t
	} else {
		t, err := ParseTime(r.TS)
		if err != nil {
			return fmt.Errorf("ts: %w", err)
		}
		d.rememberHour(r.TS, t)
		e.At = t
	}
	e.Kind = parseKind(r.Kind)
	e.Host = reducer.HostID(d.recent(r.Host))
	e.Rollout = reducer.RolloutID(d.recent(r.Rollout))
	if d.fastRow(r, e) {
		return nil
	}
	return d.strictRow(r, e)
}

// strictRow reads the columns that hold words, and the payload.
func (d *decoder) strictRow(r *Row, e *Entry) error {
	e.Event, e.Effect, e.HostEffect, e.Agent, e.Plan, e.Gate, e.Poll = nil, nil, nil, nil, nil, nil, nil
	for _, c := range []struct {
		name string
		text []byte
	}{{"kind", r.Kind}, {"host_id", r.Host}, {"rollout_id", r.Rollout}} {
		if !utf8.Valid(c.text) {
			return fmt.Errorf("%s: expected UTF-8, found %q", c.name, clip(c.text))
		}
	}
	payload := bytes.TrimSpace(r.Payload)
	d.top = object{p: &d.p, members: d.top.members[:0]}
	if e.Kind == KindOther || e.Kind == KindVerifyOutcome {
		if !jsontext.Value(payload).IsValid() {
			return fmt.Errorf("payload: expected JSON, found %s", clip(payload))
		}
	} else if err := d.p.parse(payload, &d.payload, nil); err != nil {
		return fmt.Errorf("payload: %w", err)
	}
	d.payload.path = "payload."
	d.typed(e, r.Kind, payload)
	if d.top.problem != "" {
		return errors.New(d.top.problem)
	}
	return nil
}

// typed reads the payload into what the entry's kind says that it is, or leaves it raw. Its members
// are in d.payload.
func (d *decoder) typed(e *Entry, kind, payload []byte) {
	if e.Kind == KindOther || e.Kind == KindVerifyOutcome {
		if e.Kind == KindOther {
			e.Other = d.p.intern(kind)
			d.passed.Kinds++
		}
		if e.Raw = payload; payload == nil {
			e.Raw = []byte("null")
		}
		return
	}
	if payload == nil || payload[0] != '{' {
		d.top.fail("payload", "an object", payload)
		return
	}
	o := &d.payload
	if !d.known(e, o) && o.problem == "" {
		d.passed.Payloads++
		e.Raw = payload
		return
	}
	if o.problem != "" {
		d.top.problem = o.problem
		return
	}
	extra := o.unused()
	d.passed.Fields += extra
	if o.inexact || extra > 0 {
		e.Raw = payload
	}
}

// known reads the payload of an entry of a known kind; false when the payload's own kind is none
// that is known.
func (d *decoder) known(e *Entry, o *object) bool {
	switch e.Kind {
	case KindRolloutEvent:
		if ev := place(&d.store.events); d.event(ev) {
			e.Event = ev
		}
		return e.Event != nil
	case KindEffect:
		if effect := place(&d.store.effects); d.effect(effect) {
			e.Effect = effect
		} else if o.problem == "" {
			e.HostEffect = d.hostEffect(o)
		}
		return e.Effect != nil || e.HostEffect != nil
	case KindAgentEvent:
		e.Agent = d.agent(o)
		return e.Agent != nil
	case KindPlanAction:
		e.Plan = d.plan(o)
		return e.Plan != nil
	case KindGateDecision:
		o.lenient = true
		e.Gate = place(&d.store.gates)
		*e.Gate = GateDecision{
			Gate:    o.string("gate"),
			Reason:  o.string("reason"),
			Host:    reducer.HostID(o.string("host")),
			Rollout: reducer.RolloutID(o.string("rollout")),
		}
	case KindManifestPoll:
		o.lenient = true
		e.Poll = place(&d.store.polls)
		*e.Poll = ManifestPoll{
			Channel: reducer.ChannelID(o.string("channel")),
			Outcome: o.string("outcome"),
			Ref:     reducer.ChannelRef(o.stringOrNull("channel_ref")),
		}
	case KindFault:
		e.Fault = place(&d.store.faults)
		*e.Fault = Fault{
			Fault:   o.string("fault"),
			Host:    reducer.HostID(o.stringOrNull("host")),
			Rollout: reducer.RolloutID(o.stringOrNull("rolloutId")),
			Channel: reducer.ChannelID(o.stringOrNull("channel")),
			Seq:     o.uint("seq", math.MaxUint64),
			Millis:  o.int("millis", math.MinInt64),
		}
	case KindRejection:
		e.Rejection = place(&d.store.rejections)
		*e.Rejection = Rejection{
			Error:   o.string("error"),
			Event:   enum(o, "event", "a rollout event", reducer.ParseEventKind, reducer.EventKinds),
			Rollout: reducer.RolloutID(o.string("rolloutId")),
		}
		if v := o.get("from"); v == nil || v[0] != 'n' {
			e.Rejection.From = enum(o, "from", "a rollout state", reducer.ParseState, reducer.States)
		}
		e.Rejection.Message = o.string("message")
	case KindHeader:
		e.Header = header(o)
	case KindEnd:
		e.End = place(&d.store.ends)
		*e.End = End{Entries: o.uint("entries", math.MaxUint64), Digest: o.string("digest")}
	case KindVerifyOutcome, KindOther, kindEnd:
	}
	return true
}

// tagged gives the tag and the fields of an externally tagged payload; false when it is none.
func (d *decoder) tagged() (tag string, inner *object, ok bool) {
	o := &d.payload
	if len(o.members) != 1 || o.members[0].value[0] != '{' {
		return "", nil, false
	}
	m := &o.members[0]
	m.used = true
	if err := d.p.parse(m.value, &d.inner, nil); err != nil {
		o.problem = err.Error()
	}
	d.inner.path = o.path + string(m.name) + "."
	return d.p.intern(m.name), &d.inner, true
}

// closeTagged hands on what was found in a tagged payload's fields.
func (d *decoder) closeTagged() {
	o := &d.payload
	if o.problem == "" {
		o.problem = d.inner.problem
	}
	extra := d.inner.unused()
	d.passed.Fields += extra
	o.inexact = extra > 0
}

// event reads a rollout event; false when its kind is not known.
func (d *decoder) event(ev *reducer.Event) bool {
	*ev = reducer.Event{}
	o, is := &d.payload, &camelCase
	var name string
	if o.has("kind") {
		name = o.string("kind")
	} else {
		tag, inner, ok := d.tagged()
		if !ok {
			o.fail("kind", "the name of a rollout event", nil)
			return false
		}
		name, o, is = tag, inner, &snakeCase
		defer d.closeTagged()
	}
	kind, ok := reducer.ParseEventKind(name)
	if !ok {
		return false
	}
	ev.Kind = kind
	if kind == reducer.SuccessorOpened {
		ev.Rollout = reducer.RolloutID(o.string(is.superseded))
		ev.Successor = reducer.RolloutID(o.string(is.successor))
	} else {
		ev.Rollout = reducer.RolloutID(o.string(is.rollout))
	}
	switch kind {
	case reducer.RolloutOpened:
		ev.Channel = reducer.ChannelID(o.string(is.channel))
		ev.TargetRef = reducer.ChannelRef(o.string(is.targetRef))
	case reducer.HostJoined:
		ev.Host = reducer.HostID(o.string(is.host))
		ev.Wave = uint32(o.uint(is.wave, math.MaxUint32))
	case reducer.HostStateChanged:
		ev.Host = reducer.HostID(o.string(is.host))
		ev.From = enum(o, is.from, "a host state", reducer.ParseHostState, reducer.HostStates)
		ev.To = enum(o, is.to, "a host state", reducer.ParseHostState, reducer.HostStates)
	case reducer.WaveAdvanced:
		ev.FromWave = uint32(o.uint(is.fromWave, math.MaxUint32))
		ev.ToWave = uint32(o.uint(is.toWave, math.MaxUint32))
	case reducer.OperatorClearance:
		ev.Operator = o.string(is.operator)
		ev.Reason = o.string(is.reason)
	case reducer.RolloutTerminal, reducer.SuccessorOpened, reducer.RetentionExpired:
	}
	ev.At = o.time(is.at)
	return true
}

// effect reads an effect of the rollout machine; false when it is none that is known.
func (d *decoder) effect(e *reducer.Effect) bool {
	*e = reducer.Effect{}
	o, is := &d.payload, &camelCase
	var name string
	if o.has("effect") {
		name = o.string("effect")
	} else {
		tag, inner, ok := d.tagged()
		if !ok {
			o.fail("effect", "the name of an effect", nil)
			return false
		}
		name, o, is = tag, inner, &snakeCase
		defer d.closeTagged()
	}
	kind, ok := reducer.ParseEffectKind(name)
	if !ok {
		return false
	}
	e.Kind = kind
	switch kind {
	case reducer.RecordRolloutTransition:
		e.Rollout = reducer.RolloutID(o.string(is.rollout))
		e.From = enum(o, is.from, "a rollout state", reducer.ParseState, reducer.States)
		e.To = enum(o, is.to, "a rollout state", reducer.ParseState, reducer.States)
		e.At = o.time(is.at)
	case reducer.UpdateCurrentWave:
		e.Rollout = reducer.RolloutID(o.string(is.rollout))
		e.Wave = uint32(o.uint(is.wave, math.MaxUint32))
	case reducer.InsertQuarantineFromRollout:
		e.Channel = reducer.ChannelID(o.string(is.channel))
		e.Closure = reducer.ClosureHash(o.string(is.closure))
	case reducer.SchedulePruning:
		e.Rollout = reducer.RolloutID(o.string(is.rollout))
		e.DelaySeconds = o.int(is.delaySeconds, 0)
	}
	return true
}

// record reads a record in snake_case.
func (d *decoder) record(r *reducer.Record) bool {
	o, is := &d.payload, &snakeCase
	*r = reducer.Record{
		RolloutID:   reducer.RolloutID(o.string(is.rollout)),
		Channel:     reducer.ChannelID(o.string(is.channel)),
		TargetRef:   reducer.ChannelRef(o.string(is.targetRef)),
		State:       enum(o, is.state, "a rollout state", reducer.ParseState, reducer.States),
		CurrentWave: uint32(o.uint(is.currentWave, math.MaxUint32)),
		OpenedAt:    o.time(is.openedAt),

		OpenedEventLogSeq:         optional(o, is.openedSeq, logSeq),
		LastTransitionEventLogSeq: optional(o, is.transitionSeq, logSeq),
		TerminalAt:                optional(o, is.terminalAt, (*object).time),
		SupersededAt:              optional(o, is.supersededAt, (*object).time),
	}
	return true
}

func logSeq(o *object, name string) int64 { return o.int(name, math.MinInt64) }

// optional reads a value that is null or missing when it is absent.
func optional[T comparable](o *object, name string, read func(*object, string) T) reducer.Opt[T] {
	if v := o.get(name); v == nil || v[0] == 'n' {
		return reducer.Opt[T]{}
	}
	return reducer.Some(read(o, name))
}

// hostEffect reads an effect of the host machine; nil when it is none that is known.
func (d *decoder) hostEffect(o *object) *HostEffect {
	if !o.has("effect") {
		return nil
	}
	switch name := o.string("effect"); name {
	case RecordTransition:
		e := place(&d.store.hostEffects)
		*e = HostEffect{
			Effect:  name,
			Host:    reducer.HostID(o.string("host")),
			Rollout: reducer.RolloutID(o.string("rollout_id")),
			From:    enum(o, "from", "a host state", reducer.ParseHostState, reducer.HostStates),
			To:      enum(o, "to", "a host state", reducer.ParseHostState, reducer.HostStates),
			At:      o.time("at"),
		}
		return e
	case RemoteInsertQuarantine, RemoteRemoveQuarantine:
		e := place(&d.store.hostEffects)
		*e = HostEffect{
			Effect:  name,
			Channel: reducer.ChannelID(o.string("channel")),
			Closure: reducer.ClosureHash(o.string("closure")),
		}
		return e
	}
	return nil
}

// agent reads an agent event; nil when its kind is not known.
func (d *decoder) agent(o *object) *AgentEvent {
	kind, ok := reducer.ParseAgentEventKind(o.string("kind"))
	if !ok {
		return nil
	}
	a := place(&d.store.agents)
	a.Kind = kind
	o.lenient = true
	closure := func(name string) { a.Closure = reducer.ClosureHash(o.string(name)) }
	probe := func() {
		a.Probe = o.string("probeName")
		o.constant("mode", `"`+probeMode+`"`)
	}
	switch kind {
	case reducer.DispatchAck:
		a.Closure = reducer.ClosureHash(o.stringOrNull("currentClosureAtDispatch"))
		a.At = o.time("receivedAt")
	case reducer.ActivationStarted:
		a.At = o.time("startedAt")
		o.constant("switchMethod", `"`+switchMethod+`"`)
	case reducer.ActivationCompleted:
		closure("observedCurrentClosure")
		a.ExitCode = o.int("exitCode", math.MinInt64)
		a.At = o.time("completedAt")
	case reducer.ActivationDeferred:
		a.Component = o.string("component")
		a.At = o.time("deferredAt")
	case reducer.ActivationFailed:
		a.ExitCode = o.int("exitCode", math.MinInt64)
		a.Message = o.string("stderrTail")
		a.At = o.time("failedAt")
	case reducer.ProbeTopologyDeclared:
		n := 0
		o.objects("probes", func(p *object) {
			if n++; n == 1 {
				a.Probe = p.string("probeName")
				p.constant("kind", `"`+probeKind+`"`)
				p.constant("mode", `"`+probeMode+`"`)
			}
		})
		o.inexact = o.inexact || n != 1
		a.At = o.time("declaredAt")
	case reducer.ProbeObservedFirst:
		probe()
		a.At = o.time("observedAt")
	case reducer.ProbeResult:
		probe()
		status := o.string("status")
		a.Passed = status == statusPass
		o.inexact = o.inexact || !a.Passed && status != statusFail
		a.At = o.time("observedAt")
		a.Message = o.stringOrNull("failureReason")
		o.constant("subResults", "null")
	case reducer.ProbeFailureFirst:
		probe()
		a.At = o.time("firstFailedAt")
	case reducer.ProbesFailed:
		a.At = o.time("failedAt")
		o.inexact = o.inexact || o.int("sustainedDurationSecs", 0) != reducer.SustainedFailureSeconds
		failing := list[string](o, "failingProbes")
		if len(failing) > 0 {
			a.Probe = failing[0]
		}
		o.inexact = o.inexact || len(failing) != 1
		a.Policy = enum(
			o, "policyApplied", "a health policy", reducer.ParseHealthPolicy, reducer.HealthPolicies,
		)
	case reducer.RollbackComplete:
		closure("revertedToClosure")
		a.ExitCode = o.int("exitCode", math.MinInt64)
		a.At = o.time("completedAt")
	case reducer.ProbesPassed:
		a.At = o.time("convergedAt")
		closure("currentClosure")
	}
	a.Seq = o.uint("seq", math.MaxUint64)
	return a
}

// plan reads a plan action; nil when it is none that is known.
func (d *decoder) plan(o *object) *PlanAction {
	action := o.string("action")
	o.lenient = true
	switch action {
	case OpenRollout.String():
		p := place(&d.store.plans)
		*p = PlanAction{
			Action:    OpenRollout,
			Rollout:   reducer.RolloutID(o.string("rollout_id")),
			Channel:   reducer.ChannelID(o.string("channel")),
			TargetRef: reducer.ChannelRef(o.string("target_ref")),
			Hosts:     list[reducer.HostID](o, "hosts"),
		}
		return p
	case QueueDispatch.String():
		p := place(&d.store.plans)
		*p = PlanAction{
			Action:    QueueDispatch,
			Host:      reducer.HostID(o.string("host")),
			Rollout:   reducer.RolloutID(o.string("rollout")),
			Closure:   reducer.ClosureHash(o.string("target_closure")),
			SoakDueAt: o.time("soak_due_at"),
			Attempt:   1,
		}
		if o.has("attempt") {
			if n := int(o.uint("attempt", math.MaxInt32)); n > 1 {
				p.Attempt = n
			} else {
				o.inexact = true // a first attempt does not say so
			}
		}
		return p
	}
	return nil
}

func header(o *object) *Header {
	h := &Header{
		Format:   int(o.uint("format", math.MaxInt32)),
		Scenario: o.string("scenario"),
		Seed:     o.uint("seed", math.MaxUint64),
		Machine:  o.string("machine"),
		Until:    o.stringOrNull("until"),
	}
	o.objects("channels", func(c *object) {
		config := ChannelConfig{
			Channel: reducer.ChannelID(c.string("channel")),
			Policy: reducer.Policy{
				OnHealthFailure: enum(c, "onHealthFailure", "a health policy",
					reducer.ParseHealthPolicy, reducer.HealthPolicies),
				RetentionSeconds: c.int("retentionSeconds", 0),
			},
			After: list[reducer.ChannelID](c, "after"),
		}
		c.objects("hostEdges", func(e *object) {
			config.HostEdges = append(config.HostEdges, HostEdge{
				Host: reducer.HostID(e.string("host")), After: reducer.HostID(e.string("after")),
			})
		})
		h.Channels = append(h.Channels, config)
	})
	o.objects("budgets", func(c *object) {
		h.Budgets = append(h.Budgets, BudgetConfig{
			Name: c.string(
				"name",
			), Hosts: list[string](c, "hosts"), MaxInFlight: int(c.uint("maxInFlight", math.MaxInt32)),
		})
	})
	o.objects("quarantine", func(c *object) {
		h.Quarantine = append(h.Quarantine, QuarantineConfig{
			Channel: reducer.ChannelID(
				c.string("channel"),
			), Closure: reducer.ClosureHash(c.string("closure")),
		})
	})
	return h
}
