package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"rollsim/logs/replay"
	"rollsim/logs/show"
	"rollsim/report"
	"rollsim/trace"
	"rollsim/trace/input"
	"rollsim/trace/statedb"
)

// followFlag makes a command read on while its input grows.
func followFlag() cli.Flag {
	return &cli.BoolFlag{
		Name:  "follow",
		Usage: "read on while the file or the database grows; Ctrl-C ends with the report",
	}
}

const (
	// followEvery is the interval at which a file is checked. Polling works on every file system.
	followEvery = 250 * time.Millisecond
	// rowsAtOnce and bytesAtOnce limit how much of a log is read at once.
	rowsAtOnce  = 20_000
	bytesAtOnce = 4 << 20
)

// follower reads a log that grows, part by part.
type follower struct {
	ctx  context.Context
	name string
	idle func() // called when everything that was written so far has been read

	database bool
	seen     [3]fileVersion // of the database and its files when it was read last
	seq      int64          // of the last row
	offset   int64          // of the first byte of the file that was not read
	line     int            // the number of lines before it
	ended    bool
}

// follow opens an input that grows. Its reader ends when the context does. idle is called whenever
// all that was written was read.
func (env *environment) follow(
	ctx context.Context, c *cli.Context, names []string, idle func(),
) (*trace.Reader, error) {
	if len(names) != 1 || input.IsStream(names[0]) {
		return nil, usage(c, "--follow: expected one file or database")
	}
	f := &follower{ctx: ctx, name: names[0], idle: idle}
	head, err := f.start()
	switch {
	case err != nil:
		return nil, err
	case bytes.HasPrefix(head, []byte(trace.SQLiteMagic)):
		f.database = true
	case bytes.HasPrefix(head, []byte("\x1f\x8b")), bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		return nil, usage(c, "--follow %s: a compressed log does not grow", f.name)
	case len(head) > 0:
		r, err := trace.NewReader(f.name, bytes.NewReader(head))
		if err == nil && r.IsDocument() {
			return nil, usage(c, "--follow %s: the document of a rollout does not grow", f.name)
		}
	}
	return trace.Follow(f.next), nil
}

