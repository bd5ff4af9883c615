package show

import (
	"fmt"
	"strings"

	"rollsim/internal/plural"
	"rollsim/reducer"
	"rollsim/trace"
)

// Row is an entry as the timeline shows it.
type Row struct {
	Seq     uint64
	At      reducer.Time
	Kind    string            // as the log spells it: agent_event, gate_decision …
	Name    string            // what it is of that kind: HostJoined, DispatchAck, the name of a gate …
	Rollout reducer.RolloutID // empty if it concerns none
	Channel reducer.ChannelID // empty if it is not known
	Host    reducer.HostID    // empty if it concerns none
	Wave    reducer.Opt[uint32]
	State   string // of the host, or else of the rollout, after the entry; empty if not known
	Text    string // what happened, with short ids

	// Repeats says that the entry repeats an earlier one: a gate decides the same again, or the
	// same closure is dispatched again.
	Repeats bool

	// Gap says what is missing between the entry before and this one.
	Gap Gap
}

// Gap is what a log lacks before an entry.
type Gap struct {
	From, To uint64 // the seqs that are missing; 0 if none are
}

// Missing returns how many seqs are missing.
func (g Gap) Missing() uint64 {
	if g.From == 0 {
		return 0
	}
	return g.To - g.From + 1
}

// shortRef is the number of digits to which a long ref is shortened. Options of the commands accept
// an id with that many.
const shortRef = 7

// longRef is the length above which a hexadecimal number counts as a ref.
const longRef = 12

// longHash is the length from which the part of a closure before the first hyphen counts as a hash.
const longHash = 16

// shortClosure returns the beginning of the hash of a closure, or a short name as it is.
func shortClosure(c reducer.ClosureHash) string {
	hash, _, named := strings.Cut(string(c), "-")
	if len(hash) < longHash || !named && !isHex(hash) {
		return string(c)
	}
	return hash[:shortRef]
}

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

// names shortens refs to what is unique among those that the log has shown so far.
type names struct {
	short map[string]string // by the long ref
	taken map[string]bool   // the short ones
}

func newNames() names {
	return names{short: make(map[string]string), taken: make(map[string]bool)}
}

// ref returns the short form of a ref.
func (n *names) ref(long string) string {
	if len(long) <= longRef || !isHex(long) {
		return long
	}
	if short, ok := n.short[long]; ok {
		return short
	}
	length := shortRef
	for length < len(long) && n.taken[long[:length]] {
		length++
	}
	n.short[long], n.taken[long[:length]] = long[:length], true
	return long[:length]
}

// Rollout returns the short form of the id of a rollout.
func (n *names) rollout(id reducer.RolloutID) string {
	channel, ref, is := strings.Cut(string(id), "@")
	if !is {
		return string(id)
	}
	return channel + "@" + n.ref(ref)
}

// text returns a text with the refs in it shortened.
func (n *names) text(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		end := 0
		for end < len(text) && isHex(text[end:end+1]) {
			end++
		}
		b.WriteString(n.ref(text[:end]))
		if text = text[end:]; len(text) > 0 {
			b.WriteByte(text[0])
			text = text[1:]
		}
	}
	return b.String()
}

// hostEffect says what an effect of the host machine does.
func hostEffect(h *trace.HostEffect) string {
	where := "all channels"
	if h.Channel != "" {
		where = string(h.Channel)
	}
	switch h.Effect {
	case trace.RecordTransition:
		return fmt.Sprintf("recorded %v → %v", h.From, h.To)
	case trace.RemoteRemoveQuarantine:
		return fmt.Sprintf("quarantine of closure %s on %s is lifted", shortClosure(h.Closure), where)
	case trace.RemotePauseDispatch:
		return fmt.Sprintf("an operator pauses dispatching on %s", where)
	case trace.RemoteResumeDispatch:
		return fmt.Sprintf("an operator resumes dispatching on %s", where)
	case trace.RemoteAbortRollout:
		return "an operator aborts the rollout"
	case trace.RemoteAddHost:
		return fmt.Sprintf("%s joins the fleet", h.Host)
	case trace.RemoteRemoveHost:
		return fmt.Sprintf("%s leaves the fleet", h.Host)
	}
	return fmt.Sprintf("closure %s is quarantined on %s", shortClosure(h.Closure), where)
}

