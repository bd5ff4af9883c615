package replay

import (
	"fmt"
	"strings"

	"rollsim/reducer"
	"rollsim/trace"
)

// FindingKind says how the log and the machine disagree. The zero value is invalid.
type FindingKind uint8

// The kinds of findings, as seen from the log.
const (
	Missing   FindingKind = 1 + iota // the machine gives it, and it is not recorded
	Extra                            // recorded, and the machine does not give it
	Different                        // recorded, and the machine gives another
	Refused                          // the log of a control plane holds an event that cannot be
	Altered                          // a simulated trace was changed after it was written

	findingEnd
)

var findingNames = [findingEnd]string{"", "missing", "extra", "different", "refused", "altered"}

// String is the kind as titles name it.
func (k FindingKind) String() string {
	if k == 0 || k >= findingEnd {
		return fmt.Sprintf("FindingKind(%d)", uint8(k))
	}
	return findingNames[k]
}

// Nothing stands for what a finding's other side has.
const Nothing = "nothing"

// Finding is one place where the log and the machine disagree.
type Finding struct {
	Kind    FindingKind
	What    string // what disagrees: effect, rejection, event or entry
	Seq     uint64 // of the entry that it is about; for what is not recorded, the entry beside which it belongs
	Line    int    // of that entry
	At      reducer.Time
	Rollout reducer.RolloutID

	Before   []string // a few entries before it, rendered
	After    string   // the rollout event that shows it or is refused; empty where there is none
	Recorded string   // what the log has, or Nothing
	Given    string   // what the machine gives, or Nothing
	Reason   string   // Refused, Altered: why; then Recorded and Given are empty

	key int // the line at which it belongs in log order
}

// Title names the finding in a few words, such as "missing effect".
func (f *Finding) Title() string { return f.Kind.String() + " " + f.What }

// Body is the finding as indented lines: what came before, what is recorded and what the machine gives.
func (f *Finding) Body() string {
	var b strings.Builder
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "  %-8s  %s\n", name, text)
		}
	}
	for _, s := range f.Before {
		line("before", s)
	}
	line("after", f.After)
	line("recorded", f.Recorded)
	line("machine", f.Given)
	line("reason", f.Reason)
	return b.String()
}

func describeEvent(ev *reducer.Event, lines *trace.Lines) string {
	b := append([]byte(ev.Kind.String()), "  "...)
	b = append(b, ev.Rollout...)
	if ev.Host != "" {
		b = append(append(b, "  "...), ev.Host...)
	}
	n := len(b)
	if b = trace.AppendEventDetails(append(b, "  "...), ev); len(b) == n+2 {
		b = b[:n]
	}
	return string(lines.AppendTime(append(b, "  "...), ev.At))
}

// describeEffect says an effect in words; with its time only where that is what differs.
func describeEffect(e *reducer.Effect, lines *trace.Lines, withTime bool) string {
	b := append([]byte(e.Kind.String()), "  "...)
	b = trace.AppendEffectDetails(b, e)
	if withTime {
		b = lines.AppendTime(append(b, "  at "...), e.At)
	}
	return string(b)
}

func describeRejection(r *trace.Rejection) string { return r.Error + "  " + r.Message }
