// Package report writes results as text for people and as files for other tools: tables, JSON,
// JUnit XML, annotations of GitHub, and drawings of machines. It decides nothing.
//
// Each function takes a writer and a result of one of the rooms that produce them: Replay and
// ReplayJSON take a replay.Result, Explore takes an explore.Result, and so on. A function that
// writes several formats has a parameter for the name of the format, and a function that lists the
// names, such as Machine and MachineFormats. The error is that of an unknown format or that of the
// writer.
//
// Fields of JSON documents are only ever added, never renamed.
package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"rollsim/internal/visible"
	"rollsim/reducer"
	"rollsim/trace"
)

// The colours of text, as ANSI codes.
const (
	Red    = "31"
	Green  = "32"
	Yellow = "33"
	Bold   = "1"
)

// unknownFormat returns the error of a format that is not one of those known.
func unknownFormat(what, format string, known []string) error {
	return fmt.Errorf("unknown format %q for %s: expected %s", format, what, strings.Join(known, ", "))
}

func write(w io.Writer, s string) error {
	_, err := io.WriteString(w, s)
	return err
}

// writeJSON writes a document as indented JSON with a newline at the end. The same document is
// always written as the same bytes. Characters that a terminal obeys are escaped. Names from a
// command line may have invalid UTF-8, which is replaced.
func writeJSON(w io.Writer, document any) error {
	err := json.MarshalWrite(visible.NewWriter(w), document, json.Deterministic(true),
		jsontext.WithIndent("  "), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return err
	}
	return write(w, "\n")
}

// timeText returns a time as JSON documents have it.
func timeText(t reducer.Time) string { return string(trace.AppendTime(nil, t)) }
