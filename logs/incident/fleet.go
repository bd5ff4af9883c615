package incident

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"rollsim/controlplane"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/trace"
)

// Fleet reads the log of a shipped control plane and returns a scenario in which that control plane
// and its agents do the same, as far as the log shows it: the channels with their waves and what
// they wait for, the refs, how long hosts take, which of them fail, and which refs were set back.
// Faults are not in a log, and neither is the random order in which production visits hosts.
func Fleet(log trace.Source) (*sim.Scenario, error) {
	f := &fleet{
		index: make(map[reducer.ChannelID]int), wave: make(map[reducer.HostID]uint32),
		opened: make(map[reducer.RolloutID]reducer.Time), work: make(map[task]*progress),
		current:  make(map[reducer.ChannelID]reducer.RolloutID),
		closures: make(map[reducer.HostID]reducer.ClosureHash),
	}
	last := reducer.Time(0)
	for {
		e, err := log.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if f.start == 0 {
			f.start = e.At
		}
		last = max(last, e.At)
		f.entry(e)
	}
	if len(f.channels) == 0 {
		return nil, errors.New("the log opens no rollout")
	}
	sc := &sim.Scenario{
		Name: "the log", Start: f.start, Seed: 1, Machine: machine.Shipped().Name(),
		Horizon:      time.Duration(last-f.start) + 6*time.Hour,
		ControlPlane: controlplane.Shipped, Behaviour: scenario.DefaultBehaviour(),
		Channels: f.channels, Timeline: f.timeline, Budgets: f.budgets, Releases: f.releases,
	}
	f.finish(sc)
	return sc, nil
}

// task is the work of a host for a rollout.
type task struct {
	rollout reducer.RolloutID
	host    reducer.HostID
}

// progress is what the log shows of a task.
type progress struct {
	dispatched, acked, completed, deferred, failed reducer.Time // 0 for never

	activation, probes bool         // which of them has failed
	control            reducer.Time // when a control failed first
	passes             reducer.Time // when it passed
}

// fleet is what the log has shown so far.
type fleet struct {
	start    reducer.Time
	channels []sim.Channel
	index    map[reducer.ChannelID]int
	wave     map[reducer.HostID]uint32
	hosts    []reducer.HostID // in the order in which they joined first
	of       []reducer.ChannelID
	timeline []sim.Action

	budgets   []sim.Budget
	selectors []string // of the budgets
	releases  []controlplane.Release
	closures  map[reducer.HostID]reducer.ClosureHash // of the last dispatch

	opened  map[reducer.RolloutID]reducer.Time
	current map[reducer.ChannelID]reducer.RolloutID // that the planner works on
	work    map[task]*progress
	tasks   []task // in the order of their first entries
}

func (f *fleet) entry(e *trace.Entry) {
	switch {
	case e.Event != nil && e.Event.Kind == reducer.RolloutOpened:
		f.open(e.Event, e.At)
	case e.Event != nil && e.Event.Kind == reducer.HostJoined:
		f.join(e.Event)
	case e.Plan != nil && e.Plan.Action == trace.QueueDispatch:
		f.planned(e)
		if p := f.task(e); p.dispatched == 0 {
			p.dispatched = e.At
			f.soak(e)
			f.closure(e)
		}
	case e.Gate != nil:
		f.planned(e)
		f.gate(e)
	case e.Agent != nil:
		f.agent(e)
	}
}

func (f *fleet) channel(id reducer.ChannelID) *sim.Channel {
	i, known := f.index[id]
	if !known {
		i = len(f.channels)
		f.index[id] = i
		f.channels = append(f.channels, sim.Channel{
			ID: id, PollInterval: scenario.DefaultPoll, Policy: reducer.DefaultPolicy(),
		})
	}
	return &f.channels[i]
}

func (f *fleet) open(ev *reducer.Event, at reducer.Time) {
	f.channel(ev.Channel)
	if _, again := f.opened[ev.Rollout]; again {
		return
	}
	f.opened[ev.Rollout] = at
	f.point(ev.Channel, ev.TargetRef, at)
}

// point makes a channel point at a ref.
func (f *fleet) point(id reducer.ChannelID, ref reducer.ChannelRef, at reducer.Time) {
	f.current[id] = reducer.NewRolloutID(id, ref)
	f.timeline = append(f.timeline, sim.Action{
		At:     time.Duration(at - f.start).Truncate(time.Second),
		SetRef: &sim.RefChange{Channel: id, Ref: ref},
	})
}

