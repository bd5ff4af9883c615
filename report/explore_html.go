package report

import (
	_ "embed" // the body of the page
	"fmt"
	"html/template"
	"io"
	"math/bits"
	"strings"
	"time"

	"rollsim/reducer"
	"rollsim/report/picture"
	"rollsim/suite/coverage"
	"rollsim/suite/explore"
)

//go:embed explore.html.tmpl
var exploreHTML string

var explorePage = template.Must(template.New("body").Funcs(template.FuncMap{
	"clear": clearText,
}).Parse(exploreHTML))

// SweepView says what the page of a sweep shows in addition to its result.
type SweepView struct {
	// Picture returns the packed picture of the run of an example; empty if its trace is not kept.
	Picture func(*explore.Example) (string, error)
}

// ExploreHTML writes the result of a sweep as a page: the failures with their pictures, the
// coverage as a heat map, and the distributions as plots.
func ExploreHTML(w io.Writer, r *explore.Result, view SweepView) error {
	var head strings.Builder
	exploreHead(&head, r)
	data := sweepPage{
		OK: r.OK(), Verdict: exploreVerdict(r), Facts: strings.TrimSpace(head.String()),
		Strict: r.Parameters.Strict,
	}
	var err error
	if data.Failures, err = sweepGroups(r, r.Kinds(), "failure", view.Picture); err != nil {
		return err
	}
	for _, c := range r.Unmet() {
		data.Unmet = append(data.Unmet, r.Parameters.Scenarios[c.Scenario]+": "+c.What)
	}
	if data.Excused, err = sweepGroups(r, apart(r.Excused()), "excused", nil); err != nil {
		return err
	}
	if data.Departures, err = sweepGroups(r, apart(r.Departures()), "departure", nil); err != nil {
		return err
	}
	for _, name := range r.Machines() {
		if h := newHeat(name, r.Coverage(name)); h != nil {
			data.Heats = append(data.Heats, h)
		}
	}
	seconds := func(ms int64) string {
		return (time.Duration(ms) * time.Millisecond).Round(time.Second).String()
	}
	data.Plots = []*sweepPlot{
		newPlot("time to converge", &r.Converge, seconds), newPlot("time of a wave", &r.Wave, seconds),
		newPlot("hosts touched", &r.Touched, func(n int64) string { return fmt.Sprint(n) }),
	}
	page := picture.Results{Title: "Sweep of seeds " + r.Parameters.Seeds.String()}
	return writeResults(w, &page, explorePage, data)
}

// writeResults executes the templates of a page and writes it.
func writeResults(w io.Writer, page *picture.Results, t *template.Template, data any) error {
	for _, part := range []struct {
		name string
		to   *template.HTML
	}{{"head", &page.Head}, {"contents", &page.Contents}, {"results", &page.Body}} {
		var b strings.Builder
		if err := t.ExecuteTemplate(&b, part.name, data); err != nil {
			return err
		}
		*part.to = template.HTML(b.String()) // the template has escaped it
	}
	return page.Write(w)
}

// A sweepPage is what the page of a sweep shows.
type sweepPage struct {
	OK, Strict                    bool
	Verdict, Facts                string
	Failures, Excused, Departures []*sweepGroup
	Unmet                         []string
	Heats                         []*heat
	Plots                         []*sweepPlot
}

// A sweepGroup is one group of violations or of answers.
type sweepGroup struct {
	ID, Title, Runs, Text, Drawn, Rerun, Picture string
	Seed                                         uint64
}

// apart returns groups each of which is a kind of its own.
func apart(groups []*explore.Group) [][]*explore.Group {
	var kinds [][]*explore.Group
	for _, g := range groups {
		kinds = append(kinds, []*explore.Group{g})
	}
	return kinds
}

func sweepGroups(
	r *explore.Result, kinds [][]*explore.Group, id string,
	draw func(*explore.Example) (string, error),
) ([]*sweepGroup, error) {
	var all []*sweepGroup
	for i, kind := range kinds {
		g := kind[0]
		s := &sweepGroup{
			ID: fmt.Sprintf("%s-%d", id, i+1), Title: signature(g), Runs: counted(g.Runs, "run"),
			Text: g.First.Subject + ": " + g.First.Detail, Rerun: r.Rerun(&g.First), Seed: g.First.Seed,
		}
		switch {
		case g.What != "":
			s.Title = fmt.Sprintf("%v %s", g.State, g.What)
		case g.First.Excused != "":
			s.Text += "\nnot a failure: " + g.First.Excused
		default:
			var b strings.Builder
			exploreCase(&b, &g.First)
			s.Drawn = strings.TrimSpace(b.String())
		}
		if g.First.Seq > 0 {
			s.Text += fmt.Sprintf("\nfound at entry %d", g.First.Seq)
		}
		for _, other := range kind[1:] {
			s.Text += "\n" + sameCase(other)
		}
		if draw != nil {
			var err error
			if s.Picture, err = draw(&g.First); err != nil {
				return nil, err
			}
		}
		all = append(all, s)
	}
	return all, nil
}

