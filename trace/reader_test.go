package trace

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"rollsim/reducer"
)

// logLine is a line of a control plane's log, up to its payload.
const logLine = `{"seq":1,"ts":"2026-05-16T01:00:00+00:00","kind":"%s","host":null,` +
	`"rollout":"r","payload":%s}` + "\n"

const joined = `{"kind":"HostJoined","rolloutId":"r","hostId":"h","wave":0,` +
	`"at":"2026-05-16T01:00:00+00:00"}`

func TestReadErrors(t *testing.T) {
	good := fmt.Sprintf(logLine, "rollout_event", joined)
	line := func(old, new string) string {
		if !strings.Contains(good, old) {
			panic(old)
		}
		return good + strings.Replace(good, old, new, 1)
	}
	sealed := string(write(t, zoo()[:3]))
	header, rest, _ := strings.Cut(sealed, "\n")
	for _, c := range []struct{ name, in, want string }{
		{"empty", "", "t.ndjson: expected a trace, found nothing"},
		{"blank", "\n \n", "t.ndjson:2: expected a trace, found nothing but blank lines"},
		{"sqlite", "SQLite format 3\x00\x10\x00", "t.ndjson: expected a trace, found an SQLite " +
			"database: name its file instead of passing it as a stream"},
		{"zstd header", "\x28\xb5\x2f\xfd\x04", "t.ndjson: the compressed data ends early"},
		{"gzip header", "\x1f\x8b\x08", "t.ndjson: the compressed data ends early"},
		{"no JSON", good + "hello\n", "t.ndjson:2: expected a JSON object: invalid character 'h' at " +
			"start of value"},
		{"array", good + "[1]\n", "t.ndjson:2: expected a JSON object, found [1]"},
		{"two objects", good + "{}{}\n", "t.ndjson:2: expected one JSON object, found more after it"},
		{"no fields", good + "{}\n", "t.ndjson:2: seq: expected an integer, found nothing"},
		{"no log at all", "<html>502", "t.ndjson:1: expected a JSON object: invalid character '<' at " +
			"start of value"},
		{"torn", good + good[:100], "t.ndjson:2: the last line is torn: it has no newline and is " +
			"incomplete (expected a JSON object: it ends early)"},
		{"torn in the middle", good + good[:100] + "\n" + good, "t.ndjson:2: expected a JSON object: " +
			"it ends early"},
		{"duplicate", line(`"wave":0`, `"wave":0,"wave":0`),
			`t.ndjson:2: expected a JSON object: duplicate object member name "wave" within "/payload"`},
		{"invalid UTF-8", line(`"h"`, "\"\xff\""),
			`t.ndjson:2: expected a JSON object: invalid UTF-8 within "/payload/hostId"`},
		{"deep", line(joined, strings.Repeat("[", 20_000)), "t.ndjson:2: expected a JSON object: " +
			"exceeded max depth"},
		{"seq", line(`"seq":1`, `"seq":1.0`), "t.ndjson:2: seq: expected an integer from 0 to " +
			"18446744073709551615, found 1.0"},
		{"seq string", line(`"seq":1`, `"seq":"1"`),
			`t.ndjson:2: seq: expected an integer from 0 to 18446744073709551615, found "1"`},
		{"ts", line(`"ts":"2026`, `"ts":"26`),
			`t.ndjson:2: seq 1: ts: expected an RFC 3339 time such as "2026-05-16T01:00:00.5Z", ` +
				`found "26-05-16T01:00:00+00:00"`},
		{"kind", line(`"rollout_event"`, `null`), "t.ndjson:2: seq 1: kind: expected a string, found " +
			"null"},
		{"host", line(`"host":null`, `"host":3`), "t.ndjson:2: seq 1: host: expected a string or " +
			"null, found 3"},
		{"no payload", line(joined, "null"), "t.ndjson:2: seq 1: payload: expected an object, found " +
			"null"},
		{"wave", line(`"wave":0`, `"wave":-1`), "t.ndjson:2: seq 1: payload.wave: expected an integer " +
			"from 0 to 4294967295, found -1"},
		{"large wave", line(`"wave":0`, `"wave":4294967296`),
			"t.ndjson:2: seq 1: payload.wave: expected an integer from 0 to 4294967295, found 4294967296"},
		{"large exponent", line(`"wave":0`, `"wave":1e999`),
			"t.ndjson:2: seq 1: payload.wave: expected an integer from 0 to 4294967295, found 1e999"},
		{"missing field", line(`"hostId":"h",`, ``), "t.ndjson:2: seq 1: payload.hostId: expected a " +
			"string, found nothing"},
		{"long value", line(`"wave":0`, `"wave":"`+strings.Repeat("✗", 40)+`"`),
			`t.ndjson:2: seq 1: payload.wave: expected an integer from 0 to 4294967295, found "` +
				strings.Repeat("✗", 19) + "…"},
		{"state", fmt.Sprintf(logLine, "effect", `{"effect":"RecordRolloutTransition","rolloutId":"r",`+
			`"from":"Opening","to":"Aktive",`+
			`"at":"2026-05-16T01:00:00Z"}`), "t.ndjson:1: seq 1: payload.to: expected a rollout state " +
			"(Opening, Active, Converging, " +
			`Terminal, Reverted, Failed, Superseded, Pruned), found "Aktive"`},
		{"policy", fmt.Sprintf(logLine, "agent_event", `{"kind":"Failed","policyApplied":"hope"}`),
			`t.ndjson:1: seq 1: payload.policyApplied: expected a health policy (halt,` +
				` rollback-and-halt), found "hope"`},
		{"probes", fmt.Sprintf(logLine, "agent_event", `{"kind":"ProbeTopologyDeclared",`+
			`"probes":["http"]}`),
			`t.ndjson:1: seq 1: payload.probes: expected a list of objects, found ["http"]`},
		{"hosts", fmt.Sprintf(logLine, "plan_action", `{"action":"OpenRollout","hosts":[1]}`),
			`t.ndjson:1: seq 1: payload.hosts: expected a list of strings, found [1]`},
		{"no kind of event", fmt.Sprintf(logLine, "rollout_event", `{}`),
			"t.ndjson:1: seq 1: payload.kind: expected the name of a rollout event, found nothing"},
		{"no kind of effect", fmt.Sprintf(logLine, "effect", `{"a":1,"b":2}`),
			"t.ndjson:1: seq 1: payload.effect: expected the name of an effect, found nothing"},
		{"newer format", strings.Replace(header, `"format":1`, `"format":2`, 1),
			"t.ndjson:1: payload.format: expected a version of the trace format from 1 to 1, found 2"},
		{"header's channel", strings.Replace(header, `"retentionSeconds":60`, `"retentionSeconds":-1`, 1),
			"t.ndjson:1: payload.channels[0].retentionSeconds: expected an integer from 0 to " +
				"9223372036854775807, found -1"},
		{"second header", header + "\n" + header, "t.ndjson:2: expected the header on the first line " +
			"alone, found a second one"},
		{"late header", good + header, "t.ndjson:2: expected the header on the first line alone, " +
			"found a second one"},
		{"no header", rest, "t.ndjson:1: expected the header of a simulated trace before its entries, " +
			"found an entry with a sum"},
		{"end alone", good + `{"seq":2,"ts":"2026-05-16T01:00:00Z","kind":"end",` +
			`"payload":{"entries":1,"digest":"x"}}`,
			"t.ndjson:2: expected an end line only in a trace that has a header"},
		{"cut off", sealed[:strings.LastIndex(sealed[:len(sealed)-1], "\n")+1],
			"t.ndjson:3: the trace was cut off: expected an end line after entry 2, found the end of the " +
				"file"},
	} {
		_, _, err := read([]byte(c.in))
		var readError *ReadError
		if !errors.As(err, &readError) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s\n got %v\nwant %s", c.name, err, c.want)
		}
	}
}

