package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
	"github.com/rivo/uniseg"
)

// Format formats a scenario file: two spaces for each level, one space between the elements in
// brackets, and the comments at the ends of neighbouring lines aligned. It keeps the order of the
// fields, the line breaks and the comments. It accepts any YAML with the parts that scenarios have,
// even with unknown fields. name is the path for messages. The error joins an *Error for each
// problem.
func Format(name string, data []byte) ([]byte, error) {
	p := &problems{file: name}
	root := readYAML(p, data, scenarioKind)
	if root == nil {
		return nil, p.err()
	}
	text := plainText(data)
	tokens := lexer.Tokenize(text)
	l := &layout{source: strings.Split(text, "\n"), remarks: remarks(tokens)}
	for _, t := range tokens {
		if t.Type == token.DocumentHeaderType {
			l.emit(0, t.Value, tokenPosition(t), t.Position.Line)
		}
	}
	for _, entry := range root.Values {
		l.entry(0, "", entry)
	}
	l.flush(len(l.source)+1, 1, 0)
	formatted := l.write()
	// Formatting must not change the meaning of a file.
	again := readYAML(&problems{}, formatted, scenarioKind)
	if at, cause := changed(root, again, tokens, formatted); cause != "" {
		p.add(at, "formatting would change the meaning of the file: %s", cause)
		return nil, p.err()
	}
	return formatted, nil
}

// changed returns the place in a file and the cause if its formatted text has another meaning:
// again, which is nil if the text cannot be read.
func changed(
	root, again *ast.MappingNode, tokens token.Tokens, formatted []byte,
) (at position, cause string) {
	if again == nil {
		p := new(problems)
		readYAML(p, formatted, scenarioKind)
		return position{}, fmt.Sprintf("it could not be read again (%v)", p.err())
	}
	for i, entry := range root.Values {
		if i >= len(again.Values) || !sameNode(entry.Key, again.Values[i].Key) ||
			!sameNode(entry.Value, again.Values[i].Value) {
			return nodePosition(entry.Key), fmt.Sprintf("field %s", quote(entry.Key.GetToken().Value))
		}
	}
	if n := len(root.Values); n < len(again.Values) {
		return position{}, fmt.Sprintf("field %s is new", quote(again.Values[n].Key.GetToken().Value))
	}
	before, after := remarks(tokens), remarkTexts(lexer.Tokenize(string(formatted)))
	for i, r := range before {
		if i >= len(after) || after[i] != r.text {
			return r.position, fmt.Sprintf("comment %s", quote(r.text))
		}
	}
	if len(after) > len(before) {
		return position{}, fmt.Sprintf("comment %s is new", quote(after[len(before)]))
	}
	return position{}, ""
}

// remark is a comment of the file.
type remark struct {
	position
	text  string
	alone bool // nothing else is on its line
}

func remarks(tokens token.Tokens) []remark {
	var all []remark
	line := 0 // on which the previous token ends
	for _, t := range tokens {
		at := tokenPosition(t)
		if t.Type == token.CommentType {
			all = append(all, remark{at, strings.TrimRight("#"+t.Value, " \t\r"), at.line != line})
		}
		line = at.line + strings.Count(strings.TrimSpace(t.Origin), "\n")
	}
	return all
}

func remarkTexts(tokens token.Tokens) []string {
	var all []string
	for _, r := range remarks(tokens) {
		all = append(all, r.text)
	}
	return all
}

// layout builds the formatted file line by line.
type layout struct {
	source  []string
	remarks []remark // not written yet
	lines   []layoutLine
	open    []level // the levels of the previous line
}

// level is a column in the source, and its indentation in the result.
type level struct{ column, indent int }

type layoutLine struct{ text, remark string }

// emit writes a line after the comments that precede it. at is where the line begins in the source,
// last is the line of the source on which it ends.
func (l *layout) emit(indent int, text string, at position, last int) {
	l.flush(at.line, at.column, indent)
	for len(l.open) > 0 && l.open[len(l.open)-1].column >= at.column {
		l.open = l.open[:len(l.open)-1]
	}
	l.open = append(l.open, level{at.column, indent})
	l.blank(at.line)
	line := layoutLine{text: strings.Repeat(" ", indent) + text}
	for len(l.remarks) > 0 && l.remarks[0].line <= last && !l.remarks[0].alone {
		line.remark = strings.TrimSpace(line.remark + " " + l.remarks[0].text)
		l.remarks = l.remarks[1:]
	}
	l.lines = append(l.lines, line)
}

