package reducer_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rollsim/reducer"
)

// The properties are numbered as the specification's invariants (its §8). Their events come from a
// small world, so that they meet: two channels, a few refs, hosts and waves.

var (
	someChannels = rapid.SampledFrom([]reducer.ChannelID{"stable", "edge"})
	someRefs     = rapid.SampledFrom([]reducer.ChannelRef{"a", "b", "c"})
	someHosts    = rapid.SampledFrom([]reducer.HostID{"h1", "h2", "h3"})
	someWaves    = rapid.OneOf(rapid.Uint32Range(0, 3), rapid.Uint32())
	someStates   = rapid.SampledFrom(reducer.HostStates())
	someRollouts = rapid.Custom(func(t *rapid.T) reducer.RolloutID {
		return reducer.NewRolloutID(someChannels.Draw(t, "channel"), someRefs.Draw(t, "ref"))
	})

	// wildEvents are arbitrary events of any time, also of invalid kinds and states.
	wildEvents = rapid.Custom(func(t *rapid.T) reducer.Event {
		return reducer.Event{
			Kind: rapid.OneOf(
				rapid.SampledFrom(reducer.EventKinds()),
				rapid.Map(rapid.Byte(), func(b byte) reducer.EventKind { return reducer.EventKind(b) }),
			).Draw(t, "kind"),
			From: rapid.OneOf(
				someStates,
				rapid.Map(rapid.Byte(), func(b byte) reducer.HostState { return reducer.HostState(b) }),
			).Draw(t, "from"),
			To: rapid.OneOf(
				someStates,
				rapid.Map(rapid.Byte(), func(b byte) reducer.HostState { return reducer.HostState(b) }),
			).Draw(t, "to"),
			Rollout:   someRollouts.Draw(t, "rollout"),
			At:        reducer.Time(rapid.Int64().Draw(t, "at")),
			Channel:   someChannels.Draw(t, "channel"),
			TargetRef: someRefs.Draw(t, "ref"),
			Host:      someHosts.Draw(t, "host"),
			Wave:      someWaves.Draw(t, "wave"),
			FromWave:  someWaves.Draw(t, "from wave"),
			ToWave:    someWaves.Draw(t, "to wave"),
			Successor: someRollouts.Draw(t, "successor"),
		}
	})

	somePolicies = rapid.Custom(func(t *rapid.T) reducer.Policy {
		return reducer.Policy{
			OnHealthFailure:  rapid.SampledFrom(reducer.HealthPolicies()).Draw(t, "policy"),
			RetentionSeconds: rapid.Int64Range(0, 1_000_000).Draw(t, "retention"),
		}
	})
)

// machines returns the machines that must have the properties.
func machines() []*reducer.Table { return []*reducer.Table{reducer.V02(), reducer.RFC0008()} }

// TestPropertiesOfARecord steps one record through arbitrary events: (1), (3), (4) and (5) must
// hold after every step, and a refusal must change nothing.
func TestPropertiesOfARecord(t *testing.T) {
	for _, m := range machines() {
		t.Run(m.Name(), rapid.MakeCheck(func(t *rapid.T) {
			policy := somePolicies.Draw(t, "policy")
			rec := reducer.Record{
				RolloutID: "stable@a",
				Channel:   "stable",
				TargetRef: "a",
				State:     reducer.Opening,
			}
			var out reducer.Effects
			t.Repeat(map[string]func(*rapid.T){
				"step": func(t *rapid.T) {
					ev := wildEvents.Draw(t, "event")
					if rapid.Bool().Draw(t, "routed") {
						ev.Rollout = rec.RolloutID
					}
					before := rec
					err := m.Step(&rec, &ev, ev.At, policy, &out)
					checkStep(t, before, rec, ev, out.All(), err)
				},
			})
		}))
	}
}

