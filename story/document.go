package story

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	gherkin "github.com/cucumber/gherkin/go/v42"
	messages "github.com/cucumber/messages/go/v34"
)

// document is one feature file.
type document struct {
	name    string
	files   fs.FS // where it was read from; nil where it was not
	content []byte
	feature *messages.Feature
	steps   map[string]*messages.Step // by id
	shared  map[string]bool           // the ids of those in a Background
	tags    map[string]int            // their lines, by id
	blocks  []block
	cases   []*scenarioCase
}

// scenarioCase is one that can run. Of a scenario outline each row of examples is one.
type scenarioCase struct {
	document *document
	pickle   *messages.Pickle
	line     int
	selected bool
	asked    bool   // its line was
	skipped  string // why it is not run though it is selected; empty when it is run
}

// block is a part of a file that belongs to some scenarios: a scenario, a row or a table of
// examples, a rule.
type block struct {
	first, last int // lines, both included
	of          []*scenarioCase
}

const (
	maxLine = 60_000  // bytes; the parser panics at lines that are longer than its buffer of 64 KiB
	maxFile = 8 << 20 // bytes
)

var byteOrderMark = []byte("\ufeff")

// An Error is one thing that keeps a feature file from being read.
type Error struct {
	File         string
	Line, Column int // from 1; 0 where there is none
	Message      string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Message)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
}

// readDocument reads and parses a feature file. The error names the file and, where there is one,
// the line.
func readDocument(fsys fs.FS, s *source) (*document, error) {
	content, err := fs.ReadFile(fsys, s.name)
	if err != nil {
		return nil, err
	}
	d, pickles, err := parseDocument(s.name, content)
	if err != nil {
		return nil, err
	}
	d.files = fsys
	if err := d.note(pickles); err != nil {
		return nil, err
	}
	if len(d.cases) == 0 {
		return nil, fmt.Errorf("%s:%d: this feature has no scenario", d.name, d.feature.Location.Line)
	}
	return d, nil
}

// parseDocument parses the text of a feature file. The error joins an *Error for each thing that
// the parser refuses.
func parseDocument(name string, content []byte) (*document, []*messages.Pickle, error) {
	d := &document{
		name:    name,
		content: bytes.TrimPrefix(content, byteOrderMark),
		steps:   make(map[string]*messages.Step),
		shared:  make(map[string]bool),
		tags:    make(map[string]int),
	}
	if err := d.checkText(); err != nil {
		return nil, nil, err
	}
	newID := (&messages.Incrementing{}).NewId
	parsed, err := gherkin.ParseGherkinDocument(bytes.NewReader(d.content), newID)
	if err != nil {
		return nil, nil, d.parseError(err)
	}
	if parsed.Feature == nil {
		return nil, nil, &Error{d.name, 1, 1, "nothing is in this file: expected \"Feature: \" and " +
			"its name"}
	}
	d.feature = parsed.Feature
	return d, gherkin.Pickles(*parsed, d.name, newID), nil
}

// checkText refuses what is no text that the parser can take.
func (d *document) checkText() error {
	if len(d.content) > maxFile {
		return &Error{File: d.name, Message: fmt.Sprintf("larger than %d MiB", maxFile>>20)}
	}
	for i, line := range bytes.Split(d.content, []byte("\n")) {
		switch {
		case !utf8.Valid(line), bytes.IndexByte(line, 0) >= 0:
			return &Error{d.name, i + 1, 1, "this is no text in UTF-8: if it is text, save it as UTF-8"}
		case bytes.ContainsFunc(line, isControl): // it would do to a terminal whatever it does
			return &Error{d.name, i + 1, 1, "a control character stands in this line: a feature is a " +
				"text file"}
		case len(line) > maxLine:
			return &Error{d.name, i + 1, 1, fmt.Sprintf("this line is longer than %d bytes", maxLine)}
		}
	}
	return nil
}

