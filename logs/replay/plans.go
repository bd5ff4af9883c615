package replay

import (
	"fmt"
	"slices"
	"strings"

	"rollsim/reducer"
	"rollsim/trace"
)

// planChecker compares each OpenRollout with the rollout that was opened and with the hosts that
// joined it.
type planChecker struct {
	findings *collector
	evidence *evidence
	channels channels

	plans uint64 // how many OpenRollout the log has
}

// add records the first OpenRollout of a rollout.
func (c *planChecker) add(plan *trace.PlanAction, r *rollout, at place) {
	w := r.working()
	c.plans++
	if w.whole && r.fold != nil {
		c.findings.add(Finding{
			Class: Log, Kind: Repeated, What: "OpenRollout", Rollout: r.id,
			Recorded: "OpenRollout  " + string(r.id), Reason: "the rollout has an OpenRollout already",
		}, at, 0)
		return
	}
	if w.plan == nil {
		kept := *plan
		kept.Hosts = slices.Clone(plan.Hosts)
		w.plan, w.planned, w.whole = &kept, at, true
	}
}

// compare compares the OpenRollout of a rollout, once no more hosts join it. It does so once.
func (c *planChecker) compare(r *rollout) {
	if r.work == nil || r.fold == nil {
		return
	}
	if r.work.plan == nil {
		c.torn(r)
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
			c.findings.consequence(f, at, 0, r.openedN)
		}
	}
	for _, h := range r.fold.Hosts() {
		if !planned[h.ID] {
			f := extra(Log, "HostJoined", r.id, "HostJoined  "+string(h.ID))
			f.Host, f.Reason = h.ID, "OpenRollout does not list the host"
			c.findings.add(f, at, 0)
		}
	}
	ch := c.channels.get(r.fold.Record.Channel)
	ch.hosts = plan.Hosts
	c.decide(ch)
}

// torn finds an opening without an OpenRollout, which is the last entry of an opening. If the
// channel has more hosts than have joined, the control plane crashed before.
func (c *planChecker) torn(r *rollout) {
	if r.work.whole || c.plans == 0 || !c.evidence.shipped() || r.work.opened.place.n == 0 {
		return
	}
	r.work.whole = true
	var lacking []reducer.HostID
	for _, id := range c.channels.get(r.fold.Record.Channel).hosts {
		if _, joined := r.fold.Slot(id); !joined {
			lacking = append(lacking, id)
		}
	}
	if len(lacking) == 0 {
		f := missing(Log, "OpenRollout", r.id, "OpenRollout  "+string(r.id))
		f.Reason = "the rollout was opened"
		at := r.work.opened.place
		found := c.findings.absence(f, at, 1+len(r.fold.Hosts()))
		if ch := c.channels.get(r.fold.Record.Channel); ch.hosts == nil && found != nil &&
			found.Title() == f.Title() {
			ch.unsure = append(ch.unsure, unsureOpening{r, at, found})
		}
		return
	}
	c.neverJoined(r, lacking, r.work.opened.place)
}

// unsureOpening is an opening without an OpenRollout, before the log has shown which hosts its
// channel has.
type unsureOpening struct {
	rollout *rollout
	at      place
	finding *Finding
}

// decide decides about the openings of a channel, once the log has shown its hosts.
func (c *planChecker) decide(ch *channel) {
	for _, u := range ch.unsure {
		joined := u.rollout.fold.Hosts()
		if u.rollout.fold.Forgotten() || len(joined) >= len(ch.hosts) {
			continue
		}
		c.findings.withdraw(u.finding)
		c.neverJoined(u.rollout, slices.DeleteFunc(slices.Clone(ch.hosts), func(id reducer.HostID) bool {
			_, ok := u.rollout.fold.Slot(id)
			return ok
		}), u.at)
	}
	ch.unsure = nil
}

// neverJoined finds that hosts of its channel are missing from an opening.
func (c *planChecker) neverJoined(r *rollout, lacking []reducer.HostID, at place) {
	r.summary.NeverJoined = lacking
	names := make([]string, len(lacking))
	for i, id := range lacking {
		names[i] = string(id)
	}
	f := defect(tornOpening, r, "", fmt.Sprintf("the opening ends without an OpenRollout, and %s of "+
		"the channel never join", strings.Join(names, ", ")))
	c.findings.absence(f, at, 0)
}

func (c *planChecker) compareField(what string, r *rollout, planned, opened string, at place) {
	if planned != opened {
		f := different(Log, what, r.id, planned, opened)
		f.Reason = "OpenRollout names another one than RolloutOpened"
		c.findings.add(f, at, 0)
	}
}

// unopened finds that a rollout which is opened at a time was planned before: that opening is
// missing.
func (c *planChecker) unopened(r *rollout, at reducer.Time) {
	w := r.work
	if w == nil || w.plan == nil || at-w.planned.at <= tolerance {
		return
	}
	c.missing(r)
	w.plan, w.whole = nil, false
}

// missing adds a finding about a rollout that was planned and never opened.
func (c *planChecker) missing(r *rollout) {
	f := missing(Log, "RolloutOpened", r.id, "RolloutOpened  "+string(r.id))
	f.Reason = "OpenRollout names the rollout"
	c.findings.near(f, r.work.planned)
}
