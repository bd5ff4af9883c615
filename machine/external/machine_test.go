package external

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"rollsim/reducer"
)

// asMachine is the variable that makes the test binary act as a machine. Its value names the
// behaviour, mostly a kind of misbehaviour.
const asMachine = "ROLLSIM_TEST_MACHINE"

func TestMain(m *testing.M) {
	if kind := os.Getenv(asMachine); kind != "" {
		beMachine(kind)
		return
	}
	os.Exit(m.Run())
}

const (
	record = `{"rollout_id":"stable@a1","channel":"stable","target_ref":"a1","state":"Active",` +
		`"current_wave":0,"opened_event_log_seq":null,"last_transition_event_log_seq":null,` +
		`"opened_at":"1970-01-01T00:00:00Z","terminal_at":null,"superseded_at":null}`
	good = `{"record":` + record + `,"effects":[{"RecordRolloutTransition":{` +
		`"rollout_id":"stable@a1","from":"Opening","to":"Active","at":"1970-01-01T00:00:01Z"}}]}`
	otherGood = `{"record":{"rollout_id":"edge@a1","channel":"edge","target_ref":"a1",` +
		`"state":"Active","current_wave":0,"opened_at":"1970-01-01T00:00:00Z"},"effects":[]}`
)

// answers holds the answer of each behaviour that writes the same line for every request.
var answers = map[string]string{
	"good":            good,
	"unknown fields":  strings.Replace(good, `{"record"`, `{"took_us":12,"record"`, 1),
	"illegal":         illegal("Opening", "HostJoined"),
	"invariant":       `{"error":{"kind":"Invariant","what":"wave regression"}}`,
	"only a message":  `{"error":{"kind":"Invariant","message":"that cannot be"}}`,
	"no JSON":         "panic: oh no \x1b[31m",
	"a list":          `[]`,
	"empty line":      ``,
	"empty object":    `{}`,
	"both":            strings.Replace(good, `{"record"`, `{"error":{"kind":"Invariant"},"record"`, 1),
	"no effects":      `{"record":` + record + `}`,
	"bad record":      `{"record":{"rollout_id":7},"effects":[]}`,
	"bad effect":      `{"record":` + record + `,"effects":[{"Explode":{}}]}`,
	"five effects":    `{"record":` + record + `,"effects":[{},{},{},{},{}]}`,
	"unknown error":   `{"error":{"kind":"Oops"}}`,
	"error's state":   `{"error":{"kind":"IllegalForState","from":"Nowhere"}}`,
	"other rollout":   otherGood,
	"other ref":       strings.Replace(good, `"target_ref":"a1"`, `"target_ref":"b2"`, 1),
	"other opened_at": strings.Replace(good, `"opened_at":"1970`, `"opened_at":"1971`, 1),
	"other state":     illegal("Failed", "HostJoined"),
	"other event":     illegal("Opening", "WaveAdvanced"),
	"other id":        strings.Replace(good, `{"record"`, `{"id":9,"record"`, 1),
	"id in words":     strings.Replace(good, `{"record"`, `{"id":"1","record"`, 1),
	"other error":     `{"error":{"kind":"Invariant","rollout_id":"edge@a1"}}`,
}

func illegal(from, event string) string {
	return fmt.Sprintf(
		`{"error":{"kind":"IllegalForState","from":"%s","event":"%s","message":"no"}}`, from, event,
	)
}

