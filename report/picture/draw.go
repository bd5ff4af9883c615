package picture

import (
	"fmt"
	"io"
	"math"
	"strings"

	"rollsim/internal/plural"
	"rollsim/reducer"
	"rollsim/timeline"
	"rollsim/trace"
)

// The measures of a picture, in pixels, and the limits of its texts, in characters.
const (
	imageWidth = 1200
	plotLeft   = 192
	plotRight  = 972
	textRight  = plotRight + 8 // the column of the last states

	bandHeight = 18
	bandStep   = 22
	lineHeight = 13
	lineStep   = 16
	axisHeight = 34

	labelLength = 24
	endLength   = 31
	titleLength = 120
	noteLength  = 168

	charWidth      = 6 // of the small texts
	axisCharWidth  = 6
	ticksMinWidth  = 78
	flagRadius     = 7
	legendColumns  = 5
	legendStep     = 18
	legendColWidth = 230
)

// Options say what a picture shows in addition to the trace.
type Options struct {
	Name string // of the trace, for the title: a scenario, a feature, a file

	// For a page only. From and To are the seq of the first and of the last entry that it lists;
	// zero is the first or the last of the trace. Command is the command that makes the page,
	// without these options and without the output.
	From, To uint64
	Command  string

	texts int // instead of maxPageTexts, in tests
}

// drawing is a picture in progress.
type drawing struct {
	*model
	opt   Options
	scale *scale
	c     *canvas
	y     int
	seen  [shapeCount]bool
	waves bool // a wave cursor is drawn
}

// SVG writes a trace as a picture.
func SVG(w io.Writer, x *timeline.Index, opt Options) error {
	m := newModel(x, maxLines, maxBands)
	d := &drawing{
		model: m, opt: opt, scale: newScale(m.times, plotLeft, plotRight-plotLeft),
		c: &canvas{used: make(map[*look]bool)},
	}
	d.title()
	top := d.y
	d.y += axisHeight
	body := d.c
	d.c = &canvas{used: body.used}
	for _, ch := range m.channels {
		d.channel(ch)
	}
	rows := d.c
	d.c = body
	d.axis(top, d.y)
	d.c.b.WriteString(rows.b.String())
	d.overlay(top, d.y)
	d.legend()
	d.list()
	_, err := io.WriteString(w, d.document())
	return err
}

// document returns the whole file.
func (d *drawing) document() string {
	var b strings.Builder
	height := d.y + 12
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" `+
		`viewBox="0 0 %[1]d %[2]d" role="img" aria-labelledby="title about">`+"\n", imageWidth, height)
	fmt.Fprintf(&b, "<title id=\"title\">%s</title>\n<desc id=\"about\">%s</desc>\n",
		escape(cut(d.heading(), titleLength)), escape(d.summary()))
	b.WriteString(style)
	b.WriteString("<defs>\n" + d.c.patterns() + "</defs>\n")
	fmt.Fprintf(&b, `<rect x="0" y="0" width="%d" height="%d" rx="6" fill="%s" stroke="%s"/>`+"\n",
		imageWidth, height, paper, rule)
	b.WriteString(d.c.b.String())
	b.WriteString("</svg>\n")
	return b.String()
}

const fonts = `ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace`

const style = `<style>
text{font:11px ` + fonts + `;fill:` + ink + `}
.t{font-size:15px;font-weight:bold}
.f{fill:` + faded + `}
.h{font-weight:bold}
.e{text-anchor:end}
.m{text-anchor:middle}
.s{font-size:10px}
.w{font-size:10px;fill:#fff}
.n{font-size:9px;font-weight:bold;text-anchor:middle;fill:#fff}
.x{fill:` + danger + `;font-weight:bold}
.g{stroke:` + rule + `;fill:none}
.o{stroke:#555;fill:none;stroke-width:.6}
.i{stroke:#6e6e6e;fill:none}
.j{fill:#f6f6f6}
.l{fill:#555}
.d{fill:` + ink + `;stroke:#fff;stroke-width:.6}
.k{stroke:` + danger + `;stroke-width:2.4;fill:none}
.a{fill:#6a3d9a;stroke:#fff;stroke-width:.6}
.c{stroke:#6a3d9a;stroke-width:1.5;stroke-dasharray:5 3;fill:none}
.v{fill:` + danger + `;stroke:#fff}
.q{fill:#fff;stroke:` + danger + `;stroke-width:1.4}
.b{stroke:` + ink + `;stroke-width:1.6;fill:none}
</style>
`

// heading returns the title: the name of the trace.
func (d *drawing) heading() string {
	if h := d.x.Header(); h != nil && d.opt.Name == "" {
		return h.Scenario
	}
	return d.opt.Name
}

