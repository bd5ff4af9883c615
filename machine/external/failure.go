package external

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// FailureKind says how a machine failed to answer. The zero value is invalid.
type FailureKind uint8

// The failures.
const (
	Crashed     FailureKind = 1 + iota // the process ended, or closed its standard output
	Garbage                            // the answer is none that the protocol knows
	Silent                             // no answer within the time limit
	WrongAnswer                        // the answer is to another request

	failureEnd
)

var failureNames = [failureEnd]string{
	"",
	"crashed",
	"answered garbage",
	"kept silent",
	"answered another request",
}

// String is the kind as messages say it.
func (k FailureKind) String() string {
	if k == 0 || k >= failureEnd {
		return fmt.Sprintf("FailureKind(%d)", uint8(k))
	}
	return failureNames[k]
}

// Failure says what kept a machine in another process from answering.
type Failure struct {
	Kind    FailureKind
	What    string // what exactly
	Request string // as it was sent, without the end of line
	Answer  string // as far as it came
	Stderr  string // the last lines that the process wrote to its standard error
}

// Error tells the failure in a few lines: what was asked, what came, and what the process said on
// its standard error.
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

// clip makes one line of a text, not too long to be read in a message.
func clip(s string) string {
	const most = 1200
	s = strings.ToValidUTF8(s, "\ufffd")
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '\ufffd' // a terminal must not obey what a broken machine writes
		}
		return r
	}, s)
	if len(s) <= most {
		return s
	}
	cut := most
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
