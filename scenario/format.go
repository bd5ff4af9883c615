package scenario

import (
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/sim"
)

// The types in this file are the format of scenario files. A field without omitempty is required.
// The default of a field is in its jsonschema tag: the decoder reads it there, so that it cannot
// differ from the schema. The comments are the descriptions that editors show.

// A scenario: a fleet, what happens to it, and from which seed. Every field but channels has a
// default.
type document struct {
	// When virtual time starts, in RFC 3339.
	Start timestamp `yaml:"start,omitempty" jsonschema:"default=2026-01-01T00:00:00Z"`
	// How long the run takes in virtual time. The default is longer than the default retention of
	// seven days, so that rollouts are pruned.
	Horizon duration `yaml:"horizon,omitempty" jsonschema:"default=14d"`
	// The source of every random draw. The same scenario, seed and machine produce the same trace,
	// byte for byte.
	Seed uint64 `yaml:"seed,omitempty" jsonschema:"default=1"`
	// The transition function of rollouts: rfc0008 is the complete specification, v0.2 is what the
	// control plane ships.
	Machine machineName `yaml:"machine,omitempty" jsonschema:"default=rfc0008"`
	// The control plane that runs. specified follows the specification. shipped is what runs in
	// production, with its agents and its defects; {shipped: {mended: [no-halt]}} is the same
	// without some of them. With none only the events of the timeline happen, as in an imported
	// history.
	ControlPlane planner `yaml:"control_plane,omitempty" jsonschema:"default=specified"`
	// The channels and their hosts.
	Channels []channel `yaml:"channels" jsonschema:"minItems=1"`
	// Tags of hosts, by which budgets select hosts.
	Tags []hostTags `yaml:"tags,omitempty"`
	// Limits of how many hosts may be disrupted at once.
	Budgets []budget `yaml:"budgets,omitempty"`
	// The closures that are quarantined from the start.
	Quarantine []closure `yaml:"quarantine,omitempty"`
	// The path, relative to the folder of this file, of a file that has only behaviour and traffic,
	// such as rollsim fit writes. Behaviour in this file overrides the included one, and traffic in
	// this file is added to the included traffic.
	Include *string `yaml:"include,omitempty" jsonschema:"minLength=1"`
	// How the agents of all hosts behave. A field that is not given has its default.
	Behaviour behaviour `yaml:"behaviour,omitempty"`
	// Behaviour of some hosts, which overrides that of all hosts. If several groups set the same
	// field for a host, the last one wins.
	Groups []group `yaml:"groups,omitempty"`
	// How single hosts behave, whatever the probabilities are.
	Fates []fate `yaml:"fates,omitempty"`
	// How long stages take on single hosts, whatever the behaviour is. A later entry overrides an
	// earlier one.
	Delays []ownDelay `yaml:"delays,omitempty"`
	// What hosts run at the start. By default the closure initial, which no ref has.
	Running []running `yaml:"running,omitempty"`
	// Details of refs, such as the hosts that a ref does not change.
	Releases []release `yaml:"releases,omitempty"`
	// Under the shipped control plane: when that which recurs happens for the first time. What is
	// not given is drawn from the seed.
	Phases phases `yaml:"phases,omitempty"`
	// What happens at which time. Lines of one instant happen in the order of the file.
	Timeline []action `yaml:"timeline,omitempty"`
	// New refs that arrive on their own, in addition to the timeline.
	Traffic []traffic `yaml:"traffic,omitempty"`
	// Random faults, in addition to those of the timeline. By default none.
	Faults []fault `yaml:"faults,omitempty"`
	// Moments that must each occur at least once in the run.
	Sometimes []moment `yaml:"sometimes,omitempty"`
	// The violations that the run must have, exactly these: each an invariant and a rollout,
	// channel or budget, such as "stuck stable@r1".
	ExpectViolations []violation `yaml:"expect_violations,omitempty"`
	// What may go wrong in a proof (rollsim prove). Runs ignore it. By default everything.
	Deviations []allowance `yaml:"deviations,omitempty" jsonschema:"minItems=1"`
	// The detail of the golden trace: full has every entry, transitions has only the transitions
	// and a digest of all entries.
	Golden Golden `yaml:"golden,omitempty" jsonschema:"default=full"`
}

