package story

import (
	"fmt"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/story/gherkin"
)

var channelSteps = []step{
	{
		topic: "Happenings", phase: happens,
		words:   `(channel ){channel} moves (back )to (ref ){ref}{when}`,
		doc:     "The channel points at a ref from now on. The control plane sees it at its next poll.",
		example: `"stable" moves to ref "b2" while wave 1 is soaking`,
		do:      moveChannel,
	},
	{
		topic: "Happenings", phase: happens,
		words: `all channels move (back )to (ref ){ref}{when}`,
		doc: "A release: all channels point at a ref from now on. The control plane sees it at " +
			"its next poll.",
		example: `all channels move to ref "b2" 10 minutes later`,
		do:      moveAll,
	},
	{
		topic: "Happenings", phase: happens,
		words: `(channel ){channel} moves through refs {refs} between two polls{when}`,
		doc: "The channel points at one ref after the other, so quickly that the control plane " +
			"sees only the last one.",
		example: `"stable" moves through refs "b2", "c3" and "d4" between two polls`,
		do: func(w *world, id reducer.ChannelID, refs []reducer.ChannelRef, when timing) error {
			for i, ref := range refs {
				if i > 0 {
					when = timing{kind: together}
				}
				if err := moveChannel(w, id, ref, when); err != nil {
					return err
				}
			}
			return nil
		},
	},
	{
		topic: "Happenings", phase: happens,
		words:   `(the )channel(s) move(s) like this:`,
		doc:     "Several moves, in order. The column when holds what would end a sentence.",
		example: `the channels move like this:`,
		table:   []string{"channel", "ref", "when?"},
		sample: [][]string{
			{"channel", "ref", "when"},
			{"stable", "a1", ""},
			{"stable", "b2", "while wave 1 is soaking"},
		},
		do: func(w *world, t gherkin.Table) error {
			return t.Each(func(r gherkin.Row) error {
				when, err := parseWhen(r["when"])
				if err == nil && r["ref"] == "" {
					err = fmt.Errorf("a move needs a ref")
				}
				if err != nil {
					return err
				}
				return moveChannel(w, reducer.ChannelID(r["channel"]), reducer.ChannelRef(r["ref"]), when)
			})
		},
	},
	{
		topic: "Happenings", phase: happens,
		words:   `(the/an )operator clears (rollout ){rollout}{when}`,
		doc:     "An operator clears a rollout that is Failed or Reverted: OperatorClearance.",
		example: `the operator clears "stable@a1" 10 minutes later`,
		do: func(w *world, id reducer.RolloutID, when timing) error {
			if err := w.names.checkRollout(id); err != nil {
				return err
			}
			return w.schedule(when, id, &sim.Action{Event: &reducer.Event{
				Kind: reducer.OperatorClearance, Rollout: id, Operator: "operator", Reason: "cleared",
			}})
		},
	},
	{
		topic: "Happenings", phase: happens,
		words: `(the/an )operator lifts (the )quarantine of (ref ){ref} on (channel ){channel}{when}`,
		doc: "An operator removes the ref from the quarantine of the channel, so that it can be " +
			"dispatched there again.",
		example: `the operator lifts the quarantine of ref "a1" on channel "stable" 1 hour later`,
		do: func(w *world, ref reducer.ChannelRef, id reducer.ChannelID, when timing) error {
			if _, err := w.fleet.channel(id); err != nil {
				return err
			}
			return w.schedule(
				when, w.names.latest[id],
				&sim.Action{Lift: &sim.QuarantineEntry{Channel: id, Closure: reducer.ClosureHash(ref)}},
			)
		},
	},
	{
		topic: "Happenings", phase: happens,
		words: `new refs come to (channel ){channel} every {delay} for {duration}{when}`,
		doc: "The channel moves by itself to refs r1, r2, r3 and on, at that interval and for " +
			"that time.",
		example: `new refs come to channel "stable" every 6 hours for 1 day`,
		do: func(w *world, id reducer.ChannelID, every delay, d time.Duration, when timing) error {
			return scheduleTraffic(
				w, sim.Traffic{Channel: id, Kind: sim.Arrivals, Prefix: "r"}, every, d, when,
			)
		},
	},
	{
		topic: "Happenings", phase: happens,
		words: `(channel ){channel} flaps between refs {refs} every {delay} for {duration}{when}`,
		doc: "The channel points at each of the refs in turn, again and again, at that interval " +
			"and for that time.",
		example: `"stable" flaps between refs "a1" and "b2" every 30 minutes for 2 hours`,
		do: func(
			w *world, id reducer.ChannelID, refs []reducer.ChannelRef, every delay, d time.Duration,
			when timing,
		) error {
			if len(refs) < 2 {
				return fmt.Errorf("flapping needs two refs or more")
			}
			return scheduleTraffic(
				w, sim.Traffic{Channel: id, Kind: sim.Flapping, Between: refs}, every, d, when,
			)
		},
	},
}

// scheduleTraffic makes a channel move by itself for a time.
func scheduleTraffic(w *world, t sim.Traffic, every delay, lasts time.Duration, when timing) error {
	if _, err := w.fleet.channel(t.Channel); err != nil {
		return err
	}
	if every.Mean() < time.Second {
		return fmt.Errorf("the interval between refs is less than 1 second on average")
	}
	w.fleet.allowSilence(every.longest)
	err := w.scheduleChange(when, w.names.latest[t.Channel], func(w *world) error {
		now := w.timeline.now
		// The end is late enough for a last ref that is due then.
		t.Every, t.From, t.Until = every.Distribution, now+faultDelay, now+lasts+2*faultDelay
		r := w.added()
		r.traffic = append(r.traffic, len(w.fleet.Traffic))
		w.fleet.Traffic = append(w.fleet.Traffic, t)
		return nil
	})
	if err != nil {
		return err
	}
	w.names.addTraffic(&t)
	return nil
}

// moveChannel makes a channel point at a ref.
func moveChannel(w *world, id reducer.ChannelID, ref reducer.ChannelRef, when timing) error {
	if _, err := w.fleet.channel(id); err != nil {
		return err
	}
	move := &sim.Action{SetRef: &sim.RefChange{Channel: id, Ref: ref}}
	if err := w.schedule(when, w.names.latest[id], move); err != nil {
		return err
	}
	w.names.addRollout(reducer.NewRolloutID(id, ref), id)
	return nil
}

// moveAll makes all channels point at a ref.
func moveAll(w *world, ref reducer.ChannelRef, when timing) error {
	if len(w.fleet.Channels) == 0 {
		return &unknownNameError{noun: "channel", name: "stable"}
	}
	release := &sim.Action{Release: &sim.ReleaseChange{Ref: ref}}
	if err := w.schedule(when, w.names.last, release); err != nil {
		return err
	}
	w.names.addRelease(ref, w.fleet.Channels)
	return nil
}
