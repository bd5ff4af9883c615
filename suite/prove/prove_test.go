package prove

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"rollsim/controlplane"
	"rollsim/internal/deviation"
	"rollsim/invariant"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/trace"
)

// parse reads a scenario.
func parse(t *testing.T, text string) *sim.Scenario {
	t.Helper()
	f, err := scenario.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return &f.Scenario
}

// fleet returns a built-in fleet.
func fleet(t *testing.T, name string) *sim.Scenario {
	t.Helper()
	all, err := Fleets()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if f.Scenario.Name == name {
			return &f.Scenario
		}
	}
	t.Fatalf("no fleet is named %s", name)
	return nil
}

// prover returns the prover of a scenario.
func prover(t *testing.T, sc *sim.Scenario, m reducer.Machine, edit func(*Options)) *Prover {
	t.Helper()
	opt := Options{Scenario: sc, Machine: m, Jobs: 1}
	if edit != nil {
		edit(&opt)
	}
	p, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// result proves a scenario.
func result(t *testing.T, p *Prover, bound int) *Result {
	t.Helper()
	r, err := p.Run(t.Context(), bound, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// one is one wave of one host.
const one = `
horizon: 1h
channels:
  - name: stable
    waves: [{hosts: 1, soak: 1m}]
behaviour:
  ack: 2s
  activation: {uniform: {min: 10s, max: 30s}}
timeline:
  - {at: 0s, channel: stable, ref: a1}
`

// TestFleetsHold checks that each built-in fleet holds with up to one deviation, and that each
// deviation has a description of its own.
func TestFleetsHold(t *testing.T) {
	all, err := Fleets()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		p := prover(t, &f.Scenario, reducer.RFC0008(), nil)
		if r := result(t, p, 1); !r.Holds() || r.Runs() != uint64(1+r.Possible) {
			t.Errorf("%s: %s, %+v", f.Scenario.Name, r.Verdict(), r.Found)
		}
		texts := make(map[string]bool)
		for _, d := range p.run(&node{}, true).children {
			if text := d.String(); text == "" || texts[text] {
				t.Errorf("%s: two deviations, or one without a name: %q", f.Scenario.Name, text)
			}
			texts[d.String()] = true
		}
	}
}

// TestSameUpToTheDeviation checks that a run with a deviation has the entries of the plain run up
// to the instant of the deviation, and that those of some kinds differ from then on.
func TestSameUpToTheDeviation(t *testing.T) {
	for _, name := range []string{"rollback", "gates"} {
		p := prover(t, fleet(t, name), reducer.RFC0008(), nil)
		plain := entries(t, p.plain)
		differ := make(map[Kind]bool)
		for _, d := range p.run(&node{}, true).children {
			run := entries(t, (&node{}).with(d).scenario(p.plain))
			until := p.plain.Start + reducer.Time(d.At)
			before := func(all []trace.Entry) []trace.Entry {
				i := slices.IndexFunc(all, func(e trace.Entry) bool { return e.At >= until })
				if i < 0 {
					i = len(all)
				}
				return all[:i]
			}
			if !reflect.DeepEqual(before(plain), before(run)) {
				t.Errorf("%s: %v: the run differs before %v", name, d, d.At)
			}
			if !reflect.DeepEqual(plain, run) {
				differ[d.Kind] = true
			}
		}
		for _, kind := range []Kind{FailsProbes, LongDelay, MessageDropped, ControlPlaneCrash} {
			if !differ[kind] {
				t.Errorf("%s: no deviation of kind %v changes the run", name, kind)
			}
		}
	}
}

// entries runs a scenario and returns its entries, without the header.
func entries(t *testing.T, sc *sim.Scenario) []trace.Entry {
	t.Helper()
	var c trace.Collector
	if _, err := sim.Run(sc, sim.Options{
		Machine: reducer.RFC0008(), Seed: sc.Seed, Sink: &c,
	}); err != nil {
		t.Fatal(err)
	}
	return c.Entries[1:]
}

// TestOptionsAgree checks that neither the number of jobs nor the hosts that stand for others
// change what is found. PROVE_ALL tries all fleets instead of two.
func TestOptionsAgree(t *testing.T) {
	all, err := Fleets()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		name := f.Scenario.Name
		if os.Getenv("PROVE_ALL") == "" && name != "two-waves" && name != "rollback" {
			continue
		}
		for _, m := range []*reducer.Table{failingForever(), reducer.RFC0008()} {
			if m.Name() == "rfc0008" && os.Getenv("PROVE_ALL") == "" {
				continue
			}
			usual := result(t, prover(t, &f.Scenario, m, nil), 1)
			every := result(t, prover(t, &f.Scenario, m, func(o *Options) { o.Asymmetric = true }), 1)
			if !slices.Equal(keys(usual), keys(every)) || usual.Holds() != every.Holds() {
				t.Errorf("%s under %s: with all hosts it finds %q, without %q", name, m.Name(),
					keys(every), keys(usual))
			}
			if every.Runs() < usual.Runs() {
				t.Errorf("%s: all hosts have fewer runs", name)
			}
		}
	}
	sc := parse(t, one)
	for _, m := range []*reducer.Table{reducer.RFC0008(), failingForever()} {
		alone := result(t, prover(t, sc, m, nil), 2)
		jobs := result(t, prover(t, sc, m, func(o *Options) { o.Jobs = 3 }), 2)
		if !reflect.DeepEqual(alone, jobs) {
			t.Errorf("under %s the result depends on the number of jobs", m.Name())
		}
	}
}

// TestCutsAgree checks that the same counterexamples are found whether states that were seen are
// cut off or not, and whether runs are copied or begin at the start. With PROVE_ALL it also tries
// all fleets, with one deviation.
func TestCutsAgree(t *testing.T) {
	found := func(r *Result) string {
		var text strings.Builder
		for _, c := range r.Found {
			fmt.Fprintln(&text, c.Key, c.Level, c.Subject, c.Detail, c.Deviations)
		}
		return text.String()
	}
	agree := func(sc *sim.Scenario, m reducer.Machine, bound int) {
		t.Helper()
		run := func(edit func(*Options)) *Result {
			p := prover(t, sc, m, func(o *Options) {
				o.Continue = true
				edit(o)
			})
			return result(t, p, bound)
		}
		usual := run(func(*Options) {})
		uncut := run(func(o *Options) { o.Uncut = true })
		repeat := run(func(o *Options) { o.Repeat = true })
		if a, b, c := found(usual), found(uncut), found(repeat); a != b || a != c {
			t.Errorf("%s under %s: found\n%s\nwithout cuts\n%s\nfrom the start\n%s", sc.Name, m.Name(),
				a, b, c)
		}
		if usual.Met != uncut.Met || usual.Met != repeat.Met {
			t.Errorf("%s under %s: other moments are met", sc.Name, m.Name())
		}
		if usual.Runs() > uncut.Runs() || usual.States() == 0 || repeat.States() != 0 ||
			usual.States() > uncut.States() {
			t.Errorf("%s: %d runs and %d states, %d and %d without cuts", sc.Name, usual.Runs(),
				usual.States(), uncut.Runs(), uncut.States())
		}
	}
	sc := parse(t, one)
	sc.Sometimes = []sim.Moment{
		{Rollout: "stable@a1", State: reducer.Failed}, {Rollout: "stable@a1", State: reducer.Reverted},
	}
	agree(sc, failingForever(), 2)
	shipped := *sc
	shipped.ControlPlane = controlplane.Shipped
	agree(&shipped, reducer.RFC0008(), 1)
	shipped.Mended = controlplane.Defects()
	agree(&shipped, reducer.RFC0008(), 1)
	others := []reducer.Machine{reducer.RFC0008(), reducer.V01(), reducer.V02(), machine.Canary()}
	if os.Getenv("PROVE_ALL") == "" {
		for _, m := range others {
			agree(sc, m, 1)
		}
		return
	}
	for _, m := range others {
		agree(sc, m, 2)
	}
	all, err := Fleets()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		for _, m := range []reducer.Machine{reducer.RFC0008(), failingForever(), reducer.V02()} {
			agree(&f.Scenario, m, 1)
		}
	}
}

