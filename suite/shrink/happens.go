package shrink

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/story"
	"rollsim/trace"
)

// timeline writes what happens, in the order in which it does. It returns why it cannot.
func (w *author) timeline(sc *sim.Scenario, trail []trace.Entry) string {
	before := time.Duration(0)
	for i, l := range inOrder(sc, trail) {
		a := l.action
		sentence, table, why := sentenceOf(a)
		if why != "" {
			return why
		}
		h := happens{table: table}
		if a.SetRef != nil {
			h.channel, h.ref = a.SetRef.Channel, a.SetRef.Ref
		}
		var clauses []string
		switch {
		case a.When != nil:
			clauses = []string{momentClause(a)}
		case i == 0 && a.At == 0 && a.Fault == nil:
			clauses = []string{""}
		case i == 0 && a.At == 0:
			clauses = []string{" at once"} // without it the sentence waits for what settles first
		case i == 0:
			clauses = []string{"", fmt.Sprintf(" %s after the start", story.InWords(a.At))}
		default:
			clauses = append([]string{""}, clausesAt(sc.Start, trail, l.at, before)...)
		}
		for _, said := range sentencesOf(a, sentence, sc.Start, trail) {
			for _, clause := range clauses {
				h.ways = append(h.ways, way{said, clause})
			}
		}
		if l.happens {
			before = l.at
		}
		w.happens = append(w.happens, h)
	}
	if len(w.happens) == 0 {
		return "nothing happens in it"
	}
	return ""
}

// timed is a line of the timeline with the moment at which it happens.
type timed struct {
	action  *sim.Action
	happens bool
	at      time.Duration
	after   int // the index of the entry after which it happens; -1 for a time
}

// inOrder returns the lines of a timeline in the order in which they happen, because that is how
// sentences follow each other. A line whose moment is unknown stays behind the one before.
func inOrder(sc *sim.Scenario, trail []trace.Entry) []timed {
	lines := make([]timed, len(sc.Timeline))
	for i := range sc.Timeline {
		a := &sc.Timeline[i]
		l := &lines[i]
		l.action, l.at, l.after, l.happens = a, a.At, -1, true
		if a.When == nil {
			if id := struck(a, sc.Start, trail); id != "" { // the sentence follows the opening
				if moves, ok := opens(sc, id); ok && moves > a.At {
					l.at, l.after = moves, 0
				}
			}
			continue
		}
		n := slices.IndexFunc(trail, func(e trace.Entry) bool { return isMoment(a.When, &e) })
		if l.happens = n >= 0; l.happens {
			l.at, l.after = time.Duration(trail[n].At-sc.Start)+a.At, n
		} else if i > 0 {
			l.at, l.after = lines[i-1].at, lines[i-1].after
		}
	}
	slices.SortStableFunc(lines, func(a, b timed) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.after, b.after))
	})
	return lines
}

// isMoment reports whether a moment in the life of a rollout or a host is that of an entry.
func isMoment(m *sim.Moment, e *trace.Entry) bool {
	switch {
	case e.Rollout != m.Rollout || m.Wave.Set:
		return false
	case m.HostState == reducer.HostPending:
		return e.Event != nil && e.Event.Kind == reducer.HostJoined && e.Event.Host == m.Host
	case m.HostState != 0:
		return e.Event != nil && e.Event.Kind == reducer.HostStateChanged &&
			e.Event.Host == m.Host && e.Event.To == m.HostState
	case m.State == reducer.Opening || m.State == 0:
		return e.Event != nil && e.Event.Kind == reducer.RolloutOpened
	}
	return e.Effect != nil && e.Effect.Kind == reducer.RecordRolloutTransition &&
		e.Effect.To == m.State
}

// messageFaults are the faults of one message.
var messageFaults = []sim.FaultKind{
	sim.MessageDelayed, sim.MessageDuplicated, sim.MessageReordered, sim.MessageDropped,
}

