package explore

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"time"

	"rollsim/controlplane"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/sim"
)

// Swarm draws a scenario for each seed.
type Swarm struct {
	menu *menu
	yaml map[*sim.Distribution]string
}

// NewSwarm returns a swarm. Several goroutines may use it.
func NewSwarm() *Swarm {
	m := newMenu()
	return &Swarm{menu: m, yaml: m.yamlOf()}
}

// DrawnControlPlane lets each seed choose between the specified and the shipped control plane.
const DrawnControlPlane controlplane.Name = "drawn"

// controlPlaneFor returns the default choice of a control plane for the machine with a name.
func controlPlaneFor(name string) controlplane.Name {
	if e, err := machine.ForSweep(name); err == nil && e.Shipped {
		return DrawnControlPlane
	}
	return controlplane.Specified
}

// drawControlPlane returns the control plane of a seed. Half of the seeds draw the shipped one.
func drawControlPlane(seed uint64, choice controlplane.Name) controlplane.Name {
	switch {
	case choice != DrawnControlPlane:
		return choice
	case newStream(seed, "planner").chance(500):
		return controlplane.Shipped
	}
	return controlplane.Specified
}

// Draw returns the scenario of a seed for the machine with a name. Equal seeds have equal
// scenarios. With faults it also draws faults, which end early enough for everything to settle
// before the horizon. Half of the seeds of the shipped machine run the shipped control plane.
func (s *Swarm) Draw(seed uint64, name string, faults bool) *sim.Scenario {
	sc, _ := s.draw(seed, name, controlPlaneFor(name), faults)
	return sc
}

// draw is Draw for a choice of a control plane. It also returns the end of refs and faults, after
// which everything settles.
func (s *Swarm) draw(
	seed uint64, name string, choice controlplane.Name, faults bool,
) (*sim.Scenario, time.Duration) {
	d := &drawing{menu: s.menu, seed: seed, sc: &sim.Scenario{
		Name: "seed-" + strconv.FormatUint(seed, 10), Start: drawnStart, Seed: seed, Machine: name,
	}}
	plane := drawControlPlane(seed, choice)
	d.fleet()
	if plane == controlplane.Shipped {
		d.until = min(d.until, 2*time.Hour)
	}
	d.gates()
	d.behaviour()
	d.traffic()
	d.script()
	d.operator()
	d.secondOperator()
	d.setBack()
	if plane != controlplane.Specified {
		d.sc.ControlPlane = plane
	}
	if plane == controlplane.Shipped {
		d.shipped()
	}
	if plane != controlplane.Shipped { // which would not wait for such a host
		d.lateHosts()
	}
	if faults && d.quiet == 0 {
		d.hostile()
		d.misroute()
		d.timedFaults()
		d.sc.Faults = s.faults(seed, d.until, d.sc)
	}
	settles := d.settles()
	if plane == controlplane.Shipped {
		// A plan logs a row for each host that waits, each time.
		settles = min(settles, shippedSettles)
	}
	d.sc.Horizon = d.until + settles + d.quiet
	return d.sc, d.until
}

// withFaults returns a copy of a scenario with the faults of a seed added, in the first half of its
// time.
func (s *Swarm) withFaults(seed uint64, sc *sim.Scenario) *sim.Scenario {
	changed := *sc
	changed.Seed = seed
	changed.Faults = slices.Concat(sc.Faults, s.faults(seed, sc.Horizon/2, sc))
	return &changed
}

// drawnStart is the start of drawn scenarios, 2026-01-01T00:00:00Z: the default of scenario files.
const drawnStart = reducer.Time(1_767_225_600_000_000_000)

// drawing is a scenario that is being drawn.
type drawing struct {
	menu  *menu
	seed  uint64
	sc    *sim.Scenario
	until time.Duration // the end of refs and faults, after which everything settles
	quiet time.Duration // how long the fleet is left alone after that

	longest time.Duration    // the longest time of one host for one rollout
	refs    []int            // by channel: the approximate count of its refs
	hosts   []reducer.HostID // of all channels
}

// settleSlack is the time for steps of a fixed length: polls, plan ticks, and dispatches and
// messages that are sent again.
const settleSlack = 2 * time.Hour

// shippedSettles is the most time for everything to settle under the shipped control plane. What
// has not continued for two hours then is stuck.
const shippedSettles = 4 * time.Hour

