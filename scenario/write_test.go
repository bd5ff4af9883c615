package scenario

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"rollsim/internal/valuetext"
	"rollsim/sim"
)

// TestWriteEverything writes scenarios that use every field, reads them back and compares the two.
// A field that no scenario uses fails the test, so that a new one is not forgotten.
func TestWriteEverything(t *testing.T) {
	used := make(map[string]bool)
	for _, name := range []string{"everything.yaml", "operators.yaml"} {
		writeEverything(t, name, used)
	}
	for field, is := range used {
		if !is {
			t.Errorf("no scenario uses %s", field)
		}
	}
}

// writeEverything writes one scenario, reads it back, and records the fields that it uses.
func writeEverything(t *testing.T, name string, used map[string]bool) {
	t.Helper()
	data, err := os.ReadFile("testdata/write/" + name)
	if err != nil {
		t.Fatal(err)
	}
	file, err := Parse("everything.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	sc := &file.Scenario
	walkFields(reflect.ValueOf(sc).Elem(), used, func(*sim.Distribution) {})
	var written strings.Builder
	if err := Write(&written, sc, Writing{Machine: sc.Machine}); err != nil {
		t.Fatal(err)
	}
	again, err := Parse("everything.yaml", []byte(written.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, written.String())
	}
	// compared as text, because nil and empty lists are equal
	got, want := valuetext.Of(again.Scenario), valuetext.Of(*sc)
	if got != want {
		t.Errorf("got\n%s\nwant\n%s\nwritten\n%s", got, want, written.String())
	}
}

// walkFields records which fields of the types in a value are not zero somewhere in it, and visits
// its distributions.
func walkFields(v reflect.Value, used map[string]bool, visit func(*sim.Distribution)) {
	switch v.Kind() {
	case reflect.Pointer:
		if d, ok := v.Interface().(*sim.Distribution); ok {
			if d != nil {
				visit(d)
			}
		} else if !v.IsNil() {
			walkFields(v.Elem(), used, visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walkFields(v.Index(i), used, visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			name := v.Type().String() + "." + f.Name
			if notWritten[name] {
				continue
			}
			used[name] = used[name] || !v.Field(i).IsZero()
			walkFields(v.Field(i), used, visit)
		}
	default:
	}
}

// notWritten are the fields that a file does not have.
var notWritten = map[string]bool{
	"invariant.Violation.Detail": true, "invariant.Violation.Seq": true,
	"invariant.Violation.At": true, "invariant.Violation.State": true,
	"invariant.Violation.Event": true, "invariant.Violation.Excused": true,
	"invariant.Violation.Defect": true,
}
