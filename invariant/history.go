package invariant

import (
	"slices"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// history checks how rollouts are opened, in what times their events lie, and what passes between
// the control plane and agents: invariants (21) to (25).
type history struct {
	*reports
	channels *channels
	openings []opening        // in the present instant
	stale    map[message]bool // dispatches of superseded rollouts, by host and rollout
	logged   message          // the last one of an agent that was logged
}

// opening is a rollout whose hosts are joining.
type opening struct {
	account *account
	rollout *reducer.Rollout
	at      reducer.Time
	all     int // how many hosts follow the channel then
}

// message is one between the control plane and a host's agent.
type message struct {
	host    reducer.HostID
	rollout reducer.RolloutID
	seq     uint64 // 0 for a dispatch
}

// times checks the time of an event, which is at most the present one.
func (c *history) times(a *account, r *reducer.Rollout, ev *reducer.Event, shipped bool) {
	// The shipped control plane reads its clock for each statement, and an older reading for the moves
	// of hosts.
	var slack reducer.Time
	if shipped {
		slack = reducer.Time(time.Millisecond)
	}
	switch {
	case ev.At > c.at+slack:
		c.once(TimeKept, r, "%v is of %s, which has not come", ev.Kind, trace.AppendTime(nil, ev.At))
	case ev.At < a.latest-slack:
		c.once(TimeKept, r, "%v is of %s, and an earlier event of %s", ev.Kind,
			trace.AppendTime(nil, ev.At), trace.AppendTime(nil, a.latest))
	}
	a.latest = max(a.latest, ev.At)
}

// opened checks that a rollout is opened for the first time.
func (c *history) opened(a *account, r *reducer.Rollout) {
	if a.known {
		c.once(NotReopened, r, "it was opened again")
	}
	a.known = true
}

// awaitHosts makes settle check that every host of the channel has joined the rollout.
func (c *history) awaitHosts(a *account, r *reducer.Rollout) {
	if ch := c.channels.of(a.channel); ch != nil && ch.hosts.Value > 0 {
		a.hosts = slices.Grow(a.hosts, ch.hosts.Value)
		c.openings = append(c.openings, opening{a, r, c.at, ch.hosts.Value})
	}
}

// settle checks the openings of an instant that has passed.
func (c *history) settle() {
	for _, o := range c.openings {
		if joined := o.account.joined; joined < o.all {
			c.once(OpeningWhole, o.rollout, "%d of the %d hosts of the channel joined in the instant of "+
				"its opening", joined, o.all)
		}
	}
	c.openings = c.openings[:0]
}

// agentEvent records a message of an agent that is logged, and checks that no ack is for a dispatch
// that was sent too late.
func (c *history) agentEvent(r *reducer.Rollout, e *trace.Entry) {
	c.logged = message{e.Host, e.Rollout, e.Agent.Seq}
	if e.Agent.Kind == reducer.DispatchAck && c.stale[message{host: e.Host, rollout: e.Rollout}] {
		c.once(SupersessionKept, r, "host %s was dispatched after a successor was opened, and acked it",
			e.Host)
	}
}

// sent records that a dispatch of a rollout is on its way to a host.
func (c *history) sent(a *account, id reducer.RolloutID, host reducer.HostID) {
	if !a.superseded {
		return
	}
	if c.stale == nil {
		c.stale = make(map[message]bool)
	}
	c.stale[message{host: host, rollout: id}] = true
}
