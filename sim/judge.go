package sim

import (
	"fmt"
	"slices"
	"time"

	"rollsim/controlplane"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// Violation says that an invariant does not hold of a subject.
type Violation = invariant.Violation

// judge finds the violations of liveness at the end of a run.
type judge struct {
	sc       *Scenario
	timeline []*Action
	now      reducer.Time
	plane    controlplane.ControlPlane
	inv      *controlplane.Inventory
	upstream *upstream
	rollouts *rollouts
	agents   *agents
}

// violations returns the violations of liveness: those of rollouts in the order of opening, then
// those of channels as declared.
func (j *judge) violations() []Violation {
	all := j.plane.Fleet().Rollouts()
	var found []Violation
	for _, r := range all {
		if r.Record.State.Underway() && len(r.Hosts()) > 0 && !j.book(r).aborted {
			v := j.violation(invariant.Stuck, r, j.waitsFor(r))
			v.Excused = j.excuse(r)
			found = append(found, v)
		}
	}
	for _, r := range all {
		found = append(found, j.unpruned(r)...)
	}
	for i := range j.sc.Channels {
		found = append(found, j.stranded(uint32(i))...)
	}
	return found
}

// unpruned reports a rollout of the terminal set whose retention has ended.
func (j *judge) unpruned(r *reducer.Rollout) []Violation {
	since := j.book(r).terminalSetAt
	if !r.Record.State.InTerminalSet() || !since.Set {
		return nil
	}
	policy := j.inv.Policy(r.Record.Channel)
	due := since.Value + reducer.Time(time.Duration(policy.RetentionSeconds)*time.Second)
	if due > j.now {
		return nil
	}
	return []Violation{j.violation(invariant.Unpruned, r, fmt.Sprintf(
		"%v since %s; its retention ended at %s", r.Record.State,
		trace.AppendElapsed(nil, since.Value, j.sc.Start), trace.AppendElapsed(nil, due, j.sc.Start),
	))}
}

// stranded reports a channel that points at a ref whose rollout will not be opened again.
func (j *judge) stranded(channel uint32) []Violation {
	id, ref := j.sc.Channels[channel].ID, j.plane.Seen(channel)
	r := j.plane.Fleet().Rollout(reducer.NewRolloutID(id, ref))
	if ref == "" || r == nil || !r.Record.SupersededAt.Set && j.latest(id) == r {
		return nil
	}
	v := Violation{
		Invariant: invariant.Stranded,
		Subject:   string(id),
		State:     r.Record.State,
		Event:     reducer.SuccessorOpened,
		Detail: fmt.Sprintf(
			"its ref is %s, but rollout %s is %v and will not be opened again", ref, r.Record.RolloutID,
			r.Record.State,
		),
	}
	if j.upstream.returned(channel) && j.upstream.refs[channel] == ref {
		v.Excused = fmt.Sprintf("the channel was set back to ref %s, which it had before", ref)
	}
	return []Violation{v}
}

// latest returns the last opened rollout of a channel, or nil if none exists.
func (j *judge) latest(id reducer.ChannelID) *reducer.Rollout {
	for _, r := range slices.Backward(j.plane.Fleet().Rollouts()) {
		if r.Record.Channel == id {
			return r
		}
	}
	return nil
}

func (j *judge) book(r *reducer.Rollout) *rollout {
	return j.rollouts.at(r.Record.RolloutID)
}

func (j *judge) violation(name invariant.Name, r *reducer.Rollout, detail string) Violation {
	return Violation{
		Invariant: name,
		Subject:   string(r.Record.RolloutID),
		Detail:    detail,
		State:     r.Record.State,
		Event:     j.book(r).last,
	}
}

// waitsFor describes which hosts a rollout waits for, a few of each kind.
func (j *judge) waitsFor(r *reducer.Rollout) string {
	var waits invariant.Waits
	for _, h := range r.Hosts() {
		if reason := j.hostWaitsFor(r, h); reason != "" {
			waits.Add(h.ID, reason)
		}
	}
	return fmt.Sprintf("%v, current_wave %d; %s", r.Record.State, r.Record.CurrentWave, waits.String())
}

// hostWaitsFor describes what a host waits for. It is empty for a host that is Converged or
// Reverted.
func (j *judge) hostWaitsFor(r *reducer.Rollout, h reducer.Host) string {
	if h.State == reducer.HostConverged || h.State == reducer.HostReverted {
		return ""
	}
	n, ok := j.inv.Member(r.Record.Channel, h.ID)
	switch {
	case ok && j.agents.network.left(n):
		return fmt.Sprintf("%v: the host has left the fleet", h.State)
	case ok && j.agents.network.lost(n):
		return fmt.Sprintf("%v: the host is lost", h.State)
	}
	switch h.State {
	case reducer.HostPending:
		return "Pending: " + j.plane.Obstacle(r.Record.RolloutID, h.ID)
	case reducer.HostActivating:
		return "Activating: the switch has not completed"
	case reducer.HostDeferred:
		return "Deferred: waits for a reboot"
	case reducer.HostSoaking:
		return "Soaking: the soak is not due, or the probes have not passed"
	case reducer.HostFailed:
		return "Failed: the rollback has not completed"
	case reducer.HostConverged, reducer.HostReverted:
	}
	return ""
}

// excuse returns the reason, outside the control plane, why a stuck rollout cannot continue. It is
// empty if there is no such reason.
func (j *judge) excuse(r *reducer.Rollout) string {
	for _, h := range r.Hosts() {
		if why := j.helpless(r, h); why != "" {
			return why
		}
	}
	n, ok := j.inv.Channel(r.Record.Channel)
	if !ok {
		return ""
	}
	for _, id := range j.sc.Channels[n].After {
		if why := j.awaitsChannel(id); why != "" {
			return why
		}
	}
	for i := range j.sc.Budgets {
		if why := j.awaitsBudget(i); why != "" {
			return why
		}
	}
	return ""
}

// awaitsChannel returns why the wait for a channel cannot end by itself, or empty if it can.
func (j *judge) awaitsChannel(id reducer.ChannelID) string {
	n, _ := j.inv.Channel(id)
	r := j.plane.Fleet().Rollout(reducer.NewRolloutID(id, j.plane.Seen(n)))
	switch {
	case r == nil:
		return fmt.Sprintf("it waits for channel %s, which has no rollout", id)
	case r.Record.TerminalAt.Set || r.Record.SupersededAt.Set:
	case j.book(r).aborted:
		return fmt.Sprintf("it waits for channel %s, whose rollout an operator has aborted", id)
	case len(r.Hosts()) == 0:
		return fmt.Sprintf("it waits for channel %s, whose rollout has no hosts", id)
	case !r.Record.State.Underway():
		return fmt.Sprintf(
			"it waits for channel %s, whose rollout is %v and waits for an operator", id, r.Record.State,
		)
	default:
		if why := j.excuse(r); why != "" {
			return fmt.Sprintf("it waits for channel %s: %s", id, why)
		}
	}
	return ""
}

// awaitsBudget returns why a budget that is used up cannot become free by itself, or empty if it
// can.
func (j *judge) awaitsBudget(i int) string {
	b := j.inv.Budget(i)
	counted := j.plane.Counted(i)
	if len(counted) < b.MaxInFlight {
		return ""
	}
	for _, n := range counted {
		r := j.plane.Fleet().Rollout(j.plane.LastDispatch(n))
		h, _ := r.Host(j.inv.HostID(n))
		if why := j.helpless(r, h); why != "" {
			return fmt.Sprintf("budget %s is used up: %s", b.Name, why)
		}
	}
	return ""
}

// helpless returns why a host of a rollout will never make progress, or empty if it may.
func (j *judge) helpless(r *reducer.Rollout, h reducer.Host) string {
	if h.State == reducer.HostConverged || h.State == reducer.HostReverted {
		return ""
	}
	n, ok := j.inv.Member(r.Record.Channel, h.ID)
	if !ok {
		return j.joinedRaw(r.Record.RolloutID, h.ID)
	}
	a, rollout := &j.agents.list[n], j.rollouts.find(r.Record.RolloutID)
	switch {
	case j.agents.network.left(n):
		return fmt.Sprintf("host %s has left the fleet", h.ID)
	case j.agents.network.lost(n):
		return fmt.Sprintf("host %s is lost", h.ID)
	case j.plane.LastDispatch(n) != r.Record.RolloutID:
	case h.State == reducer.HostPending && j.agents.neverAcks(a, rollout):
		return fmt.Sprintf("host %s never answers", h.ID)
	case a.working != rollout:
	case h.State == reducer.HostFailed && j.agents.neverRollsBack(a, rollout):
		return fmt.Sprintf("the rollback of host %s never completes", h.ID)
	case h.State == reducer.HostDeferred:
		f := j.agents.fate(a, rollout, Defers)
		if f != nil && f.RebootAfter.Set && f.RebootAfter.Value < 0 {
			return fmt.Sprintf("host %s is never rebooted", h.ID)
		}
	}
	return ""
}

// joinedRaw returns why a host that the channel does not have will never make progress, or empty if
// no line of the timeline let it join.
func (j *judge) joinedRaw(id reducer.RolloutID, host reducer.HostID) string {
	for _, a := range j.timeline {
		ev := a.Event
		if ev != nil && ev.Kind == reducer.HostJoined && ev.Rollout == id && ev.Host == host {
			return fmt.Sprintf("host %s joined by a raw event and has no agent", host)
		}
	}
	return ""
}
