package replay

import (
	"fmt"
	"math"
	"slices"
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

// reasons are the beginnings of the reasons that the shipped control plane writes for each gate.
var reasons = map[string]string{
	trace.GateChannelEdges:     "channelEdges predecessor channel '",
	trace.GateWavePromotion:    "wave-promotion: ",
	gateUnstaged:               "wave-promotion: channel '",
	gateHostEdge:               "host-edge: gating host '",
	trace.GateDisruptionBudget: "disruption-budget: ",
	gateCompliance:             "compliance-wave: ",
	trace.GateQuarantine:       "",
	gateHostEdges:              "",

	trace.GateDispatchPause:     "dispatch-pause: ",
	trace.GateMaintenanceWindow: "maintenance-window: ",
}

// stall is how long a wave cursor may stand still although nothing keeps it.
const stall = 30 * reducer.Time(1e9)

// check checks the decision of a gate about a host of a rollout.
func (g *gateChecker) check(e *trace.Entry, r *rollout, slot int) {
	d := e.Gate
	start, known := reasons[d.Gate]
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
		if strings.HasPrefix(d.Reason, reasons[gateUnstaged]) {
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
	name := quoted(e.Gate.Reason)
	awaited := g.rollouts.lookup(
		reducer.NewRolloutID(reducer.ChannelID(name), r.fold.Record.TargetRef),
	)
	if c := g.channels[reducer.ChannelID(name)]; c != nil && g.evidence.refsDiffer() {
		if awaited = c.setBack(); awaited == nil {
			awaited = c.rollout
		}
	}
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
	case rec.SupersededAt.Set:
		g.defects.once(e, r, e.Gate.Host, supersededEdge, fmt.Sprintf("waits for rollout %s, which is "+
			"Superseded since %s and was never Terminal", awaited.id,
			trace.AppendTime(nil, rec.SupersededAt.Value)))
	}
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
	var wave, at uint32
	format := "wave-promotion: host_wave=%d > current_wave=%d"
	if _, err := fmt.Sscanf(e.Gate.Reason, format, &wave, &at); err != nil {
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
