package prove

import (
	"context"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rollsim/controlplane"
	"rollsim/internal/deviation"
	"rollsim/internal/shard"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
)

// TestAll tries any number of deviations. What more than a few of them can reach is what as many
// levels reach as there are deviations in the longest run, whatever the number of jobs.
func TestAll(t *testing.T) {
	sc := fleet(t, "two-waves")
	sc.Channels[0].Waves[1].Hosts = sc.Channels[0].Waves[1].Hosts[:1]
	few := deviation.Of(FailsActivation, NeverRollsBack)
	bound := 6 // three hosts under two refs
	edit := func(o *Options) { o.Kinds = few }
	all := result(t, prover(t, sc, reducer.RFC0008(), edit), All)
	if !all.Holds() {
		t.Fatal(all.Verdict())
	}
	var levels *Result
	for levels = result(t, prover(t, sc, reducer.RFC0008(), edit), bound); ; bound++ {
		if levels.Levels[bound].Runs == 0 {
			break
		}
		levels = result(t, prover(t, sc, reducer.RFC0008(), edit), bound+1)
	}
	if !levels.Holds() || all.States() > levels.States() || 2*all.States() < levels.States() {
		t.Errorf("%d states are reached, and %d in %d levels", all.States(), levels.States(), bound)
	}
	jobs := result(t, prover(t, sc, reducer.RFC0008(), func(o *Options) {
		o.Kinds, o.Jobs = few, 3
	}), All)
	if !reflect.DeepEqual(all, jobs) {
		t.Errorf("with three jobs: %+v, want %+v", jobs, all)
	}
	if every := result(t, prover(t, sc, reducer.RFC0008(), func(o *Options) {
		o.Kinds, o.Asymmetric = few, true
	}), All); !every.Holds() || every.States() <= all.States() {
		t.Errorf("with all hosts: %s", every.Verdict())
	}
}

// TestAllOfNothing checks that any number of deviations can be tried where nothing happens.
func TestAllOfNothing(t *testing.T) {
	for _, plane := range []controlplane.Name{controlplane.Specified, controlplane.Shipped} {
		sc := parse(t, "horizon: 1h\nchannels: [{name: stable, waves: [{hosts: 1}]}]\n")
		sc.ControlPlane = plane
		p := prover(t, sc, reducer.RFC0008(), func(o *Options) { o.Kinds = deviation.Of(FailsProbes) })
		r := result(t, p, All)
		if !r.Holds() || r.States() != 0 || len(r.Levels) != 2 {
			t.Errorf("%s: %s, %+v", plane, r.Verdict(), r.Levels)
		}
	}
}

// TestNoStateIsMissed checks that the runs which are left out because they make no difference lead
// to no state that others do not lead to. No host defers: with a failure that is given too early,
// that would be a state of its own.
func TestNoStateIsMissed(t *testing.T) {
	messages := "[control-plane-crash, message-dropped, message-duplicated]"
	for _, c := range []struct{ waves, kinds string }{
		{"[{hosts: 1, soak: 1m}]", messages},
		{"[{hosts: 2, soak: 1m}]", messages},
		{"[{hosts: 1, soak: 1m}, {hosts: 1, soak: 1m}]", messages},
		{"[{hosts: 2, soak: 1m}]", "[control-plane-crash, agent-restart, host-offline]"},
	} {
		sc := parse(t, `
horizon: 5m
behaviour: {ack: 2s, activation: 20s, probe: 10s, converge: 1s}
channels: [{name: stable, waves: `+c.waves+`}]
timeline: [{at: 0s, channel: stable, ref: a1}]
deviations: [{kinds: `+c.kinds+`}, {kinds: [fails-activation, fails-probes]}]
`)
		for _, kind := range sc.Deviations[0].Kinds.List() { // one of each
			sc.Deviations = append(sc.Deviations, sim.Allowance{Kinds: deviation.Of(kind), AtMost: 1})
		}
		sc.Deviations = sc.Deviations[1:]
		p := prover(t, sc, reducer.RFC0008(), nil)
		k, err := sim.NewWalk(p.plain, p.options(p.plain))
		if err != nil {
			t.Fatal(err)
		}
		usual := make(map[uint64]bool)
		for k.Next() {
			usual[k.Hash()] = true
		}
		p.reached = func(state uint64, _ bool) { usual[state] = true }
		few := result(t, p, All)
		all := make(map[uint64]bool)
		p.redundant, p.reached = true, func(state uint64, active bool) {
			if active {
				all[state] = true
			}
		}
		many := result(t, p, All)
		missed := 0
		for state := range all {
			if !usual[state] {
				missed++
			}
		}
		if !few.Holds() || !many.Holds() || missed > 0 || len(all) < 500 || many.Runs() <= few.Runs() {
			t.Errorf("%s with waves %s: of %d states %d are missed; %s; %s", c.kinds, c.waves,
				len(all), missed, few.Verdict(), many.Verdict())
		}
	}
}

