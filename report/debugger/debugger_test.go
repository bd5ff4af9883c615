package debugger

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"rollsim"
	"rollsim/controlplane"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/timeline"
	"rollsim/trace"
)

// ofLibrary returns the index of a scenario that ships, with a finding at the first failure of a
// host.
func ofLibrary(t *testing.T, name string) *timeline.Index {
	t.Helper()
	file, err := scenario.LoadFS(rollsim.Library, "scenarios/"+name+".yaml")
	if err != nil {
		t.Fatal(err)
	}
	m, err := machine.ByName(file.Scenario.Machine)
	if err != nil {
		t.Fatal(err)
	}
	b := timeline.NewBuilder(timeline.Options{Machine: m})
	_, err = sim.Run(&file.Scenario, sim.Options{Machine: m, Seed: file.Scenario.Seed, Sink: b})
	if err != nil {
		t.Fatal(err)
	}
	x, err := b.Index()
	if err != nil {
		t.Fatal(err)
	}
	c := x.Cursor()
	if c.Next(timeline.Condition{Failure: true}) {
		x.AddMarks([]timeline.Mark{{
			Kind: timeline.Finding, Seq: x.Seq(c.N() - 1), Title: "planted", Detail: "a host fails",
		}})
	}
	return x
}

const failing = "host-fails-under-rollback-and-halt"

