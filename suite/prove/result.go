package prove

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"rollsim/internal/plural"
	"rollsim/invariant"
	"rollsim/suite/shrink"
)

// Level is what is known of the runs with some number of deviations.
type Level struct {
	Deviations int    `json:"deviations"`
	Runs       uint64 `json:"runs"`
	// States is how many states no level before has reached. One that several groups of first
	// deviations reach counts for each of these. It is 0 where every run begins at the start.
	States   uint64 `json:"states,omitzero"`
	Complete bool   `json:"complete"`
	Groups   int    `json:"groups,omitzero"` // of first deviations, that are done
}

// Result is the result of a proof, or of a shard of one.
type Result struct {
	Scenario     string `json:"scenario"`
	Machine      string `json:"machine"`
	ControlPlane string `json:"control_plane,omitempty"`
	Differs      string `json:"differs,omitempty"` // the two machines or control planes
	Kinds        string `json:"kinds"`
	AllHosts     bool   `json:"all_hosts,omitzero"`
	Bound        int    `json:"bound"` // the number of deviations that was asked for, or All
	// Fingerprint is a hash of the plain run's deviations. It changes with the scenario, and mostly
	// with the program.
	Fingerprint string `json:"fingerprint"`

	Parts []int `json:"parts,omitempty"` // the shards that the result has; none for all
	Of    int   `json:"of,omitzero"`     // how many shards there are

	Possible int     `json:"possible"` // how many deviations the plain run may have
	Levels   []Level `json:"levels"`
	// Found has one for each kind of failure, the fewest deviations first.
	Found     []*Counterexample `json:"found"`
	Sometimes []string          `json:"sometimes,omitempty"`
	// Met has bit i set if some run reaches moment i of Sometimes.
	Met        uint64 `json:"met,omitzero"`
	Unfinished bool   `json:"unfinished,omitzero"`
}

// Counterexample is a run that violates an invariant.
type Counterexample struct {
	Key     string `json:"key"` // that rollsim shrink --keep reads
	Subject string `json:"subject"`
	Detail  string `json:"detail"`

	Level      int      `json:"level"`      // the number of its deviations
	Place      [2]int   `json:"place"`      // of the run in its level
	Deviations []string `json:"deviations"` // what it does otherwise than the plain run
	File       string   `json:"file"`       // the scenario; nothing of it is drawn
}

// violation is a failure of a run: a violation, or two machines or control planes that differ.
type violation struct {
	invariant.Violation
	pair [2]string
}

// key identifies the kind of a failure.
func (v *violation) key() string {
	if v.pair[0] != "" {
		return shrink.Key{Machines: v.pair}.String()
	}
	return shrink.KeyOf(&v.Violation, false).String()
}

// fingerprint returns a hash of the deviations of the plain run.
func (p *Prover) fingerprint(plain *outcome) string {
	sum := xxhash.New()
	for _, d := range plain.children {
		fmt.Fprintf(sum, "%x\n", d.hash)
	}
	return fmt.Sprintf("%016x", sum.Sum64())
}

// Complete returns up to how many deviations all runs are done.
func (r *Result) Complete() int {
	n := slices.IndexFunc(r.Levels, func(l Level) bool { return !l.Complete })
	if n < 0 {
		n = len(r.Levels)
	}
	return n - 1
}

// Holds reports whether every run within the bounds holds every invariant.
func (r *Result) Holds() bool {
	return len(r.Found) == 0 && len(r.Unmet()) == 0 && !r.Unfinished
}

// Runs returns the number of runs so far.
func (r *Result) Runs() uint64 {
	var all uint64
	for _, l := range r.Levels {
		all += l.Runs
	}
	return all
}

// States returns the number of states so far; 0 if every run begins at the start.
func (r *Result) States() uint64 {
	var all uint64
	for _, l := range r.Levels {
		all += l.States
	}
	return all
}

// Unmet returns the moments of Sometimes that no run reaches. It returns none before the result is
// complete.
func (r *Result) Unmet() []string {
	var all []string
	for i, what := range r.Sometimes {
		if r.Met&(1<<i) == 0 && !r.Unfinished && len(r.Found) == 0 && r.Of == 0 {
			all = append(all, what)
		}
	}
	return all
}

// Verdict says in a sentence what was proven, with the bounds, or what was found.
func (r *Result) Verdict() string {
	possible := plural.Count(r.Possible, "possible deviation")
	bounds := fmt.Sprintf("up to %d of %s (%s)", r.Bound, possible, r.extent())
	if r.Bound == All {
		bounds = fmt.Sprintf("%s and those that follow (%s)", possible, r.extent())
	}
	if r.Differs != "" {
		return r.comparison(bounds)
	}
	text := "holds for every combination of " + bounds
	switch {
	case len(r.Found) > 0 && r.Found[0].Level == 0:
		text = fmt.Sprintf("does not hold, even if nothing goes wrong (%s of failures)",
			plural.Count(len(r.Found), "kind"))
	case len(r.Found) > 0 && r.Bound == All && r.Unfinished:
		text = fmt.Sprintf("does not hold with %s; whether fewer are enough is not finished (%s)",
			plural.Count(r.Found[0].Level, "deviation"), r.extent())
	case len(r.Found) > 0:
		text = fmt.Sprintf("does not hold with %s, and holds with fewer (%s of failures, %s)",
			plural.Count(r.Found[0].Level, "deviation"), plural.Count(len(r.Found), "kind"),
			r.extent())
	case r.Unfinished:
		text = fmt.Sprintf("not finished: complete up to %d, and holds so far; asked for "+
			"every combination of %s", r.Complete(), bounds)
	case len(r.Unmet()) > 0:
		text = "a moment never happens in any combination of " + bounds
	}
	return r.part() + text
}

