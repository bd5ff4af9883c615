package prove

import "rollsim/internal/deviation"

// Kind is a kind of deviation from the plain run.
type Kind = deviation.Kind

// Kinds is a set of kinds.
type Kinds = deviation.Kinds

// The kinds.
const (
	FailsActivation   = deviation.FailsActivation
	FailsProbes       = deviation.FailsProbes
	Defers            = deviation.Defers
	NeverAnswers      = deviation.NeverAnswers
	NeverRollsBack    = deviation.NeverRollsBack
	ShortDelay        = deviation.ShortDelay
	LongDelay         = deviation.LongDelay
	MessageDelayed    = deviation.MessageDelayed
	MessageDuplicated = deviation.MessageDuplicated
	MessageReordered  = deviation.MessageReordered
	MessageDropped    = deviation.MessageDropped
	HostOffline       = deviation.HostOffline
	HostLost          = deviation.HostLost
	AgentRestart      = deviation.AgentRestart
	PollFailed        = deviation.PollFailed
	PollStale         = deviation.PollStale
	ControlPlaneCrash = deviation.ControlPlaneCrash
	RefMoves          = deviation.RefMoves
	OperatorClears    = deviation.OperatorClears
	OperatorAborts    = deviation.OperatorAborts
	OperatorPauses    = deviation.OperatorPauses
	ClockSkew         = deviation.ClockSkew
	HostJoins         = deviation.HostJoins
	HostLeaves        = deviation.HostLeaves
	StrayEvent        = deviation.StrayEvent
	DatabaseError     = deviation.DatabaseError
	LogRowLost        = deviation.LogRowLost
	TornOpening       = deviation.TornOpening
	OtherDraws        = deviation.OtherDraws
)
