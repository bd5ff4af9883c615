package story

import (
	"fmt"
	"slices"

	"rollsim/internal/nearest"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

var effectExpectations = []step{
	{
		topic: "Events and effects", phase: expects, scope: allRun,
		words: `{event} happens {times} to (rollout ){rollout}`,
		doc: "How often the event happens to the rollout in the whole run. Events that the " +
			"reducer refuses count too.",
		example: `RetentionExpired happens exactly once to "stable@a1"`,
		vacuous: func(w *world, kind reducer.EventKind, n times, id reducer.RolloutID) string {
			return zeroOf(len(entriesOf(w, ofEvents(kind, id))), n)
		},
		do: expectEvents,
	},
	{
		topic: "Events and effects", phase: expects, scope: allRun,
		words:   `{effect} is emitted {times} for (rollout ){rollout}`,
		doc:     "How often the reducer answers with the effect for the rollout in the whole run.",
		example: `SchedulePruning is emitted twice for "stable@a1"`,
		vacuous: func(w *world, kind reducer.EffectKind, n times, id reducer.RolloutID) string {
			return zeroOf(len(entriesOf(w, ofEffects(kind, id))), n)
		},
		do: expectEmitted,
	},
	{
		topic: "Events and effects", phase: expects, scope: allRun,
		words:   `{event} never happens to (rollout ){rollout}`,
		doc:     "The event does not happen to the rollout in the whole run.",
		example: `SuccessorOpened never happens to "stable@a1"`,
		solid:   "the rollout exists, and any event may happen to it",
		do: func(w *world, kind reducer.EventKind, id reducer.RolloutID) error {
			return expectEvents(w, kind, times{}, id)
		},
	},
	{
		topic: "Events and effects", phase: expects, scope: allRun,
		words:   `{effect} is never emitted for (rollout ){rollout}`,
		doc:     "The reducer does not answer with the effect for the rollout in the whole run.",
		example: `InsertQuarantineFromRollout is never emitted for "stable@a1"`,
		vacuous: func(w *world, kind reducer.EffectKind, _ reducer.RolloutID) string {
			if w.machineChosen {
				return ""
			}
			return w.explain().noEffect(kind)
		},
		do: func(w *world, kind reducer.EffectKind, id reducer.RolloutID) error {
			return expectEmitted(w, kind, times{}, id)
		},
	},
	{
		topic: "Events and effects", phase: expects,
		words: `{event} of (rollout ){rollout} has the effect(s) {effects}`,
		doc: "The effects with which the reducer answers the latest such event up to the present: " +
			"exactly these, in order.",
		example: `RolloutTerminal of "edge@a1" has the effects RecordRolloutTransition and ` +
			`SchedulePruning`,
		solid: "the event must have happened",
		do:    expectEffects,
	},
	{
		topic: "Events and effects", phase: expects,
		words: `{event} of (rollout ){rollout} has no effect`,
		doc: "The reducer accepts the latest such event up to the present, and answers without an " +
			"effect.",
		example: `RolloutTerminal of "stable@a1" has no effect`,
		solid:   "the event must have happened",
		do: func(w *world, kind reducer.EventKind, id reducer.RolloutID) error {
			return expectEffects(w, kind, id, nil)
		},
	},
	{
		topic: "Events and effects", phase: expects,
		words: `{event} of (rollout ){rollout} is refused( with {error})`,
		doc: "The reducer refuses such events, with that error. A refusal that no sentence " +
			"expects fails the scenario.",
		example: `OperatorClearance of "stable@a1" is refused with IllegalForState`,
		solid:   "the event must have happened",
		do:      expectRefusal,
	},
	{
		topic: "Events and effects", phase: expects,
		words: `(ref ){ref} is quarantined on (channel ){channel}{at}`,
		doc: "The ref is in the quarantine of the channel, at the present or at another time: it " +
			"rolled back there, or was there from the start, and no operator has lifted it.",
		example: `ref "b2" is quarantined on channel "stable"`,
		solid:   "the ref must be in the quarantine",
		do: func(w *world, ref reducer.ChannelRef, channel reducer.ChannelID, v viewpoint) error {
			i, preset, err := quarantineAt(w, ref, channel, &v)
			switch {
			case err != nil:
				return err
			case i != noEntry:
				return w.matchedEntry(i)
			case preset:
				return nil
			}
			found := "it is not quarantined"
			if why := w.explain().noQuarantine(ref, channel); why != "" {
				found += ": " + why
			}
			return w.fail(noEntry, w.sentence, found)
		},
	},
	{
		topic: "Events and effects", phase: expects,
		words: `(ref ){ref} is not quarantined on (channel ){channel}{at}`,
		doc: "The ref is not in the quarantine of the channel: it has not rolled back there, or " +
			"an operator has lifted it.",
		example: `ref "a1" is not quarantined on channel "stable"`,
		unrun:   true,
		vacuous: func(w *world, _ reducer.ChannelRef, id reducer.ChannelID, _ viewpoint) string {
			if c, err := w.fleet.channel(id); err == nil && w.quarantines(c) {
				return ""
			}
			return fmt.Sprintf("nothing can be in the quarantine of channel %q", id)
		},
		do: func(w *world, ref reducer.ChannelRef, channel reducer.ChannelID, v viewpoint) error {
			i, preset, err := quarantineAt(w, ref, channel, &v)
			switch {
			case err != nil:
				return err
			case preset:
				return w.fail(noEntry, w.sentence, "quarantined from the start")
			case i != noEntry:
				return w.fail(i, w.sentence, "quarantined at "+elapsed(w.history.at(i)))
			}
			return nil
		},
	},
}

// quarantineAt calls quarantined for the time at which an expectation looks.
func quarantineAt(
	w *world, ref reducer.ChannelRef, channel reducer.ChannelID, v *viewpoint,
) (entry int, preset bool, err error) {
	if err := checkRef(w, ref, channel); err != nil {
		return noEntry, false, err
	}
	at, err := w.resolve(v)
	if err != nil {
		return noEntry, false, err
	}
	entry, preset = quarantined(w, ref, channel, len(w.history.until(at)))
	return entry, preset, nil
}

func expectEvents(w *world, kind reducer.EventKind, n times, id reducer.RolloutID) error {
	return expectEntries(w, id, n, "", ofEvents(kind, id))
}

func expectEmitted(w *world, kind reducer.EffectKind, n times, id reducer.RolloutID) error {
	return expectEntries(w, id, n, w.explain().noEffect(kind), ofEffects(kind, id))
}

// ofEvents returns a function that reports whether an entry is an event of a kind and of a rollout.
func ofEvents(kind reducer.EventKind, id reducer.RolloutID) func(*trace.Entry) bool {
	return func(e *trace.Entry) bool {
		return e.Event != nil && e.Event.Kind == kind && e.Rollout == id
	}
}

// ofEffects returns a function that reports whether an entry is an effect of a kind, and answers an
// event of a rollout. It must be called with all entries in order.
func ofEffects(kind reducer.EffectKind, id reducer.RolloutID) func(*trace.Entry) bool {
	var of reducer.RolloutID // the rollout of the last event: an effect follows its event
	return func(e *trace.Entry) bool {
		if e.Event != nil {
			of = e.Rollout
		}
		return e.Effect != nil && e.Effect.Kind == kind && of == id
	}
}

// entriesOf returns the entries of a kind in the whole run.
func entriesOf(w *world, is func(*trace.Entry) bool) []int {
	var found []int
	for i := range w.history.entries {
		if is(&w.history.entries[i]) {
			found = append(found, i)
		}
	}
	return found
}

// expectEntries checks the number of entries of a kind in the whole run.
func expectEntries(
	w *world, id reducer.RolloutID, n times, why string, is func(*trace.Entry) bool,
) error {
	if _, err := w.history.rollout(id); err != nil {
		return err
	}
	return w.expectCount(entriesOf(w, is), n, why)
}

// latestEvent returns the latest event of a kind up to the present; noEntry if none exists.
func latestEvent(w *world, kind reducer.EventKind, id reducer.RolloutID) int {
	for i := len(w.history.until(w.timeline.now)) - 1; i >= 0; i-- {
		if e := &w.history.entries[i]; e.Event != nil && e.Event.Kind == kind && e.Rollout == id {
			return i
		}
	}
	return noEntry
}

// expectEffects checks the effects of the latest event of a kind.
func expectEffects(
	w *world, kind reducer.EventKind, id reducer.RolloutID, effects []reducer.EffectKind,
) error {
	i := latestEvent(w, kind, id)
	if i == noEntry {
		return w.fail(noEntry, w.sentence, "no such event")
	}
	if w.history.refused(i) {
		return w.fail(i+1, w.sentence, w.history.entries[i+1].Rejection.Message)
	}
	found := answerTo(w, i).effects
	if slices.Equal(found, effects) {
		return w.matchedEntry(i)
	}
	if len(found) == 0 {
		return w.fail(i, w.sentence, "no effect")
	}
	return w.fail(i, w.sentence, listed(found))
}

// expectRefusal checks that the reducer refuses events of a kind, wherever in the run: some
// refusals are known only much later.
func expectRefusal(w *world, kind reducer.EventKind, id reducer.RolloutID, with refusal) error {
	what := refusedEvent{kind, id}
	entry := noEntry
	for i := range w.history.entries {
		r := w.history.entries[i].Rejection
		if r == nil || (refusedEvent{r.Event, r.Rollout}) != what {
			continue
		}
		if with != "" && r.Error != string(with) {
			return w.fail(i, w.sentence, fmt.Sprintf("%s: %s", r.Error, r.Message))
		}
		if entry == noEntry {
			entry = i
		}
	}
	if entry == noEntry {
		if entry = latestEvent(w, kind, id); entry == noEntry {
			return w.fail(entry, w.sentence, "no such event")
		}
		return w.fail(entry, w.sentence, "the reducer accepts it")
	}
	w.allowed.refusals = append(w.allowed.refusals, what)
	return nil
}

// quarantined returns the entry that put a ref into the quarantine of a channel, before another
// entry; noEntry if none did or an operator has lifted it. preset reports whether it has been there
// from the start.
func quarantined(
	w *world, ref reducer.ChannelRef, channel reducer.ChannelID, before int,
) (entry int, preset bool) {
	closure := reducer.ClosureHash(ref)
	preset = slices.Contains(
		w.fleet.Quarantine, sim.QuarantineEntry{Channel: channel, Closure: closure},
	)
	entry = noEntry
	for i, e := range w.history.entries[:before] {
		switch {
		case e.HostEffect != nil && e.HostEffect.Channel == channel && e.HostEffect.Closure == closure:
			if e.HostEffect.Effect == trace.RemoteRemoveQuarantine {
				entry, preset = noEntry, false
			} else if e.HostEffect.Effect == trace.RemoteInsertQuarantine && entry == noEntry {
				entry = i
			}
		case e.Effect != nil && e.Effect.Kind == reducer.InsertQuarantineFromRollout &&
			e.Effect.Channel == channel && e.Effect.Closure == closure && entry == noEntry:
			entry = i
		}
	}
	return entry, preset
}

// checkLifts refuses an operator who lifts the quarantine of a ref that is not quarantined.
func checkLifts(w *world) error {
	for i := range w.history.entries {
		e := w.history.entries[i].HostEffect
		if e == nil || e.Effect != trace.RemoteRemoveQuarantine {
			continue
		}
		from, preset := quarantined(w, reducer.ChannelRef(e.Closure), e.Channel, i)
		if from == noEntry && !preset {
			return fmt.Errorf(
				"at %s an operator lifts the quarantine of ref %q on channel %q, "+
					"and it is not quarantined there",
				elapsed(w.history.at(i)), e.Closure, e.Channel,
			)
		}
	}
	return nil
}

// checkRef refuses a ref that has no rollout on the channel and is in no quarantine from the start.
func checkRef(w *world, ref reducer.ChannelRef, channel reducer.ChannelID) error {
	if _, err := w.fleet.channel(channel); err != nil {
		return err
	}
	var known []string
	for _, r := range w.history.order {
		if r.channel == channel {
			known = append(known, string(r.ref))
		}
	}
	for _, q := range w.fleet.Quarantine {
		known = append(known, string(q.Closure))
	}
	if slices.Contains(known, string(ref)) {
		return nil
	}
	return fmt.Errorf(
		"channel %q has no rollout of ref %q%s", channel, ref, nearest.Hint(string(ref), known),
	)
}
