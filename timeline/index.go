package timeline

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"

	"rollsim/reducer"
	"rollsim/trace"
)

// Index is a trace as states over time. Any number of cursors may read it at once.
type Index struct {
	header  *trace.Header // nil for the log of a control plane
	machine reducer.Machine
	policy  func(reducer.ChannelID) reducer.Policy
	start   reducer.Time

	blocks  []block
	count   int
	ordered bool // by seq
	inTime  bool // by time

	hosts       []reducer.HostID
	rollouts    []rolloutInfo
	names       []string
	holds       []hold
	faults      []faultName
	quarantines []trace.QuarantineConfig
	refs        []Ref

	changes     []Change
	checkpoints []checkpoint
	marks       []Mark // by N
	silent      bool   // the wave cursor moves without an entry
	waves       bool   // an entry moves a wave cursor
}

// rolloutInfo is what stays of a rollout.
type rolloutInfo struct {
	id          reducer.RolloutID
	incarnation int
	channel     reducer.ChannelID // empty if the trace does not have the opening
	ref         reducer.ChannelRef
}

// hold is a gate that holds a host, and its reason.
type hold struct{ gate, reason string }

// faultName is the name of a fault, and of the channel if it is one of a poll.
type faultName struct {
	fault   string
	channel reducer.ChannelID
}

// checkpoint is a snapshot with the number of changes that it includes.
type checkpoint struct {
	at      *Snapshot
	changes int
}

// checkpointEvery is how many changes there are between two checkpoints.
const checkpointEvery = 4096

// Len returns the number of entries, without the header and the end line.
func (x *Index) Len() int { return x.count }

// Header returns the header of a simulated trace, or nil for the log of a control plane.
func (x *Index) Header() *trace.Header { return x.header }

// Machine returns the machine that steps the records.
func (x *Index) Machine() reducer.Machine { return x.machine }

// Start returns the time at which the trace starts.
func (x *Index) Start() reducer.Time { return x.start }

// Lines returns how the entries of the trace are shown as text.
func (x *Index) Lines() trace.Lines {
	return trace.Lines{Start: x.start, Absolute: x.header == nil}
}

// Changes returns what the entries change, in order. The slice belongs to the index.
func (x *Index) Changes() []Change { return x.changes }

// Hosts returns the names of the hosts by number. The slice belongs to the index.
func (x *Index) Hosts() []reducer.HostID { return x.hosts }

// Name returns the name with a number: the closure or the refusal of a Change.
func (x *Index) Name(number int64) string { return x.names[number] }

// Gate returns the gate and the reason of a Change that is Held.
func (x *Index) Gate(number int64) (gate, reason string) {
	h := x.holds[number]
	return h.gate, h.reason
}

// Fault returns the name of the fault of a Change that is Faulted. The channel is empty unless the
// fault is one of a poll.
func (x *Index) Fault(number int64) (name string, channel reducer.ChannelID) {
	f := x.faults[number]
	return f.fault, f.channel
}

// Marks returns the violations and findings in the order of the entries. The slice belongs to the
// index.
func (x *Index) Marks() []Mark { return x.marks }

// CursorKnown reports whether the entries show where the wave cursors stand.
func (x *Index) CursorKnown() bool { return !x.silent && (x.waves || x.header != nil) }

// Unknown returns what the trace does not show, in words for a reader.
func (x *Index) Unknown() []string {
	unknown := []string{"messages that are on their way"}
	if x.header == nil {
		unknown = append(unknown, "budgets")
	}
	if !x.CursorKnown() {
		unknown = append(unknown, "the wave cursor")
	}
	return unknown
}

// AddMarks adds violations or findings. It places each at the entry with its seq.
func (x *Index) AddMarks(marks []Mark) {
	for _, m := range marks {
		if n, found := x.search(m.Seq); found {
			m.N = n
		} else {
			m.N = x.count
		}
		x.marks = append(x.marks, m)
		if m.N < x.count {
			x.row(m.N).flags |= marked
		}
	}
	slices.SortStableFunc(x.marks, func(a, b Mark) int { return a.N - b.N })
}

