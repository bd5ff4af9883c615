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

// stillness is how long no host of a rollout has moved when the rollout is stuck.
const stillness = reducer.Time(2 * time.Hour)

// violations returns the violations of liveness under the shipped control plane. Rows are deleted
// instead of pruned, so that no rollout needs to be pruned.
func (p *production) violations(j *judge) []Violation {
	var found []Violation
	for _, r := range p.plane().Fleet().Rollouts() {
		if !r.Record.State.Underway() || len(r.Hosts()) == 0 || p.moves(r) {
			continue
		}
		v := j.violation(invariant.Stuck, r, j.waitsFor(r))
		defect, excuse := p.explain(r)
		v.Excused = excuse
		found = append(found, v.Because(defect))
	}
	for i := range p.sc.Channels {
		for _, v := range j.stranded(uint32(i)) {
			if !p.mended.Has(controlplane.SetBack) {
				v.Excused = ""
				v = v.Because(controlplane.SetBack)
			}
			found = append(found, v)
		}
	}
	return found
}

// moves reports whether a rollout may still continue by itself: a host has moved or it has joined
// lately, or the soak of a host is not due.
func (p *production) moves(r *reducer.Rollout) bool {
	if p.rollouts.at(r.Record.RolloutID).moved+stillness > p.clock.now {
		return true
	}
	n := p.rollouts.find(r.Record.RolloutID)
	for i := range p.agents {
		if l := p.agents[i].find(n); l != nil && l.state == reducer.HostSoaking &&
			l.soakDue > p.clock.now {
			return true
		}
	}
	return false
}

// explain returns the defect that stops a rollout, or the reason outside the control plane.
func (p *production) explain(r *reducer.Rollout) (controlplane.Defect, string) {
	n, ok := p.inv.Channel(r.Record.Channel)
	if !ok {
		return "", "its channel is not declared"
	}
	if ref := p.driver.polled[n]; ref != r.Record.TargetRef {
		if ref == "" {
			return "", "its channel has no manifest"
		}
		if !p.mended.Has(controlplane.SetBack) &&
			p.plane().Fleet().Rollout(reducer.NewRolloutID(r.Record.Channel, ref)) != nil {
			return controlplane.SetBack, ""
		}
	}
	var excuse string
	for _, h := range r.Hosts() {
		defect, why := p.explainHost(r, h)
		if defect != "" {
			return defect, ""
		}
		if excuse == "" {
			excuse = why
		}
	}
	if defect := p.explainWave(n, r); defect != "" && excuse == "" {
		return defect, ""
	}
	if excuse != "" {
		return "", excuse
	}
	if defect, why := p.explainGates(n, r); defect != "" || why != "" {
		return defect, why
	}
	return "", ""
}

// explainHost returns why a host does not continue.
func (p *production) explainHost(
	r *reducer.Rollout, h reducer.Host,
) (controlplane.Defect, string) {
	n, ok := p.inv.Member(r.Record.Channel, h.ID)
	if !ok {
		return "", fmt.Sprintf("host %s is not declared", h.ID)
	}
	if h.State == reducer.HostConverged || h.State == reducer.HostReverted {
		return "", ""
	}
	a := &p.agents[n]
	rollout := p.rollouts.find(r.Record.RolloutID)
	if why := p.never(a, r, h); why != "" {
		return "", why
	}
	if h.State == reducer.HostSoaking && p.undone[result{h.ID, r.Record.RolloutID}] {
		return "", "" // what was lost before no longer matters
	}
	if i := slices.IndexFunc(p.losses, func(x loss) bool {
		return x.host == n && x.rollout == r.Record.RolloutID
	}); i >= 0 {
		return p.losses[i].defect, ""
	}
	switch h.State {
	case reducer.HostDeferred:
		f := p.world.agents.fate(a.agent, rollout, Defers)
		if f != nil && f.RebootAfter.Set && f.RebootAfter.Value < 0 {
			return "", fmt.Sprintf("host %s is never rebooted", h.ID)
		}
	case reducer.HostFailed:
		if p.world.agents.neverRollsBack(a.agent, rollout) {
			return "", fmt.Sprintf("the rollback of host %s never completes", h.ID)
		}
		return "", fmt.Sprintf("host %s has failed", h.ID)
	case reducer.HostPending, reducer.HostActivating, reducer.HostSoaking, reducer.HostConverged,
		reducer.HostReverted:
	}
	return "", ""
}

