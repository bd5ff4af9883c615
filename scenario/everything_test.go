package scenario

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"rollsim/controlplane"
	"rollsim/internal/deviation"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/sim"
)

// TestEverything reads a file that uses every field and compares the whole result.
func TestEverything(t *testing.T) {
	data, err := os.ReadFile("testdata/good/everything.yaml")
	if err != nil {
		t.Fatal(err)
	}
	included, err := os.ReadFile("testdata/good/included/behaviour.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := LoadFS(fstest.MapFS{
		"some/where/everything.yaml":         {Data: data},
		"some/where/included/behaviour.yaml": {Data: included},
	}, "some/where/everything.yaml")
	if err != nil {
		t.Fatal(err)
	}
	chance := func(p sim.Probability) *sim.Probability { return &p }
	event := func(at time.Duration, ev reducer.Event) sim.Action {
		return sim.Action{At: at, Event: &ev}
	}
	ownTime := event(time.Hour, reducer.Event{
		Kind: reducer.RolloutOpened, Rollout: "r1", Channel: "other", TargetRef: "x",
		At: 1778893200_123456789,
	})
	ownTime.KeepAt = true
	misrouted := event(time.Hour, reducer.Event{Kind: reducer.RolloutTerminal, Rollout: "r1"})
	misrouted.Reaches = "stable@a1"
	fault := func(f sim.FaultNow) sim.Action { return sim.Action{At: 3 * time.Hour, Fault: &f} }
	none, half := reducer.Opt[time.Duration]{}, sim.Certain/2
	want := &File{
		Path:    "some/where/everything.yaml",
		Comment: "Shows every field of the format,\nin two lines.\n\nAnd a second paragraph.",
		Golden:  GoldenTransitions,
		Scenario: sim.Scenario{
			Name:    "everything",
			Start:   1778893200_500000000,
			Horizon: 36 * time.Hour,
			Seed:    18446744073709551615,
			Machine: "v0.2",

			ControlPlane: controlplane.Shipped,
			Mended:       []controlplane.Defect{controlplane.NoHalt, controlplane.LossyLog},
			Channels: []sim.Channel{
				{
					ID: "stable", PollInterval: 90 * time.Second,
					Policy: reducer.Policy{OnHealthFailure: reducer.RollbackAndHalt, RetentionSeconds: 172800},
					Waves: []sim.Wave{
						{Hosts: []reducer.HostID{"stable-01"}, Soak: 30 * time.Minute},
						{Soak: time.Hour}, // the default under shipped
						{Hosts: []reducer.HostID{"web-01", "web-02"}, Soak: time.Hour},
						{Hosts: []reducer.HostID{"stable-02", "stable-03"}, Soak: time.Hour},
					},
					After: []reducer.ChannelID{"edge", "x"},
					HostEdges: []sim.HostEdge{
						{Host: "web-02", After: "web-01"},
						{Host: "stable-03", After: "web-02"},
					},
					Outside: []reducer.HostID{"db-01"},
				},
				{
					ID: "edge", PollInterval: 60 * time.Second, Policy: reducer.DefaultPolicy(),
					Outside: []reducer.HostID{"edge-01", "edge-02"},
				},
				{
					ID: "x", PollInterval: 60 * time.Second, Policy: reducer.DefaultPolicy(),
					After: []reducer.ChannelID{"edge"},
				},
			},
			Tags: []controlplane.HostTags{
				{Hosts: []string{"web-*"}, Tags: []string{"web", "front"}},
				{Hosts: []string{"web-01", "db-01"}, Tags: []string{"heavy"}},
			},
			Budgets: []sim.Budget{
				{Name: "web", Hosts: []string{"web-*", "stable-02"}, MaxInFlight: 2},
				{Name: "all", Hosts: []string{"*"}, MaxInFlight: 2_000_000},
				{Name: "heavy-web", Selector: "tags:web,heavy", Percent: 25},
				{Name: "either", Selector: "tags_any:front,heavy", Percent: 100},
				{Name: "edges", Selector: "channel:edge", MaxInFlight: 1},
				{Name: "two", Selector: "hosts:web-01,edge-02", Percent: 1},
				{Name: "everything", Selector: "all", MaxInFlight: 3},
			},
			Quarantine: []sim.QuarantineEntry{
				{Channel: "stable", Closure: "a1"},
				{Channel: "edge", Closure: "r17"},
			},
			Behaviour: sim.Behaviour{
				Ack:        must(sim.Uniform(time.Second, 5*time.Second)),
				Activation: must(sim.LogNormalP99(40*time.Second, 3*time.Minute)),
				Reboot:     must(sim.Exponential(10 * time.Minute)),
				Probe:      must(sim.Constant(21 * time.Second)),
				Converge:   must(sim.Constant(2 * time.Second)),
				Rollback:   must(sim.LogNormal(30*time.Second, 0.5)),

				ActivationFailure: chance(85899345), // 2 % of 1<<32
				Deferral:          chance(1 << 30),
				ProbeFailure:      chance(1 << 29),
				RollbackFailure:   chance(sim.Certain),
				NoAnswer:          chance(0),
			},
			Groups: []sim.Group{
				{
					Hosts: []string{"web-01"},
					Behaviour: sim.Behaviour{
						Ack: must(sim.Normal(10*time.Second, 2*time.Second, none, none)),
						Activation: must(sim.Normal(10*time.Second, 2*time.Second,
							reducer.Some(5*time.Second), reducer.Some(12*time.Second))),
						Reboot:   must(sim.Weibull(10*time.Minute, 1.5)),
						Probe:    must(sim.Gamma(30*time.Second, 3)),
						Converge: must(sim.GammaByScale(4*time.Second, 2.5)),
						Rollback: must(sim.Empirical([]time.Duration{
							10 * time.Second, 20 * time.Second, 20 * time.Second, 3 * time.Minute,
						})),
					},
				},
				{
					Hosts: []string{"web-*", "stable-01"},
					Behaviour: sim.Behaviour{
						Activation: must(sim.Constant(5 * time.Minute)),
						Deferral:   chance(sim.Certain),
					},
				},
			},
			Fates: []sim.Fate{
				{Host: "stable-03", Ref: "a1", Kind: sim.FailsActivation},
				{Host: "stable-03", Kind: sim.FailsProbes, Once: true},
				{Host: "stable-02", Kind: sim.Defers, RebootAfter: reducer.Some(6 * time.Hour)},
				{Host: "stable-02", Kind: sim.Defers, RebootAfter: reducer.Some(time.Duration(-1))},
				{Host: "web-01", Kind: sim.NeverAnswers},
				{Host: "web-01", Kind: sim.NeverRollsBack},
				{Host: "web-02", Kind: sim.ConvergesAnyway},
				{Host: "db-01", Kind: sim.FailsControl},
				{Host: "db-01", Kind: sim.FailsControl, PassesAfter: reducer.Some(5 * time.Minute)},
				{Host: "db-01", Kind: sim.FailsControl, PassesAfter: reducer.Some(time.Duration(-1))},
			},
			Delays: []sim.Delay{
				{
					Host: "stable-03", Ref: "a1", Stage: sim.AckStage,
					Takes: must(sim.Constant(20 * time.Second)),
				},
				{
					Host: "stable-03", Stage: sim.RollbackStage,
					Takes: must(sim.Uniform(time.Second, 5*time.Second)),
				},
			},
			Running: []sim.Running{
				{Hosts: []string{"*"}, Ref: "old"},
				{Hosts: []string{"web-01"}, Ref: "a1"},
			},
			Releases: []controlplane.Release{
				{Ref: "b2"},
				{
					Ref: "a1", Channel: "stable", Unchanged: []string{"web-02", "db-*"},
					Manifest: controlplane.Stale, Signed: reducer.Some(-150 * time.Minute),
				},
				{
					Ref: "a1", Channel: "x", Manifest: controlplane.Absent,
					Signed: reducer.Some(10 * time.Minute),
				},
				{Ref: "c3", Manifest: controlplane.Invalid},
			},
			Phases: sim.Phases{
				Heartbeat: reducer.Some(60*time.Second - time.Millisecond),
				Ticker:    reducer.Some(time.Second), Poll: reducer.Some(time.Duration(0)),
				Prune: reducer.Some(59 * time.Minute),
			},
			Timeline: []sim.Action{
				{SetRef: &sim.RefChange{Channel: "stable", Ref: "a1"}},
				{At: 30 * time.Minute, Release: &sim.ReleaseChange{Ref: "c3"}},
				event(24*time.Hour, reducer.Event{
					Kind: reducer.OperatorClearance, Rollout: "stable@a1", Operator: "alice",
					Reason: "fixed\nby hand\n",
				}),
				event(
					36*time.Hour,
					reducer.Event{Kind: reducer.OperatorClearance, Rollout: "stable@a1", Operator: "operator"},
				),
				{
					At: 5 * time.Minute,
					When: &sim.Moment{
						Rollout: "stable@a1", Wave: reducer.Some(uint32(2)), HostState: reducer.HostSoaking,
					},
					SetRef: &sim.RefChange{Channel: "edge", Ref: "b2"},
				},
				{
					When:   &sim.Moment{Rollout: "stable@a1", Host: "web-01", HostState: reducer.HostActivating},
					SetRef: &sim.RefChange{Channel: "stable", Ref: "1234567"},
				},
				{
					When:  &sim.Moment{Rollout: "r1", State: reducer.Opening},
					Event: &reducer.Event{Kind: reducer.HostJoined, Rollout: "r1", Host: "h1", Wave: 4294967295},
				},
				ownTime,
				event(time.Hour, reducer.Event{
					Kind: reducer.HostStateChanged, Rollout: "r1", Host: "h1",
					From: reducer.HostPending, To: reducer.HostActivating,
				}),
				event(
					time.Hour, reducer.Event{Kind: reducer.WaveAdvanced, Rollout: "r1", FromWave: 1, ToWave: 2},
				),
				event(time.Hour, reducer.Event{Kind: reducer.RolloutTerminal, Rollout: "r1"}),
				event(time.Hour, reducer.Event{Kind: reducer.SuccessorOpened, Rollout: "r1", Successor: "r2"}),
				event(time.Hour, reducer.Event{Kind: reducer.RetentionExpired, Rollout: "r1"}),
				event(time.Hour, reducer.Event{
					Kind: reducer.OperatorClearance, Rollout: "r1", Operator: "bob", Reason: "because",
				}),
				misrouted,
				{At: 2 * time.Hour, Lift: &sim.QuarantineEntry{Channel: "stable", Closure: "a1"}},
				fault(sim.FaultNow{Kind: sim.ControlPlaneCrash}),
				fault(sim.FaultNow{Kind: sim.ControlPlaneCrash, For: 10 * time.Minute}),
				fault(sim.FaultNow{Kind: sim.TornOpeningCrash}),
				fault(sim.FaultNow{Kind: sim.DatabaseError, Host: "web-01"}),
				fault(sim.FaultNow{Kind: sim.TornOpeningCrash, Joined: 2, For: time.Minute}),
				fault(sim.FaultNow{Kind: sim.HostOffline, Host: "web-01", For: time.Hour}),
				fault(sim.FaultNow{Kind: sim.HostLost, Host: "web-02"}),
				fault(sim.FaultNow{Kind: sim.AgentRestart, Host: "web-01"}),
				fault(sim.FaultNow{Kind: sim.ClockSkew, Host: "web-01", For: 5 * time.Minute}),
				fault(sim.FaultNow{Kind: sim.ClockSkew, Host: "web-01", For: -90 * time.Second}),
				fault(sim.FaultNow{Kind: sim.MessageDropped, Host: "web-01"}),
				fault(sim.FaultNow{
					Kind: sim.MessageDelayed, Host: "web-01", For: 30 * time.Second, Rollout: "stable@a1",
					Message: reducer.ActivationCompleted, Seq: 3,
				}),
				fault(sim.FaultNow{Kind: sim.PollStale}),
			},
			Traffic: []sim.Traffic{
				{Channel: "x", Kind: sim.Arrivals, Every: must(sim.Constant(12 * time.Hour)), Prefix: "half-"},
				{
					Channel: "edge", Kind: sim.Arrivals, Every: must(sim.Exponential(6 * time.Hour)), Prefix: "r",
					From: time.Hour, Until: 20 * time.Hour,
				},
				{
					Channel: "stable", Kind: sim.Arrivals, Every: must(sim.Constant(24 * time.Hour)),
					Prefix: "nightly-",
				},
				{
					Channel: "x", Kind: sim.Flapping, Every: must(sim.Constant(30 * time.Minute)),
					Between: []reducer.ChannelRef{"a1", "b2"},
				},
			},
			Faults: []sim.Fault{
				{
					Kind: sim.MessageDelayed, Probability: half,
					For:  must(sim.Uniform(time.Second, 2*time.Minute)),
					From: time.Hour, Until: 3 * time.Hour, Hosts: []string{"web-*"},
				},
				{
					Kind: sim.MessageDuplicated, Probability: sim.Certain,
					For: must(sim.Constant(5 * time.Second)),
				},
				{Kind: sim.MessageDuplicated, Probability: half},
				{Kind: sim.MessageReordered, Probability: half},
				{Kind: sim.MessageDropped, Probability: half, Hosts: []string{"web-01"}},
				{Kind: sim.HostOffline, Probability: half, For: must(sim.Constant(time.Hour))},
				{Kind: sim.HostLost, Probability: half},
				{Kind: sim.AgentRestart, Probability: half},
				{Kind: sim.ControlPlaneCrash, Probability: half, For: must(sim.Constant(10 * time.Minute))},
				{Kind: sim.PollFailed, Probability: half},
				{Kind: sim.PollStale, Probability: half, Until: time.Hour},
				{Kind: sim.ClockSkew, Probability: half, For: must(sim.Constant(3 * time.Minute))},
				{Kind: sim.DatabaseError, Probability: half, Hosts: []string{"web-*"}},
				{Kind: sim.LogInsertFailed, Probability: half},
				{Kind: sim.TornOpeningCrash, Probability: half, For: must(sim.Constant(10 * time.Minute))},
			},
			Sometimes: []sim.Moment{
				{Rollout: "stable@a1", State: reducer.Converging},
				{Rollout: "stable@nightly-2", Wave: reducer.Some(uint32(0)), HostState: reducer.HostDeferred},
			},
			ExpectViolations: []invariant.Violation{
				{Invariant: invariant.Stuck, Subject: "edge@b2"},
				{Invariant: invariant.Stuck, Subject: "edge@c3"},
				{Invariant: invariant.Unpruned, Subject: "stable@nightly-12"},
				{Invariant: invariant.BudgetKept, Subject: "web"},
				{Invariant: invariant.Stranded, Subject: "stable"},
			},
			Deviations: []sim.Allowance{
				{
					Kinds: deviation.Of(deviation.FailsActivation, deviation.FailsProbes, deviation.Defers,
						deviation.NeverAnswers, deviation.NeverRollsBack, deviation.MessageDropped),
					Hosts: []string{"web-*", "stable-01"}, AtMost: 2,
				},
				{Kinds: deviation.Of(deviation.ControlPlaneCrash)},
			},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", describe(got), describe(want))
	}
	data = append(data, operatorsFile(t)...)
	eachField(func(of reflect.Type, f reflect.StructField, name string, _ bool) {
		if !regexp.MustCompile(`\b`+name+`: `).Match(data) &&
			!bytes.Contains(data, []byte(" "+name+":\n")) &&
			!bytes.Contains(data, []byte("\n"+name+":\n")) {
			t.Errorf("the file does not use %v.%s", of, name)
		}
	})
}

