package replay

import (
	"fmt"
	"strings"

	"rollsim/reducer"
	"rollsim/trace"
)

// finish judges what the log's end leaves open.
func (p *replay) finish() error {
	if p.fleet == nil {
		return nil
	}
	p.ended = true
	p.overdueRejection()
	for _, list := range [][]*rollout{p.opened, p.strange} {
		for _, r := range list {
			p.overdue(r)
			if r.work != nil && r.work.terminal != nil {
				p.unrecordedTerminal(r)
				p.settle(&r.work.terminal)
			}
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

// stop keeps the rollouts as they stand after Options.Until. What that leaves open is still looked for.
func (p *replay) stop() {
	p.stopped = p.summaries()
	if p.stopped == nil {
		p.stopped = []Summary{}
	}
	p.result.Last = Where{Seq: p.end.seq, At: p.end.at}
	p.result.Tail = p.ring.tail(&p.lines, func(e *trace.Entry) bool { return e.Rollout == "" || p.opts.Only.names(e.Rollout) })
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
	hasRollouts, err := tables.Rollouts(func(row *reducer.Record) error { p.compareRollout(t, row); return nil })
	if err != nil {
		return err
	}
	quarantined := make(map[quarantine]bool)
	hasQuarantines, err := tables.Quarantines(func(row *trace.QuarantineRow) error {
		t.Quarantines++
		q := quarantine{row.Channel, row.Closure}
		quarantined[q] = true
		if _, known := p.quarantines[q]; !known && !p.seen.trimmed {
			p.find(Finding{
				Class: Derived, Kind: Extra, What: "quarantined_closures row", Recorded: string(row.Closure) + " on " + string(row.Channel), Given: Nothing,
				Reason: "no entry of the log quarantines it", channel: row.Channel,
			}, p.end, 1)
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.result.Tables = t
	p.noteTables(t, hasRollouts, hasQuarantines)
	if hasRollouts {
		for _, r := range p.opened {
			if !r.summary.inTable && r.fold.Record.State != reducer.Pruned {
				p.find(Finding{
					Class: Derived, Kind: Missing, What: "rollouts row", Rollout: r.id, Recorded: Nothing, Given: describeRecord(&r.fold.Record),
				}, p.opening(r), 1)
			}
		}
	}
	if hasQuarantines {
		for q, at := range p.quarantines {
			if !quarantined[q] {
				p.find(Finding{
					Class: Derived, Kind: Missing, What: "quarantined_closures row", Recorded: Nothing,
					Given: string(q.closure) + " on " + string(q.channel), channel: q.channel,
				}, at, 1)
			}
		}
	}
	return nil
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
		p.note("%d of %d rows of rollouts are of rollouts whose opening the log does not hold: they are not judged", t.Unknown, t.Rollouts)
	}
}

// compareRollout holds a row of rollouts against its record.
func (p *replay) compareRollout(t *Tables, row *reducer.Record) {
	t.Rollouts++
	r := p.rollouts[row.RolloutID]
	if r == nil || r.fold == nil {
		if p.seen.trimmed {
			t.Unknown++
			return
		}
		p.find(Finding{
			Class: Derived, Kind: Extra, What: "rollouts row", Rollout: row.RolloutID, Recorded: describeRecord(row), Given: Nothing,
			Reason: "the log does not open this rollout", channel: row.Channel,
		}, p.end, 1)
		return
	}
	r.summary.inTable = true
	rec := &r.fold.Record
	var recorded, given []string
	differ := func(column, inTable, inLog string) {
		if inTable != inLog {
			recorded = append(recorded, column+" "+inTable)
			given = append(given, column+" "+inLog)
		}
	}
	differ("channel", string(row.Channel), string(rec.Channel))
	differ("target_ref", string(row.TargetRef), string(rec.TargetRef))
	differ("state", row.State.String(), rec.State.String())
	differ("opened_at", optionalTime(reducer.Some(row.OpenedAt)), optionalTime(reducer.Some(rec.OpenedAt)))
	differ("terminal_at", optionalTime(row.TerminalAt), optionalTime(rec.TerminalAt))
	differ("superseded_at", optionalTime(row.SupersededAt), optionalTime(rec.SupersededAt))
	if seq := row.OpenedEventLogSeq; seq.Set && r.work != nil && r.work.opened.n > 0 {
		differ("opened_event_log_seq", fmt.Sprint(seq.Value), fmt.Sprint(r.work.opened.seq))
	}
	if row.CurrentWave != rec.CurrentWave {
		if len(recorded) == 0 {
			t.WaveDiffer++
		}
		if p.seen.waves > 0 {
			differ("current_wave", fmt.Sprint(row.CurrentWave), fmt.Sprint(rec.CurrentWave))
		}
	}
	if len(recorded) > 0 || row.CurrentWave != rec.CurrentWave {
		t.Differ++
	}
	if len(recorded) > 0 {
		p.find(Finding{
			Class: Derived, Kind: Different, What: "rollouts row", Rollout: r.id, Recorded: strings.Join(recorded, ", "),
			Given: strings.Join(given, ", "),
		}, p.opening(r), 1)
	}
}

// opening is the place of a rollout's opening, or the end where that is no longer known.
func (p *replay) opening(r *rollout) place {
	if r.work != nil && r.work.opened.n > 0 {
		return r.work.opened
	}
	return p.end
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