// flush writes the comments before a line of the source, whose content begins at a column. A
// comment that is indented deeper than that column, and as deep as an open level, gets the
// indentation of that level. Any other comment gets the indentation of the line.
func (l *layout) flush(before, column, indent int) {
	for len(l.remarks) > 0 && l.remarks[0].line < before {
		r := l.remarks[0]
		l.remarks = l.remarks[1:]
		to := indent
		for _, o := range l.open {
			if column < o.column && o.column <= r.column {
				to = o.indent
			}
		}
		l.blank(r.line)
		l.lines = append(l.lines, layoutLine{text: strings.Repeat(" ", to) + r.text})
	}
}

// blank writes a blank line if one precedes a line of the source.
func (l *layout) blank(line int) {
	if line >= 2 && line-2 < len(l.source) && strings.TrimSpace(l.source[line-2]) == "" &&
		len(l.lines) > 0 {
		l.lines = append(l.lines, layoutLine{})
	}
}

const levelWidth = 2

// entry writes a field of a block. indent is the indentation of its name, lead is the text before
// the name, such as "- ".
func (l *layout) entry(indent int, lead string, e *ast.MappingValueNode) {
	at := nodePosition(e.Key)
	at.column -= len(lead)
	l.value(indent-len(lead), lead+scalarSource(e.Key)+":", at, indent+levelWidth, e.Value)
}

// items writes a list of a block. indent and lead are those of entry.
func (l *layout) items(indent int, lead string, s *ast.SequenceNode) {
	for i, element := range s.Values {
		at := tokenPosition(s.GetToken())
		if i < len(s.Entries) {
			at = tokenPosition(s.Entries[i].Start)
		}
		at.column -= len(lead)
		switch element := element.(type) {
		case *ast.MappingNode:
			if !element.IsFlowStyle && len(element.Values) > 0 {
				for j, e := range element.Values {
					if j == 0 {
						l.entry(indent+levelWidth, lead+"- ", e)
					} else {
						l.entry(indent+levelWidth, "", e)
					}
				}
				lead = ""
				continue
			}
		case *ast.SequenceNode:
			if !element.IsFlowStyle && len(element.Values) > 0 {
				l.items(indent+levelWidth, lead+"- ", element)
				lead = ""
				continue
			}
		}
		l.value(indent-len(lead), lead+"-", at, indent+levelWidth, element)
		lead = ""
	}
}

// value writes a value after the text that introduces it. inner is the indentation of the lines
// that follow.
func (l *layout) value(indent int, lead string, at position, inner int, n ast.Node) {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle {
			l.emit(indent, lead, at, at.line)
			for _, e := range n.Values {
				l.entry(inner, "", e)
			}
			return
		}
		if n.Start.Position.Line != n.End.Position.Line {
			l.brackets(indent, lead+" {", at, inner, n.Start, n.End, "}", parts(n))
			return
		}
	case *ast.SequenceNode:
		if !n.IsFlowStyle {
			l.emit(indent, lead, at, at.line)
			l.items(inner, "", n)
			return
		}
		if n.Start.Position.Line != n.End.Position.Line {
			l.brackets(indent, lead+" [", at, inner, n.Start, n.End, "]", parts(n))
			return
		}
	case *ast.LiteralNode:
		l.emit(indent, lead+" "+n.Start.Value, at, at.line)
		for _, line := range l.literalLines(n) {
			if line != "" {
				line = strings.Repeat(" ", inner) + line
			}
			l.lines = append(l.lines, layoutLine{text: line})
		}
		return
	}
	text := inline(n)
	l.emit(indent, strings.TrimRight(lead+" "+text, " "), at, endLine(n))
}

// part is an element in brackets.
type part struct {
	text       string
	first, end int // lines of the source
	column     int
}

func parts(n ast.Node) []part {
	var all []part
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, e := range n.Values {
			at := nodePosition(e.Key)
			text := scalarSource(e.Key) + ": " + inline(e.Value)
			all = append(all, part{text, at.line, endLine(e.Value), at.column})
		}
	case *ast.SequenceNode:
		for _, e := range n.Values {
			at := nodePosition(e)
			all = append(all, part{inline(e), at.line, endLine(e), at.column})
		}
	}
	return all
}

