package main

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"rollsim/story"
	"rollsim/story/gherkin"
)

// watchEvery is the interval at which files are checked. Polling works on every file system, and
// costs a few system calls.
const watchEvery = 250 * time.Millisecond

// scenarioFile is the extension of scenario files.
const scenarioFile = ".yaml"

// fileVersion changes when a file is written.
type fileVersion struct {
	written time.Time
	size    int64
}

// watch runs features, and each file again when it changes, until the context ends. A failure does
// not end it.
func (run *featureRun) watch(ctx context.Context) error {
	seen, err := run.versions()
	if err != nil {
		return err
	}
	opt := run.opt
	for {
		err := run.once(ctx, opt)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && !errors.Is(err, errDiffers) {
			run.env.err.printf("rollsim: %v\n", err)
		}
		run.env.err.printf("watching %s; stop with Ctrl-C\n", strings.Join(run.opt.Paths, ", "))
		changed, now := run.changed(ctx, seen)
		if ctx.Err() != nil {
			return nil
		}
		seen = now
		opt.Paths = run.pathsOf(changed)
		run.env.out.printf("\n%s changed\n\n", strings.Join(changed, ", "))
	}
}

// changed waits until files change, and then until they stop changing. It returns their names, and
// the versions of all files.
func (run *featureRun) changed(
	ctx context.Context, seen map[string]fileVersion,
) ([]string, map[string]fileVersion) {
	var before map[string]fileVersion
	missing := make(map[string]int) // for how many intervals
	for {
		select {
		case <-ctx.Done():
			return nil, seen
		case <-time.After(watchEvery):
		}
		run.reportMissing(seen, missing)
		now, err := run.versions()
		if err != nil {
			continue // an editor may remove a file before it writes it again
		}
		var changed []string
		for name, v := range now {
			if seen[name] != v {
				changed = append(changed, name)
			}
		}
		quiet := len(changed) > 0 && before != nil &&
			!slices.ContainsFunc(changed, func(name string) bool { return before[name] != now[name] })
		if before = now; quiet {
			slices.Sort(changed)
			return changed, now
		}
	}
}

// missingFor is for how many intervals a file must be missing before that is reported: an editor
// may remove a file before it writes it again.
const missingFor = 4

// reportMissing reports each file that has disappeared, once. missing counts the intervals.
func (run *featureRun) reportMissing(seen map[string]fileVersion, missing map[string]int) {
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		if _, err := fs.Stat(run.opt.FS, name); !errors.Is(err, fs.ErrNotExist) {
			missing[name] = 0
			continue
		}
		if missing[name]++; missing[name] == missingFor {
			run.env.err.printf("%s has disappeared\n", name)
		}
	}
}

// versions returns the versions of the features, and of the scenario files and phrases to which
// they may refer.
func (run *featureRun) versions() (map[string]fileVersion, error) {
	names, err := gherkin.Files(run.opt.FS, run.opt.Paths)
	if err != nil {
		return nil, err
	}
	folders := map[string]bool{"scenarios": true}
	for _, name := range names {
		folders[path.Dir(name)] = true
		if phrases, found := story.FindPhrases(run.opt.FS, path.Dir(name)); found {
			folders[path.Dir(phrases)] = true
		}
	}
	for folder := range folders {
		entries, _ := fs.ReadDir(run.opt.FS, folder) // none if the folder does not exist
		for _, e := range entries {
			if path.Ext(e.Name()) == scenarioFile {
				names = append(names, path.Join(folder, e.Name()))
			}
		}
	}
	versions := make(map[string]fileVersion)
	for _, name := range names {
		info, err := fs.Stat(run.opt.FS, name)
		if err != nil {
			return nil, err
		}
		versions[name] = fileVersion{info.ModTime(), info.Size()}
	}
	return versions, nil
}

// pathsOf returns the paths to run when files change, with the lines of the command line. A
// scenario file may affect any feature.
func (run *featureRun) pathsOf(files []string) []string {
	if slices.ContainsFunc(files, func(name string) bool { return path.Ext(name) == scenarioFile }) {
		return run.opt.Paths
	}
	var paths []string
	for _, file := range files {
		whole := true
		for _, p := range run.opt.Paths {
			if strings.HasPrefix(path.Clean(p), file+":") {
				paths, whole = append(paths, p), false
			}
		}
		if whole {
			paths = append(paths, file)
		}
	}
	return paths
}
