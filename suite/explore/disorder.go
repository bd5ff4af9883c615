package explore

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
)

// setBack draws channels that go back to a ref that they had, once or again and again. The rollout
// of that ref is not opened again, and the channel is stranded until the next new ref. Most of them
// get one in the end.
func (d *drawing) setBack() {
	s := newStream(d.seed, "set-back")
	for i := range d.sc.Channels {
		if !s.chance(150) {
			continue
		}
		ch := d.sc.Channels[i].ID
		ref := func() reducer.ChannelRef { return refNumber(s.between(1, d.refs[i])) }
		if s.chance(250) {
			d.sc.Traffic = append(d.sc.Traffic, sim.Traffic{
				Channel: ch, Kind: sim.Flapping, Every: pick(s, d.menu.between).dist,
				Between: []reducer.ChannelRef{ref(), ref()}, From: d.moment(s) / 2, Until: d.until,
			})
		} else {
			for range s.between(1, 3) {
				d.sc.Timeline = append(d.sc.Timeline, sim.Action{
					At: d.moment(s), SetRef: &sim.RefChange{Channel: ch, Ref: ref()},
				})
			}
		}
		if s.chance(800) {
			d.sc.Timeline = append(d.sc.Timeline, sim.Action{
				At: d.until, SetRef: &sim.RefChange{Channel: ch, Ref: "new"},
			})
		}
	}
}

// lateHosts draws hosts that join a rollout after its opening, in any of its waves or in one after
// them. They have no agent: raw events move most of them to an end.
func (d *drawing) lateHosts() {
	s := newStream(d.seed, "late hosts")
	if !s.chance(200) {
		return
	}
	for n := range s.between(1, 3) {
		ch, id := d.rollout(s)
		when := sim.Moment{Rollout: id, State: pick(s, []reducer.State{
			reducer.Opening, reducer.Active, reducer.Active, reducer.Active, reducer.Converging,
			reducer.Converging, reducer.Terminal, reducer.Failed, reducer.Superseded,
		})}
		if len(hostsOf(ch)) == 0 {
			when.State = reducer.Opening
		}
		host := reducer.HostID("late-" + strconv.Itoa(n+1))
		at := time.Duration(s.between(0, 30)) * time.Minute / 2
		add := func(ev reducer.Event) {
			ev.Rollout, ev.Host = id, host
			d.sc.Timeline = append(d.sc.Timeline, sim.Action{When: &when, At: at, Event: &ev})
		}
		add(reducer.Event{Kind: reducer.HostJoined, Wave: uint32(s.between(0, len(ch.Waves)))})
		from := reducer.HostPending
		for _, to := range pick(s, latePaths) {
			at += time.Duration(s.between(0, 300)) * time.Second
			add(reducer.Event{Kind: reducer.HostStateChanged, From: from, To: to})
			from = to
		}
	}
}

// latePaths are the moves of hosts that join late. One that ends in the middle leaves the rollout
// waiting.
var latePaths = [][]reducer.HostState{
	{reducer.HostActivating, reducer.HostSoaking, reducer.HostConverged},
	{reducer.HostActivating, reducer.HostSoaking, reducer.HostConverged},
	{reducer.HostActivating, reducer.HostSoaking, reducer.HostConverged},
	{reducer.HostActivating, reducer.HostDeferred, reducer.HostSoaking, reducer.HostConverged},
	{reducer.HostActivating, reducer.HostFailed, reducer.HostReverted},
	{reducer.HostActivating, reducer.HostSoaking, reducer.HostFailed},
	{reducer.HostActivating, reducer.HostDeferred},
	{},
}

// secondOperator draws an operator who does what the first one does, at the same time or soon
// after, and others of what operators do to a rollout that did not go well.
func (d *drawing) secondOperator() {
	s := newStream(d.seed, "second operator")
	if !s.chance(300) {
		return
	}
	later := func() time.Duration {
		return pick(s, []time.Duration{0, 0, time.Second, 5 * time.Minute})
	}
	for _, a := range slices.Clone(d.sc.Timeline) {
		if a.SetRef != nil || !s.chance(700) {
			continue
		}
		a.At += later()
		if a.Event != nil {
			ev := *a.Event
			if ev.Kind == reducer.OperatorClearance {
				ev.Operator = "operator-2"
			}
			a.Event = &ev
		}
		d.sc.Timeline = append(d.sc.Timeline, a)
	}
	for range s.between(1, 2) {
		ch, ref := d.ref(s)
		id := reducer.NewRolloutID(ch.ID, ref)
		when := &sim.Moment{
			Rollout: id, State: pick(s, []reducer.State{reducer.Failed, reducer.Reverted}),
		}
		at := time.Duration(s.between(0, 60)) * time.Minute
		d.sc.Timeline = append(d.sc.Timeline,
			sim.Action{When: when, At: at, Event: &reducer.Event{
				Kind: reducer.OperatorClearance, Rollout: id, Operator: "operator", Reason: "drawn",
			}},
			sim.Action{When: when, At: at + later(), Lift: &sim.QuarantineEntry{
				Channel: ch.ID, Closure: reducer.ClosureHash(ref),
			}},
			sim.Action{When: when, At: at + later(), Event: &reducer.Event{
				Kind: reducer.OperatorClearance, Rollout: id, Operator: "operator-2", Reason: "drawn",
			}},
		)
	}
}

