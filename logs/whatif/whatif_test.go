package whatif

import (
	"errors"
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
)

func opened(id reducer.RolloutID, at reducer.Time) reducer.Event {
	channel, ref, _ := strings.Cut(string(id), "@")
	return reducer.Event{
		Kind: reducer.RolloutOpened, Rollout: id, Channel: reducer.ChannelID(channel),
		TargetRef: reducer.ChannelRef(ref), At: at,
	}
}

func joined(id reducer.RolloutID, h reducer.HostID, at reducer.Time) reducer.Event {
	return reducer.Event{Kind: reducer.HostJoined, Rollout: id, Host: h, At: at}
}

// moves returns the events of a host that goes through states, a second each.
func moves(
	id reducer.RolloutID, h reducer.HostID, at reducer.Time, states ...reducer.HostState,
) []reducer.Event {
	var all []reducer.Event
	for i := range states[1:] {
		all = append(all, reducer.Event{
			Kind: reducer.HostStateChanged, Rollout: id, Host: h, From: states[i], To: states[i+1],
			At: at + reducer.Time(i)*1e9,
		})
	}
	return all
}

func sample(t *testing.T, name string) trace.Source {
	t.Helper()
	f, err := os.Open("../../trace/testdata/" + name + ".ndjson.gz")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	r, err := trace.NewReader(name, f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func compare(t *testing.T, in trace.Source, a, b Side) *Result {
	t.Helper()
	r, err := Compare(in, a, b)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// summary returns a line for each divergence of a result.
func summary(r *Result) string {
	var b strings.Builder
	for i := range r.Diverged {
		p := &r.Diverged[i]
		state := "-"
		if p.State != nil {
			state = fmt.Sprint(p.State.Seq)
		}
		fmt.Fprintf(
			&b, "%s: %d %v in %v: %s | %s; states %s; %d of %d; %d hosts; %v | %v\n", p.Rollout, p.First.Seq,
			p.First.Event.Kind, p.First.From, p.First.A.String(), p.First.B.String(), state, p.Events,
			p.After, len(p.Hosts), p.EndA.State, p.EndB.State,
		)
	}
	return b.String()
}

func TestSamples(t *testing.T) {
	for _, name := range []string{"sample-4", "sample-6"} {
		r := compare(t, sample(t, name), Side{}, Side{Machine: reducer.V02()})
		if len(r.Diverged) != 0 || r.A != "v0.2" || r.Rollouts != 8 || r.Hosts != 16 {
			t.Errorf("%s: %+v", name, r)
		}
	}
	r := compare(
		t, sample(t, "sample-4"), Side{Machine: reducer.V02()}, Side{Machine: reducer.RFC0008()},
	)
	// The last edge rollout fails in its activation and rolls back: v0.2 leaves it Failed.
	last := r.Diverged[len(r.Diverged)-1]
	if len(r.Diverged) != 7 || r.Touched() != 16 || last.First.Seq != 2704 ||
		last.EndA.State != reducer.Failed ||
		last.EndB.State != reducer.Reverted {
		t.Errorf("got %s", summary(r))
	}
	const note = "entry 722: channel stable: no entry states the policy; halt is assumed"
	if len(r.Notes) != 1 || r.Notes[0] != note {
		t.Errorf("notes %q, want %s", r.Notes, note)
	}
}

func TestDivergences(t *testing.T) {
	const x, y = "stable@x", "stable@y"
	converge := []reducer.HostState{
		reducer.HostPending,
		reducer.HostActivating,
		reducer.HostSoaking,
		reducer.HostConverged,
	}
	fail := []reducer.HostState{
		reducer.HostPending,
		reducer.HostActivating,
		reducer.HostFailed,
		reducer.HostReverted,
	}
	start := []reducer.Event{opened(x, 0), joined(x, "h1", 0)}
	rolls := Side{
		Policies: map[reducer.ChannelID]Change{"stable": {OnHealthFailure: reducer.RollbackAndHalt}},
	}
	cells := reducer.V02().Cells()
	cells[reducer.Terminal][reducer.RetentionExpired] = reducer.Cell{
		{If: reducer.Always, Do: reducer.Illegal},
	}
	never := Side{Machine: reducer.NewTable("never-prunes", cells, false)}

	tests := []struct {
		name   string
		events []reducer.Event
		a, b   Side
		want   string
	}{
		{
			"the derived RolloutTerminal and the recorded one are one fact",
			append(
				append(slices.Clone(start), moves(x, "h1", 1e9, converge...)...),
				reducer.Event{Kind: reducer.RolloutTerminal, Rollout: x, At: 3e9},
			),
			Side{}, Side{Machine: reducer.RFC0008()},
			"stable@x: 5 HostStateChanged in Active: RolloutTerminal follows; RecordRolloutTransition " +
				"Active → Terminal | RolloutTerminal follows; RecordRolloutTransition Active → Terminal; " +
				"SchedulePruning after 604800 s; states -; 1 of 1; 1 hosts; Terminal | Terminal\n",
		},
		{
			"another policy",
			append(slices.Clone(start), moves(x, "h1", 1e9, fail...)...),
			Side{Machine: reducer.RFC0008()}, Side{Machine: reducer.RFC0008(), Policies: rolls.Policies},
			"stable@x: 4 HostStateChanged in Active: RecordRolloutTransition Active → Failed; " +
				"SchedulePruning after 604800 s | accepted without effect, Active; states 4; 2 of 1; 1 " +
				"hosts; Reverted | Reverted\n",
		},
		{
			"v0.2 knows no policy",
			append(slices.Clone(start), moves(x, "h1", 1e9, fail...)...),
			Side{}, rolls,
			"",
		},
		{
			"another retention",
			append(slices.Clone(start), moves(x, "h1", 1e9, converge...)...),
			Side{Machine: reducer.RFC0008()},
			Side{
				Machine:  reducer.RFC0008(),
				Policies: map[reducer.ChannelID]Change{"stable": {RetentionSeconds: reducer.Some[int64](0)}},
			},
			"stable@x: 5 HostStateChanged in Active: RolloutTerminal follows; RecordRolloutTransition " +
				"Active → Terminal; SchedulePruning after 604800 s | RolloutTerminal follows; " +
				"RecordRolloutTransition Active → Terminal; SchedulePruning after 0 s; states -; 1 of 0; 1 " +
				"hosts; Terminal | Terminal\n",
		},
		{
			"one side refuses, so that another rollout still stands when the next is opened",
			append(
				append(slices.Clone(start), moves(x, "h1", 1e9, converge...)...),
				reducer.Event{
					Kind:    reducer.RetentionExpired,
					Rollout: x,
					At:      9e9,
				},
				opened(y, 10e9),
				joined(y, "h1", 11e9),
			),
			Side{}, never,
			"stable@x: 6 RetentionExpired in Terminal: RecordRolloutTransition Terminal → Pruned | " +
				"refused: IllegalForState (event RetentionExpired is not legal in state Terminal (rollout " +
				"stable@x)); states 6; 1 of 0; 1 hosts; Pruned | Terminal\n" +
				"stable@y: 8 RolloutOpened in State(0): accepted without effect, Active | refused: " +
				"SupersessionExpected (rollout stable@y was opened while stable@x stands for channel stable: " +
				"a SuccessorOpened in lockstep was expected); states -; 1 of 1; 1 hosts; Active | Active\n",
		},
		{
			"the same at the end of the log",
			append(append(slices.Clone(start), moves(x, "h1", 1e9, converge...)...),
				reducer.Event{Kind: reducer.RetentionExpired, Rollout: x, At: 9e9}, opened(y, 10e9)),
			never, Side{},
			"stable@x: 6 RetentionExpired in Terminal: refused: IllegalForState (event RetentionExpired " +
				"is not legal in state Terminal (rollout stable@x)) | RecordRolloutTransition Terminal → " +
				"Pruned; states 6; 1 of 0; 1 hosts; Terminal | Pruned\n" +
				"stable@y: 7 RolloutOpened in State(0): refused: SupersessionExpected (rollout stable@y was " +
				"opened while stable@x stands for channel stable: a SuccessorOpened in lockstep was " +
				"expected) | accepted without effect, Opening; states -; 1 of 0; 0 hosts; Opening | Opening\n",
		},
		{
			"both refuse with different messages",
			[]reducer.Event{
				opened(x, 0),
				{Kind: reducer.OperatorClearance, Rollout: x, At: 1e9},
				joined("stable@gone", "h1", 1e9),
			},
			Side{}, Side{Machine: reducer.RFC0008()},
			"",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := summary(compare(t, memlog.Of(tt.events...), tt.a, tt.b)); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
		})
	}
}

func TestNotes(t *testing.T) {
	log := memlog.Of(joined("stable@x", "h1", 0), joined("stable@x", "h2", 0))
	r := compare(t, log, Side{}, Side{})
	const note = "ignored 2 events of rollouts that the log never opens"
	if len(r.Notes) != 1 || r.Notes[0] != note {
		t.Errorf("notes %q, want %s", r.Notes, note)
	}
	for ignored, want := range []string{
		"", "ignored 1 event of rollouts that the log never opens",
	} {
		events := []reducer.Event{opened("stable@a", 0), joined("stable@x", "h1", 0)}[:1+ignored]
		r := compare(t, memlog.Of(events...), Side{}, Side{})
		if got := strings.Join(r.Notes, "\n"); got != want {
			t.Errorf("%d events are ignored: notes %q, want %q", ignored, got, want)
		}
	}
	in := memlog.Of(opened("stable@a", 0))
	in.All = append([]trace.Entry{{Kind: trace.KindHeader, Header: &trace.Header{Machine: "v0.2"}}},
		in.All...)
	in.All = append(in.All, trace.Entry{Seq: 2, Kind: trace.KindEnd, End: &trace.End{}})
	if r := compare(t, in, Side{}, Side{}); r.Entries != 1 {
		t.Errorf("%d entries, want 1: headers and ends do not count", r.Entries)
	}
	if r := compare(t, &memlog.Log{}, Side{}, Side{}); r.Entries != 0 || len(r.Diverged) != 0 {
		t.Errorf("the result of an empty log is %+v", r)
	}
}

func TestPoliciesOfLog(t *testing.T) {
	const x = "stable@x"
	events := memlog.Of(
		append(
			[]reducer.Event{opened(x, 0), joined(x, "h1", 0)},
			moves(x, "h1", 1e9, reducer.HostPending, reducer.HostActivating,
				reducer.HostSoaking, reducer.HostFailed)...)...)
	failed := trace.Entry{
		Seq:     5,
		Kind:    trace.KindAgentEvent,
		Rollout: x,
		Host:    "h1",
		Agent: &trace.AgentEvent{
			Kind: reducer.ProbesFailed, Policy: reducer.RollbackAndHalt,
		},
	}
	last := len(events.All) - 1
	applied := &memlog.Log{All: slices.Insert(slices.Clone(events.All), last, failed)}
	header := trace.Entry{
		Kind: trace.KindHeader,
		Header: &trace.Header{Machine: "rfc0008", Channels: []trace.ChannelConfig{
			{Channel: "stable", Policy: reducer.Policy{OnHealthFailure: reducer.RollbackAndHalt}},
		}},
	}
	simulated := &memlog.Log{All: append([]trace.Entry{header}, events.All...)}
	// The agent of the first failure does not say what applies; one of a later rollout does, or it
	// only rolls back, or a rollback is followed by one that says halt.
	later := func(agents ...trace.AgentEvent) *memlog.Log {
		all := append(slices.Clone(events.All), memlog.Of(opened("other@y", 9e9)).All...)
		for i := range agents {
			e := failed
			e.Agent = &agents[i]
			all = append(all, e)
		}
		for i := range all {
			all[i].Seq = uint64(i + 1)
		}
		return &memlog.Log{All: all}
	}
	rolled := trace.AgentEvent{Kind: reducer.RollbackComplete}
	says := func(p reducer.HealthPolicy) trace.AgentEvent {
		return trace.AgentEvent{Kind: reducer.ProbesFailed, Policy: p}
	}
	const shown = "entry 5: channel stable: policy rollback-and-halt, which entry 7 shows"

	for name, tt := range map[string]struct {
		in       trace.Source
		diverged int
		note     string
	}{
		"assumed": {
			events, 0, "entry 5: channel stable: no entry states the policy; halt is assumed",
		},
		"of an agent":       {applied, 1, ""},
		"of the header":     {simulated, 1, ""},
		"of an agent later": {later(says(reducer.RollbackAndHalt)), 1, shown},
		"of a rollback":     {later(rolled), 1, shown},
		"an agent contradicts": {
			later(rolled, says(reducer.Halt)), 0,
			"entry 5: channel stable: policy halt, which entry 8 shows",
		},
		"the first of two agents": {
			later(says(reducer.RollbackAndHalt), says(reducer.Halt)), 1,
			shown + "\nentry 8: channel stable: an agent applied policy halt; rollback-and-halt is used",
		},
	} {
		halts := Side{
			Machine:  reducer.RFC0008(),
			Policies: map[reducer.ChannelID]Change{"stable": {OnHealthFailure: reducer.Halt}},
		}
		r := compare(t, tt.in, Side{Machine: reducer.RFC0008()}, halts)
		if got := strings.Join(r.Notes, "\n"); len(r.Diverged) != tt.diverged || got != tt.note {
			t.Errorf("%s: %s%q, want %q", name, summary(r), r.Notes, tt.note)
		}
		if r.Events < 5 {
			t.Errorf("%s: only %d events", name, r.Events)
		}
	}
	header.Header.Machine = "v9"
	unknown := func() *memlog.Log { return &memlog.Log{All: []trace.Entry{header}} }
	if _, err := Compare(unknown(), Side{}, Side{}); err == nil ||
		!strings.Contains(err.Error(), "v9") {
		t.Errorf("got %v, want an error that names machine v9", err)
	}
	v02 := Side{Machine: reducer.V02()}
	if _, err := Compare(unknown(), v02, v02); err != nil {
		t.Errorf("two machines of the user: %v", err)
	}
}

// mute is a machine that does not answer.
type mute struct{ reducer.Machine }

func (mute) Step(
	*reducer.Record, *reducer.Event, reducer.Time, reducer.Policy, *reducer.Effects,
) error {
	return &reducer.MachineFailure{Machine: "mute", Err: errors.New("kept silent")}
}

func TestMachineFailure(t *testing.T) {
	r, err := Compare(
		memlog.Of(opened("a@x", 0), joined("a@x", "h", 0)), Side{}, Side{Machine: mute{reducer.V02()}},
	)
	if r != nil || !errors.As(err, new(*reducer.MachineFailure)) {
		t.Errorf("got %+v, %v", r, err)
	}
}

// TestAgainstSeparateFolds compares the results for every scenario and each difference of the two
// machines with those of two separate folds.
func TestAgainstSeparateFolds(t *testing.T) {
	files, err := filepath.Glob("../../scenarios/*.yaml")
	if err != nil || len(files) < 20 {
		t.Fatal(files, err)
	}
	diverged := 0
	for _, name := range files {
		file, err := scenario.LoadFS(osfs.FS{}, filepath.ToSlash(name))
		if err != nil {
			t.Fatal(err)
		}
		hosts := 0
		for _, c := range file.Scenario.Channels {
			for _, w := range c.Waves {
				hosts += len(w.Hosts)
			}
		}
		if hosts > 200 {
			continue
		}
		m, err := machine.ByName(file.Scenario.Machine)
		if err != nil {
			t.Fatal(err)
		}
		var c trace.Collector
		if _, err := sim.Run(&file.Scenario, sim.Options{Machine: m, Seed: 1, Sink: &c}); err != nil {
			t.Fatal(err)
		}
		for _, d := range reducer.Differences() {
			other := reducer.V02With("other", []reducer.Difference{d})
			r := compare(t, &memlog.Log{All: c.Entries}, Side{Machine: reducer.V02()}, Side{Machine: other})
			got := make(map[reducer.RolloutID]uint64)
			for i := range r.Diverged {
				got[r.Diverged[i].Rollout] = r.Diverged[i].First.Seq
			}
			want := firstDifference(c.Entries, fold(c.Entries, reducer.V02()), fold(c.Entries, other))
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s, difference %d: got %v, want %v", name, d.Number, got, want)
			}
			diverged += len(got)
		}
	}
	if diverged < 20 {
		t.Errorf("only %d rollouts diverge, want at least 20", diverged)
	}
}

// fold returns the answers of a machine to each entry, as text.
func fold(all []trace.Entry, m reducer.Machine) []string {
	policies := make(map[reducer.ChannelID]reducer.Policy)
	for _, c := range all[0].Header.Channels {
		policies[c.Channel] = c.Policy
	}
	fleet := reducer.NewFleet(m, func(id reducer.ChannelID) reducer.Policy { return policies[id] })
	answers := make([]string, len(all))
	var out reducer.Outcome
	for i := range all {
		if all[i].Event == nil {
			continue
		}
		err := fleet.Apply(all[i].Event, all[i].At, &out)
		switch {
		case err != nil:
			answers[i] = err.Error()
		case !out.Confirmed:
			answers[i] = fmt.Sprint(out.Effects.All(), out.Derived)
			if out.Derived {
				answers[i] += fmt.Sprint(out.DerivedEffects.All(), out.DerivedErr)
			}
		}
		if r := fleet.Rollout(all[i].Event.Rollout); r != nil {
			answers[i] += fmt.Sprint(r.Record)
		}
	}
	return answers
}

func firstDifference(all []trace.Entry, a, b []string) map[reducer.RolloutID]uint64 {
	first := make(map[reducer.RolloutID]uint64)
	for i := range all {
		if a[i] != b[i] {
			if _, known := first[all[i].Rollout]; !known {
				first[all[i].Rollout] = all[i].Seq
			}
		}
	}
	return first
}
