package redact

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"rollsim/controlplane"
	"rollsim/internal/osfs"
	"rollsim/logs/replay"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/trace"
)

const key = "a key that is long enough"

func redacted(t *testing.T, log string, shift time.Duration) string {
	t.Helper()
	r, err := New([]byte(key), shift)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	again := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(log)), nil }
	if err := r.Stream("it", strings.NewReader(log), again, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func sample(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open("../../trace/testdata/" + name + ".ndjson.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// exported returns the rollout document of one rollout of a log.
func exported(log, rollout string) string {
	var events []string
	for line := range strings.Lines(log) {
		mark := `"rollout":"` + rollout + `",`
		if strings.Contains(line, mark) {
			events = append(events, strings.TrimSpace(strings.Replace(line, mark, "", 1)))
		}
	}
	return fmt.Sprintf("{\"rollout_id\": %q, \"events\": [%s]}", rollout, strings.Join(events, ", "))
}

// zoo is a log with every kind of entry and payload in both spellings, with names in every place,
// and with unknown kinds and fields.
//
//go:embed testdata/zoo.ndjson
var zoo string

// words are the words of the format that the zoo and the samples have. The list is independent of
// the vocabulary of this package.
var words = strings.Fields(`
	seq ts kind host rollout payload null true rollout_id events RolloutOpened HostJoined
	HostStateChanged WaveAdvanced RolloutTerminal SuccessorOpened RetentionExpired OperatorClearance
	RecordRolloutTransition RemoteInsertQuarantine RecordTransition rolloutId hostId channel
	target_ref targetRef wave from to at superseded_rollout_id successor_rollout_id
	supersededRolloutId successorRolloutId operator reason gate closure effect action OpenRollout
	QueueDispatch hosts target_closure soak_due_at rollout_event agent_event plan_action
	gate_decision verify_outcome manifest_poll channel_ref outcome DispatchAck
	ActivationStarted ActivationCompleted ActivationDeferred ActivationFailed ProbeTopologyDeclared
	ProbeResult Failed Converged RollbackComplete currentClosureAtDispatch receivedAt
	startedAt switchMethod systemd-run-detached observedCurrentClosure exitCode completedAt component
	deferredAt stderrTail failedAt probes probeName mode declaredAt status observedAt failureReason
	subResults sustainedDurationSecs failingProbes policyApplied revertedToClosure convergedAt
	currentClosure enforce http pass fail halt rollback-and-halt kernel dbus Pending Activating
	Deferred Soaking Reverted Opening Active Terminal Superseded channel-edges channelEdges
	wave-promotion disruption-budget predecessor not converged host_wave
	current_wave in flight has of https until /nix/store nixos-system was opened Converging effect`)

var run = regexp.MustCompile(`[\pL\pN_][\pL\pN_.@/+-]*[\pL\pN_]|[\pL\pN_]`)

// originals returns the names in the keys and texts of a log, complete and in their parts: every
// run of letters and digits that is neither a word of the format nor a time nor a short number.
func originals(t *testing.T, log string) map[string]bool {
	t.Helper()
	all := make(map[string]bool)
	for _, text := range texts(t, log) {
		if _, err := trace.ParseTime(text); err == nil {
			continue
		}
		all[text] = true
		for _, r := range run.FindAllString(text, -1) {
			all[r] = true
			for _, mark := range []string{"@", "-nixos-system-"} {
				for _, part := range strings.Split(strings.TrimPrefix(r, "nix/store/"), mark) {
					all[part] = true
				}
			}
		}
	}
	for _, w := range words {
		delete(all, w)
	}
	for name := range all {
		if plainNumber(name) || len(name) < 2 || strings.Trim(name, "=> :'0123456789") == "" {
			delete(all, name)
		}
	}
	for _, waves := range [][2]int{{1, 0}, {2, 0}, {2, 1}} {
		delete(all, fmt.Sprintf("wave-promotion: host_wave=%d > current_wave=%d", waves[0], waves[1]))
	}
	return all
}

// texts returns every string of a sequence of JSON values, including keys.
func texts(t *testing.T, log string) []string {
	t.Helper()
	var all []string
	d := jsontext.NewDecoder(strings.NewReader(log))
	for {
		token, err := d.ReadToken()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if token.Kind() == '"' {
			all = append(all, token.String())
		}
	}
}

// leaks returns the names that output still has, complete or within a compound.
func leaks(t *testing.T, names map[string]bool, output string) []string {
	t.Helper()
	text := "\n" + strings.Join(texts(t, output), "\n") + "\n"
	var found []string
	for name := range names {
		if hasWord(text, name) {
			found = append(found, name)
		}
	}
	return found
}

// hasWord reports whether a text has a name with neither a letter nor a digit before or after it.
func hasWord(text, name string) bool {
	inWord := func(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
	for from := 0; ; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return false
		}
		from += i + 1
		before, _ := utf8.DecodeLastRuneInString(text[:from-1])
		after, _ := utf8.DecodeRuneInString(text[from-1+len(name):])
		if !inWord(before) && !inWord(after) {
			return true
		}
	}
}

func TestNoNameStays(t *testing.T) {
	four := sample(t, "sample-4")
	for name, log := range map[string]string{
		"zoo": zoo, "sample-4": four, "sample-6": sample(t, "sample-6"),
		"document": exported(four, "edge@0c917b853860886599b2ac757f8290996dd9de57"),
	} {
		names := originals(t, log)
		if len(names) < 25 {
			t.Errorf("%s: only %d names to look for", name, len(names))
		}
		if found := leaks(t, names, log); len(found) != len(names) {
			t.Errorf("%s: the search finds %d of %d names in the original "+
				"itself", name, len(found), len(names))
		}
		if found := leaks(t, names, redacted(t, log, 0)); len(found) > 0 {
			t.Errorf("%s: the output still has %q", name, found)
		}
	}
}

func TestZoo(t *testing.T) {
	got := redacted(t, zoo, 0)
	n := newNames([]byte(key))
	p := n.compound
	for _, want := range []string{
		`"payload":{"RolloutOpened":{"rollout_id":"` + p("acme-prod") + "@" + p("release/7") +
			`","channel":"` + p("acme-prod") + `","target_ref":"` + p("release/7") +
			`","at":"2026-05-16T03:00:00+02:00"}}`,
		`"wave":4294967295,`,
		`"` + p("weights") + `":[`, `"since"`,
		`"reason":"disruption-budget: '` + p("acme-dbs") + `' has 2 in flight; `,
		`"gate":"` + p("compliance-window") + `"`,
		`"reason":"host '` + p("17") + `' of ` + p("acme prod") + "@" + p("x") + ": " + p("17") +
			` of 20 `,
		`"/nix/store/` + p("9k2j1h3g4f5d6s7a8p9o0i1u2y3t4r5e") + "-nixos-system-" +
			p("zürich-db.acme.example") + `"`,
		`"closure":"` + p("0123456789abcdef0123456789abcdef") + "-nixos-system-" + p("17") + `"`,
		`{"kind":"` + p("DiskFilledUp") + `",`, `"status":"pass"`, `"kind":"` + p("audit_note") + `"`,
		`"target_closure":"` + p("release/8") + `","soak_due_at":"2026-05-16T01:10:14.123456789Z"`,
		`"on_call"`, `:true`, `"ts":"2026-05-16T01:00:01.5Z"`,
	} {
		switch want {
		case `"since"`, `"on_call"`: // unknown fields are renamed themselves
			if strings.Contains(got, want) {
				t.Errorf("the output still has %s", want)
			}
		default:
			if !strings.Contains(got, want) {
				t.Errorf("the output lacks %s\n%s", want, got)
			}
		}
	}
	if strings.Contains(got, "9007199254740993") || strings.Contains(got, "15551234567") ||
		strings.Contains(got, "[1.50") {
		t.Errorf("the output still has numbers of unknown fields")
	}
	if strings.Count(got, "\n") != strings.Count(zoo, "\n") {
		t.Errorf("got %d lines, want %d", strings.Count(got, "\n"), strings.Count(zoo, "\n"))
	}
	if again := redacted(t, zoo, 0); again != got {
		t.Error("the same key returns other pseudonyms")
	}
	other, err := New([]byte("another key, just as long"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if other.names.compound("acme-prod") == p("acme-prod") {
		t.Error("another key returns the same pseudonyms")
	}
}

// findings replays a log and returns its findings without names.
func findings(t *testing.T, log string, m reducer.Machine) string {
	t.Helper()
	r, err := trace.NewReader("it", strings.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	result, err := replay.Run(r, replay.Options{Machine: m})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d entries %d events %d of %d, %v, %d "+
		"notes\n", result.Entries, result.Events, result.Reproduced, result.Transitions,
		result.Kinds, len(result.Notes))
	for i := range result.Findings {
		f := &result.Findings[i]
		fmt.Fprintf(&b, "%s seq %d line %d\n", f.Title(), f.Seq, f.Line)
	}
	return b.String()
}

func TestFindingsStay(t *testing.T) {
	four := sample(t, "sample-4")
	all := strings.SplitAfter(four, "\n")
	logs := map[string]string{
		"sample-4": four, "sample-6": sample(t, "sample-6"),
		"document": exported(four, "edge@296e948c5a0b1e5bb93e6d63111541f7a139d6f6"),
		"trimmed":  strings.Join(all[900:], ""),
		"blank":    "\n" + strings.Join(all[:200], "\n"),
	}
	// Every twentieth line is missing, or says that another rollout did it.
	var missing, other []string
	for i, line := range all {
		if i%20 != 7 {
			missing = append(missing, line)
			other = append(other, line)
		} else {
			other = append(other, strings.ReplaceAll(line, "edge@", "edge@0"))
		}
	}
	logs["missing lines"], logs["other rollouts"] = strings.Join(missing, ""), strings.Join(other, "")
	found := 0
	for name, log := range logs {
		for _, m := range []reducer.Machine{reducer.V02(), reducer.RFC0008()} {
			for _, shift := range []time.Duration{0, -240 * time.Hour} {
				before, after := findings(t, log, m), findings(t, redacted(t, log, shift), m)
				if before != after {
					t.Errorf("%s under %s, moved by %v: "+
						"before\n%s\nafter\n%s", name, m.Name(), shift, before, after)
				}
				found += strings.Count(before, "seq")
			}
		}
	}
	if found < 100 {
		t.Errorf("only %d findings, want at least 100", found)
	}
}

// TestSealed redacts simulated traces. Their checksums are right and their findings are the same.
func TestSealed(t *testing.T) {
	files, err := filepath.Glob("../../scenarios/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, name := range files {
		file, err := scenario.LoadFS(osfs.FS{}, filepath.ToSlash(name))
		if err != nil {
			t.Fatal(err)
		}
		m, err := machine.ByName(file.Scenario.Machine)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		w := trace.NewWriter(&b)
		opt := sim.Options{Machine: m, Seed: 1, Sink: w}
		result, err := sim.Run(&file.Scenario, opt)
		if err != nil || result.Entries > 5000 {
			continue
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		count++
		log := b.String()
		got := redacted(t, log, 72*time.Hour)
		if before, after := findings(t, log, nil), findings(t, got, nil); before != after {
			t.Errorf("%s: before\n%s\nafter\n%s", name, before, after)
		}
		if strings.Contains(got, "stable") ||
			strings.Contains(got, strings.TrimSuffix(filepath.Base(name), ".yaml")) {
			t.Errorf("%s: the output still has names", name)
		}
	}
	if count < 30 {
		t.Errorf("only %d scenarios, want at least 30", count)
	}
}

func TestBudgetPatterns(t *testing.T) {
	var b bytes.Buffer
	w := trace.NewWriter(&b)
	header := &trace.Header{
		Format:   1,
		Scenario: "x",
		Machine:  "v0.2",
		Budgets:  []trace.BudgetConfig{{Name: "web", Hosts: []string{"web-*", "db"}, MaxInFlight: 1}},
	}
	_ = w.Write(&trace.Entry{Kind: trace.KindHeader, Header: header})
	for i, h := range []reducer.HostID{"web-2", "web-1", "cache"} {
		_ = w.Write(
			&trace.Entry{
				Seq:     uint64(i + 1),
				Kind:    trace.KindRolloutEvent,
				Rollout: "s@a",
				Event: &reducer.Event{
					Kind: reducer.HostJoined, Rollout: "s@a", Host: h,
				},
			},
		)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	n := newNames([]byte(key))
	want := fmt.Sprintf(`"hosts":["%s","%s","%s"]`, n.whole("web-1"), n.whole("web-2"), n.whole("db"))
	if got := redacted(t, b.String(), 0); !strings.Contains(got, want) {
		t.Errorf("the output lacks %s:\n%s", want, got)
	}
}

func TestErrors(t *testing.T) {
	if _, err := New([]byte("too short"), 0); err == nil ||
		!strings.Contains(err.Error(), "the key has 9 bytes: expected at least 16") {
		t.Errorf("got %v", err)
	}
	var b bytes.Buffer
	w := trace.NewWriter(&b)
	_ = w.Write(
		&trace.Entry{Kind: trace.KindHeader, Header: &trace.Header{Format: 1, Machine: "v0.2"}},
	)
	_ = w.Write(
		&trace.Entry{
			Seq:     1,
			Kind:    trace.KindRolloutEvent,
			Rollout: "s@a",
			Event:   &reducer.Event{Kind: reducer.RolloutTerminal, Rollout: "s@a"},
		},
	)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for log, says := range map[string]string{
		"":                        "it: expected a log, found nothing",
		"{\"seq\":1}\nnot JSON\n": "it:2: expected a JSON object: invalid character",
		"{\"seq\":1}\n[]\n":       "it:2: expected a JSON object",
		"{\"seq\":1}\n{\"seq\":2": "it:2: the last line is truncated: it has no newline, and is " +
			"not complete (expected a JSON object: it ends early)",
		"{\"seq\":1} more\n": "it:1: expected a JSON object: invalid " +
			"character 'm'",
		"{\"seq\":1}{\"seq\":2}\n": "it:1: expected one JSON object, found more " +
			"after it",
		`{"a":1,"a":2}` + "\n": "it:1: expected a JSON object: duplicate object " +
			"member name",
		"{\"a\":\"\xff\"}\n":                "it:1: expected a JSON object: invalid UTF-8",
		strings.Repeat("[", 20000) + "\n":   "it:1: expected a JSON object",
		`{"rollout_id":"a@b","events":[1]}`: "it: events[0]: expected an entry, a JSON object",
		`{"rollout_id":"a@b","events":[{]}`: "it: expected a JSON object",
		`{"rollout_id":"a@b","events":[]} {}`: "it: expected one rollout document, found more " +
			"after it",
		`{"ts":"2262-04-11T00:00:00Z"}`: "it:1: ts: 2262-04-11T00:00:00Z shifted by 72h0m0s is out " +
			"of range: times in a log are from 1677-09-21 to 2262-04-11",
		strings.Replace(b.String(), "s@a", "s@b", 1): "entry 1 (line 2): changed after it was written",
		"\x1f\x8b broken": "it: the compressed data ends early",
	} {
		r, err := New([]byte(key), 72*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		again := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(log)), nil }
		err = r.Stream("it", strings.NewReader(log), again, io.Discard)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.60q: got %v, want %s", log, err, says)
		}
	}
}

// TestNamesLikeWords has names that are spelled like words of the format. They are replaced in
// messages after a field has shown that they are names.
func TestNamesLikeWords(t *testing.T) {
	log, err := os.ReadFile("testdata/names-like-words.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	got := redacted(t, string(log), 0)
	n := newNames([]byte(key))
	for _, want := range []string{
		`"channel":"` + n.whole("kernel") + `"`,
		`"reason":"channelEdges predecessor channel '` + n.whole("kernel") + `' not converged in ` +
			n.whole("wave") + `"`,
		`"rollout":"` + n.whole("kernel") + "@" + n.whole("wave") + `"`, `"component":"kernel"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the output lacks %s\n%s", want, got)
		}
	}
}

// TestVocabulary compares the list of faults with that of the simulator.
func TestVocabulary(t *testing.T) {
	var kinds []string
	for _, k := range slices.Concat(sim.FaultKinds(), sim.ShippedFaultKinds()) {
		kinds = append(kinds, k.String())
	}
	if !slices.Equal(faultKinds, kinds) {
		t.Errorf("faultKinds = %q, the simulator has %q", faultKinds, kinds)
	}
	for _, name := range controlplane.Names() {
		kinds = append(kinds, string(name))
	}
	for _, w := range append(kinds, trace.ShippedGates()...) {
		if !vocabulary[w] {
			t.Errorf("the vocabulary lacks %q", w)
		}
	}
	if vocabulary["acme-prod"] {
		t.Error("the vocabulary has a name that is no word of the format")
	}
}

func TestShift(t *testing.T) {
	r, err := New([]byte(key), 26*time.Hour+time.Nanosecond)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"2026-05-16T01:00:00.000000000Z":      "2026-05-17T03:00:00.000000001Z",
		"2026-05-16T01:00:00.123456789+00:00": "2026-05-17T03:00:00.123456790+00:00",
		"2026-12-31T23:00:00.999999999-05:30": "2027-01-02T01:00:01.000000000-05:30",
		"2026-02-28T23:00:00z":                "2026-03-02T01:00:00z",
	} {
		if got, isTime, err := r.time(text); got != want || !isTime || err != nil {
			t.Errorf("%s: got %s, %v, want %s", text, got, err, want)
		}
	}
	if got, isTime, _ := r.time("yesterday"); isTime {
		t.Errorf("yesterday is a time: %s", got)
	}
}

func TestCompounds(t *testing.T) {
	n := newNames([]byte(key))
	for name, want := range map[string]string{
		"":                       "",
		"edge":                   n.whole("edge"),
		"edge@a1":                n.whole("edge") + "@" + n.whole("a1"),
		"a@b@c":                  n.whole("a") + "@" + n.whole("b") + "@" + n.whole("c"),
		"@":                      "@",
		"x-nixos-system-web-1@r": n.whole("x") + "-nixos-system-" + n.whole("web-1") + "@" + n.whole("r"),
	} {
		if got := n.compound(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	hash := "0c917b853860886599b2ac757f8290996dd9de57"
	if got := n.whole(hash); len(got) != len(hash) || !looksLikeHash(got) || got == hash {
		t.Errorf("%s became %s", hash, got)
	}
	if got := n.whole("edge"); !regexp.MustCompile(`^n[a-z2-7]{12}$`).MatchString(got) {
		t.Errorf("edge became %s", got)
	}
}

// TestLimits redacts lines, entries and values of documents that are above the limits.
func TestLimits(t *testing.T) {
	const entry = `{"seq":1,"ts":"2026-05-16T01:00:00Z","kind":"metric","payload":`
	many := strings.NewReader(entry + "[0" + strings.Repeat(",0", maxValues) + "]}\n")
	for what, c := range map[string]struct {
		in   io.Reader
		want string
	}{
		"a line": {
			io.MultiReader(strings.NewReader(entry+"1}\n"), endless{}),
			"it:2: the line is longer than 64 MiB",
		},
		"an entry": {many, "it:1: expected at most 2097152 values in an entry, found more"},
		"a document": {
			io.MultiReader(
				strings.NewReader(`{"rollout_id":"a@b","events":[`+entry+`1},{"seq":`), endless{},
			),
			"it: a value is longer than 64 MiB",
		},
	} {
		r, err := New([]byte(key), 0)
		if err != nil {
			t.Fatal(err)
		}
		err = r.Stream("it", c.in, nil, io.Discard)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// endless is an input of spaces.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	return copy(b, bytes.Repeat([]byte{' '}, len(b))), nil
}

// FuzzStream redacts any input: Stream returns an error or writes valid JSON.
func FuzzStream(f *testing.F) {
	f.Add([]byte(zoo))
	f.Add(
		[]byte(`{"rollout_id":"a@b","x":1,"events":[{"seq":1,"kind":"effect","payload":{"to":1e3}}]}`),
	)
	f.Add([]byte("\ufeff\n{\"seq\":1,\"kind\":\"header\"}\n"))
	f.Fuzz(func(t *testing.T, log []byte) {
		r, err := New([]byte(key), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		again := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(log)), nil }
		if r.Stream("it", bytes.NewReader(log), again, &out) != nil {
			return
		}
		d := jsontext.NewDecoder(&out)
		for {
			if _, err := d.ReadValue(); err == io.EOF {
				return
			} else if err != nil {
				t.Fatalf("%v:\n%s", err, out.String())
			}
		}
	})
}
