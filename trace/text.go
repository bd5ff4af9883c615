package trace

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"rollsim/internal/plural"
	"rollsim/internal/visible"
	"rollsim/reducer"
)

// Detail is the set of entries that the text form of a trace shows. The digest covers the others
// too.
type Detail uint8

// The details.
const (
	Full            Detail = iota // all but agent events and attempts at a dispatch after the second
	TransitionsOnly               // only rollout transitions and rejections, for large scenarios
)

// maxShownAttempt is the last attempt at a dispatch that Full shows.
const maxShownAttempt = 2

// Text is a Sink that writes a simulated trace as aligned text, the form of a golden. It writes
// lines about the run, then one line per entry in columns (time since the start, what, kind,
// rollout, host, details), then a line with the number of entries and their digest. The text
// contains no wall-clock time, path, version or float.
type Text struct {
	w      io.Writer
	detail Detail
	lines  Lines
	digest Digest
	buf    []byte
	err    error
}

// NewText returns a Text that writes to w. It is buffered: the caller must call Close, which does
// not close w.
func NewText(w io.Writer, detail Detail) *Text {
	return &Text{w: w, detail: detail, buf: make([]byte, 0, flushAt+4096)}
}

// Write writes an entry, if its Detail shows it. The error is that of the underlying writer, and
// every later call returns it.
func (t *Text) Write(e *Entry) error {
	t.digest.add(e)
	switch {
	case e.Kind == KindHeader:
		t.lines.Start = e.At
		t.buf = appendHeaderText(t.buf, e)
	case t.shows(e):
		t.buf = append(t.lines.Append(t.buf, e), '\n')
	}
	if len(t.buf) >= flushAt {
		t.flush()
	}
	return t.err
}

func (t *Text) shows(e *Entry) bool {
	switch t.detail {
	case TransitionsOnly:
		return e.Rejection != nil || e.Effect != nil && e.Effect.Kind == reducer.RecordRolloutTransition
	case Full:
		return e.Kind != KindEnd && e.Kind != KindAgentEvent &&
			(e.Plan == nil || e.Plan.Attempt <= maxShownAttempt)
	}
	return false
}

// Remark writes a line about the run as a whole, such as a violation. It escapes line breaks.
func (t *Text) Remark(remark string) {
	t.buf = append(t.buf, "# "...)
	t.buf = append(appendPlain(t.buf, remark), '\n')
}

// Close writes the last line and flushes the buffer. It returns the first error that occurred.
func (t *Text) Close() error {
	t.buf = fmt.Appendf(t.buf, "# entries %d digest %s\n", t.digest.Entries(), t.digest.Sum())
	t.flush()
	return t.err
}

func (t *Text) flush() {
	if t.err == nil {
		_, t.err = t.w.Write(t.buf)
	}
	t.buf = t.buf[:0]
}

func appendHeaderText(b []byte, e *Entry) []byte {
	h := e.Header
	line := func(name, value string) {
		b = append(fmt.Appendf(b, "# %-9s ", name), value...)
		b = append(b, '\n')
	}
	plain := func(s string) string { return string(appendPlain(nil, s)) }
	line("format", strconv.Itoa(h.Format))
	line("scenario", plain(h.Scenario))
	line("seed", strconv.FormatUint(h.Seed, 10))
	line("machine", plain(h.Machine))
	if h.ControlPlane != "" {
		line("control", plain(h.ControlPlane))
	}
	line("start", string(AppendTime(nil, e.At)))
	if h.Until != "" {
		line("until", plain(h.Until))
	}
	for i := range h.Channels {
		c := &h.Channels[i]
		about := fmt.Sprintf(
			"%s: %v, retention %d s", plain(string(c.Channel)), c.Policy.OnHealthFailure,
			c.Policy.RetentionSeconds,
		)
		if len(c.After) > 0 {
			names := make([]string, len(c.After))
			for j, id := range c.After {
				names[j] = plain(string(id))
			}
			about += ", after " + strings.Join(names, ", ")
		}
		for _, edge := range c.HostEdges {
			about += fmt.Sprintf(", %s after %s", plain(string(edge.Host)), plain(string(edge.After)))
		}
		line("channel", about)
	}
	for i := range h.Budgets {
		c := &h.Budgets[i]
		hosts := plain(strings.Join(c.Hosts, ", "))
		line("budget", fmt.Sprintf("%s: at most %d of %s in flight", plain(c.Name), c.MaxInFlight, hosts))
	}
	for _, q := range h.Quarantine {
		closure, channel := plain(string(q.Closure)), plain(string(q.Channel))
		line("quarantine", fmt.Sprintf("closure %s on %s", closure, channel))
	}
	return b
}

