// Package statedb reads the control plane's SQLite file, state.db: its event_log and the tables
// derived from it. It also writes such files.
//
// The control plane may write to the database at the same time. Package statedb reads one
// consistent state of it, changes neither the database nor its write-ahead log, and creates no file
// next to them.
package statedb

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"

	"rollsim/reducer"
	"rollsim/trace"
)

// DB is an open state.db. Only one goroutine may use it at a time.
type DB struct {
	file   string // for messages
	conn   *sqlite3.Conn
	rows   *sqlite3.Stmt
	found  *snapshot    // of a database at rest; else nil
	source *os.File     // likewise
	notes  []string     // about what may be missing
	clean  func() error // removes a private copy; nil when none exists
}

// busyFor is the time to wait for a database that another process has locked.
const busyFor = 2 * time.Second

// Open opens a database to read it once. name is its name in messages. The error is a
// *trace.ReadError.
func Open(name, path string) (*DB, error) {
	db, err := open(path)
	return begun(name, db, err)
}

// begun begins the transaction of an open database. It returns err, the error of opening it, as a
// *trace.ReadError.
func begun(name string, db *DB, err error) (*DB, error) {
	if err == nil {
		db.file = name
		if err = db.begin(); err != nil {
			_ = db.Close()
		}
	}
	if unreadable := (*trace.ReadError)(nil); errors.As(err, &unreadable) {
		return nil, unreadable
	}
	if err != nil {
		return nil, &trace.ReadError{File: name, What: explain(err)}
	}
	if db.clean != nil && db.clean() == nil { // some systems can remove open files
		db.clean = nil
	}
	return db, nil
}

// begin begins the transaction in which everything is read.
func (db *DB) begin() error {
	if err := db.conn.BusyTimeout(busyFor); err != nil {
		return err
	}
	if err := db.conn.Exec("BEGIN"); err != nil {
		return err
	}
	columns, err := db.columns("event_log")
	if err != nil {
		return err
	}
	if columns == nil {
		tables, err := db.tables()
		if err != nil {
			return err
		}
		what := fmt.Sprintf("expected the control plane's database, with a table event_log; this one "+
			"has %s", tables)
		return errors.New(strings.Join(append([]string{what}, db.notes...), "; "))
	}
	if err := hasColumns("event_log", columns, logColumns); err != nil {
		return err
	}
	db.rows, _, err = db.conn.Prepare(selectLog + " ORDER BY seq")
	return err
}

// After makes Next begin after the row with a seq. It must be called before the first Next.
func (db *DB) After(seq int64) error {
	rows, _, err := db.conn.Prepare(selectLog + " WHERE seq > ? ORDER BY seq")
	if err == nil {
		err = rows.BindInt64(1, seq)
	}
	if err != nil {
		return &trace.ReadError{File: db.file, What: explain(err)}
	}
	_ = db.rows.Close() // nothing was read from it
	db.rows = rows
	return nil
}

var (
	logColumns        = []string{"seq", "ts", "kind", "host_id", "rollout_id", "payload"}
	rolloutColumns    = trace.RolloutColumns().Names()
	quarantineColumns = trace.QuarantineColumns().Names()
)

var selectLog = "SELECT " + strings.Join(logColumns, ", ") + " FROM main.event_log"

// columns returns the columns of a table, or nil when there is no such table. The error is that of
// a view or a virtual table: reading one of them runs code that the database brings along. For the
// same reason it uses only names that no table of the database can have.
func (db *DB) columns(table string) ([]string, error) {
	kinds, err := db.list("SELECT type FROM sqlite_schema WHERE name = '"+table+"' COLLATE NOCASE "+
		"AND type IN ('table', 'view') AND rootpage = 0", 0)
	if err != nil {
		return nil, err
	}
	if len(kinds) > 0 {
		found := strings.Replace(kinds[0], "table", "virtual table", 1)
		return nil, fmt.Errorf("%s: expected a table, found a %s", table, found)
	}
	return db.list("PRAGMA main.table_info('"+table+"')", 1)
}

// tables lists the tables of the database for a message.
func (db *DB) tables() (string, error) {
	names, err := db.list(
		"SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name LIMIT 8", 0,
	)
	if len(names) == 0 {
		return "no tables", err
	}
	if len(names) == 1 {
		return "the table " + names[0], err
	}
	return "the tables " + strings.Join(names, ", "), err
}

// list returns the texts in a column of the result of a query.
func (db *DB) list(query string, column int) ([]string, error) {
	s, _, err := db.conn.Prepare(query)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var all []string
	for s.Step() {
		all = append(all, s.ColumnText(column))
	}
	return all, s.Err()
}

func hasColumns(table string, columns, want []string) error {
	for _, name := range want {
		if !slices.Contains(columns, name) {
			return fmt.Errorf(
				"table %s: expected a column %s, found only %s", table, name, strings.Join(columns, ", "),
			)
		}
	}
	return nil
}

// Notes returns what may be missing in the database, for people.
func (db *DB) Notes() []string { return db.notes }

// Next implements trace.Rows.
func (db *DB) Next(row *trace.Row) error {
	s := db.rows
	if !s.Step() {
		if err := s.Err(); err != nil {
			return errors.New(explain(err))
		}
		if err := db.found.check(); err != nil {
			return err
		}
		return io.EOF
	}
	if s.ColumnType(0) != sqlite3.INTEGER {
		return fmt.Errorf("seq: expected an integer, found %s", datatype(s.ColumnType(0)))
	}
	row.Seq = s.ColumnInt64(0)
	for i, to := range [...]*[]byte{&row.TS, &row.Kind, &row.Host, &row.Rollout, &row.Payload} {
		switch t := s.ColumnType(i + 1); t {
		case sqlite3.TEXT:
			if *to = s.ColumnRawText(i + 1); *to == nil {
				*to = []byte{}
			}
		case sqlite3.NULL:
			*to = nil
		case sqlite3.INTEGER, sqlite3.FLOAT, sqlite3.BLOB:
			return &trace.RowError{
				Seq:  row.Seq,
				What: fmt.Sprintf("%s: expected text, found %s", logColumns[i+1], datatype(t)),
			}
		}
	}
	return nil
}

