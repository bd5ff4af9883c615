package reducer_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"rollsim/reducer"
)

// The tables in testdata are the specification's, not the code's: what each machine does with every
// event in every state. A cell is a list of clauses; the first whose condition holds applies:
//
//	·   accepted, nothing happens        ✗  IllegalForState
//	→X  transition to X, always with T   U  Unimplemented
//	W   the cursor moves to to_wave, if that is above it     !  Invariant
//	Q   quarantines the target ref       P  schedules pruning

// spec is a parsed table.
type spec struct {
	machine         *reducer.Table
	refuseMisrouted bool
	cells           map[reducer.State]map[reducer.EventKind]string
}

func specs(t testing.TB) []spec {
	t.Helper()
	return []spec{
		{machine: reducer.V02(), cells: readSpec(t, "testdata/v0.2.table")},
		{machine: reducer.RFC0008(), cells: readSpec(t, "testdata/rfc0008.table"), refuseMisrouted: true},
	}
}

func readSpec(t testing.TB, path string) map[reducer.State]map[reducer.EventKind]string {
	t.Helper()
	table, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cells := map[reducer.State]map[reducer.EventKind]string{}
	var columns []reducer.EventKind
	for i, line := range strings.Split(strings.TrimSpace(string(table)), "\n") {
		fields := strings.Split(line, "|")
		for j := range fields {
			fields[j] = strings.TrimSpace(fields[j])
		}
		if i == 0 {
			for _, name := range fields[1:] {
				k, ok := reducer.ParseEventKind(name)
				if !ok {
					t.Fatalf("the table has an unknown event %q", name)
				}
				columns = append(columns, k)
			}
			continue
		}
		s, ok := reducer.ParseState(fields[0])
		if !ok {
			t.Fatalf("the table has an unknown state %q", fields[0])
		}
		cells[s] = map[reducer.EventKind]string{}
		for j, cell := range fields[1:] {
			cells[s][columns[j]] = cell
		}
	}
	return cells
}

// answer is the result of a step, or the one that the specification requires.
type answer struct {
	record  reducer.Record
	effects []reducer.Effect
	err     string // kind, from, event and rollout; empty for none
}

func (s spec) answer(
	t testing.TB, rec reducer.Record, ev reducer.Event, policy reducer.Policy,
) answer {
	t.Helper()
	refused := func(kind string) answer {
		return answer{
			record: rec,
			err:    fmt.Sprintf("%s from %v on %v of %s", kind, rec.State, ev.Kind, rec.RolloutID),
		}
	}
	if s.refuseMisrouted && ev.Rollout != rec.RolloutID {
		return refused("Invariant (event of another rollout)")
	}
	cell, ok := s.cells[rec.State][ev.Kind]
	if !ok {
		t.Fatalf("the specification has no cell for %v in %v", ev.Kind, rec.State)
	}
	for _, clause := range strings.Split(cell, ";") {
		words := strings.Fields(clause)
		if holds, conditional := conditionHolds(words[0], ev, policy); conditional {
			if !holds {
				continue
			}
			words = words[1:]
		}
		a := answer{record: rec}
		for _, word := range words {
			if kind, refuses := refusals[word]; refuses {
				return refused(kind)
			}
			a.apply(t, word, ev, policy)
		}
		return a
	}
	t.Fatalf("no clause of %v in %v applies: %s", ev.Kind, rec.State, cell)
	return answer{}
}

// refusals are the words of a cell that refuse the event.
var refusals = map[string]string{
	"✗": "IllegalForState",
	"U": "Unimplemented",
	"!": "Invariant (wave regression)",
}

// conditionHolds evaluates the first word of a clause, if that is a condition.
func conditionHolds(
	word string, ev reducer.Event, policy reducer.Policy,
) (holds, conditional bool) {
	switch word {
	case "to=Failed":
		return ev.To == reducer.HostFailed, true
	case "to=Failed,halt":
		return ev.To == reducer.HostFailed && policy.OnHealthFailure == reducer.Halt, true
	case "to=Reverted":
		return ev.To == reducer.HostReverted, true
	case "to>from":
		return ev.ToWave > ev.FromWave, true
	case "to<from":
		return ev.ToWave < ev.FromWave, true
	}
	return false, false
}

