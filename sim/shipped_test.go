package sim

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/trace"
)

// produced returns a scenario of the shipped control plane with the phases that make its runs easy
// to follow: polls at full half minutes, runs each 15 s from 0:05 on, heartbeats at 0:40.
func produced(t *testing.T, waves ...Wave) *Scenario {
	t.Helper()
	return &Scenario{
		Name: t.Name(), Horizon: 4 * time.Hour, Seed: 1, ControlPlane: controlplane.Shipped,
		Channels: []Channel{{
			ID: "s", PollInterval: time.Minute, Policy: reducer.Policy{OnHealthFailure: reducer.Halt},
			Waves: waves,
		}},
		Behaviour: Behaviour{
			Ack: constant(t, time.Second), Activation: constant(t, 20*time.Second),
			Probe: constant(t, 2*time.Second), Rollback: constant(t, 10*time.Second),
		},
		Phases: Phases{
			Poll: reducer.Some(time.Duration(0)), Ticker: reducer.Some(5 * time.Second),
			Heartbeat: reducer.Some(40 * time.Second), Prune: reducer.Some(time.Minute),
		},
		Timeline: []Action{release(0, "a1")},
	}
}

func release(at time.Duration, ref reducer.ChannelRef) Action {
	return Action{At: at, Release: &ReleaseChange{Ref: ref}}
}

func fault(at time.Duration, kind FaultKind, host reducer.HostID, length time.Duration) Action {
	return Action{At: at, Fault: &FaultNow{Kind: kind, Host: host, For: length}}
}

func wave(soak time.Duration, hosts ...reducer.HostID) Wave {
	return Wave{Hosts: hosts, Soak: soak}
}

