package debugger

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"rollsim/internal/visible"
	"rollsim/reducer"
)

// The smallest terminal in which the panes are drawn.
const (
	minWidth  = 60
	minHeight = 16
)

var (
	bold    = lipgloss.NewStyle().Bold(true)
	faint   = lipgloss.NewStyle().Faint(true)
	reverse = lipgloss.NewStyle().Reverse(true)
	alarm   = lipgloss.NewStyle().Bold(true).Foreground(lipgloss.Red)
)

// hostColours are the colours of the states of hosts. The name of the state is always next to it.
var hostColours = [reducer.HostStateCount]lipgloss.Style{
	reducer.HostPending:    lipgloss.NewStyle().Faint(true),
	reducer.HostActivating: lipgloss.NewStyle().Foreground(lipgloss.Blue),
	reducer.HostDeferred:   lipgloss.NewStyle().Foreground(lipgloss.Magenta),
	reducer.HostSoaking:    lipgloss.NewStyle().Foreground(lipgloss.Yellow),
	reducer.HostConverged:  lipgloss.NewStyle().Foreground(lipgloss.Green),
	reducer.HostReverted:   lipgloss.NewStyle().Foreground(lipgloss.Magenta),
	reducer.HostFailed:     alarm,
}

// View draws the screen.
func (m *Model) View() tea.View {
	view := tea.NewView(m.draw())
	view.AltScreen = true
	view.WindowTitle = "rollsim debug " + visible.Name(m.opt.Name)
	return view
}

// draw returns the screen, a line for each line of the terminal.
func (m *Model) draw() string {
	if m.width < minWidth || m.height < minHeight {
		return fmt.Sprintf("the terminal has %d×%d: at least %d×%d, please; q quits",
			m.width, m.height, minWidth, minHeight)
	}
	lines := []string{m.titleLine()}
	if m.overlay != nil {
		lines = append(lines, m.overlayLines()...)
	} else {
		lines = append(lines, m.panes(m.height-2)...)
	}
	lines = append(lines, m.lastLine())
	return strings.Join(lines, "\n")
}

// titleLine returns the position in the trace.
func (m *Model) titleLine() string {
	n := m.cursor.N()
	text := fmt.Sprintf(" entry %d of %d", n, m.x.Len())
	if n > 0 {
		if seq := m.x.Seq(n - 1); seq != uint64(n) {
			text += fmt.Sprintf(", seq %d", seq)
		}
		text += ", " + m.time(m.at())
	}
	if all := len(m.x.Marks()); all > 0 {
		text += fmt.Sprintf(", %d to look at: n", all)
	}
	text += "  " + visible.Name(m.opt.Name)
	return reverse.Render(fit(text, m.width))
}

// lastLine is the prompt, the status, or the most important keys.
func (m *Model) lastLine() string {
	switch {
	case m.prompt != nil:
		return fit(m.prompt.label+visible.Name(m.prompt.text)+"▏", m.width)
	case m.overlay != nil:
		return faint.Render(fit(" ↑ ↓ scroll, any other key closes this", m.width))
	case m.status != "":
		return bold.Render(fit(" "+visible.Name(m.status), m.width))
	}
	return faint.Render(fit(
		" ←→ entry  ↑↓ instant  n finding  u unfinished  / search  : go  w why  ? keys  q quit",
		m.width,
	))
}

func (m *Model) overlayLines() []string {
	o, rows := m.overlay, m.height-3
	lines := []string{heading(o.title, m.width, true)}
	for i := range rows {
		text := ""
		if o.top+i < len(o.lines) {
			text = o.lines[o.top+i]
		}
		lines = append(lines, fit(text, m.width))
	}
	return lines
}

// panes draws the five panes in a number of lines.
func (m *Model) panes(height int) []string {
	left := m.width * 2 / 5
	right := m.width - left - 1
	top := height * 2 / 5
	middle := max(4, height/4)
	bottom := height - top - middle
	lines := sideBySide(
		block(m.rolloutsPane(top-1, left), "rollouts", top, left, m.focus == paneRollouts),
		block(m.hostsPane(top-1, right), m.hostsTitle(), top, right, m.focus == paneHosts),
	)
	lines = append(lines, block(m.logPane(middle-1), "log", middle, m.width, m.focus == paneLog)...)
	wide := m.width * 3 / 5
	narrow := m.width - wide - 1
	return append(lines, sideBySide(
		block(m.entryPane(wide), "entry and rule", bottom, wide, false),
		block(m.gatesPane(narrow), "gates and timers", bottom, narrow, false),
	)...)
}

// block returns the lines of a pane with its heading, all of the same width.
func block(content []string, title string, height, width int, focus bool) []string {
	lines := []string{heading(title, width, focus)}
	for i := range height - 1 {
		text := ""
		if i < len(content) {
			text = content[i]
		}
		if i == height-2 && len(content) > height-1 {
			text = faint.Render(fmt.Sprintf("… %d more", len(content)-i))
		}
		lines = append(lines, fit(text, width))
	}
	return lines
}

// heading returns the first line of a pane.
func heading(title string, width int, focus bool) string {
	text := "─ " + visible.Name(title) + " "
	text = ansi.Truncate(text+strings.Repeat("─", width), width, "")
	if focus {
		return bold.Render(text)
	}
	return faint.Render(text)
}

// sideBySide joins two blocks of the same height.
func sideBySide(left, right []string) []string {
	lines := make([]string, len(left))
	for i := range left {
		lines[i] = left[i] + faint.Render("│") + right[i]
	}
	return lines
}

// fit cuts or fills a line to a width.
func fit(text string, width int) string {
	text = ansi.Truncate(text, width, "…")
	return text + strings.Repeat(" ", max(0, width-ansi.StringWidth(text)))
}

// window returns the first of the rows to show so that one of them is visible.
func window(rows, of, visible int) int {
	return max(0, min(of-rows/2, visible-rows))
}

// time returns a time as the lines of the log show it.
func (m *Model) time(at reducer.Time) string {
	lines := m.x.Lines()
	if lines.Absolute {
		return m.opt.Zone.Time(at) + " " + m.opt.Zone.Name(at)
	}
	return string(lines.AppendTime(nil, at))
}
