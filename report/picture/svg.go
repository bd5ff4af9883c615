package picture

import (
	"fmt"
	"strings"

	"rollsim/internal/visible"
)

// canvas writes SVG. All coordinates are in pixels.
type canvas struct {
	b    strings.Builder
	used map[*look]bool
}

// escape returns a text for SVG: on one line, without characters that hide or control anything.
func escape(text string) string {
	return svgEscapes.Replace(visible.Name(text))
}

var svgEscapes = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;",
)

// visibleName returns a name on one line, without characters that hide or control anything.
func visibleName(name string) string { return visible.Name(name) }

// cut cuts a text at a number of characters, wide ones counted twice.
func cut(text string, most int) string {
	text = visible.Name(text)
	width, end := 0, 0
	for i, r := range text {
		w := 1
		if r >= 0x1100 {
			w = 2
		}
		if width+w > most {
			return text[:end] + "…"
		}
		if width += w; width < most {
			end = i + len(string(r))
		}
	}
	return text
}

// rect draws a filled rectangle with a tooltip.
func (c *canvas) rect(x, y, width, height int, l *look, title string) {
	if width <= 0 {
		return
	}
	c.used[l] = true
	fill := l.fill
	if l.pattern != "" {
		fill = "url(#" + l.name + ")"
	}
	fmt.Fprintf(&c.b, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s"`,
		x, y, width, height, fill)
	if title == "" {
		c.b.WriteString("/>\n")
		return
	}
	fmt.Fprintf(&c.b, "><title>%s</title></rect>\n", escape(title))
}

// path draws a path of a class, with a tooltip.
func (c *canvas) path(class, d, title string) {
	fmt.Fprintf(&c.b, `<path class="%s" d="%s"`, class, d)
	if title == "" {
		c.b.WriteString("/>\n")
		return
	}
	fmt.Fprintf(&c.b, "><title>%s</title></path>\n", escape(title))
}

// text writes a text of a class. Its baseline is at y.
func (c *canvas) text(class string, x, y int, text string) {
	fmt.Fprintf(&c.b, "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>\n", class, x, y, escape(text))
}

// patterns returns the definitions of the patterns that were used, in a fixed order.
func (c *canvas) patterns() string {
	var b strings.Builder
	for _, l := range allLooks() {
		if !c.used[l] || l.pattern == "" {
			continue
		}
		fmt.Fprintf(&b, `<pattern id="%s" width="%d" height="%[2]d" patternUnits="userSpaceOnUse">`+
			`<rect width="%[2]d" height="%[2]d" fill="%[3]s"/><g stroke="%s" stroke-width="1" fill="none">`+
			"%s</g></pattern>\n", l.name, tileSize, l.fill, l.ink, l.pattern)
	}
	return b.String()
}

// allLooks returns every look once, as the legend lists them.
func allLooks() []*look {
	return []*look{
		&lookPending, &lookActivating, &lookDeferred, &lookSoaking, &lookConverged, &lookFailed,
		&lookReverted, &lookSuperseded, &lookUnknown,
	}
}