// apply applies one word of an accepting clause to the answer.
func (a *answer) apply(t testing.TB, word string, ev reducer.Event, policy reducer.Policy) {
	t.Helper()
	rec := &a.record
	switch word {
	case "·":
	case "W":
		if ev.ToWave > rec.CurrentWave {
			rec.CurrentWave = ev.ToWave
			a.effects = append(a.effects, reducer.Effect{
				Kind: reducer.UpdateCurrentWave, Rollout: rec.RolloutID, Wave: ev.ToWave,
			})
		}
	case "Q":
		a.effects = append(a.effects, reducer.Effect{
			Kind:    reducer.InsertQuarantineFromRollout,
			Channel: rec.Channel, Closure: reducer.ClosureHash(rec.TargetRef),
		})
	case "P":
		a.effects = append(a.effects, reducer.Effect{
			Kind:         reducer.SchedulePruning,
			Rollout:      rec.RolloutID,
			DelaySeconds: policy.RetentionSeconds,
		})
	default:
		to, ok := reducer.ParseState(strings.TrimPrefix(word, "→"))
		if !ok || !strings.HasPrefix(word, "→") {
			t.Fatalf("the specification says %q of %v in %v", word, ev.Kind, rec.State)
		}
		a.effects = append(a.effects, reducer.Effect{
			Kind: reducer.RecordRolloutTransition, Rollout: rec.RolloutID,
			From: rec.State, To: to, At: ev.At,
		})
		rec.State = to
		if to == reducer.Terminal {
			rec.TerminalAt = reducer.Some(ev.At)
		}
		if to == reducer.Superseded {
			rec.SupersededAt = reducer.Some(ev.At)
		}
	}
}

// step steps a record, with effects of an earlier step left in out.
func step(
	t testing.TB, m reducer.Machine, rec reducer.Record, ev reducer.Event, policy reducer.Policy,
) answer {
	t.Helper()
	var out reducer.Effects
	out.Add(reducer.Effect{
		Kind: reducer.UpdateCurrentWave, From: reducer.Pruned, Wave: 99,
		Rollout: "junk", Closure: "junk",
	})
	event := ev
	err := m.Step(&rec, &ev, ev.At+5, policy, &out)
	if ev != event {
		t.Fatalf("the step changed its event %+v to %+v", event, ev)
	}
	a := answer{record: rec, effects: slices.Clone(out.All())}
	if len(a.effects) == 0 {
		a.effects = nil
	}
	var illegal *reducer.IllegalForState
	var unimplemented *reducer.Unimplemented
	var invariant *reducer.Invariant
	switch {
	case err == nil:
	case errors.As(err, &illegal):
		a.err = fmt.Sprintf(
			"IllegalForState from %v on %v of %s", illegal.From, illegal.Event, illegal.Rollout,
		)
	case errors.As(err, &unimplemented):
		a.err = fmt.Sprintf(
			"Unimplemented from %v on %v of %s", unimplemented.From, unimplemented.Event,
			unimplemented.Rollout,
		)
	case errors.As(err, &invariant):
		a.err = fmt.Sprintf(
			"Invariant (%s) from %v on %v of %s", invariant.What, invariant.State, invariant.Event,
			invariant.Rollout,
		)
	default:
		t.Fatalf("an error of an unknown type: %T", err)
	}
	return a
}

func (a answer) equal(b answer) bool {
	return a.record == b.record && slices.Equal(a.effects, b.effects) && a.err == b.err
}

// probe is one step to compare.
type probe struct {
	record reducer.Record
	event  reducer.Event
	policy reducer.Policy
}

func (p probe) misrouted() bool { return p.event.Rollout != p.record.RolloutID }

func (p probe) String() string {
	s := fmt.Sprintf(
		"%v in %v, cursor %d, %v", p.event.Kind, p.record.State, p.record.CurrentWave,
		p.policy.OnHealthFailure,
	)
	if p.event.Kind == reducer.HostStateChanged {
		s += fmt.Sprintf(", %v to %v", p.event.From, p.event.To)
	}
	if p.event.Kind == reducer.WaveAdvanced {
		s += fmt.Sprintf(", wave %d to %d", p.event.FromWave, p.event.ToWave)
	}
	if p.misrouted() {
		s += ", misrouted"
	}
	return s
}

