package show

import (
	"strings"
	"testing"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

func at(t *testing.T, text string) reducer.Time {
	t.Helper()
	v, err := trace.ParseTime(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func zoneOf(t *testing.T, name string) Zone {
	t.Helper()
	z, err := ParseZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// TestMoment reads every form of a time, for a log from the evening of 2026-05-15 to the next
// morning.
func TestMoment(t *testing.T) {
	first, last := at(t, "2026-05-15T20:00:00Z"), at(t, "2026-05-16T04:30:00Z")
	for _, c := range []struct{ zone, text, want string }{
		{"UTC", "03:00", "2026-05-16T03:00:00Z"},
		{"UTC", "03:00:15", "2026-05-16T03:00:15Z"},
		{"UTC", "04:30", "2026-05-16T04:30:00Z"}, // the last entry itself
		{"UTC", "21:00", "2026-05-15T21:00:00Z"}, // of the evening before
		{"UTC", "20:00", "2026-05-15T20:00:00Z"}, // the first entry itself
		{"UTC", "19:59", "2026-05-16T19:59:00Z"}, // the log has none: of the last day
		{"UTC", "05:00", "2026-05-16T05:00:00Z"}, // likewise
		{"+02:00", "03:00", "2026-05-16T01:00:00Z"},
		{"+02:00", "23:00", "2026-05-15T21:00:00Z"},
		{"Europe/Lisbon", "03:00", "2026-05-16T02:00:00Z"},
		{"UTC", "2026-05-16", "2026-05-16T00:00:00Z"},
		{"Europe/Lisbon", "2026-05-16", "2026-05-15T23:00:00Z"},
		{"Europe/Lisbon", "2026-01-16 03:00", "2026-01-16T03:00:00Z"}, // winter
		{"Europe/Lisbon", "2026-05-16 03:00", "2026-05-16T02:00:00Z"},
		{"Europe/Lisbon", "2026-05-16T03:00:01", "2026-05-16T02:00:01Z"},
		{"Europe/Lisbon", "2026-05-16T03:00:01.25", "2026-05-16T02:00:01.250Z"},
		{"Europe/Lisbon", "2026-05-16T03:00Z", "2026-05-16T03:00:00Z"},
		{"Europe/Lisbon", "2026-05-16 03:00+02:00", "2026-05-16T01:00:00Z"},
		{"Europe/Lisbon", "2026-05-16T03:00:00.123456789+00:00", "2026-05-16T03:00:00.123456789Z"},
		{"Europe/Lisbon", "0d 02:00:00.000", "2026-05-15T22:00:00Z"},
		{"Europe/Lisbon", "1d 00:30", "2026-05-16T20:30:00Z"},
		{"UTC", "0d 00:00:01.5", "2026-05-15T20:00:01.500Z"},
		{"UTC", " 03:00 ", "2026-05-16T03:00:00Z"},
	} {
		m, err := ParseMoment(c.text, zoneOf(t, c.zone))
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := string(trace.AppendTime(nil, m.In(first, last))); got != c.want {
			t.Errorf("%s in %s: %s, want %s", c.text, c.zone, got, c.want)
		}
	}
}

// TestNoMoment: what is no time is refused, with the forms that are.
func TestNoMoment(t *testing.T) {
	for _, text := range []string{
		"", "yesterday", "3", "3:00", "24:00", "03:60", "03:00:60", "03:00Z", "2026-05", "2026-13-01",
		"2026-02-30", "2026-05-16 3:00", "2026-05-16 03", "2026-05-16 03:00 UTC", "1d", "1d 2",
		"xd 03:00",
		"-1d 03:00", "1d 24:00", "1700-01-01T00:00:00Z0", "0001-01-01", "2300-01-01 00:00",
		"100001d 00:00",
	} {
		if m, err := ParseMoment(text, UTC); err == nil {
			t.Errorf("%q is %v", text, m)
		} else if !strings.Contains(err.Error(), "expected a") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestFollowing: the end of a stretch is the first such time after its beginning.
func TestFollowing(t *testing.T) {
	first, last := at(t, "2026-05-01T00:00:00Z"), at(t, "2026-05-16T12:00:00Z")
	for _, c := range []struct{ begin, text, want string }{
		{"2026-05-15T23:00:00Z", "05:00", "2026-05-16T05:00:00Z"},
		{"2026-05-16T03:00:00Z", "23:00", "2026-05-16T23:00:00Z"},
		{"2026-05-02T03:00:00Z", "04:00", "2026-05-02T04:00:00Z"},
		{"2026-05-02T03:00:00Z", "03:00", "2026-05-03T03:00:00Z"},
		{"2026-05-02T03:00:00Z", "2026-05-01 00:00", "2026-05-01T00:00:00Z"},
		{"2026-05-02T03:00:00Z", "0d 01:00:00", "2026-05-01T01:00:00Z"},
	} {
		m, err := ParseMoment(c.text, UTC)
		if err != nil {
			t.Fatal(err)
		}
		got := string(trace.AppendTime(nil, m.Following(at(t, c.begin), first, last)))
		if got != c.want {
			t.Errorf("%s after %s: %s, want %s", c.text, c.begin, got, c.want)
		}
	}
}

// TestClockChange: a day with a change of the clock has 23 hours.
func TestClockChange(t *testing.T) {
	zone := zoneOf(t, "Europe/Lisbon")
	first, last := at(t, "2026-03-28T00:00:00Z"), at(t, "2026-03-29T12:00:00Z")
	for text, want := range map[string]string{
		"00:30": "2026-03-29T00:30:00Z", "02:30": "2026-03-29T01:30:00Z",
	} {
		m, err := ParseMoment(text, zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(trace.AppendTime(nil, m.In(first, last))); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestZone(t *testing.T) {
	summer, winter := at(t, "2026-05-16T23:30:15.9Z"), at(t, "2026-01-16T12:00:00Z")
	lisbon := zoneOf(t, "Europe/Lisbon")
	for _, c := range []struct{ got, want string }{
		{lisbon.Time(summer), "2026-05-17 00:30:15"},
		{lisbon.After(summer, winter), "2026-05-17 00:30:15"},
		{lisbon.After(summer, summer+reducer.Time(time.Second)), "00:30:15"},
		{lisbon.Name(summer), "Europe/Lisbon (+01:00)"},
		{lisbon.Name(winter), "Europe/Lisbon (+00:00)"},
		{UTC.Name(summer), "UTC"},
		{Zone{}.Time(winter), "2026-01-16 12:00:00"},
		{zoneOf(t, "+02:00").Name(summer), "+02:00"},
		{zoneOf(t, "UTC").Name(summer), "UTC"},
		{Zone{time.FixedZone("Local", 3600)}.Name(summer), "+01:00"},
		{Zone{time.FixedZone("Local", 0)}.Name(summer), "UTC"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	for _, name := range []string{"", "Lisbon/Europe", "../etc", "2"} {
		if z, err := ParseZone(name); err == nil {
			t.Errorf("%q is the zone %v", name, z)
		}
	}
	if Local().Time(winter) == "" {
		t.Error("the zone of the system writes nothing")
	}
}

func TestSpan(t *testing.T) {
	const s = reducer.Time(time.Second)
	for d, want := range map[reducer.Time]string{
		0: "less than 1 s", s - 1: "less than 1 s", s: "1 s", 59 * s: "59 s", 60 * s: "1 min",
		61 * s: "1 min 1 s", 599 * s: "9 min 59 s", 600 * s: "10 min", 601 * s: "10 min",
		3599 * s: "59 min", 3600 * s: "1 h", (9*3600 + 29*60 + 59) * s: "9 h 29 min",
		24 * 3600 * s: "1 d", (49*3600 + 59) * s: "2 d 1 h",
	} {
		if got := Span(5, 5+d); got != want {
			t.Errorf("%d: %q, want %q", d, got, want)
		}
		if got := Span(5+d, 5); got != want {
			t.Errorf("backwards %d: %q, want %q", d, got, want)
		}
	}
	const first, last = -1 << 63, 1<<63 - 1
	if got := Span(first, last); got != "213503 d 23 h" {
		t.Errorf("the longest span is %q", got)
	}
}