// The widths of the columns. Longer text moves only the rest of its own line.
const (
	widthTime    = 16
	widthWhat    = 8
	widthKind    = 27
	widthRollout = 22
	widthHost    = 14
)

// Lines formats entries as lines of aligned text.
type Lines struct {
	Start    reducer.Time // the time at which the trace starts
	Absolute bool         // whether times are in RFC 3339 instead of relative to Start
}

// Append appends the line of an entry, without a newline. The line contains no line break.
func (l *Lines) Append(b []byte, e *Entry) []byte {
	start := len(b)
	what, kind := subject(e)
	rollout, host := e.Rollout, e.Host
	b = l.AppendTime(b, e.At)
	b = column(b, start, widthTime)
	b = appendColumn(b, what, widthWhat)
	b = appendColumn(b, kind, widthKind)
	b = appendColumn(b, dash(string(rollout)), widthRollout)
	b = appendColumn(b, dash(eventHost(e, host)), widthHost)
	b = l.appendDetails(b, e)
	for b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return b
}

// eventHost returns the host of the entry. Rollout events have it in their payload only.
func eventHost(e *Entry, host reducer.HostID) string {
	if host == "" && e.Event != nil {
		host = e.Event.Host
	}
	return string(host)
}

// subject returns the second and the third column of an entry.
func subject(e *Entry) (what, kind string) {
	switch {
	case e.Event != nil:
		what = "event"
	case e.Effect != nil, e.HostEffect != nil:
		what = "effect"
	case e.Agent != nil:
		what = "agent"
	case e.Plan != nil && e.Plan.Action == OpenRollout:
		what = "open"
	case e.Plan != nil:
		what = "dispatch"
	case e.Gate != nil:
		what = "gate"
	case e.Poll != nil:
		what = "poll"
	case e.Fault != nil:
		what = "fault"
	case e.Rejection != nil:
		return "reject", e.Rejection.Event.String()
	case e.Header != nil:
		return "header", "-"
	case e.End != nil:
		return "end", "-"
	default:
		return "other", e.KindName()
	}
	return what, e.PayloadName()
}

// PayloadName returns what the payload says that it is, such as HostJoined or DispatchAck: the kind
// of an event or effect, the action of a plan, the gate, the outcome of a poll, the fault, or the
// error of a rejection. It is empty for another payload.
func (e *Entry) PayloadName() string {
	switch {
	case e.Event != nil:
		return e.Event.Kind.String()
	case e.Effect != nil:
		return e.Effect.Kind.String()
	case e.HostEffect != nil:
		return e.HostEffect.Effect
	case e.Agent != nil:
		return e.Agent.Kind.String()
	case e.Plan != nil:
		return e.Plan.Action.String()
	case e.Gate != nil:
		return e.Gate.Gate
	case e.Poll != nil:
		return e.Poll.Outcome
	case e.Fault != nil:
		return e.Fault.Fault
	case e.Rejection != nil:
		return e.Rejection.Error
	}
	return ""
}

