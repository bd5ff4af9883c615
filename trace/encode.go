package trace

import (
	"strconv"
	"unicode/utf8"

	"rollsim/reducer"
)

// spelling is how the fields of rollout events, effects and records are named.
type spelling struct {
	rollout, superseded, successor     string
	channel, targetRef, host           string
	wave, fromWave, toWave             string
	from, to, at                       string
	operator, reason                   string
	closure, delaySeconds              string
	state, currentWave                 string
	openedSeq, transitionSeq           string
	openedAt, terminalAt, supersededAt string
}

// The two spellings: the control plane's log is flat and in camelCase, its own types serialise to
// snake_case.
var (
	camelCase = spelling{
		rollout: "rolloutId", superseded: "supersededRolloutId", successor: "successorRolloutId",
		channel: "channel", targetRef: "targetRef", host: "hostId",
		wave: "wave", fromWave: "fromWave", toWave: "toWave",
		from: "from", to: "to", at: "at",
		operator: "operator", reason: "reason",
		closure: "closureHash", delaySeconds: "delaySeconds",
	}
	snakeCase = spelling{
		rollout: "rollout_id", superseded: "superseded_rollout_id", successor: "successor_rollout_id",
		channel: "channel", targetRef: "target_ref", host: "host_id",
		wave: "wave", fromWave: "from_wave", toWave: "to_wave",
		from: "from", to: "to", at: "at",
		operator: "operator", reason: "reason",
		closure: "closure_hash", delaySeconds: "delay_seconds",
		state: "state", currentWave: "current_wave",
		openedSeq: "opened_event_log_seq", transitionSeq: "last_transition_event_log_seq",
		openedAt: "opened_at", terminalAt: "terminal_at", supersededAt: "superseded_at",
	}
)

// What the control plane's log says of an agent event and AgentEvent does not hold.
const (
	switchMethod = "systemd-run-detached"
	probeKind    = "http"
	probeMode    = "enforce"
	statusPass   = "pass"
	statusFail   = "fail"
)

// AppendEvent appends a rollout event as the control plane's log spells it: flat, camelCase, with
// kind.
func AppendEvent(b []byte, ev *reducer.Event) []byte {
	b = append(b, '{')
	b = appendString(b, "kind", ev.Kind.String())
	b = appendEventFields(b, ev, &camelCase)
	return append(b, '}')
}

// AppendTaggedEvent appends a rollout event as the control plane's own types serialise: externally
// tagged, snake_case.
func AppendTaggedEvent(b []byte, ev *reducer.Event) []byte {
	b = append(b, '{')
	b = appendKey(b, ev.Kind.String())
	b = append(b, '{')
	b = appendEventFields(b, ev, &snakeCase)
	return append(b, '}', '}')
}

func appendEventFields(b []byte, ev *reducer.Event, is *spelling) []byte {
	switch ev.Kind {
	case reducer.RolloutOpened:
		b = appendString(b, is.rollout, ev.Rollout)
		b = appendString(b, is.channel, ev.Channel)
		b = appendString(b, is.targetRef, ev.TargetRef)
	case reducer.HostJoined:
		b = appendString(b, is.rollout, ev.Rollout)
		b = appendString(b, is.host, ev.Host)
		b = appendUint(b, is.wave, uint64(ev.Wave))
	case reducer.HostStateChanged:
		b = appendString(b, is.rollout, ev.Rollout)
		b = appendString(b, is.host, ev.Host)
		b = appendString(b, is.from, ev.From.String())
		b = appendString(b, is.to, ev.To.String())
	case reducer.WaveAdvanced:
		b = appendString(b, is.rollout, ev.Rollout)
		b = appendUint(b, is.fromWave, uint64(ev.FromWave))
		b = appendUint(b, is.toWave, uint64(ev.ToWave))
	case reducer.SuccessorOpened:
		b = appendString(b, is.superseded, ev.Rollout)
		b = appendString(b, is.successor, ev.Successor)
	case reducer.OperatorClearance:
		b = appendString(b, is.rollout, ev.Rollout)
		b = appendString(b, is.operator, ev.Operator)
		b = appendString(b, is.reason, ev.Reason)
	case reducer.RolloutTerminal, reducer.RetentionExpired:
		b = appendString(b, is.rollout, ev.Rollout)
	}
	return appendTime(b, is.at, ev.At)
}

// AppendEffect appends an effect as the control plane's log spells it: flat, camelCase, with
// effect.
func AppendEffect(b []byte, e *reducer.Effect) []byte {
	b = append(b, '{')
	b = appendString(b, "effect", e.Kind.String())
	b = appendEffectFields(b, e, &camelCase)
	return append(b, '}')
}

