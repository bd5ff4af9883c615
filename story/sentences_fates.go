package story

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"rollsim/internal/nearest"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/story/gherkin"
)

var fateSteps = []step{
	{
		topic: "Hosts", phase: fates,
		words:   `host(s) {hosts} fail(s) its/their probe(s)( under (ref ){ref})`,
		doc:     "The hosts switch, and then their probes fail.",
		example: `host "stable-02" fails its probes under ref "b2"`,
		do: func(w *world, hosts []reducer.HostID, ref reducer.ChannelRef) error {
			return addFates(w, hosts, sim.Fate{Ref: ref, Kind: sim.FailsProbes})
		},
	},
	{
		topic: "Hosts", phase: fates,
		words:   `host(s) {hosts} fail(s) its/their activation(s)( under (ref ){ref})`,
		doc:     "The switch itself fails.",
		example: `hosts "stable-02" and "stable-03" fail their activation`,
		do: func(w *world, hosts []reducer.HostID, ref reducer.ChannelRef) error {
			return addFates(w, hosts, sim.Fate{Ref: ref, Kind: sim.FailsActivation})
		},
	},
	{
		topic: "Hosts", phase: fates,
		words: `host(s) {hosts} fail(s) its/their probe(s) once`,
		doc: "The probes of the hosts fail under the first rollout that each works for, and pass under " +
			"every later one.",
		example: `host "stable-02" fails its probes once`,
		do: func(w *world, hosts []reducer.HostID) error {
			return addFates(w, hosts, sim.Fate{Kind: sim.FailsProbes, Once: true})
		},
	},
	{
		topic: "Hosts", phase: fates,
		words: `host(s) {hosts} fail(s) its/their activation(s) once`,
		doc: "The switch fails under the first rollout that each of the hosts works for, and under no " +
			"later one.",
		example: `hosts "stable-02" and "stable-03" fail their activation once`,
		do: func(w *world, hosts []reducer.HostID) error {
			return addFates(w, hosts, sim.Fate{Kind: sim.FailsActivation, Once: true})
		},
	},
	{
		topic: "Hosts", phase: fates,
		words:   `host(s) {hosts} defer(s) its/their activation(s)( under (ref ){ref})`,
		doc:     "The switch waits for a reboot, which takes as long as reboots take.",
		example: `host "stable-02" defers its activation`,
		do: func(w *world, hosts []reducer.HostID, ref reducer.ChannelRef) error {
			return addFates(w, hosts, sim.Fate{Ref: ref, Kind: sim.Defers})
		},
	},
	{
		topic: "Hosts", phase: fates,
		words: `host(s) {hosts} defer(s) its/their activation(s)( under (ref ){ref}) and reboot(s) ` +
			`{duration} later`,
		doc:     "The switch waits for a reboot that long after the deferral.",
		example: `host "stable-02" defers its activation under ref "a1" and reboots 2 hours later`,
		do: func(w *world, hosts []reducer.HostID, ref reducer.ChannelRef, after time.Duration) error {
			w.fleet.allowSilence(after)
			return addFates(w, hosts, sim.Fate{Ref: ref, Kind: sim.Defers, RebootAfter: reducer.Some(after)})
		},
	},
	{
		topic: "Hosts", phase: fates,
		words: `host(s) {hosts} defer(s) its/their activation(s)( under (ref ){ref}) and never ` +
			`reboot(s)`,
		doc:     "The switch waits for a reboot that never happens.",
		example: `host "stable-02" defers its activation and never reboots`,
		do: func(w *world, hosts []reducer.HostID, ref reducer.ChannelRef) error {
			return addFates(
				w, hosts, sim.Fate{Ref: ref, Kind: sim.Defers, RebootAfter: reducer.Some(neverReboots)},
			)
		},
	},
	{
		topic: "Hosts", phase: fates,
		words:   `host(s) {hosts} never answer(s)( under (ref ){ref})`,
		doc:     "The agents never ack their dispatch.",
		example: `host "stable-02" never answers`,
		do: func(w *world, hosts []reducer.HostID, ref reducer.ChannelRef) error {
			return addFates(w, hosts, sim.Fate{Ref: ref, Kind: sim.NeverAnswers})
		},
	},
	{
		topic: "Hosts", phase: fates,
		words:   `host(s) {hosts} never complete(s) its/their rollback(s)( under (ref ){ref})`,
		doc:     "If the hosts fail under rollback-and-halt, their rollback never ends.",
		example: `host "stable-02" never completes its rollback`,
		do: func(w *world, hosts []reducer.HostID, ref reducer.ChannelRef) error {
			return addFates(w, hosts, sim.Fate{Ref: ref, Kind: sim.NeverRollsBack})
		},
	},
	{
		topic: "Hosts", phase: fates,
		words:   `host(s) {hosts} always converge(s)( under (ref ){ref})`,
		doc:     "The hosts converge, whatever the chances of a failure.",
		example: `host "stable-01" always converges`,
		do: func(w *world, hosts []reducer.HostID, ref reducer.ChannelRef) error {
			return addFates(w, hosts, sim.Fate{Ref: ref, Kind: sim.ConvergesAnyway})
		},
	},
	{
		topic: "Hosts", phase: fates,
		words: `these hosts misbehave:`,
		doc: "The fates of hosts in a table. The column does is one of: fails its probes, fails " +
			"its activation, defers its activation, never answers, never completes its rollback, always " +
			"converges, or, under the shipped control plane, fails a control. The column reboots is the " +
			"time from a deferral to the reboot, or never.",
		example: `these hosts misbehave:`,
		table:   []string{"hosts", "does", "ref?", "reboots?"},
		sample: [][]string{
			{"hosts", "does", "ref", "reboots"},
			{"stable-01", "fails its probes", "b2", ""},
			{"stable-02, stable-03", "defers its activation", "", "2 hours"},
		},
		do: addFateTable,
	},
	{
		topic: "Hosts", phase: happens,
		words: `host(s) {hosts} reboot(s){when}`,
		doc: "The hosts, which have deferred their activation, reboot now, earlier than they " +
			"would otherwise.",
		example: `host "stable-02" reboots 2 hours later`,
		do: func(w *world, hosts []reducer.HostID, when timing) error {
			hosts, err := w.fleet.match(hosts)
			if err != nil {
				return err
			}
			return w.scheduleChange(when, w.names.last, func(w *world) error {
				for _, h := range hosts {
					if err := reboot(w, h); err != nil {
						return err
					}
				}
				return nil
			})
		},
	},
	{
		topic: "Hosts", phase: sets,
		words: `(the/a/an ){stage} take(s) {delay}`,
		doc: "How long every host takes for a stage: ack, activation, reboot, probe, convergence " +
			"or rollback. A delay that is not one length of time is drawn for each host and ref: between " +
			"two lengths, each equally likely; a length on average, exponentially distributed; or a " +
			"median that one draw in a hundred exceeds by far.",
		example: `activation takes between 1 minute and 10 minutes`,
		do: func(w *world, stage string, d delay) error {
			setStage(w, &w.fleet.Behaviour, stage, d)
			return w.give(timeFor + stage)
		},
	},
	{
		topic: "Hosts", phase: sets,
		words: `every stage takes {delay}`,
		doc: "How long every host takes for each of the stages, except for those with a sentence of " +
			"their own.",
		example: `every stage takes 0 seconds`,
		do:      setEveryStage,
	},
	{
		topic: "Hosts", phase: sets,
		words: `on host(s) {hosts} (the/a/an ){stage} take(s) {delay}( under (ref ){ref})`,
		doc: "How long some hosts take for a stage, under a ref or else under every ref. A sentence " +
			"that names a ref overrides one that does not.",
		example: `on host "stable-02" activation takes 20 minutes under ref "b2"`,
		do: func(
			w *world, hosts []reducer.HostID, stage string, d delay, ref reducer.ChannelRef,
		) error {
			if ref != "" {
				return addDelays(w, hosts, stage, d, ref)
			}
			b, hosts, err := w.fleet.addGroup(hosts)
			if err != nil {
				return err
			}
			setStage(w, b, stage, d)
			return w.giveHosts("the time for "+stage+" on a host", hosts)
		},
	},
	{
		topic: "Hosts", phase: sets,
		words: `{percent} of (the )(all ){mishap}( on host(s) {hosts})`,
		doc: "The chance of a failure, drawn for each host and ref: activations fail, activations " +
			"are deferred, probes fail, rollbacks never complete, dispatches are never acked. By default " +
			"each chance is 0.",
		example: `5% of activations are deferred`,
		do: func(w *world, chance sim.Probability, mishap string, hosts []reducer.HostID) error {
			b := &w.fleet.Behaviour
			if hosts != nil {
				var err error
				if b, hosts, err = w.fleet.addGroup(hosts); err != nil {
					return err
				}
			}
			if err := w.giveHosts(fmt.Sprintf("the chance that %s", mishap), hosts); err != nil {
				return err
			}
			*chanceOf(b, mishap) = &chance
			r, group := w.added(), len(w.fleet.Groups)-1
			r.chance = true
			r.without = append(r.without, func(sc *sim.Scenario) {
				if hosts != nil {
					*chanceOf(&sc.Groups[group].Behaviour, mishap) = nil
					return
				}
				*chanceOf(&sc.Behaviour, mishap) = new(sim.Probability)
			})
			return nil
		},
	},
}

