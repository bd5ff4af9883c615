package report

import (
	"cmp"
	_ "embed" // the body of the page
	"fmt"
	"html/template"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"rollsim/internal/visible"
	"rollsim/report/picture"
	"rollsim/story"
)

//go:embed features.html.tmpl
var featuresHTML string

var featuresPage = template.Must(template.New("body").Funcs(template.FuncMap{
	"clear": clearText,
}).Parse(featuresHTML))

// clearText returns a text without characters that hide or control anything.
func clearText(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = visible.Name(line)
	}
	return strings.Join(lines, "\n")
}

// featurePage writes the results as a page, with a picture of each scenario.
type featurePage struct {
	w        io.Writer
	opt      FeatureOptions
	features []*pageFeature
	err      error
}

// A pageFeature is one feature of the page.
type pageFeature struct {
	File, Name, About, ID string
	Parts                 []*pageRule
	Bad, N                int
}

// A pageRule is the scenarios of one rule, or those outside of rules.
type pageRule struct {
	Name      string
	Scenarios []*pageScenario
}

// A pageScenario is one scenario of the page.
type pageScenario struct {
	*story.Scenario
	ID, Sign, Class, Picture, Why string
	Bad                           bool
}

func (p *featurePage) Scenario(s *story.Scenario) {
	if s.Status == story.Unrun {
		return // End counts them
	}
	f := p.feature(s)
	if n := len(f.Parts); n == 0 || f.Parts[n-1].Name != s.Rule {
		f.Parts = append(f.Parts, &pageRule{Name: s.Rule})
	}
	part := f.Parts[len(f.Parts)-1]
	shown := &pageScenario{Scenario: s, ID: s.FileName(), Bad: s.Status.Fails(), Class: "good"}
	shown.Sign, _ = mark(s.Status)
	switch s.Status {
	case story.Failed, story.Undefined, story.Ambiguous:
		shown.Class, shown.Why = "bad", details(s)
		f.Bad++
	case story.Skipped:
		shown.Class, shown.Why = "other", "skipped: "+s.Message
	case story.Defect:
		shown.Class, shown.Why = "other", "known defect: "+s.Message
	case story.Passed, story.Unrun:
	}
	if len(s.Trace) > 0 {
		x, err := StoryIndex(s, p.opt.Machine)
		if err == nil {
			shown.Picture, err = picture.Packed(x, picture.Options{Name: s.Name})
		}
		if p.err == nil {
			p.err = err
		}
	}
	part.Scenarios = append(part.Scenarios, shown)
	f.N++
}

// feature returns the feature of a scenario.
func (p *featurePage) feature(s *story.Scenario) *pageFeature {
	if n := len(p.features); n > 0 && p.features[n-1].File == s.File {
		return p.features[n-1]
	}
	f := &pageFeature{
		File: s.File, Name: s.Feature, About: lessIndented(s.FeatureDescription),
		ID: fmt.Sprintf("feature-%d", len(p.features)+1),
	}
	p.features = append(p.features, f)
	return f
}

// lessIndented returns the lines of a description without the spaces around them.
func lessIndented(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}

// A pageChapter is some features of the page.
type pageChapter struct {
	Title    string
	Features []*pageFeature
}

func (p *featurePage) End(r *story.Report) error {
	if p.err != nil {
		return p.err
	}
	counts := strings.Split(FeatureCounts(r), "\n")
	data := map[string]any{
		"Passed": r.Passed(), "Counts": counts, "Chapters": p.chapters(), "Unrun": r.Count(story.Unrun),
	}
	return writeResults(p.w, &picture.Results{Title: "Features"}, featuresPage, data)
}

var tutorialLink = regexp.MustCompile(`\]\(\.\./(features/[^)]+)\)`)

// chapters returns the features in the chapters and the order of the tutorial, and then all others
// by folder, in the order of the report.
func (p *featurePage) chapters() []*pageChapter {
	var all []*pageChapter
	left := slices.Clone(p.features)
	for _, section := range strings.Split(p.opt.Tutorial, "\n## ")[1:] {
		title, _, _ := strings.Cut(section, "\n")
		c := &pageChapter{Title: title}
		for _, link := range tutorialLink.FindAllStringSubmatch(section, -1) {
			left = slices.DeleteFunc(left, func(f *pageFeature) bool {
				found := f.File == link[1] || strings.HasSuffix(f.File, "/"+link[1])
				if found {
					c.Features = append(c.Features, f)
				}
				return found
			})
		}
		if len(c.Features) > 0 {
			all = append(all, c)
		}
	}
	for _, f := range left {
		title := cmp.Or(strings.TrimPrefix(path.Dir(f.File), "."), "Features")
		if n := len(all); n == 0 || all[n-1].Title != title {
			all = append(all, &pageChapter{Title: title})
		}
		last := all[len(all)-1]
		last.Features = append(last.Features, f)
	}
	return all
}
