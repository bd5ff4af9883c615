package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"rollsim/suite/explore"
)

func (env *environment) mergeCommand() *cli.Command {
	return &cli.Command{
		Name:      "merge",
		Usage:     "merge the results of the shards of a sweep or a proof",
		ArgsUsage: "DIR…",
		Description: "A DIR is a folder that rollsim explore or rollsim prove wrote with -o. The\n" +
			"result of all shards is that of the complete sweep or proof. The exit code is\n" +
			"1 if an invariant is violated in one of them.\n\n" +
			"Example: rollsim merge shard-1 shard-2 shard-3 shard-4",
		Flags: []cli.Flag{
			sweepOutputFlag(),
			&cli.BoolFlag{Name: "json", Usage: "print the result as JSON"},
		},
		Action: env.merge,
	}
}

func (env *environment) merge(c *cli.Context) error {
	dirs := c.Args().Slice()
	if len(dirs) == 0 {
		return usage(c, "expected the folder of at least one shard")
	}
	if _, err := os.Stat(filepath.Join(dirs[0], proofFile)); err == nil {
		return env.mergeProofs(c, dirs)
	}
	var whole *explore.Result
	for _, dir := range dirs {
		r, err := env.readResult(dir)
		if err != nil {
			return err
		}
		if whole == nil {
			whole = r
		} else if err := whole.Merge(r); err != nil {
			return usage(c, "%s: %v", dir, err)
		}
	}
	if out := c.String("output"); out != "" {
		if err := os.MkdirAll(out, 0o755); err != nil {
			return err
		}
		if err := env.writeIn(resultOf(out, whole)); err != nil {
			return err
		}
		for _, g := range whole.Searched() {
			for _, f := range smallFiles(out, whole, g) {
				if err := env.rewrite(f); err != nil {
					return err
				}
			}
			for _, ending := range []string{".ndjson", ".yaml"} {
				if err := env.copyFirst(dirs, out, whole.FileName(&g.First)+ending); err != nil {
					return err
				}
			}
		}
		if err := env.writeSweepPage(c.Context, out, whole); err != nil {
			return err
		}
	}
	return env.printSweep(c, whole)
}

// copyFirst copies a file from the first folder that has it, if there is one.
func (env *environment) copyFirst(dirs []string, to, name string) error {
	for _, dir := range dirs {
		in, err := env.files.Open(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		defer in.Close()
		return env.writeAgain(newFile{filepath.Join(to, name),
			func(w io.Writer) error { _, err := io.Copy(w, in); return err }})
	}
	return nil
}
