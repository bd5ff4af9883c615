// Package scenario reads scenario files: YAML in the field's own terms, made into a sim.Scenario.
// It is strict, because a mistyped field that is passed over makes a test that tests nothing:
// whatever is wrong is an error with file, line and column, and with the nearest name that would
// have been right.
//
// The types in format.go are the format. schema.json is made of them, for editors.
package scenario

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"rollsim/sim"
)

// MaxSize is the size in bytes above which a scenario file is refused.
const MaxSize = 8 << 20

// MaxHosts is how many hosts one scenario may have.
const MaxHosts = 2_000_000

// File is one scenario file.
type File struct {
	Path     string // as it was given
	Comment  string // what the scenario shows: the text of the comment that the file opens with
	Golden   Golden
	Scenario sim.Scenario // its name is the file's base name without .yaml
}

// Golden says what the scenario's golden trace holds. The zero value is invalid.
type Golden uint8

// The kinds of goldens.
const (
	GoldenFull Golden = 1 + iota // every event, effect and rejection
	// the transitions and a digest of everything: for large scenarios
	GoldenTransitions

	goldenEnd
)

var goldenNames = [goldenEnd]string{"", "full", "transitions"}

// String is the name as it stands in scenario files.
func (g Golden) String() string {
	if g == 0 || g >= goldenEnd {
		return fmt.Sprintf("Golden(%d)", uint8(g))
	}
	return goldenNames[g]
}

// Error is one thing that is wrong with a scenario file, or with what it includes.
type Error struct {
	File    string
	Line    int // from 1
	Column  int // from 1, in characters
	Message string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// Parse makes a scenario of YAML text, which includes no file. name is the path to show in
// messages; its base without .yaml is the scenario's name. The error joins one *Error for each
// thing that is wrong, by position; after the first few it gives up looking for more.
func Parse(name string, data []byte) (*File, error) {
	return parse(nil, name, data, MaxHosts)
}

// parse is Parse with the file system of what the scenario includes; nil for none.
func parse(fsys fs.FS, name string, data []byte, maxHosts int) (*File, error) {
	p := &problems{file: name}
	var doc document
	root := read(p, data, aScenario, &doc)
	if root == nil {
		return nil, p.err()
	}
	file := &File{Path: name, Comment: openingComment(data), Golden: doc.Golden}
	b := builder{problems: p, root: root, doc: &doc, maxHosts: maxHosts}
	b.include(fsys)
	if p.any() {
		return nil, p.err()
	}
	file.Scenario = b.build(strings.TrimSuffix(path.Base(slashed(name)), ".yaml"))
	if p.any() {
		return nil, p.err()
	}
	return file, nil
}

// Locate gives the line and column, from 1, of the value in a scenario's text that a path of field
// names and list indices leads to, such as "timeline", 2, "ref"; of what encloses it when it was
// not given.
func Locate(data []byte, where ...any) (line, column int) {
	at := position{1, 1}
	if root := readYAML(&problems{}, data, aScenario); root != nil && len(where) > 0 {
		at = locate(root, where)
	}
	return at.line, at.column
}

// ParseFaults makes the faults of a sweep of YAML text: a mapping with nothing but faults, each as
// in a scenario. They are for whatever fleet, so that hosts can be told by patterns that match
// none. name is the path to show in messages; errors are those of Parse.
func ParseFaults(name string, data []byte) ([]sim.Fault, error) {
	p := &problems{file: name}
	var doc faultsDocument
	root := read(p, data, aFaultsFile, &doc)
	if root == nil {
		return nil, p.err()
	}
	b := builder{problems: p, root: root, anyFleet: true}
	faults := b.buildFaults(doc.Faults)
	if p.any() {
		return nil, p.err()
	}
	return faults, nil
}

// read decodes a whole file into what the format says of it; nil after a problem.
func read(p *problems, data []byte, kind fileKind, doc any) ast.Node {
	root := readYAML(p, data, kind)
	if root == nil {
		return nil
	}
	if kind == aScenario && isIncluded(root) {
		p.add(nodePosition(root), "this is what scenarios include, and not one itself: keep it in a "+
			"folder called included, which rollsim "+
			"check passes over")
		return nil
	}
	decodeInto(&decoder{p}, root, doc, kind.name)
	if p.any() {
		return nil // cross checks of what was half understood would only mislead
	}
	return root
}

// LoadFS reads and parses one scenario file, and what it includes. Errors of reading are the file
// system's.
func LoadFS(fsys fs.FS, name string) (*File, error) {
	data, err := readFile(fsys, name)
	if err != nil {
		return nil, err
	}
	return parse(fsys, name, data, MaxHosts)
}

func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// one more, so that the parser sees what is too large
	return io.ReadAll(io.LimitReader(f, MaxSize+1))
}

// List gives the paths of the scenario files in a directory, sorted, those in directories below it
// not included. A file that ends in .yml is an error: it would be passed over in silence.
func List(fsys fs.FS, dir string) ([]string, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		switch {
		case e.IsDir():
		case strings.HasSuffix(name, ".yml"):
			return nil, fmt.Errorf("%s: the name of a scenario file ends in .yaml", name)
		case strings.HasSuffix(name, ".yaml"):
			paths = append(paths, name)
		}
	}
	sort.Strings(paths)
	return paths, nil
}

// slashed gives a path of any system with slashes.
func slashed(name string) string { return strings.ReplaceAll(name, `\`, "/") }

// openingComment gives the text of the comment that a file opens with: up to the first line that is
// none. Lines that speak to an editor are passed over.
func openingComment(data []byte) string {
	var lines []string
	for line := range bytes.Lines(bytes.TrimPrefix(data, []byte(byteOrderMark))) {
		text, isComment := strings.CutPrefix(strings.TrimSpace(string(line)), "#")
		switch {
		case strings.HasPrefix(strings.TrimSpace(text), "yaml-language-server:"):
		case isComment:
			lines = append(lines, strings.TrimSpace(text))
		case text == "" && len(lines) == 0:
		default:
			return strings.TrimSpace(strings.Join(lines, "\n"))
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// maxProblems is how many are told at once.
const maxProblems = 10

// problems collects what is wrong with one file.
type problems struct {
	file string
	list []*Error
}

// position is a place in a file, both numbers from 1.
type position struct{ line, column int }

func (p *problems) add(at position, format string, args ...any) {
	p.list = append(p.list, &Error{
		File: p.file, Line: max(at.line, 1), Column: max(at.column, 1), Message: fmt.Sprintf(format, args...),
	})
}

func (p *problems) any() bool { return len(p.list) > 0 }

// enough tells whether looking for more is of no use.
func (p *problems) enough() bool { return len(p.list) >= maxProblems }

// err joins the problems by position.
func (p *problems) err() error {
	sort.SliceStable(p.list, func(i, j int) bool {
		a, b := p.list[i], p.list[j]
		return cmp.Or(
			cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
		) < 0
	})
	errs := make([]error, 0, maxProblems)
	for _, e := range p.list[:min(len(p.list), maxProblems)] {
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}

// positionOf gives the place of a byte of a text.
func positionOf(data []byte, offset int) position {
	before := data[:offset]
	start := bytes.LastIndexByte(before, '\n') + 1
	return position{
		line:   1 + bytes.Count(before, []byte("\n")),
		column: 1 + utf8.RuneCount(before[start:]),
	}
}
