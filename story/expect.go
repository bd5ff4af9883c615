package story

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

// An unmetError says that an expectation does not hold.
type unmetError struct{ text string }

func (e *unmetError) Error() string { return e.text }

// fail returns the error of an expectation that does not hold. entry is the entry of the trace that
// shows it; noEntry if none exists.
func (w *world) fail(entry int, expected, found string) error {
	const indent = "\n          "
	var b strings.Builder
	fmt.Fprintf(&b, "expected  %s\n", strings.ReplaceAll(expected, "\n", indent))
	fmt.Fprintf(&b, "found     %s\n", strings.ReplaceAll(found, "\n", indent))
	if lines := w.history.around(entry, w.timeline.now); len(lines) > 0 {
		fmt.Fprintf(&b, "trace     %s\n", strings.Join(lines, indent))
	}
	return &unmetError{strings.TrimSuffix(b.String(), "\n")}
}

// failAbout is fail with the current sentence, and the last entry about a rollout or channel.
func (w *world) failAbout(subject, found string) error {
	return w.fail(w.history.lastAbout(subject), w.sentence, found)
}

// matched records the time and the entry that an expectation was about, which holds.
func (w *world) matched(at time.Duration, entry int) error {
	w.that = occurrence{at, entry}
	return nil
}

// matchedEntry is matched for an entry of the trace.
func (w *world) matchedEntry(entry int) error { return w.matched(w.history.at(entry), entry) }

// fromThat returns in words how much later a time is, or how much before.
func fromThat(d time.Duration) string {
	if d < 0 {
		return elapsed(-d) + " before"
	}
	return elapsed(d) + " later"
}

// resolve returns the time at which an expectation looks. It ensures that the history extends to
// that time. If the time is the end of the run, it moves the present there.
func (w *world) resolve(v *viewpoint) (time.Duration, error) {
	at := w.timeline.now
	switch {
	case v.kind == afterThat:
		return 0, errors.New("this looks at one time: say when, for example \"10 minutes after " +
			"everything has settled\", and not how much later")
	case v.kind == atEnd:
		at = w.history.end()
		w.timeline.moveTo(at)
	case v.kind == atClause && v.when.kind == onceSettled:
		at = max(at, w.history.settled())
	case v.kind == atClause:
		o, err := w.firstTime(&v.when.moment)
		if err != nil {
			return 0, err
		}
		at = o.at + v.when.offset
	}
	return at, w.runTo(at)
}

// resolveOne is resolve for an expectation that may also look at one time counted from what the
// sentence before was about. It then moves the present there.
func (w *world) resolveOne(v *viewpoint) (time.Duration, error) {
	if v.kind != afterThat {
		return w.resolve(v)
	}
	if v.from != v.to {
		return 0, errors.New("this looks at one time: say when, for example \"5 minutes later\"")
	}
	w.timeline.moveTo(w.that.at + v.to)
	return w.resolve(&viewpoint{kind: atPresent})
}

// expectAt checks whether something is so at the time at which a sentence looks. why returns what
// happens in the whole run instead.
func (w *world) expectAt(
	v *viewpoint, want bool, is func(time.Duration) bool, why func() []string,
) error {
	at, err := w.resolveOne(v)
	if err != nil {
		return err
	}
	if is(at) == want {
		return w.matched(at, noEntry)
	}
	found := append(why(), "this looks at "+elapsed(at))
	return w.fail(noEntry, w.sentence, strings.Join(found, "\n"))
}

// countDispatches checks how many dispatches are sent, for a rollout or for any, at times that
// count for its channel.
func (w *world) countDispatches(
	n amount, id reducer.RolloutID, counts func(reducer.ChannelID, time.Duration) bool,
) error {
	var found []string
	entry := noEntry
	all := 0
	for i := range w.history.entries {
		e := &w.history.entries[i]
		if e.Plan == nil || e.Plan.Action != trace.QueueDispatch || id != "" && e.Rollout != id {
			continue
		}
		if all++; !counts(channelIn(e.Rollout), w.history.at(i)) {
			continue
		}
		entry = i
		found = append(found, fmt.Sprintf("%s  %s", elapsed(w.history.at(i)), e.Plan.Host))
	}
	if n.holds(len(found), all) {
		return nil
	}
	found = append(found, fmt.Sprintf("%d in all", len(found)))
	return w.fail(entry, w.sentence, strings.Join(found, "\n"))
}

// anyDispatches returns why an expectation of how many dispatches there are, for a rollout or for
// any, could not fail: any number of them would do.
func anyDispatches(w *world, n amount, id reducer.RolloutID) string {
	all := 0
	for i := range w.history.entries {
		e := &w.history.entries[i]
		if e.Plan != nil && e.Plan.Action == trace.QueueDispatch && (id == "" || e.Rollout == id) {
			all++
		}
	}
	if all == 0 || !n.certain(all) {
		return ""
	}
	return fmt.Sprintf("there are %d dispatches, and any number of them would do", all)
}

