package explore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rollsim/internal/shard"
	"rollsim/invariant"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/sim"
)

// canary is a machine with a defect that a sweep must find.
var canary = machine.Canary().Name()

// drawn returns a source that draws scenarios and faults.
func drawn(name string) *Source {
	return &Source{Swarm: NewSwarm(), Machine: name, Faults: SwarmFaults, FaultsArgument: "swarm"}
}

func part(i, n int) shard.Shard { return shard.Shard{I: i, N: n} }

func sweep(t *testing.T, s *Sweep) *Result {
	t.Helper()
	r, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func encode(t *testing.T, r *Result) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decode(t *testing.T, data []byte) *Result {
	t.Helper()
	r, err := ReadJSON("result.json", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func same(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("%s: the results differ\n%s", what, firstDifference(got, want))
	}
}

func firstDifference(got, want []byte) string {
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d\ngot  %s\nwant %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

// cut is the range of seeds of the sweeps that the tests divide. The sweeps run the canary, so that
// there are failures to add.
var cut = Range{1, 61}

func TestJobsDoNotMatter(t *testing.T) {
	one := encode(t, sweep(t, &Sweep{Source: drawn(canary), Seeds: cut, Jobs: 1}))
	for _, jobs := range []int{2, 8} {
		r := sweep(t, &Sweep{Source: drawn(canary), Seeds: cut, Jobs: jobs})
		same(t, fmt.Sprintf("%d jobs", jobs), encode(t, r), one)
	}
	if !bytes.Contains(one, []byte(`"invariant": "unpruned"`)) {
		t.Error("nothing failed, so that no failures were compared")
	}
}

func TestResultRoundTrip(t *testing.T) {
	data := encode(t, sweep(t, &Sweep{Source: drawn(canary), Seeds: cut, Jobs: 2}))
	same(t, "read and written again", encode(t, decode(t, data)), data)
}

func TestShardsMergeToTheWhole(t *testing.T) {
	whole := encode(t, sweep(t, &Sweep{Source: drawn(canary), Seeds: cut, Jobs: 2}))
	var parts [][]byte
	for i := range 4 {
		s := &Sweep{Source: drawn(canary), Seeds: cut, Jobs: 1, Shard: part(i+1, 4)}
		parts = append(parts, encode(t, sweep(t, s)))
	}
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 1, 0, 2}} {
		merged := decode(t, parts[order[0]])
		for n, i := range order[1:] {
			if merged.Complete() {
				t.Errorf("complete with %d of 4 shards", n+1)
			}
			if err := merged.Merge(decode(t, parts[i])); err != nil {
				t.Fatal(err)
			}
		}
		same(t, fmt.Sprint("merged as ", order), encode(t, merged), whole)
	}
	if err := decode(t, parts[0]).Merge(decode(t, parts[0])); err == nil ||
		!strings.Contains(err.Error(), "1:15") {
		t.Errorf("a shard merged with itself: %v", err)
	}
	other := sweep(t, &Sweep{Source: drawn("rfc0008"), Seeds: cut, Jobs: 1, Shard: part(2, 4)})
	if err := decode(t, parts[0]).Merge(other); err == nil ||
		!strings.Contains(err.Error(), "different sweeps") {
		t.Errorf("shards of two machines merged: %v", err)
	}
}

// TestResumeAfterAKill resumes a sweep from its checkpoints, which are what a killed process
// leaves.
func TestResumeAfterAKill(t *testing.T) {
	var checkpoints [][]byte
	whole := encode(t, sweep(t, &Sweep{
		Source: drawn(canary), Seeds: Range{1, 30}, Jobs: 2, CheckpointEvery: 1,
		Checkpoint: func(r *Result) error { checkpoints = append(checkpoints, encode(t, r)); return nil },
	}))
	if len(checkpoints) < 10 {
		t.Fatalf("%d checkpoints of 30 seeds", len(checkpoints))
	}
	for i := 0; i < len(checkpoints); i += 6 {
		r := sweep(t, &Sweep{
			Source: drawn(canary), Seeds: Range{1, 30}, Jobs: 2, Resume: decode(t, checkpoints[i]),
		})
		same(t, fmt.Sprintf("resumed from checkpoint %d", i), encode(t, r), whole)
	}
	other := &Sweep{Source: drawn("rfc0008"), Seeds: Range{1, 30}, Resume: decode(t, checkpoints[0])}
	_, err := other.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "another sweep") {
		t.Errorf("resumed the sweep of another machine: %v", err)
	}
	other = &Sweep{
		Source: drawn(canary), Seeds: Range{1, 30}, Shard: part(1, 2), Resume: decode(t, checkpoints[0]),
	}
	_, err = other.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "1:15") {
		t.Errorf("resumed as another shard: %v", err)
	}
}

