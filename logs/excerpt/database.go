package excerpt

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"rollsim/reducer"
	"rollsim/trace"
)

// AddTables adds the derived tables of the state.db that the log was read from. A table with rows
// that cannot be read is left out.
func (l *Log) AddTables(tables trace.Tables) error {
	found, err := l.addTable("rollouts", func(add func(*row)) (bool, error) {
		return tables.Rollouts(func(rec *reducer.Record) error {
			add(recordRow(*rec))
			return nil
		})
	})
	if err != nil {
		return err
	}
	l.rollouts = found
	l.quarantines, err = l.addTable("quarantined_closures", func(add func(*row)) (bool, error) {
		return tables.Quarantines(func(q *trace.QuarantineRow) error {
			add(quarantineRow(*q))
			return nil
		})
	})
	return err
}

// addTable adds a table. It reports whether the log has it.
func (l *Log) addTable(name string, read func(add func(*row)) (bool, error)) (bool, error) {
	before := len(l.rows)
	found, err := read(func(r *row) { l.rows = append(l.rows, r) })
	if bad := (trace.BadRows)(nil); errors.As(err, &bad) {
		l.rows, l.leftOut = l.rows[:before], append(l.leftOut, name)
		return false, nil
	}
	return found, err
}

// LeftOut returns the names of the derived tables that have rows that cannot be read.
func (l *Log) LeftOut() []string { return l.leftOut }

func recordRow(rec reducer.Record) *row {
	channel, _, _ := strings.Cut(string(rec.RolloutID), "@")
	return &row{
		text: names("rollout", string(rec.RolloutID), "channel", string(rec.Channel),
			"ref", string(rec.TargetRef)),
		kind: "rollouts row", rollout: string(rec.RolloutID), channel: channel,
		seq: -1, agentSeq: -1, record: &rec,
	}
}

func quarantineRow(q trace.QuarantineRow) *row {
	return &row{
		text: names("channel", string(q.Channel), "closure", string(q.Closure)),
		kind: "quarantined_closures row", channel: string(q.Channel), closure: string(q.Closure),
		seq: -1, agentSeq: -1, quarantine: &q,
	}
}

// names returns an object of pairs of a member and a name.
func names(pairs ...string) string {
	b := []byte("{")
	for i := 0; i < len(pairs); i += 2 {
		if i > 0 {
			b = append(b, ',')
		}
		b, _ = jsontext.AppendQuote(b, pairs[i])
		b = append(b, ':')
		b, _ = jsontext.AppendQuote(b, pairs[i+1]) // never fails: it was read
	}
	return string(append(b, '}'))
}

// subjects returns what the entries among some rows are about: rollouts and closures.
func (l *Log) subjects(rows []int) map[string]bool {
	all := make(map[string]bool)
	for _, i := range rows {
		if r := l.rows[i]; !r.isDerived() {
			all[r.rollout], all[closureOn(r)] = true, true
		}
	}
	return all
}

func closureOn(r *row) string { return r.closure + " on " + r.channel }

// withoutOrphans returns rows without those of derived tables that have lost their last entry.
// before are the rows before some were removed.
func (l *Log) withoutOrphans(rows, before []int) []int {
	had, has := l.subjects(before), l.subjects(rows)
	return slices.DeleteFunc(rows, func(i int) bool {
		r := l.rows[i]
		about := r.rollout
		if r.quarantine != nil {
			about = closureOn(r)
		}
		return r.isDerived() && had[about] && !has[about]
	})
}

// Database is an excerpt: rows of an event_log, and of the tables derived from it.
type Database struct {
	text        []byte // the event_log as NDJSON
	tables      bool   // it was cut with its derived tables
	rollouts    []reducer.Record
	quarantines []trace.QuarantineRow
	has         struct{ rollouts, quarantines bool }
}

// database returns a part as a database. text is its log, and seqs says how far seqs move down.
func (l *Log) database(p *part, text []byte, seqs numbers) *Database {
	d := &Database{text: text, tables: p.tables}
	d.has.rollouts, d.has.quarantines = l.rollouts, l.quarantines
	for _, i := range p.rows {
		switch r := l.rows[i]; {
		case r.record != nil:
			rec := *r.record
			rec.OpenedEventLogSeq = seqs.move(rec.OpenedEventLogSeq)
			rec.LastTransitionEventLogSeq = seqs.move(rec.LastTransitionEventLogSeq)
			d.rollouts = append(d.rollouts, rec)
		case r.quarantine != nil:
			q := *r.quarantine
			q.Seq = seqs.move(q.Seq)
			d.quarantines = append(d.quarantines, q)
		}
	}
	return d
}

