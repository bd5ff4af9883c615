package debugger

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"rollsim/internal/plural"
	"rollsim/internal/visible"
	"rollsim/reducer"
	"rollsim/timeline"
	"rollsim/trace"
)

// rolloutsPane returns a line for each rollout, so that the selected one is among them.
func (m *Model) rolloutsPane(rows, width int) []string {
	all, selected := m.cursor.Snapshot().Rollouts, m.selected()
	at := slices.Index(all, selected)
	first := window(rows, at, len(all))
	var lines []string
	for i := first; i < min(len(all), first+rows); i++ {
		r := all[i]
		id := visible.Name(timeline.ShortID(r.Record.RolloutID))
		if r.Incarnation > 1 {
			id += fmt.Sprintf(" #%d", r.Incarnation)
		}
		converged := 0
		for j := range r.Hosts {
			if r.Hosts[j].State == reducer.HostConverged {
				converged++
			}
		}
		state := timeline.StateName(r.Record.State)
		if r.Record.State == reducer.Failed {
			state = alarm.Render(state)
		}
		text := fmt.Sprintf("%s  %s", id, state)
		if m.x.CursorKnown() {
			text += fmt.Sprintf("  wave %d", r.Record.CurrentWave)
		}
		text += fmt.Sprintf("  %d/%d", converged, len(r.Hosts))
		if r.Unfinished() {
			text += "  unfinished"
		}
		if r.SetBack() {
			text += "  set back to"
		}
		lines = append(lines, m.line(text, width, r == selected, m.focus == paneRollouts))
	}
	return lines
}

// line returns a line of a list.
func (m *Model) line(text string, width int, selected, focus bool) string {
	if !selected {
		return " " + text
	}
	text = fit("▸"+text, width)
	if focus {
		return reverse.Render(ansi.Strip(text))
	}
	return bold.Render(text)
}

// byWave returns the hosts of a rollout by wave, then by first mention.
func byWave(r *timeline.Rollout) []timeline.Host {
	hosts := slices.Clone(r.Hosts)
	slices.SortStableFunc(hosts, func(a, b timeline.Host) int { return cmp.Compare(a.Wave, b.Wave) })
	return hosts
}

func (m *Model) hostsTitle() string {
	if r := m.selected(); r != nil {
		return "hosts of " + visible.Name(timeline.ShortID(r.Record.RolloutID)) + " by wave"
	}
	return "hosts"
}

// hostsPane returns a line for each wave and host of the selected rollout, so that the selected
// host is among them.
func (m *Model) hostsPane(rows, width int) []string {
	r := m.selected()
	if r == nil {
		return []string{faint.Render(" no rollout exists yet")}
	}
	var lines []string
	at := 0
	wave := -1
	for _, h := range byWave(r) {
		if h.Joined && int(h.Wave) != wave {
			wave = int(h.Wave)
			text := fmt.Sprintf(" wave %d", wave)
			if m.x.CursorKnown() && uint32(wave) == r.Record.CurrentWave {
				text += " (open)"
			}
			lines = append(lines, faint.Render(text))
		}
		if h.ID == m.host {
			at = len(lines)
		}
		lines = append(lines, m.line(m.hostText(&h), width, h.ID == m.host, m.focus == paneHosts))
	}
	first := window(rows, at, len(lines))
	return lines[first:min(len(lines), first+rows)]
}

// hostText describes a host.
func (m *Model) hostText(h *timeline.Host) string {
	state := timeline.StateName(h.State)
	if int(h.State) < len(hostColours) {
		state = hostColours[h.State].Render(state)
	}
	text := fmt.Sprintf(" %s  %s", visible.Name(h.ID), state)
	if h.State != 0 {
		text += " for " + span(h.Since, m.at())
	}
	if h.Gate != "" {
		text += fmt.Sprintf("  held by %s: %s", h.Gate, visible.Name(h.Reason))
	}
	return text
}

// logPane returns the lines of the entries around the cursor.
func (m *Model) logPane(rows int) []string {
	n := m.cursor.N()
	first := window(rows, n-1, m.x.Len())
	var all []string
	for i := first; i < min(m.x.Len(), first+rows); i++ {
		e, err := m.x.Entry(i)
		if err != nil {
			all = append(all, alarm.Render(visible.Name(err.Error())))
			continue
		}
		text := m.entryText(e)
		mark := " "
		if len(m.x.MarksAt(i)) > 0 {
			mark = "!"
		}
		switch {
		case i == n-1:
			text = bold.Render(fit("▸"+mark+text, m.width))
		case i >= n:
			text = faint.Render(" " + mark + text)
		default:
			text = " " + mark + text
		}
		all = append(all, text)
	}
	return all
}

// The columns of a line of the log are aligned where there is room.
const alignedWidth = 120

var gaps = regexp.MustCompile(`  +`)

