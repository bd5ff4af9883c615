package sim

import (
	"cmp"
	"fmt"
	"math"
	"path"
	"strings"
	"time"

	"rollsim/controlplane"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// world holds the parts of one run.
type world struct {
	sc         *Scenario
	opt        Options
	perInstant int // maxPerInstant, or less in tests
	timeline   []*Action
	lineIDs    []uint64 // of a Walk: its number, or a hash of a line that an Edit has added

	clock    clock
	record   recorder
	chance   chance
	inv      *controlplane.Inventory
	rollouts rollouts
	upstream upstream
	network  network
	agents   agents
	moments  moments
	driver   driver
}

func newWorld(sc *Scenario, opt Options) (*world, error) {
	if err := checkScenario(sc); err != nil {
		return nil, err
	}
	inv, err := newInventory(sc)
	if err != nil {
		return nil, err
	}
	if n := inv.Hosts(); n > maxNumber {
		return nil, fmt.Errorf("the fleet has %d hosts, expected at most %d", n, maxNumber)
	}
	build := opt.ControlPlane
	if build == nil {
		if build, err = controlplane.ByName(sc.ControlPlane); err != nil {
			return nil, err
		}
	}
	plane := build(inv, opt.Machine)
	w := &world{sc: sc, opt: opt, perInstant: maxPerInstant, inv: inv}
	w.timeline = make([]*Action, len(sc.Timeline))
	for i := range sc.Timeline {
		w.timeline[i] = &sc.Timeline[i]
	}
	w.clock = clock{start: sc.Start, now: sc.Start}
	w.chance = chance{clock: &w.clock, seed: opt.Seed}
	w.record = recorder{
		clock: &w.clock, sink: opt.Sink, keeps: mayCrash(sc),
		check: invariant.NewChecker(plane.Fleet(), newHeader(sc, opt, inv)),
	}
	if opt.Refold {
		w.record.refold = reducer.NewFleet(opt.Machine, inv.Policy)
	}
	w.upstream = upstream{
		refs: make([]reducer.ChannelRef, len(sc.Channels)), back: make([]bool, len(sc.Channels)),
		had: make([]refSet, len(sc.Channels)), inv: inv, clock: &w.clock, seed: opt.Seed,
		traffic: sc.Traffic,
	}
	declareHosts(w.record.check, sc)
	w.moments = newMoments(&w.clock, w.timeline, sc.Sometimes)
	w.driver = driver{
		plane: plane, build: build, machine: opt.Machine, inv: inv, clock: &w.clock, chance: &w.chance,
		record: &w.record, rollouts: &w.rollouts, agents: &w.agents, moments: &w.moments,
		polled: make([]reducer.ChannelRef, len(sc.Channels)),
	}
	w.network = network{
		clock: &w.clock, chance: &w.chance, record: &w.record, rollouts: &w.rollouts, inv: inv,
		deliver: w.driver.receive,
	}
	w.agents = agents{
		inv: inv, clock: &w.clock, chance: &w.chance, network: &w.network, record: &w.record,
		rollouts: &w.rollouts,
	}
	if err := w.addAgents(); err != nil {
		return nil, err
	}
	if err := w.addFaults(); err != nil {
		return nil, err
	}
	w.driver.production, err = newProduction(w)
	return w, err
}

// follow makes another control plane follow the log, if that can be done. It then is the second
// fold, and what is restored after a crash.
func (w *world) follow() bool {
	follower, can := w.driver.build(w.inv, w.opt.Machine).(controlplane.Follower)
	if can {
		w.record.follower, w.record.refold, w.record.keeps = follower, nil, false
	}
	return can
}

// declareHosts shows the invariants how many hosts follow each channel, and how long they soak.
func declareHosts(check *invariant.Checker, sc *Scenario) {
	for i := range sc.Channels {
		hosts, waves := 0, sc.Channels[i].Waves
		soaks := make([]time.Duration, len(waves))
		for w := range waves {
			hosts += len(waves[w].Hosts)
			soaks[w] = waves[w].Soak
		}
		hosts += len(sc.Channels[i].Outside) - len(sc.Channels[i].Absent)
		for _, id := range sc.Channels[i].Absent {
			check.Outside(id)
		}
		check.Declare(sc.Channels[i].ID, hosts, soaks)
		if windows := sc.Channels[i].Windows; len(windows) > 0 {
			check.Windows(sc.Channels[i].ID, func(at reducer.Time) bool {
				return controlplane.Open(windows, at)
			})
		}
	}
}

// checkScenario checks what NewInventory does not check.
func checkScenario(sc *Scenario) error {
	if sc.Horizon <= 0 || int64(sc.Start) > math.MaxInt64-int64(sc.Horizon)-int64(maxDelay) {
		return fmt.Errorf("the horizon %v is not above 0 or ends after the year 2252", sc.Horizon)
	}
	for i := range sc.Channels {
		if ch := &sc.Channels[i]; ch.PollInterval <= 0 {
			return fmt.Errorf("channel %s: the poll interval %v is not above 0", ch.ID, ch.PollInterval)
		}
	}
	if err := checkPatterns(sc); err != nil {
		return err
	}
	return checkChannelGraph(sc.Channels)
}

// checkPatterns checks the globs of a scenario.
func checkPatterns(sc *Scenario) error {
	check := func(what, name string, patterns []string) error {
		for _, pattern := range patterns {
			if _, err := path.Match(pattern, ""); err != nil {
				return fmt.Errorf("%s %s: host pattern %q: %w", what, name, pattern, err)
			}
		}
		return nil
	}
	var errs []error
	for i := range sc.Budgets {
		errs = append(errs, check("budget", sc.Budgets[i].Name, sc.Budgets[i].Hosts))
	}
	for i := range sc.Tags {
		errs = append(errs, check("tags", strings.Join(sc.Tags[i].Tags, ","), sc.Tags[i].Hosts))
	}
	for i := range sc.Releases {
		errs = append(errs, check("release", string(sc.Releases[i].Ref), sc.Releases[i].Unchanged))
	}
	for i := range sc.Running {
		errs = append(errs, check("running", string(sc.Running[i].Ref), sc.Running[i].Hosts))
	}
	return cmp.Or(errs...)
}

func newInventory(sc *Scenario) (*controlplane.Inventory, error) {
	conf := controlplane.Config{
		Channels:   make([]controlplane.Channel, len(sc.Channels)),
		Budgets:    sc.Budgets,
		Quarantine: sc.Quarantine,
		Tags:       sc.Tags,
		Mended:     sc.Mended,
	}
	for i := range sc.Channels {
		ch := &sc.Channels[i]
		conf.Channels[i] = controlplane.Channel{
			ID: ch.ID, Policy: ch.Policy, Waves: ch.Waves, After: ch.After, HostEdges: ch.HostEdges,
			Outside: ch.Outside, Windows: ch.Windows, Absent: ch.Absent,
		}
	}
	return controlplane.NewInventory(&conf)
}

// addAgents adds an agent for every host.
func (w *world) addAgents() error {
	w.agents.list = make([]agent, 0, w.inv.Hosts())
	for i := range w.sc.Channels {
		ch := &w.sc.Channels[i]
		profiles := newProfiles(w.sc, ch)
		for wave := range ch.Waves {
			for _, id := range ch.Waves[wave].Hosts {
				p, err := profiles.of(id)
				if err != nil {
					return err
				}
				w.agents.add(id, p)
			}
		}
		for _, id := range ch.Outside {
			p, err := profiles.of(id)
			if err != nil {
				return err
			}
			w.agents.add(id, p)
		}
	}
	for _, f := range w.sc.Fates {
		n, ok := w.inv.Host(f.Host)
		if !ok {
			return fmt.Errorf("a fate names host %s, which no wave has", f.Host)
		}
		a := &w.agents.list[n]
		a.profile = a.profile.withFate(f)
	}
	for _, d := range w.sc.Delays {
		n, ok := w.inv.Host(d.Host)
		if !ok {
			return fmt.Errorf("a delay names host %s, which no wave has", d.Host)
		}
		a := &w.agents.list[n]
		a.profile = a.profile.withDelay(d)
	}
	return nil
}

// addFaults adds the scenario's faults, and the links that faults need, and hosts that leave.
// Without them it adds nothing.
func (w *world) addFaults() error {
	faulty := len(w.sc.Faults) > 0 || w.opt.choices
	for i := range w.sc.Timeline {
		o := w.sc.Timeline[i].Order
		faulty = faulty || w.sc.Timeline[i].Fault != nil ||
			o != nil && o.Kind == controlplane.RemoveHost
	}
	if !faulty {
		return nil
	}
	for i := range w.sc.Faults {
		if err := w.chance.add(&w.sc.Faults[i], w.inv); err != nil {
			return err
		}
	}
	w.network.connect()
	w.driver.polls = make([]uint64, len(w.sc.Channels))
	w.driver.keys = make([]uint64, len(w.sc.Channels))
	for i := range w.driver.keys {
		w.driver.keys[i] = streamKey(string(w.sc.Channels[i].ID))
	}
	return nil
}

// mayCrash reports whether the control plane may crash.
func mayCrash(sc *Scenario) bool {
	for i := range sc.Timeline {
		if f := sc.Timeline[i].Fault; f != nil && f.Kind == ControlPlaneCrash {
			return true
		}
	}
	for i := range sc.Faults {
		if sc.Faults[i].Kind == ControlPlaneCrash {
			return true
		}
	}
	return false
}

// newHeader returns the first line of a run's trace.
func newHeader(sc *Scenario, opt Options, inv *controlplane.Inventory) *trace.Header {
	h := &trace.Header{
		Format: trace.FormatVersion, Scenario: sc.Name, Seed: opt.Seed, Machine: opt.Machine.Name(),
		Quarantine: sc.Quarantine,
	}
	if name := sc.ControlPlane; name != "" && name != controlplane.Specified {
		h.ControlPlane = string(name)
	}
	for i := range sc.Budgets {
		// The shipped planner ignores percentages, so that nobody can check them.
		if sc.ControlPlane != controlplane.Shipped || sc.Budgets[i].Percent == 0 {
			h.Budgets = append(h.Budgets, inv.Budget(i))
		}
	}
	switch {
	case opt.UntilSeq > 0:
		h.Until = fmt.Sprint(opt.UntilSeq)
	case opt.Until > 0:
		h.Until = opt.Until.String()
	}
	for i := range sc.Channels {
		ch := &sc.Channels[i]
		h.Channels = append(h.Channels, trace.ChannelConfig{
			Channel: ch.ID, Policy: ch.Policy, After: ch.After, HostEdges: ch.HostEdges,
		})
	}
	return h
}
