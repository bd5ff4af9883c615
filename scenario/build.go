package scenario

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/goccy/go-yaml/ast"

	"rollsim/internal/nearest"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/sim"
)

// DefaultBehaviour is how hosts behave when a scenario does not say otherwise: healthy, with the
// delays of ordinary machines.
func DefaultBehaviour() sim.Behaviour {
	never := sim.Probability(0)
	return sim.Behaviour{
		Ack:        must(sim.Uniform(1*time.Second, 5*time.Second)),
		Activation: must(sim.LogNormalP99(40*time.Second, 3*time.Minute)),
		Reboot:     must(sim.Exponential(10 * time.Minute)),
		Probe:      must(sim.Constant(20 * time.Second)),
		Converge:   must(sim.Constant(1 * time.Second)),
		Rollback:   must(sim.LogNormalP99(30*time.Second, 2*time.Minute)),

		ActivationFailure: &never,
		Deferral:          &never,
		ProbeFailure:      &never,
		RollbackFailure:   &never,
		NoAnswer:          &never,
	}
}

func must(d *sim.Distribution, err error) *sim.Distribution {
	if err != nil {
		panic("scenarios: " + err.Error())
	}
	return d
}

// builder makes a sim.Scenario of a decoded file and checks what only the whole can tell.
type builder struct {
	*problems
	root     ast.Node
	doc      *document
	maxHosts int

	channels []string
	hosts    []string
	named    map[reducer.ChannelID]int // by channel, index into doc.Channels
	channel  map[reducer.HostID]int    // by host, index into doc.Channels
	counted  int                       // hosts so far, against maxHosts

	// What the timeline opens.
	rollouts []string
	opened   map[reducer.RolloutID]int // index into doc.Channels, or raw
	refs     []map[reducer.ChannelRef]bool
	prefixes [][]string // by channel, of the refs that traffic numbers

	included included

	anyFleet bool // there are no hosts to hold patterns against, and no horizon
}

// maxRules is how many groups, budgets, faults and lines of traffic one scenario may have, of each:
// every host is held against every one of them.
const maxRules = 500

// raw stands for the channel of a rollout that a raw event opens: its hosts and waves are not the
// channel's.
const raw = -1

// reject says what is wrong with the value at a path of field names and list indices.
func (b *builder) reject(where []any, format string, args ...any) {
	if n := b.included.traffic; n > 0 && where[0] == "traffic" {
		i := where[1].(int)
		if i < n {
			of := problems{file: b.included.path}
			of.add(locate(b.included.root, where), format, args...)
			b.list = append(b.list, of.list...)
			return
		}
		where[1] = i - n
	}
	b.add(locate(b.root, where), format, args...)
}

// at makes a path.
func at(steps ...any) []any { return steps }

// locate finds the place of a value; of what encloses it when it was not given.
func locate(n ast.Node, where []any) position {
	for _, step := range where {
		var next ast.Node
		switch step := step.(type) {
		case string:
			if m, ok := n.(*ast.MappingNode); ok {
				for _, entry := range m.Values {
					if entry.Key.GetToken().Value == step {
						next = entry.Value
					}
				}
			}
		case int:
			if s, ok := n.(*ast.SequenceNode); ok && step < len(s.Values) {
				next = s.Values[step]
			}
		}
		if next == nil {
			break
		}
		n = next
	}
	return nodePosition(n)
}

func (b *builder) build(name string) sim.Scenario {
	doc := b.doc
	sc := sim.Scenario{
		Name:      name,
		Start:     reducer.Time(doc.Start),
		Horizon:   time.Duration(doc.Horizon),
		Seed:      doc.Seed,
		Machine:   string(doc.Machine),
		Behaviour: DefaultBehaviour(),

		ControlPlane: doc.ControlPlane,
	}
	b.checkTimes()
	sc.Channels = b.buildChannels()
	b.buildEdges(sc.Channels)
	sc.Budgets = b.buildBudgets()
	overlay(&sc.Behaviour, &b.included.behaviour)
	overlay(&sc.Behaviour, &doc.Behaviour)
	b.collectRollouts()
	sc.Quarantine = b.buildQuarantine()
	sc.Groups = b.buildGroups()
	sc.Fates = b.buildFates()
	for i := range doc.Timeline {
		if b.enough() {
			break
		}
		sc.Timeline = append(sc.Timeline, b.buildAction(i))
	}
	sc.Traffic = b.buildTraffic()
	sc.Faults = b.buildFaults(doc.Faults)
	for i := range doc.Sometimes {
		if b.enough() {
			break
		}
		sc.Sometimes = append(sc.Sometimes, *b.buildMoment(&doc.Sometimes[i], at("sometimes", i)))
	}
	sc.ExpectViolations = b.buildViolations()
	return sc
}

