package trace

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"rollsim/reducer"
)

const zooText = `# format    1
# scenario  zoo
# seed      18446744073709551615
# machine   rfc0008
# start     2026-05-16T01:00:00Z
# until     1h0m0s
# channel   edge: rollback-and-halt, retention 60 s
# channel   stable: halt, retention 604800 s, after edge, web-02 after web-01
# budget    web: at most 2 of web-*, db-01 in flight
# quarantine closure bad on stable
0d 00:14:03.000   event     RolloutOpened                stable@a1               -               ref a1 on stable at -0d 00:00:01.000
0d 00:28:06.000   event     HostJoined                   stable@a1               web-01          wave 4294967295 at -0d 00:00:01.000
0d 00:42:09.000   event     HostStateChanged             stable@a1               web-01          Soaking → Failed at -0d 00:00:01.000
0d 00:56:12.000   event     WaveAdvanced                 stable@a1               -               wave 1 → 2 at -0d 00:00:01.000
0d 01:10:15.000   event     RolloutTerminal              stable@a1               -               at -0d 00:00:01.000
0d 01:24:18.000   event     SuccessorOpened              stable@a1               -               by stable@b2 at -0d 00:00:01.000
0d 01:38:21.000   event     RetentionExpired             stable@a1               -               at -0d 00:00:01.000
0d 01:52:24.000   event     OperatorClearance            stable@a1               -               by alice: looked at it,\u000a"fine" \ \u0001 ✗ at -0d 00:00:01.000
0d 02:06:27.000   effect    RecordRolloutTransition      stable@a1               -               Active → Failed at 0d 00:00:00.000000001
0d 02:20:30.000   effect    UpdateCurrentWave            stable@a1               -               wave 2
0d 02:34:33.000   effect    InsertQuarantineFromRollout  -                       -               closure a1 on stable
0d 02:48:36.000   effect    SchedulePruning              stable@a1               -               after 604800 s
0d 03:02:39.000   effect    RecordTransition             stable@a1               web-01          Pending → Activating
0d 03:16:42.000   effect    RemoteInsertQuarantine       -                       -               closure a1 on stable
0d 06:47:27.000   open      OpenRollout                  stable@a1               -               2 hosts
0d 07:01:30.000   dispatch  QueueDispatch                stable@a1               web-01          closure a1, soak due 0d 00:01:00.000
0d 07:15:33.000   dispatch  QueueDispatch                stable@a1               web-01          closure a1, soak due 0d 00:01:00.000, attempt 2
0d 07:43:39.000   gate      wave-promotion               stable@a1               web-01          wave-promotion: host_wave=1 > current_wave=0
0d 07:57:42.000   poll      200                          -                       -               stable → a1
0d 08:11:45.000   poll      failed                       -                       -               stable
0d 08:25:48.000   effect    RemoteRemoveQuarantine       -                       -               closure a1 on stable
0d 08:39:51.000   fault     message-delayed              stable@a1               web-01          seq 3, 1500 ms
0d 08:53:54.000   fault     poll-failed                  -                       -               channel stable
0d 09:07:57.000   fault     control-plane-crash          -                       -
0d 09:22:00.000   reject    HostJoined                   stable@a1               -               IllegalForState: event HostJoined is not legal in state Pruned (rollout stable@a1)
0d 09:36:03.000   reject    OperatorClearance            stable@a1               -               Unimplemented: event OperatorClearance is not implemented in state Failed (rollout stable@a1)
0d 09:50:06.000   reject    WaveAdvanced                 stable@a1               -               Invariant: wave regression: event WaveAdvanced in state Active (rollout stable@a1)
0d 10:04:09.000   reject    RolloutOpened                stable@b2               -               SupersessionExpected: rollout stable@b2 was opened while stable@a1 stands for channel stable: a SuccessorOpened in lockstep was expected
0d 10:18:12.000   reject    RolloutTerminal              nowhere@x               -               UnknownRollout: event RolloutTerminal of a rollout that was never opened (rollout nowhere@x)
# stuck edge@r2: it waits for\u000aweb-01
# entries 44 digest 2b964e9bebde1841
`