func TestReadTolerates(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     Entry
		passed   Passed
	}{
		{
			name:   "unknown kind",
			in:     fmt.Sprintf(logLine, "metric", `[1, {"a":null}]`),
			want:   Entry{Kind: KindOther, Other: "metric", Rollout: "r", Raw: []byte(`[1, {"a":null}]`)},
			passed: Passed{Kinds: 1},
		},
		{
			name: "unknown event",
			in:   fmt.Sprintf(logLine, "rollout_event", `{"kind":"RolloutPaused","wave":-1}`),
			want: Entry{Kind: KindRolloutEvent, Rollout: "r", Raw: []byte(`{"kind":"RolloutPaused",` +
				`"wave":-1}`)}, passed: Passed{Payloads: 1},
		},
		{
			name:   "unknown tagged event",
			in:     fmt.Sprintf(logLine, "rollout_event", `{"RolloutPaused":{}}`),
			want:   Entry{Kind: KindRolloutEvent, Rollout: "r", Raw: []byte(`{"RolloutPaused":{}}`)},
			passed: Passed{Payloads: 1},
		},
		{
			name:   "unknown effect",
			in:     fmt.Sprintf(logLine, "effect", `{"effect":"EmitMetric"}`),
			want:   Entry{Kind: KindEffect, Rollout: "r", Raw: []byte(`{"effect":"EmitMetric"}`)},
			passed: Passed{Payloads: 1},
		},
		{
			name: "unknown field",
			in:   fmt.Sprintf(logLine, "rollout_event", strings.Replace(joined, `}`, `,"color":"red"}`, 1)),
			want: Entry{
				Kind: KindRolloutEvent, Rollout: "r", Raw: []byte(strings.Replace(joined, `}`,
					`,"color":"red"}`, 1)),
				Event: &reducer.Event{Kind: reducer.HostJoined, Rollout: "r", Host: "h", At: start},
			}, passed: Passed{Fields: 1},
		},
		{
			name: "unknown field of the entry, other order, other spaces, escapes",
			in: "\t" + `{ "payload" : {"at":"2026-05-16T01:00:00+00:00","hostId":"\u0068","wave":0,` +
				`"kind":"HostJoined","rolloutId":"r"},` +
				`"note":{"x":[]},"rollout":"r","kind":"rollout_event", "ts":"2026-05-16t03:00:00+02:00",` +
				`"seq":1 }` + "\r\n",
			want: Entry{
				Kind: KindRolloutEvent, Rollout: "r",
				Event: &reducer.Event{Kind: reducer.HostJoined, Rollout: "r", Host: "h", At: start},
			}, passed: Passed{Fields: 1},
		},
		{
			name: "tagged event",
			in: fmt.Sprintf(logLine, "rollout_event",
				`{"HostJoined":{"rollout_id":"r","host_id":"h","wave":0,"at":"2026-05-16T01:00:00Z"}}`),
			want: Entry{
				Kind: KindRolloutEvent, Rollout: "r",
				Event: &reducer.Event{Kind: reducer.HostJoined, Rollout: "r", Host: "h", At: start},
			},
		},
		{
			name: "a field that AgentEvent does not hold",
			in: fmt.Sprintf(logLine, "agent_event",
				`{"kind":"ActivationStarted","startedAt":"2026-05-16T01:00:00Z","switchMethod":"reboot",`+
					`"seq":2}`),
			want: Entry{
				Kind: KindAgentEvent, Rollout: "r", Agent: &AgentEvent{Kind: reducer.ActivationStarted,
					Seq: 2, At: start},
				Raw: []byte(`{"kind":"ActivationStarted","startedAt":"2026-05-16T01:00:00Z",` +
					`"switchMethod":"reboot","seq":2}`),
			},
		},
		{
			name: "two probes",
			in: fmt.Sprintf(logLine, "agent_event", `{"kind":"ProbeTopologyDeclared",`+
				`"probes":[{"probeName":"a","kind":"http",`+
				`"mode":"enforce"},{"probeName":"b"}],"declaredAt":"2026-05-16T01:00:00Z","seq":2}`),
			want: Entry{
				Kind: KindAgentEvent, Rollout: "r",
				Agent: &AgentEvent{Kind: reducer.ProbeTopologyDeclared, Seq: 2, At: start, Probe: "a"},
				Raw: []byte(`{"kind":"ProbeTopologyDeclared","probes":[{"probeName":"a","kind":"http",` +
					`"mode":"enforce"},{"probeName":"b"}],"declaredAt":"2026-05-16T01:00:00Z","seq":2}`),
			},
		},
		{
			name: "no probes",
			in: fmt.Sprintf(logLine, "agent_event", `{"kind":"ProbeTopologyDeclared","probes":[],`+
				`"declaredAt":"2026-05-16T01:00:00Z","seq":2}`),
			want: Entry{
				Kind: KindAgentEvent, Rollout: "r", Agent: &AgentEvent{Kind: reducer.ProbeTopologyDeclared,
					Seq: 2, At: start},
				Raw: []byte(`{"kind":"ProbeTopologyDeclared","probes":[],` +
					`"declaredAt":"2026-05-16T01:00:00Z","seq":2}`),
			},
		},
		{
			name: "another kind of probe",
			in: fmt.Sprintf(logLine, "agent_event", `{"kind":"ProbeTopologyDeclared",`+
				`"probes":[{"probeName":"a","kind":"tcp","mode":"enforce"}],`+
				`"declaredAt":"2026-05-16T01:00:00Z","seq":2}`),
			want: Entry{
				Kind: KindAgentEvent, Rollout: "r", Agent: &AgentEvent{Kind: reducer.ProbeTopologyDeclared,
					Seq: 2, At: start, Probe: "a"},
				Raw: []byte(`{"kind":"ProbeTopologyDeclared","probes":[{"probeName":"a","kind":"tcp",` +
					`"mode":"enforce"}],"declaredAt":"2026-05-16T01:00:00Z","seq":2}`),
			},
		},
		{
			name: "two failing probes",
			in: fmt.Sprintf(logLine, "agent_event",
				`{"kind":"Failed","failedAt":"2026-05-16T01:00:00Z","sustainedDurationSecs":60,`+
					`"failingProbes":["a","b"],"policyApplied":"halt","seq":2}`),
			want: Entry{
				Kind: KindAgentEvent, Rollout: "r", Agent: &AgentEvent{Kind: reducer.ProbesFailed, Seq: 2,
					At: start, Probe: "a", Policy: reducer.Halt},
				Raw: []byte(`{"kind":"Failed","failedAt":"2026-05-16T01:00:00Z","sustainedDurationSecs":60,` +
					`"failingProbes":["a","b"],"policyApplied":"halt","seq":2}`),
			},
		},
		{
			name: "another threshold",
			in: fmt.Sprintf(logLine, "agent_event",
				`{"kind":"Failed","failedAt":"2026-05-16T01:00:00Z","sustainedDurationSecs":90,`+
					`"failingProbes":["a"],"policyApplied":"halt","seq":2}`),
			want: Entry{
				Kind: KindAgentEvent, Rollout: "r", Agent: &AgentEvent{Kind: reducer.ProbesFailed, Seq: 2,
					At: start, Probe: "a", Policy: reducer.Halt},
				Raw: []byte(`{"kind":"Failed","failedAt":"2026-05-16T01:00:00Z","sustainedDurationSecs":90,` +
					`"failingProbes":["a"],"policyApplied":"halt","seq":2}`),
			},
		},
		{
			name: "another status",
			in: fmt.Sprintf(logLine, "agent_event", `{"kind":"ProbeResult","probeName":"a",`+
				`"mode":"enforce","status":"unknown","observedAt":"2026-05-16T01:00:00Z",`+
				`"failureReason":null,"subResults":null,"seq":2}`),
			want: Entry{
				Kind: KindAgentEvent, Rollout: "r", Agent: &AgentEvent{Kind: reducer.ProbeResult, Seq: 2,
					At: start, Probe: "a"},
				Raw: []byte(`{"kind":"ProbeResult","probeName":"a","mode":"enforce","status":"unknown",` +
					`"observedAt":"2026-05-16T01:00:00Z","failureReason":null,"subResults":null,"seq":2}`),
			},
		},
		{
			name: "tagged event with an unknown field",
			in: fmt.Sprintf(logLine, "rollout_event",
				`{"RolloutTerminal":{"rollout_id":"r","at":"2026-05-16T01:00:00Z","color":"red"}}`),
			want: Entry{
				Kind: KindRolloutEvent, Rollout: "r", Event: &reducer.Event{Kind: reducer.RolloutTerminal,
					Rollout: "r", At: start},
				Raw: []byte(`{"RolloutTerminal":{"rollout_id":"r","at":"2026-05-16T01:00:00Z","color":"red"}}`),
			}, passed: Passed{Fields: 1},
		},
		{
			name: "agent event with missing fields",
			in:   fmt.Sprintf(logLine, "agent_event", `{"kind":"Failed","policyApplied":"halt"}`),
			want: Entry{
				Kind: KindAgentEvent, Rollout: "r", Agent: &AgentEvent{Kind: reducer.ProbesFailed,
					Policy: reducer.Halt},
				Raw: []byte(`{"kind":"Failed","policyApplied":"halt"}`),
			},
		},
		{
			name: "verify outcome",
			in:   fmt.Sprintf(logLine, "verify_outcome", `{"ok":true}`),
			want: Entry{Kind: KindVerifyOutcome, Rollout: "r", Raw: []byte(`{"ok":true}`)},
		},
		{
			name: "no end of line, no payload",
			in:   `{"seq":1,"ts":"2026-05-16T01:00:00Z","kind":"","rollout":"r"}`,
			want: Entry{Kind: KindOther, Rollout: "r", Raw: []byte("null")}, passed: Passed{Kinds: 1},
		},
	} {
		c.want.Seq, c.want.At = 1, start
		got, r, err := read([]byte(c.in))
		if err != nil || len(got) != 1 {
			t.Errorf("%s: %d entries, %v", c.name, len(got), err)
			continue
		}
		if !reflect.DeepEqual(got[0], c.want) {
			t.Errorf("%s\n got %+v\nwant %+v", c.name, got[0], c.want)
		}
		if p := r.Passed(); p != c.passed {
			t.Errorf("%s: unknown %+v, want %+v", c.name, p, c.passed)
		}
		again, _, err := read(write(t, got))
		if err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%s: written and read again it is %+v, %v", c.name, again, err)
		}
	}
}

