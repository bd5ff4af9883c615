package nearest

import (
	"strings"
	"testing"
)

func TestName(t *testing.T) {
	for _, c := range []struct{ typed, names, want string }{
		{"polcy", "name policy waves", "policy"},
		{"polciy", "name policy waves", "policy"}, // a swap costs one
		{"POLICY", "name policy", "policy"},
		{"policy", "policies policy", "policy"},
		{"a2", "stable a1 b2", "a1"}, // the first of two at the same distance
		{"Soakin", "Pending Soaking Failed", "Soaking"},
		{"Soak", "Pending Soaking Failed", "Soaking"},
		{"policy_name", "name policy", "policy"},
		{"pol", "policies policy", "policies"},
		{"po", "policy", ""}, // too short for a prefix
		{"x", "a b c", ""},
		{"", "a", ""},
		{"retention", "name waves", ""},
		{"hôte", "hôtes", "hôtes"},
		{strings.Repeat("x", 81), strings.Repeat("x", 81), ""},
		{strings.Repeat("x", 80), strings.Repeat("x", 80), strings.Repeat("x", 80)},
		{strings.Repeat("x", 79), strings.Repeat("x", 80), strings.Repeat("x", 80)},
		{"abc", "abcd abc", "abc"}, // the nearest, not the first
		{"abcdef", "abxxef", "abxxef"},
		{"abcdef", "axxxef", ""},
		{"ab", "ax", "ax"},
		{"a", "b", ""},
		{"abcdefgh", "abc", "abc"}, // a beginning of what was typed
		{"Crash", "host-lost control-plane-crash late-crash", "control-plane-crash"},
		{"plane-crash", "control-plane-crash", "control-plane-crash"},
		{"crash", "control-planecrash", ""}, // a part of a word
		{"up", "host-goes-up", ""},          // too short for a word
	} {
		got, ok := Name(c.typed, strings.Fields(c.names))
		if got != c.want || ok != (c.want != "") {
			t.Errorf("Name(%q, %s) = %q, %v; want %q", c.typed, c.names, got, ok, c.want)
		}
	}
}

func TestHint(t *testing.T) {
	messages := strings.Fields("messages message-delayed message-dropped host-lost")
	many := strings.Fields("a1 a2 a3 a4 a5 a6 a7 a8 a9 a10 a11 a12 a13")
	for _, c := range []struct {
		typed string
		names []string
		want  string
	}{
		{"polcy", []string{"policy"}, `: did you mean "policy"?`},
		{"maybe", []string{"halt", "rollback-and-halt"}, ": expected one of halt, rollback-and-halt"},
		{"maybe", many, ""},
		{"crash", []string{"control-plane crash"}, `: did you mean "control-plane crash"?`},
		{"maybe", nil, ""},
		{"message-lost", messages, ": expected one of message-delayed, message-dropped"},
		{"message-droped", messages, `: did you mean "message-dropped"?`},
		{"message-dela", messages, `: did you mean "message-delayed"?`},
		{"message", messages, `: did you mean "messages"?`},
		{"host-gone", messages, `: did you mean "host-lost"?`}, // the only one with that word
		{"-lost", messages, ": expected one of messages, message-delayed, message-dropped, host-lost"},
	} {
		if got := Hint(c.typed, c.names); got != c.want {
			t.Errorf("Hint(%q, %q) = %q; want %q", c.typed, c.names, got, c.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"a", "b", 1},
		{"ab", "ba", 1}, {"abc", "acb", 1}, {"xab", "xba", 1}, {"abcd", "badc", 2},
		{"abc", "ab", 1}, {"ab", "abc", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3},
		{"aab", "aba", 1}, {"é", "e", 1},
	} {
		if got := Distance([]rune(c.a), []rune(c.b)); got != c.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
		if got := Distance([]rune(c.b), []rune(c.a)); got != c.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", c.b, c.a, got, c.want)
		}
	}
}

// TestHintLists lists names up to the limit.
func TestHintLists(t *testing.T) {
	names := strings.Fields("b1 b2 b3 b4 b5 b6 b7 b8 b9 b10 b11 b12 b13")
	for n := range len(names) + 1 {
		want := ""
		if n > 0 && n <= maxListed {
			want = ": expected one of " + strings.Join(names[:n], ", ")
		}
		if got := Hint("typed", names[:n]); got != want {
			t.Errorf("of %d names: %q, want %q", n, got, want)
		}
	}
}