// beMachine runs a machine with that behaviour.
func beMachine(kind string) { //nolint:cyclop // one case for each behaviour
	in := bufio.NewReader(os.Stdin)
	ask := func() {
		if _, err := in.ReadString('\n'); err != nil {
			os.Exit(0)
		}
	}
	if answer, ok := answers[kind]; ok {
		for {
			ask()
			fmt.Println(answer)
		}
	}
	switch kind {
	case "ends":
		ask()
	case "exits":
		fmt.Fprintln(os.Stderr, "thread 'main' panicked at src/main.rs:7:\nindex out of bounds")
		ask()
		os.Exit(3)
	case "half an answer":
		ask()
		fmt.Print(good[:30])
		os.Exit(4)
	case "at once":
		os.Exit(5)
	case "closes":
		ask()
		_ = os.Stdout.Close()
		time.Sleep(time.Hour)
	case "silent":
		fmt.Fprintln(os.Stderr, "waiting for the moon")
		ask()
		fmt.Println(good)
		ask()
		time.Sleep(time.Hour)
	case "deaf":
		time.Sleep(time.Hour)
	case "endless":
		ask()
		for {
			fmt.Print(strings.Repeat("x", 1<<16))
		}
	case "twice":
		for {
			ask()
			fmt.Printf("%s\n%s\n", good, good)
		}
	case "late twice": // another answer to the first request, after the second one was read
		ask()
		fmt.Println(good)
		ask()
		fmt.Printf("%s\n", good)
		time.Sleep(50 * time.Millisecond)
		fmt.Println(good)
		for {
			ask()
			fmt.Println(good)
		}
	case "numbered", "numbered late":
		for n := 1; ; n++ {
			ask()
			if kind == "numbered late" && n == 3 {
				n--
			}
			fmt.Println(strings.Replace(good, `{"record"`, fmt.Sprintf(`{"id":%d,"record"`, n), 1))
		}
	case "afterwards":
		ask()
		fmt.Println(good)
		_, _ = in.ReadString('\n')
		fmt.Println(good)
	case "leaves a child": // which holds its pipes open
		sleeper := exec.Command(os.Args[0])
		sleeper.Env = append(os.Environ(), asMachine+"=deaf")
		sleeper.Stdout, sleeper.Stderr = os.Stdout, os.Stderr
		sleeper.SysProcAttr = ownSession()
		if err := sleeper.Start(); err != nil {
			panic(err)
		}
		ask()
		os.Exit(6)
	case "banner":
		fmt.Println("listening on stdin")
		for {
			ask()
			fmt.Println(good)
		}
	case "hasty": // mostly ends before the request is sent
		fmt.Println("usage: reducer FILE")
	case "late":
		for {
			ask()
			time.Sleep(20 * time.Millisecond)
			fmt.Println(good)
		}
	case "children", "session": // its child holds its pipes open
		sleeper := exec.Command(os.Args[0])
		sleeper.Env = append(os.Environ(), asMachine+"=deaf")
		sleeper.Stdout, sleeper.Stderr = os.Stdout, os.Stderr
		if kind == "session" {
			sleeper.SysProcAttr = ownSession()
		}
		if err := sleeper.Start(); err != nil {
			panic(err)
		}
		for {
			ask()
			child := fmt.Sprintf(`"child":%d,"effects"`, sleeper.Process.Pid)
			fmt.Println(strings.Replace(good, `"effects"`, child, 1))
		}
	case "orphan": // is killed while it has a machine of its own
		_ = os.Setenv(asMachine, "deaf")
		m, err := Start("'"+os.Args[0]+"'", time.Hour)
		if err != nil {
			panic(err)
		}
		fmt.Println(m.idle[0].cmd.Process.Pid)
		time.Sleep(time.Hour)
	case "noisy":
		for i := range 1000 {
			fmt.Fprintf(os.Stderr, "line %d of too many to be kept, each of them rather long\n", i)
		}
		os.Exit(1)
	default:
		panic("unknown behaviour: " + kind)
	}
}

