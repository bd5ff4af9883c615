package trace_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
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

// A Writer writes entries as NDJSON.
func ExampleWriter() {
	w := trace.NewWriter(os.Stdout)
	for _, e := range night()[1:] { // without a header, as a control plane writes it
		if err := w.Write(&e); err != nil {
			fmt.Println(err)
		}
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"seq":1,"ts":"2026-05-16T01:00:00Z","kind":"rollout_event","host":null,"rollout":"stable@a1","payload":{"kind":"RolloutOpened","rolloutId":"stable@a1","channel":"stable","targetRef":"a1","at":"2026-05-16T01:00:00Z"}}
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
	r, err := trace.NewReader("log.ndjson", strings.NewReader(`{"seq":1,"ts":"yesterday"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = r.Read()
	fmt.Println(err)
	// Output:
	// log.ndjson:1: seq 1: ts: expected an RFC 3339 time such as "2026-05-16T01:00:00.5Z", found "yesterday"
}

// Diff shows how the text forms of two runs differ.
func ExampleDiff() {
	text := func(entries []trace.Entry) string {
		var b strings.Builder
		t := trace.NewText(&b, trace.Full)
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
	other[1].At += reducer.Time(1500 * time.Millisecond)
	fmt.Print(trace.Diff(text(golden), text(other)))
	// Output:
	// first difference at line 3
	//       1  # format    1
	//       2  # scenario  night
	// -     3  # seed      1
	// +     3  # seed      2
	// -     6  0d 00:00:00.000   event     RolloutOpened                stable@a1               -               ref a1 on stable
	// -     7  # entries 1 digest 5eff676d2504524f
	// +     6  0d 00:00:01.500   event     RolloutOpened                stable@a1               -               ref a1 on stable at 0d 00:00:00.000
	// +     7  # entries 1 digest 5bfd0bbbe2411550
	// in all 3 lines are missing (-) and 3 are new (+)
}
