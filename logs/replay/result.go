package replay

import (
	"slices"

	"rollsim/reducer"
	"rollsim/trace"
)

// Result is what a replay found.
type Result struct {
	Header  *trace.Header // nil for the log of a control plane
	Machine string        // the name of the machine that stepped the records

	Entries     uint64            // without the header and the end line
	Kinds       map[string]uint64 // the number of entries of each kind
	Events      uint64            // the number of rollout events
	Transitions uint64            // recorded transitions of rollouts that the log opens
	Reproduced  uint64            // those of them that the machine makes too
	Passed      trace.Passed      // what this version does not know and skipped

	First, Last Where    // the first and the last entry that were judged
	Tail        []string // with Options.Until, the last entries up to it

	CursorKnown bool            // the log shows where the wave cursors of its rollouts stood
	Rollouts    []Summary       // in the order of opening; of those that have ended, the last 500
	MoreEnded   uint64          // how many more rollouts match Options.Only and have ended
	Policies    []ChannelPolicy // in the order of the channels
	Quarantined []Quarantined   // the closures that are quarantined at the end
	Synthesised []Synthesis     // the moves that the control plane made by itself; of many the first
	// how many further ones there are
	MoreSynthesised uint64
	Tables          *Tables // the comparison with the derived tables of a state.db; nil without tables

	Fleet *reducer.Fleet // after the last event, without rollouts that were evicted

	Findings []Finding // in log order; of each title the first 500
	Accepted []Finding // those that Options.Accepted lists, likewise
	Groups   []Group   // the number of findings of each title
	Stale    []Stale   // lines of Options.Accepted that match no finding
	Notes    []string  // what was assumed, skipped, or cannot be judged
}

// Quarantined is a closure that the log quarantines.
type Quarantined struct {
	Channel reducer.ChannelID
	Closure reducer.ClosureHash
	Seq     uint64
	At      reducer.Time
}

// Where is a place in the log.
type Where struct {
	Seq uint64
	At  reducer.Time
}

// Group counts the findings of one title.
type Group struct {
	Class    Class
	Title    string
	Count    uint64 // without those that were accepted
	Accepted uint64
}

// Tables says how the derived tables of a state.db compare with its log.
type Tables struct {
	Rollouts    int // rows of rollouts
	Differ      int // those that differ from what the log leads to
	WaveDiffer  int // those of them that differ in current_wave and in nothing else
	Unknown     int // rows of rollouts that were opened before the log begins
	Quarantines int // rows of quarantined_closures
}

// Failing reports whether there is a finding that is not accepted.
func (r *Result) Failing() bool {
	return slices.ContainsFunc(r.Groups, func(g Group) bool { return g.Count > 0 })
}

// notes are messages to the reader of a result that are not findings. The zero value is empty.
type notes struct{ list []string }

// maxNotes limits the notes, so that a log in which each entry causes one stays readable.
const maxNotes = 200

func (n *notes) add(text string) {
	if len(n.list) < maxNotes {
		n.list = append(n.list, text)
	}
}
