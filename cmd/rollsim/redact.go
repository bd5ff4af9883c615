package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"rollsim/internal/atomicfile"
	"rollsim/internal/scratch"
	"rollsim/logs/redact"
	"rollsim/scenario"
	"rollsim/trace/input"
	"rollsim/trace/statedb"
)

func (env *environment) redactCommand() *cli.Command {
	return &cli.Command{
		Name:      "redact",
		Usage:     "replace the names in a log, so that you can show it to others",
		ArgsUsage: "INPUT",
		Description: "Pseudonyms replace hosts, channels, refs, closures, operators, reasons, error\n" +
			"texts and unknown fields. The words of the format stay, and rollsim replay\n" +
			"has the same findings. OUT has the format of INPUT: NDJSON, a rollout\n" +
			"document, or a state.db with the tables that rollsim reads. It is compressed\n" +
			"if its name ends in .gz or .zst.\n" +
			"The same key makes the same pseudonyms in all logs. Without --key, the key is\n" +
			"random and is not stored.\n\n" +
			"Example: rollsim redact event_log.ndjson.gz -o public.ndjson.gz --key names.key --shift 240h",
		Flags: []cli.Flag{
			&cli.StringFlag{
				Name:    "output",
				Aliases: []string{"o"},
				Usage:   "write to `OUT` and replace it if it exists; - is standard output",
			},
			&cli.StringFlag{
				Name:        "key",
				Usage:       "use the key in `FILE`, and create the file if it does not exist",
				DefaultText: "a random key that is not stored",
			},
			&cli.StringFlag{Name: "shift", Usage: "add `TIME` to every time, such as 240h or -3d"},
		},
		Action: env.redact,
	}
}

func (env *environment) redact(c *cli.Context) error {
	if c.NArg() != 1 {
		return usage(c, "expected one log, got %d", c.NArg())
	}
	if c.String("output") == "" {
		return usage(c, "expected -o OUT: the name of the redacted log")
	}
	name, keyFile := c.Args().First(), c.String("key")
	env.files.addLogs(name)
	if keyFile != "" && env.files.isInput(keyFile, false) {
		return usage(c, "--key %s: this is the log", keyFile)
	}
	output, err := env.output(c, name, keyFile)
	if err != nil {
		return err
	}
	shift, err := parseShift(c.String("shift"))
	if err != nil {
		return usage(c, "--shift: %v", err)
	}
	key, err := env.redactionKey(keyFile)
	if err != nil {
		return err
	}
	r, err := redact.New(key, shift)
	if err != nil {
		return usage(c, "--key %s: %v", keyFile, err)
	}
	if output != "-" || !env.out.terminal { // the log on a terminal shows the progress
		meter := env.newMeter()
		r.Progress = meter.entries
		defer meter.clear()
	}
	path := name
	if input.IsStream(name) {
		in, err := env.open(name)
		if err != nil {
			return err
		}
		defer in.Close()
		if name == input.Stdin {
			name = "standard input"
		}
		var remove func() error
		if path, remove, err = spool(name, in); err != nil {
			return err
		}
		defer func() { _ = remove() }()
	}
	db, err := input.Database(name, path)
	switch {
	case err != nil:
		return err
	case db == nil:
		return env.redactStream(r, name, path, output)
	}
	defer db.Close()
	if output == "-" {
		return usage(c, "-o -: expected a file, because the input is a state.db")
	}
	return env.redactDatabase(r, name, db, output)
}

func parseShift(s string) (time.Duration, error) {
	length, back := strings.CutPrefix(s, "-")
	if length == "" {
		return 0, nil
	}
	d, err := scenario.ParseDuration(length)
	if back {
		d = -d
	}
	return d, err
}

// maxKey is the limit for the size of a key file in bytes.
const maxKey = 64 << 10

// redactionKey returns the key of a file, and creates the file if it does not exist. Without a name
// it returns a random key.
func (env *environment) redactionKey(name string) ([]byte, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	if name == "" {
		return key, nil
	}
	have, err := env.files.readSmall(name, maxKey)
	if !errors.Is(err, fs.ErrNotExist) {
		return have, err
	}
	if err := atomicfile.Create(name, key); err != nil {
		return nil, err
	}
	env.err.printf("%s is a new key: keep it secret\n", name)
	return key, nil
}

// redactStream redacts the file at a path. Errors call it name.
func (env *environment) redactStream(r *redact.Redactor, name, path, output string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	again := func() (io.ReadCloser, error) { return os.Open(path) }
	return env.writeFile(output, func(w io.Writer) error { return r.Stream(name, in, again, w) })
}

// redactDatabase redacts a database into a file.
func (env *environment) redactDatabase(
	r *redact.Redactor, name string, db *statedb.DB, output string,
) error {
	return env.writeAll(databaseFile(output, func(path string) error {
		return r.Database(name, db, path)
	}))
}

// databaseFile returns a file with the database that fill creates at a path.
func databaseFile(name string, fill func(path string) error) newFile {
	return newFile{name, func(w io.Writer) (err error) {
		dir, remove, err := scratch.Dir()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, remove()) }()
		path := filepath.Join(dir, "state.db")
		if err := fill(path); err != nil {
			return err
		}
		in, err := os.Open(path)
		if err != nil {
			return err
		}
		defer in.Close()
		_, err = io.Copy(w, in)
		return err
	}}
}

// spool copies a stream to a file, because it may have to be read twice; remove removes the file.
// The copy has all names, so it must not stay if the reader of standard output ends early: spool
// makes that an error instead of a signal.
func spool(name string, in io.Reader) (path string, remove func() error, err error) {
	signal.Ignore(syscall.SIGPIPE)
	dir, remove, err := scratch.Dir()
	if err != nil {
		return "", nil, err
	}
	path = filepath.Join(dir, "input")
	f, err := os.Create(path)
	if err == nil {
		_, err = io.Copy(f, in)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return "", nil, fmt.Errorf("%s: %w", name, errors.Join(err, remove()))
	}
	return path, remove, nil
}
