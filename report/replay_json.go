package report

import (
	"io"

	"rollsim/logs/replay"
	"rollsim/reducer"
)

// The document of ReplayJSON, which docs/replay.md describes.
type (
	replayDocument struct {
		Format      string            `json:"format"`
		Version     int               `json:"version"`
		Input       string            `json:"input"`
		Machine     string            `json:"machine"`
		Simulated   bool              `json:"simulated"`
		Entries     uint64            `json:"entries"`
		Kinds       map[string]uint64 `json:"kinds"`
		First       *replayPlace      `json:"first"`
		Last        *replayPlace      `json:"last"`
		Events      uint64            `json:"rollout_events"`
		Transitions replayTransitions `json:"transitions"`
		Rollouts    []replayRollout   `json:"rollouts"`
		MoreOver    uint64            `json:"more_rollouts"`
		Tables      *replayTables     `json:"tables"`
		Policies    []replayPolicy    `json:"policies"`
		Synthesised []replaySynthesis `json:"synthesised"`
		Groups      []replayGroup     `json:"groups"`
		Findings    []replayFinding   `json:"findings"`
		Accepted    []replayFinding   `json:"accepted"`
		Stale       []replayStale     `json:"stale"`
		Notes       []string          `json:"notes"`
	}
	replayPlace struct {
		Seq uint64 `json:"seq"`
		At  string `json:"at"`
	}
	replayTransitions struct {
		Recorded   uint64 `json:"recorded"`
		Reproduced uint64 `json:"reproduced"`
	}
	replayRollout struct {
		Rollout      string         `json:"rollout"`
		Channel      string         `json:"channel"`
		Ref          string         `json:"ref"`
		State        string         `json:"state"`
		Incarnation  int            `json:"incarnation"`
		Current      bool           `json:"current"`
		Unfinished   bool           `json:"unfinished"`
		Stuck        bool           `json:"stuck"`
		NeverJoined  []string       `json:"never_joined"`
		CurrentWave  *uint32        `json:"current_wave"`
		Waves        uint32         `json:"waves"`
		Hosts        map[string]int `json:"hosts"`
		States       []replayState  `json:"states"`
		OpenedAt     string         `json:"opened_at"`
		TerminalAt   *string        `json:"terminal_at"`
		SupersededAt *string        `json:"superseded_at"`
		Successor    *string        `json:"successor"`
		Failure      *replayFailure `json:"failure"`
		End          string         `json:"end"`
		Moves        []replayMove   `json:"moves,omitempty"`
	}
	replayState struct {
		State string `json:"state"`
		At    string `json:"at"`
		Seq   uint64 `json:"seq"`
	}
	replayPolicy struct {
		Channel string `json:"channel"`
		Policy  string `json:"policy"`
		Seq     uint64 `json:"seq"`
		Given   bool   `json:"given"`
	}
	replaySynthesis struct {
		Rollout     string   `json:"rollout"`
		Incarnation int      `json:"incarnation"`
		Host        string   `json:"host"`
		From        string   `json:"from"`
		To          string   `json:"to"`
		Seqs        []uint64 `json:"seqs"`
	}
	replayFolded struct {
		Seq  uint64 `json:"seq"`
		At   string `json:"at"`
		Host string `json:"host"`
		Text string `json:"text"`
	}
	replayFailure struct {
		Host string `json:"host"`
		Seq  uint64 `json:"seq"`
		At   string `json:"at"`
		Why  string `json:"why"`
	}
	replayMove struct {
		From string `json:"from"`
		To   string `json:"to"`
		Seq  uint64 `json:"seq"`
		At   string `json:"at"`
	}
	replayTables struct {
		Rollouts    int `json:"rollouts"`
		Differ      int `json:"differ"`
		WaveDiffer  int `json:"differ_in_current_wave_only"`
		Unknown     int `json:"unknown"`
		Quarantines int `json:"quarantined_closures"`
	}
	replayGroup struct {
		Class    string `json:"class"`
		Title    string `json:"title"`
		Count    uint64 `json:"count"`
		Accepted uint64 `json:"accepted"`
	}
	replayFinding struct {
		Key      string         `json:"key"`
		Class    string         `json:"class"`
		Title    string         `json:"title"`
		Seq      uint64         `json:"seq"`
		File     string         `json:"file"`
		Line     int            `json:"line"`
		At       string         `json:"at"`
		Rollout  string         `json:"rollout"`
		Host     string         `json:"host"`
		Before   []string       `json:"before"`
		After    string         `json:"after"`
		Recorded string         `json:"recorded"`
		Expected string         `json:"expected"`
		Reason   string         `json:"reason"`
		Columns  bool           `json:"columns"`
		Later    []string       `json:"later"`
		Folded   []replayFolded `json:"folded"`
		More     int            `json:"more_folded"`
		Accepted string         `json:"accepted,omitempty"`
	}
	replayStale struct {
		Line   int    `json:"line"`
		Key    string `json:"key"`
		Reason string `json:"reason"`
	}
)

