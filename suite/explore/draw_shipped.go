package explore

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/sim"
)

// shipped changes a drawn scenario to what the shipped control plane distinguishes: releases of all
// channels at once with their manifests, tags, selectors of budgets, hosts in no wave, what hosts
// run at the start, and compliance controls that fail. Few seeds have a small fleet whose last
// rollout stays current until its row is deleted.
func (d *drawing) shipped() {
	s := newStream(d.seed, "shipped")
	if s.chance(quietSeeds) {
		d.leaveAlone()
		return
	}
	if s.chance(600) {
		d.releaseAll(s)
	}
	d.manifests(s)
	d.selectors(s)
	for i := range d.sc.Channels {
		if ch := &d.sc.Channels[i]; s.chance(60) {
			id := reducer.HostID(string(ch.ID) + "-outside")
			ch.Outside = append(ch.Outside, id)
		}
	}
	if s.chance(300) && len(d.hosts) > 0 {
		d.sc.Running = append(d.sc.Running, sim.Running{
			Hosts: []string{pattern(d.hosts, pick(s, hostPatterns))}, Ref: refNumber(1),
		})
	}
	d.controls(s)
	if s.chance(150) {
		d.setBackAwaited(s)
	}
}

// controls draws compliance controls that fail on hosts of early waves. Most of them pass again
// before or after the host fails.
func (d *drawing) controls(s *stream) {
	if !s.chance(300) {
		return
	}
	for i := range d.sc.Channels {
		ch := &d.sc.Channels[i]
		if len(ch.Waves) < 2 || len(ch.Waves[0].Hosts) == 0 {
			continue
		}
		f := sim.Fate{
			Host: pick(s, ch.Waves[0].Hosts), Ref: refNumber(s.between(1, d.refs[i])),
			Kind: sim.FailsControl,
		}
		if s.chance(800) {
			f.PassesAfter = reducer.Some(time.Duration(s.between(1, 150)) * time.Second)
		}
		d.sc.Fates = append(d.sc.Fates, f)
	}
}

// setBackAwaited sets a channel back for which another one waits: to a ref whose rollout was
// probably superseded before it could end. The other one then gets a new ref.
func (d *drawing) setBackAwaited(s *stream) {
	i := slices.IndexFunc(d.sc.Channels, func(ch sim.Channel) bool { return len(ch.After) > 0 })
	if i < 0 {
		return
	}
	awaited := pick(s, d.sc.Channels[i].After)
	for i := range d.sc.Timeline {
		switch a := &d.sc.Timeline[i]; {
		case a.Release != nil:
			return
		case a.SetRef != nil && a.SetRef.Channel == awaited:
			a.At /= 64
		}
	}
	d.sc.Timeline = append(
		d.sc.Timeline,
		sim.Action{At: d.until / 2, SetRef: &sim.RefChange{Channel: awaited, Ref: refNumber(1)}},
		sim.Action{At: d.until, SetRef: &sim.RefChange{Channel: d.sc.Channels[i].ID, Ref: "new"}},
	)
}

// quietSeeds is in how many seeds out of 1000 a fleet is left alone for quietTime, which is longer
// than the shipped control plane keeps the rows of a rollout that has ended.
const (
	quietSeeds = 13
	quietTime  = 93 * 24 * time.Hour
)

// leaveAlone makes everything go well, so that no host is left that a plan would look at for the
// whole time.
func (d *drawing) leaveAlone() {
	d.quiet = quietTime
	d.sc.Budgets, d.sc.Quarantine, d.sc.Groups, d.sc.Fates = nil, nil, nil, nil
	var never sim.Probability
	b := &d.sc.Behaviour
	b.ActivationFailure, b.Deferral, b.ProbeFailure = &never, &never, &never
	b.RollbackFailure, b.NoAnswer = &never, &never
	for i := range d.sc.Channels {
		ch := &d.sc.Channels[i]
		ch.After, ch.HostEdges = nil, nil
		ch.Waves = slices.DeleteFunc(ch.Waves, func(w sim.Wave) bool { return len(w.Hosts) == 0 })
	}
	d.sc.Traffic = nil
	d.sc.Timeline = []sim.Action{{Release: &sim.ReleaseChange{Ref: refNumber(1)}}}
}

// hostPatterns select about half of the hosts.
var hostPatterns = []string{"*", "*1", "*[02468]", "*[13579]"}