// AppendTaggedEffect appends an effect as the control plane's own types serialise: externally
// tagged, snake_case.
func AppendTaggedEffect(b []byte, e *reducer.Effect) []byte {
	b = append(b, '{')
	b = appendKey(b, e.Kind.String())
	b = append(b, '{')
	b = appendEffectFields(b, e, &snakeCase)
	return append(b, '}', '}')
}

func appendEffectFields(b []byte, e *reducer.Effect, is *spelling) []byte {
	switch e.Kind {
	case reducer.RecordRolloutTransition:
		b = appendString(b, is.rollout, e.Rollout)
		b = appendString(b, is.from, e.From.String())
		b = appendString(b, is.to, e.To.String())
		b = appendTime(b, is.at, e.At)
	case reducer.UpdateCurrentWave:
		b = appendString(b, is.rollout, e.Rollout)
		b = appendUint(b, is.wave, uint64(e.Wave))
	case reducer.InsertQuarantineFromRollout:
		b = appendString(b, is.channel, e.Channel)
		b = appendString(b, is.closure, e.Closure)
	case reducer.SchedulePruning:
		b = appendString(b, is.rollout, e.Rollout)
		b = appendInt(b, is.delaySeconds, e.DelaySeconds)
	}
	return b
}

// AppendRecord appends a record as the control plane's own types serialise: snake_case, null for
// what is absent.
func AppendRecord(b []byte, r *reducer.Record) []byte {
	is := &snakeCase
	b = append(b, '{')
	b = appendString(b, is.rollout, r.RolloutID)
	b = appendString(b, is.channel, r.Channel)
	b = appendString(b, is.targetRef, r.TargetRef)
	b = appendString(b, is.state, r.State.String())
	b = appendUint(b, is.currentWave, uint64(r.CurrentWave))
	b = appendOptional(b, is.openedSeq, r.OpenedEventLogSeq, appendInt)
	b = appendOptional(b, is.transitionSeq, r.LastTransitionEventLogSeq, appendInt)
	b = appendTime(b, is.openedAt, r.OpenedAt)
	b = appendOptional(b, is.terminalAt, r.TerminalAt, appendTime)
	b = appendOptional(b, is.supersededAt, r.SupersededAt, appendTime)
	return append(b, '}')
}

// appendEntry appends an entry up to its payload: what a sum and the closing brace are still to
// follow.
func appendEntry(b []byte, e *Entry) []byte {
	b = append(b, '{')
	b = appendUint(b, "seq", e.Seq)
	b = appendTime(b, "ts", e.At)
	b = appendString(b, "kind", e.KindName())
	b = appendStringOrNull(b, "host", e.Host)
	b = appendStringOrNull(b, "rollout", e.Rollout)
	b = appendKey(b, "payload")
	return appendPayload(b, e)
}

func appendPayload(b []byte, e *Entry) []byte {
	switch {
	case e.Raw != nil:
		return append(b, e.Raw...)
	case e.Event != nil:
		return AppendEvent(b, e.Event)
	case e.Effect != nil:
		return AppendEffect(b, e.Effect)
	case e.HostEffect != nil:
		return appendHostEffect(b, e.HostEffect)
	case e.Agent != nil:
		return appendAgentEvent(b, e.Agent)
	case e.Plan != nil:
		return appendPlanAction(b, e.Plan)
	case e.Gate != nil:
		b = append(b, '{')
		b = appendString(b, "gate", e.Gate.Gate)
		b = appendString(b, "reason", e.Gate.Reason)
		b = appendString(b, "host", e.Gate.Host)
		b = appendString(b, "rollout", e.Gate.Rollout)
		return append(b, '}')
	case e.Poll != nil:
		b = append(b, '{')
		b = appendString(b, "channel", e.Poll.Channel)
		b = appendString(b, "outcome", e.Poll.Outcome)
		b = appendStringOrNull(b, "channel_ref", e.Poll.Ref)
		return append(b, '}')
	case e.Fault != nil:
		return appendFault(b, e.Fault)
	case e.Rejection != nil:
		return appendRejection(b, e.Rejection)
	case e.Header != nil:
		return appendHeader(b, e.Header)
	case e.End != nil:
		b = append(b, '{')
		b = appendUint(b, "entries", e.End.Entries)
		b = appendString(b, "digest", e.End.Digest)
		return append(b, '}')
	}
	return append(b, "null"...)
}

