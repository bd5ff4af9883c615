package trace

// The gates that can block the dispatch of a host, as the control plane spells them in
// GateDecision.Gate. A log may name others.
const (
	GateDispatchPause     = "dispatch-pause"     // an operator has paused dispatching
	GateMaintenanceWindow = "maintenance-window" // no window of the channel is open

	GateQuarantine       = "quarantine"
	GateChannelEdges     = "channel-edges"
	GateWavePromotion    = "wave-promotion"
	GateHostEdge         = "host-edge"
	GateDisruptionBudget = "disruption-budget"

	// Only the shipped planner has these. It checks the first after GateWavePromotion and the second
	// last.
	GateHostUnstaged   = "wave-promotion-host-unstaged"
	GateComplianceWave = "compliance-wave"
)

// earlierHostEdge is the name that GateHostEdge had in earlier traces.
const earlierHostEdge = "host-edges"

// GateName returns the present name of a gate that a trace names.
func GateName(name string) string {
	if name == earlierHostEdge {
		return GateHostEdge
	}
	return name
}

// Gates returns the names of the gates of the specified planner, in the order in which it checks
// them. The planner logs the first one that blocks.
func Gates() []string {
	return []string{
		GateDispatchPause, GateMaintenanceWindow, GateQuarantine, GateChannelEdges, GateWavePromotion,
		GateHostEdge, GateDisruptionBudget,
	}
}

// ShippedGates returns the names of the gates of the shipped planner, in the order in which it
// checks them.
func ShippedGates() []string {
	return []string{
		GateQuarantine, GateChannelEdges, GateWavePromotion, GateHostUnstaged, GateHostEdge,
		GateDisruptionBudget, GateComplianceWave,
	}
}
