package external

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"rollsim/reducer"
)

// Prefix starts the name of a machine in another process; the command follows it.
const Prefix = "exec:"

// DefaultLimit is how long a machine may take over one answer when nobody says otherwise.
const DefaultLimit = 5 * time.Second

// Machine is a reducer.Machine that another process is asked for. It is safe for use by several
// goroutines: each that steps at the same time has a process of its own. What keeps a process from
// answering is a *reducer.MachineFailure with a *Failure in it; from then on every step gives the
// same one, and no process runs any more.
type Machine struct {
	command string
	argv    []string
	limit   time.Duration

	mu      sync.Mutex
	running map[*process]bool
	idle    []*process
	failure error // the first one; ErrClosed after Close
}

// ErrClosed says that a machine was asked after it had been closed.
var ErrClosed = errors.New("the machine is closed")

// Start runs a command and makes a machine of it. The command's words are separated by spaces;
// those within ' or " are one word. limit is how long it may take over one answer, above 0.
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

// words takes a command apart. A backslash is a character like any other, so that paths of Windows
// need no care.
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

// Name is Prefix and the command.
func (m *Machine) Name() string { return Prefix + m.command }

// Step implements reducer.Machine.
func (m *Machine) Step(
	rec *reducer.Record, ev *reducer.Event, now reducer.Time, policy reducer.Policy,
	out *reducer.Effects,
) error {
	out.Reset()
	p, err := m.take()
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

// Failure is what kept the machine from answering; nil while it answers.
func (m *Machine) Failure() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.failure
}

// take gives a process that nobody else asks, starting one where all are busy.
func (m *Machine) take() (*process, error) {
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

// fail ends the process, which cannot be trusted any more, and says why, with what it left behind.
func (m *Machine) fail(p *process, failure *Failure) error {
	byItself := p.end(failure.Kind == Crashed)
	failure.Stderr = p.stderr.text()
	switch {
	case failure.Kind == Crashed && byItself:
		failure.What = p.fate() + failure.What
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

// Close ends every process: by closing its standard input, and if it does not go by itself, by
// force. It never fails.
func (m *Machine) Close() error {
	m.mu.Lock()
	if m.failure == nil {
		m.failure = &reducer.MachineFailure{Machine: m.Name(), Err: ErrClosed}
	}
	running, idle := m.running, m.idle
	m.running, m.idle = nil, nil
	m.mu.Unlock()

	for _, p := range idle {
		_ = p.stdin.Close() // at once for all, so that they end side by side
	}
	for p := range running {
		p.end(true)
	}
	return nil
}
