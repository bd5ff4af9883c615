package replay

import (
	"cmp"

	"rollsim/reducer"
	"rollsim/trace"
)

// payloadChecker compares the columns of an entry with its payload: the rollout, the host and the
// time stand in both. It checks the log of a control plane only, as the seal of a simulated trace
// shows every change.
type payloadChecker struct {
	cursor   *cursor
	evidence *evidence
	findings *collector

	sealed bool // the log is a simulated trace
}

// event checks the entry of a rollout event.
func (c *payloadChecker) event(e *trace.Entry) {
	ev := e.Event
	c.rollout(e, ev.Rollout)
	c.host(e, ev.Host, ev.Rollout)
	c.time(e, ev.At, ev.Rollout)
	switch ev.Kind {
	case reducer.RolloutOpened:
		c.evidence.ids++
		if id := reducer.NewRolloutID(ev.Channel, ev.TargetRef); id != ev.Rollout && !c.sealed {
			c.evidence.otherIDs++
			f := different(Log, "rollout id", ev.Rollout, string(ev.Rollout), string(id))
			f.Reason = "the id of a rollout is its channel and its ref"
			c.findings.add(f, c.cursor.place(e), 0)
		}
	case reducer.WaveAdvanced:
		c.evidence.waves++
	case reducer.HostStateChanged:
		c.evidence.moves++
	case reducer.HostJoined,
		reducer.RolloutTerminal,
		reducer.SuccessorOpened,
		reducer.RetentionExpired,
		reducer.OperatorClearance:
	}
}

// rollout checks the rollout of an entry, which may be empty, whose payload names id.
func (c *payloadChecker) rollout(e *trace.Entry, id reducer.RolloutID) {
	if c.sealed || e.Rollout == id || e.Rollout == "" {
		return
	}
	f := different(Log, "rollout", id, string(e.Rollout), string(id))
	f.Columns, f.Reason = true, "the entry is of another rollout than its payload"
	c.findings.add(f, c.cursor.place(e), 0)
}

// host checks the host of an entry about a rollout. Its payload names id, or no host.
func (c *payloadChecker) host(e *trace.Entry, id reducer.HostID, about reducer.RolloutID) {
	if c.sealed || e.Host == id || e.Host == "" {
		return
	}
	f := different(Log, "host", about, string(e.Host), cmp.Or(string(id), nothing))
	f.Host, f.Reason = e.Host, "the entry is of another host than its payload"
	f.Columns = true
	c.findings.add(f, c.cursor.place(e), 0)
}

// time checks the time of an entry about a rollout, whose payload says at.
func (c *payloadChecker) time(e *trace.Entry, at reducer.Time, about reducer.RolloutID) {
	c.timeOf(e, at, about, "the entry is of another time than its payload")
}

// timeOf checks that an entry about a rollout is of the time at. The reason explains a finding.
func (c *payloadChecker) timeOf(
	e *trace.Entry, at reducer.Time, about reducer.RolloutID, reason string,
) {
	if c.sealed {
		return
	}
	c.evidence.times++
	if at >= e.At-tolerance && at <= e.At+tolerance {
		return
	}
	c.evidence.otherTimes++
	f := different(
		Log, "time", about, string(trace.AppendTime(nil, e.At)), string(trace.AppendTime(nil, at)),
	)
	f.Columns, f.Reason = true, reason
	c.findings.add(f, c.cursor.place(e), 0)
}