func TestReadGzip(t *testing.T) {
	plain := write(t, zoo())
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(plain)
	_ = z.Close()
	want, _, _ := read(plain)
	got, r, err := read(b.Bytes())
	if err != nil || len(r.Breaches()) > 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("%d entries, %v, %v", len(got), r.Breaches(), err)
	}
	if _, _, err = read(b.Bytes()[:b.Len()-20]); err == nil ||
		!strings.HasSuffix(err.Error(), "the compressed data ends early") {
		t.Errorf("cut off: %v", err)
	}
	damaged := bytes.Clone(b.Bytes())
	damaged[b.Len()-5] ^= 1
	if _, _, err = read(damaged); err == nil ||
		!strings.Contains(err.Error(), "the gzip data is damaged") {
		t.Errorf("damaged: %v", err)
	}
}

func TestReadLongLines(t *testing.T) {
	reason := strings.Repeat("x", 3*readBuffer)
	long := fmt.Sprintf(logLine, "gate_decision",
		`{"gate":"g","reason":"`+reason+`","host":"h","rollout":"r"}`)
	got, _, err := read([]byte(long + long))
	if err != nil || len(got) != 2 || got[1].Gate.Reason != reason {
		t.Errorf("%d entries, %v", len(got), err)
	}
	endless := io.MultiReader(strings.NewReader(long), io.LimitReader(endlessly('x'), 1<<40))
	r, err := NewReader("t.ndjson", endless)
	for err == nil {
		_, err = r.Read()
	}
	if err.Error() != "t.ndjson:2: the line is longer than 64 MiB" {
		t.Errorf("endless: %v", err)
	}
}