// beyondHorizon is a retention in seconds that is longer than any horizon. It reveals rollouts that
// only pruning would end.
const beyondHorizon = 90 * 24 * 3600

// fleet draws channels, waves and hosts.
func (d *drawing) fleet() {
	s := newStream(d.seed, "fleet")
	d.until = pick(s, []time.Duration{time.Hour, 2 * time.Hour, 4 * time.Hour, 12 * time.Hour})
	names := []reducer.ChannelID{"edge", "stable", "lts", "kiosk"}
	shuffle(s, names)
	channels := pick(s, []int{1, 1, 1, 1, 2, 2, 2, 3, 3, 4})
	most := pick(s, []int{3, 8, 8, 20, 40}) / channels
	for i := range channels {
		ch := sim.Channel{
			ID: names[i],
			PollInterval: pick(
				s, []time.Duration{15 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute},
			),
			Policy: reducer.Policy{
				OnHealthFailure:  pick(s, reducer.HealthPolicies()),
				RetentionSeconds: pick(s, []int64{0, 60, 600, 600, 3600, 3600, 6 * 3600, beyondHorizon}),
			},
		}
		left := s.between(1, max(1, most))
		if s.chance(60) {
			left = 0 // a channel without hosts, whose rollouts stay in Opening
		}
		width := max(2, len(strconv.Itoa(left)))
		for next := 1; left > 0; {
			wave := sim.Wave{
				Soak: pick(
					s, []time.Duration{0, 0, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour},
				),
			}
			size, empty := s.between(1, left), s.chance(80)
			switch {
			case len(ch.Waves) == 3: // the last one
				size = left
			case empty:
				size = 0
			}
			for range size {
				id := reducer.HostID(fmt.Sprintf("%s-%0*d", ch.ID, width, next))
				next++
				wave.Hosts = append(wave.Hosts, id)
				d.hosts = append(d.hosts, id)
			}
			left -= size
			ch.Waves = append(ch.Waves, wave)
		}
		d.sc.Channels = append(d.sc.Channels, ch)
	}
}

// gates draws channel edges, host edges and budgets, without cycles.
func (d *drawing) gates() {
	s := newStream(d.seed, "gates")
	channels := d.sc.Channels
	if s.chance(600) {
		for i := range channels {
			for j := range i {
				// a channel without hosts would block forever
				if s.chance(500) && len(hostsOf(&channels[j])) > 0 {
					channels[i].After = append(channels[i].After, channels[j].ID)
				}
			}
		}
		shuffle(s, channels)
	}
	if s.chance(300) {
		for i := range channels {
			hosts := hostsOf(&channels[i])
			for n := 1; n < len(hosts); n++ {
				if s.chance(200) {
					channels[i].HostEdges = append(
						channels[i].HostEdges, sim.HostEdge{Host: hosts[n], After: hosts[s.below(n)]},
					)
				}
			}
		}
	}
	if s.chance(400) && len(d.hosts) > 0 {
		for i := range s.between(1, 2) {
			want := pick(s, []string{"*", "*1", "*[02468]", string(channels[0].ID) + "-*"})
			d.sc.Budgets = append(d.sc.Budgets, sim.Budget{
				Name:  "budget-" + strconv.Itoa(i+1),
				Hosts: []string{pattern(d.hosts, want)}, MaxInFlight: pick(s, []int{1, 1, 2, 3, 5}),
			})
		}
	}
}

// behaviour draws how agents behave. Each failure is possible in some seeds only. A failure that
// leaves a rollout waiting forever is possible in few seeds.
func (d *drawing) behaviour() {
	s := newStream(d.seed, "behaviour")
	m := d.menu
	b := &d.sc.Behaviour
	draw := func(to **sim.Distribution, from []delay) {
		chosen := pick(s, from)
		*to = chosen.dist
		d.longest += chosen.most
	}
	draw(&b.Ack, m.ack)
	draw(&b.Activation, m.activation)
	draw(&b.Reboot, m.reboot)
	draw(&b.Probe, m.probe)
	draw(&b.Converge, m.converge)
	draw(&b.Rollback, m.rollback)
	b.ActivationFailure = s.failureChance(500, 20, 100)
	b.Deferral = s.failureChance(500, 50, 300)
	b.ProbeFailure = s.failureChance(500, 20, 100)
	b.RollbackFailure = s.failureChance(50, 100, 500)
	b.NoAnswer = s.failureChance(50, 10, 50)
	if s.chance(300) && len(d.hosts) > 0 {
		g := sim.Group{Hosts: []string{pattern(d.hosts, pick(s, []string{"*1", "*2", "*[13579]"}))}}
		draw(&g.Behaviour.Activation, m.activation)
		g.Behaviour.ActivationFailure = s.failureChance(500, 100, 500)
		g.Behaviour.Deferral = s.failureChance(500, 100, 1000)
		d.sc.Groups = append(d.sc.Groups, g)
	}
}

