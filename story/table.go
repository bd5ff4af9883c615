package story

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	messages "github.com/cucumber/messages/go/v34"

	"rollsim/internal/nearest"
)

// table is the table after a sentence: rows of cells by column.
type table []row

type row map[string]string

// cell reads a value of a row. A cell that is empty or not there is the zero value.
func cell[T any](r row, column string, parse func(string) (T, error)) (T, error) {
	var none T
	if r[column] == "" {
		return none, nil
	}
	v, err := parse(r[column])
	if err != nil {
		return none, fmt.Errorf("column %s: %w", column, err)
	}
	return v, nil
}

// needs refuses a row about something that does not hold all of these columns, or that holds
// another one of all.
func (r row) needs(what fmt.Stringer, columns []string, all ...string) error {
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

// readTable takes the table of a step apart. Columns are those that the step has; a name that ends
// in "?" may be left out.
func readTable(columns []string, argument *messages.PickleStepArgument) (table, error) {
	if argument != nil && argument.DocString != nil {
		return nil, fmt.Errorf(
			"no text in %s belongs after this sentence: take it away",
			argument.DocString.MediaType+`"""`,
		)
	}
	given := argument != nil && argument.DataTable != nil
	if columns == nil {
		if given {
			return nil, errors.New("no table belongs after this sentence: take it away")
		}
		return nil, nil
	}
	want := "| " + strings.ReplaceAll(strings.Join(columns, " | "), "?", "") + " |"
	var free []string
	for _, c := range columns {
		if name, may := strings.CutSuffix(c, "?"); may {
			free = append(free, name)
		}
	}
	if free != nil {
		want += " (may be left out: " + strings.Join(free, ", ") + ")"
	}
	if !given || len(argument.DataTable.Rows) < 2 {
		return nil, fmt.Errorf("a table belongs after this sentence, with at least one row below its "+
			"heading: %s", want)
	}
	var known, heading []string
	for _, c := range columns {
		known = append(known, strings.TrimSuffix(c, "?"))
	}
	for _, c := range argument.DataTable.Rows[0].Cells {
		if !slices.Contains(known, c.Value) {
			return nil, fmt.Errorf("this table has no column %q%s", c.Value, nearest.Hint(c.Value, known))
		}
		if slices.Contains(heading, c.Value) {
			return nil, fmt.Errorf("column %q stands twice", c.Value)
		}
		heading = append(heading, c.Value)
	}
	for _, c := range columns {
		if !strings.HasSuffix(c, "?") && !slices.Contains(heading, c) {
			return nil, fmt.Errorf("the table has no column %q, and needs it: %s", c, want)
		}
	}
	var t table
	for _, cells := range argument.DataTable.Rows[1:] {
		r := make(row)
		for i, c := range cells.Cells {
			r[heading[i]] = c.Value
			if value := plainly(c.Value); wholeQuoted.MatchString(value) {
				r[heading[i]] = unquote(value)
			}
		}
		t = append(t, r)
	}
	return t, nil
}

// wholeQuoted fits a name in quotes, and nothing else.
var wholeQuoted = regexp.MustCompile(`^(?:` + quoted + `)$`)

// each does something with every row. An error names the row.
func (t table) each(do func(row) error) error {
	for i, r := range t {
		if err := do(r); err != nil {
			return &rowError{i + 1, err}
		}
	}
	return nil
}

// rowError is what is wrong with a row of a table. The first row below the heading is row 1.
type rowError struct {
	row int
	err error
}

func (e *rowError) Error() string { return fmt.Sprintf("row %d: %v", e.row, e.err) }
func (e *rowError) Unwrap() error { return e.err }

// rowAmiss tells which row of a table an error is about, from 1; 0 when it is about none.
func rowAmiss(err error) int {
	var e *rowError
	if errors.As(err, &e) {
		return e.row
	}
	return 0
}
