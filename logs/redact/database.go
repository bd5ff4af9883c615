package redact

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"rollsim/reducer"
	"rollsim/trace"
	"rollsim/trace/statedb"
)

// The tables of a state.db that rollsim reads. Database leaves out all others.
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

// Database redacts a state.db and writes the result to a new file. Errors call the input file. An
// error of the input is a *trace.ReadError.
func (r *Redactor) Database(file string, from *statedb.DB, to string) (err error) {
	conn, err := sqlite3.Open(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	// An incomplete file is deleted, and nobody reads it: it needs no journal.
	if err := conn.Exec("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN"); err != nil {
		return err
	}
	if err := r.copyLog(file, from, conn); err != nil {
		return err
	}
	if err := r.copyRollouts(from, conn); err != nil {
		return err
	}
	if err := r.copyQuarantine(from, conn); err != nil {
		return err
	}
	return conn.Exec("COMMIT")
}

func (r *Redactor) copyLog(file string, from *statedb.DB, to *sqlite3.Conn) error {
	insert, err := newTable(to, logTable, "INSERT INTO event_log VALUES (?,?,?,?,?,?)")
	if err != nil {
		return err
	}
	defer insert.Close()
	for {
		var row trace.Row
		err := from.Next(&row)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &trace.ReadError{File: file, What: err.Error()}
		}
		columns, err := r.row(&row)
		if err != nil {
			return &trace.ReadError{
				File:  file,
				Place: fmt.Sprintf("event_log, seq %d", row.Seq),
				What:  err.Error(),
			}
		}
		r.utc = utcSuffix(row.TS)
		if err := insertRow(insert, columns); err != nil {
			return err
		}
	}
}

// utcSuffix returns the suffix that marks a time as UTC, in the spelling of ts.
func utcSuffix(ts []byte) string {
	if bytes.HasSuffix(ts, []byte("+00:00")) {
		return "+00:00"
	}
	return "Z"
}

// row redacts a row of the event log like an entry and returns its columns; nil stands for NULL.
func (r *Redactor) row(row *trace.Row) ([]*string, error) {
	text := func(b []byte) *value {
		if b == nil {
			return &value{kind: 'n', text: "null"}
		}
		return &value{kind: '"', text: string(b)}
	}
	v := &value{
		kind:    '{',
		names:   []string{"ts", "kind", "host", "rollout"},
		members: []*value{text(row.TS), text(row.Kind), text(row.Host), text(row.Rollout)},
	}
	if row.Payload != nil {
		payload, err := parseAny(row.Payload)
		if err != nil {
			return nil, fmt.Errorf("payload: %w", err)
		}
		v.names, v.members = append(v.names, "payload"), append(v.members, payload)
	}
	if err := r.entry(v); err != nil {
		return nil, err
	}
	columns := []*string{pointer(strconv.FormatInt(row.Seq, 10)), nil, nil, nil, nil, nil}
	for i, m := range v.members {
		switch {
		case v.names[i] == "payload":
			columns[i+1] = pointer(string(m.append(nil)))
		case m.kind != 'n':
			columns[i+1] = &m.text
		}
	}
	return columns, nil
}

// parseAny parses a text that holds exactly one JSON value.
func parseAny(text []byte) (*value, error) {
	v, err := parseLine(text)
	if err == nil || bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return v, err
	}
	// A row of an unknown kind may hold a value that is not an object.
	line := append(append([]byte(`{"payload":`), text...), '}')
	if v, err = parseLine(line); err != nil {
		return nil, err
	}
	if len(v.members) != 1 {
		return nil, errors.New("expected one JSON value, found more after it")
	}
	return v.members[0], nil
}

func (r *Redactor) copyRollouts(from *statedb.DB, to *sqlite3.Conn) error {
	var rows [][]*string
	found, err := from.Rollouts(func(rec *reducer.Record) error {
		at, err := r.moments(reducer.Some(rec.OpenedAt), rec.TerminalAt, rec.SupersededAt)
		rows = append(rows, append([]*string{
			column(r, rec.RolloutID), column(r, rec.Channel), column(r, rec.TargetRef),
			pointer(rec.State.String()), pointer(strconv.FormatUint(uint64(rec.CurrentWave), 10)),
			optional(rec.OpenedEventLogSeq), optional(rec.LastTransitionEventLogSeq),
		}, at...))
		return err
	})
	if err != nil || !found {
		return err
	}
	return fillTable(to, rolloutTable, "INSERT INTO rollouts VALUES (?,?,?,?,?,?,?,?,?,?)", rows)
}

func (r *Redactor) copyQuarantine(from *statedb.DB, to *sqlite3.Conn) error {
	var rows [][]*string
	found, err := from.Quarantines(func(q *trace.QuarantineRow) error {
		at, err := r.moments(reducer.Some(q.At))
		rows = append(
			rows,
			append(append([]*string{column(r, q.Channel), column(r, q.Closure)}, at...), optional(q.Seq)),
		)
		return err
	})
	if err != nil || !found {
		return err
	}
	return fillTable(to, quarantineTable, "INSERT INTO quarantined_closures VALUES (?,?,?,?)", rows)
}

// newTable creates a table and prepares the statement that inserts its rows.
func newTable(to *sqlite3.Conn, table, statement string) (*sqlite3.Stmt, error) {
	if err := to.Exec(table); err != nil {
		return nil, err
	}
	insert, _, err := to.Prepare(statement)
	return insert, err
}

func fillTable(to *sqlite3.Conn, table, statement string, rows [][]*string) error {
	insert, err := newTable(to, table, statement)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, row := range rows {
		if err := insertRow(insert, row); err != nil {
			return err
		}
	}
	return nil
}

// insertRow inserts a row. SQLite converts the text of a numeric column to a number.
func insertRow(insert *sqlite3.Stmt, columns []*string) error {
	for i, c := range columns {
		err := error(nil)
		if c == nil {
			err = insert.BindNull(i + 1)
		} else {
			err = insert.BindText(i+1, *c)
		}
		if err != nil {
			return err
		}
	}
	return insert.Exec()
}

// moments returns the columns of times, shifted, in the spelling of the event log.
func (r *Redactor) moments(all ...reducer.Opt[reducer.Time]) ([]*string, error) {
	columns := make([]*string, len(all))
	for i, t := range all {
		if !t.Set {
			continue
		}
		s, _, err := r.time(strings.TrimSuffix(string(trace.AppendTime(nil, t.Value)), "Z") + r.utc)
		if err != nil {
			return columns, err
		}
		columns[i] = &s
	}
	return columns, nil
}

func column[S ~string](r *Redactor, name S) *string {
	return pointer(r.names.compound(string(name)))
}

func pointer(s string) *string { return &s }

func optional(n reducer.Opt[int64]) *string {
	if !n.Set {
		return nil
	}
	return pointer(strconv.FormatInt(n.Value, 10))
}
