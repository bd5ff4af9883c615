package check

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"rollsim/internal/osfs"
	"rollsim/scenario"
	"rollsim/story"
	"rollsim/suite/prove"
)

// Suite is a set of files to check.
type Suite struct {
	FS        fs.FS
	Scenarios []string // paths of scenario files
	Features  []string // paths of feature files, with :LINE to select one scenario
	Phrases   []string // paths of files of phrases, which features use

	// Vacuous says how scenarios of features count in which something has no effect.
	Vacuous story.Vacuity

	// Traces keeps the traces of all scenarios of features, for Options.KeepAll.
	Traces bool
}

// units returns the units of the suite in the order of the report.
func (s *Suite) units() []unit {
	var units []unit
	for _, p := range s.Scenarios {
		units = append(units, unit{path: p})
	}
	for _, p := range s.Features {
		cases, err := story.Cases(story.Options{
			Explorer: prove.Stories(),
			FS:       s.FS, Paths: []string{p}, Vacuous: s.Vacuous, Traces: s.Traces,
		})
		if err != nil {
			units = append(units, unit{path: p, err: err})
		}
		for _, c := range cases {
			units = append(units, unit{path: c.Place(), feature: c})
		}
	}
	return units
}

// FeatureFiles returns the paths of the feature files, without lines.
func (s *Suite) FeatureFiles() []string {
	var all []string
	for _, p := range s.Features {
		all = append(all, featureFile(p))
	}
	return all
}

// featureFile returns a path without the line that it may name.
func featureFile(p string) string {
	file, _, named := strings.Cut(p, ".feature:")
	if named {
		file += ".feature"
	}
	return file
}

// unit is the smallest part of a suite that runs on its own: a scenario file, or a scenario of a
// feature file.
type unit struct {
	path    string
	feature *story.Case // nil for a scenario file
	err     error       // why a feature file cannot be run
}

// groups returns the numbers of units in groups. Each group runs on its own. The scenarios of a
// feature file are together, as story.Suites has them; any other unit is a group.
func groups(units []unit, jobs int) [][]int {
	var all [][]int
	var cases []*story.Case
	var numbers []int
	for i, u := range units {
		if u.feature == nil {
			all = append(all, []int{i})
			continue
		}
		cases, numbers = append(cases, u.feature), append(numbers, i)
	}
	for _, suite := range story.Suites(cases, jobs) {
		for k := range suite {
			suite[k] = numbers[suite[k]]
		}
		all = append(all, suite)
	}
	return all
}

// errNothing is the error for a suite without files. A suite that checks nothing must not pass.
var errNothing = errors.New("nothing to check: no scenario (*.yaml) and no feature (*.feature)")

// Find returns the sorted suite of the files and folders at some paths. A folder contributes all
// files below it. No file at all is an error. A file that ends in .yml is an error, because it
// would be skipped without notice.
func Find(fsys fs.FS, roots []string) (*Suite, error) {
	s := &Suite{FS: fsys}
	for _, root := range roots {
		if err := s.add(root); err != nil {
			return nil, err
		}
	}
	slices.Sort(s.Scenarios)
	slices.Sort(s.Features)
	slices.Sort(s.Phrases)
	s.Phrases = slices.Compact(s.Phrases)
	s.Scenarios = slices.Compact(s.Scenarios)
	s.Features = slices.Compact(s.Features)
	if len(s.Scenarios)+len(s.Features)+len(s.Phrases) == 0 {
		return nil, fmt.Errorf("%w below %s", errNothing, strings.Join(roots, ", "))
	}
	return s, nil
}

// add adds the file at root, or the files below the folder root.
func (s *Suite) add(root string) error {
	file := featureFile(root)
	info, err := fs.Stat(s.FS, file)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		switch path.Ext(file) {
		case ".yaml":
			s.addYAML(root)
		case ".feature":
			s.Features = append(s.Features, root)
		default:
			return fmt.Errorf("%s: expected a scenario (.yaml), a feature (.feature) or a folder", root)
		}
		return nil
	}
	var misnamed error
	err = osfs.Walk(s.FS, root, func(p string) {
		switch path.Ext(p) {
		case ".yaml":
			s.addYAML(p)
		case ".feature":
			s.Features = append(s.Features, p)
		case ".yml":
			hidden := strings.HasPrefix(path.Base(p), ".") // such as the settings of a tool
			if misnamed == nil && !hidden {
				misnamed = fmt.Errorf("%s: the name of a scenario file must end in .yaml: rename it", p)
			}
		}
	})
	return errors.Join(err, misnamed)
}

// addYAML adds a scenario file, or a file of phrases.
func (s *Suite) addYAML(name string) {
	if path.Base(name) == scenario.PhrasesName {
		s.Phrases = append(s.Phrases, name)
		return
	}
	s.Scenarios = append(s.Scenarios, name)
}

// GoldenPath returns the path of the golden of a scenario file. The golden of scenarios/NAME.yaml
// is golden/NAME.golden, that of a file in any other folder is NAME.golden in the same folder.
func GoldenPath(scenario string) string {
	dir, base := path.Split(scenario)
	name := strings.TrimSuffix(base, ".yaml") + ".golden"
	if dir = path.Clean(dir); path.Base(dir) == "scenarios" {
		return path.Join(path.Dir(dir), "golden", name)
	}
	return path.Join(dir, name)
}
