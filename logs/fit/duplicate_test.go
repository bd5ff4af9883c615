package fit

import (
	"fmt"
	"strings"
	"testing"
)

// TestDuplicates repeats each message of some logs a second later, alone and after the next one:
// what is learned stays the same.
func TestDuplicates(t *testing.T) {
	for _, log := range []string{
		"10 dispatch a\n12 DispatchAck a\n20 ActivationCompleted a\n30 ProbeResult a\n" +
			"40 ProbeResult a\n107 Converged a\n",
		"10 dispatch a\n12 DispatchAck a\n20 ActivationCompleted a\n30 ProbeFailureFirst a\n" +
			"90 Failed a\n100 RollbackComplete a\n",
		"10 dispatch a\n12 DispatchAck a\n20 ActivationDeferred a\n30 ActivationFailed a\n" +
			"40 RollbackComplete a\n",
		"10 dispatch a\n12 DispatchAck a\n20 ActivationDeferred a\n30 ActivationCompleted a\n" +
			"40 ProbeObservedFirst a\n107 Converged a\n",
	} {
		want := learnedParts(learnedOf(t, log))
		lines := strings.SplitAfter(strings.TrimSuffix(log, "\n"), "\n")
		for i := 1; i < len(lines); i++ { // the first line is no message
			for after := i; after < min(i+2, len(lines)); after++ {
				var at int
				var kind, ref string
				if _, err := fmt.Sscan(lines[after], &at, &kind, &ref); err != nil {
					t.Fatal(err)
				}
				_, kind, _ = strings.Cut(strings.TrimSpace(lines[i]), " ")
				again := fmt.Sprintf("%d %s %d\n", at+1, kind, i)
				var b strings.Builder
				for n, line := range lines {
					fmt.Fprintf(&b, "%s %d\n", strings.TrimSpace(line), n)
					if n == after {
						b.WriteString(again)
					}
				}
				if got := learnedParts(learnedOf(t, b.String())); got != want {
					t.Errorf("%s\ngot  %s\nwant %s", b.String(), got, want)
				}
			}
		}
	}
}
