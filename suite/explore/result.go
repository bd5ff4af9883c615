package explore

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"rollsim/controlplane"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/suite/coverage"
	"rollsim/suite/shrink"
	"rollsim/trace"
)

// Result is the result of a sweep, or of a part of one. Results of parts can be merged.
type Result struct {
	Parameters Parameters
	share      ranges // the seeds to run
	done       ranges

	Runs        uint64
	Entries     uint64
	SimulatedMS uint64 // virtual time, in milliseconds
	digest      uint64 // the sum of the hashes of all seeds' fingerprints

	groups   map[signature]*Group
	claims   []Claim // by scenario, in the order of the command line
	machines map[string]*Coverage

	Converge Histogram // from opening to Terminal, in milliseconds
	Wave     Histogram // from the cursor entering a wave to leaving it, in milliseconds
	Touched  Histogram // dispatched hosts of each rollout
}

// Parameters are the inputs of a sweep. Only results with equal parameters can be merged.
type Parameters struct {
	Machine string `json:"machine"` // empty for the machine of each scenario
	// ControlPlane is Source.ControlPlane.
	ControlPlane controlplane.Name `json:"control_plane,omitempty"`
	Strict       bool              `json:"specification,omitempty"` // Source.Strict
	Faults       string            `json:"faults"`
	Scenarios    []string          `json:"scenarios"` // empty if each seed draws one
	Seeds        Range             `json:"seeds"`

	// FirstSeed is the fingerprint of the first seed. It changes with a scenario, a fault file or the
	// program.
	FirstSeed string `json:"first_seed_fingerprint"`
}

// signature identifies a group of violations.
type signature struct {
	invariant invariant.Name
	state     reducer.State     // of the rollout; 0 without one
	event     reducer.EventKind // the last event before; 0 without one
	what      string            // of an answer that differs from the specification's
	defect    controlplane.Defect
	class     class
}

// class is what a group of violations means for the result.
type class uint8

const (
	failure   class = iota
	excused         // the control plane could not have prevented it, or the scenario expects it
	departing       // an answer differs from the specification's
)

func (s signature) compare(t signature) int {
	return cmp.Or(
		cmp.Compare(s.defect, t.defect),
		cmp.Compare(s.invariant, t.invariant),
		cmp.Compare(s.state, t.state),
		cmp.Compare(s.event, t.event),
		cmp.Compare(s.what, t.what),
		cmp.Compare(s.class, t.class),
	)
}

// Group describes all violations with one signature.
type Group struct {
	Invariant invariant.Name
	State     reducer.State     // of the rollout; 0 without one
	Event     reducer.EventKind // the last event before; 0 without one
	What      string            // the event and both answers; only for Departures
	// Defect is the known defect of the shipped control plane that the violations show, if any.
	Defect controlplane.Defect
	Runs   uint64 // with such a violation
	First  Example
}

// Key returns the key with which the failure of a group can be made smaller.
func (g *Group) Key(exact bool) shrink.Key {
	if class, _, ok := strings.Cut(g.What, ": "); ok {
		departs, _ := coverage.ParseClass(class)
		return shrink.Key{State: g.State, Departs: departs}
	}
	return shrink.KeyOf(&invariant.Violation{
		Invariant: g.Invariant, State: g.State, Event: g.Event, Defect: g.Defect,
	}, exact)
}

// Example is the first violation of a group in the smallest seed.
type Example struct {
	Seed     uint64
	Scenario int // index into Parameters.Scenarios, or 0
	Subject  string
	Detail   string
	Excused  string // why it is not a failure; empty for a failure
	Seq      uint64 // of the entry with the violation; 0 for a violation of the whole run
	Drawn    string // the text of Source.Describe
	Small    *Small // nil if it was not made smaller
}

// Claim is a moment that must occur in some run of a scenario: one of its Sometimes.
type Claim struct {
	Scenario int // index into Parameters.Scenarios
	What     string
	Runs     uint64 // in which it occurred
}

