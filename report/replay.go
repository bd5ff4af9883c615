package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"rollsim/internal/plural"
	"rollsim/internal/shell"
	"rollsim/internal/visible"
	"rollsim/invariant"
	"rollsim/logs/replay"
	"rollsim/logs/show"
	"rollsim/reducer"
	"rollsim/trace"
)

// ReplayView selects what Replay shows.
type ReplayView struct {
	All        bool   // show every finding in full instead of the first one
	AcceptFile string // the name of the file of accepted findings; empty if none exists

	// Options are the options on which the findings depend, as the user wrote them. The commands
	// that inspect a finding repeat them.
	Options []string

	Zone  show.Zone // of times without offset
	Width int       // of a line; 0 is any
}

// Replay writes the result of a replay: a line for each rollout or the last of them, the last
// entries of a log that was replayed in part, the numbers of findings, the first finding or all in
// full, and the notes. name is the name of the input on the command line.
func Replay(w io.Writer, name string, result *replay.Result, view ReplayView) error {
	r := &replayReport{
		name: name, result: result, options: view.Options, absolute: result.Header == nil,
		zone: view.Zone,
	}
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
		r.printf("stale: %s:%d: no finding has the key %s (%s)\n", view.AcceptFile, s.Line, s.Key,
			s.Reason)
	}
	for _, note := range result.Notes {
		r.printf("note: %s\n", note)
	}
	if zone := view.Zone.Name(result.Last.At); r.absolute && zone != show.UTC.Name(0) {
		r.printf("note: times without offset are in %s\n", zone)
	}
	return write(w, visible.Escape(fitted(r.b.String(), view.Width)))
}

// fitted returns a text with lines of at most some characters, or 0 for any. Commands and keys stay
// on one line, so that they can be copied.
func fitted(text string, width int) string {
	if width == 0 {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		plain := strings.TrimLeft(strings.TrimRight(line, "\n"), " ")
		if utf8.RuneCountInString(line) <= width+1 || strings.HasPrefix(plain, "inspect ") ||
			strings.HasPrefix(plain, "shrink ") || strings.HasPrefix(plain, "accept ") {
			b.WriteString(line)
			continue
		}
		indent := len(strings.TrimRight(line, "\n")) - len(plain)
		b.WriteString(wrapped(plain, indent, width))
	}
	return b.String()
}

// LiveState returns one line about a replay that continues: the last entry, the last rollout of
// each channel, and the number of findings.
func LiveState(w *replay.Watch, zone show.Zone) string {
	last, _ := w.Last()
	var parts []string
	for _, s := range w.Standing() {
		parts = append(parts, standing(s))
	}
	parts = append(parts, plural.Count(w.Findings(), "finding"))
	return fmt.Sprintf("%s, entry %d: %s", zone.Clock(last.At), last.Seq, strings.Join(parts, "; "))
}

// TimelineState returns the same line about a timeline that continues, without the findings.
func TimelineState(r *show.Reader, zone show.Zone) string {
	var parts []string
	for _, s := range r.Standing() {
		same := replay.Standing{Channel: s.Channel, Ref: s.Ref, State: s.State}
		for _, state := range reducer.HostStates() {
			if n := s.Hosts[state]; n > 0 {
				same.Hosts = append(same.Hosts, replay.HostCount{State: state, Count: n})
			}
		}
		parts = append(parts, standing(same))
	}
	last := r.Last()
	return fmt.Sprintf("%s, entry %d: %s", zone.Clock(last.At), last.Seq,
		cmp.Or(strings.Join(parts, "; "), "no rollout"))
}

func standing(s replay.Standing) string {
	var counts []string
	for _, h := range s.Hosts {
		counts = append(counts, fmt.Sprintf("%d %v", h.Count, h.State))
	}
	return fmt.Sprintf("%s %s %v (%s)", visible.Name(s.Channel), visible.Name(shortRef(s.Ref)),
		s.State, strings.Join(counts, ", "))
}

// LiveFinding writes a finding as a line, as it is found.
func LiveFinding(w io.Writer, f *replay.Finding, zone show.Zone) error {
	r := &replayReport{}
	r.brief(f)
	return write(w, zone.Time(f.At)+" "+visible.Escape(strings.TrimLeft(r.b.String(), " ")))
}

// LiveFindingJSON writes a finding as one line of JSON, as it is found.
func LiveFindingJSON(w io.Writer, f *replay.Finding) error {
	err := json.MarshalWrite(visible.NewWriter(w), findingsOf([]replay.Finding{*f})[0],
		json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return err
	}
	return write(w, "\n")
}

type replayReport struct {
	b        strings.Builder
	name     string
	result   *replay.Result
	options  []string // ReplayView.Options
	absolute bool     // times are absolute, not since the start
	zone     show.Zone
}

func (r *replayReport) printf(format string, args ...any) {
	fmt.Fprintf(&r.b, format, visible.Names(args)...)
}

// failing returns the number of findings that are not accepted.
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
	text := plural.Count(r.result.Entries, "entry") + ", " +
		plural.Count(r.result.Events, "rollout event") + "; "
	if accepted > 0 {
		text += plural.Count(accepted, "finding") + " accepted; "
	}
	return text + fmt.Sprintf("%d of %d recorded transitions reproduced", r.result.Reproduced,
		r.result.Transitions)
}

// maxLines is the number of the last rollouts that are shown unless all are asked for.
const maxLines = 20

