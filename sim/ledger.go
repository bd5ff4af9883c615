package sim

import (
	"time"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// ledger is the log of the shipped control plane. Rows pass a queue to a writer, so that a crash
// loses those that are still in the queue.
type ledger struct {
	queue []pending
	synth *bool // a heartbeat is being handled, so that a message is not an agent's
	lost  []trace.Entry
	safe  bool // LossyLog is fixed
}

// pending is a row that is not in the log yet.
type pending struct {
	trace.Entry
	step uint32 // recorder.step when it was written
}

// writerDelay is how long a row may be in the queue.
const writerDelay = reducer.Time(20 * time.Millisecond)

// append writes an entry of the shipped control plane, at its own time if it has one.
func (r *recorder) append(e *trace.Entry) {
	r.flush(false)
	if e.At == 0 {
		e.At = r.clock.now
	}
	e.Seq = r.seq + uint64(len(r.ledger.queue)) + 1
	r.at = e.At
	r.check.Entry(e)
	if r.drop > 0 && !ofSimulator(e) {
		if r.drop--; r.drop == 0 {
			r.miss(e)
			return
		}
	}
	r.ledger.queue = append(r.ledger.queue, pending{step: r.step})
	r.arena.Copy(&r.ledger.queue[len(r.ledger.queue)-1].Entry, e)
}

// ofSimulator reports whether an entry is not a row of the control plane's log.
func ofSimulator(e *trace.Entry) bool { return e.Fault != nil || e.Rejection != nil }

// flush moves rows from the queue to the log: those that have waited long enough, or all.
func (r *recorder) flush(all bool) {
	if r.ledger == nil {
		return
	}
	queue := r.ledger.queue
	n := 0
	for n < len(queue) && (all || queue[n].At+writerDelay < r.clock.now) {
		r.insert(&queue[n])
		n++
	}
	switch n {
	case 0:
	case len(queue):
		r.ledger.queue = queue[:0]
		r.arena.Reset()
	default:
		r.ledger.queue = append(queue[:0], queue[n:]...)
	}
}

// insert writes a row to the log, which assigns its seq.
func (r *recorder) insert(p *pending) {
	if r.err != nil {
		return
	}
	e := &p.Entry
	r.seq++
	e.Seq = r.seq
	r.trail(p.step)
	if e.Event != nil {
		err := r.refold.ApplyTo(e.Rollout, e.Event, e.At, &r.outcome)
		if reducer.IsMachineFailure(err) {
			r.fail(err)
		}
	}
	r.emit(e)
}

// lose loses rows that are in the queue when the control plane crashes, from a drawn place on.
func (r *recorder) lose(word uint64) {
	r.flush(false)
	queue := r.ledger.queue
	kept := int(word % uint64(len(queue)+1))
	if r.ledger.safe {
		kept = len(queue)
	}
	for i := range queue {
		if i < kept || ofSimulator(&queue[i].Entry) {
			r.insert(&queue[i])
		} else {
			r.miss(&queue[i].Entry)
		}
	}
	r.ledger.queue = queue[:0]
	r.arena.Reset()
}

// miss records that the log lacks a row.
func (r *recorder) miss(e *trace.Entry) {
	r.ledger.lost = append(r.ledger.lost, e.Clone())
	if e.Agent != nil && !*r.ledger.synth {
		r.check.Lost(e.Rollout, e.Host, e.Agent)
	}
}

// retire removes a rollout whose rows were deleted from the second fold.
func (r *recorder) retire(id reducer.RolloutID) {
	r.flush(true)
	if old := r.refold.Rollout(id); old != nil {
		r.refold.Retire(old)
	}
}

// compareTables compares the tables with the fold of the log.
func (r *recorder) compareTables(tables *reducer.Fleet) {
	r.flush(true)
	lossy := len(r.ledger.lost) > 0
	for _, v := range invariant.CompareTables(tables, r.refold, lossy, r.seq, r.clock.now) {
		r.check.Report(v)
	}
}
