package replay

import (
	"slices"
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// fixture holds what a check depends on: a log that is read entry by entry, and the findings.
type fixture struct {
	t        *testing.T
	cursor   cursor
	evidence evidence
	context  contextKeeper
	rollouts registry
	findings collector
	notes    notes
}

func newFixture(t *testing.T) *fixture {
	f := &fixture{t: t}
	f.cursor.lines.Absolute = true
	f.rollouts = registry{
		only: new(Filter), evidence: &f.evidence, keep: maxEnded,
		fleet: reducer.NewFleet(reducer.V02(), nil),
		byID:  make(map[reducer.RolloutID]*rollout), openings: make(map[int]uint64),
	}
	f.findings = collector{
		cursor: &f.cursor, evidence: &f.evidence, rollouts: &f.rollouts, context: &f.context,
	}
	return f
}

// read moves the cursor to an entry, and sets its seq and time if it has none.
func (f *fixture) read(e trace.Entry) *trace.Entry {
	f.cursor.n++
	f.cursor.line = int(f.cursor.n)
	if e.Seq == 0 {
		e.Seq = f.cursor.n
	}
	if e.At == 0 {
		e.At = start
	}
	f.cursor.highest = max(f.cursor.highest, e.Seq)
	return &e
}

// apply folds an event, which must be accepted, and returns its outcome.
func (f *fixture) apply(ev reducer.Event) *reducer.Outcome {
	f.t.Helper()
	if ev.At == 0 {
		ev.At = start
	}
	var out reducer.Outcome
	if err := f.rollouts.fleet.Apply(&ev, ev.At, &out); err != nil {
		f.t.Fatal(err)
	}
	return &out
}

// open opens a rollout whose hosts join in waves 0, 1, 2 …
func (f *fixture) open(id reducer.RolloutID, hosts ...reducer.HostID) *rollout {
	f.t.Helper()
	r := f.rollouts.get(id)
	channel, ref, _ := strings.Cut(string(id), "@")
	f.apply(reducer.Event{
		Kind: reducer.RolloutOpened, Rollout: id,
		Channel: reducer.ChannelID(channel), TargetRef: reducer.ChannelRef(ref),
	})
	f.rollouts.open(r, f.cursor.n)
	for wave, h := range hosts {
		f.apply(reducer.Event{
			Kind: reducer.HostJoined, Rollout: id, Host: h, Wave: uint32(wave),
		})
		r.join(uint32(wave), start)
	}
	return r
}

// move moves a host through states.
func (f *fixture) move(r *rollout, h reducer.HostID, states ...reducer.HostState) {
	f.t.Helper()
	for i := 1; i < len(states); i++ {
		f.apply(reducer.Event{
			Kind: reducer.HostStateChanged, Rollout: r.id, Host: h, From: states[i-1], To: states[i],
		})
	}
}

// found returns the findings so far, one a line, whether or not the log has the evidence for them.
func (f *fixture) found() string {
	var all []*Finding
	for _, g := range f.findings.titles {
		all = append(all, g.kept...)
	}
	return briefly(inLogOrder(all))
}

// want fails the test unless these are the findings so far, one a line.
func (f *fixture) want(lines ...string) {
	f.t.Helper()
	got := strings.Split(strings.TrimSuffix(f.found(), "\n"), "\n")
	if f.found() == "" {
		got = nil
	}
	if !slices.Equal(got, lines) {
		f.t.Errorf("found\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(lines, "\n\t"))
	}
}
