// Package whatif asks what another machine or another policy would have made of a recorded log: it
// folds the log's rollout events through two fleets side by side, and tells where and how far their
// answers part.
//
// The events stay those that were recorded. Where one side would have dispatched, quarantined or
// pruned something else, the log does not know what the hosts would have done then: what follows
// after such an event is told of the recorded hosts.
package whatif

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/trace"
)

// Change is what one side's policy of a channel has otherwise than the log. Zero values change
// nothing.
type Change struct {
	OnHealthFailure  reducer.HealthPolicy
	RetentionSeconds reducer.Opt[int64]
}

// Side is one of the two that are compared. The zero value is what the log itself says.
type Side struct {
	// nil is the one that a simulated trace names, and v0.2 for a log of a control plane
	Machine  reducer.Machine
	Policies map[reducer.ChannelID]Change
}

// Result is how the two sides of a log compare.
type Result struct {
	A, B     string              // the machines' names
	Entries  uint64              // without header and end line
	Events   uint64              // rollout events
	Rollouts int                 // that the log opens
	Hosts    int                 // that joined any of them
	Channels []reducer.ChannelID // of its rollouts
	Diverged   []Divergence
	Notes    []string // what was assumed or passed over
}

// Touched counts the hosts of the rollouts that part; a host of several counts once.
func (r *Result) Touched() int {
	touched := make(map[reducer.HostID]bool)
	for i := range r.Diverged {
		for _, h := range r.Diverged[i].Hosts {
			touched[h] = true
		}
	}
	return len(touched)
}

// Divergence is one rollout of which the two sides do not say the same.
type Divergence struct {
	Rollout reducer.RolloutID
	Channel reducer.ChannelID
	First   Point            // the first event that is answered differently
	State   *Point           // the first after which the records differ; nil where they never do
	Events  int              // how many of the rollout's events are answered differently
	After   int              // how many of its events came after the first one
	Hosts   []reducer.HostID // those of the rollout, in join order
	EndA    reducer.Record   // as the log leaves it
	EndB    reducer.Record
}

// Point is one event and what the two sides make of it.
type Point struct {
	Seq   uint64 // of the entry that shows it
	Event reducer.Event
	// of the record before, for side A; zero where it did not exist, or the event is an earlier one
	From reducer.State
	A, B Answer
}

// Answer is what one side makes of an event.
type Answer struct {
	State   reducer.State // of the record after
	Effects []reducer.Effect
	Derived bool             // a RolloutTerminal follows from the event
	Then    []reducer.Effect // of the derived RolloutTerminal
	// of the event, of what is derived from it, or of earlier events that it settles
	Refusals []Refusal
}

// Refusal is an error of the reducer.
type Refusal struct {
	Error   string // as trace.Rejection names it
	Event   reducer.EventKind
	Message string
}

// String says the answer in words.
func (a *Answer) String() string {
	var parts []string
	for _, r := range a.Refusals {
		parts = append(parts, "refused: "+r.Error+" ("+r.Message+")")
	}
	parts = appendEffects(parts, a.Effects)
	if a.Derived {
		parts = append(parts, reducer.RolloutTerminal.String()+" follows")
		parts = appendEffects(parts, a.Then)
	}
	if len(parts) == 0 {
		return fmt.Sprintf("accepted without effect, %v", a.State)
	}
	return strings.Join(parts, "; ")
}

func appendEffects(parts []string, effects []reducer.Effect) []string {
	for i := range effects {
		parts = append(
			parts, string(trace.AppendEffectDetails([]byte(effects[i].Kind.String()+" "), &effects[i])),
		)
	}
	return parts
}

// equal tells whether two answers are the same but for the words of their refusals.
func (a *Answer) equal(b *Answer) bool {
	return a.Derived == b.Derived && slices.Equal(a.Effects, b.Effects) &&
		slices.Equal(a.Then, b.Then) &&
		slices.EqualFunc(
			a.Refusals, b.Refusals,
			func(x, y Refusal) bool { return x.Error == y.Error && x.Event == y.Event },
		)
}

