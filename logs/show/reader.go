package show

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// Reader reads a log as rows.
type Reader struct {
	in     trace.Source
	log    *trace.Reader
	filter Filter
	zone   Zone

	names    names
	rollouts map[reducer.RolloutID]*rollout
	latest   map[reducer.ChannelID]reducer.RolloutID
	ended    []reducer.RolloutID // superseded, in that order: the first are evicted
	repeated map[subject]decision

	first, last Where
	entries     uint64
	known       map[string]map[string]bool // what the log names, by the option that selects it

	before  []Row // the last selected rows before Filter.Around
	pending []Row // rows to return
	after   int   // how many rows after Filter.Around are to be returned
	passed  bool  // Filter.Around was read

	selected bool // a row was
	err      error
}

// Where is an entry of the log.
type Where struct {
	Seq uint64
	At  reducer.Time
}

// subject is a host under a rollout.
type subject struct {
	rollout reducer.RolloutID
	host    reducer.HostID
}

// decision is what the planner last decided about a subject.
type decision struct {
	gate, reason string
	closure      reducer.ClosureHash
}

// rollout is what the log has shown of a rollout.
type rollout struct {
	channel reducer.ChannelID
	ref     reducer.ChannelRef
	state   reducer.State
	hosts   map[reducer.HostID]*host
}

type host struct {
	wave  uint32
	state reducer.HostState
}

// aroundRows is how many rows are shown before and after Filter.Around.
const aroundRows = 10

// disorder is how far a time may be before that of an earlier entry.
const disorder = time.Minute

// maxEnded is how many superseded rollouts are kept. Of an older one, wave and state are not shown.
const maxEnded = 200

// NewReader returns a Reader of a log, which must not have been read from. The caller closes the
// log.
func NewReader(log *trace.Reader, filter Filter, zone Zone) *Reader {
	return &Reader{
		in: log, log: log, filter: filter, zone: zone, names: newNames(),
		rollouts: make(map[reducer.RolloutID]*rollout), repeated: make(map[subject]decision),
		latest: make(map[reducer.ChannelID]reducer.RolloutID),
		known: map[string]map[string]bool{
			"rollout": {}, "channel": {}, "host": {}, "kind": {},
		},
	}
}

// First and Last return the first and the last entry that were read.
func (r *Reader) First() Where { return r.first }

// Last returns the last entry that was read.
func (r *Reader) Last() Where { return r.last }

// Entries returns how many entries were read, without the header and the end line.
func (r *Reader) Entries() uint64 { return r.entries }

// Standing is the last rollout of a channel, as it stands.
type Standing struct {
	Channel reducer.ChannelID
	Ref     reducer.ChannelRef
	State   reducer.State
	Hosts   [reducer.HostStateCount]int // how many hosts are in each state
}

// Standing returns the last rollout of each channel, in the order of their names, whatever the
// filter selects.
func (r *Reader) Standing() []Standing {
	var all []Standing
	for _, channel := range slices.Sorted(maps.Keys(r.latest)) {
		o := r.rollouts[r.latest[channel]]
		if o == nil {
			continue
		}
		s := Standing{Channel: channel, Ref: o.ref, State: o.state}
		for _, h := range o.hosts {
			s.Hosts[h.state]++
		}
		all = append(all, s)
	}
	return all
}

// Short returns the short form of the id of a rollout that a row has.
func (r *Reader) Short(id reducer.RolloutID) string { return r.names.rollout(id) }

// Read returns the next row. The error is io.EOF at the end, a *Unknown if the log does not have
// what the filter names, or that of the log.
func (r *Reader) Read() (Row, error) {
	for len(r.pending) == 0 {
		if r.err == nil {
			r.err = r.next()
		}
		if r.err != nil {
			return Row{}, r.err
		}
	}
	row := r.pending[0]
	r.pending = r.pending[1:]
	return row, nil
}

// next reads an entry, and adds its row to the pending ones if the filter selects it.
func (r *Reader) next() error {
	if r.passed && r.after == 0 {
		return io.EOF
	}
	e, err := r.in.Read()
	if errors.Is(err, io.EOF) {
		if unknown := r.unknown(); unknown != nil {
			return unknown
		}
	}
	if err != nil {
		return err
	}
	if e.Kind == trace.KindHeader || e.Kind == trace.KindEnd {
		return nil
	}
	row := r.row(e)
	selected := r.filter.matches(e, &row)
	if since := r.filter.Since; since.Set && e.At < since.Value {
		selected = false
	}
	if until := r.filter.Until; until.Set && e.At > until.Value {
		selected = false
		if r.selected && e.At > later(until.Value, disorder) {
			return io.EOF
		}
	}
	r.selected = r.selected || selected
	r.add(row, selected)
	return nil
}

