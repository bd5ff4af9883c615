package story

import (
	"fmt"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
)

var happeningSteps = []step{
	{
		topic: "Happenings", phase: happens,
		words:   `(channel ){channel} moves (back )to (ref ){ref}{when}`,
		doc:     "The channel points at a ref from now on. The control plane sees it at its next poll.",
		example: `"stable" moves to ref "b2" while wave 1 is soaking`,
		do:      (*world).moveChannel,
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
				if err := w.moveChannel(id, ref, when); err != nil {
					return err
				}
			}
			return nil
		},
	},
	{
		topic: "Happenings", phase: happens,
		words:   `(the )channel(s) move(s) like this:`,
		doc:     "Several moves, in order. The column when says what the end of a sentence would say.",
		example: `the channels move like this:`,
		table:   []string{"channel", "ref", "when?"},
		sample: [][]string{
			{"channel", "ref", "when"},
			{"stable", "a1", ""},
			{"stable", "b2", "while wave 1 is soaking"},
		},
		do: func(w *world, t table) error {
			return t.each(func(r row) error {
				when, err := parseWhen(r["when"])
				if err == nil && r["ref"] == "" {
					err = fmt.Errorf("it needs a ref")
				}
				if err != nil {
					return err
				}
				return w.moveChannel(reducer.ChannelID(r["channel"]), reducer.ChannelRef(r["ref"]), when)
			})
		},
	},
	{
		topic: "Happenings", phase: happens,
		words: `(the/an )operator clears (rollout ){rollout}{when}`,
		doc: "An operator says that a rollout which is Failed or Reverted is done with: " +
			"OperatorClearance.",
		example: `the operator clears "stable@a1" 10 minutes later`,
		do: func(w *world, id reducer.RolloutID, when timing) error {
			if err := w.checkRollout(id); err != nil {
				return err
			}
			return w.tell(when, id, &sim.Action{Event: &reducer.Event{
				Kind: reducer.OperatorClearance, Rollout: id, Operator: "operator", Reason: "cleared",
			}})
		},
	},
	{
		topic: "Happenings", phase: happens,
		words: `(the/an )operator lifts (the )quarantine of (ref ){ref} on (channel ){channel}{when}`,
		doc: "An operator takes the ref out of the quarantine of the channel, so that it is " +
			"dispatched there again.",
		example: `the operator lifts the quarantine of ref "a1" on channel "stable" 1 hour later`,
		do: func(w *world, ref reducer.ChannelRef, id reducer.ChannelID, when timing) error {
			if _, err := w.channel(id); err != nil {
				return err
			}
			return w.tell(
				when, w.latest[id],
				&sim.Action{Lift: &sim.QuarantineEntry{Channel: id, Closure: reducer.ClosureHash(ref)}},
			)
		},
	},
	{
		topic: "Happenings", phase: happens,
		words: `new refs come to (channel ){channel} every {delay} for {duration}{when}`,
		doc: "The channel moves on by itself, to refs r1, r2, r3 and on, at that distance and for " +
			"that time.",
		example: `new refs come to channel "stable" every 6 hours for 1 day`,
		do: func(w *world, id reducer.ChannelID, every delay, d time.Duration, when timing) error {
			return w.tellTraffic(sim.Traffic{Channel: id, Kind: sim.Arrivals, Prefix: "r"}, every, d, when)
		},
	},
	{
		topic: "Happenings", phase: happens,
		words: `(channel ){channel} flaps between refs {refs} every {delay} for {duration}{when}`,
		doc: "The channel points at one ref after the other, round and round, at that distance " +
			"and for that time.",
		example: `"stable" flaps between refs "a1" and "b2" every 30 minutes for 2 hours`,
		do: func(w *world, id reducer.ChannelID, refs []reducer.ChannelRef, every delay, d time.Duration, when timing) error {
			if len(refs) < 2 {
				return fmt.Errorf("to flap takes two refs or more")
			}
			return w.tellTraffic(sim.Traffic{Channel: id, Kind: sim.Flapping, Between: refs}, every, d, when)
		},
	},
}

// tellTraffic tells of a channel that moves by itself for a time.
func (w *world) tellTraffic(t sim.Traffic, every delay, lasts time.Duration, when timing) error {
	if _, err := w.channel(t.Channel); err != nil {
		return err
	}
	if every.Mean() < time.Second {
		return fmt.Errorf("refs must be at least 1 second apart, on average")
	}
	w.silence(every.longest)
	err := w.tellLater(when, w.latest[t.Channel], func(w *world) error {
		// so that a last one on time comes
		t.Every, t.From, t.Until = every.Distribution, w.now+breakOff, w.now+lasts+2*breakOff
		w.scenario.Traffic = append(w.scenario.Traffic, t)
		return nil
	})
	if err != nil {
		return err
	}
	w.noteTraffic(&t)
	return nil
}

// moveChannel points a channel at a ref.
func (w *world) moveChannel(id reducer.ChannelID, ref reducer.ChannelRef, when timing) error {
	if _, err := w.channel(id); err != nil {
		return err
	}
	if err := w.tell(when, w.latest[id], &sim.Action{SetRef: &sim.RefChange{Channel: id, Ref: ref}}); err != nil {
		return err
	}
	w.mention(reducer.NewRolloutID(id, ref), id)
	return nil
}