// brackets writes a value in brackets that spans several lines. Elements that share a line in the
// source share one in the result.
func (l *layout) brackets(
	indent int, lead string, at position, inner int, start, end *token.Token, closing string,
	parts []part,
) {
	l.emit(indent, lead, at, start.Position.Line-1)
	for i := 0; i < len(parts); {
		first := parts[i]
		text, last := first.text, first.end
		for i++; i < len(parts) && parts[i].first == last; i++ {
			text += ", " + parts[i].text
			last = parts[i].end
		}
		if i < len(parts) {
			text += ","
		}
		l.emit(inner, text, position{first.first, first.column}, last)
	}
	l.flush(end.Position.Line, 0, inner)
	l.emit(inner-levelWidth, closing, position{end.Position.Line, at.column}, end.Position.Line)
}

// inline writes a value on one line.
func inline(n ast.Node) string {
	var all []string
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, p := range parts(n) {
			all = append(all, p.text)
		}
		return "{" + strings.Join(all, ", ") + "}"
	case *ast.SequenceNode:
		for _, p := range parts(n) {
			all = append(all, p.text)
		}
		return "[" + strings.Join(all, ", ") + "]"
	}
	return scalarSource(n)
}

// scalarSource returns a single value as it is written, on one line.
func scalarSource(n ast.Node) string {
	t := n.GetToken()
	if !quoted(n) && !strings.Contains(t.Value, "\n") {
		return t.Value
	}
	if source := strings.TrimSpace(t.Origin); !strings.Contains(source, "\n") {
		return source
	}
	return strconv.Quote(t.Value)
}

// endLine returns the line of the source on which a value ends.
func endLine(n ast.Node) int {
	t := n.GetToken()
	switch n := n.(type) {
	case *ast.MappingNode:
		t = n.End
	case *ast.SequenceNode:
		t = n.End
	}
	if t == nil || t.Position == nil {
		return 0
	}
	return t.Position.Line + strings.Count(strings.TrimSpace(t.Origin), "\n")
}

// literalLines returns the lines of a text after | or >, without their indentation.
func (l *layout) literalLines(n *ast.LiteralNode) []string {
	var lines []string
	indent := 0
	for _, line := range l.source[min(n.Start.Position.Line, len(l.source)):] {
		text := strings.TrimLeft(line, " ")
		depth := len(line) - len(text)
		if strings.TrimSpace(text) == "" {
			lines = append(lines, "")
			continue
		}
		if indent == 0 {
			indent = depth
		}
		if depth < indent || indent == 0 {
			break
		}
		lines = append(lines, line[indent:])
	}
	if !strings.Contains(n.Start.Value, "+") {
		for len(lines) > 0 && lines[len(lines)-1] == "" {
			lines = lines[:len(lines)-1]
		}
	}
	return lines
}

// write returns the text, with the comments at the ends of neighbouring lines aligned.
func (l *layout) write() []byte {
	var b strings.Builder
	for i := 0; i < len(l.lines); i++ {
		line := l.lines[i]
		b.WriteString(line.text)
		if line.remark != "" {
			width := 0
			for first := i; first >= 0 && l.lines[first].remark != ""; first-- {
				width = max(width, uniseg.StringWidth(l.lines[first].text))
			}
			for last := i; last < len(l.lines) && l.lines[last].remark != ""; last++ {
				width = max(width, uniseg.StringWidth(l.lines[last].text))
			}
			b.WriteString(strings.Repeat(" ", 1+width-uniseg.StringWidth(line.text)) + line.remark)
		}
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

// sameNode reports whether two values are equal, whatever their layout.
func sameNode(a, b ast.Node) bool {
	switch a := a.(type) {
	case *ast.MappingNode:
		b, ok := b.(*ast.MappingNode)
		return ok && slices.EqualFunc(a.Values, b.Values, func(x, y *ast.MappingValueNode) bool {
			return sameNode(x.Key, y.Key) && sameNode(x.Value, y.Value)
		})
	case *ast.SequenceNode:
		b, ok := b.(*ast.SequenceNode)
		return ok && slices.EqualFunc(a.Values, b.Values, sameNode)
	case *ast.LiteralNode:
		b, ok := b.(*ast.LiteralNode)
		return ok && a.Value.Value == b.Value.Value
	}
	if a == nil || b == nil {
		return a == b
	}
	value := a.GetToken().Value
	lines := strings.Contains(value, "\n") // a plain text of several lines becomes a quoted one
	return a.Type() == b.Type() && value == b.GetToken().Value && (lines || quoted(a) == quoted(b))
}
