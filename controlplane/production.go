package controlplane

import "rollsim/reducer"

// Production is what the shipped control plane has in addition to a ControlPlane. A driver polls
// the manifests of all channels at once, and calls Plan every PlanInterval and at no other time. It
// passes on the heartbeats of agents, and lets agents fetch their dispatches from the queue.
type Production interface {
	ControlPlane

	// Refresh handles a successful poll of all channels. It replaces the manifests, and plans.
	Refresh(tick Tick, answers []Answer, out Output) error

	// Heartbeat handles the heartbeat of an agent. It may synthesise events of the host, and
	// returns the rows of the host that are not finished, in the order of their rollouts.
	Heartbeat(now reducer.Time, beat Heartbeat, out Output) ([]Snapshot, error)

	// Dequeue removes the oldest dispatch of a host from the queue, and returns it. It returns
	// false if the queue has none.
	Dequeue(host uint32) (Dispatch, bool)

	// Queued reports whether the queue has a dispatch of a host.
	Queued(host uint32) bool

	// Prune deletes the rollouts that ended long ago, and returns them.
	Prune(now reducer.Time) []reducer.RolloutID

	// Pruning returns the first instant at which Prune may find something to delete. It is unset if
	// none exists.
	Pruning() reducer.Opt[reducer.Time]

	// Active reports whether a host has a row to which its heartbeat may matter.
	Active(host uint32) bool

	// Idle reports whether a run would do nothing.
	Idle() bool

	// Inject makes a failure happen to the next input.
	Inject(f Failure)

	// Torn returns whether an opening was cut short since the last call. The control plane must
	// then be restarted.
	Torn() bool
}

// Answer is what a poll finds of one channel.
type Answer struct {
	Channel  uint32
	Ref      reducer.ChannelRef
	Readable bool                  // without it the channel is not planned
	Closures []reducer.ClosureHash // of the channel's hosts, in the order of their numbers
}

// Heartbeat is a report of an agent that it is alive.
type Heartbeat struct {
	Host    uint32
	Closure reducer.ClosureHash // what the host runs
	At      reducer.Time        // by the host's clock

	// Unsent reports whether the agent has undelivered messages of a rollout. Only a control plane
	// without the defect StaleSnapshot asks.
	Unsent func(reducer.RolloutID) bool
}

// Snapshot is the row of a host under a rollout, as the answer to a heartbeat has it.
type Snapshot struct {
	Rollout   reducer.RolloutID
	State     reducer.HostState
	Closure   reducer.ClosureHash // to switch to
	SoakDueAt reducer.Time
	Seq       uint64
}

// Failure is something that goes wrong within the control plane. In the zero value nothing does.
type Failure struct {
	Database bool // the statement that the input needs fails

	// Tear ends the next opening after Joined hosts have joined.
	Tear   bool
	Joined int
}

// Retention of the shipped control plane: how long the rows of a rollout are kept after its end,
// and how often it looks for older ones.
const (
	RowRetention  = 90 * 24 * 3600 * reducer.Time(1e9)
	PruneInterval = 3600 * reducer.Time(1e9)
)

// HeartbeatInterval is the time from one heartbeat of an agent to the next.
const HeartbeatInterval = 60 * reducer.Time(1e9)

// RefreshInterval is the time from one poll of the manifests to the next.
const RefreshInterval = 30 * reducer.Time(1e9)

// ManifestWindow is the age up to which an agent accepts the manifest of a dispatch.
const ManifestWindow = 3600 * reducer.Time(1e9)

// probesOf records the failures of probes under one rollout, as the gate compliance-wave counts
// them.
type probesOf map[int][]string // the names of failed probes, by slot

func (p probesOf) set(slot int, name string, failed, sticky bool) {
	list := p[slot]
	at := -1
	for i := range list {
		if list[i] == name {
			at = i
		}
	}
	switch {
	case failed && at < 0:
		p[slot] = append(list, name)
	case !failed && at >= 0 && !sticky:
		p[slot] = append(list[:at:at], list[at+1:]...)
	}
}
