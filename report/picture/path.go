package picture

import (
	"math"
	"strconv"
)

// point is a place in a picture, in pixels of the SVG.
type point struct{ x, y float32 }

// circleSides is the number of sides of the polygon that is painted for a circle.
const circleSides = 32

// pathReader reads the commands of a path.
type pathReader struct {
	text  string
	lines [][]point
	at    point
}

// parsePath returns the lines of a path: M, m, H, h, V, v, l, z, and a for half circles.
func parsePath(d string) ([][]point, error) {
	r := &pathReader{text: d}
	command := byte(0)
	for r.skip(); r.text != ""; r.skip() {
		if c := r.text[0]; c >= 'A' {
			command, r.text = c, r.text[1:]
		}
		if !r.step(command) {
			return nil, badPath(d)
		}
	}
	return r.lines, nil
}

// skip removes what separates numbers.
func (r *pathReader) skip() {
	for r.text != "" && (r.text[0] == ' ' || r.text[0] == ',') {
		r.text = r.text[1:]
	}
}

// number reads a number.
func (r *pathReader) number() (float32, bool) {
	r.skip()
	end := 0
	for end < len(r.text) && (r.text[end] >= '0' && r.text[end] <= '9' || r.text[end] == '.' ||
		end == 0 && r.text[end] == '-') {
		end++
	}
	v, err := strconv.ParseFloat(r.text[:end], 32)
	r.text = r.text[end:]
	return float32(v), err == nil
}

// pair reads two numbers.
func (r *pathReader) pair() (point, bool) {
	x, ok := r.number()
	y, also := r.number()
	return point{x, y}, ok && also
}

// step carries out a command with the next numbers.
func (r *pathReader) step(command byte) bool {
	var to point
	var v float32
	ok := true
	switch command {
	case 'M', 'm':
		if to, ok = r.pair(); command == 'm' {
			to.x, to.y = to.x+r.at.x, to.y+r.at.y
		}
		r.at = to
		r.lines = append(r.lines, []point{to})
		return ok
	case 'l':
		to, ok = r.pair()
		to.x, to.y = to.x+r.at.x, to.y+r.at.y
	case 'H', 'h':
		if v, ok = r.number(); command == 'h' {
			v += r.at.x
		}
		to = point{v, r.at.y}
	case 'V', 'v':
		if v, ok = r.number(); command == 'v' {
			v += r.at.y
		}
		to = point{r.at.x, v}
	case 'a':
		return r.arc()
	case 'z':
		if len(r.lines) > 0 {
			to = r.lines[len(r.lines)-1][0]
		}
	default:
		return false
	}
	return ok && r.line(to)
}

// line adds a straight line to a point. It returns false if no line has begun.
func (r *pathReader) line(to point) bool {
	if len(r.lines) == 0 {
		return false
	}
	last := &r.lines[len(r.lines)-1]
	*last = append(*last, to)
	r.at = to
	return true
}

// arc adds half a circle to a point at the same height.
func (r *pathReader) arc() bool {
	for range 5 { // the radii, and which of the arcs it is
		if _, ok := r.number(); !ok {
			return false
		}
	}
	by, ok := r.pair()
	radius, from := by.x/2, r.at
	for i := 1; i <= circleSides/2 && ok; i++ {
		angle := math.Pi * float64(i) / (circleSides / 2)
		ok = r.line(point{
			from.x + radius - radius*float32(math.Cos(angle)), from.y + radius*float32(math.Sin(angle)),
		})
	}
	return ok
}

func hypotenuse(x, y float32) float32 { return float32(math.Hypot(float64(x), float64(y))) }
