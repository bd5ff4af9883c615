package replay

import (
	"rollsim/reducer"
	"rollsim/trace"
)

// planChecker compares each OpenRollout with the rollout that was opened and with the hosts that
// joined it.
type planChecker struct{ findings *collector }

// add records the first OpenRollout of a rollout.
func (c *planChecker) add(plan *trace.PlanAction, r *rollout, at place) {
	if w := r.working(); w.plan == nil {
		kept := *plan
		w.plan, w.planned = &kept, at
	}
}

// compare compares the OpenRollout of a rollout, once no more hosts join it. It does so once.
func (c *planChecker) compare(r *rollout) {
	if r.work == nil || r.work.plan == nil || r.fold == nil {
		return
	}
	plan, at := r.work.plan, r.work.planned
	r.work.plan = nil
	c.compareField("channel", r, string(plan.Channel), string(r.fold.Record.Channel), at)
	c.compareField("ref", r, string(plan.TargetRef), string(r.fold.Record.TargetRef), at)
	planned := make(map[reducer.HostID]bool, len(plan.Hosts))
	for _, id := range plan.Hosts {
		planned[id] = true
		if _, joined := r.fold.Slot(id); !joined {
			f := missing(Log, "HostJoined", r.id, "HostJoined  "+string(id))
			f.Host, f.Reason = id, "OpenRollout lists the host"
			c.findings.add(f, at, 0)
		}
	}
	for _, h := range r.fold.Hosts() {
		if !planned[h.ID] {
			f := extra(Log, "HostJoined", r.id, "HostJoined  "+string(h.ID))
			f.Host, f.Reason = h.ID, "OpenRollout does not list the host"
			c.findings.add(f, at, 0)
		}
	}
}

func (c *planChecker) compareField(what string, r *rollout, planned, opened string, at place) {
	if planned != opened {
		f := different(Log, what, r.id, planned, opened)
		f.Reason = "OpenRollout names another one than RolloutOpened"
		c.findings.add(f, at, 0)
	}
}

// missing adds a finding about a rollout that was planned and never opened.
func (c *planChecker) missing(r *rollout) {
	f := missing(Log, "RolloutOpened", r.id, "RolloutOpened  "+string(r.id))
	f.Reason = "OpenRollout names the rollout"
	c.findings.add(f, r.work.planned, 0)
}
