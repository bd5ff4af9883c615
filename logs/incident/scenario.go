package incident

import (
	"bytes"
	"cmp"
	"fmt"
	"time"

	"rollsim/internal/plural"
	"rollsim/internal/yamltext"
	"rollsim/invariant"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/trace"
)

// Test is a history as a scenario and its golden.
type Test struct {
	Scenario []byte   // YAML
	Golden   []byte   // the text of the simulated trace
	Notes    []string // those of the history, and the first difference of the simulation from it
}

// maxFullGolden is the maximum number of events for which the golden has the full trace.
const maxFullGolden = 2000

// Test returns the scenario file for a path, and its golden. from names the log in a comment. The
// error names what a scenario cannot hold.
func (h *History) Test(path, from string) (*Test, error) {
	t := &Test{Notes: h.Notes}
	steps := h.steps()

	// The violations of the run are part of what happened. The first simulation finds them, and the
	// scenario expects them.
	file, err := scenario.Parse(path, h.text(from, steps, nil))
	if err != nil {
		return nil, err
	}
	m, err := machine.ByName(file.Scenario.Machine)
	if err != nil {
		return nil, err
	}
	result, err := sim.Run(&file.Scenario, sim.Options{Machine: m, Seed: file.Scenario.Seed})
	if err != nil {
		return nil, err
	}
	t.Scenario = h.text(from, steps, result.Violations)
	if file, err = scenario.Parse(path, t.Scenario); err != nil {
		return nil, err
	}
	rec, err := file.Record()
	if err != nil {
		return nil, err
	}
	if rec.Verdict != "" {
		return nil, fmt.Errorf("the scenario of %s does not hold: %s", h.Rollout, rec.Verdict)
	}
	t.Golden = rec.Text
	return t, h.compare(file, m, t)
}

// compare adds a note if the events of the rollout in the simulation differ from the recorded ones.
func (h *History) compare(file *scenario.File, m reducer.Machine, t *Test) error {
	var c trace.Collector
	_, err := sim.Run(&file.Scenario, sim.Options{Machine: m, Seed: file.Scenario.Seed, Sink: &c})
	if err != nil {
		return err
	}
	var got []reducer.Event
	for i := range c.Entries {
		if e := &c.Entries[i]; e.Event != nil && e.Rollout == h.Rollout {
			got = append(got, *e.Event)
		}
	}
	var want []reducer.Event
	for _, r := range h.Events {
		if r.Role == Own {
			want = append(want, r.Event)
		}
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			side := func(all []reducer.Event) string {
				if i >= len(all) {
					return "nothing"
				}
				return string(trace.AppendEvent(nil, &all[i]))
			}
			t.Notes = append(t.Notes, fmt.Sprintf("the simulation differs from the log at event %d of "+
				"the rollout: recorded %s, simulated %s", i+1, side(want), side(got)))
			break
		}
	}
	return nil
}

// step is a line of the timeline.
type step struct {
	at time.Duration // since the start
	Recorded
}

// steps returns the events of the timeline. The fleet derives a RolloutTerminal from the last
// Converged, and the simulator logs it, so steps leaves out a recorded one that is equal.
func (h *History) steps() (all []step) {
	m, err := machine.ByName(h.Machine)
	if err != nil {
		return nil // Read has checked the name
	}
	fleet := reducer.NewFleet(m, func(reducer.ChannelID) reducer.Policy { return h.Policy })
	var out reducer.Outcome
	var derived reducer.Event
	start := h.Events[0].At
	at := time.Duration(0)
	for _, r := range h.Events {
		at = max(at, time.Duration(r.At-start)) // keep the order of a log whose times go back
		err := fleet.ApplyTo(
			cmp.Or(r.Reaches, r.Event.Rollout), &r.Event, start+reducer.Time(at), &out,
		)
		if err == nil && out.Derived {
			derived = out.DerivedEvent
		}
		if err == nil && out.Confirmed && r.Event == derived {
			continue
		}
		all = append(all, step{at, r})
	}
	return all
}

