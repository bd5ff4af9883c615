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
	} {
		got, ok := Name(c.typed, strings.Fields(c.names))
		if got != c.want || ok != (c.want != "") {
			t.Errorf("Name(%q, %s) = %q, %v; want %q", c.typed, c.names, got, ok, c.want)
		}
	}
}

func TestHint(t *testing.T) {
	many := strings.Fields("a1 a2 a3 a4 a5 a6 a7 a8 a9 a10 a11 a12 a13")
	for _, c := range []struct {
		typed string
		names []string
		want  string
	}{
		{"polcy", []string{"policy"}, `: did you mean "policy"?`},
		{"maybe", []string{"halt", "rollback-and-halt"}, ": expected one of halt, rollback-and-halt"},
		{"maybe", many, ""},
		{"maybe", nil, ""},
	} {
		if got := Hint(c.typed, c.names); got != c.want {
			t.Errorf("Hint(%q, %q) = %q; want %q", c.typed, c.names, got, c.want)
		}
	}
}
