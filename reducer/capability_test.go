package reducer_test

import (
	"testing"

	"rollsim/reducer"
)

// TestCapabilities checks what both machines can do. It then changes cells of a copy of each, so
// that the answer must change.
func TestCapabilities(t *testing.T) {
	const halt, rollback = reducer.Halt, reducer.RollbackAndHalt
	failing := [2]reducer.State{reducer.Active, reducer.Converging}
	setEach := func(c *reducer.Cells, change func(*reducer.Rule)) {
		for s := range c {
			for k := range c[s] {
				for i := range c[s][k] {
					change(&c[s][k][i])
				}
			}
		}
	}
	tests := []struct {
		name                 string
		ask                  func(*reducer.Table) bool
		shipped, specified   bool
		turnShipped, turnRFC func(*reducer.Cells)
	}{
		{
			name: "Prunes", ask: (*reducer.Table).Prunes, specified: true,
			turnShipped: func(c *reducer.Cells) {
				c[reducer.Active][reducer.SuccessorOpened][0].Prune = true
			},
			turnRFC: func(c *reducer.Cells) { setEach(c, func(r *reducer.Rule) { r.Prune = false }) },
		},
		{
			name: "Quarantines", ask: (*reducer.Table).Quarantines, specified: true,
			turnShipped: func(c *reducer.Cells) {
				c[reducer.Active][reducer.HostStateChanged][1].Quarantine = true
			},
			turnRFC: func(c *reducer.Cells) { setEach(c, func(r *reducer.Rule) { r.Quarantine = false }) },
		},
		{
			name: "Clears", ask: (*reducer.Table).Clears, specified: true,
			turnShipped: func(c *reducer.Cells) {
				c[reducer.Reverted][reducer.OperatorClearance] =
					reducer.Cell{{Do: reducer.Go, To: reducer.Terminal}}
			},
			turnRFC: func(c *reducer.Cells) {
				for _, s := range []reducer.State{reducer.Failed, reducer.Reverted} {
					c[s][reducer.OperatorClearance] = reducer.Cell{{Do: reducer.Ignore}}
				}
			},
		},
		{
			name: "FailsAtOnce under halt",
			ask:  func(m *reducer.Table) bool { return m.FailsAtOnce(halt) }, shipped: true, specified: true,
			turnShipped: func(c *reducer.Cells) {
				c[reducer.Active][reducer.HostStateChanged] = reducer.Cell{{Do: reducer.Ignore}}
			},
			turnRFC: func(c *reducer.Cells) {
				c[reducer.Active][reducer.HostStateChanged][0].If = reducer.HostTurnedReverted
			},
		},
		{
			name:    "FailsAtOnce under rollback-and-halt",
			ask:     func(m *reducer.Table) bool { return m.FailsAtOnce(rollback) },
			shipped: true,
			turnShipped: func(c *reducer.Cells) {
				c[reducer.Active][reducer.HostStateChanged][0].If = reducer.HostTurnedFailedUnderHalt
			},
			turnRFC: func(c *reducer.Cells) {
				c[reducer.Active][reducer.HostStateChanged][0].If = reducer.HostTurnedFailed
			},
		},
		{
			name: "Reverts under rollback-and-halt",
			ask:  func(m *reducer.Table) bool { return m.Reverts(rollback) }, specified: true,
			turnShipped: func(c *reducer.Cells) {
				c[reducer.Active][reducer.HostStateChanged][0].If = reducer.HostTurnedFailedUnderHalt
			},
			turnRFC: func(c *reducer.Cells) {
				c[reducer.Active][reducer.HostStateChanged][1].Do = reducer.Ignore
			},
		},
		{
			name: "UsesPolicy", ask: (*reducer.Table).UsesPolicy, specified: true,
			turnShipped: func(c *reducer.Cells) {
				c[reducer.Converging][reducer.HostStateChanged][0].If = reducer.HostTurnedFailedUnderHalt
			},
			turnRFC: func(c *reducer.Cells) {
				setEach(c, func(r *reducer.Rule) { r.Prune = false })
				for _, s := range failing {
					c[s][reducer.HostStateChanged][0].If = reducer.HostTurnedFailed
				}
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, side := range []struct {
				m    *reducer.Table
				want bool
				turn func(*reducer.Cells)
			}{
				{reducer.V02(), test.shipped, test.turnShipped},
				{reducer.RFC0008(), test.specified, test.turnRFC},
			} {
				if got := test.ask(side.m); got != side.want {
					t.Errorf("%s: got %v, want %v", side.m.Name(), got, side.want)
				}
				cells := side.m.Cells()
				side.turn(&cells)
				// The name must not matter.
				changed := reducer.NewTable(side.m.Name(), cells, side.m.RefusesMisrouted())
				if got := test.ask(changed); got == side.want {
					t.Errorf("%s with changed cells: still %v", side.m.Name(), got)
				}
			}
		})
	}
}

