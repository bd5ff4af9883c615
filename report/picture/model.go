package picture

import (
	"cmp"
	"slices"

	"rollsim/reducer"
	"rollsim/timeline"
)

// model is what a picture shows, before it has coordinates.
type model struct {
	x        *timeline.Index
	from, to reducer.Time
	channels []*channel
	crashes  []mark // of the control plane
	times    []reducer.Time
	hosts    int                 // with those that are left out
	rollouts int                 // likewise
	open     []*timeline.Rollout // that are unfinished
	notes    []string            // what is left out
}

// channel is a section of the picture.
type channel struct {
	id    reducer.ChannelID
	bands []*band
	lines []*line
	marks []mark // about the channel as a whole
}

// band is a rollout.
type band struct {
	r     *timeline.Rollout // at the end
	spans []span[reducer.State]
	waves []wave
	marks []mark
	open  bool // the rollout stands, and some host has not converged
	gone  bool // its row was deleted: its id is opened again
}

// line is a host. Its spans are those under the rollout that it joined last; rest has the spans
// under rollouts before that one, while they are in progress.
type line struct {
	id     reducer.HostID
	number uint32
	wave   uint32
	staged bool // the wave is known
	spans  []span[reducer.HostState]
	rest   []span[reducer.HostState]
	marks  []mark
	last   timeline.Host // at the end
	failed bool
}

// span is the time in one state.
type span[S any] struct {
	from, to reducer.Time
	state    S
	gate     string // that holds a host
	sent     bool   // the host was dispatched
	starts   bool   // with it a rollout starts
}

// wave is a move of the wave cursor.
type wave struct {
	at reducer.Time
	to uint32
}

// shape is how a mark looks. The zero value is invalid.
type shape uint8

const (
	dispatched shape = 1 + iota
	again            // dispatched again
	failed
	fault
	crash // of the control plane
	refusal
	flag // a violation or a finding

	shapeEnd
)

const shapeCount = int(shapeEnd)

// mark is something that happens at an instant.
type mark struct {
	at    reducer.Time
	shape shape
	text  string
	label int // the number of a flag in the list below the picture
}

// The limits of what a picture shows.
const (
	maxLines = 64 // hosts
	maxBands = 12 // rollouts of one channel
	maxFlags = 12 // violations and findings in the list
)

// modeler makes a model out of the changes of an index.
type modeler struct {
	*model
	end      *timeline.Snapshot
	now      reducer.Time
	bands    []*band                                // by rollout number
	lines    map[uint32]*line                       // by host number
	current  map[uint32]uint32                      // host to the rollout that it joined last
	pending  map[[2]uint32]*span[reducer.HostState] // that are open, by rollout and host
	of       map[reducer.ChannelID]*channel
	attempts map[[2]uint32]int
}

// newModel returns the model of an index, with at most so many hosts, and rollouts of a channel.
func newModel(x *timeline.Index, lines, bands int) *model {
	c := x.Cursor()
	c.Go(x.Len())
	m := &modeler{
		model: &model{x: x, from: x.Start(), to: x.Start()},
		end:   c.Snapshot(), now: x.Start(), lines: make(map[uint32]*line),
		current: make(map[uint32]uint32), pending: make(map[[2]uint32]*span[reducer.HostState]),
		of: make(map[reducer.ChannelID]*channel), attempts: make(map[[2]uint32]int),
	}
	for n := range x.Len() {
		m.to = max(m.to, x.At(n))
	}
	changes := x.Changes()
	for i := range changes {
		// a log of several writers may step back
		m.now = max(m.now, x.At(int(changes[i].N)))
		m.change(&changes[i])
	}
	m.finish(lines, bands)
	return m.model
}

