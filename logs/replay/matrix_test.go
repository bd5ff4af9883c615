package replay

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"rollsim/trace"
)

// matrix makes TestShippedLine change every line of the whole samples.
var matrix = flag.Bool("matrix", false, "change every line of the whole samples")

// TestShippedLine removes, repeats, moves and changes the lines of a log of the shipped control
// plane: the first ones of a sample. The changes that no finding names are those of
// testdata/unseen.txt, which docs/replay.md explains.
func TestShippedLine(t *testing.T) {
	const short = 60
	samples := []string{"shipped-11"}
	if *matrix {
		samples = append(samples, "shipped-12")
	}
	unseen := make(map[string]int)
	tried := 0
	for _, name := range samples {
		log := strings.SplitAfter(strings.TrimSuffix(string(shippedLog(t, name)), "\n"), "\n")
		if !*matrix {
			log = log[:short]
		}
		s := newEveryLine(t, log)
		s.changeAll()
		tried += s.tried
		for what, n := range s.gap {
			unseen[what] += n
		}
	}
	shown := ""
	for _, what := range slices.Sorted(maps.Keys(unseen)) {
		shown += fmt.Sprintf("%s: %d\n", what, unseen[what])
	}
	t.Logf("%d changes; %d are not found", tried, sum(unseen))
	if *matrix {
		t.Log("\n" + shown)
		return
	}
	const golden = "testdata/unseen.txt"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(shown), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := trace.Diff(string(want), shown); d != "" {
		t.Error(d)
	}
}

func sum(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

func (e *everyLine) changeAll() {
	var all sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		all.Go(func() {
			for i := w; i < len(e.log)-1; i += workers { // what follows the last one is not known
				e.changeShipped(i)
			}
		})
	}
	all.Wait()
}

var digits = regexp.MustCompile(`^\d+$`)

// changeShipped tries the changes of one line.
func (e *everyLine) changeShipped(i int) {
	line := e.lines[i]
	kind := line.kind()
	if gate := line.value("/payload/gate"); gate != "" {
		kind = "gate decision"
	}
	e.count(i, kind+" removed", slices.Delete(slices.Clone(e.log), i, i+1))
	e.count(i, kind+" repeated", slices.Insert(slices.Clone(e.log), i, line.text))
	moved := slices.Insert(slices.Clone(e.log), min(i+4, len(e.log)), line.text)
	e.count(i, kind+" moved", slices.Delete(moved, i, i+1))
	for _, f := range line.fields {
		changed := slices.Clone(e.log)
		text := line.text[f.begin:f.end]
		value := e.other(f, i)
		switch {
		case digits.MatchString(text) && f.name() != "seq":
			n, _ := strconv.Atoi(text)
			value = strconv.Itoa(n + 1)
		case text == "null":
			value = `"nowhere"`
		}
		changed[i] = line.text[:f.begin] + value + line.text[f.end:]
		path := f.path
		if strings.Contains(path, "/probes/") || strings.Contains(path, "/hosts/") {
			path = path[:strings.LastIndexByte(path, '/')]
		}
		e.count(i, kind+" "+path+" changed", changed)
	}
}

// count replays a changed log, and counts the change if no finding names it.
func (e *everyLine) count(i int, what string, changed []string) {
	problem := e.judge(i, changed)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tried++
	if problem != "" {
		e.gap[what]++
	}
}
