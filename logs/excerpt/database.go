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

// AddTables adds the derived tables of the state.db that the log was read from.
func (l *Log) AddTables(tables trace.Tables) error {
	found, err := tables.Rollouts(func(rec *reducer.Record) error {
		l.rows = append(l.rows, recordRow(*rec))
		return nil
	})
	if err = l.addBad("rollouts", trace.RolloutColumns(), err); err != nil {
		return err
	}
	l.rollouts = found
	l.quarantines, err = tables.Quarantines(func(q *trace.QuarantineRow) error {
		l.rows = append(l.rows, quarantineRow(*q))
		return nil
	})
	return l.addBad("quarantined_closures", trace.QuarantineColumns(), err)
}

// addBad adds the rows of an error that cannot be read. It returns any other error.
func (l *Log) addBad(table string, columns trace.Columns, err error) error {
	var bad trace.BadRows
	if !errors.As(err, &bad) {
		return err
	}
	for _, b := range bad {
		l.rows = append(l.rows, badRow(table, columns, b))
	}
	return nil
}

// badRow returns a row that cannot be read. Its names are those of the cells that are text.
func badRow(table string, columns trace.Columns, b *trace.BadRow) *row {
	r := &row{kind: table + " row", seq: -1, agentSeq: -1, bad: b, table: table}
	var pairs []string
	for i, c := range b.Cells {
		text, is := c.(string)
		if !is {
			continue
		}
		switch columns[i].Name {
		case "rollout_id":
			r.rollout = text
			pairs = append(pairs, "rollout", text)
		case "channel":
			r.channel = text
			pairs = append(pairs, "channel", text)
		case "target_ref":
			pairs = append(pairs, "ref", text)
		case "closure_hash":
			r.closure = text
			pairs = append(pairs, "closure", text)
		default:
			pairs = append(pairs, columns[i].Name, text)
		}
	}
	r.text = names(pairs...)
	return r
}

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
		return r.isDerived() && r.bad == nil && had[about] && !has[about]
	})
}

// Database is an excerpt: rows of an event_log, and of the tables derived from it.
type Database struct {
	text        []byte // the event_log as NDJSON
	tables      bool   // it was cut with its derived tables
	rollouts    []reducer.Record
	quarantines []trace.QuarantineRow
	bad         map[string]trace.BadRows // by table
	has         struct{ rollouts, quarantines bool }
}

// database returns a part as a database. text is its log, and seqs says how far seqs move down.
func (l *Log) database(p *part, text []byte, seqs numbers) *Database {
	d := &Database{text: text, tables: p.tables, bad: make(map[string]trace.BadRows)}
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
		case r.bad != nil:
			d.bad[r.table] = append(d.bad[r.table], changed(r.table, r.bad, seqs.moveCell))
		}
	}
	return d
}

// moveCell is move for a cell of a column.
func (n numbers) moveCell(kind trace.ColumnKind, c trace.Cell) trace.Cell {
	seq, is := c.(int64)
	if !is || kind != trace.SeqColumn {
		return c
	}
	if moved := n.move(reducer.Some(seq)); moved.Set {
		return moved.Value
	}
	return nil
}

// changed returns a row that cannot be read with other cells, and what is wrong with it then.
func changed(
	table string, b *trace.BadRow, change func(trace.ColumnKind, trace.Cell) trace.Cell,
) *trace.BadRow {
	to := *b
	columns := columnsOf[table]()
	to.Cells = make([]trace.Cell, len(b.Cells))
	for i, c := range b.Cells {
		to.Cells[i] = change(columns[i].Kind, c)
	}
	if err := unreadable[table](to.Cells); err != nil {
		to.What = err.Error()
	}
	return &to
}

// columnsOf returns the columns of a derived table, by its name.
var columnsOf = map[string]func() trace.Columns{
	"rollouts": trace.RolloutColumns, "quarantined_closures": trace.QuarantineColumns,
}

// unreadable returns why a row of a derived table cannot be read, by its name.
var unreadable = map[string]func([]trace.Cell) error{
	"rollouts": func(cells []trace.Cell) error {
		_, err := trace.ReadRollout(cells)
		return err
	},
	"quarantined_closures": func(cells []trace.Cell) error {
		_, err := trace.ReadQuarantine(cells)
		return err
	},
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
	to := &Database{
		text: r.apply(d.text), tables: d.tables, has: d.has, bad: make(map[string]trace.BadRows),
	}
	for table, rows := range d.bad {
		for _, b := range rows {
			to.bad[table] = append(to.bad[table], changed(table, b, r.cell))
		}
	}
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

// cell renames a cell.
func (r renaming) cell(_ trace.ColumnKind, c trace.Cell) trace.Cell {
	if text, is := c.(string); is {
		return r.name(text)
	}
	return c
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
	for _, table := range derivedTables {
		for _, b := range d.bad[table] {
			text = append(text, badRow(table, columnsOf[table](), b).text+"\n"...)
		}
	}
	return text
}

// derivedTables are the names of the derived tables, in order.
var derivedTables = []string{"rollouts", "quarantined_closures"}

// badOf returns the rows of a table that cannot be read as an error, or nil. They come before the
// others.
func (d *Database) badOf(table string) error {
	if len(d.bad[table]) == 0 {
		return nil
	}
	all := make(trace.BadRows, len(d.bad[table]))
	for i, b := range d.bad[table] {
		to := *b
		to.Place = trace.PlaceOfRow(table, i+1)
		all[i] = &to
	}
	return all
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
	return d.has.rollouts, d.badOf("rollouts")
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
	return d.has.quarantines, d.badOf("quarantined_closures")
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
	for _, table := range derivedTables {
		for _, b := range d.bad[table] {
			all = append(all, describeBad(table, b))
		}
	}
	return all
}

// describeBad returns a row that cannot be read in a line: its columns that are not NULL.
func describeBad(table string, b *trace.BadRow) string {
	var parts []string
	for i, column := range columnsOf[table]() {
		switch c := b.Cells[i].(type) {
		case nil:
		case []byte:
			parts = append(parts, fmt.Sprintf("%s a blob", column.Name))
		default:
			parts = append(parts, fmt.Sprintf("%s %v", column.Name, c))
		}
	}
	return table + ": " + strings.Join(parts, ", ")
}