// never returns why a host cannot continue, whatever the control plane does.
func (p *production) never(a *shippedAgent, r *reducer.Rollout, h reducer.Host) string {
	n := a.host
	switch {
	case p.network.lost(n):
		return fmt.Sprintf("host %s is lost", h.ID)
	case h.State != reducer.HostPending:
	case p.inv.Unstaged(n):
		return fmt.Sprintf("host %s is in no wave of channel %s", h.ID, r.Record.Channel)
	case p.mended.Has(controlplane.QuarantineInert) &&
		p.record.check.Quarantined(r.Record.Channel, p.closure(n, r.Record.TargetRef)):
		return fmt.Sprintf("the closure of host %s is quarantined", h.ID)
	case p.world.agents.neverAcks(a.agent, p.rollouts.find(r.Record.RolloutID)):
		return fmt.Sprintf("host %s never answers", h.ID)
	}
	return ""
}

// explainWave returns EmptyWave if the wave cursor is at a wave that it never leaves.
func (p *production) explainWave(channel uint32, r *reducer.Rollout) controlplane.Defect {
	waves, cursor := p.sc.Channels[channel].Waves, int(r.Record.CurrentWave)
	if cursor+1 >= len(waves) {
		return ""
	}
	absent := len(waves[cursor].Hosts) == 0
	for _, id := range waves[cursor].Hosts {
		h, joined := r.Host(id)
		absent = absent || !joined
		if joined && !h.State.OrderingEligible() {
			return ""
		}
	}
	if absent {
		return controlplane.EmptyWave
	}
	return ""
}

// explainGates returns the defect by which a gate blocks the hosts that still wait.
func (p *production) explainGates(
	channel uint32, r *reducer.Rollout,
) (controlplane.Defect, string) {
	fleet := p.plane().Fleet()
	for _, id := range p.sc.Channels[channel].After {
		n, _ := p.inv.Channel(id)
		ref := p.driver.polled[n]
		if ref == "" {
			continue
		}
		switch o := fleet.Rollout(reducer.NewRolloutID(id, ref)); {
		case o == nil:
			return "", fmt.Sprintf("it waits for channel %s, which has no rollout", id)
		case o.Record.TerminalAt.Set,
			o.Record.SupersededAt.Set && p.mended.Has(controlplane.SupersededEdge): // it blocks nothing
		case len(o.Hosts()) == 0:
			return "", fmt.Sprintf("it waits for channel %s, whose rollout has no host", id)
		case o.Record.SupersededAt.Set:
			return controlplane.SupersededEdge, ""
		case !o.Record.State.Underway():
			return "", fmt.Sprintf("it waits for channel %s, whose rollout is %v", id, o.Record.State)
		case o != r:
			return p.explain(o)
		}
	}
	for i := range p.sc.Budgets {
		for _, n := range p.plane().Counted(i) {
			for _, x := range p.losses {
				if x.host == n && !p.undone[result{p.inv.HostID(n), x.rollout}] {
					return x.defect, ""
				}
			}
			if p.network.lost(n) {
				return "", fmt.Sprintf("host %s, which a budget counts, is lost", p.inv.HostID(n))
			}
		}
	}
	return p.explainControls(r)
}

// explainControls returns ComplianceSticky if a control that has failed passes again.
func (p *production) explainControls(r *reducer.Rollout) (controlplane.Defect, string) {
	rollout := p.rollouts.find(r.Record.RolloutID)
	for _, h := range r.Hosts() {
		if _, failed := p.results[result{h.ID, r.Record.RolloutID}]; !failed {
			continue
		}
		if !slices.ContainsFunc(r.Hosts(), func(other reducer.Host) bool {
			return other.State == reducer.HostPending && other.Wave > h.Wave
		}) {
			continue
		}
		if p.results[result{h.ID, r.Record.RolloutID}] {
			return controlplane.ComplianceSticky, ""
		}
		n, _ := p.inv.Host(h.ID)
		return "", fmt.Sprintf("a probe of host %s fails (%s)", p.inv.HostID(n),
			p.rollouts.list[rollout].id)
	}
	return "", ""
}

// result identifies the probe of a host under a rollout.
type result struct {
	host    reducer.HostID
	rollout reducer.RolloutID
}

// sawResult records the latest result of a probe that has failed once.
func (p *production) sawResult(e *trace.Entry) {
	if e.Agent.Kind != reducer.ProbeResult {
		return
	}
	key := result{e.Host, e.Rollout}
	if _, failed := p.results[key]; failed || !e.Agent.Passed {
		p.results[key] = e.Agent.Passed
	}
}
