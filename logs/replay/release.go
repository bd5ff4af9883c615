package replay

import (
	"fmt"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// longSilence is how long an agent says nothing before its last sign of life is shown.
const longSilence = reducer.Time(2 * time.Minute)

// lostAfter is how long a switch takes at most. After that, its agent may have lost it.
const lostAfter = reducer.Time(2 * time.Hour)

// explainRelease says what would release a host that waits, where what it waits for does not say
// it: what this machine and the control plane of the log would obey. It also shows the last sign of
// life of a host whose agent is waited for.
func (x *explainer) explainRelease(depth int, r *rollout, slot int) {
	h, m := &r.fold.Hosts()[slot], &r.members[slot]
	channel := r.fold.Record.Channel
	now := x.cursor.end.at
	add := func(format string, args ...any) { x.add(depth, Where{}, "", format, args...) }
	switch h.State {
	case reducer.HostActivating:
		x.explainSilence(depth, h.ID)
		if x.waits.shipped && now > m.since+lostAfter {
			add("a heartbeat of %s with the new closure releases it; if its agent was restarted before "+
				"the switch took, only another ref of channel %s does", h.ID, channel)
		}
	case reducer.HostSoaking:
		x.explainSilence(depth, h.ID)
	case reducer.HostDeferred:
		x.explainSilence(depth, h.ID)
		add("a reboot of %s releases it", h.ID)
	case reducer.HostPending:
		switch {
		case m.isUnacked():
			x.explainSilence(depth, h.ID)
			if x.waits.shipped && now > m.dispatched+manifestAge {
				add("agents refuse a manifest older than 3600 s: channel %s needs another ref",
					channel)
			}
		case x.waits.isLeft(r):
			add("it is planned again once channel %s has another ref", channel)
		case m.gate.count > 0:
			x.explainOpening(depth, r, slot)
		}
	case reducer.HostFailed, reducer.HostConverged, reducer.HostReverted:
	}
}

// explainOpening says what opens the gate that blocks a host, if no host or rollout does that it
// waits for.
func (x *explainer) explainOpening(depth int, r *rollout, slot int) {
	w := x.waits.host(r, slot)
	channel := r.fold.Record.Channel
	switch gate := r.members[slot].gate.name; {
	case !x.waits.shipped:
	case gate == trace.GateComplianceWave:
		x.add(depth, Where{}, "", "a failed control counts even after it passes: only another ref of "+
			"channel %s releases it", channel)
	case gate == trace.GateWavePromotion && len(w.hosts) == 0:
		x.add(depth, Where{}, "", "the wave cursor moves within a minute, unless a host of an earlier "+
			"wave never joined: then only another ref of channel %s releases it", channel)
	case gate == trace.GateChannelEdges && w.rollout != nil &&
		w.rollout.fold.Record.State == reducer.Superseded:
		x.add(depth, Where{}, "", "a rollout that is Superseded and not Terminal never opens this gate: "+
			"only another ref of channel %s releases it", w.rollout.fold.Record.Channel)
	}
}

// explainSilence shows the last sign of life of a host, if that was long ago.
func (x *explainer) explainSilence(depth int, id reducer.HostID) {
	h := x.roster.hosts[id]
	switch {
	case h == nil || h.heard == Where{}:
		x.add(depth, Where{}, "", "the log has no sign of life of %s", id)
	case x.cursor.end.at > h.heard.At+longSilence:
		x.happened(depth, h.heard, "the last sign of life of %s", id)
	}
}

// explainWhole explains why a channel as a whole has not converged.
func (x *explainer) explainWhole(r *rollout) {
	rec := &r.fold.Record
	x.answer.Rollout, x.answer.Channel, x.answer.Whole = r.id, rec.Channel, true
	last := r.lastState()
	if r.fold.AllConverged() && len(r.fold.Hosts()) > 0 {
		x.add(0, Where{At: last.At}, "", "it is: every host is Converged under %s, which is %v", r.id,
			rec.State)
		x.explainChannel(r)
		return
	}
	asked := map[*rollout]bool{r: true}
	x.add(0, Where{At: last.At}, x.counts(r), "not yet: %s is %v", r.id, rec.State)
	if !rec.State.Underway() {
		x.explainEnd(1, r)
	}
	x.explainHosts(1, r, asked)
	if back := x.channels.get(rec.Channel).setBack(); back != nil {
		c := x.channels.get(rec.Channel)
		asked[back] = true
		x.add(0, c.plannedSince, x.counts(back), "the planner works on %s, to whose ref the channel was "+
			"set back", back.id)
		x.explainHosts(1, back, asked)
	}
	x.explainChannel(r)
}

// counts says how many hosts of a rollout are in each state.
func (x *explainer) counts(r *rollout) string {
	text := ""
	for _, s := range reducer.HostStates() {
		if n := r.fold.Count(s); n > 0 {
			if text != "" {
				text += ", "
			}
			text += fmt.Sprintf("%d %v", n, s)
		}
	}
	if text == "" {
		return "no host has joined"
	}
	return text
}

// explainSuperseded answers about a rollout that was superseded: with the answer as of then, and
// what has happened since.
func (x *explainer) explainSuperseded(r *rollout, before *Answer) {
	at := x.answer.At
	x.answer = *before
	x.answer.At = at
	since := Where{At: r.lastState().At}
	if r.work != nil && r.work.followed.place.n > 0 {
		since.Seq = r.work.followed.place.seq
	}
	then := ""
	if id := x.answer.Host; id != "" {
		if _, slot := r.member(id); slot < len(r.fold.Hosts()) {
			if now := r.fold.Hosts()[slot].State; now != x.answer.State {
				then = fmt.Sprintf("it continued under it nevertheless, and is %v", now)
			}
		}
	}
	x.add(0, since, then, "%s has superseded it", r.summary.Successor)
	x.answer.Lines[len(x.answer.Lines)-1].Once = true
	x.explainChannel(r)
}
