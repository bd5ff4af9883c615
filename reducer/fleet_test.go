package reducer_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"rollsim/reducer"
)

// fleetCase is a case of testdata/fleet.txt, which describes the format.
type fleetCase struct {
	name     string
	machines []string
	policy   reducer.HealthPolicy
	lines    []string
}

func readFleetCases(t *testing.T) []fleetCase {
	t.Helper()
	text, err := os.ReadFile("testdata/fleet.txt")
	if err != nil {
		t.Fatal(err)
	}
	var cases []fleetCase
	for _, block := range strings.Split(string(text), "\n== ")[1:] {
		lines := strings.Split(strings.TrimSpace(block), "\n")
		c := fleetCase{
			name: lines[0], machines: strings.Fields(lines[1]), policy: reducer.Halt, lines: lines[2:],
		}
		last := len(c.machines) - 1
		if policy, ok := reducer.ParseHealthPolicy(c.machines[last]); ok {
			c.policy, c.machines = policy, c.machines[:last]
		}
		cases = append(cases, c)
	}
	return cases
}

func TestFleet(t *testing.T) {
	tables := map[string]*reducer.Table{"v0.2": reducer.V02(), "rfc0008": reducer.RFC0008()}
	prunings := map[string]string{"v0.2": "", "rfc0008": ", prune in 600 s"}
	cases := readFleetCases(t)
	if len(cases) < 37 {
		t.Errorf("found %d cases", len(cases))
	}
	for _, test := range cases {
		for _, name := range test.machines {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				policy := reducer.Policy{OnHealthFailure: test.policy, RetentionSeconds: 600}
				fleet := reducer.NewFleet(
					tables[name], func(reducer.ChannelID) reducer.Policy { return policy },
				)
				for _, line := range test.lines {
					words, want, _ := strings.Cut(line, "|")
					want = strings.ReplaceAll(strings.TrimSpace(want), "*", prunings[name])
					if got := applyLine(t, fleet, strings.Fields(words)); got != want {
						t.Errorf("%s\nwant %s\ngot  %s", words, want, got)
					}
				}
			})
		}
	}
}

// applyLine applies one line of a log to the fleet and returns the answer in words.
func applyLine(t *testing.T, fleet *reducer.Fleet, words []string) string {
	t.Helper()
	if words[0] == "end" {
		var answers []string
		for _, err := range fleet.Finish() {
			answers = append(answers, "late: "+err.Error())
		}
		for _, r := range fleet.Rollouts() {
			answers = append(answers, describe(r))
		}
		return strings.Join(answers, "; ")
	}
	ev := parseEvent(t, words)
	before := snapshot(fleet)
	// The outcome still holds an earlier event; Apply must clear it.
	out := reducer.Outcome{Derived: true, Confirmed: true, Late: []error{fmt.Errorf("junk")}}
	out.Effects.Add(reducer.Effect{Kind: reducer.UpdateCurrentWave, Wave: 99})
	err := fleet.Apply(&ev, ev.At+1, &out)

	var answers []string
	for _, late := range out.Late {
		answers = append(answers, "late: "+late.Error())
	}
	if err != nil {
		answers = append(answers, "refused: "+err.Error())
		if len(out.Effects.All()) != 0 || out.Derived || out.Confirmed {
			t.Errorf("%v: a refused event has effects %+v", words, out)
		}
		if after := snapshot(fleet); !slices.Equal(before, after) {
			t.Errorf("%v: a refused event changed the fleet:\nbefore %v\nafter  %v", words, before, after)
		}
	}
	if err == nil && ev.Kind == reducer.HostStateChanged {
		if h := fleet.Rollout(ev.Rollout).Hosts()[out.Slot]; h.ID != ev.Host || h.State != ev.To {
			t.Errorf("%v: the slot is that of %+v", words, h)
		}
	}
	effects := inWords(t, out.Effects.All(), ev.At, out.Confirmed)
	if out.Confirmed {
		effects = strings.TrimSpace("confirms " + effects)
	}
	if effects != "" {
		answers = append(answers, effects)
	}
	if out.Derived {
		d := out.DerivedEvent
		if out.DerivedErr != nil || d.Kind != reducer.RolloutTerminal || d.Rollout != ev.Rollout {
			t.Errorf("%v: derived %+v, %v", words, d, out.DerivedErr)
		}
		answers = append(
			answers, "derived at "+clock(d.At)+": "+inWords(t, out.DerivedEffects.All(), d.At, false),
		)
	}
	return strings.Join(answers, "; ")
}

