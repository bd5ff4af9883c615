package shrink

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/trace"
)

// Explanation says why a case fails, as far as runs of its neighbours show that.
type Explanation struct {
	Without []Neighbour // for each line that is left, what happens without it
	Values  []Tried     // for each length of time in its file, whether it matters
	Seeds   int         // how many of the seeds 1 to OtherValues show the key
	Partly  bool        // the effort was used up before all of that was tried
	Trace   []Line      // around the violation
}

// Neighbour is a case without one of its lines.
type Neighbour struct {
	What, Happens string
}

// Tried is a length of time, and other lengths with which the case shows its key or does not.
type Tried struct {
	What       string
	Is         time.Duration
	Shows, Not []time.Duration // in ascending order
}

// Line is a line of a trace.
type Line struct {
	Text    string
	Decides bool // it is the entry of the violation, or the last event of its rollout
}

// OtherValues is how many other values of each length of time are tried.
const OtherValues = 24

// others are the values to try instead of one.
var others = []time.Duration{
	0, time.Millisecond, time.Second, 10 * time.Second, 14 * time.Second, 30 * time.Second,
	59 * time.Second, time.Minute, 61 * time.Second, 2 * time.Minute, 5 * time.Minute,
	10 * time.Minute, 20 * time.Minute, 30 * time.Minute, 59 * time.Minute, time.Hour,
	61 * time.Minute, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
	2 * 24 * time.Hour, 3 * 24 * time.Hour, 7 * 24 * time.Hour, 14 * 24 * time.Hour,
}

// explainEffort returns how many entries an explanation simulates at most: for a large case, which
// has many neighbours, a quarter of what the search has simulated.
func explainEffort(c *Case) uint64 {
	if c.Spent {
		return c.Entries / 4
	}
	return DefaultEffort
}

// Explain runs the neighbours of a case.
func Explain(ctx context.Context, c *Case, m reducer.Machine) (*Explanation, error) {
	s := &shrinker{lab: lab{
		ctx: ctx, key: c.Key, machine: m, limit: explainEffort(c), longest: c.longest,
		verdicts: make(map[uint64]verdict), guard: !c.Specification,
	}, best: c.Scenario, opt: &Options{Machine: m, Key: &c.Key}}
	if err := s.chooseKey(); err != nil {
		return nil, err
	}
	e := &Explanation{}
	err := s.explain(c, e)
	if errors.Is(err, errSpent) {
		e.Partly, err = true, nil
	}
	if err != nil {
		return nil, err
	}
	e.Trace = s.trail(c)
	return e, nil
}

// explain runs the neighbours of a case, until the effort is used up.
func (s *shrinker) explain(c *Case, e *Explanation) error {
	for _, l := range linesOf(c.Scenario) {
		n := clone(c.Scenario)
		l.remove(n)
		tidy(n)
		happens, err := s.happens(n)
		if err != nil {
			return err
		}
		e.Without = append(e.Without, Neighbour{l.name, happens})
	}
	for _, v := range values(c.Scenario) {
		if is := v.get(c.Scenario); v.cost(is) > 0 || strings.HasPrefix(v.name, "the time of") {
			tried, err := s.tried(&v, is)
			if err != nil {
				return err
			}
			e.Values = append(e.Values, *tried)
		}
	}
	for seed := range uint64(OtherValues) {
		n := clone(c.Scenario)
		n.Seed = seed + 1
		ok, err := s.holds(n)
		if err != nil {
			return err
		}
		if ok {
			e.Seeds++
		}
	}
	return nil
}

// holds reports whether a scenario shows the key.
func (s *shrinker) holds(sc *sim.Scenario) (bool, error) {
	v, err := s.judge(sc, text(sc, s.machine.Name()))
	return v.holds, err
}

// tried tries other values of a length of time.
func (s *shrinker) tried(v *value, is time.Duration) (*Tried, error) {
	t := &Tried{What: v.name, Is: is}
	for _, d := range others {
		if d == is || d < v.least || d%max(1, v.step) != 0 {
			continue
		}
		n := clone(s.best)
		v.set(n, d)
		ok, err := s.holds(n)
		if err != nil {
			return nil, err
		}
		if ok {
			t.Shows = append(t.Shows, d)
		} else {
			t.Not = append(t.Not, d)
		}
	}
	return t, nil
}

