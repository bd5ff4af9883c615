package scenario

import "rollsim/reducer"

// The types of raw events: part of the format, as those of format.go.

// A raw rollout event: exactly one of eight kinds.
type event struct {
	RolloutOpened     *rolloutOpened     `yaml:"RolloutOpened,omitempty"`
	HostJoined        *hostJoined        `yaml:"HostJoined,omitempty"`
	HostStateChanged  *hostStateChanged  `yaml:"HostStateChanged,omitempty"`
	WaveAdvanced      *waveAdvanced      `yaml:"WaveAdvanced,omitempty"`
	RolloutTerminal   *rolloutTerminal   `yaml:"RolloutTerminal,omitempty"`
	SuccessorOpened   *successorOpened   `yaml:"SuccessorOpened,omitempty"`
	RetentionExpired  *retentionExpired  `yaml:"RetentionExpired,omitempty"`
	OperatorClearance *operatorClearance `yaml:"OperatorClearance,omitempty"`
}

// A poll saw a new ref, and a rollout was opened for it.
type rolloutOpened struct {
	RolloutID reducer.RolloutID  `yaml:"rollout_id"`
	Channel   reducer.ChannelID  `yaml:"channel"`
	TargetRef reducer.ChannelRef `yaml:"target_ref"`
	// The time in the event. By default the time at which it happens.
	At *timestamp `yaml:"at,omitempty"`
}

// A host joined the rollout, in a wave.
type hostJoined struct {
	RolloutID reducer.RolloutID `yaml:"rollout_id"`
	HostID    reducer.HostID    `yaml:"host_id"`
	Wave      uint32            `yaml:"wave"`
	// The time in the event. By default the time at which it happens.
	At *timestamp `yaml:"at,omitempty"`
}

// A host moved from one state to another.
type hostStateChanged struct {
	RolloutID reducer.RolloutID `yaml:"rollout_id"`
	HostID    reducer.HostID    `yaml:"host_id"`
	From      reducer.HostState `yaml:"from"`
	To        reducer.HostState `yaml:"to"`
	// The time in the event. By default the time at which it happens.
	At *timestamp `yaml:"at,omitempty"`
}

// The wave cursor moved, or all hosts of a wave are ready.
type waveAdvanced struct {
	RolloutID reducer.RolloutID `yaml:"rollout_id"`
	FromWave  uint32            `yaml:"from_wave"`
	ToWave    uint32            `yaml:"to_wave"`
	// The time in the event. By default the time at which it happens.
	At *timestamp `yaml:"at,omitempty"`
}

// All hosts of the rollout are Converged.
type rolloutTerminal struct {
	RolloutID reducer.RolloutID `yaml:"rollout_id"`
	// The time in the event. By default the time at which it happens.
	At *timestamp `yaml:"at,omitempty"`
}

// Another rollout supersedes this one.
type successorOpened struct {
	SupersededRolloutID reducer.RolloutID `yaml:"superseded_rollout_id"`
	SuccessorRolloutID  reducer.RolloutID `yaml:"successor_rollout_id"`
	// The time in the event. By default the time at which it happens.
	At *timestamp `yaml:"at,omitempty"`
}

// The retention of the rollout has ended.
type retentionExpired struct {
	RolloutID reducer.RolloutID `yaml:"rollout_id"`
	// The time in the event. By default the time at which it happens.
	At *timestamp `yaml:"at,omitempty"`
}

// An operator cleared the rollout.
type operatorClearance struct {
	RolloutID reducer.RolloutID `yaml:"rollout_id"`
	Operator  string            `yaml:"operator"`
	Reason    string            `yaml:"reason"`
	// The time in the event. By default the time at which it happens.
	At *timestamp `yaml:"at,omitempty"`
}
