package trace

import (
	"math"

	"rollsim/reducer"
)

// The tables of fields. Encoder and strict decoder use them; the fast path, the digest and the
// text form are written out for speed, and a test compares each with the tables.
//
// A payload has its tag first, which names its kind, then its fields in the order of the table.

// The constant values in agent events of the control plane's log. AgentEvent does not hold them.
const (
	switchMethod = "systemd-run-detached"
	probeKind    = "http"
	probeMode    = "enforce"
)

// The results of a probe.
const (
	statusPass = "pass"
	statusFail = "fail"
)

// Payloads of rollout events and effects have two forms: the control plane's log is flat and in
// camelCase, its own types serialize externally tagged and in snake_case.

func eventRollout(v *reducer.Event) *reducer.RolloutID { return &v.Rollout }

var (
	rolloutOfEvent = field[reducer.Event]{"rolloutId", "rollout_id", ClassName, str(eventRollout)}
	hostOfEvent    = field[reducer.Event]{
		"hostId", "host_id", ClassName,
		str(func(v *reducer.Event) *reducer.HostID { return &v.Host }),
	}
	timeOfEvent = field[reducer.Event]{
		"at", "", ClassTime, moment(func(v *reducer.Event) *reducer.Time { return &v.At }),
	}
)

var eventFields = [reducer.EventKindCount][]field[reducer.Event]{
	reducer.RolloutOpened: {
		rolloutOfEvent,
		{"channel", "", ClassName, str(func(v *reducer.Event) *reducer.ChannelID { return &v.Channel })},
		{
			"targetRef", "target_ref", ClassName,
			str(func(v *reducer.Event) *reducer.ChannelRef { return &v.TargetRef }),
		},
		timeOfEvent,
	},
	reducer.HostJoined: {
		rolloutOfEvent,
		hostOfEvent,
		{
			"wave", "", ClassNumber,
			unsigned(math.MaxUint32, func(v *reducer.Event) *uint32 { return &v.Wave }),
		},
		timeOfEvent,
	},
	reducer.HostStateChanged: {
		rolloutOfEvent,
		hostOfEvent,
		{
			"from", "", ClassWord,
			one(&hostStates, func(v *reducer.Event) *reducer.HostState { return &v.From }),
		},
		{
			"to", "", ClassWord,
			one(&hostStates, func(v *reducer.Event) *reducer.HostState { return &v.To }),
		},
		timeOfEvent,
	},
	reducer.WaveAdvanced: {
		rolloutOfEvent,
		{
			"fromWave", "from_wave", ClassNumber,
			unsigned(math.MaxUint32, func(v *reducer.Event) *uint32 { return &v.FromWave }),
		},
		{
			"toWave", "to_wave", ClassNumber,
			unsigned(math.MaxUint32, func(v *reducer.Event) *uint32 { return &v.ToWave }),
		},
		timeOfEvent,
	},
	reducer.RolloutTerminal: {rolloutOfEvent, timeOfEvent},
	reducer.SuccessorOpened: {
		{"supersededRolloutId", "superseded_rollout_id", ClassName, str(eventRollout)},
		{
			"successorRolloutId", "successor_rollout_id", ClassName,
			str(func(v *reducer.Event) *reducer.RolloutID { return &v.Successor }),
		},
		timeOfEvent,
	},
	reducer.RetentionExpired: {rolloutOfEvent, timeOfEvent},
	reducer.OperatorClearance: {
		rolloutOfEvent,
		{"operator", "", ClassName, str(func(v *reducer.Event) *string { return &v.Operator })},
		{"reason", "", ClassText, str(func(v *reducer.Event) *string { return &v.Reason })},
		timeOfEvent,
	},
}

var rolloutOfEffect = field[reducer.Effect]{
	"rolloutId", "rollout_id", ClassName,
	str(func(v *reducer.Effect) *reducer.RolloutID { return &v.Rollout }),
}

