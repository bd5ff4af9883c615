package trace

// The gates that keep a host from being dispatched, as the control plane spells them in
// GateDecision.Gate. A log may name others.
const (
	GateQuarantine       = "quarantine"
	GateChannelEdges     = "channel-edges"
	GateWavePromotion    = "wave-promotion"
	GateHostEdges        = "host-edges"
	GateDisruptionBudget = "disruption-budget"
)

// Gates returns the names of the gates in the order in which a planner asks them: the first that
// blocks is the one that it logs.
func Gates() []string {
	return []string{
		GateQuarantine, GateChannelEdges, GateWavePromotion, GateHostEdges, GateDisruptionBudget,
	}
}
