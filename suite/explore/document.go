package explore

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"rollsim/controlplane"
	"rollsim/internal/shell"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/suite/coverage"
)

// The types in this file are the format of the result file: JSON, documented in docs/explore.md.
// ReadJSON ignores the fields that follow from other ones, such as quantiles, cells that were never
// hit and rerun lines. They are written for people.

const (
	fileFormat  = "rollsim-explore"
	fileVersion = 1
)

type document struct {
	Format  string `json:"format"`
	Version int    `json:"version"`

	Parameters Parameters `json:"parameters"`
	Share      []Range    `json:"share"`
	Done       []Range    `json:"done"`
	Complete   bool       `json:"complete"`
	OK         bool       `json:"ok"`

	Runs        uint64 `json:"runs"`
	Entries     uint64 `json:"entries"`
	SimulatedMS uint64 `json:"simulated_ms"`
	Digest      string `json:"digest"`

	Failures   []groupJSON    `json:"failures"`
	Excused    []groupJSON    `json:"excused"`
	Departures []groupJSON    `json:"departures,omitempty"`
	Sometimes  []claimJSON    `json:"sometimes"`
	Coverage   []coverageJSON `json:"coverage"`

	Converge histogramJSON `json:"converge_ms"`
	Wave     histogramJSON `json:"wave_ms"`
	Touched  histogramJSON `json:"hosts_touched"`
}

type groupJSON struct {
	Invariant string      `json:"invariant"`
	State     string      `json:"state,omitempty"`
	Event     string      `json:"event,omitempty"`
	What      string      `json:"what,omitempty"`
	Defect    string      `json:"defect,omitempty"`
	Runs      uint64      `json:"runs"`
	First     exampleJSON `json:"first"`
}

type exampleJSON struct {
	Seed     uint64   `json:"seed"`
	Scenario int      `json:"scenario"`
	Subject  string   `json:"subject"`
	Detail   string   `json:"detail"`
	Excused  string   `json:"excused,omitempty"`
	Seq      uint64   `json:"seq,omitzero"`
	Drawn    []string `json:"drawn"`
	Rerun    string   `json:"rerun"`
	Small    *Small   `json:"small,omitempty"`
}

type claimJSON struct {
	Scenario int    `json:"scenario"`
	What     string `json:"what"`
	Runs     uint64 `json:"came"`
}

type coverageJSON struct {
	Machine      string          `json:"machine"`
	Opened       uint64          `json:"opened"`
	Cells        []cellJSON      `json:"cells"`
	OfTable      int             `json:"cells_of_table"`
	NeverHit     []placeJSON     `json:"never_hit"`
	NeverReached []string        `json:"never_reached"`
	Departures   []departureJSON `json:"departures"`
}

type placeJSON struct {
	State     string `json:"state"`
	Event     string `json:"event"`
	Condition string `json:"condition,omitempty"`
	Answer    string `json:"answer"`
}

type cellJSON struct {
	placeJSON `json:",inline"`
	Count     uint64 `json:"count"`
}

type departureJSON struct {
	cellJSON `json:",inline"`
	Want     []string `json:"want"`
}

type histogramJSON struct {
	Count   uint64      `json:"count"`
	P50     int64       `json:"p50"`
	P90     int64       `json:"p90"`
	P99     int64       `json:"p99"`
	Max     int64       `json:"max"`
	Buckets [][2]uint64 `json:"buckets"` // least number, count
}

