package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// kind is a class of mistakes that mutants imitate.
type kind int

const (
	boundary kind = iota // < becomes <=
	negation             // == becomes !=, a condition becomes its opposite
	dropped              // a statement is missing
	swapped              // two neighbouring arguments of a call are exchanged
	offByOne             // a number or the bound of a slice is 1 higher or lower
	kinds
)

func (k kind) String() string {
	return [kinds]string{"boundary", "negation", "dropped", "swapped", "off by one"}[k]
}

// mutant is one change of a file: text instead of the bytes from start to end.
type mutant struct {
	pkg    string // import path
	file   string
	line   int
	kind   kind
	start  int
	end    int
	text   string
	change string // for people: what becomes what
}

// apply returns the mutated source of a file.
func (m mutant) apply(source []byte) []byte {
	return slices.Concat(source[:m.start], []byte(m.text), source[m.end:])
}

// mutate returns every mutant of a Go file, in the order of the source.
func mutate(file string, source []byte) ([]mutant, error) {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, file, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	f := finder{file: file, source: source, tokens: fset.File(parsed.Pos())}
	ast.Inspect(parsed, f.visit)
	slices.SortStableFunc(f.found, func(a, b mutant) int { return a.start - b.start })
	return f.found, nil
}

// finder collects the mutants of a file.
type finder struct {
	file   string
	source []byte
	tokens *token.File
	found  []mutant
}

func (f *finder) offset(pos token.Pos) int { return f.tokens.Offset(pos) }

func (f *finder) code(n ast.Node) string {
	return string(f.source[f.offset(n.Pos()):f.offset(n.End())])
}

// replace adds a mutant of the expression or statement shown that has text from pos to end.
func (f *finder) replace(k kind, shown ast.Node, pos, end token.Pos, text string) {
	m := mutant{file: f.file, line: f.tokens.Line(pos), kind: k, start: f.offset(pos),
		end: f.offset(end), text: text}
	first, last := f.offset(shown.Pos()), f.offset(shown.End())
	was := string(f.source[first:last])
	becomes := string(f.source[first:m.start]) + text + string(f.source[m.end:last])
	m.change = brief(was) + " becomes " + brief(becomes)
	if k == dropped {
		m.change = brief(was) + " is missing"
	}
	f.found = append(f.found, m)
}

// briefLength is how many characters of a line of source are shown.
const briefLength = 80

// brief returns source on one line, shortened.
func brief(source string) string {
	line := []rune(strings.Join(strings.Fields(source), " "))
	if len(line) > briefLength {
		return string(line[:briefLength]) + "…"
	}
	return string(line)
}

func (f *finder) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GenDecl:
		return n.Tok != token.IMPORT
	case *ast.BinaryExpr:
		f.binary(n)
	case *ast.UnaryExpr:
		if n.Op == token.NOT {
			f.replace(negation, n, n.Pos(), n.X.Pos(), "")
		}
	case *ast.IfStmt:
		f.condition(n.Cond)
	case *ast.ForStmt:
		if n.Cond != nil {
			f.condition(n.Cond)
		}
	case *ast.Ident:
		if n.Name == "true" || n.Name == "false" {
			f.replace(negation, n, n.Pos(), n.End(), strconv.FormatBool(n.Name == "false"))
		}
	case *ast.BlockStmt:
		f.statements(n.List)
	case *ast.CaseClause:
		f.statements(n.Body)
	case *ast.CommClause:
		f.statements(n.Body)
	case *ast.CallExpr:
		f.call(n)
	case *ast.SliceExpr:
		f.bound(n, n.Low)
		f.bound(n, n.High)
	case *ast.BasicLit:
		f.number(n)
	}
	return true
}

// operators maps comparisons to their mutants.
var operators = map[token.Token]struct {
	kind kind
	to   token.Token
}{
	token.LSS: {boundary, token.LEQ},
	token.LEQ: {boundary, token.LSS},
	token.GTR: {boundary, token.GEQ},
	token.GEQ: {boundary, token.GTR},
	token.EQL: {negation, token.NEQ},
	token.NEQ: {negation, token.EQL},
}

func (f *finder) binary(n *ast.BinaryExpr) {
	if m, ok := operators[n.Op]; ok {
		end := n.OpPos + token.Pos(len(n.Op.String()))
		f.replace(m.kind, n, n.OpPos, end, m.to.String())
	}
}

// condition negates a condition that binary and visit do not.
func (f *finder) condition(x ast.Expr) {
	switch n := x.(type) {
	case *ast.BinaryExpr:
		if n.Op == token.LAND || n.Op == token.LOR {
			f.replace(negation, x, x.Pos(), x.End(), "!("+f.code(x)+")")
		}
	case *ast.UnaryExpr: // a negation already
	default:
		f.replace(negation, x, x.Pos(), x.End(), "!"+f.code(x))
	}
}

// statements drops each statement of a list, except those without which nothing compiles, and
// panics, which no run should reach.
func (f *finder) statements(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.DeclStmt, *ast.LabeledStmt, *ast.BlockStmt, *ast.EmptyStmt:
			continue
		case *ast.CaseClause: // an empty one often shows only that every value was thought of
			if len(s.Body) == 0 {
				continue
			}
		case *ast.AssignStmt:
			if s.Tok == token.DEFINE {
				continue
			}
		case *ast.ExprStmt:
			if call, ok := s.X.(*ast.CallExpr); ok && f.calls(call, "panic") {
				continue
			}
		}
		f.replace(dropped, s, s.Pos(), s.End(), "")
	}
}

func (f *finder) calls(n *ast.CallExpr, name string) bool {
	id, ok := n.Fun.(*ast.Ident)
	return ok && id.Name == name
}

// symmetric lists functions whose answer does not depend on the order of their arguments.
var symmetric = []string{
	"min", "max", "slices.Equal", "maps.Equal", "bytes.Equal", "strings.EqualFold",
}

// call swaps neighbouring arguments, except those of a symmetric function.
func (f *finder) call(n *ast.CallExpr) {
	if slices.Contains(symmetric, f.code(n.Fun)) {
		return
	}
	for i := range len(n.Args) - 1 {
		a, b := n.Args[i], n.Args[i+1]
		if f.code(a) == f.code(b) || i+2 == len(n.Args) && n.Ellipsis.IsValid() {
			continue
		}
		between := string(f.source[f.offset(a.End()):f.offset(b.Pos())])
		f.replace(swapped, n, a.Pos(), b.End(), f.code(b)+between+f.code(a))
	}
}

// bound moves a bound of a slice by one. Literals are up to number.
func (f *finder) bound(n *ast.SliceExpr, x ast.Expr) {
	if _, literal := x.(*ast.BasicLit); x == nil || literal {
		return
	}
	for _, by := range []string{"+1", "-1"} {
		f.replace(offByOne, n, x.Pos(), x.End(), f.code(x)+by)
	}
}

// number moves an integer by one.
func (f *finder) number(n *ast.BasicLit) {
	value, err := strconv.ParseInt(n.Value, 0, 64)
	if n.Kind != token.INT || err != nil {
		return
	}
	for _, text := range []string{fmt.Sprint(value + 1), fmt.Sprint(value - 1)} {
		f.replace(offByOne, n, n.Pos(), n.End(), text)
	}
}