type endlessly byte

func (c endlessly) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(c)
	}
	return len(b), nil
}

func TestInternedStringsAreBounded(t *testing.T) {
	var p parser
	for i := range 3 * internMost {
		if s := p.intern(fmt.Append(nil, i)); s != fmt.Sprint(i) {
			t.Fatalf("%d is %s", i, s)
		}
	}
	if len(p.strings) > internMost {
		t.Errorf("%d strings are interned", len(p.strings))
	}
}

func TestReadReportsFailingInput(t *testing.T) {
	line := fmt.Sprintf(logLine, "rollout_event", joined)
	r, err := NewReader("t.ndjson", io.MultiReader(
		strings.NewReader(strings.Repeat(line, 1000)), iotest.ErrReader(errors.New("disk on fire"))))
	for err == nil {
		_, err = r.Read()
	}
	if err.Error() != "t.ndjson:1001: disk on fire" {
		t.Errorf("the error is %v", err)
	}
	if _, again := r.Read(); !errors.Is(again, err) {
		t.Errorf("the next Read returns %v", again)
	}
}

// FuzzReader checks that no input makes the reader panic, and that entries stay the same when they
// are written and read again.
func FuzzReader(f *testing.F) {
	all := zoo()
	whole := write(f, all)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	for _, line := range bytes.SplitAfter(write(f, all[1:]), []byte("\n")) {
		f.Add(line)
	}
	for _, kind := range []string{"rollout_event", "effect", "agent_event", "plan_action", "metric"} {
		f.Add(fmt.Appendf(nil, logLine, kind,
			`{"HostJoined":{"rollout_id":"r","host_id":"h","wave":0,"at":"2026-05-16T01:00:00Z"}}`))
	}
	f.Add([]byte(documentOf(f, "stable@a1", lone())))
	f.Add([]byte(
		`{"events":[{"seq":7,"ts":"2026-05-16T01:00:00Z","kind":"metric","host":null,"payload":[]}],` +
			`"more":1,"rollout_id":"a\u0022"}`))
	f.Add(zstdOf(f, whole))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, r, err := read(data)
		if err != nil && !errors.As(err, new(*ReadError)) {
			t.Fatalf("an error of type %T: %v", err, err)
		}
		if len(got) == 0 || r.Header() != nil && len(r.Breaches()) > 0 {
			return
		}
		again, _, err := read(write(t, got))
		if err != nil {
			t.Fatalf("written again: %v", err)
		}
		if last := len(got) - 1; len(again) == len(got)+1 {
			again = again[:last+1] // the Writer added the end line of a trace that was cut off
		}
		if !reflect.DeepEqual(again, got) {
			t.Errorf("read\n%s\nwritten again\n%s", write(t, got), write(t, again))
		}
	})
}

