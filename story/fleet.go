package story

import (
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
)

const (
	defaultPoll = time.Minute
	defaultSeed = 1

	// maxHosts bounds a fleet that a sentence describes.
	maxHosts = 10_000

	// quietPeriod is how long the fleet must be inactive, in addition to its longest silence, for
	// everything to count as settled. It exceeds the longest delays of the default behaviour.
	quietPeriod = 3 * time.Hour
)

// A fleet is the scenario under construction. It has no timeline and no fates: those are the
// story's.
type fleet struct {
	sim.Scenario

	// silence is the longest time for which the fleet may be inactive before it continues by itself.
	silence time.Duration

	details []releaseDetail // what sentences say about refs
}

// channel returns the channel with a name.
func (f *fleet) channel(id reducer.ChannelID) (*sim.Channel, error) {
	for i := range f.Channels {
		if f.Channels[i].ID == id {
			return &f.Channels[i], nil
		}
	}
	var known []string
	for i := range f.Channels {
		known = append(known, string(f.Channels[i].ID))
	}
	return nil, &unknownNameError{"channel", string(id), known}
}

// channelOf returns the channel of a host; nil if the fleet has no such host.
func (f *fleet) channelOf(h reducer.HostID) *sim.Channel {
	for i := range f.Channels {
		for _, wave := range f.Channels[i].Waves {
			if slices.Contains(wave.Hosts, h) {
				return &f.Channels[i]
			}
		}
		if slices.Contains(f.Channels[i].Outside, h) {
			return &f.Channels[i]
		}
	}
	return nil
}

// hostsOf returns the hosts of a channel, wave by wave, and then those outside its waves.
func hostsOf(c *sim.Channel) []reducer.HostID {
	var all []reducer.HostID
	for i := range c.Waves {
		all = append(all, c.Waves[i].Hosts...)
	}
	return append(all, c.Outside...)
}

// hosts returns all hosts, channel by channel and wave by wave.
func (f *fleet) hosts() iter.Seq[reducer.HostID] {
	return func(yield func(reducer.HostID) bool) {
		for i := range f.Channels {
			for _, h := range hostsOf(&f.Channels[i]) {
				if !yield(h) {
					return
				}
			}
		}
	}
}

// match returns the hosts that some names and patterns such as stable-* stand for. It refuses one
// that fits no host.
func (f *fleet) match(patterns []reducer.HostID) ([]reducer.HostID, error) {
	var matched []reducer.HostID
	for _, p := range patterns {
		if first, last, ranged := strings.Cut(string(p), rangeOf); ranged {
			between, err := f.between(reducer.HostID(first), reducer.HostID(last))
			if err != nil {
				return nil, err
			}
			matched = append(matched, between...)
			continue
		}
		if !strings.ContainsAny(string(p), "*?[") {
			if err := f.checkHosts([]reducer.HostID{p}); err != nil {
				return nil, err
			}
			matched = append(matched, p)
			continue
		}
		before := len(matched)
		for h := range f.hosts() {
			fits, err := path.Match(string(p), string(h))
			if err != nil {
				return nil, fmt.Errorf("%q is not a pattern: expected one such as \"stable-*\"", p)
			}
			if fits {
				matched = append(matched, h)
			}
		}
		if len(matched) == before {
			return nil, fmt.Errorf("no host matches %q", p)
		}
	}
	return matched, nil
}

// between returns the hosts from one to another of the same channel, in the order of the fleet.
func (f *fleet) between(first, last reducer.HostID) ([]reducer.HostID, error) {
	if err := f.checkHosts([]reducer.HostID{first, last}); err != nil {
		return nil, err
	}
	if f.channelOf(first) != f.channelOf(last) {
		return nil, fmt.Errorf("hosts %s and %s are of different channels", first, last)
	}
	var all []reducer.HostID
	for h := range f.hosts() {
		if h == first || len(all) > 0 {
			all = append(all, h)
		}
		if h == last && len(all) > 0 {
			return all, nil
		}
	}
	return nil, fmt.Errorf("host %s does not come after host %s", last, first)
}

// checkHosts refuses hosts that are neither in the fleet nor among others.
func (f *fleet) checkHosts(hosts []reducer.HostID, others ...reducer.HostID) error {
	for _, h := range hosts {
		if !slices.Contains(others, h) && f.channelOf(h) == nil {
			known := slices.AppendSeq(slices.Clone(others), f.hosts())
			return &unknownNameError{"host", string(h), as[string](known)}
		}
	}
	return nil
}

// policy returns the policy of a channel. A channel that only raw events name has the default one.
func (f *fleet) policy(id reducer.ChannelID) reducer.Policy {
	for i := range f.Channels {
		if f.Channels[i].ID == id {
			return f.Channels[i].Policy
		}
	}
	return reducer.DefaultPolicy()
}

// retention returns the longest retention of any channel, and at least the default one: a channel
// that only raw events name has it. It is 0 under the shipped control plane, which keeps rollouts
// for 90 days: a story that waits for that says how long the run lasts.
func (f *fleet) retention() time.Duration {
	if f.ControlPlane == controlplane.Shipped {
		return 0
	}
	longest := int64(reducer.DefaultRetentionSeconds)
	for i := range f.Channels {
		longest = max(longest, f.Channels[i].Policy.RetentionSeconds)
	}
	return time.Duration(longest) * time.Second
}