func (l *Lines) appendDetails(b []byte, e *Entry) []byte {
	switch {
	case e.Event != nil:
		b = l.appendEvent(b, e)
	case e.Effect != nil:
		b = AppendEffectDetails(b, e.Effect)
		if e.Effect.Kind == reducer.RecordRolloutTransition {
			b = l.appendOwnTime(b, e.Effect.At, e.At)
		}
	case e.HostEffect != nil:
		b = appendHostEffect(b, e.HostEffect)
	case e.Agent != nil:
		b = appendAgentDetails(b, e.Agent)
	case e.Plan != nil && e.Plan.Action == OpenRollout:
		b = append(b, plural.Count(len(e.Plan.Hosts), "host")...)
	case e.Plan != nil:
		b = l.appendDispatch(b, e.Plan)
	case e.Gate != nil:
		b = appendPlain(b, e.Gate.Reason)
	case e.Poll != nil:
		b = appendPlain(b, string(e.Poll.Channel))
		if e.Poll.Ref != "" {
			b = appendPlain(append(b, " → "...), string(e.Poll.Ref))
		}
	case e.Fault != nil:
		b = appendFaultDetails(b, e.Fault)
	case e.Rejection != nil:
		b = append(b, e.Rejection.Error...)
		b = appendPlain(append(b, ": "...), e.Rejection.Message)
	case e.Header != nil:
		b = appendPlain(b, e.Header.Scenario)
	case e.End != nil:
		b = fmt.Appendf(b, "%d entries", e.End.Entries)
	default:
		b = appendPlain(b, string(e.Raw))
	}
	return b
}

func appendHostEffect(b []byte, e *HostEffect) []byte {
	switch {
	case e.Effect == RecordTransition:
		return fmt.Appendf(b, "%v → %v", e.From, e.To)
	case e.Effect == RemoteAbortRollout:
		return append(b, "by an operator"...)
	case e.Effect == RemoteAddHost:
		return appendPlain(append(b, "joins "...), string(e.Channel))
	case e.Effect == RemoteRemoveHost:
		return appendPlain(append(b, "leaves "...), string(e.Channel))
	case e.Closure == "" && e.Channel == "":
		return append(b, "on all channels"...)
	case e.Closure == "":
		return appendPlain(append(b, "on "...), string(e.Channel))
	}
	b = appendPlain(append(b, "closure "...), string(e.Closure))
	return appendPlain(append(b, " on "...), string(e.Channel))
}

// appendEvent appends the details of a rollout event. It names the rollout of an event that reached
// the record of another one.
func (l *Lines) appendEvent(b []byte, e *Entry) []byte {
	details := len(b)
	b = AppendEventDetails(b, e.Event)
	if id := e.Event.Rollout; id != "" && e.Rollout != "" && e.Rollout != id {
		if len(b) > details {
			b = append(b, ", "...)
		}
		b = appendPlain(append(b, "event of "...), string(id))
	}
	return l.appendOwnTime(b, e.Event.At, e.At)
}

func (l *Lines) appendDispatch(b []byte, p *PlanAction) []byte {
	b = appendPlain(append(b, "closure "...), string(p.Closure))
	b = l.AppendTime(append(b, ", soak due "...), p.SoakDueAt)
	if p.Attempt > 1 {
		b = fmt.Appendf(b, ", attempt %d", p.Attempt)
	}
	return b
}

// appendOwnTime appends the time of an event or effect if it differs from that of its entry.
func (l *Lines) appendOwnTime(b []byte, own, entry reducer.Time) []byte {
	if own == entry {
		return b
	}
	if b[len(b)-1] != ' ' {
		b = append(b, ' ')
	}
	return l.AppendTime(append(b, "at "...), own)
}

func appendAgentDetails(b []byte, a *AgentEvent) []byte {
	b = fmt.Appendf(b, "seq %d", a.Seq)
	switch a.Kind {
	case reducer.ActivationDeferred:
		b = appendPlain(append(b, ", for "...), a.Component)
	case reducer.ActivationFailed:
		b = fmt.Appendf(b, ", exit code %d: ", a.ExitCode)
		b = appendPlain(b, a.Message)
	case reducer.ProbeResult:
		if a.Passed {
			b = append(b, ", pass"...)
		} else {
			b = appendPlain(append(b, ", fail: "...), a.Message)
		}
	case reducer.ProbesFailed:
		b = append(b, ", policy "...)
		b = append(b, a.Policy.String()...)
	case reducer.DispatchAck, reducer.ActivationStarted, reducer.ActivationCompleted,
		reducer.ProbeTopologyDeclared, reducer.ProbeObservedFirst, reducer.ProbeFailureFirst,
		reducer.RollbackComplete, reducer.ProbesPassed:
	}
	return b
}

