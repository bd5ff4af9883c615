package enum_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// root is the module's folder as seen from here.
const root = "../.."

// modulePath starts the import path of every package of the module.
const modulePath = "rollsim"

// module is the source of the module, without tests.
type module struct {
	fset   *token.FileSet
	files  []file
	enums  []*enum
	tables map[[2]string]*enum // array types over an enumeration, by package and name
}

type file struct {
	*ast.File
	path    string            // from the root
	pkg     string            // import path
	imports map[string]string // import paths by name
}

// enum is an enumeration: a type and a block of constants that count up with iota.
type enum struct {
	pkg, name string
	values    []string
	zero      bool     // the first value is 0, not 1
	lengths   []string // constants that say how long an array over it is
}

func (e *enum) String() string { return e.pkg[strings.LastIndex(e.pkg, "/")+1:] + "." + e.name }

// load parses the module's Go files.
func load() (*module, error) {
	m := &module{fset: token.NewFileSet()}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if name == "testdata" || len(name) > 1 && name[0] == '.' && path != root {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return m.add(filepath.ToSlash(rel), text)
	})
	m.collect()
	return m, err
}

// with returns the module with another text of one file.
func (m *module) with(path string, text []byte) (*module, error) {
	changed := &module{fset: m.fset}
	for _, f := range m.files {
		if f.path != path {
			changed.files = append(changed.files, f)
		}
	}
	err := changed.add(path, text)
	changed.collect()
	return changed, err
}

// collect finds the enumerations, and the array types over them.
func (m *module) collect() {
	for _, f := range m.files {
		m.collectEnums(f)
	}
	m.tables = make(map[[2]string]*enum)
	for _, f := range m.files {
		for _, d := range f.Decls {
			block, ok := d.(*ast.GenDecl)
			if !ok || block.Tok != token.TYPE {
				continue
			}
			for _, s := range block.Specs {
				spec := s.(*ast.TypeSpec)
				if array, ok := spec.Type.(*ast.ArrayType); ok {
					if e, _ := m.find(f, array.Len, lengthsOf); e != nil {
						m.tables[[2]string{f.pkg, spec.Name.Name}] = e
					}
				}
			}
		}
	}
}

// add parses one file.
func (m *module) add(path string, text []byte) error {
	parsed, err := parser.ParseFile(m.fset, path, text, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	pkg := modulePath
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		pkg += "/" + path[:i]
	}
	f := file{File: parsed, path: path, pkg: pkg, imports: make(map[string]string)}
	for _, i := range parsed.Imports {
		of, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return err
		}
		name := of[strings.LastIndexByte(of, '/')+1:]
		if i.Name != nil {
			name = i.Name.Name
		}
		f.imports[name] = of
	}
	m.files = append(m.files, f)
	return nil
}

// collectEnums adds the enumerations of a file, with the constants that count their values: the
// last one of the block, named …End, and others that are int of it.
func (m *module) collectEnums(f file) {
	var lengths [][2]string
	for _, d := range f.Decls {
		block, ok := d.(*ast.GenDecl)
		if !ok || block.Tok != token.CONST {
			continue
		}
		first := block.Specs[0].(*ast.ValueSpec)
		if of, ok := first.Type.(*ast.Ident); ok && countsUp(first) {
			m.enums = append(m.enums, newEnum(f.pkg, of.Name, block))
		}
		for _, s := range block.Specs {
			if name, of, ok := lengthOf(s.(*ast.ValueSpec)); ok {
				lengths = append(lengths, [2]string{name, of})
			}
		}
	}
	for _, l := range lengths {
		for _, e := range m.enums {
			if e.pkg == f.pkg && slices.Contains(e.lengths, l[1]) {
				e.lengths = append(e.lengths, l[0])
			}
		}
	}
}

// countsUp reports whether a constant is iota, or something added to it.
func countsUp(s *ast.ValueSpec) bool {
	found := false
	for _, v := range s.Values {
		ast.Inspect(v, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.BinaryExpr:
				return x.Op == token.ADD
			case *ast.Ident:
				found = found || x.Name == "iota"
			}
			return true
		})
	}
	return found
}

func newEnum(pkg, name string, block *ast.GenDecl) *enum {
	first := block.Specs[0].(*ast.ValueSpec).Values[0]
	_, zero := first.(*ast.Ident) // iota alone
	e := &enum{pkg: pkg, name: name, zero: zero}
	for i, s := range block.Specs {
		spec := s.(*ast.ValueSpec)
		if i > 0 && len(spec.Values) > 0 {
			continue // a constant of its own
		}
		for _, n := range spec.Names {
			if strings.HasSuffix(n.Name, "End") && !n.IsExported() {
				e.lengths = append(e.lengths, n.Name)
			} else {
				e.values = append(e.values, n.Name)
			}
		}
	}
	return e
}

// lengthOf returns the names in "const Name = int(end)".
func lengthOf(s *ast.ValueSpec) (name, end string, ok bool) {
	if len(s.Values) != 1 {
		return "", "", false
	}
	call, ok := s.Values[0].(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return "", "", false
	}
	of, ok := call.Args[0].(*ast.Ident)
	if !ok {
		return "", "", false
	}
	return s.Names[0].Name, of.Name, true
}