// keys returns what was found, with the number of deviations.
func keys(r *Result) []string {
	var all []string
	for _, c := range r.Found {
		all = append(all, c.Key+strings.Repeat(" +", len(c.Deviations)))
	}
	slices.Sort(all)
	return all
}

// failingForever returns rfc0008 with a defect that needs a deviation: a rollout that has failed is
// never pruned.
func failingForever() *reducer.Table {
	cells := reducer.RFC0008().Cells()
	for _, state := range []reducer.State{reducer.Active, reducer.Converging} {
		rules := &cells[state][reducer.HostStateChanged]
		for i := range rules {
			rules[i].Prune = false
		}
	}
	return reducer.NewTable("failing-forever", cells, true)
}

// TestFewestDeviations checks that planted defects are found with as few deviations as they need.
func TestFewestDeviations(t *testing.T) {
	for _, c := range []struct {
		machine reducer.Machine
		fleet   string
		want    string
	}{
		{reducer.V01(), "two-waves", "wave-kept/Active"},
		{machine.Canary(), "two-waves", "unpruned/Superseded"},
		{reducer.V02(), "two-waves", "unpruned/Superseded"},
		{failingForever(), "two-waves", "unpruned/Failed +"},
	} {
		r := result(t, prover(t, fleet(t, c.fleet), c.machine, nil), 2)
		if !slices.Contains(keys(r), c.want) {
			t.Errorf("%s finds %q, want %q", c.machine.Name(), keys(r), c.want)
		}
		if r.Holds() || strings.HasPrefix(r.Verdict(), "holds") {
			t.Errorf("%s: %s", c.machine.Name(), r.Verdict())
		}
	}
}

