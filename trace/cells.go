package trace

import (
	"fmt"
	"math"

	"rollsim/reducer"
)

// A Cell is a value of a row of a derived table: nil for NULL, an int64, a float64, a string or,
// for a blob, a []byte.
type Cell any

// BadRow is a row of a derived table that cannot be read.
type BadRow struct {
	ReadError
	Cells []Cell // of the columns of the table, in their order
}

// BadRows are the rows of a derived table that cannot be read. The others were read.
type BadRows []*BadRow

func (b BadRows) Error() string { return b[0].Error() }

// PlaceOfRow returns the place of the n-th row of a table, from 1.
func PlaceOfRow(table string, n int) string { return fmt.Sprintf("table %s, row %d", table, n) }

// Columns are the columns of a derived table, in the order of its cells.
type Columns []Column

// Column is a column of a derived table.
type Column struct {
	Name string
	Kind ColumnKind
}

// ColumnKind says what a column holds. The zero value is invalid.
type ColumnKind uint8

// The kinds of columns.
const (
	NameColumn  ColumnKind = 1 + iota // the name of a thing
	StateColumn                       // the state of a rollout
	WaveColumn                        // the number of a wave
	SeqColumn                         // the seq of an entry, or NULL
	TimeColumn                        // a time
	UntilColumn                       // a time, or NULL
)

// RolloutColumns are the columns of the table rollouts.
func RolloutColumns() Columns {
	return Columns{
		{"rollout_id", NameColumn}, {"channel", NameColumn}, {"target_ref", NameColumn},
		{"state", StateColumn}, {"current_wave", WaveColumn}, {"opened_event_log_seq", SeqColumn},
		{"last_transition_event_log_seq", SeqColumn}, {"opened_at", TimeColumn},
		{"terminal_at", UntilColumn}, {"superseded_at", UntilColumn},
	}
}

// QuarantineColumns are the columns of the table quarantined_closures.
func QuarantineColumns() Columns {
	return Columns{
		{"channel", NameColumn}, {"closure_hash", NameColumn}, {"quarantined_at", TimeColumn},
		{"triggering_event_log_seq", SeqColumn},
	}
}

// Names returns the names of the columns.
func (c Columns) Names() []string {
	all := make([]string, len(c))
	for i := range c {
		all[i] = c[i].Name
	}
	return all
}

// ReadRollout reads a row of the table rollouts. The error names the first column that cannot be
// read, and what was expected.
func ReadRollout(cells []Cell) (reducer.Record, error) {
	r := cellReader{columns: RolloutColumns(), cells: cells}
	rec := reducer.Record{
		RolloutID: reducer.RolloutID(r.text()),
		Channel:   reducer.ChannelID(r.text()),
		TargetRef: reducer.ChannelRef(r.text()),
	}
	name := r.text()
	state, ok := reducer.ParseState(name)
	if !ok {
		r.fail("expected a rollout state, found %q", name)
	}
	rec.State = state
	wave := r.int()
	if wave < 0 || wave > math.MaxUint32 {
		r.fail("expected an integer from 0 to %d, found %d", uint32(math.MaxUint32), wave)
	}
	rec.CurrentWave = uint32(wave)
	rec.OpenedEventLogSeq = r.optionalInt()
	rec.LastTransitionEventLogSeq = r.optionalInt()
	rec.OpenedAt = r.time()
	rec.TerminalAt = r.optionalTime()
	rec.SupersededAt = r.optionalTime()
	return rec, r.err
}

// ReadQuarantine reads a row of the table quarantined_closures. The error is as that of
// ReadRollout.
func ReadQuarantine(cells []Cell) (QuarantineRow, error) {
	r := cellReader{columns: QuarantineColumns(), cells: cells}
	row := QuarantineRow{
		Channel: reducer.ChannelID(r.text()),
		Closure: reducer.ClosureHash(r.text()),
		At:      r.time(),
		Seq:     r.optionalInt(),
	}
	return row, r.err
}

// cellReader reads the cells of a row from left to right. It keeps the first error.
type cellReader struct {
	columns Columns
	cells   []Cell
	next    int
	err     error
}

func (r *cellReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(r.columns[r.next-1].Name+": "+format, args...)
	}
}

// cell returns the next cell.
func (r *cellReader) cell() Cell {
	r.next++
	return r.cells[r.next-1]
}

// datatype returns the type of a cell for a message.
func datatype(c Cell) string {
	switch c.(type) {
	case int64:
		return "an integer"
	case float64:
		return "a float"
	case string:
		return "text"
	case []byte:
		return "a blob"
	case nil:
		return "NULL"
	}
	return "a value of another type"
}

func (r *cellReader) text() string {
	c := r.cell()
	text, ok := c.(string)
	if !ok {
		r.fail("expected text, found %s", datatype(c))
	}
	return text
}

func (r *cellReader) time() reducer.Time {
	text := r.text()
	if r.err != nil {
		return 0
	}
	t, err := ParseTime(text)
	if err != nil {
		r.fail("%v", err)
	}
	return t
}

func (r *cellReader) optionalTime() reducer.Opt[reducer.Time] {
	if r.cells[r.next] == nil {
		r.next++
		return reducer.Opt[reducer.Time]{}
	}
	return reducer.Some(r.time())
}

func (r *cellReader) int() int64 {
	c := r.cell()
	n, ok := c.(int64)
	if !ok {
		r.fail("expected an integer, found %s", datatype(c))
	}
	return n
}

func (r *cellReader) optionalInt() reducer.Opt[int64] {
	if r.cells[r.next] == nil {
		r.next++
		return reducer.Opt[int64]{}
	}
	return reducer.Some(r.int())
}
