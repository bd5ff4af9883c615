package incident

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rollsim/internal/memlog"
	"rollsim/internal/osfs"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/trace"
	"rollsim/trace/input"
)

func sample(t *testing.T, name string) []trace.Entry {
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
	all, err := trace.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// ownEvents returns the rollout events of one rollout.
func ownEvents(all []trace.Entry, id reducer.RolloutID) []reducer.Event {
	var own []reducer.Event
	for i := range all {
		if e := all[i].Event; e != nil && all[i].Rollout == id {
			own = append(own, *e)
		}
	}
	return own
}

func rollouts(all []trace.Entry) []reducer.RolloutID {
	var ids []reducer.RolloutID
	for i := range all {
		if e := all[i].Event; e != nil && e.Kind == reducer.RolloutOpened &&
			!slices.Contains(ids, e.Rollout) {
			ids = append(ids, e.Rollout)
		}
	}
	return ids
}

// imported imports a rollout and checks that the scenario passes. It returns the simulated trace.
func imported(
	t *testing.T, all []trace.Entry, id reducer.RolloutID, opt Options,
) (*Test, []trace.Entry) {
	t.Helper()
	h, err := Read(&memlog.Log{All: all}, id, opt)
	if err != nil {
		t.Fatal(err)
	}
	test, err := h.Test("scenarios/it.yaml", "the test")
	if err != nil {
		t.Fatalf("%v\n%s", err, h.text("", h.steps(), nil))
	}
	file, err := scenario.Parse("scenarios/it.yaml", test.Scenario)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := file.Record()
	if err != nil || string(rec.Text) != string(test.Golden) || rec.Verdict != "" {
		t.Fatalf("the scenario does not pass: %v %s\n%s", err, rec.Verdict,
			trace.Diff(string(test.Golden), string(rec.Text)))
	}
	m, err := machine.ByName(file.Scenario.Machine)
	if err != nil {
		t.Fatal(err)
	}
	var c trace.Collector
	if _, err := sim.Run(&file.Scenario, sim.Options{Machine: m, Seed: 1, Sink: &c}); err != nil {
		t.Fatal(err)
	}
	return test, c.Entries
}

// exactly imports a rollout and checks that the simulation repeats its events.
func exactly(t *testing.T, all []trace.Entry, id reducer.RolloutID, opt Options) *Test {
	t.Helper()
	test, got := imported(t, all, id, opt)
	want := ownEvents(all, id)
	if have := ownEvents(got, id); !slices.Equal(have, want) {
		t.Errorf("%s: got\n%v\nwant\n%v\n%s%q", id, have, want, test.Scenario, test.Notes)
	}
	return test
}

func TestSamples(t *testing.T) {
	for _, name := range []string{"sample-4", "sample-6"} {
		all := sample(t, name)
		ids := rollouts(all)
		if len(ids) != 8 {
			t.Fatalf("%s: %v", name, ids)
		}
		for _, id := range ids {
			test := exactly(t, all, id, Options{})
			for _, note := range test.Notes {
				if !strings.HasPrefix(note, "the log does not have the policy of channel stable") {
					t.Errorf("%s: %s", id, note)
				}
			}
			if !strings.Contains(string(test.Scenario), "machine: v0.2\ncontrol_plane: none\n") {
				t.Errorf("%s", test.Scenario)
			}
		}
	}
}

// TestShapes imports the same rollout, by the first digits of its ref, from logs of every shape.
func TestShapes(t *testing.T) {
	for sample, id := range map[string]reducer.RolloutID{
		"sample-4": "edge@0c917b8", "sample-6": "edge@fba08f6",
	} {
		made := make(map[string]*Test)
		for _, shape := range []string{"ndjson", "state.db", "events-edge.json"} {
			in, err := input.Open(nil, "../../trace/testdata/"+sample+"."+shape+".gz")
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			h, err := Read(in, id, Options{Policy: reducer.RollbackAndHalt})
			if err != nil {
				t.Fatal(err)
			}
			if made[shape], err = h.Test("scenarios/it.yaml", "a log"); err != nil {
				t.Fatal(err)
			}
		}
		for _, shape := range []string{"state.db", "events-edge.json"} {
			if got, want := eventsOf(made[shape]), eventsOf(made["ndjson"]); got != want ||
				strings.Count(got, "\n") < 30 {
				t.Errorf("%s: the events of %s are\n%s\nand those of NDJSON\n%s", sample, shape, got, want)
			}
		}
		if string(made["state.db"].Golden) != string(made["ndjson"].Golden) {
			t.Errorf("%s: the golden of state.db differs from that of NDJSON", sample)
		}
	}
}

// eventsOf returns the events of a scenario except RolloutOpened: that of a successor that is made
// up is one line later.
func eventsOf(test *Test) string {
	var b strings.Builder
	for line := range strings.Lines(string(test.Scenario)) {
		if strings.HasPrefix(line, "  - {at: ") && !strings.Contains(line, "RolloutOpened") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// TestSimulated imports rollouts of simulated traces of both machines, with crashes and faults.
func TestSimulated(t *testing.T) {
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
		var c trace.Collector
		result, err := sim.Run(&file.Scenario, sim.Options{Machine: m, Seed: 1, Sink: &c})
		if err != nil || result.Entries > 20_000 {
			continue
		}
		for i, id := range rollouts(c.Entries) {
			if i == 5 {
				break
			}
			count++
			test := exactly(t, c.Entries, id, Options{})
			if len(test.Notes) > 0 {
				t.Errorf("%s: %s: %q", name, id, test.Notes)
			}
		}
	}
	if count < 40 {
		t.Errorf("only %d rollouts, want at least 40", count)
	}
}

func opened(id reducer.RolloutID, at reducer.Time) reducer.Event {
	channel, ref, _ := strings.Cut(string(id), "@")
	return reducer.Event{
		Kind: reducer.RolloutOpened, Rollout: id, Channel: reducer.ChannelID(channel),
		TargetRef: reducer.ChannelRef(ref), At: at,
	}
}

func moved(
	id reducer.RolloutID, h reducer.HostID, from, to reducer.HostState, at reducer.Time,
) reducer.Event {
	return reducer.Event{
		Kind:    reducer.HostStateChanged,
		Rollout: id,
		Host:    h,
		From:    from,
		To:      to,
		At:      at,
	}
}

func TestOtherRollouts(t *testing.T) {
	const a, b, c = "stable@a", "stable@b", "stable@c"
	succeeds := func(old, next reducer.RolloutID, at reducer.Time) reducer.Event {
		return reducer.Event{Kind: reducer.SuccessorOpened, Rollout: old, Successor: next, At: at}
	}
	joined := func(id reducer.RolloutID, at reducer.Time) reducer.Event {
		return reducer.Event{Kind: reducer.HostJoined, Rollout: id, Host: "h1", At: at}
	}
	tests := []struct {
		name     string
		log      *memlog.Log
		id       reducer.RolloutID
		scenario []string // texts of the scenario
		golden   []string // texts of the golden
		never    []string // texts of neither
		notes    []string
	}{
		{
			name: "the rollout before, superseded after the new one was opened",
			log: memlog.Of(
				opened(a, 0), joined(a, 1e9), opened(b, 2e9), succeeds(a, b, 2e9), joined(b, 2e9),
				opened("edge@x", 3e9),
			),
			id: b,
			scenario: []string{"RolloutOpened: {rollout_id: stable@a,", "superseded_rollout_id: " +
				"stable@a, successor_rollout_id: stable@b"},
			never: []string{"edge", "reject", "rollout_id: stable@a, host_id"},
		},
		{
			name:     "the rollout before, superseded first",
			log:      memlog.Of(opened(a, 0), succeeds(a, b, 2e9), opened(b, 2e9), joined(b, 2e9)),
			id:       b,
			scenario: []string{"RolloutOpened: {rollout_id: stable@a,", "superseded_rollout_id: stable@a"},
			never:    []string{"reject"},
		},
		{
			name:     "the rollout before still stands: that is the incident",
			log:      memlog.Of(opened(a, 0), joined(a, 1e9), opened(b, 2e9), joined(b, 3e9)),
			id:       b,
			scenario: []string{"RolloutOpened: {rollout_id: stable@a,"},
			golden:   []string{"SupersessionExpected: rollout stable@b was opened while stable@a stands"},
		},
		{
			name: "rollouts long gone are left out",
			log: memlog.Of(
				opened(a, 0), opened(b, 1e9), succeeds(a, b, 1e9), opened(c, 2e9), succeeds(b, c, 2e9),
				joined(c, 2e9),
			),
			id:     c,
			golden: []string{"stable@b"},
			never:  []string{"stable@a"},
		},
		{
			name: "the successor",
			log: memlog.Of(
				opened(a, 0), joined(a, 1e9), opened(b, 2e9), succeeds(a, b, 2e9), joined(b, 2e9),
			),
			id:       a,
			scenario: []string{"RolloutOpened: {rollout_id: stable@b,"},
			never:    []string{"reject", "rollout_id: stable@b, host_id"},
		},
		{
			name:     "the successor, in the export of one rollout",
			log:      memlog.Of(opened(a, 0), joined(a, 1e9), succeeds(a, b, 2e9)),
			id:       a,
			scenario: []string{"RolloutOpened: {rollout_id: stable@b, channel: stable, target_ref: b}"},
			never:    []string{"reject"},
			notes: []string{
				"the RolloutOpened of its successor stable@b is made up",
				"the log does not have the policy",
			},
		},
		{
			name:   "no successor, in a complete log: that is the incident",
			log:    memlog.Of(opened("edge@x", 0), opened(a, 0), joined(a, 1e9), succeeds(a, b, 2e9)),
			id:     a,
			golden: []string{"Invariant: successor stable@b was not opened in lockstep"},
		},
		{
			name: "a rollout that hangs is expected to hang",
			log: memlog.Of(
				opened(a, 0), joined(a, 1e9), moved(a, "h1", reducer.HostPending, reducer.HostActivating, 2e9),
			),
			id: a,
			scenario: []string{`expect_violations:
  - "stuck stable@a"`},
		},
		{
			name: "events that were refused are refused again",
			log: memlog.Of(
				opened(a, 0),
				joined(a, 1e9),
				moved(a, "h1", reducer.HostSoaking, reducer.HostConverged, 2e9),
				reducer.Event{
					Kind:     reducer.OperatorClearance,
					Rollout:  a,
					Operator: "ops: [x]",
					Reason:   "it's \"late\"\n\u2028# no",
					At:       3e9,
				},
			),
			id:     a,
			golden: []string{"Invariant: host h1 is Pending, not Soaking", "reject    OperatorClearance"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			test := exactly(t, tt.log.All, tt.id, Options{})
			scenario, golden := string(test.Scenario), string(test.Golden)
			for _, s := range tt.scenario {
				if !strings.Contains(scenario, strings.ReplaceAll(s, `\n`, "\n")) {
					t.Errorf("the scenario lacks %s:\n%s", s, scenario)
				}
			}
			for _, s := range tt.golden {
				if !strings.Contains(golden, s) {
					t.Errorf("the golden lacks %s:\n%s", s, golden)
				}
			}
			for _, s := range tt.never {
				if strings.Contains(scenario+golden, s) {
					t.Errorf("%s is in\n%s%s", s, scenario, golden)
				}
			}
			for i, s := range tt.notes {
				if i >= len(test.Notes) || !strings.Contains(test.Notes[i], s) {
					t.Errorf("notes %q, want %s", test.Notes, s)
				}
			}
		})
	}
}

// TestTimes checks that events happen at the times of their entries, to the nanosecond, and keep
// the times in their payloads. A log whose times go back keeps its order.
func TestTimes(t *testing.T) {
	const a = "stable@a"
	in := memlog.Of(opened(a, 1_700_000_000_123_456_789),
		reducer.Event{Kind: reducer.HostJoined, Rollout: a, Host: "h1", At: 1_700_000_001_000_000_001},
		moved(a, "h1", reducer.HostPending, reducer.HostActivating, 1_700_000_000_500_000_000),
		moved(a, "h1", reducer.HostActivating, reducer.HostSoaking, 1_700_000_000_400_000_000),
		moved(a, "h1", reducer.HostSoaking, reducer.HostConverged, 1_700_000_009_000_000_000))
	in.All[2].At = 1_700_000_002_000_000_000 // written later than it happened
	_, got := imported(t, in.All, a, Options{})
	want := ownEvents(in.All, a)
	have := ownEvents(got, a)
	if !slices.Equal(have[:len(want)], want) {
		t.Errorf("got\n%v\nwant\n%v", have, want)
	}
	var at []reducer.Time
	for i := range got {
		if e := got[i].Event; e != nil && e.Kind == reducer.HostStateChanged {
			at = append(at, got[i].At)
		}
	}
	times := []reducer.Time{
		1_700_000_002_000_000_000, 1_700_000_002_000_000_000, 1_700_000_009_000_000_000,
	}
	if !slices.Equal(at, times) {
		t.Errorf("the events happen at %v, want %v", at, times)
	}
}

// TestTerminalAtAnotherTime has recorded RolloutTerminals that differ from the derived ones, which
// the simulator logs. A note names the difference.
func TestTerminalAtAnotherTime(t *testing.T) {
	const a = "stable@a"
	events := []reducer.Event{
		opened(a, 0), {Kind: reducer.HostJoined, Rollout: a, Host: "h1"},
		moved(a, "h1", reducer.HostPending, reducer.HostActivating, 1e9),
		moved(a, "h1", reducer.HostActivating, reducer.HostSoaking, 2e9),
		moved(a, "h1", reducer.HostSoaking, reducer.HostConverged, 3e9),
	}
	terminal := func(at reducer.Time) []reducer.Event {
		return []reducer.Event{{Kind: reducer.RolloutTerminal, Rollout: a, At: at}}
	}
	const text = `{"kind":"RolloutTerminal","rolloutId":"stable@a","at":"1970-01-01T00:00:0%dZ"}`
	for name, tt := range map[string]struct {
		terminal []reducer.Event
		says     string
	}{
		"at the same time": {terminal(3e9), ""},
		"later":            {terminal(4e9), fmt.Sprintf("recorded "+text+", simulated "+text, 4, 3)},
		"never":            {nil, `recorded nothing, simulated {"kind":"RolloutTerminal"`},
	} {
		all := memlog.Of(append(slices.Clone(events), tt.terminal...)...).All
		test, _ := imported(t, all, a, Options{Policy: reducer.Halt})
		if tt.says == "" && len(test.Notes) > 0 ||
			tt.says != "" && (len(test.Notes) != 1 || !strings.Contains(test.Notes[0], tt.says)) {
			t.Errorf("%s: %q", name, test.Notes)
		}
	}
}

func TestReadErrors(t *testing.T) {
	header := trace.Entry{Kind: trace.KindHeader, Header: &trace.Header{Machine: "exec:./mine"}}
	external := memlog.Of(opened("stable@a", 0))
	external.All = append([]trace.Entry{header}, external.All...)
	for name, tt := range map[string]struct {
		in   *memlog.Log
		says string
	}{
		"two of it": {
			memlog.Of(opened("stable@1234567a", 0), opened("stable@1234567b", 0)),
			"stable@1234567 is ambiguous: the log has stable@1234567a and stable@1234567b",
		},
		"nothing of it": {
			memlog.Of(opened("stable@a1", 0)),
			`the log does not open a rollout stable@a: did you mean "stable@a1"?`,
		},
		"no beginning": {
			memlog.Of(moved("stable@a", "h", reducer.HostPending, reducer.HostActivating, 0)),
			"the log has 1 event of rollout stable@a, but not its RolloutOpened",
		},
		"nothing": {memlog.Of(), "the log opens no rollout"},
		"other machines": {
			external, `the machine of the scenario: no machine is named "exec:./mine"`,
		},
	} {
		id := reducer.RolloutID("stable@a")
		if name == "two of it" {
			id = "stable@1234567"
		}
		if _, err := Read(tt.in, id, Options{}); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: got %v, want %s", name, err, tt.says)
		}
	}
}

func TestPolicy(t *testing.T) {
	const a = "stable@a"
	failed := trace.Entry{
		Seq:     2,
		Kind:    trace.KindAgentEvent,
		Rollout: a,
		Host:    "h1",
		Agent: &trace.AgentEvent{
			Kind: reducer.ProbesFailed, Policy: reducer.RollbackAndHalt,
		},
	}
	rolledBack := failed
	rolledBack.Agent = &trace.AgentEvent{Kind: reducer.RollbackComplete}
	halted := failed
	halted.Agent = &trace.AgentEvent{Kind: reducer.ProbesFailed, Policy: reducer.Halt}
	header := trace.Entry{
		Kind: trace.KindHeader,
		Header: &trace.Header{Machine: "rfc0008", Channels: []trace.ChannelConfig{
			{
				Channel: "stable",
				Policy:  reducer.Policy{OnHealthFailure: reducer.RollbackAndHalt, RetentionSeconds: 3600},
			},
		}},
	}
	const channel = "control_plane: none\nchannels:\n  - name: stable\n    policy: "
	for name, tt := range map[string]struct {
		all  []trace.Entry
		opt  Options
		want string
	}{
		"assumed": {
			memlog.Of(opened(a, 0)).All, Options{},
			"machine: v0.2\n" + channel + "halt\n    retention: 7d\n",
		},
		"by agent": {
			append(memlog.Of(opened(a, 0)).All, failed), Options{},
			channel + "rollback-and-halt\n    retention: 7d\n",
		},
		"by a rollback": {
			append(memlog.Of(opened(a, 0)).All, rolledBack), Options{},
			channel + "rollback-and-halt\n    retention: 7d\n",
		},
		"by agent, before a rollback": {
			append(memlog.Of(opened(a, 0)).All, rolledBack, halted), Options{}, channel + "halt\n",
		},
		"by user": {
			append(memlog.Of(opened(a, 0)).All, failed),
			Options{Policy: reducer.Halt, Machine: "rfc0008"},
			"machine: rfc0008\n" + channel + "halt\n",
		},
		"header": {
			append([]trace.Entry{header}, memlog.Of(opened(a, 0)).All...), Options{},
			"machine: rfc0008\n" + channel + "rollback-and-halt\n    retention: 3600s\n",
		},
	} {
		test, _ := imported(t, tt.all, a, tt.opt)
		if !strings.Contains(string(test.Scenario), tt.want) {
			t.Errorf("%s:\n%s", name, test.Scenario)
		}
	}
}

// TestNames imports names that YAML would read as something else without quotes.
func TestNames(t *testing.T) {
	for _, name := range []string{
		"true", "0x1F", "12e3", "null", "-", "a: b", "#x", "é\u2028☃", "'\"\\", "tab\there", "~", "y",
		"*star", "{a}", "01", "\x01\x7f\u0085",
	} {
		id := reducer.NewRolloutID("stable", reducer.ChannelRef(name))
		all := memlog.Of(
			opened(id, 0), reducer.Event{Kind: reducer.HostJoined, Rollout: id, Host: reducer.HostID(name)},
		).All
		exactly(t, all, id, Options{})
	}
}
