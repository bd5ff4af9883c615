package timeline_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"

	"rollsim"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/timeline"
	"rollsim/trace"
)

// simulate returns the entries of a scenario of the library under a seed.
func simulate(t testing.TB, name string, seed uint64) []trace.Entry {
	t.Helper()
	file, err := scenario.LoadFS(rollsim.Library, "scenarios/"+name+".yaml")
	if err != nil {
		t.Fatal(err)
	}
	m, err := machine.ByName(file.Scenario.Machine)
	if err != nil {
		t.Fatal(err)
	}
	var log trace.Collector
	if _, err := sim.Run(&file.Scenario, sim.Options{Machine: m, Seed: seed, Sink: &log}); err != nil {
		t.Fatal(err)
	}
	return log.Entries
}

// recorded returns the entries of a sample of a control plane's log.
func recorded(t testing.TB, name string) []trace.Entry {
	t.Helper()
	f, err := os.Open("../trace/testdata/" + name + ".ndjson.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := trace.NewReader(name, f)
	if err != nil {
		t.Fatal(err)
	}
	all, err := trace.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func index(t testing.TB, entries []trace.Entry, opt timeline.Options) *timeline.Index {
	t.Helper()
	b := timeline.NewBuilder(opt)
	for i := range entries {
		if err := b.Write(&entries[i]); err != nil {
			t.Fatal(err)
		}
	}
	x, err := b.Index()
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// show returns a snapshot as text, with every field.
func show(s *timeline.Snapshot) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %v %v\n", s.N, s.Quarantine, s.Refs)
	for _, r := range s.Rollouts {
		fmt.Fprintf(&b, "%+v %d %d %v %v\n", r.Record, r.Number, r.Incarnation, r.Since, r.Timer)
		for i := range r.Hosts {
			fmt.Fprintf(&b, "  %+v\n", r.Hosts[i])
		}
	}
	return b.String()
}

// plain returns the state after the first n entries, folded from nothing.
func plain(t testing.TB, entries []trace.Entry, n int) string {
	t.Helper()
	b := timeline.NewBuilder(timeline.Options{})
	for i := range entries {
		if entries[i].Kind == trace.KindHeader || n > 0 {
			if err := b.Write(&entries[i]); err != nil {
				t.Fatal(err)
			}
			if entries[i].Kind != trace.KindHeader {
				n--
			}
		}
	}
	return show(b.State())
}

// TestCursor moves a cursor forwards, backwards and at random. Each state must be that of a fold
// from nothing.
func TestCursor(t *testing.T) {
	traces := map[string][]trace.Entry{}
	for seed := uint64(1); seed <= 4; seed++ {
		for _, name := range []string{"faults-all-at-once", "every-gate-in-turn", "crash-by-chance"} {
			traces[fmt.Sprintf("%s/%d", name, seed)] = simulate(t, name, seed)
		}
	}
	for _, name := range []string{"sample-4", "sample-6"} {
		traces[name] = recorded(t, name)
	}
	for name, entries := range traces {
		t.Run(name, func(t *testing.T) {
			x := index(t, entries, timeline.Options{})
			draw := rand.New(rand.NewPCG(1, 2))
			at := make(map[int]string)
			check := func(c *timeline.Cursor, how string) {
				t.Helper()
				n := c.N()
				if at[n] == "" {
					at[n] = plain(t, entries, n)
				}
				if got := show(c.Snapshot()); got != at[n] {
					t.Fatalf("%s to %d:\n%s\nwant\n%s", how, n, got, at[n])
				}
			}
			step := x.Len()/9 + 1
			c := x.Cursor()
			check(c, "new")
			for n := 0; n < x.Len()+step; n += step {
				c.Go(n)
				check(c, "forwards")
			}
			for n := x.Len(); n > -step; n -= step {
				c.Go(n)
				check(c, "backwards")
			}
			other := x.Cursor()
			for range 20 {
				other.Go(draw.IntN(x.Len() + 1))
				check(other, "jump")
			}
		})
	}
}

// TestFleet compares the records and the hosts of a snapshot with a fleet that folds the events.
func TestFleet(t *testing.T) {
	for name, entries := range map[string][]trace.Entry{
		"simulated": simulate(t, "faults-all-at-once", 3), "recorded": recorded(t, "sample-4"),
		"misrouted": simulate(t, "misrouted-event-under-v0.2", 1),
		"refused":   simulate(t, "misrouted-event-under-rfc0008", 1),
	} {
		t.Run(name, func(t *testing.T) {
			x := index(t, entries, timeline.Options{})
			policies := map[reducer.ChannelID]reducer.Policy{}
			if h := x.Header(); h != nil {
				for _, c := range h.Channels {
					policies[c.Channel] = c.Policy
				}
			}
			fleet := reducer.NewFleet(x.Machine(), func(id reducer.ChannelID) reducer.Policy {
				if p, ok := policies[id]; ok {
					return p
				}
				return reducer.DefaultPolicy()
			})
			var out reducer.Outcome
			c := x.Cursor()
			err := x.Read(func(n int, e *trace.Entry) error {
				if e.Event == nil {
					return nil
				}
				_ = fleet.ApplyTo(cmp.Or(e.Rollout, e.Event.Rollout), e.Event, e.At, &out)
				c.Go(n + 1)
				for i, r := range fleet.Rollouts() {
					got := c.Snapshot().Rollouts[i]
					if got.Record != r.Record {
						t.Fatalf("entry %d: %+v, want %+v", e.Seq, got.Record, r.Record)
					}
					for j, h := range r.Hosts() {
						if g := got.Hosts[j]; g.ID != h.ID || g.Wave != h.Wave || g.State != h.State {
							t.Fatalf("entry %d: %+v, want %+v", e.Seq, g, h)
						}
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestEntries checks that an index returns the entries that were written to it.
func TestEntries(t *testing.T) {
	for _, entries := range [][]trace.Entry{
		simulate(t, "faults-all-at-once", 1), recorded(t, "sample-6"),
	} {
		x := index(t, entries, timeline.Options{})
		if entries[0].Kind == trace.KindHeader {
			entries = entries[1:]
		}
		for _, n := range []int{0, 1, x.Len() / 2, x.Len() - 1} {
			e, err := x.Entry(n)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(*e, entries[n]) {
				t.Errorf("entry %d: %+v, want %+v", n, *e, entries[n])
			}
			if x.Seq(n) != e.Seq || x.At(n) != e.At || x.Kind(n) != e.Kind {
				t.Errorf("entry %d: the row differs from %+v", n, e)
			}
		}
	}
}