func appendHostEffect(b []byte, e *HostEffect) []byte {
	b = append(b, '{')
	b = appendString(b, "effect", e.Effect)
	if e.Effect == RecordTransition {
		b = appendString(b, "host", e.Host)
		b = appendString(b, "rollout_id", e.Rollout)
		b = appendString(b, "from", e.From.String())
		b = appendString(b, "to", e.To.String())
		b = appendTime(b, "at", e.At)
	} else {
		b = appendString(b, "channel", e.Channel)
		b = appendString(b, "closure", e.Closure)
	}
	return append(b, '}')
}

func appendAgentEvent(b []byte, a *AgentEvent) []byte {
	b = append(b, '{')
	b = appendString(b, "kind", a.Kind.String())
	switch a.Kind {
	case reducer.DispatchAck:
		b = appendStringOrNull(b, "currentClosureAtDispatch", a.Closure)
		b = appendTime(b, "receivedAt", a.At)
	case reducer.ActivationStarted:
		b = appendTime(b, "startedAt", a.At)
		b = appendString(b, "switchMethod", switchMethod)
	case reducer.ActivationCompleted:
		b = appendString(b, "observedCurrentClosure", a.Closure)
		b = appendInt(b, "exitCode", a.ExitCode)
		b = appendTime(b, "completedAt", a.At)
	case reducer.ActivationDeferred:
		b = appendString(b, "component", a.Component)
		b = appendTime(b, "deferredAt", a.At)
	case reducer.ActivationFailed:
		b = appendInt(b, "exitCode", a.ExitCode)
		b = appendString(b, "stderrTail", a.Message)
		b = appendTime(b, "failedAt", a.At)
	case reducer.ProbeTopologyDeclared:
		b = appendKey(b, "probes")
		b = append(b, "[{"...)
		b = appendString(b, "probeName", a.Probe)
		b = appendString(b, "kind", probeKind)
		b = appendString(b, "mode", probeMode)
		b = append(b, "}]"...)
		b = appendTime(b, "declaredAt", a.At)
	case reducer.ProbeObservedFirst:
		b = appendString(b, "probeName", a.Probe)
		b = appendString(b, "mode", probeMode)
		b = appendTime(b, "observedAt", a.At)
	case reducer.ProbeResult:
		status := statusFail
		if a.Passed {
			status = statusPass
		}
		b = appendString(b, "probeName", a.Probe)
		b = appendString(b, "mode", probeMode)
		b = appendString(b, "status", status)
		b = appendTime(b, "observedAt", a.At)
		b = appendStringOrNull(b, "failureReason", a.Message)
		b = append(appendKey(b, "subResults"), "null"...)
	case reducer.ProbeFailureFirst:
		b = appendString(b, "probeName", a.Probe)
		b = appendString(b, "mode", probeMode)
		b = appendTime(b, "firstFailedAt", a.At)
	case reducer.ProbesFailed:
		b = appendTime(b, "failedAt", a.At)
		b = appendInt(b, "sustainedDurationSecs", reducer.SustainedFailureSeconds)
		b = append(appendKey(b, "failingProbes"), '[')
		b = append(appendQuoted(b, a.Probe), ']')
		b = appendString(b, "policyApplied", a.Policy.String())
	case reducer.RollbackComplete:
		b = appendString(b, "revertedToClosure", a.Closure)
		b = appendInt(b, "exitCode", a.ExitCode)
		b = appendTime(b, "completedAt", a.At)
	case reducer.ProbesPassed:
		b = appendTime(b, "convergedAt", a.At)
		b = appendString(b, "currentClosure", a.Closure)
	}
	b = appendUint(b, "seq", a.Seq)
	return append(b, '}')
}

func appendPlanAction(b []byte, p *PlanAction) []byte {
	b = append(b, '{')
	b = appendString(b, "action", p.Action.String())
	switch p.Action {
	case OpenRollout:
		b = appendString(b, "rollout_id", p.Rollout)
		b = appendString(b, "channel", p.Channel)
		b = appendString(b, "target_ref", p.TargetRef)
		b = appendStrings(b, "hosts", p.Hosts)
	case QueueDispatch:
		b = appendString(b, "host", p.Host)
		b = appendString(b, "rollout", p.Rollout)
		b = appendString(b, "target_closure", p.Closure)
		b = appendTime(b, "soak_due_at", p.SoakDueAt)
		if p.Attempt > 1 {
			b = appendInt(b, "attempt", int64(p.Attempt))
		}
	case actionEnd:
	}
	return append(b, '}')
}

func appendFault(b []byte, f *Fault) []byte {
	b = append(b, '{')
	b = appendString(b, "fault", f.Fault)
	b = appendStringOrNull(b, "host", f.Host)
	b = appendStringOrNull(b, "rolloutId", f.Rollout)
	b = appendStringOrNull(b, "channel", f.Channel)
	b = appendUint(b, "seq", f.Seq)
	b = appendInt(b, "millis", f.Millis)
	return append(b, '}')
}

