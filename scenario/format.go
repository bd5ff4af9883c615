package scenario

import (
	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/sim"
)

// The format of scenario files. A field without omitempty must be given. A default stands in the
// jsonschema tag: the decoder reads it there, so that what the schema says is what happens. The
// comments are the descriptions that editors show.

// A scenario: a fleet, what happens to it, and from which seed. Every field but channels has a
// default.
type document struct {
	// When virtual time starts, in RFC 3339.
	Start timestamp `yaml:"start,omitempty" jsonschema:"default=2026-01-01T00:00:00Z"`
	// How long the run goes on. Retention is seven days unless a channel says otherwise, so that the
	// default sees it run out.
	Horizon duration `yaml:"horizon,omitempty" jsonschema:"default=14d"`
	// What every random draw comes from. The same scenario, seed and machine give the same bytes.
	Seed uint64 `yaml:"seed,omitempty" jsonschema:"default=1"`
	// The transition function that decides: the complete specification, or what the control plane
	// ships.
	Machine machineName `yaml:"machine,omitempty" jsonschema:"default=rfc0008"`
	// Whose planner runs: the specified one, the one that ships, which moves the wave cursor without a
	// WaveAdvanced and does not halt the current wave, or none: then only the events of the timeline
	// happen, as in imported history.
	ControlPlane controlplane.Name `yaml:"control_plane,omitempty" jsonschema:"default=specified"`
	// The channels and their hosts.
	Channels []channel `yaml:"channels" jsonschema:"minItems=1"`
	// How many of some hosts may be disrupted at once.
	Budgets []budget `yaml:"budgets,omitempty"`
	// The closures that are quarantined from the start.
	Quarantine []closure `yaml:"quarantine,omitempty"`
	// The path, from the folder of this file, of one with nothing but behaviour and traffic, such as
	// rollsim fit writes. Behaviour here is laid over what is included, and traffic here is added to
	// it.
	Include *string `yaml:"include,omitempty" jsonschema:"minLength=1"`
	// How the agents of all hosts behave. What is not given stays at its default.
	Behaviour behaviour `yaml:"behaviour,omitempty"`
	// Behaviour of some hosts, laid over that of all. Where several groups speak of one host, the
	// later one wins.
	Groups []group `yaml:"groups,omitempty"`
	// What becomes of single hosts, whatever the probabilities say.
	Fates []fate `yaml:"fates,omitempty"`
	// What happens when. Lines of one instant happen in the order of the file.
	Timeline []action `yaml:"timeline,omitempty"`
	// New refs that come by themselves, beside the timeline.
	Traffic []traffic `yaml:"traffic,omitempty"`
	// What goes wrong by chance, beside the timeline. By default nothing.
	Faults []fault `yaml:"faults,omitempty"`
	// What the run must come by at least once.
	Sometimes []moment `yaml:"sometimes,omitempty"`
	// The invariants that the run must break, no more and no fewer: each an invariant and a rollout,
	// channel or budget, such as "stuck stable@r1".
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
	// The channels that it waits for: it dispatches nothing before the rollout of each one's ref was
	// Terminal or is Superseded.
	After []reducer.ChannelID `yaml:"after,omitempty"`
	// Hosts of the channel that wait for other ones of it.
	HostEdges []hostEdge `yaml:"host_edges,omitempty"`
}

// An edge between two hosts of a channel: one is not dispatched before the other is Converged or
// Deferred.
type hostEdge struct {
	// The host that waits.
	Host reducer.HostID `yaml:"host"`
	// The host that it waits for.
	After reducer.HostID `yaml:"after"`
}

// A disruption budget: how many of its hosts may be in flight, or dispatched and not yet acked, at
// once, over all channels.
type budget struct {
	// What it is called in decisions and violations.
	Name string `yaml:"name"`
	// Names of hosts, or patterns in which * stands for any characters and ? for one.
	Hosts []string `yaml:"hosts" jsonschema:"minItems=1"`
	// How many at once, at least 1.
	MaxInFlight uint32 `yaml:"max_in_flight" jsonschema:"minimum=1,maximum=2000000"`
}

