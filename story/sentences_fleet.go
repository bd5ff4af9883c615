package story

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/story/gherkin"
)

var fleetSteps = []step{
	{
		topic: "Fleet", phase: sets,
		words: `(the/a )channel {channel} with (a/one )wave(s) of {numbers} host(s)( (each )soaking( ` +
			`for) {length})`,
		doc: "A channel, the number of hosts in each wave from wave 0, and how long each host " +
			"soaks after its dispatch: by default not at all, and 1 hour under the shipped control plane. " +
			"The hosts are named after the channel, stable-01, stable-02 and on, through all waves.",
		example: `channel "stable" with waves of 1, 5 and 20 hosts soaking 30 minutes`,
		do: func(w *world, id reducer.ChannelID, counts []uint64, soak reducer.Opt[time.Duration]) error {
			return w.fleet.addCounted(id, counts, soak)
		},
	},
	{
		topic: "Fleet", phase: sets,
		words:   `(the/a )channel {channel} with {number} host(s)( (each )soaking( for) {length})`,
		doc:     "A channel whose hosts are all in wave 0.",
		example: `channel "edge" with 2 hosts soaking 10 minutes`,
		do: func(w *world, id reducer.ChannelID, hosts uint64, soak reducer.Opt[time.Duration]) error {
			return w.fleet.addCounted(id, []uint64{hosts}, soak)
		},
	},
	{
		topic: "Fleet", phase: sets,
		words: `(the/a )channel {channel} with these waves:`,
		doc: "A channel, the hosts of each wave from wave 0, by name or by number, and how long " +
			"they soak.",
		example: `channel "stable" with these waves:`,
		table:   []string{"hosts", "soak?"},
		sample: [][]string{
			{"hosts", "soak"},
			{"web-01", "30 minutes"},
			{"web-02, web-03", "1 hour"},
			{"20", "1 hour"},
		},
		do: addWaves,
	},
	{
		topic: "Fleet", phase: sets,
		words: `(the/a )channel {channel} with {number} host(s) in waves of {percents}( (each ` +
			`)soaking( for) {length})`,
		doc: "A channel whose waves are shares of its hosts, 100% together. A share is rounded up " +
			"to whole hosts, and the later waves have fewer.",
		example: `channel "stable" with 40 hosts in waves of 5%, 25% and 70% soaking 30 minutes`,
		do: func(
			w *world, id reducer.ChannelID, hosts uint64, shares []uint64,
			soak reducer.Opt[time.Duration],
		) error {
			counts, err := divide(hosts, shares)
			if err != nil {
				return err
			}
			return w.fleet.addCounted(id, counts, soak)
		},
	},
	{
		topic: "Fleet", phase: sets,
		words: `these channels:`,
		doc: "Several channels: the number of hosts in each wave, how long they soak, the policy, " +
			"the retention, the poll interval, and the channels higher in the table that it waits for.",
		example: `these channels:`,
		table:   []string{"channel", "waves", "soak?", "policy?", "retention?", "poll?", "after?"},
		sample: [][]string{
			{"channel", "waves", "soak", "policy", "after"},
			{"early", "2", "10 minutes", "halt", ""},
			{"late", "1, 5 and 20", "30 minutes", "rollback-and-halt", "early"},
		},
		do: addChannels,
	},
	{
		topic: "Fleet", phase: sets,
		words: `(channel ){channel} has {number} more host(s) outside its waves`,
		doc: "Hosts that follow the channel and are in none of its waves. They join its rollouts " +
			"with wave 0. Their names continue those of the channel's other hosts.",
		example: `channel "stable" has 2 more hosts outside its waves`,
		do: func(w *world, id reducer.ChannelID, hosts uint64) error {
			return w.fleet.addOutside(id, hosts)
		},
	},
	{
		topic: "Fleet", phase: sets,
		words: `(channel ){channel} has (the )policy {policy}`,
		doc: "What a host that fails does to its rollout: halt, which is the default, or " +
			"rollback-and-halt.",
		example: `channel "stable" has policy rollback-and-halt`,
		do:      setPolicy,
	},
	{
		topic: "Fleet", phase: sets,
		words: `(channel ){channel} keeps (its )(ended )rollout(s) for {duration}`,
		doc: "The channel's retention: how long a rollout is kept once it is Terminal, " +
			"Superseded, Failed or Reverted. The default is 7 days.",
		example: `channel "edge" keeps ended rollouts for 3 days`,
		do:      setRetention,
	},
	{
		topic: "Fleet", phase: sets,
		words:   `(channel ){channel} is polled every {duration}`,
		doc:     "How often the control plane reads the channel's ref. The default is every minute.",
		example: `channel "stable" is polled every 5 minutes`,
		do:      setPoll,
	},
	{
		topic: "Fleet", phase: sets,
		words: `(the )control plane is {planner}`,
		doc: "Which control plane runs: specified, which is the default; shipped, which is what " +
			"runs in production with its agents and its defects; or absent, which opens rollouts and " +
			"plans nothing, so that everything else must be raw events.",
		example: `the control plane is shipped`,
		do: func(w *world, p controlplane.Name) error {
			w.fleet.ControlPlane, w.fleet.Mended = p, nil
			return w.give("the control plane")
		},
	},
	{
		topic: "Fleet", phase: sets,
		words: `the machine is {machine}`,
		doc: "Which machine decides: rfc0008, which is the default, or v0.2. A tag such as " +
			"@machine:v0.2 does the same.",
		example: `the machine is v0.2`,
		do: func(w *world, machine *reducer.Table) error {
			return setMachine(w, machine, w.sentence, false)
		},
	},
	{
		topic: "Fleet", phase: sets,
		words: `the run lasts {duration}`,
		doc: "The run ends at that time. By default it continues until every retention has ended, " +
			"so that what must happen in the end can be checked.",
		example: `the run lasts 2 days`,
		do: func(w *world, lasts time.Duration) error {
			if lasts <= 0 {
				return fmt.Errorf("a run lasts longer than 0 seconds")
			}
			w.simulator.limit = lasts
			return w.give("the length of the run")
		},
	},
}

