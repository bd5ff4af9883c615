package trace

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestDiff(t *testing.T) {
	const base = "a\nb\nc\nd\ne\nf\ng\nh\n"
	for _, c := range []struct{ name, want, got, diff string }{
		{"equal", base, base, ""},
		{"changed", base, "a\nb\nc\nd\nE\nf\ng\nh\n", "first difference at line 5\n" +
			"      2  b\n      3  c\n      4  d\n-     5  e\n+     5  E\nin all 1 line is missing (-) " +
			"and 1 is new (+)\n"},
		{"removed", base, "a\nc\nd\ne\nf\ng\nH\n", "first difference at line 2\n" +
			"      1  a\n-     2  b\n-     8  h\n+     7  H\nin all 2 lines are missing (-) and 1 is new " +
			"(+)\n"},
		{"inserted", base, "x\ny\n" + base, "first difference at line 1\n" +
			"+     1  x\n+     2  y\nin all 0 lines are missing (-) and 2 are new (+)\n"},
		{"cut off", base, "a\nb\n", "first difference at line 3\n" +
			"      1  a\n      2  b\n-     3  c\n-     4  d\n" +
			"-     5  e\n-     6  f\n-     7  g\n-     8  h\n" +
			"in all 6 lines are missing (-) and 0 are new (+)\n"},
		{"empty", "", "a\n", "first difference at line 1\n+     1  a\nin all 0 lines are missing (-) " +
			"and 1 is new (+)\n"},
		{"end of line", "a\nb\n", "a\nb", "first difference at line 2\n" +
			"      1  a\n-     2  b\n+     2  b (without end of line)\nin all 1 line is missing (-) and " +
			"1 is new (+)\n"},
	} {
		if got := Diff(c.want, c.got); got != c.diff {
			t.Errorf("%s\n got %s\nwant %s", c.name, got, c.diff)
		}
	}
}

func TestDiffIsShort(t *testing.T) {
	var a, b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&a, "a line %d\n", i)
		fmt.Fprintf(&b, "another line %d\n", i)
	}
	got := Diff(a.String(), b.String())
	if n := strings.Count(got, "\n"); n > 50 {
		t.Errorf("got %d lines, want at most 50:\n%s", n, got)
	}
	if !strings.HasSuffix(got, "in all 1000 lines are missing (-) and 1000 are new (+)\n") {
		t.Errorf("the text ends with %s", got[len(got)-100:])
	}
}

// TestDiffIsFast compares large texts that differ in a tenth of their lines, which are changed,
// inserted or removed.
func TestDiffIsFast(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	var a, b strings.Builder
	for i := range 50_000 {
		line := fmt.Sprintf("0d 00:00:%02d.%03d   event     HostStateChanged   stable@r%d   "+
			"h%d\n", i%60, i%1000, i%7, i)
		a.WriteString(line)
		switch draw.IntN(30) {
		case 0:
			b.WriteString("changed " + line)
		case 1:
			b.WriteString("inserted " + line + line)
		case 2:
		default:
			b.WriteString(line)
		}
	}
	began := time.Now()
	got := Diff(a.String(), b.String())
	if took := time.Since(began); took > time.Second {
		t.Errorf("Diff took %v", took)
	}
	if !strings.HasPrefix(got, "first difference at line ") {
		t.Errorf("the text begins with %.100s", got)
	}
}