// started returns a model of the scenario failing.
func started(t *testing.T, opt Options) *Model {
	t.Helper()
	m, err := New(ofLibrary(t, failing), opt)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// special are the keys without a character.
var special = map[string]tea.KeyPressMsg{
	"right": {Code: tea.KeyRight}, "left": {Code: tea.KeyLeft}, "up": {Code: tea.KeyUp},
	"down": {Code: tea.KeyDown}, "home": {Code: tea.KeyHome}, "end": {Code: tea.KeyEnd},
	"tab": {Code: tea.KeyTab}, "enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape},
	"backspace": {Code: tea.KeyBackspace}, "pgdown": {Code: tea.KeyPgDown},
	"shift+tab": {Code: tea.KeyTab, Mod: tea.ModShift}, "ctrl+c": {Code: 'c', Mod: tea.ModCtrl},
}

// press sends keys: the special ones by name, anything else character by character.
func press(m *Model, keys ...string) (quits bool) {
	for _, key := range keys {
		if msg, ok := special[key]; ok {
			_, cmd := m.Update(msg)
			quits = cmd != nil
			continue
		}
		for _, r := range key {
			_, cmd := m.Update(tea.KeyPressMsg{Code: r, Text: string(r)})
			quits = cmd != nil
		}
	}
	return quits
}

func screen(m *Model) string { return ansi.Strip(m.View().Content) }

// TestThereAndBack steps through the whole trace: each entry looks the same on the way back, and
// the two ends are reported.
func TestThereAndBack(t *testing.T) {
	for there, back := range map[string]string{"right": "left", "l": "h"} {
		m := started(t, Options{Name: failing})
		var seen []string
		for range m.x.Len() {
			seen = append(seen, screen(m))
			press(m, there)
		}
		if !strings.Contains(screen(m), "this is the last entry") {
			t.Fatal(screen(m))
		}
		if distinct := slices.Compact(slices.Clone(seen)); len(distinct) != m.x.Len() {
			t.Errorf("%d different screens of %d entries", len(distinct), m.x.Len())
		}
		m.status = ""
		for i := m.x.Len() - 1; i >= 0; i-- {
			m.rollout, m.host = "", ""
			for j := range i + 1 { // what is selected depends on the way
				e, err := m.x.Entry(j)
				if err != nil {
					t.Fatal(err)
				}
				if e.Rollout != "" && e.Rollout != m.rollout {
					m.rollout, m.host = e.Rollout, ""
				}
				if e.Host != "" {
					m.host = e.Host
				}
			}
			if got := screen(m); got != seen[i] {
				t.Fatalf("entry %d on the way back:\n%s\nbefore:\n%s", i+1, got, seen[i])
			}
			press(m, back)
		}
		if !strings.Contains(screen(m), "this is the first entry") {
			t.Error(screen(m))
		}
	}
}

// entries finds entries in a trace.
type entries struct{ x *timeline.Index }

// nth returns after how many entries the nth one is that satisfies a condition.
func (f entries) nth(nth int, is func(n int) bool) int {
	for n := range f.x.Len() {
		if is(n) {
			if nth--; nth == 0 {
				return n + 1
			}
		}
	}
	return -1
}

// lastOf returns after how many entries the instant of the nth one ends.
func (f entries) lastOf(n int) int {
	for n < f.x.Len() && f.x.At(n) == f.x.At(n-1) {
		n++
	}
	return n
}

// after returns the last entry that is not later than the start and a number of seconds.
func (f entries) after(seconds reducer.Time) int {
	return f.nth(1, func(n int) bool { return f.x.At(n) > f.x.Start()+seconds*1e9 }) - 1
}

// becomes is satisfied by entries that set the state of a host.
func (f entries) becomes(s reducer.HostState) func(n int) bool {
	return func(n int) bool {
		return slices.ContainsFunc(f.x.Changes(), func(c timeline.Change) bool {
			return int(c.N) == n && c.What == timeline.HostState && reducer.HostState(c.Value) == s
		})
	}
}

// inConverging is satisfied by moves of hosts of a rollout that is Converging.
func (f entries) inConverging(n int) bool {
	e, _ := f.x.Entry(n)
	if e.Event == nil || e.Kind != trace.KindRolloutEvent ||
		e.Event.Kind != reducer.HostStateChanged {
		return false
	}
	c := f.x.Cursor()
	c.Go(n)
	return c.Snapshot().Find(e.Rollout).Record.State == reducer.Converging
}

// is returns a condition about an entry.
func (f entries) is(do func(e *trace.Entry) bool) func(n int) bool {
	return func(n int) bool { e, err := f.x.Entry(n); return err == nil && do(e) }
}

// TestMoves presses keys and says at which entries the cursor must be.
func TestMoves(t *testing.T) {
	x := started(t, Options{Name: failing}).x
	f, failed := entries{x}, x.Marks()[0].N+1
	event := f.is(func(e *trace.Entry) bool { return e.Kind == trace.KindRolloutEvent })
	ack := f.is(func(e *trace.Entry) bool {
		return e.Agent != nil && e.Agent.Kind == reducer.DispatchAck
	})
	aboutThird := f.is(func(e *trace.Entry) bool {
		return e.Host == "stable-03" || e.Event != nil && e.Event.Host == "stable-03"
	})
	gate := f.is(func(e *trace.Entry) bool { return e.Gate != nil })
	lastFailed := 0
	for n := range x.Len() {
		if f.becomes(reducer.HostFailed)(n) {
			lastFailed = n + 1
		}
	}
	instant := f.lastOf(f.nth(1, func(n int) bool { return x.At(n) != x.At(0) }))
	for _, c := range []struct {
		keys []string
		want int
	}{
		{nil, 1},
		{[]string{"e"}, f.nth(1, event)},
		{[]string{"e", "e", "E"}, f.nth(1, event)},
		{[]string{"n"}, failed},
		{[]string{"n", "n"}, failed}, // there is no other
		{[]string{"end", "N"}, failed},
		{[]string{"end"}, x.Len()},
		{[]string{"end", "home"}, 1},
		{[]string{"home", "down"}, instant},
		{[]string{"home", "down", "up"}, f.lastOf(1)},
		{[]string{":17", "enter"}, 17},
		{[]string{":0", "enter"}, 1}, // no such entry
		{[]string{":10m", "enter"}, f.after(600)},
		{[]string{":0d 00:10:00.000", "enter"}, f.after(600)},
		{[]string{":never", "enter"}, 1},
		{[]string{":9", "backspace", "12", "enter"}, 12},
		{[]string{":12", "esc"}, 1},
		{[]string{"/state Failed", "enter"}, f.nth(1, f.becomes(reducer.HostFailed))},
		{[]string{"/state soaking", "enter", "]"}, f.nth(2, f.becomes(reducer.HostSoaking))},
		{[]string{"/state soaking", "enter", "]", "["}, f.nth(1, f.becomes(reducer.HostSoaking))},
		{[]string{"/dispatchack", "enter"}, f.nth(1, ack)},
		{[]string{"/no such text", "enter"}, 1},
		{[]string{"]"}, 1}, // nothing was searched for
		{[]string{"bhost stable-03", "enter", "g"}, f.nth(1, aboutThird)},
		{[]string{"bstate Failed", "enter", "end", "G"}, lastFailed},
		{[]string{"bgate wave-promotion", "enter", "g"}, f.nth(1, gate)},
		{[]string{"brollout stable@a1", "enter", "g"}, 2},
		{[]string{"bcell Converging HostStateChanged", "enter", "g"}, f.nth(1, f.inConverging)},
		{[]string{"bcell converging+hoststatechanged", "enter", "g", "g"}, f.nth(2, f.inConverging)},
		{[]string{"bstate Failed", "enter", "B", "g"}, 1},
		{[]string{"g"}, 1}, // no break
		{[]string{"bhost nobody", "enter", "g"}, 1},
		{[]string{"brollout stable@x", "enter", "g"}, 1},
		{[]string{"bgate nothing", "enter", "g"}, 1},
		{[]string{"bcell Converging", "enter", "g"}, 1},
		{[]string{"bcell Zombie HostStateChanged", "enter", "g"}, 1},
		{[]string{"bcell Active Nothing", "enter", "g"}, 1},
		{[]string{"bwhatever", "enter", "g"}, 1},
	} {
		m := started(t, Options{Name: failing})
		press(m, c.keys...)
		if c.want < 1 || m.cursor.N() != c.want {
			t.Errorf("%q: entry %d, want %d (%s)", c.keys, m.cursor.N(), c.want, m.status)
		}
	}
}

// TestRefusals checks that what cannot be done is said.
func TestRefusals(t *testing.T) {
	for keys, want := range map[string]string{
		"]":                  "search for something first: /",
		"g":                  "there is no break: b adds one",
		":17|enter|w":        "this trace cannot explain it",
		"c":                  "no command comes back here",
		"s":                  "a log cannot be simulated again",
		":999|enter":         "there is no entry 999",
		":noon|enter":        "noon: ",
		"bhost nobody|enter": `host "nobody" is not in this trace`,
		"bfoo|enter":         `"foo": expected host H, rollout R, gate G, state S, cell STATE EVENT`,
		"n|n":                "no later finding or violation",
		"end|right":          "this is the last entry",
		"down|up|up":         "this is the first instant",
		"u":                  "no rollout is unfinished at the end",
		"end|down":           "this is the last instant",
	} {
		m := started(t, Options{Name: failing})
		press(m, strings.Split(keys, "|")...)
		if got := screen(m); !strings.Contains(got, want) {
			t.Errorf("%s: want %q in\n%s", keys, want, got)
		}
	}
}

// TestScreen checks what the panes show at the failure of a host.
func TestScreen(t *testing.T) {
	m := started(t, Options{Name: failing})
	press(m, "n", "right")
	got := screen(m)
	for _, want := range []string{
		" entry 28 of 91, 0d 00:02:19.285, 1 to look at: n  host-fails-", "▸stable@a1  Converging",
		"wave 0",
		"stable-01  Failed for 0s", " !0d 00:02:19.285  agent  Failed", "held by wave-p",
		"▸ 0d 00:02:19.285  event  HostStateChanged", "wave-promotion holds stable-",
		"Converging + HostStateChanged: no transition",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in\n%s", want, got)
		}
	}
	// The failure comes before what it causes.
	press(m, "left")
	if got := screen(m); !strings.Contains(got, "finding: planted: a host fails") ||
		strings.Contains(got, "Failed for") {
		t.Errorf("the entry before the failure:\n%s", got)
	}
	press(m, "left")
	if got := screen(m); strings.Contains(got, "planted") {
		t.Errorf("two entries before the failure:\n%s", got)
	}
}