// start returns the beginning of the file.
func (f *follower) start() ([]byte, error) {
	is, err := statedb.IsDatabase(f.name)
	if err != nil {
		return nil, err
	}
	if is {
		return []byte(trace.SQLiteMagic), nil
	}
	in, err := os.Open(f.name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	head := make([]byte, 4096)
	n, err := io.ReadFull(in, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	return head[:n], nil
}

// next waits for the next part of the log.
func (f *follower) next() (*trace.Reader, error) {
	if f.ended {
		return nil, io.EOF
	}
	for {
		r, err := f.part()
		if r != nil || err != nil {
			return r, err
		}
		f.idle()
		select {
		case <-f.ctx.Done():
			f.ended = true
			return f.last()
		case <-time.After(followEvery):
		}
	}
}

// part returns a reader of what was written since the last part, or nil if nothing was.
func (f *follower) part() (*trace.Reader, error) {
	if f.database {
		return f.rows()
	}
	return f.lines(false)
}

// last returns a reader of the rest of the log, with the tables of a database.
func (f *follower) last() (*trace.Reader, error) {
	if !f.database {
		r, err := f.lines(true)
		if r == nil && err == nil {
			err = io.EOF
		}
		return r, err
	}
	db, err := statedb.Open(f.name, f.name)
	if err != nil {
		return nil, err
	}
	if err := db.After(f.seq); err != nil {
		_ = db.Close()
		return nil, err
	}
	r := trace.NewRowReader(f.name, db, db)
	r.OnClose(db.Close)
	return r, nil
}

// lines returns a reader of the complete lines that were not read yet. If all is set, it also reads
// a last line without newline.
func (f *follower) lines(all bool) (*trace.Reader, error) {
	in, err := os.Open(f.name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	info, err := in.Stat()
	switch {
	case err != nil:
		return nil, err
	case info.Size() < f.offset:
		return nil, fmt.Errorf("%s: the file has become shorter: it is another log now", f.name)
	}
	if _, err := in.Seek(f.offset, io.SeekStart); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(in, bytesAtOnce))
	if err != nil {
		return nil, err
	}
	for len(text) >= bytesAtOnce && bytes.LastIndexByte(text, '\n') < 0 && len(text) <= trace.MaxLine {
		more, err := io.ReadAll(io.LimitReader(in, bytesAtOnce))
		if text = append(text, more...); err != nil || len(more) == 0 {
			break
		}
	}
	if !all {
		text = text[:bytes.LastIndexByte(text, '\n')+1]
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, nil
	}
	r, err := trace.NewReader(f.name, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	r.StartAfter(f.line)
	f.offset += int64(len(text))
	f.line += bytes.Count(text, []byte("\n"))
	return r, nil
}

// rows returns a reader of the rows that were not read yet. It keeps no transaction open, which
// would hinder the control plane.
func (f *follower) rows() (*trace.Reader, error) {
	now := f.versions()
	if now == f.seen {
		return nil, nil
	}
	db, err := statedb.Open(f.name, f.name)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := db.After(f.seq); err != nil {
		return nil, err
	}
	var rows rowList
	for len(rows.list) < rowsAtOnce {
		var row trace.Row
		err := db.Next(&row)
		if errors.Is(err, io.EOF) {
			f.seen = now
			break
		}
		if err != nil {
			return nil, &trace.ReadError{File: f.name, What: err.Error()}
		}
		rows.add(&row)
		f.seq = row.Seq
	}
	if len(rows.list) == 0 {
		return nil, nil
	}
	return trace.NewRowReader(f.name, &rows, nil), nil
}

// versions returns the versions of the database and the files next to it.
func (f *follower) versions() (all [3]fileVersion) {
	for i, name := range append([]string{f.name}, statedb.Files(f.name)...)[:len(all)] {
		if info, err := os.Stat(name); err == nil {
			all[i] = fileVersion{info.ModTime(), info.Size()}
		}
	}
	return all
}

// rowList is a list of rows that were read before.
type rowList struct{ list []trace.Row }

// add adds a copy of a row.
func (l *rowList) add(r *trace.Row) {
	l.list = append(l.list, trace.Row{
		Seq: r.Seq, TS: bytes.Clone(r.TS), Kind: bytes.Clone(r.Kind), Host: bytes.Clone(r.Host),
		Rollout: bytes.Clone(r.Rollout), Payload: bytes.Clone(r.Payload),
	})
}

// Next implements trace.Rows.
func (l *rowList) Next(r *trace.Row) error {
	if len(l.list) == 0 {
		return io.EOF
	}
	*r, l.list = l.list[0], l.list[1:]
	return nil
}

// live shows a replay while it follows a log: findings as they come, and one line of state.
type live struct {
	env   *environment
	json  bool
	zone  show.Zone
	watch *replay.Watch
	line  stateLine
}

// show writes the new findings, and the state if it has changed. Errors stay with the streams.
func (l *live) show() {
	for _, f := range l.watch.Fresh() {
		l.line.clear()
		if l.json {
			_ = report.LiveFindingJSON(l.env.out.w, &f)
		} else {
			_ = report.LiveFinding(l.env.out.w, &f, l.zone)
		}
	}
	if _, entries := l.watch.Last(); entries > 0 {
		l.line.show(report.LiveState(l.watch, l.zone))
	}
}

// stateLine is the line of state on standard error while a log is followed.
type stateLine struct {
	err   *printer
	json  bool
	state string // that was shown last
}

// show shows the state if it has changed: instead of the last one on a terminal, else on a
// line of its own.
func (l *stateLine) show(state string) {
	if state == l.state {
		return
	}
	l.clear()
	l.state = state
	if l.err.terminal {
		fmt.Fprint(l.err.raw, clip(state, terminalWidthOf(l.err)))
	} else if !l.json {
		l.err.printf("%s\n", state)
	}
}

// clear removes the line from a terminal.
func (l *stateLine) clear() {
	if l.err.terminal && l.state != "" {
		fmt.Fprint(l.err.raw, "\r\x1b[K")
		l.state = ""
	}
}

// terminalWidthOf returns the width of a terminal, or 80 if it is not known.
func terminalWidthOf(p *printer) int {
	const usual = 80
	if f, ok := p.file.(*os.File); ok {
		if n := terminalWidth(f); n > 0 {
			return n
		}
	}
	return usual
}

// clip returns the beginning of a line, so that it does not reach the end of a terminal.
func clip(line string, width int) string {
	if runes := []rune(line); len(runes) >= width {
		return string(runes[:width-1])
	}
	return line
}
