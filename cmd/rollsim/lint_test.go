package main

import "testing"

// TestLintPage compares docs/lint.md with the rules. UPDATE=1 go test ./cmd/rollsim -run LintPage
// rewrites it.
func TestLintPage(t *testing.T) {
	comparePage(t, "lint.md", "lint", "--rules", "--format", "markdown")
}
