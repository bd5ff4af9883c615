package story

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/story/gherkin"
	"rollsim/trace"
)

// A Vacuity says how a scenario counts that is vacuous: something in it has no effect, or an
// expectation could not fail.
type Vacuity uint8

// How a vacuous scenario counts.
const (
	VacuousFails Vacuity = iota // unless it is tagged @vacuous:REASON
	VacuousWarns                // the report has a warning
)

// A vacuousKey identifies a part of a scenario that can be vacuous.
type vacuousKey struct {
	step int // its index; the number of steps for the scenario as a whole
	row  int // of a table in which each row stands for itself, from 1; else 0
}

// A vacuousPart is a part of a scenario that is vacuous.
type vacuousPart struct {
	vacuousKey
	why string
}

type vacuousParts map[vacuousKey]vacuousPart

// A removal is what one sentence of the scenario's own body adds to the simulated scenario, so that
// it can be taken out again.
type removal struct {
	vacuousKey
	sentence string
	chance   bool // a probability

	actions, fates, faults, traffic []int                 // indices
	lasting                         []int                 // of actions that never end without it
	without                         []func(*sim.Scenario) // further changes
	span                            *faultSpan            // of a fault that is certain; else nil
}

// A faultSpan is when a fault lasts, and the hosts that it concerns; none for all.
type faultSpan struct {
	kind     sim.FaultKind
	from, to time.Duration
	hosts    []reducer.HostID
}

// added returns the removal of the current sentence, for the caller to extend. What is not in the
// scenario's own body is not judged: the removal is then thrown away.
func (w *world) added() *removal {
	key := vacuousKey{w.step, w.row}
	if w.level != gherkin.OfScenario {
		return new(removal)
	}
	for _, r := range w.removals {
		if r.vacuousKey == key {
			return r
		}
	}
	r := &removal{vacuousKey: key, sentence: w.sentence}
	w.removals = append(w.removals, r)
	return r
}

// addedEnd records that the current sentence ends a fault at the present.
func (w *world) addedEnd(action int, kind sim.FaultKind, hosts []reducer.HostID) {
	r := w.added()
	r.lasting = append(r.lasting, action)
	r.addSpan(faultSpan{kind, w.timeline.now, w.timeline.now, hosts})
}

// addSpan records when a fault lasts.
func (r *removal) addSpan(f faultSpan) {
	if r.span != nil {
		f.from, f.to = min(f.from, r.span.from), max(f.to, r.span.to)
		f.hosts = append(slices.Clone(f.hosts), r.span.hosts...)
	}
	r.span = &f
}

// from returns a scenario without what the sentence added. An action and a fault stay, at a time
// that never comes and with a chance of 0: what exists at all decides how messages travel.
func (r *removal) from(sc sim.Scenario) *sim.Scenario {
	sc.Timeline, sc.Faults = slices.Clone(sc.Timeline), slices.Clone(sc.Faults)
	sc.Groups = slices.Clone(sc.Groups)
	for _, i := range r.actions {
		sc.Timeline[i].At, sc.Timeline[i].When = sc.Horizon+time.Hour, nil
	}
	for _, i := range r.lasting {
		lasts := *sc.Timeline[i].Fault
		lasts.For = endless
		sc.Timeline[i].Fault = &lasts
	}
	for _, i := range r.faults {
		sc.Faults[i].Probability = 0
	}
	sc.Fates = except(sc.Fates, r.fates)
	sc.Traffic = except(sc.Traffic, r.traffic)
	for _, change := range r.without {
		change(&sc)
	}
	return &sc
}

// except returns the elements whose index is not among some.
func except[T any](all []T, indices []int) []T {
	var kept []T
	for i, v := range all {
		if !slices.Contains(indices, i) {
			kept = append(kept, v)
		}
	}
	return kept
}

// judgeVacuity finds the vacuous parts of a scenario that has passed. Unless among is nil, it
// judges only the parts of these keys.
func (w *world) judgeVacuity(steps int, among vacuousParts) vacuousParts {
	found := make(vacuousParts)
	judged := func(k vacuousKey) bool {
		_, ok := among[k]
		return among == nil || ok
	}
	for _, e := range w.empty {
		if judged(e.vacuousKey) {
			found[e.vacuousKey] = e.vacuousPart
		}
	}
	if w.observed && len(w.timeline.actions) == 0 && len(w.fleet.Traffic) == 0 {
		k := vacuousKey{step: steps}
		found[k] = vacuousPart{k, "nothing happens in this scenario: it has no When"}
		return found
	}
	for _, r := range w.removals {
		if !judged(r.vacuousKey) {
			continue
		}
		if why := w.judge(r); why != "" && !w.mattersElsewhere(r) {
			found[r.vacuousKey] = vacuousPart{r.vacuousKey, why}
		}
	}
	return found
}

