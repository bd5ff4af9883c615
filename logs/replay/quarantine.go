package replay

import (
	"cmp"
	"maps"
	"slices"

	"rollsim/reducer"
)

// quarantine is a closure that is not to be dispatched on a channel.
type quarantine struct {
	channel reducer.ChannelID
	closure reducer.ClosureHash // empty where it is not known
}

func (q quarantine) String() string { return string(q.closure) + " on " + string(q.channel) }

// quarantined is where the log quarantines a closure.
type quarantined struct {
	place              // first
	last  reducer.Time // when it did so last
}

// rollback is a host's rollback, which has to quarantine the host's closure.
type rollback struct {
	quarantine
	rollout reducer.RolloutID
	host    reducer.HostID
	place   place
}

// quarantineLedger holds the quarantines that a log records, and the rollbacks that have yet to
// cause one.
type quarantineLedger struct {
	findings *collector

	active    map[quarantine]quarantined
	rollbacks []rollback

	// unexplained counts rollbacks of hosts that the log does not otherwise know. Each may cause a
	// quarantine.
	unexplained int
}

// expect records a rollback, which has to cause a quarantine.
func (l *quarantineLedger) expect(
	q quarantine, id reducer.RolloutID, host reducer.HostID, at place,
) {
	l.rollbacks = append(l.rollbacks, rollback{quarantine: q, rollout: id, host: host, place: at})
}

// add records a quarantine.
func (l *quarantineLedger) add(q quarantine, at place) {
	if l.active == nil {
		l.active = make(map[quarantine]quarantined)
	}
	known := l.active[q]
	if known.n == 0 {
		known.place = at
	}
	known.last = at.at
	l.active[q] = known
}

// remove records that a quarantine was lifted.
func (l *quarantineLedger) remove(q quarantine) { delete(l.active, q) }

// match removes and returns the rollback that explains a quarantine: one of its channel, preferably
// from its closure. If none exists, it reports false. Then it adds a finding about the entry at a
// place, which names the rollout and the host, unless an unexplained rollback may be the cause.
func (l *quarantineLedger) match(
	q quarantine, id reducer.RolloutID, host reducer.HostID, at place,
) (rollback, bool) {
	i := l.cause(q)
	if i >= 0 {
		cause := l.rollbacks[i]
		l.rollbacks = slices.Delete(l.rollbacks, i, i+1)
		return cause, true
	}
	if l.unexplained > 0 {
		l.unexplained--
		return rollback{}, false
	}
	f := extra(Host, "quarantine", id, q.String())
	f.Host, f.channel, f.Reason = host, q.channel, "no rollback explains it"
	l.findings.near(f, at)
	return rollback{}, false
}

// compare compares a quarantine with the rollback that caused it.
func (l *quarantineLedger) compare(q quarantine, cause *rollback, at place) {
	if cause.closure == "" || cause.closure == q.closure {
		return
	}
	f := different(Host, "quarantine", cause.rollout, q.String(), cause.quarantine.String())
	f.Host, f.channel = cause.host, q.channel
	f.Reason = "the host that rolled back had been dispatched to this closure"
	l.findings.add(f, at, 0)
}

// cause returns the index of the rollback that explains a quarantine, or -1.
func (l *quarantineLedger) cause(q quarantine) int {
	other := -1
	for i, r := range l.rollbacks {
		switch {
		case r.channel != q.channel:
		case r.closure == q.closure || r.closure == "":
			return i
		default:
			other = i
		}
	}
	return other
}

// missing adds findings about rollbacks that have caused no quarantine: those under a rollout, or
// all for nil.
func (l *quarantineLedger) missing(r *rollout) {
	l.rollbacks = slices.DeleteFunc(l.rollbacks, func(b rollback) bool {
		if r != nil && r.id != b.rollout {
			return false
		}
		if at, known := l.active[b.quarantine]; known && at.n < b.place.n {
			return true // the closure was quarantined before
		}
		f := missing(Host, "quarantine", b.rollout, b.quarantine.String())
		f.Host, f.Reason = b.host, "the host rolled back from this closure"
		l.findings.absence(f, b.place, 1)
		return true
	})
}

// pending returns how many quarantines the log has yet to record.
func (l *quarantineLedger) pending() int { return len(l.rollbacks) }

// awaits reports whether the rollback that is the n-th entry has yet to cause a quarantine.
func (l *quarantineLedger) awaits(n uint64) bool {
	return slices.ContainsFunc(l.rollbacks, func(b rollback) bool { return b.place.n == n })
}

// list returns the quarantines with their places.
func (l *quarantineLedger) list() []Quarantined {
	var all []Quarantined
	for _, q := range l.ordered() {
		at := l.active[q].place
		all = append(all, Quarantined{Channel: q.channel, Closure: q.closure, Seq: at.seq, At: at.at})
	}
	return all
}

// ordered returns the quarantines in the order in which the log records them.
func (l *quarantineLedger) ordered() []quarantine {
	return slices.SortedFunc(maps.Keys(l.active), func(a, b quarantine) int {
		return cmp.Compare(l.active[a].n, l.active[b].n)
	})
}
