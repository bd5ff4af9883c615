package story

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"rollsim"
	"rollsim/internal/nearest"
	"rollsim/internal/osfs"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
)

var librarySteps = []step{
	{
		topic: "Fleet", phase: sets,
		words: `the scenario {scenario}`,
		doc: "All that a scenario file tells: the fleet, what is in store for it, and its " +
			"timeline, which goes first. It is looked for beside the feature, in the folder scenarios, " +
			"and among those that are built in. The run lasts as long as the file says, and the " +
			"violations that it expects are expected. The sentences that follow may change all that, and " +
			"go on with the story.",
		example: `the scenario "one-wave-converges"`,
		do:      (*world).useScenario,
	},
}

// useScenario begins the story with what a scenario file tells.
func (w *world) useScenario(name string) error {
	if len(w.scenario.Channels) > 0 || len(w.story) > 0 {
		return errors.New("the fleet is there already: say this first")
	}
	file, err := w.loadScenario(strings.TrimSuffix(name, ".yaml"))
	if err != nil {
		return err
	}
	sc := file.Scenario
	sc.Name = w.scenario.Name
	if w.chosen.seed || w.seed.Set {
		sc.Seed = w.scenario.Seed
	}
	if !w.chosen.machine {
		if w.machine, err = machine.ByName(sc.Machine); err != nil {
			return err
		}
	}
	w.timeline, w.lasts, w.violations = sc.Timeline, sc.Horizon, sc.ExpectViolations
	sc.Timeline, sc.ExpectViolations = nil, nil
	w.scenario, w.still, w.loaded = sc, false, len(w.timeline)
	for i := range w.timeline {
		switch a := &w.timeline[i]; {
		case a.SetRef != nil:
			w.mention(reducer.NewRolloutID(a.SetRef.Channel, a.SetRef.Ref), a.SetRef.Channel)
		case a.Event != nil && a.Event.Kind == reducer.RolloutOpened:
			w.mention(a.Event.Rollout, a.Event.Channel)
		case a.Event != nil && a.Event.Host != "":
			w.guests = append(w.guests, a.Event.Host)
		}
	}
	for i := range sc.Traffic {
		w.noteTraffic(&sc.Traffic[i])
	}
	return nil
}

// loadScenario reads a scenario file: one beside the feature, or in the folder scenarios, or one
// that is built in.
func (w *world) loadScenario(name string) (*scenario.File, error) {
	const folder = "scenarios"
	files := w.files
	if files == nil {
		files = osfs.FS{}
	}
	var known []string
	for _, place := range []struct {
		fs.FS
		dir string
	}{{files, w.dir}, {files, folder}, {rollsim.Library, folder}} {
		file, err := scenario.LoadFS(place, path.Join(place.dir, name+".yaml"))
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
		// a folder that cannot be read has nothing to offer
		paths, _ := scenario.List(place, path.Clean(place.dir))
		for _, p := range paths {
			known = append(known, strings.TrimSuffix(path.Base(p), ".yaml"))
		}
	}
	return nil, fmt.Errorf("no scenario is named %q%s", name, nearest.Hint(name, known))
}

// checkLoaded refuses what the scenario file says must come and did not.
func (w *world) checkLoaded() error {
	for _, i := range w.telling.result.NeverCame {
		if i < w.loaded {
			return fmt.Errorf("line %d of the scenario's timeline waits for a moment that never came", i+1)
		}
	}
	for _, i := range w.telling.result.Never {
		return fmt.Errorf("number %d of what the scenario says must sometimes be so never came", i+1)
	}
	return nil
}

// noteTraffic takes note of a channel that moves by itself, and of the rollouts that this opens.
func (w *world) noteTraffic(t *sim.Traffic) {
	w.busy = append(w.busy, t.Channel)
	for _, ref := range t.Between {
		w.mention(reducer.NewRolloutID(t.Channel, ref), t.Channel)
	}
	if t.Kind == sim.Arrivals {
		w.mention(reducer.NewRolloutID(t.Channel, reducer.ChannelRef(t.Prefix+"1")), t.Channel)
	}
}
