package gherkin

import (
	"bytes"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"unicode"

	gherkin "github.com/cucumber/gherkin/go/v42"
	messages "github.com/cucumber/messages/go/v34"
	"github.com/rivo/uniseg"
)

// Format lays out a feature file: two spaces for each level, tables aligned, one blank line before
// each heading. Words, order and comments stay. name is the path to show in messages. It refuses
// what Parse refuses.
func Format(name string, content []byte) ([]byte, error) {
	before, err := Parse(name, content)
	if err != nil {
		return nil, err
	}
	text := strings.ReplaceAll(string(before.Content), "\r\n", "\n")
	l := &layout{source: strings.Split(text, "\n")}
	parser := gherkin.NewParser(l)
	matcher := gherkin.NewMatcher(gherkin.DialectsBuiltin())
	if err := parser.Parse(gherkin.NewScanner(strings.NewReader(text)), matcher); err != nil {
		return nil, err
	}
	l.indent()
	formatted := l.bytes()
	after, err := Parse(name, formatted)
	if err != nil {
		return nil, &Error{
			File: name, Message: fmt.Sprintf("the formatted text could not be read again (%v)", err),
		}
	}
	if !sameText(before, after) {
		line, cause := changed(before, after)
		return nil, &Error{
			File: name, Line: line,
			Message: "formatting would change what this file says: " + cause,
		}
	}
	return formatted, nil
}

// sameText reports whether two documents differ only in white space and in the places of lines.
func sameText(a, b *Document) bool {
	withoutLocations := func(d *Document) []messages.Pickle {
		var all []messages.Pickle
		for _, p := range d.Pickles {
			pickle := *p
			pickle.Location = nil
			pickle.Name = strings.TrimSpace(pickle.Name)
			pickle.Steps = nil
			for _, s := range p.Steps {
				step := *s
				step.Text = strings.TrimSpace(step.Text)
				pickle.Steps = append(pickle.Steps, &step)
			}
			all = append(all, pickle)
		}
		return all
	}
	return reflect.DeepEqual(withoutLocations(a), withoutLocations(b)) &&
		squeeze(a.Content) == squeeze(b.Content)
}

// changed returns the line in a document and the cause why its formatted text is not the same.
func changed(before, after *Document) (line int, cause string) {
	formatted := squeeze(after.Content)
	line = 1
	for text := range strings.Lines(string(before.Content)) {
		rest, same := strings.CutPrefix(formatted, squeeze([]byte(text)))
		if !same {
			return line, fmt.Sprintf("the text %q", strings.TrimSpace(text))
		}
		formatted = rest
		line++
	}
	for i, s := range before.Pickles {
		var one, other Document
		one.Pickles = before.Pickles[i : i+1]
		if i < len(after.Pickles) {
			other.Pickles = after.Pickles[i : i+1]
		}
		if !sameText(&one, &other) {
			return before.Scenarios[i].Line, fmt.Sprintf("scenario %q", s.Name)
		}
	}
	return 0, "the order of its scenarios"
}

// levelWidth is the number of spaces of a level.
const levelWidth = 2

// A layout has the lines of a feature file that are not blank. It implements gherkin.Builder: the
// parser calls it with one token after the other.
type layout struct {
	source []string
	lines  []*layoutLine
	blank  bool   // the previous line is blank
	quotes string // the delimiter of the doc string that the next line is in; empty outside
}

