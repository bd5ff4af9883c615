package shrink

import (
	"cmp"
	"slices"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
)

// pass is one way to make a case simpler. It tries every edit of its kind, and reports whether one
// was accepted.
type pass struct {
	name string
	run  func(*shrinker) bool
}

// passes returns every pass in the order in which they run: what removes most comes first.
func passes() []pass {
	return []pass{
		{"channels", list(
			func(sc *sim.Scenario) int { return len(sc.Channels) },
			func(sc *sim.Scenario, i int) { sc.Channels = slices.Delete(sc.Channels, i, i+1) },
		)},
		{"hosts", list(
			func(sc *sim.Scenario) int { return len(allHosts(sc)) },
			func(sc *sim.Scenario, i int) { removeHost(sc, allHosts(sc)[i]) },
		)},
		{"timeline", list(
			func(sc *sim.Scenario) int { return len(sc.Timeline) },
			func(sc *sim.Scenario, i int) { sc.Timeline = slices.Delete(sc.Timeline, i, i+1) },
		)},
		{"faults by chance", list(
			func(sc *sim.Scenario) int { return len(sc.Faults) },
			func(sc *sim.Scenario, i int) { sc.Faults = slices.Delete(sc.Faults, i, i+1) },
		)},
		{"traffic", list(
			func(sc *sim.Scenario) int { return len(sc.Traffic) },
			func(sc *sim.Scenario, i int) { sc.Traffic = slices.Delete(sc.Traffic, i, i+1) },
		)},
		{"fates and stages", list(
			func(sc *sim.Scenario) int { return len(sc.Fates) },
			func(sc *sim.Scenario, i int) {
				sc.Fates = slices.Delete(sc.Fates, i, i+1)
				resetStages(sc)
			},
		)},
		{"fates", list(
			func(sc *sim.Scenario) int { return len(sc.Fates) },
			func(sc *sim.Scenario, i int) { sc.Fates = slices.Delete(sc.Fates, i, i+1) },
		)},
		{"delays", list(
			func(sc *sim.Scenario) int { return len(sc.Delays) },
			func(sc *sim.Scenario, i int) { sc.Delays = slices.Delete(sc.Delays, i, i+1) },
		)},
		{"soak", trySoak},
		{"waves", tryWaves},
		{"gates", tryGates},
		{"lists", tryLists},
		{"draws", tryDraws},
		{"behaviour", tryBehaviour},
		{"unused stages", tryUnused},
		{"horizon", tryHorizon},
		{"details", tryDetails},
		{"values", tryValues},
		{"times", tryTimes},
		{"kinds", tryKinds},
		{"pairs", tryPairs},
		{"budgets", tryBudgets},
		{"edges", tryEdges},
		{"merges", tryMerges},
		{"fate kinds", tryFates},
		{"misrouted events", tryMisrouted},
		{"foreign hosts", tryForeign},
		{"raw events", tryEvents},
		{"moments", tryMoments},
		{"empty channels", tryEmpty},
		{"refs instead", tryRefs},
		{"plain", tryPlain},
		{"order", tryOrder},
		{"ties", tryTies},
		{"names", tryNames},
		{"moves", tryMoves},
		{"twins", tryTwins},
		{"seeds", trySeeds},
		{"sketches", trySketches},
	}
}

// list returns a pass that removes entries of a list: first all of them, then halves, and in the
// end each alone, from the last one to the first.
func list(count func(*sim.Scenario) int, remove func(*sim.Scenario, int)) func(*shrinker) bool {
	return func(s *shrinker) bool {
		accepted := false
		for chunk := count(s.best); chunk >= 1; chunk /= 2 {
			for end := count(s.best); end > 0; end = min(end-chunk, count(s.best)) {
				ok := s.try(func(sc *sim.Scenario) {
					for i := end - 1; i >= max(0, end-chunk); i-- {
						remove(sc, i)
					}
				})
				accepted = accepted || ok
			}
		}
		return accepted
	}
}

