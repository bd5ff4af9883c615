package story

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/sim"
)

// maxHosts bounds a fleet that a sentence describes.
const maxHosts = 10_000

var fleetSteps = []step{
	{
		topic: "Fleet", phase: sets,
		words: `(the/a )channel {channel} with (a/one )wave(s) of {numbers} host(s)( (each )soaking( for) {duration})`,
		doc: "A channel, its waves from wave 0, and how long each host soaks after its dispatch. " +
			"The hosts are named after the channel: stable-01, stable-02 and on through all waves.",
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
		words: `(the/a )channel {channel} with these waves:`,
		doc: "A channel, the hosts in each of its waves from wave 0, by name or counted, and how " +
			"long they soak.",
		example: `channel "stable" with these waves:`,
		table:   []string{"hosts", "soak?"},
		sample: [][]string{
			{"hosts", "soak"},
			{"web-01", "30 minutes"},
			{"web-02, web-03", "1 hour"},
			{"20", "1 hour"},
		},
		do: (*world).addWaves,
	},
	{
		topic: "Fleet", phase: sets,
		words: `(the/a )channel {channel} with {number} host(s) in waves of {percents}( (each )soaking( for) {duration})`,
		doc: "A channel whose waves are shares of its hosts, 100% together. A share that is no " +
			"whole number of hosts is rounded up, at the cost of the later ones.",
		example: `channel "stable" with 40 hosts in waves of 5%, 25% and 70% soaking 30 minutes`,
		do: func(w *world, id reducer.ChannelID, hosts uint64, shares []uint64, soak time.Duration) error {
			counts, err := divide(hosts, shares)
			if err != nil {
				return err
			}
			return w.addChannel(id, counts, soak)
		},
	},
	{
		topic: "Fleet", phase: sets,
		words: `these channels:`,
		doc: "Several channels: the hosts in each wave, how long they soak, the policy, how long " +
			"ended rollouts are kept, how often the channel is polled, and the channels above in the " +
			"table that it waits for.",
		example: `these channels:`,
		table:   []string{"channel", "waves", "soak?", "policy?", "retention?", "poll?", "after?"},
		sample: [][]string{
			{"channel", "waves", "soak", "policy", "after"},
			{"early", "2", "10 minutes", "halt", ""},
			{"late", "1, 5 and 20", "30 minutes", "rollback-and-halt", "early"},
		},
		do: (*world).addChannels,
	},
	{
		topic: "Fleet", phase: sets,
		words: `(channel ){channel} has (the )policy {policy}`,
		doc: "What a failing host means for its rollout: halt, which is the default, or " +
			"rollback-and-halt.",
		example: `channel "stable" has policy rollback-and-halt`,
		do:      (*world).setPolicy,
	},
	{
		topic: "Fleet", phase: sets,
		words: `(channel ){channel} keeps (its )(ended )rollout(s) for {duration}`,
		doc: "The channel's retention: how long a rollout is kept once it is Terminal, " +
			"Superseded, Failed or Reverted. The default is 7 days.",
		example: `channel "edge" keeps ended rollouts for 3 days`,
		do:      (*world).setRetention,
	},
	{
		topic: "Fleet", phase: sets,
		words:   `(channel ){channel} is polled every {duration}`,
		doc:     "How often the control plane reads the channel's ref. The default is every minute.",
		example: `channel "stable" is polled every 5 minutes`,
		do:      (*world).setPoll,
	},
	{
		topic: "Fleet", phase: sets,
		words: `(the )control plane is {planner}`,
		doc: "Whose planner runs: specified, which is the default; shipped, with the two faults " +
			"of the real one, which moves the wave cursor without WaveAdvanced and does not halt the " +
			"current wave of a Failed rollout; or absent, which opens rollouts and plans nothing, so " +
			"that for the rest only raw events happen.",
		example: `the control plane is shipped`,
		do: func(w *world, p controlplane.Name) error {
			w.scenario.ControlPlane = p
			return nil
		},
	},
	{
		topic: "Fleet", phase: sets,
		words: `the machine is {machine}`,
		doc: "Which machine decides: rfc0008, which is the default, or v0.2. A tag such as " +
			"@machine:v0.2 says the same.",
		example: `the machine is v0.2`,
		do: func(w *world, machine *reducer.Table) error {
			w.machine, w.chosen.machine = machine, true
			return nil
		},
	},
	{
		topic: "Fleet", phase: sets,
		words: `the run lasts {duration}`,
		doc: "Ends the run at that time. By default it goes on until every retention has ended, " +
			"so that what must happen in the end can be judged.",
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

// addChannel adds a channel whose hosts are counted.
func (w *world) addChannel(id reducer.ChannelID, counts []uint64, soak time.Duration) error {
	hosts, err := hostsOf(id, counts)
	if err != nil {
		return err
	}
	var waves []sim.Wave
	for _, wave := range hosts {
		waves = append(waves, sim.Wave{Hosts: wave, Soak: soak})
	}
	return w.addFleet(id, waves)
}

// hostsOf names the hosts of a channel that are counted, wave by wave, as scenario files name them.
func hostsOf(id reducer.ChannelID, counts []uint64) ([][]reducer.HostID, error) {
	var total uint64
	for _, n := range counts {
		if total += n; n > maxHosts || total > maxHosts {
			return nil, fmt.Errorf("a channel has at most %d hosts", maxHosts)
		}
	}
	width := max(2, len(fmt.Sprint(total)))
	next := 1
	waves := make([][]reducer.HostID, len(counts))
	for i, n := range counts {
		for range n {
			waves[i] = append(waves[i], reducer.HostID(fmt.Sprintf("%s-%0*d", id, width, next)))
			next++
		}
	}
	return waves, nil
}

// whole is how shares of a whole are counted: in thousandths of a percent.
const whole = 100_000

// divide divides hosts into waves.
func divide(hosts uint64, shares []uint64) ([]uint64, error) {
	if hosts > maxHosts {
		return nil, fmt.Errorf("a channel has at most %d hosts", maxHosts)
	}
	var counts []uint64
	var sum, taken uint64
	for _, share := range shares {
		if sum += share; sum > whole {
			break
		}
		upTo := (hosts*sum + whole - 1) / whole
		counts = append(counts, upTo-taken)
		taken = upTo
	}
	if sum != whole {
		return nil, fmt.Errorf("the waves are %v%% of the hosts together, and have to be "+
			"100%%", float64(sum)/(whole/100))
	}
	return counts, nil
}

var countOfHosts = regexp.MustCompile(`^[0-9]+$`)

// addWaves adds a channel whose hosts are named, or counted wave by wave.
func (w *world) addWaves(id reducer.ChannelID, t table) error {
	var waves []sim.Wave
	var counted []uint64
	err := t.each(func(r row) error {
		soak, err := cell(r, "soak", parseDuration)
		wave := sim.Wave{Hosts: names[reducer.HostID](r["hosts"]), Soak: soak}
		if countOfHosts.MatchString(r["hosts"]) {
			n, bad := parseNumber(r["hosts"])
			wave.Hosts, err = nil, errors.Join(err, bad)
			counted = append(counted, n)
		} else {
			counted = append(counted, 0)
		}
		waves = append(waves, wave)
		return err
	})
	if err != nil {
		return err
	}
	hosts, err := hostsOf(id, counted)
	if err != nil {
		return err
	}
	for i := range waves {
		waves[i].Hosts = append(waves[i].Hosts, hosts[i]...)
	}
	return w.addFleet(id, waves)
}

func (w *world) addChannels(t table) error {
	return t.each(func(r row) error {
		id := reducer.ChannelID(r["channel"])
		counts, err := cell(r, "waves", func(s string) ([]uint64, error) {
			if !wholeNumbers.MatchString(s) {
				return nil, fmt.Errorf("%q is not the number of hosts in each wave, such as 1, 5 and 20", s)
			}
			return parseNumbers(s)
		})
		if err != nil {
			return err
		}
		if id == "" || counts == nil {
			return fmt.Errorf("it needs a channel and its waves")
		}
		soak, err := cell(r, "soak", parseDuration)
		if err != nil {
			return err
		}
		if err := w.addChannel(id, counts, soak); err != nil {
			return err
		}
		policy, err := cell(r, "policy", parsePolicy)
		if err == nil && policy != 0 {
			err = w.setPolicy(id, policy)
		}
		if err == nil && r["retention"] != "" {
			err = inCell(r, "retention", id, w.setRetention)
		}
		if err == nil && r["poll"] != "" {
			err = inCell(r, "poll", id, w.setPoll)
		}
		if err != nil {
			return err
		}
		if r["after"] == "" {
			return nil
		}
		return w.awaitChannels(id, names[reducer.ChannelID](r["after"]))
	})
}

// inCell sets what a cell says of a channel.
func inCell(
	r row, column string, id reducer.ChannelID, set func(reducer.ChannelID, time.Duration) error,
) error {
	d, err := cell(r, column, parseDuration)
	if err != nil {
		return err
	}
	return set(id, d)
}

func (w *world) addFleet(id reducer.ChannelID, waves []sim.Wave) error {
	if _, err := w.channel(id); err == nil {
		return fmt.Errorf("channel %q is there already", id)
	}
	declared := make(map[reducer.HostID]bool)
	again := func(h reducer.HostID) error {
		return fmt.Errorf("host %q is there already: a host belongs to one channel and one wave", h)
	}
	for _, wave := range waves {
		w.silence(wave.Soak)
		for _, h := range wave.Hosts {
			if declared[h] {
				return again(h)
			}
			declared[h] = true
		}
	}
	for h := range w.hosts() {
		if declared[h] {
			return again(h)
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

func (w *world) setPolicy(id reducer.ChannelID, policy reducer.HealthPolicy) error {
	return w.setChannel(id, func(c *sim.Channel) error {
		c.Policy.OnHealthFailure = policy
		return nil
	})
}

func (w *world) setRetention(id reducer.ChannelID, retention time.Duration) error {
	if retention%time.Second != 0 {
		return fmt.Errorf("retention is counted in whole seconds, and %v is not", retention)
	}
	return w.setChannel(id, func(c *sim.Channel) error {
		c.Policy.RetentionSeconds = int64(retention / time.Second)
		return nil
	})
}

func (w *world) setPoll(id reducer.ChannelID, interval time.Duration) error {
	if interval < time.Second {
		return fmt.Errorf("a poll interval is at least 1 second")
	}
	w.silence(interval)
	return w.setChannel(id, func(c *sim.Channel) error {
		c.PollInterval = interval
		return nil
	})
}