// move returns a seq after the removal of others. A seq that is gone itself is NULL.
func (n numbers) move(seq reducer.Opt[int64]) reducer.Opt[int64] {
	if _, is := slices.BinarySearch(n, seq.Value); is || !seq.Set {
		return reducer.Opt[int64]{}
	}
	return reducer.Some(n.of(seq.Value))
}

// renamed returns the database with other names.
func (d *Database) renamed(r renaming) *Database {
	to := &Database{text: r.apply(d.text), tables: d.tables, has: d.has}
	for _, rec := range d.rollouts {
		rec.RolloutID = reducer.RolloutID(r.name(string(rec.RolloutID)))
		rec.Channel = reducer.ChannelID(r.name(string(rec.Channel)))
		rec.TargetRef = reducer.ChannelRef(r.name(string(rec.TargetRef)))
		to.rollouts = append(to.rollouts, rec)
	}
	for _, q := range d.quarantines {
		q.Channel = reducer.ChannelID(r.name(string(q.Channel)))
		q.Closure = reducer.ClosureHash(r.name(string(q.Closure)))
		to.quarantines = append(to.quarantines, q)
	}
	return to
}

// named returns everything that has names as NDJSON.
func (d *Database) named() []byte {
	text := slices.Clone(d.text)
	for _, rec := range d.rollouts {
		text = append(text, recordRow(rec).text+"\n"...)
	}
	for _, q := range d.quarantines {
		text = append(text, quarantineRow(q).text+"\n"...)
	}
	return text
}

// Rollouts implements trace.Tables.
func (d *Database) Rollouts(do func(*reducer.Record) error) (bool, error) {
	all := slices.SortedStableFunc(slices.Values(d.rollouts), func(a, b reducer.Record) int {
		return cmp.Or(cmp.Compare(a.OpenedAt, b.OpenedAt), cmp.Compare(a.RolloutID, b.RolloutID))
	})
	for i := range all {
		if err := do(&all[i]); err != nil {
			return d.has.rollouts, err
		}
	}
	return d.has.rollouts, nil
}

// Quarantines implements trace.Tables.
func (d *Database) Quarantines(do func(*trace.QuarantineRow) error) (bool, error) {
	all := slices.SortedStableFunc(
		slices.Values(d.quarantines), func(a, b trace.QuarantineRow) int {
			return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Channel, b.Channel),
				cmp.Compare(a.Closure, b.Closure))
		})
	for i := range all {
		if err := do(&all[i]); err != nil {
			return d.has.quarantines, err
		}
	}
	return d.has.quarantines, nil
}

// describeRows returns the rows of the derived tables in lines.
func (d *Database) describeRows() []string {
	var all []string
	_, _ = d.Rollouts(func(r *reducer.Record) error {
		line := fmt.Sprintf("rollouts: %s, channel %s, target_ref %s, state %v, current_wave %d, "+
			"opened_at %s", r.RolloutID, r.Channel, r.TargetRef, r.State, r.CurrentWave,
			trace.AppendTime(nil, r.OpenedAt))
		if r.TerminalAt.Set {
			line += fmt.Sprintf(", terminal_at %s", trace.AppendTime(nil, r.TerminalAt.Value))
		}
		if r.SupersededAt.Set {
			line += fmt.Sprintf(", superseded_at %s", trace.AppendTime(nil, r.SupersededAt.Value))
		}
		if r.OpenedEventLogSeq.Set {
			line += fmt.Sprintf(", opened_event_log_seq %d", r.OpenedEventLogSeq.Value)
		}
		all = append(all, line)
		return nil
	})
	_, _ = d.Quarantines(func(q *trace.QuarantineRow) error {
		all = append(all, fmt.Sprintf("quarantined_closures: %s on %s, quarantined_at %s", q.Closure,
			q.Channel, trace.AppendTime(nil, q.At)))
		return nil
	})
	return all
}