// Compare folds a log through both sides. The error is the source's, says that the header names no
// known machine, or is the *reducer.MachineFailure of a machine that gives no answer.
func Compare(in trace.Source, a, b Side) (*Result, error) {
	c := comparison{
		sides:    [2]side{{conf: a}, {conf: b}},
		divergences: make(map[reducer.RolloutID]*Divergence),
	}
	c.policies.known = make(map[reducer.ChannelID]reducer.Policy)
	for {
		e, err := in.Read()
		if errors.Is(err, io.EOF) {
			return c.finish()
		}
		if err == nil {
			err = c.take(e)
		}
		if err != nil {
			return nil, err
		}
	}
}

// comparison is a Compare in progress.
type comparison struct {
	result   Result
	sides    [2]side
	policies policies
	divergences map[reducer.RolloutID]*Divergence
	order    []*Divergence
	passed   uint64 // events of rollouts that the log never opens
	end      uint64 // seq of the last entry
	kept     [2]Answer
}

// side is one fleet.
type side struct {
	conf  Side
	fleet *reducer.Fleet
	out   reducer.Outcome
}

func (c *comparison) take(e *trace.Entry) error {
	if c.sides[0].fleet == nil {
		if err := c.start(e); err != nil {
			return err
		}
	}
	if e.Kind == trace.KindHeader || e.Kind == trace.KindEnd {
		return nil
	}
	c.result.Entries++
	c.end = e.Seq
	switch {
	case e.Event != nil:
		return c.takeEvent(e)
	case e.Agent != nil && e.Agent.Policy != 0:
		c.policies.learn(e, c.sides[0].fleet)
	}
	return nil
}

// start chooses the machines, once the first entry has told what kind of log this is.
func (c *comparison) start(first *trace.Entry) error {
	var named reducer.Machine = machine.Shipped()
	if h := first.Header; h != nil {
		m, err := machine.ByName(h.Machine)
		if err != nil && (c.sides[0].conf.Machine == nil || c.sides[1].conf.Machine == nil) {
			return fmt.Errorf("the header names the machine of the trace: %w; --machine takes its "+
				"place", err)
		}
		named = m
		c.policies.simulated = true
		for i := range h.Channels {
			c.policies.known[h.Channels[i].Channel] = h.Channels[i].Policy
		}
	}
	for i := range c.sides {
		s := &c.sides[i]
		if s.conf.Machine == nil {
			s.conf.Machine = named
		}
		s.fleet = reducer.NewFleet(s.conf.Machine, func(id reducer.ChannelID) reducer.Policy {
			return s.conf.Policies[id].apply(c.policies.of(id))
		})
	}
	c.result.A, c.result.B = c.sides[0].conf.Machine.Name(), c.sides[1].conf.Machine.Name()
	return nil
}

func (c *comparison) takeEvent(e *trace.Entry) error {
	c.result.Events++
	ev := e.Event
	from := reducer.State(0)
	before := c.sides[0].fleet.Rollout(ev.Rollout)
	if before != nil {
		from = before.Record.State
		c.policies.assume(e, before.Record.Channel)
	} else if ev.Kind != reducer.RolloutOpened {
		c.passed++
	}
	var late [2][]error
	for i := range c.sides {
		s := &c.sides[i]
		err := s.fleet.Apply(ev, e.At, &s.out)
		if err != nil && errors.As(err, new(*reducer.MachineFailure)) {
			return err
		}
		late[i] = s.out.Late
		c.kept[i].fill(&s.out, err)
	}
	c.takeLate(late, e)
	a, b := c.sides[0].fleet.Rollout(ev.Rollout), c.sides[1].fleet.Rollout(ev.Rollout)
	if a == nil {
		return nil
	}
	c.kept[0].State, c.kept[1].State = a.Record.State, b.Record.State
	p := c.divergences[ev.Rollout]
	if p != nil {
		p.After++
	}
	answered := c.kept[0].equal(&c.kept[1])
	if answered && (a.Record == b.Record || p != nil && p.State != nil) {
		return nil
	}
	point := Point{Seq: e.Seq, Event: *ev, From: from, A: c.kept[0].clone(), B: c.kept[1].clone()}
	p = c.divergence(&a.Record, point)
	if !answered {
		p.Events++
	}
	if p.State == nil && a.Record != b.Record {
		p.State = &point
	}
	return nil
}

