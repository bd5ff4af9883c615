package controlplane

import (
	"fmt"
	"slices"
	"strings"

	"rollsim/reducer"
	"rollsim/trace"
)

// tally counts for the budgets of one run.
type tally struct {
	queued map[string]int // by selector: hosts that the run has queued
	before []int          // by budget: hosts that count already, or -1 until it is known
}

func (s shippedStep) newTally() *tally {
	if len(s.inv.budgets) == 0 {
		return new(tally)
	}
	t := &tally{make(map[string]int), make([]int, len(s.inv.budgets))}
	for i := range t.before {
		t.before[i] = -1
	}
	return t
}

// gate returns the first gate that blocks a Pending host, and its reason. Both are empty if none
// does.
func (s shippedStep) gate(o *row, slot int, t *tally) (gate, reason string) {
	rec := &o.records[slot]
	closure := QuarantineEntry{Channel: o.channel.ID, Closure: rec.target}
	if s.mended.Has(QuarantineInert) && s.quarantined.has(closure) {
		return trace.GateQuarantine, fmt.Sprintf(
			"quarantine: closure %s rolled back on channel %s", closure.Closure, closure.Channel,
		)
	}
	for _, id := range o.channel.After {
		if s.awaits(id) {
			return trace.GateChannelEdges,
				"channelEdges predecessor channel '" + string(id) + "' not converged"
		}
	}
	if gate, reason := s.waveGate(o, rec.host); gate != "" {
		return gate, reason
	}
	for _, id := range s.inv.waitsFor[s.inv.hosts[rec.host].waits] {
		if other, joined := o.fold.Host(id); joined && !other.State.OrderingEligible() {
			return trace.GateHostEdge, fmt.Sprintf("host-edge: gating host '%s' not yet Converged", id)
		}
	}
	if reason := s.budgetGate(rec, t); reason != "" {
		return trace.GateDisruptionBudget, reason
	}
	if n, wave := s.outstanding(o, rec.host); n > 0 {
		return trace.GateComplianceWave, fmt.Sprintf(
			"compliance-wave: %d outstanding failure(s) on hosts in wave < %d", n, wave,
		)
	}
	return "", ""
}

// awaits reports whether a channel that another one waits for has not finished. One without a
// manifest has.
func (s shippedStep) awaits(id reducer.ChannelID) bool {
	n := s.inv.byID[id]
	if m := &s.manifests[n]; !m.readable || m.ref == "" {
		return false
	}
	o := s.current(n)
	if o == nil {
		return true
	}
	rec := &o.fold.Record
	return !rec.TerminalAt.Set && (!rec.SupersededAt.Set || !s.mended.Has(SupersededEdge))
}

// waveGate returns the gate by which the wave of a host blocks it. A channel without waves blocks
// no host.
func (s shippedStep) waveGate(o *row, host uint32) (gate, reason string) {
	h := &s.inv.hosts[host]
	switch cursor := o.fold.Record.CurrentWave; {
	case len(o.channel.Waves) == 0:
	case h.outside:
		return trace.GateHostUnstaged, fmt.Sprintf("wave-promotion: channel '%s' declares waves but "+
			"this host is not assigned to any of them (default-deny)", o.channel.ID)
	case h.wave > cursor:
		return trace.GateWavePromotion, s.waveReason(awaitedWave{h.wave, cursor})
	}
	return "", ""
}

// waveReason returns the reason of the gate for a wave, which it formats once: each run logs it for
// each host.
func (s shippedStep) waveReason(w awaitedWave) string {
	reason := s.waves[w]
	if reason == "" {
		if s.waves == nil {
			s.shippedPlane.waves = make(map[awaitedWave]string)
		}
		reason = fmt.Sprintf("wave-promotion: host_wave=%d > current_wave=%d", w.wave, w.cursor)
		s.waves[w] = reason
	}
	return reason
}

