package invariant

import (
	"slices"

	"rollsim/reducer"
)

// Compare checks invariant (14): it returns how the live fleet differs from one that was folded
// from the trace. at and seq are where the comparison is made.
func Compare(live, folded *reducer.Fleet, seq uint64, at reducer.Time) []Violation {
	out := reports{seq: seq, at: at}
	for _, r := range live.Rollouts() {
		f := folded.Rollout(r.Record.RolloutID)
		switch {
		case f == nil:
			out.add(FoldIsLive, r, "live, and not in the fold")
		case f.Record != r.Record:
			out.add(FoldIsLive, r, "the record is live %v at wave %d, folded %v at wave %d",
				r.Record.State, r.Record.CurrentWave, f.Record.State, f.Record.CurrentWave)
		case !slices.Equal(f.Hosts(), r.Hosts()):
			out.add(FoldIsLive, r, "its hosts are in other states live than folded")
		}
	}
	for _, f := range folded.Rollouts() {
		if live.Rollout(f.Record.RolloutID) == nil {
			out.add(FoldIsLive, f, "in the fold, and not live")
		}
	}
	return out.found
}