func (b *builder) checkTimes() {
	if b.doc.Horizon == 0 {
		b.reject(at("horizon"), "horizon: it must be above 0s")
	}
	year := time.Unix(0, int64(b.doc.Start)).UTC().Year()
	if year < 1700 || year > 2200 {
		b.reject(at("start"), "start: it must be between the years 1700 and 2200, so that every later "+
			"time has a place")
	}
}

// checkName refuses names that could not be told apart in a trace or a message.
func (b *builder) checkName(what, name, forbidden string, where []any) {
	const longest = 200
	switch {
	case name == "":
		b.reject(where, "%s is empty", what)
	case len(name) > longest:
		b.reject(where, "%s is longer than %d bytes", what, longest)
	case strings.ContainsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }):
		b.reject(where, "%s %s has a space or an invisible character", what, quote(name))
	case forbidden != "" && strings.ContainsAny(name, forbidden):
		b.reject(where, "%s %s has one of the characters %s", what, quote(name), forbidden)
	}
}

func (b *builder) buildChannels() []sim.Channel {
	if len(b.doc.Channels) == 0 {
		b.reject(at("channels"), "channels: a scenario has at least one")
	}
	b.named = make(map[reducer.ChannelID]int)
	b.channel = make(map[reducer.HostID]int)
	b.refs = make([]map[reducer.ChannelRef]bool, len(b.doc.Channels))
	b.prefixes = make([][]string, len(b.doc.Channels))
	var made []sim.Channel
	for i := range b.doc.Channels {
		c := &b.doc.Channels[i]
		b.checkName("the channel's name", c.Name, "@", at("channels", i, "name"))
		if _, twice := b.named[reducer.ChannelID(c.Name)]; twice {
			b.reject(at("channels", i, "name"), "channel %s is declared twice", quote(c.Name))
		}
		b.named[reducer.ChannelID(c.Name)] = i
		b.channels = append(b.channels, c.Name)
		b.refs[i] = make(map[reducer.ChannelRef]bool)
		if c.PollInterval < duration(time.Second) {
			b.reject(at("channels", i, "poll_interval"), "poll_interval: it must be at least 1s")
		}
		if c.Retention%duration(time.Second) != 0 {
			b.reject(at("channels", i, "retention"), "retention: it is counted in whole seconds")
		}
		made = append(made, sim.Channel{
			ID:           reducer.ChannelID(c.Name),
			PollInterval: time.Duration(c.PollInterval),
			Policy: reducer.Policy{
				OnHealthFailure: c.Policy, RetentionSeconds: int64(c.Retention / duration(time.Second)),
			},
			Waves: b.buildWaves(i),
		})
		if b.enough() {
			break
		}
	}
	return made
}

