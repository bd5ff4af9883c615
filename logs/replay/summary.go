package replay

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rollsim/reducer"
)

// Summary is what became of one rollout.
type Summary struct {
	Record reducer.Record
	States []StateChange // Opening first; of very many the first MostStates
	Waves  uint32        // how many waves its hosts joined in
	Hosts  []HostCount   // by state, those that occur
	End    string        // how it ended, or what it waits for

	Successor reducer.RolloutID // that superseded it
	Failure   *Failure          // its first host that turned Failed; nil when none did
	Moves     []Move            // what Options.Only.Host did under it
}

// StateChange is when a rollout came into a state.
type StateChange struct {
	State reducer.State
	At    reducer.Time
}

// HostCount is how many hosts are in a state.
type HostCount struct {
	State reducer.HostState
	Count int
}

// Failure is that a host turned Failed, and what its agent said.
type Failure struct {
	Host reducer.HostID
	At   reducer.Time
	Seq  uint64
	Why  string
}

// Move is a move of a host.
type Move struct {
	From, To reducer.HostState
	At       reducer.Time
	Seq      uint64
}

// MostStates is how many changes of state of one rollout are kept.
const MostStates = 100

// follow takes note of the state that an event has led to.
func (s *Summary) follow(rec *reducer.Record, at reducer.Time, confirmed bool) {
	last := &s.States[len(s.States)-1]
	switch {
	case last.State == rec.State && confirmed:
		last.At = at
	case last.State != rec.State && len(s.States) < MostStates:
		s.States = append(s.States, StateChange{State: rec.State, At: at})
	}
}

// summaries gives the rollouts of interest as they stand.
func (p *replay) summaries() []Summary {
	var all []Summary
	for _, r := range p.opened {
		if !p.ofInterest(r) {
			continue
		}
		s := r.summary
		s.Record = r.fold.Record
		for _, state := range reducer.HostStates() {
			if n := r.fold.Count(state); n > 0 {
				s.Hosts = append(s.Hosts, HostCount{State: state, Count: n})
			}
		}
		s.End = p.ending(r)
		all = append(all, s)
	}
	return all
}

// ofInterest tells whether a rollout is one that was asked for.
func (p *replay) ofInterest(r *rollout) bool {
	only := &p.opts.Only
	rec := &r.fold.Record
	last := r.summary.States[len(r.summary.States)-1]
	switch {
	case !only.names(r.id),
		only.Channel != "" && only.Channel != rec.Channel,
		only.Host != "" && !r.asked,
		only.Since.Set && !rec.State.Underway() && last.At < only.Since.Value:
		return false
	}
	return true
}

// MostOver is how many of the rollouts that are over are kept.
const MostOver = 500

// letGo lets go of rollouts of which nothing more is to be expected. Of those the last ones are
// kept, and of those before them some about which something was found.
func (p *replay) letGo() {
	for len(p.over) > p.keep {
		r := p.over[0]
		p.over = slices.Delete(p.over, 0, 1)
		interest := p.ofInterest(r)
		if interest && (r.found && p.overLong < MostOver || p.opts.Only.Rollout != "") {
			p.overLong++
			continue
		}
		p.close(r)
		p.overdueQuarantines(r)
		delete(p.rollouts, r.id)
		if p.checker != nil {
			p.checker.Forget(r.fold)
		}
		if n := r.fold.Number(); p.archive.put(&r.fold.Record, n, p.openings[n]) {
			delete(p.openings, n)
			p.fleet.Drop(r.fold)
		}
		if p.recent == r {
			p.recent = nil
		}
		if i := slices.Index(p.opened, r); i >= 0 {
			p.opened = slices.Delete(p.opened, i, i+1)
			if interest {
				p.gone++
			}
		}
	}
}

// known finds a rollout to look at, be it one that was let go of, of which nothing more is known
// then than its record; nil when there was none of that id.
func (p *replay) known(id reducer.RolloutID) *rollout {
	if r := p.rollouts[id]; r != nil || p.fleet == nil {
		return r
	}
	fold := p.fleet.Rollout(id)
	if k := p.archive.find(id); fold == nil && k != nil {
		fold = &reducer.Rollout{Record: p.archive.record(k)}
	}
	if fold == nil {
		return nil
	}
	return &rollout{
		id:      id,
		fold:    fold,
		summary: Summary{States: []StateChange{{State: fold.Record.State}}},
	}
}

// again takes a rollout back that was let go of; nil when there was none of that id.
func (p *replay) again(id reducer.RolloutID) *rollout {
	r := p.known(id)
	if r == nil {
		return nil
	}
	if p.fleet.Rollout(id) == nil {
		k := p.archive.find(id)
		k.flags |= isBack
		r.fold = p.fleet.Restore(r.fold.Record, int(k.number))
		p.openings[r.fold.Number()] = k.seq
	}
	if p.checker != nil {
		p.checker.Resume(r.fold)
	}
	p.rollouts[id] = r
	p.over = append(p.over, r)
	return r
}

// ending says how a rollout has ended, or what it waits for.
func (p *replay) ending(r *rollout) string {
	rec := &r.fold.Record
	var parts []string
	if f := r.summary.Failure; f != nil && rec.State != reducer.Terminal {
		what := fmt.Sprintf("host %s failed", f.Host)
		if f.Why != "" {
			what += fmt.Sprintf(" (%s)", plainLine(f.Why))
		}
		parts = append(parts, what)
	}
	switch rec.State {
	case reducer.Opening, reducer.Active, reducer.Converging:
		if what, _ := p.waitsFor(r); what != "" {
			parts = append(parts, "waits: "+what)
		}
	case reducer.Terminal:
		parts = append(parts, "every host converged")
		if !r.fold.AllConverged() && !r.fold.Forgotten() {
			parts[len(parts)-1] = "ended without all of its hosts"
		}
	case reducer.Failed:
		parts = append(parts, "waits for an operator or another ref")
	case reducer.Reverted:
		parts = append(parts, "rolled back; waits for an operator or another ref")
	case reducer.Superseded:
		parts = append(parts, "superseded by "+string(cmp.Or(r.summary.Successor, "another")))
	case reducer.Pruned:
		parts = append(parts, "pruned")
	}
	return strings.Join(parts, "; ")
}

// plainLine is a text that stays on its line.
func plainLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
