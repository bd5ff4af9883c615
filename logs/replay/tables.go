package replay

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"rollsim/reducer"
	"rollsim/trace"
)

// tableChecker compares the derived tables of a state.db with what its log leads to.
type tableChecker struct {
	cursor      *cursor
	evidence    *evidence
	findings    *collector
	rollouts    *registry
	quarantines *quarantineLedger
	notes       *notes

	strict bool
	bad    bool // there are rows of the table that cannot be read
	tables Tables
}

// check compares the tables. The error is that of reading them.
func (c *tableChecker) check(tables trace.Tables) error {
	if err := c.checkRollouts(tables); err != nil {
		return err
	}
	if err := c.checkQuarantines(tables); err != nil {
		return err
	}
	if n := c.tables.Unknown; n > 0 {
		c.notes.add(fmt.Sprintf("%d of %d rows of rollouts are not judged: their rollouts were opened "+
			"before the log begins", n, c.tables.Rollouts))
	}
	return nil
}

func (c *tableChecker) checkRollouts(tables trace.Tables) error {
	listed := make(map[*reducer.Rollout]bool) // those in the fleet
	exists, err := tables.Rollouts(func(row *reducer.Record) error {
		c.tables.Rollouts++
		if r := c.rollouts.fleet.Rollout(row.RolloutID); r != nil {
			listed[r] = true
			c.compareRollout(row, &r.Record, c.rollouts.openings[r.Number()])
		} else if k := c.rollouts.archive.find(row.RolloutID); k != nil {
			k.flags |= isListed
			rec := c.rollouts.archive.record(k)
			c.compareRollout(row, &rec, k.seq)
		} else {
			c.unknownRow(row)
		}
		return nil
	})
	if err = c.unreadable("rollouts row", err); err != nil {
		return err
	}
	switch {
	case exists && c.bad:
	case exists:
		c.missingRollouts(listed)
	default:
		c.notes.add("there is no table rollouts to compare with the log")
	}
	return nil
}

// unreadable adds findings about the rows that cannot be read. It returns any other error.
func (c *tableChecker) unreadable(what string, err error) error {
	var bad trace.BadRows
	if c.bad = false; c.strict || !errors.As(err, &bad) {
		return err
	}
	c.bad = true // the rows that seem to be missing may be among them
	for _, row := range bad {
		c.findings.add(Finding{
			Class: Derived, Kind: Unreadable, What: what, Reason: row.Place + ": " + row.What,
		}, c.cursor.end, 1)
	}
	return nil
}

// missingRollouts finds the rollouts that have no row, in the order of opening. Pruned ones need
// none.
func (c *tableChecker) missingRollouts(listed map[*reducer.Rollout]bool) {
	archive := &c.rollouts.archive
	archived := archive.unlisted()
	for _, r := range c.rollouts.fleet.Rollouts() {
		for ; len(archived) > 0 && int(archived[0].number) < r.Number(); archived = archived[1:] {
			rec := archive.record(archived[0])
			c.missingRollout(&rec, archived[0].seq)
		}
		if !listed[r] {
			c.missingRollout(&r.Record, c.rollouts.openings[r.Number()])
		}
	}
	for _, k := range archived {
		rec := archive.record(k)
		c.missingRollout(&rec, k.seq)
	}
}

func (c *tableChecker) missingRollout(rec *reducer.Record, seq uint64) {
	if rec.State != reducer.Pruned && !isDeleted(rec, c.cursor.end.at) {
		f := missing(Derived, "rollouts row", rec.RolloutID, describeRecord(rec))
		c.findings.add(f, c.opening(rec, seq), 1)
	}
}

// unknownRow adds a finding about a row whose rollout the log does not open. It only counts the row
// if the log is trimmed, because the rollout may have been opened before the log begins.
func (c *tableChecker) unknownRow(row *reducer.Record) {
	if c.evidence.trimmed {
		c.tables.Unknown++
		return
	}
	c.tables.Differ++
	c.rollouts.never = append(c.rollouts.never, &rollout{id: row.RolloutID}) // a user may ask for it
	f := extra(Derived, "rollouts row", row.RolloutID, describeRecord(row))
	f.Reason, f.channel = "the log does not open this rollout", row.Channel
	c.findings.add(f, c.cursor.end, 1)
}

