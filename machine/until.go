package machine

import (
	"context"

	"rollsim/reducer"
)

// Until returns a machine that answers as m does until the context ends. Then every step fails with
// a *reducer.MachineFailure, so that a run ends which its caller cannot stop.
func Until(ctx context.Context, m reducer.Machine) reducer.Machine {
	if ctx.Done() == nil {
		return m
	}
	return &until{m, ctx}
}

type until struct {
	reducer.Machine
	ctx context.Context
}

// Step implements reducer.Machine.
func (u *until) Step(
	rec *reducer.Record, ev *reducer.Event, now reducer.Time, policy reducer.Policy,
	out *reducer.Effects,
) error {
	if err := u.ctx.Err(); err != nil {
		out.Reset()
		return &reducer.MachineFailure{Machine: u.Name(), Err: err}
	}
	return u.Machine.Step(rec, ev, now, policy, out)
}
