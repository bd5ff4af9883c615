package prove

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"rollsim/internal/deviation"
	"rollsim/internal/liar"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

// fixed is one wave of one host whose stages take the same time in every run, except the reboot.
const fixed = `
horizon: 1h
channels:
  - name: stable
    retention: 10m
    waves: [{hosts: 1}]
behaviour:
  ack: 2s
  activation: 20s
  reboot: {uniform: {min: 1m, max: 5m}}
timeline:
  - {at: 0s, channel: stable, ref: a1}
`

// TestReboots checks that the time until the reboot of a host is a choice of its own: once the host
// has deferred its switch, if it reboots at all, and if the time is not fixed.
func TestReboots(t *testing.T) {
	sc := parse(t, fixed)
	drawn := sc.Behaviour.Reboot
	kinds := func(o *Options) {
		o.Kinds, o.Uncut = deviation.Of(Defers, ShortDelay, LongDelay), true
	}
	p := prover(t, sc, reducer.RFC0008(), kinds)
	first := p.run(&node{}, true).children
	if len(first) != 2 {
		t.Fatalf("the plain run has deviations %v, want a host that defers, and reboots or does not",
			first)
	}
	n := (&node{}).with(first[0])
	took := []time.Duration{rebooted(t, n.scenario(p.plain))}
	for _, d := range p.run(n, true).children {
		took = append(took, rebooted(t, n.with(d).scenario(p.plain)))
	}
	if want := []time.Duration{median(drawn), 0, high(drawn)}; !slices.Equal(took, want) {
		t.Errorf("the reboot takes %v, want %v", took, want)
	}
	if d := p.run((&node{}).with(first[1]), true).children; len(d) > 0 {
		t.Errorf("%v, and then %v", first[1], d)
	}
	for reboot, runs := range map[string]uint64{"{uniform: {min: 1m, max: 5m}}": 2, "5m": 0} {
		sc := parse(t, strings.Replace(fixed, "{uniform: {min: 1m, max: 5m}}", reboot, 1))
		r := result(t, prover(t, sc, reducer.RFC0008(), kinds), 2)
		if !r.Holds() || r.Levels[1].Runs != 2 || r.Levels[2].Runs != runs {
			t.Errorf("a reboot after %s: %s, %+v", reboot, r.Verdict(), r.Levels)
		}
	}
}

// rebooted returns how long a host that defers its switch in a run waits for its reboot.
func rebooted(t *testing.T, sc *sim.Scenario) time.Duration {
	t.Helper()
	var deferred reducer.Time
	for _, e := range entries(t, sc) {
		switch ev := e.Event; {
		case ev == nil:
		case ev.To == reducer.HostDeferred:
			deferred = e.At
		case ev.From == reducer.HostDeferred:
			return time.Duration(e.At - deferred)
		}
	}
	t.Fatal("no host reboots")
	return 0
}

// TestJoinedHosts checks that a host which joins the fleet by a deviation has fates and delays from
// then on, as a host has that was there from the start: under the rollout that it joins, and under
// the next one.
func TestJoinedHosts(t *testing.T) {
	text := strings.Replace(fixed, "waves: [{hosts: 1}]",
		"waves: [{hosts: [web-1, web-2]}]\n    absent: [web-2]", 1) +
		"  - {at: 10m, channel: stable, ref: b2}\n"
	text = strings.Replace(text, "ack: 2s", "ack: {uniform: {min: 1s, max: 3s}}", 1)
	sc := parse(t, text+`
deviations:
  - {kinds: [host-joins]}
  - {kinds: [fates, delays], hosts: [web-2]}
`)
	p := prover(t, sc, reducer.RFC0008(), nil)
	first := p.run(&node{}, true).children
	for _, d := range first {
		if d.Kind != HostJoins {
			t.Errorf("before the host has joined: %v", d)
		}
	}
	joins := (&node{}).with(first[0])
	var choices []string
	for _, d := range p.run(joins, true).children {
		if d.At < first[0].At {
			t.Errorf("%v, and before that %v", first[0], d)
		}
		choices = append(choices, d.String())
	}
	present := prover(t, parse(t, strings.Replace(text, "    absent: [web-2]\n", "", 1)+`
deviations:
  - {kinds: [fates, delays], hosts: [web-2]}
`), reducer.RFC0008(), func(o *Options) { o.Asymmetric = true })
	var want []string
	for _, d := range present.run(&node{}, true).children {
		want = append(want, d.String())
	}
	if !reflect.DeepEqual(choices, want) || len(want) < 10 {
		t.Errorf("after the host has joined, the choices are\n%q, want those of a host in the fleet\n%q",
			choices, want)
	}
	for bound, found := range []int{0, 0, 1} { // it joins, and fails
		if r := result(t, prover(t, sc, failingForever(), nil), bound); len(r.Found) != found {
			t.Errorf("up to %d: %s", bound, r.Verdict())
		}
	}
}

