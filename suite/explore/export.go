package explore

import (
	"fmt"
	"io"
	"strings"
	"time"

	"rollsim/controlplane"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
)

// WriteScenario writes the scenario that a seed draws as a scenario file, so that a failure can
// become a regression test.
func (s *Source) WriteScenario(w io.Writer, seed uint64) error {
	sc, name := s.scenario(seed, 0)
	e := &exporter{yaml: s.Swarm.yaml}
	e.scenario(sc, name)
	_, err := io.WriteString(w, e.b.String())
	return err
}

// exporter writes a drawn scenario. It supports the part of the format that can be drawn.
type exporter struct {
	b    strings.Builder
	yaml map[*sim.Distribution]string
}

func (e *exporter) line(format string, args ...any) { fmt.Fprintf(&e.b, format+"\n", args...) }

// section writes the name of a list if the list is not empty.
func (e *exporter) section(name string, n int) {
	if n > 0 {
		e.line("%s:", name)
	}
}

func (e *exporter) scenario(sc *sim.Scenario, name string) {
	e.line("# Drawn by rollsim explore from seed %d.", sc.Seed)
	e.line("seed: %d", sc.Seed)
	if _, err := machine.ByName(name); err != nil {
		e.line("# Its machine, %s, cannot be named in a scenario.", name)
	} else {
		e.line("machine: %s", name)
	}
	if sc.ControlPlane == controlplane.Shipped {
		e.line("control_plane: shipped")
	}
	e.line("horizon: %s", scenario.FormatDuration(sc.Horizon))
	e.section("channels", len(sc.Channels))
	for i := range sc.Channels {
		e.channel(&sc.Channels[i])
	}
	e.section("budgets", len(sc.Budgets))
	for _, b := range sc.Budgets {
		e.line("  - {name: %s, hosts: %s, max_in_flight: %d}", b.Name, names(b.Hosts), b.MaxInFlight)
	}
	e.section("quarantine", len(sc.Quarantine))
	for _, q := range sc.Quarantine {
		e.line("  - {channel: %s, closure: %s}", q.Channel, q.Closure)
	}
	e.line("behaviour:")
	e.behaviour("  ", &sc.Behaviour)
	e.section("groups", len(sc.Groups))
	for i := range sc.Groups {
		e.line("  - hosts: %s", names(sc.Groups[i].Hosts))
		e.line("    behaviour:")
		e.behaviour("      ", &sc.Groups[i].Behaviour)
	}
	e.section("fates", len(sc.Fates))
	for _, f := range sc.Fates {
		ref := ""
		if f.Ref != "" {
			ref = ", ref: " + string(f.Ref)
		}
		e.line("  - {host: %s%s, fate: %v}", f.Host, ref, f.Kind)
	}
	e.section("traffic", len(sc.Traffic))
	for i := range sc.Traffic {
		t := &sc.Traffic[i]
		e.line("  - channel: %s", t.Channel)
		if t.Kind == sim.Flapping {
			e.line("    flapping: {between: %s, every: %s}", names(t.Between), e.yaml[t.Every])
		} else {
			e.line("    arrivals: %s", e.yaml[t.Every])
			e.line("    prefix: %s", t.Prefix)
		}
		e.line("    from: %s", scenario.FormatDuration(t.From))
		e.line("    until: %s", scenario.FormatDuration(t.Until))
	}
	e.section("timeline", len(sc.Timeline))
	for i := range sc.Timeline {
		e.action(&sc.Timeline[i])
	}
	e.section("faults", len(sc.Faults))
	for i := range sc.Faults {
		e.fault(&sc.Faults[i])
	}
}

func (e *exporter) channel(ch *sim.Channel) {
	e.line("  - name: %s", ch.ID)
	e.line("    poll_interval: %s", scenario.FormatDuration(ch.PollInterval))
	e.line("    policy: %v", ch.Policy.OnHealthFailure)
	retention := time.Duration(ch.Policy.RetentionSeconds) * time.Second
	e.line("    retention: %s", scenario.FormatDuration(retention))
	if len(ch.After) > 0 {
		e.line("    after: %s", names(ch.After))
	}
	if len(ch.HostEdges) > 0 {
		e.line("    host_edges:")
		for _, edge := range ch.HostEdges {
			e.line("      - {host: %s, after: %s}", edge.Host, edge.After)
		}
	}
	if len(ch.Waves) > 0 {
		e.line("    waves:")
		for i := range ch.Waves {
			e.line("      - {hosts: %d, soak: %s}", len(ch.Waves[i].Hosts),
				scenario.FormatDuration(ch.Waves[i].Soak))
		}
	}
}