// describe says what happened, in a few words. A time is in the zone, without the day of the entry.
func (n *names) describe(e *trace.Entry, zone Zone) string {
	switch {
	case e.Event != nil:
		return n.event(e.Event)
	case e.Effect != nil:
		return n.effect(e.Effect)
	case e.HostEffect != nil:
		return hostEffect(e.HostEffect)
	case e.Agent != nil:
		return agent(e.Agent)
	case e.Plan != nil && e.Plan.Action == trace.OpenRollout:
		return "planned: open with " + plural.Count(len(e.Plan.Hosts), "host")
	case e.Plan != nil:
		return fmt.Sprintf("dispatched: closure %s, soak due %s", shortClosure(e.Plan.Closure),
			zone.After(e.Plan.SoakDueAt, e.At))
	case e.Gate != nil:
		return n.text(blocked(e.Gate))
	case e.Poll != nil && e.Poll.Ref != "":
		return fmt.Sprintf("poll: %s, %s points at %s", e.Poll.Outcome, e.Poll.Channel,
			n.ref(string(e.Poll.Ref)))
	case e.Poll != nil:
		return fmt.Sprintf("poll: %s of %s", e.Poll.Outcome, e.Poll.Channel)
	case e.Fault != nil:
		return "fault: " + e.Fault.Fault
	case e.Rejection != nil:
		return n.text("refused: " + e.Rejection.Message)
	}
	return n.text(e.KindName() + " " + string(e.Raw))
}

// blocked says which gate blocks a host, and why. Some reasons repeat the name of the gate.
func blocked(g *trace.GateDecision) string {
	reason := strings.TrimPrefix(g.Reason, g.Gate+": ")
	reason = strings.TrimPrefix(reason, "channelEdges predecessor ")
	if reason == "" {
		return "blocked by " + g.Gate
	}
	return fmt.Sprintf("blocked by %s: %s", g.Gate, reason)
}

func (n *names) event(ev *reducer.Event) string {
	switch ev.Kind {
	case reducer.RolloutOpened:
		return "opened at ref " + n.ref(string(ev.TargetRef))
	case reducer.HostJoined:
		return fmt.Sprintf("joined wave %d", ev.Wave)
	case reducer.HostStateChanged:
		return fmt.Sprintf("moved %v → %v", ev.From, ev.To)
	case reducer.WaveAdvanced:
		return fmt.Sprintf("wave %d → %d", ev.FromWave, ev.ToWave)
	case reducer.RolloutTerminal:
		return "every host has converged"
	case reducer.SuccessorOpened:
		return "superseded by " + n.rollout(ev.Successor)
	case reducer.RetentionExpired:
		return "its retention has expired"
	case reducer.OperatorClearance:
		return fmt.Sprintf("cleared by %s: %s", ev.Operator, ev.Reason)
	}
	return ev.Kind.String()
}

func (n *names) effect(e *reducer.Effect) string {
	switch e.Kind {
	case reducer.RecordRolloutTransition:
		return fmt.Sprintf("rollout %v → %v", e.From, e.To)
	case reducer.UpdateCurrentWave:
		return fmt.Sprintf("wave cursor to %d", e.Wave)
	case reducer.InsertQuarantineFromRollout:
		return fmt.Sprintf("closure %s is quarantined on %s", n.text(shortClosure(e.Closure)), e.Channel)
	case reducer.SchedulePruning:
		return fmt.Sprintf("pruning after %d s", e.DelaySeconds)
	}
	return e.Kind.String()
}

// agent describes an agent event.
func agent(a *trace.AgentEvent) string {
	text := fmt.Sprintf("agent %d: %v", a.Seq, a.Kind)
	switch a.Kind {
	case reducer.DispatchAck:
		if a.Closure == "" {
			text += ", synthesised by a heartbeat"
		}
	case reducer.ActivationFailed:
		text += fmt.Sprintf(", exit code %d: %s", a.ExitCode, a.Message)
	case reducer.ActivationDeferred:
		text += " for " + a.Component
	case reducer.ActivationCompleted, reducer.ProbesPassed, reducer.RollbackComplete:
		text += ", runs " + shortClosure(a.Closure)
	case reducer.ProbeResult:
		text += " " + a.Probe + " "
		if a.Passed {
			text += "passed"
		} else {
			text += "failed: " + a.Message
		}
	case reducer.ProbesFailed:
		text += ", probe " + a.Probe
		if a.Policy != 0 {
			text += ", policy " + a.Policy.String()
		}
	case reducer.ProbeObservedFirst, reducer.ProbeFailureFirst:
		text += " " + a.Probe
	case reducer.ActivationStarted, reducer.ProbeTopologyDeclared:
	}
	return strings.TrimRight(text, ": ")
}