// chanceOf returns the chance of a mishap in a behaviour.
func chanceOf(b *sim.Behaviour, mishap string) **sim.Probability {
	return map[string]**sim.Probability{
		"activations fail":           &b.ActivationFailure,
		"activations are deferred":   &b.Deferral,
		"probes fail":                &b.ProbeFailure,
		"rollbacks never complete":   &b.RollbackFailure,
		"dispatches are never acked": &b.NoAnswer,
	}[mishap]
}

// addFates decides what hosts will do. After the first expectation a fate must be under a ref that
// has not come yet, so that it does not change what the expectation saw.
func addFates(w *world, hosts []reducer.HostID, fate sim.Fate) error {
	hosts, err := w.fleet.match(hosts)
	if err != nil {
		return err
	}
	if fate.Kind == sim.FailsControl {
		if err := needShipped(w); err != nil {
			return err
		}
	}
	if w.observed {
		if fate.Ref == "" {
			return errors.New(
				`the story has begun: name a ref that has not come yet, as in under ref "b2"`,
			)
		}
		for _, r := range w.history.order {
			if r.ref == fate.Ref {
				return fmt.Errorf(
					"the story has begun, and ref %q has come already: say this before the first Then", fate.Ref,
				)
			}
		}
	}
	r, before := w.added(), len(w.fates.all)
	err = w.fates.add(hosts, fate, w.level != gherkin.OfScenario)
	for i := before; i < len(w.fates.all); i++ {
		r.fates = append(r.fates, i)
	}
	return err
}

