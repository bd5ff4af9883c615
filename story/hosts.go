package story

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"rollsim/internal/nearest"
	"rollsim/reducer"
	"rollsim/sim"
)

var hostSteps = []step{
	{
		topic: "Hosts", phase: fates,
		words:   `host(s) {hosts} fail(s) its/their probe(s)( under (ref ){ref})`,
		doc:     "The hosts switch, and then their probes fail.",
		example: `host "stable-02" fails its probes under ref "b2"`,
		do: func(w *world, hosts []reducer.HostID, ref reducer.ChannelRef) error {
			return w.addFates(hosts, sim.Fate{Ref: ref, Kind: sim.FailsProbes})
		},
	},
	{
		topic: "Hosts", phase: fates,
		words:   `host(s) {hosts} fail(s) its/their activation(s)( under (ref ){ref})`,
		doc:     "The switch itself fails.",
		example: `hosts "stable-02" and "stable-03" fail their activation`,
		do: func(w *world, hosts []reducer.HostID, ref reducer.ChannelRef) error {
			return w.addFates(hosts, sim.Fate{Ref: ref, Kind: sim.FailsActivation})
		},
	},
	{
		topic: "Hosts", phase: fates,
		words:   `host(s) {hosts} defer(s) its/their activation(s)( under (ref ){ref})`,
		doc:     "The switch waits for a reboot, which comes as reboots come.",
		example: `host "stable-02" defers its activation`,
		do: func(w *world, hosts []reducer.HostID, ref reducer.ChannelRef) error {
			return w.addFates(hosts, sim.Fate{Ref: ref, Kind: sim.Defers})
		},
	},
	{
		topic: "Hosts", phase: fates,
		words:   `host(s) {hosts} defer(s) its/their activation(s)( under (ref ){ref}) and reboot(s) {duration} later`,
		doc:     "The switch waits for a reboot, which comes so long after the deferral.",
		example: `host "stable-02" defers its activation under ref "a1" and reboots 2 hours later`,
		do: func(w *world, hosts []reducer.HostID, ref reducer.ChannelRef, after time.Duration) error {
			w.silence(after)
			return w.addFates(hosts, sim.Fate{Ref: ref, Kind: sim.Defers, RebootAfter: reducer.Some(after)})
		},
	},
	{
		topic: "Hosts", phase: fates,
		words:   `host(s) {hosts} defer(s) its/their activation(s)( under (ref ){ref}) and never reboot(s)`,
		doc:     "The switch waits for a reboot that never comes.",
		example: `host "stable-02" defers its activation and never reboots`,
		do: func(w *world, hosts []reducer.HostID, ref reducer.ChannelRef) error {
			return w.addFates(
				hosts, sim.Fate{Ref: ref, Kind: sim.Defers, RebootAfter: reducer.Some(neverReboots)},
			)
		},
	},
	{
		topic: "Hosts", phase: fates,
		words:   `host(s) {hosts} never answer(s)( under (ref ){ref})`,
		doc:     "The agents never ack their dispatch.",
		example: `host "stable-02" never answers`,
		do: func(w *world, hosts []reducer.HostID, ref reducer.ChannelRef) error {
			return w.addFates(hosts, sim.Fate{Ref: ref, Kind: sim.NeverAnswers})
		},
	},
	{
		topic: "Hosts", phase: fates,
		words:   `host(s) {hosts} never complete(s) its/their rollback(s)( under (ref ){ref})`,
		doc:     "Should the hosts fail under rollback-and-halt, their rollback never ends.",
		example: `host "stable-02" never completes its rollback`,
		do: func(w *world, hosts []reducer.HostID, ref reducer.ChannelRef) error {
			return w.addFates(hosts, sim.Fate{Ref: ref, Kind: sim.NeverRollsBack})
		},
	},
	{
		topic: "Hosts", phase: fates,
		words:   `host(s) {hosts} always converge(s)( under (ref ){ref})`,
		doc:     "The hosts converge, whatever chance has in store for them.",
		example: `host "stable-01" always converges`,
		do: func(w *world, hosts []reducer.HostID, ref reducer.ChannelRef) error {
			return w.addFates(hosts, sim.Fate{Ref: ref, Kind: sim.ConvergesAnyway})
		},
	},
	{
		topic: "Hosts", phase: fates,
		words: `these hosts misbehave:`,
		doc: "What is in store for hosts, in a table. The column does holds what a sentence would " +
			"say: fails its probes, fails its activation, defers its activation, never answers, never " +
			"completes its rollback or always converges; reboots holds how long after a deferral, or never.",
		example: `these hosts misbehave:`,
		table:   []string{"hosts", "does", "ref?", "reboots?"},
		sample: [][]string{
			{"hosts", "does", "ref", "reboots"},
			{"stable-01", "fails its probes", "b2", ""},
			{"stable-02, stable-03", "defers its activation", "", "2 hours"},
		},
		do: (*world).addFateTable,
	},
	{
		topic: "Hosts", phase: happens,
		words: `host(s) {hosts} reboot(s){when}`,
		doc: "The hosts, which have deferred their activation, reboot now: before they would " +
			"have, or though they never would.",
		example: `host "stable-02" reboots 2 hours later`,
		do: func(w *world, hosts []reducer.HostID, when timing) error {
			hosts, err := w.hostsNamed(hosts)
			if err != nil {
				return err
			}
			return w.tellLater(when, w.moved, func(w *world) error {
				for _, h := range hosts {
					if err := w.reboot(h); err != nil {
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
			"or rollback. What is no single length of time is drawn anew for each host and ref: between " +
			"two, where any is equally likely; so long on average, where any moment is; or so long in " +
			"the middle and seldom, once in a hundred times, over another.",
		example: `activation takes between 1 minute and 10 minutes`,
		do: func(w *world, stage string, d delay) error {
			w.setStage(&w.scenario.Behaviour, stage, d)
			return nil
		},
	},
	{
		topic: "Hosts", phase: sets,
		words:   `on host(s) {hosts} (the/a/an ){stage} take(s) {delay}`,
		doc:     "How long some hosts take for a stage.",
		example: `on host "stable-02" activation takes 20 minutes`,
		do: func(w *world, hosts []reducer.HostID, stage string, d delay) error {
			b, err := w.group(hosts)
			if err == nil {
				w.setStage(b, stage, d)
			}
			return err
		},
	},
	{
		topic: "Hosts", phase: sets,
		words: `{percent} of (the )(all ){mishap}( on host(s) {hosts})`,
		doc: "The chance of a turn for the worse, asked for each host and ref: activations fail, " +
			"activations are deferred, probes fail, rollbacks never complete, dispatches are never " +
			"acked. By default nothing of that comes by chance.",
		example: `5% of activations are deferred`,
		do: func(w *world, chance sim.Probability, mishap string, hosts []reducer.HostID) error {
			b := &w.scenario.Behaviour
			if hosts != nil {
				var err error
				if b, err = w.group(hosts); err != nil {
					return err
				}
			}
			*map[string]**sim.Probability{
				"activations fail": &b.ActivationFailure, "activations are deferred": &b.Deferral, "probes fail": &b.ProbeFailure,
				"rollbacks never complete": &b.RollbackFailure, "dispatches are never acked": &b.NoAnswer,
			}[mishap] = &chance
			return nil
		},
	},
}

// addFates puts something in store for hosts. Once the story has been looked at, that must not
// change what was seen: then it takes a ref that has not come yet.
func (w *world) addFates(hosts []reducer.HostID, fate sim.Fate) error {
	hosts, err := w.hostsNamed(hosts)
	if err != nil {
		return err
	}
	if w.looked {
		if fate.Ref == "" {
			return fmt.Errorf("the story has begun: say under which ref, one that has not come yet")
		}
		for _, r := range w.telling.order {
			if r.ref == fate.Ref {
				return fmt.Errorf("the story has begun, and ref %q has come already: say this before the "+
					"first Then", fate.Ref)
			}
		}
	}
	settled := make(map[reducer.HostID]sim.FateKind)
	for _, f := range w.scenario.Fates {
		if f.Ref == fate.Ref && f.Kind.Settles() {
			settled[f.Host] = f.Kind
		}
	}
	for _, h := range hosts {
		if before, ok := settled[h]; ok && before != fate.Kind && fate.Kind.Settles() {
			return fmt.Errorf("host %s %s already, and only one of both can come", h, misdeed(before))
		}
		fate.Host = h
		if fate.Ref != "" && !w.shared {
			w.promises = append(w.promises, fate)
		}
		w.scenario.Fates = append(w.scenario.Fates, fate)
	}
	return nil
}

// misdeeds are the fates by what a table calls them.
var misdeeds = map[string]sim.FateKind{
	"fails its probes": sim.FailsProbes, "fails its activation": sim.FailsActivation, "defers its activation": sim.Defers,
	"never answers": sim.NeverAnswers, "never completes its rollback": sim.NeverRollsBack, "always converges": sim.ConvergesAnyway,
}

// misdeed is what a table calls a fate.
func misdeed(kind sim.FateKind) string {
	for said, k := range misdeeds {
		if k == kind {
			return said
		}
	}
	return ""
}

func (w *world) addFateTable(t table) error {
	return t.each(func(r row) error {
		fate := sim.Fate{Ref: reducer.ChannelRef(r["ref"])}
		var known bool
		if fate.Kind, known = misdeeds[r["does"]]; !known {
			return fmt.Errorf("column does: %q is nothing that a host does%s", r["does"],
				nearest.Hint(r["does"], slices.Sorted(maps.Keys(misdeeds))))
		}
		switch after := r["reboots"]; {
		case after == "":
		case fate.Kind != sim.Defers:
			return fmt.Errorf("column reboots: only a host that defers its activation waits for a reboot")
		case after == "never":
			fate.RebootAfter = reducer.Some(neverReboots)
		default:
			d, err := parseDuration(after)
			if err != nil {
				return fmt.Errorf("column reboots: %w", err)
			}
			w.silence(d)
			fate.RebootAfter = reducer.Some(d)
		}
		return w.addFates(names[reducer.HostID](r["hosts"]), fate)
	})
}

// neverReboots is the time from a deferral to a reboot that never comes.
const neverReboots = time.Duration(-1)

// reboot makes the reboot that a host waits for come now.
func (w *world) reboot(id reducer.HostID) error {
	t, err := w.simulate(w.timeline, w.now, w.now, w.quiet())
	if err != nil {
		return err
	}
	for _, r := range slices.Backward(t.order) {
		h := r.host(id)
		if h == nil {
			continue
		}
		c, joined := h.states.at(w.now)
		if !joined {
			continue
		}
		if c.to != reducer.HostDeferred {
			return fmt.Errorf(
				"host %s has no reboot to wait for: at %s it is %v under %s", id, w.time(w.now), c.to, r.id,
			)
		}
		w.scenario.Fates = append(w.scenario.Fates, sim.Fate{
			Host: id, Ref: r.ref, Kind: sim.Defers, RebootAfter: reducer.Some(w.now - c.at),
		})
		return nil
	}
	return fmt.Errorf("host %s has no reboot to wait for: at %s it has joined no "+
		"rollout", id, w.time(w.now))
}

// group makes a group of hosts that behave in their own way.
func (w *world) group(hosts []reducer.HostID) (*sim.Behaviour, error) {
	hosts, err := w.hostsNamed(hosts)
	if err != nil {
		return nil, err
	}
	w.scenario.Groups = append(w.scenario.Groups, sim.Group{Hosts: as[string](hosts)})
	return &w.scenario.Groups[len(w.scenario.Groups)-1].Behaviour, nil
}

// setStage sets how long a stage takes.
func (w *world) setStage(b *sim.Behaviour, stage string, d delay) {
	w.silence(d.longest)
	*map[string]**sim.Distribution{
		"ack": &b.Ack, "activation": &b.Activation, "reboot": &b.Reboot, "probe": &b.Probe, "convergence": &b.Converge,
		"rollback": &b.Rollback,
	}[stage] = d.Distribution
}