// failureChance draws the probability of a failure. It is above 0 in the given number of seeds out
// of 1000, and then from low to high per mille.
func (s *stream) failureChance(seeds, low, high int) *sim.Probability {
	var p sim.Probability
	if s.chance(seeds) {
		p = perMille(s.between(low, high))
	}
	return &p
}

func perMille(n int) sim.Probability { return sim.Certain * sim.Probability(n) / 1000 }

// traffic draws the refs of each channel: some at fixed times, or random arrivals. They are named
// r1, r2 and so on. None is used twice: setBack draws the channels that go back.
func (d *drawing) traffic() {
	s := newStream(d.seed, "traffic")
	for i := range d.sc.Channels {
		ch := d.sc.Channels[i].ID
		n := pick(s, []int{1, 1, 2, 3, 3, 5, 8})
		d.refs = append(d.refs, n)
		if s.chance(500) {
			for ref := range n {
				d.sc.Timeline = append(d.sc.Timeline, sim.Action{
					At:     d.until * time.Duration(ref) / time.Duration(n),
					SetRef: &sim.RefChange{Channel: ch, Ref: refNumber(ref + 1)},
				})
			}
			continue
		}
		every := pick(s, d.menu.between)
		from := time.Duration(s.between(0, 30)) * time.Minute
		d.sc.Traffic = append(d.sc.Traffic, sim.Traffic{
			Channel: ch, Kind: sim.Arrivals, Every: every.dist, Prefix: "r",
			From: from, Until: min(d.until, from+time.Duration(n)*every.most/4),
		})
	}
}

// pattern returns the wanted pattern if it matches some of the hosts, and else "*".
func pattern(hosts []reducer.HostID, want string) string {
	for _, id := range hosts {
		if hit, err := path.Match(want, string(id)); hit && err == nil {
			return want
		}
	}
	return "*"
}

// script draws what a scenario decides about single rollouts in advance: closures in quarantine
// until an operator lifts them, and fates of hosts.
func (d *drawing) script() {
	s := newStream(d.seed, "script")
	if s.chance(100) {
		ch, ref := d.ref(s)
		entry := sim.QuarantineEntry{Channel: ch.ID, Closure: reducer.ClosureHash(ref)}
		d.sc.Quarantine = append(d.sc.Quarantine, entry)
		d.sc.Timeline = append(d.sc.Timeline, sim.Action{At: d.moment(s), Lift: &entry})
	}
	if !s.chance(250) {
		return
	}
	for range s.between(1, 3) {
		ch, ref := d.ref(s)
		hosts := hostsOf(ch)
		if len(hosts) == 0 {
			continue
		}
		f := sim.Fate{Host: pick(s, hosts), Kind: pick(s, []sim.FateKind{
			sim.FailsActivation, sim.FailsProbes, sim.Defers, sim.ConvergesAnyway,
		})}
		if s.chance(800) {
			f.Ref = ref
		}
		d.sc.Fates = append(d.sc.Fates, f)
	}
}

// moment draws a time before everything settles.
func (d *drawing) moment(s *stream) time.Duration {
	return time.Duration(s.between(0, int(d.until/time.Second))) * time.Second
}

// ref draws a channel and a ref that it is likely to have.
func (d *drawing) ref(s *stream) (*sim.Channel, reducer.ChannelRef) {
	i := s.below(len(d.sc.Channels))
	return &d.sc.Channels[i], refNumber(s.between(1, d.refs[i]))
}

// rollout draws a channel and a rollout that is likely to be opened on it.
func (d *drawing) rollout(s *stream) (*sim.Channel, reducer.RolloutID) {
	ch, ref := d.ref(s)
	return ch, reducer.NewRolloutID(ch.ID, ref)
}

