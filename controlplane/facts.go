package controlplane

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rollsim/reducer"
)

// Fact is one thing that a control plane, an agent or the network holds at a moment, for a reader.
type Fact struct {
	Subject string // a host, rollout, channel or budget
	Detail  string
	At      reducer.Opt[reducer.Time] // when it happens; Detail then ends before the time
}

// facts collects facts.
type facts []Fact

func (f *facts) add(subject, format string, args ...any) {
	*f = append(*f, Fact{Subject: subject, Detail: fmt.Sprintf(format, args...)})
}

func (f *facts) due(at reducer.Time, subject, format string, args ...any) {
	f.add(subject, format, args...)
	(*f)[len(*f)-1].At = reducer.Some(at)
}

func (p *plane) Facts() []Fact {
	var f facts
	for i := range p.inv.channels {
		id := string(p.inv.channels[i].ID)
		f.addRef(id, p.seen[i])
		if p.paused[i] || p.pausedAll {
			f.add(id, "an operator has paused dispatching")
		}
		if p.shut[i] {
			f.add(id, "no maintenance window was open at the last plan")
		}
	}
	f.addBudgets(p.inv, func(i int) []uint32 { return p.Counted(i) })
	f.addQuarantine(p.quarantine)
	for _, r := range p.rollouts {
		if r.aborted {
			f.add(string(r.id), "an operator has aborted it")
		}
		if r.timer.Set {
			f.due(r.timer.Value, string(r.id), "its retention ends")
		}
		if r.state().Underway() {
			f.addWaves(r)
		}
	}
	for _, d := range p.unacked {
		r := p.rollouts[d.rollout]
		if p.hosts[r.members[d.slot].host].current != d.rollout ||
			r.fold.Hosts()[d.slot].State != reducer.HostPending {
			continue // acked, or for an older rollout: the next plan forgets it
		}
		f.due(d.sent+reducer.Time(resendAfter), string(r.fold.Hosts()[d.slot].ID),
			"dispatch %d for %s has no ack; it is sent again", d.attempt, r.id)
	}
	if p.changed {
		f.add("plan", "something has changed since the last one")
	}
	return f
}

// addRef adds what the last poll of a channel saw.
func (f *facts) addRef(channel string, ref reducer.ChannelRef) {
	if ref == "" {
		f.add(channel, "no poll has seen a ref")
	} else {
		f.add(channel, "the last poll saw ref %s", ref)
	}
}

// addBudgets adds how many hosts each budget counts, and which.
func (f *facts) addBudgets(inv *Inventory, counted func(budget int) []uint32) {
	for i := range inv.budgets {
		b := &inv.budgets[i]
		hosts := counted(i)
		text := fmt.Sprintf("counts %d of at most %d", len(hosts), b.most)
		if len(hosts) > 0 {
			text += ": " + inv.names(hosts)
		}
		f.add("budget "+cmp.Or(b.Name, b.Selector), "%s", text)
	}
}

// names returns the names of hosts, the first few if there are many.
func (inv *Inventory) names(hosts []uint32) string {
	const most = 5
	var names []string
	for _, n := range hosts[:min(len(hosts), most)] {
		names = append(names, string(inv.hosts[n].id))
	}
	text := strings.Join(names, ", ")
	if more := len(hosts) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func (f *facts) addQuarantine(q quarantine) {
	for _, e := range q {
		f.add(string(e.Channel), "closure %s is in quarantine", e.Closure)
	}
}

// addWaves adds, for each wave of a rollout, the states of its hosts and what they wait for.
func (f *facts) addWaves(r *rollout) {
	for i := range r.waves {
		v := &r.waves[i]
		var counts []string
		for _, s := range reducer.HostStates() {
			if n := v.counts[s]; n > 0 {
				counts = append(counts, fmt.Sprintf("%d %v", n, s))
			}
		}
		text := fmt.Sprintf("wave %d: %s", v.number, strings.Join(counts, ", "))
		queued := 0
		var blocked []string
		for j := range v.queues {
			queued += len(v.queues[j].slots)
			if b := v.queues[j].blocked.String(); b != "" && !slices.Contains(blocked, b) {
				blocked = append(blocked, b)
			}
		}
		if queued > 0 {
			text += fmt.Sprintf("; %d not dispatched yet", queued)
		}
		if len(blocked) > 0 {
			text += ", blocked by " + strings.Join(blocked, "; ")
		}
		f.add(string(r.id), "%s", text)
	}
}

func (p *shippedPlane) Facts() []Fact {
	var f facts
	for i := range p.inv.channels {
		id, m := string(p.inv.channels[i].ID), &p.manifests[i]
		f.addRef(id, m.ref)
		if m.ref != "" && !m.readable {
			f.add(id, "its manifest cannot be read, so that it is not planned")
		}
	}
	f.addBudgets(p.inv, p.Counted)
	f.addQuarantine(p.quarantined)
	for _, r := range p.rows {
		if !r.deleted && r.fold.Record.State.Standing() {
			f.addRecords(p.inv, r)
		}
	}
	for n := range p.queue {
		for _, q := range p.queue[n] {
			f.add(string(p.inv.hosts[n].id), "a dispatch of closure %s for %s is in the queue",
				q.closure, q.rollout.id)
		}
	}
	if p.dirty {
		f.add("run", "something has changed since the last one")
	}
	return f
}

// addRecords adds the row of a rollout in the table of rollouts, and its rows in that of hosts.
func (f *facts) addRecords(inv *Inventory, r *row) {
	record, hosts := &r.fold.Record, r.fold.Hosts()
	f.add(string(r.id), "row: %v, wave cursor %d", record.State, record.CurrentWave)
	for slot := range r.records {
		c := &r.records[slot]
		text := fmt.Sprintf("row under %s: %v, last message %d", r.id, hosts[slot].State, c.seq)
		if c.current != "" {
			text += fmt.Sprintf(", runs %s", c.current)
		}
		if c.target != "" {
			text += fmt.Sprintf(", is to run %s", c.target)
		}
		if len(c.failing) > 0 {
			text += ", fails " + strings.Join(c.failing, ", ")
		}
		f.add(string(hosts[slot].ID), "%s", text)
	}
}
