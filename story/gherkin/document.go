package gherkin

import (
	"bytes"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	gherkin "github.com/cucumber/gherkin/go/v42"
	messages "github.com/cucumber/messages/go/v34"

	"rollsim/internal/limited"
	"rollsim/internal/nearest"
)

// A Document is one feature file.
type Document struct {
	Name    string // the path to show in messages
	FS      fs.FS  // the file system that it was read from; nil for parsed text
	Content []byte // without a byte order mark
	Feature *messages.Feature
	Pickles []*messages.Pickle

	// Scenarios has one element for each of Pickles, in the same order.
	Scenarios []*Scenario

	// Descriptions are the free texts below the headings of the feature, and of each rule, Background
	// and scenario.
	Descriptions []Description

	// TagLists are the tags of the feature, and of each rule, scenario and table of examples.
	TagLists [][]*messages.Tag

	steps      map[string]*messages.Step // by id
	background map[string]Level          // by the id of a step of a Background
	tagLines   map[string]int            // by id
	tagLevels  map[string]Level          // by id
	blocks     []block
}

// A Scenario is one scenario that can run. Each row of examples of a scenario outline is one.
type Scenario struct {
	Document *Document
	Pickle   *messages.Pickle
	Written  *messages.Scenario // the scenario or the outline
	Rule     *messages.Rule     // that it belongs to; nil for none
	Line     int                // of the scenario, or of its row of examples
	Skipped  string             // why it does not run although it is selected; empty if it runs

	selected bool // by its path
	byLine   bool // a path named its line
}

// Tags returns the names of the scenario's tags, inherited ones first.
func (s *Scenario) Tags() []string {
	var names []string
	for _, t := range s.Pickle.Tags {
		names = append(names, t.Name)
	}
	return names
}

// Written returns a step as the file has it, with its placeholders.
func (d *Document) Written(step *messages.PickleStep) *messages.Step {
	return d.steps[step.AstNodeIds[0]]
}

// A Level is how near to a scenario something is written. What is nearer overrides what is not. The
// zero value is invalid.
type Level uint8

// The levels.
const (
	OfFeature  Level = 1 + iota // a tag of the feature, a sentence of its Background
	OfRule                      // a tag of a rule, a sentence of its Background
	OfScenario                  // a tag of a scenario or of its examples, a sentence in its body
)

// StepLevel returns the level of a step.
func (d *Document) StepLevel(step *messages.PickleStep) Level {
	if l, ok := d.background[step.AstNodeIds[0]]; ok {
		return l
	}
	return OfScenario
}

// TagLevel returns the level of a tag.
func (d *Document) TagLevel(tag *messages.PickleTag) Level { return d.tagLevels[tag.AstNodeId] }

// TagLine returns the line of a tag.
func (d *Document) TagLine(tag *messages.PickleTag) int { return d.tagLines[tag.AstNodeId] }

// A Description is the free text below a heading.
type Description struct {
	Text  string
	Under *messages.Location // of the heading
}

// A block is a part of a file that belongs to some scenarios: a scenario, a row or a table of
// examples, a rule.
type block struct {
	first, last int // lines, both included
	scenarios   []*Scenario
}

const (
	maxLine = 60_000  // bytes; the parser panics at lines that are longer than its buffer of 64 KiB
	maxFile = 8 << 20 // bytes
)

var byteOrderMark = []byte("\ufeff")

// An Error is one reason why a feature file cannot be read.
type Error struct {
	File         string
	Line, Column int // from 1; 0 if it is about the whole file
	Message      string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Message)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
}

// Read reads and parses a feature file. In addition to what Parse refuses, it refuses a file in
// which something would never run: a feature without a scenario, examples without a row.
func Read(fsys fs.FS, name string) (*Document, error) {
	content, err := limited.ReadStart(fsys, name, maxFile+1)
	if err != nil {
		return nil, err
	}
	d, err := Parse(name, content)
	if err != nil {
		return nil, err
	}
	d.FS = fsys
	if err := d.checkComplete(); err != nil {
		return nil, err
	}
	return d, nil
}

// Parse parses the text of a feature file. name is the path to show in messages. The error joins an
// *Error for each thing that Gherkin refuses.
func Parse(name string, content []byte) (*Document, error) {
	d := &Document{
		Name:       name,
		Content:    doubleReturns.ReplaceAll(bytes.TrimPrefix(content, byteOrderMark), []byte("\r\n")),
		steps:      make(map[string]*messages.Step),
		background: make(map[string]Level),
		tagLines:   make(map[string]int),
		tagLevels:  make(map[string]Level),
	}
	if err := d.checkText(); err != nil {
		return nil, err
	}
	newID := (&messages.Incrementing{}).NewId
	parsed, err := gherkin.ParseGherkinDocument(bytes.NewReader(d.Content), newID)
	if err != nil {
		return nil, d.parseError(err)
	}
	if parsed.Feature == nil {
		return nil, &Error{name, 1, 1, `this file is empty: expected "Feature: " and its name`}
	}
	d.Feature = parsed.Feature
	d.Pickles = gherkin.Pickles(*parsed, name, newID)
	d.index()
	return d, nil
}