// shown returns the rollouts to show: all, or those that stand, those of the findings that are
// shown, and the last ones. hidden is the number of the others.
func (r *replayReport) shown(all bool) (shown []*replay.Summary, hidden uint64) {
	list := r.result.Rollouts
	hidden = r.result.MoreEnded
	found := make(map[reducer.RolloutID]bool)
	for i := range r.result.Findings[:min(len(r.result.Findings), 1+maxBrief)] {
		found[r.result.Findings[i].Rollout] = true
	}
	for i := range list {
		if s := &list[i]; all || found[s.Record.RolloutID] || s.Record.State.Standing() ||
			len(list)-i <= maxLines {
			shown = append(shown, s)
		} else {
			hidden++
		}
	}
	return shown, hidden
}

// rollouts writes a line for each rollout that is shown, in columns.
func (r *replayReport) rollouts(all bool) {
	shown, hidden := r.shown(all)
	lines := make([][5]string, 0, len(shown))
	var widths [4]int
	if hidden > 0 {
		r.printf("… %s, ended\n", plural.Count(hidden, "more rollout"))
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
			states = append(states, c.State.String()) // at the time of the next one
			continue
		}
		var at string
		at, last = r.time(c.At, last)
		states = append(states, fmt.Sprintf("%v %s", c.State, at))
	}
	return [5]string{
		string(rec.Channel), shortRef(rec.TargetRef), waves, hosts,
		strings.Join(states, " → ") + "; " + shortenRefs(s.End),
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

// time returns a time to the second. It leaves out the day if it is that of the previous time.
func (r *replayReport) time(t reducer.Time, day string) (text, today string) {
	if !r.absolute {
		elapsed := string(trace.AppendElapsed(nil, t, r.result.First.At))
		text, _, _ := strings.Cut(elapsed, ".")
		return text, ""
	}
	today, clock := r.zone.Day(t), r.zone.Clock(t)
	if today == day {
		return clock, today
	}
	return today + " " + clock, today
}

// shortLength is the length to which long refs are shortened.
const shortLength = 12

func shortRef(ref reducer.ChannelRef) string {
	if len(ref) > shortLength && isHex(string(ref)) {
		return string(ref[:shortLength])
	}
	return string(ref)
}

// shortenRefs returns a text with every long hexadecimal number shortened.
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

// groups writes the numbers of findings by class and title.
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

// maxBrief is the number of findings that get a line when only the first one is shown in full.
const maxBrief = 10

// findings writes all findings in full, or the first one in full and the next ones in a line each.
func (r *replayReport) findings(all bool) {
	list := r.result.Findings
	more := r.failing() // not shown in full
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
		r.printf("… and %d more, which are only counted\n\n", more)
		return
	}
	r.printf("%d more; --all shows them:\n", more)
	for i := range list[1:min(len(list), 1+maxBrief)] {
		r.brief(&list[1+i])
	}
	if more > maxBrief {
		r.printf("  …\n")
	}
	r.printf("\n")
}

// brief writes a finding as a line.
func (r *replayReport) brief(f *replay.Finding) {
	what := f.Reason
	if f.Expected != "" {
		what = fmt.Sprintf("recorded %s, %s %s", f.Recorded, f.OtherSide(), f.Expected)
	}
	line := fmt.Sprintf("  entry %-7d %-9v  %-23s  %s  %s  ", f.Seq, f.Class, f.Title(), f.Rollout,
		f.Host)
	r.printf("%s\n", strings.TrimRight(shortenRefs(line)+what, " "))
}

// finding writes a finding in full.
func (r *replayReport) finding(f *replay.Finding) {
	what := "FOUND"
	if f.Class == replay.Effect || f.Class == replay.Illegal {
		what = "DIVERGED"
	}
	r.printf("%s %s: entry %d of %d, %s\n", what, r.name, f.Seq, max(r.result.Last.Seq, f.Seq),
		f.Title())
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
		around := strings.HasPrefix(line, "  before ") || strings.HasPrefix(line, "  then ")
		if around || f.What == "entry" {
			line = shortenRefs(line)
		}
		r.printf("%s\n", strings.TrimSuffix(line, "\n"))
	}
	r.printf("  inspect   rollsim %s\n", r.inspect(f))
	r.printf("  page      %s  # then open page.html#seq=%d\n", r.page(), f.Seq)
	if r.absolute && !strings.Contains(r.name, " ") { // one file, and no trace of a simulation
		r.printf("  shrink    %s\n", r.shrink(f))
	}
	r.printf("  accept    %s  %s\n\n", f.Key(), replay.ReasonPlaceholder)
}

// inspect returns the command that shows more about a finding.
func (r *replayReport) inspect(f *replay.Finding) string {
	command, end := "replay", " --all"
	switch {
	case f.What == string(invariant.Stuck), f.What == string(invariant.Stranded):
		command, end = "why", ""
	case f.Until > 0:
		end = fmt.Sprintf(" --until %d --all", f.Until)
	}
	options := slices.Clone(r.options)
	if f.Rollout != "" {
		options = append(options, "--rollout", shortID(f.Rollout))
	}
	return strings.TrimSpace(command+" "+r.name+" "+shell.Join(options...)) + end
}

// shrink returns the command that makes the log small.
func (r *replayReport) shrink(f *replay.Finding) string {
	command := fmt.Sprintf("rollsim shrink %s --keep %s", r.name, f.Keep())
	if i := slices.Index(r.options, "--machine"); i >= 0 {
		command += " " + shell.Join(r.options[i:i+2]...)
	}
	return command
}

// page returns the command that makes a page of the log.
func (r *replayReport) page() string {
	command := "rollsim view " + r.name
	if len(r.options) > 0 {
		command += " " + shell.Join(r.options...)
	}
	return command + " -o page.html"
}

// shortID returns the id of a rollout with a short ref, which options accept.
func shortID(id reducer.RolloutID) string {
	channel, ref, ofRef := strings.Cut(string(id), "@")
	if !ofRef {
		return string(id)
	}
	return channel + "@" + shortRef(reducer.ChannelRef(ref))
}
