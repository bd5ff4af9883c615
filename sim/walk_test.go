package sim

import (
	"slices"
	"testing"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// chancy returns a scenario in which everything that an agent does may go wrong, with every fault.
func chancy(t *testing.T) *Scenario {
	t.Helper()
	must := func(d *Distribution, err error) *Distribution {
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	some := must(Uniform(time.Second, time.Minute))
	chance := Certain / 4
	policy := reducer.DefaultPolicy()
	policy.OnHealthFailure = reducer.RollbackAndHalt
	sc := &Scenario{
		Name: "chancy", Horizon: 3 * time.Hour,
		Channels: []Channel{{
			ID: "stable", PollInterval: time.Minute, Policy: policy,
			Waves: []Wave{
				{Hosts: []reducer.HostID{"a", "b", "c", "d"}, Soak: time.Minute},
				{Hosts: []reducer.HostID{"e", "f"}, Soak: time.Minute},
			},
		}},
		Behaviour: Behaviour{
			Ack: some, Activation: some, Reboot: some, Probe: some, Converge: some, Rollback: some,
			ActivationFailure: &chance, Deferral: &chance, ProbeFailure: &chance,
			RollbackFailure: &chance, NoAnswer: &chance,
		},
	}
	for i, ref := range []reducer.ChannelRef{"r1", "r2", "r3", "r4", "r5"} {
		sc.Timeline = append(sc.Timeline, Action{
			At:     time.Duration(i) * 20 * time.Minute,
			SetRef: &RefChange{Channel: "stable", Ref: ref},
		})
	}
	for _, kind := range FaultKinds() {
		sc.Faults = append(sc.Faults, Fault{Kind: kind, Probability: Certain / 16, For: some})
	}
	return sc
}

// TestWalkIsRun checks that a walk writes what a run writes, whether it has faults or not.
func TestWalkIsRun(t *testing.T) {
	faulty, calm := chancy(t), chancy(t)
	calm.Faults = nil
	for _, sc := range []*Scenario{faulty, calm} {
		for seed := range uint64(20) {
			var digests [2]trace.Digest
			opt := Options{Machine: reducer.RFC0008(), Seed: seed, Sink: &digests[0]}
			result, err := Run(sc, opt)
			if err != nil {
				t.Fatal(err)
			}
			opt.Sink = &digests[1]
			k, err := NewWalk(sc, opt)
			if err != nil {
				t.Fatal(err)
			}
			for k.Next() {
				if k.Elapsed() > sc.Horizon {
					t.Fatal("the walk continues after the horizon")
				}
			}
			walked, err := k.Finish()
			if err != nil {
				t.Fatal(err)
			}
			if digests[0].Sum() != digests[1].Sum() ||
				len(walked.Violations) != len(result.Violations) {
				t.Errorf("seed %d: the walk differs from the run", seed)
			}
		}
	}
}

// TestEverythingDrawnIsAChoice checks that what goes wrong by chance, and how long a stage takes,
// is one of the choices of that instant. Faults of the control plane need none: it may crash at any
// instant. A poll that finds nothing new has no effect. Clocks are drawn once, before the start.
func TestEverythingDrawnIsAChoice(t *testing.T) {
	sc := chancy(t)
	met := make(map[string]int)
	for seed := range uint64(40) {
		k, err := NewWalk(sc, Options{Machine: reducer.RFC0008(), Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		d := &notes{delays: make(map[delayKey]bool), fates: make(map[fateKey]bool)}
		k.w.agents.drawn, k.w.record.drawn = d, d
		made, said, hits := 0, 0, 0
		for k.Next() {
			for ; made < len(d.made); made++ {
				f := d.made[made]
				met[f.Kind.String()]++
				if !slices.ContainsFunc(k.Choices(), func(c Choice) bool {
					return c.Host == f.Host && c.Ref == f.Ref && c.Fate == f.Kind
				}) {
					t.Fatalf("seed %d: %v of host %s under %s is no choice", seed, f.Kind, f.Host, f.Ref)
				}
			}
			for ; said < len(d.said); said++ {
				s := d.said[said]
				met[s.Stage.String()]++
				if !slices.ContainsFunc(k.Choices(), func(c Choice) bool {
					return c.Host == s.Host && c.Ref == s.Ref && c.Stage == s.Stage &&
						c.Takes == s.Takes.Longest()
				}) {
					t.Fatalf("seed %d: stage %v of host %s is no choice", seed, s.Stage, s.Host)
				}
			}
			for ; hits < len(d.hits); hits++ {
				f := d.hits[hits].Fault
				met[f.Kind.String()]++
				elsewhere := f.Kind == ControlPlaneCrash || f.Kind.ofPolls() ||
					f.Kind == AgentRestart // that is chosen when the switch begins
				if !elsewhere && !slices.ContainsFunc(k.Choices(), f.isChoice) {
					t.Fatalf("seed %d: %v at %v is no choice", seed, f.Kind, k.Elapsed())
				}
			}
		}
	}
	for _, kind := range []string{
		"fails-activation", "fails-probes", "defers", "never-answers", "never-rolls-back", "ack",
		"activation", "reboot", "probe", "converge", "rollback", "message-delayed",
		"message-duplicated", "message-reordered", "message-dropped", "host-offline", "host-lost",
		"agent-restart", "control-plane-crash",
	} {
		if met[kind] == 0 {
			t.Errorf("no run has drawn %s", kind)
		}
	}
}

// isChoice reports whether a fault is the alternative of a choice.
func (f *FaultNow) isChoice(c Choice) bool {
	if f.Kind.ofMessages() {
		return c.Message != 0 && c.Host == f.Host && c.Rollout == f.Rollout && c.Seq == f.Seq
	}
	return c.Fault == HostOffline && c.Host == f.Host
}

// TestPollsAreChoices checks that only polls that would find something new are choices.
func TestPollsAreChoices(t *testing.T) {
	sc := chancy(t)
	sc.Faults = nil
	k, err := NewWalk(sc, Options{Machine: reducer.RFC0008()})
	if err != nil {
		t.Fatal(err)
	}
	polls := 0
	for k.Next() {
		for _, c := range k.Choices() {
			if c.Fault == PollFailed {
				polls++
			}
		}
	}
	if polls != len(sc.Timeline) {
		t.Errorf("%d polls are choices, want one for each of %d refs", polls, len(sc.Timeline))
	}
}

// TestConvergesAnyway checks that a host that converges whatever happens has no fate as a choice.
func TestConvergesAnyway(t *testing.T) {
	sc := chancy(t)
	sc.Faults = nil
	sc.Fates = []Fate{{Host: "a", Kind: ConvergesAnyway}}
	k, err := NewWalk(sc, Options{Machine: reducer.RFC0008()})
	if err != nil {
		t.Fatal(err)
	}
	others := 0
	for k.Next() {
		for _, c := range k.Choices() {
			if c.Fate != 0 && c.Host == "a" {
				t.Fatalf("%v is a choice of host a", c.Fate)
			}
			if c.Fate != 0 {
				others++
			}
		}
	}
	if others == 0 {
		t.Error("no host has a fate as a choice")
	}
}