func startAs(t *testing.T, kind string, limit time.Duration) *Machine {
	t.Helper()
	t.Setenv(asMachine, kind)
	m, err := Start("'"+os.Args[0]+"'", limit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func step(m reducer.Machine) (reducer.Record, []reducer.Effect, error) {
	rec := reducer.Record{
		RolloutID: "stable@a1",
		Channel:   "stable",
		TargetRef: "a1",
		State:     reducer.Opening,
	}
	ev := reducer.Event{Kind: reducer.HostJoined, Rollout: "stable@a1", Host: "h1", At: 1e9}
	var out reducer.Effects
	err := m.Step(&rec, &ev, 1e9, reducer.DefaultPolicy(), &out)
	return rec, out.All(), err
}

func TestAnswers(t *testing.T) {
	for _, kind := range []string{"good", "unknown fields"} {
		rec, effects, err := step(startAs(t, kind, time.Minute))
		if err != nil || rec.State != reducer.Active || len(effects) != 1 ||
			effects[0].To != reducer.Active {
			t.Errorf("%s: got %+v, %+v, %v", kind, rec, effects, err)
		}
	}
	refusals := map[string]error{
		"illegal": &reducer.IllegalForState{
			From:    reducer.Opening,
			Event:   reducer.HostJoined,
			Rollout: "stable@a1",
		},
		"invariant": &reducer.Invariant{
			What:    "wave regression",
			State:   reducer.Opening,
			Event:   reducer.HostJoined,
			Rollout: "stable@a1",
		},
		"only a message": &reducer.Invariant{
			What: "that cannot be", State: reducer.Opening, Event: reducer.HostJoined, Rollout: "stable@a1",
		},
	}
	for kind, want := range refusals {
		rec, effects, err := step(startAs(t, kind, time.Minute))
		if err == nil || err.Error() != want.Error() || rec.State != reducer.Opening ||
			len(effects) != 0 {
			t.Errorf("%s: got %+v, %+v, %v", kind, rec, effects, err)
		}
		if errors.As(err, new(*reducer.MachineFailure)) {
			t.Errorf("%s: a refusal is returned as a failure", kind)
		}
	}
}

func TestFailures(t *testing.T) {
	tests := []struct {
		machine string
		kind    FailureKind
		says    string
	}{
		{"ends", Crashed, "it ended without an answer"},
		{"exits", Crashed, "it ended with exit status 3 without an answer"},
		{"exits", Crashed, "stderr    index out of bounds"},
		{"half an answer", Crashed, "it ended with exit status 4 in the middle of an answer"},
		{"half an answer", Crashed, "answered  " + good[:30]},
		{"at once", Crashed, "it ended with exit status 5 without an answer"},
		{"leaves a child", Crashed, "it ended with exit status 6 without an answer"},
		{"closes", Crashed, "it closed its standard output without an answer"},
		{"no JSON", Garbage, "expected a JSON object"},
		{"no JSON", Garbage, `answered  panic: oh no \u001b[31m`},
		{"a list", Garbage, "expected a JSON object"},
		{"empty line", Garbage, "expected a JSON object"},
		{"empty object", Garbage, `expected "record" and "effects", or "error"; found neither`},
		{"both", Garbage, "found both"},
		{"no effects", Garbage, `expected a list "effects" next to "record"`},
		{"bad record", Garbage, "rollout_id: expected a string, found 7"},
		{"bad effect", Garbage, "effects[0]: expected a known effect"},
		{"five effects", Garbage, "effects: expected at most 4"},
		{
			"unknown error", Garbage,
			"error.kind: expected IllegalForState, Unimplemented, Invariant or SupersessionExpected, " +
				`found "Oops"`,
		},
		{"error's state", Garbage, `error.from: expected a rollout state, found "Nowhere"`},
		{"endless", Garbage, "more than 1048576 bytes without an end of line"},
		{"silent", Silent, "no answer within 100ms; --answer-within sets the limit"},
		{"silent", Silent, "stderr    waiting for the moon"},
		{"deaf", Silent, "no answer within 100ms; --answer-within sets the limit"},
		{"other rollout", WrongAnswer, "record.rollout_id is edge@a1, the request is about stable@a1"},
		{"other ref", WrongAnswer, "record.target_ref is b2, in the request it is a1"},
		{"other opened_at", WrongAnswer, "record.opened_at is 1971-01-01T00:00:00Z, in the request it " +
			"is 1970-01-01T00:00:00Z"},
		{"other state", WrongAnswer, "error.from is Failed, the record of the request is in Opening"},
		{"other event", WrongAnswer, "error.event is WaveAdvanced, the request has HostJoined"},
		{"other error", WrongAnswer, "error.rollout_id is edge@a1"},
		{"other id", WrongAnswer, "id is 9, the request has 1"},
		{"id in words", Garbage, "id has another type"},
		{"banner", Garbage, "answered  listening on stdin"},
		{"hasty", Garbage, "answered  usage: reducer FILE"},
	}
	for _, tt := range tests {
		t.Run(tt.machine+", "+tt.says, func(t *testing.T) {
			m := startAs(t, tt.machine, time.Minute)
			if tt.machine == "silent" { // from its second request on
				if _, _, err := step(m); err != nil {
					t.Fatal(err)
				}
			}
			if tt.kind == Silent {
				m.idle[0].limit = 100 * time.Millisecond
			}
			rec, effects, err := step(m)
			var failure *Failure
			if !errors.As(err, new(*reducer.MachineFailure)) || !errors.As(err, &failure) {
				t.Fatalf("got %+v, %+v, %v", rec, effects, err)
			}
			if failure.Kind != tt.kind || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v\nwant %v: %s", err, tt.kind, tt.says)
			}
			if !strings.Contains(err.Error(), `asked     {"record":{"rollout_id":"stable@a1"`) {
				t.Errorf("the request is missing: %v", err)
			}
			if rec.State != reducer.Opening || len(effects) != 0 {
				t.Errorf("the failure changed the record or left effects: %+v %+v", rec, effects)
			}
			if _, _, again := step(m); again != err {
				t.Errorf("the next step returns %v", again)
			}
		})
	}
}

// TestAnswersTwice checks that a second answer to the first request does not count as the answer to
// the second request.
func TestAnswersTwice(t *testing.T) {
	m := startAs(t, "twice", time.Minute)
	if _, _, err := step(m); err != nil {
		t.Fatal(err)
	}
	_, _, err := step(m)
	var failure *Failure
	if !errors.As(err, &failure) || failure.Kind != WrongAnswer {
		t.Errorf("got %v", err)
	}
}

// TestNumbered asks a machine that repeats the number of the request, and one that answers one
// request twice.
func TestNumbered(t *testing.T) {
	m := startAs(t, "numbered", time.Minute)
	for range 5 {
		if _, _, err := step(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	m = startAs(t, "numbered late", time.Minute)
	var err error
	for n := 1; err == nil; n++ {
		if _, _, err = step(m); err != nil && n != 3 {
			t.Errorf("request %d: %v", n, err)
		}
	}
	if !strings.Contains(err.Error(), "id is 2, the request has 3") {
		t.Errorf("got %v", err)
	}
}

// TestTooManyAnswers checks that an answer without a request is a failure, when the next request is
// sent or at the latest when the machine is closed.
func TestTooManyAnswers(t *testing.T) {
	for kind, steps := range map[string]int{"twice": 1, "afterwards": 1, "late twice": 10} {
		m := startAs(t, kind, time.Minute)
		var err error
		for range steps {
			if _, _, stepErr := step(m); stepErr != nil {
				err = stepErr
			}
		}
		err = errors.Join(err, m.Close())
		var failure *Failure
		if !errors.As(err, &failure) || failure.Kind != WrongAnswer {
			t.Errorf("%s: got %v", kind, err)
		}
	}
	m := startAs(t, "good", time.Minute)
	if _, _, err := step(m); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Errorf("good: %v", err)
	}
}

func TestRequest(t *testing.T) {
	rec := reducer.Record{
		RolloutID: "stable@a1",
		Channel:   "stable",
		TargetRef: "a1",
		State:     reducer.Opening,
	}
	ev := reducer.Event{Kind: reducer.HostJoined, Rollout: "stable@a1", Host: "h1", At: 1e9}
	policy := reducer.Policy{OnHealthFailure: reducer.RollbackAndHalt, RetentionSeconds: 60}
	got := string(appendRequest(nil, 7, &rec, &ev, 1_500_000_000, policy))
	want := `{"record":{"rollout_id":"stable@a1","channel":"stable","target_ref":"a1",` +
		`"state":"Opening","current_wave":0,"opened_event_log_seq":null,` +
		`"last_transition_event_log_seq":null,"opened_at":"1970-01-01T00:00:00Z",` +
		`"terminal_at":null,"superseded_at":null},` +
		`"event":{"HostJoined":{"rollout_id":"stable@a1","host_id":"h1","wave":0,` +
		`"at":"1970-01-01T00:00:01Z"}},"now":"1970-01-01T00:00:01.500Z",` +
		`"policy":{"on_health_failure":"rollback-and-halt","retention_seconds":60},"id":7}` + "\n"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestStderrIsCut(t *testing.T) {
	_, _, err := step(startAs(t, "noisy", time.Minute))
	if n := strings.Count(err.Error(), "stderr"); n != tailLines ||
		!strings.Contains(err.Error(), "line 999 ") {
		t.Errorf("%d lines of stderr:\n%v", n, err)
	}
}

func TestStartRefuses(t *testing.T) {
	for command, says := range map[string]string{
		"":                       "exec:: expected a command",
		"  ":                     "expected a command",
		"''":                     "expected a command",
		"'a b":                   "expected another ' that ends the quotation",
		"no-such-command-at-all": "executable file not found",
	} {
		if _, err := Start(command, time.Second); err == nil ||
			!strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %v, want %s", command, err, says)
		}
	}
}

func TestWords(t *testing.T) {
	for command, want := range map[string][]string{
		`a`:                     {"a"},
		` a  b	c `:              {"a", "b", "c"},
		`'a b' "c d"e ""`:       {"a b", "c de", ""},
		`C:\tools\shim.exe "'"`: {`C:\tools\shim.exe`, "'"},
	} {
		got, err := words(command)
		if err != nil || strings.Join(got, "|") != strings.Join(want, "|") || len(got) != len(want) {
			t.Errorf("%s: got %q, %v", command, got, err)
		}
	}
}

// TestParallel steps one machine from several goroutines. Each must receive the answer to its own
// request.
func TestParallel(t *testing.T) {
	m := startAs(t, "late", time.Minute)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 5 {
				if rec, _, err := step(m); err != nil || rec.State != reducer.Active {
					t.Errorf("got %+v, %v", rec, err)
				}
			}
		})
	}
	all.Wait()
}

