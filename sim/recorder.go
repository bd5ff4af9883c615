package sim

import (
	"time"

	"rollsim/controlplane"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// recorder numbers the entries of a run. It passes each to the invariants, to a second fold, to the
// history that a restart needs, and to the sink.
type recorder struct {
	clock  *clock
	check  *invariant.Checker
	refold *reducer.Fleet // invariant (14); nil without Options.Refold
	// follower follows the log instead of refold and history, so that a restart can copy it, and a
	// world can be copied; or nil.
	follower controlplane.Follower
	outcome  reducer.Outcome
	keeps    bool // the control plane may crash, so that the history is needed
	history  []trace.Entry
	arena    trace.Arena // holds the payloads of history, and of the queue of the ledger
	sink     trace.Sink  // nil for none

	drawn  *notes  // records what is drawn; nil for nothing
	ledger *ledger // of the shipped control plane; nil for others
	drop   int     // which of the next rows of the log is lost; 0 for none

	faults   trace.Entry // reused for each fault
	injected trace.Fault // of faults

	step   uint32   // how many steps of work the run has begun
	trails bool     // steps is kept, for an Inspector
	steps  []uint32 // by entry: the step that wrote it

	seq uint64       // of the last entry
	at  reducer.Time // of the last entry
	err error        // the first failure; nothing is written after it
}

// header writes the first line.
func (r *recorder) header(h *trace.Header) {
	e := trace.Entry{At: r.clock.now, Kind: trace.KindHeader, Header: h}
	r.check.Entry(&e)
	r.emit(&e)
}

// write numbers an entry, sets its time and passes it on.
func (r *recorder) write(e *trace.Entry) {
	if r.err != nil {
		return
	}
	if r.ledger != nil {
		r.append(e)
		return
	}
	r.seq++
	e.Seq, e.At, r.at = r.seq, r.clock.now, r.clock.now
	r.trail(r.step)
	r.check.Entry(e)
	if r.follower != nil && e.Fault == nil {
		r.fail(r.follower.Follow(e))
	}
	if r.keeps && e.Fault == nil { // a restart reads no faults
		r.history = append(r.history, trace.Entry{})
		r.arena.Copy(&r.history[len(r.history)-1], e)
	}
	if r.refold != nil && e.Event != nil {
		// The live fleet refuses the same events, or the two differ at the end.
		err := r.refold.ApplyTo(e.Rollout, e.Event, e.At, &r.outcome)
		if reducer.IsMachineFailure(err) {
			r.fail(err)
		}
	}
	r.emit(e)
}

// written returns how many entries were written, with those that are not in the log.
func (r *recorder) written() uint64 {
	if r.ledger == nil {
		return r.seq
	}
	return r.seq + uint64(len(r.ledger.queue)+len(r.ledger.lost))
}

// trail records which step wrote an entry, if that is wanted.
func (r *recorder) trail(step uint32) {
	if r.trails {
		r.steps = append(r.steps, step)
	}
}

func (r *recorder) emit(e *trace.Entry) {
	if r.sink != nil {
		r.fail(r.sink.Write(e))
	}
}

// fail ends the run with an error, unless it has failed before.
func (r *recorder) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// reject writes the entry of an event that the fleet refuses.
func (r *recorder) reject(err error) {
	rejection := trace.NewRejection(err)
	r.write(&trace.Entry{
		Kind: trace.KindRejection, Rollout: rejection.Rollout, Rejection: &rejection,
	})
}

// fault writes the entry of an injected fault.
func (r *recorder) fault(f trace.Fault, d time.Duration) {
	f.Millis = int64(d / time.Millisecond)
	r.injected = f
	if r.drawn != nil {
		r.drawn.fault(&r.injected, r.clock.now)
	}
	e := &r.faults
	e.At = 0 // now
	e.Kind, e.Host, e.Rollout, e.Fault = trace.KindFault, f.Host, f.Rollout, &r.injected
	r.write(e)
}

// compareFolds compares the live fleet with the second fold, if there is one.
func (r *recorder) compareFolds(live *reducer.Fleet) {
	folded := r.refold
	if r.follower != nil {
		folded = r.follower.Fleet()
	}
	if folded == nil {
		return
	}
	for _, v := range invariant.Compare(live, folded, r.seq, r.clock.now) {
		r.check.Report(v)
	}
}
