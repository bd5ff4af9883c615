package trace

import (
	"fmt"
	"math"

	"rollsim/reducer"
)

// DecodeEvent reads a rollout event in either spelling: flat camelCase with kind, or externally tagged snake_case. The
// error says what was expected. Unknown fields are passed over.
func DecodeEvent(payload []byte) (reducer.Event, error) {
	return decodeOne(payload, "rollout event", (*decoder).event)
}

// DecodeEffect reads an effect of the rollout machine in either spelling. The error says what was expected.
func DecodeEffect(payload []byte) (reducer.Effect, error) {
	return decodeOne(payload, "effect", (*decoder).effect)
}

// DecodeRecord reads a record as AppendRecord writes it. The error says what was expected.
func DecodeRecord(data []byte) (reducer.Record, error) {
	return decodeOne(data, "record", (*decoder).record)
}

func decodeOne[T any](data []byte, what string, decode func(*decoder, *T) bool) (T, error) {
	var (
		d decoder
		v T
	)
	if err := d.p.parse(data, &d.payload, nil); err != nil {
		return v, err
	}
	known := decode(&d, &v)
	if d.payload.problem != "" {
		return v, fmt.Errorf("%s: %s", what, d.payload.problem)
	}
	if !known {
		return v, fmt.Errorf("expected a known %s, found %s", what, clip(data))
	}
	return v, nil
}

// decoder turns lines into entries. What an entry points to belongs to the decoder and is good until the next line.
type decoder struct {
	p            parser
	top, payload object
	inner        object // the object within a tagged payload

	rolloutEvent reducer.Event
	rolloutEff   reducer.Effect
	hostEff      HostEffect
	agentEvent   AgentEvent
	planAction   PlanAction
	gateDecision GateDecision
	manifestPoll ManifestPoll
	fault        Fault
	rejected     Rejection
	endOfTrace   End

	sum    []byte // of the last line, as it stands; nil when it has none
	passed Passed
}

// Passed counts what a Reader did not know, kept and passed over.
type Passed struct {
	Kinds    uint64 // entries of unknown kinds
	Payloads uint64 // payloads of unknown kinds in entries of known ones
	Fields   uint64
}

// entry reads one line into e. The error says what was expected.
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
	payload := o.get("payload")
	d.sum = o.get("sum")
	if o.problem == "" {
		d.typed(e, kind, payload)
	}
	if o.problem != "" {
		return fmt.Errorf("%s", o.problem)
	}
	d.passed.Fields += o.unused()
	return nil
}

// typed reads the payload into what the entry's kind says that it is, or leaves it raw.
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