// TestInterruptedSweep cancels a sweep: the result must be valid, say which seeds are done, and
// allow the sweep to resume.
func TestInterruptedSweep(t *testing.T) {
	seeds := Range{1, 400} // more than may have started
	whole := encode(t, sweep(t, &Sweep{Source: drawn(canary), Seeds: seeds, Jobs: 2}))
	ctx, cancel := context.WithCancel(t.Context())
	s := &Sweep{Source: drawn(canary), Seeds: seeds, Jobs: 2, Progress: func(done, _ uint64) {
		if done == 20 {
			cancel()
		}
	}}
	part, err := s.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if n := part.Done(); n < 20 || n >= seeds.Count() || part.Complete() ||
		part.DoneSeeds() != fmt.Sprintf("1:%d", n) {
		t.Fatalf("%d seeds done, namely %s", n, part.DoneSeeds())
	}
	resumed := &Sweep{Source: drawn(canary), Seeds: seeds, Resume: decode(t, encode(t, part))}
	same(t, "resumed", encode(t, sweep(t, resumed)), whole)
}

// TestDeadlineEndsALongRun starts a run that would take far longer than the test.
func TestDeadlineEndsALongRun(t *testing.T) {
	s := drawn("rfc0008")
	sc := s.Swarm.Draw(3, "rfc0008", true)
	sc.Horizon = 9 * 365 * 24 * time.Hour
	sc.Traffic = []sim.Traffic{{
		Channel: sc.Channels[0].ID, Kind: sim.Arrivals, Prefix: "x",
		Every: must(sim.Constant(time.Minute)),
	}}
	s.Given = []Given{{"endless", sc}}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := s.run(ctx, 1, 0)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
}

// leaking is a machine that does not depend on the seed alone: it adds the count of its steps over
// all runs to the retention.
type leaking struct {
	reducer.Machine
	steps *atomic.Int64
}

func (m leaking) Step(
	rec *reducer.Record, ev *reducer.Event, now reducer.Time, policy reducer.Policy,
	out *reducer.Effects,
) error {
	policy.RetentionSeconds += m.steps.Add(1)
	return m.Machine.Step(rec, ev, now, policy, out)
}

func TestSecondRunMustBeEqual(t *testing.T) {
	for name, test := range map[string]struct {
		machine string
		verify  int
		leaks   bool
		want    []invariant.Name
	}{
		"failing seeds, no leak":               {canary, 0, false, []invariant.Name{invariant.Unpruned}},
		"failing seeds, a leak":                {canary, 0, true, []invariant.Name{invariant.SameBytes}},
		"passing seeds, a leak, none verified": {"rfc0008", 0, true, nil},
		"passing seeds, a leak, all verified": {
			"rfc0008", 1000, true, []invariant.Name{invariant.SameBytes},
		},
		"passing seeds, all verified": {"rfc0008", 1000, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			source := drawn(test.machine)
			if test.leaks {
				e, err := machine.ForSweep(test.machine)
				if err != nil {
					t.Fatal(err)
				}
				source.Outside = leaking{e.Table, new(atomic.Int64)}
			}
			s := &Sweep{
				Source: source, Seeds: Range{7, 7}, Jobs: 1,
				VerifyPerMille: test.verify, Again: again(source),
			}
			var got []invariant.Name
			for _, g := range sweep(t, s).Failures() {
				got = append(got, g.Invariant)
			}
			got = slices.Compact(got)
			if fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("failed %v, want %v", got, test.want)
			}
		})
	}
}

