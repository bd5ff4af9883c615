package features

import (
	"fmt"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
)

// maxHosts bounds a fleet that a sentence describes.
const maxHosts = 10_000

var fleetSteps = []step{
	{
		topic: "Fleet", phase: sets,
		words:   `(the/a )channel {channel} with (a/one )wave(s) of {numbers} host(s)( (each )soaking( for) {duration})`,
		doc:     "A channel, its waves from wave 0, and how long each host soaks after its dispatch. The hosts are named after the channel: stable-01, stable-02 and on through all waves.",
		example: `channel "stable" with waves of 1, 5 and 20 hosts soaking 30 minutes`,
		do:      (*world).addChannel,
	},
	{
		topic: "Fleet", phase: sets,
		words:   `(the/a )channel {channel} with {number} host(s)( (each )soaking( for) {duration})`,
		doc:     "A channel whose hosts are all in wave 0.",
		example: `channel "edge" with 2 hosts soaking 10 minutes`,
		do: func(w *world, id reducer.ChannelID, hosts uint64, soak time.Duration) error {
			return w.addChannel(id, []uint64{hosts}, soak)
		},
	},
	{
		topic: "Fleet", phase: sets,
		words:   `(the/a )channel {channel} with these waves:`,
		doc:     "A channel, the names of the hosts in each of its waves from wave 0, and how long they soak.",
		example: `channel "stable" with these waves:`,
		table:   []string{"hosts", "soak?"},
		sample:  [][]string{{"hosts", "soak"}, {"web-01", "30 minutes"}, {"web-02, web-03", "1 hour"}},
		do:      (*world).addWaves,
	},
	{
		topic: "Fleet", phase: sets,
		words:   `(the )(channel ){channel} has (the )policy {policy}`,
		doc:     "What a failing host means for its rollout: halt, which is the default, or rollback-and-halt.",
		example: `channel "stable" has policy rollback-and-halt`,
		do: func(w *world, id reducer.ChannelID, policy reducer.HealthPolicy) error {
			return w.setChannel(id, func(c *sim.Channel) error {
				c.Policy.OnHealthFailure = policy
				return nil
			})
		},
	},
	{
		topic: "Fleet", phase: sets,
		words:   `(the )(channel ){channel} keeps (its )(ended )rollout(s) for {duration}`,
		doc:     "The channel's retention: how long a rollout is kept once it is Terminal, Superseded, Failed or Reverted. The default is 7 days.",
		example: `channel "edge" keeps ended rollouts for 3 days`,
		do: func(w *world, id reducer.ChannelID, retention time.Duration) error {
			if retention%time.Second != 0 {
				return fmt.Errorf("retention is counted in whole seconds, and %v is not", retention)
			}
			return w.setChannel(id, func(c *sim.Channel) error {
				c.Policy.RetentionSeconds = int64(retention / time.Second)
				return nil
			})
		},
	},
	{
		topic: "Fleet", phase: sets,
		words:   `(the )(channel ){channel} is polled every {duration}`,
		doc:     "How often the control plane reads the channel's ref. The default is every minute.",
		example: `channel "stable" is polled every 5 minutes`,
		do: func(w *world, id reducer.ChannelID, interval time.Duration) error {
			if interval < time.Second {
				return fmt.Errorf("a poll interval is at least 1 second")
			}
			w.silence(interval)
			return w.setChannel(id, func(c *sim.Channel) error {
				c.PollInterval = interval
				return nil
			})
		},
	},
	{
		topic: "Fleet", phase: sets,
		words:   `the machine is {machine}`,
		doc:     "Which machine decides: rfc0008, which is the default, or v0.2. A tag such as @machine:v0.2 says the same.",
		example: `the machine is v0.2`,
		do: func(w *world, machine *reducer.Table) error {
			w.machine = machine
			return nil
		},
	},
	{
		topic: "Fleet", phase: sets,
		words:   `(the )seed (is ){number}`,
		doc:     "What every random draw comes from. The default is 1. A tag such as @seed:7 says the same.",
		example: `seed 7`,
		do: func(w *world, seed uint64) error {
			w.scenario.Seed = seed
			return nil
		},
	},
	{
		topic: "Fleet", phase: sets,
		words:   `the run lasts {duration}`,
		doc:     "Ends the run at that time. By default it goes on until every retention has ended, so that what must happen in the end can be judged.",
		example: `the run lasts 2 days`,
		do: func(w *world, lasts time.Duration) error {
			if lasts <= 0 {
				return fmt.Errorf("a run lasts longer than that")
			}
			w.lasts = lasts
			return nil
		},
	},
}

// addChannel adds a channel whose hosts are counted. They are named as scenario files name them.
func (w *world) addChannel(id reducer.ChannelID, counts []uint64, soak time.Duration) error {
	var total uint64
	for _, n := range counts {
		if total += n; n > maxHosts || total > maxHosts {
			return fmt.Errorf("a channel has at most %d hosts", maxHosts)
		}
	}
	width := max(2, len(fmt.Sprint(total)))
	next := 1
	var waves []sim.Wave
	for _, n := range counts {
		wave := sim.Wave{Soak: soak}
		for range n {
			wave.Hosts = append(wave.Hosts, reducer.HostID(fmt.Sprintf("%s-%0*d", id, width, next)))
			next++
		}
		waves = append(waves, wave)
	}
	return w.addFleet(id, waves)
}

// addWaves adds a channel whose hosts are named.
func (w *world) addWaves(id reducer.ChannelID, t table) error {
	var waves []sim.Wave
	for _, r := range t {
		soak, err := cell(r, "soak", parseDuration)
		if err != nil {
			return err
		}
		waves = append(waves, sim.Wave{Hosts: names[reducer.HostID](r["hosts"]), Soak: soak})
	}
	return w.addFleet(id, waves)
}

func (w *world) addFleet(id reducer.ChannelID, waves []sim.Wave) error {
	if _, err := w.channel(id); err == nil {
		return fmt.Errorf("channel %q is there already", id)
	}
	declared := make(map[reducer.HostID]bool)
	for i := range w.scenario.Channels {
		for _, wave := range w.scenario.Channels[i].Waves {
			for _, h := range wave.Hosts {
				declared[h] = true
			}
		}
	}
	for _, wave := range waves {
		w.silence(wave.Soak)
		for _, h := range wave.Hosts {
			if declared[h] {
				return fmt.Errorf("host %q is there already: a host belongs to one channel and one wave", h)
			}
			declared[h] = true
		}
	}
	w.scenario.Channels = append(w.scenario.Channels, sim.Channel{
		ID: id, PollInterval: defaultPoll, Policy: reducer.DefaultPolicy(), Waves: waves,
	})
	return nil
}

func (w *world) setChannel(id reducer.ChannelID, set func(*sim.Channel) error) error {
	c, err := w.channel(id)
	if err != nil {
		return err
	}
	return set(c)
}
