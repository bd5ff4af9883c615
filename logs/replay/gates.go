package replay

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"rollsim/reducer"
	"rollsim/trace"
)

// gateChecker checks the decisions of gates: each names a gate that exists, is about a Pending
// host, and is not contradicted by what the log shows. It also finds the defects that they show.
type gateChecker struct {
	cursor   *cursor
	evidence *evidence
	findings *collector
	rollouts *registry
	channels channels
	defects  *defectFinder
	payloads *payloadChecker

	held  []heldWave
	edges []heldEdge // until the end of the log
	ofRun []heldEdge // until the end of the run
}

// The gates that the shipped control plane has in addition to trace.Gates, and an older name.
const (
	gateUnstaged   = "wave-promotion-host-unstaged"
	gateCompliance = "compliance-wave"
	gateHostEdge   = "host-edge"
	gateHostEdges  = "host-edges"
)

// unstagedReason begins the reason of gateUnstaged.
const unstagedReason = "wave-promotion: channel '"

// reasonOf returns how the reasons that the shipped control plane writes for a gate begin. It
// reports false if there is no such gate.
func reasonOf(gate string) (start string, known bool) {
	switch gate {
	case trace.GateChannelEdges:
		return "channelEdges predecessor channel '", true
	case trace.GateWavePromotion:
		return "wave-promotion: ", true
	case gateUnstaged:
		return unstagedReason, true
	case gateHostEdge:
		return "host-edge: gating host '", true
	case trace.GateDisruptionBudget:
		return "disruption-budget: ", true
	case gateCompliance:
		return "compliance-wave: ", true
	case trace.GateQuarantine, gateHostEdges:
		return "", true
	case trace.GateDispatchPause:
		return "dispatch-pause: ", true
	case trace.GateMaintenanceWindow:
		return "maintenance-window: ", true
	}
	return "", false
}

// stall is how long a wave cursor may stand still although nothing keeps it.
const stall = 30 * reducer.Time(1e9)

// check checks the decision of a gate about a host of a rollout.
func (g *gateChecker) check(e *trace.Entry, r *rollout, slot int) {
	d := e.Gate
	start, known := reasonOf(d.Gate)
	if !known {
		g.refuse(e, r, "there is no gate of this name")
		return
	}
	if slot < 0 {
		return
	}
	if s := r.fold.Hosts()[slot].State; s != reducer.HostPending && g.evidence.shipped() {
		g.refuse(e, r, fmt.Sprintf("host %s is %v, and only Pending hosts are planned", d.Host, s))
		return
	}
	if !g.evidence.shipped() {
		return
	}
	if !strings.HasPrefix(d.Reason, start) {
		g.refuse(e, r, fmt.Sprintf("the reason is not one of gate %s", d.Gate))
		return
	}
	m := &r.members[slot]
	switch d.Gate {
	case trace.GateChannelEdges:
		g.channelEdge(e, r)
	case gateUnstaged:
		m.unstaged = true
	case trace.GateWavePromotion:
		if strings.HasPrefix(d.Reason, unstagedReason) {
			m.unstaged = true
			return
		}
		g.wave(e, r, slot)
	case gateHostEdge:
		g.hostEdge(e, r)
	case gateCompliance:
		g.compliance(e, r, slot)
	}
}

func (g *gateChecker) refuse(e *trace.Entry, r *rollout, reason string) {
	g.add(g.refusal(e, r, reason), g.cursor.place(e))
}

func (g *gateChecker) refusal(e *trace.Entry, r *rollout, reason string) Finding {
	return Finding{
		Class: Log, Kind: Refused, What: "gate decision", Rollout: r.id, Host: e.Gate.Host,
		Recorded: e.Gate.Gate + "  " + e.Gate.Reason, Reason: reason,
	}
}

func (g *gateChecker) add(f Finding, at place) {
	var good uint64
	if r := g.rollouts.byID[f.Rollout]; r != nil {
		if m, _ := r.member(f.Host); m != nil {
			good = m.good
		}
	}
	g.findings.consequence(f, at, 0, good)
}

// heldEdge is a decision of channel-edges about a rollout that is Terminal. It is right if each
// channel has a ref of its own, because the awaited channel then has a later one, or was set back:
// decisions of the same run may show that.
type heldEdge struct {
	finding Finding
	at      place
	awaited *channel
}

