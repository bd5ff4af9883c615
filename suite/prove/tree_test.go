package prove

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"rollsim/controlplane"
	"rollsim/internal/deviation"
	"rollsim/internal/hash64"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/trace"
)

// begun returns a search that has not tried anything yet.
func begun(t *testing.T, p *Prover) *search {
	t.Helper()
	s := &search{Prover: p, ctx: t.Context(), base: new(seen)}
	if err := s.begin(2, nil, p.run(&node{}, true)); err != nil {
		t.Fatal(err)
	}
	return s
}

// end runs a walk to its end. It returns the result, and the deviations on the way.
func end(t *testing.T, p *Prover, n *node, k *sim.Walk) (*sim.Result, []*Deviation) {
	t.Helper()
	var next []*Deviation
	for behind := k.Fork(true); k.Next(); behind.Next() {
		next = append(next, p.menu(n, behind, k)...)
	}
	result, err := k.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return result, distinct(next)
}

// hashOf returns a hash of a fleet. It leaves nothing out.
func hashOf(f *reducer.Fleet) uint64 {
	var h hash64.State
	h.Reset(len(f.Rollouts()), 0, true)
	f.Hash(&h)
	return h.Total()
}

// later returns the deviations after an instant. Of those of the instant, a branch has not seen the
// ones that came before its own.
func later(all []*Deviation, at time.Duration) []*Deviation {
	return slices.DeleteFunc(all, func(d *Deviation) bool { return d.At <= at })
}

// TestBranchIsRepeat checks that a copy of the plain run in which a deviation is made to happen
// ends as the run of the scenario with the deviation does, and may have the same further
// deviations; and so with two deviations, for some of them. PROVE_ALL tries all.
func TestBranchIsRepeat(t *testing.T) {
	all, err := Fleets()
	if err != nil {
		t.Fatal(err)
	}
	every := 20
	if os.Getenv("PROVE_ALL") != "" {
		every = 1
	}
	second := 0
	shipped := &scenario.File{Scenario: *fleet(t, "two-waves")}
	shipped.Scenario.ControlPlane = controlplane.Shipped
	for _, f := range append(all, shipped) {
		p := prover(t, &f.Scenario, reducer.RFC0008(), nil)
		compare := func(n *node, k *sim.Walk) {
			t.Helper()
			got, next := end(t, p, n, k)
			_, want, wantNext, err := p.simulate(n.scenario(p.plain), n, true)
			if err != nil {
				t.Fatal(err)
			}
			a, b := hashOf(got.Fleet), hashOf(want.Fleet)
			got.Fleet, want.Fleet = nil, nil
			if a != b || !reflect.DeepEqual(got, want) {
				t.Fatalf("%s, %q: %+v, want %+v", f.Scenario.Name, n.text(), got, want)
			}
			next, wantNext = later(next, n.at()), later(wantNext, n.at())
			same := slices.EqualFunc(next, wantNext, func(a, b *Deviation) bool { return a.hash == b.hash })
			if !same {
				t.Fatalf("%s, %q: %d deviations may follow, want %d", f.Scenario.Name, n.text(), len(next),
					len(wantNext))
			}
		}
		for i, task := range begun(t, p).tasks {
			if i%every != 0 && task.first.Kind != RefMoves {
				continue
			}
			n := (&node{}).with(task.first)
			branch := func(from *walk, d *Deviation) *sim.Walk {
				k := from.Fork(false)
				if err := k.Edit(d.edit()); err != nil {
					t.Fatal(err)
				}
				return k
			}
			compare(n, branch(task.from, task.first))
			if i%(5*every) != 0 {
				continue
			}
			k := branch(task.from, task.first)
			for behind := k.Fork(true); k.Next(); behind.Next() {
				all := p.menu(n, behind, k)
				for i, d := range all {
					if second++; second%(7*every) == 0 {
						from, _ := before(all, i, &walk{Walk: behind}, &walk{Walk: k})
						compare(n.with(d), branch(from, d))
					}
				}
			}
		}
	}
	if second < 300 {
		t.Errorf("only %d second deviations", second)
	}
}

// tail hashes the entries of each instant, without their numbers. With exchanged, neither the names
// of hosts nor the order within an instant matter. The shipped control plane writes an entry into
// the log later than at the time of the entry.
type tail struct {
	entries   []tailEntry
	exchanged bool
}

type tailEntry struct {
	at  reducer.Time
	sum hash64.Sum
}

// after returns a hash of the entries of each instant, and of those at the end.
func (w *tail) after(instants []reducer.Time) []hash64.Sum {
	all := make([]hash64.Sum, len(instants))
	for _, e := range w.entries {
		i, found := slices.BinarySearch(instants, e.at)
		if !found {
			i-- // it is a statement of that instant
		}
		if i = max(0, i); w.exchanged {
			all[i] += e.sum
		} else {
			all[i].Word(uint64(e.sum))
		}
	}
	return all
}

