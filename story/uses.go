package story

import (
	"context"
	"slices"
	"strings"

	messages "github.com/cucumber/messages/go/v34"

	"rollsim/internal/ordered"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

// A Used is one thing that features may use: a sentence, a fault, a gate, a fate, an invariant, or
// a state at some moment.
type Used struct {
	Name      string `json:"name"`
	Scenarios int    `json:"scenarios"`       // that use it
	First     string `json:"first,omitempty"` // the place of the first one, as FILE:LINE
}

// A UsedGroup is the things of one kind.
type UsedGroup struct {
	Name  string `json:"name"`
	Items []Used `json:"items"`
}

// Count returns the number of things that a scenario uses.
func (g *UsedGroup) Count() int {
	n := 0
	for _, u := range g.Items {
		if u.Scenarios > 0 {
			n++
		}
	}
	return n
}

// The groups of what features use.
const (
	usedSentences  = "sentences"
	usedFates      = "fates of hosts"
	usedFaults     = "faults"
	usedGates      = "gates"
	usedInvariants = "invariants"
	usedMoments    = "moments to which happenings are tied"
	usedRollouts   = "states of rollouts, by when expectations look"
	usedHosts      = "states of hosts, by when expectations look"
)

// looks are the times at which an expectation about a state may look.
var looks = []string{
	"at the present", "within a time", "at a moment", "in the end", "in the whole run",
}

// usable returns everything that features may use, in the order of a report.
func usable(v vocabulary) []UsedGroup {
	var sentences, fates, faults, gates, invariants, moments, rollouts, hosts []string
	for _, s := range v {
		sentences = append(sentences, s.title())
	}
	for _, k := range append(sim.FateKinds(), sim.FailsControl) {
		fates = append(fates, k.String())
	}
	for _, k := range append(sim.FaultKinds(), sim.ShippedFaultKinds()...) {
		faults = append(faults, k.String())
	}
	gates = trace.Gates()
	for _, n := range invariant.Names() {
		invariants = append(invariants, string(n))
	}
	for _, s := range reducer.States() {
		moments = append(moments, "rollout "+s.String())
		for _, look := range looks {
			rollouts = append(rollouts, s.String()+" "+look)
		}
	}
	for _, s := range reducer.HostStates() {
		moments = append(moments, "host "+s.String(), "wave "+s.String())
		for _, look := range looks {
			hosts = append(hosts, s.String()+" "+look)
		}
	}
	var all []UsedGroup
	for _, g := range []struct {
		name  string
		items []string
	}{
		{usedSentences, sentences}, {usedFates, fates}, {usedFaults, faults}, {usedGates, gates},
		{usedInvariants, invariants}, {usedMoments, moments}, {usedRollouts, rollouts},
		{usedHosts, hosts},
	} {
		group := UsedGroup{Name: g.name}
		for _, name := range g.items {
			group.Items = append(group.Items, Used{Name: name})
		}
		all = append(all, group)
	}
	return all
}

// title returns the keyword and the words of a step.
func (s *step) title() string { return s.phase.keyword() + " " + s.words }

// Uses runs features, each under its first seed, and returns what they use. The errors are those of
// Run.
func Uses(ctx context.Context, opt Options) ([]UsedGroup, error) {
	cases, err := Cases(opt)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(steps())
	for _, c := range cases {
		for _, s := range c.steps {
			if s.phrase != nil && !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
	}
	groups := usable(all)
	work := ordered.Work[uses]{
		Jobs: opt.Jobs, Order: ordered.Singly(len(cases)),
		Do: ordered.Each(func(i int) uses {
			if ctx.Err() != nil || cases[i].scenario.Skipped != "" {
				return nil
			}
			return cases[i].uses(ctx)
		}),
		Deliver: func(i int, u uses, _ bool) {
			for g := range groups {
				for j := range groups[g].Items {
					item := &groups[g].Items[j]
					if !u[groups[g].Name+"\n"+item.Name] {
						continue
					}
					if item.Scenarios++; item.Scenarios == 1 {
						item.First = cases[i].Place()
					}
				}
			}
		},
	}
	work.Run(ctx)
	return groups, ctx.Err()
}

// uses has what one scenario uses, by group and name.
type uses map[string]bool

func (u uses) add(group, name string) { u[group+"\n"+name] = true }

// uses runs the scenario and returns what it uses. One that fails uses what it says.
func (c *Case) uses(ctx context.Context) uses {
	u := make(uses)
	once := *c
	if first, _, many := c.seeds(); many && !c.seed.Set {
		once.seed = reducer.Some(first)
	}
	for _, step := range c.scenario.Pickle.Steps {
		u.addSentence(c.steps, step.Text, step.Argument, 0)
	}
	p := &pass{c: &once, ctx: ctx, bare: true}
	if runAlone(p); p.world == nil {
		return u // it has no steps
	}
	w := p.world
	for _, f := range w.fates.all {
		u.add(usedFates, f.Kind.String())
	}
	for i := range w.fleet.Faults {
		u.add(usedFaults, w.fleet.Faults[i].Kind.String())
	}
	for i := range w.timeline.actions {
		a := &w.timeline.actions[i]
		if a.Fault != nil {
			u.add(usedFaults, a.Fault.Kind.String())
		}
		if a.When != nil {
			u.addMoment(a.When)
		}
	}
	if w.history == nil {
		return u
	}
	for i := range w.history.entries {
		if g := w.history.entries[i].Gate; g != nil {
			u.add(usedGates, g.Gate)
		}
	}
	for _, v := range w.history.result.Violations {
		u.add(usedInvariants, string(v.Invariant))
	}
	return u
}

// addMoment adds a moment to which something is tied.
func (u uses) addMoment(m *sim.Moment) {
	switch {
	case m.Wave.Set:
		u.add(usedMoments, "wave "+m.HostState.String())
	case m.Host != "":
		u.add(usedMoments, "host "+m.HostState.String())
	case m.State != 0:
		u.add(usedMoments, "rollout "+m.State.String())
	}
}

// addSentence adds a sentence, the one that it wraps, and those of a phrase.
func (u uses) addSentence(
	v vocabulary, sentence string, argument *messages.PickleStepArgument, depth int,
) {
	r, _, err := v.read(sentence, argument)
	if err != nil || depth > maxPhraseDepth {
		return
	}
	u.add(usedSentences, r.step.title())
	switch {
	case r.inner != nil:
		u.addSentence(v, r.text, argument, depth)
	case r.step.phrase != nil:
		for _, s := range r.step.phrase.steps {
			u.addSentence(v, r.step.phrase.fill(s.Text, r.values), nil, depth+1)
		}
	default:
		u.addValues(&r)
	}
}

// addValues adds the gates, invariants and states that a sentence names.
func (u uses) addValues(r *reading) {
	look := looks[0]
	if r.scope() == allRun || strings.Contains(r.step.words, "never") {
		look = looks[4]
	}
	for _, v := range r.values {
		if v, ok := v.(viewpoint); ok {
			look = lookOf(&v)
		}
	}
	for _, v := range r.values {
		switch v := v.(type) {
		case gate:
			u.add(usedGates, string(v))
		case invariant.Name:
			u.add(usedInvariants, string(v))
		case reducer.State:
			u.addStates(usedRollouts, look, v.String())
		case reducer.HostState:
			u.addStates(usedHosts, look, v.String())
		case oneOf[reducer.State]:
			for _, s := range v.states {
				u.addStates(usedRollouts, look, s.String())
			}
		case oneOf[reducer.HostState]:
			for _, s := range v.states {
				u.addStates(usedHosts, look, s.String())
			}
		}
	}
	if words := r.step.words; strings.Contains(words, "stuck") {
		u.add(usedInvariants, string(invariant.Stuck))
	}
}

func (u uses) addStates(group, look, state string) { u.add(group, state+" "+look) }

// lookOf returns when an expectation looks.
func lookOf(v *viewpoint) string {
	switch v.kind {
	case atPresent:
	case afterThat:
		return looks[1]
	case atClause:
		return looks[2]
	case atEnd:
		return looks[3]
	}
	return looks[0]
}
