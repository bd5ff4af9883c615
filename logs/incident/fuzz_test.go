package incident

import (
	"strings"
	"testing"

	"rollsim/trace"
)

// FuzzRead imports the first rollouts of any log: there is a history or an error, which is not
// empty.
func FuzzRead(f *testing.F) {
	const entry = `{"seq":1,"ts":"2026-05-16T01:00:00Z","kind":"rollout_event","host":null,` +
		`"rollout":"edge@a1","payload":`
	opening := entry + `{"RolloutOpened":{"rollout_id":"edge@a1","channel":"edge","target_ref":"a1",` +
		`"at":"2026-05-16T01:00:00Z"}}}` + "\n"
	f.Add(opening)
	f.Add(opening + strings.Replace(entry, `:1,`, `:2,`, 1) +
		`{"HostJoined":{"rollout_id":"edge@a1",` +
		`"host_id":"h","wave":4294967295,"at":"2026-05-16T01:00:00Z"}}}`)
	f.Add(`{"rollout_id":"edge@a1","events":[` + strings.TrimSpace(opening) + `]}`)
	f.Fuzz(func(t *testing.T, log string) {
		read := func() trace.Source {
			r, err := trace.NewReader("log", strings.NewReader(log))
			if err != nil {
				return nil
			}
			return r
		}
		in := read()
		if in == nil {
			return
		}
		all, err := Opened(in)
		if err != nil {
			return
		}
		for _, rec := range all[:min(len(all), 2)] {
			h, err := Read(read(), rec.RolloutID, Options{})
			if (h == nil) == (err == nil) {
				t.Errorf("%s: %v, %v", rec.RolloutID, h, err)
			}
		}
	})
}