func (w *tail) Write(e *trace.Entry) error {
	plain := e.Clone()
	plain.Seq = 0
	if a := plain.Agent; a != nil && a.Kind == reducer.DispatchAck {
		a.Closure = "" // which nothing reads where hosts do not roll back
	}
	if w.exchanged {
		exchangeable(&plain)
	}
	var d trace.Digest
	if err := d.Write(&plain); err != nil {
		return err
	}
	w.entries = append(w.entries, tailEntry{e.At, hash64.Sum(hash64.OfText(d.Sum()))})
	return nil
}

// exchangeable removes the names of hosts from an entry.
func exchangeable(e *trace.Entry) {
	e.Host = ""
	switch {
	case e.Event != nil:
		e.Event.Host = ""
	case e.Plan != nil:
		e.Plan.Host = ""
	case e.Gate != nil:
		e.Gate.Host = ""
	case e.Fault != nil:
		e.Fault.Host = ""
	}
}

// endings remembers how runs end that have been in a state.
type endings struct {
	p     *Prover
	known map[uint64]ending
	met   int // how many states were met again
}

type ending struct {
	n    *node
	hash hash64.Sum
}

// run runs what a node says. After a state that an earlier run has met, it must write the same
// entries, be in the same states and end with the same violations.
func (e *endings) run(t *testing.T, n *node) {
	t.Helper()
	out := tail{exchanged: len(e.p.classes) > 0}
	sc := *e.p.plain
	for _, d := range n.all() {
		sc.Seed = max(sc.Seed, d.seed)
	}
	opt := e.p.options(&sc)
	opt.Sink = &out
	k, err := sim.NewWalk(&sc, opt)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range n.all() {
		if err := k.Edit(d.edit()); err != nil {
			t.Fatal(err)
		}
	}
	e.p.calm(n, &walk{Walk: k})
	states, instants := []uint64{0}, []reducer.Time{sc.Start - 1} // the header
	for k.Next() {
		states = append(states, e.p.key(n, &walk{Walk: k}))
		instants = append(instants, sc.Start+reducer.Time(k.Elapsed()))
	}
	instants = append(instants, sc.Start+reducer.Time(sc.Horizon))
	result, err := k.Finish()
	if err != nil {
		t.Fatal(err)
	}
	var after hash64.Sum
	for _, v := range result.Violations {
		if out.exchanged {
			v.Detail = ""
		}
		out.entries = append(out.entries, tailEntry{v.At, hash64.Sum(hash64.OfText(
			fmt.Sprint(v.Invariant, v.Subject, v.Detail, v.Excused)))})
	}
	wrote := out.after(instants)
	for i := len(states) - 1; i > 0; i-- {
		if wrote := wrote[i+1]; wrote != 0 { // others may be skipped
			after.Word(uint64(wrote))
			if i+1 < len(states) { // not the one at the horizon
				after.Word(states[i+1])
			}
		}
		other, known := e.known[states[i]]
		switch {
		case !known:
			e.known[states[i]] = ending{n, after}
		case other.hash != after:
			t.Fatalf("after the same state, %q and %q end differently", n.text(), other.n.text())
		default:
			e.met++
		}
	}
}

// TestEqualStatesEndAlike runs fleets with one deviation, and with some pairs of two. Runs in which
// hosts stand for others are alike apart from these hosts.
func TestEqualStatesEndAlike(t *testing.T) {
	for _, c := range []struct {
		name       string
		asymmetric bool
	}{{"two-waves", false}, {"two-waves", true}, {"gates", true}, {"rollback", true},
		{"rollback", false}} {
		for _, m := range []reducer.Machine{reducer.RFC0008(), failingForever()} {
			p := prover(t, fleet(t, c.name), m, func(o *Options) { o.Asymmetric = c.asymmetric })
			if c.asymmetric == (len(p.classes) > 0) {
				t.Fatalf("%s has the classes %v", c.name, p.classes)
			}
			endAlike(t, p, c.name, 1)
		}
	}
}

// TestEqualStatesOfShippedEndAlike does the same under the shipped control plane, with its defects
// and without, and where raw events are possible or not.
func TestEqualStatesOfShippedEndAlike(t *testing.T) {
	for _, name := range []string{"two-waves", "rollback"} {
		for _, mended := range [][]controlplane.Defect{nil, controlplane.Defects()} {
			for _, never := range []Kinds{0, deviation.Of(StrayEvent)} {
				sc := fleet(t, name)
				sc.ControlPlane, sc.Mended = controlplane.Shipped, mended
				endAlike(t, prover(t, sc, reducer.RFC0008(), func(o *Options) {
					o.Kinds = deviation.All() &^ never
				}), name, 7)
			}
		}
	}
}

// endAlike runs a fleet with one deviation, and with some pairs of two. With a larger every it
// leaves out more of them.
func endAlike(t *testing.T, p *Prover, name string, every int) {
	t.Helper()
	e := &endings{p: p, known: make(map[uint64]ending)}
	plain := &node{}
	e.run(t, plain)
	for i, d := range p.run(plain, true).children {
		n := plain.with(d)
		if i%(3*every) != 0 && os.Getenv("PROVE_ALL") == "" {
			continue
		}
		e.run(t, n)
		if i%(60*every) != 0 {
			continue
		}
		for k, next := range p.run(n, true).children {
			if k%9 == 0 {
				e.run(t, n.with(next))
			}
		}
	}
	if e.met < 1000 {
		t.Errorf("%s: only %d states are met twice", name, e.met)
	}
}

