package picture

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"rollsim/reducer"
	"rollsim/timeline"
)

// channel draws the section of a channel.
func (d *drawing) channel(ch *channel) {
	name := string(ch.id)
	if name == "" {
		name = "opened before the trace begins"
	} else {
		name = "channel " + name
	}
	name = cut(name+d.about(ch), noteLength)
	fmt.Fprintf(&d.c.b, `<rect x="12" y="%d" width="%d" height="18" fill="%s"/>`+"\n",
		d.y, 10+7*utf8.RuneCountInString(name), paper)
	d.c.text("h", 16, d.y+13, name)
	d.thinned(ch.marks, d.y+14, fault, flag)
	d.y += 22
	for _, b := range ch.bands {
		d.band(b)
	}
	d.y += 2
	wave, staged := uint32(0), false
	for _, l := range ch.lines {
		if l.staged && staged && l.wave != wave {
			d.c.path("g", fmt.Sprintf("M16 %dH%d", d.y, plotRight), "")
			d.y += 2
		}
		wave, staged = l.wave, l.staged
		d.line(l)
	}
	d.y += 10
}

// about returns what the header says about a channel.
func (d *drawing) about(ch *channel) string {
	h := d.x.Header()
	if h == nil {
		return ""
	}
	for i := range h.Channels {
		c := &h.Channels[i]
		if c.Channel != ch.id {
			continue
		}
		text := ", policy " + c.Policy.OnHealthFailure.String()
		if len(c.After) > 0 {
			names := make([]string, len(c.After))
			for j, id := range c.After {
				names[j] = string(id)
			}
			text += ", waits for " + strings.Join(names, ", ")
		}
		return text
	}
	return ""
}

// band draws a rollout.
func (d *drawing) band(b *band) {
	id := string(timeline.ShortID(b.r.Record.RolloutID))
	if b.r.Incarnation > 1 {
		id += fmt.Sprintf(" #%d", b.r.Incarnation)
	}
	d.c.text("", 16, d.y+13, cut(id, labelLength))
	for i := range b.spans {
		s := &b.spans[i]
		x, to := d.scale.x(s.from), d.scale.x(s.to)
		l := rolloutLooks[s.state]
		name := timeline.StateName(s.state)
		switch s.state {
		case reducer.Superseded:
			d.c.rect(x, d.y+bandHeight/2-2, to-x, 4, l, d.tip(id, name, s.from, s.to))
			continue
		case reducer.Pruned:
			d.c.path("b", fmt.Sprintf("M%d %dv8", x, d.y+bandHeight/2-4), "pruned at "+d.tickLabel(s.from))
			continue
		case reducer.Opening, reducer.Active, reducer.Converging, reducer.Terminal, reducer.Reverted,
			reducer.Failed:
		}
		d.c.rect(x, d.y, max(1, to-x), bandHeight, l, d.tip(id, name, s.from, s.to))
		d.label(x, to, d.y+12, name, l)
	}
	d.outline(b)
	d.cursors(b)
	for i := range b.marks {
		d.mark(&b.marks[i], d.y+bandHeight/2)
	}
	d.bandEnd(b)
	d.y += bandStep
}

// outline draws the border of a band while the rollout stands.
func (d *drawing) outline(b *band) {
	from, to, stands := 0, 0, false
	for _, s := range b.spans {
		if s.state == reducer.Superseded || s.state == reducer.Pruned {
			break
		}
		if !stands {
			from, stands = d.scale.x(s.from), true
		}
		to = d.scale.x(s.to)
	}
	if stands {
		d.c.path("o", fmt.Sprintf("M%d %dH%dv%dH%[1]dz", from, d.y, max(to, from+1), bandHeight), "")
	}
}

// cursors draws the moves of the wave cursor, unless they are not in the trace.
func (d *drawing) cursors(b *band) {
	if !d.x.CursorKnown() {
		return
	}
	for _, w := range b.waves {
		d.waves = true
		x := d.scale.x(w.at)
		title := fmt.Sprintf("wave cursor: %d", w.to)
		d.c.path("b", fmt.Sprintf("M%d %dv%d", x, d.y-2, bandHeight+4), title)
		d.c.path("d", fmt.Sprintf("M%d %dl5 3l-5 3z", x, d.y-2), "")
	}
}

// bandEnd writes the last state of a rollout, and how many hosts have converged.
func (d *drawing) bandEnd(b *band) {
	converged := 0
	for i := range b.r.Hosts {
		if b.r.Hosts[i].State == reducer.HostConverged {
			converged++
		}
	}
	class := "f s"
	if b.open {
		class = "h s"
	}
	state := timeline.StateName(b.r.Record.State)
	text := fmt.Sprintf("%s, %d/%d converged", state, converged, len(b.r.Hosts))
	if b.gone {
		text = fmt.Sprintf("%s, %d/%d, row deleted", state, converged, len(b.r.Hosts))
	}
	d.c.text(class, textRight, d.y+13, cut(text, endLength))
}

