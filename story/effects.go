package story

import (
	"fmt"
	"slices"
	"strings"

	"rollsim/internal/nearest"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

var effectExpectations = []step{
	{
		topic: "Events and effects", phase: expects,
		words: `{event} happens {times} to (rollout ){rollout}`,
		doc: "How often that event comes for the rollout in the whole run, also where the reducer " +
			"refuses it.",
		example: `RetentionExpired happens exactly once to "stable@a1"`,
		do:      (*world).expectEvents,
	},
	{
		topic: "Events and effects", phase: expects,
		words:   `{effect} is emitted {times} for (rollout ){rollout}`,
		doc:     "How often the reducer answers with that effect for the rollout in the whole run.",
		example: `SchedulePruning is emitted twice for "stable@a1"`,
		do:      (*world).expectEmitted,
	},
	{
		topic: "Events and effects", phase: expects,
		words:   `{event} never happens to (rollout ){rollout}`,
		doc:     "That event does not come for the rollout in the whole run.",
		example: `SuccessorOpened never happens to "stable@a1"`,
		do: func(w *world, kind reducer.EventKind, id reducer.RolloutID) error {
			return w.expectEvents(kind, times{}, id)
		},
	},
	{
		topic: "Events and effects", phase: expects,
		words:   `{effect} is never emitted for (rollout ){rollout}`,
		doc:     "The reducer does not answer with that effect for the rollout in the whole run.",
		example: `InsertQuarantineFromRollout is never emitted for "stable@a1"`,
		do: func(w *world, kind reducer.EffectKind, id reducer.RolloutID) error {
			return w.expectEmitted(kind, times{}, id)
		},
	},
	{
		topic: "Events and effects", phase: expects,
		words: `{event} of (rollout ){rollout} has the effect(s) {effects}`,
		doc: "What the reducer answers to the latest such event until the present: these effects, " +
			"in order, and no others.",
		example: `RolloutTerminal of "edge@a1" has the effects RecordRolloutTransition and SchedulePruning`,
		do:      (*world).expectEffects,
	},
	{
		topic: "Events and effects", phase: expects,
		words:   `{event} of (rollout ){rollout} has no effect`,
		doc:     "The reducer accepts the latest such event until the present, and answers nothing.",
		example: `RolloutTerminal of "stable@a1" has no effect`,
		do: func(w *world, kind reducer.EventKind, id reducer.RolloutID) error {
			return w.expectEffects(kind, id, nil)
		},
	},
	{
		topic: "Events and effects", phase: expects,
		words: `{event} of (rollout ){rollout} is refused( with {error})`,
		doc: "The reducer refuses such events, with that error. What it refuses must be expected " +
			"by a sentence: anything else fails the scenario.",
		example: `OperatorClearance of "stable@a1" is refused with IllegalForState`,
		do:      (*world).expectRefusal,
	},
	{
		topic: "Events and effects", phase: expects,
		words: `(ref ){ref} is quarantined on (channel ){channel}{at}`,
		doc: "The ref is in the quarantine of the channel, at the present or at another time: it " +
			"rolled back there, or was there from the start, and no operator has lifted it.",
		example: `ref "b2" is quarantined on channel "stable"`,
		do: func(w *world, ref reducer.ChannelRef, channel reducer.ChannelID, g glance) error {
			i, preset, err := w.quarantineAt(ref, channel, &g)
			switch {
			case err != nil:
				return err
			case i != noEntry:
				return w.matched(w.at(i), i)
			case preset:
				return nil
			}
			return w.fail(noEntry, w.current, "it is not quarantined"+w.whyNotQuarantined(ref, channel))
		},
	},
	{
		topic: "Events and effects", phase: expects,
		words: `(ref ){ref} is not quarantined on (channel ){channel}{at}`,
		doc: "The ref is not in the quarantine of the channel: it has not rolled back there, or " +
			"an operator has lifted it.",
		example: `ref "a1" is not quarantined on channel "stable"`,
		do: func(w *world, ref reducer.ChannelRef, channel reducer.ChannelID, g glance) error {
			i, preset, err := w.quarantineAt(ref, channel, &g)
			switch {
			case err != nil:
				return err
			case preset:
				return w.fail(noEntry, w.current, "quarantined from the start")
			case i != noEntry:
				return w.fail(i, w.current, "quarantined at "+w.time(w.at(i)))
			}
			return nil
		},
	},
}

// quarantineAt finds what there is to say of a ref's quarantine at the time that a sentence looks
// at.
func (w *world) quarantineAt(
	ref reducer.ChannelRef, channel reducer.ChannelID, g *glance,
) (entry int, preset bool, err error) {
	if err := w.checkRef(ref, channel); err != nil {
		return noEntry, false, err
	}
	at, err := w.lookAt(g)
	if err != nil {
		return noEntry, false, err
	}
	entry, preset = w.quarantined(ref, channel, w.telling.until(at))
	return entry, preset, nil
}

func (w *world) expectEvents(kind reducer.EventKind, n times, id reducer.RolloutID) error {
	return w.expectEntries(id, n, "", func(e *trace.Entry) bool {
		return e.Event != nil && e.Event.Kind == kind && e.Rollout == id
	})
}

func (w *world) expectEmitted(kind reducer.EffectKind, n times, id reducer.RolloutID) error {
	var of reducer.RolloutID // the rollout of the event that an effect follows
	return w.expectEntries(id, n, w.whyNotEmitted(kind), func(e *trace.Entry) bool {
		if e.Event != nil {
			of = e.Rollout
		}
		return e.Effect != nil && e.Effect.Kind == kind && of == id
	})
}

// expectEntries expects so many entries of a kind in the whole run.
func (w *world) expectEntries(
	id reducer.RolloutID, n times, why string, is func(*trace.Entry) bool,
) error {
	if _, err := w.telling.rollout(id); err != nil {
		return err
	}
	var found []int
	for i := range w.telling.entries {
		if is(&w.telling.entries[i]) {
			found = append(found, i)
		}
	}
	return w.expectCount(found, n, why)
}

// expectCount expects that so many entries were found. why says why there can be none.
func (w *world) expectCount(found []int, n times, why string) error {
	if got := uint64(len(found)); got >= n.least && got <= n.most {
		return nil
	}
	if len(found) == 0 {
		if why != "" {
			why = ": " + why
		}
		return w.fail(noEntry, w.current, "it never happens"+why)
	}
	const most = 10
	var lines []string
	for _, i := range found[:min(most, len(found))] {
		lines = append(lines, w.time(w.at(i)))
	}
	if len(found) > most {
		lines = append(lines, "…")
	}
	often := "once"
	if len(found) > 1 {
		often = fmt.Sprintf("%d times", len(found))
	}
	return w.fail(found[len(found)-1], w.current, often+"\n"+strings.Join(lines, "\n"))
}

// latestEvent finds the latest event of a kind until the present; noEntry for none.
func (w *world) latestEvent(kind reducer.EventKind, id reducer.RolloutID) int {
	for i := w.telling.until(w.now) - 1; i >= 0; i-- {
		if e := &w.telling.entries[i]; e.Event != nil && e.Event.Kind == kind && e.Rollout == id {
			return i
		}
	}
	return noEntry
}

// expectEffects expects the effects of the latest event of a kind.
func (w *world) expectEffects(
	kind reducer.EventKind, id reducer.RolloutID, effects []reducer.EffectKind,
) error {
	i := w.latestEvent(kind, id)
	if i == noEntry {
		return w.fail(noEntry, w.current, "no such event")
	}
	if w.telling.refused(i) {
		return w.fail(i+1, w.current, w.telling.entries[i+1].Rejection.Message)
	}
	found := w.answerTo(i).effects
	if slices.Equal(found, effects) {
		return w.matched(w.at(i), i)
	}
	if len(found) == 0 {
		return w.fail(i, w.current, "no effect")
	}
	return w.fail(i, w.current, listed(found))
}

// expectRefusal expects that the reducer refuses events of a kind, wherever in the run: some
// refusals only show much later.
func (w *world) expectRefusal(kind reducer.EventKind, id reducer.RolloutID, with refusal) error {
	what := refused{kind, id}
	entry := noEntry
	for i := range w.telling.entries {
		r := w.telling.entries[i].Rejection
		if r == nil || (refused{r.Event, r.Rollout}) != what {
			continue
		}
		if with != "" && r.Error != string(with) {
			return w.fail(i, w.current, fmt.Sprintf("%s: %s", r.Error, r.Message))
		}
		if entry == noEntry {
			entry = i
		}
	}
	if entry == noEntry {
		if entry = w.latestEvent(kind, id); entry == noEntry {
			return w.fail(entry, w.current, "no such event")
		}
		return w.fail(entry, w.current, "the reducer accepts it")
	}
	w.refusals[what] = true
	return nil
}

// quarantined finds where a ref entered the quarantine of a channel in which it is before an entry;
// noEntry where it is not. preset tells whether it is there from the start.
func (w *world) quarantined(
	ref reducer.ChannelRef, channel reducer.ChannelID, before int,
) (entry int, preset bool) {
	closure := reducer.ClosureHash(ref)
	preset = slices.Contains(
		w.scenario.Quarantine, sim.QuarantineEntry{Channel: channel, Closure: closure},
	)
	entry = noEntry
	for i, e := range w.telling.entries[:before] {
		switch {
		case e.HostEffect != nil && e.HostEffect.Channel == channel && e.HostEffect.Closure == closure:
			if e.HostEffect.Effect == trace.RemoteRemoveQuarantine {
				entry, preset = noEntry, false
			} else if e.HostEffect.Effect == trace.RemoteInsertQuarantine && entry == noEntry {
				entry = i
			}
		case e.Effect != nil && e.Effect.Kind == reducer.InsertQuarantineFromRollout && e.Effect.Channel == channel &&
			e.Effect.Closure == closure && entry == noEntry:
			entry = i
		}
	}
	return entry, preset
}

// checkRef refuses a ref that the channel never points at.
func (w *world) checkRef(ref reducer.ChannelRef, channel reducer.ChannelID) error {
	if _, err := w.channel(channel); err != nil {
		return err
	}
	var known []string
	for _, r := range w.telling.order {
		if r.channel == channel {
			known = append(known, string(r.ref))
		}
	}
	for _, q := range w.scenario.Quarantine {
		known = append(known, string(q.Closure))
	}
	if slices.Contains(known, string(ref)) {
		return nil
	}
	return fmt.Errorf(
		"channel %q has no rollout of ref %q%s", channel, ref, nearest.Hint(string(ref), known),
	)
}