// nextPoll returns when a channel, or any channel if the name is empty, is polled next after a
// time. It returns that time itself if there is no such channel.
func (f *fleet) nextPoll(id reducer.ChannelID, now time.Duration) time.Duration {
	next := time.Duration(-1)
	if p := f.Phases.Poll; f.ControlPlane == controlplane.Shipped && p.Set {
		const interval = 30 * time.Second
		for next = p.Value; next <= now; {
			next += interval
		}
		return next
	}
	for i := range f.Channels {
		c := &f.Channels[i]
		at := (now/c.PollInterval + 1) * c.PollInterval
		if (id == "" || id == c.ID) && (next < 0 || at < next) {
			next = at
		}
	}
	return max(next, now)
}

// allowSilence records that the fleet may be inactive for a time before it continues by itself.
func (f *fleet) allowSilence(d time.Duration) { f.silence = max(f.silence, d) }

// quiet returns how long the fleet must be inactive for everything to count as settled.
func (f *fleet) quiet() time.Duration { return quietPeriod + f.silence }

// addChannel adds a channel. A host belongs to one channel and one wave.
func (f *fleet) addChannel(id reducer.ChannelID, waves []sim.Wave) error {
	if _, err := f.channel(id); err == nil {
		return fmt.Errorf("channel %q exists already", id)
	}
	declared := make(map[reducer.HostID]bool)
	for h := range f.hosts() {
		declared[h] = true
	}
	for _, wave := range waves {
		f.allowSilence(wave.Soak)
		for _, h := range wave.Hosts {
			if declared[h] {
				return fmt.Errorf("host %q exists already: a host belongs to one channel and one wave", h)
			}
			declared[h] = true
		}
	}
	f.Channels = append(f.Channels, sim.Channel{
		ID: id, PollInterval: defaultPoll, Policy: reducer.DefaultPolicy(), Waves: waves,
	})
	return nil
}

// addCounted adds a channel whose hosts are counted, wave by wave.
func (f *fleet) addCounted(
	id reducer.ChannelID, counts []uint64, soak reducer.Opt[time.Duration],
) error {
	hosts, err := numberHosts(id, counts)
	if err != nil {
		return err
	}
	var waves []sim.Wave
	for _, wave := range hosts {
		waves = append(waves, sim.Wave{Hosts: wave, Soak: soakOf(soak)})
	}
	return f.addChannel(id, waves)
}

// unsetSoak is the soak of a wave that no sentence sets. It depends on the control plane.
const unsetSoak = time.Duration(-1)

func soakOf(given reducer.Opt[time.Duration]) time.Duration {
	if !given.Set {
		return unsetSoak
	}
	return given.Value
}

// soaked returns the channels, with the default for each soak that no sentence sets.
func (f *fleet) soaked() []sim.Channel {
	channels := slices.Clone(f.Channels)
	for i := range channels {
		waves := slices.Clone(channels[i].Waves)
		for j := range waves {
			if waves[j].Soak == unsetSoak {
				waves[j].Soak = scenario.DefaultSoak(f.ControlPlane)
			}
		}
		channels[i].Waves = waves
	}
	return channels
}

// addOutside adds hosts that follow a channel and are in none of its waves.
func (f *fleet) addOutside(id reducer.ChannelID, hosts uint64) error {
	c, err := f.channel(id)
	if err != nil {
		return err
	}
	members := len(hostsOf(c))
	if hosts > maxHosts || members+int(hosts) > maxHosts {
		return fmt.Errorf("a channel has at most %d hosts", maxHosts)
	}
	width := max(2, len(fmt.Sprint(members)))
	for n := 1; hosts > 0; n++ {
		h := reducer.HostID(fmt.Sprintf("%s-%0*d", id, width, n))
		if f.channelOf(h) == nil {
			c.Outside = append(c.Outside, h)
			hosts--
		}
	}
	return nil
}

// numberHosts returns names for the hosts of a channel, wave by wave, as scenario files number
// them: stable-01, stable-02 and so on.
func numberHosts(id reducer.ChannelID, counts []uint64) ([][]reducer.HostID, error) {
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

// addGroup adds a group of hosts and returns its behaviour, for the caller to set, and its hosts.
func (f *fleet) addGroup(patterns []reducer.HostID) (*sim.Behaviour, []reducer.HostID, error) {
	hosts, err := f.match(patterns)
	if err != nil {
		return nil, nil, err
	}
	f.Groups = append(f.Groups, sim.Group{Hosts: as[string](hosts)})
	return &f.Groups[len(f.Groups)-1].Behaviour, hosts, nil
}

// addFault adds a fault that happens by chance, limited to some hosts unless hosts is empty.
func (f *fleet) addFault(fault sim.Fault, hosts []reducer.HostID) {
	fault.Hosts = as[string](hosts)
	f.Faults = append(f.Faults, fault)
	if fault.For != nil {
		f.allowSilence(fault.For.Longest())
	}
}

// matchesHost reports whether a pattern matches the name of a host.
func matchesHost(pattern string, h reducer.HostID) bool {
	fits, err := path.Match(pattern, string(h))
	return err == nil && fits
}