// allHosts returns the hosts of all channels.
func allHosts(sc *sim.Scenario) []reducer.HostID {
	var all []reducer.HostID
	for i := range sc.Channels {
		all = append(all, hostsOf(&sc.Channels[i])...)
	}
	return all
}

func removeHost(sc *sim.Scenario, id reducer.HostID) {
	is := func(h reducer.HostID) bool { return h == id }
	for i := range sc.Channels {
		ch := &sc.Channels[i]
		for w := range ch.Waves {
			ch.Waves[w].Hosts = slices.DeleteFunc(ch.Waves[w].Hosts, is)
		}
		ch.Outside = slices.DeleteFunc(ch.Outside, is)
		ch.Absent = slices.DeleteFunc(ch.Absent, is)
	}
}

// tryWaves removes waves, and moves the hosts of a wave into the one before.
func tryWaves(s *shrinker) bool {
	accepted := false
	for c := 0; c < len(s.best.Channels); c++ {
		for w := len(s.best.Channels[c].Waves) - 1; w >= 0; w-- {
			ok := s.try(func(sc *sim.Scenario) {
				ch := &sc.Channels[c]
				if w > 0 {
					ch.Waves[w-1].Hosts = append(ch.Waves[w-1].Hosts, ch.Waves[w].Hosts...)
				}
				ch.Waves = slices.Delete(ch.Waves, w, w+1)
			})
			accepted = accepted || ok
		}
	}
	return accepted
}

// trySoak replaces what keeps hosts busy with a soak of their waves, which is the simplest way.
func trySoak(s *shrinker) bool {
	accepted := false
	for c := 0; c < len(s.best.Channels); c++ {
		for w := range s.best.Channels[c].Waves {
			for _, soak := range []time.Duration{time.Hour, 24 * time.Hour} {
				for _, edit := range []func(*sim.Scenario){
					func(sc *sim.Scenario) { sc.Delays, sc.Fates = nil, nil },
					func(sc *sim.Scenario) { sc.Delays = nil },
					func(sc *sim.Scenario) { sc.Fates = nil },
				} {
					ok := s.try(func(sc *sim.Scenario) {
						sc.Channels[c].Waves[w].Soak = soak
						edit(sc)
					})
					accepted = accepted || ok
				}
			}
		}
	}
	return accepted
}

// tryGates removes what holds hosts back.
func tryGates(s *shrinker) bool {
	accepted := false
	try := func(edit func(*sim.Scenario)) {
		ok := s.try(edit)
		accepted = accepted || ok
	}
	for c := 0; c < len(s.best.Channels); c++ {
		try(func(sc *sim.Scenario) { sc.Channels[c].Policy.OnHealthFailure = reducer.Halt })
		try(func(sc *sim.Scenario) { sc.Channels[c].Windows = nil })
		for i := len(s.best.Channels[c].After) - 1; i >= 0; i-- {
			try(func(sc *sim.Scenario) {
				sc.Channels[c].After = slices.Delete(sc.Channels[c].After, i, i+1)
			})
		}
		for i := len(s.best.Channels[c].HostEdges) - 1; i >= 0; i-- {
			try(func(sc *sim.Scenario) {
				sc.Channels[c].HostEdges = slices.Delete(sc.Channels[c].HostEdges, i, i+1)
			})
		}
		try(func(sc *sim.Scenario) { // hosts outside the waves join the first one
			ch := &sc.Channels[c]
			if len(ch.Outside) > 0 {
				ch.Waves = append(ch.Waves, controlplane.Wave{Hosts: ch.Outside})
				ch.Outside = nil
			}
		})
	}
	return accepted
}