func describe(r *reducer.Rollout) string {
	rec := r.Record
	s := fmt.Sprintf("%s %v", rec.RolloutID, rec.State)
	if rec.CurrentWave != 0 {
		s += fmt.Sprintf(", cursor %d", rec.CurrentWave)
	}
	if rec.TerminalAt.Set {
		s += ", terminal " + clock(rec.TerminalAt.Value)
		if r.DerivedUnconfirmed() {
			s += " unconfirmed"
		}
	}
	if rec.SupersededAt.Set {
		s += ", superseded " + clock(rec.SupersededAt.Value)
	}
	return s
}

func inWords(t *testing.T, effects []reducer.Effect, at reducer.Time, sayTime bool) string {
	t.Helper()
	var words []string
	for _, e := range effects {
		switch e.Kind {
		case reducer.RecordRolloutTransition:
			w := fmt.Sprintf("%v → %v", e.From, e.To)
			if sayTime {
				w += " at " + clock(e.At)
			} else if e.At != at {
				t.Errorf("%s at %s, but the event was at %s", w, clock(e.At), clock(at))
			}
			words = append(words, w)
		case reducer.UpdateCurrentWave:
			words = append(words, fmt.Sprintf("cursor %d", e.Wave))
		case reducer.InsertQuarantineFromRollout:
			words = append(words, fmt.Sprintf("quarantine %s on %s", e.Closure, e.Channel))
		case reducer.SchedulePruning:
			words = append(words, fmt.Sprintf("prune in %d s", e.DelaySeconds))
		}
	}
	return strings.Join(words, ", ")
}

const minute = reducer.Time(60_000_000_000)

func clock(at reducer.Time) string { return fmt.Sprintf("%02d:%02d", at/minute/60, at/minute%60) }

func parseEvent(t *testing.T, w []string) reducer.Event {
	t.Helper()
	var hours, minutes reducer.Time
	if _, err := fmt.Sscanf(w[0], "%d:%d", &hours, &minutes); err != nil {
		t.Fatalf("%v: %v", w, err)
	}
	ev := reducer.Event{At: (hours*60 + minutes) * minute}
	number := func(word string) (n uint32) {
		if _, err := fmt.Sscan(word, &n); err != nil {
			t.Fatalf("%v: %v", w, err)
		}
		return n
	}
	switch w[2] {
	case "opened":
		ev.Kind, ev.Rollout = reducer.RolloutOpened, reducer.RolloutID(w[1])
		channel, ref, _ := strings.Cut(w[1], "@")
		ev.Channel, ev.TargetRef = reducer.ChannelID(channel), reducer.ChannelRef(ref)
	case "joins":
		ev.Kind, ev.Host, ev.Rollout = reducer.HostJoined, reducer.HostID(w[1]), reducer.RolloutID(w[3])
		ev.Wave = number(w[5])
	case "of":
		from, ok1 := reducer.ParseHostState(w[4])
		to, ok2 := reducer.ParseHostState(w[6])
		if !ok1 || !ok2 {
			t.Fatalf("unknown host state: %v", w)
		}
		ev.Kind, ev.From, ev.To = reducer.HostStateChanged, from, to
		ev.Host, ev.Rollout = reducer.HostID(w[1]), reducer.RolloutID(w[3])
	case "wave":
		ev.Kind, ev.Rollout = reducer.WaveAdvanced, reducer.RolloutID(w[1])
		ev.FromWave, ev.ToWave = number(w[3]), number(w[5])
	case "terminal":
		ev.Kind, ev.Rollout = reducer.RolloutTerminal, reducer.RolloutID(w[1])
	case "supersedes":
		ev.Kind = reducer.SuccessorOpened
		ev.Rollout, ev.Successor = reducer.RolloutID(w[3]), reducer.RolloutID(w[1])
	case "expires":
		ev.Kind, ev.Rollout = reducer.RetentionExpired, reducer.RolloutID(w[1])
	case "clears":
		ev.Kind, ev.Rollout = reducer.OperatorClearance, reducer.RolloutID(w[3])
		ev.Operator, ev.Reason = w[1], "repaired"
	default:
		t.Fatalf("unknown event: %v", w)
	}
	return ev
}

// snapshot returns the visible state of a fleet, one fact a line, to compare two fleets.
func snapshot(fleet *reducer.Fleet) []string {
	var lines []string
	for _, r := range fleet.Rollouts() {
		lines = append(lines, fmt.Sprintf("%+v unconfirmed %v", r.Record, r.DerivedUnconfirmed()))
		for _, h := range r.Hosts() {
			lines = append(lines, fmt.Sprintf("%s %+v", r.Record.RolloutID, h))
		}
		for _, s := range reducer.HostStates() {
			lines = append(lines, fmt.Sprintf("%s %v %d", r.Record.RolloutID, s, r.Count(s)))
		}
		var standing []reducer.RolloutID
		for _, s := range fleet.Standing(r.Record.Channel) {
			standing = append(standing, s.Record.RolloutID)
		}
		lines = append(lines, fmt.Sprintf("%s standing %v", r.Record.Channel, standing))
	}
	return lines
}

