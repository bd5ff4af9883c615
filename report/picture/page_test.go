//go:build unix

package picture

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"rollsim/internal/longlog"
	"rollsim/timeline"
	"rollsim/trace"
)

// writePage writes a page and returns its address.
func writePage(t testing.TB, x *timeline.Index) string {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, x, Options{Name: "a log"}); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return "file://" + filepath.ToSlash(name)
}

// TestPages opens pages in a browser.
func TestPages(t *testing.T) {
	b := startBrowser(t)
	t.Run("use", func(t *testing.T) { testPage(t, b.reports(t)) })
	t.Run("states", func(t *testing.T) { testPageStates(t, b.reports(t)) })
	t.Run("set back", func(t *testing.T) { testSetBack(t, b.reports(t)) })
	t.Run("hostile", func(t *testing.T) { testHostilePage(t, b.reports(t)) })
	t.Run("range", func(t *testing.T) { testPageRange(t, b.reports(t)) })
	t.Run("policy", func(t *testing.T) { testPolicy(t, b.reports(t)) })
	t.Run("two", func(t *testing.T) { testTwoPage(t, b.reports(t)) })
	t.Run("results", func(t *testing.T) { testResults(t, b.reports(t)) })
}

// testPage opens a page in a browser: no error, the right entry after a deep link, keys,
// filters, search, both themes, and sizes from phone to wide.
func testPage(t *testing.T, b *browser) {
	x := recorded(t, "sample-6", 0)
	x.AddMarks([]timeline.Mark{
		{Kind: timeline.Finding, Seq: 57, Title: "a title", Detail: "a detail"},
		{Kind: timeline.Finding, Seq: 900, Title: "another title", Detail: "a detail"},
		{Kind: timeline.Violation, Title: "of the end", Detail: "a detail"},
	})
	url := writePage(t, x)
	b.size(1400, 900)
	b.open(url)
	b.text("#entry", fmt.Sprintf("Entry %d", x.Seq(x.Len()-1)))
	b.text("#entry", "violation of the end: a detail")
	b.text("#now", "State at the end")
	b.shot("end")

	b.open(url + "#seq=57")
	b.text("#entry", "Entry 57")
	b.text("#entry", "finding a title: a detail")
	e, err := x.Entry(56)
	if err != nil {
		t.Fatal(err)
	}
	lines := x.Lines()
	b.text("#entry", string(e.Host))
	if text := string(lines.Append(nil, e)); !strings.Contains(text, string(e.Host)) {
		t.Error(text)
	}
	b.shot("seq-57")

	for _, test := range []struct {
		key       string
		modifiers int
		want      string
	}{
		{"ArrowRight", 0, "Entry 58"},
		{"ArrowLeft", 0, "Entry 57"},
		{"n", 0, "Entry 900"},
		{"p", 0, "Entry 57"},
		{"End", 0, fmt.Sprintf("Entry %d", x.Seq(x.Len()-1))},
		{"Home", 0, "Entry 1"},
	} {
		b.press(test.key, test.modifiers)
		b.text("#entry h2", test.want)
	}
	// Shift and an arrow go to the next change of a state, as the index has it.
	c := x.Cursor()
	c.Go(1)
	c.Next(timeline.Condition{StateChange: true})
	const shift = 8
	b.press("ArrowRight", shift)
	b.text("#entry h2", fmt.Sprintf("Entry %d", x.Seq(c.N()-1)))
	if hash, _ := b.eval("location.hash").(string); hash != fmt.Sprintf("#seq=%d", x.Seq(c.N()-1)) {
		t.Errorf("the address ends in %s", hash)
	}

	// Filters and search.
	b.eval("document.getElementById('findings').click()")
	b.press("Home", 0)
	b.press("ArrowRight", 0)
	b.text("#entry h2", "Entry 57")
	b.press("ArrowRight", 0)
	b.text("#entry h2", "Entry 900")
	b.press("ArrowRight", 0)
	b.text("#entry h2", "Entry 900")
	b.eval("document.getElementById('findings').click()")
	b.press("/", 0)
	if focus := b.eval("document.activeElement.id"); focus != "search" {
		t.Errorf("/ moves the focus to %v", focus)
	}
	b.eval("document.getElementById('search').value = '321';" +
		"document.getElementById('search').dispatchEvent(new Event('input'))")
	b.press("Enter", 0)
	b.text("#entry h2", "Entry 321")
	b.press("Escape", 0)
	b.press("+", 0)
	b.press("]", 0)
	b.press("0", 0)

	// Themes and sizes.
	for _, width := range []int{390, 820, 1400, 2560} {
		b.size(width, 900)
		for _, theme := range []string{"light", "dark"} {
			b.eval("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
			if b.eval("document.documentElement.dataset.theme") != theme {
				b.press("t", 0)
			}
			if got := b.eval("document.documentElement.dataset.theme"); got != theme {
				t.Errorf("the theme is %v, want %s", got, theme)
			}
			if wide := b.eval("document.documentElement.scrollWidth > window.innerWidth"); wide != false {
				t.Errorf("at %d pixels the page is wider than the window", width)
			}
			b.shot(fmt.Sprintf("%s-%d", theme, width))
		}
	}
	if len(b.console) > 0 {
		t.Errorf("errors in the console: %v", b.console)
	}
}

// testSetBack opens the page of a log whose channel was set back to a superseded rollout: the page
// names it and the one that was left, at the end and not before.
func testSetBack(t *testing.T, b *browser) {
	data, err := longlog.Read("../../logs/replay/testdata/shipped-11.ndjson.gz")
	if err != nil {
		t.Fatal(err)
	}
	r, err := trace.NewReader("shipped-11", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	x, err := timeline.Build(r, timeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b.size(1400, 900)
	b.open(writePage(t, x))
	const back, left = "the channel was set back to it at 03:10:30",
		"the planner has left it for another rollout at 03:10:30"
	end := b.text("#now", "State at the end")
	rest := end
	for _, want := range []string{
		"stable@e9b95c3: Superseded, 2 of 4 converged", back, "held by compliance-wave",
		"stable@242bdc0: Failed, 0 of 4 converged", left, "was held by wave-promotion",
	} {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Fatalf("the page does not say %q in order: %s", want, end)
		}
		rest = after
	}
	b.text("#facts", "unfinished at the end: stable@e9b95c3 (set back), stable@242bdc0")
	b.eval("location.hash = 'seq=4100'")
	got := b.text("#now", "State after")
	if strings.Contains(got, back) || strings.Contains(got, left) {
		t.Errorf("after entry 4100 the page says: %s", got)
	}
}

// testPageStates compares the states that the page shows with those of a cursor, at some entries.
func testPageStates(t *testing.T, b *browser) {
	x := recorded(t, "sample-4", 0)
	b.size(1400, 900)
	b.open(writePage(t, x))
	c := x.Cursor()
	for n := 1; n <= x.Len(); n += x.Len()/12 + 1 {
		c.Go(n)
		b.eval(fmt.Sprintf("location.hash = 'seq=%d'", x.Seq(n-1)))
		b.text("#entry h2", fmt.Sprintf("Entry %d", x.Seq(n-1)))
		got := b.text("#now", "State")
		for _, r := range c.Snapshot().Rollouts {
			if !r.Record.State.Standing() {
				continue
			}
			converged := 0
			for i := range r.Hosts {
				if r.Hosts[i].State.String() == "Converged" {
					converged++
				}
			}
			want := fmt.Sprintf("%s: %v, %d of %d converged", timeline.ShortID(r.Record.RolloutID),
				r.Record.State, converged, len(r.Hosts))
			if !strings.Contains(got, want) {
				t.Errorf("after entry %d the page does not say %q: %s", x.Seq(n-1), want, got)
			}
			for i := range r.Hosts {
				h := &r.Hosts[i]
				if h.Gate != "" && !strings.Contains(got, "held by "+h.Gate) {
					t.Errorf("after entry %d the page does not say that %s holds %s", x.Seq(n-1), h.Gate, h.ID)
				}
			}
		}
	}
	if len(b.console) > 0 {
		t.Errorf("errors in the console: %v", b.console)
	}
}

// TestHostileText checks that a page with names that a browser would obey has them as text.
func TestHostileText(t *testing.T) {
	x := hostile(t)
	var page bytes.Buffer
	if err := HTML(&page, x, Options{Name: "</title><script>alert(1)</script>"}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(page.String(), "<script"); n != 2 {
		t.Errorf("the page has %d scripts", n)
	}
	for _, bad := range []string{"<img", "onerror=", "\u202e", "http://", "https://"} {
		if strings.Contains(page.String(), bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
}

// testHostilePage opens a page with names that a browser would obey: no script runs, and nothing is
// loaded.
func testHostilePage(t *testing.T, b *browser) {
	b.size(1400, 900)
	b.open(writePage(t, hostile(t)))
	b.text("#now", "<img src=x onerror=y>")
	b.text("#channel", "<script>alert(1)</script>")
	if n := b.eval("document.querySelectorAll('img, svg, script').length"); n != float64(2) {
		t.Errorf("the page has %v images and scripts", n)
	}
	if len(b.console) > 0 {
		t.Errorf("errors in the console: %v", b.console)
	}
}

// testPolicy checks that the content security policy forbids everything except the script and the
// style of the page: a script that is added later does not run.
func testPolicy(t *testing.T, b *browser) {
	b.size(800, 600)
	b.open(writePage(t, recorded(t, "sample-4", 3000)))
	b.eval(`(() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';
		document.body.append(s); const i = document.createElement('img');
		i.src = 'data:image/gif;base64,AA'; document.body.append(i) })()`)
	if ran := b.eval("String(window.ran)"); ran != "undefined" {
		t.Error("a script that was added has run")
	}
	time.Sleep(50 * time.Millisecond)
	b.eval("1") // reads what the console has
	if all := strings.Join(b.console, ""); !strings.Contains(all, "Content Security Policy") {
		t.Errorf("nothing is refused: %s", all)
	}
}

// TestPageBytes checks that two pages of one index are equal, and that every place is filled.
func TestPageBytes(t *testing.T) {
	x := ofLibrary(t, "failure-under-rfc0008")
	var one, two bytes.Buffer
	for _, w := range []io.Writer{&one, &two} {
		if err := HTML(w, x, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("two pages differ")
	}
	if left := regexp.MustCompile(`\{\{\w+\}\}`).FindString(one.String()); left != "" {
		t.Errorf("the page contains %s", left)
	}
}

// testPageRange opens a page of some entries, and one without texts. The states after an entry are
// those of the whole trace.
func testPageRange(t *testing.T, b *browser) {
	x := recorded(t, "sample-6", 0)
	for name, opt := range map[string]Options{
		"range": {From: 900, To: 950}, "without texts": {texts: 100, Command: "rollsim view log"},
	} {
		var page bytes.Buffer
		if err := HTML(&page, x, opt); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "page.html")
		if err := os.WriteFile(file, page.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		b.open("file://" + filepath.ToSlash(file) + "#seq=920")
		c := x.Cursor()
		c.GoSeq(920)
		if name == "without texts" {
			c.Next(timeline.Condition{StateChange: true})
			b.eval(fmt.Sprintf("location.hash = 'seq=%d'", x.Seq(c.N()-1)))
			b.text("#entry", "rollsim view log --from ")
		}
		b.text("#entry h2", fmt.Sprintf("Entry %d", x.Seq(c.N()-1)))
		for _, r := range c.Snapshot().Rollouts {
			if r.Record.State.Standing() {
				b.text("#now", fmt.Sprintf("%s: %v, ", timeline.ShortID(r.Record.RolloutID), r.Record.State))
			}
		}
		b.shot(strings.ReplaceAll(name, " ", "-"))
	}
	if len(b.console) > 0 {
		t.Errorf("errors in the console: %v", b.console)
	}
}

// TestPageEntries checks which entries a page lists.
func TestPageEntries(t *testing.T) {
	x := recorded(t, "sample-6", 0)
	seqs := func(opt Options) (*pageData, []uint64) {
		d, err := newPageData(x, opt)
		if err != nil {
			t.Fatal(err)
		}
		var all []uint64
		for _, seq := range d.Seq {
			all = append(all, uint64(seq))
		}
		return d, all
	}
	if d, all := seqs(Options{}); len(all) != x.Len() || !d.Whole || d.Ranged || d.Left != 0 {
		t.Errorf("%d entries, %+v", len(all), d.Left)
	}
	d, all := seqs(Options{From: 900, To: 950})
	if len(all) != 51 || all[0] != 900 || all[50] != 950 || !d.Whole || !d.Ranged ||
		d.Left != x.Len()-51 {
		t.Errorf("a range lists %v", all)
	}
	d, all = seqs(Options{texts: 100})
	if d.Whole || len(d.Blocks) > 0 || d.Left == 0 || d.Left+len(all) != x.Len() {
		t.Errorf("%d entries, %d are left out, %d blocks", len(all), d.Left, len(d.Blocks))
	}
	listed := 0
	for i, c := range slices.DeleteFunc(slices.Clone(x.Changes()), func(c timeline.Change) bool {
		return c.What == timeline.Heard
	}) {
		if n := d.ChangeN[i]; all[n] != x.Seq(int(c.N)) {
			t.Fatalf("change %d is at entry %d, want %d", i, all[n], x.Seq(int(c.N)))
		}
		listed++
	}
	if listed != len(d.ChangeN) {
		t.Errorf("%d changes, want %d", len(d.ChangeN), listed)
	}
}

// TestRuleText describes answers of a machine.
func TestRuleText(t *testing.T) {
	x := ofLibrary(t, "clearance-under-v0.2")
	c := x.Cursor()
	var all []string
	for c.Next(timeline.Condition{Kind: trace.KindRolloutEvent}) {
		e, err := c.Entry()
		if err != nil {
			t.Fatal(err)
		}
		if a, _ := c.Answer(); a != nil {
			all = append(all, a.Text(e.Event))
		}
	}
	for _, want := range []string{
		"Opening + HostJoined: goes to Active", "Active + HostStateChanged: no transition",
		"Active + HostStateChanged to=Failed: goes to Failed",
	} {
		if !slices.Contains(all, want) {
			t.Errorf("no answer is %q: %q", want, all)
		}
	}
	if !slices.ContainsFunc(all, func(s string) bool {
		return strings.HasPrefix(s, "Failed + OperatorClearance: refused: ")
	}) {
		t.Errorf("no clearance is refused: %q", all)
	}
}

// BenchmarkPage measures pages of long logs: their size, the median of five loads until they are
// ready, and the frames while the picture is panned.
func BenchmarkPage(b *testing.B) {
	for _, entries := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint(entries), func(b *testing.B) {
			x := longIndex(b, entries)
			for b.Loop() {
				url := writePage(b, x)
				info, err := os.Stat(strings.TrimPrefix(url, "file://"))
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(info.Size())/1e6, "MB")
				w := startBrowser(b)
				w.size(1400, 900)
				var loads []time.Duration
				for range 5 {
					loads = append(loads, w.open(url))
				}
				slices.Sort(loads)
				b.ReportMetric(loads[2].Seconds(), "s-ready")
				p95 := w.eval(`(async () => {
					const key = k => document.dispatchEvent(new KeyboardEvent('keydown', {key: k, bubbles: true}));
					for (let i = 0; i < 6; i++) document.getElementById('in').click();
					const times = [];
					for (let i = 0; i < 100; i++) {
						const began = performance.now();
						document.getElementById('canvas').dispatchEvent(new WheelEvent('wheel',
							{deltaX: i % 20 < 10 ? 40 : -40, cancelable: true}));
						await new Promise(requestAnimationFrame);
						await new Promise(r => setTimeout(r));
						times.push(performance.now() - began);
					}
					times.sort((a, b) => a - b);
					return times[94];
				})()`)
				ms, _ := p95.(float64)
				b.ReportMetric(ms, "ms-p95-frame")
				runtime.KeepAlive(x)
			}
		})
	}
}

// longIndex returns the index of a long log.
func longIndex(b *testing.B, entries int) *timeline.Index {
	b.Helper()
	short, err := longlog.Read("../../trace/testdata/sample-6.ndjson.gz")
	if err != nil {
		b.Fatal(err)
	}
	in, out := io.Pipe()
	go func() {
		_, err := longlog.Write(out, short, entries, 1)
		out.CloseWithError(err)
	}()
	r, err := trace.NewReader("a long log", in)
	if err != nil {
		b.Fatal(err)
	}
	x, err := timeline.Build(r, timeline.Options{})
	if err != nil {
		b.Fatal(err)
	}
	return x
}
