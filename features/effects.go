package features

import (
	"fmt"
	"slices"
	"strings"

	"rollsim/reducer"
	"rollsim/trace"
)

var effectExpectations = []step{
	{
		topic: "Events and effects", phase: expects,
		words:   `{event} happens {times} to (rollout ){rollout}`,
		doc:     "How often that event comes for the rollout in the whole run, also where the reducer refuses it.",
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
			return w.expectEvents(kind, 0, id)
		},
	},
	{
		topic: "Events and effects", phase: expects,
		words:   `{effect} is never emitted for (rollout ){rollout}`,
		doc:     "The reducer does not answer with that effect for the rollout in the whole run.",
		example: `InsertQuarantineFromRollout is never emitted for "stable@a1"`,
		do: func(w *world, kind reducer.EffectKind, id reducer.RolloutID) error {
			return w.expectEmitted(kind, 0, id)
		},
	},
	{
		topic: "Events and effects", phase: expects,
		words:   `{event} of (rollout ){rollout} has the effect(s) {effects}`,
		doc:     "What the reducer answers to the latest such event until the present: these effects, in order, and no others.",
		example: `RolloutTerminal of "stable@a1" has the effects RecordRolloutTransition and SchedulePruning`,
		do:      (*world).expectEffects,
	},
	{
		topic: "Events and effects", phase: expects,
		words:   `{event} of (rollout ){rollout} has no effect`,
		doc:     "The reducer accepts the latest such event until the present, and answers nothing.",
		example: `OperatorClearance of "stable@a1" has no effect`,
		do: func(w *world, kind reducer.EventKind, id reducer.RolloutID) error {
			return w.expectEffects(kind, id, nil)
		},
	},
	{
		topic: "Events and effects", phase: expects,
		words:   `{event} of (rollout ){rollout} is refused( with {error})`,
		doc:     "The reducer refuses such events, with that error. What it refuses must be expected by a sentence: anything else fails the scenario.",
		example: `OperatorClearance of "stable@a1" is refused with IllegalForState`,
		do:      (*world).expectRefusal,
	},
	{
		topic: "Events and effects", phase: expects,
		words:   `(ref ){ref} is quarantined on (channel ){channel}`,
		doc:     "The ref rolled back on the channel at some time up to the present, and is not dispatched there again.",
		example: `ref "b2" is quarantined on channel "stable"`,
		do: func(w *world, ref reducer.ChannelRef, channel reducer.ChannelID) error {
			if _, err := w.channel(channel); err != nil {
				return err
			}
			i := w.quarantined(ref, channel)
			if i == noEntry {
				return w.fail(noEntry, w.current, "it is not quarantined")
			}
			return w.matched(w.telling.since(w.telling.entries[i].At), i)
		},
	},
	{
		topic: "Events and effects", phase: expects,
		words:   `(ref ){ref} is not quarantined on (channel ){channel}`,
		doc:     "The ref has not rolled back on the channel by the present.",
		example: `ref "a1" is not quarantined on channel "stable"`,
		do: func(w *world, ref reducer.ChannelRef, channel reducer.ChannelID) error {
			if _, err := w.channel(channel); err != nil {
				return err
			}
			if i := w.quarantined(ref, channel); i != noEntry {
				return w.fail(i, w.current, "quarantined at "+w.time(w.telling.since(w.telling.entries[i].At)))
			}
			return nil
		},
	},
}

func (w *world) expectEvents(kind reducer.EventKind, n uint64, id reducer.RolloutID) error {
	return w.expectCount(n, id, func(e *trace.Entry) bool {
		return e.Event != nil && e.Event.Kind == kind && e.Rollout == id
	})
}

func (w *world) expectEmitted(kind reducer.EffectKind, n uint64, id reducer.RolloutID) error {
	var of reducer.RolloutID // the rollout of the event that an effect follows
	return w.expectCount(n, id, func(e *trace.Entry) bool {
		if e.Event != nil {
			of = e.Rollout
		}
		return e.Effect != nil && e.Effect.Kind == kind && of == id
	})
}

// expectCount expects so many entries of a kind.
func (w *world) expectCount(n uint64, id reducer.RolloutID, is func(*trace.Entry) bool) error {
	if _, err := w.telling.rollout(id); err != nil {
		return err
	}
	var found []int
	for i := range w.telling.entries {
		if is(&w.telling.entries[i]) {
			found = append(found, i)
		}
	}
	if uint64(len(found)) == n {
		return nil
	}
	var times []string
	entry := noEntry
	for _, i := range found {
		times = append(times, w.time(w.telling.since(w.telling.entries[i].At)))
		entry = i
	}
	if len(times) == 0 {
		times = []string{"it never happens"}
	}
	return w.fail(entry, w.current, fmt.Sprintf("%d times\n%s", len(found), strings.Join(times, "\n")))
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
func (w *world) expectEffects(kind reducer.EventKind, id reducer.RolloutID, effects []reducer.EffectKind) error {
	i := w.latestEvent(kind, id)
	if i == noEntry {
		return w.fail(noEntry, w.current, "no such event")
	}
	if w.telling.refused(i) {
		return w.fail(i+1, w.current, w.telling.entries[i+1].Rejection.Message)
	}
	var found []reducer.EffectKind
	for _, e := range w.telling.entries[i+1:] {
		if e.Effect == nil {
			break
		}
		found = append(found, e.Effect.Kind)
	}
	if slices.Equal(found, effects) {
		return w.matched(w.telling.since(w.telling.entries[i].At), i)
	}
	if len(found) == 0 {
		return w.fail(i, w.current, "no effect")
	}
	var names []string
	for _, e := range found {
		names = append(names, e.String())
	}
	return w.fail(i, w.current, strings.Join(names, ", "))
}

// expectRefusal expects that the reducer refuses events of a kind, wherever in the run: some refusals only show much later.
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

// quarantined finds where a ref enters the quarantine of a channel until the present; noEntry where it does not.
func (w *world) quarantined(ref reducer.ChannelRef, channel reducer.ChannelID) int {
	closure := reducer.ClosureHash(ref)
	for i, e := range w.telling.entries[:w.telling.until(w.now)] {
		effect := e.Effect != nil && e.Effect.Kind == reducer.InsertQuarantineFromRollout &&
			e.Effect.Channel == channel && e.Effect.Closure == closure
		remote := e.HostEffect != nil && e.HostEffect.Effect == trace.RemoteInsertQuarantine &&
			e.HostEffect.Channel == channel && e.HostEffect.Closure == closure
		if effect || remote {
			return i
		}
	}
	return noEntry
}
