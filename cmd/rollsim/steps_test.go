package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestStepsPage compares docs/steps.md with the sentences. UPDATE=1 go test ./cmd/rollsim -run
// StepsPage rewrites it.
func TestStepsPage(t *testing.T) { comparePage(t, "steps.md", "steps", "--format", "markdown") }

// TestQuestionsPage compares docs/how-do-i-say.md with the sentences. UPDATE=1 rewrites it.
func TestQuestionsPage(t *testing.T) {
	comparePage(t, "how-do-i-say.md", "steps", "--format", "questions")
}

// comparePage compares a page in docs with the output of a command, and rewrites it if UPDATE is
// set.
func comparePage(t *testing.T, name string, command ...string) {
	t.Helper()
	page := filepath.Join("../../docs", name)
	code, out, errs := inProcess(t, command...)
	if code != exitHolds {
		t.Fatal(errs)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(page, []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(page); err != nil || string(got) != out {
		t.Errorf("%s is not current (%v): UPDATE=1 go test ./cmd/rollsim -run Page rewrites it", page,
			err)
	}
}
