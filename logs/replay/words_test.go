package replay

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// inWords returns the log of a control plane that a text describes. A line is an entry or several.
// A line such as +15 moves the time of the next ones by so many seconds:
//
//	poll edge a1                      the channel points at the ref
//	open edge@a1                      RolloutOpened
//	plan edge@a1 e1 e2                OpenRollout
//	join edge@a1 e1 0                 HostJoined, in that wave
//	supersede edge@a1 edge@b2         SuccessorOpened
//	to edge@a1 Opening Active         RecordRolloutTransition
//	wave edge@a1 0 1                  WaveAdvanced
//	terminal edge@a1                  RolloutTerminal
//	expire edge@a1                    RetentionExpired
//	clear edge@a1                     OperatorClearance
//	gate edge@a1 e1 host-edge WHY     a gate decision
//	dispatch edge@a1 e1 c1            QueueDispatch of a closure
//	e1 does edge@a1 DispatchAck WHY   an agent event with a message, its effect and its move
//	e1 says edge@a1 DispatchAck WHY   the agent event alone
//	effect edge@a1 e1 Pending Activating
//	move edge@a1 e1 Pending Activating
//	quarantine edge c1
//
// A line that ends with a word in brackets, such as [seq 7], has another agent seq or entry seq
// than the next one: [entry 9].
func inWords(t testing.TB, text string) []byte {
	t.Helper()
	w := &words{
		t:      t,
		now:    start,
		seqs:   make(map[string]uint64),
		states: make(map[string]reducer.HostState),
	}
	w.to = trace.NewWriter(&w.text)
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			w.line(line)
		}
	}
	if err := w.to.Close(); err != nil {
		t.Fatal(err)
	}
	return w.text.Bytes()
}

type words struct {
	t      testing.TB
	text   bytes.Buffer
	to     *trace.Writer
	seq    uint64
	now    reducer.Time
	seqs   map[string]uint64            // of agents' events, by rollout and host
	states map[string]reducer.HostState // by rollout and host
}

// line writes the entries of a line.
func (w *words) line(line string) {
	line, special, _ := strings.Cut(line, " [")
	var agentSeq uint64
	if special != "" {
		var what string
		var n uint64
		if _, err := fmt.Sscanf(special, "%s %d]", &what, &n); err != nil {
			w.t.Fatalf("%s: %v", line, err)
		}
		if what == "seq" {
			agentSeq = n
		} else {
			w.seq = n - 1
		}
	}
	f := append(strings.Fields(line), "", "", "", "", "")
	id, h := reducer.RolloutID(f[1]), reducer.HostID(f[2])
	if w.rolloutLine(id, f) || w.hostLine(id, h, f) {
		return
	}
	if seconds, ok := strings.CutPrefix(f[0], "+"); ok {
		w.now += reducer.Time(w.number(seconds)) * second
		return
	}
	w.agent(f[0], f[1], f[2], f[3], rest(f), agentSeq)
}

// rest is what follows the first four words of a line.
func rest(f []string) string { return strings.TrimSpace(strings.Join(f[4:], " ")) }

// rolloutLine writes the entry of a line about a channel or rollout. It reports false for any other
// line.
func (w *words) rolloutLine(id reducer.RolloutID, f []string) bool {
	channel, ref, _ := strings.Cut(string(id), "@")
	switch f[0] {
	case "poll":
		w.log(trace.Entry{Kind: trace.KindManifestPoll, Poll: &trace.ManifestPoll{
			Channel: reducer.ChannelID(f[1]), Outcome: "200", Ref: reducer.ChannelRef(f[2]),
		}})
	case "open":
		w.event(reducer.Event{
			Kind: reducer.RolloutOpened, Rollout: id,
			Channel: reducer.ChannelID(channel), TargetRef: reducer.ChannelRef(ref),
		})
	case "plan":
		var hosts []reducer.HostID
		for _, h := range strings.Fields(strings.Join(f[2:], " ")) {
			hosts = append(hosts, reducer.HostID(h))
		}
		w.log(trace.Entry{Kind: trace.KindPlanAction, Rollout: id, Plan: &trace.PlanAction{
			Action: trace.OpenRollout, Rollout: id, Channel: reducer.ChannelID(channel),
			TargetRef: reducer.ChannelRef(ref), Hosts: hosts,
		}})
	case "supersede":
		w.event(reducer.Event{
			Kind: reducer.SuccessorOpened, Rollout: id, Successor: reducer.RolloutID(f[2]),
		})
	case "to":
		from, _ := reducer.ParseState(f[2])
		to, _ := reducer.ParseState(f[3])
		w.log(trace.Entry{Kind: trace.KindEffect, Rollout: id, Effect: &reducer.Effect{
			Kind: reducer.RecordRolloutTransition, Rollout: id, From: from, To: to, At: w.now,
		}})
	case "wave":
		w.event(reducer.Event{
			Kind: reducer.WaveAdvanced, Rollout: id, FromWave: w.number(f[2]), ToWave: w.number(f[3]),
		})
	case "terminal":
		w.event(reducer.Event{Kind: reducer.RolloutTerminal, Rollout: id})
	case "clear":
		w.event(reducer.Event{
			Kind: reducer.OperatorClearance, Rollout: id, Operator: "alice", Reason: "known",
		})
	case "expire":
		w.event(reducer.Event{Kind: reducer.RetentionExpired, Rollout: id})
	default:
		return false
	}
	return true
}

