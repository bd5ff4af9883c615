package shard

import (
	"math"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Shard{
		"1/1": {1, 1}, "1/4": {1, 4}, "4/4": {4, 4},
		"2147483647/2147483647": {math.MaxInt32, math.MaxInt32},
	} {
		if got, err := Parse(text); err != nil || got != want {
			t.Errorf("Parse(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "1", "/", "1/", "/4", "0/4", "5/4", "1/0", "0/0", "-1/2", "+1/2", "1/4/2", "1/4x",
		" 1/4", "a/b", "auto/4",
		"1/2147483648", "2147483648/2147483648", "99999999999/99999999999",
	} {
		got, err := Parse(text)
		if err == nil || got != (Shard{}) {
			t.Errorf("Parse(%q) = %v, want an error", text, got)
			continue
		}
		if !strings.Contains(err.Error(), "expected i/n") {
			t.Errorf("Parse(%q): %v", text, err)
		}
	}
}

func TestParseIndexed(t *testing.T) {
	for _, test := range []struct {
		text, index string
		want        Shard
	}{
		{"1/4", "", Shard{1, 4}},
		{"4/4", "2", Shard{4, 4}}, // a number wins over the index
		{"auto/4", "0", Shard{1, 4}},
		{"auto/4", "3", Shard{4, 4}},
		{"auto/1", "0", Shard{1, 1}},
		{"auto/2147483647", "2147483646", Shard{math.MaxInt32, math.MaxInt32}},
	} {
		if got, err := ParseIndexed(test.text, test.index); err != nil || got != test.want {
			t.Errorf("ParseIndexed(%q, %q) = %v, %v; want %v", test.text, test.index, got, err, test.want)
		}
	}
	for _, test := range []struct{ text, index, want string }{
		{"5/4", "0", "such as 1/4, or auto/4"},
		{"auto", "0", "such as 1/4, or auto/4"},
		{"auto/2147483648", "0", "such as auto/4"},
		{"auto/4", "2147483648", "a number from 0 to 3"},
		{"auto/0", "0", "n at least 1"},
		{"auto/x", "0", "n at least 1"},
		{"auto/4", "", "from 0 to 3"},
		{"auto/4", "4", "from 0 to 3"},
		{"auto/4", "-1", "from 0 to 3"},
	} {
		got, err := ParseIndexed(test.text, test.index)
		if err == nil || !strings.Contains(err.Error(), test.want) || got != (Shard{}) {
			t.Errorf("ParseIndexed(%q, %q) = %v, %v; want an error with %q", test.text, test.index, got, err,
				test.want)
		}
	}
}

// TestHas checks that every index belongs to exactly one shard, and all of them to the zero value.
func TestHas(t *testing.T) {
	for n := 1; n <= 5; n++ {
		for index := range 12 {
			owners := 0
			for i := 1; i <= n; i++ {
				if (Shard{i, n}).Has(index) {
					owners++
				}
			}
			if owners != 1 {
				t.Errorf("index %d belongs to %d of %d shards", index, owners, n)
			}
			if !(Shard{}).Has(index) {
				t.Errorf("the whole does not have index %d", index)
			}
		}
	}
	if (Shard{2, 3}).Has(0) || !(Shard{2, 3}).Has(4) {
		t.Error("shards do not take turns")
	}
}

func TestSpan(t *testing.T) {
	for _, count := range []uint64{0, 1, 10, 100, math.MaxUint64} {
		for _, n := range []int{1, 2, 3, 7, 50, math.MaxInt32} {
			end, least, most := uint64(0), uint64(math.MaxUint64), uint64(0)
			for i := 1; i <= min(n, 50); i++ {
				from, to := Shard{i, n}.Span(count)
				if from != end || to < from {
					t.Fatalf("shard %d of %d of %d items is [%d, %d), the one before ends at %d",
						i, n, count, from, to, end)
				}
				end, least, most = to, min(least, to-from), max(most, to-from)
			}
			if n <= 50 && end != count || most-least > 1 {
				t.Errorf("%d shards of %d items end at %d and have %d to %d items", n, count, end, least, most)
			}
		}
		if from, to := (Shard{}).Span(count); from != 0 || to != count {
			t.Errorf("the whole of %d items is [%d, %d)", count, from, to)
		}
	}
}
