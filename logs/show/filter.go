package show

import (
	"fmt"
	"slices"

	"rollsim/reducer"
	"rollsim/trace"
)

// Filter selects the rows of a timeline. The zero value selects all.
type Filter struct {
	Rollout reducer.RolloutID // the whole id, or one with the beginning of a long ref
	Channel reducer.ChannelID
	Host    reducer.HostID
	Since   reducer.Opt[reducer.Time]
	Until   reducer.Opt[reducer.Time]

	// Kinds are kinds of entries, such as gate_decision, or what is of such a kind: HostJoined,
	// DispatchAck, the name of a gate. Short forms are in KindNames.
	Kinds []string

	// Around is the seq of an entry: it is shown with a few rows before and after it; 0 is all.
	// Rows that repeat an earlier one are left out, unless Repeats is set.
	Around  uint64
	Repeats bool
}

// shortKinds are short forms of the kinds of entries.
var shortKinds = map[string]trace.Kind{
	"agent": trace.KindAgentEvent, "plan": trace.KindPlanAction, "effect": trace.KindEffect,
	"gate": trace.KindGateDecision, "verify": trace.KindVerifyOutcome,
	"poll": trace.KindManifestPoll, "event": trace.KindRolloutEvent,
}

// KindNames returns the names that Filter.Kinds accepts in any log. A log may have others, such as
// gates that this version does not know.
func KindNames() []string {
	all := slices.Concat(
		texts(reducer.EventKinds()), texts(reducer.EffectKinds()), texts(reducer.AgentEventKinds()),
		texts([]trace.ActionKind{trace.OpenRollout, trace.QueueDispatch}), trace.Gates(),
		trace.HostEffects(),
		[]string{trace.KindFault.String(), trace.KindRejection.String()},
	)
	for short, k := range shortKinds {
		all = append(all, short, k.String())
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func texts[T fmt.Stringer](list []T) []string {
	all := make([]string, len(list))
	for i, v := range list {
		all[i] = v.String()
	}
	return all
}

// matchesKind reports whether the filter selects an entry by its kind.
func (f *Filter) matchesKind(e *trace.Entry, name string) bool {
	if len(f.Kinds) == 0 {
		return true
	}
	return slices.ContainsFunc(f.Kinds, func(k string) bool {
		short, isShort := shortKinds[k]
		return k == name || k == e.KindName() || isShort && short == e.Kind
	})
}

// matches reports whether the filter selects a row of an entry, whatever its time.
func (f *Filter) matches(e *trace.Entry, r *Row) bool {
	if f.Rollout != "" && !f.names(r.Rollout) && !f.names(successorOf(e)) {
		return false
	}
	return (f.Channel == "" || f.Channel == r.Channel) &&
		(f.Host == "" || f.Host == r.Host) && f.matchesKind(e, r.Name)
}

// names reports whether the filter names a rollout.
func (f *Filter) names(id reducer.RolloutID) bool {
	return f.Rollout == id || f.Rollout.Abbreviates(id)
}

// successorOf returns the rollout that a SuccessorOpened opens, or "".
func successorOf(e *trace.Entry) reducer.RolloutID {
	if e.Event == nil || e.Event.Kind != reducer.SuccessorOpened {
		return ""
	}
	return e.Event.Successor
}