// TestEmits checks tables that emit one effect each: Emits must report that effect and no other.
func TestEmits(t *testing.T) {
	one := map[reducer.EffectKind]reducer.Rule{
		reducer.RecordRolloutTransition:     {Do: reducer.Go, To: reducer.Active},
		reducer.UpdateCurrentWave:           {Do: reducer.Ignore, MoveCursor: true},
		reducer.InsertQuarantineFromRollout: {Do: reducer.Ignore, Quarantine: true},
		reducer.SchedulePruning:             {Do: reducer.Ignore, Prune: true},
	}
	for _, k := range reducer.EffectKinds() {
		var cells reducer.Cells
		cells[reducer.Failed][reducer.HostJoined] = reducer.Cell{one[k]}
		m := reducer.NewTable("one", cells, false)
		for _, other := range reducer.EffectKinds() {
			if got := m.Emits(other); got != (other == k) {
				t.Errorf("a table that emits %v alone: Emits(%v) = %v", k, other, got)
			}
		}
	}
}

func TestSameCells(t *testing.T) {
	if !reducer.V02().SameCells(reducer.V02With("another name", nil)) {
		t.Error("two tables that differ only in name have different cells")
	}
	for _, d := range reducer.Differences() {
		if reducer.V02().SameCells(reducer.V02With("v0.2", []reducer.Difference{d})) {
			t.Errorf("difference %d leaves the cells the same", d.Number)
		}
	}
}

// TestEnds checks that a machine is recognised under which a rollout that has ended begins again.
func TestEnds(t *testing.T) {
	for _, m := range []*reducer.Table{reducer.RFC0008(), reducer.V02(), reducer.V01()} {
		if !m.Ends() {
			t.Errorf("under %s a rollout begins again", m.Name())
		}
	}
	for _, from := range []reducer.State{
		reducer.Terminal, reducer.Reverted, reducer.Failed, reducer.Superseded, reducer.Pruned,
	} {
		for _, to := range []reducer.State{reducer.Opening, reducer.Active, reducer.Converging} {
			cells := reducer.RFC0008().Cells()
			cells[from][reducer.OperatorClearance] = reducer.Cell{{Do: reducer.Go, To: to}}
			if reducer.NewTable("again", cells, true).Ends() {
				t.Errorf("a rollout that goes from %v to %v has ended", from, to)
			}
		}
	}
	for name, change := range map[string]func(*reducer.Cells){
		"Superseded becomes Terminal with a host": func(c *reducer.Cells) {
			c[reducer.Superseded][reducer.HostStateChanged] = c[reducer.Active][reducer.RolloutTerminal]
		},
		"Failed becomes Reverted by clearance": func(c *reducer.Cells) {
			reverts := reducer.Cell{{Do: reducer.Go, To: reducer.Reverted}}
			c[reducer.Failed][reducer.OperatorClearance] = reverts
		},
		"Superseded becomes Failed": func(c *reducer.Cells) {
			fails := reducer.Cell{{Do: reducer.Go, To: reducer.Failed}}
			c[reducer.Superseded][reducer.RolloutTerminal] = fails
		},
	} {
		cells := reducer.RFC0008().Cells()
		change(&cells)
		if reducer.NewTable("other", cells, true).Ends() {
			t.Errorf("%s, and it has ended", name)
		}
	}
	cells := reducer.RFC0008().Cells()
	backward := reducer.Cell{{Do: reducer.Go, To: reducer.Opening}}
	cells[reducer.Active][reducer.OperatorClearance] = backward // it has not ended
	if !reducer.NewTable("back", cells, true).Ends() {
		t.Error("a rollout that has not ended begins again")
	}
}