// text returns the scenario file.
func (h *History) text(from string, steps []step, violations []invariant.Violation) []byte {
	var b bytes.Buffer
	comment := fmt.Sprintf("Rollout %s as recorded in %s, event by event: %s.",
		yamltext.Scalar(h.Rollout), from, h.Extent())
	b.WriteString(yamltext.Comment("", comment))
	first, last := h.Events[0].At, steps[len(steps)-1].at
	for _, r := range h.Events {
		last = max(last, time.Duration(r.At-first))
	}
	fmt.Fprintf(&b, "\nstart: %s\n", trace.AppendTime(nil, first))
	fmt.Fprintf(&b, "horizon: %v\n", max(last, time.Second))
	fmt.Fprintf(&b, "machine: %s\n", h.Machine)
	fmt.Fprintf(&b, "control_plane: none\n")
	fmt.Fprintf(&b, "channels:\n  - name: %s\n    policy: %v\n    retention: %s\n",
		yamltext.Scalar(h.Channel), h.Policy.OnHealthFailure,
		yamltext.Days(h.Policy.RetentionSeconds))
	if len(h.Events) > maxFullGolden {
		fmt.Fprintf(&b, "golden: transitions\n")
	}
	if len(violations) > 0 {
		b.WriteString("expect_violations:\n")
		for _, v := range violations {
			fmt.Fprintf(&b, "  - %s\n", yamltext.Scalar(v.String()))
		}
	}
	b.WriteString("timeline:\n")
	role := Own
	for i := range steps {
		if s := &steps[i]; s.Role != role {
			role = s.Role
			fmt.Fprintf(&b, "  # %s\n", role.comment(h))
		}
		steps[i].append(&b, first)
	}
	return b.Bytes()
}

// Extent returns the number of events, of the rollout itself and of the rollouts around it, as
// text.
func (h *History) Extent() string {
	own := 0
	for _, r := range h.Events {
		if r.Role == Own {
			own++
		}
	}
	if others := len(h.Events) - own; others > 0 {
		return fmt.Sprintf("%s, and %d of the rollouts before and after it", plural.Count(own, "event"),
			others)
	}
	return plural.Count(own, "event")
}

func (r Role) comment(h *History) string {
	switch r {
	case Own:
		return "The rollout itself."
	case Predecessor:
		return "The rollouts of the channel that stood when the rollout was opened."
	case Successor:
		return "The rollout that supersedes it."
	}
	return ""
}

// append appends the step as a line of the timeline of a scenario that starts at an instant.
func (s *step) append(b *bytes.Buffer, start reducer.Time) {
	ev := &s.Event
	fmt.Fprintf(b, "  - {at: %v, event: {%v: {", s.at, ev.Kind)
	field := func(name, value string) { fmt.Fprintf(b, "%s: %s, ", name, value) }
	switch ev.Kind {
	case reducer.SuccessorOpened:
		field("superseded_rollout_id", yamltext.Scalar(ev.Rollout))
		field("successor_rollout_id", yamltext.Scalar(ev.Successor))
	case reducer.RolloutOpened,
		reducer.HostJoined,
		reducer.HostStateChanged,
		reducer.WaveAdvanced,
		reducer.RolloutTerminal,
		reducer.RetentionExpired,
		reducer.OperatorClearance:
		field("rollout_id", yamltext.Scalar(ev.Rollout))
	}
	switch ev.Kind {
	case reducer.RolloutOpened:
		field("channel", yamltext.Scalar(ev.Channel))
		field("target_ref", yamltext.Scalar(ev.TargetRef))
	case reducer.HostJoined:
		field("host_id", yamltext.Scalar(ev.Host))
		field("wave", fmt.Sprint(ev.Wave))
	case reducer.HostStateChanged:
		field("host_id", yamltext.Scalar(ev.Host))
		field("from", ev.From.String())
		field("to", ev.To.String())
	case reducer.WaveAdvanced:
		field("from_wave", fmt.Sprint(ev.FromWave))
		field("to_wave", fmt.Sprint(ev.ToWave))
	case reducer.OperatorClearance:
		field("operator", yamltext.Scalar(ev.Operator))
		field("reason", yamltext.Scalar(ev.Reason))
	case reducer.RolloutTerminal, reducer.SuccessorOpened, reducer.RetentionExpired:
	}
	if ev.At != start+reducer.Time(s.at) {
		field("at", string(trace.AppendTime(nil, ev.At)))
	}
	b.Truncate(b.Len() - len(", "))
	b.WriteString("}}")
	if s.Reaches != "" {
		fmt.Fprintf(b, ", reaches: %s", yamltext.Scalar(s.Reaches))
	}
	b.WriteString("}\n")
}