func TestClosed(t *testing.T) {
	m := startAs(t, "good", time.Minute)
	_ = m.Close()
	_ = m.Close()
	if _, _, err := step(m); !errors.Is(err, ErrClosed) ||
		!errors.As(err, new(*reducer.MachineFailure)) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkStep(b *testing.B) {
	b.Setenv(asMachine, "good")
	m, err := Start("'"+os.Args[0]+"'", time.Minute)
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	for b.Loop() {
		if _, _, err := step(m); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzAnswer parses any line: it is an answer to the request, or the error says what was expected.
func FuzzAnswer(f *testing.F) {
	for _, answer := range answers {
		f.Add([]byte(answer))
	}
	f.Add([]byte(`{"id":18446744073709551615,"error":{"kind":"Unimplemented","from":"","event":""}}`))
	rec := reducer.Record{RolloutID: "stable@a1", Channel: "stable", TargetRef: "a1",
		State: reducer.Opening}
	ev := reducer.Event{Kind: reducer.HostJoined, Rollout: "stable@a1", Host: "h1", At: 1e9}
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := parseAnswer(text)
		if err != nil {
			if a != nil || err.Error() == "" {
				t.Errorf("%q: %+v, %v", text, a, err)
			}
			return
		}
		if a.mismatch(&rec, &ev) != nil {
			return
		}
		if a.refused != nil {
			if err := a.refusal(&rec, &ev); err == nil || errors.As(err, new(*reducer.MachineFailure)) {
				t.Errorf("%q: %v", text, err)
			}
		} else if a.record.RolloutID != rec.RolloutID {
			t.Errorf("%q: the record is of %s", text, a.record.RolloutID)
		}
	})
}