func appendRejection(b []byte, r *Rejection) []byte {
	b = append(b, '{')
	b = appendString(b, "error", r.Error)
	b = appendString(b, "event", r.Event.String())
	b = appendString(b, "rolloutId", r.Rollout)
	if r.From == 0 {
		b = append(appendKey(b, "from"), "null"...)
	} else {
		b = appendString(b, "from", r.From.String())
	}
	b = appendString(b, "message", r.Message)
	return append(b, '}')
}

func appendHeader(b []byte, h *Header) []byte {
	b = append(b, '{')
	b = appendInt(b, "format", int64(h.Format))
	b = appendString(b, "scenario", h.Scenario)
	b = appendUint(b, "seed", h.Seed)
	b = appendString(b, "machine", h.Machine)
	b = appendStringOrNull(b, "until", h.Until)
	b = appendObjects(b, "channels", h.Channels, func(b []byte, c *ChannelConfig) []byte {
		b = appendString(b, "channel", c.Channel)
		b = appendString(b, "onHealthFailure", c.Policy.OnHealthFailure.String())
		b = appendInt(b, "retentionSeconds", c.Policy.RetentionSeconds)
		b = appendStrings(b, "after", c.After)
		return appendObjects(b, "hostEdges", c.HostEdges, func(b []byte, e *HostEdge) []byte {
			b = appendString(b, "host", e.Host)
			return appendString(b, "after", e.After)
		})
	})
	b = appendObjects(b, "budgets", h.Budgets, func(b []byte, c *BudgetConfig) []byte {
		b = appendString(b, "name", c.Name)
		b = appendStrings(b, "hosts", c.Hosts)
		return appendInt(b, "maxInFlight", int64(c.MaxInFlight))
	})
	b = appendObjects(b, "quarantine", h.Quarantine, func(b []byte, c *QuarantineConfig) []byte {
		b = appendString(b, "channel", c.Channel)
		return appendString(b, "closure", c.Closure)
	})
	return append(b, '}')
}

// appendObjects appends a list of objects, the members of each with appendMembers.
func appendObjects[T any](
	b []byte, key string, list []T, appendMembers func([]byte, *T) []byte,
) []byte {
	b = append(appendKey(b, key), '[')
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendMembers(append(b, '{'), &list[i]), '}')
	}
	return append(b, ']')
}

// appendKey appends the name of an object's member, after a comma when it is not the first.
func appendKey(b []byte, key string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, key...)
	return append(b, '"', ':')
}

func appendString[S ~string](b []byte, key string, s S) []byte {
	return appendQuoted(appendKey(b, key), s)
}

func appendStringOrNull[S ~string](b []byte, key string, s S) []byte {
	if s == "" {
		return append(appendKey(b, key), "null"...)
	}
	return appendString(b, key, s)
}

func appendStrings[S ~string](b []byte, key string, list []S) []byte {
	b = append(appendKey(b, key), '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendQuoted(b, s)
	}
	return append(b, ']')
}

func appendUint(b []byte, key string, v uint64) []byte {
	return strconv.AppendUint(appendKey(b, key), v, 10)
}

func appendInt(b []byte, key string, v int64) []byte {
	return strconv.AppendInt(appendKey(b, key), v, 10)
}

func appendTime(b []byte, key string, t reducer.Time) []byte {
	b = append(appendKey(b, key), '"')
	return append(AppendTime(b, t), '"')
}

func appendOptional[T comparable](
	b []byte, key string, v reducer.Opt[T], appendValue func([]byte, string, T) []byte,
) []byte {
	if !v.Set {
		return append(appendKey(b, key), "null"...)
	}
	return appendValue(b, key, v.Value)
}

const hexDigits = "0123456789abcdef"

// appendQuoted appends s as a JSON string: only what must be escaped is, and what is not UTF-8
// becomes U+FFFD.
func appendQuoted[S ~string](b []byte, s S) []byte {
	b = append(b, '"')
	done := 0 // what of s is appended
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(string(s[i:]))
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[done:i]...), "\ufffd"...)
				done = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(append(b, s[done:i]...), '\\')
		switch c {
		case '"', '\\':
			b = append(b, c)
		case '\b':
			b = append(b, 'b')
		case '\f':
			b = append(b, 'f')
		case '\n':
			b = append(b, 'n')
		case '\r':
			b = append(b, 'r')
		case '\t':
			b = append(b, 't')
		default:
			b = append(b, 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
		}
		i++
		done = i
	}
	b = append(b, s[done:]...)
	return append(b, '"')
}