// hostLine writes the entry of a line about a host or a closure. It reports false for any other
// line.
func (w *words) hostLine(id reducer.RolloutID, h reducer.HostID, f []string) bool {
	switch f[0] {
	case "join":
		w.event(reducer.Event{
			Kind: reducer.HostJoined, Rollout: id, Host: h, Wave: w.number(f[3]),
		})
	case "gate":
		w.log(trace.Entry{
			Kind: trace.KindGateDecision, Host: h, Rollout: id,
			Gate: &trace.GateDecision{Gate: f[3], Reason: rest(f), Host: h, Rollout: id},
		})
	case "dispatch":
		w.log(trace.Entry{
			Kind: trace.KindPlanAction, Host: h, Rollout: id,
			Plan: &trace.PlanAction{
				Action: trace.QueueDispatch, Host: h, Rollout: id, Closure: reducer.ClosureHash(f[3]),
				SoakDueAt: w.now + 600*second, Attempt: 1,
			},
		})
	case "effect":
		w.effect(id, h, w.state(f[3]), w.state(f[4]))
	case "move":
		w.move(id, h, w.state(f[3]), w.state(f[4]))
	case "quarantine":
		w.log(trace.Entry{Kind: trace.KindEffect, HostEffect: &trace.HostEffect{
			Effect: trace.RemoteInsertQuarantine, Channel: reducer.ChannelID(f[1]),
			Closure: reducer.ClosureHash(f[2]),
		}})
	default:
		return false
	}
	return true
}

func (w *words) number(s string) uint32 {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		w.t.Fatal(err)
	}
	return uint32(n)
}

func (w *words) state(s string) reducer.HostState {
	state, ok := reducer.ParseHostState(s)
	if !ok {
		w.t.Fatalf("no state of a host: %q", s)
	}
	return state
}

func (w *words) log(e trace.Entry) {
	w.seq++
	e.Seq, e.At = w.seq, w.now
	if err := w.to.Write(&e); err != nil {
		w.t.Fatal(err)
	}
}

func (w *words) event(ev reducer.Event) {
	ev.At = w.now
	w.log(trace.Entry{Kind: trace.KindRolloutEvent, Rollout: ev.Rollout, Event: &ev})
}

func (w *words) effect(id reducer.RolloutID, h reducer.HostID, from, to reducer.HostState) {
	w.log(trace.Entry{Kind: trace.KindEffect, Host: h, Rollout: id, HostEffect: &trace.HostEffect{
		Effect: trace.RecordTransition, Host: h, Rollout: id, From: from, To: to, At: w.now,
	}})
}

func (w *words) move(id reducer.RolloutID, h reducer.HostID, from, to reducer.HostState) {
	w.event(reducer.Event{Kind: reducer.HostStateChanged, Rollout: id, Host: h, From: from, To: to})
}

func (w *words) agent(host, verb, rollout, kind, says string, seq uint64) {
	id, h, key := reducer.RolloutID(rollout), reducer.HostID(host), rollout+" "+host
	agentKind, ok := reducer.ParseAgentEventKind(kind)
	if !ok {
		w.t.Fatalf("no kind of agent event: %q", kind)
	}
	if seq == 0 {
		seq = w.seqs[key] + 1
	}
	w.seqs[key] = seq
	a := &trace.AgentEvent{Kind: agentKind, Seq: seq, At: w.now, Closure: "c1"}
	if agentKind == reducer.ProbesFailed {
		a.Probe, a.Policy = "http", reducer.RollbackAndHalt
	}
	if agentKind == reducer.ActivationDeferred {
		a.Component = says
	} else {
		a.Message = says
	}
	w.log(trace.Entry{Kind: trace.KindAgentEvent, Host: h, Rollout: id, Agent: a})
	from := w.states[key]
	if from == 0 {
		from = reducer.HostPending
	}
	to, err := reducer.StepHost(from, agentKind, reducer.RollbackAndHalt)
	if !agentKind.Moves() || err != nil {
		return
	}
	w.states[key] = to
	if verb == "does" {
		w.effect(id, h, from, to)
		w.move(id, h, from, to)
	}
}
