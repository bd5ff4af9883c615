package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"rollsim/suite/explore"
)

// TestHelper checks that one helper runs many seeds in any order, with the fingerprints that this
// process computes, that another one replaces it after enough seeds, and that one that has ended is
// an error that names the seed.
func TestHelper(t *testing.T) {
	source := &explore.Source{
		Swarm: explore.NewSwarm(), Machine: "rfc0008", Faults: explore.SwarmFaults,
		FaultsArgument: "swarm",
	}
	pool := &againPool{source: source}
	defer pool.close()
	run := func(seeds ...uint64) *helper {
		t.Helper()
		got, err := pool.run(t.Context(), seeds)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, seed := range seeds {
			f, err := source.Fingerprint(t.Context(), seed)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, f)
		}
		if !slices.Equal(got, want) {
			t.Errorf("seeds %v: got %v, want %v", seeds, got, want)
		}
		if len(pool.idle) == 0 {
			return nil
		}
		return pool.idle[0]
	}
	first := run(3, 2, 1)
	if second := run(7); second != first || len(pool.idle) != 1 {
		t.Error("another helper runs the seeds that follow, want the same one")
	}
	first.seeds = helperSeeds
	if run(4) != nil {
		t.Errorf("the helper is still there after %d seeds", helperSeeds)
	}

	h := run(5)
	if err := h.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = h.cmd.Wait()
	if _, err := pool.run(t.Context(), []uint64{9, 8}); err == nil ||
		!strings.Contains(err.Error(), "the process that runs seed 9 again: ") {
		t.Errorf("a helper that was killed: %v, expected an error that names seed 9", err)
	}
	if len(pool.idle) != 0 {
		t.Error("the helper that was killed is still there")
	}

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := pool.run(ended, []uint64{1}); err == nil {
		t.Error("a run whose context has ended: no error")
	}
}

var errFull = errors.New("full")

// failing is an input that cannot be written.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }
func (failing) Close() error              { return nil }

// accepting is an input that ignores what is written.
type accepting struct{ io.Writer }

func (accepting) Close() error { return nil }

// answering returns a helper that is no process, with an answer.
func answering(answer string) *helper {
	return &helper{
		cmd: new(exec.Cmd), in: accepting{io.Discard}, out: bufio.NewScanner(strings.NewReader(answer)),
	}
}

// TestHelperAnswers checks that an answer that is not of the seed is an error, and not a pass.
func TestHelperAnswers(t *testing.T) {
	for answer, want := range map[string]string{
		"2 0123456789abcdef\n": `it has answered "2 0123456789abcdef"`,
		"1\n":                  `it has answered "1"`,
		"":                     "it has ended",
	} {
		h := answering(answer)
		if _, err := h.ask(1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the answer %q: %v, expected an error with %s", answer, err, want)
		}
	}
	h := answering("1 0123456789abcdef\n")
	if got, err := h.ask(1); err != nil || got != "0123456789abcdef" {
		t.Errorf("got %q, %v", got, err)
	}
	h.in = failing{}
	if _, err := h.ask(2); !errors.Is(err, errFull) {
		t.Errorf("an input that cannot be written: %v, expected its error", err)
	}
}
