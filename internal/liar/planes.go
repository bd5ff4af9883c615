// Package liar has control planes and machines with one planted defect each. Tests check with them
// that an invariant, a sweep or a proof finds the defect.
package liar

import (
	"slices"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/trace"
)

// specified returns the control plane that the planted defects wrap.
func specified(inv *controlplane.Inventory, m reducer.Machine) controlplane.ControlPlane {
	build, err := controlplane.ByName(controlplane.Specified)
	if err != nil {
		panic(err)
	}
	return build(inv, m)
}

// Halt stands for a planner that does not halt, where tests name the gate that it ignores.
const Halt = "halt"

// Reckless returns a control plane that ignores one gate, or a halt.
func Reckless(gate string) controlplane.New {
	return func(inv *controlplane.Inventory, m reducer.Machine) controlplane.ControlPlane {
		return &recklessPlane{ControlPlane: specified(inv, m), inv: inv, gate: gate}
	}
}

type recklessPlane struct {
	controlplane.ControlPlane
	inv  *controlplane.Inventory
	gate string
	sent []trace.PlanAction
}

func (p *recklessPlane) Plan(tick controlplane.Tick, out controlplane.Output) error {
	if err := p.ControlPlane.Plan(tick, &recklessOutput{out, p, tick.Now}); err != nil {
		return err
	}
	if p.gate != Halt {
		return nil
	}
	for _, r := range p.Fleet().Rollouts() {
		if r.Record.State.Underway() && r.Count(reducer.HostFailed) > 0 {
			for _, h := range r.Hosts() {
				if h.State == reducer.HostPending && h.Wave <= r.Record.CurrentWave {
					p.dispatch(r, h.ID, tick.Now, out)
				}
			}
		}
	}
	return nil
}

// dispatch dispatches a host once for a rollout. The wrapped control plane does not know of it.
func (p *recklessPlane) dispatch(
	r *reducer.Rollout, id reducer.HostID, now reducer.Time, out controlplane.Output,
) {
	action := trace.PlanAction{
		Action: trace.QueueDispatch, Rollout: r.Record.RolloutID, Host: id,
		Closure: reducer.ClosureHash(r.Record.TargetRef), SoakDueAt: now, Attempt: 1,
	}
	if slices.ContainsFunc(p.sent, func(a trace.PlanAction) bool {
		return a.Rollout == action.Rollout && a.Host == id
	}) {
		return
	}
	p.sent = append(p.sent, action)
	out.Entry(&trace.Entry{
		Kind: trace.KindPlanAction, Host: id, Rollout: action.Rollout, Plan: &action,
	})
	host, _ := p.inv.Host(id)
	out.Dispatch(controlplane.Dispatch{
		Host: host, Rollout: action.Rollout, Closure: action.Closure, SoakDueAt: now, Attempt: 1,
	})
}

// recklessOutput turns the decisions of the gate into dispatches.
type recklessOutput struct {
	controlplane.Output
	plane *recklessPlane
	now   reducer.Time
}

func (o *recklessOutput) Entry(e *trace.Entry) {
	if e.Gate == nil || e.Gate.Gate != o.plane.gate {
		o.Output.Entry(e)
		return
	}
	o.plane.dispatch(o.plane.Fleet().Rollout(e.Rollout), e.Host, o.now, o.Output)
}

// Disobedient makes a control plane that ignores every order of an operator.
func Disobedient(inv *controlplane.Inventory, m reducer.Machine) controlplane.ControlPlane {
	return disobedientPlane{specified(inv, m)}
}

type disobedientPlane struct{ controlplane.ControlPlane }

func (disobedientPlane) Operate(reducer.Time, controlplane.Order, controlplane.Output) error {
	return nil
}

// Forgetful returns a control plane whose crash loses entries of the log.
func Forgetful(lost func(*trace.Entry) bool) controlplane.New {
	return func(inv *controlplane.Inventory, m reducer.Machine) controlplane.ControlPlane {
		return &forgetfulPlane{specified(inv, m), lost}
	}
}

type forgetfulPlane struct {
	controlplane.ControlPlane
	lost func(*trace.Entry) bool
}

func (p *forgetfulPlane) Durable(log []trace.Entry) controlplane.Durable {
	kept := slices.DeleteFunc(
		slices.Clone(log), func(e trace.Entry) bool { return p.lost(&e) },
	)
	return p.ControlPlane.Durable(kept)
}

func (p *forgetfulPlane) Diff(other controlplane.ControlPlane) []controlplane.Difference {
	return p.ControlPlane.Diff(other.(*forgetfulPlane).ControlPlane)
}

// Lying makes a control plane that ignores a gate and writes, after each entry, what says returns.
func Lying(says func(*trace.Entry) *trace.Entry, gate string) controlplane.New {
	build := Reckless(gate)
	return func(inv *controlplane.Inventory, m reducer.Machine) controlplane.ControlPlane {
		return &lyingPlane{build(inv, m), says}
	}
}

