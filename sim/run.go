package sim

import (
	"fmt"
	"slices"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/trace"
)

// Options are the inputs of a run in addition to its scenario.
type Options struct {
	Machine reducer.Machine // decides every transition
	Seed    uint64
	Sink    trace.Sink // receives the entries, the header first; nil for none

	// ControlPlane makes the control plane; nil for the scenario's.
	ControlPlane controlplane.New

	// Refold folds the trace a second time, and compares the result with the live state at the end.
	Refold bool

	// Memory is reused from run to run, so that the Fleet of a Result is valid until the next one; nil
	// allocates.
	Memory *Memory

	// The run ends early, at the end of the instant in which entry UntilSeq is written or the
	// virtual time Until is reached. Zero is neither. A run that ends early is not judged for
	// liveness.
	UntilSeq uint64
	Until    time.Duration

	// Classes are hosts that stand for each other. The hash of a Walk does not distinguish them.
	Classes [][]reducer.HostID

	// Strays says that an Edit of a Walk may add raw events.
	Strays bool

	// Digest says that a Walk has a digest of what each instant writes, instead of a Sink.
	Digest bool

	choices bool // it has links, so that faults may be added
}

// Result is the result of a run.
type Result struct {
	Start, End reducer.Time
	Entries    uint64 // written after the header
	Early      bool   // ended by UntilSeq or Until
	Fleet      *reducer.Fleet
	Violations []Violation
	NeverCame  []int // lines of the timeline, from 0, whose moment did not happen
	Idle       []int // lines of the timeline, from 0, whose fault met no message or poll
	Never      []int // indices of the moments of Scenario.Sometimes that did not happen

	Lost []trace.Entry // rows that the log of the shipped control plane has lost, in their order
}

// ErrRunaway reports that the work of one instant does not end, because some of it causes itself
// again without a delay.
var ErrRunaway = controlplane.ErrRunaway

// maxPerInstant limits the work of one instant, so that a loop without delay is an error and not a
// hang.
const maxPerInstant = 50_000_000

// Run simulates a scenario to its horizon. The error is one of the Sink or of the machine,
// ErrRunaway, or describes what is wrong with the scenario.
func Run(sc *Scenario, opt Options) (*Result, error) {
	w, err := newWorld(sc, opt)
	if err != nil {
		return nil, err
	}
	if w.record.keeps && opt.Refold { // one fold for both
		w.follow()
	}
	opt.Memory.lend(w)
	defer opt.Memory.collect(w)
	return w.run()
}

// run goes from instant to instant until the end.
func (w *world) run() (*Result, error) {
	opt := w.opt
	w.begin()
	end := w.sc.Start + reducer.Time(w.sc.Horizon)
	early := false
	if opt.Until > 0 && opt.Until < w.sc.Horizon {
		end, early = w.sc.Start+reducer.Time(opt.Until), true
	}
	for w.record.err == nil && w.next(end) {
		w.instant()
		if opt.UntilSeq > 0 && w.record.seq >= opt.UntilSeq {
			end, early = w.clock.now, true
			break
		}
	}
	w.clock.now = end
	return w.finish(early)
}

// begin writes the header and schedules what is known from the start.
func (w *world) begin() {
	w.record.header(newHeader(w.sc, w.opt, w.inv))
	w.fillQueue()
}

// finish makes the checks that are possible only at the end, and returns the result.
func (w *world) finish(early bool) (*Result, error) {
	w.record.flush(true)
	fleet := w.driver.plane.Fleet()
	for _, late := range fleet.Finish() {
		w.record.reject(late)
	}
	if w.record.err != nil {
		return nil, w.record.err
	}
	for i := range w.sc.Channels {
		w.record.check.Standing(w.sc.Channels[i].ID)
	}
	w.record.check.Finish()
	var lost []trace.Entry
	if w.record.ledger != nil {
		w.record.compareTables(fleet)
		lost = w.record.ledger.lost
	} else {
		w.record.compareFolds(fleet)
	}
	result := &Result{
		Start:      w.sc.Start,
		End:        w.clock.now,
		Entries:    w.record.seq,
		Early:      early,
		Fleet:      fleet,
		Violations: w.record.check.Found(),
		Lost:       lost,
	}
	if early {
		return result, nil
	}
	j := judge{
		sc: w.sc, timeline: w.timeline, now: w.clock.now, plane: w.driver.plane, inv: w.inv,
		upstream: &w.upstream, rollouts: &w.rollouts, agents: &w.agents,
	}
	if w.driver.production != nil {
		result.Violations = append(result.Violations, w.driver.production.violations(&j)...)
	} else {
		result.Violations = append(result.Violations, j.violations()...)
	}
	for _, i := range w.moments.waiting {
		result.NeverCame = append(result.NeverCame, int(i))
	}
	result.Idle = w.idle()
	for _, i := range w.moments.missing {
		result.Never = append(result.Never, int(i))
	}
	return result, nil
}