// sentencesOf returns the ways to say a line. The next message of a host is what it sends in one
// instant, unless the sentence names its rollout.
func sentencesOf(
	a *sim.Action, sentence string, start reducer.Time, trail []trace.Entry,
) []string {
	all := []string{sentence}
	if a.Fault == nil || a.Fault.Rollout != "" {
		return all
	}
	if id := struck(a, start, trail); id != "" {
		f := *a.Fault
		f.Rollout = id
		all = append(all, messageSentence(&f))
	}
	return all
}

// struck returns the rollout of the message that a fault happens to, or "".
func struck(a *sim.Action, start reducer.Time, trail []trace.Entry) reducer.RolloutID {
	if a.Fault == nil || !slices.Contains(messageFaults, a.Fault.Kind) {
		return ""
	}
	for i := range trail {
		e := &trail[i]
		if e.Fault != nil && e.Fault.Fault == a.Fault.Kind.String() && e.Host == a.Fault.Host &&
			time.Duration(e.At-start) >= a.At {
			return e.Rollout
		}
	}
	return ""
}

// opens returns the time of the first move of a channel to the ref of a rollout.
func opens(sc *sim.Scenario, id reducer.RolloutID) (time.Duration, bool) {
	for i := range sc.Timeline {
		a := &sc.Timeline[i]
		if r := a.SetRef; a.When == nil && r != nil && reducer.NewRolloutID(r.Channel, r.Ref) == id {
			return a.At, true
		}
	}
	return 0, false
}

// clausesAt returns the ways to say when a line happens: at once, at a moment in the life of a host
// or a rollout, or some time later.
func clausesAt(start reducer.Time, trail []trace.Entry, at, before time.Duration) []string {
	var all []string
	if at == before {
		all = append(all, " at once")
	}
	hosts := make(map[string]string)
	var order []string
	note := func(what, state string) {
		if _, known := hosts[what]; !known {
			order = append(order, what)
		}
		hosts[what] = state
	}
	for i := range trail {
		e := &trail[i]
		if time.Duration(e.At-start) > at {
			break
		}
		switch {
		case e.Event != nil && e.Event.Kind == reducer.HostStateChanged:
			note(fmt.Sprintf("host %q", e.Event.Host),
				fmt.Sprintf(" while host %q is %s", e.Event.Host, lower(e.Event.To.String())))
		case e.Effect != nil && e.Effect.Kind == reducer.RecordRolloutTransition:
			note(string(e.Rollout), fmt.Sprintf(" once %q is %v", e.Rollout, e.Effect.To))
		}
	}
	for _, what := range order {
		all = append(all, hosts[what])
	}
	if at > before {
		all = append(all, fmt.Sprintf(" %s later", story.InWords(at-before)))
	}
	return append(all, fmt.Sprintf(" %s after the start", story.InWords(at)))
}

