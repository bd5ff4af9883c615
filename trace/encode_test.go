package trace

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"rollsim/reducer"
)

// The control plane writes times with +00:00 instead of Z, and with no decimals or nine of them.
var (
	offset      = regexp.MustCompile(`\+00:00"`)
	threeDigits = regexp.MustCompile(`(\.\d{3})000000Z`)
	sixDigits   = regexp.MustCompile(`(\.\d{6})000Z`)
)

func TestControlPlaneLogIsWrittenAsRead(t *testing.T) {
	for _, name := range []string{"sample-4", "sample-6"} {
		t.Run(name, func(t *testing.T) {
			z, err := gzip.NewReader(bytes.NewReader(sample(t, name)))
			if err != nil {
				t.Fatal(err)
			}
			log, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			want := offset.ReplaceAllString(string(log), `Z"`)
			want = threeDigits.ReplaceAllString(want, "${1}Z")
			want = sixDigits.ReplaceAllString(want, "${1}Z")

			entries, r, err := read(sample(t, name))
			if err != nil {
				t.Fatal(err)
			}
			for i := range entries {
				if entries[i].Raw != nil {
					t.Fatalf("entry %d was not decoded completely: %s", entries[i].Seq, entries[i].Raw)
				}
			}
			if p := r.Passed(); p != (Passed{}) {
				t.Errorf("unknown: %+v", p)
			}
			if d := Diff(want, string(write(t, entries))); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestLineSpellings(t *testing.T) {
	r1 := reducer.RolloutID("stable@a1")
	wave := reducer.Effect{Kind: reducer.UpdateCurrentWave, Rollout: r1, Wave: 2}
	for _, c := range []struct {
		name string
		got  []byte
		want string
	}{
		{"entry", appendEntry(nil, &Entry{Seq: 12, At: start, Kind: KindEffect, Rollout: r1,
			Effect: &wave}),
			`{"seq":12,"ts":"2026-05-16T01:00:00Z","kind":"effect","host":null,"rollout":"stable@a1",` +
				`"payload":{"effect":"UpdateCurrentWave","rolloutId":"stable@a1","wave":2}`},
		{"tagged event", AppendTaggedEvent(nil, &reducer.Event{
			Kind: reducer.SuccessorOpened, Rollout: "r1", Successor: "r2", At: start + 500_000_000,
		}), `{"SuccessorOpened":{"superseded_rollout_id":"r1","successor_rollout_id":"r2",` +
			`"at":"2026-05-16T01:00:00.500Z"}}`},
		{"tagged effect", AppendTaggedEffect(nil, &wave),
			`{"UpdateCurrentWave":{"rollout_id":"stable@a1","wave":2}}`},
		{"quarantine", AppendEffect(nil, &reducer.Effect{
			Kind: reducer.InsertQuarantineFromRollout, Channel: "stable", Closure: "a1",
		}), `{"effect":"InsertQuarantineFromRollout","channel":"stable","closureHash":"a1"}`},
		{"pruning", AppendEffect(nil, &reducer.Effect{Kind: reducer.SchedulePruning, Rollout: r1,
			DelaySeconds: 60}),
			`{"effect":"SchedulePruning","rolloutId":"stable@a1","delaySeconds":60}`},
		{"record", AppendRecord(nil, &reducer.Record{
			RolloutID: r1, Channel: "stable", TargetRef: "a1", State: reducer.Terminal, CurrentWave: 1,
			OpenedEventLogSeq: reducer.Some(int64(-3)), OpenedAt: start, TerminalAt: reducer.Some(start + 1),
		}), `{"rollout_id":"stable@a1","channel":"stable","target_ref":"a1","state":"Terminal",` +
			`"current_wave":1,` +
			`"opened_event_log_seq":-3,"last_transition_event_log_seq":null,` +
			`"opened_at":"2026-05-16T01:00:00Z",` +
			`"terminal_at":"2026-05-16T01:00:00.000000001Z","superseded_at":null}`},
		{"first failure", appendPayload(nil, &Entry{Agent: &AgentEvent{
			Kind: reducer.ProbeFailureFirst, Seq: 6, At: start, Probe: "http",
		}}),
			`{"kind":"ProbeFailureFirst","probeName":"http","mode":"enforce",` +
				`"firstFailedAt":"2026-05-16T01:00:00Z","seq":6}`},
		{"dispatch sent again", appendPayload(nil, &Entry{Plan: &PlanAction{
			Action: QueueDispatch, Host: "h", Rollout: r1, Closure: "a1", SoakDueAt: start, Attempt: 2,
		}}), `{"action":"QueueDispatch","host":"h","rollout":"stable@a1","target_closure":"a1",` +
			`"soak_due_at":"2026-05-16T01:00:00Z","attempt":2}`},
	} {
		if string(c.got) != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.name, c.got, c.want)
		}
	}
}

func TestBothSpellingsDecode(t *testing.T) {
	for _, e := range zoo() {
		if e.Event != nil {
			for _, payload := range [][]byte{AppendEvent(nil, e.Event), AppendTaggedEvent(nil, e.Event)} {
				if got, err := DecodeEvent(payload); err != nil || got != *e.Event {
					t.Errorf("%s: %+v, %v", payload, got, err)
				}
			}
		}
		if e.Effect != nil {
			flat, tagged := AppendEffect(nil, e.Effect), AppendTaggedEffect(nil, e.Effect)
			for _, payload := range [][]byte{flat, tagged} {
				if got, err := DecodeEffect(payload); err != nil || got != *e.Effect {
					t.Errorf("%s: %+v, %v", payload, got, err)
				}
			}
		}
	}
	record := reducer.Record{
		RolloutID: "r", Channel: "c", TargetRef: "t", State: reducer.Superseded, CurrentWave: 4294967295,
		OpenedEventLogSeq: reducer.Some(int64(7)), LastTransitionEventLogSeq: reducer.Some(int64(9)),
		OpenedAt: start, TerminalAt: reducer.Some(start), SupersededAt: reducer.Some(start + 1),
	}
	if got, err := DecodeRecord(AppendRecord(nil, &record)); err != nil || got != record {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, c := range []struct{ payload, want string }{
		{`{"HostJoined":{"rollout_id":"r","host_id":"h","wave":-1,"at":"2026-05-16T01:00:00Z"}}`,
			"rollout event: HostJoined.wave: expected an integer from 0 to 4294967295, found -1"},
		{`{"kind":"HostJoined","rolloutId":"r","hostId":"h","wave":4294967296,` +
			`"at":"2026-05-16T01:00:00Z"}`,
			"rollout event: wave: expected an integer from 0 to 4294967295, found 4294967296"},
		{`{"kind":"HostJoined","rolloutId":7,"hostId":"h","wave":1,"at":"2026-05-16T01:00:00Z"}`,
			"rollout event: rolloutId: expected a string, found 7"},
		{`{"kind":"RolloutTerminal","rollout_id":"r","at":"2026-05-16T01:00:00Z"}`,
			"rollout event: rolloutId: expected a string, found nothing"},
		{`{"Frobnicated":{}}`, `expected a known rollout event, found {"Frobnicated":{}}`},
		{`{"kind":3}`, "rollout event: kind: expected a string, found 3"},
		{`{}`, "rollout event: kind: expected the name of a rollout event, found nothing"},
		{`[]`, "expected a JSON object, found []"},
		{`{"kind":"HostStateChanged","rolloutId":"r","hostId":"h","from":"Soaked","to":"Failed",` +
			`"at":"2026-05-16T01:00:00Z"}`,
			"rollout event: from: expected a host state (Pending, Activating, Deferred, Soaking, " +
				"Converged, Failed, Reverted), " +
				`found "Soaked"`},
		{`{"RolloutTerminal":{"rollout_id":"r","at":"yesterday"}}`,
			"rollout event: RolloutTerminal.at: expected an RFC 3339 time such as " +
				`"2026-05-16T01:00:00.5Z", found "yesterday"`},
		{`{"RolloutTerminal":{"rollout_id":"r","rollout_id":"s","at":"2026-05-16T01:00:00Z"}}`,
			`expected a JSON object: duplicate object member name "rollout_id" within "/RolloutTerminal"`},
	} {
		if _, err := DecodeEvent([]byte(c.payload)); err == nil || err.Error() != c.want {
			t.Errorf("%s\n got %v\nwant %s", c.payload, err, c.want)
		}
	}
}

func TestStringsAreJSON(t *testing.T) {
	for _, s := range []string{
		"", "plain", `"quoted" \ back`, "\x00\x01\b\f\n\r\t\x1f\x7f", "Ünïcödé ✗ 😀", "\u2028\u2029",
		"bad \xff\xfe utf\xc3", "\xed\xa0\x80",
		strings.Repeat("long\n", 1000),
	} {
		quoted := appendQuoted(nil, s)
		var got string
		if err := json.Unmarshal(quoted, &got); err != nil {
			t.Errorf("%q: %s: %v", s, quoted, err)
		}
		if want := string([]rune(s)); got != want {
			t.Errorf("%q: %s says %q", s, quoted, got)
		}
	}
}

func TestEncodingDoesNotAllocate(t *testing.T) {
	all := zoo()
	w := NewWriter(io.Discard)
	if n := testing.AllocsPerRun(10, func() {
		w.lines = 0
		for i := range all {
			if err := w.Write(&all[i]); err != nil {
				t.Fatal(err)
			}
		}
	}); n > 0 {
		t.Errorf("%v allocations for %d entries", n, len(all))
	}
}

func TestWriterChecksSeq(t *testing.T) {
	all := zoo()
	all[3].Seq = 4
	w := NewWriter(io.Discard)
	var err error
	for i := range all {
		err = w.Write(&all[i])
	}
	if err == nil || err.Error() != "entry 3 of the trace: expected seq 3, found 4" {
		t.Errorf("the error is %v", err)
	}
	if !errors.Is(w.Close(), err) {
		t.Error("Close does not return the error")
	}
}

func TestClone(t *testing.T) {
	for _, e := range zoo() {
		c := e.Clone()
		if !reflect.DeepEqual(c, e) {
			t.Errorf("the clone of %v differs", e.Kind)
		}
		before := content(&c)
		eachLeaf(reflect.ValueOf(&e).Elem(), func(reflect.Value, string) {})
		if !bytes.Equal(before, content(&c)) {
			t.Errorf("the clone of %v shares data with its original", e.Kind)
		}
	}
}

// TestAppendEntry writes single lines of a log, and reads equal entries from them.
func TestAppendEntry(t *testing.T) {
	for _, sample := range []string{"sample-4", "sample-6"} {
		r, err := NewReader(sample, bytes.NewReader(plainSample(t, sample)))
		if err != nil {
			t.Fatal(err)
		}
		for range 2000 {
			e, err := r.Read()
			if err != nil {
				break
			}
			line, err := NewReader("a line", bytes.NewReader(AppendEntry(nil, e)))
			if err != nil {
				t.Fatal(err)
			}
			got, err := line.Read()
			if err != nil || !reflect.DeepEqual(got, e) {
				t.Fatalf("%+v, want %+v: %v", got, e, err)
			}
		}
	}
}
