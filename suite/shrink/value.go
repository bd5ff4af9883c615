package shrink

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"

	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
)

// value is a length of time in a scenario.
type value struct {
	name  string
	get   func(*sim.Scenario) time.Duration
	set   func(*sim.Scenario, time.Duration)
	usual time.Duration // what a file need not say
	least time.Duration
	step  time.Duration // it is a multiple of this
	nice  []time.Duration

	retention bool
}

// values returns every length of time of a scenario, in the order of a file.
func values(sc *sim.Scenario) []value {
	all := []value{{
		name: "the horizon", usual: scenario.DefaultHorizon, least: time.Second, step: time.Millisecond,
		get: func(sc *sim.Scenario) time.Duration { return sc.Horizon },
		set: func(sc *sim.Scenario, d time.Duration) { sc.Horizon = d },
	}}
	for i := range sc.Channels {
		all = append(all, valuesOfChannel(sc, i)...)
	}
	for i := range sc.Delays {
		d := &sc.Delays[i]
		if _, fixed := d.Takes.Fixed(); !fixed {
			continue
		}
		all = append(all, value{
			name: fmt.Sprintf("the %v of host %s%s", d.Stage, d.Host, underRef(d.Ref)),
			step: time.Millisecond,
			get:  func(sc *sim.Scenario) time.Duration { d, _ := sc.Delays[i].Takes.Fixed(); return d },
			set: func(sc *sim.Scenario, d time.Duration) {
				if takes, err := sim.Constant(d); err == nil {
					sc.Delays[i].Takes = takes
				}
			},
		})
	}
	for i := range sc.Fates {
		all = append(all, valuesOfFate(sc, i)...)
	}
	for i := range sc.Timeline {
		all = append(all, valuesOfAction(sc, i)...)
	}
	for i := range sc.Releases {
		if r := &sc.Releases[i]; r.Signed.Set && r.Signed.Value <= 0 {
			all = append(all, value{
				name: fmt.Sprintf("the age of the manifest of %s", r.Ref), step: time.Millisecond,
				get: func(sc *sim.Scenario) time.Duration { return -sc.Releases[i].Signed.Value },
				set: func(sc *sim.Scenario, d time.Duration) { sc.Releases[i].Signed.Value = -d },
			})
		}
	}
	return all
}

func valuesOfChannel(sc *sim.Scenario, i int) []value {
	id := sc.Channels[i].ID
	all := []value{
		{
			name: fmt.Sprintf("the poll interval of %s", id), usual: scenario.DefaultPoll,
			least: time.Second, step: time.Second,
			get: func(sc *sim.Scenario) time.Duration { return sc.Channels[i].PollInterval },
			set: func(sc *sim.Scenario, d time.Duration) { sc.Channels[i].PollInterval = d },
		},
		{
			name: fmt.Sprintf("the retention of %s", id), usual: scenario.DefaultRetention,
			step: time.Second, retention: true,
			get: func(sc *sim.Scenario) time.Duration {
				return time.Duration(sc.Channels[i].Policy.RetentionSeconds) * time.Second
			},
			set: func(sc *sim.Scenario, d time.Duration) {
				sc.Channels[i].Policy.RetentionSeconds = int64(d / time.Second)
			},
		},
	}
	for w := range sc.Channels[i].Waves {
		name := fmt.Sprintf("the soak of %s", id)
		if len(sc.Channels[i].Waves) > 1 {
			name = fmt.Sprintf("the soak of wave %d of %s", w, id)
		}
		all = append(all, value{
			name: name, step: time.Millisecond, usual: scenario.DefaultSoak(sc.ControlPlane),
			get: func(sc *sim.Scenario) time.Duration { return sc.Channels[i].Waves[w].Soak },
			set: func(sc *sim.Scenario, d time.Duration) { sc.Channels[i].Waves[w].Soak = d },
		})
	}
	return all
}

func valuesOfFate(sc *sim.Scenario, i int) []value {
	f := &sc.Fates[i]
	var all []value
	add := func(what string, of func(*sim.Fate) *reducer.Opt[time.Duration]) {
		if opt := of(f); opt.Set && opt.Value >= 0 {
			all = append(all, value{
				name: fmt.Sprintf("%s of host %s%s", what, f.Host, underRef(f.Ref)), step: time.Millisecond,
				get: func(sc *sim.Scenario) time.Duration { return of(&sc.Fates[i]).Value },
				set: func(sc *sim.Scenario, d time.Duration) { of(&sc.Fates[i]).Value = d },
			})
		}
	}
	add("the reboot", func(f *sim.Fate) *reducer.Opt[time.Duration] { return &f.RebootAfter })
	add("the end of the failing control",
		func(f *sim.Fate) *reducer.Opt[time.Duration] { return &f.PassesAfter })
	return all
}