// A channel: a stream of releases and the hosts that follow it.
type channel struct {
	// The name of the channel. A rollout is named after its channel and ref: stable@a1.
	Name string `yaml:"name" jsonschema:"pattern=^[^@\\s]+$"`
	// How often the control plane reads the channel's ref. At least 1s.
	PollInterval duration `yaml:"poll_interval,omitempty" jsonschema:"default=60s"`
	// What the failure of a host does to its rollout: halt stops it, rollback-and-halt also rolls
	// the host back.
	Policy reducer.HealthPolicy `yaml:"policy,omitempty" jsonschema:"default=halt"`
	// How long a rollout is kept once it is Terminal, Superseded, Failed or Reverted. Whole
	// seconds.
	Retention duration `yaml:"retention,omitempty" jsonschema:"default=7d"`
	// The waves of hosts, from wave 0, which a rollout takes one after the other. Without waves the
	// channel has no hosts.
	Waves []wave `yaml:"waves,omitempty"`
	// The channels that this channel waits for. It dispatches no host until the rollout of each
	// one's current ref has been Terminal or is Superseded.
	After []reducer.ChannelID `yaml:"after,omitempty"`
	// Hosts of the channel that wait for other hosts of the channel.
	HostEdges []hostEdge `yaml:"host_edges,omitempty"`
	// The maintenance windows: the channel is dispatched only while one of them is open. Without
	// windows it is dispatched at all times.
	Windows []window `yaml:"windows,omitempty"`
	// Hosts that follow the channel and are in none of its waves: their count, or a list of their
	// names. They join a rollout with wave 0.
	Outside hosts `yaml:"outside,omitempty"`
	// Those of its hosts that are not in the fleet at the start. They join no rollout before a line
	// of the timeline lets them join the fleet.
	Absent []reducer.HostID `yaml:"absent,omitempty"`
}

// A maintenance window, which comes every day or on some days of the week, in UTC.
type window struct {
	// When it opens, counted from midnight: 22h, 4h30m. Less than a day.
	From duration `yaml:"from"`
	// How long it is open. At most a day.
	For duration `yaml:"for"`
	// The days of the week on which it opens. By default every day.
	Days []time.Weekday `yaml:"days,omitempty" jsonschema:"minItems=1"`
}

