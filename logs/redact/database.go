package redact

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"rollsim/reducer"
	"rollsim/trace"
	"rollsim/trace/statedb"
)

// Database redacts a state.db and writes the result to a new file. It leaves out the tables that
// rollsim does not read. Errors call the input file. An error of the input is a *trace.ReadError.
func (r *Redactor) Database(file string, from *statedb.DB, to string) error {
	return statedb.Write(to, &redactedRows{Redactor: r, file: file, from: from}, r.Tables(from))
}

// redactedRows are the rows of an event log with pseudonyms.
type redactedRows struct {
	*Redactor
	file string
	from trace.Rows
}

// Next implements trace.Rows.
func (r *redactedRows) Next(row *trace.Row) error {
	err := r.from.Next(row)
	if errors.Is(err, io.EOF) {
		return err
	}
	if err != nil {
		return &trace.ReadError{File: r.file, What: err.Error()}
	}
	if err := r.row(row); err != nil {
		return &trace.ReadError{
			File:  r.file,
			Place: fmt.Sprintf("event_log, seq %d", row.Seq),
			What:  err.Error(),
		}
	}
	return nil
}

// row redacts a row of the event log like an entry.
func (r *Redactor) row(row *trace.Row) error {
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
			return fmt.Errorf("payload: %w", err)
		}
		v.names, v.members = append(v.names, "payload"), append(v.members, payload)
	}
	if err := r.entry(v); err != nil {
		return err
	}
	columns := [...]*[]byte{&row.TS, &row.Kind, &row.Host, &row.Rollout, &row.Payload}
	for i, m := range v.members {
		switch {
		case v.names[i] == "payload":
			*columns[i] = m.append(nil)
		case m.kind != 'n':
			*columns[i] = []byte(m.text)
		}
	}
	return nil
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

// Tables returns the derived tables of a state.db with pseudonyms.
func (r *Redactor) Tables(from trace.Tables) trace.Tables { return &redactedTables{r, from} }

type redactedTables struct {
	*Redactor
	from trace.Tables
}

// Rollouts implements trace.Tables.
func (r *redactedTables) Rollouts(do func(*reducer.Record) error) (bool, error) {
	found, err := r.from.Rollouts(func(from *reducer.Record) error {
		rec := *from
		rec.RolloutID = pseudonymOf(r.names, rec.RolloutID)
		rec.Channel = pseudonymOf(r.names, rec.Channel)
		rec.TargetRef = pseudonymOf(r.names, rec.TargetRef)
		times := []*reducer.Time{&rec.OpenedAt}
		for _, t := range []*reducer.Opt[reducer.Time]{&rec.TerminalAt, &rec.SupersededAt} {
			if t.Set {
				times = append(times, &t.Value)
			}
		}
		if err := r.move(times...); err != nil {
			return err
		}
		return do(&rec)
	})
	return found, r.unreadable(err, trace.RolloutColumns(), func(cells []trace.Cell) error {
		_, err := trace.ReadRollout(cells)
		return err
	})
}

// Quarantines implements trace.Tables.
func (r *redactedTables) Quarantines(do func(*trace.QuarantineRow) error) (bool, error) {
	found, err := r.from.Quarantines(func(from *trace.QuarantineRow) error {
		q := *from
		q.Channel = pseudonymOf(r.names, q.Channel)
		q.Closure = pseudonymOf(r.names, q.Closure)
		if err := r.move(&q.At); err != nil {
			return err
		}
		return do(&q)
	})
	return found, r.unreadable(err, trace.QuarantineColumns(), func(cells []trace.Cell) error {
		_, err := trace.ReadQuarantine(cells)
		return err
	})
}

// unreadable redacts the rows of an error that cannot be read. They stay so, because of the same
// columns. Any other error stays as it is.
func (r *redactedTables) unreadable(
	err error, columns trace.Columns, read func([]trace.Cell) error,
) error {
	var bad trace.BadRows
	if !errors.As(err, &bad) {
		return err
	}
	all := make(trace.BadRows, len(bad))
	for i, row := range bad {
		to := *row
		to.Cells = make([]trace.Cell, len(row.Cells))
		for n, c := range row.Cells {
			to.Cells[n] = r.cell(columns[n].Kind, c)
		}
		if why := read(to.Cells); why != nil {
			to.What = why.Error()
		}
		all[i] = &to
	}
	return all
}

// cell redacts a cell. A value that its column cannot have keeps only its type.
func (r *redactedTables) cell(kind trace.ColumnKind, c trace.Cell) trace.Cell {
	switch c := c.(type) {
	case string:
		return r.textCell(kind, c)
	case int64:
		if kind == trace.WaveColumn || kind == trace.SeqColumn {
			return c
		}
		return int64(0)
	case float64:
		return 0.5
	case []byte:
		return []byte{0}
	}
	return c
}

func (r *redactedTables) textCell(kind trace.ColumnKind, text string) trace.Cell {
	switch kind {
	case trace.NameColumn:
		return r.names.compound(text)
	case trace.StateColumn:
		if _, known := reducer.ParseState(text); known {
			return text
		}
	case trace.TimeColumn, trace.UntilColumn:
		if t, err := trace.ParseTime(text); err == nil && r.move(&t) == nil {
			return string(trace.AppendTime(nil, t))
		}
	case trace.WaveColumn, trace.SeqColumn:
	}
	return r.names.whole(text)
}

func pseudonymOf[S ~string](n *names, name S) S { return S(n.compound(string(name))) }

// move shifts times.
func (r *Redactor) move(all ...*reducer.Time) error {
	for _, t := range all {
		text, _, err := r.time(string(trace.AppendTime(nil, *t)))
		if err != nil {
			return err
		}
		if *t, err = trace.ParseTime(text); err != nil {
			return err
		}
	}
	return nil
}