// smallest returns for each defect the smallest scenario that shows it, and the violation by which
// it does.
func smallest(t *testing.T) map[controlplane.Defect]struct {
	sc   *Scenario
	want string
} {
	type example = struct {
		sc   *Scenario
		want string
	}
	all := make(map[controlplane.Defect]example)
	add := func(d controlplane.Defect, want string, sc *Scenario) { all[d] = example{sc, want} }
	const m = time.Minute

	sc := produced(t, wave(m, "a"), wave(m, "b"))
	add(controlplane.SilentCursor, "fold-is-live s@a1", sc)

	sc = produced(t, wave(m, "a"), wave(m), wave(m, "b"))
	add(controlplane.EmptyWave, "stuck s@a1", sc)

	sc = produced(t, wave(m, "a"))
	add(controlplane.LateWaveSoak, "evidence-kept s@a1", sc)

	sc = produced(t, wave(0, "a", "c", "d"))
	sc.Fates = []Fate{{Host: "c", Kind: FailsActivation}}
	sc.Channels[0].HostEdges = []HostEdge{{Host: "d", After: "a"}}
	sc.Groups = []Group{{Hosts: []string{"a"}, Behaviour: Behaviour{Activation: constant(t, 3*m)}}}
	add(controlplane.NoHalt, "halt-kept s@a1", sc)

	sc = produced(t, wave(0, "a", "b", "c"))
	sc.Channels[0].Policy.OnHealthFailure = reducer.RollbackAndHalt
	sc.Fates = []Fate{{Host: "a", Kind: FailsActivation}}
	sc.Channels[0].HostEdges = []HostEdge{{Host: "b", After: "c"}}
	sc.Groups = []Group{{Hosts: []string{"c"}, Behaviour: Behaviour{Activation: constant(t, 3*m)}}}
	add(controlplane.QuarantineInert, "quarantine-kept s@a1", sc)

	sc = produced(t, wave(m, "a", "b"))
	sc.Budgets = []Budget{{Name: "one", Selector: "all", MaxInFlight: 1}}
	sc.Behaviour.Ack = constant(t, 40*time.Second)
	add(controlplane.BudgetOvershoot, "budget-kept one", sc)

	sc = produced(t, wave(m, "a"))
	sc.Channels = append(sc.Channels, sc.Channels[0])
	sc.Channels[1].ID, sc.Channels[1].Waves = "t", []Wave{wave(0, "b")}
	sc.Channels[1].After = []reducer.ChannelID{"s"}
	sc.Groups = []Group{{Hosts: []string{"a"}, Behaviour: Behaviour{Activation: constant(t, 20*m)}}}
	sc.Timeline = []Action{
		{SetRef: &RefChange{Channel: "s", Ref: "a1"}},
		{At: 2 * m, SetRef: &RefChange{Channel: "s", Ref: "a2"}},
		{At: 4 * m, SetRef: &RefChange{Channel: "s", Ref: "a1"}},
		{At: 4 * m, SetRef: &RefChange{Channel: "t", Ref: "a1"}},
	}
	sc.Fates = []Fate{{Host: "a", Ref: "a1", Kind: FailsActivation}}
	add(controlplane.SupersededEdge, "stuck t@a1", sc)

	sc = produced(t, wave(m, "a"), wave(m, "b"))
	sc.Fates = []Fate{{Host: "a", Kind: FailsControl}}
	add(controlplane.ComplianceSticky, "stuck s@a1", sc)

	sc = produced(t, wave(m, "a"))
	sc.Timeline = append(
		sc.Timeline, fault(4*time.Second, HostOffline, "a", 2*m), release(m, "a2"),
	)
	add(controlplane.StaleQueue, "supersession-kept s@a1", sc)

	sc = produced(t, wave(m, "a"))
	sc.Horizon = 91 * 24 * time.Hour
	add(controlplane.Reopened, "not-reopened s@a1", sc)

	sc = produced(t, wave(m, "a", "b"))
	sc.Timeline = append(sc.Timeline, Action{Fault: &FaultNow{
		Kind: TornOpeningCrash, For: 10 * time.Second, Joined: 1,
	}})
	add(controlplane.TornOpening, "opening-whole s@a1", sc)

	sc = produced(t, wave(m, "a"))
	sc.Faults = []Fault{{
		Kind: MessageDropped, Probability: Certain, Until: 45 * time.Second,
	}}
	sc.Behaviour.Activation = constant(t, 5*time.Second)
	add(controlplane.LostAck, "evidence-kept s@a1", sc)

	sc = produced(t, wave(m, "a"))
	sc.Timeline = append(sc.Timeline, fault(10*time.Second, DatabaseError, "a", 0))
	add(controlplane.AcknowledgedLost, "acknowledged-kept s@a1", sc)

	sc = produced(t, wave(5*m, "a"))
	sc.Faults = []Fault{{
		Kind: MessageDelayed, Probability: Certain, For: constant(t, 10*time.Second),
		From: 95 * time.Second, Until: 101 * time.Second,
	}}
	sc.Behaviour.Activation = constant(t, 90*time.Second)
	add(controlplane.StaleSnapshot, "acknowledged-kept s@a1", sc)

	sc = produced(t, wave(m, "a"))
	sc.Timeline = append(sc.Timeline, fault(15*time.Second, AgentRestart, "a", 10*time.Second))
	add(controlplane.LostActivation, "stuck s@a1", sc)

	sc = produced(t, wave(m, "a"))
	sc.Releases = []controlplane.Release{{Ref: "a1", Signed: reducer.Some(-2 * time.Hour)}}
	add(controlplane.StaleManifest, "stuck s@a1", sc)

	sc = produced(t, wave(m, "a"))
	sc.Timeline = append(
		sc.Timeline, fault(4*time.Second, HostOffline, "a", 90*time.Second),
		release(30*time.Second, "a2"), release(40*time.Second, "a1"),
	)
	add(controlplane.SetBack, "halt-kept s@a1", sc)

	sc = produced(t, wave(m, "a"))
	sc.Timeline = append(sc.Timeline, fault(6*time.Second, LogInsertFailed, "a", 0))
	sc.Behaviour.Ack = constant(t, 5*time.Second)
	add(controlplane.LossyLog, "fold-is-live s@a1", sc)
	return all
}