// add adds a row to the pending ones if it is selected and Around allows it.
func (r *Reader) add(row Row, selected bool) {
	switch around := r.filter.Around; {
	case around == 0:
		if selected {
			r.pending = append(r.pending, row)
		}
	case row.Seq == around && !r.passed:
		r.pending = append(r.before, row)
		r.before, r.passed, r.after = nil, true, aroundRows
	case !selected || row.Repeats && !r.filter.Repeats:
	case r.passed:
		r.pending = append(r.pending, row)
		r.after--
	default:
		if len(r.before) == aroundRows {
			r.before = slices.Delete(r.before, 0, 1)
		}
		r.before = append(r.before, row)
	}
}

// row returns the row of an entry, and records what the entry shows.
func (r *Reader) row(e *trace.Entry) Row {
	row := Row{
		Seq: e.Seq, At: e.At, Kind: e.KindName(), Name: e.PayloadName(), Rollout: e.Rollout, Host: e.Host,
		Gap: r.gap(e), Repeats: r.repeats(e),
	}
	r.last = Where{Seq: max(r.last.Seq, e.Seq), At: e.At}
	if r.entries++; r.entries == 1 {
		r.first = Where{Seq: e.Seq, At: e.At}
	}
	concerns(e, &row)
	r.follow(e)
	row.Text = r.names.describe(e, r.zone)
	r.complete(&row)
	r.known["rollout"][string(row.Rollout)] = true
	r.known["channel"][string(row.Channel)] = true
	r.known["host"][string(row.Host)] = true
	r.known["kind"][row.Kind] = true
	r.known["kind"][row.Name] = true
	return row
}

// concerns sets the host, the rollout and the channel of an entry that has them in its payload.
func concerns(e *trace.Entry, row *Row) {
	switch {
	case e.Event != nil:
		row.Rollout = e.Event.Rollout
		row.Host = e.Event.Host
		row.Channel = e.Event.Channel
	case e.Plan != nil:
		row.Rollout, row.Channel = e.Plan.Rollout, e.Plan.Channel
		row.Host = e.Plan.Host
	case e.Gate != nil:
		row.Rollout, row.Host = e.Gate.Rollout, e.Gate.Host
	case e.HostEffect != nil:
		row.Channel = e.HostEffect.Channel
		switch e.HostEffect.Effect {
		case trace.RemoteAbortRollout:
			row.Rollout = e.HostEffect.Rollout
		case trace.RecordTransition:
			row.Rollout, row.Host = e.HostEffect.Rollout, e.HostEffect.Host
		case trace.RemoteAddHost, trace.RemoteRemoveHost:
			row.Host = e.HostEffect.Host
		}
	case e.Effect != nil:
		row.Channel = e.Effect.Channel
		if e.Effect.Rollout != "" {
			row.Rollout = e.Effect.Rollout
		}
	case e.Poll != nil:
		row.Channel = e.Poll.Channel
	case e.Fault != nil:
		row.Channel = e.Fault.Channel
	case e.Rejection != nil && row.Rollout == "":
		row.Rollout = e.Rejection.Rollout
	}
}

// complete sets what earlier entries have shown.
func (r *Reader) complete(row *Row) {
	o := r.rollouts[row.Rollout]
	if o == nil {
		return
	}
	if row.Channel == "" {
		row.Channel = o.channel
	}
	if row.Host == "" {
		if o.state != 0 {
			row.State = o.state.String()
		}
		return
	}
	if h := o.hosts[row.Host]; h != nil {
		row.Wave, row.State = reducer.Some(h.wave), h.state.String()
	}
}

// follow records what an entry shows of a rollout and its hosts.
func (r *Reader) follow(e *trace.Entry) {
	switch {
	case e.Effect != nil && e.Effect.Kind == reducer.RecordRolloutTransition:
		if o := r.rollouts[e.Effect.Rollout]; o != nil {
			o.state = e.Effect.To
		}
	case e.Event != nil:
		r.followEvent(e.Event)
	}
}

