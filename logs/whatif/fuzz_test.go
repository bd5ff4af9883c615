package whatif

import (
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// FuzzCompare compares two machines on any log. One machine never diverges from itself.
func FuzzCompare(f *testing.F) {
	const entry = `{"seq":1,"ts":"2026-05-16T01:00:00Z","kind":"rollout_event","host":null,` +
		`"rollout":"edge@a1","payload":`
	opening := entry + `{"RolloutOpened":{"rollout_id":"edge@a1","channel":"edge","target_ref":"a1",` +
		`"at":"2026-05-16T01:00:00Z"}}}` + "\n"
	f.Add(opening)
	f.Add(opening + strings.Replace(entry, `:1,`, `:2,`, 1) +
		`{"HostJoined":{"rollout_id":"edge@a1",` +
		`"host_id":"h","wave":1,"at":"2026-05-16T01:00:00Z"}}}`)
	f.Fuzz(func(t *testing.T, log string) {
		for _, other := range []reducer.Machine{reducer.V02(), reducer.RFC0008()} {
			in, err := trace.NewReader("log", strings.NewReader(log))
			if err != nil {
				return
			}
			result, err := Compare(in, Side{Machine: reducer.V02()}, Side{Machine: other})
			if err == nil && other.Name() == reducer.V02().Name() && len(result.Diverged) > 0 {
				t.Errorf("a machine diverges from itself: %+v", result.Diverged)
			}
		}
	})
}
