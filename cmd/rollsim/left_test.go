package main

import (
	"os"
	"strings"
	"testing"
)

// TestCheckNamesAKilledCommand checks a scenario next to a new golden, as a command leaves them
// that was killed between the two. The report says so, and does not without the temporary file.
func TestCheckNamesAKilledCommand(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"s.yaml":                       "channels: [{name: stable}]\n",
		"s.golden":                     "# another run\n",
		".s.yaml.0123456789abcdef.tmp": "channels: [{name: edge}]\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []bool{true, false} {
		code, out, errs := inProcess(t, "check", "s.yaml")
		if code != exitDiffers || strings.Contains(out, "killed before it had replaced") != want {
			t.Errorf("want %v: exit %d\n%s%s", want, code, out, errs)
		}
		_ = os.Remove(".s.yaml.0123456789abcdef.tmp")
	}
}
