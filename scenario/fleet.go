package scenario

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/sim"
)

func (b *builder) buildChannels() []sim.Channel {
	if len(b.doc.Channels) == 0 {
		b.reject(at("channels"), "channels: at least one is needed")
	}
	b.channelIndex = make(map[reducer.ChannelID]int)
	b.channelOf = make(map[reducer.HostID]int)
	b.absent = make(map[reducer.HostID]bool)
	b.refs = make([]map[reducer.ChannelRef]bool, len(b.doc.Channels))
	b.prefixes = make([][]string, len(b.doc.Channels))
	var made []sim.Channel
	for i := range b.doc.Channels {
		c := &b.doc.Channels[i]
		b.checkName("the channel's name", c.Name, "@", at("channels", i, "name"))
		if _, twice := b.channelIndex[reducer.ChannelID(c.Name)]; twice {
			b.reject(at("channels", i, "name"), "channel %s is declared twice", quote(c.Name))
		}
		b.channelIndex[reducer.ChannelID(c.Name)] = i
		b.channels = append(b.channels, c.Name)
		b.refs[i] = make(map[reducer.ChannelRef]bool)
		if c.PollInterval < duration(time.Second) {
			b.reject(at("channels", i, "poll_interval"), "poll_interval: must be at least 1s")
		}
		if c.Retention%duration(time.Second) != 0 {
			b.reject(at("channels", i, "retention"), "retention: must be whole seconds")
		}
		waves, outside := b.buildWaves(i)
		made = append(made, sim.Channel{
			ID:           reducer.ChannelID(c.Name),
			PollInterval: time.Duration(c.PollInterval),
			Policy: reducer.Policy{
				OnHealthFailure: c.Policy, RetentionSeconds: int64(c.Retention / duration(time.Second)),
			},
			Waves:   waves,
			Outside: outside,
			Windows: b.buildWindows(i),
			Absent:  c.Absent,
		})
		b.checkAbsent(i)
		if b.enough() {
			break
		}
	}
	return made
}

// checkAbsent checks the hosts of a channel that are not in the fleet at the start.
func (b *builder) checkAbsent(i int) {
	for j, id := range b.doc.Channels[i].Absent {
		where := at("channels", i, "absent", j)
		b.checkMember(id, i, where)
		if b.absent[id] {
			b.reject(where, "host %s is listed twice", quote(string(id)))
		}
		b.absent[id] = true
	}
	if len(b.doc.Channels[i].Absent) > 0 && b.doc.ControlPlane.name == controlplane.Shipped {
		b.reject(at("channels", i, "absent"),
			"absent: hosts neither join nor leave the fleet of the shipped control plane")
	}
}

// buildWaves builds the waves of a channel, and the hosts that are in none of them. It generates
// the names of hosts that are only counted: stable-01, stable-02 and so on through all waves.
func (b *builder) buildWaves(i int) (waves []sim.Wave, outside []reducer.HostID) {
	c := &b.doc.Channels[i]
	groups := make([]hostGroup, 0, len(c.Waves)+1)
	for j := range c.Waves {
		groups = append(groups, hostGroup{&c.Waves[j].Hosts, at("channels", i, "waves", j, "hosts")})
	}
	groups = append(groups, hostGroup{&c.Outside, at("channels", i, "outside")})
	total := 0
	for _, g := range groups {
		b.counted += int(g.count) + len(g.names)
		if b.counted > b.maxHosts {
			b.reject(g.where, "%s: the scenario has more than %d hosts", g.field(), b.maxHosts)
			return nil, nil
		}
		total += int(g.count)
	}
	width := max(2, len(fmt.Sprint(total)))
	next := 1
	for j, g := range groups {
		members, ok := b.buildHosts(i, g, width, &next)
		if j == len(c.Waves) {
			return waves, members
		}
		w := sim.Wave{Hosts: members, Soak: DefaultSoak(b.doc.ControlPlane.name)}
		if soak := c.Waves[j].Soak; soak != nil {
			w.Soak = time.Duration(*soak)
		}
		waves = append(waves, w)
		if !ok {
			break
		}
	}
	return waves, nil
}

