package report

import (
	"fmt"
	"io"
	"strings"

	"rollsim/logs/replay"
)

// Why writes what a host waits for: a line for each reason, below the one that it explains. Only
// the first line has the complete ref.
func Why(w io.Writer, a *replay.Answer) error {
	var b strings.Builder
	times := &a.Times
	if a.Host != "" {
		fmt.Fprintf(&b, "host %s, ", a.Host)
	}
	fmt.Fprintf(&b, "rollout %s, as of entry %d, %s\n", a.Rollout, a.At.Seq,
		times.AppendTime(nil, a.At.At))
	for _, l := range a.Lines {
		fmt.Fprintf(&b, "%s%s", strings.Repeat("  ", l.Depth), shortenRefs(l.Text))
		if l.Since != (replay.Where{}) {
			fmt.Fprintf(&b, ", since %s", times.AppendTime(nil, l.Since.At))
		}
		if l.Since.Seq > 0 {
			fmt.Fprintf(&b, " (entry %d)", l.Since.Seq)
		}
		if l.Then != "" {
			fmt.Fprintf(&b, ": %s", shortenRefs(l.Then))
		}
		b.WriteByte('\n')
	}
	return write(w, Harmless(b.String()))
}
