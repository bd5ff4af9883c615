package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"rollsim/suite/explore"
)

// smallFile is the end of the name of the small case of a failure, without its ending.
const smallFile = "-small"

// shrinkFailures makes the failures of a sweep small, and writes them into its folder.
func (env *environment) shrinkFailures(
	ctx context.Context, dir string, sweep *explore.Sweep, result *explore.Result,
) error {
	meter := env.newMeter()
	err := result.Shrink(ctx, sweep.Source, func(done, all int) {
		meter.line(func(time.Duration) string {
			return fmt.Sprintf("%d of %d failures made small", done, all)
		})
	})
	meter.clear()
	if err != nil || dir == "" {
		return err
	}
	for _, g := range result.Searched() {
		for _, f := range smallFiles(dir, result, g) {
			if err := env.rewrite(f); err != nil {
				return err
			}
		}
	}
	return env.rewrite(resultOf(dir, result))
}

// smallFiles returns the files of the small case of a failure, if there is one.
func smallFiles(dir string, r *explore.Result, g *explore.Group) []newFile {
	small := g.First.Small
	if small == nil || small.Scenario == "" {
		return nil
	}
	base := filepath.Join(dir, r.FileName(&g.First)+"-"+smallName(small)+smallFile)
	files := []newFile{bytesFile(base+".yaml", []byte(small.Scenario))}
	if small.Feature != "" {
		files = append(files, bytesFile(base+".feature", []byte(small.Feature)))
	}
	return files
}

// smallName returns the key of a small case as a part of a file name.
func smallName(small *explore.Small) string {
	name := []byte(small.Key)
	for i, c := range name {
		if strings.ContainsRune("/:, =<>", rune(c)) {
			name[i] = '-'
		}
	}
	return string(name)
}