// whole is 100% in thousandths of a percent.
const whole = 100_000

// divide divides hosts into waves by shares, in thousandths of a percent.
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
		return nil, fmt.Errorf(
			"the waves are %v%% of the hosts together: expected 100%%", float64(sum)/(whole/100),
		)
	}
	return counts, nil
}

// soakIn returns the soak in a row, unset if the cell is empty.
func soakIn(r gherkin.Row) (reducer.Opt[time.Duration], error) {
	soak, err := gherkin.Cell(r, "soak", parseDuration)
	return reducer.Opt[time.Duration]{Value: soak, Set: r["soak"] != ""}, err
}

var countOfHosts = regexp.MustCompile(`^[0-9]+$`)

// addWaves adds a channel whose hosts are named, or counted wave by wave.
func addWaves(w *world, id reducer.ChannelID, t gherkin.Table) error {
	var waves []sim.Wave
	var counted []uint64
	err := t.Each(func(r gherkin.Row) error {
		soak, err := soakIn(r)
		wave := sim.Wave{Hosts: parseNames[reducer.HostID](r["hosts"]), Soak: soakOf(soak)}
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
	hosts, err := numberHosts(id, counted)
	if err != nil {
		return err
	}
	for i := range waves {
		waves[i].Hosts = append(waves[i].Hosts, hosts[i]...)
	}
	return w.fleet.addChannel(id, waves)
}

func addChannels(w *world, t gherkin.Table) error {
	return t.Each(func(r gherkin.Row) error {
		id := reducer.ChannelID(r["channel"])
		counts, err := gherkin.Cell(r, "waves", func(s string) ([]uint64, error) {
			if !wholeNumbers().MatchString(s) {
				return nil, fmt.Errorf("%q: expected the number of hosts in each wave, such as 1, 5 and 20", s)
			}
			return parseNumbers(s)
		})
		if err != nil {
			return err
		}
		if id == "" || counts == nil {
			return fmt.Errorf("the row needs a channel and its waves")
		}
		soak, err := soakIn(r)
		if err != nil {
			return err
		}
		if err := w.fleet.addCounted(id, counts, soak); err != nil {
			return err
		}
		policy, err := gherkin.Cell(r, "policy", parsePolicy)
		if err == nil && policy != 0 {
			err = setPolicy(w, id, policy)
		}
		if err == nil && r["retention"] != "" {
			err = inCell(w, r, "retention", id, setRetention)
		}
		if err == nil && r["poll"] != "" {
			err = inCell(w, r, "poll", id, setPoll)
		}
		if err != nil {
			return err
		}
		if r["after"] == "" {
			return nil
		}
		return awaitChannels(w, id, parseNames[reducer.ChannelID](r["after"]))
	})
}

// inCell sets a duration of a channel to that of a cell.
func inCell(
	w *world, r gherkin.Row, column string, id reducer.ChannelID,
	set func(*world, reducer.ChannelID, time.Duration) error,
) error {
	d, err := gherkin.Cell(r, column, parseDuration)
	if err != nil {
		return err
	}
	return set(w, id, d)
}

func setChannel(w *world, id reducer.ChannelID, set func(*sim.Channel) error) error {
	c, err := w.fleet.channel(id)
	if err != nil {
		return err
	}
	return set(c)
}

// setMachine sets the machine of the scenario, as a tag or a sentence says.
func setMachine(w *world, machine *reducer.Table, by string, tag bool) error {
	counts, err := w.giveNearest("the machine", by, machine.Name(), tag)
	if counts {
		w.simulator.machine, w.machineChosen = machine, true
	}
	return err
}

// giveOf is give for a thing of a channel.
func (w *world) giveOf(what string, id reducer.ChannelID) error {
	return w.give(fmt.Sprintf("%s of channel %q", what, id))
}

func setPolicy(w *world, id reducer.ChannelID, policy reducer.HealthPolicy) error {
	if err := w.giveOf("the policy", id); err != nil {
		return err
	}
	return setChannel(w, id, func(c *sim.Channel) error {
		c.Policy.OnHealthFailure = policy
		return nil
	})
}

func setRetention(w *world, id reducer.ChannelID, retention time.Duration) error {
	if retention%time.Second != 0 {
		return fmt.Errorf("retention is counted in whole seconds, and %v is not", retention)
	}
	if err := w.giveOf("the retention", id); err != nil {
		return err
	}
	return setChannel(w, id, func(c *sim.Channel) error {
		c.Policy.RetentionSeconds = int64(retention / time.Second)
		return nil
	})
}

func setPoll(w *world, id reducer.ChannelID, interval time.Duration) error {
	if interval < time.Second {
		return fmt.Errorf("a poll interval is at least 1 second")
	}
	w.fleet.allowSilence(interval)
	if err := w.giveOf("the poll interval", id); err != nil {
		return err
	}
	return setChannel(w, id, func(c *sim.Channel) error {
		c.PollInterval = interval
		return nil
	})
}