// planned records that the planner works on a rollout. If that is not the last one of its channel,
// the channel was set back.
func (f *fleet) planned(e *trace.Entry) {
	id, ref, ok := splitID(e.Rollout)
	if _, opened := f.opened[e.Rollout]; ok && opened && f.current[id] != e.Rollout {
		f.point(id, ref, e.At)
	}
}

// splitID returns the channel and the ref of a rollout.
func splitID(id reducer.RolloutID) (reducer.ChannelID, reducer.ChannelRef, bool) {
	channel, ref, ok := strings.Cut(string(id), "@")
	return reducer.ChannelID(channel), reducer.ChannelRef(ref), ok
}

func (f *fleet) join(ev *reducer.Event) {
	if _, known := f.wave[ev.Host]; !known {
		id, _, _ := splitID(ev.Rollout)
		f.hosts, f.of = append(f.hosts, ev.Host), append(f.of, id)
	}
	f.wave[ev.Host] = ev.Wave
}

func (f *fleet) task(e *trace.Entry) *progress {
	t := task{e.Rollout, e.Host}
	if f.work[t] == nil {
		f.work[t] = &progress{}
		f.tasks = append(f.tasks, t)
	}
	return f.work[t]
}

// soak learns the soak of a wave from a dispatch: production counts it from the opening.
func (f *fleet) soak(e *trace.Entry) {
	id, _, _ := splitID(e.Rollout)
	opened, known := f.opened[e.Rollout]
	if !known {
		return
	}
	ch, w := f.channel(id), int(f.wave[e.Host])
	if w > 64 {
		return
	}
	for len(ch.Waves) <= w {
		ch.Waves = append(ch.Waves, sim.Wave{})
	}
	ch.Waves[w].Soak = max(0, time.Duration(e.Plan.SoakDueAt-opened).Truncate(time.Second))
}

// inFlight matches the reason of a budget: its limit and its selector.
var inFlight = regexp.MustCompile(`\d+/(\d+) in flight \(([^)]*)\)`)

// budget learns a budget. The tags of hosts are not in a log: it counts those that it has blocked.
func (f *fleet) budget(e *trace.Entry) {
	parts := inFlight.FindStringSubmatch(e.Gate.Reason)
	if parts == nil {
		return
	}
	limit, err := strconv.Atoi(parts[1])
	if err != nil || limit < 1 {
		return
	}
	i := slices.Index(f.selectors, parts[2])
	if i < 0 {
		i = len(f.selectors)
		f.selectors = append(f.selectors, parts[2])
		f.budgets = append(f.budgets, sim.Budget{Name: fmt.Sprintf("budget-%d", i+1), MaxInFlight: limit})
	}
	b := &f.budgets[i]
	if parts[2] == "all" || strings.HasPrefix(parts[2], "channel:") {
		b.Selector = parts[2]
	} else if !slices.Contains(b.Hosts, string(e.Host)) {
		b.Hosts = append(b.Hosts, string(e.Host))
	}
}

// closure learns that a ref does not change a host: it has the closure of an earlier ref.
func (f *fleet) closure(e *trace.Entry) {
	_, ref, _ := splitID(e.Rollout)
	if before, known := f.closures[e.Host]; known && before == e.Plan.Closure {
		i := slices.IndexFunc(f.releases, func(r controlplane.Release) bool { return r.Ref == ref })
		if i < 0 {
			i = len(f.releases)
			f.releases = append(f.releases, controlplane.Release{Ref: ref})
		}
		f.releases[i].Unchanged = append(f.releases[i].Unchanged, string(e.Host))
	}
	f.closures[e.Host] = e.Plan.Closure
}

var quotedName = regexp.MustCompile(`'([^']+)'`)

// gate learns what a channel or a host waits for.
func (f *fleet) gate(e *trace.Entry) {
	if e.Gate.Gate == trace.GateDisruptionBudget {
		f.budget(e)
	}
	name := quotedName.FindStringSubmatch(e.Gate.Reason)
	id, _, _ := splitID(e.Rollout)
	if name == nil || f.index[id] >= len(f.channels) {
		return
	}
	ch := f.channel(id)
	switch e.Gate.Gate {
	case trace.GateChannelEdges:
		if after := reducer.ChannelID(name[1]); !slices.Contains(ch.After, after) && after != id {
			ch.After = append(ch.After, after)
		}
	case trace.GateHostEdge:
		edge := sim.HostEdge{Host: e.Host, After: reducer.HostID(name[1])}
		if !slices.Contains(ch.HostEdges, edge) {
			ch.HostEdges = append(ch.HostEdges, edge)
		}
	}
}

