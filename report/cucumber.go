package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"rollsim/story"
)

// The JSON of Cucumber's own runners, which many tools read.
type (
	cucumberFeature struct {
		URI         string            `json:"uri"`
		ID          string            `json:"id"`
		Keyword     string            `json:"keyword"`
		Name        string            `json:"name"`
		Description string            `json:"description"`
		Line        int               `json:"line"`
		Tags        []cucumberTag     `json:"tags,omitempty"`
		Elements    []cucumberElement `json:"elements"`
	}
	cucumberElement struct {
		ID          string         `json:"id"`
		Keyword     string         `json:"keyword"`
		Type        string         `json:"type"`
		Name        string         `json:"name"`
		Description string         `json:"description"`
		Line        int            `json:"line"`
		Tags        []cucumberTag  `json:"tags,omitempty"`
		Steps       []cucumberStep `json:"steps"`
	}
	cucumberTag struct {
		Name string `json:"name"`
		Line int    `json:"line"`
	}
	cucumberStep struct {
		Keyword string         `json:"keyword"` // with the space after it
		Name    string         `json:"name"`
		Line    int            `json:"line"`
		Rows    []cucumberRow  `json:"rows,omitempty"`
		Match   cucumberMatch  `json:"match"`
		Output  []string       `json:"output,omitempty"` // what the sentence measures
		Result  cucumberResult `json:"result"`
	}
	cucumberRow struct {
		Cells []string `json:"cells"`
	}
	cucumberMatch struct {
		Location string `json:"location"`
	}
	cucumberResult struct {
		Status   string `json:"status"`
		Duration int64  `json:"duration,omitzero"` // nanoseconds
		Message  string `json:"error_message,omitempty"`
	}
)

type cucumber struct {
	w        io.Writer
	features []cucumberFeature
}

func (c *cucumber) Scenario(s *story.Scenario) {
	n := len(c.features)
	if n == 0 || c.features[n-1].URI != s.File {
		c.features = append(c.features, cucumberFeature{
			URI: s.File, ID: cucumberID(s.Feature), Keyword: "Feature", Name: s.Feature, Line: s.FeatureLine,
			Description: s.FeatureDescription, Tags: cucumberTags(s.FeatureTags),
		})
		n++
	}
	f := &c.features[n-1]
	element := cucumberElement{
		ID:      fmt.Sprintf("%s;%s;%d", f.ID, cucumberID(s.Name), s.Line),
		Keyword: "Scenario", Type: "scenario", Name: s.Name, Line: s.Line,
		Description: s.Description, Tags: cucumberTags(s.Tags), Steps: []cucumberStep{},
	}
	for i := range s.Steps {
		element.Steps = append(element.Steps, cucumberStepOf(s, &s.Steps[i]))
	}
	for i := range s.Distributions {
		step := &element.Steps[s.Distributions[i].Step]
		step.Output = append(step.Output, s.Distributions[i].String())
	}
	// Tools compute the status of a scenario from its steps. A scenario can fail although none of its
	// steps does: it gets a further step, which fails.
	failed := func(step story.Step) bool { return step.Status.Fails() }
	if s.Status.Fails() && !slices.ContainsFunc(s.Steps, failed) {
		element.Steps = append(element.Steps, cucumberStep{
			Keyword: "* ", Name: "holds", Line: s.Line, Match: cucumberMatch{s.Place()},
			Result: cucumberResult{Status: "failed", Message: s.Details()},
		})
	}
	f.Elements = append(f.Elements, element)
}

func cucumberTags(tags []story.Tag) []cucumberTag {
	var all []cucumberTag
	for _, t := range tags {
		all = append(all, cucumberTag(t))
	}
	return all
}

func cucumberStepOf(s *story.Scenario, step *story.Step) cucumberStep {
	made := cucumberStep{
		Keyword: step.Keyword + " ", Name: step.Text, Line: step.Line,
		Match:  cucumberMatch{fmt.Sprintf("%s:%d", s.File, step.Line)},
		Result: cucumberResult{Duration: step.Elapsed.Nanoseconds()},
	}
	for _, row := range step.Table {
		made.Rows = append(made.Rows, cucumberRow{row})
	}
	switch step.Status {
	case story.Passed:
		made.Result.Status = "passed"
	case story.Failed, story.Ambiguous: // not every tool knows the status "ambiguous"
		made.Result.Status = "failed"
	case story.Undefined:
		made.Result.Status = "undefined"
	case story.Skipped, story.Defect, story.Unrun:
		made.Result.Status = "skipped"
	}
	if step.Status.Fails() {
		made.Result.Message = s.Details()
	}
	return made
}

// cucumberID returns the id of a name.
func cucumberID(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "-") }

func (c *cucumber) End(*story.Report) error { return writeJSON(c.w, c.features) }
