package reducer

// Time is an instant in nanoseconds since 1970-01-01T00:00:00Z, so from 1677-09-21 to 2262-04-11.
type Time int64

// Opt is a value that may be absent; its zero value is absent.
type Opt[T comparable] struct {
	Value T
	Set   bool
}

// Some is a present value.
func Some[T comparable](v T) Opt[T] { return Opt[T]{Value: v, Set: true} }

// Record is all that the reducer knows of one rollout. It is plain data and comparable with ==.
type Record struct {
	RolloutID   RolloutID
	Channel     ChannelID
	TargetRef   ChannelRef
	State       State
	CurrentWave uint32 // hosts of waves above it may not be dispatched; never falls

	// The two log sequence numbers belong to whoever stores the record: every step passes them
	// through.
	OpenedEventLogSeq         Opt[int64]
	LastTransitionEventLogSeq Opt[int64]

	OpenedAt     Time
	TerminalAt   Opt[Time] // set once Terminal was entered; stays when the rollout is superseded
	SupersededAt Opt[Time] // set once Superseded was entered
}

// Event is one fact that happened to a rollout: the reducer's input. Which fields mean something
// depends on Kind; the others are zero.
type Event struct {
	Kind EventKind
	From HostState // HostStateChanged
	To   HostState // HostStateChanged
	// the rollout it belongs to; for SuccessorOpened, the predecessor that is superseded
	Rollout RolloutID
	At      Time

	Channel   ChannelID  // RolloutOpened
	TargetRef ChannelRef // RolloutOpened
	Host      HostID     // HostJoined, HostStateChanged
	Wave      uint32     // HostJoined
	FromWave  uint32     // WaveAdvanced
	ToWave    uint32     // WaveAdvanced
	Successor RolloutID  // SuccessorOpened
	Operator  string     // OperatorClearance
	Reason    string     // OperatorClearance
}

// Effect is one request that a step makes of the world: the reducer's output. Which fields mean
// something depends on Kind; the others are zero.
type Effect struct {
	Kind    EffectKind
	From    State     // RecordRolloutTransition
	To      State     // RecordRolloutTransition
	Wave    uint32    // UpdateCurrentWave
	Rollout RolloutID // all but InsertQuarantineFromRollout
	At      Time      // RecordRolloutTransition

	Channel      ChannelID   // InsertQuarantineFromRollout
	Closure      ClosureHash // InsertQuarantineFromRollout: the record's target_ref
	DelaySeconds int64       // SchedulePruning
}

// maxEffects is one of each kind: a step never emits a kind twice.
const maxEffects = EffectKindCount - 1

// Effects are what one step emitted, in order. The zero value is empty; its storage is inside, so
// that a step need not allocate.
type Effects struct {
	n    int
	list [maxEffects]Effect
}

// All gives the effects in order; valid until the value is used for another step.
func (e *Effects) All() []Effect { return e.list[:e.n] }

// Reset empties e.
func (e *Effects) Reset() { e.n = 0 }

// Add appends a copy of an effect. It panics when a step emits more than one of each kind, which no
// machine may.
func (e *Effects) Add(effect Effect) {
	e.list[e.n] = effect
	e.n++
}
