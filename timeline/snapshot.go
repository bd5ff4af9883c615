package timeline

import (
	"slices"

	"rollsim/reducer"
	"rollsim/trace"
)

// Snapshot is the state after some entries, as far as they prove it.
type Snapshot struct {
	N          int                      // how many entries it follows
	Rollouts   []*Rollout               // in the order of first mention
	Quarantine []trace.QuarantineConfig // in the order in which entries were added
	Refs       []Ref                    // in the order of the first poll
}

// Ref is what a channel pointed at when it was polled last.
type Ref struct {
	Channel reducer.ChannelID
	Ref     reducer.ChannelRef
}

// Rollout is the state of one rollout.
type Rollout struct {
	// Record is the reducer's record. The state is zero until an entry proves it, and the channel
	// and the ref are empty if the trace does not have the opening.
	Record reducer.Record

	Number      int                       // in the order of first mention
	Incarnation int                       // from 1; higher if the id was opened again
	Since       reducer.Time              // when it entered the state
	Timer       reducer.Opt[reducer.Time] // when its retention ends, if an effect started it
	Planned     bool                      // the planner works on it
	PlannedAt   reducer.Time              // since when, or since when not; 0 if it never did
	Hosts       []Host                    // in the order of first mention

	shared bool // with a checkpoint
}

// Host is the state of one host under one rollout.
type Host struct {
	ID     reducer.HostID
	Number uint32 // in the order of first mention in the trace
	Joined bool   // an entry has its wave
	Wave   uint32
	State  reducer.HostState // zero until an entry proves it
	Since  reducer.Time      // when it entered the state

	Gate   string // the gate that holds it; empty if none does
	Reason string
	HeldAt reducer.Time // since when that gate holds it

	Dispatches   int          // under this rollout
	DispatchedAt reducer.Time // the last one
	SoakDue      reducer.Time
	Closure      reducer.ClosureHash // that was dispatched; empty before

	LastSeq uint64       // of its agent's events under this rollout; 0 before
	LastAt  reducer.Time // when the last one arrived
}

// Find returns a rollout by its id; the last one if it was opened several times, and nil if none
// exists.
func (s *Snapshot) Find(id reducer.RolloutID) *Rollout {
	for _, r := range slices.Backward(s.Rollouts) {
		if r.Record.RolloutID == id {
			return r
		}
	}
	return nil
}

// SetBack reports whether the planner works on the rollout although a later one has superseded it:
// its channel was set back to its ref.
func (r *Rollout) SetBack() bool { return r.Record.State == reducer.Superseded && r.Planned }

// Unfinished reports whether the rollout stands, or its channel was set back to it, and a host has
// not converged.
func (r *Rollout) Unfinished() bool {
	if s := r.Record.State; s == 0 || !s.Standing() && !r.SetBack() {
		return false
	}
	return slices.ContainsFunc(r.Hosts, func(h Host) bool { return h.State != reducer.HostConverged })
}

// Host returns the state of a host; false if it is not known to the rollout.
func (r *Rollout) Host(id reducer.HostID) (Host, bool) {
	for i := range r.Hosts {
		if r.Hosts[i].ID == id {
			return r.Hosts[i], true
		}
	}
	return Host{}, false
}

// InFlight returns how many hosts a budget counts: those Activating or Soaking, and those that were
// dispatched and have not answered, each under the rollout that was dispatched to it last.
func (s *Snapshot) InFlight(budget *trace.BudgetConfig) int {
	latest := make(map[reducer.HostID]*Host)
	for _, r := range s.Rollouts {
		for i := range r.Hosts {
			h := &r.Hosts[i]
			if last := latest[h.ID]; h.Dispatches > 0 &&
				(last == nil || last.DispatchedAt <= h.DispatchedAt) {
				latest[h.ID] = h
			}
		}
	}
	n := 0
	for id, h := range latest {
		if budget.Covers(id) && (h.State.InFlight() || h.State == reducer.HostPending) {
			n++
		}
	}
	return n
}

// checkpoint returns a copy for later. The rollouts are shared until one of them changes.
func (s *Snapshot) checkpoint() *Snapshot {
	for _, r := range s.Rollouts {
		r.shared = true
	}
	return s.copy()
}

// copy returns a copy that shares its rollouts.
func (s *Snapshot) copy() *Snapshot {
	return &Snapshot{
		N: s.N, Rollouts: slices.Clone(s.Rollouts), Quarantine: slices.Clone(s.Quarantine),
		Refs: slices.Clone(s.Refs),
	}
}

