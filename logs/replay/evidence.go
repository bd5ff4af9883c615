package replay

import (
	"fmt"
	"time"

	"rollsim/reducer"
)

// evidence counts what the log holds. Logs differ in what their control plane records, and some
// are parts of a longer one: a finding counts only in a log that has the evidence for it, which is
// known at the end.
type evidence struct {
	document    bool   // the log is the export of single rollouts
	named       bool   // a header names the shipped control plane, whose defects may be fixed
	rollouts    int    // rollout ids
	unbound     uint64 // entries that belong to no rollout
	trimmed     bool   // the log does not begin with entry 1
	agents      uint64 // agent events that move a host
	hostEffects uint64 // effects of the host machine
	moves       uint64 // HostStateChanged
	waves       uint64 // WaveAdvanced
	polls       uint64 // polls of channels
	plans       uint64 // dispatches
	silent      uint64 // rollouts whose cursor has moved without a WaveAdvanced
	targetAcks  uint64 // acknowledgements of the closure that was dispatched
	otherAcks   uint64 // those of another one
	manyWaves   bool   // there are hosts in later waves than the first
	rejoined    uint64 // HostJoined of hosts that had joined
	firstRejoin uint64 // the seq of the first of them
	lateEffects uint64 // effects of the host machine that follow the move which they record

	fromOpening, fromDispatch uint64 // dispatches whose soak counts from the opening, or from them

	otherRefs uint64 // rows of a run of the planner that follow a row of it about another ref

	times, otherTimes uint64 // entries with a time in the payload; those where it differs from ts
	ids, otherIDs     uint64 // rollouts opened; those whose id is not their channel and ref
}

// shipped reports whether the log may be that of the shipped control plane, which records no polls
// moves its wave cursors without a WaveAdvanced, and whose acknowledgements name the closure that
// was dispatched.
func (v *evidence) shipped() bool {
	return v.named || v.polls == 0 && !v.showsCursor() && v.otherAcks <= v.targetAcks
}

// showsCursor reports whether the log has a WaveAdvanced for each move of a wave cursor.
func (v *evidence) showsCursor() bool { return v.waves > 0 && v.silent == 0 }

// refsDiffer reports whether each channel has a ref of its own. The planner of one release for all
// channels sees two refs in the same moment only where two of its runs coincide.
func (v *evidence) refsDiffer() bool { return v.otherRefs > 3 }

// soak records the soak of a first dispatch, since the opening and since the dispatch. Soaks are
// declared in minutes.
func (v *evidence) soak(sinceOpening, sinceDispatch reducer.Time) {
	whole := func(t reducer.Time) bool {
		const minute, near = reducer.Time(time.Minute), reducer.Time(time.Millisecond)
		rest := (t%minute + minute) % minute
		return rest < near || rest > minute-near
	}
	switch {
	case whole(sinceOpening):
		v.fromOpening++
	case whole(sinceDispatch):
		v.fromDispatch++
	}
}

// soaksFromDispatch reports whether the control plane is one in which late-wave-soak is fixed.
func (v *evidence) soaksFromDispatch() bool { return v.fromDispatch > v.fromOpening }

// condition is what must hold of the whole log for a finding to count.
type condition uint8

const (
	ifWhole   condition = 1 + iota // the log is not the log of single rollouts
	ifAgents                       // it has agent events
	ifEffects                      // it has effects of the host machine
	ifMoves                        // it has moves of hosts
	ifTimes                        // as a rule, its entries have the times of their payloads
	ifIDs                          // at least one rollout is named by channel and ref
	ifPlans                        // it has dispatches
	ifShipped                      // it may be that of the shipped control plane
	ifSilent                       // wave cursors move without a WaveAdvanced
	ifInOrder                      // as a rule, effects of the host machine precede the moves
)

// conditional are the titles whose findings count only under conditions.
var conditional = map[title][]condition{
	{Log, Missing, "entry"}:           {ifWhole},
	{Log, Missing, "RolloutOpened"}:   {ifWhole},
	{Illegal, Refused, "successor"}:   {ifWhole},
	{Invariant, Violated, "stranded"}: {ifWhole},
	{Host, Missing, "quarantine"}:     {ifWhole, ifEffects},
	{Host, Missing, "host effect"}:    {ifEffects},
	{Host, Missing, "host move"}:      {ifMoves},
	{Host, Missing, "dispatch"}:       {ifPlans},
	{Host, Different, "dispatch"}:     {ifShipped},
	{Host, Different, "agent event"}:  {ifShipped},
	{Host, Different, "probe"}:        {ifShipped},
	{Host, Extra, "host move"}:        {ifAgents},
	{Host, Extra, "host effect"}:      {ifAgents},
	{Host, Extra, "quarantine"}:       {ifAgents},
	{Host, Misplaced, "host effect"}:  {ifInOrder},
	{Log, Different, "time"}:          {ifTimes},
	{Illegal, Extra, "WaveAdvanced"}:  {ifSilent},
	{Log, Different, "rollout id"}:    {ifIDs},
}

// ruleFactor is how many entries must follow a rule for each exception from it.
const ruleFactor = 20

// single reports whether this is the log of single rollouts, cut out of a longer one.
func (v *evidence) single() bool {
	return v.document || v.rollouts <= 1 && v.unbound == 0
}

// supports reports whether findings of a title count, as far as the log was read.
func (v *evidence) supports(t title) bool {
	for _, c := range conditional[t] {
		if !v.holds(c) {
			return false
		}
	}
	return true
}

// holds reports whether a condition holds of the log so far.
func (v *evidence) holds(c condition) bool {
	switch c {
	case ifWhole:
		return !v.single()
	case ifAgents:
		return v.agents > 0
	case ifEffects:
		return v.hostEffects > 0
	case ifMoves:
		return v.moves > 0
	case ifTimes:
		return v.otherTimes <= 1 || v.otherTimes*ruleFactor <= v.times
	case ifIDs:
		return v.otherIDs != v.ids
	case ifPlans:
		return v.plans > 0
	case ifShipped:
		return v.shipped()
	case ifSilent:
		return v.silent > 0
	case ifInOrder:
		return v.lateEffects*ruleFactor <= v.hostEffects
	}
	return true
}

// note returns why findings of a title do not count, and how many they are. It returns "" if they
// count or if another note says why they do not.
func (v *evidence) note(t title, text string, count uint64) string {
	for _, c := range conditional[t] {
		if v.holds(c) {
			continue
		}
		switch c {
		case ifAgents:
			return fmt.Sprintf("the log has no agent events: moves without one are not judged (%s: "+
				"%d)", text, count)
		case ifEffects:
			return fmt.Sprintf("the log has no effects of the host machine: missing ones are not judged "+
				"(%s: %d)", text, count)
		case ifMoves:
			return fmt.Sprintf("the log has no HostStateChanged: missing ones are not judged (%s: %d)",
				text, count)
		case ifTimes:
			return fmt.Sprintf("the times of entries and of their payloads often differ: they are not "+
				"compared (%d of %d)", v.otherTimes, v.times)
		case ifIDs:
			return "the ids of rollouts are not their channels and refs: they are not compared"
		case ifWhole, ifPlans, ifShipped, ifSilent, ifInOrder:
		}
		return ""
	}
	return ""
}
