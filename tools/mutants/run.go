package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// verdict is the result of a mutant.
type verdict int

const (
	invalid verdict = iota // it does not compile
	byTests
	byCheck
	survived
)

func (v verdict) String() string {
	return [...]string{"does not compile", "killed by tests", "killed by check", "SURVIVED"}[v]
}

// tester runs the tests of mutants.
type tester struct {
	root    string // absolute folder of the module
	temp    string
	timeout time.Duration
}

// newTester returns a tester with a temporary folder.
func newTester(root string, timeout time.Duration) (*tester, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		return nil, fmt.Errorf("-root: %w", err)
	}
	temp, err := os.MkdirTemp("", "mutants-")
	return &tester{root, temp, timeout}, err
}

// baseline checks that everything passes without a mutant.
func (t *tester) baseline(ctx context.Context, list []goPackage) error {
	const none = "-overlay="
	for _, p := range list {
		if err := t.tests(ctx, none, p.ImportPath); err != nil {
			return fmt.Errorf("without a mutant: %w", err)
		}
	}
	if err := t.check(ctx, none); err != nil {
		return fmt.Errorf("without a mutant: %w", err)
	}
	return nil
}

// test returns which stage kills a mutant. With buildOnly it tries only whether the mutant
// compiles.
func (t *tester) test(ctx context.Context, m mutant, buildOnly bool) (verdict, error) {
	path := filepath.Join(t.root, filepath.FromSlash(m.file))
	source, err := os.ReadFile(path)
	if err != nil {
		return invalid, err
	}
	mutated := filepath.Join(t.temp, "mutant.go")
	if err := os.WriteFile(mutated, m.apply(source), 0o666); err != nil {
		return invalid, err
	}
	overlay, err := t.overlay(map[string]string{path: mutated})
	if err != nil {
		return invalid, err
	}
	stages := []struct {
		run    func() error
		failed verdict
	}{
		{func() error { return t.command(ctx, t.root, "go", "build", overlay, m.pkg) }, invalid},
		{func() error { return t.tests(ctx, overlay, m.pkg) }, byTests},
		{func() error { return t.check(ctx, overlay) }, byCheck},
	}
	if buildOnly {
		stages = stages[:1]
	}
	for _, s := range stages {
		err := s.run()
		switch failed := (*failure)(nil); {
		case ctx.Err() != nil:
			return invalid, ctx.Err()
		case errors.As(err, &failed):
			return s.failed, nil
		case err != nil:
			return invalid, err
		}
	}
	return survived, nil
}

// overlay writes an overlay file, and returns the flag for it.
func (t *tester) overlay(replace map[string]string) (string, error) {
	text, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(t.temp, "overlay.json")
	return "-overlay=" + file, os.WriteFile(file, text, 0o666)
}

// tests runs the tests of a package.
func (t *tester) tests(ctx context.Context, overlay, pkg string) error {
	return t.command(ctx, t.root, "go", "test", "-short", "-failfast", overlay,
		"-timeout", t.timeout.String(), pkg)
}

// check builds rollsim and runs its check, in an empty folder, so with the suite that it contains.
func (t *tester) check(ctx context.Context, overlay string) error {
	empty := filepath.Join(t.temp, "empty")
	program := filepath.Join(t.temp, "rollsim")
	if err := os.MkdirAll(empty, 0o777); err != nil {
		return err
	}
	err := t.command(ctx, t.root, "go", "build", overlay, "-o", program, "./cmd/rollsim")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	return t.command(ctx, empty, program, "check")
}

// failure is a command that ran and failed.
type failure struct {
	command string
	output  []byte
}

func (f *failure) Error() string {
	return fmt.Sprintf("%s failed:\n%s", f.command, bytes.TrimSpace(f.output))
}

// command runs a program in a folder. One that ends with another exit code than 0 is a failure.
func (t *tester) command(ctx context.Context, dir, name string, args ...string) error {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return &failure{c.String(), out}
	}
	return err
}

// output returns what a go command prints.
func (t *tester) output(ctx context.Context, args []string) (string, error) {
	c := exec.CommandContext(ctx, "go", args...)
	c.Dir = t.root
	var message bytes.Buffer
	c.Stderr = &message
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, bytes.TrimSpace(message.Bytes()))
	}
	return string(out), nil
}
