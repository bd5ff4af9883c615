package shrink_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rollsim/controlplane"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/suite/explore"
	"rollsim/suite/mutate"
	"rollsim/suite/shrink"
	"rollsim/trace"
)

// The variables that TestMeasured reads. Without the first one it is skipped.
const (
	measureSweep = "SHRINK_SWEEP" // canary, v0.2, v0.1, shipped or planted
	measureSeeds = "SHRINK_SEEDS" // how many
	measureOther = "SHRINK_OTHER" // how many other seeds of each failure; 10 unless set
	measureKey   = "SHRINK_KEY"   // only failures whose keys contain it
	measureAgain = "SHRINK_AGAIN" // in a process of its own: the failure that it shrinks again
)

// otherSeeds returns how many other seeds of each failure are shrunk.
func otherSeeds() int {
	if n, err := strconv.Atoi(os.Getenv(measureOther)); err == nil {
		return n
	}
	return 10
}

// failing is a failure of a seed: of a sweep with a machine, or of a planted defect.
type failing struct {
	sweep, planted string
	seed           uint64
	key            string
}

func (f failing) String() string {
	return fmt.Sprintf("%s %s %d %s", f.sweep, f.planted, f.seed, f.key)
}

// planted is a defect: a machine, and a control plane or nil.
type planted struct {
	machine reducer.Machine
	plane   controlplane.New
}

// options returns the options that shrink a failure, without its key.
func (f *failing) options(seed uint64) (shrink.Options, error) {
	source := explore.Source{
		Swarm: explore.NewSwarm(), Machine: f.sweep, Faults: explore.SwarmFaults,
	}
	switch f.sweep {
	case string(controlplane.Shipped):
		source.Machine, source.ControlPlane = machine.Default().Name(), controlplane.Shipped
	case "planted":
		source.Machine = machine.Default().Name()
	}
	sc, m, err := source.Scenario(seed, 0)
	if err != nil {
		return shrink.Options{}, err
	}
	opt := shrink.Options{Scenario: sc, Machine: m, Movable: f.sweep == "v0.2"}
	if f.planted != "" {
		p := plantedDefects()[f.planted]
		opt.Machine, opt.ControlPlane = p.machine, p.plane
	}
	return opt, nil
}