// TestStrayExpiry checks that a stray event is no counterexample if it has an effect because its
// rollout has left the state, in the same instant, that refuses it; and that a machine which prunes
// too early still is one.
func TestStrayExpiry(t *testing.T) {
	sc := parse(t, `
horizon: 1h
channels: [{name: stable, retention: 10m}]
timeline:
  - {at: 0s, event: {RolloutOpened: {rollout_id: stable@a1, channel: stable, target_ref: a1}}}
  - {at: 0s, channel: stable, ref: b2}
`)
	kinds := func(o *Options) { o.Kinds = deviation.Of(StrayEvent) }
	p := prover(t, sc, reducer.RFC0008(), kinds)
	pruned := 0
	for _, d := range p.run(&node{}, true).children {
		n := (&node{}).with(d)
		run := n.scenario(p.plain)
		at := slices.ContainsFunc(entries(t, run), func(e trace.Entry) bool {
			return e.At == run.Start && e.Effect != nil && e.Effect.To == reducer.Pruned
		})
		k, _, _, err := p.simulate(run, n, false)
		if err != nil {
			t.Fatal(err)
		}
		// A run that ends in the same state without the event must not be cut off there.
		if own := p.key(n, &walk{Walk: k}) != p.key(&node{}, &walk{Walk: k}); own != at {
			t.Errorf("%q prunes at once: %v, and its state is one of its own: %v", n.text(), at, own)
		}
		if at {
			pruned++
		}
	}
	if pruned == 0 {
		t.Error("no stray event prunes a rollout at once, so that nothing is tested")
	}
	if r := result(t, p, 2); !r.Holds() {
		t.Errorf("%s: %+v", r.Verdict(), r.Found)
	}
	early := liar.WithAnswer(func(a liar.Answer) {
		for i := range a.Effects.All() {
			a.Effects.All()[i].DelaySeconds /= 2
		}
	})
	if r := result(t, prover(t, sc, early, kinds), 0); len(r.Found) != 1 {
		t.Errorf("a machine that prunes too early: %s", r.Verdict())
	}
}

