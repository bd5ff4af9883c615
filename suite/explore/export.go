package explore

import (
	"fmt"
	"io"
	"strings"
	"time"

	"rollsim/controlplane"
	"rollsim/internal/yamltext"
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

// exporter writes a scenario. It supports everything that a scenario can have: a field that it left
// out would change the run without notice.
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
	e.controlPlane(sc)
	if sc.Start != defaultStart {
		e.line("start: %s", time.Unix(0, int64(sc.Start)).UTC().Format(time.RFC3339Nano))
	}
	e.line("horizon: %s", scenario.FormatDuration(sc.Horizon))
	e.section("channels", len(sc.Channels))
	for i := range sc.Channels {
		e.channel(&sc.Channels[i])
	}
	e.section("tags", len(sc.Tags))
	for _, t := range sc.Tags {
		e.line("  - {hosts: %s, tags: %s}", names(t.Hosts), names(t.Tags))
	}
	e.section("budgets", len(sc.Budgets))
	for i := range sc.Budgets {
		e.budget(&sc.Budgets[i])
	}
	e.section("quarantine", len(sc.Quarantine))
	for _, q := range sc.Quarantine {
		e.line("  - %s", closureOf(q))
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
	for i := range sc.Fates {
		e.fate(&sc.Fates[i])
	}
	e.section("delays", len(sc.Delays))
	for i := range sc.Delays {
		e.delay(&sc.Delays[i])
	}
	e.releases(sc)
	e.section("traffic", len(sc.Traffic))
	for i := range sc.Traffic {
		e.traffic(&sc.Traffic[i])
	}
	e.section("timeline", len(sc.Timeline))
	for i := range sc.Timeline {
		e.action(&sc.Timeline[i])
	}
	e.section("faults", len(sc.Faults))
	for i := range sc.Faults {
		e.fault(&sc.Faults[i])
	}
	e.section("sometimes", len(sc.Sometimes))
	for i := range sc.Sometimes {
		e.line("  - %s", momentOf(&sc.Sometimes[i]))
	}
	e.section("expect_violations", len(sc.ExpectViolations))
	for _, v := range sc.ExpectViolations {
		e.line("  - %s", yamltext.Scalar(v.String()))
	}
}

// defaultStart is when a scenario starts that does not say so: 2026-01-01T00:00:00Z.
const defaultStart = reducer.Time(1_767_225_600_000_000_000)

func (e *exporter) controlPlane(sc *sim.Scenario) {
	switch {
	case len(sc.Mended) > 0:
		e.line("control_plane: {shipped: {mended: %s}}", bare(sc.Mended))
	case sc.ControlPlane != "" && sc.ControlPlane != controlplane.Specified:
		e.line("control_plane: %s", sc.ControlPlane)
	}
}

func (e *exporter) budget(b *sim.Budget) {
	which, limit := "hosts: "+names(b.Hosts), fmt.Sprint(b.MaxInFlight)
	if b.Selector != "" {
		which = "selector: " + yamltext.Scalar(b.Selector)
	}
	if b.Percent > 0 {
		limit = fmt.Sprintf("%d%%", b.Percent)
	}
	e.line("  - {name: %s, %s, max_in_flight: %s}", yamltext.Scalar(b.Name), which, limit)
}

func (e *exporter) fate(f *sim.Fate) {
	text := "host: " + yamltext.Scalar(f.Host)
	if f.Ref != "" {
		text += ", ref: " + yamltext.Scalar(f.Ref)
	}
	text += fmt.Sprintf(", fate: %v", f.Kind)
	if f.Once {
		text += ", once: true"
	}
	if f.RebootAfter.Set {
		text += ", reboot_after: " + orNever(f.RebootAfter.Value)
	}
	if f.PassesAfter.Set {
		text += ", passes_after: " + orNever(f.PassesAfter.Value)
	}
	e.line("  - {%s}", text)
}

func (e *exporter) delay(d *sim.Delay) {
	text := "host: " + yamltext.Scalar(d.Host)
	if d.Ref != "" {
		text += ", ref: " + yamltext.Scalar(d.Ref)
	}
	e.line("  - {%s, stage: %v, takes: %s}", text, d.Stage, e.yaml[d.Takes])
}

// orNever returns the time after which something happens, or never if it is negative.
func orNever(d time.Duration) string {
	if d < 0 {
		return "never"
	}
	return scenario.FormatDuration(d)
}

// releases writes what hosts run, what refs bring, and when that which recurs happens.
func (e *exporter) releases(sc *sim.Scenario) {
	e.section("running", len(sc.Running))
	for _, r := range sc.Running {
		e.line("  - {hosts: %s, ref: %s}", names(r.Hosts), yamltext.Scalar(r.Ref))
	}
	e.section("releases", len(sc.Releases))
	for i := range sc.Releases {
		r := &sc.Releases[i]
		text := "ref: " + yamltext.Scalar(r.Ref)
		if r.Channel != "" {
			text += ", channel: " + yamltext.Scalar(r.Channel)
		}
		if len(r.Unchanged) > 0 {
			text += ", unchanged: " + names(r.Unchanged)
		}
		if r.Manifest != controlplane.Fresh {
			text += fmt.Sprintf(", manifest: %v", r.Manifest)
		}
		if r.Signed.Set {
			text += ", signed: " + scenario.FormatOffset(r.Signed.Value)
		}
		e.line("  - {%s}", text)
	}
	var phases []string
	for _, p := range []struct {
		name string
		at   reducer.Opt[time.Duration]
	}{
		{"heartbeat", sc.Phases.Heartbeat}, {"ticker", sc.Phases.Ticker}, {"poll", sc.Phases.Poll},
		{"prune", sc.Phases.Prune},
	} {
		if p.at.Set {
			phases = append(phases, p.name+": "+scenario.FormatDuration(p.at.Value))
		}
	}
	if phases != nil {
		e.line("phases: {%s}", strings.Join(phases, ", "))
	}
}

func (e *exporter) traffic(t *sim.Traffic) {
	e.line("  - channel: %s", yamltext.Scalar(t.Channel))
	if t.Kind == sim.Flapping {
		e.line("    flapping: {between: %s, every: %s}", names(t.Between), e.yaml[t.Every])
	} else {
		e.line("    arrivals: %s", e.yaml[t.Every])
		e.line("    prefix: %s", yamltext.Scalar(t.Prefix))
	}
	e.line("    from: %s", scenario.FormatDuration(t.From))
	e.until(t.Until)
}

// until writes the end of a window. 0 is the end of the run.
func (e *exporter) until(end time.Duration) {
	if end > 0 {
		e.line("    until: %s", scenario.FormatDuration(end))
	}
}

func (e *exporter) channel(ch *sim.Channel) {
	e.line("  - name: %s", yamltext.Scalar(ch.ID))
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
			e.line("      - {host: %s, after: %s}", yamltext.Scalar(edge.Host), yamltext.Scalar(edge.After))
		}
	}
	e.windows(ch.Windows)
	total := len(ch.Outside)
	for i := range ch.Waves {
		total += len(ch.Waves[i].Hosts)
	}
	counted := counter{ch.ID, max(2, len(fmt.Sprint(total))), 1}
	if len(ch.Waves) > 0 {
		e.line("    waves:")
		for i := range ch.Waves {
			e.line("      - {hosts: %s, soak: %s}", counted.hosts(ch.Waves[i].Hosts),
				scenario.FormatDuration(ch.Waves[i].Soak))
		}
	}
	if len(ch.Outside) > 0 {
		e.line("    outside: %s", counted.hosts(ch.Outside))
	}
}

