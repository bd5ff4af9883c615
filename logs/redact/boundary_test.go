package redact

import (
	"strings"
	"testing"
)

// boundaries returns a redactor for the tests of this file.
func boundaries(t *testing.T) *Redactor {
	t.Helper()
	r, err := New([]byte(strings.Repeat("k", MinKey)), 0)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestKeyLength(t *testing.T) {
	if _, err := New([]byte(strings.Repeat("k", MinKey-1)), 0); err == nil {
		t.Errorf("a key of %d bytes is accepted", MinKey-1)
	}
	boundaries(t)
}

// TestDigits checks that digits stay only if they are too few for a name: a serial number, a
// telephone number or an id of a customer has more.
func TestDigits(t *testing.T) {
	for _, test := range []struct {
		digits string
		stay   bool
	}{
		{"0", true}, {"123456789", true}, {"1234567890", false}, {"12345678901234567890", false},
	} {
		r := boundaries(t)
		if got, err := r.text(test.digits, word); err != nil || got == test.digits != test.stay {
			t.Errorf("the word %q becomes %q, %v", test.digits, got, err)
		}
		message := "host_wave " + test.digits
		if got := r.message(message); got == message != test.stay ||
			strings.Contains(got, test.digits) != test.stay || !strings.HasPrefix(got, "host_wave ") {
			t.Errorf("the message %q becomes %q", message, got)
		}
		for _, c := range []class{name, unknown, free} {
			if got, err := r.text(test.digits, c); err != nil || got == test.digits {
				t.Errorf("%q of class %d becomes %q, %v", test.digits, c, got, err)
			}
		}
	}
}

// TestDigitsOfAName checks that a message does not keep digits that are also a name.
func TestDigitsOfAName(t *testing.T) {
	r := boundaries(t)
	pseudonym, err := r.text("17", name)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.message("host_wave 17 current_wave 18"); got !=
		"host_wave "+pseudonym+" current_wave 18" {
		t.Errorf("the message becomes %q", got)
	}
}

// TestHashLength checks from which length on a pseudonym is hexadecimal, and when it ends.
func TestHashLength(t *testing.T) {
	for _, test := range []struct {
		length, want int // want is 0 for a pseudonym in letters
	}{
		{1, 0}, {minHash - 1, 0}, {minHash, minHash}, {63, 63}, {64, 64}, {65, 64},
	} {
		got := boundaries(t).names.whole(strings.Repeat("a", test.length))
		if test.want == 0 {
			if !strings.HasPrefix(got, "n") || len(got) != 1+pseudonymLetters {
				t.Errorf("%d digits become %q", test.length, got)
			}
		} else if len(got) != test.want || strings.Trim(got, "0123456789abcdef") != "" {
			t.Errorf("%d digits become %q, want %d", test.length, got, test.want)
		}
	}
	if got := boundaries(t).names.whole(strings.Repeat("g", minHash)); got[0] != 'n' {
		t.Errorf("what is not hexadecimal becomes %q", got)
	}
	if got := boundaries(t).names.whole(""); got != "" {
		t.Errorf("the empty name becomes %q", got)
	}
}