// rollout returns a rollout that was opened. The history then extends as far as runFor ensures.
func (w *world) rollout(id reducer.RolloutID, v *viewpoint) (*rolloutHistory, error) {
	if err := w.runFor(v); err != nil {
		return nil, err
	}
	return w.history.rollout(id)
}

// runFor ensures that the history extends as far as an expectation looks, if it counts from what
// the sentence before was about. For all others resolve does.
func (w *world) runFor(v *viewpoint) error {
	if v.kind != afterThat {
		return nil
	}
	return w.runTo(w.that.at + v.to)
}

// firstTime returns when a moment is true for the first time. A moment without a rollout is one of
// the latest rollout of its host's channel, or else of the latest rollout of all.
func (w *world) firstTime(m *moment) (occurrence, error) {
	switch {
	case m.settled:
		return occurrence{w.history.settled(), noEntry}, nil
	case m.start:
		return occurrence{0, noEntry}, nil
	case m.poll:
		return occurrence{w.fleet.nextPoll(m.channel, w.timeline.now), noEntry}, nil
	case m.clock != nil:
		return occurrence{m.clock.next(w.fleet.Start, w.that.at), noEntry}, nil
	case m.down, m.back:
		return w.firstOutage(m)
	case m.Rollout == "" && m.Host != "":
		var err error
		if m.Rollout, err = w.rolloutOf(m); err != nil {
			return occurrence{}, err
		}
	case m.Rollout == "":
		m.Rollout = w.names.last
	}
	r, err := w.history.rollout(m.Rollout)
	if err != nil {
		return occurrence{}, err
	}
	entry := r.states[0].entry
	switch {
	case m.Wave.Set:
		entry = firstOfWave(r, m.Wave.Value, m.HostState)
	case m.Host != "":
		h := r.host(m.Host)
		if h == nil {
			return occurrence{}, w.noMember(m.Host, r)
		}
		entry = firstOfHost(h, m)
	case m.State != 0:
		entry = r.states.first(m.State)
	}
	if entry == noEntry {
		found := fmt.Sprintf("%v: this never happens; the rollout goes through %s", m, r.states)
		if why := w.explain().noMoment(r, m); why != "" {
			found += "\n" + why
		}
		return occurrence{}, w.failAbout(string(r.id), found)
	}
	return occurrence{w.history.at(entry), entry}, nil
}

// rolloutOf returns the rollout of a moment of a host that names none: the one under which it
// happened, or else the latest of the host's channel. A moment that happened under several is
// ambiguous.
func (w *world) rolloutOf(m *moment) (reducer.RolloutID, error) {
	var under []string
	for _, r := range w.history.order {
		if h := r.host(m.Host); h != nil && firstOfHost(h, m) != noEntry {
			under = append(under, string(r.id))
		}
	}
	switch len(under) {
	case 0:
		return w.names.latestOf(w.fleet.channelOf(m.Host), w.names.last), nil
	case 1:
		return reducer.RolloutID(under[0]), nil
	}
	state := "dispatched"
	if !m.dispatched {
		state = m.HostState.String()
	}
	return "", fmt.Errorf(
		"host %s is %s under %s: write under which of them, as in host %q under %q is %s", m.Host,
		state, strings.Join(under, " and under "), m.Host, under[0], state,
	)
}

// firstOfHost returns the entry that makes a moment of a host true; noEntry if none exists.
func firstOfHost(h *hostHistory, m *moment) int {
	switch {
	case !m.dispatched:
		return h.states.first(m.HostState)
	case len(h.dispatches) > 0:
		return h.dispatches[0]
	}
	return noEntry
}

