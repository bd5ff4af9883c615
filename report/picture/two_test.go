package picture

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"rollsim"
	"rollsim/scenario"
	"rollsim/timeline"
)

// under returns the index of a scenario that ships, under a machine.
func under(t *testing.T, name, machineName string) *timeline.Index {
	t.Helper()
	file, err := scenario.LoadFS(rollsim.Library, "scenarios/"+name+".yaml")
	if err != nil {
		t.Fatal(err)
	}
	file.Scenario.Machine = machineName
	return simulate(t, file)
}

// TestTwo compares two machines: the entries of both are there, in order, and what only one has is
// marked.
func TestTwo(t *testing.T) {
	const name = "failure-under-v0.2"
	a, b := under(t, name, "v0.2"), under(t, name, "rfc0008")
	d, err := newTwoPageData(a, b, Options{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Seq) != a.Len()+b.Len() || !slices.IsSorted(d.At) || !slices.IsSorted(d.ChangeN) {
		t.Errorf("%d entries; times in order: %t; changes in order: %t",
			len(d.Seq), slices.IsSorted(d.At), slices.IsSorted(d.ChangeN))
	}
	checkEntriesOfTwo(t, d, a, b)
	e, err := a.Entry(int(d.Seq[d.First]) - 1)
	if err != nil {
		t.Fatal(err)
	}
	if d.Runs[d.First] != 0 || e.Effect == nil || fmt.Sprint(e.Effect.To) != "Failed" {
		t.Errorf("the runs part at entry %d of run %d: %+v", d.Seq[d.First], d.Runs[d.First], e)
	}
	for n := range d.Flags {
		if n < d.First && d.Flags[n]&differs != 0 {
			t.Errorf("entry %d differs, and comes before the first one", n)
		}
	}
	if len(d.Sections) != 2 || d.Sections[0].Run != "A" || d.Sections[1].Run != "B" {
		t.Fatalf("%d sections", len(d.Sections))
	}
	// The band differs from the failure on, which v0.2 records at once.
	failed := d.At[d.First]
	for _, s := range d.Sections {
		if got := s.Bands[0].Differs; len(got) == 0 || got[0] != failed {
			t.Errorf("%s: the rollouts differ at %d, want from %d on", s.Run, got, failed)
		}
	}
	if got := d.Sections[1].Lines[0].Differs; len(got) == 0 || got[0] <= failed {
		t.Errorf("the first host differs at %d: only after the end of the shorter run", got)
	}
}

// checkEntriesOfTwo compares the entries of a page with those of two traces.
func checkEntriesOfTwo(t *testing.T, d *pageData, a, b *timeline.Index) {
	t.Helper()
	var next [2]int
	for n, run := range d.Runs {
		x := []*timeline.Index{a, b}[run]
		i := next[run]
		next[run]++
		if uint64(d.Seq[n]) != x.Seq(i) || d.Flags[n]&^differs != x.Flags(i) ||
			d.Kind[n] != int(x.Kind(i)) {
			t.Fatalf("entry %d is not entry %d of run %d", n, i, run)
		}
		host, rollout := x.Subject(i)
		if host != timeline.None && d.Hosts[d.Host[n]] != string(x.Hosts()[host]) {
			t.Errorf("entry %d is about host %s", n, d.Hosts[d.Host[n]])
		}
		if rollout != timeline.None &&
			d.Rollouts[d.Rollout[n]].Short != runName(run)+" stable@a1" {
			t.Errorf("entry %d is about rollout %s", n, d.Rollouts[d.Rollout[n]].Short)
		}
	}
}

// testTwoPage opens a page of two runs in a browser.
func testTwoPage(t *testing.T, b *browser) {
	const name = "failure-under-v0.2"
	var page bytes.Buffer
	err := HTMLOfTwo(&page, under(t, name, "v0.2"), under(t, name, "rfc0008"), Options{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, page.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	url := "file://" + filepath.ToSlash(file)
	b.size(1400, 900)
	b.open(url)
	b.text("#entry h2", "Entry A20")
	b.text("#entry", "the other run has no such entry at this time")
	b.text("#now", "A stable@a1: Failed")
	b.text("#now", "B stable@a1: Converging")
	b.text("#title", name+": two runs")
	b.shot("two")
	b.press("d", 0)
	b.text("#entry h2", "Entry B23")
	b.press("D", 8)
	b.text("#entry h2", "Entry A20")
	b.open(url + "#seq=B20")
	b.text("#entry h2", "Entry B20")
	b.open(url + "#seq=3") // the first run
	b.text("#entry h2", "Entry A3")
	b.eval("document.getElementById('differences').click()")
	b.press("Home", 0)
	b.press("ArrowRight", 0)
	b.text("#entry h2", "Entry A20")
	b.open(writePage(t, under(t, name, "v0.2")))
	if hidden := b.eval("document.getElementById('two').hidden"); hidden != true {
		t.Error("a page of one run has a filter for differences")
	}
}

// TestTwoAlike compares a run with itself.
func TestTwoAlike(t *testing.T) {
	for _, x := range []*timeline.Index{
		under(t, "failure-under-v0.2", "v0.2"), recorded(t, "sample-6", 0),
	} {
		d, err := newTwoPageData(x, x, Options{Name: "x"}, Options{Name: "x"})
		if err != nil {
			t.Fatal(err)
		}
		if d.First != -1 {
			t.Errorf("entry %d differs", d.First)
		}
		for n, f := range d.Flags {
			if f&differs != 0 {
				t.Errorf("entry %d differs", n)
			}
		}
		for _, s := range d.Sections {
			for _, r := range slices.Concat(s.Bands, s.Lines) {
				if len(r.Differs) > 0 {
					t.Errorf("%s differs at %d", r.Label, r.Differs)
				}
			}
		}
		if d.Title != "x: two runs" {
			t.Error(d.Title)
		}
	}
}

// TestTwoTooLong refuses more entries than a page can have.
func TestTwoTooLong(t *testing.T) {
	x := under(t, "failure-under-v0.2", "v0.2")
	if _, err := newTwoPageData(x, x, Options{texts: 2 * x.Len()}, Options{}); err != nil {
		t.Error(err)
	}
	want := fmt.Sprintf("the two traces have %d entries: expected at most %d", 2*x.Len(), 2*x.Len()-1)
	_, err := newTwoPageData(x, x, Options{texts: 2*x.Len() - 1}, Options{})
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestSpansDiffer(t *testing.T) {
	for _, c := range []struct{ a, b, want []int64 }{
		{nil, nil, nil},
		{[]int64{0, 10, 1, -1}, []int64{0, 10, 1, 7}, nil}, // the text is of no interest
		{[]int64{0, 10, 1, -1}, nil, []int64{0, 10}},
		{[]int64{0, 10, 1, -1}, []int64{0, 10, 2, -1}, []int64{0, 10}},
		{[]int64{0, 10, 1, -1}, []int64{0, 6, 1, -1, 6, 10, 2, -1}, []int64{6, 10}},
		{[]int64{0, 4, 1, -1, 4, 10, 2, -1}, []int64{0, 6, 1, -1, 6, 10, 2, -1}, []int64{4, 6}},
		{[]int64{0, 4, 1, -1, 6, 10, 2, -1}, []int64{0, 10, 3, -1}, []int64{0, 10}},
		{[]int64{0, 2, 1, -1, 8, 10, 1, -1}, []int64{0, 2, 2, -1, 8, 10, 2, -1}, []int64{0, 2, 8, 10}},
	} {
		for _, got := range [][]int64{spansDiffer(c.a, c.b), spansDiffer(c.b, c.a)} {
			if !slices.Equal(got, c.want) {
				t.Errorf("%d and %d differ at %d, want %d", c.a, c.b, got, c.want)
			}
		}
	}
}