// operator draws clearances of failed rollouts, and rollbacks of hosts by hand.
func (d *drawing) operator() {
	s := newStream(d.seed, "operator")
	if s.chance(200) && len(d.hosts) > 0 {
		for range s.between(1, 4) {
			ch, id := d.rollout(s)
			hosts := hostsOf(ch)
			if len(hosts) == 0 {
				continue
			}
			host := pick(s, hosts)
			d.sc.Timeline = append(d.sc.Timeline, sim.Action{
				When: &sim.Moment{Rollout: id, Host: host, HostState: reducer.HostFailed},
				At:   time.Duration(s.between(0, 120)) * time.Minute,
				Event: &reducer.Event{
					Kind: reducer.HostStateChanged, Rollout: id, Host: host,
					From: reducer.HostFailed, To: reducer.HostReverted,
				},
			})
		}
	}
	if !s.chance(500) {
		return
	}
	for range s.between(1, 4) {
		_, id := d.rollout(s)
		d.sc.Timeline = append(d.sc.Timeline, sim.Action{
			When: &sim.Moment{
				Rollout: id,
				State:   pick(s, []reducer.State{reducer.Failed, reducer.Failed, reducer.Reverted}),
			},
			At: time.Duration(s.between(0, 120)) * time.Minute,
			Event: &reducer.Event{
				Kind: reducer.OperatorClearance, Rollout: id, Operator: "operator", Reason: "drawn",
			},
		})
	}
}

// hostile draws raw events that no control plane should write. The specification rejects or ignores
// them at any time, so that any effect is a defect.
func (d *drawing) hostile() {
	s := newStream(d.seed, "hostile")
	if !s.chance(400) {
		return
	}
	ended := []reducer.State{
		reducer.Terminal, reducer.Reverted, reducer.Failed, reducer.Superseded, reducer.Pruned,
	}
	for range s.between(1, 8) {
		ch, id := d.rollout(s)
		wave := s.below(len(ch.Waves) + 1)
		ev := &reducer.Event{Kind: pick(s, reducer.EventKinds()), Rollout: id, Host: "nobody"}
		when := sim.Moment{Rollout: id, State: pick(s, reducer.States())}
		later := pick(s, []time.Duration{0, time.Second, 5 * time.Minute, 2 * time.Hour})
		if len(hostsOf(ch)) == 0 {
			when.State = pick(
				s, []reducer.State{reducer.Opening, reducer.Opening, reducer.Superseded, reducer.Pruned},
			)
		} else if wave < len(ch.Waves) && len(ch.Waves[wave].Hosts) > 0 {
			ev.Host = pick(s, ch.Waves[wave].Hosts)
		}
		switch ev.Kind {
		case reducer.RolloutOpened: // again
			ev.Channel, ev.TargetRef = ch.ID, "again"
		case reducer.HostJoined: // again, in its wave or in another one
			if ev.Host == "nobody" {
				continue // the unknown host would join
			}
			ev.Wave = uint32(pick(s, []int{wave, len(ch.Waves)}))
		case reducer.HostStateChanged: // an illegal move
			ev.From = reducer.HostConverged
			ev.To = pick(s, []reducer.HostState{
				reducer.HostPending, reducer.HostFailed, reducer.HostReverted,
			})
		case reducer.WaveAdvanced: // backward; or in any direction, if the rollout ended or has no waves
			ev.FromWave = uint32(s.between(1, 3))
			ev.ToWave = ev.FromWave - 1
			if idle(when.State, ch) {
				ev.ToWave += uint32(s.between(0, 2))
			} else if s.chance(500) {
				when.State = pick(s, ended)
				ev.ToWave += uint32(s.between(1, 2))
			}
		case reducer.RolloutTerminal: // before its hosts have converged
		case reducer.OperatorClearance: // of a rollout that did not fail
			ev.Operator, ev.Reason = "nobody", "drawn"
		case reducer.SuccessorOpened: // of a rollout that is superseded already
			when.State = pick(s, []reducer.State{reducer.Superseded, reducer.Pruned})
			ev.Successor = reducer.NewRolloutID(ch.ID, "nothing")
		case reducer.RetentionExpired: // before the rollout ended, or again
			if when.State != reducer.Pruned {
				when.State, later = reducer.Opening, 0
			}
		}
		if ev.Kind != reducer.HostJoined && ev.Kind != reducer.HostStateChanged {
			ev.Host = ""
		}
		d.sc.Timeline = append(d.sc.Timeline, sim.Action{When: &when, At: later, Event: ev})
	}
}

// idle reports whether a rollout of the channel, once it is in a state, never has hosts underway.
func idle(state reducer.State, ch *sim.Channel) bool {
	return !state.Underway() || len(hostsOf(ch)) == 0
}

