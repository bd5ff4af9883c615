package replay

import (
	"fmt"

	"rollsim/reducer"
	"rollsim/trace"
)

// What a control plane's log says twice has to be the same both times.

// readEvent holds what a rollout event says against its entry and against itself.
func (p *replay) readEvent(e *trace.Entry, r *rollout) {
	if p.simulated {
		return
	}
	ev := e.Event
	p.readRollout(e, ev.Rollout)
	p.readHost(e, ev.Host, ev.Rollout)
	p.readTimes(e, ev.At, ev.Rollout)
	switch ev.Kind {
	case reducer.RolloutOpened:
		p.seen.ids++
		if id := reducer.NewRolloutID(ev.Channel, ev.TargetRef); id != ev.Rollout {
			p.seen.otherIDs++
			p.find(Finding{
				Class: Log, Kind: Different, What: "rollout id", Rollout: ev.Rollout, Recorded: string(ev.Rollout), Given: string(id),
				Reason: "the id of a rollout is its channel and its ref",
			}, p.here(e), 0)
		}
	case reducer.WaveAdvanced:
		p.seen.waves++
	case reducer.HostStateChanged:
		p.seen.moves++
	case reducer.HostJoined,
		reducer.RolloutTerminal,
		reducer.SuccessorOpened,
		reducer.RetentionExpired,
		reducer.OperatorClearance:
	}
	if ev.Kind != reducer.HostJoined && ev.Kind != reducer.RolloutOpened {
		p.comparePlan(r)
	}
}

// readRollout holds the rollout that an entry is said to be of, if any, against the one that its
// payload names.
func (p *replay) readRollout(e *trace.Entry, id reducer.RolloutID) {
	if !p.simulated && e.Rollout != id && e.Rollout != "" {
		p.find(Finding{
			Class: Log, Kind: Different, What: "rollout", Rollout: id, Recorded: string(e.Rollout), Given: string(id),
			Reason: "the entry is of another rollout than its payload",
		}, p.here(e), 0)
	}
}

// readHost does the same for hosts; the payload may name none.
func (p *replay) readHost(e *trace.Entry, id reducer.HostID, of reducer.RolloutID) {
	if !p.simulated && e.Host != id && e.Host != "" {
		p.find(Finding{
			Class: Log, Kind: Different, What: "host", Rollout: of, Host: e.Host, Recorded: string(e.Host), Given: orNothing(string(id)),
			Reason: "the entry is of another host than its payload",
		}, p.here(e), 0)
	}
}

// readTimes holds the time of an entry against the one that its payload gives.
func (p *replay) readTimes(e *trace.Entry, at reducer.Time, of reducer.RolloutID) {
	p.compareTimes(e, at, of, "the entry is of another time than its payload")
}

func (p *replay) compareTimes(
	e *trace.Entry, at reducer.Time, of reducer.RolloutID, reason string,
) {
	if p.simulated {
		return
	}
	p.seen.times++
	if e.At == at {
		return
	}
	p.seen.otherTimes++
	p.find(Finding{
		Class: Log, Kind: Different, What: "time", Rollout: of, Recorded: string(trace.AppendTime(nil, e.At)), Given: string(trace.AppendTime(nil, at)),
		Reason: reason,
	}, p.here(e), 0)
}

func orNothing(s string) string {
	if s == "" {
		return Nothing
	}
	return s
}

// takePlan takes note of what the planner did.
func (p *replay) takePlan(e *trace.Entry) {
	plan := e.Plan
	p.readRollout(e, plan.Rollout)
	r := p.rollout(plan.Rollout)
	switch plan.Action {
	case trace.OpenRollout:
		w := r.working()
		if w.plan == nil && !p.simulated {
			kept := *plan
			w.plan, w.planned = &kept, p.here(e)
		}
	case trace.QueueDispatch:
		p.readHost(e, plan.Host, plan.Rollout)
		p.comparePlan(r)
		p.takeDispatch(e, r)
	}
}

