package features

import (
	"fmt"

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
		words:   `(channel ){channel} moves through refs {refs} between two polls{when}`,
		doc:     "The channel points at one ref after the other, so quickly that the control plane sees only the last one.",
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
		sample:  [][]string{{"channel", "ref", "when"}, {"stable", "a1", ""}, {"stable", "b2", "while wave 1 is soaking"}},
		do: func(w *world, t table) error {
			for _, r := range t {
				when, err := parseWhen(r["when"])
				if err != nil {
					return err
				}
				if r["ref"] == "" {
					return fmt.Errorf("a row has no ref")
				}
				if err := w.moveChannel(reducer.ChannelID(r["channel"]), reducer.ChannelRef(r["ref"]), when); err != nil {
					return err
				}
			}
			return nil
		},
	},
	{
		topic: "Happenings", phase: happens,
		words:   `(the/an )operator clears (rollout ){rollout}{when}`,
		doc:     "An operator says that a rollout which is Failed or Reverted is done with: OperatorClearance.",
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
