package main

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"rollsim/story"
)

// watchEvery is how often files are looked at. Looking costs a few system calls, and works on every
// file system.
const watchEvery = 250 * time.Millisecond

const scenarioFile = ".yaml"

// fileVersion is what changes when a file is written.
type fileVersion struct {
	written time.Time
	size    int64
}

// watch runs features, and each file again when it has changed, until the context ends. What fails
// does not end it.
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
		run.env.err.printf("watching %s; Ctrl-C ends it\n", strings.Join(run.opt.Paths, ", "))
		changed, now := run.changed(ctx, seen)
		if ctx.Err() != nil {
			return nil
		}
		seen = now
		opt.Paths = run.pathsOf(changed)
		run.env.out.printf("\n%s changed\n\n", strings.Join(changed, ", "))
	}
}

// changed waits until files have changed, and for what is being written to be complete.
func (run *featureRun) changed(
	ctx context.Context, seen map[string]fileVersion,
) ([]string, map[string]fileVersion) {
	var before map[string]fileVersion
	for {
		select {
		case <-ctx.Done():
			return nil, seen
		case <-time.After(watchEvery):
		}
		now, err := run.versions()
		if err != nil {
			continue // an editor that writes a file anew may be seen without it
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

// versions looks at every file that is asked for, and at the scenario files which those may be told
// of.
func (run *featureRun) versions() (map[string]fileVersion, error) {
	names, err := story.Files(run.opt.FS, run.opt.Paths)
	if err != nil {
		return nil, err
	}
	folders := map[string]bool{"scenarios": true}
	for _, name := range names {
		folders[path.Dir(name)] = true
	}
	for folder := range folders {
		entries, _ := fs.ReadDir(run.opt.FS, folder) // one that is not there has none
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

// pathsOf gives the paths of some files, with the lines that were asked for. Any feature may be
// told of a scenario file.
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
