package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/urfave/cli/v2"

	"rollsim/internal/atomicfile"
)

// printer writes to one of the standard streams, in colour where a person looks at it.
type printer struct {
	w        io.Writer
	failed   error       // the first time that it could not be written to
	info     os.FileInfo // nil where it is no file
	terminal bool
	colour   bool
}

func newPrinter(w io.Writer) *printer {
	p := new(printer)
	p.w = &watched{w, p}
	if p.info = stat(w); p.info != nil {
		p.terminal = p.info.Mode()&os.ModeCharDevice != 0
	}
	// https://no-color.org: any value that is not empty.
	p.colour = p.terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return p
}

// watched tells a printer when it cannot be written to: what is printed line by line is not asked
// each time.
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

// stat looks at the file that a stream is; nil where it is none.
func stat(stream any) os.FileInfo {
	f, ok := stream.(*os.File)
	if !ok {
		return nil
	}
	info, _ := f.Stat() // nil on an error
	return info
}

func (p *printer) printf(format string, args ...any) { fmt.Fprintf(p.w, format, args...) }

// paint gives s in a colour, or as it is where colours are not wanted.
func (p *printer) paint(colour, s string) string {
	if !p.colour {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

// output gives what -o names; "-" for standard output, by whatever name. What is there is replaced,
// but for the inputs.
func (env *environment) output(c *cli.Context, inputs ...string) (string, error) {
	name := c.String("output")
	if c.IsSet("output") && (name == "" || strings.HasSuffix(name, "/")) {
		return "", usage(c, "-o %q: expected the name of a file", name)
	}
	info, err := os.Stat(name)
	if err != nil || name == "-" {
		return name, nil // whoever writes tells what is wrong
	}
	if os.SameFile(info, env.out.info) {
		return "-", nil
	}
	for _, in := range inputs {
		read, err := os.Stat(in)
		if in == "-" {
			read, err = stat(env.stdin), nil
		}
		if err == nil && info.Mode().IsRegular() && os.SameFile(info, read) {
			return "", usage(c, "-o %s: this is one of the inputs", name)
		}
	}
	return name, nil
}

// writeFile writes a file whole or not at all, compressed if that is what its name tells. "-" is
// standard output.
func (env *environment) writeFile(name string, write func(io.Writer) error) error {
	if name == "-" {
		return write(env.out.w)
	}
	return atomicfile.Write(name, func(w io.Writer) error {
		var packed io.WriteCloser
		switch filepath.Ext(name) {
		case ".gz":
			packed = gzip.NewWriter(w)
		case ".zst":
			var err error
			if packed, err = zstd.NewWriter(w); err != nil {
				return err
			}
		default:
			return write(w)
		}
		if err := write(packed); err != nil {
			return err
		}
		return packed.Close()
	})
}

// meter is a line that shows how far something has got, where a person looks at it.
type meter struct {
	out          *printer
	began, shown time.Time
	read         uint64 // entries, of logs that count here
}

func (env *environment) newMeter() *meter { return &meter{out: env.err, began: time.Now()} }

// line shows a text in the place of the one before, now and then.
func (m *meter) line(text func(elapsed time.Duration) string) {
	const every = 200 * time.Millisecond
	if !m.out.terminal || time.Since(m.shown) < every {
		return
	}
	m.shown = time.Now()
	m.out.printf("\r%s\x1b[K", text(time.Since(m.began)))
}

// entries shows how much of a log was read.
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
