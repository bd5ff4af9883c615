package replay

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"rollsim/internal/plural"
	"rollsim/reducer"
	"rollsim/trace"
)

// Question asks why a host is not, or not yet, on the ref that its channel points at.
type Question struct {
	// empty for the first one of Rollout that is not, or for Rollout itself
	Host reducer.HostID
	// empty for the last one that the host has joined; of a long ref the first seven digits do
	Rollout reducer.RolloutID
	At      reducer.Opt[reducer.Time] // when; absent is the end of the log
	Options Options                   // only Machine, Policies and Progress are taken
}

// Answer says what a log tells of a host: what keeps it, since when, and what that waits for in
// turn.
type Answer struct {
	Host    reducer.HostID // empty where it is about the rollout itself
	Rollout reducer.RolloutID
	Channel reducer.ChannelID
	State   reducer.HostState
	At      Where       // up to where the log was read
	Times   trace.Lines // how times are written
	Lines   []Reason    // the first is the answer itself; what stands deeper is why
}

// Reason is a line of an Answer.
type Reason struct {
	Depth int
	Text  string
	Since Where  // zero where it has no time; seq 0 where no entry is to name
	Then  string // what follows that; empty where nothing does
}

// NoAnswer says that a log cannot answer a question.
type NoAnswer struct {
	What  string
	Asked string   // the name that was asked for and that there is not; empty where that is not why
	Known []string // those that there are
}

func (e *NoAnswer) Error() string { return e.What }

// unknown is a *NoAnswer where the log, as far as it was read, does not know what is asked for.
func (p *replay) unknown(only *Filter) error {
	names := func(list []*rollout) bool {
		return slices.ContainsFunc(list, func(r *rollout) bool { return only.names(r.id) })
	}
	var what NoAnswer
	switch _, channel := p.channels[only.Channel]; {
	case only.Rollout != "" && !names(p.opened) && !names(p.strange):
		what.What, what.Asked = fmt.Sprintf(
			"there is no rollout %s in this log", only.Rollout,
		), string(
			only.Rollout,
		)
		for _, r := range p.opened {
			what.Known = append(what.Known, string(r.id))
		}
	case only.Channel != "" && !channel:
		what.What, what.Asked = fmt.Sprintf(
			"there is no channel %s in this log", only.Channel,
		), string(
			only.Channel,
		)
		what.Known = sortedKeys(p.channels)
	case only.Host != "" && p.hosts[only.Host] == nil:
		what.What, what.Asked = fmt.Sprintf("no host %s joins a rollout in this "+
			"log%s", only.Host, p.beginning()), string(only.Host)
		what.Known = sortedKeys(p.hosts)
	default:
		return nil
	}
	return &what
}

// beginning says where a log begins that does not at its beginning; empty for others.
func (p *replay) beginning() string {
	if !p.seen.trimmed {
		return ""
	}
	return fmt.Sprintf(", which begins at entry %d", p.result.First.Seq)
}

// unknownPolicy is a *NoAnswer where a policy is given for a channel of which the whole log has no
// rollout.
func (p *replay) unknownPolicy() error {
	for _, id := range sortedKeys(p.opts.Policies) {
		if c := p.channels[reducer.ChannelID(id)]; (c == nil || c.rollout == nil) && p.stopped == nil {
			return &NoAnswer{
				What:  fmt.Sprintf("no rollout in the log is of channel %s", id),
				Asked: id,
				Known: sortedKeys(p.channels),
			}
		}
	}
	return nil
}

// Why answers a question from a log. The error is a *NoAnswer, or as of Run. The reader is closed.
func Why(r *trace.Reader, q Question) (*Answer, error) {
	p := newReplay(
		r,
		Options{
			Machine:  q.Options.Machine,
			Policies: q.Options.Policies,
			Progress: q.Options.Progress,
			Only:     Filter{Rollout: q.Rollout},
		},
	)
	p.question = &q
	r.Ahead()
	err := p.readTo(q.At)
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	if p.fleet == nil {
		return nil, &NoAnswer{What: "the log has no entries"}
	}
	return p.answer(q)
}

// readTo takes the entries up to a time, or all.
func (p *replay) readTo(at reducer.Opt[reducer.Time]) error {
	for {
		e, err := p.reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			if at.Set && e.At > at.Value && e.Kind != trace.KindHeader {
				if p.fleet == nil {
					return &NoAnswer{
						What: fmt.Sprintf(
							"the log holds nothing up to then: it begins at %s", trace.AppendTime(nil, e.At),
						),
					}
				}
				return nil
			}
			err = p.take(e)
		}
		if err != nil {
			return err
		}
	}
}

