package trace

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"rollsim/reducer"
)

func TestAppendTime(t *testing.T) {
	for _, c := range []struct {
		t    reducer.Time
		want string
	}{
		{0, "1970-01-01T00:00:00Z"},
		{-1, "1969-12-31T23:59:59.999999999Z"},
		{start, "2026-05-16T01:00:00Z"},
		{start + 500_000_000, "2026-05-16T01:00:00.500Z"},
		{start + 1_000, "2026-05-16T01:00:00.000001Z"},
		{start + 1, "2026-05-16T01:00:00.000000001Z"},
		{math.MinInt64, "1677-09-21T00:12:43.145224192Z"},
		{math.MaxInt64, "2262-04-11T23:47:16.854775807Z"},
		{951_782_400 * second, "2000-02-29T00:00:00Z"},
	} {
		if got := string(AppendTime(nil, c.t)); got != c.want {
			t.Errorf("%d: %s, want %s", c.t, got, c.want)
		}
	}
}

func TestParseTime(t *testing.T) {
	const tooFar = "expected a time from 1677-09-21T00:12:43.145224192Z to " +
		"2262-04-11T23:47:16.854775807Z, found "
	for _, c := range []struct {
		in, want, err string
	}{
		{in: "2026-05-16T01:00:00Z", want: "2026-05-16T01:00:00Z"},
		{in: "2026-05-16t01:00:00z", want: "2026-05-16T01:00:00Z"},
		{in: "2026-05-16T01:00:00.1+00:00", want: "2026-05-16T01:00:00.100Z"},
		{in: "2026-05-16T15:00:13.123456789+14:00", want: "2026-05-16T01:00:13.123456789Z"},
		{in: "2026-05-15T13:13:01.12000-12:00", want: "2026-05-16T01:13:01.120Z"},
		{in: "2026-05-16T01:00:00-00:00", want: "2026-05-16T01:00:00Z"},
		{in: "2016-12-31T23:59:60Z", want: "2017-01-01T00:00:00Z"},
		{in: "2016-12-31T23:59:60.5Z", want: "2017-01-01T00:00:00.500Z"},
		{in: "2024-02-29T00:00:00Z", want: "2024-02-29T00:00:00Z"},
		{in: "1677-09-21T00:12:43.145224192Z", want: "1677-09-21T00:12:43.145224192Z"},
		{in: "2262-04-11T23:47:16.854775807Z", want: "2262-04-11T23:47:16.854775807Z"},
		{in: "1677-09-21T00:12:43.145224191Z", err: tooFar},
		{in: "2262-04-11T23:47:16.854775808Z", err: tooFar},
		{in: "0001-01-01T00:00:00Z", err: tooFar},
		{in: "9999-12-31T23:59:60Z", err: tooFar},
		{in: "2026-05-16T01:00:00"},
		{in: "2026-05-16 01:00:00Z"},
		{in: "2026-05-16T01:00:00.Z"},
		{in: "2026-05-16T01:00:00.1234567890Z"},
		{in: "2026-05-16T01:00:00,5Z"},
		{in: "2026-05-16T01:00:61Z"},
		{in: "2026-05-16T01:60:00Z"},
		{in: "2026-05-16T24:00:00Z"},
		{in: "2026-02-29T00:00:00Z"},
		{in: "1900-02-29T00:00:00Z"},
		{in: "2026-04-31T00:00:00Z"},
		{in: "2026-00-01T00:00:00Z"},
		{in: "2026-13-01T00:00:00Z"},
		{in: "2026-05-16T01:00:00+24:00"},
		{in: "2026-05-16T01:00:00+01:60"},
		{in: "2026-05-16T01:00:00+0100"},
		{in: "2026-05-16T01:00:00Z "},
		{in: "+026-05-16T01:00:00Z"},
		{in: "2026-05-16T01:00:00Ä0:00"},
		{in: ""},
	} {
		got, err := ParseTime(c.in)
		if c.want != "" {
			if err != nil || string(AppendTime(nil, got)) != c.want {
				t.Errorf("%s: %s, %v, want %s", c.in, AppendTime(nil, got), err, c.want)
			}
			continue
		}
		want := c.err
		if want == "" {
			want = "expected an RFC 3339 time such as"
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), `"`) {
			t.Errorf("%s: %d, error %v, want %s", c.in, got, err, want)
		}
	}
}

// TestTimesAgreeWithStandardLibrary compares random times with random offsets.
func TestTimesAgreeWithStandardLibrary(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		want := draw.Int64()
		if draw.IntN(2) == 0 {
			want = -want
		}
		switch draw.IntN(4) {
		case 0:
			want -= want % 1_000_000_000
		case 1:
			want -= want % 1_000_000
		}
		zone := time.FixedZone("", (draw.IntN(2*1439)-1439)*60)
		text := time.Unix(0, want).In(zone).Format(time.RFC3339Nano)
		if got, err := ParseTime(text); err != nil || int64(got) != want {
			t.Fatalf("%s: %d, %v, want %d", text, got, err, want)
		}
		ours := AppendTime(nil, reducer.Time(want))
		if again, err := time.Parse(time.RFC3339Nano, string(ours)); err != nil ||
			again.UnixNano() != want {
			t.Fatalf("%d: written as %s", want, ours)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"2026-05-16T01:00:00.123456789+05:30", "2016-12-31T23:59:60Z",
		"1677-09-21T00:12:43.145224191Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseTime(s)
		if err != nil {
			return
		}
		again, err := ParseTime(AppendTime(nil, got))
		if err != nil || again != got {
			t.Errorf("%q is %d, and after writing %d, %v", s, got, again, err)
		}
		// The standard library must agree, except about what RFC 3339 leaves open.
		if want, err := time.Parse(time.RFC3339Nano, strings.ToUpper(s)); err == nil &&
			want.UnixNano() != int64(got) {
			t.Errorf("%q is %d, want %d", s, got, want.UnixNano())
		}
	})
}