func (e *exporter) behaviour(indent string, b *sim.Behaviour) {
	for _, d := range delaysOf(b) {
		if d.dist != nil {
			e.line("%s%s: %s", indent, d.name, e.yaml[d.dist])
		}
	}
	for _, c := range chancesOf(b) {
		if c.chance != nil {
			e.line("%s%s: %s", indent, c.name, percent(*c.chance))
		}
	}
}

func (e *exporter) action(a *sim.Action) {
	if m := a.When; m != nil {
		if m.Host != "" {
			e.line("  - when: {rollout: %s, host: %s, host_state: %v}", m.Rollout, m.Host, m.HostState)
		} else {
			e.line("  - when: {rollout: %s, state: %v}", m.Rollout, m.State)
		}
		e.line("    after: %s", scenario.FormatDuration(a.At))
	} else {
		e.line("  - at: %s", scenario.FormatDuration(a.At))
	}
	switch {
	case a.SetRef != nil:
		e.line("    channel: %s", a.SetRef.Channel)
		e.line("    ref: %s", a.SetRef.Ref)
	case a.Lift != nil:
		e.line("    lift: {channel: %s, closure: %s}", a.Lift.Channel, a.Lift.Closure)
	case a.Event != nil:
		e.line("    event: {%v: {%s}}", a.Event.Kind, eventFields(a.Event))
		if a.Reaches != "" {
			e.line("    reaches: %s", a.Reaches)
		}
	case a.Fault != nil:
		e.line("    fault: %v", a.Fault.Kind)
		if a.Fault.Host != "" {
			e.line("    host: %s", a.Fault.Host)
		}
		if a.Fault.For > 0 {
			e.line("    for: %s", scenario.FormatDuration(a.Fault.For))
		}
	}
}

func eventFields(ev *reducer.Event) string {
	switch ev.Kind {
	case reducer.RolloutOpened:
		return fmt.Sprintf(
			"rollout_id: %s, channel: %s, target_ref: %s", ev.Rollout, ev.Channel, ev.TargetRef,
		)
	case reducer.HostJoined:
		return fmt.Sprintf("rollout_id: %s, host_id: %s, wave: %d", ev.Rollout, ev.Host, ev.Wave)
	case reducer.HostStateChanged:
		return fmt.Sprintf(
			"rollout_id: %s, host_id: %s, from: %v, to: %v", ev.Rollout, ev.Host, ev.From, ev.To,
		)
	case reducer.WaveAdvanced:
		return fmt.Sprintf(
			"rollout_id: %s, from_wave: %d, to_wave: %d", ev.Rollout, ev.FromWave, ev.ToWave,
		)
	case reducer.SuccessorOpened:
		return fmt.Sprintf(
			"superseded_rollout_id: %s, successor_rollout_id: %s", ev.Rollout, ev.Successor,
		)
	case reducer.OperatorClearance:
		return fmt.Sprintf("rollout_id: %s, operator: %s, reason: %s", ev.Rollout, ev.Operator, ev.Reason)
	case reducer.RolloutTerminal, reducer.RetentionExpired:
	}
	return "rollout_id: " + string(ev.Rollout)
}

func (e *exporter) fault(f *sim.Fault) {
	e.line("  - fault: %v", f.Kind)
	e.line("    probability: %s", percent(f.Probability))
	if f.For != nil {
		e.line("    for: %s", e.yaml[f.For])
	}
	e.line("    from: %s", scenario.FormatDuration(f.From))
	e.line("    until: %s", scenario.FormatDuration(f.Until))
	if len(f.Hosts) > 0 {
		e.line("    hosts: %s", names(f.Hosts))
	}
}

// names returns a list of names in quotes, because YAML does not read a pattern such as * as text.
func names[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = `"` + string(n) + `"`
	}
	return "[" + strings.Join(words, ", ") + "]"
}