// line draws a host.
func (d *drawing) line(l *line) {
	label := cut(string(l.id), labelLength-3)
	d.c.text("", 28, d.y+10, label)
	if l.staged {
		d.c.text("s f e", plotLeft-6, d.y+10, fmt.Sprintf("w%d", l.wave))
	}
	for i := range l.spans {
		s := &l.spans[i]
		x, to := d.scale.x(s.from), d.scale.x(s.to)
		about := timeline.StateName(s.state)
		if s.gate != "" {
			about += ", held by " + s.gate
		}
		tip := d.tip(string(l.id), about, s.from, s.to)
		d.c.rect(x, d.y, max(1, to-x), lineHeight, hostLooks[s.state], tip)
	}
	d.thinned(l.marks, d.y+lineHeight/2, again)
	for i := range l.spans {
		s := &l.spans[i]
		x, to := d.scale.x(s.from), d.scale.x(s.to)
		if s.starts && i > 0 {
			d.c.path("b", fmt.Sprintf("M%d %dv%d", x, d.y-1, lineHeight+2), "")
		}
		name := timeline.StateName(s.state)
		switch {
		case s.gate != "":
			name = s.gate
		case s.sent && s.state == reducer.HostPending:
			name = "dispatched"
			x += 8 // the mark of the dispatch
		}
		d.label(x, to, d.y+10, name, hostLooks[s.state])
	}
	for i := range l.rest {
		s := &l.rest[i]
		x, to := d.scale.x(s.from), d.scale.x(s.to)
		about := timeline.StateName(s.state) + " under an earlier rollout"
		d.c.rect(x, d.y+lineHeight-1, max(1, to-x), 4, hostLooks[s.state],
			d.tip(string(l.id), about, s.from, s.to))
	}
	d.thinned(l.marks, d.y+lineHeight/2, dispatched, fault, failed, refusal, flag)
	text, class := timeline.StateName(l.last.State), "f s"
	if l.last.Gate != "" {
		text += ", " + l.last.Gate
	}
	if l.last.State != reducer.HostConverged {
		class = "s"
	}
	d.c.text(class, textRight, d.y+10, cut(text, endLength))
	d.y += lineStep
}

// thinned draws the marks of some shapes at a height. Those of one shape that are too close to each
// other are thinned out, except for flags.
func (d *drawing) thinned(marks []mark, y int, shapes ...shape) {
	const apart = 9
	for _, wanted := range shapes {
		last := -apart
		for i := range marks {
			k := &marks[i]
			if k.shape != wanted {
				continue
			}
			x := d.scale.x(k.at)
			if k.label == 0 && x < last+apart {
				continue
			}
			last = x
			d.mark(k, y)
		}
	}
}

// mark draws a mark at a height.
func (d *drawing) mark(k *mark, y int) {
	d.seen[k.shape] = true
	x := d.scale.x(k.at)
	title := k.text + " at " + d.tickLabel(k.at)
	switch k.shape {
	case dispatched:
		d.c.path("d", fmt.Sprintf("M%d %dl7 4l-7 4z", x-1, y-4), title)
	case again:
		d.c.path("l", fmt.Sprintf("M%d %dl4 2.5l-4 2.5z", x, y+2), title+", again")
	case failed:
		d.c.path("k", fmt.Sprintf("M%d %dl8 8m0-8l-8 8", x-4, y-4), title)
	case fault:
		d.c.path("a", fmt.Sprintf("M%d %dl4 4l-4 4l-4-4z", x, y-4), title)
	case crash:
		d.c.path("a", fmt.Sprintf("M%d %dl5 5l-5 5l-5-5z", x, y-5), title)
	case refusal:
		d.c.path("q", fmt.Sprintf("M%d %dh7v7h-7z", x-3, y-3), "refused: "+title)
	case flag:
		d.flag(x, y, k, title)
	case shapeEnd:
	}
}

// flag draws a violation or a finding: a disc with its number in the list.
func (d *drawing) flag(x, y int, k *mark, title string) {
	const r = flagRadius
	if k.label == 0 {
		d.c.path("v", fmt.Sprintf("M%d %dl5 9h-10z", x, y-5), title)
		return
	}
	arc := fmt.Sprintf("a%d %[1]d 0 1 0 ", r)
	d.c.path("v", fmt.Sprintf("M%d %d%s%d 0%[3]s-%[4]d 0", x-r, y, arc, 2*r), title)
	d.c.text("n", x, y+3, fmt.Sprint(k.label))
}

