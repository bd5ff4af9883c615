package main

import (
	"os"
	"testing"
)

// TestStepsPage keeps docs/steps.md what the program says: UPDATE=1 go test ./cmd/rollsim -run StepsPage rewrites it.
func TestStepsPage(t *testing.T) {
	const page = "../../docs/steps.md"
	code, out, errs := inProcess(t, "steps", "--format", "markdown")
	if code != exitHolds {
		t.Fatal(errs)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(page, []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(page); err != nil || string(got) != out {
		t.Errorf("%s is not current (%v): UPDATE=1 go test ./cmd/rollsim -run StepsPage rewrites it", page, err)
	}
}