// again runs seeds in this process.
func again(source *Source) func(context.Context, []uint64) ([]string, error) {
	return func(ctx context.Context, seeds []uint64) ([]string, error) {
		var all []string
		for _, seed := range seeds {
			f, err := source.Fingerprint(ctx, seed)
			if err != nil {
				return nil, err
			}
			all = append(all, f)
		}
		return all, nil
	}
}

// TestSeedsRunAgainInAnotherOrder checks that every seed that fails runs again once, that none
// follows the seed that it follows in the sweep, and that a fingerprint belongs to its seed.
func TestSeedsRunAgainInAnotherOrder(t *testing.T) {
	for _, jobs := range []int{1, 3} {
		source := drawn(canary)
		var mu sync.Mutex
		var groups [][]uint64
		s := &Sweep{
			Source: source, Seeds: Range{5, 75}, Jobs: jobs, VerifyPerMille: 1000,
			Again: func(ctx context.Context, seeds []uint64) ([]string, error) {
				mu.Lock()
				groups = append(groups, slices.Clone(seeds))
				mu.Unlock()
				all, err := again(source)(ctx, seeds)
				if i := slices.Index(seeds, 40); i >= 0 {
					all[i] = "another"
				}
				return all, err
			},
		}
		var differ []uint64
		for _, g := range sweep(t, s).Failures() {
			if g.Invariant == invariant.SameBytes {
				differ = append(differ, g.First.Seed)
			}
		}
		if !slices.Equal(differ, []uint64{40}) {
			t.Errorf("%d jobs: seeds %v differ, want 40", jobs, differ)
		}
		count := make(map[uint64]int)
		for _, seeds := range groups {
			for i, seed := range seeds {
				count[seed]++
				if i > 0 && seeds[i-1] < seed {
					t.Errorf("%d jobs: seed %d runs after %d", jobs, seed, seeds[i-1])
				}
			}
		}
		for seed := s.Seeds.From; seed <= s.Seeds.To; seed++ {
			if count[seed] != 1 {
				t.Errorf("%d jobs: seed %d ran again %d times, want once", jobs, seed, count[seed])
			}
		}
		if len(groups) != 5 {
			t.Errorf("%d jobs: %d groups, want 5", jobs, len(groups))
		}
	}
}

// TestFingerprintsAreMissing checks that a second run that does not answer for every seed is an
// error.
func TestFingerprintsAreMissing(t *testing.T) {
	_, err := (&Sweep{
		Source: drawn("rfc0008"), Seeds: Range{1, 2}, VerifyPerMille: 1000,
		Again: func(context.Context, []uint64) ([]string, error) { return []string{"x"}, nil },
	}).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "1 of 2 seeds have run again") {
		t.Error(err)
	}
}

func TestVerifies(t *testing.T) {
	count := func(perMille int) (n int) {
		s := &Sweep{VerifyPerMille: perMille}
		for seed := range uint64(10_000) {
			if s.verifies(seed) {
				n++
			}
		}
		return n
	}
	if n := count(0); n != 0 {
		t.Errorf("none: %d", n)
	}
	if n := count(50); n < 400 || n > 600 {
		t.Errorf("5%% of 10000: %d", n)
	}
	if n := count(1000); n != 10_000 {
		t.Errorf("all: %d", n)
	}
}

func TestErrorOfASecondRun(t *testing.T) {
	_, err := (&Sweep{
		Source: drawn("rfc0008"), Seeds: Range{1, 5}, VerifyPerMille: 1000,
		Again: func(context.Context, []uint64) ([]string, error) {
			return nil, errors.New("no such program")
		},
	}).Run(t.Context())
	const want = "seeds [5 4 3 2 1] cannot run again: no such program"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Error(err)
	}
}

