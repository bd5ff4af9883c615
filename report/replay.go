package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"rollsim/internal/plural"
	"rollsim/internal/shell"
	"rollsim/invariant"
	"rollsim/logs/replay"
	"rollsim/reducer"
	"rollsim/trace"
)

// ReplayView says how much of a replay is shown.
type ReplayView struct {
	All bool   // every finding instead of the first one
	By  string // the file of accepted findings; empty when there is none

	// Given are options that what is found depends on, as the user gave them: the commands that look
	// closer have them as well.
	Given []string
}

// Replay writes what a replay found: a line for each rollout or the last of them, the last entries
// of a log that was left early, the findings counted, the first one or all in full, then what was
// read and the notes. name is what the user calls the input.
func Replay(w io.Writer, name string, result *replay.Result, view ReplayView) error {
	r := &replayReport{name: name, result: result, given: view.Given, absolute: result.Header == nil}
	r.rollouts(view.All)
	for _, line := range result.Tail {
		r.printf("  %s\n", shortenRefs(line))
	}
	if len(result.Tail) > 0 {
		r.printf("\n")
	}
	r.groups()
	r.findings(view.All)
	r.printf("%s under %s: %s\n", name, result.Machine, r.counts())
	for _, s := range result.Stale {
		r.printf("stale: %s:%d: %s accepts nothing that was found "+
			"(%s)\n", view.By, s.Line, s.Key, s.Reason)
	}
	for _, note := range result.Notes {
		r.printf("note: %s\n", note)
	}
	_, err := io.WriteString(w, Harmless(r.b.String()))
	return err
}

// Harmless is text that does nothing to the terminal it is shown on, whatever names a log has.
func Harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

type replayReport struct {
	b        strings.Builder
	name     string
	result   *replay.Result
	given    []string // as ReplayView.Given
	absolute bool     // times are of the clock, not since the start
}

func (r *replayReport) printf(format string, args ...any) { fmt.Fprintf(&r.b, format, args...) }

// failing counts the findings that nobody has accepted.
func (r *replayReport) failing() uint64 {
	var n uint64
	for i := range r.result.Groups {
		n += r.result.Groups[i].Count
	}
	return n
}

func (r *replayReport) counts() string {
	var accepted uint64
	for i := range r.result.Groups {
		accepted += r.result.Groups[i].Accepted
	}
	text := plural.Count(
		r.result.Entries, "entry",
	) + ", " + plural.Count(
		r.result.Events, "rollout event",
	) + "; "
	if accepted > 0 {
		text += plural.Count(accepted, "finding") + " accepted; "
	}
	return text + fmt.Sprintf("%d of %d recorded transitions "+
		"reproduced", r.result.Reproduced, r.result.Transitions)
}

// mostLines is how many rollouts are shown where not all are asked for.
const mostLines = 20

// shown are the rollouts that get a line: of many those that stand or that a finding is shown of,
// and the last ones. What is left is how many others there are.
func (r *replayReport) shown(all bool) (shown []*replay.Summary, left uint64) {
	list := r.result.Rollouts
	left = r.result.MoreOver
	found := make(map[reducer.RolloutID]bool)
	for i := range r.result.Findings[:min(len(r.result.Findings), 1+mostBrief)] {
		found[r.result.Findings[i].Rollout] = true
	}
	for i := range list {
		if s := &list[i]; all || found[s.Record.RolloutID] || s.Record.State.Standing() ||
			len(list)-i <= mostLines {
			shown = append(shown, s)
		} else {
			left++
		}
	}
	return shown, left
}

// rollouts writes a line for each that is shown, in columns.
func (r *replayReport) rollouts(all bool) {
	shown, left := r.shown(all)
	lines := make([][5]string, 0, len(shown))
	var widths [4]int
	if left > 0 {
		r.printf("… %s, over\n", plural.Count(left, "more rollout"))
	}
	for _, s := range shown {
		line := r.rolloutLine(s)
		for j := range widths {
			widths[j] = max(widths[j], utf8.RuneCountInString(line[j]))
		}
		lines = append(lines, line)
	}
	for i, line := range lines {
		for j := range widths {
			r.printf("%s%s  ", line[j], strings.Repeat(" ", widths[j]-utf8.RuneCountInString(line[j])))
		}
		r.printf("%s\n", line[4])
		r.moves(shown[i])
	}
	if len(lines) > 0 {
		r.printf("\n")
	}
}

func (r *replayReport) rolloutLine(s *replay.Summary) [5]string {
	rec := &s.Record
	hosts := "no hosts"
	if len(s.Hosts) > 0 {
		var counts []string
		for _, h := range s.Hosts {
			counts = append(counts, fmt.Sprintf("%d %v", h.Count, h.State))
		}
		hosts = strings.Join(counts, ", ")
	}
	waves := ""
	switch {
	case s.Waves == 0:
	case s.Waves == 1:
		waves = "wave 0"
	case r.result.CursorKnown:
		waves = fmt.Sprintf("wave %d of 0–%d", rec.CurrentWave, s.Waves-1)
	default:
		waves = fmt.Sprintf("waves 0–%d", s.Waves-1)
	}
	var states []string
	last := ""
	for i, c := range s.States {
		if i+1 < len(s.States) && s.States[i+1].At == c.At {
			states = append(states, c.State.String()) // as the next one
			continue
		}
		var at string
		at, last = r.time(c.At, last)
		states = append(states, fmt.Sprintf("%v %s", c.State, at))
	}
	return [5]string{
		string(
			rec.Channel,
		), shortRef(rec.TargetRef), waves, hosts, strings.Join(states, " → ") + "; " + shortenRefs(s.End),
	}
}

