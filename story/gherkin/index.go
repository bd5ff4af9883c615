package gherkin

import (
	"bytes"
	"fmt"
	"math"

	messages "github.com/cucumber/messages/go/v34"
)

// index finds the scenarios, descriptions, tags and steps of a parsed document, and the lines that
// belong to each scenario.
func (d *Document) index() {
	ix := indexer{d, make(map[string][]*Scenario), OfFeature, nil}
	for _, p := range d.Pickles {
		s := &Scenario{Document: d, Pickle: p, Line: int(p.Location.Line)}
		d.Scenarios = append(d.Scenarios, s)
		for _, id := range p.AstNodeIds {
			ix.scenarios[id] = append(ix.scenarios[id], s)
		}
	}
	ix.heading(d.Feature.Description, d.Feature.Location, d.Feature.Tags, OfFeature)
	var nodes []node
	for _, c := range d.Feature.Children {
		n := node{background: c.Background, scenario: c.Scenario}
		if c.Rule != nil {
			n.rule = c.Rule
			for _, r := range c.Rule.Children {
				n.children = append(n.children, node{background: r.Background, scenario: r.Scenario})
			}
		}
		nodes = append(nodes, n)
	}
	ix.nodes(nodes, d.lines())
}

// lines returns the number of lines of the file.
func (d *Document) lines() int { return bytes.Count(d.Content, []byte("\n")) + 1 }

// An indexer fills in a document.
type indexer struct {
	*Document
	scenarios map[string][]*Scenario // by the id of the scenario or outline, and of the row
	level     Level                  // of the current Background
	rule      *messages.Rule         // the current one
}

// A node is a child of a feature or of a rule. Exactly one of background, scenario and rule is set.
type node struct {
	background *messages.Background
	scenario   *messages.Scenario
	rule       *messages.Rule
	children   []node // of a rule
}

// first returns the first line of the node, that of its tags included.
func (n *node) first() int {
	switch {
	case n.background != nil:
		return int(n.background.Location.Line)
	case n.scenario != nil:
		return firstLine(n.scenario.Location, n.scenario.Tags)
	}
	return firstLine(n.rule.Location, n.rule.Tags)
}

// firstLine returns the first line of something with tags.
func firstLine(at *messages.Location, tags []*messages.Tag) int {
	first := at.Line
	for _, t := range tags {
		first = min(first, t.Location.Line)
	}
	return int(first)
}

// heading records the description and the tags of a heading.
func (ix *indexer) heading(
	text string, at *messages.Location, tags []*messages.Tag, level Level,
) {
	ix.Descriptions = append(ix.Descriptions, Description{text, at})
	ix.tags(tags, level)
}

func (ix *indexer) tags(tags []*messages.Tag, level Level) {
	ix.TagLists = append(ix.TagLists, tags)
	for _, t := range tags {
		ix.tagLines[t.Id], ix.tagLevels[t.Id] = int(t.Location.Line), level
	}
}

// nodes records consecutive nodes. Their last line is last. It returns the scenarios in them.
func (ix *indexer) nodes(nodes []node, last int) []*Scenario {
	var all []*Scenario
	for i := range nodes {
		n := &nodes[i]
		end := last
		if i+1 < len(nodes) {
			end = nodes[i+1].first() - 1
		}
		var in []*Scenario
		switch {
		case n.background != nil:
			ix.background(n.background)
		case n.scenario != nil:
			in = ix.scenario(n.scenario, end)
		default:
			ix.heading(n.rule.Description, n.rule.Location, n.rule.Tags, OfRule)
			ix.level, ix.rule = OfRule, n.rule
			in = ix.nodes(n.children, end)
			ix.level, ix.rule = OfFeature, nil
		}
		if len(in) > 0 {
			ix.blocks = append(ix.blocks, block{n.first(), end, in})
		}
		all = append(all, in...)
	}
	return all
}

func (ix *indexer) background(b *messages.Background) {
	ix.Descriptions = append(ix.Descriptions, Description{b.Description, b.Location})
	ix.recordSteps(b.Steps)
	for _, s := range b.Steps {
		ix.Document.background[s.Id] = ix.level
	}
}

func (ix *indexer) scenario(s *messages.Scenario, last int) []*Scenario {
	ix.heading(s.Description, s.Location, s.Tags, OfScenario)
	ix.recordSteps(s.Steps)
	for _, one := range ix.scenarios[s.Id] {
		one.Written, one.Rule = s, ix.rule
	}
	for i, examples := range s.Examples {
		end := last
		if i+1 < len(s.Examples) {
			end = firstLine(s.Examples[i+1].Location, s.Examples[i+1].Tags) - 1
		}
		ix.tags(examples.Tags, OfScenario)
		table := block{first: firstLine(examples.Location, examples.Tags), last: end}
		for _, row := range examples.TableBody {
			line := int(row.Location.Line)
			ix.blocks = append(ix.blocks, block{line, line, ix.scenarios[row.Id]})
			table.scenarios = append(table.scenarios, ix.scenarios[row.Id]...)
		}
		if len(table.scenarios) > 0 {
			ix.blocks = append(ix.blocks, table)
		}
	}
	return ix.scenarios[s.Id]
}

func (ix *indexer) recordSteps(steps []*messages.Step) {
	for _, s := range steps {
		ix.steps[s.Id] = s
	}
}

// choose selects the scenarios at some lines, or all scenarios if lines is empty. A line selects
// the smallest block that it is in; a line outside every block selects the whole file.
func (d *Document) choose(lines []int) error {
	byLine := len(lines) > 0
	if !byLine {
		lines = []int{1}
	}
	for _, line := range lines {
		if total := d.lines(); line > total {
			return fmt.Errorf("%s:%d: the file has only %d lines", d.Name, line, total)
		}
		chosen, size := d.Scenarios, math.MaxInt
		for _, b := range d.blocks {
			if b.first <= line && line <= b.last && b.last-b.first < size {
				chosen, size = b.scenarios, b.last-b.first
			}
		}
		for _, s := range chosen {
			s.selected, s.byLine = true, byLine
		}
	}
	return nil
}
