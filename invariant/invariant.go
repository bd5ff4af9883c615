// Package invariant checks what must hold in every run, simulated or recorded, during the run.
//
// It judges a run from outside. A [Checker] keeps its own account of the run, made from the entries
// of the trace, and compares it with the reducer's records. It so finds a wrong reducer, planner or
// applier, whatever these say of themselves.
//
// # One run
//
// Rollout stable@a1 has two hosts in two waves. Whoever drives the run makes a Checker with the
// configuration in the trace's header and shows it, in order, every entry that is neither a rollout
// event nor an effect of the rollout machine ([Checker.Entry]), every event that the fleet accepted
// with its effects ([Checker.Applied]), and the end of each step ([Checker.Step]).
//
// The driver also shows what the control plane cannot vouch for, such as the ref a1 that a poll saw
// ([Checker.Polled]). The effect RecordRolloutTransition from Opening to Active has to start in the
// state that the Checker knows, or else it reports transition-recorded. The planner's entry that
// dispatches the host of wave 1 comes while current_wave is 0: the Checker reports "wave-kept
// stable@a1", a [Violation] with the entry's seq and time. It reports each invariant once for each
// subject, and the run continues.
//
// Some invariants concern the run as a whole, and others check them and only use their names here:
// that runs repeat, that every rollout ends and is pruned, that every channel follows its ref.
package invariant

import (
	"fmt"
	"slices"
	"strings"

	"rollsim/reducer"
	"rollsim/trace"
)

// Name is the name of an invariant.
type Name string

// The invariants, numbered as in the specification.
const (
	// (1) Terminal has terminal_at, Superseded has superseded_at
	TerminalStamped Name = "terminal-stamped"
	// (2) on entering Terminal every joined host is Converged, or an operator cleared the rollout
	TerminalConverged Name = "terminal-converged"
	PrunedAbsorbing   Name = "pruned-absorbing" // (3) nothing leaves Pruned
	WaveMonotonic     Name = "wave-monotonic"   // (4) current_wave never falls
	// (5) from and to of a recorded transition are the states before and after it
	TransitionRecorded Name = "transition-recorded"
	// (6) a channel has at most one standing rollout, except within a lockstep
	OneStanding    Name = "one-standing"
	RevertedHost   Name = "reverted-host"   // (7) a Reverted rollout has a Reverted host
	RetentionKept  Name = "retention-kept"  // (8) no rollout is pruned before its retention ends
	HaltKept       Name = "halt-kept"       // (9) no dispatch on a halted rollout
	QuarantineKept Name = "quarantine-kept" // (10) no dispatch to a quarantined closure
	// (11) no first dispatch above current_wave, nor before each host of the earlier waves was
	// ordering-eligible, whatever current_wave says
	WaveKept Name = "wave-kept"
	// (12) no dispatch before the channels that the channel waits for
	ChannelEdgesKept Name = "channel-edges-kept"
	BudgetKept       Name = "budget-kept" // (13) no first dispatch while a budget is used up
	// (14) folding the trace from its start leads to the live state
	FoldIsLive Name = "fold-is-live"
	// (15) the same scenario, seed and machine produce the same bytes
	SameBytes Name = "same-bytes"
	// (16) every rollout with hosts reaches the terminal set
	Stuck Name = "stuck"
	// (17) every rollout in the terminal set is pruned once, if the horizon allows
	Unpruned Name = "unpruned"
	// (18) no channel's ref is one that will not be opened again
	Stranded Name = "stranded"
	// (19) a host is Converged on the rollout's closure, with its soak due and its probes passing
	EvidenceKept Name = "evidence-kept"
	RollbackKept Name = "rollback-kept" // (20) a rollback returns to what the host ran when it acked
	// (21) no event is before an earlier one of its rollout, nor in the future
	TimeKept Name = "time-kept"
	// (22) no agent acknowledges a dispatch that was sent after a successor was opened
	SupersessionKept Name = "supersession-kept"
	// (23) every host of a channel joins a rollout in the instant of its opening
	OpeningWhole Name = "opening-whole"
	// (24) every message that was acknowledged to an agent is in the log
	AcknowledgedKept Name = "acknowledged-kept"
	NotReopened      Name = "not-reopened" // (25) no rollout is opened twice

	// What the specification does not number: actions of an operator.
	PauseKept  Name = "pause-kept"  // no dispatch on a channel on which dispatching is paused
	AbortKept  Name = "abort-kept"  // no dispatch on a rollout that was aborted
	WindowKept Name = "window-kept" // no dispatch while no maintenance window of the channel is open
	FleetKept  Name = "fleet-kept"  // no dispatch to a host that is not in the fleet
)

var names = [...]Name{
	TerminalStamped, TerminalConverged, PrunedAbsorbing, WaveMonotonic, TransitionRecorded,
	OneStanding, RevertedHost, RetentionKept, HaltKept, QuarantineKept, WaveKept, ChannelEdgesKept,
	BudgetKept, FoldIsLive, SameBytes, Stuck, Unpruned, Stranded,
	EvidenceKept, RollbackKept, TimeKept, SupersessionKept, OpeningWhole, AcknowledgedKept,
	NotReopened, PauseKept, AbortKept, WindowKept, FleetKept,
}

// Names returns every invariant in the order of the numbers.
func Names() []Name { return slices.Clone(names[:]) }

// Violation says that an invariant does not hold for a subject.
type Violation struct {
	Invariant Name
	Subject   string // a rollout, channel or budget
	Detail    string // what was found; not part of the violation's identity
	// for stuck, why no action of the control plane could help; a sweep does not count such a
	// violation as a failure
	Excused string

	// Defect is the known defect of the shipped control plane that explains the violation; empty if
	// none does, and under other control planes.
	Defect trace.Defect

	// Where it was found. All are zero for a violation by the run as a whole.
	Seq uint64 // the entry
	At  reducer.Time

	// What distinguishes causes, for grouping: the rollout's state and the last rollout event before.
	State reducer.State
	Event reducer.EventKind
}

// String returns the violation as scenarios name it: the invariant and the subject.
func (v Violation) String() string { return string(v.Invariant) + " " + v.Subject }

// Is reports whether two violations have the same invariant and subject.
func (v Violation) Is(other Violation) bool {
	return v.Invariant == other.Invariant && v.Subject == other.Subject
}

// Parse parses the form that String returns. The error says what was expected.
func Parse(s string) (Violation, error) {
	name, subject, ok := strings.Cut(s, " ")
	if !ok || subject == "" || !slices.Contains(names[:], Name(name)) {
		return Violation{}, fmt.Errorf("%q is not an invariant and a subject, such as \"stuck "+
			"stable@r1\"; the invariants are %v", s, names)
	}
	return Violation{Invariant: Name(name), Subject: subject}, nil
}
