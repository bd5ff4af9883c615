package shrink

import (
	"os"
	"reflect"
	"testing"

	"rollsim/internal/valuetext"
	"rollsim/scenario"
)

// TestClone checks that a copy is equal, and shares with the original only what no edit changes:
// distributions and probabilities, which are replaced as a whole.
func TestClone(t *testing.T) {
	slices := 0
	for _, name := range []string{"everything", "operators"} {
		text, err := os.ReadFile("../../scenario/testdata/write/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		file, err := scenario.Parse(name, text)
		if err != nil {
			t.Fatal(err)
		}
		c := clone(&file.Scenario)
		if got, want := valuetext.Of(*c), valuetext.Of(file.Scenario); got != want {
			t.Errorf("%s: got %s\nwant %s", name, got, want)
		}
		slices += compareMemory(t, name, reflect.ValueOf(*c), reflect.ValueOf(file.Scenario))
	}
	if slices < 30 {
		t.Errorf("only %d slices and pointers were compared", slices)
	}
}

// compareMemory reports what two values share, and returns how many places it has compared.
func compareMemory(t *testing.T, path string, a, b reflect.Value) (n int) {
	t.Helper()
	switch a.Kind() {
	case reflect.Pointer:
		if name := a.Type().Elem().Name(); a.IsNil() || name == "Distribution" ||
			name == "Probability" {
			return 0
		}
		if a.Pointer() == b.Pointer() {
			t.Errorf("%s is shared", path)
		}
		return 1 + compareMemory(t, path, a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Len() == 0 {
			return 0
		}
		if a.Pointer() == b.Pointer() {
			t.Errorf("%s is shared", path)
		}
		n = 1
		for i := range a.Len() {
			n += compareMemory(t, path, a.Index(i), b.Index(i))
		}
	case reflect.Struct:
		for i := range a.NumField() {
			n += compareMemory(t, path+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i))
		}
	default:
	}
	return n
}
