package story

import (
	"fmt"
	"slices"

	"rollsim/controlplane"
	"rollsim/internal/nearest"
	"rollsim/reducer"
	"rollsim/story/gherkin"
)

// A releaseDetail is what a sentence says about a ref of a channel, or of all channels if the
// channel is empty.
type releaseDetail struct {
	ref      reducer.ChannelRef
	channel  reducer.ChannelID
	apply    func(*controlplane.Release)
	required bool // the ref must come
}

// detail records what a sentence says about a ref. After the first expectation the ref must not
// have come yet, so that the sentence does not change what the expectation saw.
func (w *world) detail(
	ref reducer.ChannelRef, id reducer.ChannelID, apply func(*controlplane.Release),
) error {
	if id != "" {
		if _, err := w.fleet.channel(id); err != nil {
			return err
		}
	}
	if w.observed {
		for _, r := range w.history.order {
			if r.ref == ref {
				return fmt.Errorf(
					"the story has begun, and ref %q has come already: say this before the first Then", ref,
				)
			}
		}
	}
	required := w.level == gherkin.OfScenario
	w.fleet.details = append(w.fleet.details, releaseDetail{ref, id, apply, required})
	return nil
}

// releases returns what sentences say about refs, and what a scenario file says, by channel.
func (f *fleet) releases() []controlplane.Release {
	releases := f.Releases[:len(f.Releases):len(f.Releases)]
	first := len(releases)
	for i := range f.Channels {
		for _, d := range f.details {
			if d.channel != "" && d.channel != f.Channels[i].ID {
				continue
			}
			at := first
			for at < len(releases) && releases[at].Ref != d.ref {
				at++
			}
			if at == len(releases) {
				releases = append(releases, controlplane.Release{Channel: f.Channels[i].ID, Ref: d.ref})
			}
			d.apply(&releases[at])
		}
		first = len(releases)
	}
	return releases
}

// checkDetails refuses what a sentence says about a ref that never comes: nothing tests it.
func (w *world) checkDetails() error {
	if len(w.names.channels) > 0 {
		return nil // only the run knows which refs come
	}
	known := w.timeline.refs()
	for _, d := range w.fleet.details {
		if d.required && !slices.Contains(known, string(d.ref)) {
			return fmt.Errorf("a sentence describes ref %q, and no channel ever moves to that ref%s", d.ref,
				nearest.Hint(string(d.ref), known))
		}
	}
	return nil
}
