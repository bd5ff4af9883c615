package explore

import (
	"strings"
	"testing"
	"time"

	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/trace"
)

// disorder counts what a scenario has in addition to orderly rollouts.
type disorder struct {
	all   map[string]bool
	times map[any]int // how often the timeline has an action
}

// disorderOf returns the disorder of a scenario.
func disorderOf(sc *sim.Scenario) map[string]bool {
	d := disorder{make(map[string]bool), make(map[any]int)}
	for i := range sc.Timeline {
		a := &sc.Timeline[i]
		switch ev := a.Event; {
		case a.SetRef != nil:
			d.twice("a ref comes back at a fixed time", *a.SetRef)
			d.add("a new ref in the end", a.SetRef.Ref == "new")
		case a.Lift != nil:
			d.twice("two operators lift", *a.Lift)
		case a.Fault != nil:
			d.add("timed "+a.Fault.Kind.String(), true)
		case a.Reaches != "":
			same := channelOf(a.Reaches) == channelOf(ev.Rollout)
			d.add("misrouted, of the same channel", same)
			d.add("misrouted, of another channel", !same)
		case strings.HasPrefix(string(ev.Host), "late"):
			d.late(sc, a)
		case ev.Kind == reducer.OperatorClearance && ev.Operator == "operator-2":
			d.add("two operators clear", true)
		case ev.Kind == reducer.HostStateChanged && ev.From == reducer.HostFailed:
			d.twice("two operators roll back", [2]string{string(ev.Rollout), string(ev.Host)})
		}
	}
	for i := range sc.Traffic {
		d.add("a ref flaps", sc.Traffic[i].Kind == sim.Flapping)
	}
	return d.all
}

func (d *disorder) add(what string, is bool) { d.all[what] = d.all[what] || is }

func (d *disorder) twice(what string, action any) {
	d.times[action]++
	d.add(what, d.times[action] > 1)
}

// late adds what happens to a host that joins late.
func (d *disorder) late(sc *sim.Scenario, a *sim.Action) {
	if a.Event.Kind == reducer.HostStateChanged {
		d.add("a late host turns "+a.Event.To.String(), true)
		return
	}
	d.add("a host joins late, "+a.When.State.String(), true)
	d.add("a host joins a new wave", newWave(sc, channelOf(a.Event.Rollout), a.Event.Wave))
}

func channelOf(id reducer.RolloutID) string {
	channel, _, _ := strings.Cut(string(id), "@")
	return channel
}

// newWave reports whether a channel has no wave with a number.
func newWave(sc *sim.Scenario, channel string, wave uint32) bool {
	for i := range sc.Channels {
		if string(sc.Channels[i].ID) == channel {
			return int(wave) >= len(sc.Channels[i].Waves)
		}
	}
	return false
}

// TestSwarmDrawsDisorder checks in how many of 400 seeds a swarm draws each kind of disorder: in at
// least some, and not in most.
func TestSwarmDrawsDisorder(t *testing.T) {
	s := NewSwarm()
	const seeds = 400
	count := make(map[string]int)
	for seed := range uint64(seeds) {
		for what, present := range disorderOf(s.Draw(seed, "rfc0008", true)) {
			if present {
				count[what]++
			}
		}
	}
	want := map[string]int{
		"a ref comes back at a fixed time": 30, "a ref flaps": 10, "a new ref in the end": 40,
		"two operators lift": 5, "two operators clear": 50, "two operators roll back": 5,
		"misrouted, of the same channel": 60, "misrouted, of another channel": 40,
		"timed control-plane-crash": 30, "timed host-offline": 30, "timed agent-restart": 30,
		"timed clock-skew": 30, "timed host-lost": 5, "a host joins a new wave": 30,
	}
	for _, state := range []reducer.State{
		reducer.Opening, reducer.Active, reducer.Converging, reducer.Terminal, reducer.Failed,
		reducer.Superseded,
	} {
		want["a host joins late, "+state.String()] = 5
	}
	for _, state := range reducer.HostStates() {
		if state != reducer.HostPending {
			want["a late host turns "+state.String()] = 5
		}
	}
	for what, least := range want {
		if n := count[what]; n < least || n > seeds/2 {
			t.Errorf("%s: in %d of %d seeds, want at least %d", what, n, seeds, least)
		}
		delete(count, what)
	}
	for what, n := range count {
		t.Errorf("%s: in %d seeds, not expected", what, n)
	}
}

