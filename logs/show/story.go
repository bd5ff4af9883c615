package show

import (
	"slices"

	"rollsim/reducer"
	"rollsim/trace"
)

// maxStoryRows is how many rows a Story keeps.
const maxStoryRows = 60

// Story is what the rows of one stretch of a log amount to: the rows that matter, and
// how many hosts moved. The zero value is empty.
type Story struct {
	Rows     []Row  // those that matter, the first sixty
	More     uint64 // how many more there are
	Read     uint64 // how many rows the stretch has
	Repeated uint64 // how many of them repeat a decision of the planner

	// Rollouts has what happened under each rollout, in the order of the first row about it.
	Rollouts []*RolloutStory

	byID  map[reducer.RolloutID]*RolloutStory
	gated map[gateOf]bool
}

// RolloutStory counts what happened under one rollout in the stretch.
type RolloutStory struct {
	Rollout   reducer.RolloutID
	Channel   reducer.ChannelID
	Opened    bool // it was opened in the stretch
	Converged int  // how many moves of hosts there were to Converged
	Failed    int  // to Failed
	Reverted  int  // to Reverted
	Blocked   int  // how many times a gate blocked a host
	Sent      int  // how many dispatches there were
}

// gateOf is a gate that blocks hosts of a rollout.
type gateOf struct {
	rollout reducer.RolloutID
	gate    string
}

// Add adds a row of the stretch.
func (s *Story) Add(r *Row) {
	s.Read++
	if r.Repeats {
		s.Repeated++
	}
	s.count(r)
	switch {
	case !s.matters(r):
	case len(s.Rows) < maxStoryRows:
		s.Rows = append(s.Rows, *r)
	default:
		s.More++
	}
}

// count counts a row under its rollout.
func (s *Story) count(r *Row) {
	if r.Rollout == "" {
		return
	}
	o := s.byID[r.Rollout]
	if o == nil {
		if s.byID == nil {
			s.byID = make(map[reducer.RolloutID]*RolloutStory)
		}
		o = &RolloutStory{Rollout: r.Rollout, Channel: r.Channel}
		s.byID[r.Rollout] = o
		s.Rollouts = append(s.Rollouts, o)
	}
	switch {
	case r.Kind == trace.KindGateDecision.String():
		o.Blocked++
	case r.Name == trace.QueueDispatch.String():
		o.Sent++
	case r.Name == reducer.RolloutOpened.String():
		o.Opened = true
	case r.Name != reducer.HostStateChanged.String():
	case r.State == reducer.HostConverged.String():
		o.Converged++
	case r.State == reducer.HostFailed.String():
		o.Failed++
	case r.State == reducer.HostReverted.String():
		o.Reverted++
	}
}

// matters reports whether a row matters: not the single steps of a switch that succeeds,
// and of a gate only the first decision under a rollout.
func (s *Story) matters(r *Row) bool {
	switch r.Name {
	case reducer.RolloutOpened.String(), reducer.SuccessorOpened.String(),
		reducer.RolloutTerminal.String(), reducer.WaveAdvanced.String(),
		reducer.RetentionExpired.String(), reducer.OperatorClearance.String(),
		reducer.ActivationFailed.String(), reducer.ActivationDeferred.String(),
		reducer.ProbesFailed.String(), reducer.RollbackComplete.String(),
		trace.RemoteInsertQuarantine, trace.RemoteRemoveQuarantine, trace.RemotePauseDispatch,
		trace.RemoteResumeDispatch, trace.RemoteAbortRollout, trace.RemoteAddHost,
		trace.RemoteRemoveHost:
		return true
	case reducer.RecordRolloutTransition.String():
		return r.State == reducer.Failed.String() || r.State == reducer.Reverted.String()
	}
	if r.Kind == trace.KindGateDecision.String() {
		g := gateOf{r.Rollout, r.Name}
		first := !s.gated[g]
		if s.gated == nil {
			s.gated = make(map[gateOf]bool)
		}
		s.gated[g] = true
		return first
	}
	return r.Gap.Missing() > 0 || r.Kind == trace.KindFault.String()
}

// Channels returns the channels of the rollouts of the stretch, in the order of their names.
func (s *Story) Channels() []reducer.ChannelID {
	var all []reducer.ChannelID
	for _, o := range s.Rollouts {
		if o.Channel != "" {
			all = append(all, o.Channel)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