type layoutLine struct {
	kind   gherkin.TokenType
	text   string
	cells  []string // of a row; text is then the text after the last of them
	inside bool     // it is in a doc string, or closes one
	blank  bool     // a blank line precedes it
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
		line.text = t.Keyword + strings.TrimRightFunc(t.Text, unicode.IsSpace)
	case gherkin.TokenTypeDocStringSeparator:
		if line.inside {
			line.text = source // the parser ignores what follows the closing quotes
			l.quotes = ""
		} else {
			line.text = t.Keyword + t.Text
			l.quotes = t.Keyword
		}
	case gherkin.TokenTypeOther:
		line.text = t.Text
		if line.inside {
			// The parser has resolved the escaped quotes in t.Text, and removed the indentation.
			written := strings.TrimLeft(l.source[t.Location.Line-1], " ")
			line.text = t.Text[:len(t.Text)-len(strings.TrimLeft(t.Text, " "))] + written
		} else if source == "" {
			l.blank = true
			return true, nil
		} else {
			line.text = strings.TrimRightFunc(t.Text, unicode.IsSpace)
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

// tidyTags returns a line of tags with one space between them, and one before a remark that follows
// them.
func tidyTags(line string) string {
	remark := tagRemark.FindString(line)
	tags := strings.ReplaceAll(strings.TrimSuffix(line, remark), "@", " @")
	return strings.TrimSpace(strings.Join(strings.Fields(tags), " ") + " " + strings.TrimSpace(remark))
}

// splitRow returns the cells of a row as they are written, and the text after the last of them.
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

// indent sets the indentation of each line, and whether a blank line precedes it.
func (l *layout) indent() {
	level, inRule := 0, 0 // level is that of the latest heading
	description := 0      // the least indentation of the current description
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
	l.indentLeading()
	for i, line := range l.lines {
		line.blank = l.blankBefore(i)
	}
}

// leastIndentation returns the least indentation of the description that begins at a line.
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

// indentLeading indents tags and comments, from the last to the first. Tags belong to the heading
// after them. A comment belongs to the line after it, or to the line before it if a blank line
// follows the comment and none precedes it.
func (l *layout) indentLeading() {
	last := 0 // the indentation of the last heading, and of one more after it
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

// apart reports whether a line is a comment before a blank line or the end of the file. A blank
// line before a table or a doc string does not count: the layout has none there.
func (l *layout) apart(i int) bool {
	if l.lines[i].kind != gherkin.TokenTypeComment {
		return false
	}
	return i+1 == len(l.lines) || l.lines[i+1].blank && !l.lines[i+1].argument()
}

// beforeComments returns the line before the comments that end at a line; nil if a blank line or
// the start of the file precedes them.
func (l *layout) beforeComments(i int) *layoutLine {
	for ; i > 0 && !l.lines[i].blank; i-- {
		if before := l.lines[i-1]; before.kind != gherkin.TokenTypeComment {
			return before
		}
	}
	return nil
}

// leads reports whether a line is a heading, or a tag or comment that belongs to the next heading.
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

// blankBefore reports whether a blank line must precede a line.
func (l *layout) blankBefore(i int) bool {
	line := l.lines[i]
	if i == 0 || line.inside {
		return false
	}
	before := l.lines[i-1]
	switch {
	case l.leads(i) && before.kind != gherkin.TokenTypeLanguage:
		return before.heading() || !l.leads(i-1) // only the first line that belongs to a heading
	case before.kind == gherkin.TokenTypeFeatureLine, before.kind == gherkin.TokenTypeRuleLine:
		return true
	case before.heading(), line.argument():
		return false
	}
	return line.blank
}

// argument reports whether a line is a row of a table, or opens or closes a doc string.
func (l *layoutLine) argument() bool {
	return l.kind == gherkin.TokenTypeTableRow || l.kind == gherkin.TokenTypeDocStringSeparator
}

// bytes returns the text of the layout.
func (l *layout) bytes() []byte {
	var b bytes.Buffer
	var widths []int // of the current table
	for i, line := range l.lines {
		if line.blank {
			b.WriteByte('\n')
		}
		text := line.text
		if line.kind == gherkin.TokenTypeTableRow {
			if widths == nil {
				widths = l.widths(i)
			}
			text = formatRow(line.cells, widths, line.text)
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

// widths returns the widths of the columns of the table that begins at a line, as a terminal shows
// them.
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

func formatRow(cells []string, widths []int, rest string) string {
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

// squeeze returns a text without its white space.
func squeeze(text []byte) string { return strings.Join(strings.Fields(string(text)), "") }