func (f *fleet) agent(e *trace.Entry) {
	a, p := e.Agent, f.task(e)
	switch a.Kind {
	case reducer.DispatchAck:
		p.acked = e.At
	case reducer.ActivationCompleted:
		p.completed = e.At
	case reducer.ActivationDeferred:
		p.deferred = e.At
	case reducer.ActivationFailed:
		p.failed, p.activation = e.At, true
	case reducer.ProbeResult:
		switch {
		case !a.Passed && p.control == 0:
			p.control = e.At
		case a.Passed && p.control > 0 && p.passes == 0:
			p.passes = e.At
		}
	case reducer.ProbesFailed:
		p.failed, p.probes = e.At, true
		if id, _, _ := splitID(e.Rollout); a.Policy != 0 {
			f.channel(id).Policy.OnHealthFailure = a.Policy
		}
	case reducer.RollbackComplete:
		id, _, _ := splitID(e.Rollout)
		f.channel(id).Policy.OnHealthFailure = reducer.RollbackAndHalt
	case reducer.ActivationStarted, reducer.ProbeTopologyDeclared, reducer.ProbeObservedFirst,
		reducer.ProbeFailureFirst, reducer.ProbesPassed:
	}
}

// finish writes the hosts into their waves, and how each task went.
func (f *fleet) finish(sc *sim.Scenario) {
	for i, h := range f.hosts {
		ch := &sc.Channels[f.index[f.of[i]]]
		for len(ch.Waves) <= int(f.wave[h]) {
			ch.Waves = append(ch.Waves, sim.Wave{Soak: scenario.DefaultSoak(controlplane.Shipped)})
		}
		ch.Waves[f.wave[h]].Hosts = append(ch.Waves[f.wave[h]].Hosts, h)
	}
	for i := range sc.Channels {
		ch := &sc.Channels[i]
		ch.After = slices.DeleteFunc(ch.After, func(c reducer.ChannelID) bool {
			_, known := f.index[c]
			return !known
		})
	}
	for _, t := range f.tasks {
		f.taskLines(sc, t)
	}
}

// taskLines adds the delays and the fates of a task.
func (f *fleet) taskLines(sc *sim.Scenario, t task) {
	p := f.work[t]
	_, ref, ok := splitID(t.rollout)
	if _, joined := f.wave[t.host]; !ok || !joined {
		return
	}
	takes := func(stage sim.Stage, from, to reducer.Time) {
		if from == 0 || to < from {
			return
		}
		d, err := sim.Constant(time.Duration(to - from).Truncate(time.Second))
		if err == nil {
			sc.Delays = append(sc.Delays, sim.Delay{Host: t.host, Ref: ref, Stage: stage, Takes: d})
		}
	}
	fate := func(kind sim.FateKind) *sim.Fate {
		sc.Fates = append(sc.Fates, sim.Fate{Host: t.host, Ref: ref, Kind: kind})
		return &sc.Fates[len(sc.Fates)-1]
	}
	takes(sim.AckStage, p.dispatched, p.acked)
	switch {
	case p.deferred > 0:
		takes(sim.ActivationStage, p.acked, p.deferred)
		after := time.Duration(-1)
		if p.completed > p.deferred {
			after = time.Duration(p.completed - p.deferred).Truncate(time.Second)
		}
		fate(sim.Defers).RebootAfter = reducer.Some(after)
	case p.activation:
		takes(sim.ActivationStage, p.acked, p.failed)
		fate(sim.FailsActivation)
	default:
		takes(sim.ActivationStage, p.acked, p.completed)
	}
	switch {
	case p.probes:
		fate(sim.FailsProbes)
	case p.control > 0 && p.completed > 0:
		after := time.Duration(-1)
		if p.passes > 0 {
			after = max(time.Second, time.Duration(p.passes-p.completed).Truncate(time.Second))
		}
		fate(sim.FailsControl).PassesAfter = reducer.Some(after)
	}
}

// Shows returns the first seed, of a number of them, with which a run has a violation that a defect
// explains, and that violation.
func Shows(
	sc *sim.Scenario, defect controlplane.Defect, seeds int,
) (seed uint64, found sim.Violation, err error) {
	m, err := machine.ByName(sc.Machine)
	if err != nil {
		return 0, found, err
	}
	for n := range uint64(seeds) {
		result, err := sim.Run(sc, sim.Options{Machine: m, Seed: n + 1})
		if err != nil {
			return 0, found, err
		}
		for i := range result.Violations {
			if v := &result.Violations[i]; v.Defect == defect && v.Excused == "" {
				return n + 1, *v, nil
			}
		}
	}
	return 0, found, fmt.Errorf("none of %d runs of what the log shows has the defect", seeds)
}