// windows writes the maintenance windows of a channel.
func (e *exporter) windows(all []sim.Window) {
	if len(all) > 0 {
		e.line("    windows:")
	}
	for _, w := range all {
		text := fmt.Sprintf(
			"from: %s, for: %s", scenario.FormatDuration(w.From), scenario.FormatDuration(w.For),
		)
		if len(w.Days) > 0 {
			var days []string
			for _, d := range w.Days {
				days = append(days, d.String())
			}
			text += ", days: " + names(days)
		}
		e.line("      - {%s}", text)
	}
}

// counter recognizes hosts whose names a count would generate.
type counter struct {
	channel reducer.ChannelID
	width   int
	next    int // the number of the next host
}

// hosts returns the count of some hosts if it generates their names, and else their names.
func (c *counter) hosts(hosts []reducer.HostID) string {
	for i, h := range hosts {
		if string(h) != fmt.Sprintf("%s-%0*d", c.channel, c.width, c.next+i) {
			return names(hosts)
		}
	}
	c.next += len(hosts)
	return fmt.Sprint(len(hosts))
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

// names returns a list of names in quotes, because YAML does not read a pattern such as * as text.
func names[T ~string](list []T) string {
	quoted := make([]string, len(list))
	for i, n := range list {
		quoted[i] = `"` + string(n) + `"`
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// bare returns a list of names that need no quotes.
func bare[T ~string](list []T) string {
	all := make([]string, len(list))
	for i, n := range list {
		all[i] = string(n)
	}
	return "[" + strings.Join(all, ", ") + "]"
}
