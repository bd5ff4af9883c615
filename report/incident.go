package report

import (
	"fmt"
	"io"
	"strings"

	"rollsim/internal/plural"
	"rollsim/internal/shell"
	"rollsim/internal/visible"
	"rollsim/logs/replay"
	"rollsim/logs/show"
	"rollsim/reducer"
)

// IncidentPage is what Incident writes about one stretch of a log.
type IncidentPage struct {
	Name         string   // of the log on the command line
	Options      []string // those on which the findings depend, as the user wrote them
	Channel      reducer.ChannelID
	Zone         show.Zone
	Since, Until reducer.Time

	Story   *show.Story
	Result  *replay.Result   // of the log up to the end of the stretch
	Answers []*replay.Answer // why each channel has not converged at the end of the stretch
	Short   func(reducer.RolloutID) string
}

// Incident writes the story of one stretch of a log as a page of Markdown: what moved, what did not
// and why, the findings, the rows behind them, and the commands that show more.
func Incident(w io.Writer, page *IncidentPage) error {
	p := &incidentPage{IncidentPage: page}
	p.head()
	p.moved()
	p.waiting()
	p.found()
	p.rows()
	p.closer()
	return write(w, visible.Escape(p.b.String()))
}

// pageWidth is the width of the rows of a page.
const pageWidth = 120

// Time returns a time as the page writes it: with its day if the stretch has more than one.
func (p *IncidentPage) Time(t reducer.Time) string {
	if p.Zone.Day(p.Since) == p.Zone.Day(p.Until) {
		return p.Zone.After(t, p.Since)
	}
	return p.Zone.Time(t)
}

type incidentPage struct {
	*IncidentPage
	b strings.Builder
}

func (p *incidentPage) printf(format string, args ...any) { fmt.Fprintf(&p.b, format, args...) }

// plainText returns a text of a log as Markdown shows it, on one line.
func plainText[S ~string](text S) string {
	return markdownSigns.Replace(shortenRefs(visible.Name(text)))
}

var markdownSigns = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`,
	"|", `\|`, "#", `\#`, "&", `\&`, "~", `\~`,
)

func (p *incidentPage) head() {
	about := "All channels"
	if p.Channel != "" {
		about = "Channel " + plainText(p.Channel)
	}
	p.printf("# %s, %s to %s\n\n", about, p.Zone.Time(p.Since), p.Zone.After(p.Until, p.Since))
	p.printf("Log: %s, %s in this stretch, %d of them decisions that repeat an earlier one. Times "+
		"are in %s. Replayed under %s.\n\n", plainText(p.Name), plural.Count(p.Story.Read, "entry"),
		p.Story.Repeated, p.Zone.Name(p.Since), plainText(p.Result.Machine))
	for _, a := range p.Answers {
		p.printf("- %s\n", p.inShort(a))
	}
	p.printf("\n")
}

// inShort says in one sentence where a channel stands at the end.
func (p *incidentPage) inShort(a *replay.Answer) string {
	text := "**" + plainText(a.Channel) + "**: "
	if len(a.Lines) == 0 {
		return text + "nothing is known"
	}
	o := &whyWriter{answer: a, view: WhyView{Zone: p.Zone, Time: p.Time}}
	return text + markdownSigns.Replace(o.lines()[1].text)
}

// moved writes a row for each rollout of the stretch.
func (p *incidentPage) moved() {
	p.printf("## What moved\n\n")
	if len(p.Story.Rollouts) == 0 {
		p.printf("Nothing: the stretch has no entry of a rollout.\n\n")
		return
	}
	states := make(map[reducer.RolloutID]*replay.Summary)
	for i := range p.Result.Rollouts {
		states[p.Result.Rollouts[i].Record.RolloutID] = &p.Result.Rollouts[i]
	}
	rows := []row{{{"rollout"}, {"opened"}, {"hosts that converged"}, {"that failed"},
		{"dispatches"}, {"blocked"}, {"in the end"}}}
	for _, o := range p.Story.Rollouts {
		opened, end := "before", "not opened in this log, or long before"
		if f := p.Result.Fleet; f != nil && f.Rollout(o.Rollout) != nil {
			end = f.Rollout(o.Rollout).Record.State.String()
		}
		if s := states[o.Rollout]; s != nil {
			if o.Opened {
				opened = p.Time(s.Record.OpenedAt)
			}
			last := s.States[len(s.States)-1]
			end = fmt.Sprintf("%v since %s", last.State, p.Time(last.At))
		}
		failed := fmt.Sprint(o.Failed)
		if o.Reverted > 0 {
			failed += fmt.Sprintf(", %d rolled back", o.Reverted)
		}
		rows = append(rows, row{
			{plainText(p.Short(o.Rollout))}, {opened}, {fmt.Sprint(o.Converged)}, {failed},
			{fmt.Sprint(o.Sent)}, {fmt.Sprint(o.Blocked)}, {end},
		})
	}
	p.printf("%s\n", markdown(rows))
}

