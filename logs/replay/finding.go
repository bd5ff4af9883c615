package replay

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"

	"rollsim/internal/visible"
	"rollsim/reducer"
	"rollsim/trace"
)

// Class names the check that has failed. The zero value is invalid.
type Class uint8

// The classes of findings.
const (
	Effect    Class = 1 + iota // the rollout machine returns other effects than the log records
	Illegal                    // the rollout machine or the fleet refuses an event
	Host                       // the log contradicts the host machine, or itself about a host
	Derived                    // a derived table differs from what the log leads to
	Invariant                  // an invariant does not hold
	Log                        // entries are missing, repeated, misplaced, changed or inconsistent
	Defect                     // a known defect of the shipped control plane shows

	classEnd
)

// ClassCount is the length of an array indexed by Class: index 0 stays unused.
const ClassCount = int(classEnd)

var classNames = [ClassCount]string{
	"", "effect", "illegal", "host", "derived", "invariant", "log", "defect",
}

// String returns the name of the class in reports and in files of accepted findings.
func (c Class) String() string {
	if c == 0 || c >= classEnd {
		return fmt.Sprintf("Class(%d)", uint8(c))
	}
	return classNames[c]
}

// isClass reports whether a class has that name.
func isClass(name string) bool { return slices.Contains(classNames[Effect:], name) }

// Classes returns the names of all classes.
func Classes() []string { return slices.Clone(classNames[Effect:]) }

// ParseClass returns the class with a name.
func ParseClass(name string) (Class, bool) {
	i := slices.Index(classNames[Effect:], name)
	return Class(i + 1), i >= 0
}

// FindingKind says how the log differs from what it should be. The zero value is invalid.
type FindingKind uint8

// The kinds of findings, as seen from the log.
const (
	Missing    FindingKind = 1 + iota // not recorded, and it should be
	Extra                             // recorded, and it should not be
	Different                         // recorded, and it should be something else
	Refused                           // recorded, and it is not possible
	Altered                           // a simulated trace was changed after it was written
	Repeated                          // recorded twice
	Misplaced                         // recorded in the wrong place
	Violated                          // an invariant does not hold
	Unreadable                        // recorded with a value that has no meaning

	findingEnd
)

// FindingKindCount is the length of an array indexed by FindingKind: index 0 stays unused.
const FindingKindCount = int(findingEnd)

var findingNames = [FindingKindCount]string{
	"",
	"missing",
	"extra",
	"different",
	"refused",
	"altered",
	"repeated",
	"misplaced",
	"violated",
	"unreadable",
}

// String returns the kind as titles name it.
func (k FindingKind) String() string {
	if k == 0 || k >= findingEnd {
		return fmt.Sprintf("FindingKind(%d)", uint8(k))
	}
	return findingNames[k]
}

// nothing is the text of the side of a finding that has no entry.
const nothing = "nothing"

// Finding is one place where the log disagrees with the machine, with a derived table, with an
// invariant, or with itself.
type Finding struct {
	Class Class
	Kind  FindingKind
	What  string // effect, rejection, event, agent event, host move, the name of an invariant …

	// Seq is that of the entry that the finding is about. For a missing entry it is the one that it
	// should follow; 0 is the log as a whole.
	Seq     uint64
	File    string // that holds the entry
	Line    int    // of the entry in File, as trace.Reader counts
	Unit    string // what Line counts: line, event or row
	At      reducer.Time
	Rollout reducer.RolloutID
	Host    reducer.HostID

	Before   []string // a few entries before it about its rollout, as text
	Later    []string // a few entries after it, likewise
	After    string   // the rollout event that leads to it or is refused, or empty
	Recorded string   // what the log has, or "nothing"
	Expected string   // what it should have, or "nothing"
	Reason   string   // where Recorded and Expected do not explain it
	Accepted string   // why it is accepted; empty if it is not
	Columns  bool     // Recorded is what the entry's columns say, Expected what its payload says

	Folded []Folded // entries with the same cause; of many the first
	More   int      // how many further ones there are

	// Until is the Options.Until with which a replay makes the finding again; 0 is the whole log.
	Until uint64

	position uint64 // the number of the entry that it is about or belongs to, for the log order
	order    uint64 // counts findings as they are made
	key      string // the result of Key, once it is known
	channel  reducer.ChannelID
}

// Title returns a few words such as "missing effect", or the name of an invariant.
func (f *Finding) Title() string {
	if f.Kind == Violated {
		return f.What
	}
	return f.Kind.String() + " " + f.What
}

// Key returns the name of the finding in a file of accepted ones: its class, its seq, and eight
// digits for all that it says. The same finding of the same log always has the same key. The
// entries around it do not change the key.
func (f *Finding) Key() string {
	if f.key != "" {
		return f.key
	}
	var d xxhash.Digest
	d.Reset()
	for _, s := range []string{
		f.Title(), string(f.Rollout), string(f.Host), f.After, f.Recorded, f.Expected, f.Reason,
	} {
		_, _ = d.WriteString(strconv.Itoa(len(s)) + ":" + s) // never fails
	}
	return fmt.Sprintf("%v %d %08x", f.Class, f.Seq, uint32(d.Sum64()))
}

// KeepPrefix begins the text of Finding.Keep.
const KeepPrefix = "finding:"

// Keep returns what rollsim shrink needs to keep the finding while it makes the log small.
func (f *Finding) Keep() string {
	return KeepPrefix + f.Class.String() + "/" + Hyphenated(f.Title())
}

// Hyphenated returns a title in one word.
func Hyphenated(title string) string { return strings.ReplaceAll(title, " ", "-") }

// Body returns the finding as indented lines: the entries before it, what is recorded and what
// should be, and the entries after it.
func (f *Finding) Body() string {
	var b strings.Builder
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "  %-8s  %s\n", name, visible.Name(text))
		}
	}
	for _, s := range f.Before {
		line("before", s)
	}
	line("after", f.After)
	line(f.Side(), f.Recorded)
	line(f.OtherSide(), f.Expected)
	line("reason", f.Reason)
	for i := range f.Folded {
		w := &f.Folded[i]
		text := fmt.Sprintf("entry %d", w.Seq)
		for _, s := range []string{string(w.Host), w.Text} {
			if s != "" {
				text += "  " + s
			}
		}
		line("also", text)
	}
	if f.More > 0 {
		line("also", fmt.Sprintf("%d more", f.More))
	}
	for _, s := range f.Later {
		line("then", s)
	}
	return b.String()
}

// OtherSide returns the source of Expected: machine, log or expected.
func (f *Finding) OtherSide() string {
	switch f.Class {
	case Effect, Illegal:
		return "machine"
	case Derived:
		return "log"
	case Host, Invariant, Log, Defect, classEnd:
	}
	if f.Columns {
		return "payload"
	}
	return "expected"
}

// Side returns the source of Recorded: the log, or the columns of the entry if they contradict its
// payload.
func (f *Finding) Side() string {
	if f.Columns {
		return "entry"
	}
	return "recorded"
}

// maxFolded is how many entries are kept under a finding; the others are only counted.
const maxFolded = 20

// Folded is an entry that shows the same cause as a finding, or a consequence of it.
type Folded struct {
	Seq  uint64
	At   reducer.Time
	Host reducer.HostID
	Text string // what is wrong there, or empty if it is the same again
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

// describeEffect describes an effect, with its time if that is what differs.
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
