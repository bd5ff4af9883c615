package replay

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// FuzzReplay: every log is replayed, or the error names the file, and questions about it have an
// answer or a *NoAnswer. Times and ids may be in any order, and hosts and rollouts unknown.
func FuzzReplay(f *testing.F) {
	f.Add(string(inWords(f, failing+"e1 does edge@a1 RollbackComplete\nquarantine edge "+
		"c1\nsupersede edge@a1 edge@b2\nexpire edge@a1")), "e1", uint64(3))
	f.Add(string(inWords(f, opening+"join edge@a1 e1 1\nopen edge@b2\nterminal edge@b2\ngate "+
		"edge@b2 e1 channel-edges edge\nwave edge@a1 1 0")), "e2", uint64(0))
	f.Add(string(small(f)), "s1", uint64(9))
	f.Add(string(inWords(f, opening)), "", uint64(1))
	sample := strings.SplitAfter(string(plain(f, "sample-6.ndjson.gz")), "\n")
	f.Add(strings.Join(sample[400:480], ""), "web-0005", uint64(430))
	f.Fuzz(func(t *testing.T, log, host string, until uint64) {
		for _, opts := range []Options{
			{},
			{Machine: reducer.RFC0008(), Until: until},
			{Only: Filter{Host: reducer.HostID(host)}, Accepted: &Accepted{}},
		} {
			got, err := run([]byte(log), opts)
			if err != nil && !errors.As(err, new(*trace.ReadError)) && !errors.As(err, new(*NoAnswer)) {
				t.Fatalf("an error of another kind: %v", err)
			}
			for i := range got.Findings {
				if f := &got.Findings[i]; f.Class == 0 || f.Kind == 0 || f.What == "" ||
					f.Recorded+f.Expected+f.Reason == "" {
					t.Errorf("a finding that says nothing: %+v", f)
				}
			}
		}
		questions := []Question{{Host: reducer.HostID(host)}}
		got, _ := run([]byte(log), Options{})
		for i := range got.Rollouts[:min(len(got.Rollouts), 3)] {
			id := got.Rollouts[i].Record.RolloutID
			questions = append(
				questions, Question{Rollout: id}, Question{Rollout: id, Host: reducer.HostID(host)},
			)
		}
		for _, q := range questions {
			r, err := trace.NewReader("t.ndjson", bytes.NewReader([]byte(log)))
			if err != nil {
				return
			}
			answer, err := Why(r, q)
			empty := func(l Reason) bool { return l.Text == "" }
			if err == nil && (len(answer.Lines) == 0 || slices.ContainsFunc(answer.Lines, empty)) {
				t.Errorf("an answer that says nothing: %+v", answer)
			}
		}
	})
}
