// Package incident makes a scenario of what a log says of one rollout: its events as raw events, at
// their exact times, so that what happened once is a test from then on.
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

// Options say what the log itself does not, or what is to be taken instead. The zero value takes
// everything from the log.
type Options struct {
	// by name; empty is the one that a simulated trace names, and v0.2 for a log of a control plane
	Machine string
	Policy  reducer.HealthPolicy // of the rollout's channel
}

// History is what a log says of one rollout, and of the others that its supersession needs.
type History struct {
	Rollout reducer.RolloutID
	Channel reducer.ChannelID
	Policy  reducer.Policy
	Machine string
	Events  []Recorded // in the order of the log
	Notes   []string   // what was assumed, or cannot be told

	told bool // the log or the user tells the policy
}

// Recorded is one rollout event of a history.
type Recorded struct {
	Seq   uint64       // of its entry; 0 for an event that the log does not have
	At    reducer.Time // of its entry
	Event reducer.Event
	Role  Role

	// of the event in the log, from 1; for one that the log does not have, of the one that needs it
	number int
}

// Role says why an event is in a history. The zero value is invalid.
type Role uint8

// The roles.
const (
	Own Role = 1 + iota // it is an event of the rollout
	// it opens or supersedes a rollout that stood when the rollout was opened
	Predecessor
	Successor // it opens the rollout that supersedes it
)

// Read collects the history of a rollout from a log; seven digits of its ref are enough. The error
// is the source's, or says what the log lacks.
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

// Opened gives the records of the rollouts that a log opens, in its order. The error is the
// source's.
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

// collector is a Read in progress.
type collector struct {
	asked   reducer.RolloutID
	history *History
	header  *trace.Header

	// The fleet tells which rollouts stand. Any machine will do: all agree on what being superseded
	// is.
	fleet *reducer.Fleet
	out   reducer.Outcome

	opened  map[reducer.RolloutID]Recorded             // the RolloutOpened of each rollout
	events  int                                        // so far
	others  bool                                       // some are of another rollout
	applied map[reducer.ChannelID]reducer.HealthPolicy // as agents say
}

func newCollector(id reducer.RolloutID) *collector {
	return &collector{
		asked:   id,
		history: &History{Rollout: id},
		opened:  make(map[reducer.RolloutID]Recorded),
		applied: make(map[reducer.ChannelID]reducer.HealthPolicy),
	}
}

func (c *collector) readAll(in trace.Source) error {
	for {
		e, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = c.take(e)
		}
		if err != nil {
			return err
		}
	}
}

func (c *collector) take(e *trace.Entry) error {
	switch {
	case e.Header != nil:
		h := *e.Header
		c.header = &h
	case e.Agent != nil && e.Agent.Policy != 0:
		if r := c.opened[e.Rollout]; r.Event.Channel != "" && c.applied[r.Event.Channel] == 0 {
			c.applied[r.Event.Channel] = e.Agent.Policy
		}
	case e.Event != nil:
		return c.takeEvent(e)
	}
	return nil
}

func (c *collector) takeEvent(e *trace.Entry) error {
	if c.fleet == nil {
		c.fleet = reducer.NewFleet(machine.Shipped(), nil)
	}
	c.events++
	ev, h := *e.Event, c.history
	if ev.Rollout != h.Rollout && (ev.Rollout == c.asked || c.asked.Abbreviates(ev.Rollout)) {
		if h.Rollout != c.asked {
			return fmt.Errorf(
				"%s stands for more than one rollout: %s and %s", c.asked, h.Rollout, ev.Rollout,
			)
		}
		if c.opened[c.asked].Event.Kind == 0 {
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
	_ = c.fleet.Apply(&ev, e.At, &c.out) // what it refuses is replay's to tell
	return nil
}

// addPredecessor adds the RolloutOpened of a rollout that stands, unless it is there already.
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
		return fmt.Errorf("the machine of the scenario: %w; --machine takes its place", err)
	}
	return nil
}

// notOpened says that the log does not have the beginning of the rollout, or nothing of it.
func (c *collector) notOpened() error {
	if n := len(c.history.Events); n > 0 {
		return fmt.Errorf(
			"the log has %s of rollout %s, but not the RolloutOpened that comes first",
			plural.Count(n, "event"), c.history.Rollout,
		)
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
	return fmt.Errorf(
		"the log does not open a rollout %s%s", c.history.Rollout,
		nearest.Hint(string(c.history.Rollout), all),
	)
}

// addSuccessors adds what opens the rollouts that supersede this one: without them its
// SuccessorOpened would be reported. The export of one rollout does not have it; then it is made up
// of the rollout's id. That a whole log does not have it is part of what happened.
func (c *collector) addSuccessors() {
	h := c.history
	for _, r := range slices.Clone(h.Events) {
		if r.Role != Own || r.Event.Kind != reducer.SuccessorOpened {
			continue
		}
		next, known := c.opened[r.Event.Successor]
		switch whole := c.header != nil || c.others; {
		case !known && whole:
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
			h.note(
				"the log is of %s alone: that %s is opened, which supersedes it, is made up", h.Rollout,
				r.Event.Successor,
			)
		}
		next.Role = Successor
		if !slices.ContainsFunc(h.Events, func(e Recorded) bool { return e.Event == next.Event }) {
			h.Events = append(h.Events, next)
		}
	}
}

// choosePolicy takes the channel's policy from the user, the header, the agents, or assumes it.
func (c *collector) choosePolicy(opt Options) {
	h := c.history
	h.Policy = reducer.DefaultPolicy()
	if c.header != nil {
		for i := range c.header.Channels {
			if c.header.Channels[i].Channel == h.Channel {
				h.Policy, h.told = c.header.Channels[i].Policy, true
			}
		}
	} else if p := c.applied[h.Channel]; p != 0 {
		h.Policy.OnHealthFailure, h.told = p, true
	}
	if opt.Policy != 0 {
		h.Policy.OnHealthFailure, h.told = opt.Policy, true
	}
	if !h.told {
		h.note("nothing tells the policy of channel %s: %v is taken", h.Channel, h.Policy.OnHealthFailure)
	}
}

func (h *History) note(format string, args ...any) {
	h.Notes = append(h.Notes, fmt.Sprintf(format, args...))
}
