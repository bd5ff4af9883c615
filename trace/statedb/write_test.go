package statedb

import (
	"errors"
	"io"
	"path/filepath"
	"reflect"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// stored is a database in memory.
type stored struct {
	rows        []trace.Row
	err         error // after the rows
	rollouts    []reducer.Record
	quarantines []trace.QuarantineRow
	absent      bool // the derived tables
	bad         error
}

func (s *stored) Next(row *trace.Row) error {
	if len(s.rows) == 0 {
		return s.err
	}
	*row, s.rows = s.rows[0], s.rows[1:]
	return nil
}

func (s *stored) Rollouts(do func(*reducer.Record) error) (bool, error) {
	for i := range s.rollouts {
		if err := do(&s.rollouts[i]); err != nil {
			return true, err
		}
	}
	return !s.absent, s.bad
}

func (s *stored) Quarantines(do func(*trace.QuarantineRow) error) (bool, error) {
	for i := range s.quarantines {
		if err := do(&s.quarantines[i]); err != nil {
			return true, err
		}
	}
	return !s.absent, nil
}

// read returns everything in a database, and the text of a column of times.
func read(t *testing.T, path string) (all stored, openedAt []string) {
	t.Helper()
	db, err := Open("state.db", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for {
		var row trace.Row
		if all.err = db.Next(&row); all.err != nil {
			break
		}
		for _, c := range []*[]byte{&row.TS, &row.Kind, &row.Host, &row.Rollout, &row.Payload} {
			if *c != nil {
				*c = append([]byte{}, *c...)
			}
		}
		all.rows = append(all.rows, row)
	}
	found, err := db.Rollouts(func(r *reducer.Record) error {
		all.rollouts = append(all.rollouts, *r)
		return nil
	})
	also, err2 := db.Quarantines(func(q *trace.QuarantineRow) error {
		all.quarantines = append(all.quarantines, *q)
		return nil
	})
	if err = errors.Join(err, err2); err != nil || found != also {
		t.Fatalf("tables %v and %v: %v", found, also, err)
	}
	if all.absent = !found; found {
		if openedAt, err = db.list("SELECT opened_at FROM rollouts", 0); err != nil {
			t.Fatal(err)
		}
	}
	return all, openedAt
}

// TestWrite writes databases and reads them again.
func TestWrite(t *testing.T) {
	const at = reducer.Time(1_778_893_260_500_000_000)
	rollouts := []reducer.Record{
		{
			RolloutID: "stable@a1", Channel: "stable", TargetRef: "a1", State: reducer.Superseded,
			CurrentWave: 4_294_967_295, OpenedAt: at, OpenedEventLogSeq: reducer.Some(int64(1)),
			LastTransitionEventLogSeq: reducer.Some(int64(-9)), TerminalAt: reducer.Some(at + 1),
			SupersededAt: reducer.Some(at - 1),
		},
		{RolloutID: "stable@b2", Channel: "", TargetRef: "b'2", State: reducer.Opening, OpenedAt: at},
	}
	quarantines := []trace.QuarantineRow{
		{Channel: "stable", Closure: "c1", At: at, Seq: reducer.Some(int64(2))},
		{Channel: "edge", Closure: "c2", At: at + 1_000_000_000},
	}
	row := func(ts string) trace.Row {
		return trace.Row{Seq: 7, TS: []byte(ts), Kind: []byte("event"), Host: []byte(""),
			Payload: []byte(`{"a":"\u0000"}`)}
	}
	for name, c := range map[string]struct {
		from     stored
		openedAt string
	}{
		"UTC as Z": {
			stored{rows: []trace.Row{{Seq: -1}, row("2026-05-16T01:01:00Z")}, rollouts: rollouts,
				quarantines: quarantines, err: io.EOF}, "2026-05-16T01:01:00.500Z",
		},
		"UTC as an offset": {
			stored{rows: []trace.Row{row("2026-05-16T01:01:00+00:00")}, rollouts: rollouts,
				quarantines: quarantines, err: io.EOF}, "2026-05-16T01:01:00.500+00:00",
		},
		"no rows":   {stored{err: io.EOF}, ""},
		"no tables": {stored{rows: []trace.Row{row("x")}, absent: true, err: io.EOF}, ""},
	} {
		path := filepath.Join(t.TempDir(), "state.db")
		from := c.from
		if err := Write(path, &from, &from); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, openedAt := read(t, path)
		if !reflect.DeepEqual(got, c.from) {
			t.Errorf("%s: got\n%+v, want\n%+v", name, got, c.from)
		}
		if len(c.from.rollouts) > 0 && openedAt[0] != c.openedAt {
			t.Errorf("%s: opened_at %s", name, openedAt)
		}
	}
}

// TestWriteRefuses checks the errors of Write.
func TestWriteRefuses(t *testing.T) {
	broken := errors.New("broken")
	twice := []trace.Row{{Seq: 1}, {Seq: 1}}
	for name, c := range map[string]struct {
		from stored
		want error
	}{
		"a row":     {stored{err: broken}, broken},
		"a table":   {stored{err: io.EOF, bad: broken}, broken},
		"seq twice": {stored{rows: twice, err: io.EOF}, nil},
	} {
		err := Write(filepath.Join(t.TempDir(), "state.db"), &c.from, &c.from)
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Write(filepath.Join(t.TempDir(), "no", "state.db"), &stored{}, &stored{}); err == nil {
		t.Error("a folder that does not exist: no error")
	}
}