// probes returns every combination of state, event, fields of the event, policy, cursor and
// timestamps.
func probes() []probe {
	var all []probe
	for _, state := range reducer.States() {
		for _, kind := range reducer.EventKinds() {
			for _, event := range eventsOf(kind) {
				for _, policy := range policies() {
					for _, cursor := range []uint32{0, 1, 2, math.MaxUint32} {
						plain := reducer.Record{
							RolloutID: "stable@a", Channel: "stable", TargetRef: "a",
							State: state, CurrentWave: cursor, OpenedAt: 100,
						}
						stamped := plain
						stamped.TerminalAt = reducer.Some[reducer.Time](150)
						stamped.SupersededAt = reducer.Some[reducer.Time](160)
						stamped.OpenedEventLogSeq = reducer.Some[int64](7)
						stamped.LastTransitionEventLogSeq = reducer.Some[int64](8)
						all = append(all, probe{plain, event, policy}, probe{stamped, event, policy})
					}
				}
			}
		}
	}
	return all
}

func policies() []reducer.Policy {
	var all []reducer.Policy
	for _, h := range reducer.HealthPolicies() {
		all = append(all,
			reducer.Policy{OnHealthFailure: h, RetentionSeconds: reducer.DefaultRetentionSeconds},
			reducer.Policy{OnHealthFailure: h, RetentionSeconds: 0})
	}
	return all
}

// eventsOf returns events of a kind with every combination of relevant fields, each for the
// record's rollout and misrouted.
func eventsOf(kind reducer.EventKind) []reducer.Event {
	var all []reducer.Event
	for _, id := range []reducer.RolloutID{"stable@a", "edge@z"} {
		ev := reducer.Event{Kind: kind, Rollout: id, At: 200}
		switch kind {
		case reducer.RolloutOpened:
			ev.Channel, ev.TargetRef = "stable", "a"
			all = append(all, ev)
		case reducer.HostJoined:
			for _, ev.Wave = range []uint32{0, 1, math.MaxUint32} {
				ev.Host = "h1"
				all = append(all, ev)
			}
		case reducer.HostStateChanged:
			for _, ev.From = range reducer.HostStates() {
				for _, ev.To = range reducer.HostStates() {
					ev.Host = "h1"
					all = append(all, ev)
				}
			}
		case reducer.WaveAdvanced:
			for _, ev.FromWave = range []uint32{0, 1, 2, math.MaxUint32} {
				for _, ev.ToWave = range []uint32{0, 1, 2, math.MaxUint32} {
					all = append(all, ev)
				}
			}
		case reducer.SuccessorOpened:
			for _, ev.Successor = range []reducer.RolloutID{"stable@b", "stable@a"} {
				all = append(all, ev)
			}
		case reducer.OperatorClearance:
			ev.Operator, ev.Reason = "ada", "repaired"
			all = append(all, ev)
		case reducer.RolloutTerminal, reducer.RetentionExpired:
			all = append(all, ev)
		}
	}
	return all
}

func TestEveryKindOfEventIsProbed(t *testing.T) {
	for _, kind := range reducer.EventKinds() {
		if len(eventsOf(kind)) == 0 {
			t.Errorf("eventsOf returns no %v", kind)
		}
	}
}

func TestEveryCellIsFilled(t *testing.T) {
	for _, m := range []*reducer.Table{reducer.V02(), reducer.RFC0008()} {
		for _, s := range reducer.States() {
			for _, k := range reducer.EventKinds() {
				rules := m.Cell(s, k).Rules()
				if len(rules) == 0 {
					t.Errorf("%s: %v has no cell for %v", m.Name(), s, k)
					continue
				}
				for i, r := range rules {
					at := fmt.Sprintf("%s: rule %d of %v in %v", m.Name(), i, k, s)
					if last := i == len(rules)-1; (r.If == reducer.Always) != last {
						t.Errorf("%s has condition %v: only the last rule of a cell is unconditional", at, r.If)
					}
					if strings.Contains(r.If.String(), "(") || strings.Contains(r.Do.String(), "(") {
						t.Errorf("%s has no name: %v, %v", at, r.If, r.Do)
					}
					if _, valid := reducer.ParseState(r.To.String()); valid != (r.Do == reducer.Go) {
						t.Errorf("%s does %v with state %v", at, r.Do, r.To)
					}
					if r.Do != reducer.Go && (r.Quarantine || r.Prune) {
						t.Errorf("%s quarantines or prunes without a move", at)
					}
				}
			}
			if len(m.Cell(s, 0).Rules()) != 0 || len(m.Cell(0, reducer.HostJoined).Rules()) != 0 {
				t.Errorf("%s fills a cell of the invalid state or event", m.Name())
			}
		}
	}
}

