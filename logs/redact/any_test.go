package redact

import "testing"

// TestParseAny parses what the rows of a database may hold: one JSON value of any kind.
func TestParseAny(t *testing.T) {
	for _, text := range []string{`{}`, `{"a":1}`, `[1,2]`, `[]`, `"x"`, `-5.0e3`, `null`, `true`} {
		if v, err := parseAny([]byte(text)); err != nil || string(v.append(nil)) != text {
			t.Errorf("%s: %v, %v", text, v, err)
		}
	}
	for _, text := range []string{``, `{`, `[1`, `{} {}`, `1 2`, `1,"b":2`, `{}}`, `nul`} {
		if v, err := parseAny([]byte(text)); err == nil {
			t.Errorf("%s: parsed as %s", text, v.append(nil))
		}
	}
}
