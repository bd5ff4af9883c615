package report

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"text/tabwriter"

	"rollsim/reducer"
	"rollsim/story"
	"rollsim/suite/check"
)

// FeatureFormats returns the formats of NewFeatureWriter.
func FeatureFormats() []string {
	return []string{"pretty", "progress", "junit", "cucumber", "github", "html"}
}

// FeatureWriter writes the results of features.
type FeatureWriter interface {
	// Scenario writes the result of a scenario, or stores it for End. It is called once for each
	// scenario, in order, as soon as its result is known.
	Scenario(s *story.Scenario)

	// End is called after the last scenario. It returns the first error of the underlying writers.
	End(r *story.Report) error
}

// FeatureOptions are the options of NewFeatureWriter.
type FeatureOptions struct {
	// Paint, if it is not nil, returns a text in a colour such as Red.
	Paint func(colour, text string) string

	// Summary, if it is not nil, receives Markdown for the page of a workflow's run. Only the format
	// github uses it.
	Summary io.Writer

	// Root is the path from the repository to the current folder, for the format github. It is empty
	// when they are the same.
	Root string

	// Tutorial is Markdown with a chapter for each heading and links to features: the format html has
	// them in this order, and all others after them.
	Tutorial string

	// Machine is Options.Machine of the run.
	Machine reducer.Machine
}

// NewFeatureWriter returns a writer of one of FeatureFormats.
func NewFeatureWriter(w io.Writer, format string, opt FeatureOptions) (FeatureWriter, error) {
	text := featureText{w: w, paint: opt.Paint}
	if text.paint == nil {
		text.paint = func(_, text string) string { return text }
	}
	switch format {
	case "pretty":
		return &pretty{featureText: text}, nil
	case "progress":
		return &progress{featureText: text}, nil
	case "junit":
		return &featureJUnit{w: w}, nil
	case "cucumber":
		return &cucumber{w: w}, nil
	case "html":
		return &featurePage{w: w, opt: opt}, nil
	case "github":
		return &github{featureText: text, summary: opt.Summary, root: opt.Root}, nil
	}
	return nil, unknownFormat("results of features", format, FeatureFormats())
}

// featureText is the common part of the formats for people.
type featureText struct {
	w     io.Writer
	paint func(colour, text string) string
	err   error
}

func (t *featureText) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(t.w, format, args...); t.err == nil {
		t.err = err
	}
}

// mark returns the sign of a status and its colour.
func mark(s story.Status) (sign, colour string) {
	switch s {
	case story.Passed:
		return "✓", Green
	case story.Failed, story.Undefined, story.Ambiguous:
		return "✗", Red
	case story.Skipped, story.Unrun:
		return "-", Yellow
	case story.Defect:
		return "~", Yellow
	}
	return "?", ""
}

func (t *featureText) signed(s story.Status, text string) string {
	sign, colour := mark(s)
	return t.paint(colour, sign) + " " + text
}

// failure writes the steps of a scenario that failed, with the details below the step that failed.
func (t *featureText) failure(s *story.Scenario, indent string) {
	t.printf("%s%s  %s\n", indent, t.signed(s.Status, s.Name), s.Place())
	written := false // the details
	indent += "    "
	first, end := stepsShown(s)
	if first > 0 {
		t.printf("%s… and %d before\n", indent, first)
	}
	for i := first; i < end; i++ {
		step := &s.Steps[i]
		t.printf("%s%s\n", indent, t.signed(step.Status, step.Keyword+" "+step.Text))
		if !step.Status.Fails() {
			continue
		}
		cells := tabwriter.NewWriter(t.w, 0, 0, 1, ' ', 0)
		for _, row := range step.Table {
			fmt.Fprintf(cells, "%s    | %s\t|\n", indent, strings.Join(row, "\t| "))
		}
		if err := cells.Flush(); t.err == nil {
			t.err = err
		}
		t.details(s, indent+"    ")
		written = true
	}
	if end < len(s.Steps) {
		t.printf("%s… and %d after\n", indent, len(s.Steps)-end)
	}
	if !written {
		t.details(s, indent)
	}
}

// stepsShown returns the range of the steps of a failed scenario that are shown: those around the
// step that failed.
func stepsShown(s *story.Scenario) (first, end int) {
	const before, after = 10, 3
	fails := func(step story.Step) bool { return step.Status.Fails() }
	failed := max(0, slices.IndexFunc(s.Steps, fails))
	return max(0, failed-before), min(len(s.Steps), failed+1+after)
}

// details returns what failed in a scenario, and the command that runs it again.
func details(s *story.Scenario) string { return s.Details() + "\nrerun     " + s.Again() }

func (t *featureText) details(s *story.Scenario, indent string) {
	for line := range strings.SplitSeq(details(s), "\n") {
		t.printf("%s%s\n", indent, line)
	}
}

// end writes a list of the scenarios that failed, and the counts.
func (t *featureText) end(r *story.Report) error {
	heading := "\n" + t.paint(Red, "failed:") + "\n"
	for i := range r.Scenarios {
		if s := &r.Scenarios[i]; s.Status.Fails() {
			t.printf("%s  %s  %s\n", heading, s.Place(), s.Name)
			heading = ""
		}
	}
	t.printf("\n%s\n", FeatureCounts(r))
	return t.err
}

