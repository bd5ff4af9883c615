package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"rollsim/internal/visible"
	"rollsim/suite/check"
)

// The elements of JUnit XML that CI systems read.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr"`
		Line    string        `xml:"line,attr,omitempty"`
		Seconds string        `xml:"time,attr"`
		Failure *junitMessage `xml:"failure"`
		Error   *junitMessage `xml:"error"`
		Skipped *junitMessage `xml:"skipped"`
		Output  string        `xml:"system-out,omitempty"`
	}
	junitMessage struct {
		Message string `xml:"message,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes results as JUnit XML: one suite with a case for each result.
func JUnit(w io.Writer, suiteName string, results []*check.Result) error {
	suite := junitSuite{Name: suiteName, Tests: len(results)}
	named := make(map[string]int)
	for _, r := range results {
		named[r.Name]++
	}
	for _, r := range results {
		file, line, _ := strings.Cut(r.Path, ".feature:")
		if line != "" {
			file += ".feature"
		}
		c := junitCase{
			Name:    printable(r.Name),
			Class:   printable(classOf(file)),
			File:    printable(file),
			Line:    line,
			Seconds: fmt.Sprintf("%.3f", r.Elapsed.Seconds()),
			Output:  printable(strings.Join(r.Measured, "\n")),
		}
		if named[r.Name] > 1 && line != "" {
			c.Name += " (line " + line + ")" // CI systems merge cases that have the same name
		}
		first, _, _ := strings.Cut(r.Message, "\n")
		message := &junitMessage{
			Message: printable(first),
			Text:    printable(r.Message + "\nrerun: " + r.Rerun + "\n"),
		}
		switch r.Status {
		case check.Passed, check.Updated:
		case check.Failed:
			suite.Failures++
			c.Failure = message
		case check.Unusable:
			suite.Errors++
			c.Error = message
		case check.Skipped:
			suite.Skipped++
			c.Skipped = &junitMessage{}
		case check.Omitted:
			suite.Skipped++
			c.Skipped = &junitMessage{Message: printable(r.Message)}
		case check.Defect: // not a failure, which would fail the build
			suite.Skipped++
			c.Skipped = &junitMessage{Message: printable("known defect: " + r.Message)}
		}
		suite.Cases = append(suite.Cases, c)
	}
	all := junitSuites{
		Tests: suite.Tests, Failures: suite.Failures, Errors: suite.Errors, Skipped: suite.Skipped,
		Suites: []junitSuite{suite},
	}
	text, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}

// classOf returns the class name of the cases of a file, by which CI systems group them: its
// folder, or its name if it has none.
func classOf(file string) string {
	if dir := path.Dir(file); dir != "." {
		return dir
	}
	return strings.TrimSuffix(file, path.Ext(file))
}

// printable returns a text as visible.Escape does, without the other characters that XML 1.0
// forbids even if they are escaped (XML 1.0 §2.2).
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r',
			r >= 0x20 && r <= 0xd7ff, r >= 0xe000 && r < utf8.RuneError, r >= 0x10000:
			return r
		}
		return -1
	}, visible.Escape(s))
}
