package replay

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"rollsim/reducer"
	"rollsim/trace"
)

// foundBySeq lists the changes that TestEveryLine finds by the seqs of the entries alone, and how
// often. If the entries are renumbered, no other entry contradicts these changes. The order of
// entries that do not follow from each other has no meaning. A host that joins a second time
// changes nothing, which a note says.
const foundBySeq = `
HostJoined moved past HostJoined: 48
HostJoined moved past OpenRollout: 8
HostJoined repeated: 56
HostStateChanged moved past ActivationStarted: 40
HostStateChanged moved past ProbeTopologyDeclared: 37
RecordRolloutTransition moved past Failed: 1
RemoteInsertQuarantine moved past RecordTransition: 5
`

// TestEveryLine removes, repeats, moves and changes every line of a control plane's log that is a
// rollout event or an effect. Each time there must be a finding that names the line. Some findings
// must be found again with their Until. Every field except waves is changed, on one line to a value
// that the log has elsewhere and on the next to one that it has nowhere. The log has no
// gate decisions: they are most of its entries, and no finding depends on them.
func TestEveryLine(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // thousands of small replays: half the time
	var log []string
	for line := range strings.Lines(string(plain(t, "sample-4.ndjson.gz"))) {
		if !strings.Contains(line, `"kind":"gate_decision"`) {
			log = append(log, line)
		}
	}
	e := newEveryLine(t, numbered(log))
	var all sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		all.Go(func() {
			for i := w; i < len(e.log)-3; i += workers { // the last step may be cut
				if kind := e.lines[i].value("/kind"); kind == "rollout_event" || kind == "effect" {
					e.changeLine(i)
				}
			}
		})
	}
	all.Wait()
	shown := "\n"
	for _, what := range slices.Sorted(maps.Keys(e.gap)) {
		shown += fmt.Sprintf("%s: %d\n", what, e.gap[what])
	}
	if d := trace.Diff(foundBySeq, shown); d != "" {
		t.Error(d)
	}
	if e.tried < 4000 {
		t.Errorf("only %d changes were tried", e.tried)
	}
}

// newEveryLine returns the lines of a log, before any of them is changed.
func newEveryLine(t *testing.T, log []string) *everyLine {
	e := &everyLine{t: t, log: log, values: make(map[string][]string), gap: make(map[string]int)}
	var err error
	if e.unchanged, err = runSequential(strings.Join(e.log, ""), Options{}); err != nil {
		t.Fatal(err)
	}
	for _, line := range e.log {
		e.lines = append(e.lines, parseLine(t, line))
		for _, f := range e.lines[len(e.lines)-1].fields {
			if f.text != "" && !slices.Contains(e.values[f.name()], f.text) {
				e.values[f.name()] = append(e.values[f.name()], f.text)
			}
		}
	}
	return e
}

type everyLine struct {
	t         *testing.T
	log       []string
	lines     []parsedLine
	values    map[string][]string // that the log has, by the name of the field
	unchanged *Result
	ways      *regexp.Regexp // the changes that TestShippedLine makes

	mu    sync.Mutex
	gap   map[string]int
	tried int
}

// changeLine tries every change of one line.
func (e *everyLine) changeLine(i int) {
	line := e.lines[i]
	e.try(i, "removed", slices.Delete(slices.Clone(e.log), i, i+1))
	e.try(i, "repeated", slices.Insert(slices.Clone(e.log), i, line.text))
	for j := i + 1; j < len(e.log); j++ {
		// The next entry of the same rollout, or any if the line is of no rollout.
		if id := line.value("/rollout"); id == "" || id == e.lines[j].value("/rollout") {
			moved := slices.Insert(slices.Clone(e.log), j+1, line.text)
			e.try(i, "moved past "+e.lines[j].kind(), slices.Delete(moved, i, i+1))
			break
		}
	}
	for _, f := range line.fields {
		if f.name() == "wave" {
			continue
		}
		changed := slices.Clone(e.log)
		changed[i] = line.text[:f.begin] + e.other(f, i) + line.text[f.end:]
		e.try(i, f.path+" changed", changed)
	}
}

// other returns another value for a field, a different one for each line: from elsewhere in the
// log, or from nowhere.
func (e *everyLine) other(f field, i int) string {
	switch all := e.values[f.name()]; {
	case f.name() == "seq":
		return strconv.Itoa([]int{0, i, i + 2, len(e.log) + i}[i%4])
	case i%2 == 0 && f.text != "" && f.name() != "time" && len(all) > 1:
		n := i / 2
		for ; all[n%len(all)] == f.text; n++ {
			continue
		}
		return strconv.Quote(all[n%len(all)])
	case f.name() == "time":
		at, err := trace.ParseTime(f.text)
		if err != nil {
			e.t.Error(err)
		}
		by := []reducer.Time{tolerance + 1, -tolerance - 1, 3600 * second}[i%3]
		return strconv.Quote(string(trace.AppendTime(nil, at+by)))
	}
	return `"nowhere"`
}

