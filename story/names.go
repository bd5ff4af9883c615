package story

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rollsim/internal/nearest"
	"rollsim/reducer"
	"rollsim/sim"
)

// names are the names that sentences have introduced, apart from those of the fleet.
type names struct {
	rollouts []reducer.RolloutID // in the order of the story
	latest   map[reducer.ChannelID]reducer.RolloutID
	last     reducer.RolloutID // the latest of all channels

	hosts    []reducer.HostID    // of raw events
	channels []reducer.ChannelID // that move by themselves, to refs that only the run knows
}

// addRollout records that the story opens a rollout of a channel.
func (n *names) addRollout(id reducer.RolloutID, channel reducer.ChannelID) {
	if !slices.Contains(n.rollouts, id) {
		n.rollouts = append(n.rollouts, id)
	}
	if n.latest == nil {
		n.latest = make(map[reducer.ChannelID]reducer.RolloutID)
	}
	n.latest[channel], n.last = id, id
}

// addAction records the names in an action of a scenario's timeline.
func (n *names) addAction(a *sim.Action, channels []sim.Channel) {
	switch {
	case a.Release != nil:
		n.addRelease(a.Release.Ref, channels)
	case a.SetRef != nil:
		n.addRollout(reducer.NewRolloutID(a.SetRef.Channel, a.SetRef.Ref), a.SetRef.Channel)
	case a.Event != nil && a.Event.Kind == reducer.RolloutOpened:
		n.addRollout(a.Event.Rollout, a.Event.Channel)
	case a.Event != nil && a.Event.Host != "":
		n.hosts = append(n.hosts, a.Event.Host)
	}
}

// addRelease records that all channels move to a ref.
func (n *names) addRelease(ref reducer.ChannelRef, channels []sim.Channel) {
	for i := range channels {
		n.addRollout(reducer.NewRolloutID(channels[i].ID, ref), channels[i].ID)
	}
}

// addTraffic records a channel that moves by itself, and the rollouts that this opens.
func (n *names) addTraffic(t *sim.Traffic) {
	n.channels = append(n.channels, t.Channel)
	for _, ref := range t.Between {
		n.addRollout(reducer.NewRolloutID(t.Channel, ref), t.Channel)
	}
	if t.Kind == sim.Arrivals {
		n.addRollout(reducer.NewRolloutID(t.Channel, reducer.ChannelRef(t.Prefix+"1")), t.Channel)
	}
}

// latestOf returns the latest rollout of a channel, or another one if the channel is nil or has no
// rollout.
func (n *names) latestOf(c *sim.Channel, otherwise reducer.RolloutID) reducer.RolloutID {
	if c == nil {
		return otherwise
	}
	return cmp.Or(n.latest[c.ID], otherwise)
}

// checkRollout refuses a rollout that the story does not open.
func (n *names) checkRollout(id reducer.RolloutID) error {
	channel, _, _ := strings.Cut(string(id), "@")
	if slices.Contains(n.rollouts, id) || slices.Contains(n.channels, reducer.ChannelID(channel)) {
		return nil
	}
	return &unknownNameError{"rollout", string(id), as[string](n.rollouts)}
}

// An unknownNameError says that the story has no channel, host or rollout of a name.
type unknownNameError struct {
	noun, name string
	known      []string
}

func (e *unknownNameError) Error() string {
	if len(e.known) > 0 {
		return fmt.Sprintf("no %s is named %q%s", e.noun, e.name, nearest.Hint(e.name, e.known))
	}
	example := `Given channel "stable" with 3 hosts`
	switch channel, ref, _ := strings.Cut(e.name, "@"); e.noun {
	case "channel":
		example = fmt.Sprintf("Given channel %q with 3 hosts", e.name)
	case "rollout":
		example = fmt.Sprintf("When %q moves to ref %q", channel, ref)
	}
	return fmt.Sprintf(
		"no %s is named %q: the story has no %s yet; say before this, for example: %s", e.noun, e.name,
		e.noun, example,
	)
}
