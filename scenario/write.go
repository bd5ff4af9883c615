package scenario

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"rollsim/controlplane"
	"rollsim/internal/yamltext"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/sim"
)

// Writing says how Write writes a scenario.
type Writing struct {
	Comment []string // the lines of the comment at the start
	Machine string   // by name
	Brief   bool     // leaves out what has its default
	// Distributions has the texts of distributions. Others are written as their quantiles.
	Distributions map[*sim.Distribution]string
}

// Write writes a scenario as a scenario file, which reads back as the same scenario. Its name is
// left out, because it is that of the file.
func Write(w io.Writer, sc *sim.Scenario, opt Writing) error {
	e := &exporter{yaml: opt.Distributions, brief: opt.Brief, soak: DefaultSoak(sc.ControlPlane)}
	e.scenario(sc, &opt)
	_, err := io.WriteString(w, e.b.String())
	return err
}

// exporter writes a scenario. It supports everything that a scenario can have: a field that it left
// out would change the run without notice.
type exporter struct {
	b     strings.Builder
	yaml  map[*sim.Distribution]string
	brief bool
	soak  time.Duration // by default
}

// unless writes a field unless it has its default and is left out then.
func (e *exporter) unless(isDefault bool, format string, args ...any) {
	if !e.brief || !isDefault {
		e.line(format, args...)
	}
}

// Defaults of scenario files.
const (
	DefaultHorizon   = 14 * 24 * time.Hour
	DefaultPoll      = time.Minute
	DefaultRetention = 7 * 24 * time.Hour
	DefaultSeed      = 1
)

func (e *exporter) line(format string, args ...any) { fmt.Fprintf(&e.b, format+"\n", args...) }

// section writes the name of a list if the list is not empty.
func (e *exporter) section(name string, n int) {
	if n > 0 {
		e.line("%s:", name)
	}
}

func (e *exporter) scenario(sc *sim.Scenario, opt *Writing) {
	for _, line := range opt.Comment {
		e.line("# %s", line)
	}
	e.unless(sc.Seed == DefaultSeed, "seed: %d", sc.Seed)
	if _, err := machine.ByName(opt.Machine); err != nil {
		e.line("# Its machine, %s, cannot be named in a scenario.", opt.Machine)
	} else {
		e.unless(opt.Machine == machine.Default().Name(), "machine: %s", opt.Machine)
	}
	e.controlPlane(sc)
	if sc.Start != DefaultStart {
		e.line("start: %s", time.Unix(0, int64(sc.Start)).UTC().Format(time.RFC3339Nano))
	}
	e.unless(sc.Horizon == DefaultHorizon, "horizon: %s", FormatDuration(sc.Horizon))
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
	before := e.b.Len()
	e.line("behaviour:")
	heading := e.b.Len()
	if e.behaviour("  ", &sc.Behaviour, true); e.b.Len() == heading {
		text := e.b.String()[:before]
		e.b.Reset()
		e.b.WriteString(text)
	}
	e.section("groups", len(sc.Groups))
	for i := range sc.Groups {
		e.line("  - hosts: %s", names(sc.Groups[i].Hosts))
		e.line("    behaviour:")
		e.behaviour("      ", &sc.Groups[i].Behaviour, false)
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
	e.section("deviations", len(sc.Deviations))
	for i := range sc.Deviations {
		e.allowance(&sc.Deviations[i])
	}
}

// DefaultStart is when a scenario starts that does not say so: 2026-01-01T00:00:00Z.
const DefaultStart = reducer.Time(1_767_225_600_000_000_000)

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
		text += ", reboot_after: " + formatOrNever(f.RebootAfter.Value)
	}
	if f.PassesAfter.Set {
		text += ", passes_after: " + formatOrNever(f.PassesAfter.Value)
	}
	e.line("  - {%s}", text)
}

func (e *exporter) delay(d *sim.Delay) {
	text := "host: " + yamltext.Scalar(d.Host)
	if d.Ref != "" {
		text += ", ref: " + yamltext.Scalar(d.Ref)
	}
	e.line("  - {%s, stage: %v, takes: %s}", text, d.Stage, e.dist(d.Takes))
}

// formatOrNever returns the time after which something happens, or never if it is negative.
func formatOrNever(d time.Duration) string {
	if d < 0 {
		return "never"
	}
	return FormatDuration(d)
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
			text += ", signed: " + FormatOffset(r.Signed.Value)
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
			phases = append(phases, p.name+": "+FormatDuration(p.at.Value))
		}
	}
	if phases != nil {
		e.line("phases: {%s}", strings.Join(phases, ", "))
	}
}