// summary returns where the trace is from and what the picture shows.
func (d *drawing) summary() string {
	from := fmt.Sprintf("recorded log, machine %s; ", d.x.Machine().Name())
	if h := d.x.Header(); h != nil {
		from = fmt.Sprintf("seed %d, machine %s; ", h.Seed, h.Machine)
	}
	text := from + fmt.Sprintf("%s of %s, %s; ", plural.Count(d.rollouts, "rollout"),
		plural.Count(len(d.channels), "channel"), plural.Count(d.hosts, "host"))
	text += d.unfinished()
	lines := d.x.Lines()
	if lines.Absolute {
		day := clock(d.from, true)[:len("2006-01-02 ")]
		text += "; " + clock(d.from, true) + " to " + strings.TrimPrefix(clock(d.to, true), day) + " UTC"
	} else {
		text += "; over " + duration(d.to-d.from)
	}
	return fmt.Sprintf("%s; %s", text, plural.Count(d.x.Len(), "entry"))
}

// unfinished names the first of the rollouts that are unfinished at the end.
func (d *drawing) unfinished() string {
	if len(d.open) == 0 {
		return "no rollout is unfinished at the end"
	}
	text := "unfinished at the end: "
	for i, r := range d.open {
		if i == 2 && len(d.open) > 3 {
			return text + fmt.Sprintf(" and %d more", len(d.open)-i)
		}
		if i > 0 {
			text += ", "
		}
		text += string(timeline.ShortID(r.Record.RolloutID))
		if r.SetBack() {
			text += " (set back)"
		}
	}
	return text
}

func (d *drawing) title() {
	d.c.text("t", 16, 28, cut(d.heading(), titleLength))
	d.c.text("f", 16, 46, cut(d.summary(), noteLength))
	d.y = 56
}

// axis draws the times and the idle times, behind the rows.
func (d *drawing) axis(top, bottom int) {
	base := top + axisHeight - 6
	for _, g := range d.scale.idle {
		fmt.Fprintf(&d.c.b, `<rect class="j" x="%d" y="%d" width="%d" height="%d"/>`+"\n",
			g.x, base, g.width, bottom-base-8)
		d.c.path("i", zigzag(g.x, base, g.width), "idle for "+duration(g.to-g.from))
		label := duration(g.to - g.from)
		if len(label)*axisCharWidth+6 <= g.width {
			d.c.text("s f m", g.x+g.width/2, top+9, label)
		}
	}
	free := plotLeft - ticksMinWidth
	last, before := reducer.Time(math.MinInt64), ""
	for i, t := range d.scale.times {
		x := d.scale.at[i] / subpixels
		label := d.axisLabel(t, last)
		if x < free || label == before || x > plotRight-30 {
			continue
		}
		last, before = t, label
		d.c.path("g", fmt.Sprintf("M%d %dV%d", x, base-4, bottom-8), "")
		d.c.text("s f", x, base-7, label)
		free = x + len(label)*axisCharWidth + 14
	}
}

// zigzag returns the path of a zigzag of a width, which marks idle time on the axis.
func zigzag(x, y, width int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "M%d %d", x, y)
	for w := 0; w+6 <= width; w += 6 {
		b.WriteString("l3-4l3 4")
	}
	return b.String()
}

// tickLabel returns a time for the axis.
func (d *drawing) tickLabel(t reducer.Time) string {
	if d.x.Lines().Absolute {
		return clock(t, false)
	}
	return duration(t - d.from)
}

// axisLabel returns a time for the axis, with the day if it is another one than that of the label
// before.
func (d *drawing) axisLabel(t, last reducer.Time) string {
	const day = 24 * 3600 * 1_000_000_000
	if d.x.Lines().Absolute && t/day != last/day {
		return strings.TrimPrefix(clock(t, true), clock(d.from, true)[:len("2006-")])
	}
	return d.tickLabel(t)
}

// clock returns a time of day in UTC, with the date if asked.
func clock(t reducer.Time, date bool) string {
	text := string(trace.AppendTime(nil, t))
	day, rest, _ := strings.Cut(text, "T")
	if len(rest) >= len("00:00:00") {
		rest = rest[:len("00:00:00")]
	}
	if date {
		return day + " " + rest
	}
	return rest
}

// duration returns a duration in its two largest units.
func duration(t reducer.Time) string {
	ms := int64(t) / 1_000_000
	s, m, h, days := ms/1000, ms/60_000, ms/3_600_000, ms/86_400_000
	two := func(a int64, unit string, b int64, less string) string {
		if b == 0 {
			return fmt.Sprintf("%d %s", a, unit)
		}
		return fmt.Sprintf("%d %s %d %s", a, unit, b, less)
	}
	switch {
	case days > 0:
		return two(days, "d", h%24, "h")
	case h > 0:
		return two(h, "h", m%60, "min")
	case m > 0:
		return two(m, "min", s%60, "s")
	case s >= 10 || ms == 0:
		return fmt.Sprintf("%d s", s)
	case ms >= 100:
		return fmt.Sprintf("%d.%d s", s, ms%1000/100)
	}
	return fmt.Sprintf("%d ms", ms)
}
