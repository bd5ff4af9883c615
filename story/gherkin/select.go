package gherkin

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"rollsim/internal/nearest"
	"rollsim/internal/osfs"
)

// A Selection describes which scenarios are wanted.
type Selection struct {
	// FS holds the feature files; nil is the file system of the operating system.
	FS fs.FS

	// Paths are feature files, FILE:LINE for one scenario of a file, or folders; with forward slashes.
	// None is the same as ".".
	Paths []string

	// Tags selects scenarios by a tag expression such as "@slow and not (@wip or @mine)". Empty
	// selects all.
	Tags string

	// Name selects scenarios whose name contains a text or matches a regular expression, ignoring
	// case. Empty selects all.
	Name string

	// Fast skips scenarios that are tagged @slow.
	Fast bool

	// Check is called with every document. Its error refuses the document. Nil accepts all.
	Check func(*Document) error
}

// The tags that decide whether a scenario runs.
const (
	TagWIP  = "@wip"  // skipped, unless its line or the tag is named
	TagSlow = "@slow" // skipped by Fast
)

// Select reads the files at the paths and returns the scenarios that are selected, in the order of
// the paths and lines. Skipped is set for those that must not run. An empty selection is an error.
func Select(sel Selection) ([]*Scenario, error) {
	wanted, err := parseTags(sel.Tags)
	if err != nil {
		return nil, err
	}
	if len(sel.Paths) == 0 {
		sel.Paths = []string{"."}
	}
	if sel.FS == nil {
		sel.FS = osfs.FS{}
	}
	documents, err := sel.read()
	if err != nil {
		return nil, err
	}
	named := nameFilter(sel.Name)
	byTag := slices.Contains(tagTokens(sel.Tags), TagWIP)
	var selected []*Scenario
	for _, d := range documents {
		for _, s := range d.Scenarios {
			if !s.selected || !wanted(s.Tags()) || !named(s.Pickle.Name) {
				continue
			}
			switch tags := s.Tags(); {
			case slices.Contains(tags, TagWIP) && !byTag && !s.byLine:
				s.Skipped = "tagged @wip: name its line to run it"
			case slices.Contains(tags, TagSlow) && sel.Fast:
				s.Skipped = "tagged @slow, and only fast scenarios were asked for"
			}
			selected = append(selected, s)
		}
	}
	if selected == nil {
		return nil, sel.nothingSelected(documents)
	}
	return selected, nil
}

// read reads the documents at the paths. The error joins those of all files.
func (sel *Selection) read() ([]*Document, error) {
	sources, err := findSources(sel.FS, sel.Paths)
	errs := []error{err}
	var documents []*Document
	for _, s := range sources {
		d, err := Read(sel.FS, s.name)
		if err == nil && sel.Check != nil {
			err = sel.Check(d)
		}
		if err == nil {
			err = d.choose(s.lines)
		}
		documents = append(documents, d)
		errs = append(errs, err)
	}
	return documents, errors.Join(errs...)
}

// nameFilter returns a function that reports whether a name contains a text or matches a regular
// expression, ignoring case.
func nameFilter(pattern string) func(string) bool {
	part := strings.ToLower(pattern)
	expr, err := regexp.Compile("(?i)" + pattern)
	return func(name string) bool {
		return strings.Contains(strings.ToLower(name), part) || err == nil && expr.MatchString(name)
	}
}

// nothingSelected returns the error of a selection without scenarios. It names the tag that was
// probably meant.
func (sel *Selection) nothingSelected(documents []*Document) error {
	var by []string
	hint := ""
	if sel.Tags != "" {
		by = append(by, fmt.Sprintf("the tags %q", sel.Tags))
		hint = tagHint(sel.Tags, documents)
	}
	if sel.Name != "" {
		by = append(by, fmt.Sprintf("the name %q", sel.Name))
		var bad *syntax.Error
		if _, err := regexp.Compile(sel.Name); errors.As(err, &bad) {
			hint += fmt.Sprintf(": it is no text of a name, and not a regular expression: %s", bad.Code)
		}
	}
	return fmt.Errorf(
		"no scenario is selected by %s in %s%s",
		strings.Join(by, " and "), strings.Join(sel.Paths, ", "), hint,
	)
}

// tagHint returns what to add to a message about an expression with a tag that no scenario has: the
// nearest tag that one has. It is empty if none is near.
func tagHint(expression string, documents []*Document) string {
	var known []string
	for _, d := range documents {
		for _, s := range d.Scenarios {
			for _, tag := range s.Tags() {
				known = append(known, strings.TrimPrefix(tag, "@"))
			}
		}
	}
	slices.Sort(known)
	known = slices.Compact(known)
	for _, token := range tagTokens(expression) {
		tag, isTag := strings.CutPrefix(token, "@")
		if !isTag || slices.Contains(known, tag) {
			continue
		}
		if name, ok := nearest.Name(tag, known); ok {
			return fmt.Sprintf(": no scenario is tagged %s; did you mean @%s?", token, name)
		}
	}
	return ""
}
