package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// printer writes to one of the standard streams, in colour if it is a terminal.
type printer struct {
	w        io.Writer
	failed   error       // the first error of the stream
	info     os.FileInfo // nil if the stream is not a file
	terminal bool
	colour   bool
}

func newPrinter(w io.Writer) *printer {
	p := new(printer)
	p.w = &watched{w, p}
	if p.info = stat(w); p.info != nil {
		p.terminal = p.info.Mode()&os.ModeCharDevice != 0
	}
	// See https://no-color.org.
	p.colour = p.terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return p
}

// watched records the first error of a stream in its printer, so that printf need not return it.
type watched struct {
	io.Writer
	by *printer
}

func (w *watched) Write(b []byte) (int, error) {
	n, err := w.Writer.Write(b)
	if err != nil && w.by.failed == nil {
		w.by.failed = err
	}
	return n, err
}

// stat returns the file info of a stream, or nil if the stream is not a file.
func stat(stream any) os.FileInfo {
	f, ok := stream.(*os.File)
	if !ok {
		return nil
	}
	info, _ := f.Stat() // nil on an error
	return info
}

func (p *printer) printf(format string, args ...any) { fmt.Fprintf(p.w, format, args...) }

// paint returns s in a colour if the printer writes colours.
func (p *printer) paint(colour, s string) string {
	if !p.colour {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

// output returns the file of -o, or "-" if it is standard output. It returns an error if the file
// is one of the inputs, which it records.
func (env *environment) output(c *cli.Context, inputs ...string) (string, error) {
	name := c.String("output")
	if c.IsSet("output") && (name == "" || strings.HasSuffix(name, "/")) {
		return "", usage(c, "-o %q: expected the name of a file", name)
	}
	env.files.addLogs(inputs...)
	if info, err := os.Stat(name); err == nil && os.SameFile(info, env.out.info) {
		return "-", nil // an error of Stat is that of writing the file too
	}
	return name, env.checkOutput(c, "-o", name)
}

// checkOutput returns an error if the file of an option is one of the inputs that are known so far.
// The check avoids a run whose result could not be written; writeFile checks again, with the inputs
// that were read since.
func (env *environment) checkOutput(c *cli.Context, option, name string) error {
	if name != "" && name != "-" && env.files.isInput(name, false) {
		return usage(c, "%s %s: this is one of the inputs", option, name)
	}
	return nil
}

// meter shows the progress of a command in a line on standard error, if that is a terminal.
type meter struct {
	out          *printer
	began, shown time.Time
	read         uint64 // the number of entries that a metered log has returned
}

func (env *environment) newMeter() *meter { return &meter{out: env.err, began: time.Now()} }

// line replaces the line by a text, at most every 200 ms.
func (m *meter) line(text func(elapsed time.Duration) string) {
	const every = 200 * time.Millisecond
	if !m.out.terminal || time.Since(m.shown) < every {
		return
	}
	m.shown = time.Now()
	m.out.printf("\r%s\x1b[K", text(time.Since(m.began)))
}

// entries shows the number of entries that were read.
func (m *meter) entries(n uint64) {
	m.line(func(elapsed time.Duration) string {
		return fmt.Sprintf("%d entries, %.0f/s", n, float64(n)/elapsed.Seconds())
	})
}

func (m *meter) clear() {
	if !m.shown.IsZero() {
		m.out.printf("\r\x1b[K")
	}
}