func addFateTable(w *world, t gherkin.Table) error {
	return t.Each(func(r gherkin.Row) error {
		fate := sim.Fate{Ref: reducer.ChannelRef(r["ref"])}
		var exists bool
		if fate.Kind, exists = fateNames[r["does"]]; !exists {
			known := slices.Sorted(maps.Keys(fateNames))
			return fmt.Errorf(
				"column does: no fate is named %q%s", r["does"], nearest.Hint(r["does"], known),
			)
		}
		switch after := r["reboots"]; {
		case after == "":
		case fate.Kind != sim.Defers:
			return fmt.Errorf("column reboots: only a host that defers its activation reboots")
		case after == "never":
			fate.RebootAfter = reducer.Some(neverReboots)
		default:
			d, err := parseDuration(after)
			if err != nil {
				return fmt.Errorf("column reboots: %w", err)
			}
			w.fleet.allowSilence(d)
			fate.RebootAfter = reducer.Some(d)
		}
		return addFates(w, parseHosts(r["hosts"]), fate)
	})
}

// neverReboots is the time from a deferral to a reboot that never comes.
const neverReboots = time.Duration(-1)

// reboot makes a host that waits for its reboot reboot at the present.
func reboot(w *world, id reducer.HostID) error {
	now := w.timeline.now
	soFar, err := w.simulate(w.timeline.actions, now, now, w.fleet.quiet())
	if err != nil {
		return err
	}
	for _, r := range slices.Backward(soFar.order) {
		h := r.host(id)
		if h == nil {
			continue
		}
		c, joined := h.states.at(now)
		if !joined {
			continue
		}
		if c.to != reducer.HostDeferred {
			return impossibleError{fmt.Errorf(
				"host %s waits for no reboot: at %s it is %v under %s", id, elapsed(now), c.to, r.id,
			)}
		}
		// Without its deferral the host has nothing to reboot for.
		next := len(w.fates.all)
		for _, r := range append(slices.Clone(w.removals), w.added()) {
			defers := func(i int) bool { f := &w.fates.all[i]; return f.Host == id && f.Kind == sim.Defers }
			if r.step == w.step || slices.ContainsFunc(r.fates, defers) {
				r.fates = append(r.fates, next)
			}
		}
		w.fates.all = append(w.fates.all, sim.Fate{
			Host: id, Ref: r.ref, Kind: sim.Defers, RebootAfter: reducer.Some(now - c.at),
		})
		return nil
	}
	return impossibleError{fmt.Errorf(
		"host %s waits for no reboot: at %s it has joined no rollout", id, elapsed(now),
	)}
}

