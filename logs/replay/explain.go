package replay

import (
	"fmt"
	"slices"
	"strings"

	"rollsim/internal/plural"
	"rollsim/reducer"
	"rollsim/trace"
)

// The limits of an explanation: hosts that are named in one place, and levels of an Answer.
const (
	maxExplained = 3
	maxDepth     = 8
)

// explainer writes the answer to a question, from what a replay has read.
type explainer struct {
	cursor      *cursor
	rollouts    *registry
	channels    channels
	roster      *roster
	quarantines *quarantineLedger
	waits       *waitFinder
	header      *trace.Header // nil for the log of a control plane

	answer    Answer
	explained map[*member]bool // the hosts that were explained
	past      bool             // the answer is as of a supersession, without explainChannel
}

func (x *explainer) add(depth int, since Where, then, format string, args ...any) {
	x.answer.Lines = append(x.answer.Lines, Reason{
		Depth: depth, Text: fmt.Sprintf(format, args...), Since: since, Then: then,
	})
}

// happened adds a line about what happened at a place.
func (x *explainer) happened(depth int, at Where, format string, args ...any) {
	x.add(depth, at, "", format, args...)
	x.answer.Lines[len(x.answer.Lines)-1].Once = true
}

// firstWaiting returns the first host of a rollout that waits, or "".
func (x *explainer) firstWaiting(r *rollout) reducer.HostID {
	for slot, h := range r.fold.Hosts() {
		if slot < len(r.members) && x.waits.host(r, slot).what != "" {
			return h.ID
		}
	}
	return ""
}

// explain explains the answer's host under a rollout, or the rollout itself if there is no host.
func (x *explainer) explain(r *rollout) {
	x.answer.Rollout, x.answer.Channel = r.id, r.fold.Record.Channel
	if x.answer.Host == "" {
		x.explainRollout(0, r, make(map[*rollout]bool))
	} else {
		_, slot := r.member(x.answer.Host)
		x.answer.State = r.fold.Hosts()[slot].State
		x.explainAsked(r, slot)
	}
	x.explainChannel(r)
}

// explainStray explains a host whose rollout was opened before the log begins.
func (x *explainer) explainStray(q *inquiry, first uint64) {
	x.answer.Rollout = q.strayUnder
	x.add(0, q.stray.first, "", "not dispatched: blocked by %s", q.stray.name)
	x.explainGate(1, &q.stray)
	x.add(0, Where{}, "", "the log begins at entry %d, and does not hold how %s was opened: more "+
		"is not known", first, q.strayUnder)
}

// explainAsked explains the host that was asked for.
func (x *explainer) explainAsked(r *rollout, slot int) {
	h, m, rec := &r.fold.Hosts()[slot], &r.members[slot], &r.fold.Record
	since := Where{At: m.since}
	switch {
	case h.State == reducer.HostConverged:
		x.add(0, since, "", "it is: Converged under %s", r.id)
		return
	case h.State == reducer.HostReverted:
		x.add(0, since, "", "it rolled back from it: Reverted under %s", r.id)
		x.explainFailure(1, m)
		x.explainQuarantine(1, r, m)
		if rec.State.Standing() {
			x.add(1, Where{}, "", "it stays Reverted until channel %s gets another ref", rec.Channel)
		}
		return
	case !rec.State.Underway():
		then := "nothing more is dispatched"
		switch {
		case !x.waits.shipped || x.waits.isLeft(r):
		case x.waits.isSetBackTo(r):
			then = "the channel was set back to its ref, and the planner continues with it"
		case rec.State == reducer.Failed && h.State == reducer.HostPending:
			then = "this does not halt the planner"
		}
		x.add(
			0, Where{At: r.lastState().At}, then, "%v in wave %d of %s, which is %v", h.State, h.Wave,
			r.id, rec.State,
		)
		x.explainEnd(1, r)
	default:
		x.add(
			0, since, fmt.Sprintf("in wave %d of %s, which is %v", h.Wave, r.id, rec.State),
			"not yet: %v", h.State,
		)
	}
	x.explainHost(1, r, slot, map[*rollout]bool{r: true})
}

