package replay

import (
	"fmt"
	"strings"
	"testing"

	"rollsim/trace"
)

// TestWatch reads a log in parts, and asks after each what was found so far: each finding is shown
// once, in the part that shows it.
func TestWatch(t *testing.T) {
	log := string(inWords(t, strings.Replace(failing, "+1", "+2", 1)+
		"dispatch edge@a1 e2 c2\ndispatch edge@a1 e9 c2\n"))
	lines := strings.SplitAfter(log, "\n")
	w := new(Watch)
	if last, entries := w.Last(); w.Fresh() != nil || w.Findings() != 0 || w.Standing() != nil ||
		entries != 0 || last != (Where{}) {
		t.Error("before the replay begins")
	}
	var seen []string
	next := 0
	r := trace.Follow(func() (*trace.Reader, error) {
		for _, f := range w.Fresh() {
			seen = append(seen, fmt.Sprintf("after %d: %d %s", next, f.Seq, f.Title()))
		}
		if next >= len(lines)-1 {
			return trace.NewReader("log", strings.NewReader("\n"+lines[len(lines)-2]))
		}
		next++
		return trace.NewReader("log", strings.NewReader(lines[next-1]))
	})
	result, err := Run(r, Options{Watch: w, Until: uint64(len(lines) - 2)})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) == 0 || uint64(len(result.Findings)) != w.Findings() || w.Fresh() != nil {
		t.Errorf("%v; in the end %d, %d", seen, len(result.Findings), w.Findings())
	}
	for i, s := range seen {
		if strings.Count(strings.Join(seen, "\n"), strings.SplitN(s, ": ", 2)[1]) != 1 {
			t.Errorf("shown again: %s", seen[i])
		}
	}
	standing := w.Standing()
	if len(standing) != 1 || standing[0].Channel != "edge" || standing[0].State.String() != "Failed" ||
		len(standing[0].Hosts) != 2 {
		t.Errorf("standing: %v", standing)
	}
}
