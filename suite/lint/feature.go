package lint

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	messages "github.com/cucumber/messages/go/v34"

	"rollsim/internal/nearest"
	"rollsim/story"
	"rollsim/story/gherkin"
	"rollsim/trace"
)

// feature is a parsed feature file with the parts that rules need, and the rule being checked.
type feature struct {
	*gherkin.Document
	scenarios    []outlined
	mistakes     []mistake
	descriptions []gherkin.Description          // of examples; Document has the others
	rows         []*messages.Location           // the rows of every table
	at           map[string]*messages.Location  // by the id of a step, scenario or row of examples
	tables       map[string]*messages.DataTable // by the id of the step

	rule  *Rule
	found *findings
}

// outlined is a scenario or an outline, with its pickles.
type outlined struct {
	*messages.Scenario
	pickles []*messages.Pickle // one, or one for each row of examples
}

// mistake is a mistake that a rehearsal found, with its position.
type mistake struct {
	story.Mistake
	at *messages.Location
}

func (f *feature) report(at *messages.Location, format string, args ...any) {
	f.found.add(f.rule, int(at.Line), int(at.Column), fmt.Sprintf(format, args...))
}

// ofFlaw returns a rule function that reports the mistakes of some kinds.
func ofFlaw(flaws ...story.Flaw) func(*feature) {
	return func(f *feature) {
		for _, m := range f.mistakes {
			if slices.Contains(flaws, m.Flaw) {
				f.report(m.at, "%s", m.Message)
			}
		}
	}
}

func checkFeature(found *findings, fsys fs.FS, content []byte) {
	doc, err := gherkin.Parse(found.file, content)
	if err != nil {
		for _, e := range unjoin(err) {
			var refused *gherkin.Error
			if errors.As(e, &refused) {
				found.add(unreadableFeature, refused.Line, refused.Column, refused.Message)
			}
		}
		return
	}
	doc.FS = fsys
	if err := story.PhrasesError(doc); err != nil {
		found.addRefused(wrongPhrases, err)
		return // the sentences of the feature are unknown
	}
	f := &feature{Document: doc, found: found}
	f.collect()
	for i := range featureRules {
		if f.rule = &featureRules[i]; f.rule.feature != nil {
			f.rule.feature(f)
		}
	}
}

// unjoin returns the errors that errors.Join joined.
func unjoin(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // not wrapped
		return joined.Unwrap()
	}
	return []error{err}
}

// collect collects the parts of the file that rules need, and rehearses the scenarios.
func (f *feature) collect() {
	f.at = make(map[string]*messages.Location)
	f.tables = make(map[string]*messages.DataTable)
	pickles := make(map[string][]*messages.Pickle) // by the id of the scenario
	for _, p := range f.Pickles {
		pickles[p.AstNodeIds[0]] = append(pickles[p.AstNodeIds[0]], p)
	}
	steps := func(steps []*messages.Step) {
		for _, s := range steps {
			f.at[s.Id] = s.Location
			if s.DataTable != nil {
				f.tables[s.Id] = s.DataTable
				f.addRows(s.DataTable.Rows...)
			}
		}
	}
	child := func(b *messages.Background, s *messages.Scenario) {
		if b != nil {
			steps(b.Steps)
		}
		if s == nil {
			return
		}
		f.at[s.Id] = s.Location
		f.scenarios = append(f.scenarios, outlined{s, pickles[s.Id]})
		steps(s.Steps)
		for _, e := range s.Examples {
			f.descriptions = append(f.descriptions,
				gherkin.Description{Text: e.Description, Under: e.Location})
			if e.TableHeader != nil {
				f.addRows(e.TableHeader)
			}
			f.addRows(e.TableBody...)
			for _, r := range e.TableBody {
				f.at[r.Id] = r.Location
			}
		}
	}
	for _, c := range f.Feature.Children {
		child(c.Background, c.Scenario)
		if c.Rule != nil {
			for _, r := range c.Rule.Children {
				child(r.Background, r.Scenario)
			}
		}
	}
	for i := range f.scenarios {
		f.rehearse(&f.scenarios[i])
	}
}

