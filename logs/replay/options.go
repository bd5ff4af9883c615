package replay

import (
	"rollsim/reducer"
)

// Options say how to replay a log. The zero value takes everything from the log and judges all of
// it.
type Options struct {
	// Machine steps the records. If it is nil, Run uses the machine that the trace's header names,
	// and the one that control planes ship for the log of a control plane.
	Machine reducer.Machine

	// Through, if not nil, wraps the machine. The replay keeps the machine's name.
	Through func(reducer.Machine) reducer.Machine

	// Policies overrides the policy of channels. Otherwise a channel's policy is the one in the
	// trace's header. In the log of a control plane it is the policyApplied of the channel's first
	// Failed agent event, or halt with a note.
	Policies map[reducer.ChannelID]reducer.Policy

	// Until is the seq of the last entry that is judged; 0 judges the whole log. What only the end
	// of a log shows is not judged then.
	Until uint64

	// UntilAt ends the log before the first entry of a later time, as Until does after a seq. It is
	// not used if Until is set.
	UntilAt reducer.Opt[reducer.Time]

	// Watch, if not nil, shows what the replay has found so far while it reads.
	Watch *Watch

	// Only limits what is reported. The whole log is folded nevertheless.
	Only Filter

	// Limit is how many entries a rollout document has at most; 0 is the default of the route that
	// returns it. One with as many is cut, and its end is not judged.
	Limit uint64

	// Strict ends the replay at the first entry that cannot be read. Otherwise that is a finding.
	Strict bool

	// Hosts asks for the state of each host in Summary.Members.
	Hosts bool

	// Accepted lists findings that were reviewed. They are counted apart from the others. Nil
	// accepts nothing.
	Accepted *Accepted

	// Clock writes a time in texts about what hosts wait for, as people read it at another time. If
	// it is nil, and for a simulated trace, the texts have times as the lines of the log have them.
	Clock func(t, now reducer.Time) string

	// ClockAlways uses Clock for a simulated trace too.
	ClockAlways bool

	// Progress, if not nil, is called now and then with the number of entries read so far.
	Progress func(entries uint64)
}

// Filter selects findings and rollouts. The zero value selects all. A finding about the log itself
// is always selected.
type Filter struct {
	Rollout reducer.RolloutID // the whole id, or one with the beginning of a long ref
	Channel reducer.ChannelID
	Host    reducer.HostID
	Since   reducer.Opt[reducer.Time]
}

// matchesRollout reports whether the filter selects a rollout by its id.
func (o *Filter) matchesRollout(id reducer.RolloutID) bool {
	return o.Rollout == "" || o.Rollout == id || o.Rollout.Abbreviates(id)
}

// matches reports whether the filter selects a finding.
func (o *Filter) matches(f *Finding) bool {
	switch {
	case f.Class == Log:
		return true
	case !o.matchesRollout(f.Rollout),
		o.Channel != "" && f.channel != o.Channel,
		o.Host != "" && f.Host != "" && f.Host != o.Host:
		return false
	}
	return !o.Since.Set || f.At >= o.Since.Value
}