var effectFields = [reducer.EffectKindCount][]field[reducer.Effect]{
	reducer.RecordRolloutTransition: {
		rolloutOfEffect,
		{
			"from", "", ClassWord,
			one(&rolloutStates, func(v *reducer.Effect) *reducer.State { return &v.From }),
		},
		{
			"to", "", ClassWord,
			one(&rolloutStates, func(v *reducer.Effect) *reducer.State { return &v.To }),
		},
		{"at", "", ClassTime, moment(func(v *reducer.Effect) *reducer.Time { return &v.At })},
	},
	reducer.UpdateCurrentWave: {
		rolloutOfEffect,
		{
			"wave", "", ClassNumber,
			unsigned(math.MaxUint32, func(v *reducer.Effect) *uint32 { return &v.Wave }),
		},
	},
	reducer.InsertQuarantineFromRollout: {
		{"channel", "", ClassName, str(func(v *reducer.Effect) *reducer.ChannelID { return &v.Channel })},
		{
			"closureHash", "closure_hash", ClassName,
			str(func(v *reducer.Effect) *reducer.ClosureHash { return &v.Closure }),
		},
	},
	reducer.SchedulePruning: {
		rolloutOfEffect,
		{
			"delaySeconds", "delay_seconds", ClassNumber,
			signed(0, func(v *reducer.Effect) *int64 { return &v.DelaySeconds }),
		},
	},
}

// recordFields are the fields of a record, which has only one form, in snake_case.
var recordFields = []field[reducer.Record]{
	{
		"rollout_id", "", ClassName,
		str(func(v *reducer.Record) *reducer.RolloutID { return &v.RolloutID }),
	},
	{"channel", "", ClassName, str(func(v *reducer.Record) *reducer.ChannelID { return &v.Channel })},
	{
		"target_ref", "", ClassName,
		str(func(v *reducer.Record) *reducer.ChannelRef { return &v.TargetRef }),
	},
	{
		"state", "", ClassWord,
		one(&rolloutStates, func(v *reducer.Record) *reducer.State { return &v.State }),
	},
	{
		"current_wave", "", ClassNumber,
		unsigned(math.MaxUint32, func(v *reducer.Record) *uint32 { return &v.CurrentWave }),
	},
	{
		"opened_event_log_seq", "", ClassNumber, optional(logSeq,
			func(v *reducer.Record) *reducer.Opt[int64] { return &v.OpenedEventLogSeq }),
	},
	{
		"last_transition_event_log_seq", "", ClassNumber, optional(logSeq,
			func(v *reducer.Record) *reducer.Opt[int64] { return &v.LastTransitionEventLogSeq }),
	},
	{
		"opened_at", "", ClassTime,
		moment(func(v *reducer.Record) *reducer.Time { return &v.OpenedAt }),
	},
	{
		"terminal_at", "", ClassTime, optional(moment[reducer.Time],
			func(v *reducer.Record) *reducer.Opt[reducer.Time] { return &v.TerminalAt }),
	},
	{
		"superseded_at", "", ClassTime, optional(moment[reducer.Time],
			func(v *reducer.Record) *reducer.Opt[reducer.Time] { return &v.SupersededAt }),
	},
}

func logSeq(at func(*int64) *int64) codec[int64] { return signed(math.MinInt64, at) }

// The fields of the host machine's effects: of RecordTransition, and of the two that change the
// quarantine.
var (
	hostTransitionFields = []field[HostEffect]{
		{"host", "", ClassName, str(func(v *HostEffect) *reducer.HostID { return &v.Host })},
		{
			"rollout_id", "", ClassName,
			str(func(v *HostEffect) *reducer.RolloutID { return &v.Rollout }),
		},
		{
			"from", "", ClassWord,
			one(&hostStates, func(v *HostEffect) *reducer.HostState { return &v.From }),
		},
		{
			"to", "", ClassWord,
			one(&hostStates, func(v *HostEffect) *reducer.HostState { return &v.To }),
		},
		{"at", "", ClassTime, moment(func(v *HostEffect) *reducer.Time { return &v.At })},
	}
	hostQuarantineFields = []field[HostEffect]{
		{"channel", "", ClassName, str(func(v *HostEffect) *reducer.ChannelID { return &v.Channel })},
		{"closure", "", ClassName, str(func(v *HostEffect) *reducer.ClosureHash { return &v.Closure })},
	}
	hostPauseFields = hostQuarantineFields[:1]
	hostAbortFields = hostTransitionFields[1:2]
	hostFleetFields = []field[HostEffect]{hostTransitionFields[0], hostQuarantineFields[0]}
)

