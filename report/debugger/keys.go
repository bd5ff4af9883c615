package debugger

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/timeline"
)

// binding is what some keys do.
type binding struct {
	keys []string // as tea.Key names them, or as they are typed
	show string   // the keys in the help
	help string
	do   func(*Model)
}

// allBindings returns what the keys do, in the order of the help.
func allBindings() []binding {
	return []binding{
		{[]string{"right", "l"}, "→ l", "next entry", func(m *Model) { m.step(1) }},
		{[]string{"left", "h"}, "← h", "previous entry", func(m *Model) { m.step(-1) }},
		{
			[]string{"down", "j"}, "↓ j", "next instant; in a list, the next line",
			func(m *Model) { m.down(1) },
		},
		{
			[]string{"up", "k"}, "↑ k", "previous instant; in a list, the previous line",
			func(m *Model) { m.down(-1) },
		},
		{[]string{"e"}, "e", "next rollout event", func(m *Model) { m.find(isRolloutEvent, 1) }},
		{[]string{"E"}, "E", "previous rollout event", func(m *Model) { m.find(isRolloutEvent, -1) }},
		{[]string{"n"}, "n", "next finding or violation", func(m *Model) { m.find(isMarked, 1) }},
		{[]string{"N"}, "N", "previous finding or violation", func(m *Model) { m.find(isMarked, -1) }},
		{
			[]string{"u"}, "u", "the end, at the next rollout that is unfinished there",
			(*Model).unfinished,
		},
		{[]string{"home", "<"}, "Home", "first entry", func(m *Model) { m.goTo(1) }},
		{[]string{"end", ">"}, "End", "last entry", func(m *Model) { m.goTo(m.x.Len()) }},
		{
			[]string{"tab"}, "Tab", "next pane: log, rollouts, hosts",
			func(m *Model) { m.focus = (m.focus + 1) % paneCount },
		},
		{
			[]string{"shift+tab"}, "S-Tab", "previous pane",
			func(m *Model) { m.focus = (m.focus + paneCount - 1) % paneCount },
		},
		{
			[]string{"/"}, "/", "search: a text, or a condition as for b",
			func(m *Model) { m.prompt = &prompt{"/", "", (*Model).doSearch} },
		},
		{[]string{"]"}, "]", "next match of the search", func(m *Model) { m.again(1) }},
		{[]string{"["}, "[", "previous match of the search", func(m *Model) { m.again(-1) }},
		{
			[]string{":"}, ":", "go to a seq or a time: 57, 1h30m, 03:00, 2026-05-16T03:00:00Z",
			func(m *Model) { m.prompt = &prompt{":", "", (*Model).doGo} },
		},
		{
			[]string{"b"}, "b", "add a break: " + conditionForms,
			func(m *Model) { m.prompt = &prompt{"break on ", "", (*Model).doBreak} },
		},
		{
			[]string{"B"}, "B", "remove all breaks",
			func(m *Model) { m.breaks, m.status = nil, "no breaks" },
		},
		{[]string{"g", "space"}, "g", "run to the next break", func(m *Model) { m.runTo(1) }},
		{[]string{"G"}, "G", "run back to the previous break", func(m *Model) { m.runTo(-1) }},
		{[]string{"w"}, "w", "why is the selected host not on its ref?", (*Model).why},
		{
			[]string{"s"}, "s", "the state of the run: control plane, agents, messages, what is due",
			(*Model).state,
		},
		{[]string{"c"}, "c", "the command that comes back here", (*Model).command},
		{[]string{"?"}, "?", "this help", (*Model).help},
		{[]string{"q", "ctrl+d"}, "q", "quit", func(m *Model) { m.quit = true }},
	}
}

// bindings has what each key does.
var bindings = byKey()

func byKey() map[string]func(*Model) {
	does := make(map[string]func(*Model))
	for _, b := range allBindings() {
		for _, key := range b.keys {
			does[key] = b.do
		}
	}
	return does
}

// help shows what the keys do.
func (m *Model) help() {
	var text strings.Builder
	for _, b := range allBindings() {
		text.WriteString(" " + b.show + strings.Repeat(" ", 7-len([]rune(b.show))) + b.help + "\n")
	}
	if len(m.breaks) > 0 {
		text.WriteString("\n breaks:\n")
		for i := range m.breaks {
			text.WriteString("   " + m.breaks[i].text + "\n")
		}
	}
	if unknown := m.x.Unknown(); len(unknown) > 0 {
		text.WriteString("\n This trace does not show:\n")
		for _, u := range unknown {
			text.WriteString("   " + u + "\n")
		}
	}
	m.show("keys", text.String())
}

