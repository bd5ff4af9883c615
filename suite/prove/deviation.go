package prove

import (
	"fmt"
	"slices"
	"time"

	"rollsim/controlplane"
	"rollsim/internal/hash64"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
)

// Deviation is one thing that a run does otherwise than the plain one. It is an edit of the
// scenario: a fate, a delay, lines of the timeline, or an earlier time for one of its lines.
type Deviation struct {
	Kind Kind
	// At is the first instant at which the run differs. The run up to it shows that the deviation
	// is possible.
	At time.Duration

	fate  *sim.Fate
	delay *sim.Delay
	lines []sim.Action
	seed  uint64
	moved int // the line of the timeline, from 1, that happens At; 0 for none

	host    reducer.HostID // that it concerns, if one
	subject uint64         // a run has at most one deviation with a subject
	hash    uint64
	alike   bool // it is one of a host that another one stands for
	idle    bool // it changes nothing: a copy of a message that is acknowledged before
}

// identify sets the subject and the hash. variant distinguishes deviations of one kind and subject.
func (d *Deviation) identify(subject, variant uint64) *Deviation {
	d.subject = subject
	d.hash = hash64.Of(subject, uint64(d.Kind), uint64(d.At), variant)
	return d
}

// about returns the subject of what a number and some names identify.
func about(what string, number uint64, names ...string) uint64 {
	var s hash64.Sum
	s.Named(what, number)
	for _, name := range names {
		s.Text(name)
	}
	return uint64(s)
}

// aboutMoment is about for a moment of a rollout or of a host.
func aboutMoment(what string, when *sim.Moment) uint64 {
	return about(what, uint64(when.State)<<8|uint64(when.HostState), string(when.Rollout),
		string(when.Host))
}

// is reports whether the deviation is the other side of a choice of a run that has it.
func (d *Deviation) is(c *sim.Choice) bool {
	switch {
	case c.Host != d.host:
		return false
	case d.fate != nil:
		return c.Given && c.Fate == d.fate.Kind && c.Ref == d.fate.Ref
	case d.delay != nil:
		return c.Stage == d.delay.Stage && c.Ref == d.delay.Ref
	case armed.Has(d.Kind):
		f := d.lines[0].Fault
		return c.Message == f.Message && c.Rollout == f.Rollout && c.Seq == f.Seq
	}
	return false
}

// apply edits a scenario whose slices may be appended to.
func (d *Deviation) apply(sc *sim.Scenario) {
	if d.fate != nil {
		sc.Fates = append(sc.Fates, *d.fate)
	}
	if d.delay != nil {
		sc.Delays = append(sc.Delays, *d.delay)
	}
	if d.seed > 0 {
		sc.Seed = d.seed
	}
	if d.moved > 0 {
		sc.Timeline[d.moved-1].At = d.At
	}
	sc.Timeline = append(sc.Timeline, d.lines...)
}

