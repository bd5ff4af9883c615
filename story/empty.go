package story

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"rollsim/controlplane"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

// gateConfigured reports whether a gate can hold a host back in this fleet.
func (w *world) gateConfigured(by gate, h reducer.HostID) bool {
	c := w.fleet.channelOf(h)
	if c == nil {
		return false
	}
	switch string(by) {
	case trace.GateDispatchPause:
		return slices.ContainsFunc(w.timeline.actions, func(a sim.Action) bool {
			return a.Order != nil && a.Order.Kind == controlplane.PauseDispatch
		})
	case trace.GateMaintenanceWindow:
		return len(c.Windows) > 0
	case trace.GateQuarantine:
		return w.quarantines(c)
	case trace.GateChannelEdges:
		return len(c.After) > 0
	case trace.GateWavePromotion:
		return len(c.Waves) > 1
	case trace.GateHostEdge:
		return slices.ContainsFunc(c.HostEdges, func(e sim.HostEdge) bool { return e.Host == h })
	case trace.GateDisruptionBudget:
		return slices.ContainsFunc(w.fleet.Budgets, func(b sim.Budget) bool {
			return b.Selector != "" ||
				slices.ContainsFunc(b.Hosts, func(p string) bool { return matchesHost(p, h) })
		})
	}
	return true
}

// quarantines reports whether a closure can be in the quarantine of a channel.
func (w *world) quarantines(c *sim.Channel) bool {
	ordered := func(a sim.Action) bool { return a.Order != nil && a.Order.Entry.Channel == c.ID }
	return c.Policy.OnHealthFailure == reducer.RollbackAndHalt ||
		slices.ContainsFunc(w.timeline.actions, ordered) ||
		slices.ContainsFunc(w.fleet.Quarantine, func(q sim.QuarantineEntry) bool {
			return q.Channel == c.ID
		})
}

// blocks reports whether a gate holds any host back in the run.
func (w *world) blocks(by gate) bool {
	return slices.ContainsFunc(w.history.entries, func(e trace.Entry) bool {
		return e.Gate != nil && e.Gate.Gate == string(by)
	})
}

// noGate returns why an expectation that hosts are never held back could not fail.
func noGate(w *world, hosts []reducer.HostID, by gate, id reducer.RolloutID) string {
	hosts, err := hostsUnder(w, hosts, id)
	if err != nil {
		return ""
	}
	gates := []gate{by}
	if by == "" {
		gates = as[gate](trace.Gates())
	}
	configured := slices.ContainsFunc(gates, func(g gate) bool {
		return slices.ContainsFunc(hosts, func(h reducer.HostID) bool { return w.gateConfigured(g, h) })
	})
	switch {
	case !configured && by == "":
		return "no gate can hold these hosts back: the fleet has no waves, edges or budgets for them"
	case !configured:
		return fmt.Sprintf("nothing is configured for which %s could hold these hosts back", by)
	case by != "" && !w.rehearsing && !w.blocks(by):
		return fmt.Sprintf("%s holds no host back in the whole run", by)
	}
	return ""
}

// nothingToDispatch returns why an expectation of how many hosts of a rollout are dispatched could
// not fail: before some entry, all have been dispatched and have answered.
func nothingToDispatch(w *world, n amount, id reducer.RolloutID, from int) string {
	r := w.history.rollouts[id]
	if why := anyAmount(w, n, id); why != "" || !n.holds(0, len(r.hosts)) {
		return why
	}
	for _, h := range r.hosts {
		answered := slices.ContainsFunc(h.states, func(c change[reducer.HostState]) bool {
			return c.to != reducer.HostPending && c.entry < from-1
		})
		if !answered {
			return ""
		}
	}
	return fmt.Sprintf("every host of %q has been dispatched before, and has answered", id)
}

// noneInFlight returns why an expectation of how many of some hosts are in flight at once could not
// fail.
func noneInFlight(w *world, n amount, all int, counts counts) string {
	if n.certain(all) {
		return fmt.Sprintf("there are %d of these hosts, and any number of them would do", all)
	}
	if !w.rehearsing && n.holds(0, all) && highestInFlight(w, counts) == 0 {
		return "none of these hosts is ever in flight"
	}
	return ""
}