// change adds a change to the model.
func (m *modeler) change(c *timeline.Change) {
	switch c.What {
	case timeline.Mentioned:
		b := &band{r: m.end.Rollouts[c.Rollout]}
		if b.r.Incarnation > 1 {
			m.deleted(b.r.Record.RolloutID)
		}
		m.bands = append(m.bands, b)
		ch := m.channel(b.r.Record.Channel)
		ch.bands = append(ch.bands, b)
	case timeline.State:
		m.rolloutState(m.bands[c.Rollout], reducer.State(c.Value))
	case timeline.Wave:
		b := m.bands[c.Rollout]
		b.waves = append(b.waves, wave{m.now, uint32(c.Value)})
	case timeline.Joined, timeline.HostState:
		m.hostState(c)
	case timeline.Held:
		gate, _ := m.x.Gate(c.Value)
		m.held(c, gate)
	case timeline.Dispatched:
		m.dispatched(c)
	case timeline.Faulted:
		m.faulted(c)
	case timeline.Refused:
		k := mark{at: m.now, shape: refusal, text: m.x.Name(c.Value)}
		if c.Rollout != timeline.None {
			m.bands[c.Rollout].marks = append(m.bands[c.Rollout].marks, k)
		}
	case timeline.Opened, timeline.TerminalAt, timeline.SupersededAt, timeline.Timer,
		timeline.Closure, timeline.Heard, timeline.Quarantined, timeline.Polled, timeline.Planned:
	}
}

// deleted ends the band of a rollout whose id is opened again.
func (m *modeler) deleted(id reducer.RolloutID) {
	if b := m.bandOf(id, m.now); b != nil && len(b.spans) > 0 {
		b.gone = true
		b.spans[len(b.spans)-1].to = m.now
	}
}

func (m *modeler) channel(id reducer.ChannelID) *channel {
	ch := m.of[id]
	if ch == nil {
		ch = &channel{id: id}
		m.of[id] = ch
		m.channels = append(m.channels, ch)
	}
	return ch
}

func (m *modeler) line(host uint32) *line {
	l := m.lines[host]
	if l == nil {
		l = &line{id: m.x.Hosts()[host], number: host}
		m.lines[host] = l
	}
	return l
}

func (m *modeler) rolloutState(b *band, s reducer.State) {
	at := m.now
	if n := len(b.spans); n > 0 {
		b.spans[n-1].to = at
	}
	b.spans = append(b.spans, span[reducer.State]{from: at, to: m.to, state: s})
	if s == reducer.Failed {
		b.marks = append(b.marks, mark{at: at, shape: failed, text: "the rollout fails"})
	}
}

// hostState starts a span of a host.
func (m *modeler) hostState(c *timeline.Change) {
	key, l := [2]uint32{c.Rollout, c.Host}, m.line(c.Host)
	at := m.now
	state := reducer.HostPending
	if c.What == timeline.HostState {
		state = reducer.HostState(c.Value)
	}
	before, joined := m.current[c.Host]
	if !joined || c.Rollout > before {
		if old := m.pending[[2]uint32{before, c.Host}]; joined && old != nil {
			m.closeSpan(l, before, c.Host, at, false)
			if inProgress(old.state) {
				m.pending[[2]uint32{before, c.Host}] = &span[reducer.HostState]{from: at, state: old.state}
			}
		}
		m.current[c.Host] = c.Rollout
	}
	if m.pending[key] != nil {
		m.closeSpan(l, c.Rollout, c.Host, at, c.Rollout != m.current[c.Host])
	}
	next := &span[reducer.HostState]{from: at, state: state}
	next.starts = c.Rollout == m.current[c.Host] && (!joined || before != c.Rollout)
	m.pending[key] = next
	if state == reducer.HostFailed {
		l.failed = true
		l.marks = append(l.marks, mark{at: at, shape: failed, text: "fails"})
	}
}

// inProgress reports whether a host in the state may still move.
func inProgress(s reducer.HostState) bool {
	switch s {
	case reducer.HostActivating, reducer.HostDeferred, reducer.HostSoaking, reducer.HostFailed:
		return true
	case reducer.HostPending, reducer.HostConverged, reducer.HostReverted:
	}
	return false
}

// closeSpan ends the open span of a host under a rollout, and adds it to the line.
func (m *modeler) closeSpan(l *line, rollout, host uint32, at reducer.Time, rest bool) {
	key := [2]uint32{rollout, host}
	s := m.pending[key]
	delete(m.pending, key)
	s.to = at
	switch {
	case rest && inProgress(s.state):
		l.rest = append(l.rest, *s)
	case !rest:
		l.spans = append(l.spans, *s)
	}
}

// dispatched adds a dispatch.
func (m *modeler) dispatched(c *timeline.Change) {
	key, l := [2]uint32{c.Rollout, c.Host}, m.line(c.Host)
	m.attempts[key]++
	if m.attempts[key] > 1 {
		l.marks = append(l.marks, mark{at: m.now, shape: again, text: "dispatched"})
		return
	}
	l.marks = append(l.marks, mark{at: m.now, shape: dispatched, text: "dispatched"})
	if o := m.pending[key]; o != nil {
		m.hold(key, o, "", true)
	}
}

