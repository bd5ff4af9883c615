// Package check runs the regression suite: every scenario against its golden, and every feature.
package check

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"rollsim/internal/osfs"
	"rollsim/story"
)

// Suite is what there is to check.
type Suite struct {
	FS        fs.FS
	Scenarios []string // paths of scenario files
	Features  []string // paths of feature files, with :LINE where only one scenario was asked for
}

// units lists everything in the order in which it is reported.
func (s *Suite) units() []unit {
	var units []unit
	for _, p := range s.Scenarios {
		units = append(units, unit{path: p})
	}
	for _, p := range s.Features {
		cases, err := story.Cases(story.Options{FS: s.FS, Paths: []string{p}})
		if err != nil {
			units = append(units, unit{path: p, err: err})
		}
		for _, c := range cases {
			units = append(units, unit{path: c.Place(), feature: c})
		}
	}
	return units
}

// unit is what one shard or worker takes: a scenario file, or a scenario of a feature file.
type unit struct {
	path    string
	feature *story.Case // nil for a scenario file
	err     error       // why a feature file cannot be run
}

// ErrNothing says that there is nothing to check. A suite that checks nothing must not pass.
var ErrNothing = errors.New("nothing to check: no scenario (*.yaml) and no feature (*.feature)")

// Find collects the suite below some paths, sorted: a file is taken as it is, a folder with all
// that is below it. The error is ErrNothing when it comes out empty, and names a file that ends in
// .yml: it would be passed over in silence.
func Find(fsys fs.FS, roots []string) (*Suite, error) {
	s := &Suite{FS: fsys}
	for _, root := range roots {
		if err := s.add(root); err != nil {
			return nil, err
		}
	}
	slices.Sort(s.Scenarios)
	slices.Sort(s.Features)
	s.Scenarios = slices.Compact(s.Scenarios)
	s.Features = slices.Compact(s.Features)
	if len(s.Scenarios)+len(s.Features) == 0 {
		return nil, fmt.Errorf("%w below %s", ErrNothing, strings.Join(roots, ", "))
	}
	return s, nil
}

func (s *Suite) add(root string) error {
	file, _, _ := strings.Cut(root, ".feature:")
	if file != root {
		file += ".feature"
	}
	info, err := fs.Stat(s.FS, file)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		switch path.Ext(file) {
		case ".yaml":
			s.Scenarios = append(s.Scenarios, root)
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
			s.Scenarios = append(s.Scenarios, p)
		case ".feature":
			s.Features = append(s.Features, p)
		case ".yml":
			if misnamed == nil && !strings.HasPrefix(path.Base(p), ".") { // the settings of some tool
				misnamed = fmt.Errorf("%s: the name of a scenario file ends in .yaml, this one would be "+
					"passed over", p)
			}
		}
	})
	return errors.Join(err, misnamed)
}

// GoldenPath tells where the golden of a scenario file is: golden/NAME.golden beside a folder that
// is called scenarios, else NAME.golden beside the file.
func GoldenPath(scenario string) string {
	dir, base := path.Split(scenario)
	name := strings.TrimSuffix(base, ".yaml") + ".golden"
	if dir = path.Clean(dir); path.Base(dir) == "scenarios" {
		return path.Join(path.Dir(dir), "golden", name)
	}
	return path.Join(dir, name)
}
