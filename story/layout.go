package story

import (
	"bytes"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	gherkin "github.com/cucumber/gherkin/go/v42"
	messages "github.com/cucumber/messages/go/v34"
	"github.com/rivo/uniseg"
)

// Format lays a feature file out: two spaces for each level, tables aligned, one blank line before
// each heading. The wording and the order of everything stay, and so do comments. name is the path
// to show in messages; errors are those of Parse.
func Format(name string, content []byte) ([]byte, error) {
	before, pickles, err := parseDocument(name, content)
	if err != nil {
		return nil, err
	}
	text := strings.ReplaceAll(string(before.content), "\r\n", "\n")
	l := &layout{source: strings.Split(text, "\n")}
	parser := gherkin.NewParser(l)
	if err := parser.Parse(gherkin.NewScanner(strings.NewReader(text)), gherkin.NewMatcher(gherkin.DialectsBuiltin())); err != nil {
		return nil, err
	}
	l.place()
	laid := l.write()
	// Whatever a layout does, it must not change what a file says.
	if after, again, err := parseDocument(name, laid); err != nil ||
		!sameScenarios(pickles, again) ||
		squeeze(before.content) != squeeze(after.content) {
		return nil, &Error{File: name, Message: "it cannot be laid out without changing what it says"}
	}
	return laid, nil
}

// sameScenarios reports whether two lists of scenarios say the same, wherever they stand in their
// files. It forgets where they stand.
func sameScenarios(a, b []*messages.Pickle) bool {
	for _, p := range slices.Concat(a, b) {
		p.Location = nil
	}
	return reflect.DeepEqual(a, b)
}

// levelWidth is how many spaces a level is set in.
const levelWidth = 2

// layout holds the lines of a feature file that are not blank. The parser hands it their tokens one
// by one.
type layout struct {
	source []string
	lines  []*layoutLine
	blank  bool   // the line before is blank
	quotes string // those of the text that the line is in
}

type layoutLine struct {
	kind   gherkin.TokenType
	text   string
	cells  []string // of a row; text is what stands after the last of them
	inside bool     // it belongs to a text in quotes, the closing ones too
	blank  bool     // a blank line is before it
	indent int
}

