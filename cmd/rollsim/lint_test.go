package main

import "testing"

// TestLintPage keeps docs/lint.md what the rules say: UPDATE=1 go test ./cmd/rollsim -run LintPage
// rewrites it.
func TestLintPage(
	t *testing.T,
) {
	comparePage(t, "lint.md", "lint", "--rules", "--format", "markdown")
}
