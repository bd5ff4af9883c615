package story

import (
	"fmt"
	"slices"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
)

// whyNever says why a rollout can come to no such state, whatever happens to it; empty where it
// could.
func (w *world) whyNever(r *rolloutPast, state reducer.State) string {
	policy := w.policyOf(r.channel)
	shipped := w.machine.Name() == reducer.V02().Name()
	raw := func(kind reducer.EventKind) string { return fmt.Sprintf("unless a raw %v does it", kind) }
	if len(r.hosts) == 0 && state != reducer.Opening && state != reducer.Superseded &&
		state != reducer.Pruned {
		return "it has no hosts"
	}
	switch state {
	case reducer.Pruned:
		if shipped {
			return "under v0.2 nothing schedules a pruning, so that nothing is " +
				"pruned " + raw(reducer.RetentionExpired)
		}
		if last := r.states[len(r.states)-1]; last.to.InTerminalSet() {
			return fmt.Sprintf(
				"its retention of %s does not end within the run",
				w.time(time.Duration(policy.RetentionSeconds)*time.Second),
			)
		}
		return "only a rollout that is Terminal, Superseded, Failed or Reverted is pruned"
	case reducer.Reverted:
		if shipped {
			return "under v0.2 a rollout is Failed as soon as a host fails, and no host is Reverted that " +
				"has not Failed before"
		}
		if policy.OnHealthFailure == reducer.Halt {
			return fmt.Sprintf("under policy halt no host rolls back; say: Given channel %q has policy "+
				"rollback-and-halt", r.channel)
		}
		return "it takes a host that fails, and then rolls back"
	case reducer.Failed:
		if !shipped && policy.OnHealthFailure == reducer.RollbackAndHalt {
			return "under policy rollback-and-halt a rollout whose host fails is Reverted once the host " +
				"has rolled back"
		}
		return "it takes a host that fails"
	case reducer.Terminal:
		if shipped &&
			(r.states.comes(reducer.Failed) != noEntry || r.states.comes(reducer.Reverted) != noEntry) {
			return "v0.2 has no clearance: a rollout that is Failed stays so until it is superseded"
		}
		return "it takes that all its hosts are Converged, or an operator who clears it after it has " +
			"Failed or Reverted"
	case reducer.Superseded:
		return fmt.Sprintf(
			"it takes that channel %q moves to another ref, and that a poll sees it", r.channel,
		)
	case reducer.Opening, reducer.Active, reducer.Converging:
	}
	return ""
}

// whyHostNever says the same of a state of a host under a rollout.
func (w *world) whyHostNever(r *rolloutPast, state reducer.HostState) string {
	switch state {
	case reducer.HostReverted:
		if w.policyOf(r.channel).OnHealthFailure == reducer.Halt {
			return fmt.Sprintf("under policy halt no host rolls back; say: Given channel %q has policy "+
				"rollback-and-halt", r.channel)
		}
		return "it takes that the host fails first"
	case reducer.HostDeferred:
		return "it takes a host that defers its activation"
	case reducer.HostFailed:
		return "it takes a host that fails its probes or its activation"
	case reducer.HostPending, reducer.HostActivating, reducer.HostSoaking, reducer.HostConverged:
	}
	return ""
}

// whyMoment says why a moment never comes, after what goes before it; empty where it could.
func (w *world) whyMoment(before string, r *rolloutPast, m *moment) string {
	why := ""
	if m.Wave.Set {
		why = whyNoWave(r, m.Wave.Value)
	}
	switch {
	case why != "":
	case m.State != 0:
		why = w.whyNever(r, m.State)
	case m.HostState != 0:
		why = w.whyHostNever(r, m.HostState)
	}
	if why == "" {
		return ""
	}
	return before + why
}

// whyNoWave says why nothing is ever said of a wave of a rollout; empty where it has such a wave.
func whyNoWave(r *rolloutPast, wave uint32) string {
	last := uint32(0)
	for _, h := range r.hosts {
		last = max(last, h.wave)
	}
	if wave <= last {
		return ""
	}
	return fmt.Sprintf("waves count from 0, and its last one is wave %d", last)
}

// whyNotQuarantined says why a ref never comes into the quarantine of a channel; empty where it
// could, or was there.
func (w *world) whyNotQuarantined(ref reducer.ChannelRef, id reducer.ChannelID) string {
	preset := sim.QuarantineEntry{Channel: id, Closure: reducer.ClosureHash(ref)}
	if w.policyOf(id).OnHealthFailure == reducer.Halt &&
		!slices.Contains(w.scenario.Quarantine, preset) {
		return fmt.Sprintf(": under policy halt no host rolls back; say: Given channel %q has policy "+
			"rollback-and-halt", id)
	}
	return ""
}

// whyNotEmitted says why a machine never answers with an effect; empty where it could.
func (w *world) whyNotEmitted(kind reducer.EffectKind) string {
	if w.machine.Name() == reducer.V02().Name() &&
		(kind == reducer.SchedulePruning || kind == reducer.InsertQuarantineFromRollout) {
		return fmt.Sprintf("v0.2 never emits %v", kind)
	}
	return ""
}

// policyOf is the policy of a channel, or that of channels which only raw events know.
func (w *world) policyOf(id reducer.ChannelID) reducer.Policy {
	for i := range w.scenario.Channels {
		if w.scenario.Channels[i].ID == id {
			return w.scenario.Channels[i].Policy
		}
	}
	return reducer.DefaultPolicy()
}
