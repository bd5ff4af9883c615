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
	"rollsim/scenario"
)

var scenarioSteps = []step{
	{
		topic: "Fleet", phase: sets,
		words: `the scenario {scenario}`,
		doc: "Everything that a scenario file describes: the fleet, the fates of its hosts, and " +
			"its timeline, which comes first. The file is next to the feature, in the folder scenarios, " +
			"or built in. The run lasts as long as the file says, and the violations that the file " +
			"expects are expected. Later sentences may change all that, and go on with the story.",
		example: `the scenario "one-wave-converges"`,
		do:      useScenario,
	},
}

// useScenario begins the story with a scenario file.
func useScenario(w *world, name string) error {
	if len(w.fleet.Channels) > 0 || len(w.timeline.happenings) > 0 {
		return errors.New("the fleet exists already: say this first")
	}
	file, err := loadScenario(w, strings.TrimSuffix(name, ".yaml"))
	if err != nil {
		return err
	}
	sc := file.Scenario
	sc.Name = w.fleet.Name
	if w.seed.chosen || w.seed.override.Set {
		sc.Seed = w.fleet.Seed
	}
	if !w.machineChosen {
		if w.simulator.machine, err = machine.ByName(sc.Machine); err != nil {
			return err
		}
	}
	for i := range sc.Timeline {
		w.names.addAction(&sc.Timeline[i], sc.Channels)
	}
	for i := range sc.Traffic {
		w.names.addTraffic(&sc.Traffic[i])
	}
	w.timeline.actions, w.timeline.loaded, w.timeline.exact = sc.Timeline, len(sc.Timeline), false
	w.simulator.limit = sc.Horizon
	w.fates.all = sc.Fates
	w.allowed.violations = sc.ExpectViolations
	sc.Timeline, sc.Fates, sc.ExpectViolations = nil, nil, nil
	w.fleet.Scenario = sc
	return nil
}

// loadScenario reads a scenario file. It looks next to the feature, then in the folder scenarios,
// and then among those that are built in.
func loadScenario(w *world, name string) (*scenario.File, error) {
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
		file, err := scenario.LoadIn(place, place.dir, name+".yaml")
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
		// A folder that cannot be read has no names to suggest.
		paths, _ := scenario.List(place, path.Clean(place.dir))
		for _, p := range paths {
			known = append(known, strings.TrimSuffix(path.Base(p), ".yaml"))
		}
	}
	return nil, fmt.Errorf("no scenario is named %q%s", name, nearest.Hint(name, known))
}