// comparePlan holds an OpenRollout against the rollout that was opened and the hosts that joined
// it, once no more are to come.
func (p *replay) comparePlan(r *rollout) {
	if r.work == nil || r.work.plan == nil || r.fold == nil {
		return
	}
	plan, at := r.work.plan, r.work.planned
	r.work.plan = nil
	differ := func(what, planned, opened string) {
		if planned != opened {
			p.find(Finding{
				Class: Log, Kind: Different, What: what, Rollout: r.id, Recorded: planned, Given: opened,
				Reason: "OpenRollout names another one than RolloutOpened",
			}, at, 0)
		}
	}
	rec := &r.fold.Record
	differ("channel", string(plan.Channel), string(rec.Channel))
	differ("ref", string(plan.TargetRef), string(rec.TargetRef))
	planned := make(map[reducer.HostID]bool, len(plan.Hosts))
	for _, id := range plan.Hosts {
		planned[id] = true
		if _, joined := r.fold.Slot(id); !joined {
			p.find(Finding{
				Class: Log, Kind: Missing, What: "HostJoined", Rollout: r.id, Host: id, Recorded: Nothing, Given: fmt.Sprintf("HostJoined  %s", id),
				Reason: "OpenRollout lists the host",
			}, at, 0)
		}
	}
	for _, h := range r.fold.Hosts() {
		if !planned[h.ID] {
			p.find(Finding{
				Class: Log, Kind: Extra, What: "HostJoined", Rollout: r.id, Host: h.ID, Recorded: fmt.Sprintf("HostJoined  %s", h.ID), Given: Nothing,
				Reason: "OpenRollout does not list the host",
			}, at, 0)
		}
	}
}

// unopened finds that rollouts were planned whose opening is not recorded.
func (p *replay) unopened() {
	for _, r := range p.strange {
		if r.work == nil || r.work.plan == nil {
			continue
		}
		at := r.work.planned
		if p.seen.trimmed && at.at == p.result.First.At {
			continue // it was opened just before the log begins
		}
		p.find(Finding{
			Class: Log, Kind: Missing, What: "RolloutOpened", Rollout: r.id, Recorded: Nothing, Given: "RolloutOpened  " + string(r.id),
			Reason: "OpenRollout names the rollout",
		}, at, 0)
	}
}

// takePoll takes note of the ref that a channel points at.
func (p *replay) takePoll(e *trace.Entry) {
	p.seen.loose++
	if e.Poll.Ref == "" {
		return
	}
	c := p.channel(e.Poll.Channel)
	if c.ref != e.Poll.Ref {
		c.ref, c.polled = e.Poll.Ref, p.here(e)
	}
}

// channel is what the log tells of a channel.
type channel struct {
	id      reducer.ChannelID
	rollout *rollout           // the last one that was opened
	before  *rollout           // the one before it
	ref     reducer.ChannelRef // that the last poll which told one saw
	polled  place              // when it first did
}

func (p *replay) channel(id reducer.ChannelID) *channel {
	c := p.channels[id]
	if c == nil {
		c = &channel{id: id}
		p.channels[id] = c
	}
	return c
}

// sight is what was met in the log: what to make of some findings, only the whole log tells.
type sight struct {
	rollouts    int    // ids
	loose       uint64 // entries that belong to no rollout
	trimmed     bool   // it does not begin at its beginning
	agents      uint64 // agent events that move a host
	hostEffects uint64
	moves       uint64 // HostStateChanged
	waves       uint64 // WaveAdvanced
	manyWaves   bool   // there are hosts of more than the first wave
	rejoined    uint64 // HostJoined of hosts that had joined
	firstRejoin uint64 // the seq of the first of them
	lateEffects uint64 // effects of the host machine that come after the move which they record

	times, otherTimes uint64 // entries whose payload has a time, and those where it is another one
	// rollouts that were opened, and those whose id is not their channel and ref
	ids, otherIDs uint64
}