// fieldsOfHostEffect returns the fields of an effect of the host machine; nil for an unknown one.
func fieldsOfHostEffect(effect string) []field[HostEffect] {
	switch effect {
	case RecordTransition:
		return hostTransitionFields
	case RemoteInsertQuarantine, RemoteRemoveQuarantine:
		return hostQuarantineFields
	case RemotePauseDispatch, RemoteResumeDispatch:
		return hostPauseFields
	case RemoteAbortRollout:
		return hostAbortFields
	case RemoteAddHost, RemoteRemoveHost:
		return hostFleetFields
	}
	return nil
}

var (
	closureOfAgent = str(func(v *AgentEvent) *reducer.ClosureHash { return &v.Closure })
	timeOfAgent    = moment(func(v *AgentEvent) *reducer.Time { return &v.At })
	messageOfAgent = func(v *AgentEvent) *string { return &v.Message }
	exitOfAgent    = field[AgentEvent]{
		"exitCode", "", ClassNumber,
		signed(math.MinInt64, func(v *AgentEvent) *int64 { return &v.ExitCode }),
	}
	probeOfAgent = field[AgentEvent]{
		"probeName", "", ClassWord, str(func(v *AgentEvent) *string { return &v.Probe }),
	}
	modeOfAgent = field[AgentEvent]{
		"mode", "", ClassWord, constant[AgentEvent](`"` + probeMode + `"`),
	}
	seqOfAgent = field[AgentEvent]{
		"seq", "", ClassNumber,
		unsigned(math.MaxUint64, func(v *AgentEvent) *uint64 { return &v.Seq }),
	}
)

var agentFields = [reducer.AgentEventKindCount][]field[AgentEvent]{
	reducer.DispatchAck: {
		{
			"currentClosureAtDispatch", "", ClassName,
			strOrNull(func(v *AgentEvent) *reducer.ClosureHash { return &v.Closure }),
		},
		{"receivedAt", "", ClassTime, timeOfAgent},
		seqOfAgent,
	},
	reducer.ActivationStarted: {
		{"startedAt", "", ClassTime, timeOfAgent},
		{"switchMethod", "", ClassWord, constant[AgentEvent](`"` + switchMethod + `"`)},
		seqOfAgent,
	},
	reducer.ActivationCompleted: {
		{"observedCurrentClosure", "", ClassName, closureOfAgent},
		exitOfAgent,
		{"completedAt", "", ClassTime, timeOfAgent},
		seqOfAgent,
	},
	reducer.ActivationDeferred: {
		{"component", "", ClassWord, str(func(v *AgentEvent) *string { return &v.Component })},
		{"deferredAt", "", ClassTime, timeOfAgent},
		seqOfAgent,
	},
	reducer.ActivationFailed: {
		exitOfAgent,
		{"stderrTail", "", ClassText, str(messageOfAgent)},
		{"failedAt", "", ClassTime, timeOfAgent},
		seqOfAgent,
	},
	reducer.ProbeTopologyDeclared: {
		{"probes", "", ClassObject, probes([]field[AgentEvent]{
			probeOfAgent,
			{"kind", "", ClassTag, constant[AgentEvent](`"` + probeKind + `"`)},
			modeOfAgent,
		})},
		{"declaredAt", "", ClassTime, timeOfAgent},
		seqOfAgent,
	},
	reducer.ProbeObservedFirst: {
		probeOfAgent,
		modeOfAgent,
		{"observedAt", "", ClassTime, timeOfAgent},
		seqOfAgent,
	},
	reducer.ProbeResult: {
		probeOfAgent,
		modeOfAgent,
		{"status", "", ClassWord, status(func(v *AgentEvent) *bool { return &v.Passed })},
		{"observedAt", "", ClassTime, timeOfAgent},
		{"failureReason", "", ClassText, strOrNull(messageOfAgent)},
		{"subResults", "", ClassObject, constant[AgentEvent]("null")},
		seqOfAgent,
	},
	reducer.ProbeFailureFirst: {
		probeOfAgent,
		modeOfAgent,
		{"firstFailedAt", "", ClassTime, timeOfAgent},
		seqOfAgent,
	},
	reducer.ProbesFailed: {
		{"failedAt", "", ClassTime, timeOfAgent},
		{
			"sustainedDurationSecs", "", ClassNumber,
			constantInt[AgentEvent](reducer.SustainedFailureSeconds),
		},
		{"failingProbes", "", ClassWord, strInList(func(v *AgentEvent) *string { return &v.Probe })},
		{
			"policyApplied", "", ClassWord,
			one(&healthPolicies, func(v *AgentEvent) *reducer.HealthPolicy { return &v.Policy }),
		},
		seqOfAgent,
	},
	reducer.RollbackComplete: {
		{"revertedToClosure", "", ClassName, closureOfAgent},
		exitOfAgent,
		{"completedAt", "", ClassTime, timeOfAgent},
		seqOfAgent,
	},
	reducer.ProbesPassed: {
		{"convergedAt", "", ClassTime, timeOfAgent},
		{"currentClosure", "", ClassName, closureOfAgent},
		seqOfAgent,
	},
}