func appendFaultDetails(b []byte, f *Fault) []byte {
	if f.Channel != "" {
		b = appendPlain(append(b, "channel "...), string(f.Channel))
	}
	if f.Seq != 0 {
		b = fmt.Appendf(appendComma(b), "seq %d", f.Seq)
	}
	if f.Millis != 0 {
		b = fmt.Appendf(appendComma(b), "%d ms", f.Millis)
	}
	return b
}

// appendComma appends a comma if there are details before it.
func appendComma(b []byte) []byte {
	if b[len(b)-1] == ' ' {
		return b
	}
	return append(b, ", "...)
}

// AppendEventDetails appends the fields of an event, except kind, rollout, host and time.
func AppendEventDetails(b []byte, ev *reducer.Event) []byte {
	switch ev.Kind {
	case reducer.RolloutOpened:
		b = appendPlain(append(b, "ref "...), string(ev.TargetRef))
		b = appendPlain(append(b, " on "...), string(ev.Channel))
	case reducer.HostJoined:
		b = fmt.Appendf(b, "wave %d", ev.Wave)
	case reducer.HostStateChanged:
		b = fmt.Appendf(b, "%v → %v", ev.From, ev.To)
	case reducer.WaveAdvanced:
		b = fmt.Appendf(b, "wave %d → %d", ev.FromWave, ev.ToWave)
	case reducer.SuccessorOpened:
		b = appendPlain(append(b, "by "...), string(ev.Successor))
	case reducer.OperatorClearance:
		b = appendPlain(append(b, "by "...), ev.Operator)
		b = appendPlain(append(b, ": "...), ev.Reason)
	case reducer.RolloutTerminal, reducer.RetentionExpired:
	}
	return b
}

// AppendEffectDetails appends the fields of an effect, except kind, rollout and time.
func AppendEffectDetails(b []byte, e *reducer.Effect) []byte {
	switch e.Kind {
	case reducer.RecordRolloutTransition:
		b = fmt.Appendf(b, "%v → %v", e.From, e.To)
	case reducer.UpdateCurrentWave:
		b = fmt.Appendf(b, "wave %d", e.Wave)
	case reducer.InsertQuarantineFromRollout:
		b = appendPlain(append(b, "closure "...), string(e.Closure))
		b = appendPlain(append(b, " on "...), string(e.Channel))
	case reducer.SchedulePruning:
		b = fmt.Appendf(b, "after %d s", e.DelaySeconds)
	}
	return b
}

// AppendTime appends a time in the form of the lines.
func (l *Lines) AppendTime(b []byte, t reducer.Time) []byte {
	if l.Absolute {
		return AppendTime(b, t)
	}
	return AppendElapsed(b, t, l.Start)
}

// AppendElapsed appends the time from start to t: days, hours, minutes, and seconds with 3, 6 or 9
// decimals.
func AppendElapsed(b []byte, t, start reducer.Time) []byte {
	d := uint64(t) - uint64(start)
	if t < start {
		b = append(b, '-')
		d = -d
	}
	seconds := d / nanosPerSecond
	b = strconv.AppendUint(b, seconds/secondsPerDay, 10)
	b = append(b, 'd', ' ')
	second := int64(seconds % secondsPerDay)
	b = appendClock(b, second)
	return appendDecimals(b, int64(d%nanosPerSecond), 3)
}

// column pads the text appended since start to a width, and appends two spaces.
func column(b []byte, start, width int) []byte {
	for n := utf8.RuneCount(b[start:]); n < width; n++ {
		b = append(b, ' ')
	}
	return append(b, ' ', ' ')
}

func appendColumn(b []byte, s string, width int) []byte {
	start := len(b)
	return column(appendPlain(b, s), start, width)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// appendPlain appends s on one line, with the characters escaped that a terminal obeys.
func appendPlain(b []byte, s string) []byte {
	return append(b, visible.Name(s)...)
}
