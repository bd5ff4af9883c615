package external

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// maxAnswer is the length limit of an answer in bytes: records and effects are short, names may be
// long.
const maxAnswer = 1 << 20

// grace is the time that a process has to exit once its standard input is closed.
const grace = 2 * time.Second

// process is one run of a machine's command. One goroutine uses it at a time.
type process struct {
	cmd    *exec.Cmd
	group  group
	stdin  *os.File
	stdout *os.File
	in     *bufio.Reader // of stdout
	stderr tail
	buf    []byte        // the request
	done   chan struct{} // closed once Wait has returned

	limit time.Duration
	timer *time.Timer // kills the process when an answer takes too long
	late  atomic.Bool // the timer has fired
}

func start(argv []string, limit time.Duration) (*process, error) {
	requests, stdin, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	stdout, answers, err := os.Pipe()
	if err != nil {
		_ = requests.Close()
		_ = stdin.Close()
		return nil, err
	}
	p := &process{
		cmd: exec.Command(argv[0], argv[1:]...), stdin: stdin, stdout: stdout,
		in: bufio.NewReaderSize(stdout, 64<<10), done: make(chan struct{}), limit: limit,
	}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = requests, answers, &p.stderr
	p.cmd.WaitDelay = grace // a child of the process may hold its standard error open
	p.cmd.SysProcAttr = attributes()

	started := make(chan error)
	go func() {
		// Linux kills the process when the thread that started it ends, so this thread must stay.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		_ = requests.Close()
		_ = answers.Close()
		if err == nil {
			err = p.group.adopt(p.cmd.Process)
		}
		started <- err
		if p.cmd.Process != nil {
			_ = p.cmd.Wait() // cmd.ProcessState has the result
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		_ = stdin.Close()
		_ = stdout.Close()
		if p.cmd.Process != nil {
			_ = p.cmd.Process.Kill()
		}
		return nil, err
	}
	p.timer = time.AfterFunc(limit, func() {
		p.late.Store(true)
		p.group.kill()
		_ = p.stdout.Close() // a child in another group may hold the other end open
	})
	p.timer.Stop()
	p.remember()
	return p, nil
}

// ask sends one request and reads its answer. On success next is the new record and out holds the
// effects, or refusal is the machine's error.
func (p *process) ask(
	rec *reducer.Record, ev *reducer.Event, now reducer.Time, policy reducer.Policy,
	out *reducer.Effects,
) (next reducer.Record, refusal error, failure *Failure) {
	p.buf = appendRequest(p.buf[:0], rec, ev, now, policy)
	failed := func(kind FailureKind, line []byte, format string, args ...any) *Failure {
		return &Failure{
			Kind: kind, What: fmt.Sprintf(format, args...),
			Request: string(bytes.TrimSuffix(p.buf, []byte("\n"))), Answer: string(bytes.TrimSpace(line)),
		}
	}
	if n := p.in.Buffered(); n > 0 {
		line, _ := p.in.Peek(n)
		return next, nil, failed(WrongAnswer, line,
			"it wrote this before the request: every request has one answer, of one line")
	}
	line, err := p.exchange()
	switch {
	case p.late.Load():
		return next, nil, failed(Silent, line,
			"no answer within %v; --answer-within sets the limit", p.limit)
	case errors.Is(err, bufio.ErrBufferFull):
		return next, nil, failed(Garbage, line, "more than %d bytes without an end of line", maxAnswer)
	case err != nil && len(line) > 0:
		return next, nil, failed(Crashed, line, " in the middle of an answer")
	case err != nil:
		return next, nil, failed(Crashed, line, " without an answer")
	}
	a, err := parseAnswer(line)
	if err != nil {
		return next, nil, failed(Garbage, line, "%v", err)
	}
	if err := a.mismatch(rec, ev); err != nil {
		return next, nil, failed(WrongAnswer, line, "%v", err)
	}
	if a.refused != nil {
		return next, a.refusal(rec, ev), nil
	}
	for i := range a.effects {
		out.Add(a.effects[i])
	}
	return a.record, nil, nil
}

// exchange writes the request and reads one line, which is valid until the next call.
func (p *process) exchange() ([]byte, error) {
	p.timer.Reset(p.limit)
	defer func() {
		if !p.timer.Stop() {
			p.late.Store(true) // the timer is firing
		}
	}()
	_, sendErr := p.stdin.Write(p.buf)
	line, err := p.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		long := bytes.Clone(line)
		for errors.Is(err, bufio.ErrBufferFull) && len(long) <= maxAnswer {
			line, err = p.in.ReadSlice('\n')
			long = append(long, line...)
		}
		line = long
	}
	if err == nil {
		// an answer to an incomplete request explains more than the error of sending it
		return line, nil
	}
	return line, errors.Join(err, sendErr)
}

// end kills the process and waits for it. If mayExit is set, the process has grace to exit by
// itself. end reports whether it did.
func (p *process) end(mayExit bool) (exited bool) {
	p.timer.Stop()
	_ = p.stdin.Close()
	if mayExit {
		select {
		case <-p.done:
			exited = true
		case <-time.After(grace):
		}
	}
	p.group.kill() // and its children
	<-p.done
	p.forget()
	_ = p.stdout.Close()
	p.group.release()
	return exited
}

// exitText returns how the process ended.
func (p *process) exitText() string {
	state := p.cmd.ProcessState
	switch {
	case state == nil:
		return "it ended in an unknown way"
	case state.Success():
		return "it ended"
	case state.Exited():
		return fmt.Sprintf("it ended with %v", state)
	}
	return fmt.Sprintf("it was ended by a %v", state) // such as "signal: killed"
}

func appendRequest(
	b []byte, rec *reducer.Record, ev *reducer.Event, now reducer.Time, policy reducer.Policy,
) []byte {
	b = trace.AppendRecord(append(b, `{"record":`...), rec)
	b = trace.AppendTaggedEvent(append(b, `,"event":`...), ev)
	b = trace.AppendTime(append(b, `,"now":"`...), now)
	return fmt.Appendf(b, `","policy":{"on_health_failure":"%v","retention_seconds":%d}}`+"\n",
		policy.OnHealthFailure, policy.RetentionSeconds)
}

// tail is a writer that keeps the last bytes.
type tail struct {
	mu   sync.Mutex
	kept []byte
	cut  bool // earlier bytes were dropped
}

const (
	tailBytes = 4 << 10
	tailLines = 12
)

// Write implements io.Writer. It never fails.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b...)
	if excess := len(t.kept) - tailBytes; excess > 0 {
		t.kept = append(t.kept[:0], t.kept[excess:]...)
		t.cut = true
	}
	return len(b), nil
}

// text returns the last complete lines.
func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.SplitAfter(strings.TrimRight(string(t.kept), "\r\n"), "\n")
	if t.cut && len(lines) > 1 {
		lines = lines[1:]
	}
	return strings.Join(lines[max(0, len(lines)-tailLines):], "")
}