// checkStep checks (1), (3), (4) and (5) for one answer.
func checkStep(
	t *rapid.T, before, after reducer.Record, ev reducer.Event, effects []reducer.Effect, err error,
) {
	t.Helper()
	if err != nil {
		if after != before || len(effects) != 0 {
			t.Fatalf("refused (%v), but %+v became %+v with %+v", err, before, after, effects)
		}
		return
	}
	if before.State == reducer.Pruned {
		t.Fatalf("(3) %v was accepted when Pruned", ev.Kind)
	}
	if !slices.Contains(reducer.States(), after.State) {
		t.Fatalf("the state is %v", after.State)
	}
	if after.State == reducer.Terminal && !after.TerminalAt.Set {
		t.Fatalf("(1) Terminal without terminal_at: %+v", after)
	}
	if after.State == reducer.Superseded && !after.SupersededAt.Set {
		t.Fatalf("(1) Superseded without superseded_at: %+v", after)
	}
	if after.CurrentWave < before.CurrentWave {
		t.Fatalf("(4) the cursor fell from %d to %d", before.CurrentWave, after.CurrentWave)
	}
	checkEffects(t, before, after, ev, effects)
}

// checkEffects compares the effects of an accepted event with what it changed.
func checkEffects(
	t *rapid.T, before, after reducer.Record, ev reducer.Event, effects []reducer.Effect,
) {
	t.Helper()
	transitions, cursors, last := 0, 0, reducer.EffectKind(0)
	for _, e := range effects {
		if e.Kind <= last {
			t.Fatalf("the effects are out of order: %+v", effects)
		}
		last = e.Kind
		switch e.Kind {
		case reducer.RecordRolloutTransition:
			transitions++
			if e.From != before.State || e.To != after.State || e.From == e.To || e.At != ev.At ||
				e.Rollout != before.RolloutID {
				t.Fatalf("(5) %v → %v became %+v", before.State, after.State, e)
			}
		case reducer.UpdateCurrentWave:
			cursors++
			if e.Wave != after.CurrentWave || e.Wave == before.CurrentWave {
				t.Fatalf("cursor %d → %d became %+v", before.CurrentWave, after.CurrentWave, e)
			}
		case reducer.InsertQuarantineFromRollout:
			if after.State != reducer.Reverted {
				t.Fatalf("quarantined in %v", after.State)
			}
		case reducer.SchedulePruning:
			if !after.State.InTerminalSet() || transitions == 0 {
				t.Fatalf("pruning scheduled in %v: %+v", after.State, effects)
			}
		}
	}
	if (transitions == 1) != (before.State != after.State) {
		t.Fatalf("(5) %v → %v has %d transitions", before.State, after.State, transitions)
	}
	if (cursors == 1) != (before.CurrentWave != after.CurrentWave) {
		t.Fatalf("cursor %d → %d has %d effects", before.CurrentWave, after.CurrentWave, cursors)
	}
}

// fleetModel drives a fleet with random events and records the accepted ones.
type fleetModel struct {
	machine  reducer.Machine
	policies map[reducer.ChannelID]reducer.Policy
	fleet    *reducer.Fleet
	now      reducer.Time
	log      []reducer.Event // the accepted events, as a trace of the run has them

	// written adds the derived RolloutTerminal events to the log, as the control plane does.
	written bool
}

func (m *fleetModel) newFleet() *reducer.Fleet {
	return reducer.NewFleet(
		m.machine, func(ch reducer.ChannelID) reducer.Policy { return m.policies[ch] },
	)
}

