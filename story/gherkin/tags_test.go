package gherkin

import (
	"strings"
	"testing"
)

func TestTagExpressions(t *testing.T) {
	tests := []struct {
		expression, tags string
		want             bool
	}{
		{"", "", true},
		{"", "@a", true},
		{"@a", "@a @b", true},
		{"@a", "@ab", false},
		{"not @a", "@a", false},
		{"not @a", "@b", true},
		{"not not @a", "@a", true},
		{"@a and @b", "@a", false},
		{"@a and @b", "@b @a", true},
		{"@a or @b and @c", "@a", true},
		{"@a or @b and @c", "@b", false},
		{"(@a or @b) and @c", "@a", false},
		{"(@a or @b) and @c", "@a @c", true},
		{"not @a or @b", "", true},
		{"not (@a or @b)", "@b", false},
		{"  not(@a)and(@b)  ", "@b", true},
		{"@machine:v0.2", "@machine:v0.2", true},
		{"@and and @or and not @not", "@and @or", true},
	}
	for _, tt := range tests {
		e, err := parseTags(tt.expression)
		if err != nil {
			t.Errorf("%q: %v", tt.expression, err)
			continue
		}
		if got := e(strings.Fields(tt.tags)); got != tt.want {
			t.Errorf("%q with %q is %v", tt.expression, tt.tags, got)
		}
	}
	for _, bad := range []string{
		"a", "@", "@a @b", "@a and", "and @a", "or", "not", "(@a", "@a)", "()", "@a,@b", "@a,", "~@a",
		"@a && @b", "@a@b", "@a AND @b", "!@a",
	} {
		if _, err := parseTags(bad); err == nil || !strings.Contains(err.Error(), "expected") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