// explainHost explains what a host waits for, and what that waits for in turn. asked has the
// rollouts that were explained before.
func (x *explainer) explainHost(depth int, r *rollout, slot int, asked map[*rollout]bool) {
	h, m := &r.fold.Hosts()[slot], &r.members[slot]
	w := x.waits.host(r, slot)
	if w.what == "" || depth > maxDepth {
		return
	}
	if x.explained == nil {
		x.explained = make(map[*member]bool)
	}
	x.explained[m] = true
	x.add(depth, w.since, w.then, "%s", w.what)
	if h.State == reducer.HostPending && m.gate.count > 0 {
		x.explainBlock(depth+1, r, slot, asked)
	}
	if h.State == reducer.HostFailed {
		x.explainFailure(depth+1, m)
	}
	x.explainRelease(depth+1, r, slot)
	if h.State == reducer.HostPending && m.isUnacked() {
		x.explainSwitch(depth+1, r, h.ID)
	}
	if w.rollout != nil {
		x.explainRollout(depth+1, w.rollout, asked)
	}
	for i, other := range w.hosts {
		if i == maxExplained {
			x.add(depth+1, Where{}, "", "and %s", plural.Count(len(w.hosts)-i, "more host"))
			break
		}
		h := &r.fold.Hosts()[other]
		if x.waits.host(r, other).what == "" {
			since := Where{At: r.members[other].since}
			x.add(depth+1, since, "", "host %s, in wave %d, is %v", h.ID, h.Wave, h.State)
			continue
		}
		if x.answer.Whole && x.explained[&r.members[other]] {
			x.add(depth+1, Where{}, "", "host %s, in wave %d, is %v: see above", h.ID, h.Wave, h.State)
			continue
		}
		x.add(depth+1, Where{}, "", "host %s, in wave %d:", h.ID, h.Wave)
		x.explainHost(depth+2, r, other, asked)
	}
}

// explainBlock explains the gate that blocks a host.
func (x *explainer) explainBlock(depth int, r *rollout, slot int, asked map[*rollout]bool) {
	m := &r.members[slot]
	x.explainGate(depth, &m.gate)
	switch m.gate.name {
	case trace.GateQuarantine:
		x.explainQuarantine(depth, r, m)
		if x.waits.shipped {
			x.add(depth, Where{}, "", "it is blocked until channel %s gets another ref",
				r.fold.Record.Channel)
			return
		}
		x.add(depth, Where{}, "", "it is blocked until an operator lifts that, or channel %s gets "+
			"another ref", r.fold.Record.Channel)
	case trace.GateDisruptionBudget:
		x.explainBudget(depth, r, slot, asked)
	}
}

// explainGate shows the last decision of a gate.
func (x *explainer) explainGate(depth int, g *gate) {
	repeated := ""
	if g.count > 1 {
		repeated = fmt.Sprintf("; decided %d times, first in entry %d", g.count, g.first.Seq)
	}
	x.add(
		depth, Where{}, "", "last gate: %s, entry %d at %s: %q%s", g.name, g.last.Seq,
		x.waits.time(g.last.At), g.reason, repeated,
	)
}

// explainRollout explains why a rollout that another one waits for has not ended.
func (x *explainer) explainRollout(depth int, r *rollout, asked map[*rollout]bool) {
	if onPath, seen := asked[r]; seen {
		if onPath {
			x.add(depth, Where{}, "", "rollout %s waits for this one in turn", r.id)
		} else {
			x.add(depth, Where{}, "", "rollout %s: see above", r.id)
		}
		return
	}
	asked[r] = true
	defer func() { asked[r] = false }()
	last := r.lastState()
	x.add(depth, Where{At: last.At}, "", "rollout %s is %v", r.id, last.State)
	if !r.fold.Record.State.Underway() {
		x.explainEnd(depth+1, r)
		return
	}
	x.explainHosts(depth+1, r, asked)
}

