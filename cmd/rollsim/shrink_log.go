package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"rollsim/controlplane"
	"rollsim/internal/shell"
	"rollsim/logs/excerpt"
	"rollsim/logs/incident"
	"rollsim/logs/redact"
	"rollsim/logs/replay"
	"rollsim/machine"
	"rollsim/report"
	"rollsim/scenario"
	"rollsim/suite/shrink"
	"rollsim/trace"
	"rollsim/trace/input"
	"rollsim/trace/statedb"
)

// isLog reports whether an argument of shrink is a recorded log.
func isLog(name string) bool {
	if name == input.Stdin {
		return true
	}
	if strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".feature") {
		return false
	}
	is, err := looksLikeLog(name)
	return is && err == nil
}

// shrinkLog makes a recorded log small.
func (env *environment) shrinkLog(c *cli.Context, name string) error {
	for _, flag := range []string{"exact", "control-plane"} {
		if c.IsSet(flag) {
			return usage(c, "--%s: expected a seed, a scenario or a feature, and %s is a log", flag, name)
		}
	}
	if base := c.String("output"); base == "-" || strings.HasSuffix(base, "/") {
		return usage(c, "-o %q: expected the name of a file, because an excerpt is NAME.ndjson, or "+
			"NAME.db with the tables of a state.db", base)
	}
	var opt excerpt.Options
	if text := c.String("keep"); text != "" {
		key, err := excerpt.ParseKey(text)
		if err != nil {
			return usage(c, "--keep: %v", err)
		}
		opt.Key = &key
	}
	if c.IsSet("machine") {
		var err error
		if opt.Machine, err = env.chosenMachine(c, ""); err != nil {
			return err
		}
	}
	opt.Effort = c.Uint64("effort")
	log, err := env.namelessLog(name)
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	meter := env.newMeter()
	opt.Progress = func(e excerpt.Extent, replayed uint64) {
		meter.line(func(time.Duration) string {
			return fmt.Sprintf("%v, %d entries replayed", e, replayed)
		})
	}
	x, err := excerpt.Shrink(ctx, log, opt)
	meter.clear()
	if errors.Is(err, excerpt.ErrNone) {
		env.out.printf("%s: %v\n", name, err)
		return nil
	}
	if err != nil {
		return located([]string{name}, err)
	}
	if err := env.excerptReport(ctx, c, name, log, x); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return errUnusable
	}
	return errDiffers
}

// excerptReport writes the files of -o, and the report.
func (env *environment) excerptReport(
	ctx context.Context, c *cli.Context, name string, log *excerpt.Log, x *excerpt.Excerpt,
) error {
	v := &report.ExcerptView{Excerpt: x, From: name, Again: shrinkAgain(c, x.Key)}
	if x.Key.Class == replay.Defect && x.Unfinished == "" {
		if err := env.simulatedDefect(ctx, c, log, v); err != nil {
			return err
		}
	}
	if base := c.String("output"); base != "" {
		base = strings.TrimSuffix(strings.TrimSuffix(base, ".ndjson"), ".db")
		file := bytesFile(base+".ndjson", x.Log)
		if db := x.Database; db != nil {
			file = databaseFile(base+".db", func(path string) error {
				return statedb.Write(path, db.Rows(), db)
			})
		}
		if err := env.newFiles(c.Bool("force"), "", file); err != nil {
			return err
		}
		with := shell.Join(file.name)
		if m := c.String("machine"); m != "" {
			with += " --machine " + shell.Join(m)
		}
		v.Next = append(v.Next, "rollsim replay "+with+" --all",
			"rollsim view "+with+" -o "+shell.Join(base+".svg"))
	}
	return report.Excerpt(env.out.w, v)
}

// seedsOfALog is how many seeds are tried with what a log shows.
const seedsOfALog = 24