// struck is a fault that a trace shows, and until when it lasts.
type struck struct {
	kind        string
	from, until reducer.Time
}

// strikes returns the faults of a trace. A lost message is missing until it is sent again, a failed
// poll until the next one, and a lost host for good.
func strikes(entries []trace.Entry, end reducer.Time) []struck {
	var all []struck
	for _, e := range entries {
		if e.Fault == nil {
			continue
		}
		lasts := reducer.Time(e.Fault.Millis) * reducer.Time(time.Millisecond)
		switch e.Fault.Fault {
		case sim.MessageDropped.String(), sim.MessageReordered.String(), sim.PollFailed.String(),
			sim.PollStale.String():
			lasts = reducer.Time(30 * time.Second)
		case sim.HostLost.String(), sim.ClockSkew.String():
			lasts = end - e.At
		}
		all = append(all, struck{e.Fault.Fault, e.At, e.At + lasts})
	}
	return all
}

// TestEveryFaultStrikesDuringEveryOther runs seeds until each kind of fault has struck while each
// kind of fault lasted.
func TestEveryFaultStrikesDuringEveryOther(t *testing.T) {
	s := drawn("rfc0008")
	missing := make(map[[2]string]bool)
	for _, during := range sim.FaultKinds() {
		for _, kind := range sim.FaultKinds() {
			missing[[2]string{during.String(), kind.String()}] = true
		}
	}
	crash := sim.ControlPlaneCrash.String()
	delete(missing, [2]string{crash, crash}) // it is down already
	const most = 1000
	seed := uint64(0)
	for ; seed < most && len(missing) > 0; seed++ {
		sc, machine := s.scenario(seed, 0)
		var all trace.Collector
		result, err := simulate(sc, machineOf(t, s, machine), seed, &all)
		if err != nil {
			t.Fatal(err)
		}
		faults := strikes(all.Entries, result.End)
		for i := range faults {
			for j := range faults {
				a, b := &faults[i], &faults[j]
				if i != j && a.from <= b.from && b.from < a.until {
					delete(missing, [2]string{a.kind, b.kind})
				}
			}
		}
	}
	for pair := range missing {
		t.Errorf("no %s during %s in %d seeds", pair[1], pair[0], most)
	}
	t.Logf("after %d seeds", seed)
}

// TestDescriptionNamesDisorder checks that the description of a seed has a line for every action of
// its timeline and all of its traffic, and names the record that a misrouted event reaches, the
// operator, and the refs of a channel that goes back and forth.
func TestDescriptionNamesDisorder(t *testing.T) {
	s := drawn("rfc0008")
	seen := make(map[string]int)
	for seed := range uint64(120) {
		text := s.Describe(seed, 0)
		sc, _ := s.scenario(seed, 0)
		want := func(line string) {
			if !strings.Contains(text, line) {
				t.Errorf("seed %d: no line has %q:\n%s", seed, line, text)
			}
		}
		for i := range sc.Timeline {
			a := &sc.Timeline[i]
			at := scenario.FormatDuration(a.At)
			switch {
			case a.SetRef != nil:
				want(string(a.SetRef.Ref) + " at " + at)
			case a.Lift != nil:
				want(string(a.Lift.Closure) + " on " + string(a.Lift.Channel) + " ")
			case a.Fault != nil:
				seen["fault"]++
				want(a.Fault.Kind.String() + " ")
				want(" at " + at + "\n")
			case a.Reaches != "":
				seen["misrouted"]++
				want(" reaching " + string(a.Reaches) + ", " + at + " after ")
			case a.Event.Kind == reducer.OperatorClearance:
				want(" by " + a.Event.Operator + ", " + at + " after ")
			default:
				want(string(a.Event.Rollout) + " ")
			}
		}
		for i := range sc.Traffic {
			if f := &sc.Traffic[i]; f.Kind == sim.Flapping {
				seen["flapping"]++
				want(string(f.Between[0]) + " to " + string(f.Between[1]) + " and back")
			}
		}
	}
	if len(seen) != 3 {
		t.Errorf("the seeds have only %v", seen)
	}
}