// known reads the payload of an entry of a known kind; false when the payload's own kind is none that is known.
func (d *decoder) known(e *Entry, o *object) bool {
	switch e.Kind {
	case KindRolloutEvent:
		if d.event(&d.rolloutEvent) {
			e.Event = &d.rolloutEvent
		}
		return e.Event != nil
	case KindEffect:
		if d.effect(&d.rolloutEff) {
			e.Effect = &d.rolloutEff
		} else if o.problem == "" && d.hostEffect(o) {
			e.HostEffect = &d.hostEff
		}
		return e.Effect != nil || e.HostEffect != nil
	case KindAgentEvent:
		if d.agent(o) {
			e.Agent = &d.agentEvent
		}
		return e.Agent != nil
	case KindPlanAction:
		if d.plan(o) {
			e.Plan = &d.planAction
		}
		return e.Plan != nil
	case KindGateDecision:
		o.lenient = true
		d.gateDecision = GateDecision{
			Gate:    o.string("gate"),
			Reason:  o.string("reason"),
			Host:    reducer.HostID(o.string("host")),
			Rollout: reducer.RolloutID(o.string("rollout")),
		}
		e.Gate = &d.gateDecision
	case KindManifestPoll:
		o.lenient = true
		d.manifestPoll = ManifestPoll{
			Channel: reducer.ChannelID(o.string("channel")),
			Outcome: o.string("outcome"),
			Ref:     reducer.ChannelRef(o.stringOrNull("channel_ref")),
		}
		e.Poll = &d.manifestPoll
	case KindFault:
		d.fault = Fault{
			Fault:   o.string("fault"),
			Host:    reducer.HostID(o.stringOrNull("host")),
			Rollout: reducer.RolloutID(o.stringOrNull("rolloutId")),
			Channel: reducer.ChannelID(o.stringOrNull("channel")),
			Seq:     o.uint("seq", math.MaxUint64),
			Millis:  o.int("millis", math.MinInt64),
		}
		e.Fault = &d.fault
	case KindRejection:
		d.rejected = Rejection{
			Error:   o.string("error"),
			Event:   enum(o, "event", "a rollout event", reducer.ParseEventKind, reducer.EventKinds),
			Rollout: reducer.RolloutID(o.string("rolloutId")),
		}
		if v := o.get("from"); v == nil || v[0] != 'n' {
			d.rejected.From = enum(o, "from", "a rollout state", reducer.ParseState, reducer.States)
		}
		d.rejected.Message = o.string("message")
		e.Rejection = &d.rejected
	case KindHeader:
		e.Header = header(o)
	case KindEnd:
		d.endOfTrace = End{Entries: o.uint("entries", math.MaxUint64), Digest: o.string("digest")}
		e.End = &d.endOfTrace
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

// hostEffect reads an effect of the host machine; false when it is none that is known.
func (d *decoder) hostEffect(o *object) bool {
	if !o.has("effect") {
		return false
	}
	switch name := o.string("effect"); name {
	case RecordTransition:
		d.hostEff = HostEffect{
			Effect:  name,
			Host:    reducer.HostID(o.string("host")),
			Rollout: reducer.RolloutID(o.string("rollout_id")),
			From:    enum(o, "from", "a host state", reducer.ParseHostState, reducer.HostStates),
			To:      enum(o, "to", "a host state", reducer.ParseHostState, reducer.HostStates),
			At:      o.time("at"),
		}
		return true
	case RemoteInsertQuarantine, RemoteRemoveQuarantine:
		d.hostEff = HostEffect{
			Effect:  name,
			Channel: reducer.ChannelID(o.string("channel")),
			Closure: reducer.ClosureHash(o.string("closure")),
		}
		return true
	}
	return false
}

// agent reads an agent event; false when its kind is not known.
func (d *decoder) agent(o *object) bool {
	a := &d.agentEvent
	*a = AgentEvent{}
	kind, ok := reducer.ParseAgentEventKind(o.string("kind"))
	if !ok {
		return false
	}
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
		a.Policy = enum(o, "policyApplied", "a health policy", reducer.ParseHealthPolicy, reducer.HealthPolicies)
	case reducer.RollbackComplete:
		closure("revertedToClosure")
		a.ExitCode = o.int("exitCode", math.MinInt64)
		a.At = o.time("completedAt")
	case reducer.ProbesPassed:
		a.At = o.time("convergedAt")
		closure("currentClosure")
	}
	a.Seq = o.uint("seq", math.MaxUint64)
	return true
}

// plan reads a plan action; false when it is none that is known.
func (d *decoder) plan(o *object) bool {
	action := o.string("action")
	o.lenient = true
	switch action {
	case OpenRollout.String():
		d.planAction = PlanAction{
			Action:    OpenRollout,
			Rollout:   reducer.RolloutID(o.string("rollout_id")),
			Channel:   reducer.ChannelID(o.string("channel")),
			TargetRef: reducer.ChannelRef(o.string("target_ref")),
			Hosts:     list[reducer.HostID](o, "hosts"),
		}
		return true
	case QueueDispatch.String():
		d.planAction = PlanAction{
			Action:    QueueDispatch,
			Host:      reducer.HostID(o.string("host")),
			Rollout:   reducer.RolloutID(o.string("rollout")),
			Closure:   reducer.ClosureHash(o.string("target_closure")),
			SoakDueAt: o.time("soak_due_at"),
			Attempt:   1,
		}
		if o.has("attempt") {
			if n := int(o.uint("attempt", math.MaxInt32)); n > 1 {
				d.planAction.Attempt = n
			} else {
				o.inexact = true // a first attempt does not say so
			}
		}
		return true
	}
	return false
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
			Name: c.string("name"), Hosts: list[string](c, "hosts"), MaxInFlight: int(c.uint("maxInFlight", math.MaxInt32)),
		})
	})
	o.objects("quarantine", func(c *object) {
		h.Quarantine = append(h.Quarantine, QuarantineConfig{
			Channel: reducer.ChannelID(c.string("channel")), Closure: reducer.ClosureHash(c.string("closure")),
		})
	})
	return h
}
