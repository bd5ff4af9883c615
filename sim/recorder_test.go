package sim

import (
	"errors"
	"testing"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// fullSink fails after some entries.
type fullSink struct{ left int }

var errFull = errors.New("the disk is full")

func (s *fullSink) Write(*trace.Entry) error {
	if s.left == 0 {
		return errFull
	}
	s.left--
	return nil
}

func TestRecorder(t *testing.T) {
	r := recorder{
		clock: &clock{now: 5}, check: invariant.NewChecker(nil, &trace.Header{}), keeps: true,
		sink: &fullSink{left: 2},
	}
	for range 4 {
		r.write(&trace.Entry{Kind: trace.KindManifestPoll, Poll: &trace.ManifestPoll{}})
	}
	if r.seq != 3 || !errors.Is(r.err, errFull) {
		t.Errorf("wrote %d entries, error %v", r.seq, r.err)
	}
	if len(r.history) != 3 || r.history[1].Seq != 2 || r.history[1].At != 5 {
		t.Errorf("history %+v", r.history)
	}
	r.fail(errors.New("another"))
	if !errors.Is(r.err, errFull) {
		t.Errorf("a later error replaces the first: %v", r.err)
	}
}

// TestSinkFails checks that an error of the sink ends a run, at whichever entry it occurs.
func TestSinkFails(t *testing.T) {
	for n := range 40 {
		_, err := Run(scenario(t, hostNames(4)...), Options{
			Machine: reducer.RFC0008(), Seed: 1, Sink: &fullSink{left: n},
		})
		if !errors.Is(err, errFull) {
			t.Fatalf("the sink fails after %d entries: %v", n, err)
		}
	}
}