// tryLists removes entries of the shorter lists.
func tryLists(s *shrinker) bool {
	accepted := false
	for _, run := range []func(*shrinker) bool{
		list(
			func(sc *sim.Scenario) int { return len(sc.Budgets) },
			func(sc *sim.Scenario, i int) { sc.Budgets = slices.Delete(sc.Budgets, i, i+1) },
		),
		list(
			func(sc *sim.Scenario) int { return len(sc.Quarantine) },
			func(sc *sim.Scenario, i int) { sc.Quarantine = slices.Delete(sc.Quarantine, i, i+1) },
		),
		list(
			func(sc *sim.Scenario) int { return len(sc.Groups) },
			func(sc *sim.Scenario, i int) { sc.Groups = slices.Delete(sc.Groups, i, i+1) },
		),
		list(
			func(sc *sim.Scenario) int { return len(sc.Tags) },
			func(sc *sim.Scenario, i int) { sc.Tags = slices.Delete(sc.Tags, i, i+1) },
		),
		list(
			func(sc *sim.Scenario) int { return len(sc.Running) },
			func(sc *sim.Scenario, i int) { sc.Running = slices.Delete(sc.Running, i, i+1) },
		),
		list(
			func(sc *sim.Scenario) int { return len(sc.Releases) },
			func(sc *sim.Scenario, i int) { sc.Releases = slices.Delete(sc.Releases, i, i+1) },
		),
		list(
			func(sc *sim.Scenario) int { return len(sc.Mended) },
			func(sc *sim.Scenario, i int) { sc.Mended = slices.Delete(sc.Mended, i, i+1) },
		),
	} {
		ok := run(s)
		accepted = accepted || ok
	}
	return accepted
}

// tryDraws replaces what is still drawn with lines of their own: few lines may stand where they
// need to stand, where many do not.
func tryDraws(s *shrinker) bool {
	accepted := false
	if len(s.best.Faults)+len(s.best.Traffic) > 0 {
		for _, said := range s.explicit(s.best) {
			ok := s.try(func(sc *sim.Scenario) { *sc = *clone(said) })
			accepted = accepted || ok
		}
	}
	for i := 0; i < len(s.best.Faults); i++ {
		for _, to := range nice {
			always, err := sim.Constant(to)
			if err != nil {
				continue
			}
			ok := s.try(func(sc *sim.Scenario) { sc.Faults[i].For = always })
			accepted = accepted || ok
		}
	}
	if len(s.best.Channels) == 1 {
		for i := 0; i < len(s.best.Timeline); i++ {
			ok := s.best.Timeline[i].Release != nil && s.try(func(sc *sim.Scenario) {
				a := &sc.Timeline[i]
				a.SetRef = &sim.RefChange{Channel: sc.Channels[0].ID, Ref: a.Release.Ref}
				a.Release = nil
			})
			accepted = accepted || ok
		}
	}
	return accepted
}

// tryBehaviour removes the behaviour of all hosts that a fallback has left, one by one.
func tryBehaviour(s *shrinker) bool {
	accepted := false
	try := func(edit func(*sim.Behaviour)) {
		ok := s.try(func(sc *sim.Scenario) { edit(&sc.Behaviour) })
		accepted = accepted || ok
	}
	usual := scenario.DefaultBehaviour()
	for i := range scenario.Delays(&s.best.Behaviour) {
		d := *delaysOf(&s.best.Behaviour)[i]
		if d != nil && d.Equal(*delaysOf(&usual)[i]) {
			continue // tryUnused has left it out
		}
		try(func(b *sim.Behaviour) { *delaysOf(b)[i] = nil })
		if d = *delaysOf(&s.best.Behaviour)[i]; d != nil {
			for _, to := range nice[1:] {
				if always, err := sim.Constant(to); err == nil {
					try(func(b *sim.Behaviour) { *delaysOf(b)[i] = always })
				}
			}
		}
	}
	for i := range scenario.Chances(&s.best.Behaviour) {
		try(func(b *sim.Behaviour) { *chancesOf(b)[i] = nil })
	}
	return accepted
}