// TestEndOfTrace goes to a violation that is found at the end, such as that of a stuck rollout.
func TestEndOfTrace(t *testing.T) {
	m := started(t, Options{Name: failing})
	m.x.AddMarks([]timeline.Mark{{Kind: timeline.Violation, Title: "stuck", Detail: "it waits"}})
	press(m, "n", "n")
	if got := screen(m); m.cursor.N() != m.x.Len() ||
		!strings.Contains(got, "violation: stuck: it waits") || !strings.Contains(got, "▸!") {
		t.Errorf("entry %d\n%s", m.cursor.N(), got)
	}
}

// TestSizes checks that the screen has the size of the terminal.
func TestSizes(t *testing.T) {
	m := started(t, Options{Name: strings.Repeat("long ", 50)})
	for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 30}, {250, 80}} {
		for _, key := range []string{"n", "?", "esc", ":", "esc", "end"} {
			m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
			press(m, key)
			lines := strings.Split(screen(m), "\n")
			if len(lines) != size[1] {
				t.Errorf("%v, %s: %d lines", size, key, len(lines))
			}
			for i, l := range lines {
				if ansi.StringWidth(l) != size[0] {
					t.Errorf("%v, %s: line %d has %d columns: %q", size, key, i, ansi.StringWidth(l), l)
				}
			}
		}
	}
	for _, size := range [][2]int{{59, 24}, {80, 15}, {0, 0}} {
		m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		if got := screen(m); !strings.Contains(got, "at least 60×16") {
			t.Errorf("%v: %s", size, got)
		}
	}
}

