package story

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"rollsim/controlplane"
	"rollsim/invariant"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

// valueNames returns the values of a parameter, or of a column of a table, that has a fixed set of
// them; nil for any other.
func valueNames(name string) []string {
	switch strings.TrimSuffix(name, "?") {
	case "state", "states", "states_or", "becomes":
		return textsOf(reducer.States())
	case "host_state", "host_states", "host_states_or":
		return textsOf(reducer.HostStates())
	case "event":
		return textsOf(reducer.EventKinds())
	case "effect", "effects":
		return textsOf(reducer.EffectKinds())
	case "message":
		return textsOf(reducer.AgentEventKinds())
	case "policy":
		return textsOf(reducer.HealthPolicies())
	case "fault":
		return textsOf(append(sim.FaultKinds(), sim.ShippedFaultKinds()...))
	case "gate":
		return trace.Gates()
	case "invariant":
		return textsOf(invariant.Names())
	case "machine":
		return machine.Names()
	case "defects":
		return textsOf(controlplane.Defects())
	case "planner":
		return planners
	case "does":
		return slices.Sorted(maps.Keys(fateNames))
	case "reason":
		return slices.Sorted(maps.Keys(reasons))
	}
	return nil
}

func textsOf[T any](all []T) []string {
	var texts []string
	for _, v := range all {
		texts = append(texts, fmt.Sprint(v))
	}
	return texts
}