// mattersElsewhere reports whether what a sentence added is not vacuous in another run of the
// story.
func (w *world) mattersElsewhere(r *removal) bool {
	return slices.ContainsFunc(w.others, func(o *otherRun) bool {
		return slices.ContainsFunc(o.world.removals, func(again *removal) bool {
			return again.vacuousKey == r.vacuousKey && o.world.judge(again) == ""
		})
	})
}

// judge returns why what a sentence added is vacuous; empty if it is not.
func (w *world) judge(r *removal) string {
	switch {
	case r.chance && w.drew(r), !w.sameWithout(r):
		return ""
	case r.chance:
		return "nothing was drawn: the run is the same without this chance"
	case r.span != nil && w.outstanding(*r.span):
		return ""
	case r.span != nil:
		return "everything that it concerns has ended, and the run is the same without it"
	}
	return "the run is the same without it"
}

// drew reports whether a fault that comes by chance happened, as far as the trace shows it.
func (w *world) drew(r *removal) bool {
	for _, i := range r.faults {
		f := &w.fleet.Faults[i]
		for j := range w.history.entries {
			e := &w.history.entries[j]
			if e.Fault != nil && e.Fault.Fault == f.Kind.String() &&
				(len(f.Hosts) == 0 || slices.Contains(f.Hosts, string(e.Host))) {
				return true
			}
		}
	}
	return false
}

// sameWithout reports whether the run has the same trace without what a sentence added, apart from
// entries of faults.
func (w *world) sameWithout(r *removal) bool {
	sc := w.scenario(w.timeline.actions)
	sc.Machine, sc.Horizon = w.simulator.machine.Name(), w.history.end()
	compared := comparer{entries: w.history.entries, own: w.ownEntries(r)}
	// An error is a difference too: the run with the sentence has none.
	_, err := sim.Run(r.from(sc), sim.Options{
		Machine: w.simulator.driver(), Seed: sc.Seed, Sink: &compared,
	})
	return err == nil && compared.next() == nil
}

// A comparer is a sink that compares a run with the entries of another one, and ends the run at the
// first difference. It ignores entries of faults, and the number of an entry.
type comparer struct {
	entries []trace.Entry
	at      int
	own     []trace.HostEffect // that the run need not have
}

var errDiffers = errors.New("the runs differ")

func (c *comparer) compares(e *trace.Entry) bool {
	return e.Fault == nil && e.Header == nil && e.End == nil &&
		(e.HostEffect == nil || !slices.Contains(c.own, *e.HostEffect))
}

// next returns the next entry to compare with; nil if none exists.
func (c *comparer) next() *trace.Entry {
	for ; c.at < len(c.entries); c.at++ {
		if e := &c.entries[c.at]; c.compares(e) {
			c.at++
			return e
		}
	}
	return nil
}

func (c *comparer) Write(e *trace.Entry) error {
	if !c.compares(e) {
		return nil
	}
	want := c.next()
	if want == nil || want.Kind != e.Kind || want.At != e.At || want.Host != e.Host ||
		want.Rollout != e.Rollout {
		return errDiffers
	}
	got := *e
	got.Seq = want.Seq
	if !reflect.DeepEqual(&got, want) {
		return errDiffers
	}
	return nil
}

// outstanding reports whether something that a fault concerns is still under way while it lasts: an
// open rollout and, for a crash of the control plane, a retention. A fault of hosts concerns the
// rollouts that they have joined.
func (w *world) outstanding(f faultSpan) bool {
	for _, r := range w.history.order {
		if f.hosts != nil && !slices.ContainsFunc(r.hosts, func(h *hostHistory) bool {
			return slices.Contains(f.hosts, h.id)
		}) {
			continue
		}
		for i, c := range r.states {
			until := w.history.end()
			if i+1 < len(r.states) {
				until = r.states[i+1].at
			}
			if c.to.Underway() && c.at <= f.to && until >= f.from {
				return true
			}
		}
	}
	return f.kind == sim.ControlPlaneCrash && w.timerRuns(f.from, f.to)
}

// timerRuns reports whether a retention timer runs at some time of a span.
func (w *world) timerRuns(from, to time.Duration) bool {
	for i := range w.history.entries {
		e := w.history.entries[i].Effect
		if e == nil || e.Kind != reducer.SchedulePruning {
			continue
		}
		armed := w.history.at(i)
		if armed <= to && armed+time.Duration(e.DelaySeconds)*time.Second >= from {
			return true
		}
	}
	return false
}

