package replay

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"rollsim/internal/limited"
	"rollsim/trace"
)

// Accepted are findings that somebody has reviewed and accepts, each with a reason. The zero value
// accepts nothing.
type Accepted struct {
	lines []acceptedLine
	byKey map[string]int
}

type acceptedLine struct {
	number int
	key    string
	reason string
}

// ReasonPlaceholder is the text that reports show instead of the reason that a line of accepted
// findings needs.
const ReasonPlaceholder = "REASON"

// The limits for a file of accepted findings and for its lines, in bytes.
const (
	maxAccepted     = 64 << 20
	maxAcceptedLine = 64 << 10
)

// ReadAccepted reads accepted findings, one a line: the key that a report shows, then the reason,
// which may not be empty. It skips blank lines and lines that begin with #. The error is a
// *trace.ReadError with file and line.
func ReadAccepted(file string, in io.Reader) (*Accepted, error) {
	a := &Accepted{byKey: make(map[string]int)}
	lines := limited.NewLines(bufio.NewReader(in), maxAcceptedLine)
	size := 0
	var err error
	for n := 1; err == nil; n++ {
		var read []byte
		read, err = lines.Read()
		if size += len(read); err == nil && size > maxAccepted {
			err = fmt.Errorf("the file is larger than %s", limited.Size(maxAccepted))
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, &trace.ReadError{File: file, Line: n, What: err.Error()}
		}
		// Some editors begin a file with a byte order mark.
		text := strings.TrimSpace(strings.TrimPrefix(string(read), "\ufeff"))
		if text == "" || text[0] == '#' {
			continue
		}
		line, what := parseAccepted(text)
		if what == "" {
			if first, twice := a.byKey[line.key]; twice {
				what = fmt.Sprintf("the finding is accepted on line %d already", a.lines[first].number)
			}
		}
		if what != "" {
			return nil, &trace.ReadError{File: file, Line: n, What: what}
		}
		line.number = n
		a.byKey[line.key] = len(a.lines)
		a.lines = append(a.lines, line)
	}
	return a, nil
}

func parseAccepted(text string) (line acceptedLine, what string) {
	fields := strings.Fields(text)
	if len(fields) < 3 {
		return line, "expected a class, a seq, eight digits and a reason, such as " +
			`"effect 869 1f00ab34 rolled back by hand"`
	}
	if !isClass(fields[0]) {
		return line, fmt.Sprintf(
			"expected a class of findings (%s), found %q", strings.Join(classNames[Effect:], ", "),
			fields[0],
		)
	}
	if _, err := strconv.ParseUint(fields[1], 10, 64); err != nil {
		return line, fmt.Sprintf("expected the seq of an entry, found %q", fields[1])
	}
	if _, err := strconv.ParseUint(fields[2], 16, 32); err != nil || len(fields[2]) != 8 {
		return line, fmt.Sprintf("expected the eight digits that a report shows with the finding, "+
			"found %q", fields[2])
	}
	if len(fields) == 3 || len(fields) == 4 && fields[3] == ReasonPlaceholder {
		return line, "expected a reason after the finding"
	}
	return acceptedLine{key: strings.Join(fields[:3], " "), reason: strings.Join(fields[3:], " ")}, ""
}

// acceptance applies accepted findings to a replay.
type acceptance struct {
	lines []acceptedLine
	byKey map[string]int
	used  []bool // the lines that accept a finding
}

func newAcceptance(a *Accepted) acceptance {
	if a == nil {
		return acceptance{}
	}
	return acceptance{lines: a.lines, byKey: a.byKey, used: make([]bool, len(a.lines))}
}

// reason returns why a finding is accepted. It reports false for one that is not.
func (a *acceptance) reason(f *Finding) (string, bool) {
	if len(a.lines) == 0 {
		return "", false
	}
	i, ok := a.byKey[f.Key()]
	if !ok {
		return "", false
	}
	a.used[i] = true
	return a.lines[i].reason, true
}

// Stale is a line of accepted findings that matches no finding of the log. A line is not stale if
// Options.Only merely hides its finding.
type Stale struct {
	Line   int
	Key    string
	Reason string
}

// stale returns the lines that have accepted no finding.
func (a *acceptance) stale() []Stale {
	var all []Stale
	for i, l := range a.lines {
		if !a.used[i] {
			all = append(all, Stale{Line: l.number, Key: l.key, Reason: l.reason})
		}
	}
	return all
}
