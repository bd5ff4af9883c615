package trace_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

var one = reducer.Time(time.Date(2026, 5, 16, 1, 0, 0, 0, time.UTC).UnixNano())

// night returns a trace of two entries: its header, and the opening of a rollout.
func night() []trace.Entry {
	return []trace.Entry{
		{
			At: one, Kind: trace.KindHeader,
			Header: &trace.Header{
				Format: trace.FormatVersion, Scenario: "night", Seed: 1, Machine: "rfc0008",
			},
		},
		{
			Seq: 1, At: one, Kind: trace.KindRolloutEvent, Rollout: "stable@a1",
			Event: &reducer.Event{
				Kind: reducer.RolloutOpened, Rollout: "stable@a1", At: one,
				Channel: "stable", TargetRef: "a1",
			},
		},
	}
}

// write returns a trace as NDJSON.
func write(entries []trace.Entry) []byte {
	var b bytes.Buffer
	w := trace.NewWriter(&b)
	for i := range entries {
		if err := w.Write(&entries[i]); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// A Writer writes entries as NDJSON, a control plane's log here. The output is wrapped.
func ExampleWriter() {
	var b strings.Builder
	w := trace.NewWriter(&b)
	for _, e := range night()[1:] { // without a header, as a control plane writes it
		if err := w.Write(&e); err != nil {
			fmt.Println(err)
		}
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}
	wrap := strings.NewReplacer(`,"host"`, ",\n \"host\"", `,"channel"`, ",\n \"channel\"")
	fmt.Print(wrap.Replace(b.String()))
	// Output:
	// {"seq":1,"ts":"2026-05-16T01:00:00Z","kind":"rollout_event",
	//  "host":null,"rollout":"stable@a1","payload":{"kind":"RolloutOpened","rolloutId":"stable@a1",
	//  "channel":"stable","targetRef":"a1","at":"2026-05-16T01:00:00Z"}}
}

// A Reader reads a trace in any form, and checks the seal of a simulated one.
func ExampleReader() {
	changed := strings.Replace(string(write(night())), `"channel":"stable"`, `"channel":"edge"`, 1)
	r, err := trace.NewReader("night.ndjson", strings.NewReader(changed))
	if err != nil {
		fmt.Println(err)
		return
	}
	for {
		e, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("line %d: %s\n", r.Line(), e.KindName())
	}
	for _, b := range r.Breaches() {
		fmt.Println(b)
	}
	// Output:
	// line 1: header
	// line 2: rollout_event
	// line 3: end
	// entry 1 (line 2): changed after it was written: its content does not match its sum
}

// A ReadError says where a log cannot be read, and what was expected there.
func ExampleReadError() {
	r, err := trace.NewReader("log", strings.NewReader(`{"seq":1,"ts":"yesterday"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = r.Read()
	fmt.Println(err)
	// Output:
	// log:1: seq 1: ts: expected an RFC 3339 time such as "2026-05-16T01:00:00.5Z", found "yesterday"
}

// A Text writes a trace for people, and Diff returns how two such texts differ.
func ExampleDiff() {
	text := func(entries []trace.Entry) string {
		var b strings.Builder
		t := trace.NewText(&b, trace.TransitionsOnly)
		for i := range entries {
			if err := t.Write(&entries[i]); err != nil {
				panic(err)
			}
		}
		if err := t.Close(); err != nil {
			panic(err)
		}
		return b.String()
	}
	golden, other := night(), night()
	other[0].Header.Seed = 2
	fmt.Print(trace.Diff(text(golden), text(other)))
	// Output:
	// first difference at line 3
	//       1  # format    1
	//       2  # scenario  night
	// -     3  # seed      1
	// +     3  # seed      2
	// -     6  # entries 1 digest 5eff676d2504524f
	// +     6  # entries 1 digest 5df5741b11e66352
	// in all 2 lines are missing (-) and 2 are new (+)
}
