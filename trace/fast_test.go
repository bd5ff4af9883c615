package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rollsim/reducer"
)

// decoders holds a fast decoder without recent values, a fast one with some, and a strict one.
// Tests reuse them.
type decoders [3]*decoder

func newDecoders() *decoders { return &decoders{newDecoder(), newDecoder(), newDecoder()} }

const expected = `{"seq":1,"ts":"2026-05-16T01:00:00+00:00","kind":"gate_decision","host":"h",` +
	`"rollout":"r","payload":` +
	`{"gate":"g","reason":"why","host":"h","rollout":"r"}}`

// each resets the decoders and calls do with each fast decoder and the strict one.
func (all *decoders) each(t testing.TB, do func(fast, strict *decoder)) {
	for i, fast := range all[:2] {
		for _, d := range all {
			d.store.reset()
			d.document, d.hour, d.passed, d.sum = "", [hourText]byte{}, Passed{}, nil
			d.lastRollout, d.lastGate, d.lastReason = "", "", ""
		}
		var e Entry
		if i == 1 && !fast.fast([]byte(expected), &e) {
			t.Fatal("the fast path does not read the expected line")
		}
		do(fast, all[2])
	}
}

// agreeLine compares how the fast path and the strict decoder read a line. It reports whether the
// fast path reads the line.
func (all *decoders) agreeLine(t testing.TB, line []byte) (fastRead bool) {
	for _, document := range []reducer.RolloutID{"", "r", `a","b`} {
		all.each(t, func(fast, strict *decoder) {
			fast.document, strict.document = document, document
			var got, want Entry
			if !fast.fast(line, &got) {
				return
			}
			fastRead = true
			if err := strict.entry(line, &want); err != nil {
				t.Fatalf("the fast path reads %q, the strict decoder returns %v", line, err)
			}
			if !reflect.DeepEqual(got, want) || !bytes.Equal(fast.sum, strict.sum) ||
				strict.passed != (Passed{}) {
				t.Fatalf(
					"%q\nfast   %+v %s\nstrict %+v %s %+v", line, got, fast.sum, want, strict.sum, strict.passed,
				)
			}
		})
	}
	return fastRead
}

// agreeRow compares how the fast path and the strict decoder read a row's payload. It reports
// whether the fast path reads it.
func (all *decoders) agreeRow(t testing.TB, row Row) (fastRead bool) {
	at, err := ParseTime(row.TS)
	if err != nil {
		row.TS = nil // there is no time that the payload may repeat
	}
	all.each(t, func(fast, strict *decoder) {
		want := Entry{
			Kind:    parseKind(row.Kind),
			At:      at,
			Host:    reducer.HostID(row.Host),
			Rollout: reducer.RolloutID(row.Rollout),
		}
		got := want
		if !fast.fastRow(&row, &got) {
			return
		}
		fastRead = true
		if err := strict.strictRow(&row, &want); err != nil {
			t.Fatalf("the fast path reads %q of %q, the strict decoder returns %v",
				row.Payload, row.Kind, err)
		}
		if !reflect.DeepEqual(got, want) || strict.passed != (Passed{}) {
			t.Fatalf("%q\nfast   %+v\nstrict %+v %+v", row.Payload, got, want, strict.passed)
		}
	})
	return fastRead
}