var planFields = [ActionCount][]field[PlanAction]{
	OpenRollout: {
		{
			"rollout_id", "", ClassName,
			str(func(v *PlanAction) *reducer.RolloutID { return &v.Rollout }),
		},
		{"channel", "", ClassName, str(func(v *PlanAction) *reducer.ChannelID { return &v.Channel })},
		{
			"target_ref", "", ClassName,
			str(func(v *PlanAction) *reducer.ChannelRef { return &v.TargetRef }),
		},
		{"hosts", "", ClassName, strs(func(v *PlanAction) *[]reducer.HostID { return &v.Hosts })},
	},
	QueueDispatch: {
		{"host", "", ClassName, str(func(v *PlanAction) *reducer.HostID { return &v.Host })},
		{"rollout", "", ClassName, str(func(v *PlanAction) *reducer.RolloutID { return &v.Rollout })},
		{
			"target_closure", "", ClassName,
			str(func(v *PlanAction) *reducer.ClosureHash { return &v.Closure }),
		},
		{
			"soak_due_at", "", ClassTime,
			moment(func(v *PlanAction) *reducer.Time { return &v.SoakDueAt }),
		},
		{"attempt", "", ClassNumber, repetition(func(v *PlanAction) *int { return &v.Attempt })},
	},
}

var gateFields = []field[GateDecision]{
	{"gate", "", ClassTag, str(func(v *GateDecision) *string { return &v.Gate })},
	{"reason", "", ClassMessage, str(func(v *GateDecision) *string { return &v.Reason })},
	{"host", "", ClassName, str(func(v *GateDecision) *reducer.HostID { return &v.Host })},
	{"rollout", "", ClassName, str(func(v *GateDecision) *reducer.RolloutID { return &v.Rollout })},
}

var pollFields = []field[ManifestPoll]{
	{"channel", "", ClassName, str(func(v *ManifestPoll) *reducer.ChannelID { return &v.Channel })},
	{"outcome", "", ClassWord, str(func(v *ManifestPoll) *string { return &v.Outcome })},
	{
		"channel_ref", "", ClassName,
		strOrNull(func(v *ManifestPoll) *reducer.ChannelRef { return &v.Ref }),
	},
}

var faultFields = []field[Fault]{
	{"fault", "", ClassTag, str(func(v *Fault) *string { return &v.Fault })},
	{"host", "", ClassName, strOrNull(func(v *Fault) *reducer.HostID { return &v.Host })},
	{"rolloutId", "", ClassName, strOrNull(func(v *Fault) *reducer.RolloutID { return &v.Rollout })},
	{"channel", "", ClassName, strOrNull(func(v *Fault) *reducer.ChannelID { return &v.Channel })},
	{"seq", "", ClassNumber, unsigned(math.MaxUint64, func(v *Fault) *uint64 { return &v.Seq })},
	{"millis", "", ClassNumber, signed(math.MinInt64, func(v *Fault) *int64 { return &v.Millis })},
}