// finish decides about what is held at the end of the log.
func (g *gateChecker) finish() {
	g.decide(math.MaxInt64)
	for _, h := range g.edges {
		if !g.evidence.refsDiffer() {
			g.add(h.finding, h.at)
		}
	}
	g.edges = nil
}

// channelEdge checks that the rollout of an awaited channel is not Terminal. One release has the
// same ref on all channels, unless the log shows otherwise.
func (g *gateChecker) channelEdge(e *trace.Entry, r *rollout) {
	awaited := g.awaited(reducer.ChannelID(quoted(e.Gate.Reason)), r.fold.Record.TargetRef)
	if awaited == nil || awaited.fold == nil {
		return
	}
	switch rec := &awaited.fold.Record; {
	case isDeleted(rec, e.At):
	case rec.TerminalAt.Set:
		c := g.channels.get(rec.Channel)
		held := heldEdge{g.refusal(e, r, fmt.Sprintf("rollout %s is Terminal since %s", awaited.id,
			trace.AppendTime(nil, rec.TerminalAt.Value))), g.cursor.place(e), c}
		switch {
		case len(g.edges)+len(g.ofRun) >= maxHeld:
			g.add(held.finding, held.at)
		case c.rollout != awaited:
			g.edges = append(g.edges, held)
		default:
			g.ofRun = append(g.ofRun, held)
		}
	case rec.SupersededAt.Set && !r.counts(supersededEdge):
		g.defects.once(e, r, e.Gate.Host, supersededEdge, fmt.Sprintf("waits for rollout %s, which is "+
			"Superseded since %s and was never Terminal", awaited.id,
			trace.AppendTime(nil, rec.SupersededAt.Value)))
	}
}

// awaited returns the rollout that a rollout with a ref awaits on a channel, or nil if the log does
// not show it.
func (g *gateChecker) awaited(id reducer.ChannelID, ref reducer.ChannelRef) *rollout {
	c := g.channels[id]
	switch {
	case c == nil || c.rollout == nil:
	case g.evidence.refsDiffer():
		return cmp.Or(c.setBack(), c.rollout)
	case c.rollout.fold != nil && c.rollout.fold.Record.TargetRef == ref:
		return c.rollout
	}
	return g.rollouts.lookup(reducer.NewRolloutID(id, ref))
}

// quoted returns the first text between single quotes.
func quoted(s string) string {
	_, s, _ = strings.Cut(s, "'")
	s, _, _ = strings.Cut(s, "'")
	return s
}

// wave checks the waves that a decision names, and finds a cursor that stands still although
// nothing keeps it.
func (g *gateChecker) wave(e *trace.Entry, r *rollout, slot int) {
	wave, at, ok := wavesOf(e.Gate.Reason)
	if !ok {
		g.refuse(e, r, "expected a reason such as \"wave-promotion: host_wave=1 > current_wave=0\"")
		return
	}
	if m := &r.members[slot]; m.inferred {
		r.fold.Hosts()[slot].Wave, m.inferred = wave, false
		r.summary.Waves = max(r.summary.Waves, wave+1)
	}
	joined := r.fold.Hosts()[slot].Wave
	switch {
	case wave != joined:
		g.refuse(e, r, fmt.Sprintf("the host has joined in wave %d", joined))
		return
	case wave <= at:
		g.refuse(e, r, "the wave is not above the cursor")
		return
	case at < r.cursorSeen:
		g.refuse(e, r, fmt.Sprintf("the cursor was at wave %d before", r.cursorSeen))
		return
	case at > r.reach():
		g.refuse(e, r, fmt.Sprintf("the hosts of wave %d have not been Converged or Deferred", r.reach()))
		return
	}
	if at > r.cursorSeen || !r.done(at) {
		r.cursorSeen, r.stalled = at, 0
		return
	}
	if r.stalled == 0 {
		r.stalled = e.At
	}
	if e.At-r.stalled >= stall && !r.isStalled {
		r.isStalled = true
		g.defects.once(e, r, e.Gate.Host, emptyWave, fmt.Sprintf("the cursor stays at wave %d, all of "+
			"whose joined hosts are Converged or Deferred: the next wave is empty, or the wave lists a "+
			"host that has not joined", at))
	}
}

// wavesOf returns the waves that a decision of wave-promotion names: those of the host and of the
// cursor. It reports false if the reason has no waves.
func wavesOf(reason string) (wave, cursor uint32, ok bool) {
	_, rest, _ := strings.Cut(reason, "host_wave=")
	host, at, _ := strings.Cut(rest, " > current_wave=")
	w, err := strconv.ParseUint(host, 10, 32)
	c, err2 := strconv.ParseUint(at, 10, 32)
	return uint32(w), uint32(c), err == nil && err2 == nil
}

