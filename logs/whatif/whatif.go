// Package whatif compares what two machines, or one machine under two policies, answer to a
// recorded log. Compare folds the rollout events of the log through two fleets side by side, and
// returns a Divergence for each rollout that the two sides answer differently: the first event with
// different answers, and how much differs after it.
//
// The events are always those that were recorded. If one side would have dispatched, quarantined or
// pruned something else, the log does not have what the hosts would have done then.
package whatif

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"rollsim/internal/plural"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/trace"
)

// Change is a change to the policy of a channel. A zero field changes nothing.
type Change struct {
	OnHealthFailure  reducer.HealthPolicy
	RetentionSeconds reducer.Opt[int64]
}

// Side is one of the two sides of a comparison. The zero value is the machine and the policies of
// the log.
type Side struct {
	// Machine answers the events. Nil stands for the machine that a simulated trace names, and for
	// the shipped machine for a log of a control plane.
	Machine  reducer.Machine
	Policies map[reducer.ChannelID]Change
}

// Result is the result of a comparison.
type Result struct {
	A, B     string              // the names of the machines
	Entries  uint64              // without header and end
	Events   uint64              // rollout events
	Rollouts int                 // opened in the log
	Hosts    int                 // that joined a rollout
	Channels []reducer.ChannelID // of the rollouts
	Diverged []Divergence        // in the order of their first differences
	Notes    []string            // assumptions, and events that were ignored
}

// Touched returns the number of different hosts of the rollouts that diverge.
func (r *Result) Touched() int {
	touched := make(map[reducer.HostID]bool)
	for i := range r.Diverged {
		for _, h := range r.Diverged[i].Hosts {
			touched[h] = true
		}
	}
	return len(touched)
}

// Divergence is a rollout for which the answers of the two sides differ.
type Divergence struct {
	Rollout reducer.RolloutID
	Channel reducer.ChannelID
	First   Point            // the first event with different answers
	State   *Point           // the first event after which the records differ; nil if they never do
	Events  int              // the number of events of the rollout with different answers
	After   int              // the number of events of the rollout after First
	Hosts   []reducer.HostID // the hosts of the rollout, in join order
	EndA    reducer.Record   // at the end of the log
	EndB    reducer.Record
}

// Point is an event with the answers of the two sides.
type Point struct {
	Seq   uint64 // of the entry that shows the difference
	Event reducer.Event

	// From is the state of side A before the event. It is zero if the rollout did not exist, or if the
	// event is an earlier one than the entry.
	From reducer.State

	A, B Answer
}

// Answer is the answer of one side to an event.
type Answer struct {
	State   reducer.State // after the event
	Effects []reducer.Effect
	Derived bool             // a RolloutTerminal is derived from the event
	Then    []reducer.Effect // of the derived RolloutTerminal

	// Refusals are the errors of the event, of the derived event, and of earlier events that could
	// not be judged before.
	Refusals []Refusal
}

// Refusal is an error of the reducer.
type Refusal struct {
	Error   string // the name in a trace.Rejection
	Event   reducer.EventKind
	Message string
}

// String returns the answer as text.
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

// equal reports whether two answers are the same, except for the messages of their refusals.
func (a *Answer) equal(b *Answer) bool {
	return a.Derived == b.Derived && slices.Equal(a.Effects, b.Effects) &&
		slices.Equal(a.Then, b.Then) &&
		slices.EqualFunc(a.Refusals, b.Refusals,
			func(x, y Refusal) bool { return x.Error == y.Error && x.Event == y.Event })
}

// Compare folds a log through both sides. The error is that of the source, that of an unknown
// machine in the header, or the *reducer.MachineFailure of a machine that did not answer.
func Compare(in trace.Source, a, b Side) (*Result, error) {
	c := comparison{
		sides:       [2]side{{conf: a}, {conf: b}},
		divergences: make(map[reducer.RolloutID]*Divergence),
	}
	c.policies = newPolicies()
	for {
		e, err := in.Read()
		if errors.Is(err, io.EOF) {
			return c.finish()
		}
		if err == nil {
			err = c.read(e)
		}
		if err != nil {
			return nil, err
		}
	}
}

// comparison is the state of Compare.
type comparison struct {
	result      Result
	sides       [2]side
	policies    policies
	divergences map[reducer.RolloutID]*Divergence
	order       []*Divergence
	ignored     uint64    // events of rollouts that the log never opens
	end         uint64    // seq of the last entry
	answers     [2]Answer // to the current event
}

// side is a Side with its fleet.
type side struct {
	conf  Side
	fleet *reducer.Fleet
	out   reducer.Outcome
}

func (c *comparison) read(e *trace.Entry) error {
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
		c.result.Events++
		if !c.policies.hold(e) {
			return c.apply(e)
		}
		return c.applyAll(c.policies.full(c.policies.channels[e.Event.Rollout], false))
	case e.Agent != nil && (e.Agent.Policy != 0 || e.Agent.Kind == reducer.RollbackComplete):
		return c.applyAll(c.policies.learn(e))
	}
	return nil
}

// applyAll applies the events that were held until a policy was known.
func (c *comparison) applyAll(held []trace.Entry) error {
	for i := range held {
		if err := c.apply(&held[i]); err != nil {
			return err
		}
	}
	return nil
}

