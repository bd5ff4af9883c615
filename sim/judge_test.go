package sim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"rollsim/controlplane"
	"rollsim/invariant"
	"rollsim/reducer"
)

// TestExcuses runs scenarios whose rollouts get stuck, and checks which of them the judge excuses.
func TestExcuses(t *testing.T) {
	lost := func(host reducer.HostID, at time.Duration) func(*Scenario) {
		return func(sc *Scenario) {
			sc.Timeline = append(sc.Timeline, Action{At: at, Fault: &FaultNow{Kind: HostLost, Host: host}})
		}
	}
	fate := func(f Fate) func(*Scenario) {
		return func(sc *Scenario) { sc.Fates = append(sc.Fates, f) }
	}
	tests := []struct {
		name    string
		change  []func(*Scenario)
		rollout string
		waits   string // part of the detail
		excuse  string
	}{
		{
			"a lost host", []func(*Scenario){lost("h01", time.Minute)}, "stable@b2",
			"h01 Pending: the host is lost", "host h01 is lost",
		},
		{
			"a host that never answers",
			[]func(*Scenario){fate(Fate{Host: "h01", Ref: "b2", Kind: NeverAnswers})}, "stable@b2",
			"h01 Pending: dispatched, never acked", "host h01 never answers",
		},
		{
			"a host that is never rebooted",
			[]func(*Scenario){fate(Fate{
				Host: "h01", Ref: "b2", Kind: Defers, RebootAfter: reducer.Some(time.Duration(-1)),
			})},
			"stable@b2", "h01 Deferred: waits for a reboot", "host h01 is never rebooted",
		},
		{
			"a rollback that never completes",
			[]func(*Scenario){
				fate(Fate{Host: "h01", Ref: "b2", Kind: FailsActivation}),
				fate(Fate{Host: "h01", Ref: "b2", Kind: NeverRollsBack}),
			},
			"stable@b2", "h01 Failed: the rollback has not completed",
			"the rollback of host h01 never completes",
		},
		{
			"a channel without hosts", []func(*Scenario){func(sc *Scenario) {
				for _, w := range sc.Channels[0].Waves {
					for _, host := range w.Hosts {
						sc.Timeline = append(sc.Timeline, Action{
							Order: &Order{Kind: controlplane.RemoveHost, Host: host},
						})
					}
				}
			}}, "late@z1",
			"Pending: blocked by channel-edges", "it waits for channel stable, whose rollout has no hosts",
		},
		{
			"a channel that never starts",
			[]func(*Scenario){func(sc *Scenario) { sc.Timeline = sc.Timeline[1:2] }}, "late@z1",
			"Pending: blocked by channel-edges", "it waits for channel stable, which has no rollout",
		},
		{
			"a channel whose rollout has failed",
			[]func(*Scenario){
				fate(Fate{Host: "h01", Kind: FailsActivation}),
				func(sc *Scenario) {
					sc.Channels[0].Policy = reducer.Policy{
						OnHealthFailure: reducer.Halt, RetentionSeconds: reducer.DefaultRetentionSeconds,
					}
				},
			},
			"late@z1", "Pending: blocked by channel-edges",
			"it waits for channel stable, whose rollout is Failed and waits for an operator",
		},
		{
			"a channel that is stuck itself",
			[]func(*Scenario){fate(Fate{Host: "h01", Kind: NeverAnswers})}, "late@z1",
			"Pending: blocked by channel-edges",
			"it waits for channel stable: host h01 never answers",
		},
		{
			"a used-up budget",
			[]func(*Scenario){
				fate(Fate{Host: "h01", Ref: "b2", Kind: NeverAnswers}),
				func(sc *Scenario) {
					sc.Channels[1].After = nil
					sc.Budgets = []Budget{{Name: "one", Hosts: []string{"h01", "l1"}, MaxInFlight: 1}}
					sc.Timeline[1].At = time.Hour
				},
			},
			"late@z1", "l1 Pending: blocked by disruption-budget",
			"budget one is used up: host h01 never answers",
		},
		{
			"a host without an agent",
			[]func(*Scenario){func(sc *Scenario) {
				sc.Timeline = append(sc.Timeline, Action{
					When: &Moment{Rollout: "stable@b2", State: reducer.Active},
					Event: &reducer.Event{
						Kind: reducer.HostJoined, Rollout: "stable@b2", Host: "late",
					},
				})
			}},
			"stable@b2", "late Pending: not a host of this scenario",
			"host late joined by a raw event and has no agent",
		},
		{
			"no excuse", []func(*Scenario){func(sc *Scenario) {
				sc.Quarantine = []QuarantineEntry{
					{Channel: "stable", Closure: "b2"},
				}
			}}, "stable@b2", "Pending: blocked by quarantine", "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sc := faulty(t)
			for _, change := range tt.change {
				change(sc)
			}
			_, result := simulate(t, sc, Options{Seed: 1})
			for _, v := range result.Violations {
				if v.Invariant != invariant.Stuck || v.Subject != tt.rollout {
					continue
				}
				if !strings.Contains(v.Detail, tt.waits) || v.Excused != tt.excuse {
					t.Errorf("it waits for %q, excused by %q", v.Detail, v.Excused)
				}
				return
			}
			t.Errorf("%s is not stuck: %v", tt.rollout, result.Violations)
		})
	}
}

// TestStrandedExcuse strands a channel in two ways: it is set back, or its rollout is superseded
// although the ref stays. Only the first one is excused.
func TestStrandedExcuse(t *testing.T) {
	for _, test := range []struct {
		action Action
		excuse string
	}{
		{
			Action{At: 2 * time.Hour, SetRef: &RefChange{"stable", "a1"}},
			"the channel was set back to ref a1, which it had before",
		},
		{
			Action{At: 20 * time.Minute, Event: &reducer.Event{
				Kind: reducer.SuccessorOpened, Rollout: "stable@b2", Successor: "stable@c3",
			}},
			"",
		},
	} {
		sc := faulty(t)
		sc.Timeline = append(sc.Timeline, test.action)
		_, result := simulate(t, sc, Options{Seed: 1})
		i := slices.IndexFunc(result.Violations, Violation{
			Invariant: invariant.Stranded, Subject: "stable",
		}.Is)
		if i < 0 || result.Violations[i].Excused != test.excuse {
			t.Errorf("%+v: %+v", test.action, result.Violations)
		}
	}
}

// TestJoinedRaw checks that only a raw HostJoined of the same rollout and host excuses a host
// without an agent.
func TestJoinedRaw(t *testing.T) {
	joined := func(kind reducer.EventKind, id reducer.RolloutID, host reducer.HostID) Action {
		return Action{Event: &reducer.Event{Kind: kind, Rollout: id, Host: host}}
	}
	for _, test := range []struct {
		line Action
		want bool
	}{
		{joined(reducer.HostJoined, "a@1", "h"), true},
		{joined(reducer.HostJoined, "a@2", "h"), false},
		{joined(reducer.HostJoined, "a@1", "i"), false},
		{joined(reducer.HostStateChanged, "a@1", "h"), false},
		{Action{SetRef: &RefChange{"a", "1"}}, false},
	} {
		j := judge{timeline: []*Action{&test.line}}
		if got := j.joinedRaw("a@1", "h") != ""; got != test.want {
			t.Errorf("%+v: excused %v", test.line, got)
		}
	}
}
