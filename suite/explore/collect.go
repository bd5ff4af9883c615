package explore

import (
	"context"
	"sync"
	"time"

	"rollsim/reducer"
	"rollsim/suite/coverage"
	"rollsim/trace"
)

// collector is a trace.Sink that measures one run.
type collector struct {
	ctx     context.Context
	written uint64
	digest  trace.Digest

	rollouts []*progress // in the order in which they opened
	idle     []*progress // of earlier runs, to use again
	byID     map[reducer.RolloutID]*progress
	last     *progress // of the previous entry, which is usually of the same rollout

	// The last event. Its answer is in the entries after it.
	at       reducer.Time
	rollout  *progress // nil for an event of a rollout that was never opened
	kind     reducer.EventKind
	class    coverage.Class
	answered bool

	coverage Coverage
	converge []time.Duration // from opening to Terminal, without rollouts that an operator cleared
	waves    []time.Duration // from the cursor entering a wave to leaving it
}

// progress is the state of one rollout.
type progress struct {
	id       reducer.RolloutID
	state    reducer.State
	opened   reducer.Time
	waveFrom reducer.Time // when the cursor entered the current wave
	touched  int64        // dispatched hosts
}

func newCollector(ctx context.Context) *collector {
	c, ok := collectors.Get().(*collector)
	if !ok {
		c = &collector{byID: make(map[reducer.RolloutID]*progress)}
	}
	c.ctx = ctx
	return c
}

// collectors are empty ones that have been used.
var collectors sync.Pool

// release makes the collector available for another run. It must not be used afterwards.
func (c *collector) release() {
	c.digest.Reset()
	clear(c.byID)
	*c = collector{
		digest: c.digest, byID: c.byID, rollouts: c.rollouts[:0],
		idle:     append(c.idle, c.rollouts...),
		converge: c.converge[:0], waves: c.waves[:0],
	}
	collectors.Put(c)
}

// newProgress returns the state of a rollout that is opened now.
func (c *collector) newProgress(id reducer.RolloutID) *progress {
	p := new(progress)
	if last := len(c.idle) - 1; last >= 0 {
		p, c.idle = c.idle[last], c.idle[:last]
	}
	*p = progress{id: id, state: reducer.Opening, opened: c.at, waveFrom: c.at}
	return p
}

// interruptEvery is the number of entries between two checks of the context.
const interruptEvery = 1 << 12

// Write implements trace.Sink. Its only error is that of the context.
func (c *collector) Write(e *trace.Entry) error {
	_ = c.digest.Write(e) // never fails
	if c.written++; c.written%interruptEvery == 0 && c.ctx.Err() != nil {
		return c.ctx.Err()
	}
	switch {
	case e.Event != nil:
		c.settle()
		c.begin(e)
	case e.Effect != nil:
		if e.Effect.Kind == reducer.RecordRolloutTransition && c.rollout != nil && !c.answered {
			c.transition(e.Effect)
		}
	case e.Rejection != nil:
		c.rejection(e)
	case e.Plan != nil && e.Plan.Action == trace.QueueDispatch && e.Plan.Attempt <= 1:
		if p := c.find(e.Rollout); p != nil {
			p.touched++
		}
	}
	return nil
}

// find returns the state of a rollout, or nil if it was never opened.
func (c *collector) find(id reducer.RolloutID) *progress {
	if c.last == nil || c.last.id != id {
		c.last = c.byID[id]
	}
	return c.last
}

// begin records an event. An event that reaches the record of no rollout is not counted.
func (c *collector) begin(e *trace.Entry) {
	c.rollout, c.answered = c.find(e.Rollout), false
	c.at, c.kind, c.class = e.At, e.Event.Kind, coverage.ClassOf(e.Event)
	if e.Rollout != e.Event.Rollout {
		c.class = coverage.Misrouted
		return
	}
	if c.rollout == nil && e.Event.Kind == reducer.RolloutOpened {
		p := c.newProgress(e.Event.Rollout)
		c.byID[p.id], c.last = p, p
		c.rollouts = append(c.rollouts, p)
		c.coverage.Opened++
	}
}

// transition records a transition as the answer to the last event.
func (c *collector) transition(t *reducer.Effect) {
	p := c.rollout
	if c.class == coverage.Misrouted {
		c.answer(coverage.AsOwn)
		p.state = t.To
		return
	}
	c.answer(coverage.Answer(t.To))
	p.state = t.To
	if t.To == reducer.Terminal && c.class != coverage.Cleared {
		c.converge = append(c.converge, time.Duration(c.at-p.opened))
		c.waves = append(c.waves, time.Duration(c.at-p.waveFrom))
	}
}

// rejection records a rejection as the answer to the last event. It ignores a rejection that the
// end of a lockstep causes, because that belongs to an earlier event.
func (c *collector) rejection(e *trace.Entry) {
	if c.rollout == nil || c.answered || e.Rejection.Rollout != c.rollout.id ||
		e.Rejection.Event != c.kind || e.At != c.at {
		return
	}
	if c.class == coverage.Misrouted && e.Rejection.Error != trace.ErrorInvariant {
		c.answer(coverage.AsOwn)
		return
	}
	switch e.Rejection.Error {
	case trace.ErrorIllegalForState:
		c.answer(coverage.RefusedIllegal)
	case trace.ErrorUnimplemented:
		c.answer(coverage.RefusedUnimplemented)
	case trace.ErrorInvariant:
		if c.class != coverage.SucceededBy {
			c.answer(coverage.RefusedInvariant)
		}
	}
}

// settle ends the last event. If it has no answer, it was accepted without a transition.
func (c *collector) settle() {
	switch {
	case c.rollout == nil || c.answered:
	case c.class == coverage.Misrouted:
		c.answer(coverage.AsOwn)
	default:
		c.answer(coverage.Ignored)
	}
	c.rollout = nil
}

// answer counts the answer to the last event.
func (c *collector) answer(a coverage.Answer) {
	c.answered = true
	c.coverage.counts[c.rollout.state][c.class][a]++
	_, moved := a.To()
	if c.class == coverage.WaveForward && (moved || a == coverage.Ignored) &&
		c.rollout.state.Underway() {
		c.waves = append(c.waves, time.Duration(c.at-c.rollout.waveFrom))
		c.rollout.waveFrom = c.at
	}
}
