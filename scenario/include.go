package scenario

import (
	"io/fs"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// included is the file that a scenario includes. The zero value means that it includes no file.
type included struct {
	path      string
	root      ast.Node
	behaviour behaviour
	traffic   int // how many lines at the start of the scenario's traffic come from this file
}

// include reads the file that the scenario includes, if any. An included file cannot include
// another one, so that there are no cycles.
func (b *builder) include(fsys fs.FS) {
	if b.doc.Include == nil {
		return
	}
	name := *b.doc.Include
	switch {
	case fsys == nil:
		b.reject(at("include"), "include: this scenario was not read from a file, so there is no "+
			"folder to look in")
		return
	case !filepath.IsLocal(name) || strings.ContainsAny(name, `\:`):
		b.reject(at("include"), "include: expected a path inside the folder of this file, such as "+
			"included/behaviour.yaml, found %s", quote(name))
		return
	}
	in := &b.included
	dir := path.Dir(slashed(b.file))
	in.path = path.Join(dir, name)
	data, err := readIn(fsys, dir, name)
	if err != nil {
		b.reject(at("include"), "include: %v", err)
		return
	}
	p := &problems{file: in.path}
	if !looksIncluded(p, data) {
		b.list = append(b.list, p.list...)
		return
	}
	var doc includedDocument
	in.root = read(p, data, includedKind, &doc)
	b.list = append(b.list, p.list...)
	in.behaviour, in.traffic = doc.Behaviour, len(doc.Traffic)
	b.doc.Traffic = append(doc.Traffic, b.doc.Traffic...)
}

// looksIncluded reports whether a text is a mapping with only fields of an included file. If not,
// it adds a problem that does not quote the text: the path of an included file is the choice of
// whoever wrote the scenario, and the file may be private.
func looksIncluded(p *problems, data []byte) bool {
	var where position
	hidden := &problems{file: p.file}
	root := readYAML(hidden, data, includedKind)
	switch {
	case root == nil:
		where = position{hidden.list[0].Line, hidden.list[0].Column}
	case isIncluded(root):
		return true
	default:
		where = nodePosition(root)
		if i := firstUnknown(root); i >= 0 {
			where = nodePosition(root.Values[i].Key)
		}
	}
	p.add(where, "expected an included file: a mapping with %s and no other field",
		includedKind.needs)
	return false
}

// isIncluded reports whether a file has only fields of an included file.
func isIncluded(root *ast.MappingNode) bool {
	return len(root.Values) > 0 && firstUnknown(root) < 0
}

// firstUnknown returns the index of the first field that an included file does not have, or -1.
func firstUnknown(root *ast.MappingNode) int {
	return slices.IndexFunc(root.Values, func(entry *ast.MappingValueNode) bool {
		_, ok := fieldNamed(reflect.TypeFor[includedDocument](), entry.Key.GetToken().Value)
		return !ok
	})
}