// play runs a scenario, and returns its trace.
func play(t *testing.T, sc *Scenario, opt Options) ([]trace.Entry, *Result) {
	t.Helper()
	var c trace.Collector
	opt.Sink = &c
	result, err := Run(sc, opt)
	if err != nil {
		t.Fatal(err)
	}
	return c.Entries, result
}

// by returns the violations that a defect explains.
func by(r *Result, d controlplane.Defect) []Violation {
	return slices.DeleteFunc(slices.Clone(r.Violations), func(v Violation) bool {
		return v.Defect != d
	})
}

// TestEveryDefect checks that each defect is found in its smallest scenario, is named, and is gone
// when it is fixed; and that no violation remains when all of them are.
func TestEveryDefect(t *testing.T) {
	examples := smallest(t)
	for _, d := range controlplane.Defects() {
		t.Run(string(d), func(t *testing.T) {
			ex, ok := examples[d]
			if !ok {
				t.Fatal("it has no scenario")
			}
			for _, machine := range []reducer.Machine{reducer.V02(), reducer.RFC0008()} {
				opt := Options{Machine: machine, Seed: 1}
				_, r := play(t, ex.sc, opt)
				found := by(r, d)
				if !slices.ContainsFunc(found, func(v Violation) bool {
					return v.String() == ex.want && strings.HasPrefix(v.Detail, string(d)+": ")
				}) {
					t.Errorf("%s: want %s, found %+v", machine.Name(), ex.want, r.Violations)
				}
				for _, v := range r.Violations {
					if v.Defect == "" && v.Excused == "" {
						t.Errorf("%s: %v is explained by nothing: %s", machine.Name(), v, v.Detail)
					}
				}
				fixed := *ex.sc
				fixed.Mended = []controlplane.Defect{d}
				if _, r := play(t, &fixed, opt); len(by(r, d)) > 0 {
					t.Errorf("%s: once it is fixed: %+v", machine.Name(), by(r, d))
				}
				fixed.Mended = controlplane.Defects()
				if _, r := play(t, &fixed, opt); slices.ContainsFunc(r.Violations, func(v Violation) bool {
					return v.Excused == ""
				}) {
					t.Errorf("%s: once all are fixed: %+v", machine.Name(), r.Violations)
				}
			}
		})
	}
}

// dice draws the fleets of a test.
type dice struct {
	t     *testing.T
	state uint64
}

func (d *dice) below(n int) int {
	d.state = mix(d.state)
	return int(d.state % uint64(n))
}

func (d *dice) uniform(low, high time.Duration) *Distribution {
	made, err := Uniform(low, high)
	if err != nil {
		d.t.Fatal(err)
	}
	return made
}

// drawn returns a random fleet with faults under the shipped control plane.
func drawn(t *testing.T, seed uint64) *Scenario {
	t.Helper()
	d := &dice{t, seed}
	sc := produced(t)
	sc.Horizon, sc.Channels, sc.Timeline, sc.Phases = 8*time.Hour, nil, nil, Phases{}
	d.channels(sc)
	if d.below(2) == 0 {
		sc.Budgets = []Budget{
			{Name: "one", Selector: "all", MaxInFlight: 1}, {Name: "half", Selector: "all", Percent: 50},
		}
	}
	d.releases(sc)
	d.behaviour(sc)
	d.faults(sc)
	return sc
}

func (d *dice) channels(sc *Scenario) {
	below := d.below
	hosts := []reducer.HostID{"a", "b", "c", "d", "e"}
	for c, id := range []reducer.ChannelID{"s", "t"}[:1+below(2)] {
		policies := reducer.HealthPolicies()
		ch := Channel{
			ID: id, PollInterval: time.Minute,
			Policy:  reducer.Policy{OnHealthFailure: policies[below(len(policies))]},
			Outside: hosts[:1:1],
		}
		hosts = hosts[1:]
		for range below(4) {
			n := min(below(3), len(hosts)-1+c)
			ch.Waves = append(ch.Waves, wave(time.Duration(5+below(30))*time.Minute, hosts[:n]...))
			hosts = hosts[n:]
		}
		if len(ch.Waves) > 0 && below(4) > 0 {
			ch.Waves[0].Hosts = append(slices.Clip(ch.Waves[0].Hosts), ch.Outside...)
			ch.Outside = nil
		}
		if c == 1 && below(2) == 0 {
			ch.After = []reducer.ChannelID{"s"}
		}
		sc.Channels = append(sc.Channels, ch)
	}
}