// start chooses the machines. The first entry shows whether the log is a simulated trace.
func (c *comparison) start(first *trace.Entry) error {
	var named reducer.Machine = machine.Shipped()
	if h := first.Header; h != nil {
		m, err := machine.ByName(h.Machine)
		if err != nil && (c.sides[0].conf.Machine == nil || c.sides[1].conf.Machine == nil) {
			return fmt.Errorf("the machine in the header: %w; choose another one by --machine", err)
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

// apply applies an event to both sides and compares their answers and records.
func (c *comparison) apply(e *trace.Entry) error {
	ev := e.Event
	from := reducer.State(0)
	before := c.sides[0].fleet.Rollout(ev.Rollout)
	if before != nil {
		from = before.Record.State
	} else if ev.Kind != reducer.RolloutOpened {
		c.ignored++
	}
	var late [2][]error
	for i := range c.sides {
		s := &c.sides[i]
		err := s.fleet.Apply(ev, e.At, &s.out)
		if reducer.IsMachineFailure(err) {
			return err
		}
		late[i] = s.out.Late
		c.answers[i].fill(&s.out, err)
	}
	c.compareLate(late, e)
	a, b := c.sides[0].fleet.Rollout(ev.Rollout), c.sides[1].fleet.Rollout(ev.Rollout)
	if a == nil {
		return nil
	}
	c.answers[0].State, c.answers[1].State = a.Record.State, b.Record.State
	p := c.divergences[ev.Rollout]
	if p != nil {
		p.After++
	}
	same := c.answers[0].equal(&c.answers[1])
	if same && (a.Record == b.Record || p != nil && p.State != nil) {
		return nil
	}
	point := Point{
		Seq: e.Seq, Event: *ev, From: from, A: c.answers[0].clone(), B: c.answers[1].clone(),
	}
	p = c.divergence(&a.Record, point)
	if !same {
		p.Events++
	}
	if p.State == nil && a.Record != b.Record {
		p.State = &point
	}
	return nil
}

// divergence returns the divergence of a rollout. If none exists yet, it creates one that starts
// at a point.
func (c *comparison) divergence(r *reducer.Record, point Point) *Divergence {
	p := c.divergences[r.RolloutID]
	if p == nil {
		p = &Divergence{Rollout: r.RolloutID, Channel: r.Channel, First: point}
		c.divergences[r.RolloutID] = p
		c.order = append(c.order, p)
	}
	return p
}

// compareLate compares the errors of earlier events that an event, or the end of the log if e is
// nil, has revealed.
func (c *comparison) compareLate(late [2][]error, e *trace.Entry) {
	if len(late[0]) == 0 && len(late[1]) == 0 {
		return
	}
	var refusals [2]map[reducer.RolloutID][]Refusal
	var rollouts []reducer.RolloutID
	for i := range late {
		refusals[i] = make(map[reducer.RolloutID][]Refusal)
		for _, err := range late[i] {
			r := trace.NewRejection(err)
			refusals[i][r.Rollout] = append(refusals[i][r.Rollout], newRefusal(r))
			if !slices.Contains(rollouts, r.Rollout) {
				rollouts = append(rollouts, r.Rollout)
			}
		}
	}
	for _, id := range rollouts {
		a, b := c.sides[0].fleet.Rollout(id), c.sides[1].fleet.Rollout(id)
		answers := [2]Answer{
			{State: a.Record.State, Refusals: refusals[0][id]},
			{State: b.Record.State, Refusals: refusals[1][id]},
		}
		if answers[0].equal(&answers[1]) {
			continue
		}
		refused := append(refusals[0][id], refusals[1][id]...)[0]
		point := Point{
			Seq:   c.end,
			Event: reducer.Event{Kind: refused.Event, Rollout: id},
			A:     answers[0],
			B:     answers[1],
		}
		if e != nil {
			point.Seq, point.Event.At = e.Seq, e.At
		}
		c.divergence(&a.Record, point).Events++
	}
}

func newRefusal(r trace.Rejection) Refusal {
	return Refusal{Error: r.Error, Event: r.Event, Message: r.Message}
}

// fill sets the answer to that of an outcome. Its effects are valid until the next event.
func (a *Answer) fill(out *reducer.Outcome, err error) {
	*a = Answer{Refusals: a.Refusals[:0]}
	refuse := func(err error) { a.Refusals = append(a.Refusals, newRefusal(trace.NewRejection(err))) }
	if err != nil {
		refuse(err)
		return
	}
	if !out.Confirmed { // the effects of a confirmed event were those of the derived one
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
	c.Effects, c.Then = slices.Clone(a.Effects), slices.Clone(a.Then)
	c.Refusals = slices.Clone(a.Refusals)
	return c
}

// finish applies the end of the log and returns the result.
func (c *comparison) finish() (*Result, error) {
	if c.sides[0].fleet == nil {
		return &c.result, nil
	}
	if err := c.applyAll(c.policies.rest()); err != nil {
		return nil, err
	}
	c.compareLate([2][]error{c.sides[0].fleet.Finish(), c.sides[1].fleet.Finish()}, nil)
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
	if c.policies.reordered {
		slices.SortStableFunc(c.order, func(a, b *Divergence) int {
			return cmp.Compare(a.First.Seq, b.First.Seq)
		})
	}
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
	if c.ignored > 0 {
		c.result.Notes = append(c.result.Notes,
			"ignored "+plural.Count(c.ignored, "event")+" of rollouts that the log never opens")
	}
	return &c.result, nil
}
