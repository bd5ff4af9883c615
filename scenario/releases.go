package scenario

import (
	"slices"
	"strings"
	"time"

	"rollsim/controlplane"
	"rollsim/internal/nearest"
	"rollsim/reducer"
	"rollsim/sim"
)

// How often that which recurs under the shipped control plane happens.
const (
	heartbeatInterval = time.Minute
	tickerInterval    = 15 * time.Second
	pollInterval      = 30 * time.Second
	pruneInterval     = time.Hour
)

// DefaultSoak returns how long the hosts of a wave soak under a control plane if nothing is said
// about it.
func DefaultSoak(name controlplane.Name) time.Duration {
	if name == controlplane.Shipped {
		return time.Hour
	}
	return 0
}

// buildMended returns the defects that the control plane does not have.
func (b *builder) buildMended() []controlplane.Defect {
	mended := b.doc.ControlPlane.mended
	for i, defect := range mended {
		if slices.Contains(mended[:i], defect) {
			b.reject(at("control_plane", "shipped", "mended", i), "mended: %s is listed twice", defect)
		}
	}
	return mended
}

func (b *builder) buildTags() []controlplane.HostTags {
	var made []controlplane.HostTags
	b.tagged = make(map[string]map[reducer.HostID]bool)
	for i := range b.doc.Tags {
		if b.tooMany("tags", i) {
			return made
		}
		t := &b.doc.Tags[i]
		b.checkPatterns(t.Hosts, "tags", i)
		if len(t.Tags) == 0 {
			b.reject(at("tags", i, "tags"), "tags: at least one is needed")
		}
		for j, tag := range t.Tags {
			b.checkName("the tag", tag, ",:", at("tags", i, "tags", j))
			if slices.Contains(t.Tags[:j], tag) {
				b.reject(at("tags", i, "tags", j), "tag %s is listed twice", quote(tag))
			}
			if b.enough() {
				return made
			}
		}
		one := controlplane.HostTags{Hosts: t.Hosts, Tags: t.Tags}
		b.tag(&one)
		made = append(made, one)
	}
	return made
}

// tag records which hosts have the tags of an entry.
func (b *builder) tag(entry *controlplane.HostTags) {
	for _, tag := range entry.Tags {
		if b.tagged[tag] == nil {
			b.tagged[tag] = make(map[reducer.HostID]bool)
			b.tags = append(b.tags, tag)
		}
		for _, h := range b.hosts {
			if slices.ContainsFunc(entry.Hosts, func(p string) bool { return matches(p, h) }) {
				b.tagged[tag][reducer.HostID(h)] = true
			}
		}
	}
}

// checkSelector rejects the selector of a budget that is malformed or selects no host.
func (b *builder) checkSelector(text string, where []any) {
	kind, list, _ := strings.Cut(text, ":")
	names := strings.Split(list, ",")
	switch {
	case text == "all":
	case kind == "channel" && list != "":
		if b.channelNamed(reducer.ChannelID(list)) < 0 {
			b.reject(where, "selector: %v", unknownName{"channel", list, b.channels})
		}
	case (kind == "tags" || kind == "tags_any") && list != "":
		for _, name := range names {
			if b.tagged[name] == nil {
				b.reject(where, "selector: %v", unknownName{"tag", name, b.tags})
				return
			}
		}
		if kind == "tags" && !b.anyHasAll(names) {
			b.reject(where, "selector: no host has all of the tags %s", strings.Join(names, ", "))
		}
	case kind == "hosts" && list != "":
		for _, name := range names {
			if _, ok := b.channelOf[reducer.HostID(name)]; !ok {
				b.reject(where, "selector: %v", unknownName{"host", name, b.hosts})
			}
		}
	default:
		b.reject(where, "selector: expected all, channel:NAME, tags:A,B, tags_any:A,B or hosts:A,B, "+
			"found %s", quote(text))
	}
}

// anyHasAll reports whether a host has all of some tags.
func (b *builder) anyHasAll(tags []string) bool {
	for h := range b.tagged[tags[0]] {
		lacks := func(tag string) bool { return !b.tagged[tag][h] }
		if !slices.ContainsFunc(tags, lacks) {
			return true
		}
	}
	return false
}

func (b *builder) buildRunning() []sim.Running {
	var made []sim.Running
	for i := range b.doc.Running {
		if b.tooMany("running", i) {
			return made
		}
		r := &b.doc.Running[i]
		b.checkPatterns(r.Hosts, "running", i)
		b.checkName("the ref", string(r.Ref), "", at("running", i, "ref"))
		made = append(made, sim.Running{Hosts: r.Hosts, Ref: r.Ref})
	}
	return made
}

func (b *builder) buildReleases() []controlplane.Release {
	var made []controlplane.Release
	for i := range b.doc.Releases {
		if b.tooMany("releases", i) {
			return made
		}
		r := &b.doc.Releases[i]
		one := controlplane.Release{Ref: r.Ref, Unchanged: r.Unchanged, Manifest: r.Manifest}
		if r.Channel != nil {
			one.Channel = *r.Channel
		}
		b.checkReleased(&one, i)
		for _, before := range made {
			if before.Ref == one.Ref &&
				(before.Channel == one.Channel || before.Channel == "" || one.Channel == "") {
				b.reject(at("releases", i, "ref"), "releases: an earlier entry has ref %s of the same channel",
					quote(string(one.Ref)))
				break
			}
		}
		if r.Unchanged != nil {
			b.checkPatternsAt(r.Unchanged, at("releases", i, "unchanged"))
		}
		if r.Signed != nil {
			one.Signed = reducer.Some(time.Duration(*r.Signed))
		}
		made = append(made, one)
	}
	return made
}

// checkReleased rejects details of a ref that the channel, or any channel, never moves to.
func (b *builder) checkReleased(r *controlplane.Release, i int) {
	if r.Channel != "" {
		if n := b.channelNamed(r.Channel); n < 0 {
			b.reject(at("releases", i, "channel"), "%v",
				unknownName{"channel", string(r.Channel), b.channels})
		} else {
			b.checkRef(n, string(r.Ref), at("releases", i, "ref"))
		}
		return
	}
	var known []string
	for n := range b.channels {
		if b.movesTo(n, string(r.Ref)) {
			return
		}
		known = append(known, b.refsOf(n)...)
	}
	b.reject(at("releases", i, "ref"), "no channel ever moves to ref %s%s", quote(string(r.Ref)),
		nearest.Hint(string(r.Ref), known))
}

func (b *builder) buildPhases() sim.Phases {
	var made sim.Phases
	for _, phase := range []struct {
		field  string
		given  *duration
		period time.Duration
		to     *reducer.Opt[time.Duration]
	}{
		{"heartbeat", b.doc.Phases.Heartbeat, heartbeatInterval, &made.Heartbeat},
		{"ticker", b.doc.Phases.Ticker, tickerInterval, &made.Ticker},
		{"poll", b.doc.Phases.Poll, pollInterval, &made.Poll},
		{"prune", b.doc.Phases.Prune, pruneInterval, &made.Prune},
	} {
		if phase.given == nil {
			continue
		}
		if time.Duration(*phase.given) >= phase.period {
			b.reject(at("phases", phase.field), "%s: must be less than %s, after which it recurs",
				phase.field, FormatDuration(phase.period))
		}
		*phase.to = reducer.Some(time.Duration(*phase.given))
	}
	return made
}
