package trace

import "slices"

// Defect is the name of a known defect of the shipped control plane or of its agents.
type Defect string

// The defects, in the order in which the documents list them.
const (
	DefectQuarantineInert  Defect = "quarantine-inert"  // the planner's quarantine is always empty
	DefectNoHalt           Defect = "no-halt"           // a Failed rollout continues to dispatch
	DefectSilentCursor     Defect = "silent-cursor"     // the wave cursor moves without an entry
	DefectEmptyWave        Defect = "empty-wave"        // the cursor stops for good at an empty wave
	DefectBudgetOvershoot  Defect = "budget-overshoot"  // dispatches without an ack are not counted
	DefectSupersededEdge   Defect = "superseded-edge"   // a superseded rollout does not end a wait
	DefectComplianceSticky Defect = "compliance-sticky" // a control that passes again still blocks
	DefectLateWaveSoak     Defect = "late-wave-soak"    // the soak counts from the opening
	DefectStaleQueue       Defect = "stale-queue"       // a queued dispatch outlives a supersession
	DefectReopened         Defect = "reopened"          // the current rollout is opened again
	DefectTornOpening      Defect = "torn-opening"      // a crash leaves hosts out of an opening
	DefectLostAck          Defect = "lost-ack"          // a heartbeat replaces an ack that was lost
	DefectAcknowledgedLost Defect = "acknowledged-lost" // messages are acknowledged and dropped
	DefectStaleSnapshot    Defect = "stale-snapshot"    // an old snapshot overwrites the agent's state
	DefectLostActivation   Defect = "lost-activation"   // a restart of the agent loses the switch
	DefectStaleManifest    Defect = "stale-manifest"    // the agent silently refuses an old manifest
	DefectSetBack          Defect = "set-back"          // an old ref dispatches a superseded rollout
	DefectLossyLog         Defect = "lossy-log"         // the log loses rows whose tables have moved

	defectCount = 18
)

var defects = [defectCount]Defect{
	DefectQuarantineInert,
	DefectNoHalt,
	DefectSilentCursor,
	DefectEmptyWave,
	DefectBudgetOvershoot,
	DefectSupersededEdge,
	DefectComplianceSticky,
	DefectLateWaveSoak,
	DefectStaleQueue,
	DefectReopened,
	DefectTornOpening,
	DefectLostAck,
	DefectAcknowledgedLost,
	DefectStaleSnapshot,
	DefectLostActivation,
	DefectStaleManifest,
	DefectSetBack,
	DefectLossyLog,
}

// Defects returns the names of all defects, in the order in which the documents list them.
func Defects() []Defect { return slices.Clone(defects[:]) }

// Index returns the position of d in Defects, or -1 if no defect has that name.
func (d Defect) Index() int { return slices.Index(defects[:], d) }
