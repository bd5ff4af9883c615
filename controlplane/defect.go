package controlplane

import (
	"fmt"
	"slices"
)

// Defect is the name of a known defect of the shipped control plane or of its agents. A scenario
// can fix some of them, to show what the fix changes.
type Defect string

// The defects, in the order in which the documents list them.
const (
	QuarantineInert  Defect = "quarantine-inert"  // the planner's quarantine is always empty
	NoHalt           Defect = "no-halt"           // a Failed rollout continues to dispatch
	SilentCursor     Defect = "silent-cursor"     // the wave cursor moves without an entry
	EmptyWave        Defect = "empty-wave"        // the cursor stops for good at an empty wave
	BudgetOvershoot  Defect = "budget-overshoot"  // dispatches without an ack are not counted
	SupersededEdge   Defect = "superseded-edge"   // a superseded rollout does not end a wait
	ComplianceSticky Defect = "compliance-sticky" // a control that passes again still blocks
	LateWaveSoak     Defect = "late-wave-soak"    // the soak counts from the opening
	StaleQueue       Defect = "stale-queue"       // a queued dispatch outlives a supersession
	Reopened         Defect = "reopened"          // the current rollout is deleted and opened again
	TornOpening      Defect = "torn-opening"      // a crash leaves hosts out of an opening
	LostAck          Defect = "lost-ack"          // a heartbeat replaces an ack that was lost
	AcknowledgedLost Defect = "acknowledged-lost" // messages are acknowledged and dropped
	StaleSnapshot    Defect = "stale-snapshot"    // an old snapshot overwrites the agent's state
	LostActivation   Defect = "lost-activation"   // a restart of the agent loses the switch
	StaleManifest    Defect = "stale-manifest"    // the agent silently refuses an old manifest
	SetBack          Defect = "set-back"          // an old ref dispatches a superseded rollout
	LossyLog         Defect = "lossy-log"         // the log loses rows whose tables have moved
	defectCount             = 18
)

var defects = [defectCount]Defect{
	QuarantineInert, NoHalt, SilentCursor, EmptyWave, BudgetOvershoot, SupersededEdge,
	ComplianceSticky, LateWaveSoak, StaleQueue, Reopened, TornOpening, LostAck, AcknowledgedLost,
	StaleSnapshot, LostActivation, StaleManifest, SetBack, LossyLog,
}

// Defects returns the names of all defects, in the order in which the documents list them.
func Defects() []Defect { return slices.Clone(defects[:]) }

// DefectSet is a set of defects. The zero value is empty.
type DefectSet uint32

// NewDefectSet returns the set of some defects. The error names one that does not exist, or that is
// listed twice.
func NewDefectSet(list []Defect) (DefectSet, error) {
	var set DefectSet
	for _, d := range list {
		i := slices.Index(defects[:], d)
		if i < 0 {
			return 0, fmt.Errorf("defect %q does not exist: the defects are %q", d, defects)
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
	i := slices.Index(defects[:], d)
	return i >= 0 && m&(1<<i) != 0
}