func TestFleetLookups(t *testing.T) {
	fleet := reducer.NewFleet(reducer.RFC0008(), nil)
	if fleet.Rollout("stable@a") != nil || fleet.Standing("stable") != nil ||
		len(fleet.Rollouts()) != 0 {
		t.Error("an empty fleet has a rollout")
	}
	for _, line := range []string{
		"01:00 stable@a opened", "01:00 h1 joins stable@a wave 0", "01:00 h2 joins stable@a wave 1",
		"01:01 h2 of stable@a Pending → Activating",
	} {
		applyLine(t, fleet, strings.Fields(line))
	}
	r := fleet.Rollout("stable@a")
	if h, ok := r.Host("h2"); !ok ||
		h != (reducer.Host{ID: "h2", Wave: 1, State: reducer.HostActivating}) {
		t.Errorf("h2 is %+v, %v", h, ok)
	}
	if h, ok := r.Host("h3"); ok {
		t.Errorf("h3 is %+v though it never joined", h)
	}
	if r.Count(reducer.HostPending) != 1 || r.Count(reducer.HostActivating) != 1 || r.AllConverged() {
		t.Errorf("counts are wrong: %+v", r.Hosts())
	}
	// Without a policy function every channel has the default one.
	applyLine(t, fleet, strings.Fields("02:00 stable@b opened"))
	ev := parseEvent(t, strings.Fields("02:00 stable@b supersedes stable@a"))
	var out reducer.Outcome
	if err := fleet.Apply(&ev, ev.At, &out); err != nil {
		t.Fatal(err)
	}
	effects := out.Effects.All()
	if last := effects[len(effects)-1]; last.Kind != reducer.SchedulePruning ||
		last.DelaySeconds != reducer.DefaultRetentionSeconds {
		t.Errorf("the default policy schedules %+v", last)
	}
}

func TestEachChannelHasItsPolicy(t *testing.T) {
	fleet := reducer.NewFleet(reducer.RFC0008(), func(ch reducer.ChannelID) reducer.Policy {
		if ch == "edge" {
			return reducer.Policy{OnHealthFailure: reducer.RollbackAndHalt, RetentionSeconds: 1}
		}
		return reducer.Policy{OnHealthFailure: reducer.Halt, RetentionSeconds: 2}
	})
	for _, test := range []struct{ line, want string }{
		{"01:00 stable@a opened", ""},
		{"01:00 edge@a opened", ""},
		{"01:00 web-1 joins stable@a wave 0", "Opening → Active"},
		{"01:00 web-2 joins edge@a wave 0", "Opening → Active"},
		{"01:01 web-1 of stable@a Pending → Activating", ""},
		{"01:01 web-2 of edge@a Pending → Activating", ""},
		{"01:02 web-1 of stable@a Activating → Failed", "Active → Failed, prune in 2 s"},
		{"01:02 web-2 of edge@a Activating → Failed", ""},
		{
			"01:03 web-2 of edge@a Failed → Reverted",
			"Active → Reverted, quarantine a on edge, prune in 1 s",
		},
	} {
		if got := applyLine(t, fleet, strings.Fields(test.line)); got != test.want {
			t.Errorf("%s: %s, want %s", test.line, got, test.want)
		}
	}
}

// TestTheMachineAnswersFirst uses a machine that refuses every event of a known rollout,
// and expects that refusal.
func TestTheMachineAnswersFirst(t *testing.T) {
	var cells reducer.Cells
	for _, k := range reducer.EventKinds() {
		cells[reducer.Opening][k] = reducer.Cell{{Do: reducer.Refuse}}
	}
	fleet := reducer.NewFleet(reducer.NewTable("contrary", cells, false), nil)
	if got := applyLine(t, fleet, strings.Fields("01:00 stable@a opened")); got != "" {
		t.Fatal(got)
	}
	for _, k := range reducer.EventKinds() {
		var invariant *reducer.Invariant
		ev := reducer.Event{Kind: k, Rollout: "stable@a"}
		if err := fleet.Apply(&ev, 0, new(reducer.Outcome)); !errors.As(err, &invariant) ||
			invariant.Event != k {
			t.Errorf("%v is answered with %v", k, err)
		}
	}
}