// label writes a name into a span if there is room.
func (d *drawing) label(x, to, y int, name string, l *look) {
	const margin, shortest = 4, 6
	room := (to - x - 2*margin) / charWidth
	if utf8.RuneCountInString(name) > room {
		if room < shortest {
			return
		}
		name = cut(name, room)
	}
	class := "s"
	if l.dark {
		class = "w"
	}
	if l.pattern != "" || l == &lookPending {
		width := utf8.RuneCountInString(name)*charWidth + 4
		fmt.Fprintf(&d.c.b, `<rect x="%d" y="%d" width="%d" height="11" fill="%s"/>`+"\n",
			x+margin-2, y-9, width, l.fill)
	}
	d.c.text(class, x+margin, y, name)
}

// tip returns the tooltip of a span.
func (d *drawing) tip(who, what string, from, to reducer.Time) string {
	return fmt.Sprintf("%s: %s, %s to %s", who, what, d.tickLabel(from), d.tickLabel(to))
}

// overlay draws what concerns the whole picture, above the rows: crashes, and violations of no host
// or rollout.
func (d *drawing) overlay(top, bottom int) {
	for i := range d.crashes {
		k := &d.crashes[i]
		x := d.scale.x(k.at)
		if k.shape == crash {
			line := fmt.Sprintf("M%d %dV%d", x, top+axisHeight-6, bottom-8)
			d.c.path("c", line, k.text+" at "+d.tickLabel(k.at))
		}
		d.mark(k, top+axisHeight-4)
	}
}

// legend explains the fills and marks that the picture has.
func (d *drawing) legend() {
	d.c.path("g", fmt.Sprintf("M16 %dH%d", d.y, imageWidth-16), "")
	d.y += 8
	n := 0
	next := func() (x, y int) {
		x, y = 16+n%legendColumns*legendColWidth, d.y+n/legendColumns*legendStep
		n++
		return x, y
	}
	for _, l := range allLooks() {
		if !d.c.used[l] {
			continue
		}
		x, y := next()
		height, top := 12, y
		if l == &lookSuperseded {
			height, top = 4, y+4
		}
		d.c.rect(x, top, 26, height, l, "")
		if height > 4 {
			d.c.path("o", fmt.Sprintf("M%d %dh26v%dh-26z", x, top, height), "")
		}
		d.c.text("s", x+32, y+10, l.meaning())
	}
	for _, m := range []struct {
		shape shape
		text  string
	}{
		{dispatched, "dispatched"},
		{again, "dispatched again"},
		{failed, "failure"},
		{fault, "fault"},
		{crash, "the control plane crashes"},
		{refusal, "event refused"},
		{flag, "violation or finding, below"},
	} {
		if !d.seen[m.shape] {
			continue
		}
		x, y := next()
		d.symbol(m.shape, x+12, y+6)
		d.c.text("s", x+32, y+10, m.text)
	}
	if d.waves {
		x, y := next()
		d.c.path("b", fmt.Sprintf("M%d %dv12", x+10, y), "")
		d.c.path("d", fmt.Sprintf("M%d %dl5 3l-5 3z", x+10, y), "")
		d.c.text("s", x+32, y+10, "wave cursor moves on")
	}
	if len(d.scale.idle) > 0 {
		x, y := next()
		d.c.path("i", zigzag(x+1, y+8, 24), "")
		d.c.text("s", x+32, y+10, "idle time, shortened")
	}
	d.y += (n+legendColumns-1)/legendColumns*legendStep + 6
}

// symbol draws a mark for the legend.
func (d *drawing) symbol(s shape, x, y int) {
	k := mark{shape: s, label: 1}
	saved := d.scale
	d.scale = &scale{times: []reducer.Time{0}, at: []int{x * subpixels}}
	from := d.c.b.Len()
	d.mark(&k, y)
	text := d.c.b.String()
	d.scale = saved
	drawn := text[from:]
	d.c.b.Reset()
	d.c.b.WriteString(text[:from] + withoutTitle(drawn))
}

// withoutTitle removes the tooltips of a part of a picture.
func withoutTitle(svg string) string {
	for {
		before, rest, ok := strings.Cut(svg, "<title>")
		if !ok {
			return svg
		}
		_, after, _ := strings.Cut(rest, "</title>")
		svg = before + after
	}
}

// list writes the violations and findings, and what is left out.
func (d *drawing) list() {
	lines := d.findings()
	for _, note := range d.notes {
		lines = append(lines, "not shown: "+note)
	}
	if !d.x.CursorKnown() {
		lines = append(lines, "the wave cursor is not in this trace")
	}
	for _, text := range lines {
		d.y += 15
		d.c.text("s", 16, d.y, cut(text, noteLength+40))
	}
	if len(lines) > 0 {
		d.y += 6
	}
}
