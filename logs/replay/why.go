package replay

import (
	"errors"
	"fmt"
	"io"

	"rollsim/reducer"
	"rollsim/trace"
)

// Question asks why a host, a rollout or a channel is not, or not yet, on the ref that the channel
// points at.
type Question struct {
	// Channel is the channel. The question is about all hosts of its last rollout, unless Host or
	// Rollout is set too.
	Channel reducer.ChannelID

	// Host is the host. If it is empty, the question is about the first host of Rollout that waits, or
	// about Rollout itself if none does.
	Host reducer.HostID

	// Rollout is a rollout that the host has joined. If it is empty, it is the last one. Of a long
	// ref the first seven digits are enough.
	Rollout reducer.RolloutID

	// At is the time that the question is about. If it is not set, that is the end of the log.
	At reducer.Opt[reducer.Time]

	// Options say how the log is replayed. Only Machine, Policies, Clock, ClockAlways and Progress
	// are used.
	Options Options
}

// Answer says what keeps a host, since when, and what that waits for in turn.
type Answer struct {
	Host    reducer.HostID // empty if the answer is about the rollout itself
	Rollout reducer.RolloutID
	Channel reducer.ChannelID
	State   reducer.HostState
	Whole   bool        // it is about the channel as a whole
	At      Where       // the last entry that was read
	AsOf    Where       // the entry that it answers for: At, or the last one before the supersession
	Times   trace.Lines // how times are written
	Lines   []Reason    // the first is the answer itself; deeper ones explain it
}

// Reason is a line of an Answer.
type Reason struct {
	Depth int
	Text  string
	Since Where  // zero without a time; its Seq is 0 without an entry
	Once  bool   // Since is when it happened, not since when it is so
	Then  string // what follows from it, or empty
}

// NoAnswer is the error for a question that a log cannot answer.
type NoAnswer struct {
	What  string
	Asked string   // the name that was asked for, if the log does not know it
	Known []string // the names that the log knows
}

func (e *NoAnswer) Error() string { return e.What }

// inquiry is a question while its log is read.
type inquiry struct {
	Question

	// What the gates decided about the host under a rollout that the log does not open.
	stray      gate
	strayUnder reducer.RolloutID

	// before is the answer as of the supersession of the last rollout that the question may be about.
	before *Answer
}

// observe records a gate decision under a rollout that the log does not open.
func (q *inquiry) observe(e *trace.Entry) {
	only := Filter{Rollout: q.Rollout}
	if q.Host == e.Gate.Host && only.matchesRollout(e.Gate.Rollout) {
		q.strayUnder = e.Gate.Rollout
		q.stray.record(e)
	}
}

// Why answers a question from a log. It closes the reader, which must not have been read from. The
// error is a *NoAnswer or one of Run's.
func Why(r *trace.Reader, q Question) (*Answer, error) {
	p := newReplay(r, Options{
		Machine:  q.Options.Machine,
		Policies: q.Options.Policies,
		Progress: q.Options.Progress,
		Clock:    q.Options.Clock, ClockAlways: q.Options.ClockAlways,
		Only: Filter{Rollout: q.Rollout},
	})
	p.inquiry = &inquiry{Question: q}
	r.Ahead()
	err := p.readTo(q.At)
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	if p.fleet == nil {
		return nil, &NoAnswer{What: "the log has no entries"}
	}
	return p.answer()
}

// readTo reads the entries up to a time, or all.
func (p *replay) readTo(at reducer.Opt[reducer.Time]) error {
	for {
		e, err := p.reader.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case at.Set && e.At > at.Value && e.Kind != trace.KindHeader:
			if p.fleet == nil {
				return &NoAnswer{
					What: "the log has no entry up to that time: it begins at " +
						string(trace.AppendTime(nil, e.At)),
				}
			}
			return nil
		}
		if err := p.entry(e); err != nil {
			return err
		}
	}
}

// explainer returns an explainer of what was read so far.
func (p *replay) explainer() *explainer {
	at := p.cursor.last()
	return &explainer{
		cursor: &p.cursor, rollouts: &p.rollouts, channels: p.channels, roster: &p.roster,
		quarantines: &p.quarantines, waits: &p.waits, header: p.result.Header,
		answer: Answer{Host: p.inquiry.Host, At: at, AsOf: at, Times: p.cursor.lines},
	}
}

// answer answers the question from what was read.
func (p *replay) answer() (*Answer, error) {
	q := p.inquiry
	x := p.explainer()
	r, err := p.asked()
	if err != nil && q.stray.count > 0 {
		x.explainStray(q, p.result.First.Seq)
		return &x.answer, nil
	}
	if err != nil {
		return nil, err
	}
	if b := q.before; b != nil && b.Rollout == r.id && !p.waits.isSetBackTo(r) &&
		r.fold.Record.State == reducer.Superseded {
		x.explainSuperseded(r, b)
		return &x.answer, nil
	}
	p.answerAbout(x, r)
	return &x.answer, nil
}

// answerAbout answers the question for a rollout.
func (p *replay) answerAbout(x *explainer, r *rollout) {
	q := p.inquiry
	switch {
	case q.Channel != "" && q.Host == "" && q.Rollout == "":
		x.explainWhole(r)
		return
	case q.Host == "" && r.fold.Record.State.Standing():
		x.answer.Host = x.firstWaiting(r)
	}
	x.explain(r)
}

