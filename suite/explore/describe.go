package explore

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
)

// Describe returns a text that lists the values that a seed drew for its n-th scenario. For a given
// scenario those are only the faults.
func (s *Source) Describe(seed uint64, n int) string {
	sc, machine := s.scenario(seed, n)
	w := &describer{yaml: s.Swarm.yaml}
	plane := cmp.Or(sc.ControlPlane, controlplane.Specified)
	w.line("seed", "%d, machine %s, %s planner, horizon %s", seed, machine, plane,
		scenario.FormatDuration(sc.Horizon))
	if len(s.Given) == 0 {
		w.fleet(sc)
	}
	w.faults(sc)
	return w.b.String()
}

// describer writes a line for each drawn value.
type describer struct {
	b    strings.Builder
	yaml map[*sim.Distribution]string
}

func (w *describer) line(what, format string, args ...any) {
	fmt.Fprintf(&w.b, "%-9s %s\n", what, fmt.Sprintf(format, args...))
}

// dist describes a distribution. It knows only those that can be drawn.
func (w *describer) dist(d *sim.Distribution) string {
	if text, ok := w.yaml[d]; ok {
		return strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}")
	}
	return "as given"
}

func (w *describer) fleet(sc *sim.Scenario) {
	for i := range sc.Channels {
		ch := &sc.Channels[i]
		var waves []string
		for j := range ch.Waves {
			wave := &ch.Waves[j]
			waves = append(waves,
				fmt.Sprintf("%d soak %s", len(wave.Hosts), scenario.FormatDuration(wave.Soak)))
		}
		if waves == nil {
			waves = []string{"no hosts"}
		}
		text := fmt.Sprintf(
			"%s: %s; %v, retention %s, poll %s", ch.ID, strings.Join(waves, ", "), ch.Policy.OnHealthFailure,
			scenario.FormatDuration(time.Duration(ch.Policy.RetentionSeconds)*time.Second),
			scenario.FormatDuration(ch.PollInterval),
		)
		for _, id := range ch.Outside {
			text += fmt.Sprintf(", %s in no wave", id)
		}
		for _, after := range ch.After {
			text += ", after " + string(after)
		}
		for _, e := range ch.HostEdges {
			text += fmt.Sprintf(", %s after %s", e.Host, e.After)
		}
		w.line("channel", "%s", text)
	}
	for _, t := range sc.Tags {
		w.line("tags", "%s: %s", strings.Join(t.Hosts, " "), strings.Join(t.Tags, ", "))
	}
	for i := range sc.Budgets {
		b := &sc.Budgets[i]
		w.line("budget", "%s: %s at most %s in flight", b.Name,
			cmp.Or(b.Selector, strings.Join(b.Hosts, " ")), percentOf(b))
	}
	for i := range sc.Releases {
		w.release(&sc.Releases[i])
	}
	for _, r := range sc.Running {
		w.line("running", "%s: %s", strings.Join(r.Hosts, " "), r.Ref)
	}
	for _, q := range sc.Quarantine {
		w.line("quarantine", "%s on %s", q.Closure, q.Channel)
	}
	w.line("hosts", "%s", w.behaviour(&sc.Behaviour))
	for i := range sc.Groups {
		g := &sc.Groups[i]
		w.line("group", "%s: %s", strings.Join(g.Hosts, " "), w.behaviour(&g.Behaviour))
	}
	for _, f := range sc.Fates {
		under := "every ref"
		if f.Ref != "" {
			under = string(f.Ref)
		}
		w.line("fate", "%s %v under %s", f.Host, f.Kind, under)
	}
	for i := range sc.Traffic {
		t := &sc.Traffic[i]
		if t.Kind == sim.Flapping {
			w.line(
				"refs", "%s: %s and back from %s to %s, each after %s", t.Channel, words(t.Between, " to "),
				scenario.FormatDuration(t.From), scenario.FormatDuration(t.Until), w.dist(t.Every),
			)
			continue
		}
		w.line(
			"refs", "%s: %s1, %s2, … from %s to %s, each after %s", t.Channel, t.Prefix, t.Prefix,
			scenario.FormatDuration(t.From), scenario.FormatDuration(t.Until), w.dist(t.Every),
		)
	}
	w.timeline(sc)
}

// release describes what a ref brings.
func (w *describer) release(r *controlplane.Release) {
	var words []string
	if len(r.Unchanged) > 0 {
		words = append(words, strings.Join(r.Unchanged, " ")+" unchanged")
	}
	if r.Manifest != controlplane.Fresh {
		words = append(words, "manifest "+r.Manifest.String())
	}
	if r.Signed.Set {
		words = append(words, "signed at "+scenario.FormatDuration(r.Signed.Value))
	}
	if words == nil {
		words = []string{"nothing special"}
	}
	w.line("release", "%s of %s: %s", r.Ref, r.Channel, strings.Join(words, ", "))
}

