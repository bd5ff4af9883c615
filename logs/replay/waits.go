package replay

import (
	"fmt"
	"strings"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// wait is why a host is not further than it is.
type wait struct {
	what  string // such as "Pending: blocked by wave-promotion"; empty for a host that is at its end
	since Where
	then  string // what the gate waits for, where that can be told

	moves   bool     // it may go on by itself, for all that the log tells
	rollout *rollout // the one that it waits for, where it does
	hosts   []int    // slots of the hosts of its own rollout that it waits for
}

// hostWait tells why a host is not further than it is.
func (p *replay) hostWait(r *rollout, slot int) wait {
	m := &r.members[slot]
	h := &r.fold.Hosts()[slot]
	w := wait{what: h.State.String(), since: Where{At: m.since}}
	switch h.State {
	case reducer.HostConverged, reducer.HostReverted:
		return wait{}
	case reducer.HostActivating:
		w.what += ": the switch has not completed"
		w.moves = true
	case reducer.HostSoaking:
		w.what += ": " + p.soakWait(m)
		w.moves = true
	case reducer.HostDeferred:
		w.what += ": it waits for a reboot"
		if m.said != "" {
			w.what += ", for " + plainLine(m.said)
		}
	case reducer.HostFailed:
		w.moves = p.policy(r.fold.Record.Channel).OnHealthFailure == reducer.RollbackAndHalt
		w.what += ": nothing undoes that under halt"
		if w.moves {
			w.what = "Failed: it waits for its rollback"
		}
	case reducer.HostPending:
		p.pendingWait(r, slot, &w)
	}
	return w
}

// soakWait tells what keeps a host from converging.
func (p *replay) soakWait(m *member) string {
	due := p.lines.AppendTime(nil, m.soakDue)
	switch {
	case m.said != "":
		return "its probes fail: " + plainLine(m.said)
	case m.soakDue == 0:
		return "the soak is not over"
	case m.soakDue > p.end.at:
		return fmt.Sprintf("the soak is due at %s", due)
	}
	return fmt.Sprintf("the soak was due at %s, and its agent has not said that its probes pass", due)
}

// pendingWait tells why a host was not dispatched, or has not acked.
func (p *replay) pendingWait(r *rollout, slot int, w *wait) {
	m := &r.members[slot]
	switch {
	case m.unacked():
		w.what += fmt.Sprintf(": dispatched %d times, not acked", m.dispatches)
		if m.dispatches == 1 {
			w.what = "Pending: dispatched, not acked"
		}
		w.since = Where{At: m.dispatched}
		w.moves = true
	case r.fold.Count(reducer.HostFailed) > 0:
		w.what += ": nothing is dispatched while a host is Failed"
		for i, h := range r.fold.Hosts() {
			if h.State == reducer.HostFailed {
				w.hosts = append(w.hosts, i)
			}
		}
	case m.gate.count == 0:
		w.what += ": not dispatched"
		w.moves = true
	default:
		w.what += ": blocked by " + m.gate.name
		w.since = m.gate.first
		p.gateWait(r, slot, w)
	}
}

// gateWait tells what the gate waits for that keeps a host from being dispatched.
func (p *replay) gateWait(r *rollout, slot int, w *wait) {
	m := &r.members[slot]
	switch m.gate.name {
	case trace.GateQuarantine:
	case trace.GateChannelEdges:
		c := p.namedChannel(m.gate.reason, r.fold.Record.Channel)
		if c == nil {
			w.moves, w.then = true, "the log holds nothing of the channel that it waits for"
			return
		}
		awaited := p.declared(c)
		if awaited == nil {
			w.then = fmt.Sprintf("channel %s has no rollout", c.id)
			if w.moves = c.ref != ""; w.moves {
				w.then = fmt.Sprintf("no rollout of ref %s is opened yet on channel %s", c.ref, c.id)
			}
			return
		}
		rec := &awaited.fold.Record
		w.rollout = awaited
		w.then = fmt.Sprintf("rollout %s is %v", awaited.id, rec.State)
		w.moves = rec.TerminalAt.Set || rec.SupersededAt.Set
	case trace.GateWavePromotion:
		w.hosts = firstWave(r, r.fold.Hosts()[slot].Wave)
		if w.moves = len(w.hosts) == 0; w.moves {
			w.then = "no host of an earlier wave is in its way"
		}
	case trace.GateHostEdges:
		for i, h := range r.fold.Hosts() {
			if i != slot && isNamed(m.gate.reason, string(h.ID)) {
				w.hosts = append(w.hosts, i)
				w.moves = h.State.OrderingEligible()
			}
		}
		w.moves = w.moves || len(w.hosts) == 0
	case trace.GateDisruptionBudget:
		w.moves = true
	default:
		w.moves = true
	}
}

// firstWave gives the hosts that keep the first wave that is not done, of those below another one,
// from being done.
func firstWave(r *rollout, below uint32) []int {
	var slots []int
	first := below
	for i, h := range r.fold.Hosts() {
		if h.State.OrderingEligible() || h.Wave > first || h.Wave >= below {
			continue
		}
		if h.Wave < first {
			first, slots = h.Wave, slots[:0]
		}
		slots = append(slots, i)
	}
	return slots
}

// declared gives the rollout of the ref that a channel points at; nil where that is not opened.
func (p *replay) declared(c *channel) *rollout {
	if last := c.rollout; last != nil && last.fold.Record.TargetRef == c.ref {
		return last
	}
	if r := p.known(reducer.NewRolloutID(c.id, c.ref)); r != nil && r.fold != nil {
		return r
	}
	return nil
}

// namedChannel finds the channel that a gate's reason names.
func (p *replay) namedChannel(reason string, own reducer.ChannelID) *channel {
	for _, c := range p.sortedChannels() {
		if c.id != own && isNamed(reason, string(c.id)) {
			return c
		}
	}
	return nil
}

// isNamed tells whether a text holds a name as a word of its own.
func isNamed(text, name string) bool {
	if name == "" {
		return false
	}
	for from := 0; ; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return false
		}
		start := from + i
		end := start + len(name)
		if (start == 0 || !inName(text[start-1])) && (end == len(text) || !inName(text[end])) {
			return true
		}
		from = start + 1
	}
}

