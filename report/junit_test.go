package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"rollsim/suite/check"
)

func TestJUnit(t *testing.T) {
	var b bytes.Buffer
	err := JUnit(&b, "rollsim check", []*check.Result{
		{
			Status:  check.Passed,
			Path:    "scenarios/a.yaml",
			Name:    "scenarios/a.yaml",
			Elapsed: 1500 * time.Millisecond,
		},
		{
			Status:  check.Failed,
			Path:    "features/x/y.feature:12",
			Name:    `Y: <"quoted"> & co`,
			Message: "first\x1b[31m line\nsecond\x00",
			Rerun:   "rollsim features features/x/y.feature:12",
		},
		{Status: check.Unusable, Path: "scenarios/b.yaml", Name: "scenarios/b.yaml", Message: "broken"},
		{Status: check.Skipped, Path: "scenarios/c.yaml", Name: "scenarios/c.yaml"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := b.String()
	for _, want := range []string{
		`<testsuites tests="4" failures="1" errors="1" skipped="1">`,
		`<testcase name="scenarios/a.yaml" classname="scenarios" file="scenarios/a.yaml" time="1.500">`,
		`name="Y: &lt;&#34;quoted&#34;&gt; &amp; co" classname="features/x" ` +
			`file="features/x/y.feature" line="12"`,
		`<failure message="first\u001b[31m line">`,
		`rerun: rollsim features features/x/y.feature:12`,
		`<error message="broken">`,
		`<skipped></skipped>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("missing %s in\n%s", want, got)
		}
	}
	for d := xml.NewDecoder(strings.NewReader(got)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, got)
		}
	}
}