func plainSample(t testing.TB, name string) []byte {
	in, err := Decompress(bytes.NewReader(sample(t, name)))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func payloadOf(line []byte) []byte {
	at := bytes.Index(line, []byte(`"payload":`))
	if at < 0 {
		return nil
	}
	payload := line[at+len(`"payload":`):]
	if end := bytes.LastIndex(payload, []byte(`,"sum":`)); end >= 0 {
		return payload[:end]
	}
	return payload[:max(0, len(payload)-1)]
}

// TestFastPathReadsUsualLines checks that the fast path reads the lines of the samples and those of
// Writer.
func TestFastPathReadsUsualLines(t *testing.T) {
	all := newDecoders()
	count := func(data []byte) (read, lines int) {
		for line := range bytes.Lines(data) {
			lines++
			if all.agreeLine(t, bytes.TrimSuffix(line, []byte("\n"))) {
				read++
			}
		}
		return read, lines
	}
	for _, name := range []string{"sample-4", "sample-6"} {
		if read, lines := count(plainSample(t, name)); read < lines-3 { // some error texts have escapes
			t.Errorf("%s: the fast path reads %d of %d lines", name, read, lines)
		}
	}
	// The strict decoder reads header, fault, rejection, verify_outcome, unknown kinds and fields, and
	// escapes.
	if read, lines := count(write(t, zoo())); read < lines/2 {
		t.Errorf("the fast path reads %d of %d lines of the zoo", read, lines)
	}
}

func TestFastPathOnRows(t *testing.T) {
	all, d, strict, read := newDecoders(), newDecoder(), newDecoder(), 0
	for line := range bytes.Lines(append(write(t, zoo()), plainSample(t, "sample-6")...)) {
		var e Entry
		line = bytes.TrimSuffix(line, []byte("\n"))
		if err := strict.entry(line, &e); err != nil {
			t.Fatal(err)
		}
		row := Row{
			Seq: int64(e.Seq), TS: AppendTime(nil, e.At), Kind: []byte(e.KindName()),
			Host: []byte(e.Host), Rollout: []byte(e.Rollout), Payload: payloadOf(line),
		}
		if all.agreeRow(t, row) {
			read++
		}
		var got Entry
		if err := d.row(&row, &got); err != nil || !reflect.DeepEqual(got, e) {
			t.Errorf("%s\nas a row %+v, %v\nas a line %+v", line, got, err, e)
		}
	}
	if read < 3000 {
		t.Errorf("the fast path reads %d rows", read)
	}
}

// TestFastPathIsStrict changes single bytes of lines and checks that the strict decoder agrees if
// the fast path reads the changed line.
func TestFastPathIsStrict(t *testing.T) {
	all, strict, seen := newDecoders(), newDecoder(), make(map[string]bool)
	for line := range bytes.Lines(append(write(t, zoo()), plainSample(t, "sample-4")...)) {
		line = bytes.Clone(bytes.TrimSuffix(line, []byte("\n")))
		var lines Lines
		var e Entry
		if strict.entry(line, &e) != nil {
			continue
		}
		kind := strings.Join(strings.Fields(string(lines.Append(nil, &e)))[2:4], " ")
		if seen[kind] {
			continue
		}
		seen[kind] = true
		for i := range line {
			was := line[i]
			for _, c := range []byte("\"\\0129-+.eE{}[]:, nZaT\x00\x1f\x7f\x80\xff") {
				line[i] = c
				all.agreeLine(t, line)
			}
			line[i] = was
			all.agreeLine(t, append(bytes.Clone(line[:i]), line[i+1:]...))
			all.agreeLine(t, append(append(bytes.Clone(line[:i+1]), line[i]), line[i+1:]...))
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d kinds of lines: %v", len(seen), seen)
	}
}

func TestFastPathReadsTimes(t *testing.T) {
	all := newDecoders()
	for _, text := range []string{
		"2026-05-16T01:59:59.999999999Z", "2026-05-16T01:00:00.1Z",
		"2026-05-16T01:00:00.12345678+00:00", "2026-05-16T01:60:00Z",
		"2026-05-16T01:00:60Z", "2026-05-16T01:00:61Z", "2026-05-16T01:00:00.Z",
		"2026-05-16T01:00:00.1234567890Z",
		"2026-05-16T01:00:00+01:00", "2026-05-16t01:00:00z", "2026-05-16T01:0a:00Z",
		"2026-05-16T02:00:00-00:00", "2026-05-16T01:00:00",
		"1969-12-31T23:59:59Z", "2262-04-11T23:47:16.854775807Z", "2262-04-11T23:47:16.854775808Z",
		"1677-09-21T00:12:43.145224192Z",
		"2026-05-16T23:59:60Z", "2026-05-17T00:00:00Z",
	} {
		for _, ts := range []string{text, "2026-05-16T01:00:00Z"} {
			all.agreeLine(t, fmt.Appendf(nil,
				`{"seq":1,"ts":"%s","kind":"effect","host":null,"rollout":"r",`+
					`"payload":{"effect":"RecordTransition","host":"h","rollout_id":"r",`+
					`"from":"Pending","to":"Activating","at":"%s"}}`, ts, text))
		}
	}
}

// TestTimesOfOneHour reads times one after the other, as lines and as rows. What the decoder
// remembers of one must not change another of the same hour, or of the hour that a leap second
// spells.
func TestTimesOfOneHour(t *testing.T) {
	times := []string{
		"2016-12-31T23:59:60Z", "2016-12-31T23:59:60.5+00:00", "2016-12-31T23:00:00Z",
		"2016-12-31T23:59:59.999999999Z", "2017-01-01T00:00:00Z", "2016-12-31T23:30:00+01:00",
		"2016-12-31T22:59:60Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z",
		"2262-04-11T23:00:00Z", "2262-04-11T23:47:16.854775807Z",
	}
	for _, first := range times {
		for _, late := range []string{"2262-04-11T23:47:16.854775808Z", "2262-04-11T23:59:59Z"} {
			var e Entry
			rows := newDecoder()
			for _, text := range []string{first, late} {
				row := Row{Seq: 1, TS: []byte(text), Kind: []byte("note"), Payload: []byte("{}")}
				if err := rows.row(&row, &e); err == nil != (text == first) {
					t.Errorf("%s after %s in a row: %d, %v", text, first, e.At, err)
				}
			}
		}
		for _, second := range times {
			lines, rows := newDecoder(), newDecoder()
			for _, text := range []string{first, second, first} {
				want, err := ParseTime(text)
				if err != nil {
					t.Fatal(err)
				}
				var e Entry
				line := fmt.Appendf(nil, `{"seq":1,"ts":"%s","kind":"note","payload":{}}`, text)
				source := lineSource{}
				if err := source.decode(lines, &unit{text: line}, &e); err != nil || e.At != want {
					t.Errorf("%s after %s: %d, %v, want %d", text, first, e.At, err, want)
				}
				row := Row{Seq: 1, TS: []byte(text), Kind: []byte("note"), Payload: []byte("{}")}
				if err := rows.row(&row, &e); err != nil || e.At != want {
					t.Errorf("%s after %s in a row: %d, %v, want %d", text, first, e.At, err, want)
				}
			}
		}
	}
}

// FuzzFastPath checks that the fast path and the strict decoder agree on every line that the fast
// path reads.
func FuzzFastPath(f *testing.F) {
	for _, line := range bytes.SplitAfter(write(f, zoo()), []byte("\n")) {
		f.Add(line, []byte("h"), []byte("r"))
	}
	for i, line := range bytes.SplitAfter(plainSample(f, "sample-4"), []byte("\n")) {
		if i < 40 {
			f.Add(line, []byte(`a","b`), []byte("edge@1"))
		}
	}
	all := newDecoders() // a process runs one call at a time
	f.Fuzz(func(t *testing.T, line, host, rollout []byte) {
		line = bytes.TrimSpace(line)
		all.agreeLine(t, line)
		var e Entry
		if newDecoder().entry(line, &e) != nil {
			return
		}
		all.agreeRow(t, Row{
			TS: AppendTime(nil, e.At), Kind: []byte(e.KindName()), Host: host, Rollout: rollout,
			Payload: payloadOf(line),
		})
	})
}

// TestFastPathReadsSortedMembers checks that the fast path reads payloads whose members are sorted
// by name, as the control plane in production writes them, and one without a member or with one
// twice only as the strict decoder does.
func TestFastPathReadsSortedMembers(t *testing.T) {
	all, read, lines, kinds := newDecoders(), 0, 0, make(map[string]bool)
	for line := range bytes.Lines(append(write(t, zoo()), plainSample(t, "sample-6")...)) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		payload := payloadOf(line)
		var values map[string]json.RawMessage
		if !all.agreeLine(t, line) || json.Unmarshal(payload, &values) != nil {
			continue
		}
		object := func(names ...string) []byte {
			var members []string
			for _, name := range names {
				members = append(members, fmt.Sprintf("%q:%s", name, values[name]))
			}
			return bytes.Replace(
				line, payload, []byte("{"+strings.Join(members, ",")+"}"), 1)
		}
		names := slices.Sorted(maps.Keys(values))
		lines++
		if all.agreeLine(t, object(names...)) {
			read++
		}
		if kind := string(values["kind"]) + strings.Join(names, " "); !kinds[kind] {
			kinds[kind] = true
			for i, name := range names {
				all.agreeLine(t, object(slices.Delete(slices.Clone(names), i, i+1)...))
				if all.agreeLine(t, object(append(slices.Clone(names), name)...)) {
					t.Errorf("the fast path reads %s twice in %s", name, line)
				}
			}
		}
	}
	if read < lines || lines < 3000 || len(kinds) < 15 {
		t.Errorf("the fast path reads %d of %d lines of %d kinds", read, lines, len(kinds))
	}
}

// TestFastPathRepeatsGateDecisions reads decisions about one host one after the other. What the
// decoder keeps of one must not change the next.
func TestFastPathRepeatsGateDecisions(t *testing.T) {
	fast, strict := newDecoder(), newDecoder()
	long := strings.Repeat("x", mostRepeated)
	line := func(payload string) []byte {
		return []byte(`{"seq":1,"ts":"2026-05-16T01:00:00Z","kind":"gate_decision","host":"h",` +
			`"rollout":"r","payload":` + payload + `}`)
	}
	one := `{"gate":"g","reason":"why","host":"h","rollout":"r"}`
	for _, c := range []struct {
		payload string
		read    bool
	}{
		{one, true}, {one, true}, {strings.Replace(one, "why", "because", 1), true}, {one, true},
		{one + `,"sum":"1"`, true}, {one + `x`, false}, {one + one, false}, {one[:40], false},
		{strings.Replace(one, "why", long, 1), true}, {one, true},
		{`{"gate":"g","host":"h","reason":"why","rollout":"r"}`, true}, {one, true},
		{`{"gate":"g","host":"i","reason":"why","rollout":"s"}`, true}, {one, true},
	} {
		var got, want Entry
		if read := fast.fast(line(c.payload), &got); read != c.read {
			t.Errorf("%s: read %v", c.payload, read)
		}
		if !c.read {
			continue
		}
		if err := strict.entry(line(c.payload), &want); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %+v, %v", c.payload, got.Gate, want.Gate, err)
		}
	}
}