// TestOrderOfAll checks that a search without a bound counts the same runs and states in whichever
// order it tries them, as it does with several jobs.
func TestOrderOfAll(t *testing.T) {
	sc := anyFate(t)
	sc.Channels[0].Waves = sc.Channels[0].Waves[:1]
	sc.Channels[0].Waves[0].Hosts = sc.Channels[0].Waves[0].Hosts[:1]
	var levels [2]Level
	for i := range levels {
		p := prover(t, sc, reducer.RFC0008(), nil)
		p.all = true
		s := begun(t, p)
		if i == 1 {
			slices.Reverse(s.tasks)
		}
		if holds, err := s.everything(); !holds || err != nil {
			t.Fatal(s.result.Verdict(), err)
		}
		levels[i] = s.result.Levels[1]
	}
	if levels[0] != levels[1] || levels[0].States < 1000 {
		t.Errorf("%+v, and in the other order %+v", levels[0], levels[1])
	}
}

// anyFate returns the scenario in which hosts fail or defer as often as it may be, with what else
// may go wrong in it.
func anyFate(t testing.TB) *sim.Scenario {
	t.Helper()
	text, err := os.ReadFile("testdata/all.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, err := scenario.Parse("all.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	return &f.Scenario
}

// TestAllFates tries failures and deferrals of any number, alone and with one lost or one doubled
// message: it finds the same with all hosts, and finds a planted defect.
func TestAllFates(t *testing.T) {
	last := uint64(0)
	for _, first := range []int{3, 2, 1} { // the first allowance that is left
		sc := anyFate(t)
		sc.Deviations = append(sc.Deviations[first:3:3], sc.Deviations[3])
		if first == 1 {
			sc.Deviations = append(sc.Deviations[:1:1], sc.Deviations[2]) // without the doubled one
		}
		usual := result(t, prover(t, sc, reducer.RFC0008(), nil), All)
		// A doubled message alone changes nothing, because it is acknowledged when it arrives first.
		same := usual.States() == last
		if !usual.Holds() || usual.States() < last || same != (first == 2) {
			t.Errorf("%s, after %d states", usual.Verdict(), last)
		}
		last = usual.States()
		if first < 3 {
			continue
		}
		every := result(t, prover(t, sc, reducer.RFC0008(), func(o *Options) {
			o.Asymmetric = true
		}), All)
		if !every.Holds() || every.States() < 2*usual.States() {
			t.Errorf("with all hosts: %s", every.Verdict())
		}
		want := result(t, prover(t, sc, failingForever(), nil), 2)
		got := result(t, prover(t, sc, failingForever(), nil), All)
		if got.Holds() || !reflect.DeepEqual(got.Found, want.Found) {
			t.Errorf("found %q, want %q", keys(got), keys(want))
		}
	}
}

// TestAllFindsTheFewest checks that a search without a bound still finds the fewest deviations.
func TestAllFindsTheFewest(t *testing.T) {
	sc := parse(t, one)
	for _, m := range []reducer.Machine{failingForever(), reducer.V01(), machine.Canary()} {
		edit := func(o *Options) { o.Kinds = deviation.Of(FailsProbes, Defers, RefMoves) }
		want := result(t, prover(t, sc, m, edit), 2)
		got := result(t, prover(t, sc, m, edit), All)
		if got.Holds() != want.Holds() || !reflect.DeepEqual(got.Found, want.Found) {
			t.Errorf("%s: found %q, want %q", m.Name(), keys(got), keys(want))
		}
	}
}

// TestAllEndsEarly checks that a search without a bound that ends early says what it has seen, and
// no more: not that everything holds if it has found a violation.
func TestAllEndsEarly(t *testing.T) {
	for _, m := range []*reducer.Table{reducer.RFC0008(), failingForever()} {
		ctx, stop := context.WithCancel(t.Context())
		p := prover(t, fleet(t, "two-waves"), m, func(o *Options) {
			o.Kinds = deviation.Of(FailsActivation, ClockSkew)
		})
		p.Progress = func(runs uint64, _ int) {
			if runs > 0 {
				stop()
			}
		}
		r, err := p.Run(ctx, All, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := "not finished: complete up to 0, and holds so far"
		if m.Name() != "rfc0008" {
			want = "does not hold with"
		}
		if v := r.Verdict(); r.Holds() || !r.Unfinished || !strings.HasPrefix(v, want) {
			t.Errorf("under %s: %s", m.Name(), v)
		}
		if r.States() < 100 {
			t.Errorf("under %s it has seen %d states", m.Name(), r.States())
		}
	}
}

// TestAllRefused checks where any number of deviations cannot be tried.
func TestAllRefused(t *testing.T) {
	sc := parse(t, one)
	for name, edit := range map[string]func(*Options){
		"parts":    func(o *Options) { o.Shard = shard.Shard{I: 1, N: 2} },
		"continue": func(o *Options) { o.Continue = true },
		"no copies": func(o *Options) {
			build, err := controlplane.ByName(controlplane.Specified)
			if err != nil {
				t.Fatal(err)
			}
			o.ControlPlane = func(
				inv *controlplane.Inventory, m reducer.Machine,
			) controlplane.ControlPlane {
				return struct{ controlplane.ControlPlane }{build(inv, m)}
			}
		},
	} {
		_, err := prover(t, sc, reducer.RFC0008(), edit).Run(t.Context(), All, nil)
		if !errors.Is(err, errAll) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
