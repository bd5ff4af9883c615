package external

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"rollsim/reducer"
)

// Prefix begins the name of a machine in another process. The command follows it.
const Prefix = "exec:"

// DefaultLimit is the default time limit for one answer.
const DefaultLimit = 5 * time.Second

// Machine is a reducer.Machine in another process. It is safe for concurrent use: goroutines that
// step at the same time have a process each. When a process does not answer, Step returns a
// *reducer.MachineFailure that wraps a *Failure. Every later step returns the same error.
type Machine struct {
	command string
	argv    []string
	limit   time.Duration

	mu      sync.Mutex
	running map[*process]bool
	idle    []*process
	failure error // the first one; ErrClosed after Close
}

// ErrClosed is the error of a step after Close.
var ErrClosed = errors.New("the machine is closed")

// Start runs a command as a machine. Spaces separate the command's words; a part within ' or " is
// one word. limit is the time limit for one answer, above 0.
func Start(command string, limit time.Duration) (*Machine, error) {
	argv, err := words(command)
	if err != nil {
		return nil, fmt.Errorf("%s%s: %w", Prefix, command, err)
	}
	if argv[0], err = exec.LookPath(argv[0]); err != nil {
		return nil, fmt.Errorf("%s%s: %w", Prefix, command, err)
	}
	m := &Machine{command: command, argv: argv, limit: limit, running: make(map[*process]bool)}
	p, err := start(argv, limit)
	if err != nil {
		return nil, fmt.Errorf("%s%s: %w", Prefix, command, err)
	}
	m.running[p] = true
	m.idle = append(m.idle, p)
	return m, nil
}

// words splits a command. A backslash is an ordinary character, so that Windows paths need no
// escapes.
func words(command string) ([]string, error) {
	var all []string
	var word strings.Builder
	inWord, quote := false, rune(0)
	for _, c := range command {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(c)
		case c == '"' || c == '\'':
			quote, inWord = c, true
		case c == ' ' || c == '\t':
			if inWord {
				all = append(all, word.String())
				word.Reset()
			}
			inWord = false
		default:
			word.WriteRune(c)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("expected another %c that ends the quotation", quote)
	}
	if inWord {
		all = append(all, word.String())
	}
	if len(all) == 0 || all[0] == "" {
		return nil, errors.New("expected a command")
	}
	return all, nil
}

// Name returns Prefix and the command.
func (m *Machine) Name() string { return Prefix + m.command }

// Step implements reducer.Machine.
func (m *Machine) Step(
	rec *reducer.Record, ev *reducer.Event, now reducer.Time, policy reducer.Policy,
	out *reducer.Effects,
) error {
	out.Reset()
	p, err := m.acquire()
	if err != nil {
		return err
	}
	next, refusal, failure := p.ask(rec, ev, now, policy, out)
	if failure != nil {
		out.Reset()
		return m.fail(p, failure)
	}
	m.mu.Lock()
	m.idle = append(m.idle, p)
	m.mu.Unlock()
	if refusal != nil {
		return refusal
	}
	*rec = next
	return nil
}

// Failure returns the error of the first step without an answer; nil while none exists.
func (m *Machine) Failure() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.failure
}

// acquire returns an idle process, or a new one when all are busy.
func (m *Machine) acquire() (*process, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failure != nil {
		return nil, m.failure
	}
	if last := len(m.idle) - 1; last >= 0 {
		p := m.idle[last]
		m.idle = m.idle[:last]
		return p, nil
	}
	p, err := start(m.argv, m.limit)
	if err != nil {
		m.failure = &reducer.MachineFailure{Machine: m.Name(), Err: err}
		return nil, m.failure
	}
	m.running[p] = true
	return p, nil
}

// fail ends the process, which can no longer be trusted, and returns the machine's failure.
func (m *Machine) fail(p *process, failure *Failure) error {
	exited := p.end(failure.Kind == Crashed)
	failure.Stderr = p.errors.text()
	switch {
	case failure.Kind == Crashed && exited:
		failure.What = p.exitText() + failure.What
	case failure.Kind == Crashed:
		failure.What = "it closed its standard output" + failure.What
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.running, p)
	if m.failure == nil {
		m.failure = &reducer.MachineFailure{Machine: m.Name(), Err: failure}
	}
	return m.failure
}

// Close ends every process: it closes their standard inputs, and kills those that do not exit. The
// error is a *reducer.MachineFailure if a process has written more than its answers, because one of
// them may have answered another request.
func (m *Machine) Close() error {
	m.mu.Lock()
	if m.failure == nil {
		m.failure = &reducer.MachineFailure{Machine: m.Name(), Err: ErrClosed}
	}
	running, idle := m.running, m.idle
	m.running, m.idle = nil, nil
	m.mu.Unlock()

	for _, p := range idle {
		_ = p.stdin.Close() // all first, so that the processes end at the same time
	}
	var failure error
	for p := range running {
		p.end(true)
		if len(p.extra) > 0 && failure == nil {
			failure = &reducer.MachineFailure{Machine: m.Name(), Err: &Failure{
				Kind:    WrongAnswer,
				What:    "it wrote this after its last answer: every request has one answer, of one line",
				Request: string(bytes.TrimSuffix(p.buf, []byte("\n"))),
				Answer:  string(bytes.TrimSpace(p.extra)), Stderr: p.errors.text(),
			}}
		}
	}
	return failure
}
