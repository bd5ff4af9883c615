package reducer

// These methods derive from the table what a machine can do, so that no code depends on its name.

// Emits reports whether some transition of the machine requests an effect of kind k.
func (m *Table) Emits(k EffectKind) bool {
	return m.anyRule(func(r *Rule) bool {
		switch k {
		case RecordRolloutTransition:
			return r.Do == Go
		case UpdateCurrentWave:
			return r.MoveCursor
		case InsertQuarantineFromRollout:
			return r.Quarantine
		case SchedulePruning:
			return r.Prune
		case effectEnd:
		}
		return false
	})
}

// Prunes reports whether the machine schedules the pruning of rollouts.
func (m *Table) Prunes() bool { return m.Emits(SchedulePruning) }

// Quarantines reports whether the machine requests a quarantine.
func (m *Table) Quarantines() bool { return m.Emits(InsertQuarantineFromRollout) }

// Clears reports whether an operator's clearance changes the state of a Failed or a Reverted
// rollout.
func (m *Table) Clears() bool {
	clearance := Event{Kind: OperatorClearance}
	for _, p := range HealthPolicies() {
		if m.stateAfter(Failed, p, clearance) != Failed ||
			m.stateAfter(Reverted, p, clearance) != Reverted {
			return true
		}
	}
	return false
}

// FailsAtOnce reports whether a host that fails turns its rollout Failed under the policy.
func (m *Table) FailsAtOnce(policy HealthPolicy) bool {
	return m.stateAfter(Active, policy, Event{Kind: HostStateChanged, To: HostFailed}) == Failed
}

// Reverts reports whether a rollout is Reverted under the policy once a host has failed and rolled
// back.
func (m *Table) Reverts(policy HealthPolicy) bool {
	return m.stateAfter(Active, policy,
		Event{Kind: HostStateChanged, From: HostSoaking, To: HostFailed},
		Event{Kind: HostStateChanged, From: HostFailed, To: HostReverted}) == Reverted
}

// UsesPolicy reports whether the channel's policy changes an answer of the machine: by a condition,
// or as the delay of a pruning.
func (m *Table) UsesPolicy() bool {
	return m.Prunes() || m.anyRule(func(r *Rule) bool { return r.If.usesPolicy() })
}

// Ends reports whether nothing that hosts do decides about a rollout any more once the planner no
// longer works on it, except that a Failed one is Reverted with a host: it never becomes Terminal
// without an operator, and never returns to a state.
func (m *Table) Ends() bool {
	order := [StateCount]int{
		Opening: 0, Active: 0, Converging: 0,
		Failed: 1, Reverted: 2, Terminal: 3, Superseded: 4, Pruned: 5,
	}
	for s := State(1); int(s) < StateCount; s++ {
		if s.Underway() {
			continue
		}
		for k := range m.cells[s] {
			for _, r := range m.cells[s][k].Rules() {
				if r.Do == Go && (order[r.To] <= order[s] ||
					r.To == Terminal && EventKind(k) != OperatorClearance ||
					r.To == Reverted && r.If != HostTurnedReverted) {
					return false
				}
			}
		}
	}
	return true
}

// SameCells reports whether two machines have the same transitions. Their names may differ.
func (m *Table) SameCells(other *Table) bool {
	return m.cells == other.cells && m.refuseMisrouted == other.refuseMisrouted
}

// stateAfter returns the state of a rollout in state from after some events. Refused events change
// nothing.
func (m *Table) stateAfter(from State, policy HealthPolicy, events ...Event) State {
	rec := Record{State: from}
	var effects Effects
	for i := range events {
		_ = m.Step(&rec, &events[i], 0, Policy{OnHealthFailure: policy}, &effects)
	}
	return rec.State
}

func (m *Table) anyRule(ok func(*Rule) bool) bool {
	found := false
	cells := m.cells
	cells.eachRule(func(r *Rule) { found = found || r.Do != 0 && ok(r) })
	return found
}