// compareRollout compares a row of rollouts with the record of its rollout, whose opening has that
// seq.
func (c *tableChecker) compareRollout(row, rec *reducer.Record, seq uint64) {
	var d columns
	d.compare("channel", string(row.Channel), string(rec.Channel))
	d.compare("target_ref", string(row.TargetRef), string(rec.TargetRef))
	d.compare("state", row.State.String(), rec.State.String())
	d.compare("opened_at", sqlTime(reducer.Some(row.OpenedAt)), sqlTime(reducer.Some(rec.OpenedAt)))
	d.compare("terminal_at", sqlTime(row.TerminalAt), sqlTime(rec.TerminalAt))
	d.compare("superseded_at", sqlTime(row.SupersededAt), sqlTime(rec.SupersededAt))
	if stored := row.OpenedEventLogSeq; stored.Set {
		d.compare(
			"opened_event_log_seq", strconv.FormatInt(stored.Value, 10), strconv.FormatUint(seq, 10),
		)
	}
	if row.CurrentWave != rec.CurrentWave {
		if len(d.recorded) == 0 {
			c.tables.WaveDiffer++
		}
		if c.evidence.showsCursor() {
			d.compare("current_wave", fmt.Sprint(row.CurrentWave), fmt.Sprint(rec.CurrentWave))
		}
	}
	if r := c.rollouts.byID[rec.RolloutID]; r != nil && !c.evidence.showsCursor() {
		low, high := r.cursorSeen, max(r.reached, r.cursorSeen)
		if row.CurrentWave < low || row.CurrentWave > high {
			d.compare("current_wave", fmt.Sprint(row.CurrentWave), fmt.Sprintf("%d to %d", low, high))
		}
	}
	if len(d.recorded) > 0 || row.CurrentWave != rec.CurrentWave {
		c.tables.Differ++
	}
	if len(d.recorded) > 0 {
		f := different(
			Derived, "rollouts row", rec.RolloutID, strings.Join(d.recorded, ", "),
			strings.Join(d.expected, ", "),
		)
		c.findings.add(f, c.opening(rec, seq), 1)
	}
}

// opening returns the place of a rollout's opening, which has that seq.
func (c *tableChecker) opening(rec *reducer.Record, seq uint64) place {
	end := &c.cursor.end
	return place{n: end.n, seq: seq, source: end.source, line: int(seq), at: rec.OpenedAt}
}

func (c *tableChecker) checkQuarantines(tables trace.Tables) error {
	const what = "quarantined_closures row"
	listed := make(map[quarantine]bool)
	exists, err := tables.Quarantines(func(row *trace.QuarantineRow) error {
		c.tables.Quarantines++
		q := quarantine{row.Channel, row.Closure}
		listed[q] = true
		c.compareQuarantine(what, q, row.At)
		return nil
	})
	if err = c.unreadable(what, err); err != nil {
		return err
	}
	switch {
	case !exists:
		c.notes.add("there is no table quarantined_closures to compare with the log")
		return nil
	}
	for _, q := range c.quarantines.ordered() {
		if !listed[q] && !c.bad {
			f := missing(Derived, what, "", q.String())
			f.channel = q.channel
			c.findings.add(f, c.quarantines.active[q].place, 1)
		}
	}
	return nil
}

// compareQuarantine compares a row of quarantined_closures with the entry that quarantines the
// closure.
func (c *tableChecker) compareQuarantine(what string, q quarantine, at reducer.Time) {
	known, ok := c.quarantines.active[q]
	switch {
	case ok && (known.at == at || known.last == at):
	case ok:
		const column = ", quarantined_at "
		f := different(
			Derived, what, "", q.String()+column+sqlTime(reducer.Some(at)),
			q.String()+column+sqlTime(reducer.Some(known.at)),
		)
		f.channel = q.channel
		c.findings.add(f, known.place, 1)
	case !c.evidence.trimmed:
		f := extra(Derived, what, "", q.String())
		f.channel, f.Reason = q.channel, "no entry of the log quarantines it"
		c.findings.add(f, c.cursor.end, 1)
	}
}

// columns are the columns in which a row of a table differs from what the log leads to.
type columns struct{ recorded, expected []string }

func (c *columns) compare(column, recorded, expected string) {
	if recorded != expected {
		c.recorded = append(c.recorded, column+" "+recorded)
		c.expected = append(c.expected, column+" "+expected)
	}
}

func sqlTime(t reducer.Opt[reducer.Time]) string {
	if !t.Set {
		return "null"
	}
	return string(trace.AppendTime(nil, t.Value))
}

func describeRecord(r *reducer.Record) string {
	return fmt.Sprintf("%s  %v, current_wave %d", r.RolloutID, r.State, r.CurrentWave)
}