func (p *replay) answer(q Question) (*Answer, error) {
	r, err := p.asked(q)
	if err != nil && p.stray.count > 0 {
		return p.explainStray(q), nil
	}
	if err != nil {
		return nil, err
	}
	id := q.Host
	if id == "" && r.fold.Record.State.Standing() {
		id = p.firstWaiting(r)
	}
	a := &Answer{
		Host:    id,
		Rollout: r.id,
		Channel: r.fold.Record.Channel,
		At:      Where{Seq: p.end.seq, At: p.end.at},
		Times:   p.lines,
	}
	if id == "" {
		p.explainRollout(a, 0, r, make(map[*rollout]bool))
		p.explainChannel(a, r)
		return a, nil
	}
	_, slot := r.member(id)
	a.State = r.fold.Hosts()[slot].State
	p.explain(a, r, slot)
	p.explainChannel(a, r)
	return a, nil
}

// explainStray says what the log tells of a host under a rollout that was opened before it begins.
func (p *replay) explainStray(q Question) *Answer {
	g := &p.stray
	a := &Answer{
		Host:    q.Host,
		Rollout: p.strayUnder,
		At:      Where{Seq: p.end.seq, At: p.end.at},
		Times:   p.lines,
	}
	a.add(0, g.first, "", "not dispatched: blocked by %s", g.name)
	p.explainGate(a, 1, g)
	a.add(0, Where{}, "", "the log begins at entry %d, and does not hold how %s was opened: more "+
		"is not known", p.result.First.Seq, p.strayUnder)
	return a
}

// asked finds the rollout that is asked about.
func (p *replay) asked(q Question) (*rollout, error) {
	if q.Rollout == "" && q.Host == "" {
		return nil, &NoAnswer{What: "expected a host or a rollout"}
	}
	if q.Rollout == "" {
		h := p.hosts[q.Host]
		if h == nil || h.joined == nil {
			return nil, p.unknown(&Filter{Host: q.Host})
		}
		return h.joined, nil
	}
	var found []*rollout
	only := Filter{Rollout: q.Rollout}
	for _, r := range p.opened {
		if r.id == q.Rollout {
			found = []*rollout{r}
			break
		}
		if only.names(r.id) {
			found = append(found, r)
		}
	}
	switch {
	case len(found) > 1:
		return nil, &NoAnswer{
			What: fmt.Sprintf("%s may be %s or %s", q.Rollout, found[0].id, found[1].id),
		}
	case len(found) == 0:
		if err := p.unknown(&only); err != nil {
			return nil, err
		}
		return nil, &NoAnswer{What: fmt.Sprintf("rollout %s is never opened in this "+
			"log%s", q.Rollout, p.beginning())}
	}
	r := found[0]
	if q.Host != "" {
		if m, _ := r.member(q.Host); m == nil {
			e := &NoAnswer{
				What:  fmt.Sprintf("host %s has not joined rollout %s", q.Host, r.id),
				Asked: string(q.Host),
			}
			for _, h := range r.fold.Hosts() {
				e.Known = append(e.Known, string(h.ID))
			}
			return nil, e
		}
	}
	return r, nil
}

// isAsked tells whether a question is about a rollout: what its hosts did is kept.
func (p *replay) isAsked(r *rollout) bool {
	switch q := p.question; {
	case q == nil:
		return false
	case q.Rollout != "":
		return p.opts.Only.names(r.id)
	default:
		h := p.hosts[q.Host]
		return h != nil && h.joined == r
	}
}

// firstWaiting gives the first host of a rollout that waits for something; empty where none does.
func (p *replay) firstWaiting(r *rollout) reducer.HostID {
	for slot, h := range r.fold.Hosts() {
		if slot < len(r.members) && p.hostWait(r, slot).what != "" {
			return h.ID
		}
	}
	return ""
}

func (a *Answer) add(depth int, since Where, then, format string, args ...any) {
	a.Lines = append(
		a.Lines, Reason{Depth: depth, Text: fmt.Sprintf(format, args...), Since: since, Then: then},
	)
}

// explain says why a host is not further under a rollout.
func (p *replay) explain(a *Answer, r *rollout, slot int) {
	h := &r.fold.Hosts()[slot]
	m := &r.members[slot]
	rec := &r.fold.Record
	switch h.State {
	case reducer.HostConverged:
		a.add(0, Where{At: m.since}, "", "it is: Converged under %s", r.id)
		return
	case reducer.HostReverted:
		a.add(0, Where{At: m.since}, "", "it rolled back from it: Reverted under %s", r.id)
		p.explainFailure(a, 1, m)
		p.explainQuarantine(a, 1, r, m)
		if rec.State.Standing() {
			a.add(1, Where{}, "", "it stays Reverted until channel %s gets another ref", rec.Channel)
		}
		return
	case reducer.HostPending,
		reducer.HostActivating,
		reducer.HostDeferred,
		reducer.HostSoaking,
		reducer.HostFailed:
	}
	if !rec.State.Underway() {
		last := r.summary.States[len(r.summary.States)-1]
		a.add(
			0, Where{At: last.At}, "nothing more is dispatched", "%v in wave %d of %s, which is %v", h.State,
			h.Wave, r.id, rec.State,
		)
		p.explainEnd(a, 1, r)
		p.explainHost(a, 1, r, slot, map[*rollout]bool{r: true})
		return
	}
	a.add(
		0, Where{At: m.since}, fmt.Sprintf("in wave %d of %s, which is %v", h.Wave, r.id, rec.State),
		"not yet: %v", h.State,
	)
	p.explainHost(a, 1, r, slot, map[*rollout]bool{r: true})
}