// try replays the log with one line changed, and then with its entries renumbered.
func (e *everyLine) try(i int, what string, changed []string) {
	what = e.lines[i].kind() + " " + what
	problem := e.judge(i, changed, nil)
	if problem != "" {
		e.t.Errorf("line %d, %s: %s", i+1, what, problem)
	}
	again := numbered(changed)
	if i%10 == 0 {
		e.findAgain(fmt.Sprintf("line %d, %s", i+1, what), changed)
		e.findAgain(fmt.Sprintf("line %d, %s, renumbered", i+1, what), again)
	}
	only := !slices.Equal(again, changed) && !slices.Equal(again, e.log) &&
		e.judge(i, again, nil) != ""
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tried++
	if only {
		e.gap[what]++
	}
}

// judge replays a log. It returns "" if a finding or an error names the line that was changed: by
// its seq or one next to it, its rollout or its host. The finding must have one of the titles, if
// there are any.
func (e *everyLine) judge(i int, changed []string, titles []string) string {
	got, err := runSequential(strings.Join(changed, ""), Options{})
	var readError *trace.ReadError
	if errors.As(err, &readError) && readError.Line == i+1 {
		return ""
	}
	if err != nil {
		return err.Error()
	}
	// An agent event, its effect, its move and the transition of the rollout are in a row.
	const near = 3
	now := e.lines[i]
	if len(changed) == len(e.log) {
		now = parseLine(e.t, changed[i])
	}
	seq := uint64(i + 1)
	named := func(f *Finding) bool {
		return f.Seq+near >= seq && f.Seq <= seq+near ||
			f.Host != "" && (e.lines[i].has("host", string(f.Host)) || now.has("host", string(f.Host))) ||
			f.Host == "" &&
				(e.lines[i].has("rollout", string(f.Rollout)) || now.has("rollout", string(f.Rollout)))
	}
	for n := range got.Findings {
		f := &got.Findings[n]
		same := func(known Finding) bool {
			return known.Title() == f.Title() && known.Rollout == f.Rollout
		}
		if !slices.ContainsFunc(e.unchanged.Findings, same) && named(f) &&
			(titles == nil || slices.Contains(titles, f.Title())) {
			return ""
		}
	}
	return "no finding\n" + show(got.Findings)
}

// runSequential replays without reading ahead, which is slower for a log as small as this.
func runSequential(data string, opts Options) (*Result, error) {
	r, err := trace.NewReader("t.ndjson", strings.NewReader(data))
	if err != nil {
		return nil, err
	}
	p := newReplay(r, opts)
	r.Lenient()
	err = p.readAll()
	return p.finalResult(), err
}

// findAgain checks that a replay up to Finding.Until, for its rollout alone, makes the finding
// again.
func (e *everyLine) findAgain(what string, changed []string) {
	log := strings.Join(changed, "")
	found, _ := runSequential(log, Options{})
	for i := range found.Findings {
		f := &found.Findings[i]
		closer, _ := runSequential(log, Options{Until: f.Until, Only: Filter{Rollout: f.Rollout}})
		if !slices.ContainsFunc(
			closer.Findings, func(again Finding) bool { return again.Key() == f.Key() },
		) {
			e.t.Errorf("%s: up to %d not found again:\n%s\n%s", what, f.Until, f.Title(), f.Body())
		}
	}
}

// numbered sets the seqs of entries to 1, 2, 3 …
func numbered(lines []string) []string {
	all := make([]string, len(lines))
	for i, line := range lines {
		_, rest, _ := strings.Cut(line, ",")
		all[i] = `{"seq":` + strconv.Itoa(i+1) + "," + rest
	}
	return all
}

// parsedLine is a line of a log, with the positions of its values.
type parsedLine struct {
	text   string
	fields []field
}

type field struct {
	path       string
	begin, end int
	text       string // of a string
}

func parseLine(t *testing.T, text string) parsedLine {
	line := parsedLine{text: text}
	dec := jsontext.NewDecoder(strings.NewReader(text))
	for {
		before := dec.InputOffset()
		token, err := dec.ReadToken()
		if err != nil {
			return line
		}
		if kind, n := dec.StackIndex(dec.StackDepth()); kind == '{' && n%2 == 1 ||
			strings.ContainsAny(string(token.Kind()), "{}[]") {
			continue
		}
		f := field{path: string(dec.StackPointer()), end: int(dec.InputOffset())}
		f.begin = int(before) + strings.IndexAny(text[before:f.end], `"tfn-0123456789`)
		if token.Kind() == '"' {
			f.text = token.String()
		}
		line.fields = append(line.fields, f)
	}
}

// name returns the name that fields with the same sort of value have in common.
func (f field) name() string {
	switch name := f.path[strings.LastIndexByte(f.path, '/')+1:]; name {
	case "ts", "at":
		return "time"
	case "rolloutId", "rollout_id", "supersededRolloutId", "successorRolloutId":
		return "rollout"
	case "hostId":
		return "host"
	case "from", "to":
		return "state"
	case "effect":
		return "kind"
	default:
		return name
	}
}

func (l *parsedLine) value(path string) string {
	for _, f := range l.fields {
		if f.path == path {
			return f.text
		}
	}
	return ""
}

// has reports whether a field of that name has a value.
func (l *parsedLine) has(name, value string) bool {
	return slices.ContainsFunc(
		l.fields, func(f field) bool { return f.name() == name && f.text == value },
	)
}

// kind returns the kind of the line's payload.
func (l *parsedLine) kind() string {
	return l.value("/payload/kind") + l.value("/payload/effect") + l.value("/payload/action")
}