// explainHosts explains the hosts of a rollout that wait. Those that wait for the same are
// explained together.
func (x *explainer) explainHosts(depth int, r *rollout, asked map[*rollout]bool) {
	shown := 0
	for _, slots := range x.groups(r) {
		if x.explained[&r.members[slots[0]]] {
			continue // below a host that waits for it
		}
		if shown++; shown > maxExplained {
			x.add(depth, Where{}, "", "and others")
			return
		}
		hosts := r.fold.Hosts()
		var ids []string
		first, last := hosts[slots[0]].Wave, hosts[slots[0]].Wave
		for _, slot := range slots {
			ids = append(ids, string(hosts[slot].ID))
			first, last = min(first, hosts[slot].Wave), max(last, hosts[slot].Wave)
		}
		waves := fmt.Sprintf("wave %d", first)
		if last == first+1 {
			waves = fmt.Sprintf("waves %d and %d", first, last)
		} else if last > first {
			waves = fmt.Sprintf("waves %d to %d", first, last)
		}
		x.add(depth, Where{}, "", "%s, in %s:", namedHosts(ids), waves)
		x.explainHost(depth+1, r, slots[0], asked)
	}
}

// groups returns the slots of the hosts of a rollout that wait, those together that wait for the
// same.
func (x *explainer) groups(r *rollout) [][]int {
	type reason struct{ what, gate string }
	var groups [][]int
	index := make(map[reason]int)
	for slot := range r.members {
		w := x.waits.host(r, slot)
		if w.what == "" {
			continue
		}
		key := reason{w.what + w.then, r.members[slot].gate.reason}
		if r.members[slot].gate.name == trace.GateWavePromotion {
			key.gate = fmt.Sprint(w.hosts) // the reason names the wave of the host
		}
		i, known := index[key]
		if !known {
			i = len(groups)
			index[key] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], slot)
	}
	return groups
}

// namedHosts lists hosts.
func namedHosts(ids []string) string {
	const most = 4
	switch n := len(ids); {
	case n == 1:
		return "host " + ids[0]
	case n > most:
		return fmt.Sprintf("hosts %s and %d more", strings.Join(ids[:most-1], ", "), n-most+1)
	default:
		return fmt.Sprintf("hosts %s and %s", strings.Join(ids[:n-1], ", "), ids[n-1])
	}
}

// explainEnd explains how a rollout ended, and when its channel continues.
func (x *explainer) explainEnd(depth int, r *rollout) {
	if f := r.summary.Failure; f != nil {
		text := fmt.Sprintf("host %s turned Failed", f.Host)
		if f.Why != "" {
			text += ": " + plainLine(f.Why)
		}
		x.happened(depth, Where{Seq: f.Seq, At: f.At}, "%s", text)
	}
	switch rec := &r.fold.Record; rec.State {
	case reducer.Failed, reducer.Reverted:
		until := ""
		if x.waits.clears(r) {
			until = "an operator clears it, or "
		}
		x.add(depth, Where{}, "", "it stays %v until %schannel %s gets another ref", rec.State, until,
			rec.Channel)
	case reducer.Superseded:
		if id := r.summary.Successor; id != "" {
			x.add(depth, Where{}, "", "%s has superseded it", id)
		}
	case reducer.Terminal:
		if !r.fold.AllConverged() && !r.fold.Forgotten() {
			x.add(depth, Where{}, "", "an operator has cleared it; the hosts that are not Converged wait "+
				"until channel %s gets another ref", rec.Channel)
		}
	case reducer.Opening, reducer.Active, reducer.Converging, reducer.Pruned:
	}
}