// likely draws an event that is often legal at this point.
func (m *fleetModel) likely(t *rapid.T) reducer.Event {
	m.now += reducer.Time(rapid.IntRange(0, 2).Draw(t, "time passes"))
	ev := wildEvents.Draw(t, "event")
	ev.At = m.now
	rollouts := m.fleet.Rollouts()
	if len(rollouts) == 0 || rapid.IntRange(0, 9).Draw(t, "open") == 0 {
		ev.Kind = reducer.RolloutOpened
		ev.Rollout = reducer.NewRolloutID(ev.Channel, ev.TargetRef)
		return ev
	}
	r := rollouts[rapid.IntRange(0, len(rollouts)-1).Draw(t, "which rollout")]
	ev.Rollout = r.Record.RolloutID
	hosts := r.Hosts()
	switch ev.Kind = rapid.SampledFrom([]reducer.EventKind{
		reducer.HostJoined, reducer.HostStateChanged, reducer.HostStateChanged, reducer.HostStateChanged,
		reducer.HostStateChanged, reducer.HostStateChanged, reducer.WaveAdvanced, reducer.RolloutTerminal,
		reducer.SuccessorOpened, reducer.RetentionExpired, reducer.OperatorClearance,
	}).Draw(t, "kind"); ev.Kind {
	case reducer.HostStateChanged:
		if len(hosts) == 0 {
			ev.Kind = reducer.HostJoined
			return ev
		}
		h := hosts[rapid.IntRange(0, len(hosts)-1).Draw(t, "which host")]
		var moves []reducer.HostState
		for _, to := range reducer.HostStates() {
			if reducer.LegalHostMove(h.State, to) {
				moves = append(moves, to)
			}
		}
		if len(moves) > 0 {
			ev.To = rapid.SampledFrom(moves).Draw(t, "move")
		}
		ev.Host, ev.From = h.ID, h.State
	case reducer.WaveAdvanced:
		ev.FromWave = r.Record.CurrentWave
		ev.ToWave = ev.FromWave + rapid.Uint32Range(0, 1).Draw(t, "next wave")
	case reducer.RolloutOpened, reducer.HostJoined, reducer.RolloutTerminal, reducer.SuccessorOpened,
		reducer.RetentionExpired, reducer.OperatorClearance:
	}
	return ev
}

// apply applies an event to the fleet, checks the answer, and appends to the log.
func (m *fleetModel) apply(t *rapid.T, ev reducer.Event) {
	before, known := reducer.Record{}, false
	if r := m.fleet.Rollout(ev.Rollout); r != nil {
		before, known = r.Record, true
	}
	var out reducer.Outcome
	whole := snapshot(m.fleet)
	err := m.fleet.Apply(&ev, ev.At, &out)
	if err != nil {
		if len(out.Effects.All()) != 0 || out.Derived || out.Confirmed {
			t.Fatalf("refused (%v), but the outcome is %+v", err, out)
		}
		if after := snapshot(m.fleet); !slices.Equal(whole, after) {
			t.Fatalf("refused (%v), but the fleet changed:\n%v\n%v", err, whole, after)
		}
		return
	}
	m.log = append(m.log, ev)
	r := m.fleet.Rollout(ev.Rollout)
	after := r.Record
	if known && !out.Confirmed {
		// checkStep checks the step without the derivation after it.
		stepped := after
		if out.Derived {
			stepped.State, stepped.TerminalAt = out.DerivedEffects.All()[0].From, before.TerminalAt
			checkStep(t, stepped, after, out.DerivedEvent, out.DerivedEffects.All(), out.DerivedErr)
		}
		checkStep(t, before, stepped, ev, out.Effects.All(), nil)
	}
	if after.State == reducer.Terminal && before.State != reducer.Terminal &&
		ev.Kind != reducer.OperatorClearance && !r.AllConverged() {
		t.Fatalf("(2) %s is Terminal with hosts %+v", ev.Rollout, r.Hosts())
	}
	if out.Confirmed && after.TerminalAt != reducer.Some(ev.At) {
		t.Fatalf("confirmed at %d, but terminal_at is %v", ev.At, after.TerminalAt)
	}
	if out.Derived && m.written {
		m.apply(t, out.DerivedEvent)
		if r.DerivedUnconfirmed() {
			t.Fatalf("%s: the derived RolloutTerminal is in the log, but unconfirmed", ev.Rollout)
		}
	}
}

