package replay

import (
	"errors"
	"slices"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// fakeTables are tables in memory; a nil slice is a table that does not exist.
type fakeTables struct {
	rollouts    []reducer.Record
	quarantines []trace.QuarantineRow
	err         error
}

func (f fakeTables) Rollouts(do func(*reducer.Record) error) (bool, error) {
	for i := range f.rollouts {
		if err := do(&f.rollouts[i]); err != nil {
			return true, err
		}
	}
	return f.rollouts != nil, f.err
}

func (f fakeTables) Quarantines(do func(*trace.QuarantineRow) error) (bool, error) {
	for i := range f.quarantines {
		if err := do(&f.quarantines[i]); err != nil {
			return true, err
		}
	}
	return f.quarantines != nil, nil
}

// TestTables: rows that are as the log leads to are no finding; changed, missing and extra ones
// are, whether the fleet or the archive has the rollout.
func TestTables(t *testing.T) {
	archivedID, q := archivable(1), quarantine{"edge", "c1"}
	change := func(do func(*fakeTables)) func(*fakeTables) { return do }
	for _, c := range []struct {
		name   string
		change func(*fakeTables)
		tables Tables
		want   []string
		notes  []string
	}{
		{"the same", change(func(*fakeTables) {}), Tables{Rollouts: 2, Quarantines: 1}, nil, nil},
		{"another state in the fleet", func(f *fakeTables) { f.rollouts[1].State = reducer.Failed },
			Tables{Rollouts: 2, Differ: 1, Quarantines: 1},
			[]string{"derived 2 different rollouts row edge@z9: state Failed / state Active"}, nil},
		{"another seq in the archive",
			func(f *fakeTables) { f.rollouts[0].OpenedEventLogSeq = reducer.Some(int64(7)) },
			Tables{Rollouts: 2, Differ: 1, Quarantines: 1},
			[]string{"derived 1 different rollouts row " + string(archivedID) +
				": opened_event_log_seq 7 / opened_event_log_seq 1"}, nil},
		{"a wave that the cursor cannot have reached",
			func(f *fakeTables) { f.rollouts[1].CurrentWave = 2 },
			Tables{Rollouts: 2, Differ: 1, WaveDiffer: 1, Quarantines: 1}, []string{
				"derived 2 different rollouts row edge@z9: current_wave 2 / current_wave 0 to 0"}, nil},
		{"no rows", func(f *fakeTables) { f.rollouts = f.rollouts[:0] }, Tables{Quarantines: 1},
			[]string{
				"derived 1 missing rollouts row " + string(archivedID) + ": nothing / " +
					string(archivedID) + "  Superseded, current_wave 0",
				"derived 2 missing rollouts row edge@z9: nothing / edge@z9  Active, current_wave 0"}, nil},
		{"another row", func(f *fakeTables) {
			f.rollouts = append(f.rollouts, reducer.Record{RolloutID: "edge@x", State: reducer.Active})
		}, Tables{Rollouts: 3, Differ: 1, Quarantines: 1}, []string{
			"derived 0 extra rollouts row edge@x: edge@x  Active, current_wave 0 / nothing (the log does " +
				"not open this rollout)"}, nil},
		{"another quarantine", func(f *fakeTables) { f.quarantines[0].Closure = "c2" },
			Tables{Rollouts: 2, Quarantines: 1}, []string{
				"derived 0 extra quarantined_closures row: c2 on edge / nothing (no entry of the log " +
					"quarantines it)",
				"derived 3 missing quarantined_closures row: nothing / c1 on edge"}, nil},
		{"another time", func(f *fakeTables) { f.quarantines[0].At = start + second },
			Tables{Rollouts: 2, Quarantines: 1}, []string{
				"derived 3 different quarantined_closures row: c1 on edge, quarantined_at " +
					"2026-05-16T01:00:01Z / c1 on edge, quarantined_at 2026-05-16T01:00:00Z"}, nil},
		{"no tables", func(f *fakeTables) { *f = fakeTables{} }, Tables{}, nil, []string{
			"there is no table rollouts to compare with the log",
			"there is no table quarantined_closures to compare with the log"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			all := supersedeAll(f, archivedID, "edge@z9")
			tables := fakeTables{
				quarantines: []trace.QuarantineRow{{Channel: "edge", Closure: "c1", At: start}},
			}
			for _, r := range all {
				tables.rollouts = append(tables.rollouts, r.fold.Record)
			}
			f.rollouts.evict(all[0])
			ledger := quarantineLedger{findings: &f.findings}
			ledger.add(q, place{n: 3, seq: 3, at: start})
			check := tableChecker{
				cursor: &f.cursor, evidence: &f.evidence, findings: &f.findings, rollouts: &f.rollouts,
				quarantines: &ledger, notes: &f.notes,
			}
			c.change(&tables)
			if err := check.check(tables); err != nil {
				t.Fatal(err)
			}
			f.want(c.want...)
			if check.tables != c.tables || !slices.Equal(f.notes.list, c.notes) {
				t.Errorf("%+v, notes %q", check.tables, f.notes.list)
			}
		})
	}
}

// TestTablesOfATrimmedLog: a row whose rollout may have been opened before the log begins is
// counted and not judged.
func TestTablesOfATrimmedLog(t *testing.T) {
	f := newFixture(t)
	f.evidence.trimmed = true
	check := tableChecker{
		cursor: &f.cursor, evidence: &f.evidence, findings: &f.findings, rollouts: &f.rollouts,
		quarantines: &quarantineLedger{findings: &f.findings}, notes: &f.notes,
	}
	err := check.check(fakeTables{
		rollouts:    []reducer.Record{{RolloutID: "edge@a1"}},
		quarantines: []trace.QuarantineRow{{Channel: "edge", Closure: "c1"}},
	})
	f.want()
	if err != nil || check.tables.Unknown != 1 || len(f.notes.list) != 1 {
		t.Errorf("%+v, notes %q, %v", check.tables, f.notes.list, err)
	}
}

func TestTablesCannotBeRead(t *testing.T) {
	f := newFixture(t)
	check := tableChecker{
		cursor: &f.cursor, evidence: &f.evidence, findings: &f.findings, rollouts: &f.rollouts,
		quarantines: &quarantineLedger{findings: &f.findings}, notes: &f.notes,
	}
	broken := errors.New("the disk is gone")
	if err := check.check(fakeTables{err: broken}); !errors.Is(err, broken) {
		t.Error(err)
	}
}
