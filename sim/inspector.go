package sim

import (
	"cmp"
	"fmt"
	"slices"

	"rollsim/controlplane"
	"rollsim/reducer"
)

// State is what a run holds at a moment, beyond what its entries show.
type State struct {
	At           reducer.Time
	ControlPlane []controlplane.Fact
	Agents       []controlplane.Fact // in the order of their hosts
	Messages     []controlplane.Fact // under way or not acknowledged, by arrival, and dispatches
	Due          []controlplane.Fact // timers and other work that is scheduled, by time
}

// Inspector repeats a run, and stops it after any of its entries. A step forward continues the run;
// a step back begins it again.
type Inspector struct {
	sc    *Scenario
	opt   Options
	steps []uint32 // by entry: the step that wrote it

	w       *world
	end     reducer.Time
	working bool // there is more work in the present instant
}

// NewInspector simulates a scenario once. It ignores opt.Sink.
func NewInspector(sc *Scenario, opt Options) (*Inspector, error) {
	opt.Sink, opt.UntilSeq, opt.Until = nil, 0, 0
	in := &Inspector{sc: sc, opt: opt, end: sc.Start + reducer.Time(sc.Horizon)}
	w, err := newWorld(sc, opt)
	if err != nil {
		return nil, err
	}
	w.record.trails = true
	if _, err := w.run(); err != nil {
		return nil, err
	}
	in.steps = w.record.steps
	return in, nil
}

// State returns what the run holds after the step that wrote an entry: that step may have written
// later ones too. The error says that the run has no such entry, or comes from the machine.
func (in *Inspector) State(seq uint64) (*State, error) {
	if seq == 0 || seq > uint64(len(in.steps)) {
		return nil, fmt.Errorf("the run has no entry %d: it has entries 1 to %d", seq, len(in.steps))
	}
	step := in.steps[seq-1]
	if in.w == nil || in.w.record.step > step {
		w, err := newWorld(in.sc, in.opt)
		if err != nil {
			return nil, err
		}
		w.begin()
		in.w, in.working = w, false
	}
	for w := in.w; w.record.step < step && w.record.err == nil; {
		if !in.working && !w.next(in.end) {
			break
		}
		in.working = w.step()
	}
	return in.w.state(), in.w.record.err
}

// state returns what a world holds.
func (w *world) state() *State {
	s := &State{At: w.clock.now}
	if w.driver.down {
		s.ControlPlane = []controlplane.Fact{{Subject: "control plane", Detail: "it is down"}}
	} else {
		s.ControlPlane = w.driver.plane.Facts()
	}
	due := w.clock.queue.sorted()
	w.describeDue(s, due)
	w.describeOutboxes(s, due)
	for n := range w.agents.list {
		if p := w.driver.production; p != nil {
			s.Agents = append(s.Agents, p.facts(&p.agents[n], due)...)
		} else {
			s.Agents = append(s.Agents, w.agents.fact(&w.agents.list[n], due))
		}
	}
	return s
}

// sorted returns the work that is scheduled, in order.
func (q *queue) sorted() []item {
	all := q.appendAll(nil)
	slices.SortStableFunc(all, func(a, b item) int { return cmp.Compare(a.at, b.at) })
	return all
}

// fact returns a fact about a time.
func fact(at reducer.Time, subject, format string, args ...any) controlplane.Fact {
	return controlplane.Fact{
		Subject: subject, Detail: fmt.Sprintf(format, args...), At: reducer.Some(at),
	}
}

// describeDue adds the work that is scheduled, except that of agents.
func (w *world) describeDue(s *State, due []item) {
	add := func(to *[]controlplane.Fact, x item, subject, format string, args ...any) {
		*to = append(*to, fact(x.at, subject, format, args...))
	}
	host := func(x item) string { return string(w.inv.HostID(x.a())) }
	for _, x := range due {
		switch x.work() {
		case workTimeline:
			add(&s.Due, x, "timeline", "line %d happens", x.a()+1)
		case workPoll:
			if w.driver.production != nil {
				add(&s.Due, x, "channels", "they are polled")
			} else {
				add(&s.Due, x, string(w.sc.Channels[x.a()].ID), "it is polled")
			}
		case workTick:
			add(&s.Due, x, "control plane", "it plans")
		case workRetention:
			if r := &w.rollouts.list[x.a()]; r.timer == x.b {
				add(&s.Due, x, string(r.id), "its retention ends")
			}
		case workRestart:
			add(&s.Due, x, "control plane", "it is back")
		case workTraffic:
			add(&s.Due, x, string(w.sc.Traffic[x.a()].Channel), "its ref moves by chance")
		case workPrune:
			add(&s.Due, x, "control plane", "it deletes old rows")
		case workArrive:
			m := &w.network.flights[x.b]
			add(&s.Messages, x, host(x), "%v, message %d for %s, arrives", m.event.Kind, m.event.Seq,
				w.rollouts.list[m.rollout].id)
		case workDispatched:
			if w.driver.production != nil {
				add(&s.Messages, x, host(x), "it fetches a dispatch")
			} else {
				add(&s.Messages, x, host(x), "the dispatch for %s arrives", w.rollouts.list[x.b].id)
			}
		case workOnline:
			add(&s.Due, x, host(x), "it is online again")
		case workBeat:
			add(&s.Due, x, host(x), "its heartbeat")
		case workResend, workSwitched, workRebooted, workProbed, workSustained, workConverged,
			workRolledBack, workBroken, workRestarted:
		}
	}
	for _, i := range w.moments.waiting {
		s.Due = append(s.Due, controlplane.Fact{
			Subject: "timeline", Detail: fmt.Sprintf("line %d waits for its moment", i+1),
		})
	}
}

// describeOutboxes adds the messages that are held, and those that are sent again because they are
// not acknowledged.
func (w *world) describeOutboxes(s *State, due []item) {
	for n := range w.network.links {
		l, host := &w.network.links[n], string(w.inv.HostID(uint32(n)))
		if l.held != nil {
			s.Messages = append(s.Messages, controlplane.Fact{Subject: host, Detail: fmt.Sprintf(
				"%v, message %d, arrives after the next one", l.held.event.Kind, l.held.event.Seq,
			)})
		}
		again := slices.IndexFunc(due, func(x item) bool {
			return x.work() == workResend && x.a() == uint32(n)
		})
		for i := range l.outbox {
			m := &l.outbox[i]
			f := controlplane.Fact{Subject: host, Detail: fmt.Sprintf(
				"%v, message %d for %s, is not acknowledged", m.event.Kind, m.event.Seq,
				w.rollouts.list[m.rollout].id,
			)}
			if again >= 0 {
				f.Detail += "; it is sent again"
				f.At = reducer.Some(due[again].at)
			}
			s.Messages = append(s.Messages, f)
		}
	}
}
