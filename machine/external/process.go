package external

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"rollsim/internal/limited"
	"rollsim/reducer"
	"rollsim/trace"
)

// maxAnswer is the length limit of an answer in bytes: records and effects are short, names may be
// long.
const maxAnswer = 1 << 20

// grace is the time that a process has to exit once its standard input is closed.
const grace = 2 * time.Second

// drain is the time to read what is in the pipes of a process that has ended. Only a child outside
// of its group can keep them open for longer.
const drain = 200 * time.Millisecond

// process is one run of a machine's command. One goroutine uses it at a time.
type process struct {
	cmd    *exec.Cmd
	group  group
	stdin  *os.File
	stdout *os.File
	stderr *os.File
	errors tail          // of stderr
	buf    []byte        // the request
	asked  uint64        // the number of requests
	lines  chan line     // of stdout; closed at its end
	extra  []byte        // what followed the last answer
	ended  line          // the last line, if the output ended before a request
	done   chan struct{} // closed once Wait has returned
	quiet  chan struct{} // closed at the end of stderr

	limit time.Duration
	timer *time.Timer   // kills the process when an answer takes too long
	late  chan struct{} // closed when the timer fires
}

// line is a line of standard output, or its incomplete end together with an error.
type line struct {
	text []byte
	more []byte // the beginning of what follows, as far as it was read together with the line
	err  error
}

func start(argv []string, limit time.Duration) (*process, error) {
	p := &process{
		cmd: exec.Command(argv[0], argv[1:]...), limit: limit,
		lines: make(chan line, 1), done: make(chan struct{}), quiet: make(chan struct{}),
		late: make(chan struct{}),
	}
	var theirs [3]*os.File
	var err error
	if theirs[0], p.stdin, err = os.Pipe(); err == nil {
		if p.stdout, theirs[1], err = os.Pipe(); err == nil {
			p.stderr, theirs[2], err = os.Pipe()
		}
	}
	if err != nil {
		closeAll(append(theirs[:], p.stdin, p.stdout, p.stderr)...)
		return nil, err
	}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = theirs[0], theirs[1], theirs[2]
	p.cmd.SysProcAttr = attributes()
	p.group.mark(p.cmd)

	started := make(chan error)
	go func() {
		// Linux kills the process when the thread that started it ends, so this thread must stay.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		closeAll(theirs[:]...)
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
		if p.cmd.Process != nil {
			_ = p.cmd.Process.Kill()
		}
		closeAll(p.stdin, p.stdout, p.stderr)
		return nil, err
	}
	go p.readLines()
	go func() {
		defer close(p.quiet)
		_, _ = io.Copy(&p.errors, p.stderr)
	}()
	p.timer = time.AfterFunc(limit, func() {
		close(p.late)
		p.group.kill()
		_ = p.stdin.Close() // a child in another group may hold the other end open
	})
	p.timer.Stop()
	p.remember()
	return p, nil
}

func closeAll(all ...*os.File) {
	for _, f := range all {
		_ = f.Close() // a nil file returns an error too
	}
}

// readLines sends the lines of standard output until its end, or until one is too long.
func (p *process) readLines() {
	defer close(p.lines)
	in := bufio.NewReaderSize(p.stdout, 64<<10)
	lines := limited.NewLines(in, maxAnswer)
	for {
		text, err := lines.Read()
		l := line{text: bytes.Clone(text), err: err}
		if n := in.Buffered(); n > 0 && err == nil {
			more, _ := in.Peek(n)
			l.more = bytes.Clone(more)
		}
		p.lines <- l
		if err != nil {
			return
		}
	}
}

