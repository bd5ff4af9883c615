package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"strconv"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"

	"rollsim/timeline"
)

// pixelRatio is the number of pixels of a PNG for one of an SVG.
const pixelRatio = 2

// PNG writes the picture that SVG writes as pixels, for programs that show no SVG. It has no
// tooltips. Its bytes may differ between processors by rounding, unlike those of SVG.
func PNG(w io.Writer, x *timeline.Index, opt Options) error {
	var svg bytes.Buffer
	if err := SVG(&svg, x, opt); err != nil {
		return err
	}
	p, err := newPainter()
	if err != nil {
		return err
	}
	if err := p.paint(&svg); err != nil {
		return err
	}
	return png.Encode(w, p.image)
}

// painter paints the part of SVG that this package writes.
type painter struct {
	image  *image.RGBA
	shapes vector.Rasterizer
	fonts  map[fontKey]font.Face
	tiles  map[string]*image.RGBA // of patterns, by reference
}

type fontKey struct {
	size int
	bold bool
}

func newPainter() (*painter, error) {
	p := &painter{fonts: make(map[fontKey]font.Face), tiles: make(map[string]*image.RGBA)}
	for _, f := range []struct {
		data []byte
		bold bool
	}{{gomono.TTF, false}, {gomonobold.TTF, true}} {
		parsed, err := opentype.Parse(f.data)
		if err != nil {
			return nil, err
		}
		for _, size := range []int{9, 10, 11, 15} {
			face, err := opentype.NewFace(parsed, &opentype.FaceOptions{
				Size: float64(size * pixelRatio), DPI: 72, Hinting: font.HintingFull,
			})
			if err != nil {
				return nil, err
			}
			p.fonts[fontKey{size, f.bold}] = face
		}
	}
	return p, nil
}

// element is an element of the picture.
type element struct {
	name string
	attr map[string]string
}

// number returns an attribute that is an integer; 0 if it is not set.
func (e *element) number(name string) int {
	n, _ := strconv.Atoi(e.attr[name]) // not set, or a number that this package wrote
	return n
}

// paint paints a whole picture.
func (p *painter) paint(svg io.Reader) error {
	d := xml.NewDecoder(svg)
	var stack []element
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := element{name: token.Name.Local, attr: make(map[string]string)}
			for _, a := range token.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			stack = append(stack, e)
			if err := p.start(stack); err != nil {
				return err
			}
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if top := len(stack) - 1; top >= 0 && stack[top].name == "text" {
				p.text(&stack[top], string(token))
			}
		}
	}
}

// start paints an element, which is the last one of those that are open.
func (p *painter) start(open []element) error {
	e := &open[len(open)-1]
	switch e.name {
	case "svg":
		width, height := e.number("width")*pixelRatio, e.number("height")*pixelRatio
		p.image = image.NewRGBA(image.Rect(0, 0, width, height))
		draw.Draw(p.image, p.image.Rect, image.NewUniform(colorOf(paper)), image.Point{}, draw.Src)
	case "pattern":
		size := tileSize * pixelRatio
		p.tiles["url(#"+e.attr["id"]+")"] = image.NewRGBA(image.Rect(0, 0, size, size))
	case "rect":
		if len(open) > 2 && open[len(open)-2].name == "pattern" {
			tile := p.tiles["url(#"+open[len(open)-2].attr["id"]+")"]
			draw.Draw(tile, tile.Rect, image.NewUniform(colorOf(e.attr["fill"])), image.Point{}, draw.Src)
			return nil
		}
		p.rect(e)
	case "path":
		outline, err := parsePath(e.attr["d"])
		if err != nil {
			return err
		}
		if n := len(open); n > 3 && open[n-3].name == "pattern" {
			group := open[n-2].attr
			width := 10 * max(1, e.number("stroke-width"))
			tile := p.tiles["url(#"+open[n-3].attr["id"]+")"]
			p.stroke(tile, outline, width, 0, colorOf(group["stroke"]))
			return nil
		}
		p.path(outline, e.attr["class"])
	}
	return nil
}

// rect paints a rectangle.
func (p *painter) rect(e *element) {
	x, y := e.number("x")*pixelRatio, e.number("y")*pixelRatio
	at := image.Rect(x, y, x+e.number("width")*pixelRatio, y+e.number("height")*pixelRatio)
	fill := e.attr["fill"]
	if e.attr["class"] == "j" {
		fill = "#f6f6f6"
	}
	if tile := p.tiles[fill]; tile != nil {
		p.tiled(at, tile)
		return
	}
	draw.Draw(p.image, at, image.NewUniform(colorOf(fill)), image.Point{}, draw.Src)
}

// tiled fills a rectangle with a tile, whose origin is that of the picture.
func (p *painter) tiled(at image.Rectangle, tile *image.RGBA) {
	size := tile.Rect.Dx()
	for y := at.Min.Y / size * size; y < at.Max.Y; y += size {
		for x := at.Min.X / size * size; x < at.Max.X; x += size {
			to := image.Rect(x, y, x+size, y+size).Intersect(at)
			draw.Draw(p.image, to, tile, to.Min.Sub(image.Pt(x, y)), draw.Src)
		}
	}
}