// TestDecided checks which choices of an instant may still be taken otherwise once a run has taken
// others of the instant otherwise. In this order come a fate that is given, a message and a delay
// of each of two hosts of a class, a message of a third one, and a restart.
func TestDecided(t *testing.T) {
	const at = time.Minute
	message := func(host reducer.HostID) sim.Choice {
		return sim.Choice{At: at, Host: host, Rollout: "r", Seq: 3, Message: reducer.ProbesPassed}
	}
	all := []sim.Choice{
		{At: at, Host: "b", Ref: "a1", Fate: sim.FailsProbes, Given: true},
		message("b"),
		{At: at, Host: "b", Ref: "a1", Stage: sim.ProbeStage},
		message("a"),
		{At: at, Host: "a", Ref: "a1", Stage: sim.ProbeStage},
		message("c"),
		{At: at, Host: "b", Fault: sim.AgentRestart}, // after the instant
	}
	fails := &Deviation{Kind: FailsProbes, At: at, host: "b", fate: &sim.Fate{
		Host: "b", Ref: "a1", Kind: sim.FailsProbes,
	}}
	slow := func(host reducer.HostID) *Deviation {
		return &Deviation{Kind: LongDelay, At: at, host: host, delay: &sim.Delay{
			Host: host, Ref: "a1", Stage: sim.ProbeStage,
		}}
	}
	lost := &Deviation{Kind: MessageDropped, At: at, host: "c", lines: []sim.Action{{
		Fault: &sim.FaultNow{Host: "c", Rollout: "r", Seq: 3, Message: reducer.ProbesPassed},
	}}}
	crash := &Deviation{Kind: ControlPlaneCrash, At: at, lines: []sim.Action{{At: at}}}
	when := func(host reducer.HostID) *Deviation {
		return &Deviation{Kind: ControlPlaneCrash, At: at, lines: []sim.Action{{When: &sim.Moment{
			Rollout: "r", Host: host, HostState: reducer.HostSoaking,
		}}}}
	}
	offline := &Deviation{Kind: HostOffline, At: at, host: "b"}
	skew := &Deviation{Kind: ClockSkew, At: at, host: "b"}
	before := *slow("a")
	before.At -= time.Second
	for name, c := range map[string]struct {
		run  []*Deviation
		back time.Duration // of the two choices before the last one
		want string        // of each choice: x if it is decided
	}{
		"the plain run":                  {nil, 0, "x......"},
		"after a fate":                   {[]*Deviation{fails}, 0, "x......"},
		"after a delay":                  {[]*Deviation{slow("b")}, 0, "xx....."},
		"after that of the other host":   {[]*Deviation{slow("a")}, 0, "x..x..."},
		"after both":                     {[]*Deviation{slow("a"), slow("b")}, 0, "xx.x..."},
		"after the message of the third": {[]*Deviation{lost}, 0, "xxxxx.."},
		"which is not the last":          {[]*Deviation{lost, slow("b")}, 0, "xx....."},
		"after an earlier instant":       {[]*Deviation{&before}, 0, "x......"},
		"after a crash":                  {[]*Deviation{crash}, 2 * at, "xxxx..."},
		"which is not the last, either":  {[]*Deviation{crash, lost}, 2 * at, "xxxxx.."},
		"after a crash when a is there":  {[]*Deviation{when("a")}, 2 * at, "x..x..."},
		"after a crash when b is there":  {[]*Deviation{when("b")}, 2 * at, "x..x..."},
		"after a crash when c is there":  {[]*Deviation{when("c")}, 2 * at, "xxxx..."},
		"after a host that is offline":   {[]*Deviation{offline, lost}, 0, "x......"},
		"after a clock that is wrong":    {[]*Deviation{skew, lost}, 0, "x......"},
	} {
		n := &node{}
		for _, d := range c.run {
			n = n.with(d)
		}
		choices := slices.Clone(all)
		choices[4].Back, choices[5].Back = c.back, c.back
		m := menu{p: &Prover{classes: [][]reducer.HostID{{"a", "b"}}}, n: n}
		got := ""
		for i := range choices {
			if m.decided(&choices[i], i, n.places(choices)) {
				got += "x"
			} else {
				got += "."
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestDescribeFaults checks how a deviation describes faults of a host, a message and a channel.
func TestDescribeFaults(t *testing.T) {
	for want, f := range map[string]sim.FaultNow{
		"host-offline of host h for 5s":             {Kind: sim.HostOffline, Host: "h", For: shortFault},
		"host-lost of host h":                       {Kind: sim.HostLost, Host: "h"},
		"clock-skew of host h, which is 5m ahead,":  {Kind: sim.ClockSkew, Host: "h", For: longFault},
		"clock-skew of host h, which is 5m behind,": {Kind: sim.ClockSkew, Host: "h", For: -longFault},
		"poll-failed of channel c":                  {Kind: sim.PollFailed, Channel: "c"},
		"message-dropped of Converged (seq 6) of host h for r": {Kind: sim.MessageDropped,
			Message: reducer.ProbesPassed, Seq: 6, Host: "h", Rollout: "r"},
	} {
		if got := describeFault(&f); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestAbout checks that things with other names or numbers have other subjects.
func TestAbout(t *testing.T) {
	moment := func(m sim.Moment) uint64 { return aboutMoment("crash when", &m) }
	seen := make(map[uint64]int)
	for i, subject := range []uint64{
		about("host", 0, "ab", "c"), about("host", 0, "a", "bc"), about("host", 0, "c", "ab"),
		about("host", 0, "abc"), about("host", 1, "abc"), about("hosts", 0, "abc"), about("host", 0),
		moment(sim.Moment{Rollout: "s@1", State: reducer.Active}),
		moment(sim.Moment{Rollout: "s@1", State: reducer.Failed}),
		moment(sim.Moment{Rollout: "s@2", State: reducer.Failed}),
		moment(sim.Moment{Rollout: "s@1", Host: "a", HostState: reducer.HostFailed}),
		moment(sim.Moment{Rollout: "s@1", Host: "b", HostState: reducer.HostFailed}),
		moment(sim.Moment{Rollout: "s@1", Host: "b", HostState: reducer.HostSoaking}),
	} {
		if other, known := seen[subject]; known {
			t.Errorf("subjects %d and %d are the same", other, i)
		}
		seen[subject] = i
	}
}
