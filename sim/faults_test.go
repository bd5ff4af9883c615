package sim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"rollsim/controlplane"
	"rollsim/internal/liar"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// certain returns a behaviour in which nothing goes wrong by itself.
func certain(t *testing.T) Behaviour {
	b := random(t)
	b.ActivationFailure, b.Deferral, b.ProbeFailure = nil, nil, nil
	b.RollbackFailure, b.NoAnswer = nil, nil
	return b
}

// faulty returns a scenario of two channels. The second waits for the first, and has waves, a
// budget and a host edge. The first gets a second ref.
func faulty(t *testing.T, faults ...Fault) *Scenario {
	sc := scenario(t, hostNames(4)...)
	sc.Behaviour = certain(t)
	sc.Horizon = 48 * time.Hour
	sc.Channels = append(sc.Channels, Channel{
		ID: "late", PollInterval: time.Minute, Policy: reducer.DefaultPolicy(),
		After: []reducer.ChannelID{"stable"},
		Waves: []Wave{
			{Hosts: []reducer.HostID{"l1"}, Soak: 5 * time.Minute},
			{Hosts: []reducer.HostID{"l2", "l3", "l4"}, Soak: 5 * time.Minute},
		},
		HostEdges: []HostEdge{{Host: "l3", After: "l2"}},
	})
	sc.Budgets = []Budget{{Name: "few", Hosts: []string{"l*"}, MaxInFlight: 1}}
	sc.Timeline = append(sc.Timeline,
		Action{At: time.Minute, SetRef: &RefChange{"late", "z1"}},
		Action{At: 9 * time.Minute, SetRef: &RefChange{"stable", "b2"}})
	for i := range faults {
		faults[i].Until = 12 * time.Hour
	}
	sc.Faults = faults
	return sc
}