// TestKeep checks that Keep receives the smallest seed of each failure, and that its error ends the
// sweep.
func TestKeep(t *testing.T) {
	var kept []uint64
	s := &Sweep{Source: drawn(canary), Seeds: cut, Jobs: 4, Keep: func(_ *Result, e *Example) error {
		kept = append(kept, e.Seed)
		return nil
	}}
	var want []uint64
	for _, g := range sweep(t, s).Failures() {
		want = append(want, g.First.Seed)
	}
	slices.Sort(want)
	if !slices.Equal(kept, want) || len(kept) == 0 {
		t.Errorf("kept %v, the failures' first seeds are %v", kept, want)
	}
	broken := errors.New("disk full")
	failing := func(*Result, *Example) error { return broken }
	_, err := (&Sweep{Source: drawn(canary), Seeds: cut, Keep: failing}).Run(t.Context())
	if !errors.Is(err, broken) {
		t.Error(err)
	}
}

// TestErrorIsAFailure runs a scenario that the simulator rejects, and one that makes it panic.
func TestErrorIsAFailure(t *testing.T) {
	s := drawn("rfc0008")
	s.Given = []Given{{"broken.yaml", &sim.Scenario{Name: "broken"}}}
	failures := sweep(t, &Sweep{Source: s, Seeds: Range{1, 2}}).Failures()
	if len(failures) != 1 || failures[0].Invariant != ErrorInvariant || failures[0].Runs != 2 {
		t.Fatalf("%+v", failures)
	}
	if _, err := simulate(nil, reducer.RFC0008(), 1, nil); err == nil ||
		!strings.HasPrefix(err.Error(), "panic: ") {
		t.Errorf("a panic becomes %v", err)
	}
}

// TestClaimsMustOccur runs a fleet in which one moment occurs under some seeds, and another
// one never does.
func TestClaimsMustOccur(t *testing.T) {
	s := drawn("rfc0008")
	sc := s.Swarm.Draw(7, "rfc0008", false)
	id := reducer.NewRolloutID(sc.Channels[0].ID, "r1")
	sc.Sometimes = []sim.Moment{
		{Rollout: id, State: reducer.Active},
		{Rollout: "nothing@r1", State: reducer.Active},
	}
	s.Given, s.FaultsArgument, s.Faults = []Given{{"fleet.yaml", sc}}, "none", NoFaults
	r := sweep(t, &Sweep{Source: s, Seeds: Range{1, 3}})
	if unmet := r.Unmet(); len(unmet) != 1 || !strings.HasPrefix(unmet[0].What, "nothing@r1") ||
		r.OK() {
		t.Errorf("unmet: %+v of %+v", unmet, r.claims)
	}
	part := sweep(t, &Sweep{Source: s, Seeds: Range{1, 3}, Shard: part(1, 3)})
	if len(part.Unmet()) > 0 {
		t.Error("a shard reports claims that another shard may meet")
	}
}

func TestExpectedViolationsAreNotFailures(t *testing.T) {
	s := drawn(canary)
	sc := s.Swarm.Draw(7, canary, true)
	s.Given, s.Faults = []Given{{"fleet.yaml", sc}}, NoFaults
	r := sweep(t, &Sweep{Source: s, Seeds: Range{7, 7}})
	if len(r.Failures()) == 0 {
		t.Fatal("nothing failed")
	}
	o, err := s.run(t.Context(), 7, 0)
	if err != nil {
		t.Fatal(err)
	}
	sc.ExpectViolations = o.violations
	if r = sweep(t, &Sweep{Source: s, Seeds: Range{7, 7}}); !r.OK() || len(r.Excused()) == 0 {
		t.Errorf("failed although expected: %+v", r.Failures())
	}
}

func TestPart(t *testing.T) {
	for _, r := range []Range{{1, 1}, {1, 10}, {5, 104}, {0, math.MaxUint64 - 1}} {
		for _, n := range []int{1, 2, 3, 7, 50} {
			var all ranges
			least, most := uint64(math.MaxUint64), uint64(0)
			for i := range n {
				if part, ok := r.Part(part(i+1, n)); ok {
					least, most = min(least, part.Count()), max(most, part.Count())
					var err error
					if all, err = all.unite(ranges{part}); err != nil {
						t.Fatalf("%v in %d: %v", r, n, err)
					}
				} else {
					least = 0
				}
			}
			if len(all) != 1 || all[0] != r || most-least > 1 {
				t.Errorf("%v in %d parts: %v, of %d to %d seeds", r, n, all, least, most)
			}
		}
	}
}