// tryUnused leaves the length of a stage out of the file if no host reaches that stage.
func tryUnused(s *shrinker) bool {
	accepted := false
	usual := scenario.DefaultBehaviour()
	for i, stage := range sim.Stages() {
		if *delaysOf(&s.best.Behaviour)[i] != nil {
			continue
		}
		c := clone(s.best)
		*delaysOf(&c.Behaviour)[i] = *delaysOf(&usual)[i]
		said, err := explicit(c, s.options(c), sim.FaultKinds())
		if err != nil || slices.ContainsFunc(said.Delays, func(d sim.Delay) bool {
			return d.Stage == stage
		}) {
			continue
		}
		ok := s.try(func(sc *sim.Scenario) {
			*delaysOf(&sc.Behaviour)[i] = *delaysOf(&usual)[i]
		})
		accepted = accepted || ok
	}
	return accepted
}

// resetStages makes the stages that tryUnused has left out take no time: a host may reach them
// without its fate.
func resetStages(sc *sim.Scenario) {
	usual := scenario.DefaultBehaviour()
	for i, d := range delaysOf(&sc.Behaviour) {
		if *d != nil && (*d).Equal(*delaysOf(&usual)[i]) {
			*d = nil
		}
	}
}

func delaysOf(b *sim.Behaviour) []**sim.Distribution {
	return []**sim.Distribution{
		&b.Ack, &b.Activation, &b.Reboot, &b.Probe, &b.Converge, &b.Rollback,
	}
}

func chancesOf(b *sim.Behaviour) []**sim.Probability {
	return []**sim.Probability{
		&b.ActivationFailure, &b.Deferral, &b.ProbeFailure, &b.RollbackFailure, &b.NoAnswer,
	}
}

// tryHorizon shortens the run: first to little more than the last line of the timeline.
func tryHorizon(s *shrinker) bool {
	last := time.Duration(0)
	for i := 0; i < len(s.best.Timeline); i++ {
		last = max(last, s.best.Timeline[i].At)
	}
	for _, more := range []time.Duration{time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour} {
		if s.fast && last+more < s.best.Horizon &&
			s.try(func(sc *sim.Scenario) { sc.Horizon = last + more }) {
			return true
		}
	}
	return false
}

// tryDetails removes the fields that narrow down a line.
func tryDetails(s *shrinker) bool {
	accepted := false
	try := func(edit func(*sim.Scenario)) {
		ok := s.try(edit)
		accepted = accepted || ok
	}
	if s.movable {
		try(func(sc *sim.Scenario) { sc.ControlPlane, sc.Mended = controlplane.Specified, nil })
	}
	try(func(sc *sim.Scenario) { sc.Start = scenario.DefaultStart })
	for i := range phases(&s.best.Phases) {
		try(func(sc *sim.Scenario) { *phases(&sc.Phases)[i] = reducer.Opt[time.Duration]{} })
	}
	for i := 0; i < len(s.best.Fates); i++ {
		try(func(sc *sim.Scenario) { sc.Fates[i].Ref = "" })
		try(func(sc *sim.Scenario) { sc.Fates[i].Once = false })
		try(func(sc *sim.Scenario) {
			sc.Fates[i].RebootAfter = reducer.Opt[time.Duration]{}
			sc.Fates[i].PassesAfter = reducer.Opt[time.Duration]{}
		})
	}
	for i := 0; i < len(s.best.Delays); i++ {
		try(func(sc *sim.Scenario) { sc.Delays[i].Ref = "" })
	}
	for i := 0; i < len(s.best.Budgets); i++ {
		try(func(sc *sim.Scenario) { sc.Budgets[i].MaxInFlight, sc.Budgets[i].Percent = 1, 0 })
	}
	for i := 0; i < len(s.best.Faults); i++ {
		try(func(sc *sim.Scenario) { sc.Faults[i].Hosts = nil })
		try(func(sc *sim.Scenario) { sc.Faults[i].From, sc.Faults[i].Until = 0, 0 })
		try(func(sc *sim.Scenario) { sc.Faults[i].Probability = sim.Certain })
	}
	for i := 0; i < len(s.best.Timeline); i++ {
		detailsOfAction(s, i, try)
	}
	return accepted
}