func TestStepDoesWhatTheSpecificationSays(t *testing.T) {
	all := probes()
	for _, s := range specs(t) {
		t.Run(s.machine.Name(), func(t *testing.T) {
			wrong := 0
			for _, p := range all {
				want := s.answer(t, p.record, p.event, p.policy)
				got := step(t, s.machine, p.record, p.event, p.policy)
				if !got.equal(want) {
					t.Errorf("%v\nwant %+v\ngot  %+v", p, want, got)
					if wrong++; wrong == 5 {
						t.Fatal("stopped after 5 wrong answers")
					}
				}
			}
		})
	}
}

// differs reports, by the number of a difference, whether the specification applies it to a step.
// shipped is the answer of v0.2.
var differs = map[int]func(p probe, shipped answer) bool{
	1: func(p probe, _ answer) bool {
		return p.record.State == reducer.Failed && p.event.Kind == reducer.HostStateChanged &&
			p.event.To == reducer.HostReverted
	},
	2: func(p probe, _ answer) bool {
		return underWay(p) && p.event.Kind == reducer.HostStateChanged &&
			p.event.To == reducer.HostFailed &&
			p.policy.OnHealthFailure == reducer.RollbackAndHalt
	},
	3: func(p probe, _ answer) bool {
		return underWay(p) && p.event.Kind == reducer.HostStateChanged &&
			p.event.To == reducer.HostReverted
	},
	4: func(p probe, shipped answer) bool {
		terminalSet := []reducer.State{
			reducer.Terminal, reducer.Superseded, reducer.Failed, reducer.Reverted,
		}
		return shipped.record.State != p.record.State &&
			slices.Contains(terminalSet, shipped.record.State)
	},
	5: func(p probe, _ answer) bool {
		return p.event.Kind == reducer.OperatorClearance &&
			(p.record.State == reducer.Failed || p.record.State == reducer.Reverted)
	},
	6: func(p probe, _ answer) bool {
		return underWay(p) && p.event.Kind == reducer.WaveAdvanced && p.event.ToWave < p.event.FromWave
	},
	7: func(p probe, _ answer) bool { return p.misrouted() },
}

func underWay(p probe) bool {
	return p.record.State == reducer.Active || p.record.State == reducer.Converging
}

func TestTheMachinesDifferInSevenWaysAndNoOther(t *testing.T) {
	shipped, v02, rfc0008 := specs(t)[0], reducer.V02(), reducer.RFC0008()
	seen := map[int]int{}
	for _, p := range probes() {
		var numbers []int
		for _, d := range reducer.Differences() {
			if differs[d.Number](p, shipped.answer(t, p.record, p.event, p.policy)) {
				numbers = append(numbers, d.Number)
				seen[d.Number]++
			}
		}
		base := step(t, v02, p.record, p.event, p.policy)
		same := base.equal(step(t, rfc0008, p.record, p.event, p.policy))
		// Both may refuse a misrouted event, but they refuse it with different errors.
		if same != (len(numbers) == 0) {
			t.Fatalf("%v: differences %v apply; same answers: %v", p, numbers, same)
		}
	}
	if len(reducer.Differences()) != len(differs) {
		t.Errorf("there are %d differences, want %d", len(reducer.Differences()), len(differs))
	}
	for n := range differs {
		if seen[n] == 0 {
			t.Errorf("no probe shows difference %d", n)
		}
	}
}

// TestEachDifferenceAlone checks that each difference changes the steps that it describes, and no
// others.
func TestEachDifferenceAlone(t *testing.T) {
	shipped, v02 := specs(t)[0], reducer.V02()
	for i, d := range reducer.Differences() {
		if d.Number != i+1 || d.What == "" || d.Why == "" {
			t.Errorf("difference %d: %+v", i+1, d)
		}
		alone := reducer.V02With("alone", []reducer.Difference{d})
		for _, p := range probes() {
			base := step(t, v02, p.record, p.event, p.policy)
			same := base.equal(step(t, alone, p.record, p.event, p.policy))
			applies := differs[d.Number](p, shipped.answer(t, p.record, p.event, p.policy))
			if same == applies {
				t.Fatalf("difference %d, %v: applies %v, same answers %v", d.Number, p, applies, same)
			}
		}
	}
}

