package shrink

import (
	"slices"

	"rollsim/sim"
)

// clone returns a copy of a scenario that shares nothing with it that an edit changes.
func clone(sc *sim.Scenario) *sim.Scenario {
	c := *sc
	c.Channels = slices.Clone(sc.Channels)
	for i := range c.Channels {
		ch := &c.Channels[i]
		ch.Waves = slices.Clone(ch.Waves)
		for w := range ch.Waves {
			ch.Waves[w].Hosts = slices.Clone(ch.Waves[w].Hosts)
		}
		ch.After = slices.Clone(ch.After)
		ch.HostEdges = slices.Clone(ch.HostEdges)
		ch.Outside = slices.Clone(ch.Outside)
		ch.Windows = slices.Clone(ch.Windows)
		for w := range ch.Windows {
			ch.Windows[w].Days = slices.Clone(ch.Windows[w].Days)
		}
		ch.Absent = slices.Clone(ch.Absent)
	}
	c.Groups = slices.Clone(sc.Groups)
	for i := range c.Groups {
		c.Groups[i].Hosts = slices.Clone(c.Groups[i].Hosts)
	}
	c.Fates = slices.Clone(sc.Fates)
	c.Delays = slices.Clone(sc.Delays)
	c.Budgets = slices.Clone(sc.Budgets)
	for i := range c.Budgets {
		c.Budgets[i].Hosts = slices.Clone(c.Budgets[i].Hosts)
	}
	c.Quarantine = slices.Clone(sc.Quarantine)
	c.Timeline = slices.Clone(sc.Timeline)
	for i := range c.Timeline {
		cloneAction(&c.Timeline[i])
	}
	c.Traffic = slices.Clone(sc.Traffic)
	for i := range c.Traffic {
		c.Traffic[i].Between = slices.Clone(c.Traffic[i].Between)
	}
	c.Faults = slices.Clone(sc.Faults)
	for i := range c.Faults {
		c.Faults[i].Hosts = slices.Clone(c.Faults[i].Hosts)
	}
	c.Tags = slices.Clone(sc.Tags)
	for i := range c.Tags {
		c.Tags[i].Hosts = slices.Clone(c.Tags[i].Hosts)
		c.Tags[i].Tags = slices.Clone(c.Tags[i].Tags)
	}
	c.Releases = slices.Clone(sc.Releases)
	for i := range c.Releases {
		c.Releases[i].Unchanged = slices.Clone(c.Releases[i].Unchanged)
	}
	c.Running = slices.Clone(sc.Running)
	for i := range c.Running {
		c.Running[i].Hosts = slices.Clone(c.Running[i].Hosts)
	}
	c.Mended = slices.Clone(sc.Mended)
	c.Sometimes = slices.Clone(sc.Sometimes)
	c.ExpectViolations = slices.Clone(sc.ExpectViolations)
	c.Deviations = slices.Clone(sc.Deviations)
	for i := range c.Deviations {
		c.Deviations[i].Hosts = slices.Clone(c.Deviations[i].Hosts)
	}
	return &c
}

func cloneAction(a *sim.Action) {
	a.When = copied(a.When)
	a.SetRef = copied(a.SetRef)
	a.Release = copied(a.Release)
	a.Fault = copied(a.Fault)
	a.Order = copied(a.Order)
	a.Lift = copied(a.Lift)
	a.Event = copied(a.Event)
}

// copied returns a pointer to a copy, or nil for nil.
func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}