// done reports whether all hosts of a wave are Converged or Deferred. A Deferred host of an earlier
// wave may be Soaking by then: the cursor does not wait for it again.
func (r *rollout) done(wave uint32) bool {
	for i, h := range r.fold.Hosts() {
		if h.Wave == wave && !h.State.OrderingEligible() && !r.members[i].unstaged {
			return false
		}
	}
	return true
}

// reach returns the highest wave at which the cursor can be: the hosts of each wave before it were
// Converged or Deferred, one wave after the other.
func (r *rollout) reach() uint32 {
	for r.reached+1 < r.summary.Waves && r.done(r.reached) {
		r.reached++
	}
	return r.reached
}

// hostEdge checks that the awaited host has not converged.
func (g *gateChecker) hostEdge(e *trace.Entry, r *rollout) {
	name := reducer.HostID(quoted(e.Gate.Reason))
	if h, joined := r.fold.Host(name); joined && h.State.OrderingEligible() {
		g.refuse(e, r, fmt.Sprintf("host %s is %v", name, h.State))
	}
}

// compliance checks that a control has failed on a host of an earlier wave, and finds one that has
// passed since.
func (g *gateChecker) compliance(e *trace.Entry, r *rollout, slot int) {
	wave := r.fold.Hosts()[slot].Wave
	failed, open := 0, 0
	for i, h := range r.fold.Hosts() {
		if h.Wave >= wave {
			continue
		}
		for _, p := range r.members[i].probes {
			if p.failed {
				failed++
				if p.result <= 0 {
					open++
				}
			}
		}
	}
	switch {
	case failed == 0:
		g.refuse(e, r, "no control has failed on a host of an earlier wave")
	case open == 0:
		g.defects.once(e, r, e.Gate.Host, complianceSticky,
			"every control that has failed on hosts of earlier waves has passed since")
	}
}

// heldWave is a dispatch into a wave that the cursor cannot have reached, unless hosts that block
// it belong to no wave. Decisions about them in the same run say so.
type heldWave struct {
	finding Finding
	rollout *rollout
	wave    uint32
	at      place
}

// dispatch checks the wave of the first dispatch of a host.
func (g *gateChecker) dispatch(e *trace.Entry, r *rollout, slot int) {
	wave := r.fold.Hosts()[slot].Wave
	reach := r.reach()
	if wave <= reach {
		r.cursorSeen = max(r.cursorSeen, wave)
		return
	}
	if r.early {
		r.earlyFound.again(Folded{Seq: e.Seq, At: e.At, Host: e.Host})
		return
	}
	f := Finding{
		Class: Invariant, Kind: Violated, What: "wave-kept", Rollout: r.id, Host: e.Host,
		After: r.after(&g.cursor.lines),
		Reason: fmt.Sprintf("host %s of wave %d was dispatched before every host of wave %d was "+
			"Converged or Deferred", e.Host, wave, reach),
	}
	g.held = append(g.held, heldWave{f, r, wave, g.cursor.place(e)})
}

// holds reports whether decide has anything to decide.
func (g *gateChecker) holds() bool { return len(g.held)+len(g.ofRun) > 0 }

// decide decides about the dispatches and decisions before a time: the run that made them has
// ended.
func (g *gateChecker) decide(at reducer.Time) {
	g.ofRun = slices.DeleteFunc(g.ofRun, func(h heldEdge) bool {
		if at-h.at.at <= tolerance && at >= h.at.at {
			return false
		}
		if !g.evidence.refsDiffer() || h.awaited.setBack() == nil {
			g.add(h.finding, h.at)
		}
		return true
	})
	g.held = slices.DeleteFunc(g.held, func(h heldWave) bool {
		if at-h.at.at <= tolerance && at >= h.at.at {
			return false
		}
		if h.rollout.members == nil || h.rollout.reach() < h.wave {
			var good uint64
			if m, _ := h.rollout.member(h.finding.Host); m != nil {
				good = m.good
			}
			if r := h.rollout; r.early {
				r.earlyFound.again(Folded{Seq: h.at.seq, At: h.at.at, Host: h.finding.Host})
			} else {
				r.early = true
				r.earlyFound = g.findings.consequence(h.finding, h.at, 0, good)
			}
		}
		return true
	})
}
