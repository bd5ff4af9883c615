package replay

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"rollsim/reducer"
	"rollsim/trace"
)

// finish judges what the log's end leaves open.
func (p *replay) finish() error {
	if p.fleet == nil {
		p.note("the log has no entries")
		return p.start(&trace.Entry{}) // the machine has a name all the same
	}
	p.ended = true
	p.overdueRejection()
	for _, list := range [][]*rollout{p.opened, p.strange, p.over} {
		for _, r := range list {
			p.close(r)
		}
	}
	p.takeLate(nil, p.fleet.Finish())
	if p.simulated {
		return nil
	}
	for _, r := range p.opened {
		p.comparePlan(r)
		p.closeHosts(r)
	}
	p.unopened()
	p.overdueQuarantines(nil)
	if p.stopped != nil {
		return nil // the log goes on after what is judged
	}
	p.judgeEnd()
	return p.compareTables()
}

// close finds what the log has not recorded of a rollout, hosts aside.
func (p *replay) close(r *rollout) {
	p.overdue(r)
	if r.work != nil && r.work.terminal != nil {
		p.unrecordedTerminal(r)
		p.settle(&r.work.terminal)
	}
}

// stop keeps the rollouts as they stand after Options.Until. What that leaves open is still looked
// for.
func (p *replay) stop() {
	p.stopped = p.summaries()
	if p.stopped == nil {
		p.stopped = []Summary{}
	}
	p.result.MoreOver = p.gone
	p.result.Last = Where{Seq: p.end.seq, At: p.end.at}
	p.result.Tail = p.ring.tail(
		&p.lines, func(e *trace.Entry) bool { return e.Rollout == "" || p.opts.Only.names(e.Rollout) },
	)
}

// Tables tells how the derived tables of a state.db compare with its log.
type Tables struct {
	Rollouts    int // rows of rollouts
	Differ      int // those that are not what the log leads to
	WaveDiffer  int // those of them that differ in current_wave, and in nothing else
	Unknown     int // rows of rollouts whose opening the log does not hold
	Quarantines int // rows of quarantined_closures
}

