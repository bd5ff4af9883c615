package shrink

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollsim/controlplane"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/story"
	"rollsim/story/gherkin"
	"rollsim/trace"
)

// Feature is a case in the sentences of features.
type Feature struct {
	Title  string
	Text   string // formatted; empty if Why is not
	Steps  int
	Passes bool   // as specified
	Why    string // no feature exists, or it does not pass as specified
}

// WriteFeature writes a case as a feature: a background, what happens, and the expectation that the
// case breaks. Each sentence is the simplest with which the feature still fails at that expectation
// under the machine and the control plane of the case, and passes as specified. The feature names
// neither of them.
func WriteFeature(ctx context.Context, c *Case, m reducer.Machine) *Feature {
	if c.Key.Machines[0] != "" {
		return &Feature{Why: "no sentence compares the answers of two machines"}
	}
	w := &author{c: c, ctx: ctx, machine: m, title: titleOf(c)}
	if why := w.prepare(); why != "" {
		return &Feature{Why: why}
	}
	d, ok := w.choose()
	why := ""
	if !ok && !c.Specification {
		w.anyway = true
		d, ok = w.choose()
		if ok {
			why = w.refusal(&d)
		}
	}
	switch {
	case !ok:
		return &Feature{Why: "the sentences of features do not show it"}
	case c.Specification:
		why = "the specification fails in the same way"
	}
	content := []byte(w.text(&d))
	if formatted, err := gherkin.Format(featureFile, content); err == nil {
		content = formatted
	}
	return &Feature{
		Title: w.title, Text: string(content), Steps: w.steps(&d), Passes: why == "", Why: why,
	}
}

// featureFile is the name of the feature in messages.
const featureFile = "case.feature"

// author writes the feature of a case.
type author struct {
	c       *Case
	ctx     context.Context
	machine reducer.Machine
	title   string

	givens  []string
	delays  []string   // what makes every stage take no time
	happens []happens  // what happens, in order
	expects [][]string // the expectations to try, each one or more sentences
	anyway  bool       // it need not pass as specified

	// What the specification does with the case: the sentences about the events that it refuses, its
	// violations, and the sentences about these.
	refused    []string
	violations []invariant.Violation
	violated   []string
}

// happens is a line of the timeline as a sentence.
type happens struct {
	channel reducer.ChannelID // that moves to ref, if it is a move
	ref     reducer.ChannelRef
	table   string
	ways    []way // to say it, the simplest first, and the most exact one last
}

// way is a sentence and the clause that says when it happens.
type way struct{ sentence, when string }

// prepare collects the sentences. It returns why it cannot.
func (w *author) prepare() string {
	sc := w.c.Scenario
	if len(sc.Faults)+len(sc.Traffic)+len(sc.Groups) > 0 {
		return "part of it is still drawn"
	}
	for i := range sc.Channels {
		w.channel(&sc.Channels[i])
	}
	for i := range sc.Channels {
		for _, after := range sc.Channels[i].After {
			w.given("channel %q waits for channel %q", sc.Channels[i].ID, after)
		}
	}
	w.gates(sc)
	if why := w.fates(sc); why != "" {
		return why
	}
	w.stages(sc)
	var trail trace.Collector
	if _, err := simulate(sc, sim.Options{
		Machine: w.machine, Seed: sc.Seed, Sink: &trail,
	}); err != nil {
		return "its run ends with an error"
	}
	if why := w.timeline(sc, trail.Entries); why != "" {
		return why
	}
	w.expects = expectations(w.c)
	w.underSpecification(sc)
	if len(w.expects) == 0 {
		return "as specified, no such event happens"
	}
	return ""
}

func (w *author) given(format string, args ...any) {
	w.givens = append(w.givens, fmt.Sprintf(format, args...))
}

func (w *author) channel(ch *sim.Channel) {
	waves, soaks := []string{}, []time.Duration{}
	for i := range ch.Waves {
		waves = append(waves, fmt.Sprint(len(ch.Waves[i].Hosts)))
		soaks = append(soaks, ch.Waves[i].Soak)
	}
	soaking := ""
	if len(soaks) > 0 && (soaks[0] > 0 || w.c.Scenario.ControlPlane == controlplane.Shipped) {
		soaking = " soaking " + story.InWords(soaks[0])
	}
	switch {
	case len(waves) == 0:
		w.given("channel %q with 0 hosts", ch.ID)
	case !plainlyNamed(ch) || len(slices.Compact(slices.Clone(soaks))) > 1:
		w.given("channel %q with these waves:\n%s", ch.ID, waveTable(ch))
	case len(waves) == 1:
		w.given("channel %q with %s%s", ch.ID, counted(len(ch.Waves[0].Hosts), "host"), soaking)
	default:
		w.given("channel %q with waves of %s hosts%s", ch.ID, conjoined(waves), soaking)
	}
	if n := len(ch.Outside); n > 0 {
		w.given("channel %q has %d more host%s outside its waves", ch.ID, n, plural(n))
	}
	for _, id := range ch.Absent {
		w.given("host %q is not in the fleet at first", id)
	}
	if ch.Policy.OnHealthFailure != reducer.Halt {
		w.given("channel %q has policy %v", ch.ID, ch.Policy.OnHealthFailure)
	}
	if s := time.Duration(ch.Policy.RetentionSeconds) * time.Second; s != 7*24*time.Hour {
		w.given("channel %q keeps ended rollouts for %s", ch.ID, story.InWords(s))
	}
	if ch.PollInterval != time.Minute {
		w.given("channel %q is polled every %s", ch.ID, story.InWords(ch.PollInterval))
	}
	for _, e := range ch.HostEdges {
		w.given("host %q waits for host %q", e.Host, e.After)
	}
}