// entryText returns the line of an entry.
func (m *Model) entryText(e *trace.Entry) string {
	short := *e
	short.Rollout = timeline.ShortID(e.Rollout)
	lines := m.x.Lines()
	text := visible.Name(string(lines.Append(nil, &short)))
	if lines.Absolute { // the title has the day
		_, text, _ = strings.Cut(text, " ")
		text = m.opt.Zone.Clock(e.At) + "  " + strings.TrimLeft(text, " ")
	}
	if m.width < alignedWidth {
		text = gaps.ReplaceAllString(text, "  ")
	}
	return text
}

// entryPane describes the entry before the cursor, the rule that decided, and its marks.
func (m *Model) entryPane(width int) []string {
	if m.cursor.N() == 0 {
		return []string{faint.Render(" before the first entry")}
	}
	e, err := m.cursor.Entry()
	if err != nil {
		return []string{alarm.Render(visible.Name(err.Error()))}
	}
	var lines []string
	add := func(style lipgloss.Style, text string) {
		for _, l := range wrapped(text, width) {
			lines = append(lines, style.Render(l))
		}
	}
	for _, mark := range m.x.MarksAt(m.cursor.N() - 1) {
		add(alarm, fmt.Sprintf("%s: %s: %s", mark.Kind, mark.Title, mark.Detail))
	}
	if a, err := m.cursor.Answer(); err == nil && a != nil {
		add(bold, a.Text(e.Event))
	}
	add(lipgloss.NewStyle(), gaps.ReplaceAllString(m.entryText(e), "  "))
	add(faint, strings.ReplaceAll(string(trace.AppendEntry(nil, e)), `,"`, `, "`))
	return lines
}

// wrapped returns the lines of a text, each after a space.
func wrapped(text string, width int) []string {
	lines := strings.Split(ansi.Wrap(visible.Name(text), width-2, ""), "\n")
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	return lines
}

// closureLength is how much of a closure or a ref is shown.
const closureLength = 20

// gatesPane describes what holds the hosts of the selected rollout, its timers, and what the whole
// fleet waits for.
func (m *Model) gatesPane(width int) []string {
	var lines []string
	add := func(format string, args ...any) {
		lines = append(lines, wrapped(fmt.Sprintf(format, args...), width)...)
	}
	s, now := m.cursor.Snapshot(), m.at()
	if r := m.selected(); r != nil {
		switch {
		case r.SetBack():
			add("the channel was set back to it %s ago", span(r.PlannedAt, now))
		case r.PlannedAt != 0 && !r.Planned && r.Unfinished():
			add("the planner has left it for another rollout %s ago", span(r.PlannedAt, now))
		}
		for _, h := range held(r) {
			add("%s holds %s for %s: %s", h.gate, h.hosts, span(h.since, now), h.reason)
		}
		for i := range r.Hosts {
			if h := &r.Hosts[i]; h.State == reducer.HostSoaking && h.SoakDue > 0 {
				add("%s soaks for %s more", h.ID, span(now, h.SoakDue))
			}
		}
		if r.Timer.Set && r.Record.State != reducer.Pruned {
			add("pruned in %s", span(now, r.Timer.Value))
		}
	}
	if header := m.x.Header(); header != nil {
		for i := range header.Budgets {
			b := &header.Budgets[i]
			add("budget %s: %d of %d in flight", b.Name, s.InFlight(b), b.MaxInFlight)
		}
	}
	for _, q := range s.Quarantine {
		add("quarantined: %s", ansi.Truncate(string(q.Closure), closureLength, "…"))
	}
	for _, r := range s.Refs {
		add("%s points at %s", r.Channel, ansi.Truncate(string(r.Ref), closureLength, "…"))
	}
	return lines
}

// holding is a gate that holds some hosts for the same reason.
type holding struct {
	gate, reason, hosts string
	since               reducer.Time
}

// held returns the gates that hold hosts of a rollout, in the order of the hosts.
func held(r *timeline.Rollout) []holding {
	var all []holding
	count := make(map[string]int)
	for i := range r.Hosts {
		h := &r.Hosts[i]
		if h.Gate == "" {
			continue
		}
		key := h.Gate + "\n" + h.Reason
		if count[key]++; count[key] > 1 {
			continue
		}
		all = append(all, holding{h.Gate, h.Reason, string(h.ID), h.HeldAt})
	}
	for i := range all {
		if n := count[all[i].gate+"\n"+all[i].reason]; n > 1 {
			all[i].hosts = plural.Count(n, "host")
		}
	}
	return all
}

// span returns the time between two times, no finer than it needs to be.
func span(from, to reducer.Time) string {
	d := time.Duration(max(0, to-from))
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%dd%dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	case d >= time.Hour:
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	case d >= 10*time.Second:
		return d.Round(time.Second).String()
	}
	return d.Round(time.Millisecond).String()
}
