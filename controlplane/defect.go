package controlplane

import (
	"fmt"

	"rollsim/trace"
)

// Defect is the name of a known defect of the shipped control plane or of its agents. A scenario
// can fix some of them, to show what the fix changes.
type Defect = trace.Defect

// The defects, in the order in which the documents list them.
const (
	QuarantineInert  = trace.DefectQuarantineInert  // the planner's quarantine is always empty
	NoHalt           = trace.DefectNoHalt           // a Failed rollout continues to dispatch
	SilentCursor     = trace.DefectSilentCursor     // the wave cursor moves without an entry
	EmptyWave        = trace.DefectEmptyWave        // the cursor stops for good at an empty wave
	BudgetOvershoot  = trace.DefectBudgetOvershoot  // dispatches without an ack are not counted
	SupersededEdge   = trace.DefectSupersededEdge   // a superseded rollout does not end a wait
	ComplianceSticky = trace.DefectComplianceSticky // a control that passes again still blocks
	LateWaveSoak     = trace.DefectLateWaveSoak     // the soak counts from the opening
	StaleQueue       = trace.DefectStaleQueue       // a queued dispatch outlives a supersession
	Reopened         = trace.DefectReopened         // the current rollout is opened again
	TornOpening      = trace.DefectTornOpening      // a crash leaves hosts out of an opening
	LostAck          = trace.DefectLostAck          // a heartbeat replaces an ack that was lost
	AcknowledgedLost = trace.DefectAcknowledgedLost // messages are acknowledged and dropped
	StaleSnapshot    = trace.DefectStaleSnapshot    // an old snapshot overwrites the agent's state
	LostActivation   = trace.DefectLostActivation   // a restart of the agent loses the switch
	StaleManifest    = trace.DefectStaleManifest    // the agent silently refuses an old manifest
	SetBack          = trace.DefectSetBack          // an old ref dispatches a superseded rollout
	LossyLog         = trace.DefectLossyLog         // the log loses rows whose tables have moved
)

// Defects returns the names of all defects, in the order in which the documents list them.
func Defects() []Defect { return trace.Defects() }

// DefectSet is a set of defects. The zero value is empty.
type DefectSet uint32

// NewDefectSet returns the set of some defects. The error names one that does not exist, or that is
// listed twice.
func NewDefectSet(list []Defect) (DefectSet, error) {
	var set DefectSet
	for _, d := range list {
		i := d.Index()
		if i < 0 {
			return 0, fmt.Errorf("defect %q does not exist: the defects are %q", d, trace.Defects())
		}
		if set&(1<<i) != 0 {
			return 0, fmt.Errorf("defect %q is listed twice", d)
		}
		set |= 1 << i
	}
	return set, nil
}

// Has reports whether a defect is in the set.
func (m DefectSet) Has(d Defect) bool {
	if m == 0 {
		return false
	}
	i := d.Index()
	return i >= 0 && m&(1<<i) != 0
}
