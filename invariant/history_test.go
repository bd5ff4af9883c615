package invariant

import (
	"rollsim/reducer"
)

// historyCases are wrong openings, times and messages.
var historyCases = []violation{
	{
		"time-kept stable@a1", // in the future
		func(r *run) { r.active(); r.ago = -1; r.moved(r1, "web-1", reducer.HostActivating) },
		func(r *run) { r.active(); r.ago = 0; r.moved(r1, "web-1", reducer.HostActivating) },
	},
	{
		"time-kept stable@a1", // before an earlier event of the rollout
		func(r *run) { r.active(); r.ago = 1; r.moved(r1, "web-1", reducer.HostActivating) },
		func(r *run) { // a raw event is of any time, and no other event is compared with it
			r.active()
			r.ago = -5
			r.checker.Raw(true)
			r.moved(r1, "web-1", reducer.HostActivating)
			r.checker.Raw(false)
			r.ago = 0
			r.moved(r1, "web-1", reducer.HostSoaking)
		},
	},
	{
		"supersession-kept stable@a1",
		func(r *run) {
			r.active()
			r.apply(reducer.Event{Kind: reducer.SuccessorOpened, Rollout: r1, Successor: r2})
			r.checker.Sent(r1, "web-1")
			r.acked("web-1", 1)
		},
		func(r *run) { // what was sent before is acked
			r.active()
			r.checker.Sent(r1, "web-1")
			r.apply(reducer.Event{Kind: reducer.SuccessorOpened, Rollout: r1, Successor: r2})
			r.acked("web-1", 1)
			r.checker.Sent(r1, "web-2")
			r.acked("db", 1)
		},
	},
	{
		"opening-whole stable@a1", // one of two is missing
		func(r *run) {
			r.checker.Declare("stable", 2, nil)
			r.opened(r1, "stable", "a1")
			r.joined(r1, "web-1", 0)
			r.now++
			r.joined(r1, "web-2", 0)
			r.acked("web-1", 1)
		},
		func(r *run) {
			r.checker.Declare("stable", 2, nil)
			r.opened(r1, "stable", "a1")
			r.joined(r1, "web-1", 0)
			r.joined(r1, "web-2", 0)
			r.now++
			r.acked("web-1", 1)
			r.joined(r1, "db", 0)
			r.checker.Finish()
		},
	},
	{
		"opening-whole stable@a1", // at the end of the run
		func(r *run) {
			r.checker.Declare("stable", 1, nil)
			r.opened(r1, "stable", "a1")
			r.checker.Finish()
		},
		func(r *run) { // a raw opening
			r.checker.Declare("stable", 1, nil)
			r.checker.Raw(true)
			r.opened(r1, "stable", "a1")
			r.checker.Finish()
		},
	},
	{
		"opening-whole stable@a1", // the host that is missing leaves the fleet afterwards
		func(r *run) {
			r.checker.Declare("stable", 2, nil)
			r.opened(r1, "stable", "a1")
			r.joined(r1, "web-1", 0)
			r.now++
			r.checker.Departed("stable", "web-2")
			r.checker.Finish()
		},
		func(r *run) { // a host joins the fleet afterwards
			r.checker.Declare("stable", 1, nil)
			r.checker.Outside("web-2")
			r.opened(r1, "stable", "a1")
			r.joined(r1, "web-1", 0)
			r.now++
			r.checker.Enrolled("stable", "web-2")
			r.checker.Finish()
		},
	},
	{
		"opening-whole stable@a1", // a host has joined the fleet before, and is missing
		func(r *run) {
			r.checker.Declare("stable", 1, nil)
			r.checker.Outside("web-2")
			r.checker.Enrolled("stable", "web-2")
			r.opened(r1, "stable", "a1")
			r.joined(r1, "web-1", 0)
			r.checker.Finish()
		},
		func(r *run) { // a host that has left the fleet does not join it again
			r.checker.Declare("stable", 2, nil)
			r.checker.Departed("stable", "web-2")
			r.checker.Enrolled("stable", "web-2")
			r.opened(r1, "stable", "a1")
			r.joined(r1, "web-1", 0)
			r.checker.Finish()
		},
	},
	{
		"acknowledged-kept stable@a1", // an earlier message is in the log
		func(r *run) { r.active(); r.acked("web-1", 1); r.checker.Acknowledged(r1, "web-1", 2) },
		func(r *run) { r.active(); r.acked("web-1", 2); r.checker.Acknowledged(r1, "web-1", 2) },
	},
	{
		"acknowledged-kept stable@a1", // a message of another host is in the log
		func(r *run) { r.active(); r.acked("web-2", 1); r.checker.Acknowledged(r1, "web-1", 1) },
		func(r *run) { r.active(); r.acked("web-1", 1); r.checker.Acknowledged(r1, "web-1", 1) },
	},
	{
		"not-reopened stable@a1", // the control plane asks for it
		func(r *run) {
			r.terminal()
			r.refused(reducer.Event{Kind: reducer.RolloutOpened, Rollout: r1, Channel: "stable"})
		},
		func(r *run) { // an operator asks for it
			r.terminal()
			r.checker.Raw(true)
			r.refused(reducer.Event{Kind: reducer.RolloutOpened, Rollout: r1, Channel: "stable"})
		},
	},
	{
		"not-reopened stable@a1", // the machine accepts it
		func(r *run) {
			r.terminal()
			r.checker.Raw(true)
			ev := reducer.Event{Kind: reducer.RolloutOpened, Rollout: r1, Channel: "stable", At: r.now}
			r.checker.Applied(r.seq, r.now, r.fleet.Rollout(r1), &ev, new(reducer.Effects))
		},
		(*run).terminal,
	},
}
