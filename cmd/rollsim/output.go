package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"rollsim/internal/visible"
	"rollsim/report"
)

// printer writes to one of the standard streams, in colour if it is a terminal.
type printer struct {
	w        *visible.Writer // with marks for colours
	raw      io.Writer       // escapes nothing
	failed   error           // the first error of the stream
	file     any             // the stream
	info     os.FileInfo     // nil if the stream is not a file
	terminal bool
	colour   bool

	// marks has a character of private use for each colour, and for the end of a coloured text.
	// They are random, so that no input can contain them.
	marks map[string]rune
}

// endOfColour is the ANSI code after a coloured text.
const endOfColour = "0"

func newPrinter(w io.Writer) *printer {
	p := new(printer)
	p.raw, p.file = &watched{w, p}, w
	p.w = visible.NewWriter(p.raw)
	if p.info = stat(w); p.info != nil {
		p.terminal = p.info.Mode()&os.ModeCharDevice != 0
	}
	// See https://no-color.org.
	p.colour = p.terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	if p.colour {
		const first, last = 0x100000, 0x10ff00
		mark := first + rand.Int32N(last-first)
		p.marks = make(map[string]rune)
		p.w.Marks = make(map[rune]string)
		for _, code := range []string{
			report.Red, report.Green, report.Yellow, report.Bold, endOfColour,
		} {
			p.marks[code] = mark
			p.w.Marks[mark] = "\x1b[" + code + "m"
			mark++
		}
	}
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
	mark, ok := p.marks[colour]
	if !ok {
		return s
	}
	return string(mark) + s + string(p.marks[endOfColour])
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
	fmt.Fprintf(m.out.raw, "\r%s\x1b[K", text(time.Since(m.began)))
}

// entries shows the number of entries that were read.
func (m *meter) entries(n uint64) {
	m.line(func(elapsed time.Duration) string {
		return fmt.Sprintf("%d entries, %.0f/s", n, float64(n)/elapsed.Seconds())
	})
}

func (m *meter) clear() {
	if !m.shown.IsZero() {
		fmt.Fprint(m.out.raw, "\r\x1b[K")
	}
}