func TestParseRange(t *testing.T) {
	for text, want := range map[string]string{
		"1:10": "1:10", "7": "7:7", "0:0": "0:0", "2:1": "", "": "", ":": "",
		"1:": "", "-1:5": "", "1:2:3": "", "a": "", "1 : 2": "",
		"18446744073709551614": "18446744073709551614:18446744073709551614", "18446744073709551615": "",
	} {
		r, err := ParseRange(text)
		if got := r.String(); err == nil && got != want || (err != nil) != (want == "") {
			t.Errorf("range %q: %v, %v", text, r, err)
		}
	}
}

func TestBadResultFiles(t *testing.T) {
	good := string(encode(t, sweep(t, &Sweep{Source: drawn(canary), Seeds: Range{7, 8}})))
	for name, test := range map[string]struct{ old, new, want string }{
		"not JSON":             {"{", "", "not a result"},
		"cut off":              {good[len(good)-20:], "", "not a result"},
		"unknown field":        {`"version": 1`, `"version": 1, "colour": 2`, "colour"},
		"other format":         {`"rollsim-explore"`, `"something"`, "something"},
		"later version":        {`"version": 1`, `"version": 2`, "version 2"},
		"no seeds":             {`"from": 7,`, `"from": 9,`, "9:8"},
		"unknown state":        {`"state": "Superseded"`, `"state": "Gone"`, "Gone"},
		"unknown event":        {`"event": "SuccessorOpened"`, `"event": "Nothing"`, "Nothing"},
		"digest":               {`"digest": "`, `"digest": "x`, "16 hexadecimal digits"},
		"scenario":             {`"scenario": 0`, `"scenario": 3`, "scenario 3"},
		"answer":               {`"answer": "→Active"`, `"answer": "?"`, "unknown cell"},
		"bucket without count": {`"buckets": [`, `"buckets": [7,`, "not a result"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := strings.Replace(good, test.old, test.new, 1)
			if bad == good {
				t.Fatal("nothing was changed")
			}
			if _, err := ReadJSON("x.json", strings.NewReader(bad)); err == nil ||
				!strings.Contains(err.Error(), test.want) ||
				!strings.HasPrefix(err.Error(), "x.json: ") {
				t.Errorf("%v, want one that names %q", err, test.want)
			}
		})
	}
}

// TestReadDrawnLines reads back examples of failures that are described by one line and by two.
func TestReadDrawnLines(t *testing.T) {
	r := sweep(t, &Sweep{Source: drawn(canary), Seeds: Range{7, 8}})
	for _, drawn := range []string{"one line\n", "two\nlines\n"} {
		for _, g := range r.groups {
			g.First.Drawn = drawn
		}
		for _, g := range decode(t, encode(t, r)).Failures() {
			if g.First.Drawn != drawn {
				t.Errorf("%q was read back as %q", drawn, g.First.Drawn)
			}
		}
	}
}

// TestFingerprintIgnoresWording changes each field of a violation that the fingerprint must
// contain, and the text that it must not contain.
func TestFingerprintIgnoresWording(t *testing.T) {
	base := invariant.Violation{
		Invariant: "halt", Subject: "stable@a1", Detail: "dispatched", Seq: 7, At: 9,
	}
	of := func(change func(v *invariant.Violation)) string {
		v := base
		change(&v)
		return fingerprint([]*outcome{{digest: "d", entries: 3, violations: []invariant.Violation{v}}})
	}
	want := of(func(*invariant.Violation) {})
	reword := func(v *invariant.Violation) { v.Detail = "host web-01 was dispatched" }
	if of(reword) != want {
		t.Error("another wording of a violation changes the fingerprint")
	}
	for name, change := range map[string]func(v *invariant.Violation){
		"invariant": func(v *invariant.Violation) { v.Invariant = "wave" },
		"subject":   func(v *invariant.Violation) { v.Subject = "stable@a2" },
		"seq":       func(v *invariant.Violation) { v.Seq++ },
		"at":        func(v *invariant.Violation) { v.At++ },
		"excused":   func(v *invariant.Violation) { v.Excused = "the host is lost" },
	} {
		if of(change) == want {
			t.Errorf("another %s does not change the fingerprint", name)
		}
	}
}