// doubleReturns matches the end of a line with several returns: the parser drops only the last one.
var doubleReturns = regexp.MustCompile("\r\r+\n")

// checkText refuses content that is not text, or that the parser cannot read.
func (d *Document) checkText() error {
	if len(d.Content) > maxFile {
		return &Error{File: d.Name, Message: fmt.Sprintf("larger than %d MiB", maxFile>>20)}
	}
	for i, line := range bytes.Split(d.Content, []byte("\n")) {
		switch {
		case !utf8.Valid(line), bytes.IndexByte(line, 0) >= 0:
			return &Error{d.Name, i + 1, 1, "not a text in UTF-8: if it is text, save it as UTF-8"}
		case bytes.ContainsFunc(line, isControl): // a terminal would obey it
			return &Error{d.Name, i + 1, 1, "this line has a control character: a feature is plain text"}
		case len(line) > maxLine:
			return &Error{d.Name, i + 1, 1, fmt.Sprintf("this line is longer than %d bytes", maxLine)}
		}
	}
	return nil
}

func isControl(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\r' }

// checkComplete refuses a document in which something would never run.
func (d *Document) checkComplete() error {
	for _, s := range d.outlines() {
		for _, examples := range s.Examples {
			if len(examples.TableBody) == 0 {
				return &Error{
					d.Name, int(examples.Location.Line), int(examples.Location.Column),
					"these examples have no row, so the outline would not run for them",
				}
			}
		}
	}
	if len(d.Scenarios) == 0 {
		if err := d.strayHeading(); err != nil {
			return err
		}
		at := d.Feature.Location
		return &Error{d.Name, int(at.Line), int(at.Column), "this feature has no scenario"}
	}
	return nil
}

// strayHeading returns an error for the first line of a description that is a mistyped heading; nil
// if none exists.
func (d *Document) strayHeading() error {
	dialect := d.dialect()
	for _, in := range d.Descriptions {
		for i, line := range strings.Split(in.Text, "\n") {
			text := strings.TrimSpace(line)
			head, _, colon := strings.Cut(text, ":")
			if !colon {
				continue
			}
			var known []string
			for _, kind := range []string{"scenario", "scenarioOutline", "background", "rule"} {
				known = append(known, dialect.Keywords[kind]...)
			}
			if meant, found := nearest.Name(head, known); found {
				return &Error{
					d.Name, d.lineOf(text, int(in.Under.Line)+1+i), 1,
					fmt.Sprintf("%q begins nothing, so it is read as a description: did you mean %q?",
						head+":", meant+":"),
				}
			}
		}
	}
	return nil
}

// lineOf returns the first line from some line on with a text; that line itself if none exists.
func (d *Document) lineOf(text string, from int) int {
	for i, line := range strings.Split(string(d.Content), "\n") {
		if i+1 >= from && strings.TrimSpace(line) == text {
			return i + 1
		}
	}
	return from
}

// outlines returns the scenarios and outlines of the file, including those in rules.
func (d *Document) outlines() []*messages.Scenario {
	var all []*messages.Scenario
	for _, c := range d.Feature.Children {
		if c.Scenario != nil {
			all = append(all, c.Scenario)
		}
		if c.Rule != nil {
			for _, r := range c.Rule.Children {
				if r.Scenario != nil {
					all = append(all, r.Scenario)
				}
			}
		}
	}
	return all
}

// StrayStep returns an error for the first line of a description that is a step, which Gherkin
// would ignore; nil if none exists. Its keyword is mistyped, or no scenario precedes it. isStep
// reports whether a text is the sentence of a step.
func (d *Document) StrayStep(in Description, isStep func(sentence string) bool) *Error {
	for _, line := range strings.Split(in.Text, "\n") {
		word, sentence, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !isStep(sentence) {
			continue
		}
		at, column := int(in.Under.Line), 1
		for i, l := range strings.Split(string(d.Content), "\n") {
			if i >= at && strings.TrimSpace(l) == strings.TrimSpace(line) {
				at, column = i+1, 1+len(l)-len(strings.TrimLeft(l, " \t"))
				break
			}
		}
		dialect := d.dialect()
		message := fmt.Sprintf(
			"%q begins no step, so this line would be read as a description: expected %s",
			word, stepKeywords(dialect),
		)
		if slices.Contains(dialect.StepKeywords(), word+" ") {
			message = fmt.Sprintf(
				"this step belongs to no scenario: expected \"%s: \" and a name above it",
				keyword(dialect, "scenario"),
			)
		}
		return &Error{d.Name, at, column, message}
	}
	return nil
}