func (x *explainer) explainFailure(depth int, m *member) {
	if m.message != "" {
		x.add(depth, Where{}, "", "its agent said: %s", plainLine(m.message))
	}
}

// explainSwitch explains that a host completes a switch under an earlier rollout before it
// acknowledges another dispatch.
func (x *explainer) explainSwitch(depth int, r *rollout, id reducer.HostID) {
	for _, old := range x.roster.hosts[id].working {
		if m, slot := old.member(id); old != r && m != nil &&
			old.fold.Hosts()[slot].State == reducer.HostActivating {
			x.add(depth, Where{At: m.since}, "", "it is still switching under %s", old.id)
		}
	}
}

// explainBudget explains which hosts use up the disruption budget of a host.
func (x *explainer) explainBudget(depth int, r *rollout, slot int, asked map[*rollout]bool) {
	id := r.fold.Hosts()[slot].ID
	n := 0
	for _, other := range x.rollouts.opened {
		for i, h := range other.fold.Hosts() {
			if i >= len(other.members) || !other.isInFlight(i) || !x.shareBudget(id, h.ID) {
				continue
			}
			if n++; n <= maxExplained {
				x.add(depth, Where{}, "", "in flight is host %s, under %s:", h.ID, other.id)
				x.explainHost(depth+1, other, i, asked)
			}
		}
	}
	if n > maxExplained {
		x.add(depth, Where{}, "", "and %s", plural.Count(n-maxExplained, "more host"))
	}
}

// shareBudget reports whether two hosts may share a budget. The log of a control plane does not
// show its budgets.
func (x *explainer) shareBudget(a, b reducer.HostID) bool {
	return x.header == nil || slices.ContainsFunc(
		x.header.Budgets,
		func(budget trace.BudgetConfig) bool { return budget.Covers(a) && budget.Covers(b) },
	)
}

// explainQuarantine explains since when the closure of a host is quarantined: the one that the gate
// names, the one that it was dispatched to, or the one with the name of the ref.
func (x *explainer) explainQuarantine(depth int, r *rollout, m *member) {
	rec := &r.fold.Record
	var since quarantined
	var closure reducer.ClosureHash
	for q, at := range x.quarantines.active {
		matches := q.closure == m.closure || q.closure == reducer.ClosureHash(rec.TargetRef) ||
			isNamed(m.gate.reason, string(q.closure))
		if matches && q.channel == rec.Channel && at.n > since.n {
			since, closure = at, q.closure
		}
	}
	if since.n > 0 {
		x.add(
			depth, Where{Seq: since.seq, At: since.at}, "", "closure %s is quarantined on channel %s",
			closure, rec.Channel,
		)
	}
}

// explainChannel explains where the channel points, if that is at another ref than the rollout's or
// if the channel is stranded there.
func (x *explainer) explainChannel(r *rollout) {
	if x.past {
		return
	}
	rec := &r.fold.Record
	c := x.channels.get(rec.Channel)
	if back := c.setBack(); back != nil {
		if !x.answer.Whole && back != r {
			x.add(0, c.plannedSince, "ask for "+string(back.id), "channel %s was set back to the ref of "+
				"%s", c.id, back.id)
		}
		return
	}
	now := r
	if c.ref != rec.TargetRef {
		now = x.rollouts.lookup(reducer.NewRolloutID(c.id, c.ref))
	}
	then := ""
	switch {
	case c.ref == "":
	case now == nil || now.fold == nil:
		then = "no rollout is opened for that yet"
	case c.isStranded(now):
		then = fmt.Sprintf("it is stranded until it points at another ref: %s is %v and will not be "+
			"opened again", now.id, now.fold.Record.State)
	case now != r:
		then = "ask for " + string(now.id)
	}
	if then != "" {
		at := Where{Seq: c.polled.seq, At: c.polled.at}
		x.add(0, at, then, "channel %s points at %s", c.id, c.ref)
	}
}