// plainlyNamed reports whether the hosts of the waves have the names that a number makes.
func plainlyNamed(ch *sim.Channel) bool {
	for i, h := range hostsOf(ch) {
		if string(h) != fmt.Sprintf("%s-%02d", ch.ID, i+1) {
			return false
		}
	}
	return true
}

func waveTable(ch *sim.Channel) string {
	var b strings.Builder
	b.WriteString("| hosts | soak |\n")
	for i := range ch.Waves {
		hosts := fmt.Sprint(len(ch.Waves[i].Hosts))
		if !plainlyNamed(ch) && len(ch.Waves[i].Hosts) > 0 {
			hosts = strings.Join(plain(ch.Waves[i].Hosts), ", ")
		}
		fmt.Fprintf(&b, "| %s | %s |\n", hosts, story.InWords(ch.Waves[i].Soak))
	}
	return b.String()
}

func (w *author) gates(sc *sim.Scenario) {
	for i := range sc.Budgets {
		b := &sc.Budgets[i]
		limit := fmt.Sprint(b.MaxInFlight)
		switch {
		case b.Percent > 0:
			limit = fmt.Sprintf("%d%%", b.Percent)
		case b.MaxInFlight == 1:
			limit = "one"
		}
		kind, list, _ := strings.Cut(b.Selector, ":")
		switch kind {
		case "":
			w.given("a budget of %s for host%s %s", limit, plural(len(b.Hosts)), quoted(b.Hosts))
		case "all":
			w.given("a budget of %s for all hosts", limit)
		case "channel":
			w.given("a budget of %s for channel %q", limit, list)
		case "tags":
			w.given("a budget of %s for the tags %s", limit, quoted(strings.Split(list, ",")))
		case "tags_any":
			w.given("a budget of %s for any of the tags %s", limit, quoted(strings.Split(list, ",")))
		default:
			hosts := strings.Split(list, ",")
			w.given("a budget of %s for host%s %s", limit, plural(len(hosts)), quoted(hosts))
		}
	}
	for _, t := range sc.Tags {
		w.given("hosts %s have the tags %s", quoted(t.Hosts), quoted(t.Tags))
	}
	for _, q := range sc.Quarantine {
		w.given("the quarantine of %q holds ref %q", q.Channel, q.Closure)
	}
	for _, r := range sc.Running {
		w.given("hosts %s run the closure of ref %q at the start", quoted(r.Hosts), r.Ref)
	}
	for i := range sc.Releases {
		r := &sc.Releases[i]
		if len(r.Unchanged) > 0 {
			w.given("ref %q does not change hosts %s", r.Ref, quoted(r.Unchanged))
		}
		if r.Signed.Set && r.Signed.Value < 0 {
			on := ""
			if len(sc.Channels) > 1 && r.Channel != "" {
				on = fmt.Sprintf(" for channel %q", r.Channel)
			}
			w.given("ref %q is signed %s before the start%s", r.Ref, story.InWords(-r.Signed.Value), on)
		}
	}
}

// fates writes what is decided for hosts. It returns why it cannot.
func (w *author) fates(sc *sim.Scenario) string {
	for i := range sc.Fates {
		f := &sc.Fates[i]
		under := ""
		if f.Ref != "" {
			under = fmt.Sprintf(" under ref %q", f.Ref)
		}
		what := ""
		switch f.Kind {
		case sim.FailsActivation:
			what = "fails its activation"
		case sim.FailsProbes:
			what = "fails its probes"
		case sim.Defers:
			what = "defers its activation"
		case sim.NeverAnswers:
			what = "never answers"
		case sim.NeverRollsBack:
			what = "never completes its rollback"
		case sim.ConvergesAnyway:
			what = "always converges"
		case sim.FailsControl:
			what = "fails a control"
		}
		if f.Once {
			under += " once"
		}
		switch opt := f.RebootAfter; {
		case opt.Set && opt.Value < 0:
			under += " and never reboots"
		case opt.Set:
			under += fmt.Sprintf(" and reboots %s later", story.InWords(opt.Value))
		}
		switch opt := f.PassesAfter; {
		case opt.Set && opt.Value < 0:
			what += " for good"
		case opt.Set:
			under += " for " + story.InWords(opt.Value)
		}
		w.given("host %q %s%s", f.Host, what, under)
	}
	return ""
}