// WriteJSON writes the result as a result file.
func (r *Result) WriteJSON(w io.Writer) error {
	d := document{
		Format: fileFormat, Version: fileVersion,
		Parameters: r.Parameters, Share: r.share, Done: r.done, Complete: r.Complete(), OK: r.OK(),
		Runs: r.Runs, Entries: r.Entries, SimulatedMS: r.SimulatedMS, Digest: r.Digest(),
		Failures: r.groupsJSON(r.Failures()), Excused: r.groupsJSON(r.Excused()),
		Departures: r.groupsJSON(r.Departures()),
		Converge:   r.Converge.json(), Wave: r.Wave.json(), Touched: r.Touched.json(),
	}
	for _, c := range r.claims {
		d.Sometimes = append(d.Sometimes, claimJSON(c))
	}
	for _, name := range r.Machines() {
		d.Coverage = append(d.Coverage, r.machines[name].json(name))
	}
	if err := json.MarshalWrite(w, &d, jsontext.WithIndent(" ")); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (r *Result) groupsJSON(groups []*Group) []groupJSON {
	var all []groupJSON
	for _, g := range groups {
		j := groupJSON{
			Invariant: string(g.Invariant), What: g.What, Defect: string(g.Defect), Runs: g.Runs,
			First: exampleJSON{
				Seed: g.First.Seed, Scenario: g.First.Scenario, Subject: g.First.Subject,
				Detail: g.First.Detail, Excused: g.First.Excused, Seq: g.First.Seq,
				Drawn: strings.Split(strings.TrimSuffix(g.First.Drawn, "\n"), "\n"),
				Rerun: r.Rerun(&g.First), Small: g.First.Small,
			},
		}
		if g.State != 0 {
			j.State = g.State.String()
		}
		if g.Event != 0 {
			j.Event = g.Event.String()
		}
		all = append(all, j)
	}
	return all
}

// Rerun returns the command that runs only the seed of an example.
func (r *Result) Rerun(e *Example) string {
	words := []string{"rollsim", "explore"}
	if e.Scenario < len(r.Parameters.Scenarios) {
		words = append(words, r.Parameters.Scenarios[e.Scenario])
	}
	words = append(
		words, "--seeds", fmt.Sprintf("%d:%d", e.Seed, e.Seed), "--faults", r.Parameters.Faults,
	)
	if r.Parameters.Machine != "" {
		words = append(words, "--machine", r.Parameters.Machine)
	}
	if r.Parameters.ControlPlane != "" {
		words = append(words, "--control-plane", string(r.Parameters.ControlPlane))
	}
	if r.Parameters.Strict {
		words = append(words, "--specification")
	}
	return shell.Join(words...)
}

// FileName returns the name of the files of an example's run, without extension.
func (r *Result) FileName(e *Example) string {
	seed := fmt.Sprintf("seed-%d", e.Seed)
	if e.Scenario >= len(r.Parameters.Scenarios) {
		return seed
	}
	return ScenarioName(r.Parameters.Scenarios[e.Scenario]) + "-" + seed
}

// ScenarioName returns the name of a scenario on the command line: a built-in one, or a file.
func ScenarioName(argument string) string {
	return strings.TrimSuffix(path.Base(strings.ReplaceAll(argument, `\`, "/")), ".yaml")
}

func (v *Coverage) json(name string) coverageJSON {
	j := coverageJSON{Machine: name, Opened: v.Opened}
	for _, s := range reducer.States() {
		for _, c := range classes() {
			for _, a := range answers() {
				if n := v.counts[s][c][a]; n > 0 {
					j.Cells = append(j.Cells, cellJSON{Place{s, c, a}.json(), n})
				}
			}
		}
	}
	if m, err := CoverageTable(name); err == nil {
		var never []Place
		never, j.OfTable = v.NeverHit(m)
		for _, p := range never {
			j.NeverHit = append(j.NeverHit, p.json())
		}
	}
	for _, s := range v.NeverReached() {
		j.NeverReached = append(j.NeverReached, s.String())
	}
	for _, d := range v.Departures() {
		departure := departureJSON{cellJSON: cellJSON{d.Place.json(), d.Count}}
		for _, a := range d.Want {
			departure.Want = append(departure.Want, a.String())
		}
		j.Departures = append(j.Departures, departure)
	}
	return j
}

func (p Place) json() placeJSON {
	event := "any event"
	if k := p.Class.Kind(); k != 0 {
		event = k.String()
	}
	return placeJSON{p.State.String(), event, p.Class.Condition(), p.Answer.String()}
}

func (h *Histogram) json() histogramJSON {
	j := histogramJSON{
		Count: h.count, P50: h.Quantile(0.5), P90: h.Quantile(0.9), P99: h.Quantile(0.99), Max: h.max,
	}
	for _, b := range h.buckets() {
		j.Buckets = append(j.Buckets, [2]uint64{uint64(floor(b)), h.counts[b]})
	}
	return j
}

// ReadJSON reads a result file. name is the name of the file for errors.
func ReadJSON(name string, in io.Reader) (*Result, error) {
	var d document
	if err := json.UnmarshalRead(in, &d, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("%s: not a result of rollsim explore: %w", name, err)
	}
	if d.Format != fileFormat || d.Version != fileVersion {
		return nil, fmt.Errorf(
			"%s: expected format %s version %d, found %q version %d", name, fileFormat, fileVersion,
			d.Format, d.Version,
		)
	}
	r, err := d.result()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

func (d *document) result() (*Result, error) {
	whole := d.Parameters.Seeds
	if whole.From > whole.To || whole.Count() == 0 {
		return nil, fmt.Errorf("seeds %v: the first is above the last", whole)
	}
	share, err := checkRanges("share", d.Share, ranges{whole})
	if err != nil {
		return nil, err
	}
	done, err := checkRanges("done", d.Done, share)
	if err != nil {
		return nil, err
	}
	r := newResult(d.Parameters, share)
	r.done, r.Runs, r.Entries, r.SimulatedMS = done, d.Runs, d.Entries, d.SimulatedMS
	if len(r.Parameters.Scenarios) == 0 {
		r.Parameters.Scenarios = nil
	}
	if r.digest, err = strconv.ParseUint(d.Digest, 16, 64); err != nil || len(d.Digest) != 16 {
		return nil, fmt.Errorf("digest %q: expected 16 hexadecimal digits", d.Digest)
	}
	for of, groups := range [...][]groupJSON{
		failure: d.Failures, excused: d.Excused, departing: d.Departures,
	} {
		for i := range groups {
			if err := r.readGroup(&groups[i], class(of)); err != nil {
				return nil, err
			}
		}
	}
	for _, c := range d.Sometimes {
		r.claims = append(r.claims, Claim(c))
	}
	for i := range d.Coverage {
		v, err := d.Coverage[i].read()
		if err != nil {
			return nil, err
		}
		r.machines[d.Coverage[i].Machine] = v
	}
	for _, h := range []struct {
		to   *Histogram
		from *histogramJSON
	}{{&r.Converge, &d.Converge}, {&r.Wave, &d.Wave}, {&r.Touched, &d.Touched}} {
		for _, b := range h.from.Buckets {
			h.to.put(int64(b[0]&^(1<<63)), b[1])
		}
		h.to.max = h.from.Max
	}
	return r, nil
}

func checkRanges(what string, rs []Range, within ranges) (ranges, error) {
	for _, r := range rs {
		inside := false
		for _, w := range within {
			inside = inside || r.From <= r.To && w.From <= r.From && r.To <= w.To
		}
		if !inside {
			return nil, fmt.Errorf("%s: seeds %v are not within %v", what, r, within)
		}
	}
	united, err := ranges(nil).unite(rs)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return united, nil
}

func (r *Result) readGroup(j *groupJSON, of class) error {
	sig := signature{
		invariant: invariant.Name(j.Invariant), what: j.What, defect: controlplane.Defect(j.Defect),
		class: of,
	}
	var ok bool
	if j.Defect != "" && !slices.Contains(controlplane.Defects(), sig.defect) {
		return fmt.Errorf("%q is not a defect of the shipped control plane", j.Defect)
	}
	if sig.state, ok = reducer.ParseState(j.State); !ok && j.State != "" {
		return fmt.Errorf("%q is not a rollout state", j.State)
	}
	if sig.event, ok = reducer.ParseEventKind(j.Event); !ok && j.Event != "" {
		return fmt.Errorf("%q is not a rollout event", j.Event)
	}
	if n := max(1, len(r.Parameters.Scenarios)); j.First.Scenario < 0 || j.First.Scenario >= n {
		return fmt.Errorf("scenario %d does not exist: the file has scenarios 0 to %d",
			j.First.Scenario, n-1)
	}
	r.addGroup(sig, Example{
		Seed: j.First.Seed, Scenario: j.First.Scenario, Subject: j.First.Subject,
		Detail: j.First.Detail, Excused: j.First.Excused, Seq: j.First.Seq,
		Drawn: strings.Join(j.First.Drawn, "\n") + "\n", Small: j.First.Small,
	}, j.Runs)
	return nil
}

func (j *coverageJSON) read() (*Coverage, error) {
	v := &Coverage{Opened: j.Opened}
	for _, c := range j.Cells {
		state, ok := reducer.ParseState(c.State)
		class, isClass := coverage.ParseClass(strings.TrimSpace(c.Event + " " + c.Condition))
		answer, isAnswer := coverage.ParseAnswer(c.Answer)
		if !ok || !isClass || !isAnswer {
			return nil, fmt.Errorf(
				"coverage of %s: unknown cell %s, %s %s, %s", j.Machine, c.State, c.Event, c.Condition,
				c.Answer,
			)
		}
		v.counts[state][class][answer] += c.Count
	}
	return v, nil
}
