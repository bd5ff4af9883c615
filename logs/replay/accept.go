package replay

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

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

// ReasonHere stands in reports where a line of accepted findings has its reason.
const ReasonHere = "REASON"

// ReadAccepted reads accepted findings, one a line: the key that a report shows, then the reason,
// which may not be empty. Blank lines, and lines that begin with #, are passed over. The error is a
// *trace.ReadError with file and line.
func ReadAccepted(file string, in io.Reader) (*Accepted, error) {
	a := &Accepted{byKey: make(map[string]int)}
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		// with which some editors begin a file
		text := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
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
	if err := lines.Err(); err != nil {
		return nil, &trace.ReadError{File: file, What: err.Error()}
	}
	return a, nil
}

func parseAccepted(text string) (line acceptedLine, what string) {
	fields := strings.Fields(text)
	if len(fields) < 3 {
		return line, `expected a class, a seq, eight digits and a reason, such as "effect 869 1f00ab34 rolled back by hand"`
	}
	if _, ok := ParseClass(fields[0]); !ok {
		return line, fmt.Sprintf(
			"expected a class of findings (%s), found %q", strings.Join(classNames[1:], ", "), fields[0],
		)
	}
	if _, err := strconv.ParseUint(fields[1], 10, 64); err != nil {
		return line, fmt.Sprintf("expected the seq of an entry, found %q", fields[1])
	}
	if _, err := strconv.ParseUint(fields[2], 16, 32); err != nil || len(fields[2]) != 8 {
		return line, fmt.Sprintf("expected the eight digits that a report shows with the finding, "+
			"found %q", fields[2])
	}
	if len(fields) == 3 || len(fields) == 4 && fields[3] == ReasonHere {
		return line, "expected a reason after the finding"
	}
	return acceptedLine{key: strings.Join(fields[:3], " "), reason: strings.Join(fields[3:], " ")}, ""
}

// accepts gives the reason for which a finding is accepted.
func (p *replay) accepts(f *Finding) (reason string, ok bool) {
	a := p.opts.Accepted
	if a == nil || len(a.lines) == 0 {
		return "", false
	}
	i, ok := a.byKey[f.Key()]
	if !ok {
		return "", false
	}
	p.used[i] = true
	return a.lines[i].reason, true
}

// Stale are the lines that accepted no finding. What is not shown is accepted all the same.
type Stale struct {
	Line   int
	Key    string
	Reason string
}

func (p *replay) stale() []Stale {
	if p.opts.Accepted == nil || !p.ended || p.stopped != nil {
		return nil // what is found in the rest of the log is not known
	}
	var all []Stale
	for i, l := range p.opts.Accepted.lines {
		if !p.used[i] {
			all = append(all, Stale{Line: l.number, Key: l.key, Reason: l.reason})
		}
	}
	return all
}