// hostGroup are the hosts of a wave, or those outside the waves, and their place in the file.
type hostGroup struct {
	*hosts
	where []any
}

// field returns the name of the field that has the hosts.
func (g hostGroup) field() string { return g.where[len(g.where)-1].(string) }

// buildHosts returns the hosts of a group and reports whether the next one makes sense. next is the
// number of the next host that is only counted.
func (b *builder) buildHosts(
	channel int, g hostGroup, width int, next *int,
) (members []reducer.HostID, ok bool) {
	for range g.count {
		id := reducer.HostID(fmt.Sprintf("%s-%0*d", b.doc.Channels[channel].Name, width, *next))
		*next++
		members = append(members, id)
		if !b.declare(id, channel) {
			b.reject(g.where,
				"host %s is declared twice: this count generates its name, and another wave lists it",
				quote(string(id)))
			return members, false
		}
	}
	for k, id := range g.names {
		where := append(slices.Clone(g.where), k)
		b.checkName("the host's name", string(id), `*?[]\`, where)
		members = append(members, id)
		if !b.declare(id, channel) {
			b.reject(where, "host %s is declared twice: a host belongs to one channel and one wave",
				quote(string(id)))
		}
		if b.enough() {
			return members, false
		}
	}
	return members, true
}

// declare records a host and its channel. It reports false for a host that is declared already.
func (b *builder) declare(id reducer.HostID, channel int) bool {
	if _, twice := b.channelOf[id]; twice {
		return false
	}
	b.channelOf[id] = channel
	b.hosts = append(b.hosts, string(id))
	return true
}

// checkPatterns checks the host patterns of a rule, which needs at least one.
func (b *builder) checkPatterns(patterns []string, field string, i int) {
	b.checkPatternsAt(patterns, at(field, i, "hosts"))
}

// checkPatternsAt checks a list of host patterns at a path, which needs at least one.
func (b *builder) checkPatternsAt(patterns []string, where []any) {
	if len(patterns) == 0 {
		b.reject(where, "%s: at least one is needed", where[len(where)-1])
	}
	for j, pattern := range patterns {
		if b.enough() {
			return
		}
		b.checkPattern(pattern, append(slices.Clone(where), j))
	}
}

func (b *builder) checkPattern(pattern string, where []any) {
	if b.anyFleet {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			b.rejectPattern(pattern, where)
		}
		return
	}
	if _, ok := b.channelOf[reducer.HostID(pattern)]; ok {
		return
	}
	if !strings.ContainsAny(pattern, `*?[\`) {
		b.reject(where, "%v", unknownName{"host", pattern, b.hosts})
		return
	}
	if _, err := path.Match(pattern, ""); err != nil {
		b.rejectPattern(pattern, where)
		return
	}
	for _, h := range b.hosts {
		if ok, _ := path.Match(pattern, h); ok {
			return
		}
	}
	b.reject(where, "no host matches the pattern %s", quote(pattern))
}

func (b *builder) rejectPattern(pattern string, where []any) {
	b.reject(where, "%s is not a host pattern such as \"web-*\"", quote(pattern))
}

// matches reports whether a name or pattern matches a host. A malformed pattern matches none.
func matches(pattern, host string) bool {
	ok, err := path.Match(pattern, host)
	return pattern == host || err == nil && ok
}

// checkMember rejects a host that is not one of the channel.
func (b *builder) checkMember(id reducer.HostID, channel int, where []any) {
	own, known := b.channelOf[id]
	switch {
	case !known:
		b.reject(where, "%v", unknownName{"host", string(id), b.hosts})
	case own != channel:
		b.reject(where, "host %s belongs to channel %s, not to %s", id, b.channels[own],
			b.channels[channel])
	}
}
