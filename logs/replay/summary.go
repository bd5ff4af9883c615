package replay

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rollsim/reducer"
)

// Summary describes one rollout as it stands at the end.
type Summary struct {
	Record reducer.Record
	States []StateChange // Opening first; of very many the first hundred
	Waves  uint32        // the number of waves that its hosts joined in
	Hosts  []HostCount   // by state, without states that no host is in
	End    string        // how it ended, or what it waits for

	Successor reducer.RolloutID // that superseded it
	Waited    string            // what it waited for when it was superseded; empty if it had ended
	Failure   *Failure          // its first host that turned Failed, or nil
	Moves     []Move            // of the host of Options.Only

	Incarnation int              // from 1; above 1 its id was opened before
	Current     bool             // the planner considers it at the end of the log
	Unfinished  bool             // it stands or is current, and a host is not Converged
	Stuck       bool             // it is current and under way, and nothing moves any more
	NeverJoined []reducer.HostID // hosts of its channel that its opening lacks
	After       []HostMove       // the moves of its hosts after it was superseded, the first hundred
	Members     []HostStatus     // with Options.Hosts, its hosts in the order of joining
}

// HostMove is a move of some host.
type HostMove struct {
	Host reducer.HostID
	Move
}

// HostStatus describes a host under a rollout as it stands at the end.
type HostStatus struct {
	Host       reducer.HostID
	Wave       uint32
	State      reducer.HostState
	Closure    reducer.ClosureHash // of its rollout, if the log shows it
	Seq        uint64              // of the last message of its agent
	Dispatches int
	First      uint64       // the seq of the first dispatch; 0 without one
	Last       uint64       // that of the last one
	SoakDue    reducer.Time // as planned at its last dispatch; 0 without one
	Waits      string       // what it waits for; empty if it has reached its last state
}

// StateChange says when a rollout entered a state.
type StateChange struct {
	State reducer.State
	At    reducer.Time
	Seq   uint64 // of the entry that records it, or of the event that causes it
}

// HostCount says how many hosts are in a state.
type HostCount struct {
	State reducer.HostState
	Count int
}

// Failure says that a host turned Failed, and what its agent said.
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

// maxStates is how many changes of state of one rollout are kept.
const maxStates = 100

// follow records the state that an event at a time has led to. A confirmed one corrects the time.
func (s *Summary) follow(rec *reducer.Record, at reducer.Time, confirmed bool) {
	last := &s.States[len(s.States)-1]
	switch {
	case last.State == rec.State && confirmed:
		last.At = at
	case last.State != rec.State && len(s.States) < maxStates:
		s.States = append(s.States, StateChange{State: rec.State, At: at})
	}
}

// recorded records which entry shows that the rollout has entered a state.
func (s *Summary) recorded(state reducer.State, seq uint64) {
	for i := len(s.States) - 1; i >= 0; i-- {
		if c := &s.States[i]; c.State == state {
			c.Seq = seq
			return
		}
	}
}

// summaries returns the rollouts that Options.Only selects, as they stand.
func (p *replay) summaries() []Summary {
	var all []Summary
	for _, r := range p.rollouts.opened {
		if !p.rollouts.selects(r) {
			continue
		}
		s := r.summary
		s.Record = r.fold.Record
		s.Hosts = hostCounts(r)
		s.End = p.ending(r)
		s.Incarnation = r.incarnation + 1
		s.Current = p.isCurrent(r)
		stands := r.fold.Record.State.Standing() && !r.replaced
		s.Unfinished = !r.fold.AllConverged() && (s.Current || stands)
		s.Stuck = r.isStuck
		if p.opts.Hosts {
			s.Members = p.statuses(r)
		}
		all = append(all, s)
	}
	return all
}

// statuses returns the hosts of a rollout as they stand.
func (p *replay) statuses(r *rollout) []HostStatus {
	all := make([]HostStatus, len(r.members))
	for slot := range r.members {
		m, h := &r.members[slot], r.fold.Hosts()[slot]
		w := p.waits.host(r, slot)
		if w.then != "" {
			w.what += ": " + w.then
		}
		all[slot] = HostStatus{
			Host: h.ID, Wave: h.Wave, State: h.State, Closure: cmp.Or(m.closure, m.running), Seq: m.seq,
			Dispatches: m.dispatches, First: m.firstSeq, Last: m.lastSeq, SoakDue: m.soakDue,
			Waits: w.what,
		}
	}
	return all
}

// ending says how a rollout ended, or what it waits for.
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
		if what, _ := p.waits.rollout(r); what != "" {
			parts = append(parts, "waits: "+what)
		}
	case reducer.Terminal:
		what := "every host converged"
		if !r.fold.AllConverged() && !r.fold.Forgotten() {
			what = "ended without all of its hosts"
		}
		parts = append(parts, what)
	case reducer.Failed:
		parts = append(parts, p.remedy(r))
	case reducer.Reverted:
		parts = append(parts, "rolled back; "+p.remedy(r))
	case reducer.Superseded:
		parts = append(parts, "superseded by "+string(cmp.Or(r.summary.Successor, "another")))
		if w := r.summary.Waited; w != "" {
			parts = append(parts, "had waited: "+w)
		}
	case reducer.Pruned:
		parts = append(parts, "pruned")
	}
	return strings.Join(parts, "; ")
}

// remedy says what a rollout that has failed waits for.
func (p *replay) remedy(r *rollout) string {
	switch c := p.channels.get(r.fold.Record.Channel); {
	case p.waits.isLeft(r):
		return fmt.Sprintf("its channel was set back to the ref of %s", c.planned.id)
	case p.waits.clears(r):
		return "waits for an operator or another ref"
	}
	return "waits for another ref"
}

// plainLine replaces control characters, so that a text stays on its line.
func plainLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

func sortedKeys[K ~string, V any](m map[K]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, string(name))
	}
	slices.Sort(names)
	return names
}

// maxNamed is how many kinds of entries a note names.
const maxNamed = 5

// listCounts lists names with their counts.
func listCounts(names []string, counts map[string]uint64) string {
	parts := make([]string, min(len(names), maxNamed))
	for i := range parts {
		parts[i] = fmt.Sprintf("%s (%d)", plainLine(names[i]), counts[names[i]])
	}
	text := strings.Join(parts, ", ")
	if more := len(names) - maxNamed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
