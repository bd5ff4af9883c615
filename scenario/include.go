package scenario

import (
	"io/fs"
	"path"
	"reflect"
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
	case name == "" || path.IsAbs(name) || strings.Contains(name, `\`) || strings.Contains(name, ":"):
		b.reject(at("include"), "include: expected a path relative to the folder of this file, such as "+
			"included/behaviour.yaml, found %s", quote(name))
		return
	}
	in := &b.included
	in.path = path.Join(path.Dir(slashed(b.file)), name)
	data, err := readFile(fsys, in.path)
	if err != nil {
		b.reject(at("include"), "include: %v", err)
		return
	}
	p := &problems{file: in.path}
	var doc includedDocument
	in.root = read(p, data, includedKind, &doc)
	b.list = append(b.list, p.list...)
	in.behaviour, in.traffic = doc.Behaviour, len(doc.Traffic)
	b.doc.Traffic = append(doc.Traffic, b.doc.Traffic...)
}

// isIncluded reports whether a file has only fields of an included file.
func isIncluded(root *ast.MappingNode) bool {
	for _, entry := range root.Values {
		if _, ok := fieldNamed(reflect.TypeFor[includedDocument](), entry.Key.GetToken().Value); !ok {
			return false
		}
	}
	return len(root.Values) > 0
}