// operatorsFile returns the text of a file with the fields that the shipped control plane refuses.
// It checks what the file means.
func operatorsFile(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/good/operators.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, err := Parse("operators.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	windows := []sim.Window{
		{From: 22 * time.Hour, For: 4 * time.Hour, Days: []time.Weekday{time.Saturday, time.Sunday}},
		{From: 30 * time.Minute, For: 24 * time.Hour},
	}
	if got := f.Scenario.Channels[0].Windows; !reflect.DeepEqual(got, windows) {
		t.Errorf("windows %v, want %v", got, windows)
	}
	absent := []reducer.HostID{"stable-01"}
	if got := f.Scenario.Channels[0].Absent; !slices.Equal(got, absent) {
		t.Errorf("absent %v, want %v", got, absent)
	}
	orders := []sim.Order{
		{Kind: controlplane.PauseDispatch, Channel: "stable"},
		{Kind: controlplane.PauseDispatch},
		{Kind: controlplane.ResumeDispatch, Channel: "stable"},
		{
			Kind:  controlplane.QuarantineByHand,
			Entry: sim.QuarantineEntry{Channel: "stable", Closure: "a1"},
		},
		{Kind: controlplane.AbortRollout, Rollout: "stable@a1"},
		{Kind: controlplane.AddHost, Host: "stable-01"},
		{Kind: controlplane.RemoveHost, Host: "stable-01"},
	}
	for i, want := range orders {
		if got := f.Scenario.Timeline[i+1].Order; got == nil || *got != want {
			t.Errorf("order %d is %+v, want %+v", i, got, want)
		}
	}
	want := sim.FaultNow{Kind: sim.PollFailed, Channel: "stable"}
	if got := f.Scenario.Timeline[8].Fault; got == nil || *got != want {
		t.Errorf("the fault is %+v, want %+v", got, want)
	}
	return data
}

// describe formats a file in enough detail to see a difference.
func describe(f *File) string {
	text, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}