func (r *Reader) followEvent(ev *reducer.Event) {
	o := r.rollouts[ev.Rollout]
	if ev.Kind == reducer.RolloutOpened {
		r.rollouts[ev.Rollout] = &rollout{
			channel: ev.Channel, ref: ev.TargetRef, state: reducer.Opening,
			hosts: make(map[reducer.HostID]*host),
		}
		r.latest[ev.Channel] = ev.Rollout
		return
	}
	if o == nil {
		return
	}
	switch ev.Kind {
	case reducer.HostJoined:
		o.hosts[ev.Host] = &host{wave: ev.Wave, state: reducer.HostPending}
	case reducer.HostStateChanged:
		if h := o.hosts[ev.Host]; h != nil {
			h.state = ev.To
		}
	case reducer.SuccessorOpened:
		r.end(ev.Rollout)
	case reducer.RolloutOpened, reducer.WaveAdvanced, reducer.RolloutTerminal,
		reducer.RetentionExpired, reducer.OperatorClearance:
	}
}

// end records that a rollout is superseded, and evicts the oldest one of too many.
func (r *Reader) end(id reducer.RolloutID) {
	r.ended = append(r.ended, id)
	if len(r.ended) <= maxEnded {
		return
	}
	old := r.ended[0]
	r.ended = slices.Delete(r.ended, 0, 1)
	if o := r.rollouts[old]; o != nil {
		for id := range o.hosts {
			delete(r.repeated, subject{old, id})
		}
	}
	delete(r.rollouts, old)
}

// repeats reports whether the planner has decided the same before.
func (r *Reader) repeats(e *trace.Entry) bool {
	var at subject
	var now decision
	switch {
	case e.Gate != nil:
		at = subject{e.Gate.Rollout, e.Gate.Host}
		now = decision{gate: e.Gate.Gate, reason: e.Gate.Reason}
	case e.Plan != nil && e.Plan.Action == trace.QueueDispatch:
		at = subject{e.Plan.Rollout, e.Plan.Host}
		now = decision{closure: e.Plan.Closure}
	default:
		return false
	}
	before, known := r.repeated[at]
	r.repeated[at] = now
	return known && before == now
}

// gap returns what is missing before an entry. The document of one rollout lacks the entries of
// others.
func (r *Reader) gap(e *trace.Entry) Gap {
	if r.entries == 0 || r.log.IsDocument() || e.Seq <= r.last.Seq+1 {
		return Gap{}
	}
	return Gap{From: r.last.Seq + 1, To: e.Seq - 1}
}

// Unknown is the error of a filter that names what the log does not have.
type Unknown struct {
	What  string
	Asked string
	Known []string
}

func (e *Unknown) Error() string { return e.What }

// unknown returns a *Unknown, or nil if the log has what the filter names.
func (r *Reader) unknown() error {
	if r.entries == 0 {
		return &Unknown{What: "the log has no entries"}
	}
	f := &r.filter
	if f.Around > 0 && !r.passed {
		return &Unknown{What: fmt.Sprintf("the log has no entry %d: it has entries %d to %d",
			f.Around, r.first.Seq, r.last.Seq)}
	}
	for _, q := range []struct{ option, asked string }{
		{"channel", string(f.Channel)}, {"host", string(f.Host)}, {"rollout", string(f.Rollout)},
	} {
		known := r.seen(q.option)
		if q.asked == "" || slices.Contains(known, q.asked) || q.option == "rollout" &&
			slices.ContainsFunc(known, func(id string) bool { return f.names(reducer.RolloutID(id)) }) {
			continue
		}
		return &Unknown{
			What:  fmt.Sprintf("there is no %s %s in this log", q.option, q.asked),
			Asked: q.asked, Known: known,
		}
	}
	for _, k := range f.Kinds {
		known := append(r.seen("kind"), KindNames()...)
		if !slices.Contains(known, k) {
			return &Unknown{
				What: fmt.Sprintf("--kind %s: there is no such kind of entries", k), Asked: k, Known: known,
			}
		}
	}
	return nil
}

// seen returns what the log names, in order.
func (r *Reader) seen(option string) []string {
	var all []string
	for id := range r.known[option] {
		if id != "" {
			all = append(all, id)
		}
	}
	slices.Sort(all)
	return all
}
