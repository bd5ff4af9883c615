package shrink

import (
	"context"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/story"
)

// draft is a choice among the sentences.
type draft struct {
	delays   uint          // the bits of the sentences of author.delays that it has
	every    bool          // instead of these it says that every stage takes no time
	lasts    time.Duration // it says how long the run lasts; 0 if it need not
	seed     bool          // it says the seed
	violated bool          // it says what the specification violates
	when     []int         // for each line of the timeline, the index of its way
	expect   int
}

// choose returns the simplest draft that the case needs.
func (w *author) choose() (draft, bool) {
	d := draft{expect: len(w.expects) - 1}
	for !w.begin(&d) {
		if d.expect--; d.expect < 0 || w.c.Key.Departs == 0 {
			return d, false
		}
	}
	simpler := func(edit func(*draft)) bool {
		try := d
		try.when = slices.Clone(d.when)
		edit(&try)
		if !w.shows(&try) {
			return false
		}
		d = try
		return true
	}
	simpler(func(d *draft) { clear(d.when); d.delays = 0 })
	for i := range d.when {
		for n := range d.when[i] {
			if simpler(func(d *draft) { d.when[i] = n; d.delays = 0 }) ||
				simpler(func(d *draft) { d.when[i] = n }) {
				break
			}
		}
	}
	simpler(func(d *draft) { d.delays = 0 })
	for i := range w.delays {
		if bit := uint(1) << i; d.delays&bit != 0 {
			simpler(func(d *draft) { d.delays &^= bit })
		}
	}
	if bits.OnesCount(d.delays) > 1 {
		simpler(func(d *draft) { d.every = true })
	}
	for n := range w.expects {
		if simpler(func(d *draft) { d.expect = n }) {
			break
		}
	}
	return d, w.shows(&d)
}

// begin finds the first draft that shows the key: one that says more than it need.
func (w *author) begin(d *draft) bool {
	for _, d.seed = range choices(w.c.Scenario.Seed != 1) {
		if w.beginAt(d) {
			return true
		}
	}
	return false
}

// choices returns what to try of something that a draft may say: not to say it, and to say it.
func choices(possible bool) []bool {
	if possible {
		return []bool{false, true}
	}
	return []bool{false}
}

// beginAt is begin for a draft whose seed is chosen.
func (w *author) beginAt(d *draft) bool {
	for _, d.lasts = range []time.Duration{
		0, w.c.Scenario.Horizon, 24 * time.Hour, 7 * 24 * time.Hour,
	} {
		for _, d.delays = range []uint{1<<len(w.delays) - 1, 0} {
			for _, d.when = range w.whens() {
				if w.shows(d) {
					return true
				}
			}
		}
	}
	return false
}

// whens returns the ways to begin with: every line said as exactly as possible, as exactly as its
// plain sentence can, and as simply as possible.
func (w *author) whens() [][]int {
	exact, plain := make([]int, len(w.happens)), make([]int, len(w.happens))
	for i := range w.happens {
		ways := w.happens[i].ways
		exact[i] = len(ways) - 1
		for n := range ways {
			if ways[n].sentence == ways[0].sentence {
				plain[i] = n
			}
		}
	}
	all := [][]int{exact, plain, make([]int, len(w.happens))}
	return slices.CompactFunc(all, slices.Equal[[]int])
}

// shows reports whether a draft fails at its expectation with the key, and passes as specified if
// the case does. It lets the draft say what the specification violates, if it passes only then.
func (w *author) shows(d *draft) bool {
	text := w.text(d)
	under := w.c.Scenario.ControlPlane
	failed, ok := runFeature(w.ctx, text, w.machine, under)
	if !ok || failed.Status != story.Failed || failed.Step == "" ||
		!strings.HasSuffix(failed.Step, w.expects[d.expect][len(w.expects[d.expect])-1]) {
		return false
	}
	fits := func(v sim.Violation) bool { return w.c.Key.fits(&v) }
	if w.c.Key.Departs == 0 && !slices.ContainsFunc(failed.Violations, fits) {
		return false
	}
	if w.c.Specification || w.anyway {
		return true
	}
	for _, d.violated = range choices(len(w.violated) > 0) {
		passed, ok := runFeature(w.ctx, w.text(d), reducer.RFC0008(), controlplane.Specified)
		if ok && passed.Status == story.Passed {
			return true
		}
	}
	return false
}

// refusal returns why a draft does not pass as specified.
func (w *author) refusal(d *draft) string {
	for i := range w.violations {
		if v := &w.violations[i]; v.Invariant == w.c.Key.Invariant && v.Excused != "" {
			return fmt.Sprintf("the specification violates %s, too, which is excused: %s", v, v.Excused)
		}
	}
	s, ok := runFeature(w.ctx, w.text(d), reducer.RFC0008(), controlplane.Specified)
	if !ok {
		return "it cannot run as specified"
	}
	lines := strings.Split(s.Message, "\n")
	if len(lines) > 1 && strings.HasPrefix(lines[1], " ") { // the first names a sentence
		return fmt.Sprintf("as specified it fails at %s: %s", lines[0], strings.TrimSpace(lines[1]))
	}
	return fmt.Sprintf("as specified it fails at %s: %s", s.Step, lines[0])
}

// runFeature runs the one scenario of a feature.
func runFeature(
	ctx context.Context, text string, m reducer.Machine, plane controlplane.Name,
) (story.Scenario, bool) {
	report, err := story.Run(ctx, story.Options{
		FS: fstest.MapFS{featureFile: {Data: []byte(text)}}, Paths: []string{featureFile},
		Machine: m, ControlPlane: plane,
	})
	if err != nil || len(report.Scenarios) != 1 {
		return story.Scenario{}, false
	}
	return report.Scenarios[0], true
}