// Build implements gherkin.Builder.
func (l *layout) Build(t *gherkin.Token) (bool, error) {
	line := &layoutLine{kind: t.Type, inside: l.quotes != ""}
	source := ""
	if t.Type != gherkin.TokenTypeEOF {
		source = strings.TrimSpace(l.source[t.Location.Line-1])
	}
	switch t.Type {
	case gherkin.TokenTypeEOF:
		return true, nil
	case gherkin.TokenTypeEmpty:
		l.blank = true
		return true, nil
	case gherkin.TokenTypeLanguage:
		line.text = "# language: " + t.Text
	case gherkin.TokenTypeComment:
		line.text = source
	case gherkin.TokenTypeTagLine:
		line.text = tidyTags(source)
	case gherkin.TokenTypeTableRow:
		line.cells, line.text = splitRow(source)
	case gherkin.TokenTypeStepLine:
		line.text = t.Keyword + t.Text
	case gherkin.TokenTypeDocStringSeparator:
		line.text = t.Keyword + t.Text
		if line.inside {
			l.quotes = ""
		} else {
			l.quotes = t.Keyword
		}
	case gherkin.TokenTypeOther:
		line.text = t.Text
		if line.inside {
			line.text = strings.ReplaceAll(
				t.Text,
				l.quotes,
				`\`+strings.Join(strings.Split(l.quotes, ""), `\`),
			)
		} else if source == "" {
			l.blank = true
			return true, nil
		}
	default: // a heading
		line.text = strings.TrimSpace(t.Keyword + ": " + t.Text)
	}
	line.blank, l.blank = l.blank, false
	l.lines = append(l.lines, line)
	return true, nil
}

// StartRule implements gherkin.Builder.
func (l *layout) StartRule(gherkin.RuleType) (bool, error) { return true, nil }

// EndRule implements gherkin.Builder.
func (l *layout) EndRule(gherkin.RuleType) (bool, error) { return true, nil }

// Reset implements gherkin.Builder.
func (l *layout) Reset() {}

var tagRemark = regexp.MustCompile(`\s#.*$`)

// tidyTags puts one space between the tags of a line, and before a remark after them.
func tidyTags(line string) string {
	remark := tagRemark.FindString(line)
	tags := strings.ReplaceAll(strings.TrimSuffix(line, remark), "@", " @")
	return strings.TrimSpace(strings.Join(strings.Fields(tags), " ") + " " + strings.TrimSpace(remark))
}

// splitRow gives the cells of a row as they are written, and what stands after the last of them.
func splitRow(line string) (cells []string, rest string) {
	start := 1
	for i := 1; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '|':
			cells = append(cells, strings.TrimSpace(line[start:i]))
			start = i + 1
		}
	}
	return cells, strings.TrimSpace(line[start:])
}

func (l *layoutLine) heading() bool {
	switch l.kind {
	case gherkin.TokenTypeFeatureLine,
		gherkin.TokenTypeRuleLine,
		gherkin.TokenTypeBackgroundLine,
		gherkin.TokenTypeScenarioLine,
		gherkin.TokenTypeExamplesLine:
		return true
	}
	return false
}

// place gives each line its indentation and its blank line.
func (l *layout) place() {
	level, inRule := 0, 0 // level is that of the latest heading
	description := 0      // the least indentation of the present description
	for i, line := range l.lines {
		switch line.kind {
		case gherkin.TokenTypeRuleLine:
			level, inRule = levelWidth, levelWidth
			line.indent = level
		case gherkin.TokenTypeBackgroundLine, gherkin.TokenTypeScenarioLine:
			level = levelWidth + inRule
			line.indent = level
		case gherkin.TokenTypeExamplesLine:
			level = 2*levelWidth + inRule
			line.indent = level
		case gherkin.TokenTypeStepLine:
			line.indent = level + levelWidth
		case gherkin.TokenTypeTableRow, gherkin.TokenTypeDocStringSeparator:
			line.indent = 3*levelWidth + inRule
		case gherkin.TokenTypeOther:
			if line.inside {
				line.indent = 3*levelWidth + inRule
				break
			}
			if i == 0 || l.lines[i-1].kind != gherkin.TokenTypeOther {
				description = l.leastIndentation(i)
			}
			line.text = strings.TrimRight(line.text[min(description, len(line.text)):], " \t")
			line.indent = level + levelWidth
		}
	}
	l.placeLeading()
	for i, line := range l.lines {
		line.blank = l.blankBefore(i)
	}
}

// leastIndentation gives that of the lines of a description that begins at a line.
func (l *layout) leastIndentation(first int) int {
	least := len(l.lines[first].text)
	for _, line := range l.lines[first:] {
		if line.kind != gherkin.TokenTypeOther {
			break
		}
		least = min(least, len(line.text)-len(strings.TrimLeft(line.text, " \t")))
	}
	return least
}

// placeLeading places tags and comments, from the last to the first. Tags go with the heading after
// them. A comment goes with the line after it, unless a blank line is between them and none before
// the comment: then with the line before.
func (l *layout) placeLeading() {
	last := 0 // where another scenario would begin
	for _, line := range l.lines {
		if line.heading() && line.kind != gherkin.TokenTypeExamplesLine {
			last = line.indent
		}
	}
	for i := len(l.lines) - 1; i >= 0; i-- {
		line := l.lines[i]
		if line.kind != gherkin.TokenTypeTagLine && line.kind != gherkin.TokenTypeComment {
			continue
		}
		before := l.beforeComments(i)
		switch {
		case l.apart(i) && before != nil && before.kind != gherkin.TokenTypeTagLine:
			line.indent = before.indent
			if before.heading() {
				line.indent += levelWidth
			}
		case i+1 == len(l.lines):
			line.indent = last
		default:
			line.indent = l.lines[i+1].indent
		}
	}
}

// apart tells whether a line is a comment with a blank line, or nothing, after it.
func (l *layout) apart(i int) bool {
	if l.lines[i].kind != gherkin.TokenTypeComment {
		return false
	}
	return i+1 == len(l.lines) || l.lines[i+1].blank && !l.lines[i+1].argument()
}

// beforeComments gives the line before the comments that end at a line; nil when there is none, or
// a blank one between.
func (l *layout) beforeComments(i int) *layoutLine {
	for ; i > 0 && !l.lines[i].blank; i-- {
		if before := l.lines[i-1]; before.kind != gherkin.TokenTypeComment {
			return before
		}
	}
	return nil
}

// leads tells whether a line is a heading, or a tag or a comment that belongs to the heading after
// it.
func (l *layout) leads(i int) bool {
	for ; i < len(l.lines); i++ {
		switch l.lines[i].kind {
		case gherkin.TokenTypeTagLine:
			return true
		case gherkin.TokenTypeComment:
			if before := l.beforeComments(i); before != nil && before.kind == gherkin.TokenTypeTagLine {
				return true
			}
			if l.apart(i) {
				return false
			}
		default:
			return l.lines[i].heading()
		}
	}
	return false
}

// blankBefore tells whether a blank line is to be before a line.
func (l *layout) blankBefore(i int) bool {
	line := l.lines[i]
	if i == 0 || line.inside {
		return false
	}
	before := l.lines[i-1]
	switch {
	case l.leads(i) && before.kind != gherkin.TokenTypeLanguage:
		return before.heading() || !l.leads(i-1) // before the first line that belongs to a heading
	case before.kind == gherkin.TokenTypeFeatureLine, before.kind == gherkin.TokenTypeRuleLine:
		return true
	case before.heading(), line.argument():
		return false
	}
	return line.blank
}

// argument tells whether a line is what follows a sentence, or a row of examples.
func (l *layoutLine) argument() bool {
	return l.kind == gherkin.TokenTypeTableRow || l.kind == gherkin.TokenTypeDocStringSeparator
}

func (l *layout) write() []byte {
	var b bytes.Buffer
	var widths []int // of the present table
	for i, line := range l.lines {
		if line.blank {
			b.WriteByte('\n')
		}
		text := line.text
		if line.kind == gherkin.TokenTypeTableRow {
			if widths == nil {
				widths = l.widths(i)
			}
			text = layRow(line.cells, widths, line.text)
		} else if line.kind != gherkin.TokenTypeComment {
			widths = nil
		}
		if text != "" {
			fmt.Fprintf(&b, "%*s%s", line.indent, "", text)
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// widths gives the widths of the columns of the table that begins at a line, as they look on a
// screen.
func (l *layout) widths(first int) []int {
	var widths []int
	for _, line := range l.lines[first:] {
		if line.kind == gherkin.TokenTypeComment {
			continue
		}
		if line.kind != gherkin.TokenTypeTableRow {
			break
		}
		for i, c := range line.cells {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], uniseg.StringWidth(c))
		}
	}
	return widths
}

func layRow(cells []string, widths []int, rest string) string {
	var b strings.Builder
	b.WriteByte('|')
	for i, c := range cells {
		fmt.Fprintf(&b, " %s%*s |", c, widths[i]-uniseg.StringWidth(c), "")
	}
	if rest != "" {
		b.WriteString(" " + rest)
	}
	return b.String()
}

// squeeze leaves out all white space.
func squeeze(text []byte) string { return strings.Join(strings.Fields(string(text)), "") }
