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

// matrix makes TestShippedLine change every line of the whole samples, in the ways that match it.
var matrix = flag.String("matrix", "", "change the whole samples in the ways that match")

// TestShippedLine removes, repeats, moves and changes the lines of a log of the shipped control
// plane: the first ones of a sample. Each change must be found under one of the titles that are
// promised for it. The changes that are not are those of testdata/unseen.txt, which docs/replay.md
// explains. With -matrix . it changes all lines of both samples, but few of the gate decisions,
// which are most of them and all alike. Another expression, such as 'RolloutOpened .*kind', selects
// changes.
func TestShippedLine(t *testing.T) {
	const short = 60
	samples := []string{"shipped-11"}
	if *matrix != "" {
		samples = append(samples, "shipped-12")
	}
	unseen := make(map[string]int)
	tried := 0
	for _, name := range samples {
		log := slices.Collect(strings.Lines(string(shippedLog(t, name))))
		if *matrix == "" {
			log = log[:short]
		}
		s := newEveryLine(t, log)
		s.ways = regexp.MustCompile(*matrix)
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
	if *matrix != "" {
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

// Of the gate decisions after the line firstGates, one of about eachGate is changed.
const (
	firstGates = 130
	eachGate   = 50
)

func (e *everyLine) changeAll() {
	var all sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		all.Go(func() {
			for i := w; i < len(e.log)-1; i += workers { // what follows the last one is not known
				if i < firstGates || i%eachGate == w || e.lines[i].value("/payload/gate") == "" {
					e.changeShipped(i)
				}
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
	if !e.ways.MatchString(what) {
		return
	}
	problem := e.judge(i, changed, wantedTitles(what))
	if problem != "" && *matrix != "" {
		problem, _, _ = strings.Cut(problem, "\n")
		e.t.Logf("%s, entry %d: %s", what, i+1, problem)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tried++
	if problem != "" {
		e.gap[what]++
	}
}

// wanted lists the titles under which a change is to be found. The first pattern counts that
// matches the change.
var wanted = []struct {
	change string
	titles []string
}{
	{" removed$", []string{"missing entry"}},
	{" repeated$", []string{"repeated entry"}},
	{" moved$", []string{"misplaced entry"}},
	{" /seq changed$", []string{
		"missing entry", "misplaced entry", "different entry", "repeated entry",
	}},
	{" /ts changed$", []string{"misplaced time", "different time"}},

	{"^DispatchAck" + subject, append([]string{"missing dispatch"}, otherSubject...)},
	{"^Probe" + subject, append([]string{"late-wave-soak"}, otherSubject...)},
	{"^Rollback" + subject, append([]string{"extra quarantine"}, otherSubject...)},
	{"^(Activation|Failed|Converged)" + subject, otherSubject},
	{"^DispatchAck .*Closure", []string{
		"different agent event", "missing dispatch", "lost-ack",
	}},
	{" /payload/(receivedAt|startedAt|completedAt|deferredAt|failedAt|declaredAt|observedAt|" +
		"firstFailedAt|convergedAt) changed$", []string{"different time", "unreadable entry"}},
	{"^(Activation|Rollback).*exitCode", []string{"refused agent event"}},
	{"^RollbackComplete .*Closure changed$", []string{"rollback-kept"}},
	{"Closure changed$", []string{"different closure", "evidence-kept"}},
	{"^Probe.* (/payload/mode|/payload/probeName|/payload/probes/0|" +
		"/payload/probes/1) changed$", []string{
		"different probe", "late-wave-soak",
	}},
	{"^Probe", []string{
		"evidence-kept", "late-wave-soak", "compliance-sticky", "refused agent event",
	}},
	{"^Failed .*policy", []string{"refused agent event"}},

	{" /host changed$", []string{"different host"}},
	{" /rollout changed$", []string{"different rollout"}},
	{"^HostJoined .*(kind|hostId|rolloutId)", []string{
		"missing HostJoined", "different rollout", "unreadable entry",
	}},
	{"^HostJoined .*wave", []string{"refused gate decision", "wave-kept"}},
	{"^HostStateChanged .*(from|to) ", []string{"different host move", "unreadable entry"}},
	{"^HostStateChanged .*(kind|hostId|rolloutId) ", []string{
		"missing host move", "unreadable entry", "different rollout",
	}},
	{"^RolloutOpened .*kind", []string{"missing RolloutOpened", "unreadable entry"}},
	{"^RolloutOpened ", []string{
		"different rollout id", "different rollout", "different time",
	}},
	{"^(RolloutTerminal|SuccessorOpened) ", []string{
		"missing event", "different rollout", "different time", "refused successor", "refused event",
		"unreadable entry", "missing effect", "extra effect",
	}},
	{" /payload/at changed$", []string{"different time"}},
	{"^RecordRolloutTransition .*(effect|kind) ", []string{"missing effect", "unreadable entry"}},
	{"^RecordRolloutTransition ", []string{
		"different effect", "different rollout", "unreadable entry",
	}},
	{"^RecordTransition .*(from|to) ", []string{"different host effect", "unreadable entry"}},
	{"^RecordTransition ", []string{
		"missing host effect", "unreadable entry", "different host", "different rollout",
	}},
	{"^RemoteInsertQuarantine ", []string{
		"different quarantine", "missing quarantine", "extra quarantine", "unreadable entry",
	}},
	{"^QueueDispatch .*(kind|action|host|rollout) ", []string{
		"missing dispatch", "different host", "different rollout", "refused dispatch",
		"unreadable entry",
	}},
	{"^QueueDispatch ", []string{
		"different dispatch", "unreadable entry", "late-wave-soak", "evidence-kept",
	}},
	{"^OpenRollout .*hosts", []string{"missing HostJoined", "extra HostJoined"}},
	{"^OpenRollout ", []string{
		"missing OpenRollout", "different channel", "different ref", "different rollout",
		"unreadable entry",
	}},
	{"^gate decision /payload/(gate|reason|host|rollout) ", []string{
		"refused gate decision", "different host", "different rollout",
	}},
	{"^gate decision /kind ", []string{"unreadable entry"}},
}

// subject matches a change of what an agent's message is about, or of its place among the others of
// its host.
const subject = `.* (/host|/rollout|/kind|/payload/kind|/payload/seq) changed$`

// otherSubject are the titles for that: the message does not fit where it is now, or is missing
// where it was.
var otherSubject = []string{
	"refused agent event", "repeated agent event", "extra host effect", "acknowledged-lost",
	"unreadable entry",
}

// wantedTitles returns the titles under which a change is to be found.
func wantedTitles(change string) []string {
	for _, p := range wanted {
		if regexp.MustCompile(p.change).MatchString(change) {
			return p.titles
		}
	}
	return []string{}
}
