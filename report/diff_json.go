package report

import (
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"rollsim/logs/whatif"
	"rollsim/reducer"
	"rollsim/trace"
)

// diffTotals are counts over the logs of a comparison.
type diffTotals struct {
	Logs           int    `json:"logs"`
	LogsParted     int    `json:"logs_parted"`
	Entries        uint64 `json:"entries"`
	Events         uint64 `json:"events"`
	Rollouts       int    `json:"rollouts"`
	RolloutsParted int    `json:"rollouts_parted"`
	Hosts          int    `json:"hosts"`
	HostsTouched   int    `json:"hosts_touched"`
}

// add adds the counts of a log. A host of several logs counts in each.
func (t *diffTotals) add(r *whatif.Result) {
	t.Logs++
	if len(r.Diverged) > 0 {
		t.LogsParted++
	}
	t.Entries += r.Entries
	t.Events += r.Events
	t.Rollouts += r.Rollouts
	t.RolloutsParted += len(r.Diverged)
	t.Hosts += r.Hosts
	t.HostsTouched += r.Touched()
}

// The document of DiffJSON, which docs/what-if.md describes.
type (
	diffDocument struct {
		Format  string     `json:"format"`
		Version int        `json:"version"`
		A       string     `json:"a"`
		B       string     `json:"b"`
		Totals  diffTotals `json:"totals"`
		Logs    []diffLog  `json:"logs"`

		Unreadable []diffUnreadable `json:"unreadable"`
	}
	diffUnreadable struct {
		Log   string `json:"log"`
		Error string `json:"error"`
	}
	diffLog struct {
		Log      string           `json:"log"`
		MachineA string           `json:"machine_a"`
		MachineB string           `json:"machine_b"`
		Totals   diffTotals       `json:"totals"`
		Diverged []diffDivergence `json:"parted"`
		Notes    []string         `json:"notes"`
	}
	diffDivergence struct {
		Rollout string         `json:"rollout"`
		Channel string         `json:"channel"`
		First   diffPoint      `json:"first"`
		State   *diffPoint     `json:"states_part"`
		Events  int            `json:"events_differ"`
		After   int            `json:"events_after"`
		Hosts   []string       `json:"hosts"`
		EndA    jsontext.Value `json:"end_a"`
		EndB    jsontext.Value `json:"end_b"`
	}
	diffPoint struct {
		Seq   uint64         `json:"seq"`
		Event jsontext.Value `json:"event"`
		From  *string        `json:"state_before"`
		A     diffAnswer     `json:"a"`
		B     diffAnswer     `json:"b"`
	}
	diffAnswer struct {
		State    string            `json:"state_after"`
		Effects  []jsontext.Value  `json:"effects"`
		Derived  *[]jsontext.Value `json:"derived_effects"` // null if no event was derived
		Refusals []diffRefusal     `json:"refusals"`
	}
	diffRefusal struct {
		Error   string `json:"error"`
		Event   string `json:"event"`
		Message string `json:"message"`
	}
)

// DiffJSON writes the complete result of a comparison as one JSON document.
func DiffJSON(w io.Writer, logs []DiffLog, labels DiffLabels) error {
	doc := diffDocument{
		Format:     "rollsim-diff",
		Version:    1,
		A:          labels.A,
		B:          labels.B,
		Logs:       []diffLog{},
		Unreadable: []diffUnreadable{},
	}
	for i := range logs {
		if err := logs[i].Unreadable; err != nil {
			doc.Unreadable = append(doc.Unreadable, diffUnreadable{logs[i].name(), err.Error()})
			continue
		}
		r := logs[i].Result
		doc.Totals.add(r)
		l := diffLog{
			Log:      logs[i].name(),
			MachineA: r.A,
			MachineB: r.B,
			Diverged: []diffDivergence{},
			Notes:    append([]string{}, r.Notes...),
		}
		l.Totals.add(r)
		for j := range r.Diverged {
			l.Diverged = append(l.Diverged, jsonDivergence(&r.Diverged[j]))
		}
		doc.Logs = append(doc.Logs, l)
	}
	return writeJSON(w, &doc)
}

func jsonDivergence(p *whatif.Divergence) diffDivergence {
	out := diffDivergence{
		Rollout: string(p.Rollout), Channel: string(p.Channel), First: jsonPoint(&p.First),
		Events: p.Events, After: p.After, Hosts: []string{},
		EndA: trace.AppendRecord(nil, &p.EndA), EndB: trace.AppendRecord(nil, &p.EndB),
	}
	if p.State != nil {
		state := jsonPoint(p.State)
		out.State = &state
	}
	for _, h := range p.Hosts {
		out.Hosts = append(out.Hosts, string(h))
	}
	return out
}

func jsonPoint(p *whatif.Point) diffPoint {
	out := diffPoint{
		Seq:   p.Seq,
		Event: trace.AppendEvent(nil, &p.Event),
		A:     jsonAnswer(&p.A),
		B:     jsonAnswer(&p.B),
	}
	if p.From != 0 {
		from := p.From.String()
		out.From = &from
	}
	return out
}

func jsonAnswer(a *whatif.Answer) diffAnswer {
	out := diffAnswer{
		State:    a.State.String(),
		Effects:  jsonEffects(a.Effects),
		Refusals: []diffRefusal{},
	}
	if a.Derived {
		then := jsonEffects(a.Then)
		out.Derived = &then
	}
	for _, r := range a.Refusals {
		out.Refusals = append(out.Refusals, diffRefusal{r.Error, r.Event.String(), r.Message})
	}
	return out
}

func jsonEffects(effects []reducer.Effect) []jsontext.Value {
	all := []jsontext.Value{}
	for i := range effects {
		all = append(all, trace.AppendEffect(nil, &effects[i]))
	}
	return all
}