// emptiness returns why an expectation, which holds, could not fail; empty if it could.
func (r *reading) emptiness(w *world) string {
	if r.step.vacuous == nil {
		return ""
	}
	f := reflect.ValueOf(r.step.vacuous)
	args := []reflect.Value{reflect.ValueOf(w)}
	for i, v := range r.values {
		if v == nil {
			args = append(args, reflect.Zero(f.Type().In(i+1)))
			continue
		}
		args = append(args, reflect.ValueOf(v))
	}
	return f.Call(args)[0].String()
}

// An emptySentence is an expectation that holds and could not fail.
type emptySentence struct {
	vacuousPart
	claim *claim // if it is about the whole run, to be judged again at the end of the story
}

// judgeClaims judges the expectations about the whole run again, at the end of the story: what
// follows may give them something to be about.
func (w *world) judgeClaims() {
	w.empty = slices.DeleteFunc(w.empty, func(e emptySentence) bool {
		if e.claim == nil {
			return false
		}
		again := *w
		again.that, again.timeline.now = e.claim.that, e.claim.now
		return e.claim.reading.emptiness(&again) == ""
	})
}

// vacuousTag returns the tag that allows a scenario to be vacuous; empty if none exists. The
// error is about a tag without a reason.
func vacuousTag(tags []string) (tag string, err error) {
	for _, t := range tags {
		name, reason, _ := strings.Cut(t, ":")
		switch {
		case name != tagVacuous:
		case reason == "":
			return t, fmt.Errorf(
				"tag %s: say why the scenario may be vacuous, as in %s:shows-the-default", t, t,
			)
		default:
			tag = t
		}
	}
	return tag, nil
}

// settleVacuity decides the result of a scenario that has passed and has some vacuous parts.
func (p *pass) settleVacuity() {
	c, result, found := p.c, &p.result, p.vacuous
	tag, _ := vacuousTag(c.scenario.Tags()) // applyTag refuses a wrong one
	if len(found) > 0 && !p.siblingsVacuous() {
		found = nil // an outline is vacuous only if every row is
	}
	switch {
	case tag != "" && len(found) == 0:
		c.blame(result, len(result.Steps), fmt.Sprintf(
			"nothing is vacuous here, and the scenario is tagged %s: delete the tag", tag,
		))
		return
	case tag != "":
		return
	}
	if len(found) == 0 {
		return
	}
	k := slices.MinFunc(slices.Collect(maps.Keys(found)), vacuousKey.compare)
	row := ""
	if k.row > 0 {
		row = fmt.Sprintf(", row %d", k.row)
	}
	c.blame(result, k.step, fmt.Sprintf(
		"vacuous%s: %s\nchange the scenario so that this matters, delete the sentence, or tag the "+
			"scenario %s:REASON", row, found[k].why, tagVacuous,
	))
}

func (k vacuousKey) compare(other vacuousKey) int {
	return cmp.Or(cmp.Compare(k.step, other.step), cmp.Compare(k.row, other.row))
}

// blame fails a scenario because of a step, or adds a warning. The index after the last step stands
// for the scenario as a whole.
func (c *Case) blame(result *Scenario, step int, why string) {
	line, sentence := result.Line, ""
	if step < len(result.Steps) {
		s := &result.Steps[step]
		line, sentence = s.Line, s.Keyword+" "+s.Text
	}
	if c.vacuity == VacuousWarns {
		if sentence != "" {
			why = sentence + ": " + why
		}
		why = strings.ReplaceAll(why, "\n", ": ")
		result.Warnings = append(
			result.Warnings, fmt.Sprintf("%s:%d: %s", result.File, line, why),
		)
		return
	}
	result.Status, result.Message, result.Step, result.StepLine = Failed, why, sentence, line
	if step < len(result.Steps) {
		result.Steps[step].Status = Failed
	}
}

// An outline is what the rows of a scenario outline have in common.
type outline struct {
	once    sync.Once
	vacuous bool // every row is; known once one row is found to be
}

// siblingsVacuous reports whether all other rows of the scenario's outline are vacuous too, as this
// one is. It runs them once for all rows of the outline.
func (p *pass) siblingsVacuous() bool {
	p.c.outline.once.Do(func() { p.c.outline.vacuous = p.runSiblings() })
	return p.c.outline.vacuous
}

// runSiblings is siblingsVacuous without the outline. A row that does not pass is not vacuous.
func (p *pass) runSiblings() bool {
	own := p.c.scenario.Pickle
	for _, s := range p.c.scenario.Document.Scenarios {
		if s.Pickle == own || s.Pickle.AstNodeIds[0] != own.AstNodeIds[0] {
			continue
		}
		sibling := &pass{
			c: &Case{scenario: s, steps: p.c.steps, explorer: p.c.explorer}, ctx: p.ctx, wrap: p.wrap,
			judged: true, bare: true,
		}
		runAlone(sibling)
		if sibling.result.Status != Passed || len(sibling.vacuous) == 0 {
			return false
		}
	}
	return true
}