// inName tells whether a byte goes on with a name rather than ending it.
func inName(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' ||
		c == '_' ||
		c == '.' ||
		c >= 0x80
}

// waitsFor tells what a rollout that is under way waits for, and whether it is stuck: nothing that
// the log knows of makes it go on but an operator, a reboot or another ref.
func (p *replay) waitsFor(r *rollout) (what string, stuck bool) {
	if r.members == nil {
		return "no host has joined", false
	}
	var waits invariant.Waits
	for slot := range r.members {
		w := p.hostWait(r, slot)
		if w.what == "" {
			continue
		}
		if w.then != "" {
			w.what += ": " + w.then
		}
		waits.Add(r.fold.Hosts()[slot].ID, w.what)
	}
	return waits.String(), !p.goesOn(r, make(map[*rollout]bool))
}

// strands tells whether a channel that points at a rollout's ref waits in vain: another one
// followed, and it will not be opened again.
func (c *channel) strands(r *rollout) bool {
	return r != nil && r.fold != nil &&
		(r.fold.Record.SupersededAt.Set || c.rollout == nil || c.rollout.id != r.id)
}

// goesOn tells whether a rollout that is under way may go on by itself. asked are those that led to
// the question: rollouts that wait for each other do not.
func (p *replay) goesOn(r *rollout, asked map[*rollout]bool) bool {
	if asked[r] {
		return false
	}
	asked[r] = true
	for slot := range r.members {
		w := p.hostWait(r, slot)
		if w.moves ||
			w.rollout != nil && w.rollout.fold.Record.State.Underway() && p.goesOn(w.rollout, asked) {
			return true
		}
	}
	return false
}

// judgeEnd finds the rollouts that are stuck, and the channels that are stranded or have two
// rollouts that stand, where the log ends.
func (p *replay) judgeEnd() {
	for _, c := range p.sortedChannels() {
		if c.rollout != nil {
			p.checker.Standing(c.id)
			p.takeViolations(c.rollout, "", p.end)
		}
	}
	for _, r := range p.opened {
		if !r.fold.Record.State.Underway() || r.members == nil {
			continue
		}
		if what, stuck := p.waitsFor(r); stuck {
			p.find(Finding{
				Class: Invariant, Kind: Violated, What: "stuck", Rollout: r.id,
				Recorded: fmt.Sprintf("%v at the end of the log", r.fold.Record.State), Reason: what,
			}, r.working().event, 1)
		}
	}
	for _, c := range p.sortedChannels() {
		r := p.known(reducer.NewRolloutID(c.id, c.ref))
		if c.ref == "" || !c.strands(r) {
			continue
		}
		p.find(Finding{
			Class: Invariant, Kind: Violated, What: "stranded", Rollout: r.id, channel: c.id,
			Recorded: fmt.Sprintf(
				"channel %s points at %s since %s", c.id, c.ref, trace.AppendTime(nil, c.polled.at),
			),
			Reason: fmt.Sprintf("rollout %s is %v and will not be opened "+
				"again", r.id, r.fold.Record.State),
		}, c.polled, 1)
	}
}
