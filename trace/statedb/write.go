package statedb

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"rollsim/reducer"
	"rollsim/trace"
)

// The tables that Write creates: those of the control plane, without its constraints, because a log
// may have rows that they refuse, and without its indices.
const (
	logTable = "CREATE TABLE event_log(" +
		"seq INTEGER PRIMARY KEY, ts TEXT, kind TEXT, host_id TEXT, rollout_id TEXT, payload TEXT)"
	rolloutTable = "CREATE TABLE rollouts(" +
		"rollout_id TEXT PRIMARY KEY, channel TEXT, target_ref TEXT, state TEXT, " +
		"current_wave INTEGER, opened_event_log_seq INTEGER, " +
		"last_transition_event_log_seq INTEGER, opened_at TEXT, terminal_at TEXT, superseded_at TEXT)"
	quarantineTable = "CREATE TABLE quarantined_closures(" +
		"channel TEXT, closure_hash TEXT, quarantined_at TEXT, triggering_event_log_seq INTEGER)"
)

// Write writes the rows of an event log and the derived tables to a new database at a path. It
// reads the tables after the rows, and writes their times as the last row spells its time. The
// columns of a table with rows that cannot be read have no types, which would change its values. On
// an error the file is incomplete.
func Write(path string, rows trace.Rows, tables trace.Tables) (err error) {
	conn, err := sqlite3.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	// Nobody reads an incomplete file: it needs no journal.
	if err := conn.Exec("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN"); err != nil {
		return err
	}
	w := builder{conn: conn, utc: "+00:00"}
	if err := w.log(rows); err != nil {
		return err
	}
	if err := w.rollouts(tables); err != nil {
		return err
	}
	if err := w.quarantines(tables); err != nil {
		return err
	}
	return conn.Exec("COMMIT")
}

// builder fills a new database.
type builder struct {
	conn *sqlite3.Conn
	utc  string // the suffix of times in UTC
}

// table creates a table and prepares the statement that inserts a row. It inserts the rows that
// cannot be read.
func (w *builder) table(
	create, name string, columns []string, bad trace.BadRows,
) (*sqlite3.Stmt, error) {
	if bad != nil {
		create = "CREATE TABLE " + name + "(" + strings.Join(columns, ", ") + ")"
	}
	if err := w.conn.Exec(create); err != nil {
		return nil, err
	}
	insert, _, err := w.conn.Prepare("INSERT INTO " + name + " VALUES (?" +
		strings.Repeat(",?", len(columns)-1) + ")")
	if err != nil {
		return nil, err
	}
	for _, row := range bad {
		b := binder{s: insert}
		for _, c := range row.Cells {
			b.cell(c)
		}
		if err := b.exec(); err != nil {
			return nil, errors.Join(err, insert.Close())
		}
	}
	return insert, nil
}

func (w *builder) log(rows trace.Rows) error {
	insert, err := w.table(logTable, "event_log", logColumns, nil)
	if err != nil {
		return err
	}
	defer insert.Close()
	for {
		var row trace.Row
		err := rows.Next(&row)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if w.utc = "Z"; bytes.HasSuffix(row.TS, []byte("+00:00")) {
			w.utc = "+00:00"
		}
		b := binder{s: insert}
		b.int(row.Seq)
		for _, c := range [...][]byte{row.TS, row.Kind, row.Host, row.Rollout, row.Payload} {
			b.raw(c)
		}
		if err := b.exec(); err != nil {
			return err
		}
	}
}

func (w *builder) rollouts(tables trace.Tables) error {
	var all []reducer.Record
	found, err := tables.Rollouts(func(r *reducer.Record) error {
		all = append(all, *r)
		return nil
	})
	var bad trace.BadRows
	if err != nil && !errors.As(err, &bad) || !found {
		return err
	}
	insert, err := w.table(rolloutTable, "rollouts", rolloutColumns, bad)
	if err != nil {
		return err
	}
	defer insert.Close()
	for i := range all {
		r, b := &all[i], binder{s: insert}
		b.text(string(r.RolloutID))
		b.text(string(r.Channel))
		b.text(string(r.TargetRef))
		b.text(r.State.String())
		b.int(int64(r.CurrentWave))
		b.optionalInt(r.OpenedEventLogSeq)
		b.optionalInt(r.LastTransitionEventLogSeq)
		b.optionalTime(reducer.Some(r.OpenedAt), w.utc)
		b.optionalTime(r.TerminalAt, w.utc)
		b.optionalTime(r.SupersededAt, w.utc)
		if err := b.exec(); err != nil {
			return err
		}
	}
	return nil
}

func (w *builder) quarantines(tables trace.Tables) error {
	var all []trace.QuarantineRow
	found, err := tables.Quarantines(func(q *trace.QuarantineRow) error {
		all = append(all, *q)
		return nil
	})
	var bad trace.BadRows
	if err != nil && !errors.As(err, &bad) || !found {
		return err
	}
	insert, err := w.table(quarantineTable, "quarantined_closures", quarantineColumns, bad)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, q := range all {
		b := binder{s: insert}
		b.text(string(q.Channel))
		b.text(string(q.Closure))
		b.optionalTime(reducer.Some(q.At), w.utc)
		b.optionalInt(q.Seq)
		if err := b.exec(); err != nil {
			return err
		}
	}
	return nil
}

// binder binds the columns of a row from left to right. It keeps the first error.
type binder struct {
	s    *sqlite3.Stmt
	next int
	err  error
}

// raw binds a text, or NULL for nil.
func (b *binder) raw(text []byte) {
	b.next++
	if b.err == nil {
		b.err = b.s.BindRawText(b.next, text)
	}
}

func (b *binder) text(text string) { b.raw([]byte(text)) }

// cell binds a cell of any type.
func (b *binder) cell(c trace.Cell) {
	switch c := c.(type) {
	case int64:
		b.int(c)
	case string:
		b.text(c)
	case nil:
		b.raw(nil)
	case float64:
		if b.next++; b.err == nil {
			b.err = b.s.BindFloat(b.next, c)
		}
	case []byte:
		if b.next++; b.err == nil {
			b.err = b.s.BindBlob(b.next, append([]byte{}, c...))
		}
	}
}

func (b *binder) int(n int64) {
	b.next++
	if b.err == nil {
		b.err = b.s.BindInt64(b.next, n)
	}
}

func (b *binder) optionalInt(n reducer.Opt[int64]) {
	if !n.Set {
		b.raw(nil)
		return
	}
	b.int(n.Value)
}

func (b *binder) optionalTime(t reducer.Opt[reducer.Time], utc string) {
	if !t.Set {
		b.raw(nil)
		return
	}
	b.raw(append(bytes.TrimSuffix(trace.AppendTime(nil, t.Value), []byte("Z")), utc...))
}

// exec inserts the row.
func (b *binder) exec() error {
	if b.err != nil {
		return b.err
	}
	return b.s.Exec()
}
