package prove

import (
	"bytes"
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rollsim/controlplane"
	"rollsim/internal/deviation"
	"rollsim/internal/shard"
	"rollsim/invariant"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/suite/explore"
	"rollsim/suite/shrink"
)

// TestShardsAndResume checks that shards merge into the result of the whole, and that a search
// which is stopped again and again ends with the same result. Both are written and read on the way.
func TestShardsAndResume(t *testing.T) {
	sc := parse(t, one)
	for _, m := range []*reducer.Table{reducer.RFC0008(), failingForever()} {
		whole := result(t, prover(t, sc, m, nil), 2)
		var merged []*Result
		for i := range 3 {
			part := result(t, prover(t, sc, m, func(o *Options) {
				o.Shard = shard.Shard{I: i + 1, N: 3}
			}), 2)
			if part.Runs() >= whole.Runs() {
				t.Errorf("part %d has all runs", i+1)
			}
			var err error
			if merged, err = Merge(merged, reread(t, part)); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := keys(merged[0]), keys(whole); !slices.Equal(got, want) ||
			merged[0].Holds() != whole.Holds() {
			t.Errorf("under %s the parts find %q, the whole %q", m.Name(), got, want)
		}
		if whole.Holds() && merged[0].Verdict() != whole.Verdict() {
			t.Errorf("the parts: %s, the whole: %s", merged[0].Verdict(), whole.Verdict())
		}

		var earlier *Result
		stops := 0
		for stops = 0; stops < 1000; stops++ {
			ctx, stop := context.WithCancel(t.Context())
			saves := 0
			p := prover(t, sc, m, func(o *Options) {
				o.Save = func(*Result) error {
					if saves++; saves == 1 {
						stop() // after each batch
					}
					return nil
				}
			})
			r, err := p.Run(ctx, 2, earlier)
			if err != nil {
				t.Fatal(err)
			}
			earlier = reread(t, r)[0]
			if stop(); !r.Unfinished {
				break
			}
		}
		if !reflect.DeepEqual(earlier, reread(t, whole)[0]) {
			t.Errorf("after %d stops the result is %+v, want %+v", stops, earlier, whole)
		}
		if whole.Holds() && stops == 0 {
			t.Error("the search was never stopped")
		}
	}
}

// reread writes a result and reads it.
func reread(t *testing.T, r *Result) []*Result {
	t.Helper()
	var b bytes.Buffer
	if err := WriteJSON(&b, []*Result{r}); err != nil {
		t.Fatal(err)
	}
	all, err := ReadJSON("proof.json", &b)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestOtherSearch checks that results of different searches are neither merged nor continued.
func TestOtherSearch(t *testing.T) {
	sc := parse(t, one)
	r := result(t, prover(t, sc, reducer.RFC0008(), nil), 0)
	for name, other := range map[string]*Prover{
		"machine": prover(t, sc, reducer.V02(), nil),
		"kinds": prover(t, sc, reducer.RFC0008(), func(o *Options) {
			o.Kinds = deviation.Of(HostLost)
		}),
		"hosts":    prover(t, sc, reducer.RFC0008(), func(o *Options) { o.Asymmetric = true }),
		"scenario": prover(t, parse(t, strings.Replace(one, "2s", "3s", 1)), reducer.RFC0008(), nil),
		"shard": prover(t, sc, reducer.RFC0008(), func(o *Options) {
			o.Shard = shard.Shard{I: 1, N: 2}
		}),
	} {
		if _, err := other.Run(t.Context(), 0, reread(t, r)[0]); err == nil {
			t.Errorf("a search with another %s continues", name)
		}
		if name == "shard" {
			continue
		}
		part := result(t, other, 0)
		if _, err := Merge([]*Result{r}, []*Result{part}); err == nil {
			t.Errorf("results with another %s are merged", name)
		}
	}
	if _, err := Merge([]*Result{r}, nil); err == nil {
		t.Error("results of other scenarios are merged")
	}
	for _, text := range []string{"", "[]x", "{}", `[{"levels": []}]`, `[null]`, `[{"more": 1}]`} {
		if all, err := ReadJSON("proof.json", strings.NewReader(text)); err == nil && text != "[]x" {
			t.Errorf("%q is a result: %v", text, all)
		}
	}
}

// TestContinue checks that a search which continues after a counterexample finds failures that need
// more deviations, and keeps the one with the fewest of each kind.
func TestContinue(t *testing.T) {
	sc := parse(t, one)
	sc.Channels[0].Policy.RetentionSeconds = 600
	p := prover(t, sc, reducer.V02(), func(o *Options) { o.Continue = true })
	want := []string{"retention-kept/Pruned +", "unpruned/Failed +", "unpruned/Terminal"}
	if got := keys(result(t, p, 1)); !slices.Equal(got, want) {
		t.Errorf("it finds %q, want %q", got, want)
	}
	p = prover(t, sc, reducer.V02(), nil)
	if got := keys(result(t, p, 1)); !slices.Equal(got, want[2:]) {
		t.Errorf("without it finds %q, want %q", got, want[2:])
	}
}

// TestDiffers checks that the fewest deviations are found after which two machines, or two control
// planes, differ, and that equal ones do not.
func TestDiffers(t *testing.T) {
	sc := parse(t, one)
	for _, c := range []struct {
		other reducer.Machine
		want  string
	}{
		{failingForever(), "differs:rfc0008,failing-forever +"},
		{reducer.V02(), "differs:rfc0008,v0.2"},
		{reducer.NewTable("twin", reducer.RFC0008().Cells(), true), ""},
	} {
		edit := func(o *Options) { o.Other = c.other }
		r := result(t, prover(t, sc, reducer.RFC0008(), edit), 1)
		if got := strings.Join(keys(r), ", "); got != c.want || r.Holds() != (c.want == "") {
			t.Errorf("%s: %q, want %q: %s", c.other.Name(), got, c.want, r.Verdict())
		}
		start := result(t, prover(t, sc, reducer.RFC0008(), func(o *Options) {
			o.Other, o.Repeat = c.other, true
		}), 1)
		if !reflect.DeepEqual(r.Found, start.Found) || r.Runs() > start.Runs() || start.States() > 0 {
			t.Errorf("%s: %s; from the start %s", c.other.Name(), r.Verdict(), start.Verdict())
		}
		few := func(o *Options) { o.Other, o.Kinds = c.other, deviation.Of(FailsProbes, Defers) }
		all := result(t, prover(t, sc, reducer.RFC0008(), few), All)
		if all.Holds() != r.Holds() || r.Holds() && all.States() < 10 {
			t.Errorf("%s: with any number %s", c.other.Name(), all.Verdict())
		}
	}
	p := prover(t, sc, reducer.RFC0008(), func(o *Options) { o.OtherPlane = "none" })
	r := result(t, p, 1)
	if got := keys(r); !slices.Equal(got, []string{"differs:specified,none"}) {
		t.Errorf("the control planes: %q", got)
	}
	if v := r.Verdict(); !strings.Contains(v, "differ with 0 deviations") {
		t.Errorf("the verdict is %q", v)
	}
}

// TestNothingSampledIsMissed checks that what sweeps of a fleet find is also found here with one
// deviation, unless a longer run does not have it. Under the shipped control plane the seed may be
// another deviation.
func TestNothingSampledIsMissed(t *testing.T) {
	seeds := uint64(20000)
	if testing.Short() {
		seeds = 300
	}
	for _, name := range []string{"v0.2", "canary", "rfc0008"} {
		e, err := machine.ForSweep(name)
		if err != nil {
			t.Fatal(err)
		}
		sc := parse(t, one+"  - {at: 5m, channel: stable, ref: b2}\n")
		sc.Channels[0].Policy.RetentionSeconds = 600
		bound := 1
		if name == "rfc0008" {
			sc.ControlPlane, bound = controlplane.Shipped, 2
		}
		sweep := explore.Sweep{
			Source: &explore.Source{
				Swarm: explore.NewSwarm(), Machine: name, Faults: explore.SwarmFaults,
				Given: []explore.Given{{Argument: "one", Scenario: sc}},
			},
			Seeds: explore.Range{From: 1, To: seeds}, Jobs: 1,
		}
		sampled, err := sweep.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		p := prover(t, sc, e.Table, func(o *Options) { o.Continue = true })
		r := result(t, p, bound)
		lasting := 0
		for _, g := range sampled.Failures() {
			key := g.Key(false).String()
			if !lasts(t, sweep.Source, g.First.Seed, e.Table, g.Key(false)) {
				continue
			}
			lasting++
			found := slices.ContainsFunc(r.Found, func(c *Counterexample) bool { return c.Key == key })
			if !found {
				t.Errorf("%s: seed %d shows %s, and no run with up to %d deviations does: %q", name,
					g.First.Seed, key, bound, keys(r))
			}
		}
		if lasting == 0 {
			t.Errorf("%s: the sweep finds nothing that lasts", name)
		}
	}
}

// lasts reports whether a seed still shows a failure in a run eight times as long: a drawn fault,
// such as a host that is offline, may last beyond the horizon.
func lasts(
	t *testing.T, source *explore.Source, seed uint64, m reducer.Machine, key shrink.Key,
) bool {
	t.Helper()
	sc, _, err := source.Scenario(seed, 0)
	if err != nil {
		t.Fatal(err)
	}
	longer := *sc
	longer.Horizon *= 8
	result, err := sim.Run(&longer, sim.Options{Machine: m, Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(result.Violations, func(v invariant.Violation) bool {
		return v.Excused == "" && shrink.KeyOf(&v, false) == key
	})
}
