package replay

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
	"rollsim/trace/input"
)

// inLines returns an answer as text, line by line.
func inLines(a *Answer) string {
	b := fmt.Sprintf("%s %s %v\n", a.Host, a.Rollout, a.State)
	for _, l := range a.Lines {
		b += strings.Repeat("  ", l.Depth) + l.Text
		if l.Since != (Where{}) {
			_, clock, _ := strings.Cut(string(trace.AppendTime(nil, l.Since.At)), "T")
			b += ", since " + clock[:len("01:00:00")]
		}
		if l.Since.Seq > 0 {
			b += fmt.Sprintf(" (%d)", l.Since.Seq)
		}
		if l.Then != "" {
			b += ": " + l.Then
		}
		b += "\n"
	}
	return b
}

func ask(t *testing.T, log []byte, q Question) (*Answer, error) {
	t.Helper()
	r, err := trace.NewReader("log", strings.NewReader(string(log)))
	if err != nil {
		t.Fatal(err)
	}
	return Why(r, q)
}

// TestWhy: the answer for every reason that keeps a host.
func TestWhy(t *testing.T) {
	const second = `
		open edge@b2
		supersede edge@a1 edge@b2
		to edge@a1 Active Superseded
		join edge@b2 e1 0
		to edge@b2 Opening Active
		join edge@b2 e2 1
		plan edge@b2 e1 e2
	`
	cleared := Options{
		Machine:  reducer.RFC0008(),
		Policies: map[reducer.ChannelID]reducer.Policy{"edge": reducer.DefaultPolicy()},
	}
	for _, c := range []struct {
		name, log, want string
		ask             Question
	}{
		{"dispatched", "poll edge a1\nopen edge@a1\njoin edge@a1 e1 0\nto edge@a1 Opening " +
			"Active\nplan edge@a1 e1\n+5\ndispatch edge@a1 e1 c1\n+60\ndispatch edge@a1 e1 c1",
			`e1 edge@a1 Pending
not yet: Pending, since 01:00:00: in wave 0 of edge@a1, which is Active
  Pending: dispatched 2 times, not acked, since 01:00:05
    the log has no sign of life of e1
`, Question{Host: "e1"}},
		{"not even decided", "open edge@a1\njoin edge@a1 e1 0\nto edge@a1 Opening " +
			"Active", `e1 edge@a1 Pending
not yet: Pending, since 01:00:00: in wave 0 of edge@a1, which is Active
  Pending: not dispatched, since 01:00:00
`, Question{Host: "e1"}},
		{"activating", opening, `e1 edge@a1 Activating
not yet: Activating, since 01:00:01: in wave 0 of edge@a1, which is Active
  Activating: the switch has not completed, since 01:00:01
`, Question{Host: "e1", At: reducer.Some(start + reducer.Time(1_500_000_000))}},
		{"soaking", opening, `e1 edge@a1 Soaking
not yet: Soaking, since 01:00:02: in wave 0 of edge@a1, which is Active
  Soaking: the soak is due at 2026-05-16T01:10:00Z, since 01:00:02
`, Question{Host: "e1"}},
		{"soaked", opening + "+900\npoll edge a1", `e1 edge@a1 Soaking
not yet: Soaking, since 01:00:02: in wave 0 of edge@a1, which is Active
` +
			"  Soaking: the soak was due at 2026-05-16T01:10:00Z, and its agent has not said " +
			"that its probes pass, since 01:00:02\n" +
			"    the last sign of life of e1, since 01:00:02 (11)\n", Question{Host: "e1"}},
		{"probes fail", opening + "e1 says edge@a1 ProbeResult 503", `e1 edge@a1 Soaking
not yet: Soaking, since 01:00:02: in wave 0 of edge@a1, which is Active
  Soaking: its probes fail: 503, since 01:00:02
`, Question{Host: "e1"}},
		{"deferred", strings.Replace(opening, "ActivationCompleted", "ActivationDeferred "+
			"kernel", 1), `e1 edge@a1 Deferred
not yet: Deferred, since 01:00:02: in wave 0 of edge@a1, which is Active
  Deferred: it waits for a reboot, for kernel, since 01:00:02
    a reboot of e1 releases it
`, Question{Host: "e1"}},
		{"wave-promotion", opening + "gate edge@a1 e2 wave-promotion host_wave=1 > " +
			"current_wave=0\n+15\ngate edge@a1 e2 wave-promotion host_wave=1 > " +
			"current_wave=0", `e2 edge@a1 Pending
not yet: Pending, since 01:00:00: in wave 1 of edge@a1, which is Active
  Pending: blocked by wave-promotion, since 01:00:03 (14)
` +
			"    last gate: wave-promotion, entry 15 at 2026-05-16T01:00:18Z: \"host_wave=1 > " +
			"current_wave=0\"; decided 2 times, first in entry 14\n" +
			`    host e1, in wave 0:
      Soaking: the soak is due at 2026-05-16T01:10:00Z, since 01:00:02
`, Question{Host: "e2"}},
		{"wave-promotion, and the wave is done", opening + "e1 does edge@a1 Converged\ngate edge@a1 " +
			"e2 wave-promotion host_wave=1 > current_wave=0", `e2 edge@a1 Pending
not yet: Pending, since 01:00:00: in wave 1 of edge@a1, which is Active
  Pending: blocked by wave-promotion, since 01:00:03 (17): no host of an earlier wave is in its way
    last gate: wave-promotion, entry 17 at 2026-05-16T01:00:03Z: "host_wave=1 > current_wave=0"
` + "    the wave cursor moves within a minute, unless a host of an earlier wave never joined: " +
			"then only another ref of channel edge releases it\n", Question{Host: "e2"}},
		{"dispatched while it switches", strings.Replace(opening, "e1 does edge@a1 "+
			"ActivationCompleted\n", "", 1) + "poll edge b2\n" + second + "dispatch edge@b2 e1 c2",
			"e1 edge@b2 Pending\n" +
				`not yet: Pending, since 01:00:03: in wave 0 of edge@b2, which is Active
  Pending: dispatched, not acked, since 01:00:03
    it is still switching under edge@a1, since 01:00:01
`, Question{Host: "e1"}},
		{"host-edge", opening + "gate edge@a1 e2 host-edge waits for host e1", `e2 edge@a1 Pending
not yet: Pending, since 01:00:00: in wave 1 of edge@a1, which is Active
  Pending: blocked by host-edge, since 01:00:03 (14)
    last gate: host-edge, entry 14 at 2026-05-16T01:00:03Z: "waits for host e1"
    host e1, in wave 0:
      Soaking: the soak is due at 2026-05-16T01:10:00Z, since 01:00:02
`, Question{Rollout: "edge@a1", Host: "e2"}},
		{"host-edge by its earlier name", opening + "gate edge@a1 e2 host-edges waits for " +
			"host e1", `e2 edge@a1 Pending
not yet: Pending, since 01:00:00: in wave 1 of edge@a1, which is Active
  Pending: blocked by host-edge, since 01:00:03 (14)
    last gate: host-edge, entry 14 at 2026-05-16T01:00:03Z: "waits for host e1"
    host e1, in wave 0:
      Soaking: the soak is due at 2026-05-16T01:10:00Z, since 01:00:02
`, Question{Rollout: "edge@a1", Host: "e2"}},
		{"disruption-budget", opening + "gate edge@a1 e2 disruption-budget 1 of 1 in " +
			"flight", `e2 edge@a1 Pending
not yet: Pending, since 01:00:00: in wave 1 of edge@a1, which is Active
  Pending: blocked by disruption-budget, since 01:00:03 (14)
    last gate: disruption-budget, entry 14 at 2026-05-16T01:00:03Z: "1 of 1 in flight"
    in flight is host e1, under edge@a1:
      Soaking: the soak is due at 2026-05-16T01:10:00Z, since 01:00:02
`, Question{Host: "e2"}},
		{"quarantine", failing + "e1 does edge@a1 RollbackComplete\nquarantine edge c1\n+1\n" +
			strings.Replace(second, "Active Superseded", "Failed Superseded", 1) +
			"gate edge@b2 e1 quarantine closure c1 is quarantined", `e1 edge@b2 Pending
not yet: Pending, since 01:00:05: in wave 0 of edge@b2, which is Active
  Pending: blocked by quarantine, since 01:00:05 (29)
    last gate: quarantine, entry 29 at 2026-05-16T01:00:05Z: "closure c1 is quarantined"
    closure c1 is quarantined on channel edge, since 01:00:04 (21)
    it is blocked until channel edge gets another ref
`, Question{Host: "e1"}},
		{"its rollout has failed", failing, `e2 edge@a1 Pending
Pending in wave 1 of edge@a1, which is Failed, since 01:00:03: this does not halt the planner
  host e1 turned Failed, since 01:00:03 (16)
  it stays Failed until channel edge gets another ref
  Pending: not dispatched, since 01:00:00
`, Question{Host: "e2"}},
		{"its rollout has failed, and the host before it is rolled back", failing + "e1 does edge@a1 " +
			"RollbackComplete\nquarantine edge c1\ngate edge@a1 e2 wave-promotion host_wave=1 > " +
			"current_wave=0", `e2 edge@a1 Pending
Pending in wave 1 of edge@a1, which is Failed, since 01:00:03: this does not halt the planner
  host e1 turned Failed, since 01:00:03 (16)
  it stays Failed until channel edge gets another ref
  Pending: blocked by wave-promotion, since 01:00:04 (22)
    last gate: wave-promotion, entry 22 at 2026-05-16T01:00:04Z: "host_wave=1 > current_wave=0"
    host e1, in wave 0, is Reverted, since 01:00:04
`, Question{Host: "e2"}},
		{"an operator has cleared its rollout", failing + "clear edge@a1\nto edge@a1 Failed " +
			"Terminal", `e2 edge@a1 Pending
Pending in wave 1 of edge@a1, which is Terminal, since 01:00:04: nothing more is dispatched
  host e1 turned Failed, since 01:00:03 (16)
` +
			"  an operator has cleared it; the hosts that are not Converged wait until channel " +
			"edge gets another ref\n" +
			`  Pending: not dispatched, since 01:00:00
`, Question{Host: "e2", Options: cleared}},
		{"rolled back", failing + "e1 does edge@a1 RollbackComplete\nquarantine edge c1",
			"e1 edge@a1 Reverted\n" +
				`it rolled back from it: Reverted under edge@a1, since 01:00:04
  closure c1 is quarantined on channel edge, since 01:00:04 (21)
  it stays Reverted until channel edge gets another ref
`, Question{Host: "e1"}},
		{"converged", opening + "e1 does edge@a1 Converged", `e1 edge@a1 Converged
it is: Converged under edge@a1, since 01:00:03
`, Question{Host: "e1"}},
		{"superseded", opening + "poll edge b2\n" + second, `e2 edge@a1 Pending
not yet: Pending, since 01:00:00: in wave 1 of edge@a1, which is Active
  Pending: not dispatched, since 01:00:00
edge@b2 has superseded it, since 01:00:03 (16)
channel edge points at b2, since 01:00:03 (14): ask for edge@b2
`, Question{Host: "e2", Rollout: "edge@a1"}},
		{"the channel has another ref", opening + "poll edge b2", `e1 edge@a1 Soaking
not yet: Soaking, since 01:00:02: in wave 0 of edge@a1, which is Active
  Soaking: the soak is due at 2026-05-16T01:10:00Z, since 01:00:02
channel edge points at b2, since 01:00:03 (14): no rollout is opened for that yet
`, Question{Host: "e1"}},
		{"stranded", opening + "poll edge b2\n" + second + "+1\npoll edge a1", `e2 edge@b2 Pending
not yet: Pending, since 01:00:03: in wave 1 of edge@b2, which is Active
  Pending: not dispatched, since 01:00:03
` +
			"channel edge points at a1, since 01:00:04 (22): it is stranded until it points at " +
			"another ref: edge@a1 is Superseded and will not be opened again\n", Question{Host: "e2"}},
		{"the rollout that the channel is stranded at", opening + "poll edge b2\n" + second +
			"+1\npoll edge a1", "e2 edge@a1 Pending\n" +
			`not yet: Pending, since 01:00:00: in wave 1 of edge@a1, which is Active
  Pending: not dispatched, since 01:00:00
edge@b2 has superseded it, since 01:00:03 (16)
` +
			"channel edge points at a1, since 01:00:04 (22): it is stranded until it points at " +
			"another ref: edge@a1 is Superseded and will not be opened again\n",
			Question{Host: "e2", Rollout: "edge@a1"}},
		{"stranded at a rollout that was pruned", opening + "poll edge b2\n" + second +
			"+1\npoll edge a1\nexpire edge@a1\nto edge@a1 Superseded Pruned", "e1 edge@b2 Pending\n" +
			`not yet: Pending, since 01:00:03: in wave 0 of edge@b2, which is Active
  Pending: not dispatched, since 01:00:03
` +
			"channel edge points at a1, since 01:00:04 (22): it is stranded until it points at " +
			"another ref: edge@a1 is Pruned and will not be opened again\n", Question{Host: "e1"}},
		{"under a rollout that ended long before", opening + "poll edge b2\n" + second +
			"dispatch edge@b2 e1 c2\ne1 does edge@b2 DispatchAck\n" +
			"dispatch edge@b2 e2 c2\ne2 does edge@b2 DispatchAck\n", "e1 edge@a1 Soaking\n" +
			`not yet: Soaking, since 01:00:02: in wave 0 of edge@a1, which is Active
  Soaking: the soak is due at 2026-05-16T01:10:00Z, since 01:00:02
edge@b2 has superseded it, since 01:00:03 (16)
channel edge points at b2, since 01:00:03 (14): ask for edge@b2
`, Question{Rollout: "edge@a1", Host: "e1"}},
		{"converged, and its rollout was pruned",
			strings.Replace(opening, "join edge@a1 e2 1\n", "", 1) +
				"e1 does edge@a1 Converged\nterminal edge@a1\nto edge@a1 Active Terminal\n" +
				"expire edge@a1\nto edge@a1 Terminal Pruned",
			`e1 edge@a1 Converged
it is: Converged under edge@a1, since 01:00:03
`, Question{Host: "e1"}},
		{"a channel that the log does not have", opening + "gate edge@a1 e2 channel-edges predecessor " +
			"channel 'stable' not converged", `e2 edge@a1 Pending
not yet: Pending, since 01:00:00: in wave 1 of edge@a1, which is Active
` +
			"  Pending: blocked by channel-edges, since 01:00:03 (14): the log has no entry of " +
			"the channel that it waits for\n" +
			"    last gate: channel-edges, entry 14 at 2026-05-16T01:00:03Z: \"predecessor " +
			"channel 'stable' not converged\"\n", Question{Host: "e2"}},
		{"a channel that has no rollout of its ref yet",
			"open edge@a1\n" + strings.ReplaceAll(opening, "edge", "stable") + "poll edge a2\n" +
				"gate stable@a1 e2 channel-edges predecessor channel 'edge' not converged",
			"e2 stable@a1 Pending\n" +
				`not yet: Pending, since 01:00:00: in wave 1 of stable@a1, which is Active
` +
				"  Pending: blocked by channel-edges, since 01:00:03 (16): no rollout of ref a2 is " +
				"opened yet on channel edge\n" +
				"    last gate: channel-edges, entry 16 at 2026-05-16T01:00:03Z: \"predecessor " +
				"channel 'edge' not converged\"\n", Question{Host: "e2"}},
		{"two channels that wait for each other", opening + `
				open stable@s1
				join stable@s1 s1 0
				to stable@s1 Opening Active
				gate stable@s1 s1 channel-edges predecessor channel 'edge' not converged
				gate edge@a1 e2 channel-edges predecessor channel 'stable' not converged`, `e2 edge@a1 Pending
not yet: Pending, since 01:00:00: in wave 1 of edge@a1, which is Active
  Pending: blocked by channel-edges, since 01:00:03 (18): rollout stable@s1 is Active
` +
			"    last gate: channel-edges, entry 18 at 2026-05-16T01:00:03Z: \"predecessor " +
			"channel 'stable' not converged\"\n" +
			`    rollout stable@s1 is Active, since 01:00:03
      host s1, in wave 0:
        Pending: blocked by channel-edges, since 01:00:03 (17): rollout edge@a1 is Active
` +
			"          last gate: channel-edges, entry 17 at 2026-05-16T01:00:03Z: \"predecessor " +
			"channel 'edge' not converged\"\n" +
			`          rollout edge@a1 waits for this one in turn
`, Question{Host: "e2"}},
		{"a rollout that was opened before the log begins", "gate edge@a1 e2 wave-promotion " +
			"host_wave=1 > current_wave=0 [entry 50]\ngate edge@a1 e2 wave-promotion host_wave=1 > " +
			"current_wave=0", `e2 edge@a1 HostState(0)
not dispatched: blocked by wave-promotion, since 01:00:00 (50)
` +
			"  last gate: wave-promotion, entry 51 at 2026-05-16T01:00:00Z: \"host_wave=1 > " +
			"current_wave=0\"; decided 2 times, first in entry 50\n" +
			`the log begins at entry 50, and does not hold how edge@a1 was opened: more is not known
`, Question{Host: "e2"}},
		{"a rollout that has ended", opening + "poll edge b2\n" + second, `e1 edge@a1 Soaking
not yet: Soaking, since 01:00:02: in wave 0 of edge@a1, which is Active
  Soaking: the soak is due at 2026-05-16T01:10:00Z, since 01:00:02
edge@b2 has superseded it, since 01:00:03 (16)
channel edge points at b2, since 01:00:03 (14): ask for edge@b2
`, Question{Rollout: "edge@a1"}},
		{"the first that waits", opening, `e1 edge@a1 Soaking
not yet: Soaking, since 01:00:02: in wave 0 of edge@a1, which is Active
  Soaking: the soak is due at 2026-05-16T01:10:00Z, since 01:00:02
`, Question{Rollout: "edge@a1"}},
	} {
		got, err := ask(t, inWords(t, c.log), c.ask)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if d := trace.Diff(c.want, inLines(got)); d != "" {
			t.Errorf("%s\n%s", c.name, d)
		}
	}
}

