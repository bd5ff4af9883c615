// Package incident turns one rollout of a recorded log into a regression test: a scenario with the
// events of the rollout as raw events at their exact times, and its golden.
//
// Read collects the History of the rollout: its own events, and those of other rollouts that its
// supersession needs. History.Test simulates the scenario and records its golden. The violations of
// the run are part of what happened, so the scenario expects them.
package incident

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"rollsim/internal/nearest"
	"rollsim/internal/plural"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/trace"
)

// Options override what the log has. The zero value overrides nothing.
type Options struct {
	// Machine is the name of the machine. Empty stands for the machine that a simulated trace
	// names, and for the shipped machine for a log of a control plane.
	Machine string

	Policy reducer.HealthPolicy // of the channel of the rollout
}

// History is the recorded history of one rollout, with the events of other rollouts that its
// supersession needs.
type History struct {
	Rollout reducer.RolloutID
	Channel reducer.ChannelID
	Policy  reducer.Policy
	Machine string
	Events  []Recorded // in the order of the log
	Notes   []string   // assumptions, and events that are missing
}

// Recorded is one rollout event of a history.
type Recorded struct {
	Seq   uint64       // of its entry; 0 for an event that the log does not have
	At    reducer.Time // of its entry
	Event reducer.Event
	Role  Role

	// Reaches is the rollout whose record the event has reached, if that is another one than its
	// own.
	Reaches reducer.RolloutID

	// number is the position among the events of the log, from 1. An event that the log does not
	// have has the number of the event that needs it.
	number int
}

// Role is the reason why an event is in a history. The zero value is invalid.
type Role uint8

// The roles.
const (
	Own         Role = 1 + iota // an event of the rollout
	Predecessor                 // opens or supersedes a rollout that stood when the rollout was opened
	Successor                   // opens the rollout that supersedes it
)

// Read collects the history of a rollout from a log. Seven digits of its ref are enough. The error
// is that of the source, or names what the log lacks.
func Read(in trace.Source, id reducer.RolloutID, opt Options) (*History, error) {
	c := newCollector(id)
	if err := c.readAll(in); err != nil {
		return nil, err
	}
	if err := c.finish(opt); err != nil {
		return nil, err
	}
	return c.history, nil
}

// Opened returns the records of the rollouts that a log opens, in the order of the log. The error
// is that of the source.
func Opened(in trace.Source) ([]reducer.Record, error) {
	c := newCollector("")
	if err := c.readAll(in); err != nil || c.fleet == nil {
		return nil, err
	}
	var all []reducer.Record
	for _, r := range c.fleet.Rollouts() {
		all = append(all, r.Record)
	}
	return all, nil
}

// collector is the state of Read.
type collector struct {
	id      reducer.RolloutID // as asked for, maybe abbreviated
	history *History
	header  *trace.Header

	// fleet has the rollouts that stand. Any machine will do: all supersede in the same way.
	fleet *reducer.Fleet
	out   reducer.Outcome

	opened  map[reducer.RolloutID]Recorded             // the RolloutOpened of each rollout
	events  int                                        // the number of rollout events
	others  bool                                       // some events are of another rollout
	applied map[reducer.ChannelID]reducer.HealthPolicy // the policyApplied of agents

	rolledBack map[reducer.ChannelID]bool // channels with a host that has rolled back
}

func newCollector(id reducer.RolloutID) *collector {
	return &collector{
		id:      id,
		history: &History{Rollout: id},
		opened:  make(map[reducer.RolloutID]Recorded),
		applied: make(map[reducer.ChannelID]reducer.HealthPolicy),

		rolledBack: make(map[reducer.ChannelID]bool),
	}
}

func (c *collector) readAll(in trace.Source) error {
	for {
		e, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = c.read(e)
		}
		if err != nil {
			return err
		}
	}
}

func (c *collector) read(e *trace.Entry) error {
	switch {
	case e.Header != nil:
		h := *e.Header
		c.header = &h
	case e.Agent != nil && e.Agent.Kind == reducer.RollbackComplete:
		c.rolledBack[c.opened[e.Rollout].Event.Channel] = true
	case e.Agent != nil && e.Agent.Policy != 0:
		if r := c.opened[e.Rollout]; r.Event.Channel != "" && c.applied[r.Event.Channel] == 0 {
			c.applied[r.Event.Channel] = e.Agent.Policy
		}
	case e.Event != nil:
		return c.apply(e)
	}
	return nil
}

// apply applies a rollout event to the fleet, and adds it to the history if it belongs there.
func (c *collector) apply(e *trace.Entry) error {
	if c.fleet == nil {
		c.fleet = reducer.NewFleet(machine.Shipped(), nil)
	}
	c.events++
	ev, h := *e.Event, c.history
	if c.header != nil && e.Rollout != "" && e.Rollout != ev.Rollout {
		c.misrouted(e)
		return nil
	}
	if ev.Rollout != h.Rollout && (ev.Rollout == c.id || c.id.Abbreviates(ev.Rollout)) {
		if h.Rollout != c.id {
			return fmt.Errorf("%s is ambiguous: the log has %s and %s; give more digits", c.id, h.Rollout,
				ev.Rollout)
		}
		if c.opened[c.id].Event.Kind == 0 {
			h.Rollout = ev.Rollout
		}
	}
	c.others = c.others || ev.Rollout != h.Rollout
	recorded := Recorded{Seq: e.Seq, At: e.At, Event: ev, number: c.events}
	add := func(r Recorded, role Role) {
		r.Role = role
		h.Events = append(h.Events, r)
	}
	if ev.Kind == reducer.RolloutOpened && c.opened[ev.Rollout].Event.Kind == 0 {
		c.opened[ev.Rollout] = recorded
	}
	switch {
	case ev.Kind == reducer.RolloutOpened && ev.Rollout == h.Rollout:
		for _, r := range c.fleet.Standing(ev.Channel) {
			c.addPredecessor(r.Record.RolloutID)
		}
		add(recorded, Own)
	case ev.Rollout == h.Rollout:
		add(recorded, Own)
	case ev.Kind == reducer.SuccessorOpened && ev.Successor == h.Rollout:
		c.addPredecessor(ev.Rollout)
		add(recorded, Predecessor)
	}
	_ = c.fleet.Apply(&ev, e.At, &c.out) // replay reports what it refuses
	return nil
}

