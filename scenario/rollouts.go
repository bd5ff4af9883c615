package scenario

import (
	"slices"
	"strings"

	"rollsim/internal/nearest"
	"rollsim/invariant"
	"rollsim/reducer"
)

// collectRollouts records the rollouts that the timeline and traffic open, and the refs that each
// channel moves to. Every later name of a rollout or ref is checked against them.
func (b *builder) collectRollouts() {
	b.opened = make(map[reducer.RolloutID]int)
	open := func(id reducer.RolloutID, channel int) {
		if _, again := b.opened[id]; !again {
			b.rollouts = append(b.rollouts, string(id))
		} else if channel != raw {
			return
		}
		b.opened[id] = channel
	}
	for i := range b.doc.Timeline {
		a := &b.doc.Timeline[i]
		if a.Channel != nil && a.Ref != nil {
			if c := b.channelNamed(*a.Channel); c >= 0 {
				b.refs[c][*a.Ref] = true
				open(reducer.NewRolloutID(*a.Channel, *a.Ref), c)
			}
		}
		if a.Release != nil {
			for c, id := range b.channels {
				b.refs[c][*a.Release] = true
				open(reducer.NewRolloutID(reducer.ChannelID(id), *a.Release), c)
			}
		}
		if a.Event != nil && a.Event.RolloutOpened != nil {
			ev := a.Event.RolloutOpened
			if c := b.channelNamed(ev.Channel); c >= 0 {
				b.refs[c][ev.TargetRef] = true
			}
			open(ev.RolloutID, raw)
		}
	}
	for i := range b.doc.Traffic {
		t := &b.doc.Traffic[i]
		c := b.channelNamed(t.Channel)
		switch {
		case c < 0:
		case t.Flapping != nil:
			for _, ref := range t.Flapping.Between {
				b.refs[c][ref] = true
				open(reducer.NewRolloutID(t.Channel, ref), c)
			}
		default:
			b.prefixes[c] = append(b.prefixes[c], t.prefix())
		}
	}
}

// movesTo reports whether the timeline or traffic ever moves a channel to a ref. Traffic may number
// its refs.
func (b *builder) movesTo(channel int, ref string) bool {
	if b.refs[channel][reducer.ChannelRef(ref)] {
		return true
	}
	for _, prefix := range b.prefixes[channel] {
		number, ok := strings.CutPrefix(ref, prefix)
		if ok && number != "0" && wholeNumberForm.MatchString(number) {
			return true
		}
	}
	return false
}

// checkRef rejects a ref that the channel never moves to.
func (b *builder) checkRef(channel int, ref string, where []any) {
	if !b.movesTo(channel, ref) {
		b.reject(where, "channel %s never moves to ref %s%s", b.channels[channel], quote(ref),
			nearest.Hint(ref, b.refsOf(channel)))
	}
}

// rolloutNamed returns the channel of a rollout, or raw if a raw event opens it. It reports false
// if nothing opens the rollout.
func (b *builder) rolloutNamed(id reducer.RolloutID) (channel int, ok bool) {
	if c, ok := b.opened[id]; ok {
		return c, true
	}
	name, ref, _ := strings.Cut(string(id), "@")
	c := b.channelNamed(reducer.ChannelID(name))
	return c, c >= 0 && b.movesTo(c, ref)
}

// channelNamed returns the index of a channel, or -1 if it is not declared.
func (b *builder) channelNamed(id reducer.ChannelID) int {
	if i, ok := b.channelIndex[id]; ok {
		return i
	}
	return -1
}

// refsOf returns the refs of a channel: those of the timeline, then those of traffic.
func (b *builder) refsOf(channel int) []string {
	var refs []string
	for i := range b.doc.Timeline {
		a := &b.doc.Timeline[i]
		if a.Channel != nil && a.Ref != nil {
			if b.channelNamed(*a.Channel) == channel {
				refs = append(refs, string(*a.Ref))
			}
		} else if a.Release != nil {
			refs = append(refs, string(*a.Release))
		} else if a.Event != nil && a.Event.RolloutOpened != nil {
			if ev := a.Event.RolloutOpened; b.channelNamed(ev.Channel) == channel {
				refs = append(refs, string(ev.TargetRef))
			}
		}
	}
	for i := range b.doc.Traffic {
		if t := &b.doc.Traffic[i]; t.Flapping != nil && b.channelNamed(t.Channel) == channel {
			for _, ref := range t.Flapping.Between {
				refs = append(refs, string(ref))
			}
		}
	}
	for _, prefix := range b.prefixes[channel] {
		refs = append(refs, prefix+"1")
	}
	return refs
}

// checkRollout rejects a rollout that is never opened.
func (b *builder) checkRollout(id reducer.RolloutID, where []any) {
	if _, ok := b.rolloutNamed(id); !ok {
		b.reject(where, "unknown rollout %s, which neither the timeline nor traffic opens%s",
			quote(string(id)), nearest.Hint(string(id), b.rollouts))
	}
}

func (b *builder) buildViolations() []invariant.Violation {
	var made []invariant.Violation
	subjects := slices.Concat(b.rollouts, b.channels)
	for i := range b.doc.Budgets {
		subjects = append(subjects, b.doc.Budgets[i].Name)
	}
	known := make(map[string]bool)
	for _, name := range subjects {
		known[name] = true
	}
	seen := make(map[invariant.Violation]bool)
	for i, v := range b.doc.ExpectViolations {
		if b.enough() {
			break
		}
		v := invariant.Violation(v)
		where := at("expect_violations", i)
		if seen[v] {
			b.reject(where, "expect_violations: %s is listed twice", quote(v.String()))
		}
		seen[v] = true
		if _, opened := b.rolloutNamed(reducer.RolloutID(v.Subject)); !opened && !known[v.Subject] {
			b.reject(
				where, "expect_violations: no rollout, channel or budget is named %s%s", quote(v.Subject),
				nearest.Hint(v.Subject, subjects),
			)
		}
		made = append(made, v)
	}
	return made
}