// TestSelection moves the selection in the lists.
func TestSelection(t *testing.T) {
	m := started(t, Options{Name: failing})
	press(m, "end", "tab", "tab")
	var seen []string
	for range 5 {
		seen = append(seen, string(m.host))
		press(m, "down")
	}
	if distinct := slices.Compact(seen); len(distinct) < 2 || m.cursor.N() != m.x.Len() {
		t.Errorf("hosts %q, entry %d", seen, m.cursor.N())
	}
	press(m, "shift+tab", "up", "up", "up")
	if first := m.cursor.Snapshot().Rollouts[0].Record.RolloutID; m.rollout != first {
		t.Errorf("rollout %s, want %s", m.rollout, first)
	}
	press(m, "shift+tab", "up")
	if m.cursor.N() == m.x.Len() {
		t.Error("with the focus on the log, up does not move the cursor")
	}
}

// TestWhy checks what is asked, and that the answer and an error are shown.
func TestWhy(t *testing.T) {
	var asked Question
	var fails error
	m := started(t, Options{Name: failing, Why: func(q Question) (string, error) {
		asked = q
		return "because\x1b[2J of this\n", fails
	}})
	press(m, ":17", "enter", "w")
	want := Question{Rollout: m.rollout, Host: m.host, At: m.x.At(16), Width: 79}
	if asked != want || m.host == "" {
		t.Errorf("asked %+v, want %+v", asked, want)
	}
	if got := m.View().Content; !strings.Contains(got, `because\u001b[2J of this`) {
		t.Error(got)
	}
	press(m, "x")
	if m.overlay != nil {
		t.Error("a key does not close the answer")
	}
	fails = errors.New("boom")
	press(m, "w")
	if got := screen(m); !strings.Contains(got, "boom") {
		t.Error(got)
	}
}

// TestState checks what the state of the run shows: four sections, what is selected first.
func TestState(t *testing.T) {
	var asked uint64
	var fails error
	state := sim.State{
		At:           17e9,
		ControlPlane: []controlplane.Fact{{Subject: "stable", Detail: "the last poll saw ref a1"}},
		Agents: []controlplane.Fact{
			{Subject: "stable-09", Detail: "runs initial"},
			{
				Subject: "stable-01", Detail: strings.Repeat("long ", 20),
				At: reducer.Some(reducer.Time(90e9)),
			},
		},
		Due: []controlplane.Fact{{Subject: "evil\x1b[2J", Detail: "it happens"}},
	}
	m := started(t, Options{Name: failing, State: func(seq uint64) (*sim.State, error) {
		asked = seq
		return &state, fails
	}})
	state.At += m.x.Start()
	state.Agents[1].At.Value += m.x.Start()
	press(m, "n", "right", "s")
	if asked != 28 || m.host != "stable-01" {
		t.Errorf("asked about entry %d with host %s selected", asked, m.host)
	}
	got := screen(m)
	rest := got
	for _, want := range []string{
		"state of the run after this entry, 0d 00:00:17.000", "control plane",
		"stable: the last poll saw ref a1", "agents", "▸ stable-01: long", "0d 00:01:30.000",
		"  stable-09: runs initial", "messages under way", "none", "due", `evil\u001b[2J: it happens`,
	} {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Fatalf("want %q in\n%s\nof\n%s", want, rest, got)
		}
		rest = after
	}
	fails = errors.New("boom")
	press(m, "x", "s")
	if got := screen(m); !strings.Contains(got, "boom") {
		t.Error(got)
	}
}

