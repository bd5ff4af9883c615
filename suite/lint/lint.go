// Package lint looks at features and scenarios without running them, for what would keep them from
// passing, or from testing what they seem to test.
//
// A rule is a row of a table: see Rules. Each has an example that breaks it and one that does not,
// which are what `rollsim lint --explain` shows and what the tests run.
package lint

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"rollsim/internal/nearest"
)

// Severity says how bad a finding is. The zero value is invalid.
type Severity uint8

// The severities.
const (
	Error   Severity = 1 + iota // it cannot be run, or cannot pass
	Warning                     // it runs, and tests less than it seems to
)

// String names the severity.
func (s Severity) String() string {
	switch s {
	case Error:
		return "error"
	case Warning:
		return "warning"
	}
	return ""
}

// Rule is one thing that is looked for.
type Rule struct {
	Code     string // RS and three digits: those of features begin with 0, those of scenarios with 1
	Name     string
	Severity Severity
	Summary  string // what is found, in a sentence
	Why      string // why it matters, and what to do

	// Bad breaks this rule and no other one, Good breaks none: each a file, or several in which each
	// begins with a line "-- NAME --".
	Bad, Good string

	// looks at a feature; nil for rules of scenarios and for those that reading itself tells
	feature  func(*feature)
	scenario func(*scenarioFile)
}

// Scenarios tells whether the rule is one of scenarios, and not of features.
func (r *Rule) Scenarios() bool { return strings.HasPrefix(r.Code, "RS1") }

// Rules lists all rules by code.
func Rules() []*Rule {
	var all []*Rule
	for i := range featureRules {
		all = append(all, &featureRules[i])
	}
	for i := range scenarioRules {
		all = append(all, &scenarioRules[i])
	}
	return all
}

// Find gives the rule of a code or name, whatever its case. The error names the nearest.
func Find(name string) (*Rule, error) {
	var known []string
	for _, r := range Rules() {
		if strings.EqualFold(r.Code, name) || strings.EqualFold(r.Name, name) {
			return r, nil
		}
		known = append(known, r.Name, r.Code)
	}
	hint := ": rollsim lint --rules lists all"
	if near, ok := nearest.Name(name, known); ok {
		hint = `: did you mean "` + near + `"?`
	}
	return nil, errors.New(`there is no rule "` + name + `"` + hint)
}

// Finding is a place where a rule is broken.
type Finding struct {
	File         string
	Line, Column int // from 1, columns in characters
	Rule         *Rule
	Message      string // one line or several
}

// Check looks at feature files (.feature) and scenario files (.yaml), and gives what it finds by
// file, in the order of the names, and by line; what is left over beside them comes last. Errors
// are those of the file system: a file that makes no sense is a finding.
func Check(fsys fs.FS, names []string) ([]Finding, error) {
	var all []Finding
	var errs []error
	for _, name := range names {
		content, err := fs.ReadFile(fsys, name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		found := findings{file: name, lines: 1 + bytes.Count(content, []byte("\n"))}
		if path.Ext(name) == ".feature" {
			checkFeature(&found, content)
		} else {
			checkScenario(&found, fsys, content)
		}
		slices.SortStableFunc(found.list, func(a, b Finding) int {
			return cmp.Or(
				cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			)
		})
		all = append(all, found.list...)
	}
	return append(all, checkGoldens(fsys, names)...), errors.Join(errs...)
}

// findings collects what is found in one file.
type findings struct {
	file  string
	lines int // of the file
	list  []Finding
}

// add notes a finding, once.
func (f *findings) add(rule *Rule, line, column int, message string) {
	f.addTo(f.file, rule, line, column, message)
}

// addTo notes a finding in another file, which the one that is looked at includes.
func (f *findings) addTo(file string, rule *Rule, line, column int, message string) {
	if file == f.file {
		line = min(line, f.lines) // what reads YAML counts some of its errors too far
	}
	found := Finding{file, max(line, 1), max(column, 1), rule, message}
	if !slices.Contains(f.list, found) {
		f.list = append(f.list, found)
	}
}