func newResult(p Parameters, share ranges) *Result {
	return &Result{
		Parameters: p,
		share:      share,
		groups:     make(map[signature]*Group),
		machines:   make(map[string]*Coverage),
	}
}

// Complete reports whether every seed of the parameters is done.
func (r *Result) Complete() bool { return r.done.count() == r.Parameters.Seeds.Count() }

// ShareDone reports whether every seed that was to run is done.
func (r *Result) ShareDone() bool { return r.done.count() == r.share.count() }

// Done returns how many seeds are done.
func (r *Result) Done() uint64 { return r.done.count() }

// DoneSeeds returns the seeds that are done, as a list of ranges.
func (r *Result) DoneSeeds() string { return r.done.String() }

// ShareSeeds returns the seeds that were to run, as a list of ranges.
func (r *Result) ShareSeeds() string { return r.share.String() }

// Digest returns the digest of every run of every seed that is done: 16 hexadecimal digits. Equal
// digests mean equal runs.
func (r *Result) Digest() string { return fmt.Sprintf("%016x", r.digest) }

// Failures returns the groups of violations that are failures, ordered by signature.
func (r *Result) Failures() []*Group { return r.list(failure) }

// Kinds returns the failures. Those whose small cases are equal are one kind.
func (r *Result) Kinds() [][]*Group {
	var kinds [][]*Group
	by := make(map[string]int) // the index of a kind, by the text of its small case
	for _, g := range r.Failures() {
		small := g.First.Small
		if small == nil || small.Unfinished != "" {
			kinds = append(kinds, []*Group{g})
			continue
		}
		i, known := by[small.Scenario]
		if !known {
			i = len(kinds)
			by[small.Scenario] = i
			kinds = append(kinds, nil)
		}
		kinds[i] = append(kinds[i], g)
	}
	return kinds
}

// Excused returns the groups of violations that are not failures, ordered by signature: the control
// plane could not have prevented them, or the scenario expects them.
func (r *Result) Excused() []*Group { return r.list(excused) }

// Departures returns the groups of answers that differ from those of the specification, ordered by
// signature. They are failures if Parameters.Strict is set.
func (r *Result) Departures() []*Group { return r.list(departing) }

// Searched returns the groups whose smallest seeds are made smaller: the failures, and the
// departures if they are failures.
func (r *Result) Searched() []*Group {
	if r.Parameters.Strict {
		return slices.Concat(r.Failures(), r.Departures())
	}
	return r.Failures()
}

