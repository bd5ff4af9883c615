package reducer

// Short names keep the columns of the table below narrow.
var (
	xx = Cell{{Do: Illegal}}
	no = Cell{{Do: Unspecified}}
	ok = Cell{{Do: Ignore}}

	toActive     = Cell{{Do: Go, To: Active}}
	toTerminal   = Cell{{Do: Go, To: Terminal}}
	toSuperseded = Cell{{Do: Go, To: Superseded}}
	toPruned     = Cell{{Do: Go, To: Pruned}}

	hostDecides = Cell{
		{If: HostTurnedFailed, Do: Go, To: Failed},
		{If: HostTurnedReverted, Do: Go, To: Reverted},
		{Do: Ignore},
	}
	waveInActive = Cell{
		{If: WaveForward, Do: Ignore, MoveCursor: true},
		{Do: Go, To: Converging},
	}
	waveInConverging = Cell{
		{If: WaveForward, Do: Go, To: Active, MoveCursor: true},
		{Do: Ignore},
	}
)

// v02Cells is the table of v0.2. The columns are RolloutOpened, HostJoined, HostStateChanged,
// WaveAdvanced, RolloutTerminal, SuccessorOpened, RetentionExpired and OperatorClearance.
var v02Cells = Cells{
	Opening:    {1: xx, toActive, xx, xx, xx, toSuperseded, xx, xx},
	Active:     {1: xx, ok, hostDecides, waveInActive, toTerminal, toSuperseded, xx, xx},
	Converging: {1: xx, ok, hostDecides, waveInConverging, toTerminal, toSuperseded, xx, xx},
	Terminal:   {1: xx, ok, ok, xx, ok, toSuperseded, toPruned, xx},
	Reverted:   {1: xx, ok, ok, ok, ok, toSuperseded, toPruned, no},
	Failed:     {1: xx, ok, ok, ok, ok, toSuperseded, toPruned, no},
	Superseded: {1: xx, ok, ok, ok, ok, ok, toPruned, xx},
	Pruned:     {1: xx, xx, xx, xx, xx, xx, xx, xx},
}

// Difference is one way in which rfc0008 departs from v0.2.
type Difference struct {
	Number int    // in the specification
	What   string // the cells, and their new rules
	Why    string
	apply  func(*Table)
}

// Differences returns the ways in which rfc0008 departs from v0.2, in the specification's order.
func Differences() []Difference {
	return []Difference{
		{
			1, "Failed + HostStateChanged to=Reverted: → Reverted, quarantined",
			"a host always passes Failed on its way to Reverted, so as shipped a rollout never reaches " +
				"Reverted",
			func(m *Table) {
				m.cells[Failed][HostStateChanged] = Cell{
					{If: HostTurnedReverted, Do: Go, To: Reverted, Quarantine: true},
					{Do: Ignore},
				}
			},
		},
		{
			2, "Active, Converging + HostStateChanged to=Failed: → Failed only under halt",
			"under rollback-and-halt the rollback decides (RFC-0008 §3)",
			func(m *Table) {
				m.cells[Active][HostStateChanged][0].If = HostTurnedFailedUnderHalt
				m.cells[Converging][HostStateChanged][0].If = HostTurnedFailedUnderHalt
			},
		},
		{
			3, "Active, Converging + HostStateChanged to=Reverted: also quarantined",
			"the effect is declared, never emitted",
			func(m *Table) {
				m.cells[Active][HostStateChanged][1].Quarantine = true
				m.cells[Converging][HostStateChanged][1].Quarantine = true
			},
		},
		{
			4, "every transition into the terminal set: also schedules pruning",
			"declared, never emitted: as shipped nothing is ever pruned through the reducer",
			func(m *Table) { m.cells.eachRule(schedulePruning) },
		},
		{
			5, "Failed, Reverted + OperatorClearance: → Terminal",
			"RFC-0008 names clearance as their exit, and as what replaces marking a rollout terminal by " +
				"hand",
			func(m *Table) {
				cleared := Cell{{Do: Go, To: Terminal, Prune: true}}
				m.cells[Failed][OperatorClearance] = cleared
				m.cells[Reverted][OperatorClearance] = cleared
			},
		},
		{
			6, "Active, Converging + WaveAdvanced to_wave<from_wave: invariant",
			"a regressing wave silently moves Active to Converging",
			func(m *Table) {
				for _, s := range []State{Active, Converging} {
					c := m.cells[s][WaveAdvanced]
					m.cells[s][WaveAdvanced] = Cell{{If: WaveBackward, Do: Refuse}, c[0], c[1]}
				}
			},
		},
		{
			7, "any cell, event of another rollout: invariant, before any other answer",
			"nothing stops a misrouted event",
			func(m *Table) { m.refuseMisrouted = true },
		},
	}
}

func schedulePruning(r *Rule) {
	if r.Do == Go && r.To.InTerminalSet() {
		r.Prune = true
	}
}

func (c *Cells) eachRule(do func(*Rule)) {
	for s := range c {
		for k := range c[s] {
			for i := range c[s][k] {
				do(&c[s][k][i])
			}
		}
	}
}

// V02 returns the machine that the control plane ships today. It ignores the policy, and never
// schedules a pruning or requests a quarantine.
func V02() *Table { return &Table{name: "v0.2", cells: v02Cells} }

// V01 returns the machine that an older control plane shipped: V02, except for one defect. A host
// that joins a wave above the cursor moves the cursor there, so that all waves of a rollout are
// dispatched at once.
func V01() *Table {
	m := V02With("v0.1", nil)
	for s := range m.cells {
		if r := &m.cells[s][HostJoined][0]; r.Do == Go || r.Do == Ignore {
			r.MoveCursor = true
		}
	}
	return m
}

// V02With returns V02 with some of the Differences applied, which must be in the order of
// Differences.
func V02With(name string, differences []Difference) *Table {
	m := &Table{name: name, cells: v02Cells}
	for _, d := range differences {
		d.apply(m)
	}
	return m
}

// RFC0008 returns the machine of the specification: V02 with all Differences.
func RFC0008() *Table { return V02With("rfc0008", Differences()) }