// String describes the deviation.
func (d *Deviation) String() string {
	switch {
	case d.fate != nil:
		return d.describeFate()
	case d.delay != nil:
		return fmt.Sprintf("stage %v of host %s takes %s under ref %s", d.delay.Stage, d.host,
			scenario.FormatDuration(d.delay.Takes.Longest()), d.delay.Ref)
	case d.seed > 0:
		return fmt.Sprintf("what the control plane draws comes from seed %d", d.seed)
	case d.moved > 0:
		return fmt.Sprintf("line %d of the timeline happens at %s", d.moved,
			scenario.FormatDuration(d.At))
	}
	a := &d.lines[0]
	when := "at " + scenario.FormatDuration(a.At)
	switch {
	case a.When != nil && a.At > 0:
		when = fmt.Sprintf("%s after %v", scenario.FormatDuration(a.At), a.When)
	case a.When != nil:
		when = fmt.Sprintf("when %v", a.When)
	}
	switch {
	case a.Fault != nil:
		return describeFault(a.Fault) + " " + when
	case a.Reaches != "":
		return fmt.Sprintf("%v of rollout %s reaches %s %s", a.Event.Kind, a.Event.Rollout, a.Reaches,
			when)
	case d.Kind == StrayEvent:
		text := a.Event.Kind.String()
		if a.Event.Kind == reducer.WaveAdvanced {
			text += fmt.Sprintf(" from wave %d to %d", a.Event.FromWave, a.Event.ToWave)
		}
		return fmt.Sprintf("%s of rollout %s reaches it %s", text, a.Event.Rollout, when)
	case a.Event != nil:
		return fmt.Sprintf("an operator clears rollout %s %s", a.Event.Rollout, when)
	case d.Kind == HostJoins:
		return fmt.Sprintf("host %s joins the fleet %s", d.host, when)
	case d.Kind == HostLeaves:
		return fmt.Sprintf("host %s leaves the fleet %s", d.host, when)
	case a.Order.Kind == controlplane.AbortRollout:
		return fmt.Sprintf("an operator aborts rollout %s %s", a.Order.Rollout, when)
	}
	return fmt.Sprintf("an operator pauses the dispatches of channel %s %s, for %s",
		a.Order.Channel, when, scenario.FormatDuration(d.lines[1].At-a.At))
}

func (d *Deviation) describeFate() string {
	text := fmt.Sprintf("host %s %v under ref %s", d.host, d.fate.Kind, d.fate.Ref)
	if d.fate.RebootAfter.Set {
		text += " and never reboots"
	}
	return text
}

func describeFault(f *sim.FaultNow) string {
	text := f.Kind.String()
	switch {
	case f.Message != 0:
		text += fmt.Sprintf(" of %v (seq %d) of host %s for %s", f.Message, f.Seq, f.Host, f.Rollout)
	case f.Host != "":
		text += fmt.Sprintf(" of host %s", f.Host)
	case f.Channel != "":
		text += fmt.Sprintf(" of channel %s", f.Channel)
	}
	switch {
	case f.Kind == sim.ClockSkew && f.For < 0:
		text += ", which is " + scenario.FormatDuration(-f.For) + " behind,"
	case f.Kind == sim.ClockSkew:
		text += ", which is " + scenario.FormatDuration(f.For) + " ahead,"
	case f.For > 0:
		text += " for " + scenario.FormatDuration(f.For)
	}
	return text
}

// Deviations are the deviations of one run, by time. Each node adds one to those of its parent.
type node struct {
	parent *node // nil for the plain run
	last   *Deviation
	depth  int
}

// with returns the node of one more deviation.
func (n *node) with(d *Deviation) *node {
	return &node{parent: n, last: d, depth: n.depth + 1}
}

// at returns the instant of the last deviation.
func (n *node) at() time.Duration {
	if n.last == nil {
		return 0
	}
	return n.last.At
}

// all returns the deviations, the first one first.
func (n *node) all() []*Deviation {
	var all []*Deviation
	for ; n.last != nil; n = n.parent {
		all = append(all, n.last)
	}
	slices.Reverse(all)
	return all
}

// has reports whether a deviation has the subject, and concerns whether one is about the host.
func (n *node) has(subject uint64) bool {
	for ; n.last != nil; n = n.parent {
		if n.last.subject == subject {
			return true
		}
	}
	return false
}

func (n *node) concerns(host reducer.HostID) bool {
	for ; n.last != nil; n = n.parent {
		if n.last.host == host {
			return true
		}
	}
	return false
}

// scenario returns the scenario of the run.
func (n *node) scenario(plain *sim.Scenario) *sim.Scenario {
	sc := *plain
	if n.last == nil {
		return &sc
	}
	sc.Fates, sc.Delays = slices.Clip(sc.Fates), slices.Clip(sc.Delays)
	sc.Timeline = slices.Clone(sc.Timeline)
	for _, d := range n.all() {
		d.apply(&sc)
	}
	return &sc
}

// text returns the deviations as sentences.
func (n *node) text() []string {
	var all []string
	for _, d := range n.all() {
		all = append(all, d.String())
	}
	return all
}
