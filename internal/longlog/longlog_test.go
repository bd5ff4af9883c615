package longlog

import (
	"regexp"
	"strings"
	"testing"
)

const (
	ref   = "0123456789abcdef0123456789abcdef01234567"
	short = `{"seq":1,"ts":"2026-05-16T01:00:00+00:00","kind":"rollout_event","host":null,` +
		`"rollout":"edge@` + ref + `","payload":{"kind":"RolloutOpened","rolloutId":"edge@` + ref +
		`","channel":"edge","targetRef":"` + ref + `","at":"2026-05-16T01:00:00+00:00"}}
{"seq":2,"ts":"2026-05-16T01:00:00+00:00","kind":"rollout_event","host":null,` +
		`"rollout":"edge@` + ref + `","payload":{"kind":"HostJoined","rolloutId":"edge@` + ref +
		`","hostId":"edge-0001","wave":0,"at":"2026-05-16T01:00:00+00:00"}}
{"seq":3,"ts":"2026-05-16T01:00:00+00:00","kind":"effect","host":null,` +
		`"rollout":"edge@` + ref + `","payload":{"effect":"RecordRolloutTransition","rolloutId":"edge@` +
		ref + `","from":"Opening","to":"Active","at":"2026-05-16T01:00:00+00:00"}}
`
)

// TestWrite checks that one day with one copy is the short log, that the next day has another ref,
// which supersedes the first one, and that a copy of a host joins after it, without a transition.
func TestWrite(t *testing.T) {
	var b strings.Builder
	if n, err := Write(&b, []byte(short), 3, 1); n != 3 || err != nil || b.String() != short {
		t.Errorf("%d entries, %v:\n%s", n, err, b.String())
	}
	b.Reset()
	n, err := Write(&b, []byte(short), 5, 2)
	if err != nil {
		t.Fatal(err)
	}
	const other = "9f5abf18" // the beginning of the ref of the second day
	lines := strings.SplitAfter(b.String(), "\n")
	want := []string{
		`"RolloutOpened"`, `"edge-0001"`, `"to":"Active"`, `"edge-0017"`,
		`"targetRef":"` + other, `"supersededRolloutId":"edge@` + ref,
		`"from":"Active","to":"Superseded"`,
		`"edge-0001"`, `"to":"Active"`, `"edge-0017"`,
	}
	if n != len(want) || len(lines) != n+1 {
		t.Fatalf("%d entries, %d lines:\n%s", n, len(lines)-1, b.String())
	}
	for i, text := range want {
		day := "2026-05-16T01:00:00+00:00"
		if i >= 4 {
			day = "2026-05-17T01:00:00+00:00"
		}
		if !strings.Contains(lines[i], text) || !strings.Contains(lines[i], `"at":"`+day) {
			t.Errorf("line %d has no %s at %s: %s", i+1, text, day, lines[i])
		}
	}
}

// TestSecondDay compares the whole lines with which a day follows another.
func TestSecondDay(t *testing.T) {
	var b strings.Builder
	if _, err := Write(&b, []byte(short), 8, 1); err != nil {
		t.Fatal(err)
	}
	const (
		other = "9f5abf1889abcdef0123456789abcdef01234567"
		at    = `"2026-05-17T01:00:00+00:00"`
		head  = `"ts":` + at + `,"kind":"`
	)
	want := []string{
		`{"seq":4,` + head + `rollout_event","host":null,"rollout":"edge@` + other +
			`","payload":{"kind":"RolloutOpened","rolloutId":"edge@` + other +
			`","channel":"edge","targetRef":"` + other + `","at":` + at + `}}`,
		`{"seq":5,` + head + `rollout_event","host":null,"rollout":"edge@` + ref +
			`","payload":{"kind":"SuccessorOpened","supersededRolloutId":"edge@` + ref +
			`","successorRolloutId":"edge@` + other + `","at":` + at + `}}`,
		`{"seq":6,` + head + `effect","host":null,"rollout":"edge@` + ref +
			`","payload":{"effect":"RecordRolloutTransition","rolloutId":"edge@` + ref +
			`","from":"Active","to":"Superseded","at":` + at + `}}`,
	}
	got := strings.Split(b.String(), "\n")
	for i, line := range want {
		if got[3+i] != line {
			t.Errorf("line %d\n got %s\nwant %s", 4+i, got[3+i], line)
		}
	}
}

// TestEndOfLog repeats a log that ends with a line about a host.
func TestEndOfLog(t *testing.T) {
	lines := strings.SplitAfter(short, "\n")
	for copies, want := range map[int]string{1: "edge-0001", 3: "edge-0001 edge-0017 edge-0033"} {
		var b strings.Builder
		n, err := Write(&b, []byte(lines[0]+lines[1]), 1+copies, copies)
		if err != nil || n != 1+copies {
			t.Errorf("%d entries, %v, want %d", n, err, 1+copies)
		}
		got := strings.Join(regexp.MustCompile(`edge-\d{4}`).FindAllString(b.String(), -1), " ")
		if got != want {
			t.Errorf("%d copies of the host: %s, want %s", copies, got, want)
		}
	}
}

// TestWriteOfNoLog checks that Write returns an error if it cannot read the short log.
func TestWriteOfNoLog(t *testing.T) {
	for _, text := range []string{"", "no log\n", short + "no entry\n"} {
		if _, err := Write(new(strings.Builder), []byte(text), 1, 1); err == nil {
			t.Errorf("no error for %q", text)
		}
	}
}