func (r *Result) list(of class) []*Group {
	var signatures []signature
	for s := range r.groups {
		if s.class == of {
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

// failing returns the signatures of the failures so far.
func (r *Result) failing() map[signature]bool {
	all := make(map[signature]bool)
	for sig := range r.groups {
		if sig.class == failure {
			all[sig] = true
		}
	}
	return all
}

// Unmet returns the claims that occurred in no run. It returns none before the result is complete.
func (r *Result) Unmet() []Claim {
	if !r.Complete() {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.claims), func(c Claim) bool { return c.Runs > 0 })
}

// OK reports whether there are neither failures nor unmet claims.
func (r *Result) OK() bool {
	return len(r.Failures()) == 0 && len(r.Unmet()) == 0 &&
		(!r.Parameters.Strict || len(r.Departures()) == 0)
}

// Machines returns the sorted names of the machines that ran.
func (r *Result) Machines() []string {
	var names []string
	for name := range r.machines {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Coverage returns the answers of a machine, which must be one of Machines.
func (r *Result) Coverage(machine string) *Coverage { return r.machines[machine] }

// addSeed adds the outcomes of a seed. differs says how a second run of the seed differed; if it is
// not empty, the violations of the seed are unreliable and addSeed ignores them. It returns the
// examples of failures that are the first of their group.
func (r *Result) addSeed(
	s *Source, seed uint64, outcomes []*outcome, differs string,
) (fresh []*Example) {
	var word [16]byte
	binary.LittleEndian.PutUint64(word[:], seed)
	r.digest += xxhash.Sum64(append(word[:8], fingerprint(outcomes)...))
	if differs != "" {
		sig := signature{invariant: invariant.SameBytes}
		e := Example{
			Seed: seed, Subject: fmt.Sprintf("seed %d", seed), Detail: differs,
			Drawn: s.Describe(seed, 0),
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
				r.claims[claim].Runs++
			}
			claim++
		}
		if differs == "" {
			fresh = append(fresh, r.addViolations(s, seed, n, o)...)
			fresh = append(fresh, r.addDepartures(s, seed, n, o)...)
		}
	}
	return fresh
}

// addViolations adds the violations of a run. It counts each signature once.
func (r *Result) addViolations(s *Source, seed uint64, n int, o *outcome) (fresh []*Example) {
	counted := make(map[signature]bool)
	for i := range o.violations {
		v := &o.violations[i]
		sig, excuse := o.signature(v), o.excuse(v)
		if counted[sig] {
			continue
		}
		counted[sig] = true
		e := Example{
			Seed: seed, Scenario: n, Subject: v.Subject, Detail: v.Detail, Excused: excuse, Seq: v.Seq,
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

// addDepartures adds the answers of a run that differ from the specification's.
func (r *Result) addDepartures(s *Source, seed uint64, n int, o *outcome) (fresh []*Example) {
	for i := range o.departures {
		d := &o.departures[i]
		sig := signature{
			invariant: Specified, state: d.State, event: d.Event.Kind,
			what: fmt.Sprintf("%v: %s", d.Class, d.Answers), class: departing,
		}
		e := Example{
			Seed: seed, Scenario: n, Subject: string(d.Event.Rollout), Detail: fmt.Sprintf(
				"%v of %s, under policy %v with retention %d s", d.Event.Kind,
				trace.AppendTime(nil, d.Event.At), d.Policy.OnHealthFailure, d.Policy.RetentionSeconds),
		}
		if r.groups[sig] == nil {
			e.Drawn = s.Describe(seed, n)
		}
		if r.addGroup(sig, e, 1) && r.Parameters.Strict {
			fresh = append(fresh, &r.groups[sig].First)
		}
	}
	return fresh
}

// addGroup adds runs to the group of a signature, and reports whether the group is new. Seeds may
// arrive in any order: the group keeps the example of the smallest one.
func (r *Result) addGroup(sig signature, e Example, runs uint64) (fresh bool) {
	g := r.groups[sig]
	if fresh = g == nil; fresh {
		g = &Group{
			Invariant: sig.invariant, State: sig.state, Event: sig.event, What: sig.what,
			Defect: sig.defect, First: e,
		}
		r.groups[sig] = g
	}
	g.Runs += runs
	if e.Seed < g.First.Seed {
		g.First = e
	}
	return fresh
}

// Merge adds the result of another part of the same sweep. It returns an error if the sweeps differ
// or the parts overlap.
func (r *Result) Merge(other *Result) error {
	if !r.Parameters.equal(&other.Parameters) {
		return fmt.Errorf("results of different sweeps: %v, and %v", &r.Parameters, &other.Parameters)
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
		r.claims[i].Runs += other.claims[i].Runs
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
	return p.Machine == other.Machine && p.ControlPlane == other.ControlPlane &&
		p.Strict == other.Strict && p.Faults == other.Faults && p.Seeds == other.Seeds &&
		slices.Equal(p.Scenarios, other.Scenarios) && p.FirstSeed == other.FirstSeed
}

// String returns the parameters in one line.
func (p *Parameters) String() string {
	what := "drawn fleets"
	if len(p.Scenarios) > 0 {
		what = fmt.Sprint(p.Scenarios)
	}
	name := p.Machine
	if name == "" {
		name = "each scenario's"
	}
	if p.ControlPlane != "" {
		name += ", control plane " + string(p.ControlPlane)
	}
	if p.Strict {
		name += ", compared with the specification"
	}
	return fmt.Sprintf(
		"%s, seeds %v, machine %s, faults %s (%s)", what, p.Seeds, name, p.Faults, p.FirstSeed,
	)
}