// buildWaves names the hosts that are only counted: stable-01, stable-02 and on through the waves
// of the channel.
func (b *builder) buildWaves(i int) []sim.Wave {
	c := &b.doc.Channels[i]
	total := 0
	for j := range c.Waves {
		h := &c.Waves[j].Hosts
		b.counted += int(h.count) + len(h.names)
		if b.counted > b.maxHosts {
			b.reject(at("channels", i, "waves", j, "hosts"), "hosts: more than %d in the "+
				"scenario", b.maxHosts)
			return nil
		}
		total += int(h.count)
	}
	width := max(2, len(fmt.Sprint(total)))
	next := 1
	var made []sim.Wave
	for j := range c.Waves {
		h := &c.Waves[j].Hosts
		w := sim.Wave{Soak: time.Duration(c.Waves[j].Soak)}
		for range h.count {
			id := reducer.HostID(fmt.Sprintf("%s-%0*d", c.Name, width, next))
			next++
			w.Hosts = append(w.Hosts, id)
			if !b.declare(id, i) {
				b.reject(at("channels", i, "waves", j, "hosts"), "host %s is counted here, and named "+
					"elsewhere", quote(string(id)))
				return made
			}
		}
		for k, id := range h.names {
			b.checkName("the host's name", string(id), `*?[]\`, at("channels", i, "waves", j, "hosts", k))
			w.Hosts = append(w.Hosts, id)
			if !b.declare(id, i) {
				b.reject(at("channels", i, "waves", j, "hosts", k),
					"host %s is declared twice: a host belongs to one channel and one wave", quote(string(id)))
			}
			if b.enough() {
				return made
			}
		}
		made = append(made, w)
	}
	return made
}

// declare notes a host; false when it was noted before.
func (b *builder) declare(id reducer.HostID, channel int) bool {
	if _, twice := b.channel[id]; twice {
		return false
	}
	b.channel[id] = channel
	b.hosts = append(b.hosts, string(id))
	return true
}

// overlay lays what a file says of a behaviour over what there is.
func overlay(to *sim.Behaviour, from *behaviour) {
	delays := []struct {
		to   **sim.Distribution
		from *delay
	}{
		{&to.Ack, from.Ack},
		{&to.Activation, from.Activation},
		{&to.Reboot, from.Reboot},
		{&to.Probe, from.Probe},
		{&to.Converge, from.Converge},
		{&to.Rollback, from.Rollback},
	}
	for _, d := range delays {
		if d.from != nil {
			*d.to = d.from.distribution
		}
	}
	chances := []struct {
		to   **sim.Probability
		from *probability
	}{
		{&to.ActivationFailure, from.ActivationFailure},
		{&to.Deferral, from.Deferral},
		{&to.ProbeFailure, from.ProbeFailure},
		{&to.RollbackFailure, from.RollbackFailure},
		{&to.NoAnswer, from.NoAnswer},
	}
	for _, c := range chances {
		if c.from != nil {
			*c.to = (*sim.Probability)(c.from)
		}
	}
}

func (b *builder) buildGroups() []sim.Group {
	var made []sim.Group
	for i := range b.doc.Groups {
		if b.tooMany("groups", i) {
			return made
		}
		g := &b.doc.Groups[i]
		b.checkPatterns(g.Hosts, "groups", i)
		group := sim.Group{Hosts: g.Hosts}
		overlay(&group.Behaviour, &g.Behaviour)
		made = append(made, group)
	}
	return made
}

// tooMany stops at the rule after the last one that is allowed, and where looking for more problems
// is of no use.
func (b *builder) tooMany(field string, i int) bool {
	if i == maxRules {
		b.reject(at(field, i), "%s: more than %d", field, maxRules)
	}
	return i >= maxRules || b.enough()
}

// checkPatterns checks the hosts of a rule, of which there must be some.
func (b *builder) checkPatterns(patterns []string, field string, i int) {
	if len(patterns) == 0 {
		b.reject(at(field, i, "hosts"), "hosts: at least one is needed")
	}
	for j, pattern := range patterns {
		if b.enough() {
			return
		}
		b.checkPattern(pattern, at(field, i, "hosts", j))
	}
}

func (b *builder) checkPattern(pattern string, where []any) {
	if b.anyFleet {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			b.rejectPattern(pattern, where)
		}
		return
	}
	if _, ok := b.channel[reducer.HostID(pattern)]; ok {
		return
	}
	if !strings.ContainsAny(pattern, `*?[\`) {
		b.reject(where, "%v", unknownName{"host", pattern, b.hosts})
		return
	}
	if _, err := path.Match(pattern, ""); err != nil {
		b.rejectPattern(pattern, where)
		return
	}
	for _, h := range b.hosts {
		if ok, _ := path.Match(pattern, h); ok {
			return
		}
	}
	b.reject(where, "no host is named like %s", quote(pattern))
}

func (b *builder) rejectPattern(pattern string, where []any) {
	b.reject(where, "%s is not a pattern for hosts such as \"web-*\"", quote(pattern))
}

// collectRollouts notes what the timeline and traffic open, so that whatever names a rollout or a
// ref can be checked.
func (b *builder) collectRollouts() {
	b.opened = make(map[reducer.RolloutID]int)
	open := func(id reducer.RolloutID, channel int) {
		if _, again := b.opened[id]; !again {
			b.rollouts = append(b.rollouts, string(id))
		} else if channel != raw {
			return
		}
		b.opened[id] = channel
	}
	for i := range b.doc.Timeline {
		a := &b.doc.Timeline[i]
		if a.Channel != nil && a.Ref != nil {
			if c := b.channelNamed(*a.Channel); c >= 0 {
				b.refs[c][*a.Ref] = true
				open(reducer.NewRolloutID(*a.Channel, *a.Ref), c)
			}
		}
		if a.Event != nil && a.Event.RolloutOpened != nil {
			ev := a.Event.RolloutOpened
			if c := b.channelNamed(ev.Channel); c >= 0 {
				b.refs[c][ev.TargetRef] = true
			}
			open(ev.RolloutID, raw)
		}
	}
	for i := range b.doc.Traffic {
		t := &b.doc.Traffic[i]
		c := b.channelNamed(t.Channel)
		switch {
		case c < 0:
		case t.Flapping != nil:
			for _, ref := range t.Flapping.Between {
				b.refs[c][ref] = true
				open(reducer.NewRolloutID(t.Channel, ref), c)
			}
		default:
			b.prefixes[c] = append(b.prefixes[c], t.prefix())
		}
	}
}

// movesTo tells whether a channel ever moves to a ref: by the timeline, or by traffic that numbers
// its refs.
func (b *builder) movesTo(channel int, ref string) bool {
	if b.refs[channel][reducer.ChannelRef(ref)] {
		return true
	}
	for _, prefix := range b.prefixes[channel] {
		number, ok := strings.CutPrefix(ref, prefix)
		if ok && number != "0" && wholeNumberForm.MatchString(number) {
			return true
		}
	}
	return false
}

// checkRef refuses what the channel never moves to.
func (b *builder) checkRef(channel int, ref string, where []any) {
	if !b.movesTo(channel, ref) {
		b.reject(where, "channel %s never moves to ref %s%s", b.channels[channel], quote(ref),
			nearest.Hint(ref, b.refsOf(channel)))
	}
}

// rolloutNamed finds the channel of a rollout, which is raw for one that a raw event opens; false
// when nothing opens it.
func (b *builder) rolloutNamed(id reducer.RolloutID) (channel int, ok bool) {
	if c, ok := b.opened[id]; ok {
		return c, true
	}
	name, ref, _ := strings.Cut(string(id), "@")
	c := b.channelNamed(reducer.ChannelID(name))
	return c, c >= 0 && b.movesTo(c, ref)
}

// channelNamed finds a channel; -1 when there is none.
func (b *builder) channelNamed(id reducer.ChannelID) int {
	if i, ok := b.named[id]; ok {
		return i
	}
	return -1
}

func (b *builder) buildFates() []sim.Fate {
	var made []sim.Fate
	for i := range b.doc.Fates {
		if b.enough() {
			break
		}
		f := &b.doc.Fates[i]
		fate := sim.Fate{Host: f.Host, Kind: f.Fate}
		channel, ok := b.channel[f.Host]
		if !ok {
			b.reject(at("fates", i, "host"), "%v", unknownName{"host", string(f.Host), b.hosts})
			continue
		}
		if f.Ref != nil {
			b.checkRef(channel, string(*f.Ref), at("fates", i, "ref"))
			fate.Ref = *f.Ref
		}
		if f.RebootAfter != nil {
			if f.Fate != sim.Defers {
				b.reject(at("fates", i, "reboot_after"), "reboot_after: only a host whose fate is defers "+
					"waits for a reboot")
			}
			fate.RebootAfter = reducer.Some(time.Duration(f.RebootAfter.after))
			if f.RebootAfter.never {
				fate.RebootAfter.Value = -1
			}
		}
		made = append(made, fate)
	}
	return made
}

// refsOf lists the refs of a channel in the order of the timeline, then of traffic.
func (b *builder) refsOf(channel int) []string {
	var refs []string
	for i := range b.doc.Timeline {
		a := &b.doc.Timeline[i]
		switch {
		case a.Channel != nil && a.Ref != nil && b.channelNamed(*a.Channel) == channel:
			refs = append(refs, string(*a.Ref))
		case a.Event != nil && a.Event.RolloutOpened != nil && b.channelNamed(a.Event.RolloutOpened.Channel) == channel:
			refs = append(refs, string(a.Event.RolloutOpened.TargetRef))
		}
	}
	for i := range b.doc.Traffic {
		if t := &b.doc.Traffic[i]; t.Flapping != nil && b.channelNamed(t.Channel) == channel {
			for _, ref := range t.Flapping.Between {
				refs = append(refs, string(ref))
			}
		}
	}
	for _, prefix := range b.prefixes[channel] {
		refs = append(refs, prefix+"1")
	}
	return refs
}

func (b *builder) checkRollout(id reducer.RolloutID, where []any) {
	if _, ok := b.rolloutNamed(id); !ok {
		b.reject(where, "unknown rollout %s, which neither the timeline nor traffic opens%s",
			quote(string(id)), nearest.Hint(string(id), b.rollouts))
	}
}

func (b *builder) buildAction(i int) sim.Action {
	a := &b.doc.Timeline[i]
	var made sim.Action

	switch {
	case (a.At == nil) == (a.When == nil):
		b.reject(at("timeline", i), "a line of the timeline has either at or when")
	case a.At != nil:
		made.At = time.Duration(*a.At)
		if made.At > time.Duration(b.doc.Horizon) {
			b.reject(at("timeline", i, "at"), "at: this is after the horizon, so that it never happens")
		}
	default:
		made.When = b.buildMoment(a.When, at("timeline", i, "when"))
	}
	if a.After != nil {
		made.At = time.Duration(*a.After)
		if a.When == nil {
			b.reject(at("timeline", i, "after"), "after: it counts from the moment that when describes, "+
				"and there is none")
		}
	}

	moves, clears, lifts, breaks, happens := a.Channel != nil ||
		a.Ref != nil, a.Clear != nil, a.Lift != nil, a.Fault != nil, a.Event != nil
	kinds := 0
	for _, is := range []bool{moves, clears, lifts, breaks, happens} {
		if is {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		b.reject(at("timeline", i), "a line of the timeline has one of these: channel and ref, clear, "+
			"lift, fault, or event")
	case moves:
		made.SetRef = b.buildRefChange(i)
	case clears:
		made.Event = b.buildClearance(i)
	case lifts:
		made.Lift = b.buildClosure(a.Lift, at("timeline", i, "lift"))
	case breaks:
		made.Fault = b.buildFaultNow(i)
	case happens:
		made.Event, made.KeepAt = b.buildEvent(i)
	}
	if !clears && (a.Operator != nil || a.Reason != nil) {
		b.reject(at("timeline", i), "operator and reason belong to clear")
	}
	if !breaks && (a.Host != nil || a.For != nil) {
		b.reject(at("timeline", i), "host and for belong to fault")
	}
	return made
}

func (b *builder) buildRefChange(i int) *sim.RefChange {
	a := &b.doc.Timeline[i]
	if a.Channel == nil || a.Ref == nil {
		b.reject(at("timeline", i), "channel and ref belong together")
		return nil
	}
	if b.channelNamed(*a.Channel) < 0 {
		b.reject(
			at("timeline", i, "channel"), "%v", unknownName{"channel", string(*a.Channel), b.channels},
		)
	}
	b.checkName("the ref", string(*a.Ref), "", at("timeline", i, "ref"))
	return &sim.RefChange{Channel: *a.Channel, Ref: *a.Ref}
}

func (b *builder) buildClearance(i int) *reducer.Event {
	a := &b.doc.Timeline[i]
	b.checkRollout(*a.Clear, at("timeline", i, "clear"))
	ev := &reducer.Event{Kind: reducer.OperatorClearance, Rollout: *a.Clear, Operator: "operator"}
	if a.Operator != nil {
		ev.Operator = *a.Operator
	}
	if a.Reason != nil {
		ev.Reason = *a.Reason
	}
	return ev
}

// buildMoment makes a moment, of what is found at a path.
func (b *builder) buildMoment(m *moment, path []any) *sim.Moment {
	where := func(field string) []any { return append(slices.Clone(path), field) }
	b.checkRollout(m.Rollout, where("rollout"))
	made := &sim.Moment{Rollout: m.Rollout}
	if m.State != nil {
		made.State = *m.State
	}
	switch {
	case m.Wave != nil && m.Host != nil:
		b.reject(where("wave"), "a moment asks either for a wave or for a host")
	case (m.Wave != nil || m.Host != nil) && m.HostState == nil:
		b.reject(path, "a moment of a wave or a host needs host_state")
	case m.Wave == nil && m.Host == nil && m.HostState != nil:
		b.reject(where("host_state"), "host_state: it belongs to a wave or a host")
	}
	if m.HostState != nil {
		made.HostState = *m.HostState
	}
	channel, ok := b.rolloutNamed(m.Rollout)
	ok = ok && channel != raw
	if m.Wave != nil {
		made.Wave = reducer.Some(*m.Wave)
		if ok && uint64(*m.Wave) >= uint64(len(b.doc.Channels[channel].Waves)) {
			b.reject(
				where("wave"), "channel %s has no wave %d: waves are counted from 0", b.channels[channel],
				*m.Wave,
			)
		}
	}
	if m.Host != nil {
		made.Host = *m.Host
		if ok {
			b.checkMember(*m.Host, channel, where("host"))
		}
	}
	return made
}

func (b *builder) checkMember(id reducer.HostID, channel int, where []any) {
	of, known := b.channel[id]
	switch {
	case !known:
		b.reject(where, "%v", unknownName{"host", string(id), b.hosts})
	case of != channel:
		b.reject(where, "host %s belongs to channel %s", id, b.channels[of])
	}
}

// buildEvent makes a raw event; true when it carries its own time.
func (b *builder) buildEvent(i int) (*reducer.Event, bool) {
	e := b.doc.Timeline[i].Event
	var made []reducer.Event
	var own *timestamp
	add := func(ev reducer.Event, at *timestamp) {
		if at != nil {
			ev.At = reducer.Time(*at)
		}
		made, own = append(made, ev), at
	}
	if x := e.RolloutOpened; x != nil {
		add(
			reducer.Event{
				Kind:      reducer.RolloutOpened,
				Rollout:   x.RolloutID,
				Channel:   x.Channel,
				TargetRef: x.TargetRef,
			},
			x.At,
		)
	}
	if x := e.HostJoined; x != nil {
		add(
			reducer.Event{Kind: reducer.HostJoined, Rollout: x.RolloutID, Host: x.HostID, Wave: x.Wave},
			x.At,
		)
	}
	if x := e.HostStateChanged; x != nil {
		add(
			reducer.Event{
				Kind:    reducer.HostStateChanged,
				Rollout: x.RolloutID,
				Host:    x.HostID,
				From:    x.From,
				To:      x.To,
			},
			x.At,
		)
	}
	if x := e.WaveAdvanced; x != nil {
		add(
			reducer.Event{
				Kind:     reducer.WaveAdvanced,
				Rollout:  x.RolloutID,
				FromWave: x.FromWave,
				ToWave:   x.ToWave,
			},
			x.At,
		)
	}
	if x := e.RolloutTerminal; x != nil {
		add(reducer.Event{Kind: reducer.RolloutTerminal, Rollout: x.RolloutID}, x.At)
	}
	if x := e.SuccessorOpened; x != nil {
		add(reducer.Event{
			Kind: reducer.SuccessorOpened, Rollout: x.SupersededRolloutID, Successor: x.SuccessorRolloutID,
		}, x.At)
	}
	if x := e.RetentionExpired; x != nil {
		add(reducer.Event{Kind: reducer.RetentionExpired, Rollout: x.RolloutID}, x.At)
	}
	if x := e.OperatorClearance; x != nil {
		add(
			reducer.Event{
				Kind:     reducer.OperatorClearance,
				Rollout:  x.RolloutID,
				Operator: x.Operator,
				Reason:   x.Reason,
			},
			x.At,
		)
	}
	if len(made) != 1 {
		b.reject(at("timeline", i, "event"), "event: expected exactly one event, found %d", len(made))
		return nil, false
	}
	return &made[0], own != nil
}

func (b *builder) buildViolations() []invariant.Violation {
	var made []invariant.Violation
	subjects := slices.Concat(b.rollouts, b.channels)
	for i := range b.doc.Budgets {
		subjects = append(subjects, b.doc.Budgets[i].Name)
	}
	known := make(map[string]bool)
	for _, name := range subjects {
		known[name] = true
	}
	seen := make(map[invariant.Violation]bool)
	for i, v := range b.doc.ExpectViolations {
		if b.enough() {
			break
		}
		v := invariant.Violation(v)
		where := at("expect_violations", i)
		if seen[v] {
			b.reject(where, "expect_violations: %s is named twice", quote(v.String()))
		}
		seen[v] = true
		if _, opened := b.rolloutNamed(reducer.RolloutID(v.Subject)); !opened && !known[v.Subject] {
			b.reject(
				where, "expect_violations: no rollout, channel or budget is named %s%s", quote(v.Subject),
				nearest.Hint(v.Subject, subjects),
			)
		}
		made = append(made, v)
	}
	return made
}
