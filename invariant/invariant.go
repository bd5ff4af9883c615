// Package invariant holds what must be true of every run, simulated or recorded, and checks it
// while the run goes on. It watches a run from outside: it keeps books of its own, made of the
// entries of the trace, and holds them against the reducer's records, so that a reducer, a planner
// or an applier that is wrong is found out.
package invariant

import (
	"fmt"
	"strings"

	"rollsim/reducer"
)

// Name names one of the things that must hold.
type Name string

// The invariants, as the specification numbers them.
const (
	// (1) Terminal has terminal_at, Superseded has superseded_at
	TerminalStamped Name = "terminal-stamped"
	// (2) on entering Terminal every joined host is Converged, or an operator cleared
	TerminalConverged Name = "terminal-converged"
	PrunedAbsorbing   Name = "pruned-absorbing" // (3) nothing leaves Pruned
	WaveMonotonic     Name = "wave-monotonic"   // (4) current_wave never falls
	// (5) from and to of a transition are the states before and after
	TransitionRecorded Name = "transition-recorded"
	// (6) at most one standing rollout a channel, outside a lockstep
	OneStanding    Name = "one-standing"
	RevertedHost   Name = "reverted-host"   // (7) Reverted has a Reverted host
	RetentionKept  Name = "retention-kept"  // (8) nothing is pruned before its retention
	HaltKept       Name = "halt-kept"       // (9) no dispatch on a halted rollout
	QuarantineKept Name = "quarantine-kept" // (10) no dispatch of a quarantined closure
	WaveKept       Name = "wave-kept"       // (11) no dispatch above current_wave
	// (12) no dispatch before the channels that it waits for
	ChannelEdgesKept Name = "channel-edges-kept"
	BudgetKept       Name = "budget-kept" // (13) no budget exceeded
	// (14) folding the trace from nothing gives the live state
	FoldIsLive Name = "fold-is-live"
	// (15) the same scenario, seed and machine give the same bytes
	SameBytes Name = "same-bytes"
	// (16) every rollout with hosts reaches the terminal set
	Stuck Name = "stuck"
	// (17) everything in the terminal set is pruned once, if the horizon allows
	Unpruned Name = "unpruned"
	// (18) no channel's ref is one that will not be opened again
	Stranded Name = "stranded"
)

// Names lists every invariant by its number.
func Names() []Name {
	return []Name{
		TerminalStamped, TerminalConverged, PrunedAbsorbing, WaveMonotonic, TransitionRecorded, OneStanding, RevertedHost,
		RetentionKept, HaltKept, QuarantineKept, WaveKept, ChannelEdgesKept, BudgetKept, FoldIsLive, SameBytes, Stuck, Unpruned,
		Stranded,
	}
}

// Violation says that an invariant does not hold of a subject.
type Violation struct {
	Invariant Name
	Subject   string // a rollout, channel or budget
	Detail    string // what was found; not part of the violation's identity
	// stuck: why nothing that the control plane does could help; a sweep does not count it as a
	// failure
	Excused string

	// Where it was found; zero for what is judged of the run as a whole.
	Seq uint64 // the entry
	At  reducer.Time

	// What tells one cause from another, for grouping: the rollout's state and the last rollout event
	// before.
	State reducer.State
	Event reducer.EventKind
}

// String is the form in which scenarios name a violation: the invariant and the subject.
func (v Violation) String() string { return string(v.Invariant) + " " + v.Subject }

// Is tells whether two violations are of the same invariant and subject.
func (v Violation) Is(other Violation) bool {
	return v.Invariant == other.Invariant && v.Subject == other.Subject
}

// Parse reads the form of String. The error says what was expected.
func Parse(s string) (Violation, error) {
	name, subject, ok := strings.Cut(s, " ")
	for _, known := range Names() {
		if string(known) == name && ok && subject != "" {
			return Violation{Invariant: known, Subject: subject}, nil
		}
	}
	return Violation{}, fmt.Errorf("%q is not an invariant and a subject, such as \"stuck "+
		"stable@r1\"; the invariants are %v",
		s, Names())
}
