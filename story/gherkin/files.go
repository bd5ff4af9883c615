package gherkin

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"

	"rollsim/internal/osfs"
)

// A source is one feature file at the paths of a selection.
type source struct {
	name  string
	lines []int // that paths name; empty if a path names the whole file
}

var lineSuffix = regexp.MustCompile(`^(.+):([0-9]+)$`)

// Files returns the names of the feature files at some paths, which have the form of
// Selection.Paths.
func Files(fsys fs.FS, paths []string) ([]string, error) {
	sources, err := findSources(fsys, paths)
	var names []string
	for _, s := range sources {
		names = append(names, s.name)
	}
	return names, err
}

// findSources returns each feature file at the paths once, in the order of the paths; those of a
// folder are sorted by name. The error names every path without a feature file.
func findSources(fsys fs.FS, paths []string) ([]*source, error) {
	var all []*source
	var errs []error
	known := make(map[string]*source)
	for _, p := range paths {
		found, err := findAt(fsys, p)
		if err != nil {
			errs = append(errs, err)
		}
		for _, s := range found {
			first := known[s.name]
			switch {
			case first == nil:
				known[s.name] = s
				all = append(all, s)
			case len(first.lines) == 0 || len(s.lines) == 0:
				first.lines = nil
			default:
				first.lines = append(first.lines, s.lines...)
			}
		}
	}
	return all, errors.Join(errs...)
}

// findAt returns the feature files at one path, which may name a line of a file.
func findAt(fsys fs.FS, name string) ([]*source, error) {
	found, err := findFiles(fsys, name)
	at := lineSuffix.FindStringSubmatch(name)
	if at == nil || !errors.Is(err, fs.ErrNotExist) {
		return found, err
	}
	line, err := strconv.Atoi(at[2])
	if err != nil || line == 0 {
		return nil, fmt.Errorf("%s: lines count from 1", name)
	}
	if found, err = findFiles(fsys, at[1]); err != nil {
		return nil, err
	}
	if len(found) != 1 || found[0].name != path.Clean(at[1]) {
		return nil, fmt.Errorf("%s: a folder has no lines: name a file", name)
	}
	found[0].lines = []int{line}
	return found, nil
}

func findFiles(fsys fs.FS, name string) ([]*source, error) {
	if name == "" {
		return nil, errors.New("a path is empty: name a .feature file or a folder")
	}
	root := path.Clean(name)
	info, err := fs.Stat(fsys, root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		if path.Ext(root) != ".feature" {
			return nil, fmt.Errorf("%s: expected a .feature file or a folder", name)
		}
		return []*source{{name: root}}, nil
	}
	var found []*source
	err = osfs.Walk(fsys, root, func(p string) {
		if path.Ext(p) == ".feature" {
			found = append(found, &source{name: p})
		}
	})
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%s: no .feature file in this folder", name)
	}
	return found, err
}
