package reducer

// Time is an instant in nanoseconds since 1970-01-01T00:00:00Z, so from 1677-09-21 to 2262-04-11.
type Time int64

// Opt is a value that may be absent; its zero value is absent.
type Opt[T comparable] struct {
	Value T
	Set   bool
}

// Some returns a value that is present.
func Some[T comparable](v T) Opt[T] { return Opt[T]{Value: v, Set: true} }

// Record is everything that the reducer knows of one rollout. It is plain data and comparable with
// ==.
type Record struct {
	RolloutID   RolloutID
	Channel     ChannelID
	TargetRef   ChannelRef
	State       State
	CurrentWave uint32 // hosts of higher waves may not be dispatched; never decreases

	// The two log sequence numbers belong to the store of the record. No step changes them.
	OpenedEventLogSeq         Opt[int64]
	LastTransitionEventLogSeq Opt[int64]

	OpenedAt     Time
	TerminalAt   Opt[Time] // set once Terminal was entered; stays when the rollout is superseded
	SupersededAt Opt[Time] // set once Superseded was entered
}

// Event is one fact about a rollout: the reducer's input. Kind says which fields are used; the
// others are zero.
type Event struct {
	Kind    EventKind
	From    HostState // HostStateChanged
	To      HostState // HostStateChanged
	Rollout RolloutID // of SuccessorOpened: the predecessor, which is superseded
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

// Effect is one request that a step makes: the reducer's output. Kind says which fields are used;
// the others are zero.
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

// maxEffects is one of each kind: no step emits a kind twice.
const maxEffects = EffectKindCount - 1

// Effects is the list of the effects of one step, in order. The zero value is empty. It holds them
// in an array, so that a step need not allocate.
type Effects struct {
	n    int
	list [maxEffects]Effect
}

// All returns the effects in order. The slice is valid until e is used for another step.
func (e *Effects) All() []Effect { return e.list[:e.n] }

// Reset makes e empty.
func (e *Effects) Reset() { e.n = 0 }

// Add appends a copy of an effect. It panics if e is full; no machine may emit two effects of a
// kind.
func (e *Effects) Add(effect Effect) {
	e.list[e.n] = effect
	e.n++
}

// stamp sets the time of the transition, if there is one.
func (e *Effects) stamp(at Time) {
	for i := range e.n {
		if e.list[i].Kind == RecordRolloutTransition {
			e.list[i].At = at
		}
	}
}
