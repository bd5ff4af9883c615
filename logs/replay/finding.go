package replay

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"

	"rollsim/reducer"
	"rollsim/trace"
)

// Class says what a finding puts in doubt. The zero value is invalid.
type Class uint8

// The classes of findings.
const (
	Effect  Class = 1 + iota // what the rollout machine gives is not what is recorded
	Illegal                  // the rollout machine, or the fleet, refuses an event
	// the host machine refuses what an agent or a host did, or the log contradicts itself about it
	Host
	Derived   // a derived table does not hold what its log leads to
	Invariant // what must hold of every run does not
	// the log itself: entries missing, repeated, misplaced, changed, or at odds with themselves
	Log

	classEnd
)

var classNames = [classEnd]string{"", "effect", "illegal", "host", "derived", "invariant", "log"}

// String is the class as reports and accepted lines name it.
func (c Class) String() string {
	if c == 0 || c >= classEnd {
		return fmt.Sprintf("Class(%d)", uint8(c))
	}
	return classNames[c]
}

// ParseClass finds the class of that name; false for a name that is none.
func ParseClass(name string) (Class, bool) {
	for c := Effect; c < classEnd; c++ {
		if classNames[c] == name {
			return c, true
		}
	}
	return 0, false
}

// FindingKind says how the log and the machine disagree. The zero value is invalid.
type FindingKind uint8

// The kinds of findings, as seen from the log.
const (
	Missing   FindingKind = 1 + iota // what should be recorded is not
	Extra                            // recorded, and it should not be
	Different                        // recorded, and it should be another
	Refused                          // the log of a control plane holds something that cannot be
	Altered                          // a simulated trace was changed after it was written
	Repeated                         // recorded a second time
	Misplaced                        // recorded, but not where it belongs
	Violated                         // an invariant does not hold

	findingEnd
)

var findingNames = [findingEnd]string{
	"",
	"missing",
	"extra",
	"different",
	"refused",
	"altered",
	"repeated",
	"misplaced",
	"violated",
}

// String is the kind as titles name it.
func (k FindingKind) String() string {
	if k == 0 || k >= findingEnd {
		return fmt.Sprintf("FindingKind(%d)", uint8(k))
	}
	return findingNames[k]
}

// Nothing stands for what a finding's other side has.
const Nothing = "nothing"

// Finding is one place where the log disagrees with the machine, with a derived table, or with
// itself.
type Finding struct {
	Class Class
	Kind  FindingKind
	// what disagrees: effect, rejection, event, agent event, host move, the name of an invariant …
	What string
	// of the entry that it is about; for what is not recorded, the entry beside which it belongs; 0
	// for the log as a whole
	Seq     uint64
	File    string // that holds that entry
	Line    int    // of that entry in it, as trace.Reader counts
	Unit    string // what Line counts: line, event or row
	At      reducer.Time
	Rollout reducer.RolloutID
	Host    reducer.HostID

	Before   []string // a few entries before it, rendered: of its rollout where that is known
	Later    []string // a few entries after it, likewise
	After    string   // the rollout event that shows it or is refused; empty where there is none
	Recorded string   // what the log has, or Nothing
	Given    string   // what the machine gives, or what else should be there, or Nothing
	Reason   string   // where the two sides do not tell all, or there are none
	Accepted string   // why it is accepted; empty where it is not
	// the Options.Until up to which a log has to be judged for it to be found; 0 for all of it
	Until uint64

	key     uint64 // by which findings are put in log order
	order   uint64 // in which they were found
	id      string // the Key, once it was made
	channel reducer.ChannelID
}

// Title names the finding in a few words, such as "missing effect"; of an invariant it is the name.
func (f *Finding) Title() string {
	if f.Kind == Violated {
		return f.What
	}
	return f.Kind.String() + " " + f.What
}

// Key names the finding in a file of accepted ones: its class, its seq, and eight digits that stand
// for all that it says. The same finding of the same log has the same key each time; it does not
// depend on what stands around it.
func (f *Finding) Key() string {
	if f.id != "" {
		return f.id
	}
	var d xxhash.Digest
	d.Reset()
	for _, s := range []string{f.Title(), string(f.Rollout), string(f.Host), f.After, f.Recorded, f.Given, f.Reason} {
		_, _ = d.WriteString(strconv.Itoa(len(s)) + ":" + s) // never fails
	}
	return fmt.Sprintf("%v %d %08x", f.Class, f.Seq, uint32(d.Sum64()))
}

// Body is the finding as indented lines: the entries before it, what is recorded and what the
// machine gives, and the entries after it.
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
	line(f.OtherSide(), f.Given)
	line("reason", f.Reason)
	for _, s := range f.Later {
		line("then", s)
	}
	return b.String()
}

// OtherSide names who says what Given is: the machine, the log, or that it is expected.
func (f *Finding) OtherSide() string {
	switch f.Class {
	case Effect, Illegal:
		return "machine"
	case Derived:
		return "log"
	case Host, Invariant, Log, classEnd:
	}
	return "expected"
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

func describeMove(from, to reducer.HostState) string { return fmt.Sprintf("%v → %v", from, to) }