// own returns a rollout that no checkpoint shares, so that it may change.
func (s *Snapshot) own(number uint32) *Rollout {
	r := s.Rollouts[number]
	if r.shared {
		c := *r
		c.shared, c.Hosts = false, slices.Clone(r.Hosts)
		r = &c
		s.Rollouts[number] = r
	}
	return r
}

// apply applies a change of an entry at a time.
func (s *Snapshot) apply(x *Index, c *Change, at reducer.Time) {
	switch c.What {
	case Mentioned:
		info := &x.rollouts[c.Rollout]
		s.Rollouts = append(s.Rollouts, &Rollout{
			Record: reducer.Record{RolloutID: info.id},
			Number: int(c.Rollout), Incarnation: info.incarnation, Since: at,
		})
	case Opened:
		info, r := &x.rollouts[c.Rollout], s.own(c.Rollout)
		r.Record.Channel, r.Record.TargetRef = info.channel, info.ref
		r.Record.OpenedAt = reducer.Time(c.Value)
	case State, Wave, TerminalAt, SupersededAt, Timer, Planned:
		s.own(c.Rollout).set(c, at)
	case Joined, HostState, Dispatched, Closure, Held, Heard:
		s.own(c.Rollout).setHost(x, c, at)
	case Quarantined:
		q := x.quarantines[c.Value]
		if i := slices.Index(s.Quarantine, q); i < 0 {
			s.Quarantine = append(s.Quarantine, q)
		} else {
			s.Quarantine = slices.Delete(s.Quarantine, i, i+1)
		}
	case Polled:
		ref := x.refs[c.Value]
		i := slices.IndexFunc(s.Refs, func(r Ref) bool { return r.Channel == ref.Channel })
		if i < 0 {
			s.Refs = append(s.Refs, ref)
		} else {
			s.Refs[i] = ref
		}
	case Faulted, Refused, whatEnd:
	}
}

// set changes a fact of the rollout.
func (r *Rollout) set(c *Change, at reducer.Time) {
	switch c.What {
	case State:
		r.Record.State, r.Since = reducer.State(c.Value), at
		if r.Record.State == reducer.Pruned {
			r.Timer = reducer.Opt[reducer.Time]{}
		}
	case Wave:
		r.Record.CurrentWave = uint32(c.Value)
	case TerminalAt:
		r.Record.TerminalAt = reducer.Some(reducer.Time(c.Value))
	case SupersededAt:
		r.Record.SupersededAt = reducer.Some(reducer.Time(c.Value))
	case Timer:
		r.Timer = reducer.Some(reducer.Time(c.Value))
	case Planned:
		r.Planned, r.PlannedAt = c.Value != 0, at
	case Mentioned, Opened, Joined, HostState, Dispatched, Closure, Held, Heard, Quarantined, Faulted,
		Refused, Polled, whatEnd:
	}
}

// setHost changes a fact of a host.
func (r *Rollout) setHost(x *Index, c *Change, at reducer.Time) {
	if int(c.slot) == len(r.Hosts) {
		r.Hosts = append(r.Hosts, Host{ID: x.hosts[c.Host], Number: c.Host, Since: at})
	}
	h := &r.Hosts[c.slot]
	switch c.What {
	case Joined:
		h.Joined, h.Wave = true, uint32(c.Value)
		if h.State == 0 {
			h.State, h.Since = reducer.HostPending, at
		}
	case HostState:
		h.State, h.Since = reducer.HostState(c.Value), at
		h.release()
	case Dispatched:
		h.Dispatches++
		h.DispatchedAt, h.SoakDue = at, reducer.Time(c.Value)
		h.release()
	case Closure:
		h.Closure = reducer.ClosureHash(x.names[c.Value])
	case Held:
		hold := x.holds[c.Value]
		if h.Gate != hold.gate {
			h.HeldAt = at
		}
		h.Gate, h.Reason = hold.gate, hold.reason
	case Heard:
		h.LastSeq, h.LastAt = uint64(c.Value), at
	case Mentioned, Opened, State, Wave, TerminalAt, SupersededAt, Timer, Quarantined, Faulted,
		Refused, Polled, Planned, whatEnd:
	}
}

// release records that no gate holds the host.
func (h *Host) release() { h.Gate, h.Reason, h.HeldAt = "", "", 0 }
