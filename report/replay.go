package report

import (
	"fmt"
	"io"

	"rollsim/replay"
)

// Replay writes what a replay found: the first finding, or all of them, then the counts and the notes.
func Replay(w io.Writer, name string, result *replay.Result, all bool) {
	for i := range result.Findings {
		if i > 0 && !all {
			break
		}
		f := &result.Findings[i]
		fmt.Fprintf(w, "DIVERGED %s: entry %d of %d, %s\n%s", name, f.Seq, result.Entries, f.Title(), f.Body())
		fmt.Fprintf(w, "  closer    rollsim replay %s --machine %s --until %d --all\n\n", name, result.Machine, f.Seq)
	}
	if hidden := len(result.Findings) - 1; hidden > 0 && !all {
		fmt.Fprintf(w, "… and %d more; --all shows them\n\n", hidden)
	}
	fmt.Fprintf(w, "%s under %s: %d entries, %d rollout events; %d of %d recorded transitions reproduced\n", name, result.Machine,
		result.Entries, result.Events, result.Reproduced, result.Transitions)
	for _, note := range result.Notes {
		fmt.Fprintf(w, "note: %s\n", note)
	}
}