// part gives the divergence of a rollout, making it where this is its first.
func (c *comparison) divergence(r *reducer.Record, point Point) *Divergence {
	p := c.divergences[r.RolloutID]
	if p == nil {
		p = &Divergence{Rollout: r.RolloutID, Channel: r.Channel, First: point}
		c.divergences[r.RolloutID] = p
		c.order = append(c.order, p)
	}
	return p
}

// takeLate holds against each other what an event, or the end of the log where e is nil, proved of
// earlier events.
func (c *comparison) takeLate(late [2][]error, e *trace.Entry) {
	if len(late[0]) == 0 && len(late[1]) == 0 {
		return
	}
	var said [2]map[reducer.RolloutID][]Refusal
	var rollouts []reducer.RolloutID
	for i := range late {
		said[i] = make(map[reducer.RolloutID][]Refusal)
		for _, err := range late[i] {
			r := trace.NewRejection(err)
			said[i][r.Rollout] = append(
				said[i][r.Rollout], Refusal{Error: r.Error, Event: r.Event, Message: r.Message},
			)
			if !slices.Contains(rollouts, r.Rollout) {
				rollouts = append(rollouts, r.Rollout)
			}
		}
	}
	for _, id := range rollouts {
		a, b := c.sides[0].fleet.Rollout(id), c.sides[1].fleet.Rollout(id)
		answers := [2]Answer{
			{State: a.Record.State, Refusals: said[0][id]},
			{State: b.Record.State, Refusals: said[1][id]},
		}
		if answers[0].equal(&answers[1]) {
			continue
		}
		refused := append(said[0][id], said[1][id]...)[0]
		point := Point{
			Seq:   c.end,
			Event: reducer.Event{Kind: refused.Event, Rollout: id},
			A:     answers[0],
			B:     answers[1],
		}
		if e != nil {
			point.Event.At = e.At
		}
		c.divergence(&a.Record, point).Events++
	}
}

// fill makes the answer of an outcome. What it refers to is good until the next event.
func (a *Answer) fill(out *reducer.Outcome, err error) {
	*a = Answer{Refusals: a.Refusals[:0]}
	refuse := func(err error) {
		r := trace.NewRejection(err)
		a.Refusals = append(a.Refusals, Refusal{Error: r.Error, Event: r.Event, Message: r.Message})
	}
	if err != nil {
		refuse(err)
		return
	}
	if !out.Confirmed { // else they were told when the event was derived
		a.Effects = out.Effects.All()
	}
	if out.Derived {
		a.Derived = true
		if out.DerivedErr != nil {
			refuse(out.DerivedErr)
		} else {
			a.Then = out.DerivedEffects.All()
		}
	}
}

func (a *Answer) clone() Answer {
	c := *a
	c.Effects, c.Then, c.Refusals = slices.Clone(
		a.Effects,
	), slices.Clone(
		a.Then,
	), slices.Clone(
		a.Refusals,
	)
	return c
}

// finish judges what the log's end leaves open.
func (c *comparison) finish() (*Result, error) {
	if c.sides[0].fleet == nil {
		return &c.result, nil
	}
	c.takeLate([2][]error{c.sides[0].fleet.Finish(), c.sides[1].fleet.Finish()}, nil)
	hosts := make(map[reducer.HostID]bool)
	for _, r := range c.sides[0].fleet.Rollouts() {
		c.result.Rollouts++
		if !slices.Contains(c.result.Channels, r.Record.Channel) {
			c.result.Channels = append(c.result.Channels, r.Record.Channel)
		}
		for _, h := range r.Hosts() {
			hosts[h.ID] = true
		}
	}
	c.result.Hosts = len(hosts)
	for _, p := range c.order {
		a, b := c.sides[0].fleet.Rollout(p.Rollout), c.sides[1].fleet.Rollout(p.Rollout)
		p.EndA, p.EndB = a.Record, b.Record
		for _, h := range a.Hosts() {
			p.Hosts = append(p.Hosts, h.ID)
		}
		for _, h := range b.Hosts() {
			if _, known := a.Slot(h.ID); !known {
				p.Hosts = append(p.Hosts, h.ID)
			}
		}
		c.result.Diverged = append(c.result.Diverged, *p)
	}
	c.result.Notes = c.policies.notes
	if c.passed > 0 {
		c.result.Notes = append(c.result.Notes, fmt.Sprintf("events of rollouts that the log never "+
			"opens are passed over: %d", c.passed))
	}
	return &c.result, nil
}