// sizeOf returns the number of hosts of a rollout; in a rehearsal, of its channel. It is the
// largest number there is if that is unknown.
func sizeOf(w *world, id reducer.RolloutID) int {
	if !w.rehearsing {
		return len(w.history.rollouts[id].hosts)
	}
	channel, _, _ := strings.Cut(string(id), "@")
	c, err := w.fleet.channel(reducer.ChannelID(channel))
	if err != nil || w.timeline.speaksOf(id) {
		return math.MaxInt
	}
	return len(hostsOf(c))
}

// highestInFlight returns the largest number of hosts that are Activating or Soaking at once.
func highestInFlight(w *world, counts counts) int {
	inFlight := make(map[reducer.HostID]bool)
	highest := 0
	for i := range w.history.entries {
		e := &w.history.entries[i]
		if e.Event == nil || e.Event.Kind != reducer.HostStateChanged || w.history.refused(i) {
			continue
		}
		delete(inFlight, e.Event.Host)
		if e.Event.To.InFlight() && counts(e.Event.Host, e.Rollout) {
			inFlight[e.Event.Host] = true
		}
		highest = max(highest, len(inFlight))
	}
	return highest
}

// noneDispatched returns why an expectation that no host of a rollout is dispatched before
// something could not fail: none is ever dispatched.
func noneDispatched(w *world, n amount, id reducer.RolloutID) string {
	hosts := w.history.rollouts[id].hosts
	if why := anyAmount(w, n, id); why != "" || !n.holds(0, len(hosts)) {
		return why
	}
	for _, h := range hosts {
		if len(h.dispatches) > 0 {
			return ""
		}
	}
	return fmt.Sprintf("no host of %q is dispatched in the whole run", id)
}

// joinNothing returns why an expectation that hosts are never dispatched could not fail: they join
// no rollout.
func joinNothing(w *world, hosts []reducer.HostID) string {
	hosts, err := hostsUnder(w, hosts, "")
	if err != nil {
		return ""
	}
	for _, r := range w.history.order {
		for _, h := range hosts {
			if r.host(h) != nil {
				return ""
			}
		}
	}
	return "these hosts join no rollout"
}

// neverDispatched returns why an expectation that hosts are never in a state could not fail: they
// are never dispatched.
func neverDispatched(
	w *world, hosts []reducer.HostID, state reducer.HostState, id reducer.RolloutID,
) string {
	hosts, err := hostsUnder(w, hosts, id)
	if err != nil || state == reducer.HostPending {
		return ""
	}
	for _, r := range w.history.order {
		for _, name := range hosts {
			h := r.host(name)
			if h != nil && (id == "" || id == r.id) && len(h.states) > 1 {
				return ""
			}
		}
	}
	return "these hosts stay Pending in the whole run"
}

// impossibleState returns why an expectation that a rollout is never in a state could not fail: the
// machine cannot do it, and the scenario does not name the machine.
func impossibleState(w *world, id reducer.RolloutID, state reducer.State) string {
	if state == reducer.Pruned {
		return impossiblePruning(w)
	}
	if state == reducer.Reverted && !w.machineChosen &&
		!w.simulator.machine.Reverts(reducer.RollbackAndHalt) {
		return w.explain().noState(w.history.rollouts[id], state)
	}
	return ""
}

// impossiblePruning returns why an expectation that nothing is pruned could not fail: the machine
// schedules no pruning, and the scenario does not name the machine.
func impossiblePruning(w *world) string {
	if w.machineChosen || w.simulator.machine.Prunes() {
		return ""
	}
	return fmt.Sprintf(
		"the machine of the scenario file, %s, schedules no pruning: name it here if this is about it",
		w.simulator.machine.Name(),
	)
}

// neverMoves returns why an expectation that a channel has no rollout could not fail: no sentence
// makes it move. An empty name stands for all channels.
func neverMoves(w *world, id reducer.ChannelID) string {
	raw := slices.ContainsFunc(w.timeline.actions, func(a sim.Action) bool { return a.Event != nil })
	if raw || id == "" && len(w.names.rollouts) > 0 || w.names.latest[id] != "" {
		return ""
	}
	return "nothing makes the channel move to a ref"
}

// zeroOf returns why an expectation of how often something happens could not fail: it allows none,
// and a largest number that is not reached is no test.
func zeroOf(found int, n times) string {
	if found == 0 && n.least == 0 && n.most > 0 {
		return "it never happens, and this allows that"
	}
	return ""
}

// unconfigured are the invariants of gates, with the gate that must hold a host back for the
// invariant to be tested.
var unconfigured = map[invariant.Name]string{
	invariant.QuarantineKept:   trace.GateQuarantine,
	invariant.WaveKept:         trace.GateWavePromotion,
	invariant.ChannelEdgesKept: trace.GateChannelEdges,
	invariant.BudgetKept:       trace.GateDisruptionBudget,
}