// releaseAll moves all channels to each ref at the same time, instead of each channel at its own. A
// release may go back to an earlier ref.
func (d *drawing) releaseAll(s *stream) {
	d.sc.Traffic = nil
	d.sc.Timeline = slices.DeleteFunc(
		d.sc.Timeline, func(a sim.Action) bool { return a.SetRef != nil },
	)
	n := max(slices.Max(d.refs), s.between(1, 6)) // the refs that fates and others name exist
	for ref := range n {
		d.sc.Timeline = append(d.sc.Timeline, sim.Action{
			At:      d.until * time.Duration(ref) / time.Duration(n),
			Release: &sim.ReleaseChange{Ref: refNumber(ref + 1)},
		})
	}
	if s.chance(250) {
		d.sc.Timeline = append(d.sc.Timeline, sim.Action{
			At: d.moment(s), Release: &sim.ReleaseChange{Ref: refNumber(s.between(1, n))},
		})
	}
	for i := range d.refs {
		d.refs[i] = n
	}
}

// manifests draws what refs bring: hosts whose closure stays the same, manifests that are absent,
// stale or invalid, and some that were signed long ago.
func (d *drawing) manifests(s *stream) {
	if !s.chance(500) || len(d.hosts) == 0 {
		return
	}
	for range s.between(1, 3) {
		ch, ref := d.ref(s)
		r := controlplane.Release{Channel: ch.ID, Ref: ref}
		if slices.ContainsFunc(d.sc.Releases, func(x controlplane.Release) bool {
			return x.Channel == r.Channel && x.Ref == r.Ref
		}) {
			continue
		}
		if s.chance(600) {
			r.Unchanged = []string{pattern(d.hosts, pick(s, hostPatterns))}
		}
		switch {
		case s.chance(150):
			r.Manifest = pick(s, []controlplane.Manifest{
				controlplane.Absent, controlplane.Stale, controlplane.Invalid,
			})
		case s.chance(300):
			r.Signed = reducer.Some(-time.Duration(s.between(0, 180)) * time.Minute)
		}
		d.sc.Releases = append(d.sc.Releases, r)
	}
}

// selectors assigns tags to hosts, and lets budgets select hosts as production does.
func (d *drawing) selectors(s *stream) {
	if len(d.hosts) == 0 {
		return
	}
	for _, tags := range [][]string{{"a"}, {"b"}, {"a", "b"}} {
		if s.chance(500) {
			d.sc.Tags = append(d.sc.Tags, controlplane.HostTags{
				Hosts: []string{pattern(d.hosts, pick(s, hostPatterns))}, Tags: tags,
			})
		}
	}
	for i := range d.sc.Budgets {
		b := &d.sc.Budgets[i]
		if s.chance(200) {
			continue
		}
		listed := make([]string, 0, 3)
		for range s.between(1, 3) {
			if id := string(pick(s, d.hosts)); !slices.Contains(listed, id) {
				listed = append(listed, id)
			}
		}
		all := []string{
			"all", "all", "channel:" + string(pick(s, d.sc.Channels).ID),
			"hosts:" + strings.Join(listed, ","),
		}
		if len(d.sc.Tags) > 0 {
			tag := pick(s, d.sc.Tags).Tags[0]
			all = append(all, "tags:"+tag, "tags_any:"+tag)
		}
		b.Hosts, b.Selector = nil, pick(s, all)
		if s.chance(150) {
			b.MaxInFlight, b.Percent = 0, pick(s, []int{1, 10, 25, 50, 100})
		}
	}
}

// shippedFaults draws the faults that only the shipped control plane has.
func (s *Swarm) shippedFaults(seed uint64, until time.Duration) []sim.Fault {
	st := newStream(seed, "shipped faults")
	var made []sim.Fault
	for _, kind := range sim.ShippedFaultKinds() {
		f := sim.Fault{Kind: kind, Until: until}
		on, low, high := s.length(st, &f)
		if st.chance(on) {
			f.Probability = perMille(st.between(low, high))
			made = append(made, f)
		}
	}
	return made
}

// percentOf describes the limit of a budget.
func percentOf(b *sim.Budget) string {
	if b.Percent > 0 {
		return strconv.Itoa(b.Percent) + " %"
	}
	return strconv.Itoa(b.MaxInFlight)
}