func TestWhyHasNoAnswer(t *testing.T) {
	log := inWords(t, opening)
	for _, c := range []struct {
		ask   Question
		want  string
		known []string
	}{
		{Question{Host: "e3"}, "no host e3 joins a rollout in this log", []string{"e1", "e2"}},
		{Question{Host: "e3", Rollout: "edge@a1"}, "host e3 has not joined rollout edge@a1",
			[]string{"e1", "e2"}},
		{Question{Rollout: "edge@a2"}, "there is no rollout edge@a2 in this log", []string{"edge@a1"}},
		{Question{Host: "e1", At: reducer.Some(start - 1)}, "the log has no entry up to that time: it " +
			"begins at 2026-05-16T01:00:00Z", nil},
	} {
		_, err := ask(t, log, c.ask)
		var none *NoAnswer
		if !errors.As(err, &none) || err.Error() != c.want || !slices.Equal(none.Known, c.known) {
			t.Errorf("%v: %v %v", c.ask, err, none)
		}
	}
	if _, err := ask(t, append(log, "x\n"...), Question{Host: "e1"}); err == nil ||
		!strings.HasPrefix(err.Error(), "log:14: expected a JSON object") {
		t.Error(err)
	}
}

// TestWhySample4IsStuck: the operator's question about sample 4, whose stable rollout waits behind
// a failed one of edge.
func TestWhySample4IsStuck(t *testing.T) {
	r, err := input.Open(os.Stdin, "../../trace/testdata/sample-4.ndjson.gz")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Why(r, Question{Host: "web-0005"})
	if err != nil {
		t.Fatal(err)
	}
	const (
		stable = "stable@355f235f79c7f79b7aecca9ed085ebcc042eb928"
		edge   = "edge@7d9b7501ae9eec48ba4d2459b6b22c5aba59002b"
	)
	want := `web-0005 ` + stable + ` Pending
not yet: Pending, since 11:39:15: in wave 0 of ` + stable + `, which is Active
  Pending: blocked by channel-edges, since 11:47:15 (2654): rollout ` + edge + ` is Failed
` +
		"    last gate: channel-edges, entry 4036 at 2026-05-16T16:59:00Z: \"channelEdges " +
		"predecessor channel 'edge' not converged\"; decided 160 times, first in entry 2654\n" +
		`    rollout ` + edge + ` is Failed, since 11:50:58
      host edge-0010 turned Failed: switch failed ✗ "unit\x2d", since 11:50:58 (2704)
      it stays Failed until channel edge gets another ref
`
	if d := trace.Diff(want, inLines(got)); d != "" {
		t.Error(d)
	}
}
