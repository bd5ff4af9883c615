package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"rollsim/suite/explore"
)

func sweepPageOf(t *testing.T, r *explore.Result, view SweepView) string {
	t.Helper()
	var b bytes.Buffer
	if err := ExploreHTML(&b, r, view); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestExploreHTML checks that the page of a sweep has what the text has.
func TestExploreHTML(t *testing.T) {
	s := &explore.Sweep{Source: swarm(canary), Seeds: explore.Range{From: 1, To: 40}, Jobs: 2}
	text, r := exploreText(t, s)
	drawn := 0
	page := sweepPageOf(t, r, SweepView{Picture: func(*explore.Example) (string, error) {
		drawn++
		return "cGFja2Vk", nil
	}})
	failures := len(r.Failures())
	if drawn != failures || strings.Count(page, `data-picture="cGFja2Vk"`) != failures {
		t.Errorf("%d pictures of %d failures", drawn, failures)
	}
	if got := strings.Count(page, "data-bad open"); got != failures || failures == 0 {
		t.Errorf("%d failures in the page, want %d", got, failures)
	}
	for _, want := range []string{
		exploreVerdict(r), r.Digest(), "Coverage of canary", `class="heat`, `class="never"`,
		"time to converge", "p50 ", "p90 ", "p99 ", `id="excused"`, `id="departures"`,
		"run it again: <code>rollsim explore --seeds",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q; the text is\n%s", want, text)
		}
	}

	s = &explore.Sweep{Source: swarm("rfc0008"), Seeds: explore.Range{From: 1, To: 2}, Jobs: 1}
	_, r = exploreText(t, s)
	page = sweepPageOf(t, r, SweepView{})
	if strings.Contains(page, "<details data-item data-bad") ||
		!strings.Contains(page, "✓ no failures") {
		t.Error("a sweep without failures shows one")
	}
}

// TestExploreHTMLSmall checks that the page shows the small case of a failure, instead of what its
// seed drew, unless the case is unfinished.
func TestExploreHTMLSmall(t *testing.T) {
	s := &explore.Sweep{Source: swarm(canary), Seeds: explore.Range{From: 7, To: 7}, Jobs: 1}
	_, r := exploreText(t, s)
	e := &r.Failures()[0].First
	e.Drawn = "what the seed drew"
	e.Small = &explore.Small{
		Key: "unpruned/Superseded", Scenario: "the case", Feature: "Feature: small", Note: "a note",
	}
	page := sweepPageOf(t, r, SweepView{})
	if !strings.Contains(page, "key: unpruned/Superseded") ||
		!strings.Contains(page, "Feature: small") || strings.Contains(page, e.Drawn) {
		t.Errorf("the page does not show the small case:\n%s", page)
	}
	e.Small = &explore.Small{Unfinished: "it was interrupted"}
	page = sweepPageOf(t, r, SweepView{})
	if !strings.Contains(page, e.Drawn) || !strings.Contains(page, "unfinished: it was interrupted") {
		t.Errorf("the page does not show what was drawn:\n%s", page)
	}
}

// TestExploreHTMLHostile checks that the text of an example is text.
func TestExploreHTMLHostile(t *testing.T) {
	s := &explore.Sweep{Source: swarm(canary), Seeds: explore.Range{From: 1, To: 20}, Jobs: 1}
	_, r := exploreText(t, s)
	g := r.Failures()[0]
	g.First.Subject, g.First.Drawn = `</script><script>alert(1)</script>`, `"><img src=x>`
	page := sweepPageOf(t, r, SweepView{})
	if strings.Count(page, "<script>") != 1 || strings.Contains(page, "<img") {
		t.Error("a name is not text")
	}
}

func TestHeat(t *testing.T) {
	for n, want := range map[uint64]int{
		0: 0, 1: 1, 7: 1, 8: 2, 63: 2, 64: 3, 511: 3, 512: 4, 4095: 4, 4096: 5, 1 << 40: 5,
	} {
		if got := heatOf(n); got != want {
			t.Errorf("%d has heat %d, want %d", n, got, want)
		}
	}
}

// TestPlot draws histograms at the limits of a plot.
func TestPlot(t *testing.T) {
	spell := func(n int64) string { return fmt.Sprint(n) }
	if p := newPlot("empty", new(explore.Histogram), spell); p.Bars != nil || p.Lines != nil {
		t.Errorf("an empty histogram is drawn: %+v", p)
	}
	s := &explore.Sweep{Source: swarm("rfc0008"), Seeds: explore.Range{From: 1, To: 12}, Jobs: 2}
	_, r := exploreText(t, s)
	for _, h := range []*explore.Histogram{&r.Converge, &r.Wave, &r.Touched} {
		p := newPlot("x", h, spell)
		for _, b := range p.Bars {
			if b.X < 0 || b.X+b.Width > p.Width || b.Height < 1 || b.Y+b.Height != p.Base || b.Y < plotTop {
				t.Errorf("a bar is outside: %+v", b)
			}
		}
		for i, l := range p.Lines {
			if l.X < 0 || l.X > p.Width || l.Right != (l.X > p.Width*3/4) || i > 0 && l.X < p.Lines[i-1].X {
				t.Errorf("a line is outside, or not in order: %+v", p.Lines)
			}
		}
	}
}