// simulatedDefect makes a scenario of what the log shows. If it has the defect of the excerpt, it
// makes that small, and writes the files of -o.
func (env *environment) simulatedDefect(
	ctx context.Context, c *cli.Context, log *excerpt.Log, v *report.ExcerptView,
) error {
	reader, err := log.Reader()
	if err != nil {
		return err
	}
	defer reader.Close()
	reader.Lenient()
	in := &shrinkInput{from: "what the log shows"}
	if in.scenario, err = incident.Fleet(reader); err != nil {
		v.NoCase = err.Error()
		return nil
	}
	in.machine = machine.Shipped()
	defect := controlplane.Defect(v.Excerpt.Finding.Title())
	seed, found, err := incident.Shows(in.scenario, defect, seedsOfALog)
	if err != nil {
		v.NoCase = fmt.Sprintf("%v; rollsim run shipped-%s shows it", err, defect)
		return nil
	}
	in.scenario.Seed = seed
	key := shrink.KeyOf(&found, false)
	small, err := shrink.Shrink(ctx, shrink.Options{
		Scenario: in.scenario, Machine: in.machine, Key: &key,
	})
	if err != nil {
		v.NoCase = err.Error()
		return nil //nolint:nilerr // that is the answer
	}
	if v.Small, err = env.shrinkView(ctx, c, in, small); err != nil {
		return err
	}
	v.Small.Again = "" // it is that of the log
	return env.writeShrunk(c, in, v.Small)
}

// namelessLog reads a log, and replaces its names with pseudonyms. Their key is a hash of the log,
// so that the same log has the same pseudonyms, and nobody who does not have it can compute them.
// The first entry is moved to the time at which scenarios start.
func (env *environment) namelessLog(name string) (*excerpt.Log, error) {
	env.files.addLogs(name)
	path := name
	if input.IsStream(name) {
		in, err := env.open(name)
		if err != nil {
			return nil, err
		}
		defer in.Close()
		if name == input.Stdin {
			name = "standard input"
		}
		var remove func() error
		if path, remove, err = spool(name, in); err != nil {
			return nil, err
		}
		defer func() { _ = remove() }()
	}
	shift, err := untilDefaultStart(path)
	if err != nil {
		return nil, err
	}
	text, db, err := logText(name, path)
	if err != nil {
		return nil, err
	}
	if db != nil {
		defer db.Close()
	}
	key := sha256.Sum256(text)
	r, err := redact.New(key[:], shift)
	if err != nil {
		return nil, err
	}
	again := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	var out bytes.Buffer
	if err := r.Stream(name, bytes.NewReader(text), again, &out); err != nil {
		return nil, err
	}
	if document, err := trace.NewReader(name, bytes.NewReader(out.Bytes())); err == nil &&
		document.IsDocument() {
		return excerpt.ReadDocument(name, out.Bytes())
	}
	log, err := excerpt.Read(name, &out)
	if err == nil && db != nil {
		err = log.AddTables(r.Tables(db))
	}
	return log, err
}

// untilDefaultStart returns the time from the first entry of a log to the default start of
// scenarios.
func untilDefaultStart(path string) (time.Duration, error) {
	r, err := input.Open(nil, path)
	if err != nil {
		return 0, err
	}
	r.Lenient()
	e, err := r.Read()
	if errors.Is(err, io.EOF) {
		return 0, r.Close()
	}
	if err != nil {
		return 0, errors.Join(err, r.Close())
	}
	return time.Duration(scenario.DefaultStart - e.At), r.Close()
}

// logText returns the text of a log: that of its file, or the rows of a state.db as NDJSON. The
// database stays open, because its tables must be read in the same transaction.
func logText(name, path string) ([]byte, *statedb.DB, error) {
	db, err := input.Database(name, path)
	if err != nil {
		return nil, nil, err
	}
	if db != nil {
		text, err := excerpt.Lines(name, db)
		if err != nil {
			return nil, nil, errors.Join(err, db.Close())
		}
		return text, db, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	content, err := trace.Decompress(f)
	if err != nil {
		return nil, nil, trace.Unreadable(name, 0, err)
	}
	text, err := io.ReadAll(content)
	if err != nil {
		return nil, nil, trace.Unreadable(name, 0, err)
	}
	return text, nil, nil
}