var rejectionFields = []field[Rejection]{
	{"error", "", ClassTag, str(func(v *Rejection) *string { return &v.Error })},
	{
		"event", "", ClassTag,
		one(&eventKinds, func(v *Rejection) *reducer.EventKind { return &v.Event }),
	},
	{"rolloutId", "", ClassName, str(func(v *Rejection) *reducer.RolloutID { return &v.Rollout })},
	{"from", "", ClassWord, stateOrNull(func(v *Rejection) *reducer.State { return &v.From })},
	{"message", "", ClassMessage, str(func(v *Rejection) *string { return &v.Message })},
}

var headerFields = []field[Header]{
	{"format", "", ClassNumber, unsigned(math.MaxInt32, func(v *Header) *int { return &v.Format })},
	{"scenario", "", ClassName, str(func(v *Header) *string { return &v.Scenario })},
	{"seed", "", ClassNumber, unsigned(math.MaxUint64, func(v *Header) *uint64 { return &v.Seed })},
	{"machine", "", ClassWord, str(func(v *Header) *string { return &v.Machine })},
	{"until", "", ClassLiteral, strOrNull(func(v *Header) *string { return &v.Until })},
	{
		"controlPlane", "", ClassWord,
		unlessEmpty(func(v *Header) *string { return &v.ControlPlane }),
	},
	{
		"channels", "", ClassObject,
		objects("channel", channelFields, func(v *Header) *[]ChannelConfig { return &v.Channels }),
	},
	{
		"budgets", "", ClassObject,
		objects("budget", budgetFields, func(v *Header) *[]BudgetConfig { return &v.Budgets }),
	},
	{
		"quarantine", "", ClassObject, objects("quarantine", quarantineFields,
			func(v *Header) *[]QuarantineConfig { return &v.Quarantine }),
	},
}

var channelFields = []field[ChannelConfig]{
	{
		"channel", "", ClassName,
		str(func(v *ChannelConfig) *reducer.ChannelID { return &v.Channel }),
	},
	{
		"onHealthFailure", "", ClassWord, one(&healthPolicies,
			func(v *ChannelConfig) *reducer.HealthPolicy { return &v.Policy.OnHealthFailure }),
	},
	{
		"retentionSeconds", "", ClassNumber,
		signed(0, func(v *ChannelConfig) *int64 { return &v.Policy.RetentionSeconds }),
	},
	{"after", "", ClassName, strs(func(v *ChannelConfig) *[]reducer.ChannelID { return &v.After })},
	{
		"hostEdges", "", ClassObject,
		objects("host edge", edgeFields, func(v *ChannelConfig) *[]HostEdge { return &v.HostEdges }),
	},
}

var edgeFields = []field[HostEdge]{
	{"host", "", ClassName, str(func(v *HostEdge) *reducer.HostID { return &v.Host })},
	{"after", "", ClassName, str(func(v *HostEdge) *reducer.HostID { return &v.After })},
}

var budgetFields = []field[BudgetConfig]{
	{"name", "", ClassName, str(func(v *BudgetConfig) *string { return &v.Name })},
	{"hosts", "", ClassName, strs(func(v *BudgetConfig) *[]string { return &v.Hosts })},
	{
		"maxInFlight", "", ClassNumber,
		unsigned(math.MaxInt32, func(v *BudgetConfig) *int { return &v.MaxInFlight }),
	},
}

var quarantineFields = []field[QuarantineConfig]{
	{
		"channel", "", ClassName,
		str(func(v *QuarantineConfig) *reducer.ChannelID { return &v.Channel }),
	},
	{
		"closure", "", ClassName,
		str(func(v *QuarantineConfig) *reducer.ClosureHash { return &v.Closure }),
	},
}

var endFields = []field[End]{
	{"entries", "", ClassNumber, unsigned(math.MaxUint64, func(v *End) *uint64 { return &v.Entries })},
	{"digest", "", ClassLiteral, str(func(v *End) *string { return &v.Digest })},
}

