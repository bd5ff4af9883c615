package sim

import (
	"slices"
	"testing"
	"time"

	"rollsim/controlplane"
	"rollsim/internal/liar"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

func goTo(s reducer.State) reducer.Cell { return reducer.Cell{{Do: reducer.Go, To: s}} }

// defect is a change that violates an invariant: of the machine, of the planner, or only of the
// scenario.
type defect struct {
	want    string // the invariant and its subject
	machine reducer.Machine
	ignores string           // the gate that the planner ignores, or halt
	plane   controlplane.New // another wrong control plane
	change  func(*Scenario)
}

// defects has at least one defect for each invariant that a single run can violate.
func defects() []defect {
	none := reducer.Opt[reducer.Time]{}
	return []defect{
		{
			want:    "terminal-stamped stable@a1",
			machine: liar.WithAnswer(func(a liar.Answer) { a.Rec.TerminalAt = none }),
		},
		{
			want:    "terminal-stamped stable@a1",
			machine: liar.WithAnswer(func(a liar.Answer) { a.Rec.SupersededAt = none }),
			change:  func(sc *Scenario) { sc.Timeline[1].At = 5 * time.Minute },
		},
		{
			want:    "terminal-converged late@z1",
			machine: liar.WithCell(reducer.Active, reducer.WaveAdvanced, goTo(reducer.Terminal)),
		},
		{
			want:    "terminal-converged stable@a1",
			machine: reducer.V02(), // it applies an event of another rollout
			change: func(sc *Scenario) {
				sc.Timeline = append(sc.Timeline, Action{
					When: &Moment{Rollout: "stable@a1", State: reducer.Active}, Reaches: "stable@a1",
					Event: &reducer.Event{Kind: reducer.RolloutTerminal, Rollout: "late@z1"},
				})
			},
		},
		{
			want:    "pruned-absorbing stable@a1",
			machine: liar.WithCell(reducer.Pruned, reducer.HostJoined, goTo(reducer.Active)),
			change: func(sc *Scenario) {
				sc.Timeline = append(sc.Timeline, Action{
					When:  &Moment{Rollout: "stable@a1", State: reducer.Pruned},
					Event: &reducer.Event{Kind: reducer.HostJoined, Rollout: "stable@a1", Host: "h00"},
				})
			},
		},
		{
			want: "wave-monotonic late@z1",
			machine: liar.WithAnswer(func(a liar.Answer) {
				if a.Event.Kind == reducer.RolloutTerminal {
					a.Rec.CurrentWave = 0
				}
			}),
		},
		{
			want: "transition-recorded stable@a1",
			machine: liar.WithAnswer(func(a liar.Answer) {
				if a.Before.State == reducer.Active && a.Rec.State == reducer.Converging {
					a.Effects.Reset()
				}
			}),
		},
		{
			want: "transition-recorded stable@a1",
			machine: liar.WithAnswer(func(a liar.Answer) {
				if all := a.Effects.All(); len(all) > 0 {
					all[0].From = reducer.Opening
				}
			}),
		},
		{
			want: "one-standing stable",
			machine: liar.WithCell(
				reducer.Terminal, reducer.SuccessorOpened, reducer.Cell{{Do: reducer.Ignore}},
			),
		},
		{
			want:    "reverted-host stable@a1",
			machine: liar.WithCell(reducer.Active, reducer.WaveAdvanced, goTo(reducer.Reverted)),
		},
		{
			want: "retention-kept stable@a1",
			machine: liar.WithAnswer(func(a liar.Answer) {
				for i := range a.Effects.All() {
					a.Effects.All()[i].DelaySeconds /= 2
				}
			}),
		},
		{
			want:    "halt-kept late@z1",
			ignores: liar.Halt,
			change: func(sc *Scenario) {
				sc.Budgets = nil
				sc.Channels[1].Policy.OnHealthFailure = reducer.RollbackAndHalt
				sc.Channels[1].HostEdges = []HostEdge{{Host: "l4", After: "l3"}}
				sc.Fates = []Fate{{Host: "l2", Kind: FailsActivation}, {Host: "l2", Kind: NeverRollsBack}}
			},
		},
		{
			want:    "quarantine-kept stable@a1",
			ignores: trace.GateQuarantine,
			change: func(sc *Scenario) {
				sc.Quarantine = []QuarantineEntry{{Channel: "stable", Closure: "a1"}}
			},
		},
		{
			want:    "wave-kept late@z1",
			ignores: trace.GateWavePromotion,
			change:  func(sc *Scenario) { sc.Budgets = nil },
		},
		{ // the record says that every wave is due
			want:    "wave-kept late@z1",
			machine: reducer.V01(),
			change:  func(sc *Scenario) { sc.Budgets = nil },
		},
		{
			want: "wave-kept late@z1",
			machine: liar.WithAnswer(func(a liar.Answer) {
				if a.Event.Kind == reducer.HostStateChanged {
					a.Rec.CurrentWave = 1
				}
			}),
			change: func(sc *Scenario) { sc.Budgets = nil },
		},
		{ // the machine refuses to hear that a host has failed
			want: "halt-kept late@z1",
			machine: liar.WithCell(reducer.Active, reducer.HostStateChanged, reducer.Cell{
				{If: reducer.HostTurnedFailed, Do: reducer.Illegal}, {Do: reducer.Ignore},
			}),
			change: oneFails,
		},
		{ // the record says that the rollout is under way
			want: "halt-kept late@z1",
			machine: liar.WithAnswer(func(a liar.Answer) {
				if a.Rec.State == reducer.Failed {
					a.Rec.State = a.Before.State
				}
			}),
			ignores: liar.Halt,
			change:  oneFails,
		},
		{ // the control plane says that an operator has lifted the quarantine
			want: "quarantine-kept stable@a1",
			plane: liar.Lying(func(e *trace.Entry) *trace.Entry {
				if e.Poll == nil {
					return nil
				}
				return &trace.Entry{Kind: trace.KindEffect, HostEffect: &trace.HostEffect{
					Effect: trace.RemoteRemoveQuarantine, Channel: "stable", Closure: "a1",
				}}
			}, trace.GateQuarantine),
			change: func(sc *Scenario) {
				sc.Quarantine = []QuarantineEntry{{Channel: "stable", Closure: "a1"}}
			},
		},
		{want: "channel-edges-kept late@z1", ignores: trace.GateChannelEdges},
		{ // the record of the awaited rollout says that it is Terminal
			want: "channel-edges-kept late@z1",
			machine: liar.WithAnswer(func(a liar.Answer) {
				if a.Event.Kind == reducer.HostJoined {
					a.Rec.TerminalAt = reducer.Some(a.Event.At)
				}
			}),
		},
		{ // the control plane says that it saw another ref
			want: "channel-edges-kept late@z1",
			plane: liar.Lying(func(e *trace.Entry) *trace.Entry {
				if e.Poll == nil {
					return nil
				}
				return &trace.Entry{Kind: trace.KindManifestPoll, Poll: &trace.ManifestPoll{
					Channel: "stable", Outcome: "200", Ref: "elsewhere",
				}}
			}, trace.GateChannelEdges),
		},
		{ // the record says that the rollout has ended
			want: "budget-kept few",
			machine: liar.WithAnswer(func(a liar.Answer) {
				if a.Event.Kind == reducer.HostStateChanged && a.Event.Host == "l2" {
					a.Rec.State = reducer.Pruned
				}
			}),
			ignores: trace.GateDisruptionBudget,
			change:  func(sc *Scenario) { sc.Channels[1].HostEdges = nil },
		},
		{
			want:    "budget-kept few",
			ignores: trace.GateDisruptionBudget,
			change:  func(sc *Scenario) { sc.Channels[1].HostEdges = nil },
		},
		{ // dispatches say that the soak is already due
			want: "evidence-kept late@z1",
			plane: liar.Changing(func(o *liar.Change) {
				o.Send = func(d *controlplane.Dispatch) { d.SoakDueAt = 0 }
			}),
		},
		{ // no probe passes
			want: "evidence-kept late@z1",
			plane: liar.Changing(func(o *liar.Change) {
				o.Hear = func(m *trace.AgentEvent) { m.Passed = false }
			}),
		},
		{ // hosts switch to something else
			want: "evidence-kept late@z1",
			plane: liar.Changing(func(o *liar.Change) {
				o.Hear = func(m *trace.AgentEvent) { m.Closure = "other" }
			}),
		},
		{
			want: "rollback-kept late@z1",
			plane: liar.Changing(func(o *liar.Change) {
				o.Hear = func(m *trace.AgentEvent) {
					if m.Kind == reducer.RollbackComplete {
						m.Closure = "z1"
					}
				}
			}),
			change: func(sc *Scenario) {
				oneFails(sc)
				sc.Channels[1].Policy.OnHealthFailure = reducer.RollbackAndHalt
			},
		},
		{
			want:  "time-kept stable@a1",
			plane: liar.Changing(func(o *liar.Change) { o.Late = time.Second }),
		},
		{
			want:   "supersession-kept late@z0",
			plane:  liar.Changing(func(o *liar.Change) { o.Superseded = true }),
			change: supersededUnsent,
		},
		{
			want:    "opening-whole stable@a1",
			machine: liar.WithCell(reducer.Active, reducer.HostJoined, reducer.Cell{{Do: reducer.Illegal}}),
		},
		{
			want:  "acknowledged-kept stable@a1",
			plane: liar.Changing(func(o *liar.Change) { o.Deaf = true }),
		},
		{
			want: "not-reopened stable@a1",
			machine: liar.WithCell(
				reducer.Terminal, reducer.RolloutOpened, reducer.Cell{{Do: reducer.Ignore}},
			),
			change: func(sc *Scenario) {
				sc.Timeline = append(sc.Timeline, Action{
					When: &Moment{Rollout: "stable@a1", State: reducer.Terminal},
					Event: &reducer.Event{
						Kind: reducer.RolloutOpened, Rollout: "stable@a1", Channel: "stable", TargetRef: "a1",
					},
				})
			},
		},
		{
			want:    "pause-kept late@z1",
			ignores: trace.GateDispatchPause,
			change:  ordered(0, Order{Kind: controlplane.PauseDispatch, Channel: "late"}),
		},
		{want: "pause-kept late@z1", plane: liar.Disobedient, change: ordered(
			0, Order{Kind: controlplane.PauseDispatch},
		)},
		{ // the control plane says that an operator has resumed dispatching
			want: "pause-kept late@z1",
			plane: liar.Lying(func(e *trace.Entry) *trace.Entry {
				return &trace.Entry{Kind: trace.KindEffect, HostEffect: &trace.HostEffect{
					Effect: trace.RemoteResumeDispatch,
				}}
			}, trace.GateDispatchPause),
			change: ordered(0, Order{Kind: controlplane.PauseDispatch}),
		},
		{
			want:  "abort-kept late@z1",
			plane: liar.Disobedient,
			change: func(sc *Scenario) {
				sc.Timeline = append(sc.Timeline, Action{
					When:  &Moment{Rollout: "late@z1", Host: "l1", HostState: reducer.HostSoaking},
					Order: &Order{Kind: controlplane.AbortRollout, Rollout: "late@z1"},
				})
			},
		},
		{
			want:   "fleet-kept late@z1",
			plane:  liar.Disobedient,
			change: ordered(0, Order{Kind: controlplane.RemoveHost, Host: "l1"}),
		},
		{
			want:  "quarantine-kept late@z1",
			plane: liar.Disobedient,
			change: ordered(0, Order{
				Kind: controlplane.QuarantineByHand, Entry: QuarantineEntry{Channel: "late", Closure: "z1"},
			}),
		},
		{
			want:    "window-kept late@z1",
			ignores: trace.GateMaintenanceWindow,
			change: func(sc *Scenario) {
				sc.Channels[1].Windows = []Window{{From: 20 * time.Hour, For: 4 * time.Hour}}
			},
		},
		{want: "fold-is-live stable@a1", machine: &unsteady{Machine: reducer.RFC0008()}},
		{
			want: "stuck stable@b2",
			machine: liar.WithCell(
				reducer.Converging, reducer.RolloutTerminal, reducer.Cell{{Do: reducer.Ignore}},
			),
		},
		{
			want:    "unpruned stable@b2",
			machine: liar.WithCell(reducer.Converging, reducer.RolloutTerminal, goTo(reducer.Terminal)),
		},
		{
			want: "stranded stable",
			change: func(sc *Scenario) {
				sc.Timeline = append(
					sc.Timeline, Action{At: 2 * time.Hour, SetRef: &RefChange{"stable", "a1"}},
				)
			},
		},
	}
}

// ordered adds an order of an operator to a scenario.
func ordered(at time.Duration, o Order) func(*Scenario) {
	return func(sc *Scenario) { sc.Timeline = append(sc.Timeline, Action{At: at, Order: &o}) }
}

// oneFails lets a host of channel late fail while another waits for a third.
func oneFails(sc *Scenario) {
	sc.Budgets = nil
	sc.Channels[1].HostEdges = []HostEdge{{Host: "l4", After: "l3"}}
	sc.Fates = []Fate{{Host: "l2", Kind: FailsActivation}}
}

// supersededUnsent supersedes a rollout of channel late before anything of it was dispatched.
func supersededUnsent(sc *Scenario) {
	sc.Timeline = append(sc.Timeline, Action{SetRef: &RefChange{"late", "z0"}})
}

// violate runs a scenario with a defect.
func (d *defect) violate(t *testing.T, sc *Scenario) []Violation {
	t.Helper()
	opt := Options{Machine: d.machine, Seed: 1, Refold: true}
	if opt.Machine == nil {
		opt.Machine = reducer.RFC0008()
	}
	if opt.ControlPlane = d.plane; d.ignores != "" {
		opt.ControlPlane = liar.Reckless(d.ignores)
	}
	result, err := Run(sc, opt)
	if err != nil {
		t.Fatal(err)
	}
	return result.Violations
}

// TestViolationsAreFound runs each defect, and checks that the violation is reported with its
// subject and entry, and that a run without the defect does not report it.
func TestViolationsAreFound(t *testing.T) {
	atEnd := []invariant.Name{invariant.Stuck, invariant.Unpruned, invariant.Stranded}
	for _, d := range defects() {
		t.Run(d.want, func(t *testing.T) {
			want, err := invariant.Parse(d.want)
			if err != nil {
				t.Fatal(err)
			}
			sc := faulty(t)
			sc.Timeline[2].At = time.Hour
			if d.change != nil {
				d.change(sc)
			}
			found := d.violate(t, sc)
			i := slices.IndexFunc(found, want.Is)
			if i < 0 {
				t.Fatalf("not found; found %v", found)
			}
			v := found[i]
			if v.Detail == "" || v.Seq == 0 && !slices.Contains(atEnd, v.Invariant) {
				t.Errorf("the report does not say what and where: %+v", v)
			}
			if d.machine != nil || d.ignores != "" || d.plane != nil {
				sound := (&defect{}).violate(t, sc)
				if slices.ContainsFunc(sound, want.Is) {
					t.Errorf("without the defect it is violated too: %v", sound)
				}
			}
		})
	}
}

// TestEveryInvariantHasADefect checks that defects covers every invariant except SameBytes, which
// compares two runs and is checked by sweeps.
func TestEveryInvariantHasADefect(t *testing.T) {
	seen := map[invariant.Name]bool{invariant.SameBytes: true}
	for _, d := range defects() {
		v, err := invariant.Parse(d.want)
		if err != nil {
			t.Fatal(err)
		}
		seen[v.Invariant] = true
	}
	for _, name := range invariant.Names() {
		if !seen[name] {
			t.Errorf("no defect violates %s", name)
		}
	}
}

// unsteady is a machine that answers the same event differently the second time, so that a fold of
// the trace cannot agree.
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