func constant(t *testing.T, d time.Duration) *Distribution {
	t.Helper()
	c, err := Constant(d)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func chanceOf(t *testing.T, p float64) Probability {
	t.Helper()
	c, err := NewProbability(p)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestFaultsAreSurvived makes each fault happen often, and all of them together. Each must be in
// the trace and violate no invariant, and every rollout must end once faults have ended.
func TestFaultsAreSurvived(t *testing.T) {
	var all []Fault
	for _, kind := range FaultKinds() {
		f := Fault{Kind: kind, Probability: chanceOf(t, 0.2), For: constant(t, 3*time.Minute)}
		if kind == ControlPlaneCrash {
			f.Probability = chanceOf(t, 0.005)
		}
		all = append(all, f)
	}
	tests := map[string][]Fault{"all": all}
	for i, kind := range FaultKinds() {
		tests[kind.String()] = all[i : i+1]
	}
	for name, faults := range tests {
		t.Run(name, func(t *testing.T) {
			seen := make(map[string]int)
			for seed := range uint64(40) {
				entries, result := simulate(
					t, faulty(t, slices.Clone(faults)...), Options{Seed: seed, Refold: true},
				)
				for _, e := range entries {
					if e.Fault != nil {
						seen[e.Fault.Fault]++
					}
				}
				for _, v := range result.Violations {
					if v.Excused == "" {
						t.Errorf("seed %d: %v: %s", seed, v, v.Detail)
					}
				}
			}
			for _, f := range faults {
				if seen[f.Kind.String()] == 0 {
					t.Errorf("%v never happened", f.Kind)
				}
			}
		})
	}
}

// TestAgentSeqs checks that the messages that the control plane accepts from a host under a rollout
// count 1, 2, 3 …, whatever happens to messages.
func TestAgentSeqs(t *testing.T) {
	sc := faulty(t,
		Fault{Kind: MessageDropped, Probability: chanceOf(t, 0.3)},
		Fault{Kind: MessageDuplicated, Probability: chanceOf(t, 0.3), For: constant(t, time.Minute)},
		Fault{Kind: MessageReordered, Probability: chanceOf(t, 0.3)},
		Fault{Kind: MessageDelayed, Probability: chanceOf(t, 0.3), For: constant(t, time.Minute)})
	for seed := range uint64(20) {
		entries, _ := simulate(t, sc, Options{Seed: seed})
		type key struct {
			host    reducer.HostID
			rollout reducer.RolloutID
		}
		last := make(map[key]uint64)
		for _, e := range entries {
			if e.Agent == nil {
				continue
			}
			k := key{e.Host, e.Rollout}
			if e.Agent.Seq != last[k]+1 {
				t.Fatalf("seed %d entry %d: seq %d after %d", seed, e.Seq, e.Agent.Seq, last[k])
			}
			last[k]++
		}
	}
}

func TestCrashInEachState(t *testing.T) {
	for _, state := range reducer.States() {
		t.Run(state.String(), func(t *testing.T) {
			sc := faulty(t)
			sc.Channels[0].Policy = reducer.Policy{OnHealthFailure: reducer.Halt, RetentionSeconds: 3600}
			id := reducer.RolloutID("stable@b2")
			switch state {
			case reducer.Superseded:
				id = "stable@a1"
			case reducer.Failed:
				sc.Fates = []Fate{{Host: "h02", Ref: "b2", Kind: FailsProbes}}
			case reducer.Reverted:
				sc.Channels[0].Policy.OnHealthFailure = reducer.RollbackAndHalt
				sc.Fates = []Fate{{Host: "h02", Ref: "b2", Kind: FailsProbes}}
			case reducer.Opening, reducer.Active, reducer.Converging, reducer.Terminal, reducer.Pruned:
			}
			sc.Timeline = append(sc.Timeline, Action{
				When:  &Moment{Rollout: id, State: state},
				Fault: &FaultNow{Kind: ControlPlaneCrash, For: 5 * time.Minute},
			})
			for seed := range uint64(10) {
				_, result := simulate(t, sc, Options{Seed: seed, Refold: true})
				if len(result.NeverCame) > 0 {
					t.Fatalf("seed %d: the rollout was never %v", seed, state)
				}
				for _, v := range result.Violations {
					if v.Excused == "" {
						t.Errorf("seed %d: %v: %s", seed, v, v.Detail)
					}
				}
			}
		})
	}
}

// deaf is a control plane that ignores entries of the log that it follows.
type deaf struct {
	controlplane.Follower
	ignores func(*trace.Entry) bool
}

func (d deaf) Follow(e *trace.Entry) error {
	if d.ignores(e) {
		return nil
	}
	return d.Follower.Follow(e)
}

// TestCrashForgets removes entries from the log before a restart, which must report the loss,
// whether it reads the log or copies a control plane that has followed the log.
func TestCrashForgets(t *testing.T) {
	tests := map[string]func(*trace.Entry) bool{
		"a dispatch":      func(e *trace.Entry) bool { return e.Plan != nil && e.Host == "h01" },
		"a rollout event": func(e *trace.Entry) bool { return e.Event != nil && e.Event.Host == "h01" },
		"a schedule": func(e *trace.Entry) bool {
			return e.Effect != nil && e.Effect.Kind == reducer.SchedulePruning
		},
		"a poll":            func(e *trace.Entry) bool { return e.Poll != nil },
		"messages":          func(e *trace.Entry) bool { return e.Agent != nil && e.Host == "h01" },
		"a quarantine":      func(e *trace.Entry) bool { return e.HostEffect != nil },
		"nothing (control)": func(e *trace.Entry) bool { return false },
	}
	for name, lost := range tests {
		t.Run(name, func(t *testing.T) {
			sc := faulty(t)
			sc.Fates = []Fate{{Host: "h02", Ref: "a1", Kind: FailsActivation}}
			sc.Timeline = append(
				sc.Timeline,
				Action{At: 30 * time.Minute, Fault: &FaultNow{Kind: ControlPlaneCrash, For: time.Minute}},
			)
			specified, err := controlplane.ByName(controlplane.Specified)
			if err != nil {
				t.Fatal(err)
			}
			following := func(inv *controlplane.Inventory, m reducer.Machine) controlplane.ControlPlane {
				return deaf{specified(inv, m).(controlplane.Follower), lost}
			}
			for _, opt := range []Options{
				{ControlPlane: liar.Forgetful(lost)}, {ControlPlane: following, Refold: true},
			} {
				opt.Machine, opt.Seed = v02Quarantining(), 1
				result, err := Run(sc, opt)
				if err != nil {
					t.Fatal(err)
				}
				found := slices.ContainsFunc(result.Violations, func(v Violation) bool {
					return v.Invariant == invariant.FoldIsLive &&
						strings.HasPrefix(v.Detail, "lost by a restart: ")
				})
				if want := name != "nothing (control)"; found != want {
					t.Errorf("refold %v: found %v, want %v: %v", opt.Refold, found, want, result.Violations)
				}
			}
		})
	}
}

// v02Quarantining returns a machine that schedules pruning and inserts no quarantine, so that only
// the log holds the quarantine of a host's rollback.
func v02Quarantining() reducer.Machine {
	return reducer.V02With("test", reducer.Differences()[3:4])
}
