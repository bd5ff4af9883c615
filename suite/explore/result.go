package explore

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"

	"rollsim/invariant"
	"rollsim/reducer"
)

// Result is what a sweep, or a part of one, has come to. Results of parts can be merged.
type Result struct {
	Parameters Parameters
	share      ranges // that were asked for
	done       ranges

	Runs        uint64
	Entries     uint64
	SimulatedMS uint64 // virtual time, in milliseconds
	digest      uint64 // the sum of a hash of each seed's fingerprint

	groups   map[signature]*Group
	claims   []Claim // by scenario, in the order in which they are given
	machines map[string]*Coverage

	Converge Histogram // from opening to Terminal, in milliseconds
	Wave     Histogram // from the cursor's coming to a wave to its leaving, in milliseconds
	Touched  Histogram // hosts that were dispatched, of each rollout
}

// Parameters are what a sweep is made again by. Only results of equal parameters can be merged.
type Parameters struct {
	Machine   string   `json:"machine"` // empty lets each scenario have its own
	Faults    string   `json:"faults"`
	Scenarios []string `json:"scenarios"` // none: drawn
	Seeds     Range    `json:"seeds"`

	// FirstSeed is the fingerprint of the first seed. It differs when a scenario, a fault file or the
	// program has changed.
	FirstSeed string `json:"first_seed_fingerprint"`
}

// signature is what violations are grouped by.
type signature struct {
	invariant invariant.Name
	state     reducer.State     // of the rollout; 0 where there is none
	event     reducer.EventKind // the last one before; 0 where there is none
	excused   bool
}

func (s signature) compare(t signature) int {
	return cmp.Or(
		cmp.Compare(
			s.invariant, t.invariant,
		),
		cmp.Compare(s.state, t.state),
		cmp.Compare(s.event, t.event),
		cmp.Compare(btoi(s.excused), btoi(t.excused)),
	)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Group is every violation of one signature.
type Group struct {
	Invariant invariant.Name
	State     reducer.State     // of the rollout; 0 where there is none
	Event     reducer.EventKind // the last one before; 0 where there is none
	Runs      uint64            // in which it was found
	First     Example
}

// Example is one violation: the first one of its group in the smallest seed.
type Example struct {
	Seed     uint64
	Scenario int // index into Parameters.Scenarios, or 0
	Subject  string
	Detail   string
	Excused  string // why it is no failure; empty for a failure
	Seq      uint64 // the entry at which it was found; 0 for what is judged of the whole run
	Drawn    string // what the seed drew, in lines
}

// Claim is one of a scenario's Sometimes.
type Claim struct {
	Scenario int // index into Parameters.Scenarios
	What     string
	Came     uint64 // runs in which it came true
}

func newResult(p Parameters, share ranges) *Result {
	return &Result{
		Parameters: p,
		share:      share,
		groups:     make(map[signature]*Group),
		machines:   make(map[string]*Coverage),
	}
}

// Complete tells whether every seed that the parameters name is done.
func (r *Result) Complete() bool { return r.done.count() == r.Parameters.Seeds.Count() }

// Finished tells whether every seed of the share is done.
func (r *Result) Finished() bool { return r.done.count() == r.share.count() }

// Done tells how many seeds are done.
func (r *Result) Done() uint64 { return r.done.count() }

// Share tells how many seeds were asked for: those of a shard, where there are shards.
func (r *Result) Share() uint64 { return r.share.count() }

// DoneSeeds lists the seeds that are done.
func (r *Result) DoneSeeds() string { return r.done.String() }

// ShareSeeds lists the seeds that were asked for.
func (r *Result) ShareSeeds() string { return r.share.String() }

// Digest is made of every run of every seed that is done: equal digests mean equal runs. 16
// hexadecimal digits.
func (r *Result) Digest() string { return fmt.Sprintf("%016x", r.digest) }

// Failures gives the groups of violations that are failures, by signature.
func (r *Result) Failures() []*Group { return r.list(false) }

// Excused gives the groups of violations that are none, because nothing that the control plane may
// do could have helped, or because the scenario expects them.
func (r *Result) Excused() []*Group { return r.list(true) }

func (r *Result) list(excused bool) []*Group {
	var signatures []signature
	for s := range r.groups {
		if s.excused == excused {
			signatures = append(signatures, s)
		}
	}
	slices.SortFunc(signatures, signature.compare)
	groups := make([]*Group, len(signatures))
	for i, s := range signatures {
		groups[i] = r.groups[s]
	}
	return groups
}

// Claims lists what scenarios say comes true sometimes.
func (r *Result) Claims() []Claim { return r.claims }

// Unmet lists the claims that came true in no run; none before the result is complete.
func (r *Result) Unmet() []Claim {
	if !r.Complete() {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.claims), func(c Claim) bool { return c.Came > 0 })
}

// OK tells whether nothing failed.
func (r *Result) OK() bool { return len(r.Failures()) == 0 && len(r.Unmet()) == 0 }