// FeatureCounts returns the numbers of scenarios and steps by status, in two lines.
func FeatureCounts(r *story.Report) string {
	scenarios := make(map[story.Status]int)
	steps := make(map[story.Status]int)
	n := 0
	for i := range r.Scenarios {
		scenarios[r.Scenarios[i].Status]++
		for j := range r.Scenarios[i].Steps {
			status := r.Scenarios[i].Steps[j].Status
			steps[status]++
			n++
		}
	}
	return countedBy(len(r.Scenarios), "scenario", scenarios) + "\n" + countedBy(n, "step", steps)
}

func countedBy(n int, what string, by map[story.Status]int) string {
	var parts []string
	for _, s := range story.Statuses() {
		if by[s] > 0 {
			part := fmt.Sprintf("%d %v", by[s], s)
			if s == story.Defect && by[s] > 1 {
				part += "s"
			}
			parts = append(parts, part)
		}
	}
	counts := counted(uint64(n), what)
	if n > 0 {
		counts += " (" + strings.Join(parts, ", ") + ")"
	}
	return counts
}

// pretty writes a line for each scenario, and the steps of a scenario that failed.
type pretty struct {
	featureText
	file string // of the previous scenario
}

func (p *pretty) Scenario(s *story.Scenario) {
	if s.Status == story.Unrun {
		return // there may be hundreds after a failure; FeatureCounts counts them
	}
	if s.File != p.file {
		if p.file != "" {
			p.printf("\n")
		}
		p.file = s.File
		p.printf("%s  %s\n", p.paint(Bold, s.Feature), s.File)
	}
	switch s.Status {
	case story.Passed:
		p.printf("  %s\n", p.signed(s.Status, s.Name))
		for i := range s.Distributions {
			p.printf("      %v\n", &s.Distributions[i])
		}
		if s.Combinations != "" {
			p.printf("      %s\n", s.Combinations)
		}
	case story.Skipped:
		p.printf("  %s  (skipped: %s)\n", p.signed(s.Status, s.Name), s.Message)
	case story.Defect:
		p.printf("  %s  (known defect: %s)\n", p.signed(s.Status, s.Name), s.Step)
	case story.Failed, story.Undefined, story.Ambiguous:
		p.failure(s, "  ")
	case story.Unrun:
	}
}

func (p *pretty) End(r *story.Report) error { return p.end(r) }

// progress writes a sign for each scenario, and the failures at the end.
type progress struct {
	featureText
	n int
}

const progressWidth = 70

func (p *progress) Scenario(s *story.Scenario) {
	sign, colour := mark(s.Status)
	if s.Status == story.Passed {
		sign = "."
	}
	p.printf("%s", p.paint(colour, sign))
	if p.n++; p.n%progressWidth == 0 {
		p.printf(" %d\n", p.n)
	}
}

func (p *progress) End(r *story.Report) error {
	if p.n%progressWidth != 0 {
		p.printf(" %d\n", p.n)
	}
	for i := range r.Scenarios {
		if s := &r.Scenarios[i]; s.Status.Fails() {
			p.printf("\n")
			p.failure(s, "")
		}
	}
	return p.end(r)
}

// featureJUnit writes JUnit XML.
type featureJUnit struct{ w io.Writer }

func (*featureJUnit) Scenario(*story.Scenario) {}

func (j *featureJUnit) End(r *story.Report) error {
	var results []*check.Result
	for i := range r.Scenarios {
		results = append(results, check.FeatureResult(&r.Scenarios[i]))
	}
	return JUnit(j.w, "rollsim features", results)
}

// github writes annotations for a workflow on GitHub, and Markdown for the page of its run.
type github struct {
	featureText
	summary io.Writer
	root    string
}

// maxAnnotations is the number of annotations that GitHub shows for one step of a workflow.
const maxAnnotations = 10

func (*github) Scenario(*story.Scenario) {}

func (g *github) End(r *story.Report) error {
	n := 0
	for i := range r.Scenarios {
		s := &r.Scenarios[i]
		if !s.Status.Fails() {
			continue
		}
		if n++; n > maxAnnotations {
			g.failure(s, "")
			continue
		}
		message := details(s)
		if s.Step != "" {
			message = s.Step + "\n" + message
		}
		line := s.StepLine
		if line == 0 {
			line = s.Line
		}
		g.printf("::error file=%s,line=%d,title=%s::%s\n",
			githubProperty.Replace(path.Join(g.root, s.File)), line, githubProperty.Replace(s.Name),
			githubMessage.Replace(message))
	}
	if g.summary != nil {
		if _, err := io.WriteString(g.summary, featureMarkdown(r)); g.err == nil {
			g.err = err
		}
	}
	return g.end(r)
}

// featureMarkdown returns the results as a section of a page in Markdown.
func featureMarkdown(r *story.Report) string {
	var b strings.Builder
	verdict := "✅"
	if !r.Passed() {
		verdict = "❌"
	}
	counts := strings.ReplaceAll(FeatureCounts(r), "\n", "  \n")
	fmt.Fprintf(&b, "### %s rollsim features\n\n%s\n", verdict, counts)
	for i := range r.Scenarios {
		s := &r.Scenarios[i]
		if !s.Status.Fails() {
			continue
		}
		fmt.Fprintf(&b, "\n<details><summary>%s %s</summary>\n\n", htmlEscapes.Replace(s.Place()),
			htmlEscapes.Replace(s.Name))
		fmt.Fprintf(&b, "```text\n%s\n%s\n```\n\n`%s`\n\n</details>\n", s.Step, s.Details(), s.Again())
	}
	return b.String()
}

var htmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
