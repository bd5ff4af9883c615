package sim

import (
	"slices"
	"testing"
	"time"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// broken is a machine that meddles with what another one answers.
type broken struct {
	reducer.Machine
	meddle func(before, rec *reducer.Record, ev *reducer.Event, out *reducer.Effects)
}

func (b broken) Step(
	rec *reducer.Record, ev *reducer.Event, now reducer.Time, p reducer.Policy, out *reducer.Effects,
) error {
	before := *rec
	if err := b.Machine.Step(rec, ev, now, p, out); err != nil {
		return err
	}
	b.meddle(&before, rec, ev, out)
	return nil
}

// withCell is rfc0008 with one cell changed.
func withCell(s reducer.State, k reducer.EventKind, c reducer.Cell) reducer.Machine {
	cells := reducer.RFC0008().Cells()
	cells[s][k] = c
	return reducer.NewTable("broken", cells, true)
}

// TestViolationsAreFound breaks a reducer, the planner or the applier, and expects the invariant
// that this violates to be found and named with the rollout and the step; every invariant has its
// turn.
func TestViolationsAreFound(t *testing.T) {
	meddled := func(f func(before, rec *reducer.Record, ev *reducer.Event, out *reducer.Effects)) reducer.Machine {
		return broken{reducer.RFC0008(), f}
	}
	none := reducer.Opt[reducer.Time]{}
	tests := []struct {
		want    string // the invariant and its subject
		machine reducer.Machine
		ignores string
		change  func(*Scenario)
	}{
		{want: "terminal-stamped " +
			"stable@a1", machine: meddled(func(_, rec *reducer.Record, _ *reducer.Event, _ *reducer.Effects) {
			rec.TerminalAt = none
		})},
		{want: "terminal-stamped " +
			"stable@a1", machine: meddled(func(_, rec *reducer.Record, _ *reducer.Event, _ *reducer.Effects) {
			rec.SupersededAt = none
		}), change: func(sc *Scenario) { sc.Timeline[1].At = 5 * time.Minute }},
		{
			want: "terminal-converged late@z1",
			machine: withCell(
				reducer.Active, reducer.WaveAdvanced, reducer.Cell{{Do: reducer.Go, To: reducer.Terminal}},
			),
		},
		{
			want: "pruned-absorbing stable@a1",
			machine: withCell(
				reducer.Pruned, reducer.HostJoined, reducer.Cell{{Do: reducer.Go, To: reducer.Active}},
			),
			change: func(sc *Scenario) {
				sc.Timeline = append(sc.Timeline, Action{
					When:  &Moment{Rollout: "stable@a1", State: reducer.Pruned},
					Event: &reducer.Event{Kind: reducer.HostJoined, Rollout: "stable@a1", Host: "h00"},
				})
			},
		},
		{want: "wave-monotonic " +
			"late@z1", machine: meddled(func(_, rec *reducer.Record, ev *reducer.Event, _ *reducer.Effects) {
			if ev.Kind == reducer.RolloutTerminal {
				rec.CurrentWave = 0
			}
		})},
		{want: "transition-recorded " +
			"stable@a1", machine: meddled(func(before, rec *reducer.Record, _ *reducer.Event, out *reducer.Effects) {
			if before.State == reducer.Active && rec.State == reducer.Converging {
				out.Reset()
			}
		})},
		{want: "transition-recorded " +
			"stable@a1", machine: meddled(func(_, _ *reducer.Record, _ *reducer.Event, out *reducer.Effects) {
			if all := out.All(); len(all) > 0 {
				all[0].From = reducer.Opening
			}
		})},
		{
			want:    "one-standing stable",
			machine: withCell(reducer.Terminal, reducer.SuccessorOpened, reducer.Cell{{Do: reducer.Ignore}}),
		},
		{want: "reverted-host " +
			"stable@a1", machine: withCell(reducer.Active, reducer.WaveAdvanced, reducer.Cell{{Do: reducer.Go, To: reducer.Reverted}})},
		{want: "retention-kept " +
			"stable@a1", machine: meddled(func(_, _ *reducer.Record, _ *reducer.Event, out *reducer.Effects) {
			for i := range out.All() {
				out.All()[i].DelaySeconds /= 2
			}
		})},
		{want: "halt-kept late@z1", ignores: halt, change: func(sc *Scenario) {
			sc.Budgets = nil
			sc.Channels[1].Policy.OnHealthFailure = reducer.RollbackAndHalt
			sc.Channels[1].HostEdges = []HostEdge{{Host: "l4", After: "l3"}}
			sc.Fates = []Fate{{Host: "l2", Kind: FailsActivation}, {Host: "l2", Kind: NeverRollsBack}}
		}},
		{want: "quarantine-kept stable@a1", ignores: trace.GateQuarantine, change: func(sc *Scenario) {
			sc.Quarantine = []QuarantineEntry{{Channel: "stable", Closure: "a1"}}
		}},
		{
			want:    "wave-kept late@z1",
			ignores: trace.GateWavePromotion,
			change:  func(sc *Scenario) { sc.Budgets = nil },
		},
		{want: "channel-edges-kept late@z1", ignores: trace.GateChannelEdges},
		{
			want:    "budget-kept few",
			ignores: trace.GateDisruptionBudget,
			change:  func(sc *Scenario) { sc.Channels[1].HostEdges = nil },
		},
		{want: "fold-is-live stable@a1", machine: &unsteady{Machine: reducer.RFC0008()}},
		{
			want: "stuck stable@b2",
			machine: withCell(
				reducer.Converging, reducer.RolloutTerminal, reducer.Cell{{Do: reducer.Ignore}},
			),
		},
		{
			want: "unpruned stable@b2",
			machine: withCell(
				reducer.Converging, reducer.RolloutTerminal,
				reducer.Cell{{Do: reducer.Go, To: reducer.Terminal}},
			),
		},
		{want: "stranded stable", change: func(sc *Scenario) {
			sc.Timeline = append(sc.Timeline, Action{At: 2 * time.Hour, SetRef: &RefChange{"stable", "a1"}})
		}},
	}
	// two runs are compared where sweeps are made
	seen := map[invariant.Name]bool{invariant.SameBytes: true}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			want, err := invariant.Parse(tt.want)
			if err != nil {
				t.Fatal(err)
			}
			seen[want.Invariant] = true
			sc := faulty(t)
			sc.Timeline[2].At = time.Hour
			if tt.change != nil {
				tt.change(sc)
			}
			run := func(machine reducer.Machine, ignores string) []Violation {
				opt := Options{Machine: machine, Seed: 1, Refold: true}
				if ignores != "" {
					opt.ControlPlane = reckless(ignores)
				}
				result, err := Run(sc, opt)
				if err != nil {
					t.Fatal(err)
				}
				return result.Violations
			}
			machine := tt.machine
			if machine == nil {
				machine = reducer.RFC0008()
			}
			found := run(machine, tt.ignores)
			i := slices.IndexFunc(found, want.Is)
			if i < 0 {
				t.Fatalf("not found; found %v", found)
			}
			v := found[i]
			atEnd := slices.Contains(
				[]invariant.Name{invariant.Stuck, invariant.Unpruned, invariant.Stranded}, v.Invariant,
			)
			if v.Detail == "" || v.Seq == 0 && !atEnd {
				t.Errorf("the report does not say what and where: %+v", v)
			}
			if tt.machine != nil || tt.ignores != "" {
				if sound := run(reducer.RFC0008(), ""); slices.ContainsFunc(sound, want.Is) {
					t.Errorf("the sound one violates it too: %v", sound)
				}
			}
		})
	}
	for _, name := range invariant.Names() {
		if !seen[name] {
			t.Errorf("no test violates %s", name)
		}
	}
}

// unsteady answers differently the second time that it is asked the same, so that a fold of the
// trace cannot agree.
type unsteady struct {
	reducer.Machine
	asked map[reducer.RolloutID]bool
}

func (f *unsteady) Step(
	rec *reducer.Record, ev *reducer.Event, now reducer.Time, p reducer.Policy, out *reducer.Effects,
) error {
	if ev.Kind == reducer.WaveAdvanced {
		if f.asked == nil {
			f.asked = make(map[reducer.RolloutID]bool)
		}
		if f.asked[rec.RolloutID] {
			rec.CurrentWave += 7
		}
		f.asked[rec.RolloutID] = true
	}
	return f.Machine.Step(rec, ev, now, p, out)
}
