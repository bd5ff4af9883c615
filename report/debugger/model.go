package debugger

import (
	"context"
	"errors"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollsim/internal/visible"
	"rollsim/logs/show"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/timeline"
)

// Options say how to show a trace.
type Options struct {
	Name    string // of the trace, for the title
	Command string // the command line without --seq; empty for none
	Seq     uint64 // the entry to begin at; 0 for the first one
	Zone    show.Zone

	// Why explains why a host is not on its ref at a time, in lines of at most width characters. If
	// host is empty, it explains the rollout. It is nil if that cannot be explained.
	Why func(q Question) (string, error)

	// State returns what the run holds after an entry. It is nil for a log, which shows no more than
	// its entries.
	State func(seq uint64) (*sim.State, error)
}

// Question asks why a host or a rollout waits.
type Question struct {
	Rollout reducer.RolloutID
	Host    reducer.HostID
	At      reducer.Time
	Width   int
}

// pane is a part of the screen that may have the focus. The zero value is the log.
type pane uint8

const (
	paneLog pane = iota
	paneRollouts
	paneHosts
	paneCount
)

// Model is the state of the debugger. It implements tea.Model.
type Model struct {
	x      *timeline.Index
	opt    Options
	cursor *timeline.Cursor
	before *timeline.Cursor // for what the machine answers to an entry

	width, height int
	focus         pane
	rollout       reducer.RolloutID // selected
	host          reducer.HostID    // selected; empty if none

	prompt  *prompt
	overlay *overlay
	search  *condition
	breaks  []condition
	status  string
	quit    bool
}

// overlay is text over all panes.
type overlay struct {
	title string
	lines []string
	top   int // the first line that is shown
}

// New returns a Model of a trace.
func New(x *timeline.Index, opt Options) (*Model, error) {
	m := &Model{x: x, opt: opt, cursor: x.Cursor(), before: x.Cursor(), width: 80, height: 24}
	if opt.Seq > 0 {
		if !m.cursor.GoSeq(opt.Seq) {
			return nil, fmt.Errorf("%s has no entry %d", opt.Name, opt.Seq)
		}
	} else {
		m.cursor.Go(1)
	}
	m.follow()
	return m, nil
}

// Run shows a trace on the terminal until the user quits or the context ends.
func Run(ctx context.Context, x *timeline.Index, opt Options) error {
	m, err := New(x, opt)
	if err != nil {
		return err
	}
	_, err = tea.NewProgram(m, tea.WithContext(ctx), tea.WithoutSignalHandler()).Run()
	if errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil {
		return nil
	}
	return err
}

// Init does nothing: the trace has been read.
func (m *Model) Init() tea.Cmd { return nil }

// Update handles a key or a change of the size of the terminal.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.PasteMsg:
		if m.prompt != nil {
			m.prompt.text += oneLine(msg.Content)
		}
	case tea.KeyPressMsg:
		m.press(msg)
	}
	if m.quit {
		return m, tea.Quit
	}
	return m, nil
}

// press handles a key.
func (m *Model) press(key tea.KeyPressMsg) {
	name := key.Keystroke()
	switch {
	case name == "ctrl+c":
		m.quit = true
	case m.prompt != nil:
		m.answer(name, key.Text)
	case m.overlay != nil:
		m.scroll(name)
	default:
		m.status = ""
		if do, known := bindings[typed(name, key.Text)]; known {
			do(m)
		}
	}
}

// typed returns the name of a key: the character if it has one.
func typed(name, text string) string {
	if text != "" && text != " " {
		return text
	}
	return name
}

// scroll handles a key while an overlay is shown.
func (m *Model) scroll(key string) {
	page := max(1, m.height-3)
	switch o := m.overlay; key {
	case "up", "k":
		o.top--
	case "down", "j":
		o.top++
	case "pgup":
		o.top -= page
	case "pgdown", "space":
		o.top += page
	default:
		m.overlay = nil
		return
	}
	m.overlay.top = max(0, min(m.overlay.top, len(m.overlay.lines)-page))
}

// show opens an overlay with a text.
func (m *Model) show(title, text string) {
	lines := strings.Split(strings.TrimRight(visible.Escape(text), "\n"), "\n")
	m.overlay = &overlay{title: title, lines: lines}
}

// at returns the time of the cursor.
func (m *Model) at() reducer.Time {
	if n := m.cursor.N(); n > 0 {
		return m.x.At(n - 1)
	}
	return m.x.Start()
}

// follow selects the rollout and the host that the entry before the cursor is about.
func (m *Model) follow() {
	n := m.cursor.N()
	if n == 0 {
		return
	}
	e, err := m.cursor.Entry()
	if err != nil || e == nil {
		return
	}
	if e.Rollout != "" && e.Rollout != m.rollout {
		m.rollout, m.host = e.Rollout, ""
	}
	if e.Host != "" {
		m.host = e.Host
	}
}

// selected returns the selected rollout, or the last one if that does not exist yet; nil if none
// exists.
func (m *Model) selected() *timeline.Rollout {
	s := m.cursor.Snapshot()
	if r := s.Find(m.rollout); r != nil {
		return r
	}
	if len(s.Rollouts) == 0 {
		return nil
	}
	return s.Rollouts[len(s.Rollouts)-1]
}

// selectNext selects the rollout or the host that is by some places after the selected one.
func (m *Model) selectNext(by int) {
	r := m.selected()
	if r == nil {
		return
	}
	if m.focus == paneRollouts {
		all := m.cursor.Snapshot().Rollouts
		i := 0
		for j := range all {
			if all[j] == r {
				i = j
			}
		}
		m.rollout, m.host = all[max(0, min(i+by, len(all)-1))].Record.RolloutID, ""
		return
	}
	hosts := byWave(r)
	if len(hosts) == 0 {
		return
	}
	i := 0
	for j := range hosts {
		if hosts[j].ID == m.host {
			i = j
		}
	}
	m.rollout, m.host = r.Record.RolloutID, hosts[max(0, min(i+by, len(hosts)-1))].ID
}

// oneLine returns a text without line breaks.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