// ReplayJSON writes the result of a replay as one JSON document.
func ReplayJSON(w io.Writer, name string, result *replay.Result) error {
	doc := replayDocument{
		Format: "rollsim-replay", Version: 1, Input: name, Machine: result.Machine,
		Simulated: result.Header != nil,
		Entries:   result.Entries, Kinds: result.Kinds, Events: result.Events,
		Transitions: replayTransitions{Recorded: result.Transitions, Reproduced: result.Reproduced},
		Rollouts:    []replayRollout{}, MoreOver: result.MoreEnded, Groups: []replayGroup{},
		Findings: findingsOf(result.Findings), Accepted: findingsOf(result.Accepted),
		Stale: []replayStale{}, Notes: append([]string{}, result.Notes...),
		Policies: []replayPolicy{}, Synthesised: []replaySynthesis{},
	}
	for _, p := range result.Policies {
		doc.Policies = append(doc.Policies, replayPolicy{
			Channel: string(p.Channel), Policy: p.Policy.String(), Seq: p.Seq, Given: p.Given,
		})
	}
	for _, s := range result.Synthesised {
		doc.Synthesised = append(doc.Synthesised, replaySynthesis{
			Rollout: string(s.Rollout), Incarnation: s.Incarnation, Host: string(s.Host),
			From: s.From.String(), To: s.To.String(), Seqs: s.Seqs,
		})
	}
	if result.Entries > 0 {
		doc.First, doc.Last = placeOf(result.First), placeOf(result.Last)
	}
	for i := range result.Rollouts {
		r := rolloutOf(&result.Rollouts[i])
		if !result.CursorKnown {
			r.CurrentWave = nil
		}
		doc.Rollouts = append(doc.Rollouts, r)
	}
	if t := result.Tables; t != nil {
		doc.Tables = &replayTables{
			Rollouts: t.Rollouts, Differ: t.Differ, WaveDiffer: t.WaveDiffer, Unknown: t.Unknown,
			Quarantines: t.Quarantines,
		}
	}
	for _, g := range result.Groups {
		doc.Groups = append(doc.Groups, replayGroup{
			Class: g.Class.String(), Title: g.Title, Count: g.Count, Accepted: g.Accepted,
		})
	}
	for _, s := range result.Stale {
		doc.Stale = append(doc.Stale, replayStale(s))
	}
	return writeJSON(w, &doc)
}

func placeOf(w replay.Where) *replayPlace { return &replayPlace{Seq: w.Seq, At: timeText(w.At)} }

func optionalTimeText(t reducer.Opt[reducer.Time]) *string {
	if !t.Set {
		return nil
	}
	text := timeText(t.Value)
	return &text
}

func rolloutOf(s *replay.Summary) replayRollout {
	rec := &s.Record
	r := replayRollout{
		Rollout: string(rec.RolloutID), Channel: string(rec.Channel), Ref: string(rec.TargetRef),
		State: rec.State.String(), CurrentWave: &rec.CurrentWave, Waves: s.Waves,
		Hosts: make(map[string]int), OpenedAt: timeText(rec.OpenedAt),
		TerminalAt: optionalTimeText(rec.TerminalAt), SupersededAt: optionalTimeText(rec.SupersededAt),
		End: s.End, Incarnation: s.Incarnation, Current: s.Current, Unfinished: s.Unfinished,
		Stuck: s.Stuck, NeverJoined: []string{},
	}
	for _, id := range s.NeverJoined {
		r.NeverJoined = append(r.NeverJoined, string(id))
	}
	for _, h := range s.Hosts {
		r.Hosts[h.State.String()] = h.Count
	}
	for _, c := range s.States {
		r.States = append(r.States, replayState{State: c.State.String(), At: timeText(c.At), Seq: c.Seq})
	}
	if s.Successor != "" {
		id := string(s.Successor)
		r.Successor = &id
	}
	if f := s.Failure; f != nil {
		r.Failure = &replayFailure{Host: string(f.Host), Seq: f.Seq, At: timeText(f.At), Why: f.Why}
	}
	for _, m := range s.Moves {
		r.Moves = append(r.Moves, replayMove{
			From: m.From.String(), To: m.To.String(), Seq: m.Seq, At: timeText(m.At),
		})
	}
	return r
}

func findingsOf(list []replay.Finding) []replayFinding {
	all := []replayFinding{}
	for i := range list {
		f := &list[i]
		folded := []replayFolded{}
		for _, w := range f.Folded {
			folded = append(folded, replayFolded{
				Seq: w.Seq, At: timeText(w.At), Host: string(w.Host), Text: w.Text,
			})
		}
		all = append(all, replayFinding{
			Key: f.Key(), Class: f.Class.String(), Title: f.Title(), Seq: f.Seq, File: f.File,
			Line: f.Line, At: timeText(f.At), Rollout: string(f.Rollout), Host: string(f.Host),
			Before: append([]string{}, f.Before...), After: f.After, Recorded: f.Recorded,
			Expected: f.Expected, Reason: f.Reason, Later: append([]string{}, f.Later...),
			Accepted: f.Accepted, Columns: f.Columns, Folded: folded, More: f.More,
		})
	}
	return all
}