// noPopulation returns why the expectation that an invariant holds could not fail: nothing in the
// run is a case of it.
func noPopulation(w *world, name invariant.Name) string {
	if by, ok := unconfigured[name]; ok {
		for h := range w.fleet.hosts() {
			if w.gateConfigured(gate(by), h) {
				if w.rehearsing || w.blocks(gate(by)) {
					return ""
				}
				return fmt.Sprintf("%s holds no host back in the whole run", by)
			}
		}
		return fmt.Sprintf("nothing is configured for which %s could hold a host back", by)
	}
	about := populations[name]
	if w.rehearsing || about.is == nil {
		return ""
	}
	for _, r := range w.history.order {
		if about.is(w, r) {
			return ""
		}
	}
	return "the run has " + about.none
}

// A population is what an invariant is about.
type population struct {
	none string // in words, if none exists
	is   func(*world, *rolloutHistory) bool
}

func reached(states ...reducer.State) func(*world, *rolloutHistory) bool {
	return func(_ *world, r *rolloutHistory) bool {
		return slices.ContainsFunc(r.states, func(c change[reducer.State]) bool {
			return slices.Contains(states, c.to)
		})
	}
}

func hostReached(states ...reducer.HostState) func(*world, *rolloutHistory) bool {
	return func(_ *world, r *rolloutHistory) bool {
		return slices.ContainsFunc(r.hosts, func(h *hostHistory) bool {
			return slices.ContainsFunc(h.states, func(c change[reducer.HostState]) bool {
				return slices.Contains(states, c.to)
			})
		})
	}
}

func anyRollout(*world, *rolloutHistory) bool { return true }

// ended are the states of the terminal set.
var ended = reached(reducer.Terminal, reducer.Superseded, reducer.Failed, reducer.Reverted)

// populations are those of the invariants that no gate keeps.
var populations = map[invariant.Name]population{
	invariant.TerminalStamped: {
		"no rollout that is Terminal or Superseded", reached(reducer.Terminal, reducer.Superseded),
	},
	invariant.TerminalConverged: {"no rollout that is Terminal", reached(reducer.Terminal)},
	invariant.PrunedAbsorbing:   {"no rollout that is Pruned", reached(reducer.Pruned)},
	invariant.WaveMonotonic: {
		"no rollout whose wave changes",
		func(_ *world, r *rolloutHistory) bool { return len(r.waves) > 1 },
	},
	invariant.TransitionRecorded: {
		"no transition", func(_ *world, r *rolloutHistory) bool { return len(r.states) > 1 },
	},
	invariant.OneStanding: {
		"no channel with two rollouts", func(w *world, r *rolloutHistory) bool {
			return slices.ContainsFunc(w.history.order, func(o *rolloutHistory) bool {
				return o != r && o.channel == r.channel
			})
		},
	},
	invariant.RevertedHost:  {"no rollout that is Reverted", reached(reducer.Reverted)},
	invariant.RetentionKept: {"no rollout that has ended", ended},
	invariant.HaltKept: {
		"no rollout that is halted", func(w *world, r *rolloutHistory) bool {
			return ended(w, r) || hostReached(reducer.HostFailed, reducer.HostReverted)(w, r)
		},
	},
	invariant.FoldIsLive: {"no rollout", anyRollout},
	invariant.SameBytes:  {"no rollout", anyRollout},
	invariant.Stuck: {
		"no rollout with hosts", func(_ *world, r *rolloutHistory) bool { return len(r.hosts) > 0 },
	},
	invariant.Unpruned: {"no rollout that has ended", ended},
	invariant.Stranded: {"no rollout", anyRollout},
	invariant.EvidenceKept: {
		"no host that is Converged", hostReached(reducer.HostConverged),
	},
	invariant.RollbackKept: {"no host that is Reverted", hostReached(reducer.HostReverted)},
	invariant.TimeKept:     {"no rollout", anyRollout},
	invariant.SupersessionKept: {
		"no rollout that is Superseded", reached(reducer.Superseded),
	},
	invariant.OpeningWhole: {"no rollout", anyRollout},
	invariant.AcknowledgedKept: {
		"no host that answered", hostReached(reducer.HostActivating),
	},
	invariant.NotReopened: {"no rollout that has ended", ended},
}