// waiting writes why channels have not converged, and what superseded rollouts had waited for.
func (p *incidentPage) waiting() {
	p.printf("## What did not, and why\n\n")
	waits := false
	for i := range p.Result.Rollouts {
		s := &p.Result.Rollouts[i]
		if s.Waited == "" || !s.Record.SupersededAt.Set || s.Record.SupersededAt.Value < p.Since {
			continue
		}
		waits = true
		p.printf("- %s, from %s to %s, when %s superseded it: %s\n",
			plainText(p.Short(s.Record.RolloutID)), p.Time(s.Record.OpenedAt),
			p.Time(s.Record.SupersededAt.Value),
			plainText(p.Short(s.Successor)), plainText(s.Waited))
	}
	if waits {
		p.printf("\n")
	}
	for _, a := range p.Answers {
		if len(a.Lines) < 2 {
			continue // it has converged
		}
		waits = true
		p.printf("%s, at %s:\n\n", plainText(a.Channel), p.Time(a.AsOf.At))
		o := &whyWriter{answer: a, view: WhyView{Zone: p.Zone, Time: p.Time}}
		for _, l := range o.lines()[1:] {
			p.printf("%s- %s\n", strings.Repeat("  ", l.depth), markdownSigns.Replace(l.text))
		}
		p.printf("\n")
	}
	if !waits {
		p.printf("Nothing waits.\n\n")
	}
}

// found writes the findings.
func (p *incidentPage) found() {
	p.printf("## Findings\n\n")
	if len(p.Result.Findings) == 0 {
		p.printf("None.\n\n")
		return
	}
	rows := []row{{{"entry"}, {"time"}, {"finding"}, {"rollout"}, {"host"}, {"what"}}}
	for i := range p.Result.Findings {
		f := &p.Result.Findings[i]
		what := f.Reason
		if f.Expected != "" {
			what = fmt.Sprintf("recorded %s, %s %s", f.Recorded, f.OtherSide(), f.Expected)
		}
		if n := len(f.Folded) + f.More; n > 0 {
			what += fmt.Sprintf(" (and %d more)", n)
		}
		rows = append(rows, row{
			{fmt.Sprint(f.Seq)}, {p.Time(f.At)}, {plainText(f.Title())},
			{plainText(p.Short(f.Rollout))}, {plainText(f.Host)}, {plainText(what)},
		})
	}
	p.printf("%s\n", markdown(rows))
}

// rows writes the rows that matter.
func (p *incidentPage) rows() {
	p.printf("## The rows behind it\n\n")
	var b strings.Builder
	t := NewTimeline(&b, TimelineView{
		Zone: p.Zone, All: true, Width: pageWidth, OneChannel: p.Channel != "", Short: p.Short,
	})
	for i := range p.Story.Rows {
		_ = t.Row(&p.Story.Rows[i]) // a Builder returns no error
	}
	_ = t.Flush()
	fence := "```"
	for strings.Contains(b.String(), fence) {
		fence += "`"
	}
	p.printf("%stext\n%s%s\n\n", fence, b.String(), fence)
	if p.Story.More > 0 {
		p.printf("And %d more: the last command below shows them.\n\n", p.Story.More)
	}
}

// closer writes the commands that show more.
func (p *incidentPage) closer() {
	p.printf("## To look closer\n\n```sh\n")
	const second = 1_000_000_000
	since, until := timeText(p.Since/second*second), timeText((p.Until+second-1)/second*second)
	for _, a := range p.Answers {
		p.command("why", append([]string{"--channel", string(a.Channel), "--at", until}, p.Options...))
	}
	for i := range p.Result.Findings[:min(len(p.Result.Findings), maxBrief)] {
		p.command("show", []string{"--around", fmt.Sprint(p.Result.Findings[i].Seq)})
	}
	p.command("replay", append([]string{"--until", until, "--since", since, "--all"}, p.Options...))
	options := []string{"--since", since, "--until", until}
	if p.Channel != "" {
		options = append(options, "--channel", string(p.Channel))
	}
	p.command("show", options)
	p.printf("```\n")
}

// command writes a command line about the log.
func (p *incidentPage) command(name string, options []string) {
	p.printf("rollsim %s %s %s\n", name, visible.Name(p.Name), visible.Name(shell.Join(options...)))
}
