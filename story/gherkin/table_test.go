package gherkin

import (
	"errors"
	"fmt"
	"strconv"
	"testing"

	messages "github.com/cucumber/messages/go/v34"
)

func argument(rows ...[]string) *messages.PickleStepArgument {
	t := &messages.PickleTable{}
	for _, r := range rows {
		row := &messages.PickleTableRow{}
		for _, c := range r {
			row.Cells = append(row.Cells, &messages.PickleTableCell{Value: c})
		}
		t.Rows = append(t.Rows, row)
	}
	return &messages.PickleStepArgument{DataTable: t}
}

func TestReadTable(t *testing.T) {
	columns := Columns{"host", "wave?", "soak?"}
	const want = "| host | wave | soak | (optional: wave, soak)"
	text := &messages.PickleStepArgument{DocString: &messages.PickleDocString{MediaType: "x"}}
	for _, tt := range []struct {
		columns  Columns
		argument *messages.PickleStepArgument
		want     string
	}{
		{nil, nil, "[] <nil>"},
		{columns, argument([]string{"host"}, []string{"web-01"}), "[map[host:web-01]] <nil>"},
		{
			columns,
			argument(
				[]string{"wave", "host"}, []string{"0", "“a”"}, []string{"", "'b'"}, []string{"", "„c“"},
			),
			"[map[host:a wave:0] map[host:b wave:] map[host:c wave:]] <nil>",
		},
		{nil, argument([]string{"host"}), "[] this sentence has no table after it: delete the table"},
		{nil, text, `[] this sentence has no text after it: delete the x"""`},
		{columns, text, `[] this sentence has no text after it: delete the x"""`},
		{
			columns, nil,
			"[] this sentence needs a table after it, with a row or more below the heading: " + want,
		},
		{
			columns, argument([]string{"host"}),
			"[] this sentence needs a table after it, with a row or more below the heading: " + want,
		},
		{
			columns, argument([]string{"hots"}, []string{"a"}),
			`[] this table has no column "hots": did you mean "host"?`,
		},
		{
			columns, argument([]string{"host", "host"}, []string{"a", "b"}),
			`[] the table has column "host" twice`,
		},
		{columns, argument([]string{"wave"}, []string{"0"}), `[] the table lacks column "host": ` + want},
	} {
		table, err := ReadTable(tt.columns, tt.argument)
		if got := fmt.Sprint(table, err); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

func TestCell(t *testing.T) {
	r := Row{"wave": "7", "soak": "", "host": "x"}
	for column, want := range map[string]string{
		"wave": "7 <nil>", "soak": "0 <nil>", "none": "0 <nil>",
		"host": `0 column host: strconv.Atoi: parsing "x": invalid syntax`,
	} {
		n, err := Cell(r, column, strconv.Atoi)
		if got := fmt.Sprint(n, err); got != want {
			t.Errorf("%s: got %s, want %s", column, got, want)
		}
	}
}

func TestEach(t *testing.T) {
	table := Table{{"n": "1"}, {"n": "x"}, {"n": "3"}}
	sum := 0
	err := table.Each(func(r Row) error {
		n, err := Cell(r, "n", strconv.Atoi)
		sum += n
		return err
	})
	var row *RowError
	if !errors.As(err, &row) || row.Row != 2 || sum != 1 {
		t.Errorf("%v, sum %d", err, sum)
	}
	if err := table[:1].Each(func(Row) error { return nil }); err != nil {
		t.Error(err)
	}
}

type noun string

func (n noun) String() string { return string(n) }

func TestRequire(t *testing.T) {
	for want, r := range map[string]Row{
		"<nil>":                   {"wave": "0", "event": "HostJoined"},
		"HostJoined needs a wave": {"event": "HostJoined"},
		"HostJoined has no ref":   {"wave": "0", "ref": "a1"},
	} {
		err := r.Require(noun("HostJoined"), []string{"wave"}, "wave", "ref")
		if fmt.Sprint(err) != want {
			t.Errorf("%v: %v", r, err)
		}
	}
}