// condition is what has to be so of the whole log for a finding to be one.
type condition uint8

const (
	always    condition = iota
	ifWhole             // the log is not that of single rollouts, cut out of a whole
	ifAgents            // it holds agent events
	ifEffects           // it holds effects of the host machine
	ifMoves             // it holds moves of hosts
	ifTimes             // its entries are of the times of their payloads, as a rule
	ifIDs               // its rollouts are named by channel and ref, if only one of them
	ifWaves             // it holds WaveAdvanced
	// effects of the host machine come before the moves that they record, as a rule
	ifInOrder
	conditions
)

// conditional are the findings that are none in some logs. All of a title depend on the same.
var conditional = map[title][]condition{
	{Log, Missing, "entry"}:            {ifWhole},
	{Log, Missing, "RolloutOpened"}:    {ifWhole},
	{Illegal, Refused, "successor"}:    {ifWhole},
	{Invariant, Violated, "stranded"}:  {ifWhole},
	{Host, Missing, "quarantine"}:      {ifWhole, ifEffects},
	{Host, Missing, "host effect"}:     {ifEffects},
	{Host, Missing, "host move"}:       {ifMoves},
	{Host, Extra, "host move"}:         {ifAgents},
	{Host, Extra, "host effect"}:       {ifAgents},
	{Host, Extra, "quarantine"}:        {ifAgents},
	{Host, Misplaced, "host effect"}:   {ifInOrder},
	{Log, Different, "time"}:           {ifTimes},
	{Log, Different, "rollout id"}:     {ifIDs},
	{Invariant, Violated, "wave-kept"}: {ifWaves},
}

// oneIn is how rare an exception from a rule has to be for the rule to count as one.
const oneIn = 20

// single tells whether this is the log of single rollouts, cut out of a whole.
func (p *replay) single() bool {
	return p.reader.IsDocument() || p.seen.rollouts <= 1 && p.seen.loose == 0
}

// holds tells whether a condition holds of the log, and otherwise what to note of so many findings
// that are none.
func (p *replay) holds(c condition, what string, count uint64) (bool, string) {
	s := &p.seen
	switch c {
	case always, conditions:
	case ifWhole:
		if p.single() {
			return false, "" // noteRest says so
		}
	case ifAgents:
		if s.agents == 0 {
			return false, fmt.Sprintf("the log holds no agent events: that none explains what hosts did "+
				"is not judged (%s: %d)", what, count)
		}
	case ifEffects:
		if s.hostEffects == 0 {
			return false, fmt.Sprintf("the log holds no effects of the host machine: that they are "+
				"missing is not judged (%s: %d)", what, count)
		}
	case ifMoves:
		if s.moves == 0 {
			return false, fmt.Sprintf("the log holds no HostStateChanged: that they are missing is not "+
				"judged (%s: %d)", what, count)
		}
	case ifTimes:
		if s.otherTimes > 1 && s.otherTimes*oneIn > s.times {
			return false, fmt.Sprintf("entries and their payloads are often of different times: that is "+
				"not judged (%d of %d)", s.otherTimes, s.times)
		}
	case ifIDs:
		if s.otherIDs == s.ids {
			return false, "the ids of rollouts are not their channels and refs: they are not held " +
				"against each other"
		}
	case ifWaves:
		if s.waves == 0 {
			return false, "" // noteWaves says so
		}
	case ifInOrder:
		return s.lateEffects*oneIn <= s.hostEffects, ""
	}
	return true, ""
}

// sortedChannels gives the channels in the order of their names.
func (p *replay) sortedChannels() []*channel {
	all := make([]*channel, 0, len(p.channels))
	for _, id := range sortedKeys(p.channels) {
		all = append(all, p.channels[reducer.ChannelID(id)])
	}
	return all
}