func lower(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// momentClause writes the moment of a line.
func momentClause(a *sim.Action) string {
	m := a.When
	what := fmt.Sprintf("%q is opening", m.Rollout)
	switch {
	case m.Host != "" && m.HostState != 0:
		what = fmt.Sprintf("host %q under %q is %s", m.Host, m.Rollout, lower(m.HostState.String()))
	case m.Wave.Set && m.HostState != 0:
		what = fmt.Sprintf("wave %d of %q is %s", m.Wave.Value, m.Rollout, lower(m.HostState.String()))
	case m.State != 0:
		what = fmt.Sprintf("%q is %v", m.Rollout, m.State)
	}
	if a.At > 0 {
		return fmt.Sprintf(" %s after %s", story.InWords(a.At), what)
	}
	return " once " + what
}

// sentenceOf writes a line of the timeline without its time, with the table that follows it. It
// returns why it cannot.
func sentenceOf(a *sim.Action) (sentence, table, why string) {
	switch {
	case a.SetRef != nil:
		return fmt.Sprintf("%q moves to ref %q", a.SetRef.Channel, a.SetRef.Ref), "", ""
	case a.Release != nil:
		return fmt.Sprintf("all channels move to ref %q", a.Release.Ref), "", ""
	case a.Lift != nil:
		return fmt.Sprintf(
			"the operator lifts the quarantine of ref %q on channel %q", a.Lift.Closure, a.Lift.Channel,
		), "", ""
	case a.Order != nil:
		return orderSentence(a.Order), "", ""
	case a.Fault != nil:
		sentence, why = faultSentence(a.Fault)
		return sentence, "", why
	case a.KeepAt:
		return "", "", "no sentence sets the time in an event"
	}
	ev := a.Event
	misrouted := a.Reaches != "" && a.Reaches != ev.Rollout
	switch ev.Kind {
	case reducer.RetentionExpired, reducer.RolloutTerminal, reducer.OperatorClearance:
		if misrouted {
			return fmt.Sprintf("%v of %q reaches the record of %q", ev.Kind, ev.Rollout, a.Reaches), "", ""
		}
	case reducer.RolloutOpened, reducer.HostJoined, reducer.HostStateChanged, reducer.WaveAdvanced,
		reducer.SuccessorOpened:
		return "these events happen", eventTable(a), ""
	}
	if ev.Kind == reducer.OperatorClearance {
		return fmt.Sprintf("the operator clears %q", ev.Rollout), "", ""
	}
	return fmt.Sprintf("%v happens to %q", ev.Kind, ev.Rollout), "", ""
}

func eventTable(a *sim.Action) string {
	ev := a.Event
	columns := [][2]string{{"event", ev.Kind.String()}, {"rollout", string(ev.Rollout)}}
	add := func(name, value string) { columns = append(columns, [2]string{name, value}) }
	switch ev.Kind {
	case reducer.RolloutOpened:
		add("channel", string(ev.Channel))
		add("ref", string(ev.TargetRef))
	case reducer.HostJoined:
		add("host", string(ev.Host))
		add("wave", fmt.Sprint(ev.Wave))
	case reducer.HostStateChanged:
		add("host", string(ev.Host))
		add("from", ev.From.String())
		add("to", ev.To.String())
	case reducer.WaveAdvanced:
		add("from", fmt.Sprint(ev.FromWave))
		add("to", fmt.Sprint(ev.ToWave))
	case reducer.SuccessorOpened:
		add("successor", string(ev.Successor))
	case reducer.RolloutTerminal, reducer.RetentionExpired, reducer.OperatorClearance:
	}
	if a.Reaches != "" && a.Reaches != ev.Rollout {
		add("reaches", string(a.Reaches))
	}
	heads, values := "|", "|"
	for _, c := range columns {
		heads += " " + c[0] + " |"
		values += " " + c[1] + " |"
	}
	return heads + "\n" + values
}

func orderSentence(o *sim.Order) string {
	on := ""
	if o.Channel != "" {
		on = fmt.Sprintf(" on channel %q", o.Channel)
	}
	switch o.Kind {
	case controlplane.PauseDispatch:
		return "the operator pauses dispatching" + on
	case controlplane.ResumeDispatch:
		return "the operator resumes dispatching" + on
	case controlplane.QuarantineByHand:
		return fmt.Sprintf(
			"the operator quarantines ref %q on channel %q", o.Entry.Closure, o.Entry.Channel,
		)
	case controlplane.AbortRollout:
		return fmt.Sprintf("the operator aborts %q", o.Rollout)
	case controlplane.AddHost:
		return fmt.Sprintf("host %q joins the fleet", o.Host)
	case controlplane.RemoveHost:
		return fmt.Sprintf("host %q leaves the fleet", o.Host)
	}
	return ""
}

// faultSentence writes a fault. It returns why it cannot.
func faultSentence(f *sim.FaultNow) (sentence, why string) {
	lasts := story.InWords(f.For)
	switch f.Kind {
	case sim.MessageDelayed, sim.MessageDuplicated, sim.MessageReordered, sim.MessageDropped:
		if f.Seq > 0 {
			return "", "no sentence names a message by its number"
		}
		return messageSentence(f), ""
	case sim.HostOffline:
		return fmt.Sprintf("host %q goes silent for %s", f.Host, lasts), ""
	case sim.HostLost:
		return fmt.Sprintf("host %q is lost for good", f.Host), ""
	case sim.AgentRestart:
		return fmt.Sprintf("the agent of host %q restarts%s", f.Host, unlessZero(" taking ", f)), ""
	case sim.ControlPlaneCrash:
		return "the control plane crashes for " + lasts, ""
	case sim.PollFailed, sim.PollStale:
		return pollSentence(f), ""
	case sim.ClockSkew:
		if f.For < 0 {
			return fmt.Sprintf("the clock of host %q is %s behind", f.Host, story.InWords(-f.For)), ""
		}
		return fmt.Sprintf("the clock of host %q is %s ahead", f.Host, lasts), ""
	case sim.DatabaseError:
		return fmt.Sprintf("the database fails at the next %s of host %q", messageOf(f), f.Host), ""
	case sim.LogInsertFailed:
		return fmt.Sprintf("the log loses a row of the next %s of host %q", messageOf(f), f.Host), ""
	case sim.TornOpeningCrash:
		return fmt.Sprintf("the control plane crashes after %s of the next opening%s",
			counted(f.Joined, "host"), unlessZero(" for ", f)), ""
	}
	return "", fmt.Sprintf("no sentence says %v", f.Kind)
}

// unlessZero returns the length of a fault after some words, or "" if it has none.
func unlessZero(words string, f *sim.FaultNow) string {
	if f.For == 0 {
		return ""
	}
	return words + story.InWords(f.For)
}

func messageOf(f *sim.FaultNow) string {
	if f.Message != 0 {
		return f.Message.String()
	}
	return "message"
}

func messageSentence(f *sim.FaultNow) string {
	under, how := "", "lost"
	if f.Rollout != "" {
		under = fmt.Sprintf(" under %q", f.Rollout)
	}
	switch f.Kind {
	case sim.MessageDelayed:
		how = "late by " + story.InWords(f.For)
	case sim.MessageDuplicated:
		how = "doubled" + unlessZero(" after ", f)
	case sim.MessageReordered:
		how = "overtaken"
	case sim.MessageDropped, sim.HostOffline, sim.HostLost, sim.AgentRestart, sim.ControlPlaneCrash,
		sim.PollFailed, sim.PollStale, sim.ClockSkew, sim.DatabaseError, sim.LogInsertFailed,
		sim.TornOpeningCrash:
	}
	return fmt.Sprintf("the next %s of host %q%s is %s", messageOf(f), f.Host, under, how)
}

func pollSentence(f *sim.FaultNow) string {
	one, many := "fails", "fail"
	if f.Kind == sim.PollStale {
		one, many = "is stale", "are stale"
	}
	if f.Channel == "" {
		return fmt.Sprintf("polls %s for 1 second", many)
	}
	return fmt.Sprintf("the next poll of channel %q %s", f.Channel, one)
}

// happened lists the kinds of faults and fates of a scenario, as a clause of a title.
func happened(sc *sim.Scenario) string {
	var all []string
	add := func(text string) {
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	for i := range sc.Fates {
		add(fateClauses[sc.Fates[i].Kind])
	}
	for i := range sc.Timeline {
		if f := sc.Timeline[i].Fault; f != nil {
			add(faultClauses[f.Kind])
		}
	}
	if len(all) == 0 || len(all) > 2 {
		return ""
	}
	return conjoined(all)
}

var fateClauses = map[sim.FateKind]string{
	sim.FailsActivation: "a host fails its activation", sim.FailsProbes: "a host fails its probes",
	sim.Defers: "a host waits for a reboot", sim.NeverAnswers: "a host never answers",
	sim.NeverRollsBack: "a rollback never completes", sim.ConvergesAnyway: "a host converges",
	sim.FailsControl: "a compliance control fails",
}

var faultClauses = map[sim.FaultKind]string{
	sim.MessageDelayed: "a message is late", sim.MessageDuplicated: "a message arrives twice",
	sim.MessageReordered: "messages overtake each other", sim.MessageDropped: "a message is lost",
	sim.HostOffline: "a host is silent", sim.HostLost: "a host is lost",
	sim.AgentRestart: "an agent restarts", sim.ControlPlaneCrash: "the control plane crashes",
	sim.PollFailed: "a poll fails", sim.PollStale: "a poll is stale",
	sim.ClockSkew: "a clock is wrong", sim.DatabaseError: "a statement of the database fails",
	sim.LogInsertFailed:  "a row of the log is lost",
	sim.TornOpeningCrash: "the control plane crashes during an opening",
}