// mostExplained bounds how many hosts of one wave are explained, and how deep.
const (
	mostExplained = 3
	deepest       = 8
)

// explainHost says what a host waits for, and what that waits for in turn. asked are the rollouts
// that led here.
func (p *replay) explainHost(a *Answer, depth int, r *rollout, slot int, asked map[*rollout]bool) {
	m := &r.members[slot]
	w := p.hostWait(r, slot)
	if w.what == "" || depth > deepest {
		return
	}
	a.add(depth, w.since, w.then, "%s", w.what)
	if g := &m.gate; g.count > 0 && r.fold.Hosts()[slot].State == reducer.HostPending {
		p.explainGate(a, depth+1, g)
		switch g.name {
		case trace.GateQuarantine:
			p.explainQuarantine(a, depth+1, r, m)
			a.add(depth+1, Where{}, "", "it is blocked until an operator lifts that, or channel %s gets "+
				"another ref", r.fold.Record.Channel)
		case trace.GateDisruptionBudget:
			p.explainBudget(a, depth+1, r, slot, asked)
		}
	}
	switch h := &r.fold.Hosts()[slot]; {
	case h.State == reducer.HostFailed:
		p.explainFailure(a, depth+1, m)
	case h.State == reducer.HostPending && m.unacked():
		p.explainSwitch(a, depth+1, r, h.ID)
	}
	if w.rollout != nil {
		p.explainRollout(a, depth+1, w.rollout, asked)
	}
	for i, other := range w.hosts {
		if i == mostExplained {
			a.add(depth+1, Where{}, "", "and %s", plural.Count(len(w.hosts)-i, "more host"))
			break
		}
		h := &r.fold.Hosts()[other]
		if p.hostWait(r, other).what == "" {
			a.add(
				depth+1, Where{At: r.members[other].since}, "", "host %s, in wave %d, is %v", h.ID, h.Wave,
				h.State,
			)
			continue
		}
		a.add(depth+1, Where{}, "", "host %s, in wave %d:", h.ID, h.Wave)
		p.explainHost(a, depth+2, r, other, asked)
	}
}

func (p *replay) explainGate(a *Answer, depth int, g *gate) {
	a.add(
		depth, Where{}, "", "last gate: %s, entry %d at %s: %q%s", g.name, g.last.Seq,
		p.lines.AppendTime(nil, g.last.At), g.reason, g.repeated(),
	)
}

// repeated says how often a gate has been decided in the same way; empty for once.
func (g *gate) repeated() string {
	if g.count == 1 {
		return ""
	}
	return fmt.Sprintf("; decided %d times, first in entry %d", g.count, g.first.Seq)
}

// explainRollout says why a rollout that another one waits for is not over.
func (p *replay) explainRollout(a *Answer, depth int, r *rollout, asked map[*rollout]bool) {
	if asked[r] {
		a.add(depth, Where{}, "", "rollout %s waits for this one in turn", r.id)
		return
	}
	asked[r] = true
	last := r.summary.States[len(r.summary.States)-1]
	a.add(depth, Where{At: last.At}, "", "rollout %s is %v", r.id, last.State)
	if !r.fold.Record.State.Underway() {
		p.explainEnd(a, depth+1, r)
		return
	}
	shown := 0
	for slot, h := range r.fold.Hosts() {
		if slot >= len(r.members) || p.hostWait(r, slot).what == "" {
			continue
		}
		if shown++; shown > mostExplained {
			a.add(depth+1, Where{}, "", "and others")
			return
		}
		a.add(depth+1, Where{}, "", "host %s, in wave %d:", h.ID, h.Wave)
		p.explainHost(a, depth+2, r, slot, asked)
	}
}