// supersede keeps the answer about a rollout that is about to be superseded.
func (p *replay) supersede(r *rollout) {
	q := p.inquiry
	if q == nil || r.fold == nil || !r.fold.Record.State.Standing() || r.fold.Forgotten() {
		return
	}
	switch h := p.roster.hosts[q.Host]; {
	case q.Rollout != "" && !p.opts.Only.matchesRollout(r.id),
		q.Rollout == "" && (h == nil || h.joined != r):
		return
	}
	if m, _ := r.member(q.Host); q.Host != "" && m == nil {
		return
	}
	x := p.explainer()
	x.past = true
	p.answerAbout(x, r)
	q.before = &x.answer
}

// asked returns the rollout that the question is about.
func (p *replay) asked() (*rollout, error) {
	q := p.inquiry
	if q.Channel != "" {
		if err := p.unknown(&Filter{Channel: q.Channel}); err != nil {
			return nil, err
		}
	}
	switch {
	case q.Rollout != "":
		return p.askedRollout()
	case q.Host == "" && q.Channel != "":
		return p.askedChannel()
	case q.Host == "":
		return nil, &NoAnswer{What: "expected a channel, a host or a rollout"}
	}
	if h := p.roster.hosts[q.Host]; h != nil && h.joined != nil {
		return h.joined, nil
	}
	return nil, p.unknown(&Filter{Host: q.Host})
}

// askedChannel returns the last rollout of the channel that the question names.
func (p *replay) askedChannel() (*rollout, error) {
	id := p.inquiry.Channel
	if r := p.channels.get(id).rollout; r != nil {
		return r, nil
	}
	return nil, &NoAnswer{
		What: fmt.Sprintf("channel %s has no rollout in this log%s", id, p.beginning()),
	}
}

// askedRollout returns the rollout that the question names.
func (p *replay) askedRollout() (*rollout, error) {
	q := p.inquiry
	only := Filter{Rollout: q.Rollout}
	var found []*rollout
	for _, r := range p.rollouts.opened {
		if r.id == q.Rollout {
			found = []*rollout{r}
			break
		}
		if only.matchesRollout(r.id) {
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
		return nil, &NoAnswer{
			What: fmt.Sprintf("rollout %s is never opened in this log%s", q.Rollout, p.beginning()),
		}
	}
	r := found[0]
	if m, _ := r.member(q.Host); q.Host != "" && m == nil {
		e := &NoAnswer{
			What:  fmt.Sprintf("host %s has not joined rollout %s", q.Host, r.id),
			Asked: string(q.Host),
		}
		for _, h := range r.fold.Hosts() {
			e.Known = append(e.Known, string(h.ID))
		}
		return nil, e
	}
	return r, nil
}

// retains reports whether the hosts of a rollout are kept for the question.
func (p *replay) retains(r *rollout) bool {
	q := p.inquiry
	if q == nil {
		return false
	}
	if q.Rollout != "" {
		return p.opts.Only.matchesRollout(r.id)
	}
	if q.Host == "" {
		c := p.channels.get(q.Channel)
		return c.rollout == r || c.before == r || c.planned == r
	}
	h := p.roster.hosts[q.Host]
	return h != nil && h.joined == r
}

// unknown returns a *NoAnswer if the log, as far as it was read, does not know what a filter names.
func (p *replay) unknown(only *Filter) error {
	var names []string
	asked, what := "", ""
	switch _, channel := p.channels[only.Channel]; {
	case only.Rollout != "" && !p.rollouts.knows(only):
		asked = string(only.Rollout)
		what = fmt.Sprintf("there is no rollout %s in this log", asked)
		for _, r := range p.rollouts.opened {
			names = append(names, string(r.id))
		}
	case only.Channel != "" && !channel:
		asked = string(only.Channel)
		what = fmt.Sprintf("there is no channel %s in this log", asked)
		names = sortedKeys(p.channels)
	case only.Host != "" && p.roster.hosts[only.Host] == nil:
		asked = string(only.Host)
		what = fmt.Sprintf("no host %s joins a rollout in this log%s", asked, p.beginning())
		names = sortedKeys(p.roster.hosts)
	default:
		return nil
	}
	return &NoAnswer{What: what, Asked: asked, Known: names}
}

// unknownPolicy returns a *NoAnswer if Options.Policies names a channel that has no rollout in the
// log.
func (p *replay) unknownPolicy() error {
	if p.stopped != nil {
		return nil
	}
	for _, id := range sortedKeys(p.opts.Policies) {
		if c := p.channels[reducer.ChannelID(id)]; c == nil || c.rollout == nil {
			return &NoAnswer{
				What:  fmt.Sprintf("no rollout in the log is of channel %s", id),
				Asked: id,
				Known: sortedKeys(p.channels),
			}
		}
	}
	return nil
}

// beginning says where a trimmed log begins. It is empty for others.
func (p *replay) beginning() string {
	if !p.evidence.trimmed {
		return ""
	}
	return fmt.Sprintf(", which begins at entry %d", p.result.First.Seq)
}
