package main

import (
	"errors"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"rollsim/logs/show"
	"rollsim/reducer"
	"rollsim/trace"
	"rollsim/trace/input"
)

// momentForms is how the usage of an option describes a time.
const momentForms = "03:00, '2026-05-16 03:00', 2026-05-16T03:00:00Z"

// zoneFlag is the time zone of the times that a command reads and writes.
func zoneFlag() cli.Flag {
	return &cli.StringFlag{
		Name:        "tz",
		Usage:       "read and write times in time zone `ZONE`: UTC, Europe/Lisbon, +02:00",
		DefaultText: "that of TZ, or of the system",
	}
}

// zone returns the time zone of --tz, or else of TZ, or else of the system. A TZ that Go cannot
// read stands for that of the system, as in other programs.
func zone(c *cli.Context) (show.Zone, error) {
	if name := c.String("tz"); c.IsSet("tz") {
		z, err := show.ParseZone(name)
		if err != nil {
			return z, usage(c, "--tz %s: %v", name, err)
		}
		return z, nil
	}
	name, set := os.LookupEnv("TZ")
	if !set {
		return show.Local(), nil
	}
	if name == "" {
		return show.UTC, nil
	}
	z, err := show.ParseZone(strings.TrimPrefix(name, ":"))
	if err != nil {
		return show.Local(), nil
	}
	return z, nil
}

// moments reads the options of a command that are times.
type moments struct {
	env   *environment
	c     *cli.Context
	names []string // of the inputs
	zone  show.Zone

	known       bool // the next two are
	first, last reducer.Time
}

// moments returns a reader of the options that are times, for inputs.
func (env *environment) moments(c *cli.Context, names []string) (*moments, error) {
	z, err := zone(c)
	return &moments{env: env, c: c, names: names, zone: z}, err
}

// option returns the time of an option; it is not set if the option is not.
func (m *moments) option(name string) (reducer.Opt[reducer.Time], error) {
	return m.read(name, reducer.Opt[reducer.Time]{})
}

// stretch returns the times of --since and --until.
func (m *moments) stretch() (since, until reducer.Opt[reducer.Time], err error) {
	if since, err = m.option("since"); err != nil {
		return since, until, err
	}
	if until, err = m.read("until", since); err != nil {
		return since, until, err
	}
	if since.Set && until.Set && until.Value < since.Value {
		return since, until, usage(m.c, "--until %s is before --since %s", m.c.String("until"),
			m.c.String("since"))
	}
	return since, until, nil
}

// read returns the time of an option. A time of the day is the first one after begin, if that is
// set.
func (m *moments) read(
	name string, begin reducer.Opt[reducer.Time],
) (reducer.Opt[reducer.Time], error) {
	text := m.c.String(name)
	if text == "" && !m.c.IsSet(name) {
		return reducer.Opt[reducer.Time]{}, nil
	}
	at, err := show.ParseMoment(text, m.zone)
	if err != nil {
		return reducer.Opt[reducer.Time]{}, usage(m.c, "--%s %s: %v", name, text, err)
	}
	if at.NeedsFirst() {
		if err := m.bounds(name, text); err != nil {
			return reducer.Opt[reducer.Time]{}, err
		}
	}
	if begin.Set {
		return reducer.Some(at.Following(begin.Value, m.first, m.last)), nil
	}
	return reducer.Some(at.In(m.first, m.last)), nil
}

// bounds reads when the log begins and ends. Only files can be read twice.
func (m *moments) bounds(name, text string) error {
	if m.known {
		return nil
	}
	for _, in := range m.names {
		if input.IsStream(in) {
			return usage(m.c, "--%s %s: the log is a stream, which can be read only once: name the "+
				"day too, as in '2026-05-16 03:00'", name, text)
		}
	}
	r, err := input.Open(m.env.stdin, m.names...)
	if err != nil {
		return err
	}
	defer r.Close()
	r.Ahead()
	for begun := false; ; {
		e, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			// The command itself reports it, at the same place.
			if !begun {
				return err
			}
			break
		}
		if e.Kind == trace.KindEnd {
			continue
		}
		if !begun {
			begun, m.first, m.last = true, e.At, e.At
		}
		m.last = max(m.last, e.At)
	}
	m.known = true
	return nil
}

// unlimited is the width of lines that are not cut.
const unlimited = 0

// widthFlag is the width of lines.
func widthFlag() cli.Flag {
	return &cli.IntFlag{
		Name:        "width",
		Usage:       "write lines of `N` characters at most; 0 is any",
		DefaultText: "that of the terminal or COLUMNS, or 120",
	}
}

// wrapWidth returns the width of --width, or else of COLUMNS or the terminal, or else 0: a program
// that reads the output wants each line whole.
func (env *environment) wrapWidth(c *cli.Context) (int, error) {
	if !c.IsSet("width") && os.Getenv("COLUMNS") == "" && !env.out.terminal {
		return unlimited, nil
	}
	return env.width(c)
}

// width returns the width of --width, or else of the terminal, or else of COLUMNS, or else 120.
func (env *environment) width(c *cli.Context) (int, error) {
	const usual, least = 120, 40
	if c.IsSet("width") {
		n := c.Int("width")
		if n != unlimited && n < least {
			return 0, usage(c, "--width %d: expected 0 or at least %d", n, least)
		}
		return n, nil
	}
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n >= least {
		return n, nil
	}
	if f, ok := env.out.file.(*os.File); ok && env.out.terminal {
		if n := terminalWidth(f); n >= least {
			return n, nil
		}
	}
	return usual, nil
}
