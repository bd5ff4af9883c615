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

// DecodeEvent decodes a rollout event in either form: flat and in camelCase with the member kind,
// or externally tagged and in snake_case. It ignores unknown fields. The error says what was
// expected.
func DecodeEvent(payload []byte) (reducer.Event, error) {
	return decodeOne(payload, "rollout event", (*decoder).event)
}

// DecodeEffect decodes an effect of the rollout machine in either form. It ignores unknown fields.
// The error says what was expected.
func DecodeEffect(payload []byte) (reducer.Effect, error) {
	return decodeOne(payload, "effect", (*decoder).effect)
}

// DecodeRecord decodes a record in the form of AppendRecord. It ignores unknown fields. The error
// says what was expected.
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

// store holds the payloads of entries. A pointer into it is valid until the store is reset.
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

// place appends a zero value and returns a pointer to it.
func place[T any](list *[]T) *T {
	var zero T
	*list = append(*list, zero)
	return &(*list)[len(*list)-1]
}

// decoder decodes lines, rows and events of documents into entries. The store holds their payloads.
type decoder struct {
	store        *store
	p            parser
	top, payload object
	inner        object // the object within a tagged payload
	broken       bool   // the last entry is not JSON

	document reducer.RolloutID // the rollout of entries that do not name one
	current  Row               // the row being read
	sum      []byte            // the sum on the last line, quoted; nil when it has none
	passed   Passed

	// Values that the fast path expects to read again.
	latest      *[1 << latestBits]string
	gates       *[1 << latestBits]lastGate
	lastRollout string
	lastGate    string
	lastReason  string
	hour        [hourText]byte
	hourStart   reducer.Time
}

func newDecoder() *decoder { return &decoder{store: new(store)} }

// Passed counts the entries, payloads and fields that a Reader did not know. The Reader keeps such
// entries and payloads as Raw.
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

// entry decodes one line, or one event of a rollout document, into e. The error says what was
// expected. On an error e.Seq is set if it could be read.
func (d *decoder) entry(line []byte, e *Entry) error {
	*e = Entry{}
	d.broken = false
	if err := d.p.parse(line, &d.top, &d.payload); err != nil {
		d.broken = true
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

// strictRow checks the text columns of a row, and decodes its payload strictly.
func (d *decoder) strictRow(r *Row, e *Entry) error {
	e.Event, e.Effect, e.HostEffect = nil, nil, nil
	e.Agent, e.Plan, e.Gate, e.Poll = nil, nil, nil, nil
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

// typed decodes the payload, whose members are in d.payload, by the entry's kind, or keeps it raw.
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

// known reads the payload of an entry of a known kind. It reports whether the payload's own kind is
// known.
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
		readFields(o, gateFields, e.Gate, false)
	case KindManifestPoll:
		o.lenient = true
		e.Poll = place(&d.store.polls)
		readFields(o, pollFields, e.Poll, false)
	case KindFault:
		e.Fault = place(&d.store.faults)
		readFields(o, faultFields, e.Fault, false)
	case KindRejection:
		e.Rejection = place(&d.store.rejections)
		readFields(o, rejectionFields, e.Rejection, false)
	case KindHeader:
		e.Header = new(Header)
		readFields(o, headerFields, e.Header, false)
	case KindEnd:
		e.End = place(&d.store.ends)
		readFields(o, endFields, e.End, false)
	case KindVerifyOutcome, KindOther, kindEnd:
	}
	return true
}

// event reads a rollout event in either form. It reports whether the event's kind is known.
func (d *decoder) event(ev *reducer.Event) bool {
	*ev = reducer.Event{}
	name, o, ok := d.tag("kind", "the name of a rollout event")
	if !ok {
		return false
	}
	kind, ok := reducer.ParseEventKind(name)
	if ok {
		ev.Kind = kind
		readFields(o, eventFields[kind], ev, o == &d.inner)
	}
	d.closeTagged(o)
	return ok
}

// effect reads an effect of the rollout machine in either form. It reports whether the effect's
// kind is known.
func (d *decoder) effect(e *reducer.Effect) bool {
	*e = reducer.Effect{}
	name, o, ok := d.tag("effect", "the name of an effect")
	if !ok {
		return false
	}
	kind, ok := reducer.ParseEffectKind(name)
	if ok {
		e.Kind = kind
		readFields(o, effectFields[kind], e, o == &d.inner)
	}
	d.closeTagged(o)
	return ok
}

// tag reads the kind of a payload: the member of that name, or the tag of a tagged payload. It also
// returns the object with the payload's fields.
func (d *decoder) tag(member, expected string) (tag string, fields *object, ok bool) {
	o := &d.payload
	if o.has(member) {
		return o.string(member), o, true
	}
	if len(o.members) != 1 || o.members[0].value[0] != '{' {
		o.fail(member, expected, nil)
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

// closeTagged copies the problem and the unknown fields of a tagged payload to the payload object.
func (d *decoder) closeTagged(fields *object) {
	if fields != &d.inner {
		return
	}
	o := &d.payload
	if o.problem == "" {
		o.problem = d.inner.problem
	}
	extra := d.inner.unused()
	d.passed.Fields += extra
	o.inexact = extra > 0
}

// record reads a record.
func (d *decoder) record(r *reducer.Record) bool {
	*r = reducer.Record{}
	readFields(&d.payload, recordFields, r, false)
	return true
}

// hostEffect reads an effect of the host machine; nil when its kind is not known.
func (d *decoder) hostEffect(o *object) *HostEffect {
	if !o.has("effect") {
		return nil
	}
	name := o.string("effect")
	fields := fieldsOfHostEffect(name)
	if fields == nil {
		return nil
	}
	e := place(&d.store.hostEffects)
	e.Effect = name
	readFields(o, fields, e, false)
	return e
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
	readFields(o, agentFields[kind], a, false)
	return a
}

// plan reads a plan action; nil when its kind is not known.
func (d *decoder) plan(o *object) *PlanAction {
	action, ok := parseAction(o.string("action"))
	if !ok {
		return nil
	}
	p := place(&d.store.plans)
	p.Action = action
	o.lenient = true
	readFields(o, planFields[action], p, false)
	return p
}
