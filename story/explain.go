package story

import (
	"fmt"
	"slices"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
)

// An explainer explains why something never happens: what the machine or the fleet rules out, or
// what would have to happen first. Its methods return an empty string if they know no reason.
type explainer struct {
	machine *reducer.Table
	fleet   *fleet
}

func (w *world) explain() explainer { return explainer{w.simulator.machine, &w.fleet} }

// noState returns why a rollout is never in a state.
func (x explainer) noState(r *rolloutHistory, state reducer.State) string {
	policy := x.fleet.policy(r.channel)
	if len(r.hosts) == 0 && state != reducer.Opening && state != reducer.Superseded &&
		state != reducer.Pruned {
		return "it has no hosts"
	}
	switch state {
	case reducer.Pruned:
		return x.noPruning(r, policy)
	case reducer.Reverted:
		switch {
		case !x.machine.Reverts(reducer.RollbackAndHalt):
			return fmt.Sprintf(
				"under %s a rollout is Failed as soon as a host fails, and a host is Reverted only after it "+
					"has Failed", x.machine.Name(),
			)
		case policy.OnHealthFailure == reducer.Halt:
			return needsRollback(r.channel)
		}
		return "a host must fail, and then roll back"
	case reducer.Failed:
		if !x.machine.FailsAtOnce(policy.OnHealthFailure) {
			return fmt.Sprintf(
				"under policy %v a rollout whose host fails is Reverted once the host has rolled back",
				policy.OnHealthFailure,
			)
		}
		return "a host must fail"
	case reducer.Terminal:
		failed := r.states.first(reducer.Failed) != noEntry || r.states.first(reducer.Reverted) != noEntry
		if failed && !x.machine.Clears() {
			return fmt.Sprintf(
				"%s has no clearance: a rollout that is Failed stays so until it is superseded",
				x.machine.Name(),
			)
		}
		return "all its hosts must be Converged, or an operator must clear it after it has Failed or " +
			"Reverted"
	case reducer.Superseded:
		return fmt.Sprintf("channel %q must move to another ref, and a poll must see it", r.channel)
	case reducer.Opening, reducer.Active, reducer.Converging:
	}
	return ""
}

// noPruning returns why a rollout is never pruned.
func (x explainer) noPruning(r *rolloutHistory, policy reducer.Policy) string {
	switch {
	case !x.machine.Prunes():
		return fmt.Sprintf(
			"%s schedules no pruning: nothing is pruned unless a raw %v does it", x.machine.Name(),
			reducer.RetentionExpired,
		)
	case r.last().to.InTerminalSet():
		return fmt.Sprintf(
			"its retention of %s does not end within the run",
			elapsed(time.Duration(policy.RetentionSeconds)*time.Second),
		)
	}
	return "only a rollout that is Terminal, Superseded, Failed or Reverted is pruned"
}

// needsRollback returns the reason that no host of a channel rolls back, and how to change that.
func needsRollback(id reducer.ChannelID) string {
	return fmt.Sprintf(
		"under policy halt no host rolls back; say: Given channel %q has policy rollback-and-halt", id,
	)
}

// noHostState returns why a host of a rollout is never in a state.
func (x explainer) noHostState(r *rolloutHistory, state reducer.HostState) string {
	switch state {
	case reducer.HostReverted:
		if x.fleet.policy(r.channel).OnHealthFailure == reducer.Halt {
			return needsRollback(r.channel)
		}
		return "the host must fail first"
	case reducer.HostDeferred:
		return "a host must defer its activation"
	case reducer.HostFailed:
		return "a host must fail its probes or its activation"
	case reducer.HostPending, reducer.HostActivating, reducer.HostSoaking, reducer.HostConverged:
	}
	return ""
}

// noMoment returns why a moment never comes.
func (x explainer) noMoment(r *rolloutHistory, m *moment) string {
	if m.Wave.Set {
		if why := noWave(r, m.Wave.Value); why != "" {
			return why
		}
	}
	switch {
	case m.State != 0:
		return x.noState(r, m.State)
	case m.HostState != 0:
		return x.noHostState(r, m.HostState)
	}
	return ""
}

// noWave returns why a rollout is never at a wave.
func noWave(r *rolloutHistory, wave uint32) string {
	last := uint32(0)
	for _, h := range r.hosts {
		last = max(last, h.wave)
	}
	if wave <= last {
		return ""
	}
	return fmt.Sprintf("wave %d does not exist: the rollout has waves 0 to %d", wave, last)
}

// noQuarantine returns why a ref is never in the quarantine of a channel.
func (x explainer) noQuarantine(ref reducer.ChannelRef, id reducer.ChannelID) string {
	preset := sim.QuarantineEntry{Channel: id, Closure: reducer.ClosureHash(ref)}
	if x.fleet.policy(id).OnHealthFailure == reducer.Halt &&
		!slices.Contains(x.fleet.Quarantine, preset) {
		return needsRollback(id)
	}
	return ""
}

// noEffect returns why the machine never answers with an effect.
func (x explainer) noEffect(kind reducer.EffectKind) string {
	if x.machine.Emits(kind) {
		return ""
	}
	return fmt.Sprintf("%s never emits %v", x.machine.Name(), kind)
}