func text(t *testing.T, detail Detail) string {
	t.Helper()
	var b bytes.Buffer
	x := NewText(&b, detail)
	for _, e := range zoo() {
		if err := x.Write(&e); err != nil {
			t.Fatal(err)
		}
	}
	x.Remark("stuck edge@r2: it waits for\nweb-01")
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestText(t *testing.T) {
	if d := Diff(zooText, text(t, Full)); d != "" {
		t.Error(d)
	}
	var want strings.Builder
	for _, line := range strings.SplitAfter(zooText, "\n") {
		if strings.HasPrefix(line, "#") || strings.Contains(line, "RecordRolloutTransition") ||
			strings.Contains(line, "  reject ") {
			want.WriteString(line)
		}
	}
	if d := Diff(want.String(), text(t, TransitionsOnly)); d != "" {
		t.Error(d)
	}
}

func TestAgentLines(t *testing.T) {
	var got []string
	l := Lines{Start: start}
	for _, e := range zoo() {
		if e.Agent != nil {
			got = append(got, strings.Join(strings.Fields(string(l.Append(nil, &e)))[2:], " "))
		}
	}
	want := `agent DispatchAck stable@a1 web-01 seq 1
agent DispatchAck stable@a1 web-01 seq 2
agent ActivationStarted stable@a1 web-01 seq 3
agent ActivationCompleted stable@a1 web-01 seq 4
agent ActivationDeferred stable@a1 web-01 seq 5, for kernel
agent ActivationFailed stable@a1 web-01 seq 6, exit code -1: switch failed
agent ProbeTopologyDeclared stable@a1 web-01 seq 7
agent ProbeObservedFirst stable@a1 web-01 seq 8
agent ProbeResult stable@a1 web-01 seq 9, pass
agent ProbeResult stable@a1 web-01 seq 10, fail: 503
agent ProbeFailureFirst stable@a1 web-01 seq 11
agent Failed stable@a1 web-01 seq 12, policy rollback-and-halt
agent RollbackComplete stable@a1 web-01 seq 13
agent Converged stable@a1 web-01 seq 14
`
	if d := Diff(want, strings.Join(got, "\n")+"\n"); d != "" {
		t.Error(d)
	}
}

// TestColumnsStay checks that a long name moves the rest of its own line only, and that no name
// breaks a line.
func TestColumnsStay(t *testing.T) {
	l := Lines{Absolute: true}
	for _, c := range []struct {
		entry Entry
		want  string
	}{
		{
			Entry{At: start, Kind: KindRolloutEvent, Rollout: "stable@öäü", Event: &reducer.Event{Kind: reducer.HostJoined, At: start, Host: "h"}},
			"2026-05-16T01:00:00Z  event     HostJoined                   stable@öäü              h      " +
				"         wave 0",
		},
		{
			Entry{At: start, Kind: KindRolloutEvent, Rollout: reducer.RolloutID("r" + strings.Repeat("x", 30)),
				Event: &reducer.Event{Kind: reducer.HostJoined, At: start, Host: "h"}},
			"2026-05-16T01:00:00Z  event     HostJoined                   r" + strings.Repeat("x", 30) + "  h               wave 0",
		},
		{
			Entry{At: start, Kind: KindOther, Other: "a\r\nb\xff\u2028\x7f\u0085", Raw: []byte(`{"x":1}`)},
			`2026-05-16T01:00:00Z  other     a\u000d\u000ab\ufffd\u2028\u007f\u0085  -                       -               {"x":1}`,
		},
	} {
		if got := string(l.Append(nil, &c.entry)); got != c.want {
			t.Errorf("\n got %s\nwant %s", got, c.want)
		}
	}
}

func TestAppendElapsed(t *testing.T) {
	const day = 86_400 * second
	for _, c := range []struct {
		since reducer.Time
		want  string
	}{
		{0, "0d 00:00:00.000"},
		{843*second + 210_000_000, "0d 00:14:03.210"},
		{7*day + 86_399*second + 1_000, "7d 23:59:59.000001"},
		{100 * day, "100d 00:00:00.000"},
		{-1, "-0d 00:00:00.000000001"},
	} {
		if got := string(AppendElapsed(nil, start+c.since, start)); got != c.want {
			t.Errorf("%d: %s, want %s", c.since, got, c.want)
		}
	}
	const first, last = reducer.Time(-1 << 63), reducer.Time(1<<63 - 1)
	if got := string(AppendElapsed(nil, last, first)); got != "213503d 23:34:33.709551615" {
		t.Errorf("from end to end: %s", got)
	}
}

type failing struct{ after int }

func (f *failing) Write(b []byte) (int, error) {
	if f.after -= len(b); f.after < 0 {
		return 0, errors.New("disk full")
	}
	return len(b), nil
}

func TestSinksReportFailingOutput(t *testing.T) {
	e := zoo()[1]
	x, w := NewText(&failing{after: 100_000}, Full), NewWriter(&failing{after: 100_000})
	for name, s := range map[string]interface {
		Sink
		Close() error
	}{"text": x, "ndjson": w} {
		var err error
		for range 10_000 {
			if err = s.Write(&e); err != nil {
				break
			}
		}
		if fmt.Sprint(err) != "disk full" || fmt.Sprint(s.Close()) != "disk full" {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}