// held records which gate holds a host.
func (m *modeler) held(c *timeline.Change, gate string) {
	key := [2]uint32{c.Rollout, c.Host}
	if o := m.pending[key]; o != nil && o.gate != gate {
		m.hold(key, o, gate, false)
	}
}

// hold splits the open span of a host where another gate holds it, or where it is dispatched.
func (m *modeler) hold(key [2]uint32, o *span[reducer.HostState], gate string, sent bool) {
	at := m.now
	if key[0] != m.current[key[1]] || o.from == at {
		o.gate, o.sent = gate, sent
		return
	}
	state := o.state
	m.closeSpan(m.line(key[1]), key[0], key[1], at, false)
	m.pending[key] = &span[reducer.HostState]{from: at, state: state, gate: gate, sent: sent}
}

// faulted adds a fault of the simulator.
func (m *modeler) faulted(c *timeline.Change) {
	name, id := m.x.Fault(c.Value)
	k := mark{at: m.now, shape: fault, text: name}
	switch {
	case c.Host != timeline.None:
		l := m.line(c.Host)
		l.marks = append(l.marks, k)
	case c.Rollout != timeline.None:
		m.bands[c.Rollout].marks = append(m.bands[c.Rollout].marks, k)
	case id != "":
		ch := m.channel(id)
		ch.marks = append(ch.marks, k)
	default:
		k.shape = crash
		m.crashes = append(m.crashes, k)
	}
}

// finish ends the open spans, assigns the lines to channels and leaves out what is too much.
func (m *modeler) finish(lines, bands int) {
	for _, b := range m.bands {
		if len(b.spans) == 0 { // no entry proves its state
			b.spans = append(b.spans, span[reducer.State]{from: m.from, to: m.to})
		}
		m.rollouts++
		if b.open = b.r.Unfinished() && !b.gone; b.open {
			m.open = append(m.open, b.r)
		}
	}
	hosts := make([]uint32, 0, len(m.lines))
	for h := range m.lines {
		hosts = append(hosts, h)
	}
	slices.Sort(hosts)
	for _, h := range hosts {
		l := m.lines[h]
		rollout, joined := m.current[h]
		if !joined {
			continue // only a fault names it
		}
		r := m.end.Rollouts[rollout]
		m.closeOpen(l, h, rollout)
		l.last, _ = r.Host(l.id)
		l.wave, l.staged = l.last.Wave, l.last.Joined
		ch := m.channel(r.Record.Channel)
		ch.lines = append(ch.lines, l)
		m.hosts++
	}
	for _, ch := range m.channels {
		slices.SortStableFunc(ch.lines, func(a, b *line) int { return cmp.Compare(a.wave, b.wave) })
	}
	m.flags()
	m.limit(lines, bands)
	m.collectTimes()
}

// collectTimes collects the times that the scale shows: those of what is drawn, except for
// dispatches that are repeated: there may be many.
func (m *modeler) collectTimes() {
	add := func(t reducer.Time) { m.times = append(m.times, t) }
	marks := func(all []mark) {
		for i := range all {
			if all[i].shape != again {
				add(all[i].at)
			}
		}
	}
	add(m.from)
	add(m.to)
	marks(m.crashes)
	for _, ch := range m.channels {
		marks(ch.marks)
		for _, b := range ch.bands {
			marks(b.marks)
			for i := range b.spans {
				add(b.spans[i].from)
			}
			for i := range b.waves {
				add(b.waves[i].at)
			}
		}
		for _, l := range ch.lines {
			marks(l.marks)
			for i := range l.spans {
				add(l.spans[i].from)
			}
			for i := range l.rest {
				add(l.rest[i].from)
				add(l.rest[i].to)
			}
		}
	}
	slices.Sort(m.times)
	m.times = slices.Compact(m.times)
}

// closeOpen ends the open span of a host at the end of the trace. It drops those under earlier
// rollouts: no entry shows that the host still works for them.
func (m *modeler) closeOpen(l *line, host, current uint32) {
	if m.pending[[2]uint32{current, host}] != nil {
		m.closeSpan(l, current, host, m.to, false)
	}
}