// compareTables holds the derived tables against what the log leads to.
func (p *replay) compareTables() error {
	tables := p.reader.Tables()
	if tables == nil {
		return nil
	}
	t := &Tables{}
	listed := make(map[*reducer.Rollout]bool)
	hasRollouts, err := tables.Rollouts(func(row *reducer.Record) error {
		t.Rollouts++
		if r := p.fleet.Rollout(row.RolloutID); r != nil {
			listed[r] = true
			p.compareRollout(t, row, &r.Record, p.openings[r.Number()])
		} else if k := p.archive.find(row.RolloutID); k != nil {
			k.flags |= isListed
			rec := p.archive.record(k)
			p.compareRollout(t, row, &rec, k.seq)
		} else {
			p.unknownRow(t, row)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if hasRollouts {
		p.unlistedRollouts(listed)
	}
	quarantined := make(map[quarantine]bool)
	hasQuarantines, err := tables.Quarantines(func(row *trace.QuarantineRow) error {
		t.Quarantines++
		quarantined[quarantine{row.Channel, row.Closure}] = true
		p.compareQuarantine(row)
		return nil
	})
	if err != nil {
		return err
	}
	for _, q := range p.quarantinesInOrder() {
		if hasQuarantines && !quarantined[q] {
			p.find(Finding{
				Class: Derived, Kind: Missing, What: "quarantined_closures row", Recorded: Nothing, Given: describeQuarantine(q), channel: q.channel,
			}, p.quarantines[q].place, 1)
		}
	}
	p.result.Tables = t
	p.noteTables(t, hasRollouts, hasQuarantines)
	return nil
}

// quarantinesInOrder gives what the log has quarantined, in the order in which it did: of many
// findings the first are kept.
func (p *replay) quarantinesInOrder() []quarantine {
	return slices.SortedFunc(maps.Keys(p.quarantines), func(a, b quarantine) int {
		return cmp.Compare(p.quarantines[a].n, p.quarantines[b].n)
	})
}

// unlistedRollouts finds the rollouts, in the order of opening, of which the table rollouts has no
// row; it has none of those that are pruned. listed are those in the fleet of which it has one.
func (p *replay) unlistedRollouts(listed map[*reducer.Rollout]bool) {
	missing := func(rec *reducer.Record, seq uint64) {
		if rec.State != reducer.Pruned {
			p.find(Finding{
				Class: Derived, Kind: Missing, What: "rollouts row", Rollout: rec.RolloutID, Recorded: Nothing, Given: describeRecord(rec),
			}, p.opening(rec, seq), 1)
		}
	}
	archived := p.archive.unlisted()
	for _, r := range p.fleet.Rollouts() {
		for ; len(archived) > 0 && int(archived[0].number) < r.Number(); archived = archived[1:] {
			rec := p.archive.record(archived[0])
			missing(&rec, archived[0].seq)
		}
		if !listed[r] {
			missing(&r.Record, p.openings[r.Number()])
		}
	}
	for _, k := range archived {
		rec := p.archive.record(k)
		missing(&rec, k.seq)
	}
}

// noteTables notes what of the tables cannot be told from the log.
func (p *replay) noteTables(t *Tables, hasRollouts, hasQuarantines bool) {
	if !hasRollouts {
		p.note("there is no table rollouts: it is not held against the log")
	}
	if !hasQuarantines {
		p.note("there is no table quarantined_closures: it is not held against the log")
	}
	if t.Unknown > 0 {
		p.note("%d of %d rows of rollouts are of rollouts whose opening the log does not hold: they "+
			"are not judged", t.Unknown, t.Rollouts)
	}
}

// unknownRow finds a row of rollouts whose rollout the log does not open; in a log that was trimmed
// that is none.
func (p *replay) unknownRow(t *Tables, row *reducer.Record) {
	if p.seen.trimmed {
		t.Unknown++
		return
	}
	t.Differ++
	p.strange = append(p.strange, &rollout{id: row.RolloutID}) // it may be asked for
	p.find(Finding{
		Class: Derived, Kind: Extra, What: "rollouts row", Rollout: row.RolloutID, Recorded: describeRecord(row), Given: Nothing,
		Reason: "the log does not open this rollout", channel: row.Channel,
	}, p.end, 1)
}

// columns are those in which a row of a table is not what the log leads to.
type columns struct{ recorded, given []string }

func (c *columns) differ(column, inTable, inLog string) {
	if inTable != inLog {
		c.recorded = append(c.recorded, column+" "+inTable)
		c.given = append(c.given, column+" "+inLog)
	}
}

// compareRollout holds a row of rollouts against the record of a rollout whose opening has that
// seq.
func (p *replay) compareRollout(t *Tables, row, rec *reducer.Record, seq uint64) {
	var c columns
	c.differ("channel", string(row.Channel), string(rec.Channel))
	c.differ("target_ref", string(row.TargetRef), string(rec.TargetRef))
	c.differ("state", row.State.String(), rec.State.String())
	c.differ(
		"opened_at", optionalTime(reducer.Some(row.OpenedAt)), optionalTime(reducer.Some(rec.OpenedAt)),
	)
	c.differ("terminal_at", optionalTime(row.TerminalAt), optionalTime(rec.TerminalAt))
	c.differ("superseded_at", optionalTime(row.SupersededAt), optionalTime(rec.SupersededAt))
	if stored := row.OpenedEventLogSeq; stored.Set {
		c.differ("opened_event_log_seq", strconv.FormatInt(stored.Value, 10), strconv.FormatUint(seq, 10))
	}
	if row.CurrentWave != rec.CurrentWave {
		if len(c.recorded) == 0 {
			t.WaveDiffer++
		}
		if p.seen.waves > 0 {
			c.differ("current_wave", fmt.Sprint(row.CurrentWave), fmt.Sprint(rec.CurrentWave))
		}
	}
	if len(c.recorded) > 0 || row.CurrentWave != rec.CurrentWave {
		t.Differ++
	}
	if len(c.recorded) > 0 {
		p.find(Finding{
			Class: Derived, Kind: Different, What: "rollouts row", Rollout: rec.RolloutID, Recorded: strings.Join(c.recorded, ", "),
			Given: strings.Join(c.given, ", "),
		}, p.opening(rec, seq), 1)
	}
}

// compareQuarantine holds a row of quarantined_closures against the entry that quarantined the
// closure.
func (p *replay) compareQuarantine(row *trace.QuarantineRow) {
	q := quarantine{row.Channel, row.Closure}
	at, known := p.quarantines[q]
	f := Finding{
		Class:    Derived,
		What:     "quarantined_closures row",
		Recorded: describeQuarantine(q),
		Given:    Nothing,
		channel:  q.channel,
	}
	switch {
	case !known && p.seen.trimmed, known && (at.at == row.At || at.last == row.At):
	case !known:
		f.Kind, f.Reason = Extra, "no entry of the log quarantines it"
		p.find(f, p.end, 1)
	default:
		f.Kind = Different
		f.Recorded += ", quarantined_at " + optionalTime(reducer.Some(row.At))
		f.Given = describeQuarantine(q) + ", quarantined_at " + optionalTime(reducer.Some(at.at))
		p.find(f, at.place, 1)
	}
}

// opening is the place of a rollout's opening, which has that seq.
func (p *replay) opening(rec *reducer.Record, seq uint64) place {
	return place{n: p.end.n, seq: seq, file: p.end.file, line: int(seq), at: rec.OpenedAt}
}

func optionalTime(t reducer.Opt[reducer.Time]) string {
	if !t.Set {
		return "null"
	}
	return string(trace.AppendTime(nil, t.Value))
}

func describeRecord(r *reducer.Record) string {
	return fmt.Sprintf("%s  %v, current_wave %d", r.RolloutID, r.State, r.CurrentWave)
}