// idle returns the lines of the timeline, from 0, whose time has come, and whose fault has met no
// message or poll.
func (w *world) idle() []int {
	var idle []int
	for i, a := range w.timeline {
		if a.Fault != nil && (a.Fault.Kind.ofMessages() || a.Fault.Kind.ofPolls()) &&
			!slices.Contains(w.network.struck, a) &&
			!slices.Contains(w.moments.waiting, uint32(i)) {
			idle = append(idle, i)
		}
	}
	return idle
}

// fillQueue schedules what is known from the start, in the order that decides ties.
func (w *world) fillQueue() {
	for i, a := range w.timeline {
		if a.When == nil {
			w.clock.schedule(a.At, workTimeline, uint32(i), 0)
		}
	}
	if w.driver.production != nil {
		w.driver.production.start()
	} else {
		for i := range w.sc.Channels {
			w.clock.schedule(0, workPoll, uint32(i), 0)
		}
		w.clock.schedule(0, workTick, 0, 0)
	}
	for i := range w.sc.Traffic {
		w.clock.schedule(w.sc.Traffic[i].From, workTraffic, uint32(i), 0)
	}
}

// instant does all the work of the present instant: what is due, then the plan, which may schedule
// more for the same instant.
func (w *world) instant() {
	for range w.perInstant {
		if !w.step() || w.record.err != nil {
			return
		}
	}
	w.record.fail(fmt.Errorf("%w (at %v after the start)", ErrRunaway, w.clock.elapsed()))
}

// step does the next work of the present instant, and the plan after the last one. It reports
// whether there was any.
func (w *world) step() bool {
	w.record.step++
	x, due := w.clock.pop()
	if !due {
		return w.driver.plan()
	}
	w.do(x)
	if w.driver.production != nil {
		w.driver.production.wake()
	}
	return true
}

// do carries out one item of work.
func (w *world) do(x item) {
	if p := w.driver.production; p != nil && p.do(x) {
		return
	}
	switch x.work() {
	case workTimeline:
		w.act(w.timeline[x.a()])
	case workPoll:
		conf := &w.sc.Channels[x.a()]
		w.driver.poll(x.a(), conf, w.upstream.refs[x.a()])
		w.clock.schedule(conf.PollInterval, workPoll, x.a(), 0)
	case workTick:
		w.driver.tick()
	case workDispatched:
		w.agents.receive(x.a(), x.b)
	case workRetention:
		w.driver.expire(x.a(), x.b)
	case workSwitched,
		workRebooted,
		workProbed,
		workSustained,
		workConverged,
		workRolledBack,
		workRestarted,
		workBroken:
		w.agents.step(x.a(), x.b, x.work())
	case workArrive:
		w.network.land(x.a(), x.b)
	case workResend:
		w.network.resend(x.a())
	case workOnline:
		w.network.reconnect(x.a())
	case workRestart:
		w.driver.restart()
	case workTraffic:
		w.upstream.move(x.a(), x.b)
	case workBeat, workPrune: // of the shipped control plane alone
	}
}

// act carries out one line of the timeline.
func (w *world) act(a *Action) {
	switch {
	case a.Release != nil:
		for i := range w.sc.Channels {
			w.upstream.point(w.sc.Channels[i].ID, a.Release.Ref)
		}
	case a.SetRef != nil:
		w.upstream.point(a.SetRef.Channel, a.SetRef.Ref)
	case a.Fault != nil && a.Fault.Kind == ControlPlaneCrash:
		w.driver.crash(a.Fault.For)
	case a.Fault != nil && a.Fault.Kind.ofPolls():
		w.driver.armPoll(a)
	case a.Fault != nil:
		w.agents.inject(a)
	default:
		w.driver.operate(a)
	}
}
