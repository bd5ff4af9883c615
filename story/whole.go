package story

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/story/gherkin"
)

// A claim is a sentence about the whole run that held when it was carried out.
type claim struct {
	reading  reading
	sentence string
	step     int
	that     occurrence
	now      time.Duration
}

// scope returns the part of the run that the sentence is about.
func (r *reading) scope() scope {
	for _, v := range r.values {
		if v, ok := v.(viewpoint); ok && v.kind == atEnd {
			return endOfRun
		}
	}
	return r.step.scope
}

// checkLength refuses a sentence about the whole run, which holds, if the run ends before that is
// decided: in a longer run it would not hold. Without a limit a run is always long enough.
func (w *world) checkLength(c *claim) error {
	if w.simulator.limit == 0 || !w.failsBy(c, w.longEnough()) {
		return nil
	}
	needed := w.longEnough()
	if settled := w.longer(needed).history; settled != nil {
		if at := roundUp(settled.settled()); at > w.simulator.limit && w.failsBy(c, at) {
			needed = at
		}
	}
	return w.tooShort(c.sentence, needed)
}

func (w *world) tooShort(sentence string, needed time.Duration) error {
	return fmt.Errorf(
		"the run is too short to decide this: %s\n    it lasts %s, and in a longer one this does not "+
			"hold: say, for example, Given the run lasts %s", sentence, InWords(w.simulator.limit),
		InWords(needed),
	)
}

// longEnough returns a length of the run that is enough to decide every sentence: all that is under
// way at its end then settles, and every retention ends.
func (w *world) longEnough() time.Duration {
	return roundUp(w.simulator.limit + w.fleet.quiet() + w.fleet.retention())
}

// longer returns a copy of the world in which the run has another limit, with the history of such a
// run. The history is nil if it cannot be simulated, because it has too many entries.
func (w *world) longer(limit time.Duration) *world {
	long := *w
	long.simulator.limit, long.history = limit, nil
	h, err := long.simulator.run(w.scenario(w.timeline.actions), span{})
	if err == nil {
		long.history = h
	}
	w.simulator.entries = long.simulator.entries
	return &long
}

// failsBy reports whether a sentence does not hold if the run lasts for a time.
func (w *world) failsBy(c *claim, lasts time.Duration) bool {
	long := w.longer(lasts)
	return long.history != nil && errors.As(long.claimAgain(c), new(*unmetError))
}

// claimAgain carries out a sentence again, with what preceded it then.
func (w *world) claimAgain(c *claim) error {
	again := *w
	again.sentence, again.step, again.that = c.sentence, c.step, c.that
	again.timeline.now = c.now
	again.allowed = allowed{} // what it allows is allowed already
	return c.reading.step.call(&again, c.reading.values, c.reading.table)
}

// checkClaims refuses a sentence about the whole run that held at its place in the story, and no
// longer holds at the end of the story.
func (w *world) checkClaims() error {
	for _, c := range w.claims {
		err := w.claimAgain(c)
		var unmet *unmetError
		if errors.As(err, &unmet) {
			return &unmetError{fmt.Sprintf(
				"this held at its place in the story, and what follows makes it false: it is about the "+
					"whole run\n%s", unmet.text,
			)}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isShort reports whether a longer run does not have a violation of liveness.
func (w *world) isShort(v invariant.Violation) bool {
	if w.simulator.limit == 0 || v.Invariant != invariant.Stuck {
		return false
	}
	long := w.longer(w.longEnough())
	if long.history == nil {
		return false
	}
	for _, other := range long.history.result.Violations {
		if v.Is(other) {
			return false
		}
	}
	return true
}

// checkFailures refuses a rollout that has failed or was Reverted and that no sentence names,
// neither by its id nor by a host of it.
func (w *world) checkFailures() error {
	for _, r := range w.history.order {
		for _, c := range r.states {
			if c.to != reducer.Failed && c.to != reducer.Reverted || w.mentions(r) {
				continue
			}
			is := "has been"
			if now, _ := r.states.at(w.timeline.now); now.to == c.to {
				is = "is"
			}
			return w.fail(c.entry, fmt.Sprintf("rollout %q not to fail", r.id), fmt.Sprintf(
				"%v at %s, and no sentence names the rollout or one of its hosts\n"+
					"if it is right, say: Then %q %s %v", c.to, elapsed(c.at), r.id, is, c.to,
			))
		}
	}
	return nil
}

// mentions reports whether a sentence or a table of the scenario names a rollout or one of its
// hosts.
func (w *world) mentions(r *rolloutHistory) bool {
	if w.mentioned[string(r.id)] {
		return true
	}
	for _, h := range r.hosts {
		if w.mentioned[string(h.id)] {
			return true
		}
		for name := range w.mentioned {
			if strings.ContainsAny(name, "*?[") && matchesHost(name, h.id) {
				return true
			}
		}
	}
	return false
}

// mention records the names in a text.
func (w *world) mention(text string) {
	if w.mentioned == nil {
		w.mentioned = make(map[string]bool)
	}
	for _, name := range items(gherkin.Plain(text)) {
		w.mentioned[strings.TrimRight(name, ":")] = true
	}
}

// roundUp rounds a time up to a whole minute, and one of days to a whole hour.
func roundUp(d time.Duration) time.Duration {
	unit := time.Minute
	if d > 24*time.Hour {
		unit = time.Hour
	}
	return (d + unit - 1) / unit * unit
}

// InWords returns a length of time as a sentence may spell it.
func InWords(d time.Duration) string {
	var parts []string
	for _, u := range []struct {
		length time.Duration
		name   string
	}{
		{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"},
		{time.Millisecond, "millisecond"},
	} {
		n := d / u.length
		d -= n * u.length
		switch {
		case n == 1:
			parts = append(parts, "1 "+u.name)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", n, u.name))
		}
	}
	if parts == nil {
		return "0 seconds"
	}
	return strings.Join(parts, " and ")
}