type lyingPlane struct {
	controlplane.ControlPlane
	says func(*trace.Entry) *trace.Entry
}

func (p *lyingPlane) Poll(
	now reducer.Time, channel uint32, ref reducer.ChannelRef, out controlplane.Output,
) error {
	return p.ControlPlane.Poll(now, channel, ref, lyingOutput{out, p.says})
}

type lyingOutput struct {
	controlplane.Output
	says func(*trace.Entry) *trace.Entry
}

func (o lyingOutput) Entry(e *trace.Entry) {
	o.Output.Entry(e)
	if lie := o.says(e); lie != nil {
		o.Output.Entry(lie)
	}
}

// Changing makes a control plane that is wrong about one thing.
func Changing(set func(*Change)) controlplane.New {
	return func(inv *controlplane.Inventory, m reducer.Machine) controlplane.ControlPlane {
		p := &changedPlane{ControlPlane: specified(inv, m), inv: inv}
		set(&p.Change)
		return p
	}
}

type changedPlane struct {
	controlplane.ControlPlane
	inv *controlplane.Inventory
	Change
}

// Change is what a control plane is wrong about.
type Change struct {
	Late       time.Duration // the events of an opening are this much too late
	Superseded bool          // pending hosts of superseded rollouts are dispatched without an entry
	Deaf       bool          // messages are acknowledged and dropped

	Stale  bool                      // it sees the first ref of a channel where it has opened the ref
	Silent func(*reducer.Event) bool // it does not log these events of messages

	Hear func(*trace.AgentEvent) // changes each message before it is logged
	Send func(*controlplane.Dispatch)
}

func (p *changedPlane) Poll(
	now reducer.Time, channel uint32, ref reducer.ChannelRef, out controlplane.Output,
) error {
	if p.Stale {
		ref = p.stale(ref)
	}
	return p.ControlPlane.Poll(now, channel, ref, laterOutput{out, p.Late})
}

func (p *changedPlane) Receive(
	now reducer.Time, m controlplane.Message, out controlplane.Output,
) (bool, error) {
	if p.Deaf {
		return true, nil
	}
	if p.Hear != nil {
		heard := *m.Event
		p.Hear(&heard)
		m.Event = &heard
	}
	if p.Silent != nil {
		out = silentOutput{out, p.Silent}
	}
	return p.ControlPlane.Receive(now, m, out)
}

func (p *changedPlane) Plan(tick controlplane.Tick, out controlplane.Output) error {
	for _, r := range p.Fleet().Rollouts() {
		for _, h := range r.Hosts() {
			n, _ := p.inv.Host(h.ID)
			if p.Superseded && r.Record.State == reducer.Superseded && p.LastDispatch(n) == "" {
				out.Dispatch(controlplane.Dispatch{
					Host: n, Rollout: r.Record.RolloutID,
					Closure: reducer.ClosureHash(r.Record.TargetRef), SoakDueAt: tick.Now, Attempt: 1,
				})
			}
		}
	}
	if p.Send != nil {
		out = sendOutput{out, p.Send}
	}
	return p.ControlPlane.Plan(tick, out)
}

// sendOutput changes each dispatch that an agent gets.
type sendOutput struct {
	controlplane.Output
	change func(*controlplane.Dispatch)
}

func (o sendOutput) Dispatch(d controlplane.Dispatch) {
	o.change(&d)
	o.Output.Dispatch(d)
}

// laterOutput makes events later than they are.
type laterOutput struct {
	controlplane.Output
	late time.Duration
}

func (o laterOutput) Applied(r *reducer.Rollout, ev *reducer.Event, effects *reducer.Effects) {
	later := *ev
	later.At += reducer.Time(o.late)
	o.Output.Applied(r, &later, effects)
}

// silentOutput leaves events out of the log.
type silentOutput struct {
	controlplane.Output
	silent func(*reducer.Event) bool
}

func (o silentOutput) Entry(e *trace.Entry) {
	if e.Event == nil || !o.silent(e.Event) {
		o.Output.Entry(e)
	}
}

// stale returns the ref that was opened first on the channel on which a ref was opened, or else the
// ref itself.
func (p *changedPlane) stale(ref reducer.ChannelRef) reducer.ChannelRef {
	all := p.Fleet().Rollouts()
	i := slices.IndexFunc(all, func(r *reducer.Rollout) bool { return r.Record.TargetRef == ref })
	if i < 0 {
		return ref
	}
	first := slices.IndexFunc(all, func(r *reducer.Rollout) bool {
		return r.Record.Channel == all[i].Record.Channel
	})
	return all[first].Record.TargetRef
}