// TestUnfinished goes to each rollout that is unfinished at the end, and begins again.
func TestUnfinished(t *testing.T) {
	m, err := New(ofLibrary(t, "cascade-stops-at-a-failure"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"canary@a1", "edge@a1", "stable@a1", "canary@a1"} {
		press(m, "u")
		got := screen(m)
		h, _ := m.selected().Host(m.host)
		if m.cursor.N() != m.x.Len() || !strings.Contains(got, "▸"+want) ||
			h.State == 0 || h.State == reducer.HostConverged ||
			!strings.Contains(got, fmt.Sprintf("unfinished: %d of 3", i%3+1)) {
			t.Errorf("want %s in\n%s", want, got)
		}
	}
}

// TestCommand checks the command that comes back, and that it does.
func TestCommand(t *testing.T) {
	opt := Options{Name: failing, Command: "rollsim debug x"}
	m := started(t, opt)
	press(m, ":33", "enter", "c")
	if got := screen(m); !strings.Contains(got, "rollsim debug x --seq 33") {
		t.Error(got)
	}
	opt.Seq = 33
	if again := started(t, opt); again.cursor.N() != m.cursor.N() {
		t.Errorf("entry %d, want %d", again.cursor.N(), m.cursor.N())
	}
	opt.Seq = 9999
	if _, err := New(m.x, opt); err == nil || err.Error() != failing+" has no entry 9999" {
		t.Error(err)
	}
}

// TestHelp shows each key, scrolls, and quits.
func TestHelp(t *testing.T) {
	m := started(t, Options{Name: failing})
	press(m, "bstate Failed", "enter", "?")
	m.Update(tea.WindowSizeMsg{Width: 80, Height: 60})
	got := screen(m)
	for _, b := range allBindings() {
		if !strings.Contains(got, b.help) {
			t.Errorf("no %q in the help", b.help)
		}
	}
	if !strings.Contains(got, "state Failed") {
		t.Error("the break is not in the help")
	}
	m.Update(tea.WindowSizeMsg{Width: 80, Height: 20})
	press(m, "down")
	if m.overlay == nil || m.overlay.top != 1 {
		t.Error("down does not scroll")
	}
	press(m, "pgdown", "pgdown", "pgdown")
	if page := 17; m.overlay.top != len(m.overlay.lines)-page {
		t.Errorf("line %d of %d is at the top", m.overlay.top, len(m.overlay.lines))
	}
	if press(m, "esc") || !press(m, "q") {
		t.Error("esc quits, or q does not")
	}
	if !press(started(t, Options{}), ":", "ctrl+c") {
		t.Error("ctrl+c does not quit")
	}
}

// TestKeysAreUnique checks that no key has two bindings.
func TestKeysAreUnique(t *testing.T) {
	seen := make(map[string]string)
	for _, b := range allBindings() {
		for _, key := range b.keys {
			if other, twice := seen[key]; twice {
				t.Errorf("%s: %s, and %s", key, other, b.help)
			}
			seen[key] = b.help
		}
	}
}

// TestHostileNames shows a log whose names contain characters that a terminal obeys.
func TestHostileNames(t *testing.T) {
	const evil = "a\x1b[2J\u202e\n\u009b31m"
	id := reducer.RolloutID(evil + "@r")
	b := timeline.NewBuilder(timeline.Options{})
	for seq, e := range []trace.Entry{
		{Kind: trace.KindRolloutEvent, Rollout: id, Event: &reducer.Event{
			Kind: reducer.RolloutOpened, Rollout: id, Channel: evil, TargetRef: evil,
		}},
		{Kind: trace.KindRolloutEvent, Rollout: id, Event: &reducer.Event{
			Kind: reducer.HostJoined, Rollout: id, Host: evil,
		}},
		{Kind: trace.KindGateDecision, Rollout: id, Host: evil, Gate: &trace.GateDecision{
			Gate: evil, Reason: evil,
		}},
	} {
		e.Seq = uint64(seq + 1)
		if err := b.Write(&e); err != nil {
			t.Fatal(err)
		}
	}
	x, err := b.Index()
	if err != nil {
		t.Fatal(err)
	}
	x.AddMarks([]timeline.Mark{{Kind: timeline.Finding, Seq: 3, Title: evil, Detail: evil}})
	m, err := New(x, Options{Name: evil, Command: "rollsim debug " + evil})
	if err != nil {
		t.Fatal(err)
	}
	m.Update(tea.WindowSizeMsg{Width: 200, Height: 40})
	style := regexp.MustCompile(`\x1b\[[0-9;]*m`)
	for _, key := range []string{
		"right", "n", "tab", "tab", "c", "esc", "/", "esc", "bhost x", "enter", "?",
	} {
		press(m, key)
		shown := style.ReplaceAllString(m.View().Content, "")
		for _, r := range shown {
			if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf)) {
				t.Fatalf("after %s: %q", key, shown)
			}
		}
		if lines := strings.Count(m.View().Content, "\n") + 1; lines != 40 {
			t.Errorf("after %s: %d lines", key, lines)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[reducer.Time]string{
		0: "0s", 1500e6: "1.5s", 59.4e9: "59s", 3600e9: "1h0m", 5400e9: "1h30m", 49 * 3600e9: "2d1h",
		-1: "0s",
	} {
		if got := span(1000, 1000+d); got != want {
			t.Errorf("%v: %s, want %s", fmt.Sprint(d), got, want)
		}
	}
}