func valuesOfAction(sc *sim.Scenario, i int) []value {
	a := &sc.Timeline[i]
	name := "the time of " + actionName(a)
	all := []value{{
		name: name, step: time.Millisecond, nice: moments,
		get: func(sc *sim.Scenario) time.Duration { return sc.Timeline[i].At },
		set: func(sc *sim.Scenario, d time.Duration) { sc.Timeline[i].At = d },
	}}
	if a.Fault != nil && a.Fault.For > 0 {
		all = append(all, value{
			name: "the length of " + actionName(a), step: time.Millisecond,
			get: func(sc *sim.Scenario) time.Duration { return sc.Timeline[i].Fault.For },
			set: func(sc *sim.Scenario, d time.Duration) { sc.Timeline[i].Fault.For = d },
		})
	}
	return all
}

func underRef(ref reducer.ChannelRef) string {
	if ref == "" {
		return ""
	}
	return " under " + string(ref)
}

// moments are the times of lines that a person would write, the simplest first: soon.
var moments = append([]time.Duration{
	0, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute,
}, nice[1:]...)

// nice are the lengths of time that a person would write, the simplest first: long enough for
// something to happen meanwhile.
var nice = []time.Duration{
	0, time.Hour, time.Minute, 10 * time.Minute, 30 * time.Minute, 2 * time.Minute, 5 * time.Minute,
	time.Second, 10 * time.Second, 30 * time.Second, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	24 * time.Hour, 2 * 24 * time.Hour, 7 * 24 * time.Hour, 14 * 24 * time.Hour, 90 * time.Minute,
	20 * time.Minute, 15 * time.Minute, 3 * time.Minute, 4 * time.Minute, 3 * time.Hour,
	4 * time.Hour, 20 * time.Second, 15 * time.Second, 5 * time.Second, 2 * time.Second,
	time.Millisecond,
}

func (v *value) list() []time.Duration {
	if v.nice != nil {
		return v.nice
	}
	return nice
}

// cost returns how simple a value is: less is simpler, and what need not be written costs nothing.
func (v *value) cost(d time.Duration) int {
	if d == v.usual {
		return 0
	}
	if i := slices.Index(v.list(), d); i >= 0 {
		return 1 + i
	}
	text := scenario.FormatDuration(d)
	units := strings.Count(text, "d") + strings.Count(text, "h") + strings.Count(text, "m") +
		strings.Count(text, "s")
	return 100 + 50*units + bits.Len64(uint64(max(d, -d)))
}

// simpler returns the values to try instead of d, the simplest first.
func (v *value) simpler(d time.Duration) []time.Duration {
	all := append([]time.Duration{v.usual}, v.list()...)
	for _, unit := range []time.Duration{
		24 * time.Hour, time.Hour, 10 * time.Minute, time.Minute, 10 * time.Second, time.Second,
	} {
		all = append(all, d/unit*unit, (d+unit-1)/unit*unit)
	}
	all = slices.DeleteFunc(all, func(x time.Duration) bool {
		return x < v.least || x%max(1, v.step) != 0 || v.cost(x) >= v.cost(d)
	})
	slices.SortStableFunc(all, func(a, b time.Duration) int { return v.cost(a) - v.cost(b) })
	return slices.Compact(all)
}

// actionName describes a line of the timeline.
func actionName(a *sim.Action) string {
	switch {
	case a.SetRef != nil:
		return fmt.Sprintf("%s moving to %s", a.SetRef.Channel, a.SetRef.Ref)
	case a.Release != nil:
		return fmt.Sprintf("all channels moving to %s", a.Release.Ref)
	case a.Fault != nil && a.Fault.Host != "":
		return fmt.Sprintf("%v of host %s", a.Fault.Kind, a.Fault.Host)
	case a.Fault != nil:
		return a.Fault.Kind.String()
	case a.Order != nil:
		return "the operator's " + a.Order.Kind.String()
	case a.Lift != nil:
		return fmt.Sprintf("the lift of %s on %s", a.Lift.Closure, a.Lift.Channel)
	case a.Event != nil && a.Event.Kind == reducer.OperatorClearance:
		return fmt.Sprintf("the clearance of %s", a.Event.Rollout)
	case a.Event != nil:
		return fmt.Sprintf("%v of %s", a.Event.Kind, a.Event.Rollout)
	}
	return "nothing"
}