// unfinished goes to the end, and selects the next rollout that is unfinished there, with its first
// host that has not converged.
func (m *Model) unfinished() {
	before := m.rollout
	if m.cursor.N() < m.x.Len() {
		m.goTo(m.x.Len())
		before = ""
	}
	var open []*timeline.Rollout
	next := 0
	for _, r := range m.cursor.Snapshot().Rollouts {
		if r.Unfinished() {
			if open = append(open, r); r.Record.RolloutID == before {
				next = len(open)
			}
		}
	}
	if len(open) == 0 {
		m.status = "no rollout is unfinished at the end"
		return
	}
	r := open[next%len(open)]
	hosts := byWave(r)
	waits := slices.IndexFunc(hosts, func(h timeline.Host) bool {
		return h.State != reducer.HostConverged
	})
	m.rollout, m.host = r.Record.RolloutID, hosts[waits].ID
	m.status = fmt.Sprintf("unfinished: %d of %d; w says why", next%len(open)+1, len(open))
}

// down moves to the next instant, or to the next line of the list that has the focus.
func (m *Model) down(by int) {
	if m.focus == paneLog {
		m.instant(by)
	} else {
		m.selectNext(by)
	}
}

// command shows the command that comes back here.
func (m *Model) command() {
	if m.opt.Command == "" || m.cursor.N() == 0 {
		m.status = "no command comes back here"
		return
	}
	m.show("the command that comes back here",
		fmt.Sprintf("%s --seq %d", m.opt.Command, m.x.Seq(m.cursor.N()-1)))
}

// why explains why the selected host waits.
func (m *Model) why() {
	r := m.selected()
	switch {
	case r == nil:
		m.status = "no rollout exists yet"
		return
	case m.opt.Why == nil:
		m.status = "this trace cannot explain it"
		return
	}
	text, err := m.opt.Why(Question{
		Rollout: r.Record.RolloutID, Host: m.host, At: m.at(), Width: m.width - 1,
	})
	if err != nil {
		text = err.Error()
	}
	m.show("why", text)
}

// state shows what the run holds at the cursor.
func (m *Model) state() {
	switch n := m.cursor.N(); {
	case n == 0:
		m.status = "no entry comes before: go to one"
	case m.opt.State == nil:
		m.status = "a log cannot be simulated again: it shows no more than its entries"
	default:
		s, err := m.opt.State(m.x.Seq(n - 1))
		if err != nil {
			m.show("state", err.Error())
			return
		}
		m.show("state of the run after this entry, "+m.time(s.At), m.stateText(s))
	}
}

// stateText describes a state, in each section the selected rollout and host first.
func (m *Model) stateText(s *sim.State) string {
	var text strings.Builder
	for _, section := range []struct {
		title string
		facts []controlplane.Fact
	}{
		{"control plane", s.ControlPlane}, {"agents", s.Agents}, {"messages under way", s.Messages},
		{"due", s.Due},
	} {
		text.WriteString(" " + section.title + "\n")
		if len(section.facts) == 0 {
			text.WriteString("   none\n")
		}
		selected := func(f controlplane.Fact) int {
			if f.Subject == string(m.host) || f.Subject == string(m.rollout) {
				return 0
			}
			return 1
		}
		facts := slices.Clone(section.facts)
		slices.SortStableFunc(facts, func(a, b controlplane.Fact) int {
			return cmp.Compare(selected(a), selected(b))
		})
		for _, f := range facts {
			line := f.Subject + ": " + f.Detail
			if f.At.Set {
				line += " at " + m.time(f.At.Value)
			}
			mark := "   "
			if selected(f) == 0 {
				mark = " ▸ "
			}
			line = ansi.Wordwrap(line, m.width-6, "")
			text.WriteString(mark + strings.ReplaceAll(line, "\n", "\n     ") + "\n")
		}
	}
	return text.String()
}

// prompt reads a line.
type prompt struct {
	label string
	text  string
	do    func(*Model, string)
}

// answer handles a key while a prompt is shown.
func (m *Model) answer(key, text string) {
	p := m.prompt
	switch key {
	case "enter":
		m.prompt, m.status = nil, ""
		if typed := strings.TrimSpace(p.text); typed != "" {
			p.do(m, typed)
		}
	case "esc":
		m.prompt = nil
	case "backspace":
		if all := []rune(p.text); len(all) > 0 {
			p.text = string(all[:len(all)-1])
		} else {
			m.prompt = nil
		}
	default:
		p.text += text
	}
}