func (d *dice) releases(sc *Scenario) {
	below := d.below
	refs := []reducer.ChannelRef{"r1", "r2", "r3"}
	when := time.Duration(below(300)) * time.Second
	for i := range refs {
		ref := refs[i]
		if i == 2 && below(3) == 0 {
			ref = refs[0]
		}
		sc.Timeline = append(sc.Timeline, release(when, ref))
		when += time.Duration(1+below(90)) * time.Minute
		r := controlplane.Release{Ref: ref, Signed: reducer.Some(8 * time.Hour)}
		if below(2) == 0 {
			r.Unchanged = []string{"[abc]"}
		}
		if below(10) == 0 {
			r.Manifest = controlplane.Manifests()[below(controlplane.ManifestCount)]
		}
		if below(3) == 0 {
			r.Signed = reducer.Opt[time.Duration]{}
		}
		sc.Releases = append(sc.Releases, r)
	}
}

func (d *dice) behaviour(sc *Scenario) {
	below, uniform := d.below, d.uniform
	chances := chanceOf(d.t, 0.06)
	sc.Behaviour = Behaviour{
		Ack: uniform(0, 3*time.Second), Activation: uniform(time.Second, 2*time.Minute),
		Reboot: uniform(time.Minute, time.Hour), Probe: uniform(0, 20*time.Second),
		Converge: uniform(0, 5*time.Second), Rollback: uniform(time.Second, time.Minute),
	}
	if below(2) == 0 {
		sc.Behaviour.ActivationFailure, sc.Behaviour.ProbeFailure = &chances, &chances
		sc.Behaviour.Deferral = &chances
	}
	if below(3) == 0 {
		sc.Fates = []Fate{{Host: "a", Kind: FailsControl}}
	}
}

func (d *dice) faults(sc *Scenario) {
	below, uniform := d.below, d.uniform
	for _, kind := range append(FaultKinds(), ShippedFaultKinds()...) {
		f := Fault{
			Kind: kind, Probability: chanceOf(d.t, 0.03), Until: 6 * time.Hour,
			For: uniform(time.Second, 3*time.Minute),
		}
		switch kind {
		case ControlPlaneCrash, HostLost:
			f.Probability = chanceOf(d.t, 0.002)
		case ClockSkew:
			f.For, f.Probability = uniform(0, 5*time.Second), Certain/2
		case TornOpeningCrash, AgentRestart, MessageDropped:
			f.Probability = chanceOf(d.t, 0.2)
		case MessageDelayed, MessageDuplicated, MessageReordered, HostOffline, PollFailed, PollStale,
			DatabaseError, LogInsertFailed, faultEnd:
		}
		if below(4) == 0 {
			sc.Faults = append(sc.Faults, f)
		}
	}
}

// TestEveryViolationHasACause checks in random fleets that a known defect explains every violation
// that is not excused, and that none remains when all are fixed.
func TestEveryViolationHasACause(t *testing.T) {
	found := make(map[controlplane.Defect]int)
	for seed := range uint64(20) {
		for _, machine := range []reducer.Machine{reducer.V02(), reducer.RFC0008()} {
			sc := drawn(t, seed)
			_, r := play(t, sc, Options{Machine: machine, Seed: seed})
			for _, v := range r.Violations {
				if v.Excused == "" && v.Defect == "" {
					t.Errorf("seed %d, %s: %v: %s", seed, machine.Name(), v, v.Detail)
				}
				found[v.Defect]++
			}
			sc.Mended = controlplane.Defects()
			_, r = play(t, sc, Options{Machine: machine, Seed: seed})
			for _, v := range r.Violations {
				if v.Excused == "" {
					t.Errorf("seed %d, %s, all fixed: %v: %s", seed, machine.Name(), v, v.Detail)
				}
			}
		}
	}
	for _, d := range []controlplane.Defect{
		controlplane.SilentCursor, controlplane.LateWaveSoak, controlplane.AcknowledgedLost,
		controlplane.StaleSnapshot, controlplane.TornOpening,
	} {
		if found[d] == 0 {
			t.Errorf("%s was never found", d)
		}
	}
}