// budgetGate returns the reason by which a budget blocks a host, or empty.
func (s shippedStep) budgetGate(rec *record, t *tally) string {
	if s.mended.Has(BudgetOvershoot) && rec.queued.Set {
		return "" // it is counted already
	}
	for _, i := range s.inv.budgetsOf[s.inv.hosts[rec.host].budgets] {
		b := &s.inv.budgets[i]
		if b.Percent > 0 {
			continue
		}
		switch {
		case t.before[i] >= 0:
		case s.mended.Has(BudgetOvershoot):
			t.before[i] = len(s.Counted(int(i)))
		default:
			t.before[i] = s.inFlight(i)
		}
		total := t.before[i] + t.queued[b.selector()]
		if total >= b.most {
			return fmt.Sprintf("disruption-budget: %d/%d in flight (%s)", total, b.most, b.selector())
		}
	}
	return ""
}

// inFlight counts the hosts of a budget that are in flight under the rollouts of the current
// manifests.
func (s shippedStep) inFlight(i uint32) int {
	count := 0
	for n := range s.inv.channels {
		if o := s.planned(uint32(n)); o != nil {
			for slot := range o.records {
				if s.covers(i, o.records[slot].host) && o.state(slot).InFlight() {
					count++
				}
			}
		}
	}
	return count
}

func (p *shippedPlane) covers(budget, host uint32) bool {
	return host != noHost &&
		slices.Contains(p.inv.budgetsOf[p.inv.hosts[host].budgets], budget)
}

// Counted returns the hosts that a budget should count: those in flight under any rollout, and
// those queued and not acked.
func (p *shippedPlane) Counted(budget int) []uint32 {
	var hosts []uint32
	for n := range p.inv.hosts {
		if p.covers(uint32(budget), uint32(n)) && p.counts(uint32(n)) {
			hosts = append(hosts, uint32(n))
		}
	}
	return hosts
}

// counts reports whether a host is in flight under any rollout, or queued and not acked under one
// that is planned. Its record under a superseded rollout counts only until the host has acked a
// dispatch of a later one: it may then run another closure, with which that record never ends.
func (p *shippedPlane) counts(host uint32) bool {
	for o, slot := range p.rowsOf(host) {
		switch state := o.state(slot); {
		case o.fold.Record.SupersededAt.Set && p.movedOn(host, o):
		case state.InFlight(),
			state == reducer.HostPending && o.records[slot].queued.Set && o.fold.Record.State.Underway():
			return true
		}
	}
	return false
}

// movedOn reports whether a host has acked a dispatch of a later rollout than o.
func (p *shippedPlane) movedOn(host uint32, o *row) bool {
	for later, slot := range p.rowsOf(host) {
		if later.fold.Number() > o.fold.Number() && later.records[slot].queued.Set &&
			later.state(slot) != reducer.HostPending {
			return true
		}
	}
	return false
}

// outstanding counts the failed probes of hosts in earlier waves, and returns the wave of the host.
func (s shippedStep) outstanding(o *row, host uint32) (count int, wave uint32) {
	h := &s.inv.hosts[host]
	if h.outside || h.wave == 0 || len(o.failures) == 0 {
		return 0, 0
	}
	for slot := range o.records {
		other := o.records[slot].host
		if other != noHost && !s.inv.hosts[other].outside && s.inv.hosts[other].wave < h.wave {
			count += len(o.failures[slot])
		}
	}
	return count, h.wave
}

// selector returns how logs spell the selector of a budget.
func (b *budget) selector() string {
	if b.Selector != "" {
		return b.Selector
	}
	return "hosts:" + strings.Join(b.Hosts, ",")
}

// Obstacle describes why a Pending host is not dispatched.
func (p *shippedPlane) Obstacle(id reducer.RolloutID, host reducer.HostID) string {
	o := p.byID[id]
	if o == nil {
		return "the rollout is not known"
	}
	slot, joined := o.fold.Slot(host)
	if !joined || slot >= len(o.records) {
		return "the host has not joined"
	}
	s := p.step(0, nil)
	switch {
	case o.records[slot].host == noHost:
		return "not a host of this scenario"
	case p.planned(o.number) != o:
		return "not planned: the manifest names another ref"
	case s.halted(o):
		return "not dispatched while the rollout is halted"
	}
	if gate, reason := s.gate(o, slot, s.newTally()); gate != "" {
		return "blocked by " + reason
	}
	return "dispatched, never acked"
}