// A closure on a channel. There is one closure a ref, and it is named like it.
type closure struct {
	Channel reducer.ChannelID   `yaml:"channel"`
	Closure reducer.ClosureHash `yaml:"closure"`
}

// A wave: the hosts that a rollout takes together.
type wave struct {
	// How many hosts, or their names. Hosts that are only counted are named after the channel,
	// stable-01, stable-02 and on through all its waves.
	Hosts hosts `yaml:"hosts"`
	// How long a host must soak, from its dispatch.
	Soak duration `yaml:"soak,omitempty" jsonschema:"default=0s"`
}

// How an agent behaves: how long each stage takes, in steps of a millisecond, and how likely each
// turn for the worse is.
type behaviour struct {
	// From the dispatch to its ack. By default uniform from 1s to 5s.
	Ack *delay `yaml:"ack,omitempty"`
	// From the ack until the switch has completed, failed or been deferred. By default lognormal,
	// median 40s and p99 3m.
	Activation *delay `yaml:"activation,omitempty"`
	// From the deferral of a switch to the reboot that completes it. By default exponential, mean 10m.
	Reboot *delay `yaml:"reboot,omitempty"`
	// From the completed switch to the first probe result. By default 20s.
	Probe *delay `yaml:"probe,omitempty"`
	// From the moment when soak and probes allow it to the report of convergence. By default 1s.
	Converge *delay `yaml:"converge,omitempty"`
	// From the failure to the completed rollback, under rollback-and-halt. By default lognormal,
	// median 30s and p99 2m.
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

// A distribution of delays: exactly one of the eight.
type distribution struct {
	// Always the same.
	Constant *duration `yaml:"constant,omitempty"`
	// Any delay between two bounds is equally likely.
	Uniform *uniform `yaml:"uniform,omitempty"`
	// Many short delays and a few long ones: what comes at any moment with the same chance.
	Exponential *exponential `yaml:"exponential,omitempty"`
	// Most delays near the median, some much longer: how long work usually takes.
	LogNormal *logNormal `yaml:"lognormal,omitempty"`
	// Delays around a mean, as far above it as below.
	Normal *normal `yaml:"normal,omitempty"`
	// What wears out (shape above 1), or fails early if at all (below 1).
	Weibull *weibull `yaml:"weibull,omitempty"`
	// Work of several stages that follow each other.
	Gamma *gamma `yaml:"gamma,omitempty"`
	// What was measured: its quantiles at even distances, the shortest delay first and the longest
	// last. At least two.
	Empirical []duration `yaml:"empirical,omitempty" jsonschema:"minItems=2"`
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

// A normal distribution, truncated.
type normal struct {
	// The mean.
	Mean duration `yaml:"mean"`
	// The standard deviation.
	StdDev duration `yaml:"stddev"`
	// No delay is shorter. By default four standard deviations below the mean, but not below 0s.
	Min *duration `yaml:"min,omitempty"`
	// No delay is longer. By default four standard deviations above the mean.
	Max *duration `yaml:"max,omitempty"`
}

// A Weibull distribution.
type weibull struct {
	// 63 of a hundred delays are shorter.
	Scale duration `yaml:"scale"`
	// From 0.1 to 1000; 1 is exponential.
	Shape float64 `yaml:"shape" jsonschema:"minimum=0.1,maximum=1000"`
}

// A gamma distribution: its shape, and either mean or scale.
type gamma struct {
	// How many stages, from 0.5 to 1000; 1 is exponential.
	Shape float64 `yaml:"shape" jsonschema:"minimum=0.5,maximum=1000"`
	// The mean of all stages together.
	Mean *duration `yaml:"mean,omitempty"`
	// The mean of one stage.
	Scale *duration `yaml:"scale,omitempty"`
}

// A group of hosts with a behaviour of their own.
type group struct {
	// Names of hosts, or patterns in which * stands for any characters and ? for one.
	Hosts []string `yaml:"hosts" jsonschema:"minItems=1"`
	// What differs from the behaviour of all hosts.
	Behaviour behaviour `yaml:"behaviour"`
}

// What the script has in store for one host. A host may have several fates: to fail its probes and
// never to roll back.
type fate struct {
	// The host.
	Host reducer.HostID `yaml:"host"`
	// Under which ref it happens. By default under every one.
	Ref *reducer.ChannelRef `yaml:"ref,omitempty"`
	// What becomes of the host.
	Fate sim.FateKind `yaml:"fate"`
	// For defers: how long after the deferral the host reboots, or never. By default as behaviour
	// says.
	RebootAfter *rebootAfter `yaml:"reboot_after,omitempty"`
}

// One line of the timeline: when, and one of these: a channel and its new ref, a rollout to clear,
// a closure to lift from quarantine, a fault, a raw event.
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

	// The closure that an operator takes out of the quarantine of a channel.
	Lift *closure `yaml:"lift,omitempty"`

	// What goes wrong: control-plane-crash, host-offline, host-lost, agent-restart or clock-skew.
	Fault *sim.FaultKind `yaml:"fault,omitempty"`
	// With a fault of a host: which one.
	Host *reducer.HostID `yaml:"host,omitempty"`
	// With fault: for how long; for clock-skew how far the clock is ahead.
	For *duration `yaml:"for,omitempty"`

	// A rollout event that reaches the reducer as it is. It may name rollouts and hosts that the
	// scenario does not have.
	Event *event `yaml:"event,omitempty"`
}

// New refs of a channel that come by themselves: exactly one of arrivals, periodic and flapping.
type traffic struct {
	// The channel whose ref moves. The control plane sees it at its next poll.
	Channel reducer.ChannelID `yaml:"channel"`
	// A new ref each time, at random: how long from one to the next. 1s or more on average.
	Arrivals *delay `yaml:"arrivals,omitempty"`
	// A new ref each time, always as long from one to the next. At least 1s.
	Periodic *duration `yaml:"periodic,omitempty"`
	// The same refs again and again.
	Flapping *flapping `yaml:"flapping,omitempty"`
	// With arrivals and periodic: what the refs are called, before their number: r1, r2 and on. By
	// default r.
	Prefix *string `yaml:"prefix,omitempty"`
	// When the first change comes, after the start.
	From duration `yaml:"from,omitempty" jsonschema:"default=0s"`
	// From then on no change comes. By default they go on to the end.
	Until *duration `yaml:"until,omitempty"`
}

// A ref that goes round and round.
type flapping struct {
	// The refs, in turn. At least two.
	Between []reducer.ChannelRef `yaml:"between" jsonschema:"minItems=2"`
	// How long from one change to the next. 1s or more on average.
	Every delay `yaml:"every"`
}

// What goes wrong by chance.
type fault struct {
	// What goes wrong.
	Fault sim.FaultKind `yaml:"fault"`
	// How likely, each time that it can. A fault of messages: each message. A fault of hosts: each
	// step of an agent; agent-restart: each switch; clock-skew: once a host. A fault of polls: each
	// poll. control-plane-crash: each 15s.
	Probability probability `yaml:"probability"`
	// For how long; for clock-skew by how much, to either side.
	For *delay `yaml:"for,omitempty"`
	// When it can come for the first time, after the start.
	From duration `yaml:"from,omitempty" jsonschema:"default=0s"`
	// From then on it comes no more. By default it can come to the end.
	Until *duration `yaml:"until,omitempty"`
	// For the faults of hosts and messages: names or patterns of the hosts. By default all.
	Hosts []string `yaml:"hosts,omitempty" jsonschema:"minItems=1"`
}

// Faults for a sweep: what goes wrong by chance, in whatever fleet.
type faultsDocument struct {
	// What goes wrong by chance.
	Faults []fault `yaml:"faults" jsonschema:"minItems=1"`
}

// What a scenario includes. It includes nothing itself.
type includedDocument struct {
	// How the agents of all hosts behave.
	Behaviour behaviour `yaml:"behaviour,omitempty"`
	// New refs that come by themselves. The scenario has their channels.
	Traffic []traffic `yaml:"traffic,omitempty"`
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