// TestShippedRepeats checks that a run depends on the seed alone: two runs have the same bytes, and
// another seed has others.
func TestShippedRepeats(t *testing.T) {
	digest := func(seed uint64) string {
		var d trace.Digest
		sc := drawn(t, 7)
		if _, err := Run(sc, Options{Machine: reducer.V02(), Seed: seed, Sink: &d}); err != nil {
			t.Fatal(err)
		}
		return d.Sum()
	}
	if a, b := digest(1), digest(1); a != b {
		t.Errorf("two runs of one seed: %s and %s", a, b)
	}
	if a, b := digest(1), digest(2); a == b {
		t.Error("the seed changes nothing")
	}
}

// quiet returns a fleet of six hosts in which one rollout converges, and nothing happens in the
// hundred days after it.
func quiet() *Scenario {
	return &Scenario{
		Name: "quiet", Horizon: 100 * 24 * time.Hour, Seed: 1, ControlPlane: controlplane.Shipped,
		Channels: []Channel{{
			ID: "s", PollInterval: time.Minute,
			Waves: []Wave{wave(time.Minute, "a", "b", "c"), wave(time.Minute, "d", "e", "f")},
		}},
		Timeline: []Action{release(time.Hour, "a1")},
		Mended:   []controlplane.Defect{controlplane.Reopened},
	}
}

// TestQuietDays checks that nothing is logged while no host is Pending, nor simulated: the queue is
// empty once the rollout has converged, except for the deletion of its rows.
func TestQuietDays(t *testing.T) {
	entries, r := play(t, quiet(), Options{Machine: reducer.V02(), Seed: 1})
	if n := len(entries); n < 50 || n > 300 {
		t.Errorf("%d entries", n)
	}
	for _, e := range entries[1:] {
		if at := time.Duration(e.At - r.Start); at < time.Hour || at > 2*time.Hour {
			t.Errorf("entry %d is at %v", e.Seq, at)
		}
	}
	state := r.Fleet.Rollout("s@a1").Record.State
	if state != reducer.Terminal {
		t.Errorf("the rollout is %v", state)
	}
}

// BenchmarkQuietDays measures a hundred days in which nothing happens.
func BenchmarkQuietDays(b *testing.B) {
	for b.Loop() {
		if _, err := Run(quiet(), Options{Machine: reducer.V02(), Seed: 1}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestShippedTraceReadsBack checks that readers understand every row of a trace of the shipped
// control plane: the digest is the same, and nothing is skipped.
func TestShippedTraceReadsBack(t *testing.T) {
	for _, sc := range []*Scenario{drawn(t, 3), smallest(t)[controlplane.ComplianceSticky].sc} {
		var out bytes.Buffer
		w := trace.NewWriter(&out)
		if _, err := Run(sc, Options{Machine: reducer.V02(), Seed: 1, Sink: w}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := trace.NewReader("x", &out)
		if err != nil {
			t.Fatal(err)
		}
		var d trace.Digest
		for {
			e, err := r.Read()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if e.Kind != trace.KindEnd {
				_ = d.Write(e)
			}
		}
		if d.Sum() != w.Digest() || len(r.Breaches()) > 0 || d.Entries() < 20 {
			t.Errorf("%d entries, digest %s, want %s; %v", d.Entries(), d.Sum(), w.Digest(), r.Breaches())
		}
	}
}
