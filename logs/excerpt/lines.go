package excerpt

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"rollsim/trace"
)

// Lines returns the rows of an event_log as NDJSON. Errors call it file.
func Lines(file string, rows trace.Rows) ([]byte, error) {
	var b []byte
	for {
		var row trace.Row
		err := rows.Next(&row)
		if errors.Is(err, io.EOF) {
			return b, nil
		}
		if err != nil {
			return nil, &trace.ReadError{File: file, What: err.Error()}
		}
		b = fmt.Appendf(b, `{"seq":%d`, row.Seq)
		for _, column := range []struct {
			name string
			text []byte
		}{{"ts", row.TS}, {"kind", row.Kind}, {"host", row.Host}, {"rollout", row.Rollout}} {
			b = append(append(append(b, `,"`...), column.name...), `":`...)
			if column.text == nil {
				b = append(b, "null"...)
			} else if b, err = jsontext.AppendQuote(b, column.text); err != nil {
				return nil, &trace.ReadError{File: file, What: err.Error()}
			}
		}
		if row.Payload != nil {
			b = append(append(b, `,"payload":`...), bytes.ReplaceAll(row.Payload, []byte("\n"), nil)...)
		}
		b = append(b, "}\n"...)
	}
}

// Rows returns a reader of the event_log.
func (d *Database) Rows() trace.Rows { return &lineRows{d.text} }

// lineRows reads rows from the lines of NDJSON.
type lineRows struct{ rest []byte }

// Next implements trace.Rows.
func (l *lineRows) Next(to *trace.Row) error {
	line, rest, _ := bytes.Cut(l.rest, []byte("\n"))
	if len(line) == 0 {
		return io.EOF
	}
	l.rest = rest
	var from struct {
		Seq     int64          `json:"seq"`
		TS      *string        `json:"ts"`
		Kind    *string        `json:"kind"`
		Host    *string        `json:"host"`
		Rollout *string        `json:"rollout"`
		Payload jsontext.Value `json:"payload"`
	}
	if err := json.Unmarshal(line, &from); err != nil {
		return err
	}
	column := func(s *string) []byte {
		if s == nil {
			return nil
		}
		return []byte(*s)
	}
	*to = trace.Row{
		Seq: from.Seq, TS: column(from.TS), Kind: column(from.Kind), Host: column(from.Host),
		Rollout: column(from.Rollout), Payload: from.Payload,
	}
	return nil
}