// A channel, or all of them.
type someChannels struct {
	// The channel. By default all channels.
	Channel *reducer.ChannelID `yaml:"channel,omitempty"`
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
// the same time, over all channels.
type budget struct {
	// The name in gate decisions and violations.
	Name string `yaml:"name"`
	// Names of hosts, or patterns in which * matches any characters and ? matches one.
	Hosts []string `yaml:"hosts,omitempty" jsonschema:"minItems=1"`
	// Instead of hosts: all, channel:NAME, tags:A,B (hosts with all of the tags), tags_any:A,B
	// (hosts with any of them) or hosts:A,B. The shipped control plane counts budgets with the same
	// selector together.
	Selector *string `yaml:"selector,omitempty" jsonschema:"minLength=1"`
	// The limit: a number of hosts, at least 1, or a percentage of those that the budget covers.
	// The shipped control plane ignores percentages.
	MaxInFlight limit `yaml:"max_in_flight"`
}

// Tags of some hosts.
type hostTags struct {
	// Names of hosts, or patterns in which * matches any characters and ? matches one.
	Hosts []string `yaml:"hosts" jsonschema:"minItems=1"`
	// The tags, in addition to those that other entries give to the hosts.
	Tags []string `yaml:"tags" jsonschema:"minItems=1"`
}

// What some hosts run at the start.
type running struct {
	// Names of hosts, or patterns in which * matches any characters and ? matches one.
	Hosts []string `yaml:"hosts" jsonschema:"minItems=1"`
	// The ref whose closure they run.
	Ref reducer.ChannelRef `yaml:"ref"`
}

// Details of a ref.
type release struct {
	// The ref.
	Ref reducer.ChannelRef `yaml:"ref"`
	// The channel that the details apply to. By default every channel.
	Channel *reducer.ChannelID `yaml:"channel,omitempty"`
	// Names or patterns of the hosts whose closure the ref does not change: it remains that of the
	// ref before it.
	Unchanged []string `yaml:"unchanged,omitempty" jsonschema:"minItems=1"`
	// The manifest that a poll finds: fresh, absent, stale, or invalid, whose signature is wrong.
	Manifest controlplane.Manifest `yaml:"manifest,omitempty" jsonschema:"default=fresh"`
	// When the manifest was signed, counted from the start of the run; -2h is two hours before it.
	// By default when the channel moves to the ref.
	Signed *offset `yaml:"signed,omitempty"`
}

// When that which recurs under the shipped control plane happens for the first time, counted from
// the start.
type phases struct {
	// The first heartbeat of every host, less than 60s. By default drawn for each host.
	Heartbeat *duration `yaml:"heartbeat,omitempty"`
	// The first tick of the planner, less than 15s.
	Ticker *duration `yaml:"ticker,omitempty"`
	// The first poll of the whole fleet, less than 30s.
	Poll *duration `yaml:"poll,omitempty"`
	// The first run of the prune timer, less than 1h.
	Prune *duration `yaml:"prune,omitempty"`
}

// A control plane whose defects a scenario can leave out.
type planners struct {
	// What runs in production.
	Shipped *mendable `yaml:"shipped"`
}

// The defects of a control plane.
type mendable struct {
	// The defects that it does not have.
	Mended []controlplane.Defect `yaml:"mended,omitempty"`
}

// A closure on a channel. Each ref has one closure, which has the name of the ref.
type closure struct {
	Channel reducer.ChannelID   `yaml:"channel"`
	Closure reducer.ClosureHash `yaml:"closure"`
}

// A wave: the hosts that a rollout takes together.
type wave struct {
	// The count of the hosts, or a list of their names. Hosts given by a count get names made of
	// the channel and a number that continues through all waves: stable-01, stable-02.
	Hosts hosts `yaml:"hosts"`
	// How long a host must soak, counted from its dispatch. By default 0s, and 60m under the
	// shipped control plane, which counts it from the opening of the rollout.
	Soak *duration `yaml:"soak,omitempty"`
}

// How an agent behaves: how long each stage takes, in whole milliseconds, and how likely each
// failure is.
type behaviour struct {
	// From the dispatch to its ack. By default uniform from 1s to 5s.
	Ack *delay `yaml:"ack,omitempty"`
	// From the ack to the end of the switch, which completes, fails or is deferred. By default
	// lognormal, median 40s and p99 3m.
	Activation *delay `yaml:"activation,omitempty"`
	// From the deferral of a switch to the reboot that completes it. By default exponential, mean
	// 10m.
	Reboot *delay `yaml:"reboot,omitempty"`
	// From the completed switch to the first probe result. By default 20s.
	Probe *delay `yaml:"probe,omitempty"`
	// From the moment when soak and probes allow convergence to the report of it. By default 1s.
	Converge *delay `yaml:"converge,omitempty"`
	// From the failure to the completed rollback, under rollback-and-halt. By default lognormal,
	// median 30s and p99 2m.
	Rollback *delay `yaml:"rollback,omitempty"`
	// How likely a switch fails. By default 0.
	ActivationFailure *probability `yaml:"activation_failure,omitempty"`
	// How likely a switch is deferred until a reboot. By default 0.
	Deferral *probability `yaml:"deferral,omitempty"`
	// How likely the probes fail. By default 0.
	ProbeFailure *probability `yaml:"probe_failure,omitempty"`
	// How likely a rollback never completes. By default 0.
	RollbackFailure *probability `yaml:"rollback_failure,omitempty"`
	// How likely an agent never answers a dispatch. By default 0.
	NoAnswer *probability `yaml:"no_answer,omitempty"`
}

// A distribution of delays: exactly one of eight shapes.
type distribution struct {
	// Always the same delay.
	Constant *duration `yaml:"constant,omitempty"`
	// Every delay between two bounds is equally likely.
	Uniform *uniform `yaml:"uniform,omitempty"`
	// Many short delays and a few long ones: the time to an event that is equally likely at every
	// moment.
	Exponential *exponential `yaml:"exponential,omitempty"`
	// Most delays are near the median, some are much longer: typical of how long work takes.
	LogNormal *logNormal `yaml:"lognormal,omitempty"`
	// Delays around a mean, symmetric above and below it.
	Normal *normal `yaml:"normal,omitempty"`
	// The time to a failure that gets more likely with time (shape above 1) or less likely (below
	// 1).
	Weibull *weibull `yaml:"weibull,omitempty"`
	// The time of several stages that follow each other.
	Gamma *gamma `yaml:"gamma,omitempty"`
	// Measured delays: at least two quantiles at even distances, from the shortest delay to the
	// longest.
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
	// Half of the delays are shorter than this.
	Median duration `yaml:"median"`
	// 99 of 100 delays are shorter than this.
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
	// The shortest delay. By default four standard deviations below the mean, but not below 0s.
	Min *duration `yaml:"min,omitempty"`
	// The longest delay. By default four standard deviations above the mean.
	Max *duration `yaml:"max,omitempty"`
}

// A Weibull distribution.
type weibull struct {
	// 63 of 100 delays are shorter than this.
	Scale duration `yaml:"scale"`
	// From 0.1 to 1000. 1 is the exponential distribution.
	Shape float64 `yaml:"shape" jsonschema:"minimum=0.1,maximum=1000"`
}

// A gamma distribution: its shape, and either mean or scale.
type gamma struct {
	// The number of stages, from 0.5 to 1000. 1 is the exponential distribution.
	Shape float64 `yaml:"shape" jsonschema:"minimum=0.5,maximum=1000"`
	// The mean of all stages together.
	Mean *duration `yaml:"mean,omitempty"`
	// The mean of one stage.
	Scale *duration `yaml:"scale,omitempty"`
}

// A group of hosts with a behaviour of their own.
type group struct {
	// Names of hosts, or patterns in which * matches any characters and ? matches one.
	Hosts []string `yaml:"hosts" jsonschema:"minItems=1"`
	// The fields that differ from the behaviour of all hosts.
	Behaviour behaviour `yaml:"behaviour"`
}

// How one host behaves. A host may have several fates, such as to fail its probes and never to roll
// back.
type fate struct {
	// The host.
	Host reducer.HostID `yaml:"host"`
	// The ref under which it happens. By default every ref.
	Ref *reducer.ChannelRef `yaml:"ref,omitempty"`
	// What the host does.
	Fate sim.FateKind `yaml:"fate"`
	// Whether it happens once: under the first rollout that the host works for, of those under
	// which it applies, and under no later one. By default it happens under each of them.
	Once bool `yaml:"once,omitempty"`
	// With fate defers: how long after the deferral the host reboots, or never. By default the
	// reboot delay of the host's behaviour.
	RebootAfter *orNever `yaml:"reboot_after,omitempty"`
	// With fate fails-control: how long after the switch the control passes, or never. By default
	// 1m.
	PassesAfter *orNever `yaml:"passes_after,omitempty"`
}

// How long one stage takes on one host.
type ownDelay struct {
	// The host.
	Host reducer.HostID `yaml:"host"`
	// The ref under which it applies. By default every ref.
	Ref *reducer.ChannelRef `yaml:"ref,omitempty"`
	// The stage: ack, activation, reboot, probe, converge or rollback.
	Stage sim.Stage `yaml:"stage"`
	// How long it takes.
	Takes delay `yaml:"takes"`
}

// One line of the timeline: a time or a moment, and one action: a channel and its new ref, a ref
// for all channels, an order of an operator, a fault, or a raw event.
type action struct {
	// When it happens, counted from the start.
	At *duration `yaml:"at,omitempty"`
	// Instead of at: it happens when this becomes true for the first time.
	When *moment `yaml:"when,omitempty"`
	// With when: how long after that moment.
	After *duration `yaml:"after,omitempty"`

	// The channel that moves to ref. The control plane sees it at its next poll. With a fault of
	// polls: the channel whose next poll it is. By default the next poll of every channel.
	Channel *reducer.ChannelID `yaml:"channel,omitempty"`
	// The ref that the channel moves to.
	Ref *reducer.ChannelRef `yaml:"ref,omitempty"`

	// A ref that all channels move to.
	Release *reducer.ChannelRef `yaml:"release,omitempty"`

	// The rollout that an operator clears, such as stable@a1.
	Clear *reducer.RolloutID `yaml:"clear,omitempty"`
	// With clear: the name of the operator. By default operator.
	Operator *string `yaml:"operator,omitempty"`
	// With clear: the reason. By default empty.
	Reason *string `yaml:"reason,omitempty"`

	// The closure that an operator removes from the quarantine of a channel.
	Lift *closure `yaml:"lift,omitempty"`
	// The closure that an operator puts into the quarantine of a channel.
	Quarantine *closure `yaml:"quarantine,omitempty"`
	// An operator pauses dispatching, on a channel or, with {}, on all.
	Pause *someChannels `yaml:"pause,omitempty"`
	// An operator resumes dispatching, on a channel or, with {}, on all.
	Resume *someChannels `yaml:"resume,omitempty"`
	// The rollout that an operator aborts, such as stable@a1: nothing more is dispatched for it.
	Abort *reducer.RolloutID `yaml:"abort,omitempty"`

	// A host that joins the fleet, and that its channel lists as absent. It joins the rollout of the
	// channel that is under way, and later ones.
	Join *reducer.HostID `yaml:"join,omitempty"`
	// A host that leaves the fleet for good. It joins no later rollout. One that it has joined waits
	// for it.
	Leave *reducer.HostID `yaml:"leave,omitempty"`

	// A fault. One of a message happens to the host's next message from then on, one of a poll to
	// the next poll.
	Fault *sim.FaultKind `yaml:"fault,omitempty"`
	// With a fault of a host or a message: the host.
	Host *reducer.HostID `yaml:"host,omitempty"`
	// With fault: how long it lasts. With clock-skew: how far the clock is ahead, or behind if it
	// is negative.
	For *signed `yaml:"for,omitempty"`
	// With a fault of a message: it happens to the next message of this rollout, such as stable@a1.
	Rollout *reducer.RolloutID `yaml:"rollout,omitempty"`
	// With a fault of a message: it happens to the next message of this kind.
	Message *reducer.AgentEventKind `yaml:"message,omitempty"`
	// With a fault of a message: it happens to the next message with this seq.
	Seq *uint64 `yaml:"seq,omitempty"`
	// With fault torn-opening: how many hosts join the next rollout before the crash. By default
	// none.
	Joined *uint32 `yaml:"joined,omitempty"`

	// A rollout event that reaches the reducer unchanged. It may name rollouts and hosts that the
	// scenario does not have.
	Event *event `yaml:"event,omitempty"`
	// With event: the rollout whose record the event reaches, such as stable@a1. By default that of
	// the event.
	Reaches *reducer.RolloutID `yaml:"reaches,omitempty"`
}

// New refs of a channel that arrive on their own: exactly one of arrivals, periodic and flapping.
type traffic struct {
	// The channel whose ref moves. The control plane sees it at its next poll.
	Channel reducer.ChannelID `yaml:"channel"`
	// New refs at random times: the time from one to the next, at least 1s on average.
	Arrivals *delay `yaml:"arrivals,omitempty"`
	// New refs at a fixed interval, at least 1s.
	Periodic *duration `yaml:"periodic,omitempty"`
	// The same refs in turn, again and again.
	Flapping *flapping `yaml:"flapping,omitempty"`
	// With arrivals and periodic: the text before the number in the names of the refs: r1, r2, r3.
	// By default r.
	Prefix *string `yaml:"prefix,omitempty"`
	// When the first change may happen, counted from the start.
	From duration `yaml:"from,omitempty" jsonschema:"default=0s"`
	// When the changes end, counted from the start. By default at the end of the run.
	Until *duration `yaml:"until,omitempty"`
}

// A ref that alternates between several values.
type flapping struct {
	// The refs, in turn. At least two.
	Between []reducer.ChannelRef `yaml:"between" jsonschema:"minItems=2"`
	// The time from one change to the next, at least 1s on average.
	Every delay `yaml:"every"`
}

// A random fault.
type fault struct {
	// The kind of fault.
	Fault sim.FaultKind `yaml:"fault"`
	// How likely the fault is each time that it is possible. Faults of messages: for each message.
	// Faults of hosts: at each step of an agent, agent-restart at each switch, clock-skew once for
	// each host. Faults of polls: at each poll. control-plane-crash: every 15s. database-error and
	// log-insert-failed: for each message that the control plane accepts. torn-opening: for each
	// rollout that is opened.
	Probability probability `yaml:"probability"`
	// How long it lasts. With clock-skew: how far the clock is ahead or behind.
	For *delay `yaml:"for,omitempty"`
	// When it is possible for the first time, counted from the start.
	From duration `yaml:"from,omitempty" jsonschema:"default=0s"`
	// When it is no longer possible, counted from the start. By default at the end of the run.
	Until *duration `yaml:"until,omitempty"`
	// With faults of hosts and messages: names or patterns of hosts. By default all hosts.
	Hosts []string `yaml:"hosts,omitempty" jsonschema:"minItems=1"`
}

// Random faults for a sweep, for any fleet.
type faultsDocument struct {
	// Random faults.
	Faults []fault `yaml:"faults" jsonschema:"minItems=1"`
}

// What may go wrong in a proof: one entry that allows a deviation is enough.
type allowance struct {
	// The kinds of deviations, or groups of kinds.
	Kinds []kindName `yaml:"kinds" jsonschema:"minItems=1"`
	// With kinds that concern a host: names or patterns of hosts. By default all hosts.
	Hosts []string `yaml:"hosts,omitempty" jsonschema:"minItems=1"`
	// How many of them may happen in one run, at least 1. By default any number.
	AtMost *uint32 `yaml:"at_most,omitempty"`
}

// A file that a scenario includes. It cannot include another one.
type includedDocument struct {
	// How the agents of all hosts behave.
	Behaviour behaviour `yaml:"behaviour,omitempty"`
	// New refs that arrive on their own. The scenario declares their channels.
	Traffic []traffic `yaml:"traffic,omitempty"`
}

// A moment in the life of a rollout. With the rollout alone: when it is opened.
type moment struct {
	// The rollout, such as stable@a1.
	Rollout reducer.RolloutID `yaml:"rollout"`
	// The rollout is in this state.
	State *reducer.State `yaml:"state,omitempty"`
	// With host_state: every host of the wave has reached that state, and at least one is in it.
	Wave *uint32 `yaml:"wave,omitempty"`
	// With host_state: the host is in that state.
	Host *reducer.HostID `yaml:"host,omitempty"`
	// The state of the host, or of the hosts of the wave.
	HostState *reducer.HostState `yaml:"host_state,omitempty"`
}