// MarksAt returns the marks of an entry. The last entry also has those of the end of the trace: no
// cursor goes further.
func (x *Index) MarksAt(n int) []Mark {
	from := sort.Search(len(x.marks), func(i int) bool { return x.marks[i].N >= n })
	to := from
	for to < len(x.marks) && (x.marks[to].N == n || n == x.count-1) {
		to++
	}
	return x.marks[from:to]
}

// At returns the time of an entry.
func (x *Index) At(n int) reducer.Time { return x.row(n).at }

// Seq returns the seq of an entry.
func (x *Index) Seq(n int) uint64 { return x.row(n).seq }

// Kind returns the kind of an entry.
func (x *Index) Kind(n int) trace.Kind { return x.row(n).kind }

// Subject returns the numbers of the host and of the rollout that an entry is about, or None.
func (x *Index) Subject(n int) (host, rollout uint32) {
	r := x.row(n)
	return r.host, r.rollout
}

// Flags returns what an entry is, as a sum: 1 if it changes the state of a rollout or of a host, 2
// if the machine refuses it, 4 if it has a mark, 8 if a host or a rollout fails or is reverted.
func (x *Index) Flags(n int) int { return int(x.row(n).flags) }

// Entry returns a copy of an entry. It panics if the trace has no entry n.
func (x *Index) Entry(n int) (*trace.Entry, error) {
	entries, err := x.blocks[n/blockRows].read()
	if err != nil {
		return nil, err
	}
	return &entries[n%blockRows], nil
}

// Read calls do with each entry in order, until it returns an error.
func (x *Index) Read(do func(n int, e *trace.Entry) error) error {
	n := 0
	for i := range x.blocks {
		entries, err := x.blocks[i].read()
		if err != nil {
			return err
		}
		for j := range entries {
			if err := do(n, &entries[j]); err != nil {
				return err
			}
			n++
		}
	}
	return nil
}

// search returns the first entry with a seq; false if none exists.
func (x *Index) search(seq uint64) (int, bool) {
	if x.ordered {
		n := sort.Search(x.count, func(n int) bool { return x.row(n).seq >= seq })
		return n, n < x.count && x.row(n).seq == seq
	}
	for n := range x.count {
		if x.row(n).seq == seq {
			return n, true
		}
	}
	return 0, false
}

// after returns how many entries are before the first one that is later than a time. If times step
// back, it is the first one after which no entry is as early.
func (x *Index) after(at reducer.Time) int {
	if x.inTime {
		return sort.Search(x.count, func(n int) bool { return x.row(n).at > at })
	}
	for n := x.count; n > 0; n-- {
		if x.row(n-1).at <= at {
			return n
		}
	}
	return 0
}

func (x *Index) row(n int) *row { return &x.blocks[n/blockRows].rows[n%blockRows] }

// Build reads a trace to its end. The error is that of the source, or the *reducer.MachineFailure
// of a machine that returns no answer.
func Build(src trace.Source, opt Options) (*Index, error) {
	b := NewBuilder(opt)
	for {
		e, err := src.Read()
		if errors.Is(err, io.EOF) {
			return b.Index()
		}
		if err != nil {
			return nil, err
		}
		if err := b.Write(e); err != nil {
			return nil, err
		}
	}
}

// errEmpty reports a trace without entries.
var errEmpty = fmt.Errorf("expected a trace with entries, found none")

// WriteNDJSON writes the whole trace again, with its header and its end line if it has them.
func (x *Index) WriteNDJSON(to io.Writer) error {
	w := trace.NewWriter(to)
	if x.header != nil {
		e := trace.Entry{At: x.start, Kind: trace.KindHeader, Header: x.header}
		if err := w.Write(&e); err != nil {
			return err
		}
	}
	if err := x.Read(func(_ int, e *trace.Entry) error { return w.Write(e) }); err != nil {
		return err
	}
	return w.Close()
}