// addDelays says how long a stage takes on some hosts under a ref.
func addDelays(
	w *world, hosts []reducer.HostID, stage string, d delay, ref reducer.ChannelRef,
) error {
	hosts, err := w.fleet.match(hosts)
	if err != nil {
		return err
	}
	w.fleet.allowSilence(d.longest)
	w.fleet.Delays = slices.Clone(w.fleet.Delays)
	for _, h := range hosts {
		w.fleet.Delays = append(w.fleet.Delays, sim.Delay{
			Host: h, Ref: ref, Stage: stages[stage], Takes: d.Distribution,
		})
	}
	return w.giveHosts(fmt.Sprintf("the time for %s on a host under ref %q", stage, ref), hosts)
}

// untestedDelay returns a delay under a ref that is not among those that come, if there is one.
func (w *world) untestedDelay(refs []string) (d sim.Delay, found bool) {
	for _, d := range w.fleet.Delays {
		if d.Ref != "" && !slices.Contains(refs, string(d.Ref)) {
			return d, true
		}
	}
	return sim.Delay{}, false
}

// stages are the stages of a host's work by the words of sentences.
var stages = map[string]sim.Stage{
	"ack":         sim.AckStage,
	"activation":  sim.ActivationStage,
	"reboot":      sim.RebootStage,
	"probe":       sim.ProbeStage,
	"convergence": sim.ConvergeStage,
	"rollback":    sim.RollbackStage,
}

// timeFor and a stage are what a sentence about one stage of every host sets.
const timeFor = "the time for "

// setEveryStage sets how long the stages take that have no sentence of their own at this place.
func setEveryStage(w *world, d delay) error {
	for stage := range stages {
		if !slices.ContainsFunc(w.givens, func(g given) bool {
			return g.thing == timeFor+stage && g.level == w.level
		}) {
			setStage(w, &w.fleet.Behaviour, stage, d)
		}
	}
	return w.give(timeFor + "every stage")
}

// setStage sets how long a stage takes in a behaviour.
func setStage(w *world, b *sim.Behaviour, stage string, d delay) {
	w.fleet.allowSilence(d.longest)
	*map[string]**sim.Distribution{
		"ack":         &b.Ack,
		"activation":  &b.Activation,
		"reboot":      &b.Reboot,
		"probe":       &b.Probe,
		"convergence": &b.Converge,
		"rollback":    &b.Rollback,
	}[stage] = d.Distribution
}
