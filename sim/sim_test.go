package sim

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// random returns a behaviour in which everything is left to chance.
func random(t *testing.T) Behaviour {
	t.Helper()
	must := func(d *Distribution, err error) *Distribution {
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	often, err := NewProbability(0.3)
	if err != nil {
		t.Fatal(err)
	}
	return Behaviour{
		Ack:               must(Uniform(time.Second, 5*time.Second)),
		Activation:        must(LogNormalP99(40*time.Second, 3*time.Minute)),
		Reboot:            must(Exponential(10 * time.Minute)),
		Probe:             must(Constant(20 * time.Second)),
		Converge:          must(Uniform(0, time.Minute)),
		Rollback:          must(LogNormal(30*time.Second, 0.5)),
		ActivationFailure: &often,
		Deferral:          &often,
		ProbeFailure:      &often,
		RollbackFailure:   &often,
		NoAnswer:          &often,
	}
}

// scenario returns a scenario of one channel with one wave of the named hosts, one ref, and
// everything left to chance.
func scenario(t *testing.T, hosts ...reducer.HostID) *Scenario {
	return &Scenario{
		Name:    "test",
		Horizon: 6 * time.Hour,
		Channels: []Channel{{
			ID: "stable", PollInterval: time.Minute,
			Policy: reducer.Policy{OnHealthFailure: reducer.RollbackAndHalt, RetentionSeconds: 3600},
			Waves:  []Wave{{Hosts: hosts, Soak: 10 * time.Minute}},
		}},
		Behaviour: random(t),
		Timeline:  []Action{{SetRef: &RefChange{"stable", "a1"}}},
	}
}

func simulate(t *testing.T, sc *Scenario, opt Options) ([]trace.Entry, *Result) {
	t.Helper()
	var c trace.Collector
	opt.Machine, opt.Sink = reducer.RFC0008(), &c
	result, err := Run(sc, opt)
	if err != nil {
		t.Fatal(err)
	}
	return c.Entries, result
}

func hostNames(n int) []reducer.HostID {
	names := make([]reducer.HostID, n)
	for i := range names {
		names[i] = reducer.HostID(fmt.Sprintf("h%02d", i))
	}
	return names
}

// messages returns the messages of each host's agent, with their times.
func messages(entries []trace.Entry) map[reducer.HostID][]string {
	said := make(map[reducer.HostID][]string)
	for _, e := range entries {
		if e.Agent != nil {
			said[e.Host] = append(said[e.Host], fmt.Sprint(e.At, *e.Agent))
		}
	}
	return said
}

func TestStreamsAreIndependent(t *testing.T) {
	few, _ := simulate(t, scenario(t, hostNames(20)...), Options{Seed: 7})
	before := messages(few)
	if len(before) < 10 {
		t.Fatalf("only %d of 20 hosts sent messages: the test would prove little", len(before))
	}

	change := map[string]func(*Scenario){
		"another host before the others": func(sc *Scenario) {
			w := &sc.Channels[0].Waves[0]
			w.Hosts = append([]reducer.HostID{"a-new-one"}, w.Hosts...)
		},
		"another channel": func(sc *Scenario) {
			sc.Channels = append([]Channel{{
				ID: "edge", PollInterval: time.Second, Policy: reducer.DefaultPolicy(),
				Waves: []Wave{{Hosts: []reducer.HostID{"e1", "e2"}}},
			}}, sc.Channels...)
			sc.Timeline = append([]Action{{SetRef: &RefChange{"edge", "e9"}}}, sc.Timeline...)
		},
		"another draw of one host": func(sc *Scenario) {
			always := Certain
			sc.Groups = []Group{{Hosts: []string{"h00"}, Behaviour: Behaviour{Deferral: &always}}}
		},
	}
	for name, apply := range change {
		t.Run(name, func(t *testing.T) {
			sc := scenario(t, hostNames(20)...)
			apply(sc)
			entries, _ := simulate(t, sc, Options{Seed: 7})
			after := messages(entries)
			for _, h := range hostNames(20)[1:] {
				if !slices.Equal(before[h], after[h]) {
					t.Errorf("host %s behaves otherwise\nbefore %v\nafter  %v", h, before[h], after[h])
				}
			}
		})
	}
}

func TestSeedDecides(t *testing.T) {
	digest := func(seed uint64) string {
		var d trace.Digest
		opt := Options{Machine: reducer.RFC0008(), Seed: seed, Sink: &d}
		if _, err := Run(scenario(t, hostNames(20)...), opt); err != nil {
			t.Fatal(err)
		}
		return d.Sum()
	}
	first, again := digest(1), digest(1)
	if first != again {
		t.Error("the same seed has different traces")
	}
	if first == digest(2) {
		t.Error("different seeds have the same trace")
	}
}

// TestLiveStateIsTheFold checks invariant (14) at the end of a run: folding the trace from nothing
// results in the live state.
func TestLiveStateIsTheFold(t *testing.T) {
	for seed := range uint64(50) {
		sc := scenario(t, hostNames(8)...)
		sc.Timeline = append(
			sc.Timeline, Action{At: 20 * time.Minute, SetRef: &RefChange{"stable", "b2"}},
		)
		entries, result := simulate(t, sc, Options{Seed: seed})
		fold := reducer.NewFleet(
			reducer.RFC0008(), func(reducer.ChannelID) reducer.Policy { return sc.Channels[0].Policy },
		)
		var out reducer.Outcome
		for _, e := range entries {
			if e.Event == nil {
				continue
			}
			if err := fold.Apply(e.Event, e.At, &out); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		live := result.Fleet.Rollouts()
		for i, r := range fold.Rollouts() {
			if r.Record != live[i].Record || !slices.Equal(r.Hosts(), live[i].Hosts()) {
				t.Errorf("seed %d: fold %+v\nlive %+v", seed, r.Record, live[i].Record)
			}
		}
		if len(live) != len(fold.Rollouts()) {
			t.Errorf("seed %d: %d rollouts live, %d folded", seed, len(live), len(fold.Rollouts()))
		}
	}
}

// TestStuckIsReported checks that a rollout that has not ended is reported as stuck, and no other.
func TestStuckIsReported(t *testing.T) {
	for seed := range uint64(50) {
		_, result := simulate(t, scenario(t, hostNames(8)...), Options{Seed: seed})
		r := result.Fleet.Rollout("stable@a1")
		stuck := slices.ContainsFunc(
			result.Violations, func(v Violation) bool { return v.Invariant == invariant.Stuck },
		)
		if r.Record.State.Underway() != stuck {
			t.Errorf("seed %d: ended %v with violations %v", seed, r.Record.State, result.Violations)
		}
	}
}

func TestUntil(t *testing.T) {
	sc := scenario(t, hostNames(5)...)
	whole, _ := simulate(t, sc, Options{Seed: 3})
	for _, n := range []uint64{1, 20, 40} {
		part, result := simulate(t, sc, Options{Seed: 3, UntilSeq: n})
		if !result.Early || result.Entries < n || result.Violations != nil {
			t.Errorf(
				"until %d: early %v, %d entries, violations %v", n, result.Early, result.Entries,
				result.Violations,
			)
		}
		last := part[len(part)-1]
		if next := whole[len(part)]; next.At == last.At {
			t.Errorf("until %d: stopped within the instant of entry %d", n, last.Seq)
		}
	}
	part, result := simulate(t, sc, Options{Seed: 3, Until: 5 * time.Minute})
	if last := part[len(part)-1]; !result.Early || last.At > reducer.Time(5*time.Minute) {
		t.Errorf("until 5m: early %v, last entry at %v", result.Early, time.Duration(last.At))
	}
}

func TestRunaway(t *testing.T) {
	// The retention is 0, and its end schedules it again, because the machine never prunes.
	cells := reducer.RFC0008().Cells()
	cells[reducer.Superseded][reducer.RetentionExpired] = reducer.Cell{
		{Do: reducer.Go, To: reducer.Superseded, Prune: true},
	}
	sc := scenario(t, "h1")
	sc.Channels[0].Policy.RetentionSeconds = 0
	sc.Timeline = append(sc.Timeline, Action{At: time.Minute, SetRef: &RefChange{"stable", "b2"}})
	w, err := newWorld(sc, Options{Machine: reducer.NewTable("loop", cells, false)})
	if err != nil {
		t.Fatal(err)
	}
	w.perInstant = 1000
	_, err = w.run()
	if !errors.Is(err, ErrRunaway) {
		t.Fatalf("got %v, want ErrRunaway", err)
	}
}

// TestBadHostPattern refuses a scenario of a program whose budget no file has checked.
func TestBadHostPattern(t *testing.T) {
	sc := scenario(t, "h1")
	sc.Budgets = []Budget{{Name: "one", Hosts: []string{"h*", "[h"}, MaxInFlight: 1}}
	_, err := newWorld(sc, Options{Machine: reducer.RFC0008()})
	if want := `budget one: host pattern "[h": syntax error in pattern`; fmt.Sprint(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestCursorStops runs a machine that ignores WaveAdvanced, and one that cycles between two states.
func TestCursorStops(t *testing.T) {
	sc := scenario(t, "h1", "h2")
	sc.Behaviour = certain(t)
	cells := reducer.RFC0008().Cells()
	cells[reducer.Active][reducer.WaveAdvanced] = reducer.Cell{{Do: reducer.Ignore}}
	result, err := Run(sc, Options{Machine: reducer.NewTable("deaf", cells, true), Seed: 1})
	if err != nil || result.Entries > 10_000 {
		t.Errorf("a machine that ignores WaveAdvanced: %+v, %v", result, err)
	}

	// Without a second wave the cursor stays, and Converging would go back to Active for ever.
	cells[reducer.Active][reducer.WaveAdvanced] = reducer.Cell{
		{Do: reducer.Go, To: reducer.Converging},
	}
	cells[reducer.Converging][reducer.WaveAdvanced] = reducer.Cell{
		{Do: reducer.Go, To: reducer.Active},
	}
	sc.Channels[0].Waves = append(
		sc.Channels[0].Waves, Wave{Hosts: []reducer.HostID{"h3"}, Soak: time.Minute},
	)
	_, err = Run(sc, Options{Machine: reducer.NewTable("round", cells, true), Seed: 1})
	if !errors.Is(err, ErrRunaway) {
		t.Errorf("a machine that cycles between states: %v, want ErrRunaway", err)
	}
}