// failures returns the keys of a seed, with the last event before the violation.
func (f *failing) failures(seed uint64) ([]string, error) {
	opt, err := f.options(seed)
	if err != nil {
		return nil, err
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	r, err := sim.Run(opt.Scenario, sim.Options{
		Machine: opt.Machine, ControlPlane: opt.ControlPlane, Seed: seed, Refold: true,
	})
	if err != nil {
		return []string{string(shrink.ErrorInvariant)}, nil //nolint:nilerr // that is the failure
	}
	var keys []string
	for i := range r.Violations {
		key := shrink.KeyOf(&r.Violations[i], true).String()
		if r.Violations[i].Excused == "" && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// shrunk is the result of one search.
type shrunk struct {
	c       *shrink.Case
	feature *shrink.Feature
	text    string // everything that must be the same each time
	used    time.Duration
}

// run shrinks a failure, explains it and writes its feature.
func (f *failing) run(ctx context.Context) (*shrunk, error) {
	opt, err := f.options(f.seed)
	if err != nil {
		return nil, err
	}
	// A group has the last event before; its key has not.
	parts := strings.SplitN(f.key, "/", 3)
	key, err := shrink.ParseKey(strings.Join(parts[:min(len(parts), 2)], "/"))
	if err != nil {
		return nil, err
	}
	opt.Key = &key
	begin := processorTime()
	c, err := shrink.Shrink(ctx, opt)
	if err != nil {
		return nil, err
	}
	s := &shrunk{c: c, feature: &shrink.Feature{}}
	s.text = shrink.File(c)
	if opt.ControlPlane == nil {
		e, err := shrink.Explain(ctx, c, opt.Machine)
		if err != nil {
			return nil, err
		}
		s.feature = shrink.WriteFeature(ctx, c, opt.Machine)
		s.text += fmt.Sprintf("%+v\n%s", e, s.feature.Text)
	}
	s.used = processorTime() - begin
	return s, nil
}

// processorTime returns the processor time that this process has used.
func processorTime() time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		return 0
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// again shrinks a failure in a process of its own, which also reads the file of the case and runs
// it. It returns what must be the same.
func (f *failing) again(ctx context.Context) (string, error) {
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	c := exec.CommandContext(ctx, program, "-test.run=^TestMeasured$")
	c.Env = append(os.Environ(), measureAgain+"="+f.String())
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err = c.Run()
	text, _, _ := strings.Cut(out.String(), endOfCase)
	return text, err
}

const endOfCase = "end of the case\n"

// helper is the other process.
func helper(t *testing.T, text string) {
	t.Helper()
	words := strings.Split(text, " ")
	seed, err := strconv.ParseUint(words[2], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	f := failing{words[0], words[1], seed, words[3]}
	s, err := f.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	file, err := scenario.Parse("case.yaml", []byte(shrink.File(s.c)))
	if err != nil {
		t.Fatal(err)
	}
	opt, err := f.options(f.seed)
	if err != nil {
		t.Fatal(err)
	}
	r, err := sim.Run(&file.Scenario, sim.Options{
		Machine: opt.Machine, ControlPlane: opt.ControlPlane, Seed: file.Scenario.Seed, Refold: true,
	})
	holds := err != nil && s.c.Key.Invariant == shrink.ErrorInvariant
	for i := 0; err == nil && i < len(r.Violations); i++ {
		v := &r.Violations[i]
		key := shrink.KeyOf(v, false)
		holds = holds || v.Excused == "" && (key == s.c.Key || key.Invariant == s.c.Key.Invariant &&
			s.c.Key.State == 0 && s.c.Key.Defect == "")
	}
	if !holds {
		t.Fatalf("the file does not show %v", s.c.Key)
	}
	fmt.Print(s.text, endOfCase) //nolint:forbidigo // the other process reads it
}

// TestMeasured measures the small cases of all failures of sweeps, and prints the table of
// docs/shrink.md:
//
//	SHRINK_SWEEP=all SHRINK_SEEDS=2000 go test ./suite/shrink -run TestMeasured -v -timeout 9h
//
// A column of it is SHRINK_SWEEP=canary, and so on.
func TestMeasured(t *testing.T) {
	if text := os.Getenv(measureAgain); text != "" {
		helper(t, text)
		return
	}
	sweeps := strings.Split(os.Getenv(measureSweep), ",")
	switch sweeps[0] {
	case "":
		t.Skip(measureSweep + " is not set")
	case "all":
		sweeps = []string{"canary", "v0.2", "v0.1", string(controlplane.Shipped), "planted"}
	}
	seeds, err := strconv.ParseUint(os.Getenv(measureSeeds), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	var columns []*summary
	for _, sweep := range sweeps {
		sum := &summary{sweep: sweep}
		columns = append(columns, sum)
		defects := []string{""}
		if sweep == "planted" {
			defects = sortedKeys(plantedDefects())
		}
		for _, planted := range defects {
			sum.sweepOf(t, failing{sweep: sweep, planted: planted}, seeds)
		}
		t.Logf("\n%s", tableOf(seeds, columns))
	}
}

// sweepOf measures the failures of a sweep: all of them, or of a planted defect the most frequent
// one.
func (s *summary) sweepOf(t *testing.T, f failing, seeds uint64) {
	t.Helper()
	groups := make(map[string][]uint64)
	for seed := uint64(1); seed <= seeds; seed++ {
		keys, err := f.failures(seed)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range keys {
			groups[key] = append(groups[key], seed)
		}
	}
	keys := slices.DeleteFunc(sortedKeys(groups), func(key string) bool {
		return !strings.Contains(key, os.Getenv(measureKey))
	})
	if f.planted != "" && len(keys) > 0 {
		keys = []string{slices.MaxFunc(keys, func(a, b string) int {
			return len(groups[a]) - len(groups[b])
		})}
	}
	for _, key := range keys {
		group := groups[key]
		f.key, f.seed = key, group[0]
		s.measure(t, f, group[1:min(len(group), 1+otherSeeds())])
	}
	if f.planted != "" && len(groups) == 0 {
		t.Logf("%s: no seed shows it", f.planted)
	}
}

// row is what is measured of one failure.
type row struct {
	f           failing
	c           *shrink.Case
	steps       int
	passes      bool
	used        time.Duration
	runs        [2]run // the drawn case, and the small one
	alike       bool   // a fresh process has the same bytes, and shows the key
	same, other int    // of the other seeds
}

// summary has the rows of one sweep.
type summary struct {
	sweep string
	rows  []row
}

// measure shrinks a failure, again in a fresh process, and its other seeds.
func (s *summary) measure(t *testing.T, f failing, others []uint64) {
	t.Helper()
	first, err := f.run(t.Context())
	if errors.Is(err, shrink.ErrHolds) || err != nil {
		t.Errorf("%v: %v", f, err)
		return
	}
	r := row{
		f: f, c: first.c, steps: first.feature.Steps, passes: first.feature.Passes, used: first.used,
	}
	opt, err := f.options(f.seed)
	if err != nil {
		t.Fatal(err)
	}
	r.runs = [2]run{runOf(&opt, opt.Scenario), runOf(&opt, first.c.Scenario)}
	text, err := f.again(t.Context())
	if r.alike = err == nil && text == first.text; !r.alike {
		t.Errorf("%v: a fresh process differs (%v)\n%s\n%s", f, err, first.text, text)
	}
	for _, seed := range others {
		o := f
		o.seed = seed
		other, err := o.run(t.Context())
		if err != nil {
			t.Errorf("%v: %v", o, err)
			continue
		}
		r.other++
		if shrink.File(other.c) == shrink.File(first.c) {
			r.same++
		} else if testing.Verbose() {
			t.Logf("seed %d has another case\n%s", seed, shrink.File(other.c))
		}
	}
	s.rows = append(s.rows, r)
	t.Logf("%v: hosts %d to %d, lines %d to %d, %d entries, %.2f s, %d steps (passes: %t), other "+
		"seeds alike: %d of %d %s\n%s", f,
		r.c.Before.Hosts, r.c.After.Hosts, r.c.Before.Lines, r.c.After.Lines,
		r.c.Entries, r.used.Seconds(), r.steps, r.passes, r.same, r.other, r.c.Unfinished,
		shrink.File(first.c))
}

// plantedDefects returns machines with one wrong cell, and control planes that do not ask a gate.
func plantedDefects() map[string]planted {
	all := make(map[string]planted)
	mutants := mutate.Mutants(reducer.RFC0008())
	for i := 5; i < len(mutants); i += 23 {
		name := fmt.Sprintf("cell-%03d", i)
		all[name] = planted{named{mutants[i].Through(reducer.RFC0008()), name}, nil}
	}
	for _, gate := range trace.Gates() {
		all[gate] = planted{named{reducer.RFC0008(), "without-" + gate}, reckless(gate)}
	}
	return all
}

// named is a machine under another name.
type named struct {
	reducer.Machine
	name string
}

func (n named) Name() string { return n.name }

// reckless returns a control plane that dispatches the hosts that one gate blocks.
func reckless(gate string) controlplane.New {
	return func(inv *controlplane.Inventory, m reducer.Machine) controlplane.ControlPlane {
		build, err := controlplane.ByName(controlplane.Specified)
		if err != nil {
			panic(err)
		}
		return &recklessPlane{ControlPlane: build(inv, m), inv: inv, gate: gate}
	}
}

type recklessPlane struct {
	controlplane.ControlPlane
	inv  *controlplane.Inventory
	gate string
	sent map[[2]string]bool // by rollout and host
}

func (p *recklessPlane) Plan(tick controlplane.Tick, out controlplane.Output) error {
	return p.ControlPlane.Plan(tick, &recklessOutput{out, p, tick.Now})
}

func (p *recklessPlane) Diff(other controlplane.ControlPlane) []controlplane.Difference {
	if o, ok := other.(*recklessPlane); ok {
		other = o.ControlPlane
	}
	return p.ControlPlane.Diff(other)
}

// recklessOutput turns the decisions of the gate into dispatches.
type recklessOutput struct {
	controlplane.Output
	plane *recklessPlane
	now   reducer.Time
}

func (o *recklessOutput) Entry(e *trace.Entry) {
	p := o.plane
	if e.Gate == nil || e.Gate.Gate != p.gate {
		o.Output.Entry(e)
		return
	}
	id := [2]string{string(e.Rollout), string(e.Host)}
	r := p.Fleet().Rollout(e.Rollout)
	if p.sent[id] || r == nil {
		return
	}
	if p.sent == nil {
		p.sent = make(map[[2]string]bool)
	}
	p.sent[id] = true
	action := trace.PlanAction{
		Action: trace.QueueDispatch, Rollout: r.Record.RolloutID, Host: e.Host,
		Closure: reducer.ClosureHash(r.Record.TargetRef), SoakDueAt: o.now, Attempt: 1,
	}
	o.Output.Entry(&trace.Entry{
		Kind: trace.KindPlanAction, Host: e.Host, Rollout: action.Rollout, Plan: &action,
	})
	host, _ := p.inv.Host(e.Host)
	o.Output.Dispatch(controlplane.Dispatch{
		Host: host, Rollout: action.Rollout, Closure: action.Closure, SoakDueAt: o.now, Attempt: 1,
	})
}

// TestSameCause checks that seeds of a planted defect end in the same case: fates, refs and lifts
// of the quarantine are chosen in the same way everywhere.
func TestSameCause(t *testing.T) {
	for _, test := range []struct {
		failing
		other uint64
	}{
		{failing{"planted", "cell-603", 21, "stuck/Opening"}, 57},
		{failing{"planted", "quarantine", 43, "quarantine-kept/Active"}, 47},
		{failing{"planted", "cell-902", 37, "one-standing/Failed"}, 77},
		{failing{"planted", "cell-1109", 1, "pruned-absorbing/Pruned"}, 391},
		{failing{"shipped", "", 1, "acknowledged-kept/stale-snapshot"}, 4},
		{failing{"v0.1", "", 46, "channel-edges-kept/Active"}, 300},
		{failing{"v0.2", "", 2, "stranded/set-back"}, 23},
	} {
		var files [2]string
		for i, seed := range []uint64{test.seed, test.other} {
			opt, err := test.options(seed)
			if err != nil {
				t.Fatal(err)
			}
			key, err := shrink.ParseKey(test.key)
			if err != nil {
				t.Fatal(err)
			}
			opt.Key = &key
			c, err := shrink.Shrink(t.Context(), opt)
			if err != nil {
				t.Fatal(err)
			}
			files[i] = shrink.File(c)
		}
		if files[0] != files[1] {
			t.Errorf("%v and seed %d:\n%s\n%s", test.failing, test.other, files[0], files[1])
		}
	}
}