// lookup resolves an expression that names something of a package.
func (f file) lookup(x ast.Expr) (pkg, name string) {
	switch x := x.(type) {
	case *ast.Ident:
		return f.pkg, x.Name
	case *ast.SelectorExpr:
		if of, ok := x.X.(*ast.Ident); ok {
			return f.imports[of.Name], x.Sel.Name
		}
	}
	return "", ""
}

// find returns the enumeration whose strings, returned by part, include one that an expression
// names.
func (m *module) find(f file, x ast.Expr, part func(*enum) []string) (*enum, string) {
	pkg, name := f.lookup(x)
	for _, e := range m.enums {
		if e.pkg == pkg && slices.Contains(part(e), name) {
			return e, name
		}
	}
	return nil, ""
}

func valuesOf(e *enum) []string  { return e.values }
func lengthsOf(e *enum) []string { return e.lengths }
func typeOf(e *enum) []string    { return []string{e.name} }

// problems returns a line for each place that an enumeration has outgrown.
func (m *module) problems() []string {
	var all []string
	for _, f := range m.files {
		ast.Inspect(f.File, func(n ast.Node) bool {
			what := ""
			switch n := n.(type) {
			case *ast.SwitchStmt:
				what = m.checkSwitch(f, n)
			case *ast.CompositeLit:
				what = m.checkTable(f, n)
			case *ast.ArrayType:
				what = m.checkLength(f, n)
			}
			if what != "" {
				at := m.fset.Position(n.Pos())
				all = append(all, fmt.Sprintf("%s:%d: %s", at.Filename, at.Line, what))
			}
			return true
		})
	}
	return all
}

// checkSwitch compares the cases of a switch over an enumeration with its values.
func (m *module) checkSwitch(f file, s *ast.SwitchStmt) string {
	var indexed *enum
	var found []string
	for _, c := range s.Body.List {
		for _, x := range c.(*ast.CaseClause).List {
			if e, value := m.find(f, x, valuesOf); e != nil {
				indexed = e
				found = append(found, value)
			}
		}
	}
	if s.Tag == nil || indexed == nil {
		return ""
	}
	return missing("the switch", indexed, found)
}

// checkTable compares the keys of a literal array or map over an enumeration with its values.
func (m *module) checkTable(f file, l *ast.CompositeLit) string {
	var indexed *enum
	switch t := l.Type.(type) {
	case *ast.ArrayType:
		indexed, _ = m.find(f, t.Len, lengthsOf)
	case *ast.MapType:
		indexed, _ = m.find(f, t.Key, typeOf)
	case *ast.Ident, *ast.SelectorExpr:
		pkg, name := f.lookup(t)
		indexed = m.tables[[2]string{pkg, name}]
	}
	if indexed == nil || len(l.Elts) == 0 {
		return ""
	}
	var found []string
	next := 0 // the index of the next element without a key
	for _, x := range l.Elts {
		if kv, ok := x.(*ast.KeyValueExpr); ok {
			if _, value := m.find(f, kv.Key, valuesOf); value != "" {
				found = append(found, value)
				continue
			}
			if number, ok := kv.Key.(*ast.BasicLit); ok {
				next, _ = strconv.Atoi(number.Value)
			}
		}
		i := next
		if !indexed.zero {
			i--
		}
		if i >= 0 && i < len(indexed.values) {
			found = append(found, indexed.values[i])
		}
		next++
	}
	return missing("the table", indexed, found)
}

// checkLength refuses an array whose length is a value of an enumeration, such as [last + 1]int.
func (m *module) checkLength(f file, t *ast.ArrayType) string {
	what := ""
	if sum, ok := t.Len.(*ast.BinaryExpr); ok {
		for _, x := range []ast.Expr{sum.X, sum.Y} {
			if e, value := m.find(f, x, valuesOf); e != nil {
				what = fmt.Sprintf("the array ends with %s: size it by the count of %v", value, e)
			}
		}
	}
	return what
}

func missing(what string, indexed *enum, found []string) string {
	var left []string
	for _, v := range indexed.values {
		if !slices.Contains(found, v) {
			left = append(left, v)
		}
	}
	if left == nil {
		return ""
	}
	return fmt.Sprintf("%s over %v has no %s", what, indexed, strings.Join(left, ", "))
}

// withValue returns the text of a file with one more value before the end of an enumeration.
func withValue(path, end, value string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		return nil, err
	}
	return addValue(text, path, end, value)
}

// addValue returns the text of the file path with one more value before the end of an enumeration.
func addValue(text []byte, path, end, value string) ([]byte, error) {
	old := []byte("\n\n\t" + end + "\n")
	if n := bytes.Count(text, old); n != 1 {
		return nil, fmt.Errorf("%s: expected one line %s after an empty one, found %d", path, end, n)
	}
	return bytes.Replace(text, old, []byte("\n\t"+value+"\n"+string(old[1:])), 1), nil
}
