package main

import (
	"fmt"
	"io"
	"os"
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

// The colours, as ANSI escape codes.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	bold   = "1"
)

// paint gives s in a colour, or as it is where colours are not wanted.
func (p *printer) paint(colour, s string) string {
	if !p.colour {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}
