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

	"rollsim/internal/osfs"
	"rollsim/sim"
)

// MaxSize is the size in bytes above which a scenario file is refused.
const MaxSize = 8 << 20

// MaxHosts is how many hosts one scenario may have.
const MaxHosts = 2_000_000

// File is a scenario file that was read.
type File struct {
	Path     string // as the caller passed it
	Comment  string // the text of the comment at the start of the file: what the scenario shows
	Golden   Golden
	Scenario sim.Scenario // named after the base name of the file, without .yaml
}

// Golden is the level of detail of a scenario's golden trace. The zero value is invalid.
type Golden uint8

// The kinds of goldens.
const (
	GoldenFull        Golden = 1 + iota // every event, effect and rejection
	GoldenTransitions                   // transitions and a digest of all entries, for large scenarios

	goldenEnd
)

// GoldenCount is the length of an array indexed by Golden: index 0 stays unused.
const GoldenCount = int(goldenEnd)

var goldenNames = [GoldenCount]string{"", "full", "transitions"}

// String returns the name as scenario files spell it.
func (g Golden) String() string {
	if g == 0 || g >= goldenEnd {
		return fmt.Sprintf("Golden(%d)", uint8(g))
	}
	return goldenNames[g]
}

// Error is one problem of a scenario file, or of the file that it includes.
type Error struct {
	File    string
	Line    int // from 1
	Column  int // from 1, in characters
	Message string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// Parse reads a scenario from YAML text that includes no file. name is the path for messages; its
// base without .yaml is the name of the scenario. The error joins an *Error for each problem, in
// the order of the file, up to the first ten.
func Parse(name string, data []byte) (*File, error) {
	return parse(nil, name, data, MaxHosts)
}

// parse is Parse with a file system for the file that the scenario includes. fsys may be nil.
func parse(fsys fs.FS, name string, data []byte, maxHosts int) (*File, error) {
	p := &problems{file: name}
	var doc document
	root := read(p, data, scenarioKind, &doc)
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

// Locate returns the line and column, from 1, of a value in the text of a scenario. The value is
// given by a path of field names and list indices, such as "timeline", 2, "ref". If the text does
// not have it, Locate returns the position of the innermost enclosing value.
func Locate(data []byte, where ...any) (line, column int) {
	at := position{1, 1}
	if root := readYAML(&problems{}, data, scenarioKind); root != nil && len(where) > 0 {
		at = locate(root, where)
	}
	return at.line, at.column
}

// ParseFaults reads the faults of a sweep from YAML text: a mapping with the single field faults,
// as in a scenario. The faults apply to any fleet, so that a host pattern may match no host. name
// is the path for messages. Errors are those of Parse.
func ParseFaults(name string, data []byte) ([]sim.Fault, error) {
	p := &problems{file: name}
	var doc faultsDocument
	root := read(p, data, faultsKind, &doc)
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

// read decodes a whole file into doc. It returns nil if the file has a problem.
func read(p *problems, data []byte, kind fileKind, doc any) ast.Node {
	root := readYAML(p, data, kind)
	if root == nil {
		return nil
	}
	if kind == scenarioKind && isIncluded(root) {
		p.add(nodePosition(root), "this is an included file, not a scenario: move it to a folder "+
			"named included, which rollsim check skips")
		return nil
	}
	decodeInto(&decoder{p}, root, doc, kind.name)
	if p.any() {
		return nil // checks across fields of a half decoded file would mislead
	}
	return root
}

// LoadFS reads a scenario file and the file that it includes. It returns an error of the file
// system as it is, and errors of the content as Parse does.
func LoadFS(fsys fs.FS, name string) (*File, error) {
	data, err := readFile(fsys, name)
	if err != nil {
		return nil, err
	}
	return parse(fsys, name, data, MaxHosts)
}

// LoadIn is LoadFS of a file inside a folder. It follows no symbolic link out of the folder where
// fsys can tell, as osfs.FS does.
func LoadIn(fsys fs.FS, dir, name string) (*File, error) {
	data, err := readIn(fsys, dir, name)
	if err != nil {
		return nil, err
	}
	return parse(fsys, path.Join(dir, name), data, MaxHosts)
}

func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	return readAll(f)
}

func readIn(fsys fs.FS, dir, name string) ([]byte, error) {
	f, err := osfs.OpenIn(fsys, dir, name)
	if err != nil {
		return nil, err
	}
	return readAll(f)
}

func readAll(f fs.File) ([]byte, error) {
	defer f.Close()
	// one byte more, so that the parser can report a file that is too large
	return io.ReadAll(io.LimitReader(f, MaxSize+1))
}

// List returns the sorted paths of the scenario files in a directory, without its subdirectories. A
// file that ends in .yml is an error, because it would be skipped without notice.
func List(fsys fs.FS, dir string) ([]string, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		switch {
		case !osfs.IsFile(fsys, name, e):
		case strings.HasSuffix(name, ".yml"):
			return nil, fmt.Errorf("%s: the name of a scenario file must end in .yaml", name)
		case strings.HasSuffix(name, ".yaml") && e.Name() != PhrasesName:
			paths = append(paths, name)
		}
	}
	sort.Strings(paths)
	return paths, nil
}

// slashed returns a path of any system with slashes.
func slashed(name string) string { return strings.ReplaceAll(name, `\`, "/") }

// openingComment returns the text of the comment at the start of a file, up to the first other
// line. It skips the line that names the schema for editors.
func openingComment(data []byte) string {
	var lines []string
	for line := range strings.Lines(plainText(data)) {
		text, isComment := strings.CutPrefix(strings.TrimSpace(line), "#")
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

// maxProblems is how many problems of a file are reported.
const maxProblems = 10

// problems collects the problems of one file.
type problems struct {
	file string
	list []*Error
}

// position is a place in a file, both numbers from 1.
type position struct{ line, column int }

func (p *problems) add(at position, format string, args ...any) {
	p.list = append(p.list, &Error{
		File: p.file, Line: max(at.line, 1), Column: max(at.column, 1),
		Message: fmt.Sprintf(format, args...),
	})
}

func (p *problems) any() bool { return len(p.list) > 0 }

// enough reports whether maxProblems problems are recorded, so that no further one is reported.
func (p *problems) enough() bool { return len(p.list) >= maxProblems }

// err joins the problems in the order of their positions.
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

// positionOf returns the position of a byte of a text.
func positionOf(data []byte, offset int) position {
	before := data[:offset]
	start := bytes.LastIndexByte(before, '\n') + 1
	return position{
		line:   1 + bytes.Count(before, []byte("\n")),
		column: 1 + utf8.RuneCount(before[start:]),
	}
}
