package replay

import (
	"fmt"
	"strings"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// wait is what a host waits for. The zero value is for a host that has reached its last state.
type wait struct {
	what  string // such as "Pending: blocked by wave-promotion"
	since Where
	then  string // what the gate waits for, where the log shows it

	moves   bool     // the host may continue without an operator, a reboot or another ref
	rollout *rollout // that the host waits for, or nil
	hosts   []int    // the slots of the hosts of its own rollout that it waits for
}

// waitFinder finds what hosts and rollouts wait for, from what the log has shown so far.
type waitFinder struct {
	cursor   *cursor
	rollouts *registry
	channels channels
	policies *policies
	machine  reducer.Machine // nil before the first entry
	shipped  bool            // the planner is the one that ships, which a failure does not halt

	clock       func(t, now reducer.Time) string // as Options.Clock
	clockAlways bool                             // as Options.ClockAlways
}

// time writes a time.
func (f *waitFinder) time(t reducer.Time) string {
	if f.clock != nil && (f.cursor.lines.Absolute || f.clockAlways) {
		return f.clock(t, f.cursor.end.at)
	}
	return string(f.cursor.lines.AppendTime(nil, t))
}

// clears reports whether an operator can clear a rollout: the machine accepts it.
func (f *waitFinder) clears(r *rollout) bool {
	if f.machine == nil {
		return false
	}
	rec := r.fold.Record
	ev := reducer.Event{Kind: reducer.OperatorClearance, Rollout: r.id, At: f.cursor.end.at}
	var out reducer.Effects
	err := f.machine.Step(&rec, &ev, ev.At, f.policies.of(rec.Channel), &out)
	return err == nil && rec.State != r.fold.Record.State
}

// isSetBackTo reports whether the channel of a rollout was set back to its ref.
func (f *waitFinder) isSetBackTo(r *rollout) bool {
	return f.channels.get(r.fold.Record.Channel).setBack() == r
}

// isLeft reports whether the planner has left a rollout, because the channel was set back to the
// ref of an earlier one.
func (f *waitFinder) isLeft(r *rollout) bool {
	c := f.channels.get(r.fold.Record.Channel)
	return c.rollout == r && c.setBack() != nil
}

// host returns what a host waits for.
func (f *waitFinder) host(r *rollout, slot int) wait {
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
		w.what += ": " + f.soaking(m)
		w.moves = true
	case reducer.HostDeferred:
		w.what += ": it waits for a reboot"
		if m.message != "" {
			w.what += ", for " + plainLine(m.message)
		}
	case reducer.HostFailed:
		w.moves = f.policies.of(r.fold.Record.Channel).OnHealthFailure == reducer.RollbackAndHalt
		w.what += ": nothing undoes that under halt"
		if w.moves {
			w.what = "Failed: it waits for its rollback"
		}
	case reducer.HostPending:
		f.pending(r, slot, &w)
	}
	return w
}

// soaking says what keeps a host from converging.
func (f *waitFinder) soaking(m *member) string {
	due := f.time(m.soakDue)
	switch {
	case m.message != "":
		return "its probes fail: " + plainLine(m.message)
	case m.soakDue == 0:
		return "the soak has not ended"
	case m.soakDue > f.cursor.end.at:
		return fmt.Sprintf("the soak is due at %s", due)
	}
	return fmt.Sprintf("the soak was due at %s, and its agent has not said that its probes pass", due)
}

// pending sets what a Pending host waits for.
func (f *waitFinder) pending(r *rollout, slot int, w *wait) {
	m := &r.members[slot]
	switch {
	case m.isUnacked():
		w.what += fmt.Sprintf(": dispatched %d times, not acked", m.dispatches)
		if m.dispatches == 1 {
			w.what = "Pending: dispatched, not acked"
		}
		w.since = Where{At: m.dispatched}
		w.moves = true
	case f.isLeft(r):
		c := f.channels.get(r.fold.Record.Channel)
		w.what += fmt.Sprintf(": the ref of channel %s was set back to that of %s, so the planner "+
			"has left this one", c.id, c.planned.id)
		w.since = c.plannedSince
	case !f.shipped && r.fold.Count(reducer.HostFailed) > 0:
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
		f.blocked(r, slot, w)
	}
}

