package prove

import (
	"fmt"

	"rollsim/internal/hash64"
	"rollsim/sim"
)

// walk is a run, with that under the other machine or control plane in step with it where two are
// compared.
type walk struct {
	*sim.Walk
	other  *sim.Walk // nil for none
	behind bool      // it follows a run whose instants are compared
	differ bool      // the two have not done the same
}

// newWalk begins the run of a scenario. It returns nil if the run cannot be copied. The error is
// that of the scenario.
func (p *Prover) newWalk(sc *sim.Scenario) (*walk, error) {
	k, err := sim.NewWalk(sc, p.options(sc))
	if err != nil || k.Forkable() != nil || !p.differs() {
		return forkable(k, nil), err
	}
	other, err := sim.NewWalk(p.otherSide(sc))
	if err != nil { // the runs from the start say why
		return nil, nil
	}
	return forkable(k, other), nil
}

// forkable returns a walk, or nil if it cannot be copied.
func forkable(k, other *sim.Walk) *walk {
	for _, one := range []*sim.Walk{k, other} {
		if one != nil && one.Forkable() != nil {
			return nil
		}
	}
	return &walk{Walk: k, other: other}
}

// fork returns a copy in the memory of one that has ended, or in new memory if that is nil.
func (k *walk) fork(old *walk, quiet bool) *walk {
	if old == nil {
		old = new(walk)
	}
	*old = walk{Walk: k.ForkInto(old.Walk, quiet), other: old.other, differ: k.differ}
	if k.other != nil {
		old.other = k.other.ForkInto(old.other, true)
	}
	return old
}

// Edit changes the scenario of both runs from now on.
func (k *walk) Edit(e *sim.Edit) error {
	if k.other != nil && k.other.Edit(e) != nil {
		k.differ = true
	}
	return k.Walk.Edit(e)
}

// Next does the work of the next instant in both runs, and compares what they write.
func (k *walk) Next() bool {
	more := k.Walk.Next()
	if k.other == nil || k.differ {
		return more
	}
	until := k.Horizon()
	if more {
		until = k.Elapsed()
	}
	active := more && k.Active()
	for k.other.NextUntil(until) {
		if k.behind || !k.other.Active() {
			continue
		}
		same := active && k.other.Elapsed() == until && k.other.Wrote() == k.Wrote()
		k.differ, active = k.differ || !same, false
	}
	k.differ = k.differ || active && !k.behind || k.other.Err() != nil
	return more
}

// Finish ends both runs at the horizon, compares what they write there, and returns the result of
// the first one.
func (k *walk) Finish() (*sim.Result, error) {
	result, err := k.Walk.Finish()
	if k.other != nil {
		_, failed := k.other.Finish()
		k.differ = k.differ || (err == nil) != (failed == nil) || k.other.Wrote() != k.Wrote()
	}
	return result, err
}

// Hash returns a hash of the state of both runs.
func (k *walk) Hash() uint64 {
	if k.other == nil {
		return k.Walk.Hash()
	}
	return hash64.Of(k.Walk.Hash(), k.other.Hash())
}

// Waits reports whether a line that was added still waits, in either run, although its time has
// come.
func (k *walk) Waits() bool { return k.Walk.Waits() || k.other != nil && k.other.Waits() }

// Calm says of both runs that nothing to come keeps a message from arriving.
func (k *walk) Calm() {
	k.Walk.Calm()
	if k.other != nil {
		k.other.Calm()
	}
}

// parted adds the failure of a run in which the two have not done the same. Runs from the start
// confirm it.
func (t *tree) parted(n *node, judged bool) {
	o := new(outcome)
	t.compare(n, n.scenario(t.plain), o)
	switch {
	case o.err != nil:
		t.err = o.err
	case len(o.found) == 0:
		t.err = fmt.Errorf("%w: the runs of %q differ only if they are copied", errUnconfirmed, n.text())
	case judged:
		t.add(o)
	}
}
