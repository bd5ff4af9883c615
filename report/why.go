package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"rollsim/internal/visible"
	"rollsim/logs/replay"
	"rollsim/logs/show"
	"rollsim/reducer"
)

// WhyView says how Why writes times and lines.
type WhyView struct {
	Zone  show.Zone
	Width int // of a line; 0 is any

	// Time writes a time. If it is nil, a simulated trace has the times since its first entry, and any
	// other the days only of times of another day than that of the answer.
	Time func(reducer.Time) string
}

// Why writes what a host, a rollout or a channel waits for: a line for each reason, below the one
// that it explains. Only the first line has the complete ref.
func Why(w io.Writer, a *replay.Answer, view WhyView) error {
	out := whyWriter{answer: a, view: view}
	var b strings.Builder
	for _, line := range out.lines() {
		b.WriteString(wrapped(line.text, line.depth*2, view.Width))
	}
	return write(w, visible.Escape(b.String()))
}

type whyWriter struct {
	answer *replay.Answer
	view   WhyView
}

type whyLine struct {
	depth int
	text  string
}

// lines returns the lines of the answer.
func (o *whyWriter) lines() []whyLine {
	a := o.answer
	all := []whyLine{{0, o.head()}}
	for _, l := range a.Lines {
		text := shortenRefs(visible.Name(l.Text))
		if l.Since != (replay.Where{}) {
			text += ", " + o.when(&l)
		}
		if l.Since.Seq > 0 {
			text += fmt.Sprintf(" (entry %d)", l.Since.Seq)
		}
		if l.Then != "" {
			text += ": " + shortenRefs(visible.Name(l.Then))
		}
		all = append(all, whyLine{l.Depth, text})
	}
	return all
}

// when says for how long a reason is so, or how long ago it happened.
func (o *whyWriter) when(l *replay.Reason) string {
	at, now := o.time(l.Since.At), o.answer.AsOf.At
	const second = 1_000_000_000
	switch span, short := show.Span(l.Since.At, now), l.Since.At > now-second; {
	case short && l.Once:
		return "at " + at
	case short:
		return "since " + at
	case l.Once:
		return fmt.Sprintf("%s ago, at %s", span, at)
	default:
		return fmt.Sprintf("for %s, since %s", span, at)
	}
}

// head returns the first line: what is asked, and as of when.
func (o *whyWriter) head() string {
	a := o.answer
	var text string
	switch {
	case a.Whole:
		text = fmt.Sprintf("channel %s, rollout %s", visible.Name(a.Channel), visible.Name(a.Rollout))
	case a.Host != "":
		text = fmt.Sprintf("host %s, rollout %s", visible.Name(a.Host), visible.Name(a.Rollout))
	default:
		text = "rollout " + visible.Name(a.Rollout)
	}
	text += ", as of "
	if a.AsOf != a.At {
		text += "its supersession after "
	}
	return text + fmt.Sprintf("entry %d, %s", a.AsOf.Seq, o.stamp(a.AsOf.At))
}

// stamp returns a time with its day and its zone.
func (o *whyWriter) stamp(t reducer.Time) string {
	if !o.answer.Times.Absolute {
		return o.time(t)
	}
	return o.view.Zone.Time(t) + " " + o.view.Zone.Name(t)
}

// time returns a time without the day if that is the day of the answer.
func (o *whyWriter) time(t reducer.Time) string {
	if o.view.Time != nil {
		return o.view.Time(t)
	}
	if !o.answer.Times.Absolute {
		return string(o.answer.Times.AppendTime(nil, t))
	}
	return o.view.Zone.After(t, o.answer.AsOf.At)
}

// wrapped returns a text as lines of at most some characters, or 0 for any. The first one is
// indented, and the next ones a little more.
func wrapped(text string, indent, width int) string {
	const more, least = 4, 20
	lead := strings.Repeat(" ", indent)
	if width == 0 || indent+utf8.RuneCountInString(text) <= width {
		return lead + text + "\n"
	}
	lines := folded(text, max(least, width-indent), max(least, width-indent-more))
	return lead + strings.Join(lines, "\n"+strings.Repeat(" ", indent+more)) + "\n"
}

// folded breaks a text between words into lines. The first one has at most first characters, and
// the others most, unless a single word is longer.
func folded(text string, first, most int) []string {
	var lines []string
	line, room := "", first
	for word := range strings.SplitSeq(text, " ") {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= room:
			line += " " + word
		default:
			lines = append(lines, strings.TrimRight(line, " "))
			line, room = word, most
		}
	}
	return append(lines, line)
}

// The document of WhyJSON, which docs/replay.md describes.
type (
	whyDocument struct {
		Format  string       `json:"format"`
		Version int          `json:"version"`
		Input   string       `json:"input"`
		Host    string       `json:"host"`
		Rollout string       `json:"rollout"`
		Channel string       `json:"channel"`
		State   string       `json:"state"`
		At      *replayPlace `json:"at"`
		AsOf    *replayPlace `json:"as_of"`
		Lines   []whyReason  `json:"lines"`
	}
	whyReason struct {
		Depth int     `json:"depth"`
		Text  string  `json:"text"`
		Seq   *uint64 `json:"seq"`
		Since *string `json:"since"`
		For   *int64  `json:"for_seconds"`
		Then  string  `json:"then"`
	}
)

// WhyJSON writes an answer as one JSON document. name is the name of the input.
func WhyJSON(w io.Writer, name string, a *replay.Answer) error {
	doc := whyDocument{
		Format: "rollsim-why", Version: 1, Input: name, Host: string(a.Host),
		Rollout: string(a.Rollout), Channel: string(a.Channel), At: placeOf(a.At),
		AsOf: placeOf(a.AsOf), Lines: []whyReason{},
	}
	if a.State != 0 {
		doc.State = a.State.String()
	}
	for i := range a.Lines {
		l := &a.Lines[i]
		r := whyReason{Depth: l.Depth, Text: l.Text, Then: l.Then}
		if l.Since.Seq > 0 {
			r.Seq = &l.Since.Seq
		}
		if l.Since != (replay.Where{}) {
			text := timeText(l.Since.At)
			const second = 1_000_000_000
			seconds := int64(a.AsOf.At-l.Since.At) / second
			r.Since, r.For = &text, &seconds
		}
		doc.Lines = append(doc.Lines, r)
	}
	return writeJSON(w, &doc)
}