// firstOfWave returns the entry with which a wave is in a state of hosts for the first time, by the
// simulator's definition: one of its hosts is in that state, and none is behind it. It returns
// noEntry if that never happens.
func firstOfWave(r *rolloutHistory, wave uint32, state reducer.HostState) int {
	var all changes[reducer.HostState]
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

// noMember returns the error of a host that is not one of a rollout.
func (w *world) noMember(h reducer.HostID, r *rolloutHistory) error {
	if err := w.fleet.checkHosts([]reducer.HostID{h}, w.names.hosts...); err != nil {
		return err
	}
	return fmt.Errorf("host %q never joins rollout %q", h, r.id)
}

// A subject has the state that an expectation is about: a rollout, its current wave, a host under a
// rollout, or a channel.
type subject[S comparable] struct {
	label   string // precedes the state in messages; empty for the rollout that the sentence names
	changes changes[S]
	whyNot  func(S) string // returns why it is never in a state; empty if the reason is unknown
}

// expect checks that the subject is in a state at the time at which the sentence looks. If the
// sentence counts from the one before, it calls expectLater.
func (s *subject[S]) expect(w *world, state S, v *viewpoint) error {
	if v.kind == afterThat {
		return s.expectLater(w, state, v)
	}
	at, err := w.resolve(v)
	if err != nil {
		return err
	}
	c, was := s.changes.at(at)
	if was && c.to == state {
		return w.matched(c.at, c.entry)
	}
	found := s.label + "nothing yet"
	if was {
		found = fmt.Sprintf("%s%v since %s", s.label, c.to, elapsed(c.at))
	}
	return w.fail(c.entry, w.sentence, found+"; "+s.whenElse(state, at))
}

// whenElse returns in words when the subject is in a state, in which it is not at a given time: the
// first time after that one, or else the last before it.
func (s *subject[S]) whenElse(state S, at time.Duration) string {
	text := ""
	for i, c := range s.changes {
		if c.to != state {
			continue
		}
		text = fmt.Sprintf("it is %v from %s", state, elapsed(c.at))
		if i+1 < len(s.changes) {
			text += " to " + elapsed(s.changes[i+1].at)
		}
		if c.at > at {
			return text + ", and this looks at " + elapsed(at)
		}
	}
	if text == "" {
		return s.isNever(state)
	}
	return text
}

func (s *subject[S]) isNever(state S) string {
	if why := s.whyNot(state); why != "" {
		return fmt.Sprintf("it is never %v: %s", state, why)
	}
	return fmt.Sprintf("it is never %v", state)
}

// expectLater checks that the subject turns to a state in a span of time, counted from what the
// sentence before was about. The present moves there.
func (s *subject[S]) expectLater(w *world, state S, v *viewpoint) error {
	for _, c := range s.changes {
		if d := c.at - w.that.at; c.to == state && d >= v.from && d <= v.to {
			w.timeline.passTo(c.at)
			return w.matched(c.at, c.entry)
		}
	}
	expected := w.sentence + ", counted from " + elapsed(w.that.at)
	for _, c := range slices.Backward(s.changes) {
		if c.to == state {
			found := fmt.Sprintf(
				"%s%v at %s, %s", s.label, state, elapsed(c.at), fromThat(c.at-w.that.at),
			)
			return w.fail(c.entry, expected, found)
		}
	}
	entry := noEntry
	if len(s.changes) > 0 {
		entry = s.changes[len(s.changes)-1].entry
	}
	return w.fail(entry, w.sentence, fmt.Sprintf("%s%s; %s", s.label, s.changes, s.isNever(state)))
}

// expectBeen checks that the subject was in a state by a time.
func (s *subject[S]) expectBeen(w *world, state S, by time.Duration) error {
	for _, c := range s.changes {
		if c.to == state && c.at <= by {
			return w.matched(c.at, c.entry)
		}
	}
	c, _ := s.changes.at(by)
	found := fmt.Sprintf("%s%s; %s", s.label, s.changes, s.whenElse(state, by))
	return w.fail(c.entry, w.sentence, found)
}

// expectNever checks that the subject is never in a state.
func (s *subject[S]) expectNever(w *world, state S) error {
	for _, c := range s.changes {
		if c.to == state {
			return w.fail(c.entry, w.sentence, fmt.Sprintf("%s%v at %s", s.label, state, elapsed(c.at)))
		}
	}
	return nil
}

// rolloutSubject returns a rollout as the subject of an expectation.
func rolloutSubject(w *world, r *rolloutHistory) *subject[reducer.State] {
	return &subject[reducer.State]{
		changes: r.states,
		whyNot:  func(s reducer.State) string { return w.explain().noState(r, s) },
	}
}

// expectCount checks how many entries were found. why is the reason if there can be none; empty if
// there can be some.
func (w *world) expectCount(found []int, n times, why string) error {
	if got := uint64(len(found)); got >= n.least && got <= n.most {
		return nil
	}
	if len(found) == 0 {
		if why != "" {
			why = ": " + why
		}
		return w.fail(noEntry, w.sentence, "it never happens"+why)
	}
	const most = 10
	var lines []string
	for _, i := range found[:min(most, len(found))] {
		lines = append(lines, elapsed(w.history.at(i)))
	}
	if len(found) > most {
		lines = append(lines, "…")
	}
	often := "once"
	if len(found) > 1 {
		often = fmt.Sprintf("%d times", len(found))
	}
	return w.fail(found[len(found)-1], w.sentence, often+"\n"+strings.Join(lines, "\n"))
}
