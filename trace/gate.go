package trace

// The gates that can block the dispatch of a host, as the control plane spells them in
// GateDecision.Gate. A log may name others.
const (
	GateQuarantine       = "quarantine"
	GateChannelEdges     = "channel-edges"
	GateWavePromotion    = "wave-promotion"
	GateHostEdges        = "host-edges"
	GateDisruptionBudget = "disruption-budget"
)

// Gates returns the names of the gates in the order in which a planner checks them. The planner
// logs the first one that blocks.
func Gates() []string {
	return []string{
		GateQuarantine, GateChannelEdges, GateWavePromotion, GateHostEdges, GateDisruptionBudget,
	}
}
