package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"rollsim/suite/explore"
)

// againPool runs seeds again in helpers: processes of this program that run many. There are as many
// as run at once.
type againPool struct {
	source *explore.Source
	limit  time.Duration // for each answer of a machine in another process

	mu   sync.Mutex
	idle []*helper
}

// helperSeeds is about how many seeds a helper runs before another one replaces it, so that seeds
// also run in a process that has run none before.
const helperSeeds = 256

// run runs seeds in another process, and returns their fingerprints.
func (p *againPool) run(ctx context.Context, seeds []uint64) ([]string, error) {
	h, err := p.helper()
	if err != nil {
		return nil, err
	}
	all, err := h.run(ctx, seeds)
	if err != nil || h.seeds >= helperSeeds {
		h.stop()
		return all, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, h)
	return all, nil
}

// helper returns a helper that is idle, or a new one.
func (p *againPool) helper() (*helper, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if last := len(p.idle) - 1; last >= 0 {
		h := p.idle[last]
		p.idle = p.idle[:last]
		return h, nil
	}
	return startHelper(p.arguments())
}

// close stops the helpers that are idle.
func (p *againPool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.idle {
		h.stop()
	}
	p.idle = nil
}

// arguments returns the command line of a helper.
func (p *againPool) arguments() []string {
	args := []string{"explore", "--fingerprint", "--faults", p.source.FaultsArgument}
	if p.source.Machine != "" {
		args = append(args, "--machine", p.source.Machine, "--answer-within", p.limit.String())
	}
	if p.source.ControlPlane != "" {
		args = append(args, "--control-plane", string(p.source.ControlPlane))
	}
	args = append(args, "--")
	for _, g := range p.source.Given {
		args = append(args, g.Argument)
	}
	return args
}

// helper is a process that reads seeds, one a line, and answers each with its fingerprint.
type helper struct {
	cmd      *exec.Cmd
	in       io.WriteCloser
	out      *bufio.Scanner
	problems bytes.Buffer
	seeds    int // how many it has run
}

func startHelper(args []string) (*helper, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	h := &helper{cmd: exec.Command(program, args...)}
	h.cmd.Args[0] = "rollsim"
	h.cmd.Stderr = &h.problems
	if h.in, err = h.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	h.out = bufio.NewScanner(out)
	return h, h.cmd.Start()
}

// run runs seeds, unless the context ends first, and returns their fingerprints.
func (h *helper) run(ctx context.Context, seeds []uint64) ([]string, error) {
	defer context.AfterFunc(ctx, func() { _ = h.cmd.Process.Kill() })()
	var all []string
	for _, seed := range seeds {
		h.seeds++
		answer, err := h.ask(seed)
		if err != nil {
			return nil, err
		}
		all = append(all, answer)
	}
	return all, nil
}

// ask runs one seed.
func (h *helper) ask(seed uint64) (string, error) {
	_, err := fmt.Fprintln(h.in, seed)
	if err == nil && !h.out.Scan() {
		err = h.out.Err()
		if err == nil {
			err = errors.New("it has ended")
		}
	}
	if err == nil {
		answered, fingerprint, found := strings.Cut(h.out.Text(), " ")
		if found && answered == strconv.FormatUint(seed, 10) {
			return fingerprint, nil
		}
		err = fmt.Errorf("it has answered %q, expected the seed and its fingerprint", h.out.Text())
	}
	h.stop() // so that all of what it has printed is there
	return "", fmt.Errorf("the process that runs seed %d again: %w: %s", seed, err,
		bytes.TrimSpace(h.problems.Bytes()))
}

// stop ends the process. It does so by itself when its input ends.
func (h *helper) stop() {
	_ = h.in.Close()
	_ = h.cmd.Wait()
}

// fingerprints answers each seed on standard input with a line that has the seed and its
// fingerprint.
func (env *environment) fingerprints(source *explore.Source) error {
	lines := bufio.NewScanner(env.stdin)
	for lines.Scan() {
		seed, err := strconv.ParseUint(lines.Text(), 10, 64)
		if err != nil {
			return fmt.Errorf("standard input: %q, expected a seed on each line", lines.Text())
		}
		fingerprint, err := source.Fingerprint(context.Background(), seed)
		if err != nil {
			return fmt.Errorf("seed %d: %w", seed, err)
		}
		env.out.printf("%d %s\n", seed, fingerprint)
	}
	return lines.Err()
}