// blocked sets what a host waits for if a gate blocks it.
func (f *waitFinder) blocked(r *rollout, slot int, w *wait) {
	m := &r.members[slot]
	switch m.gate.name {
	case trace.GateQuarantine, trace.GateDispatchPause:
	case trace.GateChannelEdges:
		f.awaitedChannel(r, slot, w)
	case trace.GateWavePromotion:
		w.hosts = firstWave(r, r.fold.Hosts()[slot].Wave)
		if w.moves = len(w.hosts) == 0; w.moves {
			w.then = "no host of an earlier wave is in its way"
		}
	case trace.GateHostEdge:
		for i, h := range r.fold.Hosts() {
			if i != slot && isNamed(m.gate.reason, string(h.ID)) {
				w.hosts = append(w.hosts, i)
				w.moves = h.State.OrderingEligible()
			}
		}
		w.moves = w.moves || len(w.hosts) == 0
	default:
		w.moves = true
	}
}

// awaitedChannel sets what a host waits for if it is blocked until another channel converges.
func (f *waitFinder) awaitedChannel(r *rollout, slot int, w *wait) {
	c := f.channels.named(r.members[slot].gate.reason, r.fold.Record.Channel)
	if c == nil {
		w.moves, w.then = true, "the log has no entry of the channel that it waits for"
		return
	}
	awaited := f.current(c)
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
}

// current returns the rollout of the ref that a channel points at, or nil if it is not opened.
func (f *waitFinder) current(c *channel) *rollout {
	if last := c.rollout; last != nil && last.fold.Record.TargetRef == c.ref {
		return last
	}
	if r := f.rollouts.lookup(reducer.NewRolloutID(c.id, c.ref)); r != nil && r.fold != nil {
		return r
	}
	return nil
}

// firstWave returns the slots of the hosts that keep the first unfinished wave below another one
// from being finished.
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

// rollout returns what a rollout that is under way waits for. It reports whether the rollout is
// stuck: as far as the log shows, it continues only after an operator, a reboot or another ref.
func (f *waitFinder) rollout(r *rollout) (what string, stuck bool) {
	if r.members == nil {
		return "no host has joined", false
	}
	var waits invariant.Waits
	for slot := range r.members {
		w := f.host(r, slot)
		if w.what == "" {
			continue
		}
		if w.then != "" {
			w.what += ": " + w.then
		}
		waits.Add(r.fold.Hosts()[slot].ID, w.what)
	}
	return waits.String(), !f.mayContinue(r, make(map[*rollout]bool))
}

// mayContinue reports whether a rollout that is under way may continue by itself. Rollouts that
// wait for each other do not: asked has those on the path to this one.
func (f *waitFinder) mayContinue(r *rollout, asked map[*rollout]bool) bool {
	if asked[r] {
		return false
	}
	asked[r] = true
	for slot := range r.members {
		w := f.host(r, slot)
		if w.moves ||
			w.rollout != nil && w.rollout.fold.Record.State.Underway() && f.mayContinue(w.rollout, asked) {
			return true
		}
	}
	return false
}

// isNamed reports whether a text holds a name as a word of its own.
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
		if (start == 0 || !isNameByte(text[start-1])) && (end == len(text) || !isNameByte(text[end])) {
			return true
		}
		from = start + 1
	}
}

// isNameByte reports whether a byte may be part of a name.
func isNameByte(c byte) bool {
	switch {
	case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		return true
	case c == '-', c == '_', c == '.', c >= 0x80:
		return true
	}
	return false
}
