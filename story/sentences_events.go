package story

import (
	"errors"
	"fmt"
	"strconv"

	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/story/gherkin"
)

var eventSteps = []step{
	{
		topic: "Raw events", phase: happens,
		words: `{event} happens to (rollout ){rollout}{when}`,
		doc: "An event that has no field but its rollout reaches the reducer as it is: " +
			"RolloutTerminal, RetentionExpired or OperatorClearance.",
		example: `RetentionExpired happens to "stable@a1" once "stable@a1" is Active`,
		do: func(w *world, kind reducer.EventKind, id reducer.RolloutID, when timing) error {
			return w.scheduleEvent(kind, id, "", when)
		},
	},
	{
		topic: "Raw events", phase: happens,
		words: `{event} of (rollout ){rollout} reaches the record of (rollout ){rollout}{when}`,
		doc: "An event that has no field but its rollout reaches the record of another rollout, as if " +
			"the control plane had looked up the wrong one. The specification refuses it.",
		example: `RolloutTerminal of "stable@b2" reaches the record of "stable@a1" once ` +
			`"stable@a1" is Active`,
		do: func(
			w *world, kind reducer.EventKind, id, reaches reducer.RolloutID, when timing,
		) error {
			if err := w.checkReached(id, reaches); err != nil {
				return err
			}
			return w.scheduleEvent(kind, id, reaches, when)
		},
	},
	{
		topic: "Raw events", phase: happens,
		words: `these events happen{when}:`,
		doc: "Rollout events reach the reducer as they are, one after the other at one instant. " +
			"The column later lets time pass before a row. For SuccessorOpened, rollout is the one that " +
			"is superseded. The column reaches names the rollout whose record the event reaches instead " +
			"of its own.",
		example: `these events happen:`,
		table: []string{
			"event", "rollout", "channel?", "ref?", "host?", "wave?", "from?", "to?", "successor?",
			"later?", "reaches?",
		},
		sample: [][]string{
			{"event", "rollout", "channel", "ref", "host", "wave", "from", "to"},
			{"RolloutOpened", "stable@a1", "stable", "a1", "", "", "", ""},
			{"HostJoined", "stable@a1", "", "", "web-01", "0", "", ""},
			{"HostStateChanged", "stable@a1", "", "", "web-01", "", "Pending", "Activating"},
		},
		do: func(w *world, when timing, t gherkin.Table) error {
			for i, r := range t {
				ev, err := readEvent(r)
				if err != nil {
					return &gherkin.RowError{Row: i + 1, Err: err}
				}
				if i > 0 {
					when = timing{kind: together}
				}
				pause, err := gherkin.Cell(r, "later", parseDuration)
				if err != nil {
					return &gherkin.RowError{Row: i + 1, Err: err}
				}
				if pause > 0 {
					if when.kind != together {
						return &gherkin.RowError{Row: 1, Err: errors.New(
							"the first event happens when the sentence says; only those after it can be later",
						)}
					}
					when = timing{kind: later, offset: pause}
				}
				if r["reaches"] != "" {
					err := w.checkReached(ev.Rollout, reducer.RolloutID(r["reaches"]))
					if err != nil {
						return &gherkin.RowError{Row: i + 1, Err: err}
					}
				}
				action := sim.Action{Event: ev, Reaches: reducer.RolloutID(r["reaches"])}
				if err := w.schedule(when, ev.Rollout, &action); err != nil {
					return err
				}
				if ev.Host != "" {
					w.names.hosts = append(w.names.hosts, ev.Host)
				}
				if ev.Kind == reducer.RolloutOpened {
					w.names.addRollout(ev.Rollout, ev.Channel)
				}
			}
			return nil
		},
	},
}

// checkReached checks the rollout whose record an event of another one reaches.
func (w *world) checkReached(id, reaches reducer.RolloutID) error {
	if reaches == id {
		return fmt.Errorf("%s is the rollout of the event itself, and not another one", id)
	}
	return w.names.checkRollout(reaches)
}

// scheduleEvent schedules an event that has no field but its rollout. reaches is the rollout whose
// record it reaches, or "" for its own.
func (w *world) scheduleEvent(
	kind reducer.EventKind, id, reaches reducer.RolloutID, when timing,
) error {
	if kind != reducer.RolloutTerminal && kind != reducer.RetentionExpired &&
		kind != reducer.OperatorClearance {
		return fmt.Errorf(
			"%v has more fields than its rollout: write it in a table after \"these events happen:\"",
			kind,
		)
	}
	about := id
	if reaches != "" {
		about = reaches
	}
	return w.schedule(when, about, &sim.Action{
		Event: &reducer.Event{Kind: kind, Rollout: id}, Reaches: reaches,
	})
}

// eventColumns are the columns that each event needs in addition to its rollout.
var eventColumns = map[reducer.EventKind][]string{
	reducer.RolloutOpened:     {"channel", "ref"},
	reducer.HostJoined:        {"host", "wave"},
	reducer.HostStateChanged:  {"host", "from", "to"},
	reducer.WaveAdvanced:      {"from", "to"},
	reducer.RolloutTerminal:   nil,
	reducer.SuccessorOpened:   {"successor"},
	reducer.RetentionExpired:  nil,
	reducer.OperatorClearance: nil,
}

// readEvent parses a row of a table of events.
func readEvent(r gherkin.Row) (*reducer.Event, error) {
	kind, err := gherkin.Cell(r, "event", parseEvent)
	if err != nil {
		return nil, err
	}
	if kind == 0 || r["rollout"] == "" {
		return nil, fmt.Errorf("the row needs an event and a rollout")
	}
	err = r.Require(
		kind, eventColumns[kind], "channel", "ref", "host", "wave", "from", "to", "successor",
	)
	if err != nil {
		return nil, err
	}
	ev := &reducer.Event{
		Kind:      kind,
		Rollout:   reducer.RolloutID(r["rollout"]),
		Channel:   reducer.ChannelID(r["channel"]),
		TargetRef: reducer.ChannelRef(r["ref"]),
		Host:      reducer.HostID(r["host"]),
		Successor: reducer.RolloutID(r["successor"]),
	}
	if ev.Wave, err = gherkin.Cell(r, "wave", parseWave); err != nil {
		return nil, err
	}
	if kind == reducer.HostStateChanged {
		if ev.From, err = gherkin.Cell(r, "from", parseHostState); err == nil {
			ev.To, err = gherkin.Cell(r, "to", parseHostState)
		}
	} else {
		if ev.FromWave, err = gherkin.Cell(r, "from", parseWave); err == nil {
			ev.ToWave, err = gherkin.Cell(r, "to", parseWave)
		}
	}
	return ev, err
}

func parseWave(s string) (uint32, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is not a wave: waves count from 0 to 4294967295", s)
	}
	return uint32(n), nil
}