// Field describes one field of an entry or a payload, for programs that read them as plain JSON.
type Field struct {
	Of     string // the payload that has it, such as HostJoined; "entry" for a field of the entry
	Name   string // as the control plane's log spells it
	Tagged string // as the payload's tagged form spells it; empty if it has no such form
	Class  Class

	at func(*Entry) any // a pointer to the value; nil where no Go field holds it
}

// Fields lists every field of the format.
func Fields() []Field {
	all := []Field{
		{Of: "entry", Name: "seq", Class: ClassNumber},
		{Of: "entry", Name: "ts", Class: ClassTime},
		{Of: "entry", Name: "kind", Class: ClassTag},
		{Of: "entry", Name: "host", Class: ClassName},
		{Of: "entry", Name: "rollout", Class: ClassName},
		{Of: "entry", Name: "payload", Class: ClassObject},
		{Of: "entry", Name: "sum", Class: ClassLiteral},
	}
	for _, k := range reducer.EventKinds() {
		all = append(all, Field{Of: k.String(), Name: "kind", Class: ClassTag})
		all = appendForms(
			all, k.String(), eventFields[k], func(e *Entry) *reducer.Event { return e.Event },
		)
	}
	for _, k := range reducer.EffectKinds() {
		all = append(all, Field{Of: k.String(), Name: "effect", Class: ClassTag})
		all = appendForms(
			all, k.String(), effectFields[k], func(e *Entry) *reducer.Effect { return e.Effect },
		)
	}
	for _, name := range HostEffects() {
		all = append(all, Field{Of: name, Name: "effect", Class: ClassTag})
		all = appendForm(
			all, name, fieldsOfHostEffect(name), func(e *Entry) *HostEffect { return e.HostEffect },
		)
	}
	for _, k := range reducer.AgentEventKinds() {
		all = append(all, Field{Of: k.String(), Name: "kind", Class: ClassTag})
		all = appendForm(all, k.String(), agentFields[k], func(e *Entry) *AgentEvent { return e.Agent })
	}
	for a := OpenRollout; a < actionEnd; a++ {
		all = append(all, Field{Of: a.String(), Name: "action", Class: ClassTag})
		all = appendForm(all, a.String(), planFields[a], func(e *Entry) *PlanAction { return e.Plan })
	}
	gate := func(e *Entry) *GateDecision { return e.Gate }
	all = appendForm(all, KindGateDecision.String(), gateFields, gate)
	poll := func(e *Entry) *ManifestPoll { return e.Poll }
	all = appendForm(all, KindManifestPoll.String(), pollFields, poll)
	all = appendForm(all, KindFault.String(), faultFields, func(e *Entry) *Fault { return e.Fault })
	rejection := func(e *Entry) *Rejection { return e.Rejection }
	all = appendForm(all, KindRejection.String(), rejectionFields, rejection)
	all = appendForm(
		all, KindHeader.String(), headerFields, func(e *Entry) *Header { return e.Header },
	)
	return appendForm(all, KindEnd.String(), endFields, func(e *Entry) *End { return e.End })
}

// appendForm appends the fields of a payload that is always flat.
func appendForm[T any](all []Field, of string, fields []field[T], payload func(*Entry) *T) []Field {
	for i := range fields {
		f := &fields[i]
		listed := Field{Of: of, Name: f.name, Class: f.class}
		if f.at != nil {
			listed.at = func(e *Entry) any { return f.at(payload(e)) }
		}
		all = append(all, listed)
		for _, w := range f.within {
			listed := Field{Of: of + " " + w.of, Name: w.name, Class: w.class}
			if w.at != nil {
				listed.at = func(e *Entry) any { return w.at(payload(e)) }
			}
			all = append(all, listed)
		}
	}
	return all
}

// appendForms appends the fields of a payload that has both forms.
func appendForms[T any](
	all []Field, of string, fields []field[T], payload func(*Entry) *T,
) []Field {
	n := len(all)
	all = appendForm(all, of, fields, payload)
	for i := range fields {
		all[n+i].Tagged = fields[i].spelled(true)
	}
	return all
}