func (w *describer) behaviour(b *sim.Behaviour) string {
	var words []string
	for _, d := range scenario.Delays(b) {
		if d.Takes != nil {
			words = append(words, d.Name+" "+w.dist(d.Takes))
		}
	}
	for _, c := range scenario.Chances(b) {
		if c.Chance != nil && *c.Chance > 0 {
			words = append(words, c.Name+" "+scenario.FormatPercent(*c.Chance))
		}
	}
	return strings.Join(words, ", ")
}

func (w *describer) timeline(sc *sim.Scenario) {
	refs := make(map[reducer.ChannelID][]string)
	for i := range sc.Timeline {
		if r := sc.Timeline[i].SetRef; r != nil {
			refs[r.Channel] = append(
				refs[r.Channel], fmt.Sprintf("%s at %s", r.Ref, scenario.FormatDuration(sc.Timeline[i].At)),
			)
		}
	}
	for i := range sc.Channels {
		if list := refs[sc.Channels[i].ID]; list != nil {
			w.line("refs", "%s: %s", sc.Channels[i].ID, strings.Join(list, ", "))
		}
	}
	for i := range sc.Timeline {
		switch a := &sc.Timeline[i]; {
		case a.Release != nil:
			w.line("release", "%s for every channel %s", a.Release.Ref, atWords(a))
		case a.Order != nil:
			w.line("order", "%s %s", scenario.OrderText(a.Order), atWords(a))
		case a.Lift != nil:
			w.line("lift", "%s on %s %s", a.Lift.Closure, a.Lift.Channel, atWords(a))
		case a.Event != nil:
			text := eventWords(a.Event)
			if a.Reaches != "" {
				text += fmt.Sprintf(" reaching %s,", a.Reaches)
			}
			w.line("event", "%s %s", text, atWords(a))
		case a.Fault != nil:
			text := a.Fault.Kind.String()
			if a.Fault.Host != "" {
				text += " of " + string(a.Fault.Host)
			}
			if a.Fault.For > 0 {
				text += " for " + scenario.FormatDuration(a.Fault.For)
			}
			w.line("fault", "%s %s", text, atWords(a))
		}
	}
}

// atWords describes when an action happens.
func atWords(a *sim.Action) string {
	if a.When == nil {
		return "at " + scenario.FormatDuration(a.At)
	}
	return fmt.Sprintf("%s after %v", scenario.FormatDuration(a.At), a.When)
}

// words joins names.
func words[T ~string](list []T, by string) string {
	all := make([]string, len(list))
	for i, n := range list {
		all[i] = string(n)
	}
	return strings.Join(all, by)
}

// eventWords describes a raw event.
func eventWords(ev *reducer.Event) string {
	text := fmt.Sprintf("%v %s", ev.Kind, ev.Rollout)
	switch ev.Kind {
	case reducer.HostJoined:
		text += fmt.Sprintf(" %s wave %d", ev.Host, ev.Wave)
	case reducer.HostStateChanged:
		text += fmt.Sprintf(" %s %v to %v", ev.Host, ev.From, ev.To)
	case reducer.WaveAdvanced:
		text += fmt.Sprintf(" wave %d to %d", ev.FromWave, ev.ToWave)
	case reducer.OperatorClearance:
		text += " by " + ev.Operator
	case reducer.RolloutOpened, reducer.RolloutTerminal, reducer.SuccessorOpened,
		reducer.RetentionExpired:
	}
	return text + ","
}

func (w *describer) faults(sc *sim.Scenario) {
	on := make(map[sim.FaultKind]bool)
	for i := range sc.Faults {
		f := &sc.Faults[i]
		on[f.Kind] = true
		text := fmt.Sprintf("%v %s", f.Kind, scenario.FormatPercent(f.Probability))
		if f.For != nil {
			text += " for " + w.dist(f.For)
		}
		if f.Until > 0 {
			text += fmt.Sprintf(", from %s to %s", scenario.FormatDuration(f.From),
				scenario.FormatDuration(f.Until))
		}
		if len(f.Hosts) > 0 {
			text += " on " + strings.Join(f.Hosts, " ")
		}
		w.line("fault", "%s", text)
	}
	var off []string
	for _, k := range sim.FaultKinds() {
		if !on[k] {
			off = append(off, k.String())
		}
	}
	if len(sc.Faults) == 0 {
		w.line("faults", "none")
	} else if off != nil {
		w.line("off", "%s", strings.Join(off, ", "))
	}
}
