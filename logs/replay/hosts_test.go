package replay

import (
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// auditFixture is a hostAuditor with a rollout that host e1 has joined.
type auditFixture struct {
	*fixture
	audit    hostAuditor
	policies policies
	roster   roster
	ledger   quarantineLedger
	rollout  *rollout
	recorded int // calls of hostAuditor.recorded
}

func newAuditFixture(t *testing.T) *auditFixture {
	a := &auditFixture{fixture: newFixture(t)}
	a.policies = newPolicies(&a.notes)
	a.policies.set(nil, map[reducer.ChannelID]reducer.Policy{
		"edge": {OnHealthFailure: reducer.RollbackAndHalt},
	})
	a.roster = roster{hosts: make(map[reducer.HostID]*host), left: func(*rollout) {}}
	a.ledger = quarantineLedger{findings: &a.findings}
	a.audit = hostAuditor{
		cursor: &a.cursor, evidence: &a.evidence, findings: &a.findings,
		context: &a.context, policies: &a.policies, roster: &a.roster, quarantines: &a.ledger,
		recorded: func(*rollout) { a.recorded++ }, fleet: a.rollouts.fleet,
		defects: &defectFinder{
			cursor: &a.cursor, evidence: &a.evidence, findings: &a.findings, roster: &a.roster,
		},
	}
	a.rollout = a.open("edge@a1", "e1")
	return a
}

// log reads entries about e1, such as "agent DispatchAck", "effect Pending Activating" and
// "move Pending Activating". An agent event has the next seq unless it has a number.
func (a *auditFixture) log(lines ...string) {
	a.t.Helper()
	r, m := a.rollout, &a.rollout.members[0]
	for _, line := range lines {
		w := strings.Fields(line)
		state := func(i int) reducer.HostState {
			s, ok := reducer.ParseHostState(w[i])
			if !ok {
				a.t.Fatal(line)
			}
			return s
		}
		switch w[0] {
		case "agent":
			kind, _ := reducer.ParseAgentEventKind(w[1])
			seq := m.seq + 1
			if len(w) > 2 {
				seq = uint64(w[2][0] - '0')
			}
			a.audit.agentEvent(a.read(trace.Entry{
				Host: "e1", Agent: &trace.AgentEvent{Kind: kind, Seq: seq},
			}), r, 0)
		case "effect":
			a.audit.effect(a.read(trace.Entry{Host: "e1", HostEffect: &trace.HostEffect{
				Effect: trace.RecordTransition, Host: "e1", Rollout: r.id, From: state(1), To: state(2),
			}}), r, 0)
		case "move":
			ev := reducer.Event{
				Kind: reducer.HostStateChanged, Rollout: r.id, Host: "e1",
				From: state(1), To: state(2), At: start,
			}
			var out reducer.Outcome
			err := a.rollouts.fleet.Apply(&ev, start, &out)
			a.audit.move(a.read(trace.Entry{Event: &ev}), r, 0, err)
		}
	}
}

func TestHostAuditor(t *testing.T) {
	const acked = "agent DispatchAck"
	for _, c := range []struct {
		name string
		log  []string
		want []string
	}{
		{"as expected", []string{
			acked, "effect Pending Activating", "move Pending Activating",
			"agent ActivationCompleted", "effect Activating Soaking", "move Activating Soaking",
			"agent ProbeResult"}, nil},
		{"nothing recorded", []string{acked}, []string{
			"host 1 missing host effect edge@a1 e1: nothing / Pending → Activating (the agent event " +
				"before it makes this move); 1 missing host move: Pending → Activating"}},
		{"no move", []string{acked, "effect Pending Activating", "agent ActivationCompleted",
			"effect Activating Soaking", "move Pending Activating"}, []string{
			"host 1 missing host move edge@a1 e1: nothing / Pending → Activating (the agent event before " +
				"it makes this move)",
			"host 5 different host move edge@a1 e1: Pending → Activating / Activating → Soaking (the " +
				"agent event before it makes another move)"}},
		{"no agent event", []string{"move Pending Activating"}, []string{
			"host 1 extra host move edge@a1 e1: Pending → Activating / nothing (no agent event explains " +
				"it)"}},
		{"no agent event for an effect", []string{"effect Pending Activating"}, []string{
			"host 1 extra host effect edge@a1 e1: RecordTransition  Pending → Activating / nothing (no " +
				"agent event explains it)"}},
		{"another effect", []string{acked, "effect Pending Failed", "move Pending Activating"},
			[]string{"host 2 different host effect edge@a1 e1: RecordTransition  Pending → Failed / " +
				"RecordTransition  Pending → Activating"}},
		{"the effect after the move", []string{acked, "move Pending Activating",
			"effect Pending Activating"}, []string{
			"host 3 misplaced host effect edge@a1 e1: RecordTransition  Pending → Activating /  (the " +
				"log records this move before its effect, and others after theirs)"}},
		{"a duplicate", []string{acked, "effect Pending Activating", "move Pending Activating",
			"agent ProbeResult 1"}, []string{
			"host 4 repeated agent event edge@a1 e1: ProbeResult  seq 1 /  (agent seq 1 after 1: a " +
				"duplicate)"}},
		{"a lost one", []string{"agent ProbeResult 3"}, []string{
			"defect 1 acknowledged-lost edge@a1 e1: ProbeResult  seq 3 /  (the log lacks 2 messages of " +
				"the host from seq 1; the next one has seq 3)",
			"defect 1 lossy-log edge@a1 e1 (ProbeResult  seq 3: it is legal in Soaking, and the log " +
				"leaves the host Pending)"}},
		{"one in a state that nothing is missing to", []string{"agent ProbeResult 1"}, []string{
			"host 1 refused agent event edge@a1 e1: ProbeResult  seq 1 /  (agent event ProbeResult is " +
				"not legal in host state Pending)"}},
		{"out of turn", []string{"agent Converged"}, []string{
			"host 1 refused agent event edge@a1 e1: Converged  seq 1 /  (agent event Converged is not " +
				"legal in host state Pending)"}},
		{"a rollback", []string{acked, "effect Pending Activating", "move Pending Activating",
			"agent ActivationFailed", "effect Activating Failed", "move Activating Failed",
			"agent RollbackComplete", "effect Failed Reverted", "move Failed Reverted"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAuditFixture(t)
			a.log(c.log...)
			a.audit.close(a.rollout)
			a.want(c.want...)
			if a.audit.pending != 0 {
				t.Errorf("%d pending", a.audit.pending)
			}
			if rollback := c.name == "a rollback"; (a.ledger.pending() == 1) != rollback {
				t.Errorf("%d rollbacks have to quarantine something", a.ledger.pending())
			}
		})
	}
}

// TestHostAuditorCatchesUp: an agent event that the known state explains is accepted, even if the
// log lacks those before it.
func TestHostAuditorCatchesUp(t *testing.T) {
	a := newAuditFixture(t)
	a.move(a.rollout, "e1", reducer.HostPending, reducer.HostActivating)
	a.log("agent ActivationCompleted", "effect Activating Soaking", "move Activating Soaking")
	a.audit.close(a.rollout)
	a.want()
}

// TestHostAuditorMovedOn: what a host says of a rollout after it has acknowledged a later one is
// not judged.
func TestHostAuditorMovedOn(t *testing.T) {
	a := newAuditFixture(t)
	later := a.open("stable@b1", "e1")
	a.roster.join("e1", later)
	a.move(later, "e1", reducer.HostPending, reducer.HostActivating)
	a.evidence.polls = 1
	a.log("agent Converged", "effect Soaking Converged", "move Soaking Converged")
	a.audit.close(a.rollout)
	a.want()
	if a.recorded != 0 {
		t.Errorf("%d effects were recorded", a.recorded)
	}
}

// TestAwaitsMove: an agent event awaits its move until both entries are recorded.
func TestAwaitsMove(t *testing.T) {
	a := newAuditFixture(t)
	a.log("agent DispatchAck")
	r := a.rollout
	if !r.awaitsMove(0, 1) || r.awaitsMove(0, 2) || r.awaitsMove(-1, 1) || r.awaitsMove(1, 1) {
		t.Error("it does not await the move of entry 1 alone")
	}
	a.log("effect Pending Activating", "move Pending Activating")
	if r.awaitsMove(0, 1) {
		t.Error("it awaits a move that is recorded")
	}
}
