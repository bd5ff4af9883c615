package scenarios

import (
	"rollsim/reducer"
	"rollsim/sim"
)

// The format of scenario files. A field without omitempty must be given. A default stands in the jsonschema tag: the decoder
// reads it there, so that what the schema says is what happens. The comments are the descriptions that editors show.

// A scenario: a fleet, what happens to it, and from which seed. Every field but channels has a default.
type document struct {
	// When virtual time starts, in RFC 3339.
	Start timestamp `yaml:"start,omitempty" jsonschema:"default=2026-01-01T00:00:00Z"`
	// How long the run goes on. Retention is seven days unless a channel says otherwise, so that the default sees it run out.
	Horizon duration `yaml:"horizon,omitempty" jsonschema:"default=14d"`
	// What every random draw comes from. The same scenario, seed and machine give the same bytes.
	Seed uint64 `yaml:"seed,omitempty" jsonschema:"default=1"`
	// The transition function that decides: the complete specification, or what the control plane ships.
	Machine machineName `yaml:"machine,omitempty" jsonschema:"default=rfc0008"`
	// The channels and their hosts.
	Channels []channel `yaml:"channels" jsonschema:"minItems=1"`
	// How the agents of all hosts behave. What is not given stays at its default.
	Behaviour behaviour `yaml:"behaviour,omitempty"`
	// Behaviour of some hosts, laid over that of all. Where several groups speak of one host, the later one wins.
	Groups []group `yaml:"groups,omitempty"`
	// What becomes of single hosts, whatever the probabilities say.
	Fates []fate `yaml:"fates,omitempty"`
	// What happens when. Lines of one instant happen in the order of the file.
	Timeline []action `yaml:"timeline,omitempty"`
	// The invariants that the run must break, no more and no fewer: each an invariant and a rollout or channel, such as
	// "stuck stable@r1".
	ExpectViolations []violation `yaml:"expect_violations,omitempty"`
	// What the golden trace holds: everything, or only the transitions and a digest of everything.
	Golden Golden `yaml:"golden,omitempty" jsonschema:"default=full"`
}

// A channel: a stream of releases and the hosts that follow it.
type channel struct {
	// The channel's name. A rollout is named after it and the ref: stable@a1.
	Name string `yaml:"name" jsonschema:"pattern=^[^@\\s]+$"`
	// How often the control plane reads the channel's ref. At least 1s.
	PollInterval duration `yaml:"poll_interval,omitempty" jsonschema:"default=60s"`
	// What a failing host means for its rollout.
	Policy reducer.HealthPolicy `yaml:"policy,omitempty" jsonschema:"default=halt"`
	// How long a rollout is kept once it is Terminal, Superseded, Failed or Reverted. Whole seconds.
	Retention duration `yaml:"retention,omitempty" jsonschema:"default=7d"`
	// The waves in which a rollout takes the hosts, from wave 0. Without any the channel has no hosts.
	Waves []wave `yaml:"waves,omitempty"`
}

// A wave: the hosts that a rollout takes together.
type wave struct {
	// How many hosts, or their names. Hosts that are only counted are named after the channel, stable-01, stable-02 and on
	// through all its waves.
	Hosts hosts `yaml:"hosts"`
	// How long a host must soak, from its dispatch.
	Soak duration `yaml:"soak,omitempty" jsonschema:"default=0s"`
}

// How an agent behaves: how long each stage takes, in steps of a millisecond, and how likely each turn for the worse is.
type behaviour struct {
	// From the dispatch to its ack. By default uniform from 1s to 5s.
	Ack *delay `yaml:"ack,omitempty"`
	// From the ack until the switch has completed, failed or been deferred. By default lognormal, median 40s and p99 3m.
	Activation *delay `yaml:"activation,omitempty"`
	// From the deferral of a switch to the reboot that completes it. By default exponential, mean 10m.
	Reboot *delay `yaml:"reboot,omitempty"`
	// From the completed switch to the first probe result. By default 20s.
	Probe *delay `yaml:"probe,omitempty"`
	// From the moment when soak and probes allow it to the report of convergence. By default 1s.
	Converge *delay `yaml:"converge,omitempty"`
	// From the failure to the completed rollback, under rollback-and-halt. By default lognormal, median 30s and p99 2m.
	Rollback *delay `yaml:"rollback,omitempty"`
	// How likely a switch fails. By default never.
	ActivationFailure *probability `yaml:"activation_failure,omitempty"`
	// How likely a switch is deferred until a reboot. By default never.
	Deferral *probability `yaml:"deferral,omitempty"`
	// How likely the probes fail. By default never.
	ProbeFailure *probability `yaml:"probe_failure,omitempty"`
	// How likely a rollback never completes. By default never.
	RollbackFailure *probability `yaml:"rollback_failure,omitempty"`
	// How likely an agent never answers a dispatch. By default never.
	NoAnswer *probability `yaml:"no_answer,omitempty"`
}

// A distribution of delays: exactly one of the four.
type distribution struct {
	// Always the same.
	Constant *duration `yaml:"constant,omitempty"`
	// Any delay between two bounds is equally likely.
	Uniform *uniform `yaml:"uniform,omitempty"`
	// Many short delays and a few long ones: what comes at any moment with the same chance.
	Exponential *exponential `yaml:"exponential,omitempty"`
	// Most delays near the median, some much longer: how long work usually takes.
	LogNormal *logNormal `yaml:"lognormal,omitempty"`
}

// A uniform distribution.
type uniform struct {
	// The lower bound.
	Min duration `yaml:"min"`
	// The upper bound.
	Max duration `yaml:"max"`
}

// An exponential distribution.
type exponential struct {
	// The mean.
	Mean duration `yaml:"mean"`
}

