package scenario

import (
	"fmt"
	"path"
	"strings"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
)

func (b *builder) buildChannels() []sim.Channel {
	if len(b.doc.Channels) == 0 {
		b.reject(at("channels"), "channels: at least one is needed")
	}
	b.channelIndex = make(map[reducer.ChannelID]int)
	b.channelOf = make(map[reducer.HostID]int)
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
		made = append(made, sim.Channel{
			ID:           reducer.ChannelID(c.Name),
			PollInterval: time.Duration(c.PollInterval),
			Policy: reducer.Policy{
				OnHealthFailure: c.Policy, RetentionSeconds: int64(c.Retention / duration(time.Second)),
			},
			Waves: b.buildWaves(i),
		})
		if b.enough() {
			break
		}
	}
	return made
}

// buildWaves builds the waves of a channel. It generates the names of hosts that a wave only
// counts: stable-01, stable-02 and so on through all waves.
func (b *builder) buildWaves(i int) []sim.Wave {
	c := &b.doc.Channels[i]
	total := 0
	for j := range c.Waves {
		h := &c.Waves[j].Hosts
		b.counted += int(h.count) + len(h.names)
		if b.counted > b.maxHosts {
			b.reject(at("channels", i, "waves", j, "hosts"), "hosts: the scenario has more than %d hosts",
				b.maxHosts)
			return nil
		}
		total += int(h.count)
	}
	width := max(2, len(fmt.Sprint(total)))
	next := 1
	var made []sim.Wave
	for j := range c.Waves {
		h := &c.Waves[j].Hosts
		w := sim.Wave{Soak: time.Duration(c.Waves[j].Soak)}
		for range h.count {
			id := reducer.HostID(fmt.Sprintf("%s-%0*d", c.Name, width, next))
			next++
			w.Hosts = append(w.Hosts, id)
			if !b.declare(id, i) {
				b.reject(at("channels", i, "waves", j, "hosts"),
					"host %s is declared twice: this count generates its name, and another wave lists it",
					quote(string(id)))
				return made
			}
		}
		for k, id := range h.names {
			b.checkName("the host's name", string(id), `*?[]\`, at("channels", i, "waves", j, "hosts", k))
			w.Hosts = append(w.Hosts, id)
			if !b.declare(id, i) {
				b.reject(at("channels", i, "waves", j, "hosts", k),
					"host %s is declared twice: a host belongs to one channel and one wave", quote(string(id)))
			}
			if b.enough() {
				return made
			}
		}
		made = append(made, w)
	}
	return made
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
	if len(patterns) == 0 {
		b.reject(at(field, i, "hosts"), "hosts: at least one is needed")
	}
	for j, pattern := range patterns {
		if b.enough() {
			return
		}
		b.checkPattern(pattern, at(field, i, "hosts", j))
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