func isControl(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\r' }

var (
	parserMessage  = regexp.MustCompile(`(?m)^\(([0-9]+):([0-9]+)\): (.*)$`)
	parserExpected = regexp.MustCompile(
		`^(unexpected end of file, )?expected: (.*?)(?:, got '\s*(.*)')?$`,
	)
)

// parseError gives the parser's messages the form FILE:LINE, and its expectations our words.
func (d *document) parseError(err error) error {
	const most = 5
	dialect := d.dialect()
	var errs []error
	unbegun := false // the feature is still to begin
	for _, m := range parserMessage.FindAllStringSubmatch(err.Error(), most) {
		message := m[3]
		if e := parserExpected.FindStringSubmatch(message); e != nil {
			var words []string
			for _, token := range strings.Split(e[2], ", ") {
				if word := expected(token, dialect); word != "" {
					words = append(words, word)
				}
			}
			found := strconv.Quote(e[3])
			if e[1] != "" {
				found = "the end of the file"
			}
			message = fmt.Sprintf("expected %s, found %s", strings.Join(words, ", "), found)
			if unbegun = strings.Contains(e[2], "#FeatureLine"); e[1] == "" {
				message += d.hint(e[3], unbegun)
			}
		} else if language, unknown := strings.CutPrefix(message, "Language not supported: "); unknown {
			message = fmt.Sprintf("no language is named %q: expected a code such as en, de or "+
				"zh-CN", language)
		} else if message == "inconsistent cell count within the table" {
			message = "this row has not as many cells as the heading: each stands between two |"
		}
		line, _ := strconv.Atoi(m[1]) // of digits, and no file is that long
		column, _ := strconv.Atoi(m[2])
		errs = append(errs, &Error{d.name, line, max(column, 1), message})
		if unbegun {
			break // whatever follows is refused as well
		}
	}
	if errs == nil {
		return &Error{File: d.name, Message: err.Error()}
	}
	return errors.Join(errs...)
}

// note finds the scenarios of the file and the lines that belong to them.
func (d *document) note(pickles []*messages.Pickle) error {
	made := make(map[string][]*scenarioCase) // by the id of the scenario, and of the row
	for _, p := range pickles {
		c := &scenarioCase{document: d, pickle: p}
		d.cases = append(d.cases, c)
		for _, id := range p.AstNodeIds {
			made[id] = append(made[id], c)
		}
	}
	err := cmp.Or(
		d.noteTags(d.feature.Tags), d.checkDescription(d.feature.Description, d.feature.Location),
	)
	if err != nil {
		return err
	}
	var children []node
	for _, c := range d.feature.Children {
		n := node{background: c.Background, scenario: c.Scenario}
		if c.Rule != nil {
			n.start = startOf(c.Rule.Location, c.Rule.Tags)
			err := cmp.Or(d.noteTags(c.Rule.Tags), d.checkDescription(c.Rule.Description, c.Rule.Location))
			if err != nil {
				return err
			}
			for _, r := range c.Rule.Children {
				n.rule = append(n.rule, node{background: r.Background, scenario: r.Scenario})
			}
		}
		children = append(children, n)
	}
	_, err = d.noteNodes(children, bytes.Count(d.content, []byte("\n"))+1, made)
	return err
}

// node is a child of a feature or rule: one of the three is set.
type node struct {
	background *messages.Background
	scenario   *messages.Scenario
	rule       []node
	start      int // of a rule
}

func (n *node) first() int {
	switch {
	case n.background != nil:
		return int(n.background.Location.Line)
	case n.scenario != nil:
		return startOf(n.scenario.Location, n.scenario.Tags)
	}
	return n.start
}

// startOf is the line where something with tags begins.
func startOf(at *messages.Location, tags []*messages.Tag) int {
	first := at.Line
	for _, t := range tags {
		first = min(first, t.Location.Line)
	}
	return int(first)
}

// noteNodes notes the blocks of nodes that end at a line, and gives the scenarios in them.
func (d *document) noteNodes(
	nodes []node, last int, made map[string][]*scenarioCase,
) ([]*scenarioCase, error) {
	var all []*scenarioCase
	for i := range nodes {
		n := &nodes[i]
		end := last
		if i+1 < len(nodes) {
			end = nodes[i+1].first() - 1
		}
		var in []*scenarioCase
		var err error
		switch {
		case n.background != nil:
			d.noteBackground(n.background)
			err = d.checkDescription(n.background.Description, n.background.Location)
		case n.scenario != nil:
			in, err = d.noteScenario(n.scenario, end, made)
		default:
			in, err = d.noteNodes(n.rule, end, made)
		}
		if err != nil {
			return nil, err
		}
		if len(in) > 0 {
			d.blocks = append(d.blocks, block{n.first(), end, in})
		}
		all = append(all, in...)
	}
	return all, nil
}

func (d *document) noteScenario(
	sc *messages.Scenario, last int, made map[string][]*scenarioCase,
) ([]*scenarioCase, error) {
	d.noteSteps(sc.Steps)
	if err := cmp.Or(d.noteTags(sc.Tags), d.checkDescription(sc.Description, sc.Location)); err != nil {
		return nil, err
	}
	in := made[sc.Id]
	for _, c := range in {
		c.line = int(sc.Location.Line)
	}
	for i, examples := range sc.Examples {
		end := last
		if i+1 < len(sc.Examples) {
			end = startOf(sc.Examples[i+1].Location, sc.Examples[i+1].Tags) - 1
		}
		if len(examples.TableBody) == 0 {
			return nil, fmt.Errorf(
				"%s:%d: these examples have no row, so that nothing of them would run", d.name,
				examples.Location.Line,
			)
		}
		if err := d.noteTags(examples.Tags); err != nil {
			return nil, err
		}
		table := block{first: startOf(examples.Location, examples.Tags), last: end}
		for _, row := range examples.TableBody {
			line := int(row.Location.Line)
			made[row.Id][0].line = line
			d.blocks = append(d.blocks, block{line, line, made[row.Id]})
			table.of = append(table.of, made[row.Id]...)
		}
		d.blocks = append(d.blocks, table)
	}
	return in, nil
}

func (d *document) noteBackground(b *messages.Background) {
	if b == nil {
		return
	}
	d.noteSteps(b.Steps)
	for _, s := range b.Steps {
		d.shared[s.Id] = true
	}
}

func (d *document) noteSteps(steps []*messages.Step) {
	for _, s := range steps {
		d.steps[s.Id] = s
	}
}

func (d *document) noteTags(tags []*messages.Tag) error {
	for _, t := range tags {
		d.tags[t.Id] = int(t.Location.Line)
	}
	if err := d.checkTags(tags); err != nil {
		return err
	}
	return nil
}

// checkDescription refuses a description that holds a step whose keyword is mistyped: it would be
// passed over in silence.
func (d *document) checkDescription(description string, under *messages.Location) error {
	for _, line := range strings.Split(description, "\n") {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if len(find(plainly(rest))) == 0 {
			continue
		}
		at, column := int(under.Line), 1
		for i, l := range strings.Split(string(d.content), "\n") {
			if i >= at && strings.TrimSpace(l) == strings.TrimSpace(line) {
				at, column = i+1, 1+len(l)-len(strings.TrimLeft(l, " \t"))
				break
			}
		}
		in := d.dialect()
		message := fmt.Sprintf("%q begins no step, so that this line would only be read as a "+
			"description: expected %s", word,
			stepKeywords(in))
		if slices.Contains(in.StepKeywords(), word+" ") {
			message = fmt.Sprintf(
				"this step belongs to no scenario: expected \"%s: \" and a name above it",
				keyword(in, "scenario"),
			)
		}
		return &Error{d.name, at, column, message}
	}
	return nil
}

// choose selects the scenarios at some lines; all when there are none. A line within a scenario, a
// rule or a row of examples stands for all of that, and any other one for the whole file.
func (d *document) choose(lines []int) error {
	total := bytes.Count(d.content, []byte("\n")) + 1
	asked := len(lines) > 0
	if !asked {
		lines = []int{1}
	}
	for _, line := range lines {
		if line > total {
			return fmt.Errorf("%s:%d: there are only %d lines", d.name, line, total)
		}
		chosen, size := d.cases, math.MaxInt
		for _, b := range d.blocks {
			if b.first <= line && line <= b.last && b.last-b.first < size {
				chosen, size = b.of, b.last-b.first
			}
		}
		for _, c := range chosen {
			c.selected, c.asked = true, asked
		}
	}
	return nil
}

// tags lists the names of the scenario's tags, inherited ones too.
func (c *scenarioCase) tags() []string {
	var names []string
	for _, t := range c.pickle.Tags {
		names = append(names, t.Name)
	}
	return names
}