// TestInvalidStatesAndEventsAreRefused checks states and events outside the enumerations, and cells
// without an applicable rule. Any table must refuse them: an empty cell does not mean "ignored".
func TestInvalidStatesAndEventsAreRefused(t *testing.T) {
	bare := reducer.NewTable("bare", reducer.Cells{
		reducer.Active: {reducer.WaveAdvanced: {{If: reducer.WaveForward, Do: reducer.Ignore}}},
	}, false)
	for _, m := range []*reducer.Table{reducer.V02(), reducer.RFC0008(), bare} {
		for _, state := range []reducer.State{0, reducer.State(reducer.StateCount), 255} {
			for _, kind := range append(reducer.EventKinds(), 0, 255) {
				wantIllegal(t, m, state, reducer.Event{Kind: kind, Rollout: "stable@a"})
			}
		}
		for _, state := range reducer.States() {
			wantIllegal(t, m, state, reducer.Event{Kind: 0, Rollout: "stable@a"})
			wantIllegal(
				t, m, state,
				reducer.Event{Kind: reducer.EventKind(reducer.EventKindCount), Rollout: "stable@a"},
			)
		}
	}
	wantIllegal(
		t, bare, reducer.Active,
		reducer.Event{Kind: reducer.WaveAdvanced, Rollout: "stable@a", FromWave: 2, ToWave: 1},
	)
	wantIllegal(t, bare, reducer.Active, reducer.Event{Kind: reducer.HostJoined, Rollout: "stable@a"})
}

func wantIllegal(t *testing.T, m reducer.Machine, state reducer.State, ev reducer.Event) {
	t.Helper()
	rec := reducer.Record{RolloutID: "stable@a", State: state}
	want := answer{
		record: rec,
		err:    fmt.Sprintf("IllegalForState from %v on %v of stable@a", state, ev.Kind),
	}
	if got := step(t, m, rec, ev, reducer.DefaultPolicy()); !got.equal(want) {
		t.Errorf("%s: %v in %v\nwant %+v\ngot  %+v", m.Name(), ev.Kind, state, want, got)
	}
}

// TestMachinesShareNothing changes the cells of one table, and checks that other tables stay the
// same.
func TestMachinesShareNothing(t *testing.T) {
	cells := reducer.RFC0008().Cells()
	cells[reducer.Opening][reducer.HostJoined][0].To = reducer.Pruned
	for _, s := range specs(t) {
		rec := reducer.Record{RolloutID: "stable@a", State: reducer.Opening}
		ev := reducer.Event{Kind: reducer.HostJoined, Rollout: "stable@a", Host: "h1"}
		got := step(t, s.machine, rec, ev, reducer.DefaultPolicy())
		if got.record.State != reducer.Active {
			t.Errorf("%s: a joined host leads to %v", s.machine.Name(), got.record.State)
		}
	}
}

// TestRule checks that Rule returns the rule that Step applies, in every cell.
func TestRule(t *testing.T) {
	for _, m := range []*reducer.Table{reducer.V02(), reducer.RFC0008()} {
		for _, s := range reducer.States() {
			for _, k := range reducer.EventKinds() {
				for _, to := range []reducer.HostState{reducer.HostFailed, reducer.HostSoaking} {
					ev := reducer.Event{Kind: k, To: to, ToWave: 1}
					rec, policy := reducer.Record{State: s}, reducer.DefaultPolicy()
					var out reducer.Effects
					err := m.Step(&rec, &ev, 0, policy, &out)
					rule, ok := m.Rule(s, &ev, policy)
					if accepts := rule.Do == reducer.Go || rule.Do == reducer.Ignore; accepts != (err == nil) {
						t.Errorf("%s, %v + %v: rule %+v, %v; step %v", m.Name(), s, k, rule, ok, err)
					}
					if rule.Do == reducer.Go && rec.State != rule.To {
						t.Errorf("%s, %v + %v: rule %+v, state %v", m.Name(), s, k, rule, rec.State)
					}
				}
			}
		}
	}
	ev := reducer.Event{Kind: reducer.HostJoined}
	if rule, ok := reducer.V02().Rule(99, &ev, reducer.DefaultPolicy()); ok {
		t.Errorf("a state that does not exist has the rule %+v", rule)
	}
}