// TestLenientEnds: a lenient reader ends a log before an incomplete last line, with a note, and
// continues after a first line that is not JSON if an entry follows. A strict one does neither.
func TestLenientEnds(t *testing.T) {
	const good = `{"seq":1,"ts":"2026-05-16T01:00:00Z","kind":"gate_decision","host":null,` +
		`"rollout":null,"payload":{"gate":"g","reason":"r","host":"h","rollout":"s@1"}}` + "\n"
	for _, c := range []struct {
		name, log string
		entries   int
		bad       int // of them
		note, err string
	}{
		{name: "a torn last line", log: good + good[:50], entries: 1,
			note: "t.ndjson: line 2, the last one, is incomplete and not judged"},
		{name: "a last line without a newline", log: good + good[:len(good)-1], entries: 2},
		{name: "nothing but a torn line", log: good[:50], err: "the last line is torn"},
		{name: "a torn line in the middle", log: good + good[:50] + "\n" + good, entries: 3, bad: 1},
		{name: "a first line that is no JSON", log: "-- log\n" + good, entries: 2, bad: 1},
		{name: "no entry follows", log: "-- log\n-- log\n", err: "t.ndjson:1: expected a JSON object"},
		{name: "an array", log: "[\n" + strings.TrimSpace(good) + ",\n]\n",
			err: "t.ndjson:1: expected a JSON object"},
	} {
		for _, lenient := range []bool{true, false} {
			r, err := NewReader("t.ndjson", strings.NewReader(c.log))
			if err != nil {
				t.Fatal(err)
			}
			if lenient {
				r.Lenient()
			}
			entries, bad := 0, 0
			for err == nil {
				if _, err = r.Read(); err == nil {
					entries++
				}
				if r.Bad() != nil {
					bad++
				}
			}
			if errors.Is(err, io.EOF) {
				err = nil
			}
			if !lenient {
				if (err == nil) != (c.note+c.err == "" && c.bad == 0) {
					t.Errorf("%s, strict: %v", c.name, err)
				}
				continue
			}
			notes := strings.Join(r.Notes(), "\n")
			if entries != c.entries || bad != c.bad || !strings.HasPrefix(notes, c.note) ||
				(c.note == "") != (notes == "") || (err != nil) != (c.err != "") ||
				err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %d entries, %d bad, notes %q, %v", c.name, entries, bad, notes, err)
			}
		}
	}
}