// faults draws the faults of a seed. Most kinds are possible in half of the seeds. A kind that
// leaves a rollout waiting forever is possible in few seeds.
func (s *Swarm) faults(seed uint64, until time.Duration, sc *sim.Scenario) []sim.Fault {
	st := newStream(seed, "faults")
	var made []sim.Fault
	for _, kind := range sim.FaultKinds() {
		f := sim.Fault{Kind: kind, Until: until}
		on, low, high := s.length(st, &f)
		if !st.chance(on) {
			continue
		}
		f.Probability = perMille(st.between(low, high))
		if st.chance(250) {
			from := time.Duration(st.below(int(until/time.Second/2+1))) * time.Second
			f.From, f.Until = from, from+until/4
		}
		if ofHosts(kind) && st.chance(200) {
			if ch := &sc.Channels[st.below(len(sc.Channels))]; len(hostsOf(ch)) > 0 {
				f.Hosts = []string{pattern(hostsOf(ch), string(ch.ID)+"-*")}
			}
		}
		made = append(made, f)
	}
	made = append(made, s.pair(seed, until)...)
	if sc.ControlPlane == controlplane.Shipped {
		made = append(made, s.shippedFaults(seed, until)...)
	}
	return made
}

// length draws how long a fault lasts. It returns in how many seeds out of 1000 its kind is
// possible, and the range of its probability per mille.
func (s *Swarm) length(st *stream, f *sim.Fault) (on, low, high int) {
	switch f.Kind {
	case sim.MessageDelayed, sim.MessageDuplicated, sim.HostOffline, sim.AgentRestart:
		f.For = pick(st, s.menu.length).dist
	case sim.ControlPlaneCrash:
		f.For = pick(st, s.menu.length).dist
		return 400, 1, 5
	case sim.HostLost:
		return 80, 1, 10
	case sim.ClockSkew:
		f.For = pick(st, s.menu.skew).dist
		return 500, 10, 1000
	case sim.DatabaseError, sim.LogInsertFailed:
		return 300, 1, 20
	case sim.TornOpeningCrash:
		f.For = pick(st, s.menu.length).dist
		return 250, 20, 300
	case sim.MessageReordered, sim.MessageDropped, sim.PollFailed, sim.PollStale:
	}
	return 500, 10, 200
}

// ofHosts reports whether a fault applies to hosts or their messages.
func ofHosts(kind sim.FaultKind) bool {
	switch kind {
	case sim.MessageDelayed, sim.MessageDuplicated, sim.MessageReordered, sim.MessageDropped,
		sim.HostOffline, sim.HostLost, sim.AgentRestart, sim.ClockSkew:
		return true
	case sim.ControlPlaneCrash, sim.PollFailed, sim.PollStale,
		sim.DatabaseError, sim.LogInsertFailed, sim.TornOpeningCrash:
	}
	return false
}

// settles returns an upper bound of the time that everything takes after the end of refs and
// faults. It assumes one channel after the other, and in each channel one host after the other if
// budgets or edges may require that, or else one wave after the other.
func (d *drawing) settles() time.Duration {
	var steps int
	var soak, retention time.Duration
	for i := range d.sc.Channels {
		ch := &d.sc.Channels[i]
		if len(d.sc.Budgets) > 0 || len(ch.HostEdges) > 0 {
			steps += len(hostsOf(ch))
		} else {
			steps += len(ch.Waves)
		}
		for j := range ch.Waves {
			soak = max(soak, ch.Waves[j].Soak)
		}
		if ch.Policy.RetentionSeconds != beyondHorizon {
			retention = max(retention, time.Duration(ch.Policy.RetentionSeconds)*time.Second)
		}
	}
	return settleSlack + retention + time.Duration(steps+2)*(d.longest+soak)
}

func hostsOf(ch *sim.Channel) []reducer.HostID {
	hosts := 0
	for i := range ch.Waves {
		hosts += len(ch.Waves[i].Hosts)
	}
	all := make([]reducer.HostID, 0, hosts)
	for i := range ch.Waves {
		all = append(all, ch.Waves[i].Hosts...)
	}
	return all
}

func shuffle[T any](s *stream, list []T) {
	for i := len(list) - 1; i > 0; i-- {
		j := s.below(i + 1)
		list[i], list[j] = list[j], list[i]
	}
}
