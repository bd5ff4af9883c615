package report

import (
	"fmt"
	"io"
	"strings"

	"rollsim/internal/visible"
	"rollsim/logs/replay"
)

// Why writes what a host waits for: a line for each reason, below the one that it explains. Only
// the first line has the complete ref.
func Why(w io.Writer, a *replay.Answer) error {
	var b strings.Builder
	printf := func(format string, args ...any) { fmt.Fprintf(&b, format, visible.Names(args)...) }
	times := &a.Times
	if a.Host != "" {
		printf("host %s, ", a.Host)
	}
	printf("rollout %s, as of entry %d, %s\n", a.Rollout, a.At.Seq,
		times.AppendTime(nil, a.At.At))
	for _, l := range a.Lines {
		printf("%s%s", strings.Repeat("  ", l.Depth), shortenRefs(l.Text))
		if l.Since != (replay.Where{}) {
			printf(", since %s", times.AppendTime(nil, l.Since.At))
		}
		if l.Since.Seq > 0 {
			printf(" (entry %d)", l.Since.Seq)
		}
		if l.Then != "" {
			printf(": %s", shortenRefs(l.Then))
		}
		b.WriteByte('\n')
	}
	return write(w, visible.Escape(b.String()))
}