// TestBoundary checks that a defect which needs one deviation is not found with none.
func TestBoundary(t *testing.T) {
	for bound, holds := range []bool{true, false} {
		r := result(t, prover(t, fleet(t, "two-waves"), failingForever(), nil), bound)
		if r.Holds() != holds {
			t.Errorf("up to %d deviations: %s", bound, r.Verdict())
		}
	}
	p := prover(t, fleet(t, "two-waves"), failingForever(), func(o *Options) {
		o.Kinds = deviation.Of(MessageDropped)
	})
	if r := result(t, p, 1); !r.Holds() || r.Possible == 0 {
		t.Errorf("without failures: %s", r.Verdict())
	}
}

// TestExpected checks that a violation that the scenario expects is no counterexample.
func TestExpected(t *testing.T) {
	sc := fleet(t, "two-waves")
	m := machine.Canary()
	if r := result(t, prover(t, sc, m, nil), 0); r.Holds() {
		t.Error("the canary is not found")
	}
	v, err := invariant.Parse("unpruned stable@a1")
	if err != nil {
		t.Fatal(err)
	}
	sc.ExpectViolations = []sim.Violation{v}
	if r := result(t, prover(t, sc, m, nil), 0); !r.Holds() {
		t.Errorf("an expected violation is found: %s", r.Verdict())
	}
}

// TestSometimes checks that a moment of sometimes must happen in some run within the bounds.
func TestSometimes(t *testing.T) {
	sc := parse(t, one+"sometimes:\n  - {rollout: stable@a1, state: Failed}\n")
	for bound, want := range []string{"a moment never happens in any combination of up to 0",
		"holds for every combination of up to 1"} {
		if r := result(t, prover(t, sc, reducer.RFC0008(), nil), bound); !strings.HasPrefix(
			r.Verdict(), want) || r.Holds() != (bound == 1) {
			t.Errorf("up to %d: %s", bound, r.Verdict())
		}
	}
}

// TestManyMoments checks that a proof refuses more moments than a result has bits.
func TestManyMoments(t *testing.T) {
	sc := fleet(t, "two-waves")
	for _, n := range []int{64, 65} {
		sc.Sometimes = make([]sim.Moment, n)
		_, err := New(Options{Scenario: sc, Machine: reducer.RFC0008()})
		if (err != nil) != (n > 64) {
			t.Errorf("%d moments: %v", n, err)
		}
	}
}

// TestPlain checks that the plain run draws nothing: another seed has the same entries.
func TestPlain(t *testing.T) {
	sc := parse(t, one+`
traffic:
  - {channel: stable, arrivals: {exponential: {mean: 10m}}, prefix: r, from: 10m, until: 40m}
faults:
  - {fault: message-dropped, probability: 50%}
`)
	sc.Behaviour.Deferral = new(sim.Probability)
	*sc.Behaviour.Deferral = sim.Certain
	p := Plain(sc)
	first := entries(t, p)
	p.Seed = 99
	if !reflect.DeepEqual(first, entries(t, p)) {
		t.Error("the plain run depends on the seed")
	}
	if len(p.Timeline) != 6 || p.Timeline[1].SetRef.Ref != "r1" || p.Timeline[1].At != 10*time.Minute {
		t.Errorf("the traffic became %d lines", len(p.Timeline))
	}
	if sc.Behaviour.Deferral == nil || len(sc.Faults) != 1 {
		t.Error("the given scenario has changed")
	}
}