// A heat is the coverage of a table as a heat map.
type heat struct {
	Machine, Counts string
	Columns         []string
	Rows            []heatRow
	Unreached       []reducer.State
}

type heatRow struct {
	State string
	Cells [][]heatLine
}

// A heatLine is one answer. Its heat is from 0, never, to maxHeat.
type heatLine struct {
	Text, Count string
	Heat        int
}

const maxHeat = 5

// heatOf returns the heat of a count: each step is about eight times as often as the one before.
func heatOf(n uint64) int { return min(maxHeat, (bits.Len64(n)+2)/3) }

// newHeat returns the heat map of a machine; nil if no machine answered.
func newHeat(name string, v *explore.Coverage) *heat {
	m, err := explore.CoverageTable(name)
	if err != nil {
		return nil
	}
	never, of := v.NeverHit(m)
	h := &heat{
		Machine: name, Counts: fmt.Sprintf("%d of %d answers occurred", of-len(never), of),
		Unreached: v.NeverReached(),
	}
	kinds := append(reducer.EventKinds(), 0) // Misrouted has no kind
	for _, k := range kinds {
		if k == 0 {
			h.Columns = append(h.Columns, coverage.Misrouted.Condition())
			continue
		}
		h.Columns = append(h.Columns, k.String())
	}
	for _, s := range reducer.States() {
		row := heatRow{State: s.String()}
		for _, k := range kinds {
			var cell []heatLine
			for _, a := range answersTo(m, v, s, k) {
				cell = append(cell, heatLine{a.text, thousands(a.n), heatOf(a.n)})
			}
			row.Cells = append(row.Cells, cell)
		}
		h.Rows = append(h.Rows, row)
	}
	return h
}

// A sweepPlot is a distribution as a plot. All measures are pixels.
type sweepPlot struct {
	Title, Count  string
	Bars          []plotBar
	Lines         []plotLine
	Low, High     string
	Width, Height int
	Base, Foot    int // of the bars, and of the texts below them
}

type plotBar struct {
	X, Y, Width, Height int
	Title               string
}

type plotLine struct {
	X, Y  int
	Text  string
	Right bool // the text ends at the line
}

const (
	plotBars   = 64
	plotStep   = 13
	plotHeight = 120
	plotTop    = 48 // the names of quantiles
)

// newPlot returns the plot of a histogram.
func newPlot(title string, h *explore.Histogram, spell func(int64) string) *sweepPlot {
	p := &sweepPlot{
		Title: title, Count: thousands(h.Count()), Width: plotBars * plotStep,
		Height: plotTop + plotHeight + 20, Base: plotTop + plotHeight, Foot: plotTop + plotHeight + 14,
	}
	bars := h.Bars(plotBars)
	if bars == nil {
		return p
	}
	most := uint64(0)
	for _, b := range bars {
		most = max(most, b.Count)
	}
	step := p.Width / len(bars)
	column := func(v int64) int {
		at := 0
		for i := range bars {
			if bars[i].From <= v {
				at = i
			}
		}
		return at
	}
	for i, b := range bars {
		if b.Count == 0 {
			continue
		}
		height := max(1, int(b.Count*plotHeight/most))
		p.Bars = append(p.Bars, plotBar{
			X: i * step, Y: plotTop + plotHeight - height, Width: max(1, step-1), Height: height,
			Title: fmt.Sprintf("from %s: %s", spell(b.From), thousands(b.Count)),
		})
	}
	for i, q := range []struct {
		name string
		p    float64
	}{{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}} {
		v := h.Quantile(q.p)
		x := column(v)*step + step/2
		p.Lines = append(p.Lines, plotLine{
			X: x, Y: 12 + 14*i, Text: q.name + " " + spell(v), Right: x > p.Width*3/4,
		})
	}
	p.Low, p.High = spell(bars[0].From), "max "+spell(h.Max())
	return p
}