// inks has how paths of each class are painted: fill, stroke, width of the stroke in tenths of a
// pixel, and length of dashes in pixels. It repeats the style of SVG.
var inks = map[string]struct {
	fill, stroke string
	width, dash  int
}{
	"g": {"", rule, 10, 0},
	"o": {"", "#555555", 6, 0},
	"i": {"", "#6e6e6e", 10, 0},
	"l": {"#555555", "", 0, 0},
	"d": {ink, paper, 6, 0},
	"k": {"", danger, 24, 0},
	"a": {"#6a3d9a", paper, 6, 0},
	"c": {"", "#6a3d9a", 15, 5},
	"v": {danger, paper, 10, 0},
	"q": {paper, danger, 14, 0},
	"b": {"", ink, 16, 0},
}

// path paints a path of a class.
func (p *painter) path(outline [][]point, class string) {
	how := inks[class]
	if how.fill != "" {
		p.fill(p.image, outline, colorOf(how.fill))
	}
	if how.stroke != "" {
		p.stroke(p.image, outline, how.width, how.dash, colorOf(how.stroke))
	}
}

// fill fills closed lines.
func (p *painter) fill(to *image.RGBA, polygons [][]point, c color.Color) {
	if len(polygons) == 0 {
		return
	}
	// only the part of the picture that they cover, because it is painted as a whole
	first := polygons[0][0]
	from, end := first, first
	for _, line := range polygons {
		for _, at := range line {
			from = point{min(from.x, at.x), min(from.y, at.y)}
			end = point{max(end.x, at.x), max(end.y, at.y)}
		}
	}
	at := image.Rect(int(from.x*pixelRatio)-1, int(from.y*pixelRatio)-1,
		int(end.x*pixelRatio)+2, int(end.y*pixelRatio)+2).Intersect(to.Rect)
	p.shapes.Reset(at.Dx(), at.Dy())
	for _, line := range polygons {
		for i, v := range line {
			x, y := v.x*pixelRatio-float32(at.Min.X), v.y*pixelRatio-float32(at.Min.Y)
			if i == 0 {
				p.shapes.MoveTo(x, y)
			} else {
				p.shapes.LineTo(x, y)
			}
		}
		p.shapes.ClosePath()
	}
	p.shapes.Draw(to, at, image.NewUniform(c), image.Point{})
}

// stroke draws lines. width is in tenths of a pixel. With a dash every second stretch of that
// length is left out.
func (p *painter) stroke(to *image.RGBA, outline [][]point, width, dash int, c color.Color) {
	half := float32(width) / 20
	var polygons [][]point
	for _, line := range outline {
		for i := 1; i < len(line); i++ {
			a, b := line[i-1], line[i]
			length := hypotenuse(b.x-a.x, b.y-a.y)
			if length == 0 {
				continue
			}
			along := point{(b.x - a.x) / length, (b.y - a.y) / length}
			step := length
			if dash > 0 {
				step = float32(dash)
			}
			for from := float32(0); from < length; from += step {
				end := min(from+step, length)
				polygons = append(polygons, segment(a, along, from, end, half))
				if dash > 0 {
					from += step
				}
			}
		}
	}
	p.fill(to, polygons, c)
}

// segment returns a part of a straight line from a, as a polygon.
func segment(a, along point, from, to, half float32) []point {
	across := point{-along.y * half, along.x * half}
	one := point{a.x + along.x*from, a.y + along.y*from}
	two := point{a.x + along.x*to, a.y + along.y*to}
	return []point{
		{one.x + across.x, one.y + across.y}, {two.x + across.x, two.y + across.y},
		{two.x - across.x, two.y - across.y}, {one.x - across.x, one.y - across.y},
	}
}

// text paints a text.
func (p *painter) text(e *element, text string) {
	key, fill, anchor := fontKey{11, false}, ink, ""
	for _, class := range strings.Fields(e.attr["class"]) {
		switch class {
		case "t":
			key = fontKey{15, true}
		case "h":
			key.bold = true
		case "f":
			fill = faded
		case "s":
			key.size = 10
		case "w":
			key.size, fill = 10, paper
		case "n":
			key, fill, anchor = fontKey{9, true}, paper, "m"
		case "e", "m":
			anchor = class
		}
	}
	d := font.Drawer{Dst: p.image, Src: image.NewUniform(colorOf(fill)), Face: p.fonts[key]}
	x := fixed.I(e.number("x") * pixelRatio)
	switch anchor {
	case "e":
		x -= d.MeasureString(text)
	case "m":
		x -= d.MeasureString(text) / 2
	}
	d.Dot = fixed.Point26_6{X: x, Y: fixed.I(e.number("y") * pixelRatio)}
	d.DrawString(text)
}

// colorOf returns the color #rrggbb.
func colorOf(text string) color.Color {
	n, err := strconv.ParseUint(strings.TrimPrefix(text, "#"), 16, 32)
	if err != nil {
		return color.Transparent
	}
	return color.RGBA{R: uint8(n >> 16), G: uint8(n >> 8), B: uint8(n), A: 0xff}
}

// errPath reports a path that this package does not write.
var errPath = errors.New("unknown path")

func badPath(d string) error { return fmt.Errorf("%w: %s", errPath, d) }