// TestReopenedEndAlike does the same where the rollout of the present ref is opened again after 90
// days. Its agent remembers a probe that failed before, which then makes the host fail at once.
func TestReopenedEndAlike(t *testing.T) {
	sc := parse(t, `
horizon: 91d
control_plane: {shipped: {mended: [lost-ack, compliance-sticky]}}
phases: {heartbeat: 50s, ticker: 5s, poll: 0s, prune: 0s}
channels: [{name: stable, waves: [{hosts: 1, soak: 3m}]}]
behaviour: {ack: 2s, activation: 20s, probe: {uniform: {min: 1s, max: 40s}}, converge: 0s}
fates: [{host: stable-01, fate: fails-control, passes_after: 30s}]
timeline: [{at: 0s, release: a1}]
`)
	p := prover(t, sc, reducer.RFC0008(), func(o *Options) {
		o.Kinds = deviation.Of(MessageDropped, LongDelay, ShortDelay)
	})
	e := &endings{p: p, known: make(map[uint64]ending)}
	plain := &node{}
	e.run(t, plain)
	for _, d := range p.run(plain, true).children {
		e.run(t, plain.with(d))
	}
	if e.met < 50 {
		t.Errorf("only %d states are met twice", e.met)
	}
}

// TestLateCopiesEndAlike runs one host with a crash, and with a lost and a doubled message in any
// order, after which nothing keeps a message from arriving.
func TestLateCopiesEndAlike(t *testing.T) {
	sc := parse(t, fixed+`
deviations:
  - {kinds: [control-plane-crash], at_most: 1}
  - {kinds: [message-dropped], at_most: 1}
  - {kinds: [message-duplicated], at_most: 1}
`)
	p := prover(t, sc, reducer.RFC0008(), nil)
	e := &endings{p: p, known: make(map[uint64]ending)}
	plain := &node{}
	e.run(t, plain)
	tried := 0
	for _, first := range p.run(plain, true).children {
		one := plain.with(first)
		e.run(t, one)
		for _, second := range p.run(one, true).children {
			two := one.with(second)
			e.run(t, two)
			for _, third := range p.run(two, true).children {
				if tried++; tried%7 == 0 || os.Getenv("PROVE_ALL") != "" {
					e.run(t, two.with(third))
				}
			}
		}
	}
	if e.met < 10000 {
		t.Errorf("only %d states are met twice", e.met)
	}
}

// TestSeen checks the set of states, with the hash that stands for a free place, and with as many
// states as make it grow.
func TestSeen(t *testing.T) {
	var s seen
	if s.has(0, 0) || s.has(1<<40, 0) {
		t.Error("an empty set has a state")
	}
	hash := func(n int) uint64 {
		if n == 0 {
			return 0
		}
		return hash64.Of(uint64(n))
	}
	const many = 5000
	for n := range many {
		if !s.add(hash(n), n%3) {
			t.Fatalf("state %d is there before", n)
		}
	}
	other := new(seen)
	for n := range many {
		if !s.has(hash(n), n%3) || s.has(hash(n), n%3+1) {
			t.Fatalf("state %d has another number of deviations left", n)
		}
		if s.add(hash(n), 1) {
			t.Fatalf("state %d is added twice", n)
		}
		if !s.has(hash(n), max(1, n%3)) || s.has(hash(n), max(1, n%3)+1) {
			t.Fatalf("state %d: more deviations left do not replace fewer", n)
		}
		other.add(hash(n+many/2), 3)
	}
	if s.has(hash(many), 0) {
		t.Error("the set has a state that was not added")
	}
	s.merge(other)
	if s.used != many+many/2 || !s.has(hash(many), 3) || !s.has(hash(many/2), 3) || s.has(hash(3), 3) {
		t.Errorf("after a merge the set has %d states", s.used)
	}
}

// TestRestartsOfAlikeHosts checks that the agents of hosts that stand for each other may restart at
// the same time: a deviation that comes after its instant is tried together with those of the
// others, as in runs from the start.
func TestRestartsOfAlikeHosts(t *testing.T) {
	for _, hosts := range []string{"2", "3", "[c, b, a]"} {
		sc := parse(t, strings.Replace(one, "hosts: 1", "hosts: "+hosts, 1))
		var runs [2][2]uint64
		for i, repeat := range []bool{false, true} {
			r := result(t, prover(t, sc, reducer.RFC0008(), func(o *Options) {
				o.Uncut, o.Repeat, o.Kinds = true, repeat, deviation.Of(AgentRestart)
			}), 3)
			runs[i] = [2]uint64{r.Levels[2].Runs, r.Levels[3].Runs}
		}
		if runs[0] != runs[1] || runs[0][0] < 3 {
			t.Errorf("hosts %s have %d runs of two and three restarts, and from the start %d", hosts,
				runs[0], runs[1])
		}
	}
}
