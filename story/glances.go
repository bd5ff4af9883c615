package story

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
)

// subject is what an expectation of a state is about: a rollout, a host under one, a channel.
type subject[S comparable] struct {
	is    string // before its state, in a message; empty for the rollout that the sentence names
	past  past[S]
	never func(S) string // says why it can come to no such state; empty where it could
}

// expect expects the subject to be in a state at the time that the sentence looks at, or to come to
// it in a time after that.
func (s *subject[S]) expect(w *world, state S, g *glance) error {
	if g.kind == comesAfter {
		return s.expectLater(w, state, g)
	}
	at, err := w.lookAt(g)
	if err != nil {
		return err
	}
	c, was := s.past.at(at)
	if was && c.to == state {
		return w.matched(c.at, c.entry)
	}
	found := s.is + "nothing yet"
	if was {
		found = fmt.Sprintf("%s%v since %s", s.is, c.to, w.time(c.at))
	}
	return w.fail(c.entry, w.current, found+"; "+s.hint(w, state, at))
}

// hint says when the subject is in a state in which it is not at a time.
func (s *subject[S]) hint(w *world, state S, at time.Duration) string {
	hint := ""
	for i, c := range s.past {
		if c.to != state {
			continue
		}
		hint = fmt.Sprintf("it is %v from %s", state, w.time(c.at))
		if i+1 < len(s.past) {
			hint += " to " + w.time(s.past[i+1].at)
		}
		if c.at > at {
			return hint + ", and this looks at " + w.time(at)
		}
	}
	if hint == "" {
		return s.neverComes(state)
	}
	return hint
}

func (s *subject[S]) neverComes(state S) string {
	if why := s.never(state); why != "" {
		return fmt.Sprintf("it is never %v: %s", state, why)
	}
	return fmt.Sprintf("it is never %v", state)
}

// expectLater expects the subject to come to a state between two times after that, and goes on
// until then.
func (s *subject[S]) expectLater(w *world, state S, g *glance) error {
	for _, c := range s.past {
		if d := c.at - w.that.at; c.to == state && d >= g.from && d <= g.to {
			w.pass(c.at)
			return w.matched(c.at, c.entry)
		}
	}
	expected := w.current + ", counted from " + w.time(w.that.at)
	for _, c := range slices.Backward(s.past) {
		if c.to == state {
			return w.fail(
				c.entry, expected,
				fmt.Sprintf("%s%v at %s, %s", s.is, state, w.time(c.at), w.apart(c.at-w.that.at)),
			)
		}
	}
	entry := noEntry
	if len(s.past) > 0 {
		entry = s.past[len(s.past)-1].entry
	}
	return w.fail(entry, w.current, fmt.Sprintf("%s%s; %s", s.is, s.past.path(), s.neverComes(state)))
}

// expectBeen expects the subject to have come to a state by a time.
func (s *subject[S]) expectBeen(w *world, state S, by time.Duration) error {
	for _, c := range s.past {
		if c.to == state && c.at <= by {
			return w.matched(c.at, c.entry)
		}
	}
	c, _ := s.past.at(by)
	return w.fail(
		c.entry, w.current, fmt.Sprintf("%s%s; %s", s.is, s.past.path(), s.hint(w, state, by)),
	)
}

// expectNever expects the subject to come to a state at no time.
func (s *subject[S]) expectNever(w *world, state S) error {
	for _, c := range s.past {
		if c.to == state {
			return w.fail(c.entry, w.current, fmt.Sprintf("%s%v at %s", s.is, state, w.time(c.at)))
		}
	}
	return nil
}

// pass lets time pass until what an expectation found.
func (w *world) pass(at time.Duration) {
	if at >= w.now {
		w.stand(at + breath) // what happens next comes after it
	}
}

// lookAt gives the time at which a sentence looks, and sees to it that the telling reaches it. When
// it is the end, the story goes on until then.
func (w *world) lookAt(g *glance) (time.Duration, error) {
	at := w.now
	switch {
	case g.kind == comesAfter:
		return 0, errors.New("this looks at one time: say when, for example \"10 minutes after\" " +
			"what, and not how much later")
	case g.kind == inTheEnd:
		at = w.telling.since(w.telling.result.End)
		w.stand(at)
	case g.kind == atOther && g.when.kind == onceSettled:
		at = max(at, w.telling.settled())
	case g.kind == atOther:
		c, err := w.comesTrue(&g.when.moment)
		if err != nil {
			return 0, err
		}
		at = c.at + g.when.offset
	}
	return at, w.reach(at)
}

// truth is when something is true for the first time.
type truth struct {
	at    time.Duration
	entry int // that makes it true
}

// comesTrue finds when something is true for the first time. Where it names no rollout, the latest
// one is meant, and of a host the latest one of its channel.
func (w *world) comesTrue(m *moment) (truth, error) {
	switch {
	case m.settled:
		return truth{w.telling.settled(), noEntry}, nil
	case m.start:
		return truth{0, noEntry}, nil
	case m.poll:
		return truth{w.nextPoll(m.channel), noEntry}, nil
	case m.Rollout == "":
		m.Rollout = w.latestOf(m.Host, w.moved)
	}
	r, err := w.telling.rollout(m.Rollout)
	if err != nil {
		return truth{}, err
	}
	entry := noEntry
	switch {
	case m.Wave.Set:
		entry = waveComes(r, m.Wave.Value, m.HostState)
	case m.Host != "":
		h := r.host(m.Host)
		if h == nil {
			return truth{}, w.noMember(m.Host, r)
		}
		if !m.dispatched {
			entry = h.states.comes(m.HostState)
		} else if len(h.dispatches) > 0 {
			entry = h.dispatches[0]
		}
	case m.State != 0:
		entry = r.states.comes(m.State)
	default:
		entry = r.states[0].entry
	}
	if entry == noEntry {
		return truth{}, w.fail(
			w.telling.about(string(r.id)),
			w.current,
			fmt.Sprintf(
				"%v: this never comes; the rollout goes through %s%s", m, r.states.path(),
				w.whyMoment("\n", r, m),
			),
		)
	}
	return truth{w.at(entry), entry}, nil
}

// noMember says that a host is not one of a rollout.
func (w *world) noMember(h reducer.HostID, r *rolloutPast) error {
	if err := w.checkHosts([]reducer.HostID{h}, w.guests...); err != nil {
		return err
	}
	return fmt.Errorf("host %q never joins rollout %q", h, r.id)
}

// comes is the entry in which something comes to a state for the first time; noEntry for never.
func (p past[S]) comes(state S) int {
	for _, c := range p {
		if c.to == state {
			return c.entry
		}
	}
	return noEntry
}

// waveComes is the entry in which a wave comes to a state of hosts for the first time, as the
// simulator understands it: one of its hosts is in it, and none has still to get that far.
func waveComes(r *rolloutPast, wave uint32, state reducer.HostState) int {
	var all past[reducer.HostState]
	for _, h := range r.hosts {
		if h.wave == wave {
			all = append(all, h.states...)
		}
	}
	slices.SortFunc(all, func(a, b change[reducer.HostState]) int { return a.entry - b.entry })
	counts := make(map[reducer.HostState]int)
	behind := 0
	count := func(s reducer.HostState, n int) {
		counts[s] += n
		if sim.Progress(s) < sim.Progress(state) {
			behind += n
		}
	}
	for _, c := range all {
		if c.from != 0 {
			count(c.from, -1)
		}
		if count(c.to, 1); counts[state] > 0 && behind == 0 {
			return c.entry
		}
	}
	return noEntry
}
