package redact

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

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

// TestNumberOfValues parses as many values as are left, and one more.
func TestNumberOfValues(t *testing.T) {
	const values = 6
	for left := range values + 2 {
		d := jsontext.NewDecoder(bytes.NewReader([]byte(`{"a":[1,2],"b":{"c":3}}`)))
		n := left
		_, err := parseNext(d, &n)
		if left < values && !errors.Is(err, errManyValues) || left >= values && err != nil {
			t.Errorf("%d of %d values are allowed: %v", left, values, err)
		}
	}
}

// TestTimesInLists moves times at any depth, and refuses to move one out of range there.
func TestTimesInLists(t *testing.T) {
	r, err := New([]byte(strings.Repeat("k", MinKey)), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		`{"at":"AT"}`, `{"at":["AT"]}`, `{"at":[["AT"]]}`, `{"payload":{"at":"AT"}}`,
		`{"payload":[{"at":"2026-05-16T01:00:00Z"},{"at":"AT"}]}`,
	} {
		redact := func(at string) (string, error) {
			v, err := parseLine([]byte(strings.ReplaceAll(text, "AT", at)))
			if err != nil {
				t.Fatal(err)
			}
			err = r.object(v)
			return string(v.append(nil)), err
		}
		if got, err := redact("2026-05-16T01:00:00Z"); err != nil ||
			!strings.Contains(got, `"2026-05-16T02:00:00Z"`) || strings.Contains(got, "T01:") {
			t.Errorf("%s becomes %s, %v", text, got, err)
		}
		if got, err := redact("2262-04-11T23:47:16Z"); err == nil ||
			!strings.Contains(err.Error(), "out of range") {
			t.Errorf("%s becomes %s, %v", text, got, err)
		}
	}
}
