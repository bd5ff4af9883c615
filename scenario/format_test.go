package scenario

import (
	"reflect"
	"strings"
	"testing"

	"rollsim/machine"
)

// TestDefaultMachine checks that the default in the struct tag of the field machine is the name of
// the default machine.
func TestDefaultMachine(t *testing.T) {
	found := false
	for _, f := range reflect.VisibleFields(reflect.TypeFor[document]()) {
		if f.Type != reflect.TypeFor[machineName]() {
			continue
		}
		found = true
		_, got, _ := strings.Cut(f.Tag.Get("jsonschema"), "default=")
		if want := machine.Default().Name(); got != want {
			t.Errorf("the default of %s is %q, want %q", f.Name, got, want)
		}
	}
	if !found {
		t.Error("no field holds the name of a machine")
	}
}