// checkAlways checks (1), the counts of hosts, and (14) for the whole fleet.
func (m *fleetModel) checkAlways(t *rapid.T) {
	for _, r := range m.fleet.Rollouts() {
		if s := r.Record.State; s == reducer.Terminal && !r.Record.TerminalAt.Set ||
			s == reducer.Superseded && !r.Record.SupersededAt.Set {
			t.Fatalf("(1) %+v", r.Record)
		}
		count := map[reducer.HostState]int{}
		for _, h := range r.Hosts() {
			count[h.State]++
		}
		for _, s := range reducer.HostStates() {
			if r.Count(s) != count[s] {
				t.Fatalf("%s counts %d hosts in %v, has %d", r.Record.RolloutID, r.Count(s), s, count[s])
			}
		}
	}
	again := m.newFleet()
	var out reducer.Outcome
	for i := range m.log {
		if err := again.Apply(&m.log[i], 0, &out); err != nil {
			t.Fatalf("(14) an accepted event is refused: %+v: %v", m.log[i], err)
		}
	}
	if live, folded := snapshot(m.fleet), snapshot(again); !slices.Equal(live, folded) {
		t.Fatalf("(14) the log folds to another fleet:\nlive   %v\nfolded %v", live, folded)
	}
}

func TestPropertiesOfAFleet(t *testing.T) {
	for _, machine := range machines() {
		for _, written := range []bool{false, true} {
			name := fmt.Sprintf("%s/derived events written %v", machine.Name(), written)
			t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
				m := &fleetModel{
					machine: machine,
					written: written,
					policies: map[reducer.ChannelID]reducer.Policy{
						"stable": somePolicies.Draw(t, "policy of stable"),
						"edge":   somePolicies.Draw(t, "policy of edge"),
					},
				}
				m.fleet = m.newFleet()
				likely := func(t *rapid.T) { m.apply(t, m.likely(t)) }
				t.Repeat(map[string]func(*rapid.T){
					"":        m.checkAlways,
					"likely":  likely,
					"likely2": likely, // twice as often as the wild ones
					"wild":    func(t *rapid.T) { m.apply(t, wildEvents.Draw(t, "event")) },
				})
			}))
		}
	}
}

// TestTheRandomEventsReachEverything checks that the random events reach every state, derive,
// confirm, and are refused in every way. Otherwise the properties could hold trivially.
func TestTheRandomEventsReachEverything(t *testing.T) {
	seen := map[string]bool{}
	for seed := range 60 {
		rapid.Custom(func(t *rapid.T) int {
			policy := reducer.DefaultPolicy()
			m := &fleetModel{
				machine:  reducer.RFC0008(),
				policies: map[reducer.ChannelID]reducer.Policy{"stable": policy, "edge": policy},
			}
			m.fleet = m.newFleet()
			for range 60 {
				ev := m.likely(t)
				var out reducer.Outcome
				err := m.fleet.Apply(&ev, ev.At, &out)
				seen[fmt.Sprintf("%T", err)] = true
				seen["derived"] = seen["derived"] || out.Derived
				seen["confirmed"] = seen["confirmed"] || out.Confirmed
				for _, late := range out.Late {
					seen[fmt.Sprintf("late %T", late)] = true
				}
				for _, r := range m.fleet.Rollouts() {
					seen[r.Record.State.String()] = true
				}
			}
			return 0
		}).Example(seed)
	}
	want := []string{
		"derived", "confirmed", "<nil>", "*reducer.IllegalForState", "*reducer.Invariant",
		"late *reducer.Invariant", "late *reducer.SupersessionExpected",
	}
	for _, s := range reducer.States() {
		want = append(want, s.String())
	}
	for _, w := range want {
		if !seen[w] {
			t.Errorf("never seen: %s", w)
		}
	}
}