func (r *replayReport) moves(s *replay.Summary) {
	last := ""
	for _, m := range s.Moves {
		var at string
		at, last = r.time(m.At, last)
		r.printf("    entry %-6d  %v → %v  %s\n", m.Seq, m.From, m.To, at)
	}
}

// time gives a time to the second, with its day only where that is not the one of the time before.
func (r *replayReport) time(t reducer.Time, day string) (text, today string) {
	if !r.absolute {
		elapsed := string(trace.AppendElapsed(nil, t, r.result.First.At))
		text, _, _ := strings.Cut(elapsed, ".")
		return text, ""
	}
	full := string(trace.AppendTime(nil, t))
	today, clock := full[:len("2026-05-16")], full[len("2026-05-16T"):len("2026-05-16T01:00:00")]
	if today == day {
		return clock, today
	}
	return today + " " + clock, today
}

// shortLength is how much of a long ref is shown where there is not much room.
const shortLength = 12

func shortRef(ref reducer.ChannelRef) string {
	if len(ref) > shortLength && isHex(string(ref)) {
		return string(ref[:shortLength])
	}
	return string(ref)
}

// shortenRefs shortens every long hexadecimal number in a text.
func shortenRefs(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		n := 0
		for n < len(text) && isHex(text[n:n+1]) {
			n++
		}
		if n > shortLength {
			b.WriteString(text[:shortLength])
		} else {
			b.WriteString(text[:n])
		}
		text = text[n:]
		if len(text) > 0 {
			b.WriteByte(text[0])
			text = text[1:]
		}
	}
	return b.String()
}

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

// groups counts the findings by class and title.
func (r *replayReport) groups() {
	classes := make(map[replay.Class][]string)
	var order []replay.Class
	for i := range r.result.Groups {
		g := &r.result.Groups[i]
		if g.Count == 0 {
			continue
		}
		if classes[g.Class] == nil {
			order = append(order, g.Class)
		}
		classes[g.Class] = append(classes[g.Class], fmt.Sprintf("%d %s", g.Count, g.Title))
	}
	if len(order) == 0 {
		return
	}
	slices.Sort(order)
	r.printf("findings: %d\n", r.failing())
	for _, c := range order {
		r.printf("  %-9v  %s\n", c, strings.Join(classes[c], ", "))
	}
	r.printf("\n")
}

// mostBrief is how many findings get a line where only the first one is shown in full.
const mostBrief = 10

// findings writes the first one, and those that follow it in a line each, or all.
func (r *replayReport) findings(all bool) {
	list := r.result.Findings
	more := r.failing() // that are not shown in full
	for i := range list {
		if i == 0 || all {
			r.finding(&list[i])
			more--
		}
	}
	switch {
	case more == 0:
		return
	case all:
		r.printf("… and %d more, of which no more is kept than their number\n\n", more)
		return
	}
	r.printf("%d more; --all shows them:\n", more)
	for i := range list[1:min(len(list), 1+mostBrief)] {
		r.brief(&list[1+i])
	}
	if more > mostBrief {
		r.printf("  …\n")
	}
	r.printf("\n")
}

// brief writes a finding as a line.
func (r *replayReport) brief(f *replay.Finding) {
	what := f.Reason
	if f.Given != "" {
		what = fmt.Sprintf("recorded %s, %s %s", f.Recorded, f.OtherSide(), f.Given)
	}
	line := fmt.Sprintf(
		"  entry %-7d %-9v  %-23s  %s  %s  ", f.Seq, f.Class, f.Title(), f.Rollout, f.Host,
	)
	r.printf("%s\n", strings.TrimRight(shortenRefs(line)+what, " "))
}

func (r *replayReport) finding(f *replay.Finding) {
	what := "FOUND"
	if f.Class == replay.Effect || f.Class == replay.Illegal {
		what = "DIVERGED"
	}
	r.printf(
		"%s %s: entry %d of %d, %s\n", what, r.name, f.Seq, max(r.result.Last.Seq, f.Seq), f.Title(),
	)
	switch {
	case f.Line == 0, f.Unit == "row" && r.name == shell.Join(f.File): // the seq is the row
	case f.Unit == "line":
		r.printf("  where     %s:%d\n", f.File, f.Line)
	default:
		r.printf("  where     %s %d of %s\n", f.Unit, f.Line, f.File)
	}
	if f.Rollout != "" {
		r.printf("  rollout   %s\n", f.Rollout)
	}
	if f.Host != "" {
		r.printf("  host      %s\n", f.Host)
	}
	for line := range strings.Lines(f.Body()) {
		if around := strings.HasPrefix(line, "  before ") || strings.HasPrefix(line, "  then "); around ||
			f.What == "entry" {
			line = shortenRefs(line)
		}
		r.printf("%s", line)
	}
	r.printf("  closer    rollsim %s\n", r.closer(f))
	r.printf("  accept    %s  %s\n\n", f.Key(), replay.ReasonHere)
}

// closer is the command that shows more of what a finding is about.
func (r *replayReport) closer(f *replay.Finding) string {
	command, end := "replay", " --all"
	switch {
	case f.What == string(invariant.Stuck), f.What == string(invariant.Stranded):
		command, end = "why", ""
	case f.Until > 0:
		end = fmt.Sprintf(" --until %d --all", f.Until)
	}
	options := slices.Clone(r.given)
	if f.Rollout != "" {
		options = append(options, "--rollout", shortID(f.Rollout))
	}
	return strings.TrimSpace(command+" "+r.name+" "+shell.Join(options...)) + end
}

// shortID is the id of a rollout as options take it.
func shortID(id reducer.RolloutID) string {
	channel, ref, ofRef := strings.Cut(string(id), "@")
	if !ofRef {
		return string(id)
	}
	return channel + "@" + shortRef(reducer.ChannelRef(ref))
}
