package replay

import (
	"fmt"
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// opening opens a rollout that one host joins, and another in wave 1; failing has the first one
// fail and roll back.
const (
	opening = `
		poll edge a1
		open edge@a1
		join edge@a1 e1 0
		to edge@a1 Opening Active
		join edge@a1 e2 1
		plan edge@a1 e1 e2
		dispatch edge@a1 e1 c1
		+1
		e1 does edge@a1 DispatchAck
		+1
		e1 does edge@a1 ActivationCompleted
		+1
	`
	polled = "2026-05-16T01:00:03Z  poll      200                          -                      " +
		" -               edge → a1"
	failing = opening + `
		e1 does edge@a1 Failed
		to edge@a1 Active Failed
		+1
	`
)

// briefly returns findings as text, one a line, without the entries around them.
func briefly(found []Finding) string {
	var b strings.Builder
	for i := range found {
		f := &found[i]
		fmt.Fprintf(&b, "%v %d %s", f.Class, f.Seq, f.Title())
		for _, s := range []string{string(f.Rollout), string(f.Host)} {
			if s != "" {
				b.WriteString(" " + s)
			}
		}
		if f.Recorded+f.Expected != "" {
			fmt.Fprintf(&b, ": %s / %s", f.Recorded, f.Expected)
		}
		if f.Reason != "" {
			fmt.Fprintf(&b, " (%s)", f.Reason)
		}
		for _, w := range f.Folded {
			fmt.Fprintf(&b, "; %d %s", w.Seq, w.Text)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// TestClasses checks every finding that a control plane's log can have, and the notes of logs
// without findings.
func TestClasses(t *testing.T) {
	for _, c := range []struct {
		name, log   string
		want, notes string
		opts        Options
	}{
		{name: "nothing", log: opening, notes: "the log has no WaveAdvanced"},
		{name: "nothing about a failure", log: failing + "e1 does edge@a1 " +
			"RollbackComplete\nquarantine edge c1"},

		{name: "nothing about the last host of a superseded rollout, whatever stands " +
			"first", log: opening + `
				poll edge b2
				open edge@b2
				supersede edge@a1 edge@b2
				to edge@a1 Active Superseded
				join edge@b2 e1 0
				to edge@b2 Opening Active
				join edge@b2 e2 1
				plan edge@b2 e1 e2
				+1
				e1 says edge@a1 Failed
				move edge@a1 e1 Soaking Failed
				effect edge@a1 e1 Soaking Failed
				+1
				e1 says edge@a1 RollbackComplete
				move edge@a1 e1 Failed Reverted
				effect edge@a1 e1 Failed Reverted
				quarantine edge c1`},

		{name: "nothing about how long a rollout is kept", log: opening + "e1 does edge@a1 Failed\nto " +
			"edge@a1 Active Failed\n+1\nexpire edge@a1\nto edge@a1 Failed Pruned",
			opts: Options{Policies: map[reducer.ChannelID]reducer.Policy{"edge": reducer.DefaultPolicy()}}},
		{name: "opened twice", log: opening + "open edge@a1",
			want: "illegal 14 refused event edge@a1 (event RolloutOpened is not legal in state Active " +
				"(rollout edge@a1))"},
		{name: "refused by the machine", log: opening + "expire edge@a1",
			want: "illegal 14 refused event edge@a1 (event RetentionExpired is not legal in state Active " +
				"(rollout edge@a1))"},
		{name: "Terminal before its hosts", log: opening + "terminal edge@a1",
			want: "illegal 14 refused event edge@a1 (host e1 is Soaking, not Converged: event " +
				"RolloutTerminal in state Active (rollout edge@a1))"},
		{name: "two standing", log: opening + "open edge@b2\njoin edge@b2 e1 0\nto edge@b2 Opening " +
			"Active",
			want: "illegal 14 extra RolloutOpened edge@b2: RolloutOpened  edge@b2  ref b2 on edge  " +
				"2026-05-16T01:00:03Z / nothing (the last poll of channel edge shows another ref)\n" +
				"illegal 14 refused event edge@b2 (rollout edge@b2 was opened while edge@a1 stands for " +
				"channel edge: a SuccessorOpened in lockstep was expected)\n" +
				"invariant 14 one-standing edge@b2 (2 rollouts stand, edge@a1 and edge@b2 among them)"},
		{name: "two standing where the log ends", log: opening + "open edge@b2",
			want: "illegal 14 extra RolloutOpened edge@b2: RolloutOpened  edge@b2  ref b2 on edge  " +
				"2026-05-16T01:00:03Z / nothing (the last poll of channel edge shows another ref)"},
		{name: "superseded by a rollout that is not opened", log: opening + "supersede edge@a1 " +
			"edge@b2\n" +
			"to edge@a1 Active Superseded\n" +
			"+1\n" +
			"poll stable s1",
			want: "invariant 1 stranded edge@a1: channel edge points at a1 since 2026-05-16T01:00:00Z /  " +
				"(rollout edge@a1 is Superseded and will not be opened again)\n" +
				"illegal 14 refused successor edge@a1 (successor edge@b2 was not opened in lockstep: event " +
				"SuccessorOpened in state Superseded (rollout edge@a1))"},
		{name: "never opened", log: opening + "join edge@z9 e1 0\nto edge@z9 Opening Active",
			notes: "rollout edge@z9 is never opened in this log: its entries are skipped (2)"},
		{name: "planned, never opened", log: opening + "+1\nplan edge@z9 e1\n+1\npoll edge a1",
			want: "log 14 missing RolloutOpened edge@z9: nothing / RolloutOpened  edge@z9 (OpenRollout " +
				"names the rollout)"},

		{name: "an agent event out of turn", log: opening + "e1 says edge@a1 DispatchAck",
			want: "host 14 refused agent event edge@a1 e1: DispatchAck  seq 3 / "},
		{name: "an agent event lost", log: opening + "e1 says edge@a1 ProbeResult [seq 5]",
			want: "defect 14 acknowledged-lost edge@a1 e1: ProbeResult  seq 5 /  (the log lacks 2 " +
				"messages of the host from seq 3; the next one has seq 5)"},
		{name: "an agent event twice", log: opening + "e1 says edge@a1 ProbeResult [seq 2]",
			want: "host 14 repeated agent event edge@a1 e1: ProbeResult  seq 2 /  (agent seq 2 after 2: " +
				"a duplicate)"},
		{name: "an agent event of a host that has not joined", log: opening + "e9 says edge@a1 " +
			"DispatchAck",
			want: "host 14 refused agent event edge@a1 e9 (host e9 has not joined the rollout)"},
		{name: "an agent event without what follows", log: opening + "e1 says edge@a1 Converged\n" +
			"+1\npoll edge a1",
			want: "host 14 missing host effect edge@a1 e1: nothing / Soaking → Converged (the agent event " +
				"before it makes this move); 14 missing host move: Soaking → Converged"},
		{name: "a last host that converged, and no RolloutTerminal",
			log: strings.NewReplacer("join edge@a1 e2 1\n", "", "e1 e2", "e1").Replace(opening) +
				"e1 does edge@a1 Converged\nto edge@a1 Active Terminal\n+1\npoll edge a1",
			want: "effect 15 missing event edge@a1: nothing / RolloutTerminal  edge@a1"},
		{name: "a move that nothing explains", log: opening + "move edge@a1 e1 Soaking Converged",
			want: "host 14 extra host move edge@a1 e1: Soaking → Converged / nothing (no agent event " +
				"explains it)"},
		{name: "a move from another state", log: opening + "move edge@a1 e1 Pending Activating",
			want: "host 14 refused host event edge@a1 e1 (host e1 is Soaking, not Pending"},
		{name: "an effect that nothing explains", log: opening + "effect edge@a1 e1 Soaking Converged",
			want: "host 14 extra host effect edge@a1 e1: RecordTransition  Soaking → Converged / nothing " +
				"(no agent event explains it)"},
		{name: "a dispatch of a host that has not joined", log: opening + "dispatch edge@a1 e9 c9",
			want: "host 14 refused dispatch edge@a1 e9 (host e9 has not joined the rollout)"},
		{name: "a rollback that quarantines nothing", log: failing + "e1 does edge@a1 " +
			"RollbackComplete\n+1\npoll edge a1",
			want: "host 18 missing quarantine edge@a1 e1: nothing / c1 on edge (the host rolled back " +
				"from this closure)"},
		{name: "a quarantine of another closure", log: failing + "e1 does edge@a1 " +
			"RollbackComplete\nquarantine edge c2",
			want: "host 21 different quarantine edge@a1 e1: c2 on edge / c1 on edge (the host that " +
				"rolled back had been dispatched to this closure)"},
		{name: "a quarantine that nothing explains", log: opening + "quarantine edge c1",
			want: "host 14 extra quarantine: c1 on edge / nothing (no rollback explains it)"},

		{name: "dispatch after a halt", log: failing + "dispatch edge@a1 e2 c2",
			want: "defect 18 no-halt edge@a1 e2 (dispatched in state Failed, with 1 host Failed or " +
				"Reverted)\n" +
				"invariant 18 wave-kept edge@a1 e2 (host e2 of wave 1 was dispatched before every host of " +
				"wave 0 was Converged or Deferred)"},
		{name: "dispatches after a halt", log: failing + "join edge@a1 e3 1\ndispatch edge@a1 e2 " +
			"c2\ndispatch edge@a1 e3 c3",
			want: "defect 19 no-halt edge@a1 e2 (dispatched in state Failed, with 1 host Failed or " +
				"Reverted); 20 dispatched in state Failed, with 1 host Failed or Reverted\n" +
				"invariant 19 wave-kept edge@a1 e2 (host e2 of wave 1 was dispatched before every host of " +
				"wave 0 was Converged or Deferred); 20 "},
		{name: "dispatch while a host is Failed", log: opening + "e1 does edge@a1 " +
			"Failed\n+1\ndispatch edge@a1 e2 c2",
			opts: Options{
				Machine: reducer.RFC0008(),
				Policies: map[reducer.ChannelID]reducer.Policy{
					"edge": {OnHealthFailure: reducer.RollbackAndHalt},
				},
			},
			want: "defect 17 no-halt edge@a1 e2 (dispatched in state Active, with 1 host Failed or " +
				"Reverted)\n" +
				"invariant 17 wave-kept edge@a1 e2 (host e2 of wave 1 was dispatched before every host of " +
				"wave 0 was Converged or Deferred)"},
		{name: "dispatch of a quarantined closure", log: failing + `
				e1 does edge@a1 RollbackComplete
				quarantine edge c1
				+1
				poll edge b2
				open edge@b2
				supersede edge@a1 edge@b2
				to edge@a1 Failed Superseded
				join edge@b2 e1 0
				to edge@b2 Opening Active
				plan edge@b2 e1
				dispatch edge@b2 e1 c1`,
			want: "defect 29 quarantine-inert edge@b2 e1 (closure c1 on edge is quarantined since entry " +
				"21 and is dispatched)"},
		{name: "dispatch above the cursor", log: opening + "wave edge@a1 0 0\nto edge@a1 Active " +
			"Converging\ndispatch edge@a1 e2 c2",
			want: "invariant 16 wave-kept edge@a1 e2 (host e2 of wave 1 was dispatched at current_wave 0)"},
		{name: "dispatch above the cursor of a log that does not show it",
			log:   opening + "dispatch edge@a1 e2 c2",
			notes: "the log has no WaveAdvanced, so it does not show the wave cursor",
			want: "invariant 14 wave-kept edge@a1 e2 (host e2 of wave 1 was dispatched before every host " +
				"of wave 0 was Converged or Deferred)"},
		{name: "stranded", log: opening + `
				poll edge b2
				open edge@b2
				supersede edge@a1 edge@b2
				to edge@a1 Active Superseded
				join edge@b2 e1 0
				to edge@b2 Opening Active
				plan edge@b2 e1
				+1
				poll edge a1`,
			want: "invariant 21 stranded edge@a1: channel edge points at a1 since 2026-05-16T01:00:04Z / " +
				" (rollout edge@a1 is Superseded and will not be opened again)"},
		{name: "stranded at a rollout that was pruned before the next one was opened", log: failing + `
				+604800
				expire edge@a1
				to edge@a1 Failed Pruned
				poll edge b2
				open edge@b2
				join edge@b2 e1 0
				to edge@b2 Opening Active
				plan edge@b2 e1
				+1
				poll edge a1`,
			want: "invariant 25 stranded edge@a1: channel edge points at a1 since 2026-05-23T01:00:05Z / " +
				" (rollout edge@a1 is Pruned and will not be opened again)"},
		{name: "stuck behind another channel", log: failing + `
				poll stable s1
				open stable@s1
				join stable@s1 s1 0
				to stable@s1 Opening Active
				plan stable@s1 s1
				gate stable@s1 s1 channel-edges predecessor channel 'edge' not converged`,
			want: "invariant 20 stuck stable@s1: Active at the end of the log /  (s1 Pending: blocked by " +
				"channel-edges: rollout edge@a1 is Failed)"},
		{name: "stuck for a reboot", log: `
				poll edge a1
				open edge@a1
				join edge@a1 e1 0
				to edge@a1 Opening Active
				plan edge@a1 e1
				dispatch edge@a1 e1 c1
				e1 does edge@a1 DispatchAck
				e1 does edge@a1 ActivationDeferred kernel`,
			want: "invariant 12 stuck edge@a1: Active at the end of the log /  (e1 Deferred: it waits " +
				"for a reboot, for kernel)"},

		{name: "an id that is not channel and ref", log: opening + "open oddball",
			want: "log 14 different rollout id oddball: oddball / oddball@ (the id of a rollout is its " +
				"channel and its ref)"},
		{name: "hosts that are not those of the plan",
			log: strings.Replace(opening, "plan edge@a1 e1 e2", "plan edge@a1 e1 e3", 1),
			want: "log 6 missing HostJoined edge@a1 e3: nothing / HostJoined  e3 (OpenRollout lists the " +
				"host)\n" +
				"log 6 extra HostJoined edge@a1 e2: HostJoined  e2 / nothing (OpenRollout does not list the " +
				"host)"},
		{name: "a gap", log: opening + "poll edge a1 [entry 20]",
			want: "log 14 missing entry (entries 14 to 19 are missing before entry 20)"},
		{name: "out of order", log: opening + "poll edge a1 [entry 20]\npoll edge a1 [entry 14]\npoll " +
			"edge a1 [entry 21]",
			want: "log 14 missing entry (entries 14 to 19 are missing before entry 20)\nlog 14 " +
				"misplaced entry: " + polled + " /  (entry 14 stands after entry 20)"},
		{name: "twice", log: opening + "poll edge a1 [entry 14]\npoll edge a1 [entry 14]",
			want: "log 14 repeated entry: " + polled + " /  (entry 14 stands in the log twice)"},
		{name: "two with one seq", log: opening + "poll edge a1 [entry 13]",
			want: "log 13 different entry: " + polled + " /  (entry 13 is in the log before and says " +
				"something else)"},
		{name: "cut within a step", log: opening + "e1 says edge@a1 Converged"},
		{name: "a block out of order", log: opening + "poll edge a1 [entry 17]\npoll edge a1 [entry " +
			"14]\npoll edge a1 [entry 15]\npoll edge a1 [entry 16]\npoll edge a1 [entry 18]",
			want: "log 14 misplaced entry: " + polled + " /  (entries 14 to 16 stand after entry 17)"},
		{name: "the last first", log: opening + "poll edge a1 [entry 17]\npoll edge a1 [entry " +
			"16]\npoll edge a1 [entry 15]\npoll edge a1 [entry 14]\npoll edge a1 [entry 18]",
			want: "log 16 misplaced entry: " + polled + " /  (entries 16 to 14 stand after entry 17)"},
		{name: "some of a gap come late", log: opening + "poll edge a1 [entry 17]\npoll edge a1 " +
			"[entry 15]\npoll edge a1 [entry 14]\npoll edge a1 [entry 18]",
			want: "log 14 missing entry (entries 14 to 16 are missing before entry 17)\nlog 15 " +
				"misplaced entry: " + polled + " /  (entries 15 to 14 stand after entry 17)"},
		{name: "files in the wrong order", log: "poll edge a1 [entry 20]\npoll edge a1 [entry " +
			"21]\npoll edge a1 [entry 7]\npoll edge a1 [entry 8]\nopen edge@a1 [entry 22]",
			want: "log 7 misplaced entry: " + strings.Replace(polled, ":03Z", ":00Z", 1) +
				" /  (entries 7 to 8 stand after entry 21, and the log begins with entry 20)",
			notes: "the log begins at entry 20: what was before it is not judged"},
		{name: "joined again", log: opening + "join edge@a1 e1 0",
			notes: "HostJoined of hosts that had joined before changes nothing and is skipped (1, " +
				"the first is entry 14)"},
		{name: "joined again in another wave", log: opening + "join edge@a1 e1 1",
			want: "host 14 refused host event edge@a1 e1 (host e1 joined in wave 0 and again in wave 1"},
	} {
		got, err := run(inWords(t, c.log), c.opts)
		if err != nil {
			t.Fatal(c.name, err)
		}
		shown := strings.Split(strings.TrimSuffix(briefly(got.Findings), "\n"), "\n")
		want := strings.Split(c.want, "\n")
		same := len(shown) == len(want)
		for i := range want {
			same = same && strings.HasPrefix(shown[i], want[i]) && (want[i] != "" || shown[i] == "")
		}
		if !same {
			t.Errorf("%s\n%s", c.name, trace.Diff(c.want+"\n", briefly(got.Findings)))
		}
		if notes := strings.Join(got.Notes, "\n"); !strings.Contains(notes, c.notes) {
			t.Errorf("%s: notes %s", c.name, notes)
		}
	}
}