func (e *exporter) traffic(t *sim.Traffic) {
	e.line("  - channel: %s", yamltext.Scalar(t.Channel))
	if t.Kind == sim.Flapping {
		e.line("    flapping: {between: %s, every: %s}", names(t.Between), e.dist(t.Every))
	} else {
		e.line("    arrivals: %s", e.dist(t.Every))
		e.line("    prefix: %s", yamltext.Scalar(t.Prefix))
	}
	e.line("    from: %s", FormatDuration(t.From))
	e.until(t.Until)
}

// until writes the end of a window. 0 is the end of the run.
func (e *exporter) until(end time.Duration) {
	if end > 0 {
		e.line("    until: %s", FormatDuration(end))
	}
}

func (e *exporter) channel(ch *sim.Channel) {
	e.line("  - name: %s", yamltext.Scalar(ch.ID))
	e.unless(
		ch.PollInterval == DefaultPoll, "    poll_interval: %s", FormatDuration(ch.PollInterval),
	)
	policy := ch.Policy.OnHealthFailure
	e.unless(policy == reducer.Halt, "    policy: %v", policy)
	retention := time.Duration(ch.Policy.RetentionSeconds) * time.Second
	e.unless(retention == DefaultRetention, "    retention: %s", FormatDuration(retention))
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
			text := "hosts: " + counted.hosts(ch.Waves[i].Hosts)
			if soak := ch.Waves[i].Soak; !e.brief || soak != e.soak {
				text += ", soak: " + FormatDuration(soak)
			}
			e.line("      - {%s}", text)
		}
	}
	if len(ch.Outside) > 0 {
		e.line("    outside: %s", counted.hosts(ch.Outside))
	}
	if len(ch.Absent) > 0 {
		e.line("    absent: %s", names(ch.Absent))
	}
}

// windows writes the maintenance windows of a channel.
func (e *exporter) windows(all []sim.Window) {
	if len(all) > 0 {
		e.line("    windows:")
	}
	for _, w := range all {
		text := fmt.Sprintf(
			"from: %s, for: %s", FormatDuration(w.From), FormatDuration(w.For),
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

// behaviour writes the behaviour of all hosts, where an absent delay means none, or that of a
// group, where it means the one of all hosts.
func (e *exporter) behaviour(indent string, b *sim.Behaviour, ofAll bool) {
	var defaults sim.Behaviour
	if ofAll {
		defaults = DefaultBehaviour()
	}
	for i, d := range Delays(b) {
		usual := Delays(&defaults)[i].Takes
		switch {
		case d.Takes == nil && usual != nil:
			e.line("%s%s: 0s", indent, d.Name)
		case d.Takes == nil || usual != nil && e.yaml[d.Takes] == "" && usual.Equal(d.Takes):
		default:
			e.line("%s%s: %s", indent, d.Name, e.dist(d.Takes))
		}
	}
	for _, c := range Chances(b) {
		if c.Chance != nil {
			e.line("%s%s: %s", indent, c.Name, FormatPercent(*c.Chance))
		}
	}
}

// dist returns the text of a distribution.
func (e *exporter) dist(d *sim.Distribution) string {
	if text, ok := e.yaml[d]; ok {
		return text
	}
	if always, ok := d.Fixed(); ok {
		return FormatDuration(always)
	}
	var quantiles []string
	for _, q := range d.Table() {
		quantiles = append(quantiles, FormatDuration(q))
	}
	return "{empirical: " + bare(quantiles) + "}"
}

// NamedDelay is a delay of a behaviour with its name in scenario files.
type NamedDelay struct {
	Name  string
	Takes *sim.Distribution // nil for none
}

// Delays returns the delays of a behaviour in the order of a host's work.
func Delays(b *sim.Behaviour) []NamedDelay {
	return []NamedDelay{
		{"ack", b.Ack}, {"activation", b.Activation}, {"reboot", b.Reboot}, {"probe", b.Probe},
		{"converge", b.Converge}, {"rollback", b.Rollback},
	}
}

// NamedChance is a probability of a behaviour with its name in scenario files.
type NamedChance struct {
	Name   string
	Chance *sim.Probability // nil for none
}

// Chances returns the probabilities of a behaviour.
func Chances(b *sim.Behaviour) []NamedChance {
	return []NamedChance{
		{"activation_failure", b.ActivationFailure}, {"deferral", b.Deferral},
		{"probe_failure", b.ProbeFailure}, {"rollback_failure", b.RollbackFailure},
		{"no_answer", b.NoAnswer},
	}
}

// FormatPercent returns a probability in percent, rounded to a thousandth.
func FormatPercent(p sim.Probability) string {
	thousandths := (uint64(p)*100_000 + uint64(sim.Certain)/2) / uint64(sim.Certain)
	text := strconv.FormatUint(thousandths/1000, 10)
	if rest := thousandths % 1000; rest > 0 {
		text += strings.TrimRight(fmt.Sprintf(".%03d", rest), "0")
	}
	return text + "%"
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
