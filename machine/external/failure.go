package external

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"rollsim/internal/visible"
)

// FailureKind is the way in which a machine failed to answer. The zero value is invalid.
type FailureKind uint8

// The failures.
const (
	Crashed     FailureKind = 1 + iota // the process ended, or closed its standard output
	Garbage                            // the answer does not follow the protocol
	Silent                             // no answer within the time limit
	WrongAnswer                        // the answer belongs to another request

	failureEnd
)

var failureNames = [failureEnd]string{
	"",
	"crashed",
	"answered garbage",
	"kept silent",
	"answered another request",
}

// String returns the kind as messages spell it.
func (k FailureKind) String() string {
	if k == 0 || k >= failureEnd {
		return fmt.Sprintf("FailureKind(%d)", uint8(k))
	}
	return failureNames[k]
}

// Failure reports that a machine in another process did not answer.
type Failure struct {
	Kind    FailureKind
	What    string // the details
	Request string // as it was sent, without the end of line
	Answer  string // the part that arrived
	Stderr  string // the last lines that the process wrote to its standard error
}

// Error returns a few lines: the failure, the request, the answer, and the last lines of standard
// error.
func (f *Failure) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v: %s", f.Kind, f.What)
	fmt.Fprintf(&b, "\n  asked     %s", clip(f.Request))
	if f.Answer != "" {
		fmt.Fprintf(&b, "\n  answered  %s", clip(f.Answer))
	}
	for line := range strings.Lines(f.Stderr) {
		fmt.Fprintf(&b, "\n  stderr    %s", clip(strings.TrimRight(line, "\r\n")))
	}
	return b.String()
}

// clip returns a text as one line that is short enough for a message.
func clip(s string) string {
	const most = 1200
	s = visible.Name(s) // a terminal must not obey what a broken machine writes
	if len(s) <= most {
		return s
	}
	cut := most
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