// String says whether the value matters.
func (t *Tried) String() string {
	head := fmt.Sprintf("%s, %s: ", t.What, scenario.FormatDuration(t.Is))
	n := len(t.Shows) + len(t.Not)
	switch {
	case len(t.Not) == 0:
		return head + fmt.Sprintf("does not matter: any of %d others", n)
	case len(t.Shows) == 0:
		return head + fmt.Sprintf("none of %d others", n)
	}
	all := append(append(slices.Clone(t.Shows), t.Not...), t.Is)
	slices.Sort(all)
	var parts []string
	for i := 0; i < len(all); {
		if slices.Contains(t.Not, all[i]) {
			i++
			continue
		}
		from := i
		for i < len(all) && !slices.Contains(t.Not, all[i]) {
			i++
		}
		switch first, last := all[from], all[i-1]; {
		case i == len(all):
			parts = append(parts, scenario.FormatDuration(first)+" and above")
		case from == 0 && last > 0:
			parts = append(parts, "up to "+scenario.FormatDuration(last))
		case first == last:
			parts = append(parts, scenario.FormatDuration(first))
		default:
			parts = append(parts, scenario.FormatDuration(first)+" to "+scenario.FormatDuration(last))
		}
	}
	return head + fmt.Sprintf("%s, of %d others", strings.Join(parts, ", "), n)
}

// happens runs a neighbour, and says what is violated instead of the key.
func (s *shrinker) happens(sc *sim.Scenario) (string, error) {
	file := text(sc, s.machine.Name())
	if _, err := scenario.Parse("case.yaml", []byte(file)); err != nil {
		return "it is no scenario", nil //nolint:nilerr // that is the answer
	}
	ok, err := s.holds(sc)
	if err != nil {
		return "", err
	}
	if ok {
		return "it fails in the same way", nil
	}
	if s.pair[0] != nil {
		return "both machines answer alike", nil
	}
	found, err := s.run(sc, s.machine, nil)
	if err != nil {
		return "", err
	}
	var all []string
	same := false
	for i := range found {
		if s.key.fits(&found[i]) {
			same = true
			continue
		}
		k := KeyOf(&found[i], false).String()
		if found[i].Excused != "" {
			k += " (excused)"
		}
		if !slices.Contains(all, k) {
			all = append(all, k)
		}
	}
	switch {
	case same:
		return "it fails as specified, too, or only because the run ends too early", nil
	case len(all) == 0:
		return "holds", nil
	}
	return "holds, and violates " + conjoined(all), nil
}

// line is a line of a case that can be removed.
type line struct {
	name   string
	remove func(*sim.Scenario)
}

// linesOf returns the lines of a case, in the order of its file.
func linesOf(sc *sim.Scenario) []line {
	all := linesOfFleet(sc)
	for i := range sc.Fates {
		all = append(all, line{
			fmt.Sprintf("the fate of host %s, %v", sc.Fates[i].Host, sc.Fates[i].Kind),
			func(sc *sim.Scenario) { sc.Fates = slices.Delete(sc.Fates, i, i+1) },
		})
	}
	for i := range sc.Delays {
		d := &sc.Delays[i]
		all = append(all, line{
			fmt.Sprintf("the %v of host %s%s", d.Stage, d.Host, underRef(d.Ref)),
			func(sc *sim.Scenario) { sc.Delays = slices.Delete(sc.Delays, i, i+1) },
		})
	}
	for i := range sc.Timeline {
		all = append(all, line{
			actionName(&sc.Timeline[i]),
			func(sc *sim.Scenario) { sc.Timeline = slices.Delete(sc.Timeline, i, i+1) },
		})
	}
	for i := range sc.Faults {
		all = append(all, line{
			fmt.Sprintf("%v by chance", sc.Faults[i].Kind),
			func(sc *sim.Scenario) { sc.Faults = slices.Delete(sc.Faults, i, i+1) },
		})
	}
	return all
}