// rehearse finds the mistakes of a scenario, or of each row of an outline. A mistake of all
// rows gets the position of the step, any other one that of its row.
func (f *feature) rehearse(s *outlined) {
	type kind struct {
		node string // the id of the step, or of the scenario
		flaw story.Flaw
	}
	rows := make(map[kind]int)
	var found []mistake
	var kinds []kind
	for _, p := range s.pickles {
		// Rule unknown-placeholder reports a placeholder without a value. The mistakes that follow
		// from it are not reported.
		leftOver := func(s *messages.PickleStep) bool { return gherkin.Unfilled(s) != "" }
		if slices.ContainsFunc(p.Steps, leftOver) {
			continue
		}
		for _, m := range story.Rehearse(f.Document, p) {
			k := kind{s.Id, m.Flaw}
			if m.Step != nil {
				k.node = m.Step.AstNodeIds[0]
			}
			rows[k]++
			found, kinds = append(found, mistake{m, f.at[rowOf(p)]}), append(kinds, k)
		}
	}
	reported := make(map[kind]bool)
	for i, m := range found {
		k := kinds[i]
		if m.Flaw == story.FlawVacuous && rows[k] < len(s.pickles) {
			continue // an outline is vacuous only if every row is
		}
		if rows[k] == len(s.pickles) {
			m.at = f.at[k.node]
			if m.Row > 0 {
				m.at = f.tables[k.node].Rows[m.Row].Location
			}
			if reported[k] && m.Flaw == story.FlawUndefined {
				continue // no row has a step for the sentence: one finding is enough
			}
		}
		reported[k] = true
		f.mistakes = append(f.mistakes, m)
	}
}

// rowOf returns the id of the row of examples of a pickle, or the id of its scenario if that has no
// examples.
func rowOf(p *messages.Pickle) string { return p.AstNodeIds[len(p.AstNodeIds)-1] }

func (f *feature) addRows(rows ...*messages.TableRow) {
	for _, r := range rows {
		f.rows = append(f.rows, r.Location)
	}
}

// placeholders returns the placeholders of an outline, each with the position of its text.
func (s *outlined) placeholders() (names []string, positions []*messages.Location) {
	look := func(text string, at *messages.Location) {
		for _, name := range gherkin.Placeholders(text) {
			names, positions = append(names, name), append(positions, at)
		}
	}
	look(s.Name, s.Location)
	for _, step := range s.Steps {
		look(step.Text, step.Location)
		if step.DocString != nil {
			look(step.DocString.Content, step.DocString.Location)
		}
		if step.DataTable != nil {
			for _, row := range step.DataTable.Rows {
				for _, c := range row.Cells {
					look(c.Value, c.Location)
				}
			}
		}
	}
	return names, positions
}

func noScenario(f *feature) {
	if len(f.scenarios) == 0 {
		f.report(f.Feature.Location, "this feature has no scenario")
	}
}

func noExamples(f *feature) {
	for i := range f.scenarios {
		s := &f.scenarios[i]
		if len(s.Examples) == 0 {
			if names, _ := s.placeholders(); len(names) > 0 {
				f.report(s.Location, "this outline has no Examples: add a table with column <%s>",
					names[0])
			}
			continue
		}
		for _, e := range s.Examples {
			if len(e.TableBody) == 0 {
				f.report(e.Location, "these examples have no rows, so nothing runs: add a row")
			}
		}
	}
}

func unknownPlaceholder(f *feature) {
	for i := range f.scenarios {
		s := &f.scenarios[i]
		names, positions := s.placeholders()
		for _, e := range s.Examples {
			if e.TableHeader == nil {
				continue
			}
			columns := columnsOf(e)
			for j, name := range names {
				if !slices.Contains(columns, name) {
					f.report(positions[j], "the examples at line %d have no column %q%s",
						e.Location.Line, name, nearest.Hint(name, columns))
				}
			}
		}
	}
}

func columnsOf(e *messages.Examples) []string {
	var columns []string
	for _, c := range e.TableHeader.Cells {
		columns = append(columns, c.Value)
	}
	return columns
}