// detailsOfAction removes the fields that narrow down a line of the timeline.
func detailsOfAction(s *shrinker, i int, try func(func(*sim.Scenario))) {
	try(func(sc *sim.Scenario) { sc.Timeline[i].KeepAt = false })
	if f := s.best.Timeline[i].Fault; f != nil {
		of := func(edit func(*sim.FaultNow)) {
			try(func(sc *sim.Scenario) { edit(sc.Timeline[i].Fault) })
		}
		of(func(f *sim.FaultNow) { f.Rollout, f.Seq, f.Message = "", 0, 0 })
		of(func(f *sim.FaultNow) { f.Rollout = "" })
		for _, kind := range reducer.AgentEventKinds() {
			if s.best.Timeline[i].Fault.Seq > 0 {
				of(func(f *sim.FaultNow) { f.Seq, f.Message = 0, kind })
			}
		}
		of(func(f *sim.FaultNow) { f.Message = 0 })
		of(func(f *sim.FaultNow) { f.Channel = "" })
		for joined := range s.best.Timeline[i].Fault.Joined {
			of(func(f *sim.FaultNow) { f.Joined = joined })
		}
	}
	if ev := s.best.Timeline[i].Event; ev != nil {
		of := func(edit func(*reducer.Event)) {
			try(func(sc *sim.Scenario) { edit(sc.Timeline[i].Event) })
		}
		of(func(ev *reducer.Event) { ev.Reason = "" })
		of(func(ev *reducer.Event) { ev.Wave = 0 })
		of(func(ev *reducer.Event) { ev.FromWave, ev.ToWave = 0, min(1, ev.ToWave) })
		of(func(ev *reducer.Event) { ev.FromWave, ev.ToWave = 0, 0 })
	}
}

// tryValues makes each length of time as simple as it can be.
func tryValues(s *shrinker) bool {
	accepted := false
	for i := 0; i < len(values(s.best)); i++ {
		v := values(s.best)[i]
		for _, to := range v.simpler(v.get(s.best)) {
			if s.fast && (i == 0 && to == scenario.DefaultHorizon) {
				continue // a long run costs much, so that this comes last
			}
			try := s.try
			if i == 0 && to == scenario.DefaultHorizon {
				try = s.tryLong
			}
			if try(func(sc *sim.Scenario) { v.set(sc, to) }) {
				accepted = true
				break
			}
		}
	}
	return accepted
}

// fewLines is how many lines a timeline may have for edits of two lines at once.
const fewLines = 8

// tryPairs removes a line of the timeline, and moves another one.
func tryPairs(s *shrinker) bool {
	accepted := false
	for i := len(s.best.Timeline) - 1; i >= 0; i-- {
		for j := 0; j < len(s.best.Timeline) && i < len(s.best.Timeline); j++ {
			if len(s.best.Timeline) > fewLines || i == j {
				continue
			}
			for _, to := range moments[:7] {
				ok := s.try(func(sc *sim.Scenario) {
					sc.Timeline[j].At = to
					sc.Timeline = slices.Delete(sc.Timeline, i, i+1)
				})
				if ok {
					accepted = true
					break
				}
			}
		}
	}
	return accepted
}

// tryOrder sorts the timeline by time: lines that wait for a moment come last.
func tryOrder(s *shrinker) bool {
	return s.try(func(sc *sim.Scenario) {
		slices.SortStableFunc(sc.Timeline, compareTimes)
		renamingOf(sc).apply(sc) // refs are named in the order of the timeline
	})
}

func compareTimes(a, b sim.Action) int {
	if a.When != nil || b.When != nil {
		return cmp.Compare(count(a.When != nil), count(b.When != nil))
	}
	return cmp.Compare(a.At, b.At)
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

// tryNames renames everything to its plain name.
func tryNames(s *shrinker) bool {
	return s.try(func(sc *sim.Scenario) { renamingOf(sc).apply(sc) })
}