// A lognormal distribution: its median, and either p99 or sigma.
type logNormal struct {
	// Half of the delays are shorter.
	Median duration `yaml:"median"`
	// All but one of a hundred delays are shorter.
	P99 *duration `yaml:"p99,omitempty"`
	// The standard deviation of the logarithm, from 0 to 10.
	Sigma *float64 `yaml:"sigma,omitempty" jsonschema:"minimum=0,maximum=10"`
}

// A group of hosts with a behaviour of their own.
type group struct {
	// Names of hosts, or patterns in which * stands for any characters and ? for one.
	Hosts []string `yaml:"hosts" jsonschema:"minItems=1"`
	// What differs from the behaviour of all hosts.
	Behaviour behaviour `yaml:"behaviour"`
}

// What the script has in store for one host. A host may have several fates: to fail its probes and never to roll back.
type fate struct {
	// The host.
	Host reducer.HostID `yaml:"host"`
	// Under which ref it happens. By default under every one.
	Ref *reducer.ChannelRef `yaml:"ref,omitempty"`
	// What becomes of the host.
	Fate sim.FateKind `yaml:"fate"`
	// For defers: how long after the deferral the host reboots, or never. By default as behaviour says.
	RebootAfter *rebootAfter `yaml:"reboot_after,omitempty"`
}

// One line of the timeline: when, and either a channel and its new ref, or a rollout to clear, or a raw event.
type action struct {
	// When it happens, after the start.
	At *duration `yaml:"at,omitempty"`
	// Instead of at: it happens as soon as this is true for the first time.
	When *moment `yaml:"when,omitempty"`
	// With when: how long after that.
	After *duration `yaml:"after,omitempty"`

	// The channel that moves to ref. The control plane sees it at its next poll.
	Channel *reducer.ChannelID `yaml:"channel,omitempty"`
	// What the channel moves to.
	Ref *reducer.ChannelRef `yaml:"ref,omitempty"`

	// The rollout that an operator clears, such as stable@a1.
	Clear *reducer.RolloutID `yaml:"clear,omitempty"`
	// With clear: who. By default operator.
	Operator *string `yaml:"operator,omitempty"`
	// With clear: why. By default empty.
	Reason *string `yaml:"reason,omitempty"`

	// A rollout event that reaches the reducer as it is. It may name rollouts and hosts that the scenario does not have.
	Event *event `yaml:"event,omitempty"`
}

// A moment in the life of a rollout. With the rollout alone: as soon as it was opened.
type moment struct {
	// The rollout, such as stable@a1.
	Rollout reducer.RolloutID `yaml:"rollout"`
	// The rollout is in this state.
	State *reducer.State `yaml:"state,omitempty"`
	// With host_state: every host of the wave has come as far as that state, and one is in it.
	Wave *uint32 `yaml:"wave,omitempty"`
	// With host_state: the host is in that state.
	Host *reducer.HostID `yaml:"host,omitempty"`
	// The state of the host, or of the wave's hosts.
	HostState *reducer.HostState `yaml:"host_state,omitempty"`
}

// A raw rollout event: exactly one of the eight.
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

// A new ref was seen, and a rollout opened for it.
type rolloutOpened struct {
	RolloutID reducer.RolloutID  `yaml:"rollout_id"`
	Channel   reducer.ChannelID  `yaml:"channel"`
	TargetRef reducer.ChannelRef `yaml:"target_ref"`
	// The event's own time; by default when it happens.
	At *timestamp `yaml:"at,omitempty"`
}

// A host belongs to the rollout, in a wave.
type hostJoined struct {
	RolloutID reducer.RolloutID `yaml:"rollout_id"`
	HostID    reducer.HostID    `yaml:"host_id"`
	Wave      uint32            `yaml:"wave"`
	// The event's own time; by default when it happens.
	At *timestamp `yaml:"at,omitempty"`
}

// A host moved from one state to another.
type hostStateChanged struct {
	RolloutID reducer.RolloutID `yaml:"rollout_id"`
	HostID    reducer.HostID    `yaml:"host_id"`
	From      reducer.HostState `yaml:"from"`
	To        reducer.HostState `yaml:"to"`
	// The event's own time; by default when it happens.
	At *timestamp `yaml:"at,omitempty"`
}

// The wave cursor moved, or a wave got ready.
type waveAdvanced struct {
	RolloutID reducer.RolloutID `yaml:"rollout_id"`
	FromWave  uint32            `yaml:"from_wave"`
	ToWave    uint32            `yaml:"to_wave"`
	// The event's own time; by default when it happens.
	At *timestamp `yaml:"at,omitempty"`
}

// All hosts are Converged.
type rolloutTerminal struct {
	RolloutID reducer.RolloutID `yaml:"rollout_id"`
	// The event's own time; by default when it happens.
	At *timestamp `yaml:"at,omitempty"`
}

// Another rollout takes the place of this one.
type successorOpened struct {
	SupersededRolloutID reducer.RolloutID `yaml:"superseded_rollout_id"`
	SuccessorRolloutID  reducer.RolloutID `yaml:"successor_rollout_id"`
	// The event's own time; by default when it happens.
	At *timestamp `yaml:"at,omitempty"`
}

// The rollout was kept for as long as its channel wants.
type retentionExpired struct {
	RolloutID reducer.RolloutID `yaml:"rollout_id"`
	// The event's own time; by default when it happens.
	At *timestamp `yaml:"at,omitempty"`
}

// An operator cleared the rollout.
type operatorClearance struct {
	RolloutID reducer.RolloutID `yaml:"rollout_id"`
	Operator  string            `yaml:"operator"`
	Reason    string            `yaml:"reason"`
	// The event's own time; by default when it happens.
	At *timestamp `yaml:"at,omitempty"`
}