// misrouted adds an event of another rollout that reached the record of the rollout. Only a
// simulated trace shows such an event.
func (c *collector) misrouted(e *trace.Entry) {
	c.others = true
	if e.Rollout == c.history.Rollout {
		c.history.Events = append(c.history.Events, Recorded{
			Seq: e.Seq, At: e.At, Event: *e.Event, Role: Own, Reaches: e.Rollout, number: c.events,
		})
	}
}

// addPredecessor adds the RolloutOpened of a rollout that stands, unless the history has it.
func (c *collector) addPredecessor(id reducer.RolloutID) {
	r, known := c.opened[id]
	if !known || id == c.history.Rollout ||
		slices.ContainsFunc(c.history.Events, func(e Recorded) bool { return e.number == r.number }) {
		return
	}
	r.Role = Predecessor
	c.history.Events = append(c.history.Events, r)
}

// finish completes the history once the log has ended.
func (c *collector) finish(opt Options) error {
	h := c.history
	own, known := c.opened[h.Rollout]
	if !known {
		return c.notOpened()
	}
	h.Channel = own.Event.Channel
	c.addSuccessors()
	slices.SortStableFunc(h.Events, func(a, b Recorded) int { return cmp.Compare(a.number, b.number) })
	c.choosePolicy(opt)
	h.Machine = opt.Machine
	if h.Machine == "" {
		h.Machine = machine.Shipped().Name()
		if c.header != nil {
			h.Machine = c.header.Machine
		}
	}
	if _, err := machine.ByName(h.Machine); err != nil {
		return fmt.Errorf("the machine of the scenario: %w; choose another one by --machine", err)
	}
	return nil
}

// notOpened returns the error of a log that does not have the RolloutOpened of the rollout.
func (c *collector) notOpened() error {
	if n := len(c.history.Events); n > 0 {
		return fmt.Errorf("the log has %s of rollout %s, but not its RolloutOpened",
			plural.Count(n, "event"), c.history.Rollout)
	}
	var all []string
	if c.fleet != nil {
		for _, r := range c.fleet.Rollouts() {
			all = append(all, string(r.Record.RolloutID))
		}
	}
	if len(all) == 0 {
		return errors.New("the log opens no rollout")
	}
	return fmt.Errorf("the log does not open a rollout %s%s", c.history.Rollout,
		nearest.Hint(string(c.history.Rollout), all))
}

// addSuccessors adds the RolloutOpened of the rollouts that supersede this one. Without it the
// SuccessorOpened would be refused. The rollout document of one rollout does not have it, so it is
// made from the id of the successor. If a complete log does not have it, that is part of what
// happened.
func (c *collector) addSuccessors() {
	h := c.history
	for _, r := range slices.Clone(h.Events) {
		if r.Role != Own || r.Event.Kind != reducer.SuccessorOpened {
			continue
		}
		next, known := c.opened[r.Event.Successor]
		switch complete := c.header != nil || c.others; {
		case !known && complete:
			continue
		case !known:
			channel, ref, isPair := strings.Cut(string(r.Event.Successor), "@")
			if !isPair {
				channel, ref = string(h.Channel), string(r.Event.Successor)
			}
			next = Recorded{At: r.At, number: r.number, Event: reducer.Event{
				Kind: reducer.RolloutOpened, Rollout: r.Event.Successor, At: r.Event.At,
				Channel: reducer.ChannelID(channel), TargetRef: reducer.ChannelRef(ref),
			}}
			h.note("the log has only rollout %s: the RolloutOpened of its successor %s is made up",
				h.Rollout, r.Event.Successor)
		}
		next.Role = Successor
		if !slices.ContainsFunc(h.Events, func(e Recorded) bool { return e.Event == next.Event }) {
			h.Events = append(h.Events, next)
		}
	}
}

// choosePolicy sets the policy of the channel to that of the options, the header or the agents,
// whose rollback shows rollback-and-halt. If none of them has it, choosePolicy assumes the default,
// with a note.
func (c *collector) choosePolicy(opt Options) {
	h := c.history
	h.Policy = reducer.DefaultPolicy()
	known := false
	if c.header != nil {
		for i := range c.header.Channels {
			if c.header.Channels[i].Channel == h.Channel {
				h.Policy, known = c.header.Channels[i].Policy, true
			}
		}
	} else if p := c.applied[h.Channel]; p != 0 {
		h.Policy.OnHealthFailure, known = p, true
	} else if c.rolledBack[h.Channel] {
		h.Policy.OnHealthFailure, known = reducer.RollbackAndHalt, true
	}
	if opt.Policy != 0 {
		h.Policy.OnHealthFailure, known = opt.Policy, true
	}
	if !known {
		h.note("the log does not have the policy of channel %s: %v is assumed", h.Channel,
			h.Policy.OnHealthFailure)
	}
}

func (h *History) note(format string, args ...any) {
	h.Notes = append(h.Notes, fmt.Sprintf(format, args...))
}
