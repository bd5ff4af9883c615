package features

import (
	"fmt"
	"time"

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
			return w.addFates(hosts, sim.Fate{Ref: ref, Kind: sim.Defers, RebootAfter: reducer.Some(time.Duration(-1))})
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
		topic: "Hosts", phase: sets,
		words:   `(the/a/an ){stage} take(s) {duration}`,
		doc:     "How long every host takes for a stage: ack, activation, reboot, probe, convergence or rollback.",
		example: `activation takes 5 minutes`,
		do: func(w *world, stage string, d time.Duration) error {
			return w.setStage(&w.scenario.Behaviour, stage, d, d)
		},
	},
	{
		topic: "Hosts", phase: sets,
		words:   `(the/a/an ){stage} take(s) between {duration} and {duration}`,
		doc:     "The same, drawn anew for each host and ref: any time between the two is equally likely.",
		example: `activation takes between 1 minute and 10 minutes`,
		do: func(w *world, stage string, low, high time.Duration) error {
			return w.setStage(&w.scenario.Behaviour, stage, low, high)
		},
	},
	{
		topic: "Hosts", phase: sets,
		words:   `on host(s) {hosts} (the/a/an ){stage} takes {duration}`,
		doc:     "How long some hosts take for a stage.",
		example: `on host "stable-02" activation takes 20 minutes`,
		do: func(w *world, hosts []reducer.HostID, stage string, d time.Duration) error {
			if err := w.checkHosts(hosts); err != nil {
				return err
			}
			group := sim.Group{}
			for _, h := range hosts {
				group.Hosts = append(group.Hosts, string(h))
			}
			if err := w.setStage(&group.Behaviour, stage, d, d); err != nil {
				return err
			}
			w.scenario.Groups = append(w.scenario.Groups, group)
			return nil
		},
	},
}

// addFates puts something in store for hosts. Once the story has been looked at, that must not change what was seen: then
// it takes a ref that has not come yet.
func (w *world) addFates(hosts []reducer.HostID, fate sim.Fate) error {
	if err := w.checkHosts(hosts); err != nil {
		return err
	}
	if w.looked {
		if fate.Ref == "" {
			return fmt.Errorf("the story has begun: say under which ref, one that has not come yet")
		}
		for _, r := range w.telling.order {
			if r.ref == fate.Ref {
				return fmt.Errorf("the story has begun, and ref %q has come already: say this before the first Then", fate.Ref)
			}
		}
	}
	for _, h := range hosts {
		fate.Host = h
		if fate.Ref != "" && !w.shared {
			w.promises = append(w.promises, fate)
		}
		w.scenario.Fates = append(w.scenario.Fates, fate)
	}
	return nil
}

// setStage sets how long a stage takes.
func (w *world) setStage(b *sim.Behaviour, stage string, low, high time.Duration) error {
	d, err := sim.Uniform(low, high)
	if err != nil {
		return err
	}
	w.silence(high)
	switch stage {
	case "ack":
		b.Ack = d
	case "activation":
		b.Activation = d
	case "reboot":
		b.Reboot = d
	case "probe":
		b.Probe = d
	case "convergence":
		b.Converge = d
	case "rollback":
		b.Rollback = d
	}
	return nil
}