// misroute draws events that reach the record of another rollout. The specification refuses each of
// them, whatever it says.
func (d *drawing) misroute() {
	s := newStream(d.seed, "misrouted")
	if !s.chance(250) {
		return
	}
	for range s.between(2, 8) {
		to, reached := d.rollout(s)
		state := pick(s, reducer.States())
		if len(hostsOf(to)) == 0 {
			state = pick(s, []reducer.State{reducer.Opening, reducer.Superseded, reducer.Pruned})
		}
		ch, own := d.rollout(s)
		if own == reached {
			own = reducer.NewRolloutID(ch.ID, "other")
		}
		ev := &reducer.Event{Kind: pick(s, reducer.EventKinds()), Rollout: own}
		switch ev.Kind {
		case reducer.RolloutOpened:
			ev.Channel, ev.TargetRef = ch.ID, "again"
		case reducer.HostJoined:
			ev.Host, ev.Wave = d.anyHost(s), uint32(s.between(0, 4))
		case reducer.HostStateChanged:
			ev.Host = d.anyHost(s)
			ev.From, ev.To = pick(s, reducer.HostStates()), pick(s, reducer.HostStates())
		case reducer.WaveAdvanced:
			ev.FromWave, ev.ToWave = uint32(s.between(0, 2)), uint32(s.between(0, 2))
		case reducer.SuccessorOpened:
			ev.Successor = reached
		case reducer.OperatorClearance:
			ev.Operator, ev.Reason = "operator", "drawn"
		case reducer.RolloutTerminal, reducer.RetentionExpired:
		}
		d.sc.Timeline = append(d.sc.Timeline, sim.Action{
			When:    &sim.Moment{Rollout: reached, State: state},
			At:      pick(s, []time.Duration{0, time.Second, 5 * time.Minute, 2 * time.Hour}),
			Event:   ev,
			Reaches: reached,
		})
	}
}

// anyHost draws one of all hosts, and an unknown one if none exists.
func (d *drawing) anyHost(s *stream) reducer.HostID {
	if len(d.hosts) == 0 {
		return "nobody"
	}
	return pick(s, d.hosts)
}

// timedFaults draws faults at certain times, some of them while another one lasts. Unlike those by
// chance they occur between the plans and between the stages of agents.
func (d *drawing) timedFaults() {
	s := newStream(d.seed, "timed faults")
	if !s.chance(250) || len(d.hosts) == 0 {
		return
	}
	at, lasts := time.Duration(0), time.Duration(0)
	for n := range s.between(1, 6) {
		if n%2 == 0 {
			at = d.moment(s)
		} else {
			at = min(d.until, at+time.Duration(s.below(int(lasts/time.Second)))*time.Second)
		}
		lasts = time.Duration(s.between(1, 600)) * time.Second
		f := &sim.FaultNow{Kind: pick(s, timedKinds), For: lasts}
		if f.Kind == sim.HostLost {
			f.For = 0
		}
		if ofHosts(f.Kind) {
			f.Host = pick(s, d.hosts)
		}
		d.sc.Timeline = append(d.sc.Timeline, sim.Action{At: at, Fault: f})
	}
}

// timedKinds are the kinds that timedFaults draws. A lost host is rare, because it leaves rollouts
// waiting.
var timedKinds = []sim.FaultKind{
	sim.ControlPlaneCrash, sim.ControlPlaneCrash, sim.ControlPlaneCrash, sim.HostOffline,
	sim.HostOffline, sim.HostOffline, sim.AgentRestart, sim.AgentRestart, sim.AgentRestart,
	sim.ClockSkew, sim.ClockSkew, sim.ClockSkew, sim.HostLost,
}

// pair draws two kinds of faults that are frequent in the same window, so that kinds that are rare
// otherwise meet each other too.
func (s *Swarm) pair(seed uint64, until time.Duration) []sim.Fault {
	st := newStream(seed, "pair of faults")
	if !st.chance(400) {
		return nil
	}
	length := min(until/4, pick(st, []time.Duration{2 * time.Minute, 10 * time.Minute, time.Hour}))
	from := time.Duration(st.below(int((until-length)/time.Second))) * time.Second
	var made []sim.Fault
	for range 2 {
		f := sim.Fault{Kind: pick(st, sim.FaultKinds()), From: from, Until: from + length}
		low, high := 200, 700 // per mille
		if f.Kind == sim.HostLost {
			low, high = 10, 50
		}
		s.length(st, &f)
		f.Probability = perMille(st.between(low, high))
		made = append(made, f)
	}
	return made
}

// refNumber returns the name of a ref that traffic draws.
func refNumber(n int) reducer.ChannelRef { return reducer.ChannelRef(fmt.Sprintf("r%d", n)) }