// explainEnd says how a rollout ended, and what would end that.
func (p *replay) explainEnd(a *Answer, depth int, r *rollout) {
	if f := r.summary.Failure; f != nil {
		text := fmt.Sprintf("host %s turned Failed", f.Host)
		if f.Why != "" {
			text += ": " + plainLine(f.Why)
		}
		a.add(depth, Where{Seq: f.Seq, At: f.At}, "", "%s", text)
	}
	switch r.fold.Record.State {
	case reducer.Failed, reducer.Reverted:
		a.add(depth, Where{}, "", "it stays %v until an operator clears it, or channel %s gets "+
			"another ref", r.fold.Record.State, r.fold.Record.Channel)
	case reducer.Superseded:
		if id := r.summary.Successor; id != "" {
			a.add(depth, Where{}, "", "%s has superseded it", id)
		}
	case reducer.Terminal:
		if !r.fold.AllConverged() && !r.fold.Forgotten() {
			a.add(depth, Where{}, "", "an operator has cleared it; the hosts that are not Converged wait "+
				"until channel %s gets another ref", r.fold.Record.Channel)
		}
	case reducer.Opening, reducer.Active, reducer.Converging, reducer.Pruned:
	}
}

func (p *replay) explainFailure(a *Answer, depth int, m *member) {
	if m.said != "" {
		a.add(depth, Where{}, "", "its agent said: %s", plainLine(m.said))
	}
}

// explainSwitch says that a host completes a switch under an earlier rollout before it acks another
// dispatch.
func (p *replay) explainSwitch(a *Answer, depth int, r *rollout, id reducer.HostID) {
	for _, old := range p.hosts[id].working {
		if m, slot := old.member(id); old != r && m != nil &&
			old.fold.Hosts()[slot].State == reducer.HostActivating {
			a.add(depth, Where{At: m.since}, "", "it is still switching under %s", old.id)
		}
	}
}

// explainBudget says which hosts are in flight, and so use up a budget: those that share one, where
// the trace tells its budgets.
func (p *replay) explainBudget(
	a *Answer, depth int, r *rollout, slot int, asked map[*rollout]bool,
) {
	id := r.fold.Hosts()[slot].ID
	n := 0
	for _, other := range p.opened {
		for i, h := range other.fold.Hosts() {
			if i >= len(other.members) || !other.inFlight(i) || !p.shareBudget(id, h.ID) {
				continue
			}
			if n++; n <= mostExplained {
				a.add(depth, Where{}, "", "in flight is host %s, under %s:", h.ID, other.id)
				p.explainHost(a, depth+1, other, i, asked)
			}
		}
	}
	if n > mostExplained {
		a.add(depth, Where{}, "", "and %s", plural.Count(n-mostExplained, "more host"))
	}
}

// inFlight tells whether a host counts towards a budget.
func (r *rollout) inFlight(slot int) bool {
	m, state := &r.members[slot], r.fold.Hosts()[slot].State
	return m.live && (state.InFlight() || state == reducer.HostPending && m.unacked())
}

// shareBudget tells whether two hosts are under one budget, for all that is known.
func (p *replay) shareBudget(a, b reducer.HostID) bool {
	if !p.simulated {
		return true
	}
	return slices.ContainsFunc(
		p.result.Header.Budgets,
		func(budget trace.BudgetConfig) bool { return budget.Covers(a) && budget.Covers(b) },
	)
}

// explainQuarantine says since when the closure is quarantined that a host is kept from: the one
// that the gate names, or that it was dispatched to, or that is the ref.
func (p *replay) explainQuarantine(a *Answer, depth int, r *rollout, m *member) {
	var since quarantined
	var closure reducer.ClosureHash
	for q, at := range p.quarantines {
		its := q.closure == m.closure || q.closure == reducer.ClosureHash(r.fold.Record.TargetRef) ||
			isNamed(m.gate.reason, string(q.closure))
		if its && q.channel == r.fold.Record.Channel && at.n > since.n {
			since, closure = at, q.closure
		}
	}
	if since.n > 0 {
		a.add(
			depth, Where{Seq: since.seq, At: since.at}, "", "closure %s is quarantined on channel %s",
			closure, r.fold.Record.Channel,
		)
	}
}

// explainChannel says where the channel has gone on to, where it is not at the rollout's ref, and
// that it is stranded.
func (p *replay) explainChannel(a *Answer, r *rollout) {
	rec := &r.fold.Record
	c := p.channel(rec.Channel)
	now := r
	if c.ref != rec.TargetRef {
		now = p.known(reducer.NewRolloutID(c.id, c.ref))
	}
	then := ""
	switch {
	case c.ref == "":
	case now == nil || now.fold == nil:
		then = "no rollout is opened for that yet"
	case c.strands(now):
		then = fmt.Sprintf("it is stranded until it points at another ref: %s is %v and will not be "+
			"opened again", now.id, now.fold.Record.State)
	case now != r:
		then = "ask for " + string(now.id)
	}
	if then != "" {
		a.add(0, Where{Seq: c.polled.seq, At: c.polled.at}, then, "channel %s points at %s", c.id, c.ref)
	}
}
