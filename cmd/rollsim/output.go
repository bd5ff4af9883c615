package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// printer writes to one of the standard streams, in colour where a person looks at it.
type printer struct {
	w        io.Writer
	terminal bool
	colour   bool
}

func newPrinter(w io.Writer) *printer {
	p := &printer{w: w}
	if f, ok := w.(*os.File); ok {
		info, err := f.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	// https://no-color.org: any value that is not empty.
	p.colour = p.terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return p
}

func (p *printer) printf(format string, args ...any) { fmt.Fprintf(p.w, format, args...) }

// paint gives s in a colour, or as it is where colours are not wanted.
func (p *printer) paint(colour, s string) string {
	if !p.colour {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

// meter is a line that shows how far something has got, where a person looks at it.
type meter struct {
	out          *printer
	began, shown time.Time
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
