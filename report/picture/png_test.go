package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/timeline"
	"rollsim/trace"
)

// TestPNG compares places of a PNG with the SVG: the fill of every span in its middle, and the
// paper around them.
func TestPNG(t *testing.T) {
	x := ofLibrary(t, "failure-under-rfc0008")
	var b bytes.Buffer
	if err := PNG(&b, x, Options{}); err != nil {
		t.Fatal(err)
	}
	got, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	svg := drawn(t, x)
	var height int
	if _, err := fmt.Sscanf(svg[strings.Index(svg, "height="):], `height="%d"`, &height); err != nil {
		t.Fatal(err)
	}
	if size := got.Bounds().Size(); size != image.Pt(imageWidth*pixelRatio, height*pixelRatio) {
		t.Errorf("the PNG has %v pixels", size)
	}
	plain := regexp.MustCompile(
		`<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)" fill="(#[0-9a-f]{6})"><title>`)
	spans := plain.FindAllStringSubmatch(svg, -1)
	if len(spans) < 2 {
		t.Fatalf("%d spans", len(spans))
	}
	for _, m := range spans {
		var at [4]int
		for i := range at {
			_, _ = fmt.Sscan(m[i+1], &at[i])
		}
		if at[2] < 20 {
			continue // a mark or an outline may cover it
		}
		// at the bottom, where no text is
		place := image.Pt((at[0]+at[2]*3/4)*pixelRatio, (at[1]+at[3]-2)*pixelRatio)
		if c := got.At(place.X, place.Y); c != colorOf(m[5]) {
			t.Errorf("%s: the PNG has %v at %v", m[0], c, place)
		}
	}
	if c := got.At(4, 4*pixelRatio); c != colorOf(paper) {
		t.Errorf("the paper is %v", c)
	}
	dark := 0
	for y := 20 * pixelRatio; y < 30*pixelRatio; y++ { // the title
		for x := range 300 {
			if r, _, _, _ := got.At(x, y).RGBA(); r < 0x4000 {
				dark++
			}
		}
	}
	if dark < 200 {
		t.Errorf("the title has %d dark pixels", dark)
	}
}

// TestInks compares how paths are painted in PNG with the style of SVG.
func TestInks(t *testing.T) {
	classes := make(map[string]bool)
	rules := regexp.MustCompile(`(?m)^\.(\w)\{(.*)\}$`).FindAllStringSubmatch(style, -1)
	for _, m := range rules {
		how, isPath := inks[m[1]]
		if !isPath {
			continue
		}
		classes[m[1]] = true
		get := func(name string) string {
			found := regexp.MustCompile(`(?:^|;)` + name + `:([^;]*)`).FindStringSubmatch(m[2])
			if found == nil {
				return ""
			}
			return strings.NewReplacer("#fff", "#ffffff", "#555", "#555555").Replace(
				strings.TrimSuffix(found[1], "none"))
		}
		fill, stroke := get("fill"), get("stroke")
		if len(fill) > 7 {
			fill = fill[:7]
		}
		if len(stroke) > 7 {
			stroke = stroke[:7]
		}
		if fill != how.fill || stroke != how.stroke {
			t.Errorf("class %s: SVG has %s and %s, PNG %s and %s", m[1], fill, stroke, how.fill, how.stroke)
		}
		if dashed := get("stroke-dasharray") != ""; dashed != (how.dash > 0) {
			t.Errorf("class %s: dashes %v", m[1], dashed)
		}
	}
	if len(classes) != len(inks) {
		t.Errorf("the style of SVG has %d of %d classes", len(classes), len(inks))
	}
}

// TestParsePath reads the commands of paths, and refuses others.
func TestParsePath(t *testing.T) {
	for d, want := range map[string][][]point{
		"":                   nil,
		"M1 2":               {{{1, 2}}},
		"M1 2H5v-3h-1V0z":    {{{1, 2}, {5, 2}, {5, -1}, {4, -1}, {4, 0}, {1, 2}}},
		"M0 4h2M4 4h2":       {{{0, 4}, {2, 4}}, {{4, 4}, {6, 4}}},
		"M0 0l8 8m0-8l-8 8":  {{{0, 0}, {8, 8}}, {{8, 0}, {0, 8}}},
		"M0 0l4 2.5l-4 2.5z": {{{0, 0}, {4, 2.5}, {0, 5}, {0, 0}}},
		"M-2 2l4-4M0 8l8-8":  {{{-2, 2}, {2, -2}}, {{0, 8}, {8, 0}}},
		"M1 1 2 2":           {{{1, 1}}, {{2, 2}}},
		"M10 10h2 3":         {{{10, 10}, {12, 10}, {15, 10}}},
	} {
		got, err := parsePath(d)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, %v, want %v", d, got, err, want)
		}
	}
	circle, err := parsePath("M0 5a5 5 0 1 0 10 0a5 5 0 1 0 -10 0")
	if err != nil || len(circle) != 1 || len(circle[0]) != circleSides+1 {
		t.Fatalf("a circle: %v, %v", circle, err)
	}
	for _, at := range circle[0] {
		if r := hypotenuse(at.x-5, at.y-5); r < 4.99 || r > 5.01 {
			t.Errorf("a circle has the point %v", at)
		}
	}
	for _, d := range []string{"l1 2", "M1", "M1 x", "C1 2 3 4 5 6", "M0 0a1 1", "5", "z", "H3"} {
		if lines, err := parsePath(d); !errors.Is(err, errPath) && d != "z" {
			t.Errorf("%q: %v, %v", d, lines, err)
		}
	}
}

// TestLimits checks how much a picture of many channels shows, and that it says what it leaves out.
func TestLimits(t *testing.T) {
	b := timeline.NewBuilder(timeline.Options{})
	seq := uint64(0)
	const channels, each = 30, maxBands + 4
	for ch := range channels {
		for ref := range each {
			seq++
			channel := reducer.ChannelID(fmt.Sprintf("c%d", ch))
			target := reducer.ChannelRef(fmt.Sprintf("r%d", ref))
			id := reducer.NewRolloutID(channel, target)
			ev := reducer.Event{
				Kind: reducer.RolloutOpened, Rollout: id, Channel: channel, TargetRef: target,
			}
			e := trace.Entry{Seq: seq, Kind: trace.KindRolloutEvent, Rollout: id, Event: &ev}
			if err := b.Write(&e); err != nil {
				t.Fatal(err)
			}
		}
	}
	x, err := b.Index()
	if err != nil {
		t.Fatal(err)
	}
	m := newModel(x, maxLines, maxBands)
	bands := 0
	for _, ch := range m.channels {
		if len(ch.bands) > maxBands || len(ch.bands) == 0 {
			t.Errorf("channel %s has %d bands", ch.id, len(ch.bands))
		}
		bands += len(ch.bands)
	}
	if bands != allBands*maxBands {
		t.Errorf("%d bands", bands)
	}
	want := fmt.Sprintf("not shown: %d rollouts", channels*each-bands)
	if !strings.Contains(drawn(t, x), want) {
		t.Errorf("the picture does not say %q: %v", want, m.notes)
	}
	if m := newModel(x, maxLines, each*channels); len(m.notes) > 0 {
		t.Errorf("nothing is left out: %v", m.notes)
	}
}
