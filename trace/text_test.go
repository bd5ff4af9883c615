package trace

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"rollsim/reducer"
)

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

// TestText compares the text of the zoo with testdata/zoo.txt.
func TestText(t *testing.T) {
	golden, err := os.ReadFile("testdata/zoo.txt")
	if err != nil {
		t.Fatal(err)
	}
	if d := Diff(string(golden), text(t, Full)); d != "" {
		t.Error(d)
	}
	var want strings.Builder
	for _, line := range strings.SplitAfter(string(golden), "\n") {
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

// TestMisroutedLine checks that the line of an event names its rollout where it reached the record
// of another one.
func TestMisroutedLine(t *testing.T) {
	for _, test := range []struct {
		rollout reducer.RolloutID
		ev      reducer.Event
		want    string
	}{
		{"a@1", reducer.Event{Kind: reducer.RolloutTerminal, Rollout: "b@1"}, "event of b@1"},
		{
			"a@1", reducer.Event{Kind: reducer.HostJoined, Rollout: "b@\n", Host: "h", Wave: 2},
			`wave 2, event of b@\u000a`,
		},
		{"b@1", reducer.Event{Kind: reducer.HostJoined, Rollout: "b@1", Host: "h", Wave: 2}, "wave 2"},
		{"", reducer.Event{Kind: reducer.HostJoined, Rollout: "b@1", Host: "h", Wave: 2}, "wave 2"},
	} {
		test.ev.At = start
		e := Entry{At: start, Kind: KindRolloutEvent, Rollout: test.rollout, Event: &test.ev}
		l := Lines{Start: start}
		fields := strings.SplitN(string(l.Append(nil, &e)), " ", 2)
		if got := fields[1]; !strings.HasSuffix(strings.TrimSpace(got), "  "+test.want) {
			t.Errorf("%s: got %q, want %q at its end", test.rollout, got, test.want)
		}
	}
}

// TestColumns checks that a long name moves only the rest of its own line, and that no name
// contains a line break.
func TestColumns(t *testing.T) {
	l, long := Lines{Absolute: true}, strings.Repeat("x", 30)
	for _, c := range []struct {
		entry Entry
		want  string
	}{
		{
			Entry{At: start, Kind: KindRolloutEvent, Rollout: "stable@öäü",
				Event: &reducer.Event{Kind: reducer.HostJoined, At: start, Host: "h"}},
			"2026-05-16T01:00:00Z  event     HostJoined                   stable@öäü              h      " +
				"         wave 0",
		},
		{
			Entry{At: start, Kind: KindRolloutEvent, Rollout: reducer.RolloutID("r" + long),
				Event: &reducer.Event{Kind: reducer.HostJoined, At: start, Host: "h"}},
			"2026-05-16T01:00:00Z  event     HostJoined                   r" + long +
				"  h               wave 0",
		},
		{
			Entry{At: start, Kind: KindOther, Other: "a\r\nb\xff\u2028\x7f\u0085", Raw: []byte(`{"x":1}`)},
			"2026-05-16T01:00:00Z  other     a\\u000d\\u000ab\ufffd\\u2028\\u007f\\u0085  -" +
				`                       -               {"x":1}`,
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
		t.Errorf("from the first to the last time: %s", got)
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