// Machines lists the machines that decided, by name.
func (r *Result) Machines() []string {
	var names []string
	for name := range r.machines {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Coverage gives what was answered by a machine of Machines.
func (r *Result) Coverage(machine string) *Coverage { return r.machines[machine] }

// addSeed adds what the runs of a seed came to. same is empty, or how a second run of the seed
// differed: then nothing else that was found in it can be relied on. It gives the examples of
// failures that are the first of their group.
func (r *Result) addSeed(
	s *Source, seed uint64, outcomes []*outcome, same string,
) (fresh []*Example) {
	var word [16]byte
	binary.LittleEndian.PutUint64(word[:], seed)
	r.digest += xxhash.Sum64(append(word[:8], fingerprint(outcomes)...))
	if same != "" {
		sig := signature{invariant: invariant.SameBytes}
		e := Example{
			Seed:    seed,
			Subject: fmt.Sprintf("seed %d", seed),
			Detail:  same,
			Drawn:   s.Describe(seed, 0),
		}
		if r.addGroup(sig, e, 1) {
			fresh = append(fresh, &r.groups[sig].First)
		}
	}
	claim := 0
	for n, o := range outcomes {
		r.Runs++
		r.Entries += o.entries
		r.SimulatedMS += uint64(o.simulated.Milliseconds())
		if r.machines[o.machine] == nil {
			r.machines[o.machine] = &Coverage{}
		}
		r.machines[o.machine].add(&o.measured.coverage)
		for _, d := range o.measured.converge {
			r.Converge.observe(d.Milliseconds())
		}
		for _, d := range o.measured.waves {
			r.Wave.observe(d.Milliseconds())
		}
		for _, p := range o.measured.rollouts {
			r.Touched.observe(p.touched)
		}
		for i := range s.claims(n) {
			if o.ended && !slices.Contains(o.never, i) {
				r.claims[claim].Came++
			}
			claim++
		}
		if same == "" {
			fresh = append(fresh, r.addViolations(s, seed, n, o)...)
		}
	}
	return fresh
}

// addViolations counts each signature once a run.
func (r *Result) addViolations(s *Source, seed uint64, n int, o *outcome) (fresh []*Example) {
	counted := make(map[signature]bool)
	for i := range o.violations {
		v := &o.violations[i]
		excuse := o.excuse(v)
		sig := signature{v.Invariant, v.State, v.Event, excuse != ""}
		if counted[sig] {
			continue
		}
		counted[sig] = true
		e := Example{
			Seed:     seed,
			Scenario: n,
			Subject:  v.Subject,
			Detail:   v.Detail,
			Excused:  excuse,
			Seq:      v.Seq,
		}
		if r.groups[sig] == nil {
			e.Drawn = s.Describe(seed, n)
		}
		if r.addGroup(sig, e, 1) && excuse == "" {
			fresh = append(fresh, &r.groups[sig].First)
		}
	}
	return fresh
}

// addGroup counts runs of a signature, and tells whether they are the first. Seeds may come in any
// order; the example of the smallest stays.
func (r *Result) addGroup(sig signature, e Example, runs uint64) (fresh bool) {
	g := r.groups[sig]
	if fresh = g == nil; fresh {
		g = &Group{Invariant: sig.invariant, State: sig.state, Event: sig.event, First: e}
		r.groups[sig] = g
	}
	g.Runs += runs
	if e.Seed < g.First.Seed {
		g.First = e
	}
	return fresh
}

// Merge adds the result of another part of the same sweep. The error says why they are not such.
func (r *Result) Merge(other *Result) error {
	if !r.Parameters.equal(&other.Parameters) {
		return fmt.Errorf("they are of different sweeps: %v, and %v", &r.Parameters, &other.Parameters)
	}
	share, err := r.share.unite(other.share)
	if err != nil {
		return err
	}
	done, err := r.done.unite(other.done)
	if err != nil {
		return err
	}
	r.share, r.done = share, done
	r.Runs += other.Runs
	r.Entries += other.Entries
	r.SimulatedMS += other.SimulatedMS
	r.digest += other.digest
	for _, sig := range other.signatures() {
		r.addGroup(sig, other.groups[sig].First, other.groups[sig].Runs)
	}
	for i := range r.claims {
		r.claims[i].Came += other.claims[i].Came
	}
	for _, name := range other.Machines() {
		if r.machines[name] == nil {
			r.machines[name] = &Coverage{}
		}
		r.machines[name].add(other.machines[name])
	}
	r.Converge.add(&other.Converge)
	r.Wave.add(&other.Wave)
	r.Touched.add(&other.Touched)
	return nil
}

func (r *Result) signatures() []signature {
	var all []signature
	for sig := range r.groups {
		all = append(all, sig)
	}
	return all
}

func (p *Parameters) equal(other *Parameters) bool {
	return p.Machine == other.Machine && p.Faults == other.Faults && p.Seeds == other.Seeds &&
		slices.Equal(p.Scenarios, other.Scenarios) && p.FirstSeed == other.FirstSeed
}

// String says what is swept, in one line.
func (p *Parameters) String() string {
	what := "drawn fleets"
	if len(p.Scenarios) > 0 {
		what = fmt.Sprint(p.Scenarios)
	}
	name := p.Machine
	if name == "" {
		name = "each scenario's"
	}
	return fmt.Sprintf(
		"%s, seeds %v, machine %s, faults %s (%s)", what, p.Seeds, name, p.Faults, p.FirstSeed,
	)
}