// stageNames are the stages as sentences name them.
var stageNames = map[sim.Stage]string{
	sim.AckStage: "an ack", sim.ActivationStage: "activation", sim.RebootStage: "a reboot",
	sim.ProbeStage: "a probe", sim.ConvergeStage: "convergence", sim.RollbackStage: "a rollback",
}

// stages writes how long stages take.
func (w *author) stages(sc *sim.Scenario) {
	for i := range sc.Delays {
		d := &sc.Delays[i]
		takes, _ := d.Takes.Fixed()
		under := ""
		if d.Ref != "" {
			under = fmt.Sprintf(" under ref %q", d.Ref)
		}
		if alone := len(allHosts(sc)) == 1 && under == ""; alone {
			w.given("%s takes %s", stageNames[d.Stage], story.InWords(takes))
			continue
		}
		w.given("on host %q %s takes %s%s", d.Host, stageNames[d.Stage], story.InWords(takes), under)
	}
	usual := scenario.DefaultBehaviour()
	for i, stage := range sim.Stages() {
		said := slices.ContainsFunc(sc.Delays, func(d sim.Delay) bool { return d.Stage == stage })
		if said && len(allHosts(sc)) == 1 {
			continue
		}
		takes, fixed := time.Duration(0), true
		if d := *delaysOf(&sc.Behaviour)[i]; d != nil && d.Equal(*delaysOf(&usual)[i]) {
			continue
		} else if d != nil {
			takes, fixed = d.Fixed()
		}
		sentence := fmt.Sprintf("%s takes %s", stageNames[stage], story.InWords(takes))
		switch {
		case !fixed:
		case takes == 0:
			w.delays = append(w.delays, sentence)
		default:
			w.givens = append(w.givens, sentence)
		}
	}
}

// lines returns the sentences of a draft with their keywords: those of the background, and those of
// the scenario.
func (w *author) lines(d *draft) (background, scenario []string) {
	givens := slices.Clone(w.givens)
	if d.every {
		givens = append(givens, "every stage takes 0 seconds")
	}
	for i, delay := range w.delays {
		if d.delays&(1<<i) != 0 && !d.every {
			givens = append(givens, delay)
		}
	}
	if d.seed {
		givens = append(givens, fmt.Sprintf("the seed is %d", w.c.Scenario.Seed))
	}
	if d.lasts > 0 {
		givens = append(givens, "the run lasts "+story.InWords(d.lasts))
	}
	for i, g := range givens {
		background = append(background, keyword("Given", i)+g)
	}
	then := slices.Clone(w.expects[d.expect])
	specified := w.refused
	if d.violated {
		specified = slices.Concat(w.refused, w.violated)
	}
	for _, sentence := range specified {
		if !slices.Contains(then, sentence) {
			then = append(then, sentence)
		}
	}
	when := w.happenings(d, false)
	if len(background)+len(when)+len(then) > mostSteps {
		when = w.happenings(d, true)
	}
	for i, sentence := range when {
		scenario = append(scenario, keyword("When", i)+sentence)
	}
	for i, e := range then {
		scenario = append(scenario, keyword("Then", i)+e)
	}
	return background, scenario
}

// mostSteps is how many sentences a feature may have before its moves become a table.
const mostSteps = 8

// happenings returns the sentences about what happens. If tables is set, moves of channels that
// follow each other are one sentence with a table.
func (w *author) happenings(d *draft, tables bool) (all []string) {
	moves := 0 // the rows of the last table
	for i := range w.happens {
		h := &w.happens[i]
		way := h.ways[d.when[i]]
		switch row := fmt.Sprintf("\n| %s | %s |%s |", h.channel, h.ref, way.when); {
		case tables && h.channel != "" && moves > 0:
			all[len(all)-1] += row
			moves++
			continue
		case tables && h.channel != "":
			all = append(all, "the channels move like this:\n| channel | ref | when |"+row)
			moves = 1
			continue
		case h.table != "":
			all = append(all, way.sentence+way.when+":\n"+h.table)
		default:
			all = append(all, way.sentence+way.when)
		}
		moves = 0
	}
	return all
}

func keyword(first string, i int) string {
	if i > 0 {
		return "And "
	}
	return first + " "
}

func (w *author) steps(d *draft) int {
	background, scenario := w.lines(d)
	return len(background) + len(scenario)
}

// text returns a draft as a feature file.
func (w *author) text(d *draft) string {
	background, scenario := w.lines(d)
	indent := func(lines []string) string {
		return "    " + strings.ReplaceAll(strings.Join(lines, "\n"), "\n", "\n    ") + "\n"
	}
	return "Feature: " + subjectOf(w.c) + "\n\n  Background:\n" + indent(background) +
		"\n  Scenario: " + w.title + "\n" + indent(scenario)
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

func counted(n int, what string) string { return fmt.Sprintf("%d %s%s", n, what, plural(n)) }

// conjoined joins words with commas and "and".
func conjoined(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}

func quoted(list []string) string {
	all := make([]string, len(list))
	for i, s := range list {
		all[i] = fmt.Sprintf("%q", s)
	}
	return conjoined(all)
}