// extent says how much was tried.
func (r *Result) extent() string {
	text := plural.Count(r.Runs(), "run")
	if n := r.States(); n > 0 {
		text += ", " + plural.Count(n, "state")
	}
	return text
}

// part names the shards, if some are missing.
func (r *Result) part() string {
	if r.Of == 0 {
		return ""
	}
	return fmt.Sprintf("part %s of %d: ", strings.Trim(fmt.Sprint(r.Parts), "[]"), r.Of)
}

// comparison is the verdict on two machines or control planes.
func (r *Result) comparison(bounds string) string {
	what := r.Differs
	text := what + " do not differ in any combination of " + bounds
	switch {
	case len(r.Found) > 0:
		text = fmt.Sprintf("%s differ with %s, and not with fewer (%s)", what,
			plural.Count(r.Found[0].Level, "deviation"), plural.Count(r.Runs(), "run"))
	case r.Unfinished:
		text = fmt.Sprintf("not finished: complete up to %d, and %s do not differ so far; asked for "+
			"every combination of %s", r.Complete(), what, bounds)
	}
	return r.part() + text
}

// same returns an error if a result is not one of the same search.
func (r *Result) same(other *Result) error {
	type search struct {
		scenario, machine, plane, differs, kinds, fingerprint string
		allHosts                                              bool
		bound                                                 int
	}
	of := func(r *Result) search {
		return search{
			r.Scenario, r.Machine, r.ControlPlane, r.Differs, r.Kinds, r.Fingerprint, r.AllHosts, r.Bound,
		}
	}
	if of(r) != of(other) {
		return fmt.Errorf("the results are of different searches: %+v and %+v", of(r), of(other))
	}
	return nil
}

// continues returns an error if a search cannot continue with the result.
func (r *Result) continues(now *Result) error {
	if err := r.same(now); err != nil {
		return err
	}
	if r.Of != now.Of || !slices.Equal(r.Parts, now.Parts) {
		return fmt.Errorf("the result is of part %d of %d, and the search of part %d of %d", r.Parts,
			r.Of, now.Parts, now.Of)
	}
	return nil
}

// merge adds the result of another shard. Only the runs with the most deviations are in one shard
// alone.
func (r *Result) merge(other *Result) error {
	if err := r.same(other); err != nil {
		return err
	}
	for _, part := range other.Parts {
		if slices.Contains(r.Parts, part) {
			return fmt.Errorf("the results are of the same part %d", part)
		}
	}
	if r.Of != other.Of || r.Of == 0 {
		return fmt.Errorf("the results are of %d and of %d parts", r.Of, other.Of)
	}
	r.Parts = slices.Sorted(slices.Values(append(r.Parts, other.Parts...)))
	if len(r.Parts) == r.Of {
		r.Parts, r.Of = nil, 0
	}
	for i, l := range other.Levels {
		if i == len(r.Levels) {
			r.Levels = append(r.Levels, Level{Deviations: i, Runs: l.Runs}) // the other part lacks it
			continue
		}
		mine := &r.Levels[i]
		mine.Complete = mine.Complete && l.Complete
		if i == r.Bound && i > 0 {
			mine.Runs += l.Runs
			mine.States += l.States
		}
	}
	for i := len(other.Levels); i < len(r.Levels); i++ {
		r.Levels[i].Complete = false
	}
	r.Unfinished = r.Unfinished || other.Unfinished
	r.Met |= other.Met
	r.Found = append(r.Found, other.Found...)
	slices.SortFunc(r.Found, func(a, b *Counterexample) int {
		return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.Place[0], b.Place[0]),
			cmp.Compare(a.Place[1], b.Place[1]), strings.Compare(a.Key, b.Key))
	})
	seen := make(map[string]bool)
	r.Found = slices.DeleteFunc(r.Found, func(c *Counterexample) bool {
		twice := seen[c.Key]
		seen[c.Key] = true
		return twice
	})
	return nil
}

// Merge merges the results of another shard into those of the scenarios so far.
func Merge(whole, part []*Result) ([]*Result, error) {
	if whole == nil {
		return part, nil
	}
	if len(whole) != len(part) {
		return nil, fmt.Errorf("the parts have %d and %d scenarios", len(whole), len(part))
	}
	for i, r := range whole {
		if err := r.merge(part[i]); err != nil {
			return nil, err
		}
	}
	return whole, nil
}

// WriteJSON writes results.
func WriteJSON(w io.Writer, all []*Result) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(all)
}

// ReadJSON reads what WriteJSON writes.
func ReadJSON(name string, from io.Reader) ([]*Result, error) {
	var all []*Result
	d := json.NewDecoder(from)
	d.DisallowUnknownFields()
	if err := d.Decode(&all); err != nil {
		return nil, fmt.Errorf("%s: expected the result of rollsim prove: %w", name, err)
	}
	for _, r := range all {
		if r == nil || len(r.Levels) == 0 || !r.Levels[0].Complete {
			return nil, fmt.Errorf("%s: expected the result of rollsim prove, with levels", name)
		}
	}
	return all, nil
}
