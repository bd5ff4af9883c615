package picture

import (
	"bytes"
	_ "embed" // the parts of the page
	"html/template"
	"io"
	"strings"

	"rollsim/timeline"
)

//go:embed base.css
var baseCSS string

//go:embed results.html
var resultsHTML string

//go:embed results.css
var resultsCSS string

//go:embed results.js
var resultsJS string

// Results is a page of results, which needs no other file and loads nothing. Its script searches,
// filters and unpacks pictures. It knows elements with the attribute data-item, the failures among
// them by data-bad, and their sections by data-group.
type Results struct {
	Title    string
	Head     template.HTML // below the title
	Contents template.HTML // links to sections
	Body     template.HTML
}

// Write writes the page.
func (r *Results) Write(w io.Writer) error {
	style := baseCSS + resultsCSS
	page := strings.NewReplacer(
		"{{policy}}", policyOf(style, resultsJS, "; img-src data:"), "{{title}}", escape(r.Title),
		"{{style}}", style, "{{script}}", resultsJS, "{{head}}", string(r.Head),
		"{{contents}}", string(r.Contents), "{{body}}", string(r.Body),
	)
	_, err := page.WriteString(w, resultsHTML)
	return err
}

// Packed returns the picture of a trace for the attribute data-picture of a figure in Results.
func Packed(x *timeline.Index, opt Options) (string, error) {
	var b bytes.Buffer
	if err := SVG(&b, x, opt); err != nil {
		return "", err
	}
	return compressed(b.Bytes())
}