func datatype(t sqlite3.Datatype) string {
	switch t {
	case sqlite3.INTEGER:
		return "an integer"
	case sqlite3.FLOAT:
		return "a float"
	case sqlite3.TEXT:
		return "text"
	case sqlite3.BLOB:
		return "a blob"
	case sqlite3.NULL:
		return "NULL"
	}
	return "a value of another type"
}

// maxBadRows is how many rows that cannot be read are reported of a table.
const maxBadRows = 500

// derived calls do for the cells of every row of a derived table, in the order of a column of
// times. do returns why the row cannot be read, or an error that ends the reading. derived reports
// whether there is such a table.
func (db *DB) derived(
	table, order string, columns []string, do func([]trace.Cell) (unreadable, err error),
) (bool, error) {
	found, err := db.columns(table)
	if err == nil && found != nil {
		err = hasColumns(table, found, columns)
	}
	var s *sqlite3.Stmt
	if err == nil && found != nil {
		s, _, err = db.conn.Prepare(
			"SELECT " + strings.Join(columns, ", ") + " FROM main." + table +
				" ORDER BY " + order + ", 1, 2",
		)
	}
	if err != nil {
		return false, &trace.ReadError{File: db.file, What: explain(err)}
	}
	if found == nil {
		return false, nil
	}
	defer s.Close()
	var bad trace.BadRows
	cells := make([]trace.Cell, len(columns))
	for n := 1; s.Step(); n++ {
		for i := range cells {
			cells[i] = cellOf(s, i)
		}
		unreadable, err := do(cells)
		if err != nil {
			return true, err
		}
		if unreadable != nil && len(bad) < maxBadRows {
			bad = append(bad, &trace.BadRow{
				ReadError: trace.ReadError{
					File: db.file, Place: trace.PlaceOfRow(table, n), What: unreadable.Error(),
				},
				Cells: slices.Clone(cells),
			})
		}
	}
	if err := s.Err(); err != nil {
		return true, &trace.ReadError{File: db.file, What: explain(err)}
	}
	if bad != nil {
		return true, bad
	}
	return true, nil
}

// cellOf returns a column of a row.
func cellOf(s *sqlite3.Stmt, column int) trace.Cell {
	switch s.ColumnType(column) {
	case sqlite3.INTEGER:
		return s.ColumnInt64(column)
	case sqlite3.FLOAT:
		return s.ColumnFloat(column)
	case sqlite3.TEXT:
		return s.ColumnText(column)
	case sqlite3.BLOB:
		return slices.Clone(s.ColumnRawBlob(column))
	case sqlite3.NULL:
	}
	return nil
}

// Rollouts implements trace.Tables.
func (db *DB) Rollouts(do func(*reducer.Record) error) (bool, error) {
	return db.derived("rollouts", "opened_at", rolloutColumns,
		func(cells []trace.Cell) (unreadable, err error) {
			rec, unreadable := trace.ReadRollout(cells)
			if unreadable != nil {
				return unreadable, nil
			}
			return nil, do(&rec)
		})
}

// Quarantines implements trace.Tables.
func (db *DB) Quarantines(do func(*trace.QuarantineRow) error) (bool, error) {
	return db.derived("quarantined_closures", "quarantined_at", quarantineColumns,
		func(cells []trace.Cell) (unreadable, err error) {
			row, unreadable := trace.ReadQuarantine(cells)
			if unreadable != nil {
				return unreadable, nil
			}
			return nil, do(&row)
		})
}

// Close ends the transaction and closes the database.
func (db *DB) Close() error {
	if db.rows != nil {
		_ = db.rows.Close() // Next has returned its error
	}
	errs := []error{db.conn.Close()}
	if db.source != nil {
		errs = append(errs, db.source.Close())
	}
	if db.clean != nil {
		errs = append(errs, db.clean())
	}
	return errors.Join(errs...)
}

// explain returns a message about an error of SQLite in terms of a state.db.
func explain(err error) string {
	what := strings.TrimPrefix(err.Error(), "sqlite3: ")
	switch {
	case errors.Is(err, sqlite3.BUSY), errors.Is(err, sqlite3.LOCKED):
		return fmt.Sprintf(
			"another process has locked the database for more than %v: try again later", busyFor)
	case errors.Is(err, sqlite3.NOTADB):
		return "the database is damaged, or encrypted: " + what
	case errors.Is(err, sqlite3.CORRUPT):
		return "the database is damaged: " + what
	case errors.Is(err, sqlite3.CANTOPEN), errors.Is(err, sqlite3.IOERR),
		errors.Is(err, sqlite3.READONLY):
		return "the database cannot be read: " + what
	}
	return what
}

// IsDatabase reports whether a file is an SQLite database, or an empty one with all its data in the
// write-ahead log.
func IsDatabase(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, len(trace.SQLiteMagic))
	n, err := io.ReadFull(f, head)
	if n == 0 && errors.Is(err, io.EOF) {
		return size(path+walSuffix) > 0, nil
	}
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	return string(head[:n]) == trace.SQLiteMagic, nil
}