// TestIneffective checks that a deviation which does not happen is an error, unless another one of
// the same instant prevents it.
func TestIneffective(t *testing.T) {
	p := prover(t, parse(t, one), reducer.RFC0008(), nil)
	lost := func(at time.Duration, seq uint64) *Deviation {
		d := &Deviation{Kind: MessageDropped, At: at, host: "stable-01", lines: []sim.Action{{
			At: at, Fault: &sim.FaultNow{Kind: sim.MessageDropped, Host: "stable-01", Seq: seq},
		}}}
		return d.identify(about("message", seq), 0)
	}
	n := (&node{}).with(lost(2*time.Second, 99))
	if o := p.run(n, false); o.err == nil || o.void {
		t.Error("a message that is never sent counts as lost")
	}
	if o := p.run((&node{}).with(lost(2*time.Second, 1)), false); o.err != nil || o.void {
		t.Errorf("a message that is sent: %v", o.err)
	}
	offline := &Deviation{Kind: HostOffline, At: 2 * time.Second, lines: []sim.Action{{
		At: 2 * time.Second, Fault: &sim.FaultNow{
			Kind: sim.HostOffline, Host: "stable-01", For: time.Hour,
		},
	}}}
	n = (&node{}).with(lost(2*time.Second, 1)).with(offline.identify(about("offline", 0), 0))
	if o := p.run(n, false); o.err != nil || !o.void {
		t.Errorf("a message of a host that is offline: void %v, %v", o.void, o.err)
	}
}

// TestConfirmed checks that a counterexample is refused which the scenario does not show.
func TestConfirmed(t *testing.T) {
	p := prover(t, parse(t, one), reducer.RFC0008(), nil)
	v := &violation{Violation: invariant.Violation{Invariant: invariant.Stuck, Subject: "stable@a1"}}
	if _, err := p.repeat(p.plain, v); !errors.Is(err, errUnconfirmed) {
		t.Errorf("the error is %v", err)
	}
}

// TestInterrupted checks that a search that ends early says so.
func TestInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	r, err := prover(t, parse(t, one), reducer.RFC0008(), nil).Run(ctx, 2, nil)
	if err != nil || r.Holds() || !r.Unfinished {
		t.Fatalf("%v, %v", r, err)
	}
	if want := "not finished: complete up to 0"; !strings.HasPrefix(r.Verdict(), want) {
		t.Errorf("%s, want %s", r.Verdict(), want)
	}
}

// TestSymmetry checks which hosts stand for others.
func TestSymmetry(t *testing.T) {
	sc := parse(t, `
horizon: 1h
channels:
  - name: stable
    waves: [{hosts: 3}, {hosts: 2}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
fates:
  - {host: stable-02, fate: defers}
`)
	p := prover(t, sc, reducer.RFC0008(), nil)
	n := &node{}
	standing := func() string {
		var all []string
		for _, host := range hostsOf(sc) {
			if m := (&menu{p: p, n: n}); m.stands(host) {
				all = append(all, strings.TrimPrefix(string(host), "stable-"))
			}
		}
		return strings.Join(all, " ")
	}
	for _, c := range []struct{ concerns, want string }{
		{"", "01 02 04"}, {"stable-04", "01 02 04 05"}, {"stable-01", "01 02 03 04 05"},
	} {
		if c.concerns != "" {
			n = n.with(&Deviation{host: reducer.HostID(c.concerns)})
		}
		if got := standing(); got != c.want {
			t.Errorf("with %s: hosts %s are tried, want %s", c.concerns, got, c.want)
		}
	}
	sc.Budgets = []sim.Budget{{Name: "b", MaxInFlight: 1, Hosts: []string{"*"}}}
	if p := prover(t, sc, reducer.RFC0008(), nil); len(p.classes) != 0 {
		t.Errorf("hosts under a budget stand for others: %v", p.classes)
	}
}
