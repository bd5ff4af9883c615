package hash64

import (
	"fmt"
	"testing"
)

// TestDistinct checks that similar values have different hashes, and equal ones the same.
func TestDistinct(t *testing.T) {
	seen := make(map[Sum]string)
	add := func(what string, s Sum) {
		if other := seen[s]; other != "" {
			t.Errorf("%s and %s have the same hash", what, other)
		}
		seen[s] = what
	}
	add("nothing", 0)
	for n := range 1000 {
		for _, first := range []uint64{0, 1, k0, k1, 1 << 63} {
			var s Sum
			s.Word(first)
			s.Int(n)
			add(fmt.Sprintf("words %#x and %d", first, n), s)
		}
	}
	clear(seen) // a text is words, too
	for _, text := range []string{"", "a", "\x00", "\x00\x00", "12345678", "12345678\x00", "123456789",
		"a long text of more than two words", "a long text of more than two wordt"} {
		var s Sum
		s.Text(text)
		add(fmt.Sprintf("text %q", text), s)
		var again Sum
		if again.Text(text); again != s {
			t.Errorf("text %q has two hashes", text)
		}
	}
	var yes, no Sum
	yes.Bool(true)
	no.Bool(false)
	add("true", yes)
	add("false", no)
}

// TestOrder checks that the order of values matters, and where one text ends and the next begins.
func TestOrder(t *testing.T) {
	if Of(1, 2) == Of(2, 1) {
		t.Error("1, 2 and 2, 1 have the same hash")
	}
	var a, b Sum
	a.Text("ab")
	a.Text("c")
	b.Text("a")
	b.Text("bc")
	if a == b {
		t.Error(`"ab", "c" and "a", "bc" have the same hash`)
	}
}
