package scenario

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	// maxDepth is how deep collections may nest. The format itself needs seven levels.
	maxDepth = 20
	// maxKeys is how many keys a mapping may have: the work of the parser grows with their square.
	maxKeys = 200
)

const byteOrderMark = "\ufeff"

// lineBreaks replaces each line break of YAML (1.2.2, section 5.4) by a line feed.
var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// plainText returns the text of a file without a byte order mark, with line feeds as line breaks.
func plainText(data []byte) string {
	return lineBreaks.Replace(strings.TrimPrefix(string(data), byteOrderMark))
}

// fileKind describes a kind of file: its name in messages, and the field that it needs.
type fileKind struct{ name, needs string }

var (
	scenarioKind = fileKind{"a scenario", "channels"}
	faultsKind   = fileKind{"a file of faults", "faults"}
	includedKind = fileKind{"an included file", "behaviour or traffic"}
	phrasesKind  = fileKind{"a file of phrases", "phrases"}
)

// readYAML parses a text into a mapping. It returns nil if the text has a problem. It rejects
// anchors, aliases, tags, merge keys and further documents before the parser runs. Scenarios do not
// need them, and a small file could use them to cause a lot of work.
func readYAML(p *problems, data []byte, kind fileKind) *ast.MappingNode {
	if !checkText(p, bytes.TrimPrefix(data, []byte(byteOrderMark))) {
		return nil
	}
	tokens, ok := tokenize(p, plainText(data))
	if !ok {
		return nil
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		var located yaml.Error
		if errors.As(err, &located) {
			p.add(tokenPosition(located.GetToken()), "%s", located.GetMessage())
		} else {
			p.add(position{}, "%v", err)
		}
		return nil
	}
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil {
			body = doc.Body
			break
		}
	}
	if body == nil {
		p.add(position{}, "the file is empty: %s needs at least %s", kind.name, kind.needs)
		return nil
	}
	root, ok := body.(*ast.MappingNode)
	if !ok {
		p.add(
			nodePosition(body), "%s is a mapping of fields such as %s, found %s", kind.name, kind.needs,
			kindOf(body),
		)
		return nil
	}
	return root
}

// checkText rejects a file that is too large or not text.
func checkText(p *problems, data []byte) bool {
	if len(data) > MaxSize {
		p.add(position{}, "the file is larger than %d bytes", MaxSize)
		return false
	}
	for offset := 0; offset < len(data); {
		r, size := utf8.DecodeRune(data[offset:])
		switch {
		case r == utf8.RuneError && size == 1:
			p.add(positionOf(data, offset), "byte 0x%02x is not UTF-8: a scenario is a text file in "+
				"UTF-8", data[offset])
			return false
		case r < ' ' && r != '\t' && r != '\n' && r != '\r', r == 0x7f:
			p.add(positionOf(data, offset), "control character 0x%02x: a scenario is a text file", r)
			return false
		}
		offset += size
	}
	return true
}

// firstPart is the length in bytes of the first part of a text whose tokens are checked alone.
const firstPart = 64 << 10

// tokenize returns the tokens of a text. It checks longer and longer parts of a long text first,
// because the tokens of a long nest of brackets take a lot of time and memory.
func tokenize(p *problems, text string) (tokens token.Tokens, ok bool) {
	for length := firstPart; length < len(text); length *= 8 {
		c := tokenChecker{problems: p}
		tokens = lexer.Tokenize(strings.ToValidUTF8(text[:length], ""))
		// The end of the part may have cut the last tokens, or a text in quotes.
		for c.next+2 < len(tokens) && tokens[c.next].Type != token.InvalidType {
			if !c.check(tokens) {
				return nil, false
			}
		}
	}
	c := tokenChecker{problems: p}
	tokens = lexer.Tokenize(text)
	for c.next < len(tokens) {
		if !c.check(tokens) {
			return nil, false
		}
	}
	return tokens, true
}

// tokenChecker rejects the parts of YAML that scenarios do not have, nesting that is too deep, and
// mappings with too many fields.
type tokenChecker struct {
	*problems
	next  int // the index of the next token to check
	flow  int // the open brackets
	block []collection
}

// check checks the next token. It reports false if it rejects the token.
func (c *tokenChecker) check(tokens token.Tokens) bool {
	i, t := c.next, tokens[c.next]
	c.next++
	at := tokenPosition(t)
	switch t.Type {
	case token.AnchorType, token.AliasType, token.MergeKeyType:
		c.add(at, "scenarios have no anchors, aliases or merge keys: write the value out")
		return false
	case token.TagType:
		c.add(at, "scenarios have no tags such as %s: remove it", t.Value)
		return false
	case token.MappingKeyType:
		c.add(at, "scenarios have no \"? \": write the field and a colon")
		return false
	case token.DirectiveType:
		c.add(at, "scenarios have no directives: remove the line")
		return false
	case token.DocumentEndType:
		c.add(at, "scenarios have no \"...\": a file holds one scenario")
		return false
	case token.DocumentHeaderType:
		if !firstDocument(tokens[:i]) {
			c.add(at, "a second document begins here: a file holds one scenario")
			return false
		}
	case token.SequenceStartType, token.MappingStartType:
		c.flow++
	case token.SequenceEndType, token.MappingEndType:
		c.flow--
	case token.SequenceEntryType:
		if c.flow <= 0 {
			c.block = enter(c.block, at.column, false)
		}
	default:
		if c.flow <= 0 && i+1 < len(tokens) && tokens[i+1].Type == token.MappingValueType {
			c.block = enter(c.block, at.column, true)
			if c.block[len(c.block)-1].keys > maxKeys {
				c.add(at, "a mapping has more than %d fields", maxKeys)
				return false
			}
		}
	}
	if c.flow > maxDepth || len(c.block) > maxDepth {
		c.add(at, "nested more than %d levels deep", maxDepth)
		return false
	}
	return true
}

// collection is a block mapping or sequence that is open at some point of a text.
type collection struct {
	column  int
	mapping bool
	keys    int
}

// enter returns the collections that are open after one more key or sequence entry at a column.
func enter(open []collection, column int, mapping bool) []collection {
	for len(open) > 0 {
		top := &open[len(open)-1]
		if top.column == column && top.mapping == mapping {
			top.keys++
			return open
		}
		// A sequence may begin at the column of its key.
		if top.column < column || top.column == column && !mapping {
			break
		}
		open = open[:len(open)-1]
	}
	return append(open, collection{column: column, mapping: mapping, keys: 1})
}

// firstDocument reports whether only comments precede the header of a document.
func firstDocument(before token.Tokens) bool {
	for _, t := range before {
		if t.Type != token.CommentType {
			return false
		}
	}
	return true
}

func tokenPosition(t *token.Token) position {
	if t == nil || t.Position == nil {
		return position{}
	}
	return position{line: t.Position.Line, column: t.Position.Column}
}

// nodePosition returns where a value begins.
func nodePosition(n ast.Node) position {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return nodePosition(m.Values[0].Key) // its own token is the first colon
	}
	return tokenPosition(n.GetToken())
}

// kindOf describes a value for messages.
func kindOf(n ast.Node) string {
	switch n := n.(type) {
	case *ast.MappingNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "nothing"
	case *ast.StringNode:
		return "the text " + quote(n.Value)
	case *ast.LiteralNode:
		return "text"
	case *ast.BoolNode:
		return "the boolean " + n.Token.Value
	case ast.ScalarNode:
		return "the number " + n.GetToken().Value
	}
	return "this"
}