func linesOfFleet(sc *sim.Scenario) (all []line) {
	add := func(remove func(*sim.Scenario), format string, args ...any) {
		all = append(all, line{fmt.Sprintf(format, args...), remove})
	}
	for i := range sc.Channels {
		ch := &sc.Channels[i]
		if len(sc.Channels) > 1 {
			add(func(sc *sim.Scenario) { sc.Channels = slices.Delete(sc.Channels, i, i+1) },
				"channel %s", ch.ID)
		}
		if ch.Policy.OnHealthFailure != reducer.Halt {
			add(func(sc *sim.Scenario) { sc.Channels[i].Policy.OnHealthFailure = reducer.Halt },
				"the policy %v of %s", ch.Policy.OnHealthFailure, ch.ID)
		}
		for n, after := range ch.After {
			add(func(sc *sim.Scenario) {
				sc.Channels[i].After = slices.Delete(sc.Channels[i].After, n, n+1)
			}, "%s waiting for %s", ch.ID, after)
		}
		for n, e := range ch.HostEdges {
			add(func(sc *sim.Scenario) {
				sc.Channels[i].HostEdges = slices.Delete(sc.Channels[i].HostEdges, n, n+1)
			}, "host %s waiting for host %s", e.Host, e.After)
		}
		for _, h := range hostsOf(ch) {
			add(func(sc *sim.Scenario) { removeHost(sc, h) }, "host %s", h)
		}
	}
	for i := range sc.Budgets {
		add(func(sc *sim.Scenario) { sc.Budgets = slices.Delete(sc.Budgets, i, i+1) },
			"budget %s", sc.Budgets[i].Name)
	}
	for i := range sc.Quarantine {
		add(func(sc *sim.Scenario) { sc.Quarantine = slices.Delete(sc.Quarantine, i, i+1) },
			"the quarantine of %s on %s", sc.Quarantine[i].Closure, sc.Quarantine[i].Channel)
	}
	for i := range sc.Running {
		add(func(sc *sim.Scenario) { sc.Running = slices.Delete(sc.Running, i, i+1) },
			"what %s run at the start", strings.Join(sc.Running[i].Hosts, " "))
	}
	for i := range sc.Releases {
		add(func(sc *sim.Scenario) { sc.Releases = slices.Delete(sc.Releases, i, i+1) },
			"the details of ref %s", sc.Releases[i].Ref)
	}
	return all
}

// The entries of a trace that are shown before and after the one that decides.
const (
	shownBefore = 8
	shownAfter  = 3
)

// trail returns the lines of the trace around the violation.
func (s *shrinker) trail(c *Case) []Line {
	var log trace.Collector
	if _, err := simulate(c.Scenario, sim.Options{
		Machine: s.machineOf(), Seed: c.Scenario.Seed, Sink: &log,
	}); err != nil || len(log.Entries) == 0 {
		return nil
	}
	all := log.Entries
	decides := -1
	for i := range all {
		e := &all[i]
		if c.Violation.Seq > 0 && e.Seq == c.Violation.Seq || c.Violation.Seq == 0 &&
			e.Event != nil && string(e.Rollout) == c.Violation.Subject {
			decides = i
		}
	}
	lineOf := func(e *trace.Entry) string { return lineOf(&all[0], e, aboutMessages(c.Key.Invariant)) }
	if decides >= 0 {
		return around(all, decides, lineOf)
	}
	return nil
}

// around returns the lines before and after an entry, which is always one of them.
func around(all []trace.Entry, decides int, lineOf func(*trace.Entry) string) (lines []Line) {
	before, after := 0, 0
	for i := decides; i > 0 && before < shownBefore; i-- {
		if text := lineOf(&all[i]); text != "" {
			lines = append(lines, Line{text, i == decides})
			before++
		}
	}
	slices.Reverse(lines)
	for i := decides + 1; i < len(all) && after < shownAfter; i++ {
		if text := lineOf(&all[i]); text != "" {
			lines = append(lines, Line{text, false})
			after++
		}
	}
	return lines
}

// aboutMessages reports whether an invariant is about the messages of agents.
func aboutMessages(name invariant.Name) bool {
	return name == invariant.AcknowledgedKept || name == invariant.EvidenceKept
}

// lineOf returns an entry as a golden has it, or "" for one that it leaves out. messages are those
// of agents, which a golden leaves out.
func lineOf(header, e *trace.Entry, messages bool) string {
	if e.Kind == trace.KindEnd || e.Kind == trace.KindHeader ||
		!messages && e.Kind == trace.KindAgentEvent || e.Plan != nil && e.Plan.Attempt > 1 {
		return ""
	}
	lines := trace.Lines{Start: header.At}
	return string(lines.Append(nil, e))
}

// isDefault reports whether a scenario runs as specified.
func isDefault(m reducer.Machine, sc *sim.Scenario) bool {
	table, ok := m.(*reducer.Table)
	return ok && table.SameCells(reducer.RFC0008()) && specified(sc)
}
