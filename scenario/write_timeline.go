package scenario

import (
	"fmt"
	"strconv"
	"time"

	"rollsim/controlplane"
	"rollsim/internal/yamltext"
	"rollsim/reducer"
	"rollsim/sim"
)

func (e *exporter) action(a *sim.Action) {
	if a.When != nil {
		e.line("  - when: %s", momentOf(a.When))
		e.line("    after: %s", FormatDuration(a.At))
	} else {
		e.line("  - at: %s", FormatDuration(a.At))
	}
	switch {
	case a.SetRef != nil:
		e.line("    channel: %s", yamltext.Scalar(a.SetRef.Channel))
		e.line("    ref: %s", yamltext.Scalar(a.SetRef.Ref))
	case a.Release != nil:
		e.line("    release: %s", yamltext.Scalar(a.Release.Ref))
	case a.Order != nil:
		e.line("    %s", OrderText(a.Order))
	case a.Lift != nil:
		e.line("    lift: %s", closureOf(*a.Lift))
	case a.Event != nil:
		e.line("    event: {%v: {%s}}", a.Event.Kind, eventFields(a))
		if a.Reaches != "" {
			e.line("    reaches: %s", yamltext.Scalar(a.Reaches))
		}
	case a.Fault != nil:
		e.faultNow(a.Fault)
	}
}

func (e *exporter) faultNow(f *sim.FaultNow) {
	e.line("    fault: %v", f.Kind)
	if f.Host != "" {
		e.line("    host: %s", yamltext.Scalar(f.Host))
	}
	if f.For != 0 || f.Kind == sim.ClockSkew {
		e.line("    for: %s", FormatOffset(f.For))
	}
	if f.Joined > 0 {
		e.line("    joined: %d", f.Joined)
	}
	if f.Rollout != "" {
		e.line("    rollout: %s", yamltext.Scalar(f.Rollout))
	}
	if f.Message != 0 {
		e.line("    message: %v", f.Message)
	}
	if f.Seq > 0 {
		e.line("    seq: %d", f.Seq)
	}
	if f.Channel != "" {
		e.line("    channel: %s", yamltext.Scalar(f.Channel))
	}
}

// OrderText returns the field of an order of an operator, as scenario files have it.
func OrderText(o *sim.Order) string {
	switch o.Kind {
	case controlplane.QuarantineByHand:
		return fmt.Sprintf("%v: %s", o.Kind, closureOf(o.Entry))
	case controlplane.AbortRollout:
		return fmt.Sprintf("%v: %s", o.Kind, yamltext.Scalar(o.Rollout))
	case controlplane.AddHost, controlplane.RemoveHost:
		return fmt.Sprintf("%v: %s", o.Kind, yamltext.Scalar(o.Host))
	case controlplane.PauseDispatch, controlplane.ResumeDispatch:
	}
	if o.Channel == "" {
		return fmt.Sprintf("%v: {}", o.Kind)
	}
	return fmt.Sprintf("%v: {channel: %s}", o.Kind, yamltext.Scalar(o.Channel))
}

// eventFields returns the fields of the raw event of an action.
func eventFields(a *sim.Action) string {
	ev := a.Event
	rollout := yamltext.Scalar(ev.Rollout)
	text := "rollout_id: " + rollout
	switch ev.Kind {
	case reducer.RolloutOpened:
		text += fmt.Sprintf(", channel: %s, target_ref: %s", yamltext.Scalar(ev.Channel),
			yamltext.Scalar(ev.TargetRef))
	case reducer.HostJoined:
		text += fmt.Sprintf(", host_id: %s, wave: %d", yamltext.Scalar(ev.Host), ev.Wave)
	case reducer.HostStateChanged:
		text += fmt.Sprintf(", host_id: %s, from: %v, to: %v", yamltext.Scalar(ev.Host), ev.From, ev.To)
	case reducer.WaveAdvanced:
		text += fmt.Sprintf(", from_wave: %d, to_wave: %d", ev.FromWave, ev.ToWave)
	case reducer.SuccessorOpened:
		text = fmt.Sprintf("superseded_rollout_id: %s, successor_rollout_id: %s", rollout,
			yamltext.Scalar(ev.Successor))
	case reducer.OperatorClearance:
		text += fmt.Sprintf(", operator: %s, reason: %s", strconv.Quote(ev.Operator),
			strconv.Quote(ev.Reason))
	case reducer.RolloutTerminal, reducer.RetentionExpired:
	}
	if a.KeepAt {
		text += ", at: " + time.Unix(0, int64(ev.At)).UTC().Format(time.RFC3339Nano)
	}
	return text
}

// momentOf returns a moment in braces.
func momentOf(m *sim.Moment) string {
	text := "rollout: " + yamltext.Scalar(m.Rollout)
	if m.State != 0 {
		text += fmt.Sprintf(", state: %v", m.State)
	}
	if m.Wave.Set {
		text += fmt.Sprintf(", wave: %d", m.Wave.Value)
	}
	if m.Host != "" {
		text += ", host: " + yamltext.Scalar(m.Host)
	}
	if m.HostState != 0 {
		text += fmt.Sprintf(", host_state: %v", m.HostState)
	}
	return "{" + text + "}"
}

// closureOf returns a closure on a channel in braces.
func closureOf(q sim.QuarantineEntry) string {
	return fmt.Sprintf("{channel: %s, closure: %s}", yamltext.Scalar(q.Channel),
		yamltext.Scalar(q.Closure))
}

func (e *exporter) fault(f *sim.Fault) {
	e.line("  - fault: %v", f.Kind)
	e.line("    probability: %s", FormatPercent(f.Probability))
	if f.For != nil {
		e.line("    for: %s", e.dist(f.For))
	}
	e.line("    from: %s", FormatDuration(f.From))
	e.until(f.Until)
	if len(f.Hosts) > 0 {
		e.line("    hosts: %s", names(f.Hosts))
	}
}
