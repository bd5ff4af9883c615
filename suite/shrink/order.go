package shrink

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"rollsim/controlplane"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
)

// size is how simple a scenario is. Sizes are compared number by number, so that one host fewer
// counts more than any number of shorter delays.
type size struct {
	numbers []int
	text    string // of the scenario file
}

// text returns a scenario as a file.
func text(sc *sim.Scenario, machine string, comment ...string) string {
	var b strings.Builder
	// Writing to a strings.Builder cannot fail.
	_ = scenario.Write(&b, sc, scenario.Writing{
		Machine: machine, Comment: comment, Brief: true,
	})
	return b.String()
}

// File returns a case as a scenario file: its comment says what it shows. If the file names the
// machine, it expects the violations of the case, so that it is a test that holds; otherwise it is
// one that holds as specified.
func File(c *Case) string {
	sc := clone(c.Scenario)
	if _, err := machine.ByName(c.Machine); err == nil {
		for _, v := range c.Violations {
			if !slices.ContainsFunc(sc.ExpectViolations, v.Is) { // a file lists each once
				sc.ExpectViolations = append(sc.ExpectViolations, v)
			}
		}
	}
	return text(sc, c.Machine, titleOf(c)+".")
}

// sizeOf measures a scenario.
func sizeOf(sc *sim.Scenario, machine string) size {
	return size{numbersOf(sc), text(sc, machine)}
}

// The places of the length of the timeline and of behaviourSize in the numbers of a size.
const timelineNumber, behaviourNumber = 5, 9

// rawEvent is how many moves of a channel are simpler than a raw event.
const rawEvent = 3

func numbersOf(sc *sim.Scenario) []int {
	hosts, waves, gates, refs := 0, 0, 0, 0
	for i := range sc.Channels {
		ch := &sc.Channels[i]
		hosts += len(hostsOf(ch))
		waves += len(ch.Waves)
		waves += 2 * len(ch.HostEdges)
		gates += len(ch.After) + len(ch.Windows) + len(ch.Outside) +
			len(ch.Absent)
		if ch.Policy.OnHealthFailure != reducer.Halt {
			gates++
		}
	}
	for i := range sc.Timeline {
		a := &sc.Timeline[i]
		refs += count(a.SetRef != nil || a.Release != nil || a.Lift != nil)
		refs += rawEvent * count(a.Event != nil && a.Event.Kind != reducer.OperatorClearance)
	}
	gates += len(sc.Budgets) + len(sc.Quarantine) + len(sc.Groups) + len(sc.Tags) +
		len(sc.Releases) + len(sc.Running) + len(sc.Sometimes) + len(sc.ExpectViolations) +
		len(sc.Mended)
	return []int{
		hosts, len(sc.Channels), waves + 2*len(sc.Budgets), len(sc.Faults) + len(sc.Traffic), refs,
		len(sc.Timeline),
		len(sc.Fates), gates, len(sc.Delays), behaviourSize(&sc.Behaviour), oddNames(sc), details(sc),
		valueSize(sc), unsorted(sc),
	}
}

// compare returns a negative number if s is simpler than t.
func (s size) compare(t size) int {
	return cmp.Or(
		slices.Compare(s.numbers, t.numbers), cmp.Compare(len(s.text), len(t.text)),
		strings.Compare(s.text, t.text),
	)
}

// behaviourSize counts what the behaviour of all hosts draws.
func behaviourSize(b *sim.Behaviour) int {
	n := 0
	usual := scenario.DefaultBehaviour()
	for i, d := range scenario.Delays(b) {
		if d.Takes != nil && d.Takes.Equal(scenario.Delays(&usual)[i].Takes) {
			continue // tryUnused has left it out, because no host reaches the stage
		}
		n++
		if d.Takes == nil {
			continue
		}
		n++
		if _, fixed := d.Takes.Fixed(); !fixed {
			n += 5
		}
	}
	for _, c := range scenario.Chances(b) {
		if c.Chance != nil && *c.Chance > 0 {
			n += 5
		}
	}
	return n
}

// details counts the fields that narrow down a line.
func details(sc *sim.Scenario) int {
	n := 0
	count := func(is bool, cost int) {
		if is {
			n += cost
		}
	}
	n += seedSize(sc.Seed)
	count(sc.Start != scenario.DefaultStart, 1)
	count(sc.ControlPlane != "" && sc.ControlPlane != controlplane.Specified, 10)
	for i := range sc.Fates {
		n += max(0, slices.Index(plainFates, sc.Fates[i].Kind))
		count(sc.Fates[i].Ref != "", 2)
		count(sc.Fates[i].Once, 2)
		count(sc.Fates[i].RebootAfter.Set || sc.Fates[i].PassesAfter.Set, 1)
	}
	for i := range sc.Delays {
		count(sc.Delays[i].Ref != "", 1)
	}
	for i := range sc.Budgets {
		count(len(sc.Budgets[i].Hosts) > 1, len(sc.Budgets[i].Hosts)-1)
		count(sc.Budgets[i].MaxInFlight != 1, 1)
		count(sc.Budgets[i].Selector != "", 3)
		for _, p := range sc.Budgets[i].Hosts {
			count(p != "*" && strings.ContainsAny(p, "*?["), 5)
		}
	}
	for i := range sc.Timeline {
		a := &sc.Timeline[i]
		count(a.KeepAt, 2)
		count(a.Release != nil || a.Lift != nil, 1)
		if f := a.Fault; f != nil {
			n += 3 * max(0, rankOf(f.Kind))
			count(f.Rollout != "", 2)
			count(f.Message != 0, 2)
			count(f.Seq != 0, 5)
			count(f.Channel != "", 1)
			n += f.Joined
		}
		if ev := a.Event; ev != nil {
			count(ev.Reason != "", 1)
			if ch, _ := cutRollout(ev.Rollout); a.Reaches != "" {
				of, _ := cutRollout(a.Reaches)
				count(ch != of, 1)
			}
			n += int(ev.Wave) + int(ev.ToWave) + int(ev.FromWave)
		}
	}
	for i := range sc.Faults {
		count(len(sc.Faults[i].Hosts) > 0, 1)
		count(sc.Faults[i].Until != 0, 1)
		count(sc.Faults[i].Probability != sim.Certain, 1)
		if d := sc.Faults[i].For; d != nil {
			_, fixed := d.Fixed()
			count(!fixed, 1000)
			count(true, 1+int(d.Mean()/time.Second))
		}
	}
	for _, p := range phases(&sc.Phases) {
		count(p.Set, 1)
	}
	return n
}

func phases(p *sim.Phases) []*reducer.Opt[time.Duration] {
	return []*reducer.Opt[time.Duration]{&p.Heartbeat, &p.Ticker, &p.Poll, &p.Prune}
}

func valueSize(sc *sim.Scenario) int {
	n := 0
	for _, v := range values(sc) {
		n += v.cost(v.get(sc))
	}
	for i := range sc.Timeline {
		n += momentSize(sc.Timeline[i].When)
	}
	return n
}

// unsorted counts the lines of the timeline that come before an earlier one.
func unsorted(sc *sim.Scenario) int {
	n := 0
	for i := 1; i < len(sc.Timeline); i++ {
		if compareTimes(sc.Timeline[i-1], sc.Timeline[i]) > 0 {
			n++
		}
	}
	return n
}