// ask sends one request and reads its answer. On success next is the new record and out holds the
// effects, or refusal is the machine's error.
func (p *process) ask(
	rec *reducer.Record, ev *reducer.Event, now reducer.Time, policy reducer.Policy,
	out *reducer.Effects,
) (next reducer.Record, refusal error, failure *Failure) {
	p.asked++
	p.buf = appendRequest(p.buf[:0], p.asked, rec, ev, now, policy)
	failed := func(kind FailureKind, line []byte, format string, args ...any) *Failure {
		return &Failure{
			Kind: kind, What: fmt.Sprintf(format, args...),
			Request: string(bytes.TrimSuffix(p.buf, []byte("\n"))), Answer: string(bytes.TrimSpace(line)),
		}
	}
	if unasked := p.unasked(); len(unasked) > 0 {
		first, _, _ := bytes.Cut(unasked, []byte("\n"))
		if _, err := parseAnswer(first); err != nil {
			return next, nil, failed(Garbage, unasked, "%v", err) // as if it came after the request
		}
		return next, nil, failed(WrongAnswer, unasked,
			"it wrote this before the request: every request has one answer, of one line")
	}
	l, ok := p.exchange()
	switch {
	case !ok:
		return next, nil, failed(Silent, l.text,
			"no answer within %v; --answer-within sets the limit", p.limit)
	case errors.As(l.err, new(*limited.LongLine)):
		return next, nil, failed(Garbage, l.text, "more than %d bytes without an end of line", maxAnswer)
	case l.err != nil && len(l.text) > 0:
		return next, nil, failed(Crashed, l.text, " in the middle of an answer")
	case l.err != nil:
		return next, nil, failed(Crashed, l.text, " without an answer")
	}
	p.extra = l.more
	a, err := parseAnswer(l.text)
	if err != nil {
		return next, nil, failed(Garbage, l.text, "%v", err)
	}
	if a.id.Set && a.id.Value != p.asked {
		return next, nil, failed(WrongAnswer, l.text, "id is %d, the request has %d", a.id.Value, p.asked)
	}
	if err := a.mismatch(rec, ev); err != nil {
		return next, nil, failed(WrongAnswer, l.text, "%v", err)
	}
	if a.refused != nil {
		return next, a.refusal(rec, ev), nil
	}
	for i := range a.effects {
		out.Add(a.effects[i])
	}
	return a.record, nil, nil
}

// unasked returns what the process has written after its last answer. It does not wait. The end of
// the output is left to exchange.
func (p *process) unasked() []byte {
	if len(p.extra) > 0 {
		return p.extra
	}
	select {
	case l := <-p.lines:
		if l.err != nil {
			p.ended = l
			return nil
		}
		return l.text
	default:
		return nil
	}
}

// exchange writes the request and reads one line. It reports false if that takes too long.
func (p *process) exchange() (l line, ok bool) {
	p.timer.Reset(p.limit)
	defer func() {
		if !p.timer.Stop() {
			<-p.late // the timer is firing
			ok = false
		}
	}()
	if p.ended.err != nil {
		return p.ended, true
	}
	// An answer to an incomplete request explains more than the error of sending it.
	_, _ = p.stdin.Write(p.buf)
	select {
	case l = <-p.lines:
	case <-p.late:
		return l, false
	case <-p.done:
		p.group.kill() // its children, which hold the pipe open
		select {
		case l = <-p.lines:
		case <-time.After(drain):
			l.err = io.EOF
		}
	}
	if len(l.text) == 0 && l.err == nil {
		l.err = io.EOF // the channel is closed
	}
	return l, true
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
	p.group.killStrays()
	p.drain()
	closeAll(p.stdout, p.stderr)
	p.group.release()
	return exited
}

// drain reads the rest of standard output into extra, and waits for the end of standard error.
func (p *process) drain() {
	timeout := time.After(drain)
	for {
		select {
		case l, ok := <-p.lines:
			if !ok {
				select {
				case <-p.quiet:
				case <-timeout:
				}
				return
			}
			if len(p.extra) == 0 {
				p.extra = l.text
			}
		case <-timeout:
			go func() {
				for range p.lines { // the reader ends when its file is closed
				}
			}()
			return
		}
	}
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
	b []byte, id uint64, rec *reducer.Record, ev *reducer.Event, now reducer.Time,
	policy reducer.Policy,
) []byte {
	b = trace.AppendRecord(append(b, `{"record":`...), rec)
	b = trace.AppendTaggedEvent(append(b, `,"event":`...), ev)
	b = trace.AppendTime(append(b, `,"now":"`...), now)
	return fmt.Appendf(b, `","policy":{"on_health_failure":"%v","retention_seconds":%d},"id":%d}`+"\n",
		policy.OnHealthFailure, policy.RetentionSeconds, id)
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
