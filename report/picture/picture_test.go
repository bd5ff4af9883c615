package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rollsim"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/timeline"
	"rollsim/trace"
)

// simulate returns the index of a scenario, with its violations.
func simulate(t *testing.T, file *scenario.File) *timeline.Index {
	t.Helper()
	m, err := machine.ByName(file.Scenario.Machine)
	if err != nil {
		t.Fatal(err)
	}
	b := timeline.NewBuilder(timeline.Options{Machine: m})
	result, err := sim.Run(
		&file.Scenario, sim.Options{Machine: m, Seed: file.Scenario.Seed, Sink: b},
	)
	if err != nil {
		t.Fatal(err)
	}
	x, err := b.Index()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range result.Violations {
		x.AddMarks([]timeline.Mark{{
			Kind: timeline.Violation, Seq: v.Seq, Title: string(v.Invariant), Detail: v.Detail,
			Rollout: reducer.RolloutID(v.Subject),
		}})
	}
	return x
}

func ofLibrary(t *testing.T, name string) *timeline.Index {
	t.Helper()
	file, err := scenario.LoadFS(rollsim.Library, "scenarios/"+name+".yaml")
	if err != nil {
		t.Fatal(err)
	}
	return simulate(t, file)
}

// recorded returns the index of a sample log, or of its entries from one on.
func recorded(t testing.TB, name string, from int) *timeline.Index {
	t.Helper()
	f, err := os.Open("../../trace/testdata/" + name + ".ndjson.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := trace.NewReader(name, f)
	if err != nil {
		t.Fatal(err)
	}
	b := timeline.NewBuilder(timeline.Options{})
	for n := 0; ; n++ {
		e, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if n < from {
			continue
		}
		if err := b.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	x, err := b.Index()
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func drawn(t *testing.T, x *timeline.Index) string {
	t.Helper()
	var b bytes.Buffer
	if err := SVG(&b, x, Options{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestGoldens compares pictures with their goldens. UPDATE=1 go test ./report/picture rewrites
// them; look at each that changes.
func TestGoldens(t *testing.T) {
	for name, x := range map[string]*timeline.Index{
		"failure":      ofLibrary(t, "failure-under-rfc0008"),
		"gates":        ofLibrary(t, "every-gate-in-turn"),
		"supersession": ofLibrary(t, "superseded-mid-wave"),
		"stranded":     ofLibrary(t, "ref-set-back-strands-the-channel"),
		"crash":        ofLibrary(t, "crash-by-chance"),
		"recorded":     recorded(t, "sample-4", 0),
	} {
		t.Run(name, func(t *testing.T) {
			got, file := drawn(t, x), "testdata/"+name+".svg"
			if os.Getenv("UPDATE") != "" {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs: UPDATE=1 go test ./report/picture rewrites it", file)
			}
		})
	}
}

// TestWellFormed checks that pictures are well-formed XML that loads nothing, and that all their
// coordinates are integers within the picture.
func TestWellFormed(t *testing.T) {
	for name, x := range map[string]*timeline.Index{
		"faults":   ofLibrary(t, "faults-all-at-once"),
		"many":     ofLibrary(t, "ten-thousand-hosts"),
		"recorded": recorded(t, "sample-6", 0),
		"trimmed":  recorded(t, "sample-6", 700),
		"hostile":  hostile(t),
	} {
		t.Run(name, func(t *testing.T) {
			svg := drawn(t, x)
			checkXML(t, svg)
			body := svg[strings.Index(svg, "</style>"):]
			for _, m := range regexp.MustCompile(` (x|y|width|height|d)="([^"]*)"`).
				FindAllStringSubmatch(body, -1) {
				if strings.Contains(m[2], ".") && !strings.Contains(m[2], "l4 2.5l-4 2.5z") {
					t.Errorf("%s is not an integer", m[0])
				}
			}
			if hosts := strings.Count(svg, `class="s f e"`); hosts > maxLines {
				t.Errorf("%d hosts", hosts)
			}
			if again := drawn(t, x); again != svg {
				t.Error("two pictures of one index differ")
			}
		})
	}
}

// checkXML reads a picture as XML, and refuses elements and attributes that run or load something.
func checkXML(t *testing.T, svg string) {
	t.Helper()
	known := []string{
		"svg", "title", "desc", "style", "defs", "pattern", "rect", "g", "path", "text",
	}
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if !slices.Contains(known, e.Name.Local) {
			t.Errorf("element %s", e.Name.Local)
		}
		for _, a := range e.Attr {
			name := strings.ToLower(a.Name.Local)
			if strings.HasPrefix(name, "on") || strings.Contains(name, "href") ||
				strings.Contains(a.Value, "url(") && !strings.HasPrefix(a.Value, "url(#") {
				t.Errorf("attribute %s=%s", a.Name.Local, a.Value)
			}
		}
	}
}

// hostile returns the index of a log with names that a browser or a terminal would obey.
func hostile(t testing.TB) *timeline.Index {
	t.Helper()
	const id, channel = "<script>alert(1)</script>@]]>'--", "<script>alert(1)</script>"
	b := timeline.NewBuilder(timeline.Options{})
	events := []reducer.Event{{Kind: reducer.RolloutOpened, Channel: channel, TargetRef: "]]>'--"}}
	for _, host := range []reducer.HostID{
		"<img src=x onerror=y>", `a"><svg onload=z>`, "x\u202e\u200b&amp;", "a\nb",
	} {
		events = append(events, reducer.Event{Kind: reducer.HostJoined, Host: host})
	}
	for i := range events {
		events[i].Rollout = id
		e := trace.Entry{
			Seq: uint64(i + 1), Kind: trace.KindRolloutEvent, Rollout: id, Event: &events[i],
		}
		if err := b.Write(&e); err != nil {
			t.Fatal(err)
		}
	}
	x, err := b.Index()
	if err != nil {
		t.Fatal(err)
	}
	x.AddMarks([]timeline.Mark{{Kind: timeline.Finding, Title: "<b>", Detail: "</text>&"}})
	return x
}

// TestHostile checks that names are text, on one line and without characters that hide something.
func TestHostile(t *testing.T) {
	svg := drawn(t, hostile(t))
	for _, bad := range []string{"<script", "<img", "<svg onload", "\u202e", "\u200b"} {
		if strings.Contains(svg, bad) {
			t.Errorf("the picture contains %q", bad)
		}
	}
	for _, good := range []string{"&lt;script&gt;", "&lt;img src", `\u202e`, "&amp;amp;"} {
		if !strings.Contains(svg, good) {
			t.Errorf("the picture does not contain %q", good)
		}
	}
}

// TestMarks checks which marks a picture has, and that it has no others.
func TestMarks(t *testing.T) {
	symbols := map[shape]string{
		dispatched: "l7 4l-7 4z", again: "l4 2.5l-4 2.5z", failed: "l8 8m0-8l-8 8",
		fault: "l4 4l-4 4l-4-4z", crash: "l5 5l-5 5l-5-5z", refusal: "h7v7h-7z",
	}
	for _, test := range []struct {
		scenario string
		want     []shape
	}{
		{"one-wave-converges", []shape{dispatched}},
		{"host-fails-under-halt", []shape{dispatched, failed}},
		{"host-never-answers", []shape{dispatched, again}},
		{"fault-message-delayed-for-long", []shape{dispatched, fault}},
		{"fault-poll-failed", []shape{dispatched, fault}},
		{"crash-in-active", []shape{dispatched, crash}},
	} {
		svg := drawn(t, ofLibrary(t, test.scenario))
		for s, symbol := range symbols {
			if has := strings.Contains(svg, symbol); has != slices.Contains(test.want, s) {
				t.Errorf("%s: mark %d: %v", test.scenario, s, has)
			}
		}
	}
	x := ofLibrary(t, "one-wave-converges")
	if svg := drawn(t, x); strings.Contains(svg, `class="v"`) {
		t.Error("a run without violations has a flag")
	}
	for i := range maxFlags + 3 {
		x.AddMarks([]timeline.Mark{{
			Kind: timeline.Finding, Seq: uint64(i + 1), Title: fmt.Sprintf("title %d.", i), Detail: "why",
		}})
	}
	svg := drawn(t, x)
	for _, want := range []string{
		"1  finding title 0. at entry 1: why", "12  finding title 11. at entry 12: why", "and 3 more",
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("the picture does not contain %q", want)
		}
	}
	if strings.Contains(svg, "title 12. at entry") {
		t.Error("the list has more than it should")
	}
}

// TestRefusal checks the mark of an event that the machine refuses.
func TestRefusal(t *testing.T) {
	x := ofLibrary(t, "clearance-under-v0.2")
	found := false
	for _, c := range x.Changes() {
		found = found || c.What == timeline.Refused
	}
	if has := strings.Contains(drawn(t, x), "h7v7h-7z"); !has || !found {
		t.Errorf("mark %v, change %v", has, found)
	}
}

// TestScale checks that times keep their order, that the first and the last are at the edges, and
// that only long gaps are idle.
func TestScale(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	const second = reducer.Time(1_000_000_000)
	for range 300 {
		times := []reducer.Time{0}
		for range draw.IntN(400) {
			times = append(times, times[len(times)-1]+1+second*reducer.Time(draw.Int64N(1<<draw.IntN(20))))
		}
		s := newScale(times, 100, 780)
		if s.x(times[0]) != 100 || s.x(-1) != 100 {
			t.Fatalf("the first time is at %d", s.x(times[0]))
		}
		end := s.x(times[len(times)-1])
		if end > 880 || len(times) > 8 && end < 860 || s.x(1<<62) != end {
			t.Fatalf("%d times: the last one is at %d", len(times), end)
		}
		for i, x := 1, 100; i < len(times); i++ {
			middle := times[i-1] + (times[i]-times[i-1])/2
			if s.x(middle) < x || s.x(times[i]) < s.x(middle) {
				t.Fatalf("times %d and %d are out of order", i-1, i)
			}
			x = s.x(times[i])
		}
		for _, g := range s.idle {
			if g.to-g.from < idleLeast || g.width < idleWidth || g.x != s.x(g.from) {
				t.Errorf("idle: %+v", g)
			}
		}
	}
	s := newScale([]reducer.Time{0, second, 2 * second, 3 * second, 99999 * second}, 0, 780)
	if len(s.idle) != 1 || s.idle[0].from != 3*second {
		t.Errorf("idle: %+v", s.idle)
	}
	if w := s.x(99999*second) - s.x(3*second); w > 780*2/5 {
		t.Errorf("the idle time is %d wide", w)
	}
	if even := newScale([]reducer.Time{0, 100 * second, 200 * second}, 0, 780); len(even.idle) != 0 {
		t.Errorf("even times are idle: %+v", even.idle)
	}
}

// TestCubeRoot checks the integer part of the cube root at its boundaries.
func TestCubeRoot(t *testing.T) {
	for r := range uint64(3000) {
		if r > 0 && cubeRoot(r*r*r-1) != int(r)-1 || cubeRoot(r*r*r) != int(r) {
			t.Errorf("the cube root of %d is %d", r*r*r, cubeRoot(r*r*r))
		}
	}
}

// TestCut checks where texts are cut.
func TestCut(t *testing.T) {
	for _, test := range []struct {
		text string
		most int
		want string
	}{
		{"", 3, ""},
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"äöüß", 3, "äö…"},
		{"世界人民", 5, "世界…"},
		{"世界", 4, "世界"},
		{"a\nb", 9, `a\u000ab`},
	} {
		if got := cut(test.text, test.most); got != test.want {
			t.Errorf("cut(%q, %d) = %q, want %q", test.text, test.most, got, test.want)
		}
	}
}

// TestDuration checks the durations on the axis.
func TestDuration(t *testing.T) {
	for ms, want := range map[int64]string{
		0: "0 s", 7: "7 ms", 1500: "1.5 s", 9999: "9.9 s", 42000: "42 s", 60000: "1 min",
		61500: "1 min 1 s", 3600000: "1 h", 5400000: "1 h 30 min", 86400000: "1 d",
		7*86400000 + 3600000: "7 d 1 h",
	} {
		if got := duration(reducer.Time(ms) * 1_000_000); got != want {
			t.Errorf("%d ms: %s, want %s", ms, got, want)
		}
	}
}

// TestLooks checks that every state has a look, that the looks of host states differ in their
// pattern or clearly in their lightness, and that each has a meaning.
func TestLooks(t *testing.T) {
	for _, s := range reducer.HostStates() {
		if hostLooks[s] == nil {
			t.Errorf("host state %v has no look", s)
		}
	}
	for _, s := range reducer.States() {
		if rolloutLooks[s] == nil {
			t.Errorf("rollout state %v has no look", s)
		}
	}
	lightness := func(l *look) int {
		var r, g, b int
		if _, err := fmt.Sscanf(l.fill, "#%02x%02x%02x", &r, &g, &b); err != nil {
			t.Fatal(err)
		}
		return (299*r + 587*g + 114*b) / 1000
	}
	all := allLooks()
	for i, a := range all {
		if a.meaning() == "not known" != (a == &lookUnknown) {
			t.Errorf("%s means %q", a.name, a.meaning())
		}
		for _, b := range all[:i] {
			if d := lightness(a) - lightness(b); a.pattern == b.pattern && d > -24 && d < 24 {
				t.Errorf("%s and %s look the same without colours", a.name, b.name)
			}
		}
	}
}
