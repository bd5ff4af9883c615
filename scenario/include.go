package scenario

import (
	"io/fs"
	"path"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// included is the file that a scenario includes. The zero value is none.
type included struct {
	path      string
	root      ast.Node
	behaviour behaviour
	traffic   int // how many lines of the scenario's traffic, the first ones, stand there
}

// include reads the file that the scenario includes, if any. What it includes can include nothing,
// so that there are no circles.
func (b *builder) include(fsys fs.FS) {
	if b.doc.Include == nil {
		return
	}
	name := *b.doc.Include
	switch {
	case fsys == nil:
		b.reject(at("include"), "include: this scenario is not read from a file, and so there is no "+
			"folder to look in")
		return
	case name == "" || path.IsAbs(name) || strings.Contains(name, `\`) || strings.Contains(name, ":"):
		b.reject(at("include"), "include: expected a path from the folder of this file, such as "+
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
	in.root = read(p, data, aFileIncluded, &doc)
	b.list = append(b.list, p.list...)
	in.behaviour, in.traffic = doc.Behaviour, len(doc.Traffic)
	b.doc.Traffic = append(doc.Traffic, b.doc.Traffic...)
}

// isIncluded tells whether a file has nothing but what scenarios include.
func isIncluded(root *ast.MappingNode) bool {
	for _, entry := range root.Values {
		if _, ok := fieldNamed(reflect.TypeFor[includedDocument](), entry.Key.GetToken().Value); !ok {
			return false
		}
	}
	return len(root.Values) > 0
}
