package gherkin

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	messages "github.com/cucumber/messages/go/v34"

	"rollsim/internal/nearest"
)

// A Table is the table after a sentence, without its heading.
type Table []Row

// A Row has the cells of a row by the name of the column. It has no entry for a column that the
// table leaves out.
type Row map[string]string

// Columns are the columns that the table after a sentence may have, in the order in which they are
// documented. A name that ends in "?" is that of an optional column. Nil means that the sentence
// has no table.
type Columns []string

// Cell parses the cell of a row. A cell that is empty or missing is the zero value.
func Cell[T any](r Row, column string, parse func(string) (T, error)) (T, error) {
	var zero T
	if r[column] == "" {
		return zero, nil
	}
	v, err := parse(r[column])
	if err != nil {
		return zero, fmt.Errorf("column %s: %w", column, err)
	}
	return v, nil
}

// Require returns an error unless, out of the columns in all, exactly those in columns have a value
// in the row. what is the subject of the error.
func (r Row) Require(what fmt.Stringer, columns []string, all ...string) error {
	for _, column := range all {
		switch needed := slices.Contains(columns, column); {
		case needed && r[column] == "":
			return fmt.Errorf("%v needs a %s", what, column)
		case !needed && r[column] != "":
			return fmt.Errorf("%v has no %s", what, column)
		}
	}
	return nil
}

// ReadTable reads the table of a step. It refuses what the columns do not allow.
func ReadTable(columns Columns, argument *messages.PickleStepArgument) (Table, error) {
	if argument != nil && argument.DocString != nil {
		return nil, fmt.Errorf(
			`this sentence has no text after it: delete the %s"""`, argument.DocString.MediaType,
		)
	}
	given := argument != nil && argument.DataTable != nil
	switch {
	case columns == nil && given:
		return nil, errors.New("this sentence has no table after it: delete the table")
	case columns == nil:
		return nil, nil
	case !given || len(argument.DataTable.Rows) < 2:
		return nil, fmt.Errorf(
			"this sentence needs a table after it, with a row or more below the heading: %s", columns,
		)
	}
	heading, err := columns.heading(argument.DataTable.Rows[0])
	if err != nil {
		return nil, err
	}
	var t Table
	for _, cells := range argument.DataTable.Rows[1:] {
		r := make(Row)
		for i, c := range cells.Cells {
			r[heading[i]] = c.Value
			if value := Plain(c.Value); wholeQuoted.MatchString(value) {
				r[heading[i]] = Unquote(value)
			}
		}
		t = append(t, r)
	}
	return t, nil
}

// wholeQuoted matches a text that is a name in quotes.
var wholeQuoted = regexp.MustCompile(`^(?:` + Quoted + `)$`)

// heading returns the names in the heading of a table. It refuses columns that are unknown,
// repeated or missing.
func (c Columns) heading(row *messages.PickleTableRow) ([]string, error) {
	var known, heading []string
	for _, column := range c {
		known = append(known, strings.TrimSuffix(column, "?"))
	}
	for _, cell := range row.Cells {
		if !slices.Contains(known, cell.Value) {
			return nil, fmt.Errorf(
				"this table has no column %q%s", cell.Value, nearest.Hint(cell.Value, known),
			)
		}
		if slices.Contains(heading, cell.Value) {
			return nil, fmt.Errorf("the table has column %q twice", cell.Value)
		}
		heading = append(heading, cell.Value)
	}
	for _, column := range c {
		if !strings.HasSuffix(column, "?") && !slices.Contains(heading, column) {
			return nil, fmt.Errorf("the table lacks column %q: %s", column, c)
		}
	}
	return heading, nil
}

// String returns the columns as a heading, with the optional ones named after it.
func (c Columns) String() string {
	heading := "| " + strings.ReplaceAll(strings.Join(c, " | "), "?", "") + " |"
	var optional []string
	for _, column := range c {
		if name, ok := strings.CutSuffix(column, "?"); ok {
			optional = append(optional, name)
		}
	}
	if optional != nil {
		heading += " (optional: " + strings.Join(optional, ", ") + ")"
	}
	return heading
}

// Each calls a function with every row. The error is a *RowError.
func (t Table) Each(do func(Row) error) error {
	for i, r := range t {
		if err := do(r); err != nil {
			return &RowError{i + 1, err}
		}
	}
	return nil
}

// A RowError is an error in a row of a table.
type RowError struct {
	Row int // from 1, the first row below the heading
	Err error
}

func (e *RowError) Error() string { return fmt.Sprintf("row %d: %v", e.Row, e.Err) }
func (e *RowError) Unwrap() error { return e.Err }