func unusedColumn(f *feature) {
	for i := range f.scenarios {
		s := &f.scenarios[i]
		names, _ := s.placeholders()
		slices.Sort(names)
		names = slices.Compact(names)
		for _, e := range s.Examples {
			if e.TableHeader == nil {
				continue
			}
			for _, c := range e.TableHeader.Cells {
				if !slices.Contains(names, c.Value) {
					f.report(c.Location, "the outline does not use <%s>%s",
						c.Value, nearest.Hint(c.Value, names))
				}
			}
		}
	}
}

func duplicateName(f *feature) {
	first := make(map[string]*messages.Location)
	for i := range f.scenarios {
		s := &f.scenarios[i]
		if at, twice := first[s.Name]; twice {
			f.report(s.Location, "the scenario at line %d has the same name %q", at.Line, s.Name)
			continue
		}
		first[s.Name] = s.Location
	}
}

// sameStory finds scenarios, and rows of examples, with identical steps.
func sameStory(f *feature) {
	first := make(map[string]*messages.Location)
	for i := range f.scenarios {
		s := &f.scenarios[i]
		for _, p := range s.pickles {
			at := f.at[rowOf(p)]
			text := textOf(p)
			if text == "" {
				continue
			}
			if before, twice := first[text]; twice {
				f.report(at, "these steps are identical to those at line %d", before.Line)
				continue
			}
			first[text] = at
		}
	}
}

// textOf returns all steps and tags of a scenario as one text. It returns "" for a scenario without
// steps.
func textOf(p *messages.Pickle) string {
	var b strings.Builder
	for _, s := range p.Steps {
		b.WriteString(s.Text + "\n")
		if s.Argument != nil && s.Argument.DocString != nil {
			b.WriteString(s.Argument.DocString.Content + "\n")
		}
		if s.Argument != nil && s.Argument.DataTable != nil {
			for _, row := range s.Argument.DataTable.Rows {
				for _, c := range row.Cells {
					fmt.Fprintf(&b, "%q", c.Value)
				}
				b.WriteByte('\n')
			}
		}
	}
	if b.Len() > 0 {
		var tags []string
		for _, t := range p.Tags {
			tags = append(tags, t.Name)
		}
		slices.Sort(tags)
		b.WriteString(strings.Join(tags, " "))
	}
	return b.String()
}

func strayStep(f *feature) {
	for _, d := range slices.Concat(f.Descriptions, f.descriptions) {
		if stray := story.StrayStep(f.Document, d); stray != nil {
			f.found.add(f.rule, stray.Line, stray.Column, stray.Message)
		}
	}
}

// lostText finds text after the last | of a row, which Gherkin ignores.
func lostText(f *feature) {
	text := strings.Split(string(f.Content), "\n")
	for _, at := range f.rows {
		line := strings.TrimRight(text[at.Line-1], " \t\r")
		if rest := line[strings.LastIndexByte(line, '|')+1:]; rest != "" {
			f.report(at, "the text after the last | of a row is ignored: %s", strings.TrimSpace(rest))
		}
	}
}

func wrongTag(f *feature) {
	for _, tags := range f.TagLists {
		for _, t := range tags {
			if meant, ok := story.MisspeltTag(t.Name); ok {
				f.report(t.Location, "tag %s has no effect: did you mean %s?", t.Name, meant)
				continue
			}
			for _, m := range f.mistakes {
				if m.Tag != nil && m.Tag.AstNodeId == t.Id {
					f.report(t.Location, "%s", m.Message)
				}
			}
		}
	}
}

func contradictoryTags(f *feature) {
	for _, tags := range f.TagLists {
		if e := story.ContradictoryTags(f.Document, tags); e != nil {
			f.found.add(f.rule, e.Line, e.Column, e.Message)
		}
	}
}

var gateWords = regexp.MustCompile(`\b[a-z]+(?:-[a-z]+)+\b`)

// earlierName finds the earlier names of gates in sentences.
func earlierName(f *feature) {
	reported := make(map[*messages.Location]bool)
	for i := range f.scenarios {
		for _, p := range f.scenarios[i].pickles {
			for _, step := range p.Steps {
				at := f.at[step.AstNodeIds[0]]
				for _, word := range gateWords.FindAllString(step.Text, -1) {
					if now := trace.GateName(word); now != word && !reported[at] {
						reported[at] = true
						f.report(at, "the gate %s is called %s now", word, now)
					}
				}
			}
		}
	}
}
